"""Other splits of the minutes two sessions vie for: valid, as long, and honest where not listed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_daytours import timings_by_hand
from tiny import HOUR, MINUTE, MORNING, asking, at, examples, make, on_a_line, slot, with_work
from tiny import territories as small_territories

from tourplan.daytours import DayTours, list_day_tours
from tourplan.optimise.solve import optimise
from tourplan.optimise.splits import open_gains, with_splits
from tourplan.problem import Problem, WeekRules
from tourplan.timeline import Opening, build_day
from tourplan.verify import verify

# 50 min between A and B: after a morning until 12:10 the afternoon at B opens at 14:00.
VYING = make(
    on_a_line([0, 20, 70]),
    hours={"A": "Mo 09:00-12:00", "B": "Mo 13:30-14:45"},
    required="AB",
    weekdays=[0],
    objectives=("heures_mairie",),
)


def test_minutes_go_where_they_bring_both_half_days_into_hours():
    tours = list_day_tours(VYING)
    first_keeps = tours.rows(np.flatnonzero((tours.site == [0, 1]).all(axis=1)))
    assert first_keeps.in_hours.tolist() == [[1]]
    assert first_keeps.most_in_hours.tolist() == [[2]]
    found = optimise(VYING)
    assert [(level.value, level.proved) for level in found.levels] == [(2, True)]
    assert verify(VYING, found.days, found.levels) == ()
    (day,) = found.days
    assert day.open_s == int(first_keeps.open_s[0]), "not a minute is lost"


def test_hours_imposed_are_met_by_another_split():
    imposed = replace(VYING, hours_rule="imposes", objectives=("route",))
    found = optimise(imposed)
    assert verify(imposed, found.days, found.levels) == ()


@pytest.mark.parametrize(
    "problem",
    [
        replace(VYING, hours_rule="ignores", objectives=("route",)),
        replace(VYING, hours_overlap_s=30 * MINUTE),
        make(on_a_line([0, 20, 25]), hours={"A": "Mo 09:00-12:00", "B": "Mo 13:30-14:45"}),
    ],
    ids=["hours do not matter", "both in hours already", "nothing to vie for"],
)
def test_no_split_is_listed_where_none_can_gain(problem):
    tours = list_day_tours(problem)
    assert sorted(rows_of(with_splits(problem, 0, tours))) == sorted(rows_of(tours))


def rows_of(tours: DayTours) -> list[tuple]:
    return list(
        zip(
            map(tuple, tours.site.tolist()),
            map(tuple, tours.opening_s.tolist()),
            map(tuple, tours.closing_s.tolist()),
            strict=True,
        )
    )


LATE = make(
    on_a_line([0, 20]),
    sessions=[MORNING],
    required="A",
    weekdays=[0],
    hours={"A": "Mo 11:00-12:30"},
    max_work_s=3 * HOUR + 10 * MINUTE,
    objectives=("heures_mairie",),
)
"""Two hours of opening at most: from 9:45 they miss the mairie's hours, from 10:15 they do not."""


def test_what_no_listed_timing_reaches_is_not_called_proved():
    (level,) = optimise(LATE).levels
    assert level.value == 1 or not level.proved


def test_no_plan_is_not_said_where_there_is_one():
    imposed = replace(LATE, hours_rule="imposes")
    by_hand = build_day(imposed, 0, 0, [Opening(0, 0, at("10:15"), at("12:15"))])
    assert verify(imposed, [by_hand]) == ()
    found = optimise(imposed)
    assert verify(imposed, found.days, found.levels) == ()


def in_hours(problem: Problem, weekday: int, timing: list, sites: list[int]) -> int:
    return sum(
        problem.hour_counts(problem.sites[site], weekday, opening, closing)
        for site, (opening, closing) in zip(sites, timing, strict=True)
    )


@st.composite
def vying_days(draw: st.DrawFn) -> Problem:
    """Two sites far enough apart for a morning and an afternoon to vie for minutes."""
    legs = st.integers(10, 60).map(lambda n: n * MINUTE)
    grid = draw(st.sampled_from((15, 15, 30)))
    mornings = st.sampled_from(("", "09:00-10:30", "10:00-11:00", "11:00-12:30"))
    afternoons = st.sampled_from(("", "13:00-14:15", "13:30-15:00", "15:00-17:00"))
    spans = st.tuples(mornings, afternoons).map(lambda pair: ",".join(filter(None, pair)) or "off")
    return make(
        [[0, *[draw(legs)] * 2], [draw(legs), 0, draw(legs)], [draw(legs), draw(legs), 0]],
        sessions=(
            slot("matin", "09:30", "12:30", draw(st.sampled_from((60, 90, 120)))),
            slot("après-midi", "13:00", "16:00", draw(st.sampled_from((60, 90, 120)))),
        ),
        hours={letter: f"Mo {draw(spans)}" for letter in "AB"},
        overlap_min=draw(st.sampled_from((30, 45, 60))),
        weekdays=[0],
        grid_s=grid * MINUTE,
        max_work_s=draw(st.sampled_from((10, 10, 7, 6))) * HOUR,
        max_amplitude_s=draw(st.sampled_from((13, 13, 8))) * HOUR,
        objectives=("heures_mairie",),
    )


@examples(150)
@given(vying_days())
def test_splits_against_brute_force(problem):
    """Each row is a valid day as long as can be; what is not listed is known to be open."""
    tours = list_day_tours(problem)
    listed = with_splits(problem, 0, tours)
    base = {tuple(site): row for row, site in enumerate(tours.site.tolist())}
    best = dict.fromkeys(base, 0)
    for row, site in enumerate(listed.site.tolist()):
        day = build_day(problem, 0, 0, listed.openings(row))
        assert verify(problem, [day]) == ()
        assert day.open_s == listed.open_s[row] == tours.open_s[base[tuple(site)]]
        best[tuple(site)] = max(best[tuple(site)], int(listed.in_hours[row, 0]))
    for site, row in base.items():
        slots = tuple(k for k, where in enumerate(site) if where >= 0)
        sites = [where for where in site if where >= 0]
        reached = 0
        for timing in timings_by_hand(problem, slots, tuple(sites)):
            reached = max(reached, in_hours(problem, 0, timing, sites))
        assert reached <= tours.most_in_hours[row, 0]
        assert reached == best[site] or open_gains(listed)


@examples(60)
@given(small_territories(), st.booleans())
def test_a_proved_number_of_half_days_is_the_largest(problem, tight):
    """On one day, no timing of any day tour has more half-days in hours than a proved level."""
    one_day = replace(
        with_work(asking(problem, required=0), 200 * HOUR),
        weekdays=(0,),
        month_weeks=((2, 4),),
        goals=(),
        objectives=("heures_mairie",),
        hours_rule="preferes",
        week=WeekRules(0),
        sites=problem.sites[:2],
        open_slots=problem.open_slots[:, :2, :1, :1, :2],
        crew_weeks=tuple(
            replace(crew, teams=((0, 1),) * 2, weekdays=(0,)) for crew in problem.crew_weeks[:1]
        ),
        sessions=problem.sessions[:2],
        day=replace(problem.day, grid_s=15 * MINUTE, max_work_s=(6 if tight else 10) * HOUR),
    )
    one_day = replace(one_day, demands=one_day.demands[:2])
    (level,) = optimise(one_day).levels
    tours = list_day_tours(one_day)
    most = 0
    for site in tours.site.tolist():
        slots = tuple(k for k, where in enumerate(site) if where >= 0)
        sites = [where for where in site if where >= 0]
        for timing in timings_by_hand(one_day, slots, tuple(sites)):
            most = max(most, in_hours(one_day, 0, timing, sites))
    assert level.value <= most
    assert level.bound is None or level.bound >= most
