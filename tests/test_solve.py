"""Plans are the best there are: against enumeration, another solver, and the real case."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from time import monotonic, sleep

import numpy as np
import pytest
from cycles import LEVELS as EVERY_LEVEL
from cycles import best_values, cycles
from hypothesis import assume, given
from hypothesis import strategies as st
from ortools.sat.python import cp_model
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

from tourplan.daytours import DayTours, list_day_tours
from tourplan.measures import measure
from tourplan.optimise import mip as mip_module
from tourplan.optimise.mip import Answer, Expression
from tourplan.optimise.solve import Infeasible, NothingFound, Undecided, optimise
from tourplan.optimise.timings import with_timings
from tourplan.problem import AccessGoal, Base, Problem
from tourplan.timeline import Opening, build_day
from tourplan.verify import verify

LINE = on_a_line([0, 20, 30, 45])
TWO_CARS = [vehicle("Véhicule 1"), vehicle("Véhicule 2")]


# Enumeration: every day tour on every day, judged by figures worked out again here.


class Enumeration:
    """The lexicographic optimum of a very small problem, by trying everything."""

    def __init__(self, problem: Problem, tours: DayTours) -> None:
        self.problem, self.tours = problem, tours
        self.sites = [[int(site) for site in row if site >= 0] for row in tours.site]

    def size(self) -> int:
        return (len(self.tours) + 1) ** (len(self.problem.weekdays) * self.problem.weeks)

    def best(self) -> list[int] | None:
        """Values of the levels, those to maximise negated; ``None`` if there is no plan."""
        weeks = set(self._weeks())
        plans = itertools.combinations_with_replacement(sorted(weeks), self.problem.weeks)
        return min((self._values(plan) for plan in plans if self._keeps(plan)), default=None)

    def _weeks(self) -> Iterator[tuple]:
        """Each week that keeps its limits: sites held, half-days in hours, road, metres, open."""
        problem, tours = self.problem, self.tours
        for choice in itertools.product(range(-1, len(tours)), repeat=len(problem.weekdays)):
            run = [(tour, day) for day, tour in enumerate(choice) if tour >= 0]
            over_s = sum(int(tours.work_s[t]) for t, _ in run) - problem.agents[0].max_week_s
            steps = max(0, -(-over_s // problem.day.grid_s))
            in_hours = self._most_in_hours(run, steps)
            open_s = sum(int(tours.open_s[t]) for t, _ in run) - steps * problem.day.grid_s
            if in_hours is None or open_s < problem.week.min_opening_s:
                continue
            held = tuple(sorted(site for t, _ in run for site in self.sites[t]))
            if problem.hours_rule == "imposes" and in_hours < len(held):
                continue
            road_s = sum(int(tours.drive_s[t]) for t, _ in run)
            metres = sum(int(tours.drive_m[t]) for t, _ in run)
            yield held, in_hours, road_s, metres, open_s

    def _most_in_hours(self, run: list[tuple[int, int]], steps: int) -> int | None:
        """Most half-days in hours over all ways to cut ``steps``; ``None`` if none does."""
        best = {0: 0}
        for tour, day in run:
            for opening in self.tours.openings(tour):
                slot, site = (
                    self.problem.sessions[opening.session],
                    self.problem.sites[opening.site],
                )
                spans = site.hours.days[self.problem.weekdays[day]] if site.hours else ()
                longest = opening.closing_s - opening.opening_s - slot.minimum_s
                more: dict[int, int] = {}
                for done, count in best.items():
                    for cut in range(min(longest // self.problem.day.grid_s, steps - done) + 1):
                        times = (opening.opening_s, opening.closing_s, cut)
                        total = count + bool(spans and self._counts(spans, *times))
                        more[done + cut] = max(total, more.get(done + cut, 0))
                best = more
        return best.get(steps)

    def _counts(self, spans: tuple, opening_s: int, closing_s: int, cut: int) -> bool:
        """Whether a session cut somehow can still be within hours."""
        grid_s = self.problem.day.grid_s
        for late in range(cut + 1):
            start, end = opening_s + late * grid_s, closing_s - (cut - late) * grid_s
            shared = sum(max(0, min(b, end) - max(a, start)) for a, b in spans)
            if shared >= self.problem.hours_overlap_s:
                return True
        return False

    def _keeps(self, plan: tuple) -> bool:
        """Whether weeks together keep what binds the cycle."""
        problem, held = self.problem, [site for week in plan for site in week[0]]
        for number, demand in enumerate(problem.demands):
            if not demand.required <= held.count(number) <= demand.allowed:
                return False
        total = int(problem.resident_weight.sum())
        return all(
            self._beyond(held, goal.minutes) * 1000
            <= total * (1000 - round(10 * (100 if goal.share_pct is None else goal.share_pct)))
            for goal in problem.goals
            if goal.imposed
        )

    def _times(self, held: list[int]) -> Iterator[tuple[int, float, float]]:
        """Weight, time to a fixed counter and to a session of each resident point."""
        problem = self.problem
        fixed = problem.fixed_place.tolist()
        served = [problem.sites[site].place for site in set(held)]
        for place, weight in zip(problem.resident_place, problem.resident_weight, strict=True):
            yield (
                int(weight),
                *(
                    min(
                        (int(problem.time_s[place, p]) for p in ps if problem.reachable[place, p]),
                        default=float("inf"),
                    )
                    for ps in (fixed, served)
                ),
            )

    def _beyond(self, held: list[int], minutes: int) -> int:
        return sum(w for w, *times in self._times(held) if min(times) > minutes * 60)

    def _far(self, held: list[int]) -> int:
        longest = int(self.problem.time_s[self.problem.reachable].max(initial=0))
        return sum(
            weight * int(min(longest if fixed == float("inf") else fixed, served))
            for weight, fixed, served in self._times(held)
            if fixed > self.problem.far_s
        )

    def _values(self, plan: tuple) -> list[int]:
        held = [site for week in plan for site in week[0]]
        required = enumerate(self.problem.demands)
        worth = {
            "passages": -sum(min(s.required, held.count(n)) for n, s in required),
            "heures_mairie": -sum(week[1] for week in plan),
            "route": sum(week[2] for week in plan),
            "km": sum(week[3] for week in plan),
            "ouverture": -sum(week[4] for week in plan),
        }
        return [
            worth[name]
            if name in worth
            else self._far(held)
            if name == "acces_moyen"
            else self._beyond(held, int(name.rpartition("_")[2]))
            for name in self.problem.objectives
        ]


@examples(200)
@given(small_territories())
def test_plans_are_the_best_of_all(problem):
    """Verified, proved, equal to enumeration level by level; infeasible where it finds none."""
    tours, complete = with_timings(problem, 0, list_day_tours(problem))
    everything = Enumeration(problem, tours)
    assume(everything.size() <= 5_000)
    best = everything.best()
    try:
        found = optimise(problem)
    except Infeasible:
        assert best is None
        return
    assert verify(problem, found.days, found.levels) == ()
    assert [v.value if v.sense == "min" else -v.value for v in found.levels] == best
    assert not complete or all(level.proved for level in found.levels)
    assert found.stopped == "terminé"


@examples(60)
@given(small_territories(most_sites=7, most_days=5))
def test_plans_of_larger_territories_are_verified_and_proved(problem):
    _, complete = with_timings(problem, 0, list_day_tours(problem))
    try:
        found = optimise(problem, deadline=monotonic() + 60)
    except Infeasible:
        return
    except Undecided:
        assert not complete
        return
    assert verify(problem, found.days, found.levels) == ()
    assert not complete or all(level.proved for level in found.levels)
    again = optimise(problem, deadline=monotonic() + 60)
    assert again.days == found.days
    assert again.levels == found.levels


@examples(120)
@given(cycles())
def test_plans_of_any_cycle_break_nothing(problem):
    """Several crews, vehicles and rooms, wishes of all kinds: verified, levels recomputed."""
    try:
        found = optimise(problem)
    except (Infeasible, Undecided):
        return
    assert verify(problem, found.days, found.levels) == ()
    for level in found.levels:
        assert measure(problem, level.name).value(problem, found.days) == level.value


@examples(70)
@given(cycles(most_sites=2, most_days=2))
def test_plans_of_small_cycles_are_the_best_of_all(problem):
    assert_best_of_all(problem)


@st.composite
def fair_weeks(draw: st.DrawFn) -> Problem:
    """Two agents, one morning each, who leave early or come back late unless openings are cut."""
    minutes = st.sampled_from((10, 20, 30, 45, 60, 75))
    letters = "ABC"[: draw(st.integers(1, 3))]
    size = len(letters) + 1
    least, asked = st.sampled_from((30, 60, 90)), st.sampled_from((0, 0, 1))
    hours = st.sampled_from(("09:00-10:30", "10:00-11:30"))
    after = ["route", "ouverture", "heures_mairie", "acces_moyen"]
    problem = make(
        [[0 if i == j else draw(minutes) * MINUTE for j in range(size)] for i in range(size)],
        sessions=[slot("matin", "09:00", draw(st.sampled_from(("10:30", "11:30"))), draw(least))],
        hours={letter: f"Mo-We {draw(hours)}" for letter in letters},
        required=[letter for letter in letters if draw(asked)],
        agents=[agent(f"Agent {n}", days=on([n])) for n in (0, 1)],
        crew_size=1,
        trained=0,
        overlap_min=30,
        grid_s=30 * MINUTE,
        setup_s=0,
        packing_s=0,
        objectives=("equite_horaires", *draw(st.permutations(after))[:2]),
    )
    early_s, late_s = ("8:15", "8:30", "8:45"), ("11:15", "11:45", "16:00")
    clock = (at(draw(st.sampled_from(times))) for times in (early_s, late_s))
    return replace(problem, **dict(zip(("early_s", "late_s"), clock, strict=True)))


@examples(150)
@given(fair_weeks())
def test_levels_after_fair_hours_claim_nothing_that_other_timings_better(problem):
    assert_best_of_all(problem)


def assert_best_of_all(problem):
    """Against every plan there is, with every timing on the grid, judged by the checker alone.

    A level that is not proved may be worse than the best, never better; then those after it may
    differ. Where no plan is found there is none.
    """
    try:
        best = best_values(problem, 800)
    except OverflowError:
        assume(False)
    try:
        found = optimise(problem)
    except Infeasible:
        assert best is None
        return
    except Undecided:
        return
    assert best is not None
    fair = False
    for level, least in zip(found.levels, best, strict=True):
        sign = 1 if level.sense == "min" else -1
        value = sign * level.value
        assert value == least if level.proved else value >= least
        assert level.bound is None or sign * level.bound <= least
        if value > least:
            return
        fair |= level.name == "equite_horaires"
        assert level.proved or fair or level.name == "heures_mairie"


def test_cuts_that_make_work_fair_are_kept():
    """Two agents, a day each: B is 20 min farther, so its session is cut by as much."""
    monday, tuesday = (agent(f"Agent {n}", days=on([n])) for n in (0, 1))
    problem = make(
        on_a_line([0, 20, 30]),
        sessions=[MORNING],
        agents=[monday, tuesday],
        crew_size=1,
        refused=[(0, 0, 0, 1), (0, 1, 0, 0)],
        objectives=("passages", "equite_agents"),
        required="AB",
    )
    found = optimise(problem)
    assert verify(problem, found.days, found.levels) == ()
    assert [(level.value, level.proved) for level in found.levels] == [(2, True), (0, True)]


@pytest.mark.parametrize("imposed", [True, False])
def test_cuts_that_make_work_fair_leave_mairie_hours_only_where_these_come_after(imposed):
    """Two agents, a day each: B is an hour farther, a session within hours has ten minutes more."""
    monday, tuesday = (agent(f"Agent {n}", days=on([n])) for n in (0, 1))
    problem = make(
        on_a_line([0, 20, 50]),
        sessions=[slot("matin", "09:00", "12:00", 60)],
        agents=[monday, tuesday],
        crew_size=1,
        refused=[(0, 0, 0, 1), (0, 1, 0, 0)],
        objectives=("passages", "heures_mairie", "equite_agents"),
        hours=dict.fromkeys("AB", "Mo-Tu 09:00-12:00"),
        overlap_min=170,
        hours_rule="imposes" if imposed else "preferes",
        required="AB",
    )
    found = optimise(problem)
    assert verify(problem, found.days, found.levels) == ()
    assert [(level.value, level.proved) for level in found.levels] == [
        (2, True),
        (2, True),
        (100 * MINUTE, True),
    ]
    fair_first = replace(problem, objectives=("passages", "equite_agents", "heures_mairie"))
    levels = optimise(replace(fair_first, hours_rule="preferes")).levels
    assert [(level.value, level.proved) for level in levels] == [(2, True), (0, True), (1, True)]


def test_fair_hours_are_not_called_proved_when_shorter_openings_might_be_fairer():
    """One agent comes back late from the farther village; nobody would after a shorter opening."""
    problem = make(
        on_a_line([0, 20, 90]),
        sessions=[AFTERNOON],
        agents=[agent(f"Agent {n}", days=on([n])) for n in (0, 1)],
        crew_size=1,
        refused=[(0, 0, 0, 1), (0, 1, 0, 0)],
        objectives=("equite_horaires",),
        required="AB",
    )
    problem = replace(problem, late_s=at("17:15"))
    found = optimise(problem)
    (level,) = found.levels
    assert (level.value, level.bound) == (2, 0)
    assert verify(problem, found.days, found.levels) == ()


FAIR_IF_SHORTER = replace(
    make(
        on_a_line([0, 60, -60]),
        sessions=[slot("matin", "09:00", "11:00", 60)],
        agents=[agent(f"Agent {n}", days=on([n])) for n in (0, 1)],
        crew_size=1,
        refused=[(0, 0, 0, 1), (0, 1, 0, 0)],
        objectives=("equite_horaires", "route"),
        required="A",
    ),
    early_s=at("8:15"),
)
"""One agent leaves early for A, or both do; nobody would after a shorter opening."""


def test_a_level_after_fair_hours_is_not_called_proved_when_shorter_openings_might_better_it():
    by_hand = build_day(FAIR_IF_SHORTER, 0, 0, [Opening(0, 0, at("9:30"), at("11:00"))])
    assert verify(FAIR_IF_SHORTER, [by_hand]) == ()
    values = [
        measure(FAIR_IF_SHORTER, name).value(FAIR_IF_SHORTER, [by_hand])
        for name in ("equite_horaires", "route")
    ]
    assert values == [0, 2 * HOUR]
    fair, road = optimise(FAIR_IF_SHORTER).levels
    assert (fair.value, fair.bound) == (0, 0)
    assert road.bound == 2 * HOUR


def test_where_nobody_is_early_nor_late_fair_hours_leave_the_next_levels_proved():
    problem = replace(FAIR_IF_SHORTER, early_s=at("7:30"))
    found = optimise(problem)
    assert [(level.value, level.proved) for level in found.levels] == [(0, True), (2 * HOUR, True)]


NOBODY = {
    "no agent": make(LINE, agents=[]),
    "too few agents": make(LINE, agents=[agent("Seul")]),
    "no vehicle": make(LINE, vehicles=[]),
    "nobody trained": make(LINE, agents=[agent(f"Agent {n}", trained=False) for n in (1, 2)]),
    "never there together": make(LINE, agents=[agent(f"Agent {n}", days=on([n])) for n in (0, 1)]),
    "everything refused": make(LINE, refused=[(0,)]),
    "one commune, weights 0": make(on_a_line([0, 9]), residents={1: 0}, vehicles=TWO_CARS),
    "allowed nothing": make(LINE, allowed=0),
    "areas where nobody lives": make(LINE, residents={1: 0, 2: 5, 3: 0}, areas=[0, 1, 2]),
    "two vehicles, no site": make([[0]], residents={}, vehicles=TWO_CARS),
}


@pytest.mark.parametrize("name", NOBODY)
@pytest.mark.parametrize(
    "objectives", [(), *((level,) for level in EVERY_LEVEL), EVERY_LEVEL], ids=len
)
def test_where_nobody_goes_the_plan_is_empty_or_sound(name, objectives):
    goals = [AccessGoal(10, None, False, "habitants_au_dela_10_x", sessions=2)]
    problem = replace(NOBODY[name], objectives=objectives, goals=tuple(goals))
    problem = replace(problem, goals=(*goals, AccessGoal(20, 5.0, False, EVERY_LEVEL[3])))
    found = optimise(problem)
    assert verify(problem, found.days, found.levels) == ()
    unproved = {level.name for level in found.levels if not level.proved}
    assert unproved <= {"equite_horaires"}
    if problem.crew_weeks == () or "refused" in name:
        assert found.days == ()


@pytest.mark.parametrize("name", ["no agent", "no vehicle", "everything refused"])
def test_where_nobody_can_go_what_is_required_has_no_plan(name):
    with pytest.raises(Infeasible):
        optimise(asking(NOBODY[name], "A", required=1))


ABSURD = {
    "no site": make([[0]], residents={}),
    "no site, one resident": make([[0, 60], [60, 0]], sites=0, residents={1: 4}),
    "no resident": make(LINE, residents={}),
    "all on one spot": make(on_a_line([0, 0, 0]), residents={0: 3, 1: 2, 2: 5}, fixed=[0]),
    "no working day": make(LINE, weekdays=()),
    "no working day, hours imposed": make(LINE, weekdays=(), hours_rule="imposes"),
    "zero weights": make(LINE, residents={1: 0, 2: 0, 3: 0}),
    "huge weights": make(LINE, residents={1: 10**7, 2: 10**7 + 1, 3: 10**7 - 1}, far_min=1),
    "hours imposed, none known": make(LINE, hours_rule="imposes"),
    "a site at the depot": replace(make(LINE), bases=(Base(1),)),
    "nobody can go anywhere": make([[0, None], [None, 0]]),
    "counters everywhere": make(LINE, fixed=[0, 1, 2, 3]),
    "ten sessions allowed": make(LINE, allowed=10, weeks=2),
}


@pytest.mark.parametrize("name", ABSURD)
@pytest.mark.parametrize(
    "objectives", [(), *((level,) for level in LEVELS), LEVELS, LEVELS[::-1]], ids=len
)
def test_absurd_problems_have_proved_plans(name, objectives):
    problem = replace(ABSURD[name], objectives=objectives)
    found = optimise(problem)
    assert verify(problem, found.days, found.levels) == ()
    assert all(level.proved for level in found.levels)


@pytest.mark.parametrize(
    "problem",
    [
        make(LINE, weekdays=(), required=["A"]),
        make([[0, None], [None, 0]], required=["A"]),
        make([[0]], week_opening_s=1),
        make([[0]], residents={0: 1}, goals=[AccessGoal(5, 100.0, True)]),
    ],
)
def test_absurd_demands_have_no_plan(problem):
    with pytest.raises(Infeasible):
        optimise(problem)


def test_levels_come_in_the_order_asked():
    """B alone is the shorter road, C the only one in hours: what comes first wins."""
    problem = make(
        LINE,
        sessions=[MORNING],
        weekdays=[0],
        week_opening_s=HOUR,
        hours={"C": "Mo 09:00-12:00"},
    )

    def values(*order: str) -> list[int]:
        levels = optimise(replace(problem, objectives=order)).levels
        assert [level.name for level in levels] == list(order)
        return [level.value for level in levels]

    assert values("route", "heures_mairie") == [40 * MINUTE, 0]
    assert values("heures_mairie", "route") == [1, 90 * MINUTE]


def test_a_plan_may_be_asked_for_without_any_level():
    found = optimise(make(LINE, required=["A", "C"], objectives=()))
    assert found.levels == ()
    assert {stop.code for day in found.days for stop in day.stops} >= {"A", "C"}


def test_progress_and_seconds_are_told():
    heard: list[str] = []
    found = optimise(make(LINE, required=["A"], objectives=LEVELS), progress=heard.append)
    assert heard
    assert set(found.seconds) <= set(LEVELS)
    assert all(seconds >= 0 for seconds in found.seconds.values())


# Cuts: openings shortened for the week's work, half-days in mairie hours kept first.

CUT = make(
    on_a_line([0, 15]),
    sessions=[MORNING, AFTERNOON],
    weekdays=[0],
    required=["A"],
    hours={"A": "Mo 09:45-10:15,11:45-12:15"},
    overlap_min=60,
    objectives=("heures_mairie",),
)


def test_a_half_day_lost_by_cutting_is_counted_as_lost():
    """The morning counts by both its ends: no minute can be cut. Uncut it works 3 h 30."""
    assert optimise(CUT).levels[0].value == 1
    tight = with_work(CUT, 3 * HOUR + 25 * MINUTE)
    (level,) = optimise(tight).levels
    assert (level.value, level.proved) == (0, True)


def test_a_half_day_that_must_stay_in_hours_cannot_be_cut():
    imposed = replace(CUT, hours_rule="imposes")
    assert verify(imposed, optimise(imposed).days) == ()
    tight = with_work(imposed, 3 * HOUR + 25 * MINUTE)
    with pytest.raises(Infeasible):
        optimise(tight)


def test_the_end_that_keeps_the_half_day_is_cut():
    late = make(
        on_a_line([0, 15]),
        sessions=[MORNING],
        weekdays=[0],
        required=["A"],
        hours={"A": "Mo 11:15-12:15"},
        week_work_s=3 * HOUR,
        objectives=("heures_mairie",),
    )
    found = optimise(late)
    assert found.levels[0].value == 1
    (stop,) = found.days[0].stops
    assert (stop.opening_s, stop.closing_s) == (at("10:15"), at("12:15"))


def test_what_costs_no_half_day_is_cut_first():
    """On one day B may be cut at will, A only at the price of its half-day."""
    both = make(
        on_a_line([0, 15, 20]),
        weekdays=[0],
        required=["A", "B"],
        hours={"A": "Mo 09:00-10:15,11:45-12:15,13:30-14:00,15:30-16:00"},
        overlap_min=60,
        objectives=("ouverture", "heures_mairie"),
        week_work_s=6 * HOUR + 10 * MINUTE,
    )
    found = optimise(both)
    assert [level.value for level in found.levels] == [270 * MINUTE, 1]
    assert all(level.proved for level in found.levels)
    opened = {stop.code: stop.open_s // MINUTE for stop in found.days[0].stops}
    assert opened == {"A": 150, "B": 120}


# Time runs out, or somebody stops the search.


def test_no_time_at_all():
    with pytest.raises(NothingFound):
        optimise(make(LINE, required=["A"]), deadline=monotonic() - 1)


def test_stopped_at_once():
    stop = threading.Event()
    stop.set()
    with pytest.raises(NothingFound):
        optimise(make(LINE, required=["A"]), stop=stop)


def test_stopped_between_two_levels_the_plan_so_far_is_kept():
    stop = threading.Event()
    problem = make(LINE, required=["A", "C"], objectives=("ouverture", "route", "km"))

    heard: list[str] = []

    def hear(words: str) -> None:
        heard.append(words)
        if len(heard) == 2:
            stop.set()

    found = optimise(problem, stop=stop, progress=hear)
    assert found.stopped == "interrompu"
    opening, *rest = found.levels
    assert opening.proved
    assert all(level.bound is None for level in rest)
    assert verify(problem, found.days, found.levels) == ()


@pytest.mark.parametrize("first", [True, False])
def test_a_level_that_runs_out_of_time_says_so(monkeypatch, first):
    """The solver returns what it has, unproved: the value stands with its bound."""
    true = mip_module._solve
    levels: list[Expression] = []

    def slow(mip, objective, *others) -> Answer:
        levels.append(objective)
        answer = true(mip, objective, *others)
        if (objective is levels[0]) == first and answer.bound is not None:
            return replace(answer, bound=answer.bound - 1, complete=False)
        return answer

    monkeypatch.setattr(mip_module, "_solve", slow)
    problem = make(LINE, required=["A", "C"], objectives=("route", "ouverture"))
    found = optimise(problem, deadline=monotonic() + 1)
    assert found.stopped == "limite de temps"
    assert found.levels[0].proved != first
    assert verify(problem, found.days, found.levels) == ()


def test_a_solver_that_ends_without_proof_is_no_lack_of_time(monkeypatch):
    true = mip_module._solve
    monkeypatch.setattr(
        mip_module,
        "_solve",
        lambda *arguments: (lambda a: replace(a, bound=a.bound - 1))(true(*arguments)),
    )
    found = optimise(make(LINE, required=["A"]), deadline=monotonic() + 30)
    assert (found.stopped, found.levels[0].gap) == ("terminé", 1)


def test_a_plan_at_hand_is_never_called_impossible(monkeypatch):
    """If the rows that keep earlier values confuse the solver, the level is left unproved."""
    true = mip_module._solve
    calls: list[int] = []

    def confused(*arguments) -> Answer:
        calls.append(1)
        return true(*arguments) if len(calls) == 1 else Answer(None, None, infeasible=True)

    monkeypatch.setattr(mip_module, "_solve", confused)
    problem = make(LINE, required=["A", "C"], objectives=("route", "ouverture"))
    found = optimise(problem)
    assert [level.proved for level in found.levels] == [True, False]
    assert verify(problem, found.days, found.levels) == ()


def test_interrupted_from_the_keyboard_the_best_is_kept(monkeypatch):
    """Ctrl-C reaches the thread that waits for the solver, here on the second level."""
    true, join, second = mip_module._solve, threading.Thread.join, threading.Event()
    calls: list[int] = []

    def slow(*arguments) -> Answer:
        calls.append(1)
        if len(calls) == 2:
            second.set()
            sleep(1.0)
        return true(*arguments)

    def interrupted(thread, timeout=None) -> None:
        if second.is_set():
            raise KeyboardInterrupt
        join(thread, timeout)

    monkeypatch.setattr(mip_module, "_solve", slow)
    monkeypatch.setattr(threading.Thread, "join", interrupted)
    problem = make(LINE, required=["A", "C"], objectives=("route", "ouverture", "km"))
    found = optimise(problem)
    assert found.stopped == "interrompu"
    assert [level.proved for level in found.levels] == [True, False, False]
    assert verify(problem, found.days, found.levels) == ()


# The real case.


def test_the_herault_case_in_the_default_order(herault_case):
    found = optimise(herault_case.problem)
    levels = {level.name: level for level in found.levels}
    assert all(level.proved for level in found.levels)
    assert levels["passages"].value == 10
    assert levels["heures_mairie"].value == 10
    assert levels["route"].value == 21_168
    assert verify(herault_case.problem, found.days, found.levels) == ()


def test_the_shortest_road_of_the_herault_case(herault_case):
    found = optimise(replace(herault_case.problem, objectives=("route",)))
    (road,) = found.levels
    assert (road.value, road.bound) == (20_694, 20_694)


def compact_model(problem: Problem) -> tuple[cp_model.CpModel, list, list]:
    """Which commune each half-day, without day tours: the model, road and hours of each day.

    The times of a day are worked out again: the afternoon opens when the meal is over, and the
    morning closes early enough to leave it two hours.
    """
    count = len(problem.sites)
    place = [site.place for site in problem.sites]

    @cache
    def minutes(a: int, b: int) -> int:
        return -(-int(problem.time_s[a, b]) // 60)

    def times(a: int, b: int) -> tuple[int, int]:
        """Minutes at which the morning at ``a`` closes and the afternoon at ``b`` opens."""
        way = minutes(place[a], place[b])
        wait = 15 + way + 30 + 15
        opens = max(13 * 60 + 30, -(-(12 * 60 + 15 + wait) // 5) * 5)
        late = max(0, opens - 14 * 60)
        return 12 * 60 + 15 - late, opens - late

    def counts(site: int, weekday: int, opens: int, closes: int) -> int:
        hours = problem.sites[site].hours
        spans = hours.days[weekday] if hours else ()
        return sum(max(0, min(b, closes * 60) - max(a, opens * 60)) for a, b in spans) >= 3600

    model = cp_model.CpModel()
    stops = [model.new_int_var(0, count - 1, "") for _ in range(2 * len(problem.weekdays))]
    model.add_all_different(stops)
    roads, hours = [], []
    for day, weekday in enumerate(problem.weekdays):
        morning, afternoon = stops[2 * day], stops[2 * day + 1]
        rows = []
        for a, b in itertools.permutations(range(count), 2):
            legs = itertools.pairwise(
                (problem.bases[0].depot, place[a], place[b], problem.bases[0].depot)
            )
            closes, opens = times(a, b)
            assert closes - (9 * 60 + 45) >= 120
            road = sum(int(problem.time_s[leg]) for leg in legs)
            seen = counts(a, weekday, 9 * 60 + 45, closes) + counts(b, weekday, opens, 16 * 60)
            rows.append((a, b, road, seen))
        roads.append(model.new_int_var(0, 10**6, ""))
        hours.append(model.new_int_var(0, 2, ""))
        model.add_allowed_assignments([morning, afternoon, roads[-1], hours[-1]], rows)
    return model, roads, hours


def solved(model: cp_model.CpModel) -> int:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 2
    assert solver.solve(model) == cp_model.OPTIMAL
    return round(solver.objective_value)


def test_another_model_on_another_solver_finds_the_same_herault(herault_case):
    problem = herault_case.problem
    model, roads, hours = compact_model(problem)
    model.minimize(sum(roads))
    assert solved(model) == 20_694
    model, roads, hours = compact_model(problem)
    model.maximize(sum(hours))
    assert solved(model) == 10
    model.add(sum(hours) == 10)
    model.minimize(sum(roads))
    assert solved(model) == 21_168


@pytest.mark.slow
def test_another_solver_finds_the_same_coverage_of_the_64_communes(libre_case):
    """The first level that is not settled in ``herault-libre``: residents beyond 15 minutes."""
    problem = libre_case.problem
    found = optimise(replace(problem, objectives=("habitants_au_dela_15",)))
    (level,) = found.levels
    assert level.proved
    tours = list_day_tours(problem)
    model = cp_model.CpModel()
    take = [model.new_bool_var("") for _ in range(len(tours))]
    model.add(sum(take) <= len(problem.weekdays))
    served = [model.new_bool_var("") for _ in problem.sites]
    for site, held in enumerate(served):
        model.add(sum(take[row] for row in tours.serving(site)) == held)
    model.add(
        sum(int(s) * t for s, t in zip(tours.open_s, take, strict=True))
        >= problem.week.min_opening_s
    )
    left_out, always = [], 0
    for place, weight in zip(problem.resident_place, problem.resident_weight, strict=True):
        near = problem.reachable[place] & (problem.time_s[place] <= 900)
        if near[problem.fixed_place].any():
            continue
        helpers = np.flatnonzero(near[problem.site_place])
        if helpers.size:
            out = model.new_bool_var("")
            model.add_bool_or([*(served[site] for site in helpers), out])
            left_out.append(int(weight) * out)
        else:
            always += int(weight)
    model.minimize(sum(left_out))
    assert solved(model) + always == level.value
