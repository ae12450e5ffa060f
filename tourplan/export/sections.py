"""What the page says besides the map: one function a section, a plan in, HTML out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from tourplan.errors import listed
from tourplan.export.french import ORDINALS, capital, counted, from_place, hours, number, when
from tourplan.export.itinerary import day_date
from tourplan.export.judgement import JUDGED, changes_since
from tourplan.export.markup import (
    Column,
    body_row,
    element,
    items,
    table,
    text,
)
from tourplan.export.words import (
    amount,
    area_sentence,
    free_days_text,
    level_text,
    need_sentences,
)

if TYPE_CHECKING:
    from tourplan.plan import AreaAccess, Level, Plan
    from tourplan.prepare import Case

USUAL_MIN = (30, 20, 15)
_WEEKLY = "par semaine de tournée"
STOPPED = {
    "terminé": "",
    "limite de temps": "Le calcul s’est arrêté à la limite de temps.",
    "journées trop nombreuses": "Trop de journées possibles pour que le calcul les compare toutes.",
    "interrompu": "Le calcul a été interrompu avant la fin.",
}


def summary(plan: Plan, case: Case) -> str:
    """What the tour is, in a sentence or two."""
    if not plan.days:
        what = "Aucune permanence : la tournée est vide."
    else:
        depots = sorted({plan.depots[day.depot] for day in plan.days})
        what = (
            f"{counted(plan.sessions_per_cycle, 'permanence')} dans "
            f"{counted(len(plan.codes()), 'commune')}, avec {crew_words(plan, case)}, au départ "
            f"{listed([from_place(name) for name in depots])}."
        )
    return " ".join(filter(None, [what, rhythm(plan), beginning(plan)]))


def crew_words(plan: Plan, case: Case) -> str:
    """How many go in how many vehicles at once."""
    agents = counted(case.problem.crew_size, "agent")
    vehicles = vehicles_at_once(plan)
    return (
        f"{agents} et un véhicule"
        if vehicles == 1
        else f"{vehicles} véhicules ({agents} dans chacun)"
    )


def vehicles_at_once(plan: Plan) -> int:
    """The most vehicles that are used in one week."""
    weeks = {(day.week, day.vehicle) for day in plan.days}
    return max(Counter(week for week, _ in weeks).values(), default=0)


def rhythm(plan: Plan) -> str:
    """When the weeks of the cycle come back."""
    if plan.cycle_weeks == 1:
        return f"La semaine de tournée revient {_comes_back(plan)}."
    return f"Les {plan.cycle_weeks} semaines du cycle se suivent, {_comes_back(plan)}."


def _comes_back(plan: Plan) -> str:
    """``les deuxième et quatrième semaines de chaque mois``, ``les semaines paires``."""
    if plan.week_rule == "iso":
        words = plan.rhythm.words()
        return words if words.startswith("toutes") else f"les {words}"
    weeks = listed([ORDINALS[week - 1] for week in sorted(plan.month_weeks)])
    if len(plan.month_weeks) == 1:
        return f"la {weeks} semaine de chaque mois"
    return f"les {weeks} semaines de chaque mois"


def beginning(plan: Plan) -> str:
    """The first session, when the tour has a start."""
    days = [first for day in plan.days if (first := day_date(plan, day))]
    return f"Première permanence : {when(min(days).isoformat())}." if days else ""


def free_days(plan: Plan) -> str:
    """The working days without a tour, or that there is none."""
    none = "Aucun jour libre : chaque jour de tournée a sa journée."
    if not plan.days:
        return "Aucune journée de tournée."
    return free_days_text(plan) or none


def key_figures(plan: Plan, today: Plan | None = None) -> str:
    """The figures to remember: who is near a counter, then a week of tour on average.

    ``today``: the tour run today, whose own figures are told beside.
    """
    tiles = [*_access_figures(plan, today), *_tour_figures(plan, today)]
    return element("dl", "".join(map(_tile, tiles)), class_="chiffres-cles")


@dataclass(frozen=True)
class Tile:
    """A figure: its name, its value, and lines of less weight."""

    name: str
    value: str
    notes: tuple[str, ...]


def _tile(tile: Tile) -> str:
    lines = "".join(element("span", text(line)) for line in tile.notes if line)
    value = element("dd", element("strong", text(tile.value)) + lines)
    return element("div", element("dt", text(tile.name)) + value)


def _access_figures(plan: Plan, today: Plan | None) -> list[Tile]:
    """Residents surely within each goal, at most three: with the tour, today and without."""
    area = plan.access[-1]
    goals = [goal for goal in USUAL_MIN if goal in area.groups_after]
    now = today.access[-1].groups_after if today else {}
    return [
        Tile(
            f"À moins de {goal} min d’un accueil",
            number(area.groups_after[goal].inside),
            (
                _of_all(area.residents, area.groups_after[goal].near),
                _others(area.groups_before[goal].inside, now[goal].inside if goal in now else None),
            ),
        )
        for goal in goals or sorted(area.groups_after, reverse=True)[: len(USUAL_MIN)]
    ]


def _of_all(residents: int, near: int) -> str:
    """``habitants sur 66 607, et 7 493 à la limite``."""
    also = f", et {number(near)} à la limite" if near else ""
    return f"habitants sur {number(residents)}{also}"


def _others(before: int, today: int | None) -> str:
    """``aujourd’hui 59 114 ; sans tournée 58 175``."""
    now = "" if today is None else f"aujourd’hui {number(today)} ; "
    return f"{now}sans {'la ' if today is None else ''}tournée {number(before)}"


def _tour_figures(plan: Plan, today: Plan | None) -> list[Tile]:
    """What the tour is: sessions, opening, road, money, a week on average."""
    weeks = plan.cycle_weeks
    each = _WEEKLY if weeks == 1 else f"en {weeks} semaines de tournée"
    whole = any(stop.closed_s for day in plan.days for stop in day.stops)
    halves = "permanences" if whole else "demi-journées"
    all_in = plan.figures.in_hours == plan.sessions_per_cycle
    check = "" if all_in else " ; les autres sont à vérifier avec la mairie"
    places = f"dans {counted(len(plan.codes()), 'commune')}, {each}"
    kinds: list[tuple[str, str, Callable[[Plan], str]]] = [
        ("Permanences", places, lambda p: number(p.sessions_per_cycle)),
        ("Ouverture au public", _WEEKLY, lambda p: hours(sum(d.open_s for d in p.days) / weeks)),
        ("Aux heures de la mairie", halves + check, _in_hours_words),
        ("Route", _WEEKLY, lambda p: hours(sum(d.drive_s for d in p.days) / weeks)),
        ("Distance", _WEEKLY, lambda p: _whole_km(sum(d.drive_m for d in p.days) / weeks)),
        ("CO₂ des trajets", _WEEKLY, lambda p: _kilograms(p.figures.emissions_gco2 / weeks)),
        ("Coût des trajets", _WEEKLY, lambda p: f"{number(p.figures.cost_eur / weeks)} €"),
    ]
    return [
        Tile(name, value(plan), (what, f"aujourd’hui {value(today)}" if today else ""))
        for name, what, value in kinds
    ]


def _in_hours_words(plan: Plan) -> str:
    """``8 sur 10``: the sessions within mairie hours."""
    return f"{number(plan.figures.in_hours)} sur {number(plan.sessions_per_cycle)}"


def _whole_km(metres: float) -> str:
    return f"{number(metres / 1000)} km"


def _kilograms(grams: float) -> str:
    """Whole kilograms of CO₂, with a decimal below ten."""
    return f"{number(grams / 1000, 1 if 0 < grams < 10_000 else 0)} kg"


def sentences(plan: Plan) -> str:
    """What the tour changes, a sentence an intercommunalité, and the room that people find."""
    areas = plan.access[:-1] or plan.access
    lines = [*map(sentence, areas), *map(text, need_sentences(plan))]
    return items(lines, class_="constats")


def changes(plan: Plan, today: Plan | None) -> str:
    """What the tour changes from that of today: communes by name, days, levels."""
    if today is None:
        return ""
    names = {
        stop.code: stop.name for one in (today, plan) for day in one.days for stop in day.stops
    }
    gained = [names[code] for code in plan.codes() if code not in today.codes()]
    lost = [names[code] for code in today.codes() if code not in plan.codes()]
    lines = [
        *changes_since(today, plan),
        *[f"communes nouvelles : {listed(sorted(gained))}"] * bool(gained),
        *[f"communes qui ne seraient plus desservies : {listed(sorted(lost))}"] * bool(lost),
    ]
    told = items([text(f"{capital(line)}.") for line in lines], class_="changements")
    return element("h3", text("Par rapport à la tournée d’aujourd’hui")) + told


def sentence(area: AreaAccess) -> str:
    """Who is far from a counter, and who still is with the tour."""
    told = area_sentence(area).removeprefix(area.name)
    today, semicolon, change = told.partition(" ; ")
    return (
        element("strong", text(area.name))
        + text(today + semicolon)
        + element("strong", text(change))
    )


def proof(plan: Plan, judged: Sequence[str] = ()) -> str:
    """Whether the plan is proved, said plainly; when it is not, what is not and why.

    ``judged``: what is said of a tour that was judged, and the rules it breaks.
    """
    if judged:
        was, kept, *broken = judged
        head = element("p", f"{text(was)} {element('strong', text(kept))}")
        told = head + (items(map(text, broken)) if broken else "")
        return element("div", told, class_="preuve non-demontre")
    if plan.proved:
        words = (
            "aucun autre planning ne fait mieux selon ces règles, cet ordre de priorité et ces "
            "temps de trajet."
        )
        return element(
            "p",
            element("strong", "Démontré") + text(" : " + words),
            class_="preuve demontre",
        )
    missing = [level for level in plan.levels if not level.proved]
    words = " ".join(filter(None, [STOPPED[plan.stopped], _unproved(len(missing), plan)]))
    lines = items([text(f"{capital(lv.label)} : {_gap_words(lv)}") for lv in missing])
    head = element("strong", text("Ce plan n’est pas entièrement démontré."))
    told = element("p", f"{head} {text(words)}") + (lines if missing else "")
    return element("div", told, class_="preuve non-demontre")


def _unproved(missing: int, plan: Plan) -> str:
    if not plan.levels:
        return "Aucun objectif n’a été démontré : un meilleur planning existe peut-être."
    verb = "n’est pas démontré" if missing == 1 else "ne sont pas démontrés"
    return (
        f"Un meilleur planning existe peut-être : {missing} des {len(plan.levels)} objectifs "
        f"{verb}."
    )


LEVELS = (Column("Objectif"), Column("Résultat"), Column("Preuve"))


def levels_table(plan: Plan) -> str:
    """The objectives in order, each with its value and, of a plan, whether it is proved."""
    columns = LEVELS[:2] if plan.stopped == JUDGED else LEVELS
    rows = [
        body_row(
            columns,
            [
                text(f"{rank}. {capital(level.label)}"),
                text(level_text(plan, level)),
                text(level_proof(plan, level)),
            ][: len(columns)],
        )
        for rank, level in enumerate(plan.levels, start=1)
    ]
    return table("Objectifs, du plus important au moins important", columns, ["".join(rows)])


def level_proof(plan: Plan, level: Level) -> str:
    """``démontré``, or how far the proved limit is; of a tour that was judged, nothing."""
    if plan.stopped == JUDGED:
        return ""
    if level.proved:
        return "démontré"
    return f"non démontré : {_gap_words(level)}"


def _gap_words(level: Level) -> str:
    """How far a level may be from the best: ``écart d’au plus 5 min``."""
    if level.gap is None:
        return "aucune limite connue"
    return f"écart d’au plus {_quantity(level.gap, level)}"


def _quantity(gap: int, level: Level) -> str:
    """A gap in the words of its unit."""
    if level.unit.startswith("habitants ×"):
        share = 100 * gap / max(1, level.value)
        return f"{number(max(0.1, share), 1)} %"
    return amount(level, gap)


def sensitivity(sentences: Sequence[str]) -> str:
    """What other travel times would change: lines set back are details of the one before."""
    if not sentences:
        return ""
    parts = [element("h3", text("Et si les trajets étaient plus courts ou plus longs ?"))]
    for detail, lines in groupby(sentences, key=lambda line: line.startswith(" ")):
        told = [text(line.strip()) for line in lines]
        parts.append(items(told) if detail else "".join(element("p", line) for line in told))
    return "".join(parts)


def page_foot(plan: Plan, fingerprint: str, made: date | None) -> str:
    """What each printed page says at its foot: letters and figures only, safe in a style."""
    day = f" du {made:%d/%m/%Y}" if made else ""
    status = f"{capital(plan.status)}{day}, empreinte {fingerprint}"
    return (
        f'@page {{ @bottom-left {{ content: "{status}" }} '
        '@bottom-right { content: "page " counter(page) " sur " counter(pages) } }'
    )
