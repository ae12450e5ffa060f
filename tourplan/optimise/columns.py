"""Plans of days too many to list: days are priced in as they help, and the optimum is proved.

The plan is a model of totals: sessions held at each site, number of days, metres driven, groups of
sites that some day reaches. Days enter in one place only, the rows that link each total to its sum
over the days; every other rule, and the objective, is on the totals. So what a day is worth comes
from the duals of those rows, whatever the rules.

The search: price days into the linear relaxation until none helps, which gives a bound; choose
among the days at hand with the integer solver, which gives a value; list all days that could be
part of anything better, and let the integer solver finish; when they are too many, split on a
total that is not whole, and go on with the half whose bound is least.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count
from math import ceil, floor
from time import monotonic

import numpy as np

from tourplan.optimise.labels import (
    MOST_LABELS,
    Floats,
    Ints,
    LongDay,
    Prices,
    enumerate_below,
    neighbourhoods,
    price,
    visits,
)
from tourplan.optimise.links import Links, with_days, with_phantoms
from tourplan.optimise.listed import Thinned, broken_triples, thinned
from tourplan.optimise.mip import Expression, Lp, Mip, Relaxed, unit_of, whole_bound

CHOSEN = 1_500
"""Days at most among which the integer solver chooses."""
LABELS_A_SECOND = 50_000
"""Labels made in a second on a slow machine: near a deadline, no more are asked for."""
MANY = 20_000
"""Days listed from which the reach grows by small steps."""
LISTED = 300_000
"""Days listed at most, to be cut and thinned."""
ENUMERATED_LABELS = 3_000_000
"""Labels a listing may take before it is given up."""
FEW = 20
"""A hasty pricing that finds no more days than this is followed by an exact one."""
TRIED = 10
"""Totals on which a split is tried before it is made."""
CUTS_AT_ONCE = 10
CROWD = 5_000
"""Labels of one pricing from which cuts would make the next ones too slow."""
FIRST_REACH = 0.02
"""How far above a bound plans are looked for at first, relative to it."""
CUT_ROUNDS = 10
"""Times a node is cut and priced again."""
DEAREST = 1e9
"""A session still held by nobody at this price cannot be held by anybody."""
QUICK_S = 10.0
"""Time the integer solver gets to choose among the days at hand."""
_WHOLE = 1e-6
"""A total this near a whole number is whole."""
_CENT = 1e-3
"""Bounds are kept this far on the safe side: the solvers' arithmetic is far better."""
_NO_GAIN = -1e-6
"""A day whose reduced cost is not below this helps nothing."""


@dataclass(frozen=True, eq=False)
class Found:
    """The best plan found and what is proved of any.

    Attributes:
        tours: the days of the plan, sites in order, -1 after the last; ``None`` without a plan.
        values: of the model's variables in that plan.
        value: of the objective.
        bound: no plan has a lower value.
        infeasible: it is proved that there is no plan.
    """

    tours: Ints | None
    values: Floats | None
    value: int | None
    bound: int | None
    infeasible: bool = False

    @property
    def proved(self) -> bool:
        """Whether nothing better is possible."""
        return self.infeasible or (self.value is not None and self.value == self.bound)


@dataclass(order=True, frozen=True)
class _Node:
    """A part of the search: some totals between other bounds."""

    bound: float
    number: int
    limits: dict[int, tuple[float, float]] = field(compare=False)
    refused: float = field(compare=False)


def minimise(
    mip: Mip,
    objective: Expression,
    links: Links,
    day: LongDay,
    *,
    deadline: float,
    seed: int = 0,
    stop: threading.Event | None = None,
) -> Found:
    """Minimise ``objective`` over the plans of ``mip`` whose totals some days add up to.

    Stops when proved, at ``deadline`` (``time.monotonic``) or when ``stop`` is set, with the best
    plan so far and a bound that holds.
    """
    return _Search(mip, objective, links, day, deadline, seed, stop or threading.Event()).run()


class _Search:
    """Branch and price; the best plan and the bound are kept as it goes."""

    def __init__(
        self,
        mip: Mip,
        objective: Expression,
        links: Links,
        day: LongDay,
        deadline: float,
        seed: int,
        stop: threading.Event,
    ) -> None:
        self.objective, self.links, self.day = objective, links, day
        self.deadline, self.seed, self.stop = deadline, seed, stop
        self.plain, self.first_row = mip, len(mip.row_entries)
        model, self.phantoms = with_phantoms(mip, links)
        self.lower, self.upper = np.concatenate(mip.lower), np.concatenate(mip.upper)
        self.whole = np.flatnonzero(np.concatenate(mip.integer))
        self.near = neighbourhoods(links.legs.sum(axis=0))
        self.tours = np.zeros((0, day.stops), dtype=np.int64)
        self.known: set[bytes] = set()
        self.cuts = np.zeros((0, len(links.held)), dtype=bool)
        self.lp = Lp(model, objective)
        self.penalty = 1.0 + 10 * float(objective.coefficients.max(initial=1)) * max(
            float(links.legs.max(initial=1)), 1.0
        )
        self._phantom_days()
        self._add(_single_stops(day))
        self.first_day = model.size
        self.best: Found = Found(None, None, None, None)
        self.open: list[_Node] = []
        self.stuck: list[float] = []
        self.numbers = count()
        self.limited: set[int] = set()
        self.crowded = False
        self.days_at_most = float(self.upper[links.days])
        at_least = np.minimum(
            objective.coefficients * self.lower[objective.variables],
            objective.coefficients * self.upper[objective.variables],
        )
        self.floor = objective.constant + float(at_least.sum())

    def run(self) -> Found:
        """The whole search."""
        root = _Node(-np.inf, next(self.numbers), {}, np.inf)
        heappush(self.open, root)
        while self.open and not self._late():
            node = heappop(self.open)
            if self._hopeless(node.bound):
                self.open.clear()
                break
            left = self._explore(node)
            if left is not None:
                heappush(self.open, left)
                break
        return self._result()

    def _explore(self, node: _Node) -> _Node | None:
        """Close or split a node; the node itself, its bound raised, when time runs out first."""
        self._limit(node.limits)
        relaxed, bound = self._tighten(node)
        node = replace(node, bound=max(node.bound, bound))
        if relaxed is None:
            return node if bound < np.inf else None
        if self.best.value is None:
            self._choose_known(relaxed)
        if self._hopeless(node.bound):
            return None
        near = self._gap(bound) <= FIRST_REACH * abs(bound)
        if np.isfinite(bound) and (near or not self._part_days(relaxed)):
            closed, node = self._by_listing(node, relaxed, bound)
            if closed or self._late():
                return None if closed else node
        return self._split(node, relaxed)

    def _part_days(self, relaxed: Relaxed) -> bool:
        """Whether the number of days is not whole: splitting on it comes before all else."""
        days = relaxed.values[self.links.days]
        return bool(abs(days - np.rint(days)) > _WHOLE)

    def _by_listing(self, node: _Node, relaxed: Relaxed, bound: float) -> tuple[bool, _Node]:
        """Close a node by listing its days, or raise its bound: (whether it is closed, the node).

        Plans little above the bound are looked for first, which takes few days: one found there
        is the best, and none there raises the bound.
        """
        reach = FIRST_REACH * max(abs(bound), 1.0) if np.isinf(node.refused) else np.inf
        while (gap := min(reach, self._gap(bound))) < 0.8 * node.refused and not self._late():
            tours = self._list(relaxed, gap)
            if tours is None:
                return False, replace(node, refused=gap)
            most = bound + gap
            thin = self._thin(node, tours, most)
            node = replace(node, bound=max(node.bound, min(thin.bound, floor(most) + 1.0)))
            if self._hopeless(node.bound):
                return True, node
            if len(thin.tours) > CHOSEN:
                return False, replace(node, refused=gap)
            if thin.bound <= most:
                node = self._finish(node, thin.tours, most)
                if self._hopeless(node.bound):
                    return True, node
            # Days grow fast with the reach: once they are many, small steps.
            reach = gap * (1.5 if len(tours) < MANY else 1.15)
        return False, node

    def _split(self, node: _Node, relaxed: Relaxed) -> _Node | None:
        """Push the two halves of a node; the node itself when all its totals are whole."""
        self.base = relaxed.value
        variable = self._fractional(node.limits, relaxed.values)
        if variable is None:
            self.stuck.append(node.bound)
            return None
        lower, upper = node.limits.get(variable, (self.lower[variable], self.upper[variable]))
        value = relaxed.values[variable]
        if abs(value - np.rint(value)) <= _WHOLE:
            value = np.rint(value) - 0.5
        for low, high in ((lower, float(floor(value))), (float(ceil(value)), upper)):
            limits = {**node.limits, variable: (low, high)}
            heappush(self.open, replace(node, number=next(self.numbers), limits=limits))
        return None

    def _fractional(self, limits: dict[int, tuple[float, float]], values: Floats) -> int | None:
        """The whole variable to split on: the number of days, or one near half-way."""
        candidates = self.whole[np.abs(values[self.whole] - np.rint(values[self.whole])) > _WHOLE]
        if not candidates.size:
            return self._undecided(limits, values)
        if self.links.days in candidates:
            return self.links.days
        part = values[candidates] % 1.0
        near = candidates[np.argsort(np.abs(part - 0.5), kind="stable")[:TRIED]]
        gains = [self._gain(limits, int(variable), values[variable]) for variable in near]
        return int(near[int(np.argmax(gains))])

    def _gain(self, limits: dict[int, tuple[float, float]], variable: int, value: float) -> float:
        """How much splitting on a variable raises the optimum over the days at hand."""
        low, high = limits.get(variable, (self.lower[variable], self.upper[variable]))
        gains = []
        for side in ((low, floor(value)), (ceil(value), high)):
            self.lp.bound(variable, *side)
            relaxed = self.lp.solve(self.deadline)
            gains.append(np.inf if relaxed is None else relaxed.value - self.base)
        self.lp.bound(variable, low, high)
        least, most = sorted(max(gain, 1e-3) for gain in gains)
        return min(least, 1e9) * min(most, 1e9)

    def _undecided(self, limits: dict[int, tuple[float, float]], values: Floats) -> int | None:
        """A whole variable that may still be less than it is; a site of the plan."""
        for variable in self.links.held.tolist():
            low, _ = limits.get(variable, (self.lower[variable], self.upper[variable]))
            if values[variable] > low + 0.5:
                return int(variable)
        return None

    def _limit(self, limits: dict[int, tuple[float, float]]) -> None:
        """Give the variables the bounds of a node."""
        for variable in self.limited - limits.keys():
            self.lp.bound(variable, self.lower[variable], self.upper[variable])
        for variable, (low, high) in limits.items():
            self.lp.bound(variable, low, high)
        self.limited = set(limits)
        self.days_at_most = limits.get(self.links.days, (0, self.upper[self.links.days]))[1]
        most = [limits.get(v, (0, self.upper[v]))[1] for v in self.links.held.tolist()]
        self.now = self.day.without(np.flatnonzero(np.array(most) < 1))

    def _converge(self, node: _Node) -> tuple[Relaxed | None, float]:
        """Price days in until none helps: the optimum (``None`` without one) and its bound.

        The bound of a node without any plan is infinite.
        """
        bound, hasty = -np.inf, True
        while not self._late():
            relaxed = self.lp.solve(self.deadline)
            if relaxed is None:
                return None, bound if self._late() else np.inf
            prices = self._prices(relaxed)
            found = price(
                self.now,
                prices,
                self.near,
                below=_NO_GAIN,
                hasty=hasty,
                labels=self._affordable(MOST_LABELS),
            )
            self.near = found.near
            if not hasty:
                self.crowded = found.labels > CROWD
                bound = max(bound, relaxed.value + self.days_at_most * found.bound)
                if self._hopeless(bound):
                    return None, np.inf
            if not self._add(found.tours):
                if not hasty:
                    return self._without_phantoms(node, relaxed, bound)
                hasty = False
            else:
                hasty = len(found.tours) > FEW
        return None, bound

    def _tighten(self, node: _Node) -> tuple[Relaxed | None, float]:
        """Converge and cut, again and again while the bound rises enough."""
        relaxed, bound = self._converge(node)
        for _ in range(CUT_ROUNDS):
            if relaxed is None or self._hopeless(bound):
                break
            if self._part_days(relaxed) or self.crowded or not self._cut(relaxed):
                break
            again, higher = self._converge(node)
            if again is None:
                return None, max(bound, higher)
            rise, relaxed, bound = higher - bound, again, max(bound, higher)
            if rise < 1e-4 * abs(bound):
                break
        return relaxed, bound

    def _without_phantoms(
        self, node: _Node, relaxed: Relaxed, bound: float
    ) -> tuple[Relaxed | None, float]:
        """The converged optimum, once no session in it is held by nobody."""
        if relaxed.values[self.phantoms].sum() < _WHOLE:
            return relaxed, bound
        if self.penalty > DEAREST:
            return None, np.inf
        self.penalty *= 100
        self._phantom_days()
        return self._converge(node)

    def _prices(self, relaxed: Relaxed) -> Prices:
        """What days are worth at an optimum of the relaxation."""
        linked, fines = np.split(relaxed.duals[self.first_row :], [len(self.links.variables())])
        return self.links.prices(linked, self.day.stops, self.cuts, -fines)

    def _list(self, relaxed: Relaxed, gap: float) -> Ints | None:
        """All days that a better plan may have, or ``None`` when they are too many."""
        listed = enumerate_below(
            self.now,
            self._prices(relaxed),
            self.near,
            self.links.legs[:, None],
            gap,
            most=LISTED,
            labels=self._affordable(ENUMERATED_LABELS),
        )
        return listed.tours if listed.complete else None

    def _thin(self, node: _Node, tours: Ints, most: float) -> Thinned:
        """The days of plans of value ``most`` at most, once cuts over them are made."""
        return thinned(
            self.plain,
            self.objective,
            self.links,
            tours,
            limits=node.limits,
            most=most,
            deadline=self.deadline,
        )

    def _finish(self, node: _Node, tours: Ints, most: float) -> _Node:
        """The node, solved over the days that matter to plans of value ``most`` at most."""
        mip, first = with_days(self.plain, self.links, tours)
        for variable, (low, high) in node.limits.items():
            mip.row(np.array([variable]), 1.0, at_least=low, at_most=high)
        mip.keep(self.objective, floor(most))
        answer = mip.minimise(
            self.objective, deadline=self.deadline, seed=self.seed, stop=self.stop
        )
        if answer.values is not None:
            self._keep(answer.values, tours, first)
        if answer.infeasible or answer.bound is None:
            bound = floor(most) + 1.0 if answer.infeasible else node.bound
        else:
            bound = min(floor(most) + 1.0, answer.bound)
        return replace(node, bound=max(node.bound, bound))

    def _choose_known(self, relaxed: Relaxed) -> None:
        """Choose among the days at hand that could be part of something better."""
        costs = self._prices(relaxed).of(self.tours, self.day.steps)
        tours = self.tours[costs < self._gap(relaxed.value)]
        tours = tours[np.argsort(costs[costs < self._gap(relaxed.value)], kind="stable")[:CHOSEN]]
        mip, first = with_days(self.plain, self.links, tours)
        if self.best.value is not None:
            mip.keep(self.objective, self.best.value - unit_of(self.objective))
        until = min(self.deadline, monotonic() + QUICK_S)
        answer = mip.minimise(self.objective, deadline=until, seed=self.seed, stop=self.stop)
        if answer.values is not None:
            self._keep(answer.values, tours, first)

    def _keep(self, values: Floats, tours: Ints, first: int) -> None:
        """Keep a plan if it is the best."""
        value = self.objective.value(values)
        if self.best.value is None or value < self.best.value:
            times = np.rint(values[first:]).astype(np.int64)
            self.best = Found(np.repeat(tours, times, axis=0), values[:first], value, None)

    def _gap(self, bound: float) -> float:
        """What a day may cost, at the duals of a bound, and still be part of something better."""
        if self.best.value is None:
            return np.inf
        return self.best.value - unit_of(self.objective) - bound + _CENT

    def _hopeless(self, bound: float) -> bool:
        """Whether nothing better than the best plan can have this bound."""
        return self.best.value is not None and self._rounded(bound) >= self.best.value

    def _rounded(self, bound: float) -> float:
        """The least value of the objective from a bound on."""
        steps = (bound - self.objective.constant) / unit_of(self.objective)
        whole = whole_bound(steps, self.objective)
        return bound if whole is None else whole

    def _affordable(self, labels: int) -> int:
        """No more labels than there is time for."""
        left_s = min(max(self.deadline - monotonic(), 0.0), 1e6)
        return min(labels, 1 + int(LABELS_A_SECOND * left_s))

    def _late(self) -> bool:
        return monotonic() >= self.deadline or self.stop.is_set()

    def _phantom_days(self) -> None:
        """Sessions held by nobody, at a price, so that the relaxation always has an optimum."""
        self.lp.weigh(self.phantoms, self.penalty)

    def _add(self, tours: Ints) -> int:
        """Add the days not known yet to the relaxation; how many."""
        new = [tour for tour in tours if tour.tobytes() not in self.known]
        if not new:
            return 0
        rows = np.array(new)
        self.known.update(tour.tobytes() for tour in new)
        for contribution in np.column_stack([self.links.contributions(rows), self._pairs(rows)]):
            at = np.flatnonzero(contribution)
            self.lp.column(self.first_row + at, contribution[at])
        self.tours = np.concatenate([self.tours, rows])
        return len(new)

    def _pairs(self, tours: Ints) -> Floats:
        """What tours add to each cut: pairs of stops in it, shape (tours, cuts)."""
        counts = visits(tours, len(self.links.held)) @ self.cuts.T.astype(np.int64)
        return (counts // 2).astype(float)

    def _cut(self, relaxed: Relaxed) -> int:
        """Add the cuts a converged optimum breaks most; how many."""
        times = relaxed.values[self.first_day :]
        used = np.flatnonzero(times > _WHOLE)
        new = broken_triples(
            visits(self.tours[used], len(self.links.held)) > 0,
            times[used],
            np.flatnonzero(self.upper[self.links.held] == 1),
        )[:CUTS_AT_ONCE]
        for cut in new:
            self.cuts = np.concatenate([self.cuts, cut[None]])
            pairs = self._pairs(self.tours)[:, -1]
            held = np.flatnonzero(pairs)
            self.lp.row(self.first_day + held, pairs[held], 1.0)
        return len(new)

    def _result(self) -> Found:
        """The best plan, with the least bound of all that was left open."""
        bounds = [node.bound for node in self.open] + self.stuck
        if not bounds:
            infeasible = self.best.value is None
            return replace(self.best, bound=self.best.value, infeasible=infeasible)
        least = max(self._rounded(min(bounds)), self.floor)
        whole = None if not np.isfinite(least) else int(least)
        if whole is not None and self.best.value is not None:
            whole = min(whole, self.best.value)
        return replace(self.best, bound=whole)


def _single_stops(day: LongDay) -> Ints:
    """The days of one stop."""
    tours = np.full((day.places - 1, day.stops), -1, dtype=np.int64)
    tours[:, 0] = np.arange(day.places - 1)
    home = day.allowed[0, 0, 1:] & day.allowed[0, 1:, 0]
    used = day.measures[:, 0, 0, 1:] + day.measures[:, 0, 1:, 0]
    return tours[home & (used <= day.limits[:, None]).all(axis=0)]
