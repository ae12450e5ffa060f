"""``synthese.pdf``: one page for whoever decides, before and after, what is asked and kept."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from tourplan.export.accesstables import FarPart, far_parts, reach_time
from tourplan.export.drawing import tour_drawing
from tourplan.export.french import capital, counted, hours, number, spaced
from tourplan.export.judgement import JUDGED, judged_sentences
from tourplan.export.keptrules import kept_rules
from tourplan.export.pdf.footing import foot
from tourplan.export.pdf.typeset import pdf
from tourplan.export.scene import (
    CLASS_FILLS,
    CLASS_LABELS,
    UNREACHED,
    DayRoute,
    Scene,
)
from tourplan.export.sections import summary
from tourplan.export.sources import STATUS
from tourplan.export.words import level_text, opening_words, proof_sentence, stop_name

if TYPE_CHECKING:
    from datetime import datetime

    from tourplan.plan import AreaAccess, Level, Plan
    from tourplan.prepare import Case

Json = dict[str, Any]
MAP_PT = (255.0, 165.0)
"""How wide and high each map is."""
MOST_AREAS, MOST_STOPS, MOST_NAMED, MOST_LETTERS, MOST_BROKEN = 6, 20, 10, 48, 4
"""What one page has room for; the rest is counted."""


def synthesis_pdf(
    plan: Plan, case: Case, scene: Scene, now: datetime, *, internal: bool = False
) -> bytes:
    """The page as PDF (tagged, PDF/UA-1); for the team, with what a judged tour breaks."""
    return pdf("synthesis", synthesis_data(plan, case, scene, now, internal=internal), now)


def synthesis_data(
    plan: Plan, case: Case, scene: Scene, now: datetime, *, internal: bool = False
) -> Json:
    """All that the page shows, as plain data."""
    shown = _shown(scene.routes)
    judged = judged_sentences(plan, case, internal=internal)
    return {
        "title": spaced(plan.title),
        "status": capital(plan.status),
        "status_words": STATUS[plan.status],
        "summary": spaced(summary(plan, case)),
        "figures": [[spaced(value), label] for value, label in _figures(plan)],
        "proof_title": _proof_title(plan),
        "proof": spaced(_judged(judged) if judged else _proof(plan)),
        "proved": plan.proved,
        "before": _map(scene, tour=False),
        "after": _map(scene, tour=True),
        "legend": _legend(scene),
        "days": [_day(plan, route) for route in shown],
        "more_days": _more(len(scene.routes) - len(shown), "journée"),
        "goals": _goals(plan),
        "areas": [_area(area, _goals(plan)) for area in _areas(plan)],
        "more_areas": _more(len(plan.access) - 1 - MOST_AREAS, "intercommunalité"),
        "far": [_far(part) for part in far_parts(plan, scene) if part.communes],
        "levels": [
            [capital(level.label), spaced(level_text(plan, level)), _proof_of(plan, level)]
            for level in plan.levels
        ],
        "rules": [
            [rule.name, spaced(rule.asked), rule.done, rule.source]
            for rule in kept_rules(plan, case.scenario)
        ],
        "caveat": "Les points fixes hors du département sont inconnus."
        + (" Tracé schématique des routes." if plan.origin.schematic else ""),
        "foot": foot(plan, now),
    }


def _figures(plan: Plan) -> list[tuple[str, str]]:
    """The figures to remember, a week of tour on average."""
    weeks, total = plan.cycle_weeks, plan.figures
    return [
        (_average(plan.sessions_per_cycle, weeks), "permanences"),
        (number(len(plan.codes())), "communes"),
        (hours(total.open_s / weeks), "d’ouverture"),
        (hours(total.drive_s / weeks), "de route"),
        (f"{number(total.drive_m / 1000 / weeks)} km", "parcourus"),
        (f"{number(total.emissions_gco2 / 1000 / weeks)} kg", "de CO₂"),
        (f"{number(total.cost_eur / weeks)} €", "de déplacement"),
    ]


def _average(count: int, weeks: int) -> str:
    """A count a week; whole where it is."""
    return number(count / weeks, 1 if count % weeks else 0)


def _proof_title(plan: Plan) -> str:
    """What the part on the proof is called."""
    if plan.stopped == JUDGED:
        return "Tournée évaluée"
    return "Démontré" if plan.proved else "Ce qui est démontré"


def _proof(plan: Plan) -> str:
    """Whether the plan is proved, or what is left open."""
    if plan.proved:
        return capital(proof_sentence(plan))
    missing = sum(not level.proved for level in plan.levels)
    return (
        f"Non démontré : un meilleur planning existe peut-être ({missing} des "
        f"{len(plan.levels)} objectifs)."
    )


def _judged(sentences: Sequence[str]) -> str:
    """What a tour that was judged is, with the first rules that it breaks."""
    was, kept, *broken = sentences
    more = _more(len(broken) - MOST_BROKEN, "règle")
    told = " ; ".join(filter(None, [*broken[:MOST_BROKEN], more]))
    return f"{was} {kept.removesuffix('.')} : {told}." if told else f"{was} {kept}"


def _proof_of(plan: Plan, level: Level) -> str:
    """Whether a level is proved; of a tour that was judged, nothing was to be."""
    if plan.stopped == JUDGED:
        return ""
    return "démontré" if level.proved else "non démontré"


def _map(scene: Scene, *, tour: bool) -> Json:
    """A drawing, and what it shows in words."""
    told = "avec" if tour else "sans"
    alt = f"Carte des communes selon le temps de route jusqu’à l’accueil le plus proche, {told} la "
    alt += "tournée. Ce qu’elle montre est aussi dans les tableaux de la page."
    return {"svg": tour_drawing(scene, *MAP_PT, tour=tour), "alt": alt}


def _legend(scene: Scene) -> list[Json]:
    """The classes of minutes that are on either map, the mark « à la limite » if it is."""
    reaches = [reach for view in scene.communes for reach in (view.before, view.after)]
    used = sorted({reach.rank for reach in reaches})
    found: list[Json] = [
        {"fill": None if rank == UNREACHED else CLASS_FILLS[rank], "label": CLASS_LABELS[rank]}
        for rank in used
    ]
    if any(reach.near for reach in reaches):
        found.append({"fill": "points", "label": "à la limite de deux classes"})
    return found


def _shown(routes: Sequence[DayRoute]) -> Sequence[DayRoute]:
    """The first days, as many as there is room for."""
    rows = list(accumulate(len(route.stops) for route in routes))
    return routes[: sum(count <= MOST_STOPS for count in rows)]


def _short(name: str) -> str:
    """A name that stays on its line, or two."""
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"


def _day(plan: Plan, route: DayRoute) -> Json:
    """A day tour: when, and its stops."""
    week = f" S{route.day.week}" if plan.cycle_weeks > 1 else ""
    return {
        "weekday": route.day.weekday,
        "number": str(route.number),
        "name": capital(route.day.weekday_name) + week,
        "stops": [
            [mark.label, spaced(_short(stop_name(plan, mark.stop))), opening_words(mark.stop)]
            for mark in route.stops
        ],
    }


def _goals(plan: Plan) -> list[int]:
    """The thresholds that every area tells, from the farthest."""
    return sorted({goal for area in plan.access for goal in area.before}, reverse=True)


def _areas(plan: Plan) -> list[AreaAccess]:
    """The intercommunalités where most people are far, then all together."""
    *areas, whole = plan.access
    first = sorted(areas, key=lambda area: -sum(area.before.values()))[:MOST_AREAS]
    return [*sorted(first, key=lambda area: area.name), *([whole] if len(areas) != 1 else [])]


def _area(area: AreaAccess, goals: list[int]) -> Json:
    """Residents beyond each goal, without and with the tour; those at the limit apart."""
    cells = []
    for goal in goals:
        before, after = area.groups_before[goal], area.groups_after[goal]
        near = f"{number(before.near)} → {number(after.near)}" if before.near or after.near else ""
        cells.append([f"{number(before.beyond)} → {number(after.beyond)}", near])
    return {"name": _short(area.name), "residents": number(area.residents), "cells": cells}


def _far(part: FarPart) -> Json:
    """The communes of a span of minutes by name, most peopled first where they are too many."""
    people = counted(sum(view.residents for view in part.communes), "habitant")
    kept = sorted(part.communes, key=lambda view: -view.residents)[:MOST_NAMED]
    told = [
        f"{_short(view.commune.name)} ({number(view.residents)} hab., {reach_time(view.after)})"
        for view in part.communes
        if view in kept
    ]
    more = len(part.communes) - len(told)
    return {
        "span": f"{capital(part.span)} : {counted(len(part.communes), 'commune')}, {people}",
        "names": spaced(", ".join(told)) + (f", et {more} autres" if more else ""),
    }


def _more(count: int, word: str) -> str:
    """``et 3 autres journées``; nothing when none is left out."""
    return f"et {count} autre{'s' * (count > 1)} {word}{'s' * (count > 1)}" if count > 0 else ""
