"""Published instances of the multi-vehicle covering tour problem, read from ``.ctp`` files.

A header ``O C M p q``, one line a pair of places, one row an optional place telling which
customers it covers. The first of the mandatory places is the depot.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tourplan.problem import (
    AccessGoal,
    Agent,
    Base,
    CrewWeek,
    DayRules,
    Demand,
    PointTimes,
    Problem,
    SessionSlot,
    Site,
    Vehicle,
    WeekRules,
)

MINUTE, HOUR = 60, 3600
WEEKDAYS = (0, 1, 2, 3, 4)


@dataclass(frozen=True, eq=False)
class Instance:
    """Routes of at most ``stops`` places and ``longest`` of length that cover every customer.

    Attributes:
        name: the file's, without its ending.
        length: of each leg, place 0 being the depot, shape (places, places).
        mandatory: places but the depot that a route must visit, the first of them.
        covers: whether a place but the depot covers each customer, shape (places - 1, customers).
        stops: places a route visits at most.
        longest: length of a route at most.
    """

    name: str
    length: NDArray[np.int64]
    mandatory: int
    covers: NDArray[np.bool_]
    stops: int
    longest: int


def read(path: Path) -> Instance:
    """The instance of a file, whatever its line breaks and blank lines.

    Raises:
        ValueError: the file ends too soon or holds a length that is not whole.
    """
    numbers = iter(path.read_text(encoding="utf-8").split("\n", 1)[1].split())
    optional, customers, mandatory, stops, longest = (_whole(next(numbers)) for _ in range(5))
    places = optional + mandatory
    length = np.zeros((places, places), dtype=np.int64)
    try:
        for _ in range(places * (places - 1) // 2):
            i, j = int(next(numbers)), int(next(numbers))
            length[i, j] = length[j, i] = _whole(next(numbers))
        covers = np.zeros((places - 1, customers), dtype=bool)
        for row in range(optional):
            next(numbers)
            covers[mandatory - 1 + row] = [float(next(numbers)) > 0 for _ in range(customers)]
    except StopIteration as end:
        raise ValueError(f"{path}: ends too soon") from end
    return Instance(path.stem, length, mandatory - 1, covers, stops, longest)


def problem(instance: Instance, *, bounded: bool) -> Problem:
    """The instance as a plan: routes are days out, places communes, customers residents.

    Drives take no time and their metres are what is minimised; a session lasts five minutes. There
    are as many days, of enough vehicles, as there are places. Every resident must be within one
    minute of a session; ``bounded``: a day drives no more than the longest route.
    """
    places, (sites, customers) = len(instance.length), instance.covers.shape
    cars = range(-(-sites // len(WEEKDAYS)))
    days = frozenset(product((1,), WEEKDAYS))
    nobody = np.zeros(customers, dtype=np.int64)
    return Problem(
        places=tuple(f"lieu {place}" for place in range(places)),
        time_s=np.zeros((places, places), dtype=np.int64),
        distance_m=instance.length,
        reachable=np.ones((places, places), dtype=bool),
        demands=tuple(
            Demand(f"{site:05}", f"lieu {site + 1}", int(site < instance.mandatory), 1)
            for site in range(sites)
        ),
        sites=tuple(
            Site(f"{site:05}", f"lieu {site + 1}", site + 1, site) for site in range(sites)
        ),
        open_slots=np.ones((len(cars), sites, 1, len(WEEKDAYS), instance.stops), dtype=bool),
        sessions=tuple(
            SessionSlot(f"arrêt {stop}", 8 * HOUR, 20 * HOUR, 5 * MINUTE, 5 * MINUTE)
            for stop in range(1, instance.stops + 1)
        ),
        weekdays=WEEKDAYS,
        month_weeks=((1,),),
        day=_all_day(instance.longest if bounded else None),
        week=WeekRules(min_opening_s=0),
        agents=tuple(Agent(f"Agent {car}", 7 * 24 * HOUR, days) for car in cars),
        vehicles=tuple(Vehicle(f"Véhicule {car}", days) for car in cars),
        crew_size=1,
        trained=0,
        bases=(Base(depot=0),),
        crew_weeks=tuple(CrewWeek(0, car, 0, ((car,),), WEEKDAYS) for car in cars),
        resident_place=nobody,
        resident_weight=nobody + 1,
        resident_area=nobody,
        areas=("",),
        fixed_place=np.zeros(0, dtype=np.int64),
        goals=(AccessGoal(minutes=1, share_pct=100.0, imposed=True),),
        hours_rule="ignores",
        hours_overlap_s=HOUR,
        far_s=15 * MINUTE,
        early_s=0,
        late_s=24 * HOUR,
        objectives=("km",),
        point_times=_covering(instance.covers.T),
    )


def _all_day(range_m: int | None) -> DayRules:
    """Rules that no day of a few minutes breaks, but for its metres."""
    return DayRules(
        earliest_departure_s=0,
        latest_return_s=24 * HOUR,
        setup_s=0,
        packing_s=0,
        break_s=0,
        break_from_s=0,
        break_until_s=24 * HOUR,
        max_work_s=24 * HOUR,
        max_amplitude_s=24 * HOUR,
        max_unbroken_s=24 * HOUR,
        grid_s=5 * MINUTE,
        range_m=range_m,
    )


def _covering(near: NDArray[np.bool_]) -> PointTimes:
    """No time at all to a place that covers a customer, an hour to any other."""
    return PointTimes(
        fixed_s=np.zeros((len(near), 0), dtype=np.int64),
        fixed_reachable=np.zeros((len(near), 0), dtype=bool),
        site_s=np.where(near, 0, HOUR),
        site_reachable=np.ones_like(near),
    )


def _whole(text: str) -> int:
    value = float(text)
    if not value.is_integer():
        raise ValueError(f"{text} is not a whole number")
    return int(value)
