"""Other ways to a plan where requirements clash: each one told gives a plan, kept rules and all."""

from __future__ import annotations

import threading
from dataclasses import replace
from time import monotonic

import pytest
from cycles import cycles
from hypothesis import assume, given
from tiny import HOUR, MINUTE, MORNING, examples, make, on_a_line, vehicle

from tourplan import daytours
from tourplan.errors import Repair
from tourplan.optimise.pricing import all_or_none
from tourplan.optimise.solve import Infeasible, Undecided, optimise
from tourplan.problem import Pin, Problem
from tourplan.study.clash import no_plan_error
from tourplan.study.otherways import other_ways
from tourplan.study.relaxed import Question
from tourplan.study.widened import moved
from tourplan.verify import verify


def question(problem: Problem, seconds: float = 60.0) -> Question:
    tours = tuple(all_or_none(problem))
    return Question(problem, tours, monotonic() + seconds, threading.Event())


def ways(problem: Problem, seconds: float = 60.0) -> dict[str, Repair]:
    found = other_ways(question(problem, seconds), lambda code: f"« {code} »")
    return {way.rule: way for way in found}


def has_plan(problem: Problem) -> bool:
    try:
        found = optimise(replace(problem, objectives=()))
    except (Infeasible, Undecided):
        return False
    assert verify(problem, found.days) == ()
    return True


# A stands 50 min from the depot, 5 from a counter: a morning there is 4 h 10 of work, or 2 h 40.
FAR = make(
    on_a_line([0, 50, 45, 300]),
    sites=1,
    sessions=[MORNING],
    weekdays=[0],
    required="A",
    fixed=[3, 2],
    week_work_s=4 * HOUR,
)


def test_another_agency_is_named_the_nearest_first():
    assert not has_plan(FAR)
    way = ways(FAR)["agency"]
    assert way.text == "partir de « depot »"
    assert way.change == "partir de « P2 », par exemple (agence et depot)"
    assert (way.proved, way.enough) == (True, True)
    assert has_plan(moved(FAR, 0, 2))


def test_an_agency_that_the_scenario_has_comes_before_counters():
    """Two vehicles: one has its own depot near A, and no seat free of the other week."""
    cars = [vehicle("A", depots=(0,)), vehicle("B", depots=(2,), seats=5)]
    problem = make(
        on_a_line([0, 50, 49, 45]),
        sites=1,
        sessions=[MORNING],
        weekdays=[0],
        required="A",
        fixed=[3],
        vehicles=cars,
        refused=[(1, 0)],
        week_work_s=4 * HOUR,
    )
    assert not has_plan(problem)
    assert ways(problem)["agency"].change.startswith("partir de « P2 »")


def test_no_agency_helps_and_none_is_told():
    assert ways(replace(FAR, fixed_place=FAR.fixed_place[:1])) == {}


def test_out_of_time_nothing_is_told():
    assert ways(FAR, seconds=-1.0) == {}


# Each of two weeks must open 2 h 30: A is near, B takes more work than there is.
TWO_WEEKS = make(
    on_a_line([0, 10, 60, 61]),
    sessions=[MORNING],
    weekdays=[0, 3],
    weeks=2,
    week_opening_s=150 * MINUTE,
    week_work_s=4 * HOUR,
)


def test_the_fewest_communes_visited_twice_are_named():
    assert not has_plan(TWO_WEEKS)
    way = ways(TWO_WEEKS)["sessions_of_a_site"]
    assert way.change == "passer deux fois dans l’une d’elles, par exemple A (passages_max = 2)"
    assert way.proved
    twice = replace(TWO_WEEKS.demands[0], allowed=2, gap_days=11)
    assert has_plan(replace(TWO_WEEKS, demands=(twice, *TWO_WEEKS.demands[1:])))


@pytest.mark.parametrize(
    "demand", [{"gap_days": 15}, {"pins": (Pin(weekday=0),)}], ids=["apart", "pinned"]
)
def test_a_commune_that_cannot_be_visited_twice_is_not_named(demand):
    first = replace(TWO_WEEKS.demands[0], **demand)
    assert ways(replace(TWO_WEEKS, demands=(first, *TWO_WEEKS.demands[1:]))) == {}


def test_a_commune_that_only_one_week_may_serve_is_not_named():
    slots = TWO_WEEKS.open_slots.copy()
    slots[:, 0, 1] = False
    assert ways(replace(TWO_WEEKS, open_slots=slots)) == {}


def test_the_error_holds_them_when_names_are_given():
    error = no_plan_error(FAR, monotonic() + 60, threading.Event(), name_of=str)
    assert [other.rule for other in error.others] == ["agency"]
    assert no_plan_error(FAR, monotonic() + 60, threading.Event()).others == ()


@examples(40)
@given(cycles())
def test_every_way_told_gives_a_plan(problem):
    assume(problem.crew_weeks and not has_plan(problem))
    for rule, way in ways(problem).items():
        assert way.enough
        if rule == "agency":
            here, there = (text.split("« ")[1].split(" »")[0] for text in (way.text, way.change))
            places = problem.places.index(here), problem.places.index(there)
            assert has_plan(moved(problem, *places))


def test_ways_over_days_too_many_to_list_are_the_same(monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(daytours, "MAX_TOURS", 0)
        found = [ways(FAR), ways(TWO_WEEKS)]
    assert found == [ways(FAR), ways(TWO_WEEKS)]
