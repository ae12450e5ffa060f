"""The scenario of a round: how it is run, over which communes, or why not."""

from __future__ import annotations

from typing import Any

import pytest
from fourcommunes import FOUR, scenario

from tourplan.errors import InputError
from tourplan.prepare import Case, prepare
from tourplan.study.roundcases import (
    Chosen,
    Shape,
    a_week,
    chosen,
    fixed_teams,
    lacking,
    month_weeks,
    round_scenario,
    shape_of,
)

CAYLAR, RIVES, BOSC, BLAQUIERE = FOUR


def case_of(**sections: Any) -> Case:
    return prepare(scenario(**sections))


@pytest.fixture(scope="module")
def four() -> Case:
    return case_of()


def test_communes_of_a_week():
    assert a_week(scenario()) == 2
    halves = [{"nom": "journée", "ouverture": "09:30", "fermeture": "16:30"}]
    whole = scenario(permanences=[{**halves[0], "journee_entiere": True}])
    assert a_week(whole) == 1


@pytest.mark.parametrize(
    ("rounds", "communes", "shape"),
    [
        (1, 2, Shape(1, 1, 1)),
        (4, 2, Shape(1, 1, 1)),
        (1, 4, Shape(2, 1, 2)),
        (2, 4, Shape(2, 1, 2)),
        (4, 4, Shape(2, 2, 1)),  # eight weeks of a crew in four: two crews, a week each round
        (3, 4, Shape(2, 2, 1)),
        (1, 3, Shape(2, 1, 2)),
        (1, 6, Shape(3, 2, 2)),  # no cycle has three weeks
        (1, 8, Shape(4, 1, 4)),
        (2, 8, Shape(4, 2, 2)),
        (4, 8, Shape(4, 4, 1)),
    ],
)
def test_the_fewest_crews(rounds, communes, shape):
    found = shape_of(scenario(), rounds, communes)
    assert found == shape
    assert rounds * found.weeks <= 4


@pytest.mark.parametrize(
    ("own", "count", "weeks"),
    [
        ([2, 4], 1, (2,)),
        ([2, 4], 2, (2, 4)),
        ([2, 4], 3, (1, 2, 4)),
        ([2, 4], 4, (1, 2, 3, 4)),
        ([1, 2, 3, 4], 2, (1, 3)),
        ([1], 2, (1, 2)),
    ],
)
def test_weeks_of_the_month(own, count, weeks):
    given = scenario(cycle={"semaines": 1, "semaines_du_mois": own, "jours": ["lundi"]})
    assert month_weeks(given, count) == weeks


def test_means_that_lack_are_told_whole():
    short = lacking(scenario(), Shape(2, 2, 1), 4)
    assert short == (
        "8 semaines d’équipe par mois, pour 4 semaines de tournée au plus par équipe : "
        "il faudrait 2 véhicules et 4 agents ; le scénario a 1 véhicule et 2 agents"
    )
    assert "un cycle de 1, 2 ou 4 semaines" in lacking(scenario(), Shape(3, 2, 2), 1)
    assert lacking(scenario(), Shape(2, 1, 2), 2) == ""
    agents = [{}, {}, {"forme": False}, {"forme": False}]
    two = scenario(vehicules=[{"nom": "A"}, {"nom": "B"}], agents=agents)
    assert lacking(two, Shape(2, 2, 1), 4) == ""
    trained = scenario(vehicules=[{"nom": "A"}, {"nom": "B"}], agents=agents, equipe={"formes": 2})
    assert "dont 4 formés ; le scénario a 2 véhicules et 4 agents, dont 2 formés" in (
        lacking(trained, Shape(2, 2, 1), 4)
    )


class TestChosen:
    def test_those_named_when_they_are_so_many(self, four):
        assert chosen(four, 4) == Chosen(tuple(sorted(FOUR)), ())

    def test_all_candidates_when_they_are_so_many(self):
        case = case_of(communes={"a_desservir": FOUR[:1], "candidates": FOUR[1:]})
        assert chosen(case, 4) == Chosen(tuple(sorted(FOUR)), ())
        assert chosen(case, 1) == Chosen((CAYLAR,), ())

    def test_the_required_and_the_best_of_the_others(self):
        case = case_of(communes={"a_desservir": FOUR[:1], "candidates": FOUR[1:]})
        assert chosen(case, 2) == Chosen((CAYLAR,), tuple(sorted(FOUR[1:])))

    def test_settings_and_pins_count(self):
        communes = {"candidates": FOUR}
        settings = [
            {"communes": [CAYLAR], "passages_min": 1},
            {"communes": [RIVES], "passages": 0},
        ]
        case = case_of(communes=communes, reglages=settings, imposes=[{"commune": BOSC}])
        assert chosen(case, 2) == Chosen((BOSC, CAYLAR), ())
        assert chosen(case, 3) == Chosen((BOSC, CAYLAR, BLAQUIERE), ())

    def test_communes_without_a_fit_room_are_left_out(self):
        rooms = [{"code_insee": BOSC, "nom": "Salle", "acces_pmr": False}]
        case = case_of(
            communes={"candidates": FOUR}, lieux=rooms, salles={"exiger_acces_pmr": True}
        )
        assert chosen(case, 3) == Chosen(tuple(sorted({*FOUR} - {BOSC})), ())

    @pytest.mark.parametrize(
        ("count", "words"),
        [
            (5, "le scénario n’a que 4 communes candidates : ajoutez-en"),
            (1, "le scénario impose déjà 2 communes"),
            (3, "3 communes ne remplissent pas des semaines entières (2 par semaine)"),
        ],
    )
    def test_or_why_not(self, count, words):
        case = case_of(communes={"a_desservir": FOUR[:2], "candidates": FOUR[2:]})
        found = chosen(case, count)
        assert isinstance(found, str)
        assert found.replace("\u00a0", " ").startswith(words)


class TestScenario:
    def test_each_commune_once_whoever_can_go(self):
        case = case_of(
            agents=[{"semaines": [2, 4]}, {"semaines": [2, 4]}],
            reglages=[{"communes": [CAYLAR], "passages": 2, "visites_par_mois": 9.0}],
            cycle={"semaines": 2, "jours": ["lundi"]},
            besoin={"passages_selon_besoin": True},
        )
        found = round_scenario(case, Shape(2, 1, 2), chosen(case, 4))
        assert found.communes.required == tuple(sorted(FOUR))
        assert found.cycle.weeks == 2
        assert {agent.weeks for agent in found.agents} == {None}
        assert found.settings[0].sessions is None
        assert found.settings[0].visits_per_month == 9
        assert not found.need.sessions_by_need
        demands = prepare(found).problem.demands
        assert {(demand.required, demand.allowed) for demand in demands} == {(1, 1)}

    def test_the_same_residents_whatever_the_communes(self):
        case = case_of(communes={"a_desservir": [CAYLAR], "candidates": ["34276"]})
        found = prepare(round_scenario(case, Shape(1, 1, 1), chosen(case, 1)))
        assert [demand.code for demand in found.problem.demands] == [CAYLAR]
        assert found.resident_codes == case.resident_codes

    def test_the_depot_taken_for_want_of_one_stays(self):
        case = case_of(vehicules=[{}], communes={"a_desservir": [CAYLAR], "candidates": [BOSC]})
        found = prepare(round_scenario(case, Shape(1, 1, 1), chosen(case, 1)))
        assert found.depot_codes == case.depot_codes

    def test_a_vehicle_that_is_needed_in_some_weeks_only(self):
        vehicles = [{"nom": "A", "depot": "34079"}, {"nom": "B", "depot": "34079"}]
        cycle = {"semaines": 1, "semaines_du_mois": [2, 4], "jours": ["lundi"]}
        case = case_of(vehicules=vehicles, agents=[{}] * 4, cycle=cycle)
        found = round_scenario(case, Shape(3, 2, 2), chosen(case, 4))
        assert [vehicle.weeks for vehicle in found.vehicles] == [None, (2,)]

    def test_agents_whom_no_vehicle_can_take_stay_at_home(self):
        vehicles = [{"nom": "A", "depot": "34079"}, {"nom": "B", "depot": "34142"}]
        agents = [{"agence": code} for code in ("34079", "34079", "34142", "34142")]
        case = case_of(vehicules=vehicles, agents=[*agents, {}])
        one, both = (
            round_scenario(case, shape, chosen(case, 4))
            for shape in (Shape(2, 1, 2), Shape(2, 2, 1))
        )
        assert [agent.agencies for agent in one.agents] == [("34079",), ("34079",), ()]
        assert len(both.agents) == 5

    def test_what_no_longer_fits_is_told(self):
        case = case_of(imposes=[{"commune": CAYLAR, "semaine": 2}])
        with pytest.raises(InputError, match="semaine 2"):
            round_scenario(case, Shape(1, 1, 1), chosen(case, 4))


class TestTeams:
    def two(self, **sections: Any) -> Case:
        vehicles = [{"nom": "A", "depot": "34079"}, {"nom": "B", "depot": "34079"}]
        cycle = {"semaines": 1, "semaines_du_mois": [2], "jours": ["lundi"]}
        return case_of(**{"vehicules": vehicles, "agents": [{}] * 4, "cycle": cycle, **sections})

    def test_alike_agents_keep_to_their_vehicle(self):
        problem = self.two().problem
        assert len(problem.crew_weeks) == 12  # six teams in two vehicles
        assert [crew.teams for crew in fixed_teams(problem).crew_weeks] == [((0, 1),), ((2, 3),)]

    @pytest.mark.parametrize("odd", [{"travail_max_h": 20}, {"depart_au_plus_tot": "08:00"}])
    def test_others_do_not(self, odd):
        problem = self.two(agents=[{}, {}, {}, odd]).problem
        assert fixed_teams(problem) is problem

    def test_one_team_stays_as_it_is(self, four):
        assert fixed_teams(four.problem) is four.problem
