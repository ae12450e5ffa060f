"""A day by hand: departures, arrivals, meal, work, all from the openings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import MINUTE, at, examples, make, on_a_line, slot

from tourplan.hours import clock
from tourplan.timeline import Opening, build_day, meal_gap, whole_minute


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 0), (1, 1), (59, 1), (60, 1), (61, 2)])
def test_drives_take_whole_minutes_upwards(seconds, minutes):
    assert whole_minute(seconds) == minutes * MINUTE


def test_every_time_of_a_day_by_hand():
    # Depot at 0, A 20 min 30 s away, B 12 min further: legs of 1230, 720 and 1950 s.
    problem = make(on_a_line([0, 20.5, 32.5]))
    openings = [
        Opening(0, 0, at("09:45"), at("12:15")),
        Opening(1, 1, at("13:30"), at("16:00")),
    ]
    day = build_day(problem, 0, 2, openings)
    first, second = day.stops
    assert clock(day.departure_s) == "09:09"
    assert [clock(t) for t in (first.arrival_s, first.departure_s)] == ["09:30", "12:30"]
    assert [clock(t) for t in (second.arrival_s, second.departure_s)] == ["12:42", "16:15"]
    assert (clock(day.break_from_s), clock(day.break_until_s)) == ("12:42", "13:15")
    assert clock(day.return_s) == "16:48"
    assert (first.drive_s, second.drive_s, day.return_drive_s) == (1230, 720, 1950)
    assert day.drive_s == 3900
    assert day.drive_m == 39000
    assert day.open_s == 5 * 3600
    assert day.work_s == 3900 + 5 * 3600 + 4 * 15 * 60
    assert day.weekday_name == "mercredi"


def test_the_meal_stays_in_its_window():
    problem = make(
        on_a_line([0, 5, 6]),
        sessions=(slot("matin", "09:00", "10:00"), slot("après-midi", "16:00", "17:00")),
    )
    day = build_day(
        problem,
        0,
        0,
        [Opening(0, 0, at("9:00"), at("10:00")), Opening(1, 1, at("16:00"), at("17:00"))],
    )
    assert (clock(day.break_from_s), clock(day.break_until_s)) == ("11:30", "14:30")


def test_a_single_session_has_no_meal():
    problem = make(on_a_line([0, 5]))
    day = build_day(problem, 0, 0, [Opening(1, 0, at("13:30"), at("16:00"))])
    assert (day.break_from_s, day.break_until_s) == (None, None)


def test_a_day_never_leaves_before_midnight():
    problem = make(on_a_line([0, 300]), sessions=(slot("tôt", "02:00", "04:00"),))
    assert build_day(problem, 0, 0, [Opening(0, 0, at("2:00"), at("4:00"))]).departure_s == 0


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        (["09:45-12:15", "13:30-16:00"], 1),
        (["08:00-09:30", "10:00-12:00", "13:30-16:00"], 2),
        # Nobody starts late enough for a meal before: the first that can still open after one.
        (["09:00-11:45", "11:50-15:00"], 1),
        (["08:00-10:00", "10:30-12:00"], None),
        (["13:30-16:00"], None),
        (["14:00-15:00", "16:00-17:00"], None),
        (["12:00-13:00", "14:30-17:00"], 1),
    ],
)
def test_where_the_meal_goes(windows, expected):
    spans = [window.split("-") for window in windows]
    sessions = [slot(str(n), start, end, 60) for n, (start, end) in enumerate(spans)]
    problem = make(on_a_line([0, 5]), sessions=sessions)
    assert meal_gap(problem, range(len(sessions))) == expected


def test_a_meal_no_session_can_follow_is_still_to_be_taken():
    """The afternoon ends after the meal's window, whatever it does: the day is refused later."""
    problem = make(on_a_line([0, 5]), break_from_s=at("12:00"), break_s=120 * MINUTE)
    assert meal_gap(problem, (0, 1)) == 1
    assert meal_gap(problem, (0,)) is None
    assert meal_gap(problem, (1,)) is None


@examples(100)
@given(
    times=st.lists(st.integers(0, 3000), min_size=6, max_size=6),
    start=st.integers(0, 6),
    cut=st.integers(0, 6),
)
def test_times_follow_one_another(times, start, cut):
    a, b, c, d, e, f = times
    problem = make([[0, a, b], [c, 0, d], [e, f, 0]])
    openings = [
        Opening(0, 0, at("09:45") + start * 300, at("12:15")),
        Opening(1, 1, at("14:00"), at("16:00") - cut * 300),
    ]
    day = build_day(problem, 0, 0, openings)
    here = day.departure_s
    for stop in day.stops:
        assert 0 <= stop.arrival_s - here - stop.drive_s < MINUTE
        assert stop.departure_s == stop.closing_s + 15 * MINUTE
        here = stop.departure_s
    assert day.stops[0].arrival_s == day.stops[0].opening_s - 15 * MINUTE
    assert 0 <= day.return_s - here - day.return_drive_s < MINUTE
    assert day.work_s == day.drive_s + day.open_s + 4 * 15 * MINUTE
