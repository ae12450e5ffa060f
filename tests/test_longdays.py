"""Days that are not listed but looked for: the same plans, and bounds that hold."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

import numpy as np
import pytest
from cycles import cycles
from hypothesis import given
from hypothesis import strategies as st
from tiny import HOUR, MINUTE, at, examples, make, slot, territories

from tourplan import daytours
from tourplan.daytours import DayTours, list_day_tours
from tourplan.optimise import longdays, pricing, staged
from tourplan.optimise.dayfacts import Prices
from tourplan.optimise.labels import enumerate_below
from tourplan.optimise.longdays import LongDays
from tourplan.optimise.pricing import Columns, all_or_none, made_feasible
from tourplan.optimise.solve import Infeasible, Solution, Undecided, optimise
from tourplan.optimise.variables import Decisions
from tourplan.problem import AccessGoal, Base, Problem, SessionSlot
from tourplan.verify import verify

MORNINGS = (slot("m1", "08:30", "10:15"), slot("m2", "10:30", "12:15"))
FOUR = (*MORNINGS, slot("a1", "13:15", "15:00"), slot("a2", "15:15", "17:30"))
SIX = (
    slot("m1", "08:00", "09:30", 45),
    slot("m2", "09:30", "11:00", 45),
    slot("m3", "11:00", "12:30", 45),
    slot("a1", "13:00", "14:45", 45),
    slot("a2", "14:45", "16:00", 45),
    slot("a3", "16:00", "18:00", 45),
)


def plain(sites: int, sessions: tuple[SessionSlot, ...], **facts) -> Problem:
    """Sites drawn on a square of an hour a side, the depot in the middle."""
    rng = np.random.default_rng(7)
    points = rng.uniform(0, 60, (sites + 1, 2))
    points[0] = 30
    apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) * MINUTE
    people = {place: int(rng.integers(50, 900)) for place in range(1, sites + 1)}
    return make(apart.astype(int).tolist(), sessions=sessions, residents=people, **facts)


def outcome(problem: Problem, *, listed: bool) -> Solution | str:
    """The plan, days being listed or looked for, or why there is none."""
    tours = None if listed else [None] * len(problem.bases)
    try:
        return optimise(problem, tours=tours, deadline=monotonic() + 120)
    except (Infeasible, Undecided) as error:
        return type(error).__name__


@pytest.fixture
def bare(monkeypatch):
    """As little as can be is known before labels look."""
    monkeypatch.setattr(longdays, "SEEDS", 0)
    monkeypatch.setattr(pricing, "FIRST_OF_SITE", 1)


problems = st.one_of(territories(4, 3), cycles(4, 3))


@pytest.mark.usefixtures("bare")
@examples(60)
@given(problem=problems)
def test_every_level_is_the_same_whether_days_are_listed_or_looked_for(problem):
    listed, found = outcome(problem, listed=True), outcome(problem, listed=False)
    if isinstance(listed, str) or isinstance(found, str):
        assert found == listed
        return
    assert not verify(problem, found.days, found.levels)
    for one, two in zip(listed.levels, found.levels, strict=True):
        sign = 1 if one.sense == "min" else -1
        if one.proved and two.bound is not None:
            assert sign * two.bound <= sign * one.value
        if two.proved and one.bound is not None:
            assert sign * one.bound <= sign * two.value
        if not (one.proved and two.proved):
            return
        assert one.value == two.value


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("level", ["route", "ouverture", "habitants_au_dela_10", "acces_pire"])
@pytest.mark.parametrize("imposed", [False, True])
def test_days_of_six_sessions(level, imposed):
    hours = dict.fromkeys("ABCDEF", "Mo-Fr 08:00-12:30,13:00-18:00") if imposed else {}
    problem = plain(
        6,
        SIX,
        weekdays=(0,),
        required=["A", "B"],
        objectives=(level,),
        overlap_min=30,
        hours=hours,
        hours_rule="imposes" if imposed else "ignores",
        max_work_s=9 * HOUR,
        range_m=150_000,
    )
    listed, found = outcome(problem, listed=True), outcome(problem, listed=False)
    assert isinstance(listed, Solution)
    assert isinstance(found, Solution)
    assert listed.levels[0].proved
    assert found.levels == listed.levels
    assert not verify(problem, found.days, found.levels)


# Labels against the listed days.


def sites_of(tours: DayTours) -> set[tuple[int, ...]]:
    return set(map(tuple, tours.site.tolist()))


@examples(80)
@given(problem=problems)
def test_labels_find_every_day_that_exists(problem):
    """Free of charge, every day is cheaper than 1: none that can be timed is missing."""
    for base in range(len(problem.bases)):
        long, sites = LongDays(problem, base), len(problem.sites)
        free = Prices(
            np.zeros(long.day.allowed.shape),
            np.zeros((long.day.stops, sites)),
            np.zeros((0, sites), dtype=bool),
            np.zeros(0),
            np.zeros(0, dtype=bool),
            alike=False,
        )
        nothing = np.zeros((0, *long.day.allowed.shape), dtype=np.int64)
        found = enumerate_below(long.day, free, long.near, nothing, 1.0)
        assert found.complete
        timed = long.timed(found.tours)
        assert sites_of(timed) == sites_of(list_day_tours(problem, base))


def test_days_that_only_count_their_stops_are_told_apart_by_their_rooms():
    """The room farther off is no worse than the other of its commune: more people may reach it."""
    half_hours = [replace(slot(f"s{k}", "08:00", "20:00", 30), maximum_s=30 * MINUTE) for k in "12"]
    problem = plain(
        4,
        half_hours,
        hours_rule="ignores",
        earliest_departure_s=6 * HOUR,
        latest_return_s=22 * HOUR,
        max_amplitude_s=16 * HOUR,
        max_unbroken_s=10 * HOUR,
        break_s=0,
    )
    problem = replace(
        problem, sites=(*problem.sites[:3], replace(problem.sites[3], demand=0, venue="salle 2"))
    )
    long = LongDays(problem, 0)
    assert long.alike
    free = Prices(
        np.zeros(long.day.allowed.shape),
        np.zeros((long.day.stops, 4)),
        np.zeros((0, 4), dtype=bool),
        np.zeros(0),
        np.zeros(0, dtype=bool),
    )
    found = enumerate_below(long.day, free, long.near, long.spent, 1.0)
    sets = {tuple(sorted(sites)) for sites in sites_of(list_day_tours(problem))}
    assert {tuple(sorted(sites)) for sites in sites_of(long.timed(found.tours))} == sets


@pytest.mark.parametrize("meal", [("11:30", "14:30"), ("12:00", "13:00"), ("18:00", "20:00")])
@pytest.mark.parametrize("sessions", [FOUR, SIX])
def test_labels_know_when_meals_and_windows_leave_time(sessions, meal):
    """No day is looked at for nothing when only times bind: the clock is that of the days."""
    problem = plain(6, sessions, break_from_s=at(meal[0]), break_until_s=at(meal[1]))
    problem = replace(problem, bases=(Base(0, earliest_departure_s=at("08:10")),))
    long, sites = LongDays(problem, 0), len(problem.sites)
    prices = Prices(
        np.zeros(long.day.allowed.shape),
        np.zeros((long.day.stops, sites)),
        np.zeros((0, sites), dtype=bool),
        np.zeros(0),
        np.zeros(0, dtype=bool),
        alike=False,
    )
    nothing = np.zeros((0, *long.day.allowed.shape), dtype=np.int64)
    found = enumerate_below(long.day, prices, long.near, nothing, 1.0)
    listed = sites_of(list_day_tours(problem))
    assert listed <= set(map(tuple, found.tours.tolist()))
    if meal[0] != "18:00":
        assert len(found.tours) <= 1.2 * len(listed)


def relaxation(problem: Problem, level: str = "route"):
    """The columns of a problem whose days are looked for, its model, an optimum of it."""
    from tourplan.optimise.objectives import build
    from tourplan.optimise.rules import add_rules

    columns = Columns(problem, [None] * len(problem.bases))
    d = Decisions(problem, columns.first())
    add_rules(d)
    expression = build(d, level)
    return columns, d, expression


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("level", ["ouverture", "route", "habitants_au_dela_10", "heures_mairie"])
def test_no_day_is_worth_more_than_labels_say(level):
    """Every listed day, priced exactly, against what its legs and stops cost."""
    hours = {"A": "Mo-Fr 08:00-10:00", "C": "Mo 14:00-18:00", "D": "Tu 08:00-12:00"}
    problem = plain(
        5,
        FOUR,
        required=["A", "B", "C"],
        hours=hours,
        objectives=(level,),
        week_work_s=12 * HOUR,
        week_opening_s=5 * HOUR,
    )
    columns, d, expression = relaxation(problem, level)
    relaxed = d.mip.relax(expression, monotonic() + 60)
    assert relaxed is not None
    long, known = columns.bases[0].long, columns.bases[0]
    assert long is not None
    every = list_day_tours(problem)
    known.learn(problem, every.site)
    known.inside[:] = False
    exact = columns._costs(d, relaxed, 0, known)
    least = np.full(len(known.tours), np.inf)
    for prices, limit in long._by_day(d, relaxed, 0, 0.0):
        worth = np.pad(prices.prizes, ((0, 0), (0, 1)))
        able = np.isfinite(worth[np.arange(4), known.tours.site]).all(axis=1)
        cost = np.where(able, prices.of(known.tours.site, long.day.steps) - limit, np.inf)
        least = np.minimum(least, cost)
    assert (least <= exact + 1e-6).all()
    assert np.isfinite(exact).any()


@pytest.mark.usefixtures("bare")
def test_a_search_that_finds_nothing_proves_it():
    problem = plain(8, FOUR, required=["A", "B"], objectives=("route",), weekdays=(0,))
    columns, d, expression = relaxation(problem)
    assert made_feasible(columns, d, monotonic() + 60)
    while True:
        relaxed = d.mip.relax(expression, monotonic() + 60)
        assert relaxed is not None
        priced = columns.price(d, relaxed, monotonic() + 60)
        assert columns.floor(priced, d) <= relaxed.value
        if not columns.add(d, columns.improving(priced)):
            break
    assert columns.floor(priced, d) == pytest.approx(relaxed.value, abs=1e-3)
    assert relaxed.value == pytest.approx(columns_of(problem, list_day_tours(problem)))


def test_what_no_search_had_time_for_bounds_nothing_but_where_nobody_goes_out():
    problem = plain(8, FOUR, required=["A"], objectives=("route",), weekdays=(0,))
    columns, d, expression = relaxation(problem)
    days = int(d.total("days").variables[0])
    relaxed = d.mip.relax(expression, monotonic() + 60)
    assert relaxed is not None
    priced = columns.price(d, relaxed, monotonic())
    assert columns.floor(priced, d) == -np.inf
    assert columns.floor(priced, d, {days: (0.0, 0.0)}) == relaxed.value


def columns_of(problem: Problem, tours: DayTours) -> float:
    """The optimum of the relaxation over days all listed."""
    from tourplan.optimise.objectives import build
    from tourplan.optimise.rules import add_rules

    d = Decisions(problem, [tours])
    add_rules(d)
    relaxed = d.mip.relax(build(d, "route"), monotonic() + 60)
    assert relaxed is not None
    return relaxed.value


def test_a_base_with_too_many_days_is_not_listed(monkeypatch):
    problem = plain(6, FOUR)
    assert all(tours is not None for tours in all_or_none(problem))
    monkeypatch.setattr(daytours, "MAX_TOURS", 50)
    assert all_or_none(problem) == [None]


def test_little_time_gives_no_bound_but_a_true_one():
    problem = plain(30, SIX, objectives=("habitants_au_dela_10", "route"), required=["A", "B"])
    found = optimise(problem, tours=[None], deadline=monotonic() + 3)
    assert not verify(problem, found.days, found.levels)
    assert all(level.bound is None or level.bound <= level.value for level in found.levels)


def test_a_level_left_open_for_too_many_days_is_no_lack_of_time(monkeypatch):
    problem = plain(
        10,
        FOUR,
        required="ABC",
        objectives=("habitants_au_dela_10", "route"),
        goals=[AccessGoal(10, None, False)],
        week_work_s=14 * HOUR,
        week_opening_s=6 * HOUR,
    )
    monkeypatch.setattr(staged, "branch", lambda level: False)
    found = optimise(problem, tours=[None], deadline=monotonic() + 60)
    assert not found.levels[0].proved
    assert found.stopped == "journées trop nombreuses"


EIGHT = tuple(
    SessionSlot(f"s{number}", start * MINUTE, (start + 125) * MINUTE, 15 * MINUTE)
    for number, start in enumerate((480, 545, 610, 675, 770, 835, 900, 965))
)


@pytest.mark.slow
@pytest.mark.parametrize("level", ["route", "habitants_au_dela_10"])
def test_days_of_eight_sessions_end_in_time(level):
    spans = ("Mo-Fr 09:00-12:00", "Mo,We 14:00-17:00", "Mo-Th 08:30-12:00,13:30-16:30")
    problem = plain(
        60,
        EIGHT,
        weekdays=range(5),
        fixed=(0,),
        hours={chr(ord("A") + number): spans[number % 3] for number in range(60)},
        overlap_min=30,
        goals=[AccessGoal(10, None, False)],
        objectives=("heures_mairie", level),
        required=["A", "D"],
        week_work_s=39 * HOUR,
    )
    problem = replace(problem, time_s=problem.time_s * 2 // 5)
    started = monotonic()
    found = optimise(problem, tours=[None], deadline=started + 20)
    assert monotonic() - started < 20 + 3 + 2
    assert not verify(problem, found.days, found.levels)


@pytest.mark.slow
@pytest.mark.parametrize(("sites", "sessions"), [(64, FOUR), (40, SIX)])
def test_days_by_the_million(sites, sessions):
    """16.8 million ordered choices of four sites, 2.8 billion of six."""
    problem = plain(
        sites,
        sessions,
        weekdays=range(5),
        fixed=(0,),
        far_min=10,
        goals=[AccessGoal(minutes, None, False) for minutes in (15, 10)],
        objectives=("passages", "habitants_au_dela_15", "habitants_au_dela_10", "route"),
        required=["A", "D"],
        week_work_s=39 * HOUR,
        week_opening_s=20 * HOUR,
    )
    assert all_or_none(problem) == [None]
    found = optimise(problem, deadline=monotonic() + 120)
    assert not verify(problem, found.days, found.levels)
    assert all(level.proved for level in found.levels[:3])
    route = found.levels[3]
    assert route.bound is not None
    assert 0.9 * route.value <= route.bound <= route.value
