"""Each level alone on a line of villages: its optimum by hand, its limit, its expression."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from tiny import HOUR, LEVELS, MORNING, examples, make, on_a_line
from tiny import territories as small_territories

from tourplan.daytours import list_day_tours
from tourplan.measures import measure
from tourplan.optimise.objectives import build, limit
from tourplan.optimise.rules import add_rules, required_sessions
from tourplan.optimise.solve import days_of, optimise
from tourplan.optimise.variables import Decisions
from tourplan.problem import Problem

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
    problem = replace(ONE_DAY, sites=tuple(replace(s, required=1) for s in ONE_DAY.sites[:1]))
    assert alone(problem, name) == (40 * each, ("A",))


def test_required_sessions_when_they_are_an_aim():
    """Explanations leave the rule out and hold as many required sessions as can be."""
    problem = make(TIMES, sessions=[MORNING], weekdays=[0, 1], required=["A", "B", "C"])
    decisions = Decisions(problem, list_day_tours(problem))
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
    sites = (replace(ONE_DAY.sites[0], required=1), *ONE_DAY.sites[1:])
    assert limit(replace(ONE_DAY, sites=sites), name) == expected


def test_the_limit_of_access_counts_whom_no_site_can_help():
    hamlet = make(on_a_line([0, 20, 30, 60]), sites=2, residents={1: 7, 3: 9}, fixed=[0])
    assert limit(hamlet, "habitants_au_dela_15") == 9
    assert limit(hamlet, "acces_moyen") == 9 * 30 * 60


def test_opening_is_counted_after_cuts():
    # One morning at A: 40 min of road, 30 of handling; 3 h 20 of work leave 2 h 10 of opening.
    problem = replace(ONE_DAY, week=replace(ONE_DAY.week, max_work_s=3 * HOUR + 20 * 60))
    assert alone(problem, "ouverture") == (130 * 60, ("A",))


@examples(90)
@given(small_territories())
def test_what_the_solver_minimises_is_what_the_plan_is_worth(problem):
    """At the optimum of a level, expression, days and bound agree, and the limit is no better."""
    tours = list_day_tours(problem)
    for name in LEVELS:
        decisions = Decisions(replace(problem, objectives=(name,)), tours)
        add_rules(decisions)
        expression = build(decisions, name)
        answer = decisions.mip.minimise(expression, deadline=float("inf"))
        if answer.infeasible:
            return
        kind = measure(name)
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
    decisions = Decisions(ONE_DAY, list_day_tours(ONE_DAY))
    expression = build(decisions, "acces_moyen")
    far = (100 * 20 + 150 * 30 + 50 * 60) * 60
    assert expression.constant == far
    nobody_served = np.zeros(decisions.mip.size)
    assert expression.value(nobody_served) == far
