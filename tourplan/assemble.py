"""Days and levels become a ``Plan``: figures, access, crews, where all comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tourplan import __version__
from tourplan.access import Access, Standing, access_figures
from tourplan.measures import fixed_access, number, sessions_in_hours, threshold, whole_access
from tourplan.network.source import NetworkSource
from tourplan.plan import AreaAccess, Day, Figures, Groups, Level, Origin, Plan, Stopped
from tourplan.prepare import Case
from tourplan.problem import Problem
from tourplan.scenario import Scenario
from tourplan.schedule import MONTH_WEEK_RULE, first_dates, public_holidays

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
    busy = {(day.week, day.weekday) for day in days}
    return Plan(
        title=scenario.title,
        status=scenario.status,
        author=scenario.author,
        software=f"tourplan {__version__}",
        stopped=stopped,
        depot=case.depot_code,
        depot_name=case.territory.name(case.depot_code),
        agents=agent_labels(scenario),
        crews=tuple(crew_label(scenario, week) for week in range(1, problem.weeks + 1)),
        vehicle=scenario.vehicle.name,
        cycle_weeks=problem.weeks,
        month_weeks=tuple(sorted(scenario.cycle.month_weeks)),
        start=scenario.cycle.start.isoformat() if scenario.cycle.start else "",
        free_days=tuple(
            (week, weekday)
            for week in range(1, problem.weeks + 1)
            for weekday in problem.weekdays
            if (week, weekday) not in busy
        ),
        days=tuple(days),
        levels=tuple(levels),
        figures=_figures(scenario, problem, days),
        access=area_access(case, days),
        origin=origin_of(case.travel.source),
        notes=(*case.notes, *_goal_notes(problem, days), *_date_notes(scenario, days)),
        scenario=told.scenario.to_keys(),
        inputs_fingerprint=told.fingerprint(),
        measures=measures or {},
    ).based(scenario.base)


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
    """The day with the place and address of each session: the mairie, until a site is given."""
    stops = [
        stop.model_copy(update={"place": "Mairie", "address": case.territory[stop.code].address})
        for stop in day.stops
    ]
    return day.model_copy(update={"stops": tuple(stops)})


def _sourced(case: Case, day: Day) -> Day:
    """The day with its drives marked where they were measured on the road."""
    rows = [
        case.travel.index(code) for code in (case.depot_code, *(stop.code for stop in day.stops))
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
    total = int(problem.resident_weight.sum())
    notes = []
    for goal in problem.goals:
        if goal.share_pct is not None and total:
            beyond = problem.resident_weight[whole_access(problem, days).beyond(goal.minutes)]
            reached = 100 * (1 - int(beyond.sum()) / total)
            verdict = "atteint" if reached >= goal.share_pct else "non atteint"
            notes.append(
                f"objectif de {goal.share_pct:g} % des habitants à {goal.minutes} min au plus : "
                f"{verdict} ({number(int(reached * 10) / 10, 1)} %)"
            )
    return notes


def _date_notes(scenario: Scenario, days: Sequence[Day]) -> list[str]:
    """Public holidays among the first dates, and how the weeks of a month are counted."""
    cycle = scenario.cycle
    if cycle.start is None:
        return []
    mondays = first_dates(cycle.start, cycle.month_weeks, cycle.weeks)
    dates = [mondays[day.week] + timedelta(days=day.weekday) for day in days]
    return [
        MONTH_WEEK_RULE,
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


def agent_labels(scenario: Scenario) -> tuple[str, ...]:
    """``Agent 1``, ``Agent 2``…, or their names when the scenario asks for them."""
    named = scenario.outputs.agent_names
    return tuple(
        agent.name if named and agent.name else f"Agent {number}"
        for number, agent in enumerate(scenario.agents, start=1)
    )


def crew_label(scenario: Scenario, cycle_week: int) -> str:
    """Who goes in a week of the cycle; told for each week of the month where that changes."""
    labels = agent_labels(scenario)
    crews: dict[str, list[int]] = {}
    weeks = sorted(scenario.cycle.month_weeks)
    for month_week in weeks[cycle_week - 1 :: scenario.cycle.weeks]:
        there = [
            label
            for label, agent in zip(labels, scenario.agents, strict=True)
            if agent.weeks is None or month_week in agent.weeks
        ]
        crews.setdefault(", ".join(there[: scenario.crew.size]), []).append(month_week)
    if len(crews) == 1:
        return next(iter(crews))
    return " ; ".join(
        f"{crew} (semaine {' et '.join(map(str, weeks))} du mois)" for crew, weeks in crews.items()
    )


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
    uncertainty_pct = case.travel.source.uncertainty_pct
    accesses = [Access(a.time_s[inside], a.reached[inside]) for a in (before, after)]
    one, two = (access_figures(access, weights, minutes) for access in accesses)
    groups_before, groups_after = (
        {limit: _groups(access, weights, limit, uncertainty_pct) for limit in minutes}
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
    access: Access, weights: NDArray[np.int64], minutes: int, uncertainty_pct: int
) -> Groups:
    """Residents surely within ``minutes`` of a counter, near them, surely beyond."""
    found = access.standing(minutes, uncertainty_pct)
    people = {kind: int(weights[found == kind].sum()) for kind in Standing}
    places = {kind: int(((found == kind) & (weights > 0)).sum()) for kind in Standing}
    return Groups(
        inside=people[Standing.INSIDE],
        near=people[Standing.NEAR],
        beyond=people[Standing.BEYOND],
        communes_near=places[Standing.NEAR],
        communes_beyond=places[Standing.BEYOND],
    )


def _figures(scenario: Scenario, problem: Problem, days: Sequence[Day]) -> Figures:
    weeks = range(1, problem.weeks + 1)
    work = [sum(d.work_s for d in days if d.week == week) for week in weeks]
    opening = [sum(d.open_s for d in days if d.week == week) for week in weeks]
    metres = sum(day.drive_m for day in days)
    stops = [stop for day in days for stop in day.stops]
    return Figures(
        weeks=problem.weeks,
        sessions=len(stops),
        communes=len({stop.code for stop in stops}),
        open_s=sum(opening),
        drive_s=sum(day.drive_s for day in days),
        drive_m=metres,
        work_s=sum(work),
        most_work_s=max(work),
        least_open_s=min(opening),
        in_hours=sessions_in_hours(problem, days),
        cost_eur=round(metres / 1000 * scenario.vehicle.cost_eur_km, 2),
        emissions_gco2=round(metres / 1000 * scenario.vehicle.gco2_km),
    )
