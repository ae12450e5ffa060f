"""Real dates: when a cycle's weeks fall in the calendar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from tourplan.errors import Fault, InputError, curly, listed

WeekRule = Literal["mois", "iso"]
"""How the weeks of the calendar are numbered from 1 to 4: within their month, or by ISO 8601."""
RULES: dict[WeekRule, str] = {
    "mois": "la semaine n d’un mois commence à son n-ième lundi",
    "iso": "semaines numérotées de 1 à 53 par la norme ISO 8601 : après une année de 53 semaines, "
    "comme 2026, deux semaines impaires se suivent",
}
YEARS = range(1900, 2200)
"""The years a cycle may start in: outside them calendars are guesses, or a slip of the finger."""
_HORIZON_WEEKS = 60
_BY_PARITY = {
    (1, 3): "semaines impaires",
    (2, 4): "semaines paires",
    (1, 2, 3, 4): "toutes les semaines",
}


@dataclass(frozen=True)
class Rhythm:
    """In which weeks of the calendar the weeks of a cycle come back.

    Attributes:
        weeks: numbers of the weeks on tour (1 to 4).
        cycle: number of weeks of the cycle, which divides that of ``weeks``; those on tour take
            them in turn, from the first.
        rule: ``mois``: week n of a month is that of its n-th Monday; ``iso``: ISO weeks by fours,
            so that odd ones are 1 and 3, even ones 2 and 4.
    """

    weeks: tuple[int, ...]
    cycle: int
    rule: WeekRule = "mois"

    def number(self, monday: date) -> int:
        """The number of the week of a Monday: 1 to 4, or 5, the last of some months."""
        if self.rule == "mois":
            return month_week(monday)
        return (monday.isocalendar().week - 1) % 4 + 1

    def runs(self, week: int) -> tuple[int, ...]:
        """The numbers of the weeks that run a week of the cycle, from 1."""
        return tuple(sorted(self.weeks)[week - 1 :: self.cycle])

    def dates(self, start: date, end: date) -> Iterator[tuple[date, int]]:
        """The Mondays on tour from ``start`` to ``end``, each with its week of the cycle."""
        weeks = sorted(self.weeks)
        monday = start + timedelta(days=-start.weekday() % 7)
        while monday <= end:
            number = self.number(monday)
            if number in weeks:
                yield monday, weeks.index(number) % self.cycle + 1
            monday += timedelta(days=7)

    def first_dates(self, start: date) -> dict[int, date]:
        """The first Monday, from ``start`` on, of each week of the cycle.

        Raises:
            InputError: the start is outside ``YEARS``.
        """
        if faults := start_faults(start):
            raise InputError(faults)
        found: dict[int, date] = {}
        for monday, week in self.dates(start, start + timedelta(weeks=_HORIZON_WEEKS)):
            found.setdefault(week, monday)
        return found

    def words(self, numbers: Sequence[int] | None = None) -> str:
        """``2e et 4e semaines du mois``, ``semaines paires``: some weeks, or all on tour."""
        weeks = tuple(sorted(self.weeks if numbers is None else numbers))
        if self.rule == "mois":
            ranks = listed([f"{week}{'re' if week == 1 else 'e'}" for week in weeks])
            return f"{ranks} semaine{'s' if len(weeks) > 1 else ''} du mois"
        by_four = [str(week + more) for more in (0, 4, 8) for week in weeks]
        return _BY_PARITY.get(weeks) or f"semaines ISO {', '.join(by_four)} et ainsi de suite"


def month_week(monday: date) -> int:
    """Which Monday of its month a Monday is, from 1."""
    return (monday.day - 1) // 7 + 1


def start_faults(start: date | None) -> list[Fault]:
    """The fault of a cycle that starts in a year no calendar is known for."""
    if start is None or start.year in YEARS:
        return []
    years = f"entre {YEARS.start} et {YEARS.stop - 1}"
    return [Fault("cycle.debut", f"année {start.year} inattendue", f"donnez une année {years}")]


def public_holidays(dates: Sequence[date]) -> dict[date, str]:
    """The French public holidays among ``dates``, with their names in French."""
    import holidays

    calendar = holidays.country_holidays(
        "FR", years={day.year for day in dates} or None, language="fr"
    )
    return {day: curly(str(calendar[day])) for day in sorted(set(dates)) if day in calendar}
