"""Each level alone on a line of villages: its optimum by hand, its limit, its expression."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from tiny import (
    HOUR,
    LEVELS,
    MORNING,
    agent,
    asking,
    at,
    examples,
    make,
    on,
    on_a_line,
    vehicle,
    with_work,
)
from tiny import territories as small_territories

from tourplan.daytours import list_day_tours
from tourplan.measures import measure
from tourplan.optimise.objectives import build, limit
from tourplan.optimise.outcome import days_of
from tourplan.optimise.rules import add_rules, required_sessions
from tourplan.optimise.solve import optimise
from tourplan.optimise.variables import Decisions
from tourplan.problem import AccessGoal, Problem
from tourplan.verify import verify

# Depot and fixed counter at 0; A at 20 min, B at 30, C at 60. One morning only.
TIMES = on_a_line([0, 20, 30, 60])
ONE_DAY = make(
    TIMES,
    sessions=[MORNING],
    weekdays=[0],
    fixed=[0],
    residents={0: 1000, 1: 100, 2: 150, 3: 50},
    hours={"C": "Mo 09:00-12:00"},
)


def alone(problem: Problem, name: str) -> tuple[int, tuple[str, ...]]:
    """The proved value of a level taken alone, and the communes served."""
    found = optimise(replace(problem, objectives=(name,)))
    (level,) = found.levels
    assert level.proved
    return level.value, tuple(stop.code for day in found.days for stop in day.stops)


def apart(early_s: int = 0, **facts: object) -> Problem:
    """One agent goes on Monday, the other on Tuesday, each twice a month."""
    return replace(morning(agents=ALONE, crew_size=1, **facts), early_s=early_s)


def two_cars(**facts: object) -> Problem:
    """Two vehicles, each with a crew."""
    agents = [agent(f"Agent {n}") for n in (1, 2)]
    return morning(agents=agents, vehicles=[CAR, VAN], crew_size=1, **facts)


BY_HAND = [
    # A and B are 10 min apart: either serves both; at 5 min B has more people.
    ("habitants_au_dela_15", 50, {"A", "B"}),
    ("habitants_au_dela_5", 150, {"B"}),
    ("habitants_au_dela_30", 0, {"B", "C"}),
    ("heures_mairie", 1, {"C"}),
    # From B: A at 10 min, C at 30.
    ("acces_moyen", (100 * 10 + 50 * 30) * 60, {"B"}),
    ("ouverture", 150 * 60, {"A", "B", "C"}),
]


@pytest.mark.parametrize(("name", "value", "served"), BY_HAND)
def test_each_level_alone(name, value, served):
    found, codes = alone(ONE_DAY, name)
    assert found == value
    assert set(codes) <= served
    assert codes


@pytest.mark.parametrize(("name", "each"), [("route", 60), ("km", 600)])
def test_driving_alone(name, each):
    assert alone(ONE_DAY, name) == (0, ())
    problem = asking(ONE_DAY, "A", required=1)
    assert alone(problem, name) == (40 * each, ("A",))


def test_required_sessions_when_they_are_an_aim():
    """Explanations leave the rule out and hold as many required sessions as can be."""
    problem = make(TIMES, sessions=[MORNING], weekdays=[0, 1], required=["A", "B", "C"])
    decisions = Decisions(problem, (list_day_tours(problem),))
    add_rules(decisions, {"required_sessions"})
    held = build(decisions, "passages")
    answer = decisions.mip.minimise(held, deadline=float("inf"))
    assert answer.bound == held.value(answer.values) == -2
    required_sessions(decisions)
    assert decisions.mip.minimise(held, deadline=float("inf")).infeasible


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("passages", -1),
        ("habitants_au_dela_15", 0),
        ("heures_mairie", -1),
        ("acces_moyen", 0),
        ("route", None),
        ("km", None),
        ("ouverture", None),
    ],
)
def test_limits_known_without_solving(name, expected):
    assert limit(asking(ONE_DAY, "A", required=1), name) == expected


def test_the_limit_of_access_counts_whom_no_site_can_help():
    hamlet = make(on_a_line([0, 20, 30, 60]), sites=2, residents={1: 7, 3: 9}, fixed=[0])
    assert limit(hamlet, "habitants_au_dela_15") == 9
    assert limit(hamlet, "acces_moyen") == 9 * 30 * 60


# Two agents a day each, or a car and a van; villages as above.
ALONE = [agent("Lundi", days=on([0])), agent("Mardi", days=on([1]))]
CAR = vehicle("Voiture", cost_ueur_m=300, emissions_ug_m=1000)
VAN = vehicle("Fourgon", cost_ueur_m=200, emissions_ug_m=2000)
TWICE = "habitants_au_dela_5_x2"


def morning(**facts: object) -> Problem:
    """Mornings from the depot, where a fixed counter stands."""
    people = {0: 1000, 1: 100, 2: 150, 3: 50}
    return make(TIMES, **{"sessions": [MORNING], "fixed": [0], "residents": people, **facts})


def goal(name: str, minutes: int = 5, **facts: object) -> AccessGoal:
    return AccessGoal(minutes, None, False, name, **facts)


HALF = goal("habitants_au_dela_5_part", fixed=np.array([False]), weight=np.array([9, 5, 2, 1]))
OTHER_LEVELS = [
    # C is 60 min from the counter; served, B is 30 from either; with B served too, A is 10 from it.
    ("acces_pire", morning(weekdays=[0]), 30 * 60),
    ("acces_pire", morning(), 10 * 60),
    ("acces_pire", morning(weekdays=[0], residents={3: 0, 2: 1}), 0),
    ("acces_pire", morning(weekdays=[0], fixed=[]), 30 * 60),
    ("marches", asking(morning(), "AB", market=frozenset([1])), 1),
    ("marches", asking(morning(), "AB", market=frozenset([0, 1])), 2),
    ("marches", asking(morning(), "AB", market=frozenset([4])), 0),
    # 40 min of road to A are 24 km: in the van for the money, in the car for the air.
    ("cout", morning(required="A", vehicles=[CAR, VAN]), 24_000 * 200),
    ("co2", morning(required="A", vehicles=[CAR, VAN]), 24_000 * 1000),
    ("cout", morning(required="A", vehicles=[CAR]), 24_000 * 300),
    # A and B are 3 h 40 and 4 h of work, cut by 30 min at most; C is 80 min more than A.
    ("equite_agents", apart(required="AB"), 0),
    ("equite_agents", apart(required="AC"), 2 * 50 * 60),
    ("equite_agents", morning(required="AC"), 0),
    ("equite_agents", morning(), 0),
    # Of 10 000 people each, those beyond 15 min: A and B are one area, C another.
    ("equite_communes", morning(weekdays=[0], areas=[0, 1, 1, 1]), 10_000 * 50 // 300),
    ("equite_communes", morning(weekdays=[0], areas=[0, 0, 0, 1]), 10_000 * 250 // 1250),
    ("equite_communes", morning(weekdays=[0], areas=[0, 0, 0, 0]), 10_000 * 50 // 1300),
    ("equite_communes", morning(areas=[0, 1, 1, 2]), 0),
    # Without the counter the depot counts 9 and is out of reach; of the rest two can be served.
    ("habitants_au_dela_5_part", morning(goals=[HALF]), 9 + 1),
    ("habitants_au_dela_5_part", morning(weekdays=[0], goals=[HALF]), 9 + 2 + 1),
    # Two sessions: B twice on two days; both B and C twice with two vehicles or four days.
    (TWICE, morning(allowed=2, goals=[goal(TWICE, sessions=2)]), 150),
    (TWICE, morning(weekdays=[0], allowed=2, goals=[goal(TWICE, sessions=2)]), 300),
    (TWICE, morning(weekdays=range(4), allowed=2, goals=[goal(TWICE, sessions=2)]), 50),
    (TWICE, two_cars(weekdays=[0, 1], allowed=2, goals=[goal(TWICE, sessions=2)]), 50),
    # A and B at the same half-day are one session for those near both.
    (TWICE, two_cars(weekdays=[0], goals=[goal(TWICE, 10, sessions=2)]), 300),
    (TWICE, two_cars(weekdays=[0, 1], goals=[goal(TWICE, 10, sessions=2)]), 50),
]


@pytest.mark.parametrize(("name", "problem", "value"), OTHER_LEVELS)
def test_each_other_level_alone(name, problem, value):
    problem = replace(problem, objectives=(name,))
    found = optimise(problem)
    assert verify(problem, found.days, found.levels) == ()
    assert [(level.value, level.bound) for level in found.levels] == [(value, value)]


def test_early_starts_are_shared():
    """Each Monday and Tuesday one agent leaves early for C: once each, or twice for one."""
    problem = apart(required="AC", early_s=at("8:45"))
    (level,) = optimise(replace(problem, objectives=("equite_horaires",))).levels
    assert level.value == 2
    shared = replace(morning(required="AC", objectives=("equite_horaires",)), early_s=at("8:45"))
    assert optimise(shared).levels[0].value == 0


def test_opening_is_counted_after_cuts():
    # One morning at A: 40 min of road, 30 of handling; 3 h 20 of work leave 2 h 10 of opening.
    problem = with_work(ONE_DAY, 3 * HOUR + 20 * 60)
    assert alone(problem, "ouverture") == (130 * 60, ("A",))


@examples(90)
@given(small_territories())
def test_what_the_solver_minimises_is_what_the_plan_is_worth(problem):
    """At the optimum of a level, expression, days and bound agree, and the limit is no better."""
    tours = (list_day_tours(problem),)
    for name in LEVELS:
        decisions = Decisions(replace(problem, objectives=(name,)), tours)
        add_rules(decisions)
        expression = build(decisions, name)
        answer = decisions.mip.minimise(expression, deadline=float("inf"))
        if answer.infeasible:
            return
        kind = measure(problem, name)
        sign = 1 if kind.sense == "min" else -1
        days = days_of(decisions, answer.values)
        assert answer.bound == expression.value(answer.values)
        assert sign * kind.value(problem, days) == answer.bound
        known = limit(problem, name)
        assert known is None or known <= answer.bound


def test_levels_without_anyone_or_anywhere_are_settled():
    empty = make([[0]], residents={}, objectives=LEVELS)
    found = optimise(empty)
    assert found.days == ()
    assert all(level.proved and level.value == 0 for level in found.levels)
    nobody = make(TIMES, residents={}, objectives=("acces_moyen", "habitants_au_dela_15"))
    assert [level.value for level in optimise(nobody).levels] == [0, 0]


def test_the_expression_of_mean_access_counts_only_those_far():
    decisions = Decisions(ONE_DAY, (list_day_tours(ONE_DAY),))
    expression = build(decisions, "acces_moyen")
    far = (100 * 20 + 150 * 30 + 50 * 60) * 60
    assert expression.constant == far
    nobody_served = np.zeros(decisions.mip.size)
    assert expression.value(nobody_served) == far
