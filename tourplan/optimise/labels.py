"""Days of many sessions, priced and enumerated without listing every order of every site.

A day leaves the depot, stops at most once at each of some sites and comes back. Given what each
leg costs and what each stop is worth, ``price`` finds days that cost less than they are worth and
how far below zero any day can be; ``enumerate_below`` lists all that cost less than a limit.

Labels are days begun: the site reached, what is spent, which sites may not be visited again. They
grow stop by stop; one that costs no more, has used no more of anything and forbids no more than
another does away with it. Forgetting the sites far from where the day went since gives fewer
labels and a relaxed bound (ng-routes: Baldacci, Mingozzi, Roberti, Operations Research 59, 2011);
the sites a forgetful day comes back to are then remembered until its bound is that of real days.
Completing a label from the labels of the reversed day bounds what it can become, which is how
enumeration stays small (Baldacci, Christofides, Mingozzi, Mathematical Programming 115, 2008).

Times may bind too: a label then knows the earliest closing of its last stop, each stop held for
its minimum, and an end the latest.

Everything here is arrays; loops are compiled by Numba. No solver.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from threading import Timer
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tourplan.optimise import compiled
from tourplan.optimise.dayfacts import Bools, Floats, Ints, LongDay, Prices

Words = NDArray[np.uint64]

_grow: Any = compiled.grow
_extend: Any = compiled.extend

NEAREST = 8
"""Sites around each site that a day in the neighbourhood remembers, at first."""
MOST_LABELS = 3_000_000
"""Labels of one pass at most: about 200 MB."""


@dataclass(frozen=True, eq=False)
class Labels:
    """Days begun, one a row, as ``compiled.grow`` returns them.

    Attributes:
        place: where the day is, shape (labels,).
        slot: the slot of its last stop, shape (labels,).
        cost: legs so far less prizes, shape (labels,).
        used: of each resource, and the earliest closing, shape (labels, caps).
        memory: communes that may not be visited again, bits in words, shape (labels, words).
        state: groups that a stop would be another of: seen, or of pairs an odd number of times,
            bits in words, shape (labels, words).
        parent: the label it came from, -1 at the first stop, shape (labels,).
        kept: not done away with by another, shape (labels,).
        complete: the pass was not cut short.
    """

    place: Ints
    slot: Ints
    cost: Floats
    used: Ints
    memory: Words
    state: Words
    parent: Ints
    kept: Bools
    complete: bool

    def stops(self, rows: Ints, slots: int) -> Ints:
        """The sites of the days of some labels, shape (rows, slots), -1 where none."""
        tours = np.full((len(rows), slots), -1, dtype=np.int64)
        at = rows.copy()
        for _ in range(slots):
            live = np.flatnonzero(at >= 0)
            tours[live, self.slot[at[live]]] = self.place[at[live]] - 1
            at[live] = self.parent[at[live]]
        return tours


@dataclass(frozen=True, eq=False)
class Priced:
    """Days that cost less than asked, cheapest first, and how little any day can cost.

    Attributes:
        tours: sites of each slot, -1 where empty, shape (tours, slots); no site twice.
        costs: shape (tours,).
        bound: no day costs less; -inf when the pass was cut short or only looked for some.
        near: what communes each place remembers, grown, shape (places, communes).
        labels: how many it took.
    """

    tours: Ints
    costs: Floats
    bound: float
    near: Bools
    labels: int


def neighbourhoods(distance: NDArray[Any], count: int = NEAREST) -> Bools:
    """Whether a day at a place remembers having been at another: itself and the nearest."""
    both = distance.astype(float) + distance.T.astype(float)
    np.fill_diagonal(both, -1.0)
    rank = both.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    return np.asarray(rank <= count)


def words(near: Bools) -> Words:
    """Rows of booleans as bits in 64-bit words, shape (rows, words)."""
    rows, columns = near.shape
    padded = np.zeros((rows, -(-columns // 64) * 64), dtype=np.uint8)
    padded[:, :columns] = near
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


@dataclass(frozen=True, eq=False)
class Ends:
    """Ends of days, from a place on, the cheapest of each lane first.

    ``begin``: the first row of each lane, shape (lanes + 1,): a place where slots are alike, else
    a place and a slot; ``slot``: of the first stop. The other columns are as those of ``Labels``.
    """

    begin: Ints
    slot: Ints
    cost: Floats
    used: Ints
    memory: Words
    state: Words

    @classmethod
    def of(cls, day: LongDay, labels: Labels, *, alike: bool) -> Ends:
        """The ends of days that labels of ``day`` driven backwards are."""
        rows = np.flatnonzero(labels.kept)
        slot = day.stops - 1 - labels.slot[rows]
        lane = labels.place[rows] if alike else labels.place[rows] * day.stops + slot
        order = np.lexsort((labels.cost[rows], lane))
        rows, slot, lane = rows[order], slot[order], lane[order]
        used = labels.used[rows]
        if day.clock is not None:
            used[:, -1] -= day.clock.least_s[slot]
        return cls(
            np.searchsorted(lane, np.arange(day.places * (1 if alike else day.stops) + 1)),
            slot,
            labels.cost[rows],
            used,
            labels.memory[rows],
            labels.state[rows],
        )

    @classmethod
    def unknown(cls, caps: int, memory: int, state: int) -> Ends:
        """No end; so many columns of each kind."""
        return cls(
            np.zeros(1, dtype=np.int64),
            np.zeros(0, dtype=np.int64),
            np.zeros(0),
            np.zeros((0, caps), dtype=np.int64),
            np.zeros((0, memory), dtype=np.uint64),
            np.zeros((0, state), dtype=np.uint64),
        )

    def columns(self) -> tuple[Any, ...]:
        """The columns, as ``compiled`` takes them."""
        return self.begin, self.slot, self.cost, self.used, self.memory, self.state


def _sums(worth: Floats) -> Floats:
    """The sum of the worth of each byte of groups, shape (bytes, 256)."""
    padded = np.zeros(-(-len(worth) // 8) * 8)
    padded[: len(worth)] = worth
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
    return np.ascontiguousarray(padded.reshape(-1, 8) @ bits.T)


@contextmanager
def _time_up(deadline: float) -> Iterator[Bools]:
    """One boolean, set at the deadline by another thread: what loops look at, having no clock."""
    over = np.array([monotonic() >= deadline])
    timer = None if over[0] or deadline == inf else Timer(deadline - monotonic(), over.fill, [True])
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        yield over
    finally:
        if timer is not None:
            timer.cancel()


def grow(
    day: LongDay,
    prices: Prices,
    near: Bools,
    *,
    below: float,
    ends: Ends | None = None,
    most: int = MOST_LABELS,
    hasty: bool = False,
    deadline: float = inf,
) -> Labels:
    """The labels from which a day cheaper than ``below`` may still come.

    ``ends``: all ends a day so cheap may have. ``hasty``: a label does away with any other of its
    place that costs and uses more, whatever they remember. ``deadline``: when the pass is cut
    short, on the clock of ``time.monotonic``.
    """
    groups = words(np.pad(prices.groups.T, ((1, 0), (0, 0))))
    memory = words(near)
    nothing = Ends.unknown(len(day.caps), memory.shape[1], groups.shape[1])
    with _time_up(deadline) as over:
        *columns, count, complete = _grow(
            prices.legs,
            prices.at_first(),
            prices.alike,
            _sums(prices.worth),
            groups,
            words(prices.pair[None])[0],
            *day.facts(),
            day.homeward,
            day.who,
            memory,
            ends is not None,
            *(ends or nothing).columns(),
            below,
            most,
            hasty,
            over,
        )
    parts: list[Any] = [*(column[:count] for column in columns), complete]
    return Labels(*parts)


def closed(day: LongDay, prices: Prices, labels: Labels) -> Floats:
    """What each label costs driven straight home; infinite where it may not be."""
    total: Floats = labels.cost + prices.legs[day.steps[labels.slot + 1, 0], labels.place, 0]
    total[~labels.kept | ~day.home(labels.place, labels.slot, labels.used)] = np.inf
    return total


def price(
    day: LongDay,
    prices: Prices,
    near: Bools,
    *,
    below: float = 0.0,
    most: int = 200,
    hasty: bool = False,
    labels: int = MOST_LABELS,
    deadline: float = inf,
) -> Priced:
    """Many days that cost less than ``below``, and a bound of the least cost if it is lower.

    ``hasty`` looks quickly, without bound. Otherwise, when the only days so cheap visit a site
    twice, that is remembered and the search goes on, so ``bound`` is ``below`` at the end.
    """
    if hasty:
        found = grow(
            day,
            prices,
            np.ones_like(near),
            below=below,
            hasty=True,
            most=labels,
            deadline=deadline,
        )
        return Priced(
            *_cheapest(day, prices, found, below, most)[:2], -np.inf, near, len(found.cost)
        )
    back, forth = (day.reversed(), prices.reversed()), (day, prices)
    ends = None
    while True:
        # Each pass goes the other way: the labels of the one before bound what this one can reach.
        found = grow(*forth, near, below=below, ends=ends, most=labels, deadline=deadline)
        tours, costs, loops = _cheapest(*forth, found, below, most)
        totals = closed(*forth, found)
        bound = min(below, float(totals.min(initial=below))) if found.complete else -np.inf
        if len(tours) or not found.complete or not len(loops):
            break
        near = near | _returns(day, loops, near.shape)
        back, forth = forth, back
        ends = Ends.of(forth[0], found, alike=prices.alike)
    if forth[0] is not day:
        tours = _backwards(tours, prices.alike)
    return Priced(tours, costs, bound, near, len(found.cost))


def _backwards(tours: Ints, alike: bool) -> Ints:
    """The tours driven the other way; the first slots filled when they are alike."""
    turned = tours[:, ::-1]
    if alike:
        order = np.argsort(turned < 0, axis=1, kind="stable")
        turned = np.take_along_axis(turned, order, axis=1)
    return turned.copy()


def _cheapest(
    day: LongDay, prices: Prices, labels: Labels, below: float, most: int
) -> tuple[Ints, Floats, Ints]:
    """The cheapest days of labels: (tours of different sites, their costs, tours with returns)."""
    totals = closed(day, prices, labels)
    rows = np.flatnonzero(totals < below)
    rows = rows[np.argsort(totals[rows], kind="stable")[: 20 * most]]
    tours = labels.stops(rows, day.stops)
    simple = _simple(day, tours)
    loops = tours[~simple][:most]
    rows, tours = rows[simple], tours[simple]
    if prices.alike and len(tours):
        _, first = np.unique(np.sort(tours, axis=1), axis=0, return_index=True)
        first.sort()
        rows, tours = rows[first], tours[first]
    chosen = _spread(tours, most, day.places)
    return tours[chosen], totals[rows[chosen]], loops


def _simple(day: LongDay, tours: Ints) -> Bools:
    """Whether tours visit no commune twice."""
    ordered = np.sort(np.where(tours < 0, 0, day.who[tours + 1]), axis=1)
    return np.asarray(((ordered[:, 1:] != ordered[:, :-1]) | (ordered[:, 1:] == 0)).all(axis=1))


def _spread(tours: Ints, most: int, places: int) -> Ints:
    """The first ``most`` tours, none of whose sites is already in many of them."""
    share = max(most // 8, 5)
    seen = np.zeros(places, dtype=np.int64)
    chosen: list[int] = []
    for row, tour in enumerate(tours):
        sites = tour[tour >= 0]
        if (seen[sites] < share).any():
            seen[sites] += 1
            chosen.append(row)
        if len(chosen) == most:
            break
    return np.array(chosen, dtype=np.int64)


def _returns(day: LongDay, loops: Ints, shape: tuple[int, ...]) -> Bools:
    """What must be remembered for no day to come back as these do, shape (places, communes)."""
    near = np.zeros(shape, dtype=bool)
    for tour in loops:
        stops = tour[tour >= 0] + 1
        last: dict[int, int] = {}
        for k, commune in enumerate(day.who[stops].tolist()):
            if commune in last:
                near[stops[last[commune] : k + 1], commune] = True
            last[commune] = k
    return near


@dataclass(frozen=True, eq=False)
class Enumerated:
    """Days cheaper than a limit; ``complete`` when none is missing."""

    tours: Ints
    complete: bool


def enumerate_below(
    day: LongDay,
    prices: Prices,
    near: Bools,
    spent: Ints,
    limit: float,
    *,
    most: int = 200_000,
    labels: int = MOST_LABELS,
    deadline: float = inf,
) -> Enumerated:
    """Every day cheaper than ``limit``, but those a day of the same sites makes useless.

    ``spent``: whole sums over legs, shape (sums, steps, places, places), of which less is always
    better (metres, seconds). A day is left out when another visits the same sites in the same
    slots and spends no more of any; ``prices.legs`` must not fall where these rise.
    """
    nothing = Enumerated(np.zeros((0, day.stops), dtype=np.int64), False)
    first = grow(day, prices, near, below=limit, most=labels, deadline=deadline)
    if not first.complete:
        return nothing
    back, alike = (day.reversed(), prices.reversed()), prices.alike
    ends = Ends.of(back[0], first, alike=alike)
    second = grow(*back, near, below=limit, ends=ends, most=labels, deadline=deadline)
    if not second.complete:
        return nothing
    ends = Ends.of(day, second, alike=alike)
    with _time_up(deadline) as over:
        tours = _expand(day, prices, spent, ends, limit, labels, over)
    if tours is None or len(tours) > most:
        return nothing
    return Enumerated(tours, True)


def _expand(
    day: LongDay,
    prices: Prices,
    spent: Ints,
    ends: Ends,
    limit: float,
    most: int,
    over: Bools,
) -> Ints | None:
    """The tours of ``enumerate_below``; ``None`` for too many labels, or once time is up."""
    groups = words(np.pad(prices.groups.T, ((1, 0), (0, 0))))
    pairs = words(prices.pair[None])[0]
    sums_of, prizes, facts = _sums(prices.worth), prices.at_first(), day.facts()
    width = ends.memory.shape[1]
    place, slot = np.zeros(1, dtype=np.int64), np.full(1, -1, dtype=np.int64)
    cost, sums = np.zeros(1), np.zeros((1, len(spent)), dtype=np.int64)
    used = np.zeros((1, len(day.caps)), dtype=np.int64)
    memory = np.zeros((1, width), dtype=np.uint64)
    state = np.zeros((1, groups.shape[1]), dtype=np.uint64)
    tours = np.full((1, day.stops), -1, dtype=np.int64)
    done: list[tuple[Ints, Ints]] = []
    total = 0
    for _ in range(day.stops):
        row, to, next_slot, cost, used = _extend(
            place,
            slot,
            cost,
            used,
            memory,
            state,
            prices.legs,
            prizes,
            prices.alike,
            sums_of,
            groups,
            *facts,
            day.who,
            *ends.columns(),
            limit,
            most,
            over,
        )
        if len(row) > most or over[0]:
            return None
        step = day.steps[slot[row] + 1, next_slot + 1]
        sums = sums[row] + spent[:, step, place[row], to].T
        memory, seen, here = memory[row], state[row], groups[to]
        commune = day.who[to]
        memory[np.arange(len(row)), commune >> 6] |= np.uint64(1) << (commune & 63).astype(
            np.uint64
        )
        state = ((seen | here) & ~pairs) | ((seen ^ here) & pairs)
        tours = tours[row]
        tours[np.arange(len(row)), next_slot] = to - 1
        place, slot = to, next_slot
        if prices.alike:
            keys = np.column_stack([np.sort(tours, axis=1), place])
            best = _useful(keys, np.column_stack([sums, used]))
            place, slot, cost, sums = place[best], slot[best], cost[best], sums[best]
            memory, tours, state, used = memory[best], tours[best], state[best], used[best]
        back = day.steps[slot + 1, 0]
        home = (cost + prices.legs[back, place, 0] < limit) & day.home(place, slot, used)
        done.append((tours[home], (sums + spent[:, back, place, 0].T)[home]))
        total += len(row)
        if total > most:
            return None
    found, whole = (np.concatenate(parts) for parts in zip(*done, strict=True))
    return found[_useful(np.sort(found, axis=1), whole)] if prices.alike else found


def _useful(keys: Ints, sums: Ints) -> Ints:
    """The rows that no first row of the same key, in order of sums, makes useless."""
    order = np.lexsort((*sums.T[::-1], *keys.T))
    same = np.zeros(len(order), dtype=bool)
    same[1:] = (keys[order[1:]] == keys[order[:-1]]).all(axis=1)
    first = np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))
    beaten = same & (sums[order] >= sums[order[first]]).all(axis=1)
    return np.sort(order[~beaten])
