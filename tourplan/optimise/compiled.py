"""The loops of ``labels``, compiled by Numba: everything is arrays, see there for what they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

_Loop = TypeVar("_Loop", bound=Callable[..., Any])

_FIRST = 1 << 14
"""Labels there is room for at first."""


def _compiled(loop: _Loop) -> _Loop:
    """A loop compiled on its first call; kept on disk, unless no folder may be written."""
    found: Any
    try:
        found = njit(cache=True, nogil=True)(loop)
    except RuntimeError:  # no folder for the cache: compiled again in each process
        found = njit(nogil=True)(loop)
    return cast(_Loop, found)


@_compiled
def _within(a: Any, b: Any) -> bool:
    """Whether all bits of ``a`` are in ``b``."""
    outside = np.uint64(0)
    for w in range(len(a)):
        outside |= a[w] & ~b[w]
    return bool(outside == 0)


@_compiled
def _lost(sums: Any, a: Any, b: Any) -> float:
    """What the bits of both are worth; row ``k`` of ``sums`` is for the values of byte ``k``."""
    total = 0.0
    for k in range(sums.shape[0]):
        both = (a[k >> 3] & b[k >> 3]) >> np.uint64((k & 7) << 3)
        total += sums[k, both & np.uint64(255)]
    return total


@_compiled
def _excess(sums: Any, a: Any, b: Any) -> float:
    """What the bits of ``a`` that are not in ``b`` are worth."""
    total = 0.0
    for k in range(sums.shape[0]):
        only = (a[k >> 3] & ~b[k >> 3]) >> np.uint64((k & 7) << 3)
        total += sums[k, only & np.uint64(255)]
    return total


@_compiled
def _no_more(a: Any, b: Any) -> bool:
    """Whether no number of ``a`` is over that of ``b``."""
    over = False
    for r in range(len(a)):
        over |= a[r] > b[r]
    return not over


@_compiled
def _longer(array: Any) -> Any:
    """The array with room for twice as many rows."""
    twice = np.empty((2 * array.shape[0], *array.shape[1:]), dtype=array.dtype)
    twice[: array.shape[0]] = array
    return twice


@_compiled
def _step_on(
    used: Any,
    step: int,
    start: int,
    to: int,
    slot: int,
    measures: Any,
    clock: Any,
    windows: Any,
    grid: int,
    to_used: Any,
) -> bool:
    """Fill ``to_used``: each measure, then the earliest closing; whether that is in time."""
    resources = measures.shape[0]
    for r in range(resources):
        to_used[r] = used[r] + measures[r, step, start, to]
    if clock.shape[0] == 0:
        return True
    ready = used[resources] + clock[0, step, start, to]
    if ready > clock[2, step, start, to]:
        return False
    ready = max(ready, clock[1, step, start, to], windows[0, slot])
    to_used[resources] = -(-ready // grid) * grid + windows[2, slot]
    return bool(to_used[resources] <= windows[1, slot])


@_compiled
def _can_end(
    begin: int,
    stop: int,
    slot: int,
    reach: float,
    used: Any,
    memory: Any,
    state: Any,
    limits: Any,
    sums: Any,
    end_slot: Any,
    end_cost: Any,
    end_used: Any,
    end_memory: Any,
    end_state: Any,
    below: float,
) -> bool:
    """Whether one of the ends ``begin`` to ``stop``, cheapest first, makes a day below a cost.

    ``reach`` and ``used`` go up to the place of the ends, whose stop is in the ends' own cost.
    """
    for e in range(begin, stop):
        if reach + end_cost[e] >= below:
            return False
        if end_slot[e] < slot:
            continue
        fits = True
        for w in range(len(memory)):
            if memory[w] & end_memory[e, w]:
                fits = False
        for r in range(len(limits)):
            if used[r] + end_used[e, r] > limits[r]:
                fits = False
        if fits and reach + end_cost[e] + _lost(sums, state, end_state[e]) < below:
            return True
    return False


@_compiled
def grow(  # noqa: C901 - one loop, compiled
    legs: Any,
    prizes: Any,
    alike: bool,
    sums: Any,
    of_place: Any,
    pairs: Any,
    steps: Any,
    allowed: Any,
    measures: Any,
    clock: Any,
    windows: Any,
    grid: int,
    limits: Any,
    homeward: Any,
    who: Any,
    near: Any,
    bounded: bool,
    begin: Any,
    end_slot: Any,
    end_cost: Any,
    end_used: Any,
    end_memory: Any,
    end_state: Any,
    below: float,
    most: int,
    hasty: bool,
    over: Any,
) -> Any:
    """Labels slot by slot, each bucket (slot, place) a list linked in order of cost.

    Cut short after ``most`` labels, or once another thread sets ``over`` (one boolean).
    """
    slots, places = prizes.shape
    resources, width, bits = len(limits), near.shape[1], of_place.shape[1]
    place = np.empty(_FIRST, dtype=np.int64)
    slot = np.empty(_FIRST, dtype=np.int64)
    cost = np.empty(_FIRST, dtype=np.float64)
    used = np.empty((_FIRST, resources), dtype=np.int64)
    memory = np.empty((_FIRST, width), dtype=np.uint64)
    state = np.empty((_FIRST, bits), dtype=np.uint64)
    parent = np.empty(_FIRST, dtype=np.int64)
    following = np.empty(_FIRST, dtype=np.int64)
    kept = np.empty(_FIRST, dtype=np.bool_)
    head = np.full((slots, places), -1, dtype=np.int64)
    count = 0
    from_used, to_used = np.zeros(resources, dtype=np.int64), np.zeros(resources, dtype=np.int64)
    from_memory, to_memory = np.zeros(width, dtype=np.uint64), np.zeros(width, dtype=np.uint64)
    from_state, to_state = np.zeros(bits, dtype=np.uint64), np.zeros(bits, dtype=np.uint64)
    from_cost = 0.0
    for before in range(-1, slots - 1):
        for start in range(places):
            if (start == 0) != (before < 0):
                continue
            origin = -1 if before < 0 else head[before, start]
            while origin >= 0 or before < 0:
                if origin >= 0:
                    from_cost = cost[origin]
                    from_used[:] = used[origin]
                    from_memory[:] = memory[origin]
                    from_state[:] = state[origin]
                for to in range(1, places):
                    if over[0]:
                        return place, slot, cost, used, memory, state, parent, kept, count, False
                    word, bit = who[to] >> 6, np.uint64(1) << np.uint64(who[to] & 63)
                    if from_memory[word] & bit:
                        continue
                    for w in range(width):
                        to_memory[w] = from_memory[w] & near[to, w]
                    to_memory[word] |= bit
                    for b in range(bits):
                        seen, here = from_state[b], of_place[to, b]
                        to_state[b] = ((seen | here) & ~pairs[b]) | ((seen ^ here) & pairs[b])
                    lost = _lost(sums, from_state, of_place[to])
                    for after in range(before + 1, before + 2 if alike else slots):
                        step = steps[before + 1, after + 1]
                        if step < 0 or not allowed[step, start, to]:
                            continue
                        if prizes[after, to] == -np.inf or not _step_on(
                            from_used,
                            step,
                            start,
                            to,
                            after,
                            measures,
                            clock,
                            windows,
                            grid,
                            to_used,
                        ):
                            continue
                        fits = True
                        for r in range(resources):
                            if to_used[r] + homeward[r, after, to] > limits[r]:
                                fits = False
                        if not fits:
                            continue
                        reach = from_cost + legs[step, start, to]
                        value = reach + lost - prizes[after, to]
                        lane = to if alike else to * slots + after
                        if bounded and not _can_end(
                            begin[lane],
                            begin[lane + 1],
                            after,
                            reach,
                            to_used,
                            from_memory,
                            from_state,
                            limits,
                            sums,
                            end_slot,
                            end_cost,
                            end_used,
                            end_memory,
                            end_state,
                            below,
                        ):
                            continue
                        beaten = False
                        for other_slot in range(0 if alike else after, after + 1):
                            other = head[other_slot, to]
                            while other >= 0 and cost[other] <= value:
                                if (
                                    hasty
                                    or (
                                        _within(memory[other], to_memory)
                                        and cost[other] + _excess(sums, state[other], to_state)
                                        <= value
                                    )
                                ) and _no_more(used[other], to_used):
                                    beaten = True
                                    break
                                other = following[other]
                            if beaten:
                                break
                        if beaten:
                            continue
                        if count == most:
                            return (
                                place,
                                slot,
                                cost,
                                used,
                                memory,
                                state,
                                parent,
                                kept,
                                count,
                                False,
                            )
                        if count == len(place):
                            place, slot, cost = _longer(place), _longer(slot), _longer(cost)
                            used, memory, parent = _longer(used), _longer(memory), _longer(parent)
                            following, kept = _longer(following), _longer(kept)
                            state = _longer(state)
                        place[count], slot[count], cost[count] = to, after, value
                        used[count], memory[count], state[count] = to_used, to_memory, to_state
                        parent[count], kept[count] = origin, True
                        previous, other = -1, head[after, to]
                        while other >= 0 and cost[other] <= value:
                            previous, other = other, following[other]
                        following[count] = other
                        if previous < 0:
                            head[after, to] = count
                        else:
                            following[previous] = count
                        previous = count
                        while other >= 0:
                            if (
                                hasty
                                or (
                                    _within(to_memory, memory[other])
                                    and value + _excess(sums, to_state, state[other]) <= cost[other]
                                )
                            ) and _no_more(to_used, used[other]):
                                kept[other] = False
                                following[previous] = following[other]
                            else:
                                previous = other
                            other = following[other]
                        count += 1
                if before < 0:
                    break
                origin = following[origin]
    return place, slot, cost, used, memory, state, parent, kept, count, True


@_compiled
def extend(  # noqa: C901 - one loop, compiled
    place: Any,
    slot: Any,
    cost: Any,
    used: Any,
    memory: Any,
    state: Any,
    legs: Any,
    prizes: Any,
    alike: bool,
    sums: Any,
    of_place: Any,
    steps: Any,
    allowed: Any,
    measures: Any,
    clock: Any,
    windows: Any,
    grid: int,
    limits: Any,
    who: Any,
    begin: Any,
    end_slot: Any,
    end_cost: Any,
    end_used: Any,
    end_memory: Any,
    end_state: Any,
    limit: float,
    most: int,
    over: Any,
) -> Any:
    """Every next stop of each label that some end can still bring home below ``limit``.

    Returns:
        (row, place, slot, cost, used): of each extended label; some are missing when there are more
        than ``most``, or once another thread sets ``over`` (one boolean).
    """
    slots, places = prizes.shape
    resources = len(limits)
    row = np.empty(_FIRST, dtype=np.int64)
    to_place = np.empty(_FIRST, dtype=np.int64)
    to_slot = np.empty(_FIRST, dtype=np.int64)
    to_cost = np.empty(_FIRST, dtype=np.float64)
    all_used = np.empty((_FIRST, resources), dtype=np.int64)
    to_used = np.zeros(resources, dtype=np.int64)
    count = 0
    for origin in range(len(place)):
        start, first = place[origin], slot[origin] + 1
        for to in range(1, places):
            if over[0]:
                break
            word, bit = who[to] >> 6, np.uint64(1) << np.uint64(who[to] & 63)
            if memory[origin, word] & bit:
                continue
            lost = _lost(sums, state[origin], of_place[to])
            for after in range(first, min(first + 1, slots) if alike else slots):
                step = steps[first, after + 1]
                if step < 0 or not allowed[step, start, to]:
                    continue
                if prizes[after, to] == -np.inf or not _step_on(
                    used[origin],
                    step,
                    start,
                    to,
                    after,
                    measures,
                    clock,
                    windows,
                    grid,
                    to_used,
                ):
                    continue
                reach = cost[origin] + legs[step, start, to]
                lane = to if alike else to * slots + after
                if not _can_end(
                    begin[lane],
                    begin[lane + 1],
                    after,
                    reach,
                    to_used,
                    memory[origin],
                    state[origin],
                    limits,
                    sums,
                    end_slot,
                    end_cost,
                    end_used,
                    end_memory,
                    end_state,
                    limit,
                ):
                    continue
                if count == len(row):
                    row, to_place, all_used = _longer(row), _longer(to_place), _longer(all_used)
                    to_slot, to_cost = _longer(to_slot), _longer(to_cost)
                row[count], to_place[count] = origin, to
                to_slot[count], to_cost[count] = after, reach + lost - prizes[after, to]
                all_used[count] = to_used
                count += 1
                if count > most:
                    break
            if count > most:
                break
        if count > most or over[0]:
            break
    return row[:count], to_place[:count], to_slot[:count], to_cost[:count], all_used[:count]
