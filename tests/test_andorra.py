"""From an OpenStreetMap file to a proved plan and its map: a mountain country, and a small village.

The mountain stands beside the project in our workshop only; the village ships with pyrosm.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import shapely
from overpass import packaged, shared
from village import EXTRACT, all_villages, quarters

from tourplan import cli
from tourplan.cases import case_of
from tourplan.commands import solve
from tourplan.network.store import FOLDER_VARIABLE
from tourplan.plan import Plan
from tourplan.prepare import Case

DEGREE_M = 111_195
ON_ROAD_M = 1.5
"""Points of the page are rounded to five decimals, about a metre."""
UNSEEN_M = 16
"""A bend that leaves a way by less than a ten-thousandth of a degree is not drawn."""


class Solved(NamedTuple):
    """What a user has after ``tourplan solve``, twice."""

    source: Path
    scenario: Path
    folders: list[Path]
    progress: list[str]

    @property
    def plan(self) -> Plan:
        return Plan.from_json((self.folders[0] / "plan.json").read_text(encoding="utf-8"))

    @property
    def case(self) -> Case:
        return case_of(self.scenario)

    @property
    def page(self) -> dict[str, Any]:
        """The data that the script of the map draws."""
        text = (self.folders[0] / "carte.html").read_text(encoding="utf-8")
        (block,) = re.findall(
            r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', text, re.S
        )
        return json.loads(block)


@pytest.fixture(scope="module", params=["andorra", "village"])
def solved(request, tmp_path_factory) -> Iterator[Solved]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "andorra":
        source = shared("andorra.osm.pbf")
        scenario = all_villages(source, folder)
    else:
        source, scenario = packaged(EXTRACT), quarters(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER_VARIABLE, str(folder / "cache"))
        said: list[str] = []
        for number in (1, 2):
            told: list[str] = []
            patch.setattr(solve, "progress_to", lambda _, told=told: told.append)
            output = folder / f"sorties{number}"
            assert cli._guarded(["solve", str(scenario), "--sortie", str(output)]) == 0
            said.append("\n".join(told))
        yield Solved(
            source, scenario, [next((folder / f"sorties{k}").iterdir()) for k in (1, 2)], said
        )


def test_every_level_is_proved(solved):
    plan = solved.plan
    assert plan.proved
    assert all(level.proved for level in plan.levels)
    assert plan.stopped == "terminé"
    assert plan.days


def test_the_plan_is_found_right_by_the_checker(solved):
    assert solved.plan.based(solved.scenario.parent).verify() == ()


def test_the_plan_says_where_its_times_come_from(solved):
    told = json.loads((solved.folders[0] / "plan.json").read_text(encoding="utf-8"))
    origin = told["temps_de_trajet"]
    assert f"du fichier « {solved.source.name} »" in origin["reseau"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", origin["date"])
    assert origin["vitesses"].startswith("vitesses pratiquées par type de route")
    assert origin["incertitude_pct"] == 15
    assert origin["incertitude"]
    assert origin["credit"] == "© OpenStreetMap contributors, ODbL"
    assert origin["schematique"] is False


@pytest.mark.parametrize("name", ["itineraire.csv", "carte.html"])
def test_the_other_outputs_say_it_too(solved, name):
    text = (solved.folders[0] / name).read_text(encoding="utf-8-sig")
    for words in (solved.source.name, "OpenStreetMap contributors", "15"):
        assert words in text


def test_a_second_run_reads_nothing_and_makes_the_same_bytes(solved):
    first, second = solved.progress
    assert "lecture de" in first
    assert "lecture de" not in second
    assert "vitesses et carrefours" not in second
    plans = [
        json.loads((folder / "plan.json").read_text(encoding="utf-8")) for folder in solved.folders
    ]
    for plan in plans:
        assert plan.pop("mesures")
    assert json.dumps(plans[0]) == json.dumps(plans[1])
    tables = {(folder / "itineraire.csv").read_bytes() for folder in solved.folders}
    assert len(tables) == 1


class Drawn(NamedTuple):
    """The ways of a page on a flat map in metres, and the roads of the file on the same."""

    nodes: np.ndarray
    ways: list[list[int]]
    places: list[int]
    roads: Any


@pytest.fixture(scope="module")
def drawn(solved) -> Drawn:
    page = solved.page
    latlon = np.array(page["noeuds"])
    middle = latlon[:, 0].mean()
    scale = np.array([np.cos(np.radians(middle)), 1]) * DEGREE_M
    villages = {tuple(commune["point"]) for commune in page["communes"]}
    return Drawn(
        latlon[:, ::-1] * scale,
        [way for day in page["journees"] for way in day["traces"]],
        [k for k, point in enumerate(page["noeuds"]) if tuple(point) in villages],
        shapely.union_all([shapely.LineString(line * scale) for line in lines_of(solved.source)]),
    )


def lines_of(path: Path) -> list[np.ndarray]:
    """Every way with a ``highway`` tag, as pyosmium gives it, without a line of tourplan's."""
    import osmium

    ways = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
    lines = []
    for way in ways:
        if way.is_way() and "highway" in way.tags:
            points = [(node.lon, node.lat) for node in way.nodes if node.location.valid()]
            lines += [np.array(points)] if len(points) > 1 else []
    return lines


def test_points_of_the_routes_are_on_roads_of_the_file(drawn):
    bends = np.delete(drawn.nodes, drawn.places, axis=0)
    assert len(bends) > 20
    far = shapely.distance(drawn.roads, shapely.points(bends))
    assert far.max() < ON_ROAD_M


def test_routes_follow_the_roads_between_their_points(drawn, solved):
    """But for the first metres, from a village's point to its road, which are straight."""
    to_road_m = max(snap.distance_m for snap in solved.case.travel.snaps) + 2
    around = shapely.MultiPoint(drawn.nodes[drawn.places]).buffer(to_road_m)
    seen = drawn.roads.buffer(UNSEEN_M)
    for leg in (leg for way in drawn.ways for leg in pairwise(way)):
        straight = shapely.LineString(drawn.nodes[list(leg)]).difference(seen)
        if not {*drawn.places}.isdisjoint(leg):
            straight = straight.difference(around)
        assert straight.is_empty


def test_no_route_runs_straight_from_village_to_village(drawn):
    for leg in (leg for way in drawn.ways for leg in pairwise(way)):
        assert len({*drawn.places}.intersection(leg)) < 2


def test_routes_bend(drawn):
    assert max(map(len, drawn.ways)) > 10


def test_each_leg_of_each_day_is_a_way_of_many_points(solved):
    travel, plan = solved.case.travel, solved.plan
    for day in plan.days:
        codes = [day.depot, *(stop.code for stop in day.stops), day.depot]
        for a, b in pairwise(codes):
            assert len(travel.path(a, b)) > 10
            assert all(travel.ways.position(name) for name in travel.path(a, b))
