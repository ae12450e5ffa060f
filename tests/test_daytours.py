"""Every day that exists and no other, each as long as can be: by hand, then against brute force."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import AFTERNOON, HOUR, MINUTE, MORNING, at, examples, make, on_a_line, slot

from tourplan.daytours import MAX_TOURS, list_day_tours, time_days
from tourplan.errors import InputError
from tourplan.hours import clock, parse_clock
from tourplan.problem import Problem, SessionSlot
from tourplan.timeline import build_day, meal_gap
from tourplan.verify import verify

LINE = on_a_line([0, 20, 30])
"""Depot, A at 20 min, B 10 min further: the day A then B drives 60 min and works 7 h."""


def open_min(problem: Problem, sessions: tuple[int, ...] = (0, 1), sites: tuple[int, ...] = (0, 1)):
    """Minutes open in the longest such day, ``None`` when there is none."""
    days = time_days(problem, sessions, np.array([sites]))
    if not days.feasible[0]:
        return None
    return int((days.closing_s - days.opening_s)[0].sum()) // MINUTE


def test_the_day_without_limits():
    problem = make(LINE)
    days = time_days(problem, (0, 1), np.array([[0, 1]]))
    assert days.feasible.tolist() == [True]
    assert [clock(t) for t in days.opening_s[0]] == ["09:45", "13:30"]
    assert [clock(t) for t in days.closing_s[0]] == ["12:15", "16:00"]
    assert days.drive_s.tolist() == [60 * MINUTE]
    assert days.drive_m.tolist() == [36_000]
    assert days.work_s.tolist() == [7 * HOUR]


DAY_LIMITS = {
    # Each limit: values that change nothing, cost 5 minutes, leave the minimum, leave no day.
    "earliest_departure_s": [("09:10", 300), ("09:11", 295), ("09:40", 270), ("09:41", None)],
    "latest_return_s": [("16:45", 300), ("16:44", 295), ("16:15", 270), ("16:14", None)],
    "setup_s": [(20, 300), (25, 295), (80, 240), (85, None)],
    "packing_s": [(20, 300), (25, 295), (80, 240), (85, None)],
    "break_s": [(35, 300), (40, 295), (95, 240), (100, None)],
    "break_from_s": [("12:45", 300), ("12:50", 295), ("13:15", 270), ("13:20", None)],
    "break_until_s": [("13:10", 300), ("13:05", 295), ("12:40", 270), ("12:35", None)],
    "max_work_s": [(420, 300), (419, 295), (360, 240), (359, None)],
    "max_amplitude_s": [(455, 300), (454, 295), (395, 240), (394, None)],
    "max_unbroken_s": [(210, 300), (209, 290), (180, 240), (179, None)],
    "grid_s": [(5, 300), (10, 290), (30, 270)],
}


@pytest.mark.parametrize(
    ("limit", "value", "expected"),
    [(limit, *case) for limit, cases in DAY_LIMITS.items() for case in cases],
)
def test_each_day_limit_alone(limit, value, expected):
    seconds = parse_clock(value) if isinstance(value, str) else value * MINUTE
    assert open_min(make(LINE, **{limit: seconds})) == expected


@pytest.mark.parametrize(("range_m", "expected"), [(None, 300), (36_000, 300), (35_999, None)])
def test_range(range_m, expected):
    assert open_min(make(LINE, range_m=range_m)) == expected


@pytest.mark.parametrize(
    ("morning", "expected"),
    [
        (MORNING, 300),
        (slot("matin", "09:45", "12:10", 120), 295),
        (slot("matin", "09:45", "12:15", 150), 300),
        (slot("matin", "09:45", "12:15", 155), None),
        (slot("matin", "09:47", "12:13", 120), 290),
        # On a five-minute grid, a minimum of 146 minutes is one of 150.
        (slot("matin", "09:45", "12:15", 146), 300),
        (slot("matin", "09:50", "12:15", 146), None),
    ],
)
def test_the_window_and_minimum_of_a_session(morning, expected):
    assert open_min(make(LINE, sessions=(morning, AFTERNOON))) == expected


@pytest.mark.parametrize("leg", [(0, 1), (1, 2), (2, 0)])
def test_a_day_needs_a_way_for_each_leg(leg):
    times = on_a_line([0, 20, 30])
    times[leg[0]][leg[1]] = None
    problem = make(times)
    assert open_min(problem) is None
    assert open_min(problem, sites=(1, 0)) == 300, "the other way round exists"


def test_drives_count_exactly_in_work_and_in_whole_minutes_on_the_timetable():
    # Leaving at 9:10, 20 min and 1 s do not fit before 9:30: the session opens at 9:50.
    problem = make([[0, 1201], [1201, 0]], earliest_departure_s=at("9:10"))
    days = time_days(problem, (0,), np.array([[0]]))
    assert clock(int(days.opening_s[0, 0])) == "09:50"
    assert days.drive_s.tolist() == [2402]
    assert days.work_s.tolist() == [2402 + 145 * MINUTE + 30 * MINUTE]


def test_sessions_that_vie_for_minutes_leave_each_other_the_minimum():
    # 55 min between A and B: with meal, set-up and packing the afternoon would open at 14:10.
    problem = make(on_a_line([0, 20, 75]))
    days = time_days(problem, (0, 1), np.array([[0, 1]]))
    assert [clock(t) for t in days.opening_s[0]] == ["09:45", "14:00"]
    assert [clock(t) for t in days.closing_s[0]] == ["12:05", "16:00"]


def test_work_without_a_break_is_cut_where_it_helps():
    """Closing the first session earlier only lets the second open earlier: both must shrink."""
    problem = make(
        on_a_line([0, 0, 20]),
        sessions=(slot("un", "08:00", "10:00"), slot("deux", "10:00", "12:00")),
        break_from_s=at("14:00"),
        break_until_s=at("15:00"),
        max_unbroken_s=3 * HOUR + 40 * MINUTE,
    )
    assert meal_gap(problem, (0, 1)) is None
    assert open_min(problem) == 120
    assert open_min(replace(problem, day=replace(problem.day, max_unbroken_s=3 * HOUR))) is None


def test_a_morning_cut_for_want_of_a_break_moves_rather_than_lengthen_the_day():
    """The morning may open later instead of closing earlier, and the day is shorter for nothing."""
    problem = make(LINE, max_unbroken_s=3 * HOUR, max_amplitude_s=6 * HOUR + 35 * MINUTE)
    assert open_min(problem) == 240


def test_a_meal_too_long_for_the_day_is_not_skipped():
    """Two hours from noon end at 14:00: the afternoon cannot open two hours after set-up."""
    meal = {"break_from_s": at("12:00"), "break_s": 2 * HOUR}
    assert open_min(make(LINE, **meal)) is None
    assert open_min(make(LINE, **meal), (0,), (0,)) == 150


def test_an_afternoon_of_two_sessions_has_its_meal_before():
    sessions = (slot("un", "14:00", "15:00"), slot("deux", "16:00", "17:00"))
    assert open_min(make(LINE, sessions=sessions)) == 120


def test_la_vacquerie_to_saint_maurice_leaves_32_minutes_to_eat(herault_case):
    problem = herault_case.problem
    vacquerie, maurice = problem.site_index["34317"], problem.site_index["34277"]
    tours = list_day_tours(problem)
    row = next(r for r in range(len(tours)) if tours.site[r].tolist() == [vacquerie, maurice])
    day = build_day(problem, 1, 1, tours.openings(row))
    first, second = day.stops
    assert [clock(t) for t in (first.opening_s, first.closing_s)] == ["09:45", "12:15"]
    assert [clock(t) for t in (second.opening_s, second.closing_s)] == ["13:30", "16:00"]
    assert (day.break_until_s - day.break_from_s) // MINUTE == 32


def test_every_day_of_the_herault_case_can_hold_five_hours(herault_case):
    tours = list_day_tours(herault_case.problem)
    assert len(tours) == 10 + 10 + 90
    assert int(tours.open_s.max()) == 5 * HOUR


def test_answers_of_the_table():
    tours = list_day_tours(make(LINE, hours={"A": "Mo 09:00-12:00", "B": "Tu 14:00-17:00"}))
    assert len(tours) == 6
    assert sorted(tours.site.tolist()) == [[-1, 0], [-1, 1], [0, -1], [0, 1], [1, -1], [1, 0]]
    assert {tuple(tours.site[row]) for row in tours.serving(1)} == {
        (-1, 1),
        (0, 1),
        (1, -1),
        (1, 0),
    }
    both = tours.site.tolist().index([0, 1])
    assert [(o.session, o.site) for o in tours.openings(both)] == [(0, 0), (1, 1)]
    assert tours.in_hours[both].tolist() == [1, 1]
    assert tours.slack_s[both] == 60 * MINUTE
    in_hours, allowed, profile = tours.profiles()
    assert (in_hours[profile] == tours.in_hours).all()
    assert (allowed[profile] == tours.allowed).all()


def test_imposed_hours_forbid_the_days_a_mairie_is_closed():
    hours = {"A": "Mo 09:00-12:00", "B": "Mo-Tu 14:00-17:00"}
    tours = list_day_tours(make(LINE, hours=hours, hours_rule="imposes"))
    allowed = {
        tuple(site): row
        for site, row in zip(tours.site.tolist(), tours.allowed.tolist(), strict=True)
    }
    assert allowed[0, 1] == [True, False]
    assert allowed[-1, 1] == [True, True]
    assert allowed[1, 0] == [False, False]


@pytest.mark.parametrize("weekdays", [(), (0,)])
def test_no_site_no_tour(weekdays):
    tours = list_day_tours(make([[0]], weekdays=weekdays))
    assert len(tours) == 0
    assert tours.site.shape == (0, 2)
    assert tours.allowed.shape == (0, len(weekdays))
    assert len(tours.serving(0)) == 0


def test_too_many_days_are_refused_before_they_are_listed():
    problem = make(
        np.zeros((400, 400), dtype=int).tolist(), sessions=[slot("m", "9:00", "12:00")] * 3
    )
    assert len(problem.sites) ** 3 > MAX_TOURS
    with pytest.raises(InputError, match="journées"):
        list_day_tours(problem)


# Brute force: every opening and closing on the grid, judged by rules written again here.


def up(value: int, step: int) -> int:
    return -(-value // step) * step


def longest_by_hand(problem: Problem, sessions: tuple[int, ...], sites: tuple[int, ...]):
    """Seconds open in the best of all choices of openings and closings, ``None`` if none passes."""
    timings = timings_by_hand(problem, sessions, sites)
    return max((sum(c - o for o, c in spans) for spans in timings), default=None)


def timings_by_hand(problem: Problem, sessions: tuple[int, ...], sites: tuple[int, ...]):
    """Every list of (opening, closing) that makes a day of ``sessions`` at ``sites``."""
    places = [0, *(problem.sites[site].place for site in sites), 0]
    legs = list(itertools.pairwise(places))
    drives = [int(problem.time_s[leg]) for leg in legs]
    metres = sum(int(problem.distance_m[leg]) for leg in legs)
    if not all(problem.reachable[leg] for leg in legs):
        return iter(())
    if problem.day.range_m is not None and metres > problem.day.range_m:
        return iter(())
    return _choices(problem, sessions, drives, meal_by_hand(problem, sessions))


def meal_by_hand(problem: Problem, sessions: tuple[int, ...]):
    """Before which session the meal comes: late windows, else what one allows, else no way."""
    rules, slots = problem.day, [problem.sessions[k] for k in sessions]
    eaten = rules.break_from_s + rules.break_s
    late = [n for n in range(1, len(slots)) if slots[n].opening_s >= eaten]
    able = [
        n
        for n in range(1, len(slots))
        if eaten + rules.setup_s + slots[n].minimum_s <= slots[n].closing_s
    ]
    over = [
        n
        for n in range(1, len(slots))
        if slots[n].opening_s + slots[n].minimum_s > rules.break_until_s
    ]
    before = slots[0].opening_s >= eaten
    after = slots[0].opening_s + slots[0].minimum_s + rules.packing_s + rules.break_s
    if before and after > rules.break_until_s:
        return None
    return (late or able or over or [None])[0]


def _choices(problem, sessions, drives, meal):
    """Every list of (opening, closing) that keeps every rule of the day."""
    rules, count = problem.day, len(sessions)
    shown = [up(drive, MINUTE) for drive in drives]

    def extend(spans, free):
        k = len(spans)
        arrival = free + shown[k]
        if k == count:
            departure = spans[0][0] - rules.setup_s - shown[0]
            if (
                arrival <= rules.latest_return_s
                and arrival - departure <= rules.max_amplitude_s
                and all(work <= most for work, most in _works(rules, drives, meal, spans))
            ):
                yield spans
            return
        if k == meal:
            eats = max(arrival, rules.break_from_s)
            if eats + rules.break_s > rules.break_until_s:
                return
            arrival = eats + rules.break_s
        slot = problem.sessions[sessions[k]]
        first = up(max(slot.opening_s, arrival + rules.setup_s), rules.grid_s)
        for opening in range(first, slot.closing_s + 1, rules.grid_s):
            shortest = up(opening + slot.minimum_s, rules.grid_s)
            for closing in range(shortest, slot.closing_s + 1, rules.grid_s):
                yield from extend([*spans, (opening, closing)], closing + rules.packing_s)

    return extend([], rules.earliest_departure_s)


def _works(rules, drives, meal, spans):
    """Each stretch of work and the whole day's, with the most each may be."""
    held = [closing - opening + rules.setup_s + rules.packing_s for opening, closing in spans]
    yield sum(held) + sum(drives), rules.max_work_s
    if meal is None:
        yield sum(held) + sum(drives), rules.max_unbroken_s
    else:
        yield sum(held[:meal]) + sum(drives[: meal + 1]), rules.max_unbroken_s
        yield sum(held[meal:]) + sum(drives[meal + 1 :]), rules.max_unbroken_s


@st.composite
def hard_days(draw: st.DrawFn, count: int) -> Problem:
    """A problem of ``count`` sites and sessions, windows and limits all drawn and often binding."""
    grid = draw(st.sampled_from((10, 15, 20, 30))) * MINUTE
    sessions, time = [], at("8:00")
    for number in range(count):
        opening = up(time, grid) + draw(st.integers(0, 4)) * grid
        length = draw(st.integers(1, 5))
        minimum = draw(st.integers(1, length))
        time = opening + length * grid
        sessions.append(SessionSlot(str(number), opening, time, minimum * grid))
    drive = st.one_of(*[st.integers(0, 40 * MINUTE)] * 8, st.none())
    size = count + 1
    times = [[0 if i == j else draw(drive) for j in range(size)] for i in range(size)]
    span = time - at("8:00") + HOUR

    def limit(most: int, least: int = HOUR) -> int:
        steps = st.integers(least // 300, max(least, most) // 300).map(lambda n: n * 300)
        return draw(st.one_of(st.just(24 * HOUR), steps))

    earliest = draw(st.one_of(st.just(0), st.integers(84, 108).map(lambda n: n * 300)))
    rest = draw(st.sampled_from((0, 20, 30))) * MINUTE
    eat_from = draw(st.integers(96, time // 300)) * 300
    return make(
        times,
        sessions=sessions,
        grid_s=grid,
        setup_s=draw(st.sampled_from((0, 5, 15))) * MINUTE,
        packing_s=draw(st.sampled_from((0, 5, 15))) * MINUTE,
        earliest_departure_s=earliest,
        latest_return_s=limit(time + HOUR, time - HOUR),
        break_s=rest,
        break_from_s=eat_from,
        break_until_s=eat_from + rest + draw(st.integers(0, 12)) * 300,
        max_work_s=limit(span),
        max_amplitude_s=limit(span),
        max_unbroken_s=limit(span),
        range_m=draw(st.one_of(st.none(), st.integers(0, 60_000))),
    )


def check_against_brute_force(problem: Problem) -> None:
    count = len(problem.sites)
    for size in range(1, count + 1):
        sites = np.array(list(itertools.permutations(range(count), size)))
        for sessions in itertools.combinations(range(count), size):
            days = time_days(problem, sessions, sites)
            for row, choice in enumerate(sites.tolist()):
                best = longest_by_hand(problem, sessions, tuple(choice))
                assert bool(days.feasible[row]) == (best is not None)
                if best is not None:
                    assert int((days.closing_s - days.opening_s)[row].sum()) == best
    tours = list_day_tours(problem)
    for row in range(len(tours)):
        day = build_day(problem, 1, 0, tours.openings(row))
        assert verify(problem, [day]) == ()
        assert day.work_s == tours.work_s[row]
        assert day.drive_s == tours.drive_s[row]
        assert day.drive_m == tours.drive_m[row]
        assert day.open_s == tours.open_s[row]


@examples(150)
@given(hard_days(1))
def test_one_session_against_brute_force(problem):
    check_against_brute_force(problem)


@examples(400)
@given(hard_days(2))
def test_two_sessions_against_brute_force(problem):
    check_against_brute_force(problem)


@examples(150)
@given(hard_days(3))
def test_three_sessions_against_brute_force(problem):
    check_against_brute_force(problem)
