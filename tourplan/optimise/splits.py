"""Days whose sessions vie for the same minutes: other splits, for the sake of mairie hours.

``daytours`` lets the first of two sessions keep the minutes both could have: the sum is the same,
but the half-days within mairie hours may not be. Here the other splits that gain some are added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import prod

import numpy as np

from tourplan.daytours import Bools, DayTours, Ints, merge_days, time_days
from tourplan.problem import Problem, SessionSlot
from tourplan.timeline import meal_gap

MAX_SPLITS = 400
"""Splits tried for one choice of slots; beyond, what could gain is left open (``open_gains``)."""


def with_splits(problem: Problem, base: int, tours: DayTours) -> DayTours:
    """``tours`` with a row for each split that has more half-days within mairie hours some day."""
    if problem.hours_rule == "ignores" and "heures_mairie" not in problem.looked_at:
        return tours
    found = [tours]
    rows = np.flatnonzero((tours.most_in_hours > tours.in_hours).any(axis=1))
    slots = tours.site[rows] >= 0
    for used in np.unique(slots, axis=0):
        mine = rows[(slots == used).all(axis=1)]
        chosen = tuple(int(k) for k in np.flatnonzero(used))
        for split in _splits(problem, chosen):
            found.append(_gaining(problem, base, split, chosen, tours.rows(mine)))
    every = found[0]
    for more in found[1:]:
        every = every.join(more)
    return _undominated(every)


def open_gains(tours: DayTours) -> bool:
    """Whether some day might have more half-days within hours under a timing not listed."""
    _, which = np.unique(tours.site, axis=0, return_inverse=True)
    which = which.reshape(-1)
    best = np.zeros((int(which.max(initial=-1)) + 1, tours.in_hours.shape[1]), dtype=np.int64)
    np.maximum.at(best, which, tours.in_hours)
    return bool((tours.most_in_hours > best[which]).any())


def _splits(problem: Problem, chosen: tuple[int, ...]) -> Iterator[Problem]:
    """The problem with narrower windows, in every combination that leaves each its minimum.

    The first and the last session may open later, those before the last close earlier.
    """
    meal = meal_gap(problem, chosen)
    ends = {chosen[0], chosen[-1]}
    choices = [_windows(problem, k, late=k in ends, early=k != chosen[-1]) for k in chosen]
    if prod(len(windows) for windows in choices) > MAX_SPLITS:
        return
    for windows in product(*choices):
        sessions = list(problem.sessions)
        for k, window in zip(chosen, windows, strict=True):
            sessions[k] = window
        split = replace(problem, sessions=tuple(sessions))
        if split.sessions != problem.sessions and meal_gap(split, chosen) == meal:
            yield split


def _windows(problem: Problem, k: int, *, late: bool, early: bool) -> list[SessionSlot]:
    """The session ``k`` with a window opened later, closed earlier, or both."""
    slot, grid = problem.sessions[k], problem.day.grid_s
    spare_s = slot.closing_s - slot.opening_s - slot.minimum_s
    steps = range(0, spare_s + 1, grid)
    return [
        replace(slot, opening_s=slot.opening_s + delay, closing_s=slot.closing_s - cut)
        for delay in (steps if late else (0,))
        for cut in (steps if early else (0,))
        if delay + cut <= spare_s
    ]


def _gaining(
    problem: Problem, base: int, split: Problem, chosen: tuple[int, ...], tours: DayTours
) -> DayTours:
    """The days of ``tours`` timed under ``split`` that open as long and gain half-days."""
    timed = time_days(split, base, chosen, tours.site[:, list(chosen)])
    keep: Ints = np.flatnonzero(timed.feasible)
    other = merge_days(problem, base, [timed.feasible_only()])
    gains: Bools = np.asarray((other.in_hours > tours.in_hours[keep]).any(axis=1))
    return other.rows(np.flatnonzero(gains & (other.open_s == tours.open_s[keep])))


def _undominated(tours: DayTours) -> DayTours:
    """One row for each (sites, half-days within hours): the first, they open alike."""
    key = np.hstack([tours.site, tours.in_hours, tours.open_s[:, None]])
    _, first = np.unique(key, axis=0, return_index=True)
    return tours.rows(np.sort(first))
