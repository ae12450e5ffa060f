"""iCalendar text: lines, escapes, recurrence, the hours of Paris; read back by two parsers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tourplan.export.ical import Event, calendar, escaped, folded

icalendar = pytest.importorskip("icalendar", reason="icalendar n’est pas installé")
vobject = pytest.importorskip("vobject", reason="vobject n’est pas installé")

NOW = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
DATES = (date(2027, 1, 11), date(2027, 1, 25), date(2027, 4, 12))
EVENT = Event(
    uid="a-34064-1@tourplan",
    title="Permanence : Le Caylar ; 2, place",
    place="Salle « A, B »",
    text="Une ligne\nUne autre \\ fin",
    start_s=9 * 3600 + 2700,
    end_s=12 * 3600 + 900,
    dates=DATES,
    point=(-3.5, 43.864603),
)
GOLDEN = """BEGIN:VEVENT
UID:a-34064-1@tourplan
DTSTAMP:20261127T083000Z
SEQUENCE:3632190
DTSTART;TZID=Europe/Paris:20270111T094500
DTEND;TZID=Europe/Paris:20270111T121500
RRULE:FREQ=WEEKLY;UNTIL=20270412T074500Z
EXDATE;TZID=Europe/Paris:20270118T094500,20270201T094500,20270208T094500,20
 270215T094500,20270222T094500,20270301T094500,20270308T094500,20270315T094
 500,20270322T094500,20270329T094500,20270405T094500
SUMMARY:Permanence : Le Caylar \\; 2\\, place
LOCATION:Salle « A\\, B »
GEO:43.864603;-3.500000
DESCRIPTION:Une ligne\\nUne autre \\\\ fin
STATUS:CONFIRMED
TRANSP:TRANSPARENT
END:VEVENT
END:VCALENDAR
"""


def unfolded(text: str) -> str:
    return text.replace("\r\n ", "")


def read(*events: Event) -> list:
    return icalendar.Calendar.from_ical(calendar("Essai", events, NOW)).walk("VEVENT")


def held(event: Event) -> list[datetime]:
    """When an event is held, as vobject works it out."""
    found = vobject.readOne(calendar("Essai", [event], NOW)).vevent
    rules = found.getrruleset()
    return [found.dtstart.value] if rules is None else list(rules)


def test_golden():
    text = calendar("Essai", [EVENT], NOW)
    assert text.partition("END:VTIMEZONE\r\n")[2] == GOLDEN.replace("\n", "\r\n")


def test_every_line_ends_as_the_standard_asks():
    text = calendar("Essai, ô", [EVENT], NOW)
    assert text.endswith("END:VCALENDAR\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_folding_loses_nothing(line):
    line = line.replace("\r", "").replace("\n", "")
    parts = folded(line).split("\r\n")
    assert parts[0] + "".join(part[1:] for part in parts[1:]) == line
    assert all(len(part.encode()) <= 75 for part in parts)
    assert all(part.startswith(" ") for part in parts[1:])


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1, max_size=99))
def test_texts_come_back(text):
    (found,) = read(replace(EVENT, title=text))
    assert str(found["SUMMARY"]) == text


def test_control_characters_are_left_out():
    assert escaped("a\x00b\r\nc\rd\x1b[2J") == "ab\\nc\\nd[2J"


def test_icalendar_reads_it():
    (found,) = read(EVENT)
    assert str(found["DESCRIPTION"]) == EVENT.text
    assert str(found["LOCATION"]) == EVENT.place
    assert (found["GEO"].latitude, found["GEO"].longitude) == (43.864603, -3.5)
    assert found.decoded("DTSTART") == datetime(2027, 1, 11, 9, 45, tzinfo=PARIS)
    assert found.decoded("DTSTAMP") == NOW
    assert not found.errors


class TestRecurrence:
    def test_the_dates_and_no_other(self):
        """At the same time of day in winter and in summer."""
        assert [(one.date(), one.hour, one.minute) for one in held(EVENT)] == [
            (day, 9, 45) for day in DATES
        ]

    @given(
        start=st.dates(date(2020, 1, 1), date(2040, 1, 1)),
        weeks=st.sets(st.integers(0, 60), min_size=1, max_size=12),
        start_s=st.integers(0, 23).map(lambda hour: 3600 * hour),
    )
    def test_any_dates(self, start, weeks, start_s):
        dates = tuple(start + timedelta(weeks=week) for week in sorted(weeks))
        found = held(replace(EVENT, dates=dates, start_s=start_s, end_s=start_s + 3600))
        assert tuple(one.date() for one in found) == dates

    def test_one_date_alone_does_not_recur(self):
        (found,) = read(replace(EVENT, dates=DATES[:1]))
        assert "RRULE" not in found
        assert "EXDATE" not in found

    def test_midnight_is_the_next_day(self):
        (found,) = read(replace(EVENT, end_s=86_400))
        assert found.decoded("DTEND") == datetime(2027, 1, 12, tzinfo=PARIS)


@pytest.mark.parametrize("year", [2026, 2027, 2035])
def test_the_hours_of_paris_as_the_time_zone_database_has_them(year):
    component = icalendar.Calendar.from_ical(calendar("Essai", [], NOW)).walk("VTIMEZONE")[0]
    zone = component.to_tz(lookup_tzid=False)
    for day in range(365):
        noon = datetime(year, 1, 1, 12) + timedelta(days=day)
        assert noon.replace(tzinfo=zone).utcoffset() == noon.replace(tzinfo=PARIS).utcoffset()


def test_a_later_edition_takes_the_place_of_the_one_before():
    later = calendar("Essai", [EVENT], NOW + timedelta(minutes=1))
    (old,), (new,) = read(EVENT), icalendar.Calendar.from_ical(later).walk("VEVENT")
    assert new["UID"] == old["UID"]
    assert new["SEQUENCE"] == old["SEQUENCE"] + 1
    assert new["DTSTAMP"].dt > old["DTSTAMP"].dt


def test_proposals_and_the_time_of_agents():
    (found,) = read(replace(EVENT, sure=False, busy=True))
    assert (found["STATUS"], found["TRANSP"]) == ("TENTATIVE", "OPAQUE")
