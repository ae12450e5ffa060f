"""Every day that exists and no other, each as long as can be: by hand, then against brute force."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import AFTERNOON, HOUR, MINUTE, MORNING, at, examples, make, on_a_line, slot

from tourplan.daytours import (
    MAX_TOURS,
    TooManyDays,
    list_day_tours,
    most_sessions,
    slot_choices,
    time_days,
)
from tourplan.demands import TOWN_HALL
from tourplan.hours import clock, parse_clock
from tourplan.problem import Base, Problem, SessionSlot
from tourplan.timeline import build_day, meal_gap
from tourplan.verify import verify

LINE = on_a_line([0, 20, 30])
"""Depot, A at 20 min, B 10 min further: the day A then B drives 60 min and works 7 h."""


def open_min(
    problem: Problem,
    sessions: tuple[int, ...] = (0, 1),
    sites: tuple[int, ...] = (0, 1),
    base: int = 0,
):
    """Minutes from opening to closing in the longest such day, ``None`` when there is none."""
    days = time_days(problem, base, sessions, np.array([sites]))
    if not days.feasible[0]:
        return None
    return int((days.closing_s - days.opening_s)[0].sum()) // MINUTE


def test_the_day_without_limits():
    problem = make(LINE)
    days = time_days(problem, 0, (0, 1), np.array([[0, 1]]))
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
    days = time_days(problem, 0, (0,), np.array([[0]]))
    assert clock(int(days.opening_s[0, 0])) == "09:50"
    assert days.drive_s.tolist() == [2402]
    assert days.work_s.tolist() == [2402 + 145 * MINUTE + 30 * MINUTE]


def test_sessions_that_vie_for_minutes_leave_each_other_the_minimum():
    # 55 min between A and B: with meal, set-up and packing the afternoon would open at 14:10.
    problem = make(on_a_line([0, 20, 75]))
    days = time_days(problem, 0, (0, 1), np.array([[0, 1]]))
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
    vacquerie, maurice = (problem.site_index[c, TOWN_HALL] for c in ("34317", "34277"))
    tours = list_day_tours(problem)
    row = next(r for r in range(len(tours)) if tours.site[r].tolist() == [vacquerie, maurice])
    day = build_day(problem, 0, 1, tours.openings(row))
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


ALL_DAY = SessionSlot("journée", at("9:30"), at("16:30"), 4 * HOUR, whole_day=True)
WHOLE = make(LINE, sites=1, sessions=[ALL_DAY])
"""A whole day at A, 20 min away: 6 h 30 of opening and a meal of 30 min, from 12:45 on."""


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, 390),
        # Work on either side: 20 min of road, 15 of handling and half of the opening.
        ({"max_unbroken_s": 230 * MINUTE}, 390),
        ({"max_unbroken_s": 229 * MINUTE}, 380),
        ({"max_unbroken_s": 155 * MINUTE}, 240),
        ({"max_unbroken_s": 154 * MINUTE}, None),
        # The meal at 11:30 leaves 2 h before it, and so much after as is allowed.
        ({"break_until_s": at("12:00"), "max_unbroken_s": 230 * MINUTE}, 315),
        ({"break_s": 90 * MINUTE}, 330),
        ({"break_s": 3 * HOUR}, 240),
        ({"break_s": 3 * HOUR + 5 * MINUTE}, None),
        ({"max_work_s": 7 * HOUR + 35 * MINUTE}, 385),
        ({"max_amplitude_s": 8 * HOUR + 10 * MINUTE}, 390),
        ({"max_amplitude_s": 8 * HOUR}, 380),
        # A pause that ends as the session does, after 5 h 25 of opening: six hours of work on end.
        ({"break_from_s": at("16:00"), "break_until_s": at("17:00")}, 325),
        ({"break_from_s": at("16:05"), "break_until_s": at("17:00")}, None),
    ],
)
def test_a_whole_day_closes_over_the_meal(facts, expected):
    problem = make(LINE, sites=1, sessions=[ALL_DAY], **facts)
    opened = open_min(problem, (0,), (0,))
    pause_min = problem.day.break_s // MINUTE
    assert (opened if opened is None else opened - pause_min) == expected
    for row, tours in [(0, list_day_tours(problem))] if expected else []:
        assert tours.open_s[row] == expected * MINUTE
        # Cuts leave the minimum, and the meal before the end.
        meal_s = int(tours.closing_s[row, 0]) - problem.day.break_from_s - problem.day.break_s
        assert tours.slack_s[row] == min((expected - 240) * MINUTE, meal_s)
        assert verify(problem, [build_day(problem, 0, 0, tours.openings(row))]) == ()


def test_no_session_overlaps_a_whole_day():
    evening = slot("soir", "16:30", "18:00", 60)
    assert slot_choices((MORNING, AFTERNOON)) == [(0,), (1,), (0, 1)]
    assert slot_choices((MORNING, ALL_DAY, AFTERNOON)) == [(0,), (1,), (2,), (0, 2)]
    assert slot_choices((ALL_DAY, evening)) == [(0,), (1,), (0, 1)]
    assert slot_choices((ALL_DAY, slot("soir", "16:29", "18:00"))) == [(0,), (1,)]


def test_of_sessions_alike_the_first_are_used_first():
    one, two, three = (slot(name, "9:00", "12:00") for name in ("un", "deux", "trois"))
    assert slot_choices((one, two, three)) == [(0,), (0, 1), (0, 1, 2)]
    assert slot_choices((one, slot("deux", "9:00", "12:00", 61))) == [(0,), (1,), (0, 1)]


@pytest.mark.parametrize(
    ("longest_min", "expected"), [(150, 300), (149, 290), (120, 240), (124, 240)]
)
def test_a_session_opens_no_longer_than_its_maximum(longest_min, expected):
    both = [replace(s, maximum_s=longest_min * MINUTE) for s in (MORNING, AFTERNOON)]
    assert open_min(make(LINE, sessions=both)) == expected


@pytest.mark.parametrize(
    ("range_km", "recharge_km", "charger", "expected"),
    [
        # 36 km: 12 to A, 6 to B where the meal is, 18 back.
        (36, 0, "", 300),
        (30, 6, "B", 300),
        (30, 5, "B", None),
        (30, 60, "A", None),
        (18, 18, "B", 300),
        (17, 60, "B", None),
    ],
)
def test_a_charger_where_the_meal_is_gives_metres_back(range_km, recharge_km, charger, expected):
    problem = make(LINE)
    sites = tuple(replace(site, charger=site.code == charger) for site in problem.sites)
    base = Base(0, range_m=range_km * 1000, recharge_m=recharge_km * 1000)
    assert open_min(replace(problem, sites=sites, bases=(base,))) == expected


def test_the_charger_of_a_whole_day_is_its_own():
    problem = replace(WHOLE, bases=(Base(0, range_m=12_000, recharge_m=12_000),))
    assert open_min(problem, (0,), (0,)) is None
    charged = replace(problem, sites=tuple(replace(s, charger=True) for s in problem.sites))
    assert open_min(charged, (0,), (0,)) == 420


@pytest.mark.parametrize("limit", ["earliest_departure_s", "latest_return_s", "max_work_s"])
@pytest.mark.parametrize("tighter", [True, False])
def test_a_base_tightens_the_rules_and_never_loosens_them(limit, tighter):
    values = dict(DAY_LIMITS)[limit]
    text, expected = values[1]
    seconds = parse_clock(text) if isinstance(text, str) else text * MINUTE
    lax = 0 if limit == "earliest_departure_s" else 24 * HOUR
    base, rule = (seconds, getattr(make(LINE).day, limit)) if tighter else (lax, seconds)
    problem = replace(make(LINE, **{limit: rule}), bases=(Base(0), Base(0, **{limit: base})))
    assert open_min(problem, base=1) == expected
    assert open_min(problem) == (300 if tighter else expected)


def test_each_base_has_its_own_days():
    problem = make(LINE, depots=(0, 2))
    assert [base.depot for base in problem.bases] == [0, 2]
    from_depot, from_b = (list_day_tours(problem, base) for base in (0, 1))
    alone = (from_b.site == [1, -1]).all(axis=1)
    assert from_b.drive_s[alone].tolist() == [0]
    assert from_depot.drive_s[(from_depot.site == [1, -1]).all(axis=1)].tolist() == [HOUR]


def test_refused_slots_bound_the_weeks_and_days_of_a_tour():
    problem = make(LINE, weeks=2, refused=[(0, 0, 1), (0, 1, 0, 0, 1)])
    tours = list_day_tours(problem)
    allowed = {tuple(s): a.tolist() for s, a in zip(tours.site, tours.allowed, strict=True)}
    assert allowed[0, -1] == [[True, True], [False, False]]
    assert allowed[-1, 1] == [[False, True], [True, True]]
    assert allowed[0, 1] == [[False, True], [False, False]]


def test_two_rooms_of_a_commune_are_never_in_one_day():
    tours = list_day_tours(make(LINE, sites=1, rooms={"A": [2]}))
    assert sorted(tours.site.tolist()) == [[-1, 0], [-1, 1], [0, -1], [1, -1]]


def test_early_starts_and_late_returns_are_told():
    problem = replace(make(LINE), early_s=at("9:11"), late_s=at("16:44"))
    tours = list_day_tours(problem)
    both = tours.site.tolist().index([0, 1])
    assert tours.early[both]
    assert tours.late[both]
    exact = list_day_tours(replace(problem, early_s=at("9:10"), late_s=at("16:45")))
    assert not exact.early[both]
    assert not exact.late[both]


def test_imposed_hours_forbid_the_days_a_mairie_is_closed():
    hours = {"A": "Mo 09:00-12:00", "B": "Mo-Tu 14:00-17:00"}
    tours = list_day_tours(make(LINE, hours=hours, hours_rule="imposes"))
    allowed = {
        tuple(site): row
        for site, row in zip(tours.site.tolist(), tours.allowed.tolist(), strict=True)
    }
    assert allowed[0, 1] == [[True, False]]
    assert allowed[-1, 1] == [[True, True]]
    assert allowed[1, 0] == [[False, False]]


@pytest.mark.parametrize("weekdays", [(), (0,)])
def test_no_site_no_tour(weekdays):
    tours = list_day_tours(replace(make([[0]], weekdays=weekdays), bases=(Base(0),)))
    assert len(tours) == 0
    assert tours.site.shape == (0, 2)
    assert tours.allowed.shape == (0, 1, len(weekdays))
    assert len(tours.serving(0)) == 0


def test_too_many_days_are_known_before_they_are_listed():
    problem = make(
        np.zeros((400, 400), dtype=int).tolist(), sessions=[slot("m", "9:00", "18:00")] * 3
    )
    assert len(problem.sites) ** 3 > MAX_TOURS
    with pytest.raises(TooManyDays):
        list_day_tours(problem)


def test_days_that_cannot_be_are_not_counted():
    """Sites too far from one another for two in a morning: two million choices, few days."""
    far = [[0 if i == j else 3 * HOUR for j in range(101)] for i in range(101)]
    far[0] = [0] + [0] * 100
    for row in far:
        row[0] = 0
    problem = make(far, sessions=[slot("m", "9:00", "12:00")] * 3)
    assert len(list_day_tours(problem)) == 100


# Brute force: every opening and closing on the grid, judged by rules written again here.


def up(value: int, step: int) -> int:
    return -(-value // step) * step


def longest_by_hand(problem: Problem, sessions: tuple[int, ...], sites: tuple[int, ...]):
    """Seconds open in the best of all choices of openings and closings, ``None`` if none passes."""
    pause_s = sum(problem.day.break_s for k in sessions if problem.sessions[k].whole_day)
    timings = timings_by_hand(problem, sessions, sites)
    return max((sum(c - o for o, c in spans) - pause_s for spans in timings), default=None)


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
    if any(problem.sessions[k].whole_day for k in sessions):
        return None
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
                and _fits(problem, sessions, drives, meal, spans)
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
            pause_s = rules.break_s if slot.whole_day else 0
            shortest = up(opening + up(slot.minimum_s, rules.grid_s) + pause_s, rules.grid_s)
            most_s = 24 * HOUR if slot.maximum_s is None else slot.maximum_s + pause_s
            latest = min(slot.closing_s, opening + most_s)
            for closing in range(shortest, latest + 1, rules.grid_s):
                yield from extend([*spans, (opening, closing)], closing + rules.packing_s)

    return extend([], rules.earliest_departure_s)


def _fits(problem, sessions, drives, meal, spans):
    """Whether no stretch of work is too long, nor the day's."""
    rules = problem.day
    whole = next((n for n, k in enumerate(sessions) if problem.sessions[k].whole_day), None)
    if whole is None:
        return all(work <= most for work, most in _works(rules, drives, meal, spans))
    opening, closing = spans[whole]
    middle = (opening + closing - rules.break_s) // 2 // rules.grid_s * rules.grid_s
    start = max(rules.break_from_s, min(middle, rules.break_until_s - rules.break_s))
    end = start + rules.break_s
    handling = rules.setup_s + rules.packing_s
    held = [closes - opens + handling for opens, closes in spans]
    before = sum(drives[: whole + 1]) + sum(held[:whole]) + rules.setup_s + start - opening
    after = sum(drives[whole + 1 :]) + sum(held[whole + 1 :]) + closing - end + rules.packing_s
    return (
        opening <= start
        and end <= closing
        and max(before, after) <= rules.max_unbroken_s
        and before + after <= rules.max_work_s
    )


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
    whole = [session.whole_day for session in problem.sessions]
    for size in range(1, count + 1):
        sites = np.array(list(itertools.permutations(range(count), size)))
        for sessions in itertools.combinations(range(count), size):
            days = time_days(problem, 0, sessions, sites)
            for row, choice in enumerate(sites.tolist()):
                best = longest_by_hand(problem, sessions, tuple(choice))
                assert bool(days.feasible[row]) == (best is not None)
                if best is not None:
                    pause_s = sum(problem.day.break_s for k in sessions if whole[k])
                    assert int((days.closing_s - days.opening_s)[row].sum()) - pause_s == best
    tours = list_day_tours(problem)
    for row in range(len(tours)):
        day = build_day(problem, 0, 0, tours.openings(row))
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


@st.composite
def whole_days(draw: st.DrawFn, count: int) -> Problem:
    """As ``hard_days``, one of the sessions being of the whole day, all with a longest opening."""
    problem = draw(hard_days(count))
    grid, rules = problem.day.grid_s, problem.day
    whole = draw(st.integers(0, count - 1))
    sessions = []
    for number, session in enumerate(problem.sessions):
        most = draw(st.one_of(st.none(), st.integers(1, 6).map(lambda n: n * grid)))
        least = session.minimum_s
        most = None if most is None else max(most, least)
        sessions.append(replace(session, maximum_s=most, whole_day=number == whole))
    eat_from = sessions[whole].opening_s + draw(st.integers(-2, 4)) * grid
    rest = draw(st.sampled_from((0, 1, 2))) * grid
    until = eat_from + rest + draw(st.integers(0, 4)) * grid
    day = replace(rules, break_s=rest, break_from_s=eat_from, break_until_s=until)
    day = replace(day, range_m=None, earliest_departure_s=0, latest_return_s=24 * HOUR)
    return replace(problem, sessions=tuple(sessions), day=day)


def test_a_day_has_slots_for_as_many_sessions_as_go_together():
    whole = replace(slot("jour", "10:00", "16:00"), whole_day=True)
    for sessions, most in (
        ([whole, slot("soir", "17:00", "19:00")], 4),
        ([MORNING, AFTERNOON, whole], 4),
        ([whole], 2),
    ):
        assert most_sessions(make(on_a_line([0, 20]), weekdays=[0, 1], sessions=sessions)) == most


@examples(200)
@given(whole_days(1))
def test_one_whole_day_against_brute_force(problem):
    check_against_brute_force(problem)


@examples(200)
@given(whole_days(2))
def test_a_whole_day_with_another_session_against_brute_force(problem):
    check_against_brute_force(problem)
