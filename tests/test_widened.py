"""A little more means: the same as a problem written with them from the start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from tiny import MORNING, AccessGoal, examples, make, on, on_a_line, vehicle
from tiny import territories as small_territories

from tourplan.optimise.solve import Infeasible, optimise
from tourplan.problem import Problem
from tourplan.study.widened import (
    free_weekday,
    other_agencies,
    with_agency,
    with_half_day,
    with_longer_day,
    with_more_work,
    with_week,
)
from tourplan.verify import verify

FACTS = {
    "residents": {1: 5, 2: 30, 3: 200},
    "goals": [AccessGoal(15, None, False)],
    "objectives": ["habitants_au_dela_15", "heures_mairie", "route"],
    "hours": {"A": "Mo-Sa 09:00-12:30", "C": "Sa 13:00-17:00"},
}
LINE = on_a_line([0, 20, 40, 60])


def worth(problem: Problem) -> list[int]:
    found = optimise(problem)
    assert verify(problem, found.days) == ()
    return [level.value for level in found.levels]


@pytest.mark.parametrize("session", [0, 1])
def test_a_half_day_is_one_session_of_the_next_weekday(session):
    problem = with_half_day(make(LINE, weekdays=[0], **FACTS), session)
    shut = [(0, slice(None), 0, 1, 1 - session)]
    assert worth(problem) == worth(make(LINE, weekdays=[0, 1], refused=shut, **FACTS))


def test_a_weekday_of_the_cycle_on_which_nobody_goes_is_used_first():
    problem = make(LINE, weekdays=[0, 1, 2], vehicles=[vehicle(days=on([1, 2]))], **FACTS)
    assert free_weekday(problem) == 0
    other = with_half_day(problem, 0)
    assert other.weekdays == (0, 1, 2)
    assert {crew.weekdays for crew in other.crew_weeks} == {(0, 1, 2)}
    assert worth(other)[0] <= worth(problem)[0]


def test_communes_shut_at_every_time_stay_so():
    problem = with_half_day(make(LINE, weekdays=[0], refused=[(0, 1)]), 0)
    assert not problem.open_slots[:, 1].any()


def test_no_half_day_is_left_of_six_days():
    assert with_half_day(make(LINE, weekdays=range(6)), 0) is None


def test_a_week_has_a_tour_of_its_own():
    problem = make(LINE, weekdays=[0], **FACTS)
    more = with_week(problem)
    assert more.month_weeks == ((2, 4), (1,))
    assert worth(more)[0] == worth(make(LINE, weekdays=[0], weeks=2, **FACTS))[0]


def test_no_week_is_left_of_four():
    assert with_week(make(LINE, weeks=4)) is None


def test_an_agency_is_the_better_of_both_depots():
    problem = make(LINE, sites=2, fixed=[3], required="AB", weekdays=[0])
    assert other_agencies(problem, problem.site_place) == [3]
    near = [worth(make(LINE, sites=2, fixed=[3], required="AB", weekdays=[0], depots=[d]))
            for d in (0, 3)]  # fmt: skip
    assert worth(with_agency(problem, 3)) == min(near)


def test_minutes_of_day_and_of_work():
    """A morning needs 180 min of road at most from 7:00; an afternoon, 195 back by 19:00."""
    lax = {"required": "A", "max_unbroken_s": 12 * 3600}
    early = make(on_a_line([0, 185]), sessions=[MORNING], **lax)
    late = make(on_a_line([0, 200]), **lax)
    for problem in (early, late):
        with pytest.raises(Infeasible):
            optimise(problem)
    assert worth(with_longer_day(early, before_s=900)) == [2 * 185 * 60]
    assert worth(with_longer_day(late, after_s=900)) == [2 * 200 * 60]
    problem = early
    agents = with_more_work(problem, 900).agents
    assert [a.max_week_s for a in agents] == [a.max_week_s + 900 for a in problem.agents]


def test_agents_own_limits_move_too():
    own = replace(make(LINE).bases[0], earliest_departure_s=8 * 3600, latest_return_s=None)
    longer = with_longer_day(replace(make(LINE), bases=(own,)), before_s=900, after_s=900)
    assert longer.bases[0].earliest_departure_s == 8 * 3600 - 900
    assert longer.bases[0].latest_return_s is None


@examples(25)
@given(small_territories())
def test_more_means_never_lose_a_plan(problem):
    """What only adds choices leaves the first level no worse, and plans pass the checker.

    With imposed hours the optimiser may be undecided: other timings than those listed might do.
    """
    assume(problem.hours_rule != "imposes")
    try:
        before = optimise(problem)
    except Infeasible:
        assume(False)
    place = int(np.int64(problem.site_place[0]))
    for other in (
        with_half_day(problem, 0),
        with_agency(problem, place),
        with_longer_day(problem, before_s=900, after_s=900),
        with_more_work(problem, 900),
    ):
        found = optimise(other)
        assert verify(other, found.days) == ()
        if before.levels:
            sign = 1 if before.levels[0].sense == "min" else -1
            assert sign * found.levels[0].value <= sign * before.levels[0].value
