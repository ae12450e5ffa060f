"""Weeks decided together: the same plans as with every week for itself, and no false claims."""

from __future__ import annotations

import threading
from dataclasses import replace
from time import monotonic

import pytest
from cycles import cycles, outcome
from hypothesis import given
from tiny import HOUR, MORNING, AccessGoal, agent, examples, make, on_a_line, vehicle

from tourplan.optimise import solve as solve_module
from tourplan.optimise.mip import ONE_CORE
from tourplan.optimise.pooling import pooled
from tourplan.optimise.pricing import all_or_none
from tourplan.problem import Problem
from tourplan.study.relaxed import Question

EACH_WEEK = {"required": 2, "allowed": 2, "same_slot": True, "gap_days": 1}


def for_itself(problem: Problem, **terms: object) -> object:
    """The same with every week and agent for itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solve_module, "pooled", lambda *_: None)
        return outcome(problem, **terms)


def test_weeks_in_different_rooms_reach_more_people():
    problem = make(
        on_a_line([0, 30, -30]),
        sites=1,
        rooms={"A": (2,)},
        weeks=2,
        weekdays=(0,),
        demands={"A": EACH_WEEK},
        residents={1: 100, 2: 100},
        goals=(AccessGoal(5, None, False),),
        objectives=("habitants_au_dela_5",),
    )
    assert outcome(problem) == [(0, 0)]


def test_a_limit_may_be_kept_by_weeks_that_differ_alone():
    """One vehicle is cheap, the other clean: half of the weeks in each keeps both limits."""
    cars = [
        vehicle("1", cost_ueur_m=1, emissions_ug_m=10),
        vehicle("2", cost_ueur_m=10, emissions_ug_m=1),
    ]
    problem = make(
        on_a_line([0, 30]),
        weeks=2,
        weekdays=(0,),
        demands={"A": EACH_WEEK},
        vehicles=cars,
        objectives=("co2", "cout"),
    )
    metres = 2 * 30 * 60 * 10
    limits = {"cout": 11 * metres, "co2": 11 * metres}
    expected = [(11 * metres, 11 * metres)] * 2
    assert outcome(problem, at_most=limits) == expected == for_itself(problem, at_most=limits)


def test_without_the_rules_that_make_them_repeat_weeks_are_for_themselves():
    problem = make(on_a_line([0, 30]), weeks=2, weekdays=(0,), demands={"A": EACH_WEEK})
    assert pooled(problem).repeats
    for rule in ("required_sessions", "same_slot"):
        pool = pooled(problem, {rule})
        assert pool is None or not pool.repeats


def test_a_clash_is_not_seen_where_leaving_out_a_rule_mends_it():
    """Seven hours a week hold one of the two far communes: with fewer sessions there is a plan."""
    problem = make(
        on_a_line([0, 60, -60]),
        weeks=2,
        weekdays=(0, 1),
        sessions=[MORNING],
        demands={"A": EACH_WEEK, "B": EACH_WEEK},
        week_work_s=7 * HOUR,
    )
    tours = tuple(all_or_none(problem))
    question = Question(problem, tours, monotonic() + 60, threading.Event(), ONE_CORE)
    assert question.has_plan() is False
    assert question.has_plan({"required_sessions"}) is True


def test_crews_of_one_depot_may_work_more_between_them_than_one_agent_may():
    """Two days of 5 h from one depot, two crews of 5 h 30 a week each: nobody works too much."""
    problem = make(
        on_a_line([0, 60, -60]),
        weekdays=(0, 1),
        required="AB",
        agents=[agent(f"Agent {n}", 5 * HOUR + 1800) for n in range(4)],
        sessions=(MORNING,),
        depots=(0, 1),
        objectives=("equite_agents", "route"),
    )
    assert outcome(problem) == [(0, 0), (14_400, 14_400)]


@examples(120)
@given(cycles())
def test_the_same_values_together_and_for_itself(problem):
    fair = ("equite_agents", "equite_horaires")
    levels = tuple(name for name in problem.objectives if name not in fair)
    problem = replace(problem, objectives=levels)
    assert outcome(problem) == for_itself(problem)


def test_weeks_apart_start_from_the_last_plan_that_could_be_dealt(monkeypatch):
    """That of the first level; the second one's is refused."""
    problem = make(
        on_a_line([0, 30, -30, 20, -20]),
        weeks=2,
        weekdays=(0,),
        residents={1: 100, 2: 100, 3: 50, 4: 50},
        goals=(AccessGoal(5, None, False),),
        objectives=("habitants_au_dela_5", "route"),
    )
    dealt, begun = [], []
    deal, start = solve_module._dealt, solve_module._start

    def once(*arguments):
        dealt.append(None if dealt and dealt[0] is not None else deal(*arguments))
        return dealt[-1]

    monkeypatch.setattr(solve_module, "_dealt", once)
    monkeypatch.setattr(
        solve_module, "_start", lambda search, days: (begun.append(days), start(search, days))
    )
    assert pooled(problem, ()) is not None
    found = outcome(problem)
    assert len(dealt) > 1
    assert dealt[-1] is None
    assert begun == [dealt[0]]
    assert found == for_itself(problem)
