"""What the script of the page needs, as plain data; every text is ready to be shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from tourplan.export import choices
from tourplan.export.accesstables import near_words, reach_place, reach_time
from tourplan.export.french import (
    NO_BREAK,
    capital,
    counted,
    kilometres,
    minutes,
    number,
    spaced,
)
from tourplan.export.scene import (
    DAY_COLOURS,
    CommuneView,
    CounterMark,
    DayRoute,
    Reach,
    Ring,
    Scene,
    StopMark,
)
from tourplan.export.sides import TODAY, WITH, sides_of
from tourplan.export.words import day_name, opening_words, place_name, stop_name, who_goes
from tourplan.hours import clock
from tourplan.places import TOWN_HALL

if TYPE_CHECKING:
    from tourplan.plan import Plan, Stop
    from tourplan.prepare import Case
    from tourplan.study.existing import ExistingTour
    from tourplan.territory import Commune

_SCALE = 10_000
"""Contours are written in ten-thousandths of a degree, about ten metres."""

_NO_IGN = (
    "Le plan de l’IGN n’a pas pu être chargé : pas de connexion, ou service arrêté. La carte est "
    "complète sans lui."
)
Json = dict[str, Any]
Names = Mapping[str, int]
"""The positions in ``noeuds`` of the points of ways."""

_WORDS: Json = {
    "plus": "Agrandir la carte",
    "moins": "Réduire la carte",
    "semaine": "semaine",
    "ign": {
        "rien": "",
        "attente": "Chargement du plan…",
        "credit": spaced("Fond de plan : © IGN"),
        "echec": spaced(_NO_IGN),
    },
}
"""What the script itself says."""


def map_data(
    plan: Plan,
    case: Case,
    scene: Scene,
    today: ExistingTour | None = None,
    *,
    internal: bool = False,
) -> Json:
    """All the script needs.

    Args:
        plan: the plan, as it is told to whom the page is for.
        case: its facts.
        scene: its map, that of ``today`` included.
        today: the tour run today, when the map shows it.
        internal: for those who run the tour, whose hours are told; else for everyone.
    """
    nodes = [_point(*place) for place in scene.nodes.values()]
    reaches = [side.reach(view) for view in scene.communes for side in sides_of(scene)]
    counters = {
        words: rank for rank, words in enumerate(dict.fromkeys(map(_counter_words, reaches)))
    }
    tours = [_tour(WITH, plan, case, scene, 0, internal=internal)]
    if today is not None and scene.today is not None:
        first = len(nodes)
        nodes += [_point(*place) for place in scene.today.nodes.values()]
        tours.append(_tour(TODAY, today.plan, today.case, scene, first, internal=internal))
    return {
        "communes": [_commune(view, scene, counters) for view in scene.communes],
        "accueils": list(counters),
        "fond": [_contours(scene, commune) for commune in scene.surroundings],
        "fixes": [_counter(mark) for mark in scene.counters],
        "depots": list(chain.from_iterable(depots for depots, _ in tours)),
        "noeuds": nodes,
        "journees": list(chain.from_iterable(days for _, days in tours)),
        "mots": {"vues": {side.key: side.label for side in sides_of(scene)}, **_WORDS},
    }


def _tour(
    side: str, plan: Plan, case: Case, scene: Scene, first: int, *, internal: bool
) -> tuple[list[Json], list[Json]]:
    """The depots and the days of a tour; ``first``: the position of the first of its nodes."""
    marks = scene if side == WITH or scene.today is None else scene.today
    names = {name: position for position, name in enumerate(marks.nodes, start=first)}
    depots = [{"vue": side, **_depot(plan, case, depot)} for depot in marks.depots]
    days = [
        {"vue": side, **_day(plan, case, route, names, internal=internal)} for route in marks.routes
    ]
    return depots, days


def _point(lon: float, lat: float) -> list[float]:
    """Latitude then longitude, as Leaflet has them."""
    return [round(lat, 5), round(lon, 5)]


def _commune(view: CommuneView, scene: Scene, counters: Mapping[str, int]) -> Json:
    """``counters``: positions in ``accueils``; the script writes a line for each side."""
    commune = view.commune
    told = f"{counted(view.residents, 'habitant')}, {commune.epci_name}"
    return {
        "code": commune.code,
        "nom": commune.name,
        "point": _point(commune.lon, commune.lat),
        **{side.key: _reach(side.reach(view), counters) for side in sides_of(scene)},
        "lignes": [spaced(told)],
        "contours": _contours(scene, commune),
    }


def _reach(reach: Reach, counters: Mapping[str, int]) -> list[int | str]:
    """Its class, the minutes to write, the same in full, 1 for « à la limite », and where."""
    place = counters[_counter_words(reach)]
    if reach.seconds is None:
        return [reach.rank, "–", reach_time(reach), 0, place]
    tag = number(reach.seconds / 60, 1) if reach.seconds else "0"
    words = spaced(", ".join(filter(None, [reach_time(reach), near_words(reach)])))
    return [
        reach.rank,
        f"≈{NO_BREAK}{tag}" if reach.near else tag,
        words,
        int(bool(reach.near)),
        place,
    ]


def _counter_words(reach: Reach) -> str:
    """Where the nearest counter is; nothing where none is within reach."""
    return "" if reach.seconds is None else reach_place(reach)


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
        "lignes": _spaced(choices.counter_lines(mark)),
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
        "lignes": _spaced(lines),
        "journees": len(days),
    }


def _day(plan: Plan, case: Case, route: DayRoute, names: Names, *, internal: bool) -> Json:
    ways = ([names[code] for code in way if code in names] for way in route.ways)
    stops = (_stop(plan, case, route, mark, internal=internal) for mark in route.stops)
    return {
        "numero": route.number,
        "semaine": route.day.week,
        "vehicule": route.day.vehicle,
        "agence": route.day.depot,
        "jour": route.day.weekday % len(DAY_COLOURS),
        "nom": capital(route.day.weekday_name),
        "arrets": [stop for stop in stops if stop is not None],
        "traces": [way for way in ways if len(way) > 1],
    }


def _stop(
    plan: Plan, case: Case, route: DayRoute, mark: StopMark, *, internal: bool
) -> Json | None:
    stop = mark.stop
    commune = case.territory.communes.get(stop.code)
    if commune is None or mark.point is None:
        return None
    day = day_name(plan, route.day.week, route.day.weekday, route.day.vehicle)
    openings = opening_words(stop).replace("–", " à ").replace(" et ", " et de ")
    lines = [
        f"{capital(day)}, {stop.session} : ouvert de {openings}, "
        f"{counted(case.problem.crew_size, 'agent')}",
        _where_words(stop),
        _team_words(plan, route) if internal else "",
        _road_words(stop, internal=internal),
        _hours_words(case, commune, route, mark),
    ]
    return {
        "repere": mark.label,
        "nom": f"{mark.label} · {place_name(stop)}",
        "court": stop_name(plan, stop),
        "point": _point(*mark.point),
        "lignes": _spaced(filter(None, lines)),
    }


def _spaced(lines: Iterable[str]) -> list[str]:
    return [spaced(line) for line in lines]


def _where_words(stop: Stop) -> str:
    """The place and its address, where there is more to say than the commune's mairie."""
    if not stop.address and stop.place in ("", TOWN_HALL):
        return ""
    return " : ".join(filter(None, [stop.place or "Adresse", stop.address]))


def _team_words(plan: Plan, route: DayRoute) -> str:
    """Who goes, where there is something to tell."""
    team = who_goes(plan, route.day)
    return f"Équipe : {team}" if team else ""


def _road_words(stop: Stop, *, internal: bool) -> str:
    """The road there; for those who drive it, when they arrive and leave."""
    measured = ", temps mesuré" if stop.drive_measured else ""
    far = f"{kilometres(stop.drive_m)}{measured}"
    if not internal:
        return f"Route depuis l’étape précédente : {minutes(stop.drive_s)} ({far})"
    road = f"{minutes(stop.drive_s)} de route ({far})"
    return f"Arrivée à {clock(stop.arrival_s)} après {road}, départ à {clock(stop.departure_s)}"


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
