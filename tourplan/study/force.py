"""Make a plan serve a commune, all else equal: what becomes worse, or how little more it takes."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Literal

from tourplan.errors import OwnError
from tourplan.hours import MINUTE_S, WEEK_S
from tourplan.measures import level_of, measure
from tourplan.optimise.budget import Budget
from tourplan.optimise.mip import NOTHING, Answer, Expression, Floats, Means
from tourplan.optimise.objectives import build, required_sessions
from tourplan.optimise.outcome import days_of
from tourplan.optimise.pooling import pooled
from tourplan.optimise.rules import leeway, weekly_opening, weekly_work
from tourplan.optimise.solve import Infeasible, NothingFound, Solution, Undecided, optimise
from tourplan.optimise.variables import Decisions
from tourplan.plan import Day, Level
from tourplan.problem import Problem
from tourplan.study.relaxed import Model, Tours
from tourplan.verify import verify

EFFORT = ("route", "km", "cout", "co2", "equite_agents", "equite_horaires")
"""Levels that say what a tour takes, not what it brings: one more commune may cost some."""
_BY_PARTS = ("equite_agents", "equite_horaires")
"""Levels that need the whole optimiser: days are cut again for them."""
Outcome = Literal["infaisable", "pire", "égal", "mieux", "inconnu"]
Kind = Literal["rien", "travail", "ouverture", "retrait"]


@dataclass(frozen=True, eq=False)
class Question:
    """A problem, its day tours, and the levels of the plan that answers are held against."""

    problem: Problem
    tours: Tours
    levels: tuple[Level, ...]
    means: Means
    stop: threading.Event

    def over(self, deadline: float) -> bool:
        """Whether to search no more."""
        return self.stop.is_set() or monotonic() >= deadline


@dataclass(frozen=True)
class Forced:
    """What serving a commune does: the first level that changes, before and after, and the days.

    ``proved``: nothing better is possible, the levels before kept.
    """

    outcome: Outcome
    before: Level | None = None
    after: Level | None = None
    days: tuple[Day, ...] = ()
    proved: bool = False


@dataclass(frozen=True)
class Least:
    """The least of a relaxation that is enough; ``value`` is ``None`` where none was found.

    ``impossible``: proved that none is enough. ``dropped``: demands left out.
    """

    value: int | None
    proved: bool = False
    impossible: bool = False
    dropped: tuple[int, ...] = ()


def force(question: Question, demand: int, deadline: float) -> Forced:
    """Solve the levels again with a session at ``demand``, until one differs from the plan's."""
    if question.over(deadline):
        return Forced("inconnu")
    problem = question.problem
    simple = pooled(problem) is None and not set(_BY_PARTS) & set(problem.objectives)
    if simple and None not in question.tours:
        model = _model(question, demand)
        if model.columns.whole:
            return _level_by_level(question, model, deadline)
    return _solved_again(question, demand, deadline)


def _level_by_level(question: Question, model: Model, deadline: float) -> Forced:
    """Solve levels in order; the plan's own values, where proved, are bounds here too."""
    problem, d = question.problem, model.decisions
    solution: Floats | None = None
    looked_at: list[str] = []
    for level in question.levels:
        if level.name == "passages":  # a rule: every plan has the same
            continue
        target, expression = level.sign * level.value, build(d, level.name)
        looked_at.append(level.name)
        if solution is None or _value(problem, d, solution, level) != level.value:
            if level.proved:
                d.mip.bound(expression, at_least=target - 0.5)
            answer = _ask(question, model, expression, solution, deadline, levels=looked_at)
            if answer.values is None:
                return _none(answer, first=solution is None)
            solution = answer.values
            if _value(problem, d, solution, level) != level.value:
                return _changed(problem, d, answer, level)
        d.mip.keep(expression, target)
    if solution is None:
        answer = _ask(question, model, NOTHING, None, deadline, levels=looked_at)
        if answer.values is None:
            return _none(answer, first=True)
        solution = answer.values
    days = days_of(d, solution)
    _refuse_broken(problem, days)
    return Forced("égal", days=days, proved=True)


def _ask(
    question: Question,
    model: Model,
    expression: Expression,
    hint: Floats | None,
    deadline: float,
    enough: int | None = None,
    levels: Collection[str] | None = None,
) -> Answer:
    """The least of an expression, as ``Model.least``."""
    budget = Budget(deadline, question.means.seed, question.stop, question.means.cores)
    return model.least(expression, budget, hint, enough, levels)


def _none(answer: Answer, *, first: bool) -> Forced:
    """No plan was found: because there is none, or for want of time."""
    impossible = answer.infeasible and first
    return Forced("infaisable" if impossible else "inconnu", proved=impossible)


def _changed(problem: Problem, d: Decisions, answer: Answer, level: Level) -> Forced:
    """The first level that differs from the plan's; beating the plan needs no proof."""
    assert answer.values is not None  # noqa: S101
    days = days_of(d, answer.values)
    _refuse_broken(problem, days)
    after = level_of(problem, days, level.name)
    if level.sign * after.value < level.sign * level.value:
        return Forced("mieux", level, after, days, True)
    proved = answer.bound == level.sign * after.value
    return Forced("pire", level, after, days, proved)


def _solved_again(question: Question, demand: int, deadline: float) -> Forced:
    """The whole optimiser on the problem where the commune is required."""
    problem = required(question.problem, demand)
    found = resolve(problem, question.tours, deadline, question)
    if found is None:
        return Forced("inconnu")
    if isinstance(found, Infeasible):
        return Forced("infaisable", proved=True)
    for level, then in zip(question.levels, found.levels, strict=True):
        if level.name == "passages":
            continue
        after = level_of(question.problem, found.days, level.name, then.bound)
        if after.value != level.value:
            worse = level.sign * (after.value - level.value) > 0
            sure = after.proved or not worse
            return Forced("pire" if worse else "mieux", level, after, found.days, sure)
    return Forced("égal", days=found.days, proved=True)


def resolve(
    problem: Problem,
    tours: Tours,
    deadline: float,
    question: Question,
    start: Sequence[Day] | None = None,
) -> Solution | Infeasible | None:
    """The best plan of a changed problem, checked; ``None`` when none was found in time.

    ``start``: a plan at hand, where the changed problem may have it too.
    """
    try:
        found = optimise(
            problem,
            deadline=deadline,
            means=question.means,
            tours=tours,
            start=start,
            stop=question.stop,
        )
    except Infeasible as error:
        return error
    except (NothingFound, Undecided):
        return None
    _refuse_broken(problem, found.days)
    return found


def required(problem: Problem, demand: int) -> Problem:
    """The problem where a commune must have a session."""
    one = problem.demands[demand]
    forced = replace(one, required=max(1, one.required), allowed=max(1, one.allowed))
    demands = (*problem.demands[:demand], forced, *problem.demands[demand + 1 :])
    return replace(problem, demands=demands)


def least(
    question: Question, demand: int, kind: Kind, kept: Sequence[Level], deadline: float
) -> Least:
    """How little of one relaxation lets a plan serve a commune, levels ``kept`` no worse.

    ``rien``: nothing but what the question's problem already grants (0 when it is enough).
    """
    if question.over(deadline):
        return Least(None)
    relaxed = {
        "rien": (),
        "travail": ("weekly_work",),
        "ouverture": ("weekly_opening",),
        "retrait": ("required_sessions",),
    }[kind]
    model = _model(question, demand, relaxed)
    d = model.decisions
    objective = NOTHING
    if kind == "travail":
        objective = leeway(d, WEEK_S, MINUTE_S)
        weekly_work(d, objective)
    elif kind == "ouverture":
        objective = leeway(d, question.problem.week.min_opening_s, question.problem.day.grid_s)
        weekly_opening(d, objective)
    elif kind == "retrait":
        objective = required_sessions(d)
    within = _within(question, model, kept, deadline)
    if within.values is None:
        return Least(None, impossible=within.infeasible)
    if kind == "rien":
        return Least(0, True)
    answer = _ask(question, model, objective, within.values, deadline)
    if answer.values is None:
        return Least(None, impossible=answer.infeasible)
    return _least(question.problem, d, answer, objective, kind)


def _within(question: Question, model: Model, kept: Sequence[Level], deadline: float) -> Answer:
    """A plan with no level worse than those kept, which become rules; or that there is none.

    As a rule, the last of them leaves solvers blind: what it is worth at best, the others kept, is
    known much sooner than that no plan keeps them all.
    """
    d = model.decisions
    levels = [
        (build(d, level.name), level.sign * level.value)
        for level in kept
        if level.name != "passages"
    ]
    for expression, value in levels[:-1]:
        d.mip.keep(expression, value)
    last, most = levels[-1] if levels else (NOTHING, 0)
    answer = _ask(question, model, last, None, deadline, most)
    if answer.values is not None and last.value(answer.values) <= most:
        d.mip.keep(last, most)
        return answer
    beyond = answer.bound is not None and answer.bound > most
    return Answer(None, None, infeasible=answer.infeasible or beyond)


def _least(
    problem: Problem, d: Decisions, answer: Answer, objective: Expression, kind: Kind
) -> Least:
    assert answer.values is not None  # noqa: S101
    value = objective.value(answer.values)
    proved = answer.bound == value
    if kind != "retrait":
        return Least(value, proved)
    held = d.held_by_demand(answer.values)
    dropped = tuple(n for n, one in enumerate(problem.demands) if held[n] < one.required)
    return Least(sum(one.required for one in problem.demands) + value, proved, dropped=dropped)


def _model(question: Question, demand: int, without: Collection[str] = ()) -> Model:
    """The model of a question where a commune has a session, some rules left out."""
    model = Model.of(question.problem, question.tours, without)
    held = model.decisions.held[question.problem.sites_of(demand)]
    model.decisions.mip.row(held, 1.0, at_least=1.0)
    return model


def _value(problem: Problem, d: Decisions, solution: Floats, level: Level) -> int:
    """A level in the days of a solution."""
    return measure(problem, level.name).value(problem, days_of(d, solution))


def _refuse_broken(problem: Problem, days: Sequence[Day]) -> None:
    """Refuse days that break a rule.

    Raises:
        OwnError: the checker finds one.
    """
    if broken := verify(problem, days):
        raise OwnError("explication refusée par le vérificateur : " + " ; ".join(map(str, broken)))
