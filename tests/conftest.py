"""Fixtures shared by the tests: the embedded case, solved once."""

from __future__ import annotations

import pytest

from tourplan.plan import Plan
from tourplan.planner import solve
from tourplan.prepare import Case, prepare
from tourplan.starter import example


@pytest.fixture(scope="session")
def herault_case() -> Case:
    """The embedded main case: ten communes from Clermont-l'Hérault."""
    return prepare(example("herault"))


@pytest.fixture(scope="session")
def herault_plan(herault_case: Case) -> Plan:
    """Its proved plan."""
    return solve(herault_case)


@pytest.fixture(scope="session")
def libre_case() -> Case:
    """The embedded study: 64 candidate communes, none imposed."""
    return prepare(example("herault-libre"))
