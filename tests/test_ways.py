from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from townmap import REAL, degrees, drawn, network_of, real_streets, street_network

from tourplan.network.graph import RoadNetwork
from tourplan.network.snap import with_places
from tourplan.travel.matrix import travel_matrix
from tourplan.travel.ways import Ways


def arc_sums(network: RoadNetwork, way: tuple[str, ...]) -> tuple[int, int]:
    """Milliseconds and decimetres of the best arcs between the nodes of a way."""
    nodes = [network.places.get(name, -1) if name[0] not in "np" else name for name in way]
    stops = [int(n[1:]) if isinstance(n, str) else n for n in nodes if not str(n).startswith("p")]
    time_ms = distance_dm = 0
    for a, b in pairwise(stops):
        arcs = np.flatnonzero((network.start == a) & (network.end == b))
        best = arcs[np.argmin(network.packed()[arcs])]
        time_ms += int(network.time_ms[best])
        distance_dm += int(network.distance_dm[best])
    return time_ms, distance_dm


@pytest.mark.parametrize("name", REAL)
def test_real_ways_take_as_long_as_the_matrix_says(name):
    streets, times, network = real_streets(name)
    some = np.random.default_rng(4).choice(len(network.lon), 12, replace=False).tolist()
    points = {
        f"{k:05d}": (float(network.lon[n] + 0.0003), float(network.lat[n]))
        for k, n in enumerate(some)
    }
    placed, snaps = with_places(streets, times, network, points)
    off = [snap.distance_m for snap in snaps]
    matrix = travel_matrix(placed, tuple(points))
    assert matrix.reachable.all()
    for i, one in enumerate(points):
        for j, two in enumerate(points):
            way = matrix.path(one, two)
            assert (way[0], way[-1]) == (one, two)
            time_ms, distance_dm = arc_sums(placed, way)
            assert (time_ms + 500) // 1000 == matrix.time_s[i, j]
            assert (distance_dm + 5) // 10 == matrix.distance_m[i, j]
            metres = int(matrix.distance_m[i, j]) - (off[i] + off[j]) * (one != two)
            assert_joined(placed, matrix.ways, way, metres)


def assert_joined(network: RoadNetwork, ways: Ways, way: tuple[str, ...], metres: int) -> None:
    """The points, joined by straight lines, are about as long as the way along roads.

    A place stands where it joins the road.
    """
    at = np.array([ways.position(name) for name in way])
    scale = 111_195 * np.array([np.cos(np.radians(network.lat.mean())), 1])
    assert np.hypot(*(np.diff(at, axis=0) * scale).T).sum() == pytest.approx(
        metres, rel=0.003, abs=5
    )


def bent_road() -> tuple[RoadNetwork, Ways]:
    """Two places along a road with bends, and a crossing between them."""
    points = [(0, 0), (100, 0), (100, 100), (200, 100), (300, 100), (100, 900)]
    roads = drawn(points, [[0, 1, 2, 3, 4], [2, 5]])
    streets, times, network = street_network(roads)
    at = {"34001": degrees(50, 3), "34002": degrees(250, 103)}
    placed, _ = with_places(streets, times, network, at)
    return placed, Ways(lambda: placed)


def test_points_come_in_the_order_of_driving():
    _, ways = bent_road()
    way = ways.path("34001", "34002")
    expected = [(50, 0), (50, 0), (100, 0), (100, 100), (200, 100), (250, 100), (250, 100)]
    found = [ways.position(name) for name in way]
    assert np.allclose(found, [degrees(*point) for point in expected], rtol=0, atol=1e-7)
    assert [name[0] for name in way] == list("3npnpn3")


def test_the_same_road_back_passes_the_same_points():
    _, ways = bent_road()
    assert ways.path("34002", "34001") == ways.path("34001", "34002")[::-1]


def test_a_place_may_lie_on_the_way():
    """Its code then names it."""
    links = [(0, 1, 1000, 10), (1, 2, 1000, 10), (0, 2, 3000, 5)]
    network = network_of(links, 3, {"a": 0, "b": 1, "c": 2})
    ways = Ways(lambda: network)
    assert ways.path("a", "c") == ("a", "b", "c")
    assert ways.position("b") is None


def test_of_parallel_roads_the_quickest_is_drawn():
    """The straight road, not the bow beside it."""
    points = [(0, 0), (100, 0), (50, 80), (-50, 0), (150, 0), (0, 50)]
    lines = [[3, 0], [0, 2, 1], [0, 1], [1, 4], [0, 5]]
    streets, times, network = street_network(drawn(points, lines))
    at = {"a": degrees(-50, 0), "b": degrees(150, 0)}
    placed, _ = with_places(streets, times, network, at)
    ways = Ways(lambda: placed)
    assert not [name for name in ways.path("a", "b") if name.startswith("p")]


def test_where_only_names_are_known():
    ways = Ways(None)
    assert ways.path("34001", "34002") == ("34001", "34002")
    assert ways.position("34001") is None


def test_the_network_is_fetched_once_and_only_for_a_way():
    asked = []
    network = network_of([(0, 1, 1000, 10)], 2, {"a": 0, "b": 1})

    def fetch() -> RoadNetwork:
        asked.append(1)
        return network

    ways = Ways(fetch)
    assert not asked
    assert ways.path("a", "b") == ways.path("a", "b") == ("a", "b")
    assert len(asked) == 1
