"""One level over tours too many for one model.

Four steps: the linear relaxation, tours priced in until none helps, gives a bound; a plan near the
one at hand, then the relaxation itself, give plans; the search is then split in parts until one of
these is proved (``branching``).
"""

from __future__ import annotations

import numpy as np

from tourplan.optimise.branching import branch
from tourplan.optimise.budget import Budget
from tourplan.optimise.level import Level
from tourplan.optimise.mip import Answer, Expression, Floats, relaxed_bound
from tourplan.optimise.neighbours import extended, improved
from tourplan.optimise.pricing import Columns, Priced
from tourplan.optimise.variables import Decisions

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
    priced, bound = level.converge(budget.share(_PRICED_SHARE if columns.long else 1.0))
    if np.isposinf(bound) and level.value is None:
        return Answer(None, None, infeasible=True), None, True
    level.raise_bound(level.value if np.isposinf(bound) else relaxed_bound(bound, objective))
    if not level.proved:
        _improve(level)
    if not level.proved:
        _dive(level, priced)
    complete = level.proved or branch(level)
    infeasible = complete and level.solution is None
    return Answer(level.solution, level.bound, infeasible=infeasible), level.bound, complete


def _improve(level: Level) -> None:
    """A better plan near the one at hand."""
    if level.value is not None and level.solution is not None:
        level.solution = improved(
            level.d, level.objective, level.d.padded(level.solution), level.bound, level.budget
        )


def _dive(level: Level, priced: Priced | None) -> None:
    """A plan from the relaxation: its surest days are kept, and it is solved again, to the end."""
    d, relaxed = level.d, None if priced is None else priced.relaxed
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
