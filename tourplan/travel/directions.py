"""How a way is driven: the roads it follows one after the other, and the turn into each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tourplan.network.roads import KM_PER_DEGREE
from tourplan.network.streets import Streets

LEAST_M = 200.0
"""A road followed for less is passed over: the corner of a square, a link between two others."""
STRAIGHT_DEG = 30.0
"""A road that turns less goes on."""
_AROUND_M = 60.0
"""A turn is measured from this far before it to as far after."""
_ROUNDABOUTS = {"roundabout", "circular", "mini_roundabout"}


@dataclass(frozen=True)
class Stretch:
    """A road that is followed.

    Attributes:
        road: its number, else its name; empty where it has none.
        metres: for how long.
        turn: degrees from straight on into it, positive to the right; ``None`` for the first.
        roundabout: whether one comes to it by a roundabout.
    """

    road: str
    metres: float
    turn: float | None = None
    roundabout: bool = False


class RoadNames:
    """What the roads of some streets are called, asked by the points of a piece of road."""

    def __init__(self, streets: Streets) -> None:
        roads = streets.roads
        self._roads = roads
        low, high = np.minimum(roads.start, roads.end), np.maximum(roads.start, roads.end)
        keys = low.astype(np.int64) * len(roads.lon) + high
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]
        columns = (roads.way_tags.column(key) for key in ("ref", "name", "junction"))
        self._ref, self._name, self._junction = columns
        self.node_point = streets.node_point

    def way(self, one: int, two: int, lonlat: NDArray[np.float64]) -> int:
        """The way of the piece of road between two points, -1 where none is known.

        Args:
            one: OSM point where it starts, -1 for a place along the piece.
            two: the same where it ends.
            lonlat: degrees of both, shape (2, 2).
        """
        if one >= 0 and two >= 0:
            key = min(one, two) * len(self._roads.lon) + max(one, two)
            at = int(np.searchsorted(self._keys, key))
            known = at < len(self._keys) and self._keys[at] == key
            return int(self._roads.way[self._order[at]]) if known else -1
        if one < 0 and two < 0:
            return -1
        return self._way_along(max(one, two), lonlat[0 if one < 0 else 1])

    def _way_along(self, point: int, place: NDArray[np.float64]) -> int:
        """The way of the piece at ``point`` that a place lies on."""
        roads = self._roads
        pieces = np.flatnonzero((roads.start == point) | (roads.end == point))
        if not len(pieces):
            return -1
        scale = np.array([np.cos(np.radians(place[1])), 1.0])
        here = np.array([roads.lon[point], roads.lat[point]])
        other = np.where(roads.start[pieces] == point, roads.end[pieces], roads.start[pieces])
        along = (np.column_stack([roads.lon[other], roads.lat[other]]) - here) * scale
        to = (place - here) * scale
        share = np.clip(along @ to / np.maximum((along**2).sum(axis=1), 1e-18), 0, 1)
        off = np.hypot(*(to - along * share[:, None]).T)
        return int(roads.way[pieces[int(np.argmin(off))]])

    def road(self, way: int, before: str) -> str:
        """The number of a way, else its name; of several numbers, that of the road before."""
        numbers = [number.strip() for number in self._ref[way].split(";")]
        return before if before and before in numbers else numbers[0] or self._name[way]

    def roundabout(self, way: int) -> bool:
        """Whether a way is one."""
        return self._junction[way] in _ROUNDABOUTS


@dataclass(frozen=True)
class _Run:
    """Steps along one road (of one way, where it has no name).

    ``core``: those it had before others were joined to it.
    """

    road: str
    way: int
    first: int
    last: int
    core: tuple[int, int]
    roundabout: bool = False

    def goes_on(self, road: str, way: int) -> bool:
        """Whether a road is still this one."""
        return road == self.road and (road != "" or way == self.way)


def directions(
    names: RoadNames, points: Sequence[int], lonlat: NDArray[np.float64]
) -> tuple[Stretch, ...]:
    """The roads of a way, as they are driven.

    Args:
        names: of the roads.
        points: OSM points of the way by position, -1 for a place along a piece of road.
        lonlat: their degrees, shape (points, 2).
    """
    scale = np.array([np.cos(np.radians(lonlat[:, 1].mean())), 1.0]) * KM_PER_DEGREE * 1000
    line = lonlat * scale
    far = np.r_[0.0, np.cumsum(np.hypot(*np.diff(line, axis=0).T))]
    runs = _without_short(_straightened(_runs(names, points, lonlat), line, far), far)
    return tuple(
        Stretch(
            run.road,
            float(far[run.last] - far[run.first]),
            None if before is None else _turn(line, far, before, run),
            run.roundabout,
        )
        for before, run in zip([None, *runs], runs, strict=False)
    )


def _runs(names: RoadNames, points: Sequence[int], lonlat: NDArray[np.float64]) -> list[_Run]:
    """The steps of a way by road; those of unknown road and of roundabouts go with the next."""
    runs: list[_Run] = []
    waiting, round_ = None, False
    for step, (one, two) in enumerate(pairwise(points)):
        way = names.way(one, two, lonlat[step : step + 2])
        if way < 0 or names.roundabout(way):
            waiting = step if waiting is None else waiting
            round_ = round_ or way >= 0
            continue
        road = names.road(way, runs[-1].road if runs else "")
        if runs and runs[-1].goes_on(road, way):
            runs[-1] = _longer(runs[-1], step + 1)
        else:
            first = step if waiting is None else waiting
            runs.append(_Run(road, way, first, step + 1, (step, step + 1), round_))
        waiting, round_ = None, False
    if runs and waiting is not None:
        runs[-1] = replace(runs[-1], last=len(points) - 1)
    return runs


def _longer(run: _Run, last: int) -> _Run:
    """The run with the steps up to ``last``."""
    return replace(run, last=last, core=(run.core[0], last))


def _straightened(
    runs: list[_Run], line: NDArray[np.float64], far: NDArray[np.float64]
) -> list[_Run]:
    """The runs, those without a name that go straight on from one to the next made one."""
    joined = runs[:1]
    for run in runs[1:]:
        before = joined[-1]
        nameless = not run.road and not before.road and not run.roundabout
        if nameless and abs(_turn(line, far, before, run)) < STRAIGHT_DEG:
            joined[-1] = replace(_longer(before, run.last), way=run.way)
        else:
            joined.append(run)
    return joined


def _without_short(runs: list[_Run], far: NDArray[np.float64]) -> list[_Run]:
    """The runs without the shortest, whose steps go to the run before, or to the next."""
    while len(runs) > 1:
        lengths = [far[run.last] - far[run.first] for run in runs]
        shortest = int(np.argmin(lengths))
        if lengths[shortest] >= LEAST_M:
            break
        gone = runs.pop(shortest)
        if shortest:
            runs[shortest - 1] = replace(runs[shortest - 1], last=gone.last)
        else:
            runs[0] = replace(runs[0], first=gone.first)
        if gone.roundabout and shortest < len(runs):
            runs[shortest] = replace(runs[shortest], roundabout=True)
        runs = _joined(runs)
    return runs


def _joined(runs: list[_Run]) -> list[_Run]:
    """The runs, those of the same road that now follow one another made one."""
    joined = runs[:1]
    for run in runs[1:]:
        if joined[-1].goes_on(run.road, run.way):
            joined[-1] = _longer(joined[-1], run.last)
        else:
            joined.append(run)
    return joined


def _turn(line: NDArray[np.float64], far: NDArray[np.float64], before: _Run, run: _Run) -> float:
    """Degrees from straight on between two roads, positive to the right."""
    leaving, entering = far[before.core[1]], far[run.core[0]]
    back = max(leaving - _AROUND_M, far[before.core[0]])
    ahead = min(entering + _AROUND_M, far[run.core[1]])
    places = np.array([np.interp([back, leaving, entering, ahead], far, axis) for axis in line.T])
    (x1, y1), (x2, y2) = places[:, 1] - places[:, 0], places[:, 3] - places[:, 2]
    return float(np.degrees(np.arctan2(x2 * y1 - x1 * y2, x1 * x2 + y1 * y2)))
