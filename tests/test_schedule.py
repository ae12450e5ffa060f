"""Real dates: the n-th Monday rule, cycles of one, two and four weeks, public holidays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tourplan.errors import InputError
from tourplan.schedule import YEARS, Rhythm, month_week, public_holidays, start_faults


@pytest.mark.parametrize(
    ("day", "number"),
    [(1, 1), (7, 1), (8, 2), (14, 2), (15, 3), (22, 4), (28, 4), (29, 5), (31, 5)],
)
def test_the_number_of_a_monday_in_its_month(day, number):
    assert month_week(date(2027, 1, day)) == number


class TestFirstDates:
    @pytest.mark.parametrize(
        ("start", "monday"),
        [
            ("2027-01-01", "2027-01-11"),
            ("2027-01-11", "2027-01-11"),
            ("2027-01-12", "2027-01-25"),
            ("2027-01-26", "2027-02-08"),
            ("2027-12-28", "2028-01-10"),
        ],
    )
    def test_second_and_fourth_week(self, start, monday):
        found = Rhythm((2, 4), 1).first_dates(date.fromisoformat(start))
        assert found == {1: date.fromisoformat(monday)}

    def test_a_week_begun_is_not_taken(self):
        assert Rhythm((2,), 1).first_dates(date(2027, 1, 13)) == {1: date(2027, 2, 8)}

    def test_the_fifth_monday_is_no_tour_week(self):
        """March 2027 has Mondays on the 1st, 8th, 15th, 22nd and 29th."""
        assert Rhythm((1, 2, 3, 4), 1).first_dates(date(2027, 3, 23)) == {1: date(2027, 4, 5)}

    def test_a_cycle_of_two_weeks(self):
        found = Rhythm((2, 4), 2).first_dates(date(2027, 1, 4))
        assert found == {1: date(2027, 1, 11), 2: date(2027, 1, 25)}

    def test_a_cycle_of_two_weeks_begun_in_its_second(self):
        found = Rhythm((2, 4), 2).first_dates(date(2027, 1, 12))
        assert found == {2: date(2027, 1, 25), 1: date(2027, 2, 8)}

    def test_a_cycle_of_two_weeks_twice_a_month(self):
        found = Rhythm((1, 2, 3, 4), 2).first_dates(date(2027, 3, 1))
        assert found == {1: date(2027, 3, 1), 2: date(2027, 3, 8)}

    def test_a_cycle_of_four_weeks(self):
        found = Rhythm((4, 3, 2, 1), 4).first_dates(date(2027, 3, 1))
        assert found == {week: date(2027, 3, 1 + 7 * (week - 1)) for week in range(1, 5)}

    @pytest.mark.parametrize("year", [1, YEARS.start - 1, YEARS.stop, 9999])
    def test_a_year_no_one_meant(self, year):
        with pytest.raises(InputError, match=r"cycle\.debut") as caught:
            Rhythm((2, 4), 1).first_dates(date(year, 12, 31))
        assert "→ donnez une année" in str(caught.value)

    @given(
        start=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
        cycle=st.sampled_from(
            [((2, 4), 1), ((2, 4), 2), ((1, 2, 3, 4), 4), ((3,), 1), ((1, 3), 2)]
        ),
    )
    def test_every_date_is_the_first_monday_that_fits(self, start, cycle):
        month_weeks, weeks = cycle
        found = Rhythm(tuple(month_weeks), weeks).first_dates(start)
        assert set(found) == set(range(1, weeks + 1))
        for week, monday in found.items():
            own = month_weeks[week - 1 :: weeks]
            assert monday.weekday() == 0
            assert monday >= start
            assert month_week(monday) in own
            before = monday - timedelta(days=7)
            while before >= start:
                assert month_week(before) not in own
                before -= timedelta(days=7)


class TestOddAndEvenWeeks:
    """2026 has 53 ISO weeks: after week 53 comes week 1, odd as well."""

    def test_they_part_ways_with_every_second_week_at_the_new_year(self):
        odd = Rhythm((1, 3), 1, "iso")
        mondays = [monday for monday, _ in odd.dates(date(2026, 12, 1), date(2027, 1, 31))]
        assert mondays == [
            date(2026, 12, 14),
            date(2026, 12, 28),
            date(2027, 1, 4),
            date(2027, 1, 18),
        ]

    @given(monday=st.dates(date(2000, 1, 3), date(2100, 1, 1)))
    def test_a_week_is_odd_or_even_as_calendars_say(self, monday):
        monday -= timedelta(days=monday.weekday())
        both = Rhythm((1, 2, 3, 4), 2, "iso")
        ((_, week),) = both.dates(monday, monday)
        assert week == 1 + (int(f"{monday:%V}") % 2 == 0)
        assert both.number(monday) in both.runs(week)

    def test_words(self):
        assert Rhythm((1, 3), 1, "iso").words() == "semaines impaires"
        assert Rhythm((2, 4), 1, "iso").words() == "semaines paires"
        assert Rhythm((1, 2, 3, 4), 2, "iso").words() == "toutes les semaines"
        words = Rhythm((3, 2), 1, "iso").words()
        assert words == "semaines ISO 2, 3, 6, 7, 10, 11 et ainsi de suite"
        assert Rhythm((1,), 1).words() == "1re semaine du mois"
        assert Rhythm((1, 2, 4), 1).words() == "1re, 2e et 4e semaines du mois"


def test_start_faults():
    assert start_faults(None) == []
    assert start_faults(date(2027, 1, 4)) == []
    assert len(start_faults(date(9999, 1, 4))) == 1


class TestPublicHolidays:
    def test_of_a_year(self):
        every = [date(2027, 1, 1) + timedelta(days=day) for day in range(365)]
        assert [f"{day:%d/%m}" for day in public_holidays(every)] == [
            "01/01",
            "29/03",
            "01/05",
            "06/05",
            "08/05",
            "17/05",
            "14/07",
            "15/08",
            "01/11",
            "11/11",
            "25/12",
        ]

    def test_names_are_french(self):
        assert public_holidays([date(2027, 3, 29)]) == {date(2027, 3, 29): "Lundi de Pâques"}

    def test_over_two_years_in_order_each_once(self):
        days = [date(2028, 1, 1), date(2027, 12, 25), date(2027, 12, 24), date(2027, 12, 25)]
        assert list(public_holidays(days)) == [date(2027, 12, 25), date(2028, 1, 1)]

    def test_no_date(self):
        assert public_holidays([]) == {}
