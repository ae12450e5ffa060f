"""A graph made with osmnx becomes roads.

It keeps its directions: an edge is open one way, two that mirror one another make a two-way road.
Turn bans are nodes (see ``network.turns``), so a graph that was given out and comes back obeys
them; only a place put on a road that such a node leads to may then be reached by a detour. Rivers
and railways are not in a graph, so a place may be put on the road of the other side.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tourplan.errors import Fault, InputError, quoted
from tourplan.network.roads import NODE_TAGS, WAY_TAGS, Roads, Tags, TurnBans
from tourplan.network.speeds import RANKS, PieceTimes, piece_lengths_m

if TYPE_CHECKING:
    import networkx as nx

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CRS = "epsg:4326"


MAX_FAULTS = 20
"""Faults told one by one; the others are counted."""
MAX_EDGE_S = 86_400.0
MAX_EDGE_M = 1_000_000.0
MAX_EDGE_KMH = 300
"""What is faster was not in seconds, or not in metres."""
JUDGED_M = 100
"""Edges shorter than this may look too fast or too short: they are not judged."""
MAX_GAP_M = 1_000
"""How far the line of an edge may end from its node: consolidated crossings leave gaps."""
_SAME_PLACE = 1e7
"""Points are the same to a ten-millionth of a degree, as in OpenStreetMap."""
_LARGEST_ID = 2**62
_AGAIN = "refaites-le avec ox.graph_from_place(…, network_type='drive')"
_GIVE_TIMES_TOO = "donnez highway, ou le travel_time de tous les tronçons, en secondes"
_GIVE_TIMES = "ôtez travel_time de tous les tronçons, ou lancez ox.add_edge_travel_times(graphe)"


@dataclass(frozen=True, eq=False)
class _Edge:
    """An edge of the graph, or the two of a two-way road.

    Attributes:
        where: its ends and key, for messages.
        tail, head: positions of nodes.
        line: its points in degrees, both ends included, shape (points, 2).
        dm: whole decimetres; 0 where the graph does not say.
        ms: whole milliseconds; 0 where the graph has no times.
        way: the OSM ways it is made of.
        tags: values of ``WAY_TAGS``, as the way is drawn.
        against: whether it is driven against the way it is drawn.
        back_ms: the time of the edge that mirrors it; None where there is none.
    """

    where: str
    tail: int
    head: int
    line: Floats
    dm: int
    ms: int
    way: tuple[str, ...]
    tags: tuple[str, ...]
    against: bool
    back_ms: int | None = None

    def key(self, *, mirrored: bool = False) -> tuple[object, ...]:
        """What tells an edge from others, as it is or as the one that mirrors it would be."""
        points = np.rint(self.line * _SAME_PLACE).astype(np.int64)
        if mirrored:
            return self.head, self.tail, self.way, self.tags, self.dm, points[::-1].tobytes()
        return self.tail, self.head, self.way, self.tags, self.dm, points.tobytes()

    def way_tags(self) -> tuple[str, ...]:
        """The tags in the direction it is driven in, its own directions told."""
        told = dict(zip(WAY_TAGS, self.tags, strict=True))
        if self.against and self.back_ms is None:
            ahead, back = told["maxspeed:forward"], told["maxspeed:backward"]
            told |= {"maxspeed:forward": back, "maxspeed:backward": ahead}
        told["oneway"] = "yes" if self.back_ms is None else "no"
        return tuple(told.values())


def from_graph(graph: nx.MultiDiGraph) -> tuple[Roads, PieceTimes | None]:
    """The roads of a graph made with osmnx, simplified or not, and its times if it has some.

    Each edge is a one-way road, and two edges that mirror one another (same ways, tags, points
    and length) a two-way one; what is left of an OSM way is one way. Coordinates are converted to
    degrees. Where a tag has several values, the lowest kind of road, the lowest limit and the
    fewest lanes count. A loop without bends leads nowhere and is left out.

    Times are those of ``travel_time``; lengths those of ``length``, else great-circle ones. Both
    are shared between the pieces of an edge in proportion to how long they are drawn, and their
    sum is the edge's, in whole milliseconds and decimetres, at least 1; an edge with fewer of
    them than pieces is drawn straight.

    Returns:
        The roads, and their times; None where the graph has no ``travel_time``: lengths are then
        great-circle ones, as for every road that ``piece_times`` is asked about.

    Raises:
        InputError: not a MultiDiGraph, no road in it, no coordinate system, or what is wrong with
            its nodes and edges: the first ``MAX_FAULTS``, and how many more.
    """
    _check_kind(graph)
    faults: list[Fault] = []
    to_degrees = _conversion(graph.graph.get("crs"), faults)
    points = _node_points(graph, faults)
    lines = _lines(graph, faults)
    length_m = _numbers(graph, "length", MAX_EDGE_M, faults)
    time_s = _numbers(graph, "travel_time", MAX_EDGE_S, faults)
    timed = _all_timed(time_s, faults)
    _raise(faults)
    places, lines = _converted(to_degrees, points, lines)
    _raise(_place_faults(graph, places))
    edges, faults = _edges(graph, places, lines, length_m, time_s)
    _raise(faults)
    streets = _in_way_order(_two_ways(edges))
    if not streets:
        raise InputError.of("graphe", "aucune route n’y mène d’un point à un autre", _AGAIN)
    roads, first = _as_roads(graph, places, streets)
    drawn_m = piece_lengths_m(roads)
    faults = _absurd(streets, np.add.reduceat(drawn_m, first[:-1]))
    _raise(faults if timed else [*faults, *_unknown_kinds(streets)])
    return roads, _times(streets, first, drawn_m) if timed else None


def _check_kind(graph: object) -> None:
    """See that it is a directed graph with parallel edges, and that there is something in it."""
    import networkx

    if not isinstance(graph, networkx.Graph):
        what = f"attendu un graphe d’osmnx, reçu {quoted(type(graph).__name__)}"
        raise InputError.of("graphe", what, _AGAIN)
    if not graph.is_directed():
        raise InputError.of(
            "graphe",
            "les sens de circulation n’y sont pas (graphe non orienté)",
            "donnez le graphe d’avant ox.convert.to_undirected",
        )
    if not graph.is_multigraph():
        raise InputError.of(
            "graphe",
            "les routes parallèles n’y sont pas (DiGraph)",
            "donnez le graphe d’avant ox.convert.to_digraph (un MultiDiGraph)",
        )
    if not graph.number_of_edges():
        raise InputError.of("graphe", "il est vide", _AGAIN)


def _raise(faults: Sequence[Fault]) -> None:
    """Refuse a graph that has faults, the first told and the others counted."""
    if not faults:
        return
    more = len(faults) - MAX_FAULTS
    rest = [Fault("graphe", f"et {more} autres fautes")] if more > 0 else []
    raise InputError([*faults[:MAX_FAULTS], *rest])


def _conversion(crs: Any, faults: list[Fault]) -> Callable[[Floats], Floats]:
    """How coordinates become degrees (EPSG:4326)."""
    import pyproj
    from pyproj.exceptions import CRSError

    mend = "donnez-le : graphe.graph['crs'] = 'epsg:4326' si x et y sont en degrés"
    if crs is None:
        faults.append(Fault("graphe", "son système de coordonnées (crs) n’est pas dit", mend))
        return lambda points: points
    try:
        given = pyproj.CRS.from_user_input(crs)
    except CRSError:
        faults.append(Fault("graphe", f"crs {quoted(crs)} inconnu", mend))
        return lambda points: points
    if given.equals(pyproj.CRS.from_user_input(CRS), ignore_axis_order=True):
        return lambda points: points
    transform = pyproj.Transformer.from_crs(given, CRS, always_xy=True).transform
    return lambda points: np.column_stack(transform(points[:, 0], points[:, 1]))


def _number(value: object) -> float:
    """A number that is one; NaN for a text, a list, a truth value or nothing."""
    known = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    try:
        return float(value) if known else math.nan  # type: ignore[arg-type]
    except OverflowError:
        return math.nan


def _node_points(graph: nx.MultiDiGraph, faults: list[Fault]) -> Floats:
    """``x`` and ``y`` of the nodes, shape (nodes, 2)."""
    table = [(_number(data.get("x")), _number(data.get("y"))) for _, data in graph.nodes(data=True)]
    points = np.array(table, dtype=np.float64)
    for node, point in zip(graph.nodes, points.tolist(), strict=True):
        if not all(map(math.isfinite, point)):
            mend = "ôtez-le, ou donnez-lui ses coordonnées"
            faults.append(Fault(_node(node), "x ou y manque, ou n’est pas un nombre", mend))
    return points


def _node(node: object) -> str:
    return f"graphe, nœud {str(node)[:40]}"


def _edge(tail: object, head: object, key: object) -> str:
    told = f"graphe, tronçon {str(tail)[:40]} → {str(head)[:40]}"
    return f"{told} (clé {str(key)[:40]})" if key else told


def _lines(graph: nx.MultiDiGraph, faults: list[Fault]) -> list[Floats]:
    """The points of the geometry of each edge as they are, none where it has no geometry."""
    from shapely import LineString, get_coordinates

    lines = []
    for tail, head, key, line in graph.edges(keys=True, data="geometry"):
        missing = line is None or (isinstance(line, float) and math.isnan(line))
        points = get_coordinates(line) if isinstance(line, LineString) else np.empty((0, 2))
        if not missing and not (len(points) and np.isfinite(points).all()):
            mend = "ôtez geometry, ou lisez le fichier par ox.io.load_graphml"
            what = "geometry n’est pas une LineString de nombres"
            faults.append(Fault(_edge(tail, head, key), what, mend))
        lines.append(points)
    return lines


def _numbers(graph: nx.MultiDiGraph, name: str, most: float, faults: list[Fault]) -> Floats:
    """An attribute of the edges, NaN where they have none, shape (edges,)."""
    values = []
    for tail, head, key, value in graph.edges(keys=True, data=name):
        number = _number(value)
        if value is not None and not 0 <= number <= most:
            what = f"{name} = {quoted(value)} ; attendu un nombre de 0 à {most:.0f}"
            unit = "en mètres" if name == "length" else "en secondes"
            mend = f"corrigez-le ({unit}), ou ôtez {name} de tous les tronçons"
            faults.append(Fault(_edge(tail, head, key), what, mend))
        values.append(number)
    return np.array(values, dtype=np.float64)


def _all_timed(time_s: Floats, faults: list[Fault]) -> bool:
    """Whether the graph has times; some edges with and some without are a fault."""
    missing = int(np.isnan(time_s).sum())
    if missing in (0, len(time_s)) or faults:
        return missing == 0
    what = f"travel_time manque à {missing} tronçons sur {len(time_s)}"
    faults.append(Fault("graphe", what, _GIVE_TIMES))
    return False


def _converted(
    to_degrees: Callable[[Floats], Floats], points: Floats, lines: Sequence[Floats]
) -> tuple[Floats, list[Floats]]:
    """Nodes and lines in degrees, converted together."""
    sizes = np.cumsum([len(points), *(len(line) for line in lines)])
    places, *others = np.split(to_degrees(np.concatenate([points, *lines])), sizes[:-1])
    return places, others


def _place_faults(graph: nx.MultiDiGraph, places: Floats) -> list[Fault]:
    """Nodes that are not on the globe."""
    mend = "vérifiez le système de coordonnées : graphe.graph['crs']"
    return [
        Fault(_node(node), "ses coordonnées ne sont pas sur le globe", mend)
        for node, (lon, lat) in zip(graph.nodes, places.tolist(), strict=True)
        if not (abs(lon) <= 180 and abs(lat) <= 90)
    ]


def _edges(
    graph: nx.MultiDiGraph,
    places: Floats,
    lines: Sequence[Floats],
    length_m: Floats,
    time_s: Floats,
) -> tuple[list[_Edge], list[Fault]]:
    """The edges that lead somewhere, and those whose line does not join their nodes."""
    position = {node: number for number, node in enumerate(graph.nodes)}
    found, faults = [], []
    units = zip(_units(length_m, 10), _units(time_s, 1000), strict=True)
    rows = zip(graph.edges(keys=True, data=True), lines, units, strict=True)
    for (start, end, key, data), line, (dm, ms) in rows:
        tail, head, where = position[start], position[end], _edge(start, end, key)
        joined = _joined(places[tail], line, places[head])
        if joined is None:
            what = f"geometry s’arrête à plus de {MAX_GAP_M} m de ses nœuds"
            faults.append(Fault(where, what, "ôtez geometry, ou corrigez x et y des nœuds"))
            continue
        most = min((unit for unit in (dm, ms) if unit), default=len(joined))
        drawn = joined if most >= len(joined) - 1 else joined[[0, -1]]
        if tail == head and len(drawn) == 2:
            continue
        way = _way(data.get("osmid"), where)
        tags = tuple(_tag(tag, data[tag]) if tag in data else "" for tag in WAY_TAGS)
        found.append(
            _Edge(where, tail, head, drawn, dm, ms, way, tags, data.get("reversed") is True)
        )
    return found, faults


def _units(values: Floats, per: int) -> list[int]:
    """Whole units, at least 1; 0 where the value is not known."""
    known = np.isfinite(values)
    whole = np.maximum(np.rint(np.where(known, values, 0) * per), 1)
    units: list[int] = np.where(known, whole, 0).astype(np.int64).tolist()
    return units


def _joined(tail: Floats, line: Floats, head: Floats) -> Floats | None:
    """The points from one node to the other, each once; None where the line is not between them."""
    if not len(line):
        return np.stack([tail, head])
    ahead = max(_gap_m(tail, line[0]), _gap_m(head, line[-1]))
    back = max(_gap_m(tail, line[-1]), _gap_m(head, line[0]))
    if min(ahead, back) > MAX_GAP_M:
        return None
    points = np.concatenate([[tail], line if ahead <= back else line[::-1], [head]])
    whole = np.rint(points * _SAME_PLACE)
    moved = (whole[1:] != whole[:-1]).any(axis=1)
    kept: Floats = points[np.concatenate([[True], moved])]
    return kept if len(kept) > 1 else np.stack([tail, head])


def _gap_m(one: Floats, other: Floats) -> float:
    """Metres between two points, nearly."""
    lon, lat = other - one
    return math.hypot(lon * math.cos(math.radians(one[1])), lat) * 111_200


def _way(osmid: object, otherwise: str) -> tuple[str, ...]:
    """The OSM ways of an edge in an order of their own; the edge alone where they are not told."""
    values = osmid if isinstance(osmid, (list, tuple, set)) else [osmid]
    told = sorted({_text(value) for value in values} - {""})
    return tuple(told) or (otherwise,)


def _text(value: object) -> str:
    """A value as OpenStreetMap writes it; empty where there is none."""
    if value is None or (isinstance(value, (float, np.floating)) and math.isnan(value)):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _tag(key: str, value: object) -> str:
    """The value of a tag; of several, the one that is driven slowest."""
    if not isinstance(value, (list, tuple, set)):
        return _text(value)
    texts = sorted({_text(one) for one in value} - {""})
    if key == "highway":
        return min(texts, key=lambda text: RANKS.get(text, RANKS["road"]), default="")
    if key == "lanes":
        return min(texts, key=lambda text: int(text) if text.isdecimal() else 99, default="")
    return ";".join(texts)


def _two_ways(edges: Sequence[_Edge]) -> list[_Edge]:
    """Edges, each two that mirror one another made one, drawn as their way is."""
    waiting: dict[tuple[object, ...], list[int]] = {}
    kept: list[_Edge | None] = list(edges)
    for number, edge in enumerate(edges):
        mirrors = waiting.get(edge.key(mirrored=True))
        if not mirrors:
            waiting.setdefault(edge.key(), []).append(number)
            continue
        other = mirrors.pop()
        ahead, back = (number, other) if edges[other].against else (other, number)
        kept[ahead] = replace(edges[ahead], back_ms=edges[back].ms)
        kept[back] = None
    return [edge for edge in kept if edge is not None]


def _in_way_order(edges: Sequence[_Edge]) -> list[_Edge]:
    """The same edges, those of a way one after the other as they are driven."""
    ways: dict[_WayKey, list[_Edge]] = {}
    for edge in edges:
        ways.setdefault(_way_key(edge), []).append(edge)
    return [edge for way in ways.values() for edge in _followed(way)]


_WayKey = tuple[tuple[str, ...], tuple[str, ...]]


def _way_key(edge: _Edge) -> _WayKey:
    """What the edges of one way have in common."""
    return edge.way, edge.way_tags()


def _followed(edges: Sequence[_Edge]) -> Iterator[_Edge]:
    """Each edge followed by one that leaves from its end, as far as there is one."""
    leaving: dict[int, list[_Edge]] = {}
    for edge in reversed(edges):
        leaving.setdefault(edge.tail, []).append(edge)
    heads = {edge.head for edge in edges}
    begins = [edge.tail for edge in edges if edge.tail not in heads]
    for begin in [*begins, *(edge.tail for edge in edges)]:
        here = begin
        while leaving.get(here):
            edge = leaving[here].pop()
            yield edge
            here = edge.head


def _as_roads(graph: nx.MultiDiGraph, places: Floats, edges: Sequence[_Edge]) -> tuple[Roads, Ints]:
    """The roads, and the first piece of each edge and the end of the last, shape (edges + 1,)."""
    inner = np.array([len(edge.line) - 2 for edge in edges], dtype=np.int64)
    first = np.concatenate([[0], np.cumsum(inner + 1)])
    bend_of = len(places) + np.cumsum(inner) - inner
    chains = [
        [edge.tail, *range(at, at + count), edge.head]
        for edge, at, count in zip(edges, bend_of.tolist(), inner.tolist(), strict=True)
    ]
    points = np.concatenate([places, *(edge.line[1:-1] for edge in edges)])
    numbers: dict[_WayKey, int] = {}
    rows = [numbers.setdefault(_way_key(edge), len(numbers)) for edge in edges]
    tags = {key: edge.way_tags() for key, edge in zip(map(_way_key, edges), edges, strict=True)}
    special, node_tags = _node_tags(graph)
    none = np.zeros(0, dtype=np.int32)
    roads = Roads(
        node_id=_node_ids(graph, int(inner.sum())),
        lon=points[:, 0].copy(),
        lat=points[:, 1].copy(),
        special=special,
        node_tags=node_tags,
        start=np.array([p for chain in chains for p in chain[:-1]], dtype=np.int32),
        end=np.array([p for chain in chains for p in chain[1:]], dtype=np.int32),
        way=np.repeat(rows, inner + 1).astype(np.int32),
        way_id=_way_ids([way[0] for way, _ in numbers]),
        way_tags=_columns(WAY_TAGS, [tags[key] for key in numbers]),
        bans=TurnBans(none, none, none, none.astype(np.bool_)),
        obstacles=np.zeros((0, 4)),
        date=_date(graph),
    )
    return roads, first


def _node_ids(graph: nx.MultiDiGraph, bends: int) -> Ints:
    """The nodes' own numbers where all have one, else new ones; bends get free negative ones."""
    own = all(
        isinstance(node, (int, np.integer)) and abs(int(node)) < _LARGEST_ID for node in graph.nodes
    )
    ids = np.array(list(graph.nodes) if own else range(len(graph)), dtype=np.int64)
    free = min(int(ids.min()), 0) - 1
    return np.concatenate([ids, np.arange(free, free - bends, -1, dtype=np.int64)])


def _way_ids(told: Sequence[str]) -> Ints:
    """The OSM numbers of ways, the first where several are joined; -1, -2… where there is none."""
    known = [int(text) if re.fullmatch(r"[1-9][0-9]{0,17}", text) else 0 for text in told]
    ids = [number or -1 - row for row, number in enumerate(known)]
    return np.array(ids, dtype=np.int64)


def _node_tags(graph: nx.MultiDiGraph) -> tuple[NDArray[np.int32], Tags]:
    """Positions of the nodes that have tags of ``NODE_TAGS``, and these."""
    rows = [tuple(_text(data.get(key)) for key in NODE_TAGS) for _, data in graph.nodes(data=True)]
    special = [number for number, row in enumerate(rows) if any(row)]
    tags = _columns(NODE_TAGS, [rows[number] for number in special])
    return np.array(special, dtype=np.int32), tags


def _columns(keys: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Tags:
    """Rows as columns, those that are empty everywhere left out."""
    columns = zip(keys, zip(*rows, strict=True), strict=False)
    return Tags(len(rows), {key: column for key, column in columns if any(column)})


def _date(graph: nx.MultiDiGraph) -> str:
    """When the data is from: what tourplan wrote, ISO, or empty.

    osmnx only writes the day the graph was made, which says nothing of the roads.
    """
    told = str(graph.graph.get("date") or "")
    return told[:10] if re.match(r"\d{4}-\d\d-\d\d", told) else ""


def _absurd(edges: Sequence[_Edge], drawn_m: Floats) -> list[Fault]:
    """Edges much shorter than they are drawn, or driven too fast: their unit is another."""
    faults = []
    for edge, drawn in zip(edges, drawn_m.tolist(), strict=True):
        if edge.dm and drawn > JUDGED_M and edge.dm / 10 < drawn / 2:
            what = f"length = {edge.dm / 10:g} m, mais {drawn:.0f} m sur la carte"
            faults.append(Fault(edge.where, what, "donnez des mètres"))
        metres = edge.dm / 10 or drawn
        for ms in filter(None, (edge.ms, edge.back_ms)):
            kmh = metres * 3600 / ms
            if metres > JUDGED_M and kmh > MAX_EDGE_KMH:
                what = f"travel_time = {ms / 1000:g} s pour {metres:.0f} m, soit {kmh:.0f} km/h"
                faults.append(Fault(edge.where, what, "donnez des secondes"))
    return faults


def _unknown_kinds(edges: Sequence[_Edge]) -> list[Fault]:
    """Edges that no speed can be set on."""
    told = (dict(zip(WAY_TAGS, edge.tags, strict=True)) for edge in edges)
    return [
        Fault(edge.where, "ni highway ni travel_time : sa vitesse est inconnue", _GIVE_TIMES_TOO)
        for edge, tags in zip(edges, told, strict=True)
        if not tags["highway"] and tags["route"] != "ferry"
    ]


def _times(edges: Sequence[_Edge], first: Ints, drawn_m: Floats) -> PieceTimes:
    """The measures of edges shared between their pieces."""
    told_dm = np.array([edge.dm for edge in edges], dtype=np.int64)
    drawn_dm = np.add.reduceat(np.maximum(np.rint(drawn_m * 10), 1), first[:-1])
    ahead = np.array([edge.ms for edge in edges], dtype=np.int64)
    back = np.array([edge.back_ms or edge.ms for edge in edges], dtype=np.int64)
    length_dm = _shared(np.where(told_dm > 0, told_dm, drawn_dm).astype(np.int64), first, drawn_m)
    forward_ms, backward_ms = (_shared(ms, first, drawn_m) for ms in (ahead, back))
    two_way = np.repeat([edge.back_ms is not None for edge in edges], np.diff(first))
    return PieceTimes(
        length_dm=length_dm,
        forward_ms=forward_ms,
        backward_ms=backward_ms,
        forward=np.ones(len(drawn_m), dtype=np.bool_),
        backward=two_way,
    )


def _shared(total: Ints, first: Ints, weight: Floats) -> Ints:
    """Whole totals as whole parts, at least 1 each, nearly in proportion to weights.

    Args:
        total: one a run, at least as many as the run has parts, shape (runs,).
        first: the parts of run ``r`` are ``first[r]`` to ``first[r + 1]``, shape (runs + 1,).
        weight: of the parts, not negative, shape (parts,).
    """
    count, last = np.diff(first), first[1:] - 1
    so_far = np.cumsum(np.maximum(weight, 1e-3))
    before = np.repeat(np.concatenate([[0.0], so_far])[first[:-1]], count)
    whole = np.repeat(so_far[last], count) - before
    mark = np.rint((so_far - before) / whole * np.repeat(total - count, count))
    mark[last] = total - count
    start = np.concatenate([[0.0], mark[:-1]])
    start[first[:-1]] = 0
    parts: Ints = (mark - start).astype(np.int64) + 1
    return parts
