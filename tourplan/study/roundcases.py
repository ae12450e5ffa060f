"""The scenario of one round over so many communes, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from tourplan.check import candidate_codes
from tourplan.crews import depot_codes
from tourplan.demands import has_room
from tourplan.errors import counted
from tourplan.places import Communes, CommuneSettings
from tourplan.prepare import Case
from tourplan.problem import MONTH_WEEKS, CrewWeek, Problem
from tourplan.scenario import Pin, Scenario
from tourplan.settings import required_codes, settings_of
from tourplan.teams import Agent, Vehicle

FIXED = "chaque véhicule garde la même équipe (hypothèse) ; la preuve vaut pour de telles équipes"
"""Told of plans whose teams were fixed: others might share out the work of a week better."""
_CYCLES = (1, 2, 4)
"""Weeks that a cycle may have."""
_COUNTS = ("sessions", "min_sessions", "max_sessions", "weeks")
"""What settings say of how often, and in which week, to visit a commune: a round is once."""


@dataclass(frozen=True)
class Shape:
    """How a round is run.

    Attributes:
        crew_weeks: weeks of one crew that a round takes.
        vehicles: crews that go out together.
        weeks: calendar weeks that a round takes.
    """

    crew_weeks: int
    vehicles: int
    weeks: int


def a_week(scenario: Scenario) -> int:
    """Communes that a crew visits in a week at most."""
    halves = sum(not session.whole_day for session in scenario.sessions)
    return max(1, halves) * len(scenario.cycle.days)


def shape_of(scenario: Scenario, rounds: int, communes: int) -> Shape:
    """The fewest vehicles, then weeks, that run ``rounds`` rounds in the four weeks of a month."""
    crew_weeks = ceil(communes / a_week(scenario))
    room = MONTH_WEEKS // rounds
    return next(
        Shape(crew_weeks, vehicles, weeks)
        for vehicles in range(1, crew_weeks + 1)
        for weeks in _CYCLES
        if weeks <= min(room, crew_weeks) and weeks * vehicles >= crew_weeks
    )


def month_weeks(scenario: Scenario, count: int) -> tuple[int, ...]:
    """So many weeks of the month: the scenario's own, evenly taken, then the others."""
    own = sorted(scenario.cycle.month_weeks)
    if count <= len(own):
        return tuple(own[:: len(own) // count][:count])
    others = [week for week in range(1, MONTH_WEEKS + 1) if week not in own]
    return tuple(sorted([*own, *others[: count - len(own)]]))


def lacking(scenario: Scenario, shape: Shape, rounds: int) -> str:
    """Why the scenario's vehicles and agents cannot run so many rounds; nothing if they can."""
    crew, agents = scenario.crew, scenario.agents
    goers, trained = shape.vehicles * crew.size, shape.vehicles * crew.trained
    known = sum(agent.trained for agent in agents)
    if shape.vehicles <= len(scenario.vehicles) and goers <= len(agents) and trained <= known:
        return ""
    weeks = counted(rounds * shape.crew_weeks, "semaine")
    cycle = " et un cycle de 1, 2 ou 4 semaines" if shape.crew_weeks == 3 else ""
    need = f"{counted(shape.vehicles, 'véhicule')} et {counted(goers, 'agent')}"
    have = f"{counted(len(scenario.vehicles), 'véhicule')} et {counted(len(agents), 'agent')}"
    if goers <= len(agents) and trained > known:
        need += f", dont {counted(trained, 'formé')}"
        have += f", dont {counted(known, 'formé')}"
    return (
        f"{weeks} d’équipe par mois, pour {MONTH_WEEKS} semaines de tournée au plus par "
        f"équipe{cycle} : il faudrait {need} ; le scénario a {have}"
    )


@dataclass(frozen=True)
class Chosen:
    """The communes of a round: those it must visit, and the others it may."""

    required: tuple[str, ...]
    others: tuple[str, ...]


def chosen(case: Case, communes: int) -> Chosen | str:
    """The communes that a round over so many is about, or why there can be none.

    They are those that the scenario names where it names exactly so many; else those that it
    requires, and the best of its candidates, which fill whole weeks.
    """
    scenario, territory = case.scenario, case.territory
    codes = candidate_codes(scenario, territory)
    settled = settings_of(scenario, territory, codes)
    never = {c for c, one in settled.items() if 0 in (one.sessions, one.max_sessions)}
    able = [code for code in codes if code not in never and has_room(scenario, code)]
    pinned = {pin.commune for pin in scenario.pins}
    must = {*required_codes(scenario, territory, codes), *pinned}
    required = tuple(code for code in able if code in must)
    others = tuple(code for code in able if code not in must)
    week = a_week(scenario)
    if communes in (len(required), len(able)):
        return Chosen(required if communes == len(required) else tuple(able), ())
    if communes > len(able):
        return (
            f"le scénario n’a que {counted(len(able), 'commune candidate')} : ajoutez-en "
            "(candidates ou candidates_epci dans [communes])"
        )
    if communes < len(required):
        return f"le scénario impose déjà {counted(len(required), 'commune')}"
    if communes % week:
        return (
            f"{counted(communes, 'commune')} ne remplissent pas des semaines entières "
            f"({week} par semaine) : demandez-en {week * (communes // week + 1)}, ou nommez-les "
            "toutes dans a_desservir"
        )
    return Chosen(required, others)


def round_scenario(case: Case, shape: Shape, communes: Chosen) -> Scenario:
    """The scenario of one round: each commune once, whoever can go, in as few weeks as it takes.

    Raises:
        InputError: something the scenario imposes or settles does not fit in such a round.
    """
    scenario = case.scenario
    weeks = month_weeks(scenario, shape.weeks)
    kept = {*communes.required, *communes.others}
    cycle = {"weeks": shape.weeks, "month_weeks": weeks}
    vehicles = tuple(_vehicles(case, shape, weeks))
    places = Communes(required=communes.required, candidates=communes.others)
    other = scenario.model_copy(
        update={
            "communes": places,
            "residents": _residents(case),
            "settings": tuple(_settings(case, kept)),
            "need": scenario.need.model_copy(update={"sessions_by_need": False}),
            "cycle": scenario.cycle.model_copy(update=cycle),
            "agents": tuple(_agents(scenario.agents, vehicles)),
            "vehicles": vehicles,
            "pins": tuple(pin for pin in scenario.pins if pin.commune in kept),
            "bans": tuple(_bans(scenario.bans, kept)),
            "comparison": type(scenario.comparison)(),
        }
    )
    return Scenario.from_keys(_without_none(other.to_keys()), scenario.base)


def fixed_teams(problem: Problem) -> Problem:
    """The problem where each vehicle keeps one team in a week, if agents are all alike.

    Which of them go together then makes no difference but for sharing the work of a week, and
    every team that could be made would have its own copy of the days.
    """
    of: dict[tuple[int, int], list[CrewWeek]] = {}
    for crew in problem.crew_weeks:
        of.setdefault((crew.week, crew.vehicle), []).append(crew)
    alike = len({agent.max_week_s for agent in problem.agents}) == 1 and all(
        len({(crew.base, crew.weekdays) for crew in crews}) == 1 for crews in of.values()
    )
    if not alike or len(of) == len(problem.crew_weeks):
        return problem
    kept: list[CrewWeek] = []
    for (week, _), crews in of.items():
        busy = {agent for crew in kept if crew.week == week for t in crew.teams for agent in t}
        free = (crew for crew in crews if not busy & {a for team in crew.teams for a in team})
        first = next(free, None)
        if first is None:
            return problem
        kept.append(first)
    return replace(problem, crew_weeks=tuple(kept))


def _residents(case: Case) -> Any:
    """Whose access counts: the same people whatever the communes of the round."""
    own = case.scenario.residents
    if own.file or own.epcis:
        return own
    codes = candidate_codes(case.scenario, case.territory)
    epcis = sorted({case.territory[code].epci_code for code in codes} - {""})
    return own.model_copy(update={"epcis": tuple(epcis)})


def _settings(case: Case, kept: set[str]) -> Iterator[CommuneSettings]:
    """What is settled for the communes of a round, less how often they are visited."""
    codes = candidate_codes(case.scenario, case.territory)
    for code, one in settings_of(case.scenario, case.territory, codes).items():
        given = {n: getattr(one, n) for n in one.model_fields_set if n not in _COUNTS}
        given = {name: value for name, value in given.items() if value not in (None, ())}
        if code in kept and given:
            yield CommuneSettings().model_copy(update={**given, "communes": (code,), "epcis": ()})


def _vehicles(case: Case, shape: Shape, weeks: Sequence[int]) -> Iterator[Vehicle]:
    """The first vehicles, in the weeks that the round needs them."""
    homeless = not depot_codes(case.scenario)
    for number, vehicle in enumerate(case.scenario.vehicles[: shape.vehicles]):
        mine = [w for n, w in enumerate(weeks) if number * shape.weeks + n < shape.crew_weeks]
        update: dict[str, Any] = {"weeks": tuple(mine) if len(mine) < len(weeks) else None}
        if homeless:
            update["depots"] = case.depot_codes
        yield vehicle.model_copy(update=update)


def _agents(agents: Sequence[Agent], vehicles: Sequence[Vehicle]) -> Iterator[Agent]:
    """The agents whom some of the vehicles can take, whatever the week."""
    depots = {depot for vehicle in vehicles for depot in vehicle.depots}
    anywhere = not all(vehicle.depots for vehicle in vehicles)
    for agent in agents:
        if anywhere or not agent.agencies or depots & set(agent.agencies):
            yield agent.model_copy(update={"weeks": None})


def _bans(bans: Sequence[Pin], kept: set[str]) -> Iterator[Pin]:
    """The bans that still concern someone."""
    yield from (ban for ban in bans if ban.commune is None or ban.commune in kept)


def _without_none(value: Any) -> Any:
    """Plain data less the keys that are not given."""
    if isinstance(value, dict):
        return {key: _without_none(held) for key, held in value.items() if held is not None}
    return [_without_none(held) for held in value] if isinstance(value, list) else value
