"""The tours one change away from a tour, and the hours of their days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np

from tourplan.daytours import time_days
from tourplan.hours import WEEKDAYS
from tourplan.plan import Day
from tourplan.problem import Problem
from tourplan.timeline import Opening, build_day

Slot = tuple[int, int, int]
"""(crew-week, weekday, session): positions of the crew and session, 0 for Monday."""
Layout = Mapping[Slot, int]
"""The site of each slot in use."""


class DayTimer:
    """Works out the hours of days, each kind of day once."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._known: dict[tuple[int, tuple[int, ...], tuple[int, ...]], list[Opening]] = {}

    def openings(self, layout: Layout) -> dict[tuple[int, int], list[Opening]]:
        """The openings of each (crew-week, weekday) of a layout."""
        days: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for crew, weekday, session in sorted(layout):
            days.setdefault((crew, weekday), []).append((session, layout[crew, weekday, session]))
        return {
            day: self._day(
                self.problem.crew_weeks[day[0]].base,
                tuple(session for session, _ in held),
                tuple(site for _, site in held),
            )
            for day, held in days.items()
        }

    def days(self, layout: Layout) -> tuple[Day, ...]:
        """The days of a layout."""
        return tuple(
            build_day(self.problem, crew, weekday, openings)
            for (crew, weekday), openings in self.openings(layout).items()
        )

    def _day(self, base: int, sessions: tuple[int, ...], sites: tuple[int, ...]) -> list[Opening]:
        """The longest openings of a day; the whole windows when the day is impossible."""
        key = (base, sessions, sites)
        if key not in self._known:
            timed = time_days(self.problem, base, sessions, np.array([sites], dtype=np.int64))
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
    or a commune replaced by a candidate that may be served once more.
    """
    yield from _slot_changes(problem, layout)
    yield from _day_changes(problem, layout)
    yield from _commune_changes(problem, layout)
    yield from _additions(problem, layout)
    for slot, site in layout.items():
        text = f"ne plus tenir {_slot_name(problem, slot)}, {_site_name(problem, site)}"
        yield text, {kept: held for kept, held in layout.items() if kept != slot}


def _slot_changes(problem: Problem, layout: Layout) -> Iterator[tuple[str, dict[Slot, int]]]:
    """Two half-days exchanged, or one moved to a free slot."""
    for one, two in combinations(sorted({*_tour_slots(problem, layout), *layout}), 2):
        held = [(to, layout[of]) for of, to in ((one, two), (two, one)) if of in layout]
        if held:
            kept = {slot: site for slot, site in layout.items() if slot not in (one, two)}
            yield _exchange_text(problem, layout, one, two), kept | dict(held)


def _day_changes(problem: Problem, layout: Layout) -> Iterator[tuple[str, dict[Slot, int]]]:
    """Two days exchanged."""
    for one, two in combinations(_tour_days(problem, layout), 2):
        other = {one: two, two: one}
        text = f"échanger le {_day_name(problem, one)} et le {_day_name(problem, two)}"
        changed = {
            (*other.get((crew, day), (crew, day)), session): site
            for (crew, day, session), site in layout.items()
        }
        yield text, changed


def _commune_changes(problem: Problem, layout: Layout) -> Iterator[tuple[str, dict[Slot, int]]]:
    """A commune replaced by a candidate that may be served once more, or its room by another."""
    for slot, site in layout.items():
        kept = {other: held for other, held in layout.items() if other != slot}
        for other in _idle(problem, kept):
            if other != site:
                new, old = _site_name(problem, other), _site_name(problem, site)
                yield f"{_slot_name(problem, slot)} : {new} remplace {old}", {**kept, slot: other}


def _additions(problem: Problem, layout: Layout) -> Iterator[tuple[str, dict[Slot, int]]]:
    """A half-day added in a free slot, for a commune that may be served once more."""
    for slot in _tour_slots(problem, layout):
        if slot not in layout:
            for site in _idle(problem, layout):
                text = f"ajouter {_slot_name(problem, slot)}, {_site_name(problem, site)}"
                yield text, {**layout, slot: site}


def _idle(problem: Problem, layout: Layout) -> list[int]:
    """The sites of the communes that may be served once more."""
    held = Counter(problem.sites[site].demand for site in layout.values())
    return [
        number
        for number, site in enumerate(problem.sites)
        if held[site.demand] < problem.demands[site.demand].allowed
    ]


def _site_name(problem: Problem, number: int) -> str:
    """``Lodève``, with the room where the commune has several."""
    site = problem.sites[number]
    several = len(problem.sites_of(site.demand)) > 1
    return f"{site.name} ({site.venue})" if several else site.name


def _tour_slots(problem: Problem, layout: Layout) -> list[Slot]:
    """Every slot of the cycle."""
    sessions = range(len(problem.sessions))
    return [
        (crew, day, session) for crew, day in _tour_days(problem, layout) for session in sessions
    ]


def _tour_days(problem: Problem, layout: Layout) -> list[tuple[int, int]]:
    """(crew-week, weekday) of each day that some vehicle can go out, or goes.

    The crew is that of the day, else that of the vehicle's other days of the week, else the first
    that can go.
    """
    used = sorted({(crew, day) for crew, day, _ in layout})
    days = {_vehicle_day(problem, crew, day): (crew, day) for crew, day in used}
    known = [crew for crew, _ in used]
    order = dict.fromkeys([*known, *range(len(problem.crew_weeks))])
    for number in order:
        for day in problem.crew_weeks[number].weekdays:
            days.setdefault(_vehicle_day(problem, number, day), (number, day))
    return [days[key] for key in sorted(days)]


def _vehicle_day(problem: Problem, crew: int, day: int) -> tuple[int, int, int]:
    """Week, vehicle and weekday."""
    return problem.crew_weeks[crew].week, problem.crew_weeks[crew].vehicle, day


def _exchange_text(problem: Problem, layout: Layout, one: Slot, two: Slot) -> str:
    names = {site: _site_name(problem, site) for site in layout.values()}
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
    crew = problem.crew_weeks[day[0]]
    week = f" de la semaine {crew.week + 1}" if problem.weeks > 1 else ""
    vehicle = f" ({problem.vehicles[crew.vehicle].name})" if len(problem.vehicles) > 1 else ""
    return f"{WEEKDAYS[day[1]]}{week}{vehicle}"
