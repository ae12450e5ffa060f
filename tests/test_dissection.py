from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from townmap import town

from tourplan.travel import dissection
from tourplan.travel.dissection import dissect, nearby


def ancestors(part: int) -> set[int]:
    return {part >> k for k in range(part.bit_length())}


def assert_separated(cut, start, end) -> None:
    """Both ends of any road are on one branch: no road goes from one half to the other."""
    pairs = np.unique(np.column_stack([cut.part[start], cut.part[end]]), axis=0)
    for one, two in pairs.tolist():
        assert one in ancestors(two) or two in ancestors(one)


@pytest.mark.parametrize("seed", range(3))
def test_the_halves_are_only_linked_by_what_separates_them(seed):
    position, start, end, _ = town(4_000, seed)
    cut = dissect(position, start, end)
    assert cut.levels >= 5
    assert cut.part.min() >= 1
    assert cut.depth().max() <= cut.levels
    assert_separated(cut, start, end)


def test_cuts_are_short_and_halves_even():
    position, start, end, _ = town(4_000, 0)
    cut = dissect(position, start, end)
    below = {part: sum(part in ancestors(p) for p in cut.part.tolist()) for part in (1, 2, 3)}
    assert below[1] == 4_000
    assert min(below[2], below[3]) > 0.3 * 4_000
    assert (cut.part == 1).sum() < 100


@pytest.mark.parametrize("spread", [0.0, 1e-300])
def test_nodes_at_one_point_are_cut_all_the_same(spread):
    _, start, end, _ = town(400, 1)
    cut = dissect(np.full((400, 2), spread), start, end)
    assert_separated(cut, start, end)


def test_parts_down_to_single_nodes():
    position, start, end, _ = town(60, 2)
    with patch.object(dissection, "_SMALL", 1), patch.object(dissection, "LEAF", 1):
        cut = dissect(position, start, end)
    assert_separated(cut, start, end)


def test_small_graphs_are_one_part():
    position, start, end, _ = town(200, 0)
    cut = dissect(position, start, end)
    assert (cut.levels, set(cut.part.tolist())) == (0, {1})
    nothing = np.zeros(0, dtype=np.int64)
    assert not len(dissect(np.zeros((0, 2)), nothing, nothing).part)


def test_each_node_once_and_neighbours_together():
    position = np.random.default_rng(0).random((5_000, 2))
    order = nearby(position)
    assert sorted(order.tolist()) == list(range(5_000))
    step = np.hypot(*np.diff(position[order], axis=0).T)
    assert np.median(step) < 0.03


def test_an_order_for_nodes_at_one_point_and_for_none():
    assert nearby(np.zeros((3, 2))).tolist() == [0, 1, 2]
    assert nearby(np.zeros((0, 2))).tolist() == []
