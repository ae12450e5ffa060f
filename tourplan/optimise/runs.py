"""Sessions one after the other on the grid: how long they can be open, how many are within hours.

Sessions are taken in order, over the steps at which each may close. Of all ways to hold those
before, what matters is how many are within mairie hours and how long they have been open in all,
which is taken to be anything between a least and a most. That may say more than is true (hours in
two parts can leave a hole in between), never less; a timing is then traced back step by step, or
said not to be found. Sessions after the meal are taken the other way round, from the last one, so
that each stretch of work has a total of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import NamedTuple

import numpy as np

from tourplan.daytours import Bools, Ints

_FAR = 1 << 20
"""A number of steps that no day has."""


class Totals(NamedTuple):
    """The least and the most steps that sessions can have been open, shape (days, steps, counts).

    By how many of them are within hours (at least), and by when the next opens or the last closes;
    the least is above the most where that cannot be.
    """

    least: Ints
    most: Ints

    def rows(self, rows: Ints) -> Totals:
        """Some of the days."""
        return Totals(self.least[rows], self.most[rows])

    def where(self, able: Bools) -> Totals:
        """Only where it can be, shape (days, steps)."""
        able = able[:, :, None]
        return Totals(np.where(able, self.least, _FAR), np.where(able, self.most, -_FAR))

    def so_far(self) -> Totals:
        """What can be up to each step."""
        least = np.minimum.accumulate(self.least, axis=1)
        return Totals(least, np.maximum.accumulate(self.most, axis=1))

    def at(self, index: Ints) -> Totals:
        """What can be at each step of ``index`` (below 0: nothing), shape (days, steps)."""
        days = np.arange(len(index))[:, None]
        return Totals(self.least[days, index], self.most[days, index]).where(index >= 0)

    def later(self, steps: Ints) -> Totals:
        """So many steps longer, shape (steps,)."""
        steps = steps[:, None]
        return Totals(self.least + steps, self.most + steps)

    def joined(self, other: Totals) -> Totals:
        """Both ways."""
        return Totals(np.minimum(self.least, other.least), np.maximum(self.most, other.most))

    def capped(self, limit: Ints) -> Totals:
        """No more than ``limit`` steps, shape (days,)."""
        most = np.minimum(self.most, limit[:, None, None])
        able = self.least <= most
        return Totals(np.where(able, self.least, _FAR), np.where(able, most, -_FAR))


@dataclass(frozen=True, eq=False)
class Run:
    """Sessions held one after the other, in steps of the grid, shape (days, n) but where said.

    Attributes:
        opens: the earliest opening.
        closes: the latest closing.
        least: the shortest.
        most: the longest, shape (n,).
        lag: from the closing before to the opening.
        origin: first step of the window, shape (n,).
        within: the latest opening, from ``origin``, that is within hours when the session closes at
            each step of its window, -1 for none; an array (days, steps) a session.
    """

    opens: Ints
    closes: Ints
    least: Ints
    most: Ints
    lag: Ints
    origin: Ints
    within: tuple[Ints, ...]

    def rows(self, rows: Ints) -> Run:
        """Some of the days."""
        return replace(
            self,
            opens=self.opens[rows],
            closes=self.closes[rows],
            least=self.least[rows],
            lag=self.lag[rows],
            within=tuple(latest[rows] for latest in self.within),
        )

    def part(self, first: int, end: int) -> Run:
        """The sessions from ``first`` on, before ``end``."""
        return Run(
            opens=self.opens[:, first:end],
            closes=self.closes[:, first:end],
            least=self.least[:, first:end],
            most=self.most[first:end],
            lag=self.lag[:, first:end],
            origin=self.origin[first:end],
            within=self.within[first:end],
        )

    def reversed(self, within: tuple[Ints, ...]) -> Run:
        """The sessions from the last back, at the opposite of their times; ``within``: of those."""
        size = np.array([latest.shape[1] for latest in self.within])
        return Run(
            opens=-self.closes[:, ::-1],
            closes=-self.opens[:, ::-1],
            least=self.least[:, ::-1],
            most=self.most[::-1],
            lag=np.roll(self.lag[:, ::-1], 1, axis=1),
            origin=-(self.origin + size - 1)[::-1],
            within=within[::-1],
        )

    def steps(self, k: int) -> Ints:
        """The steps of a session's window, from its origin."""
        return np.arange(self.within[k].shape[1])

    def before(self, k: int) -> Ints:
        """The last step at which the session before may close, for each opening; -1 for none."""
        last = self.steps(k) + self.origin[k] - self.origin[k - 1] - self.lag[:, k, None]
        return np.asarray(np.clip(last, -1, self.within[k - 1].shape[1] - 1))

    @cached_property
    def ready(self) -> list[Totals]:
        """What those before each session can have been open, by when it opens."""
        return self._both[0]

    @cached_property
    def closed(self) -> list[Totals]:
        """What sessions up to each can have been open, by when it closes."""
        return self._both[1]

    @cached_property
    def _both(self) -> tuple[list[Totals], list[Totals]]:
        nothing = np.zeros((len(self.opens), len(self.steps(0)), 1), dtype=np.int64)
        ready, closed = [self._opening(0, Totals(nothing, nothing))], list[Totals]()
        for k in range(len(self.origin)):
            if k:
                ready.append(self._opening(k, closed[-1].so_far().at(self.before(k))))
            closed.append(self._closing(k, ready[-1]))
        return ready, closed

    def _opening(self, k: int, totals: Totals) -> Totals:
        """Only from the earliest opening of a session on."""
        return totals.where(self.steps(k) + self.origin[k] >= self.opens[:, k, None])

    def _closing(self, k: int, ready: Totals) -> Totals:
        """With a session more, within hours or not."""
        last = self.steps(k) - self.least[:, k, None]
        any_way, counted = self._held(k, ready, (last, np.minimum(last, self.within[k])))
        nothing = np.zeros_like(any_way.least[:, :, :1])
        none = Totals(nothing + _FAR, nothing - _FAR)
        both = _stacked(any_way, none).joined(_stacked(none, counted))
        return both.where(self.steps(k) + self.origin[k] <= self.closes[:, k, None])

    def _held(self, k: int, ready: Totals, lasts: Sequence[Ints]) -> list[Totals]:
        """With a session that opens, for each closing, by each of ``lasts``, (days, steps)."""
        steps, most = self.steps(k), int(self.most[k])
        if most >= len(steps) - 1:
            so_far = ready.later(-steps).so_far()
            return [so_far.at(last).later(steps) for last in lasts]
        longer = [(steps - n, ready.later(np.full(1, n))) for n in range(most + 1)]
        return [
            reduce(Totals.joined, (some.at(np.where(o <= last, o, -1)) for o, some in longer))
            for last in lasts
        ]

    def traced(self, closing: Ints, count: Ints, total: Ints) -> tuple[Ints, Ints, Bools]:
        """Sessions open ``total`` steps, ``count`` within hours, the last closing at ``closing``.

        Returns:
            (opening, closing, found): the first two from no origin, shape (days, n); where none is
            ``found``, shape (days,), they mean nothing.
        """
        every, found = np.arange(len(total)), np.ones(len(total), dtype=bool)
        opens, closes = np.zeros_like(self.opens), np.zeros_like(self.opens)
        for k in range(len(self.origin) - 1, -1, -1):
            steps = self.steps(k)
            length = closing[:, None] - steps
            counts = count[:, None] - (steps <= self.within[k][every, closing][:, None])
            before = np.clip(counts, 0, k)
            ready = Totals(*(some[every[:, None], steps, before] for some in self.ready[k]))
            left = total[:, None] - length
            able = (counts <= k) & (length >= self.least[:, k, None]) & (length <= self.most[k])
            opening, can = _last(able & (ready.least <= left) & (left <= ready.most))
            found &= can
            opens[:, k], closes[:, k] = opening + self.origin[k], closing + self.origin[k]
            total, count = total - (closing - opening), before[every, opening]
            if k:
                closing, can = self._closed_before(k, opening, count, total)
                found &= can
        return opens, closes, found

    def _closed_before(self, k: int, opening: Ints, count: Ints, total: Ints) -> tuple[Ints, Bools]:
        """When the session before ``k`` closes: the last step that can be."""
        every, closed = np.arange(len(total)), self.closed[k - 1]
        least, most = closed.least[every, :, count], closed.most[every, :, count]
        in_time = self.steps(k - 1) <= self.before(k)[every, opening][:, None]
        return _last(in_time & (least <= total[:, None]) & (total[:, None] <= most))


def _stacked(first: Totals, last: Totals) -> Totals:
    """The counts of both, one after the other."""
    return Totals(*(np.concatenate(pair, axis=2) for pair in zip(first, last, strict=True)))


def _last(able: Bools) -> tuple[Ints, Bools]:
    """The last column that is true in each row; whether there is one."""
    last = able.shape[1] - 1 - np.argmax(able[:, ::-1], axis=1)
    return last, np.asarray(able.any(axis=1))


@dataclass(frozen=True, eq=False)
class Ways:
    """Days to time, one row each, limits in steps.

    Attributes:
        row: which day it is.
        first: the sessions up to the meal, or all.
        second: those after it, from the last back, times negative.
        between: where there is a second run, the last step at which the first may close for each
            opening of the second, -1 for none, shape (days, steps).
        limits: of the first run, the second and both, shape (days, 3).
    """

    row: Ints
    first: Run
    second: Run | None
    between: Ints
    limits: Ints

    def rows(self, rows: Ints) -> Ways:
        """Some of the rows."""
        return Ways(
            self.row[rows],
            self.first.rows(rows),
            None if self.second is None else self.second.rows(rows),
            self.between[rows],
            self.limits[rows],
        )

    @cached_property
    def parts(self) -> tuple[Totals, Totals]:
        """What both runs can have been open, by when the second opens or the first closes."""
        first = self.first.closed[-1].capped(self.limits[:, 0])
        if self.second is None:
            nothing = np.zeros_like(first.least[:, :, :1])
            return first, Totals(nothing, nothing)
        second = self.second.closed[-1].capped(self.limits[:, 1])
        return first.so_far().at(self.between), Totals(*(some[:, ::-1] for some in second))

    def pairs(self) -> Iterator[tuple[int, int, Ints]]:
        """Counts of both runs, and the longest day by that step, -1 for none, (days, steps)."""
        one, two = self.parts
        most = self.limits[:, 2, None]
        for a in range(one.least.shape[2]):
            for b in range(two.least.shape[2]):
                able = one.least[:, :, a] + two.least[:, :, b] <= most
                longest = np.minimum(one.most[:, :, a] + two.most[:, :, b], most)
                yield a, b, np.where(able, longest, -1)

    def longest(self) -> Ints:
        """The longest day with each number of half-days, -1 for none, shape (days, counts)."""
        one, two = self.parts
        counts = one.least.shape[2] + two.least.shape[2] - 1
        best = np.full((len(self.row), counts), -1, dtype=np.int64)
        for a, b, longest in self.pairs():
            best[:, a + b] = np.maximum(best[:, a + b], longest.max(axis=1))
        return best

    def traced(self, count: Ints, total: Ints) -> tuple[Ints, Ints, Bools]:
        """A timing of each day with so many half-days, so long: as ``Run.traced``."""
        every = np.arange(len(self.row))
        a, b, step = (np.zeros(len(every), dtype=np.int64) for _ in range(3))
        for one, two, longest in self.pairs():
            there, can = _last(longest == total[:, None])
            mine = can & (count == one + two)
            a[mine], b[mine], step[mine] = one, two, there[mine]
        if self.second is None:
            return self.first.traced(step, count, total)
        one_most, two_least = (
            self.parts[0].most[every, step, a],
            self.parts[1].least[every, step, b],
        )
        first_total = np.minimum(one_most, total - two_least)
        closed = self.first.closed[-1]
        in_time = self.first.steps(-1) <= self.between[every, step][:, None]
        at_least = closed.least[every, :, a] <= first_total[:, None]
        closing, can = _last(
            in_time & at_least & (first_total[:, None] <= closed.most[every, :, a])
        )
        opens, closes, found = self.first.traced(closing, a, first_total)
        back = self.second.traced(len(self.second.steps(-1)) - 1 - step, b, total - first_total)
        return (
            np.hstack([opens, -back[1][:, ::-1]]),
            np.hstack([closes, -back[0][:, ::-1]]),
            found & can & back[2],
        )
