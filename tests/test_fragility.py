"""What each day bears: factors worked out by hand, draws checked one by one with another table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from test_sensitivity import LE_CAYLAR, LES_RIVES, case_of, timed
from tiny import examples, territories

from tourplan.hours import parse_clock
from tourplan.optimise.solve import Infeasible, Undecided, optimise
from tourplan.plan import Plan
from tourplan.planner import solve
from tourplan.prepare import Case
from tourplan.problem import Problem
from tourplan.study import fragility as study
from tourplan.study.fragility import DRAWS, SEED, Fragility, _with_stops, fragility, multiplied
from tourplan.timeline import Opening, build_day, crew_of
from tourplan.verify import verify


def found(case: Case) -> Fragility:
    return fragility(case.problem, solve(case), 20)


def lines(fragile: Fragility) -> str:
    return "\n".join(fragile.sentences()).replace("\u00a0", " ")


def test_a_day_with_its_stops():
    assert _with_stops("mardi", "A, B") == "mardi (A, B)"
    assert _with_stops("mardi (Kangoo)", "A, B") == "mardi (Kangoo : A, B)"


def test_halves_up_to_the_second():
    assert multiplied(np.array([5, 15, 100, 0]), 1100).tolist() == [6, 17, 110, 0]


class TestMeal:
    """Packed at 12:30, 30 min to eat, 15 to set up: to open at 13:45 the drive has 30 min."""

    def test_not_a_second_to_spare(self):
        (day,) = found(timed(case_of(), 60, 30)).days
        assert day.bears == 1000
        assert day.more_s == 0
        assert [violation.rule for violation in day.beyond] == ["meal"]

    def test_half_a_minute_to_spare(self):
        """1 770 s, at most 1 800: 1 017 thousandths make 1 800,09 s, 1 018 make 1 801,86."""
        (day,) = found(timed(case_of(), 60, 29.5)).days
        assert day.bears == 1017
        assert day.beyond[0].what == "29 min de repas, moins que 30 min"
        told = lines(found(timed(case_of(), 60, 29.5)))
        assert "supporte 1,7 % de route en plus (2 min)" in told
        assert "au-delà, le repas deviendrait trop court (" in told


def test_departure():
    """Gone at 7:50 for 100 min of road, never before 7:45: 105 min, 5 % more."""
    case = timed(case_of(), 100, 5, earliest_departure_s=parse_clock("07:45"))
    (day,) = found(case).days
    assert day.day.departure_s == parse_clock("07:50")
    assert (day.bears, day.more_pct) == (1050, 5.0)
    assert [violation.rule for violation in day.beyond] == ["departure"]


def test_the_work_of_the_week():
    """8 h 05 of work for 8 h 15: ten minutes more on 125 of road, 8 %."""
    case = timed(case_of(), 60, 5)
    agents = tuple(replace(a, max_week_s=8 * 3600 + 900) for a in case.problem.agents)
    sessions = tuple(replace(s, minimum_s=9000) for s in case.problem.sessions)
    (day,) = found(
        replace(case, problem=replace(case.problem, agents=agents, sessions=sessions))
    ).days
    assert day.day.work_s == 8 * 3600 + 300
    assert (day.bears, day.more_s) == (1080, 600)
    assert [violation.rule for violation in day.beyond] == ["weekly_work"]


def test_nothing_ever_breaks():
    """A minute of road, five times over, is nothing."""
    fragile = found(timed(case_of(), 1, 1))
    assert [day.bears for day in fragile.days] == [None]
    assert fragile.weakest == ()
    assert fragile.held == fragile.draws == fragile.days[0].held == DRAWS
    assert "Aucune journée n’est fragile" in lines(fragile)


def test_other_days_of_the_week_keep_their_drives():
    """Two days alike share the work of a week: each alone may take all that is left of it."""
    case = timed(
        case_of(
            imposes=[
                {"commune": LE_CAYLAR, "jour": "lundi"},
                {"commune": LES_RIVES, "jour": "mardi"},
            ]
        ),
        60,
        5,
    )
    plan = solve(case)
    work_s = sum(day.work_s for day in plan.days)
    agents = tuple(replace(a, max_week_s=work_s + 720) for a in case.problem.agents)
    fragile = fragility(replace(case.problem, agents=agents), plan, 20)
    assert [day.bears for day in fragile.days] == [1100, 1100]  # 12 min of 120
    assert len(fragile.weakest) == 2
    assert lines(fragile).startswith("Journées les plus fragiles : lundi (Le Caylar) et mardi (Les")


@pytest.fixture(scope="module")
def herault(herault_case, herault_plan) -> Fragility:
    return fragility(herault_case.problem, herault_plan, 20)


class TestMainCase:
    def test_the_next_thousandth_breaks(self, herault, herault_case):
        """Drives of the whole table made longer, as ``--sensibilite`` does, tell the same."""
        for margin in herault.days:
            for thousandths, fine in ((margin.bears, True), (margin.bears + 1, False)):
                problem = herault_case.problem
                longer = replace(problem, time_s=multiplied(problem.time_s, thousandths))
                assert own_rules_broken(longer, margin.day) is not fine

    def test_the_draws_are_those_of_a_table_of_their_own(self, herault, herault_case):
        """Each draw written in the table of times, one day a table, and checked against it."""
        problem, random = herault_case.problem, np.random.default_rng(SEED)
        held = [0] * len(herault.days)
        count = 120
        for _ in range(count):
            for number, margin in enumerate(herault.days):
                other = shaken_table(problem, margin.day, random)
                held[number] += not own_rules_broken(other, margin.day)
        days = herault.plan.days
        bare = study._crews_only(problem, days)
        few, whole = study._drawn(bare, [study._held(bare, day, days) for day in days], 20, count)
        assert few.tolist() == held
        assert whole <= min(held)

    def test_the_same_draws_each_time(self, herault, herault_case, herault_plan):
        again = fragility(herault_case.problem, herault_plan, 20)
        assert again.to_dict() == herault.to_dict()
        assert list(again.rows()) == list(herault.rows())

    def test_told(self, herault):
        told = lines(herault)
        assert told.startswith(
            "Journée la plus fragile : mardi (Saint-Étienne-de-Gourgas, Les Rives), qui supporte "
            "3,1 % de route en plus (2 min)."
        )
        assert "hypothèse) : le plan annoncé tient dans 5" in told
        assert "mercredi" not in told.splitlines()[-1]
        assert told.endswith("; les autres journées, toujours.")


def test_of_many_days_the_weakest_are_told(herault):
    many = replace(herault, days=tuple(replace(day) for day in herault.days * 3))
    told = lines(many).partition("Trajets tirés")[0]
    assert told.count("  Mardi : ") == 3
    assert told.count("  Lundi : ") == 2
    assert "Chacune des 10 autres supporte 19,1 % de route en plus (16 min) au moins." in told


def own_rules_broken(problem: Problem, day) -> bool:
    """Whether a day, at its hours, breaks a rule of one day under the table of ``problem``."""
    names = [slot.name for slot in problem.sessions]
    openings = [
        Opening(
            names.index(stop.session),
            problem.site_index[stop.code, stop.place],
            stop.opening_s,
            stop.closing_s,
        )
        for stop in day.stops
    ]
    again = build_day(problem, crew_of(problem, day), day.weekday, openings)
    others = ("required_sessions", "weekly_opening")
    return any(v.rule not in others for v in verify(problem, [again]))


def shaken_table(problem: Problem, day, random: np.random.Generator) -> Problem:
    """The problem where the drives of a day, and no other, take some time of their own."""
    codes = {(site.code, site.venue): site.place for site in problem.sites}
    depot = problem.places.index(day.depot)
    places = [depot, *(codes[stop.code, stop.place] for stop in day.stops), depot]
    time_s = problem.time_s.copy()
    factors = random.uniform(0.8, 1.2, len(places) - 1)
    for one, two, factor in zip(places, places[1:], factors, strict=False):
        time_s[one, two] = int(np.floor(problem.time_s[one, two] * factor + 0.5))
    return replace(problem, time_s=time_s)


@given(territories())
@examples(40)
def test_what_a_day_bears_it_bears(problem):
    """Up to the factor found no rule breaks, whatever the territory."""
    try:
        days = optimise(problem).days
    except (Infeasible, Undecided):
        return
    plan = Plan.model_construct(days=days, cycle_weeks=problem.weeks, vehicles=("Véhicule 1",))
    bare = study._crews_only(problem, days)
    for margin in fragility(problem, plan, 20).days:
        held = study._held(bare, margin.day, days)
        top = study.MOST if margin.bears is None else margin.bears
        for thousandths in np.linspace(1000, top, 7).astype(int):
            longer = held.driven(bare, multiplied(held.drives_s, int(thousandths)))
            assert study._broken(bare, [longer, *held.others]) == ()
