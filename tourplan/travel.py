"""Times and distances between places, and the way taken; unreachable is data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tourplan.network.links import RoadNetwork
from tourplan.network.source import NetworkSource

_PACK = 2**24
"""Distances under 2**24 m and times under 2**29 s share a float64 exactly."""


@dataclass(frozen=True, eq=False)
class TravelMatrix:
    """Quickest ways between ``places`` (INSEE codes); ties in time go to the shorter way.

    Attributes:
        places: codes, one a row and a column.
        time_s: whole seconds, shape (places, places); 0 where unreachable, so ask ``reachable``.
        distance_m: whole metres along the same ways, same shape.
        reachable: whether there is a way, same shape.
        source: where the times come from.
    """

    places: tuple[str, ...]
    time_s: NDArray[np.int64]
    distance_m: NDArray[np.int64]
    reachable: NDArray[np.bool_]
    source: NetworkSource
    _nodes: tuple[str, ...]
    _predecessors: NDArray[np.int32]

    def index(self, code: str) -> int:
        """The row of a place."""
        return self.places.index(code)

    def path(self, origin: str, destination: str) -> tuple[str, ...]:
        """The network nodes of the quickest way, both ends included; empty if there is none."""
        if origin == destination:
            return (origin,)
        row = self.index(origin)
        if not self.reachable[row, self.index(destination)]:
            return ()
        node = self._nodes.index(destination)
        way = [node]
        while self._predecessors[row, node] >= 0:
            node = int(self._predecessors[row, node])
            way.append(node)
        return tuple(self._nodes[step] for step in reversed(way))


def travel_matrix(network: RoadNetwork, places: Sequence[str]) -> TravelMatrix:
    """The quickest ways between all ``places`` over ``network``.

    One Dijkstra a place returns time and distance together: each link weighs
    ``time_s * 2**24 + distance_m``, exact in a float64. A place the network does not know is
    unreachable.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    unique = tuple(dict.fromkeys(places))
    size = len(network.nodes)
    weights = (network.time_s * _PACK + network.distance_m).astype(np.float64)
    start, end, weights = _lightest(network.start, network.end, weights)
    cells = (start.astype(np.int32), end.astype(np.int32))  # scipy's Dijkstra wants 32-bit indices
    graph = csr_array((weights, cells), shape=(size, size))
    position = {code: number for number, code in enumerate(network.nodes)}
    known = np.array([position.get(code, -1) for code in unique], dtype=np.int64)
    rows = np.flatnonzero(known >= 0)

    packed = np.full((len(unique), len(unique)), np.inf)
    predecessors = np.full((len(unique), size), -1, dtype=np.int32)
    if rows.size:
        found, before = dijkstra(graph, indices=known[rows], return_predecessors=True)
        packed[np.ix_(rows, rows)] = found[:, known[rows]]
        predecessors[rows] = before
    np.fill_diagonal(packed, 0)
    reachable = np.isfinite(packed)
    whole = np.where(reachable, packed, 0).astype(np.int64)
    return TravelMatrix(
        places=unique,
        time_s=whole // _PACK,
        distance_m=whole % _PACK,
        reachable=reachable,
        source=network.source,
        _nodes=network.nodes,
        _predecessors=predecessors,
    )


def _lightest(
    start: NDArray[np.int64], end: NDArray[np.int64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The lightest of parallel links (a sparse matrix would add them up)."""
    order = np.lexsort((weights, end, start))
    start, end, weights = start[order], end[order], weights[order]
    first = np.ones(len(start), dtype=bool)
    first[1:] = (start[1:] != start[:-1]) | (end[1:] != end[:-1])
    return start[first], end[first], weights[first]
