"""``carte.html``: the plan as one page that opens anywhere, without any network.

The page holds its own script and styles, allowed by their hashes alone. All data sits in a JSON
block that the script reads; texts are set as text, never as HTML.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from tourplan.export import accesstables, choices, sections, sources
from tourplan.export.accesstables import near_words, reach_place, reach_time
from tourplan.export.daytable import itinerary_table
from tourplan.export.french import (
    NO_BREAK,
    capital,
    counted,
    kilometres,
    minutes,
    number,
    spaced,
)
from tourplan.export.markup import script_json, text
from tourplan.export.scene import (
    CLASS_FILLS,
    DAY_COLOURS,
    CommuneView,
    CounterMark,
    DayRoute,
    Reach,
    Ring,
    Scene,
    StopMark,
    build_scene,
)
from tourplan.export.words import day_name, opening_words, origin_words, place_name
from tourplan.hours import clock
from tourplan.places import TOWN_HALL
from tourplan.tables import plain

if TYPE_CHECKING:
    from tourplan.plan import Plan
    from tourplan.prepare import Case
    from tourplan.territory import Commune

__all__ = ["MapFrame", "itinerary_table", "map_page", "notebook_page"]

_SCALE = 10_000
"""Contours are written in ten-thousandths of a degree, about ten metres."""

Json = dict[str, Any]


def map_page(plan: Plan, case: Case, sensitivity: Sequence[str] = ()) -> str:
    """The complete page of ``plan``: map, tables, proof and sources.

    Args:
        plan: the plan.
        case: its facts.
        sensitivity: what other travel times would change, in sentences, when that was asked.
    """
    return _render(plan, case, sensitivity)


def _render(plan: Plan, case: Case, sensitivity: Sequence[str] = (), setting: str = "") -> str:
    """The page; ``setting`` is a class of its body that the style knows."""
    scene = build_scene(plan, case)
    style, script = f"{_style()}\n{sections.page_foot(plan)}\n", _script()
    parts = {
        "setting": text(setting),
        "policy": content_policy(style, script),
        "style": style,
        "script": script,
        "data": script_json(map_data(plan, case, scene)),
        "title": text(plan.title),
        "status": text(capital(plan.status)),
        "status_class": plain(plan.status),
        "status_words": text(sources.STATUS[plan.status]),
        "summary": text(sections.summary(plan, case)),
        "proof": sections.proof(plan),
        "figures": sections.key_figures(plan, scene),
        "sentences": sections.sentences(plan),
        "weeks": choices.week_choice(plan),
        "vehicles": choices.vehicle_choice(plan),
        "days": choices.day_switches(plan, scene),
        "communes": choices.commune_choice(scene),
        "legend": accesstables.legend(scene),
        "near_mark": accesstables.near_mark(plan.origin),
        "route_words": text(_route_words(plan)),
        "times": text(_times_words(plan)),
        "itinerary": itinerary_table(plan, marks=True),
        "free_days": text(sections.free_days(plan)),
        "access": accesstables.access_table(plan),
        "far": accesstables.far_communes(plan, scene),
        "every_commune": accesstables.every_commune(scene),
        "counters": accesstables.counters_table(scene),
        "levels": sections.levels_table(plan),
        "sensitivity": sections.sensitivity(sensitivity),
        "sources": sources.sources(plan, case),
        "notes": sources.notes(plan),
        "identity": sources.identity(plan, case),
    }
    return Template(spaced(_asset("page.html"))).substitute(parts)


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


def notebook_page(plan: Plan, case: Case) -> MapFrame:
    """The map of ``plan``, shown by notebooks: the same page, the map first."""
    return MapFrame(_render(plan, case, setting="cahier"))


def content_policy(style: str, script: str) -> str:
    """The policy of the page: its own style and script, by hash, and nothing else."""
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
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


def map_data(plan: Plan, case: Case, scene: Scene) -> Json:
    """All the script needs, as plain data; every text is ready to be shown."""
    names = {code: number_ for number_, code in enumerate(scene.nodes)}
    return {
        "communes": [_commune(view, scene) for view in scene.communes],
        "fond": [_contours(scene, commune) for commune in scene.surroundings],
        "fixes": [_counter(mark) for mark in scene.counters],
        "depots": [_depot(plan, case, depot) for depot in scene.depots],
        "noeuds": [_point(lon, lat) for lon, lat in scene.nodes.values()],
        "journees": [_day(plan, case, route, names) for route in scene.routes],
        "mots": {
            "plus": "Agrandir la carte",
            "moins": "Réduire la carte",
            "sans": "Sans la tournée",
            "avec": "Avec la tournée",
            "semaine": "semaine",
        },
    }


def _point(lon: float, lat: float) -> list[float]:
    """Latitude then longitude, as Leaflet has them."""
    return [round(lat, 5), round(lon, 5)]


def _commune(view: CommuneView, scene: Scene) -> Json:
    commune = view.commune
    return {
        "code": commune.code,
        "nom": commune.name,
        "point": _point(commune.lon, commune.lat),
        "avant": _reach(view.before),
        "apres": _reach(view.after),
        "lignes": [
            spaced(line)
            for line in (
                f"{counted(view.residents, 'habitant')}, {commune.epci_name}",
                f"Avec la tournée : {_reach_words(view.after)}",
                f"Sans la tournée : {_reach_words(view.before)}",
            )
        ],
        "contours": _contours(scene, commune),
    }


def _reach(reach: Reach) -> list[int | str | bool]:
    """Its class, the minutes written in the commune, the same in full, whether « à la limite »."""
    if reach.seconds is None:
        return [reach.rank, "–", reach_time(reach), False]
    tag = number(reach.seconds / 60, 1) if reach.seconds else "0"
    words = ", ".join(filter(None, [reach_time(reach), near_words(reach)]))
    return [reach.rank, f"≈{NO_BREAK}{tag}" if reach.near else tag, words, bool(reach.near)]


def _reach_words(reach: Reach) -> str:
    words = [reach_time(reach), near_words(reach)]
    if reach.seconds is not None:
        words.append(reach_place(reach))
    return ", ".join(filter(None, words))


def _contours(scene: Scene, commune: Commune) -> list[list[int]]:
    """The rings of a commune, each a start and steps in ten-thousandths of a degree."""
    rings = (_steps(ring) for ring in scene.contours.get(commune.code, ()))
    return [steps for steps in rings if len(steps) >= 6]


def _steps(ring: Ring) -> list[int]:
    """The points of ``ring`` as longitude and latitude steps; those that do not move are left."""
    steps: list[int] = []
    x = y = 0
    for lon, lat in ring[:-1]:
        to_x, to_y = round(lon * _SCALE), round(lat * _SCALE)
        if not steps or (to_x, to_y) != (x, y):
            steps += [to_x - x, to_y - y]
        x, y = to_x, to_y
    return steps


def _counter(mark: CounterMark) -> Json:
    return {
        "nom": spaced(f"Point fixe : {mark.commune.name}"),
        "court": mark.commune.name,
        "point": _point(mark.commune.lon, mark.commune.lat),
        "lignes": [spaced(line) for line in choices.counter_lines(mark)],
    }


def _depot(plan: Plan, case: Case, depot: Commune) -> Json:
    days = [day for day in plan.days if day.depot == depot.code]
    agents = counted(case.problem.crew_size, "agent")
    lines = [f"{agents} et un véhicule"]
    if len(plan.vehicles) > 1 or len(plan.depots) > 1:
        used = dict.fromkeys(day.vehicle for day in days)
        lines = [
            f"{vehicle} : {agents}, "
            f"{counted(sum(day.vehicle == vehicle for day in days), 'journée')} par cycle"
            for vehicle in used
        ]
    return {
        "agence": depot.code,
        "nom": spaced(f"Départ et retour : {depot.name}"),
        "court": depot.name,
        "point": _point(depot.lon, depot.lat),
        "lignes": [spaced(line) for line in lines],
        "journees": len(days),
    }


def _day(plan: Plan, case: Case, route: DayRoute, names: dict[str, int]) -> Json:
    ways = ([names[code] for code in way if code in names] for way in route.ways)
    return {
        "numero": route.number,
        "semaine": route.day.week,
        "vehicule": route.day.vehicle,
        "agence": route.day.depot,
        "jour": route.day.weekday % len(DAY_COLOURS),
        "nom": capital(route.day.weekday_name),
        "arrets": [
            stop for mark in route.stops if (stop := _stop(plan, case, route, mark)) is not None
        ],
        "traces": [way for way in ways if len(way) > 1],
    }


def _stop(plan: Plan, case: Case, route: DayRoute, mark: StopMark) -> Json | None:
    stop = mark.stop
    commune = case.territory.communes.get(stop.code)
    if commune is None or mark.point is None:
        return None
    day = day_name(plan, route.day.week, route.day.weekday, route.day.vehicle)
    openings = opening_words(stop).replace("–", " à ").replace(" et ", " et de ")
    measured = ", temps mesuré" if stop.drive_measured else ""
    lines = [
        f"{capital(day)}, {stop.session} : ouvert de {openings}, "
        f"{counted(case.problem.crew_size, 'agent')}",
        f"Arrivée à {clock(stop.arrival_s)} après {minutes(stop.drive_s)} de route "
        f"({kilometres(stop.drive_m)}{measured}), départ à {clock(stop.departure_s)}",
    ]
    if stop.address or stop.place not in ("", TOWN_HALL):
        lines.append(" : ".join(filter(None, [stop.place or "Adresse", stop.address])))
    lines.append(_hours_words(case, commune, route, mark))
    return {
        "repere": mark.label,
        "nom": f"{mark.label} · {place_name(stop)}",
        "court": place_name(stop),
        "point": _point(*mark.point),
        "lignes": [spaced(line) for line in lines],
    }


def _hours_words(case: Case, commune: Commune, route: DayRoute, mark: StopMark) -> str:
    """What the place, or its mairie, publishes for that day, and whether it is to be checked."""
    site = case.problem.site_index.get((mark.stop.code, mark.stop.place))
    hours = commune.hours if site is None else case.problem.sites[site].hours
    if hours is None:
        return "Horaires de la mairie inconnus : à vérifier avec elle"
    if hours != commune.hours:
        told = f"Ouverture du lieu le {route.day.weekday_name} : {hours.text(route.day.weekday)}"
        return told if mark.in_hours else f"{told} (à vérifier)"
    published = f"Mairie le {route.day.weekday_name} : {hours.text(route.day.weekday)}"
    return published if mark.in_hours else f"{published} (à vérifier avec elle)"
