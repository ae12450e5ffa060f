"""Other timings of a day, for the sake of mairie hours.

``daytours`` times each day to open as long as can be, and lets the first of two sessions keep the
minutes both could have: another timing may have more half-days within mairie hours. Here those that
matter are added: for each weekday and number of half-days, one that opens longest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from tourplan.daytours import (
    Bools,
    DayShape,
    DayTours,
    Ints,
    Legs,
    hours_arrays,
    merge_days,
    opened_days,
)
from tourplan.optimise.runs import Run, Ways
from tourplan.problem import Problem
from tourplan.timeline import pause

AT_ONCE = 5_000
"""Days looked at together."""
MOST_WAYS = 200_000
"""First openings, and times of a whole-day session, tried one by one: a few seconds at most."""
_NO_LIMIT = 1 << 20


def with_timings(problem: Problem, base: int, tours: DayTours) -> tuple[DayTours, bool]:
    """``tours``, one timing each, with every other timing that matters; whether none is missing.

    A timing matters unless another opens as long, with as many half-days within mairie hours on
    each weekday: on a given day, one is as good as the other.
    """
    if problem.hours_rule == "ignores" and "heures_mairie" not in problem.looked_at:
        return tours, True
    found, complete, left = [tours], True, MOST_WAYS
    rows = np.flatnonzero((tours.most_in_hours > tours.in_hours).any(axis=1))
    slots = tours.site[rows] >= 0
    for used in np.unique(slots, axis=0):
        chosen = tuple(int(k) for k in np.flatnonzero(used))
        mine = rows[(slots == used).all(axis=1)]
        for first in range(0, len(mine), AT_ONCE):
            some = _Timings(problem, base, chosen, tours.rows(mine[first : first + AT_ONCE]), left)
            found += some.others()
            complete, left = complete and some.complete, some.left
    return _joined(found), complete


def _joined(parts: list[DayTours]) -> DayTours:
    """The rows of all, one after the other."""
    first, *others = parts
    for more in others:
        first = first.join(more)
    return first


@dataclass(frozen=True, eq=False)
class _Bounds:
    """What days must keep, in steps of the grid.

    Attributes:
        row: which day it is, shape (days,).
        opens: the earliest opening of each session, shape (days, n).
        closes: the latest closing, same shape.
        least: the shortest it can be, same shape.
        limits: as those of ``Ways``, shape (days, 3).
    """

    row: Ints
    opens: Ints
    closes: Ints
    least: Ints
    limits: Ints

    def rows(self, rows: Ints) -> _Bounds:
        """Some of the days."""
        return _Bounds(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


class _Timings:
    """Some days over the same slots, and what other timings of theirs can be.

    Attributes:
        complete: whether every timing that matters was found so far.
        left: how many ways may still be tried one by one.
    """

    def __init__(
        self, problem: Problem, base: int, chosen: tuple[int, ...], tours: DayTours, left: int
    ) -> None:
        self.problem, self.base, self.chosen, self.tours = problem, base, chosen, tours
        self.site = tours.site[:, list(chosen)]
        self.day = DayShape.of(problem, problem.rules(base), chosen)
        self.legs = Legs.of(problem, problem.bases[base].depot, self.site)
        self.grid_s = problem.day.grid_s
        self.origin = np.array([_up(slot.opening_s, self.grid_s) for slot in self.day.slots])
        self.end = np.array([slot.closing_s // self.grid_s for slot in self.day.slots])
        self.complete, self.left = True, left

    def others(self) -> list[DayTours]:
        """The other timings that matter, weekday by weekday."""
        tours, every, found = self.tours, np.arange(len(self.tours)), []
        known = self._known(tours)
        for column in range(len(self.problem.weekdays)):
            here = known[:, column]
            full = here[every, tours.most_in_hours[:, column]] >= tours.open_s
            for row, more in self._better(column, np.flatnonzero(~full), here.copy()):
                np.maximum.at(known, row, self._known(more))
                found.append(more)
        return found

    def _known(self, tours: DayTours) -> Ints:
        """How long days open with so many half-days at least, -1: not, (days, weekdays, counts)."""
        counts = np.arange(len(self.chosen) + 1)
        return np.where(tours.in_hours[:, :, None] >= counts, tours.open_s[:, None, None], -1)

    def _better(self, column: int, rows: Ints, known: Ints) -> Iterator[tuple[Ints, DayTours]]:
        """Which days open longer than ``known`` with as many half-days on a weekday, and how.

        ``known``: seconds by number of half-days, shape (days, counts).
        """
        every = list(self._ways(column, rows))
        best = np.full(known.shape, -1)
        which = np.zeros_like(best)
        for number, ways in enumerate(every):
            longest = ways.rows(np.arange(len(ways.row))).longest()
            better = longest > best[ways.row]
            best[ways.row] = np.where(better, longest, best[ways.row])
            which[ways.row] = np.where(better, number, which[ways.row])
        beyond = np.pad(best[:, 1:], ((0, 0), (0, 1)), constant_values=-1)
        open_s = best * self.grid_s - int(self.day.pause_s.sum())
        wanted = (best > beyond) & (open_s > known)
        for number, ways in enumerate(every):
            yield self._timed(ways, wanted & (which == number), best)

    def _timed(self, ways: Ways, wanted: Bools, best: Ints) -> tuple[Ints, DayTours]:
        """The timings ``wanted`` of days, by number of half-days, as long as ``best``."""
        number, count = np.nonzero(wanted[ways.row])
        row = ways.row[number]
        opens, closes, found = ways.rows(number).traced(count, best[row, count])
        self.complete &= bool(found.all())
        row, spans = row[found], (opens[found] * self.grid_s, closes[found] * self.grid_s)
        timed = opened_days(self.problem, self.base, self.chosen, self.site[row], spans)
        return row, merge_days(self.problem, self.base, [timed])

    def _ways(self, column: int, rows: Ints) -> Iterator[Ways]:
        """All that some days may be on a weekday."""
        if not rows.size:
            return
        covered, self.left = self._covered(column), self.left + len(rows)
        for whole in self._with_whole_day(self._bounds(rows)):
            for bounds in self._with_amplitude(whole):
                self.left -= len(bounds.row)
                if self.left < 0:
                    self.complete = False
                    return
                if len(bounds.row):
                    yield self._way(bounds, covered)

    def _covered(self, column: int) -> list[Ints]:
        """Seconds of mairie hours up to each step of each session's window, (sites, steps)."""
        starts, ends = (hours[:, column, None] for hours in hours_arrays(self.problem))
        covered = []
        for first, last in zip(self.origin, self.end, strict=True):
            times_s = np.arange(first, last + 1)[:, None] * self.grid_s
            covered.append((np.clip(times_s, starts, ends) - starts).sum(axis=2))
        return covered

    def _bounds(self, rows: Ints) -> _Bounds:
        """What the slots, the drives, the meal and the day's limits leave."""
        day, rules, legs, grid_s = self.day, self.day.rules, self.legs.rows(rows), self.grid_s
        shape = (len(rows), len(day.slots))
        opens, closes = (np.broadcast_to(some, shape).copy() for some in (self.origin, self.end))
        first_s, last_s = day.bounds(legs)
        opens[:, 0] = np.maximum(opens[:, 0], _up(first_s, grid_s))
        closes[:, -1] = np.minimum(closes[:, -1], last_s // grid_s)
        if day.meal is not None:
            eaten_s = rules.break_from_s + rules.break_s + rules.setup_s
            leaves_s = rules.break_until_s - rules.break_s - rules.packing_s
            before = (leaves_s - legs.minutes_s[:, day.meal]) // grid_s
            opens[:, day.meal] = np.maximum(opens[:, day.meal], _up(eaten_s, grid_s))
            closes[:, day.meal - 1] = np.minimum(closes[:, day.meal - 1], before)
        least = np.broadcast_to(_up(day.minimum_s, grid_s), shape)
        return _Bounds(rows, opens, closes, least, self._limits(legs))

    def _limits(self, legs: Legs) -> Ints:
        """The most steps that each stretch of work and the whole day can be open."""
        day, rules, last = self.day, self.day.rules, len(self.day.slots) - 1
        handling, limits = (
            rules.setup_s + rules.packing_s,
            np.full((len(legs.time_s), 3), _NO_LIMIT),
        )
        parts = [(*pair, rules.max_unbroken_s) for pair in day.stretches()]
        whole = (0, last, rules.max_work_s + int(day.pause_s.sum()))
        for column, (first, last, most_s) in (*enumerate(parts), (2, whole)):
            road_s = legs.time_s[:, first + (first > 0) : last + 2].sum(axis=1)
            limits[:, column] = (most_s - road_s - handling * (last - first + 1)) // self.grid_s
        return limits

    def _with_whole_day(self, bounds: _Bounds) -> Iterator[_Bounds]:
        """A whole-day session at each of the times it can have, if there is one."""
        k = self.day.inside
        if k is None:
            yield bounds
            return
        shortest = int(bounds.least[0, k])
        longest = int(self.day.maximum_s[k]) // self.grid_s
        for opens in range(self.origin[k], self.end[k] - shortest + 1):
            for closes in range(opens + shortest, min(self.end[k], opens + longest) + 1):
                yield self._around_meal(bounds, k, opens, closes)

    def _around_meal(self, bounds: _Bounds, k: int, opens: int, closes: int) -> _Bounds:
        """The days whose whole-day session ``k`` opens and closes at some steps, if that can be."""
        rules, grid_s, time_s = self.day.rules, self.grid_s, self.legs.time_s[bounds.row]
        opens_s, closes_s = opens * grid_s, closes * grid_s
        start_s, end_s = pause(self.problem, opens_s, closes_s)
        handling, after = rules.setup_s + rules.packing_s, len(self.day.slots) - k - 1
        before_s = time_s[:, : k + 1].sum(axis=1) + handling * k + rules.setup_s
        after_s = time_s[:, k + 1 :].sum(axis=1) + handling * after + rules.packing_s
        left = (rules.max_unbroken_s - before_s - (start_s - opens_s)) // grid_s
        right = (rules.max_unbroken_s - after_s - (closes_s - end_s)) // grid_s
        able = (bounds.opens[:, k] <= opens) & (closes <= bounds.closes[:, k]) & (right >= 0)
        rows = np.flatnonzero(able & (opens_s <= start_s) & (end_s <= closes_s))
        held = bounds.rows(rows)
        held.opens[:, k], held.closes[:, k], held.least[:, k] = opens, closes, closes - opens
        held.limits[:, 0], held.limits[:, 1] = left[rows] + closes - opens, right[rows]
        return held

    def _with_amplitude(self, bounds: _Bounds) -> Iterator[_Bounds]:
        """Days that are short enough from departure to return, whenever they open first."""
        rules, minutes_s = self.day.rules, self.legs.minutes_s[bounds.row]
        away_s = rules.setup_s + rules.packing_s + minutes_s[:, 0] + minutes_s[:, -1]
        most = (rules.max_amplitude_s - away_s) // self.grid_s
        first, last = bounds.opens[:, 0], bounds.closes[:, -1]
        latest = bounds.closes[:, 0] - bounds.least[:, 0]
        wide = last - first > most
        yield bounds.rows(np.flatnonzero(~wide))
        for opens in range(int(first.min(initial=0)), int(latest[wide].max(initial=-1)) + 1):
            rows = np.flatnonzero(wide & (first <= opens) & (opens <= latest))
            some = bounds.rows(rows)
            some.opens[:, 0] = opens
            some.closes[:, -1] = np.minimum(last, opens + most)[rows]
            yield some

    def _way(self, bounds: _Bounds, covered: list[Ints]) -> Ways:
        """Days as one run of sessions, or as two around the meal."""
        day, rules, row = self.day, self.day.rules, bounds.row
        lag_s = self.legs.minutes_s[row, :-1] + rules.packing_s + rules.setup_s
        if day.meal is not None:
            lag_s[:, day.meal] += rules.break_s
        run = Run(
            opens=bounds.opens,
            closes=bounds.closes,
            least=bounds.least,
            most=day.maximum_s // self.grid_s,
            lag=_up(lag_s, self.grid_s),
            origin=self.origin,
            within=self._within(covered, row),
        )
        split = day.meal if day.inside is None else day.inside + 1
        if split is None or split == len(day.slots):
            return Ways(row, run, None, row[:, None], bounds.limits)
        back = self._within([-some[:, ::-1] for some in covered], row)
        second = run.reversed(back).part(0, len(day.slots) - split)
        return Ways(row, run.part(0, split), second, run.before(split), bounds.limits)

    def _within(self, covered: list[Ints], row: Ints) -> tuple[Ints, ...]:
        """The latest opening within hours for each closing, from the window's first step."""
        found = []
        for k, seconds in enumerate(covered):
            most_s = seconds[:, :, None] - self.problem.hours_overlap_s
            latest = (seconds[:, None] <= most_s).sum(axis=2) - 1
            found.append(latest[self.site[row, k]])
        return tuple(found)


def _up(seconds: Ints | int, grid_s: int) -> Ints:
    """Steps of the grid, rounded up."""
    return -(-np.asarray(seconds) // grid_s)
