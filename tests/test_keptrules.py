"""The rules of a plan as pages tell them."""

from __future__ import annotations

import pytest

from tourplan.export.audience import public_plan
from tourplan.export.keptrules import kept_rules, source_of
from tourplan.plan import Plan
from tourplan.prepare import Case
from tourplan.times import WeekLimits


def test_figures_are_those_of_the_plan(herault_plan, herault_case):
    rules = {rule.name: rule for rule in kept_rules(herault_plan, herault_case.scenario)}
    shortest = min(
        24 * 3600 - one.return_s + two.departure_s
        for one, two in zip(herault_plan.days, herault_plan.days[1:], strict=False)
    )
    rest = rules["Repos entre deux journées"].done.replace("\u00a0", " ").replace("\u202f", " ")
    assert rest == f"{shortest // 3600} h {shortest % 3600 // 60:02d}"
    assert rules["Travail par jour et par agent"].source == "Code du travail, L3121-18"
    present = rules["Présents à chaque permanence"]
    assert present.asked == present.done == "2\u00a0agents"


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({}, "règle des maisons de services au public"),
        ({"min_opening_h": 30.0}, "réglage de ce scénario"),
    ],
)
def test_the_source_of_a_value_that_the_scenario_sets(given, source):
    assert source_of(WeekLimits(**given), "min_opening_h") == source


def test_the_rest_is_the_same_without_the_names_of_agents(herault_plan: Plan, herault_case: Case):
    scenario = herault_case.scenario
    assert kept_rules(public_plan(herault_plan), scenario) == kept_rules(herault_plan, scenario)


def test_the_rest_is_that_of_people_not_of_vehicles(herault_plan: Plan, herault_case: Case):
    """Two vehicles in turn, the same two agents: their nights are no longer."""
    days = tuple(
        day.model_copy(update={"vehicle": f"Véhicule {rank % 2}"})
        for rank, day in enumerate(herault_plan.days)
    )
    plan, scenario = herault_plan.model_copy(update={"days": days}), herault_case.scenario
    assert kept_rules(plan, scenario) == kept_rules(herault_plan, scenario)


def test_a_rule_that_is_broken_says_so(herault_plan: Plan, herault_case: Case):
    """Ten minutes of meal less on one day, and an hour of work too many on another."""
    first, second, *others = herault_plan.days
    first = first.model_copy(update={"break_until_s": first.break_from_s + 20 * 60})
    second = second.model_copy(update={"work_s": 11 * 3600})
    plan = herault_plan.model_copy(update={"days": (first, second, *others)})
    done = {rule.name: rule.done for rule in kept_rules(plan, herault_case.scenario)}
    assert done["Repas, hors travail"].replace("\u00a0", " ") == "20 min, enfreinte"
    assert done["Travail par jour et par agent"].endswith(", enfreinte")
    assert sum("enfreinte" in words for words in done.values()) == 2


def test_an_empty_plan_tells_what_is_asked(herault_plan: Plan, herault_case: Case):
    plan = herault_plan.model_copy(update={"days": ()})
    assert {rule.done for rule in kept_rules(plan, herault_case.scenario)} == {""}
