"""The program: what is its own fault."""

from __future__ import annotations

import pytest

from tourplan.errors import OwnError


@pytest.mark.parametrize("fault", [RuntimeError("bang"), OwnError("bang")])
def test_our_own_faults(tp, small, monkeypatch, fault):
    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr("tourplan.planner.solve", fail)
    answer = tp("solve", small)
    assert answer.code == 1
    assert "bang" in answer.err
    assert "erreur interne" in answer.err
