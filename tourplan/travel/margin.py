"""Whether roads beyond the area that was read could make a way shorter: a proof, pair by pair.

A way that leaves the area passes one of the points where its roads go out, and comes back by
another. It takes at least the time to the first, a straight line between the two at the highest
speed allowed anywhere, and the time from the second. Where the way found inside is no longer than
the least of these, no road outside can shorten it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tourplan.network.graph import PACK, RoadNetwork
from tourplan.network.roads import Area
from tourplan.network.speedmodel import EARTH_RADIUS_M, MAX_KMH
from tourplan.travel.fronts import shortest_sums
from tourplan.travel.hierarchy import Hierarchy

Floats = NDArray[np.float64]


def exits(network: RoadNetwork, area: Area) -> NDArray[np.int64]:
    """The nodes where roads leave the area."""
    return np.flatnonzero(~area.holds(network.lon, network.lat))


def proved_inside(
    network: RoadNetwork,
    hierarchy: Hierarchy,
    nodes: NDArray[np.int64],
    out: NDArray[np.int64],
    factor: float = 1.0,
    to: NDArray[np.int64] | None = None,
) -> NDArray[np.bool_]:
    """For which pairs of nodes no way outside can be quicker, shape (nodes, to).

    Args:
        network: the roads of the area, and its ways out up to their first point outside.
        hierarchy: prepared from it.
        nodes: places.
        out: the points outside (``exits``).
        factor: what times are multiplied by.
        to: places to go to; ``nodes`` without it.
    """
    to = nodes if to is None else to
    times = np.floor(hierarchy.distances(nodes, to) / PACK)
    if not len(out):
        return np.ones(times.shape, dtype=bool)
    leaving = np.floor(hierarchy.distances(nodes, out) / PACK)
    returning = np.floor(hierarchy.distances(out, to) / PACK)
    longest = times.max(initial=0)
    # A way out, or back, that alone takes as long as the longest time proves nothing wrong.
    left = np.flatnonzero(leaving.min(axis=0, initial=np.inf) < longest)
    back = np.flatnonzero(returning.min(axis=1, initial=np.inf) < longest)
    across = _straight_ms(network, out[left], out[back]) * min(factor, 1.0)
    least = shortest_sums(shortest_sums(leaving[:, left], across), returning[back])
    proved: NDArray[np.bool_] = times <= least
    return proved


def _straight_ms(network: RoadNetwork, left: NDArray[np.int64], back: NDArray[np.int64]) -> Floats:
    """Milliseconds between points outside, straight, at the highest speed."""
    lon, lat = np.radians(network.lon), np.radians(network.lat)
    square = (
        np.sin((lat[left][:, None] - lat[back]) / 2) ** 2
        + np.cos(lat[left][:, None])
        * np.cos(lat[back])
        * np.sin((lon[left][:, None] - lon[back]) / 2) ** 2
    )
    metres = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(square, 1)))
    milliseconds: Floats = np.floor(metres * 3600 / MAX_KMH)
    return milliseconds
