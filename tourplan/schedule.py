"""Real dates: when a cycle's weeks fall in the calendar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from tourplan.errors import Fault, InputError, curly

MONTH_WEEK_RULE = "la semaine n d’un mois est celle de son n-ième lundi (hypothèse)"
YEARS = range(1900, 2200)
"""The years a cycle may start in: outside them calendars are guesses, or a slip of the finger."""
_HORIZON_WEEKS = 60


def month_week(monday: date) -> int:
    """Which Monday of its month a Monday is, from 1."""
    return (monday.day - 1) // 7 + 1


def start_faults(start: date | None) -> list[Fault]:
    """The fault of a cycle that starts in a year no calendar is known for."""
    if start is None or start.year in YEARS:
        return []
    years = f"entre {YEARS.start} et {YEARS.stop - 1}"
    return [Fault("cycle.debut", f"année {start.year} inattendue", f"donnez une année {years}")]


def first_dates(start: date, month_weeks: Sequence[int], cycle_weeks: int) -> dict[int, date]:
    """The Monday of the first occurrence, from ``start`` on, of each week of the cycle.

    Args:
        start: no Monday before it is taken.
        month_weeks: the weeks of the month on tour (1 to 4), see ``MONTH_WEEK_RULE``.
        cycle_weeks: number of weeks of the cycle, which divides that of ``month_weeks``.

    Raises:
        InputError: the start is outside ``YEARS``.
    """
    if faults := start_faults(start):
        raise InputError(faults)
    found: dict[int, date] = {}
    end = start + timedelta(weeks=_HORIZON_WEEKS)
    for monday, week in tour_weeks(start, end, month_weeks, cycle_weeks):
        found.setdefault(week, monday)
    return found


def tour_weeks(
    start: date, end: date, month_weeks: Sequence[int], cycle_weeks: int
) -> Iterator[tuple[date, int]]:
    """The Mondays on tour from ``start`` to ``end``, each with its week of the cycle, from 1.

    The tour weeks of a month take the weeks of the cycle in turn, from the month's first.
    """
    weeks = sorted(month_weeks)
    monday = start + timedelta(days=-start.weekday() % 7)
    while monday <= end:
        number = month_week(monday)
        if number in weeks:
            yield monday, weeks.index(number) % cycle_weeks + 1
        monday += timedelta(days=7)


def public_holidays(dates: Sequence[date]) -> dict[date, str]:
    """The French public holidays among ``dates``, with their names in French."""
    import holidays

    calendar = holidays.country_holidays(
        "FR", years={day.year for day in dates} or None, language="fr"
    )
    return {day: curly(str(calendar[day])) for day in sorted(set(dates)) if day in calendar}
