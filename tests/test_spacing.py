"""Days between sessions over the months that repeat a cycle: by hand, then by trying all."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import MONTHS, examples

from tourplan.spacing import MONTH_DAYS, farthest_apart, month_days, windows

cycles = st.tuples(
    st.sampled_from([*MONTHS.values(), ((1, 3), (2, 4)), ((2,),), ((1, 2, 3, 4),)]),
    st.sets(st.integers(0, 4), min_size=1, max_size=3).map(lambda days: tuple(sorted(days))),
)


def test_each_day_of_the_month_with_the_cell_that_it_runs():
    assert month_days(((2,), (4,)), (0, 3)) == [
        (7, (0, 0)),
        (10, (0, 1)),
        (21, (1, 0)),
        (24, (1, 1)),
    ]
    assert month_days(((2, 4),), (1,)) == [(8, (0, 0)), (22, (0, 0))]


@pytest.mark.parametrize(
    ("length", "after", "expected"),
    [
        (1, False, [{(0, 0)}, {(0, 1)}, {(1, 0)}, {(1, 1)}]),
        (4, False, [{(0, 0), (0, 1)}, {(0, 1)}, {(1, 0), (1, 1)}, {(1, 1)}]),
        # From Thursday of the fourth week to Monday of the second there are 11 days.
        (12, False, [{(0, 0), (0, 1)}, {(0, 1), (1, 0)}, {(1, 0), (1, 1)}, {(0, 0), (1, 1)}]),
        (11, False, [{(0, 0), (0, 1)}, {(0, 1)}, {(1, 0), (1, 1)}, {(1, 1)}]),
        (3, True, [{(0, 1)}, set(), {(1, 1)}]),
    ],
)
def test_the_cells_of_each_window(length, after, expected):
    found = windows(month_days(((2,), (4,)), (0, 3)), length, after=after)
    assert {frozenset(cells) for cells in found} == {frozenset(cells) for cells in expected}


@pytest.mark.parametrize(
    ("weeks", "weekdays", "visits", "expected"),
    [
        (1, (0,), 1, 14),
        (1, (0, 1, 2, 3, 4), 2, 4),
        (1, (0, 2), 2, 2),
        (1, (0,), 2, 1),
        (2, (0, 3), 2, 14),
        (2, (0, 3), 3, 3),
        (2, (0, 3), 1, 28),
        (4, (0,), 4, 7),
        (4, (0, 4), 3, 7),
        (4, (0, 4), 2, 14),
    ],
)
def test_how_far_apart_sessions_can_be(weeks, weekdays, visits, expected):
    assert farthest_apart(MONTHS[weeks], weekdays, visits) == expected


@examples(150)
@given(cycles, st.integers(1, 3))
def test_no_choice_of_cells_is_farther_apart(cycle, visits):
    months, weekdays = cycle
    days = month_days(months, weekdays)
    cells = sorted({cell for _, cell in days})
    best = 1
    for chosen in itertools.combinations(cells, visits):
        dates = [day for day, cell in days if cell in chosen]
        gaps = [b - a for a, b in itertools.pairwise([*dates, dates[0] + MONTH_DAYS])]
        best = max(best, min(gaps))
    assert farthest_apart(months, weekdays, visits) == best


@examples(150)
@given(cycles, st.integers(1, 28), st.integers(1, 3))
def test_windows_hold_what_the_rules_say_of_gaps(cycle, gap, visits):
    """One cell a window is ``gap`` apart at least; some in each, ``gap`` apart at most."""
    months, weekdays = cycle
    days = month_days(months, weekdays)
    for chosen in itertools.combinations(sorted({cell for _, cell in days}), visits):
        dates = [(day, cell) for day, cell in days if cell in chosen]
        nexts = [*dates[1:], (dates[0][0] + MONTH_DAYS, dates[0][1])]
        gaps = [(b - a, one == two) for (a, one), (b, two) in zip(dates, nexts, strict=True)]
        apart = all(len(window & set(chosen)) <= 1 for window in windows(days, gap))
        assert apart == all(days_ >= gap for days_, same in gaps if not same)
        near = all(window & set(chosen) for window in windows(days, gap, after=True))
        assert near == all(days_ <= gap for days_, _ in gaps)
