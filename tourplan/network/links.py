"""The packaged links between neighbouring chefs-lieux.

The links are schematic and honest about it: one point a commune, the same times both ways,
free-flow minutes fitted on a routing table, about 10 % off (median) in the hills and up to 30 %
near towns. They need no network at run time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tourplan.errors import InputError
from tourplan.files import data_file
from tourplan.network.source import NetworkSource
from tourplan.tables import decimal, read_table

EMBEDDED = NetworkSource(
    label="réseau simplifié intégré : liaisons entre chefs-lieux voisins, mêmes temps dans les "
    "deux sens, sans embouteillage",
    date="2026-11",
    credit="© OpenStreetMap contributors, ODbL",
    uncertainty="écart médian d’environ 10 % en zone de collines, jusqu’à 30 % près des villes",
    uncertainty_pct=10,
    schematic=True,
)


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Directed links between nodes named by INSEE code, in whole seconds and metres.

    ``start`` and ``end`` are positions in ``nodes``; all four arrays have shape (links,).
    """

    nodes: tuple[str, ...]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    time_s: NDArray[np.int64]
    distance_m: NDArray[np.int64]
    source: NetworkSource

    def __post_init__(self) -> None:
        for values in (self.time_s, self.distance_m):
            if values.dtype.kind != "i":
                raise TypeError("times and distances are whole seconds and metres")


def embedded_network() -> RoadNetwork:
    """The packaged links of ``data/liaisons.csv``, each both ways."""
    rows = read_table(data_file("liaisons.csv"), ("a", "b", "km", "minutes"))
    first = [row.cells["a"] for row in rows]
    second = [row.cells["b"] for row in rows]
    nodes = tuple(sorted({*first, *second}))
    position = {code: number for number, code in enumerate(nodes)}
    a = np.array([position[code] for code in first], dtype=np.int64)
    b = np.array([position[code] for code in second], dtype=np.int64)
    time_s = _whole([decimal(row.cells["minutes"]) * 60 for row in rows], "minutes")
    distance_m = _whole([decimal(row.cells["km"]) * 1000 for row in rows], "km")
    return RoadNetwork(
        nodes,
        np.concatenate([a, b]),
        np.concatenate([b, a]),
        np.tile(time_s, 2),
        np.tile(distance_m, 2),
        EMBEDDED,
    )


def _whole(values: list[float], column: str) -> NDArray[np.int64]:
    """``values`` as integers; a link whose figure is not whole units is refused."""
    exact = np.array(values)
    rounded = np.rint(exact)
    wrong = np.flatnonzero((np.abs(exact - rounded) > 1e-6) | (rounded <= 0))
    if wrong.size:
        raise InputError.of(
            f"liaisons, ligne {int(wrong[0]) + 2}",
            f"« {column} » doit être positif, en dixièmes de minute ou centièmes de km",
        )
    whole: NDArray[np.int64] = rounded.astype(np.int64)
    return whole
