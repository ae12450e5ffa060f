"""Who runs a tour read from a file: vehicle, team and room, told or not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tourplan.errors import InputError
from tourplan.prepare import prepare
from tourplan.problem import Problem
from tourplan.scenario import Scenario
from tourplan.study.goers import crews_of_tour, site_of, with_vehicles
from tourplan.study.tours import Visit
from tourplan.timeline import team_names

CLERMONT, LODEVE, CAYLAR, RIVES = "34079", "34142", "34064", "34230"
KEYS: dict[str, Any] = {
    "titre": "Deux véhicules",
    "communes": {"a_desservir": [CAYLAR, RIVES]},
    "lieux": [{"code_insee": CAYLAR, "nom": "Halle"}, {"code_insee": CAYLAR, "nom": "École"}],
    "cycle": {"semaines": 2},
    "equipe": {"agents": 1},
    "agents": [
        {"agence": [CLERMONT, LODEVE]},
        {"agence": LODEVE},
        {"agence": LODEVE, "jours": ["lundi"]},
    ],
    "vehicules": [
        {"nom": "Kangoo", "depot": [CLERMONT, LODEVE]},
        {"nom": "Zoé", "depot": LODEVE, "semaines": [2]},
    ],
}


def problem_of(**changes: Any) -> Problem:
    return prepare(Scenario.from_keys({**KEYS, **changes})).problem


@pytest.fixture(scope="module")
def problem() -> Problem:
    """A Kangoo every week, a Zoé in the first, three agents who go alone."""
    return problem_of()


def visit(weekday: int = 0, session: str = "matin", week: int = 1, **facts: Any) -> Visit:
    return Visit(week, weekday, session, facts.pop("code", CAYLAR), **facts)


def chosen(problem: Problem, *visits: Visit) -> list[tuple[str, str, str]]:
    """Vehicle, agency and team of each day."""
    crews = crews_of_tour(problem, with_vehicles(problem, visits))
    found = []
    for key in sorted(crews):
        crew = problem.crew_weeks[crews[key]]
        (team,) = team_names(problem, crew).values()
        depot = problem.places[problem.bases[crew.base].depot]
        found.append((problem.vehicles[crew.vehicle].name, depot, *team))
    return found


class TestVehicles:
    def test_the_first_where_none_is_told(self, problem):
        (one,) = with_vehicles(problem, [visit()])
        assert one.vehicle == "Kangoo"

    def test_another_than_the_one_told(self, problem):
        found = with_vehicles(problem, [visit(vehicle="Kangoo"), visit(code=RIVES)])
        assert [v.vehicle for v in found] == ["Kangoo", "Zoé"]

    def test_one_that_can_go_that_week(self):
        later = problem_of(
            vehicules=[{"nom": "Zoé", "depot": LODEVE, "semaines": [2]}, KEYS["vehicules"][0]]
        )
        (one,) = with_vehicles(later, [visit(week=2)])
        assert one.vehicle == "Kangoo"

    def test_two_places_at_once(self, problem):
        with pytest.raises(InputError, match="« Kangoo » serait dans deux communes à la fois"):
            with_vehicles(problem, [visit(vehicle="Kangoo"), visit(code=RIVES, vehicle="Kangoo")])

    def test_no_crew(self, problem):
        with pytest.raises(InputError, match="semaine 2, Zoé : aucune équipe ne peut partir"):
            chosen(problem, visit(week=2, vehicle="Zoé"))


class TestCrews:
    def test_agency_and_team_of_the_file(self, problem):
        told = visit(vehicle="Kangoo", depot=LODEVE, team="Agent 2")
        assert chosen(problem, told) == [("Kangoo", LODEVE, "Agent 2")]

    def test_unknown_ones_do_not_matter(self, problem):
        told = visit(vehicle="Kangoo", depot="34032", team="Camille")
        assert chosen(problem, told) == [("Kangoo", CLERMONT, "Agent 1")]

    def test_nobody_is_in_two_vehicles(self, problem):
        both = [visit(vehicle="Kangoo", team="Agent 2", depot=LODEVE), visit(vehicle="Zoé")]
        kangoo, zoe = chosen(problem, *both)
        assert kangoo[2] == "Agent 2"
        assert zoe[2] != "Agent 2"

    def test_somebody_who_works_on_all_days(self, problem):
        days = [visit(day, vehicle="Zoé") for day in (0, 1)]
        assert len({team for *_, team in chosen(problem, *days)}) == 1

    def test_the_agency_of_the_other_days(self, problem):
        days = [visit(0, vehicle="Kangoo"), visit(1, vehicle="Kangoo", depot=LODEVE)]
        assert {depot for _, depot, _ in chosen(problem, *days)} == {LODEVE}

    def test_a_day_nobody_works_is_still_given(self, problem):
        assert chosen(problem, visit(5, vehicle="Kangoo")) == [("Kangoo", CLERMONT, "Agent 1")]


class TestRooms:
    @staticmethod
    def room(problem: Problem, one: Visit) -> str | None:
        site = site_of(problem, one, 0)
        return None if site is None else problem.sites[site].venue

    def test_that_of_the_file(self, problem):
        assert self.room(problem, visit(place="École")) == "École"

    @pytest.mark.parametrize("place", ["", "Mairie"])
    def test_the_first_otherwise(self, problem, place):
        assert self.room(problem, visit(place=place)) == "Halle"
        assert self.room(problem, visit(5, place=place)) == "Halle"

    def test_one_that_is_open_then(self, problem):
        shut = problem.open_slots.copy()
        shut[:, 0] = False
        assert self.room(replace(problem, open_slots=shut), visit()) == "École"

    def test_none(self, problem):
        assert self.room(problem, visit(code="34036")) is None
