from __future__ import annotations

import numpy as np
import pytest
from overpass import shared
from roadfile import grid, lat, lon
from townmap import REAL, degrees, drawn

from tourplan.network.links import EMBEDDED
from tourplan.network.osmfile import read_osm
from tourplan.network.roads import Area
from tourplan.network.snap import with_places
from tourplan.network.speedmodel import SpeedModel
from tourplan.network.speeds import piece_times
from tourplan.network.streets import simplify
from tourplan.travel.margin import exits, proved_inside
from tourplan.travel.matrix import hierarchy_of, rounded

PLACES = {"a": (lon(4), lat(3)), "b": (lon(6), lat(4)), "c": (lon(4), lat(5))}
FAR = {"a": (lon(2), lat(4)), "b": (lon(8), lat(4)), "c": (lon(5), lat(4))}
QUICK = (
    f'<node id="1" lon="{lon(4):.4f}" lat="{lat(2.5):.4f}"/>'
    f'<node id="2" lon="{lon(6):.4f}" lat="{lat(2.5):.4f}"/>'
    '<way id="91"><nd ref="1402"/><nd ref="1"/><nd ref="2"/><nd ref="1408"/>'
    '<tag k="highway" v="motorway"/><tag k="oneway" v="no"/></way>'
)
"""A motorway that bulges three kilometres south of the row where places are."""


def travel(path, area, places=PLACES):
    """Times between the places, which of them are proved, and how many ways out there are."""
    roads = read_osm(path, area)
    times = piece_times(roads, SpeedModel.default())
    streets = simplify(roads, times, area)
    network, snaps = with_places(streets, times, streets.network(times, EMBEDDED), places)
    hierarchy = hierarchy_of(network)
    nodes = np.array([network.places[code] for code in places])
    out = exits(network, area)
    sure = proved_inside(network, hierarchy, nodes, out)
    return rounded(network, hierarchy, tuple(places), snaps), sure, len(out)


def box(km: float) -> Area:
    return Area(lon(4), lat(3), lon(6), lat(5)).widened(km)


def test_without_a_way_out_everything_is_proved(tmp_path):
    path = grid(tmp_path / "g.osm", 11, 9)
    _, sure, out = travel(path, box(50))
    assert out == 0
    assert sure.all()


def test_what_is_proved_in_a_small_area_is_true_in_the_whole(tmp_path):
    path = grid(tmp_path / "g.osm", 11, 9)
    whole, _, _ = travel(path, box(50))
    proofs = []
    for km in (0.5, 2, 5):
        found, sure, out = travel(path, box(km))
        assert out > 0
        assert (found.time_s[sure] == whole.time_s[sure]).all()
        proofs.append(sure.mean())
    assert proofs == sorted(proofs)
    assert proofs[-1] == 1


def test_a_quick_road_outside_is_never_missed(tmp_path):
    path = grid(tmp_path / "g.osm", 11, 9, QUICK)
    row = Area(lon(2), lat(4), lon(8), lat(4))
    whole, _, _ = travel(path, row.widened(50), FAR)
    found, sure, _ = travel(path, row.widened(1), FAR)
    assert found.time_s[0, 1] > whole.time_s[0, 1]
    assert not sure[0, 1]
    for km in (0.2, 1, 2, 4, 10):
        found, sure, _ = travel(path, row.widened(km), FAR)
        assert (found.time_s[sure] == whole.time_s[sure]).all()
    assert sure.all()


def metres_area(west: float, south: float, east: float, north: float) -> Area:
    """A box in metres around the origin of the small maps."""
    return Area(*degrees(west, south), *degrees(east, north))


def test_a_crossing_just_outside_stays_a_way_out():
    """Of its four arms the two that come from inside are read: it is not a bend for all that."""
    points = [(0, 0), (900, 2_000), (-900, 2_000), (0, 2_060), (5_000, 0)]
    roads = drawn(points, [[0, 1], [1, 3], [3, 2], [2, 0], [0, 4]])
    times = piece_times(roads, SpeedModel.default())
    area = metres_area(-3_000, -500, 6_000, 2_030)
    streets = simplify(roads, times, area)
    assert 3 in streets.node_point
    assert 3 not in simplify(roads, times).node_point
    network = streets.network(times, EMBEDDED)
    assert exits(network, area).tolist() == [streets.node_point.tolist().index(3)]


def test_a_loop_that_only_hangs_on_the_outside_does_not_hang_us():
    points = [(0, 0), (800, 0), (1_600, 0), (800, 900), (4_000, 8_150), (4_100, 7_900)]
    points += [(3_900, 7_900)]
    roads = drawn(points, [[0, 1, 2], [1, 3], [4, 5, 6, 4]])
    times = piece_times(roads, SpeedModel.default())
    streets = simplify(roads, times, metres_area(-500, -500, 9_000, 8_000))
    assert len(streets.start) > 0


@pytest.mark.parametrize("name", REAL)
def test_what_is_proved_on_real_roads_is_true(name):
    """Random boxes against the whole file: pairs proved inside have the time of the whole."""
    path = shared(name)
    roads = read_osm(path, None)
    random = np.random.default_rng(0)
    model = SpeedModel.default()
    everything = simplify(roads, piece_times(roads, model), None)
    some = random.choice(np.flatnonzero(everything.settled), 400, replace=False)
    spots = roads.lon[everything.node_point[some]], roads.lat[everything.node_point[some]]
    proved = 0
    for _ in range(6):
        at = random.integers(len(some))
        box = Area(*(float(spot[at]) for spot in (*spots, *spots))).widened(random.uniform(2, 5))
        places = {
            f"{k:05d}": (float(lon), float(lat))
            for k, (lon, lat) in enumerate(zip(*spots, strict=True))
            if box.holds(np.array([lon]), np.array([lat]))[0]
        }
        found, sure, _ = travel(path, box, places)
        whole, _, _ = travel(path, box.widened(200), places)
        put = zip(found.snaps, whole.snaps, strict=True)
        apart = np.array(
            [(one.lon, one.lat, one.road) != (two.lon, two.lat, two.road) for one, two in put]
        )
        sure[apart] = sure[:, apart] = False
        assert apart.mean() < 0.3
        assert np.abs(found.time_s - whole.time_s)[sure].max(initial=0) <= 1
        proved += int(sure.sum())
    assert proved > 100
