"""The public API keeps its promises to notebooks."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import tourplan as tp


def test_every_public_name_is_there() -> None:
    for name in tp.__all__:
        assert getattr(tp, name) is not None


def test_no_public_name_is_that_of_a_module() -> None:
    """A submodule, once imported, would take the place of a function of the same name."""
    modules = {path.stem for path in Path(tp.__file__).parent.glob("*")}
    assert not modules & set(tp._HOMES)
    for home in set(tp._HOMES.values()):
        importlib.import_module(home)
    assert callable(tp.solve)
    assert callable(tp.evaluate)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, tourplan; print([m for m in ('numpy', 'ortools') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert done.stdout.strip() == "[]"


def test_a_plan_verifies_itself(herault_plan: tp.Plan) -> None:
    assert herault_plan.verify() == ()
