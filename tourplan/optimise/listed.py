"""Days all listed: cuts that pricing could not bear raise the bound, and few days are left.

Once every day that may matter is listed, the relaxation over them is solved by looking at them
all, so cuts may have any shape. Those here round sums of three rules, halved: of three groups of
sites that must be reached, days reach two at least when each counts the groups it reaches, halved
and rounded up; of three sites held once at most, days that stop at two are one at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from time import monotonic

import numpy as np

from tourplan.optimise.labels import Bools, Floats, Ints, visits
from tourplan.optimise.links import Links, with_phantoms
from tourplan.optimise.mip import Expression, Lp, Mip, Relaxed

BROKEN = 0.03
"""Cuts broken by less are not added."""
AT_ONCE = 20
"""Cuts of each kind added between two solves."""
MOST_CUTS = 400
NEW_DAYS = 500
"""Days added to the relaxation between two solves."""
DEAR = 1e3
"""What a session held by nobody costs, times the most a plan may cost."""
_WHOLE = 1e-6
_MARGIN = 1e-3


@dataclass(frozen=True, eq=False)
class Thinned:
    """Days that a plan better than asked may have, and a bound of any such plan."""

    tours: Ints
    bound: float


def thinned(
    mip: Mip,
    objective: Expression,
    links: Links,
    tours: Ints,
    *,
    limits: dict[int, tuple[float, float]],
    most: float,
    deadline: float,
) -> Thinned:
    """The days of plans of value ``most`` at most, when ``tours`` has them all."""
    pool = _Pool(mip, objective, links, tours, limits, most)
    bound, rise = -np.inf, np.inf
    while monotonic() < deadline:
        relaxed = pool.solve(deadline)
        if relaxed is None:
            break
        rise, bound = relaxed.value - bound, max(bound, relaxed.value)
        pool.drop(relaxed, most - relaxed.value + _MARGIN)
        if bound > most or rise < 1e-5 * abs(bound) or not pool.cut(relaxed):
            break
    return Thinned(pool.tours[pool.alive], bound)


class _Pool:
    """The relaxation over listed days; those that matter join it when they help."""

    def __init__(
        self,
        mip: Mip,
        objective: Expression,
        links: Links,
        tours: Ints,
        limits: dict[int, tuple[float, float]],
        most: float,
    ) -> None:
        model, phantoms = with_phantoms(mip, links)
        self.first_row, self.first_day = len(mip.row_entries), model.size
        self.lp = Lp(model, objective)
        self.lp.weigh(phantoms, DEAR * max(abs(most), 1.0))
        lower, upper = np.concatenate(mip.lower), np.concatenate(mip.upper)
        for variable, bounds in limits.items():
            self.lp.bound(variable, *bounds)
            lower[variable], upper[variable] = bounds
        self.tours = tours
        self.rows = links.contributions(tours)
        self.alive = np.ones(len(tours), dtype=bool)
        self.inside = np.zeros(0, dtype=np.int64)
        at = visits(tours, len(links.held)) > 0
        self.needed = np.flatnonzero(lower[links.held] >= 1)
        asked = np.flatnonzero(lower[links.reached] >= 1)
        reached = self.rows[:, len(links.variables()) - len(links.reached) :] > 0
        self.asked = np.column_stack([reached[:, asked], at[:, self.needed]])
        self.at, self.once = at, np.flatnonzero(upper[links.held] <= 1)

    def solve(self, deadline: float) -> Relaxed | None:
        """The optimum over all days, or ``None`` when there is none or time runs out."""
        while (relaxed := self.lp.solve(deadline)) is not None:
            costs = self.costs(relaxed)
            costs[self.inside] = 0.0
            new = np.argsort(costs, kind="stable")[:NEW_DAYS]
            new = new[costs[new] < -_WHOLE]
            if not new.size:
                return relaxed
            for day in new:
                held = np.flatnonzero(self.rows[day])
                self.lp.column(self.first_row + held, self.rows[day, held])
            self.inside = np.concatenate([self.inside, new])
        return None

    def costs(self, relaxed: Relaxed) -> Floats:
        """The reduced cost of every day; infinite when it has been dropped."""
        costs: Floats = -(self.rows @ relaxed.duals[self.first_row :])
        costs[~self.alive] = np.inf
        return costs

    def drop(self, relaxed: Relaxed, gap: float) -> None:
        """Drop the days whose reduced cost is over a gap; those that joined stay in the way."""
        self.alive &= self.costs(relaxed) <= gap
        keep = self.alive.copy()
        keep[self.inside] = True
        self.inside = (np.cumsum(keep) - 1)[self.inside]
        self.tours, self.rows, self.alive = self.tours[keep], self.rows[keep], self.alive[keep]
        self.at, self.asked = self.at[keep], self.asked[keep]

    def cut(self, relaxed: Relaxed) -> int:
        """Add the cuts an optimum breaks most; how many."""
        times = relaxed.values[self.first_day :]
        used = np.flatnonzero(times > _WHOLE)
        days, times = self.inside[used], times[used]
        new = [
            (-(self.at[:, triple].sum(axis=1) // 2).astype(float), -1.0)
            for triple in broken_triples(self.at[days], times, self.once)[:AT_ONCE]
        ]
        for triple in _unreached(self.asked[days], times)[:AT_ONCE]:
            new.append(((self.asked[:, triple].sum(axis=1) + 1.0) // 2, 2.0))
        for amounts, least in new:
            held = np.flatnonzero(amounts[self.inside])
            self.lp.row(self.first_day + held, -amounts[self.inside[held]], -least)
        self.rows = np.column_stack([self.rows, *(-amounts for amounts, _ in new)])
        return len(new) if self.rows.shape[1] < MOST_CUTS else 0


def _unreached(reached: Bools, times: Floats) -> list[list[int]]:
    """Three groups of which days reach too few, each day's groups halved and rounded up."""
    seen = reached.astype(float)
    found: list[tuple[float, list[int]]] = []
    for i, j in combinations(range(seen.shape[1]), 2):
        both = seen[:, i] + seen[:, j]
        odd = both == 1
        total = times @ np.ceil(both / 2) + (times * ~odd) @ seen[:, j + 1 :]
        for k in np.flatnonzero(total < 2 - BROKEN):
            found.append((float(total[k]), [i, j, j + 1 + int(k)]))
    return [triple for _, triple in sorted(found)]


def broken_triples(visited: Bools, times: Floats, sites: Ints) -> Bools:
    """Sets of three sites of which days visit two or more, more than once in sum; worst first.

    Each site is held once at most, so days that stop twice in three sites are one at most: a cut
    over a subset of rows. Shape (cuts, all sites).
    """
    seen = visited[:, sites].astype(float)
    together = (seen * times[:, None]).T @ seen
    found: list[tuple[float, tuple[int, ...]]] = []
    for i in range(len(sites)):
        others = np.flatnonzero(together[i] > _WHOLE)
        others = others[others > i]
        # Of three sites two at least must share days with the third.
        for j in others:
            both = (seen[:, i] * seen[:, j] * times) @ seen
            two = together[i, j] + together[i] + together[j] - 2 * both
            for k in np.flatnonzero(two > 1 + BROKEN):
                if k not in (i, j):
                    found.append((float(two[k]), tuple(sorted((i, int(j), int(k))))))
    worst = sorted(set(found), key=lambda cut: (-cut[0], cut[1]))
    cuts = np.zeros((len(worst), visited.shape[1]), dtype=bool)
    for row, (_, triple) in enumerate(worst):
        cuts[row, sites[list(triple)]] = True
    return cuts
