"""How fast one really drives on each road, without traffic.

Each road gets the lowest of: a share of its legal limit, the speed of its kind of road, and what
its surface, its width or the village allow. Bends, then crossings, are added to its pieces.
``docs/vitesses.md`` says it in French.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tourplan.network.roads import Roads, Tags
from tourplan.network.speedmodel import (
    BEND_RADIUS_M,
    EARTH_RADIUS_M,
    KEY_OF_HIGHWAY,
    LINKS,
    LONGEST_ARM_M,
    MAX_KMH,
    OTHER,
    REACH_M,
    SHORTEST_ARM_M,
    SLOWED_M,
    SLOWEST_BEND_KMH,
)
from tourplan.network.speedmodel import UNCERTAINTY_PCT as UNCERTAINTY_PCT
from tourplan.network.speedmodel import SpeedModel as SpeedModel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MPH = 1.609344
LEGAL_KMH = {"urban": 50.0, "trunk": 110.0, "motorway": 130.0}
"""Code de la route, R413-2 and R413-3; ``rural`` is a row of the table."""
LIVING_STREET_KMH = 20.0
WALK_KMH = 6.0
FORMS_OF_SPEED = re.compile(r"(\d{1,3}(?:\.\d+)?) ?(km/?h|kph|mph)?")
COUNTRY = re.compile(r"[a-z]{2}(?:-[a-z]{2,3})?: ?(.+)")
ZONE_SPEED = re.compile(r"(?:zone[ :_]?)?(\d{1,3})")


class Limit(NamedTuple):
    """What a tag says of the limit: km/h (nan: no figure) and the kind of place (may be empty)."""

    kmh: float
    zone: str


NO_LIMIT = Limit(math.nan, "")
WORDS = {
    "urban": Limit(math.nan, "urban"),
    "rural": Limit(math.nan, "rural"),
    "national": Limit(math.nan, "rural"),
    "nsl_single": Limit(math.nan, "rural"),
    "nsl_dual": Limit(math.nan, "trunk"),
    "trunk": Limit(math.nan, "trunk"),
    "expressway": Limit(math.nan, "trunk"),
    "motorroad": Limit(math.nan, "trunk"),
    "motorway": Limit(math.nan, "motorway"),
    "none": Limit(math.nan, "motorway"),
    "walk": Limit(WALK_KMH, "urban"),
    "living_street": Limit(LIVING_STREET_KMH, "urban"),
    "school": Limit(30.0, "urban"),
    "bicycle_road": Limit(30.0, "urban"),
}


def parse_limit(text: str) -> Limit:
    """The limit a tag gives: the lowest of its figures, else its first kind of place."""
    limits = [_one_limit(part.strip()) for part in re.split("[;,|]", text.lower())]
    figures = [limit for limit in limits if not math.isnan(limit.kmh)]
    if figures:
        return min(figures)
    return next((limit for limit in limits if limit.zone), NO_LIMIT)


def _one_limit(text: str) -> Limit:
    speed = FORMS_OF_SPEED.fullmatch(text)
    if speed:
        return _possible(float(speed[1]) * (MPH if speed[2] == "mph" else 1), "")
    country = COUNTRY.fullmatch(text)
    word = country[1] if country else text
    zone = ZONE_SPEED.fullmatch(word)
    if zone:
        kmh = float(zone[1])
        return _possible(kmh, "urban" if kmh <= LEGAL_KMH["urban"] else "rural")
    return WORDS.get(word, NO_LIMIT)


def _possible(kmh: float, zone: str) -> Limit:
    return Limit(kmh, zone) if 5 <= kmh <= MAX_KMH else NO_LIMIT


# --- Ways -------------------------------------------------------------------------------------

KIND_TAGS = ("maxspeed:type", "zone:maxspeed", "source:maxspeed", "zone:traffic")
USED_TAGS = (
    *("highway", "oneway", "junction", "maxspeed", "maxspeed:forward", "maxspeed:backward"),
    *KIND_TAGS,
    *("surface", "smoothness", "tracktype", "lanes", "lit", "route"),
)
STREETS = ("residential", "living_street", "pedestrian")
FAST = ("motorway", "motorway_link", "trunk", "trunk_link")
NARROWED = ("primary", "secondary", "tertiary", "unclassified")
ROUND = ("roundabout", "circular")
RANKS = {
    "motorway": 7,
    "trunk": 6,
    "primary": 5,
    "secondary": 4,
    "tertiary": 3,
    "unclassified": 2,
    "road": 2,
    "residential": 2,
    "living_street": 2,
    "pedestrian": 2,
    **dict.fromkeys(LINKS, 2),
    "service": 1,
    "track": 0,
}
"""Who has priority: a lower rank gives way to a higher one."""
TRUNK_RANK = RANKS["trunk"]

Way = Mapping[str, str]


@dataclass(frozen=True, eq=False)
class WaySpeeds:
    """Practised speed of each way in both directions, and what crossings need to know of it.

    All arrays have shape (ways,): km/h, whether the direction is open, the rank of ``RANKS``,
    whether it is a roundabout, whether it is a slip road.
    """

    forward_kmh: Floats
    backward_kmh: Floats
    forward: Flags
    backward: Flags
    rank: Ints
    roundabout: Flags
    link: Flags


def way_speeds(tags: Tags, model: SpeedModel) -> WaySpeeds:
    """The speeds of ways: worked out once for each set of tags met, then spread over the ways."""
    number: dict[tuple[str, ...], int] = {}
    rows = zip(*(tags.column(key) for key in USED_TAGS), strict=True)
    which = np.array([number.setdefault(row, len(number)) for row in rows], dtype=np.int64)
    found = [_facts(dict(zip(USED_TAGS, row, strict=True)), model) for row in number]
    columns = np.array(found, dtype=np.float64).reshape(len(found), len(_Facts._fields))[which].T
    facts = _Facts(*columns)
    return WaySpeeds(
        facts.forward_kmh,
        facts.backward_kmh,
        facts.forward.astype(np.bool_),
        facts.backward.astype(np.bool_),
        facts.rank.astype(np.int64),
        facts.roundabout.astype(np.bool_),
        facts.link.astype(np.bool_),
    )


class _Facts(NamedTuple):
    forward_kmh: Any
    backward_kmh: Any
    forward: Any
    backward: Any
    rank: Any
    roundabout: Any
    link: Any


def _facts(way: Way, model: SpeedModel) -> _Facts:
    forward, backward = directions(way)
    highway = way["highway"]
    return _Facts(
        _practised_kmh(way, "forward", model),
        _practised_kmh(way, "backward", model),
        forward,
        backward,
        RANKS.get(highway, RANKS["road"]),
        way["junction"] in ROUND,
        highway in LINKS,
    )


def directions(way: Way) -> tuple[bool, bool]:
    """Whether a way is open along its points, and against them.

    Roundabouts and motorways are one-way unless they say otherwise. ``reversible`` is closed (its
    hours are unknown); ``alternating`` is open both ways (one waits one's turn).
    """
    oneway = way["oneway"].lower()
    if oneway in ("yes", "true", "1"):
        return True, False
    if oneway in ("-1", "reverse"):
        return False, True
    if oneway == "reversible":
        return False, False
    implied = way["junction"] in ROUND or way["highway"] in ("motorway", "motorway_link")
    return True, not implied or oneway in ("no", "false", "0", "alternating")


def _practised_kmh(way: Way, side: str, model: SpeedModel) -> float:
    key = _row_of(way)
    limit = _limit(way, side)
    built_up = in_built_up_area(way, limit)
    legal = _legal_kmh(way, limit, built_up, model)
    dry = min(model.limit_share * legal, model.kmh[key], *_caps(way, built_up, model))
    return dry * model.keeps(key)


def _row_of(way: Way) -> str:
    if not way["highway"] and way["route"] == "ferry":
        return "bac"
    return KEY_OF_HIGHWAY.get(way["highway"], OTHER)


def _limit(way: Way, side: str) -> Limit:
    """The most precise figure, and the first kind of place, that the tags give."""
    texts = [way[key] for key in (f"maxspeed:{side}", "maxspeed", *KIND_TAGS)]
    limits = [parse_limit(text) for text in texts if text]
    kmh = next((limit.kmh for limit in limits if not math.isnan(limit.kmh)), math.nan)
    return Limit(kmh, next((limit.zone for limit in limits if limit.zone), ""))


def in_built_up_area(way: Way, limit: Limit) -> bool:
    """Whether a road is inside a village or a town, as far as its tags tell."""
    if limit.kmh > LEGAL_KMH["urban"]:
        return False
    if limit.zone:
        return limit.zone == "urban"
    if way["highway"] in STREETS or limit.kmh <= LEGAL_KMH["urban"]:
        return True
    return way["lit"] == "yes" and way["highway"] not in FAST


def _legal_kmh(way: Way, limit: Limit, built_up: bool, model: SpeedModel) -> float:
    if not math.isnan(limit.kmh):
        return limit.kmh
    if way["highway"] == "living_street":
        return LIVING_STREET_KMH
    zone = limit.zone or ("urban" if built_up else _open_road(way))
    return LEGAL_KMH.get(zone, model.kmh["limite_hors_agglomeration"])


def _open_road(way: Way) -> str:
    """Kind of place of a road outside built-up areas; a one-way ``trunk`` is half of a dual one."""
    if way["highway"] in ("motorway", "motorway_link"):
        return "motorway"
    dual = way["highway"] == "trunk" and False in directions(way)
    return "trunk" if dual else "rural"


def _caps(way: Way, built_up: bool, model: SpeedModel) -> list[float]:
    """What holds a road below its kind: the village, its width, its surface."""
    caps = [model.kmh["agglomeration"]] if built_up else []
    caps += [model.kmh["rond_point"]] if way["junction"] in ROUND else []
    caps += [model.kmh["voie_etroite"]] if _is_narrow(way) else []
    worn = (
        (model.surface_kmh, way["surface"]),
        (model.smoothness_kmh, way["smoothness"]),
        (model.tracktype_kmh, way["tracktype"]),
    )
    caps += [table[value] for table, value in worn if value in table]
    return caps or [math.inf]


def _is_narrow(way: Way) -> bool:
    """Whether two directions share a single lane."""
    return way["lanes"] == "1" and way["highway"] in NARROWED and all(directions(way))


# --- Bends ------------------------------------------------------------------------------------


def curve_kmh(radius_m: Floats, model: SpeedModel) -> Floats:
    """Practised speed in bends: the same sideways push whatever the radius, never under 15 km/h."""
    speed = model.kmh["virage"] * np.sqrt(radius_m / BEND_RADIUS_M)
    slowed: Floats = np.maximum(speed, SLOWEST_BEND_KMH) * model.keeps("virage")
    return slowed


def bend_radius_m(before_m: Floats, after_m: Floats, angle: Floats) -> Floats:
    """Radius of the arc that rounds off a corner, from the middle of its shorter arm.

    ``angle`` is how much the direction changes, in radians; straight on gives an infinite radius.
    """
    shorter = np.minimum(before_m, after_m)
    bent = np.tan(np.abs(angle) / 2)
    radius = np.full(shorter.shape, np.inf)
    seen = (bent > 0) & (shorter >= SHORTEST_ARM_M)
    np.divide(np.minimum(shorter, LONGEST_ARM_M) / 2, bent, out=radius, where=seen)
    return radius


def roads_curve_radius(roads: Roads, length_m: Floats) -> tuple[Floats, Floats]:
    """Radius of the bend at the start and at the end of each piece, infinite where there is none.

    Bends are looked for between two pieces that follow one another in a way; the turn where a way
    ends is not one.
    """
    at_start, at_end = np.full((2, len(length_m)), np.inf)
    joint = np.flatnonzero(_follows(roads))
    before, after = _arms(roads, length_m, joint)
    before_m, after_m = np.hypot(*before), np.hypot(*after)
    cross = before[0] * after[1] - before[1] * after[0]
    angle = np.arctan2(cross, before[0] * after[0] + before[1] * after[1])
    at_end[joint] = at_start[joint + 1] = bend_radius_m(before_m, after_m, angle)
    return at_start, at_end


def _follows(roads: Roads) -> Flags:
    """For each piece but the last, whether the next one continues it in the same way."""
    same: Flags = (roads.way[1:] == roads.way[:-1]) & (roads.start[1:] == roads.end[:-1])
    return same


def _arms(roads: Roads, length_m: Floats, joint: Ints) -> tuple[Floats, Floats]:
    """What leads to the end of pieces ``joint`` and away from it, as metres east and north.

    Each arm goes to the first point of the way at least ``REACH_M`` away along it, else to its end.
    """
    chain = np.concatenate([[0], np.cumsum(~_follows(roads))])
    first = np.flatnonzero(np.diff(chain, prepend=-1))
    last = np.append(first[1:], len(chain)) - 1
    end_at = np.cumsum(length_m) + chain * 2 * REACH_M
    start_at = end_at - length_m
    here = end_at[joint]
    back = np.searchsorted(start_at, here - REACH_M, side="right") - 1
    ahead = np.searchsorted(end_at, here + REACH_M)
    back = np.clip(back, first[chain[joint]], joint)
    ahead = np.clip(ahead, joint + 1, last[chain[joint]])
    corner = roads.end[joint]
    return _metres(roads, roads.start[back], corner), _metres(roads, corner, roads.end[ahead])


def _metres(roads: Roads, start: NDArray[Any], end: NDArray[Any]) -> Floats:
    """From one node to another, in metres east and north; shape (2, pairs)."""
    unit = np.radians(1) * EARTH_RADIUS_M
    east = (roads.lon[end] - roads.lon[start]) * np.cos(np.radians(roads.lat[end])) * unit
    return np.stack([east, (roads.lat[end] - roads.lat[start]) * unit])


# --- Pieces -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class PieceTimes:
    """Length and time of each piece, both ways; arrays of shape (pieces,).

    Times are whole milliseconds and lengths whole decimetres, at least 1. A direction that is not
    open has a time all the same: look at ``forward`` and ``backward``.
    """

    length_dm: Ints
    forward_ms: Ints
    backward_ms: Ints
    forward: Flags
    backward: Flags


def piece_times(roads: Roads, model: SpeedModel) -> PieceTimes:
    """The time of every piece: driving, slowed by bends, and the delay of the point it leads to."""
    ways = way_speeds(roads.way_tags, model)
    length = piece_lengths_m(roads)
    bends = tuple(curve_kmh(radius, model) for radius in roads_curve_radius(roads, length))
    forward_s = _driving_s(length, ways.forward_kmh[roads.way], bends)
    backward_s = _driving_s(length, ways.backward_kmh[roads.way], bends)
    delay = _Delays.of(roads, ways, model)
    return PieceTimes(
        _whole(length * 10),
        _whole((forward_s + delay.arriving_at(roads.end)) * model.factor * 1000),
        _whole((backward_s + delay.arriving_at(roads.start)) * model.factor * 1000),
        ways.forward[roads.way],
        ways.backward[roads.way],
    )


def piece_lengths_m(roads: Roads) -> Floats:
    """Great-circle length of each piece."""
    lat, lon = np.radians(roads.lat), np.radians(roads.lon)
    half_lat = np.sin((lat[roads.end] - lat[roads.start]) / 2)
    half_lon = np.sin((lon[roads.end] - lon[roads.start]) / 2)
    cosines = np.cos(lat)
    square = half_lat**2 + cosines[roads.start] * cosines[roads.end] * half_lon**2
    length: Floats = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(square, 1)))
    return length


def _driving_s(length_m: Floats, kmh: Floats, bends_kmh: tuple[Floats, ...]) -> Floats:
    """Seconds along pieces: near each end at the speed of its bend, between them freely."""
    slowed = np.minimum(length_m / 2, SLOWED_M)
    seconds: Floats = 3.6 * (length_m - 2 * slowed) / kmh
    for bend in bends_kmh:
        seconds += 3.6 * slowed / np.minimum(kmh, bend)
    return seconds


def _whole(values: Floats) -> Ints:
    whole: Ints = np.maximum(np.rint(values), 1).astype(np.int64)
    return whole


# --- Crossings --------------------------------------------------------------------------------

JUNCTION_ENDS = 3
"""Ends of pieces that make a point of the road a junction."""
SIGNS = {"traffic_signals": "feu", "stop": "stop", "give_way": "cedez_le_passage"}
"""Signs that stand before a crossing: on a two-way road, they hold one of the two directions."""


def sign_of(highway: str, crossing: str, barrier: str) -> str:
    """What holds cars up at a point, as a key of ``DELAY_S``; empty where nothing does."""
    if highway in SIGNS:
        return SIGNS[highway]
    if highway == "crossing":
        return "passage_a_feu" if crossing == "traffic_signals" else "passage_pieton"
    if highway == "mini_roundabout":
        return "mini_giratoire"
    return "peage" if barrier == "toll_booth" else ""


@dataclass(frozen=True, eq=False)
class _Delays:
    """Seconds lost at the points that pieces lead to.

    ``at`` is what each node costs whoever passes and ``sign`` what a sign there costs, shape
    (nodes,); ``top`` is the highest rank of road at a junction (-1 elsewhere or where signs rule);
    ``rank``, ``share`` (of a sign's delay), ``round_piece`` and ``merges`` are the pieces'.
    """

    at: Floats
    sign: Floats
    top: Ints
    round_node: Flags
    rank: Ints
    share: Floats
    round_piece: Flags
    merges: Flags
    giving_way_s: float

    @classmethod
    def of(cls, roads: Roads, ways: WaySpeeds, model: SpeedModel) -> _Delays:
        at, sign = _sign_delays(roads, model)
        junction = _piece_ends(roads) >= JUNCTION_ENDS
        at[junction] += sign[junction]
        both = ways.forward & ways.backward
        rank, turning = ways.rank[roads.way], ways.roundabout[roads.way]
        return cls(
            at,
            np.where(junction, 0.0, sign),
            np.where(junction & (sign == 0), _highest(roads, rank), -1),
            _highest(roads, turning.astype(np.int64)) > 0,
            rank,
            np.where(both, 0.5, 1.0)[roads.way],
            turning,
            ways.link[roads.way],
            model.delay_s["carrefour"],
        )

    def arriving_at(self, node: NDArray[Any]) -> Floats:
        """Seconds that each piece loses at the node it leads to."""
        seconds: Floats = self.at[node] + self.share * self.sign[node]
        return seconds + self.giving_way_s * self._gives_way(node)

    def _gives_way(self, node: NDArray[Any]) -> Flags:
        """Whether a piece meets a road with priority: a higher rank, or a roundabout.

        Slip roads join a motorway or an expressway without stopping; who turns on a roundabout
        stops for nobody.
        """
        top = self.top[node]
        lower = (self.rank < top) & ~(self.merges & (top >= TRUNK_RANK))
        entering: Flags = (top >= 0) & self.round_node[node]
        yields: Flags = (lower | entering) & ~self.round_piece
        return yields


def _sign_delays(roads: Roads, model: SpeedModel) -> tuple[Floats, Floats]:
    """Seconds at each node: what holds both directions, and what the signs of ``SIGNS`` cost."""
    columns = (roads.node_tags.column(key) for key in ("highway", "crossing", "barrier"))
    found = [sign_of(*row) for row in zip(*columns, strict=True)]
    seconds = np.array([model.delay_s.get(key, 0.0) for key in found], dtype=np.float64)
    is_sign = np.array([key in SIGNS.values() for key in found], dtype=np.bool_)
    at, sign = np.zeros((2, len(roads.node_id)))
    at[roads.special] = np.where(is_sign, 0.0, seconds)
    sign[roads.special] = np.where(is_sign, seconds, 0.0)
    return at, sign


def _piece_ends(roads: Roads) -> Ints:
    """How many pieces begin or end at each node."""
    nodes = len(roads.node_id)
    ends: Ints = np.bincount(roads.start, minlength=nodes) + np.bincount(roads.end, minlength=nodes)
    return ends


def _highest(roads: Roads, value: Ints) -> Ints:
    """At each node, the highest value of the pieces that touch it."""
    highest = np.zeros(len(roads.node_id), dtype=np.int64)
    np.maximum.at(highest, roads.start, value)
    np.maximum.at(highest, roads.end, value)
    return highest
