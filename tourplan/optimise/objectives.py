"""The levels as the solver sees them: one function a level, always to be minimised.

Each returns an ``Expression`` whose least value is the level's (its opposite for levels to
maximise), or ``None`` when the level is settled in advance. What a level is worth in a plan is
said by ``tourplan.measures``; ``limit`` is a bound that needs no solver.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tourplan.measures import BEYOND, far_ceiling_s, far_weights
from tourplan.optimise.mip import Expression
from tourplan.optimise.rules import least_beyond, tours_on_days
from tourplan.optimise.variables import Decisions, far_points, site_times
from tourplan.problem import Problem


def required_sessions(d: Decisions) -> Expression:
    """Minus the required sessions held (each capped at what is required)."""
    required = np.array([site.required for site in d.problem.sites])
    wanted = np.flatnonzero(required)
    held = d.mip.variables(len(wanted), required[wanted].astype(float))
    for variable, site in zip(held, wanted, strict=True):
        d.mip.row(np.array([variable, d.served[site]]), np.array([1.0, -1.0]), at_most=0.0)
    return Expression(held, np.full(len(held), -1))


def residents_beyond(d: Decisions, minutes: int) -> Expression:
    """Residents beyond ``minutes`` of every fixed counter and session."""
    points = far_points(d.problem, minutes)
    return Expression(
        d.beyond(minutes), d.problem.resident_weight[points], least_beyond(d.problem, minutes)
    )


def sessions_in_hours(d: Decisions) -> Expression:
    """Minus the half-days within mairie hours."""
    tours_on_days(d)
    calendar = d.open_calendar()
    counts = np.broadcast_to(-calendar.in_hours, calendar.place.shape)
    return Expression(calendar.place.ravel(), counts.ravel())


def mean_access(d: Decisions) -> Expression:
    """Sum of access times of far residents: what fixed counters leave, less what tours save."""
    weights, ceiling = far_weights(d.problem), far_ceiling_s(d.problem)
    time_s, reachable = site_times(d.problem)
    saved = np.where(reachable, np.maximum(ceiling[:, None] - time_s, 0), 0) * weights[:, None]
    variables, coefficients = [], []
    for point in np.flatnonzero(saved.any(axis=1)):
        useful = np.flatnonzero(saved[point])
        chosen = d.mip.variables(len(useful), integer=False)
        for variable, site in zip(chosen, useful, strict=True):
            d.mip.row(np.array([variable, d.served[site]]), np.array([1.0, -1.0]), at_most=0.0)
        d.mip.row(chosen, 1.0, at_most=1.0)
        variables.append(chosen)
        coefficients.append(-saved[point, useful])
    empty = np.empty(0, dtype=np.int64)
    return Expression(
        np.concatenate([empty, *variables]),
        np.concatenate([empty, *coefficients]),
        int((weights * ceiling).sum()),
    )


def driving_time(d: Decisions) -> Expression:
    """Seconds on the road."""
    return Expression(d.take.ravel(), np.tile(d.tours.drive_s, d.problem.weeks))


def driving_distance(d: Decisions) -> Expression:
    """Metres on the road."""
    return Expression(d.take.ravel(), np.tile(d.tours.drive_m, d.problem.weeks))


def opening(d: Decisions) -> Expression:
    """Minus the seconds open to the public."""
    steps = np.full(len(d.trimmed), d.problem.day.grid_s)
    return Expression(
        np.concatenate([d.take.ravel(), d.trimmed]),
        np.concatenate([np.tile(-d.tours.open_s, d.problem.weeks), steps]),
    )


_BUILDERS: dict[str, Callable[[Decisions], Expression]] = {
    "passages": required_sessions,
    "heures_mairie": sessions_in_hours,
    "acces_moyen": mean_access,
    "route": driving_time,
    "km": driving_distance,
    "ouverture": opening,
}


def build(d: Decisions, name: str) -> Expression:
    """The expression of the level called ``name``, to be minimised."""
    if name.startswith(BEYOND):
        return residents_beyond(d, int(name.removeprefix(BEYOND)))
    return _BUILDERS[name](d)


def limit(problem: Problem, name: str) -> int | None:
    """A value (to be minimised) no plan beats, known without solving; ``None`` if there is none.

    Access levels: every site served. Sessions: every slot used.
    """
    if name.startswith(BEYOND):
        return least_beyond(problem, int(name.removeprefix(BEYOND)))
    if name == "acces_moyen":
        time_s, reachable = site_times(problem)
        ceiling = far_ceiling_s(problem)
        best = np.where(reachable, time_s, ceiling[:, None]).min(
            axis=1, initial=ceiling.max(initial=0)
        )
        return int((np.minimum(best, ceiling) * far_weights(problem)).sum())
    if name == "passages":
        return -sum(site.required for site in problem.sites)
    if name == "heures_mairie":
        return -problem.weeks * len(problem.weekdays) * len(problem.sessions)
    return None
