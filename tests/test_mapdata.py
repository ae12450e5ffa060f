"""What the script of the map is given: true to the plan, and to whom the page is for."""

from __future__ import annotations

import json

import pytest

from tourplan.export.mapdata import map_data
from tourplan.export.scene import build_scene
from tourplan.hours import clock
from tourplan.plan import Plan
from tourplan.prepare import Case
from tourplan.study.existing import ExistingTour, existing_tour


@pytest.fixture(scope="module")
def today(herault_case: Case) -> ExistingTour:
    return existing_tour(herault_case, "herault_2024")


def test_without_a_tour_today_there_are_two_sides(herault_plan: Plan, herault_case: Case) -> None:
    data = map_data(herault_plan, herault_case, build_scene(herault_plan, herault_case))
    assert data["mots"]["vues"] == {"avant": "Sans la tournée", "apres": "Avec la tournée"}
    assert {day["vue"] for day in data["journees"]} == {"apres"}
    assert "aujourdhui" not in data["communes"][0]


def test_the_tour_of_today_has_its_days_ways_and_minutes(
    herault_plan: Plan, herault_case: Case, today: ExistingTour
) -> None:
    scene = build_scene(herault_plan, herault_case, today)
    data = map_data(herault_plan, herault_case, scene, today)
    assert list(data["mots"]["vues"]) == ["avant", "aujourdhui", "apres"]
    theirs = [day for day in data["journees"] if day["vue"] == "aujourdhui"]
    assert [stop["court"] for day in theirs for stop in day["arrets"]] == [
        stop.name for day in today.plan.days for stop in day.stops
    ]
    assert scene.today is not None
    first, last = len(scene.nodes), len(scene.nodes) + len(scene.today.nodes)
    for day in data["journees"]:
        points = {point for way in day["traces"] for point in way}
        span = range(first, last) if day["vue"] == "aujourdhui" else range(first)
        assert points
        assert points <= set(span)
    assert len(data["noeuds"]) == last
    own = build_scene(today.plan, today.case)
    after = {view.commune.code: view.after.rank for view in own.communes}
    assert {c["code"]: c["aujourdhui"][0] for c in data["communes"]} == after


def test_hours_of_the_team_are_told_to_the_team_only(
    herault_plan: Plan, herault_case: Case
) -> None:
    scene = build_scene(herault_plan, herault_case)
    stop = herault_plan.days[0].stops[0]
    for internal in (False, True):
        data = map_data(herault_plan, herault_case, scene, internal=internal)
        text = " ".join(data["journees"][0]["arrets"][0]["lignes"])
        assert f"ouvert de {clock(stop.opening_s)} à {clock(stop.closing_s)}" in text
        assert stop.address in text
        assert (f"Arrivée à {clock(stop.arrival_s)}" in text) is internal


def test_who_goes_is_told_to_the_team(herault_plan: Plan, herault_case: Case) -> None:
    days = [day.model_copy(update={"teams": {2: ("Amélie", "B")}}) for day in herault_plan.days]
    plan = herault_plan.model_copy(update={"days": tuple(days)})
    scene = build_scene(plan, herault_case)
    assert "Équipe\u00a0: Amélie, B" in json.dumps(
        map_data(plan, herault_case, scene, internal=True), ensure_ascii=False
    )
    scene = build_scene(herault_plan, herault_case)
    unnamed = map_data(herault_plan, herault_case, scene, internal=True)
    assert "Équipe" not in json.dumps(unnamed, ensure_ascii=False)
