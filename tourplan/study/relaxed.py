"""A problem asked again with less required of it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from tourplan.daytours import DayTours
from tourplan.optimise.budget import Budget
from tourplan.optimise.mip import (
    NOTHING,
    ONE_CORE,
    Answer,
    Expression,
    Floats,
    Means,
    relaxed_bound,
)
from tourplan.optimise.pooling import pooled
from tourplan.optimise.pricing import Columns, all_or_none, made_feasible
from tourplan.optimise.rules import add_rules
from tourplan.optimise.staged import staged
from tourplan.optimise.variables import Decisions
from tourplan.problem import Problem

HOURS = "hours_rule"
"""The requirement that mairie hours impose; it is kept by ``daytours``, not by a rule."""

Tours = tuple[DayTours | None, ...]
"""The feasible day tours of each base, ``None`` where they are too many to list."""


@dataclass(frozen=True, eq=False)
class Model:
    """The model of a problem, some rules left out, over all its day tours."""

    columns: Columns
    decisions: Decisions

    @classmethod
    def of(
        cls,
        problem: Problem,
        tours: Tours,
        without: Collection[str] = (),
        *,
        at_once: bool = False,
    ) -> Model:
        """The model; ``at_once``: it holds all tours that are listed, however many."""
        columns = Columns(problem, tours, at_once)
        decisions = Decisions(problem, columns.first())
        add_rules(decisions, without)
        return cls(columns, decisions)

    def least(
        self,
        objective: Expression,
        budget: Budget,
        hint: Floats | None = None,
        enough: int | None = None,
        levels: Collection[str] | None = None,
    ) -> Answer:
        """The least value of an expression; what is proved holds for all tours and timings.

        With ``enough``, all that is asked is whether it is at most that. ``levels``: those that
        are kept or asked, where they are not all that the problem looks at.
        """
        d = self.decisions
        if self.columns.whole:
            answer = _whole(d, objective, budget, hint, enough)
        elif made_feasible(self.columns, d, budget.deadline) is not False:
            answer, _, _ = staged(self.columns, d, objective, hint, budget)
        else:
            answer = Answer(None, None, infeasible=True)
        if self._every_timing(self.decisions.problem.looked_at if levels is None else levels):
            return answer
        return replace(answer, bound=None, infeasible=False, complete=False)

    def _every_timing(self, levels: Collection[str]) -> bool:
        """Whether every timing that rules and some levels may look at is in the model."""
        seen = self.decisions.problem.hours_rule == "imposes" or "heures_mairie" in levels
        return self.decisions.every_timing or not seen


def _whole(
    d: Decisions, objective: Expression, budget: Budget, hint: Floats | None, enough: int | None
) -> Answer:
    """The least value over a model of all tours.

    Where a bound may be enough, the relaxation is asked first: solvers that look for a plan may
    take a minute to see what it tells at once.
    """
    relaxed = None if enough is None else d.mip.relax(objective, budget.deadline)
    if relaxed is not None and enough is not None:
        bound = relaxed_bound(relaxed.value, objective)
        if bound is not None and bound > enough:
            return Answer(None, bound)
    return d.mip.minimise(objective, hint=hint, enough=enough, **budget.terms())


@dataclass(frozen=True)
class Question:
    """What the search for a clash works on: a problem, whose levels do not matter.

    ``left_out``: requirements that are left out whatever is asked.
    """

    problem: Problem
    tours: Tours
    deadline: float
    stop: threading.Event
    means: Means = ONE_CORE
    left_out: frozenset[str] = frozenset()

    @classmethod
    def first(
        cls,
        problem: Problem,
        deadline: float,
        stop: threading.Event,
        means: Means = ONE_CORE,
    ) -> Question:
        """The question of a problem whose day tours are not at hand."""
        problem = replace(problem, objectives=())
        return cls(problem, tuple(all_or_none(problem)), deadline, stop, means)

    @property
    def over(self) -> bool:
        """Whether to ask no more."""
        return self.stop.is_set() or monotonic() > self.deadline

    def without(self, rules: Collection[str]) -> Model:
        """The model with some requirements left out."""
        rules = self.left_out.union(rules)
        return _model(*self._lax(rules), rules)

    def ask(self, model: Model, objective: Expression) -> Answer:
        """The least value of an expression."""
        return model.least(
            objective, Budget(self.deadline, self.means.seed, self.stop, self.means.cores)
        )

    def has_plan(self, rules: Collection[str] = ()) -> bool | None:
        """Whether there is a plan with some requirements left out; ``None``: not known in time.

        Weeks that are alike are first taken together, which is quicker: without a plan then, there
        is none.
        """
        rules = self.left_out.union(rules)
        problem, tours = self._lax(rules)
        pool = pooled(problem, rules)
        if pool is not None and self._any(pool.problem, tours, rules).infeasible:
            return False
        answer = self._any(problem, tours, rules)
        if answer.infeasible:
            return False
        return None if answer.values is None else True

    def of(self, problem: Problem, tours: Sequence[DayTours | None] | None = None) -> Question:
        """The same question of another problem."""
        found = tuple(all_or_none(problem) if tours is None else tours)
        return replace(self, problem=problem, tours=found)

    def _lax(self, rules: Collection[str]) -> tuple[Problem, Tours]:
        """The problem and its days where mairie hours may be among what is left out."""
        if HOURS not in rules:
            return self.problem, self.tours
        problem = replace(self.problem, hours_rule="preferes")
        return problem, tuple(all_or_none(problem))

    def _any(self, problem: Problem, tours: Tours, rules: Collection[str]) -> Answer:
        return self.ask(_model(problem, tours, rules), NOTHING)


def _model(problem: Problem, tours: Tours, without: Collection[str]) -> Model:
    """A model that holds every tour that is listed: there may be no plan among some of them."""
    return Model.of(problem, tours, without, at_once=True)
