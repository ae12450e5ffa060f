"""How far apart the days of a cycle are in the months that run it."""

from __future__ import annotations

from collections.abc import Sequence

from tourplan.problem import MONTH_WEEKS

MONTH_DAYS = 7 * MONTH_WEEKS
TOLERANCE_DAYS = 3
"""How far from even the sessions of a commune may be spread, where the scenario does not say."""
Cell = tuple[int, int]
"""Week of the cycle and working day, as positions."""


def month_days(months: Sequence[Sequence[int]], weekdays: Sequence[int]) -> list[tuple[int, Cell]]:
    """Each day on tour of a month of four weeks, from 0, with the cell of the cycle it runs.

    A month of five weeks only sets the last days of one month farther from the first of the next.

    Args:
        months: for each week of the cycle, the weeks of the month that run it.
        weekdays: the working days, 0 for Monday.
    """
    return sorted(
        ((month_week - 1) * 7 + weekday, (week, position))
        for week, mine in enumerate(months)
        for month_week in mine
        for position, weekday in enumerate(weekdays)
    )


def windows(
    days: list[tuple[int, Cell]], length: int, *, after: bool = False
) -> list[frozenset[Cell]]:
    """The cells within ``length`` days from each day on tour, months following one another.

    Args:
        days: as ``month_days`` gives them.
        length: days of a window.
        after: whether windows start the day after.
    """
    found = []
    for start, _ in days:
        first = start + after
        found.append(frozenset(cell for day, cell in days if (day - first) % MONTH_DAYS < length))
    return sorted(set(found), key=sorted)


def farthest_apart(months: Sequence[Sequence[int]], weekdays: Sequence[int], visits: int) -> int:
    """The most days that can part each of ``visits`` sessions a cycle from the next, at least 1.

    Sessions are taken every so many days from each day in turn, the earliest possible first.
    """
    days, most = month_days(months, weekdays), 1
    for gap in range(2, MONTH_DAYS + 1):
        if not any(_fits(days, start, gap, visits) for start in range(len(days))):
            break
        most = gap
    return most


def even_gap(months: Sequence[Sequence[int]], weekdays: Sequence[int], visits: int) -> int:
    """Least days between the sessions of a commune evenly spread over the months.

    Within ``TOLERANCE_DAYS`` of even, never two days in a row, and no more than the weeks and days
    on tour leave.
    """
    if visits < 2:
        return 1
    a_month = visits * sum(map(len, months)) / len(months)
    even = int(MONTH_DAYS / a_month) - TOLERANCE_DAYS
    return max(1, min(max(2, even), farthest_apart(months, weekdays, visits)))


def _fits(days: list[tuple[int, Cell]], start: int, gap: int, visits: int) -> bool:
    """Whether ``visits`` cells of the cycle can be taken, ``gap`` days apart at least."""
    occurrences: dict[Cell, list[int]] = {}
    for day, cell in days:
        occurrences.setdefault(cell, []).append(day)
    taken: list[int] = []
    count = 0
    for _, cell in days[start:] + days[:start]:
        if _far(taken + occurrences[cell], gap):
            taken += occurrences[cell]
            count += 1
    return count >= visits


def _far(days: list[int], gap: int) -> bool:
    """Whether days of a month are all ``gap`` days apart at least, the next month too."""
    ordered = sorted(days)
    nexts = [*ordered[1:], ordered[0] + MONTH_DAYS]
    return all(after - before >= gap for before, after in zip(ordered, nexts, strict=True))
