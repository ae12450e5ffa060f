"""How much of one objective another costs: the proved curve between two levels, and its plans."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

from tourplan.check import unknown_levels
from tourplan.errors import Fault, InputError, listed, quoted
from tourplan.export.french import capital
from tourplan.export.words import change, origin_words, proof_text
from tourplan.measures import level_of, measure
from tourplan.optimise.outcome import value_of
from tourplan.optimise.pricing import all_or_none
from tourplan.optimise.solve import End, Progress, Solution
from tourplan.plan import Level, Plan
from tourplan.planner import means_of, planned, searched
from tourplan.prepare import Case
from tourplan.problem import Problem
from tourplan.scenario import Scenario
from tourplan.study.front import Between, Front, Point, Question, refined, trace
from tourplan.study.result import Result

POINTS = 12
"""Points of a curve, at most, where the user does not say."""
MOST_POINTS = 50

COLUMNS = (
    "point",
    "fichier",
    "niveau_1",
    "valeur_1",
    "borne_1",
    "unite_1",
    "texte_1",
    "demontre_1",
    "niveau_2",
    "valeur_2",
    "borne_2",
    "unite_2",
    "texte_2",
    "demontre_2",
    "depuis_le_precedent",
    "communes",
)
_WHERE = "arbitrage"
_UNPROVABLE = "equite_horaires"
"""A level whose values no bound is known for: shorter openings can better it."""
_BETWEEN: dict[Between, str] = {
    "rien": "aucun autre point",
    "autres": "d’autres points existent",
    "inconnu": "rien n’est démontré",
}


@dataclass(frozen=True, eq=False)
class TradeOff(Result):
    """The curve between two levels: each plan betters none on one but by losing on the other.

    Attributes:
        first, second: names of the levels; ``first`` is at its best at the first point.
        kept: names of the levels that every point keeps, those that stand before both.
        plans: one a point, from the best of the first level to the best of the second.
        between: what is known between each point and the next (``rien``, ``autres``,
            ``inconnu``).
        ended: whether the last point is proved to be the best of the second level.
        complete: whether these are all the points, each proved.
        stopped: how the search ended.
    """

    first: str
    second: str
    kept: tuple[str, ...]
    plans: tuple[Plan, ...]
    between: tuple[Between, ...]
    ended: bool
    complete: bool
    stopped: End
    columns: ClassVar[tuple[str, ...]] = COLUMNS

    def levels(self, plan: Plan) -> tuple[Level, Level]:
        """The two levels of the curve in a plan of it."""
        return plan.level(self.first), plan.level(self.second)

    @property
    def files(self) -> tuple[str, ...]:
        """A file name for each plan: ``plan_01.json`` and so on."""
        return tuple(f"plan_{number:02}.json" for number in range(1, len(self.plans) + 1))

    def rows(self) -> Iterator[tuple[str, ...]]:
        """One row a point under ``COLUMNS``."""
        since: tuple[str, ...] = ("", *(_BETWEEN[known] for known in self.between))
        for number, (plan, file, gap) in enumerate(zip(self.plans, self.files, since, strict=True)):
            cells = [cell for level in self.levels(plan) for cell in _cells(level)]
            yield str(number + 1), file, *cells, gap, ", ".join(_communes(plan))

    def sentences(self) -> list[str]:
        """The curve in French: what is kept, each point, what is known between them and beyond."""
        names = [f"« {_label(self.plans[0], name)} »" for name in (self.first, self.second)]
        lines = [
            f"Arbitrage entre {listed(names)}, du meilleur pour l’un au meilleur pour l’autre :"
        ]
        lines += self._point_lines()
        if self.kept:
            kept = [self.plans[0].level(name) for name in self.kept]
            words = (f"{k.label} : {k.text}{'' if k.proved else ' (non démontré)'}" for k in kept)
            lines.append(f"Gardés d’abord, à chaque point : {' ; '.join(words)}.")
        return [*lines, *self._verdict(), f"Temps de route : {origin_words(self.plans[0].origin)}."]

    def _point_lines(self) -> Iterator[str]:
        """Each point, and what is known between it and the one before."""
        for number, plan in enumerate(self.plans):
            if number and self.between[number - 1] != "rien":
                yield f"      entre ces deux points : {_BETWEEN[self.between[number - 1]]}"
            one, two = self.levels(plan)
            proofs = dict.fromkeys(proof_text(level, plan.cycle_weeks) for level in (one, two))
            change = f" — {_change(self, number)}" if number else ""
            yield f"  {number + 1:>2}. {one.text} ; {two.text} ({' / '.join(proofs)}){change}"

    def _verdict(self) -> list[str]:
        """How much of the curve these points are."""
        count = len(self.plans)
        if self.complete:
            only = "un seul point, le meilleur pour les deux à la fois" if count == 1 else ""
            return [f"Courbe complète et démontrée : {only or f'{count} points, aucun autre'}."]
        lines = []
        if self.stopped == "limite de temps":
            lines.append("Le temps a manqué : voici les points trouvés jusque-là.")
        elif self.stopped == "journées trop nombreuses":
            lines.append("Trop de journées possibles pour les comparer toutes.")
        elif self.stopped == "interrompu":
            lines.append("Calcul interrompu : voici les points trouvés jusque-là.")
        if "autres" in self.between:
            lines.append("Points choisis ; d’autres existent entre eux.")
        elif "inconnu" in self.between:
            lines.append("Points choisis ; d’autres peuvent exister entre eux.")
        if not self.ended:
            lines.append("Au-delà du dernier point, rien n’est démontré.")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """The curve as plain data under French keys."""
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in self.rows()]
        return {
            "niveaux": [self.first, self.second],
            "gardes": list(self.kept),
            "complete": self.complete,
            "fin": self.stopped,
            "phrases": self.sentences(),
            "points": rows,
        }

    def plot(self, ax: Any = None) -> Any:
        """The curve (matplotlib axes), a point a plan; dashed where other points may stand."""
        from tourplan.export.curve import plot_curve

        return plot_curve(*self._drawing(), ax)

    def svg(self) -> str | None:
        """The curve as an SVG file; ``None`` where matplotlib is not installed."""
        from tourplan.export.curve import curve_svg

        return curve_svg(*self._drawing())

    def _drawing(self) -> tuple[list[tuple[Level, Level]], list[bool]]:
        """The levels of each point, and whether nothing stands between each and the next."""
        pairs = [self.levels(plan) for plan in self.plans]
        return pairs, [known == "rien" for known in self.between]

    def __repr__(self) -> str:
        count = len(self.plans)
        proof = "complète" if self.complete else "en partie"
        return f"TradeOff({self.first!r}, {self.second!r}, {count} points, {proof})"


def tradeoff(
    scenario: Scenario | Case | str | Path,
    first: str,
    second: str,
    *,
    points: int = POINTS,
    limit_s: float | None = None,
    progress: Progress = lambda _: None,
    stop: threading.Event | None = None,
) -> TradeOff:
    """The proved trade-off curve between two levels (all Pareto points, or ``points`` of them).

    Levels that stand before both in the scenario's order are kept at their best; those that come
    after choose among the plans of a point.

    Args:
        scenario: the scenario, or its prepared case.
        first: name of a level, as in ``objectifs.ordre``; one that is not there is added.
        second: name of the other level.
        points: at most so many; where there are more, they are spread, and the result says so.
        limit_s: seconds the whole call may take; the scenario's own limit by default.
        progress: told each step in French.
        stop: set it to keep the points found so far.

    Raises:
        InputError: the scenario has faults, a level is unknown, or no plan was found in time.
        NoPlanError: no plan keeps every requirement.
        OwnError: the checker refuses a plan (a fault of tourplan's).
    """
    started = monotonic()
    case, stop = Case.of(scenario), stop or threading.Event()
    kept, later = _before_and_after(case.problem.objectives, first, second)
    if faults := _faults(case.scenario, first, second, kept, points):
        raise InputError(faults)
    limit_s = case.scenario.computing.limit_s if limit_s is None else limit_s
    deadline = started + limit_s
    tours = all_or_none(case.problem)
    best = replace(case.problem, objectives=(*kept, first, second))
    start = searched(case, best, deadline, progress, stop, tours)
    question = Question(
        case.problem,
        first,
        second,
        {name: value_of(case.problem, start.days, name) for name in kept},
        later,
        tours,
        deadline,
        means_of(case),
        progress,
        stop,
    )
    front = trace(question, start, points)
    progress("choix entre les plans de chaque point…")
    found = _all_refined(question, front)
    head = start.levels[: len(kept)]
    return TradeOff(
        first,
        second,
        kept,
        tuple(
            _plan(case, head, found, place, front.stopped, started) for place in range(len(found))
        ),
        front.between,
        front.ended,
        front.complete and all(level.proved for level in head),
        front.stopped,
    )


def _before_and_after(
    order: Sequence[str], first: str, second: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The levels that stand before both in the order, and the others after; all, if neither is."""
    places = [order.index(name) for name in (first, second) if name in order]
    cut = min(places, default=len(order))
    later = tuple(name for name in order[cut:] if name not in (first, second))
    return tuple(order[:cut]), later


def _faults(
    scenario: Scenario, first: str, second: str, kept: Sequence[str], points: int
) -> list[Fault]:
    """What cannot be asked."""
    faults = unknown_levels(_WHERE, dict.fromkeys((first, second)), scenario)
    if first == second:
        faults.append(Fault(_WHERE, f"{quoted(first)} figure deux fois", "donnez deux objectifs"))
    if _UNPROVABLE in (first, second):
        what = f"{quoted(_UNPROVABLE)} ne se démontre pas"
        faults.append(Fault(_WHERE, what, "prenez un autre objectif"))
    elif _UNPROVABLE in kept and not faults:
        what = f"{quoted(_UNPROVABLE)}, qui ne se démontre pas, passe avant"
        mend = f"mettez-le après {quoted(first)} et {quoted(second)} dans objectifs.ordre"
        faults.append(Fault(_WHERE, what, mend))
    if not 2 <= points <= MOST_POINTS:
        what = f"{points} points demandés"
        faults.append(Fault("points", what, f"donnez un nombre de 2 à {MOST_POINTS}"))
    return faults


def _all_refined(question: Question, front: Front) -> list[Point]:
    """Each point with the plan that is best on later levels, the time left shared out."""
    found = []
    for number, point in enumerate(front.points):
        now = monotonic()
        # a search gets half of what it is given: twice a fair share
        share = 2 * (question.deadline - now) / (len(front.points) - number)
        found.append(refined(question, point, min(now + share, 2 * question.deadline - now)))
    return found


def _plan(
    case: Case,
    head: Sequence[Level],
    points: Sequence[Point],
    place: int,
    stopped: End,
    started: float,
) -> Plan:
    """The plan of a point; its levels say what their proof takes for granted."""
    problem, point = case.problem, points[place]
    kept = [level_of(problem, point.days, level.name, level.bound) for level in head]
    one, two, *later = point.levels
    limited = one.model_copy(update={"label": _limited(problem, one, two)}) if place else one
    note = (
        f"point {place + 1} sur {len(points)} d’un arbitrage entre « {one.label} » et "
        f"« {two.label} » : pas forcément le meilleur plan selon l’ordre des objectifs"
    )
    solution = Solution(point.days, (*kept, limited, two, *later), {}, stopped)
    return planned(replace(case, notes=(*case.notes, note)), solution, started)


def _limited(problem: Problem, one: Level, two: Level) -> str:
    """The words of the first level where it is the best within a limit of the second."""
    than = "au plus" if measure(problem, two.name).sense == "min" else "au moins"
    return f"{one.label} ({two.label} : {than} {two.text})"


def _label(plan: Plan, name: str) -> str:
    return plan.level(name).label


def _cells(level: Level) -> tuple[str, ...]:
    """A level as cells of the table."""
    bound = "" if level.bound is None else str(level.bound)
    proof = "oui" if level.proved else "non"
    return level.name, str(level.value), bound, level.unit, level.text, proof


def _communes(plan: Plan) -> list[str]:
    """The communes served, by name."""
    return sorted({stop.name for day in plan.days for stop in day.stops})


def _change(found: TradeOff, number: int) -> str:
    """What a point loses and wins by the one before, and which communes come and go."""
    before, after = found.plans[number - 1], found.plans[number]
    parts = []
    for one, two in zip(found.levels(before), found.levels(after), strict=True):
        if not one.unit.startswith("habitants ×"):
            parts.append(change(one, two, before.cycle_weeks))
    was, then = set(_communes(before)), set(_communes(after))
    if was != then:
        parts += [f"sans {listed(sorted(was - then))}"] if was - then else []
        parts += [f"avec {listed(sorted(then - was))}"] if then - was else []
    return capital(", ".join(parts))
