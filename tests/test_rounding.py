"""Cuts: found where a relaxation breaks them, kept by every plan."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tiny import examples

from tourplan.optimise.rounding import crowds, strays


def days(*rows: str) -> np.ndarray:
    """Whether each day (``AB``: one that stops at A and B) stops at A, B, C and D."""
    return np.array([[letter in row for letter in "ABCD"] for row in rows])


def test_three_half_days_that_share_three_communes_are_a_crowd():
    found = crowds(days("AB", "BC", "AC", "D"), np.array([0.5, 0.5, 0.5, 1.0]))
    assert [triple.tolist() for triple in found] == [[0, 1, 2]]


def test_days_that_share_two_communes_at_most_once_are_none():
    assert not crowds(days("AB", "BC", "AC", "D"), np.array([1.0, 0.0, 0.0, 1.0]))
    assert not crowds(days("AB", "CD"), np.array([1.0, 1.0]))


def test_three_half_days_reach_three_groups_too_little():
    found = strays(days("AB", "BC", "AC"), np.array([0.5, 0.5, 0.5]))
    assert [triple.tolist() for triple in found if 3 not in triple] == [[0, 1, 2]]


def test_two_days_or_one_that_reaches_all_are_enough():
    for rows, times in ((("AB", "CD"), [1.0, 1.0]), (("ABCD",), [1.0])):
        assert not strays(days(*rows), np.array(times))


@examples(200)
@given(data=st.data())
def test_no_plan_of_whole_days_breaks_a_cut(data):
    """Days that share no commune and reach every group, run once."""
    days = data.draw(st.integers(1, 6))
    of_day = np.array(data.draw(st.lists(st.integers(0, days - 1), min_size=6, max_size=6)))
    visited = of_day[None] == np.arange(days)[:, None]
    reached = np.array(
        data.draw(
            st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=days, max_size=days)
        )
    )
    reached[0] |= ~reached.any(axis=0)
    times = np.ones(days)
    assert not crowds(visited, times)
    assert not strays(reached, times)
