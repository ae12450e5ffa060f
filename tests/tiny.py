"""Tiny frozen problems from a handful of numbers, shared by the tests.

Place 0 is the depot, places 1 to n are the sites ``A``, ``B``, ``C``…; any further place is one
where people live or a fixed counter stands. A metre is a tenth of a second of driving.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from tourplan.hours import WeekHours, parse_clock
from tourplan.problem import (
    AccessGoal,
    Agent,
    Base,
    CrewWeek,
    DayRules,
    Demand,
    Problem,
    SessionSlot,
    Site,
    Vehicle,
    WeekRules,
)

MINUTE, HOUR = 60, 3600
METRES_A_SECOND = 10

Matrix = Sequence[Sequence[int | None]]


def at(text: str) -> int:
    """Seconds since midnight of ``9:45``."""
    return parse_clock(text)


def slot(name: str, opening: str, closing: str, minimum_min: int = 60) -> SessionSlot:
    """A session of the day."""
    return SessionSlot(name, at(opening), at(closing), minimum_min * MINUTE)


MORNING = slot("matin", "09:45", "12:15", 120)
AFTERNOON = slot("après-midi", "13:30", "16:00", 120)
TWO = (MORNING, AFTERNOON)

DAY = DayRules(
    earliest_departure_s=at("07:00"),
    latest_return_s=at("19:00"),
    setup_s=15 * MINUTE,
    packing_s=15 * MINUTE,
    break_s=30 * MINUTE,
    break_from_s=at("11:30"),
    break_until_s=at("14:30"),
    max_work_s=10 * HOUR,
    max_amplitude_s=13 * HOUR,
    max_unbroken_s=6 * HOUR,
    grid_s=5 * MINUTE,
)


EVERY_DAY = frozenset(product(range(1, 5), range(7)))
"""(Week of the month, weekday) of someone who is always there."""
MONTHS = {1: ((2, 4),), 2: ((2,), (4,)), 4: ((1,), (2,), (3,), (4,))}
"""Weeks of the month that each week of a cycle of so many weeks stands for."""


def agent(name: str, max_week_s: int = 200 * HOUR, **facts: Any) -> Agent:
    """Someone who is always there, but for ``facts``."""
    return Agent(name, max_week_s, **{"days": EVERY_DAY, **facts})


def vehicle(name: str = "Véhicule 1", **facts: Any) -> Vehicle:
    """A vehicle that is always there, but for ``facts``."""
    return Vehicle(name, **{"days": EVERY_DAY, **facts})


def on(weekdays: Iterable[int], weeks: Iterable[int] = range(1, 5)) -> frozenset[tuple[int, int]]:
    """Some weekdays of some weeks of the month."""
    return frozenset(product(weeks, weekdays))


def on_a_line(positions_min: Sequence[float]) -> list[list[int | None]]:
    """Seconds between places that stand at these minutes along one road."""
    return [[round(abs(a - b) * MINUTE) for b in positions_min] for a in positions_min]


def make(
    times: Matrix,
    *,
    sites: int | None = None,
    sessions: Sequence[SessionSlot] = TWO,
    required: Sequence[str] = (),
    allowed: int = 1,
    hours: Mapping[str, str] | None = None,
    weekdays: Sequence[int] = (0, 1),
    weeks: int = 1,
    residents: Mapping[int, int] | None = None,
    fixed: Sequence[int] = (),
    goals: Sequence[AccessGoal] = (),
    hours_rule: Any = "preferes",
    overlap_min: int = 60,
    far_min: int = 15,
    objectives: Sequence[str] = ("route",),
    week_work_s: int = 200 * HOUR,
    week_opening_s: int = 0,
    min_rest_s: int = 0,
    demands: Mapping[str, Mapping[str, Any]] | None = None,
    rooms: Mapping[str, Sequence[int]] | None = None,
    refused: Iterable[tuple[Any, ...]] = (),
    agents: Sequence[Agent] | None = None,
    vehicles: Sequence[Vehicle] | None = None,
    crew_size: int = 2,
    trained: int = 1,
    depots: Sequence[int] = (0,),
    areas: Sequence[int] | None = None,
    **day: int | None,
) -> Problem:
    """A problem over the matrix ``times`` (seconds, ``None``: no way), rules lax but for ``day``.

    Args:
        times: from row to column; the first place is the depot.
        sites: how many of the places after the depot are sites; all of them by default.
        sessions: the sessions of a day.
        required: letters of the sites that must be served.
        allowed: how many sessions each site may hold.
        hours: mairie hours by letter (``"Mo 09:00-12:00"``); unknown where absent.
        weekdays: working days.
        weeks: weeks of the cycle.
        residents: weight by place; 100 at each site by default.
        fixed: places with a fixed counter.
        goals: access goals.
        hours_rule: what mairie hours are worth.
        overlap_min: least overlap with them.
        far_min: beyond it residents count in the mean access level.
        objectives: levels in order.
        week_work_s: most work of a week, for the two agents of a problem that names none.
        week_opening_s: least opening of a week.
        min_rest_s: least rest between two days.
        demands: other facts of a site's demand, by letter.
        rooms: places of the further sites of a commune, by letter.
        refused: keys of ``Problem.open_slots`` (vehicle, site, week, day, session) that are shut.
        agents: who can go; two who are always there by default.
        vehicles: in what; one that is always there by default.
        crew_size: agents who go together.
        trained: how many of them are trained, at least.
        depots: places that vehicles without depots leave from.
        areas: the area of each resident point; one for all by default.
        day: rules of the day that differ from ``DAY``.
    """
    size = len(times)
    count = size - 1 if sites is None else sites
    reachable = np.array([[cell is not None for cell in row] for row in times]).reshape(size, size)
    time_s = np.array([[cell or 0 for cell in row] for row in times], dtype=np.int64)
    people = dict.fromkeys(range(1, count + 1), 100) if residents is None else residents
    letters = [chr(ord("A") + number) for number in range(count)]
    known = {letter: WeekHours.parse(text) for letter, text in (hours or {}).items()}
    months, asked = MONTHS[weeks], demands or {}
    goers = [agent(f"Agent {n}", week_work_s) for n in (1, 2)] if agents is None else agents
    cars = [vehicle()] if vehicles is None else vehicles
    bases, crew_weeks = going(goers, cars, months, weekdays, crew_size, trained, depots)
    held = [
        Site(letter, letter, place, place - 1, known.get(letter))
        for place, letter in enumerate(letters, start=1)
    ]
    for letter, extra in (rooms or {}).items():
        own = held[letters.index(letter)]
        held += [replace(own, place=place, venue=f"salle {place}") for place in extra]
    open_slots = np.ones((len(cars), len(held), weeks, len(weekdays), len(sessions)), dtype=bool)
    for key in refused:
        open_slots[key] = False
    return Problem(
        places=("depot", *letters, *(f"P{place}" for place in range(count + 1, size))),
        time_s=time_s.reshape(size, size),
        distance_m=time_s.reshape(size, size) * METRES_A_SECOND,
        reachable=reachable,
        demands=tuple(
            Demand(
                **{
                    "code": letter,
                    "name": letter,
                    "required": int(letter in required),
                    "allowed": allowed,
                    **asked.get(letter, {}),
                }
            )
            for letter in letters
        ),
        sites=tuple(held),
        open_slots=open_slots,
        sessions=tuple(sessions),
        weekdays=tuple(weekdays),
        month_weeks=months,
        day=DayRules(**{**vars(DAY), **day}),
        week=WeekRules(week_opening_s, min_rest_s),
        agents=tuple(goers),
        vehicles=tuple(cars),
        crew_size=crew_size,
        trained=trained,
        bases=bases,
        crew_weeks=crew_weeks,
        resident_place=np.array(list(people), dtype=np.int64),
        resident_weight=np.array(list(people.values()), dtype=np.int64),
        resident_area=np.array([0] * len(people) if areas is None else areas, dtype=np.int64),
        areas=tuple(f"Z{area}" for area in range(max(areas or [0], default=0) + 1)),
        fixed_place=np.array(list(fixed), dtype=np.int64),
        goals=tuple(goals),
        hours_rule=hours_rule,
        hours_overlap_s=overlap_min * MINUTE,
        far_s=far_min * MINUTE,
        early_s=at("07:30"),
        late_s=at("18:00"),
        objectives=tuple(objectives),
    )


def going(
    agents: Sequence[Agent],
    vehicles: Sequence[Vehicle],
    months: Sequence[Sequence[int]],
    weekdays: Sequence[int],
    size: int,
    trained: int,
    depots: Sequence[int],
) -> tuple[tuple[Base, ...], tuple[CrewWeek, ...]]:
    """Every crew that may go out, tried one by one: who, in what, from where, which weekdays.

    Each vehicle has bases of its own; ``tourplan.crews`` finds those that are alike.
    """
    bases: list[Base] = []
    found: list[CrewWeek] = []
    pairs = list(combinations(range(len(agents)), size))
    for (week, month), (number, car) in product(enumerate(months), enumerate(vehicles)):
        for depot, teams in product(car.depots or depots, product(pairs, repeat=len(month))):
            goers = [agents[a] for team in teams for a in team]
            there = [
                day
                for day in weekdays
                for who in [[(m, w) for m, t in zip(month, teams, strict=True) for w in (*t, -1)]]
                if all((m, day) in (car if a < 0 else agents[a]).days for m, a in who)
            ]
            fit = all(sum(agents[a].trained for a in team) >= trained for team in teams)
            near = all(depot in goer.agencies for goer in goers if goer.agencies)
            if not there or not fit or not near or car.seats < size:
                continue
            base = Base(
                depot,
                _own(max, [goer.earliest_departure_s for goer in goers]),
                _own(min, [goer.latest_return_s for goer in goers]),
                _own(min, [goer.max_work_s for goer in goers]),
                _own(min, [goer.max_amplitude_s for goer in goers]),
                car.range_m,
                car.recharge_m,
                number,
            )
            if base not in bases:
                bases.append(base)
            found.append(CrewWeek(week, number, bases.index(base), teams, tuple(there)))
    return tuple(bases), tuple(found)


def _own(choose: Any, limits: Sequence[int | None]) -> int | None:
    return choose((limit for limit in limits if limit is not None), default=None)


def with_work(problem: Problem, seconds: int) -> Problem:
    """The problem with another limit on every agent's week."""
    return replace(problem, agents=tuple(replace(a, max_week_s=seconds) for a in problem.agents))


def asking(problem: Problem, letters: Iterable[str] | None = None, **facts: Any) -> Problem:
    """The problem with other facts of the demands of ``letters``, or of all."""
    codes = {demand.code for demand in problem.demands} if letters is None else set(letters)
    demands = (replace(d, **facts) if d.code in codes else d for d in problem.demands)
    return replace(problem, demands=tuple(demands))


LEVELS = (
    "passages",
    "habitants_au_dela_15",
    "habitants_au_dela_5",
    "heures_mairie",
    "acces_moyen",
    "route",
    "km",
    "ouverture",
)

_SESSIONS = (
    TWO,
    (slot("journée", "10:00", "13:00", 60),),
    (slot("matin", "09:00", "12:00", 60), slot("après-midi", "13:00", "17:00", 90)),
    (
        slot("tôt", "08:00", "10:00", 60),
        slot("midi", "10:30", "12:30", 60),
        slot("tard", "14:00", "17:00", 60),
    ),
)
_HOURS = (
    "Mo-We 09:00-12:00,13:30-17:30",
    "Mo 09:00-10:30,11:30-12:30; We 14:00-16:00",
    "Mo-Tu 09:00-10:00,11:00-12:00",
    "Mo-We 10:00-11:00,13:30-14:45",
    "Tu-We 15:00-18:00",
    "Mo-We 09:00-18:00",
    "Mo off",
)


def examples(count: int) -> settings:
    """Hypothesis settings of these tests: always the same examples, no matter how slow."""
    return settings(max_examples=count)


@st.composite
def territories(draw: st.DrawFn, most_sites: int = 3, most_days: int = 3) -> Problem:
    """A small territory drawn at random: asymmetric times, missing ways and hours, any rules."""
    count = draw(st.integers(1, most_sites))
    size = count + 1 + draw(st.integers(0, 2))
    way = st.one_of(*[st.integers(0, 2400)] * 6, st.none())
    times = [[0 if i == j else draw(way) for j in range(size)] for i in range(size)]
    letters = [chr(ord("A") + number) for number in range(count)]
    goals = [
        AccessGoal(minutes, draw(st.sampled_from((None, 0.0, 33.3, 50.0, 80.0))), imposed)
        for minutes in draw(st.lists(st.sampled_from((5, 15, 30)), unique=True, max_size=2))
        for imposed in [draw(st.integers(0, 3)) == 3]
    ]
    weeks = draw(st.integers(1, 2))
    weight = st.sampled_from((0, 1, 7, 100, 5000, 9_999_991))
    return make(
        times,
        sites=count,
        sessions=draw(st.sampled_from(_SESSIONS)),
        required=draw(
            st.one_of(st.just([]), st.lists(st.sampled_from(letters), unique=True, max_size=3))
        ),
        allowed=draw(st.integers(1, 2)),
        hours={letter: draw(st.sampled_from(_HOURS)) for letter in letters if draw(st.booleans())},
        weekdays=tuple(range(draw(st.integers(1, max(1, most_days // weeks))))),
        weeks=weeks,
        residents={place: draw(weight) for place in range(1, size)},
        fixed=draw(st.lists(st.integers(0, size - 1), unique=True, max_size=2)),
        goals=goals,
        hours_rule=draw(st.sampled_from(("ignores", "preferes", "imposes"))),
        overlap_min=draw(st.sampled_from((30, 60, 90, 120, 150))),
        far_min=draw(st.sampled_from((5, 15))),
        objectives=draw(st.lists(st.sampled_from(LEVELS), unique=True, max_size=5)),
        week_work_s=draw(
            st.one_of(st.just(200 * HOUR), st.integers(60, 260).map(lambda n: n * 300))
        ),
        week_opening_s=draw(st.sampled_from((0, 0, 0, 2, 4))) * HOUR,
    )
