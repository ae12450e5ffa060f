"""Day tours too many to put in a model: those that help are found by their reduced costs.

Tours are listed as arrays once. A model holds some of them; from the duals of its linear
relaxation the reduced cost of all the others follows at once, as sums over arrays, and those that
would improve it are added until none is left. The relaxation is then the same as with all tours,
and so is its bound. A tour whose reduced cost exceeds what is left to gain is in no better plan:
once the others are in the model, its optimum is proved for all tours.

Timings and cuts of a tour are worked out only when it enters the model; before, it is priced as
well as any of them could be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tourplan.daytours import Bools, DayTours, Ints
from tourplan.optimise.mip import Expression, Floats, Mip, Relaxed
from tourplan.optimise.profiles import watched_of
from tourplan.optimise.variables import Decisions, covering, figure
from tourplan.problem import Problem

ALL_AT_ONCE = 8_000
"""Columns that a model takes at once; with more, tours are priced."""
FIRST_OF_SITE = 12
"""Tours of each site, the shortest, that the first model holds."""
BEST, BEST_OF_SITE = 400, 4
"""Tours added at a time: the best ones, and the best of each site."""
_GAIN = -1e-6
"""A reduced cost that is not below it gains nothing."""


@dataclass(eq=False)
class Columns:
    """All day tours of each base, and which of them the model holds.

    ``held``: shape (tours,) each. ``watched``: the watched commune each session serves.
    """

    problem: Problem
    tours: tuple[DayTours, ...]
    inside: list[Bools] = field(init=False)
    watched: list[Ints] = field(init=False)

    def __post_init__(self) -> None:
        crews = [crew.base for crew in self.problem.crew_weeks]
        count = sum(len(self.tours[base]) for base in crews)
        whole = count <= ALL_AT_ONCE
        self.inside = [np.full(len(tours), whole) for tours in self.tours]
        self.watched = [watched_of(self.problem, tours) for tours in self.tours]
        if not whole:
            for base, tours in enumerate(self.tours):
                self.inside[base][_shortest(self.problem, tours)] = True

    @property
    def whole(self) -> bool:
        """Whether the model holds every tour."""
        return all(inside.all() for inside in self.inside)

    def first(self) -> list[DayTours]:
        """The tours that the first model holds."""
        pairs = zip(self.tours, self.inside, strict=True)
        return [tours.rows(np.flatnonzero(inside)) for tours, inside in pairs]

    def add(self, d: Decisions, chosen: Sequence[Ints]) -> int:
        """Add rows of each base to the model; how many."""
        for base, rows in enumerate(chosen):
            if rows.size:
                self.inside[base][rows] = True
                d.add_tours(base, self.tours[base].rows(rows))
        return sum(len(rows) for rows in chosen)

    def forget_others(self) -> None:
        """Know no more tours than the model holds."""
        inside = [np.flatnonzero(held) for held in self.inside]
        pairs = [*zip(self.tours, inside, strict=True)]
        self.tours = tuple(tours.rows(rows) for tours, rows in pairs)
        self.watched = [w[rows] for w, rows in zip(self.watched, inside, strict=True)]
        self.inside = [np.ones(len(rows), dtype=bool) for rows in inside]

    def reduced_costs(self, d: Decisions, relaxed: Relaxed) -> list[Floats]:
        """Of each tour of each base, the least over crew-weeks; infinite for those inside."""
        found = [np.full(len(tours), np.inf) for tours in self.tours]
        for crew, goers in enumerate(self.problem.crew_weeks):
            costs = self._costs(d, relaxed, crew)
            costs[self.inside[goers.base]] = np.inf
            np.minimum(found[goers.base], costs, out=found[goers.base])
        return found

    def _costs(self, d: Decisions, relaxed: Relaxed, crew: int) -> Floats:
        """Reduced cost of each tour of a crew-week's base, on the best of its days."""
        goers, duals = self.problem.crew_weeks[crew], relaxed.duals
        tours = self.tours[goers.base]
        of_site = np.append(duals[d.held_rows], 0.0)
        costs = -of_site[tours.site].sum(axis=1)
        for name, total in d.totals.items():
            row = int(total.rows[crew])
            costs -= duals[row] / d.mip.row_unit[row] * figure(tours, name)
        for near, rows in d.covers:
            costs -= covering(tours, near) @ duals[rows]
        usable = tours.allowed[:, goers.week] & [
            day in goers.weekdays for day in self.problem.weekdays
        ]
        if d.calendar is not None:
            days = np.where(usable, self._day_costs(d, duals, crew), np.inf)
            return np.asarray(costs + days.min(axis=1, initial=np.inf))
        return np.where(usable.any(axis=1), costs, np.inf)

    def _day_costs(self, d: Decisions, duals: Floats, crew: int) -> Floats:
        """What each weekday adds to the reduced cost of each tour, shape (tours, weekdays)."""
        calendar, goers = d.calendar, self.problem.crew_weeks[crew]
        assert calendar is not None  # noqa: S101
        tours, watched = self.tours[goers.base], self.watched[goers.base]
        costs = np.zeros((len(tours), len(self.problem.weekdays)))
        for crews, day, row in calendar.day_rows:
            if crew in crews:
                costs[:, day] -= duals[row]
        best = {"in_hours": tours.most_in_hours, "market": tours.market}
        for name, (_, row) in calendar.counts.items():
            costs -= duals[row] / d.mip.row_unit[row] * goers.repeats * best[name]
        for demand, (_, rows) in calendar.slots.items():
            for session in range(watched.shape[1]):
                held = watched[:, session] == demand
                costs[held] -= duals[rows[goers.week, :, session]]
        return costs

    def improving(self, costs: Sequence[Floats]) -> list[Ints]:
        """The tours to add: the best ones, and the best of each site."""
        return [
            _best(tours, found, len(self.problem.sites))
            for tours, found in zip(self.tours, costs, strict=True)
        ]

    def below(self, costs: Sequence[Floats], gap: float) -> list[Ints]:
        """The tours that a plan better by ``gap`` may hold."""
        return [np.flatnonzero((found <= gap) & np.isfinite(found)) for found in costs]

    def between(self, sites: Ints, costs: Sequence[Floats] | None, most: int) -> list[Ints]:
        """Of each base, the tours outside that stop only at some sites, the best ``most``."""
        chosen = np.append(np.isin(np.arange(len(self.problem.sites)), sites), True)
        found = []
        for base, tours in enumerate(self.tours):
            rows = np.flatnonzero(chosen[tours.site].all(axis=1) & ~self.inside[base])
            if costs is not None:
                rows = rows[np.argsort(costs[base][rows], kind="stable")]
            found.append(rows[:most])
        return found

    def missing(self, costs: Sequence[Floats]) -> float:
        """How much tours outside could still lower the relaxation, at most (0 or less)."""
        most = 0.0
        for crew in self.problem.crew_weeks:
            least = float(costs[crew.base].min(initial=0.0))
            most += len(crew.weekdays) * crew.count * min(least, 0.0)
        return most


def _best(tours: DayTours, costs: Floats, sites: int) -> Ints:
    """The rows whose reduced cost gains most, over all and for each site."""
    gaining = np.flatnonzero(costs < _GAIN)
    if len(gaining) <= BEST:
        return gaining
    order = gaining[np.argsort(costs[gaining], kind="stable")]
    chosen = [order[:BEST], _first_of_sites(tours.site[order], BEST_OF_SITE, sites, order)]
    return np.unique(np.concatenate(chosen))


def _shortest(problem: Problem, tours: DayTours) -> Ints:
    """The rows of the shortest tours of each site, those with the most sessions first."""
    sessions = (tours.site >= 0).sum(axis=1)
    order = np.lexsort((tours.drive_s, -tours.in_hours.max(axis=1, initial=0), -sessions))
    other = np.lexsort((tours.drive_s, -sessions))
    sites = len(problem.sites)
    chosen = [
        _first_of_sites(tours.site[rows], FIRST_OF_SITE, sites, rows) for rows in (order, other)
    ]
    return np.unique(np.concatenate(chosen))


def _first_of_sites(site: Ints, count: int, sites: int, rows: Ints) -> Ints:
    """Of ``rows`` in order, the first ``count`` that hold each site."""
    flat = site.ravel()
    order = np.argsort(flat, kind="stable")
    starts = np.searchsorted(flat[order], np.arange(sites + 1))
    place: NDArray[np.int64] = np.arange(len(flat)) - starts[np.clip(flat[order], 0, sites - 1)]
    kept = order[(place < count) & (flat[order] >= 0)]
    return np.unique(rows[kept // site.shape[1]])


def elastic(d: Decisions) -> tuple[Mip, Expression]:
    """The model with every rule allowed to be broken, and by how much it is, to be minimised.

    Rows that only define totals stay as they are. Rows keep their numbers.
    """
    mip = Mip(
        lower=list(d.mip.lower),
        upper=list(d.mip.upper),
        integer=list(d.mip.integer),
        size=d.mip.size,
        row_lower=list(d.mip.row_lower),
        row_upper=list(d.mip.row_upper),
        row_entries=list(d.mip.row_entries),
        row_unit=[1] * len(d.mip.row_unit),
    )
    rows = np.setdiff1d(np.arange(len(mip.row_unit)), d.defining_rows())
    short, over = mip.variables(len(rows), np.inf), mip.variables(len(rows), np.inf)
    for row, less, more in zip(rows.tolist(), short, over, strict=True):
        mip.extend(row, np.array([less, more]), np.array([1.0, -1.0]))
    broken = np.concatenate([short, over])
    return mip, Expression(broken, np.ones(len(broken), dtype=np.int64))
