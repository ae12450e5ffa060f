"""What the commands cost, against the imports nobody can avoid: ratios in one run, medians.

Every measure is a fresh process. The processes of a round follow each other, so that a slow moment
of the machine touches both sides of a ratio; ratios are taken within a round, then their median.
This file imports nothing heavy: Linux counts the parent's memory in a child's peak.

Usage: python benchmarks/command.py [--rounds 7] [--format markdown|csv]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent
STAGES = str(ROOT / "benchmarks" / "stages.py")

HERAULT = "tourplan solve (herault)"
LIBRE = "tourplan solve (herault-libre)"
IMPORTS = "import geopandas and ortools.math_opt"
HELP = "tourplan --help"
TYPER = "import typer"
STAGES_HERAULT = "stages of herault"
STAGES_LIBRE = "stages of herault-libre"

Row = tuple[str, ...]
COLUMNS = ("measure", "median", "least", "most", "peak memory", "goal")


@dataclass(frozen=True)
class Run:
    """One process: seconds from start to end, and what the system tells of its end, if it does.

    ``cpu_s`` is the time of all its threads on processors, ``peak_mib`` the most memory it held.
    """

    seconds: float
    cpu_s: float | None
    peak_mib: float | None
    output: str


def commands(folder: str) -> dict[str, list[str]]:
    """The processes of a round, by name; files go under ``folder``."""
    tourplan = ["-m", "tourplan"]
    solve = [*tourplan, "solve", "--sortie", folder]
    both = "import geopandas; from ortools.math_opt.python import mathopt"
    return {
        IMPORTS: ["-c", both],
        HERAULT: solve,
        TYPER: ["-c", "import typer"],
        HELP: [*tourplan, "--help"],
        STAGES_HERAULT: [STAGES, "herault"],
        LIBRE: [*solve, "herault-libre"],
        STAGES_LIBRE: [STAGES, "herault-libre"],
    }


def run(arguments: Sequence[str]) -> Run:
    """Run Python with ``arguments`` from the project's root.

    Raises:
        SystemExit: the process failed; its messages are shown.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        started = perf_counter()
        process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=out, stderr=err)
        cpu_s, peak_mib = _wait(process)
        seconds = perf_counter() - started
        out.seek(0)
        err.seek(0)
        if process.returncode:
            sys.exit(f"{' '.join(arguments)} failed:\n{err.read()}")
        return Run(seconds, cpu_s, peak_mib, out.read())


def _wait(process: subprocess.Popen[bytes]) -> tuple[float | None, float | None]:
    """Wait for the end of a process; its processor seconds and peak MiB where they are told."""
    if sys.platform == "win32":
        process.wait()
        return None, None
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    mib = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return usage.ru_utime + usage.ru_stime, mib


def measure(rounds: int) -> dict[str, list[Run]]:
    """Every process ``rounds`` times, round by round, after one round to warm the disk."""
    found: dict[str, list[Run]] = {}
    for number in range(rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            for name, arguments in commands(folder).items():
                result = run(arguments)
                if number:
                    found.setdefault(name, []).append(result)
        print(f"round {number} of {rounds}", file=sys.stderr)
    return found


def table(found: dict[str, list[Run]]) -> list[Row]:
    """The rows under ``COLUMNS``: ratios, then commands, then stages."""
    solve, imports, tells_help, typer = (found[n] for n in (HERAULT, IMPORTS, HELP, TYPER))
    ratios = [a.seconds / b.seconds for a, b in zip(solve, imports, strict=True)]
    work = [a.cpu_s / b.cpu_s for a, b in zip(solve, imports, strict=True) if a.cpu_s and b.cpu_s]
    extra = [a.seconds - b.seconds for a, b in zip(tells_help, typer, strict=True)]
    return [
        _row(f"{HERAULT} / {IMPORTS}", ratios, _times, goal="under 2"),
        *([_row("the same, processor time", work, _times)] if work else []),
        _row(f"{HELP} − {TYPER}", extra, _ms, goal="under 100 ms"),
        *(
            _row(name, [run.seconds for run in found[name]], _ms, _peak(found[name]))
            for name in (HERAULT, IMPORTS, HELP, TYPER, LIBRE)
        ),
        *_stage_rows("herault", found[STAGES_HERAULT]),
        *_stage_rows("herault-libre", found[STAGES_LIBRE]),
    ]


def _stage_rows(name: str, runs: list[Run]) -> list[Row]:
    """A row a stage, with the peak memory of the process so far."""
    seen = [json.loads(run.output) for run in runs]
    rows = []
    for stage in seen[0]:
        seconds, peaks = zip(*(stages[stage] for stages in seen), strict=True)
        rows.append(_row(f"{name}: {stage}", seconds, _ms, _mib(peaks)))
    return rows


def _row(
    name: str,
    values: Sequence[float],
    words: Callable[[float], str],
    memory: str = "",
    goal: str = "",
) -> Row:
    return (name, words(median(values)), words(min(values)), words(max(values)), memory, goal)


def _times(value: float) -> str:
    return f"{value:.2f} ×"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


def _peak(runs: list[Run]) -> str:
    return _mib([run.peak_mib for run in runs])


def _mib(peaks: Sequence[float | None]) -> str:
    """The largest of the peaks, or that they are unknown."""
    known = [peak for peak in peaks if peak is not None]
    return f"{max(known):.0f} MiB" if known else "unknown"


def show(rows: list[Row], style: str) -> None:
    """Print the table as CSV or Markdown."""
    if style == "csv":
        csv.writer(sys.stdout).writerows([COLUMNS, *rows])
        return
    print(f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores\n")
    for row in (COLUMNS, ("---",) * len(COLUMNS), *rows):
        print(f"| {' | '.join(row)} |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="rounds to take the median of")
    parser.add_argument("--format", choices=("markdown", "csv"), default="markdown")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds must be 1 or more")
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    show(table(measure(options.rounds)), options.format)


if __name__ == "__main__":
    main()
