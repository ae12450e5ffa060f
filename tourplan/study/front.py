"""Every proved compromise between two levels: what no plan betters on one but by losing the other.

The curve runs from the best of the first level to the best of the second. Between two points on
it, the first level is minimised again with the second one limited (epsilon-constraint, Haimes
1971): what is found is on the curve, and no other point stands between it and the limit. With a
limit just below each point nothing is missed; where that would be too many points, limits are
spread evenly.

Values are whole numbers, to be minimised: the opposite of levels to maximise.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import inf
from time import monotonic
from typing import Literal

from tourplan.daytours import DayTours
from tourplan.measures import level_of
from tourplan.optimise.mip import ONE_CORE, Means
from tourplan.optimise.outcome import bound_of, value_of
from tourplan.optimise.solve import (
    End,
    Infeasible,
    NothingFound,
    Progress,
    Solution,
    Undecided,
    optimise,
)
from tourplan.plan import Day, Level
from tourplan.problem import Problem

Between = Literal["rien", "autres", "inconnu"]
"""What is known to stand between two points: nothing, other points; or it is not known."""

_SHARE = 0.5
"""Share of the time left that one point may take, so that a hard one leaves some to others."""


@dataclass(frozen=True)
class Point:
    """A plan, its two values, and up to which limit of the second the first is proved.

    Attributes:
        days: the plan.
        values: of the first level and of the second, to be minimised.
        bounds: what no plan beats: on the first level within the limit, on the second with that.
        free_to: no plan whose second level is at most it betters the first; ``-inf``: not proved.
        levels: every level, once they are told.
    """

    days: tuple[Day, ...]
    values: tuple[int, int]
    bounds: tuple[int | None, int | None]
    free_to: float
    levels: tuple[Level, ...] = ()

    @property
    def proved(self) -> bool:
        """Whether no plan betters one value without losing the other."""
        return self.values == self.bounds


@dataclass(frozen=True)
class Front:
    """Points from the best of the first level to the best of the second.

    Attributes:
        points: sorted; each betters the one before on the second level, and loses on the first.
        between: what is known between each point and the next.
        ended: whether the last one is proved to be the best of the second level.
        stopped: how the search ended.
    """

    points: tuple[Point, ...]
    between: tuple[Between, ...]
    ended: bool
    stopped: End

    @property
    def complete(self) -> bool:
        """Whether these are all the points there are, each proved."""
        proved = all(point.proved for point in self.points)
        return self.ended and proved and set(self.between) <= {"rien"}


@dataclass(frozen=True)
class Question:
    """The two levels of a curve, and those kept before it, in a problem.

    Attributes:
        problem: the facts; its objectives are not looked at.
        first, second: names of the levels of the curve.
        kept: levels that every point keeps, each no worse than its value (to be minimised).
        later: levels that choose among the plans of a point, most important first.
        tours: the feasible day tours of each base.
        deadline: when to stop, on the clock of ``time.monotonic``.
        stop: set it to keep what was found so far.
    """

    problem: Problem
    first: str
    second: str
    kept: Mapping[str, int]
    later: tuple[str, ...] = ()
    tours: Sequence[DayTours | None] | None = None
    deadline: float = inf
    means: Means = ONE_CORE
    progress: Progress = lambda _: None
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def over(self) -> bool:
        """Whether the search is to end."""
        return self.stop.is_set() or monotonic() >= self.deadline

    def solve(
        self,
        objectives: Sequence[str],
        limits: Mapping[str, int],
        start: Sequence[Day] | None = None,
    ) -> Solution | None:
        """The best plan within limits besides those kept; ``None`` when none was found.

        ``start``: a plan at hand that may be within them.
        """
        at_most, now = {**self.kept, **limits}, monotonic()
        try:
            return optimise(
                replace(self.problem, objectives=tuple(objectives)),
                deadline=now + (self.deadline - now) * _SHARE,
                means=self.means,
                tours=self.tours,
                at_most=at_most,
                start=start,
                stop=self.stop,
            )
        except (Infeasible, NothingFound, Undecided):
            return None

    def point(self, found: Solution, limit: float) -> Point:
        """The point of a plan found with the second level limited."""
        values = tuple(value_of(self.problem, found.days, n) for n in (self.first, self.second))
        bounds = tuple(_bound(found.levels, name) for name in (self.first, self.second))
        free_to = limit if values[0] == bounds[0] else -inf
        return Point(found.days, (values[0], values[1]), (bounds[0], bounds[1]), free_to)


@dataclass
class _Curve:
    """The points found so far, sorted, and the limits tried."""

    question: Question
    most: int
    points: list[Point]
    ended: bool = False
    others_after: tuple[int, int] | None = None
    tried: set[int] = field(default_factory=set)
    ends: set[End] = field(default_factory=set)

    def keep(self, new: Point) -> None:
        """Add a point, unless one at hand is as good on both levels; drop those it betters."""
        for place, known in enumerate(self.points):
            if known.values[0] <= new.values[0] and known.values[1] <= new.values[1]:
                if known.values[0] == new.values[0] and new.free_to > known.free_to:
                    bounds = new.bounds if known.values == new.values else known.bounds
                    self.points[place] = replace(known, free_to=new.free_to, bounds=bounds)
                return
        others = [
            p for p in self.points if p.values[0] < new.values[0] or p.values[1] < new.values[1]
        ]
        self.points = sorted([*others, new], key=lambda point: point.values)

    def probe(self, limit: int) -> Point | None:
        """The point found with the second level at most ``limit``."""
        question = self.question
        within = (p.days for p in self.points if p.values[1] <= limit)
        levels, limits = (question.first, question.second), {question.second: limit}
        found = question.solve(levels, limits, next(within, None))
        self.ends.add("limite de temps" if found is None else found.stopped)
        return None if found is None else question.point(found, limit)

    def gaps(self) -> list[tuple[float, int]]:
        """Where other points may stand and was not looked: how wide, and the limit to try."""
        return [
            (before.values[1] - max(after.free_to, after.values[1]), before.values[1] - 1)
            for before, after in pairwise(self.points)
            if after.free_to < before.values[1] - 1 and before.values[1] - 1 not in self.tried
        ]

    def between(self, before: Point, after: Point) -> Between:
        """What stands between two points that follow each other."""
        if after.free_to >= before.values[1] - 1:
            return "rien"
        return "autres" if before.values == self.others_after else "inconnu"


def trace(question: Question, start: Solution, most: int) -> Front:
    """The curve, ``most`` points at most (two or more).

    Args:
        question: the levels.
        start: the plan that is best on what is kept, then the first level, then the second.
        most: points at most; where there are more, those found are spread and it is known.
    """
    curve = _Curve(question, most, [question.point(start, inf)])
    curve.ends.add(start.stopped)
    if not question.over:
        _end(curve)
    if curve.points[0].values != curve.points[-1].values:
        _spread(curve)
        _close(curve)
    between = tuple(curve.between(before, after) for before, after in pairwise(curve.points))
    settled = curve.ended and set(between) <= {"rien"}
    return Front(tuple(curve.points), between, curve.ended, _how_it_ended(curve, settled))


def _how_it_ended(curve: _Curve, settled: bool) -> End:
    """How the search ended; ``settled``: nothing is left to know."""
    if curve.question.stop.is_set():
        return "interrompu"
    if settled:
        return "terminé"
    if curve.question.over:
        return "limite de temps"
    worst: tuple[End, ...] = ("limite de temps", "journées trop nombreuses")
    return next((end for end in worst if end in curve.ends), "terminé")


def _end(curve: _Curve) -> None:
    """The best of the second level, then of the first."""
    question = curve.question
    question.progress("l’autre bout de la courbe…")
    found = question.solve((question.second, question.first), {}, curve.points[-1].days)
    curve.ends.add("limite de temps" if found is None else found.stopped)
    if found is not None:
        second = value_of(question.problem, found.days, question.second)
        curve.ended = second == _bound(found.levels, question.second)
        curve.keep(question.point(found, second))


def _spread(curve: _Curve) -> None:
    """Points at limits evenly spread, where the levels leave room for more points than asked."""
    (a, high), (z, low) = curve.points[0].values, curve.points[-1].values
    if min(z - a, high - low) < curve.most:
        return
    for step in range(1, curve.most - 1):
        limit = high - (high - low) * step // (curve.most - 1)
        known = any(point.values[1] <= limit <= point.free_to for point in curve.points)
        if known or curve.question.over:
            continue
        _tell(curve)
        new = curve.probe(limit)
        if new is not None:
            curve.keep(new)


def _close(curve: _Curve) -> None:
    """The very next point of each, the widest gaps first, until one too many is found."""
    while not curve.question.over and (gaps := curve.gaps()):
        _tell(curve)
        _, limit = max(gaps)
        curve.tried.add(limit)
        new = curve.probe(limit)
        if new is None:
            continue
        before = list(curve.points)
        curve.keep(new)
        if len(curve.points) > curve.most:
            curve.points = before
            known = next(point for point in before if point.values[1] == limit + 1)
            curve.others_after = known.values
            return


def _tell(curve: _Curve) -> None:
    count = len(curve.points)
    curve.question.progress(f"courbe : {count} point{'s' if count > 1 else ''}, un autre…")


def refined(question: Question, point: Point, deadline: float) -> Point:
    """The plan of a point that is best on the later levels; all levels told.

    Where time runs out the plan stays, and its later levels have no bound.
    """
    limits = {question.first: point.values[0], question.second: point.values[1]}
    mine = replace(question, deadline=deadline)
    ask = question.later and not mine.over
    found = mine.solve(question.later, limits, point.days) if ask else None
    bounds: dict[str, int | None] = {}
    if found is not None and _no_worse(question, found.days, limits):
        bounds = {level.name: level.bound for level in found.levels if level.name in question.later}
        point = replace(point, days=found.days)
    names = (question.first, question.second)
    values = tuple(value_of(question.problem, point.days, name) for name in names)
    for name, bound in zip(names, point.bounds, strict=True):
        bounds[name] = bound_of(question.problem, name, bound)
    levels = tuple(
        level_of(question.problem, point.days, name, bounds.get(name))
        for name in (*names, *question.later)
    )
    return replace(point, values=(values[0], values[1]), levels=levels)


def _no_worse(question: Question, days: Sequence[Day], limits: Mapping[str, int]) -> bool:
    """Whether a plan keeps what is kept, and limits besides."""
    at_most = {**question.kept, **limits}
    return all(value_of(question.problem, days, name) <= at_most[name] for name in at_most)


def _bound(levels: Sequence[Level], name: str) -> int | None:
    """The bound of a level of a solution, to be minimised."""
    level = next(level for level in levels if level.name == name)
    return None if level.bound is None else level.sign * level.bound
