"""Days and levels become a ``Plan``: figures, access, crews, where all comes from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tourplan import __version__
from tourplan.access import Access, Standing, access_figures
from tourplan.measures import (
    cost_ueur,
    emissions_ug,
    fixed_access,
    number,
    of_whom,
    residents_beyond,
    sessions_in_hours,
    threshold,
    weights_of,
    whole_access,
)
from tourplan.network.source import NetworkSource
from tourplan.places import TOWN_HALL
from tourplan.plan import AreaAccess, Day, Figures, Groups, Level, Origin, Plan, Stop, Stopped
from tourplan.prepare import Case
from tourplan.problem import Problem
from tourplan.scenario import Scenario
from tourplan.schedule import RULES, public_holidays
from tourplan.waits import waits_of

WHOLE_AREA = "Ensemble"


def assemble(
    case: Case,
    days: Sequence[Day],
    levels: Sequence[Level],
    stopped: Stopped,
    measures: dict[str, Any] | None = None,
) -> Plan:
    """The plan made of ``days`` for ``case``."""
    scenario, problem = case.scenario, case.problem
    told = replace(case, scenario=_anonymous(scenario))
    days = [_sourced(case, _addressed(case, day)) for day in days]
    busy = {(day.week, day.weekday, day.vehicle) for day in days}
    return Plan(
        title=scenario.title,
        status=scenario.status,
        author=scenario.author,
        software=f"tourplan {__version__}",
        stopped=stopped,
        depots={code: case.territory.name(code) for code in case.depot_codes},
        agents=tuple(agent.name for agent in problem.agents),
        vehicles=tuple(vehicle.name for vehicle in problem.vehicles),
        cycle_weeks=problem.weeks,
        month_weeks=scenario.cycle.rhythm.weeks,
        week_rule=scenario.cycle.week_rule,
        start=scenario.cycle.start.isoformat() if scenario.cycle.start else "",
        free_days=tuple(day for day in _possible_days(problem) if day not in busy),
        days=tuple(days),
        levels=tuple(levels),
        figures=_figures(problem, days),
        access=area_access(case, days),
        waits=waits_of(scenario, case.territory, problem, days),
        origin=origin_of(case.travel.source),
        notes=(*case.notes, *_goal_notes(problem, days), *_date_notes(scenario, days)),
        scenario=told.scenario.to_keys(),
        inputs_fingerprint=told.fingerprint(),
        measures=measures or {},
    ).based(scenario.base)


def _possible_days(problem: Problem) -> list[tuple[int, int, str]]:
    """(week, weekday, vehicle) of each day on which some crew could go out."""
    days = {
        (crew.week + 1, day, crew.vehicle) for crew in problem.crew_weeks for day in crew.weekdays
    }
    return [(week, day, problem.vehicles[vehicle].name) for week, day, vehicle in sorted(days)]


def origin_of(source: NetworkSource) -> Origin:
    """What a plan says of its travel times."""
    return Origin(
        label=source.label,
        date=source.date,
        credit=source.credit,
        uncertainty=source.uncertainty,
        uncertainty_pct=source.uncertainty_pct,
        speeds=source.speeds,
        schematic=source.schematic,
    )


def _addressed(case: Case, day: Day) -> Day:
    """The day with the address and the point of each session."""
    stops = [stop.model_copy(update=_whereabouts(case, stop)) for stop in day.stops]
    return day.model_copy(update={"stops": tuple(stops)})


def _whereabouts(case: Case, stop: Stop) -> dict[str, Any]:
    """Address, postcode, longitude and latitude of a room, or of the mairie."""
    commune = case.territory[stop.code]
    venues = (v for v in case.scenario.venues if (v.code, v.name) == (stop.code, stop.place))
    venue = next(venues, None)
    address, lon, lat = commune.address, commune.lon, commune.lat
    if venue is not None:
        address = venue.address or (commune.address if venue.name == TOWN_HALL else "")
        if venue.lon is not None and venue.lat is not None:
            lon, lat = venue.lon, venue.lat
    postcode = _postcode(address, commune.postcodes)
    return {"address": address, "postcode": postcode, "lon": lon, "lat": lat}


def _postcode(address: str, postcodes: str) -> str:
    """The postcode that an address tells, else the commune's if it has one only, else none."""
    own = postcodes.split(";")
    told = [digits for digits in re.findall(r"\b\d{5}\b", address) if digits in own]
    return told[-1] if told else own[0] if len(own) == 1 else ""


def _sourced(case: Case, day: Day) -> Day:
    """The day with its drives marked where they were measured on the road."""
    sites = (case.problem.site_index.get((stop.code, stop.place)) for stop in day.stops)
    rows = [
        case.travel.index(day.depot),
        *(
            case.travel.index(stop.code) if site is None else case.problem.sites[site].place
            for stop, site in zip(day.stops, sites, strict=True)
        ),
    ]
    *there, back = (
        bool(case.travel.measured[start, end]) for start, end in pairwise([*rows, rows[0]])
    )
    stops = (
        stop.model_copy(update={"drive_measured": measured})
        for stop, measured in zip(day.stops, there, strict=True)
    )
    return day.model_copy(update={"stops": tuple(stops), "return_drive_measured": back})


def _goal_notes(problem: Problem, days: Sequence[Day]) -> list[str]:
    """The shares aimed at, and reached."""
    notes = []
    for goal in problem.goals:
        total = int(weights_of(problem, goal).sum())
        if goal.share_pct is not None and total:
            beyond = residents_beyond(goal)(problem, days)
            reached = 100 * (1 - beyond / total)
            verdict = "atteint" if reached >= goal.share_pct else "non atteint"
            usual = f"{goal.who} à plus de {goal.minutes} min d’un accueil"
            of_what = goal.label.removeprefix(usual)
            of_what = f" d’un accueil{of_what}" if of_what else ""
            notes.append(
                f"objectif de {goal.share_pct:g} % {of_whom(goal)} à {goal.minutes} min au plus"
                f"{of_what} : "
                f"{verdict} ({number(int(reached * 10) / 10, 1)} %)"
            )
    return notes


def _date_notes(scenario: Scenario, days: Sequence[Day]) -> list[str]:
    """Public holidays among the first dates, and how the weeks of a month are counted."""
    cycle = scenario.cycle
    if cycle.start is None:
        return []
    mondays = cycle.rhythm.first_dates(cycle.start)
    dates = [mondays[day.week] + timedelta(days=day.weekday) for day in days]
    return [
        f"{RULES[cycle.week_rule]} (hypothèse)",
        *(
            f"le {when:%d/%m/%Y} est férié ({name}) : prévoyez une autre date"
            for when, name in public_holidays(dates).items()
        ),
    ]


def _anonymous(scenario: Scenario) -> Scenario:
    """The scenario without the agents' names, unless it asks for them in its outputs."""
    if scenario.outputs.agent_names:
        return scenario
    agents = tuple(
        agent.model_copy(update={"name": ""}) if agent.name else agent for agent in scenario.agents
    )
    return scenario.model_copy(update={"agents": agents}) if agents != scenario.agents else scenario


def area_access(case: Case, days: Sequence[Day]) -> tuple[AreaAccess, ...]:
    """Access of residents by intercommunalité, by name, then of all (code ``""``)."""
    problem = case.problem
    before, after = fixed_access(problem), whole_access(problem, days)
    communes = [case.territory[code] for code in case.resident_codes]
    names = {c.epci_code: c.epci_name for c in communes}
    codes = np.array([c.epci_code for c in communes])
    areas = [
        _area(case, code, names[code] or "Sans intercommunalité", codes == code, before, after)
        for code in sorted(names, key=lambda code: names[code])
    ]
    everyone = np.ones(len(codes), dtype=bool)
    return (*areas, _area(case, "", WHOLE_AREA, everyone, before, after))


def _area(
    case: Case,
    code: str,
    name: str,
    inside: NDArray[np.bool_],
    before: Access,
    after: Access,
) -> AreaAccess:
    minutes = _thresholds(case.problem)
    weights = case.problem.resident_weight[inside]
    place = case.problem.resident_place[inside]
    uncertainty_pct = case.travel.source.uncertainty_pct
    accesses = [Access(a.time_s[inside], a.reached[inside]) for a in (before, after)]
    one, two = (access_figures(access, weights, minutes, place) for access in accesses)
    groups_before, groups_after = (
        {limit: _groups(access, weights, place, limit, uncertainty_pct) for limit in minutes}
        for access in accesses
    )
    return AreaAccess(
        code=code,
        name=name,
        residents=one.residents,
        before=one.beyond,
        after=two.beyond,
        communes_before=one.places_beyond,
        communes_after=two.places_beyond,
        groups_before=groups_before,
        groups_after=groups_after,
        mean_before_s=one.mean_s,
        mean_after_s=two.mean_s,
    )


def _thresholds(problem: Problem) -> tuple[int, ...]:
    """The minutes to tell access for: the usual ones, those of the goals and of the levels."""
    levels = {minutes for name in problem.objectives if (minutes := threshold(name)) is not None}
    return tuple(sorted({15, 20, 30} | {goal.minutes for goal in problem.goals} | levels))


def _groups(
    access: Access,
    weights: NDArray[np.int64],
    place: NDArray[np.int64],
    minutes: int,
    uncertainty_pct: int,
) -> Groups:
    """Residents surely within ``minutes`` of a counter, near them, surely beyond."""
    found = access.standing(minutes, uncertainty_pct)
    people = {kind: int(weights[found == kind].sum()) for kind in Standing}
    places = {kind: len(np.unique(place[(found == kind) & (weights > 0)])) for kind in Standing}
    return Groups(
        inside=people[Standing.INSIDE],
        near=people[Standing.NEAR],
        beyond=people[Standing.BEYOND],
        communes_near=places[Standing.NEAR],
        communes_beyond=places[Standing.BEYOND],
    )


def _figures(problem: Problem, days: Sequence[Day]) -> Figures:
    stops = [stop for day in days for stop in day.stops]
    return Figures(
        weeks=problem.weeks,
        sessions=len(stops),
        communes=len({stop.code for stop in stops}),
        open_s=sum(day.open_s for day in days),
        drive_s=sum(day.drive_s for day in days),
        drive_m=sum(day.drive_m for day in days),
        work_s=sum(day.work_s for day in days),
        most_work_s=_busiest_s(days),
        least_open_s=_least_open_s(problem, days),
        in_hours=sessions_in_hours(problem, days),
        cost_eur=round(cost_ueur(problem, days) / 1e6, 2),
        emissions_gco2=round(emissions_ug(problem, days) / 1e6),
    )


def _busiest_s(days: Sequence[Day]) -> int:
    """Work of the agent who works most in a week."""
    work: dict[tuple[int, str], int] = {}
    for day in days:
        for month_week, team in day.teams.items():
            for name in team:
                work[month_week, name] = work.get((month_week, name), 0) + day.work_s
    return max(work.values(), default=0)


def _least_open_s(problem: Problem, days: Sequence[Day]) -> int:
    """Opening of the vehicle that opens least in a week, of those that can go out."""
    weeks = {(crew.week + 1, problem.vehicles[crew.vehicle].name) for crew in problem.crew_weeks}
    opened = dict.fromkeys(weeks, 0)
    for day in days:
        opened[day.week, day.vehicle] = opened.get((day.week, day.vehicle), 0) + day.open_s
    return min(opened.values(), default=0)
