"""What a map of a plan shows, as plain data: communes by access, counters, stops, routes.

Both the page and the static figure draw it, so that they never disagree.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tourplan.access import Standing, by_place, nearest, standing
from tourplan.export.words import place_name
from tourplan.measures import held_sessions
from tourplan.plan import Day, Plan, Stop
from tourplan.problem import Problem
from tourplan.territory import Commune, Counter, Territory

if TYPE_CHECKING:
    from tourplan.prepare import Case
    from tourplan.study.existing import ExistingTour
    from tourplan.travel.matrix import TravelMatrix

Ring = tuple[tuple[float, float], ...]
Geometry = Mapping[str, Any]
Box = tuple[float, float, float, float]
Point = tuple[float, float]

LIMITS_MIN: Final = (5, 10, 15, 20, 30)
CLASS_LABELS: Final = (
    "5 min ou moins",
    "plus de 5 à 10 min",
    "plus de 10 à 15 min",
    "plus de 15 à 20 min",
    "plus de 20 à 30 min",
    "plus de 30 min",
    "hors d’atteinte",
)
CLASS_FILLS: Final = (
    "#fbf7ec",
    "#f0e4c8",
    "#e0c999",
    "#c9a46a",
    "#94652f",
    "#5a3818",
    "#ffffff",
)
UNREACHED: Final = len(LIMITS_MIN) + 1
"""The class of communes that no counter can be reached from; drawn hatched."""

NEAR_HATCH: Final = "...."
"""How the static maps mark the communes « à la limite » of a class."""
NEAR_INKS: Final = ("#26323a",) * 4 + ("#ffffff",) * 2 + ("#26323a",)
"""The ink of that mark on each class, so that it is seen on pale and on dark ones."""

DAY_COLOURS: Final = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#000000",
)
"""Okabe and Ito's palette, a colour a weekday; yellow is left out, too pale on a light map."""

MAX_POINTS: Final = 20_000
_MARGIN_DEG: Final = 0.12
_UNSEEN_DEG: Final = 0.0001
"""About ten metres."""


@dataclass(frozen=True)
class Reach:
    """The nearest counter of a commune: seconds (``None``: none), where, and whether it tours.

    Of a commune with resident points of its own, the mean of its residents.

    Attributes:
        near: the thresholds, in minutes, that the time is « à la limite » of.
        classes: residents by class of the time of their own point; empty: all in ``rank``.
        unsure: residents whose own point is « à la limite » of a threshold.
    """

    seconds: int | None
    counter: str
    itinerant: bool
    near: tuple[int, ...] = ()
    classes: tuple[int, ...] = ()
    unsure: int = 0

    @property
    def rank(self) -> int:
        """The position in ``CLASS_LABELS`` of the time as it is."""
        if self.seconds is None:
            return UNREACHED
        return sum(self.seconds > limit * 60 for limit in LIMITS_MIN)

    @property
    def sort_s(self) -> int:
        """Seconds, more than any when there is no counter."""
        return int(np.iinfo(np.int64).max) if self.seconds is None else self.seconds

    def beyond(self, minutes: int) -> bool:
        """Whether every counter is surely farther than ``minutes``."""
        far = self.seconds is None or self.seconds > minutes * 60
        return far and minutes not in self.near


@dataclass(frozen=True)
class CommuneView:
    """A commune on the map: residents counted, access without and with the tour.

    ``today``: with the tour run today, where the map shows one.
    """

    commune: Commune
    residents: int
    before: Reach
    after: Reach
    today: Reach | None = None

    def residents_at(self, reach: Reach, rank: int) -> int:
        """Residents in a class, with one of the two reaches."""
        if reach.classes:
            return reach.classes[rank]
        return self.residents if reach.rank == rank else 0

    def residents_near(self, reach: Reach) -> int:
        """Residents « à la limite » of a threshold, with one of the two reaches."""
        if reach.classes:
            return reach.unsure
        return self.residents if reach.near else 0


@dataclass(frozen=True)
class CounterMark:
    """The fixed counters of a commune, shown at its chef-lieu, where they are counted."""

    commune: Commune
    counters: tuple[Counter, ...]


@dataclass(frozen=True)
class StopMark:
    """A stop, its label (day number then letter: ``1a``) and where it stands, if known."""

    label: str
    stop: Stop
    in_hours: bool | None
    point: Point | None


@dataclass(frozen=True)
class DayRoute:
    """A day tour on the map: its number in the cycle, stops, and the ways it takes once each.

    ``ways`` are chains of points, communes or bends of roads; those towards the depot run outward,
    so that days sharing a road run along it in the same direction.
    """

    number: int
    day: Day
    stops: tuple[StopMark, ...]
    ways: tuple[tuple[str, ...], ...]

    @property
    def colour(self) -> str:
        """The colour of its weekday."""
        return DAY_COLOURS[self.day.weekday % len(DAY_COLOURS)]


@dataclass(frozen=True)
class TodayMarks:
    """The tour run today, on the map of another: its days, and where its ways pass."""

    depots: tuple[Commune, ...]
    routes: tuple[DayRoute, ...]
    nodes: Mapping[str, Point]


@dataclass(frozen=True)
class Scene:
    """The whole map. ``surroundings`` are communes drawn for the eye, whose access is not told.

    ``today``: the tour run today, when it is shown too. The names of its ``nodes`` are its own:
    it may be drawn on another network.
    """

    communes: tuple[CommuneView, ...]
    surroundings: tuple[Commune, ...]
    counters: tuple[CounterMark, ...]
    depots: tuple[Commune, ...]
    routes: tuple[DayRoute, ...]
    nodes: Mapping[str, tuple[float, float]]
    contours: Mapping[str, tuple[Ring, ...]]
    today: TodayMarks | None = None

    def bounds(self) -> Box:
        """West, south, east and north of the communes whose access is told, depots and stops."""
        points = _points(self.communes)
        points += [(depot.lon, depot.lat) for depot in self.depots]
        return _box([*points, *_stop_points(self.routes)])

    def farthest_first(self) -> tuple[CommuneView, ...]:
        """The inhabited communes, from the farthest with the tour to the nearest."""
        inhabited = [c for c in self.communes if c.residents]
        return tuple(sorted(inhabited, key=lambda c: (-c.after.sort_s, c.commune.name)))


def build_scene(plan: Plan, case: Case, today: ExistingTour | None = None) -> Scene:
    """The map of ``plan`` over the facts of ``case``, and the tour run ``today`` beside it."""
    territory, problem = case.territory, case.problem
    communes = commune_views(plan, problem, territory)
    depots, routes, nodes = _tour_marks(plan, case)
    points = [*_points(communes), *nodes.values(), *_stop_points(routes)]
    marks = None
    if today is not None:
        communes = _with_today(communes, today)
        marks = TodayMarks(*_tour_marks(today.plan, today.case))
        points += [*marks.nodes.values(), *_stop_points(marks.routes)]
    box = _box(points, _MARGIN_DEG)
    shown = {view.commune.code for view in communes}
    around = [c for c in territory.communes.values() if c.code not in shown and _meets(c, box)]
    counters = counter_marks(territory, problem)
    return Scene(
        communes=communes,
        surroundings=tuple(around),
        counters=tuple(m for m in counters if _inside(m.commune.lon, m.commune.lat, box)),
        depots=depots,
        routes=routes,
        nodes=nodes,
        contours=light_contours([*(view.commune for view in communes), *around]),
        today=marks,
    )


def _tour_marks(
    plan: Plan, case: Case
) -> tuple[tuple[Commune, ...], tuple[DayRoute, ...], dict[str, Point]]:
    """The depots of a tour, its days, and the points that its ways pass."""
    leaving = dict.fromkeys(day.depot for day in plan.days) or plan.depots
    routes = day_routes(plan, case)
    routes, nodes = light_ways(routes, way_points(routes, case.travel, case.territory))
    return tuple(case.territory[c] for c in leaving if c in case.territory), routes, nodes


def _stop_points(routes: Sequence[DayRoute]) -> list[Point]:
    """Where the sessions of a tour are held."""
    return [mark.point for route in routes for mark in route.stops if mark.point]


def _with_today(views: Sequence[CommuneView], today: ExistingTour) -> tuple[CommuneView, ...]:
    """The communes with their access to the counters and the tour run today."""
    case = today.case
    then = {
        v.commune.code: v.after for v in commune_views(today.plan, case.problem, case.territory)
    }
    return tuple(replace(view, today=then.get(view.commune.code)) for view in views)


def way_points(
    routes: Sequence[DayRoute], travel: TravelMatrix, territory: Territory
) -> dict[str, Point]:
    """Where the points that the routes pass are: communes at their chef-lieu, bends of roads."""
    points: dict[str, Point] = {}
    for name in dict.fromkeys(name for route in routes for way in route.ways for name in way):
        if name in territory:
            points[name] = (territory[name].lon, territory[name].lat)
        elif (place := travel.ways.position(name)) is not None:
            points[name] = place
    return points


def light_ways(
    routes: Sequence[DayRoute], points: Mapping[str, Point]
) -> tuple[tuple[DayRoute, ...], dict[str, Point]]:
    """The routes without the bends that no eye would miss, and the points left.

    A point that one way keeps is kept by all, so that ways along the same road stay together.
    """
    kept = {name for route in routes for way in route.ways for name in _corners(way, points)}
    lighter = tuple(
        replace(route, ways=tuple(tuple(n for n in way if n in kept) for way in route.ways))
        for route in routes
    )
    return lighter, {name: points[name] for name in sorted(kept)}


def _corners(way: Sequence[str], points: Mapping[str, Point]) -> list[str]:
    """The points of a way without which it would be drawn elsewhere; places always."""
    import shapely

    known = [name for name in way if name in points]
    if len(known) < 3:
        return known
    line = shapely.simplify(shapely.linestrings([points[n] for n in known]), _UNSEEN_DEG)
    left = {(x, y) for x, y in shapely.get_coordinates(line).tolist()}
    return [name for name in known if points[name] in left or name[0].isdecimal()]


def commune_views(plan: Plan, problem: Problem, territory: Territory) -> tuple[CommuneView, ...]:
    """The communes whose residents count and those of sites, by code, with their access."""
    codes = problem.places
    position = {code: number for number, code in enumerate(codes)}
    candidates = (position.get(site.code) for site in problem.sites)
    residents = {place: 0 for place in candidates if place is not None}
    for place, weight in zip(
        problem.resident_place.tolist(), problem.resident_weight.tolist(), strict=True
    ):
        residents[place] = residents.get(place, 0) + weight
    places = sorted((p for p in residents if codes[p] in territory), key=lambda p: codes[p])
    fixed = [(place, territory.name(codes[place]), False) for place in problem.fixed_place.tolist()]
    held = {site: place_name(stop) for _, stop, site in held_sessions(problem, plan.days)}
    tour = [(problem.sites[site].place, name, True) for site, name in held.items()]
    some: list[tuple[Sequence[tuple[int, str, bool]], Sequence[int]]]
    some = [(fixed, ()), (fixed + tour, tuple(held))]
    limits = sorted({*LIMITS_MIN, *(limit for area in plan.access for limit in area.before)})
    uncertainty_pct = plan.origin.uncertainty_pct
    sides = []
    for counters, sites in some:
        reaches = _nearest(problem, places, counters)
        if problem.point_times is not None:
            own = _point_reaches(problem, counters, sites, limits, uncertainty_pct)
            pairs = zip(places, reaches, strict=True)
            reaches = [own.get(place, reach) for place, reach in pairs]
        sides.append(_near(reaches, limits, uncertainty_pct))
    before, after = sides
    return tuple(
        CommuneView(territory[codes[place]], residents[place], without, with_tour)
        for place, without, with_tour in zip(places, before, after, strict=True)
    )


def _point_reaches(
    problem: Problem,
    counters: Sequence[tuple[int, str, bool]],
    sites: Sequence[int],
    limits: Sequence[int],
    uncertainty_pct: int,
) -> dict[int, Reach]:
    """The mean reach of the residents of each commune with points, by place.

    ``counters`` are the fixed ones, then those held at ``sites``. The one told is the nearest of
    most residents.
    """
    pairs = zip(problem.fixed_times(), problem.site_times(), strict=True)
    time_s, reachable = (np.concatenate([a, b[:, list(sites)]], axis=1) for a, b in pairs)
    if not counters:
        return {}
    access = nearest(time_s, reachable)
    places, mean = by_place(access, problem.resident_place, problem.resident_weight)
    chosen = np.where(reachable, time_s, np.iinfo(np.int64).max).argmin(axis=1)
    ranks = np.searchsorted(np.array(LIMITS_MIN) * 60, access.time_s)
    ranks = np.where(access.reached, ranks, UNREACHED)
    unsure = np.any([access.standing(m, uncertainty_pct) == Standing.NEAR for m in limits], axis=0)
    weights = problem.resident_weight
    reaches = {}
    for row, place in enumerate(places.tolist()):
        mine = problem.resident_place == place
        classes = np.zeros(len(CLASS_LABELS), dtype=np.int64)
        np.add.at(classes, ranks[mine], weights[mine])
        reach = Reach(None, "", False)
        if mean.reached[row]:
            reached = mine & access.reached
            people = np.zeros(len(counters), dtype=np.int64)
            # Where nobody lives, points are counted.
            counted = weights if weights[reached].any() else np.ones_like(weights)
            np.add.at(people, chosen[reached], counted[reached])
            _, name, itinerant = counters[int(people.argmax())]
            reach = Reach(int(mean.time_s[row]), name, itinerant)
        reaches[place] = replace(
            reach, classes=tuple(classes.tolist()), unsure=int(weights[mine & unsure].sum())
        )
    return reaches


def _nearest(
    problem: Problem,
    places: Sequence[int],
    counters: Sequence[tuple[int, str, bool]],
) -> list[Reach]:
    """The nearest of ``counters`` (place, name, whether it tours) from each of ``places``.

    Of equals, the first.
    """
    if not counters:
        return [Reach(None, "", False) for _ in places]
    cells = np.ix_(places, [place for place, *_ in counters])
    far = np.iinfo(np.int64).max
    seconds = np.where(problem.reachable[cells], problem.time_s[cells], far)
    reaches = []
    for row, column in enumerate(seconds.argmin(axis=1).tolist()):
        _, name, itinerant = counters[column]
        least = int(seconds[row, column])
        reaches.append(Reach(None, "", False) if least == far else Reach(least, name, itinerant))
    return reaches


def _near(reaches: list[Reach], limits: Sequence[int], uncertainty_pct: int) -> list[Reach]:
    """The reaches with the thresholds that each is « à la limite » of."""
    time_s = np.array([reach.seconds or 0 for reach in reaches], dtype=np.int64)
    reached = np.array([reach.seconds is not None for reach in reaches], dtype=bool)
    found = [standing(time_s, reached, limit, uncertainty_pct) for limit in limits]
    return [
        replace(
            reach,
            near=tuple(m for m, at in zip(limits, found, strict=True) if at[n] == Standing.NEAR),
        )
        for n, reach in enumerate(reaches)
    ]


def counter_marks(territory: Territory, problem: Problem) -> tuple[CounterMark, ...]:
    """The communes with a fixed counter that the plan counts, by code."""
    counted = {problem.places[place] for place in problem.fixed_place.tolist()}
    by_code: dict[str, list[Counter]] = {}
    for counter in territory.counters:
        if counter.code in counted and counter.code in territory:
            by_code.setdefault(counter.code, []).append(counter)
    return tuple(CounterMark(territory[c], tuple(by_code[c])) for c in sorted(by_code))


def day_routes(plan: Plan, case: Case) -> tuple[DayRoute, ...]:
    """The days of the cycle in order, numbered from 1, with their stops and ways."""
    return tuple(
        DayRoute(
            number,
            day,
            tuple(
                StopMark(
                    stop_label(number, k),
                    stop,
                    _in_hours(case.problem, day, stop),
                    _stop_point(case, stop),
                )
                for k, stop in enumerate(day.stops)
            ),
            tuple(_ways(case, day)),
        )
        for number, day in numbered_days(plan)
    )


def numbered_days(plan: Plan) -> list[tuple[int, Day]]:
    """The days of the cycle in order, numbered from 1."""
    ordered = sorted(plan.days, key=lambda day: (day.week, day.weekday, day.vehicle))
    return list(enumerate(ordered, start=1))


def stop_label(day_number: int, position: int) -> str:
    """``1a`` for the first stop of the first day."""
    return f"{day_number}{'abcdefghijklmnopqrstuvwxyz'[position % 26]}"


def _in_hours(problem: Problem, day: Day, stop: Stop) -> bool | None:
    """Whether a session falls within the mairie's published hours; ``None``: none published."""
    number = problem.site_index.get((stop.code, stop.place))
    if number is None or problem.sites[number].hours is None:
        return None
    return problem.hour_counts(problem.sites[number], day.weekday, stop.opening_s, stop.closing_s)


def _stop_point(case: Case, stop: Stop) -> Point | None:
    """Where a session is held: the place's own coordinates, else its commune's point."""
    for venue in case.scenario.venues:
        if (venue.code, venue.name) == (stop.code, stop.place) and venue.lon is not None:
            return (venue.lon, venue.lat) if venue.lat is not None else None
    commune = case.territory.communes.get(stop.code)
    return None if commune is None else (commune.lon, commune.lat)


def _ways(case: Case, day: Day) -> Iterator[tuple[str, ...]]:
    """The chains of links a day takes, each link once, those of the return run outward."""
    travel, problem = case.travel, case.problem
    sites = (problem.site_index.get((stop.code, stop.place)) for stop in day.stops)
    codes = [
        stop.code if site is None else problem.places[problem.sites[site].place]
        for stop, site in zip(day.stops, sites, strict=True)
    ]
    legs = [_path(travel, a, b) for a, b in zip([day.depot, *codes], codes, strict=False)]
    legs.append(tuple(reversed(_path(travel, codes[-1], day.depot))))
    taken: set[frozenset[str]] = set()
    for leg in legs:
        chain: list[str] = []
        for a, b in itertools.pairwise(leg):
            link = frozenset((a, b))
            if link in taken:
                if len(chain) > 1:
                    yield tuple(chain)
                chain = []
                continue
            taken.add(link)
            chain = [*(chain or [a]), b]
        if len(chain) > 1:
            yield tuple(chain)


def _path(travel: TravelMatrix, origin: str, destination: str) -> tuple[str, ...]:
    """The way between two places; empty when the network does not know them."""
    if origin not in travel.places or destination not in travel.places:
        return ()
    return travel.path(origin, destination)


def light_contours(communes: Sequence[Commune]) -> dict[str, tuple[Ring, ...]]:
    """The rings of each commune with a contour, simplified together when they are too many.

    Simplifying a coverage keeps shared borders shared.
    """
    contours = {c.code: tuple(_rings(c.geometry)) for c in communes}
    shapes = {c.code: c.geometry for c in communes if contours[c.code]}
    if sum(len(ring) for rings in contours.values() for ring in rings) > MAX_POINTS:
        shapes = _simplified(shapes)
    return {code: tuple(_rings(shape)) for code, shape in shapes.items()}


def _simplified(shapes: Mapping[str, Geometry | None]) -> dict[str, Geometry | None]:
    """The shapes with fewer points than ``MAX_POINTS``, or as few as can be."""
    import shapely

    areas = shapely.from_geojson([json.dumps(shape) for shape in shapes.values()])
    light, tolerance = areas, 0.0005
    while shapely.get_num_coordinates(light).sum() > MAX_POINTS and tolerance < 1:
        light = shapely.coverage_simplify(areas, tolerance)
        tolerance *= 2
    found = (json.loads(shapely.to_geojson(area)) for area in light)
    return dict(zip(shapes, found, strict=True))


def _rings(geometry: Geometry | None) -> Iterator[Ring]:
    """The rings of a GeoJSON polygon or multipolygon; of anything else, none."""
    if geometry is None:
        return
    coordinates = geometry.get("coordinates") or ()
    polygons = {"Polygon": (coordinates,), "MultiPolygon": coordinates}
    for polygon in polygons.get(str(geometry.get("type")), ()):
        for ring in polygon:
            yield tuple((float(point[0]), float(point[1])) for point in ring)


def _points(views: Iterable[CommuneView]) -> list[tuple[float, float]]:
    """Where the communes are: their contours' points, or their chef-lieu."""
    points: list[tuple[float, float]] = []
    for view in views:
        points.append((view.commune.lon, view.commune.lat))
        points.extend(point for ring in _rings(view.commune.geometry) for point in ring)
    return points


def _box(points: Sequence[tuple[float, float]], margin: float = 0) -> Box:
    """West, south, east and north of ``points``, with a margin in degrees."""
    lon, lat = np.array(points).T
    west, south = float(lon.min()) - margin, float(lat.min()) - margin
    return west, south, float(lon.max()) + margin, float(lat.max()) + margin


def _inside(lon: float, lat: float, box: Box) -> bool:
    return box[0] <= lon <= box[2] and box[1] <= lat <= box[3]


def _meets(commune: Commune, box: Box) -> bool:
    """Whether the chef-lieu is within ``box``: near enough to be drawn around."""
    return commune.geometry is not None and _inside(commune.lon, commune.lat, box)
