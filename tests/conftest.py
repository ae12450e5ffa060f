"""Fixtures shared by the tests: a cache of their own, commands, the embedded case solved once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import opened, playwright
from commands import SMALL, Answer, written
from hypothesis import settings

from tourplan import cli
from tourplan.network.store import FOLDER_VARIABLE
from tourplan.plan import Plan
from tourplan.planner import solve
from tourplan.prepare import Case, prepare
from tourplan.starter import example

settings.register_profile("fixed", deadline=None, derandomize=True, database=None)
settings.load_profile("fixed")


@pytest.fixture(scope="session", autouse=True)
def _cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test, and no program that a test starts, reads or writes the user's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER_VARIABLE, str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def tp(capsys, tmp_path, monkeypatch) -> Callable[..., Answer]:
    """Run a command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*args: object) -> Answer:
        capsys.readouterr()
        code = cli._guarded([str(arg) for arg in args])
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return run


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A scenario of two communes, quickly solved."""
    return written(tmp_path / "petit.toml", SMALL)


@pytest.fixture(scope="session")
def herault_case() -> Case:
    """The embedded main case: ten communes from Clermont-l’Hérault."""
    return prepare(example("herault"))


@pytest.fixture(scope="session")
def herault_plan(herault_case: Case) -> Plan:
    """Its proved plan."""
    return solve(herault_case)


@pytest.fixture(scope="session")
def libre_case() -> Case:
    """The embedded study: 64 candidate communes, none imposed."""
    return prepare(example("herault-libre"))


@pytest.fixture(scope="session")
def driver() -> Iterator[Any]:
    """What drives browsers."""
    with playwright() as found:
        yield found


@pytest.fixture(scope="session")
def browser(driver: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser whose pages are shown without any network."""
    with opened(driver, tmp_path_factory.mktemp("profile")) as context:
        yield context
