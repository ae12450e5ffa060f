"""The independent checker: recomputes a plan's days from the matrix alone, lists broken rules.

It shares no line with ``daytours``, ``timeline``, ``measures`` or ``optimise``: times, totals and
the value of each level are worked out again, one stop at a time, in plain Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tourplan.hours import WEEKDAYS, clock, duration
from tourplan.plan import Day, Level, Stop
from tourplan.problem import Problem, SessionSlot, Site


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
    found += _weeks(problem, days)
    found += _sessions(problem, days)
    found += _goals(problem, days)
    found += _levels(problem, days, levels)
    return tuple(found)


def _place(day: Day, stop: Stop | None = None) -> str:
    where = f"semaine {day.week}, {WEEKDAYS[day.weekday]}"
    return where if stop is None else f"{where}, {stop.name}"


def _day(problem: Problem, day: Day) -> Iterator[Violation]:
    """The rules of one day."""
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
    yield from _drives(problem, day, [site for site, _ in pairs])
    yield from _openings(problem, day, pairs)
    yield from _meal(problem, day, [slot for _, slot in pairs])
    yield from _day_limits(problem, day)


def _known(problem: Problem, day: Day) -> list[tuple[Site, SessionSlot] | None]:
    sites = {site.code: site for site in problem.sites}
    slots = {slot.name: slot for slot in problem.sessions}
    return [
        (sites[s.code], slots[s.session]) if s.code in sites and s.session in slots else None
        for s in day.stops
    ]


def _order(day: Day, slots: Sequence[SessionSlot], problem: Problem) -> Iterator[Violation]:
    numbers = [problem.sessions.index(slot) for slot in slots]
    if numbers != sorted(set(numbers)):
        yield Violation("order", _place(day), "les permanences ne sont pas dans l’ordre du jour")


def _drives(problem: Problem, day: Day, sites: Sequence[Site]) -> Iterator[Violation]:
    """Drives are those of the matrix, and no arrival comes before they end."""
    here, left = problem.depot, day.departure_s
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
    yield from _drive(problem, day, "retour", here, problem.depot, given)
    if day.return_s < left + problem.time_s[here, problem.depot]:
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
        if stop.closing_s - stop.opening_s < slot.minimum_s:
            yield Violation(
                "minimum",
                where,
                f"ouvert {duration(max(0, stop.closing_s - stop.opening_s))}, moins que "
                f"{duration(slot.minimum_s)}",
            )
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
        if problem.hours_rule == "imposes" and not _inside(problem, site, day.weekday, stop):
            yield Violation("hours", where, "mairie fermée, alors que ses horaires sont imposés")


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
        work_s = sum(s.closing_s - s.opening_s + rules.setup_s + rules.packing_s for s in stops)
        work_s += sum(s.drive_s for s in (stops if number == 0 else stops[1:]))
        last = number == len(stretches) - 1
        work_s += day.return_drive_s if last else day.stops[len(stops)].drive_s
        if work_s > rules.max_unbroken_s:
            yield Violation(
                "unbroken", _place(day), f"{duration(work_s)} de travail d’affilée, sans pause"
            )


def _day_limits(problem: Problem, day: Day) -> Iterator[Violation]:
    """Departure, return, work, amplitude and range."""
    rules, where = problem.day, _place(day)
    if day.departure_s < rules.earliest_departure_s:
        yield Violation(
            "departure",
            where,
            f"départ à {clock(day.departure_s)}, avant {clock(rules.earliest_departure_s)}",
        )
    if day.return_s > rules.latest_return_s:
        yield Violation(
            "return",
            where,
            f"retour à {clock(day.return_s)}, après {clock(rules.latest_return_s)}",
        )
    work_s = _work_s(problem, day)
    if work_s != day.work_s:
        yield Violation("work_total", where, "le travail de la journée est mal compté")
    if work_s > rules.max_work_s:
        yield Violation(
            "day_work",
            where,
            f"{duration(work_s)} de travail, plus que {duration(rules.max_work_s)}",
        )
    if day.return_s - day.departure_s > rules.max_amplitude_s:
        yield Violation(
            "amplitude",
            where,
            f"{duration(day.return_s - day.departure_s)} du départ au retour, plus que "
            f"{duration(rules.max_amplitude_s)}",
        )
    metres = sum(stop.drive_m for stop in day.stops) + day.return_drive_m
    if rules.range_m is not None and metres > rules.range_m:
        yield Violation("range", where, f"{metres / 1000:.0f} km, plus que l’autonomie du véhicule")


def _work_s(problem: Problem, day: Day) -> int:
    handling = problem.day.setup_s + problem.day.packing_s
    total = day.return_drive_s
    for stop in day.stops:
        total += stop.drive_s + (stop.closing_s - stop.opening_s) + handling
    return total


def _calendar(problem: Problem, days: Sequence[Day]) -> Iterator[Violation]:
    """Weeks and weekdays exist, each with one day tour at most."""
    seen = set()
    for day in days:
        if not 1 <= day.week <= problem.weeks or day.weekday not in problem.weekdays:
            yield Violation("calendar", _place(day), "ce jour n’est pas un jour de tournée")
        if (day.week, day.weekday) in seen:
            yield Violation("one_day_tour_a_day", _place(day), "deux journées le même jour")
        seen.add((day.week, day.weekday))


def _weeks(problem: Problem, days: Sequence[Day]) -> Iterator[Violation]:
    """Opening to the public and work of each week."""
    for week in range(1, problem.weeks + 1):
        mine = [day for day in days if day.week == week]
        open_s = sum(stop.closing_s - stop.opening_s for day in mine for stop in day.stops)
        work_s = sum(_work_s(problem, day) for day in mine)
        if open_s < problem.week.min_opening_s:
            yield Violation(
                "weekly_opening",
                f"semaine {week}",
                f"{duration(open_s)} d’ouverture, moins que {duration(problem.week.min_opening_s)}",
            )
        if work_s > problem.week.max_work_s:
            yield Violation(
                "weekly_work",
                f"semaine {week}",
                f"{duration(work_s)} de travail par agent, plus que "
                f"{duration(problem.week.max_work_s)}",
            )


def _sessions(problem: Problem, days: Sequence[Day]) -> Iterator[Violation]:
    """Required communes are served, none more than allowed."""
    held = [stop.code for day in days for stop in day.stops]
    for site in problem.sites:
        count = held.count(site.code)
        if count < site.required:
            yield Violation("required_sessions", site.name, "commune à desservir, sans permanence")
        if count > site.allowed:
            yield Violation(
                "sessions_of_a_site", site.name, f"{count} permanences, au plus {site.allowed}"
            )


def _goals(problem: Problem, days: Sequence[Day]) -> Iterator[Violation]:
    """Imposed access goals."""
    total = sum(int(weight) for weight in problem.resident_weight)
    for goal in (goal for goal in problem.goals if goal.imposed):
        share = 100.0 if goal.share_pct is None else goal.share_pct
        beyond = _residents_beyond(problem, days, goal.minutes)
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
            value = _value(problem, days, level.name)
        except (KeyError, ValueError):
            yield Violation("level", level.label, f"« {level.name} » n’est pas un niveau connu")
            continue
        if value != level.value:
            yield Violation("level", level.label, f"annoncé {level.value}, recalculé {value}")
        if level.bound is not None:
            better = value < level.bound if level.sense == "min" else value > level.bound
            if better:
                yield Violation("bound", level.label, f"{value} est meilleur que la borne")


def _value(problem: Problem, days: Sequence[Day], name: str) -> int:
    """The value of a level, worked out again."""
    stops = [(day, stop) for day in days for stop in day.stops]
    if name.startswith("habitants_au_dela_"):
        return _residents_beyond(problem, days, int(name.rpartition("_")[2]))
    if name == "acces_moyen":
        return _far_access_s(problem, days)
    if name == "passages":
        codes = [stop.code for _, stop in stops]
        return sum(min(site.required, codes.count(site.code)) for site in problem.sites)
    if name == "heures_mairie":
        sites = {site.code: site for site in problem.sites}
        return sum(
            _inside(problem, sites[s.code], d.weekday, s) for d, s in stops if s.code in sites
        )
    if name == "ouverture":
        return sum(stop.closing_s - stop.opening_s for _, stop in stops)
    if name == "route":
        return sum(s.drive_s for _, s in stops) + sum(day.return_drive_s for day in days)
    if name == "km":
        return sum(s.drive_m for _, s in stops) + sum(day.return_drive_m for day in days)
    raise KeyError(name)


def _inside(problem: Problem, site: Site, weekday: int, stop: Stop) -> bool:
    """Whether a session overlaps the hours of the mairie enough."""
    if site.hours is None:
        return False
    shared = 0
    for start, end in site.hours.days[weekday]:
        shared += max(0, min(end, stop.closing_s) - max(start, stop.opening_s))
    return shared >= problem.hours_overlap_s


def _nearest_s(problem: Problem, resident: int, places: Sequence[int]) -> int | None:
    """Seconds from a resident point to the nearest of ``places``; ``None`` if there is no way."""
    times = [int(problem.time_s[resident, p]) for p in places if problem.reachable[resident, p]]
    return min(times, default=None)


def _served_places(problem: Problem, days: Sequence[Day]) -> list[int]:
    codes = {stop.code for day in days for stop in day.stops}
    return [site.place for site in problem.sites if site.code in codes]


def _residents_beyond(problem: Problem, days: Sequence[Day], minutes: int) -> int:
    open_places = [int(p) for p in problem.fixed_place] + _served_places(problem, days)
    total = 0
    for place, weight in zip(problem.resident_place, problem.resident_weight, strict=True):
        time_s = _nearest_s(problem, int(place), open_places)
        if time_s is None or time_s > minutes * 60:
            total += int(weight)
    return total


def _far_access_s(problem: Problem, days: Sequence[Day]) -> int:
    fixed, served = [int(p) for p in problem.fixed_place], _served_places(problem, days)
    longest = max((int(t) for t in problem.time_s[problem.reachable]), default=0)
    total = 0
    for place, weight in zip(problem.resident_place, problem.resident_weight, strict=True):
        before = _nearest_s(problem, int(place), fixed)
        if before is not None and before <= problem.far_s:
            continue
        limit = longest if before is None else before
        after = _nearest_s(problem, int(place), served)
        total += int(weight) * (limit if after is None else min(limit, after))
    return total
