"""Roads by name along a way, and the turns between them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from townmap import REAL, degrees, drawn, real_streets, street_network

from tourplan.export.pdf.roadsheet import directions_words
from tourplan.network.snap import with_places
from tourplan.travel.directions import Stretch
from tourplan.travel.matrix import travel_matrix
from tourplan.travel.ways import Ways

NORTH, EAST, SOUTH = (0.0, 2000.0), (2000.0, 0.0), (0.0, -2000.0)


def along(points, lines, ends=(0, -1)) -> list[tuple[str, int, int | None, bool]]:
    """What is told of the way between two of the points: road, metres, turn, roundabout."""
    streets, times, network = street_network(drawn(points, lines))
    places = {"a": degrees(*points[ends[0]]), "b": degrees(*points[ends[1]])}
    placed, _ = with_places(streets, times, network, places)
    found = Ways(lambda: placed, None, lambda: streets).directions("a", "b")
    return [
        (one.road, round(one.metres), None if one.turn is None else round(one.turn), one.roundabout)
        for one in found
    ]


def road(line: list[int], **tags: str) -> tuple[list[int], dict[str, str]]:
    return line, tags


def test_turns_to_either_side():
    """From the south to the north, to the east, and back."""
    points = [SOUTH, (0, 0), NORTH, EAST]
    lines = [road([0, 1], ref="D 1"), road([1, 2], name="Rue Haute"), road([1, 3], ref="D 2")]
    assert along(points, lines, (0, 2)) == [
        ("D 1", 2000, None, False),
        ("Rue Haute", 2000, 0, False),
    ]
    assert along(points, lines, (0, 3))[1] == ("D 2", 2000, 90, False)
    assert along(points, lines, (3, 0))[1] == ("D 1", 2000, -90, False)


def test_a_road_of_many_pieces_is_told_once():
    points = [SOUTH, (0, -500), (300, 0), NORTH]
    lines = [road([0, 1], ref="D 1", name="Avenue"), road([1, 2, 3], ref="D 1")]
    (one,) = along(points, lines)
    assert one[0] == "D 1"


def test_of_several_numbers_that_of_the_road_before_goes_on():
    points = [SOUTH, (0, 0), NORTH, (0, 4000)]
    lines = [road([0, 1], ref="D 9"), road([1, 2], ref="D 4; D 9"), road([2, 3], ref="D 9")]
    assert along(points, lines) == [("D 9", 6000, None, False)]


def test_a_way_of_many_roads_is_told_whole():
    points = [(0, 300 * rank) for rank in range(21)]
    told = along(points, [road([rank, rank + 1], ref=f"D {rank}") for rank in range(20)])
    assert [one[0] for one in told] == [f"D {rank}" for rank in range(20)]


def test_a_short_link_is_passed_over():
    """The turn is then that from the road before to the road after."""
    points = [SOUTH, (0, 0), (30, 30), (2030, 30)]
    lines = [road([0, 1], ref="D 1"), road([1, 2], name="Place"), road([2, 3], ref="D 2")]
    told = along(points, lines)
    assert [one[0] for one in told] == ["D 1", "D 2"]
    assert told[1][2] == 90
    assert sum(one[1] for one in told) == pytest.approx(4042, abs=2)


def test_a_roundabout_is_told_with_the_road_it_leads_to():
    ring = [(0, -30), (30, 0), (0, 30), (-30, 0)]
    points = [SOUTH, *ring, EAST, NORTH]
    lines = [
        road([0, 1], ref="D 1"),
        road([1, 2, 3, 4, 1], junction="roundabout", ref="D 1"),
        road([2, 5], ref="D 2"),
        road([3, 6], ref="D 1"),
    ]
    first, second = along(points, lines, (0, 5))
    assert (first[0], second[0], second[2], second[3]) == ("D 1", "D 2", 90, True)
    assert [one[0] for one in along(points, lines)] == ["D 1"]


def test_a_road_without_a_name_is_a_road():
    points = [SOUTH, (0, 0), EAST]
    assert [one[0] for one in along(points, [road([0, 1], ref="D 1"), road([1, 2])])] == ["D 1", ""]


def test_roads_without_names_that_turn_are_told_apart():
    points = [SOUTH, (0, 0), EAST, (4000, 0)]
    told = along(points, [road([0, 1]), road([1, 2]), road([2, 3])])
    assert [one[2:] for one in told] == [(None, False), (90, False)]
    assert [one[1] for one in told] == pytest.approx([2000, 4000], abs=2)


def test_two_places_on_one_piece_of_road():
    """No whole piece is driven: nothing is known of it."""
    streets, times, network = street_network(drawn([SOUTH, NORTH], [road([0, 1], ref="D 1")]))
    places = {"a": degrees(0, -50), "b": degrees(0, 50)}
    placed, _ = with_places(streets, times, network, places)
    assert Ways(lambda: placed, None, lambda: streets).directions("a", "b") == ()


def test_nothing_is_told_where_no_road_is_known():
    assert Ways(None).directions("34001", "34002") == ()


@pytest.mark.parametrize("name", REAL)
def test_real_ways_are_told_whole(name):
    streets, times, network = real_streets(name)
    some = np.random.default_rng(7).choice(len(network.lon), 10, replace=False).tolist()
    points = {
        f"{k:05d}": (float(network.lon[n]), float(network.lat[n])) for k, n in enumerate(some)
    }
    placed, snaps = with_places(streets, times, network, points)
    off = {snap.code: snap.distance_m for snap in snaps}
    matrix = travel_matrix(placed, tuple(points))
    ways = Ways(lambda: placed, None, lambda: streets)
    known = {*streets.roads.way_tags.column("ref"), *streets.roads.way_tags.column("name")}
    known |= {part.strip() for one in known for part in one.split(";")}
    for one in points:
        for two in points:
            told = ways.directions(one, two)
            if not told:
                continue
            assert {stretch.road for stretch in told} <= known
            assert all(a.road != b.road or not a.road for a, b in pairwise(told))
            metres = matrix.distance_m[matrix.index(one), matrix.index(two)] - off[one] - off[two]
            assert sum(stretch.metres for stretch in told) == pytest.approx(
                metres, rel=0.003, abs=5
            )


def test_words():
    way = (
        Stretch("D 25", 12_340.0),
        Stretch("D 9", 3_400.0, 88.0),
        Stretch("", 600.0, -91.0),
        Stretch("D 130", 2_000.0, 4.0, roundabout=True),
        Stretch("Rue Haute", 300.0, -60.0, roundabout=True),
        Stretch("D 4", 900.0, 12.0),
        Stretch("D 5", 900.0, -170.0),
    )
    assert directions_words(way).replace("\u00a0", " ").replace("\u202f", " ") == (
        "D 25 (12,3 km), à droite D 9 (3,4 km), à gauche route sans numéro (0,6 km), au rond-point "
        "tout droit D 130 (2,0 km), au rond-point à gauche Rue Haute (0,3 km), puis D 4 (0,9 km), "
        "demi-tour vers D 5 (0,9 km)"
    )
