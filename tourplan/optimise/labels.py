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

Everything here is arrays; loops are compiled by Numba. No solver.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tourplan.optimise import compiled

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Words = NDArray[np.uint64]

_grow: Any = compiled.grow
_extend: Any = compiled.extend

NEAREST = 8
"""Sites around each site that a day in the neighbourhood remembers, at first."""
MOST_LABELS = 3_000_000
"""Labels of one pass at most: about 200 MB."""


@dataclass(frozen=True, eq=False)
class LongDay:
    """What a day may be. Place 0 is the depot, place ``s + 1`` is site ``s``.

    Attributes:
        stops: sessions at most.
        allowed: legs that may be driven, shape (places, places).
        measures: what legs use of each resource, shape (resources, places, places), each at
            least 0: metres, seconds.
        limits: the most a day may use of each resource, shape (resources,).
    """

    stops: int
    allowed: Bools
    measures: Ints
    limits: Ints

    @classmethod
    def free(cls, stops: int, sites: int) -> LongDay:
        """Any day of at most so many stops."""
        places = sites + 1
        return cls(
            stops,
            ~np.eye(places, dtype=bool),
            np.zeros((0, places, places), dtype=np.int64),
            np.zeros(0, dtype=np.int64),
        )

    def limited(self, measure: Ints, limit: int) -> LongDay:
        """The same day with one more resource."""
        return replace(
            self,
            measures=np.concatenate([self.measures, measure[None]]),
            limits=np.append(self.limits, limit),
        )

    def homeward(self) -> Ints:
        """The least of each resource from each place to the depot, shape (resources, places)."""
        least = self.measures[:, :, 0].copy()
        least[:, 0] = 0
        for _ in range(self.places):
            shorter = (self.measures + least[:, None, :]).min(axis=2, initial=2**40)
            if (shorter >= least).all():
                break
            least = np.minimum(least, shorter)
        return least

    @property
    def places(self) -> int:
        """The depot and the sites."""
        return len(self.allowed)

    def without(self, sites: Ints) -> LongDay:
        """The day that stops at none of some sites."""
        allowed = self.allowed.copy()
        allowed[sites + 1], allowed[:, sites + 1] = False, False
        return replace(self, allowed=allowed)

    def reversed(self) -> LongDay:
        """The day driven backwards."""
        return replace(
            self, allowed=self.allowed.T.copy(), measures=self.measures.transpose(0, 2, 1).copy()
        )


@dataclass(frozen=True, eq=False)
class Prices:
    """What a day costs: its legs, less its stops' prizes, less what its groups of sites are worth.

    Attributes:
        legs: cost of each leg, shape (places, places); what a day costs whatever it does is in
            the legs from the depot.
        prizes: worth of a stop at each site in each slot, shape (slots, sites). One row per stop
            of the day.
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

    @classmethod
    def same(
        cls,
        legs: Floats,
        prizes: Floats,
        stops: int,
        groups: Bools | None = None,
        worth: Floats | None = None,
        pair: Bools | None = None,
    ) -> Prices:
        """Prices of slots that are all alike; ``prizes`` has shape (sites,)."""
        groups = np.zeros((0, len(prizes)), dtype=bool) if groups is None else groups
        worth = np.zeros(len(groups)) if worth is None else worth
        pair = np.zeros(len(groups), dtype=bool) if pair is None else pair
        rows = np.repeat(prizes[None], stops, axis=0)
        keep = np.argsort(-worth, kind="stable")[: np.count_nonzero(worth > 0)]
        return cls(np.asarray(legs, float), rows, groups[keep], worth[keep], pair[keep])

    def reversed(self) -> Prices:
        """Prices of the day driven backwards."""
        return replace(self, legs=self.legs.T.copy(), prizes=self.prizes[::-1].copy())

    def at_first(self) -> Floats:
        """Worth of a stop in each slot at each place, its groups being new, (slots, places)."""
        fresh = self.worth[~self.pair] @ self.groups[~self.pair]
        return np.ascontiguousarray(np.pad(self.prizes + fresh, ((0, 0), (1, 0))))

    def of(self, tours: Ints) -> Floats:
        """The cost of tours, shape (tours, slots) of sites, -1 where a slot is empty."""
        cost = along(self.legs, tours)
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


def along(matrix: NDArray[Any], tours: Ints) -> NDArray[Any]:
    """The sum of a matrix over the legs of each tour, shape (tours,)."""
    total = np.zeros(len(tours), dtype=matrix.dtype)
    at = np.zeros(len(tours), dtype=np.int64)
    for slot in range(tours.shape[1]):
        stop = tours[:, slot] >= 0
        to = np.where(stop, tours[:, slot] + 1, at)
        total += np.where(stop, matrix[at, to], 0)
        at = to
    return np.asarray(total + np.where(at > 0, matrix[at, 0], 0))


@dataclass(frozen=True, eq=False)
class Labels:
    """Days begun, one a row, as ``compiled.grow`` returns them.

    Attributes:
        place: where the day is, shape (labels,).
        slot: the slot of its last stop, shape (labels,).
        cost: legs so far less prizes, shape (labels,).
        used: of each resource, shape (labels, resources).
        memory: places that may not be visited again, bits in words, shape (labels, words).
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
        near: what each place remembers, grown, shape (places, places).
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
    """Ends of days, from a place on, the cheapest of each place first.

    ``begin``: the first row of each place, shape (places + 1,); ``slot``: of the first stop. The
    other columns are as those of ``Labels``.
    """

    begin: Ints
    slot: Ints
    cost: Floats
    used: Ints
    memory: Words
    state: Words

    @classmethod
    def of(cls, day: LongDay, labels: Labels) -> Ends:
        """The ends that labels of the reversed day are."""
        rows = np.flatnonzero(labels.kept)
        rows = rows[np.lexsort((labels.cost[rows], labels.place[rows]))]
        return cls(
            np.searchsorted(labels.place[rows], np.arange(day.places + 1)),
            day.stops - 1 - labels.slot[rows],
            labels.cost[rows],
            labels.used[rows],
            labels.memory[rows],
            labels.state[rows],
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


def grow(
    day: LongDay,
    prices: Prices,
    near: Bools,
    *,
    below: float,
    ends: Ends | None = None,
    most: int = MOST_LABELS,
    hasty: bool = False,
) -> Labels:
    """The labels from which a day cheaper than ``below`` may still come.

    ``ends``: all ends a day so cheap may have. ``hasty``: a label does away with any other of its
    place that costs and uses more, whatever they remember.
    """
    groups = words(np.pad(prices.groups.T, ((1, 0), (0, 0))))
    memory = words(near)
    nothing = Ends(
        np.zeros(day.places + 1, dtype=np.int64),
        np.zeros(0, dtype=np.int64),
        np.zeros(0),
        np.zeros((0, len(day.limits)), dtype=np.int64),
        np.zeros((0, memory.shape[1]), dtype=np.uint64),
        np.zeros((0, groups.shape[1]), dtype=np.uint64),
    )
    *columns, count, complete = _grow(
        prices.legs,
        prices.at_first(),
        prices.alike,
        _sums(prices.worth),
        groups,
        words(prices.pair[None])[0],
        day.allowed,
        day.measures,
        day.limits,
        day.homeward(),
        memory,
        ends is not None,
        *(ends or nothing).columns(),
        below,
        most,
        hasty,
    )
    parts: list[Any] = [*(column[:count] for column in columns), complete]
    return Labels(*parts)


def closed(day: LongDay, prices: Prices, labels: Labels) -> Floats:
    """What each label costs driven straight home; infinite where it may not be."""
    total: Floats = labels.cost + prices.legs[labels.place, 0]
    home = day.measures[:, labels.place, 0].T
    late = (labels.used + home > day.limits).any(axis=1)
    total[late | ~labels.kept | ~day.allowed[labels.place, 0]] = np.inf
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
) -> Priced:
    """Many days that cost less than ``below``, and a bound of the least cost if it is lower.

    ``hasty`` looks quickly, without bound. Otherwise, when the only days so cheap visit a site
    twice, that is remembered and the search goes on, so ``bound`` is ``below`` at the end.
    """
    if hasty:
        found = grow(day, prices, np.ones_like(near), below=below, hasty=True, most=labels)
        return Priced(
            *_cheapest(day, prices, found, below, most)[:2], -np.inf, near, len(found.cost)
        )
    back, forth = (day.reversed(), prices.reversed()), (day, prices)
    ends = None
    while True:
        # Each pass goes the other way: the labels of the one before bound what this one can reach.
        found = grow(*forth, near, below=below, ends=ends, most=labels)
        tours, costs, loops = _cheapest(*forth, found, below, most)
        totals = closed(*forth, found)
        bound = min(below, float(totals.min(initial=below))) if found.complete else -np.inf
        if len(tours) or not found.complete or not len(loops):
            break
        near = near | _returns(loops, near.shape[0])
        ends = Ends.of(day, found)
        back, forth = forth, back
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
    simple = _simple(tours)
    loops = tours[~simple][:most]
    rows, tours = rows[simple], tours[simple]
    if prices.alike and len(tours):
        _, first = np.unique(np.sort(tours, axis=1), axis=0, return_index=True)
        first.sort()
        rows, tours = rows[first], tours[first]
    chosen = _spread(tours, most, day.places)
    return tours[chosen], totals[rows[chosen]], loops


def _simple(tours: Ints) -> Bools:
    """Whether tours visit no site twice."""
    ordered = np.sort(tours, axis=1)
    return np.asarray(((ordered[:, 1:] != ordered[:, :-1]) | (ordered[:, 1:] < 0)).all(axis=1))


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


def _returns(loops: Ints, places: int) -> Bools:
    """What must be remembered for no day to come back as these do, shape (places, places)."""
    near = np.zeros((places, places), dtype=bool)
    for tour in loops:
        stops = tour[tour >= 0] + 1
        last: dict[int, int] = {}
        for k, place in enumerate(stops.tolist()):
            if place in last:
                near[stops[last[place] : k + 1], place] = True
            last[place] = k
    return near


@dataclass(frozen=True, eq=False)
class Enumerated:
    """Days cheaper than a limit; ``complete`` when none is missing."""

    tours: Ints
    costs: Floats
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
) -> Enumerated:
    """Every day cheaper than ``limit``, but those a day of the same sites makes useless.

    ``spent``: whole sums over legs, shape (sums, places, places), of which less is always better
    (metres, seconds). A day is left out when another visits the same sites in the same slots and
    spends no more of any; ``prices.legs`` must not fall where these rise.
    """
    nothing = Enumerated(np.zeros((0, day.stops), dtype=np.int64), np.zeros(0), False)
    first = grow(day, prices, near, below=limit, most=labels)
    if not first.complete:
        return nothing
    back = (day.reversed(), prices.reversed())
    second = grow(*back, near, below=limit, ends=Ends.of(day, first), most=labels)
    if not second.complete:
        return nothing
    tours = _expand(day, prices, spent, Ends.of(day, second), limit, labels)
    if tours is None or len(tours) > most:
        return nothing
    return Enumerated(tours, prices.of(tours), True)


def _expand(
    day: LongDay, prices: Prices, spent: Ints, ends: Ends, limit: float, most: int
) -> Ints | None:
    """The tours of ``enumerate_below``, or ``None`` when there are too many labels."""
    measures = np.concatenate([spent, day.measures])
    groups = words(np.pad(prices.groups.T, ((1, 0), (0, 0))))
    pairs = words(prices.pair[None])[0]
    sums_of, prizes = _sums(prices.worth), prices.at_first()
    width = words(np.ones((1, day.places), dtype=bool)).shape[1]
    place, slot = np.zeros(1, dtype=np.int64), np.full(1, -1, dtype=np.int64)
    cost, sums = np.zeros(1), np.zeros((1, len(measures)), dtype=np.int64)
    memory = np.zeros((1, width), dtype=np.uint64)
    state = np.zeros((1, groups.shape[1]), dtype=np.uint64)
    tours = np.full((1, day.stops), -1, dtype=np.int64)
    done: list[tuple[Ints, Words, Ints]] = []
    total = 0
    for _ in range(day.stops):
        row, to, slot, cost = _extend(
            place,
            slot,
            cost,
            np.ascontiguousarray(sums[:, len(spent) :]),
            memory,
            state,
            prices.legs,
            prizes,
            prices.alike,
            sums_of,
            groups,
            day.allowed,
            day.measures,
            day.limits,
            *ends.columns(),
            limit,
            most,
        )
        if len(row) > most:
            return None
        sums = sums[row] + measures[:, place[row], to].T
        memory, seen, here = memory[row], state[row], groups[to]
        memory[np.arange(len(row)), to >> 6] |= np.uint64(1) << (to & 63).astype(np.uint64)
        state = ((seen | here) & ~pairs) | ((seen ^ here) & pairs)
        tours = tours[row]
        tours[np.arange(len(row)), slot] = to - 1
        place = to
        key = memory if prices.alike else (tours + 1).astype(np.uint64)
        best = _useful(np.column_stack([key, place.astype(np.uint64)]), sums)
        place, slot, cost, sums = place[best], slot[best], cost[best], sums[best]
        memory, tours, key, state = memory[best], tours[best], key[best], state[best]
        whole = sums + measures[:, place, 0].T
        home = (cost + prices.legs[place, 0] < limit) & day.allowed[place, 0]
        home &= (whole[:, len(spent) :] <= day.limits).all(axis=1)
        done.append((tours[home], key[home], whole[home][:, : len(spent)]))
        total += len(row)
        if total > most:
            return None
    found, key, whole = (np.concatenate(parts) for parts in zip(*done, strict=True))
    return found[_useful(key, whole)]


def _useful(keys: Words, sums: Ints) -> Ints:
    """The rows that no first row of the same key, in order of sums, makes useless."""
    order = np.lexsort((*sums.T[::-1], *keys.T))
    same = np.zeros(len(order), dtype=bool)
    same[1:] = (keys[order[1:]] == keys[order[:-1]]).all(axis=1)
    first = np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))
    beaten = same & (sums[order] >= sums[order[first]]).all(axis=1)
    return np.sort(order[~beaten])
