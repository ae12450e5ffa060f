"""Small maps in metres for the tests of roads, and what other programs find on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
from overpass import shared

from tourplan.network.graph import RoadNetwork
from tourplan.network.osmfile import read_osm
from tourplan.network.roads import NODE_TAGS, WAY_TAGS, Roads, Tags, TurnBans
from tourplan.network.source import NetworkSource
from tourplan.network.speedmodel import EARTH_RADIUS_M
from tourplan.network.speeds import (
    PieceTimes,
    SpeedModel,
    directions,
    piece_lengths_m,
    piece_times,
)
from tourplan.network.streets import Streets, simplify

SOURCE = NetworkSource("essai", "", "", "", 0, schematic=False)
ORIGIN = (3.0, 45.0)
DEGREE_M = np.radians(1) * EARTH_RADIUS_M
SCALE = np.array([DEGREE_M * np.cos(np.radians(ORIGIN[1])), DEGREE_M])
REAL = ("andorra.osm.pbf", "north-bayreuth.osm.gz")

Xy = tuple[float, float]
Line = list[int] | tuple[list[int], dict[str, str]]


def degrees(x: float, y: float) -> Xy:
    """Longitude and latitude of a point in metres east and north of ``ORIGIN``."""
    lon, lat = np.array([x, y]) / SCALE + ORIGIN
    return float(lon), float(lat)


def drawn(
    points: Sequence[Xy],
    lines: Sequence[Line],
    bans: Sequence[tuple[int, int, int, bool]] = (),
    obstacles: Sequence[tuple[Xy, Xy]] = (),
) -> Roads:
    """Roads along points in metres; ways without tags are ``unclassified``."""
    ways = [line if isinstance(line, tuple) else (line, {}) for line in lines]
    pairs = [(a, b, k) for k, (line, _) in enumerate(ways) for a, b in pairwise(line)]
    start, end, way = np.array(pairs, dtype=np.int32).reshape(-1, 3).T
    lonlat = np.array(points, dtype=np.float64).reshape(-1, 2) / SCALE + ORIGIN
    tags = [{"highway": "unclassified", **way} for _, way in ways]
    rules = np.array(bans, dtype=np.int32).reshape(-1, 4).T
    return Roads(
        node_id=np.arange(len(points), dtype=np.int64) + 100,
        lon=lonlat[:, 0],
        lat=lonlat[:, 1],
        special=np.zeros(0, dtype=np.int32),
        node_tags=Tags(0, dict.fromkeys(NODE_TAGS, ())),
        start=start,
        end=end,
        way=way,
        way_id=np.arange(len(ways), dtype=np.int64),
        way_tags=Tags(
            len(tags), {key: tuple(tag.get(key, "") for tag in tags) for key in WAY_TAGS}
        ),
        bans=TurnBans(rules[0], rules[1], rules[2], rules[3].astype(bool)),
        obstacles=np.array([[*degrees(*a), *degrees(*b)] for a, b in obstacles]).reshape(-1, 4),
        date="",
    )


def without_bans(roads: Roads) -> Roads:
    """The same roads, every turn allowed."""
    none = np.zeros(0, dtype=np.int32)
    return replace(roads, bans=TurnBans(none, none, none, none.astype(bool)))


def even_times(roads: Roads) -> PieceTimes:
    """One metre in 100 ms forward and in 101 ms backward; open as the tags say."""
    dm = np.maximum(np.rint(piece_lengths_m(roads) * 10), 1).astype(np.int64)
    keys = ("highway", "oneway", "junction")
    rows = zip(*(roads.way_tags.column(key) for key in keys), strict=True)
    open_ = [directions(dict(zip(keys, row, strict=True))) for row in rows]
    forward, backward = np.array(open_, dtype=bool).reshape(-1, 2)[roads.way].T
    return PieceTimes(dm, dm * 10, dm * 10 + dm // 10, forward, backward)


def street_network(roads: Roads) -> tuple[Streets, PieceTimes, RoadNetwork]:
    times = even_times(roads)
    streets = simplify(roads, times)
    return streets, times, streets.network(times, SOURCE)


@cache
def real_roads(name: str) -> tuple[Roads, PieceTimes]:
    """A real extract with the times of the default model; skips where it is not there."""
    roads = read_osm(shared(name), None)
    return roads, piece_times(roads, SpeedModel.default())


@cache
def real_streets(name: str) -> tuple[Streets, PieceTimes, RoadNetwork]:
    roads, times = real_roads(name)
    streets = simplify(roads, times)
    return streets, times, streets.network(times, SOURCE)


def network_of(
    links: Sequence[tuple[int, int, int, int]], size: int, places: dict[str, int] | None = None
) -> RoadNetwork:
    """Named nodes without coordinates; links are from, to, milliseconds, decimetres."""
    start, end, ms, dm = np.array(links, dtype=np.int64).reshape(-1, 4).T
    unknown = np.full(size, np.nan)
    return RoadNetwork(unknown, unknown, start, end, ms, dm, SOURCE, places or {})


def by_scipy(size, start, end, weight, origins) -> np.ndarray:
    """Least sums of weights from some nodes to all, shape (origins, nodes); loops dropped."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    by = np.lexsort((weight, end, start))
    start, end, weight = np.asarray(start)[by], np.asarray(end)[by], np.asarray(weight)[by]
    first = np.r_[True, (start[1:] != start[:-1]) | (end[1:] != end[:-1])] if len(by) else by
    pointer = np.searchsorted(start[first], np.arange(size + 1)).astype(np.int32)
    arcs = (weight[first].astype(np.float64), end[first].astype(np.int32), pointer)
    return dijkstra(
        csr_array(arcs, shape=(size, size)), indices=np.asarray(origins, dtype=np.int32)
    )


def town(size: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A road-like plane graph: positions, arcs (some one-way) and whole weights with many ties."""
    from scipy.spatial import Delaunay

    random = np.random.default_rng(seed)
    position = random.random((size, 2))
    corner = Delaunay(position).simplices
    sides = np.unique(np.sort(np.r_[corner[:, :2], corner[:, 1:], corner[:, ::2]]), axis=0)
    sides = sides[random.random(len(sides)) < 0.55]
    two_way = random.random(len(sides)) < 0.85
    start = np.r_[sides[:, 0], sides[two_way, 1]].astype(np.int64)
    end = np.r_[sides[:, 1], sides[two_way, 0]].astype(np.int64)
    length = np.hypot(*(position[start] - position[end]).T)
    return position, start, end, np.maximum(np.rint(length * random.choice([20, 500])), 0)
