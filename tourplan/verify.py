"""The independent checker: recomputes a plan's days from the matrix alone, lists broken rules.

It shares no line with ``daytours``, ``timeline``, ``measures`` or ``optimise``: times, totals and
the value of each level are worked out again, one stop at a time, in plain Python.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tourplan.hours import WEEKDAYS, clock, duration
from tourplan.plan import Day, Level, Stop
from tourplan.problem import (
    MONTH_WEEKS,
    Agent,
    Demand,
    Pin,
    Problem,
    SessionSlot,
    Site,
    Vehicle,
)
from tourplan.recount import (
    goal_weights,
    inside_hours,
    open_of,
    recounted,
    residents_beyond,
    vehicle_of,
    work_of,
)


@dataclass(frozen=True)
class Violation:
    """A broken rule: its code, where in the plan, and what is wrong, in French."""

    rule: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where} : {self.what}"


def verify(
    problem: Problem, days: Sequence[Day], levels: Sequence[Level] = ()
) -> tuple[Violation, ...]:
    """Every rule that ``days`` break, and every level whose value is not what they give."""
    found = [violation for day in days for violation in _day(problem, day)]
    found += _calendar(problem, days)
    found += _depots(problem, days)
    found += _opening(problem, days)
    found += _work(problem, days)
    found += _rest(problem, days)
    found += _sessions(problem, days)
    found += _pins(problem, days)
    found += _spread(problem, days)
    found += _same_slot(problem, days)
    found += _goals(problem, days)
    found += _levels(problem, days, levels)
    return tuple(found)


def _place(day: Day, stop: Stop | None = None) -> str:
    where = f"semaine {day.week}, {WEEKDAYS[day.weekday]}"
    return where if stop is None else f"{where}, {stop.name}"


def _day(problem: Problem, day: Day) -> Iterator[Violation]:
    """The rules of one day."""
    crew = list(_crew(problem, day))
    yield from crew
    if any(violation.rule == "unknown_crew" for violation in crew):
        return
    known = _known(problem, day)
    unknown = [s for s, pair in zip(day.stops, known, strict=True) if pair is None]
    for stop in unknown:
        yield Violation(
            "unknown_site",
            _place(day, stop),
            f"« {stop.code} » ou « {stop.session} » ne fait pas partie du scénario",
        )
    if unknown:
        return
    pairs = [pair for pair in known if pair is not None]
    yield from _order(day, [slot for _, slot in pairs], problem)
    yield from _open_slots(problem, day, pairs)
    yield from _drives(problem, day, [site for site, _ in pairs])
    yield from _openings(problem, day, pairs)
    yield from _meal(problem, day, [slot for _, slot in pairs])
    yield from _day_limits(problem, day)
    yield from _range(problem, day, pairs)


def _agents(problem: Problem, day: Day) -> list[Agent]:
    """Who goes on a day, in any week of the month."""
    names = {name for team in day.teams.values() for name in team}
    return [agent for agent in problem.agents if agent.name in names]


def _crew(problem: Problem, day: Day) -> Iterator[Violation]:
    """Enough agents, trained, there that day, of one agency, in a vehicle that is there too."""
    where, vehicle = _place(day), vehicle_of(problem, day)
    names = {agent.name for agent in problem.agents}
    unknown = {name for team in day.teams.values() for name in team} - names
    if vehicle is None or unknown or day.depot not in problem.places:
        what = "véhicule, agence ou agent inconnu du scénario"
        yield Violation("unknown_crew", where, what)
        return
    weeks = problem.month_weeks[day.week - 1] if day.week <= problem.weeks else ()
    if tuple(day.teams) != weeks:
        yield Violation("teams", where, "l’équipe n’est pas donnée pour chaque semaine")
    depot = problem.places.index(day.depot)
    if vehicle.depots and depot not in vehicle.depots:
        yield Violation("depot", where, f"« {vehicle.name} » ne part pas de cette agence")
    for month_week, team in day.teams.items():
        yield from _team(problem, day, month_week, team, vehicle)
    for agent in _agents(problem, day):
        if agent.agencies and depot not in agent.agencies:
            yield Violation("agency", where, f"{agent.name} n’est pas de cette agence")


def _team(
    problem: Problem, day: Day, month_week: int, names: Sequence[str], vehicle: Vehicle
) -> Iterator[Violation]:
    """The rules of who goes in one week of the month."""
    where = _place(day)
    team = [agent for agent in problem.agents if agent.name in names]
    if len(set(names)) != problem.crew_size or len(names) != problem.crew_size:
        yield Violation("crew_size", where, f"{len(names)} agents, pour {problem.crew_size}")
    if sum(agent.trained for agent in team) < problem.trained:
        yield Violation("trained", where, "trop peu d’agents formés")
    if problem.crew_size > vehicle.seats:
        yield Violation("seats", where, f"« {vehicle.name} » n’a pas assez de places")
    there: list[Agent | Vehicle] = [*team, vehicle]
    for who in there:
        if (month_week, day.weekday) not in who.days:
            what = f"{who.name} n’est pas là (semaine {month_week} sur 4)"
            yield Violation("absent", where, what)


def _open_slots(
    problem: Problem, day: Day, pairs: Sequence[tuple[Site, SessionSlot]]
) -> Iterator[Violation]:
    """Sessions are where and when the scenario allows them."""
    if day.week > problem.weeks or day.weekday not in problem.weekdays:
        return
    position = problem.weekdays.index(day.weekday)
    names = [vehicle.name for vehicle in problem.vehicles]
    mine = problem.open_slots[names.index(day.vehicle)]
    for stop, (site, slot) in zip(day.stops, pairs, strict=True):
        session = problem.sessions.index(slot)
        number = problem.sites.index(site)
        if not mine[number, day.week - 1, position, session]:
            what = "permanence à un moment que le scénario refuse"
            yield Violation("refused_slot", _place(day, stop), what)
    served = [site.demand for site, _ in pairs]
    if len(set(served)) < len(served):
        yield Violation("twice_a_day", _place(day), "la même commune deux fois dans la journée")
    slots = [slot for _, slot in pairs]
    for one, two in itertools.combinations(slots, 2):
        over = one.opening_s < two.closing_s and two.opening_s < one.closing_s
        if over and (one.whole_day or two.whole_day):
            what = f"« {one.name} » et « {two.name} » se recouvrent"
            yield Violation("whole_day", _place(day), what)


def _known(problem: Problem, day: Day) -> list[tuple[Site, SessionSlot] | None]:
    sites = {(site.code, site.venue): site for site in problem.sites}
    slots = {slot.name: slot for slot in problem.sessions}
    pairs = [(sites.get((s.code, s.place)), slots.get(s.session)) for s in day.stops]
    return [(site, slot) if site and slot else None for site, slot in pairs]


def _order(day: Day, slots: Sequence[SessionSlot], problem: Problem) -> Iterator[Violation]:
    numbers = [problem.sessions.index(slot) for slot in slots]
    if numbers != sorted(set(numbers)):
        yield Violation("order", _place(day), "les permanences ne sont pas dans l’ordre du jour")


def _drives(problem: Problem, day: Day, sites: Sequence[Site]) -> Iterator[Violation]:
    """Drives are those of the matrix, and no arrival comes before they end."""
    depot = problem.places.index(day.depot)
    here, left = depot, day.departure_s
    for stop, site in zip(day.stops, sites, strict=True):
        yield from _drive(problem, day, stop.name, here, site.place, (stop.drive_s, stop.drive_m))
        if stop.arrival_s < left + problem.time_s[here, site.place]:
            yield Violation(
                "arrival",
                _place(day, stop),
                f"arrivée annoncée à {clock(stop.arrival_s)}, avant la fin du trajet",
            )
        here, left = site.place, stop.departure_s
    given = (day.return_drive_s, day.return_drive_m)
    yield from _drive(problem, day, "retour", here, depot, given)
    if day.return_s < left + problem.time_s[here, depot]:
        yield Violation("arrival", _place(day), "retour annoncé avant la fin du trajet")


def _drive(
    problem: Problem, day: Day, name: str, here: int, there: int, given: tuple[int, int]
) -> Iterator[Violation]:
    where = f"{_place(day)}, {name}"
    if not problem.reachable[here, there]:
        yield Violation("unreachable", where, "aucune route n’y mène")
    elif given != (problem.time_s[here, there], problem.distance_m[here, there]):
        yield Violation("drive", where, "le trajet n’est pas celui de la table des temps")


def _openings(
    problem: Problem, day: Day, pairs: Sequence[tuple[Site, SessionSlot]]
) -> Iterator[Violation]:
    """Set-up, window, minimum, grid, packing, and mairie hours where they are imposed."""
    rules = problem.day
    for stop, (site, slot) in zip(day.stops, pairs, strict=True):
        where = _place(day, stop)
        if stop.opening_s < slot.opening_s or stop.closing_s > slot.closing_s:
            yield Violation(
                "window",
                where,
                f"ouvert de {clock(stop.opening_s)} à {clock(stop.closing_s)}, hors de "
                f"{clock(slot.opening_s)}–{clock(slot.closing_s)}",
            )
        open_s = open_of(stop)
        if open_s < slot.minimum_s:
            what = f"ouvert {duration(max(0, open_s))}, moins que {duration(slot.minimum_s)}"
            yield Violation("minimum", where, what)
        if slot.maximum_s is not None and open_s > slot.maximum_s:
            what = f"ouvert {duration(open_s)}, plus que {duration(slot.maximum_s)}"
            yield Violation("maximum", where, what)
        yield from _pause(problem, day, stop, slot)
        if stop.opening_s % rules.grid_s or stop.closing_s % rules.grid_s:
            yield Violation("grid", where, "horaire hors de la grille annoncée")
        missing_s = stop.arrival_s + rules.setup_s - stop.opening_s
        if missing_s > 0:
            yield Violation(
                "setup",
                where,
                f"arrivée à {clock(stop.arrival_s)} : il manque {duration(missing_s)} pour "
                f"installer la salle avant {clock(stop.opening_s)}",
            )
        if stop.departure_s < stop.closing_s + rules.packing_s:
            yield Violation("packing", where, "départ avant d’avoir rangé la salle")
        if problem.hours_rule == "imposes" and not inside_hours(problem, site, day.weekday, stop):
            yield Violation("hours", where, "mairie fermée, alors que ses horaires sont imposés")


def _pause(problem: Problem, day: Day, stop: Stop, slot: SessionSlot) -> Iterator[Violation]:
    """A whole-day session closes for the meal, within its hours; no other session does."""
    rules, where = problem.day, _place(day, stop)
    start, end = stop.closed_from_s, stop.closed_until_s
    if not slot.whole_day:
        if (start, end) != (None, None):
            yield Violation("pause", where, "cette permanence n’est pas de la journée entière")
    elif start is None or end is None or end - start < rules.break_s:
        yield Violation("pause", where, f"moins de {duration(rules.break_s)} de pause du midi")
    elif start < max(rules.break_from_s, stop.opening_s) or end > min(
        rules.break_until_s, stop.closing_s
    ):
        yield Violation("pause", where, "la pause du midi sort de la permanence ou de sa plage")


def _meal_index(problem: Problem, slots: Sequence[SessionSlot]) -> int | None:
    """Which session, not the first, the meal comes before; ``None`` when it needs no place."""
    rules = problem.day
    eaten = rules.break_from_s + rules.break_s
    first_done = slots[0].opening_s + slots[0].minimum_s + rules.packing_s
    if slots[0].opening_s >= eaten and first_done + rules.break_s > rules.break_until_s:
        return None
    later = list(enumerate(slots))[1:]
    late = [n for n, slot in later if slot.opening_s >= eaten]
    able = [n for n, s in later if s.closing_s - s.minimum_s - rules.setup_s >= eaten]
    over = [n for n, slot in later if slot.opening_s + slot.minimum_s > rules.break_until_s]
    return next(iter(late or able or over), None)


def _meal(problem: Problem, day: Day, slots: Sequence[SessionSlot]) -> Iterator[Violation]:
    """A long enough meal within its window, and no longer stretch of work than allowed."""
    rules = problem.day
    whole = next((n for n, slot in enumerate(slots) if slot.whole_day), None)
    if whole is not None:
        yield from _meal_inside(problem, day, whole)
        return
    index = _meal_index(problem, slots)
    if index is not None:
        stop = day.stops[index]
        start = max(stop.arrival_s, rules.break_from_s)
        end = min(stop.opening_s - rules.setup_s, rules.break_until_s)
        if end - start < rules.break_s:
            yield Violation(
                "meal",
                _place(day, stop),
                f"{duration(max(0, end - start))} de repas, moins que {duration(rules.break_s)}",
            )
        if (day.break_from_s, day.break_until_s) != (start, max(start, end)):
            yield Violation("meal_times", _place(day), "les heures du repas ne sont pas les bonnes")
    elif (day.break_from_s, day.break_until_s) != (None, None):
        yield Violation("meal_times", _place(day), "aucun repas n’est à prendre dans cette journée")
    stretches = [day.stops] if index is None else [day.stops[:index], day.stops[index:]]
    for number, stops in enumerate(stretches):
        work_s = sum(open_of(s) + rules.setup_s + rules.packing_s for s in stops)
        work_s += sum(s.drive_s for s in (stops if number == 0 else stops[1:]))
        last = number == len(stretches) - 1
        work_s += day.return_drive_s if last else day.stops[len(stops)].drive_s
        if work_s > rules.max_unbroken_s:
            yield Violation(
                "unbroken", _place(day), f"{duration(work_s)} de travail d’affilée, sans pause"
            )


def _meal_inside(problem: Problem, day: Day, index: int) -> Iterator[Violation]:
    """The meal of a day with a whole-day session, and the work on either side of it."""
    rules, stop = problem.day, day.stops[index]
    if (day.break_from_s, day.break_until_s) != (stop.closed_from_s, stop.closed_until_s):
        yield Violation("meal_times", _place(day), "le repas n’est pas pendant la pause du midi")
    start, end = stop.closed_from_s or 0, stop.closed_until_s or 0
    handling = rules.setup_s + rules.packing_s
    before = sum(s.drive_s for s in day.stops[: index + 1]) + rules.setup_s + start - stop.opening_s
    before += sum(open_of(s) + handling for s in day.stops[:index])
    after = sum(s.drive_s for s in day.stops[index + 1 :]) + day.return_drive_s
    after += rules.packing_s + stop.closing_s - end
    after += sum(open_of(s) + handling for s in day.stops[index + 1 :])
    for work_s in (before, after):
        if work_s > rules.max_unbroken_s:
            what = f"{duration(work_s)} de travail d’affilée, sans pause"
            yield Violation("unbroken", _place(day), what)


def _tightest(own: Sequence[int | None], limit: int) -> int:
    """The least of a limit and of those that agents have of their own."""
    return min([limit, *(value for value in own if value is not None)])


def _day_limits(problem: Problem, day: Day) -> Iterator[Violation]:
    """Departure, return, work and amplitude, under the rules and the agents' own limits."""
    rules, where, agents = problem.day, _place(day), _agents(problem, day)
    earliest_s = max([rules.earliest_departure_s, *(a.earliest_departure_s or 0 for a in agents)])
    latest_s = _tightest([a.latest_return_s for a in agents], rules.latest_return_s)
    most_work_s = _tightest([a.max_work_s for a in agents], rules.max_work_s)
    amplitude_s = _tightest([a.max_amplitude_s for a in agents], rules.max_amplitude_s)
    if day.departure_s < earliest_s:
        yield Violation(
            "departure", where, f"départ à {clock(day.departure_s)}, avant {clock(earliest_s)}"
        )
    if day.return_s > latest_s:
        yield Violation("return", where, f"retour à {clock(day.return_s)}, après {clock(latest_s)}")
    work_s = work_of(problem, day)
    if work_s != day.work_s:
        yield Violation("work_total", where, "le travail de la journée est mal compté")
    if work_s > most_work_s:
        yield Violation(
            "day_work", where, f"{duration(work_s)} de travail, plus que {duration(most_work_s)}"
        )
    away_s = day.return_s - day.departure_s
    if away_s > amplitude_s:
        what = f"{duration(away_s)} du départ au retour, plus que {duration(amplitude_s)}"
        yield Violation("amplitude", where, what)


def _range(
    problem: Problem, day: Day, pairs: Sequence[tuple[Site, SessionSlot]]
) -> Iterator[Violation]:
    """The vehicle's range, with what a meal taken near a charger gives back."""
    vehicle = vehicle_of(problem, day)
    limits = [problem.day.range_m, vehicle.range_m if vehicle else None]
    known = [metres for metres in limits if metres is not None]
    if not known:
        return
    limit, legs = min(known), [*(stop.drive_m for stop in day.stops), day.return_drive_m]
    slots = [slot for _, slot in pairs]
    whole = next((n for n, slot in enumerate(slots) if slot.whole_day), None)
    eaten = _meal_index(problem, slots) if whole is None else whole
    regained = max(problem.day.recharge_m, vehicle.recharge_m if vehicle else 0)
    left, worst = limit, limit
    for number, metres in enumerate(legs):
        left -= metres
        worst = min(worst, left)
        if number == eaten and pairs[number][0].charger:
            left = min(limit, left + regained)
    if worst < 0:
        km = sum(legs) / 1000
        yield Violation("range", _place(day), f"{km:.0f} km, plus que l’autonomie du véhicule")


def _calendar(problem: Problem, days: Sequence[Day]) -> Iterator[Violation]:
    """Weeks and weekdays exist; a vehicle and an agent have one day tour at most in each."""
    seen = set()
    for day in days:
        if not 1 <= day.week <= problem.weeks or day.weekday not in problem.weekdays:
            yield Violation("calendar", _place(day), "ce jour n’est pas un jour de tournée")
        if (day.vehicle, day.week, day.weekday) in seen:
            yield Violation("one_day_tour_a_day", _place(day), "deux journées le même jour")
        seen.add((day.vehicle, day.week, day.weekday))
    going = [
        (m, day.weekday, name) for day in days for m, team in day.teams.items() for name in team
    ]
    for month_week, weekday, name in sorted({who for who in going if going.count(who) > 1}):
        where = f"semaine {month_week} sur 4, {WEEKDAYS[weekday]}"
        yield Violation("agent_twice", where, f"{name} fait deux journées le même jour")


def _depots(problem: Problem, days: Sequence[Day]) -> Iterator[Violation]:
    """A vehicle keeps its depot through a week."""
    for vehicle in problem.vehicles:
        for week in range(1, problem.weeks + 1):
            mine = {d.depot for d in days if d.week == week and d.vehicle == vehicle.name}
            if len(mine) > 1:
                what = f"« {vehicle.name} » part de plusieurs agences dans la semaine"
                yield Violation("one_depot_a_week", f"semaine {week}", what)


def _opening(problem: Problem, days: Sequence[Day]) -> Iterator[Violation]:
    """Opening to the public of each vehicle in each week that some crew can go out in it."""
    for vehicle, week in sorted({(crew.vehicle, crew.week) for crew in problem.crew_weeks}):
        name = problem.vehicles[vehicle].name
        mine = [day for day in days if (day.week, day.vehicle) == (week + 1, name)]
        open_s = sum(open_of(stop) for day in mine for stop in day.stops)
        if open_s < problem.week.min_opening_s:
            where = f"semaine {week + 1}"
            where += f", {name}" if len(problem.vehicles) > 1 else ""
            least = duration(problem.week.min_opening_s)
            what = f"{duration(open_s)} d’ouverture, moins que {least}"
            yield Violation("weekly_opening", where, what)


def _work(problem: Problem, days: Sequence[Day]) -> Iterator[Violation]:
    """Work of each agent in each week of the month; alike agents are told once."""
    told = set()
    for agent in problem.agents:
        for month_week in range(1, MONTH_WEEKS + 1):
            mine = [day for day in days if agent.name in day.teams.get(month_week, ())]
            work_s = sum(work_of(problem, day) for day in mine)
            weeks = " et ".join(sorted({f"semaine {day.week}" for day in mine}))
            if work_s > agent.max_week_s and (weeks, work_s, agent.max_week_s) not in told:
                told.add((weeks, work_s, agent.max_week_s))
                most = duration(agent.max_week_s)
                what = f"{duration(work_s)} de travail par agent, plus que {most}"
                yield Violation("weekly_work", weeks, what)


def _rest(problem: Problem, days: Sequence[Day]) -> Iterator[Violation]:
    """Rest of each agent from one day to the next, within a week."""
    for agent in problem.agents:
        for month_week in range(1, MONTH_WEEKS + 1):
            mine = [day for day in days if agent.name in day.teams.get(month_week, ())]
            mine.sort(key=lambda day: day.weekday)
            for one, two in itertools.pairwise(mine):
                rest_s = (two.weekday - one.weekday) * 86_400 + two.departure_s - one.return_s
                if two.weekday > one.weekday and rest_s < problem.week.min_rest_s:
                    what = f"{agent.name} n’a que {duration(rest_s)} de repos avant"
                    yield Violation("rest", _place(two), what)


def _visits(days: Sequence[Day], demand: Demand) -> list[tuple[Day, Stop]]:
    """The sessions held for a commune."""
    return [(day, stop) for day in days for stop in day.stops if stop.code == demand.code]


def _sessions(problem: Problem, days: Sequence[Day]) -> Iterator[Violation]:
    """Required communes are served, none more than allowed."""
    for demand in problem.demands:
        count = len(_visits(days, demand))
        if count < demand.required:
            what = "commune à desservir, sans permanence"
            if count:
                what = f"{count} permanences, au moins {demand.required}"
            yield Violation("required_sessions", demand.name, what)
        if count > demand.allowed:
            what = f"{count} permanences, au plus {demand.allowed}"
            yield Violation("sessions_of_a_site", demand.name, what)


def _pins(problem: Problem, days: Sequence[Day]) -> Iterator[Violation]:
    """Sessions that are pinned are held."""
    for demand in problem.demands:
        visits = _visits(days, demand)
        for pin in demand.pins:
            if not any(_matches(problem, pin, day, stop) for day, stop in visits):
                yield Violation("pinned_sessions", demand.name, "permanence imposée, non tenue")


def _matches(problem: Problem, pin: Pin, day: Day, stop: Stop) -> bool:
    """Whether a session is as pinned."""
    facts = [
        (pin.week, day.week - 1),
        (pin.weekday, day.weekday),
        (None if pin.session is None else problem.sessions[pin.session].name, stop.session),
        (None if pin.vehicle is None else problem.vehicles[pin.vehicle].name, day.vehicle),
    ]
    return all(asked is None or asked == found for asked, found in facts)


def _spread(problem: Problem, days: Sequence[Day]) -> Iterator[Violation]:
    """Days between two sessions of a commune, from month to month of four weeks."""
    for demand in problem.demands:
        visits = [day for day, _ in _visits(days, demand)]
        if demand.allowed < 2 or not visits:
            continue
        dates = sorted(
            (7 * week - 7 + day.weekday, visit)
            for visit, day in enumerate(visits)
            for week in day.teams
        )
        nexts = [*dates[1:], (dates[0][0] + 7 * MONTH_WEEKS, dates[0][1])]
        gaps = [two - one for (one, _), (two, _) in zip(dates, nexts, strict=True)]
        # A session that comes back with the cycle is not another one.
        others = [b - a for (a, one), (b, two) in zip(dates, nexts, strict=True) if one != two]
        if others and min(others) < demand.gap_days:
            what = f"permanences à {min(others)} jours d’écart, au moins {demand.gap_days}"
            yield Violation("spread_sessions", demand.name, what)
        if demand.gap_most_days is not None and max(gaps) > demand.gap_most_days:
            what = f"{max(gaps)} jours sans permanence, au plus {demand.gap_most_days}"
            yield Violation("spread_sessions", demand.name, what)


def _same_slot(problem: Problem, days: Sequence[Day]) -> Iterator[Violation]:
    """A commune keeps its weekday and half-day."""
    for demand in problem.demands:
        slots = {(day.weekday, s.session) for day, s in _visits(days, demand)}
        if demand.same_slot and len(slots) > 1:
            what = "le jour ou la demi-journée change d’une fois à l’autre"
            yield Violation("same_slot", demand.name, what)


def _goals(problem: Problem, days: Sequence[Day]) -> Iterator[Violation]:
    """Imposed access goals."""
    for goal in (goal for goal in problem.goals if goal.imposed):
        total = sum(goal_weights(problem, goal))
        share = 100.0 if goal.share_pct is None else goal.share_pct
        beyond = residents_beyond(problem, days, goal)
        if beyond > total * (100 - share) / 100 + 1e-9:
            yield Violation(
                "imposed_goals",
                f"objectif à {goal.minutes} min",
                f"{beyond} habitants sont plus loin, pour {share:g} % visés",
            )


def _levels(problem: Problem, days: Sequence[Day], levels: Sequence[Level]) -> Iterator[Violation]:
    """Stated values are those of the days, and none is better than its bound."""
    for level in levels:
        try:
            value = recounted(problem, days, level.name)
        except (KeyError, ValueError):
            yield Violation("level", level.label, f"« {level.name} » n’est pas un niveau connu")
            continue
        if value != level.value:
            yield Violation("level", level.label, f"annoncé {level.value}, recalculé {value}")
        if level.bound is not None:
            better = value < level.bound if level.sense == "min" else value > level.bound
            if better:
                yield Violation("bound", level.label, f"{value} est meilleur que la borne")
