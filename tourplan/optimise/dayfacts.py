"""What a day of many sessions may be (legs, resources, times) and what it costs, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FAR = 2**40
"""More than anything a day may use."""


@dataclass(frozen=True, eq=False)
class Clock:
    """When the stops of a day can be, in seconds; each opens on the grid, for its least.

    Between a closing and the next opening ``lag_s`` goes by, drive and all; that opening is no
    earlier than ``floor_s``, and there is none if the lag ends after ``ceiling_s``. The lag of the
    first leg starts at midnight, that of the last must end by ``end_s``, on the grid. Shapes
    (steps, places, places); of ``opens_s``, ``closes_s`` and ``least_s``, (slots,).
    """

    lag_s: Ints
    floor_s: Ints
    ceiling_s: Ints
    opens_s: Ints
    closes_s: Ints
    least_s: Ints
    grid_s: int
    end_s: int

    def closing(self, before_s: Ints, step: int, slot: int) -> Ints:
        """The earliest closing at each place after others, ``FAR`` if too late, (places, places).

        ``before_s``: the earliest closing at each place before, shape (places,).
        """
        over = before_s[:, None] + self.lag_s[step]
        ready = np.maximum(np.maximum(over, self.floor_s[step]), self.opens_s[slot])
        closing = -(-ready // self.grid_s) * self.grid_s + self.least_s[slot]
        late = (over > self.ceiling_s[step]) | (closing > self.closes_s[slot])
        return np.where(late, FAR, closing)

    def reversed(self) -> Clock:
        """The clock of the day driven backwards: it counts from ``end_s`` down.

        Its earliest closings are ``end_s`` less the latest openings.
        """
        lag = self.lag_s.transpose(0, 2, 1)
        return Clock(
            lag_s=lag.copy(),
            floor_s=lag + self.end_s - self.ceiling_s.transpose(0, 2, 1),
            ceiling_s=lag + self.end_s - self.floor_s.transpose(0, 2, 1),
            opens_s=self.end_s - self.closes_s[::-1],
            closes_s=self.end_s - self.opens_s[::-1],
            least_s=self.least_s[::-1].copy(),
            grid_s=self.grid_s,
            end_s=self.end_s,
        )


@dataclass(frozen=True, eq=False)
class LongDay:
    """What a day may be. Place 0 is the depot, place ``s + 1`` is site ``s``.

    A leg from one slot to another follows some *step*, which says what it is like; legs of all
    slots may follow the same.

    Attributes:
        stops: slots of the day.
        steps: the step from each slot to each later one, -1 where the two do not go together;
            row and column 0 are the depot, ``k + 1`` is slot ``k``. Shape (stops + 1, stops + 1).
        allowed: legs that may be driven, shape (steps, places, places).
        measures: what legs, and the stop that each leads to, use of each resource: metres,
            seconds, each at least 0. Shape (resources, steps, places, places).
        limits: the most a day may use of each resource, shape (resources,).
        who: the commune of each place, from 1 on; a day stops once in each. Shape (places,).
        clock: when stops can be; ``None``: at any time.
    """

    stops: int
    steps: Ints
    allowed: Bools
    measures: Ints
    limits: Ints
    who: Ints
    clock: Clock | None = None

    def limited(self, measure: Ints, limit: int) -> LongDay:
        """The same day with one more resource, used alike at every step."""
        return replace(
            self,
            measures=np.concatenate(
                [self.measures, np.broadcast_to(measure, (1, *self.allowed.shape))]
            ),
            limits=np.append(self.limits, limit),
        )

    @property
    def places(self) -> int:
        """The depot and the sites."""
        return len(self.who)

    @property
    def caps(self) -> Ints:
        """The most of each resource; then, where there is a clock, when the day must end."""
        return self.limits if self.clock is None else np.append(self.limits, self.clock.end_s)

    @cached_property
    def least(self) -> Ints:
        """The least used on the way to each stop and there, shape (caps, slots, places).

        The way may visit a site again.
        """
        shape = (len(self.caps), self.stops + 1, self.places)
        found = np.full(shape, FAR, dtype=np.int64)
        found[:, 0, 0] = 0
        for slot in range(self.stops if len(self.caps) else 0):
            for before in range(slot + 1):
                step = int(self.steps[before, slot + 1])
                if step >= 0:
                    here = found[:, slot + 1]
                    np.minimum(here, self._onward(found[:, before], step, slot), out=here)
        return found[:, 1:]

    def _onward(self, before: Ints, step: int, slot: int) -> Ints:
        """The least used at each place one step later, shape (caps, places)."""
        used = before[: len(self.limits), :, None] + self.measures[:, step]
        if self.clock is not None:
            closing = self.clock.closing(before[-1], step, slot)
            used = np.concatenate([used, closing[None]])
        used = np.where(self.allowed[step], used, FAR)
        least: Ints = used.min(axis=1, initial=FAR)
        return least

    @cached_property
    def homeward(self) -> Ints:
        """The least each stop leaves to be used until the day ends, shape (caps, slots, places)."""
        return self.ends_with(self.reversed().least[:, ::-1])

    def ends_with(self, used: Ints) -> Ints:
        """What the day driven backwards uses, each stop counted by the way to it alone.

        ``used``: shape (caps, slots, ...). A closing from which the end can be reached is counted
        as the time from it to the end of the clock.
        """
        found = used.copy()
        if self.clock is not None:
            least = self.clock.least_s.reshape(-1, *[1] * (used.ndim - 2))
            found[-1] = np.where(found[-1] < FAR, found[-1] - least, FAR)
        return found

    def home(self, place: Ints, slot: Ints, used: Ints) -> Bools:
        """Whether days may drive home from their last stops, shape (days,)."""
        step = self.steps[slot + 1, 0]
        able = (step >= 0) & self.allowed[step, place, 0]
        total = used.copy()
        total[:, : len(self.limits)] += self.measures[:, step, place, 0].T
        if self.clock is not None:
            total[:, -1] += self.clock.lag_s[step, place, 0]
        return np.asarray(able & (total <= self.caps).all(axis=1))

    def reversed(self) -> LongDay:
        """The day driven backwards."""
        order = np.append(0, np.arange(self.stops, 0, -1))
        return replace(
            self,
            steps=self.steps[np.ix_(order, order)].T.copy(),
            allowed=self.allowed.transpose(0, 2, 1).copy(),
            measures=self.measures.transpose(0, 1, 3, 2).copy(),
            clock=None if self.clock is None else self.clock.reversed(),
        )

    def facts(self) -> tuple[Any, ...]:
        """The steps, the legs, what they use and when, as ``compiled`` takes them."""
        clock = self.clock
        if clock is None:
            times = np.zeros((0, 1, 1, 1), dtype=np.int64), np.zeros((3, 1), dtype=np.int64), 1
        else:
            times = (
                np.stack([clock.lag_s, clock.floor_s, clock.ceiling_s]),
                np.stack([clock.opens_s, clock.closes_s, clock.least_s]),
                clock.grid_s,
            )
        return self.steps, self.allowed, self.measures, *times, self.caps


@dataclass(frozen=True, eq=False)
class Prices:
    """What a day costs: its legs, less its stops' prizes, less what its groups of sites are worth.

    Attributes:
        legs: cost of each leg, shape (steps, places, places); what a day costs whatever it does
            is in the legs from the depot.
        prizes: worth of a stop at each site in each slot, -inf where there can be none, shape
            (slots, sites). One row per stop of the day.
        groups: the sites of each group, shape (groups, sites).
        worth: at least 0, shape (groups,).
        pair: what the worth of a group is for. Not a pair: a prize for the first stop of the day
            in the group. A pair: a fine for every second stop (cuts over subsets of rows: Jepsen,
            Petersen, Spoorendonk, Pisinger, Operations Research 56, 2008). Shape (groups,).
        alike: the slots are only a count of stops: a day fills the first ones, and all rows of
            ``prizes`` are equal. Otherwise any slot may stay empty.
    """

    legs: Floats
    prizes: Floats
    groups: Bools
    worth: Floats
    pair: Bools
    alike: bool = True

    def reversed(self) -> Prices:
        """Prices of the day driven backwards."""
        legs = self.legs.transpose(0, 2, 1).copy()
        return replace(self, legs=legs, prizes=self.prizes[::-1].copy())

    def at_first(self) -> Floats:
        """Worth of a stop in each slot at each place, its groups being new, (slots, places)."""
        fresh = self.worth[~self.pair] @ self.groups[~self.pair]
        return np.ascontiguousarray(np.pad(self.prizes + fresh, ((0, 0), (1, 0))))

    def of(self, tours: Ints, steps: Ints) -> Floats:
        """The cost of tours, shape (tours, slots) of sites, -1 where a slot is empty."""
        cost = along(self.legs, tours, steps)
        for slot in range(tours.shape[1]):
            stop = tours[:, slot] >= 0
            cost[stop] -= self.prizes[slot, tours[stop, slot]]
        counts = self.groups.astype(np.int64) @ visits(tours, self.groups.shape[1]).T
        times = np.where(self.pair[:, None], -(counts // 2), np.minimum(counts, 1))
        total: Floats = cost - self.worth @ times
        return total


def visits(tours: Ints, sites: int) -> Ints:
    """How often each tour stops at each site, shape (tours, sites)."""
    counts = np.zeros((len(tours), sites), dtype=np.int64)
    row, slot = np.nonzero(tours >= 0)
    np.add.at(counts, (row, tours[row, slot]), 1)
    return counts


def along(matrices: NDArray[Any], tours: Ints, steps: Ints | None = None) -> NDArray[Any]:
    """The sum over the legs of each tour of the matrix of its step, shape (tours,).

    ``steps`` as in ``LongDay``; ``None``: all legs follow the first.
    """
    if steps is None:
        steps = np.zeros((tours.shape[1] + 1,) * 2, dtype=np.int64)
    total = np.zeros(len(tours), dtype=matrices.dtype)
    at, before = np.zeros(len(tours), dtype=np.int64), np.zeros(len(tours), dtype=np.int64)
    for slot in range(tours.shape[1]):
        stop = tours[:, slot] >= 0
        to = np.where(stop, tours[:, slot] + 1, at)
        total += np.where(stop, matrices[steps[before, slot + 1], at, to], 0)
        at, before = to, np.where(stop, slot + 1, before)
    return np.asarray(total + np.where(at > 0, matrices[steps[before, 0], at, 0], 0))
