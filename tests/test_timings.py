"""Other timings of a day: valid, the longest with as many half-days in hours, none missing."""

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
from tourplan.optimise import timings
from tourplan.optimise.solve import optimise
from tourplan.optimise.timings import with_timings
from tourplan.problem import Problem, SessionSlot, WeekRules
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
    assert sorted(rows_of(with_timings(problem, 0, tours)[0])) == sorted(rows_of(tours))


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


SPANS = (
    "09:00-10:30",
    "10:00-11:00",
    "09:30-10:00,11:00-12:00",
    "11:30-12:30,13:30-14:30",
    "13:00-14:15",
    "15:00-17:00",
    "09:00-12:00,14:00-17:00",
    "off",
)


@st.composite
def vying_days(draw: st.DrawFn) -> Problem:
    """Two to five sessions at sites far enough apart to vie for minutes, limits that may bind."""
    count = draw(st.integers(2, 5))
    hours, grid = st.sampled_from(SPANS), 15 if count == 2 else 30
    starts = sorted(draw(st.integers(16, 30)) * 30 for _ in range(count))
    sessions = []
    for number, start in enumerate(starts):
        least = draw(st.sampled_from((30, 45, 60) if count < 4 else (30,)))
        end = start + least + draw(st.integers(0, 8 if count == 2 else 4)) * 30
        session = SessionSlot(f"s{number}", start * 60, end * 60, least * 60)
        if draw(st.integers(0, 3)) == 0:
            session = replace(session, maximum_s=(least + draw(st.sampled_from((0, 30)))) * 60)
        sessions.append(session)
    if count == 2 and draw(st.integers(0, 2)) == 0:
        sessions[0] = replace(sessions[0], whole_day=True, closing_s=at("16:00"))
    legs = st.integers(5, 60 if count < 4 else 20).map(lambda n: n * MINUTE)
    size = count + 1
    return make(
        [[0 if i == j else draw(legs) for j in range(size)] for i in range(size)],
        sessions=sessions,
        hours={letter: f"Mo {draw(hours)}; Tu {draw(hours)}" for letter in "ABCDE"[:count]},
        overlap_min=draw(st.sampled_from((30, 30, 45, 60))),
        weekdays=[0, 1],
        grid_s=grid * MINUTE,
        setup_s=draw(st.sampled_from((0, 10, 15))) * MINUTE,
        packing_s=draw(st.sampled_from((0, 15))) * MINUTE,
        break_s=draw(st.sampled_from((30, 45))) * MINUTE,
        max_work_s=draw(st.sampled_from((10, 10, 8, 6, 5))) * HOUR,
        max_amplitude_s=draw(st.sampled_from((13, 13, 8, 6))) * HOUR,
        max_unbroken_s=draw(st.sampled_from((6, 6, 4, 3))) * HOUR,
        earliest_departure_s=draw(st.sampled_from((at("07:00"), at("08:45")))),
        objectives=("heures_mairie",),
    )


MANY = make(
    on_a_line([0, 10, 25, 35, 50]),
    sessions=(
        slot("m1", "08:30", "10:15"),
        slot("m2", "10:30", "12:15"),
        slot("a1", "13:15", "15:00"),
        slot("a2", "15:15", "17:30"),
    ),
    hours={"A": "Mo 09:30-12:00", "B": "Mo 10:00-11:30; Tu 15:00-16:30", "D": "Tu 14:30-15:45"},
    required="ABCD",
    max_work_s=7 * HOUR,
    objectives=("heures_mairie", "ouverture", "route"),
)


def test_levels_after_mairie_hours_keep_their_bounds_on_days_of_four_sessions():
    found = optimise(MANY)
    assert verify(MANY, found.days, found.levels) == ()
    assert all(level.proved for level in found.levels)


SHORTER_ELSEWHERE = make(
    on_a_line([0, 30, 60]),
    sessions=(slot("un", "09:00", "11:00", 30), slot("deux", "11:00", "13:00", 60)),
    hours={"A": "Mo 10:00-11:00", "B": "Mo 11:30-12:30"},
    required="AB",
    weekdays=[0],
    week_work_s=4 * HOUR + 30 * MINUTE,
    grid_s=30 * MINUTE,
    objectives=("heures_mairie",),
)
"""Either session can be within hours, that at A if an hour long; the week leaves it half of one."""


def test_a_session_within_hours_for_less_is_not_forgotten_when_the_week_binds():
    by_hand = [Opening(0, 0, at("9:30"), at("10:00")), Opening(1, 1, at("11:30"), at("12:30"))]
    day = build_day(SHORTER_ELSEWHERE, 0, 0, by_hand)
    assert verify(SHORTER_ELSEWHERE, [day]) == ()
    (level,) = optimise(SHORTER_ELSEWHERE).levels
    assert level.value == 1 or not level.proved


@examples(300)
@given(vying_days())
def test_timings_against_brute_force(problem):
    """Each row is a valid day; of so many half-days on a weekday, the longest day is listed."""
    tours = list_day_tours(problem)
    listed, complete = with_timings(problem, 0, tours)
    assert complete
    longest: dict[tuple, dict[tuple[int, int], int]] = {tuple(s): {} for s in tours.site.tolist()}
    for row, site in enumerate(listed.site.tolist()):
        for column, weekday in enumerate(problem.weekdays):
            day = build_day(problem, 0, weekday, listed.openings(row))
            assert verify(problem, [day]) == ()
            assert (day.open_s, day.work_s) == (listed.open_s[row], listed.work_s[row])
            best = longest[tuple(site)]
            for count in range(int(listed.in_hours[row, column]) + 1):
                best[weekday, count] = max(day.open_s, best.get((weekday, count), 0))
    for site in list(longest)[:: 1 + len(longest) // 6]:
        assert longest[site] == longest_by_hand(problem, site)


def test_days_too_many_to_try_are_not_called_complete(monkeypatch):
    problem = replace(VYING, day=replace(VYING.day, max_amplitude_s=490 * MINUTE))
    tours = list_day_tours(problem)
    assert with_timings(problem, 0, tours)[1]
    monkeypatch.setattr(timings, "MOST_WAYS", 0)
    assert not with_timings(problem, 0, tours)[1]


def longest_by_hand(problem: Problem, site: tuple[int, ...]) -> dict[tuple[int, int], int]:
    """The longest opening of a day with so many half-days in hours at least, by weekday."""
    slots = tuple(k for k, where in enumerate(site) if where >= 0)
    sites = [where for where in site if where >= 0]
    pause_s = problem.day.break_s * sum(problem.sessions[k].whole_day for k in slots)
    best: dict[tuple[int, int], int] = {}
    for timing in timings_by_hand(problem, slots, tuple(sites)):
        open_s = sum(closing - opening for opening, closing in timing) - pause_s
        for weekday in problem.weekdays:
            for count in range(in_hours(problem, weekday, timing, sites) + 1):
                best[weekday, count] = max(open_s, best.get((weekday, count), 0))
    return best


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


@st.composite
def cut_days(draw: st.DrawFn) -> Problem:
    """One day of two or three sessions, within hours only if long, that its week may cut."""
    count, hours, least = draw(st.integers(2, 3)), st.sampled_from(SPANS[:-1]), (30, 60, 90)
    sessions = [
        slot(
            "un", "09:00", draw(st.sampled_from(("11:00", "12:30"))), draw(st.sampled_from(least))
        ),
        slot("deux", "11:00", "13:30", draw(st.sampled_from(least))),
        slot("trois", "13:00", "16:00", draw(st.sampled_from(least))),
    ]
    return make(
        on_a_line([0, 15, draw(st.integers(20, 60)), 40][: count + 1]),
        sessions=sessions[:count],
        hours={letter: f"Mo {draw(hours)}" for letter in "ABC"[:count]},
        overlap_min=draw(st.sampled_from((60, 90, 120))),
        weekdays=[0],
        grid_s=30 * MINUTE,
        week_work_s=draw(st.integers(5, 14)) * 30 * MINUTE,
        max_work_s=draw(st.sampled_from((10, 7))) * HOUR,
        objectives=("heures_mairie",),
    )


@examples(250)
@given(cut_days())
def test_a_proved_number_of_half_days_is_the_largest_when_weeks_bind(problem):
    (level,) = optimise(problem).levels
    most = 0
    for site in list_day_tours(problem).site.tolist():
        slots = tuple(k for k, where in enumerate(site) if where >= 0)
        sites = [where for where in site if where >= 0]
        for timing in timings_by_hand(problem, slots, tuple(sites)):
            held = [Opening(k, s, *span) for k, s, span in zip(slots, sites, timing, strict=True)]
            if build_day(problem, 0, 0, held).work_s <= problem.agents[0].max_week_s:
                most = max(most, in_hours(problem, 0, timing, sites))
    assert level.value <= most
    assert level.bound is None or level.bound >= most
