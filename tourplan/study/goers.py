"""Who runs each day of a tour read from a file, which may say little or nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from tourplan.errors import Fault, InputError
from tourplan.export.words import team_words
from tourplan.hours import WEEKDAYS
from tourplan.problem import Problem
from tourplan.study.tours import Visit
from tourplan.timeline import team_names

DayKey = tuple[int, int, str]
"""Week of the cycle from 1, weekday, vehicle."""

_PASSES = 5


def with_vehicles(problem: Problem, visits: Sequence[Visit]) -> tuple[Visit, ...]:
    """The visits, each with its vehicle: the file's, else the first that is free that day.

    Raises:
        InputError: a vehicle would be at two places at once.
    """
    found: list[Visit] = []
    ordered = sorted(visits, key=lambda visit: (visit.week, visit.weekday))
    for (week, weekday), held in groupby(ordered, key=lambda visit: (visit.week, visit.weekday)):
        told = list(held)
        taken = {visit.vehicle for visit in told}
        free = "" if all(taken) else _free_vehicle(problem, week, weekday, taken)
        found += [replace(visit, vehicle=visit.vehicle or free) for visit in told]
    _refuse_two_at_once(found)
    return tuple(found)


def _free_vehicle(problem: Problem, week: int, weekday: int, taken: set[str]) -> str:
    """The first vehicle that nobody takes on a day and that some crew can leave in."""
    able = {(c.week, day, c.vehicle) for c in problem.crew_weeks for day in c.weekdays}
    going = {(crew.week, crew.vehicle) for crew in problem.crew_weeks}
    ranks = [
        (vehicle.name in taken, (week - 1, n) not in going, (week - 1, weekday, n) not in able)
        for n, vehicle in enumerate(problem.vehicles)
    ]
    return problem.vehicles[ranks.index(min(ranks))].name


def _refuse_two_at_once(visits: Sequence[Visit]) -> None:
    slots = [(visit.week, visit.weekday, visit.session, visit.vehicle) for visit in visits]
    faults = [
        Fault(
            f"itinéraire, semaine {week}, {WEEKDAYS[weekday]} {session}",
            f"« {vehicle} » serait dans deux communes à la fois",
            "dites le véhicule de chaque ligne (colonne « vehicule »)",
        )
        for week, weekday, session, vehicle in sorted({s for s in slots if slots.count(s) > 1})
    ]
    if faults:
        raise InputError(faults)


def crews_of_tour(problem: Problem, visits: Sequence[Visit]) -> dict[DayKey, int]:
    """The crew-week of each day of a tour whose visits have their vehicles.

    That of the file where it tells the team and the agency; else one that can go on that day, is in
    no other vehicle, and keeps the agency and the team of the vehicle's other days.

    Raises:
        InputError: no crew goes out in some week, in that vehicle.
    """
    told = {(v.week, v.weekday, v.vehicle): v for v in reversed(visits)}
    chosen: dict[DayKey, int] = {}
    for _ in range(_PASSES):
        before = dict(chosen)
        for key, visit in sorted(told.items()):
            chosen[key] = _crew(problem, visit, told, chosen)
        if chosen == before:
            break
    return chosen


def _crew(
    problem: Problem,
    visit: Visit,
    told: Mapping[DayKey, Visit],
    chosen: Mapping[DayKey, int],
) -> int:
    """The crew that suits a day best, those of the other days being known."""
    here = (visit.week, visit.weekday, visit.vehicle)
    others = [
        (key, problem.crew_weeks[crew]) for key, crew in chosen.items() if key[0] == visit.week
    ]
    busy = {
        agent
        for key, crew in others
        if key[1] == visit.weekday and key != here
        for team in crew.teams
        for agent in team
    }
    same = [crew for key, crew in others if key[2] == visit.vehicle and key != here]
    days = {key[1] for key in told if key[0] == visit.week and key[2] == visit.vehicle}

    def unfit(number: int) -> tuple[int, ...]:
        crew = problem.crew_weeks[number]
        depot = problem.bases[crew.base].depot
        return (
            bool(visit.team) and visit.team != team_words(team_names(problem, crew)),
            bool(visit.depot) and visit.depot != problem.places[depot],
            visit.weekday not in crew.weekdays,
            len(busy.intersection(agent for team in crew.teams for agent in team)),
            sum(problem.bases[other.base].depot != depot for other in same),
            len(days.difference(crew.weekdays)),
            sum(other.teams != crew.teams for other in same),
            number,
        )

    return min(_able(problem, visit), key=unfit)


def _able(problem: Problem, visit: Visit) -> list[int]:
    """The crews of the week and the vehicle of a visit.

    Raises:
        InputError: there is none.
    """
    names = [vehicle.name for vehicle in problem.vehicles]
    able = [
        number
        for number, crew in enumerate(problem.crew_weeks)
        if crew.week == visit.week - 1 and names[crew.vehicle] == visit.vehicle
    ]
    if not able:
        vehicle = f", {visit.vehicle}" if len(names) > 1 else ""
        raise InputError.of(
            f"semaine {visit.week}{vehicle}",
            "aucune équipe ne peut partir",
            "revoyez agents et vehicules",
        )
    return able


def site_of(problem: Problem, visit: Visit, crew: int) -> int | None:
    """The site of a visit: the room that the file tells, else the first that is open then.

    ``None``: the commune has no site.
    """
    if (visit.code, visit.place) in problem.site_index:
        return problem.site_index[visit.code, visit.place]
    goers = problem.crew_weeks[crew]
    session = [slot.name for slot in problem.sessions].index(visit.session)
    ours = [number for number, site in enumerate(problem.sites) if site.code == visit.code]
    if not ours:
        return None
    if visit.weekday not in problem.weekdays:
        return ours[0]
    day = problem.weekdays.index(visit.weekday)
    open_then = problem.open_slots[goers.vehicle, :, goers.week, day, session]
    return next((number for number in ours if open_then[number]), ours[0])
