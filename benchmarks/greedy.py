"""By hand, carefully: the communes that help most, one by one, each where it costs least.

1. Communes are taken one at a time: those required first, then whichever best serves the levels
   that depend on where sessions are held (residents beyond each goal, access), in their order;
   among equals, the one that adds least driving. It goes to the day, new or begun, where it adds
   least; one that fits nowhere is left out. Half-days left over are filled too.
   A week that lacks sessions then gives up its farthest stops for near ones.
2. Stops change days, or are exchanged, as long as that shortens the driving.
3. Communes served are exchanged for others as long as the levels are better for it (the
   interchange of Teitz and Bart), and step 2 is done again.
4. Each day gets the weekday and the order that suit mairie hours best.

All of it is done again with communes that add much driving left aside, and the best plan kept: far
communes taken early may leave too little time for the opening that the week must have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from drafts import Search, Stops, Timetable, Week, half_days, sessions_needed
from numpy.typing import NDArray

from tourplan.access import nearest
from tourplan.measures import BEYOND, far_ceiling_s, far_weights, goal_named, weights_of
from tourplan.problem import Problem

Ints = NDArray[np.int64]

DETOURS_S = (np.inf, *(60 * minutes for minutes in (120, 90, 75, 60, 45, 30)))
"""Driving that a commune may add at most, one try after the other."""


@dataclass(frozen=True, eq=False)
class Level:
    """A level that depends on where sessions are held alone: the sum over points of a loss.

    Attributes:
        alone: the loss at each point that no session helps, shape (points,).
        with_site: the loss at each point with a session at a site, shape (points, sites).
    """

    name: str
    alone: Ints
    with_site: Ints

    def value(self, sites: Sequence[int]) -> int:
        """The level where these sites have sessions."""
        return int(self.loss(sites).sum())

    def loss(self, sites: Sequence[int]) -> Ints:
        """The loss at each point where these sites have sessions."""
        chosen = self.with_site[:, list(sites)]
        return np.minimum(self.alone, chosen.min(axis=1, initial=np.iinfo(np.int64).max))


def served_levels(problem: Problem) -> tuple[Level, ...]:
    """The levels of a problem that depend on where sessions are held alone, in their order."""
    time_s, reachable = problem.site_times()
    found = []
    for name in problem.objectives:
        if name == "acces_moyen":
            ceiling, weight = far_ceiling_s(problem), far_weights(problem)
            times = np.where(reachable, np.minimum(time_s, ceiling[:, None]), ceiling[:, None])
            found.append(Level(name, ceiling * weight, times * weight[:, None]))
        elif name.startswith(BEYOND):
            goal = goal_named(problem, name)
            weight = weights_of(problem, goal)
            out = nearest(*problem.fixed_times(goal.fixed)).beyond(goal.minutes)
            far = ~reachable | (time_s > goal.minutes * 60)
            alone = np.where(out, weight, 0)
            found.append(Level(name, alone, alone[:, None] * far))
    return tuple(found)


def solve(problem: Problem, search: Search) -> None:
    """Offer the plan made by hand."""
    timetable, levels = Timetable(problem), served_levels(problem)
    for most_added_s in DETOURS_S:
        if search.left_s <= 0:
            return
        weeks = built(problem, timetable, levels, search, most_added_s)
        mend(problem, timetable, weeks)
        search.offer(timetable.days(weeks))
        shortened(timetable, weeks, search)
        search.offer(timetable.days(weeks))
        while search.left_s > 0 and interchanged(problem, timetable, levels, weeks, search):
            shortened(timetable, weeks, search)
            search.offer(timetable.days(weeks))


def built(
    problem: Problem,
    timetable: Timetable,
    levels: Sequence[Level],
    search: Search,
    most_added_s: float = np.inf,
) -> list[Week]:
    """The days of each crew, one commune after the other, none adding more driving than that."""
    weeks: list[Week] = [[] for _ in problem.crew_weeks]
    open_sites = set(range(len(problem.sites)))
    for _ in range(half_days(problem)):
        held = [site for week in weeks for stops in week for site in stops]
        for group in _in_order(problem, levels, held, sorted(open_sites)):
            placed = [
                (cost, site, crew, day)
                for site in group
                for cost, crew, day in _insertions(timetable, weeks, site)
                if cost <= most_added_s
            ] or [
                (cost, site, crew, day)
                for site in group
                if problem.demands[problem.sites[site].demand].required
                for cost, crew, day in _insertions(timetable, weeks, site, strict=False)
            ]
            if placed:
                _, site, crew, day = min(placed)
                _insert(weeks[crew], day, site)
                break
            open_sites -= set(group)
        else:
            break
        demand = problem.sites[site].demand
        count = sum(problem.sites[s].demand == demand for w in weeks for d in w for s in d)
        if count >= problem.demands[demand].allowed:
            open_sites -= set(problem.sites_of(demand).tolist())
        if search.left_s <= 0:
            break
    return weeks


def mend(problem: Problem, timetable: Timetable, weeks: list[Week]) -> None:
    """Give each week the sessions that its opening takes, in place, by giving up far stops."""
    for crew, week in enumerate(weeks):
        gone: set[int] = set()
        while sum(map(len, week)) < sessions_needed(problem):
            held = [site for other in weeks for stops in other for site in stops]
            free = set(_addable(problem, held)) - gone
            near = [
                (cost, site, day)
                for site in free
                for cost, day in _joins(timetable, crew, week, site, timetable.week_fits)
            ]
            if near:
                _, site, day = min(near)
                _insert(week, day, site)
                continue
            given_up = max(_savings(problem, timetable, crew, week), default=None)
            if given_up is None:
                break
            _, day, site = given_up
            week[day] = week[day] - {site}
            week[:] = [stops for stops in week if stops]
            gone.add(site)


def _savings(
    problem: Problem, timetable: Timetable, crew: int, week: Week
) -> Iterator[tuple[int, int, int]]:
    """(driving saved, day, site) of each stop that may be given up."""
    for day, stops in enumerate(week):
        for site in sorted(stops):
            if not problem.demands[problem.sites[site].demand].required:
                saved = timetable.drive_s(crew, stops) - timetable.drive_s(crew, stops - {site})
                yield saved, day, site


def _addable(problem: Problem, held: Sequence[int]) -> Iterator[int]:
    """Sites whose commune may have one session more."""
    counts = [0] * len(problem.demands)
    for site in held:
        counts[problem.sites[site].demand] += 1
    for site, facts in enumerate(problem.sites):
        if counts[facts.demand] < problem.demands[facts.demand].allowed:
            yield site


def _in_order(
    problem: Problem, levels: Sequence[Level], held: Sequence[int], sites: Sequence[int]
) -> Iterator[list[int]]:
    """Sites by what they would bring, best first, equals together."""
    served = [problem.sites[site].demand for site in held]
    keys = []
    for site in sites:
        demand = problem.sites[site].demand
        missing = problem.demands[demand].required > served.count(demand)
        after = [
            int(np.minimum(level.loss(held), level.with_site[:, site]).sum()) for level in levels
        ]
        keys.append((not missing, *after))
    for key in sorted(set(keys)):
        yield [site for site, own in zip(sites, keys, strict=True) if own == key]


def _insertions(
    timetable: Timetable, weeks: Sequence[Week], site: int, *, strict: bool = True
) -> Iterator[tuple[int, int, int]]:
    """(driving added, crew, day) of each day, begun or new, that a site can join.

    Without ``strict`` the week may be too long: exchanges between days may mend that.
    """
    fits = timetable.week_fits if strict else timetable.days_exist
    for crew, week in enumerate(weeks):
        for cost, day in _joins(timetable, crew, week, site, fits):
            yield cost, crew, day


def _joins(
    timetable: Timetable,
    crew: int,
    week: Week,
    site: int,
    fits: Callable[[int, Sequence[Stops]], bool],
) -> Iterator[tuple[int, int]]:
    """(driving added, day) of each day of a crew, begun or new, that a site can join."""
    for day in range(len(week) + 1):
        before = week[day] if day < len(week) else frozenset()
        after = before | {site}
        if site not in before and fits(crew, _replaced(week, day, after)):
            yield timetable.drive_s(crew, after) - timetable.drive_s(crew, before), day


def _replaced(week: Week, day: int, stops: Stops) -> Week:
    """A week with other stops on one day, the next new one if need be."""
    return [*week[:day], stops, *week[day + 1 :]]


def _insert(week: Week, day: int, site: int) -> None:
    before = week[day] if day < len(week) else frozenset()
    week[day : day + 1] = [before | {site}]


def shortened(timetable: Timetable, weeks: list[Week], search: Search) -> None:
    """Move and exchange stops, in place, while that shortens the driving."""
    better = True
    while better and search.left_s > 0:
        better = False
        days = [(crew, day) for crew, week in enumerate(weeks) for day in range(len(week))]
        for one, two in combinations(days, 2):
            better |= _shorter_pair(timetable, weeks, one, two)


def _shorter_pair(
    timetable: Timetable, weeks: list[Week], one: tuple[int, int], two: tuple[int, int]
) -> bool:
    """The best other sharing of the stops of two days, kept if it is shorter."""
    first, second = weeks[one[0]][one[1]], weeks[two[0]][two[1]]
    least: float = timetable.drive_s(one[0], first) + timetable.drive_s(two[0], second)
    if not all(timetable.week_fits(crew, weeks[crew]) for crew in {one[0], two[0]}):
        least = np.inf
    best = None
    for mine, yours in _sharings(first, second):
        tried = [list(week) for week in weeks]
        tried[one[0]][one[1]], tried[two[0]][two[1]] = mine, yours
        crews = {one[0], two[0]}
        if not all(timetable.week_fits(c, tried[c]) for c in crews):
            continue
        drive_s = timetable.drive_s(one[0], mine) + timetable.drive_s(two[0], yours)
        if drive_s < least:
            least, best = drive_s, tried
    if best is not None:
        weeks[:] = best
    return best is not None


def _sharings(first: Stops, second: Stops) -> Iterator[tuple[Stops, Stops]]:
    """Two days after moving a stop, or exchanging two."""
    for a in sorted(first):
        yield first - {a}, second | {a}
        for b in sorted(second):
            yield (first - {a}) | {b}, (second - {b}) | {a}
    for b in sorted(second):
        yield first | {b}, second - {b}


def interchanged(
    problem: Problem,
    timetable: Timetable,
    levels: Sequence[Level],
    weeks: list[Week],
    search: Search,
) -> bool:
    """Exchange a commune served for another, in place, if the levels are better for it."""
    held = [site for week in weeks for stops in week for site in stops]
    best = _worth(levels, held)
    for crew, week in enumerate(weeks):
        for day, stops in enumerate(week):
            for old in sorted(stops):
                others = [site for site in held if site != old]
                for new in _candidates(problem, others, old):
                    if search.left_s <= 0:
                        return False
                    if _worth(levels, [*others, new]) < best:
                        tried = _replaced(week, day, (stops - {old}) | {new})
                        if new not in stops and timetable.week_fits(crew, tried):
                            weeks[crew] = tried
                            return True
    return False


def _candidates(problem: Problem, held: Sequence[int], old: int) -> Iterator[int]:
    """Sites that may be served in the place of one."""
    left = problem.sites[old].demand
    served = [problem.sites[site].demand for site in held]
    if served.count(left) >= problem.demands[left].required:
        yield from (site for site in _addable(problem, held) if site != old)


def _worth(levels: Sequence[Level], sites: Sequence[int]) -> tuple[int, ...]:
    return tuple(level.value(sites) for level in levels)
