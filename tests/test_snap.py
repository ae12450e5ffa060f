from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from townmap import (
    REAL,
    SOURCE,
    by_scipy,
    degrees,
    drawn,
    real_roads,
    street_network,
    without_bans,
)

from tourplan.network.graph import PACK, RoadNetwork
from tourplan.network.snap import ACCESS_KMH, FAR_M, LOST_M, Snap, with_places
from tourplan.network.streets import simplify

FIXED = settings(max_examples=60)
ONE_WAY = {"oneway": "yes"}


def snapped(roads, **places) -> tuple[RoadNetwork, dict[str, Snap], RoadNetwork]:
    """The network with places given in metres, where each is, and the network before."""
    streets, times, network = street_network(roads)
    points = {code: degrees(*point) for code, point in places.items()}
    placed, snaps = with_places(streets, times, network, points)
    return placed, {snap.code: snap for snap in snaps}, network


def between(network: RoadNetwork, one: str, two: str) -> tuple[int, int]:
    """Milliseconds and decimetres of the quickest way."""
    arcs = (network.start, network.end, network.packed())
    ends = network.places[one], network.places[two]
    least = int(by_scipy(len(network.lon), *arcs, [ends[0]])[0, ends[1]])
    return least // PACK, least % PACK


def access_ms(metres: float) -> int:
    return round(metres / ACCESS_KMH * 3600)


def two_roads(far: float, near_tags: dict[str, str], far_tags=None, obstacles=()):
    """A road at y = 0 with tags, one at ``far`` without, joined at both ends."""
    points = [(-500, 0), (500, 0), (-500, far), (500, far)]
    lines = [([0, 1], near_tags), ([2, 3], far_tags or {}), [0, 2], [1, 3]]
    return drawn(points, lines, obstacles=obstacles)


def height(snap: Snap) -> float:
    """Metres north of the first road."""
    return round((snap.lat - 45) * 111_195)


@pytest.mark.parametrize(
    ("tags", "far"),
    [
        ({"highway": "motorway", "oneway": "no"}, 250),
        ({"highway": "trunk"}, 250),
        ({"highway": "trunk_link"}, 250),
        ({"highway": "track"}, 120),
        ({"highway": "service"}, 40),
        (ONE_WAY, 30),
    ],
)
def test_a_better_road_a_little_farther_is_chosen(tags, far):
    """The point is 10 m from the worse road."""
    _, snaps, _ = snapped(two_roads(far, tags), a=(0, 10))
    assert height(snaps["a"]) == far
    assert snaps["a"].distance_m == far - 10


@pytest.mark.parametrize("tags", [{"highway": "track"}, {"highway": "service"}, ONE_WAY])
def test_a_lesser_road_is_taken_when_it_is_much_nearer(tags):
    _, snaps, _ = snapped(two_roads(390, tags), a=(0, 10))
    assert height(snaps["a"]) == 0


def test_never_on_a_motorway():
    """Even where the only other road is kilometres away."""
    roads = two_roads(4_000, {"highway": "motorway", "oneway": "no"})
    _, snaps, _ = snapped(roads, a=(0, 10))
    assert snaps["a"].road == "route communale"
    assert snaps["a"].distance_m == 500
    roads = drawn([(-500, 0), (500, 0)], [([0, 1], {"highway": "motorway", "oneway": "no"})])
    assert snapped(roads, a=(0, 10))[1]["a"].fault


def test_not_across_the_river():
    river = [((-600, 30), (600, 30))]
    _, snaps, _ = snapped(two_roads(250, {}, obstacles=river), a=(0, 50))
    assert height(snaps["a"]) == 250
    _, snaps, _ = snapped(two_roads(250, {}), a=(0, 50))
    assert height(snaps["a"]) == 0


def test_across_the_river_where_there_is_no_other_road():
    river = [((-600, 30), (600, 30))]
    _, snaps, _ = snapped(drawn([(-500, 0), (500, 0)], [[0, 1]], obstacles=river), a=(0, 50))
    assert height(snaps["a"]) == 0


def line(tags=None):
    return drawn([(0, 0), (1000, 0)], [([0, 1], tags or {})])


def test_two_places_on_one_piece():
    """300 m of road, 100 ms a metre there and 101 back, and what each is from the road."""
    network, snaps, _ = snapped(line(), a=(200, 5), b=(500, -10))
    access = access_ms(5) + access_ms(10)
    assert between(network, "a", "b")[0] == pytest.approx(30_000 + access, abs=5)
    assert between(network, "b", "a")[0] == pytest.approx(30_300 + access, abs=5)
    assert between(network, "a", "b")[1] == pytest.approx(3150, abs=2)
    assert (snaps["a"].distance_m, snaps["b"].distance_m) == (5, 10)


def test_two_places_on_a_one_way_piece():
    """Back, one goes round the block: all of it but the 300 m between them."""
    square = [(0, 0), (1000, 0), (1000, 1000), (0, 1000)]
    roads = drawn(square, [([0, 1, 2, 3, 0], ONE_WAY)])
    network, _, _ = snapped(roads, a=(200, 0), b=(500, 0))
    assert between(network, "a", "b")[0] == pytest.approx(30_000, abs=9)
    assert between(network, "b", "a")[0] == pytest.approx(370_000, abs=50)


def test_two_places_at_one_point_of_the_road():
    network, _, _ = snapped(line(), a=(200, 5), b=(200, 5))
    assert between(network, "a", "b")[0] == 2 * access_ms(5)


@pytest.mark.parametrize("end", [0, 1000])
def test_a_place_exactly_on_a_node(end):
    network, snaps, _ = snapped(line(), a=(end, 0), b=(500, 0))
    assert snaps["a"].distance_m == 0
    assert between(network, "a", "b")[0] == pytest.approx(50_000 if end == 0 else 50_500, abs=2)


def test_a_place_where_there_is_no_road_is_told():
    network, snaps, before = snapped(line(), lost=(500, LOST_M + 50), far=(500, LOST_M - 50))
    assert set(network.places) == {"far"}
    assert snaps["lost"].fault
    assert not snaps["lost"].far
    assert snaps["far"].far
    assert snaps["far"].distance_m > FAR_M
    assert not snaps["far"].fault
    network, snaps, before = snapped(line(), lost=(500, LOST_M + 50))
    assert snaps["lost"].fault
    assert (network.places, len(network.start)) == ({}, len(before.start))


def test_no_place():
    streets, times, network = street_network(line())
    placed, snaps = with_places(streets, times, network, {})
    assert snaps == ()
    assert len(placed.start) == len(network.start)


def test_a_long_piece_is_seen_whichever_way_it_runs():
    for far in ((0, 6_000), (6_000, 0)):
        roads = drawn(
            [(-far[0], -far[1]), far, (500, 500), (700, 700), (-900, 900)],
            [[0, 1], [1, 2, 3, 4]],
        )
        _, snaps, _ = snapped(roads, a=(-40, 30))
        assert snaps["a"].distance_m <= 40


def test_the_road_is_named():
    for tags, name in (
        ({"name": "Rue Haute"}, "Rue Haute"),
        ({"ref": "D 9", "name": "Grand-Rue"}, "D 9 Grand-Rue"),
        ({}, "route communale"),
    ):
        assert snapped(line(tags), a=(5, 5))[1]["a"].road == name


@st.composite
def spots(draw: st.DrawFn):
    """Places beside a bent road with a crossing, often at its points or at one another's."""
    x = st.sampled_from([0, 100, 250]) | st.integers(-100, 400)
    y = st.sampled_from([0, 5]) | st.integers(-60, 60)
    places = draw(st.lists(st.tuples(x, y), min_size=1, max_size=7))
    return {f"{number:05d}": place for number, place in enumerate(places)}


@FIXED
@given(spots(), st.booleans())
def test_nothing_changes_for_those_who_were_there(places, one_way):
    """Arcs are cut, their sums are not; a cut of no length counts 1 dm."""
    points = [(0, 0), (100, 0), (200, 30), (300, 0), (300, 300), (100, 300)]
    lines = [([0, 1, 2, 3], {}), ([3, 4, 5, 1], ONE_WAY if one_way else {})]
    network, _, before = snapped(drawn(points, lines), **places)
    old = np.arange(len(before.lon))
    was = by_scipy(len(old), before.start, before.end, before.time_ms, old)
    now = by_scipy(len(network.lon), network.start, network.end, network.time_ms, old)
    assert np.array_equal(now[:, old], was)
    assert (network.time_ms >= 0).all()
    assert (network.distance_dm >= 1).all()
    dm_was = by_scipy(len(old), before.start, before.end, before.distance_dm, old)
    dm_now = by_scipy(len(network.lon), network.start, network.end, network.distance_dm, old)
    assert (np.abs(dm_now[:, old] - dm_was) <= 2 * len(places)).all()
    assert np.isfinite(now[:, list(network.places.values())]).all()


@pytest.mark.parametrize("bans", [True, False])
@pytest.mark.parametrize("name", REAL)
def test_nothing_changes_on_real_roads(name, bans):
    """But where a turn is forbidden: a place is one more point where one may turn back."""
    roads, times = real_roads(name)
    streets = simplify(roads if bans else without_bans(roads), times)
    network = streets.network(times, SOURCE)
    random = np.random.default_rng(0)
    some = random.choice(len(network.lon), 60, replace=False)
    shift = random.normal(size=(60, 2)) * 0.001
    at = np.column_stack([network.lon[some], network.lat[some]]) + shift
    points = {f"{k:05d}": (x, y) for k, (x, y) in enumerate(at.tolist())}
    placed, snaps = with_places(streets, times, network, points)
    assert not [snap for snap in snaps if snap.fault]
    old = np.arange(len(network.lon))
    arcs = (placed.start, placed.end, placed.time_ms)
    now = by_scipy(len(placed.lon), *arcs, some)[:, old]
    was = by_scipy(len(old), network.start, network.end, network.time_ms, some)
    assert (now <= was).all() if bans else np.array_equal(now, was)
    bends = placed.bends
    assert bends is not None
    assert (bends.first <= bends.last).all()
    highways = streets.roads.way_tags.column("highway")
    motorways = {highway for highway in highways if highway.startswith("motorway")}
    assert not motorways & {snap.road for snap in snaps}
