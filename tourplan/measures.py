"""What a plan is worth: the value of every level, access before and after, totals.

Values come from the plan's own days and the problem's facts, never from the solver.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tourplan.access import Access, nearest
from tourplan.hours import duration
from tourplan.plan import Day, Level, Stop
from tourplan.problem import AccessGoal, Problem

BEYOND = "habitants_au_dela_"
Ints = NDArray[np.int64]


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

    @property
    def sign(self) -> int:
        """1 where less is better, -1 where more is: values times it are to be minimised."""
        return 1 if self.sense == "min" else -1


def fixed_access(problem: Problem, counted: NDArray[np.bool_] | None = None) -> Access:
    """Access of resident points to fixed counters, or to those ``counted``."""
    return nearest(*problem.fixed_times(counted))


def held_sessions(problem: Problem, days: Sequence[Day]) -> list[tuple[Day, Stop, int]]:
    """Each session of a plan with its day and its site; those at unknown sites left out."""
    found = []
    for day in days:
        for stop in day.stops:
            site = problem.site_index.get((stop.code, stop.place))
            if site is not None:
                found.append((day, stop, site))
    return found


def served_sites(problem: Problem, days: Sequence[Day]) -> Ints:
    """The sites with a session, sorted."""
    return np.array(sorted({site for *_, site in held_sessions(problem, days)}), dtype=np.int64)


def tour_access(problem: Problem, sites: Ints) -> Access:
    """Access of resident points to sessions held at ``sites``."""
    time_s, reachable = problem.site_times()
    return nearest(time_s[:, sites], reachable[:, sites])


def whole_access(problem: Problem, days: Sequence[Day]) -> Access:
    """Access with fixed counters and the tour."""
    return fixed_access(problem).join(tour_access(problem, served_sites(problem, days)))


def far_weights(problem: Problem) -> Ints:
    """Residents that fixed counters alone leave beyond ``far_s``; zero elsewhere."""
    fixed = fixed_access(problem)
    far = ~fixed.reached | (fixed.time_s > problem.far_s)
    return np.where(far, problem.resident_weight, 0)


def far_ceiling_s(problem: Problem) -> Ints:
    """The access that counts for a resident point served by fixed counters alone.

    A point that no fixed counter is reachable from counts the longest time of all.
    """
    fixed = fixed_access(problem)
    return np.where(fixed.reached, fixed.time_s, problem.longest_s())


def goal_named(problem: Problem, name: str) -> AccessGoal:
    """The goal whose level is called ``name``; an aim for all residents where none is set.

    Raises:
        KeyError: no such level.
    """
    known = next((goal for goal in problem.goals if goal.name == name), None)
    if known is not None:
        return known
    minutes = threshold(name)
    if minutes is None:
        raise KeyError(name)
    return AccessGoal(minutes, None, False)


def of_whom(goal: AccessGoal) -> str:
    """``des habitants``, or ``des « plus de 75 ans »``: whose share a goal is of."""
    return f"des {goal.who}"


def weights_of(problem: Problem, goal: AccessGoal) -> Ints:
    """What each resident point counts for in a goal, shape (points,)."""
    return problem.resident_weight if goal.weight is None else goal.weight


def left_beyond(problem: Problem, days: Sequence[Day], goal: AccessGoal) -> NDArray[np.bool_]:
    """Which resident points a plan leaves beyond a goal."""
    within = ~fixed_access(problem, goal.fixed).beyond(goal.minutes)
    if goal.sessions == 1:
        near = ~tour_access(problem, served_sites(problem, days)).beyond(goal.minutes)
        return ~(within | near)
    time_s, reachable = problem.site_times()
    near = reachable & (time_s <= goal.minutes * 60)
    slots: dict[tuple[int, int, str], NDArray[np.bool_]] = {}
    for day, stop, site in held_sessions(problem, days):
        slot = (day.week, day.weekday, stop.session)
        slots[slot] = slots.get(slot, np.zeros(len(near), dtype=bool)) | near[:, site]
    count = sum((reach.astype(np.int64) for reach in slots.values()), np.zeros(len(near)))
    return np.asarray(~(within | (count >= goal.sessions)))


def required_held(problem: Problem, days: Sequence[Day]) -> int:
    """Required sessions held."""
    held = [problem.sites[site].demand for *_, site in held_sessions(problem, days)]
    return sum(min(held.count(n), demand.required) for n, demand in enumerate(problem.demands))


def residents_beyond(goal: AccessGoal) -> Callable[[Problem, Sequence[Day]], int]:
    """Residents beyond a goal, counting fixed counters and the tour."""

    def value(problem: Problem, days: Sequence[Day]) -> int:
        return int(weights_of(problem, goal)[left_beyond(problem, days, goal)].sum())

    return value


def sessions_in_hours(problem: Problem, days: Sequence[Day]) -> int:
    """Half-days that overlap the hours of the commune's mairie enough."""
    return sum(
        problem.hour_counts(problem.sites[site], day.weekday, stop.opening_s, stop.closing_s)
        for day, stop, site in held_sessions(problem, days)
    )


def sessions_on_market_days(problem: Problem, days: Sequence[Day]) -> int:
    """Half-days on their commune's market day."""
    return sum(
        day.weekday in problem.demands[problem.sites[site].demand].market
        for day, _, site in held_sessions(problem, days)
    )


def far_access_s(problem: Problem, days: Sequence[Day]) -> int:
    """Sum over far residents of seconds to the nearest counter, fixed or of the tour."""
    tour = tour_access(problem, served_sites(problem, days))
    ceiling = far_ceiling_s(problem)
    reached_s = np.where(tour.reached, np.minimum(tour.time_s, ceiling), ceiling)
    return int((reached_s * far_weights(problem)).sum())


def worst_access_s(problem: Problem, days: Sequence[Day]) -> int:
    """Seconds to the nearest counter, fixed or of the tour, of the residents worst served."""
    tour = tour_access(problem, served_sites(problem, days))
    ceiling = far_ceiling_s(problem)
    reached_s = np.where(tour.reached, np.minimum(tour.time_s, ceiling), ceiling)
    return int(reached_s[problem.resident_weight > 0].max(initial=0))


def people_by_area(problem: Problem, points: NDArray[np.bool_]) -> Ints:
    """Residents of some points, by area, shape (areas,)."""
    people = np.zeros(len(problem.areas), dtype=np.int64)
    np.add.at(people, problem.resident_area[points], problem.resident_weight[points])
    return people


def worst_area(problem: Problem, days: Sequence[Day]) -> int:
    """Of ten thousand residents, those left far in the area that has most of them."""
    far = whole_access(problem, days).beyond(problem.far_s // 60)
    everyone = people_by_area(problem, np.ones(len(far), dtype=bool))
    found = 10_000 * people_by_area(problem, far) // np.maximum(everyone, 1)
    return int(found.max(initial=0))


def driving_s(_: Problem, days: Sequence[Day]) -> int:
    """Seconds on the road in the cycle."""
    return sum(day.drive_s for day in days)


def driving_m(_: Problem, days: Sequence[Day]) -> int:
    """Metres on the road in the cycle."""
    return sum(day.drive_m for day in days)


def opening_s(_: Problem, days: Sequence[Day]) -> int:
    """Seconds open to the public in the cycle."""
    return sum(day.open_s for day in days)


def cost_ueur(problem: Problem, days: Sequence[Day]) -> int:
    """Millionths of a euro spent on the road in the cycle."""
    price = {vehicle.name: vehicle.cost_ueur_m for vehicle in problem.vehicles}
    return sum(day.drive_m * price[day.vehicle] for day in days)


def emissions_ug(problem: Problem, days: Sequence[Day]) -> int:
    """Millionths of a gram of CO₂ emitted on the road in the cycle."""
    rate = {vehicle.name: vehicle.emissions_ug_m for vehicle in problem.vehicles}
    return sum(day.drive_m * rate[day.vehicle] for day in days)


def month_work_s(problem: Problem, days: Sequence[Day]) -> dict[str, int]:
    """Seconds of work in a month of each agent who can go."""
    return _by_agent(problem, days, lambda day: day.work_s)


def burdens(problem: Problem, days: Sequence[Day]) -> dict[str, int]:
    """Early starts and late returns in a month of each agent who can go."""
    return _by_agent(
        problem,
        days,
        lambda day: (day.departure_s < problem.early_s) + (day.return_s > problem.late_s),
    )


def _by_agent(
    problem: Problem, days: Sequence[Day], burden: Callable[[Day], int]
) -> dict[str, int]:
    """The sum over a month of a burden of days, for each agent of some crew."""
    members = {a for crew in problem.crew_weeks for team in crew.teams for a in team}
    found = {problem.agents[agent].name: 0 for agent in sorted(members)}
    for day in days:
        for team in day.teams.values():
            for name in team:
                found[name] = found.get(name, 0) + burden(day)
    return found


def _apart(burden: dict[str, int]) -> int:
    """The most less the least."""
    return max(burden.values(), default=0) - min(burden.values(), default=0)


def number(value: float, decimals: int = 0) -> str:
    """``1 523`` or ``12,4``: French marks, no-break space between thousands."""
    text = f"{value:,.{decimals}f}".replace(",", "\u00a0").replace(".", ",")
    return text.removeprefix("-") if float(f"{value:.{decimals}f}") == 0 else text


def _residents_text(_: Problem, value: int) -> str:
    return f"{number(value)} habitant{'s' if value > 1 else ''}"


def _weights_text(who: str) -> Callable[[Problem, int], str]:
    """``1 523 (« plus de 75 ans »)``: the words of a level that counts something else."""
    return lambda _, value: f"{number(value)} ({who})"


def _far_text(problem: Problem, value: int) -> str:
    people = int(far_weights(problem).sum())
    if not people:
        return "aucun habitant concerné"
    return f"{number(value / people / 60, 1)} min en moyenne pour {number(people)} habitants"


def threshold(name: str) -> int | None:
    """The minutes of a level of residents beyond some; ``None`` for any other level."""
    minutes = name.removeprefix(BEYOND)
    return int(minutes) if minutes != name and minutes.isdecimal() else None


def measure(problem: Problem, name: str) -> Measure:
    """The level called ``name`` in scenarios.

    Raises:
        KeyError: no such level.
    """
    known = next((m for m in MEASURES if m.name == name), None)
    if known is not None:
        return known
    goal = goal_named(problem, name)
    text = _residents_text if goal.weight is None else _weights_text(goal.who)
    return Measure(name, goal.label, goal.who, "min", residents_beyond(goal), text)


def _required_text(problem: Problem, value: int) -> str:
    total = sum(demand.required for demand in problem.demands)
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
    Measure(
        "acces_pire",
        "accès des habitants les plus éloignés",
        "secondes",
        "min",
        worst_access_s,
        lambda _, value: f"{number(value / 60, 1)} min pour les plus éloignés",
    ),
    Measure(
        "marches",
        "demi-journées le jour du marché",
        "demi-journées",
        "max",
        sessions_on_market_days,
        lambda _, value: f"{value} demi-journée{'s' if value > 1 else ''}",
    ),
    Measure(
        "cout",
        "coût des trajets",
        "millionièmes d’euro",
        "min",
        cost_ueur,
        lambda _, value: f"{number(value / 1e6, 2)} € par cycle",
    ),
    Measure(
        "co2",
        "émissions de CO₂ des trajets",
        "microgrammes",
        "min",
        emissions_ug,
        lambda _, value: f"{number(value / 1e9, 1)} kg de CO₂ par cycle",
    ),
    Measure(
        "equite_agents",
        "écart de travail entre agents",
        "secondes",
        "min",
        lambda problem, days: _apart(month_work_s(problem, days)),
        lambda _, value: f"{duration(value)} par mois entre le plus et le moins occupé",
    ),
    Measure(
        "equite_horaires",
        "écart de départs matinaux et de retours tardifs entre agents",
        "départs et retours",
        "min",
        lambda problem, days: _apart(burdens(problem, days)),
        lambda _, value: f"{value} par mois entre le plus et le moins exposé",
    ),
    Measure(
        "equite_communes",
        "habitants éloignés dans l’intercommunalité la moins bien desservie",
        "habitants pour 10 000",
        "min",
        worst_area,
        lambda _, value: f"{number(value / 100, 1)} % d’habitants éloignés au plus",
    ),
)


def level_of(problem: Problem, days: Sequence[Day], name: str, bound: int | None = None) -> Level:
    """The level called ``name`` as it stands in ``days``, with its bound when it was proved."""
    kind = measure(problem, name)
    value = kind.value(problem, days)
    return Level(
        name=name,
        label=kind.label,
        unit=kind.unit,
        sense=kind.sense,
        value=value,
        bound=bound,
        text=kind.text(problem, value),
    )
