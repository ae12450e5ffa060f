"""Take the levels in order: solve, prove, keep, go on to the next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

import numpy as np

from tourplan.daytours import DayTours, list_day_tours
from tourplan.measures import BEYOND, Measure, measure
from tourplan.optimise.cuts import trim
from tourplan.optimise.mip import Expression, Floats
from tourplan.optimise.objectives import build, limit
from tourplan.optimise.rules import add_rules
from tourplan.optimise.variables import Decisions
from tourplan.plan import Day, Level
from tourplan.problem import Problem
from tourplan.timeline import Opening, build_day

Progress = Callable[[str], None]
End = Literal["terminé", "limite de temps", "interrompu"]

_SHARE = 0.6
"""Share of the time left that one level may use, so that those after it are looked at too."""


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
    """What a run over the levels carries from one to the next."""

    decisions: Decisions
    deadline: float
    seed: int
    stop: threading.Event
    solution: Floats | None = None
    bounds: dict[str, int | None] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    out_of_time: bool = False
    trusted: bool = True
    """Whether every timing of the days was listed, as far as the levels so far can tell."""


def optimise(
    problem: Problem,
    *,
    deadline: float = float("inf"),
    seed: int = 0,
    tours: DayTours | None = None,
    without: Collection[str] = (),
    progress: Progress = lambda _: None,
    stop: threading.Event | None = None,
) -> Solution:
    """The best plan of ``problem``, level by level, each with its bound.

    Args:
        problem: the facts.
        deadline: when to stop, on the clock of ``time.monotonic``.
        seed: seed of the solver.
        tours: the feasible day tours, when they are at hand.
        without: names of rules to leave out (``rules.RULES``), for explanations.
        progress: told each step in French.
        stop: set it to end the search and keep the best plan so far.

    Raises:
        Infeasible: no plan keeps the rules.
        NothingFound: the search ended before a first plan.
    """
    tours = list_day_tours(problem) if tours is None else tours
    decisions = Decisions(problem, tours)
    add_rules(decisions, without)
    search = _Search(decisions, deadline, seed, stop or threading.Event())
    search.trusted = problem.hours_rule != "imposes" or decisions.every_timing
    for name in problem.objectives:
        _take_level(search, name, progress)
    if search.solution is None:
        _find_any(search)
    if search.solution is None:
        raise NothingFound
    days = days_of(decisions, search.solution)
    stopped: End = "terminé"
    if search.stop.is_set():
        stopped = "interrompu"
    elif search.out_of_time:
        stopped = "limite de temps"
    levels = tuple(
        level_of(problem, days, name, _sign_bound(name, search.bounds[name]))
        for name in problem.objectives
    )
    return Solution(days, levels, search.seconds, stopped)


def level_of(problem: Problem, days: Sequence[Day], name: str, bound: int | None = None) -> Level:
    """The level called ``name`` as it stands in ``days``, with its bound when it was proved."""
    kind = measure(name)
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


def _sign_bound(name: str, least: int | None) -> int | None:
    """The bound of a level in its own sense, from that of what was minimised."""
    return None if least is None else _sign(measure(name)) * least


def _take_level(search: _Search, name: str, progress: Progress) -> None:
    """Solve one level, or see that it is settled, and keep its value for those after."""
    problem, kind = search.decisions.problem, measure(name)
    known = limit(problem, name)
    search.bounds[name] = known
    if search.solution is None:
        if known is None or _value_of_required(problem, kind) != known:
            _solve_level(search, kind, progress)
    elif _reached(search, kind) == known:
        search.decisions.mip.keep(build(search.decisions, name), known)
    else:
        _solve_level(search, kind, progress)


def _value_of_required(problem: Problem, kind: Measure) -> int | None:
    """What the level is worth (to be minimised) in every plan that serves the required sites.

    It is the worst case of the levels that depend only on which communes are served.
    """
    if kind.name == "passages":
        return -sum(site.required for site in problem.sites)
    if kind.name.startswith(BEYOND) or kind.name == "acces_moyen":
        slot = problem.sessions[0]
        required = [n for n, site in enumerate(problem.sites) if site.required]
        held = [Opening(0, n, slot.opening_s, slot.closing_s) for n in required]
        days = (build_day(problem, 1, 0, held),) if held else ()
        return kind.value(problem, days)
    return None


def _reached(search: _Search, kind: Measure) -> int:
    """The level's value in the best plan so far, to be minimised."""
    assert search.solution is not None  # noqa: S101
    days = days_of(search.decisions, search.solution)
    return _sign(kind) * kind.value(search.decisions.problem, days)


def _solve_level(search: _Search, kind: Measure, progress: Progress) -> None:
    """Minimise one level and add the row that keeps its value."""
    decisions, name = search.decisions, kind.name
    started = monotonic()
    if search.stop.is_set() or started >= search.deadline:
        search.out_of_time = True
        return
    progress(f"{kind.label}…")
    last = name == decisions.problem.objectives[-1]
    expression = build(decisions, name)
    answer = decisions.mip.minimise(
        expression,
        deadline=search.deadline if last else started + (search.deadline - started) * _SHARE,
        hint=search.solution,
        seed=search.seed,
        stop=search.stop,
    )
    search.seconds[name] = round(monotonic() - started, 3)
    if answer.left_behind:
        search.deadline = started  # its thread still runs: start no other beside it
    if answer.infeasible and search.solution is None:
        raise Infeasible if search.trusted else Undecided
    if name == "heures_mairie":
        search.trusted &= decisions.every_timing
    bound = answer.bound if search.trusted else None
    known = [bound for bound in (bound, search.bounds[name]) if bound is not None]
    search.bounds[name] = max(known, default=None)
    if answer.values is not None:
        search.solution = answer.values
    if search.solution is None:
        return
    reached = _reached(search, kind)
    search.out_of_time |= not (answer.complete or answer.infeasible or reached in known)
    decisions.mip.keep(expression, reached)


def days_of(decisions: Decisions, solution: Floats) -> tuple[Day, ...]:
    """The days of a solution, openings cut where the week's work asks for it."""
    problem, tours = decisions.problem, decisions.tours
    runs = decisions.runs(solution)
    days: list[Day] = []
    for week in range(problem.weeks):
        chosen = [(problem.weekdays[day], tour) for w, day, tour in runs if w == week]
        work_s = sum(int(tours.work_s[tour]) for _, tour in chosen)
        over_s = max(0, work_s - problem.week.max_work_s)
        openings = [(weekday, tours.openings(tour)) for weekday, tour in chosen]
        for weekday, held in trim(problem, openings, -(-over_s // problem.day.grid_s)):
            days.append(build_day(problem, week + 1, weekday, held))
    return tuple(days)


def _find_any(search: _Search) -> None:
    """Any plan at all: every level was settled before a first one was needed."""
    empty = np.empty(0, dtype=np.int64)
    answer = search.decisions.mip.minimise(
        Expression(empty, empty), deadline=search.deadline, seed=search.seed, stop=search.stop
    )
    if answer.infeasible:
        raise Infeasible if search.trusted else Undecided
    search.solution = answer.values


def _sign(kind: Measure) -> int:
    """1 where the level is to be minimised, -1 where its opposite is."""
    return 1 if kind.sense == "min" else -1
