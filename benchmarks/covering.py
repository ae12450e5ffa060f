"""Maximal covering first, routing after: what a careful analyst does with libraries as they are.

1. **Where**: a maximal covering model chooses as many sites as there are half-days, those required
   included; of those nearest to each agency, no more than its crews have half-days.
   ``milp`` takes the levels that depend on where sessions are held one after the other (residents
   beyond each goal, then access as a p-median), each solved by HiGHS through scipy and kept;
   ``spopt`` is the library's own ``MCLP``, which knows one threshold: that of the last goal.
2. **When**: a routing library makes the days of the sites chosen, with the least driving: PyVRP, or
   the routing solver of OR-Tools. Each site is a visit in the morning or in the afternoon (one
   client each, of which one is served), its window that of the session, its service the set-up,
   the least opening and the packing; the meal is part of the drive between the two.
3. Each day gets the weekday and the order that suit mairie hours best, and openings as long as can
   be.
4. Then again, as long as there is time: where the plan breaks a rule (too much work, mostly), the
   sites must be nearer to the agencies, by a twentieth each time; once a plan keeps them all, half
   as near as that takes, and so on; then other sites that are as near. The best plan is kept.

A site is served once at most: more than that is beyond these models.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from drafts import Search, Timetable, Week, most_sessions
from greedy import Level, served_levels
from numpy.typing import NDArray
from routing import by_ortools, by_pyvrp
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from tourplan.access import nearest
from tourplan.measures import BEYOND, goal_named, threshold, weights_of
from tourplan.problem import Problem

Ints = NDArray[np.int64]
Router = Callable[[Problem, Sequence[int], float], list[Week]]

ROUTING_SHARE = 0.03
"""Share of the whole time that one routing gets; a second at least."""
CLOSER = 0.95
"""How much nearer the sites of the next try must be, after one that breaks a rule."""


@dataclass
class Terms:
    """What the next sites must be, besides covering the most.

    Attributes:
        most_away_s: the sum of their drives from the nearest agency at most.
        refused: sets of sites tried already.
        near_enough_s: the farthest sites that made a sound plan.
        too_far_s: the nearest that did not.
    """

    most_away_s: float = np.inf
    refused: list[list[int]] = field(default_factory=list)
    near_enough_s: float = -np.inf
    too_far_s: float = np.inf

    def learn(self, sites: list[int], away_s: float, *, sound: bool) -> None:
        """Ask for nearer or for farther sites, after some were tried."""
        self.refused.append(sites)
        if sound:
            self.near_enough_s = max(self.near_enough_s, away_s)
        else:
            self.too_far_s = min(self.too_far_s, away_s)
        if not np.isfinite(self.near_enough_s):
            self.most_away_s = CLOSER * self.too_far_s
        elif np.isfinite(self.too_far_s):
            middle_s = (self.near_enough_s + self.too_far_s) / 2
            self.most_away_s = max(self.near_enough_s, middle_s)


Chooser = Callable[[Problem, Terms, float], "list[int] | None"]


def milp_pyvrp(problem: Problem, search: Search) -> None:
    """Lexicographic covering by HiGHS, days by PyVRP."""
    _alternate(problem, search, Covering.of(problem).best, by_pyvrp)


def spopt_ortools(problem: Problem, search: Search) -> None:
    """Covering by spopt, days by the routing solver of OR-Tools."""
    _alternate(problem, search, spopt_sites, by_ortools)


def _alternate(problem: Problem, search: Search, choose: Chooser, route: Router) -> None:
    """Choose sites, make their days, and try others while there is time."""
    timetable, terms = Timetable(problem), Terms()
    routing_s = max(1.0, ROUTING_SHARE * search.left_s)
    away_s = drives_away(problem)
    while search.left_s > 0:
        sites = choose(problem, terms, search.left_s)
        if sites is None:
            return
        weeks = route(problem, sites, min(routing_s, max(1.0, search.left_s)))
        sound = search.offer(timetable.days(weeks))
        terms.learn(sites, float(away_s[sites].sum()), sound=sound)


def _away(problem: Problem) -> tuple[Ints, Ints]:
    """The agencies, and seconds from each to each site; a site out of reach is very far."""
    agencies = np.unique([problem.bases[crew.base].depot for crew in problem.crew_weeks])
    cells = np.ix_(agencies, problem.site_place)
    return agencies, np.where(problem.reachable[cells], problem.time_s[cells], 10**6)


def drives_away(problem: Problem) -> Ints:
    """Seconds from the nearest agency to each site."""
    return np.asarray(_away(problem)[1].min(axis=0))


def shares(problem: Problem, able: NDArray[np.bool_]) -> list[tuple[list[int], int]]:
    """For each agency, the sites that it is the nearest to, and how many of them to choose."""
    agencies, away_s = _away(problem)
    nearest_one, size = agencies[away_s.argmin(axis=0)], most_sessions(problem)
    found = []
    for agency in agencies.tolist():
        crews = [c for c in problem.crew_weeks if problem.bases[c.base].depot == agency]
        slots = size * sum(len(crew.weekdays) for crew in crews)
        sites = np.flatnonzero((nearest_one == agency) & able).tolist()
        communes = {problem.sites[site].demand for site in sites}
        found.append((sites, min(slots, len(communes))))
    return found


def can_be_served(problem: Problem) -> NDArray[np.bool_]:
    """The sites that a day of their own can reach from some agency."""
    timetable = Timetable(problem)
    bases = {crew.base for crew in problem.crew_weeks}
    return np.array(
        [
            any(timetable.ways(base, frozenset((site,))) for base in bases)
            for site in range(len(problem.sites))
        ]
    )


@dataclass(frozen=True, eq=False)
class Covering:
    """The covering model: one variable a site, then the loss of each level at points that have one.

    A level with two losses at a point (covered or not) has one variable a point; one with many
    (access) shares each point between sites, as in the p-median.
    """

    problem: Problem
    levels: tuple[Level, ...]
    able: NDArray[np.bool_]

    @classmethod
    def of(cls, problem: Problem) -> Covering:
        """The model of a problem."""
        return cls(problem, served_levels(problem), can_be_served(problem))

    def best(self, problem: Problem, terms: Terms, seconds: float) -> list[int] | None:
        """The sites that cover most, level by level; ``None``: none can be, or time is out."""
        rows = _Rows.of(problem, self.able, terms)
        share = seconds / (len(self.levels) + 1)
        chosen: NDArray[np.float64] | None = None
        for level in self.levels:
            weights = rows.add_level(level)
            found = rows.minimise(weights, share)
            if found is None:
                break
            chosen = found
            rows.keep(weights, float(np.rint(found @ weights[: len(found)])))
        if chosen is None:
            return None
        return np.flatnonzero(chosen[: len(problem.sites)] > 0.5).tolist()


@dataclass
class _Rows:
    """A model for scipy, grown level by level."""

    size: int
    upper: list[float]
    integer: list[int]
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    least: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, problem: Problem, able: NDArray[np.bool_], terms: Terms) -> _Rows:
        """The rules on sites: how many, those required, one a commune, and the terms."""
        count = len(problem.sites)
        rows = cls(count, able.astype(float).tolist(), [1] * count)
        for sites, number in shares(problem, able):
            rows.row(sites, [1.0] * len(sites), number, number)
        for number, demand in enumerate(problem.demands):
            sites = problem.sites_of(number).tolist()
            once = min(1, demand.required)
            rows.row(sites, [1.0] * len(sites), once, max(1, once))
        if np.isfinite(terms.most_away_s):
            rows.row(range(count), drives_away(problem).tolist(), -np.inf, terms.most_away_s)
        for sites in terms.refused:
            rows.row(sites, [1.0] * len(sites), -np.inf, len(sites) - 1)
        return rows

    def row(
        self, columns: Sequence[int], weights: Sequence[float], least: float, most: float
    ) -> None:
        """Add a row."""
        number = len(self.least)
        self.entries += [(number, c, w) for c, w in zip(columns, weights, strict=True)]
        self.least.append(least)
        self.most.append(most)

    def variables(self, count: int, integer: int = 0) -> range:
        """Add variables between 0 and 1."""
        first, self.size = self.size, self.size + count
        self.upper += [1.0] * count
        self.integer += [integer] * count
        return range(first, self.size)

    def add_level(self, level: Level) -> NDArray[np.float64]:
        """The variables and rows of a level; its weights, one a variable of the model."""
        costs: dict[int, float] = {}
        for alone, losses in zip(level.alone.tolist(), level.with_site, strict=True):
            helping = np.flatnonzero(losses < alone)
            if alone and not helping.size:
                continue
            options = np.unique(losses[helping]).tolist()
            groups = [helping[losses[helping] == loss].tolist() for loss in options]
            taken = self.variables(len(groups) + 1) if alone else range(0)
            for variable, loss in zip(taken, [*options, alone], strict=False):
                costs[variable] = float(loss)
            if taken:
                self.row(taken, [1.0] * len(taken), 1.0, 1.0)
            for variable, sites in zip(taken, groups, strict=False):
                self.row([variable, *sites], [1.0, *[-1.0] * len(sites)], -np.inf, 0.0)
        weights = np.zeros(self.size)
        weights[list(costs)] = list(costs.values())
        return weights

    def keep(self, weights: NDArray[np.float64], value: float) -> None:
        """Let a level be no worse than a value."""
        columns = np.flatnonzero(weights)
        self.row(columns.tolist(), weights[columns].tolist(), -np.inf, value + 0.5)

    def minimise(self, weights: NDArray[np.float64], seconds: float) -> NDArray[np.float64] | None:
        """The values of the variables, or ``None``."""
        numbers, columns, values = zip(*self.entries, strict=True)
        matrix = csr_array((values, (numbers, columns)), shape=(len(self.least), self.size))
        found = milp(
            weights,
            integrality=np.array(self.integer),
            bounds=Bounds(np.zeros(self.size), np.array(self.upper)),
            constraints=LinearConstraint(matrix, np.array(self.least), np.array(self.most)),
            options={"time_limit": max(seconds, 0.1), "mip_rel_gap": 0.0},
        )
        values: NDArray[np.float64] | None = found.x
        return values


def spopt_sites(problem: Problem, terms: Terms, seconds: float) -> list[int] | None:
    """The sites that spopt's maximal covering chooses within the threshold of the last goal.

    Raises:
        ImportError: spopt is not installed.
    """
    from pulp import PULP_CBC_CMD, lpSum
    from spopt.locate import MCLP

    name = [name for name in problem.objectives if name.startswith(BEYOND)][-1]
    goal = goal_named(problem, name)
    allowed = can_be_served(problem)
    able, parts = np.flatnonzero(allowed), shares(problem, allowed)
    time_s, reachable = problem.site_times()
    far = np.where(reachable, time_s, 10**6)[:, able]
    out = nearest(*problem.fixed_times(goal.fixed)).beyond(goal.minutes)
    required = [problem.demands[problem.sites[site].demand].required > 0 for site in able]
    model = MCLP.from_cost_matrix(
        far,
        np.where(out, weights_of(problem, goal), 0),
        service_radius=60 * (threshold(name) or goal.minutes),
        p_facilities=sum(number for _, number in parts),
        predefined_facilities_arr=np.array(required, dtype=int),
    )
    site_of = dict(zip(able.tolist(), model.fac_vars, strict=True))
    if np.isfinite(terms.most_away_s):
        away_s = drives_away(problem)
        total = lpSum(int(away_s[site]) * variable for site, variable in site_of.items())
        model.problem += total <= terms.most_away_s
    for sites, number in parts:
        model.problem += lpSum(site_of[site] for site in sites) == number
    for sites in terms.refused:
        model.problem += lpSum(site_of[site] for site in sites) <= len(sites) - 1
    model.problem.solve(PULP_CBC_CMD(msg=False, timeLimit=max(1.0, seconds)))
    if model.problem.sol_status <= 0:
        return None
    return [site for site, variable in site_of.items() if (variable.value() or 0) > 0.5]
