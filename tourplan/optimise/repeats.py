"""Weeks that can only repeat one another, decided once.

Where every commune of some weeks must be visited in each of them, always in the same slot, and no
other commune may be, these weeks hold the same sessions at the same times. Nothing is lost if they
are the same altogether: whichever of them is best can take the place of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tourplan.problem import CrewWeek, Demand, Problem
from tourplan.spacing import MONTH_DAYS


@dataclass(frozen=True)
class Merged:
    """A problem without the weeks that repeat others, and what each of its crew-weeks stands for.

    ``copies``: for each crew-week of ``problem``, those of the original it decides.
    """

    problem: Problem
    copies: tuple[tuple[int, ...], ...]


def alone(problem: Problem) -> Merged:
    """The problem as it is, every week for itself."""
    return Merged(problem, tuple((number,) for number in range(len(problem.crew_weeks))))


def merged(problem: Problem) -> Merged:
    """The problem with repeated weeks decided once; itself where there are none."""
    repeated = [weeks for weeks in _alike_weeks(problem) if _repeat(problem, weeks)]
    first = {week: weeks[0] for weeks in repeated for week in weeks}
    demands = list(problem.demands)
    for weeks in repeated:
        for number in _servable(problem, weeks[0]):
            demands[number] = replace(
                demands[number],
                required=1,
                allowed=1,
                counts=len(weeks),
                gap_days=1,
                gap_most_days=None,
                same_slot=False,
            )
    kept, copies = [], []
    for crew in problem.crew_weeks:
        if first.get(crew.week, crew.week) != crew.week:
            continue
        weeks = next((w for w in repeated if crew.week in w), (crew.week,))
        mine = tuple(
            number
            for week in weeks
            for number, other in enumerate(problem.crew_weeks)
            if other.week == week and _who(other) == _who(crew)
        )
        kept.append(replace(crew, repeats=len(weeks)))
        copies.append(mine)
    whole = replace(problem, demands=tuple(demands), crew_weeks=tuple(kept))
    return Merged(whole, tuple(copies))


def _who(crew: CrewWeek) -> CrewWeek:
    """A crew-week but for its week."""
    return replace(crew, week=0)


def _servable(problem: Problem, week: int) -> tuple[int, ...]:
    """The communes that some crew may visit in a week."""
    masks = {problem.bases[c.base].vehicle for c in problem.crew_weeks if c.week == week}
    found = set()
    for mask in masks:
        sites = np.flatnonzero(problem.open_slots[mask, :, week].any(axis=(1, 2)))
        found |= {problem.sites[site].demand for site in sites}
    return tuple(sorted(n for n in found if problem.demands[n].allowed))


def _alike_weeks(problem: Problem) -> list[tuple[int, ...]]:
    """Weeks with the same crews, communes and slots, two at least."""
    groups: dict[object, list[int]] = {}
    for week in range(problem.weeks):
        crews = [_who(crew) for crew in problem.crew_weeks if crew.week == week]
        slots = problem.open_slots[:, :, week].tobytes()
        groups.setdefault((tuple(map(repr, crews)), slots), []).append(week)
    return [tuple(weeks) for weeks in groups.values() if len(weeks) > 1]


def _repeat(problem: Problem, weeks: Sequence[int]) -> bool:
    """Whether some weeks can only hold the same sessions."""
    if any(goal.sessions > 1 for goal in problem.goals):
        return False
    numbers = _servable(problem, weeks[0])
    demands = [problem.demands[number] for number in numbers]
    if any(len(problem.sites_of(number)) > 1 for number in numbers):
        return False  # one room a week may reach more people than the same room twice
    others = [week for week in range(problem.weeks) if week not in weeks]
    elsewhere = {number for week in others for number in _servable(problem, week)}
    return (
        bool(demands)
        and not elsewhere & set(_servable(problem, weeks[0]))
        and all(_once_a_week(problem, demand, weeks) for demand in demands)
    )


def _once_a_week(problem: Problem, demand: Demand, weeks: Sequence[int]) -> bool:
    """Whether a commune must be visited in each of some weeks, always in the same slot."""
    days = sorted(7 * month for week in weeks for month in problem.month_weeks[week])
    gaps = np.diff([*days, days[0] + MONTH_DAYS])
    most = MONTH_DAYS if demand.gap_most_days is None else demand.gap_most_days
    return (
        demand.required == demand.allowed == len(weeks)
        and demand.same_slot
        and not demand.pins
        and bool(demand.gap_days <= gaps.min() and gaps.max() <= most)
    )
