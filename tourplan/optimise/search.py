"""The levels in order: solve, prove, keep, go on to the next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from math import inf
from time import monotonic
from typing import Literal

from tourplan.daytours import DayTours
from tourplan.measures import BEYOND, Measure, measure
from tourplan.optimise.budget import Budget
from tourplan.optimise.mip import (
    NOTHING,
    SMALL_COLUMNS,
    Answer,
    Expression,
    Floats,
    Means,
    relaxed_bound,
)
from tourplan.optimise.narrowing import narrow
from tourplan.optimise.neighbours import SHARE, improved
from tourplan.optimise.objectives import at_most_rows, build, keep, limit, may_be_early_or_late
from tourplan.optimise.outcome import days_of
from tourplan.optimise.pricing import Columns, made_feasible
from tourplan.optimise.rules import add_rules
from tourplan.optimise.staged import staged
from tourplan.optimise.starting import started
from tourplan.optimise.variables import Decisions
from tourplan.plan import Day
from tourplan.problem import Problem
from tourplan.timeline import Opening, build_day

Progress = Callable[[str], None]
End = Literal["terminé", "limite de temps", "journées trop nombreuses", "interrompu"]

_SHARE = 0.6
"""Share of the time left that one level may use, so that those after it are looked at too."""
BY_TIMES = ("equite_horaires",)
"""Levels that other timings can better: the days listed, as long as can be, bound no plan.

Nor do they bound later levels of the plans that are no worse on one of these.
"""


class Infeasible(Exception):  # noqa: N818
    """No plan keeps every rule (proved by the solver)."""


class Undecided(Exception):  # noqa: N818
    """No plan among the timings listed; others might keep imposed hours."""


@dataclass
class LevelSearch:
    """What a run over the levels carries from one to the next.

    Attributes:
        bounds: of each level looked at, for plans no worse on those before it than ``kept``.
        kept: the value of each level that those after it keep.
        together: the same of alike weeks decided together, whose bounds hold for any plan.
        trusted: whether every timing of the days was listed, as far as levels so far can tell.
        ended: how the levels so far ended.
        repeats: whether weeks that repeat one another are decided once: past a level that is not
            proved, plans whose weeks differ may be better.
        by_times: rows that keep a level for the timings listed alone: bounds do without them.
    """

    asked: Problem
    columns: Columns
    decisions: Decisions
    deadline: float
    means: Means
    stop: threading.Event
    progress: Progress
    at_most: Mapping[str, int]
    together: LevelSearch | None = None
    bounds: dict[str, int | None] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    solution: Floats | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    ended: End = "terminé"
    trusted: bool = True
    repeats: bool = False
    by_times: list[int] = field(default_factory=list)

    @property
    def problem(self) -> Problem:
        """The problem that is searched."""
        return self.decisions.problem

    def known_together(self, name: str) -> int | None:
        """The bound of weeks decided together, where plans are held to as much as theirs were."""
        theirs = self.together
        if theirs is None or any(
            self.kept.get(before, inf) > theirs.kept.get(before, -inf)
            for before in takewhile(lambda level: level != name, self.problem.objectives)
        ):
            return None
        return theirs.bounds.get(name)

    @property
    def over(self) -> bool:
        """Whether the search is to end."""
        return self.stop.is_set() or monotonic() >= self.deadline

    def left_open(self, until: float) -> None:
        """Note why a level is left unsettled: for want of time, or because days are too many."""
        if monotonic() >= until:
            self.ended = "limite de temps"
        elif self.ended == "terminé":
            self.ended = "journées trop nombreuses"

    def budget(self, until: float) -> Budget:
        """What one search of the solvers may take."""
        return Budget(until, self.means.seed, self.stop, self.means.cores)

    def trust(self, *levels: str) -> bool:
        """Whether every timing that matters to rules, levels kept and ``levels`` was listed."""
        imposed = self.problem.hours_rule == "imposes"
        if imposed or "heures_mairie" in (*levels, *self.kept, *self.at_most):
            self.trusted &= self.decisions.every_timing
        return self.trusted


def new_search(
    asked: Problem,
    problem: Problem,
    *,
    tours: tuple[DayTours | None, ...],
    together: LevelSearch | None = None,
    deadline: float,
    means: Means,
    stop: threading.Event,
    progress: Progress,
    without: Collection[str],
    at_most: Mapping[str, int],
) -> LevelSearch:
    """A search over the levels, its rules set; ``together``: what was found of weeks pooled.

    ``problem`` is ``asked``, or a pool of it.
    """
    columns = Columns(problem, tours)
    decisions = Decisions(problem, columns.first())
    add_rules(decisions, without)
    at_most_rows(decisions, at_most)
    return LevelSearch(
        asked, columns, decisions, deadline, means, stop, progress, at_most, together
    )


def start_from(search: LevelSearch, days: Sequence[Day]) -> None:
    """Start from a plan, where the model holds one that goes where it does."""
    budget = search.budget(search.deadline).share(SHARE)
    search.solution = started(search.columns, search.decisions, days, budget)


def take_levels(search: LevelSearch) -> None:
    """Solve every level in order."""
    for _ in levels_taken(search):
        pass


def levels_taken(search: LevelSearch) -> Iterator[None]:
    """Solve every level in order, one at each step; at the last, any plan if none is found."""
    columns, d = search.columns, search.decisions
    sure = search.solution is not None or columns.whole
    if not sure and made_feasible(columns, d, search.deadline) is False:
        raise Infeasible if search.trust() else Undecided
    for name in search.problem.objectives:
        _take_level(search, name)
        yield
    if search.solution is None:
        _find_any(search)
    yield


def _take_level(search: LevelSearch, name: str) -> None:
    """Solve one level, or see that it is settled, and keep its value for those after."""
    problem = search.problem
    kind = measure(problem, name)
    _raise_bound(search, name, limit(problem, name))
    known = _raise_bound(search, name, search.known_together(name))
    if search.solution is None:
        if known is None or _value_of_required(problem, kind) != known:
            _solve_level(search, kind)
        else:
            _keep(search, name, known)
    elif _reached(search, kind) == known and name not in BY_TIMES:
        _keep(search, name, known, build(search.decisions, name))
    else:
        _solve_level(search, kind)


def _raise_bound(search: LevelSearch, name: str, bound: int | None) -> int | None:
    """The best bound known of a level, to be minimised."""
    known = [value for value in (bound, search.bounds.get(name)) if value is not None]
    search.bounds[name] = max(known, default=None)
    return search.bounds[name]


def _keep(search: LevelSearch, name: str, value: int, expression: Expression | None = None) -> None:
    """Levels after this one keep its value; ``expression``: unless every plan has it."""
    search.kept[name] = value
    if expression is None:
        return
    if name in BY_TIMES and may_be_early_or_late(search.problem):
        search.by_times.append(search.decisions.mip.keep(expression, value))
    else:
        keep(search.decisions, name, expression, value)


def _value_of_required(problem: Problem, kind: Measure) -> int | None:
    """What the level is worth (to be minimised) in every plan that serves the required sites.

    It is the worst case of the levels that depend only on which communes are served.
    """
    held = [demand.required for demand in problem.demands]
    if kind.name == "passages":
        return -sum(demand.required * demand.counts for demand in problem.demands)
    plain = kind.name == "acces_moyen" or kind.name.startswith(BEYOND)
    several = any(goal.sessions > 1 and goal.name == kind.name for goal in problem.goals)
    if not plain or several or len(problem.sites) > len(problem.demands):
        return None
    slot, crew = problem.sessions[0], problem.crew_weeks[0] if problem.crew_weeks else None
    required = [n for n, site in enumerate(problem.sites) if held[site.demand]]
    openings = [Opening(0, n, slot.opening_s, slot.closing_s) for n in required]
    days = (build_day(problem, 0, 0, openings),) if openings and crew else ()
    return kind.value(problem, days)


def _reached(search: LevelSearch, kind: Measure) -> int:
    """The level's value in the best plan so far, to be minimised."""
    assert search.solution is not None  # noqa: S101
    days = days_of(search.decisions, search.solution)
    return kind.sign * kind.value(search.asked, days)


def _solve_level(search: LevelSearch, kind: Measure) -> None:
    """Minimise one level and add the row that keeps its value."""
    decisions, name = search.decisions, kind.name
    started = monotonic()
    if search.over:
        search.ended = "limite de temps"
        return
    search.progress(f"{kind.label}…")
    last = name == search.problem.objectives[-1]
    expression = build(decisions, name)
    until = search.deadline if last else started + (search.deadline - started) * _SHARE
    answer, bound, complete = _least(search, expression, until, search.bounds[name])
    search.seconds[name] = round(monotonic() - started, 3)
    if answer.infeasible and search.solution is None and complete:
        raise Infeasible if search.trust() else Undecided
    exact = name not in BY_TIMES
    if search.by_times or not exact:
        bound = _bound_of_any_times(search, expression, until) if exact else None
    known = _raise_bound(search, name, bound if search.trust(name) else None)
    if answer.values is not None:
        search.solution = answer.values
    if search.solution is None:
        search.left_open(until)
        return
    reached = _reached(search, kind)
    if not (complete or reached == known):
        search.left_open(until)
    if not exact and answer.values is not None:
        reached = max(reached, expression.value(answer.values))
    if exact and reached == known and not (last or search.by_times):
        narrow(search.columns, decisions, expression, reached, search.deadline)
    search.trusted &= not (search.repeats and reached != known)
    _keep(search, name, reached, expression)


def _bound_of_any_times(search: LevelSearch, expression: Expression, until: float) -> int | None:
    """A bound of a level for plans of any timings: that of the relaxation, less some rows."""
    if not search.columns.whole:
        return None
    relaxed = search.decisions.mip.without(search.by_times).relax(expression, until)
    return None if relaxed is None else relaxed_bound(relaxed.value, expression)


def _find_any(search: LevelSearch) -> None:
    """Any plan at all: every level was settled before a first one was needed."""
    answer, _, complete = _least(search, NOTHING, search.deadline, None)
    if answer.infeasible and complete:
        raise Infeasible if search.trust() else Undecided
    search.solution = answer.values


def _least(
    search: LevelSearch, expression: Expression, until: float, known: int | None
) -> tuple[Answer, int | None, bool]:
    """The least value of an expression: as ``staged``, whichever way tours are held.

    A plan near the best so far that reaches the bound ``known`` is enough.
    """
    d, plan, budget = search.decisions, search.solution, search.budget(until)
    if not search.columns.whole:
        return staged(search.columns, d, expression, plan, budget)
    if plan is not None and d.mip.size > SMALL_COLUMNS:
        plan = improved(d, expression, plan, known, budget)
        if len(plan) == d.mip.size and expression.value(plan) == known:
            return Answer(plan, known, complete=True), known, True
    answer = d.mip.minimise(expression, hint=plan, **budget.terms())
    if plan is not None and len(plan) == d.mip.size and not answer.infeasible:
        found = answer.values
        if found is None or expression.value(plan) < expression.value(found):
            answer = replace(answer, values=plan)
    return answer, answer.bound, answer.complete or answer.infeasible
