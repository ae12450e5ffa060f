"""Cycles drawn at random: several crews, communes with wishes of all kinds, and brute force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations, product
from math import prod
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tiny import HOUR, MINUTE, agent, make, on, slot, vehicle

from tourplan.measures import measure
from tourplan.optimise.solve import Infeasible, NothingFound, Undecided, optimise
from tourplan.plan import Day
from tourplan.problem import AccessGoal, Agent, Pin, Problem, SessionSlot, Vehicle
from tourplan.recount import recounted
from tourplan.timeline import Opening, build_day
from tourplan.verify import verify

LEVELS = (
    "passages",
    "habitants_au_dela_15",
    "habitants_au_dela_10_x",
    "habitants_au_dela_20_part",
    "heures_mairie",
    "marches",
    "acces_moyen",
    "acces_pire",
    "route",
    "km",
    "cout",
    "co2",
    "ouverture",
    "equite_agents",
    "equite_horaires",
    "equite_communes",
)
DAY_CODES = frozenset(
    [
        "window",
        "minimum",
        "maximum",
        "pause",
        "grid",
        "setup",
        "packing",
        "hours",
        "meal",
        "unbroken",
        "departure",
        "return",
        "day_work",
        "amplitude",
        "range",
        "arrival",
        "unreachable",
        "refused_slot",
        "twice_a_day",
        "whole_day",
        "absent",
    ]
)
"""What no day of a plan may break, whatever the others are."""

_LONG = slot("matin", "09:00", "12:00", 120)
_WHOLE = SessionSlot("journée", 9 * HOUR, 16 * HOUR, 4 * HOUR, whole_day=True)
_SESSIONS = (
    (_LONG,),
    (_WHOLE,),
    (_LONG, slot("après-midi", "14:00", "16:00", 120)),
    (_LONG, slot("après-midi", "14:00", "16:00", 120), replace(_WHOLE, maximum_s=5 * HOUR)),
)


def _maybe(draw: st.DrawFn, *values: Any) -> Any:
    """``None``, most of the time, or one of some values."""
    return draw(st.sampled_from((*[None] * 3 * len(values), *values)))


def _days(draw: st.DrawFn, days: int) -> frozenset[tuple[int, int]]:
    """Every day, or some weekdays or weeks only."""
    some = st.sets(st.integers(0, days - 1), min_size=1)
    weekdays = draw(st.one_of(*[st.just(range(7))] * 3, some))
    return on(weekdays, draw(st.sampled_from((*[(1, 2, 3, 4)] * 6, (1, 2), (2, 4)))))


def _agents(draw: st.DrawFn, count: int, days: int) -> list[Agent]:
    return [
        agent(
            f"Agent {number}",
            draw(st.sampled_from((200, 200, 12, 8, 6))) * HOUR,
            days=_days(draw, days),
            agencies=draw(st.sampled_from(((), (), (), (), (0,), (1,)))),
            trained=draw(st.integers(0, 3)) > 0,
            earliest_departure_s=_maybe(draw, 8 * HOUR),
            latest_return_s=_maybe(draw, 16 * HOUR + 30 * MINUTE),
            max_work_s=_maybe(draw, 7 * HOUR),
            max_amplitude_s=_maybe(draw, 8 * HOUR),
        )
        for number in range(1, count + 1)
    ]


def _vehicles(draw: st.DrawFn, count: int, days: int) -> list[Vehicle]:
    return [
        vehicle(
            f"Véhicule {number}",
            days=_days(draw, days),
            depots=draw(st.sampled_from(((), (0,), (0, 1)))),
            range_m=_maybe(draw, 40_000),
            recharge_m=draw(st.sampled_from((0, 20_000))),
            cost_ueur_m=draw(st.integers(0, 500)),
            emissions_ug_m=draw(st.integers(0, 200_000)),
        )
        for number in range(1, count + 1)
    ]


def _demand(draw: st.DrawFn, days: int, weeks: int, sessions: int, cars: int) -> dict[str, Any]:
    """What a commune asks, at times more than can be."""
    required = draw(st.sampled_from((0, 0, 0, 0, 1, 1, 2)))
    pins = ()
    if draw(st.integers(0, 11)) == 0:
        where = (weeks, days, sessions, cars)
        pins = (Pin(*(_maybe(draw, *range(count)) for count in where)),)
    return {
        "required": max(required, len(pins)),
        "allowed": max(required, draw(st.sampled_from((1, 1, 2, 3)))),
        "gap_days": draw(st.sampled_from((1, 1, 1, 2, 7, 10))),
        "gap_most_days": draw(st.sampled_from((None,) * 6 + (14, 21))),
        "same_slot": draw(st.integers(0, 3)) == 0,
        "market": frozenset(draw(st.sets(st.integers(0, days - 1)))),
        "pins": pins,
    }


def _goals(draw: st.DrawFn, points: int, fixed: int) -> list[AccessGoal]:
    """Up to three goals: for all, for an operator and people of its own, for several sessions."""
    share = st.sampled_from((None, 0.0, 50.0, 80.0))

    def imposed() -> bool:
        return draw(st.integers(0, 9)) == 9

    mask = np.array([draw(st.booleans()) for _ in range(fixed)], dtype=bool)
    weight = np.array([draw(st.integers(0, 9)) for _ in range(points)], dtype=np.int64)
    return [
        AccessGoal(15, draw(share), imposed()),
        AccessGoal(
            10, draw(share), imposed(), "habitants_au_dela_10_x", sessions=draw(st.integers(1, 3))
        ),
        AccessGoal(
            20,
            draw(share),
            imposed(),
            "habitants_au_dela_20_part",
            mask,
            weight,
            draw(st.integers(1, 2)),
        ),
    ]


@st.composite
def cycles(
    draw: st.DrawFn, most_sites: int = 3, most_days: int = 3, most_vehicles: int = 2
) -> Problem:
    """A small cycle with whatever a scenario can ask; the second place is a depot too."""
    count, weeks = draw(st.integers(1, most_sites)), draw(st.sampled_from((1, 1, 2, 4)))
    days = draw(st.integers(1, max(1, most_days // weeks)))
    cars = draw(st.integers(1, most_vehicles))
    size = count + 1 + draw(st.integers(0, 2))
    way = st.one_of(*[st.integers(0, 2400)] * 20, st.none())
    times = [[0 if i == j else draw(way) for j in range(size)] for i in range(size)]
    letters = [chr(ord("A") + number) for number in range(count)]
    sessions = draw(st.sampled_from(_SESSIONS))
    rooms = {"A": [size - 1]} if size > count + 1 and draw(st.booleans()) else {}
    held = count + len(rooms)
    refused = [
        tuple(draw(st.integers(0, n - 1)) for n in (cars, held, weeks, days, len(sessions)))
        for _ in range(draw(st.integers(0, 2)))
    ]
    fixed = draw(st.lists(st.integers(0, size - 1), unique=True, max_size=2))
    problem = make(
        times,
        sites=count,
        sessions=sessions,
        demands={letter: _demand(draw, days, weeks, len(sessions), cars) for letter in letters},
        rooms=rooms,
        refused=refused,
        hours=dict.fromkeys(letters[:2], "Mo-We 09:00-10:30,14:00-15:00"),
        weekdays=tuple(range(days)),
        weeks=weeks,
        residents={place: draw(st.sampled_from((0, 1, 7, 100))) for place in range(1, size)},
        areas=[draw(st.integers(0, 1)) for _ in range(1, size)],
        fixed=fixed,
        goals=_goals(draw, size - 1, len(fixed)),
        hours_rule=draw(
            st.sampled_from(("ignores", "preferes", "preferes", "preferes", "imposes"))
        ),
        far_min=draw(st.sampled_from((5, 15))),
        objectives=draw(st.lists(st.sampled_from(LEVELS), unique=True, min_size=1, max_size=3)),
        week_opening_s=draw(st.sampled_from((0,) * 6 + (2,))) * HOUR,
        agents=_agents(draw, draw(st.sampled_from((2, 2, 2, 3, 3, 4))), days),
        vehicles=_vehicles(draw, cars, days),
        crew_size=draw(st.sampled_from((1, 1, 2))),
        trained=draw(st.integers(0, 1)),
        depots=draw(st.sampled_from(((0,), (0, 1)))),
        grid_s=HOUR,
        setup_s=0,
        packing_s=0,
        break_s=HOUR,
        break_from_s=12 * HOUR,
        break_until_s=14 * HOUR,
    )
    chargers = tuple(replace(site, charger=draw(st.booleans())) for site in problem.sites)
    early_s, late_s = 8 * HOUR + 45 * MINUTE, 16 * HOUR
    return replace(problem, sites=chargers, early_s=early_s, late_s=late_s)


# Brute force: every set of days, each with every timing on the grid, judged by ``verify``.


def possible_days(problem: Problem, crew: int, weekday: int) -> list[Day]:
    """Every day of a crew that breaks no rule of a day, at any hours on the grid."""
    found = []
    slots = range(len(problem.sessions))
    for size in range(1, len(slots) + 1):
        for used in (c for c in product(slots, repeat=size) if list(c) == sorted(set(c))):
            for sites in permutations(range(len(problem.sites)), size):
                for timing in product(*(_timings(problem, k) for k in used)):
                    held = [
                        Opening(k, site, *times)
                        for k, site, times in zip(used, sites, timing, strict=True)
                    ]
                    day = build_day(problem, crew, weekday, held)
                    if not DAY_CODES & {violation.rule for violation in verify(problem, [day])}:
                        found.append(day)
    return found


def _timings(problem: Problem, session: int) -> Iterator[tuple[int, int]]:
    window, grid_s = problem.sessions[session], problem.day.grid_s
    hours = range(window.opening_s, window.closing_s + 1, grid_s)
    for opening, closing in product(hours, hours):
        if closing - opening >= window.minimum_s:
            yield opening, closing


def choices(problem: Problem) -> list[list[Day | None]]:
    """For each vehicle and day of the cycle, every day tour it may run, and none."""
    found: dict[tuple[int, int, int], list[Day | None]] = {}
    for number, crew in enumerate(problem.crew_weeks):
        for weekday in crew.weekdays:
            key = crew.vehicle, crew.week, weekday
            found.setdefault(key, [None]).extend(possible_days(problem, number, weekday))
    return list(found.values())


def best_values(problem: Problem, most_plans: int) -> list[int] | None:
    """The best values of the levels, in order, those to maximise negated; ``None``: no plan.

    Raises:
        OverflowError: more than ``most_plans`` plans would have to be tried.
    """
    possible = choices(problem)
    if prod(map(len, possible)) > most_plans:
        raise OverflowError
    plans = ([day for day in plan if day] for plan in product(*possible))
    sound = (days for days in plans if not verify(problem, days))
    return min((_values(problem, days) for days in sound), default=None)


def _values(problem: Problem, days: list[Day]) -> list[int]:
    signs = {"min": 1, "max": -1}
    return [
        signs[measure(problem, name).sense] * recounted(problem, days, name)
        for name in problem.objectives
    ]


def outcome(problem: Problem, **terms: Any) -> object:
    """Values and bounds of a plan that is checked, or why there is none."""
    try:
        found = optimise(problem, **terms)
    except (Infeasible, Undecided, NothingFound) as error:
        return type(error)
    assert verify(problem, found.days, found.levels) == ()
    return [(level.value, level.bound) for level in found.levels]
