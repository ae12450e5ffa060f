from __future__ import annotations

import math
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tourplan.errors import InputError
from tourplan.network.roads import NODE_TAGS, WAY_TAGS, Roads, Tags, TurnBans
from tourplan.network.speedmodel import (
    DELAY_S,
    EARTH_RADIUS_M,
    KEY_OF_HIGHWAY,
    LONGEST_ARM_M,
    REACH_M,
    SHORTEST_ARM_M,
    SLOWED_M,
)
from tourplan.network.speeds import (
    UNCERTAINTY_PCT,
    SpeedModel,
    bend_radius_m,
    curve_kmh,
    directions,
    parse_limit,
    piece_lengths_m,
    piece_times,
    roads_curve_radius,
    sign_of,
    way_speeds,
)

MODEL = SpeedModel.default()
CALM = replace(MODEL, delay_s=dict.fromkeys(DELAY_S, 0.0))
DOCS = Path(__file__).parent.parent / "docs" / "vitesses.md"
DEGREE_M = math.radians(1) * EARTH_RADIUS_M
SURFACES = ("", "asphalt", "gravel", "sett", "moon")
LIMITS = ("", "50", "80", "30 mph", "FR:urban", "FR:rural", "FR:zone30", "none", "junk", "90;70")


def tags(*things: dict[str, str], keys: tuple[str, ...] = WAY_TAGS) -> Tags:
    return Tags(len(things), {key: tuple(thing.get(key, "") for thing in things) for key in keys})


def kmh(model: SpeedModel = MODEL, **way: str) -> float:
    """Forward speed of one way; ``maxspeed_type`` stands for ``maxspeed:type``."""
    way = {key.replace("__", ":"): value for key, value in way.items()}
    return float(way_speeds(tags(way), model).forward_kmh[0])


def roads(
    points: list[tuple[float, float]],
    ways: list[tuple[list[int], dict[str, str]]],
    signs: dict[int, dict[str, str]] | None = None,
) -> Roads:
    """Roads through points in metres east and north of a place on the equator."""
    signs = signs or {}
    pairs = [(a, b, k) for k, (line, _) in enumerate(ways) for a, b in pairwise(line)]
    start, end, way = np.array(pairs, dtype=np.int32).reshape(-1, 3).T
    none = np.zeros(0, dtype=np.int32)
    xy = np.array(points, dtype=np.float64).reshape(-1, 2) / DEGREE_M
    return Roads(
        node_id=np.arange(len(points), dtype=np.int64),
        lon=xy[:, 0],
        lat=xy[:, 1],
        special=np.array(sorted(signs), dtype=np.int32),
        node_tags=tags(*(signs[node] for node in sorted(signs)), keys=NODE_TAGS),
        start=start,
        end=end,
        way=way,
        way_id=np.arange(len(ways), dtype=np.int64),
        way_tags=tags(*(way for _, way in ways)),
        bans=TurnBans(none, none, none, np.zeros(0, dtype=np.bool_)),
        obstacles=np.zeros((0, 4)),
        date="",
    )


def circle(radius: float, chord: float, turns: float = 0.9) -> list[tuple[float, float]]:
    step = 2 * math.asin(chord / 2 / radius)
    count = int(2 * math.pi * turns / step)
    return [(radius * math.cos(k * step), radius * math.sin(k * step)) for k in range(count)]


# --- The table --------------------------------------------------------------------------------


def test_a_model_without_change_is_the_default():
    assert MODEL.with_changes({}) == MODEL


def test_french_keys_and_osm_names_change_the_same_row():
    assert MODEL.with_changes({"communale": 55}) == MODEL.with_changes({"unclassified": 55})
    changed = MODEL.with_changes({"communale": 55, "primary": 80.5}, 1.2, winter=True)
    assert changed.kmh["communale"] == 55
    assert changed.kmh[KEY_OF_HIGHWAY["primary"]] == 80.5
    assert (changed.factor, changed.winter) == (1.2, True)
    assert MODEL.kmh["communale"] == 45


def test_every_fault_of_the_table_is_told_at_once():
    absurd = {"comunale": 40, "rue": 0, "autoroute": 151, "virage": float("nan"), "piste": True}
    with pytest.raises(InputError) as told:
        MODEL.with_changes({**absurd, "acces": "lent", "motorway": 90}, factor=0)
    faults = {fault.where: fault for fault in told.value.faults}
    names = ("comunale", "rue", "autoroute", "virage", "piste", "acces", "motorway")
    assert set(faults) == {*(f"reseau.vitesses.{name}" for name in names), "reseau.facteur"}
    assert faults["reseau.vitesses.comunale"].mend == "vouliez-vous « communale » ?"
    assert "« 0 » n’est pas une vitesse possible" in str(faults["reseau.vitesses.rue"])
    assert "même ligne que « autoroute »" in str(faults["reseau.vitesses.motorway"])


@pytest.mark.parametrize("factor", [0.49, 3.1, float("inf"), True, "1"])
def test_a_factor_out_of_reason_is_refused(factor):
    with pytest.raises(InputError, match=r"reseau\.facteur"):
        MODEL.with_changes({}, factor)


def test_the_sentence_tells_what_was_changed():
    plain = MODEL.sentence()
    assert plain == (
        "vitesses pratiquées par type de route, virages et carrefours compris, sans embouteillage"
    )
    told = MODEL.with_changes({"rue": 25.5}, 1.1, winter=True).sentence()
    assert "conditions d’hiver" in told
    assert "vitesses du scénario (rue de village ou de lotissement 25,5 km/h)" in told
    assert "temps multipliés par 1,1" in told


def test_fingerprints_tell_models_apart():
    changed = [
        MODEL.with_changes({"rue": 29}),
        MODEL.with_changes({}, 1.1),
        MODEL.with_changes({}, winter=True),
        CALM,
    ]
    prints = {model.fingerprint() for model in (MODEL, *changed)}
    assert len(prints) == 5
    assert SpeedModel.default().fingerprint() == MODEL.fingerprint()


def test_the_page_for_planners_shows_the_same_figures():
    page = DOCS.read_text(encoding="utf-8")
    for line in MODEL.table():
        start = f"| `{line.key}` | {line.label} | {line.kmh:g} |"
        row = next((row for row in page.splitlines() if row.startswith(start)), "")
        assert row, f"docs/vitesses.md: {start}"
        assert line.source in row
        assert line.winter_kmh is None or f"| {line.winter_kmh:.0f} |" in row
    for key, seconds in DELAY_S.items():
        assert f"| `{key}` | {seconds:g} |" in page
    assert f"± {UNCERTAINTY_PCT} %" in page


def test_a_changed_row_says_it_is_the_scenario_s():
    row = next(row for row in MODEL.with_changes({"rue": 25}).table() if row.key == "rue")
    assert (row.kmh, row.source) == (25, "votre scénario")
    assert row.winter_kmh == pytest.approx(25 * 0.85)


# --- Limits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "figure", "zone"),
    [
        ("50", 50, ""),
        (" 50 km/h ", 50, ""),
        ("50 kmh", 50, ""),
        ("30 mph", 48.28032, ""),
        ("30mph", 48.28032, ""),
        ("80;50", 50, ""),
        ("signals;70", 70, ""),
        ("FR:urban", None, "urban"),
        ("fr:URBAN", None, "urban"),
        ("FR:rural", None, "rural"),
        ("FR:motorway", None, "motorway"),
        ("FR:trunk", None, "trunk"),
        ("FR:zone30", 30, "urban"),
        ("FR:zone:30", 30, "urban"),
        ("FR:30", 30, "urban"),
        ("NL:60", 60, "rural"),
        ("FR:living_street", 20, "urban"),
        ("DE:urban", None, "urban"),
        ("BE-VLG:rural", None, "rural"),
        ("ES:trunk", None, "trunk"),
        ("AD:urban", None, "urban"),
        ("RU:rural", None, "rural"),
        ("GB:nsl_single", None, "rural"),
        ("GB:nsl_dual", None, "trunk"),
        ("GB:national", None, "rural"),
        ("CH:motorway", None, "motorway"),
        ("national", None, "rural"),
        ("none", None, "motorway"),
        ("walk", 6, "urban"),
        ("signals", None, ""),
        ("sign", None, ""),
        ("", None, ""),
        ("0", None, ""),
        ("4", None, ""),
        ("999", None, ""),
        ("cinquante", None, ""),
        ("50 @ (22:00-06:00)", None, ""),
    ],
)
def test_limits_are_read(text, figure, zone):
    limit = parse_limit(text)
    assert math.isnan(limit.kmh) if figure is None else limit.kmh == pytest.approx(figure)
    assert limit.zone == zone


@given(st.text(max_size=20))
def test_no_limit_text_is_too_strange(text):
    limit = parse_limit(text)
    assert math.isnan(limit.kmh) or 5 <= limit.kmh <= 150


# --- Ways -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ({"highway": "motorway"}, 118),  # 0.95 × 130 = 123.5, its kind 118
        ({"highway": "motorway", "maxspeed": "110"}, 104.5),
        ({"highway": "motorway", "maxspeed": "none"}, 118),
        ({"highway": "trunk", "oneway": "yes"}, 100),  # 0.95 × 110 = 104.5, its kind 100
        ({"highway": "trunk"}, 76),  # a single carriageway: 0.95 × 80
        ({"highway": "primary"}, 76),
        ({"highway": "primary", "maxspeed": "90"}, 84),  # 0.95 × 90 = 85.5, its kind 84
        ({"highway": "secondary"}, 70),
        ({"highway": "secondary", "maxspeed": "70"}, 66.5),
        ({"highway": "secondary", "maxspeed": "50"}, 44),  # 47.5, in a village 44
        ({"highway": "secondary", "lit": "yes"}, 44),
        ({"highway": "trunk", "lit": "yes"}, 76),
        ({"highway": "secondary", "zone__traffic": "FR:urban"}, 44),
        ({"highway": "secondary", "zone__traffic": "FR:rural", "lit": "yes"}, 70),
        ({"highway": "secondary", "source__maxspeed": "FR:urban", "maxspeed": "70"}, 66.5),
        ({"highway": "secondary", "source__maxspeed": "FR:rural", "maxspeed": "50"}, 47.5),
        ({"highway": "tertiary", "zone__maxspeed": "FR:30"}, 28.5),
        ({"highway": "tertiary", "maxspeed": "30"}, 28.5),
        ({"highway": "tertiary", "maxspeed": "20 mph"}, 0.95 * 20 * 1.609344),
        ({"highway": "tertiary", "maxspeed": "junk", "maxspeed__type": "FR:urban"}, 44),
        ({"highway": "unclassified"}, 45),
        ({"highway": "unclassified", "maxspeed": "80"}, 45),
        ({"highway": "residential"}, 30),
        ({"highway": "living_street"}, 15),
        ({"highway": "service"}, 18),
        ({"highway": "track", "tracktype": "grade5"}, 10),
        ({"highway": "primary_link"}, 50),
        ({"highway": "escape"}, 40),
        ({"route": "ferry"}, 8),
        ({"highway": "secondary", "surface": "gravel"}, 30),
        ({"highway": "secondary", "surface": "asphalt", "smoothness": "bad"}, 35),
        ({"highway": "secondary", "lanes": "1"}, 42),
        ({"highway": "secondary", "lanes": "1", "oneway": "yes"}, 70),
        ({"highway": "primary", "junction": "roundabout"}, 30),
        ({"highway": "primary", "junction": "circular"}, 30),
    ],
)
def test_the_speed_of_a_road(way, expected):
    assert kmh(**way) == pytest.approx(expected)


def test_the_rural_limit_of_a_department_that_raised_it():
    raised = MODEL.with_changes({"limite_hors_agglomeration": 90})
    assert kmh(raised, highway="primary") == 84
    assert kmh(raised, highway="secondary", maxspeed="FR:rural") == 70


def test_each_direction_has_its_own_limit():
    way = {"highway": "primary", "maxspeed": "80", "maxspeed:backward": "60"}
    found = way_speeds(tags(way), MODEL)
    assert (found.forward_kmh[0], found.backward_kmh[0]) == (76, 57)


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ({}, (True, True)),
        ({"oneway": "yes"}, (True, False)),
        ({"oneway": "true"}, (True, False)),
        ({"oneway": "1"}, (True, False)),
        ({"oneway": "-1"}, (False, True)),
        ({"oneway": "reverse"}, (False, True)),
        ({"oneway": "no"}, (True, True)),
        ({"oneway": "reversible"}, (False, False)),
        ({"oneway": "alternating"}, (True, True)),
        ({"junction": "roundabout"}, (True, False)),
        ({"junction": "circular"}, (True, False)),
        ({"junction": "roundabout", "oneway": "-1"}, (False, True)),
        ({"junction": "roundabout", "oneway": "no"}, (True, True)),
        ({"highway": "motorway"}, (True, False)),
        ({"highway": "motorway", "oneway": "no"}, (True, True)),
        ({"highway": "motorway_link"}, (True, False)),
        ({"highway": "trunk"}, (True, True)),
        ({"junction": "mini"}, (True, True)),
    ],
)
def test_one_way_roads(way, expected):
    assert directions({"highway": "", "oneway": "", "junction": "", **way}) == expected
    found = way_speeds(tags(way), MODEL)
    assert (found.forward[0], found.backward[0]) == expected


def one_of_each(**choices: tuple[str, ...]) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries(
        {key.replace("__", ":"): st.sampled_from(values) for key, values in choices.items()}
    )


WAYS = one_of_each(
    highway=("motorway", "trunk", "primary", "secondary", "unclassified", "residential", "track"),
    oneway=("", "yes", "-1", "no"),
    junction=("", "roundabout"),
    maxspeed=LIMITS,
    maxspeed__backward=LIMITS,
    zone__traffic=("", "FR:urban", "FR:rural"),
    surface=SURFACES,
    smoothness=("", "bad", "good"),
    lanes=("", "1", "2"),
    lit=("", "yes"),
)


@given(st.lists(WAYS, max_size=12))
def test_ways_together_are_ways_alone(ways):
    together = way_speeds(tags(*ways), MODEL)
    for position, way in enumerate(ways):
        alone = way_speeds(tags(way), MODEL)
        for name in vars(alone):
            assert getattr(together, name)[position] == getattr(alone, name)[0]


@given(WAYS)
def test_winter_is_slower_on_every_road(way):
    summer = way_speeds(tags(way), MODEL)
    winter = way_speeds(tags(way), MODEL.with_changes({}, winter=True))
    assert winter.forward_kmh[0] < summer.forward_kmh[0]
    assert winter.backward_kmh[0] < summer.backward_kmh[0]


@given(WAYS)
def test_nothing_makes_a_road_faster_than_its_kind_or_its_limit(way):
    found = way_speeds(tags(way), MODEL)
    assert 0 < found.forward_kmh[0] <= MODEL.kmh[KEY_OF_HIGHWAY[way["highway"]]]
    limit = parse_limit(way["maxspeed"]).kmh
    assert math.isnan(limit) or found.forward_kmh[0] <= limit


# --- Bends ------------------------------------------------------------------------------------


def test_the_speed_of_bends():
    radius = np.array([0.0, 5.0, 12.5, 50.0, 200.0, np.inf])
    assert curve_kmh(radius, MODEL).tolist() == [15, 15, 20, 40, 80, np.inf]
    snow = curve_kmh(radius[:-1], MODEL.with_changes({}, winter=True))
    assert np.all(snow < curve_kmh(radius[:-1], MODEL))


def test_the_radius_of_a_corner():
    before, after = np.array([20.0, 20, 300, 300, 2]), np.array([20.0, 300, 300, 20, 20])
    right = np.full(5, math.pi / 2)
    assert bend_radius_m(before, after, right) == pytest.approx([10, 10, 40, 10, np.inf])
    assert bend_radius_m(before, after, -right) == pytest.approx([10, 10, 40, 10, np.inf])
    assert np.all(np.isinf(bend_radius_m(before, after, np.zeros(5))))


@pytest.mark.parametrize(("radius", "chord"), [(15, 10.5), (40, 12), (100, 20), (300, 40)])
def test_a_circle_has_its_own_radius(radius, chord):
    points = circle(radius, chord)
    ring = roads(points, [(list(range(len(points))), {"highway": "secondary"})])
    at_start, at_end = roads_curve_radius(ring, piece_lengths_m(ring))
    drawn = math.sqrt(radius**2 - chord**2 / 4)
    assert at_end[:-1] == pytest.approx(np.full(len(points) - 2, drawn), rel=1e-3)
    assert at_start[1:] == pytest.approx(at_end[:-1])
    assert np.isinf(at_start[0])
    assert np.isinf(at_end[-1])


def test_points_drawn_close_together_do_not_tighten_a_circle():
    points = circle(60, 2)
    ring = roads(points, [(list(range(len(points))), {})])
    _, at_end = roads_curve_radius(ring, piece_lengths_m(ring))
    assert at_end[5:-6] == pytest.approx(np.full(len(points) - 12, 60), rel=0.02)


def test_a_trembling_hand_on_a_straight_road_costs_little():
    shaky = [(2.0 * k, 0.3 * (k % 2)) for k in range(200)]
    times = [
        piece_times(roads(line, [(list(range(len(line))), {"highway": "secondary"})]), CALM)
        for line in (shaky, [shaky[0], shaky[-1]])
    ]
    assert times[0].forward_ms.sum() < 1.06 * times[1].forward_ms.sum()


def test_a_street_corner_inside_a_way_slows():
    corner = roads([(0, 0), (40, 0), (40, 40)], [([0, 1, 2], {"highway": "secondary"})])
    radius = roads_curve_radius(corner, piece_lengths_m(corner))[1][0]
    assert radius == pytest.approx(20, rel=1e-6)
    # 20 m at 70 km/h, then 20 m at 40 × √(20/50) = 25.3 km/h
    expected = 3600 * (20 / 70 + 20 / (40 * math.sqrt(0.4)))
    assert piece_times(corner, CALM).forward_ms.tolist() == pytest.approx([expected] * 2, abs=1)


def test_a_long_piece_is_slowed_near_its_bend_only():
    corner = roads([(0, 0), (1000, 0), (1000, 80)], [([0, 1, 2], {"highway": "secondary"})])
    bend = 40 * math.sqrt(40 / 50)
    expected = 3600 * ((1000 - SLOWED_M) / 70 + SLOWED_M / bend)
    assert piece_times(corner, CALM).forward_ms[0] == pytest.approx(expected, abs=1)


def test_bends_are_not_looked_for_from_one_way_to_another():
    points = [(0, 0), (40, 0), (40, 40)]
    split = roads(points, [([0, 1], {}), ([1, 2], {})])
    assert np.all(np.isinf(roads_curve_radius(split, piece_lengths_m(split))))


def test_a_way_that_closes_on_itself_or_has_a_hole():
    square = [(0, 0), (50, 0), (50, 50), (0, 50)]
    closed = roads(square, [([0, 1, 2, 3, 0], {})])
    at_start, at_end = roads_curve_radius(closed, piece_lengths_m(closed))
    assert np.minimum(at_start, at_end) == pytest.approx(np.full(4, 25), rel=1e-4)
    holed = replace(closed, start=closed.start[[0, 2]], end=closed.end[[0, 2]], way=closed.way[:2])
    assert np.all(np.isinf(roads_curve_radius(holed, piece_lengths_m(holed))))


# --- Pieces and crossings ---------------------------------------------------------------------


def crossing(minor: dict[str, str], major: dict[str, str], sign: dict[int, dict[str, str]]):
    """A minor road from the south (0 → 1) meets a major one from west to east (2 → 1 → 3)."""
    points = [(0, -100), (0, 0), (-100, 0), (100, 0)]
    there = roads(points, [([0, 1], minor), ([2, 1, 3], major)], sign)
    times, calm = piece_times(there, MODEL), piece_times(there, CALM)
    lost = (times.forward_ms - calm.forward_ms, times.backward_ms - calm.backward_ms)
    return [np.round(values / 1000, 1).tolist() for values in lost]


LANE, STREET = {"highway": "unclassified"}, {"highway": "residential"}
MAIN, RING = {"highway": "secondary"}, {"highway": "tertiary", "junction": "roundabout"}
RAMP, TRUNK = {"highway": "trunk_link"}, {"highway": "trunk"}


@pytest.mark.parametrize(
    ("minor", "major", "sign", "forward", "backward"),
    [
        (LANE, MAIN, {}, [4, 0, 0], [0, 0, 0]),  # gives way to the higher road, once
        (MAIN, MAIN, {}, [0, 0, 0], [0, 0, 0]),
        (STREET, LANE, {}, [0, 0, 0], [0, 0, 0]),
        (MAIN, RING, {}, [4, 0, 0], [0, 0, 0]),  # who enters a roundabout gives way
        (RAMP, TRUNK, {}, [0, 0, 0], [0, 0, 0]),  # a slip road merges
        (RAMP, MAIN, {}, [4, 0, 0], [0, 0, 0]),
        (LANE, MAIN, {1: {"highway": "traffic_signals"}}, [10, 10, 0], [0, 0, 10]),
        (LANE, MAIN, {0: {"highway": "stop"}}, [4, 0, 0], [4, 0, 0]),  # half of 8 each way
        ({**LANE, "oneway": "-1"}, MAIN, {0: {"highway": "stop"}}, [4, 0, 0], [8, 0, 0]),
        (LANE, MAIN, {3: {"highway": "crossing"}}, [4, 0, 1], [0, 0, 0]),
        (LANE, MAIN, {2: {"barrier": "toll_booth"}}, [4, 0, 0], [0, 20, 0]),
    ],
)
def test_what_a_crossing_costs(minor, major, sign, forward, backward):
    assert crossing(minor, major, sign) == [forward, backward]


def test_signs():
    assert sign_of("traffic_signals", "", "") == "feu"
    assert sign_of("give_way", "", "") == "cedez_le_passage"
    assert sign_of("mini_roundabout", "", "") == "mini_giratoire"
    assert sign_of("crossing", "traffic_signals", "") == "passage_a_feu"
    assert sign_of("crossing", "zebra", "") == "passage_pieton"
    assert sign_of("toll_gantry", "", "gate") == ""


def test_lengths_are_those_of_the_sphere():
    there = roads([(0, 0), (DEGREE_M, 0)], [([0, 1], {"highway": "primary"})])
    found = piece_times(there, CALM)
    assert found.length_dm.tolist() == [1_111_951]  # π/180 × 6,371,009 m
    assert found.forward_ms[0] == pytest.approx(DEGREE_M / 76 * 3600, abs=1)


def test_figures_are_whole_and_positive():
    there = roads([(0, 0), (0, 0), (100, 0)], [([0, 1, 2], MAIN)])
    found = piece_times(there, MODEL)
    assert found.forward_ms.dtype == found.backward_ms.dtype == found.length_dm.dtype == np.int64
    assert (found.length_dm[0], found.forward_ms[0], found.backward_ms[0]) == (1, 1, 1)
    assert found.length_dm[1] == 1000


def test_no_road_at_all():
    empty = roads([], [])
    assert len(piece_times(empty, MODEL).forward_ms) == 0


def test_the_factor_multiplies_everything():
    points = [(0, 0), (300, 10), (310, 200), (600, 210)]
    there = roads(points, [([0, 1, 2, 3], MAIN)], {1: {"highway": "traffic_signals"}})
    once, twice = (piece_times(there, MODEL.with_changes({}, factor)) for factor in (1, 2))
    assert np.all(np.abs(twice.forward_ms - 2 * once.forward_ms) <= 1)


def test_winter_is_slower_on_every_piece():
    points = [(0, 0), (300, 10), (310, 200), (600, 210), (310, 500)]
    there = roads(points, [([0, 1, 2, 3], MAIN), ([2, 4], LANE)])
    dry, snow = piece_times(there, MODEL), piece_times(there, MODEL.with_changes({}, winter=True))
    assert np.all(snow.forward_ms > dry.forward_ms)
    assert np.all(snow.backward_ms > dry.backward_ms)


# --- A slow twin ------------------------------------------------------------------------------


def twin_radius(line: list[tuple[float, float]], at: int) -> float:
    """The radius at an inner point of a line, one step after the other."""

    def arm(step: int) -> tuple[float, float]:
        here, walked = at, 0.0
        while walked < REACH_M and 0 <= here + step < len(line):
            walked += math.dist(line[here], line[here + step])
            here += step
        return line[here][0] - line[at][0], line[here][1] - line[at][1]

    back, ahead = arm(-1), arm(1)
    shorter = min(math.hypot(*back), math.hypot(*ahead))
    if shorter < SHORTEST_ARM_M:
        return math.inf
    turn = math.atan2(ahead[1], ahead[0]) - math.atan2(-back[1], -back[0])
    turn = abs(math.remainder(turn, 2 * math.pi))
    return min(shorter, LONGEST_ARM_M) / 2 / math.tan(turn / 2) if turn else math.inf


def twin_ms(line: list[tuple[float, float]], kmh: float) -> list[float]:
    radii = [math.inf, *(twin_radius(line, at) for at in range(1, len(line) - 1)), math.inf]
    times = []
    for at in range(len(line) - 1):
        length = math.dist(line[at], line[at + 1])
        slowed = min(length / 2, SLOWED_M)
        hours = (length - 2 * slowed) / kmh
        for radius in radii[at : at + 2]:
            hours += slowed / min(kmh, max(15, 40 * math.sqrt(radius / 50)))
        times.append(hours * 3600)
    return times


STEPS = st.tuples(st.integers(1, 150).map(lambda metres: metres + 0.37), st.integers(-3100, 3100))
"""Metres (no sum of them is exactly ``REACH_M``) and thousandths of a radian."""


@settings(max_examples=60)
@given(st.lists(st.lists(STEPS, min_size=1, max_size=9), min_size=1, max_size=4))
def test_pieces_are_those_of_a_slow_twin(walks):
    lines = []
    for walk in walks:
        line = [(0.0, 0.0)]
        for metres, angle in walk:
            east, north = math.cos(angle / 1000) * metres, math.sin(angle / 1000) * metres
            line.append((line[-1][0] + east, line[-1][1] + north))
        lines.append(line)
    points = [point for line in lines for point in line]
    first = np.cumsum([0, *map(len, lines)]).tolist()
    ways = [(list(range(a, a + len(line))), MAIN) for a, line in zip(first, lines, strict=False)]
    found = piece_times(roads(points, ways), CALM)
    expected = [ms for line in lines for ms in twin_ms(line, 70)]
    assert found.forward_ms.tolist() == pytest.approx(expected, rel=1e-3, abs=2)
    assert found.backward_ms.tolist() == found.forward_ms.tolist()


def test_a_bend_is_rounded_alike_from_both_sides():
    points = [(0, 0), (30, 0), (45, 20), (45, 90)]
    there = piece_times(roads(points, [([0, 1, 2, 3], MAIN)]), CALM)
    back = piece_times(roads(points, [([3, 2, 1, 0], MAIN)]), CALM)
    assert there.forward_ms.tolist() == back.backward_ms[::-1].tolist()


def test_a_whole_county_is_a_matter_of_seconds():
    nodes = 200_001
    zigzag = [(15.0 * k, 20.0 * (k % 2)) for k in range(nodes)]
    there = roads(zigzag, [(list(range(nodes)), MAIN)])
    start = time.perf_counter()
    piece_times(there, MODEL)
    assert time.perf_counter() - start < 2, "0.1 s when it was written, for 200,000 pieces"
