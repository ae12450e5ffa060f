"""How long each export takes and how large its files are, up to the 862 embedded communes.

    python benchmarks/exports.py [--limite SECONDS] [--points 10x1 341x1 862x3]

Each point is a fresh process: a scenario of ``growth.py`` over so many candidates and
vehicle-weeks, solved for a few seconds (exports do not mind how good a plan is), then each format
made once, with its imports, from a plan read back from JSON.

Columns: ``communes``; ``format``; ``files``; ``kb`` (thousands of bytes); ``seconds``; ``ratio``:
to the seconds of preparing the case (territory, road times, problem) in the same process;
``peak_mib``: the highest so far.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import apart
import growth

COLUMNS = ("communes", "format", "files", "kb", "seconds", "ratio", "peak_mib")
POINTS = ((64, 1), (growth.IN_HERAULT, 1), (growth.ALL, 3))
Row = dict[str, Any]


def rows_of(count: int, vehicle_weeks: int, limit_s: float) -> list[Row]:
    """The exports of a point, in this process."""
    from tourplan.export.bundle import Request, every_format
    from tourplan.export.opendata import Publisher
    from tourplan.plan import Plan
    from tourplan.planner import solve
    from tourplan.prepare import Case
    from tourplan.scenario import Scenario

    keys = growth.keys(count, vehicle_weeks)
    started = perf_counter()
    case = Case.of(Scenario.from_keys(keys))
    preparing_s = perf_counter() - started
    plan = Plan.from_json(solve(case, limit_s=limit_s).to_json())
    ask = Request(
        plan,
        datetime.now(UTC),
        internal=True,
        start=date(2027, 1, 4),
        publisher=Publisher("43493312300029"),
    )
    ask.case  # noqa: B018 - read once for all formats that draw
    rows = [_row("(case prepared)", {}, preparing_s, preparing_s)]
    rows += [_measured(ask, name, preparing_s) for name in every_format(internal=True)]
    return [{"communes": count, **row} for row in rows]


def _measured(ask: Any, name: str, preparing_s: float) -> Row:
    """One format."""
    from tourplan.export.bundle import exported

    started = perf_counter()
    files, lacking = exported(ask, [name])
    seconds = perf_counter() - started
    if lacking:
        raise RuntimeError(f"{name}: {lacking}")
    return _row(name, files, seconds, preparing_s)


def _row(name: str, files: dict[str, bytes], seconds: float, preparing_s: float) -> Row:
    own = {path: content for path, content in files.items() if path != "LISEZMOI.txt"}
    return {
        "format": name,
        "files": len(own),
        "kb": round(sum(map(len, own.values())) / 1000),
        "seconds": round(seconds, 2),
        "ratio": round(seconds / preparing_s, 2),
        "peak_mib": round(apart.peak_mib() or 0) or "",
    }


def main() -> None:
    """Measure each point in a process of its own, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--limite", type=float, default=20.0, help="seconds to solve each point")
    parser.add_argument("--points", nargs="+", default=[f"{a}x{b}" for a, b in POINTS])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        point = tuple(map(int, options.one.split("x")))
        with apart.answer() as file:
            json.dump({"rows": rows_of(*point, options.limite)}, file)
        return
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for point in options.points:
        asked = ("--one", point, "--limite", options.limite)
        answer = apart.ask("exports.py", asked, options.limite)
        if answer.failure:
            print(f"{point}: {answer.failure}", file=sys.stderr)
        writer.writerows(answer.facts.get("rows", ()))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
