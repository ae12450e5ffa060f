"""Streets given to analysts as a graph of osmnx.

Shortest ways by networkx on it are those of tourplan, to the millisecond: weigh edges with
``time_ms`` (whole) or ``travel_time`` (seconds).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tourplan.arrays import distinct
from tourplan.network.roads import Roads
from tourplan.network.source import NetworkSource
from tourplan.network.speeds import PieceTimes
from tourplan.network.streets import Streets

if TYPE_CHECKING:
    import networkx as nx

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CRS = "epsg:4326"
EDGE_TAGS = ("highway", "name", "ref", "maxspeed", "lanes", "junction", "bridge", "tunnel")
"""Tags of ways that edges are given."""


def to_graph(streets: Streets, times: PieceTimes, source: NetworkSource) -> nx.MultiDiGraph:
    """The streets as osmnx makes them: simplified, in degrees, one edge a direction.

    Nodes are OSM points, with ``x``, ``y``, ``street_count`` and ``highway`` where tagged. A
    point with turn bans has more nodes, of the same ``x`` and ``y``, under negative numbers and
    with ``turn_ban=True``; statistics count these too. Edges have what osmnx gives them, lists
    where several ways are joined, and ``length`` (m), ``speed_kph``, ``travel_time`` (s),
    ``time_ms`` and ``distance_dm`` (whole); ``geometry`` where there are bends.

    Args:
        streets: what is given.
        times: the times of its pieces of road.
        source: told in the graph's attributes.
    """
    import networkx

    network = streets.network(times, source)
    names = _node_names(streets)
    graph = networkx.MultiDiGraph(**_graph_attributes(source, streets.roads.date or source.date))
    graph.add_nodes_from(zip(names, _node_attributes(streets), strict=True))
    edges = _edge_attributes(streets, times)
    rows = zip(network.time_ms.tolist(), network.distance_dm.tolist(), edges, strict=True)
    ends = zip(streets.start.tolist(), streets.end.tolist(), strict=True)
    graph.add_edges_from(
        (names[start], names[end], {**edge, **_measures(ms, dm)})
        for (start, end), (ms, dm, edge) in zip(ends, rows, strict=True)
    )
    return graph


def plain_graph(
    points: Mapping[str, tuple[float, float]],
    arcs: Iterable[tuple[str, str, int, int]],
    source: NetworkSource,
) -> nx.MultiDiGraph:
    """Links between named places as osmnx would have them, one edge a direction, drawn straight.

    Args:
        points: longitude and latitude by INSEE code, which names the nodes.
        arcs: from, to, milliseconds and decimetres.
        source: told in the graph's attributes.
    """
    import networkx

    graph = networkx.MultiDiGraph(**_graph_attributes(source, source.date))
    graph.add_nodes_from((code, {"x": lon, "y": lat}) for code, (lon, lat) in points.items())
    graph.add_edges_from(
        (tail, head, _measures(ms, dm)) for tail, head, ms, dm in arcs if tail != head
    )
    return graph


def _graph_attributes(source: NetworkSource, date: str) -> dict[str, Any]:
    """What the whole graph says of itself, in French where it is text."""
    from tourplan import __version__

    return {
        "crs": CRS,
        "simplified": True,
        "created_with": f"tourplan {__version__}",
        "source": source.label,
        "date": date,
        "credit": source.credit,
        "uncertainty": source.uncertainty,
        "speed_model": source.speeds,
    }


def _node_names(streets: Streets) -> list[int]:
    """The OSM number of each node; free negative ones for the further nodes of a point."""
    points = streets.node_point.tolist()
    lowest = min(int(streets.roads.node_id.min(initial=0)), 0)
    seen: set[int] = set()
    names = []
    for point in points:
        if point in seen:
            lowest -= 1
        names.append(lowest if point in seen else int(streets.roads.node_id[point]))
        seen.add(point)
    return names


def _node_attributes(streets: Streets) -> Iterator[dict[str, Any]]:
    """What each node is given."""
    roads = streets.roads
    tags = dict(zip(roads.special.tolist(), roads.node_tags.column("highway"), strict=True))
    counts = _street_counts(streets)
    seen: set[int] = set()
    for point in streets.node_point.tolist():
        told = {"highway": tags.get(point, ""), "turn_ban": point in seen}
        yield {
            "x": float(roads.lon[point]),
            "y": float(roads.lat[point]),
            "street_count": int(counts[point]),
            **{key: value for key, value in told.items() if value},
        }
        seen.add(point)


def _street_counts(streets: Streets) -> Ints:
    """How many roads meet at each point, whichever way they are driven, shape (points,)."""
    pieces, size = distinct(streets.piece), len(streets.roads.node_id)
    ends = (streets.roads.start[pieces], streets.roads.end[pieces])
    counts: Ints = np.bincount(ends[0], minlength=size) + np.bincount(ends[1], minlength=size)
    return counts


def _edge_attributes(streets: Streets, times: PieceTimes) -> Iterator[dict[str, Any]]:
    """What each arc is given, times aside."""
    roads = streets.roads
    columns = {key: roads.way_tags.column(key) for key in EDGE_TAGS}
    two_way = times.forward & times.backward
    for first, last in zip(streets.first[:-1].tolist(), streets.first[1:].tolist(), strict=True):
        pieces, along = streets.piece[first:last], streets.along[first:last]
        ways = list(dict.fromkeys(roads.way[pieces].tolist()))
        osmid = list(dict.fromkeys(int(roads.way_id[way]) for way in ways))
        driven = sorted({not ahead for ahead in along.tolist()})
        told = {key: _values([column[way] for way in ways]) for key, column in columns.items()}
        yield {
            "osmid": osmid if len(osmid) > 1 else osmid[0],
            **{key: value for key, value in told.items() if value},
            "oneway": not bool(two_way[pieces].all()),
            "reversed": driven if len(driven) > 1 else driven[0],
            **_geometry(roads, pieces, along),
        }


def _values(values: Iterable[str]) -> str | list[str]:
    """The values met, once each in the order of driving: a list where there are several."""
    kept = [value for value in dict.fromkeys(values) if value]
    return kept if len(kept) > 1 else "".join(kept)


def _geometry(roads: Roads, pieces: NDArray[Any], along: NDArray[Any]) -> dict[str, Any]:
    """The line of an arc, under its name, where it has bends."""
    from shapely import LineString

    if len(pieces) == 1:
        return {}
    tails = np.where(along, roads.start[pieces], roads.end[pieces])
    heads = np.where(along, roads.end[pieces], roads.start[pieces])
    points = np.append(tails[:1], heads)
    return {"geometry": LineString(np.column_stack([roads.lon[points], roads.lat[points]]))}


def _measures(ms: int, dm: int) -> dict[str, float]:
    """Length, time and speed of an edge."""
    return {
        "length": dm / 10,
        "speed_kph": dm * 360 / ms,
        "travel_time": ms / 1000,
        "time_ms": ms,
        "distance_dm": dm,
    }
