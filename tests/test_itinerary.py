"""The table that Excel opens: columns, times, decimal commas, nothing taken for a formula."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tourplan.export.itinerary import (
    COLUMNS,
    csv_bytes,
    day_date,
    decimal_comma,
    itinerary_csv,
    itinerary_rows,
    neutral,
)
from tourplan.plan import Day, Origin, Plan, Stop

HOUR = 3600


def stop(session: str, opening_h: float, **changes: object) -> Stop:
    facts = {
        "session": session,
        "code": "34064",
        "name": "Le Caylar",
        "arrival_s": round((opening_h - 0.25) * HOUR),
        "opening_s": round(opening_h * HOUR),
        "closing_s": round((opening_h + 2) * HOUR),
        "departure_s": round((opening_h + 2.25) * HOUR),
        "drive_s": 1_850,
        "drive_m": 25_004,
        "place": "Mairie",
        "address": "1 rue ; 34520",
    }
    return Stop(**{**facts, **changes})


@pytest.fixture(scope="module")
def plan(herault_plan) -> Plan:
    """One Monday of two sessions, dated."""
    day = Day(
        week=1,
        weekday=0,
        vehicle="Véhicule 1",
        depot="34079",
        teams={2: ("Agent 1", "Agent 2"), 4: ("Agent 1", "Agent 2")},
        departure_s=9 * HOUR,
        stops=(
            stop("matin", 10, drive_measured=True),
            stop("après-midi", 14, code="05001", name='"Abriès"'),
        ),
        break_from_s=None,
        break_until_s=None,
        return_s=17 * HOUR,
        return_drive_s=6,
        return_drive_m=100_000,
        work_s=0,
    )
    origin = Origin(
        label="table",
        date="2026-05",
        credit="nous",
        uncertainty="peu",
        uncertainty_pct=5,
        schematic=False,
    )
    return herault_plan.model_copy(update={"days": (day,), "start": "2027-01-04", "origin": origin})


GOLDEN = (
    "semaine;jour;creneau;date;code_insee;commune;lieu;adresse;arrivee;ouverture;fermeture;depart;"
    "trajet_min;trajet_km;agents;vehicule;temps_de_trajet;trajet_source;pause_de;pause_a\r\n"
    "1;lundi;départ;2027-01-11;34079;Clermont-l’Hérault;Agence;;;;;09:00;;;"
    "Agent 1, Agent 2;Véhicule 1;table (mai 2026). Incertitude : ± 5 % (peu). nous;;;\r\n"
    '1;lundi;matin;2027-01-11;34064;Le Caylar;Mairie;"1 rue ; 34520";09:45;10:00;12:00;12:15;'
    "30,83;25,004;Agent 1, Agent 2;Véhicule 1;"
    "table (mai 2026). Incertitude : ± 5 % (peu). nous;mesuré;;\r\n"
    '1;lundi;après-midi;2027-01-11;05001;"""Abriès""";Mairie;"1 rue ; 34520";13:45;14:00;16:00;'
    "16:15;30,83;25,004;Agent 1, Agent 2;Véhicule 1;"
    "table (mai 2026). Incertitude : ± 5 % (peu). nous;calculé;;\r\n"
    "1;lundi;retour;2027-01-11;34079;Clermont-l’Hérault;Agence;;17:00;;;;0,1;100,0;"
    "Agent 1, Agent 2;Véhicule 1;table (mai 2026). Incertitude : ± 5 % (peu). nous;calculé;;\r\n"
)


def test_golden(plan):
    assert itinerary_csv(plan).decode("utf-8-sig") == GOLDEN


def test_what_was_added_stands_after_the_columns_of_old():
    assert COLUMNS[15:] == (
        "vehicule",
        "temps_de_trajet",
        "trajet_source",
        "pause_de",
        "pause_a",
    )


def test_a_return_that_was_measured(plan):
    (day,) = plan.days
    measured = day.model_copy(update={"return_drive_measured": True})
    rows = list(itinerary_rows(plan.model_copy(update={"days": (measured,)})))
    assert [row[17] for row in rows] == ["", "mesuré", "calculé", "mesuré"]


def test_every_row_has_every_column(herault_plan):
    rows = list(itinerary_rows(herault_plan))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert len(rows) == herault_plan.sessions_per_cycle + 2 * len(herault_plan.days)


def test_to_frame_has_the_same_rows(herault_plan):
    frame = herault_plan.to_frame()
    assert list(frame.columns) == list(COLUMNS)
    assert [tuple(row) for row in frame.itertuples(index=False)] == list(
        itinerary_rows(herault_plan)
    )


def test_no_day_is_a_header_alone(plan):
    assert (
        itinerary_csv(plan.model_copy(update={"days": ()})).decode("utf-8-sig")
        == GOLDEN.splitlines()[0] + "\r\n"
    )


def test_dates_need_a_start(plan):
    (day,) = plan.days
    assert day_date(plan, day) == date(2027, 1, 11)
    undated = plan.model_copy(update={"start": ""})
    assert day_date(undated, day) is None
    assert ";départ;;34079;" in itinerary_csv(undated).decode("utf-8-sig")


def test_each_week_has_its_own_crew(plan):
    (day,) = plan.days
    changes = {
        "days": (
            day.model_copy(update={"teams": {2: ("Ana",)}}),
            day.model_copy(update={"week": 2, "teams": {4: ("Bob",)}}),
        ),
        "cycle_weeks": 2,
    }
    rows = itinerary_rows(plan.model_copy(update=changes))
    assert [(row[0], row[3], row[14]) for row in rows if row[2] == "départ"] == [
        ("1", "2027-01-11", "Ana"),
        ("2", "2027-01-25", "Bob"),
    ]


def test_each_day_has_its_own_agency_and_vehicle(plan):
    (day,) = plan.days
    other = day.model_copy(update={"depot": "34032", "vehicle": "Zoé"})
    changes = {"days": (day, other), "depots": {**plan.depots, "34032": "Béziers"}}
    rows = [row for row in itinerary_rows(plan.model_copy(update=changes)) if row[2] != "matin"]
    assert [row[4:6] for row in rows if row[2] in ("départ", "retour")] == [
        *[("34079", "Clermont-l’Hérault")] * 2,
        *[("34032", "Béziers")] * 2,
    ]
    assert [row[15] for row in rows] == [*["Véhicule 1"] * 3, *["Zoé"] * 3]


def test_a_whole_day_tells_its_pause(plan):
    (day,) = plan.days
    whole = stop("journée", 9.5, closing_s=16 * HOUR, closed_from_s=45_000, closed_until_s=46_800)
    rows = list(
        itinerary_rows(
            plan.model_copy(update={"days": (day.model_copy(update={"stops": (whole,)}),)})
        )
    )
    assert [row[-2:] for row in rows] == [("", ""), ("12:30", "13:00"), ("", "")]
    assert rows[1][9:11] == ("09:30", "16:00")


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(0, 2, "0,0"), (0.1, 2, "0,1"), (12.345, 2, "12,35"), (7, 3, "7,0"), (1234.5, 1, "1234,5")],
)
def test_decimal_comma(value, decimals, text):
    assert decimal_comma(value, decimals) == text


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_formulas_are_neutral(cell):
    assert neutral(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Le Caylar", "34064", "09:45", "30,83", "'quoted", "1=1"])
def test_other_cells_stand_as_they_are(cell):
    assert neutral(cell) == cell


@given(name=st.text(max_size=30), vehicle=st.text(max_size=30))
def test_any_text_stays_in_its_cell(plan, name, vehicle):
    (day,) = plan.days
    named = day.model_copy(update={"stops": (stop("matin", 10, name=name),), "vehicle": vehicle})
    text = itinerary_csv(plan.model_copy(update={"days": (named,)})).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert rows[2][5] == neutral(name)
    assert rows[2][15] == neutral(vehicle)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


class TestOpen:
    """``--csv open``: plain for programs, and what it says is the same."""

    def test_points_commas_and_no_mark(self, plan):
        content = csv_bytes(COLUMNS, itinerary_rows(plan), "open")
        assert not content.startswith(b"\xef\xbb\xbf")
        assert b"\r" not in content
        rows = list(csv.DictReader(io.StringIO(content.decode())))
        assert rows[1]["trajet_min"] == "30.83"
        assert rows[1]["adresse"] == "1 rue ; 34520"
        assert rows[1]["date"] == "2027-01-11"

    def test_both_forms_tell_the_same(self, plan):
        forms = [csv_bytes(COLUMNS, itinerary_rows(plan), form) for form in ("excel", "open")]
        french = list(csv.DictReader(io.StringIO(forms[0].decode("utf-8-sig")), delimiter=";"))
        plain = list(csv.DictReader(io.StringIO(forms[1].decode())))
        numbers = ("trajet_min", "trajet_km")
        for one, two in zip(french, plain, strict=True):
            for name in COLUMNS:
                told = one[name].replace(",", ".") if name in numbers else one[name]
                assert two[name] == told

    def test_only_numbers_change_their_comma(self):
        rows = [("1,5", decimal_comma(1.5, 1), "=1,5")]
        assert csv_bytes(("a", "b", "c"), rows, "open") == b'a,b,c\n"1,5",1.5,"\'=1,5"\n'
