"""Weekly opening hours: read from the sources, written in a subset of the OSM syntax.

A week maps a day (0 is Monday) to its openings, as (opening, closing) in minutes after midnight.
The subset written is ``Mo-Fr 09:00-12:00,13:30-17:30; Sa 09:00-12:00``: each day is named once,
alone or in a run of consecutive days, so that no rule ever overrides another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

Opening = tuple[int, int]
Week = dict[int, list[Opening]]

DAYS_FR = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
DAYS_OSM = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
NOON = 12 * 60
AFTERNOON = 13 * 60 + 30

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_RANGE = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")
_RULE = re.compile(r"(?P<first>[A-Z][a-z])(-(?P<last>[A-Z][a-z]))? (?P<ranges>\S+)")


class UnreadableHoursError(ValueError):
    """Hours written in a way that is not understood: settle them by name, never guess."""


def minutes(clock: str) -> int:
    """Minutes after midnight of ``HH:MM``."""
    match = _CLOCK.fullmatch(clock)
    if match is None:
        raise UnreadableHoursError(clock)
    return int(match[1]) * 60 + int(match[2])


def clock(minute: int) -> str:
    """``HH:MM`` of minutes after midnight."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def read_ranges(text: str) -> list[Opening]:
    """Openings of one day from ``09:00-12:00,13:30-17:30``; they may be wrong, checks say so."""
    found = [_RANGE.fullmatch(part) for part in text.split(",")]
    if any(match is None for match in found):
        raise UnreadableHoursError(text)
    return [(minutes(match[1]), minutes(match[2])) for match in found if match is not None]


def write_ranges(openings: Iterable[Opening]) -> str:
    """``09:00-12:00,13:30-17:30`` from openings, in order."""
    return ",".join(f"{clock(start)}-{clock(end)}" for start, end in openings)


def read_counter_day(cell: str) -> list[Opening]:
    """Openings of one cell of the official list: ``09:00 - 12:00 / 13:30 - 17:00`` or empty."""
    if not cell.strip():
        return []
    return read_ranges(",".join(part.strip().replace(" - ", "-") for part in cell.split(" / ")))


def read_counter_week(cells: Sequence[str]) -> Week:
    """Week of a counter from its cells, Monday first."""
    days = {day: read_counter_day(cell) for day, cell in enumerate(cells)}
    return {day: openings for day, openings in days.items() if openings}


def read_mairie_week(entries: Iterable[tuple[str, str, Iterable[tuple[str, str]]]]) -> Week:
    """Week of a mairie from the DILA directory: (first day, last day, [(opening, closing)]).

    Entries naming the same day add up: where they contradict each other, a check says so.
    """
    week: Week = {}
    for first, last, ranges in entries:
        openings = [(_minutes_of_seconds(start), _minutes_of_seconds(end)) for start, end in ranges]
        for day in _run_of_days(first, last, DAYS_FR):
            week[day] = sorted([*week.get(day, []), *openings])
    return dict(sorted(week.items()))


def read_week(text: str) -> Week:
    """Week from the OSM subset; empty text is an empty week."""
    week: Week = {}
    for rule in filter(None, text.split("; ")):
        match = _RULE.fullmatch(rule)
        if match is None:
            raise UnreadableHoursError(rule)
        for day in _run_of_days(match["first"], match["last"] or match["first"], DAYS_OSM):
            if day in week:
                raise UnreadableHoursError(f"{text} ({DAYS_OSM[day]} twice)")
            week[day] = read_ranges(match["ranges"])
    return week


def write_week(week: Mapping[int, Sequence[Opening]]) -> str:
    """OSM subset of a week: consecutive days with the same openings are written as one run."""
    runs: list[list[int]] = []
    for day in sorted(week):
        if runs and runs[-1][-1] == day - 1 and week[runs[-1][-1]] == week[day]:
            runs[-1].append(day)
        else:
            runs.append([day])
    return "; ".join(f"{_name_of_run(run)} {write_ranges(week[run[0]])}" for run in runs)


def closing_before_opening(openings: Iterable[Opening]) -> list[Opening]:
    """Openings that end no later than they start."""
    return [(start, end) for start, end in openings if end <= start]


def overlapping(openings: Iterable[Opening]) -> list[Opening]:
    """Openings that start before the previous one of the same day has ended."""
    return [after for before, after in pairwise(sorted(openings)) if after[0] < before[1]]


def is_half_day(week: Week) -> bool:
    """Whether no day is open both in the morning (before 12:00) and the afternoon (after 13:30)."""
    return not any(
        any(start < NOON for start, _ in openings) and any(end > AFTERNOON for _, end in openings)
        for openings in week.values()
    )


def _minutes_of_seconds(text: str) -> int:
    if not text.endswith(":00") or len(text) != len("HH:MM:SS"):
        raise UnreadableHoursError(text)
    return minutes(text[:5])


def _run_of_days(first: str, last: str, names: Sequence[str]) -> range:
    if first not in names or last not in names or names.index(last) < names.index(first):
        raise UnreadableHoursError(f"{first}-{last}")
    return range(names.index(first), names.index(last) + 1)


def _name_of_run(run: Sequence[int]) -> str:
    first, last = DAYS_OSM[run[0]], DAYS_OSM[run[-1]]
    return first if first == last else f"{first}-{last}"
