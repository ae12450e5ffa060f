"""What a proved level rules out for all those after it.

Levels after it keep its value. At an optimum of its linear relaxation, a plan that takes a tour is
worth the relaxation's value plus the tour's reduced cost at least: tours for which that is more
than the value kept are in no plan left, and are left out for good. Later levels, whose own
relaxations say nothing of it, are then solved over far fewer tours, often few enough for one model.
"""

from __future__ import annotations

import numpy as np

from tourplan.optimise.mip import Expression, Relaxed, unit_of
from tourplan.optimise.pricing import Columns
from tourplan.optimise.variables import Decisions, Ints

ADDED = 4_000
"""Tours added at most because they may be in a plan left."""
SMALL = 1_000
"""Models of no more columns are not worth it."""


def narrow(columns: Columns, d: Decisions, level: Expression, value: int, deadline: float) -> None:
    """Leave out every tour that is in no plan whose ``level`` is ``value`` at most.

    Args:
        columns: all tours, and which the model holds; those ruled out are forgotten.
        d: the model; tours ruled out cannot be taken any more.
        level: a level to be minimised, whose least value is proved.
        value: that value.
        deadline: on the clock of ``time.monotonic``.
    """
    if d.mip.size <= SMALL and columns.whole:
        return
    relaxed = d.mip.relax(level, deadline)
    if relaxed is None:
        return
    most = value + unit_of(level) / 2
    gap = most - relaxed.value
    if not columns.whole:
        priced = columns.price(d, relaxed, deadline)
        gap = most - columns.floor(priced, d)
        left = columns.below(d, priced, gap, deadline) if np.isfinite(gap) else None
        if left is not None and sum(map(len, left)) <= ADDED:
            columns.add(d, left)
            columns.forget_others()
    d.mip.forbid(_too_dear(d, level, relaxed, gap))


def _too_dear(d: Decisions, level: Expression, relaxed: Relaxed, gap: float) -> Ints:
    """The variables of days whose reduced cost is over ``gap``; those added since have none."""
    costs = d.mip.reduced_costs(level, relaxed)
    days = d.days()
    days = days[days < len(costs)]
    return days[costs[days] > gap]
