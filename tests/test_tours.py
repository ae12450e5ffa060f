"""Reading an existing tour: what is needed, what is understood, every fault at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tourplan.errors import InputError
from tourplan.scenario import Scenario
from tourplan.study.tours import (
    EMBEDDED_TOURS,
    MAX_VISITS,
    Visit,
    comparison_faults,
    read_tour,
    refuse_more_weeks,
    tour_path,
)
from tourplan.territory import Territory, read_territory

TWO = ("matin", "après-midi")
HEAD = "jour;creneau;code_insee\n"
HERAULT = ("herault_2021", "herault_2024")


@pytest.fixture(scope="module")
def territory() -> Territory:
    return read_territory()


@pytest.fixture
def read(tmp_path, territory):
    """The visits of a text."""

    def visits(text: str | bytes, sessions: tuple[str, ...] = TWO) -> tuple[Visit, ...]:
        path = tmp_path / "t.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_tour(path, territory, sessions)

    return visits


@pytest.fixture
def faults_of(read):
    """The faults of a text, as they are told."""

    def told(text: str) -> list[str]:
        with pytest.raises(InputError) as caught:
            read(text)
        return [str(fault) for fault in caught.value.faults]

    return told


class TestEmbedded:
    @pytest.mark.parametrize("name", HERAULT)
    def test_ten_visits_of_five_days(self, territory, name):
        visits = read_tour(tour_path(name), territory, TWO)
        assert len({visit.code for visit in visits}) == len(visits) == 10
        assert {visit.weekday for visit in visits} == set(range(5))
        assert {visit.week for visit in visits} == {1}

    def test_hours_are_given_in_2024_only(self, territory):
        proposal, real = (read_tour(tour_path(n), territory, TWO) for n in HERAULT)
        assert {(v.opening_s, v.closing_s) for v in proposal} == {(None, None)}
        assert {v.closing_s - v.opening_s for v in real} == {9_000}

    def test_the_bus_goes_by_odd_and_even_weeks(self, territory):
        visits = read_tour(tour_path("charente_bus"), territory, (*TWO, "journée"))
        assert [sum(v.week == week for v in visits) for week in (1, 2)] == [6, 6]
        assert len({visit.code for visit in visits}) == 12
        closed = {v.session: v.closed for v in visits if v.closed}
        assert closed == {"journée": (45_000, 48_600)}
        assert all(visit.place and visit.opening_s for visit in visits)

    def test_every_one_is_known(self):
        assert all(tour_path(name).is_file() for name in EMBEDDED_TOURS)

    def test_a_name_of_ours_wins_over_a_file(self):
        assert tour_path("herault_2024", Path("/nowhere")).is_file()
        assert tour_path("t.csv", Path("dossier")) == Path("dossier/t.csv")


class TestUnderstood:
    WANTED = (Visit(1, 0, "matin", "34064"), Visit(1, 1, "après-midi", "34230"))

    @pytest.mark.parametrize(
        "text",
        [
            HEAD + "lundi;matin;34064\nmardi;après-midi;34230\n",
            "jour,demi_journee,code_insee\nlundi,matin,34064\nmardi,après-midi,34230\n",
            "Jour;Créneau;Code INSEE\nLUNDI;Matin;34064\nMardi;apres midi;34230\n",
            "code_insee;demi-journée;JOUR;note\n34230;Après-midi; mardi ;x\n34064;matin;lundi\n",
            "jour;code_insee;creneau\r\nlundi;34064;matin\r\n;;\r\nmardi;34230;après-midi\r\n",
            HEAD
            + "lundi;départ;34079\nlundi;matin;34064\nmardi;après-midi;34230\nmardi;retour;1\n",
        ],
    )
    def test_columns_and_words(self, read, text):
        assert [replace(visit, depot="") for visit in read(text)] == list(self.WANTED)

    def test_encodings(self, read):
        text = HEAD + "lundi;matin;34064\nmardi;après-midi;34230\n"
        assert read(text.encode("cp1252")) == read(text.encode("utf-8-sig")) == self.WANTED

    def test_a_code_that_lost_its_zero_in_a_spreadsheet(self, read):
        assert read(HEAD + "lundi;matin;5001\n")[0].code == "05001"

    @pytest.mark.parametrize("text", ["9:45;12:15", "09:45;12h15", "09:45:00;12:15:00"])
    def test_hours(self, read, text):
        line = f"jour;creneau;code_insee;ouverture;fermeture\nlundi;matin;34064;{text}\n"
        (visit,) = read(line)
        assert (visit.opening_s, visit.closing_s) == (35_100, 44_100)

    def test_one_hour_alone(self, read):
        (visit,) = read("jour;creneau;code_insee;ouverture\nlundi;matin;34064;10:00\n")
        assert (visit.opening_s, visit.closing_s) == (36_000, None)

    def test_weeks_sort_the_visits(self, read):
        head = "semaine;" + HEAD
        visits = read(head + "2;lundi;matin;34064\n1;mardi;après-midi;34230\n;mardi;matin;34036\n")
        assert [(v.week, v.weekday, v.session) for v in visits] == [
            (1, 1, "matin"),
            (1, 1, "après-midi"),
            (2, 0, "matin"),
        ]

    def test_sessions_of_the_scenario(self, read):
        assert read(HEAD + "lundi;SOIR;34064\n", ("soir",))[0].session == "soir"

    @pytest.mark.parametrize(
        "sessions", [("matin", "MATIN"), ("depart", "Retour"), ("Départ", "s")]
    )
    def test_sessions_of_nearly_the_same_name(self, read, sessions):
        one, two = sessions
        rows = f"lundi;départ;34079\nlundi;{one};34064\nlundi;{two};34230\nlundi;retour;34079\n"
        assert [visit.session for visit in read(HEAD + rows, sessions)] == [one, two]

    def test_a_short_first_line(self, read):
        text = "jour;code_insee;creneau\nlundi;34064\nlundi;34230;matin\n"
        with pytest.raises(InputError, match="créneau"):
            read(text)


class TestFaults:
    def test_a_plan_is_no_table(self, territory, tmp_path):
        path = tmp_path / "plan.json"
        path.write_text("{}")
        with pytest.raises(
            InputError, match="ce n’est pas le tableau d’une tournée → donnez l’iti"
        ):
            read_tour(path, territory, TWO)

    def test_all_at_once_with_their_lines(self, faults_of):
        told = faults_of(
            "semaine;jour;creneau;code_insee;ouverture;fermeture\n"
            "1;lundy;matin;34064;;\n"
            "5;lundi;soir;34999;12:00;09:00\n"
            "1;mardi;matin;;25:00;\n"
        )
        assert [text.split(" : ")[0] for text in told] == [
            "t.csv, ligne 2",
            *["t.csv, ligne 3"] * 4,
            *["t.csv, ligne 4"] * 2,
        ]
        for text, words in zip(
            told,
            (
                "« lundy »",
                "« soir »",
                "« 34999 »",
                "« 5 »",
                "ouv",
                "code INSEE absent",
                "« 25:00 »",
            ),
            strict=True,
        ):
            assert words in text

    def test_the_session_probably_meant(self, faults_of):
        assert faults_of(HEAD + "lundi;martin;34064\n")[0].endswith("vouliez-vous « matin » ?")

    def test_a_name_that_is_not_that_of_the_code(self, faults_of, read):
        head = "jour;creneau;code_insee;commune\n"
        told = faults_of(head + "lundi;matin;34064;Les Rives\n")
        assert told == [
            "t.csv, ligne 2 : « Les Rives », mais 34064 est Le Caylar "
            "→ corrigez le code ou le nom, ou videz le nom"
        ]
        assert len(read(head + "lundi;matin;34264;St Jean de Buèges\nmardi;matin;34064;\n")) == 2

    def test_two_communes_at_once(self, faults_of):
        told = faults_of(HEAD + "lundi;matin;34064\nlundi;matin;34230\n")
        assert told == [
            "t.csv, semaine 1, lundi matin : deux communes à la même demi-journée → gardez-en une"
        ]

    VEHICLES = ("Kangoo", "Zoé")

    @pytest.mark.parametrize(
        ("rows", "vehicles", "told"),
        [
            (("Kangoo", "Zoé"), VEHICLES, []),
            (("Kangoo", "ZOE"), VEHICLES, []),
            (("Kangoo", ""), VEHICLES, []),
            (("Kangoo", "Kangoo"), VEHICLES, [", Kangoo : deux communes à la même demi-journée"]),
            (("", ""), VEHICLES, ["ou dites leurs véhicules (colonne « vehicule »)"]),
            (("Kangoo", "Zoo"), VEHICLES, ["véhicule « Zoo » inconnu"]),
            (("Kangoo", "Zoé"), ("Duster",), ["2 véhicules", "deux communes"]),
        ],
    )
    def test_vehicles(self, territory, tmp_path, rows, vehicles, told):
        path = tmp_path / "t.csv"
        one, two = rows
        head = "jour;creneau;code_insee;vehicule\n"
        path.write_text(f"{head}lundi;matin;34064;{one}\nlundi;matin;34230;{two}\n")
        faults = []
        try:
            visits = read_tour(path, territory, TWO, vehicles)
        except InputError as error:
            faults = [str(fault) for fault in error.faults]
        else:
            assert {visit.vehicle for visit in visits} <= {*self.VEHICLES, ""}
        assert len(faults) == len(told)
        for fault, words in zip(faults, told, strict=True):
            assert words in fault

    def test_a_single_vehicle_may_have_another_name(self, territory, tmp_path):
        path = tmp_path / "t.csv"
        path.write_text("jour;creneau;code_insee;vehicule\nlundi;matin;34064;Ancien\n")
        (visit,) = read_tour(path, territory, TWO, ("Duster",))
        assert visit.vehicle == "Duster"

    def test_what_else_the_file_tells(self, read):
        head = "semaine;jour;creneau;code_insee;lieu;agents;vehicule\n"
        rows = "4;lundi;départ;34079;Agence;A;'=K\n4;lundi;matin;34064;'-Halle;A, B;'=K\n"
        (visit,) = read(head + rows)
        facts = (visit.week, visit.depot, visit.place, visit.team, visit.vehicle)
        assert facts == (4, "34079", "-Halle", "A, B", "=K")

    @pytest.mark.parametrize("text", [HEAD, HEAD + "lundi;départ;34079\n"])
    def test_no_session(self, faults_of, text):
        assert faults_of(text)[0].startswith("t.csv : aucune permanence")

    @pytest.mark.parametrize(
        ("text", "column"),
        [
            ("jour;creneau\nlundi;matin\n", "code_insee"),
            ("jour;code_insee\nlundi;34064\n", "creneau"),
        ],
    )
    def test_missing_column(self, faults_of, text, column):
        assert f"« {column} »" in faults_of(text)[0]

    @pytest.mark.parametrize("week", ["0", "-1", "1.5", "²", "9" * 5_000, "x"])
    def test_no_such_week(self, faults_of, week):
        (told,) = faults_of(f"semaine;{HEAD}{week};lundi;matin;34064\n")
        assert "inconnue → attendu 1 à 4" in told
        assert len(told) < 200

    def test_endless_cells_are_told_shortly(self, faults_of):
        assert all(len(text) < 300 for text in faults_of(HEAD + ";".join(["x" * 9_999] * 3)))

    def test_a_tour_too_long(self, read):
        many = [f"s{number}" for number in range(MAX_VISITS + 1)]
        with pytest.raises(InputError, match=f"plus de {MAX_VISITS} permanences"):
            read(HEAD + "".join(f"lundi;{name};34064\n" for name in many), tuple(many))


class TestComparison:
    def scenario(self, folder: Path, tour: str, **keys: object) -> Scenario:
        told = {"titre": "x", "communes": {"a_desservir": ["34064"]}, **keys}
        return Scenario.from_keys({**told, "comparaison": {"tournee": tour}}, folder)

    def test_none_named_or_embedded(self, tmp_path):
        assert comparison_faults(self.scenario(tmp_path, "")) == ()
        assert comparison_faults(self.scenario(tmp_path, "herault_2021")) == ()

    def test_beside_the_scenario(self, tmp_path):
        (tmp_path / "t.csv").write_text(HEAD + "lundi;matin;34064\n")
        assert comparison_faults(self.scenario(tmp_path, "t.csv")) == ()

    def test_missing(self, tmp_path):
        (fault,) = comparison_faults(self.scenario(tmp_path, "t.csv"))
        assert fault.where.startswith("comparaison.tournee, ")
        assert "introuvable" in fault.what

    def test_more_weeks_than_the_cycle(self, tmp_path):
        (tmp_path / "t.csv").write_text("semaine;" + HEAD + "2;lundi;matin;34064\n")
        (fault,) = comparison_faults(self.scenario(tmp_path, "t.csv"))
        assert "jusqu’à la semaine 2, le cycle du scénario n’en a que 1" in fault.what
        two = self.scenario(tmp_path, "t.csv", cycle={"semaines": 2})
        assert comparison_faults(two) == ()

    def test_a_faulty_territory_is_told_by_the_scenario(self, tmp_path):
        scenario = self.scenario(tmp_path, "t.csv", territoire={"fichiers": ["absent.geojson"]})
        assert comparison_faults(scenario) == ()


def test_refuse_more_weeks():
    refuse_more_weeks([Visit(2, 0, "matin", "34064")], 2)
    with pytest.raises(InputError, match="semaine 3"):
        refuse_more_weeks([Visit(1, 0, "matin", "34064"), Visit(3, 0, "matin", "34064")], 2)


class TestPause:
    """When a whole-day session closes for the meal, as ``itineraire.csv`` tells it."""

    HEAD = "jour;creneau;code_insee;ouverture;fermeture;pause_de;pause_a\n"

    def test_read(self, read):
        text = self.HEAD + "lundi;matin;34064;09:30;15:30;12:30;13:30\nmardi;matin;34064;;;;\n"
        assert [visit.closed for visit in read(text)] == [(45_000, 48_600), None]

    def test_every_fault(self, faults_of):
        rows = ("09:30;15:30;12:30;", "09:30;15:30;13:30;12:30", ";;12:30;13:30", "9:30;15:30;x;y")
        days = ("lundi", "mardi", "mercredi", "jeudi")
        lines = (f"{day};matin;34064;{row}\n" for day, row in zip(days, rows, strict=True))
        one, two, three, *four = faults_of(self.HEAD + "".join(lines))
        assert "une des deux heures de la pause manque" in one
        assert "la pause n’est pas dans la permanence" in two
        assert "la pause n’est pas dans la permanence" in three
        assert len(four) == 2
