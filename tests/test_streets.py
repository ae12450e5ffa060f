from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from townmap import (
    REAL,
    SOURCE,
    by_scipy,
    drawn,
    even_times,
    real_streets,
    street_network,
    without_bans,
)

from tourplan.network.graph import PACK, RoadNetwork
from tourplan.network.roads import Roads
from tourplan.network.speeds import PieceTimes
from tourplan.network.streets import Streets, simplify

ONE_WAY = {"oneway": "yes"}


def raw_arcs(roads: Roads, times: PieceTimes):
    """Every piece in the directions it is open: start, end, packed weight, piece, along."""
    ahead, back = np.flatnonzero(times.forward), np.flatnonzero(times.backward)
    piece = np.r_[ahead, back]
    start = np.r_[roads.start[ahead], roads.end[back]].astype(np.int64)
    end = np.r_[roads.end[ahead], roads.start[back]].astype(np.int64)
    ms = np.r_[times.forward_ms[ahead], times.backward_ms[back]]
    return start, end, (ms * PACK + times.length_dm[piece]).astype(float), piece


def assert_same_distances(roads: Roads, times: PieceTimes, streets: Streets) -> None:
    """Between kept points, before and after; none of these maps bans turns."""
    network = streets.network(times, SOURCE)
    point = streets.node_point[:60].astype(np.int64)
    some = np.arange(len(point))
    start, end, weight, _ = raw_arcs(roads, times)
    before = by_scipy(len(roads.lon), start, end, weight, point)[:, streets.node_point]
    arcs = (network.start, network.end, network.packed())
    assert np.array_equal(by_scipy(len(network.lon), *arcs, some), before)


def kept_by_osmnx(roads: Roads, times: PieceTimes) -> set[int]:
    ox = pytest.importorskip("osmnx")
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    start, end, _, piece = raw_arcs(roads, times)
    for a, b, p in zip(start.tolist(), end.tolist(), piece.tolist(), strict=True):
        graph.add_edge(a, b, osmid=p, length=float(times.length_dm[p]))
    for node in graph:
        graph.nodes[node].update(x=float(roads.lon[node]), y=float(roads.lat[node]))
    largest = max(nx.strongly_connected_components(graph), key=len)
    return set(ox.simplify_graph(graph.subgraph(largest).copy(), remove_rings=False))


def told(streets: Streets, times: PieceTimes) -> set[tuple[int, int, int]]:
    """Arcs between points, with their length in metres."""
    network = streets.network(times, SOURCE)
    ends = (streets.node_point[streets.start], streets.node_point[streets.end])
    metres = np.rint(network.distance_dm / 10).astype(int)
    return set(zip(ends[0].tolist(), ends[1].tolist(), metres.tolist(), strict=True))


@st.composite
def maps(draw: st.DrawFn) -> Roads:
    """A few ways through a few points, some one-way, crossing, looping, parallel."""
    size = draw(st.integers(2, 12))
    random = np.random.default_rng(draw(st.integers(0, 5)))
    points = [tuple(point) for point in (random.random((size, 2)) * 1000).tolist()]
    steps = st.lists(st.integers(0, size - 1), min_size=2, max_size=6)
    lines = draw(
        st.lists(st.tuples(steps, st.sampled_from([{}, {}, ONE_WAY])), min_size=1, max_size=9)
    )
    straight = [([a for a, b in pairwise([*line, -1]) if a != b], tags) for line, tags in lines]
    straight = [(line, tags) for line, tags in straight if len(line) > 1]
    return drawn(points, straight or [([0, 1], {})])


@given(maps())
def test_distances_between_kept_points_do_not_change(roads):
    times = even_times(roads)
    assert_same_distances(roads, times, simplify(roads, times))


@pytest.mark.parametrize("name", REAL)
def test_real_roads_keep_their_distances(name):
    streets, times, _ = real_streets(name)
    plain = simplify(without_bans(streets.roads), times)
    assert len(plain.node_point) < 0.5 * len(streets.roads.lon)
    assert_same_distances(streets.roads, times, plain)


@pytest.mark.parametrize("name", REAL)
def test_the_points_that_osmnx_keeps_are_kept(name):
    streets, times, _ = real_streets(name)
    plain = simplify(without_bans(streets.roads), times)
    assert set(plain.node_point.tolist()) == kept_by_osmnx(plain.roads, times)


def assert_bends(network: RoadNetwork, streets: Streets, times: PieceTimes) -> None:
    """Pieces are found again between the points an arc passes; their lengths add up."""
    roads, bends = streets.roads, network.bends
    assert bends is not None
    length: dict[tuple[int, int], set[int]] = {}
    rows = (roads.start.tolist(), roads.end.tolist(), times.length_dm.tolist())
    for a, b, dm in zip(*rows, strict=True):
        length.setdefault((a, b), set()).add(dm)
        length.setdefault((b, a), set()).add(dm)
    for arc in range(len(network.start)):
        ends = streets.node_point[[network.start[arc], network.end[arc]]].tolist()
        line = [ends[0], *bends.of(arc).tolist(), ends[1]]
        sums = {0}
        for pair in pairwise(line):
            sums = {total + dm for total in sums for dm in length[pair]}
        assert int(network.distance_dm[arc]) in sums
    assert np.array_equal(bends.lon, roads.lon)


@given(maps())
def test_bends_lead_from_end_to_end(roads):
    streets, times, network = street_network(roads)
    assert_bends(network, streets, times)


@pytest.mark.parametrize("name", REAL)
def test_real_bends_lead_from_end_to_end(name):
    streets, times, network = real_streets(name)
    assert_bends(network, streets, times)


def test_a_bent_road_becomes_one_arc_each_way():
    streets, times, network = street_network(drawn([(0, 0), (100, 0), (100, 100)], [[0, 1, 2]]))
    assert told(streets, times) == {(0, 2, 200), (2, 0, 200)}
    forward, backward = sorted(network.time_ms.tolist())
    assert (forward, backward) == (20_000, 20_200)
    assert [network.bends.of(arc).tolist() for arc in (0, 1)] == [[1], [1]]


def test_speeds_that_change_on_the_way_are_not_averaged():
    """Two ways end to end: what each takes is added."""
    roads = drawn([(0, 0), (100, 0), (300, 0)], [[0, 1], [2, 1]])
    streets, _, network = street_network(roads)
    assert len(network.start) == 2
    ahead = int(np.flatnonzero(streets.node_point[streets.start] == 0)[0])
    assert network.time_ms[ahead] == 10_000 + 20_200


def test_dead_ends_and_crossings_are_kept():
    star = drawn([(0, 0), (100, 0), (0, 100), (-100, 0), (-200, 0)], [[0, 1], [0, 2], [0, 3, 4]])
    streets, times, _ = street_network(star)
    assert set(streets.node_point.tolist()) == {0, 1, 2, 4}
    assert len(told(streets, times)) == 6


def test_a_loop_from_a_crossing_to_itself():
    """The way round is an arc from the crossing to itself, one for each direction."""
    roads = drawn([(0, 0), (100, 0), (200, 50), (200, -50)], [[0, 1], [1, 2, 3, 1]])
    streets, times, network = street_network(roads)
    assert set(streets.node_point.tolist()) == {0, 1}
    loops = network.start == network.end
    assert loops.sum() == 2
    assert_same_distances(roads, times, streets)


def test_an_isolated_ring_keeps_one_point():
    roads = drawn([(0, 0), (100, 0), (100, 100)], [[0, 1, 2, 0]])
    streets, _, network = street_network(roads)
    assert len(streets.node_point) == 1
    assert (network.start == network.end).all()
    assert network.distance_dm.tolist() == [int(even_times(roads).length_dm.sum())] * 2


def test_a_one_way_ring_keeps_one_point_and_one_arc():
    streets, _, network = street_network(
        drawn([(0, 0), (100, 0), (100, 100)], [([0, 1, 2, 0], ONE_WAY)])
    )
    assert (len(streets.node_point), len(network.start)) == (1, 1)


def test_a_one_way_road_is_an_arc_one_way():
    square = [(0, 0), (100, 0), (100, 100), (0, 100)]
    streets, times, _ = street_network(drawn(square, [([0, 1, 2], ONE_WAY), [2, 3, 0]]))
    assert told(streets, times) == {(0, 2, 200), (2, 0, 200), (0, 2, 200)}
    assert len(streets.start) == 3


def test_where_a_road_becomes_one_way_a_point_is_kept():
    square = [(0, 0), (100, 0), (100, 100), (0, 100), (-100, 0)]
    streets, _, _ = street_network(drawn(square, [[4, 0], ([0, 1, 2, 3, 0], ONE_WAY)]))
    assert set(streets.node_point.tolist()) == {4, 0}


def test_only_the_largest_part_is_kept():
    """Neither an island nor a way in without a way out."""
    points = [(0, 0), (100, 0), (200, 0), (0, 900), (50, 900), (300, 0)]
    roads = drawn(points, [[0, 1, 2], [3, 4], ([2, 5], ONE_WAY)])
    streets, times, _ = street_network(roads)
    assert told(streets, times) == {(0, 2, 200), (2, 0, 200)}


def test_entries_tell_the_pieces_of_an_arc_in_order():
    streets, times, _ = street_network(drawn([(0, 0), (90, 0), (90, 80)], [[0, 1, 2]]))
    for arc, (first, last) in enumerate(pairwise(streets.first.tolist())):
        pieces = streets.piece[first:last].tolist()
        assert pieces == ([0, 1] if streets.along[first] else [1, 0])
        assert (streets.arc_of_entry()[first:last] == arc).all()
    assert streets.entry_times(times).sum() == 17_000 + 17_170
