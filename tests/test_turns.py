from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from townmap import by_scipy, drawn, even_times, real_roads, street_network, without_bans

from tourplan.network.roads import Roads
from tourplan.network.turns import Passages, driven

FIXED = settings(max_examples=200)
CENTRE, WEST, EAST, NORTH, SOUTH = range(5)
POINTS = [(0.0, 0.0), (-100.0, 0.0), (100.0, 0.0), (0.0, 100.0), (0.0, -100.0)]
ARMS = [[WEST, CENTRE], [CENTRE, EAST], [CENTRE, NORTH], [CENTRE, SOUTH]]
"""Ways 0 to 3: a crossing whose arms are west, east, north and south."""
ROUND = [WEST, NORTH, EAST, SOUTH, WEST]
"""Way 4 goes round the crossing by its tips."""
NEVER, ONLY = False, True


def metres(bans, origin: int, destination: int, lines=(*ARMS, ROUND)) -> int | None:
    """How far one drives from a point to another."""
    roads = drawn(POINTS, list(lines), bans)
    times = even_times(roads)
    passages = driven(roads, times.forward, times.backward)
    arcs = (passages.tail, passages.head, times.length_dm[passages.piece])
    least = by_scipy(len(passages.point), *arcs, [origin])[0, passages.point == destination].min()
    return round(least / 10) if np.isfinite(least) else None


def test_without_bans_one_turns_at_the_crossing():
    assert metres([], WEST, NORTH, ARMS) == 200


def test_no_left_turn_forces_the_way_by_another_arm():
    """Without a road round: on to the east, about turn, and right."""
    assert metres([(0, CENTRE, 2, NEVER)], WEST, NORTH, ARMS) == 400
    assert metres([(0, CENTRE, 2, NEVER)], NORTH, WEST, ARMS) == 200
    assert metres([(0, CENTRE, 2, NEVER)], WEST, SOUTH, ARMS) == 200


def test_a_road_round_is_taken_when_it_is_shorter():
    assert metres([], WEST, EAST) == 200
    assert metres([(0, CENTRE, 1, NEVER)], WEST, EAST) == 283


@pytest.mark.parametrize("order", [1, -1])
def test_a_ban_after_a_ban_still_holds(order):
    """Two crossings in a row, each with its ban: whoever obeys the first obeys the second."""
    points = [(-100.0, 0.0), (0.0, 0.0), (100.0, 0.0), (200.0, 0.0), (100.0, 100.0), (0.0, -100.0)]
    lines = [[0, 1], [1, 2], [2, 3], [2, 4], [1, 5]]
    roads = drawn(points, lines, [(0, 1, 4, NEVER), (1, 2, 3, NEVER)][::order])
    times = even_times(roads)
    passages = driven(roads, times.forward, times.backward)
    arcs = (passages.tail, passages.head, times.length_dm[passages.piece])
    least = by_scipy(len(passages.point), *arcs, [0])[0, passages.point == 4].min()
    assert round(least / 10) == 500  # past the second crossing, about turn, and right


def test_only_straight_on():
    rule = [(0, CENTRE, 1, ONLY)]
    assert metres(rule, WEST, EAST, ARMS) == 200
    assert metres(rule, WEST, NORTH, ARMS) == 400
    assert metres(rule, NORTH, SOUTH, ARMS) == 200


def test_several_bans_at_one_point():
    rules = [(0, CENTRE, 2, NEVER), (0, CENTRE, 1, NEVER), (3, CENTRE, 2, NEVER)]
    assert metres(rules, WEST, NORTH, ARMS) == 600  # south is closed to the north: back to west…
    assert metres(rules, EAST, NORTH, ARMS) == 200


def test_no_u_turn():
    """On the arm itself: one no longer turns back at the crossing."""
    lines = [[WEST, CENTRE], [CENTRE, EAST]]
    rules = [(0, CENTRE, 0, NEVER)]
    streets, _, _ = street_network(drawn(POINTS, [*lines, [CENTRE, NORTH]], rules))
    banned = np.flatnonzero(streets.node_point == CENTRE)[1:]
    assert len(banned) == 1
    after = streets.node_point[streets.end[streets.start == banned[0]]]
    assert sorted(after.tolist()) == [EAST, NORTH]


def test_a_ban_from_a_road_that_goes_on_is_not_understood():
    """Which of the two arms is meant is not known: it is left out rather than guessed."""
    lines = [[WEST, CENTRE, EAST], [CENTRE, NORTH], [CENTRE, SOUTH]]
    assert metres([(0, CENTRE, 1, NEVER)], WEST, NORTH, lines) == 200


def test_a_rule_that_would_close_the_road_is_left_out():
    assert metres([(0, CENTRE, 9, ONLY)], WEST, NORTH, ARMS) == 200


def drive(roads: Roads, plain: Passages, origin: int) -> dict[int, int]:
    """Least decimetres to every point, by a search on pieces that knows the bans."""
    dm = even_times(roads).length_dm
    leaving: dict[int, list[int]] = {}
    for passage, tail in enumerate(plain.tail.tolist()):
        leaving.setdefault(tail, []).append(passage)
    heap = [(0, -1)]
    done: dict[int, int] = {}
    least = {origin: 0}
    while heap:
        far, passage = heapq.heappop(heap)
        if passage in done:
            continue
        done[passage] = far
        here = origin if passage < 0 else int(plain.head[passage])
        least[here] = min(far, least.get(here, far))
        for onward in allowed(roads, plain, passage, leaving.get(here, [])):
            heapq.heappush(heap, (far + int(dm[plain.piece[onward]]), onward))
    return least


def allowed(roads: Roads, plain: Passages, passage: int, onward: list[int]) -> list[int]:
    """The passages that may follow; a rule that is not understood or closes the road is none."""
    if passage < 0:
        return onward
    via, way = int(plain.head[passage]), int(roads.way[plain.piece[passage]])
    same = (plain.head == via) & (roads.way[plain.piece] == way)
    bans = roads.bans
    rows = np.flatnonzero((bans.via == via) & (bans.from_way == way))
    if same.sum() != 1 or not len(rows):
        return onward
    never = set(bans.to_way[rows[~bans.only[rows]]].tolist())
    only = set(bans.to_way[rows[bans.only[rows]]].tolist())
    ways = [int(roads.way[plain.piece[p]]) for p in onward]
    left = [
        p
        for p, to in zip(onward, ways, strict=True)
        if to not in never and (not only or to in only)
    ]
    return left or onward


@st.composite
def crossings(draw: st.DrawFn) -> Roads:
    """A few ways between a few points, with random rules."""
    random = np.random.default_rng(draw(st.integers(0, 3)))
    points = [tuple(point) for point in (random.random((6, 2)) * 500).tolist()]
    pair = st.lists(st.integers(0, 5), min_size=2, max_size=3, unique=True)
    tags = st.sampled_from([{}, {}, {}, {"oneway": "yes"}])
    lines = draw(st.lists(st.tuples(pair, tags), min_size=3, max_size=9))
    way = st.integers(0, len(lines) - 1)
    rule = st.tuples(way, st.integers(0, 5), way, st.booleans())
    return drawn(points, lines, draw(st.lists(rule, max_size=8)))


@FIXED
@given(crossings())
def test_it_drives_as_a_search_that_knows_the_rules(roads):
    """Between all points of the largest part, which the rules themselves may make smaller."""
    times = even_times(roads)
    passages = driven(roads, times.forward, times.backward)
    plain = driven(without_bans(roads), times.forward, times.backward)
    dm = times.length_dm[passages.piece]
    every = np.arange(len(roads.lon))
    found = by_scipy(len(passages.point), passages.tail, passages.head, dm, every)
    for origin in every.tolist():
        least = drive(roads, plain, origin)
        for point in every.tolist():
            nodes = np.flatnonzero(passages.point == point)
            assert found[origin, nodes].min() == least.get(point, np.inf)


@pytest.mark.parametrize("name", ["north-bayreuth.osm.gz"])
def test_real_bans_add_few_nodes(name):
    roads, times = real_roads(name)
    passages = driven(roads, times.forward, times.backward)
    added = len(passages.point) - len(roads.lon)
    assert 0 < added <= len(roads.bans.via)
    assert set(passages.point[-added:].tolist()) <= set(roads.bans.via.tolist())
