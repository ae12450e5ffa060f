"""The decisions of a plan, by name: nobody outside counts positions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tourplan.access import nearest
from tourplan.daytours import DayTours
from tourplan.optimise.mip import Floats, Mip
from tourplan.problem import Problem

Ints = NDArray[np.int64]


@dataclass(eq=False)
class Decisions:
    """The variables of one planning model.

    Tours that weekdays treat alike form a profile; how many tours of a profile a week takes, and
    which days they get, is all the calendar needs to know. So days are placed exactly without
    one variable a tour and day.

    Attributes:
        take: whether a week runs a tour, shape (weeks, tours).
        place: whether a weekday runs some tour of a profile, shape (weeks, profiles, weekdays).
        served: sessions held at each site in the cycle, shape (sites,).
        trimmed: opening cut in each week, in steps of the day's grid, shape (weeks,).
        profile: the profile of each tour, shape (tours,).
        profile_hours: sessions within mairie hours, shape (profiles, weekdays).
    """

    problem: Problem
    tours: DayTours
    mip: Mip = field(default_factory=Mip)
    take: Ints = field(init=False)
    place: Ints = field(init=False)
    served: Ints = field(init=False)
    trimmed: Ints = field(init=False)
    profile: Ints = field(init=False)
    profile_hours: Ints = field(init=False)
    _beyond: dict[int, Ints] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        problem, tours = self.problem, self.tours
        weeks, days = problem.weeks, len(problem.weekdays)
        self.profile_hours, allowed, self.profile = tours.profiles()
        profiles = len(self.profile_hours)
        self.take = self.mip.variables(weeks * len(tours)).reshape(weeks, len(tours))
        self.place = self.mip.variables(
            weeks * profiles * days, np.tile(allowed.ravel().astype(float), weeks)
        ).reshape(weeks, profiles, days)
        self.served = self.mip.variables(
            len(problem.sites), np.array([site.allowed for site in problem.sites], dtype=float)
        )
        self.trimmed = self.mip.variables(weeks, np.inf)

    def taking(self, tours: Ints) -> Ints:
        """The variables that say some week runs one of ``tours``."""
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
        """(week, weekday, tour) of each day tour of a solution; weeks and days as positions."""
        found = []
        for week in range(self.problem.weeks):
            taken = np.flatnonzero(solution[self.take[week]] > 0.5)
            waiting: dict[int, list[int]] = {}
            for tour in taken:
                waiting.setdefault(int(self.profile[tour]), []).append(int(tour))
            for profile, day in np.argwhere(solution[self.place[week]] > 0.5):
                found.append((week, int(day), waiting[int(profile)].pop(0)))
        return sorted(found)


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
