"""The whole problem in one CP-SAT model: who goes from where to where, when.

Each crew and weekday is a seat. A seat uses a pattern (which sessions of the day), and for each
pattern the stops are a path from the agency through one site a session and back: one Boolean an
arc (site to site, session to session), flow kept at every site. Openings and closings are whole
variables on the announced grid; set-up, packing, drives in whole minutes, meal, stretches of work,
amplitude, work, range, rest, the weeks' opening and work are linear rows on them, those of a day
enforced by its pattern. Levels are minimised one after the other, each kept by a row; the search
starts from the plan made by hand (``greedy``), which has a tenth of the same time.

A level that is at its limit already (nobody beyond, every half-day within hours) is not solved.
Probing is left out of presolve: it takes most of a short limit and brings nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from drafts import Search, half_days, most_work_s, refuse_choice_of_crew
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from tourplan.access import nearest
from tourplan.daytours import slot_choices
from tourplan.hours import DAY_S
from tourplan.measures import BEYOND, far_ceiling_s, far_weights, goal_named, measure, weights_of
from tourplan.plan import Day
from tourplan.problem import AccessGoal, Problem
from tourplan.timeline import Opening, build_day, meal_gap

Ints = NDArray[np.int64]
Literal: TypeAlias = cp_model.IntVar
Expression: TypeAlias = cp_model.LinearExprT

SHARE = 0.6
"""Share of the time left that one level may use, as tourplan does."""
BY_HAND = 0.1
"""Share of the whole time that the plan it starts from may take."""
WORKERS = 8
"""Parts of CP-SAT that search side by side: those that make it good are eight, on any machine."""


@dataclass
class Pattern:
    """The stops of a seat over some sessions.

    Attributes:
        used: whether the seat uses it.
        stop: for each session of the pattern, a literal a site, shape (sessions, sites).
        legs: for each leg from the agency to the agency, its arcs: literals, seconds, metres.
        ends: for each leg between two stops, the sites at the ends of its arcs.
    """

    sessions: tuple[int, ...]
    used: Literal
    stop: list[list[Literal]]
    legs: list[tuple[list[Literal], Ints, Ints]]
    ends: list[tuple[Ints, Ints]]

    def drive_s(self, leg: int) -> Expression:
        """Exact seconds of a leg."""
        literals, seconds, _ = self.legs[leg]
        return cp_model.LinearExpr.weighted_sum(literals, seconds.tolist())

    def timetable_s(self, leg: int) -> Expression:
        """Seconds of a leg on the timetable."""
        literals, seconds, _ = self.legs[leg]
        return cp_model.LinearExpr.weighted_sum(literals, (-(-seconds // 60) * 60).tolist())

    def metres(self) -> Expression:
        """Metres of the day."""
        literals = [literal for leg, _, _ in self.legs for literal in leg]
        metres = np.concatenate([one for *_, one in self.legs])
        return cp_model.LinearExpr.weighted_sum(literals, metres.tolist())

    def all_drive_s(self) -> Expression:
        """Exact seconds of the day."""
        return sum(
            (self.drive_s(leg) for leg in range(len(self.legs))), cp_model.LinearExpr.sum([])
        )


@dataclass
class Seat:
    """A crew on a weekday: its patterns, and when each session opens and closes.

    Attributes:
        steps: the variables of each session's opening and closing, in steps of the grid.
        leaves: when the crew leaves, in seconds.
        returns: when it is back.
    """

    crew: int
    weekday: int
    patterns: list[Pattern]
    steps: list[tuple[Literal, Literal]]
    grid_s: int
    leaves: Literal
    returns: Literal

    @property
    def opening(self) -> list[Expression]:
        """Seconds at which each session opens."""
        return [opening * self.grid_s for opening, _ in self.steps]

    @property
    def closing(self) -> list[Expression]:
        """Seconds at which each session closes."""
        return [closing * self.grid_s for _, closing in self.steps]

    def stops(self, session: int) -> list[list[Literal]]:
        """The literals of a session, a row a pattern that has it."""
        return [p.stop[p.sessions.index(session)] for p in self.patterns if session in p.sessions]


@dataclass
class Compact:
    """The model and what levels are made of."""

    problem: Problem
    model: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    seats: list[Seat] = field(default_factory=list)
    held: list[Expression] = field(default_factory=list)
    served: list[Literal] = field(default_factory=list)

    def __post_init__(self) -> None:
        refuse_choice_of_crew(self.problem)
        _refuse(self.problem)
        for crew, goers in enumerate(self.problem.crew_weeks):
            for weekday in goers.weekdays:
                self.seats.append(_seat(self, crew, weekday))
        _count_sessions(self)
        _sessions_of_communes(self)
        _weeks(self)
        _rest(self)
        _imposed(self)

    def literal(self) -> Literal:
        """A new Boolean."""
        return self.model.new_bool_var("")

    def beyond(self, goal: AccessGoal) -> Expression:
        """Residents beyond a goal."""
        problem = self.problem
        time_s, reachable = problem.site_times()
        near = reachable & (time_s <= goal.minutes * 60)
        out = nearest(*problem.fixed_times(goal.fixed)).beyond(goal.minutes)
        weights = np.where(out, weights_of(problem, goal), 0)
        left, worth, hopeless = [], [], 0
        for point in np.flatnonzero(weights).tolist():
            sites = np.flatnonzero(near[point]).tolist()
            if not sites:
                hopeless += int(weights[point])
                continue
            variable = self.literal()
            self.model.add_bool_or([variable, *(self.served[site] for site in sites)])
            left.append(variable)
            worth.append(int(weights[point]))
        return cp_model.LinearExpr.weighted_sum(left, worth) + hopeless

    def far_access(self) -> Expression:
        """Residents left far, times seconds to the nearest counter: a p-median."""
        problem = self.problem
        time_s, reachable = problem.site_times()
        ceiling, weights = far_ceiling_s(problem), far_weights(problem)
        chosen, worth = [], []
        for point in np.flatnonzero(weights).tolist():
            near = reachable[point] & (time_s[point] < ceiling[point])
            takes = [self.literal() for _ in range(int(near.sum()) + 1)]
            self.model.add_exactly_one(takes)
            for take, site in zip(takes, np.flatnonzero(near).tolist(), strict=False):
                self.model.add_implication(take, self.served[site])
            times = [*time_s[point, near].tolist(), int(ceiling[point])]
            chosen += takes
            worth += [int(weights[point]) * seconds for seconds in times]
        return cp_model.LinearExpr.weighted_sum(chosen, worth)

    def required(self) -> Expression:
        """Required sessions held: all of them, by the rules."""
        return cp_model.LinearExpr.sum([]) + sum(d.required for d in self.problem.demands)

    def in_hours(self) -> Expression:
        """Half-days within mairie hours."""
        found: list[Literal] = []
        for seat in self.seats:
            for session in range(len(self.problem.sessions)):
                found += _hours(self, seat, session)
        return cp_model.LinearExpr.sum(found)

    def driving(self) -> Expression:
        """Seconds on the road."""
        return _sum(p.all_drive_s() for seat in self.seats for p in seat.patterns)

    def metres(self) -> Expression:
        """Metres on the road."""
        return _sum(p.metres() for seat in self.seats for p in seat.patterns)

    def open_s(self) -> Expression:
        """Seconds open to the public."""
        return _sum(
            close - opens
            for seat in self.seats
            for opens, close in zip(seat.opening, seat.closing, strict=True)
        )

    def level(self, name: str) -> Expression:
        """A level, to be minimised.

        Raises:
            ValueError: this model does not know it.
        """
        if name.startswith(BEYOND):
            goal = goal_named(self.problem, name)
            if goal.sessions == 1:
                return self.beyond(goal)
        known: dict[str, Callable[[], Expression]] = {
            "passages": self.required,
            "acces_moyen": self.far_access,
            "heures_mairie": self.in_hours,
            "route": self.driving,
            "km": self.metres,
            "ouverture": self.open_s,
        }
        if name not in known:
            raise ValueError(f"the compact model does not know {name}")
        sign = 1 if measure(self.problem, name).sense == "min" else -1
        return sign * known[name]()

    def days(self, value: Callable[[Expression], int]) -> tuple[Day, ...]:
        """The days of a solution, ``value`` giving the value of an expression."""
        found = []
        for seat in self.seats:
            openings = []
            for session in range(len(self.problem.sessions)):
                for stops in seat.stops(session):
                    site = next((s for s, literal in enumerate(stops) if value(literal)), None)
                    if site is not None:
                        times = value(seat.opening[session]), value(seat.closing[session])
                        openings.append(Opening(session, site, *times))
            if openings:
                found.append(build_day(self.problem, seat.crew, seat.weekday, openings))
        return tuple(sorted(found, key=lambda day: (day.week, day.weekday, day.vehicle)))

    def hint(self, days: Sequence[Day]) -> None:
        """Start from the days of a plan."""
        self.model.clear_hints()
        problem, visited = self.problem, {(s.code, s.place) for day in days for s in day.stops}
        for (code, venue), site in problem.site_index.items():
            self.model.add_hint(self.served[site], (code, venue) in visited)
        for seat in self.seats:
            goers = problem.crew_weeks[seat.crew]
            key = goers.week + 1, seat.weekday, problem.vehicles[goers.vehicle].name
            day = next((d for d in days if (d.week, d.weekday, d.vehicle) == key), None)
            self._hint_seat(seat, day)

    def _hint_seat(self, seat: Seat, day: Day | None) -> None:
        """Start from a day of a plan, or from a day off."""
        names = [slot.name for slot in self.problem.sessions]
        stops = {names.index(stop.session): stop for stop in (day.stops if day else ())}
        held = {k: self.problem.site_index[stop.code, stop.place] for k, stop in stops.items()}
        for pattern in seat.patterns:
            used = pattern.sessions == tuple(held)
            sites = [held[k] if used else -1 for k in pattern.sessions]
            self.model.add_hint(pattern.used, used)
            for site, literals in zip(sites, pattern.stop, strict=True):
                for number, literal in enumerate(literals):
                    self.model.add_hint(literal, number == site)
            legs = zip(pairwise(sites), pattern.legs[1:-1], pattern.ends, strict=True)
            for (here, there), (arcs, _, _), (rows, columns) in legs:
                taken = (rows == here) & (columns == there)
                for arc, chosen in zip(arcs, taken.tolist(), strict=True):
                    self.model.add_hint(arc, chosen)
        for session, (opening, closing) in enumerate(seat.steps):
            start = self.problem.sessions[session].opening_s
            times = (
                (stops[session].opening_s, stops[session].closing_s)
                if session in stops
                else (start, start)
            )
            for variable, time_s in zip((opening, closing), times, strict=True):
                self.model.add_hint(variable, -(-time_s // self.problem.day.grid_s))
        if day is not None:
            self.model.add_hint(seat.leaves, day.departure_s)
            self.model.add_hint(seat.returns, day.return_s)


def _sum(terms: Iterator[Expression]) -> Expression:
    return sum(terms, cp_model.LinearExpr.sum([]))


def _refuse(problem: Problem) -> None:
    """Some wishes are not in this model.

    Raises:
        ValueError: the problem has one.
    """
    asked = {
        "whole-day sessions": any(slot.whole_day for slot in problem.sessions),
        "recharging": any(problem.rules(crew.base).recharge_m for crew in problem.crew_weeks),
        "pins": any(demand.pins for demand in problem.demands),
        "spread sessions": any(
            d.allowed > 1 and (d.gap_days > 1 or d.gap_most_days) for d in problem.demands
        ),
    }
    found = [name for name, here in asked.items() if here]
    if found:
        raise ValueError(f"the compact model does not know {', '.join(found)}")


def _seat(compact: Compact, crew: int, weekday: int) -> Seat:
    """The variables and the rules of a day."""
    problem, model = compact.problem, compact.model
    grid_s, steps = problem.day.grid_s, []
    for slot in problem.sessions:
        first, last = -(-slot.opening_s // grid_s), slot.closing_s // grid_s
        ends = (model.new_int_var(first, max(first, last), "") for _ in range(2))
        steps.append(tuple(ends))
    leaves, returns = (model.new_int_var(0, DAY_S, "") for _ in range(2))
    seat = Seat(crew, weekday, [], steps, grid_s, leaves, returns)
    for sessions in slot_choices(problem.sessions):
        pattern = _pattern(compact, crew, weekday, sessions)
        if pattern is not None:
            seat.patterns.append(pattern)
            _timeline(compact, seat, pattern)
    model.add_at_most_one(p.used for p in seat.patterns)
    for session in range(len(problem.sessions)):
        uses = [p.used for p in seat.patterns if session in p.sessions]
        opening, closing = seat.steps[session]
        unused = model.add(closing == opening)
        unused.only_enforce_if([~used for used in uses])
    return seat


def _pattern(
    compact: Compact, crew: int, weekday: int, sessions: tuple[int, ...]
) -> Pattern | None:
    """A path of literals through one site a session, from the agency and back."""
    problem, model = compact.problem, compact.model
    goers = problem.crew_weeks[crew]
    depot, place = problem.bases[goers.base].depot, problem.site_place
    position = problem.weekdays.index(weekday)
    may_open = problem.open_slots[goers.vehicle, :, goers.week, position]
    used = compact.literal()
    stop = [[compact.literal() for _ in problem.sites] for _ in sessions]
    for session, literals in zip(sessions, stop, strict=True):
        model.add(cp_model.LinearExpr.sum(literals) == used)
        for site in np.flatnonzero(~may_open[:, session]).tolist():
            model.add(literals[site] == 0)
    legs, ends = [_home(compact, stop[0], depot, place, out=True)], []
    for (one, two), (here, there) in zip(pairwise(sessions), pairwise(stop), strict=True):
        leg, sites = _between(compact, (one, two), here, there)
        legs.append(leg)
        ends.append(sites)
    legs.append(_home(compact, stop[-1], depot, place, out=False))
    for number, demand in enumerate(problem.demands):
        if demand.allowed > 1 or len(problem.sites_of(number)) > 1:
            sites = problem.sites_of(number).tolist()
            model.add_at_most_one(row[site] for row in stop for site in sites)
    return Pattern(sessions, used, stop, legs, ends)


def _home(
    compact: Compact, stops: list[Literal], depot: int, place: Ints, *, out: bool
) -> tuple[list[Literal], Ints, Ints]:
    """The leg between the agency and the first, or the last, stop: the stop's own literals."""
    problem = compact.problem
    cells = (depot, place) if out else (place, depot)
    for site in np.flatnonzero(~problem.reachable[cells]).tolist():
        compact.model.add(stops[site] == 0)
    return stops, problem.time_s[cells], problem.distance_m[cells]


def _between(
    compact: Compact, sessions: tuple[int, int], here: list[Literal], there: list[Literal]
) -> tuple[tuple[list[Literal], Ints, Ints], tuple[Ints, Ints]]:
    """The leg between two stops: one literal an arc that the windows allow; the arcs' ends."""
    problem, place = compact.problem, compact.problem.site_place
    one, two = (problem.sessions[k] for k in sessions)
    cells = np.ix_(place, place)
    spare = two.closing_s - two.minimum_s - one.opening_s - one.minimum_s
    spare -= problem.day.setup_s + problem.day.packing_s
    other = problem.site_demand[:, None] != problem.site_demand[None, :]
    fits = problem.reachable[cells] & other & (problem.time_s[cells] <= spare)
    rows, columns = np.nonzero(fits)
    arcs = [compact.literal() for _ in rows]
    for ends, literals in ((rows, here), (columns, there)):
        order = np.argsort(ends, kind="stable")
        starts = np.searchsorted(ends[order], np.arange(len(literals) + 1))
        for site, literal in enumerate(literals):
            mine = [arcs[n] for n in order[starts[site] : starts[site + 1]].tolist()]
            compact.model.add(cp_model.LinearExpr.sum(mine) == literal)
    at = place[rows], place[columns]
    return (arcs, problem.time_s[at], problem.distance_m[at]), (rows, columns)


def _timeline(compact: Compact, seat: Seat, pattern: Pattern) -> None:
    """The rules of a day, where the seat uses the pattern."""
    problem, used = compact.problem, pattern.used
    rules = problem.rules(problem.crew_weeks[seat.crew].base)
    opens = [seat.opening[k] for k in pattern.sessions]
    closes = [seat.closing[k] for k in pattern.sessions]
    slots = [problem.sessions[k] for k in pattern.sessions]
    meal = meal_gap(problem, pattern.sessions)

    def keep(row: cp_model.BoundedLinearExpression | bool) -> None:
        compact.model.add(row).only_enforce_if(used)

    keep(seat.leaves == opens[0] - rules.setup_s - pattern.timetable_s(0))
    keep(seat.returns == closes[-1] + rules.packing_s + pattern.timetable_s(len(slots)))
    keep(seat.leaves >= rules.earliest_departure_s)
    keep(seat.returns <= rules.latest_return_s)
    keep(seat.returns - seat.leaves <= rules.max_amplitude_s)
    for number, slot in enumerate(slots):
        keep(closes[number] - opens[number] >= slot.minimum_s)
        if slot.maximum_s is not None:
            keep(closes[number] - opens[number] <= slot.maximum_s)
        if number:
            arrives = closes[number - 1] + rules.packing_s + pattern.timetable_s(number)
            keep(opens[number] - rules.setup_s >= arrives)
            if number == meal:
                keep(opens[number] - rules.setup_s - arrives >= rules.break_s)
                keep(opens[number] - rules.setup_s >= rules.break_from_s + rules.break_s)
                keep(rules.break_until_s - arrives >= rules.break_s)
    handling_s = rules.setup_s + rules.packing_s
    stretches = [(0, len(slots))] if meal is None else [(0, meal), (meal, len(slots))]
    for first, last in stretches:
        # The leg before the meal belongs to the stretch before it.
        road = _sum(pattern.drive_s(leg) for leg in range(first + (first > 0), last + 1))
        work = _sum(closes[n] - opens[n] + handling_s for n in range(first, last))
        keep(road + work <= rules.max_unbroken_s)
    work = _sum(close - opened + handling_s for opened, close in zip(opens, closes, strict=True))
    keep(work + pattern.all_drive_s() <= rules.max_work_s)
    if rules.range_m is not None:
        keep(pattern.metres() <= rules.range_m)


def _count_sessions(compact: Compact) -> None:
    """Sessions held at each site, and whether there is one."""
    for site in range(len(compact.problem.sites)):
        literals = [
            row[site]
            for seat in compact.seats
            for session in range(len(compact.problem.sessions))
            for row in seat.stops(session)
        ]
        held, served = cp_model.LinearExpr.sum(literals), compact.literal()
        compact.held.append(held)
        compact.served.append(served)
        compact.model.add(held >= served)
        for literal in literals:
            compact.model.add_implication(literal, served)


def _sessions_of_communes(compact: Compact) -> None:
    """Required sessions are held, no more than allowed, at the same slot where that is asked."""
    problem, model = compact.problem, compact.model
    for number, demand in enumerate(problem.demands):
        sites = problem.sites_of(number).tolist()
        held = _sum(compact.held[site] for site in sites)
        model.add(held >= demand.required)
        model.add(held <= demand.allowed)
        if demand.same_slot and demand.allowed > 1:
            _same_slot(compact, sites)


def _same_slot(compact: Compact, sites: Sequence[int]) -> None:
    """The sessions at some sites have one weekday and half-day."""
    problem = compact.problem
    slots = {
        (day, session): compact.literal()
        for day in problem.weekdays
        for session in range(len(problem.sessions))
    }
    compact.model.add_at_most_one(slots.values())
    for seat in compact.seats:
        for session in range(len(problem.sessions)):
            for row in seat.stops(session):
                for site in sites:
                    compact.model.add_implication(row[site], slots[seat.weekday, session])


def _weeks(compact: Compact) -> None:
    """Opening and work of each crew's week."""
    problem = compact.problem
    handling_s = problem.day.setup_s + problem.day.packing_s
    for crew in range(len(problem.crew_weeks)):
        mine = [seat for seat in compact.seats if seat.crew == crew]
        opened = _sum(
            close - opens
            for seat in mine
            for opens, close in zip(seat.opening, seat.closing, strict=True)
        )
        road = _sum(p.all_drive_s() for seat in mine for p in seat.patterns)
        handling = _sum(handling_s * len(p.sessions) * p.used for s in mine for p in s.patterns)
        compact.model.add(opened >= problem.week.min_opening_s)
        compact.model.add(opened + road + handling <= most_work_s(problem, crew))


def _rest(compact: Compact) -> None:
    """Rest of a crew from one of its days to the next."""
    least_s = compact.problem.week.min_rest_s
    for crew in range(len(compact.problem.crew_weeks)):
        mine = [seat for seat in compact.seats if seat.crew == crew]
        for one in mine:
            for two in mine:
                apart_s = (two.weekday - one.weekday) * DAY_S
                if not 0 < apart_s < DAY_S + least_s:
                    continue
                both = [(p, q) for p in one.patterns for q in two.patterns]
                for p, q in both:
                    row = compact.model.add(apart_s + two.leaves - one.returns >= least_s)
                    row.only_enforce_if([p.used, q.used])


def _imposed(compact: Compact) -> None:
    """Imposed access goals, and mairie hours where they are imposed."""
    problem = compact.problem
    for goal in (goal for goal in problem.goals if goal.imposed):
        share = 100.0 if goal.share_pct is None else goal.share_pct
        total = int(weights_of(problem, goal).sum())
        compact.model.add(compact.beyond(goal) <= int(total * (100 - share) / 100 + 1e-9))
    if problem.hours_rule == "imposes":
        for seat in compact.seats:
            for session in range(len(problem.sessions)):
                uses = [p.used for p in seat.patterns if session in p.sessions]
                inside = cp_model.LinearExpr.sum(_hours(compact, seat, session))
                compact.model.add(inside == cp_model.LinearExpr.sum(uses))


def _hours(compact: Compact, seat: Seat, session: int) -> list[Literal]:
    """Literals, one at most true: the session is within hours of the mairie of its site."""
    problem, model = compact.problem, compact.model
    alike: dict[tuple[tuple[int, int], ...], list[int]] = {}
    for site, facts in enumerate(problem.sites):
        if facts.hours is not None and facts.hours.days[seat.weekday]:
            alike.setdefault(tuple(facts.hours.days[seat.weekday]), []).append(site)
    opens, closes = seat.opening[session], seat.closing[session]
    slot, found = problem.sessions[session], []
    for spans, sites in alike.items():
        near = [s for s in spans if s[0] < slot.closing_s and s[1] > slot.opening_s]
        if not near:
            continue
        inside = compact.literal()
        stops = [row[site] for row in seat.stops(session) for site in sites]
        model.add(inside <= cp_model.LinearExpr.sum(stops))
        shares = []
        for start, end in near:
            takes, share = compact.literal(), model.new_int_var(0, end - start, "")
            model.add(share == 0).only_enforce_if(~takes)
            for most in (closes - start, end - opens, closes - opens):
                model.add(share <= most).only_enforce_if(takes)
            shares.append(share)
        model.add(_sum(iter(shares)) >= problem.hours_overlap_s).only_enforce_if(inside)
        found.append(inside)
    return found


def solve(problem: Problem, search: Search) -> None:
    """Minimise the levels one after the other, from the plan made by hand."""
    import greedy

    by_hand = Search(problem, search.deadline - (1 - BY_HAND) * search.left_s, search.started)
    greedy.solve(problem, by_hand)
    compact = Compact(problem)
    if by_hand.days is not None and not by_hand.broken:
        search.offer(by_hand.days)
    if not problem.objectives and search.days is None:
        _minimise(compact, search, cp_model.LinearExpr.sum([]), share=1.0)
    for name in problem.objectives:
        if search.left_s <= 0:
            return
        if not _level(compact, search, name, last=name == problem.objectives[-1]):
            return


def _level(compact: Compact, search: Search, name: str, *, last: bool) -> bool:
    """Minimise a level and keep its value; whether there is a plan."""
    expression = compact.level(name)
    kind = measure(compact.problem, name)
    sign = 1 if kind.sense == "min" else -1
    limit = _limit(compact.problem, name)
    if search.days is not None and sign * kind.value(compact.problem, search.days) == limit:
        search.bounds[name] = sign * limit
    else:
        _minimise(compact, search, expression, share=1.0 if last else SHARE)
        if search.level_bound is not None:
            search.bounds[name] = sign * max(search.level_bound, limit)
    if search.days is None:
        return False
    compact.model.add(expression <= sign * kind.value(compact.problem, search.days))
    return True


def _limit(problem: Problem, name: str) -> int:
    """What a level (to be minimised) can never be under."""
    if name in ("passages", "heures_mairie"):
        required = sum(demand.required for demand in problem.demands)
        return -(required if name == "passages" else half_days(problem))
    if name == "ouverture":
        return -half_days(problem) * DAY_S
    return 0


def _minimise(compact: Compact, search: Search, expression: Expression, share: float) -> None:
    """Offer every plan on the way to the least value of an expression."""
    compact.model.minimize(expression)
    if search.days is not None:
        compact.hint(search.days)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = max(0.0, search.left_s) * share
    solver.parameters.num_workers = WORKERS
    solver.parameters.cp_model_probing_level = 0
    status = solver.solve(compact.model, _Offers(compact, search))
    search.level_bound = None
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        search.offer(compact.days(solver.value))
        # With large weights the bound is a little over the value that it proves.
        bounds = np.ceil(solver.best_objective_bound - 1e-3), np.rint(solver.objective_value)
        search.level_bound = int(min(bounds))
    compact.model.clear_objective()


class _Offers(cp_model.CpSolverSolutionCallback):
    """Offers every solution as it comes."""

    def __init__(self, compact: Compact, search: Search) -> None:
        super().__init__()
        self.compact, self.search = compact, search

    def on_solution_callback(self) -> None:
        """Offer the solution."""
        self.search.offer(self.compact.days(self.value))
