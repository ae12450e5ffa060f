"""The days of a solution of the model, and what days are worth on each level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tourplan.daytours import DayTours, Ints
from tourplan.measures import measure
from tourplan.optimise.cuts import trim
from tourplan.optimise.mip import Floats
from tourplan.optimise.rules import agent_weeks
from tourplan.optimise.teams import Run
from tourplan.optimise.variables import Decisions
from tourplan.plan import Day
from tourplan.problem import Problem
from tourplan.timeline import build_day


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


def value_of(problem: Problem, days: Sequence[Day], name: str) -> int:
    """What a plan is worth on a level, to be minimised."""
    kind = measure(problem, name)
    return kind.sign * kind.value(problem, days)


def worth_of(problem: Problem, days: Sequence[Day]) -> list[int]:
    """What a plan is worth on each level, to be minimised."""
    return [value_of(problem, days, name) for name in problem.objectives]


def bound_of(problem: Problem, name: str, least: int | None) -> int | None:
    """The bound of a level in its own sense, from that of what was minimised."""
    return None if least is None else measure(problem, name).sign * least
