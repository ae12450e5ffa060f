"""Dates and calendars of a plan: tour weeks, public holidays, communes, agents, editions."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from tourplan.errors import InputError
from tourplan.export.agendas import agenda_files
from tourplan.export.dates import (
    COLUMNS,
    dates_csv,
    outings,
    period,
    rule_words,
)
from tourplan.plan import Plan

icalendar = pytest.importorskip("icalendar", reason="icalendar n’est pas installé")
recurring = pytest.importorskip("vobject", reason="vobject n’est pas installé")

NOW = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)
START, END = date(2026, 11, 2), date(2027, 6, 30)


def files(plan: Plan, *, internal: bool = False, start: date = START, end: date = END):
    return agenda_files(plan, outings(plan, start, end), NOW, internal=internal)


def events(content: bytes) -> list:
    return icalendar.Calendar.from_ical(content).walk("VEVENT")


def held(content: bytes) -> set[tuple[str, datetime]]:
    """What is held and when, as vobject works it out (local times)."""
    (found,) = recurring.readComponents(content.decode())
    return {
        (event.summary.value, when.replace(tzinfo=None))
        for event in found.vevent_list
        for when in event.getrruleset() or [event.dtstart.value]
    }


class TestDates:
    def test_no_date_is_lost_and_none_is_made_up(self, herault_plan):
        """Counted again, day by day, from the rule alone."""
        expected = []
        for n in range((END - START).days + 1):
            when = START + timedelta(days=n)
            monday = when - timedelta(days=when.weekday())
            if monday >= START and (monday.day - 1) // 7 + 1 in (2, 4) and when.weekday() < 5:
                expected.append(when)
        assert [out.when for out in outings(herault_plan, START, END)] == expected

    def test_neither_parity_nor_every_second_week(self, herault_plan):
        """2026 has 53 ISO weeks; a month of five Mondays makes three weeks between two rounds."""
        mondays = [out.when for out in outings(herault_plan, START, END) if not out.when.weekday()]
        isos = [when.isocalendar()[:2] for when in mondays[:5]]
        assert isos == [(2026, 46), (2026, 48), (2026, 51), (2026, 53), (2027, 2)]
        assert {(b - a).days for a, b in pairwise(mondays)} == {14, 21}

    def test_public_holidays(self, herault_plan):
        off = {out.when: out.off for out in outings(herault_plan, START, END) if out.off}
        assert off == {
            date(2026, 11, 11): "Armistice, jour férié",
            date(2027, 1, 1): "Jour de l’an, jour férié",
        }

    def test_an_end_within_a_week_cuts_it(self, herault_plan):
        found = outings(herault_plan, date(2027, 1, 11), date(2027, 1, 12))
        assert [out.when.day for out in found] == [11, 12]

    def test_of_a_week_begun_the_rest_is_taken(self, herault_plan):
        """A calendar made again on a Wednesday keeps the sessions of that week."""
        found = outings(herault_plan, date(2027, 1, 13), date(2027, 1, 24))
        assert [out.when.day for out in found] == [13, 14, 15]

    def test_a_plan_starts_on_a_monday(self, herault_plan):
        dated = herault_plan.model_copy(update={"start": "2027-01-13"})
        assert period(dated)[0] == date(2027, 1, 18)
        assert period(dated, date(2027, 1, 13))[0] == date(2027, 1, 13)

    def test_each_week_of_the_cycle_has_its_own_weeks(self, herault_plan):
        first, *others = herault_plan.days
        moved = first.model_copy(update={"week": 2})
        plan = herault_plan.model_copy(update={"days": (moved, *others), "cycle_weeks": 2})
        assert [plan.rhythm.runs(day.week) for day in plan.days[:2]] == [(4,), (2,)]
        found = outings(plan, date(2027, 1, 4), date(2027, 1, 31))
        assert [out.when.day for out in found] == [12, 13, 14, 15, 25]

    def test_words(self, herault_plan):
        assert rule_words(herault_plan).startswith("2e et 4e semaines du mois (la semaine n")
        odd = herault_plan.model_copy(update={"month_weeks": (1, 3), "week_rule": "iso"})
        assert rule_words(odd).startswith("semaines impaires (semaines numérotées de 1 à 53")

    def test_the_table(self, herault_plan):
        found = outings(herault_plan, date(2026, 12, 28), date(2027, 1, 3))
        rows = list(
            csv.DictReader(io.StringIO(dates_csv(found).decode("utf-8-sig")), delimiter=";")
        )
        assert tuple(rows[0]) == COLUMNS
        assert len(rows) == herault_plan.sessions_per_cycle
        assert {row["semaine_iso"] for row in rows} == {"2026-S53"}
        states = {row["date"]: row["etat"] for row in rows}
        assert states["2026-12-28"] == "tenue"
        assert states["2027-01-01"] == "non tenue (Jour de l’an, jour férié)"


class TestPeriod:
    def test_52_weeks_from_the_start_of_the_plan(self, herault_plan):
        plan = herault_plan.model_copy(update={"start": "2027-01-04"})
        assert period(plan) == (date(2027, 1, 4), date(2028, 1, 2))

    def test_what_is_asked_wins(self, herault_plan):
        assert period(herault_plan, START, END) == (START, END)

    @pytest.mark.parametrize(
        ("start", "end", "where"),
        [
            (None, END, "--debut"),
            (date(9999, 1, 1), None, "--debut"),
            (END, START, "--fin"),
            (START, date(2099, 1, 1), "--fin"),
        ],
    )
    def test_what_makes_no_sense(self, herault_plan, start, end, where):
        with pytest.raises(InputError) as caught:
            period(herault_plan.model_copy(update={"start": ""}), start, end)
        assert [fault.where for fault in caught.value.faults] == [where]


class TestCommunes:
    def test_every_session_on_every_date_that_is_no_holiday(self, herault_plan):
        expected = {
            (
                f"Permanence : {stop.name}",
                datetime.combine(out.when, datetime.min.time()) + timedelta(seconds=stop.opening_s),
            )
            for out in outings(herault_plan, START, END)
            if not out.off
            for stop in out.day.stops
        }
        found = files(herault_plan)
        assert held(found["agendas/tournee.ics"]) == expected
        communes = [name for name in found if name.startswith("agendas/communes/")]
        assert len(communes) == len(herault_plan.codes())
        assert set().union(*(held(found[name]) for name in communes)) == expected

    def test_the_holiday_is_told(self, herault_plan):
        name = "agendas/communes/34064-le-caylar.ics"
        (event,) = events(files(herault_plan)[name])
        assert "11\xa0novembre 2026 (Armistice, jour férié)" in str(event["DESCRIPTION"])

    def test_a_holiday_in_the_middle_is_an_exception(self, herault_plan):
        fridays = [e for e in events(files(herault_plan)["agendas/tournee.ics"]) if _friday(e)]
        off = {when.dt.date() for event in fridays for when in event["EXDATE"].dts}
        assert len(fridays) == 2
        assert date(2027, 1, 1) in off

    def test_the_same_session_of_a_new_plan_keeps_its_mark(self, herault_plan):
        """Another weekday, other hours: the new event takes the place of the old one."""
        days = [
            day.model_copy(update={"weekday": (day.weekday + 1) % 5}) for day in herault_plan.days
        ]
        new = herault_plan.model_copy(update={"days": tuple(reversed(days))})
        marks = [
            {str(e["UID"]): str(e["SUMMARY"]) for e in events(files(p)["agendas/tournee.ics"])}
            for p in (herault_plan, new)
        ]
        assert marks[0] == marks[1]
        assert len(marks[0]) == herault_plan.sessions_per_cycle

    def test_another_tour_has_other_marks(self, herault_plan):
        other = herault_plan.model_copy(update={"title": "Une autre"})
        one, two = (
            {str(e["UID"]) for e in events(files(p)["agendas/tournee.ics"])}
            for p in (herault_plan, other)
        )
        assert not one & two

    def test_a_commune_whose_every_date_is_a_holiday(self, herault_plan):
        found = files(herault_plan, start=date(2026, 12, 28), end=date(2027, 1, 3))
        assert events(found["agendas/communes/34036-le-bosc.ics"]) == []

    def test_a_plan_that_is_adopted(self, herault_plan):
        adopted = herault_plan.model_copy(update={"status": "validé"})
        status = [
            {e["STATUS"] for e in events(files(p)["agendas/tournee.ics"])}
            for p in (herault_plan, adopted)
        ]
        assert status == [{"TENTATIVE"}, {"CONFIRMED"}]


def _friday(event) -> bool:
    return event.decoded("DTSTART").weekday() == 4


class TestAgents:
    def test_only_for_internal_use(self, herault_plan):
        assert not [name for name in files(herault_plan) if "agents/" in name]
        assert len([n for n in files(herault_plan, internal=True) if "agents/" in n]) == 2

    def test_each_goes_in_their_own_weeks_of_the_month(self, herault_plan):
        """Ana in the second week of the month, Bob in the fourth."""
        days = tuple(
            day.model_copy(update={"teams": {2: ("Ana",), 4: ("Bob",)}})
            for day in herault_plan.days
        )
        plan = herault_plan.model_copy(update={"days": days, "agents": ("Ana", "Bob")})
        found = files(plan, internal=True, start=date(2027, 1, 4), end=date(2027, 2, 27))
        months = [
            sorted(when.day for _, when in held(found[f"agendas/agents/{name}.ics"]))
            for name in ("01-ana", "02-bob")
        ]
        assert months[0] == sorted([*range(11, 16), *range(8, 13)])
        assert months[1] == sorted([*range(25, 30), *range(22, 27)])

    def test_from_leaving_to_coming_back(self, herault_plan):
        found = files(herault_plan, internal=True)["agendas/agents/01-agent-1.ics"]
        day = herault_plan.days[0]
        event = events(found)[0]
        start, end = event.decoded("DTSTART"), event.decoded("DTEND")
        assert (start.hour * 3600 + start.minute * 60) == day.departure_s
        assert (end.hour * 3600 + end.minute * 60) == day.return_s
        assert event["TRANSP"] == "OPAQUE"
        assert all(stop.name in str(event["DESCRIPTION"]) for stop in day.stops)

    def test_one_who_stands_for_several_has_an_event_a_vehicle(self, herault_plan):
        day = herault_plan.days[0]
        plan = herault_plan.model_copy(update={"days": (day, day.model_copy())})
        found = files(plan, internal=True)["agendas/agents/01-agent-1.ics"]
        assert len({str(event["UID"]) for event in events(found)}) == 2
