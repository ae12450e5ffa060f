"""Other ways to a plan where requirements clash: none of them is given up, the means differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tourplan.errors import Repair, listed
from tourplan.export.french import from_place
from tourplan.optimise.mip import Expression
from tourplan.problem import Demand, Problem
from tourplan.spacing import even_gap
from tourplan.study.relaxed import Question
from tourplan.study.widened import moved, other_agencies

AGENCIES = 4
"""Other agencies tried for each one that crews leave from, those nearest to the communes first."""


def other_ways(question: Question, name_of: Callable[[str], str]) -> list[Repair]:
    """Changes of means, each enough by itself: another agency, communes visited more than once.

    Args:
        question: a problem without a plan.
        name_of: the name of a commune by code.
    """
    ways = [_other_agency(question, depot, name_of) for depot in _depots(question.problem)]
    return [way for way in (*ways, _coming_back(question)) if way is not None]


def _depots(problem: Problem) -> list[int]:
    """Where crews leave from."""
    return list(dict.fromkeys(problem.bases[crew.base].depot for crew in problem.crew_weeks))


def _other_agency(question: Question, depot: int, name_of: Callable[[str], str]) -> Repair | None:
    """The first place tried that gives a plan when crews leave from it and not from ``depot``."""
    problem = question.problem
    known = [other for other in _depots(problem) if other != depot]
    others = [*known, *other_agencies(problem, _sites_of(problem, depot))]
    for place in others[: max(AGENCIES, len(known))]:
        if question.over:
            return None
        if question.of(moved(problem, depot, place)).has_plan():
            names = [from_place(name_of(problem.places[place])) for place in (depot, place)]
            change = f"partir {names[1]}, par exemple (agence et depot)"
            return Repair("agency", f"partir {names[0]}", change, True)
    return None


def _sites_of(problem: Problem, depot: int) -> NDArray[np.int64]:
    """The places that the crews of a depot may serve."""
    found = np.zeros(len(problem.sites), dtype=bool)
    for crew in problem.crew_weeks:
        base = problem.bases[crew.base]
        if base.depot == depot:
            found |= problem.open_slots[base.vehicle, :, crew.week].any(axis=(1, 2))
    return problem.site_place[found]


def _coming_back(question: Question) -> Repair | None:
    """The fewest communes visited twice a cycle, instead of once at most, that give a plan."""
    problem = question.problem
    once = [n for n, demand in enumerate(problem.demands) if _may_come_back(problem, n, demand)]
    if not once or problem.weeks < 2:
        return None
    answer = _fewest(question, once)
    if answer is None:
        return None
    twice, proved = answer
    demands = list(problem.demands)
    for number in twice:
        demands[number] = _twice(problem, demands[number])
    again = replace(problem, demands=tuple(demands))
    if not question.of(again, question.tours).has_plan():
        return None
    names = listed(problem.demands[number].name for number in twice)
    some = "l’une d’elles" if len(twice) == 1 else f"{len(twice)} d’entre elles"
    text = "ne passer qu’une fois par cycle dans chaque commune"
    change = f"passer deux fois dans {some}, par exemple {names} (passages_max = 2)"
    return Repair("sessions_of_a_site", text, change, proved)


def _may_come_back(problem: Problem, number: int, demand: Demand) -> bool:
    """Whether a commune is visited once a cycle at most, though several weeks could serve it."""
    weeks = problem.open_slots[:, problem.sites_of(number)].any(axis=(0, 1, 3, 4))
    return demand.allowed == 1 and not demand.pins and int(weeks.sum()) > 1


def _fewest(question: Question, once: list[int]) -> tuple[list[int], bool] | None:
    """The communes to visit twice, and whether fewer cannot do; slots and gaps left aside."""
    problem = question.problem
    model = question.without({"sessions_of_a_site"})
    d = model.decisions
    more = []
    for number, demand in enumerate(problem.demands):
        sites = d.held[problem.sites_of(number)]
        extra = d.mip.variables(1, float(number in once))
        row = np.concatenate([sites, extra])
        d.mip.row(row, np.append(np.ones(len(sites)), -1.0), at_most=demand.allowed)
        more.append(extra)
    fewest = Expression(np.concatenate(more), np.ones(len(more), dtype=np.int64))
    answer = question.ask(model, fewest)
    if answer.values is None:
        return None
    chosen = np.flatnonzero(answer.values[fewest.variables] > 0.5).tolist()
    return chosen, answer.bound == len(chosen)


def _twice(problem: Problem, demand: Demand) -> Demand:
    """A commune that may be visited twice, as far apart as a scenario would ask by default."""
    apart = even_gap(problem.month_weeks, problem.weekdays, 2)
    return replace(demand, allowed=2, gap_days=demand.gap_days if demand.gap_days > 1 else apart)
