"""Orders of sites that a day may follow, grown stop by stop; those that cannot end are dropped.

A day that cannot hold each session for its minimum does not exist, whatever its openings. So an
order is given up as soon as its earliest times, its work or its metres leave no way home: few of
the ordered choices of sites are ever looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tourplan.problem import DayRules, SessionSlot

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CELLS = 2_000_000
"""Pairs of an order and its next site looked at together."""
_NEVER = -(2**40)
"""A latest time that no time comes before."""
_FAR = 2**40
"""More than any day drives."""


@dataclass(frozen=True, eq=False)
class Course:
    """The sessions of a day, each at its minimum, and the drives between their sites.

    Attributes:
        rules: what the day keeps.
        slots: its sessions, in order.
        minimum_s: the least from opening to closing of each, shape (n,).
        pause_s: how much of that is a pause, shape (n,).
        meal: before which session the meal is taken, if before one.
        range_m: metres at most, ``None`` without limit.
        demand: the commune of each site, shape (sites,).
        time_s: drives, place 0 being the depot and ``s + 1`` site ``s``, shape (places, places).
        distance_m: metres, same shape.
        reachable: whether there is a way, same shape.
    """

    rules: DayRules
    slots: tuple[SessionSlot, ...]
    minimum_s: Ints
    pause_s: Ints
    meal: int | None
    range_m: int | None
    demand: Ints
    time_s: Ints
    distance_m: Ints
    reachable: Bools

    @property
    def minutes_s(self) -> Ints:
        """Drives on the timetable: whole minutes."""
        return -(-self.time_s // 60) * 60

    @property
    def road_s(self) -> int:
        """The most a day may drive, its sessions at their minimum."""
        rules, count = self.rules, len(self.slots)
        held = int((self.minimum_s - self.pause_s).sum())
        return rules.max_work_s - held - (rules.setup_s + rules.packing_s) * count


@dataclass(frozen=True, eq=False)
class _Ends:
    """What is left for after each session at each site, shape (n, sites) each.

    ``closing_s``: the latest closing from which a day can end; ``road_s`` and ``road_m``: the
    least drives to come. The end may visit a site again: a bound.
    """

    closing_s: Ints
    road_s: Ints
    road_m: Ints

    @classmethod
    def of(cls, course: Course) -> _Ends:
        rules, count = course.rules, len(course.slots)
        shape = (count, len(course.demand))
        closing, road = np.empty(shape, dtype=np.int64), np.empty((2, *shape), dtype=np.int64)
        drives = np.stack([course.time_s, course.distance_m])
        drives = np.where(course.reachable, drives, _FAR)
        minutes = np.where(course.reachable, course.minutes_s, _FAR)
        bound = rules.latest_return_s - minutes[1:, 0] - rules.packing_s
        road[:, -1] = drives[:, 1:, 0]
        for k in range(count - 1, -1, -1):
            last = np.minimum(course.slots[k].closing_s, bound) // rules.grid_s * rules.grid_s
            closing[k] = last
            if not k:
                break
            arrive = last - course.minimum_s[k] - rules.setup_s
            if k == course.meal:
                arrive = np.minimum(arrive, rules.break_until_s) - rules.break_s
            before = arrive - minutes[1:, 1:] - rules.packing_s
            bound = before.max(axis=1, initial=_NEVER)
            road[:, k - 1] = (drives[:, 1:, 1:] + road[:, None, k]).min(axis=2, initial=_FAR)
        return cls(closing, *road)


@dataclass(frozen=True, eq=False)
class _Begun:
    """Days begun, one a row: their sites (rows, stops), where they are, what they used so far."""

    site: Ints
    place: Ints
    closed_s: Ints
    road_s: Ints
    road_m: Ints

    def blocks(self, sites: int) -> Iterator[_Begun]:
        """The rows, few enough at a time."""
        step = max(1, CELLS // max(sites, 1))
        for first in range(0, max(len(self.place), 1), step):
            yield self.rows(slice(first, first + step))

    def rows(self, rows: slice | Ints) -> _Begun:
        """Some of the rows."""
        return _Begun(
            self.site[rows],
            self.place[rows],
            self.closed_s[rows],
            self.road_s[rows],
            self.road_m[rows],
        )


def orders(course: Course, most: int) -> Ints | None:
    """The orders of sites of different communes that a day may follow, shape (orders, n).

    Some may still not exist, for rules not looked at here. ``None``: more than ``most``.
    """
    ends, none = _Ends.of(course), np.zeros(1, dtype=np.int64)
    leaves = none + course.rules.earliest_departure_s
    found = [_Begun(np.empty((1, 0), dtype=np.int64), none, leaves, none, none)]
    for k in range(len(course.slots)):
        longer = []
        for begun in found:
            for block in begun.blocks(len(course.demand)):
                longer.append(_extended(course, ends, block, k))
                if sum(len(part.place) for part in longer) > most:
                    return None
        found = longer
    return np.concatenate([begun.site for begun in found])


def _extended(course: Course, ends: _Ends, begun: _Begun, k: int) -> _Begun:
    """Every day begun with one more stop, in session ``k``."""
    closed = _closings(course, begun, k)
    drives = begun.road_s[:, None] + course.time_s[begun.place, 1:]
    metres = begun.road_m[:, None] + course.distance_m[begun.place, 1:]
    able = course.reachable[begun.place, 1:] & (closed <= ends.closing_s[k])
    able &= drives + ends.road_s[k] <= course.road_s
    if course.range_m is not None:
        able &= metres + ends.road_m[k] <= course.range_m
    for stop in begun.site.T:
        able &= course.demand[stop][:, None] != course.demand
    row, site = np.nonzero(able)
    return _Begun(
        np.column_stack([begun.site[row], site]),
        site + 1,
        closed[row, site],
        drives[row, site],
        metres[row, site],
    )


def _closings(course: Course, begun: _Begun, k: int) -> Ints:
    """The earliest closing of session ``k`` at each site, after each day begun."""
    rules = course.rules
    arrive = begun.closed_s[:, None] + course.minutes_s[begun.place, 1:]
    if k:
        arrive = arrive + rules.packing_s
    if k == course.meal:
        arrive = np.maximum(arrive, rules.break_from_s) + rules.break_s
    ready = np.maximum(arrive + rules.setup_s, course.slots[k].opening_s)
    opening = -(-ready // rules.grid_s) * rules.grid_s
    closing: Ints = opening + course.minimum_s[k]
    return closing
