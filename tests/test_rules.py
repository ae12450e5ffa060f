"""Each rule alone: a plan without it, none or a dearer one with it, and what it costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from tiny import HOUR, MINUTE, MORNING, agent, at, examples, make, on, on_a_line, slot, vehicle
from tiny import territories as small_territories

from tourplan.daytours import list_day_tours
from tourplan.optimise.mip import Expression
from tourplan.optimise.objectives import build
from tourplan.optimise.pricing import all_or_none
from tourplan.optimise.rules import (
    RULES,
    add_rules,
    allowed_beyond,
    least_beyond,
    leeway,
    weekly_opening,
    weekly_work,
)
from tourplan.optimise.solve import Infeasible, optimise
from tourplan.optimise.variables import Decisions, far_points, sites_within
from tourplan.problem import AccessGoal, Agent, Pin, Problem
from tourplan.verify import verify

# Depot; A at 20 min, B 10 further, C 15 further still. A alone: 40 min of road, B 60, C 90.
LINE = on_a_line([0, 20, 30, 45])
NOTHING = Expression(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


def road_min(problem: Problem) -> int | None:
    """Least minutes of road of a plan that keeps every rule, ``None`` if there is no plan."""
    try:
        found = optimise(replace(problem, objectives=("route",)))
    except Infeasible:
        return None
    assert verify(problem, found.days, found.levels) == ()
    assert found.levels[0].proved
    return found.levels[0].value // MINUTE


# A 10 min from one depot, B 10 min from the other, 100 min apart: places A, B, then the depots.
FAR_APART = on_a_line([55, 0, 110, 10, 100])
FAR_APART = [[row[k] for k in range(5)] for row in FAR_APART]
TWO_CARS = [vehicle("Véhicule 1"), vehicle("Véhicule 2")]
ON_MONDAY, ON_TUESDAY = vehicle("Lundi", days=on([0])), vehicle("Mardi", days=on([1]))
FOUR = [agent(f"Agent {number}") for number in (1, 2, 3, 4)]
ROOM = {"A": [2]}
THRICE = {"required": 3, "allowed": 3}
COMES_BACK = {"required": 1, "allowed": 2, "gap_days": 20}
VILLAGES = {1: 1, 2: 1, 3: 1}
TWICE = AccessGoal(5, None, True, "deux", weight=np.array([100]), sessions=2)


def operator(*counted: bool) -> AccessGoal:
    """Two villages of three within 5 min of a counter that has the operator."""
    return AccessGoal(5, 66.0, True, fixed=np.array(counted), weight=np.array([50, 50, 0]))


def pinned(pin: Pin, **facts: object) -> Problem:
    """A served as pinned."""
    return make(LINE, demands={"A": {"required": 1, "pins": (pin,)}}, **facts)


def twice(
    *,
    gap_days: int = 1,
    gap_most_days: int | None = None,
    same_slot: bool = False,
    **facts: object,
) -> Problem:
    """A served twice a cycle."""
    wishes = {"gap_days": gap_days, "gap_most_days": gap_most_days, "same_slot": same_slot}
    return make(LINE, sites=1, demands={"A": {"required": 2, "allowed": 2, **wishes}}, **facts)


def morning_alone(**facts: object) -> Problem:
    """A and B on mornings only: one a day tour."""
    return make(LINE, sessions=[MORNING], required=["A", "B"], **facts)


def agents_of(*hours: int) -> list[Agent]:
    """Agents who work so many hours a week."""
    return [agent(f"Agent {n}", h * HOUR) for n, h in enumerate(hours, start=1)]


def shared_work(agents: list[Agent]) -> Problem:
    """A on two days, each of 3 h 10 of work at least."""
    demands = {"A": {"required": 2, "allowed": 2}}
    return make(LINE, sites=1, demands=demands, sessions=[MORNING], agents=agents)


PRICES = [
    # Nothing asked, nothing driven; each session asked for has its price.
    ("required_sessions", make(LINE), 0),
    ("required_sessions", make(LINE, required=["A"]), 40),
    ("required_sessions", make(LINE, required=["A", "C"]), 90),
    ("required_sessions", make(LINE, required=["A", "B", "C"]), 90 + 40),
    ("required_sessions", make(LINE, required=["A", "B", "C"], weekdays=[0]), None),
    # One tour a day, so a second day or nothing.
    ("one_day_tour_a_day", make(LINE, sessions=[MORNING], required=["A", "B"]), 40 + 60),
    ("one_day_tour_a_day", make(LINE, sessions=[MORNING], required=["A", "B", "C"]), None),
    (
        "one_day_tour_a_day",
        make(LINE, sessions=[MORNING], required=["A", "B", "C"], weeks=2),
        40 + 60 + 90,
    ),
    # Hours that forbid days: A and B both open on Monday only.
    (
        "one_day_tour_a_day",
        make(
            LINE,
            sessions=[MORNING],
            required=["A", "B"],
            hours={"A": "Mo 09:00-12:00", "B": "Mo-Tu 09:00-12:00"},
            hours_rule="imposes",
        ),
        40 + 60,
    ),
    (
        "one_day_tour_a_day",
        make(
            LINE,
            sessions=[MORNING],
            required=["A", "B"],
            hours={"A": "Mo 09:00-12:00", "B": "Mo 09:00-12:00"},
            hours_rule="imposes",
        ),
        None,
    ),
    # Five hours of opening take two sessions; A may not hold both.
    ("weekly_opening", make(LINE, week_opening_s=150 * MINUTE), 40),
    ("weekly_opening", make(LINE, week_opening_s=150 * MINUTE + 1), 60),
    ("weekly_opening", make(LINE, week_opening_s=150 * MINUTE, weeks=2), 40 + 60),
    ("sessions_of_a_site", make(LINE, sites=1, week_opening_s=150 * MINUTE), 40),
    ("sessions_of_a_site", make(LINE, sites=1, week_opening_s=5 * HOUR), None),
    ("sessions_of_a_site", make(LINE, sites=1, week_opening_s=5 * HOUR, allowed=2), 80),
    # A and B in one day is 7 h of work, 6 h with openings cut to the minimum; apart 6 h 40.
    ("weekly_work", make(LINE, required=["A", "B"], week_work_s=6 * HOUR), 60),
    ("weekly_work", make(LINE, required=["A", "B"], week_work_s=6 * HOUR - 1), None),
    ("weekly_work", make(LINE, required=["A", "B"], weeks=2, week_work_s=4 * HOUR), 40 + 60),
    (
        "trimming_keeps_minimum",
        make(LINE, required=["A", "B"], week_work_s=6 * HOUR, week_opening_s=4 * HOUR),
        60,
    ),
    (
        "trimming_keeps_minimum",
        make(LINE, required=["A", "B"], week_work_s=6 * HOUR - 1),
        None,
    ),
    # Nobody within 5 min but at home: 2 of 3 villages, then all of them.
    ("imposed_goals", make(LINE, goals=[AccessGoal(5, 66.0, True)]), 60),
    ("imposed_goals", make(LINE, goals=[AccessGoal(5, 67.0, True)]), 90 + 40),
    ("imposed_goals", make(LINE, goals=[AccessGoal(5, 100.0, True)], weekdays=[0]), None),
    ("imposed_goals", make(LINE, goals=[AccessGoal(5, 100.0, False)]), 0),
    ("imposed_goals", make(LINE, goals=[AccessGoal(15, 100.0, True)]), 60),
    ("imposed_goals", make(LINE, goals=[AccessGoal(15, 100.0, True)], fixed=[1]), 60),
    ("imposed_goals", make(LINE, goals=[AccessGoal(15, 100.0, True)], fixed=[2]), 0),
    (
        "imposed_goals",
        make(on_a_line([0, 20, 90]), sites=1, residents={2: 1}, goals=[AccessGoal(5, None, True)]),
        None,
    ),
    # Of two sessions at A a week apart, both may be required, or a goal for two sessions.
    ("imposed_goals", make(LINE, sites=1, goals=[TWICE], allowed=2), 80),
    ("imposed_goals", make(LINE, sites=1, goals=[TWICE]), None),
    # A fixed counter without the operator does not count; nor do people of no weight.
    ("imposed_goals", make(LINE, fixed=[1, 2], goals=[operator(True, True)]), 0),
    ("imposed_goals", make(LINE, fixed=[1, 2], goals=[operator(False, True)]), 40),
    (
        "imposed_goals",
        make(LINE, sites=0, residents=VILLAGES, fixed=[1], goals=[operator(False)]),
        None,
    ),
    # From B, A then C; from two depots 40 min in all, if that were allowed.
    ("one_depot_a_week", make(LINE, required=["A", "C"], depots=(0, 2)), 50),
    ("one_depot_a_week", make(FAR_APART, required=["A", "B"], depots=(3, 4)), 220),
    ("one_depot_a_week", make(FAR_APART, required=["A", "B"], depots=(3, 4), weeks=2), 40),
    (
        "one_depot_a_week",
        make(FAR_APART, required=["A", "B"], depots=(3, 4), range_m=30_000),
        None,
    ),
    # A alone on Monday; with B there too, or on Tuesday, or in the second week.
    ("pinned_sessions", pinned(Pin()), 40),
    ("pinned_sessions", pinned(Pin(weekday=1, session=1)), 40),
    ("pinned_sessions", pinned(Pin(weekday=0, session=0), weekdays=[0], required=["B"]), 60),
    ("pinned_sessions", pinned(Pin(week=1), weeks=2), 40),
    ("pinned_sessions", pinned(Pin(vehicle=1), vehicles=TWO_CARS), 40),
    ("pinned_sessions", pinned(Pin(weekday=2)), None),
    ("pinned_sessions", pinned(Pin(weekday=0), refused=[(0, 0, 0, 0)]), None),
    ("pinned_sessions", pinned(Pin(vehicle=1), vehicles=TWO_CARS, refused=[(1, 0)]), None),
    (
        "pinned_sessions",
        make(
            LINE,
            demands={"A": {"pins": (Pin(weekday=0),)}},
            required=["B"],
            weekdays=[0],
            sessions=[MORNING],
        ),
        None,
    ),
    # Twice at A: Monday and Thursday are three days apart, four from week to week.
    ("spread_sessions", twice(weekdays=[0, 3]), 80),
    ("spread_sessions", twice(weekdays=[0, 3], gap_days=3), 80),
    ("spread_sessions", twice(weekdays=[0, 3], gap_days=4), None),
    # Weeks 2 and 4 of the month: the same weekday is 14 days apart, Tuesday then Monday 13.
    ("spread_sessions", twice(weeks=2, gap_days=14), 80),
    ("spread_sessions", twice(weeks=2, gap_days=15), None),
    ("spread_sessions", twice(weeks=2, gap_days=14, refused=[(0, 0, 0, 1), (0, 0, 1, 0)]), None),
    ("spread_sessions", twice(weeks=2, gap_days=13, refused=[(0, 0, 0, 1), (0, 0, 1, 0)]), 80),
    ("spread_sessions", twice(weeks=2, gap_most_days=14), 80),
    ("spread_sessions", twice(weeks=2, gap_most_days=13), None),
    ("spread_sessions", twice(weeks=4, gap_most_days=14), 80),
    ("spread_sessions", twice(weeks=4, gap_most_days=14, refused=[(0, 0, [0, 2])]), 80),
    ("spread_sessions", twice(weeks=4, gap_most_days=14, refused=[(0, 0, [0, 1])]), None),
    # A session that comes back with the cycle, 14 days later, is not another one.
    ("spread_sessions", make(LINE, demands={"A": COMES_BACK}), 40),
    # Two vehicles never serve a commune on one day, in one room or in two.
    ("spread_sessions", twice(weekdays=[0], vehicles=TWO_CARS, agents=FOUR), None),
    ("spread_sessions", twice(vehicles=TWO_CARS, agents=FOUR), 80),
    ("spread_sessions", twice(weekdays=[0], vehicles=TWO_CARS, agents=FOUR, rooms=ROOM), None),
    # A keeps its weekday and half-day, unless that is refused in one of the weeks.
    ("same_slot", twice(weeks=2, same_slot=True), 80),
    ("same_slot", twice(weeks=2, same_slot=True, refused=[(0, 0, 0, 0)]), 80),
    ("same_slot", twice(weeks=2, same_slot=True, refused=[(0, 0, 0, 0), (0, 0, 1, 1)]), None),
    ("same_slot", twice(same_slot=True), None),
    # Two agents for two vehicles go out once a day; a vehicle has its own days.
    ("one_day_tour_a_day", morning_alone(weekdays=[0], vehicles=TWO_CARS), None),
    ("one_day_tour_a_day", morning_alone(weekdays=[0], vehicles=TWO_CARS, agents=FOUR), 40 + 60),
    ("one_day_tour_a_day", morning_alone(vehicles=[vehicle(days=on([1]))]), None),
    ("one_day_tour_a_day", morning_alone(weekdays=[0], vehicles=[ON_MONDAY, ON_TUESDAY]), None),
    ("one_day_tour_a_day", morning_alone(vehicles=[ON_MONDAY, ON_TUESDAY]), 40 + 60),
    # Refused half-days leave A on Tuesday afternoon alone, or nowhere.
    ("one_day_tour_a_day", make(LINE, required=["A"], refused=[(0, 0, 0, 0), (0, 0, 0, 1, 0)]), 40),
    ("required_sessions", make(LINE, required=["A"], refused=[(0, 0)]), None),
    (
        "one_day_tour_a_day",
        make(LINE, required=["A", "B"], sessions=[MORNING], refused=[(0, [0, 1], 0, 0)]),
        None,
    ),
    # A room of A beyond B: A's mairie alone is the nearer, and both never serve more than allowed.
    ("sessions_of_a_site", make(LINE, sites=2, required=["A"], rooms=ROOM), 40),
    ("sessions_of_a_site", make(LINE, sites=1, rooms=ROOM, week_opening_s=5 * HOUR), None),
    ("required_sessions", make(LINE, sites=1, rooms=ROOM, demands={"A": THRICE}), None),
    # Three agents, pairs of whom work 3 h 10 a day: the third's hours let the week go on.
    ("weekly_work", shared_work(agents=agents_of(4, 4)), None),
    ("weekly_work", shared_work(agents=agents_of(4, 4, 4)), None),
    ("weekly_work", shared_work(agents=agents_of(7, 4, 4)), 80),
    ("weekly_work", shared_work(agents=agents_of(7, 4, 3)), None),
    ("weekly_work", shared_work(agents=[*agents_of(7, 4), agent("Agent 3", days=on([0]))]), 80),
]


@pytest.mark.parametrize(("rule", "problem", "expected"), PRICES)
def test_the_price_of_each_rule(rule, problem, expected):
    assert road_min(problem) == expected


def test_every_rule_has_its_price_told():
    assert {rule for rule, *_ in PRICES} == set(RULES)


@pytest.mark.parametrize(
    ("rule", "problem"), [(rule, problem) for rule, problem, price in PRICES if price is None]
)
def test_without_the_rule_that_forbids_there_is_a_plan(rule, problem):
    decisions = Decisions(problem, tuple(all_or_none(problem)))
    add_rules(decisions, without={rule})
    assert decisions.mip.minimise(NOTHING, deadline=float("inf")).values is not None


def test_what_is_missing_to_the_weeks_opening_and_over_its_work():
    short = make(LINE, sites=2, weekdays=[0], week_opening_s=6 * HOUR)
    decisions = Decisions(short, (list_day_tours(short),))
    add_rules(decisions, {"weekly_opening"})
    missing = leeway(decisions, 100_000, 300)
    weekly_opening(decisions, missing)
    answer = decisions.mip.minimise(missing, deadline=float("inf"))
    assert answer.bound == HOUR

    busy = make(LINE, required=["A", "B"], week_work_s=5 * HOUR)
    decisions = Decisions(busy, (list_day_tours(busy),))
    add_rules(decisions, {"weekly_work"})
    extra = leeway(decisions, 100_000, 60)
    weekly_work(decisions, extra)
    answer = decisions.mip.minimise(extra, deadline=float("inf"))
    assert answer.bound == HOUR


@pytest.mark.parametrize(
    ("share", "expected"), [(100.0, 0), (None, 0), (99.9, 0), (66.7, 0), (66.6, 1), (0.0, 3)]
)
def test_residents_a_goal_leaves_beyond(share, expected):
    problem = make(LINE, residents={1: 1, 2: 1, 3: 1})
    assert allowed_beyond(problem, AccessGoal(5, share, True)) == expected


def within(minutes: int) -> AccessGoal:
    return AccessGoal(minutes, None, False)


def test_whom_no_site_can_help():
    times = on_a_line([0, 20, 30, 45, 90])
    times[4][1] = times[4][2] = None
    problem = make(times, sites=2, residents={1: 1, 2: 10, 3: 100, 4: 1000}, fixed=[0])
    assert least_beyond(problem, within(15)) == 1000
    assert least_beyond(problem, within(10)) == 1100
    assert least_beyond(problem, within(20)) == 1000
    assert far_points(problem, within(15)).tolist() == [0, 1, 2]
    assert far_points(problem, within(20)).tolist() == [1, 2]
    assert sites_within(problem, far_points(problem, within(15)), 15).tolist() == [
        [True, True],
        [True, True],
        [False, True],
    ]


@examples(60)
@given(small_territories())
def test_fewer_rules_never_cost_more(problem):
    """Leaving any rule out can only shorten the road, and never makes a plan impossible."""
    problem = replace(problem, objectives=("route",))
    tours = (list_day_tours(problem),)

    def shortest(without: set[str]) -> float:
        decisions = Decisions(problem, tours)
        add_rules(decisions, without)
        road = build(decisions, "route")
        answer = decisions.mip.minimise(road, deadline=float("inf"))
        return float("inf") if answer.infeasible else answer.bound

    whole = shortest(set())
    assert all(shortest({rule}) <= whole for rule in RULES)
    assert shortest(set(RULES)) == 0


def test_tours_placed_where_days_matter_and_counted_where_they_do_not():
    free = make(LINE, hours={"A": "Mo 09:00-12:00"})
    imposed = replace(free, hours_rule="imposes")
    for problem, placed in ((free, False), (imposed, True)):
        decisions = Decisions(problem, (list_day_tours(problem),))
        add_rules(decisions)
        assert (decisions.calendar is not None) == placed


def test_sessions_in_three_slots_share_a_day():
    three = (
        slot("tôt", "08:00", "10:00", 60),
        slot("midi", "10:30", "12:30", 60),
        slot("tard", "14:00", "17:00", 60),
    )
    problem = make(LINE, sessions=three, required=["A", "B", "C"], weekdays=[0])
    assert road_min(problem) == 90
    limits = [
        ("max_work_s", 6 * HOUR, 90),
        ("max_work_s", 6 * HOUR - 1, None),
        # C, B, then A: open from 14:00 to 15:00, packed at 15:15, back at 15:35.
        ("latest_return_s", at("15:35"), 90),
        ("latest_return_s", at("15:34"), None),
    ]
    for name, value, expected in limits:
        assert road_min(replace(problem, day=replace(problem.day, **{name: value}))) == expected
