"""Contraction of a road graph: what only leads elsewhere is removed, and nothing is lost.

A node is removed by joining its neighbours directly; the shortest distances between the nodes that
remain do not change. Dead ends and points along a road go first and add nothing; then crossings of
few roads. Whole sets of nodes, none a neighbour of another, are removed in one pass of arrays.
The idea is that of contraction hierarchies (Geisberger and others, 2008) without witness searches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_EAGER = 0.7
"""Share of the nodes, those of fewest roads, among which a round may choose."""
_DENSE = 15
"""Arcs a node from which dense tables (``fronts``) do better."""


@dataclass(frozen=True, eq=False)
class Arcs:
    """Arcs both ways between the same pairs, sorted by tail then head; infinite: no way."""

    tail: Ints
    head: Ints
    weight: Floats

    def __len__(self) -> int:
        return len(self.tail)


@dataclass(frozen=True, eq=False)
class Round:
    """Nodes removed together, and their arcs when they went: ``out`` from them, ``into`` them.

    ``tail`` (sorted) are removed nodes, ``head`` those that stayed; shapes (arcs,).
    """

    tail: Ints
    head: Ints
    out: Floats
    into: Floats


@dataclass(frozen=True, eq=False)
class Contraction:
    """Rounds in order, and the core that remains: its nodes and the arcs between their positions.

    ``order`` tells in which round each node went; those of the core have the number of rounds.
    """

    rounds: tuple[Round, ...]
    order: NDArray[np.int32]
    core: Ints
    arcs: Arcs


def contract(size: int, tail: Ints, head: Ints, weight: Floats) -> Contraction:
    """Remove nodes until those that remain have too many neighbours.

    Args:
        size: number of nodes.
        tail: start of each arc, shape (arcs,).
        head: end of each arc, same shape.
        weight: length of each arc, not negative, same shape; parallel arcs may be given.
    """
    arcs = lightest(
        np.concatenate([tail, head]),
        np.concatenate([head, tail]),
        np.concatenate([weight, np.full(len(weight), np.inf)]),
    )
    names = np.arange(size)
    order = np.full(size, -1, dtype=np.int32)
    random = np.random.default_rng(0)
    rounds: list[Round] = []
    while 0 < len(arcs) <= _DENSE * len(names):
        chosen = _independent(len(names), arcs, random)
        order[names[chosen]] = len(rounds)
        rounds.append(_round(names, arcs, chosen))
        arcs = _without(arcs, chosen)
        names = names[~chosen]
    order[names] = len(rounds)
    return Contraction(tuple(rounds), order, names, arcs)


def lightest(tail: Ints, head: Ints, weight: Floats) -> Arcs:
    """The arcs without loops, sorted, the lightest of parallel ones."""
    between = tail != head
    return Arcs(*least_of_pairs(tail[between], head[between], weight[between]))


def least_of_pairs(one: Ints, two: Ints, value: Floats) -> tuple[Ints, Ints, Floats]:
    """Pairs of numbers once each, sorted, with the least of their values."""
    if not len(one):
        return one, two, value
    bits = int(two.max()).bit_length()
    key = (one.astype(np.int64) << bits) | two
    by = np.argsort(key)
    key = key[by]
    first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    key = key[first]
    return key >> bits, key & ((1 << bits) - 1), np.minimum.reduceat(value[by], first)


def _independent(size: int, arcs: Arcs, random: np.random.Generator) -> NDArray[np.bool_]:
    """Nodes of few neighbours, none the neighbour of another: least of all around them."""
    degree = np.bincount(arcs.tail, minlength=size)
    priority = degree + random.random(size)
    least = np.full(size, np.inf)
    rows = np.flatnonzero(degree)
    starts = np.concatenate([[0], np.cumsum(degree)[:-1]])[rows]
    least[rows] = np.minimum.reduceat(priority[arcs.head], starts)
    few = max(2.0, float(np.quantile(degree, _EAGER)))
    chosen: NDArray[np.bool_] = (priority < least) & (degree <= few)
    return chosen


def _round(names: Ints, arcs: Arcs, chosen: NDArray[np.bool_]) -> Round:
    """The arcs of the chosen nodes; the arcs back are found where tail and head change places."""
    leaving = np.flatnonzero(chosen[arcs.tail])
    entering = np.flatnonzero(chosen[arcs.head])
    back = entering[np.lexsort((arcs.tail[entering], arcs.head[entering]))]
    return Round(
        tail=names[arcs.tail[leaving]],
        head=names[arcs.head[leaving]],
        out=arcs.weight[leaving],
        into=arcs.weight[back],
    )


def _without(arcs: Arcs, chosen: NDArray[np.bool_]) -> Arcs:
    """The arcs between the nodes that stay, renumbered, with those through the chosen."""
    leaving = np.flatnonzero(chosen[arcs.tail])
    entering = np.flatnonzero(chosen[arcs.head])
    entry, exit_ = joined(arcs.head[entering], arcs.tail[leaving])
    entry, exit_ = entering[entry], leaving[exit_]
    stay = ~(chosen[arcs.tail] | chosen[arcs.head])
    position = np.cumsum(~chosen) - 1
    return lightest(
        position[np.concatenate([arcs.tail[stay], arcs.tail[entry]])],
        position[np.concatenate([arcs.head[stay], arcs.head[exit_]])],
        np.concatenate([arcs.weight[stay], arcs.weight[entry] + arcs.weight[exit_]]),
    )


def joined(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Positions of all pairs with ``left == right``; ``right`` is sorted."""
    first = np.searchsorted(right, left, "left")
    count = np.searchsorted(right, left, "right") - first
    rows = np.repeat(np.arange(len(left)), count)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    return rows, np.repeat(first, count) + within
