"""Open data: the fields of the national schemas, hours read by another parser, nothing hostile."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from tourplan.errors import InputError
from tourplan.export.dates import outings
from tourplan.export.opendata import (
    LIST_COLUMNS,
    MEDNUM_COLUMNS,
    Publisher,
    french_hours,
    open_data_files,
    osm_hours,
    spots_of,
)
from tourplan.plan import Day, Plan

TODAY = date(2026, 11, 27)
MSA = Publisher("43493312300029", "MSA du Languedoc", "https://exemple.fr/rdv")
MEDNUM, LISTED = "donnees_ouvertes/mediation_numerique.csv", "donnees_ouvertes/france_services.csv"
REQUIRED = ("id", "pivot", "nom", "commune", "code_postal", "adresse", "date_maj")
PATTERNS = {
    "pivot": r"^[a-zA-Z0-9]{9,14}$",
    "code_postal": r"^\d{5}$",
    "code_insee": r"^([013-9]\d|2[AB1-9])\d{3}$",
    "itinerance": r"(?:(?:^|\|)(Itinérant|Fixe))+$",
    "services": r"(?:(?:^|\|)(Aide aux démarches administratives|Maîtrise des outils numériques du "
    r"quotidien|Accès internet et matériel informatique))+$",
    "frais_a_charge": r"(?:(?:^|\|)(Gratuit|Gratuit sous condition|Payant))+$",
    "dispositif_programmes_nationaux": r"(?:(?:^|\|)(Aidants Connect|Conseillers numériques|France "
    r"Services))+$",
    "modalites_acces": r"(?:(?:^|\|)(Se présenter|Téléphoner|Contacter par mail|Prendre un RDV en "
    r"ligne))+$",
    "modalites_accompagnement": r"(?:(?:^|\|)(En autonomie|Accompagnement individuel|Dans un "
    r"atelier collectif|À distance))+$",
    "date_maj": r"^\d{4}-\d\d-\d\d$",
    "prise_rdv": r"^https?://",
}
"""Of standard-mediation-num 1.0.1; lists of values without those that no tour needs."""


def tables(plan: Plan, publisher: Publisher = MSA) -> dict[str, list[dict[str, str]]]:
    return {
        name: list(csv.DictReader(io.StringIO(content.decode(), newline="")))
        for name, content in open_data_files(plan, publisher, TODAY).items()
    }


def with_stop(plan: Plan, **changes: object) -> Plan:
    """The plan of its first session alone, changed."""
    day = plan.days[0]
    stop = day.stops[0].model_copy(update=changes)
    return plan.model_copy(update={"days": (day.model_copy(update={"stops": (stop,)}),)})


class TestNationalSchema:
    def test_columns_are_those_of_the_schema_in_its_order(self, herault_plan):
        content = open_data_files(herault_plan, MSA, TODAY)[MEDNUM].decode()
        assert content.splitlines()[0] == ",".join(MEDNUM_COLUMNS)
        assert len(MEDNUM_COLUMNS) == 32

    def test_every_field_keeps_its_rule(self, herault_plan):
        rows = tables(herault_plan)[MEDNUM]
        assert len(rows) == len(herault_plan.codes())
        assert max(Counter(row["id"] for row in rows).values()) == 1
        for row in rows:
            assert all(row[name] for name in REQUIRED)
            assert len(row["presentation_resume"]) <= 280
            for name, pattern in PATTERNS.items():
                assert re.search(pattern, row[name]), (name, row[name])

    def test_a_row(self, herault_plan):
        row = next(row for row in tables(herault_plan)[MEDNUM] if row["code_insee"] == "34064")
        assert row["adresse"] == "Mail du Terral"
        assert (row["code_postal"], row["commune"]) == ("34520", "Le Caylar")
        assert row["complement_adresse"] == "Mairie"
        assert (row["latitude"], row["longitude"]) == ("43.86484", "3.31633")
        assert row["nom"] == "Permanence France Services du Caylar"
        assert row["structure_parente"] == "MSA du Languedoc"

    @pytest.mark.parametrize(
        ("number", "true"),
        [
            ("43493312300029", True),
            ("43493312300028", False),
            ("34493312300029", False),
            ("35600000000048", True),
            ("35600000049837", True),
            ("W751005162", True),
        ],
    )
    def test_a_siret_answers_its_check(self, number, true):
        """Those of La Mednum and of La Poste (head office, an agency); a digit or two changed."""
        assert (Publisher(number).faults() == []) is true

    def test_without_bookings(self, herault_plan):
        (row, *_) = tables(herault_plan, Publisher("43493312300029"))[MEDNUM]
        assert (row["modalites_acces"], row["prise_rdv"]) == ("Se présenter", "")


class TestNationalList:
    def test_columns_are_those_of_the_list(self, herault_plan):
        content = open_data_files(herault_plan, MSA, TODAY)[LISTED].decode()
        assert content.splitlines()[0] == ",".join(LIST_COLUMNS)

    def test_hours_stand_under_their_day(self, herault_plan):
        rows = {row["insee_com"]: row for row in tables(herault_plan)[LISTED]}
        for day in herault_plan.days:
            for stop in day.stops:
                row = rows[stop.code]
                told = {name: row[name] for name in LIST_COLUMNS if name.startswith("h_")}
                (name,) = [name for name, hours in told.items() if hours]
                assert name == f"h_{day.weekday_name}"
                assert re.fullmatch(r"\d\d:\d\d - \d\d:\d\d", told[name])
                assert "2e et 4e semaines du mois" in row["commentaire"]

    def test_what_the_list_says_of_such_a_place(self, herault_plan):
        (row, *_) = tables(herault_plan)[LISTED]
        assert (row["format_fs"], row["insee_dep"], row["prise_rdv"]) == ("Itinérante", "34", "Oui")
        assert row["mail"] == row["telephone"] == row["id_fs"] == ""


class TestHours:
    def test_in_openstreetmap_words(self, herault_plan):
        found = {spot.stop.code: osm_hours(herault_plan, spot) for spot in spots_of(herault_plan)}
        assert found["34064"] == "Mo[2,4] +2 days 13:30-16:00; PH off"
        assert found["34277"] == "Mo[2,4] 13:30-16:00; PH off"

    def test_two_sessions_at_one_place(self, herault_plan):
        """A morning of week 2, all of another day in week 4, and a vehicle that overlaps."""
        day, other = herault_plan.days[0], herault_plan.days[1]
        stop = day.stops[0]
        whole = stop.model_copy(
            update={"closing_s": 57_600, "closed_from_s": 45_000, "closed_until_s": 48_600}
        )
        late = stop.model_copy(update={"opening_s": 43_200, "closing_s": 46_800})
        days = (
            day.model_copy(update={"week": 1, "stops": (stop,)}),
            day.model_copy(update={"week": 1, "stops": (late,), "vehicle": "Zoé"}),
            other.model_copy(update={"week": 2, "stops": (whole,)}),
        )
        plan = herault_plan.model_copy(update={"days": days, "cycle_weeks": 2})
        (spot,) = spots_of(plan)
        assert osm_hours(plan, spot) == (
            "Mo[2] 09:45-13:00; Mo[4] +1 day 09:45-12:30,13:30-16:00; PH off"
        )
        assert french_hours(plan, spot) == (
            "lundi 09:45-13:00 (2e semaine du mois) ; "
            "mardi 09:45-12:30, 13:30-16:00 (4e semaine du mois)"
        )
        assert _opened(osm_hours(plan, spot)) == _held(plan)

    @pytest.mark.parametrize("rule", ["mois", "iso"])
    @pytest.mark.parametrize("weeks", [(1,), (2, 4), (1, 3), (2, 3), (1, 2, 3, 4)])
    def test_another_parser_finds_the_same_dates(self, herault_plan, weeks, rule):
        plan = herault_plan.model_copy(update={"month_weeks": weeks, "week_rule": rule})
        for spot in spots_of(plan):
            alone = tuple(day.model_copy(update={"stops": (stop,)}) for day, stop in spot.sessions)
            expected = _held(plan.model_copy(update={"days": alone}))
            assert _opened(osm_hours(plan, spot)) == expected


def _opened(hours: str) -> set[tuple[datetime, datetime]]:
    """When a place is open over two years, by the parser of opening-hours-py."""
    parser = pytest.importorskip("opening_hours", reason="opening-hours-py n’est pas installé")
    rules = parser.OpeningHours(hours, country="FR")
    found = rules.intervals(datetime(2026, 11, 2), datetime(2028, 11, 1))
    return {(start, end) for start, end, state, _ in found if str(state) == "open"}


def _held(plan: Plan) -> set[tuple[datetime, datetime]]:
    """The same from the dates of the plan; sessions that meet made one."""
    return {
        (_at(out.when, start), _at(out.when, end))
        for out in outings(plan, date(2026, 11, 2), date(2028, 10, 31))
        if not out.off
        for start, end in _open_on(plan, out.day)
    }


def _open_on(plan: Plan, day: Day) -> list[tuple[int, int]]:
    """The openings of a weekday and week, minute by minute."""
    minutes = set()
    for other in plan.days:
        if (other.week, other.weekday) == (day.week, day.weekday):
            for stop in other.stops:
                minutes |= set(range(stop.opening_s // 60, stop.closing_s // 60))
                if stop.closed_from_s is not None and stop.closed_until_s is not None:
                    minutes -= set(range(stop.closed_from_s // 60, stop.closed_until_s // 60))
    starts = sorted(m for m in minutes if m - 1 not in minutes)
    ends = sorted(m + 1 for m in minutes if m + 1 not in minutes)
    return [(start * 60, end * 60) for start, end in zip(starts, ends, strict=True)]


def _at(day: date, time_s: int) -> datetime:
    return datetime(day.year, day.month, day.day) + timedelta(seconds=time_s)


class TestCells:
    @pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+33", "-1", "@x", "\t=1"])
    def test_formulas_are_neutral(self, herault_plan, name):
        plan = with_stop(herault_plan, name=name, place=name, address=f"{name}, 34520 X")
        for rows in tables(plan).values():
            for row in rows:
                for column, cell in row.items():
                    assert (
                        column in ("latitude", "longitude") or cell[:1] not in "=+-@\t" or not cell
                    )

    def test_a_longitude_west_of_greenwich_stays_a_number(self, herault_plan):
        (row,) = tables(with_stop(herault_plan, lon=-0.05477))[MEDNUM]
        assert row["longitude"] == "-0.05477"

    def test_where_nothing_is_known(self, herault_plan):
        (row,) = tables(with_stop(herault_plan, lon=None, lat=None, address="34520 Le Caylar"))[
            MEDNUM
        ]
        assert (row["latitude"], row["adresse"]) == ("", "Mairie")

    def test_the_street_is_what_stands_before_the_postcode(self, herault_plan):
        address = "Bâtiment 34000, 2 rue Haute, 34520 Le Caylar"
        (row,) = tables(with_stop(herault_plan, address=address, postcode="34520"))[MEDNUM]
        assert row["adresse"] == "Bâtiment 34000, 2 rue Haute"
        (row,) = tables(with_stop(herault_plan, address="2 rue Haute", postcode="34520"))[MEDNUM]
        assert row["adresse"] == "2 rue Haute"

    def test_overseas(self, herault_plan):
        (row,) = tables(with_stop(herault_plan, code="97411"))[LISTED]
        assert row["insee_dep"] == "974"


class TestFaults:
    def test_all_told_at_once(self, herault_plan):
        plan = with_stop(herault_plan, postcode="")
        with pytest.raises(InputError) as caught:
            open_data_files(plan, Publisher("12 34", booking="rdv"), TODAY)
        wheres = [fault.where for fault in caught.value.faults]
        assert wheres[:2] == ["--siret", "--rendez-vous"]
        assert "code postal inconnu" in str(caught.value)

    def test_no_siret_is_made_up(self, herault_plan):
        with pytest.raises(InputError, match="exigent un SIRET"):
            open_data_files(herault_plan, Publisher(), TODAY)

    def test_a_plan_of_the_schema_before(self, herault_plan):
        older = herault_plan.model_copy(update={"schema_name": "tourplan/plan/3"})
        with pytest.raises(InputError, match="ne dit pas les codes postaux"):
            open_data_files(older, MSA, TODAY)
