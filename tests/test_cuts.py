"""Openings cut by hand: how far a half-day stays in mairie hours, and which is cut first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import HOUR, MINUTE, at, examples, make, on_a_line, with_work
from tiny import territories as small_territories

from tourplan.daytours import list_day_tours
from tourplan.optimise.cuts import safe_cut_s, shortened, trim, with_cuts
from tourplan.problem import Problem
from tourplan.timeline import Opening

WHOLE = Opening(0, 0, at("9:45"), at("12:15"))


def with_hours(text: str, overlap_min: int = 60, **others: object) -> Problem:
    hours = {"A": text} if text else {}
    return make(on_a_line([0, 15]), hours=hours, overlap_min=overlap_min, **others)


@pytest.mark.parametrize(
    ("hours", "overlap_min", "expected"),
    [
        ("", 60, 30),
        ("Tu 09:00-12:00", 60, 30),
        ("Mo 09:00-18:00", 60, 30),
        ("Mo 11:15-12:15", 60, 30),
        ("Mo 09:00-10:45", 60, 30),
        ("Mo 09:45-10:15,11:45-12:15", 60, 0),
        ("Mo 09:45-10:15,11:40-12:15", 60, 5),
        ("Mo 09:00-18:00", 140, 10),
        ("Mo 09:00-18:00", 150, 0),
    ],
)
def test_how_far_a_half_day_can_be_cut(hours, overlap_min, expected):
    assert safe_cut_s(with_hours(hours, overlap_min), WHOLE, 0) == expected * MINUTE


@pytest.mark.parametrize(
    ("hours", "cut_min", "opening", "closing"),
    [
        ("Mo 09:00-18:00", 0, "09:45", "12:15"),
        ("Mo 09:00-18:00", 30, "09:45", "11:45"),
        ("Mo 11:15-12:15", 30, "10:15", "12:15"),
        ("Mo 11:00-12:05", 30, "10:00", "12:00"),
        ("Mo 09:45-10:15,11:45-12:15", 30, "09:45", "11:45"),
        ("", 10, "09:45", "12:05"),
    ],
)
def test_the_end_is_cut_unless_that_leaves_the_hours(hours, cut_min, opening, closing):
    shorter = shortened(with_hours(hours), WHOLE, 0, cut_min * MINUTE)
    assert (shorter.opening_s, shorter.closing_s) == (at(opening), at(closing))


def test_the_longest_session_is_cut_first_and_none_under_its_minimum():
    problem = make(on_a_line([0, 15, 20]), weekdays=(0, 2))
    long, short = WHOLE, Opening(1, 1, at("14:00"), at("16:05"))
    week = [(0, [long]), (2, [short])]

    def lengths(steps: int) -> list[int]:
        cut = trim(problem, week, steps)
        assert [weekday for weekday, _ in cut] == [0, 2]
        return [(o.closing_s - o.opening_s) // MINUTE for _, held in cut for o in held]

    assert lengths(0) == [150, 125]
    assert lengths(5) == [125, 125]
    assert lengths(7) == [120, 120]
    assert lengths(99) == [120, 120]
    assert week == [(0, [long]), (2, [short])], "the week given is left as it was"


def test_tours_have_a_row_for_each_half_day_that_cuts_can_cost():
    weak = with_hours("Mo 09:45-10:15,11:45-12:15", objectives=["heures_mairie"])
    tight = with_work(weak, 3 * HOUR)
    tours = list_day_tours(tight)
    split, _ = with_cuts(tight, tours)
    morning = [
        (int(split.slack_s[row]), split.in_hours[row].tolist(), split.allowed[row, 0].tolist())
        for row in range(len(split))
        if split.site[row, 0] == 0
    ]
    # Uncut it counts on Monday; on Tuesday it never counts and may be cut at will.
    assert sorted(morning) == [(0, [1, 0], [True, True]), (30 * MINUTE, [0, 0], [True, True])]

    imposed = replace(tight, hours_rule="imposes")
    split, _ = with_cuts(imposed, list_day_tours(imposed))
    rows = np.flatnonzero(split.allowed.any(axis=(1, 2)))
    assert split.slack_s[rows].tolist() == [0]
    assert split.allowed[rows, 0].tolist() == [[True, False]]


@pytest.mark.parametrize(
    "problem",
    [
        with_hours("Mo 09:45-10:15,11:45-12:15", objectives=["heures_mairie"]),
        with_hours("Mo 09:45-10:15,11:45-12:15", week_work_s=3 * HOUR),
        with_hours("Mo 09:00-18:00", week_work_s=3 * HOUR, objectives=["heures_mairie"]),
    ],
    ids=["nothing to cut", "hours not counted", "cuts that cost nothing"],
)
def test_tours_keep_their_one_row_where_cuts_cost_nothing(problem):
    tours = list_day_tours(problem)
    assert with_cuts(problem, tours)[0] is tours


@examples(120)
@given(small_territories(), st.data())
def test_what_a_row_promises_cuts_keep(problem, data):
    """Any day tour cut by up to its slack keeps its half-days in hours and every minimum."""
    problem = with_work(replace(problem, objectives=("heures_mairie",)), HOUR)
    tours, _ = with_cuts(problem, list_day_tours(problem))
    if not len(tours):
        return
    row = data.draw(st.integers(0, len(tours) - 1))
    column = data.draw(st.integers(0, len(problem.weekdays) - 1))
    if not tours.allowed[row, 0, column]:
        return
    weekday, grid_s = problem.weekdays[column], problem.day.grid_s
    steps = data.draw(st.integers(0, int(tours.slack_s[row]) // grid_s))
    ((_, held),) = trim(problem, [(weekday, tours.openings(row))], steps)
    lengths = [opening.closing_s - opening.opening_s for opening in held]
    assert sum(lengths) == tours.open_s[row] - steps * grid_s
    for opening, length in zip(held, lengths, strict=True):
        assert length >= problem.sessions[opening.session].minimum_s
    counted = sum(
        problem.hour_counts(problem.sites[o.site], weekday, o.opening_s, o.closing_s) for o in held
    )
    assert counted >= tours.in_hours[row, column]
