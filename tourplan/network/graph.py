"""The road graph that times are computed on: nodes, arcs, whole milliseconds and decimetres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tourplan.network.source import NetworkSource

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PACK = 2**26
"""Distances under 2**26 dm (6,710 km) and times under 2**27 ms (37 h) share a float64 exactly."""


@dataclass(frozen=True, eq=False)
class Bends:
    """The points that arcs pass between their ends.

    Attributes:
        point: OSM points in the order of passage, arc after arc, shape (passages,).
        first, last: the passages of each arc, half open, shape (arcs,).
        lon, lat: degrees of every point, shape (points,).
    """

    point: NDArray[np.int32]
    first: Ints
    last: Ints
    lon: Floats
    lat: Floats

    def of(self, arc: int) -> Ints:
        """The points between the ends of an arc."""
        return self.point[self.first[arc] : self.last[arc]].astype(np.int64)


def no_bends(arcs: int) -> Bends:
    """No points between the ends of any arc."""
    none = np.zeros(arcs, dtype=np.int64)
    return Bends(np.zeros(0, dtype=np.int32), none, none, np.zeros(0), np.zeros(0))


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Directed arcs between nodes.

    Attributes:
        lon, lat: degrees (EPSG:4326), shape (nodes,); not a number where nodes are only named.
        start, end: positions of nodes, shape (arcs,).
        time_ms: whole milliseconds, shape (arcs,).
        distance_dm: whole decimetres, shape (arcs,), at least 1.
        source: where the times come from.
        places: nodes that are places, by INSEE code.
        bends: the points between the ends of arcs; ``None`` where links are straight.
    """

    lon: Floats
    lat: Floats
    start: Ints
    end: Ints
    time_ms: Ints
    distance_dm: Ints
    source: NetworkSource
    places: Mapping[str, int] = field(default_factory=dict)
    bends: Bends | None = None

    def __post_init__(self) -> None:
        for values in (self.time_ms, self.distance_dm):
            if values.dtype.kind != "i":
                raise TypeError("times and distances are whole milliseconds and decimetres")

    def __repr__(self) -> str:
        return f"RoadNetwork({len(self.lon)} nodes, {len(self.start)} arcs, {self.source.label})"

    def packed(self) -> Floats:
        """Time and distance as one number, exact in a float64: ``time_ms * 2**26 + distance_dm``.

        The least sum is the quickest way and, of equally quick ones, the shortest.
        """
        return (self.time_ms * PACK + self.distance_dm).astype(np.float64)

    def links(self) -> list[tuple[str, str, int, int]]:
        """The arcs between places: from, to, milliseconds and decimetres."""
        code = {node: name for name, node in self.places.items()}
        columns = (self.start, self.end, self.time_ms, self.distance_dm)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return [(code[a], code[b], ms, dm) for a, b, ms, dm in rows if a in code and b in code]

    def road_km(self) -> float:
        """Length of the roads, both directions counted once."""
        ends = np.sort(np.column_stack([self.start, self.end]), axis=1)
        roads = np.unique(np.column_stack([ends, self.distance_dm]), axis=0)
        return float(roads[:, 2].sum()) / 10_000

    def position(self) -> Floats:
        """The nodes on a plane map of the surroundings, in degrees of latitude, (nodes, 2)."""
        known = np.isfinite(self.lat)
        middle = float(self.lat[known].mean()) if known.any() else 0.0
        plane = np.column_stack([self.lon * np.cos(np.radians(middle)), self.lat])
        known_only: Floats = np.nan_to_num(plane)
        return known_only
