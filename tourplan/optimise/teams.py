"""Agents whom nothing tells apart, taken together and told apart afterwards.

Four agents who can all go in two vehicles make twelve crews a week, each as good as the next. Taken
together, they are one crew a vehicle, whose work is at most what all of them may work, and as many
vehicles out on a day as there are teams. Any plan keeps that, so a bound found so holds; the days
are then given to teams by a small exact model. Where they cannot be, the crews are told apart from
the start.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np

from tourplan.daytours import DayTours, Ints
from tourplan.optimise.mip import NOTHING, Floats, Mip
from tourplan.problem import Agent, CrewWeek, Problem

SHARING_S = 10.0
"""Longest search for a way to share days out."""
Run = tuple[int, int, int]
"""(crew-week, weekday, tour): positions of the crew-week and the weekday, row of the tour."""


@dataclass(frozen=True)
class Teams:
    """A problem whose crews are of nobody in particular; for each, those of the original."""

    problem: Problem
    choices: tuple[tuple[int, ...], ...]

    @property
    def same(self) -> bool:
        """Whether nobody was taken together."""
        return all(len(crews) == 1 for crews in self.choices)


def together(problem: Problem) -> Teams:
    """The problem with alike agents taken together; itself where there are none."""
    kinds = _kinds(problem)
    groups: dict[object, list[int]] = {}
    for number, crew in enumerate(problem.crew_weeks):
        mine = {kinds[agent] for team in crew.teams for agent in team}
        alike = mine.pop() if len(mine) == 1 else None
        key = (replace(crew, teams=()), alike, number if alike is None else None)
        groups.setdefault(key, []).append(number)
    choices = tuple(map(tuple, groups.values()))
    if len(choices) == len(problem.crew_weeks):
        return Teams(problem, choices)
    return _merged(problem, choices, kinds)


def _kinds(problem: Problem) -> list[int]:
    """For each agent, the first one who is like them but for the name."""
    plain = [replace(agent, name="") for agent in problem.agents]
    return [plain.index(agent) for agent in plain]


def _merged(problem: Problem, choices: Sequence[tuple[int, ...]], kinds: Sequence[int]) -> Teams:
    """The problem with one crew for those of each choice."""
    agents = list(problem.agents)
    standing: dict[int, int] = {}
    crews: list[CrewWeek] = []
    alone = _untouched(problem, choices, kinds)
    kept: list[tuple[int, ...]] = []
    for numbers in choices:
        first = problem.crew_weeks[numbers[0]]
        kind = kinds[first.teams[0][0]]
        if kind in alone:
            crews += [problem.crew_weeks[number] for number in numbers]
            kept += [(number,) for number in numbers]
            continue
        if kind not in standing:
            standing[kind] = len(agents)
            agents.append(_all_of(problem, kind, kinds))
        crews.append(replace(first, teams=((standing[kind],),) * len(first.teams)))
        kept.append(numbers)
    return Teams(replace(problem, agents=tuple(agents), crew_weeks=tuple(crews)), tuple(kept))


def _untouched(
    problem: Problem, choices: Sequence[tuple[int, ...]], kinds: Sequence[int]
) -> set[int]:
    """Kinds with someone who goes with others of another kind, or without any choice of crew."""
    mixed, several = set(), set()
    for numbers in choices:
        for number in numbers:
            mine = {kinds[a] for team in problem.crew_weeks[number].teams for a in team}
            mixed |= mine if len(mine) > 1 else set()
            several |= mine if len(numbers) > 1 else set()
    return mixed | (set(kinds) - several)


def _all_of(problem: Problem, kind: int, kinds: Sequence[int]) -> Agent:
    """One agent who stands for all those of a kind who can go."""
    going = {a for crew in problem.crew_weeks for team in crew.teams for a in team}
    count = sum(kinds[agent] == kind for agent in going)
    one = problem.agents[kind]
    return replace(
        one,
        name="",
        max_week_s=one.max_week_s * count // problem.crew_size,
        vehicles_a_day=count // problem.crew_size,
    )


def told_apart(
    teams: Teams,
    problem: Problem,
    tours: Sequence[DayTours],
    runs: Sequence[Run],
    steps: Ints,
    without: Collection[str],
) -> tuple[list[Run], Ints] | None:
    """The days of crews of nobody in particular given to those of the original problem.

    Args:
        teams: who was taken together.
        problem: the original problem.
        tours: the day tours of each base.
        runs: the days of the crews of ``teams.problem``.
        steps: opening cut in each of these crews, in steps of the grid.
        without: names of rules left out.

    Returns:
        The same for the crews of ``problem``; ``None`` where they cannot share the days.
    """
    if teams.same:
        return sorted(runs), steps
    if not runs:
        return [], np.zeros(len(problem.crew_weeks), dtype=np.int64)
    sharing = _Sharing(teams, problem, tours, runs)
    sharing.every_day_run()
    sharing.openings_cut(steps)
    sharing.one_vehicle_a_day()
    if "weekly_work" not in without:
        sharing.weekly_work()
    answer = sharing.mip.minimise(NOTHING, deadline=monotonic() + SHARING_S)
    return None if answer.values is None else sharing.found(answer.values)


class _Sharing:
    """Which crew runs which day, and what it cuts: a small model.

    ``goes``: whether ``crew`` runs the day ``run``, one variable for each possible pair.
    """

    def __init__(
        self, teams: Teams, problem: Problem, tours: Sequence[DayTours], runs: Sequence[Run]
    ) -> None:
        self.teams, self.problem, self.tours, self.runs, self.mip = (
            teams,
            problem,
            tours,
            runs,
            Mip(),
        )
        pairs = [(n, crew) for n, (held, _, _) in enumerate(runs) for crew in teams.choices[held]]
        self.run, self.crew = np.array(pairs, dtype=np.int64).T
        self.day = np.array([runs[number][1] for number in self.run], dtype=np.int64)
        self.goes = self.mip.variables(len(pairs))
        self.trimmed = self.mip.variables(len(problem.crew_weeks), np.inf)

    def figure(self, name: str) -> Floats:
        """A figure of the tour of each pair."""
        found = [
            getattr(self.tours[self.problem.crew_weeks[crew].base], name)[self.runs[run][2]]
            for run, crew in zip(self.run, self.crew, strict=True)
        ]
        return np.array(found, dtype=float)

    def every_day_run(self) -> None:
        """Each day is run by one crew."""
        for number in range(len(self.runs)):
            self.mip.equal(self.goes[self.run == number], 1.0, 1.0)

    def openings_cut(self, steps: Ints) -> None:
        """Crews cut what was cut for them together, as far as their own days can spare it."""
        slack_s = self.figure("slack_s")
        for held, crews in enumerate(self.teams.choices):
            self.mip.equal(self.trimmed[list(crews)], 1.0, float(steps[held]))
        for crew, trimmed in enumerate(self.trimmed):
            mine = self.crew == crew
            weights = np.append(slack_s[mine], -self.problem.day.grid_s)
            self.mip.row(np.append(self.goes[mine], trimmed), weights, at_least=0.0)

    def one_vehicle_a_day(self) -> None:
        """An agent runs one day at most on each weekday."""
        for _, crews in _agent_weeks(self.problem):
            mine = np.isin(self.crew, crews)
            for day in np.unique(self.day[mine]):
                self.mip.row(self.goes[mine & (self.day == day)], 1.0, at_most=1.0)

    def weekly_work(self) -> None:
        """An agent works no more in a week than they may."""
        work_s = self.figure("work_s")
        for most_s, crews in _agent_weeks(self.problem):
            mine = np.isin(self.crew, crews)
            weights = np.append(work_s[mine], np.full(len(crews), -self.problem.day.grid_s))
            days = np.append(self.goes[mine], self.trimmed[crews])
            self.mip.row(days, weights, at_most=most_s)

    def found(self, values: Floats) -> tuple[list[Run], Ints]:
        """The days of each crew, and what it cuts."""
        chosen = np.flatnonzero(values[self.goes] > 0.5)
        runs = [(int(self.crew[pair]), *self.runs[self.run[pair]][1:]) for pair in chosen]
        return sorted(runs), np.rint(values[self.trimmed]).astype(np.int64)


def _agent_weeks(problem: Problem) -> list[tuple[int, Ints]]:
    """Most work and crew-weeks of each agent in each week of the month."""
    found: dict[tuple[int, int, int], list[int]] = {}
    for number, crew in enumerate(problem.crew_weeks):
        for month, team in zip(problem.month_weeks[crew.week], crew.teams, strict=True):
            for agent in team:
                found.setdefault((agent, crew.week, month), []).append(number)
    return [
        (problem.agents[agent].max_week_s, np.array(crews, dtype=np.int64))
        for (agent, *_), crews in found.items()
    ]
