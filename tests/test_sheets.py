"""Sheets for the agents: the clock of a day, who opens, and the room to be looked at."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pypdf
import pytest
from roadfile import grid_case

from tourplan.export.dates import outings
from tourplan.export.pdf.roadsheet import road_numbers, road_sheet_files, roads_of, sheet_data
from tourplan.export.pdf.surveysheet import rooms_of, survey_files
from tourplan.export.pdf.surveysheet import sheet_data as sheet_data_of_room
from tourplan.hours import clock
from tourplan.places import Venue
from tourplan.prepare import prepare
from tourplan.survey import COLUMNS, Found, read_survey

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
CAYLAR = "34064"
ROOM = Found(CAYLAR, "Mairie", keys="boîte à clés", contact="Mme Durand", phone="04 67 11 22 33")


def words(content: bytes) -> str:
    """What a sheet says; a page is all there is."""
    (page,) = pypdf.PdfReader(io.BytesIO(content)).pages
    told = page.extract_text().replace("\u00a0", " ").replace("\u202f", " ")
    return " ".join(told.split()).replace("- ", "-")


@pytest.fixture(scope="module")
def sheets(herault_plan, herault_case) -> dict[str, str]:
    dates = outings(herault_plan, date(2027, 1, 4), date(2027, 12, 31))
    files = road_sheet_files(herault_plan, herault_case, dates, [ROOM], NOW)
    return {name: words(content) for name, content in files.items()}


class TestRoadSheets:
    def test_one_a_day_with_every_time(self, sheets, herault_plan):
        assert len(sheets) == len(herault_plan.days)
        for day, told in zip(herault_plan.days, sheets.values(), strict=True):
            times = [day.departure_s, day.return_s]
            for stop in day.stops:
                times += [stop.arrival_s, stop.opening_s, stop.closing_s, stop.departure_s]
                assert stop.address in told
            assert all(clock(one) in told for one in times)
            assert ", ".join(herault_plan.agents) in told

    def test_the_next_dates(self, sheets, herault_plan):
        for day, told in zip(herault_plan.days, sheets.values(), strict=True):
            assert f"Prochaines dates : {11 + day.weekday} janvier 2027" in told
            assert told.count(" 2027") <= 14

    def test_keys_and_contacts_where_they_are_known(self, sheets):
        with_keys = [told for told in sheets.values() if "boîte à clés" in told]
        assert len(with_keys) == 1
        assert "Contact : Mme Durand, 04 67 11 22 33" in with_keys[0]
        assert "Le Caylar" in with_keys[0]

    def test_steps_follow_the_clock(self, herault_plan, herault_case):
        for day in herault_plan.days:
            steps = sheet_data(herault_plan, herault_case, day, [], lambda *_: "")["steps"]
            assert [one["time"] for one in steps] == sorted(one["time"] for one in steps)
            assert [one["what"] for one in steps].count("Repas") == 1
            left = {one["words"] for one in steps if one["what"] == "Départ"}
            assert not any(words.startswith("de Le") for words in left)

    def test_roads_by_number_and_communes_passed(self, herault_case):
        roads = roads_of(herault_case)
        assert "A75" in roads("34079", CAYLAR)
        assert "par " in roads("34079", "34317")
        assert roads(CAYLAR, CAYLAR) == ""

    def test_roads_are_told_in_the_order_they_are_driven(self):
        """Ways that leave a commune mostly take the same road first: that of its chef-lieu."""
        numbers = road_numbers()
        assert all(numbers[b, a] == roads[::-1] for (a, b), roads in numbers.items())
        first = [roads[0] for (a, _), roads in numbers.items() if a == "34079" and roads]
        last = [roads[-1] for (a, _), roads in numbers.items() if a == "34079" and roads]
        assert len(set(first)) < len(set(last))

    def test_on_real_roads_each_road_and_turn(self, tmp_path):
        case = prepare(grid_case(tmp_path))
        told = roads_of(case)("90001", "90004").replace("\u00a0", " ")
        assert told in (
            "route sans numéro (8,1 km), à gauche route sans numéro (8,9 km)",
            "route sans numéro (8,9 km), à droite route sans numéro (8,1 km)",
        )

    def test_a_whole_day_opens_again_after_the_meal(self, herault_plan, herault_case):
        day = herault_plan.days[0]
        first = day.stops[0]
        hours = {
            "opening_s": 9 * 3600,
            "closed_from_s": 12 * 3600,
            "closed_until_s": 13 * 3600,
            "closing_s": 16 * 3600,
            "departure_s": 16 * 3600,
        }
        whole = day.model_copy(update={"stops": (first.model_copy(update=hours),)})
        steps = sheet_data(herault_plan, herault_case, whole, [], lambda *_: "")["steps"]
        assert [one["time"] for one in steps if one["what"] == "Fermeture"] == ["12:00", "16:00"]
        assert [one["time"] for one in steps if one["what"] == "Réouverture"] == ["13:00"]

    def test_a_half_day_outside_mairie_hours_is_to_be_checked(self, herault_plan, herault_case):
        day = herault_plan.days[0]
        late = day.stops[0].model_copy(update={"opening_s": 20 * 3600, "closing_s": 22 * 3600})
        moved = day.model_copy(update={"stops": (late,)})
        (stop,) = sheet_data(herault_plan, herault_case, moved, [], lambda *_: "")["stops"]
        assert any("à vérifier avec elle" in words for _, words in stop["lines"])

    def test_long_days_stay_on_a_page(self, herault_plan, herault_case):
        day = herault_plan.days[0]
        long = [
            stop.model_copy(update={"name": "Saint-Rémy-en-Bouzemont " * 3, "address": "rue " * 20})
            for stop in day.stops * 3
        ]
        plan = herault_plan.model_copy(
            update={"days": (day.model_copy(update={"stops": tuple(long)}),)}
        )
        (content,) = road_sheet_files(plan, herault_case, [], [], NOW).values()
        assert "Saint-Rémy-en-Bouzemont" in words(content)


class TestSurveySheets:
    def test_a_sheet_a_room_and_a_table(self, herault_plan, herault_case, tmp_path):
        files = survey_files(herault_plan, herault_case, (), NOW)
        assert len(files) == 11
        told = words(files[f"reconnaissance/{CAYLAR}-le-caylar.pdf"])
        for expected in ("Plain-pied", "Confidentiel", "Clés", "calculé : ", "Mail du Terral"):
            assert expected in told
        path = tmp_path / "reconnaissance.csv"
        path.write_bytes(files["reconnaissance/reconnaissance.csv"])
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig")), delimiter=";"))
        assert tuple(rows[0]) == COLUMNS
        assert {row["code_insee"] for row in rows} == set(herault_plan.codes())
        stops = [[stop.code for stop in day.stops] for day in herault_plan.days]
        assert {(row["de"], row["vers"]) for row in rows} == {
            *(("34079", code) for codes in stops for code in codes),
            *((one, two) for one, two in stops),
        }
        assert read_survey(path) == ()

    def test_what_is_filled_in_reads_back(self, herault_plan, herault_case, tmp_path):
        files = survey_files(herault_plan, herault_case, (), NOW)
        text = files["reconnaissance/reconnaissance.csv"].decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
        for row in rows:
            row |= {"plain_pied": "oui" if row["code_insee"] == CAYLAR else "", "cles": ""}
        path = tmp_path / "r.csv"
        with path.open("w", encoding="cp1252", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, delimiter=";")
            writer.writeheader()
            writer.writerows(rows)
        assert read_survey(path) == (Found(CAYLAR, "Mairie", accessible=True),)

    def test_what_is_known_is_filled_in(self, herault_plan, herault_case, tmp_path):
        """By the round before; the table reads back the same, measured drives apart."""
        full = Found(
            CAYLAR, "Mairie", True, False, None, "bon", "boîte à clés", "=Durand", "04 67 11 22 33"
        )
        files = survey_files(herault_plan, herault_case, (full,), NOW)
        told = words(files[f"reconnaissance/{CAYLAR}-le-caylar.pdf"])
        for expected in ("boîte à clés", "=Durand", "04 67 11 22 33"):
            assert expected in told
        assert told.count("×") == 3
        assert "×" not in words(files["reconnaissance/34230-les-rives.pdf"])
        path = tmp_path / "r.csv"
        path.write_bytes(files["reconnaissance/reconnaissance.csv"])
        assert read_survey(path) == (full,)

    def test_long_answers_stay_on_a_page(self, herault_plan, herault_case):
        long = "à demander au secrétariat de mairie, " * 5
        full = Found(CAYLAR, "Mairie", True, False, None, "bon", *[long[:190]] * 6)
        files = survey_files(herault_plan, herault_case, (full,), NOW)
        assert "Remarques" in words(files[f"reconnaissance/{CAYLAR}-le-caylar.pdf"])

    def test_what_the_scenario_says_of_a_room_is_filled_in(self, herault_plan, herault_case):
        venue = Venue(code=CAYLAR, name="Mairie", accessible=True, private=False)
        scenario = herault_case.scenario.model_copy(update={"venues": (venue,)})
        case = replace(herault_case, scenario=scenario)
        (sessions,) = (held for (code, _), held in rooms_of(herault_plan).items() if code == CAYLAR)
        data = sheet_data_of_room(herault_plan, case, sessions, ())
        assert (data["public"], data["accessible"], data["private"]) == ("", "oui", "non")

    def test_the_drive_from_the_stop_before_is_asked_for(self, herault_plan, herault_case):
        first, second = herault_plan.days[0].stops
        rooms = rooms_of(herault_plan)
        one = sheet_data_of_room(herault_plan, herault_case, rooms[first.code, "Mairie"], ())
        two = sheet_data_of_room(herault_plan, herault_case, rooms[second.code, "Mairie"], ())
        assert [origin for origin, _ in one["drives"]] == ["de Clermont-l’Hérault"]
        assert len(two["drives"]) == 2
        assert first.name in two["drives"][1][0]

    def test_a_room_used_twice_has_one_sheet(self, herault_plan):
        (day, *_) = herault_plan.days
        plan = herault_plan.model_copy(
            update={"days": (day, day.model_copy(update={"weekday": 3}))}
        )
        assert [len(sessions) for sessions in rooms_of(plan).values()] == [2, 2]
