from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from townmap import by_scipy, town

from tourplan.travel.contraction import contract, joined, least_of_pairs, lightest

NUMBERS = st.integers(0, 5)


@pytest.mark.parametrize("seed", range(3))
def test_distances_between_those_that_remain_do_not_change(seed):
    _, start, end, weight = town(3_000, seed)
    found = contract(3_000, start, end, weight)
    core, arcs = found.core, found.arcs
    assert 0 < len(core) < 1_000
    way = np.isfinite(arcs.weight)
    every = np.arange(len(core))
    between = by_scipy(len(core), arcs.tail[way], arcs.head[way], arcs.weight[way], every)
    assert np.array_equal(between, by_scipy(3_000, start, end, weight, core)[:, core])


def test_every_node_goes_once_or_stays():
    _, start, end, weight = town(3_000, 0)
    found = contract(3_000, start, end, weight)
    assert np.array_equal(np.flatnonzero(found.order == len(found.rounds)), found.core)
    for number, step in enumerate(found.rounds):
        assert (found.order[step.tail] == number).all()
        assert (found.order[step.head] > number).all()
        assert (np.diff(step.tail) >= 0).all()


def test_arcs_out_and_back_are_told_apart():
    """0 → 1 is one-way; what is infinite has no way."""
    found = contract(3, np.array([0, 1, 2]), np.array([1, 2, 1]), np.array([5.0, 7.0, 8.0]))
    told = {
        (tail, head): (out, into)
        for step in found.rounds
        for tail, head, out, into in zip(step.tail, step.head, step.out, step.into, strict=True)
    }
    forth = {**told, **{(head, tail): pair[::-1] for (tail, head), pair in told.items()}}
    assert forth[0, 1] == (5, np.inf)
    assert forth[1, 2] == (7, 8)


def test_a_road_without_crossings_goes_away_whole():
    line = np.arange(999)
    found = contract(1_000, np.r_[line, line + 1], np.r_[line + 1, line], np.ones(1_998))
    assert len(found.core) <= 1
    assert not len(found.arcs)


def test_no_road_at_all():
    nothing = np.zeros(0, dtype=np.int64)
    found = contract(4, nothing, nothing, np.zeros(0))
    assert (found.rounds, found.core.tolist()) == ((), [0, 1, 2, 3])


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS)))
def test_the_lightest_of_parallel_arcs(rows):
    tail, head, weight = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    arcs = lightest(tail, head, weight.astype(float))
    best: dict[tuple[int, int], int] = {}
    for a, b, w in rows:
        if a != b:
            best[a, b] = min(w, best.get((a, b), w))
    pairs = list(zip(arcs.tail.tolist(), arcs.head.tolist(), strict=True))
    assert pairs == sorted(best)
    assert arcs.weight.tolist() == [best[pair] for pair in pairs]


def test_pairs_are_of_small_integers_or_large():
    one, two = np.array([2, 0, 2], dtype=np.int32), np.array([2**31 - 1, 3, 2**31 - 1])
    found = least_of_pairs(one, two, np.array([4.0, 9.0, 3.0]))
    assert [column.tolist() for column in found] == [[0, 2], [3, 2**31 - 1], [9.0, 3.0]]


@given(st.lists(NUMBERS), st.lists(NUMBERS))
def test_all_pairs_of_equals(left, right):
    right = sorted(right)
    rows, columns = joined(np.array(left, dtype=np.int64), np.array(right, dtype=np.int64))
    found = list(zip(rows.tolist(), columns.tolist(), strict=True))
    assert sorted(found) == [
        (i, j) for i, a in enumerate(left) for j, b in enumerate(right) if a == b
    ]
