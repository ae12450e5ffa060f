"""The levels as the solver sees them: one function a level, always to be minimised.

Each returns an ``Expression`` whose least value is the level's (its opposite for levels to
maximise). What a level is worth in a plan is said by ``tourplan.measures``; ``limit`` is a bound
that needs no solver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tourplan.hours import DAY_S
from tourplan.measures import (
    far_ceiling_s,
    far_weights,
    fixed_access,
    goal_named,
    people_by_area,
    weights_of,
)
from tourplan.optimise.mip import NOTHING, Expression, unit_of
from tourplan.optimise.rules import (
    agent_weeks,
    least_beyond,
    tours_on_days,
    work_of,
)
from tourplan.optimise.variables import Decisions, Ints, far_points, sites_within
from tourplan.problem import AccessGoal, Problem
from tourplan.timeline import whole_minute


def required_sessions(d: Decisions) -> Expression:
    """Minus the required sessions held (each commune capped at what is required)."""
    held, counts = [NOTHING.variables], []
    for number, demand in enumerate(d.problem.demands):
        if demand.required:
            variable = d.mip.variables(1, float(demand.required))
            sites = d.held[d.problem.sites_of(number)]
            d.mip.row(np.append(variable, sites), np.append(1.0, -np.ones(len(sites))), at_most=0.0)
            held.append(variable)
            counts.append(-demand.counts)
    return Expression(np.concatenate(held), np.array(counts, dtype=np.int64))


def residents_beyond(d: Decisions, goal: AccessGoal) -> Expression:
    """Residents beyond a goal's minutes of every fixed counter and session that count for it."""
    points, left_out = d.beyond(goal)
    return Expression(left_out, weights_of(d.problem, goal)[points], least_beyond(d.problem, goal))


def sessions_in_hours(d: Decisions) -> Expression:
    """Minus the half-days within mairie hours."""
    return _placed(d, "in_hours")


def sessions_on_market_days(d: Decisions) -> Expression:
    """Minus the half-days on their commune's market day."""
    return _placed(d, "market")


def _placed(d: Decisions, figure: str) -> Expression:
    """Minus the sum, over tours and the days they get, of a figure of their profiles."""
    tours_on_days(d)
    count = d.open_calendar().count(d, figure)
    return Expression(np.array([count]), np.array([-1]))


def mean_access(d: Decisions) -> Expression:
    """Sum of access times of far residents: what fixed counters leave, less what tours save."""
    weights, ceiling = far_weights(d.problem), far_ceiling_s(d.problem)
    time_s, reachable = d.problem.site_times()
    saved = np.where(reachable, np.maximum(ceiling[:, None] - time_s, 0), 0)
    saved = _added_up(saved[weights > 0], weights[weights > 0])
    variables, coefficients = [], []
    for point in np.flatnonzero(saved.any(axis=1)):
        useful = np.flatnonzero(saved[point])
        chosen = d.mip.variables(len(useful), integer=False)
        for variable, site in zip(chosen, useful, strict=True):
            d.mip.row(np.array([variable, d.held[site]]), np.array([1.0, -1.0]), at_most=0.0)
        d.mip.row(chosen, 1.0, at_most=1.0)
        variables.append(chosen)
        coefficients.append(-saved[point, useful])
    return Expression(
        np.concatenate([NOTHING.variables, *variables]),
        np.concatenate([NOTHING.coefficients, *coefficients]),
        int((weights * ceiling).sum()),
    )


def _added_up(saved: Ints, weights: Ints) -> Ints:
    """What all residents of points that save alike save: one row each, as they first come."""
    rows, first, group = np.unique(saved, axis=0, return_index=True, return_inverse=True)
    people = np.zeros(len(rows), dtype=np.int64)
    np.add.at(people, group.ravel(), weights)
    order = np.argsort(first, kind="stable")
    summed: Ints = (rows * people[:, None])[order]
    return summed


def worst_access(d: Decisions) -> Expression:
    """Seconds to the nearest counter of the residents worst served.

    One variable a step between the times that can be the worst, as Elloumi, Labbé and Pochet
    (2004) do for the p-center problem: 1 where some point is left at or beyond that time.
    """
    problem = d.problem
    time_s, reachable = problem.site_times()
    ceiling, best = worst_range(problem)
    lowest = int(best.max(initial=0))
    times = np.unique(np.append(time_s[reachable], ceiling))
    times = times[(times > lowest) & (times <= int(ceiling.max(initial=0)))]
    steps = d.mip.variables(len(times))
    starts = np.append(lowest, times[:-1]) if len(times) else times
    for step, start in zip(steps, starts, strict=True):
        near = reachable & (time_s <= start)
        # Points with the same sites within reach give the same row.
        rows = np.unique(near[(ceiling > start) & (best <= start)], axis=0)
        for row in rows:
            chosen = np.append(d.held[row], step)
            d.mip.row(chosen, 1.0, at_least=1.0)
    return Expression(steps, (times - starts).astype(np.int64), lowest)


def worst_range(problem: Problem) -> tuple[Ints, Ints]:
    """Seconds from each inhabited point to a counter: with fixed ones alone, with every site.

    Points that no counter nor site is reachable from are left out; those that no fixed counter is
    reachable from count the longest time of all.
    """
    time_s, reachable = problem.site_times()
    ceiling = far_ceiling_s(problem)
    best = np.where(reachable, np.minimum(time_s, ceiling[:, None]), ceiling[:, None])
    lived_in = problem.resident_weight > 0
    least = best.min(axis=1, initial=int(ceiling.max(initial=0)))
    return np.where(lived_in, ceiling, 0), np.where(lived_in, least, 0)


def driving_time(d: Decisions) -> Expression:
    """Seconds on the road."""
    return d.over_cycle("drive_s")


def driving_distance(d: Decisions) -> Expression:
    """Metres on the road."""
    return d.over_cycle("drive_m")


def cost(d: Decisions) -> Expression:
    """Millionths of a euro spent on the road."""
    return _by_vehicle(d, "cost_ueur_m")


def emissions(d: Decisions) -> Expression:
    """Millionths of a gram of CO₂ emitted on the road."""
    return _by_vehicle(d, "emissions_ug_m")


def _by_vehicle(d: Decisions, figure: str) -> Expression:
    """Metres of each vehicle times a figure of it."""
    metres = d.total("drive_m")
    found = [
        metres.expression(
            [crew], goers.repeats * getattr(d.problem.vehicles[goers.vehicle], figure)
        )
        for crew, goers in enumerate(d.problem.crew_weeks)
    ]
    return NOTHING.plus(*found)


def opening(d: Decisions) -> Expression:
    """Minus the seconds open to the public."""
    repeats = np.array([crew.repeats for crew in d.problem.crew_weeks], dtype=np.int64)
    cut = Expression(d.trimmed, d.problem.day.grid_s * repeats)
    return d.over_cycle("open_s", -1).plus(cut)


def agents_apart(d: Decisions) -> Expression:
    """Seconds of work in a month between the agent who works most and the one who works least."""
    return _spread(d, lambda crews: work_of(d, crews))


def early_and_late_apart(d: Decisions) -> Expression:
    """Early starts and late returns in a month, between the agents with most and with least."""
    early, late = d.total("early"), d.total("late")
    return _spread(d, lambda crews: early.expression(crews).plus(late.expression(crews)))


def may_be_early_or_late(problem: Problem) -> bool:
    """Whether some day of one crew or another could start early or come back late."""
    rules, slots = problem.day, problem.sessions
    opens_s = min((slot.opening_s for slot in slots), default=problem.early_s + DAY_S)
    closes_s = max((slot.closing_s for slot in slots), default=0)
    depots = np.array([base.depot for base in problem.bases], dtype=np.int64)
    there = np.ix_(depots, problem.site_place)
    out_s = whole_minute(int(problem.time_s[there].max(initial=0)))
    back_s = whole_minute(int(problem.time_s.T[there].max(initial=0)))
    return (
        opens_s - rules.setup_s - out_s < problem.early_s
        or closes_s + rules.packing_s + back_s > problem.late_s
    )


def _spread(d: Decisions, burden: Callable[[Ints], Expression]) -> Expression:
    """The most less the least that agents have of a burden in a month."""
    months: dict[int, list[Expression]] = {}
    for agent, _, crews, _ in agent_weeks(d.problem):
        months.setdefault(agent, []).append(burden(crews))
    if not months:  # nobody can go: nothing would bind the two variables below
        return NOTHING
    most, least = d.mip.variables(2, np.inf, integer=False)
    for weeks in months.values():
        mine = NOTHING.plus(*weeks)
        d.mip.bound(mine.plus(Expression(np.array([most]), np.array([-1]))), at_most=0.0)
        d.mip.bound(mine.plus(Expression(np.array([least]), np.array([-1]))), at_least=0.0)
    return Expression(np.array([most, least]), np.array([1, -1]))


def areas_apart(d: Decisions) -> Expression:
    """Of ten thousand residents, those left far in the area that has most of them, rounded down."""
    goal = goal_named(d.problem, f"habitants_au_dela_{d.problem.far_s // 60}")
    points, left_out = d.beyond(goal)
    weight, area_of = d.problem.resident_weight, d.problem.resident_area
    hopeless = fixed_access(d.problem).beyond(goal.minutes)
    hopeless[points] = False
    lost = people_by_area(d.problem, hopeless)
    worst = d.mip.variables(1, 10_000.0)
    for area, people in enumerate(people_by_area(d.problem, np.ones(len(weight), dtype=bool))):
        if not people:  # its share is 0: the row, rounded down, would forbid every plan
            continue
        inside = area_of[points] == area
        beyond = Expression(
            left_out[inside], 10_000 * weight[points[inside]], 10_000 * int(lost[area])
        )
        share = Expression(worst, np.array([-int(people)]))
        d.mip.bound(beyond.plus(share), at_most=int(people) - 1)
    return Expression(worst, np.ones(1, dtype=np.int64))


_BUILDERS: dict[str, Callable[[Decisions], Expression]] = {
    "passages": required_sessions,
    "heures_mairie": sessions_in_hours,
    "marches": sessions_on_market_days,
    "acces_moyen": mean_access,
    "acces_pire": worst_access,
    "route": driving_time,
    "km": driving_distance,
    "cout": cost,
    "co2": emissions,
    "ouverture": opening,
    "equite_agents": agents_apart,
    "equite_horaires": early_and_late_apart,
    "equite_communes": areas_apart,
}


def build(d: Decisions, name: str) -> Expression:
    """The expression of the level called ``name``, to be minimised."""
    if name in _BUILDERS:
        return _BUILDERS[name](d)
    return residents_beyond(d, goal_named(d.problem, name))


def at_most_rows(d: Decisions, limits: Mapping[str, int]) -> None:
    """Keep some levels no worse than a value, as they are minimised."""
    for name, value in limits.items():
        level = build(d, name)
        d.mip.keep(level, value - (value - level.constant) % unit_of(level))


def keep(d: Decisions, name: str, level: Expression, value: int) -> None:
    """Plans are worth ``value`` at most on a level; where nobody may be left, all are reached."""
    d.mip.keep(level, value)
    if name in _BUILDERS:
        return
    goal = goal_named(d.problem, name)
    if goal.sessions == 1 and value == least_beyond(d.problem, goal):
        d.need(sites_within(d.problem, far_points(d.problem, goal), goal.minutes))


def limit(problem: Problem, name: str) -> int | None:
    """A value (to be minimised) no plan beats, known without solving; ``None`` if there is none.

    Access levels: every site served. Sessions: every slot used.
    """
    if name in _BUILDERS:
        known = _LIMITS.get(name)
        return known(problem) if known else None
    return least_beyond(problem, goal_named(problem, name))


def _least_mean_access(problem: Problem) -> int:
    time_s, reachable = problem.site_times()
    ceiling = far_ceiling_s(problem)
    best = np.where(reachable, time_s, ceiling[:, None]).min(axis=1, initial=ceiling.max(initial=0))
    return int((np.minimum(best, ceiling) * far_weights(problem)).sum())


def _most_slots(problem: Problem) -> int:
    days = {
        (crew.vehicle, crew.week, day): crew.count * crew.repeats
        for crew in problem.crew_weeks
        for day in crew.weekdays
    }
    return sum(days.values()) * len(problem.sessions)


_LIMITS: dict[str, Callable[[Problem], int]] = {
    "passages": lambda problem: -sum(d.required * d.counts for d in problem.demands),
    "heures_mairie": lambda problem: -_most_slots(problem),
    "marches": lambda problem: -_most_slots(problem),
    "acces_moyen": _least_mean_access,
    "acces_pire": lambda problem: int(worst_range(problem)[1].max(initial=0)),
    "equite_agents": lambda _: 0,
    "equite_horaires": lambda _: 0,
}
