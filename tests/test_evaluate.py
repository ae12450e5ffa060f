"""Judging a tour: its figures, the rules it breaks, what one change and all changes bring."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tourplan.errors import InputError
from tourplan.export.itinerary import itinerary_csv
from tourplan.export.judgement import evaluation_report
from tourplan.plan import Plan
from tourplan.planner import solve
from tourplan.prepare import Case, prepare
from tourplan.scenario import Scenario
from tourplan.starter import example
from tourplan.study.changes import single_changes
from tourplan.study.evaluate import Evaluation, evaluate
from tourplan.study.existing import existing_tour

CAYLAR, RIVES, BOSC, CHARENTE = "34064", "34230", "34036", "16113"
KEYS: dict[str, Any] = {
    "titre": "Trois communes",
    "communes": {"a_desservir": [CAYLAR, RIVES], "candidates": [BOSC]},
    "cycle": {"jours": ["lundi", "mardi"]},
    "semaine": {"ouverture_min_h": 0},
    "vehicules": [{"depot": "34079"}],
}


def case_of(**changes: Any) -> Case:
    return prepare(Scenario.from_keys({**KEYS, **changes}))


@pytest.fixture(scope="module")
def case() -> Case:
    """Two communes to serve and one candidate, on Mondays and Tuesdays."""
    return case_of()


@pytest.fixture
def tour(tmp_path):
    """The path of a tour: ``jour creneau code`` a line."""

    def written(*lines: str, head: str = "jour;creneau;code_insee") -> Path:
        path = tmp_path / "t.csv"
        path.write_text("\n".join([head, *(line.replace(" ", ";") for line in lines)]))
        return path

    return written


def level(found: Evaluation, name: str, of: str = "plan") -> int:
    levels = {"plan": found.plan.levels, "swap": found.swap and found.swap.levels}[of]
    assert levels is not None
    return next(lv.value for lv in levels if lv.name == name)


@pytest.fixture(scope="module", params=["herault_2021", "herault_2024"])
def found(request, herault_case, herault_plan) -> Evaluation:
    """The proposal of 2021 and the tour run in 2024."""
    return evaluate(herault_case, request.param, best=herault_plan)


class TestTheToursOfTheHerault:
    def test_they_break_no_rule(self, found):
        assert found.violations == ()

    def test_their_road_is_proved_the_shortest(self, found):
        assert round(found.plan.figures.drive_s / 60, 1) == 344.9
        assert found.shortest_s == found.plan.figures.drive_s
        assert found.shortest_already

    def test_six_of_ten_half_days_are_in_mairie_hours(self, found):
        assert found.plan.figures.in_hours == level(found, "heures_mairie") == 6
        assert len(found.to_check) == 4
        assert all("horaires publiés ce jour-là" in str(item) for item in found.to_check)

    def test_the_best_single_change_keeps_the_road(self, found):
        assert found.all_tried
        assert level(found, "route", "swap") == level(found, "route")
        assert level(found, "heures_mairie", "swap") > 6
        assert level(found, "passages", "swap") == 10

    def test_the_optimum_is_better(self, found, herault_plan):
        assert found.best is herault_plan
        assert not found.is_best
        assert herault_plan.level("heures_mairie").value > 6

    def test_no_level_of_theirs_is_called_proved(self, found):
        assert found.plan.stopped == "évalué"
        assert not any(lv.proved for lv in found.plan.levels)


def test_the_optimum_is_recognised(herault_case, herault_plan, tmp_path):
    path = tmp_path / "i.csv"
    path.write_bytes(itinerary_csv(herault_plan))
    found = evaluate(herault_case, path, best=herault_plan)
    assert found.is_best
    assert found.swap is None
    assert found.violations == ()
    assert found.plan.days == herault_plan.days
    assert found.plan.figures == herault_plan.figures
    assert found.plan.access == herault_plan.access


ROOMS: dict[str, Any] = {
    "titre": "Salles, journées entières, deux agences",
    "communes": {"a_desservir": [CAYLAR, RIVES, BOSC, "34268"]},
    "lieux": [{"code_insee": CAYLAR, "nom": "Halle"}, {"code_insee": CAYLAR, "nom": "-École"}],
    "reglages": [{"communes": [CAYLAR], "passages": 2}],
    "cycle": {"semaines": 2, "jours": ["lundi", "mardi"], "meme_creneau": False},
    "permanences": [
        {"nom": "matin", "ouverture": "09:45", "fermeture": "12:15"},
        {"nom": "après-midi", "ouverture": "13:30", "fermeture": "16:00"},
        {
            "nom": "journée",
            "ouverture": "09:30",
            "fermeture": "16:30",
            "minimum_min": 240,
            "journee_entiere": True,
        },
    ],
    "imposes": [
        {"commune": "34268", "creneau": "journée", "vehicule": "Kangoo"},
        {"commune": CAYLAR, "vehicule": "=Zoé"},
    ],
    "equipe": {"agents": 1},
    "agents": [{"agence": "34079"}, {"agence": "34142"}, {"agence": "34142"}],
    "vehicules": [{"nom": "Kangoo", "depot": "34079"}, {"nom": "=Zoé", "depot": "34142"}],
    "semaine": {"ouverture_min_h": 0},
}


@pytest.fixture(scope="module")
def rooms() -> Case:
    return prepare(Scenario.from_keys(ROOMS))


class TestReadsBack:
    """Several vehicles, agencies, weeks and rooms, and a whole day: the file says all of it."""

    def test_exactly(self, rooms, tmp_path):
        plan = solve(rooms)
        assert len({day.vehicle for day in plan.days}) == len({d.depot for d in plan.days}) == 2
        assert any(stop.closed_s for day in plan.days for stop in day.stops)
        path = tmp_path / "i.csv"
        path.write_bytes(itinerary_csv(plan))
        found = evaluate(rooms, path, best=plan, changes=False)
        assert found.plan.days == plan.days
        assert found.violations == ()
        assert found.is_best
        assert found.plan.notes == plan.notes

    def test_an_unknown_room_is_told(self, rooms, tour):
        path = tour("lundi matin 34064 Église", head="jour;creneau;code_insee;lieu")
        found = evaluate(rooms, path, changes=False, limit_s=0.01)
        assert (
            "Le Caylar : lieu « Église » inconnu du scénario, « Halle » est pris à sa place"
            in found.plan.notes
        )

    def test_a_team_that_cannot_go_is_told(self, rooms, tour):
        path = tour("lundi matin 34064 Bob", head="jour;creneau;code_insee;agents")
        (told,) = [note for note in existing_tour(rooms, path).plan.notes if "équipe" in note]
        assert told.startswith("équipe « Bob » impossible selon le scénario, « Agent ")

    def test_changes_name_rooms_and_vehicles(self, rooms):
        halle = rooms.problem.site_index[CAYLAR, "Halle"]
        texts = [text for text, _ in single_changes(rooms.problem, {(0, 0, 0): halle})]
        rooms_changed = "Le Caylar (-École) remplace Le Caylar (Halle)"
        assert f"lundi de la semaine 1 (Kangoo) matin : {rooms_changed}" in texts
        added = [text for text in texts if text.startswith("ajouter")]
        assert any("(=Zoé)" in text and "Le Caylar" in text for text in added)


class TestPauses:
    """A whole-day session closes when the file says so."""

    HEAD = "jour;creneau;code_insee;vehicule;ouverture;fermeture;pause_de;pause_a"

    def test_as_given(self, rooms, tour):
        line = "lundi journée 34268 Kangoo 09:30 16:30 12:30 13:30"
        plan = evaluate(rooms, tour(line, head=self.HEAD), changes=False, limit_s=0.01).plan
        (day,) = plan.days
        assert day.stops[0].closed == (day.break_from_s, day.break_until_s) == (45_000, 48_600)
        assert day.stops[0].open_s == 6 * 3600

    def test_a_half_day_has_none(self, rooms, tour):
        line = "lundi matin 34268 Kangoo 09:45 12:15 11:00 11:30"
        with pytest.raises(InputError, match="pause donnée, mais « matin » n’en a pas"):
            evaluate(rooms, tour(line, head=self.HEAD), changes=False, limit_s=0.01)


def test_the_bus_of_charente_leaves_too_little_time_to_eat():
    """Odd Fridays and even Thursdays; other rules are kept at its published hours."""
    found = evaluate(example("charente-bus"), "charente_bus", changes=False, limit_s=0.01)
    assert [(one.rule, one.where) for one in found.violations] == [
        ("meal", "semaine 1, vendredi, Fouqueure"),
        ("meal", "semaine 2, jeudi, Luxé"),
    ]
    assert (
        found.plan.figures.open_s
        == (5 + 5.5 + 5.5 + 3 + 3.5 + 3 + 2.5 + 3 + 5 + 3.5 + 3 + 3.5) * 3600
    )


class TestHours:
    def test_missing_ones_are_the_longest_there_are(self, case, tour):
        found = evaluate(case, tour("lundi matin 34064", "lundi après-midi 34230"))
        assert [stop.open_s for stop in found.plan.days[0].stops] == [9_000, 9_000]
        assert found.violations == ()

    def test_given_ones_are_kept_and_judged(self, case, tour):
        head = "jour;creneau;code_insee;ouverture;fermeture"
        path = tour("lundi matin 34064 10:02 12:15", "mardi matin 34230 09:00 ", head=head)
        found = evaluate(case, path)
        (one, two) = (day.stops[0] for day in found.plan.days)
        assert (one.opening_s, one.closing_s) == (36_120, 44_100)
        assert (two.opening_s, two.closing_s) == (32_400, 44_100)
        assert {violation.rule for violation in found.violations} >= {"grid", "window"}

    def test_an_impossible_day_gets_its_whole_windows(self, tour):
        tight = case_of(journee={"depart_au_plus_tot": "09:50"})
        found = evaluate(tight, tour("lundi matin 34064", "mardi après-midi 34230"))
        stop = found.plan.days[0].stops[0]
        assert (stop.opening_s, stop.closing_s) == (35_100, 44_100)
        assert "departure" in {violation.rule for violation in found.violations}


class TestOutsideTheScenario:
    def test_a_commune_it_does_not_name(self, case, tour):
        found = evaluate(case, tour("lundi matin 34064", "lundi après-midi 34251"))
        assert ("outside", "Saint-Étienne-de-Gourgas") in {
            (v.rule, v.where) for v in found.violations
        }
        assert any("sans permanence" in v.what for v in found.violations)
        assert found.plan.access[-1].residents == case.problem.resident_weight.sum()
        assert found.best is not None
        assert set(found.best.codes()) <= {CAYLAR, RIVES, BOSC}

    def test_a_commune_it_excludes(self, tour):
        without = case_of(communes={"a_desservir": [CAYLAR, RIVES], "exclues": [BOSC]})
        found = evaluate(without, tour("lundi matin 34064", "lundi après-midi 34036"))
        assert any(v.rule == "outside" and v.where == "Le Bosc" for v in found.violations)

    def test_a_commune_no_road_leads_to(self, case, tour):
        found = evaluate(case, tour(f"lundi matin {CHARENTE}", "lundi après-midi 34230"))
        assert "unreachable" in {violation.rule for violation in found.violations}
        assert found.shortest_s is None

    def test_a_day_without_tours(self, case, tour):
        found = evaluate(case, tour("samedi matin 34064", "lundi matin 34230"))
        assert "calendar" in {violation.rule for violation in found.violations}

    def test_more_weeks_than_the_cycle(self, case, tour):
        path = tour("2 lundi matin 34064", head="semaine;jour;creneau;code_insee")
        with pytest.raises(InputError, match="semaine 2"):
            evaluate(case, path)


class TestRoad:
    def test_a_detour_is_seen(self, case, tour):
        apart = evaluate(case, tour("lundi matin 34064", "mardi matin 34230"))
        assert apart.shortest_s is not None
        assert apart.shortest_s < apart.plan.figures.drive_s
        assert not apart.shortest_already
        together = evaluate(case, tour("lundi matin 34064", "lundi après-midi 34230"))
        assert together.shortest_already
        assert apart.shortest_s == together.plan.figures.drive_s

    def test_a_tour_against_the_rules_may_be_shorter_than_any(self, tour):
        tight = case_of(journee={"travail_max_h": 4.5})
        found = evaluate(tight, tour("lundi matin 34064", "lundi après-midi 34230"))
        assert "day_work" in {violation.rule for violation in found.violations}
        assert found.shortest_s is not None
        assert found.shortest_s > found.plan.figures.drive_s
        assert not found.shortest_already


class TestOneChange:
    def test_a_missing_half_day_is_added(self, case, tour):
        found = evaluate(case, tour("lundi matin 34064", "mardi matin 34230"))
        assert found.swap is not None
        assert found.swap.text.startswith("ajouter")
        assert level(found, "acces_moyen", "swap") < level(found, "acces_moyen")

    def test_a_missing_commune_comes_first(self, case, tour):
        found = evaluate(case, tour("lundi matin 34064", "lundi après-midi 34036"))
        assert found.swap is not None
        assert "Les Rives" in found.swap.text
        assert level(found, "passages", "swap") == 2

    def test_days_of_several_weeks_are_told_apart(self, tour):
        two = case_of(cycle={"semaines": 2, "jours": ["lundi"]})
        path = tour(
            "1 lundi matin 34064",
            "2 lundi matin 34036",
            head="semaine;jour;creneau;code_insee",
        )
        found = evaluate(two, path)
        assert found.swap is not None
        assert "de la semaine" in found.swap.text

    def test_none_is_looked_for_when_not_asked(self, case, tour):
        found = evaluate(case, tour("lundi matin 34064", "mardi matin 34230"), changes=False)
        assert found.swap is None
        assert not found.all_tried

    def test_it_is_never_worse_than_the_tour(self, case, tour):
        path = tour("lundi matin 34230", "lundi après-midi 34036", "mardi après-midi 34064")
        found = evaluate(case, path)
        if found.swap is None:
            return
        sign = {"min": 1, "max": -1}
        today, changed = (
            [sign[lv.sense] * lv.value for lv in levels]
            for levels in (found.plan.levels, found.swap.levels)
        )
        assert changed < today


class TestWhatIsNotKnown:
    def test_no_time(self, case, tour):
        found = evaluate(case, tour("lundi matin 34064"), limit_s=1e-6)
        assert found.shortest_s is None
        assert not found.all_tried
        assert not found.shortest_already

    def test_a_tour_that_keeps_the_rules_is_the_least_that_is_found(self, herault_case):
        stop = threading.Event()
        stop.set()
        found = evaluate(herault_case, "herault_2024", changes=False, stop=stop)
        assert found.best is not None
        assert found.best.days == found.plan.days
        assert found.none_better
        assert not found.is_best
        told = "\n".join(evaluation_report(found, "x"))
        assert "Tout revoir : aucune tournée meilleure trouvée dans le temps donné" in told
        assert "la meilleure tournée" not in told
        assert "autres objectifs" not in told

    def test_interrupted(self, case, tour):
        stop = threading.Event()
        stop.set()
        found = evaluate(case, tour("lundi matin 34064"), stop=stop)
        assert found.best is None
        assert found.why_not == "interrompu avant un premier plan"
        assert not found.none_better
        assert found.swap is None
        assert not found.all_tried
        assert not found.is_best

    def test_no_plan_at_all(self, tour):
        strict = case_of(semaine={"ouverture_min_h": 24})
        found = evaluate(strict, tour("lundi matin 34064", "lundi après-midi 34230"))
        assert found.best is None
        assert "Aucun plan n’existe" in found.why_not
        assert {v.rule for v in found.violations} == {"weekly_opening"}

    def test_a_faulty_tour_tells_every_fault(self, case, tour):
        with pytest.raises(InputError) as caught:
            evaluate(case, tour("lundi soir 34064", "hier matin 34230"))
        assert len(caught.value.faults) == 2


class TestPlainData:
    def test_keys(self, case, tour):
        found = evaluate(case, tour("lundi matin 34064", "mardi matin 34230"))
        told = json.loads(json.dumps(found.to_dict()))
        assert set(told) == {
            "tournee",
            "regles_enfreintes",
            "a_verifier_avec_la_mairie",
            "route_minimale_memes_communes_s",
            "route_deja_minimale",
            "un_changement",
            "changements_tous_essayes",
            "optimum",
            "optimum_absent",
            "deja_optimale",
        }
        assert told["route_minimale_memes_communes_s"] == found.shortest_s
        assert told["un_changement"]["niveaux"][0]["niveau"] == "passages"

    def test_the_tour_is_a_plan_that_reads_back(self, case, tour):
        found = evaluate(case, tour("lundi matin 34064"))
        assert Plan.from_json(found.plan.to_json()) == found.plan
