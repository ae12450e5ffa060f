"""Cuts that round half the sum of three rules, which relaxations break and no plan does.

*Crowds*: of three communes that hold one session at most, days that stop at two or more are one at
most. *Strays*: of three groups of sites that some day must reach, days reach too few unless those
that reach one or two, and twice those that reach all three, are two at least. (Cuts over a subset
of rows: Jepsen, Petersen, Spoorendonk, Pisinger, Operations Research 56, 2008.)
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from tourplan.daytours import Bools, Ints

BROKEN = 0.03
"""Cuts broken by less are not added."""
_RUN = 1e-6
"""A day taken less often is not."""


def crowds(visited: Bools, times: NDArray[np.float64]) -> list[Ints]:
    """Triples of communes whose crowds are broken, worst first.

    ``visited``: whether each day stops in each commune, shape (days, communes); ``times``: how
    often it is run, shape (days,).
    """
    seen, times = visited[times > _RUN].astype(float), times[times > _RUN]
    together = (seen * times[:, None]).T @ seen
    found: set[tuple[float, tuple[int, ...]]] = set()
    # Of three communes two at least share days with the third.
    for i, j in np.argwhere(np.triu(together, 1) > _RUN):
        all_three = (seen[:, i] * seen[:, j] * times) @ seen
        two = together[i, j] + together[i] + together[j] - 2 * all_three
        two[[i, j]] = 0.0
        for k in np.flatnonzero(two > 1 + BROKEN):
            found.add((-round(float(two[k]), 9), tuple(sorted((int(i), int(j), int(k))))))
    return [np.array(triple) for _, triple in sorted(found)]


def strays(reached: Bools, times: NDArray[np.float64]) -> list[Ints]:
    """Triples of groups whose strays are broken, worst first; arguments as of ``crowds``."""
    seen, times = reached[times > _RUN].astype(float), times[times > _RUN]
    found: list[tuple[float, tuple[int, ...]]] = []
    for i, j in combinations(range(seen.shape[1]), 2):
        both = seen[:, i] + seen[:, j]
        total = times @ np.ceil(both / 2) + (times * (both != 1)) @ seen[:, j + 1 :]
        for k in np.flatnonzero(total < 2 - BROKEN):
            found.append((round(float(total[k]), 9), (i, j, j + 1 + int(k))))
    return [np.array(triple) for _, triple in sorted(found)]
