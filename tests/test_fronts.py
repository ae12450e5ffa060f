from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from townmap import by_scipy, town

from tourplan.travel import fronts as fronts_module
from tourplan.travel.contraction import lightest
from tourplan.travel.dissection import dissect
from tourplan.travel.fronts import build_fronts, shortest_sums


def fronts_of(size: int, seed: int):
    position, start, end, weight = town(size, seed)
    both = (np.r_[start, end], np.r_[end, start])
    arcs = lightest(*both, np.r_[weight, np.full(len(weight), np.inf)])
    cut = dissect(position, arcs.tail, arcs.head)
    return build_fronts(cut, arcs), cut, (start, end, weight)


@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 1, 1), (2, 0, 3), (0, 3, 2), (90, 80, 70)])
def test_the_least_sums_are_those_of_a_loop(shape):
    """The last shape is beyond what is made in one piece."""
    rows, terms, columns = shape
    random = np.random.default_rng(0)
    left = np.where(
        random.random((rows, terms)) < 0.3, np.inf, random.integers(0, 99, (rows, terms))
    )
    right = random.integers(0, 99, (terms, columns)).astype(float)
    expected = np.full((rows, columns), np.inf)
    for k in range(terms):
        expected = np.minimum(expected, left[:, k, None] + right[None, k])
    assert np.array_equal(shortest_sums(left, right), expected)


def test_sums_stay_exact_near_the_limit_of_a_float():
    large = 2.0**52
    assert shortest_sums(np.array([[large - 1]]), np.array([[large - 2]]))[0, 0] == 2**53 - 3


@pytest.mark.parametrize("large", [400, 5])
@pytest.mark.parametrize("seed", range(2))
def test_the_front_of_the_whole_holds_the_distances_between_what_cuts_it(seed, large):
    """Whether tables are closed node after node or several at a time."""
    with patch.object(fronts_module, "_LARGE", large), patch.object(fronts_module, "_PANEL", 3):
        fronts, _, (start, end, weight) = fronts_of(3_000, seed)
    root = fronts.fronts[1]
    assert root is not None
    assert root.own == len(root.nodes) > 0
    expected = by_scipy(3_000, start, end, weight, root.nodes)[:, root.nodes]
    assert np.array_equal(root.between, expected)


def test_the_front_of_a_part_knows_its_place_in_the_one_above():
    fronts, cut, _ = fronts_of(3_000, 0)
    for part, front in enumerate(fronts.fronts):
        if front is None or part == 1:
            continue
        above = fronts.fronts[part >> 1]
        around = front.nodes[front.own :]
        assert (cut.part[front.nodes[: front.own]] == part).all()
        assert above is None or np.array_equal(above.nodes[front.above], around)
        assert all(part >> 1 == p or (part >> 1) in _below(p, part) for p in cut.part[around])


def _below(ancestor: int, part: int) -> set[int]:
    """Parts between an ancestor and a part."""
    chain = {part >> k for k in range(part.bit_length())}
    assert ancestor in chain
    return {p for p in chain if ancestor < p < part}


@pytest.mark.parametrize("towards", [False, True])
def test_a_climb_meets_every_distance_at_its_top(towards):
    """The least over the separating nodes of both climbs is the distance."""
    fronts, _, (start, end, weight) = fronts_of(2_000, 1)
    rows = np.arange(20)
    nodes = np.arange(0, 2_000, 100)
    climbed = fronts.climb(rows, nodes, np.zeros(20), towards=towards)
    other = fronts.climb(rows, nodes, np.zeros(20), towards=not towards)
    least = np.full((20, 20), np.inf)
    for part in climbed.keys() & other.keys():
        one, two = climbed[part], other[part]
        cells = np.ix_(one.rows, two.rows)
        met = (one.distance[:, None] + two.distance[None]).min(axis=2, initial=np.inf)
        least[cells] = np.minimum(least[cells], met)
    expected = by_scipy(2_000, start, end, weight, nodes)[:, nodes]
    assert np.array_equal(least, expected.T if towards else expected)


def test_large_sums_are_shared_and_the_same():
    random = np.random.default_rng(0)
    left, right = random.integers(0, 99, (201, 90)) * 1.0, random.integers(0, 99, (90, 70)) * 1.0
    assert left.size * right.shape[1] > fronts_module._SHARED
    assert np.array_equal(shortest_sums(left, right), (left[:, :, None] + right).min(axis=1))
