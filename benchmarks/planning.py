"""Planning problems, solved and proved: one CSV on standard output.

    python benchmarks/planning.py mctp FILE... [--longueur] [--limite SECONDS]
    python benchmarks/planning.py pratique [--limite SECONDS] [--instances NAME...]
    python benchmarks/planning.py croissance [--limite SECONDS] [--figure FILE.svg]

``mctp``: the multi-vehicle covering tour problem: routes of a few stops that visit every mandatory
place and some optional ones, cover every customer, and are as short as can be. ``--longueur`` keeps
each route within the length of the file. ``pratique``: see ``practice``; ``croissance``: see
``growth``. Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TextIO

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import growth
import mctp
import practice

from tourplan.optimise.mip import Means
from tourplan.optimise.solve import Infeasible, NothingFound, optimise
from tourplan.plan import Day
from tourplan.verify import verify


def main() -> None:
    """The command."""
    arguments = _arguments()
    # HiGHS now and then writes on standard output, which is for the table alone.
    table = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    arguments.run(arguments, table)


def solve_each(arguments: argparse.Namespace, table: TextIO) -> None:
    """Solve published instances, one line each."""
    print("instance,value,bound,proved,seconds", file=table, flush=True)
    for path in arguments.files:
        start = monotonic()
        found = solve(mctp.read(path), bounded=arguments.longueur, seconds=arguments.limite)
        seconds = monotonic() - start
        value = "" if found.value is None else found.value
        bound = "" if found.bound is None else found.bound
        proved = str(found.proved).lower()
        print(f"{path.stem},{value},{bound},{proved},{seconds:.2f}", file=table, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(required=True)
    covering = kinds.add_parser("mctp", help="multi-vehicle covering tours")
    covering.add_argument("files", nargs="+", type=Path, metavar="FILE")
    covering.add_argument("--longueur", action="store_true", help="keep routes within length q")
    covering.add_argument("--limite", type=float, default=600.0, help="seconds for each file")
    covering.set_defaults(run=solve_each)
    practice.register(kinds)
    growth.register(kinds)
    return parser.parse_args()


@dataclass(frozen=True)
class Found:
    """The shortest routes found, ``None`` without any, a bound, and whether it is proved."""

    days: tuple[Day, ...] | None
    value: int | None
    bound: int | None
    proved: bool


def solve(instance: mctp.Instance, *, bounded: bool, seconds: float) -> Found:
    """The shortest routes of an instance; ``bounded`` keeps each within its longest length.

    Raises:
        RuntimeError: the checker refuses the plan.
    """
    deadline = monotonic() + seconds
    problem = mctp.problem(instance, bounded=bounded)
    try:
        plan = optimise(problem, deadline=deadline, means=Means(cores=2))
    except Infeasible:
        return Found(None, None, None, proved=True)
    except NothingFound:
        return Found(None, None, None, proved=False)
    if broken := verify(problem, plan.days, plan.levels):
        raise RuntimeError(str(broken[0]))
    (level,) = plan.levels
    return Found(plan.days, level.value, level.bound, level.proved)


if __name__ == "__main__":
    main()
