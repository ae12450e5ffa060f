"""The rules of a plan that bind several days: one function a rule.

Rules of a single day are kept by ``daytours``. Each rule here has a twin in ``verify``.
``RULES`` reads as their table of contents; explanations solve again with some left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from math import floor

import numpy as np

from tourplan.access import nearest
from tourplan.measures import weights_of
from tourplan.optimise.mip import NOTHING, Expression
from tourplan.optimise.profiles import watched_demands
from tourplan.optimise.variables import Decisions, Ints, far_points, sites_within
from tourplan.problem import AccessGoal, Problem
from tourplan.spacing import Cell, month_days, windows


def one_day_tour_a_day(d: Decisions) -> None:
    """A vehicle runs at most one day tour on a weekday; where any day will do, count them."""
    if days_alike(d):
        days = d.total("days")
        for _, _, crews in vehicle_weeks(d):
            goers = d.problem.crew_weeks[crews[0]]
            d.mip.bound(days.expression(crews), at_most=len(goers.weekdays) * goers.count)
    else:
        tours_on_days(d)


def days_alike(d: Decisions) -> bool:
    """Whether, as far as rules can tell, a vehicle's tours may take any day of its week.

    Tours that the model does not hold yet may: what they are allowed follows from the facts.
    """
    problem, crews = d.problem, d.problem.crew_weeks
    masks = {(problem.bases[crew.base].vehicle, crew.week) for crew in crews}
    if problem.hours_rule == "imposes" or not all(
        problem.open_slots[v, :, w].all() for v, w in masks
    ):
        return False
    same = all(
        len({d.problem.crew_weeks[c].weekdays for c in mine}) == 1
        for _, _, mine in vehicle_weeks(d)
    )
    return same and not any(_torn(d, *found) for found in agent_weeks(d.problem))


def _torn(d: Decisions, agent: int, _: int, __: Ints, vehicles: frozenset[int]) -> bool:
    """Whether an agent could be wanted in more vehicles on a day than they can be in."""
    return len(vehicles) > d.problem.agents[agent].vehicles_a_day


def tours_on_days(d: Decisions) -> None:
    """Every tour taken has a weekday that suits it, its vehicle and its agents, for itself alone.

    Not in ``RULES``: called once, by the first rule or level that looks at weekdays.
    """
    if d.calendar is not None:
        return
    calendar = d.open_calendar()
    for _, _, crews in vehicle_weeks(d):
        calendar.one_a_day(d, crews, d.problem.crew_weeks[crews[0]].count)
    for crews, weeks in d.depot_weeks:
        calendar.one_a_day(d, crews, 0, weeks)
    for found in agent_weeks(d.problem):
        if _torn(d, *found):
            calendar.one_a_day(d, found[2], d.problem.agents[found[0]].vehicles_a_day)


def vehicle_weeks(d: Decisions) -> Iterator[tuple[int, int, Ints]]:
    """(vehicle, week of the cycle, crew-weeks) for each week in which a vehicle can go out."""
    crews = d.problem.crew_weeks
    for vehicle, week in sorted({(crew.vehicle, crew.week) for crew in crews}):
        yield vehicle, week, d.crews(vehicle=vehicle, week=week)


def agent_weeks(problem: Problem) -> Iterator[tuple[int, int, Ints, frozenset[int]]]:
    """(agent, week of the month, crew-weeks that hold them then, vehicles of these)."""
    for agent in range(len(problem.agents)):
        for week, months in enumerate(problem.month_weeks):
            for number, month_week in enumerate(months):
                rows = [
                    row
                    for row, crew in enumerate(problem.crew_weeks)
                    if crew.week == week and agent in crew.teams[number]
                ]
                vehicles = frozenset(problem.crew_weeks[row].vehicle for row in rows)
                if rows:
                    yield agent, month_week, np.array(rows, dtype=np.int64), vehicles


def one_depot_a_week(d: Decisions) -> None:
    """A vehicle starts and ends every day of a week at the same depot.

    Where several weeks are decided together, so many of them take each depot: its days, on each
    weekday too, its work and its opening are then those of so many weeks.
    """
    days = d.total("days")
    for _, _, crews in vehicle_weeks(d):
        depots = np.array([d.problem.bases[d.problem.crew_weeks[c].base].depot for c in crews])
        different = np.unique(depots)
        if len(different) < 2:
            continue
        count = d.problem.crew_weeks[crews[0]].count
        weeks = d.mip.variables(len(different), float(count))
        d.mip.row(weeks, 1.0, at_most=count)
        for taken, depot in zip(weeks, different, strict=True):
            mine = crews[depots == depot]
            most = max(len(d.problem.crew_weeks[c].weekdays) for c in mine)
            d.mip.bound(days.expression(mine).plus(_times(taken, -most)), at_most=0.0)
            d.depot_weeks.append((mine, int(taken)))


def _times(variable: int, factor: int) -> Expression:
    """A variable times a whole number."""
    return Expression(np.array([variable]), np.array([factor]))


def sessions_of_a_site(d: Decisions) -> None:
    """A commune holds no more sessions than it allows, over all its sites."""
    for number, demand in enumerate(d.problem.demands):
        sites = d.problem.sites_of(number)
        d.once[number] = demand.allowed == 1
        if len(sites):
            d.mip.row(d.held[sites], 1.0, at_most=demand.allowed)


def required_sessions(d: Decisions) -> None:
    """Required communes have their sessions."""
    for number, demand in enumerate(d.problem.demands):
        if demand.required:
            sites = d.problem.sites_of(number)
            d.mip.row(d.held[sites], 1.0, at_least=demand.required)
            d.need(np.isin(np.arange(len(d.held)), sites)[None])


def pinned_sessions(d: Decisions) -> None:
    """Sessions that the user pins are held."""
    for number, demand in enumerate(d.problem.demands):
        for pin in demand.pins:
            tours_on_days(d)
            d.open_calendar().pin(d, number, pin)


def spread_sessions(d: Decisions) -> None:
    """Sessions of a commune are far enough apart, and near enough where that is asked."""
    watched = watched_demands(d.problem)
    for number, demand in enumerate(d.problem.demands):
        if number not in watched or demand.allowed < 2:
            continue
        tours_on_days(d)
        held = d.held_at(number)
        for window in windows(_month_days(d), demand.gap_days):
            d.mip.row(np.concatenate([held[cell] for cell in sorted(window)]), 1.0, at_most=1.0)
        if demand.gap_most_days is not None:
            _near_enough(d, number, demand.gap_most_days)


def _month_days(d: Decisions) -> list[tuple[int, Cell]]:
    return month_days(d.problem.month_weeks, d.problem.weekdays)


def _near_enough(d: Decisions, number: int, days: int) -> None:
    """A commune that is served at all is served in every window of so many days."""
    held, sites = d.held_at(number), d.problem.sites_of(number)
    allowed = d.problem.demands[number].allowed
    for window in windows(_month_days(d), days, after=True):
        cells = [NOTHING.variables, *(held[cell] for cell in sorted(window))]
        chosen = np.concatenate([*cells, d.held[sites]])
        inside = len(chosen) - len(sites)
        weights = np.append(np.full(inside, float(allowed)), np.full(len(sites), -1.0))
        d.mip.row(chosen, weights, at_least=0.0)


def same_slot(d: Decisions) -> None:
    """A commune keeps the same weekday and half-day from one week to the next."""
    for number, demand in enumerate(d.problem.demands):
        if demand.allowed < 2 or not demand.same_slot:
            continue
        tours_on_days(d)
        held = d.held_at(number)
        chosen = d.mip.variables(held[0].size)
        d.mip.row(chosen, 1.0, at_most=1.0)
        for week in held:
            for variable, slot in zip(week.ravel(), chosen, strict=True):
                d.mip.row(np.array([variable, slot]), np.array([1.0, -1.0]), at_most=0.0)


def leeway(d: Decisions, most_s: int, step_s: int) -> Expression:
    """Seconds by which a rule may be missed, ``most_s`` at most, in whole steps: a new variable."""
    steps = d.mip.variables(1, float(-(-most_s // step_s)))
    return Expression(steps, np.array([step_s], dtype=np.int64))


def weekly_opening(d: Decisions, missing: Expression = NOTHING) -> None:
    """Each vehicle opens enough hours a week, but for ``missing`` seconds."""
    opened = d.total("open_s")
    for crews, weeks in d.depot_weeks:
        less = Expression(d.trimmed[crews], np.full(len(crews), -d.problem.day.grid_s))
        least = _times(weeks, -d.problem.week.min_opening_s)
        d.mip.bound(opened.expression(crews).plus(less, missing, least), at_least=0.0)
    for _, _, crews in vehicle_weeks(d):
        less = Expression(d.trimmed[crews], np.full(len(crews), -d.problem.day.grid_s))
        d.mip.bound(
            opened.expression(crews).plus(less, missing),
            at_least=d.problem.week.min_opening_s * d.problem.crew_weeks[crews[0]].count,
        )


def weekly_work(d: Decisions, extra: Expression = NOTHING) -> None:
    """No agent works more than their week allows, but for ``extra`` seconds."""
    known = set()
    for agent, _, crews, _ in agent_weeks(d.problem):
        most = d.problem.agents[agent].max_week_s
        _weekly_work_from_depots(d, crews, most, extra)
        if (most, crews.tobytes()) in known:
            continue
        known.add((most, crews.tobytes()))
        count = d.problem.crew_weeks[crews[0]].count
        d.mip.bound(work_of(d, crews).plus(extra.minus()), at_most=most * count)


def _weekly_work_from_depots(d: Decisions, crews: Ints, most: int, extra: Expression) -> None:
    """An agent works from a depot only in the weeks that take it: no new rule, a tighter one."""
    for from_depot, weeks in d.depot_weeks:
        mine = np.intersect1d(crews, from_depot)
        if mine.size:
            d.mip.bound(work_of(d, mine).plus(_times(weeks, -most), extra.minus()), at_most=0.0)


def work_of(d: Decisions, crews: Ints) -> Expression:
    """Seconds of work of some crew-weeks, what is trimmed left out."""
    less = Expression(d.trimmed[crews], np.full(len(crews), -d.problem.day.grid_s))
    return d.total("work_s").expression(crews).plus(less)


def trimming_keeps_minimum(d: Decisions) -> None:
    """Openings cut to respect the week's work keep every session at its minimum."""
    spare = d.total("slack_s")
    for crew, trimmed in enumerate(d.trimmed):
        less = Expression(np.array([trimmed]), np.array([-d.problem.day.grid_s]))
        d.mip.bound(spare.expression([crew]).plus(less), at_least=0.0)


def imposed_goals(d: Decisions) -> None:
    """Imposed access goals hold."""
    for goal in d.problem.goals:
        if goal.imposed:
            points, left_out = d.beyond(goal)
            room = allowed_beyond(d.problem, goal) - least_beyond(d.problem, goal)
            d.mip.row(left_out, weights_of(d.problem, goal)[points], at_most=room)
            if room == 0:
                d.need(sites_within(d.problem, points, goal.minutes))


def allowed_beyond(problem: Problem, goal: AccessGoal) -> int:
    """Most residents that a goal leaves beyond its minutes."""
    share = 100.0 if goal.share_pct is None else goal.share_pct
    return floor(int(weights_of(problem, goal).sum()) * (100 - share) / 100 + 1e-9)


def least_beyond(problem: Problem, goal: AccessGoal) -> int:
    """Residents whom neither the goal's fixed counters nor any site brings within it."""
    beyond = nearest(*problem.fixed_times(goal.fixed)).beyond(goal.minutes)
    helped = far_points(problem, goal)
    beyond[helped] = False
    return int(weights_of(problem, goal)[beyond].sum())


RULES: dict[str, Callable[[Decisions], None]] = {
    "one_depot_a_week": one_depot_a_week,
    "one_day_tour_a_day": one_day_tour_a_day,
    "sessions_of_a_site": sessions_of_a_site,
    "trimming_keeps_minimum": trimming_keeps_minimum,
    "required_sessions": required_sessions,
    "pinned_sessions": pinned_sessions,
    "spread_sessions": spread_sessions,
    "same_slot": same_slot,
    "weekly_opening": weekly_opening,
    "weekly_work": weekly_work,
    "imposed_goals": imposed_goals,
}


def add_rules(d: Decisions, without: Collection[str] = ()) -> None:
    """Add every rule but those named in ``without``."""
    for name, rule in RULES.items():
        if name not in without:
            rule(d)
