"""Listed days that matter: cut, priced and dropped before any of them joins the model.

Once every day that a better plan may hold is listed, a relaxation over them is solved by looking at
them all, so cuts may have any shape. Each solve raises the bound and drops the days that are too
dear for it; few are left for the solver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from tourplan.daytours import Bools, Ints
from tourplan.optimise.level import Level
from tourplan.optimise.mip import Floats, Lp, Mip, Relaxed
from tourplan.optimise.pricing import Limits, Priced, within
from tourplan.optimise.rounding import crowds, strays
from tourplan.optimise.variables import covering

AT_ONCE = 20
"""Cuts of each kind added between two solves."""
MOST_CUTS = 400
NEW_DAYS = 500
"""Days added to the relaxation between two solves."""
RISE = 1e-5
"""Cuts that raise a bound by less, relative to it, are the last."""
_NO_GAIN = -1e-6
"""A day whose reduced cost is not below this helps nothing."""
_MARGIN = 1e-3
"""Days this little too dear are kept: the solver's arithmetic is far better."""


@dataclass(frozen=True, eq=False)
class Thin:
    """The days of plans of a value at most, and a bound of any such plan.

    Attributes:
        own: the variables of those that are in the model.
        rows: the known tours of each base that are not.
        bound: of the objective.
    """

    own: Ints
    rows: list[Ints]
    bound: float

    @property
    def count(self) -> int:
        """How many days."""
        return len(self.own) + sum(map(len, self.rows))


def thinned(
    level: Level, limits: Limits, priced: Priced, rows: Sequence[Ints], most: float
) -> Thin:
    """The days of plans of value ``most`` at most within some limits.

    Args:
        level: the level, its model and all tours.
        limits: what some variables of the model are held to.
        priced: what tours are worth within these limits.
        rows: the known tours of each base outside the model that such a plan may hold, all.
        most: a value of the objective.
    """
    mip = within(level.d, limits)
    gap = most - level.columns.floor(priced, level.d, limits) + _MARGIN
    days = _own(level, mip, priced.relaxed, gap)
    outside = sum(map(len, rows))
    if outside and level.d.calendar is not None:
        return Thin(days.number, list(rows), -inf)
    for crew, goers in enumerate(level.d.problem.crew_weeks if outside else ()):
        days = days.joined(_outside(level, mip, crew, rows[goers.base]))
    pool, bound, rise = _Pool(Lp(mip, level.objective), days), -inf, inf
    while not level.budget.over:
        found = pool.solve(level.budget.deadline)
        if found is None:
            break
        rise, bound = found.value - bound, max(bound, found.value)
        pool.drop(found, most - found.value + _MARGIN)
        if bound > most or rise < RISE * abs(bound) or not pool.cut(found):
            break
    return pool.left(len(rows), bound)


@dataclass(frozen=True, eq=False)
class _Days:
    """Days, one a row.

    Attributes:
        base: whose tour each is, -1 for a day that is in the model, shape (days,).
        number: the tour's; of a day in the model its variable, shape (days,).
        entries: what each adds to each row of the model, sparse, shape (days, rows).
        visited: whether each stops in each commune of one session, shape (days, communes).
        reached: whether each reaches each group that is needed, shape (days, groups).
    """

    base: Ints
    number: Ints
    entries: Any
    visited: Bools
    reached: Bools

    def joined(self, other: _Days) -> _Days:
        """These, then others."""
        from scipy import sparse

        return _Days(
            np.concatenate([self.base, other.base]),
            np.concatenate([self.number, other.number]),
            sparse.csr_array(sparse.vstack([self.entries, other.entries])),
            np.concatenate([self.visited, other.visited]),
            np.concatenate([self.reached, other.reached]),
        )

    def rows(self, chosen: Bools) -> _Days:
        """Some of them."""
        return _Days(
            self.base[chosen],
            self.number[chosen],
            self.entries[np.flatnonzero(chosen)],
            self.visited[chosen],
            self.reached[chosen],
        )

    def with_rows(self, added: Floats) -> _Days:
        """The same, with what they add to more rows, shape (days, more)."""
        from scipy import sparse

        entries = sparse.csr_array(sparse.hstack([self.entries, sparse.csr_array(added)]))
        return _Days(self.base, self.number, entries, self.visited, self.reached)


def _own(level: Level, mip: Mip, relaxed: Relaxed, gap: float) -> _Days:
    """The days of the model whose reduced cost is not over a gap."""
    from scipy import sparse

    d, every = level.d, level.d.days()
    costs = mip.reduced_costs(level.objective, relaxed)
    kept = every >= len(costs)
    kept[~kept] = costs[every[~kept]] <= gap
    arrays = mip.arrays(level.objective)
    ends = np.concatenate([[0], np.cumsum(arrays.lengths)])
    shape = (len(arrays.lengths), mip.size)
    matrix = sparse.csr_array((arrays.weights, arrays.columns, ends), shape=shape)
    once = d.problem.sites_of_each(np.flatnonzero(d.once))
    entries = sparse.csr_array(matrix.tocsc()[:, every].T)
    days = _Days(np.full(len(every), -1), every, entries, d.visited(once), d.visited(d.needed))
    return days.rows(kept)


def _outside(level: Level, mip: Mip, crew: int, rows: Ints) -> _Days:
    """The days of a crew-week that run known tours of its base."""
    from scipy import sparse

    d, base = level.d, level.d.problem.crew_weeks[crew].base
    tours = level.columns.bases[base].tours.rows(rows)
    once = d.problem.sites_of_each(np.flatnonzero(d.once))
    tour, row, amounts = d.entries(crew, tours)
    shape = (len(rows), len(mip.row_unit))
    entries = sparse.csr_array((amounts, (tour, row)), shape=shape)
    return _Days(
        np.full(len(rows), base), rows, entries, covering(tours, once), covering(tours, d.needed)
    )


class _Pool:
    """The relaxation over the model's days and those listed, which join it when they help.

    Attributes:
        variable: of each day in the relaxation, -1 while it has none.
    """

    def __init__(self, lp: Lp, days: _Days) -> None:
        self.lp, self.days, self.cuts = lp, days, 0
        self.variable = np.where(days.base < 0, days.number, -1)

    def solve(self, deadline: float) -> Relaxed | None:
        """The optimum over all days, or ``None`` when there is none or time runs out."""
        while (relaxed := self.lp.solve(deadline)) is not None:
            costs = np.where(self.variable < 0, self.costs(relaxed), inf)
            new = np.argsort(costs, kind="stable")[:NEW_DAYS]
            new = new[costs[new] < _NO_GAIN]
            if not new.size:
                return relaxed
            for day in new.tolist():
                entries = self.days.entries[[day]].tocoo()
                self.variable[day] = self.lp.column(entries.col, entries.data)
        return None

    def costs(self, relaxed: Relaxed) -> Floats:
        """The reduced cost of every day."""
        found: Floats = -(self.days.entries @ relaxed.duals)
        return found

    def drop(self, relaxed: Relaxed, gap: float) -> None:
        """Drop the days whose reduced cost is over a gap; those in the relaxation are shut."""
        kept = self.costs(relaxed) <= gap
        for variable in self.variable[~kept & (self.variable >= 0)].tolist():
            self.lp.bound(variable, 0.0, 0.0)
        self.days, self.variable = self.days.rows(kept), self.variable[kept]

    def cut(self, relaxed: Relaxed) -> int:
        """Add the cuts an optimum breaks most; how many."""
        times = np.where(self.variable >= 0, relaxed.values[self.variable], 0.0)
        visited, reached = self.days.visited, self.days.reached
        new = [
            (-(visited[:, triple].sum(axis=1) // 2).astype(float), 1.0)
            for triple in crowds(visited, times)[:AT_ONCE]
        ]
        for triple in strays(reached, times)[:AT_ONCE]:
            new.append(((reached[:, triple].sum(axis=1) + 1.0) // 2, -2.0))
        if not new or self.cuts >= MOST_CUTS:
            return 0
        inside = self.variable >= 0
        for amounts, at_most in new:
            held = np.flatnonzero((amounts != 0) & inside)
            self.lp.row(self.variable[held], -amounts[held], at_most)
        self.cuts += len(new)
        self.days = self.days.with_rows(np.column_stack([-amounts for amounts, _ in new]))
        return len(new)

    def left(self, bases: int, bound: float) -> Thin:
        """The days that are left, and a bound."""
        base, number = self.days.base, self.days.number
        rows = [np.unique(number[base == one]) for one in range(bases)]
        return Thin(number[base < 0], rows, bound)
