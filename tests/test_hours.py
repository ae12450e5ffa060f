from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tourplan.hours import DAY_S, WEEKDAYS, WeekHours, clock, duration, parse_clock

OSM = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MINUTES = st.integers(0, DAY_S // 60)


@st.composite
def intervals(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Openings of one day, in order, without overlap, in whole minutes."""
    marks = sorted(draw(st.sets(MINUTES, max_size=6)))
    pairs = zip(marks[::2], marks[1::2], strict=False)
    return tuple((start * 60, end * 60) for start, end in pairs)


WEEKS = st.tuples(*[intervals()] * 7).map(WeekHours)


def tried(parse: Any, text: str) -> tuple[Any, str]:
    """What ``parse`` makes of a text, or its complaint."""
    try:
        return parse(text), ""
    except ValueError as error:
        return None, str(error)


def written(week: WeekHours) -> str:
    """A week in the syntax of the data files."""
    days = [
        f"{name} {','.join(f'{clock(a)}-{clock(b)}' for a, b in spans)}"
        for name, spans in zip(OSM, week.days, strict=True)
        if spans
    ]
    return "; ".join(days) or "Mo off"


class TestClock:
    @given(MINUTES)
    def test_every_minute_of_the_day_reads_back(self, minute):
        assert parse_clock(clock(minute * 60)) == minute * 60

    @pytest.mark.parametrize(
        "text", ["9:45", "09:45", "9h45", "09H45", "  09:45 ", "9 h 45", "9\u202fh\u202f45"]
    )
    def test_ways_to_write_a_time(self, text):
        assert parse_clock(text) == 9 * 3600 + 45 * 60

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "9",
            "h",
            "25:00",
            "25 h",
            "9 45",
            "24:01",
            "09:60",
            "-9:45",
            "09:45:00",
            "midi",
            "09:4\0",
        ],
    )
    def test_what_is_no_time_is_refused_in_french(self, text):
        with pytest.raises(ValueError, match="heure « "):
            parse_clock(text)

    @pytest.mark.parametrize("text", ["9h", "9 h", "09H00"])
    def test_a_whole_hour(self, text):
        assert parse_clock(text) == 9 * 3600

    @given(st.text())
    def test_no_text_makes_it_fail_otherwise(self, text):
        seconds, complaint = tried(parse_clock, text)
        assert "heure «" in complaint if complaint else 0 <= seconds <= DAY_S

    def test_a_time_that_is_not_in_whole_minutes_is_never_rounded(self):
        with pytest.raises(ValueError, match="whole number of minutes"):
            clock(35_101)

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [(0, "0 min"), (2700, "45 min"), (3599, "1 h"), (9000, "2 h 30"), (86_400, "24 h")],
    )
    def test_durations_are_said_in_hours_and_minutes(self, seconds, text):
        assert duration(seconds) == text


class TestWeekHours:
    @given(WEEKS)
    def test_every_week_reads_back(self, week):
        assert WeekHours.parse(written(week)) == week

    def test_runs_lists_and_closed_days(self):
        week = WeekHours.parse("Mo-We,Fr 09:00-12:00, 13:30-17:30; Th off; PH off;")
        assert week is not None
        assert week.days[0] == ((32_400, 43_200), (48_600, 63_000))
        assert week.days[0] == week.days[2] == week.days[4]
        assert week.days[3] == week.days[5] == ()
        assert week.text(0) == "09:00–12:00, 13:30–17:30"
        assert week.text(3) == "fermé"

    @pytest.mark.parametrize("blank", ["", "  ", "\n"])
    def test_no_hours_are_unknown_hours_not_a_closed_week(self, blank):
        assert WeekHours.parse(blank) is None

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("Mo 12:00-09:00", "ferme avant d’ouvrir"),
            ("Mo 09:00-09:00", "ferme avant d’ouvrir"),
            ("Mo 09:00-12:00,11:00-14:00", "se recouvrent le lundi"),
            ("Mo-Fr 09:00-12:00; Fr 11:00-14:00", "se recouvrent le vendredi"),
            ("Fr-Mo 09:00-12:00", "à l’envers"),
            ("Lu 09:00-12:00", "jours « Lu » illisibles"),
            ("24/7", "illisibles"),
            ("Mo", "horaires illisibles"),
            ("Mo 9-12", "heure « 9 »"),
            ("Mo 09:00-12:00-14:00", "heure « 12:00-14:00 »"),
            ("09:00-12:00", "illisibles"),
            ("<script>alert(1)</script>", "illisibles"),
        ],
    )
    def test_what_is_not_understood_is_refused_in_french(self, text, words):
        with pytest.raises(ValueError, match=words):
            WeekHours.parse(text)

    @given(st.text(alphabet="MoTuWeThFrSaSu 0123456789:-,;off", max_size=60) | st.text())
    def test_no_text_makes_it_fail_otherwise(self, text):
        week, complaint = tried(WeekHours.parse, text)
        assert not complaint or "«" in complaint or "recouvrent" in complaint
        for spans in week.days if week else ():
            for start, end in spans:
                assert 0 <= start < end <= DAY_S

    @given(WEEKS, st.integers(0, 6), MINUTES, MINUTES)
    def test_overlap_is_the_minutes_in_common(self, week, day, start, end):
        open_minutes = {m for a, b in week.days[day] for m in range(a // 60, b // 60)}
        common = len(open_minutes & set(range(start, end)))
        assert week.overlap_s(day, start * 60, end * 60) == common * 60

    def test_days_are_named_in_french_from_monday(self):
        assert (WEEKDAYS[0], WEEKDAYS[6]) == ("lundi", "dimanche")
