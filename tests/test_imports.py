"""Imports between tourplan's modules go one way: a line may only import from those above it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "tourplan"
LAYERS = """
errors optimise.children
optimise.compiled optimise.solvers optimise.dayfacts
files hours console arrays network.drivable network.source network.speedmodel network.store
export.pdf.typeset export.lettering
tables problem access schedule export.ical network.roads network.graph optimise.mip export.french
optimise.labels optimise.budget spacing orders queues
territory network.links network.speeds network.waycut network.table network.measured network.turns
fields residents sheets
places times teams
scenario
plan network.osmfile network.online network.streets export.markup teamfaults choicefaults settings
survey names measures timeline recount coherence network.snap network.saved network.graphout crews
reading demands verify
travel.contraction travel.dissection travel.directions waits network.graphin network.graphml
travel.fronts travel.ways travel.reach
travel.hierarchy
travel.margin travel.matrix
starter export.words routing
check daytours pointtimes export.judgement deadends
casenotes
prepare optimise.cuts optimise.runs optimise.profiles optimise.repeats optimise.teams
optimise.timings optimise.rounding
optimise.variables export.curve assemble study.tours study.changes export.scene export.itinerary
export.drawing export.keptrules export.pdf.footing
cases optimise.rules optimise.pooling optimise.longdays export.figure study.goers
study.existing
export.audience export.daytable export.sides export.sources export.edits
export.accesstables
export.choices export.sections export.dates
export.farreasons export.mapdata export.paper
export.agendas export.datechanges export.opendata export.layers export.posterwords
study.result
optimise.objectives optimise.pricing optimise.neighbours export.page study.coverage study.waiting
export.workbook export.pdf.synthesis export.pdf.poster export.pdf.roadsheet export.pdf.surveysheet
export.bundle
optimise.level optimise.narrowing optimise.starting optimise.outcome
optimise.thinning
optimise.branching
optimise.staged
study.relaxed study.roundcases study.fragility optimise.search
optimise.solve
study.front study.force study.widened study.explanation
study.otherways study.inquiry
study.clash study.farthest study.marginals
study.reasons study.remedies
planner
study.evaluate study.sensitivity study.tradeoff study.explain study.rounds study.prices
commands.options commands.communes commands.refusals commands.running commands.writing
commands.init commands.check commands.tradeoff commands.evaluate commands.explain
commands.rounds commands.network commands.export
commands.solve
cli
"""
LAYER = {name: number for number, row in enumerate(LAYERS.split("\n")) for name in row.split()}
MAY_ASK = {"plan": {"export", "prepare", "scenario", "verify"}, "scenario": {"reading"}}
"""What the methods of ``Plan`` and ``Scenario`` import when they are called: the exceptions."""
HEAVY = {
    "numpy",
    "scipy",
    "ortools",
    "geopandas",
    "pandas",
    "pydantic",
    "shapely",
    "matplotlib",
    "numba",
}
HEAVY |= {"osmium", "osmnx", "networkx", "requests", "pyarrow", "typst", "openpyxl"}
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if "_data" not in path.parts
}
LIGHT = {"cli", "console", "errors", "files", "hours", "tables", "__init__"}
LIGHT |= {name for name in MODULES if name.startswith("commands.")}


def imports(tree: ast.AST, *, inside: bool = False) -> Iterator[tuple[str, bool]]:
    """Modules imported at run time, and whether inside a function; type-only ones aside."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not used"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name.removeprefix("tourplan.") in MODULES else node.module, inside
        function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        yield from imports(node, inside=inside or function)


def imported(module: str) -> list[tuple[str, bool]]:
    return list(imports(ast.parse(MODULES[module].read_text(encoding="utf-8"))))


@pytest.mark.parametrize("module", [m for m in MODULES if not m.endswith("__")])
def test_imports_go_one_way(module):
    assert module in LAYER, f"put {module} on a line of LAYERS"
    for name, inside in imported(module):
        target = name.removeprefix("tourplan.")
        if name == target or (inside and target.split(".")[0] in MAY_ASK.get(module, ())):
            continue
        assert LAYER.get(target, 99) < LAYER[module], f"{module} may not import {target}"


def test_every_line_names_modules_that_are_there():
    assert set(LAYER) <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_only_solvers_knows_ortools(module):
    names = {name.split(".")[0] for name, _ in imported(module)}
    assert "ortools" not in names or module == "optimise.solvers"


@pytest.mark.parametrize("module", sorted(LIGHT))
def test_light_modules_import_nothing_heavy_at_the_top(module):
    names = {name.split(".")[0] for name, inside in imported(module) if not inside}
    assert not names & HEAVY


def test_the_command_line_starts_without_anything_heavy():
    code = "import sys, tourplan.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & HEAVY
