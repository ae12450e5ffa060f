"""What practitioners' methods share: the timetable of a day, its weekday, the worth of a plan.

Methods compete on choices (which communes, together on which day, in which order), not on
arithmetic: once they have chosen the stops of a day, its times are those that tourplan gives it.
Whatever they end with is checked by ``tourplan.verify`` and measured by ``tourplan.measures``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from time import monotonic
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from tourplan.daytours import slot_choices, time_days
from tourplan.measures import measure
from tourplan.optimise.cuts import trim
from tourplan.plan import Day
from tourplan.problem import Problem
from tourplan.timeline import Opening, build_day
from tourplan.verify import verify

Stops = frozenset[int]
"""The sites of a day, in any order."""
Week = list[Stops]
"""The days of a crew, in any order."""

_REFUSED = 1e12


@dataclass(frozen=True)
class Way:
    """The stops of a day in an order that can be driven, with the longest openings."""

    openings: tuple[Opening, ...]
    drive_s: int
    work_s: int
    open_s: int
    least_open_s: int


@dataclass
class Timetable:
    """The days of a problem, timed on demand and remembered."""

    problem: Problem
    known: dict[tuple[int, Stops], tuple[Way, ...]] = field(default_factory=dict)

    def ways(self, base: int, stops: Stops) -> tuple[Way, ...]:
        """Every order of the stops of a day that keeps its rules, least driving first."""
        key = base, stops
        if key not in self.known:
            self.known[key] = tuple(sorted(self._ways(base, stops), key=lambda way: way.drive_s))
        return self.known[key]

    def _ways(self, base: int, stops: Stops) -> Iterator[Way]:
        problem = self.problem
        if len({problem.sites[site].demand for site in stops}) < len(stops):
            return
        orders = np.array(list(permutations(sorted(stops))), dtype=np.int64)
        for sessions in slot_choices(problem.sessions):
            if len(sessions) != len(stops):
                continue
            days = time_days(problem, base, sessions, orders)
            least_s = sum(problem.sessions[k].minimum_s for k in sessions)
            for row in np.flatnonzero(days.feasible).tolist():
                times = (days.site, days.opening_s, days.closing_s)
                cells = (column[row].tolist() for column in times)
                openings = tuple(Opening(*cell) for cell in zip(sessions, *cells, strict=True))
                open_s = sum(o.closing_s - o.opening_s for o in openings)
                work_s = int(days.work_s[row])
                yield Way(openings, int(days.drive_s[row]), work_s, open_s, least_s)

    def week_fits(self, crew: int, week: Sequence[Stops]) -> bool:
        """Whether the days of a crew exist, and leave its agents time for the week's opening."""
        if not self.days_exist(crew, week):
            return False
        problem = self.problem
        goers = problem.crew_weeks[crew]
        ways = [self.ways(goers.base, stops) for stops in week if stops]
        stops, least_s = sum(map(len, week)), sum(day[0].least_open_s for day in ways)
        unused = len(goers.weekdays) * most_sessions(problem) - stops
        could_s = sum(day[0].open_s for day in ways) + unused * longest_session_s(problem)
        open_s = max(least_s, problem.week.min_opening_s)
        if could_s < open_s:
            return False
        stops = max(stops, sessions_needed(problem))
        handling_s = (problem.day.setup_s + problem.day.packing_s) * stops
        road_s = sum(day[0].drive_s for day in ways)
        return road_s + handling_s + open_s <= most_work_s(problem, crew)

    def days_exist(self, crew: int, week: Sequence[Stops]) -> bool:
        """Whether the days of a crew exist, and are no more than its weekdays."""
        goers = self.problem.crew_weeks[crew]
        held = [stops for stops in week if stops]
        return len(held) <= len(goers.weekdays) and all(self.ways(goers.base, s) for s in held)

    def drive_s(self, crew: int, stops: Stops) -> int:
        """The least driving of a day, which exists."""
        if not stops:
            return 0
        return self.ways(self.problem.crew_weeks[crew].base, stops)[0].drive_s

    def days(self, weeks: Sequence[Week]) -> tuple[Day, ...]:
        """The plan that runs these days of each crew on the weekdays that suit them best."""
        found: list[Day] = []
        for crew, week in enumerate(weeks):
            found += self._week(crew, [stops for stops in week if stops])
        return tuple(sorted(found, key=lambda day: (day.week, day.weekday, day.vehicle)))

    def _week(self, crew: int, week: Week) -> list[Day]:
        """The days of a crew: half-days within mairie hours first, then driving."""
        problem, goers = self.problem, self.problem.crew_weeks[crew]
        if not week:
            return []
        ways = [self.ways(goers.base, stops) or (_forced(problem, stops),) for stops in week]
        choices = [[self._best(crew, day, mine) for day in goers.weekdays] for mine in ways]
        costs = np.array([[cost for cost, _ in row] for row in choices])
        rows, columns = linear_sum_assignment(costs)
        placed = [
            (goers.weekdays[c], list(choices[r][c][1].openings))
            for r, c in zip(rows.tolist(), columns.tolist(), strict=True)
        ]
        work_s = sum(choices[r][c][1].work_s for r, c in zip(rows, columns, strict=True))
        over = -(-(work_s - most_work_s(problem, crew)) // problem.day.grid_s)
        placed = trim(problem, placed, max(0, over))
        return [build_day(problem, crew, day, openings) for day, openings in placed]

    def _best(self, crew: int, weekday: int, ways: Sequence[Way]) -> tuple[float, Way]:
        """The best order of a day's stops on a weekday, and its cost."""
        return min(((self._cost(crew, weekday, way), way) for way in ways), key=lambda c: c[0])

    def _cost(self, crew: int, weekday: int, way: Way) -> float:
        problem, goers = self.problem, self.problem.crew_weeks[crew]
        day = problem.weekdays.index(weekday)
        slots = problem.open_slots[goers.vehicle, :, goers.week, day]
        refused = sum(not slots[o.site, o.session] for o in way.openings)
        inside = sum(
            problem.hour_counts(problem.sites[o.site], weekday, o.opening_s, o.closing_s)
            for o in way.openings
        )
        return refused * _REFUSED + way.drive_s - 1e6 * inside


def _forced(problem: Problem, stops: Stops) -> Way:
    """A day that does not exist, as one would announce it: the checker says what it breaks."""
    slots = list(enumerate(problem.sessions))[: len(stops)]
    openings = tuple(
        Opening(number, site, slot.opening_s, slot.closing_s)
        for (number, slot), site in zip(slots, sorted(stops), strict=False)
    )
    return Way(openings, 0, 0, 0, 0)


def most_work_s(problem: Problem, crew: int) -> int:
    """What the agents of a crew may work in a week."""
    goers = problem.crew_weeks[crew]
    return min(problem.agents[agent].max_week_s for team in goers.teams for agent in team)


def longest_session_s(problem: Problem) -> int:
    """The longest opening of a session."""
    return max(slot.closing_s - slot.opening_s for slot in problem.sessions)


def sessions_needed(problem: Problem) -> int:
    """How many sessions the opening of a week takes, at least."""
    return -(-problem.week.min_opening_s // longest_session_s(problem))


def most_sessions(problem: Problem) -> int:
    """How many sessions a day can hold."""
    return max(map(len, slot_choices(problem.sessions)))


def refuse_choice_of_crew(problem: Problem) -> None:
    """The methods here do not choose who goes.

    Raises:
        ValueError: a vehicle has several crews in a week, or an agent several vehicles.
    """
    weeks = [(crew.vehicle, crew.week) for crew in problem.crew_weeks]
    agents = {(a, crew.vehicle) for crew in problem.crew_weeks for t in crew.teams for a in t}
    if len(set(weeks)) < len(weeks) or len({a for a, _ in agents}) < len(agents):
        raise ValueError("a choice of crews is not for these methods")


def half_days(problem: Problem) -> int:
    """How many sessions the crews can hold in a cycle."""
    return most_sessions(problem) * sum(len(crew.weekdays) for crew in problem.crew_weeks)


def values(problem: Problem, days: Sequence[Day]) -> tuple[int, ...]:
    """What a plan is worth on every level, each to be minimised."""
    kinds = [measure(problem, name) for name in problem.objectives]
    return tuple(kind.value(problem, days) * (1 if kind.sense == "min" else -1) for kind in kinds)


def broken(problem: Problem, days: Sequence[Day]) -> tuple[str, ...]:
    """The codes of the rules that a plan breaks."""
    return tuple(sorted({violation.rule for violation in verify(problem, days)}))


@dataclass
class Search:
    """The best plan that a method has offered so far, and since when each level has its value.

    A plan that keeps every rule is better than one that does not; then levels decide, in order.
    """

    problem: Problem
    deadline: float
    started: float = field(default_factory=monotonic)
    days: tuple[Day, ...] | None = None
    values: tuple[int, ...] = ()
    broken: tuple[str, ...] = ()
    since: list[float] = field(default_factory=list)
    bounds: dict[str, int] = field(default_factory=dict)
    level_bound: int | None = None

    @property
    def left_s(self) -> float:
        """Seconds left."""
        return self.deadline - monotonic()

    def offer(self, days: Sequence[Day]) -> bool:
        """Keep a plan if it is the best so far; whether it breaks no rule."""
        found, rules = values(self.problem, days), broken(self.problem, days)
        if self.days is None or (len(rules), found) < (len(self.broken), self.values):
            now, same = monotonic() - self.started, 0
            if self.days is not None and rules == self.broken:
                pairs = zip(found, self.values, strict=True)
                same = next((n for n, (a, b) in enumerate(pairs) if a != b), len(found))
            self.since = [*self.since[:same], *[now] * (len(found) - same)]
            self.days, self.values, self.broken = tuple(days), found, rules
        return not rules

    def report(self, seconds: float) -> dict[str, Any]:
        """What the search came to: levels in their own sense, and the rules broken."""
        levels = []
        for number, name in enumerate(self.problem.objectives if self.days is not None else ()):
            kind = measure(self.problem, name)
            levels.append(
                {
                    "name": name,
                    "sense": kind.sense,
                    "value": self.values[number] * (1 if kind.sense == "min" else -1),
                    "bound": self.bounds.get(name),
                    "since_s": self.since[number],
                }
            )
        rules = "no plan" if self.days is None else " ".join(self.broken)
        return {"levels": levels, "broken": rules, "seconds": seconds}
