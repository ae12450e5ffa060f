"""Times and distances between places, and the way taken; unreachable is data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tourplan.errors import InputError
from tourplan.network.graph import PACK, RoadNetwork
from tourplan.network.snap import Snap
from tourplan.network.source import NetworkSource
from tourplan.travel.directions import Stretch
from tourplan.travel.hierarchy import Hierarchy
from tourplan.travel.ways import Ways

LONGEST_MS = 22 * 3_600_000
"""At 300 km/h, the distance of a longer way would no longer fit (``PACK``)."""


@dataclass(frozen=True, eq=False)
class Rectangle:
    """Quickest times from ``origins`` to ``destinations``, and no others.

    Attributes:
        origins: one a row.
        destinations: one a column.
        time_s: whole seconds, shape (origins, destinations); 0 where unreachable.
        reachable: whether there is a way, same shape.
    """

    origins: tuple[str, ...]
    destinations: tuple[str, ...]
    time_s: NDArray[np.int64]
    reachable: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TravelMatrix:
    """Quickest ways between ``places`` (INSEE codes); ties in time go to the shorter way.

    Attributes:
        places: codes, one a row and a column.
        time_s: whole seconds, shape (places, places); 0 where unreachable, so ask ``reachable``.
        distance_m: whole metres along the same ways, same shape.
        reachable: whether there is a way, same shape.
        measured: whether the time was measured on the road by the agents, same shape.
        source: where the times come from.
        ways: finds the way between two places.
        snaps: where each place was put on the road; empty where places are only named.
        notes: what is to be told of these times, in French.
        points: times from resident points that are no places, over real roads.
    """

    places: tuple[str, ...]
    time_s: NDArray[np.int64]
    distance_m: NDArray[np.int64]
    reachable: NDArray[np.bool_]
    measured: NDArray[np.bool_]
    source: NetworkSource
    ways: Ways
    snaps: tuple[Snap, ...] = ()
    notes: tuple[str, ...] = ()
    points: Rectangle | None = None

    def index(self, code: str) -> int:
        """The row of a place."""
        return self.places.index(code)

    def links(self) -> list[tuple[str, str, int, int]]:
        """Every pair of different places that is reachable: milliseconds and decimetres."""
        return [
            (self.places[i], self.places[j], int(self.time_s[i, j]) * 1000, int(d) * 10)
            for (i, j), d in np.ndenumerate(self.distance_m)
            if i != j and self.reachable[i, j]
        ]

    def path(self, origin: str, destination: str) -> tuple[str, ...]:
        """The points of the quickest way, both ends included; empty if there is none.

        Ends are INSEE codes; ``ways.position`` tells where the points between are.
        """
        if origin == destination:
            return (origin,)
        if not self.reachable[self.index(origin), self.index(destination)]:
            return ()
        return self.ways.path(origin, destination)

    def directions(self, origin: str, destination: str) -> tuple[Stretch, ...]:
        """The roads of the quickest way as they are driven; none where they are not known."""
        known = self.path(origin, destination)
        return self.ways.directions(origin, destination) if known else ()


def hierarchy_of(network: RoadNetwork) -> Hierarchy:
    """A network prepared for many distances."""
    return Hierarchy.of(network.position(), network.start, network.end, network.packed())


def travel_matrix(network: RoadNetwork, places: Sequence[str]) -> TravelMatrix:
    """The quickest ways between all ``places`` over ``network``.

    A place the network does not know is unreachable.
    """
    return rounded(network, hierarchy_of(network), tuple(dict.fromkeys(places)))


def rounded(
    network: RoadNetwork,
    hierarchy: Hierarchy,
    places: tuple[str, ...],
    snaps: Sequence[Snap] = (),
) -> TravelMatrix:
    """The quickest ways between different ``places``, in whole seconds and metres.

    Time and distance come from one search (``RoadNetwork.packed``) and are rounded once, at the
    end.

    Raises:
        InputError: a way is so long that time and distance would no longer fit in one number.
    """
    packed = _packed(network, hierarchy, places, places)
    np.fill_diagonal(packed, 0)
    whole, reachable = _checked(packed)
    return TravelMatrix(
        places=places,
        time_s=(whole // PACK + 500) // 1000,
        distance_m=(whole % PACK + 5) // 10,
        reachable=reachable,
        measured=np.zeros_like(reachable),
        source=network.source,
        ways=Ways(lambda: network),
        snaps=tuple(snaps),
    )


def rectangle(
    network: RoadNetwork,
    hierarchy: Hierarchy,
    origins: Sequence[str],
    destinations: Sequence[str],
) -> Rectangle:
    """The quickest times from ``origins`` to ``destinations``, rounded as ``rounded`` does.

    Raises:
        InputError: a way is too long.
    """
    whole, reachable = _checked(_packed(network, hierarchy, origins, destinations))
    time_s = (whole // PACK + 500) // 1000
    return Rectangle(tuple(origins), tuple(destinations), time_s, reachable)


def _packed(
    network: RoadNetwork, hierarchy: Hierarchy, origins: Sequence[str], destinations: Sequence[str]
) -> NDArray[np.float64]:
    """Packed distances between places; infinite where the network does not know one."""
    ends = [
        np.array([network.places.get(code, -1) for code in codes], dtype=np.int64)
        for codes in (origins, destinations)
    ]
    rows, columns = (np.flatnonzero(known >= 0) for known in ends)
    packed = np.full((len(origins), len(destinations)), np.inf)
    if rows.size and columns.size:
        found = hierarchy.distances(ends[0][rows], ends[1][columns])
        packed[np.ix_(rows, columns)] = found
    return packed


def _checked(packed: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Packed distances as whole numbers, and where there are any.

    Raises:
        InputError: a way is so long that time and distance would no longer fit in one number.
    """
    reachable = np.isfinite(packed)
    whole = np.where(reachable, packed, 0).astype(np.int64)
    if whole.max(initial=0) // PACK > LONGEST_MS:
        raise InputError.of(
            "reseau",
            f"un trajet dure plus de {LONGEST_MS // 3_600_000} h",
            "vérifiez où sont vos communes, et les temps donnés",
        )
    return whole, reachable
