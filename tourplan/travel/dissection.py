"""Nested dissection: a graph drawn on a map is cut in two again and again, by few nodes.

The nodes that a cut removes separate the two halves: any way from one to the other passes one of
them. Cuts are straight lines in eight directions; of each part the line is kept that crosses the
fewest roads (George, 1973, for the method). All the parts of a level are cut at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tourplan.arrays import distinct

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEAF = 100
"""Parts of about as many nodes are not cut any more."""
_SMALL = 300
"""Graphs of as many nodes are not cut at all."""
_ANGLES = np.arange(8) * np.pi / 8
_MIDDLE = (0.33, 0.67)
_BALANCE = 0.15


@dataclass(frozen=True, eq=False)
class Dissection:
    """The part that each node separates (or lies in): a binary tree.

    The root is part 1; the halves of part ``p`` are ``2p`` and ``2p + 1``. ``levels`` is the depth.
    """

    part: Ints
    levels: int

    def depth(self) -> Ints:
        """The level of the part of each node; the root's is 0."""
        return np.frexp(self.part.astype(np.float64))[1].astype(np.int64) - 1


def dissect(position: Floats, tail: Ints, head: Ints) -> Dissection:
    """Cut a graph.

    Args:
        position: where the nodes are, on any plane map, shape (nodes, 2).
        tail: one end of each arc, shape (arcs,).
        head: the other end, same shape; directions do not matter.
    """
    size = len(position)
    part = np.ones(size, dtype=np.int64)
    levels = 0 if size <= _SMALL else int(np.ceil(np.log2(size / LEAF)))
    once = distinct(np.minimum(tail, head) * size + np.maximum(tail, head))
    a, b = once // max(size, 1), once % max(size, 1)
    inside = np.ones(size, dtype=bool)
    for _ in range(levels):
        open_ = inside[a] & inside[b]
        a, b = a[open_], b[open_]
        beyond = _sides(position, part, inside, a, b)
        cut = _separator(part, beyond, a, b)
        inside[cut] = False
        rest = np.flatnonzero(inside)
        part[rest] = 2 * part[rest] + beyond[rest]
    return Dissection(part, levels)


def nearby(position: Floats) -> Ints:
    """Nodes in an order that keeps neighbours together in memory (Morton's curve)."""
    low = position.min(axis=0, initial=np.inf)
    span = np.maximum(position.max(axis=0, initial=-np.inf) - low, 1e-9)
    x, y = ((position - low) / span * 0xFFFF).astype(np.int64).T
    return np.argsort(_spread(x) | (_spread(y) << 1), kind="stable")


def _spread(number: Ints) -> Ints:
    """Sixteen bits with a zero after each."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        number = (number | (number << shift)) & mask
    return number


def _sides(
    position: Floats, part: Ints, inside: NDArray[np.bool_], a: Ints, b: Ints
) -> NDArray[np.bool_]:
    """On which side of the best line through its part each node lies."""
    nodes = np.flatnonzero(inside)
    side = np.zeros(len(position), dtype=bool)
    best = np.full(int(part.max()) + 1, np.inf)
    for angle in _ANGLES:
        along = position[nodes] @ np.array([np.cos(angle), np.sin(angle)])
        by = np.lexsort((along, part[nodes]))
        ordered = nodes[by]
        parts, first, size = np.unique(part[ordered], return_index=True, return_counts=True)
        score = _scores(ordered, first, size, a, b, len(position))
        least = np.minimum.reduceat(score, first)
        better = least < best[parts]
        best[parts[better]] = least[better]
        hits = np.flatnonzero(score == np.repeat(least, size))[::-1]
        cut = np.zeros(len(parts), dtype=np.int64)
        cut[np.searchsorted(first, hits, "right") - 1] = hits
        beyond = np.arange(len(ordered)) >= np.repeat(cut, size)
        chosen = np.repeat(better, size)
        side[ordered[chosen]] = beyond[chosen]
    return side


def _scores(ordered: Ints, first: Ints, size: Ints, a: Ints, b: Ints, nodes: int) -> Floats:
    """What a cut just before each place of the order costs: arcs crossed, and halves unequal."""
    rank = np.empty(nodes, dtype=np.int64)
    rank[ordered] = np.arange(len(ordered))
    low, high = np.minimum(rank[a], rank[b]), np.maximum(rank[a], rank[b])
    steps = np.bincount(low + 1, minlength=len(ordered) + 2)
    steps -= np.bincount(high + 1, minlength=len(ordered) + 2)
    crossed = np.cumsum(steps)[: len(ordered)]
    each = np.repeat(size, size)
    share = (np.arange(len(ordered)) - np.repeat(first, size)) / each
    score = crossed + _BALANCE * np.abs(share - 0.5) * np.sqrt(each)
    outside = (share < _MIDDLE[0]) | (share > _MIDDLE[1])
    score[outside & (each > 2)] = np.inf
    return score


def _separator(part: Ints, beyond: NDArray[np.bool_], a: Ints, b: Ints) -> Ints:
    """Ends of the arcs crossed, of the side where they are fewer, part by part."""
    crossing = beyond[a] != beyond[b]
    a, b = a[crossing], b[crossing]
    near = distinct(np.where(beyond[a], b, a))
    far = distinct(np.where(beyond[a], a, b))
    parts = int(part.max()) + 1
    fewer = np.bincount(part[near], minlength=parts) <= np.bincount(part[far], minlength=parts)
    return np.concatenate([near[fewer[part[near]]], far[~fewer[part[far]]]])
