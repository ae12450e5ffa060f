"""A problem without a plan, asked again with less required of it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from tourplan.daytours import DayTours
from tourplan.optimise.mip import NOTHING, ONE_CORE, Answer, Expression, Means
from tourplan.optimise.pooling import pooled
from tourplan.optimise.rules import add_rules
from tourplan.optimise.solve import all_day_tours
from tourplan.optimise.variables import Decisions
from tourplan.problem import Problem

HOURS = "hours_rule"
"""The requirement that mairie hours impose; it is kept by ``daytours``, not by a rule."""


@dataclass(frozen=True)
class Question:
    """What the search for a clash works on; ``tours``: the feasible day tours of each base."""

    problem: Problem
    tours: tuple[DayTours, ...]
    deadline: float
    stop: threading.Event
    means: Means = ONE_CORE

    @property
    def over(self) -> bool:
        """Whether to ask no more."""
        return self.stop.is_set() or monotonic() > self.deadline

    def without(self, rules: Collection[str]) -> Decisions:
        """The model with some requirements left out."""
        return _model(*self._lax(rules), rules)

    def ask(self, decisions: Decisions, objective: Expression) -> Answer:
        """The least value of an expression."""
        return decisions.mip.minimise(
            objective,
            deadline=self.deadline,
            seed=self.means.seed,
            stop=self.stop,
            cores=self.means.cores,
        )

    def has_plan(self, rules: Collection[str] = ()) -> bool | None:
        """Whether there is a plan with some requirements left out; ``None``: not known in time.

        Weeks that are alike are first taken together, which is quicker: without a plan then, there
        is none.
        """
        problem, tours = self._lax(rules)
        pool = pooled(problem, rules)
        if pool is not None and self._any(pool.problem, tours, rules).infeasible:
            return False
        answer = self._any(problem, tours, rules)
        if answer.infeasible:
            return False
        return None if answer.values is None else True

    def of(self, problem: Problem, tours: Sequence[DayTours] | None = None) -> Question:
        """The same question of another problem."""
        found = tuple(all_day_tours(problem) if tours is None else tours)
        return replace(self, problem=problem, tours=found)

    def _lax(self, rules: Collection[str]) -> tuple[Problem, tuple[DayTours, ...]]:
        """The problem and its days where mairie hours may be among what is left out."""
        if HOURS not in rules:
            return self.problem, self.tours
        problem = replace(self.problem, hours_rule="preferes")
        return problem, tuple(all_day_tours(problem))

    def _any(self, problem: Problem, tours: tuple[DayTours, ...], rules: Collection[str]) -> Answer:
        return self.ask(_model(problem, tours, rules), NOTHING)


def _model(problem: Problem, tours: tuple[DayTours, ...], without: Collection[str]) -> Decisions:
    decisions = Decisions(problem, list(tours))
    add_rules(decisions, without)
    return decisions
