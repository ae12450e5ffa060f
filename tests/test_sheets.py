"""Sheets for the agents: the clock of a day, who opens, and the room to be looked at."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import pypdf
import pytest

from tourplan.export.dates import outings
from tourplan.export.pdf.roadsheet import road_numbers, road_sheet_files, roads_of, sheet_data
from tourplan.export.pdf.surveysheet import rooms_of, survey_files
from tourplan.hours import clock
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
        files = survey_files(herault_plan, herault_case, NOW)
        assert len(files) == 11
        told = words(files[f"reconnaissance/{CAYLAR}-le-caylar.pdf"])
        for expected in ("Plain-pied", "Confidentiel", "Clés", "calculé : ", "Mail du Terral"):
            assert expected in told
        path = tmp_path / "reconnaissance.csv"
        path.write_bytes(files["reconnaissance/reconnaissance.csv"])
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig")), delimiter=";"))
        assert tuple(rows[0]) == COLUMNS
        assert {row["code_insee"] for row in rows} == set(herault_plan.codes())
        assert {row["de"] for row in rows} == {"34079"}
        assert read_survey(path) == ()

    def test_what_is_filled_in_reads_back(self, herault_plan, herault_case, tmp_path):
        files = survey_files(herault_plan, herault_case, NOW)
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

    def test_a_room_used_twice_has_one_sheet(self, herault_plan):
        (day, *_) = herault_plan.days
        plan = herault_plan.model_copy(
            update={"days": (day, day.model_copy(update={"weekday": 3}))}
        )
        assert [len(sessions) for sessions in rooms_of(plan).values()] == [2, 2]
