"""Clock times and weekly hours: French words outside, seconds since midnight inside.

Weekly hours are read in a strict subset of OpenStreetMap's ``opening_hours`` syntax
(``Mo-Fr 09:00-12:00,13:30-17:30; Sa 09:00-12:00``), the form the national schemas ask for.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Final

DAY_S: Final = 86_400
WEEK_S: Final = 7 * DAY_S
MINUTE_S: Final = 60
WEEKDAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_OSM_DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_CLOCK: Final = re.compile(r"([01]?\d|2[0-4])(?::([0-5]\d)|\s?[hH](?:\s?([0-5]\d))?)")

Interval = tuple[int, int]


def parse_clock(text: str) -> int:
    """Seconds since midnight of ``09:45`` (``9h45``, ``9 h 45`` and ``9 h`` are understood too).

    Raises:
        ValueError: the text is not a time from 00:00 to 24:00.
    """
    match = _CLOCK.fullmatch(text.strip())
    if not match:
        raise ValueError(f"heure « {text} » illisible, attendu « HH:MM »")
    seconds = int(match[1]) * 3600 + int(match[2] or match[3] or 0) * 60
    if seconds > DAY_S:
        raise ValueError(f"heure « {text} » au-delà de 24:00")
    return seconds


def clock(seconds: int) -> str:
    """``HH:MM`` of a time in whole minutes.

    Raises:
        ValueError: the time is not in whole minutes; rounding it would show another time.
    """
    minutes, rest = divmod(seconds, 60)
    if rest:
        raise ValueError(f"{seconds} s is not a whole number of minutes")
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def duration(seconds: float) -> str:
    """``2 h 30`` or ``45 min``, to the nearest minute."""
    minutes = int(seconds / 60 + 0.5)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d}" if minutes % 60 else f"{minutes // 60} h"


@dataclass(frozen=True)
class WeekHours:
    """Opening intervals (seconds since midnight) of each weekday, Monday first."""

    days: tuple[tuple[Interval, ...], ...]

    def overlap_s(self, weekday: int, opening_s: int, closing_s: int) -> int:
        """Seconds of ``[opening_s, closing_s]`` that fall within the hours of ``weekday``."""
        return sum(
            max(0, min(closing_s, end) - max(opening_s, start)) for start, end in self.days[weekday]
        )

    def text(self, weekday: int) -> str:
        """The hours of ``weekday`` in French, or ``fermé``."""
        spans = [f"{clock(start)}–{clock(end)}" for start, end in self.days[weekday]]
        return ", ".join(spans) or "fermé"

    @classmethod
    def parse(cls, text: str) -> WeekHours | None:
        """The hours written in ``text``; ``None`` when it is blank (hours unknown).

        Raises:
            ValueError: a part is not understood, closes before it opens, or overlaps another.
        """
        if not text.strip():
            return None
        days: list[list[Interval]] = [[] for _ in _OSM_DAYS]
        for part in filter(None, (piece.strip() for piece in text.split(";"))):
            if part in ("PH off", "SH off"):
                continue
            selector, _, spans = part.partition(" ")
            intervals = [] if spans.strip() == "off" else _intervals(spans, part)
            for day in _selected(selector, part):
                days[day].extend(intervals)
        for day, found in enumerate(days):
            found.sort()
            for (_, end), (start, _) in itertools.pairwise(found):
                if start < end:
                    raise ValueError(f"horaires qui se recouvrent le {WEEKDAYS[day]}")
        return cls(tuple(tuple(found) for found in days))


def _selected(selector: str, part: str) -> list[int]:
    """The weekdays that ``Mo-We,Fr`` names."""
    chosen: list[int] = []
    for piece in selector.split(","):
        first, _, last = piece.partition("-")
        if first not in _OSM_DAYS or (last or first) not in _OSM_DAYS:
            raise ValueError(f"jours « {selector} » illisibles dans « {part} »")
        start, end = _OSM_DAYS.index(first), _OSM_DAYS.index(last or first)
        if end < start:
            raise ValueError(f"jours « {selector} » à l’envers dans « {part} »")
        chosen.extend(range(start, end + 1))
    return chosen


def _intervals(spans: str, part: str) -> list[Interval]:
    """The intervals that ``09:00-12:00,13:30-17:30`` names."""
    found = []
    for span in spans.split(","):
        first, dash, last = span.strip().partition("-")
        if not dash:
            raise ValueError(f"horaires illisibles dans « {part} »")
        start, end = parse_clock(first), parse_clock(last)
        if end <= start:
            raise ValueError(f"« {span.strip()} » ferme avant d’ouvrir dans « {part} »")
        found.append((start, end))
    return found
