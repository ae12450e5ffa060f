"""Published instances of the multi-vehicle covering tour problem, read from ``.ctp`` files.

A header ``O C M p q``, one line a pair of places, one row an optional place telling which
customers it covers. The first of the mandatory places is the depot.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Instance:
    """Routes of at most ``stops`` places and ``longest`` of length that cover every customer.

    Attributes:
        name: the file's, without its ending.
        length: of each leg, place 0 being the depot, shape (places, places).
        mandatory: places but the depot that a route must visit, the first of them.
        covers: whether a place but the depot covers each customer, shape (places - 1, customers).
        stops: places a route visits at most.
        longest: length of a route at most.
    """

    name: str
    length: NDArray[np.int64]
    mandatory: int
    covers: NDArray[np.bool_]
    stops: int
    longest: int


def read(path: Path) -> Instance:
    """The instance of a file, whatever its line breaks and blank lines.

    Raises:
        ValueError: the file ends too soon or holds a length that is not whole.
    """
    numbers = iter(path.read_text(encoding="utf-8").split("\n", 1)[1].split())
    optional, customers, mandatory, stops, longest = (_whole(next(numbers)) for _ in range(5))
    places = optional + mandatory
    length = np.zeros((places, places), dtype=np.int64)
    try:
        for _ in range(places * (places - 1) // 2):
            i, j = int(next(numbers)), int(next(numbers))
            length[i, j] = length[j, i] = _whole(next(numbers))
        covers = np.zeros((places - 1, customers), dtype=bool)
        for row in range(optional):
            next(numbers)
            covers[mandatory - 1 + row] = [float(next(numbers)) > 0 for _ in range(customers)]
    except StopIteration as end:
        raise ValueError(f"{path}: ends too soon") from end
    return Instance(path.stem, length, mandatory - 1, covers, stops, longest)


def _whole(text: str) -> int:
    value = float(text)
    if not value.is_integer():
        raise ValueError(f"{text} is not a whole number")
    return int(value)
