"""The frozen facts a plan is made from: whole seconds and metres, positions instead of codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tourplan.hours import WeekHours

HoursRule = Literal["ignores", "preferes", "imposes"]


@dataclass(frozen=True)
class SessionSlot:
    """One session of the day: its window, and the least it opens, in seconds."""

    name: str
    opening_s: int
    closing_s: int
    minimum_s: int


@dataclass(frozen=True)
class DayRules:
    """What a day tour must keep, in seconds (times since midnight)."""

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


@dataclass(frozen=True)
class WeekRules:
    """What a week must keep, in seconds: work of each agent, opening to the public."""

    max_work_s: int
    min_opening_s: int


@dataclass(frozen=True)
class AccessGoal:
    """At least ``share_pct`` of residents within ``minutes``; ``None``: as many as can be."""

    minutes: int
    share_pct: float | None
    imposed: bool


@dataclass(frozen=True)
class Site:
    """Where a session can be held: how many a cycle must and may hold, and its hours."""

    code: str
    name: str
    place: int
    required: int
    allowed: int
    hours: WeekHours | None


@dataclass(frozen=True)
class Problem:
    """Everything the optimiser and the verifier know.

    Attributes:
        places: INSEE codes; rows and columns of ``time_s``, ``distance_m``, ``reachable``.
        time_s: quickest times, whole seconds, shape (places, places).
        distance_m: metres along them, same shape.
        reachable: whether there is a way, same shape.
        depot: position of the depot in ``places``.
        sites: the candidate sites.
        sessions: the sessions of a day, in order.
        weekdays: the working days, 0 for Monday.
        weeks: number of weeks of the cycle; each is planned, then repeated.
        resident_place: position of each resident point in ``places``.
        resident_weight: residents at each point.
        fixed_place: positions in ``places`` of the communes with a fixed counter.
        far_s: beyond this access to fixed counters, residents count in the mean access level.
        hours_overlap_s: least overlap with mairie hours for a half-day to count.
        objectives: names of the levels, most important first.
    """

    places: tuple[str, ...]
    time_s: NDArray[np.int64]
    distance_m: NDArray[np.int64]
    reachable: NDArray[np.bool_]
    depot: int
    sites: tuple[Site, ...]
    sessions: tuple[SessionSlot, ...]
    weekdays: tuple[int, ...]
    weeks: int
    day: DayRules
    week: WeekRules
    agents: int
    resident_place: NDArray[np.int64]
    resident_weight: NDArray[np.int64]
    fixed_place: NDArray[np.int64]
    goals: tuple[AccessGoal, ...]
    hours_rule: HoursRule
    hours_overlap_s: int
    far_s: int
    objectives: tuple[str, ...]
    site_index: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("time_s", "distance_m", "resident_weight"):
            if getattr(self, name).dtype.kind != "i":
                raise TypeError(f"{name} must hold whole numbers")
        index = {site.code: number for number, site in enumerate(self.sites)}
        object.__setattr__(self, "site_index", index)

    @property
    def site_place(self) -> NDArray[np.int64]:
        """Positions of the sites in ``places``, shape (sites,)."""
        return np.array([site.place for site in self.sites], dtype=np.int64)

    def hour_counts(self, site: Site, weekday: int, opening_s: int, closing_s: int) -> bool:
        """Whether a session falls enough within the hours its mairie publishes."""
        if site.hours is None:
            return False
        return site.hours.overlap_s(weekday, opening_s, closing_s) >= self.hours_overlap_s
