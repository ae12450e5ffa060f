"""Every feasible day with its timeline, as arrays: one row a day tour.

A day tour holds sessions in some of the day's slots, in order. Its openings are as long as the
windows, the drives, the meal and the day's limits allow; a day that cannot open each session for
its minimum does not exist. Times are whole seconds; drives take whole minutes on the timetable.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import combinations
from math import perm

import numpy as np
from numpy.typing import NDArray

from tourplan.errors import InputError
from tourplan.hours import DAY_S
from tourplan.problem import Problem
from tourplan.timeline import Opening, meal_gap

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MAX_TOURS = 300_000
"""Days examined at most: about what listing and one solve bear on an office laptop."""


@dataclass(frozen=True, eq=False)
class DayTours:
    """The feasible day tours of a problem.

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
        allowed: whether the tour may run on each working day, shape (tours, weekdays).
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
    allowed: Bools

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

    def openings(self, row: int) -> list[Opening]:
        """The sessions of one day tour."""
        return [
            Opening(k, int(site), int(self.opening_s[row, k]), int(self.closing_s[row, k]))
            for k, site in enumerate(self.site[row])
            if site >= 0
        ]

    def profiles(self) -> tuple[Ints, Bools, Ints]:
        """Tours alike in what weekdays mean to them.

        Returns:
            (in_hours, allowed, profile): the distinct rows, shape (profiles, weekdays) each, and
            the profile of each tour. Tours of one profile can swap days without any change.
        """
        key = np.where(self.allowed, self.in_hours, -1)
        distinct, profile = np.unique(key, axis=0, return_inverse=True)
        return np.maximum(distinct, 0), distinct >= 0, profile.reshape(-1)


def list_day_tours(problem: Problem) -> DayTours:
    """Every feasible day tour, over all ordered choices of slots and different sites.

    Raises:
        InputError: more than ``MAX_TOURS`` days would have to be examined.
    """
    slots, sites = len(problem.sessions), len(problem.sites)
    count = sum(
        perm(sites, n) * len(list(combinations(range(slots), n))) for n in range(1, slots + 1)
    )
    if count > MAX_TOURS:
        raise InputError.of(
            "communes",
            f"{sites} communes candidates et {slots} permanences par jour font {count} journées "
            f"à examiner, plus que les {MAX_TOURS} permises",
            "réduisez les candidates ou le nombre de permanences par jour",
        )
    chunks = []
    for size in range(1, slots + 1):
        rows = _arrangements(sites, size)
        for chosen in combinations(range(slots), size):
            chunks.append(time_days(problem, chosen, rows).feasible_only())
    return merge_days(problem, chunks)


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
    feasible: Bools

    def feasible_only(self) -> TimedDays:
        """The days that exist."""
        kept = {
            f.name: getattr(self, f.name)[self.feasible]
            for f in fields(self)
            if f.name != "sessions"
        }
        return TimedDays(sessions=self.sessions, **kept)


def time_days(problem: Problem, sessions: tuple[int, ...], site: Ints) -> TimedDays:
    """The longest openings of the days that hold ``sessions`` at ``site``, shape (days, n)."""
    rules, legs = problem.day, _Legs.of(problem, site)
    away = rules.setup_s + rules.packing_s + legs.minutes_s[:, 0] + legs.minutes_s[:, -1]
    first_s = rules.earliest_departure_s + legs.minutes_s[:, 0] + rules.setup_s
    last_s = rules.latest_return_s - legs.minutes_s[:, -1] - rules.packing_s
    opening, closing, feasible = _longest(problem, sessions, legs, first_s, last_s)
    earliest, latest = _reach(problem, sessions, legs, first_s, last_s)
    feasible &= legs.reachable
    if rules.range_m is not None:
        feasible &= legs.distance_m <= rules.range_m
    long = np.flatnonzero(
        feasible & (closing[:, -1] - opening[:, 0] + away > rules.max_amplitude_s)
    )
    if long.size:
        opening[long], closing[long], feasible[long] = _within_amplitude(
            problem, sessions, legs.rows(long), opening[long, 0], closing[long, -1]
        )
    handling = (rules.setup_s + rules.packing_s) * len(sessions)
    return TimedDays(
        sessions=sessions,
        site=site,
        opening_s=opening,
        closing_s=closing,
        earliest_s=earliest,
        latest_s=latest,
        drive_s=legs.time_s.sum(axis=1),
        drive_m=legs.distance_m,
        work_s=legs.time_s.sum(axis=1) + handling + (closing - opening).sum(axis=1),
        feasible=feasible,
    )


def _reach(
    problem: Problem, sessions: tuple[int, ...], legs: _Legs, first_s: Ints, last_s: Ints
) -> tuple[Ints, Ints]:
    """The earliest opening and the latest closing of each session, the others at their minimum."""
    meal = meal_gap(problem, sessions)
    minimum = _minimum(problem, sessions)
    latest = _latest_closings(problem, sessions, legs.minutes_s, meal, last_s)
    shortest = np.broadcast_to(minimum, latest.shape)
    earliest, _ = _earliest(problem, sessions, legs.minutes_s, meal, first_s, latest, shortest)
    return earliest, latest


def _within_amplitude(
    problem: Problem, sessions: tuple[int, ...], legs: _Legs, opens_s: Ints, closes_s: Ints
) -> tuple[Ints, Ints, Bools]:
    """The longest openings, as ``_longest``, of days too long from departure to return.

    A day whose first opening is known has a known latest return: every opening from ``opens_s``
    on is tried, and the day keeps the best.
    """
    rules, slot = problem.day, problem.sessions[sessions[0]]
    away = rules.setup_s + rules.packing_s + legs.minutes_s[:, 0] + legs.minutes_s[:, -1]
    best = (np.zeros_like(legs.time_s[:, 1:]), np.zeros_like(legs.time_s[:, 1:]))
    total, found = np.full(len(opens_s), -1), np.zeros(len(opens_s), dtype=bool)
    for delay in range(0, slot.closing_s - int(opens_s.min()) + 1, rules.grid_s):
        first = opens_s + delay
        last = np.minimum(closes_s, first + rules.max_amplitude_s - away)
        opening, closing, feasible = _longest(problem, sessions, legs, first, last)
        length = (closing - opening).sum(axis=1)
        better = feasible & (length > total)
        total[better], found[better] = length[better], True
        for kept, tried in zip(best, (opening, closing), strict=True):
            kept[better] = tried[better]
    return *best, found


def _longest(
    problem: Problem, sessions: tuple[int, ...], legs: _Legs, first_s: Ints, last_s: Ints
) -> tuple[Ints, Ints, Bools]:
    """The longest openings of days that open from ``first_s`` on and close by ``last_s``.

    Every rule is kept but the amplitude. Lengths are cut one stretch of work after the other, each
    cut letting what follows open earlier, then over the whole day: the sum stays the largest.

    Returns:
        (opening, closing, feasible): shapes (days, n), (days, n) and (days,).
    """
    rules = problem.day
    meal = meal_gap(problem, sessions)
    minimum = _minimum(problem, sessions)
    latest = _latest_closings(problem, sessions, legs.minutes_s, meal, last_s)
    longest = np.full_like(latest, DAY_S)

    def opened() -> tuple[Ints, Ints]:
        return _earliest(problem, sessions, legs.minutes_s, meal, first_s, latest, longest)

    opening, closing = opened()
    feasible = np.asarray((closing - opening >= minimum).all(axis=1))
    handling = rules.setup_s + rules.packing_s
    stretches = [(*pair, rules.max_unbroken_s) for pair in _stretches(len(sessions), meal)]
    for first, last, most_s in (*stretches, (0, len(sessions) - 1, rules.max_work_s)):
        road = legs.time_s[:, first + (first > 0) : last + 2].sum(axis=1)
        length = (closing - opening)[:, first : last + 1]
        excess = road + length.sum(axis=1) + handling * (last - first + 1) - most_s
        if (excess > 0).any():
            longest[:, first : last + 1], left = _cut(
                length, minimum[first : last + 1], excess, rules.grid_s
            )
            feasible &= left <= 0
            opening, closing = opened()
    return opening, closing, feasible


@dataclass(frozen=True, eq=False)
class _Legs:
    """Drives of each day, shape (days, n + 1), and totals, shape (days,)."""

    time_s: Ints
    minutes_s: Ints
    distance_m: Ints
    reachable: Bools

    def rows(self, rows: Ints) -> _Legs:
        """The drives of some days."""
        return _Legs(
            self.time_s[rows], self.minutes_s[rows], self.distance_m[rows], self.reachable[rows]
        )

    @classmethod
    def of(cls, problem: Problem, site: Ints) -> _Legs:
        place = problem.site_place[site]
        depot = np.full((len(site), 1), problem.depot)
        start, end = np.hstack([depot, place]), np.hstack([place, depot])
        time_s = problem.time_s[start, end]
        return cls(
            time_s,
            -(-time_s // 60) * 60,
            problem.distance_m[start, end].sum(axis=1),
            problem.reachable[start, end].all(axis=1),
        )


def _latest_closings(
    problem: Problem, sessions: tuple[int, ...], minutes_s: Ints, meal: int | None, last_s: Ints
) -> Ints:
    """The latest closing of each session that leaves those after it their minimum.

    Where two sessions vie for the same minutes, the first keeps them: the sum is the same.
    """
    rules, slots = problem.day, [problem.sessions[k] for k in sessions]
    minimum = _minimum(problem, sessions)
    latest = np.empty((len(minutes_s), len(slots)), dtype=np.int64)
    bound = last_s
    for k in range(len(slots) - 1, -1, -1):
        latest[:, k] = _down(np.minimum(slots[k].closing_s, bound), rules.grid_s)
        arrive = latest[:, k] - minimum[k] - rules.setup_s
        if k == meal:
            arrive = np.minimum(arrive, rules.break_until_s) - rules.break_s
        bound = arrive - minutes_s[:, k] - rules.packing_s
    return latest


def _earliest(
    problem: Problem,
    sessions: tuple[int, ...],
    minutes_s: Ints,
    meal: int | None,
    first_s: Ints,
    latest: Ints,
    longest: Ints,
) -> tuple[Ints, Ints]:
    """Openings as early as can be; closings by ``latest``, no more than ``longest`` after."""
    rules, slots = problem.day, [problem.sessions[k] for k in sessions]
    opening, closing = np.empty_like(latest), np.empty_like(latest)
    ready = first_s
    for k, slot in enumerate(slots):
        opening[:, k] = _up(np.maximum(slot.opening_s, ready), rules.grid_s)
        closing[:, k] = np.minimum(latest[:, k], opening[:, k] + longest[:, k])
        arrival = closing[:, k] + rules.packing_s + minutes_s[:, k + 1]
        if k + 1 == meal:
            arrival = np.maximum(arrival, rules.break_from_s) + rules.break_s
        ready = arrival + rules.setup_s
    return opening, closing


def _stretches(count: int, meal: int | None) -> list[tuple[int, int]]:
    """First and last session of each stretch of work without a meal."""
    return [(0, count - 1)] if meal is None else [(0, meal - 1), (meal, count - 1)]


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


def _arrangements(sites: int, size: int) -> Ints:
    """All ordered choices of ``size`` different sites, shape (choices, size)."""
    grid = np.indices((sites,) * size).reshape(size, -1).T
    ordered = np.sort(grid, axis=1)
    different = (ordered[:, 1:] != ordered[:, :-1]).all(axis=1)
    chosen: Ints = grid[different].astype(np.int64)
    return chosen


def merge_days(problem: Problem, chunks: list[TimedDays]) -> DayTours:
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
    minimum = _minimum(problem, tuple(range(slots)))
    spare = np.where(used, closing - opening - minimum, 0)
    inside = _in_hours(problem, site, opening, closing)
    earliest = np.vstack([spread(c, c.earliest_s, 0) for c in chunks])
    latest = np.vstack([spread(c, c.latest_s, 0) for c in chunks])
    allowed = np.ones(inside.shape, dtype=bool)
    if problem.hours_rule == "imposes":
        allowed = inside == used.sum(axis=1, keepdims=True)
    return DayTours(
        site=site,
        opening_s=opening,
        closing_s=closing,
        drive_s=np.concatenate([c.drive_s for c in chunks]),
        drive_m=np.concatenate([c.drive_m for c in chunks]),
        work_s=np.concatenate([c.work_s for c in chunks]),
        open_s=np.where(used, closing - opening, 0).sum(axis=1),
        slack_s=spare.sum(axis=1),
        in_hours=inside,
        most_in_hours=_in_hours(problem, site, earliest, latest),
        allowed=allowed,
    )


def _in_hours(problem: Problem, site: Ints, opening: Ints, closing: Ints) -> Ints:
    """Sessions of each tour that overlap mairie hours enough, shape (tours, weekdays)."""
    starts, ends = _hours_arrays(problem)
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


def _hours_arrays(problem: Problem) -> tuple[Ints, Ints]:
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
