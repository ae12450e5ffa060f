"""Tours that weekdays treat alike: the same profile, and no other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cycles import cycles
from hypothesis import assume, given
from tiny import LEVELS, MORNING, asking, examples, make, on_a_line, vehicle

from tourplan.daytours import list_day_tours
from tourplan.optimise.profiles import Profiles, watched_demands
from tourplan.problem import AccessGoal, Pin, Problem

LINE = on_a_line([0, 20, 30, 45])
HOURS = {"A": "Mo 09:00-12:00", "B": "Tu 09:00-12:00", "C": "Tu 09:00-12:00"}
MORNINGS = make(LINE, sessions=[MORNING], hours=HOURS, objectives=["heures_mairie"])


def profiles_of(problem: Problem) -> tuple[Profiles, list[int]]:
    found = Profiles.of(problem, list_day_tours(problem), 0)
    return found, found.profile.tolist()


def test_tours_with_half_days_in_hours_on_the_same_days_are_alike():
    found, (a, b, c) = profiles_of(MORNINGS)
    assert b == c != a
    assert (found.in_hours[a].tolist(), found.in_hours[b].tolist()) == ([1, 0], [0, 1])


def test_what_no_level_looks_at_tells_no_tours_apart():
    _, alike = profiles_of(replace(MORNINGS, objectives=("route",)))
    assert len(set(alike)) == 1
    markets = asking(replace(MORNINGS, objectives=("route",)), "A", market=frozenset([0]))
    assert len(set(profiles_of(markets)[1])) == 1
    found, (a, b, c) = profiles_of(replace(markets, objectives=("marches",)))
    assert b == c != a
    assert (found.market[a].tolist(), found.market[b].tolist()) == ([1, 0], [0, 0])


def test_refused_days_tell_tours_apart():
    problem = make(LINE, sessions=[MORNING], refused=[(0, 2, 0, 1)])
    found, (a, b, c) = profiles_of(problem)
    assert a == b != c
    assert found.allowed[c].tolist() == [True, False]


def test_watched_communes_have_profiles_of_their_own_in_each_session():
    problem = asking(make(LINE), "A", pins=(Pin(),))
    tours = list_day_tours(problem)
    found = Profiles.of(problem, tours, 0)
    served = np.where(tours.site == 0, 0, -1)
    assert (found.watched[found.profile] == served).all()
    assert len(found.watched) == 3


TWO_CARS = [vehicle("Véhicule 1"), vehicle("Véhicule 2")]
SEVERAL = AccessGoal(10, None, False, sessions=2)


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (make(LINE), set()),
        (make(LINE, allowed=2), set()),
        (asking(make(LINE), "B", pins=(Pin(),)), {1}),
        (asking(make(LINE), gap_days=7, same_slot=True, gap_most_days=9), set()),
        (asking(make(LINE, allowed=2), "A", gap_days=2), {0}),
        (asking(make(LINE, allowed=2), "C", gap_most_days=20), {2}),
        (asking(make(LINE, allowed=2), "C", same_slot=True), {2}),
        (make(LINE, goals=[SEVERAL]), set()),
        (make(LINE, goals=[SEVERAL], vehicles=TWO_CARS), {0, 1, 2}),
        (asking(make(LINE, vehicles=TWO_CARS), "B", allowed=2), {1}),
    ],
)
def test_which_communes_are_watched(problem, expected):
    assert watched_demands(problem) == expected


@examples(60)
@given(cycles())
def test_tours_of_a_profile_are_alike_in_all_that_is_seen(problem):
    problem = replace(problem, objectives=(*LEVELS, "marches"))
    assume(problem.bases)
    tours, watched = list_day_tours(problem), watched_demands(problem)
    demand = np.append(problem.site_demand, -1)
    for week in range(problem.weeks):
        found = Profiles.of(problem, tours, week)
        allowed = tours.allowed[:, week]
        assert (found.allowed[found.profile] == allowed).all()
        for seen, values in ((found.in_hours, tours.in_hours), (found.market, tours.market)):
            assert (seen[found.profile][allowed] == values[allowed]).all()
        served = demand[tours.site]
        kept = np.where(np.isin(served, list(watched)), served, -1)
        assert (found.watched[found.profile] == kept).all()
