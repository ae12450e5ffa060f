"""The decisions of a plan, by name: nobody outside counts positions.

Day tours appear only in rows that define totals (sessions held at a site, opening, work, driving,
days out): every rule and objective speaks of those totals. So what a tour not yet in the model
would be worth follows from its own figures and the prices of these rows alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tourplan.access import nearest
from tourplan.daytours import DayTours
from tourplan.measures import weights_of
from tourplan.optimise.cuts import with_cuts
from tourplan.optimise.mip import NOTHING, Expression, Floats, Mip
from tourplan.optimise.profiles import Profiles
from tourplan.optimise.timings import with_timings
from tourplan.problem import AccessGoal, CrewWeek, Pin, Problem

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Total:
    """A figure of each crew-week: variables that count multiples of ``unit``, and their rows."""

    variables: Ints
    unit: int
    rows: Ints

    def expression(self, rows: Sequence[int] | Ints, factor: int = 1) -> Expression:
        """``factor`` times the sum over some crew-weeks."""
        chosen = self.variables[np.asarray(rows, dtype=np.int64)]
        return Expression(chosen, np.full(len(chosen), factor * self.unit, dtype=np.int64))


@dataclass(eq=False)
class Decisions:
    """The variables of one planning model.

    Tours that weekdays treat alike form a profile; how many tours of a profile a crew-week takes,
    and which days they get, is all the calendar needs to know. So days are placed exactly without
    one variable a tour and day, and only from the first rule or level that looks at weekdays.

    Attributes:
        tours: the day tours of each base; ``add_tours`` adds some.
        take: how many days of each crew-week run a tour, one array (tours of its base,) each.
        held: sessions held at each site in the cycle, shape (sites,).
        trimmed: opening cut in each crew-week, in steps of the day's grid.
        calendar: the variables that place days, or ``None`` while weekdays do not matter.
        depot_weeks: crew-weeks of one depot, and how many weeks of their vehicle take it, where
            there is a choice.
        every_timing: whether no timing left out could have more half-days within mairie hours.
        once: which communes hold one session at most.
        needed: groups of sites that some day must reach, shape (groups, sites).
        crowds: sets of three of them (which sites are theirs), and the row by which days that stop
            twice or more in one are one at most.
    """

    problem: Problem
    tours: list[DayTours]
    mip: Mip = field(default_factory=Mip)
    take: list[Ints] = field(init=False)
    held: Ints = field(init=False)
    trimmed: Ints = field(init=False)
    calendar: Calendar | None = field(init=False, default=None)
    every_timing: bool = field(init=False, default=True)
    held_rows: Ints = field(init=False)
    totals: dict[str, Total] = field(init=False, default_factory=dict)
    depot_weeks: list[tuple[Ints, int]] = field(init=False, default_factory=list)
    covers: list[tuple[Bools, Ints]] = field(init=False, default_factory=list)
    once: Bools = field(init=False)
    needed: Bools = field(init=False)
    crowds: list[tuple[Bools, int]] = field(init=False, default_factory=list)
    _beyond: dict[str, tuple[Ints, Ints]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        problem, mip = self.problem, self.mip
        given, none = self.tours, np.empty(0, dtype=np.int64)
        self.tours = [tours.rows(none) for tours in given]
        self.take = [none for _ in problem.crew_weeks]
        self.once = np.zeros(len(problem.demands), dtype=bool)
        self.needed = np.zeros((0, len(problem.sites)), dtype=bool)
        self.held = mip.variables(len(problem.sites), np.inf)
        self.held_rows = np.array(
            [mip.equal(np.array([variable]), -1.0) for variable in self.held], dtype=np.int64
        )
        steps = [_most_steps(problem, crew) for crew in problem.crew_weeks]
        self.trimmed = mip.variables(len(steps), np.array(steps, dtype=float))
        for base, tours in enumerate(given):
            self.add_tours(base, tours)

    def add_tours(self, base: int, tours: DayTours) -> None:
        """More tours of a base, with the other timings and the cuts that matter."""
        timed, uncut = with_timings(self.problem, base, tours)
        more, cut = with_cuts(self.problem, timed)
        self.every_timing &= uncut and cut
        self.tours[base] = self.tours[base].join(more)
        for crew in self.crews(base=base):
            self._add_runs(int(crew), more)
        if self.calendar is not None:
            self.calendar.add_tours(self, base, more)

    def _add_runs(self, crew: int, more: DayTours) -> None:
        """The variables that say how often a crew-week runs ``more`` tours, in every total."""
        goers, problem = self.problem.crew_weeks[crew], self.problem
        allowed = np.array([d.allowed for d in problem.demands], dtype=float)[problem.site_demand]
        most = np.append(allowed, np.inf)[more.site].min(axis=1)
        most = np.where(more.allowed[:, goers.week].any(axis=1), most, 0.0)
        runs = self.mip.variables(len(more), most)
        self.take[crew] = np.concatenate([self.take[crew], runs])
        for row, mine in zip(self.held_rows, more.by_site(len(self.held)), strict=True):
            self.mip.extend(int(row), runs[mine], 1.0)
        for name, total in self.totals.items():
            self.mip.extend(int(total.rows[crew]), runs, figure(more, name))
        for near, rows in self.covers:
            for row, mine in zip(rows, covering(more, near).T, strict=True):
                self.mip.extend(int(row), runs[mine], 1.0)
        for crowd, row in self.crowds:
            self.mip.extend(row, runs, pairs_in(more, crowd))

    def crowd(self, demands: Ints) -> None:
        """Days that stop twice or more in three communes of one session are one at most.

        Rounds down half the sum of their rules: a cut over a subset of rows.
        """
        crowd = np.isin(self.problem.site_demand, demands)
        pairs = [
            pairs_in(self.tours[goers.base], crowd).astype(float)
            for goers in self.problem.crew_weeks
        ]
        row = self.mip.row(self.days(), np.concatenate([np.empty(0), *pairs]), at_most=1.0)
        self.crowds.append((crowd, row))

    def need(self, groups: Bools) -> None:
        """Some day must reach each of these groups of sites, shape (groups, sites)."""
        self.needed = np.unique(np.concatenate([self.needed, groups]), axis=0)

    def entries(self, crew: int, tours: DayTours) -> tuple[Ints, Ints, Floats]:
        """What a day of each tour adds to rows, while weekdays do not matter, one figure each.

        Nothing is added to the model. Returns (tours, rows, figures), shape (figures,) each.
        """
        tour, slot = np.nonzero(tours.site >= 0)
        parts = [(tour, self.held_rows[tours.site[tour, slot]], np.ones(len(tour)))]

        def add(rows: Ints, amounts: NDArray[Any]) -> None:
            tour, column = np.nonzero(amounts)
            parts.append((tour, rows[column], amounts[tour, column].astype(float)))

        for name, total in self.totals.items():
            unit = self.mip.row_unit[int(total.rows[crew])]
            add(total.rows[[crew]], figure(tours, name)[:, None] / unit)
        for near, rows in self.covers:
            add(rows, covering(tours, near))
        for crowd, row in self.crowds:
            add(np.array([row]), pairs_in(tours, crowd)[:, None])
        every = [np.concatenate(part) for part in zip(*parts, strict=True)]
        return every[0], every[1], every[2]

    def visited(self, groups: Bools) -> Bools:
        """Whether each day (``days()``) stops in each group of sites, shape (days, groups)."""
        of_base = [covering(tours, groups) for tours in self.tours]
        parts = [of_base[goers.base] for goers in self.problem.crew_weeks]
        return np.concatenate([np.zeros((0, len(groups)), dtype=bool), *parts])

    def total(self, name: str) -> Total:
        """Of each crew-week, the sum over its days of a figure of ``DayTours``; ``days``: of 1.

        Defined on the first call.
        """
        if name not in self.totals:
            unit = self.problem.day.grid_s if name in ("open_s", "slack_s") else 1
            variables = self.mip.variables(len(self.take), np.inf, integer=False)
            rows = [
                self.mip.equal(
                    np.append(runs, variable), np.append(figure(self.tours[crew.base], name), -unit)
                )
                for runs, variable, crew in zip(
                    self.take, variables, self.problem.crew_weeks, strict=True
                )
            ]
            self.totals[name] = Total(variables, unit, np.array(rows, dtype=np.int64))
        return self.totals[name]

    def days(self) -> Ints:
        """The variables that say how often each day is run, of all crew-weeks."""
        return np.concatenate([NOTHING.variables, *self.take])

    def divisible(self) -> Ints:
        """The variables of days: what sessions are held where is whole without them."""
        days = [*self.take, self.trimmed]
        if self.calendar is not None:
            days += [place.ravel() for place in self.calendar.place]
        return np.concatenate(days)

    def over_cycle(self, name: str, factor: int = 1) -> Expression:
        """``factor`` times the sum of a figure over all the days of the cycle."""
        total = self.total(name)
        parts = [
            total.expression([crew], factor * goers.repeats)
            for crew, goers in enumerate(self.problem.crew_weeks)
        ]
        return NOTHING.plus(*parts)

    def defining_rows(self) -> Ints:
        """The rows that only define totals and the calendar's figures."""
        found = [self.held_rows, *(total.rows for total in self.totals.values())]
        if self.calendar is not None:
            found += [np.array(rows, dtype=np.int64) for rows in self.calendar.taken_rows]
            found += [np.array([row]) for _, row in self.calendar.counts.values()]
            found += [rows.ravel() for _, rows in self.calendar.slots.values()]
        return np.concatenate(found)

    def crews(self, **facts: int) -> Ints:
        """The crew-weeks whose ``week``, ``vehicle`` or ``base`` is the one given."""
        rows = [
            number
            for number, crew in enumerate(self.problem.crew_weeks)
            if all(getattr(crew, name) == value for name, value in facts.items())
        ]
        return np.array(rows, dtype=np.int64)

    def open_calendar(self) -> Calendar:
        """The calendar, made on the first call."""
        if self.calendar is None:
            self.calendar = Calendar.of(self)
        return self.calendar

    def held_at(self, demand: int) -> Ints:
        """Sessions of a watched commune in each slot, shape (weeks, weekdays, sessions)."""
        return self.open_calendar().held_at(self, demand)

    def beyond(self, goal: AccessGoal) -> tuple[Ints, Ints]:
        """Resident points that sites could bring within a goal, and a variable each.

        The variable is 1 where the plan leaves the point beyond. Points that fixed counters or
        nobody can bring within have none.
        """
        if goal.name not in self._beyond:
            points = far_points(self.problem, goal)
            left_out = self.mip.variables(len(points), integer=goal.sessions > 1)
            self._cover(goal, points, left_out)
            self._beyond[goal.name] = points, left_out
        return self._beyond[goal.name]

    def _cover(self, goal: AccessGoal, points: Ints, left_out: Ints) -> None:
        """Rows by which a point is within a goal only if enough sessions are within reach."""
        near = sites_within(self.problem, points, goal.minutes)
        if goal.sessions == 1:
            self._cover_once(near, left_out)
            return
        slots = self._reached_slots(near)
        for number, variable in enumerate(left_out):
            chosen = slots[number]
            weights = np.append(np.ones(len(chosen)), float(goal.sessions))
            self.mip.row(np.append(chosen, variable), weights, at_least=float(goal.sessions))

    def _cover_once(self, near: Bools, left_out: Ints) -> None:
        """Rows by which a point is within a goal only if some tour stops within reach.

        A tour counts once however often it stops there: a tighter rule than one on sessions.
        """
        rows = np.array(
            [self.mip.row(np.array([variable]), 1.0, at_least=1.0) for variable in left_out],
            dtype=np.int64,
        )
        for runs, crew in zip(self.take, self.problem.crew_weeks, strict=True):
            reach = covering(self.tours[crew.base], near)
            for row, mine in zip(rows, reach.T, strict=True):
                self.mip.extend(int(row), runs[mine], 1.0)
        self.covers.append((near, rows))

    def _reached_slots(self, near: Bools) -> list[Ints]:
        """For each point, variables whose sum is the half-days with a session within reach.

        With one vehicle no two sessions share a half-day, and sessions held are half-days.
        """
        problem = self.problem
        if not len(near):
            return []
        if len({crew.vehicle for crew in problem.crew_weeks}) <= 1:
            return [self.held[row] for row in near]
        at = np.stack([self.held_at(demand) for demand in range(len(problem.demands))])
        found = []
        for row in near:
            mine = np.unique(problem.site_demand[row])
            slots = at[mine].reshape(len(mine), -1)
            used = self.mip.variables(slots.shape[1])
            for column, variable in enumerate(used):
                terms = np.append(slots[:, column], variable)
                self.mip.row(terms, np.append(np.ones(len(mine)), -1.0), at_least=0.0)
            found.append(used)
        return found

    def padded(self, solution: Floats) -> Floats:
        """A solution found before the last tours were added: it takes none of them."""
        return np.append(solution, np.zeros(self.mip.size - len(solution)))

    def held_by_demand(self, solution: Floats) -> list[int]:
        """The sessions that a solution holds of each demand."""
        held = np.rint(solution[self.held]).astype(np.int64)
        count = len(self.problem.demands)
        return [int(held[self.problem.sites_of(number)].sum()) for number in range(count)]

    def placed(self, solution: Floats) -> bool:
        """Whether a solution says which days its tours get."""
        return self.calendar is not None and len(solution) > self.calendar.first

    def runs(self, solution: Floats) -> list[tuple[int, int, int]]:
        """(crew-week, weekday, tour) of each day tour of a solution; weekdays as positions.

        While weekdays do not matter, the tours of a vehicle take the first days of its week.
        """
        found: list[tuple[int, int, int]] = []
        placed, solution = self.placed(solution), self.padded(solution)
        used: dict[tuple[int, int], int] = {}
        for number, crew in enumerate(self.problem.crew_weeks):
            times = np.rint(solution[self.take[number]]).astype(np.int64)
            taken = np.repeat(np.arange(len(times)), times).tolist()
            if placed:
                assert self.calendar is not None  # noqa: S101
                days = self.calendar.days(number, taken, solution)
                found += [(number, day, tour) for day, tour in days]
                continue
            for tour in taken:
                day = used.get((crew.vehicle, crew.week), 0)
                used[crew.vehicle, crew.week] = day + 1
                weekday = crew.weekdays[day % len(crew.weekdays)]
                found.append((number, self.problem.weekdays.index(weekday), tour))
        return sorted(found)


@dataclass(frozen=True, eq=False)
class Pinned:
    """A session to be held: by which crew-weeks, for whom, when; the row that says so.

    ``sessions`` and ``days`` are positions.
    """

    crews: Ints
    demand: int
    sessions: Ints
    days: Ints
    row: int

    def held(self, watched: Ints) -> Ints:
        """The rows of ``watched``, shape (…, sessions), that may hold it."""
        return np.flatnonzero((watched[:, self.sessions] == self.demand).any(axis=1))


@dataclass(eq=False)
class Calendar:
    """Which days the tours of each profile get.

    Attributes:
        place: for each crew-week, how often a weekday runs tours of a profile, shape (profiles,
            weekdays).
        profiles: of the tours of each crew-week.
        day_rows: (crew-weeks, weekday, row) of each rule that they run one tour at most that day.
        counts: totals over all days of a figure of profiles, by its name: variable and row.
        slots: sessions of watched communes in each slot and their rows, both of shape (weeks,
            weekdays, sessions), by commune.
        pins: the sessions to be held.
    """

    place: list[Ints]
    profiles: list[Profiles]
    taken_rows: list[list[int]]
    first: int
    day_rows: list[tuple[Ints, int, int]] = field(default_factory=list)
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    slots: dict[int, tuple[Ints, Ints]] = field(default_factory=dict)
    pins: list[Pinned] = field(default_factory=list)

    @classmethod
    def of(cls, d: Decisions) -> Calendar:
        """New variables that place the days of each crew-week."""
        calendar = cls([], [], [], d.mip.size)
        known: dict[tuple[int, int], Profiles] = {}
        none = np.empty((0, len(d.problem.weekdays)), dtype=np.int64)
        for crew, goers in enumerate(d.problem.crew_weeks):
            key = (goers.base, goers.week)
            if key not in known:
                known[key] = Profiles.of(d.problem, d.tours[goers.base], goers.week)
            calendar.place.append(none)
            calendar.profiles.append(known[key])
            calendar.taken_rows.append([])
            calendar._add_profiles(d, crew)
            calendar._link(d, crew, 0)
        return calendar

    def add_tours(self, d: Decisions, base: int, more: DayTours) -> None:
        """Place more tours of a base, the last of ``d.tours``."""
        known: dict[int, Profiles] = {}
        for crew in d.crews(base=base).tolist():
            week = d.problem.crew_weeks[crew].week
            if week not in known:
                known[week] = self.profiles[crew].joined(d.problem, more)
            first = len(self.profiles[crew].profile)
            self.profiles[crew] = known[week]
            self._add_profiles(d, crew)
            self._link(d, crew, first)

    def _add_profiles(self, d: Decisions, crew: int) -> None:
        """Variables of the profiles of a crew-week that have none yet, in every rule on days."""
        first, mine = len(self.place[crew]), self.profiles[crew]
        goers = d.problem.crew_weeks[crew]
        there = [day in goers.weekdays for day in d.problem.weekdays]
        upper = (mine.allowed[first:] & there).astype(float) * goers.count
        place = d.mip.variables(upper.size, upper.ravel()).reshape(upper.shape)
        self.place[crew] = np.vstack([self.place[crew], place])
        self.taken_rows[crew] += [d.mip.equal(row, -1.0) for row in place]
        for crews, day, row in self.day_rows:
            if crew in crews:
                d.mip.extend(row, place[:, day], 1.0)
        for name, (_, row) in self.counts.items():
            counted = getattr(mine, name)[first:].ravel() * goers.repeats
            d.mip.extend(row, place.ravel(), counted)
        for demand, (_, rows) in self.slots.items():
            for day, session in np.ndindex(rows.shape[1:]):
                held = np.flatnonzero(mine.watched[first:, session] == demand)
                d.mip.extend(int(rows[goers.week, day, session]), place[held, day], 1.0)
        for pinned in self.pins:
            if crew in pinned.crews:
                held = pinned.held(mine.watched[first:])
                d.mip.extend(pinned.row, place[np.ix_(held, pinned.days)].ravel(), 1.0)

    def _link(self, d: Decisions, crew: int, first: int) -> None:
        """The tours from ``first`` on are placed as often as they are taken."""
        profile = self.profiles[crew].profile[first:]
        order = np.argsort(profile, kind="stable")
        starts = np.searchsorted(profile[order], np.arange(len(self.place[crew]) + 1))
        for number, row in enumerate(self.taken_rows[crew]):
            mine = order[starts[number] : starts[number + 1]]
            if mine.size:
                d.mip.extend(row, d.take[crew][first + mine], 1.0)

    def one_a_day(self, d: Decisions, crews: Ints, most: int, more: int | None = None) -> None:
        """At most ``most`` tours a weekday among some crew-weeks, plus what a variable says."""
        extra = np.array([] if more is None else [more], dtype=np.int64)
        for day in range(len(d.problem.weekdays)):
            placed = np.concatenate([*(self.place[crew][:, day] for crew in crews), extra])
            weights = np.append(np.ones(len(placed) - len(extra)), -np.ones(len(extra)))
            self.day_rows.append((crews, day, d.mip.row(placed, weights, at_most=most)))

    def pin(self, d: Decisions, demand: int, pin: Pin) -> None:
        """A session of a watched commune is held in one of the slots that a pin allows."""
        problem = d.problem
        facts = {"week": pin.week, "vehicle": pin.vehicle}
        crews = d.crews(**{name: value for name, value in facts.items() if value is not None})
        slots = range(len(problem.sessions))
        sessions = np.array([k for k in slots if pin.session in (None, k)], dtype=np.int64)
        days = [n for n, day in enumerate(problem.weekdays) if pin.weekday in (None, day)]
        row = d.mip.row(NOTHING.variables, 1.0, at_least=1.0)
        pinned = Pinned(crews, demand, sessions, np.array(days, dtype=np.int64), row)
        for crew in crews:
            held = pinned.held(self.profiles[crew].watched)
            placed = self.place[crew][np.ix_(held, pinned.days)].ravel()
            d.mip.extend(row, placed, 1.0)
        self.pins.append(pinned)

    def count(self, d: Decisions, name: str) -> int:
        """A variable: the sum over all days of a figure of profiles; made on the first call."""
        if name not in self.counts:
            variable = d.mip.variables(1, np.inf, integer=False)
            place = np.concatenate([place.ravel() for place in self.place] + [variable])
            figures = [
                getattr(profiles, name).ravel() * crew.repeats
                for profiles, crew in zip(self.profiles, d.problem.crew_weeks, strict=True)
            ]
            row = d.mip.equal(place, np.concatenate([*figures, [-1]]))
            self.counts[name] = int(variable[0]), row
        return self.counts[name][0]

    def held_at(self, d: Decisions, demand: int) -> Ints:
        """Sessions of a watched commune in each slot, made on the first call."""
        if demand not in self.slots:
            problem = d.problem
            shape = (problem.weeks, len(problem.weekdays), len(problem.sessions))
            upper = problem.open_slots[:, problem.sites_of(demand)].any(axis=(0, 1)).astype(float)
            held = d.mip.variables(int(np.prod(shape)), upper.ravel()).reshape(shape)
            rows = np.empty(shape, dtype=np.int64)
            for week, day, session in np.ndindex(*shape):
                placed = [
                    self.place[crew][self.holding(crew, demand, session), day]
                    for crew in d.crews(week=week)
                ]
                row = np.concatenate([*placed, held[week, day, [session]]])
                weights = np.append(np.ones(len(row) - 1), -1.0)
                rows[week, day, session] = d.mip.equal(row, weights)
            self.slots[demand] = held, rows
        return self.slots[demand][0]

    def holding(self, crew: int, demand: int, session: int) -> Ints:
        """The profiles of a crew-week whose tours serve a watched commune in a session."""
        return np.flatnonzero(self.profiles[crew].watched[:, session] == demand)

    def days(self, crew: int, taken: list[int], solution: Floats) -> list[tuple[int, int]]:
        """(weekday, tour) of the tours taken in a crew-week."""
        waiting: dict[int, list[int]] = {}
        for tour in taken:
            waiting.setdefault(int(self.profiles[crew].profile[tour]), []).append(tour)
        times = np.rint(solution[self.place[crew]]).astype(np.int64)
        placed = [cell for cell in np.argwhere(times) for _ in range(times[tuple(cell)])]
        return [(int(day), waiting[int(profile)].pop(0)) for profile, day in placed]


def covering(tours: DayTours, near: Bools) -> Bools:
    """Whether each tour stops within reach of each point, shape (tours, points).

    ``near``: which sites each point reaches, shape (points, sites).
    """
    reach = np.vstack([near.T, np.zeros((1, len(near)), dtype=bool)])
    found: Bools = np.zeros((len(tours), len(near)), dtype=bool)
    for k in range(tours.site.shape[1]):
        found |= reach[tours.site[:, k]]
    return found


def pairs_in(tours: DayTours, crowd: Bools) -> Ints:
    """Pairs of stops of each tour at some sites, shape (tours,)."""
    stops: Ints = np.append(crowd, False)[tours.site].sum(axis=1)
    return stops // 2


def figure(tours: DayTours, name: str) -> Ints:
    """A figure of each tour; ``days``: 1."""
    if name == "days":
        return np.ones(len(tours), dtype=np.int64)
    found: Ints = getattr(tours, name).astype(np.int64)
    return found


def _most_steps(problem: Problem, crew: CrewWeek) -> int:
    """Most steps of the grid that the openings of a crew-week can be cut by."""
    longest_s = sum(slot.closing_s - slot.opening_s for slot in problem.sessions)
    return len(crew.weekdays) * crew.count * longest_s // problem.day.grid_s


def far_points(problem: Problem, goal: AccessGoal) -> Ints:
    """Resident points that a goal's fixed counters leave beyond it and some site could help."""
    far = nearest(*problem.fixed_times(goal.fixed)).beyond(goal.minutes)
    time_s, reachable = problem.site_times()
    helped = (reachable & (time_s <= goal.minutes * 60)).any(axis=1)
    return np.flatnonzero(far & helped & (weights_of(problem, goal) > 0))


def sites_within(problem: Problem, points: Ints, minutes: int) -> Bools:
    """Which sites each of ``points`` reaches within ``minutes``, shape (points, sites)."""
    time_s, reachable = problem.site_times()
    near: Bools = (reachable & (time_s <= minutes * 60))[points]
    return near
