"""Openings cut to fit a week's work, and the half-days within mairie hours that cuts cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import accumulate

import numpy as np

from tourplan.daytours import DayTours, Ints
from tourplan.problem import Problem
from tourplan.timeline import Opening

_NEVER = 1 << 20
"""More seconds than a session has over its minimum."""

OpenDay = tuple[int, list[Opening]]
"""A weekday and the sessions it holds."""
_SafeCut = Callable[[Opening, int], int]
"""``safe_cut_s`` of a problem, each answer kept."""


def with_cuts(problem: Problem, tours: DayTours) -> tuple[DayTours, bool]:
    """``tours`` with a row for each cut that costs them half-days; whether none is missing.

    A session within hours can be cut so far and stay so; cut further, it is lost. In each row
    ``slack_s`` can be cut while ``in_hours`` and ``allowed`` hold. Most tours can be cut to the
    minimum without any loss and keep their one row. ``tours`` are all timings that matter uncut.
    """
    safe_s = cache(partial(safe_cut_s, problem))
    fragile = _fragile(problem, tours, safe_s)
    if not fragile.size:
        return tours, True
    split = [(row, *cut) for row in fragile.tolist() for cut in _cuts(problem, tours, row, safe_s)]
    firm = tours.rows(np.setdiff1d(np.arange(len(tours)), fragile))
    rows = tours.rows(np.array([row for row, *_ in split], dtype=np.int64))
    days = (len(split), len(problem.weekdays))
    lost = np.array([lost for *_, lost in split], dtype=np.int64).reshape(days)
    cut = replace(
        rows,
        slack_s=np.array([slack for _, slack, _ in split], dtype=np.int64),
        in_hours=np.where(lost < 0, 0, rows.in_hours - lost),
        allowed=rows.allowed & (lost >= 0)[:, None, :],
    )
    return firm.join(cut), _cut_as_far(problem, tours.rows(fragile), safe_s)


def _fragile(problem: Problem, tours: DayTours, safe_s: _SafeCut) -> Ints:
    """The rows of tours that cuts may take out of mairie hours.

    Nothing is cut but for a week's work, or to make agents' work fair.
    """
    seen = problem.hours_rule == "imposes" or "heures_mairie" in problem.looked_at
    longest_s = len(problem.weekdays) * int(tours.work_s.max(initial=0))
    fragile = np.zeros(len(tours), dtype=bool)
    limit_s = min((agent.max_week_s for agent in problem.agents), default=longest_s)
    if seen and (longest_s > limit_s or "equite_agents" in problem.looked_at):
        for k in range(len(problem.sessions)):
            held, which = _sessions(tours, k)
            loses = [o.site >= 0 and _loses(problem, o, safe_s) for o in held]
            fragile |= np.array(loses, dtype=bool)[which]
    return np.flatnonzero(fragile)


def _sessions(tours: DayTours, k: int) -> tuple[list[Opening], Ints]:
    """The different sessions of a slot, and which each tour holds (site -1: none)."""
    facts = (tours.site[:, k], tours.opening_s[:, k], tours.closing_s[:, k])
    distinct, which = np.unique(np.column_stack(facts), axis=0, return_inverse=True)
    return [Opening(k, *figures) for figures in distinct.tolist()], which.reshape(-1)


def _loses(problem: Problem, opening: Opening, safe_s: _SafeCut) -> bool:
    """Whether a session cut to its minimum leaves mairie hours on some day."""
    spare_s = _spare_s(problem, opening)
    return any(safe_s(opening, day) < spare_s for day in problem.weekdays)


def _cuts(
    problem: Problem, tours: DayTours, row: int, safe_s: _SafeCut
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Each slack of a tour, with the half-days lost on each working day (-1: not allowed)."""
    openings = tours.openings(row)
    most_lost = 0 if problem.hours_rule == "imposes" else len(openings)
    slacks: list[list[int]] = []
    for weekday, allowed in zip(problem.weekdays, tours.allowed[row].any(axis=0), strict=True):
        safe = [safe_s(o, weekday) for o in openings]
        gains = [_spare_s(problem, o) - s for o, s in zip(openings, safe, strict=True)]
        known = accumulate(sorted(gains, reverse=True)[:most_lost], initial=sum(safe))
        slacks.append(list(known) if allowed else [])
    found = {}
    for slack in sorted({slack for day in slacks for slack in day}):
        lost = tuple(next((n for n, s in enumerate(day) if s >= slack), -1) for day in slacks)
        found[lost] = slack
    for lost, slack in found.items():
        yield slack, lost


def _cut_as_far(problem: Problem, tours: DayTours, safe_s: _SafeCut) -> bool:
    """Whether no other timing could be cut further than ``tours`` with as many half-days.

    A session may be within hours for less elsewhere in its slot, or another session of the day.
    """
    shape = (len(tours), len(problem.sessions), len(problem.weekdays))
    own, least = np.full(shape, _NEVER), np.full(shape, _NEVER)
    for k in range(len(problem.sessions)):
        here = np.flatnonzero(tours.site[:, k] >= 0)
        held, which = _sessions(tours.rows(here), k)
        own[here, k] = _needed(problem, held, safe_s)[which]
        longest = [_whole_slot(problem, o) for o in held]
        least[here, k] = _needed(problem, longest, safe_s)[which]
    own, least = (np.cumsum(np.sort(some, axis=1), axis=1) for some in (own, least))
    return bool(((own <= least) | (own >= _NEVER)).all())


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


def _needed(problem: Problem, held: Sequence[Opening], safe_s: _SafeCut) -> Ints:
    """How long over its minimum each session must be to be within hours, (sessions, weekdays)."""
    needed = [
        _spare_s(problem, o) - safe_s(o, day) if _counts(problem, o, day) else _NEVER
        for o in held
        for day in problem.weekdays
    ]
    return np.array(needed, dtype=np.int64).reshape(len(held), len(problem.weekdays))


def _whole_slot(problem: Problem, opening: Opening) -> Opening:
    """The session from the first step of its slot to the last."""
    slot, grid_s = problem.sessions[opening.session], problem.day.grid_s
    first_s, last_s = -(-slot.opening_s // grid_s) * grid_s, slot.closing_s // grid_s * grid_s
    return replace(opening, opening_s=first_s, closing_s=last_s)


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
