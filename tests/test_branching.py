"""Levels cut and split in parts: the same optimum as with every day at once, proved."""

from __future__ import annotations

import threading
from time import monotonic

import numpy as np
import pytest
from cycles import cycles
from hypothesis import given
from hypothesis import strategies as st
from tiny import HOUR, examples, make, slot, territories

from tourplan.optimise import branching, pricing, staged
from tourplan.optimise.budget import Budget
from tourplan.optimise.level import Level
from tourplan.optimise.objectives import build
from tourplan.optimise.pricing import NO_LIMITS, Columns, all_or_none, made_feasible
from tourplan.optimise.rules import add_rules
from tourplan.optimise.solve import Infeasible, Solution, Undecided, optimise
from tourplan.optimise.variables import Decisions
from tourplan.problem import Problem
from tourplan.verify import verify


@pytest.fixture
def split(monkeypatch):
    """Few days are known at first, and no other step is taken before parts are split."""
    monkeypatch.setattr(pricing, "ALL_AT_ONCE", 0)
    monkeypatch.setattr(pricing, "FIRST_OF_SITE", 1)
    for step in ("_improve", "_dive"):
        monkeypatch.setattr(staged, step, lambda *_: None)


def outcome(problem: Problem) -> Solution | str:
    """The plan, or why there is none."""
    try:
        return optimise(problem, deadline=monotonic() + 120)
    except (Infeasible, Undecided) as error:
        return type(error).__name__


def matches(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    """A problem has the same levels, proved, split and at once."""
    found = outcome(problem)
    with monkeypatch.context() as patch:
        patch.setattr(pricing, "ALL_AT_ONCE", 100_000)
        expected = outcome(problem)
    if isinstance(found, str) or isinstance(expected, str):
        assert found == expected
        return
    assert not verify(problem, found.days, found.levels)
    for one, two in zip(expected.levels, found.levels, strict=True):
        assert (two.value, two.bound) == (one.value, one.bound)
        if not one.proved:
            return


@pytest.mark.usefixtures("split")
@pytest.mark.parametrize("few", [0, 4, 2_000])
def test_drawn_problems(few):
    patch = pytest.MonkeyPatch()
    patch.setattr(branching, "FEW", few)

    @examples(40)
    @given(problem=st.one_of(territories(4, 2), cycles(4, 2)))
    def every(problem):
        matches(problem, patch)

    try:
        every()
    finally:
        patch.undo()


@pytest.mark.usefixtures("split")
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("required", [(), "ABCDEFG"])
def test_pairs_of_sites_that_vie_for_few_days(seed, required, monkeypatch):
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 40, (9, 2))
    apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) * 60
    problem = make(
        apart.astype(int).tolist(),
        weekdays=(0, 1, 2, 3),
        required=required,
        residents={place: int(rng.integers(10, 400)) for place in range(1, 9)},
        objectives=("habitants_au_dela_5", "acces_moyen", "route"),
        week_work_s=30 * HOUR,
    )
    matches(problem, monkeypatch)


@pytest.mark.usefixtures("split")
@pytest.mark.parametrize("seed", [14, 17, 33])
def test_a_bound_above_the_relaxation_hides_no_day(seed):
    """Halves keep the bound of the whole, beyond their own relaxation: its days are dearer."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 40, (10, 2))
    apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) * 60
    problem = make(
        apart.astype(int).tolist(), weekdays=range(5), required="ABCDEFGHI", objectives=("route",)
    )
    (level,) = optimise(problem, deadline=monotonic() + 120).levels
    assert level.proved
    columns = Columns(problem, all_or_none(problem))
    d = Decisions(problem, columns.first())
    add_rules(d)
    budget = Budget(monotonic() + 120, 0, threading.Event())
    searched = Level(columns, d, build(d, "route"), budget, None)
    tree = branching._Tree(searched)
    assert made_feasible(columns, d, budget.deadline)
    priced, bound = searched.converge(budget)
    assert bound < level.value - 100
    part = tree._listed(branching._Part(level.value - 1, 0, NO_LIMITS), priced)
    assert searched.value == level.value
    assert part.bound <= level.value + 1e-6


ALIKE = tuple(slot(f"s{k}", "08:00", "20:00", 30) for k in range(2))


@pytest.mark.usefixtures("split")
def test_cuts_are_made_and_close_the_gap(monkeypatch):
    """Two communes here, three in each of two places there: days of two share the three."""
    cuts = []
    made = branching._Tree._cut

    def counted(*args):
        cuts.append(made(*args))
        return cuts[-1]

    monkeypatch.setattr(branching._Tree, "_cut", counted)
    monkeypatch.setattr(branching, "FEW", 0)
    near, far = 2, 50
    where = [0, *([1] * 3), *([2] * 3)]
    apart = [[near if a == b else far for b in where] for a in where]
    problem = make(
        [[60 * minutes for minutes in row] for row in apart],
        sessions=ALIKE,
        weekdays=(0, 1, 2, 3),
        required="ABCDEF",
        objectives=("route",),
    )
    matches(problem, monkeypatch)
    assert sum(cuts) > 0


@pytest.mark.usefixtures("split")
@pytest.mark.parametrize("cut", [True, False])
@pytest.mark.parametrize("objectives", [("route",), ("habitants_au_dela_5",), ()])
def test_no_plan_is_told_as_such(objectives, cut, monkeypatch):
    """Three communes in each of two places two hours and a half apart; days of two; three days."""
    if not cut:
        monkeypatch.setattr(branching._Tree, "_cut", lambda *_: 0)
    where = [0, *([1] * 3), *([2] * 3)]
    apart = [[60 * (2 if a == b else 150) for b in where] for a in where]
    problem = make(
        apart,
        sessions=ALIKE,
        weekdays=(0, 1, 2),
        required="ABCDEF",
        objectives=objectives,
        max_work_s=9 * HOUR,
    )
    assert outcome(problem) == "Infeasible"
