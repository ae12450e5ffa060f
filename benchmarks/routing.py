"""The days of chosen sites by routing libraries: PyVRP, and the routing solver of OR-Tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from drafts import Week

from tourplan.hours import DAY_S
from tourplan.problem import Problem
from tourplan.timeline import meal_gap, whole_minute

DROPPED = 10**7
"""What leaving a site out costs."""
FORBIDDEN = 10**9
"""The cost and the time of a leg that nobody drives."""


@dataclass(frozen=True)
class Visit:
    """A site in a session: one of the ways to serve it. Times are those of the set-up's start."""

    site: int
    session: int
    from_s: int
    until_s: int
    service_s: int


def visits_of(problem: Problem, sites: Sequence[int]) -> list[Visit]:
    """Each site in each session."""
    rules = problem.day
    return [
        Visit(
            site,
            number,
            slot.opening_s - rules.setup_s,
            slot.closing_s - slot.minimum_s - rules.setup_s,
            rules.setup_s + slot.minimum_s + rules.packing_s,
        )
        for site in sites
        for number, slot in enumerate(problem.sessions)
    ]


def leg(problem: Problem, here: int, there: int) -> tuple[int, int] | None:
    """What a drive costs and the time it takes on the timetable; ``None``: no way.

    The cost is in seconds, or in metres where a vehicle has a range: libraries know one distance.
    """
    if not problem.reachable[here, there]:
        return None
    ranged = any(problem.rules(crew.base).range_m is not None for crew in problem.crew_weeks)
    cost = problem.distance_m if ranged else problem.time_s
    return int(cost[here, there]), whole_minute(int(problem.time_s[here, there]))


def legs_between(problem: Problem, visits: Sequence[Visit]) -> Iterator[tuple[int, int, int, int]]:
    """(from, to, road, time) of two visits of a day in a row, the meal in the time."""
    place = problem.site_place
    for a, one in enumerate(visits):
        for b, two in enumerate(visits):
            if one.session >= two.session:
                continue
            drive = leg(problem, int(place[one.site]), int(place[two.site]))
            if problem.sites[one.site].demand == problem.sites[two.site].demand or drive is None:
                continue
            meal = meal_gap(problem, (one.session, two.session)) == 1
            yield a, b, drive[0], drive[1] + (problem.day.break_s if meal else 0)


def legs_home(
    problem: Problem, visits: Sequence[Visit], depot: int
) -> Iterator[tuple[int, tuple[int, int], tuple[int, int]]]:
    """Each visit that can be reached from a depot, with the legs there and back."""
    for number, visit in enumerate(visits):
        place = problem.sites[visit.site].place
        there, back = leg(problem, depot, place), leg(problem, place, depot)
        if there and back:
            yield number, there, back


def by_pyvrp(problem: Problem, sites: Sequence[int], seconds: float) -> list[Week]:
    """The days that PyVRP makes.

    Raises:
        ImportError: PyVRP is not installed.
    """
    from pyvrp import Model
    from pyvrp.stop import MaxRuntime

    model, visits = Model(), visits_of(problem, sites)
    points = [model.add_location(0, 0) for _ in visits]
    groups = {site: model.add_client_group(required=False) for site in sites}
    for visit, point in zip(visits, points, strict=True):
        model.add_client(
            point,
            delivery=_one_of(visit.session, len(problem.sessions)),
            service_duration=visit.service_s,
            tw_early=visit.from_s,
            tw_late=visit.until_s,
            prize=DROPPED,
            required=False,
            group=groups[visit.site],
        )
    for one, two, road, time_s in legs_between(problem, visits):
        model.add_edge(points[one], points[two], road, time_s)
    crew_of = []
    for crew, goers in enumerate(problem.crew_weeks):
        rules, depot = problem.rules(goers.base), problem.bases[goers.base].depot
        home = model.add_location(0, 0)
        limit = {} if rules.range_m is None else {"max_distance": rules.range_m}
        model.add_vehicle_type(
            num_available=len(goers.weekdays),
            capacity=[1] * len(problem.sessions),
            start_depot=model.add_depot(home),
            end_depot=model.depots[-1],
            tw_early=rules.earliest_departure_s,
            tw_late=rules.latest_return_s,
            shift_duration=rules.max_amplitude_s,
            **limit,
        )
        crew_of.append(crew)
        for number, there, back in legs_home(problem, visits, depot):
            model.add_edge(home, points[number], *there)
            model.add_edge(points[number], home, *back)
    found = model.solve(MaxRuntime(seconds), display=False, collect_stats=False)
    weeks: list[Week] = [[] for _ in problem.crew_weeks]
    for route in found.best.routes():
        stops = [activity.idx for activity in route if activity.is_client()]
        weeks[crew_of[route.vehicle_type()]].append(frozenset(visits[n].site for n in stops))
    return weeks


def _one_of(position: int, size: int) -> list[int]:
    """A one at a position, zeros elsewhere."""
    return [int(number == position) for number in range(size)]


def by_ortools(problem: Problem, sites: Sequence[int], seconds: float) -> list[Week]:
    """The days that the routing solver of OR-Tools makes, by guided local search."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    visits = visits_of(problem, sites)
    cars = [c for c, goers in enumerate(problem.crew_weeks) for _ in goers.weekdays]
    homes = [len(visits) + crew for crew in cars]
    size = len(visits) + len(problem.crew_weeks)
    roads, times = _tables(problem, visits, size)
    manager = pywrapcp.RoutingIndexManager(size, len(cars), homes, homes)
    model = pywrapcp.RoutingModel(manager)
    node = manager.IndexToNode
    road = model.RegisterTransitCallback(lambda a, b: roads[node(a)][node(b)])
    model.SetArcCostEvaluatorOfAllVehicles(road)
    served = [visit.service_s for visit in visits] + [0] * len(problem.crew_weeks)
    time = model.RegisterTransitCallback(lambda a, b: served[node(a)] + times[node(a)][node(b)])
    model.AddDimension(time, DAY_S, DAY_S, False, "time")
    clock = model.GetDimensionOrDie("time")
    for session in range(len(problem.sessions)):
        inside = [int(visit.session == session) for visit in visits]
        inside += [0] * len(problem.crew_weeks)
        load = model.RegisterUnaryTransitCallback(lambda a, inside=inside: inside[node(a)])
        model.AddDimension(load, 0, 1, True, f"session {session}")
    for number, visit in enumerate(visits):
        clock.CumulVar(manager.NodeToIndex(number)).SetRange(visit.from_s, visit.until_s)
    for site in sites:
        alike = [manager.NodeToIndex(n) for n, visit in enumerate(visits) if visit.site == site]
        model.AddDisjunction(alike, DROPPED, 1)
    for car, crew in enumerate(cars):
        rules = problem.rules(problem.crew_weeks[crew].base)
        clock.CumulVar(model.Start(car)).SetMin(rules.earliest_departure_s)
        clock.CumulVar(model.End(car)).SetMax(rules.latest_return_s)
        clock.SetSpanUpperBoundForVehicle(rules.max_amplitude_s, car)
    if any(problem.rules(goers.base).range_m is not None for goers in problem.crew_weeks):
        model.AddDimension(road, 0, FORBIDDEN, True, "range")
        for car, crew in enumerate(cars):
            limit = problem.rules(problem.crew_weeks[crew].base).range_m
            end = model.GetDimensionOrDie("range").CumulVar(model.End(car))
            end.SetMax(FORBIDDEN if limit is None else limit)
    terms = pywrapcp.DefaultRoutingSearchParameters()
    terms.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PATH_CHEAPEST_ARC
    terms.local_search_metaheuristic = (
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    )
    terms.time_limit.FromMilliseconds(int(1000 * seconds))
    found = model.SolveWithParameters(terms)
    weeks: list[Week] = [[] for _ in problem.crew_weeks]
    for car, crew in enumerate(cars if found else ()):
        stops, index = [], found.Value(model.NextVar(model.Start(car)))
        while not model.IsEnd(index):
            stops.append(visits[node(index)].site)
            index = found.Value(model.NextVar(index))
        if stops:
            weeks[crew].append(frozenset(stops))
    return weeks


def _tables(
    problem: Problem, visits: Sequence[Visit], size: int
) -> tuple[list[list[int]], list[list[int]]]:
    """Road and time from each visit or home to each other; homes follow visits, one a crew."""
    roads = [[FORBIDDEN] * size for _ in range(size)]
    times = [[FORBIDDEN] * size for _ in range(size)]
    for one, two, road, time_s in legs_between(problem, visits):
        roads[one][two], times[one][two] = road, time_s
    for crew, goers in enumerate(problem.crew_weeks):
        home = len(visits) + crew
        roads[home][home] = times[home][home] = 0
        for number, there, back in legs_home(problem, visits, problem.bases[goers.base].depot):
            roads[home][number], times[home][number] = there
            roads[number][home], times[number][home] = back
    return roads, times
