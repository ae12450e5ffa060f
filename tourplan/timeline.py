"""Every time of a day that follows from its openings: arrivals, drives, meal, work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from tourplan.plan import Day, Stop
from tourplan.problem import CrewWeek, Problem


@dataclass(frozen=True)
class Opening:
    """A session to hold: slot and site as positions, times in seconds since midnight.

    ``closed``: when a whole-day session closes for the meal; ``None``: at its usual time.
    """

    session: int
    site: int
    opening_s: int
    closing_s: int
    closed: tuple[int, int] | None = None


def whole_minute(seconds: int) -> int:
    """``seconds`` rounded up to a whole minute: how long a drive takes on a timetable."""
    return -(-seconds // 60) * 60


def meal_inside(problem: Problem, sessions: Sequence[int]) -> int | None:
    """Which of a day's ``sessions`` closes over the meal; ``None``: none does."""
    return next((n for n, k in enumerate(sessions) if problem.sessions[k].whole_day), None)


def meal_gap(problem: Problem, sessions: Sequence[int]) -> int | None:
    """Before which of a day's ``sessions`` the meal is taken; ``None``: outside the day.

    It is the first session, not the day's first, whose window starts late enough for a meal
    before; failing that, the first that can still open after one; failing that, the first that
    ends after the meal's window, and then there is no such day. A day whose first session starts
    late enough for a meal before, and ends too late for one after, has it before leaving. A session
    that closes over the meal leaves no other.
    """
    if meal_inside(problem, sessions) is not None:
        return None
    day = problem.day
    slots = [problem.sessions[k] for k in sessions]
    after_meal = day.break_from_s + day.break_s
    meal_ends = slots[0].opening_s + slots[0].minimum_s + day.packing_s + day.break_s
    if slots[0].opening_s >= after_meal and meal_ends > day.break_until_s:
        return None
    last_start = {n: slot.closing_s - slot.minimum_s for n, slot in enumerate(slots)}
    first_end = {n: slot.opening_s + slot.minimum_s for n, slot in enumerate(slots)}
    numbers = range(1, len(slots))
    late = (n for n in numbers if slots[n].opening_s >= after_meal)
    able = (n for n in numbers if last_start[n] >= after_meal + day.setup_s)
    over = (n for n in numbers if first_end[n] > day.break_until_s)
    return next(chain(late, able, over), None)


def pause(problem: Problem, opening_s: int, closing_s: int) -> tuple[int, int]:
    """When a whole-day session closes for the meal: half-way, within the meal's window."""
    day = problem.day
    middle_s = (opening_s + closing_s - day.break_s) // 2 // day.grid_s * day.grid_s
    start = max(day.break_from_s, min(middle_s, day.break_until_s - day.break_s))
    return start, start + day.break_s


def _closed(problem: Problem, opening: Opening) -> tuple[int, int]:
    """When a whole-day session closes for the meal."""
    return opening.closed or pause(problem, opening.opening_s, opening.closing_s)


def build_day(problem: Problem, crew: int, weekday: int, openings: Sequence[Opening]) -> Day:
    """The day tour of a crew (position in ``crew_weeks``) that holds ``openings``."""
    return driven_day(problem, crew, weekday, openings, legs_of(problem, crew, openings))


def legs_of(problem: Problem, crew: int, openings: Sequence[Opening]) -> list[tuple[int, int]]:
    """Seconds and metres of each drive of a day, from the depot back to it."""
    depot = problem.bases[problem.crew_weeks[crew].base].depot
    places = [depot, *(problem.sites[opening.site].place for opening in openings), depot]
    return [_leg(problem, one, two) for one, two in pairwise(places)]


def driven_day(
    problem: Problem,
    crew: int,
    weekday: int,
    openings: Sequence[Opening],
    legs: Sequence[tuple[int, int]],
) -> Day:
    """The day tour of a crew that holds ``openings`` and whose drives are ``legs``.

    It leaves as late as can be and drives on as soon as packed.

    The times may break rules when the openings do; ``verify`` says which. Each drive counts in
    whole minutes on the timetable and exactly in the totals.
    """
    rules, goers = problem.day, problem.crew_weeks[crew]
    stops: list[Stop] = []
    *there, (back_s, back_m) = legs
    first_s = there[0][0]
    left = departure = max(0, openings[0].opening_s - rules.setup_s - whole_minute(first_s))
    for opening, (drive_s, drive_m) in zip(openings, there, strict=True):
        site = problem.sites[opening.site]
        slot = problem.sessions[opening.session]
        closed = _closed(problem, opening) if slot.whole_day else None
        stops.append(
            Stop(
                session=slot.name,
                code=site.code,
                name=site.name,
                arrival_s=left + whole_minute(drive_s),
                opening_s=opening.opening_s,
                closing_s=opening.closing_s,
                departure_s=opening.closing_s + rules.packing_s,
                drive_s=drive_s,
                drive_m=drive_m,
                place=site.venue,
                closed_from_s=closed[0] if closed else None,
                closed_until_s=closed[1] if closed else None,
            )
        )
        left = opening.closing_s + rules.packing_s
    meal = _meal(problem, [o.session for o in openings], stops)
    work_s = (
        sum(stop.drive_s + stop.open_s + rules.setup_s + rules.packing_s for stop in stops) + back_s
    )
    return Day(
        week=goers.week + 1,
        weekday=weekday,
        vehicle=problem.vehicles[goers.vehicle].name,
        depot=problem.places[problem.bases[goers.base].depot],
        teams=team_names(problem, goers),
        departure_s=departure,
        stops=tuple(stops),
        break_from_s=meal[0] if meal else None,
        break_until_s=meal[1] if meal else None,
        return_s=left + whole_minute(back_s),
        return_drive_s=back_s,
        return_drive_m=back_m,
        work_s=work_s,
    )


def _leg(problem: Problem, origin: int, destination: int) -> tuple[int, int]:
    """Seconds and metres from one place to another."""
    return int(problem.time_s[origin, destination]), int(problem.distance_m[origin, destination])


def _meal(
    problem: Problem, sessions: Sequence[int], stops: Sequence[Stop]
) -> tuple[int, int] | None:
    """When the meal starts and ends: all the wait before set-up, within its window."""
    inside, gap = meal_inside(problem, sessions), meal_gap(problem, sessions)
    if inside is not None:
        stop = stops[inside]
        return stop.closed_from_s or 0, stop.closed_until_s or 0
    if gap is None:
        return None
    rules = problem.day
    start = max(stops[gap].arrival_s, rules.break_from_s)
    end = min(stops[gap].opening_s - rules.setup_s, rules.break_until_s)
    return start, max(start, end)


def crew_of(problem: Problem, day: Day) -> int:
    """The crew-week that a day was made for.

    Raises:
        KeyError: no crew of the problem is that of the day.
    """
    for number, crew in enumerate(problem.crew_weeks):
        facts = (
            crew.week + 1,
            problem.vehicles[crew.vehicle].name,
            problem.places[problem.bases[crew.base].depot],
            team_names(problem, crew),
        )
        if facts == (day.week, day.vehicle, day.depot, day.teams):
            return number
    raise KeyError(day.vehicle)


def openings_of(problem: Problem, day: Day) -> list[Opening]:
    """The sessions of a day, by positions."""
    names = [slot.name for slot in problem.sessions]
    return [
        Opening(
            names.index(stop.session),
            problem.site_index[stop.code, stop.place],
            stop.opening_s,
            stop.closing_s,
            stop.closed,
        )
        for stop in day.stops
    ]


def team_names(problem: Problem, goers: CrewWeek) -> dict[int, tuple[str, ...]]:
    """Who goes, by week of the month."""
    return {
        week: tuple(problem.agents[agent].name for agent in team)
        for week, team in zip(problem.month_weeks[goers.week], goers.teams, strict=True)
    }
