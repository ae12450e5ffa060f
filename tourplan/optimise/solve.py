"""Take the levels in order: solve, prove, keep, go on to the next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile
from math import inf
from time import monotonic
from typing import Literal

import numpy as np

from tourplan.daytours import DayTours, Ints
from tourplan.measures import BEYOND, Measure, measure
from tourplan.optimise.budget import Budget
from tourplan.optimise.cuts import trim
from tourplan.optimise.mip import (
    NOTHING,
    ONE_CORE,
    SMALL_COLUMNS,
    Answer,
    Expression,
    Floats,
    Means,
    relaxed_bound,
)
from tourplan.optimise.narrowing import narrow
from tourplan.optimise.neighbours import SHARE, improved
from tourplan.optimise.objectives import (
    at_most_rows,
    build,
    keep,
    limit,
    may_be_early_or_late,
)
from tourplan.optimise.pooling import Pool, deal, pooled
from tourplan.optimise.pricing import Columns, all_or_none, made_feasible
from tourplan.optimise.rules import add_rules, agent_weeks
from tourplan.optimise.solvers import LONGEST_S
from tourplan.optimise.staged import staged
from tourplan.optimise.starting import started
from tourplan.optimise.teams import Run
from tourplan.optimise.variables import Decisions
from tourplan.plan import Day, Level
from tourplan.problem import Problem
from tourplan.timeline import Opening, build_day
from tourplan.verify import verify

Progress = Callable[[str], None]
End = Literal["terminé", "limite de temps", "journées trop nombreuses", "interrompu"]

_SHARE = 0.6
"""Share of the time left that one level may use, so that those after it are looked at too."""
POOLED_SHARE = 0.8
"""Share of the time that alike weeks may take together, in case they must be told apart."""

_BY_TIMES = ("equite_horaires",)
"""Levels that other timings can better: the days listed, as long as can be, bound no plan.

Nor do they bound later levels of the plans that are no worse on one of these.
"""


class Infeasible(Exception):  # noqa: N818
    """No plan keeps every rule (proved by the solver)."""


class Undecided(Exception):  # noqa: N818
    """No plan among the timings listed; others might keep imposed hours."""


class NothingFound(Exception):  # noqa: N818
    """Time ran out, or Ctrl-C was pressed, before a first plan."""


@dataclass(frozen=True)
class Solution:
    """The best days found, each level's value and bound, seconds per level, and how it ended."""

    days: tuple[Day, ...]
    levels: tuple[Level, ...]
    seconds: dict[str, float]
    stopped: End


@dataclass
class _Search:
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
    together: _Search | None = None
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


def optimise(
    problem: Problem,
    *,
    deadline: float = float("inf"),
    means: Means = ONE_CORE,
    tours: Sequence[DayTours | None] | None = None,
    without: Collection[str] = (),
    at_most: Mapping[str, int] | None = None,
    start: Sequence[Day] | None = None,
    progress: Progress = lambda _: None,
    stop: threading.Event | None = None,
) -> Solution:
    """The best plan of ``problem``, level by level, each with its bound.

    Args:
        problem: the facts.
        deadline: when to stop, on the clock of ``time.monotonic``.
        means: seed of the solvers, and how many cores they use.
        tours: the feasible day tours of each base, when they are at hand; ``None`` for a base that
            has too many.
        without: names of rules to leave out (``rules.RULES``), for explanations.
        at_most: levels that must be no worse than a value, as they are minimised (the opposite of
            those to maximise), for trade-offs; ``equite_horaires`` cannot be one of them.
        start: days of a plan at hand, if any. Where they keep every rule and limit, the search
            starts from them, and the plan found is no worse.
        progress: told each step in French.
        stop: set it to end the search and keep the best plan so far.

    Raises:
        Infeasible: no plan keeps the rules.
        NothingFound: the search ended before a first plan.
        Undecided: no plan among the timings listed, nor any at hand.
    """
    tours = tuple(all_or_none(problem) if tours is None else tours)
    deadline = min(deadline, monotonic() + LONGEST_S)
    stop, at_most = stop or threading.Event(), at_most or {}
    if not set(at_most).isdisjoint(_BY_TIMES):
        raise ValueError(f"levels that cannot be limited: {sorted(at_most)}")
    problem = replace(problem, limited=tuple(at_most))
    if start is not None and not _keeps(problem, start, at_most):
        start = None
    begun = partial(
        _new_search,
        problem,
        tours=tours,
        means=means,
        stop=stop,
        progress=progress,
        without=without,
        at_most=at_most,
    )
    pool = pooled(problem, without)
    try:
        days, search = _searched(begun, problem, pool, deadline, without, start)
    except Undecided:
        if start is None:
            raise
        return Solution(tuple(start), _levels_at_hand(problem, start), {}, "terminé")
    if start is not None and (days is None or _worth(problem, start) < _worth(problem, days)):
        days = tuple(start)
    if days is None:
        raise NothingFound
    stopped: End = "interrompu" if stop.is_set() else search.ended
    return Solution(days, _levels(search, days), search.seconds, stopped)


def _searched(
    begun: Callable[..., _Search],
    problem: Problem,
    pool: Pool | None,
    deadline: float,
    without: Collection[str],
    start: Sequence[Day] | None,
) -> tuple[tuple[Day, ...] | None, _Search]:
    """The best days found and the search that found them: alike weeks first, then each week."""
    days = together = spare = None
    if pool is not None:
        pooled_until = monotonic() + (deadline - monotonic()) * POOLED_SHARE
        together = search = begun(pool.problem, deadline=pooled_until)
        search.repeats = pool.repeats
        dealt = None
        for _ in _levels_taken(search):
            if search.solution is not dealt:
                days, dealt = _dealt(search, pool, problem, without), search.solution
            spare = spare if days is None else days
            search.deadline = pooled_until if days is None else deadline
    if days is None and (together is None or monotonic() < deadline):
        search = begun(problem, deadline=deadline, together=together)
        if known := [plan for plan in (spare, start) if plan is not None]:
            _start(search, min(known, key=partial(_worth, problem)))
        _take_levels(search)
        if search.solution is not None:
            days = days_of(search.decisions, search.solution)
    return (spare, together or search) if days is None else (days, search)


def _keeps(problem: Problem, days: Sequence[Day], at_most: Mapping[str, int]) -> bool:
    """Whether days keep every rule, and levels at most at a value (as they are minimised)."""
    return not verify(problem, days) and all(
        _value(problem, days, name) <= most for name, most in at_most.items()
    )


def _worth(problem: Problem, days: Sequence[Day]) -> list[int]:
    """What a plan is worth on each level, to be minimised."""
    return [_value(problem, days, name) for name in problem.objectives]


def _value(problem: Problem, days: Sequence[Day], name: str) -> int:
    """What a plan is worth on a level, to be minimised."""
    kind = measure(problem, name)
    return _sign(kind) * kind.value(problem, days)


def _start(search: _Search, days: Sequence[Day]) -> None:
    """Start from a plan, where the model holds one that goes where it does."""
    budget = search.budget(search.deadline).share(SHARE)
    search.solution = started(search.columns, search.decisions, days, budget)


def _levels(search: _Search, days: tuple[Day, ...]) -> tuple[Level, ...]:
    """The levels of a plan, each with its bound.

    What was found for a level holds for plans no worse on those before it than what was kept: for
    others, only what is known of any plan.
    """
    problem, found, sound = search.asked, [], True
    for name in problem.objectives:
        bound = search.bounds[name] if sound else limit(problem, name)
        level = level_of(problem, days, name, _sign_bound(problem, name, bound))
        found.append(level)
        value = _sign(measure(problem, name)) * level.value
        sound = sound and name in search.kept and value <= search.kept[name]
    return tuple(found)


def _levels_at_hand(problem: Problem, days: Sequence[Day]) -> tuple[Level, ...]:
    """The levels of a plan of which nothing is known but what is of any plan."""
    return tuple(
        level_of(problem, days, name, _sign_bound(problem, name, limit(problem, name)))
        for name in problem.objectives
    )


def _new_search(
    asked: Problem,
    problem: Problem,
    *,
    tours: tuple[DayTours | None, ...],
    together: _Search | None = None,
    deadline: float,
    means: Means,
    stop: threading.Event,
    progress: Progress,
    without: Collection[str],
    at_most: Mapping[str, int],
) -> _Search:
    """A search over the levels, its rules set; ``together``: what was found of weeks pooled.

    ``problem`` is ``asked``, or a pool of it.
    """
    columns = Columns(problem, tours)
    decisions = Decisions(problem, columns.first())
    add_rules(decisions, without)
    at_most_rows(decisions, at_most)
    return _Search(asked, columns, decisions, deadline, means, stop, progress, at_most, together)


def _take_levels(search: _Search) -> None:
    """Solve every level in order."""
    for _ in _levels_taken(search):
        pass


def _levels_taken(search: _Search) -> Iterator[None]:
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


def _dealt(
    search: _Search, pool: Pool, problem: Problem, without: Collection[str]
) -> tuple[Day, ...] | None:
    """The days of a pooled solution dealt out to the weeks; ``None`` if they cannot be."""
    decisions, solution = search.decisions, search.solution
    if solution is None:
        return None
    runs = decisions.runs(solution)
    steps = least_trimming(decisions, solution, runs)
    placed = decisions.placed(solution)
    dealt = deal(pool, problem, decisions.tours, runs, steps, placed=placed, without=without)
    return None if dealt is None else days_from(problem, decisions.tours, *dealt)


def level_of(problem: Problem, days: Sequence[Day], name: str, bound: int | None = None) -> Level:
    """The level called ``name`` as it stands in ``days``, with its bound when it was proved."""
    kind = measure(problem, name)
    value = kind.value(problem, days)
    return Level(
        name=name,
        label=kind.label,
        unit=kind.unit,
        sense=kind.sense,
        value=value,
        bound=bound,
        text=kind.text(problem, value),
    )


def _sign_bound(problem: Problem, name: str, least: int | None) -> int | None:
    """The bound of a level in its own sense, from that of what was minimised."""
    return None if least is None else _sign(measure(problem, name)) * least


def _take_level(search: _Search, name: str) -> None:
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
    elif _reached(search, kind) == known and name not in _BY_TIMES:
        _keep(search, name, known, build(search.decisions, name))
    else:
        _solve_level(search, kind)


def _raise_bound(search: _Search, name: str, bound: int | None) -> int | None:
    """The best bound known of a level, to be minimised."""
    known = [value for value in (bound, search.bounds.get(name)) if value is not None]
    search.bounds[name] = max(known, default=None)
    return search.bounds[name]


def _keep(search: _Search, name: str, value: int, expression: Expression | None = None) -> None:
    """Levels after this one keep its value; ``expression``: unless every plan has it."""
    search.kept[name] = value
    if expression is None:
        return
    if name in _BY_TIMES and may_be_early_or_late(search.problem):
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


def _reached(search: _Search, kind: Measure) -> int:
    """The level's value in the best plan so far, to be minimised."""
    assert search.solution is not None  # noqa: S101
    days = days_of(search.decisions, search.solution)
    return _sign(kind) * kind.value(search.asked, days)


def _solve_level(search: _Search, kind: Measure) -> None:
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
    exact = name not in _BY_TIMES
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


def _bound_of_any_times(search: _Search, expression: Expression, until: float) -> int | None:
    """A bound of a level for plans of any timings: that of the relaxation, less some rows."""
    if not search.columns.whole:
        return None
    relaxed = search.decisions.mip.without(search.by_times).relax(expression, until)
    return None if relaxed is None else relaxed_bound(relaxed.value, expression)


def days_of(decisions: Decisions, solution: Floats) -> tuple[Day, ...]:
    """The days of a solution, openings cut where agents' weeks, or their fairness, ask for it."""
    problem, runs = decisions.problem, decisions.runs(solution)
    steps = least_trimming(decisions, solution, runs)
    days = days_from(problem, decisions.tours, runs, steps)
    if "equite_agents" in problem.looked_at:
        steps = np.rint(solution[decisions.trimmed]).astype(np.int64)
        fairer = days_from(problem, decisions.tours, runs, steps)
        apart = measure(problem, "equite_agents")
        if apart.value(problem, fairer) < apart.value(problem, days):
            return fairer
    return days


def days_from(
    problem: Problem, tours: Sequence[DayTours], runs: Sequence[Run], steps: Ints
) -> tuple[Day, ...]:
    """The days of some runs, with so many steps of opening cut in each crew-week.

    A day that several weeks repeat is there for each of them, all under the first.
    """
    days = []
    for number, crew in enumerate(problem.crew_weeks):
        openings = [
            (problem.weekdays[day], tours[crew.base].openings(tour))
            for held, day, tour in runs
            if held == number
        ]
        for weekday, sessions in trim(problem, openings, int(steps[number])):
            days += [build_day(problem, number, weekday, sessions)] * crew.repeats
    return tuple(sorted(days, key=lambda day: (day.week, day.weekday, day.vehicle)))


def least_trimming(
    decisions: Decisions, solution: Floats, runs: Sequence[tuple[int, int, int]]
) -> Ints:
    """Steps of opening to cut in each crew-week: what the solution cuts, less what it need not."""
    problem, grid_s = decisions.problem, decisions.problem.day.grid_s
    steps = np.rint(solution[decisions.trimmed]).astype(np.int64)
    work_s = -steps * grid_s
    for crew, _, tour in runs:
        work_s[crew] += decisions.tours[problem.crew_weeks[crew].base].work_s[tour]
    weeks = [
        (problem.agents[agent].max_week_s * problem.crew_weeks[rows[0]].count, rows)
        for agent, _, rows, _ in agent_weeks(problem)
    ]
    for crew in range(len(steps)):
        room_s = [limit - int(work_s[rows].sum()) for limit, rows in weeks if crew in rows]
        given_back = min([int(steps[crew]), *(room // grid_s for room in room_s)])
        given_back = max(0, given_back)
        steps[crew] -= given_back
        work_s[crew] += given_back * grid_s
    return steps


def _find_any(search: _Search) -> None:
    """Any plan at all: every level was settled before a first one was needed."""
    answer, _, complete = _least(search, NOTHING, search.deadline, None)
    if answer.infeasible and complete:
        raise Infeasible if search.trust() else Undecided
    search.solution = answer.values


def _least(
    search: _Search, expression: Expression, until: float, known: int | None
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


def _sign(kind: Measure) -> int:
    """1 where the level is to be minimised, -1 where its opposite is."""
    return 1 if kind.sense == "min" else -1
