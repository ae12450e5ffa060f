from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tourplan.errors import Fault, InputError
from tourplan.prepare import Case, prepare
from tourplan.reading import from_keys
from tourplan.scenario import Scenario
from tourplan.starter import CLERMONT, LODEVOIS, TEN, example, example_keys

LODEVE = "34142"


def case_of(keys: dict[str, Any], base: Path = Path()) -> Case:
    return prepare(Scenario.from_keys({"titre": "Essai", **keys}, base))


def faults_of(keys: dict[str, Any], base: Path = Path()) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        case_of(keys, base)
    return list(caught.value.faults)


@pytest.fixture(scope="module")
def small() -> Case:
    """One commune, all else by default."""
    return case_of({"communes": {"a_desservir": ["34036"]}})


class TestHerault:
    def test_sites_are_the_ten_communes_each_once_a_cycle(self, herault_case):
        problem = herault_case.problem
        assert tuple(site.code for site in problem.sites) == TEN
        assert {(d.required, d.allowed) for d in problem.demands} == {(1, 1)}
        for site in problem.sites:
            assert problem.places[site.place] == site.code
            assert site.hours == herault_case.territory[site.code].hours

    def test_the_depot_is_clermont(self, herault_case):
        assert herault_case.depot_codes == (CLERMONT,)

    def test_everyone_of_both_intercommunalites_is_counted_once(self, herault_case):
        problem = herault_case.problem
        assert len(herault_case.resident_codes) == len(set(herault_case.resident_codes)) == 64
        weights = dict(
            zip(herault_case.resident_codes, problem.resident_weight.tolist(), strict=True)
        )
        assert weights["34036"] == herault_case.territory["34036"].population
        lodevois = set(herault_case.territory.of_epci(LODEVOIS))
        assert sum(w for code, w in weights.items() if code in lodevois) == 14_929

    def test_every_counter_of_the_territory_counts(self, herault_case):
        problem = herault_case.problem
        codes = tuple(problem.places[place] for place in problem.fixed_place)
        assert codes == herault_case.territory.counter_codes()

    def test_in_lodevois_1523_residents_of_ten_communes_are_beyond_15_minutes(self, herault_case):
        problem, territory = herault_case.problem, herault_case.territory
        cells = np.ix_(problem.resident_place, problem.fixed_place)
        time_s = np.where(problem.reachable[cells], problem.time_s[cells], 10**9).min(axis=1)
        lodevois = np.array(
            [territory[code].epci_code == LODEVOIS for code in herault_case.resident_codes]
        )
        far = lodevois & (time_s > 15 * 60)
        assert int(problem.resident_weight[far].sum()) == 1523
        assert int((problem.resident_weight[far] > 0).sum()) == 10

    def test_values_of_the_scenario_reach_the_problem_in_seconds(self, herault_case):
        problem = herault_case.problem
        assert [(s.opening_s, s.closing_s, s.minimum_s) for s in problem.sessions] == [
            (35_100, 44_100, 7200),
            (48_600, 57_600, 7200),
        ]
        assert problem.weekdays == (0, 1, 2, 3, 4)
        assert (problem.weeks, len(problem.agents), problem.far_s) == (1, 2, 900)
        assert {agent.max_week_s for agent in problem.agents} == {39 * 3600}
        assert problem.week.min_opening_s == 24 * 3600
        assert (problem.day.max_work_s, problem.day.max_amplitude_s) == (36_000, 46_800)
        assert (problem.day.grid_s, problem.day.range_m) == (300, None)
        assert problem.objectives == herault_case.scenario.order()

    def test_figures_are_whole_and_agree_in_shape(self, herault_case):
        problem = herault_case.problem
        size = len(problem.places)
        assert len(set(problem.places)) == size
        for values in (problem.time_s, problem.distance_m):
            assert values.dtype == np.int64
            assert values.shape == problem.reachable.shape == (size, size)


class TestValues:
    def test_days_are_put_in_the_order_of_the_week(self):
        keys = {"communes": {"a_desservir": ["34036"]}, "cycle": {"jours": ["vendredi", "mardi"]}}
        assert case_of(keys).problem.weekdays == (1, 4)

    def test_a_range_is_never_rounded_up(self):
        keys = {"communes": {"a_desservir": ["34036"]}, "vehicules": [{"autonomie_km": 99.9999}]}
        problem = case_of(keys).problem
        assert problem.rules(0).range_m == problem.vehicles[0].range_m == 99_999

    def test_candidates_need_not_be_served(self):
        keys = {"a_desservir": ["34036"], "candidates": ["34060", "34036"], "exclues": ["34064"]}
        demands = case_of({"communes": keys}).problem.demands
        assert [(demand.code, demand.required) for demand in demands] == [
            ("34036", 1),
            ("34060", 0),
        ]

    def test_goals_keep_their_shares(self):
        keys = {"acces": [{"minutes": 20, "part_pct": 95, "impose": True}, {"minutes": 30}]}
        goals = case_of({"communes": {"a_desservir": ["34036"]}, **keys}).problem.goals
        assert [(g.minutes, g.share_pct, g.imposed) for g in goals] == [
            (20, 95.0, True),
            (30, None, False),
        ]


def depot_notes(case: Case) -> list[str]:
    return [note for note in case.notes if note.startswith("lieu de départ : ")]


class TestNotes:
    def test_the_main_case_assumes_nothing(self, herault_case):
        assert herault_case.notes == ()

    def test_too_few_sessions_for_the_weekly_opening_are_told_before_any_search(self, small):
        (note,) = [note for note in small.notes if "d’ouverture" in note]
        assert note.startswith("au plus 2 h 30 d’ouverture par cycle")
        assert "pour 24 h demandées" in note

    @pytest.mark.parametrize(("order", "told"), [(["route"], 1), (["marches", "route"], 0)])
    def test_market_days_that_no_level_looks_at_are_told(self, order, told):
        keys = {"communes": {"a_desservir": ["34036"]}, "objectifs": {"ordre": order}}
        notes = case_of({**keys, "reglages": [{"communes": ["34036"], "jours_marche": ["mardi"]}]})
        assert sum("jours de marché" in note for note in notes.notes) == told
        assert not any("jours de marché" in note for note in case_of(keys).notes)

    @pytest.mark.parametrize(("embedded", "told"), [(True, "aucun opérateur : "), (False, "")])
    def test_counters_that_name_no_operator_and_count_for_one_are_told(
        self, tmp_path, embedded, told
    ):
        (tmp_path / "p.csv").write_text("id;nom;code_insee;operateurs\na;A;34079;CPAM\n")
        keys = {"communes": {"a_desservir": ["34036"]}}
        keys |= {"points_fixes": {"fichiers": ["p.csv"], "integres": embedded}}
        goals = [{"minutes": 30, "operateur": "CPAM"}, {"minutes": 20}]
        case = case_of({**keys, "acces": goals}, tmp_path)
        notes = [note for note in case.notes if "opérateur" in note]
        assert len(notes) == bool(told)
        assert all(told in note and "CPAM" in note for note in notes)
        silent = sum(not counter.operators for counter in case.territory.counters)
        assert (silent > 0) == embedded
        assert all(f"opérateur : {silent} ;" in note for note in notes)

    @pytest.mark.parametrize(
        ("rows", "told"), [(1, "1 dans 1 commune, pour 5 "), (2, "2 dans 2 communes, pour 10 ")]
    )
    def test_resident_points_are_counted(self, tmp_path, rows, told):
        spots = ["34036;3,4091;43,6696;5", "34079;3,43;43,63;5"]
        text = "\n".join(["code_insee;lon;lat;habitants", *spots[:rows]])
        (tmp_path / "h.csv").write_text(text)
        keys = {"communes": {"a_desservir": ["34036"]}, "habitants": {"fichier": "h.csv"}}
        (note,) = [n for n in case_of(keys, tmp_path).notes if n.startswith("points d’habitation")]
        assert told in note

    def test_residents_with_no_known_road_are_told_and_kept(self):
        keys = {"communes": {"a_desservir": ["34036"]}, "points_fixes": {"integres": False}}
        keys |= {"vehicules": [{"depot": CLERMONT}], "habitants": {"communes": ["05001", "05006"]}}
        case = case_of(keys)
        people = sum(case.territory[code].population for code in ("05001", "05006"))
        (note,) = [note for note in case.notes if note.startswith("communes sans route connue")]
        assert f"accueil : 2 ; leurs habitants ({people})" in note
        assert int(case.problem.resident_weight.sum()) == 14_929 + people


class TestDepot:
    def test_without_one_the_nearest_counter_is_taken_and_said(self, small):
        assert small.depot_codes == (LODEVE,)
        (note,) = depot_notes(small)
        assert "Lodève, le point fixe le plus proche des communes (hypothèse" in note

    def test_the_agency_of_the_agents_comes_first(self):
        keys = {"communes": {"a_desservir": ["34036"]}, "agents": [{}, {"agence": "34032"}]}
        case = case_of(keys)
        assert case.depot_codes == ("34032",)
        assert depot_notes(case) == []

    def test_the_depot_of_the_vehicle_comes_before(self):
        keys = {"communes": {"a_desservir": ["34036"]}, "vehicules": [{"depot": "34079"}]}
        assert case_of(keys).depot_codes == ("34079",)

    def test_without_any_counter_a_depot_is_asked_for(self):
        keys = {"communes": {"a_desservir": ["34036"]}, "points_fixes": {"integres": False}}
        (fault,) = faults_of(keys)
        assert fault.where == "vehicules.1.depot"
        assert fault.mend

    def test_with_a_depot_no_counter_is_needed(self):
        keys = {
            "communes": {"a_desservir": ["34036"]},
            "points_fixes": {"integres": False},
            "vehicules": [{"depot": CLERMONT}],
        }
        assert case_of(keys).problem.fixed_place.size == 0


class TestUnreachable:
    def test_a_required_commune_of_another_departement_is_refused(self):
        keys = {"communes": {"a_desservir": ["34036", "05001"]}, "vehicules": [{"depot": CLERMONT}]}
        (fault,) = faults_of(keys)
        assert fault.where == "communes.a_desservir"
        assert "Abriès-Ristolas (05001) est hors d’atteinte depuis Clermont" in fault.what
        assert "ne sont pas reliés" in fault.what

    def test_a_commune_without_a_link_is_refused_with_the_reason(self, tmp_path):
        properties = {"code": "34999", "nom": "Neuve", "population": 5}
        feature = {
            "type": "Feature",
            "properties": {**properties, "point_lon": 3.4, "point_lat": 43.7},
            "geometry": None,
        }
        path = tmp_path / "communes.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
        keys = {
            "communes": {"a_desservir": ["34036", "34999"]},
            "territoire": {"fichiers": ["communes.geojson"]},
        }
        (fault,) = faults_of(keys, tmp_path)
        assert "Neuve (34999) est hors d’atteinte" in fault.what
        assert "aucune liaison" in fault.what

    def test_a_candidate_out_of_reach_is_kept_as_data(self):
        keys = {"a_desservir": ["34036"], "candidates": ["05001"]}
        case = case_of({"communes": keys, "vehicules": [{"depot": CLERMONT}]})
        problem = case.problem
        site = problem.sites[problem.site_index["05001", "Mairie"]]
        assert not problem.reachable[problem.bases[0].depot, site.place]


class TestFaults:
    def test_the_faults_of_form_come_with_the_others(self):
        keys = {"titre": "x", "communes": {"a_desservir": ["34999", 5]}}
        scenario, faults = from_keys(keys)
        with pytest.raises(InputError) as caught:
            prepare(scenario, faults)
        assert [fault.where for fault in caught.value.faults] == [
            "communes.a_desservir.2",
            "communes.a_desservir",
        ]

    def test_a_form_fault_alone_is_enough_to_refuse(self):
        with pytest.raises(InputError):
            prepare(example(), [Fault("titre", "manque", "ajoutez-le")])


class TestFingerprint:
    def test_the_same_inputs_give_the_same(self, herault_case):
        assert prepare(example()).fingerprint() == herault_case.fingerprint()
        assert len(herault_case.fingerprint()) == 16

    @pytest.mark.parametrize(
        ("section", "key", "value"),
        [
            ("communes", "candidates", ["34079"]),
            ("vehicules", "depot", "34032"),
            ("semaine", "travail_max_h", 38),
            ("points_fixes", "integres", False),
            ("habitants", "communes", ["34079"]),
        ],
    )
    def test_another_input_gives_another(self, herault_case, section, key, value):
        keys = example_keys("herault")
        if key == "depot":
            keys["agents"] = [{"agence": value}] * 2
        if section == "vehicules":
            keys[section] = [{**keys[section][0], key: value}]
        else:
            keys[section] = {**keys.get(section, {}), key: value}
        other = prepare(Scenario.from_keys(keys))
        assert other.fingerprint() != herault_case.fingerprint()

    def test_residents_of_a_file_are_part_of_it(self, tmp_path):
        keys = {"communes": {"a_desservir": ["34036"]}, "habitants": {"fichier": "h.csv"}}
        found = set()
        for residents in (1, 2):
            (tmp_path / "h.csv").write_text(f"code_insee;habitants\n34036;{residents}\n")
            found.add(case_of(keys, tmp_path).fingerprint())
        assert len(found) == 2


class TestOf:
    def test_a_case_is_made_of_a_scenario_of_a_file_or_is_itself(self, small, tmp_path):
        path = tmp_path / "scenario.toml"
        path.write_text('titre = "Essai"\n[communes]\na_desservir = ["34036"]\n', encoding="utf-8")
        assert Case.of(small) is small
        for given in (small.scenario, path, str(path)):
            assert Case.of(given).fingerprint() == small.fingerprint()
