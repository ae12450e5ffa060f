"""How much longer each day's drives may be before a plan, at its announced hours, breaks a rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tourplan.errors import listed
from tourplan.export.french import capital
from tourplan.export.words import day_name
from tourplan.hours import duration
from tourplan.measures import number
from tourplan.plan import Day, Plan
from tourplan.problem import Problem
from tourplan.timeline import Opening, crew_of, driven_day, legs_of, openings_of
from tourplan.verify import Violation, verify

AS_THEY_ARE, MOST = 1_000, 5_000
"""Thousandths of the drives: today's, and where the search ends."""
DRAWS, DAY_DRAWS, SEED = 1_000, 20_000, 20211101
"""Draws at most, days drawn at most in all, and the seed of the draws."""
MOST_TOLD, FEW_TOLD = 10, 5
"""Days that are all told in sentences; of more, those that bear least."""
MARGIN, WEAKEST = "marge de la journée", "journée la plus fragile"
DAY_HELD, PLAN_HELD = "tirages où la journée tient", "tirages où tout le plan tient"
_OF_THE_TABLE = ("drive", "arrival")
"""Rules that hold drives against the table of times: those of drives that differ are left out."""


@dataclass(frozen=True, eq=False)
class DayMargin:
    """A day of a plan, and what it bears.

    Attributes:
        day: the day.
        bears: the most its drives may be multiplied by, in thousandths, with every rule kept; its
            own drives alone change. ``None``: five times as long, at least.
        beyond: the rules that the next thousandth breaks.
        held: the draws in which it keeps the rules of a day.
    """

    day: Day
    bears: int | None
    beyond: tuple[Violation, ...]
    held: int

    @property
    def more_pct(self) -> float | None:
        """How much longer its drives may be, in per cent."""
        return None if self.bears is None else (self.bears - AS_THEY_ARE) / 10

    @property
    def more_s(self) -> int | None:
        """How much longer its drives may be, in seconds of all of them."""
        return None if self.bears is None else self.day.drive_s * (self.bears - AS_THEY_ARE) // 1000


@dataclass(frozen=True, eq=False)
class Fragility:
    """Every day of a plan, and the draws.

    Attributes:
        plan: the plan.
        days: in the order of the plan.
        pct: half-width of the draws, in per cent of each drive.
        draws: how many.
        held: those in which the whole plan keeps every rule.
    """

    plan: Plan
    days: tuple[DayMargin, ...]
    pct: int
    draws: int
    held: int

    @property
    def weakest(self) -> tuple[DayMargin, ...]:
        """The days that bear least; several where they bear as much; none if all bear anything."""
        known = [margin.bears for margin in self.days if margin.bears is not None]
        return tuple(margin for margin in self.days if known and margin.bears == min(known))

    def rows(self) -> Iterator[tuple[str, ...]]:
        """What each day bears, the weakest, the draws: rows of ``sensibilite.csv``."""
        yield from _margin_rows(self)

    def sentences(self) -> list[str]:
        """The weakest day, what each bears, in how many draws it holds; details set back."""
        return _margin_sentences(self)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data under French keys."""
        return _margin_data(self)


@dataclass(frozen=True, eq=False)
class _Held:
    """A day as it can be timed again with other drives; ``others``: the rest of its week."""

    day: Day
    crew: int
    openings: tuple[Opening, ...]
    drives_s: NDArray[np.int64]
    metres: tuple[int, ...]
    others: tuple[Day, ...]

    def driven(self, problem: Problem, drives_s: NDArray[np.int64]) -> Day:
        """The day, at its announced hours, when its drives take so long."""
        legs = list(zip(drives_s.tolist(), self.metres, strict=True))
        return driven_day(problem, self.crew, self.day.weekday, self.openings, legs)


def fragility(problem: Problem, plan: Plan, pct: int) -> Fragility:
    """What each day of a plan bears, at its announced hours.

    First the largest factor on all of a day's drives, those of the other days staying, to the
    thousandth: longer drives only ever break more rules, so it is found by halving. Then draws:
    each drive of each day takes a time of its own, anything from ``pct`` per cent less to as much
    more being as likely (assumed). Drives are rounded to the nearest second, halves up.

    Args:
        problem: the facts; ``plan`` keeps its rules.
        plan: the plan.
        pct: half-width of the draws.
    """
    bare = _crews_only(problem, plan.days)
    held = [_held(bare, day, plan.days) for day in plan.days]
    factors = [_bears(bare, one) for one in held]
    draws = min(DRAWS, DAY_DRAWS // max(1, len(held)))
    kept, whole = _drawn(bare, held, pct, draws)
    days = tuple(
        DayMargin(one.day, *factor, int(count))
        for one, factor, count in zip(held, factors, kept, strict=True)
    )
    return Fragility(plan, days, pct, draws, whole)


def multiplied(drives_s: NDArray[np.int64], thousandths: int) -> NDArray[np.int64]:
    """Drives that take so many thousandths of their time, to the nearest second, halves up."""
    return (drives_s * thousandths + 500) // 1_000


def _crews_only(problem: Problem, days: Sequence[Day]) -> Problem:
    """The sites of some days, less the rules that drives do not bear on: who is served, how far."""
    used = sorted({problem.site_index[s.code, s.place] for day in days for s in day.stops})
    return replace(
        problem,
        demands=(),
        sites=tuple(problem.sites[site] for site in used),
        open_slots=problem.open_slots[:, used],
        goals=(),
        point_times=None,
        week=replace(problem.week, min_opening_s=0),
    )


def _held(problem: Problem, day: Day, days: Sequence[Day]) -> _Held:
    """A day of a plan."""
    crew = crew_of(problem, day)
    openings = tuple(openings_of(problem, day))
    legs = legs_of(problem, crew, openings)
    return _Held(
        day=day,
        crew=crew,
        openings=openings,
        drives_s=np.array([seconds for seconds, _ in legs], dtype=np.int64),
        metres=tuple(metres for _, metres in legs),
        others=tuple(other for other in days if other.week == day.week and other is not day),
    )


def _broken(problem: Problem, days: Sequence[Day]) -> tuple[Violation, ...]:
    """The rules that days break, whatever the table says of their drives."""
    return tuple(v for v in verify(problem, days) if v.rule not in _OF_THE_TABLE)


def _bears(problem: Problem, held: _Held) -> tuple[int | None, tuple[Violation, ...]]:
    """The largest factor on a day's drives, and the rules that break beyond."""

    def broken(thousandths: int) -> tuple[Violation, ...]:
        longer = held.driven(problem, multiplied(held.drives_s, thousandths))
        return _broken(problem, [longer, *held.others])

    good, bad = AS_THEY_ARE, MOST
    beyond = broken(bad)
    if not beyond:
        return None, ()
    while bad - good > 1:
        middle = (good + bad) // 2
        found = broken(middle)
        if found:
            bad, beyond = middle, found
        else:
            good = middle
    return good, beyond


def _drawn(
    problem: Problem, held: Sequence[_Held], pct: int, draws: int
) -> tuple[NDArray[np.int64], int]:
    """The draws in which each day keeps the rules of a day, and those in which all are kept."""
    random = np.random.default_rng(SEED)
    kept, whole = np.zeros(len(held), dtype=np.int64), 0
    for _ in range(draws):
        days = [one.driven(problem, _shaken(random, one.drives_s, pct)) for one in held]
        sound = True
        for week in {day.week for day in days}:
            numbers = [number for number, day in enumerate(days) if day.week == week]
            fine = not _broken(problem, [days[number] for number in numbers])
            sound &= fine
            kept[[n for n in numbers if fine or not _broken(problem, [days[n]])]] += 1
        whole += sound
    return kept, whole


def _shaken(
    random: np.random.Generator, drives_s: NDArray[np.int64], pct: int
) -> NDArray[np.int64]:
    """Drives that each take up to so much less or more."""
    factors = random.uniform(1 - pct / 100, 1 + pct / 100, len(drives_s))
    return np.floor(drives_s * factors + 0.5).astype(np.int64)


_BREAKS = {
    "meal": "le repas deviendrait trop court",
    "setup": "on n’aurait plus le temps d’installer la salle",
    "departure": "il faudrait partir trop tôt",
    "return": "on rentrerait trop tard",
    "day_work": "la journée de travail deviendrait trop longue",
    "weekly_work": "la semaine de travail deviendrait trop longue",
    "amplitude": "l’absence deviendrait trop longue",
    "unbroken": "le travail d’affilée deviendrait trop long",
    "rest": "le repos de la nuit deviendrait trop court",
}
"""What longer drives do to each rule that they may break."""


def _margin_sentences(found: Fragility) -> list[str]:
    """The weakest day, what each day bears, and in how many draws it holds."""
    margins = found.days
    if not margins:
        return []
    lines = [_weakest_sentence(found), "Si les seuls trajets d’une journée s’allongeaient :"]
    lines += _day_lines(found)
    pct, draws = found.pct, number(found.draws)
    lines.append(
        f"Trajets tirés au hasard, chacun entre {pct} % plus court et {pct} % plus long ({draws} "
        f"tirages, tous aussi probables : hypothèse) : le plan annoncé tient dans "
        f"{_share(found.held, found.draws)} des tirages."
    )
    weak = [m for m in margins if m.held < found.draws]
    if weak:
        told = (f"{_day_of(found.plan, m)} {_share(m.held, found.draws)}" for m in weak)
        others = "" if len(weak) == len(margins) else " ; les autres journées, toujours"
        lines.append(f"  Tient ses propres règles : {', '.join(told)}{others}.")
    return lines


def _day_lines(found: Fragility) -> list[str]:
    """What each day bears; of many days, those that bear least, and how much the others do."""
    order = sorted(found.days, key=lambda margin: margin.bears or MOST)
    told = set(order if len(order) <= MOST_TOLD else order[:FEW_TOLD])
    lines = [
        f"  {capital(_day_of(found.plan, m))} : {_bears_words(m)}{_beyond(m)}."
        for m in found.days
        if m in told
    ]
    others = len(order) - len(told)
    if others:
        lines.append(f"  Chacune des {others} autres {_bears_words(order[len(told)])} au moins.")
    return lines


def _with_stops(day: str, stops: str) -> str:
    """``mardi (A, B)``, ``mardi (Kangoo : A, B)``."""
    return f"{day.removesuffix(')')} : {stops})" if day.endswith(")") else f"{day} ({stops})"


def _weakest_sentence(found: Fragility) -> str:
    """The day that bears least."""
    weakest = found.weakest
    if not weakest:
        return "Aucune journée n’est fragile : ses trajets pourraient prendre cinq fois plus long."
    names = listed([_with_stops(_day_of(found.plan, m), _stops(m.day)) for m in weakest])
    if len(weakest) > 1:
        return f"Journées les plus fragiles : {names}, dont chacune {_bears_words(weakest[0])}."
    return f"Journée la plus fragile : {names}, qui {_bears_words(weakest[0])}."


def _day_of(plan: Plan, margin: DayMargin) -> str:
    return day_name(plan, margin.day.week, margin.day.weekday, margin.day.vehicle)


def _stops(day: Day) -> str:
    """``Saint-Étienne-de-Gourgas, Les Rives``."""
    return ", ".join(stop.name for stop in day.stops)


def _bears_words(margin: DayMargin) -> str:
    """``supporte 3,1 % de route en plus (2 min)``."""
    if margin.more_pct is None or margin.more_s is None:
        return "supporte cinq fois plus de route"
    spare = duration(margin.more_s // 60 * 60) if margin.more_s >= 60 else "moins d’une minute"
    return f"supporte {number(margin.more_pct, 1)} % de route en plus ({spare})"


def _beyond(margin: DayMargin) -> str:
    """What breaks beyond, and where."""
    if not margin.beyond:
        return ""
    return f" ; au-delà, {listed(dict.fromkeys(map(_break_words, margin.beyond)))}"


def _break_words(violation: Violation) -> str:
    """``le repas deviendrait trop court (Les Rives)``."""
    words = _BREAKS.get(violation.rule)
    if words is None:
        return str(violation)
    commune = violation.where.partition(", ")[2].partition(", ")[2]
    return f"{words} ({commune})" if commune else words


def _share(count: int, draws: int) -> str:
    """``57,6 %``; rounded, but never to all or none."""
    pct = 100 * count / draws
    if 0 < count < draws:
        pct = min(max(pct, 0.1), 99.9)
    return f"{number(pct, 1)} %"


def _margin_rows(found: Fragility) -> Iterator[tuple[str, ...]]:
    """What each day bears, the weakest, and the draws, as ``sensibilite.csv`` has them."""
    alone = "plus longs, une journée à la fois"
    random = f"au hasard, de {found.pct} % plus courts à {found.pct} % plus longs"
    draws = str(found.draws)
    for margin in found.days:
        beyond = " ; ".join(map(_break_words, margin.beyond))
        yield alone, MARGIN, _day_of(found.plan, margin), _bears_words(margin), beyond
    for margin in found.weakest:
        yield alone, WEAKEST, _day_of(found.plan, margin), _bears_words(margin), _stops(margin.day)
    for margin in found.days:
        yield random, DAY_HELD, _day_of(found.plan, margin), draws, str(margin.held)
    if found.days:
        yield random, PLAN_HELD, "", draws, str(found.held)


def _margin_data(found: Fragility) -> dict[str, Any]:
    """What each day bears, as plain data."""
    weakest = found.weakest
    return {
        "tirages": found.draws,
        "graine": SEED,
        "tirages_tenus": found.held,
        "journees": [
            {
                "semaine": margin.day.week,
                "jour": margin.day.weekday_name,
                "vehicule": margin.day.vehicle,
                "supporte_pour_mille": margin.bears,
                "au_dela": [str(violation) for violation in margin.beyond],
                "tirages_tenus": margin.held,
                "la_plus_fragile": margin in weakest,
            }
            for margin in found.days
        ],
    }
