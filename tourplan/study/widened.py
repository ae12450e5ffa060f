"""The same problem with a little more means: a half-day, a week, an agency, minutes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tourplan.problem import MONTH_WEEKS, Base, CrewWeek, Problem

_WORKING = range(6)
"""Weekdays that a tour may be lengthened to: never Sunday."""


def free_weekday(problem: Problem) -> int | None:
    """The first weekday, Sunday aside, on which no crew goes out."""
    used = {day for crew in problem.crew_weeks for day in crew.weekdays}
    return next((day for day in _WORKING if day not in used), None)


def with_half_day(problem: Problem, session: int) -> Problem | None:
    """One session of one more weekday, every week; ``None`` when every weekday is used.

    Communes that are refused at every time stay so.
    """
    day = free_weekday(problem)
    if day is None:
        return None
    weekdays = tuple(sorted({*problem.weekdays, day}))
    column = weekdays.index(day)
    slots = problem.open_slots
    if day in problem.weekdays:
        known = slots[:, :, :, column].copy()
    else:
        ever = np.asarray(slots.any(axis=(3, 4)))
        known = np.repeat(ever[..., None], slots.shape[4], axis=3)
        slots = np.insert(slots, column, False, axis=3)
    other = np.arange(slots.shape[4]) != session
    known[..., other] = False
    slots = slots.copy()
    slots[:, :, :, column] = known
    months = [month for weeks in problem.month_weeks for month in weeks]
    return replace(
        _present(problem, [(month, day) for month in months]),
        weekdays=weekdays,
        open_slots=slots,
        crew_weeks=tuple(
            replace(crew, weekdays=tuple(sorted({*crew.weekdays, day})))
            for crew in problem.crew_weeks
        ),
    )


def with_week(problem: Problem) -> Problem | None:
    """One more week of the month, with a tour of its own; ``None`` when all are used.

    The crews are those of the first week of the cycle.
    """
    used = {month for weeks in problem.month_weeks for month in weeks}
    month = next((m for m in range(1, MONTH_WEEKS + 1) if m not in used), None)
    if month is None or not problem.crew_weeks:
        return None
    week = problem.weeks
    alike: dict[CrewWeek, None] = {}
    for crew in problem.crew_weeks:
        if crew.week == 0:
            alike[replace(crew, week=week, teams=crew.teams[:1])] = None
    days = {day for crew in alike for day in crew.weekdays}
    slots = problem.open_slots
    return replace(
        _present(problem, [(month, day) for day in sorted(days)]),
        month_weeks=(*problem.month_weeks, (month,)),
        open_slots=np.concatenate([slots, slots.any(axis=2, keepdims=True)], axis=2),
        crew_weeks=(*problem.crew_weeks, *alike),
    )


def with_agency(problem: Problem, place: int) -> Problem:
    """Every crew may leave from one more place; its vehicle still keeps one depot a week."""
    bases: list[Base] = list(problem.bases)
    crews = list(problem.crew_weeks)
    for crew in problem.crew_weeks:
        base = replace(problem.bases[crew.base], depot=place)
        if base not in bases:
            bases.append(base)
        other = replace(crew, base=bases.index(base))
        if other not in crews:
            crews.append(other)
    return replace(
        problem,
        bases=tuple(bases),
        crew_weeks=tuple(crews),
        agents=tuple(
            replace(a, agencies=tuple(dict.fromkeys((*a.agencies, place)))) if a.agencies else a
            for a in problem.agents
        ),
        vehicles=tuple(
            replace(v, depots=tuple(dict.fromkeys((*v.depots, place)))) if v.depots else v
            for v in problem.vehicles
        ),
    )


def moved(problem: Problem, depot: int, place: int) -> Problem:
    """Every crew that leaves from a depot leaves from another place instead."""

    def elsewhere(places: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(place if one == depot else one for one in places))

    bases = [replace(b, depot=place) if b.depot == depot else b for b in problem.bases]
    return replace(
        problem,
        bases=tuple(bases),
        agents=tuple(replace(a, agencies=elsewhere(a.agencies)) for a in problem.agents),
        vehicles=tuple(replace(v, depots=elsewhere(v.depots)) for v in problem.vehicles),
    )


def with_longer_day(problem: Problem, *, before_s: int = 0, after_s: int = 0) -> Problem:
    """Departures so much earlier and returns so much later, agents' own limits too."""

    def earlier(limit: int | None) -> int | None:
        return None if limit is None else limit - before_s

    def later(limit: int | None) -> int | None:
        return None if limit is None else limit + after_s

    day = replace(
        problem.day,
        earliest_departure_s=problem.day.earliest_departure_s - before_s,
        latest_return_s=problem.day.latest_return_s + after_s,
    )
    return replace(
        problem,
        day=day,
        bases=tuple(
            replace(
                base,
                earliest_departure_s=earlier(base.earliest_departure_s),
                latest_return_s=later(base.latest_return_s),
            )
            for base in problem.bases
        ),
        agents=tuple(
            replace(
                agent,
                earliest_departure_s=earlier(agent.earliest_departure_s),
                latest_return_s=later(agent.latest_return_s),
            )
            for agent in problem.agents
        ),
    )


def with_more_work(problem: Problem, seconds: int) -> Problem:
    """Every agent may work so much more in a week."""
    agents = tuple(replace(a, max_week_s=a.max_week_s + seconds) for a in problem.agents)
    return replace(problem, agents=agents)


def other_agencies(problem: Problem, near: NDArray[np.int64]) -> list[int]:
    """Places of fixed counters that no crew leaves from, those nearest to the places first.

    A place from which one of ``near`` cannot be reached comes after those that reach more.
    """
    depots = {base.depot for base in problem.bases}
    places = [place for place in dict.fromkeys(problem.fixed_place.tolist()) if place not in depots]

    def order(place: int) -> tuple[int, int]:
        there = problem.reachable[place, near]
        return int((~there).sum()), int(problem.time_s[place, near][there].sum())

    return sorted(places, key=order)


def _present(problem: Problem, days: Iterable[tuple[int, int]]) -> Problem:
    """The problem where agents and vehicles are there on more (week of the month, weekday)."""
    more = frozenset(days)
    return replace(
        problem,
        agents=tuple(replace(agent, days=agent.days | more) for agent in problem.agents),
        vehicles=tuple(replace(car, days=car.days | more) for car in problem.vehicles),
    )
