"""Every feasible day with its timeline, as arrays: one row a day tour.

A day tour holds sessions in some of the day's slots, in order. Its openings are as long as the
windows, the drives, the meal and the day's limits allow; a day that cannot open each session for
its minimum does not exist. Times are whole seconds; drives take whole minutes on the timetable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from tourplan.hours import DAY_S
from tourplan.orders import Course, orders
from tourplan.problem import DayRules, Problem, SessionSlot
from tourplan.timeline import Opening, meal_gap, meal_inside

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MAX_TOURS = 1_000_000
"""Days listed at most: about what listing and one solve bear on an office laptop."""
TIMED = 400_000
"""Days timed together: a few hundred megabytes."""


@dataclass(frozen=True, eq=False)
class DayTours:
    """The feasible day tours of a base.

    Attributes:
        site: site of each slot, -1 where the slot is unused, shape (tours, slots).
        opening_s: opening of each slot, shape (tours, slots).
        closing_s: closing of each slot, shape (tours, slots).
        drive_s: exact driving, shape (tours,).
        drive_m: metres, shape (tours,).
        work_s: work of each agent, shape (tours,).
        open_s: opening to the public, shape (tours,).
        slack_s: how much opening may be cut before a session falls under its minimum, (tours,).
        in_hours: sessions within mairie hours on each working day, shape (tours, weekdays).
        most_in_hours: no timing of the same sessions has more of them within hours, same shape.
        market: sessions on their commune's market day, on each working day, same shape.
        allowed: whether the tour may run in each week, on each working day, shape (tours, weeks,
            weekdays).
        early: whether the crew starts early, shape (tours,).
        late: whether it comes back late, shape (tours,).
    """

    site: Ints
    opening_s: Ints
    closing_s: Ints
    drive_s: Ints
    drive_m: Ints
    work_s: Ints
    open_s: Ints
    slack_s: Ints
    in_hours: Ints
    most_in_hours: Ints
    market: Ints
    allowed: Bools
    early: Bools
    late: Bools

    def __len__(self) -> int:
        return len(self.site)

    def rows(self, rows: Ints) -> DayTours:
        """Some of the rows, in that order."""
        return DayTours(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def join(self, other: DayTours) -> DayTours:
        """These rows, then those of ``other``."""
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return DayTours(**{name: np.concatenate(pair) for name, pair in pairs.items()})

    def serving(self, site: int) -> Ints:
        """The rows that hold a session at ``site``."""
        return np.flatnonzero((self.site == site).any(axis=1))

    def by_site(self, count: int) -> list[Ints]:
        """The rows that hold a session at each of ``count`` sites."""
        flat = self.site.ravel()
        order = np.argsort(flat, kind="stable")
        starts = np.searchsorted(flat[order], np.arange(count + 1))
        rows = order // self.site.shape[1]
        return [rows[starts[site] : starts[site + 1]] for site in range(count)]

    def openings(self, row: int) -> list[Opening]:
        """The sessions of one day tour."""
        return [
            Opening(k, int(site), int(self.opening_s[row, k]), int(self.closing_s[row, k]))
            for k, site in enumerate(self.site[row])
            if site >= 0
        ]


class TooManyDays(Exception):  # noqa: N818
    """More days exist than ``MAX_TOURS``: they can be priced, not listed."""


def list_day_tours(problem: Problem, base: int = 0) -> DayTours:
    """Every feasible day tour of a base, over all ordered choices of slots and different sites.

    Raises:
        TooManyDays: there are more than ``MAX_TOURS``.
    """
    chunks: list[TimedDays] = []
    left = MAX_TOURS
    for chosen in slot_choices(problem.sessions):
        rows = orders(day_course(problem, base, chosen), left)
        if rows is None:
            raise TooManyDays
        parts = [
            time_days(problem, base, chosen, rows[first : first + TIMED]).feasible_only()
            for first in range(0, max(len(rows), 1), TIMED)
        ]
        chunks += parts
        left -= sum(len(part.site) for part in parts)
    return merge_days(problem, base, chunks)


def day_tours_at(problem: Problem, base: int, site: Ints) -> DayTours:
    """Of the day tours with these sites in their slots, those that exist.

    ``site``: -1 where a slot is unused, shape (tours, slots).
    """
    chunks, used = [], site >= 0
    for chosen in slot_choices(problem.sessions):
        mine = (used == np.isin(np.arange(used.shape[1]), chosen)).all(axis=1)
        rows = site[mine][:, list(chosen)]
        chunks.append(time_days(problem, base, chosen, rows).feasible_only())
    return merge_days(problem, base, chunks)


def day_course(problem: Problem, base: int, sessions: tuple[int, ...]) -> Course:
    """The sessions of a day of a base and the drives between its sites."""
    rules = problem.rules(base)
    shape = DayShape.of(problem, rules, sessions)
    place = np.append(problem.bases[base].depot, problem.site_place)
    cells = np.ix_(place, place)
    return Course(
        rules=rules,
        slots=shape.slots,
        minimum_s=shape.minimum_s,
        pause_s=shape.pause_s,
        meal=shape.meal,
        range_m=_furthest(problem, shape),
        demand=problem.site_demand,
        time_s=problem.time_s[cells],
        distance_m=problem.distance_m[cells],
        reachable=problem.reachable[cells],
    )


def _furthest(problem: Problem, day: DayShape) -> int | None:
    """The most metres that a day may drive, a meal near a charger included."""
    limit = day.rules.range_m
    eaten = day.meal is not None or day.inside is not None
    if limit is None or not (eaten and any(site.charger for site in problem.sites)):
        return limit
    return limit + day.rules.recharge_m


def slot_choices(sessions: Sequence[SessionSlot]) -> list[tuple[int, ...]]:
    """The slots that a day may use together, fewest first.

    A whole-day session goes with none that overlaps it. Of sessions alike in all but their names
    the first are used first: the others give the same days again.
    """
    return [
        chosen
        for size in range(1, len(sessions) + 1)
        for chosen in combinations(range(len(sessions)), size)
        if _compatible([sessions[k] for k in chosen]) and _first_of_alike(sessions, chosen)
    ]


def most_sessions(problem: Problem) -> int:
    """The sessions that a cycle has slots for: on each day out, as many as go together."""
    a_day = max(map(len, slot_choices(problem.sessions)), default=0)
    return a_day * len(problem.days_out)


def _compatible(slots: Sequence[SessionSlot]) -> bool:
    """Whether no whole-day session overlaps another."""
    return not any(
        (one.whole_day or two.whole_day)
        and one.opening_s < two.closing_s
        and two.opening_s < one.closing_s
        for one, two in combinations(slots, 2)
    )


def _first_of_alike(sessions: Sequence[SessionSlot], chosen: Sequence[int]) -> bool:
    """Whether each slot used follows, where it has the same window, another that is used."""
    used = set(chosen)
    alike = (k for k in chosen if k and _unnamed(sessions[k]) == _unnamed(sessions[k - 1]))
    return all(k - 1 in used for k in alike)


def _unnamed(slot: SessionSlot) -> SessionSlot:
    return replace(slot, name="")


@dataclass(frozen=True, eq=False)
class TimedDays:
    """Days over the same slots, timed, shapes (days, n) or (days,); ``feasible``: which exist.

    Whatever the timing, a session opens from ``earliest_s`` on and closes by ``latest_s``.
    """

    sessions: tuple[int, ...]
    site: Ints
    opening_s: Ints
    closing_s: Ints
    earliest_s: Ints
    latest_s: Ints
    drive_s: Ints
    drive_m: Ints
    work_s: Ints
    early: Bools
    late: Bools
    feasible: Bools

    def feasible_only(self) -> TimedDays:
        """The days that exist."""
        kept = {
            f.name: getattr(self, f.name)[self.feasible]
            for f in fields(self)
            if f.name != "sessions"
        }
        return TimedDays(sessions=self.sessions, **kept)


def time_days(problem: Problem, base: int, sessions: tuple[int, ...], site: Ints) -> TimedDays:
    """The longest openings of the days that hold ``sessions`` at ``site``, shape (days, n)."""
    rules, legs = problem.rules(base), Legs.of(problem, problem.bases[base].depot, site)
    day = DayShape.of(problem, rules, sessions)
    away = rules.setup_s + rules.packing_s + legs.minutes_s[:, 0] + legs.minutes_s[:, -1]
    opening, closing, feasible = _longest(day, legs, *day.bounds(legs))
    feasible &= legs.reachable & _within_range(problem, day, legs, site)
    long = np.flatnonzero(
        feasible & (closing[:, -1] - opening[:, 0] + away > rules.max_amplitude_s)
    )
    if long.size:
        opening[long], closing[long], feasible[long] = _within_amplitude(
            day, legs.rows(long), opening[long, 0], closing[long, -1]
        )
    return _dated(problem, day, legs, sessions, site, opening, closing, feasible)


def opened_days(
    problem: Problem, base: int, sessions: tuple[int, ...], site: Ints, spans: tuple[Ints, Ints]
) -> TimedDays:
    """The days that hold ``sessions`` at ``site``, opened and closed at times known to be able."""
    legs = Legs.of(problem, problem.bases[base].depot, site)
    day = DayShape.of(problem, problem.rules(base), sessions)
    return _dated(problem, day, legs, sessions, site, *spans, np.ones(len(site), dtype=bool))


def _dated(
    problem: Problem,
    day: DayShape,
    legs: Legs,
    sessions: tuple[int, ...],
    site: Ints,
    opening: Ints,
    closing: Ints,
    feasible: Bools,
) -> TimedDays:
    """What follows from the openings of days."""
    rules = day.rules
    first_s, last_s = day.bounds(legs)
    earliest, latest = _reach(day, legs, first_s, last_s)
    handling = (rules.setup_s + rules.packing_s) * len(sessions) - int(day.pause_s.sum())
    leaves = opening[:, 0] - rules.setup_s - legs.minutes_s[:, 0]
    returns = closing[:, -1] + rules.packing_s + legs.minutes_s[:, -1]
    return TimedDays(
        sessions=sessions,
        site=site,
        opening_s=opening,
        closing_s=closing,
        earliest_s=earliest,
        latest_s=latest,
        drive_s=legs.time_s.sum(axis=1),
        drive_m=legs.distance_m.sum(axis=1),
        work_s=legs.time_s.sum(axis=1) + handling + (closing - opening).sum(axis=1),
        early=leaves < problem.early_s,
        late=returns > problem.late_s,
        feasible=feasible,
    )


@dataclass(frozen=True, eq=False)
class DayShape:
    """What the days over some sessions share, shape (n,) each.

    ``minimum_s`` and ``maximum_s`` hold the pause of a whole-day session.
    """

    rules: DayRules
    slots: tuple[SessionSlot, ...]
    meal: int | None
    inside: int | None
    minimum_s: Ints
    maximum_s: Ints
    pause_s: Ints

    @classmethod
    def of(cls, problem: Problem, rules: DayRules, sessions: tuple[int, ...]) -> DayShape:
        """That of the days over ``sessions`` under ``rules``."""
        slots = tuple(problem.sessions[k] for k in sessions)
        pause = np.array([rules.break_s if slot.whole_day else 0 for slot in slots])
        most = [DAY_S if slot.maximum_s is None else slot.maximum_s for slot in slots]
        return cls(
            rules=rules,
            slots=slots,
            meal=meal_gap(problem, sessions),
            inside=meal_inside(problem, sessions),
            minimum_s=_minimum(problem, sessions) + pause,
            maximum_s=_down(np.array(most), rules.grid_s) + pause,
            pause_s=pause,
        )

    def bounds(self, legs: Legs) -> tuple[Ints, Ints]:
        """When days can open at first, and close at last, for departure and return."""
        rules = self.rules
        first_s = rules.earliest_departure_s + legs.minutes_s[:, 0] + rules.setup_s
        last_s = rules.latest_return_s - legs.minutes_s[:, -1] - rules.packing_s
        return first_s, last_s

    def stretches(self) -> list[tuple[int, int]]:
        """First and last session of each stretch of work without a meal; none around one inside."""
        last = len(self.slots) - 1
        if self.inside is not None:
            return []
        return [(0, last)] if self.meal is None else [(0, self.meal - 1), (self.meal, last)]


def _within_range(problem: Problem, day: DayShape, legs: Legs, site: Ints) -> Bools:
    """Which days the vehicle's range allows, with what a meal near a charger gives back."""
    limit, metres = day.rules.range_m, legs.distance_m.sum(axis=1)
    if limit is None:
        return np.ones(len(site), dtype=bool)
    enough: Bools = np.asarray(metres <= limit)
    eaten = day.meal if day.inside is None else day.inside
    if eaten is None or not day.rules.recharge_m:
        return enough
    charger = np.array([s.charger for s in problem.sites], dtype=bool)[site[:, eaten]]
    there = legs.distance_m[:, : eaten + 1].sum(axis=1)
    halves = (there <= limit) & (metres - there <= limit)
    regained = charger & halves & (metres <= limit + day.rules.recharge_m)
    return np.asarray(enough | regained)


def _reach(day: DayShape, legs: Legs, first_s: Ints, last_s: Ints) -> tuple[Ints, Ints]:
    """The earliest opening and the latest closing of each session, the others at their minimum."""
    latest = _latest_closings(day, legs.minutes_s, last_s)
    shortest = np.broadcast_to(day.minimum_s, latest.shape)
    earliest, _ = _earliest(day, legs.minutes_s, first_s, latest, shortest)
    return earliest, latest


def _within_amplitude(
    day: DayShape, legs: Legs, opens_s: Ints, closes_s: Ints
) -> tuple[Ints, Ints, Bools]:
    """The longest openings, as ``_longest``, of days too long from departure to return.

    A day whose first opening is known has a known latest return: every opening from ``opens_s``
    on is tried, and the day keeps the best.
    """
    rules, slot = day.rules, day.slots[0]
    away = rules.setup_s + rules.packing_s + legs.minutes_s[:, 0] + legs.minutes_s[:, -1]
    best = (np.zeros_like(legs.time_s[:, 1:]), np.zeros_like(legs.time_s[:, 1:]))
    total, found = np.full(len(opens_s), -1), np.zeros(len(opens_s), dtype=bool)
    for delay in range(0, slot.closing_s - int(opens_s.min()) + 1, rules.grid_s):
        first = opens_s + delay
        last = np.minimum(closes_s, first + rules.max_amplitude_s - away)
        opening, closing, feasible = _longest(day, legs, first, last)
        length = (closing - opening).sum(axis=1)
        better = feasible & (length > total)
        total[better], found[better] = length[better], True
        for kept, tried in zip(best, (opening, closing), strict=True):
            kept[better] = tried[better]
    return *best, found


def _longest(day: DayShape, legs: Legs, first_s: Ints, last_s: Ints) -> tuple[Ints, Ints, Bools]:
    """The longest openings of days that open from ``first_s`` on and close by ``last_s``.

    Every rule is kept but the amplitude. Where the meal cannot be half-way in a whole-day session,
    every narrower window of that session is tried, and the day keeps the best.

    Returns:
        (opening, closing, feasible): shapes (days, n), (days, n) and (days,).
    """
    opening, closing, feasible = _longest_but_meal(day, legs, first_s, last_s)
    if day.inside is None:
        return opening, closing, feasible
    fits = _meal_within(day, legs, opening, closing)
    tried = np.flatnonzero(feasible & ~fits)
    feasible &= fits
    total = np.full(len(tried), -1)
    for narrower in _narrower(day, day.inside) if tried.size else ():
        some = legs.rows(tried)
        opens, closes, able = _longest_but_meal(narrower, some, first_s[tried], last_s[tried])
        length = (closes - opens).sum(axis=1)
        better = able & (length > total) & _meal_within(narrower, some, opens, closes)
        rows, total[better] = tried[better], length[better]
        opening[rows], closing[rows], feasible[rows] = opens[better], closes[better], True
    return opening, closing, feasible


def _narrower(day: DayShape, session: int) -> Iterator[DayShape]:
    """The day with each narrower window of a session that still holds its minimum."""
    slot, grid_s = day.slots[session], day.rules.grid_s
    spare_s = slot.closing_s - slot.opening_s - int(day.minimum_s[session])
    for late_s in range(0, spare_s + 1, grid_s):
        for early_s in range(0, spare_s - late_s + 1, grid_s):
            window = replace(
                slot, opening_s=slot.opening_s + late_s, closing_s=slot.closing_s - early_s
            )
            slots = (*day.slots[:session], window, *day.slots[session + 1 :])
            yield replace(day, slots=slots)


def _longest_but_meal(
    day: DayShape, legs: Legs, first_s: Ints, last_s: Ints
) -> tuple[Ints, Ints, Bools]:
    """The longest openings, as ``_longest``, a meal in a whole-day session left aside.

    Lengths are cut one stretch of work after the other, each
    cut letting what follows open earlier, then over the whole day: the sum stays the largest.
    """
    rules, count = day.rules, len(day.slots)
    latest = _latest_closings(day, legs.minutes_s, last_s)
    longest = np.broadcast_to(day.maximum_s, latest.shape).copy()

    def opened() -> tuple[Ints, Ints]:
        return _earliest(day, legs.minutes_s, first_s, latest, longest)

    opening, closing = opened()
    feasible = np.asarray((closing - opening >= day.minimum_s).all(axis=1))
    handling = rules.setup_s + rules.packing_s
    stretches = [(*pair, rules.max_unbroken_s) for pair in day.stretches()]
    for first, last, most_s in (*stretches, (0, count - 1, rules.max_work_s)):
        road = legs.time_s[:, first + (first > 0) : last + 2].sum(axis=1)
        length = (closing - opening)[:, first : last + 1]
        held = length.sum(axis=1) - int(day.pause_s[first : last + 1].sum())
        excess = road + held + handling * (last - first + 1) - most_s
        if (excess > 0).any():
            longest[:, first : last + 1], left = _cut(
                length, day.minimum_s[first : last + 1], excess, rules.grid_s
            )
            feasible &= left <= 0
            opening, closing = opened()
    return opening, closing, feasible


def _meal_within(day: DayShape, legs: Legs, opening: Ints, closing: Ints) -> Bools:
    """Which days can pause for the meal in their whole-day session, work on either side fitting."""
    rules, k = day.rules, day.inside
    assert k is not None  # noqa: S101
    middle = _down((opening[:, k] + closing[:, k] - rules.break_s) // 2, rules.grid_s)
    start = np.clip(middle, rules.break_from_s, rules.break_until_s - rules.break_s)
    end = start + rules.break_s
    inside = (opening[:, k] <= start) & (end <= closing[:, k])
    handling = rules.setup_s + rules.packing_s
    net = closing - opening - day.pause_s
    before = legs.time_s[:, : k + 1].sum(axis=1) + net[:, :k].sum(axis=1) + handling * k
    before += rules.setup_s + start - opening[:, k]
    after = legs.time_s[:, k + 1 :].sum(axis=1) + net[:, k + 1 :].sum(axis=1)
    after += handling * (len(day.slots) - k - 1) + rules.packing_s + closing[:, k] - end
    limit = rules.max_unbroken_s
    return np.asarray(inside & (before <= limit) & (after <= limit))


@dataclass(frozen=True, eq=False)
class Legs:
    """Drives of each day, shape (days, n + 1); ``reachable``: whether all can be driven."""

    time_s: Ints
    minutes_s: Ints
    distance_m: Ints
    reachable: Bools

    def rows(self, rows: Ints) -> Legs:
        """The drives of some days."""
        return Legs(
            self.time_s[rows], self.minutes_s[rows], self.distance_m[rows], self.reachable[rows]
        )

    @classmethod
    def of(cls, problem: Problem, depot_place: int, site: Ints) -> Legs:
        """Those from a place to the sites of each row, shape (days, n), and back."""
        place = problem.site_place[site]
        depot = np.full((len(site), 1), depot_place)
        start, end = np.hstack([depot, place]), np.hstack([place, depot])
        time_s = problem.time_s[start, end]
        return cls(
            time_s,
            -(-time_s // 60) * 60,
            problem.distance_m[start, end],
            problem.reachable[start, end].all(axis=1),
        )


def _latest_closings(day: DayShape, minutes_s: Ints, last_s: Ints) -> Ints:
    """The latest closing of each session that leaves those after it their minimum.

    Where two sessions vie for the same minutes, the first keeps them: the sum is the same.
    """
    rules, slots = day.rules, day.slots
    latest = np.empty((len(minutes_s), len(slots)), dtype=np.int64)
    bound = last_s
    for k in range(len(slots) - 1, -1, -1):
        latest[:, k] = _down(np.minimum(slots[k].closing_s, bound), rules.grid_s)
        arrive = latest[:, k] - day.minimum_s[k] - rules.setup_s
        if k == day.meal:
            arrive = np.minimum(arrive, rules.break_until_s) - rules.break_s
        bound = arrive - minutes_s[:, k] - rules.packing_s
    return latest


def _earliest(
    day: DayShape, minutes_s: Ints, first_s: Ints, latest: Ints, longest: Ints
) -> tuple[Ints, Ints]:
    """Openings as early as can be; closings by ``latest``, no more than ``longest`` after."""
    rules = day.rules
    opening, closing = np.empty_like(latest), np.empty_like(latest)
    ready = first_s
    for k, slot in enumerate(day.slots):
        opening[:, k] = _up(np.maximum(slot.opening_s, ready), rules.grid_s)
        closing[:, k] = np.minimum(latest[:, k], opening[:, k] + longest[:, k])
        arrival = closing[:, k] + rules.packing_s + minutes_s[:, k + 1]
        if k + 1 == day.meal:
            arrival = np.maximum(arrival, rules.break_from_s) + rules.break_s
        ready = arrival + rules.setup_s
    return opening, closing


def _cut(length: Ints, minimum: Ints, excess: Ints, grid_s: int) -> tuple[Ints, Ints]:
    """Sessions cut, the last first, until ``excess`` is gone; their lengths, what is left of it."""
    cut_to, left = length.copy(), excess
    for k in range(length.shape[1] - 1, -1, -1):
        spare = np.maximum(length[:, k] - minimum[k], 0)
        cut = np.minimum(_up(np.maximum(left, 0), grid_s), spare)
        cut_to[:, k] -= cut
        left = left - cut
    return cut_to, left


def _minimum(problem: Problem, sessions: tuple[int, ...]) -> Ints:
    """The least each session opens, on the grid."""
    return _up(np.array([problem.sessions[k].minimum_s for k in sessions]), problem.day.grid_s)


def _up(values: Ints, grid_s: int) -> Ints:
    raised: Ints = -_down(-values, grid_s)
    return raised


def _down(values: Ints, grid_s: int) -> Ints:
    floored: Ints = np.asarray(values // grid_s * grid_s)
    return floored


def merge_days(problem: Problem, base: int, chunks: list[TimedDays]) -> DayTours:
    """One table of all slots from chunks over some of them."""
    slots = len(problem.sessions)

    def spread(chunk: TimedDays, values: Ints, empty: int) -> Ints:
        wide = np.full((len(values), slots), empty, dtype=np.int64)
        wide[:, list(chunk.sessions)] = values
        return wide

    site = np.vstack([spread(c, c.site, -1) for c in chunks])
    opening = np.vstack([spread(c, c.opening_s, 0) for c in chunks])
    closing = np.vstack([spread(c, c.closing_s, 0) for c in chunks])
    used = site >= 0
    shape = DayShape.of(problem, problem.rules(base), tuple(range(slots)))
    shortest = np.maximum(opening + shape.minimum_s, _pause_ends(shape))
    spare = np.where(used, np.maximum(closing - shortest, 0), 0)
    inside = _in_hours(problem, site, opening, closing)
    earliest = np.vstack([spread(c, c.earliest_s, 0) for c in chunks])
    latest = np.vstack([spread(c, c.latest_s, 0) for c in chunks])
    allowed = _allowed(problem, problem.open_slots[problem.bases[base].vehicle], site)
    if problem.hours_rule == "imposes":
        allowed = allowed & (inside == used.sum(axis=1, keepdims=True))[:, None, :]
    return DayTours(
        site=site,
        opening_s=opening,
        closing_s=closing,
        drive_s=np.concatenate([c.drive_s for c in chunks]),
        drive_m=np.concatenate([c.drive_m for c in chunks]),
        work_s=np.concatenate([c.work_s for c in chunks]),
        open_s=np.where(used, closing - opening - shape.pause_s, 0).sum(axis=1),
        slack_s=spare.sum(axis=1),
        in_hours=inside,
        most_in_hours=_in_hours(problem, site, earliest, latest),
        market=_on_market_days(problem, site),
        allowed=allowed,
        early=np.concatenate([c.early for c in chunks]),
        late=np.concatenate([c.late for c in chunks]),
    )


def allowed_at_best(problem: Problem, base: int, tours: DayTours) -> Bools:
    """Whether some timing of each tour may run, shape (tours, weeks, weekdays)."""
    if problem.hours_rule != "imposes":
        return tours.allowed
    allowed = _allowed(problem, problem.open_slots[problem.bases[base].vehicle], tours.site)
    held = (tours.site >= 0).sum(axis=1, keepdims=True)
    return np.asarray(allowed & (tours.most_in_hours == held)[:, None, :])


def _pause_ends(shape: DayShape) -> Ints:
    """The earliest end of the pause of each whole-day session; 0 for the others."""
    eaten_s = shape.rules.break_from_s + shape.rules.break_s
    return np.array([eaten_s if slot.whole_day else 0 for slot in shape.slots])


def _allowed(problem: Problem, open_slots: Bools, site: Ints) -> Bools:
    """The weeks and days on which every site of a tour may be open, shape (tours, weeks, days).

    ``open_slots`` has shape (sites, weeks, weekdays, sessions).
    """
    everywhere = np.ones((1, *open_slots.shape[1:]), dtype=bool)
    known = np.concatenate([open_slots, everywhere])  # the last row: slot unused
    allowed = np.ones((len(site), problem.weeks, len(problem.weekdays)), dtype=bool)
    for k in range(site.shape[1]):
        allowed &= known[site[:, k], :, :, k]
    return allowed


def _on_market_days(problem: Problem, site: Ints) -> Ints:
    """Sessions of each tour on their commune's market day, shape (tours, weekdays)."""
    markets = [problem.demands[s.demand].market for s in problem.sites]
    days = [[day in market for day in problem.weekdays] for market in (*markets, frozenset())]
    counts: Ints = np.array(days, dtype=np.int64)[site].sum(axis=1)
    return counts


def _in_hours(problem: Problem, site: Ints, opening: Ints, closing: Ints) -> Ints:
    """Sessions of each tour that overlap mairie hours enough, shape (tours, weekdays)."""
    starts, ends = hours_arrays(problem)
    counts = np.zeros((len(site), len(problem.weekdays)), dtype=np.int64)
    if not starts.size:
        return counts
    for k in range(site.shape[1]):
        start, end = starts[site[:, k]], ends[site[:, k]]
        shared = np.minimum(end, closing[:, k, None, None]) - np.maximum(
            start, opening[:, k, None, None]
        )
        overlap = np.maximum(shared, 0).sum(axis=2)
        counts += (overlap >= problem.hours_overlap_s) & (site[:, k, None] >= 0)
    return counts


def hours_arrays(problem: Problem) -> tuple[Ints, Ints]:
    """Mairie hours as padded arrays, shape (sites, weekdays, intervals)."""
    known = [site.hours for site in problem.sites]
    most = max((len(h.days[d]) for h in known if h for d in problem.weekdays), default=0)
    starts = np.zeros((len(known), len(problem.weekdays), most), dtype=np.int64)
    ends = np.zeros_like(starts)
    for row, hours in enumerate(known):
        for column, weekday in enumerate(problem.weekdays):
            for number, (start, end) in enumerate(hours.days[weekday] if hours else ()):
                starts[row, column, number] = start
                ends[row, column, number] = end
    return starts, ends
