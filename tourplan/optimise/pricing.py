"""Day tours too many to put in a model: those that help are found by their reduced costs.

Tours are listed as arrays once. A model holds some of them; from the duals of its linear
relaxation the reduced cost of all the others follows at once, as sums over arrays, and those that
would improve it are added until none is left. The relaxation is then the same as with all tours,
and so is its bound. A tour whose reduced cost exceeds what is left to gain is in no better plan:
once the others are in the model, its optimum is proved for all tours.

Where tours are too many to list, those known are a few, and labels find others (``longdays``).

Timings and cuts of a tour are worked out only when it enters the model; before, it is priced as
well as any of them could be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tourplan.daytours import (
    Bools,
    DayTours,
    Ints,
    TooManyDays,
    allowed_at_best,
    list_day_tours,
)
from tourplan.optimise.longdays import LongDays, Search
from tourplan.optimise.mip import Expression, Floats, Mip, Relaxed
from tourplan.optimise.profiles import watched_of
from tourplan.optimise.variables import Decisions, covering, figure, pairs_in
from tourplan.problem import Problem

ALL_AT_ONCE = 8_000
"""Columns that a model takes at once; with more, tours are priced."""
FIRST_OF_SITE = 12
"""Tours of each site, the shortest, that the first model holds."""
BEST, BEST_OF_SITE = 400, 4
"""Tours added at a time: the best ones, and the best of each site."""
FEW = 30
"""With fewer known tours that help, others are looked for where not all are known."""
_GAIN = -1e-6
"""A reduced cost that is not below it gains nothing."""

_KEPT = 1e-6
"""Rules broken by less in all are kept."""

Limits = Mapping[int, tuple[float, float]]
"""The least and the most that some variables may be."""
NO_LIMITS: Limits = MappingProxyType({})

Look = Callable[[LongDays, int], Search]
"""How days that are not listed are looked for, for a crew-week."""


@dataclass(eq=False)
class Known:
    """The day tours of a base that are at hand, all or some, and which of them a model holds.

    Attributes:
        tours: the tours.
        allowed: whether some timing of each may run, shape (tours, weeks, weekdays).
        watched: the watched commune each of their sessions serves, shape (tours, sessions).
        inside: which of them the model holds, shape (tours,).
        long: what finds the others; ``None``: there are none.
    """

    tours: DayTours
    allowed: Bools
    watched: Ints
    inside: Bools
    long: LongDays | None = None
    _seen: set[bytes] = field(default_factory=set)

    @classmethod
    def of(cls, problem: Problem, base: int, tours: DayTours | None) -> Known:
        """Those given, or some to begin with; none in the model."""
        long = LongDays(problem, base) if tours is None else None
        known = long.seeds() if tours is None and long is not None else tours
        assert known is not None  # noqa: S101
        seen = {row.tobytes() for row in known.site} if long else set()
        allowed = allowed_at_best(problem, base, known)
        inside = np.zeros(len(known), dtype=bool)
        return cls(known, allowed, watched_of(problem, known), inside, long, seen)

    def rows(self, rows: Ints) -> Known:
        """Some of the tours."""
        return Known(
            self.tours.rows(rows), self.allowed[rows], self.watched[rows], self.inside[rows]
        )

    def learn(self, problem: Problem, site: Ints) -> None:
        """Know the tours with these sites too, those that exist."""
        assert self.long is not None  # noqa: S101
        new = np.array([row.tobytes() not in self._seen for row in site], dtype=bool)
        self._seen.update(row.tobytes() for row in site[new])
        more = self.long.timed(site[new])
        self.tours = self.tours.join(more)
        allowed = allowed_at_best(problem, self.long.base, more)
        self.allowed = np.concatenate([self.allowed, allowed])
        self.watched = np.concatenate([self.watched, watched_of(problem, more)])
        self.inside = np.append(self.inside, np.zeros(len(more), dtype=bool))


@dataclass(eq=False)
class Priced:
    """What the tours outside a model are worth at an optimum of its relaxation.

    Attributes:
        relaxed: the optimum.
        costs: reduced cost of each known tour of each base, the least over crew-weeks; infinite
            for those inside when they were priced.
        floors: no tour of the base that is not known has a lower one, one a base.
        refused: a gap for which there are too many tours to know them all, if one was tried.
        labels: the most that one search for days not known took.
    """

    relaxed: Relaxed
    costs: list[Floats]
    floors: list[float]
    refused: float | None = None
    labels: int = 0

    @property
    def gaining(self) -> int:
        """How many known tours would improve the relaxation."""
        return sum(int(np.count_nonzero(found < _GAIN)) for found in self.costs)

    def least(self, base: int) -> float:
        """No tour of a base outside the model has a lower reduced cost; 0 at most."""
        return min(self.floors[base], float(self.costs[base].min(initial=0.0)), 0.0)


@dataclass(eq=False)
class Columns:
    """The day tours of each base, those known and those that are looked for.

    Attributes:
        listed: all day tours of each base, ``None`` where they are too many.
        at_once: whether a model takes all that are listed, however many.
    """

    problem: Problem
    listed: Sequence[DayTours | None]
    at_once: bool = False
    bases: list[Known] = field(init=False)

    def __post_init__(self) -> None:
        problem = self.problem
        self.bases = [Known.of(problem, base, tours) for base, tours in enumerate(self.listed)]
        count = sum(len(self.bases[crew.base].tours) for crew in problem.crew_weeks)
        if (self.at_once or count <= ALL_AT_ONCE) and not self.long:
            for known in self.bases:
                known.inside[:] = True
        else:
            for known in self.bases:
                known.inside[_shortest(problem, known.tours)] = True

    @property
    def long(self) -> bool:
        """Whether some tours are not known."""
        return any(known.long for known in self.bases)

    @property
    def whole(self) -> bool:
        """Whether the model holds every tour."""
        return not self.long and all(known.inside.all() for known in self.bases)

    def first(self) -> list[DayTours]:
        """The tours that the first model holds."""
        return [known.tours.rows(np.flatnonzero(known.inside)) for known in self.bases]

    def add(self, d: Decisions, chosen: Sequence[Ints]) -> int:
        """Add rows of each base to the model; how many."""
        for base, rows in enumerate(chosen):
            if rows.size:
                self.bases[base].inside[rows] = True
                d.add_tours(base, self.bases[base].tours.rows(rows))
        return sum(len(rows) for rows in chosen)

    def hold(self, d: Decisions, base: int, site: Ints) -> None:
        """Have the model hold the tours of a base with these sites, shape (tours, slots)."""
        known = self.bases[base]
        if known.long is not None:
            known.learn(self.problem, site)
        same = [(known.tours.site == row).all(axis=1) for row in site]
        chosen = [np.empty(0, dtype=np.int64) for _ in self.bases]
        chosen[base] = np.flatnonzero(np.any(same, axis=0) & ~known.inside)
        self.add(d, chosen)

    def forget_others(self) -> None:
        """Know no more tours than the model holds, and look for no others."""
        self.bases = [known.rows(np.flatnonzero(known.inside)) for known in self.bases]

    def price(self, d: Decisions, relaxed: Relaxed, deadline: float) -> Priced:
        """What tours are worth; where none that is known helps, others are looked for."""
        costs = [np.empty(0) for _ in self.bases]
        floors = [-np.inf if known.long else np.inf for known in self.bases]
        priced = Priced(relaxed, costs, floors)
        self._reprice(d, priced)

        def quickly(long: LongDays, crew: int) -> Search:
            return long.quick(d, relaxed, crew, _GAIN, deadline)

        def closely(long: LongDays, crew: int) -> Search:
            return long.best(d, relaxed, crew, _GAIN, deadline)

        def everywhere(long: LongDays, crew: int) -> Search:
            return long.every(d, relaxed, crew, _GAIN, deadline)

        for look, enough in ((quickly, FEW), (closely, FEW), (everywhere, 1)):
            if priced.gaining < enough and min(priced.floors, default=0.0) < _GAIN:
                self._look(d, priced, look, deadline)
        if not priced.gaining and min(priced.floors, default=0.0) < _GAIN:
            priced.refused = _GAIN
        return priced

    def _look(self, d: Decisions, priced: Priced, look: Look, deadline: float) -> None:
        """Look for days that are not known, for every crew-week; past the deadline, for no more."""
        for base, known in enumerate(self.bases):
            if known.long is None:
                continue
            bounds = [np.inf]
            for crew in d.crews(base=base).tolist():
                search = look(known.long, crew)
                if monotonic() >= deadline:
                    bounds.append(-np.inf)
                    break
                known.learn(self.problem, search.site)
                bounds.append(search.bound)
                priced.labels = max(priced.labels, search.labels)
            priced.floors[base] = max(priced.floors[base], min(bounds))
        self._reprice(d, priced)

    def _reprice(self, d: Decisions, priced: Priced) -> None:
        """The reduced costs of the tours that have none yet."""
        for base, known in enumerate(self.bases):
            first = len(priced.costs[base])
            new = np.arange(first, len(known.tours))
            rows = known.rows(new) if first else known
            found = np.full(len(new), np.inf)
            for crew in d.crews(base=base).tolist():
                costs = self._costs(d, priced.relaxed, crew, rows)
                np.minimum(found, costs, out=found)
            found[known.inside[new]] = np.inf
            priced.costs[base] = np.append(priced.costs[base], found)

    def _costs(self, d: Decisions, relaxed: Relaxed, crew: int, known: Known) -> Floats:
        """Reduced cost of tours of a crew-week's base, on the best of their days."""
        goers, duals, tours = self.problem.crew_weeks[crew], relaxed.duals, known.tours
        of_site = np.append(duals[d.held_rows], 0.0)
        costs = -of_site[tours.site].sum(axis=1)
        for name, total in d.totals.items():
            row = int(total.rows[crew])
            costs -= duals[row] / d.mip.row_unit[row] * figure(tours, name)
        for near, rows in d.covers:
            costs -= covering(tours, near) @ duals[rows]
        for crowd, row in d.crowds:
            if duals[row]:
                costs -= duals[row] * pairs_in(tours, crowd)
        usable = known.allowed[:, goers.week] & [
            day in goers.weekdays for day in self.problem.weekdays
        ]
        if d.calendar is not None:
            each = self._day_costs(d, duals, crew, tours, known.watched)
            days = np.where(usable, each, np.inf)
            return np.asarray(costs + days.min(axis=1, initial=np.inf))
        return np.where(usable.any(axis=1), costs, np.inf)

    def _day_costs(
        self, d: Decisions, duals: Floats, crew: int, tours: DayTours, watched: Ints
    ) -> Floats:
        """What each weekday adds to the reduced cost of each tour, shape (tours, weekdays)."""
        calendar, goers = d.calendar, self.problem.crew_weeks[crew]
        assert calendar is not None  # noqa: S101
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
        for pinned in calendar.pins:
            if crew in pinned.crews:
                costs[np.ix_(pinned.held(watched), pinned.days)] -= duals[pinned.row]
        return costs

    def improving(self, priced: Priced) -> list[Ints]:
        """The tours to add: the best ones, and the best of each site."""
        return [
            _best(known.tours, found, len(self.problem.sites))
            for known, found in zip(self.bases, priced.costs, strict=True)
        ]

    def below(self, d: Decisions, priced: Priced, gap: float, deadline: float) -> list[Ints] | None:
        """The tours outside that a plan worth ``gap`` more than the floor at most may hold, all.

        ``None`` where they are too many.
        """

        def everywhere(long: LongDays, crew: int) -> Search:
            return long.every(d, priced.relaxed, crew, gap, deadline)

        if priced.refused is not None and gap >= priced.refused:
            return None
        if min(priced.floors, default=np.inf) < gap:
            self._look(d, priced, everywhere, deadline)
        if min(priced.floors, default=np.inf) < gap:
            priced.refused = gap
            return None
        return [
            np.flatnonzero((found <= gap) & np.isfinite(found) & ~known.inside)
            for known, found in zip(self.bases, priced.costs, strict=True)
        ]

    def floor(self, priced: Priced, d: Decisions, limits: Limits = NO_LIMITS) -> float:
        """What any plan within limits is worth at least; one that runs a tour, its cost more.

        It is the relaxation's value, less what tours outside could still gain.
        """
        value = priced.relaxed.value
        for number, crew in enumerate(self.problem.crew_weeks):
            days = float(len(crew.weekdays) * crew.count)
            if "days" in d.totals:
                _, limit = limits.get(int(d.totals["days"].variables[number]), (0.0, days))
                days = min(days, limit)
            value += days * priced.least(crew.base) if days else 0.0
        return value


def all_or_none(problem: Problem) -> list[DayTours | None]:
    """All day tours of each base, ``None`` where they are too many to list."""
    return [days_or_none(problem, base) for base in range(len(problem.bases))]


def days_or_none(problem: Problem, base: int) -> DayTours | None:
    """All day tours of a base; ``None`` where they are too many to list."""
    try:
        return list_day_tours(problem, base)
    except TooManyDays:
        return None


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


def within(d: Decisions, limits: Limits) -> Mip:
    """A model of its own: that of ``d``, and rows that hold some of its variables in limits.

    Rows, not bounds: tours that are not in the model yet may be what keeps a limit.
    """
    mip = d.mip.copied()
    for variable, (low, high) in limits.items():
        mip.row(np.array([variable]), 1.0, at_least=low, at_most=high)
    return mip


def made_feasible(
    columns: Columns, d: Decisions, deadline: float, limits: Limits = NO_LIMITS
) -> bool | None:
    """Add tours until the relaxation keeps every rule and limit; whether it can.

    ``None``: time ran out before that was known.
    """
    while monotonic() < deadline:
        mip, broken = _elastic(d, limits)
        relaxed = mip.relax(broken, deadline)
        if relaxed is None:
            return None
        if relaxed.value < _KEPT:
            return True
        priced = columns.price(d, relaxed, deadline)
        if not columns.add(d, columns.improving(priced)):
            return None if columns.floor(priced, d, limits) < _KEPT else False
    return None


def _elastic(d: Decisions, limits: Limits) -> tuple[Mip, Expression]:
    """The model with every rule allowed to be broken, and by how much it is, to be minimised.

    Rows that only define totals stay as they are. Rows keep their numbers.
    """
    mip = within(d, limits)
    mip.row_unit = [1] * len(mip.row_unit)
    rows = np.setdiff1d(np.arange(len(mip.row_unit)), d.defining_rows())
    short, over = mip.variables(len(rows), np.inf), mip.variables(len(rows), np.inf)
    for row, less, more in zip(rows.tolist(), short, over, strict=True):
        mip.extend(row, np.array([less, more]), np.array([1.0, -1.0]))
    broken = np.concatenate([short, over])
    return mip, Expression(broken, np.ones(len(broken), dtype=np.int64))
