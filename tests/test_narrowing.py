"""What a proved level rules out: never a tour of a plan that is left, whatever the other levels."""

from __future__ import annotations

import numpy as np
import pytest
from cycles import cycles
from hypothesis import given
from tiny import HOUR, MORNING, examples, make, on_a_line
from tiny import territories as small_territories

from tourplan.optimise import narrowing, pricing
from tourplan.optimise.mip import Expression, Mip
from tourplan.optimise.solve import Infeasible, Undecided, optimise
from tourplan.problem import Problem


@pytest.fixture
def always(monkeypatch):
    """Even the smallest model is narrowed."""
    monkeypatch.setattr(narrowing, "SMALL", -1)


@pytest.fixture
def priced(monkeypatch):
    """Even the smallest model has its tours priced."""
    monkeypatch.setattr(pricing, "ALL_AT_ONCE", 0)
    monkeypatch.setattr(pricing, "FIRST_OF_SITE", 1)


def worth(problem: Problem) -> list[tuple[int, int | None]] | None:
    try:
        return [(level.value, level.bound) for level in optimise(problem).levels]
    except (Infeasible, Undecided):
        return None


def unnarrowed(problem: Problem, monkeypatch) -> list[tuple[int, int | None]] | None:
    with monkeypatch.context() as patch:
        patch.setattr(narrowing, "SMALL", 10**9)
        return worth(problem)


@examples(80)
@given(cycles())
@pytest.mark.usefixtures("always")
def test_the_same_values_with_and_without(problem):
    with pytest.MonkeyPatch.context() as patch:
        assert worth(problem) == unnarrowed(problem, patch)


@examples(40)
@given(small_territories())
@pytest.mark.usefixtures("always", "priced")
def test_the_same_values_where_tours_are_priced(problem):
    narrowed = worth(problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pricing, "ALL_AT_ONCE", 10**9)
        expected = unnarrowed(problem, patch)
    assert (narrowed is None) == (expected is None)
    for (value, bound), (best, _) in zip(narrowed or [], expected or [], strict=True):
        assert value == best or bound != value, "what is called proved is the best"


def test_tours_too_long_are_left_out(monkeypatch):
    """One session must be held: at A, where the road is shortest; tours at B and C are out."""
    problem = make(
        on_a_line([0, 20, 30, 31]),
        sessions=[MORNING],
        weekdays=[0],
        week_opening_s=2 * HOUR,
        objectives=["route", "heures_mairie"],
    )
    monkeypatch.setattr(narrowing, "SMALL", -1)
    ruled_out, forbid = [], Mip.forbid

    def counted(self: Mip, variables: np.ndarray) -> None:
        ruled_out.append(len(variables))
        forbid(self, variables)

    monkeypatch.setattr(Mip, "forbid", counted)
    found = optimise(problem)
    assert [level.value for level in found.levels] == [40 * 60, 0]
    assert ruled_out == [2]


def test_reduced_costs_are_those_of_the_textbook():
    """min 3x + 2y + 5z, x + y + z >= 2, y <= 1: the duals are 3 and -1, and z costs 5 - 3."""
    mip = Mip()
    x = mip.variables(3, np.inf, integer=False)
    mip.row(x, 1.0, at_least=2.0)
    mip.row(x[1:2], 1.0, at_most=1.0)
    objective = Expression(x, np.array([3, 2, 5], dtype=np.int64))
    relaxed = mip.relax(objective, deadline=float("inf"))
    assert mip.reduced_costs(objective, relaxed) == pytest.approx([0.0, 0.0, 2.0])
    mip.variables(1)
    assert len(mip.reduced_costs(objective, relaxed)) == 3, "of those there were"


def test_what_is_forbidden_stays_out():
    mip = Mip()
    x = mip.variables(2)
    mip.row(x, 1.0, at_least=1.0)
    mip.forbid(x[:1])
    answer = mip.minimise(Expression(x, np.array([1, 9], dtype=np.int64)), deadline=float("inf"))
    assert answer.bound == 9
