"""``carte.html``: the plan as one page that opens anywhere, without any network.

The page holds its own script and styles, allowed by their hashes alone. All data sits in a JSON
block that the script reads; texts are set as text, never as HTML. The one thing that it may ask of
a network, when its reader switches it on, is the IGN's background.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from tourplan.export import accesstables, choices, paper, sections, sources
from tourplan.export.audience import public_plan, public_words
from tourplan.export.daytable import itinerary_table
from tourplan.export.farreasons import FarReason, far_reasons
from tourplan.export.french import capital, spaced, when
from tourplan.export.judgement import judged_sentences
from tourplan.export.mapdata import map_data
from tourplan.export.markup import element, script_json, text
from tourplan.export.scene import CLASS_FILLS, DAY_COLOURS, build_scene
from tourplan.export.sides import TODAY, WITH, compared_with
from tourplan.export.words import origin_words
from tourplan.study.existing import readable_tour_of_today
from tourplan.tables import plain

if TYPE_CHECKING:
    from tourplan.export.scene import Scene
    from tourplan.plan import Plan
    from tourplan.prepare import Case
    from tourplan.study.existing import ExistingTour

__all__ = ["MapFrame", "Telling", "itinerary_table", "map_page", "notebook_page"]

IGN_TILES = "https://data.geopf.fr/wmts"
"""The only address that the page may ask images of; ``page.js`` names the same."""


@dataclass(frozen=True)
class Telling:
    """What a page tells besides its plan, and to whom.

    Attributes:
        internal: to those who run the tour, whose names and hours are told; else to everyone.
        today: the tour run today, to be set beside.
        sensitivity: what other travel times would change, in sentences.
        reasons: by code, why communes have no session, in sentences without their end.
        made: when the page is made.
    """

    internal: bool = False
    today: ExistingTour | None = None
    sensitivity: Sequence[str] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    made: date | None = None

    @property
    def plan_today(self) -> Plan | None:
        """The tour run today, its times worked out."""
        return None if self.today is None else self.today.plan

    def public(self, plan: Plan) -> Telling:
        """The same without what is only for those who run the tour of ``plan``."""
        today = self.today and replace(self.today, plan=public_plan(self.today.plan))
        reasons = zip(self.reasons, public_words(plan, self.reasons.values()), strict=True)
        told = public_words(plan, self.sensitivity)
        return replace(self, today=today, sensitivity=told, reasons=dict(reasons))


def map_page(plan: Plan, case: Case, telling: Telling | None = None) -> str:
    """The complete page of ``plan``: map, tables, proof and sources.

    Args:
        plan: the plan.
        case: its facts.
        telling: to whom, and what else; everyone, and nothing by default.
    """
    return _render(plan, case, telling or Telling())


def _render(plan: Plan, case: Case, telling: Telling, setting: str = "") -> str:
    """The page; ``setting`` is a class of its body that the style knows."""
    document = _document(plan, case, telling)
    foot = sections.page_foot(document.plan, document.fingerprint, telling.made)
    style, script = f"{_style()}\n{foot}\n", _script()
    parts = {
        "setting": text(setting),
        "policy": content_policy(style, script),
        "style": style,
        "script": script,
        **_head_parts(document),
        **_map_parts(document),
        **_table_parts(document),
        **_source_parts(document),
    }
    return Template(spaced(_asset("page.html"))).substitute(parts)


@dataclass(frozen=True)
class _Document:
    """A plan and what is told with it, as it is told to whom the page is for.

    Attributes:
        scene: its map.
        fingerprint: that of the whole plan.
        changes: what the tour changes from that of today, as HTML.
        rules: those that the whole plan keeps, as HTML.
        judged: what is said of a tour that was judged, and the rules it breaks.
    """

    plan: Plan
    case: Case
    telling: Telling
    scene: Scene
    fingerprint: str
    changes: str
    rules: str
    judged: Sequence[str]


def _document(plan: Plan, case: Case, telling: Telling) -> _Document:
    """What the page shows of ``plan``."""
    if telling.plan_today is not None and telling.plan_today.days == plan.days:
        telling = replace(telling, today=None)  # the tour of today itself: nothing beside it
    changes, fingerprint = sections.changes(plan, telling.plan_today), plan.fingerprint
    rules = paper.rules_table(plan, case)
    judged = judged_sentences(plan, case, internal=telling.internal)
    if not telling.internal:
        telling, plan = telling.public(plan), public_plan(plan)
    scene = build_scene(plan, case, telling.today)
    return _Document(plan, case, telling, scene, fingerprint, changes, rules, judged)


def _head_parts(document: _Document) -> dict[str, str]:
    """What the document is, and what is to be remembered of it."""
    plan, telling = document.plan, document.telling
    return {
        "title": text(plan.title),
        "status": text(capital(plan.status)),
        "status_class": plain(plan.status),
        "status_words": text(sources.STATUS[plan.status]),
        "edition": text(_edition(plan, document.fingerprint, telling.made)),
        "audience": _audience_words(internal=telling.internal),
        "summary": text(sections.summary(plan, document.case)),
        "proof": sections.proof(plan, document.judged),
        "figures": sections.key_figures(plan, telling.plan_today),
        "sentences": sections.sentences(plan),
        "changes": document.changes,
    }


def _map_parts(document: _Document) -> dict[str, str]:
    """The map: its data, what may be chosen, what its colours and marks mean."""
    plan, scene, telling = document.plan, document.scene, document.telling
    data = map_data(plan, document.case, scene, telling.today, internal=telling.internal)
    return {
        "data": script_json(data),
        "sides": choices.side_choice(scene),
        "beside": text(compared_with(scene).label),
        "weeks": choices.week_choice(plan),
        "vehicles": choices.vehicle_choice(plan),
        "days": choices.day_switches(plan, scene.routes, WITH),
        "days_today": _days_today(scene, telling.plan_today),
        "legend": accesstables.legend(scene),
        "weekdays": paper.weekday_key(scene),
        "near_mark": accesstables.near_mark(plan.origin),
        "route_words": text(_route_words(plan)),
        "times": text(_times_words(plan)),
    }


def _table_parts(document: _Document) -> dict[str, str]:
    """The tables: the days, who is how far, why, the proof."""
    plan, scene, telling = document.plan, document.scene, document.telling
    why = far_reasons(plan, document.case, scene, telling.reasons)
    return {
        "itinerary": itinerary_table(plan, marks=True, internal=telling.internal),
        "crowd": paper.crowd(plan, internal=telling.internal),
        "itinerary_today": _itinerary_today(telling),
        "free_days": text(sections.free_days(plan)),
        "access": accesstables.access_table(plan, telling.plan_today),
        "far": accesstables.far_communes(plan, scene, {code: why[code].text for code in why}),
        "short_sentences": paper.short_sentences(plan, internal=telling.internal),
        "far_lines": paper.far_lines(plan, scene),
        "far_more": _far_more(why.values()),
        "every_commune": accesstables.every_commune(scene),
        "counters": accesstables.counters_table(scene),
        "rules": document.rules,
        "levels": sections.levels_table(plan),
        "sensitivity": sections.sensitivity(telling.sensitivity),
    }


def _source_parts(document: _Document) -> dict[str, str]:
    """Where all comes from, and which document this is."""
    plan, case = document.plan, document.case
    return {
        "sources": sources.sources(plan, case),
        "sources_line": paper.sources_line(plan, case),
        "notes": sources.notes(plan),
        "identity": sources.identity(plan, case, document.fingerprint, document.telling.made),
    }


def _edition(plan: Plan, fingerprint: str, made: date | None) -> str:
    """Which document this is: its date, its program and its fingerprint."""
    day = when(made.isoformat()) if made else ""
    return " · ".join(filter(None, [day, plan.software, f"empreinte {fingerprint}"]))


def _audience_words(*, internal: bool) -> str:
    """A warning on what is not to be published."""
    warning = "Diffusion interne : ne pas publier"
    return element("strong", text(warning), class_="interne") if internal else ""


def _days_today(scene: Scene, today: Plan | None) -> str:
    """The days of today's tour, to be shown or hidden, when it is on the map."""
    if today is None or scene.today is None:
        return ""
    head = element("legend", text("Journées d’aujourd’hui affichées"))
    switches = choices.day_switches(today, scene.today.routes, TODAY)
    return element("fieldset", head + switches, id="jours-aujourdhui", class_="jours")


def _itinerary_today(telling: Telling) -> str:
    """Today's tour day by day, for whoever opens it."""
    if telling.plan_today is None:
        return ""
    name = "La tournée d’aujourd’hui"
    shown = itinerary_table(telling.plan_today, marks=True, internal=telling.internal, name=name)
    return element("details", element("summary", text(f"{name}, jour par jour")) + shown)


def _far_more(reasons: Iterable[FarReason]) -> str:
    """Where to ask why the tour does not go nearer, when that is not told."""
    if all(reason.settled for reason in reasons):
        return ""
    words = "La commande « tourplan explain » dit pourquoi la tournée ne va pas dans ces communes."
    return element("p", text(words), class_="note")


def _route_words(plan: Plan) -> str:
    if plan.origin.schematic:
        return "Tracé schématique, de commune en commune : ce n’est pas la route exacte."
    return "Tracé sur les routes du réseau."


def _times_words(plan: Plan) -> str:
    return f"Temps de trajet : {origin_words(plan.origin)}."


@dataclass(frozen=True)
class MapFrame:
    """The page of a plan as notebooks show it: in a frame of its own."""

    page: str
    height_px: int = 760

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{html.escape(self.page)}" title="Carte de la tournée" '
            f'width="100%" height="{self.height_px}" sandbox="allow-scripts allow-modals" '
            'style="border:1px solid #d5d0c4"></iframe>'
        )


def notebook_page(plan: Plan, case: Case, *, internal: bool = False) -> MapFrame:
    """The map of ``plan``, shown by notebooks: the same page, the map first.

    ``internal``: with the names and hours of those who run the tour.
    """
    telling = Telling(internal=internal, today=readable_tour_of_today(case))
    return MapFrame(_render(plan, case, telling, setting="cahier"))


def content_policy(style: str, script: str) -> str:
    """The policy of the page: its own style and script, by hash, and the IGN's images."""
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        f"img-src data: {IGN_TILES}; base-uri 'none'; form-action 'none'"
    )


def _digest(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


@cache
def _asset(name: str) -> str:
    """A file of this package, with the page's line ends whatever those of the checkout."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


@cache
def _style() -> str:
    """Leaflet's style without the images it would fetch, the colours, then the page's own."""
    leaflet = re.sub(r"[^{};]*:[^{};]*url\([^)]*\)[^{};]*;", "", _asset("leaflet/leaflet.css"))
    colours = [f"--classe-{rank}:{fill}" for rank, fill in enumerate(CLASS_FILLS)]
    colours += [f"--jour-{day}:{colour}" for day, colour in enumerate(DAY_COLOURS)]
    return "\n".join([leaflet, f":root{{{';'.join(colours)}}}", _asset("page.css")])


@cache
def _script() -> str:
    """Leaflet under its licence, then the page's own script."""
    leaflet = re.sub(r"//# sourceMappingURL=\S*", "", _asset("leaflet/leaflet.js"))
    licence = _asset("leaflet/LICENSE").strip()
    return "\n".join([f"/*\nLeaflet 1.9.4\n{licence}\n*/", leaflet, _asset("page.js")])
