"""One level over tours too many to list: which communes first, then which days.

Four steps, each with a bound that holds for all tours:

1. the linear relaxation, tours priced in until none helps;
2. the same with the sessions of each site whole, days still divisible: few whole variables, so
   the solver closes it where it cannot close the whole model, and its bound is nearly always the
   true one;
3. whole days for the sessions found, among the tours between these sites;
4. if the value of 3 is not the bound of 2, the search is split in parts (``branching``).
"""

from __future__ import annotations

import numpy as np

from tourplan.optimise.branching import branch
from tourplan.optimise.budget import Budget
from tourplan.optimise.level import LISTED, Level
from tourplan.optimise.mip import Answer, Expression, Floats, relaxed_bound
from tourplan.optimise.neighbours import extended, improved
from tourplan.optimise.pricing import Columns
from tourplan.optimise.variables import Decisions, Ints

BETWEEN = 300
"""Tours of each base added at most because they link the sites chosen."""
_ROUNDS = 6
"""How often sites are chosen again, for want of days that serve them or of tours."""
_SHARE = 0.2
"""Share of the time left that choosing sites may take."""


_PRICED_SHARE = 0.5
"""Share of the time left that looking for days that are not listed may take."""
_DIVE_SHARE = 0.3
"""Share of the time left that choosing among the days of a dive may take."""
DIVED, _SURE = 8, 0.6
"""Days kept at each step of a dive: at most so many, as sure as that, one at least."""
_WHOLE = 1e-6
"""A value this near a whole number is whole."""


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
    level = Level(columns, d, objective, budget, solution)
    if solution is not None:
        level.solution = extended(d, objective, solution, budget.share(_DIVE_SHARE))
    level.priced, bound = level.converge(budget.share(_PRICED_SHARE if columns.long else 1.0))
    if np.isposinf(bound) and level.value is None:
        return Answer(None, None, infeasible=True), None, True
    level.raise_bound(level.value if np.isposinf(bound) else relaxed_bound(bound, objective))
    if not level.proved:
        _improve(level)
    if not level.proved:
        _dive(level)
    if not level.proved:
        _choose_sites(level)
    complete = level.proved or branch(level)
    infeasible = complete and level.solution is None
    return Answer(level.solution, level.bound, infeasible=infeasible), level.bound, complete


def _improve(level: Level) -> None:
    """A better plan near the one at hand."""
    if level.value is not None and level.solution is not None:
        level.solution = improved(
            level.d, level.objective, level.d.padded(level.solution), level.bound, level.budget
        )


def _dive(level: Level) -> None:
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


def _choose_sites(level: Level) -> None:
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


def _with_whole_days(level: Level, chosen: Floats) -> tuple[bool, float]:
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
