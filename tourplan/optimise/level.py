"""One level over tours too many for one model, as it stands: the best plan, the best bound."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
from tourplan.optimise.variables import Decisions

DEARER, DEAREST = 10, 10**6
"""A limit still missed costs so many times more, up to that many times what it did at first."""
HARD = 100_000
"""Labels of one search for days from which pricing a part to the end is slow."""
_ABLE_SHARE = 0.3
"""Share of the time left that finding whether a part has a plan may then take."""
_KEPT = 1e-6
"""Limits missed by less in all are kept."""
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
        """Whether no plan of a part of the search whose bound it is betters the best one.

        An infinite bound is that of a part without a plan.
        """
        whole = relaxed_bound(bound, self.objective)
        better = self.value is not None and whole is not None and whole >= self.value
        return better or bound == np.inf

    def converge(self, budget: Budget, limits: Limits = NO_LIMITS) -> tuple[Priced | None, float]:
        """Price tours in until none betters the relaxation of a part of the search.

        Returns:
            (what tours are worth at its optimum, its bound): nothing and infinity where no plan
            of the part betters the best one, the bound so far where time runs out first.
        """
        kept, best, asked = None, -np.inf, False
        fine = first = self._first_fine()
        while not budget.over:
            priced, missed = self._priced(limits, fine, budget.deadline)
            if priced is not None:
                kept = priced if missed < _KEPT else None
                best = max(best, self.columns.floor(priced, self.d, limits))
                if self.hopeless(best):
                    return None, np.inf
                if asked or not limits or priced.labels <= HARD:
                    if self.columns.add(self.d, self.columns.improving(priced)):
                        continue
                    if kept is not None:
                        break
                    if fine <= DEAREST * first:
                        fine *= DEARER
                        continue
            if asked:
                break
            # Whether there is a plan at all may be far easier to tell than what it costs.
            until, asked = budget.share(_ABLE_SHARE).deadline, True
            if made_feasible(self.columns, self.d, until, limits) is False:
                return None, np.inf
        return kept, best

    def _first_fine(self) -> int:
        """What a limit missed by one costs at first: a tenth of what a plan is worth."""
        unit = unit_of(self.objective)
        return unit * (1 + abs(self.value or 0) // unit // 10)

    def _priced(self, limits: Limits, fine: int, deadline: float) -> tuple[Priced | None, float]:
        """What tours are worth where limits are missed at a price, and by how much they are.

        So there is one with the tours at hand, whatever the limits, unless a cut forbids it; any
        plan within the limits is worth no less.
        """
        mip = within(self.d, limits)
        rows = range(len(self.d.mip.row_unit), len(mip.row_unit))
        short, over = mip.variables(len(rows), np.inf), mip.variables(len(rows), np.inf)
        for row, less, more in zip(rows, short, over, strict=True):
            mip.extend(row, np.array([less, more]), np.array([1.0, -1.0]))
        missed = np.concatenate([short, over])
        fines = Expression(missed, np.full(len(missed), fine, dtype=np.int64))
        relaxed = mip.relax(self.objective.plus(fines), deadline)
        if relaxed is None:
            return None, 0.0
        known = replace(relaxed, values=relaxed.values[: self.d.mip.size])
        priced = self.columns.price(self.d, known, deadline)
        return priced, float(relaxed.values[missed].sum())
