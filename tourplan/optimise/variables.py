"""The decisions of a plan, by name: nobody outside counts positions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tourplan.access import nearest
from tourplan.daytours import DayTours
from tourplan.optimise.cuts import with_cuts
from tourplan.optimise.mip import Floats, Mip
from tourplan.optimise.splits import open_gains, with_splits
from tourplan.problem import Problem

Ints = NDArray[np.int64]


@dataclass(eq=False)
class Decisions:
    """The variables of one planning model.

    Tours that weekdays treat alike form a profile; how many tours of a profile a week takes, and
    which days they get, is all the calendar needs to know. So days are placed exactly without
    one variable a tour and day, and only from the first level that looks at weekdays.

    Attributes:
        take: how many days of a week run a tour, shape (weeks, tours); once, unless each of its
            sites may hold more sessions.
        served: sessions held at each site in the cycle, shape (sites,).
        trimmed: opening cut in each week, in steps of the day's grid, shape (weeks,).
        calendar: the variables that place days, or ``None`` while weekdays do not matter.
        every_timing: whether no timing left out could have more half-days within mairie hours.
    """

    problem: Problem
    tours: DayTours
    mip: Mip = field(default_factory=Mip)
    take: Ints = field(init=False)
    served: Ints = field(init=False)
    trimmed: Ints = field(init=False)
    calendar: Calendar | None = field(init=False, default=None)
    every_timing: bool = field(init=False)
    _beyond: dict[int, Ints] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        timed = with_splits(self.problem, self.tours)
        self.every_timing = not open_gains(timed)
        self.tours = with_cuts(self.problem, timed)
        problem, tours = self.problem, self.tours
        weeks = problem.weeks
        allowed = np.array([site.allowed for site in problem.sites], dtype=float)
        most = np.append(allowed, np.inf)[tours.site].min(axis=1)
        self.take = self.mip.variables(weeks * len(tours), np.tile(most, weeks))
        self.take = self.take.reshape(weeks, len(tours))
        self.served = self.mip.variables(len(problem.sites), allowed)
        steps = len(problem.weekdays) * int(tours.slack_s.max(initial=0)) // problem.day.grid_s
        self.trimmed = self.mip.variables(weeks, steps)

    def open_calendar(self) -> Calendar:
        """The calendar, made on the first call."""
        if self.calendar is None:
            self.calendar = Calendar.of(self.mip, self.problem, self.tours)
        return self.calendar

    def taking(self, tours: Ints) -> Ints:
        """The variables that say how often the weeks run ``tours``."""
        return self.take[:, tours].ravel()

    def beyond(self, minutes: int) -> Ints:
        """For each resident point that some site could bring within ``minutes``: 1 if none does.

        Points that fixed counters or nobody can bring within have no variable; ``far_points``
        names those that have one.
        """
        if minutes not in self._beyond:
            points = far_points(self.problem, minutes)
            near = sites_within(self.problem, points, minutes)
            left_out = self.mip.variables(len(points), integer=False)
            for number in range(len(points)):
                chosen = np.append(self.served[near[number]], left_out[number])
                self.mip.row(chosen, 1.0, at_least=1.0)
            self._beyond[minutes] = left_out
        return self._beyond[minutes]

    def runs(self, solution: Floats) -> list[tuple[int, int, int]]:
        """(week, weekday, tour) of each day tour of a solution; weeks and days as positions.

        While weekdays do not matter, tours take the first days of the week.
        """
        found = []
        for week in range(self.problem.weeks):
            times = np.rint(solution[self.take[week]]).astype(np.int64)
            taken = np.repeat(np.arange(len(times)), times).tolist()
            if self.calendar is None or len(solution) <= self.calendar.place.max(initial=0):
                found += [(week, day, tour) for day, tour in enumerate(taken)]
            else:
                found += [(week, day, t) for day, t in self.calendar.days(week, taken, solution)]
        return sorted(found)


@dataclass(frozen=True, eq=False)
class Calendar:
    """Which days the tours of each profile get.

    Attributes:
        place: whether a weekday runs some tour of a profile, shape (weeks, profiles, weekdays).
        profile: the profile of each tour, shape (tours,).
        in_hours: sessions within mairie hours, shape (profiles, weekdays).
    """

    place: Ints
    profile: Ints
    in_hours: Ints

    @classmethod
    def of(cls, mip: Mip, problem: Problem, tours: DayTours) -> Calendar:
        """New variables that place the days of ``tours``."""
        in_hours, allowed, profile = tours.profiles()
        weeks, (profiles, days) = problem.weeks, in_hours.shape
        upper = np.tile(allowed.ravel().astype(float), weeks)
        place = mip.variables(weeks * profiles * days, upper).reshape(weeks, profiles, days)
        return cls(place, profile, in_hours)

    def days(self, week: int, taken: list[int], solution: Floats) -> list[tuple[int, int]]:
        """(weekday, tour) of the tours taken in a week."""
        waiting: dict[int, list[int]] = {}
        for tour in taken:
            waiting.setdefault(int(self.profile[tour]), []).append(tour)
        placed = np.argwhere(solution[self.place[week]] > 0.5)
        return [(int(day), waiting[int(profile)].pop(0)) for profile, day in placed]


def site_times(problem: Problem) -> tuple[Ints, NDArray[np.bool_]]:
    """Seconds from each resident point to each site, and whether there is a way."""
    cells = np.ix_(problem.resident_place, problem.site_place)
    return problem.time_s[cells], problem.reachable[cells]


def far_points(problem: Problem, minutes: int) -> Ints:
    """Resident points beyond ``minutes`` of fixed counters that some site could bring within."""
    fixed = np.ix_(problem.resident_place, problem.fixed_place)
    far = nearest(problem.time_s[fixed], problem.reachable[fixed]).beyond(minutes)
    time_s, reachable = site_times(problem)
    helped = (reachable & (time_s <= minutes * 60)).any(axis=1)
    return np.flatnonzero(far & helped & (problem.resident_weight > 0))


def sites_within(problem: Problem, points: Ints, minutes: int) -> NDArray[np.bool_]:
    """Which sites each of ``points`` reaches within ``minutes``, shape (points, sites)."""
    time_s, reachable = site_times(problem)
    near: NDArray[np.bool_] = (reachable & (time_s <= minutes * 60))[points]
    return near
