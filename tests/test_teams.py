"""Agents taken together: the same plans as with each of them told apart from the start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cycles import cycles, outcome
from hypothesis import given
from tiny import HOUR, MINUTE, agent, examples, going, make, on, on_a_line, vehicle

from tourplan.optimise import pooling
from tourplan.optimise.solve import Infeasible, optimise
from tourplan.optimise.teams import Teams, together
from tourplan.problem import Problem

LINE = on_a_line([0, 10, 20, 30, 40])
CARS = [vehicle("A"), vehicle("B")]


def four(**facts: object) -> Problem:
    """Two vehicles, four agents alike."""
    agents = [agent(f"Agent {n}", 20 * HOUR) for n in range(4)]
    return make(LINE, **{"agents": agents, "vehicles": CARS, "required": "ABCD", **facts})


def apart(problem: Problem) -> Teams:
    return Teams(problem, tuple((number,) for number in range(len(problem.crew_weeks))))


def test_four_agents_and_two_vehicles_are_two_crews():
    problem = four()
    teams = together(problem)
    assert len(problem.crew_weeks) == 2 * 36, "two teams, one for each week of the month"
    assert [len(crews) for crews in teams.choices] == [36, 36]
    standing = teams.problem.agents[-1]
    assert (standing.max_week_s, standing.vehicles_a_day) == (40 * HOUR, 2)
    assert outcome(problem) == [(2 * 120 * MINUTE // 2, 2 * 120 * MINUTE // 2)]


def test_agents_of_two_kinds_who_may_go_together_are_not_taken_together():
    agents = [agent("Un", 20 * HOUR), agent("Deux", 20 * HOUR), agent("Trois", 30 * HOUR)]
    assert together(four(agents=agents)).same


def test_agents_who_only_differ_in_days_go_by_kind():
    agents = [
        *(agent(f"Lundi {n}", 20 * HOUR, days=on([0])) for n in range(3)),
        *(agent(f"Mardi {n}", 20 * HOUR, days=on([1])) for n in range(3)),
    ]
    problem = four(agents=agents, vehicles=CARS[:1])
    teams = together(problem)
    assert not teams.same
    assert {crew.weekdays for crew in teams.problem.crew_weeks} == {(0,), (1,)}


def test_four_agents_share_the_work_that_two_could_not_do():
    """Two days of 5 h 40 at least, 7 h a week: two agents do one of them, four do both."""
    agents = [agent(f"Agent {n}", 7 * HOUR) for n in range(4)]
    assert outcome(four(agents=agents[:2], vehicles=CARS[:1])) is Infeasible
    assert outcome(four(agents=agents, vehicles=CARS[:1])) == [(120 * MINUTE, 120 * MINUTE)]


def test_where_days_cannot_be_shared_crews_are_told_apart(monkeypatch):
    calls = []

    def cannot(*_: object) -> None:
        calls.append(1)

    expected = outcome(four())
    monkeypatch.setattr(pooling, "told_apart", cannot)
    assert outcome(four()) == expected
    assert calls


@examples(60)
@given(cycles())
def test_the_same_values_with_agents_told_apart(problem):
    alike = tuple(replace(problem.agents[0], name=one.name) for one in problem.agents)
    bases, crew_weeks = going(
        alike,
        problem.vehicles,
        problem.month_weeks,
        problem.weekdays,
        problem.crew_size,
        problem.trained,
        (0,),
    )
    levels = tuple(name for name in problem.objectives if not name.startswith("equite_"))
    problem = replace(problem, agents=alike, bases=bases, crew_weeks=crew_weeks, objectives=levels)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pooling, "together", apart)
        expected = outcome(problem)
    assert outcome(problem) == expected


def test_nobody_goes_and_nobody_is_shared():
    problem = four(required="")
    found = optimise(replace(problem, objectives=("route",)))
    assert found.days == ()
    assert np.all([level.value == 0 for level in found.levels])
