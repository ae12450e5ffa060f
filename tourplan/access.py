"""Who reaches a counter in how long. Arrays only: residents are rows, counters columns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Standing(IntEnum):
    """What is sure of a time held against a threshold, given how far off times may be."""

    INSIDE = 0
    NEAR = 1
    BEYOND = 2


def standing(
    time_s: NDArray[np.int64], reached: NDArray[np.bool_], minutes: int, uncertainty_pct: int
) -> NDArray[np.int8]:
    """The ``Standing`` of each time: « dans », « à la limite » or « au-delà » of ``minutes``.

    A time stands for anything from ``1 - u`` to ``1 + u`` times itself. It is inside when the
    longest of these is no more than the threshold, beyond when even the shortest is more, else
    near: ``time·(1 - u) <= threshold < time·(1 + u)``. All in whole hundredths of seconds, so
    edges are exact; without uncertainty nothing is near. What is not reached is beyond.
    """
    threshold = minutes * 60 * 100
    inside = reached & (time_s * (100 + uncertainty_pct) <= threshold)
    beyond = ~reached | (time_s * (100 - uncertainty_pct) > threshold)
    found = np.where(beyond, Standing.BEYOND, np.where(inside, Standing.INSIDE, Standing.NEAR))
    return found.astype(np.int8)


@dataclass(frozen=True, eq=False)
class Access:
    """Seconds to the nearest counter of each resident point, and whether there is one.

    ``time_s`` is 0 where ``reached`` is false; ask ``beyond`` rather than compare.
    """

    time_s: NDArray[np.int64]
    reached: NDArray[np.bool_]

    def beyond(self, minutes: int) -> NDArray[np.bool_]:
        """Which resident points are farther than ``minutes`` from every counter."""
        return ~self.reached | (self.time_s > minutes * 60)

    def standing(self, minutes: int, uncertainty_pct: int) -> NDArray[np.int8]:
        """Which resident points are surely within ``minutes``, near them, surely beyond."""
        return standing(self.time_s, self.reached, minutes, uncertainty_pct)

    def join(self, other: Access) -> Access:
        """The access when the counters of both are open."""
        both = self.reached & other.reached
        either = np.asarray(np.logical_or(self.reached, other.reached))
        least = np.minimum(self.time_s, other.time_s)
        return Access(np.where(both, least, self.time_s + other.time_s), either)


def nearest(time_s: NDArray[np.int64], reachable: NDArray[np.bool_]) -> Access:
    """The access of residents (rows) to counters (columns); no column, nobody reached."""
    if time_s.shape[1] == 0:
        return Access(np.zeros(len(time_s), dtype=np.int64), np.zeros(len(time_s), dtype=bool))
    far = np.iinfo(np.int64).max
    least = np.where(reachable, time_s, far).min(axis=1)
    reached = np.asarray(reachable.any(axis=1))
    return Access(np.where(reached, least, 0), reached)


@dataclass(frozen=True)
class AccessFigures:
    """Residents beyond each number of minutes, and the mean of those who reach a counter."""

    residents: int
    beyond: dict[int, int]
    places_beyond: dict[int, int]
    mean_s: float | None


def access_figures(
    access: Access,
    weights: NDArray[np.int64],
    minutes: tuple[int, ...],
    place: NDArray[np.int64] | None = None,
) -> AccessFigures:
    """Figures of resident points weighted by ``weights``, for each of ``minutes``.

    ``place``: the commune of each point, one each without it; a commune counts once.
    """
    place = np.arange(len(weights)) if place is None else place
    reached = int(weights[access.reached].sum())
    lived_in = weights > 0
    total_s = int((access.time_s * weights)[access.reached].sum())
    return AccessFigures(
        residents=int(weights.sum()),
        beyond={m: int(weights[access.beyond(m)].sum()) for m in minutes},
        places_beyond={m: len(np.unique(place[access.beyond(m) & lived_in])) for m in minutes},
        mean_s=total_s / reached if reached else None,
    )


def by_place(
    access: Access, place: NDArray[np.int64], weights: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Access]:
    """The places of resident points, as they first come, and the mean access of their residents.

    Means are weighted and rounded, halves up, over the points that reach a counter; those of a
    place without residents count alike.
    """
    places, first, group = np.unique(place, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    counted = np.where(access.reached, weights, 0)
    people = _sums(counted, group, len(places))
    counted = np.where(people[group] == 0, access.reached.astype(np.int64), counted)
    people = _sums(counted, group, len(places))
    total_s = _sums(counted * access.time_s, group, len(places))
    mean_s = (2 * total_s + people) // np.maximum(2 * people, 1)
    return places[order], Access(mean_s[order], (people > 0)[order])


def _sums(values: NDArray[np.int64], group: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """The sum of the values of each group."""
    sums = np.zeros(size, dtype=np.int64)
    np.add.at(sums, group, values)
    return sums
