"""A made-up country to measure on: towns, villages, hamlets, few bridges, always the same.

Points are drawn densely in towns and thinly between them and triangulated. The shortest tree that
joins them gives the dead ends (22 % of the points, as on real roads); points where it only passes
are joined two by two until crossings of three roads prevail. Main roads are the quickest ways from
town to town. Rivers are crossed at few bridges.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tourplan.network.graph import RoadNetwork  # noqa: E402
from tourplan.network.source import NetworkSource  # noqa: E402

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SEED = 2026
NODES_PER_KM2 = 21.0
"""As in a département of 128,500 crossings and dead ends on 6,100 km²."""
KM2_PER_COMMUNE = 17.0
IN_TOWNS = 0.5
TOWN_NODES_PER_KM2 = 150.0
MAIN_TOWNS = 0.03
RIVER_EVERY_KM = 30.0
BRIDGE_EVERY_KM = 7.0
WINDING = 1.25
ONE_WAY = 0.12
"""Share of the roads that close a loop."""
LANE_KMH, TOWN_KMH, COUNTRY_KMH, MAIN_KMH = 30.0, 26.0, 58.0, 82.0
MIDDLE = (3.0, 46.5)
KM_PER_DEGREE = 111.2


def country(nodes: int) -> RoadNetwork:
    """A road graph of as many nodes, both ways or one-way, strongly connected."""
    random = np.random.default_rng(SEED)
    side = float(np.sqrt(nodes / NODES_PER_KM2))
    centre, size = _communes(side, nodes, random)
    point, in_town = _points(side, nodes, centre, size, random)
    a, b = _sides(point)
    dry = _dry(point, a, b, side, random)
    a, b = a[dry], b[dry]
    length = np.hypot(*(point[a] - point[b]).T) * WINDING
    tree = _tree(len(point), a, b, length)
    loop = _loops(len(point), a, b, tree)
    kept = tree | loop
    a, b, length, loop = a[kept], b[kept], length[kept], loop[kept]
    kmh = np.where(in_town[a] & in_town[b], TOWN_KMH, LANE_KMH)
    for share, speed in ((1.0, COUNTRY_KMH), (MAIN_TOWNS, MAIN_KMH)):
        towns = _nearest_points(point, centre[np.argsort(-size)[: max(2, int(share * len(size)))]])
        main = _between(len(point), a, b, length / kmh, towns)
        kmh[main] = np.where(in_town[a] & in_town[b], 0.6, 1.0)[main] * speed
    one_way = loop & in_town[a] & (random.random(len(a)) < ONE_WAY)
    return _network(point, a, b, length, kmh, one_way)


def _communes(side: float, nodes: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Where communes are, in km, and how many points each has: few large ones, many small."""
    count = max(4, int(side * side / KM2_PER_COMMUNE))
    size = np.arange(1.0, count + 1) ** -0.9
    return random.random((count, 2)) * side, size / size.sum() * nodes * IN_TOWNS


def _points(
    side: float, nodes: int, centre: Floats, size: Floats, random: np.random.Generator
) -> tuple[Floats, Flags]:
    """Points in km, and which are in a town or a village."""
    inside = int(nodes * IN_TOWNS)
    town = random.choice(len(size), inside, p=size / size.sum())
    spread = np.sqrt(size / TOWN_NODES_PER_KM2 / np.pi)[town]
    there = centre[town] + random.normal(size=(inside, 2)) * spread[:, None] / np.sqrt(2)
    out = random.random((nodes - inside, 2)) * side
    point = np.clip(np.concatenate([there, out]), -side * 0.05, side * 1.05)
    in_town = np.arange(nodes) < inside
    return point + random.normal(size=point.shape) * 1e-3, in_town


def _sides(point: Floats) -> tuple[Ints, Ints]:
    """The sides of the triangles between points, each once."""
    from scipy.spatial import Delaunay

    corner = Delaunay(point).simplices.astype(np.int64)
    one = np.concatenate([corner[:, 0], corner[:, 1], corner[:, 2]])
    two = np.concatenate([corner[:, 1], corner[:, 2], corner[:, 0]])
    keys = np.unique(np.minimum(one, two) * len(point) + np.maximum(one, two))
    return keys // len(point), keys % len(point)


def _dry(point: Floats, a: Ints, b: Ints, side: float, random: np.random.Generator) -> Flags:
    """Sides that cross no river, or cross it at a bridge: the shortest one here and there."""
    dry = np.ones(len(a), dtype=bool)
    length = np.hypot(*(point[a] - point[b]).T)
    count = max(1, round(side / RIVER_EVERY_KM))
    for level in (np.arange(count) + 0.5) / count * side:
        phase = random.random(2) * 2 * np.pi
        bed = (
            level + 4 * np.sin(point[:, 0] / 11 + phase[0]) + 2 * np.sin(point[:, 0] / 3 + phase[1])
        )
        across = np.flatnonzero((point[a, 1] > bed[a]) != (point[b, 1] > bed[b]))
        stretch = (point[a[across], 0] // BRIDGE_EVERY_KM).astype(np.int64)
        by = np.lexsort((length[across], stretch))
        _, first = np.unique(stretch[by], return_index=True)
        dry[across] = False
        dry[across[by[first]]] = True
    return dry


def _tree(size: int, a: Ints, b: Ints, length: Floats) -> Flags:
    """The sides of the shortest tree."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    tree = minimum_spanning_tree(csr_array((length, (a, b)), shape=(size, size))).tocoo()
    keys = np.sort(tree.row.astype(np.int64) * size + tree.col)
    kept: Flags = np.isin(a * size + b, keys)
    return kept


def _loops(size: int, a: Ints, b: Ints, tree: Flags) -> Flags:
    """Sides added where the tree only passes, so that three roads meet; dead ends stay."""
    degree = np.bincount(a[tree], minlength=size) + np.bincount(b[tree], minlength=size)
    added = np.zeros(len(a), dtype=bool)
    random = np.random.default_rng(SEED)
    for partner in (2, 2, 2, 2, 2, 2, 3):
        low = np.minimum(degree[a], degree[b])
        free = np.flatnonzero((low == 2) & (np.maximum(degree[a], degree[b]) <= partner) & ~tree)
        free = free[~added[free]]
        rank = np.empty(len(free), dtype=np.int64)
        rank[random.permutation(len(free))] = np.arange(len(free))
        first = np.full(size, len(a), dtype=np.int64)
        np.minimum.at(first, a[free], rank)
        np.minimum.at(first, b[free], rank)
        chosen = free[(first[a[free]] == rank) & (first[b[free]] == rank)]
        added[chosen] = True
        degree += np.bincount(a[chosen], minlength=size) + np.bincount(b[chosen], minlength=size)
    return added


def _nearest_points(point: Floats, centre: Floats) -> Ints:
    from scipy.spatial import KDTree

    nearest: Ints = np.unique(KDTree(point).query(centre)[1])
    return nearest


def _between(size: int, a: Ints, b: Ints, hours: Floats, towns: Ints) -> Flags:
    """The sides on the quickest ways between towns whose surroundings touch."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    graph = csr_array((hours, (a, b)), shape=(size, size))
    far, before, source = dijkstra(
        graph, directed=False, indices=towns, return_predecessors=True, min_only=True
    )
    touching = np.flatnonzero(source[a] != source[b])
    pair = np.sort(np.column_stack([source[a], source[b]])[touching], axis=1).astype(np.int64)
    by = np.lexsort(((far[a] + hours + far[b])[touching], pair[:, 1], pair[:, 0]))
    _, first = np.unique((pair[:, 0] * size + pair[:, 1])[by], return_index=True)
    link = touching[by[first]]
    main = np.zeros(len(a), dtype=bool)
    main[link] = True
    on_the_way = np.zeros(size, dtype=bool)
    now = np.unique(np.concatenate([a[link], b[link]]))
    while len(now):
        on_the_way[now] = True
        now = np.unique(before[now])
        now = now[now >= 0]
        now = now[~on_the_way[now]]
    main |= on_the_way[a] & (before[a] == b)
    main |= on_the_way[b] & (before[b] == a)
    return main


def _network(
    point: Floats, a: Ints, b: Ints, length: Floats, kmh: Floats, one_way: Flags
) -> RoadNetwork:
    """Both ways, in whole milliseconds and decimetres."""
    ms = np.maximum(np.rint(length / kmh * 3_600_000), 1).astype(np.int64)
    dm = np.maximum(np.rint(length * 10_000), 1).astype(np.int64)
    back = ~one_way
    lat = MIDDLE[1] + (point[:, 1] - point[:, 1].mean()) / KM_PER_DEGREE
    scale = KM_PER_DEGREE * np.cos(np.radians(MIDDLE[1]))
    return RoadNetwork(
        lon=MIDDLE[0] + (point[:, 0] - point[:, 0].mean()) / scale,
        lat=lat,
        start=np.concatenate([a, b[back]]),
        end=np.concatenate([b, a[back]]),
        time_ms=np.concatenate([ms, ms[back]]),
        distance_dm=np.concatenate([dm, dm[back]]),
        source=NetworkSource("pays inventé", "", "", "", 0, schematic=True),
    )
