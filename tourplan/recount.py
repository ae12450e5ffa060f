"""The value of each level, worked out again from a plan’s own stops: the twin of ``measures``.

It shares no line with it, nor with ``optimise``: one stop and one resident point at a time, in
plain Python, for ``verify`` to hold against what a plan says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tourplan.plan import Day, Stop
from tourplan.problem import (
    AccessGoal,
    Problem,
    Site,
    Vehicle,
)


def recounted(problem: Problem, days: Sequence[Day], name: str) -> int:
    """The value of a level, worked out again."""
    stops = [(day, stop) for day in days for stop in day.stops]
    sites = {(site.code, site.venue): site for site in problem.sites}
    known = [(d, s, sites[s.code, s.place]) for d, s in stops if (s.code, s.place) in sites]
    if name.startswith("habitants_au_dela_"):
        goals = [goal for goal in problem.goals if goal.name == name]
        minutes = name.rpartition("_")[2]
        goal = goals[0] if goals else AccessGoal(int(minutes), None, False)
        return residents_beyond(problem, days, goal)
    codes = [stop.code for _, stop, _ in known]
    values: dict[str, Callable[[], int]] = {
        "acces_moyen": lambda: _far_access_s(problem, days),
        "acces_pire": lambda: _worst_access_s(problem, days),
        "passages": lambda: sum(min(d.required, codes.count(d.code)) for d in problem.demands),
        "heures_mairie": lambda: sum(inside_hours(problem, x, d.weekday, s) for d, s, x in known),
        "marches": lambda: sum(d.weekday in problem.demands[x.demand].market for d, _, x in known),
        "ouverture": lambda: sum(open_of(stop) for _, stop in stops),
        "route": lambda: sum(s.drive_s for _, s in stops) + sum(d.return_drive_s for d in days),
        "km": lambda: _metres(days),
        "cout": lambda: sum(_metres([day]) * _rate(problem, day, name) for day in days),
        "co2": lambda: sum(_metres([day]) * _rate(problem, day, name) for day in days),
        "equite_agents": lambda: _apart(problem, days, name),
        "equite_horaires": lambda: _apart(problem, days, name),
        "equite_communes": lambda: _worst_area(problem, days),
    }
    return values[name]()


def vehicle_of(problem: Problem, day: Day) -> Vehicle | None:
    """The vehicle of a day, ``None`` if the scenario has no such."""
    return next((vehicle for vehicle in problem.vehicles if vehicle.name == day.vehicle), None)


def open_of(stop: Stop) -> int:
    """Seconds open to the public."""
    return stop.closing_s - stop.opening_s - (stop.closed_until_s or 0) + (stop.closed_from_s or 0)


def work_of(problem: Problem, day: Day) -> int:
    """Seconds of work of each agent: drives, set-up, opening, packing."""
    handling = problem.day.setup_s + problem.day.packing_s
    total = day.return_drive_s
    for stop in day.stops:
        total += stop.drive_s + open_of(stop) + handling
    return total


def _metres(days: Sequence[Day]) -> int:
    return sum(sum(s.drive_m for s in day.stops) + day.return_drive_m for day in days)


def _rate(problem: Problem, day: Day, name: str) -> int:
    """Cost or emissions of a metre in a day's vehicle."""
    vehicle = vehicle_of(problem, day)
    if vehicle is None:
        raise KeyError(day.vehicle)
    return vehicle.cost_ueur_m if name == "cout" else vehicle.emissions_ug_m


def _apart(problem: Problem, days: Sequence[Day], name: str) -> int:
    """What parts the agent with most of a burden from the one with least, in a month."""
    there = {agent for crew in problem.crew_weeks for team in crew.teams for agent in team}
    burdens = []
    for agent in (problem.agents[number] for number in there):
        total = 0
        for day in days:
            times = sum(agent.name in team for team in day.teams.values())
            early, late = day.departure_s < problem.early_s, day.return_s > problem.late_s
            burden = work_of(problem, day) if name == "equite_agents" else int(early) + int(late)
            total += times * burden
        burdens.append(total)
    return max(burdens, default=0) - min(burdens, default=0)


def _worst_area(problem: Problem, days: Sequence[Day]) -> int:
    """Of ten thousand residents, those left far in the area that has most of them."""
    every, served = _counters(problem), _served(problem, days)
    everyone, left = [0] * len(problem.areas), [0] * len(problem.areas)
    people = zip(problem.resident_weight, problem.resident_area, strict=True)
    for point, (weight, area) in enumerate(people):
        found = [_fixed_s(problem, point, every), _tour_s(problem, point, served)]
        time_s = min((seconds for seconds in found if seconds is not None), default=None)
        everyone[area] += int(weight)
        left[area] += int(weight) if time_s is None or time_s > problem.far_s else 0
    shares = [10_000 * one // max(1, every) for one, every in zip(left, everyone, strict=True)]
    return max(shares, default=0)


def inside_hours(problem: Problem, site: Site, weekday: int, stop: Stop) -> bool:
    """Whether a session overlaps the hours of the mairie enough."""
    if site.hours is None:
        return False
    shared = 0
    for start, end in site.hours.days[weekday]:
        shared += max(0, min(end, stop.closing_s) - max(start, stop.opening_s))
    return shared >= problem.hours_overlap_s


def _fixed_s(problem: Problem, point: int, counters: Sequence[int]) -> int | None:
    """Seconds from a resident point to the nearest fixed counter; ``None``: no way to any."""
    own = problem.point_times
    if own is None:
        row = int(problem.resident_place[point])
        places = [int(problem.fixed_place[number]) for number in counters]
        times = [int(problem.time_s[row, p]) for p in places if problem.reachable[row, p]]
    else:
        times = [int(own.fixed_s[point, n]) for n in counters if own.fixed_reachable[point, n]]
    return min(times, default=None)


def _tour_s(problem: Problem, point: int, sites: Sequence[int]) -> int | None:
    """Seconds from a resident point to the nearest of some sites; ``None``: no way to any."""
    own = problem.point_times
    if own is None:
        row = int(problem.resident_place[point])
        places = [problem.sites[number].place for number in sites]
        times = [int(problem.time_s[row, p]) for p in places if problem.reachable[row, p]]
    else:
        times = [int(own.site_s[point, n]) for n in sites if own.site_reachable[point, n]]
    return min(times, default=None)


def _longest_s(problem: Problem) -> int:
    """The longest time of all, of places and of resident points."""
    known = [(problem.time_s, problem.reachable)]
    if problem.point_times is not None:
        own = problem.point_times
        known += [(own.fixed_s, own.fixed_reachable), (own.site_s, own.site_reachable)]
    return max(int(time_s[there].max()) if there.any() else 0 for time_s, there in known)


def _counters(problem: Problem, goal: AccessGoal | None = None) -> list[int]:
    """The fixed counters, or those that count for a goal."""
    numbers = range(len(problem.fixed_place))
    if goal is None or goal.fixed is None:
        return list(numbers)
    return [number for number in numbers if goal.fixed[number]]


def _served(problem: Problem, days: Sequence[Day]) -> list[int]:
    held = {(stop.code, stop.place) for day in days for stop in day.stops}
    return [n for n, site in enumerate(problem.sites) if (site.code, site.venue) in held]


def goal_weights(problem: Problem, goal: AccessGoal) -> list[int]:
    """What each resident point counts for in a goal."""
    weights = problem.resident_weight if goal.weight is None else goal.weight
    return [int(weight) for weight in weights]


def residents_beyond(problem: Problem, days: Sequence[Day], goal: AccessGoal) -> int:
    """Residents with no fixed counter, and too few sessions, within a goal's minutes."""
    limit_s = goal.minutes * 60
    counted = _counters(problem, goal)
    numbers = {(site.code, site.venue): number for number, site in enumerate(problem.sites)}
    held = [
        ((day.week, day.weekday, stop.session), numbers[stop.code, stop.place])
        for day in days
        for stop in day.stops
        if (stop.code, stop.place) in numbers
    ]
    total = 0
    for point, weight in enumerate(goal_weights(problem, goal)):
        fixed_s = _fixed_s(problem, point, counted)
        if fixed_s is not None and fixed_s <= limit_s:
            continue
        found = {site: _tour_s(problem, point, [site]) for _, site in held}
        within = {
            site for site, time_s in found.items() if time_s is not None and time_s <= limit_s
        }
        near = {slot for slot, site in held if site in within}
        total += weight if len(near) < goal.sessions else 0
    return total


def _worst_access_s(problem: Problem, days: Sequence[Day]) -> int:
    """Seconds to the nearest counter of the inhabited points worst served."""
    fixed, served, longest = _counters(problem), _served(problem, days), _longest_s(problem)
    worst = 0
    for point, weight in enumerate(problem.resident_weight):
        before = _fixed_s(problem, point, fixed)
        after = _tour_s(problem, point, served)
        limit = longest if before is None else before
        if weight > 0:
            worst = max(worst, limit if after is None else min(limit, after))
    return worst


def _far_access_s(problem: Problem, days: Sequence[Day]) -> int:
    fixed, served, longest = _counters(problem), _served(problem, days), _longest_s(problem)
    total = 0
    for point, weight in enumerate(problem.resident_weight):
        before = _fixed_s(problem, point, fixed)
        if before is not None and before <= problem.far_s:
            continue
        limit = longest if before is None else before
        after = _tour_s(problem, point, served)
        total += int(weight) * (limit if after is None else min(limit, after))
    return total
