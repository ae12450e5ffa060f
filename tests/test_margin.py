from __future__ import annotations

import numpy as np
from roadfile import grid, lat, lon

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
    network, _ = with_places(streets, times, streets.network(times, EMBEDDED), places)
    hierarchy = hierarchy_of(network)
    nodes = np.array([network.places[code] for code in places])
    out = exits(network, area)
    sure = proved_inside(network, hierarchy, nodes, out)
    return rounded(network, hierarchy, tuple(places)), sure, len(out)


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
