"""Better plans near one at hand: always plans, never worse, and the same ones every time."""

from __future__ import annotations

import threading
from time import monotonic

import numpy as np
import pytest
from cycles import cycles, outcome
from hypothesis import given
from tiny import HOUR, MORNING, examples, make, on_a_line

from tourplan.optimise import mip as mip_module
from tourplan.optimise import neighbours, search
from tourplan.optimise.budget import Budget
from tourplan.optimise.neighbours import extended, improved
from tourplan.optimise.objectives import build
from tourplan.optimise.pricing import all_or_none
from tourplan.optimise.rules import add_rules
from tourplan.optimise.variables import Decisions
from tourplan.problem import Problem

# Ten mornings over 14 communes on a line: the shortest road serves the ten nearest.
LINE = make(
    on_a_line([0, *range(10, 150, 10)]),
    sessions=[MORNING],
    weekdays=range(5),
    weeks=2,
    week_opening_s=10 * HOUR,
    week_work_s=60 * HOUR,
)


def budget(seconds: float = 60.0, seed: int = 0) -> Budget:
    return Budget(monotonic() + seconds, seed, threading.Event())


def model(problem: Problem) -> Decisions:
    d = Decisions(problem, all_or_none(problem))
    add_rules(d)
    return d


def longest_plan(d: Decisions) -> np.ndarray:
    """A plan that drives as much as can be."""
    return d.mip.minimise(d.over_cycle("drive_s", -1), deadline=monotonic() + 60).values


def test_a_few_days_at_a_time_the_road_gets_shorter():
    d = model(LINE)
    plan, road = longest_plan(d), build(d, "route")
    start = road.value(extended(d, road, plan, budget()))
    better = improved(d, road, plan, None, budget())
    assert road.value(better) < start
    assert d.mip.kept_by(better)


def test_the_same_seed_takes_the_same_steps():
    found = []
    for seed in (3, 3):
        d = model(LINE)
        found.append(improved(d, build(d, "route"), longest_plan(d), None, budget(seed=seed)))
    assert found[0].tobytes() == found[1].tobytes()


def test_nothing_is_looked_for_past_a_known_bound(monkeypatch):
    d = model(LINE)
    plan, road = longest_plan(d), build(d, "route")
    known = road.value(extended(d, road, plan, budget()))
    monkeypatch.setattr(neighbours, "_chosen_again", None)
    assert road.value(improved(d, road, plan, known, budget())) == known


def test_out_of_time_the_plan_stays():
    d = model(LINE)
    plan = longest_plan(d)
    assert improved(d, build(d, "route"), plan, None, budget(-1.0)) is plan


@examples(60)
@given(cycles())
def test_the_same_values_with_and_without(problem):
    expected = outcome(problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "FEWEST_DAYS", 1)
        patch.setattr(neighbours, "AT_FIRST", 1)
        patch.setattr(neighbours, "MOST", 2)
        patch.setattr(neighbours, "VAIN", 2)
        patch.setattr(search, "SMALL_COLUMNS", -1)
        assert outcome(problem) == expected


def test_a_slice_of_nodes_is_the_work_of_one_solver(monkeypatch):
    calls = []
    solve = mip_module._solve

    def counted(mip, objective, call, start):
        calls.append((call.solver, call.nodes))
        return solve(mip, objective, call, start)

    monkeypatch.setattr(mip_module, "_solve", counted)
    d = model(LINE)
    road = build(d, "route")
    answer = d.mip.minimise(road, deadline=monotonic() + 60, nodes=7, cores=2)
    assert calls == [("HIGHS", 7)]
    assert answer.values is not None
