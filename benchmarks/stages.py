"""Seconds and peak memory of each stage of a solve: prints JSON, for ``command.py``.

Usage: python benchmarks/stages.py herault|herault-libre
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")

IMPORTS = {
    "numpy": ["numpy"],
    "ortools.math_opt": ["ortools.math_opt.python.mathopt"],
    "scipy.sparse.csgraph": ["scipy.sparse", "scipy.sparse.csgraph"],
    "shapely": ["shapely.geometry", "shapely.affinity"],
    "tourplan and pydantic": [
        "tourplan.planner",
        "tourplan.export.page",
        "tourplan.study.evaluate",
    ],
}
"""What the stages would load on first use, loaded before so that they are timed apart."""

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


class Stopwatch:
    """Seconds of each stage, and the peak memory of the process once it is over, in order."""

    def __init__(self) -> None:
        self.stages: dict[str, tuple[float, float | None]] = {}

    def time(self, stage: str, work: Callable[[], T]) -> T:
        """What ``work`` returns; its seconds and the peak so far are kept under ``stage``."""
        started = perf_counter()
        result = work()
        self.stages[stage] = (perf_counter() - started, peak_mib())
        return result


def peak_mib() -> float | None:
    """The most memory this process has held, in MiB; ``None`` where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _load(modules: list[str]) -> None:
    for module in modules:
        import_module(module)


def time_stages(name: str) -> dict[str, tuple[float, float | None]]:
    """Seconds and peak of each stage for the embedded scenario ``name``."""
    watch = Stopwatch()
    for what, modules in IMPORTS.items():
        watch.time(f"import {what}", partial(_load, modules))

    from tourplan.assemble import assemble
    from tourplan.daytours import list_day_tours
    from tourplan.network.links import embedded_network
    from tourplan.optimise.solve import optimise
    from tourplan.prepare import prepare
    from tourplan.starter import example
    from tourplan.travel import travel_matrix
    from tourplan.verify import verify

    case = watch.time("prepare (territory, links, matrix)", lambda: prepare(example(name)))
    network = watch.time("of which links", embedded_network)
    watch.time("of which matrix", lambda: travel_matrix(network, case.travel.places))
    tours = watch.time("day tours", lambda: list_day_tours(case.problem))
    found = watch.time("solve (every level)", lambda: optimise(case.problem, tours=tours))
    watch.time("verify", lambda: verify(case.problem, found.days, found.levels))
    plan = watch.time("assemble", lambda: assemble(case, found.days, found.levels, found.stopped))

    def export() -> None:
        from tourplan.export.itinerary import itinerary_csv
        from tourplan.export.page import map_page
        from tourplan.files import write_bytes, write_text

        with tempfile.TemporaryDirectory() as folder:
            write_text(Path(folder) / "plan.json", plan.to_json())
            write_bytes(Path(folder) / "itineraire.csv", itinerary_csv(plan))
            write_text(Path(folder) / "carte.html", map_page(plan, case))

    watch.time("export (plan, itinerary, map)", export)
    tour = case.scenario.comparison.tour
    if tour:
        from tourplan.study.evaluate import evaluate

        watch.time(
            "comparison with the tour of today",
            lambda: evaluate(case, tour, best=plan, changes=False),
        )
        watch.time("its every single change tried", lambda: evaluate(case, tour, best=plan))
    return watch.stages


if __name__ == "__main__":
    print(json.dumps(time_stages(sys.argv[1])))
