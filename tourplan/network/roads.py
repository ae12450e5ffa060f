"""Drivable roads as OpenStreetMap draws them, before any speed or simplification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, radians

import numpy as np
from numpy.typing import NDArray

WAY_TAGS = (
    "highway",
    "oneway",
    "junction",
    "maxspeed",
    "maxspeed:forward",
    "maxspeed:backward",
    "maxspeed:type",
    "source:maxspeed",
    "zone:maxspeed",
    "zone:traffic",
    "surface",
    "smoothness",
    "tracktype",
    "lanes",
    "lit",
    "name",
    "ref",
    "bridge",
    "tunnel",
    "service",
    "access",
    "vehicle",
    "motor_vehicle",
    "motorcar",
    "toll",
    "route",
    "area",
    "winter_road",
    "seasonal",
)
"""Tags of a road that are kept; every other is dropped when it is read."""

NODE_TAGS = (
    "highway",
    "barrier",
    "crossing",
    "access",
    "vehicle",
    "motor_vehicle",
    "motorcar",
    "locked",
)
"""Tags of a point of a road that are kept."""

Column = tuple[str, ...]

KM_PER_DEGREE = 111.2
"""Length of a degree of latitude, and of longitude at the equator."""


@dataclass(frozen=True)
class Area:
    """A box of land, in degrees (EPSG:4326), its edges included."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        if not (-180 <= self.west <= self.east <= 180 and -90 <= self.south <= self.north <= 90):
            raise ValueError(f"not a box of the earth: {self}")

    @property
    def width_km(self) -> float:
        """From west to east, where the box is widest."""
        nearest = 0.0 if self.south <= 0 <= self.north else min(abs(self.south), abs(self.north))
        return (self.east - self.west) * KM_PER_DEGREE * cos(radians(nearest))

    @property
    def height_km(self) -> float:
        """From south to north."""
        return (self.north - self.south) * KM_PER_DEGREE

    def widened(self, km: float) -> Area:
        """The box with a margin of at least ``km`` on every side, no farther than the poles."""
        south = max(self.south - km / KM_PER_DEGREE, -90)
        north = min(self.north + km / KM_PER_DEGREE, 90)
        narrowest = max(cos(radians(max(abs(south), abs(north)))), 0.01)
        margin = km / KM_PER_DEGREE / narrowest
        return Area(max(self.west - margin, -180), south, min(self.east + margin, 180), north)

    def holds(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which points are inside; one without coordinates (NaN) is not."""
        inside: NDArray[np.bool_] = (lon >= self.west) & (lon <= self.east)
        return inside & (lat >= self.south) & (lat <= self.north)


@dataclass(frozen=True, eq=False)
class Tags:
    """Tags as columns: one row a thing, empty text where a tag is missing."""

    size: int
    columns: Mapping[str, Column]

    def column(self, key: str) -> Column:
        """The values of a tag, one a row."""
        return self.columns.get(key) or ("",) * self.size


@dataclass(frozen=True, eq=False)
class TurnBans:
    """Turn restrictions at a point: coming by the way ``from_way``, not (or only) on ``to_way``.

    ``from_way`` and ``to_way`` are rows of ways, ``via`` positions of nodes; shapes (bans,).
    ``only`` tells « only this way » from « not this way ».
    """

    from_way: NDArray[np.int32]
    via: NDArray[np.int32]
    to_way: NDArray[np.int32]
    only: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Roads:
    """Points and the pieces of road between neighbouring points of a way.

    Attributes:
        node_id: OSM identifiers, shape (nodes,).
        lon, lat: degrees (EPSG:4326), shape (nodes,).
        special: positions of the nodes that ``node_tags`` has a row for, shape (tagged,).
        node_tags: tags ``NODE_TAGS`` of those nodes.
        start, end: positions of nodes, in the order of the way, shape (pieces,); the pieces of a
            way follow one another.
        way: row of the way of each piece, shape (pieces,).
        way_id: OSM identifiers of the ways, shape (ways,).
        way_tags: tags ``WAY_TAGS`` of the ways.
        bans: turn restrictions that hold for cars (empty where the source has none).
        obstacles: rivers, canals and railways as pieces lon, lat, lon, lat, shape (pieces, 4):
            a place is not put on the road of the other side.
        date: when the data is from, ISO date, or empty.
    """

    node_id: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    special: NDArray[np.int32]
    node_tags: Tags
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    way: NDArray[np.int32]
    way_id: NDArray[np.int64]
    way_tags: Tags
    bans: TurnBans
    obstacles: NDArray[np.float64]
    date: str
