from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from townmap import REAL, by_scipy, degrees, drawn, network_of, real_streets, street_network, town

from tourplan.errors import InputError
from tourplan.network.graph import PACK, RoadNetwork
from tourplan.network.links import embedded_network
from tourplan.travel.matrix import travel_matrix
from tourplan.travel.reach import ROADSIDE_M, isochrone, nearest


@st.composite
def cases(draw: st.DrawFn) -> tuple[RoadNetwork, list[int]]:
    size = draw(st.integers(1, 12))
    node, figure = st.integers(0, size - 1), st.integers(0, 3) | st.integers(1, 10**6)
    links = draw(st.lists(st.tuples(node, node, figure, st.integers(1, 50)), max_size=40))
    return network_of(links, size), draw(st.lists(node, max_size=5))


def least_of(network: RoadNetwork, counters: list[int], *, towards: bool) -> np.ndarray:
    """Packed time and distance between every node and each counter, one column a counter."""
    ends = (network.end, network.start) if towards else (network.start, network.end)
    return by_scipy(len(network.lon), *ends, network.packed(), counters).T


@pytest.mark.parametrize("towards", [True, False])
@given(cases())
def test_the_nearest_is_the_least_of_all(towards, case):
    network, counters = case
    found = nearest(network, counters, towards=towards)
    if not counters:
        assert not found.reachable.any()
        assert set(found.counter.tolist()) <= {-1}
        return
    least = least_of(network, counters, towards=towards)
    best = least.min(axis=1)
    assert np.array_equal(found.reachable, np.isfinite(best))
    whole = np.where(found.reachable, best, 0).astype(np.int64)
    assert np.array_equal(found.time_s, (whole // PACK + 500) // 1000)
    assert np.array_equal(found.distance_m, (whole % PACK + 5) // 10)
    assert (found.counter[~found.reachable] == -1).all()
    some = np.flatnonzero(found.reachable)
    assert np.array_equal(least[some, found.counter[some]], best[some])


def test_one_way_roads_are_driven_towards_the_counter():
    network = network_of([(0, 1, 60_000, 10), (1, 2, 60_000, 10)], 3)
    assert nearest(network, [1]).reachable.tolist() == [True, True, False]
    assert nearest(network, [1], towards=False).reachable.tolist() == [False, True, True]


def test_counters_are_nodes_or_codes_the_unknown_are_nobodys():
    network = network_of([(0, 1, 1000, 10), (1, 0, 1000, 10)], 3, {"34001": 1})
    found = nearest(network, ["?", "34001", 2])
    assert found.counter.tolist() == [1, 1, 2]
    assert found.time_s.tolist() == [1, 0, 0]
    assert nearest(network, [1, "34001"]).counter.tolist() == [0, 0, -1]


def test_it_says_what_the_matrix_says():
    network = embedded_network()
    codes = tuple(network.places)[:40]
    matrix = travel_matrix(network, codes)
    found = nearest(network, codes[:5])
    for row, code in enumerate(codes):
        node = network.places[code]
        times = [int(matrix.time_s[row, k]) for k in range(5) if matrix.reachable[row, k]]
        assert found.reachable[node] == bool(times)
        assert found.time_s[node] == min(times, default=0)


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("towards", [True, False])
def test_real_roads(name, towards):
    _, _, network = real_streets(name)
    counters = np.random.default_rng(0).choice(len(network.lon), 7, replace=False).tolist()
    least = least_of(network, counters, towards=towards).min(axis=1)
    found = nearest(network, counters, towards=towards)
    assert np.array_equal(found.time_s, (least // PACK + 500) // 1000)


# --- Land ---------------------------------------------------------------------------------------


def strip_km2(metres: float) -> float:
    """The land beside a straight road."""
    return (2 * metres * ROADSIDE_M + np.pi * ROADSIDE_M**2) / 1e6


def straight(length: float) -> RoadNetwork:
    """A road from west to east driven at 36 km/h, 100 ms a metre."""
    return street_network(drawn([(0, 0), (length / 3, 0), (length, 0)], [[0, 1, 2]]))[2]


@pytest.mark.parametrize(("minutes", "metres"), [(1, 600), (5, 3000), (6, 3600), (60, 6000)])
def test_the_last_road_is_cut_where_time_runs_out(minutes, metres):
    """From the west end: 600 m a minute, in the middle of an arc with a bend."""
    network = straight(6_000)
    west = int(np.argmin(network.lon))
    land = isochrone(network, [west], [minutes], towards=False)
    assert land.crs == "EPSG:4326"
    assert land.minutes.tolist() == [minutes]
    assert land.surface_km2[0] == pytest.approx(strip_km2(metres), rel=0.02)
    east = degrees(metres + ROADSIDE_M, 0)[0]
    assert land.geometry[0].bounds[2] == pytest.approx(east, abs=3e-4)


def test_towards_a_place_one_way_roads_count_the_other_way():
    points = [(0, 0), (3000, 0), (3000, 900), (0, 900)]
    roads = drawn(points, [([0, 1], {"oneway": "yes"}), [1, 2, 3, 0]])
    _, _, network = street_network(roads)
    east = int(np.flatnonzero(network.lon > degrees(1500, 0)[0])[0])
    west = shapely.Point(degrees(2500, 0))
    assert isochrone(network, [east], [1]).geometry[0].contains(west)
    assert not isochrone(network, [east], [1], towards=False).geometry[0].contains(west)


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("towards", [True, False])
def test_real_land_is_whole_and_grows_with_time(name, towards):
    _, _, network = real_streets(name)
    place = int(np.argmin(np.abs(network.lon - np.median(network.lon))))
    land = isochrone(network, [place], [10, 3, 5, 5], towards=towards)
    assert land.minutes.tolist() == [3, 5, 10]
    assert (np.diff(land.surface_km2) > 0).all()
    assert land.geometry.is_valid.all()
    flat = land.to_crs("EPSG:3035").geometry
    for inner, outer in pairwise(flat):
        assert inner.difference(outer).area < 10
    for shape in flat:
        for part in shapely.get_parts(shape):
            assert part.area > 0.9 * np.pi * ROADSIDE_M**2
            assert all(shapely.Polygon(hole).area > 90_000 for hole in part.interiors)
    found = nearest(network, [place], towards=towards)
    for minutes, shape in zip(land.minutes, land.geometry, strict=True):
        inside = found.reachable & (found.time_s <= minutes * 60)
        assert shapely.contains_xy(shape, network.lon[inside], network.lat[inside]).all()


def test_several_places_at_once_and_a_place_without_any_road():
    position, start, end, _ = town(50, 0)
    lon, lat = (position / 100 + [3, 45]).T
    ms = np.full(len(start), 30_000)
    network = RoadNetwork(lon, lat, start, end, ms, ms, embedded_network().source)
    land = isochrone(network, [3, 7], [0, 1])
    assert land.surface_km2[0] == pytest.approx(2 * np.pi * 0.04, rel=0.1)
    assert isochrone(network, ["?"], [5]).geometry[0].is_empty
    assert len(isochrone(network, [3], [])) == 0


def test_beyond_france_and_beyond_maps():
    network = street_network(drawn([(0, 0), (600, 0)], [[0, 1]]))[2]
    far = RoadNetwork(
        network.lon + 40,
        network.lat - 60,
        network.start,
        network.end,
        network.time_ms,
        network.distance_dm,
        network.source,
    )
    assert isochrone(far, [0], [9]).surface_km2[0] == pytest.approx(strip_km2(820), rel=0.05)
    with pytest.raises(InputError, match="tracé"):
        isochrone(embedded_network(), ["34001"], [10])


def test_time_runs_out_in_metres_not_in_degrees():
    """A road 2 km to the east and 2 km to the north, 5 minutes of it: 1 km of the second part."""
    network = street_network(drawn([(0, 0), (2000, 0), (2000, 2000)], [[0, 1, 2]]))[2]
    south = int(np.argmin(network.lat))
    north = isochrone(network, [south], [5], towards=False).geometry[0].bounds[3]
    assert north == pytest.approx(degrees(0, 1000 + ROADSIDE_M)[1], abs=1e-4)
