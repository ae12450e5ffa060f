"""Days too many to list: those a model lacks are looked for by labels.

What a day is worth is a sum over its legs and stops, given the duals of a relaxation, but for its
openings and a few rules of the whole day (the amplitude, work without a break, where a meal fits).
Labels take the most that the sessions of each leg could be open, and leave those rules out: no day
is worth more than they say. So they find too many days, never too few; each is then timed exactly,
and priced as all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from tourplan.daytours import Bools, DayTours, Ints, day_course, day_tours_at, slot_choices
from tourplan.hours import DAY_S
from tourplan.optimise.dayfacts import FAR, Clock, LongDay, Prices
from tourplan.optimise.labels import enumerate_below, neighbourhoods, price
from tourplan.optimise.mip import Floats, Relaxed
from tourplan.optimise.profiles import watched_demands
from tourplan.optimise.variables import Calendar, Decisions
from tourplan.orders import Course, orders
from tourplan.problem import Problem
from tourplan.timeline import whole_minute

FOUND = 200
"""Days that one search for a crew-week gives at most."""
ENUMERATED = 300_000
"""Days enumerated at most, before they are timed."""
LABELS, LISTED_LABELS = 1_000_000, 3_000_000
"""Labels of one pass at most, of a search and of a listing."""
SEEDS = 100_000
"""Days of few sessions listed at first, at most."""


@dataclass(frozen=True)
class Search:
    """What a search found: sites of each slot, shape (days, slots), and a bound.

    ``bound``: no day outside those found has a lower reduced cost; -inf where nothing is known.
    ``labels``: how many it took, where that is known.
    """

    site: Ints
    bound: float
    labels: int = 0


@dataclass(eq=False)
class LongDays:
    """The days of a base, found when they help.

    Attributes:
        day: what they may be, as labels know it.
        courses: of a day of each single slot.
        alike: whether a day only counts its slots.
        near: what communes each place remembers; it grows.
    """

    problem: Problem
    base: int
    day: LongDay = field(init=False)
    courses: list[Course] = field(init=False)
    alike: bool = field(init=False)
    near: Bools = field(init=False)

    def __post_init__(self) -> None:
        problem = self.problem
        slots = range(len(problem.sessions))
        self.courses = [day_course(problem, self.base, (k,)) for k in slots]
        self.alike = slots_alike(problem, self.base)
        self.day = _long_day(problem, self.courses, _steps(problem, alike=self.alike))
        minutes = self.courses[0].minutes_s
        close, who = neighbourhoods(minutes), self.day.who
        self.near = np.zeros((len(who), int(who.max()) + 1), dtype=bool)
        for place in range(len(who)):
            self.near[:, who[place]] |= close[:, place]

    def seeds(self) -> DayTours:
        """Days to begin with: of one and two sessions, and short ones of many."""
        found, left = [self._longest_runs()], SEEDS
        for chosen in slot_choices(self.problem.sessions):
            rows = orders(day_course(self.problem, self.base, chosen), left)
            if len(chosen) > 2 or rows is None:
                break
            site = np.full((len(rows), len(self.problem.sessions)), -1, dtype=np.int64)
            site[:, list(chosen)] = rows
            found.append(site)
            left -= len(rows)
        return self.timed(np.unique(np.concatenate(found), axis=0))

    def _longest_runs(self) -> Ints:
        """Days of as many sessions as can be, little on the road."""
        sites, drive = len(self.problem.sites), self.courses[0].time_s
        worth = float(drive.max(initial=1))
        legs = np.broadcast_to(drive.astype(float), self.day.allowed.shape).copy()
        prizes = np.full((self.day.stops, sites), worth)
        prices = Prices(
            legs, prizes, np.zeros((0, sites), dtype=bool), *_no_groups(), alike=self.alike
        )
        return price(
            self.day, prices, self.near, below=0.0, most=10 * sites, hasty=True, labels=LABELS
        ).tours

    def serving(self, site: int) -> DayTours | None:
        """All days that hold a session at a site; ``None``: they are too many."""
        prizes = np.zeros((self.day.stops, len(self.problem.sites)))
        prizes[:, site] = 1.0
        no_reach = np.zeros((0, len(self.problem.sites)), dtype=bool)
        legs = np.zeros(self.day.allowed.shape)
        found = enumerate_below(
            self.day,
            Prices(legs, prizes, no_reach, *_no_groups(), alike=self.alike),
            self.near,
            self.spent,
            -0.5,
            most=ENUMERATED,
            labels=LABELS,
        )
        return self.timed(found.tours) if found.complete else None

    def timed(self, site: Ints) -> DayTours:
        """The days with these sites that exist."""
        return day_tours_at(self.problem, self.base, site)

    def quick(
        self, d: Decisions, relaxed: Relaxed, crew: int, below: float, deadline: float
    ) -> Search:
        """Some days of a crew-week whose reduced cost may be below a limit."""
        found = [
            price(
                self.day,
                prices,
                self.near,
                below=limit,
                most=FOUND,
                hasty=True,
                labels=LABELS,
                deadline=deadline,
            )
            for prices, limit in self._by_day(d, relaxed, crew, below)
        ]
        return Search(self._joined([one.tours for one in found]), -np.inf)

    def best(
        self, d: Decisions, relaxed: Relaxed, crew: int, below: float, deadline: float
    ) -> Search:
        """The days of a crew-week that may have the lowest reduced costs below a limit."""
        found, bounds, most = [], [below], 0
        for prices, limit in self._by_day(d, relaxed, crew, below):
            some = price(
                self.day,
                prices,
                self.near,
                below=limit,
                most=FOUND,
                labels=LABELS,
                deadline=deadline,
            )
            self.near = some.near
            found.append(some.tours)
            bounds.append(some.bound + below - limit)
            most = max(most, some.labels)
        return Search(self._joined(found), min(bounds), most)

    def every(
        self, d: Decisions, relaxed: Relaxed, crew: int, below: float, deadline: float
    ) -> Search:
        """All days of a crew-week whose reduced cost may be below a limit, if not too many."""
        found, left = [], ENUMERATED
        for prices, limit in self._by_day(d, relaxed, crew, below):
            listed = enumerate_below(
                self.day,
                prices,
                self.near,
                self.spent,
                limit,
                most=left,
                labels=LISTED_LABELS,
                deadline=deadline,
            )
            if not listed.complete:
                return Search(self._joined([]), -np.inf)
            found.append(listed.tours)
            left -= len(listed.tours)
        return Search(self._joined(found), below)

    def _joined(self, parts: list[Ints]) -> Ints:
        """The rows of some arrays of sites, each once."""
        none = np.empty((0, self.day.stops), dtype=np.int64)
        return np.unique(np.concatenate([none, *parts]), axis=0)

    def _by_day(
        self, d: Decisions, relaxed: Relaxed, crew: int, below: float
    ) -> Iterator[tuple[Prices, float]]:
        """The prices of a crew-week on each weekday, and what a day must be below on it.

        Weekdays of the same prices are one, that on which least is asked.
        """
        worth = _Worth(self, d, relaxed, crew)
        legs, (groups, of_group, pair) = worth.legs(), worth.groups()
        limits: dict[bytes, tuple[Floats, float]] = {}
        for prizes, cost in worth.days():
            key = prizes.tobytes()
            if key not in limits or limits[key][1] < below - cost:
                limits[key] = prizes, below - cost
        for prizes, limit in limits.values():
            yield Prices(legs, prizes, groups, of_group, pair, alike=self.alike), limit

    @cached_property
    def spent(self) -> Ints:
        """What is better spent less of, days of the same sites being alike but for it.

        Seconds and metres on the road where time never binds; elsewhere other things count too,
        and no day does away with another.
        """
        course, steps = self.courses[0], len(self.day.allowed)
        if not self.alike:
            return np.zeros((0, *self.day.allowed.shape), dtype=np.int64)
        road = np.stack([course.time_s, course.distance_m])
        return np.repeat(road[:, None], steps, axis=1)

    @cached_property
    def spare_s(self) -> Ints:
        """How much longer than its minimum each session can be at most, shape (slots,)."""
        spare = []
        for course in self.courses:
            slot, pause_s = course.slots[0], int(course.pause_s[0])
            window_s = slot.closing_s - slot.opening_s
            most_s = DAY_S if slot.maximum_s is None else slot.maximum_s + pause_s
            spare.append(max(0, min(window_s, most_s) - int(course.minimum_s[0])))
        return np.array(spare, dtype=np.int64)

    @cached_property
    def lost_s(self) -> Ints:
        """How much less than that the sessions at the ends of each leg can be, (steps, ...).

        Half of it may be counted for every leg of a day: each session is at the end of two.
        """
        clock, steps = self.day.clock, self.day.steps
        assert clock is not None  # noqa: S101
        lost = np.zeros(self.day.allowed.shape, dtype=np.int64)
        held = clock.least_s + self.spare_s
        for step, before, after in _each_step(steps):
            start = clock.opens_s[before - 1] if before else 0
            end = clock.closes_s[after - 1] if after else clock.end_s
            wanted = (held[before - 1] if before else 0) + (held[after - 1] if after else 0)
            lost[step] = np.maximum(wanted - (end - start - clock.lag_s[step]), 0)
        return lost

    @cached_property
    def rooms(self) -> Bools:
        """Where and when a session may be within mairie hours, shape (slots, sites, weekdays)."""
        problem, clock = self.problem, self.day.clock
        assert clock is not None  # noqa: S101
        opens = self.day.least[-1, :, 1:] - clock.least_s[:, None]
        closes = clock.end_s - self.day.homeward[-1, :, 1:]
        found = np.zeros((*opens.shape, len(problem.weekdays)), dtype=bool)
        for slot, number, day in np.ndindex(found.shape):
            found[slot, number, day] = problem.hour_counts(
                problem.sites[number],
                problem.weekdays[day],
                int(opens[slot, number]),
                int(closes[slot, number]),
            )
        return found


@dataclass(frozen=True, eq=False)
class _Worth:
    """What legs, stops and reach are worth to a crew-week at an optimum of a relaxation."""

    long: LongDays
    d: Decisions
    relaxed: Relaxed
    crew: int

    @cached_property
    def costs(self) -> dict[str, float]:
        """The reduced cost of one more unit of each total."""
        duals, units = self.relaxed.duals, self.d.mip.row_unit
        rows = {name: int(total.rows[self.crew]) for name, total in self.d.totals.items()}
        return {name: -float(duals[row]) / units[row] for name, row in rows.items()}

    def cost(self, *names: str) -> float:
        """The sum of some of them; 0 for a total that is not in the model."""
        return sum(self.costs.get(name, 0.0) for name in names)

    @cached_property
    def longer(self) -> Floats:
        """The least that a second open over the minimum costs, 0 at most, shape (slots,).

        A second of a whole-day session may not count as slack.
        """
        plain = self.cost("open_s", "work_s")
        cut = plain + self.cost("slack_s")
        whole = np.array([slot.whole_day for slot in self.d.problem.sessions])
        return np.minimum(np.where(whole, min(plain, cut), cut), 0.0)

    def legs(self) -> Floats:
        """The cost of each leg, shape (steps, places, places)."""
        course, day = self.long.courses[0], self.long.day
        drive = self.cost("drive_s", "work_s") * course.time_s
        drive = drive + self.cost("drive_m") * course.distance_m
        legs: Floats = np.repeat(drive[None], len(day.allowed), axis=0)
        for step, before, after in _each_step(day.steps):
            ends = [k - 1 for k in (before, after) if k]
            gained = -max(self.longer[k] for k in ends)
            legs[step] += gained / 2 * self.long.lost_s[step]
        begins = day.steps[0, 1:]
        legs[begins[begins >= 0]] += self.cost("days") + self.of_hours
        return legs

    @property
    def of_hours(self) -> float:
        """The least that early starts and late returns cost."""
        return min(0.0, self.cost("early")) + min(0.0, self.cost("late"))

    def groups(self) -> tuple[Bools, Floats, Bools]:
        """Groups of sites, what each is worth, and whether to its first stop or to pairs of them.

        The sites within reach of resident points; those of the crowds.
        """
        near = [np.zeros((0, len(self.d.problem.sites)), dtype=bool)]
        worth = [np.zeros(0)]
        for reach, rows in self.d.covers:
            near.append(reach)
            worth.append(np.maximum(self.relaxed.duals[rows], 0.0))
        every, which = np.unique(np.concatenate(near), axis=0, return_inverse=True)
        total = np.zeros(len(every))
        np.add.at(total, which.ravel(), np.concatenate(worth))
        fines = [-float(self.relaxed.duals[row]) for _, row in self.d.crowds]
        every = np.concatenate([every, *(crowd[None] for crowd, _ in self.d.crowds)])
        pair = np.arange(len(every)) >= len(total)
        total = np.append(total, np.maximum(fines, 0.0))
        order = np.argsort(-total, kind="stable")[: np.count_nonzero(total > 0)]
        return every[order], total[order], pair[order]

    def prizes(self) -> Floats:
        """What a stop is worth, whatever the weekday, shape (slots, sites)."""
        rules, clock = self.d.problem.rules(self.long.base), self.long.day.clock
        assert clock is not None  # noqa: S101
        pause_s = np.array([course.pause_s[0] for course in self.long.courses])
        net_s = clock.least_s - pause_s
        held = self.relaxed.duals[self.d.held_rows]
        handling = self.cost("work_s") * (rules.setup_s + rules.packing_s)
        opened = self.cost("open_s", "work_s") * net_s + self.longer * self.long.spare_s
        worth: Floats = held[None] - handling - opened[:, None]
        return worth

    def days(self) -> Iterator[tuple[Floats, float]]:
        """On each weekday: what stops are worth, shape (slots, sites), and what the day costs."""
        problem, prizes = self.d.problem, self.prizes()
        goers, open_slots = problem.crew_weeks[self.crew], self.open_slots()
        there = [n for n, day in enumerate(problem.weekdays) if day in goers.weekdays]
        if self.d.calendar is None:
            ever = open_slots[:, :, there].any(axis=2)
            yield np.where(ever, prizes, -np.inf), 0.0
            return
        for day in there:
            more, cost = self._on(self.d.calendar, day)
            yield np.where(open_slots[:, :, day], prizes + more, -np.inf), cost

    def open_slots(self) -> Bools:
        """When each site may be served, shape (slots, sites, weekdays)."""
        problem, goers = self.d.problem, self.d.problem.crew_weeks[self.crew]
        mine = problem.open_slots[problem.bases[goers.base].vehicle, :, goers.week]
        able: Bools = mine.transpose(2, 0, 1)
        return able & self.long.rooms if problem.hours_rule == "imposes" else able

    def _on(self, calendar: Calendar, day: int) -> tuple[Floats, float]:
        """What the calendar adds on a weekday: to the worth of stops, to the cost of the day."""
        problem, duals = self.d.problem, self.relaxed.duals
        goers = problem.crew_weeks[self.crew]
        cost = -sum(
            float(duals[row])
            for crews, on, row in calendar.day_rows
            if on == day and self.crew in crews
        )
        worth = np.zeros((len(problem.sessions), len(problem.sites)))
        for name, (_, row) in calendar.counts.items():
            each = float(duals[row]) / self.d.mip.row_unit[row] * goers.repeats
            worth += max(each, 0.0) * self._counted(name)[:, :, day]
        for demand, (_, rows) in calendar.slots.items():
            sites = problem.sites_of(demand)
            worth[:, sites] += duals[rows[goers.week, day]][:, None]
        for pinned in calendar.pins:
            if self.crew in pinned.crews and day in pinned.days:
                worth[np.ix_(pinned.sessions, problem.sites_of(pinned.demand))] += duals[pinned.row]
        return worth, cost

    def _counted(self, name: str) -> Bools:
        """Where and when a session may count, shape (slots, sites, weekdays)."""
        if name == "in_hours":
            return self.long.rooms
        problem = self.d.problem
        markets = [problem.demands[site.demand].market for site in problem.sites]
        there = np.array([[day in market for day in problem.weekdays] for market in markets])
        return np.broadcast_to(there, self.long.rooms.shape)


def _no_groups() -> tuple[Floats, Bools]:
    """The worth of no group, and that it is no pair."""
    return np.zeros(0), np.zeros(0, dtype=bool)


def _long_day(problem: Problem, courses: list[Course], steps: Ints) -> LongDay:
    """What a day may be, as labels know it: every day that exists, and some that do not."""
    rules, slots, first = courses[0].rules, len(courses), courses[0]
    places = len(first.time_s)
    count = int(steps.max()) + 1
    who = np.append(0, first.demand + 1)
    allowed = first.reachable & ((who[:, None] != who) | (who == 0))
    np.fill_diagonal(allowed, False)
    held = [int(course.minimum_s[0] - course.pause_s[0]) for course in courses]
    work = np.repeat(first.time_s[None], count, axis=0)
    for step, _, after in _each_step(steps):
        if after:
            work[step] += rules.setup_s + rules.packing_s + held[after - 1]
    day = LongDay(
        stops=slots,
        steps=steps,
        allowed=np.repeat(allowed[None], count, axis=0),
        measures=work[None],
        limits=np.array([rules.max_work_s]),
        who=who,
        clock=_clock(problem, courses, steps),
    )
    ranges = [course.range_m for course in courses if course.range_m is not None]
    recharged = rules.recharge_m if any(site.charger for site in problem.sites) else 0
    if rules.range_m is not None and ranges:
        day = day.limited(first.distance_m, rules.range_m + recharged)
    assert places == day.places  # noqa: S101
    return day


def _steps(problem: Problem, *, alike: bool) -> Ints:
    """A step for each two slots that a day may use one after the other, and for the depot.

    ``alike``: all go together, and a day only counts them.
    """
    count = len(problem.sessions) + 1
    if alike:
        any_two = np.where(np.triu(np.ones((count, count), dtype=bool), 1), 1, -1)
        any_two[0, 1:], any_two[1:, 0] = 0, 2
        return any_two
    follows = np.full((count, count), -1, dtype=np.int64)
    pairs = {(0, chosen[0] + 1) for chosen in slot_choices(problem.sessions)}
    for chosen in slot_choices(problem.sessions):
        used = [k + 1 for k in chosen]
        pairs |= set(zip([0, *used], [*used, 0], strict=True))
    for number, (before, after) in enumerate(sorted(pairs)):
        follows[before, after] = number
    return follows


def _each_step(steps: Ints) -> Iterator[tuple[int, int, int]]:
    """Each step once: (its number, a slot before, a slot after), as in ``LongDay.steps``."""
    numbers, first = np.unique(steps, return_index=True)
    for step, at in zip(numbers.tolist(), first, strict=True):
        if step >= 0:
            before, after = np.unravel_index(at, steps.shape)
            yield step, int(before), int(after)


def slots_alike(problem: Problem, base: int) -> bool:
    """Whether a day of a base only counts its slots, and time never binds.

    Its sessions differ in nothing but their names, whatever the level, and all of them fit in a
    day, each open for its longest, even if every drive is the longest of all.
    """
    levels = {"heures_mairie", "equite_agents", "equite_horaires"} & set(problem.looked_at)
    windows = {replace(slot, name="") for slot in problem.sessions}
    opened = problem.open_slots
    return (
        len(windows) == 1
        and not levels
        and problem.hours_rule == "ignores"
        and not watched_demands(problem)
        and bool((opened == opened[..., :1]).all())
        and _time_to_spare(problem, base)
    )


def _time_to_spare(problem: Problem, base: int) -> bool:
    """Whether all sessions of a day, alike, fit in it at their longest, however long the drives."""
    rules, slot, count = problem.rules(base), problem.sessions[0], len(problem.sessions)
    if slot.maximum_s is None or slot.whole_day or rules.break_s:
        return False
    drive_s = whole_minute(int(problem.time_s.max(initial=0)))
    handling_s, open_s = rules.setup_s + rules.packing_s, slot.maximum_s
    between_s = handling_s + drive_s + rules.grid_s
    work_s = count * (handling_s + open_s) + (count + 1) * drive_s
    away_s = slot.closing_s - slot.opening_s + handling_s + 2 * drive_s
    return (
        count * open_s + (count - 1) * between_s <= slot.closing_s - slot.opening_s
        and rules.earliest_departure_s + drive_s + rules.setup_s <= slot.opening_s
        and slot.closing_s + rules.packing_s + drive_s <= rules.latest_return_s
        and work_s <= min(rules.max_work_s, rules.max_unbroken_s)
        and away_s <= rules.max_amplitude_s
    )


def _clock(problem: Problem, courses: list[Course], steps: Ints) -> Clock:
    """When stops can be, each held for its minimum; meals only where every day has them."""
    rules, minutes, grid_s = courses[0].rules, courses[0].minutes_s, courses[0].rules.grid_s
    slots = [course.slots[0] for course in courses]
    latest = max([DAY_S, rules.latest_return_s, *(slot.closing_s for slot in slots)])
    end_s = -(-latest // grid_s) * grid_s
    lag = np.repeat(minutes[None], int(steps.max()) + 1, axis=0)
    floor, ceiling = np.full_like(lag, -FAR), np.full_like(lag, FAR)
    for step, before, after in _each_step(steps):
        lag[step] += rules.packing_s if before else rules.earliest_departure_s
        lag[step] += rules.setup_s if after else end_s - rules.latest_return_s
        if before and after and _surely_eaten(problem, before - 1, after - 1):
            lag[step] += rules.break_s
            floor[step] = rules.break_from_s + rules.break_s + rules.setup_s
            ceiling[step] = rules.break_until_s + rules.setup_s
    return Clock(
        lag_s=lag,
        floor_s=floor,
        ceiling_s=ceiling,
        opens_s=np.array([slot.opening_s for slot in slots]),
        closes_s=np.array([slot.closing_s for slot in slots]),
        least_s=np.array([int(course.minimum_s[0]) for course in courses]),
        grid_s=grid_s,
        end_s=end_s,
    )


def _surely_eaten(problem: Problem, before: int, after: int) -> bool:
    """Whether every day that goes from one slot to another has its meal in between.

    The first session that starts late enough for a meal before has it before, if it is not the
    day's first; a whole-day session may hold the meal itself.
    """
    day, slots = problem.day, problem.sessions
    after_meal = day.break_from_s + day.break_s
    return (
        not any(slot.whole_day for slot in slots)
        and slots[after].opening_s >= after_meal
        and all(slot.opening_s < after_meal for slot in slots[: before + 1])
    )
