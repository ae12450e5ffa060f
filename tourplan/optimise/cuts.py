"""Openings cut to fit a week's work, and the half-days within mairie hours that cuts cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np

from tourplan.daytours import DayTours, Ints
from tourplan.problem import Problem
from tourplan.timeline import Opening

OpenDay = tuple[int, list[Opening]]
"""A weekday and the sessions it holds."""


def with_cuts(problem: Problem, tours: DayTours) -> DayTours:
    """``tours`` with a row for each cut that costs them half-days within mairie hours.

    A session within hours can be cut so far and stay so; cut further, it is lost. In each row
    ``slack_s`` can be cut while ``in_hours`` and ``allowed`` hold. Most tours can be cut to the
    minimum without any loss and keep their one row.
    """
    fragile = _fragile(problem, tours)
    if not fragile.size:
        return tours
    split = [(row, *cut) for row in fragile.tolist() for cut in _cuts(problem, tours, row)]
    firm = tours.rows(np.setdiff1d(np.arange(len(tours)), fragile))
    rows = tours.rows(np.array([row for row, *_ in split], dtype=np.int64))
    days = (len(split), len(problem.weekdays))
    lost = np.array([lost for *_, lost in split], dtype=np.int64).reshape(days)
    return firm.join(
        replace(
            rows,
            slack_s=np.array([slack for _, slack, _ in split], dtype=np.int64),
            in_hours=np.where(lost < 0, 0, rows.in_hours - lost),
            allowed=rows.allowed & (lost >= 0)[:, None, :],
        )
    )


def _fragile(problem: Problem, tours: DayTours) -> Ints:
    """The rows of tours that a week's work may cut, and that cuts may take out of mairie hours."""
    seen = problem.hours_rule == "imposes" or "heures_mairie" in problem.looked_at
    longest_s = len(problem.weekdays) * int(tours.work_s.max(initial=0))
    fragile = np.zeros(len(tours), dtype=bool)
    limit_s = min((agent.max_week_s for agent in problem.agents), default=longest_s)
    if seen and longest_s > limit_s:
        for k in range(len(problem.sessions)):
            facts = (tours.site[:, k], tours.opening_s[:, k], tours.closing_s[:, k])
            distinct, which = np.unique(np.column_stack(facts), axis=0, return_inverse=True)
            loses = [
                site >= 0 and _loses(problem, Opening(k, site, *times))
                for site, *times in distinct.tolist()
            ]
            fragile |= np.array(loses, dtype=bool)[which.reshape(-1)]
    return np.flatnonzero(fragile)


def _loses(problem: Problem, opening: Opening) -> bool:
    """Whether a session cut to its minimum leaves mairie hours on some day."""
    spare_s = _spare_s(problem, opening)
    return any(safe_cut_s(problem, opening, day) < spare_s for day in problem.weekdays)


def _cuts(problem: Problem, tours: DayTours, row: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Each slack of a tour, with the half-days lost on each working day (-1: not allowed)."""
    openings = tours.openings(row)
    most_lost = 0 if problem.hours_rule == "imposes" else len(openings)
    slacks: list[list[int]] = []
    for weekday, allowed in zip(problem.weekdays, tours.allowed[row].any(axis=0), strict=True):
        safe = [safe_cut_s(problem, o, weekday) for o in openings]
        gains = [_spare_s(problem, o) - s for o, s in zip(openings, safe, strict=True)]
        known = accumulate(sorted(gains, reverse=True)[:most_lost], initial=sum(safe))
        slacks.append(list(known) if allowed else [])
    found = {}
    for slack in sorted({slack for day in slacks for slack in day}):
        lost = tuple(next((n for n, s in enumerate(day) if s >= slack), -1) for day in slacks)
        found[lost] = slack
    for lost, slack in found.items():
        yield slack, lost


def trim(problem: Problem, week: Sequence[OpenDay], steps: int) -> list[OpenDay]:
    """The days of a week, their openings cut by ``steps`` of the grid.

    Cuts that lose no half-day within mairie hours come first, then those of the longest session.
    """
    sessions = [(d, n) for d, (_, openings) in enumerate(week) for n in range(len(openings))]
    safe = {(d, n): safe_cut_s(problem, week[d][1][n], week[d][0]) for d, n in sessions}
    spare = {(d, n): _spare_s(problem, week[d][1][n]) for d, n in sessions}
    cut = dict.fromkeys(sessions, 0)
    for _ in range(steps):
        able = [key for key in sessions if cut[key] < spare[key]]
        if not able:
            break
        chosen = max(
            able, key=lambda key: (cut[key] != safe[key], spare[key] - cut[key], -key[0], -key[1])
        )
        cut[chosen] += problem.day.grid_s
    return [
        (weekday, [shortened(problem, o, weekday, cut[d, n]) for n, o in enumerate(openings)])
        for d, (weekday, openings) in enumerate(week)
    ]


def safe_cut_s(problem: Problem, opening: Opening, weekday: int) -> int:
    """The most a session can be cut, to its minimum at worst, before it leaves mairie hours."""
    spare_s = _spare_s(problem, opening)
    if not _counts(problem, opening, weekday):
        return spare_s
    cuts = range(spare_s, 0, -problem.day.grid_s)
    shorter = ((cut_s, shortened(problem, opening, weekday, cut_s)) for cut_s in cuts)
    return next((cut_s for cut_s, o in shorter if _counts(problem, o, weekday)), 0)


def shortened(problem: Problem, opening: Opening, weekday: int, cut_s: int) -> Opening:
    """The session ``cut_s`` shorter: within mairie hours if that can be, its end cut first."""
    ways = [
        replace(
            opening,
            opening_s=opening.opening_s + late_s,
            closing_s=opening.closing_s - cut_s + late_s,
        )
        for late_s in range(0, cut_s + 1, problem.day.grid_s)
        if not late_s or _meal_fits(problem, opening, late_s)
    ]
    return next((way for way in ways if _counts(problem, way, weekday)), ways[0])


def _meal_fits(problem: Problem, opening: Opening, late_s: int) -> bool:
    """Whether a whole-day session can open so much later and still close over the meal."""
    whole, day = problem.sessions[opening.session].whole_day, problem.day
    return not whole or opening.opening_s + late_s <= day.break_until_s - day.break_s


def _counts(problem: Problem, opening: Opening, weekday: int) -> bool:
    """Whether a session falls enough within the hours its mairie publishes."""
    site = problem.sites[opening.site]
    return problem.hour_counts(site, weekday, opening.opening_s, opening.closing_s)


def _spare_s(problem: Problem, opening: Opening) -> int:
    """How much a session is over its minimum, on the grid; a whole-day one keeps its pause."""
    slot, day = problem.sessions[opening.session], problem.day
    shortest_s = opening.opening_s + slot.minimum_s
    if slot.whole_day:
        shortest_s = max(shortest_s + day.break_s, day.break_from_s + day.break_s)
    return max(0, opening.closing_s - shortest_s) // day.grid_s * day.grid_s
