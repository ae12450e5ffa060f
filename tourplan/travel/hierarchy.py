"""Exact shortest distances between many nodes: prepared once, then asked in a moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tourplan.travel.contraction import Contraction, contract, joined, least_of_pairs
from tourplan.travel.dissection import dissect, nearby
from tourplan.travel.fronts import Climbed, Fronts, build_fronts, shortest_sums

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Labels:
    """Distances between rows and nodes: one entry a row and node."""

    row: Ints
    node: Ints
    distance: Floats


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """A road graph prepared for many distances: contracted, then cut into fronts.

    Inside, nodes are renumbered so that neighbours are together in memory: ``_rank`` is the number
    that a node has there, ``_core`` its place in the core, -1 for none (by rank).
    """

    contraction: Contraction
    fronts: Fronts
    _rank: Ints
    _core: Ints

    @classmethod
    def of(cls, position: Floats, tail: Ints, head: Ints, weight: Floats) -> Hierarchy:
        """Prepare a graph.

        Args:
            position: where the nodes are on a plane map, shape (nodes, 2); only speed depends
                on it.
            tail: start of each arc, shape (arcs,).
            head: end of each arc, same shape.
            weight: whole numbers, not negative, whose sums stay below 2**53, same shape.
        """
        order = nearby(position)
        rank = _places(order, len(position))
        contraction = contract(len(position), rank[tail], rank[head], weight)
        arcs = contraction.arcs
        cut = dissect(position[order[contraction.core]], arcs.tail, arcs.head)
        core = _places(contraction.core, len(position))
        return cls(contraction, build_fronts(cut, arcs), rank, core)

    def distances(self, origins: Ints, destinations: Ints) -> Floats:
        """Shortest distances, shape (origins, destinations); infinite where there is no way."""
        low, high = self._climb(np.asarray(origins, dtype=np.int64), towards=False)
        low_to, high_to = self._climb(np.asarray(destinations, dtype=np.int64), towards=True)
        least = np.full((len(origins), len(destinations)), np.inf)
        for part in high.keys() & high_to.keys():
            _meet(least, high[part], high_to[part])
        first, second = joined(low.node, low_to.node)
        np.minimum.at(
            least,
            (low.row[first], low_to.row[second]),
            low.distance[first] + low_to.distance[second],
        )
        return least

    def _climb(self, nodes: Ints, *, towards: bool) -> tuple[Labels, dict[int, Climbed]]:
        """Distances to contracted nodes on the way up, and to the separating nodes above."""
        low, core = _ascend(self.contraction, self._rank[nodes], towards=towards)
        high = self.fronts.climb(core.row, self._core[core.node], core.distance, towards=towards)
        return low, high


def _places(order: Ints, size: int) -> Ints:
    """Where each number below ``size`` is in ``order``; -1 for nowhere."""
    places = np.full(size, -1, dtype=np.int64)
    places[order] = np.arange(len(order))
    return places


def _ascend(contraction: Contraction, nodes: Ints, *, towards: bool) -> tuple[Labels, Labels]:
    """The contracted nodes met on the way to the core, and the nodes of the core reached."""
    now = Labels(np.arange(len(nodes)), nodes, np.zeros(len(nodes)))
    met: list[Labels] = []
    for number, step in enumerate(contraction.rounds):
        going = contraction.order[now.node] == number
        if not going.any():
            continue
        gone = Labels(now.row[going], now.node[going], now.distance[going])
        met.append(gone)
        at, arc = joined(gone.node, step.tail)
        length = (step.into if towards else step.out)[arc]
        now = _shortest(
            np.concatenate([now.row[~going], gone.row[at]]),
            np.concatenate([now.node[~going], step.head[arc]]),
            np.concatenate([now.distance[~going], gone.distance[at] + length]),
        )
    return _all(met), now


def _shortest(row: Ints, node: Ints, distance: Floats) -> Labels:
    """One finite entry a row and node, the shortest."""
    finite = np.isfinite(distance)
    return Labels(*least_of_pairs(row[finite], node[finite], distance[finite]))


def _all(labels: list[Labels]) -> Labels:
    """Labels together, sorted by node."""
    empty = Labels(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    every = [empty, *labels]
    node = np.concatenate([each.node for each in every])
    by = np.argsort(node, kind="stable")
    return Labels(
        np.concatenate([each.row for each in every])[by],
        node[by],
        np.concatenate([each.distance for each in every])[by],
    )


def _meet(least: Floats, up: Climbed, down: Climbed) -> None:
    """Ways that meet at the separating nodes of a front, in place."""
    cells = np.ix_(up.rows, down.rows)
    least[cells] = np.minimum(least[cells], shortest_sums(up.distance, down.distance.T))
