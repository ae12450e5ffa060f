"""Room and wait in each commune: figures worked out by hand, and by counting days."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tourplan.assemble import assemble
from tourplan.demands import Asked
from tourplan.places import CommuneSettings
from tourplan.plan import Day, Stop, Wait
from tourplan.queues import mean_wait_s
from tourplan.scenario import Scenario
from tourplan.territory import Territory
from tourplan.waits import gaps_days, unfit_visits, wait_of, waits_of, whole_wait

CAYLAR, RIVES = "34064", "34230"
WEEKS = (2, 4)


@pytest.fixture(scope="module")
def territory(herault_case) -> Territory:
    return herault_case.territory


def asked(territory: Territory, visits: float, appointments: float, **need: Any) -> Asked:
    """Le Caylar, where so many people are expected in a month."""
    keys = {"titre": "Essai", "communes": {"a_desservir": [CAYLAR]}, "besoin": need}
    setting = CommuneSettings().model_copy(
        update={"visits_per_month": visits, "appointments_per_month": appointments}
    )
    return Asked(Scenario.from_keys(keys), territory[CAYLAR], setting, (WEEKS,))


def session(weekday: int = 0, weeks: tuple[int, ...] = WEEKS) -> tuple[Day, Stop]:
    """A session of two hours and a half, in some weeks of the month."""
    stop = Stop(
        session="matin",
        code=CAYLAR,
        name="Le Caylar",
        arrival_s=9 * 3600,
        opening_s=9 * 3600,
        closing_s=11 * 3600 + 1800,
        departure_s=12 * 3600,
        drive_s=0,
        drive_m=0,
    )
    day = Day(
        week=1,
        weekday=weekday,
        vehicle="V",
        depot=CAYLAR,
        teams=dict.fromkeys(weeks, ("A", "B")),
        departure_s=0,
        stops=(stop,),
        break_from_s=None,
        break_until_s=None,
        return_s=0,
        return_drive_s=0,
        return_drive_m=0,
        work_s=0,
    )
    return day, stop


def test_room_by_hand(territory):
    """Five hours a month for two agents are 600 min, of which 480 are used; visits take 20 min."""
    some, more = (wait_of(asked(territory, n, 0), [session()]) for n in (24, 30))
    assert (some.sessions, some.open_s, some.needed_s) == (2, 18_000, 24 * 1200)
    assert (some.occupancy_pct, some.unfit, some.fit, some.saturated) == (80.0, 0, 24, False)
    assert (more.occupancy_pct, more.unfit, more.fit, more.saturated) == (100.0, 6, 24, True)
    assert (more.waiting_pct, more.wait_s) == (None, None)


def test_appointments_take_their_own_time(territory):
    wait = wait_of(asked(territory, 10, 4), [session()])
    assert wait.needed_s == (6 * 20 + 4 * 45) * 60
    assert wait.occupancy_pct == 50.0


def test_the_wait_for_ones_turn_is_erlangs(territory):
    wait = wait_of(asked(territory, 15, 0), [session()])
    # two agents half busy: a third of people wait, a third of a visit on average
    assert wait.waiting_pct == pytest.approx(33.3)
    assert wait.wait_s == round(20 * 60 / 3) == round(mean_wait_s(2, 1.0, 1200))


def test_nobody_waits_longer_than_a_session(territory):
    """All of the opening may be used: at 97 % they would wait for hours."""
    full = asked(territory, 29, 0, occupation_max_pct=100)
    wait = wait_of(full, [session()])
    assert (wait.unfit, wait.saturated, wait.wait_s) == (0, True, None)
    assert mean_wait_s(2, 29 / 15, 1200) > 9000


def test_no_session_no_room(territory):
    wait = wait_of(asked(territory, 12, 0), [])
    assert (wait.sessions, wait.unfit, wait.fit) == (0, 12, 0)
    assert (wait.occupancy_pct, wait.mean_days, wait.wait_s) == (None, None, None)
    assert not wait.saturated


def test_nobody_expected(territory):
    wait = wait_of(asked(territory, 0, 0), [session()])
    assert (wait.unfit, wait.occupancy_pct, wait.wait_s, wait.saturated) == (0, 0, 0, False)


@pytest.mark.parametrize(
    ("dates", "gaps"),
    [([], []), ([8], [28]), ([22, 8], [14, 14]), ([0, 7, 14, 21], [7] * 4), ([1, 3], [2, 26])],
)
def test_days_from_a_session_to_the_next(dates, gaps):
    assert gaps_days(dates) == gaps


@pytest.mark.parametrize("weeks", [(2, 4), (1,), (1, 2), (1, 2, 3, 4)])
def test_days_to_wait_are_those_counted_day_by_day(territory, weeks):
    """Each hour of a month of four weeks asks how long until the next session."""
    found = wait_of(asked(territory, 1, 0), [session(3, weeks)])
    held = np.array([7 * (week - 1) + 3 for week in weeks])
    hours = np.arange(28 * 24) / 24 + 1 / 48
    waits = ((held[:, None] - hours) % 28).min(axis=0)
    assert found.mean_days == pytest.approx(waits.mean(), abs=0.06)
    assert found.most_days == pytest.approx(waits.max(), abs=0.06)


@pytest.mark.parametrize(("open_s", "unfit"), [(0, 10.0), (3600, 5.2), (9000, 0.0)])
def test_what_does_not_fit(open_s, unfit):
    """Ten visits of 20 min; 80 % of two agents' hour holds 4.8 of them."""
    assert unfit_visits(10, 200, 2, open_s, 0.8) == pytest.approx(unfit)


def test_the_whole_adds_up_and_weighs_by_visits(territory):
    one = wait_of(asked(territory, 6, 0), [session()])
    two = replace_name(wait_of(asked(territory, 18, 0), [session(1, (2,)), session(3, (4,))]))
    unserved = wait_of(asked(territory, 99, 0), [])
    whole = whole_wait([one, two, unserved], 2)
    assert (whole.code, whole.visits, whole.sessions) == ("", 24, 4)
    assert whole.occupancy_pct == 100 * 24 * 20 / (2 * 600)
    assert whole.mean_days == pytest.approx((6 * one.mean_days + 18 * two.mean_days) / 24, abs=0.1)
    assert whole.most_days == max(one.most_days, two.most_days) == 16
    assert whole.wait_s == pytest.approx((6 * one.wait_s + 18 * two.wait_s) / 24, abs=1)


def replace_name(wait: Wait) -> Wait:
    return wait.model_copy(update={"name": "Autre"})


def test_each_candidate_then_the_whole(herault_case, herault_plan):
    waits = herault_plan.waits
    assert [wait.code for wait in waits[:-1]] == [d.code for d in herault_case.problem.demands]
    assert all(wait.sessions == 2 for wait in waits[:-1])
    assert waits[-1].sessions == 2 * herault_plan.sessions_per_cycle
    assert waits[-1].open_s == 2 * herault_plan.figures.open_s
    assert (waits[-1].mean_days, waits[-1].most_days) == (7.0, 14)


def test_communes_outside_the_scenario_are_counted_too(herault_case, herault_plan):
    """A tour of today may stop where the scenario does not."""
    problem = replace(herault_case.problem, demands=herault_case.problem.demands[:-1])
    waits = waits_of(herault_case.scenario, herault_case.territory, problem, herault_plan.days)
    assert waits == (*herault_plan.waits[:-1], waits[-1])


def test_an_empty_tour_has_no_figures(herault_case):
    waits = assemble(herault_case, (), (), "terminé").waits
    assert [wait.sessions for wait in waits] == [0] * 11
    assert waits[-1].wait_s is None
    assert not waits[-1].saturated
