from __future__ import annotations

import re
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from overpass import shared
from shapely import LineString

from tourplan.errors import InputError
from tourplan.network import graphin, graphml
from tourplan.network.graph import PACK, RoadNetwork
from tourplan.network.graphin import from_graph
from tourplan.network.graphml import read_graphml
from tourplan.network.graphout import to_graph
from tourplan.network.roads import NODE_TAGS, WAY_TAGS, Roads, Tags, TurnBans
from tourplan.network.snap import with_places
from tourplan.network.source import NetworkSource
from tourplan.network.speeds import PieceTimes, SpeedModel, piece_times
from tourplan.network.streets import Streets, simplify
from tourplan.travel.hierarchy import Hierarchy
from tourplan.travel.matrix import travel_matrix

nx = pytest.importorskip("networkx")
ox = pytest.importorskip("osmnx")

SOURCE = NetworkSource(
    label="routes du test",
    date="2026-11-01",
    credit="© OpenStreetMap contributors, ODbL",
    uncertainty="à 15 % près",
    uncertainty_pct=15,
    schematic=False,
    speeds="vitesses pratiquées",
)
FIXED = settings(max_examples=40)
MODEL = SpeedModel.default()
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
OPEN = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'


def tags(rows: list[dict[str, str]], keys: tuple[str, ...]) -> Tags:
    return Tags(len(rows), {key: tuple(row.get(key, "") for row in rows) for key in keys})


def roads(
    points: dict[int, tuple[float, float]],
    ways: list[tuple[int, list[int], dict[str, str]]],
    signs: dict[int, dict[str, str]] | None = None,
    bans: list[tuple[int, int, int]] | None = None,
) -> Roads:
    """Roads through points in kilometres east and north of 3.4 E, 43.6 N."""
    ids = sorted(points)
    at = {number: k for k, number in enumerate(ids)}
    row = {number: k for k, (number, _, _) in enumerate(ways)}
    pairs = [(at[a], at[b], k) for k, (_, line, _) in enumerate(ways) for a, b in pairwise(line)]
    start, end, way = np.array(pairs, dtype=np.int32).T
    xy = np.array([points[number] for number in ids], dtype=np.float64) / (80.5, 111.2)
    table = np.array([(row[a], at[v], row[b]) for a, v, b in bans or []], dtype=np.int32)
    table = table.reshape(-1, 3)
    marked = sorted(signs or {})
    return Roads(
        node_id=np.array(ids, dtype=np.int64),
        lon=xy[:, 0] + 3.4,
        lat=xy[:, 1] + 43.6,
        special=np.array([at[number] for number in marked], dtype=np.int32),
        node_tags=tags([(signs or {})[number] for number in marked], NODE_TAGS),
        start=start,
        end=end,
        way=way,
        way_id=np.array([number for number, _, _ in ways], dtype=np.int64),
        way_tags=tags([told for _, _, told in ways], WAY_TAGS),
        bans=TurnBans(table[:, 0], table[:, 1], table[:, 2], np.zeros(len(table), dtype=bool)),
        obstacles=np.zeros((0, 4)),
        date="2026-11-01",
    )


VILLAGE = [
    *((0, 0), (1, 0.2), (2, 0), (3, 0), (2, 1)),
    *((2.5, 1.2), (3, 1), (2, -1), (1, -1), (4, 0.5)),
]


def village() -> Roads:
    """A main road with a bend, a one-way loop, a side road, and a left turn that is banned."""
    return roads(
        dict(enumerate(VILLAGE, 1)),
        [
            (100, [1, 2, 3], {"highway": "secondary", "name": "Route du Bois", "ref": "D 2"}),
            (101, [3, 4], {"highway": "secondary", "name": "Grand-Rue", "maxspeed": "30"}),
            (102, [3, 5, 6, 7], {"highway": "residential", "oneway": "yes"}),
            (103, [7, 4], {"highway": "residential", "name": "Rue Basse"}),
            (104, [3, 8, 9], {"highway": "unclassified", "lanes": "1"}),
            (105, [9, 1], {"highway": "track", "surface": "gravel"}),
            (106, [4, 10, 7], {"highway": "tertiary", "bridge": "yes"}),
        ],
        signs={4: {"highway": "traffic_signals"}, 9: {"highway": "stop"}},
        bans=[(100, 3, 104)],
    )


def streets_of(drawn: Roads) -> tuple[Streets, PieceTimes]:
    times = piece_times(drawn, MODEL)
    return simplify(drawn, times), times


@pytest.fixture(scope="module")
def small():
    streets, times = streets_of(village())
    return streets, times, to_graph(streets, times, SOURCE)


@pytest.fixture(scope="module")
def andorra():
    from tourplan.network.osmfile import read_osm

    streets, times = streets_of(read_osm(shared("andorra.osm.pbf"), None))
    return streets, times, to_graph(streets, times, SOURCE)


def distances(network: RoadNetwork) -> np.ndarray:
    """Milliseconds and decimetres between all nodes, as ``RoadNetwork.packed``."""
    nodes = np.arange(len(network.lon))
    hierarchy = Hierarchy.of(network.position(), network.start, network.end, network.packed())
    return hierarchy.distances(nodes, nodes)


def by_networkx(graph, weight: str) -> dict:
    return dict(nx.all_pairs_dijkstra_path_length(graph, weight=weight))


def simple(**of: object):
    """Two points 800 m apart and an edge each way, as osmnx makes them."""
    graph = nx.MultiDiGraph(crs="epsg:4326", simplified=True)
    graph.add_node(1, x=3.40, y=43.6)
    graph.add_node(2, x=3.41, y=43.6)
    for ends, back in (((1, 2), False), ((2, 1), True)):
        told = {"osmid": 9, "highway": "tertiary", "oneway": False, "reversed": back}
        graph.add_edge(*ends, **{**told, "length": 805.0, "travel_time": 60.0, **of})
    return graph


def faults_of(graph) -> list[str]:
    with pytest.raises(InputError) as caught:
        from_graph(graph)
    return [str(fault) for fault in caught.value.faults]


# --- Given out --------------------------------------------------------------------------------


def test_osmnx_finds_the_graph_as_it_should_be(small):
    ox.convert.validate_graph(small[2], strict=True)


def test_nodes_and_edges_say_what_osmnx_says(small):
    graph = small[2]
    assert graph.nodes[4]["highway"] == "traffic_signals"
    assert {node: graph.nodes[node]["street_count"] for node in (3, 4, 7)} == {3: 4, 4: 3, 7: 3}
    edge = graph.edges[4, 7, 0]
    assert (edge["osmid"], edge["highway"], edge["bridge"]) == (106, "tertiary", "yes")
    assert (edge["oneway"], edge["reversed"]) == (False, False)
    assert len(edge["geometry"].coords) == 3
    assert graph.edges[7, 4, 1]["reversed"] is True
    one_way = graph.edges[5, 7, 0]
    assert (one_way["oneway"], one_way["reversed"]) == (True, False)
    assert graph.edges[4, 3, 0]["name"] == "Grand-Rue"
    assert "geometry" not in graph.edges[4, 3, 0]
    assert "ref" not in graph.edges[4, 3, 0]


def test_ways_that_are_joined_are_told_as_lists(small):
    edges = [edge for *_, edge in small[2].edges(data=True) if isinstance(edge["osmid"], list)]
    told = [edge for edge in edges if set(edge["osmid"]) == {100, 104, 105}]
    assert told
    assert {frozenset(edge["highway"]) for edge in told} == {
        frozenset({"secondary", "unclassified", "track"})
    }
    assert told[0]["reversed"] in (True, False, [False, True])


def test_measures_agree_in_every_unit(small):
    for *_, edge in small[2].edges(data=True):
        assert type(edge["time_ms"]) is type(edge["distance_dm"]) is int
        assert edge["travel_time"] * 1000 == pytest.approx(edge["time_ms"], abs=1e-9)
        assert edge["length"] * 10 == pytest.approx(edge["distance_dm"], abs=1e-9)
        kmh = edge["length"] / edge["travel_time"] * 3.6
        assert edge["speed_kph"] == pytest.approx(kmh)


def test_the_graph_says_where_it_is_from(small):
    told = small[2].graph
    assert (told["crs"], told["simplified"]) == ("epsg:4326", True)
    assert told["created_with"].startswith("tourplan ")
    assert (told["source"], told["date"]) == ("routes du test", "2026-11-01")
    assert told["speed_model"] == "vitesses pratiquées"


def test_a_turn_ban_is_a_further_node_at_the_same_point(small):
    _, _, graph = small
    extra = [node for node, told in graph.nodes(data=True) if told.get("turn_ban")]
    assert extra == [-1]
    assert {key: graph.nodes[-1][key] for key in "xy"} == {key: graph.nodes[3][key] for key in "xy"}
    assert not any(104 in np.atleast_1d(d["osmid"]) for _, _, d in graph.out_edges(-1, data=True))


def test_further_nodes_never_take_a_number_that_is_used():
    drawn = village()
    streets, times = streets_of(replace(drawn, node_id=drawn.node_id - 8))
    graph = to_graph(streets, times, SOURCE)
    assert len(graph) == len(streets.node_point)
    assert graph.nodes[-8]["turn_ban"]


@pytest.mark.parametrize("weight", ["time_ms", "travel_time"])
def test_shortest_times_are_those_of_tourplan(small, weight):
    streets, times, graph = small
    expected = distances(streets.network(times, SOURCE))
    found = by_networkx(graph, weight)
    for a, origin in enumerate(graph.nodes):
        for b, destination in enumerate(graph.nodes):
            known = found[origin].get(destination, np.inf)
            ms = known if weight == "time_ms" else known * 1000
            assert expected[a, b] // PACK == pytest.approx(ms, abs=1e-6)


def test_shortest_times_of_a_country_are_those_of_tourplan(andorra):
    streets, times, graph = andorra
    network = streets.network(times, SOURCE)
    chosen = np.array(range(0, len(graph), 47))
    hierarchy = Hierarchy.of(network.position(), network.start, network.end, network.packed())
    expected = hierarchy.distances(chosen, chosen)
    names = [list(graph.nodes)[k] for k in chosen.tolist()]
    for a, origin in enumerate(names):
        found = nx.single_source_dijkstra_path_length(graph, origin, weight="time_ms")
        seconds = nx.single_source_dijkstra_path_length(graph, origin, weight="travel_time")
        for b, destination in enumerate(names):
            assert expected[a, b] // PACK == found[destination]
            assert round(seconds[destination] * 1000) == found[destination]
    network = replace(network, places={f"{k}": int(node) for k, node in enumerate(chosen)})
    matrix = travel_matrix(network, tuple(network.places))
    assert np.array_equal(matrix.time_s, (expected.astype(np.int64) // PACK + 500) // 1000)


def test_osmnx_works_on_the_graph(andorra, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    _, _, graph = andorra
    ox.convert.validate_graph(graph, strict=True)
    nodes, edges = ox.convert.graph_to_gdfs(graph)
    assert (len(nodes), len(edges)) == (len(graph), graph.number_of_edges())
    assert edges.geometry.is_valid.all()
    assert ox.stats.basic_stats(graph)["n"] == len(graph)
    ends = list(graph.nodes)[:: len(graph) - 1]
    way = ox.routing.shortest_path(graph, *ends, weight="travel_time")
    gdf = ox.routing.route_to_gdf(graph, way, weight="travel_time")
    least = nx.shortest_path_length(graph, *ends, weight="time_ms")
    assert gdf["time_ms"].sum() == least
    figure, _ = ox.plot.plot_graph(graph, show=False, close=True, filepath=tmp_path / "g.png")
    assert figure is not None
    ox.plot.plot_graph_route(graph, way, show=False, close=True)


def test_streets_of_nothing_make_an_empty_graph():
    drawn = village()
    streets, times = streets_of(drawn)
    none = np.zeros(0, dtype=np.int32)
    empty = replace(
        streets,
        node_point=none,
        start=none,
        end=none,
        first=np.zeros(1, dtype=np.int64),
        piece=none,
        along=none.astype(bool),
    )
    assert len(to_graph(empty, times, SOURCE)) == 0


# --- There and back ---------------------------------------------------------------------------


def assert_same_network(graph, streets: Streets, times: PieceTimes) -> None:
    """What comes of a graph has the times and distances of the streets it was made of."""
    again, again_times = from_graph(graph)
    assert again_times is not None
    there = streets.network(times, SOURCE)
    back = simplify(again, again_times)
    network = back.network(again_times, SOURCE)
    names = again.node_id[back.node_point].tolist()
    given = [node for node in graph.nodes if node in set(names)]
    assert len(given) == len(there.lon) == len(network.lon)
    where = [names.index(node) for node in given]
    codes = [str(node) for node in given]
    order = range(len(codes))
    first = travel_matrix(replace(there, places=dict(zip(codes, order, strict=True))), codes)
    second = travel_matrix(replace(network, places=dict(zip(codes, where, strict=True))), codes)
    for name in ("time_s", "distance_m", "reachable"):
        assert np.array_equal(getattr(first, name), getattr(second, name))
    assert np.array_equal(distances(there), distances(network)[np.ix_(where, where)])


def test_there_and_back_the_times_are_the_same(small):
    streets, times, graph = small
    assert_same_network(graph, streets, times)


def test_there_and_back_by_a_file(small, tmp_path):
    streets, times, graph = small
    ox.io.save_graphml(graph, tmp_path / "graphe.graphml")
    read = read_graphml(tmp_path / "graphe.graphml")
    assert_same_network(read, streets, times)
    assert from_graph(read)[0].date == "2026-11-01"


def test_a_country_there_and_back(andorra, tmp_path):
    streets, times, graph = andorra
    ox.io.save_graphml(graph, tmp_path / "graphe.graphml")
    assert_same_network(read_graphml(tmp_path / "graphe.graphml"), streets, times)


def test_places_of_a_country_there_and_back(andorra):
    streets, times, graph = andorra
    picked = range(0, len(streets.roads.lon), 800)
    points = {
        f"{k:05}": (float(streets.roads.lon[p]) + 2e-4, float(streets.roads.lat[p]))
        for k, p in enumerate(picked)
    }
    found = []
    for mine, its in ((streets, times), _back(graph)):
        bare = replace(mine, roads=replace(mine.roads, obstacles=np.zeros((0, 4))))
        network, snaps = with_places(bare, its, bare.network(its, SOURCE), points)
        assert not any(snap.fault for snap in snaps)
        found.append(travel_matrix(network, tuple(points)))
    # Along an edge the time is shared by length: where it was slow is not in the graph.
    late = np.abs(found[0].time_s - found[1].time_s)
    assert np.median(late) <= 5
    assert late.max() <= 60
    assert np.median(np.abs(found[0].distance_m - found[1].distance_m)) <= 1


def _back(graph) -> tuple[Streets, PieceTimes]:
    again, times = from_graph(graph)
    assert times is not None
    return simplify(again, times), times


# --- Taken in ---------------------------------------------------------------------------------


def test_edges_that_mirror_one_another_are_one_road():
    drawn, times = from_graph(simple())
    assert drawn.start.tolist() == [0]
    assert drawn.end.tolist() == [1]
    assert drawn.way_tags.column("oneway") == ("no",)
    assert (times.forward_ms.tolist(), times.length_dm.tolist()) == ([60000], [8050])
    assert times.backward.all()


def test_each_direction_keeps_its_own_time():
    graph = simple()
    graph.edges[2, 1, 0]["travel_time"] = 75.5
    _, times = from_graph(graph)
    assert (times.forward_ms.tolist(), times.backward_ms.tolist()) == ([60000], [75500])


@pytest.mark.parametrize("change", [{"osmid": 8}, {"length": 806.0}, {"name": "Rue"}])
def test_edges_that_differ_are_two_roads(change):
    graph = simple()
    graph.edges[2, 1, 0].update(change)
    drawn, times = from_graph(graph)
    assert drawn.start.tolist() == [0, 1]
    assert set(drawn.way_tags.column("oneway")) == {"yes"}
    assert not times.backward.any()


def test_a_single_edge_is_one_way_whatever_it_says():
    graph = simple()
    graph.remove_edge(2, 1)
    drawn, _ = from_graph(graph)
    assert drawn.way_tags.column("oneway") == ("yes",)


def test_the_limits_of_a_road_driven_against_its_drawing_are_turned():
    tags = {"maxspeed:forward": "50", "maxspeed:backward": "30"}
    graph = simple(**tags)
    graph.remove_edge(1, 2)
    drawn, _ = from_graph(graph)
    assert drawn.way_tags.column("maxspeed:forward") == ("30",)
    drawn, _ = from_graph(simple(**tags))
    assert drawn.way_tags.column("maxspeed:forward") == ("50",)


def test_bends_become_points_and_share_times_exactly():
    line = LineString([(3.40, 43.6), (3.402, 43.601), (3.402, 43.601), (3.407, 43.6), (3.41, 43.6)])
    graph = simple(geometry=line, length=901.26, travel_time=61.2345)
    graph.edges[2, 1, 0]["geometry"] = line.reverse()
    drawn, times = from_graph(graph)
    assert drawn.node_id.tolist() == [1, 2, -1, -2]
    assert drawn.start.tolist() == [0, 2, 3]
    assert times.length_dm.sum() == 9013
    assert times.forward_ms.sum() == times.backward_ms.sum() == 61234
    assert np.ptp(times.length_dm * 360 / times.forward_ms) < 0.1


def test_a_line_drawn_from_the_other_end_is_turned():
    line = LineString([(3.41, 43.6), (3.407, 43.602), (3.40, 43.6)])
    drawn, _ = from_graph(simple(geometry=line))
    assert drawn.lon.tolist() == [3.40, 3.41, 3.407]
    assert drawn.start.tolist() == [0, 2]


def test_an_edge_of_fewer_units_than_pieces_is_drawn_straight():
    line = LineString([(3.40, 43.6), (3.401, 43.6), (3.402, 43.6), (3.41, 43.6)])
    graph = simple(length=805.0, geometry=line)
    for data in (graph.edges[1, 2, 0], graph.edges[2, 1, 0]):
        data.update(
            length=0.2,
            travel_time=0.001,
            geometry=LineString(
                [(3.40, 43.6), (3.4000001, 43.6), (3.4000002, 43.6), (3.4000005, 43.6)]
            ),
        )
    graph.nodes[2]["x"] = 3.4000005
    drawn, times = from_graph(graph)
    assert len(drawn.start) == 1
    assert (times.forward_ms.tolist(), times.length_dm.tolist()) == ([1], [2])


def test_nothing_lasts_less_than_a_millisecond():
    graph = simple(length=0.0, travel_time=0.0)
    graph.nodes[2]["x"] = 3.4
    _, times = from_graph(graph)
    assert (times.forward_ms.tolist(), times.length_dm.tolist()) == ([1], [1])


def test_without_times_the_speed_model_is_left_to_apply():
    graph = simple(highway="trunk")
    for *_, data in graph.edges(data=True):
        del data["travel_time"]
        del data["length"]
    drawn, times = from_graph(graph)
    assert times is None
    model = piece_times(drawn, MODEL)
    assert model.forward.all()
    assert model.backward.all()
    assert (
        model.length_dm[0] * 360 / model.forward_ms[0] < 85
    )  # a two-way trunk road, not half of a dual one


def test_lengths_that_are_not_told_are_great_circle_ones():
    graph = simple()
    for *_, data in graph.edges(data=True):
        del data["length"]
    _, times = from_graph(graph)
    assert times.length_dm[0] == pytest.approx(8053, abs=3)


def test_pieces_of_a_way_follow_one_another():
    graph = nx.MultiDiGraph(crs="epsg:4326", simplified=False)
    for node, x in ((5, 3.40), (3, 3.41), (9, 3.42), (1, 3.43)):
        graph.add_node(node, x=x, y=43.6 + (node == 3) / 100)
    for a, b in ((9, 1), (5, 3), (3, 9)):
        graph.add_edge(a, b, osmid=4, highway="primary", oneway=False, reversed=False)
        graph.add_edge(b, a, osmid=4, highway="primary", oneway=False, reversed=True)
    drawn, _ = from_graph(graph)
    assert drawn.node_id[drawn.start].tolist() == [5, 3, 9]
    assert drawn.node_id[drawn.end].tolist() == [3, 9, 1]
    assert (drawn.way_id.tolist(), drawn.way.tolist()) == ([4], [0, 0, 0])


def test_of_several_values_the_slowest_counts():
    drawn, _ = from_graph(
        simple(
            highway=["primary", "unclassified", "tertiary"],
            maxspeed=["80", "50"],
            lanes=["2", "1"],
            name=["Rue B", "Rue A"],
            bridge=True,
            junction=float("nan"),
            osmid=[12, 7],
        )
    )
    told = {key: column[0] for key, column in drawn.way_tags.columns.items()}
    assert told == {
        "highway": "unclassified",
        "maxspeed": "50;80",
        "lanes": "1",
        "name": "Rue A;Rue B",
        "bridge": "yes",
        "oneway": "no",
    }
    assert drawn.way_id.tolist() == [12]


def test_numbers_are_written_as_openstreetmap_does():
    drawn, _ = from_graph(simple(maxspeed=50.0, lanes=2))
    assert drawn.way_tags.column("maxspeed") == ("50",)
    assert drawn.way_tags.column("lanes") == ("2",)


def test_signs_of_nodes_are_kept():
    graph = simple()
    graph.nodes[2]["highway"] = "traffic_signals"
    drawn, _ = from_graph(graph)
    assert drawn.special.tolist() == [1]
    assert drawn.node_tags.column("highway") == ("traffic_signals",)


def test_nodes_and_ways_without_numbers_are_given_some():
    graph = nx.relabel_nodes(simple(osmid=None), {1: "a", 2: "b"})
    drawn, _ = from_graph(graph)
    assert drawn.node_id.tolist() == [0, 1]
    assert drawn.way_id.tolist() == [-1, -2]  # nothing tells that the two are one road


def test_loops_without_bends_are_left_out():
    graph = simple()
    graph.add_edge(1, 1, osmid=3, length=5.0, travel_time=1.0)
    drawn, _ = from_graph(graph)
    assert len(drawn.start) == 1
    graph.remove_edges_from([(1, 2), (2, 1)])
    assert "aucune route" in faults_of(graph)[0]


def test_a_loop_there_and_back_is_one_road():
    graph = simple()
    line = LineString([(3.40, 43.6), (3.401, 43.6), (3.401, 43.601), (3.40, 43.6)])
    for back in (False, True):
        told = {"osmid": 3, "length": 300.0, "travel_time": 30.0, "reversed": back}
        graph.add_edge(1, 1, **told, geometry=line.reverse() if back else line)
    drawn, times = from_graph(graph)
    assert drawn.way_tags.column("oneway") == ("no", "no")
    assert times.backward.all()


@pytest.mark.parametrize("crs", ["epsg:2154", "epsg:32631", "epsg:3857"])
def test_projected_graphs_come_back_to_degrees(small, crs):
    _, _, graph = small
    drawn, found = from_graph(ox.projection.project_graph(graph, to_crs=crs))
    straight, expected = from_graph(graph)
    assert sorted(found.forward_ms.tolist()) == sorted(expected.forward_ms.tolist())
    assert np.abs(np.sort(drawn.lon) - np.sort(straight.lon)).max() < 1e-7
    assert found.backward.sum() == expected.backward.sum()


def test_graphs_that_osmnx_simplifies_are_taken():
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for node in range(6):
        graph.add_node(node, x=3.4 + node / 100, y=43.6 + (node % 2) / 300, street_count=2)
    for a, b in pairwise(range(6)):
        for ends, back in (((a, b), False), ((b, a), True)):
            told = {"osmid": 10 + a // 3, "highway": "tertiary", "oneway": False}
            graph.add_edge(*ends, **told, reversed=back, length=900.0)
    plain, none = from_graph(graph)
    joined, _ = from_graph(ox.simplification.simplify_graph(graph))
    assert none is None
    assert len(plain.start) == len(joined.start) == 5
    graph = ox.routing.add_edge_travel_times(ox.routing.add_edge_speeds(graph, fallback=60))
    _, times = from_graph(graph)
    assert times.forward_ms.tolist() == [54000] * 5


@FIXED
@given(
    runs=st.lists(
        st.tuples(st.lists(st.floats(0, 1e5), min_size=1, max_size=8), st.integers(0, 10**7)),
        min_size=1,
        max_size=6,
    )
)
def test_shares_add_up_and_none_is_nothing(runs):
    first = np.cumsum([0, *(len(weights) for weights, _ in runs)])
    total = np.array([len(weights) + more for weights, more in runs])
    weight = np.array([w for weights, _ in runs for w in weights])
    parts = graphin._shared(total, first, weight)
    assert parts.min() >= 1
    assert np.add.reduceat(parts, first[:-1]).tolist() == total.tolist()


# --- What is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("graph", "told"),
    [
        ("texte", "attendu un graphe d’osmnx, reçu « str »"),
        (nx.MultiDiGraph(crs="epsg:4326"), "il est vide"),
        (nx.MultiGraph(simple()), "avant ox.convert.to_undirected"),
        (nx.Graph(), "non orienté"),
        (nx.DiGraph(simple()), "to_digraph"),
    ],
)
def test_what_is_not_such_a_graph_is_refused(graph, told):
    (fault,) = faults_of(graph)
    assert told in fault


def test_every_fault_is_told_at_once():
    graph = simple()
    del graph.graph["crs"]
    graph.add_node(3, x="3,4", y=43.6)
    graph.add_node(4, x=float("nan"))
    graph.edges[1, 2, 0].update(length=-1.0, travel_time=float("nan"))
    graph.edges[2, 1, 0].update(length="805", geometry="LINESTRING (0 0, 1 1)")
    graph.add_edge(1, 2, length=10.0, travel_time=[1.0, 2.0])
    faults = faults_of(graph)
    assert len(faults) == 8
    assert faults[0].startswith("graphe : son système de coordonnées (crs)")
    assert [fault.split(" :")[0] for fault in faults[1:]] == [
        "graphe, nœud 3",
        "graphe, nœud 4",
        "graphe, tronçon 2 → 1",
        "graphe, tronçon 1 → 2",
        "graphe, tronçon 2 → 1",
        "graphe, tronçon 1 → 2",
        "graphe, tronçon 1 → 2 (clé 1)",
    ]


def test_faults_without_end_are_counted():
    graph = simple()
    graph.add_nodes_from(range(10, 500))
    faults = faults_of(graph)
    assert len(faults) == graphin.MAX_FAULTS + 1
    assert faults[-1] == "graphe : et 470 autres fautes"


def test_times_on_some_edges_only_are_refused():
    graph = simple()
    del graph.edges[1, 2, 0]["travel_time"]
    (fault,) = faults_of(graph)
    assert "travel_time manque à 1 tronçons sur 2" in fault


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"length": 0.805}, "length = 0.8 m, mais 805 m sur la carte → donnez des mètres"),
        ({"travel_time": 1.0}, "soit 2898 km/h → donnez des secondes"),
        ({"length": 1e9}, "attendu un nombre de 0 à 1000000"),
        ({"length": True}, "length = « true »"),
        ({"travel_time": 10**400}, "travel_time = un nombre immense"),
        ({"geometry": LineString()}, "geometry n’est pas"),
        ({"geometry": LineString([(6, 43), (6, 44)])}, "à plus de 1000 m de ses nœuds"),
    ],
)
def test_absurd_measures_are_refused(change, told):
    assert told in faults_of(simple(**change))[0]


def test_roads_of_no_kind_and_no_time_are_refused():
    graph = simple(highway=None)
    assert from_graph(graph)[1] is not None
    for *_, data in graph.edges(data=True):
        del data["travel_time"]
    (fault,) = faults_of(graph)
    assert fault.startswith("graphe, tronçon 1 → 2 : ni highway ni travel_time")
    nx.set_edge_attributes(graph, "ferry", "route")
    assert from_graph(graph)[1] is None


def test_coordinates_off_the_globe_are_refused():
    graph = simple()
    graph.nodes[1].update(x=750_000.0, y=6_280_000.0)
    (fault,) = faults_of(graph)
    assert "nœud 1 : ses coordonnées ne sont pas sur le globe" in fault
    graph = simple()
    graph.graph["crs"] = "lambert"
    assert "crs « lambert » inconnu" in faults_of(graph)[0]


# --- GraphML ----------------------------------------------------------------------------------


def fault_of_file(path: Path) -> str:
    start = time.monotonic()
    with pytest.raises(InputError) as caught:
        read_graphml(path)
    assert time.monotonic() - start < 5
    (fault,) = caught.value.faults
    assert fault.mend
    return str(fault)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "le fichier est vide"),
        (f'{HEAD}<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>{OPEN}&l9;</graphml>', "DOCTYPE"),
        (f'{HEAD}<!DOCTYPE x SYSTEM "file:///etc/hosts">{OPEN}</graphml>', "DOCTYPE"),
        (f"{HEAD}{OPEN}&l9;</graphml>", "coupé ou abîmé"),
        (f"{HEAD}{OPEN}<graph>", "coupé ou abîmé"),
        ("a;b\n1;2\n", "coupé ou abîmé"),
        ("\0\1\2", "coupé ou abîmé"),
        (f"{HEAD}<kml></kml>", "ce n’est pas du GraphML"),
        (f"{HEAD}{OPEN}{'<a>' * 50}{'</a>' * 50}</graphml>", "emboîtés à plus de 16 niveaux"),
        (f"{HEAD}{OPEN}</graphml>", "ce n’est pas un graphe d’osmnx"),
        (f'{HEAD}{OPEN}<graph><node id="n0"/></graph></graphml>', "pas un graphe d’osmnx"),
        (
            f'{HEAD}{OPEN}<graph><node id="1"><data key="k">1</data></node></graph></graphml>',
            "pas un graphe d’osmnx",
        ),
    ],
)
def test_files_that_are_no_graph_are_refused(tmp_path, content, told):
    path = tmp_path / "graphe.graphml"
    path.write_text(content, encoding="utf-8")
    assert told in fault_of_file(path)


def test_files_cut_anywhere_are_refused(small, tmp_path):
    path = tmp_path / "graphe.graphml"
    ox.io.save_graphml(small[2], path)
    whole = path.read_bytes()
    for size in range(1, len(whole) - 10, len(whole) // 25):
        path.write_bytes(whole[:size])
        assert "coupé ou abîmé" in fault_of_file(path)


def test_attributes_of_another_kind_are_refused(small, tmp_path):
    path = tmp_path / "graphe.graphml"
    ox.io.save_graphml(small[2], path)
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"LINESTRING \(", "LINE (", text), encoding="utf-8")
    assert "pas un graphe d’osmnx" in fault_of_file(path)


def test_files_that_cannot_be_opened_are_refused(tmp_path, monkeypatch):
    assert "introuvable" in fault_of_file(tmp_path / "absent.graphml")
    assert "dossier" in fault_of_file(tmp_path)
    assert "illisible" in fault_of_file(Path("a\0b"))
    big = tmp_path / "gros.graphml"
    big.write_bytes(b" " * 100)
    monkeypatch.setattr(graphml, "MAX_BYTES", 99)
    assert "taille permise" in fault_of_file(big)


def test_elements_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(graphml, "MAX_ELEMENTS", 3)
    path = tmp_path / "graphe.graphml"
    path.write_text(f"{HEAD}{OPEN}{'<a/>' * 3}</graphml>", encoding="utf-8")
    assert "millions d’éléments" in fault_of_file(path)
