"""The least single changes that let a plan serve a commune, each tested."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import ceil

from tourplan.errors import listed
from tourplan.export.french import from_place
from tourplan.hours import WEEKDAYS, duration
from tourplan.plan import Level
from tourplan.problem import Problem
from tourplan.study import explanation as words
from tourplan.study.explanation import Remedy, Unserved
from tourplan.study.force import EFFORT, Kind, Question, least
from tourplan.study.inquiry import Inquiry, first_part, more_half_days, tours_of
from tourplan.study.widened import free_weekday, other_agencies, with_agency
from tourplan.times import LEGAL_WEEK_H

_AGENCIES = 2
"""Agencies tried for one commune: the nearest."""


def with_remedies(
    inquiry: Inquiry, told: Sequence[Unserved], demands: Sequence[int], deadline: float
) -> list[Unserved]:
    """The reasons, with the single changes that would let the plan serve those that it can.

    A change is enough when some plan then serves the commune with every level that counts what a
    tour brings (all but road, cost and shares of work) no worse than the plan's.
    """
    wanted = [_may_be_mended(one) for one in told]
    left, found = sum(wanted), []
    for one, demand, mend in zip(told, demands, wanted, strict=True):
        if mend:
            until = first_part(deadline, left)
            left -= 1
            if not inquiry.question.over(deadline):
                inquiry.progress(f"que faudrait-il pour desservir {one.name} ?")
            found.append(replace(one, remedies=tuple(_remedies(inquiry, demand, one, until))))
        else:
            found.append(one)
    return found


def _may_be_mended(one: Unserved) -> bool:
    clash = one.reason == words.CLASH
    return clash or (one.reason == words.WORSE and one.level not in EFFORT)


Tested = tuple[str, str, Callable[[float], Remedy]]
"""The sort of a change, its words when it is not tested, and its test until a deadline."""


def _remedies(inquiry: Inquiry, demand: int, one: Unserved, deadline: float) -> Iterator[Remedy]:
    """Each single change, tested."""
    kept = [lv for lv in inquiry.question.levels if lv.name not in EFFORT]
    kept = [] if one.reason == words.CLASH else kept
    tests = list(_tests(inquiry, demand, kept))
    for rank, (kind, text, test) in enumerate(tests):
        if inquiry.question.over(deadline):
            yield Remedy(kind, text, None, False)
            continue
        yield test(first_part(deadline, len(tests) - rank))


def _tests(inquiry: Inquiry, demand: int, kept: Sequence[Level]) -> Iterator[Tested]:
    """The single changes that can be tried for a commune."""
    problem, question = inquiry.problem, inquiry.question
    day = free_weekday(problem)
    if day is not None:
        text = f"une demi-journée de plus par semaine ({WEEKDAYS[day]})"
        head = "une demi-journée de plus par semaine"
        others = [(f"{head} ({told})", other) for told, other in more_half_days(problem)]
        yield (
            "demi-journée",
            text,
            lambda until: _any_of(question, others, demand, kept, until, "demi-journée", text),
        )
    if problem.week.min_opening_s:
        yield (
            "ouverture",
            "une ouverture minimale moindre",
            lambda until: _less_opening(question, demand, kept, until),
        )
    yield (
        "travail",
        "plus de travail par semaine",
        lambda until: _more_work(question, demand, kept, until),
    )
    near = _agencies_near(inquiry, demand)
    if near:
        yield (
            "agence",
            "partir d’une autre agence",
            lambda until: _any_of(
                question,
                [
                    (f"partir aussi {from_place(inquiry.place_name(p))}", with_agency(problem, p))
                    for p in near
                ],
                demand,
                kept,
                until,
                "agence",
                f"partir aussi {' ou '.join(from_place(inquiry.place_name(p)) for p in near)}",
            ),
        )
    if any(n != demand and other.required for n, other in enumerate(problem.demands)):
        yield (
            "retrait",
            "ne plus imposer une commune",
            lambda until: _fewer(question, demand, kept, until),
        )


def _agencies_near(inquiry: Inquiry, demand: int) -> list[int]:
    """The nearest agencies to a commune."""
    problem = inquiry.problem
    near = problem.site_place[problem.sites_of(demand)]
    order = other_agencies(problem, near)
    return [place for place in order if place in inquiry.agencies][:_AGENCIES]


def _any_of(
    question: Question,
    changed: Sequence[tuple[str, Problem]],
    demand: int,
    kept: Sequence[Level],
    deadline: float,
    kind: str,
    together: str,
) -> Remedy:
    """The first of some changes that is enough by itself; ``together``: the words of them all."""
    proved = True
    for rank, (text, problem) in enumerate(changed):
        until = first_part(deadline, len(changed) - rank)
        other = replace(question, problem=problem, tours=tours_of(question, problem))
        found = least(other, demand, "rien", kept, until)
        if found.value is not None:
            return Remedy(kind, text, True, True)
        proved &= found.impossible
    return Remedy(kind, together, False if proved else None, proved)


def _less_opening(
    question: Question, demand: int, kept: Sequence[Level], deadline: float
) -> Remedy:
    found = least(question, demand, "ouverture", kept, deadline)
    if not found.value:
        return _not_enough("ouverture", "une ouverture minimale moindre", found.impossible)
    asked = question.problem.week.min_opening_s
    text = f"ouvrir {duration(asked - found.value)} par semaine au lieu de {duration(asked)}"
    return Remedy("ouverture", text, True, found.proved)


def _more_work(question: Question, demand: int, kept: Sequence[Level], deadline: float) -> Remedy:
    found = least(question, demand, "travail", kept, deadline)
    if not found.value:
        return _not_enough("travail", "plus de travail par semaine", found.impossible)
    more = ceil(found.value / 60) * 60
    text = f"travailler {duration(more)} de plus par semaine et par agent"
    if max(agent.max_week_s for agent in question.problem.agents) + more > LEGAL_WEEK_H * 3600:
        text += ", ce que la loi interdit (48 h)"
    return Remedy("travail", text, True, found.proved)


def _fewer(question: Question, demand: int, kept: Sequence[Level], deadline: float) -> Remedy:
    found = least(question, demand, "retrait", kept, deadline)
    if not found.value:
        return _not_enough("retrait", "ne plus imposer d’autre commune", found.impossible)
    names = [question.problem.demands[n].name for n in found.dropped]
    return Remedy("retrait", f"ne plus imposer {listed(names)}", True, found.proved)


def _not_enough(kind: Kind, text: str, impossible: bool) -> Remedy:
    return Remedy(kind, text, False if impossible else None, impossible)
