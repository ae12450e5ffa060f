"""A plan at hand as values of the variables of a model: where its search starts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tourplan.optimise.budget import Budget
from tourplan.optimise.mip import NOTHING, Expression, Floats
from tourplan.optimise.pricing import Columns
from tourplan.optimise.variables import Decisions, Ints
from tourplan.plan import Day
from tourplan.problem import Problem
from tourplan.timeline import crew_of

Runs = dict[tuple[int, tuple[int, ...]], list[Day]]
"""The days that each crew-week runs at the same sites, one a slot."""


def started(columns: Columns, d: Decisions, days: Sequence[Day], budget: Budget) -> Floats | None:
    """A plan that goes where ``days`` go, as close to mairie hours; ``None`` if there is none.

    Whatever the days keep or break, it keeps every rule of the model: the solver says so.
    """
    runs = _runs(d.problem, days)
    if runs is None:
        return None
    for base in range(len(d.problem.bases)):
        mine = [sites for crew, sites in runs if d.problem.crew_weeks[crew].base == base]
        if mine:
            columns.hold(d, base, np.array(mine, dtype=np.int64))
    same, wanted = d.mip.freed(NOTHING.variables), NOTHING
    others = [d.days()]
    for (crew, sites), held in runs.items():
        tours = d.tours[d.problem.crew_weeks[crew].base]
        rows = np.flatnonzero((tours.site == sites).all(axis=1))
        taken = d.take[crew][rows]
        count = len(held) // d.problem.crew_weeks[crew].repeats
        same.row(taken, 1.0, at_least=count, at_most=count)
        weekdays = [d.problem.weekdays.index(day.weekday) for day in held]
        gained = tours.in_hours[rows][:, weekdays].sum(axis=1)
        wanted = wanted.plus(Expression(taken, -gained))
        others.append(taken)
    every, times = np.unique(np.concatenate(others), return_counts=True)
    out: Ints = every[times == 1]
    none = np.zeros(len(out))
    return same.limited(out, none, none).minimise(wanted, **budget.terms()).values


def _runs(problem: Problem, days: Sequence[Day]) -> Runs | None:
    """Who goes where; ``None`` where the problem does not know them."""
    slots = {slot.name: number for number, slot in enumerate(problem.sessions)}
    where = {(site.code, site.venue): number for number, site in enumerate(problem.sites)}
    found: Runs = {}
    try:
        for day in days:
            sites = [-1] * len(slots)
            for stop in day.stops:
                sites[slots[stop.session]] = where[stop.code, stop.place]
            found.setdefault((crew_of(problem, day), tuple(sites)), []).append(day)
    except KeyError:
        return None
    return found
