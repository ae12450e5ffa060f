"""Gathers the ways that a source reads, and cuts them into the pieces of ``Roads``."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tourplan.network.drivable import closed
from tourplan.network.roads import NODE_TAGS, WAY_TAGS, Area, Roads, Tags, TurnBans

Points = NDArray[np.float64]
"""Longitudes and latitudes in degrees, shape (points, 2); NaN where a point is unknown."""

_SPECIAL = {"traffic_signals", "stop", "give_way", "mini_roundabout", "crossing"}


class WayCutter:
    """What a source found so far; ``area`` tells which pieces are kept, None keeps all.

    Attributes:
        extent: the box of all that was offered, west, south, east, north in degrees.
        missing: pieces left out because a point of theirs is unknown, once ``roads`` was called.
    """

    def __init__(self, area: Area | None) -> None:
        self._area = area
        self._seen: set[int] = set()
        self._way_id = array("q")
        self._size = array("q")
        self._way_tags: list[tuple[str, ...]] = []
        self._refs = array("q")
        self._points = array("d")
        self._node_tags: dict[int, tuple[str, ...]] = {}
        self._closed = array("q")
        self._bans: list[tuple[int, int, int, bool]] = []
        self._obstacles: list[NDArray[np.float64]] = []
        self._words: dict[str, str] = {}
        self.extent = [180.0, 90.0, -180.0, -90.0]
        self.missing = 0

    def reaches(self, points: Points) -> bool:
        """Whether a way may have a piece in the area; ``extent`` grows by it."""
        west, south, east, north = _box(points)
        old, area = self.extent, self._area
        if west < old[0] or south < old[1] or east > old[2] or north > old[3]:
            self.extent = [
                min(west, old[0]),
                min(south, old[1]),
                max(east, old[2]),
                max(north, old[3]),
            ]
        return area is None or (
            west <= area.east and east >= area.west and south <= area.north and north >= area.south
        )

    def add_way(
        self, way_id: int, tags: Mapping[str, str], refs: Sequence[int], points: Points
    ) -> None:
        """Take a drivable way, its points in order; one known already changes nothing."""
        if way_id in self._seen:
            return
        self._seen.add(way_id)
        self._way_id.append(way_id)
        self._size.append(len(refs))
        self._way_tags.append(self._row(tags, WAY_TAGS))
        self._refs.extend(refs)
        self._points.frombytes(points.tobytes())

    def add_node(self, node_id: int, tags: Mapping[str, str]) -> None:
        """Take a point with tags: a signal, a stop, a crossing, a barrier; others are passed by."""
        if tags.get("highway") in _SPECIAL or "barrier" in tags or "crossing" in tags:
            self._node_tags[node_id] = self._row(tags, NODE_TAGS)
            if closed(tags):
                self._closed.append(node_id)

    def add_obstacle(self, way_id: int, points: Points) -> None:
        """Take a river, a canal or a railway; one known already changes nothing."""
        if way_id in self._seen:
            return
        self._seen.add(way_id)
        pieces = np.hstack([points[:-1], points[1:]])
        near = self._inside(points[:-1]) | self._inside(points[1:])
        self._obstacles.append(pieces[near & _known(pieces)])

    def add_ban(self, from_way: int, via: int, to_way: int, *, only: bool) -> None:
        """Take a turn restriction between two ways at a point, by their identifiers."""
        self._bans.append((from_way, via, to_way, only))

    def roads(self, date: str) -> Roads:
        """The pieces of the area and what goes with them."""
        refs = np.array(self._refs, dtype=np.int64)
        points = np.array(self._points, dtype=np.float64).reshape(-1, 2)
        way_of = np.repeat(np.arange(len(self._size)), np.array(self._size, dtype=np.int64))
        first = self._kept(refs, points, way_of)
        ends = np.concatenate([first, first + 1])
        node_id, where, position = np.unique(refs[ends], return_index=True, return_inverse=True)
        place = points[ends[where]]
        rows, way = np.unique(way_of[first], return_inverse=True)
        start, end = np.split(position.astype(np.int32), 2)
        way_id = np.array(self._way_id, dtype=np.int64)[rows]
        special, node_tags = self._specials(node_id)
        obstacles = np.concatenate([np.empty((0, 4)), *self._obstacles])
        return Roads(
            node_id=node_id,
            lon=place[:, 0].copy(),
            lat=place[:, 1].copy(),
            special=special,
            node_tags=node_tags,
            start=start,
            end=end,
            way=way.astype(np.int32),
            way_id=way_id,
            way_tags=_columns(WAY_TAGS, [self._way_tags[row] for row in rows.tolist()]),
            bans=_bans(self._bans, node_id, way_id, start, end, way),
            obstacles=obstacles,
            date=date,
        )

    def _kept(
        self, refs: NDArray[np.int64], points: Points, way_of: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Where the kept pieces start among the points of all ways."""
        first = np.flatnonzero((way_of[:-1] == way_of[1:]) & (refs[:-1] != refs[1:]))
        inside = self._inside(points)
        near = inside[first] | inside[first + 1]
        known = _known(points)
        whole = known[first] & known[first + 1]
        shut = _among(refs, np.unique(np.array(self._closed, dtype=np.int64)))
        self.missing = int(np.count_nonzero(~whole & (near | (self._area is None))))
        kept: NDArray[np.int64] = first[near & whole & ~shut[first] & ~shut[first + 1]]
        return kept

    def _inside(self, points: Points) -> NDArray[np.bool_]:
        """Which points are in the area; all that are known when there is none."""
        if self._area is None:
            return _known(points)
        return self._area.holds(points[:, 0], points[:, 1])

    def _specials(self, node_id: NDArray[np.int64]) -> tuple[NDArray[np.int32], Tags]:
        """Positions of the points that have tags, and these."""
        tagged = np.array(sorted(self._node_tags), dtype=np.int64)
        tagged = tagged[_among(tagged, node_id)]
        rows = [self._node_tags[number] for number in tagged.tolist()]
        return np.searchsorted(node_id, tagged).astype(np.int32), _columns(NODE_TAGS, rows)

    def _row(self, tags: Mapping[str, str], keys: Iterable[str]) -> tuple[str, ...]:
        """The values of the tags that are kept; the same words are held once."""
        words = self._words
        return tuple([words.setdefault(word, word) for word in [tags.get(k, "") for k in keys]])


def _known(points: Points) -> NDArray[np.bool_]:
    """Which rows have all their coordinates."""
    known: NDArray[np.bool_] = ~np.isnan(points.sum(axis=1))
    return known


def _among(numbers: NDArray[np.integer], known: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which numbers are among those known, which are sorted."""
    if not known.size:
        return np.zeros(numbers.shape, dtype=np.bool_)
    found: NDArray[np.bool_] = (
        known[np.searchsorted(known, numbers).clip(max=known.size - 1)] == numbers
    )
    return found


def _box(points: Points) -> list[float]:
    """West, south, east, north of points; those unknown aside."""
    lowest, highest = points.min(axis=0), points.max(axis=0)
    if np.isnan(lowest).any():
        known = points[_known(points)]
        return _box(known) if len(known) else [180.0, 90.0, -180.0, -90.0]
    return [*lowest.tolist(), *highest.tolist()]


def _columns(keys: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Tags:
    """Rows as columns; those that are empty everywhere are left out."""
    columns = zip(keys, zip(*rows, strict=True), strict=False)
    return Tags(len(rows), {key: column for key, column in columns if any(column)})


def _bans(
    named: Sequence[tuple[int, int, int, bool]],
    node_id: NDArray[np.int64],
    way_id: NDArray[np.int64],
    start: NDArray[np.int32],
    end: NDArray[np.int32],
    way: NDArray[np.int64],
) -> TurnBans:
    """The restrictions whose two ways are kept and meet at the point, each once."""
    row_of = {number: row for row, number in enumerate(way_id.tolist())}
    place_of = _positions([via for _, via, _, _ in named], node_id)
    touching = _touching(np.array(sorted(place_of.values()), dtype=np.int64), start, end, way)
    found: dict[tuple[int, int, int, bool], None] = {}
    for from_id, via_id, to_id, only in named:
        origin, via, target = row_of.get(from_id), place_of.get(via_id), row_of.get(to_id)
        if origin is None or via is None or target is None:
            continue
        if {(origin, via), (target, via)} <= touching:
            found[origin, via, target, only] = None
    table = np.array(list(found), dtype=np.int32).reshape(-1, 4)
    return TurnBans(table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(np.bool_))


def _positions(numbers: Sequence[int], node_id: NDArray[np.int64]) -> dict[int, int]:
    """Where each of the numbers stands in ``node_id``, which is sorted; unknown ones aside."""
    wanted = np.unique(np.array(numbers, dtype=np.int64))
    wanted = wanted[_among(wanted, node_id)]
    return dict(zip(wanted.tolist(), np.searchsorted(node_id, wanted).tolist(), strict=True))


def _touching(
    places: NDArray[np.integer],
    start: NDArray[np.int32],
    end: NDArray[np.int32],
    way: NDArray[np.int64],
) -> set[tuple[int, int]]:
    """Rows of ways and the positions, of those given, that a piece of theirs touches."""
    pairs: set[tuple[int, int]] = set()
    for ends in (start, end):
        near = _among(ends, places)
        pairs.update(zip(way[near].tolist(), ends[near].tolist(), strict=True))
    return pairs
