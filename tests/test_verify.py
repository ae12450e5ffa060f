"""The checker: each broken rule is named, and no rule can be dropped from the solver unseen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import AFTERNOON, HOUR, LEVELS, MINUTE, MORNING, at, examples, make, on_a_line, slot
from tiny import territories as small_territories

import tourplan.optimise.objectives
import tourplan.verify
from tourplan.daytours import list_day_tours
from tourplan.measures import measure
from tourplan.optimise.rules import RULES
from tourplan.optimise.solve import Infeasible, level_of, optimise
from tourplan.optimise.variables import Decisions
from tourplan.plan import Day, Level
from tourplan.problem import AccessGoal, Problem
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
    return build_day(problem, 1, weekday, [Opening(k, s, at(o), at(c)) for k, s, o, c in stops])


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
    ("calendar", GOOD, second_day(week=2)),
    ("calendar", GOOD, second_day(weekday=4)),
    ("one_day_tour_a_day", GOOD, second_day(weekday=0)),
    ("weekly_opening", week(min_opening_s=450 * MINUTE + 1), [AB, C]),
    ("weekly_work", week(max_work_s=AB.work_s + C.work_s - 1), [AB, C]),
    ("required_sessions", make(LINE, required=["C"]), [AB]),
    ("sessions_of_a_site", GOOD, [AB, day_of(GOOD, (0, 0, "9:45", "12:15"), weekday=1)]),
    ("imposed_goals", replace(GOOD, goals=(AccessGoal(14, 100.0, True),)), [AB]),
    ("imposed_goals", replace(GOOD, goals=(AccessGoal(14, None, True),)), [AB]),
    ("imposed_goals", replace(GOOD, goals=(AccessGoal(14, 80.1, True),)), [AB]),
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
        (week(max_work_s=AB.work_s + C.work_s), [AB, C]),
        (replace(GOOD, goals=(AccessGoal(14, 80.0, True),)), [AB]),
        (replace(GOOD, goals=(AccessGoal(14, 100.0, False),)), [AB]),
        (imposed(C="Tu 11:15-12:15"), [AB, C]),
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


WITHOUT = [
    ("sessions_of_a_site", make(LINE, required=["A"]), "required_sessions"),
    ("sessions_of_a_site", make(LINE, sites=1, week_opening_s=5 * HOUR), "sessions_of_a_site"),
    ("trimming_keeps_minimum", make(LINE, required=["A"], week_work_s=3 * HOUR), "weekly_work"),
    ("required_sessions", make(LINE, required=["A", "B", "C"]), "required_sessions"),
    ("weekly_opening", make(LINE, week_opening_s=4 * HOUR), "weekly_opening"),
    ("weekly_work", make(LINE, required=["A", "B"], week_work_s=5 * HOUR), "weekly_work"),
    ("imposed_goals", make(LINE, goals=[AccessGoal(5, 100.0, True)]), "imposed_goals"),
]


@pytest.mark.parametrize(("rule", "problem", "code"), WITHOUT)
def test_each_rule_dropped_from_the_solver_is_caught(rule, problem, code):
    assert code in caught(problem, without={rule})
    assert keeps(problem)


def test_every_rule_is_dropped_in_some_test():
    assert set(RULES) == {*(rule for rule, *_ in WITHOUT), "one_day_tour_a_day"}


CROWDED = make(LINE, sessions=[MORNING], required=["A", "B"], weekdays=[0])


def test_two_day_tours_on_one_day_are_caught_where_days_are_counted(monkeypatch):
    runs = Decisions.runs
    monkeypatch.setattr(
        Decisions, "runs", lambda self, solution: [(w, 0, t) for w, _, t in runs(self, solution)]
    )
    assert caught(CROWDED, without={"one_day_tour_a_day"}) == {"one_day_tour_a_day"}


def test_two_day_tours_on_one_day_are_caught_where_days_are_placed(monkeypatch):
    def without_days(d: Decisions) -> None:
        calendar = d.open_calendar()
        for profile in range(len(calendar.in_hours)):
            taken = d.take[0, calendar.profile == profile]
            both = np.concatenate([taken, calendar.place[0, profile]])
            signs = np.repeat([1.0, -1.0], [len(taken), len(both) - len(taken)])
            d.mip.row(both, signs, at_least=0.0, at_most=0.0)

    hours = {"A": "Mo 09:00-12:00", "B": "Tu 09:00-12:00"}
    problem = replace(
        make(LINE, sessions=[MORNING], required=["A", "B"], hours=hours, weekdays=[0]),
        objectives=("heures_mairie",),
    )
    monkeypatch.setattr(tourplan.optimise.objectives, "tours_on_days", without_days)
    assert caught(problem, without={"one_day_tour_a_day"}) == {"one_day_tour_a_day"}


def test_imposed_hours_dropped_from_the_solver_are_caught():
    problem = imposed(A="We 09:00-12:00")
    tours = list_day_tours(problem)
    anywhere = replace(tours, allowed=np.ones_like(tours.allowed))
    problem = replace(problem, week=replace(problem.week, min_opening_s=7 * HOUR))
    assert caught(problem, tours=anywhere) == {"hours"}
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
        build_day(problem, data.draw(st.integers(1, 2)), data.draw(st.integers(0, 2)), held)
        for held in data.draw(st.lists(st.lists(openings, min_size=1, max_size=3), max_size=3))
    ]
    levels = [level_of(problem, days, name) for name in LEVELS]
    assert not {"level", "bound", "work_total", "drive"} & codes(problem, days, levels)
    for level in levels:
        wrong = level.model_copy(update={"value": level.value + 1})
        assert "level" in codes(problem, days, [wrong])
        assert measure(level.name).value(problem, days) == level.value


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
