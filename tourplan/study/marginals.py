"""What a little more means would bring a plan, each solved again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

from tourplan.export.french import capital, from_place
from tourplan.optimise.solve import Infeasible, Solution
from tourplan.plan import Level
from tourplan.problem import Problem
from tourplan.study import explanation as words
from tourplan.study.explanation import Effect, Marginal
from tourplan.study.force import resolve
from tourplan.study.inquiry import Inquiry, first_part, more_half_days, tours_of
from tourplan.study.widened import with_agency, with_longer_day, with_more_work, with_week

MORE_MIN = 15
"""How many more minutes of day, or of weekly work, are tried."""


def marginals(inquiry: Inquiry, deadline: float) -> tuple[Marginal, ...]:
    """What a half-day, a week, minutes or an agency more would bring, each solved again."""
    problem = inquiry.problem
    changes: list[tuple[str, Problem | None]] = []
    half_days = more_half_days(problem)
    changes += [(f"une demi-journée de plus ({told})", other) for told, other in half_days]
    if not half_days:
        changes.append(("une demi-journée de plus", None))
    changes += [
        ("une semaine de plus par mois, avec sa propre tournée", with_week(problem)),
        (
            f"partir {MORE_MIN} min plus tôt",
            with_longer_day(problem, before_s=MORE_MIN * 60),
        ),
        (
            f"revenir {MORE_MIN} min plus tard",
            with_longer_day(problem, after_s=MORE_MIN * 60),
        ),
        (
            f"{MORE_MIN} min de travail de plus par semaine",
            with_more_work(problem, MORE_MIN * 60),
        ),
    ]
    found, parts = [], len(changes) + min(len(inquiry.agencies), len(changes))
    for text, other in changes:
        found.append(_marginal(inquiry, text, other, first_part(deadline, parts)))
        parts -= 1
    if inquiry.agencies:
        found.append(_best_agency(inquiry, deadline))
    return tuple(found)


def _marginal(inquiry: Inquiry, text: str, other: Problem | None, deadline: float) -> Marginal:
    """What one change brings."""
    question, asked, text = inquiry.question, text, capital(text)
    if other is None:
        return Marginal(text, words.UNTESTED, note="il n’en reste plus")
    if question.over(deadline):
        return Marginal(text, words.UNTESTED)
    inquiry.progress(f"et avec plus de moyens : {asked} ?")
    found = resolve(other, tours_of(question, other), deadline, question, inquiry.days)
    if found is None:
        return Marginal(text, words.UNTESTED, note="pas de réponse dans le temps donné")
    if isinstance(found, Infeasible):
        return Marginal(text, words.NO_PLAN, proved=True)
    return _compared(inquiry, text, found)


def _compared(inquiry: Inquiry, text: str, found: Solution) -> Marginal:
    """The levels that a change alters, the first of them deciding whether it is better."""
    effects = []
    gain = 0
    pairs = zip(inquiry.question.levels, found.levels, strict=True)
    for before, after in pairs:
        if before.value != after.value:
            gain = gain or before.sign * (before.value - after.value)
            effects.append(Effect(before.label, before.text, after.text))
    proved = all(level.proved for level in found.levels)
    verdict = words.BETTER if gain > 0 else words.NOTHING
    if gain < 0:
        verdict = words.WORSE if proved else words.NOT_FOUND
    return Marginal(text, verdict, tuple(effects), proved)


def _best_agency(inquiry: Inquiry, deadline: float) -> Marginal:
    """The agency that brings most, of those that time lets try; the nearest are tried first."""
    problem, question = inquiry.problem, inquiry.question
    best: tuple[list[int], str, Solution] | None = None
    tried, proved = 0, True
    asked = inquiry.agencies[: max(1, int((deadline - monotonic()) // max(inquiry.solve_s, 0.1)))]
    for rank, place in enumerate(asked):
        name = inquiry.place_name(place)
        if question.over(deadline):
            break
        inquiry.progress(f"et en partant aussi {from_place(name)} ?")
        other = with_agency(problem, place)
        until = first_part(deadline, len(asked) - rank)
        found = resolve(other, tours_of(question, other), until, question, inquiry.days)
        if not isinstance(found, Solution):
            proved = False
            continue
        tried += 1
        proved &= all(level.proved for level in found.levels)
        worth = _worth(found.levels)
        if best is None or worth < best[0]:
            best = worth, name, found
    count = len(inquiry.agencies)
    note = (
        f"{tried} agence{'s' if tried > 1 else ''} examinée{'s' if tried > 1 else ''} sur {count}"
    )
    if best is None:
        return Marginal("Une agence de plus", words.UNTESTED, note=note)
    _, name, found = best
    one = _compared(
        inquiry, f"Partir aussi {from_place(name)}, la meilleure agence examinée", found
    )
    if one.verdict != words.BETTER:
        one = replace(one, text="Une agence de plus")
    return replace(one, note=note, proved=proved and tried == count)


def _worth(levels: Sequence[Level]) -> list[int]:
    return [level.sign * level.value for level in levels]
