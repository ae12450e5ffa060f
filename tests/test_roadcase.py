"""A whole case over real roads: graph for analysts, isochrones, plan and map."""

from __future__ import annotations

import itertools
import os

import networkx as nx
import pytest
from roadfile import grid_case
from shapely.geometry import Point

import tourplan as tp
from tourplan.errors import InputError
from tourplan.network.graph import PACK


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grid")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOURPLAN_CACHE", str(folder / "cache"))
        return tp.Case.of(grid_case(folder))


def test_the_graph_is_that_of_the_streets(case):
    graph = case.graph()
    assert set(graph.graph) >= {"crs", "source", "date", "speed_model"}
    assert len(graph) == 30 - 4  # the corners of the grid only turn
    lengths = nx.get_edge_attributes(graph, "length")
    assert sum(lengths.values()) / 2000 == pytest.approx(5 * 5 * 1.61 + 6 * 4 * 2.22, rel=0.01)


def test_the_embedded_graph_finds_the_ways_that_tourplan_finds():
    embedded = tp.Case.of(tp.example("herault"))
    graph = embedded.graph()
    assert nx.get_node_attributes(graph, "x")["34079"] == embedded.territory["34079"].lon
    travel = embedded.travel
    for code in ("34064", "34036", "34276"):
        found = nx.shortest_path_length(graph, "34079", code, weight="time_ms")
        assert found == 1000 * travel.time_s[travel.index("34079"), travel.index(code)]


def test_a_graph_of_a_table_links_its_places(tmp_path):
    rows = ["depart;arrivee;minutes;km"]
    codes = ("90001", "90002", "90003", "90004")
    rows += [f"{a};{b};12,5;10" for a in codes for b in codes if a != b]
    (tmp_path / "t.csv").write_text("\n".join(rows), encoding="utf-8")
    table = tp.Case.of(grid_case(tmp_path, source="tableau", fichier="t.csv"))
    graph = table.graph()
    assert sorted(graph) == list(codes)
    assert {data["travel_time"] for *_, data in graph.edges(data=True)} == {750}
    assert table.travel.path("90001", "90004") == ("90001", "90004")
    assert table.travel.ways.position("90001") is None
    with pytest.raises(InputError, match="pas de tracé"):
        table.isochrones()
    plan = tp.solve(table)
    assert plan.proved
    assert not plan.verify()
    assert plan.origin.schematic


def test_isochrones_tell_who_and_where(case):
    land = case.isochrones((2, 10, 60))
    assert land["habitants"].tolist() == [100, 300, 400]
    assert land["communes"].tolist() == [1, 3, 4]
    assert land["surface_km2"].is_monotonic_increasing
    west = case.territory["90001"]
    assert land.geometry.iloc[0].covers(Point(west.lon, west.lat))
    alone = case.isochrones((60,), codes=["90004"])
    assert alone["habitants"].tolist() == [400]
    with pytest.raises(InputError, match="pas de tracé"):
        tp.Case.of(tp.example("herault")).isochrones()


def test_the_plan_says_where_its_times_come_from(case):
    plan = tp.solve(case)
    assert plan.proved
    assert not plan.verify()
    assert "g.osm" in plan.origin.label
    assert plan.origin.uncertainty_pct == 15
    assert "virages" in plan.origin.speeds
    assert any("routes lues jusqu’à" in note for note in plan.notes)


def test_ways_follow_the_roads(case):
    way = case.travel.path("90001", "90004")
    network = case.travel.ways.network
    spots = [case.travel.ways.position(name) for name in way]
    assert len(spots) > 8
    for (x, y), (x2, y2) in itertools.pairwise(spots):
        assert x == pytest.approx(x2, abs=1e-9) or y == pytest.approx(y2, abs=1e-9)
    assert (network.packed() % PACK > 0).all()


def test_own_communes_are_not_credited_to_others(case):
    from tourplan.export import sources

    assert sources.residents_source(case) == "données fournies avec le scénario."
    assert "IGN" not in sources.communes_source(case)
    embedded = tp.Case.of(tp.example("herault"))
    assert "INSEE" in sources.residents_source(embedded)
    assert "IGN" in sources.communes_source(embedded)


def test_a_depot_without_a_road_is_told_first(tmp_path):
    scenario = grid_case(tmp_path)
    text = (tmp_path / "communes.geojson").read_text(encoding="utf-8")
    moved = text.replace(
        '"point_lon": 3.0, "point_lat": 43.5}', '"point_lon": 2.5, "point_lat": 43.5}'
    )
    assert moved != text
    (tmp_path / "communes.geojson").write_text(moved, encoding="utf-8")
    with pytest.raises(InputError, match="aucune commune n’est accessible") as caught:
        tp.Case.of(scenario)
    assert "aucune route où s’arrêter" in str(caught.value)


@pytest.mark.parametrize(("minutes", "codes"), [((15,), ["zzz"]), ((-5,), None), ((), None)])
def test_isochrones_refuse_what_they_do_not_know(case, minutes, codes):
    with pytest.raises(InputError):
        case.isochrones(minutes, codes)


@pytest.mark.parametrize("changes", [{"communale": True}, {"communale": 0.5}, {"rue": 151}])
def test_speeds_nobody_drives_are_refused(tmp_path, changes):
    with pytest.raises(InputError, match=r"reseau\.vitesses"):
        grid_case(tmp_path, vitesses=changes)


def test_a_device_is_no_file(tmp_path):
    scenario = grid_case(tmp_path, fichier="tube.osm")
    os.mkfifo(tmp_path / "tube.osm")
    with pytest.raises(InputError):
        tp.Case.of(scenario)
