"""Real dates: when a cycle's weeks fall in the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from tourplan.errors import Fault, InputError

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

    The tour weeks of a month take the weeks of the cycle in turn, from the month's first.

    Args:
        start: no Monday before it is taken.
        month_weeks: the weeks of the month on tour (1 to 4), see ``MONTH_WEEK_RULE``.
        cycle_weeks: number of weeks of the cycle, which divides that of ``month_weeks``.

    Raises:
        InputError: the start is outside ``YEARS``.
    """
    weeks = sorted(month_weeks)
    if faults := start_faults(start):
        raise InputError(faults)
    monday = start + timedelta(days=-start.weekday() % 7)
    found: dict[int, date] = {}
    for _ in range(_HORIZON_WEEKS):
        number = month_week(monday)
        if number in weeks:
            found.setdefault(weeks.index(number) % cycle_weeks + 1, monday)
        if len(found) == cycle_weeks:
            break
        monday += timedelta(days=7)
    return found


def public_holidays(dates: Sequence[date]) -> dict[date, str]:
    """The French public holidays among ``dates``, with their names in French."""
    import holidays

    calendar = holidays.country_holidays(
        "FR", years={day.year for day in dates} or None, language="fr"
    )
    return {day: str(calendar[day]) for day in sorted(set(dates)) if day in calendar}
