"""The rules of a plan that bind several days: one function a rule.

Rules of a single day are kept by ``daytours``. Each rule here has a twin in ``verify``.
``RULES`` reads as their table of contents; explanations solve again with some left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from math import floor

import numpy as np

from tourplan.access import nearest
from tourplan.optimise.variables import Decisions, Ints, far_points
from tourplan.problem import AccessGoal, Problem

NOTHING: Ints = np.empty(0, dtype=np.int64)


def one_day_tour_a_day(d: Decisions) -> None:
    """A crew runs at most one day tour on a weekday; where any day will do, count them."""
    if d.tours.allowed.all():
        for week in range(d.problem.weeks):
            d.mip.row(d.take[week], 1.0, at_most=len(d.problem.weekdays))
    else:
        tours_on_days(d)


def tours_on_days(d: Decisions) -> None:
    """Every tour taken has a weekday that suits it, for itself alone.

    Not in ``RULES``: called once, by the first rule or level that looks at weekdays.
    """
    if d.calendar is not None:
        return
    calendar = d.open_calendar()
    members = [np.flatnonzero(calendar.profile == p) for p in range(len(calendar.in_hours))]
    for week in range(d.problem.weeks):
        for profile, mine in enumerate(members):
            taken, placed = d.take[week, mine], calendar.place[week, profile]
            d.mip.row(
                np.concatenate([taken, placed]),
                np.concatenate([np.ones(len(taken)), -np.ones(len(placed))]),
                at_least=0.0,
                at_most=0.0,
            )
        for day in range(len(d.problem.weekdays)):
            d.mip.row(calendar.place[week, :, day], 1.0, at_most=1.0)


def sessions_of_a_site(d: Decisions) -> None:
    """A site holds the sessions of the tours that stop there, and no more than allowed."""
    for number, served in enumerate(d.served):
        taken = d.taking(d.tours.serving(number))
        d.mip.row(
            np.append(taken, served),
            np.append(np.ones(len(taken)), -1.0),
            at_least=0.0,
            at_most=0.0,
        )


def required_sessions(d: Decisions) -> None:
    """Required communes have their sessions."""
    for served, site in zip(d.served, d.problem.sites, strict=True):
        if site.required:
            d.mip.row(np.array([served]), 1.0, at_least=site.required)


def weekly_opening(d: Decisions, missing: Ints = NOTHING) -> None:
    """The counter opens enough hours every week, but for ``missing`` seconds (a variable)."""
    for week in range(d.problem.weeks):
        d.mip.row(
            np.concatenate([d.take[week], d.trimmed[[week]], missing]),
            np.concatenate([d.tours.open_s, [-d.problem.day.grid_s], np.ones(len(missing))]),
            at_least=d.problem.week.min_opening_s,
        )


def weekly_work(d: Decisions, extra: Ints = NOTHING) -> None:
    """No agent works more than the week allows, but for ``extra`` seconds (a variable)."""
    for week in range(d.problem.weeks):
        d.mip.row(
            np.concatenate([d.take[week], d.trimmed[[week]], extra]),
            np.concatenate([d.tours.work_s, [-d.problem.day.grid_s], -np.ones(len(extra))]),
            at_most=d.problem.week.max_work_s,
        )


def trimming_keeps_minimum(d: Decisions) -> None:
    """Openings cut to respect the week's work keep every session at its minimum."""
    for week in range(d.problem.weeks):
        d.mip.row(
            np.append(d.take[week], d.trimmed[week]),
            np.append(d.tours.slack_s, -d.problem.day.grid_s),
            at_least=0.0,
        )


def imposed_goals(d: Decisions) -> None:
    """Imposed access goals hold."""
    for goal in d.problem.goals:
        if goal.imposed:
            points = far_points(d.problem, goal.minutes)
            weights = d.problem.resident_weight[points]
            hopeless = least_beyond(d.problem, goal.minutes)
            d.mip.row(
                d.beyond(goal.minutes),
                weights,
                at_most=allowed_beyond(d.problem, goal) - hopeless,
            )


def allowed_beyond(problem: Problem, goal: AccessGoal) -> int:
    """Most residents that a goal leaves beyond its minutes."""
    share = 100.0 if goal.share_pct is None else goal.share_pct
    return floor(int(problem.resident_weight.sum()) * (100 - share) / 100 + 1e-9)


def least_beyond(problem: Problem, minutes: int) -> int:
    """Residents beyond ``minutes`` even if every site were served."""
    counters = np.concatenate([problem.fixed_place, problem.site_place])
    cells = np.ix_(problem.resident_place, counters)
    beyond = nearest(problem.time_s[cells], problem.reachable[cells]).beyond(minutes)
    return int(problem.resident_weight[beyond].sum())


RULES: dict[str, Callable[[Decisions], None]] = {
    "one_day_tour_a_day": one_day_tour_a_day,
    "sessions_of_a_site": sessions_of_a_site,
    "trimming_keeps_minimum": trimming_keeps_minimum,
    "required_sessions": required_sessions,
    "weekly_opening": weekly_opening,
    "weekly_work": weekly_work,
    "imposed_goals": imposed_goals,
}


def add_rules(d: Decisions, without: Collection[str] = ()) -> None:
    """Add every rule but those named in ``without``."""
    for name, rule in RULES.items():
        if name not in without:
            rule(d)
