"""From a scenario to a verified plan, or to the reason why there is none."""

from __future__ import annotations

import copy
import json
import threading
from dataclasses import replace

import pytest
from tiny import with_work

from tourplan import daytours, planner
from tourplan.errors import InputError, NoPlanError, OwnError
from tourplan.optimise.mip import SolverError
from tourplan.plan import Plan
from tourplan.planner import solve
from tourplan.prepare import Case, prepare
from tourplan.scenario import Scenario
from tourplan.starter import TEN, example, example_keys
from tourplan.verify import Violation, verify


def without_measures(plan: Plan) -> dict:
    found = json.loads(plan.to_json())
    del found["mesures"]
    return found


def herault(**sections: object) -> Scenario:
    return Scenario.from_keys({**copy.deepcopy(example_keys("herault")), **sections})


def test_the_herault_plan(herault_plan, herault_case):
    assert herault_plan.proved
    assert herault_plan.stopped == "terminé"
    assert set(herault_plan.codes()) == set(TEN)
    assert herault_plan.free_days == ()
    assert verify(herault_case.problem, herault_plan.days, herault_plan.levels) == ()
    figures = herault_plan.figures
    assert (figures.sessions, figures.communes, figures.in_hours) == (10, 10, 10)
    assert figures.least_open_s >= 24 * 3600
    assert figures.drive_s == herault_plan.level("route").value == 21_168


def test_same_inputs_same_plan_but_for_the_measures(herault_plan):
    again = solve(example("herault"))
    assert without_measures(again) == without_measures(herault_plan)
    assert again.fingerprint == herault_plan.fingerprint
    assert set(again.measures) == {"cree_le", "duree_s", "niveaux_s", "python", "systeme"}


@pytest.mark.slow
def test_same_inputs_same_plan_on_64_communes():
    """The study, whose plans have many equals; with one core nothing is left to chance."""
    alone = Scenario.from_keys({**example_keys("herault-libre"), "calcul": {"coeurs": 1}})
    once, twice = (solve(alone, limit_s=240) for _ in range(2))
    assert once.proved
    assert without_measures(once) == without_measures(twice)


def test_every_seed_reaches_the_same_values(herault_plan):
    plan = solve(herault(calcul={"graine": 7}))
    assert [level.value for level in plan.levels] == [v.value for v in herault_plan.levels]
    assert plan.proved


def test_whatever_names_a_case_is_taken(tmp_path, herault_case):
    file = tmp_path / "scenario.toml"
    file.write_text('titre = "deux"\n[communes]\na_desservir = ["34036", "34064"]\n', "utf-8")
    for given in (file, str(file), Scenario.read(file), prepare(Scenario.read(file))):
        case = Case.of(given)
        assert case.scenario.title == "deux"
    assert Case.of(herault_case) is herault_case


def test_a_scenario_with_faults_is_refused_whole():
    with pytest.raises(InputError) as caught:
        solve(herault(communes={"a_desservir": ["99999", "00000"]}))
    assert len(caught.value.faults) == 2


def test_steps_are_told_in_french(herault_case):
    heard: list[str] = []
    solve(herault_case, progress=heard.append)
    assert any("mairie" in words for words in heard)


@pytest.mark.parametrize("limit_s", [0.0, -1.0])
def test_no_time_is_the_users_fault(herault_case, limit_s):
    with pytest.raises(InputError, match="premier plan") as caught:
        solve(herault_case, limit_s=limit_s)
    assert caught.value.exit_code == 2


def test_stopped_before_a_first_plan(herault_case):
    stop = threading.Event()
    stop.set()
    with pytest.raises(InputError, match="interrompu avant un premier plan"):
        solve(herault_case, stop=stop)


def test_stopped_after_a_first_plan_it_is_kept_and_said(herault_case):
    stop, heard = threading.Event(), []

    def hear(words: str) -> None:
        heard.append(words)
        if len(heard) == 2:
            stop.set()

    plan = solve(herault_case, progress=hear, stop=stop)
    assert plan.stopped == "interrompu"
    assert not plan.proved
    assert plan.level("heures_mairie").proved
    assert plan.level("route").bound is None


def test_no_plan_is_told_with_what_clashes(herault_case):
    heard: list[str] = []
    case = replace(herault_case, problem=with_work(herault_case.problem, 20 * 3600))
    with pytest.raises(NoPlanError) as caught:
        solve(case, progress=heard.append)
    assert caught.value.exit_code == 3
    assert {repair.rule for repair in caught.value.repairs} >= {"weekly_work"}
    assert any("s’opposent" in words for words in heard)
    assert all(
        set(repair.to_dict()) == {"regle", "exigence", "changement", "demontre", "suffit"}
        for repair in caught.value.repairs
    )


def test_no_plan_over_days_too_many_to_list_is_told_too(monkeypatch):
    """Twenty hours of work a week hold no ten communes; days are looked for, not listed."""
    scenario = herault(semaine={"travail_max_h": 20.0, "ouverture_min_h": 0.0})
    monkeypatch.setattr(daytours, "MAX_TOURS", 20)
    with pytest.raises(NoPlanError) as caught:
        solve(scenario)
    assert "weekly_work" in {repair.rule for repair in caught.value.repairs}


def test_a_plan_the_checker_refuses_is_our_fault(herault_case, monkeypatch):
    monkeypatch.setattr(planner, "verify", lambda *_: (Violation("window", "lundi", "trop tôt"),))
    with pytest.raises(OwnError, match="lundi : trop tôt") as caught:
        solve(herault_case)
    assert caught.value.exit_code == 1


def test_every_plan_is_checked_with_its_levels(herault_case, monkeypatch):
    seen = []
    monkeypatch.setattr(planner, "verify", lambda *arguments: seen.append(arguments) or ())
    plan = solve(herault_case)
    ((problem, days, levels),) = seen
    assert problem is herault_case.problem
    assert levels == plan.levels
    assert [(d.weekday, d.work_s) for d in days] == [(d.weekday, d.work_s) for d in plan.days]


def test_a_solver_that_fails_is_no_impossible_scenario(herault_case, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise SolverError("ABNORMAL")

    monkeypatch.setattr(planner, "optimise", fail)
    with pytest.raises(SolverError):
        solve(herault_case)
