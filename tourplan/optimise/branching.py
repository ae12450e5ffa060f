"""A level whose days are too many to finish at once: cut, listed in part, split in two.

Each part of the search keeps some totals (sessions held at a site, days out) within limits. Its
relaxation gives a bound: tours are priced in until none helps, and cuts are added. Where the tours
that a better plan of the part may hold are few, the solver closes it; where they are not, it is
split on a total that is not whole, and the half whose bound is least comes next. So the least
bound of the parts left holds for any plan, whenever the search ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count
from math import ceil, floor

import numpy as np

from tourplan.optimise.level import LISTED, Level
from tourplan.optimise.mip import NOTHING, Floats, Lp, Relaxed, relaxed_bound, unit_of
from tourplan.optimise.pricing import NO_LIMITS, Limits, Priced, within
from tourplan.optimise.rounding import crowds
from tourplan.optimise.thinning import Thin, thinned
from tourplan.optimise.variables import Ints

FEW = 20_000
"""Days at most among which the solver closes a part of the search to the end."""
FIRST_REACH, WIDER = 0.02, 1.5
"""How far above a bound plans are looked for at first, relative to it; then so many times more."""
MANY, LITTLE_WIDER = 20_000, 1.15
"""Days listed from which the reach grows by smaller steps."""
KNOWN_SHARE = 0.3
"""Share of the time left that choosing among the tours at hand may take."""
TRIED = 10
"""Totals on which a split is tried before it is made."""
CUT_ROUNDS, CUTS_AT_ONCE = 10, 10
"""How often a part is cut and priced again, and how many cuts are added each time."""
CROWD = 5_000
"""Labels of one search for days from which cuts would make the next ones too slow."""
RISE = 1e-4
"""Cuts that raise a bound by less, relative to it, are the last."""
_WHOLE = 1e-6
"""A total this near a whole number is whole."""


@dataclass(order=True, frozen=True)
class _Part:
    """A part of the search; ``refused``: a gap for which its tours are too many, if one is."""

    bound: float
    number: int
    limits: Limits = field(compare=False)
    refused: float = field(compare=False, default=np.inf)


def branch(level: Level) -> bool:
    """Search all parts of a level; whether nothing is left to search.

    The bound of the level rises as they are closed; a better plan is kept when it is found.
    """
    return _Tree(level).run()


@dataclass
class _Tree:
    """The parts that are open.

    ``stuck``: bounds of those that nothing could split; ``chosen``: whether a plan was looked for
    among the tours at hand.
    """

    level: Level
    open: list[_Part] = field(default_factory=list)
    stuck: list[float] = field(default_factory=list)
    numbers: count[int] = field(default_factory=count)
    chosen: bool = False

    def run(self) -> bool:
        """The whole search."""
        level = self.level
        level.d.total("days")  # splits ask for it
        if level.value is None:
            self._choose_known()
        self.push(-np.inf, NO_LIMITS)
        while self.open and not level.budget.over:
            part = heappop(self.open)
            if level.hopeless(part.bound):
                self.open.clear()
                break
            left = self._explored(part)
            if left is not None:
                heappush(self.open, left)
                break
        left_open = [part.bound for part in self.open] + self.stuck
        if left_open:
            level.raise_bound(relaxed_bound(min(left_open), level.objective))
        else:
            level.raise_bound(level.value)
        return not left_open or level.proved

    def push(self, bound: float, limits: Limits, refused: float = np.inf) -> None:
        """Open a part."""
        heappush(self.open, _Part(bound, next(self.numbers), limits, refused))

    def _explored(self, part: _Part) -> _Part | None:
        """Close or split a part; the part itself, its bound raised, when time runs out first."""
        priced, bound = self._tight(part)
        part = replace(part, bound=max(part.bound, bound))
        if priced is None or self.level.budget.over:
            return None if self.level.hopeless(part.bound) else part
        if not self._days_in_parts(priced.relaxed):
            part = self._listed(part, priced)
            if self.level.hopeless(part.bound):
                return None
            if np.isfinite(part.refused) and not self.chosen:
                self._choose_known()
            if self.level.budget.over:
                return part
        variable = self._fractional(part, priced.relaxed)
        if variable is None:
            return self._whole(part, priced)
        self._split(part, variable, priced.relaxed.values[variable])
        return None

    def _choose_known(self) -> None:
        """A better plan among the tours at hand."""
        level, self.chosen = self.level, True
        terms = level.budget.terms(KNOWN_SHARE)
        level.keep(level.d.mip.minimise(level.objective, hint=level.solution, **terms))

    def _whole(self, part: _Part, priced: Priced) -> _Part | None:
        """Close a part whose totals are all whole; it is stuck where its days are too many."""
        level, most = self.level, self._most
        gap = most - level.columns.floor(priced, level.d, part.limits)
        rows = level.columns.below(level.d, priced, gap, level.budget.deadline)
        if rows is None or sum(map(len, rows)) > LISTED:
            self.stuck.append(part.bound)
            return None
        thin = self._thinned(part, priced, rows, most)
        if thin.bound > most:
            return None
        part = self._closed(part, thin, most)
        if level.hopeless(part.bound):
            return None
        if level.budget.over:
            return part
        self.stuck.append(part.bound)
        return None

    def _tight(self, part: _Part) -> tuple[Priced | None, float]:
        """Converge and cut, again and again while the bound rises enough."""
        level = self.level
        priced, bound = level.converge(level.budget, part.limits)
        for _ in range(CUT_ROUNDS):
            if priced is None or self._days_in_parts(priced.relaxed) or priced.labels > CROWD:
                break
            if not self._cut(priced.relaxed):
                break
            again, higher = level.converge(level.budget, part.limits)
            rise, bound = higher - bound, max(bound, higher)
            if again is None:
                return None, bound
            priced = again
            if rise < RISE * abs(bound):
                break
        return priced, bound

    def _cut(self, relaxed: Relaxed) -> int:
        """Add the cuts that an optimum breaks most, of those that prices can tell; how many."""
        d, once = self.level.d, np.flatnonzero(self.level.d.once)
        visited = d.visited(d.problem.sites_of_each(once))
        found = crowds(visited, d.padded(relaxed.values)[d.days()])
        for triple in found[:CUTS_AT_ONCE]:
            d.crowd(once[triple])
        return len(found[:CUTS_AT_ONCE])

    def _listed(self, part: _Part, priced: Priced) -> _Part:
        """Close a part by listing its days, or raise its bound.

        Plans little above the bound are looked for first, which takes few days: one found there is
        the best of the part, and none there raises the bound.
        """
        level = self.level
        base = level.columns.floor(priced, level.d, part.limits)
        reach = FIRST_REACH * max(abs(base), 1.0) if np.isinf(part.refused) else np.inf
        while (
            gap := min(reach, self._most - base)
        ) <= 0.8 * part.refused and not level.budget.over:
            rows = level.columns.below(level.d, priced, gap, level.budget.deadline)
            if rows is None:
                return replace(part, refused=gap)
            thin = self._thinned(part, priced, rows, base + gap)
            part = replace(part, bound=max(part.bound, min(thin.bound, base + gap + _WHOLE)))
            if level.hopeless(part.bound):
                return part
            if thin.count > FEW:
                return replace(part, refused=gap)
            if thin.bound <= base + gap:
                part = self._closed(part, thin, base + gap)
            if level.hopeless(part.bound) or part.bound <= base + gap:
                return part
            wider = WIDER if sum(map(len, rows)) < MANY else LITTLE_WIDER
            reach = np.inf if level.columns.whole else gap * wider
        return part

    @property
    def _most(self) -> float:
        """No better plan is worth more."""
        level = self.level
        return np.inf if level.value is None else level.value - unit_of(level.objective) / 2

    def _thinned(self, part: _Part, priced: Priced, rows: list[Ints], most: float) -> Thin:
        """The days of a part that matter to its plans of value ``most`` at most.

        Where weekdays matter, those outside join the model first: what they add to it is then more
        than their totals.
        """
        level = self.level
        if level.d.calendar is not None and sum(map(len, rows)) <= LISTED:
            level.columns.add(level.d, rows)
            rows = [NOTHING.variables for _ in rows]
        return thinned(level, part.limits, priced, rows, most)

    def _closed(self, part: _Part, thin: Thin, most: float) -> _Part:
        """The part, solved over the days that matter to its plans of value ``most`` at most."""
        level, d = self.level, self.level.d
        own = d.days()
        level.columns.add(d, thin.rows)
        mip = within(d, part.limits)
        mip.forbid(np.setdiff1d(own, thin.own))
        if np.isfinite(most):
            shift = level.objective.constant
            mip.row(level.objective.variables, level.objective.coefficients, at_most=most - shift)
        answer = mip.minimise(level.objective, **level.budget.terms())
        level.keep(answer)
        if answer.infeasible:
            return replace(part, bound=max(part.bound, most + _WHOLE))
        bound = part.bound if answer.bound is None else float(answer.bound)
        return replace(part, bound=max(part.bound, min(bound, most)))

    def _days_in_parts(self, relaxed: Relaxed) -> bool:
        """Whether the number of days is not whole: splitting on it comes before all else."""
        values = self.level.d.padded(relaxed.values)
        return any(_part(values[days].sum()) for days in self.level.d.take)

    def _split(self, part: _Part, variable: int, value: float) -> None:
        """Open the two halves of a part; the lesser, often without a plan, comes first."""
        low, high = part.limits.get(variable, (0.0, np.inf))
        for side in ((low, float(floor(value))), (float(ceil(value)), high)):
            self.push(part.bound, {**part.limits, variable: side}, part.refused)

    def _fractional(self, part: _Part, relaxed: Relaxed) -> int | None:
        """The total to split on: the number of days, or the best of those near half-way."""
        d, values = self.level.d, relaxed.values
        days = d.total("days").variables
        days = days[days < len(values)]
        broken = days[[bool(_part(values[one])) for one in days]]
        if broken.size:
            return int(broken[0])
        whole = np.flatnonzero(np.concatenate(d.mip.integer)[: len(values)])
        totals = np.setdiff1d(whole, d.divisible())
        totals = totals[np.abs(values[totals] - np.rint(values[totals])) > _WHOLE]
        if not totals.size:
            return None
        near = totals[np.argsort(np.abs(values[totals] % 1.0 - 0.5), kind="stable")[:TRIED]]
        lp = Lp(within(d, part.limits), self.level.objective)
        gains = [self._gain(lp, part, int(one), relaxed) for one in near]
        return int(near[int(np.argmax(gains))])

    def _gain(self, lp: Lp, part: _Part, variable: int, relaxed: Relaxed) -> float:
        """How much splitting on a variable raises the optimum over the tours at hand."""
        d, value = self.level.d, relaxed.values[variable]
        least, most = d.mip.bounds(variable)
        low, high = part.limits.get(variable, (least, most))
        gains = []
        for side in ((low, floor(value)), (ceil(value), high)):
            lp.bound(variable, *side)
            found = lp.solve(self.level.budget.deadline)
            gains.append(np.inf if found is None else found.value - relaxed.value)
        lp.bound(variable, least, most)
        worse, better = sorted(max(gain, 1e-3) for gain in gains)
        return min(worse, 1e9) * min(better, 1e9)


def _part(value: Floats | float) -> bool:
    """Whether a total is not whole."""
    return bool(abs(value - np.rint(value)) > _WHOLE)
