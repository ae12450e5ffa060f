"""Simplified streets: points where nothing can be decided are joined into one arc.

Times are set on every piece of road before they are joined, so nothing is averaged. The same
points are kept as osmnx keeps: those where a driver can choose, or where the road ends. Only the
largest part from which every other point can be reached, and back, is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tourplan.arrays import distinct
from tourplan.network.graph import Bends, RoadNetwork
from tourplan.network.roads import Area, Roads
from tourplan.network.source import NetworkSource
from tourplan.network.speeds import PieceTimes
from tourplan.network.turns import Passages, driven

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Streets:
    """Arcs between the points that count, and the pieces of road each is made of.

    Attributes:
        roads: the roads they come from.
        node_point: point of the roads at each node, shape (nodes,); a point with turn bans has
            more than one node.
        start, end: positions of nodes, shape (arcs,).
        first: the entries of arc ``a`` are ``first[a]`` to ``first[a + 1]``, shape (arcs + 1,).
        piece: piece of road of each entry, in the order of driving, shape (entries,).
        along: whether it is driven in the direction it is drawn in, same shape.
        settled: nodes from which every other of them can be reached, and back, by these roads
            alone, shape (nodes,); the others are on roads that leave the area.
    """

    roads: Roads
    node_point: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    first: Ints
    piece: NDArray[np.int32]
    along: Flags
    settled: Flags

    def network(self, times: PieceTimes, source: NetworkSource) -> RoadNetwork:
        """The road graph with the times of a speed model."""
        entry_ms, entry_dm = self.entry_times(times), times.length_dm[self.piece]
        roads = self.roads
        heads = np.where(self.along, roads.end[self.piece], roads.start[self.piece])
        return RoadNetwork(
            lon=roads.lon[self.node_point],
            lat=roads.lat[self.node_point],
            start=self.start.astype(np.int64),
            end=self.end.astype(np.int64),
            time_ms=_sums(entry_ms, self.first),
            distance_dm=_sums(entry_dm, self.first),
            source=source,
            bends=Bends(heads, self.first[:-1], self.first[1:] - 1, roads.lon, roads.lat),
        )

    def entry_times(self, times: PieceTimes) -> Ints:
        """Milliseconds of each entry in the direction it is driven, shape (entries,)."""
        ms: Ints = np.where(self.along, times.forward_ms[self.piece], times.backward_ms[self.piece])
        return ms

    def arc_of_entry(self) -> Ints:
        """The arc of each entry, shape (entries,)."""
        return np.repeat(np.arange(len(self.start)), np.diff(self.first))


def _sums(values: Ints, first: Ints) -> Ints:
    """Sums of consecutive runs, none empty."""
    if not len(values):
        return np.zeros(0, dtype=np.int64)
    sums: Ints = np.add.reduceat(values, first[:-1])
    return sums


def simplify(roads: Roads, times: PieceTimes, area: Area | None = None) -> Streets:
    """The streets of ``roads``; of ``times`` only the directions allowed are looked at.

    Roads that leave ``area`` are kept up to their first point outside, as if all such points were
    linked: what the margin is worth can then be proved (``travel.margin``).
    """
    passages = driven(roads, times.forward, times.backward)
    outside = np.zeros(len(passages.point), dtype=bool)
    if area is not None:
        inside = area.holds(roads.lon, roads.lat)
        outside = ~inside[passages.point]
    linked = _largest_part(passages, outside)
    passages, outside = _kept(passages, linked), outside[linked]
    settled = _largest_part(passages, np.zeros(len(passages.point), dtype=bool))
    return _chained(roads, passages, _decisive(passages) | outside, settled)


def _largest_part(passages: Passages, linked: Flags) -> Flags:
    """The nodes of the largest strongly connected part, as if the ``linked`` ones were one."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    size = len(passages.point)
    if not size:
        return linked
    one = np.flatnonzero(linked)
    hub = np.full(len(one), one[0] if len(one) else 0)
    tail = np.concatenate([passages.tail, one, hub])
    head = np.concatenate([passages.head, hub, one])
    graph = csr_array((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(size, size))
    _, label = connected_components(graph, directed=True, connection="strong")
    largest: Flags = label == np.bincount(label).argmax()
    return largest


def _kept(passages: Passages, inside: Flags) -> Passages:
    """The passages between the nodes that are kept."""
    kept = inside[passages.tail] & inside[passages.head]
    number = (np.cumsum(inside) - 1).astype(np.int32)
    return Passages(
        point=passages.point[inside],
        tail=number[passages.tail[kept]],
        head=number[passages.head[kept]],
        piece=passages.piece[kept],
        along=passages.along[kept],
    )


def _chained(roads: Roads, passages: Passages, chosen: Flags, settled: Flags) -> Streets:
    """Passages joined end to end through the nodes that are not chosen."""
    step = _next(passages, chosen)
    left, last = _ranked(step)
    kept = np.flatnonzero(chosen[passages.tail])
    leads = np.zeros(len(step), dtype=bool)
    leads[kept] = True
    order = np.lexsort((-left, last))
    order = order[_of_started(last[order], leads[order])]
    first = _firsts(last[order])
    number = (np.cumsum(chosen) - 1).astype(np.int32)
    ends = np.r_[first[1:], len(order)] - 1 if len(order) else first
    return Streets(
        roads=roads,
        node_point=passages.point[chosen],
        start=number[passages.tail[order[first]]],
        end=number[passages.head[order[ends]]],
        first=np.r_[first, len(order)].astype(np.int64),
        piece=passages.piece[order],
        along=passages.along[order],
        settled=settled[chosen],
    )


def _decisive(passages: Passages) -> Flags:
    """Nodes where a driver can choose, or must turn back: not two neighbours, passed one way."""
    size = len(passages.point)
    tail, head = passages.tail.astype(np.int64), passages.head.astype(np.int64)
    ends = np.bincount(tail, minlength=size) + np.bincount(head, minlength=size)
    once = distinct(tail * size + head)
    leaving = np.bincount(once // max(size, 1), minlength=size)
    arriving = np.bincount(once % max(size, 1), minlength=size)
    pairs = distinct(np.concatenate([once, head * size + tail]))
    neighbours = np.bincount(pairs // max(size, 1), minlength=size)
    loops = np.bincount(tail[tail == head], minlength=size) > 0
    passed = (neighbours == 2) & (leaving == arriving) & (ends == leaving + arriving)
    decisive: Flags = ~passed | loops
    if size and not decisive.any():
        decisive[0] = True
    return decisive


def _next(passages: Passages, chosen: Flags) -> Ints:
    """The passage that follows each, its own position at the end of a chain."""
    count = len(passages.tail)
    by = np.argsort(passages.tail, kind="stable")
    firsts = np.searchsorted(passages.tail[by], np.arange(len(passages.point) + 1))
    step = np.arange(count)
    through = np.flatnonzero(~chosen[passages.head])
    head = passages.head[through]
    one, two = firsts[head], firsts[head + 1] - 1
    ahead = by[one]
    back = passages.head[ahead] == passages.tail[through]
    step[through] = np.where(back, by[two], ahead)
    return step


def _ranked(step: Ints) -> tuple[Ints, Ints]:
    """How many passages follow each in its chain, and the last of the chain (pointer jumping)."""
    left = (step != np.arange(len(step))).astype(np.int64)
    last = step
    while True:
        further = last[last]
        if np.array_equal(further, last):
            return left, last
        left = left + left[last]
        last = further


def _firsts(values: Ints) -> Ints:
    """Where runs of equal values start."""
    return np.flatnonzero(np.r_[np.full(min(len(values), 1), True), values[1:] != values[:-1]])


def _of_started(last: Ints, leads: Flags) -> Flags:
    """Passages of the chains that start at a kept node (``last`` sorted)."""
    if not len(last):
        return np.zeros(0, dtype=bool)
    first = _firsts(last)
    started = np.logical_or.reduceat(leads, first)
    return np.repeat(started, np.diff(np.r_[first, len(last)]))
