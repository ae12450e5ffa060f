"""The way taken between two places, point by point."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tourplan.network.graph import RoadNetwork
from tourplan.network.streets import Streets
from tourplan.travel.directions import RoadNames, Stretch, directions

Point = tuple[float, float]


class Ways:
    """Finds ways over a road network, which is only fetched when a way is asked for.

    Points are named: places by their INSEE code, points of roads by ``p`` and their number, so that
    two ways along the same road pass the same points.

    Args:
        fetch: returns the network; ``None`` where only the ends are known.
        graph: returns the streets as a ``networkx.MultiDiGraph``; ``None`` where there are none.
        streets: returns the streets that the network is made of; ``None`` where there are none.
    """

    def __init__(
        self,
        fetch: Callable[[], RoadNetwork] | None,
        graph: Callable[[], Any] | None = None,
        streets: Callable[[], Streets] | None = None,
    ) -> None:
        self._fetch, self._streets = fetch, streets
        self.graph = graph
        self._before: dict[int, NDArray[np.int32]] = {}

    @cached_property
    def network(self) -> RoadNetwork | None:
        """The network, ``None`` where only the ends of ways are known."""
        return self._fetch() if self._fetch else None

    def path(self, origin: str, destination: str) -> tuple[str, ...]:
        """The points of the quickest way, both ends included; both are known to be linked."""
        network = self.network
        if network is None:
            return origin, destination
        before = self._tree(network.places[origin])
        way = [network.places[destination]]
        while before[way[-1]] >= 0:
            way.append(int(before[way[-1]]))
        return tuple(self._names(network, way[::-1]))

    def position(self, name: str) -> Point | None:
        """Longitude and latitude of a point of a way; ``None`` for a place only known by name."""
        network = self.network
        if network is None:
            return None
        if name in network.places:
            node = network.places[name]
            lon, lat = float(network.lon[node]), float(network.lat[node])
            return (lon, lat) if np.isfinite(lon) else None
        kind, number = name[0], int(name[1:])
        if kind == "n" or network.bends is None:
            return float(network.lon[number]), float(network.lat[number])
        return float(network.bends.lon[number]), float(network.bends.lat[number])

    def directions(self, origin: str, destination: str) -> tuple[Stretch, ...]:
        """The roads of the quickest way, as they are driven; none where they are not known."""
        names, network = self._road_names, self.network
        if names is None or network is None or origin == destination:
            return ()
        way = self.path(origin, destination)
        places = [self.position(name) for name in way]
        points = [_point(name, names.node_point) for name in way]
        return directions(names, points, np.array(places, dtype=np.float64))

    @cached_property
    def _road_names(self) -> RoadNames | None:
        return RoadNames(self._streets()) if self._streets else None

    def _tree(self, origin: int) -> NDArray[np.int32]:
        """The node before each on the quickest way from ``origin``; negative where there is none.

        One search a place of departure (scipy's Dijkstra): a plan asks for few of them.
        """
        from scipy.sparse.csgraph import dijkstra

        if origin not in self._before:
            found = dijkstra(self._sparse, indices=origin, return_predecessors=True)
            self._before[origin] = found[1]
        return self._before[origin]

    @cached_property
    def _arcs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Keys (tail, head) of the lightest arcs, sorted, and their positions."""
        network = self.network
        if network is None:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        order = np.lexsort((network.packed(), network.end, network.start))
        keys = (network.start * len(network.lon) + network.end)[order]
        first = np.ones(len(keys), dtype=bool)
        first[1:] = keys[1:] != keys[:-1]
        return keys[first], order[first]

    @cached_property
    def _sparse(self) -> Any:
        """The lightest arcs as a sparse matrix for scipy, weights packed."""
        from scipy.sparse import csr_array

        network = self.network
        size = 0 if network is None else len(network.lon)
        keys, arcs = self._arcs
        weights = np.zeros(0) if network is None else network.packed()[arcs]
        tail, head = np.divmod(keys, max(size, 1))
        return csr_array((weights, (tail.astype(np.int32), head.astype(np.int32))), (size, size))

    def _names(self, network: RoadNetwork, nodes: list[int]) -> list[str]:
        """Names of the nodes and of the bends between them."""
        places = {node: code for code, node in network.places.items()}
        names = [places.get(nodes[0], f"n{nodes[0]}")]
        keys, arcs = self._arcs
        for a, b in itertools.pairwise(nodes):
            if network.bends is not None:
                arc = int(arcs[np.searchsorted(keys, a * len(network.lon) + b)])
                names.extend(f"p{point}" for point in network.bends.of(arc).tolist())
            names.append(places.get(b, f"n{b}"))
        return names


def _point(name: str, node_point: NDArray[np.int32]) -> int:
    """The OSM point that a point of a way is; -1 for a place, and where one joins its road."""
    if name[0] == "p":
        return int(name[1:])
    node = int(name[1:]) if name[0] == "n" else len(node_point)
    return int(node_point[node]) if node < len(node_point) else -1
