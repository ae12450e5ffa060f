"""Places on roads: each commune's point joins the road that serves it.

Not the nearest line on the map: a road one may stop on (no motorway), on this side of rivers and
railways if there is one nearly as near, both ways rather than one-way, a street rather than a
track. The way from the point to the road is driven slowly and counted.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tourplan.arrays import distinct
from tourplan.network.graph import Bends, RoadNetwork, no_bends
from tourplan.network.roads import Roads
from tourplan.network.speedmodel import EARTH_RADIUS_M, KEY_OF_HIGHWAY, LABEL_OF_KEY
from tourplan.network.speeds import PieceTimes
from tourplan.network.streets import Streets

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FAR_M = 500
"""Beyond this distance from its road, a place is told."""
LOST_M = 5_000
"""Beyond this distance, a place is on no road."""
ACCESS_KMH = 20
"""Speed from the point to the road (hypothesis)."""
_AROUND_M = 400
_SOON_M = 1_000
_CELL_DEG, _ROW = 0.015, 100_000
_AVOIDED_M = {
    "motorway": np.inf,
    "motorway_link": np.inf,
    "trunk": 300.0,
    "trunk_link": np.inf,
    "service": 30.0,
    "track": 150.0,
}
"""What a metre nearer is worth against the kind of road (hypothesis)."""
_ONE_WAY_M = 20.0
_ACROSS_M = 1_500.0
_EARLY_M = 60.0
"""Roads this much farther than the best are only looked at if those before are across a river."""


@dataclass(frozen=True)
class Snap:
    """Where a place was put: metres from its point, the road, and where on it.

    ``fault`` says in French why it could not be put on any road; empty otherwise. ``cut_off``: a
    nearer road is linked to the others only by roads outside the area that was read.
    """

    code: str
    distance_m: int
    road: str
    lon: float
    lat: float
    fault: str = ""
    cut_off: bool = False

    @property
    def far(self) -> bool:
        """Whether the place is to be checked."""
        return not self.fault and self.distance_m > FAR_M


@dataclass(frozen=True, eq=False)
class _Foot:
    """The point of a road where a place joins it: a share of a piece."""

    code: str
    piece: int
    share: float
    access_m: float
    lon: float
    lat: float


def with_places(
    streets: Streets,
    times: PieceTimes,
    network: RoadNetwork,
    points: Mapping[str, tuple[float, float]],
) -> tuple[RoadNetwork, tuple[Snap, ...]]:
    """The network with places as nodes, and where each was put.

    Args:
        streets: the streets ``network`` was made of.
        times: the times it was made with.
        network: the road graph without places.
        points: longitude and latitude by INSEE code.
    """
    feet, snaps = _feet(streets, points)
    return _split(streets, times, network, feet), snaps


def _feet(
    streets: Streets, points: Mapping[str, tuple[float, float]]
) -> tuple[list[_Foot], tuple[Snap, ...]]:
    """Where each place joins a road, and what to tell of it.

    Roads around are looked at first, and those farther away for the places that have none.
    """
    feet: dict[str, _Foot] = {}
    for reach_m in (_SOON_M, LOST_M):
        left = {code: at for code, at in points.items() if code not in feet}
        feet |= {foot.code: foot for foot in _feet_within(streets, left, reach_m)}
    fault = f"aucune route où s’arrêter à moins de {LOST_M // 1000} km"
    snaps = [
        _told(streets.roads, feet[code]) if code in feet else Snap(code, LOST_M, "", *at, fault)
        for code, at in points.items()
    ]
    apart = _apart(streets, points, snaps)
    return (
        [feet[code] for code in points if code in feet],
        tuple(replace(snap, cut_off=snap.code in apart) for snap in snaps),
    )


def _told(roads: Roads, foot: _Foot) -> Snap:
    """What to tell of a place that is on a road."""
    name = _road_name(roads, foot.piece)
    return Snap(foot.code, round(foot.access_m), name, foot.lon, foot.lat)


def _apart(
    streets: Streets, points: Mapping[str, tuple[float, float]], snaps: Sequence[Snap]
) -> set[str]:
    """The places nearer to a road that is linked to the others only outside the area."""
    import shapely

    if not points or streets.settled.all():
        return set()
    lonlat = np.array(list(points.values()), dtype=np.float64)
    plane = _Plane.around(lonlat)
    nearby = _nearby_pieces(streets, lonlat, LOST_M, settled=False)
    if not len(nearby):
        return set()
    tree = shapely.STRtree(plane.lines(streets.roads, nearby))
    reach = np.array([snap.distance_m for snap in snaps], dtype=np.float64)
    found = tree.query(plane.points(lonlat), predicate="dwithin", distance=reach)[0]
    return {snaps[number].code for number in distinct(found).tolist()}


def _feet_within(
    streets: Streets, points: Mapping[str, tuple[float, float]], reach_m: float
) -> Iterator[_Foot]:
    """Where places join a road that is within reach."""
    import shapely

    if not points:
        return
    lonlat = np.array(list(points.values()), dtype=np.float64)
    plane = _Plane.around(lonlat)
    nearby = _nearby_pieces(streets, lonlat, reach_m)
    if not len(nearby):
        return
    lines = plane.lines(streets.roads, nearby)
    at = plane.points(lonlat)
    obstacles = shapely.STRtree(plane.obstacles(streets.roads, lonlat))
    point, line = _candidates(shapely.STRtree(lines), at, reach_m)
    distance = shapely.distance(lines[line], at[point])
    cost = distance + _costs(streets, nearby)[line]
    order = np.lexsort((line, cost, point))
    point, line, cost = point[order], line[order], cost[order]
    # The first that no obstacle parts from its point is the best: most often the first of all.
    least = np.zeros(len(at))
    least[point[::-1]] = cost[::-1]
    early = cost <= least[point] + _EARLY_M
    parted = np.ones(len(line), dtype=bool)
    parted[early] = _parted(obstacles, lines[line[early]], at[point[early]])
    free = np.zeros(len(at), dtype=bool)
    free[point[~parted]] = True
    late = ~early & ~free[point]
    parted[late] = _parted(obstacles, lines[line[late]], at[point[late]])
    cost = np.where(late | early, cost + _ACROSS_M * parted, np.inf)
    best = np.lexsort((line, cost, point))
    best = best[np.unique(point[best], return_index=True)[1]]
    ends, share = _ends(lines[line[best]], at[point[best]])
    codes = list(points)
    for row, number in enumerate(best.tolist()):
        where = plane.degrees(ends[row].x, ends[row].y)
        away = float(shapely.distance(ends[row], at[point[number]]))
        yield _Foot(
            codes[point[number]], int(nearby[line[number]]), float(share[row]), away, *where
        )


def _ends(lines: Any, at: Any) -> tuple[Any, Floats]:
    """The points of lines nearest to other points, and how far along the lines they are."""
    import shapely

    share = shapely.line_locate_point(lines, at, normalized=True)
    return shapely.line_interpolate_point(lines, share, normalized=True), share


def _parted(obstacles: Any, lines: Any, at: Any) -> Flags:
    """Whether a river or a railway runs between points and lines."""
    import shapely

    ends, _ = _ends(lines, at)
    parted = np.zeros(len(lines), dtype=bool)
    if len(lines):
        parted[obstacles.query(shapely.shortest_line(ends, at), predicate="intersects")[0]] = True
    return parted


def _candidates(tree: Any, at: Any, reach_m: float) -> tuple[Ints, Ints]:
    """Pairs of a point and a line nearly as near as the nearest, for points with one in reach."""
    pair, nearest_m = tree.query_nearest(at, return_distance=True, all_matches=False)
    around_m = np.full(len(at), np.inf)
    around_m[pair[0]] = nearest_m + _AROUND_M
    limit_m = reach_m if reach_m < LOST_M else LOST_M + _AROUND_M
    near = np.flatnonzero(around_m <= limit_m)
    point, line = tree.query(at[near], predicate="dwithin", distance=around_m[near])
    return near[point], line


def _costs(streets: Streets, pieces: Ints) -> Floats:
    """How many metres farther a road may be to be preferred to each piece, shape (pieces,)."""
    highways = streets.roads.way_tags.column("highway")
    by_way = np.array([_AVOIDED_M.get(highway, 0.0) for highway in highways])
    driven = np.zeros((2, len(streets.roads.start)), dtype=bool)
    driven[streets.along.astype(int), streets.piece] = True
    one_way = ~(driven[0] & driven[1])
    costs: Floats = by_way[streets.roads.way[pieces]] + _ONE_WAY_M * one_way[pieces]
    return costs


def _nearby_pieces(
    streets: Streets, lonlat: Floats, reach_m: float, *, settled: bool = True
) -> Ints:
    """The pieces of the streets within reach of any of the points, and where one may stop.

    Those from which all others are reached by the roads of the area, and back; or the rest.
    """
    roads = streets.roads
    inside = streets.settled[streets.start] & streets.settled[streets.end]
    driven = np.zeros(len(roads.start), dtype=bool)
    driven[streets.piece[(inside == settled)[streets.arc_of_entry()]]] = True
    highways = roads.way_tags.column("highway")
    may_stop = np.array([np.isfinite(_AVOIDED_M.get(highway, 0.0)) for highway in highways])
    pieces = np.flatnonzero(driven & may_stop[roads.way])
    cells = _cells_around(lonlat, reach_m)
    start, end = (_cell(_lonlat(roads, ends[pieces])) for ends in (roads.start, roads.end))
    columns, rows = np.abs(start // _ROW - end // _ROW), np.abs(start % _ROW - end % _ROW)
    # A piece that spans several squares may pass between those of its ends.
    near = np.isin(start, cells) | np.isin(end, cells) | (columns > 1) | (rows > 1)
    nearby: Ints = pieces[near]
    return nearby


def _lonlat(roads: Roads, points: NDArray[np.int32]) -> Floats:
    """Where points of the roads are, in degrees, shape (points, 2)."""
    return np.column_stack([roads.lon[points], roads.lat[points]])


def _cell(lonlat: Floats) -> Ints:
    """The square of a coarse grid that each point is in."""
    column, row = np.floor(lonlat / _CELL_DEG).astype(np.int64).T
    cells: Ints = column * _ROW + row
    return cells


def _cells_around(lonlat: Floats, reach_m: float) -> Ints:
    """The squares that hold a point, and those within reach of it."""
    east_m = 111_000 * _CELL_DEG * np.cos(np.radians(np.abs(lonlat[:, 1]).max()))
    reach = int(np.ceil(reach_m / max(east_m, 1.0)))
    steps = np.arange(-reach, reach + 1)
    moves = (steps[:, None] * _ROW + steps[None]).ravel()
    return distinct(_cell(lonlat)[:, None] + moves[None])


@dataclass(frozen=True)
class _Plane:
    """A flat map in metres, true enough around its middle."""

    lon: float
    lat: float

    @classmethod
    def around(cls, lonlat: Floats) -> _Plane:
        return cls(*lonlat.mean(axis=0).tolist())

    def flat(self, lonlat: Floats) -> Floats:
        """Metres east and north."""
        scale = np.radians(1.0) * EARTH_RADIUS_M
        shape = np.array([scale * np.cos(np.radians(self.lat)), scale])
        metres: Floats = (lonlat - np.array([self.lon, self.lat])) * shape
        return metres

    def degrees(self, x: float, y: float) -> tuple[float, float]:
        """Longitude and latitude."""
        scale = np.radians(1.0) * EARTH_RADIUS_M
        lon = self.lon + x / (scale * np.cos(np.radians(self.lat)))
        return float(lon), float(self.lat + y / scale)

    def points(self, lonlat: Floats) -> Any:
        """Points on the map."""
        import shapely

        return shapely.points(self.flat(lonlat))

    def lines(self, roads: Roads, pieces: Ints) -> Any:
        """Pieces of road on the map."""
        import shapely

        ends = [self.flat(_lonlat(roads, end[pieces])) for end in (roads.start, roads.end)]
        return shapely.linestrings(np.stack(ends, axis=1))

    def obstacles(self, roads: Roads, lonlat: Floats) -> Any:
        """Rivers and railways near the points, on the map."""
        import shapely

        ends = roads.obstacles.reshape(-1, 2, 2)
        near = np.isin(_cell(ends[:, 0]), _cells_around(lonlat, LOST_M))
        return shapely.linestrings(self.flat(ends[near].reshape(-1, 2)).reshape(-1, 2, 2))


def _road_name(roads: Roads, piece: int) -> str:
    """What a road is called: its number and its name, else its kind in French."""
    way = int(roads.way[piece])
    told = (roads.way_tags.column(key)[way] for key in ("ref", "name"))
    kind = KEY_OF_HIGHWAY.get(roads.way_tags.column("highway")[way], "autre")
    return " ".join(part for part in told if part) or LABEL_OF_KEY[kind]


def _split(
    streets: Streets, times: PieceTimes, network: RoadNetwork, feet: Sequence[_Foot]
) -> RoadNetwork:
    """The network with two nodes more a place: where it joins its road, and the place itself.

    Both stand where the place joins the road; the slow arcs between them are the way from there to
    its point. An arc with feet on it is replaced by the arcs between them, whose times add up to
    its own (distances may gain 1 dm where two feet are one). A place is one more point where one
    may turn back, as one may at any end of a street.
    """
    if not feet:
        return network
    first_node = len(network.lon)
    cuts = _cuts(streets, times, feet)
    arcs = [_pieces_of(network, streets, arc, cut, first_node) for arc, cut in cuts.items()]
    whole = np.ones(len(network.start), dtype=bool)
    whole[list(cuts)] = False
    parts = np.concatenate([*arcs, _accesses(feet, first_node)])
    bends = network.bends or no_bends(len(network.start))
    return replace(
        network,
        lon=np.concatenate([network.lon, [f.lon for f in feet], [f.lon for f in feet]]),
        lat=np.concatenate([network.lat, [f.lat for f in feet], [f.lat for f in feet]]),
        start=np.concatenate([network.start[whole], parts[:, 0]]),
        end=np.concatenate([network.end[whole], parts[:, 1]]),
        time_ms=np.concatenate([network.time_ms[whole], parts[:, 2]]),
        distance_dm=np.concatenate([network.distance_dm[whole], parts[:, 3]]),
        places={foot.code: first_node + len(feet) + k for k, foot in enumerate(feet)},
        bends=Bends(
            bends.point,
            np.concatenate([bends.first[whole], parts[:, 4]]),
            np.concatenate([bends.last[whole], parts[:, 5]]),
            bends.lon,
            bends.lat,
        ),
    )


Cut = tuple[int, int, int, int]
"""Milliseconds and decimetres from the start of the arc, the entry cut, and which foot."""


def _cuts(streets: Streets, times: PieceTimes, feet: Sequence[_Foot]) -> dict[int, list[Cut]]:
    """The feet on each arc, in the order of driving."""
    by = np.argsort(streets.piece, kind="stable")
    pieces = streets.piece[by].astype(np.int64)
    arc_of = streets.arc_of_entry()
    ms, dm = streets.entry_times(times), times.length_dm[streets.piece]
    cuts: dict[int, list[Cut]] = {}
    for number, foot in enumerate(feet):
        low, high = np.searchsorted(pieces, [foot.piece, foot.piece + 1])
        for entry in by[low:high].tolist():
            arc = int(arc_of[entry])
            before = slice(int(streets.first[arc]), entry)
            share = foot.share if streets.along[entry] else 1 - foot.share
            cut = (
                int(ms[before].sum()) + round(share * int(ms[entry])),
                int(dm[before].sum()) + round(share * int(dm[entry])),
                entry,
                number,
            )
            cuts.setdefault(arc, []).append(cut)
    return {arc: sorted(cut) for arc, cut in cuts.items()}


def _pieces_of(
    network: RoadNetwork, streets: Streets, arc: int, cuts: Sequence[Cut], first_node: int
) -> Ints:
    """The arcs between the feet of one arc: ends, time, distance and bends, one a row."""
    first, last = int(streets.first[arc]), int(streets.first[arc + 1]) - 1
    stops = [
        (0, 0, first, int(network.start[arc])),
        *((ms, dm, entry, first_node + foot) for ms, dm, entry, foot in cuts),
        (int(network.time_ms[arc]), int(network.distance_dm[arc]), last, int(network.end[arc])),
    ]
    return np.array(
        [
            (a[3], b[3], b[0] - a[0], max(b[1] - a[1], 1), a[2], b[2])
            for a, b in itertools.pairwise(stops)
        ],
        dtype=np.int64,
    )


def _accesses(feet: Sequence[_Foot], first_node: int) -> Ints:
    """The arcs between roads and points, both ways."""
    count = len(feet)
    metres = np.array([foot.access_m for foot in feet])
    ms = np.rint(metres / ACCESS_KMH * 3600).astype(np.int64)
    dm = np.maximum(np.rint(metres * 10).astype(np.int64), 1)
    road = first_node + np.arange(count)
    point = road + count
    nothing = np.zeros(count, dtype=np.int64)
    out = np.column_stack([point, road, ms, dm, nothing, nothing])
    back = np.column_stack([road, point, ms, dm, nothing, nothing])
    return np.concatenate([out, back])
