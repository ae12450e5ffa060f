"""French texts have one apostrophe, ’: in the sources, in the data read, on the screen."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tourplan.errors import curly
from tourplan.schedule import public_holidays
from tourplan.territory import read_territory

PACKAGE = Path(__file__).parent.parent / "tourplan"
DOCS = Path(__file__).parent.parent / "docs"
STRAIGHT = re.compile(r"[^\W\d_]'[^\W\d_]")
"""Between two letters: in code and commands, a quote stands at the edge of a word."""


def strings(tree: ast.AST) -> Iterator[str]:
    """The texts of a module, those that only document it aside."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        yield from strings(node)


@pytest.mark.parametrize("text", ["l'an", "d'Élie", "aujourd'hui"])
def test_what_is_looked_for(text):
    assert STRAIGHT.search(text)
    assert not STRAIGHT.search(curly(text))


@pytest.mark.parametrize("text", ["semaines = '1'", "« l’an »", "2'30", "['a', 'b']"])
def test_what_is_left_as_it_is(text):
    assert not STRAIGHT.search(text)
    assert curly(text) == text


def test_sources():
    told = [
        f"{path.name}: {text}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for text in strings(ast.parse(path.read_text(encoding="utf-8")))
        if STRAIGHT.search(text)
    ]
    assert told == []


@pytest.mark.parametrize("path", [PACKAGE / "export" / "page.html", *sorted(DOCS.glob("*.md"))])
def test_pages_in_french(path):
    text = path.read_text(encoding="utf-8")
    if path.name not in ("architecture.md", "formats.md"):  # in English
        assert STRAIGHT.findall(text) == []


def test_names_of_the_embedded_data():
    territory = read_territory()
    names = [w for c in territory.communes.values() for w in (c.name, c.epci_name, c.address)]
    names += [w for one in territory.counters for w in (one.name, one.commune, one.address)]
    assert sum("’" in name for name in names) > 50
    assert [name for name in names if STRAIGHT.search(name)] == []


def test_public_holidays():
    days = [date.fromordinal(date(2027, 1, 1).toordinal() + n) for n in range(365)]
    names = public_holidays(days).values()
    assert "Jour de l’an" in names
    assert not any(map(STRAIGHT.search, names))


@pytest.mark.parametrize(
    "args",
    [
        ("--help",),
        ("init", "s.toml"),
        ("check", "herault"),
        ("solve", "herault", "--sensibilite"),
        ("evaluate", "herault", "herault_2024"),
        ("explain", "herault", "34196", "pegairolles"),
        ("network", "info", "herault", "--lieux"),
        ("export", "herault"),
    ],
    ids=lambda args: args[0],
)
def test_screens(tp, args):
    answer = tp(*args)
    assert STRAIGHT.findall(answer.out + answer.err) == []
    assert "Traceback" not in answer.err
