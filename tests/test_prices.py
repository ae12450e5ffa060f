"""What the weekly rules cost: figures known from the main case, from its two agencies."""

from __future__ import annotations

import csv
import io
import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from commands import SMALL

import tourplan as tp
from tourplan.errors import InputError
from tourplan.plan import Plan
from tourplan.prepare import Case, prepare
from tourplan.scenario import Scenario
from tourplan.starter import example_keys
from tourplan.study.prices import COLUMNS, Prices, Ruled, other_rules, prices, under
from tourplan.verify import verify

BEZIERS = "34032"


def case_of(**changes: Any) -> Case:
    return prepare(Scenario.from_keys({**example_keys("herault"), **changes}))


def lines(found: Prices) -> str:
    return "\n".join(found.sentences()).replace("\u00a0", " ")


@pytest.fixture(scope="module")
def clermont(herault_case, herault_plan) -> Prices:
    return tp.prices(herault_case, herault_plan)


@pytest.fixture(scope="module")
def beziers() -> Prices:
    return prices(case_of(agents=[{"agence": BEZIERS}] * 2, vehicules=[{"depot": BEZIERS}]))


class TestRules:
    def pairs(self, **changes: Any) -> list[tuple[float, float]]:
        return [(rules.opening_h, rules.work_h) for rules in other_rules(case_of(**changes))]

    def test_every_other_pair(self):
        assert self.pairs() == [(0, 39), (24, 35), (0, 35)]
        assert self.pairs(semaine={"travail_max_h": 35.0}) == [(0, 35), (24, 39), (0, 39)]
        assert len(self.pairs(semaine={"travail_max_h": 48, "ouverture_min_h": 20})) == 8

    def test_pairs_that_are_the_same_to_every_agent_are_one(self):
        alike = [{"agence": "34079", "travail_max_h": 30}] * 2
        assert self.pairs(agents=alike) == [(0, 39)]

    def test_an_own_limit_stays_unless_it_is_longer(self):
        agents = [{"agence": "34079", "travail_max_h": hours} for hours in (30, 38)]
        problem = under(case_of(agents=agents), Ruled(24, 35)).problem
        assert [agent.max_week_s / 3600 for agent in problem.agents] == [30, 35]
        problem = under(case_of(agents=agents), Ruled(24, 39)).problem
        assert [agent.max_week_s / 3600 for agent in problem.agents] == [30, 38]

    @pytest.mark.parametrize("rules", [Ruled(0, 39), Ruled(24, 35), Ruled(0, 48)])
    def test_the_case_is_that_of_a_scenario_so_written(self, herault_case, rules):
        other = under(herault_case, rules)
        assert prepare(other.scenario).fingerprint() == other.fingerprint()
        assert herault_case.problem.week.min_opening_s == 24 * 3600

    def test_words(self):
        words = [rules.words for rules in (Ruled(24, 35), Ruled(0, 39), Ruled(22.5, 35))]
        assert words == [
            "avec 24 h d’ouverture au moins et 35 h de travail au plus",
            "sans ouverture minimale, avec 39 h de travail au plus",
            "avec 22 h 30 d’ouverture au moins et 35 h de travail au plus",
        ]


class TestFree:
    """From Clermont-l’Hérault the rules cost nothing but some opening."""

    def test_rules_that_cost_nothing(self, clermont):
        told = lines(clermont)
        assert (
            "« 24 h d’ouverture au moins, avec 39 h de travail » : rien sur les objectifs "
            "(démontré)." in told
        )
        # 35 h 48 of work: a little less opening is enough
        assert (
            "« 35 h de travail au lieu de 39 h, avec 24 h d’ouverture » : rien sur les objectifs "
            "(démontré) ; ouverture d’une semaine : 24 h 55 → 24 h 05." in told
        )
        assert "35 h de travail au plus : rien ne change sur les objectifs (démontré)." in told

    def test_every_plan_keeps_its_rules(self, clermont, herault_case):
        for rules in clermont.others:
            other = under(herault_case, rules)
            assert verify(other.problem, rules.plan.days, rules.plan.levels) == ()
            assert rules.plan.figures.most_work_s <= rules.work_h * 3600
            assert rules.plan.figures.least_open_s >= rules.opening_h * 3600
            assert rules.plan.case().fingerprint() == other.fingerprint()

    def test_a_plan_at_hand_is_not_solved_again(self, clermont, herault_plan):
        assert clermont.asked.plan is herault_plan

    def test_the_table(self, clermont):
        frame = clermont.to_frame()
        assert list(frame.columns) == list(COLUMNS)
        assert len(frame) == 4 * (7 + 4)
        route = frame[frame.nom == "route"]
        assert route.valeur.nunique() == 1
        assert route.ecart.tolist() == ["", *["rien ne change"] * 3]
        assert clermont._repr_html_().count("<li>") == len(clermont.sentences())
        assert repr(clermont).startswith("Prices('Hérault nord-est : dix communes', ")
        assert clermont.to_dict()["lignes"][0]["demontre"] == "oui"


class TestClash:
    """From Béziers no plan opens 24 h in 39 h of work: 22 h 10, or 40 h 46 (as in the guide)."""

    def test_the_scenario_itself(self, beziers):
        assert beziers.asked.impossible
        changes = {repair.rule: repair.change for repair in beziers.asked.repairs}
        assert changes["weekly_opening"].startswith("ouvrir 22 h 10 par semaine")
        assert changes["weekly_work"] == "permettre 40 h 46 de travail par semaine"

    def test_which_requirements_clash_under_other_rules(self, beziers):
        free, strict, short = beziers.others
        assert free.plan.proved
        assert {repair.rule for repair in strict.repairs} == {"weekly_opening", "weekly_work"}
        assert {repair.rule for repair in short.repairs} == {"required_sessions", "weekly_work"}
        told = lines(beziers)
        assert "avec 39 h de travail » : aucun plan ne la tient." in told
        assert "on ne sait pas, aucun plan sans elle non plus." in told
        assert "desservir les 10 communes obligatoires → en desservir 9 au plus" in told
        assert "Sans ouverture minimale, avec 39 h de travail au plus : un plan existe" in told

    def test_other_means_are_told(self, beziers):
        (agency,) = [way for way in beziers.asked.others if way.rule == "agency"]
        told = f"{agency.text} → {agency.change}".replace("\u00a0", " ")
        assert f"ou, sans toucher à ces exigences : {told}" in lines(beziers)
        told = beziers.to_frame()
        assert agency.change in told[told.sujet == "autre moyen"].texte.tolist()

    def test_the_table(self, beziers):
        frame = beziers.to_frame()
        clash = frame[frame.sujet == "exigence"]
        assert len(clash) == 6
        assert frame[frame.sujet == "aucun plan"].demontre.tolist() == ["oui"] * 3


@pytest.mark.slow
def test_35_h_leave_people_far_where_24_h_are_kept(libre_case):
    """64 candidates: with 24 h, 35 h of work leave 250 residents beyond 15 min; without, none."""
    found = prices(libre_case)
    beyond = {
        (rules.opening_h, rules.work_h): rules.plan.level("habitants_au_dela_15")
        for rules in (found.asked, *found.others)
    }
    assert all(level.proved for level in beyond.values())
    values = {rules: level.value for rules, level in beyond.items()}
    assert values == {(24, 39): 0, (0, 39): 0, (24, 35): 250, (0, 35): 0}


class TestPeopleAndMinutes:
    """Plans whose levels were changed by hand: what is told, and only that."""

    def found(self, plan: Plan, *, proved: bool = True, **values: int) -> Prices:
        levels = tuple(
            level.model_copy(
                update={
                    "value": values.get(level.name, level.value),
                    "bound": values.get(level.name, level.value) if proved else None,
                    "text": f"{values.get(level.name, level.value)}",
                }
            )
            for level in plan.levels
        )
        strict = Ruled(24, 35, plan=plan.model_copy(update={"levels": levels}))
        return Prices("Essai", Ruled(24, 39, plan=plan), (strict,))

    def test_people(self, herault_plan):
        found = self.found(herault_plan, habitants_au_dela_15=11_570, route=21_000)
        told = lines(found)
        assert "avec 24 h d’ouverture » : 250 habitants de plus à plus de 15 min" in told
        assert "Habitants à plus de 15 min d’un accueil : 11 320 habitants → 11570 (250" in told
        cells = {row[4]: row[10:] for row in found.rows() if row[2] == "35,0"}
        assert cells["habitants_au_dela_15"] == ("11320", "250 habitants de plus")
        assert cells["heures_mairie"] == ("10", "rien ne change")

    def test_minutes(self, herault_plan):
        road_s = herault_plan.level("route").value
        told = lines(self.found(herault_plan, route=road_s + 600))
        assert (
            "avec 24 h d’ouverture » : 10 min de route de plus par semaine de tournée (démontré)."
            in told
        )

    def test_half_days_and_access(self, herault_plan):
        told = lines(self.found(herault_plan, heures_mairie=9))
        assert "1 demi-journée de moins aux heures d’ouverture de la mairie (démontré)" in told
        access = herault_plan.level("acces_moyen").value
        told = lines(self.found(herault_plan, acces_moyen=access + 1))
        assert "accès moyen des habitants que les points fixes laissent loin plus long" in told

    def test_nothing_unproved_is_called_proved(self, herault_plan):
        told = lines(self.found(herault_plan, proved=False, habitants_au_dela_15=11_570))
        assert "de 15 min d’un accueil (non démontré)." in told
        assert "(démontré)" not in told.partition("Avec 24 h")[0]

    def test_what_comes_after_the_first_change_does_not_spoil_its_proof(self, herault_plan):
        found = self.found(herault_plan, habitants_au_dela_15=11_570)
        plan = found.others[0].plan
        last = plan.levels[-1].model_copy(update={"bound": None})
        plan = plan.model_copy(update={"levels": (*plan.levels[:-1], last)})
        told = lines(replace(found, others=(replace(found.others[0], plan=plan),)))
        assert "250 habitants de plus à plus de 15 min d’un accueil (démontré)" in told


def test_interrupted_nothing_is_invented(herault_case, herault_plan):
    stop = threading.Event()
    stop.set()
    found = prices(herault_case, herault_plan, stop=stop)
    assert not any(rules.plan or rules.impossible for rules in found.others)
    assert "pas de réponse" in lines(found)


def test_a_plan_of_another_scenario_is_refused(herault_plan):
    with pytest.raises(InputError, match="il ne suit pas ce scénario"):
        prices(case_of(semaine={"travail_max_h": 30.0, "ouverture_min_h": 0.0}), herault_plan)


class TestCommand:
    def test_a_file_more(self, tp, small, tmp_path):
        answer = tp("solve", small, "--regles")
        assert answer.code == 0
        assert "Prix de la règle « 24 h d’ouverture au moins" in answer.out
        (found,) = (tmp_path / "sorties").iterdir()
        text = (found / "prix.csv").read_text(encoding="utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
        assert tuple(rows[0]) == COLUMNS

    def test_json(self, tp, small):
        found = json.loads(tp("solve", small, "--regles", "--json").out)
        assert found["fichiers"][-1] == "prix.csv"
        assert found["prix"]["lignes"]
        assert found["sensibilite"] is None

    def test_without_a_plan_the_rules_are_told_all_the_same(self, tp, tmp_path):
        path = tmp_path / "24 h.toml"
        path.write_text(SMALL.replace("_min_h = 0", "_min_h = 24"), encoding="utf-8")
        answer = tp("solve", path, "--regles")
        assert answer.code == 3
        assert "Sans ouverture minimale, avec 39 h de travail au plus : un plan existe" in (
            answer.out
        )
        assert "Aucun plan n’existe" in answer.err

    def test_not_with_a_curve(self, tp, small):
        answer = tp("solve", small, "--regles", "--arbitrage", "route,km")
        assert answer.code == 2
        assert "ne va pas avec --regles" in answer.err
