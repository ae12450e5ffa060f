"""An existing tour under a scenario: what its file leaves out is worked out."""

from __future__ import annotations

import pytest

from tourplan.errors import InputError
from tourplan.prepare import Case, prepare
from tourplan.scenario import Scenario
from tourplan.study.evaluate import evaluate
from tourplan.study.existing import existing_tour, tour_of_today

TOUR = "jour;creneau;code_insee\nlundi;matin;34064\nlundi;après-midi;34230\n"


def scenario(**sections: object) -> Scenario:
    keys = {
        "titre": "Deux communes",
        "communes": {"a_desservir": ["34064", "34230"]},
        "semaine": {"ouverture_min_h": 0},
        "vehicules": [{"depot": "34079"}],
    }
    return Scenario.from_keys({**keys, **sections})


def test_the_tour_of_2024(herault_case: Case) -> None:
    found = existing_tour(herault_case, "herault_2024")
    assert found.case.problem is herault_case.problem
    assert len(found.visits) == len(found.held) == found.plan.figures.sessions == 10
    assert found.plan.stopped == "évalué"
    assert not any(level.proved for level in found.plan.levels)
    assert found.plan.figures.drive_s == pytest.approx(344.9 * 60, abs=6)


def test_it_is_the_tour_that_is_judged(herault_case: Case) -> None:
    found = evaluate(herault_case, "herault_2024", changes=False, limit_s=1)
    assert found.plan == existing_tour(herault_case, "herault_2024").plan


def test_communes_of_the_tour_are_let_in() -> None:
    """The scenario has two communes, the tour ten; the residents counted stay the same."""
    case = prepare(scenario())
    found = existing_tour(case, "herault_2024")
    assert len(found.case.problem.demands) == 10
    assert found.plan.access[-1].residents == int(case.problem.resident_weight.sum())


def test_the_tour_that_the_scenario_names(tmp_path) -> None:
    assert tour_of_today(prepare(scenario())) is None
    (tmp_path / "t.csv").write_text(TOUR, encoding="utf-8")
    keys = scenario(comparaison={"tournee": "t.csv"}).to_keys()
    found = tour_of_today(prepare(Scenario.from_keys(keys, tmp_path)))
    assert found is not None
    assert found.plan.codes() == ("34064", "34230")


def test_every_fault_of_the_tour(tmp_path) -> None:
    (tmp_path / "t.csv").write_text(f"{TOUR}lundi;soir;34064\nmardi;matin;99999\n", "utf-8")
    with pytest.raises(InputError) as refused:
        existing_tour(prepare(scenario()), tmp_path / "t.csv")
    assert len(refused.value.faults) == 2
