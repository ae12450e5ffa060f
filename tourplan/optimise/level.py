"""One level over tours too many to list, as it stands: the best plan, the best bound, prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tourplan.optimise.budget import Budget
from tourplan.optimise.mip import Answer, Expression, Floats, relaxed_bound, unit_of
from tourplan.optimise.pricing import (
    NO_LIMITS,
    Columns,
    Limits,
    Priced,
    made_feasible,
    within,
)
from tourplan.optimise.variables import Decisions, Ints

LISTED = 20_000
"""Tours added at most because they could be in a better plan."""


@dataclass
class Level:
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

    def hopeless(self, bound: float) -> bool:
        """Whether no plan of a part of the search whose bound it is betters the best one."""
        whole = relaxed_bound(bound, self.objective)
        return self.value is not None and whole is not None and whole >= self.value

    def converge(self, budget: Budget, limits: Limits = NO_LIMITS) -> tuple[Priced | None, float]:
        """Price tours in until none betters the relaxation of a part of the search.

        Returns:
            (what tours are worth at its optimum, its bound): nothing and infinity where no plan
            of the part betters the best one, the bound so far where time runs out first.
        """
        priced, best, mended = None, -np.inf, False
        while not budget.over:
            relaxed = within(self.d, limits).relax(self.objective, budget.deadline)
            if relaxed is None:
                if mended:
                    break
                able = made_feasible(self.columns, self.d, budget.deadline, limits)
                if able is False:
                    return None, np.inf
                mended = True
                continue
            priced, mended = self.columns.price(self.d, relaxed, budget.deadline), False
            best = max(best, relaxed.value + self.columns.missing(priced))
            if self.hopeless(best):
                return None, np.inf
            if not self.columns.add(self.d, self.columns.improving(priced), priced):
                return priced, best
        return priced, best

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
