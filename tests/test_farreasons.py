"""Why communes stay far: checked against the times, never supposed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tourplan.export.accesstables import far_parts
from tourplan.export.farreasons import MOST_NAMED, far_reasons
from tourplan.export.scene import Scene, build_scene
from tourplan.plan import Plan
from tourplan.prepare import Case, prepare
from tourplan.scenario import Scenario
from tourplan.starter import example_keys
from tourplan.study.existing import existing_tour

CUCULLES = "34266"


@pytest.fixture(scope="module")
def plan(libre_case: Case) -> Plan:
    """The tour of 2024, of ten communes among 64 candidates."""
    return existing_tour(libre_case, "herault_2024").plan


@pytest.fixture(scope="module")
def scene(plan: Plan, libre_case: Case) -> Scene:
    return build_scene(plan, libre_case)


def told(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_every_far_commune_has_a_reason(plan: Plan, libre_case: Case, scene: Scene) -> None:
    found = far_reasons(plan, libre_case, scene, {})
    far = {view.commune.code for part in far_parts(plan, scene) for view in part.communes}
    assert set(found) == far
    assert len(far) > 5
    assert not any(reason.settled for reason in found.values())


def test_the_nearest_candidates_are_named(plan: Plan, libre_case: Case, scene: Scene) -> None:
    problem = libre_case.problem
    text = told(far_reasons(plan, libre_case, scene, {})[CUCULLES].text)
    assert text.startswith("une permanence sur place, ")
    row = problem.places.index(CUCULLES)
    served = {stop.code for day in plan.days for stop in day.stops}
    times = {
        demand.name: int(problem.time_s[row, problem.places.index(demand.code)])
        for demand in problem.demands
        if demand.code not in served
    }
    nearest = sorted(times, key=lambda name: times[name])[1:MOST_NAMED]
    minutes = [f"{times[name] / 60:.1f}".replace(".", ",") for name in nearest]
    assert all(f"({time} min)" in text for time in minutes)


def test_a_reason_that_was_found_is_told(plan: Plan, libre_case: Case, scene: Scene) -> None:
    found = far_reasons(plan, libre_case, scene, {CUCULLES: "la desservir coûterait 5 min"})
    reason = found[CUCULLES]
    assert reason.settled
    assert reason.text == "une permanence sur place la rapprocherait ; la desservir coûterait 5 min"


def test_all_candidates_served(herault_plan: Plan, herault_case: Case) -> None:
    scene = build_scene(herault_plan, herault_case)
    found = far_reasons(herault_plan, herault_case, scene, {})
    assert {reason.text for reason in found.values()} == {
        "toutes les communes candidates sont desservies"
    }
    assert all(reason.settled for reason in found.values())


def test_no_candidate_near_enough() -> None:
    """The ten communes and Béziers, which is far from all that stay far."""
    keys = example_keys("herault")
    keys["communes"]["candidates"] = ["34032"]
    case = prepare(Scenario.from_keys(keys))
    plan = existing_tour(case, "herault_2024").plan
    found = far_reasons(plan, case, build_scene(plan, case), {})
    time_s = case.problem.time_s[
        case.problem.places.index(CUCULLES), case.problem.places.index("34032")
    ]
    minutes = f"{int(time_s) / 60:.1f}".replace(".", ",")
    assert told(found[CUCULLES].text) == (
        "aucune autre commune candidate n’est à 20 min au plus ; la plus proche : Béziers "
        f"({minutes} min)"
    )
    assert found[CUCULLES].settled


def test_no_road_to_the_others(plan: Plan, libre_case: Case, scene: Scene) -> None:
    problem = libre_case.problem
    cut = np.eye(len(problem.places), dtype=bool)
    case = replace(libre_case, problem=replace(problem, reachable=cut))
    found = far_reasons(plan, case, scene, {})
    assert found[CUCULLES].text == "une permanence sur place la rapprocherait"
