from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from townmap import network_of

from tourplan.errors import InputError
from tourplan.files import data_file
from tourplan.network.graph import RoadNetwork
from tourplan.network.links import embedded_network
from tourplan.starter import CLERMONT, TEN
from tourplan.tables import read_table
from tourplan.travel.matrix import TravelMatrix, travel_matrix

BEZIERS = "34032"
NODES = tuple("abcdefgh")
PLACES = {name: number for number, name in enumerate("abcde")}
BIG = 10**12
"""Python integers are exact: time weighs BIG, distance 1."""


def road_network(links: list[tuple[int, int, int, int]], nodes: tuple[str, ...]) -> RoadNetwork:
    """Links in whole seconds and metres between named places."""
    exact = [(a, b, time_s * 1000, distance_m * 10) for a, b, time_s, distance_m in links]
    return network_of(exact, len(nodes), {name: number for number, name in enumerate(nodes)})


@st.composite
def networks(draw: st.DrawFn) -> tuple[RoadNetwork, list[str]]:
    """Random directed links, some parallel, some loops; places asked for, some unknown."""
    node = st.integers(0, len(NODES) - 1)
    few = st.integers(1, 3)  # ties are wanted
    figure = few | st.integers(1, 15_000)
    links = draw(st.lists(st.tuples(node, node, figure, figure), max_size=30))
    places = draw(st.lists(st.sampled_from([*NODES, "?", "!"]), min_size=1, max_size=12))
    return road_network(links, NODES), places


Least = dict[tuple[str, str], int]


def weights_of(network: RoadNetwork) -> Least:
    """The weight of the best link between two nodes."""
    weights: Least = {}
    columns = (network.start, network.end, network.time_ms, network.distance_dm)
    for a, b, t, d in zip(*(column.tolist() for column in columns), strict=True):
        link = (NODES[a], NODES[b])
        weights[link] = min(weights.get(link, BIG**2), t // 1000 * BIG + d // 10)
    return weights


def by_networkx(weights: Least) -> Least:
    """Least weights between nodes, by networkx's Dijkstra."""
    nx = pytest.importorskip("networkx")
    graph = nx.DiGraph()
    graph.add_weighted_edges_from((one, two, weight) for (one, two), weight in weights.items())
    lengths = nx.all_pairs_dijkstra_path_length(graph)
    return {(one, two): weight for one, ends in lengths for two, weight in ends.items()}


def by_relaxation(weights: Least) -> Least:
    """Least weights between nodes, every link tried as often as there are nodes."""
    least = {(node, node): 0 for link in weights for node in link}
    for _ in NODES:
        for (one, two), weight in weights.items():
            for start in NODES:
                if (start, one) in least:
                    through = least[start, one] + weight
                    least[start, two] = min(least.get((start, two), through), through)
    return least


@pytest.mark.parametrize("oracle", [by_networkx, by_relaxation])
@given(networks())
def test_it_agrees_exactly_with_other_ways_to_the_quickest_way(oracle, case):
    """Time first, then distance."""
    network, places = case
    matrix = travel_matrix(network, places)
    weights = weights_of(network)
    least = oracle(weights)
    assert matrix.places == tuple(dict.fromkeys(places))
    for (i, one), (j, two) in itertools.product(enumerate(matrix.places), repeat=2):
        expected = 0 if one == two else least.get((one, two))
        way = matrix.path(one, two)
        if expected is None:
            assert not matrix.reachable[i, j]
            assert matrix.time_s[i, j] == matrix.distance_m[i, j] == 0
            assert way == ()
            continue
        assert matrix.reachable[i, j]
        assert int(matrix.time_s[i, j]) * BIG + int(matrix.distance_m[i, j]) == expected
        assert (way[0], way[-1]) == (one, two)
        assert sum(weights[link] for link in itertools.pairwise(way)) == expected


def test_ties_in_time_go_to_the_shorter_way():
    matrix = travel_matrix(
        road_network([(0, 1, 60, 900), (1, 2, 60, 100), (0, 2, 120, 999)], NODES), "abc"
    )
    assert matrix.distance_m[0, 2] == 999
    assert matrix.path("a", "c") == ("a", "c")


def test_one_way_roads_and_parallel_roads():
    matrix = travel_matrix(road_network([(0, 1, 50, 9), (0, 1, 40, 8), (0, 1, 40, 7)], NODES), "ab")
    assert (matrix.time_s[0, 1], matrix.distance_m[0, 1]) == (40, 7)
    assert matrix.reachable.tolist() == [[True, True], [False, True]]


def test_figures_stay_exact_at_the_size_of_a_country():
    """A chain of 999 links: 22 hours and 3,000 km, to the second and the metre."""
    links = [(n, n + 1, 79, 3_001) for n in range(999)]
    nodes = tuple(f"{n:04d}" for n in range(1000))
    matrix = travel_matrix(road_network(links, nodes), [nodes[0], nodes[-1]])
    assert (matrix.time_s[0, 1], matrix.distance_m[0, 1]) == (999 * 79, 999 * 3_001)


def test_a_way_too_long_to_count_is_refused():
    with pytest.raises(InputError, match="plus de 22 h"):
        travel_matrix(road_network([(0, 1, 23 * 3600, 9)], NODES), "ab")


def test_times_are_rounded_once_at_the_end():
    """Three links of 499 ms and 4 dm: 1.497 s and 12 dm; half goes up."""
    network = network_of(
        [(0, 1, 499, 4), (1, 2, 499, 4), (2, 3, 499, 4), (0, 4, 500, 5)], 5, PLACES
    )
    matrix = travel_matrix(network, "adez")
    assert matrix.time_s[0].tolist() == [0, 1, 1, 0]
    assert matrix.distance_m[0].tolist() == [0, 1, 1, 0]
    assert not matrix.measured.any()


def test_a_tie_of_a_second_is_no_tie():
    """The quickest way counts milliseconds: 1.4 s by 900 m, not 1.45 s by 10 m."""
    network = network_of([(0, 1, 1400, 9000), (0, 2, 700, 50), (2, 1, 750, 50)], 5, PLACES)
    assert travel_matrix(network, "ab").distance_m[0, 1] == 900


def test_results_are_whole_numbers():
    matrix = travel_matrix(road_network([(0, 1, 1, 1)], NODES), "ab")
    assert matrix.time_s.dtype == matrix.distance_m.dtype == np.int64
    assert matrix.reachable.dtype == np.bool_


def test_places_off_the_network_reach_only_themselves():
    matrix = travel_matrix(road_network([(0, 1, 1, 1)], NODES), ["?", "a", "?"])
    assert matrix.places == ("?", "a")
    assert matrix.reachable.tolist() == [[True, False], [False, True]]
    assert matrix.path("?", "?") == ("?",)
    assert matrix.path("?", "a") == matrix.path("a", "?") == ()


def test_no_road_and_no_place():
    assert travel_matrix(road_network([], NODES), "ab").reachable.sum() == 2
    assert travel_matrix(road_network([(0, 1, 1, 1)], NODES), []).time_s.shape == (0, 0)


@pytest.fixture(scope="module")
def matrix() -> TravelMatrix:
    return travel_matrix(embedded_network(), [CLERMONT, BEZIERS, *TEN, "05001", "16015"])


class TestEmbedded:
    def round_trips(self, matrix: TravelMatrix, depot: str, tour: str) -> tuple[int, int]:
        """Seconds and metres of a week: each day depot, morning, afternoon, depot."""
        rows = read_table(data_file(f"tournees/{tour}.csv"), ("jour", "code_insee"))
        days: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            days[row.text("jour")].append(row.text("code_insee"))
        assert [len(codes) for codes in days.values()] == [2] * 5
        legs = [
            (matrix.index(one), matrix.index(two))
            for codes in days.values()
            for one, two in itertools.pairwise([depot, *codes, depot])
        ]
        time_s = sum(int(matrix.time_s[leg]) for leg in legs)
        return time_s, sum(int(matrix.distance_m[leg]) for leg in legs)

    @pytest.mark.parametrize("tour", ["herault_2021", "herault_2024"])
    @pytest.mark.parametrize(("depot", "minutes"), [(CLERMONT, 344.9), (BEZIERS, 705.9)])
    def test_both_tours_take_as_long_as_was_measured(self, matrix, tour, depot, minutes):
        assert self.round_trips(matrix, depot, tour)[0] / 60 == pytest.approx(minutes, abs=0.05)

    def test_both_tours_from_clermont_are_345_km(self, matrix):
        metres = {self.round_trips(matrix, CLERMONT, f"herault_{y}")[1] for y in (2021, 2024)}
        assert metres == {345_250}

    def test_it_is_the_same_there_and_back(self, matrix):
        assert np.array_equal(matrix.time_s, matrix.time_s.T)
        assert np.array_equal(matrix.distance_m, matrix.distance_m.T)
        assert np.array_equal(matrix.reachable, matrix.reachable.T)

    def test_no_detour_is_quicker(self, matrix):
        herault = slice(0, 2 + len(TEN))
        time_s = matrix.time_s[herault, herault]
        assert (time_s[:, None, :] <= time_s[:, :, None] + time_s[None, :, :]).all()

    def test_departements_are_not_joined(self, matrix):
        assert not matrix.reachable[matrix.index(CLERMONT), matrix.index("05001")]
        assert matrix.path(CLERMONT, "16015") == ()
