"""The best plan of a problem: alike weeks decided together first, then each week for itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic

from tourplan.daytours import DayTours
from tourplan.measures import level_of
from tourplan.optimise.mip import ONE_CORE, Means
from tourplan.optimise.objectives import limit
from tourplan.optimise.outcome import (
    bound_of,
    days_from,
    days_of,
    least_trimming,
    value_of,
    worth_of,
)
from tourplan.optimise.pooling import Pool, deal, pooled
from tourplan.optimise.pricing import all_or_none
from tourplan.optimise.search import (
    BY_TIMES,
    End,
    Infeasible,
    LevelSearch,
    Progress,
    Undecided,
    levels_taken,
    new_search,
    start_from,
    take_levels,
)
from tourplan.optimise.solvers import LONGEST_S
from tourplan.plan import Day, Level
from tourplan.problem import Problem
from tourplan.verify import verify

__all__ = ["End", "Infeasible", "NothingFound", "Progress", "Solution", "Undecided", "optimise"]

_POOLED_SHARE = 0.8
"""Share of the time that alike weeks may take together, in case they must be told apart."""


class NothingFound(Exception):  # noqa: N818
    """Time ran out, or Ctrl-C was pressed, before a first plan."""


@dataclass(frozen=True)
class Solution:
    """The best days found, each level's value and bound, seconds per level, and how it ended."""

    days: tuple[Day, ...]
    levels: tuple[Level, ...]
    seconds: dict[str, float]
    stopped: End


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
    if not set(at_most).isdisjoint(BY_TIMES):
        raise ValueError(f"levels that cannot be limited: {sorted(at_most)}")
    problem = replace(problem, limited=tuple(at_most))
    if start is not None and not _keeps(problem, start, at_most):
        start = None
    begun = partial(
        new_search,
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
    if start is not None and (days is None or worth_of(problem, start) < worth_of(problem, days)):
        days = tuple(start)
    if days is None:
        raise NothingFound
    stopped: End = "interrompu" if stop.is_set() else search.ended
    return Solution(days, _levels(search, days), search.seconds, stopped)


def _searched(
    begun: Callable[..., LevelSearch],
    problem: Problem,
    pool: Pool | None,
    deadline: float,
    without: Collection[str],
    start: Sequence[Day] | None,
) -> tuple[tuple[Day, ...] | None, LevelSearch]:
    """The best days found and the search that found them: alike weeks first, then each week."""
    days = together = spare = None
    if pool is not None:
        pooled_until = monotonic() + (deadline - monotonic()) * _POOLED_SHARE
        together = search = begun(pool.problem, deadline=pooled_until)
        search.repeats = pool.repeats
        dealt = None
        for _ in levels_taken(search):
            if search.solution is not dealt:
                days, dealt = _dealt(search, pool, problem, without), search.solution
            spare = spare if days is None else days
            search.deadline = pooled_until if days is None else deadline
    if days is None and (together is None or monotonic() < deadline):
        search = begun(problem, deadline=deadline, together=together)
        if known := [plan for plan in (spare, start) if plan is not None]:
            start_from(search, min(known, key=partial(worth_of, problem)))
        take_levels(search)
        if search.solution is not None:
            days = days_of(search.decisions, search.solution)
    return (spare, together or search) if days is None else (days, search)


def _keeps(problem: Problem, days: Sequence[Day], at_most: Mapping[str, int]) -> bool:
    """Whether days keep every rule, and levels at most at a value (as they are minimised)."""
    return not verify(problem, days) and all(
        value_of(problem, days, name) <= most for name, most in at_most.items()
    )


def _levels(search: LevelSearch, days: tuple[Day, ...]) -> tuple[Level, ...]:
    """The levels of a plan, each with its bound.

    What was found for a level holds for plans no worse on those before it than what was kept: for
    others, only what is known of any plan.
    """
    problem, found, sound = search.asked, [], True
    for name in problem.objectives:
        bound = search.bounds[name] if sound else limit(problem, name)
        level = level_of(problem, days, name, bound_of(problem, name, bound))
        found.append(level)
        value = level.sign * level.value
        sound = sound and name in search.kept and value <= search.kept[name]
    return tuple(found)


def _levels_at_hand(problem: Problem, days: Sequence[Day]) -> tuple[Level, ...]:
    """The levels of a plan of which nothing is known but what is of any plan."""
    return tuple(
        level_of(problem, days, name, bound_of(problem, name, limit(problem, name)))
        for name in problem.objectives
    )


def _dealt(
    search: LevelSearch, pool: Pool, problem: Problem, without: Collection[str]
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
