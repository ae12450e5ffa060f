"""The checker: each broken rule is named, and no rule can be dropped from the solver unseen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cycles import LEVELS as EVERY_LEVEL
from cycles import cycles
from hypothesis import assume, given
from hypothesis import strategies as st
from tiny import (
    AFTERNOON,
    HOUR,
    LEVELS,
    MINUTE,
    MORNING,
    agent,
    asking,
    at,
    examples,
    make,
    on,
    on_a_line,
    slot,
    vehicle,
    with_work,
)
from tiny import territories as small_territories

import tourplan.optimise.objectives
import tourplan.verify
from tourplan.daytours import list_day_tours
from tourplan.measures import level_of, measure
from tourplan.optimise.rules import RULES
from tourplan.optimise.solve import Infeasible, optimise
from tourplan.optimise.variables import Decisions
from tourplan.plan import Day, Level
from tourplan.problem import AccessGoal, Base, Pin, Problem, SessionSlot
from tourplan.timeline import Opening, build_day
from tourplan.verify import Violation, verify

HOURS = dict.fromkeys("ABC", "Mo-Tu 09:00-12:00,13:00-17:00")
LINE = on_a_line([0, 20, 30, 45])
GOOD = make(
    LINE,
    required=["A", "B"],
    hours=HOURS,
    residents={1: 100, 2: 100, 3: 50},
    goals=[AccessGoal(15, 80.0, True)],
    objectives=("passages", "habitants_au_dela_15", "heures_mairie", "acces_moyen", "route"),
)


def day_of(problem: Problem, *stops: tuple[int, int, str, str], weekday: int = 0) -> Day:
    """A day tour from (session, site, opening, closing)."""
    return build_day(problem, 0, weekday, [Opening(k, s, at(o), at(c)) for k, s, o, c in stops])


def codes(problem: Problem, days: Sequence[Day], levels: Sequence[Level] = ()) -> set[str]:
    return {violation.rule for violation in verify(problem, days, levels)}


def rules(**day: int | None) -> Problem:
    """The good plan's problem with other rules of the day."""
    return replace(GOOD, day=replace(GOOD.day, **day))


def week(**limits: int) -> Problem:
    return replace(GOOD, week=replace(GOOD.week, **limits))


def windows(morning=MORNING, afternoon=AFTERNOON) -> Problem:
    return replace(GOOD, sessions=(morning, afternoon))


AB = day_of(GOOD, (0, 0, "9:45", "12:15"), (1, 1, "13:30", "16:00"))
C = day_of(GOOD, (0, 2, "9:45", "12:15"), weekday=1)
AT_A, AT_B = AB.stops
LEVELS_OF_GOOD = [level_of(GOOD, [AB, C], name) for name in GOOD.objectives]


def changed(**changes: object) -> list[Day]:
    """The good plan, the first day changed."""
    return [AB.model_copy(update=changes), C]


def first_stop(**changes: object) -> list[Day]:
    return changed(stops=(AT_A.model_copy(update=changes), AT_B))


def second_day(**changes: object) -> list[Day]:
    return [AB, C.model_copy(update=changes)]


def third_stop(**changes: object) -> list[Day]:
    return second_day(stops=(C.stops[0].model_copy(update=changes),))


def test_a_good_plan_breaks_nothing():
    assert verify(GOOD, [AB, C], LEVELS_OF_GOOD) == ()
    assert verify(GOOD, [C, AB], LEVELS_OF_GOOD) == (), "days may come in any order"


def without_way(origin: int, destination: int) -> Problem:
    reachable = GOOD.reachable.copy()
    reachable[origin, destination] = False
    return replace(GOOD, reachable=reachable)


def imposed(**hours: str) -> Problem:
    """Mairie hours imposed, some of them changed (blank: unknown)."""
    return make(LINE, hours={**HOURS, **hours}, hours_rule="imposes")


LONG = slot("matin", "08:00", "18:00"), slot("après-midi", "08:00", "18:00")
DISORDER = replace(GOOD, sessions=LONG)

FOUR = replace(GOOD, agents=(*GOOD.agents, agent("Agent 3"), agent("Agent 4")))
OTHERS = dict.fromkeys((2, 4), ("Agent 3", "Agent 4"))
CARS = replace(GOOD, vehicles=(vehicle(), vehicle("Véhicule 2")))
CARS = replace(CARS, open_slots=np.repeat(GOOD.open_slots, 2, axis=0))
FOUR_CARS = replace(CARS, agents=FOUR.agents)
ANOTHER_CAR = {"weekday": 0, "vehicle": "Véhicule 2", "teams": OTHERS}
TWICE_NEAR = AccessGoal(15, 80.0, True, "habitants_au_dela_15_x2", sessions=2)
REST_S = 24 * HOUR + C.departure_s - AB.return_s
A_THE_DAY_AFTER = [day_of(GOOD, (0, 0, "9:45", "12:15"), weekday=1)]
C_FROM_C = build_day(
    replace(GOOD, bases=(Base(3),)), 0, 1, [Opening(0, 2, at("9:45"), at("12:15"))]
)
ROOMS = make(LINE, rooms={"A": [2]}, allowed=2)
A_THEN_ROOM = day_of(ROOMS, (0, 0, "9:45", "12:15"), weekday=0)
BOTH_ROOMS = day_of(ROOMS, (0, 0, "9:45", "12:15"), (1, 3, "13:30", "16:00"))
ALL_DAY = SessionSlot("journée", at("10:00"), at("16:00"), 2 * HOUR, whole_day=True)
WHOLE = make(LINE, sessions=[ALL_DAY])
LONG_A = day_of(WHOLE, (0, 0, "10:00", "16:00"))
BESIDE = make(LINE, sessions=[ALL_DAY, slot("suite", "13:00", "18:00", 60)])


def with_vehicle(charger: str = "", **facts: object) -> Problem:
    """The good plan's problem with another vehicle, and a charger somewhere."""
    sites = tuple(replace(site, charger=site.code == charger) for site in GOOD.sites)
    return replace(GOOD, vehicles=(vehicle(**facts),), sites=sites)


def with_agent(**facts: object) -> Problem:
    """The good plan's problem with another second agent."""
    return replace(GOOD, agents=(GOOD.agents[0], agent("Agent 2", **facts)))


def refusing(*key: int) -> Problem:
    """The good plan's problem with slots shut."""
    open_slots = GOOD.open_slots.copy()
    open_slots[key] = False
    return replace(GOOD, open_slots=open_slots)


def paused(start: str | None, end: str | None, **changes: object) -> Day:
    """The whole day at A with another pause."""
    times = [None if text is None else at(text) for text in (start, end)]
    shift = (times[1] or 0) - (times[0] or 0) - 30 * MINUTE
    pause = dict(zip(("closed_from_s", "closed_until_s"), times, strict=True))
    meal = dict(zip(("break_from_s", "break_until_s"), times, strict=True))
    stops = (LONG_A.stops[0].model_copy(update=pause),)
    return LONG_A.model_copy(
        update={"stops": stops, **meal, "work_s": LONG_A.work_s - shift, **changes}
    )


def unbroken(seconds: int) -> Problem:
    """Whole days with so much work on end at most."""
    return replace(WHOLE, day=replace(WHOLE.day, max_unbroken_s=seconds))


BROKEN: list[tuple[str, Problem, list[Day]]] = [
    ("unknown_site", GOOD, third_stop(code="Z")),
    ("unknown_site", GOOD, third_stop(session="nuit")),
    (
        "order",
        DISORDER,
        [day_of(DISORDER, (1, 0, "9:45", "12:15"), (0, 1, "13:30", "16:00")), C],
    ),
    (
        "order",
        DISORDER,
        [day_of(DISORDER, (0, 0, "9:45", "12:15"), (0, 1, "13:30", "16:00")), C],
    ),
    ("arrival", GOOD, changed(departure_s=AB.departure_s + MINUTE)),
    ("arrival", GOOD, changed(return_s=AB.return_s - MINUTE)),
    ("unreachable", without_way(0, 1), [AB, C]),
    ("unreachable", without_way(1, 2), [AB, C]),
    ("unreachable", without_way(2, 0), [AB, C]),
    ("drive", GOOD, first_stop(drive_m=AT_A.drive_m - 1)),
    ("drive", GOOD, changed(return_drive_m=0)),
    ("drive", GOOD, changed(return_drive_s=AB.return_drive_s - 1, work_s=AB.work_s - 1)),
    ("window", windows(morning=slot("matin", "09:45", "12:10", 120)), [AB, C]),
    ("window", windows(afternoon=slot("après-midi", "13:35", "16:00", 120)), [AB, C]),
    ("minimum", windows(morning=slot("matin", "09:45", "12:15", 151)), [AB, C]),
    ("grid", GOOD, [AB, day_of(GOOD, (0, 2, "9:45", "12:13"), weekday=1)]),
    ("grid", GOOD, [AB, day_of(GOOD, (0, 2, "9:46", "12:15"), weekday=1)]),
    ("setup", GOOD, first_stop(arrival_s=AT_A.arrival_s + MINUTE)),
    ("packing", GOOD, first_stop(departure_s=AT_A.departure_s - MINUTE)),
    ("hours", imposed(C="Mo 09:00-12:00"), [AB, C]),
    ("hours", imposed(C="Tu 11:16-12:15"), [AB, C]),
    ("hours", imposed(C=""), [AB, C]),
    ("meal", rules(break_s=36 * MINUTE), [AB, C]),
    ("meal_times", GOOD, changed(break_from_s=AB.break_from_s - MINUTE)),
    ("meal_times", GOOD, changed(break_until_s=None)),
    ("meal_times", GOOD, second_day(break_from_s=at("12:00"))),
    ("unbroken", rules(max_unbroken_s=210 * MINUTE - 1), [AB]),
    ("unbroken", rules(max_unbroken_s=270 * MINUTE - 1), [AB, C]),
    ("departure", rules(earliest_departure_s=at("9:11")), [AB]),
    ("return", rules(latest_return_s=at("16:44")), [AB, C]),
    ("work_total", GOOD, changed(work_s=AB.work_s - MINUTE)),
    ("day_work", rules(max_work_s=7 * HOUR - 1), [AB, C]),
    ("amplitude", rules(max_amplitude_s=455 * MINUTE - 1), [AB, C]),
    ("range", rules(range_m=35_999), [AB]),
    ("calendar", GOOD, second_day(week=2, teams={})),
    ("calendar", GOOD, second_day(weekday=4)),
    ("one_day_tour_a_day", FOUR, second_day(weekday=0, teams=OTHERS)),
    ("weekly_opening", week(min_opening_s=450 * MINUTE + 1), [AB, C]),
    ("weekly_work", with_work(GOOD, AB.work_s + C.work_s - 1), [AB, C]),
    ("required_sessions", make(LINE, required=["C"]), [AB]),
    ("sessions_of_a_site", GOOD, [AB, day_of(GOOD, (0, 0, "9:45", "12:15"), weekday=1)]),
    ("imposed_goals", replace(GOOD, goals=(AccessGoal(14, 100.0, True),)), [AB]),
    ("imposed_goals", replace(GOOD, goals=(AccessGoal(14, None, True),)), [AB]),
    ("imposed_goals", replace(GOOD, goals=(AccessGoal(14, 80.1, True),)), [AB]),
    ("imposed_goals", replace(GOOD, goals=(replace(TWICE_NEAR, sessions=3),)), [AB, C]),
    # Who goes, in what, from where.
    ("unknown_crew", GOOD, changed(vehicle="Car")),
    ("unknown_crew", GOOD, [day.model_copy(update={"depot": "Z"}) for day in (AB, C)]),
    ("unknown_crew", GOOD, changed(teams=dict.fromkeys((2, 4), ("Agent 1", "Zoé")))),
    ("teams", GOOD, changed(teams={2: ("Agent 1", "Agent 2")})),
    ("teams", GOOD, changed(teams=dict.fromkeys((2, 3), ("Agent 1", "Agent 2")))),
    ("depot", with_vehicle(depots=(1,)), [AB, C]),
    ("agency", with_agent(agencies=(1, 2)), [AB, C]),
    ("crew_size", GOOD, changed(teams={2: ("Agent 1", "Agent 2"), 4: ("Agent 1",)})),
    ("crew_size", FOUR, changed(teams=dict.fromkeys((2, 4), ("Agent 1", "Agent 2", "Agent 3")))),
    ("trained", replace(with_agent(trained=False), trained=2), [AB, C]),
    ("seats", with_vehicle(seats=1), [AB, C]),
    ("absent", with_agent(days=on([0])), [AB, C]),
    ("absent", with_agent(days=on([0, 1], [1, 2, 3])), [AB, C]),
    ("absent", with_vehicle(days=on([1])), [AB, C]),
    ("agent_twice", CARS, second_day(weekday=0, vehicle="Véhicule 2")),
    (
        "agent_twice",
        FOUR_CARS,
        second_day(
            weekday=0,
            vehicle="Véhicule 2",
            teams={2: ("Agent 3", "Agent 4"), 4: ("Agent 3", "Agent 2")},
        ),
    ),
    ("one_depot_a_week", replace(GOOD, bases=(Base(0), Base(3))), [AB, C_FROM_C]),
    ("rest", week(min_rest_s=REST_S + 1), [AB, C]),
    # An agent's own limits: nobody else's.
    ("weekly_work", with_agent(max_week_s=AB.work_s + C.work_s - 1), [AB, C]),
    (
        "weekly_work",
        replace(FOUR, agents=(agent("Agent 1", AB.work_s + C.work_s - 1), *FOUR.agents[1:])),
        second_day(teams={2: ("Agent 2", "Agent 3"), 4: ("Agent 1", "Agent 2")}),
    ),
    ("day_work", with_agent(max_work_s=AB.work_s - 1), [AB, C]),
    ("departure", with_agent(earliest_departure_s=C.departure_s + MINUTE), [AB, C]),
    ("return", with_agent(latest_return_s=AB.return_s - MINUTE), [AB, C]),
    ("amplitude", with_agent(max_amplitude_s=AB.return_s - AB.departure_s - 1), [AB, C]),
    # Where and when a commune may and must be served.
    ("refused_slot", refusing(0, 0, 0, 0, 0), [AB, C]),
    ("refused_slot", refusing(0, 2, 0, 1), [AB, C]),
    ("twice_a_day", asking(ROOMS, gap_days=0), [BOTH_ROOMS, C]),
    ("sessions_of_a_site", asking(ROOMS, "A", allowed=1), [A_THEN_ROOM, *A_THE_DAY_AFTER]),
    ("pinned_sessions", asking(GOOD, "A", pins=(Pin(), Pin(weekday=1))), [AB, C]),
    ("pinned_sessions", asking(GOOD, "A", pins=(Pin(week=1),)), [AB, C]),
    ("pinned_sessions", asking(GOOD, "A", pins=(Pin(session=1),)), [AB, C]),
    ("pinned_sessions", asking(CARS, "A", pins=(Pin(vehicle=1),)), [AB, C]),
    ("spread_sessions", asking(GOOD, allowed=2, gap_days=2), [AB, *A_THE_DAY_AFTER]),
    ("spread_sessions", asking(GOOD, "A", allowed=2, gap_most_days=12), [AB, *A_THE_DAY_AFTER]),
    ("spread_sessions", asking(GOOD, "A", allowed=2, gap_most_days=13), [AB, C]),
    (
        "spread_sessions",
        asking(FOUR_CARS, "A", allowed=2),
        [AB, A_THE_DAY_AFTER[0].model_copy(update=ANOTHER_CAR)],
    ),
    ("same_slot", asking(GOOD, "A", allowed=2, same_slot=True), [AB, *A_THE_DAY_AFTER]),
    # Whole-day sessions, and the longest opening.
    ("maximum", windows(morning=replace(MORNING, maximum_s=149 * MINUTE)), [AB, C]),
    ("maximum", replace(WHOLE, sessions=(replace(ALL_DAY, maximum_s=329 * MINUTE),)), [LONG_A]),
    ("minimum", replace(WHOLE, sessions=(replace(ALL_DAY, minimum_s=331 * MINUTE),)), [LONG_A]),
    ("whole_day", BESIDE, [day_of(BESIDE, (0, 0, "10:00", "13:00"), (1, 1, "14:00", "16:00"))]),
    ("pause", GOOD, first_stop(closed_from_s=at("11:45"), closed_until_s=at("11:45"))),
    ("pause", WHOLE, [paused("12:30", "12:59")]),
    ("pause", WHOLE, [paused("11:00", "12:00")]),
    ("pause", WHOLE, [paused("14:15", "14:45")]),
    (
        "pause",
        unbroken(24 * HOUR),
        [paused(None, None, work_s=LONG_A.work_s + 30 * MINUTE)],
    ),
    ("meal_times", WHOLE, [LONG_A.model_copy(update={"break_from_s": at("12:00")})]),
    ("unbroken", unbroken(200 * MINUTE - 1), [paused("12:45", "13:15")]),
    ("unbroken", unbroken(215 * MINUTE - 1), [paused("12:30", "13:00")]),
    # 36 km, 24 of them before the meal at B or at C's charger.
    ("range", with_vehicle(range_m=35_999), [AB]),
    ("range", with_vehicle(range_m=30_000, recharge_m=5_999, charger="B"), [AB]),
    ("range", with_vehicle(range_m=30_000, recharge_m=6_000, charger="A"), [AB]),
    ("range", with_vehicle(range_m=17_999, recharge_m=90_000, charger="B"), [AB]),
]
BROKEN_LEVELS = [
    ("level", {"value": 0}),
    ("level", {"name": "bonheur"}),
    ("level", {"name": "habitants_au_dela_bientôt"}),
    ("bound", {"bound": 10**9}),
]


@pytest.mark.parametrize(("code", "problem", "days"), BROKEN, ids=[c for c, *_ in BROKEN])
def test_each_broken_rule_alone(code, problem, days):
    found = verify(problem, days)
    assert {violation.rule for violation in found} == {code}
    assert all(v.where and v.what and str(v) == f"{v.where} : {v.what}" for v in found)


@pytest.mark.parametrize(
    ("problem", "days"),
    [
        (rules(max_unbroken_s=270 * MINUTE), [AB, C]),
        (rules(earliest_departure_s=C.departure_s), [AB, C]),
        (rules(latest_return_s=at("16:45")), [AB, C]),
        (rules(max_work_s=7 * HOUR), [AB, C]),
        (rules(max_amplitude_s=455 * MINUTE), [AB, C]),
        (rules(range_m=54_000), [AB, C]),
        (rules(break_s=35 * MINUTE), [AB, C]),
        (week(min_opening_s=450 * MINUTE), [AB, C]),
        (with_work(GOOD, AB.work_s + C.work_s), [AB, C]),
        (replace(GOOD, goals=(AccessGoal(14, 80.0, True),)), [AB]),
        (replace(GOOD, goals=(AccessGoal(14, 100.0, False),)), [AB]),
        (imposed(C="Tu 11:15-12:15"), [AB, C]),
        (week(min_rest_s=REST_S), [AB, C]),
        (replace(GOOD, goals=(TWICE_NEAR,)), [AB, C]),
        (with_agent(max_week_s=AB.work_s + C.work_s), [AB, C]),
        (with_agent(agencies=(1, 0), days=on([0, 1], [2, 4])), [AB, C]),
        (with_vehicle(depots=(1, 0), seats=2, days=on([0, 1])), [AB, C]),
        (replace(with_agent(trained=False), trained=1), [AB, C]),
        (CARS, [AB, C.model_copy(update={"vehicle": "Véhicule 2"})]),
        (refusing(0, 0, 0, 1), [AB, C]),
        (asking(GOOD, "A", pins=(Pin(0, 0, 0, 0), Pin())), [AB, C]),
        (asking(GOOD, "A", allowed=2, gap_days=20, gap_most_days=14), [AB, C]),
        (asking(GOOD, "A", allowed=2, gap_days=1, gap_most_days=13), [AB, *A_THE_DAY_AFTER]),
        (windows(morning=replace(MORNING, maximum_s=150 * MINUTE)), [AB, C]),
        (replace(WHOLE, sessions=(replace(ALL_DAY, maximum_s=330 * MINUTE),)), [LONG_A]),
        (WHOLE, [paused("11:30", "12:00")]),
        (WHOLE, [paused("14:00", "14:30")]),
        (unbroken(200 * MINUTE), [paused("12:45", "13:15")]),
        (with_vehicle(range_m=36_000), [AB]),
        (with_vehicle(range_m=30_000, recharge_m=6_000, charger="B"), [AB]),
        (with_vehicle(range_m=18_000, recharge_m=18_000, charger="B"), [AB]),
    ],
)
def test_at_its_very_limit_a_rule_holds(problem, days):
    assert verify(problem, days) == ()


@pytest.mark.parametrize(("code", "change"), BROKEN_LEVELS)
def test_a_level_that_lies(code, change):
    level = LEVELS_OF_GOOD[-1].model_copy(update=change)
    assert codes(GOOD, [AB, C], [level]) == {code}


def test_a_bound_that_the_value_beats_is_refused_in_both_senses():
    held = LEVELS_OF_GOOD[0]
    assert codes(GOOD, [AB, C], [held.model_copy(update={"bound": held.value - 1})]) == {"bound"}
    assert codes(GOOD, [AB, C], [held.model_copy(update={"bound": held.value + 1})]) == set()


def test_every_code_of_the_checker_is_tested():
    source = Path(tourplan.verify.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r'Violation\(\s*"(\w+)"', source)) == {
        *(code for code, *_ in BROKEN),
        *(code for code, _ in BROKEN_LEVELS),
    }


def test_the_checker_knows_no_solver():
    source = Path(tourplan.verify.__file__).read_text(encoding="utf-8")
    assert not re.search(
        r"tourplan\.(daytours|timeline|measures|optimise|access)\b.*import", source
    )


@pytest.mark.parametrize(
    ("problem", "days", "what"),
    [
        (rules(earliest_departure_s=at("9:11")), [AB], "départ à 09:10, avant 09:11"),
        (rules(latest_return_s=at("16:44")), [AB, C], "retour à 16:45, après 16:44"),
        (
            GOOD,
            first_stop(arrival_s=AT_A.arrival_s + 3 * MINUTE),
            "arrivée à 09:33 : il manque 3 min pour installer la salle avant 09:45",
        ),
    ],
)
def test_what_overruns_is_told_with_its_limit(problem, days, what):
    assert [violation.what for violation in verify(problem, days)] == [what]


def test_a_violation_reads_as_a_sentence():
    assert str(Violation("window", "lundi", "trop tôt")) == "lundi : trop tôt"


# Break the solver on purpose: what it returns without one rule is caught.


def caught(problem: Problem, **search: object) -> set[str]:
    """The rules broken by the plan of a search that lacks something."""
    return codes(problem, optimise(problem, **search).days)


def keeps(problem: Problem) -> bool:
    """Whether the whole search finds no plan, or one that breaks no rule."""
    try:
        return not caught(problem)
    except Infeasible:
        return True


ENDS = on_a_line([0, 10, 190, 200])
WITHOUT = [
    ("sessions_of_a_site", make(LINE, sites=1, week_opening_s=5 * HOUR), "sessions_of_a_site"),
    ("trimming_keeps_minimum", make(LINE, required=["A"], week_work_s=3 * HOUR), "weekly_work"),
    ("required_sessions", make(LINE, required=["A", "B", "C"]), "required_sessions"),
    ("weekly_opening", make(LINE, week_opening_s=4 * HOUR), "weekly_opening"),
    ("weekly_work", make(LINE, required=["A", "B"], week_work_s=5 * HOUR), "weekly_work"),
    ("imposed_goals", make(LINE, goals=[AccessGoal(5, 100.0, True)]), "imposed_goals"),
    (
        "one_depot_a_week",
        make(ENDS, required=["A", "B"], weekdays=[0, 1], depots=(0, 3), range_m=30_000),
        "one_depot_a_week",
    ),
    ("pinned_sessions", make(LINE, demands={"A": {"pins": (Pin(),)}}), "pinned_sessions"),
    (
        "spread_sessions",
        make(LINE, sites=1, demands={"A": {"required": 2, "allowed": 2, "gap_days": 2}}),
        "spread_sessions",
    ),
    (
        "same_slot",
        make(LINE, sites=1, demands={"A": {"required": 2, "allowed": 2, "same_slot": True}}),
        "same_slot",
    ),
]


@pytest.mark.parametrize(("rule", "problem", "code"), WITHOUT)
def test_each_rule_dropped_from_the_solver_is_caught(rule, problem, code):
    assert code in caught(problem, without={rule})
    assert keeps(problem)


def test_every_rule_is_dropped_in_some_test():
    assert set(RULES) == {*(rule for rule, *_ in WITHOUT), "one_day_tour_a_day"}


TWICE = {"one_day_tour_a_day", "agent_twice"}
"""What two day tours of one crew on one day break."""
CROWDED = make(LINE, sessions=[MORNING], required=["A", "B"], weekdays=[0])


def test_two_day_tours_on_one_day_are_caught_where_days_are_counted(monkeypatch):
    def all_on_monday(self, solution):
        return [(0, 0, tour) for tour in np.flatnonzero(solution[self.take[0]] > 0.5)]

    monkeypatch.setattr(Decisions, "runs", all_on_monday)
    assert caught(CROWDED, without={"one_day_tour_a_day"}) == TWICE


def test_two_day_tours_on_one_day_are_caught_where_days_are_placed(monkeypatch):
    def without_days(d: Decisions) -> None:
        calendar = d.open_calendar()
        for profile, row in enumerate(calendar.place[0]):
            taken = d.take[0][calendar.profiles[0].profile == profile]
            both = np.concatenate([taken, row])
            signs = np.repeat([1.0, -1.0], [len(taken), len(both) - len(taken)])
            d.mip.row(both, signs, at_least=0.0, at_most=0.0)

    hours = {"A": "Mo 09:00-12:00", "B": "Tu 09:00-12:00"}
    problem = replace(
        make(LINE, sessions=[MORNING], required=["A", "B"], hours=hours, weekdays=[0]),
        objectives=("heures_mairie",),
    )
    monkeypatch.setattr(tourplan.optimise.objectives, "tours_on_days", without_days)
    assert caught(problem, without={"one_day_tour_a_day"}) == TWICE


def test_imposed_hours_dropped_from_the_solver_are_caught():
    problem = imposed(A="We 09:00-12:00")
    tours = list_day_tours(problem)
    anywhere = replace(tours, allowed=np.ones_like(tours.allowed))
    problem = replace(problem, week=replace(problem.week, min_opening_s=7 * HOUR))
    assert caught(problem, tours=[anywhere]) == {"hours"}
    assert keeps(problem)


LONG_DAY = make(
    LINE, required=["A", "B"], weekdays=[0], objectives=["ouverture"], max_unbroken_s=20 * HOUR
)
DAY_CHECKS = [
    ("earliest_departure_s", at("9:15"), "departure"),
    ("latest_return_s", at("16:30"), "return"),
    ("setup_s", 40 * MINUTE, "setup"),
    ("packing_s", 40 * MINUTE, "packing"),
    ("break_s", 40 * MINUTE, "meal"),
    ("break_until_s", at("13:00"), "meal"),
    ("max_work_s", 6 * HOUR, "day_work"),
    ("max_amplitude_s", 7 * HOUR, "amplitude"),
    ("max_unbroken_s", 3 * HOUR, "unbroken"),
    ("grid_s", 20 * MINUTE, "grid"),
    ("range_m", 30_000, "range"),
]


@pytest.mark.parametrize(("limit", "value", "code"), DAY_CHECKS)
def test_each_limit_of_the_day_unknown_to_the_solver_is_caught(limit, value, code):
    strict = replace(LONG_DAY, day=replace(LONG_DAY.day, **{limit: value}))
    assert code in codes(strict, optimise(LONG_DAY).days)
    assert keeps(strict)


OTHER_FACTS = [
    (replace(LONG_DAY, sessions=(slot("matin", "09:55", "12:15", 120), AFTERNOON)), "window"),
    (replace(LONG_DAY, sessions=(slot("matin", "09:45", "12:15", 151), AFTERNOON)), "minimum"),
    (replace(LONG_DAY, time_s=LONG_DAY.time_s + 120), "drive"),
    (replace(LONG_DAY, reachable=np.eye(4, dtype=bool)), "unreachable"),
    (replace(LONG_DAY, weekdays=(3,)), "calendar"),
    (replace(LONG_DAY, sites=LONG_DAY.sites[2:]), "unknown_site"),
]


@pytest.mark.parametrize(("truth", "code"), OTHER_FACTS, ids=[code for _, code in OTHER_FACTS])
def test_a_solver_that_works_on_wrong_facts_is_caught(truth, code):
    assert code in codes(truth, optimise(LONG_DAY).days)


# Twice worked out, once by ``measures`` on arrays and once by the checker one stop at a time.


@examples(150)
@given(small_territories(), st.data())
def test_values_recomputed_by_the_checker_are_those_of_measures(problem, data):
    """On any days at all, even some that break every rule."""
    openings = st.builds(
        lambda k, site, start, length: Opening(
            k, site, problem.sessions[k].opening_s + start, problem.sessions[k].opening_s + length
        ),
        st.integers(0, len(problem.sessions) - 1),
        st.integers(0, len(problem.sites) - 1),
        st.integers(0, 12).map(lambda n: n * 300),
        st.integers(12, 40).map(lambda n: n * 300),
    )
    days = [
        build_day(problem, 0, data.draw(st.integers(0, 2)), held)
        for held in data.draw(st.lists(st.lists(openings, min_size=1, max_size=3), max_size=3))
    ]
    levels = [level_of(problem, days, name) for name in LEVELS]
    assert not {"level", "bound", "work_total", "drive"} & codes(problem, days, levels)
    for level in levels:
        wrong = level.model_copy(update={"value": level.value + 1})
        assert "level" in codes(problem, days, [wrong])
        assert measure(problem, level.name).value(problem, days) == level.value


@examples(150)
@given(cycles(), st.data())
def test_values_of_any_cycle_are_those_of_measures(problem, data):
    """Several crews, whole days, rooms, goals by operator or for several sessions."""
    assume(problem.crew_weeks and problem.weekdays)
    crews = st.integers(0, len(problem.crew_weeks) - 1)
    slots = st.integers(0, len(problem.sessions) - 1)
    openings = st.builds(
        lambda k, site, cut: Opening(
            k, site, problem.sessions[k].opening_s, problem.sessions[k].closing_s - cut * HOUR
        ),
        slots,
        st.integers(0, len(problem.sites) - 1),
        st.integers(0, 1),
    )
    day = st.tuples(crews, st.integers(0, 2), st.lists(openings, min_size=1, max_size=2))
    days = [build_day(problem, *facts) for facts in data.draw(st.lists(day, max_size=3))]
    levels = [level_of(problem, days, name) for name in EVERY_LEVEL]
    assert not {"level", "bound", "work_total", "drive"} & codes(problem, days, levels)


@examples(150)
@given(st.data())
def test_no_time_of_a_tight_plan_can_be_changed_unseen(data):
    """Every clock time is checked both ways, but for waiting before a session or at the depot."""
    stop_times = ("arrival_s", "opening_s", "closing_s", "departure_s", "drive_s", "drive_m")
    day_times = ("departure_s", "break_from_s", "break_until_s", "return_s", "work_s")
    shift = data.draw(st.integers(1, 30)) * MINUTE * data.draw(st.sampled_from((1, -1)))
    if data.draw(st.booleans()):
        number, name = data.draw(st.integers(0, 1)), data.draw(st.sampled_from(stop_times))
        stops = list(AB.stops)
        value = max(0, getattr(stops[number], name) + shift)
        stops[number] = stops[number].model_copy(update={name: value})
        days = changed(stops=tuple(stops))
        harmless = False
    else:
        name = data.draw(st.sampled_from(day_times))
        days = changed(**{name: getattr(AB, name) + shift})
        harmless = (name, shift < 0) in {("departure_s", True), ("return_s", False)}
    assert harmless or verify(GOOD, days)
