"""The packaged links between neighbouring chefs-lieux.

The links are schematic and honest about it: one point a commune, the same times both ways,
free-flow minutes fitted on a routing table, about 10 % off (median) in the hills and up to 30 %
near towns. They need no network at run time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tourplan.errors import InputError
from tourplan.files import data_file
from tourplan.network.graph import RoadNetwork
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
    unknown = np.full(len(nodes), np.nan)
    return RoadNetwork(
        lon=unknown,
        lat=unknown,
        start=np.concatenate([a, b]),
        end=np.concatenate([b, a]),
        time_ms=np.tile(time_s * 1000, 2),
        distance_dm=np.tile(distance_m * 10, 2),
        source=EMBEDDED,
        places=position,
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
