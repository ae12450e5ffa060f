"""A search that starts from a plan at hand: as good, never worse; a start must keep rules."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

import pytest
from cycles import cycles
from hypothesis import assume, given
from hypothesis import strategies as st
from tiny import (
    HOUR,
    MINUTE,
    MORNING,
    asking,
    at,
    examples,
    make,
    on_a_line,
    slot,
    territories,
)

from tourplan.hours import WeekHours
from tourplan.measures import level_of
from tourplan.optimise import pricing
from tourplan.optimise.budget import Budget
from tourplan.optimise.outcome import days_of
from tourplan.optimise.pricing import Columns, all_or_none
from tourplan.optimise.rules import add_rules
from tourplan.optimise.solve import Infeasible, NothingFound, Solution, Undecided, optimise
from tourplan.optimise.starting import started
from tourplan.optimise.variables import Decisions
from tourplan.plan import Day, Level
from tourplan.problem import Problem
from tourplan.timeline import Opening, build_day
from tourplan.verify import verify

problems = st.one_of(territories(4, 3), cycles(4, 3))


def worst(problem: Problem) -> Solution:
    """Some plan, none of whose levels matters."""
    try:
        return optimise(replace(problem, objectives=()))
    except (Infeasible, Undecided, NothingFound):
        assume(False)
        raise


def values(levels: Sequence[Level]) -> list[int]:
    return [level.value * (1 if level.sense == "min" else -1) for level in levels]


@examples(60)
@given(problem=problems, limit=st.sampled_from([pricing.ALL_AT_ONCE, 10]))
def test_a_start_changes_no_proved_value(problem, limit):
    """Levels are those found without it, up to the first that is not proved."""
    start = worst(problem).days
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pricing, "ALL_AT_ONCE", limit)
        found = optimise(problem, start=start)
    assert not verify(problem, found.days, found.levels)
    known = optimise(problem)
    for one, two in zip(known.levels, found.levels, strict=True):
        if not (one.proved and two.proved):
            return
        assert one.value == two.value


@examples(40)
@given(problem=problems)
def test_without_time_the_start_is_kept(problem):
    start = worst(problem).days
    found = optimise(problem, start=start, deadline=monotonic() - 1)
    assert not verify(problem, found.days, found.levels)
    before = [level_of(problem, start, name) for name in problem.objectives]
    assert values(found.levels) <= values(before)


LINE = make(on_a_line([0, 10, 30]), sessions=[MORNING], weekdays=[0], week_opening_s=2 * HOUR)


def days_serving(letter: str) -> tuple[Day, ...]:
    return optimise(asking(LINE, letter, required=1)).days


def test_the_start_is_the_plan_when_there_is_no_time():
    far = days_serving("B")
    assert optimise(LINE, start=far, deadline=monotonic() - 1).days == far
    with pytest.raises(NothingFound):
        optimise(LINE, deadline=monotonic() - 1)


def test_a_start_that_breaks_a_rule_is_none():
    near = days_serving("A")
    with pytest.raises(NothingFound):
        optimise(asking(LINE, "B", required=1), start=near, deadline=monotonic() - 1)
    with pytest.raises(NothingFound):
        optimise(LINE, start=days_serving("B"), at_most={"route": 1200}, deadline=monotonic() - 1)
    served = optimise(asking(LINE, "B", required=1), start=near).days
    assert [stop.name for day in served for stop in day.stops] == ["B"]


@examples(60)
@given(problem=problems, listed=st.booleans())
def test_days_of_a_start_go_where_it_goes(problem, listed):
    """Read back from the model, the plan goes where the start goes, and keeps every rule."""
    start = worst(problem).days
    columns = Columns(problem, all_or_none(problem) if listed else [None] * len(problem.bases))
    d = Decisions(problem, columns.first())
    add_rules(d)
    solution = started(columns, d, start, Budget(monotonic() + 30, 0, threading.Event()))
    assert solution is not None
    found = days_of(d, solution)
    assert not verify(problem, found)
    assert sorted(map(where, found)) == sorted(map(where, start))


def where(day: Day) -> tuple[object, ...]:
    return day.week, day.vehicle, day.depot, [(stop.code, stop.session) for stop in day.stops]


SHORT_WEEK = make(
    on_a_line([0, 30, 60]),
    sessions=(
        replace(slot("un", "09:00", "12:00"), maximum_s=2 * HOUR),
        slot("deux", "12:00", "15:00"),
    ),
    hours={
        "A": "Mo 09:00-09:30,10:30-11:00,11:00-12:00",
        "B": "Mo 12:00-13:00,13:30-14:00,14:30-15:00",
    },
    required="AB",
    weekdays=[0],
    week_work_s=340 * MINUTE,
    grid_s=30 * MINUTE,
    break_s=0,
    hours_rule="imposes",
)
"""The longest day holds A from 9:00 and B from 12:00; the week only bears an hour at A, from 11:00,
and an hour and a half at B, from 13:30."""


def test_a_start_whose_timing_is_not_listed_is_a_plan():
    held = [Opening(0, 0, at("11:00"), at("12:00")), Opening(1, 1, at("13:30"), at("15:00"))]
    start = (build_day(SHORT_WEEK, 0, 0, held),)
    assert not verify(SHORT_WEEK, start)
    with pytest.raises(Undecided):
        optimise(SHORT_WEEK)
    found = optimise(SHORT_WEEK, start=start)
    assert found.days == start
    assert [(level.value, level.bound) for level in found.levels] == [(2 * HOUR, None)]


def test_a_level_after_mairie_hours_that_a_start_settles_is_not_called_proved():
    """The other rooms are farther and always open; in the first ones, only a timing not listed."""
    problem = make(
        on_a_line([0, 30, 60, -5, 65]),
        sites=2,
        sessions=SHORT_WEEK.sessions,
        required="AB",
        rooms={"A": [3], "B": [4]},
        weekdays=[0],
        week_work_s=340 * MINUTE,
        grid_s=30 * MINUTE,
        break_s=0,
        residents={1: 1},
        objectives=("heures_mairie", "route"),
    )
    always = WeekHours.parse("Mo 08:00-16:00")
    sites = [*SHORT_WEEK.sites, *(replace(site, hours=always) for site in problem.sites[2:])]
    problem = replace(problem, sites=tuple(sites))

    def day(first: Opening, second: Opening) -> tuple[Day, ...]:
        days = (build_day(problem, 0, 0, [first, second]),)
        assert not verify(problem, days)
        return days

    best = day(Opening(0, 0, at("11:00"), at("12:00")), Opening(1, 1, at("13:30"), at("15:00")))
    start = day(Opening(0, 2, at("9:00"), at("10:00")), Opening(1, 3, at("13:30"), at("14:30")))
    hours, road = optimise(problem, start=start).levels
    assert (hours.value, hours.proved) == (2, True)
    shorter = [level_of(problem, best, name).value for name in problem.objectives]
    assert shorter == [2, 2 * HOUR]
    assert road.bound is None or road.bound <= 2 * HOUR
