"""One level over tours too many to list: which communes first, then which days.

Four steps, each with a bound that holds for all tours:

1. the linear relaxation, tours priced in until none helps;
2. the same with the sessions of each site whole, days still divisible: few whole variables, so
   the solver closes it where it cannot close the whole model, and its bound is nearly always the
   true one;
3. whole days for the sessions found, among the tours between these sites;
4. if the value of 3 is not the bound of 2, the whole model over every tour that could be in
   anything better, where these are few enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tourplan.optimise.budget import Budget
from tourplan.optimise.mip import Answer, Expression, Floats, relaxed_bound, unit_of
from tourplan.optimise.neighbours import extended, improved
from tourplan.optimise.pricing import Columns, Priced, elastic
from tourplan.optimise.variables import Decisions, Ints

LISTED = 20_000
"""Tours added at most because they could be in a better plan."""
BETWEEN = 300
"""Tours of each base added at most because they link the sites chosen."""
_ROUNDS = 6
"""How often sites are chosen again, for want of days that serve them or of tours."""
_SHARE = 0.5
"""Share of the time left that choosing sites may take."""


_PRICED_SHARE = 0.5
"""Share of the time left that looking for days that are not listed may take."""
_DIVE_SHARE = 0.3
"""Share of the time left that choosing among the days of a dive may take."""
DIVED, _SURE = 8, 0.6
"""Days kept at each step of a dive: at most so many, as sure as that, one at least."""
_WHOLE = 1e-6
"""A value this near a whole number is whole."""
_KEPT = 1e-6
"""Rules broken by less in all are kept."""


def feasible(columns: Columns, d: Decisions, budget: Budget) -> bool:
    """Add tours until the relaxation keeps every rule; whether it may.

    False: proved that it does not, even with all tours.
    """
    while not budget.over:
        mip, broken = elastic(d)
        relaxed = mip.relax(broken, budget.deadline)
        if relaxed is None or relaxed.value < _KEPT:
            break
        priced = columns.price(d, relaxed, budget.deadline)
        if not columns.add(d, columns.improving(priced)):
            return relaxed.value + columns.missing(priced) < _KEPT
    return True


@dataclass
class _Level:
    """One level being solved: the best solution and the best bound so far."""

    columns: Columns
    d: Decisions
    objective: Expression
    budget: Budget
    solution: Floats | None
    bound: int | None = None
    priced: Priced | None = None

    @property
    def value(self) -> int | None:
        """The value of the best solution; ``None`` where it has none of the level's variables."""
        last = int(self.objective.variables.max(initial=-1))
        if self.solution is None or len(self.solution) <= last:
            return None
        return self.objective.value(self.solution)

    @property
    def proved(self) -> bool:
        """Whether the best solution reaches the bound."""
        return self.value is not None and self.bound is not None and self.value <= self.bound

    def keep(self, answer: Answer) -> bool:
        """Keep the solution of an answer if it is the best; whether it is."""
        if answer.values is None:
            return False
        found = self.objective.value(answer.values)
        if self.value is not None and found >= self.value:
            return False
        self.solution = answer.values
        return True

    def raise_bound(self, bound: int | None) -> None:
        """Keep a bound if it is the best; no better than a value that was reached."""
        if bound is not None and (self.bound is None or bound > self.bound):
            self.bound = bound if self.value is None else min(bound, self.value)

    def missing(self) -> list[Ints] | None:
        """The tours outside that a better plan may hold, or ``None`` when that is not known.

        Without a plan, any tour may.
        """
        if self.priced is None or (self.value is not None and np.isinf(self.gap)):
            return None
        return self.columns.below(self.d, self.priced, self.gap, self.budget.deadline)

    @property
    def gap(self) -> float:
        """The reduced cost beyond which a tour outside is in no better plan."""
        if self.priced is None or self.value is None:
            return np.inf
        floor = self.priced.relaxed.value + self.columns.missing(self.priced)
        return self.value - unit_of(self.objective) / 2 - floor

    def add(self, rows: Sequence[Ints]) -> int:
        """Add tours to the model; how many."""
        return self.columns.add(self.d, rows, self.priced)


def staged(
    columns: Columns,
    d: Decisions,
    objective: Expression,
    solution: Floats | None,
    budget: Budget,
) -> tuple[Answer, int | None, bool]:
    """The least value of ``objective`` over all tours.

    Args:
        columns: all tours, and which the model holds; some are added.
        d: the model.
        objective: what to minimise.
        solution: a plan at hand, if any.
        budget: until when.

    Returns:
        (answer, bound, complete): the best plan found or none, a bound that holds for all tours,
        and whether the search ended of itself.
    """
    level = _Level(columns, d, objective, budget, solution)
    if solution is not None:
        level.solution = extended(d, objective, solution, budget.share(_DIVE_SHARE))
    _converge(level)
    if not level.proved:
        _improve(level)
    if not level.proved:
        _dive(level)
    if not level.proved:
        _choose_sites(level)
    complete = level.proved or _finish(level)
    infeasible = complete and level.solution is None
    return Answer(level.solution, level.bound, infeasible=infeasible), level.bound, complete


def _converge(level: _Level) -> None:
    """Price tours in until none improves the relaxation, for a bound."""
    columns, d, best = level.columns, level.d, -np.inf
    budget = level.budget.share(_PRICED_SHARE if columns.long else 1.0)
    while not budget.over:
        relaxed = d.mip.relax(level.objective, budget.deadline)
        if relaxed is None:
            break
        level.priced = priced = columns.price(d, relaxed, budget.deadline)
        best = max(best, relaxed.value + columns.missing(priced))
        if not level.add(columns.improving(priced)):
            break
    if np.isfinite(best):
        level.raise_bound(relaxed_bound(best, level.objective))


def _improve(level: _Level) -> None:
    """A better plan near the one at hand."""
    if level.value is not None and level.solution is not None:
        level.solution = improved(
            level.d, level.objective, level.d.padded(level.solution), level.bound, level.budget
        )


def _dive(level: _Level) -> None:
    """A plan from the relaxation: its surest days are kept, and it is solved again, to the end."""
    d, relaxed = level.d, None if level.priced is None else level.priced.relaxed
    take = np.concatenate(d.take)
    upper = np.concatenate(d.mip.upper)[take]
    fixed, seen = np.zeros(len(take)), np.zeros(len(take), dtype=bool)
    while relaxed is not None and not level.budget.over:
        values = d.padded(relaxed.values)[take]
        seen |= values > _WHOLE
        part = values - np.floor(values + _WHOLE)
        fixed = np.maximum(fixed, np.floor(values + _WHOLE))
        if part.max(initial=0.0) <= _WHOLE:
            break
        surest = np.argsort(-part, kind="stable")[:DIVED]
        chosen = surest[part[surest] >= min(_SURE, part.max())]
        fixed[chosen] = np.ceil(values[chosen] - _WHOLE)
        held = d.mip.limited(take, fixed, upper)
        relaxed = held.relax(level.objective, level.budget.deadline)
    if level.solution is not None:
        seen |= d.padded(level.solution)[take] > _WHOLE
    few = d.mip.limited(take, np.zeros(len(take)), np.where(seen, upper, 0.0))
    level.keep(
        few.minimise(level.objective, hint=level.solution, **level.budget.terms(_DIVE_SHARE))
    )


def _choose_sites(level: _Level) -> None:
    """Whole sessions, divisible days; then whole days for these sessions."""
    refused: list[Ints] = []
    for _ in range(_ROUNDS):
        if level.budget.over or level.proved:
            return
        divisible = level.d.mip.freed(level.d.divisible())
        for sites in refused:
            divisible.row(level.d.held[sites], 1.0, at_most=len(sites) - 1.0)
        answer = divisible.minimise(
            level.objective, hint=level.solution, **level.budget.terms(_SHARE)
        )
        if answer.values is None:
            return
        found, least = _with_whole_days(level, answer.values)
        missing = level.missing()
        every = missing is not None and not any(map(len, missing)) and least > level.gap
        if every and not refused:
            level.raise_bound(answer.bound)
        if level.proved:
            return
        if missing is not None and 0 < sum(map(len, missing)) <= LISTED:
            level.add(missing)
        elif not found:
            refused.append(np.flatnonzero(answer.values[level.d.held] > 0.5))
        else:
            return


def _with_whole_days(level: _Level, chosen: Floats) -> tuple[bool, float]:
    """Find whole days for the sessions of a solution.

    Returns:
        (whether there are any, the least reduced cost of the tours added to find them).
    """
    d = level.d
    held = np.rint(chosen[d.held])
    sites = np.flatnonzero(held)
    rows = level.columns.between(d, sites, level.priced, BETWEEN)
    least = np.inf if level.priced is None else level.priced.least_of(rows)
    level.add(rows)
    fixed = d.mip.limited(d.held, held, held)
    answer = fixed.minimise(level.objective, **level.budget.terms(_SHARE))
    level.keep(answer)
    return answer.values is not None, least


def _finish(level: _Level) -> bool:
    """The whole model over the tours that matter; whether that settles the level."""
    while not level.budget.over:
        missing = level.missing()
        every = missing is not None and sum(map(len, missing)) <= LISTED
        if every and missing is not None:
            level.add(missing)
        answer = level.d.mip.minimise(level.objective, hint=level.solution, **level.budget.terms())
        better = level.keep(answer)
        if every or level.columns.whole:
            if answer.infeasible:  # with a plan at hand, the solver is wrong: nothing is proved
                return level.solution is None
            level.raise_bound(answer.bound)
            return answer.complete
        if not better or level.proved:
            return level.proved
    return False
