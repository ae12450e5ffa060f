"""The frozen facts a plan is made from: whole seconds and metres, positions instead of codes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tourplan.hours import WeekHours

HoursRule = Literal["ignores", "preferes", "imposes"]
MONTH_WEEKS = 4
"""Weeks of a month that can be on tour; a fifth never is."""


@dataclass(frozen=True)
class SessionSlot:
    """One session of the day: its window, the least and the most it opens, in seconds.

    A whole-day session closes over the meal, which is taken where it is held.
    """

    name: str
    opening_s: int
    closing_s: int
    minimum_s: int
    maximum_s: int | None = None
    whole_day: bool = False


@dataclass(frozen=True)
class DayRules:
    """What a day tour must keep, in seconds (times since midnight) and metres.

    ``recharge_m``: metres regained over a meal taken at a site that has a charger.
    """

    earliest_departure_s: int
    latest_return_s: int
    setup_s: int
    packing_s: int
    break_s: int
    break_from_s: int
    break_until_s: int
    max_work_s: int
    max_amplitude_s: int
    max_unbroken_s: int
    grid_s: int
    range_m: int | None = None
    recharge_m: int = 0


@dataclass(frozen=True)
class WeekRules:
    """What every week must keep, in seconds: opening to the public, rest between two days."""

    min_opening_s: int
    min_rest_s: int = 0


@dataclass(frozen=True)
class Agent:
    """Someone who goes, with limits of their own where these are tighter than the rules.

    ``agencies`` are places, none meaning any; ``days`` are (week of the month, weekday);
    ``vehicles_a_day`` is 1 but for one who stands for several.
    """

    name: str
    max_week_s: int
    days: frozenset[tuple[int, int]]
    agencies: tuple[int, ...] = ()
    trained: bool = True
    max_work_s: int | None = None
    max_amplitude_s: int | None = None
    earliest_departure_s: int | None = None
    latest_return_s: int | None = None
    vehicles_a_day: int = 1


@dataclass(frozen=True)
class Vehicle:
    """What carries a crew. ``days`` as for agents; ``depots`` are places, none meaning any.

    Costs are millionths of a euro a metre, emissions millionths of a gram of CO₂ a metre.
    """

    name: str
    days: frozenset[tuple[int, int]]
    depots: tuple[int, ...] = ()
    seats: int = 5
    range_m: int | None = None
    recharge_m: int = 0
    cost_ueur_m: int = 0
    emissions_ug_m: int = 0


@dataclass(frozen=True)
class Base:
    """Where crews leave from and the limits their days add to the rules; ``None``: no other.

    ``vehicle``: whose ``Problem.open_slots`` its days keep; several vehicles may have the same.
    """

    depot: int
    earliest_departure_s: int | None = None
    latest_return_s: int | None = None
    max_work_s: int | None = None
    max_amplitude_s: int | None = None
    range_m: int | None = None
    recharge_m: int = 0
    vehicle: int = 0


@dataclass(frozen=True)
class CrewWeek:
    """A crew that may go out in one week of the cycle: who, in what, from where, which days.

    Attributes:
        week: week of the cycle, from 0.
        vehicle: position of the vehicle.
        base: position of the base.
        teams: positions of the agents who go, for each week of the month that ``week`` stands for.
        weekdays: the weekdays on which all of them can go.
        count: how many crew-weeks that rules treat alike this one stands for.
        repeats: in how many weeks of the cycle its days are run.
    """

    week: int
    vehicle: int
    base: int
    teams: tuple[tuple[int, ...], ...]
    weekdays: tuple[int, ...]
    count: int = 1
    repeats: int = 1


@dataclass(frozen=True, eq=False)
class AccessGoal:
    """At least ``share_pct`` of residents within ``minutes``; ``None``: as many as can be.

    Attributes:
        name: the level that counts the residents left beyond.
        fixed: which of ``Problem.fixed_place`` count for this goal; ``None``: all.
        weight: what each resident point counts for, shape (points,); ``None``: its residents.
        sessions: so many sessions of a cycle must be within reach, at different half-days.
        label: what the level counts, in French.
        who: those whom ``weight`` counts, in French.
    """

    minutes: int
    share_pct: float | None
    imposed: bool
    name: str = ""
    fixed: NDArray[np.bool_] | None = None
    weight: NDArray[np.int64] | None = None
    sessions: int = 1
    label: str = ""
    who: str = "habitants"

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", f"habitants_au_dela_{self.minutes}")
        if not self.label:
            label = f"{self.who} à plus de {self.minutes} min d’un accueil"
            object.__setattr__(self, "label", label)


@dataclass(frozen=True)
class Pin:
    """A session to be held: in one of these weeks, on one of these weekdays, and so on.

    Positions of weeks (from 0), weekdays (0 for Monday), sessions and vehicles; ``None``: any.
    """

    week: int | None = None
    weekday: int | None = None
    session: int | None = None
    vehicle: int | None = None


@dataclass(frozen=True)
class Demand:
    """What a commune asks: how many sessions a cycle must and may hold, and when.

    Attributes:
        code: INSEE code.
        name: name shown.
        required: least number of sessions a cycle.
        allowed: most.
        gap_days: least days from one session to the next.
        gap_most_days: most days from one session to the next, or ``None``.
        same_slot: whether every session is at the same weekday and half-day.
        market: weekdays that are preferred.
        pins: sessions that must be held.
        counts: how many sessions each one stands for, where weeks repeat.
    """

    code: str
    name: str
    required: int
    allowed: int
    gap_days: int = 1
    gap_most_days: int | None = None
    same_slot: bool = False
    market: frozenset[int] = frozenset()
    pins: tuple[Pin, ...] = ()
    counts: int = 1

    @property
    def watched(self) -> bool:
        """Whether rules look at the very slots of its sessions."""
        several = self.gap_days > 1 or self.same_slot or self.gap_most_days is not None
        return bool(self.pins) or (self.allowed > 1 and several)


@dataclass(frozen=True)
class Site:
    """Where a session can be held: its place and hours, for which demand."""

    code: str
    name: str
    place: int
    demand: int
    hours: WeekHours | None = None
    venue: str = ""
    charger: bool = False


@dataclass(frozen=True, eq=False)
class PointTimes:
    """Times from resident points that are no places: rectangles, never points by points.

    Attributes:
        fixed_s: whole seconds to each of ``Problem.fixed_place``, shape (points, fixed).
        fixed_reachable: whether there is a way, same shape.
        site_s: whole seconds to each of ``Problem.sites``, shape (points, sites).
        site_reachable: whether there is a way, same shape.
    """

    fixed_s: NDArray[np.int64]
    fixed_reachable: NDArray[np.bool_]
    site_s: NDArray[np.int64]
    site_reachable: NDArray[np.bool_]

    def __post_init__(self) -> None:
        for name in ("fixed_s", "site_s"):
            if getattr(self, name).dtype.kind != "i":
                raise TypeError(f"{name} must hold whole numbers")

    def longest_s(self) -> int:
        """The longest time of all."""
        fixed = self.fixed_s[self.fixed_reachable].max(initial=0)
        return int(max(fixed, self.site_s[self.site_reachable].max(initial=0)))


@dataclass(frozen=True)
class Problem:
    """Everything the optimiser and the verifier know.

    Attributes:
        places: codes; rows and columns of ``time_s``, ``distance_m``, ``reachable``.
        time_s: quickest times, whole seconds, shape (places, places).
        distance_m: metres along them, same shape.
        reachable: whether there is a way, same shape.
        demands: what each candidate commune asks.
        sites: the candidate sites, several a commune if need be.
        open_slots: whether a vehicle may serve a site in a week of the cycle, on a working day, in
            a session of the day, shape (vehicles, sites, weeks, weekdays, sessions).
        sessions: the sessions of a day, in order.
        weekdays: the working days, 0 for Monday.
        month_weeks: for each week of the cycle, the weeks of the month (1 to 4) that run it.
        day: what every day keeps.
        week: what every week keeps.
        agents: who can go.
        vehicles: in what.
        crew_size: agents present on every tour.
        trained: least number of them trained.
        bases: where crews leave from.
        crew_weeks: the crews that may go out, week by week.
        resident_place: position in ``places`` of the commune of each resident point.
        resident_weight: residents at each point.
        resident_area: the area (``areas``) each point belongs to.
        fixed_place: positions in ``places`` of the communes with a fixed counter.
        far_s: beyond this access to fixed counters, residents count in the mean access level.
        hours_overlap_s: least overlap with mairie hours for a half-day to count.
        early_s: leaving before it is an early start.
        late_s: coming back after it is a late return.
        objectives: names of the levels, most important first.
        point_times: times from each resident point; ``None``: all are at their commune's place.
        limited: names of other levels that a search keeps within a limit.
    """

    places: tuple[str, ...]
    time_s: NDArray[np.int64]
    distance_m: NDArray[np.int64]
    reachable: NDArray[np.bool_]
    demands: tuple[Demand, ...]
    sites: tuple[Site, ...]
    open_slots: NDArray[np.bool_]
    sessions: tuple[SessionSlot, ...]
    weekdays: tuple[int, ...]
    month_weeks: tuple[tuple[int, ...], ...]
    day: DayRules
    week: WeekRules
    agents: tuple[Agent, ...]
    vehicles: tuple[Vehicle, ...]
    crew_size: int
    trained: int
    bases: tuple[Base, ...]
    crew_weeks: tuple[CrewWeek, ...]
    resident_place: NDArray[np.int64]
    resident_weight: NDArray[np.int64]
    resident_area: NDArray[np.int64]
    areas: tuple[str, ...]
    fixed_place: NDArray[np.int64]
    goals: tuple[AccessGoal, ...]
    hours_rule: HoursRule
    hours_overlap_s: int
    far_s: int
    early_s: int
    late_s: int
    objectives: tuple[str, ...]
    point_times: PointTimes | None = field(default=None, repr=False)
    limited: tuple[str, ...] = ()
    site_index: dict[tuple[str, str], int] = field(init=False, repr=False)
    demand_index: dict[str, int] = field(init=False, repr=False)

    @property
    def looked_at(self) -> frozenset[str]:
        """The levels that matter to a search, as objectives or within a limit."""
        return frozenset((*self.objectives, *self.limited))

    def __post_init__(self) -> None:
        for name in ("time_s", "distance_m", "resident_weight"):
            if getattr(self, name).dtype.kind != "i":
                raise TypeError(f"{name} must hold whole numbers")
        sites = {(site.code, site.venue): number for number, site in enumerate(self.sites)}
        demands = {demand.code: number for number, demand in enumerate(self.demands)}
        object.__setattr__(self, "site_index", sites)
        object.__setattr__(self, "demand_index", demands)

    @property
    def weeks(self) -> int:
        """Number of weeks of the cycle; each is planned, then repeated."""
        return len(self.month_weeks)

    @property
    def side_by_side(self) -> bool:
        """Whether several vehicles may be out in the same week: weekly opening is asked of each."""
        out = {(crew.week, crew.vehicle) for crew in self.crew_weeks}
        return len(out) > len({week for week, _ in out})

    @property
    def days_out(self) -> frozenset[tuple[int, int, int]]:
        """The days on which some crew may go out: vehicle, week of the cycle, weekday."""
        crews = self.crew_weeks
        return frozenset((crew.vehicle, crew.week, day) for crew in crews for day in crew.weekdays)

    @property
    def crewed(self) -> NDArray[np.bool_]:
        """The same as an array, shape (vehicles, weeks, working days)."""
        found = np.zeros((len(self.vehicles), self.weeks, len(self.weekdays)), dtype=bool)
        for crew in self.crew_weeks:
            found[crew.vehicle, crew.week] |= [day in crew.weekdays for day in self.weekdays]
        return found

    @property
    def site_place(self) -> NDArray[np.int64]:
        """Positions of the sites in ``places``, shape (sites,)."""
        return np.array([site.place for site in self.sites], dtype=np.int64)

    @property
    def site_demand(self) -> NDArray[np.int64]:
        """The demand that each site answers, shape (sites,)."""
        return np.array([site.demand for site in self.sites], dtype=np.int64)

    def sites_of(self, demand: int) -> NDArray[np.int64]:
        """The sites that answer a demand."""
        return np.flatnonzero(self.site_demand == demand)

    def sites_of_each(self, demands: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which sites answer each of some demands, shape (demands, sites)."""
        return np.asarray(self.site_demand[None] == demands[:, None])

    def rules(self, base: int) -> DayRules:
        """What the days of a base keep: the rules, tightened by the base's own limits."""
        day, own = self.day, self.bases[base]
        ranges = [metres for metres in (day.range_m, own.range_m) if metres is not None]
        return replace(
            day,
            earliest_departure_s=-_least(
                -day.earliest_departure_s,
                None if own.earliest_departure_s is None else -own.earliest_departure_s,
            ),
            latest_return_s=_least(day.latest_return_s, own.latest_return_s),
            max_work_s=_least(day.max_work_s, own.max_work_s),
            max_amplitude_s=_least(day.max_amplitude_s, own.max_amplitude_s),
            range_m=min(ranges, default=None),
            recharge_m=max(day.recharge_m, own.recharge_m),
        )

    def site_times(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Seconds from each resident point to each site, and whether there is a way."""
        if self.point_times is not None:
            return self.point_times.site_s, self.point_times.site_reachable
        cells = np.ix_(self.resident_place, self.site_place)
        return self.time_s[cells], self.reachable[cells]

    def fixed_times(
        self, counted: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Seconds from each resident point to each fixed counter, and whether there is a way."""
        if self.point_times is not None:
            every = self.point_times.fixed_s, self.point_times.fixed_reachable
            return every if counted is None else (every[0][:, counted], every[1][:, counted])
        fixed = self.fixed_place if counted is None else self.fixed_place[counted]
        cells = np.ix_(self.resident_place, fixed)
        return self.time_s[cells], self.reachable[cells]

    def longest_s(self) -> int:
        """The longest time of all: what a point that no fixed counter is reachable from counts."""
        longest = int(self.time_s[self.reachable].max(initial=0))
        return longest if self.point_times is None else max(longest, self.point_times.longest_s())

    def hour_counts(self, site: Site, weekday: int, opening_s: int, closing_s: int) -> bool:
        """Whether a session falls enough within the hours its mairie publishes."""
        if site.hours is None:
            return False
        return site.hours.overlap_s(weekday, opening_s, closing_s) >= self.hours_overlap_s


def _least(limit: int, own: int | None) -> int:
    """The tighter of a rule and of a limit of one's own, if any."""
    return limit if own is None else min(limit, own)
