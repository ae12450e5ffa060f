"""What a plan is worth: the value of every level, access before and after, totals.

Values come from the plan's own days and the problem's facts, never from the solver.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tourplan.access import Access, nearest
from tourplan.hours import duration
from tourplan.plan import Day
from tourplan.problem import Problem

BEYOND = "habitants_au_dela_"


@dataclass(frozen=True)
class Measure:
    """One level to offer: its name in scenarios, its words, and its value in a plan.

    ``value`` returns a whole number of ``unit`` from the problem and the plan's days; ``text``
    says it in French.
    """

    name: str
    label: str
    unit: str
    sense: Literal["min", "max"]
    value: Callable[[Problem, Sequence[Day]], int]
    text: Callable[[Problem, int], str]


def fixed_access(problem: Problem) -> Access:
    """Access of resident points to fixed counters."""
    cells = np.ix_(problem.resident_place, problem.fixed_place)
    return nearest(problem.time_s[cells], problem.reachable[cells])


def tour_access(problem: Problem, codes: Collection[str]) -> Access:
    """Access of resident points to sessions held in the communes ``codes``."""
    places = [problem.sites[problem.site_index[c]].place for c in codes if c in problem.site_index]
    cells = np.ix_(problem.resident_place, np.array(places, dtype=np.int64))
    return nearest(problem.time_s[cells], problem.reachable[cells])


def served_codes(days: Sequence[Day]) -> tuple[str, ...]:
    """The communes with a session, sorted."""
    return tuple(sorted({stop.code for day in days for stop in day.stops}))


def whole_access(problem: Problem, days: Sequence[Day]) -> Access:
    """Access with fixed counters and the tour."""
    return fixed_access(problem).join(tour_access(problem, served_codes(days)))


def far_weights(problem: Problem) -> NDArray[np.int64]:
    """Residents that fixed counters alone leave beyond ``far_s``; zero elsewhere."""
    fixed = fixed_access(problem)
    far = ~fixed.reached | (fixed.time_s > problem.far_s)
    return np.where(far, problem.resident_weight, 0)


def far_ceiling_s(problem: Problem) -> NDArray[np.int64]:
    """The access that counts for a resident point served by fixed counters alone.

    A point that no fixed counter is reachable from counts the longest time of the matrix.
    """
    fixed = fixed_access(problem)
    longest = int(problem.time_s[problem.reachable].max(initial=0))
    return np.where(fixed.reached, fixed.time_s, longest)


def required_held(problem: Problem, days: Sequence[Day]) -> int:
    """Required sessions held."""
    held = [stop.code for day in days for stop in day.stops]
    return sum(min(held.count(site.code), site.required) for site in problem.sites)


def residents_beyond(minutes: int) -> Callable[[Problem, Sequence[Day]], int]:
    """Residents beyond ``minutes``, counting fixed counters and the tour."""

    def value(problem: Problem, days: Sequence[Day]) -> int:
        beyond = whole_access(problem, days).beyond(minutes)
        return int(problem.resident_weight[beyond].sum())

    return value


def sessions_in_hours(problem: Problem, days: Sequence[Day]) -> int:
    """Half-days that overlap the hours of the commune's mairie enough."""
    return sum(
        problem.hour_counts(
            problem.sites[problem.site_index[stop.code]],
            day.weekday,
            stop.opening_s,
            stop.closing_s,
        )
        for day in days
        for stop in day.stops
        if stop.code in problem.site_index
    )


def far_access_s(problem: Problem, days: Sequence[Day]) -> int:
    """Sum over far residents of seconds to the nearest counter, fixed or of the tour."""
    tour = tour_access(problem, served_codes(days))
    ceiling = far_ceiling_s(problem)
    reached_s = np.where(tour.reached, np.minimum(tour.time_s, ceiling), ceiling)
    return int((reached_s * far_weights(problem)).sum())


def driving_s(_: Problem, days: Sequence[Day]) -> int:
    """Seconds on the road in the cycle."""
    return sum(day.drive_s for day in days)


def driving_m(_: Problem, days: Sequence[Day]) -> int:
    """Metres on the road in the cycle."""
    return sum(day.drive_m for day in days)


def opening_s(_: Problem, days: Sequence[Day]) -> int:
    """Seconds open to the public in the cycle."""
    return sum(day.open_s for day in days)


def number(value: float, decimals: int = 0) -> str:
    """``1 523`` or ``12,4``: French marks, no-break space between thousands."""
    text = f"{value:,.{decimals}f}".replace(",", "\u00a0").replace(".", ",")
    return text.removeprefix("-") if float(f"{value:.{decimals}f}") == 0 else text


def _residents_text(_: Problem, value: int) -> str:
    return f"{number(value)} habitant{'s' if value > 1 else ''}"


def _far_text(problem: Problem, value: int) -> str:
    people = int(far_weights(problem).sum())
    if not people:
        return "aucun habitant concerné"
    return f"{number(value / people / 60, 1)} min en moyenne pour {number(people)} habitants"


def threshold(name: str) -> int | None:
    """The minutes of a level of residents beyond some; ``None`` for any other level."""
    minutes = name.removeprefix(BEYOND)
    return int(minutes) if minutes != name and minutes.isdecimal() else None


def measure(name: str) -> Measure:
    """The level called ``name`` in scenarios.

    Raises:
        KeyError: no such level.
    """
    minutes = threshold(name)
    if minutes is not None:
        return Measure(
            name,
            f"habitants à plus de {minutes} min d’un accueil",
            "habitants",
            "min",
            residents_beyond(minutes),
            _residents_text,
        )
    return {m.name: m for m in MEASURES}[name]


def _required_text(problem: Problem, value: int) -> str:
    total = sum(site.required for site in problem.sites)
    return f"{value} sur {total}" if total else "aucune commune imposée"


MEASURES: tuple[Measure, ...] = (
    Measure(
        "passages",
        "permanences obligatoires tenues",
        "permanences",
        "max",
        required_held,
        _required_text,
    ),
    Measure(
        "heures_mairie",
        "demi-journées aux heures d’ouverture de la mairie",
        "demi-journées",
        "max",
        sessions_in_hours,
        lambda _, value: f"{value} demi-journée{'s' if value > 1 else ''}",
    ),
    Measure(
        "acces_moyen",
        "accès moyen des habitants que les points fixes laissent loin",
        "habitants × secondes",
        "min",
        far_access_s,
        _far_text,
    ),
    Measure(
        "route",
        "temps de route",
        "secondes",
        "min",
        driving_s,
        lambda problem, value: f"{duration(value / problem.weeks)} par semaine de tournée",
    ),
    Measure(
        "km",
        "distance",
        "mètres",
        "min",
        driving_m,
        lambda problem, value: f"{number(value / 1000 / problem.weeks, 1)} km par semaine",
    ),
    Measure(
        "ouverture",
        "ouverture au public",
        "secondes",
        "max",
        opening_s,
        lambda problem, value: f"{duration(value / problem.weeks)} par semaine de tournée",
    ),
)
