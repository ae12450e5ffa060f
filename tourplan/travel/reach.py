"""Who is how far from the nearest of many places, and how far one gets in so many minutes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tourplan.errors import InputError
from tourplan.network.graph import PACK, RoadNetwork

if TYPE_CHECKING:
    import geopandas

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Place = int | str
"""A node, or the INSEE code of a place of the network."""

ROADSIDE_M = 200
"""An isochrone holds what is nearer than this to a road reached."""
_POCKET_KM2 = 0.1
"""Smaller holes of an isochrone are filled."""
_ROUND = 4
"""Segments in a quarter of a circle."""
_FRANCE = (-5.5, 41.2, 10.0, 51.5)
_LAMBERT_93 = "EPSG:2154"


@dataclass(frozen=True, eq=False)
class Nearest:
    """The quickest way from each node to the nearest of the counters; arrays of shape (nodes,).

    Attributes:
        time_s: whole seconds; 0 where unreachable, so ask ``reachable``.
        distance_m: whole metres along the same way.
        reachable: whether there is a way to any counter.
        counter: which of the counters, by position in the list asked for; -1 for none.
    """

    time_s: Ints
    distance_m: Ints
    reachable: Flags
    counter: NDArray[np.int32]


def nearest(network: RoadNetwork, counters: Sequence[Place], *, towards: bool = True) -> Nearest:
    """Time and distance from every node to its nearest counter, rounded as in ``TravelMatrix``.

    One search from all the counters at once. A code that the network does not know is nobody's
    nearest.

    Args:
        network: the road graph.
        counters: nodes, or codes of places.
        towards: to the counters; from them otherwise.
    """
    places, known = _nodes(network, counters)
    packed, source = _search(network, places, np.inf, towards=towards)
    reachable = np.isfinite(packed)
    time_ms, distance_dm = np.divmod(np.where(reachable, packed, 0).astype(np.int64), PACK)
    which = np.full(len(network.lon), -1, dtype=np.int32)
    which[places[::-1]] = known[::-1]
    counter = np.full(len(network.lon), -1, dtype=np.int32)
    counter[reachable] = which[source[reachable]]
    return Nearest(
        time_s=(time_ms + 500) // 1000,
        distance_m=(distance_dm + 5) // 10,
        reachable=reachable,
        counter=counter,
    )


def isochrone(
    network: RoadNetwork, places: Sequence[Place], minutes: Sequence[int], *, towards: bool = True
) -> geopandas.GeoDataFrame:
    """The land within so many minutes of any of the places, one row a limit, in EPSG:4326.

    It is what lies within 200 m of a road reached in time, the last road up to the very point
    where time runs out (as if driven evenly), with pockets under 10 ha filled. It says nothing of
    the way from a house to the road, nor of what lies farther from any road; nobody lives in much
    of it: count residents with ``nearest``, never with its surface.

    Args:
        network: the road graph; its nodes have coordinates.
        places: nodes, or codes of places.
        minutes: the limits; rows are in increasing order, each holding the one before.
        towards: from where one gets to a place; where one gets from a place otherwise.

    Returns:
        Columns ``minutes``, ``geometry`` and ``surface_km2``; a limit without any node has an
        empty geometry.

    Raises:
        InputError: the network is only named links, without coordinates.
    """
    import geopandas
    import shapely

    nodes, _ = _nodes(network, places)
    if not np.isfinite(network.lon).all():
        raise InputError.of(
            "isochrone",
            "le réseau simplifié n’a pas de tracé de routes",
            "prenez les routes d’OpenStreetMap",
        )
    limits = sorted(set(minutes))
    packed, _ = _search(network, nodes, _most_ms(max(limits, default=0)), towards=towards)
    crs = _plane(network, nodes)
    roads = _Reached.of(network, packed, towards=towards)
    points = geopandas.GeoSeries.from_xy(network.lon[nodes], network.lat[nodes], crs="EPSG:4326")
    land = _beside(points.to_crs(crs).array)
    rows = []
    for limit, before in zip(limits, [-1, *limits], strict=False):
        lines, share = roads.lines(_most_ms(limit), _most_ms(before))
        flat = geopandas.GeoSeries(lines, crs="EPSG:4326").to_crs(crs)
        land = _filled(shapely.union(land, _beside(_cut(flat.array, share))))
        rows.append(land)
    whole = geopandas.GeoSeries(rows, crs=crs)
    return geopandas.GeoDataFrame(
        {"minutes": limits, "surface_km2": whole.area / 1e6}, geometry=whole.to_crs("EPSG:4326")
    )


def _nodes(network: RoadNetwork, places: Iterable[Place]) -> tuple[Ints, Ints]:
    """The nodes of places that are known, and the positions of these in the list."""
    found = [p if not isinstance(p, str) else network.places.get(p, -1) for p in places]
    nodes = np.array(found, dtype=np.int64)
    known = np.flatnonzero(nodes >= 0)
    return nodes[known], known


def _most_ms(minutes: float) -> int:
    """The longest time that rounds to so many minutes at most, in milliseconds."""
    return int(minutes * 60) * 1000 + 499


def _search(
    network: RoadNetwork, places: Ints, most_ms: float, *, towards: bool
) -> tuple[Floats, Ints]:
    """Packed time and distance between every node and its nearest place, and which place that is.

    Dijkstra's search from all the places at once, on roads turned round if ``towards``; both arrays
    have shape (nodes,), the first infinite beyond ``most_ms``.
    """
    size = len(network.lon)
    if not len(places):
        return np.full(size, np.inf), np.full(size, -1)
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    tail, head = (network.end, network.start) if towards else (network.start, network.end)
    by = np.argsort(tail)
    first = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=size))]).astype(np.int32)
    arcs = (network.packed()[by], head[by].astype(np.int32), first)
    packed, _, source = dijkstra(
        csr_array(arcs, shape=(size, size)),
        indices=np.unique(places),
        limit=(most_ms + 1) * PACK - 1,
        return_predecessors=True,
        min_only=True,
    )
    return packed, source


def _plane(network: RoadNetwork, nodes: Ints) -> str:
    """A flat map in metres: Lambert 93 in France, else one around the places."""
    lon, lat = network.lon[nodes], network.lat[nodes]
    west, south, east, north = _FRANCE
    if ((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)).all():
        return _LAMBERT_93
    return f"+proj=laea +lat_0={lat.mean():.4f} +lon_0={lon.mean():.4f} +units=m"


@dataclass(frozen=True, eq=False)
class _Reached:
    """The arcs of which at least one end is reached, away from the place.

    ``near`` is the end reached first and ``far`` the other, ``start_ms`` the time at the near end,
    ``arc`` the arc and ``turned`` whether the near end is its end; shapes (arcs reached,).
    """

    network: RoadNetwork
    near: Ints
    far: Ints
    start_ms: Ints
    arc: Ints
    turned: bool

    @classmethod
    def of(cls, network: RoadNetwork, packed: Floats, *, towards: bool) -> _Reached:
        near, far = (network.end, network.start) if towards else (network.start, network.end)
        arc = np.flatnonzero(np.isfinite(packed[near]))
        start_ms = packed[near[arc]].astype(np.int64) // PACK
        return cls(network, near[arc], far[arc], start_ms, arc, towards)

    def lines(self, most_ms: int, before_ms: int) -> tuple[Any, Floats]:
        """Roads of which more is reached than at the limit before, and how much of each."""
        share = self._share(most_ms)
        more = np.flatnonzero(share > self._share(before_ms))
        return self._drawn(more), share[more]

    def _share(self, most_ms: int) -> Floats:
        """How much of each road is reached, 0 to 1."""
        left = np.maximum(most_ms - self.start_ms, 0)
        share: Floats = np.minimum(left / np.maximum(self.network.time_ms[self.arc], 1), 1)
        return share

    def _drawn(self, some: Ints) -> Any:
        """Lines of some of the roads, from the end reached first."""
        import shapely

        network, rows = self.network, np.arange(len(some))
        row, ends = np.r_[rows, rows], np.r_[self.near[some], self.far[some]]
        order = np.repeat([-1, np.iinfo(np.int64).max], len(some))
        lon, lat = network.lon[ends], network.lat[ends]
        if network.bends is not None:
            bends, arc = network.bends, self.arc[some]
            count = bends.last[arc] - bends.first[arc]
            between = np.repeat(rows, count)
            step = np.arange(len(between)) - np.repeat(np.cumsum(count) - count, count)
            point = bends.point[np.repeat(bends.first[arc], count) + step]
            row = np.r_[row, between]
            order = np.r_[order, np.repeat(count, count) - step if self.turned else step]
            lon, lat = np.r_[lon, bends.lon[point]], np.r_[lat, bends.lat[point]]
        by = np.lexsort((order, row))
        return shapely.linestrings(np.column_stack([lon, lat])[by], indices=row[by])


def _cut(lines: Any, share: Floats) -> Any:
    """The first share of each line; lines driven both ways once."""
    import shapely
    from shapely.ops import substring

    lines = np.array(lines, dtype=object)
    for at in np.flatnonzero(share < 1).tolist():
        lines[at] = substring(lines[at], 0, share[at], normalized=True)
    return shapely.from_wkb(np.unique(shapely.to_wkb(shapely.normalize(lines))))


def _beside(things: Any) -> Any:
    """The land near roads or points."""
    import shapely

    return shapely.union_all(shapely.buffer(things, ROADSIDE_M, quad_segs=_ROUND))


def _filled(land: Any) -> Any:
    """Land without its smallest holes."""
    import shapely

    parts = []
    for part in shapely.get_parts(land):
        holes = [hole for hole in part.interiors if shapely.Polygon(hole).area > _POCKET_KM2 * 1e6]
        parts.append(shapely.Polygon(part.exterior, holes))
    return shapely.union_all(parts)
