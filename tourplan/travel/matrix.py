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
from tourplan.travel.hierarchy import Hierarchy
from tourplan.travel.ways import Ways

LONGEST_MS = 22 * 3_600_000
"""At 300 km/h, the distance of a longer way would no longer fit (``PACK``)."""


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
    known = np.array([network.places.get(code, -1) for code in places], dtype=np.int64)
    rows = np.flatnonzero(known >= 0)
    packed = np.full((len(places), len(places)), np.inf)
    if rows.size:
        packed[np.ix_(rows, rows)] = hierarchy.distances(known[rows], known[rows])
    np.fill_diagonal(packed, 0)
    reachable = np.isfinite(packed)
    whole = np.where(reachable, packed, 0).astype(np.int64)
    if whole.max(initial=0) // PACK > LONGEST_MS:
        raise InputError.of(
            "reseau",
            f"un trajet dure plus de {LONGEST_MS // 3_600_000} h",
            "vérifiez où sont vos communes, et les temps donnés",
        )
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
