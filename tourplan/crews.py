"""Agents and vehicles become the crews that may go out, week by week."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from tourplan.errors import InputError
from tourplan.hours import WEEKDAYS
from tourplan.problem import Agent, Base, CrewWeek, Vehicle
from tourplan.scenario import Scenario

MAX_CREWS = 400
"""Crew-weeks at most: each has its own copy of the days its base can run."""


@dataclass(frozen=True)
class Crews:
    """Who may go out: the parts of a ``Problem`` that say so."""

    agents: tuple[Agent, ...]
    vehicles: tuple[Vehicle, ...]
    bases: tuple[Base, ...]
    crew_weeks: tuple[CrewWeek, ...]


def month_weeks_of(scenario: Scenario) -> tuple[tuple[int, ...], ...]:
    """For each week of the cycle, the weeks of the month that run it."""
    rhythm = scenario.cycle.rhythm
    return tuple(rhythm.runs(week) for week in range(1, rhythm.cycle + 1))


def agent_labels(scenario: Scenario) -> tuple[str, ...]:
    """``Agent 1``, ``Agent 2``…, or their names when the scenario asks for them."""
    named = scenario.outputs.agent_names
    return tuple(
        agent.name if named and agent.name else f"Agent {number}"
        for number, agent in enumerate(scenario.agents, start=1)
    )


def depot_codes(scenario: Scenario) -> tuple[str, ...]:
    """Every commune that some crew may leave from, in the order of the scenario."""
    given = [code for vehicle in scenario.vehicles for code in vehicle.depots]
    given += [code for agent in scenario.agents for code in agent.agencies]
    return tuple(dict.fromkeys(given))


def crews_of(
    scenario: Scenario,
    place_of: Callable[[str], int],
    default: str | None,
    open_slots: NDArray[np.bool_],
) -> Crews:
    """Every crew that may go out in each week of the cycle.

    Agents of a crew share the depot they leave from, and so does their vehicle. Where neither
    has one, it is ``default``. ``open_slots``: as in ``Problem``.

    Raises:
        InputError: too many crews are possible.
    """
    agents, vehicles = _agents(scenario, place_of), _vehicles(scenario, place_of)
    months = month_weeks_of(scenario)
    alike = _alike(open_slots)
    fallback = [] if default is None else [place_of(default)]
    bases: list[Base] = []
    found: list[CrewWeek] = []
    for week, vehicle in product(range(len(months)), range(len(vehicles))):
        if vehicles[vehicle].seats < scenario.crew.size:
            continue
        for depot in _depots(agents, vehicles[vehicle], fallback):
            for teams in _teams(scenario, agents, depot, months[week]):
                goers = [agents[a] for team in teams for a in team]
                weekdays = _weekdays(agents, vehicles[vehicle], months[week], teams)
                if not weekdays:
                    continue
                base = _base(depot, goers, vehicles[vehicle], alike[vehicle])
                if base not in bases:
                    bases.append(base)
                found.append(CrewWeek(week, vehicle, bases.index(base), teams, weekdays))
                _refuse_too_many(found)
    return Crews(agents, vehicles, tuple(bases), tuple(found))


def _refuse_too_many(found: Sequence[CrewWeek]) -> None:
    if len(found) > MAX_CREWS:
        raise InputError.of(
            "agents",
            f"plus de {MAX_CREWS} équipes possibles",
            "donnez à chaque agent son agence, ses semaines ou ses jours",
        )


def _days(
    scenario: Scenario, weeks: Sequence[int] | None, days: Sequence[str] | None
) -> frozenset[tuple[int, int]]:
    """(week of the month, weekday) on which someone or something is there, on tour days."""
    on_tour = [WEEKDAYS.index(name) for name in scenario.cycle.days if days is None or name in days]
    there = [week for week in scenario.cycle.month_weeks if weeks is None or week in weeks]
    return frozenset(product(there, on_tour))


def _agents(scenario: Scenario, place_of: Callable[[str], int]) -> tuple[Agent, ...]:
    """The agents, their own limits in seconds."""
    most_h = scenario.week.max_work_h
    return tuple(
        Agent(
            name=label,
            max_week_s=_seconds(most_h if agent.max_work_h is None else agent.max_work_h),
            days=_days(scenario, agent.weeks, agent.days),
            agencies=tuple(place_of(code) for code in agent.agencies),
            trained=agent.trained,
            max_work_s=_own(agent.max_day_work_h),
            max_amplitude_s=_own(agent.max_amplitude_h),
            earliest_departure_s=agent.earliest_s,
            latest_return_s=agent.latest_s,
        )
        for label, agent in zip(agent_labels(scenario), scenario.agents, strict=True)
    )


def _vehicles(scenario: Scenario, place_of: Callable[[str], int]) -> tuple[Vehicle, ...]:
    """The vehicles, in metres, millionths of a euro and of a gram."""
    return tuple(
        Vehicle(
            name=vehicle.name,
            days=_days(scenario, vehicle.weeks, vehicle.days),
            depots=tuple(place_of(code) for code in vehicle.depots),
            seats=vehicle.seats,
            range_m=None if vehicle.range_km is None else int(vehicle.range_km * 1000),
            recharge_m=int(vehicle.noon_charge_km * 1000),
            cost_ueur_m=round(vehicle.cost_eur_km * 1000),
            emissions_ug_m=round(vehicle.gco2_km * 1000),
        )
        for vehicle in scenario.vehicles
    )


def _seconds(hours: float) -> int:
    return round(hours * 3600)


def _own(hours: float | None) -> int | None:
    return None if hours is None else _seconds(hours)


def _depots(agents: Sequence[Agent], vehicle: Vehicle, fallback: Sequence[int]) -> tuple[int, ...]:
    """Where a vehicle may leave from: its own depots, else the agents' agencies."""
    agencies = [place for agent in agents for place in agent.agencies]
    return tuple(dict.fromkeys(vehicle.depots or agencies or fallback))


def _teams(
    scenario: Scenario, agents: Sequence[Agent], depot: int, months: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], ...]]:
    """The teams that may leave a depot, one a week of the month."""
    choices = []
    for month in months:
        able = [
            number
            for number, agent in enumerate(agents)
            if (not agent.agencies or depot in agent.agencies)
            and any(week == month for week, _ in agent.days)
        ]
        teams = combinations(able, scenario.crew.size)
        choices.append([t for t in teams if _trained(agents, t) >= scenario.crew.trained])
    yield from product(*choices)


def _trained(agents: Sequence[Agent], team: Sequence[int]) -> int:
    """How many of a team are trained."""
    return sum(agents[number].trained for number in team)


def _weekdays(
    agents: Sequence[Agent],
    vehicle: Vehicle,
    months: Sequence[int],
    teams: Sequence[Sequence[int]],
) -> tuple[int, ...]:
    """The weekdays on which a vehicle and every team are there."""
    found = set.intersection(*(_weekdays_in(vehicle.days, month) for month in months))
    for month, team in zip(months, teams, strict=True):
        for number in team:
            found &= _weekdays_in(agents[number].days, month)
    return tuple(sorted(found))


def _weekdays_in(days: frozenset[tuple[int, int]], month_week: int) -> set[int]:
    """The weekdays of one week of the month."""
    return {day for week, day in days if week == month_week}


def _alike(open_slots: NDArray[np.bool_]) -> list[int]:
    """For each vehicle, the first that may serve the same sites at the same times."""
    flat = open_slots.reshape(len(open_slots), -1)
    return [int((flat == row).all(axis=1).argmax()) for row in flat]


def _base(depot: int, goers: Sequence[Agent], vehicle: Vehicle, alike: int) -> Base:
    """The limits that the days of some agents in a vehicle add to the rules."""
    return Base(
        depot=depot,
        earliest_departure_s=_extreme(max, [agent.earliest_departure_s for agent in goers]),
        latest_return_s=_extreme(min, [agent.latest_return_s for agent in goers]),
        max_work_s=_extreme(min, [agent.max_work_s for agent in goers]),
        max_amplitude_s=_extreme(min, [agent.max_amplitude_s for agent in goers]),
        range_m=vehicle.range_m,
        recharge_m=vehicle.recharge_m,
        vehicle=alike,
    )


def _extreme(choose: Callable[[list[int]], int], limits: Sequence[int | None]) -> int | None:
    """The tightest of some limits; ``None`` where nobody has one."""
    known = [limit for limit in limits if limit is not None]
    return choose(known) if known else None
