"""The tours one change away from a tour, and the hours of their days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np

from tourplan.daytours import time_days
from tourplan.hours import WEEKDAYS
from tourplan.plan import Day
from tourplan.problem import Problem
from tourplan.timeline import Opening, build_day

Slot = tuple[int, int, int]
"""(week from 1, weekday, session), the last two as positions 0 for Monday and first session."""
Layout = Mapping[Slot, int]
"""The site of each slot in use."""


class DayTimer:
    """Works out the hours of days, each kind of day once."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._known: dict[tuple[tuple[int, ...], tuple[int, ...]], list[Opening]] = {}

    def openings(self, layout: Layout) -> dict[tuple[int, int], list[Opening]]:
        """The openings of each (week, weekday) of a layout."""
        days: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for week, weekday, session in sorted(layout):
            days.setdefault((week, weekday), []).append((session, layout[week, weekday, session]))
        return {
            day: self._day(tuple(s for s, _ in held), tuple(site for _, site in held))
            for day, held in days.items()
        }

    def days(self, layout: Layout) -> tuple[Day, ...]:
        """The days of a layout."""
        return tuple(
            build_day(self.problem, week, weekday, openings)
            for (week, weekday), openings in self.openings(layout).items()
        )

    def _day(self, sessions: tuple[int, ...], sites: tuple[int, ...]) -> list[Opening]:
        """The longest openings of a day; the whole windows when the day is impossible."""
        key = (sessions, sites)
        if key not in self._known:
            timed = time_days(self.problem, sessions, np.array([sites], dtype=np.int64))
            slots = [self.problem.sessions[k] for k in sessions]
            possible = bool(timed.feasible[0])
            self._known[key] = [
                Opening(
                    session,
                    site,
                    int(timed.opening_s[0, n]) if possible else slots[n].opening_s,
                    int(timed.closing_s[0, n]) if possible else slots[n].closing_s,
                )
                for n, (session, site) in enumerate(zip(sessions, sites, strict=True))
            ]
        return self._known[key]


def single_changes(problem: Problem, layout: Layout) -> Iterator[tuple[str, dict[Slot, int]]]:
    """Every tour one change away, with its words.

    Two half-days or two days are exchanged, a half-day is moved to a free slot, added or dropped,
    or a commune replaced by a candidate that is not served.
    """
    yield from _slot_changes(problem, layout)
    yield from _day_changes(problem, layout)
    yield from _commune_changes(problem, layout)
    yield from _additions(problem, layout)
    for slot, site in layout.items():
        text = f"ne plus tenir {_slot_name(problem, slot)}, {problem.sites[site].name}"
        yield text, {kept: held for kept, held in layout.items() if kept != slot}


def _slot_changes(problem: Problem, layout: Layout) -> Iterator[tuple[str, dict[Slot, int]]]:
    """Two half-days exchanged, or one moved to a free slot."""
    for one, two in combinations(sorted({*_tour_slots(problem), *layout}), 2):
        held = [(to, layout[of]) for of, to in ((one, two), (two, one)) if of in layout]
        if held:
            kept = {slot: site for slot, site in layout.items() if slot not in (one, two)}
            yield _exchange_text(problem, layout, one, two), kept | dict(held)


def _day_changes(problem: Problem, layout: Layout) -> Iterator[tuple[str, dict[Slot, int]]]:
    """Two days exchanged."""
    for one, two in combinations(_tour_days(problem), 2):
        other = {one: two, two: one}
        text = f"échanger le {_day_name(problem, one)} et le {_day_name(problem, two)}"
        changed = {
            (*other.get((week, day), (week, day)), session): site
            for (week, day, session), site in layout.items()
        }
        yield text, changed


def _commune_changes(problem: Problem, layout: Layout) -> Iterator[tuple[str, dict[Slot, int]]]:
    """A commune replaced by a candidate that is not served."""
    for slot, site in layout.items():
        for other in _idle(problem, layout):
            new, old = problem.sites[other].name, problem.sites[site].name
            yield f"{_slot_name(problem, slot)} : {new} remplace {old}", {**layout, slot: other}


def _additions(problem: Problem, layout: Layout) -> Iterator[tuple[str, dict[Slot, int]]]:
    """A half-day added in a free slot, for a commune that is not served."""
    for slot in _tour_slots(problem):
        if slot not in layout:
            for site in _idle(problem, layout):
                text = f"ajouter {_slot_name(problem, slot)}, {problem.sites[site].name}"
                yield text, {**layout, slot: site}


def _idle(problem: Problem, layout: Layout) -> list[int]:
    """The candidates that are not served."""
    return sorted(set(range(len(problem.sites))) - set(layout.values()))


def _tour_slots(problem: Problem) -> list[Slot]:
    """Every slot of the cycle."""
    sessions = range(len(problem.sessions))
    return [(week, day, session) for week, day in _tour_days(problem) for session in sessions]


def _tour_days(problem: Problem) -> list[tuple[int, int]]:
    """(week from 1, weekday) of each working day of the cycle."""
    return [(week, day) for week in range(1, problem.weeks + 1) for day in problem.weekdays]


def _exchange_text(problem: Problem, layout: Layout, one: Slot, two: Slot) -> str:
    names = [site.name for site in problem.sites]
    where = f"{_slot_name(problem, one)} et {_slot_name(problem, two)}"
    if one in layout and two in layout:
        return f"échanger {names[layout[one]]} et {names[layout[two]]} ({where})"
    start, end = (one, two) if one in layout else (two, one)
    return (
        f"déplacer {names[layout[start]]} du {_slot_name(problem, start)} "
        f"au {_slot_name(problem, end)}"
    )


def _slot_name(problem: Problem, slot: Slot) -> str:
    return f"{_day_name(problem, slot[:2])} {problem.sessions[slot[2]].name}"


def _day_name(problem: Problem, day: tuple[int, int]) -> str:
    week = f" de la semaine {day[0]}" if problem.weeks > 1 else ""
    return f"{WEEKDAYS[day[1]]}{week}"
