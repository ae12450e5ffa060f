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
from pathlib import Path
from time import monotonic
from typing import TextIO

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import growth
import mctp
import practice

from tourplan.optimise.columns import Found, Links, minimise
from tourplan.optimise.labels import LongDay
from tourplan.optimise.mip import Expression, Mip


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


def solve(instance: mctp.Instance, *, bounded: bool, seconds: float) -> Found:
    """The shortest routes of an instance; ``bounded`` keeps each within its longest length."""
    deadline = monotonic() + seconds
    mip, objective, links = model(instance)
    day = LongDay.free(instance.stops, len(instance.length) - 1)
    if bounded:
        day = day.limited(instance.length, instance.longest)
    return minimise(mip, objective, links, day, deadline=deadline)


def model(instance: mctp.Instance) -> tuple[Mip, Expression, Links]:
    """The rules of an instance, on the totals of its routes."""
    sites, customers = instance.covers.shape
    mip = Mip()
    needed = (np.arange(sites) < instance.mandatory).astype(float)
    held = mip.variables(sites, 1.0, lower=needed)
    routes = mip.variables(1, float(sites))
    length = mip.variables(1, np.inf, integer=False)
    reached = mip.variables(customers, float(sites), lower=1.0, integer=False)
    links = Links(
        held, int(routes[0]), length, instance.length[None], reached, instance.covers.T.copy()
    )
    return mip, Expression(length, np.ones(1, dtype=np.int64)), links


if __name__ == "__main__":
    main()
