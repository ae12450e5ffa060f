"""What a reconnaissance found: read back at once with every fault, and taken into the scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from tourplan.errors import InputError
from tourplan.network.measured import read_measured
from tourplan.planner import solve
from tourplan.prepare import prepare
from tourplan.scenario import Scenario
from tourplan.survey import COLUMNS, MAX_LETTERS, Found, answers_of, read_survey

CAYLAR, RIVES = "34064", "34230"


@pytest.fixture
def table(tmp_path):
    """A table of some rows, each a mapping of columns."""

    def write(*rows: dict[str, str]) -> Path:
        path = tmp_path / "reconnaissance.csv"
        lines = [";".join(row.get(column, "") for column in COLUMNS) for row in rows]
        path.write_text("\n".join([";".join(COLUMNS), *lines]) + "\n", encoding="utf-8")
        return path

    return write


def room(code: str, **answers: str) -> dict[str, str]:
    return {"code_insee": code, "lieu": "Mairie", **answers}


def scenario(base: Path, **rooms: object) -> Scenario:
    keys = {
        "titre": "Essai",
        "communes": {"a_desservir": [CAYLAR], "candidates": [RIVES]},
        "semaine": {"ouverture_min_h": 0},
        "salles": {"reconnaissance": "reconnaissance.csv", **rooms},
    }
    return Scenario.from_keys(keys, base)


class TestRead:
    def test_answers(self, table):
        row = room(
            CAYLAR, ouvert_au_public="Oui", plain_pied="non", reseau="Faible", cles="'=mairie"
        )
        assert read_survey(table(row, room(RIVES))) == (
            Found(CAYLAR, "Mairie", True, False, None, "faible", "=mairie"),
        )

    def test_every_fault_at_once(self, table):
        path = table(
            room("3406", plain_pied="oui"),
            room(CAYLAR, confidentiel="peut-être", reseau="moyen"),
            room(RIVES, remarques="x" * (MAX_LETTERS + 1)),
            room("34036", plain_pied="oui"),
            room("34036", plain_pied="non", visite_le="12/01/2027"),
            room("34230", visite_le="31/02/2027"),
        )
        with pytest.raises(InputError) as caught:
            read_survey(path)
        told = [str(fault) for fault in caught.value.faults]
        assert len(told) == 6
        assert "confidentiel : « peut-être » n’est ni oui ni non" in told[1]
        assert "écrivez oui, non, ou rien" in told[1]
        assert "reseau : « moyen » inconnu" in told[2]
        assert "remarques : plus de 200 caractères" in told[3]
        assert "34036, « Mairie » figure deux fois" in told[4]
        assert "visite_le : « 31/02/2027 » n’est pas une date" in told[5]

    def test_its_drives_are_those_of_measured_times(self, table):
        path = table(room(CAYLAR, de="34079", vers=CAYLAR, minutes="31,5"), room(RIVES))
        assert read_measured(path) == {("34079", CAYLAR): 1890}

    def test_of_one_room(self, table):
        found = read_survey(table(room(CAYLAR, cles="boîte à clés")))
        assert answers_of(found, CAYLAR, "") == found[0]
        assert answers_of(found, RIVES, "Mairie") is None


class TestScenario:
    def test_a_mairie_with_steps_is_left_aside_where_none_is_wanted(self, table):
        path = table(room(RIVES, plain_pied="non"), room(CAYLAR, plain_pied="oui"))
        sites = prepare(scenario(path.parent, exiger_acces_pmr=True)).problem.sites
        assert [site.code for site in sites] == [CAYLAR]
        assert len(prepare(scenario(path.parent)).problem.sites) == 2

    def test_a_mairie_that_was_visited_keeps_its_address(self, table):
        before = prepare(scenario(table().parent))
        case = prepare(scenario(table(room(CAYLAR, plain_pied="oui")).parent))
        plans = [solve(one) for one in (before, case)]
        told = [{s.code: s.address for d in plan.days for s in d.stops} for plan in plans]
        assert told[0][CAYLAR] == told[1][CAYLAR] != ""

    def test_a_room_that_is_not_for_the_public_is_left_aside(self, table):
        path = table(room(RIVES, ouvert_au_public="non"))
        case = prepare(scenario(path.parent))
        assert [site.code for site in case.problem.sites] == [CAYLAR]
        assert "communes sans salle qui convienne, laissées de côté : 1 (Les Rives)" in case.notes

    def test_a_commune_to_serve_without_a_room_is_a_fault(self, table):
        path = table(room(CAYLAR, ouvert_au_public="non"))
        with pytest.raises(InputError, match=r"pour Le Caylar .* ne reçoit le public"):
            prepare(scenario(path.parent))

    def test_the_plan_no_longer_needs_the_file(self, table):
        path = table(room(RIVES, plain_pied="non"))
        case = prepare(scenario(path.parent, exiger_acces_pmr=True))
        path.unlink()
        again = prepare(Scenario.from_keys(case.scenario.to_keys(), path.parent))
        assert again.fingerprint() == case.fingerprint()

    def test_its_faults_are_told_with_the_others(self, table):
        path = table(room(CAYLAR, plain_pied="bof"))
        given = scenario(path.parent)
        communes = given.communes.model_copy(update={"required": (CAYLAR, "99999")})
        with pytest.raises(InputError) as caught:
            prepare(given.model_copy(update={"communes": communes}))
        told = " ".join(map(str, caught.value.faults))
        assert "ni oui ni non" in told
        assert "99999" in told

    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(InputError, match=r"reconnaissance\.csv"):
            prepare(scenario(tmp_path))
