"""A better plan near the one at hand: a few days are chosen again, the others kept.

Plans of many days are hard to better as a whole and easy to better a few days at a time. Where a
known bound is reached so, the level needs no further search; where not, the solvers start from the
better plan. Which days are chosen again is drawn by the seed, and each search ends after so many
branching nodes: unless time runs out, the same plan comes of the same problem.
"""

from __future__ import annotations

from random import Random

import numpy as np

from tourplan.optimise.budget import Budget
from tourplan.optimise.mip import Answer, Expression, Floats
from tourplan.optimise.variables import Decisions, Ints

FEWEST_DAYS = 8
"""Plans of fewer days are chosen as a whole."""
AT_FIRST, MOST = 3, 6
"""Days chosen again at first, and at most."""
VAIN = 6
"""Searches without gain after which more days are chosen again."""
NODES = 100
"""Branching nodes of one search."""
SHARE = 0.25
"""Share of the time left that all searches may take."""


def improved(
    d: Decisions, level: Expression, plan: Floats, known: int | None, budget: Budget
) -> Floats:
    """The best plan found near one, once it has the variables of a level.

    Args:
        d: the model.
        level: what to minimise.
        plan: the values of all variables, or of those there were before the level's own.
        known: a bound on what any plan is worth; nothing is looked for past it.
        budget: until when; a share of it is used.
    """
    budget = budget.share(SHARE)
    best = extended(d, level, plan, budget)
    if best is None:
        return plan
    random, count, vain = Random(budget.seed), AT_FIRST, 0  # noqa: S311 - no secret
    while level.value(best) != known and not budget.over:
        days = _days(d, best)
        if len(days) < FEWEST_DAYS or count > min(MOST, len(days)):
            break
        freed = np.array(random.sample(days.tolist(), count), dtype=np.int64)
        answer = _chosen_again(d, level, best, freed, budget)
        if answer.values is not None and level.value(answer.values) < level.value(best):
            best, vain = answer.values, 0
            continue
        vain += 1
        if vain == VAIN:
            count, vain = count + 1, 0
    return best


def extended(d: Decisions, level: Expression, plan: Floats, budget: Budget) -> Floats | None:
    """A plan with the variables added since, its days kept, as good for a level as can be."""
    if len(plan) == d.mip.size:
        return plan
    days = d.divisible()
    days = days[days < len(plan)]
    kept = np.rint(plan[days])
    take = d.days()
    others = take[take >= len(plan)]
    none = np.zeros(len(others))
    fixed = d.mip.limited(days, kept, kept).limited(others, none, none)
    return fixed.minimise(level, **budget.terms()).values


def _days(d: Decisions, plan: Floats) -> Ints:
    """The variables of the days a plan runs, one entry a day."""
    take = d.days()
    return np.repeat(take, np.rint(plan[take]).astype(np.int64))


def _chosen_again(
    d: Decisions, level: Expression, plan: Floats, freed: Ints, budget: Budget
) -> Answer:
    """The best plan that keeps the days of ``plan`` but for those ``freed``."""
    take = d.days()
    least = np.rint(plan)
    np.subtract.at(least, freed, 1)
    upper = np.maximum(np.concatenate(d.mip.upper), least)
    near = d.mip.limited(take, least[take], upper[take])
    return near.minimise(level, hint=plan, nodes=NODES, **budget.terms())
