"""Pieces of road as passages in one direction, with the turns that are forbidden left out.

A turn ban is kept by giving its point one more node, where only those who come by the banned road
arrive, and from which the forbidden road does not leave. The graph stays a plain graph of nodes, so
ordinary shortest paths obey the bans.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tourplan.network.roads import Roads

Flags = NDArray[np.bool_]
Positions = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Passages:
    """Ways to drive a piece of road.

    Attributes:
        point: point of the roads at each node, shape (nodes,).
        tail, head: positions of nodes, shape (passages,).
        piece: the piece driven, same shape.
        along: whether it is driven in the direction it is drawn in, same shape.
    """

    point: Positions
    tail: Positions
    head: Positions
    piece: Positions
    along: Flags


def driven(roads: Roads, forward: Flags, backward: Flags) -> Passages:
    """The passages of ``roads`` in the directions allowed, turn bans kept."""
    ahead, back = np.flatnonzero(forward), np.flatnonzero(backward)
    passages = Passages(
        point=np.arange(len(roads.node_id), dtype=np.int32),
        tail=np.concatenate([roads.start[ahead], roads.end[back]]),
        head=np.concatenate([roads.end[ahead], roads.start[back]]),
        piece=np.concatenate([ahead, back]).astype(np.int32),
        along=np.concatenate([np.ones(len(ahead), bool), np.zeros(len(back), bool)]),
    )
    return _banned(roads, passages) if len(roads.bans.via) else passages


def _banned(roads: Roads, passages: Passages) -> Passages:
    """One more node for each road that a ban starts from."""
    bans = roads.bans
    arriving = _grouped(passages.head, bans.via)
    leaving = _grouped(passages.tail, bans.via)
    head = passages.head.copy()
    point, tails = [passages.point], [passages.tail]
    copied: list[int] = []
    size = len(passages.point)
    rows: dict[tuple[int, int], list[int]] = {}
    for row, pair in enumerate(zip(bans.via.tolist(), bans.from_way.tolist(), strict=True)):
        rows.setdefault(pair, []).append(row)
    for (via, way), mine in rows.items():
        coming = [p for p in arriving.get(via, []) if roads.way[passages.piece[p]] == way]
        going = [p for p in leaving.get(via, []) if _allowed(roads, passages.piece[p], mine)]
        if len(coming) != 1 or not going:
            continue  # a road that goes on through the point: which arm is meant is not known
        head[coming] = size
        point.append(np.array([via], dtype=np.int32))
        tails.append(np.full(len(going), size, dtype=np.int32))
        copied += going
        size += 1
    return replace(
        passages,
        point=np.concatenate(point),
        tail=np.concatenate(tails),
        # Only now are all heads known: who leaves one ban may arrive at another.
        head=np.concatenate([head, head[copied]]),
        piece=np.concatenate([passages.piece, passages.piece[copied]]),
        along=np.concatenate([passages.along, passages.along[copied]]),
    )


def _allowed(roads: Roads, piece: int, bans: list[int]) -> bool:
    """Whether a piece may be taken under the bans of one road at one point."""
    way = int(roads.way[piece])
    only = [int(roads.bans.to_way[row]) for row in bans if roads.bans.only[row]]
    never = [int(roads.bans.to_way[row]) for row in bans if not roads.bans.only[row]]
    return way not in never and (not only or way in only)


def _grouped(ends: Positions, wanted: Positions) -> dict[int, list[int]]:
    """The passages that touch each of the wanted nodes at one end."""
    found = np.flatnonzero(np.isin(ends, wanted))
    groups: dict[int, list[int]] = {}
    for passage in found.tolist():
        groups.setdefault(int(ends[passage]), []).append(passage)
    return groups
