from __future__ import annotations

from contextlib import ExitStack
from unittest.mock import patch

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from townmap import REAL, by_scipy, real_streets, town

from tourplan.network.graph import PACK
from tourplan.travel import contraction, dissection
from tourplan.travel.hierarchy import Hierarchy

FIXED = settings(max_examples=80)
SHAPES = {
    "as it is": {},
    "no contraction, cut to the last node": {"dense": 0, "small": 1, "leaf": 1},
    "some contraction, small parts": {"dense": 4, "small": 6, "leaf": 3},
    "all contracted": {"dense": 10**9},
}
"""Small graphs are made to pass through every stage."""


def prepared(position, start, end, weight, dense=None, small=None, leaf=None) -> Hierarchy:
    with ExitStack() as stack:
        if dense is not None:
            stack.enter_context(patch.object(contraction, "_DENSE", dense))
        if small is not None:
            stack.enter_context(patch.object(dissection, "_SMALL", small))
            stack.enter_context(patch.object(dissection, "LEAF", leaf))
        return Hierarchy.of(position, start, end, weight)


@st.composite
def graphs(draw: st.DrawFn):
    """Arcs one-way, parallel, looping, of zero length, tied; nodes apart or all at one point."""
    size = draw(st.integers(1, 24))
    node = st.integers(0, size - 1)
    weight = st.integers(0, 3) | st.integers(0, 2**40)
    arcs = draw(st.lists(st.tuples(node, node, weight, st.booleans()), max_size=70))
    rows = [(a, b, w) for a, b, w, _ in arcs] + [(b, a, w) for a, b, w, both in arcs if both]
    start, end, weights = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    spread = draw(st.sampled_from(["one point", "line", "plane"]))
    position = np.random.default_rng(size).random((size, 2))
    position *= {"one point": 0, "line": np.array([1.0, 0.0]), "plane": 1}[spread]
    return position, start, end, weights.astype(np.float64)


def by_networkx(size, start, end, weight):
    """Python integers: exact whatever their size."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(size))
    for a, b, w in zip(start.tolist(), end.tolist(), weight.tolist(), strict=True):
        if not graph.has_edge(a, b) or graph[a][b]["weight"] > w:
            graph.add_edge(a, b, weight=int(w))
    table = np.full((size, size), np.inf)
    for a, lengths in nx.all_pairs_dijkstra_path_length(graph):
        for b, length in lengths.items():
            table[a, b] = length
    return table


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@FIXED
@given(graphs())
def test_it_finds_what_networkx_finds(shape, graph):
    position, start, end, weight = graph
    every = np.arange(len(position))
    found = prepared(position, start, end, weight, **shape).distances(every, every)
    assert np.array_equal(found, by_networkx(len(position), start, end, weight))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_it_finds_what_scipy_finds_on_plane_maps(shape, seed):
    position, start, end, weight = town(500, seed)
    every = np.arange(len(position))
    found = prepared(position, start, end, weight, **shape).distances(every, every)
    assert np.array_equal(found, by_scipy(len(position), start, end, weight, every))


def test_a_map_of_many_parts():
    """Large enough to be cut several times as it is."""
    position, start, end, weight = town(30_000, 7)
    hierarchy = Hierarchy.of(position, start, end, weight)
    assert len(hierarchy.fronts.fronts) > 8
    some = np.random.default_rng(0).choice(30_000, 60, replace=False)
    found = hierarchy.distances(some, some)
    assert np.array_equal(found, by_scipy(30_000, start, end, weight, some)[:, some])


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_real_roads_to_the_millisecond_and_the_decimetre(name, shape):
    _, _, network = real_streets(name)
    size = len(network.lon)
    some = np.random.default_rng(1).choice(size, min(size, 150), replace=False)
    arcs = (network.start, network.end, network.packed())
    found = prepared(network.position(), *arcs, **shape).distances(some, some)
    expected = by_scipy(size, *arcs, some)[:, some]
    assert np.isfinite(expected).all()
    assert np.array_equal(found, expected)
    ms = by_scipy(size, network.start, network.end, network.time_ms, some)[:, some]
    assert np.array_equal(found // PACK, ms)


def test_two_questions_at_once_and_places_asked_twice():
    position, start, end, weight = town(300, 3)
    hierarchy = Hierarchy.of(position, start, end, weight)
    origins, destinations = np.array([5, 9, 5, 200]), np.array([7, 9])
    expected = by_scipy(300, start, end, weight, origins)[:, destinations]
    assert np.array_equal(hierarchy.distances(origins, destinations), expected)


def test_nothing_asked_and_no_road():
    nothing = np.zeros(0, dtype=np.int64)
    alone = Hierarchy.of(np.zeros((3, 2)), nothing, nothing, np.zeros(0))
    assert alone.distances(nothing, nothing).shape == (0, 0)
    assert alone.distances(np.arange(3), nothing).shape == (3, 0)
    table = alone.distances(np.arange(3), np.arange(3))
    assert np.array_equal(table, np.where(np.eye(3), 0, np.inf))


def test_the_numbers_of_nodes_do_not_matter():
    """The same map numbered otherwise gives the same table."""
    position, start, end, weight = town(2_000, 5)
    mixed = np.random.default_rng(2).permutation(2_000)
    where = np.argsort(mixed)
    some = np.arange(0, 2_000, 40)
    one = Hierarchy.of(position, start, end, weight).distances(some, some)
    other = Hierarchy.of(position[mixed], where[start], where[end], weight)
    assert np.array_equal(one, other.distances(where[some], where[some]))
