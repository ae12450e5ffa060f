"""How time, memory and columns grow, from 16 to 862 candidates and from 1 to 12 vehicle-weeks.

    python benchmarks/planning.py croissance [--limite SECONDS] [--points 64x1 …] [--figure F.svg]

Each point is a fresh process: a scenario over the embedded communes, its day tours listed, then
every level solved within the limit.

- Candidates grow over the three départements, which nothing links: pairs without a way are part of
  the data. A vehicle in each (``x3``, one week; ``x12``, four different weeks); the candidates are
  the nearest to the three agencies, taken in turns.
- Vehicle-weeks grow over the Hérault (``x1``, ``x2``, ``x4``, ``x8``, and ``x12`` up to its 341
  communes): one vehicle, then two, then three agencies, for one to four different weeks; the
  candidates are the nearest to the first agency.

No opening is required of a week, so that few candidates for many weeks make a plan too.

Columns: ``candidates``; ``vehicle_weeks``; ``tours``: feasible days listed, over all agencies;
``columns``: variables of the largest model; ``listing_s``; ``solving_s``: every level, to the proof
or to the limit; ``proved``: levels proved, of ``levels``; ``worst_gap_pct``: the largest distance
from value to bound over levels, per cent of the value (``none``: one has no bound); ``peak_mib``:
of the largest process; ``failure``: why there are no figures.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from time import monotonic
from typing import Any, TextIO

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import apart

COLUMNS = (
    "candidates",
    "vehicle_weeks",
    "tours",
    "columns",
    "listing_s",
    "solving_s",
    "proved",
    "levels",
    "worst_gap_pct",
    "peak_mib",
    "failure",
)
WEEKS = {1: (1, 1), 2: (1, 2), 3: (3, 1), 4: (1, 4), 8: (2, 4), 12: (3, 4)}
"""Vehicle-weeks: how many vehicles, and in how many different weeks."""
COUNTIES = ("34079", "16106", "05061")
HERAULT = ("34079", "34032", "34172")
"""The agency of each vehicle: one a département, or all in the Hérault."""
ALL, IN_HERAULT = 862, 341
POINTS = (
    *((count, 3) for count in (16, 32, 64, 128, 256, 512, ALL)),
    *((256, weeks) for weeks in (1, 2, 4, 8, 12)),
    (IN_HERAULT, 12),
    (ALL, 12),
)
AXES = ("candidates", "vehicle_weeks")
DRAWN = ("tours", "columns", "listing_s", "solving_s", "peak_mib")
Row = dict[str, Any]


def register(kinds: Any) -> None:
    """Add the subcommand to a command line."""
    parser = kinds.add_parser("croissance", help="how time, memory and columns grow")
    parser.add_argument("--limite", type=float, default=120.0, help="seconds to solve each point")
    parser.add_argument("--figure", type=Path, help="draw it (needs matplotlib)")
    parser.add_argument(
        "--points",
        nargs="+",
        type=_point,
        default=POINTS,
        metavar="64x1",
        help="candidates x vehicle-weeks (1, 2, 3, 4, 8 or 12)",
    )
    parser.set_defaults(run=run)


def _point(text: str) -> tuple[int, int]:
    """``64x1``."""
    count, _, weeks = text.partition("x")
    if not (count.isdigit() and weeks.isdigit() and int(weeks) in WEEKS and int(count) > 0):
        raise argparse.ArgumentTypeError(f"{text}: not like 64x1, with {sorted(WEEKS)} weeks")
    return int(count), int(weeks)


def run(arguments: argparse.Namespace, table: TextIO) -> None:
    """Measure the points asked for; rows are written as they come."""
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    rows = []
    for point in arguments.points:
        rows.append(measured(point, arguments.limite))
        writer.writerow(rows[-1])
        table.flush()
        print(", ".join(f"{k} {v}" for k, v in rows[-1].items()), file=sys.stderr, flush=True)
    for power in powers(rows):
        print(power, file=sys.stderr)
    if arguments.figure is not None:
        draw(rows, arguments.figure)


def measured(point: tuple[int, int], limit_s: float) -> Row:
    """A point, in a process of its own."""
    answer = apart.ask("growth.py", (*point, limit_s), limit_s)
    row: Row = dict(zip(AXES, point, strict=True))
    return {**row, **answer.facts, "failure": answer.failure}


@dataclass(frozen=True)
class Power:
    """How a figure grows along an axis: as its power ``exponent``, where it is large enough."""

    axis: str
    figure: str
    exponent: float
    factor: float
    along: tuple[float, ...]

    def __str__(self) -> str:
        ends = f"{self.along[0]:g} to {self.along[-1]:g}"
        return f"{self.figure} grows as {self.axis}^{self.exponent:.2f} ({ends})"


def powers(rows: Sequence[Row]) -> Iterator[Power]:
    """The exponents of each figure along each axis, by least squares on logarithms.

    Of the time to solve, over the points where every level is proved.
    """
    for axis in AXES:
        series = _along(rows, axis)
        for figure in DRAWN:
            known = [(row[axis], row[figure]) for row in series if _tells(row, figure)]
            if len(known) > 1:
                yield fitted(axis, figure, known)


def _tells(row: Row, figure: str) -> bool:
    """Whether a figure is known; a time to solve that the limit ended is not."""
    ended = figure == "solving_s" and row.get("proved") != row.get("levels")
    return bool(row.get(figure)) and not ended


def fitted(axis: str, figure: str, known: Sequence[tuple[float, float]]) -> Power:
    """The power that is nearest to some points on log-log axes."""
    import numpy as np

    x, y = np.log(np.array(known, dtype=float)).T
    exponent, constant = np.polyfit(x, y, 1)
    along = tuple(sorted(float(place) for place, _ in known))
    return Power(axis, figure, round(float(exponent), 4) + 0.0, float(np.exp(constant)), along)


def _along(rows: Sequence[Row], axis: str) -> list[Row]:
    """The rows of the longest line along an axis, the other staying the same."""
    other = AXES[1 - AXES.index(axis)]
    lines = [[row for row in rows if row[other] == value] for value in {r[other] for r in rows}]
    return sorted(max(lines, key=len, default=[]), key=lambda row: row[axis])


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draw each figure along each axis, on log-log axes, with its power."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 14), layout="constrained")
    panels = figure.subplots(len(DRAWN), len(AXES), sharex="col", squeeze=False)
    for column, axis in enumerate(AXES):
        series = _along(rows, axis)
        fits = {power.figure: power for power in powers(rows) if power.axis == axis}
        for line, name in enumerate(DRAWN):
            panel = panels[line][column]
            known = [(row[axis], row[name]) for row in series if row.get(name)]
            panel.loglog(*zip(*known, strict=True) if known else ((), ()), "o", color="#1b5e8a")
            power = fits.get(name)
            if power is not None:
                curve = [power.factor * place**power.exponent for place in power.along]
                label = f"exponent {power.exponent:.2f}"
                panel.loglog(power.along, curve, "--", color="#b3532c", label=label)
                panel.legend(loc="upper left", frameon=False)
            if known:
                figures = [value for _, value in known]
                panel.set_ylim(min(figures) / 4, max(figures) * 4)
            panel.set_ylabel(name)
        panels[-1][column].set_xlabel(axis)
    figure.savefig(path)
    print(f"drawn: {path}", file=sys.stderr)


def agencies_of(count: int, vehicle_weeks: int) -> tuple[str, ...]:
    """Where the vehicles of a point leave from."""
    everywhere = vehicle_weeks == 3 or count > IN_HERAULT
    return (COUNTIES if everywhere else HERAULT)[: WEEKS[vehicle_weeks][0]]


def candidates(count: int, agencies: Sequence[str]) -> list[str]:
    """So many communes: the nearest to the first agency of each département, in turns."""
    from tourplan.territory import read_territory

    communes = read_territory().communes
    homes = {agency[:2]: communes[agency] for agency in reversed(agencies)}
    lines = []
    for county in sorted(homes, reverse=True):
        mine = [code for code in communes if code.startswith(county)]
        lines.append(sorted(mine, key=lambda c: (_apart(communes[c], homes[c[:2]]), c)))
    turns = [code for turn in zip_longest(*lines) for code in turn if code is not None]
    others = [code for code in communes if code[:2] not in homes]
    return [*turns, *others][:count]


def _apart(one: Any, two: Any) -> float:
    """How far apart two communes are, to compare only."""
    return float((0.7 * (one.lon - two.lon)) ** 2 + (one.lat - two.lat) ** 2)


def keys(count: int, vehicle_weeks: int) -> dict[str, Any]:
    """The scenario of a point."""
    weeks, agencies = WEEKS[vehicle_weeks][1], agencies_of(count, vehicle_weeks)
    codes = candidates(count, agencies)
    months = [1, 2, 3, 4] if weeks == 4 else [2, 4]
    return {
        "titre": f"{count} candidates, {vehicle_weeks} semaines de véhicule",
        "communes": {"candidates": codes},
        "habitants": {"communes": codes},
        "cycle": {"semaines": weeks, "semaines_du_mois": months},
        "semaine": {"ouverture_min_h": 0},
        "agents": [{"agence": agency} for agency in agencies for _ in range(2)],
        "vehicules": [{"depot": agency} for agency in agencies],
    }


@contextmanager
def models() -> Iterator[list[Any]]:
    """The planning models made meanwhile."""
    from tourplan.optimise.variables import Decisions

    made: list[Any] = []
    original = Decisions.__post_init__

    def noted(self: Any) -> None:
        made.append(self)
        original(self)

    Decisions.__post_init__ = noted  # type: ignore[method-assign]
    try:
        yield made
    finally:
        Decisions.__post_init__ = original  # type: ignore[method-assign]


def answered(count: int, vehicle_weeks: int, limit_s: float) -> Row:
    """A point, in this process."""
    from tourplan.daytours import list_day_tours
    from tourplan.optimise.solve import optimise
    from tourplan.prepare import Case
    from tourplan.scenario import Scenario

    problem = Case.of(Scenario.from_keys(keys(count, vehicle_weeks))).problem
    started = monotonic()
    tours = [list_day_tours(problem, base) for base in range(len(problem.bases))]
    listed = monotonic()
    with models() as made:
        found = optimise(problem, tours=tours, deadline=listed + limit_s)
    return {
        "tours": sum(map(len, tours)),
        "columns": max((one.mip.size for one in made), default=0),
        "listing_s": round(listed - started, 3),
        "solving_s": round(monotonic() - listed, 3),
        "proved": sum(level.proved for level in found.levels),
        "levels": len(found.levels),
        "worst_gap_pct": worst_gap(found.levels),
        "peak_mib": round(apart.peak_mib() or 0) or "",
    }


def worst_gap(levels: Sequence[Any]) -> float | str:
    """The largest distance between value and bound, per cent of the value."""
    if any(level.gap is None for level in levels):
        return "none"
    return round(max((100 * one.gap / max(1, abs(one.value)) for one in levels), default=0.0), 2)


def main() -> None:
    """One point, for ``apart``: its figures as JSON."""
    count, vehicle_weeks, limit_s = sys.argv[1:]
    with apart.answer() as file:
        json.dump(answered(int(count), int(vehicle_weeks), float(limit_s)), file)


if __name__ == "__main__":
    main()
