"""Dense tables over a dissected graph, and the climb of distances from any node to the top.

Each part of the dissection has a *front*: the nodes that separate it and the nodes around it, and
the shortest distances between them by ways inside the part (multifrontal elimination, Duff and
Reid, 1983, on distances instead of sums). A distance from below climbs from front to front; the
top of any shortest way is a separating node common to both ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tourplan.arrays import distinct
from tourplan.travel.contraction import Arcs
from tourplan.travel.dissection import Dissection

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_CUBE = 100_000
"""Sums of about as many terms are made in one piece."""
_SHARED = 1_000_000
"""Sums of more terms are shared by two threads."""
_PANEL, _LARGE = 32, 400
"""Tables of more nodes than the second are closed as many at a time as the first."""


@dataclass(frozen=True, eq=False)
class Front:
    """One front: ``nodes``, the first ``own`` of which separate the part; the rest is around it.

    ``between`` holds the distances, shape (nodes, nodes); ``above`` where the nodes around it are
    in the front of the part that holds this one.
    """

    nodes: Ints
    own: int
    between: Floats
    above: Ints

    def place(self, node: Ints) -> Ints:
        """Where nodes of this front are among its ``nodes``."""
        by = np.argsort(self.nodes)
        return by[np.searchsorted(self.nodes, node, sorter=by)]


@dataclass(frozen=True, eq=False)
class Climbed:
    """Distances of some rows to the separating nodes of a front, shape (rows, own)."""

    rows: Ints
    distance: Floats


@dataclass(frozen=True, eq=False)
class Fronts:
    """All the fronts, by part (``None`` where a part is empty)."""

    fronts: tuple[Front | None, ...]
    part: Ints

    def climb(
        self, row: Ints, node: Ints, distance: Floats, *, towards: bool
    ) -> dict[int, Climbed]:
        """Distances from rows to every separating node above them, by part.

        Args:
            row: which row each entry is of, sorted, shape (entries,). The entries of a row are
                neighbours of one another, hence on one branch of the dissection.
            node: a node near the row, same shape.
            distance: from the row to that node, same shape.
            towards: distances towards the rows instead, with ``distance`` from node to row.
        """
        climbed: dict[int, Climbed] = {}
        waiting: dict[int, list[Climbed]] = defaultdict(list)
        for part, rows, start in self._starts(row, node, distance):
            waiting[part].append(Climbed(rows, start))
        for part in range(len(self.fronts) - 1, 0, -1):
            front = self.fronts[part]
            if front is None or part not in waiting:
                continue
            rows, start = _together(waiting.pop(part))
            between = front.between.T if towards else front.between
            some = np.flatnonzero(np.isfinite(start).any(axis=0))
            reached = shortest_sums(start[:, some], between[some])
            climbed[part] = Climbed(rows, np.ascontiguousarray(reached[:, : front.own]))
            above = self.fronts[part >> 1]
            if len(front.above) and above is not None:
                table = np.full((len(rows), len(above.nodes)), np.inf)
                table[:, front.above] = reached[:, front.own :]
                waiting[part >> 1].append(Climbed(rows, table))
        return climbed

    def _starts(
        self, row: Ints, node: Ints, distance: Floats
    ) -> Iterator[tuple[int, Ints, Floats]]:
        """Where rows start: the deepest part of their nodes, with distances to its front."""
        rows, first, count = np.unique(row, return_index=True, return_counts=True)
        if not len(rows):
            return
        deepest = np.maximum.reduceat(self.part[node], first)
        for part in np.unique(deepest).tolist():
            front = self.fronts[part]
            mine = np.flatnonzero(deepest == part)
            if front is None:
                continue
            at = np.repeat(np.arange(len(mine)), count[mine])
            entry = np.concatenate([np.arange(first[k], first[k] + count[k]) for k in mine])
            table = np.full((len(mine), len(front.nodes)), np.inf)
            table[at, front.place(node[entry])] = distance[entry]
            yield part, rows[mine], table


def _together(blocks: list[Climbed]) -> tuple[Ints, Floats]:
    """Rows that start in a front and those that come from its halves: never the same."""
    if len(blocks) == 1:
        return blocks[0].rows, blocks[0].distance
    return (
        np.concatenate([block.rows for block in blocks]),
        np.concatenate([block.distance for block in blocks]),
    )


def shortest_sums(left: Floats, right: Floats) -> Floats:
    """The least ``left[i, k] + right[k, j]`` over ``k``, shape (rows of left, columns of right)."""
    rows, terms = left.shape
    columns = right.shape[1]
    if not terms:
        return np.full((rows, columns), np.inf)
    if rows * terms * columns <= _CUBE:
        return np.asarray((left[:, :, None] + right[None]).min(axis=1))
    right = np.ascontiguousarray(right)
    least = np.empty((rows, columns))
    if rows * terms * columns <= _SHARED:
        _fill(least, left, right)
        return least
    half = rows // 2
    second = _second_core().submit(_fill, least[half:], left[half:], right)
    _fill(least[:half], left[:half], right)
    second.result()
    return least


def _fill(least: Floats, left: Floats, right: Floats) -> None:
    """The least sums, row by row, in place."""
    sums = np.empty(right.shape)
    for row, target in zip(left, least, strict=True):
        np.add(right, row[:, None], out=sums)
        np.minimum.reduce(sums, axis=0, out=target)


@cache
def _second_core() -> ThreadPoolExecutor:
    """One more thread: numpy lets it work while it adds."""
    return ThreadPoolExecutor(1, thread_name_prefix="tourplan")


def build_fronts(cut: Dissection, arcs: Arcs) -> Fronts:
    """The fronts of a dissected graph, from the smallest parts up."""
    depth = cut.depth()
    order = np.lexsort((np.arange(len(cut.part)), cut.part))
    count = 2 << cut.levels
    firsts = np.searchsorted(cut.part[order], np.arange(count + 1))
    deeper = depth[arcs.tail] >= depth[arcs.head]
    owner = np.where(deeper, cut.part[arcs.tail], cut.part[arcs.head])
    other = np.where(deeper, arcs.head, arcs.tail)
    by = np.argsort(owner, kind="stable")
    ends = np.searchsorted(owner[by], np.arange(count + 1))
    fronts: list[Front | None] = [None] * count
    place = np.empty(len(order), dtype=np.int64)
    for part, around in _surroundings(cut, owner, other):
        own = order[firsts[part] : firsts[part + 1]]
        nodes = np.concatenate([own, around])
        if not len(nodes):
            continue
        place[nodes] = np.arange(len(nodes))
        table = np.full((len(nodes), len(nodes)), np.inf)
        np.fill_diagonal(table, 0)
        mine = by[ends[part] : ends[part + 1]]
        table[place[arcs.tail[mine]], place[arcs.head[mine]]] = arcs.weight[mine]
        for half in range(2 * part, min(2 * part + 2, count)):
            fronts[half] = _placed(fronts[half], place, table)
        _close(table, len(own))
        fronts[part] = Front(nodes, len(own), table, np.zeros(0, dtype=np.int64))
    return Fronts(tuple(fronts), cut.part)


def _surroundings(cut: Dissection, owner: Ints, other: Ints) -> Iterator[tuple[int, Ints]]:
    """Parts from the deepest level up, with the nodes around each, in order."""
    size = len(cut.part)
    outside = cut.part[other] != owner
    pairs = distinct(owner[outside] * size + other[outside])
    level = np.frexp((pairs // size).astype(np.float64))[1] - 1
    carried = np.zeros(0, dtype=np.int64)
    for depth in range(cut.levels, -1, -1):
        here = distinct(np.concatenate([pairs[level == depth], carried]))
        part, node = here // size, here % size
        ends = np.searchsorted(part, np.arange(1 << depth, (2 << depth) + 1))
        for number in range(1 << depth):
            yield (1 << depth) + number, node[ends[number] : ends[number + 1]]
        up = part >> 1
        further = cut.part[node] != up
        carried = up[further] * size + node[further]


def _placed(half: Front | None, place: Ints, table: Floats) -> Front | None:
    """Put the distances around a half into the front above; the half knows its place there."""
    if half is None:
        return None
    above = place[half.nodes[half.own :]]
    cells = np.ix_(above, above)
    table[cells] = np.minimum(table[cells], half.between[half.own :, half.own :])
    return Front(half.nodes, half.own, half.between, above)


def _close(table: Floats, own: int) -> None:
    """Ways through the first ``own`` nodes, in place (Floyd and Warshall).

    In large tables some nodes at a time, so that what is added stays in the processor's cache.
    """
    if len(table) <= _LARGE:
        through = np.empty_like(table)
        for node in range(own):
            np.add(table[:, node, None], table[node], out=through)
            np.minimum(table, through, out=table)
        return
    for low in range(0, own, _PANEL):
        some = slice(low, min(low + _PANEL, own))
        inner = table[some, some]
        _close(inner, len(inner))
        table[some] = shortest_sums(inner, table[some])
        table[:, some] = shortest_sums(table[:, some], inner)
        np.minimum(table, shortest_sums(table[:, some], table[some]), out=table)
