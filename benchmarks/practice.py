"""tourplan against what a careful practitioner would do today, on the same instances.

    python benchmarks/planning.py pratique [--limite SECONDS] [--instances …] [--methodes …]
                                           [--resume FILE.md]

Methods, each in a fresh process with the same seconds, the same times and the same rules:

- ``tourplan``: ``tourplan.planner.solve``;
- ``glouton``: greedy coverage, then routing, then exchanges (``greedy``);
- ``milp-pyvrp``: lexicographic covering and p-median by HiGHS, then days by PyVRP (``covering``);
- ``spopt-ortools``: maximal covering by spopt, then days by OR-Tools routing (``covering``);
- ``cp-sat``: one compact CP-SAT model of the whole, started from the greedy plan (``compact``).

The first four take the times of a day from the same timetable; CP-SAT has its own. Every plan is
checked by ``tourplan.verify`` and measured by ``tourplan.measures``.

One CSV row an instance, method and level:

- ``value``, ``bound``, ``proved``: as in a plan; methods without bounds have none;
- ``seconds_to_best``: when the method had this value and those before, for good; of tourplan, when
  it was done with the level, which is later;
- ``seconds``: of the whole method, preparation of the data left out;
- ``broken``: codes of the rules that the plan breaks; empty for a sound plan; ``no plan``, or why
  the method failed;
- ``verdict``: of tourplan against the row, levels being looked at in order: ``equal``; ``better``
  or ``worse`` at the first level that differs, ``decided`` after it; ``broken`` where the
  row's plan is none; ``beyond bound`` where a sound plan is better than a bound that was proved: a
  fault. On tourplan's own rows: ``proved``, ``unproved``, or ``worse`` where a sound plan beats it.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Any, TextIO

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import apart

COLUMNS = (
    "instance",
    "method",
    "level",
    "value",
    "bound",
    "proved",
    "seconds_to_best",
    "seconds",
    "broken",
    "verdict",
)
NAMES = (
    "herault",
    "herault-libre",
    "herault-departement",
    "herault-electrique",
    "herault-deux-vehicules",
    "herault-quinzaine",
    "charente",
    "hautes-alpes",
)
HEADINGS = ("instance", "method", "levels in order (proved)", "best, s", "all, s", "its plan")
OURS = "tourplan"
NEEDS = {
    OURS: (),
    "glouton": (),
    "milp-pyvrp": ("pyvrp",),
    "spopt-ortools": ("spopt", "pulp"),
    "cp-sat": (),
}
"""The methods, and what each needs that tourplan does not install."""


@dataclass(frozen=True)
class Reached:
    """A level of a method's plan. ``value`` and ``bound`` in the level's own sense."""

    name: str
    sense: str
    value: int
    bound: int | None
    since_s: float

    @property
    def proved(self) -> bool:
        """Whether value and bound meet."""
        return self.value == self.bound

    def least(self, value: int | None) -> int | None:
        """A value as it is minimised."""
        return value if value is None or self.sense == "min" else -value


@dataclass(frozen=True)
class Outcome:
    """What a method came to; no levels where it found no plan, and ``broken`` says why."""

    method: str
    levels: tuple[Reached, ...]
    broken: str
    seconds: float

    @property
    def sound(self) -> bool:
        """Whether it is a plan that keeps every rule."""
        return bool(self.levels) and not self.broken


def register(kinds: Any) -> None:
    """Add the subcommand to a command line."""
    parser = kinds.add_parser("pratique", help="against what a practitioner would do today")
    parser.add_argument("--limite", type=float, default=60.0, help="seconds for each method")
    parser.add_argument("--instances", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--methodes", nargs="+", choices=tuple(NEEDS), default=tuple(NEEDS))
    parser.add_argument("--resume", type=Path, help="a table in markdown, one line a method")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, table: TextIO) -> None:
    """Compare the methods asked for; the table is written as instances are done."""
    methods = [method for method in arguments.methodes if _installed(method)]
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    lines = [f"| {' | '.join(HEADINGS)} |", "| --- " * len(HEADINGS) + "|"]
    for instance in arguments.instances:
        outcomes = []
        for method in methods:
            outcomes.append(outcome(method, instance, arguments.limite))
            _tell(instance, outcomes[-1])
        writer.writerows(rows(instance, outcomes))
        table.flush()
        _sum_up(instance, outcomes)
        lines += [f"| {' | '.join(cells)} |" for cells in summary(instance, outcomes)]
    if arguments.resume is not None:
        arguments.resume.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _installed(method: str) -> bool:
    """Whether a method can be run; told if not."""
    absent = [name for name in NEEDS[method] if find_spec(name) is None]
    if absent:
        names = " ".join(absent)
        print(f"{method} left out: {names} absent (pip install {names})", file=sys.stderr)
    return not absent


def outcome(method: str, instance: str, limit_s: float) -> Outcome:
    """What a method comes to in a process of its own."""
    answer = apart.ask("practice.py", (method, instance, limit_s), limit_s)
    if answer.failure:
        return Outcome(method, (), answer.failure, 0.0)
    facts = answer.facts
    levels = tuple(Reached(**level) for level in facts["levels"])
    return Outcome(method, levels, facts["broken"], facts["seconds"])


def rows(instance: str, outcomes: Sequence[Outcome]) -> Iterator[tuple[object, ...]]:
    """The rows of an instance."""
    ours = next((one for one in outcomes if one.method == OURS), None)
    for one in outcomes:
        verdicts = _own_verdicts(one, outcomes) if one is ours else _verdicts(ours, one)
        if not one.levels:
            yield instance, one.method, *[""] * 5, f"{one.seconds:.1f}", one.broken, "broken"
        for level, verdict in zip(one.levels, verdicts, strict=False):
            yield (
                instance,
                one.method,
                level.name,
                level.value,
                "" if level.bound is None else level.bound,
                str(level.proved).lower(),
                f"{level.since_s:.1f}",
                f"{one.seconds:.1f}",
                one.broken,
                verdict,
            )


def summary(instance: str, outcomes: Sequence[Outcome]) -> Iterator[tuple[str, ...]]:
    """A line a method: values level by level, those proved in bold, and how it stands."""
    ours = next((one for one in outcomes if one.method == OURS), None)
    for one in outcomes:
        values = [f"**{lev.value}**" if lev.proved else f"{lev.value}" for lev in one.levels]
        best = f"{one.levels[-1].since_s:.1f}" if one.levels else ""
        standing = _standing(_verdicts(ours, one), one) if one is not ours else "—"
        yield instance, one.method, ", ".join(values), best, f"{one.seconds:.1f}", standing


def _standing(verdicts: Sequence[str], one: Outcome) -> str:
    """How a method's plan stands beside tourplan's, in a few words."""
    if not one.sound:
        return f"breaks {one.broken}" if one.levels else one.broken
    words = {"better": "worse", "worse": "**better**", "beyond bound": "**beyond bound**"}
    for level, verdict in zip(one.levels, verdicts, strict=True):
        if verdict in words:
            return f"{words[verdict]} on {level.name}"
    return "equal"


def _verdicts(ours: Outcome | None, theirs: Outcome) -> list[str]:
    """Of tourplan against another's plan, level by level."""
    if ours is None or not ours.levels:
        return [""] * len(theirs.levels)
    if not theirs.sound:
        return ["broken"] * len(theirs.levels)
    found: list[str] = []
    for mine, other in zip(ours.levels, theirs.levels, strict=True):
        value, bound, reached = (
            mine.least(mine.value),
            mine.least(mine.bound),
            mine.least(other.value),
        )
        assert value is not None and reached is not None  # noqa: S101, PT018
        if any(verdict != "equal" for verdict in found):
            found.append("decided")
        elif bound is not None and reached < bound:
            found.append("beyond bound")
        elif value == reached:
            found.append("equal")
        else:
            found.append("better" if value < reached else "worse")
    return found


def _own_verdicts(ours: Outcome, outcomes: Sequence[Outcome]) -> list[str]:
    """Of tourplan's own plan: proved or not, and where it is beaten."""
    if not ours.sound:
        return ["broken"] * len(ours.levels)
    others = [_verdicts(ours, one) for one in outcomes if one is not ours and one.sound]
    found: list[str] = []
    for number, level in enumerate(ours.levels):
        here = {verdicts[number] for verdicts in others}
        worse = next((verdict for verdict in ("beyond bound", "worse") if verdict in here), None)
        found.append(worse or ("proved" if level.proved else "unproved"))
    return found


def _tell(instance: str, one: Outcome) -> None:
    """Say what a method came to."""
    values = " ".join(f"{level.value}{'' if level.proved else '?'}" for level in one.levels)
    line = f"{instance}, {one.method}: {values} in {one.seconds:.1f} s {one.broken}"
    print(line, file=sys.stderr, flush=True)


def _sum_up(instance: str, outcomes: Sequence[Outcome]) -> None:
    """Say in a line how tourplan does on an instance."""
    ours = next((one for one in outcomes if one.method == OURS), None)
    if ours is None:
        return
    proved = sum(level.proved for level in ours.levels)
    beaten = [
        one.method
        for one in outcomes
        if one is not ours
        and one.sound
        and (not ours.sound or {"worse", "beyond bound"} & set(_verdicts(ours, one)))
    ]
    words = f"beaten by {', '.join(beaten)}" if beaten else "at least as good as every other"
    line = f"{instance}: tourplan {words}, {proved} levels of {len(ours.levels)} proved"
    print(line, file=sys.stderr, flush=True)


def answered(method: str, name: str, limit_s: float) -> dict[str, Any]:
    """What a method comes to, in this process, as ``Outcome`` needs it."""
    from instances import instance

    from tourplan.prepare import Case

    case: Case = instance(name).case()
    started = monotonic()
    if method == OURS:
        return _ours(case, started, limit_s)
    from drafts import Search

    search = Search(case.problem, started + limit_s, started)
    _solver(method)(case.problem, search)
    return search.report(monotonic() - started)


def _solver(method: str) -> Callable[..., None]:
    """The function of a method, imported alone."""
    if method == "glouton":
        import greedy

        return greedy.solve
    if method == "cp-sat":
        import compact

        return compact.solve
    import covering

    return covering.milp_pyvrp if method == "milp-pyvrp" else covering.spopt_ortools


def _ours(case: Any, started: float, limit_s: float) -> dict[str, Any]:
    """What tourplan comes to."""
    from drafts import broken

    from tourplan.errors import InputError, NoPlanError
    from tourplan.planner import solve

    steps: list[tuple[float, str]] = []
    try:
        plan = solve(
            case,
            limit_s=limit_s,
            progress=lambda text: steps.append((monotonic() - started, text)),
        )
    except (InputError, NoPlanError) as error:
        return {"levels": [], "broken": f"no plan: {error}", "seconds": monotonic() - started}
    seconds = monotonic() - started
    levels = []
    for number, level in enumerate(plan.levels):
        later = [later.label for later in plan.levels[number + 1 :]]
        done = [at for at, text in steps if text.rstrip("…") in later]
        levels.append(
            {
                "name": level.name,
                "sense": level.sense,
                "value": level.value,
                "bound": level.bound,
                "since_s": min(done, default=seconds),
            }
        )
    rules = " ".join(broken(case.problem, plan.days))
    return {"levels": levels, "broken": rules, "seconds": seconds}


def main() -> None:
    """One method on one instance, for ``apart``: its outcome as JSON."""
    method, name, limit_s = sys.argv[1:]
    with apart.answer() as file:
        json.dump(answered(method, name, float(limit_s)), file)


if __name__ == "__main__":
    main()
