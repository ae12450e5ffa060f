"""Weeks that rules treat alike, decided together and told apart afterwards.

Weeks that nothing tells apart only make a model longer: a plan of four such weeks has 24 copies.
Pooled, they share one set of variables, whose limits are those of all of them; the days are then
dealt out to the weeks by a small exact model. Where they cannot be, the pooled bound still holds,
and the weeks are decided one by one. Weeks that repeat one another come first (``repeats``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np

from tourplan.daytours import DayTours, Ints
from tourplan.optimise.mip import Expression, Floats, Mip
from tourplan.optimise.profiles import watched_demands
from tourplan.optimise.repeats import Merged, alone, merged
from tourplan.optimise.teams import Run, Teams, together, told_apart
from tourplan.optimise.variables import figure
from tourplan.problem import CrewWeek, Problem

REPEATING = {"required_sessions", "same_slot", "sessions_of_a_site"}
"""Rules without which weeks need not repeat one another."""
DEALING_S = 3.0
"""Longest search for a way to deal days out."""
BY_AGENT = {"equite_agents", "equite_horaires"}
"""Levels that tell agents, and so weeks, apart."""
MANY = 1_000
"""More steps of the grid than a day's openings can be cut by."""


@dataclass(frozen=True)
class Group:
    """Weeks of vehicles that are alike.

    Attributes:
        crews: the pooled crew-weeks; several only where a single week has a choice.
        weeks: for each week and each of ``crews``, the crew-weeks it decides in the problem.
    """

    crews: tuple[int, ...]
    weeks: tuple[tuple[tuple[int, ...], ...], ...]


@dataclass(frozen=True)
class Pool:
    """A problem whose crew-weeks stand for several each, and those that each stands for.

    ``teams``: whose problem, agents taken together, had its weeks pooled. ``repeats``: some weeks
    are decided once, which loses nothing at the best of a level, and may elsewhere.
    """

    problem: Problem
    groups: tuple[Group, ...]
    teams: Teams
    repeats: bool = False


def pooled(problem: Problem, without: Collection[str] = ()) -> Pool | None:
    """The problem with alike agents and weeks pooled; ``None`` where no two are alike.

    Args:
        problem: the problem; weeks that differ may keep its limits where repeated ones do not.
        without: names of rules left out; weeks repeat one another because of some of them.
    """
    if BY_AGENT & problem.looked_at:
        return None
    teams = together(problem)
    apart = problem.limited or REPEATING & set(without)
    once = alone(teams.problem) if apart else merged(teams.problem)
    groups = _groups(once)
    units = sum(len(group) for group in groups)
    weekly = len(groups) == units and len(once.copies) == len(teams.problem.crew_weeks)
    if weekly and teams.same:
        return None
    crews: list[CrewWeek] = []
    found = []
    for group in groups:
        first = len(crews)
        crews += [replace(once.problem.crew_weeks[c], count=len(group)) for c in group[0]]
        weeks = tuple(tuple(once.copies[crew] for crew in unit) for unit in group)
        found.append(Group(tuple(range(first, len(crews))), weeks))
    return Pool(
        replace(once.problem, crew_weeks=tuple(crews)),
        tuple(found),
        teams,
        len(once.copies) < len(teams.problem.crew_weeks),
    )


def _groups(once: Merged) -> list[list[tuple[int, ...]]]:
    """The crew-weeks of each vehicle's week, those of alike weeks together."""
    problem = once.problem
    units: dict[tuple[int, int], list[int]] = {}
    for number, crew in enumerate(problem.crew_weeks):
        units.setdefault((crew.vehicle, crew.week), []).append(number)
    every = [tuple(unit) for unit in units.values()]
    if not _may_pool(problem, every):
        return [[unit] for unit in every]
    kinds: dict[object, list[tuple[int, ...]]] = {}
    for unit in every:
        kinds.setdefault(tuple(_kind(problem, problem.crew_weeks[c]) for c in unit), []).append(
            unit
        )
    return list(kinds.values())


def _may_pool(problem: Problem, units: Sequence[Sequence[int]]) -> bool:
    """Whether no rule nor level names weeks or agents, and every vehicle's week goes its own way.

    A week with a choice of crews or depots does not: which one it takes binds all its days.
    """
    crews = problem.crew_weeks
    goers = [
        (month, agent)
        for crew in crews
        for month, team in zip(problem.month_weeks[crew.week], crew.teams, strict=True)
        for agent in team
    ]
    return (
        all(len(unit) == 1 for unit in units)
        and len(set(goers)) == len(goers)
        and not watched_demands(problem)
        and all(goal.sessions == 1 for goal in problem.goals)
    )


def _kind(problem: Problem, crew: CrewWeek) -> object:
    """What tells a crew-week from others."""
    vehicle = problem.vehicles[crew.vehicle]
    slots = problem.open_slots[problem.bases[crew.base].vehicle, :, crew.week]
    rates = (vehicle.cost_ueur_m, vehicle.emissions_ug_m)
    limit_s = _limit_s(problem, crew)
    return crew.base, crew.weekdays, crew.repeats, limit_s, rates, slots.tobytes()


def _limit_s(problem: Problem, crew: CrewWeek) -> int:
    """The work that the first agent of a crew-week to reach their limit may do."""
    return min(problem.agents[agent].max_week_s for team in crew.teams for agent in team)


def deal(
    pool: Pool,
    problem: Problem,
    tours: Sequence[DayTours],
    runs: Sequence[Run],
    steps: Ints,
    *,
    placed: bool,
    without: Collection[str],
) -> tuple[list[Run], Ints] | None:
    """The days of pooled crew-weeks dealt out to those they stand for.

    Args:
        pool: what was pooled.
        problem: the problem as it is.
        tours: the day tours of each base.
        runs: the days of the pooled crew-weeks.
        steps: opening cut in each pooled crew-week, in steps of the grid.
        placed: whether the weekdays of ``runs`` matter.
        without: names of rules left out.

    Returns:
        The same for the crew-weeks of ``problem``; ``None`` where weeks cannot share the days.
    """
    found: list[Run] = []
    cut = np.zeros(len(pool.teams.problem.crew_weeks), dtype=np.int64)
    for group in pool.groups:
        mine = [run for run in runs if run[0] in group.crews]
        weeks = _shared(pool, group, tours, mine, steps, without, placed=placed)
        if weeks is None:
            return None
        for crews, (days, trimmed) in zip(group.weeks, weeks, strict=True):
            for held, day, tour in days:
                copies = crews[group.crews.index(held)]
                found += [(crew, day, tour) for crew in copies]
                cut[list(copies)] = trimmed
    return told_apart(pool.teams, problem, tours, sorted(found), cut, without)


def _shared(
    pool: Pool,
    group: Group,
    tours: Sequence[DayTours],
    runs: Sequence[Run],
    steps: Ints,
    without: Collection[str],
    *,
    placed: bool,
) -> list[tuple[list[Run], int]] | None:
    """The days of each week of a group and its share of the steps, if weeks allow it."""
    problem, count = pool.problem, len(group.weeks)
    rep = problem.crew_weeks[group.crews[0]]
    if count == 1:
        return [(list(runs), int(steps[list(group.crews)].sum()))]
    mip, most = Mip(), float(rep.count * len(rep.weekdays) * MANY)
    mine = mip.variables(len(runs) * count).reshape(len(runs), count)
    trimmed = mip.variables(count, most)
    for row in mine:
        mip.equal(row, 1.0, 1.0)
    for week, column in enumerate(np.vstack([mine, trimmed]).T):
        _keep_week(problem, tours, rep, mip, runs, column, without)
        for day in {day for _, day, _ in runs} if placed else ():
            same = np.array([run[1] == day for run in runs])
            mip.row(mine[same, week], 1.0, at_most=1.0)
    least = Expression(trimmed, np.ones(count, dtype=np.int64))
    answer = mip.minimise(least, deadline=monotonic() + DEALING_S)
    if answer.values is None:
        return None
    chosen = answer.values[mine] > 0.5
    first = [problem.weekdays.index(day) for day in rep.weekdays]
    shares = []
    for week in range(count):
        held = [runs[number] for number in np.flatnonzero(chosen[:, week]).tolist()]
        if not placed:
            held = [(crew, first[n], tour) for n, (crew, _, tour) in enumerate(held)]
        shares.append((held, round(float(answer.values[trimmed[week]]))))
    return shares


def _keep_week(
    problem: Problem,
    tours: Sequence[DayTours],
    rep: CrewWeek,
    mip: Mip,
    runs: Sequence[Run],
    column: Ints,
    without: Collection[str],
) -> None:
    """The rules of one week: ``column`` says which of ``runs`` it takes, then what it trims."""
    bases = [problem.crew_weeks[crew].base for crew, *_ in runs]

    def total(name: str) -> Floats:
        held = [figure(tours[b], name)[run[2]] for b, run in zip(bases, runs, strict=True)]
        return np.append(np.array(held, dtype=float), -problem.day.grid_s)

    mip.row(column[:-1], 1.0, at_most=len(rep.weekdays))
    mip.row(column, total("slack_s"), at_least=0.0)
    if "weekly_work" not in without:
        mip.row(column, total("work_s"), at_most=_limit_s(problem, rep))
    if "weekly_opening" not in without:
        mip.row(column, total("open_s"), at_least=problem.week.min_opening_s)
