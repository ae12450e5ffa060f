"""The program: what is its own fault."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tourplan import cli
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


def test_an_option_of_several_commands_is_written_once():
    """Two with the same name say different things, else they would be one in ``options``."""
    folder = Path(cli.__file__).parent / "commands"
    seen: Counter[tuple[str, str]] = Counter()
    for path in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "typer.Option":
                keys = {key.arg: ast.literal_eval(key.value) for key in node.keywords}
                seen[ast.literal_eval(node.args[0]), keys["help"]] += 1
    assert len(seen) > 20
    assert {name: count for name, count in seen.items() if count > 1} == {}
