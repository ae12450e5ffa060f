"""Streets as plain arrays, to keep in the cache, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tourplan.network.roads import Roads, Tags, TurnBans
from tourplan.network.store import Arrays, as_text, from_text
from tourplan.network.streets import Streets

_ROADS = ("node_id", "lon", "lat", "special", "start", "end", "way", "way_id", "obstacles")
_BANS = ("from_way", "via", "to_way", "only")
_STREETS = ("node_point", "start", "end", "first", "piece", "along", "settled")


def to_arrays(streets: Streets) -> Arrays:
    """Everything about some streets and the roads they come from."""
    roads = streets.roads
    arrays: Arrays = {f"streets_{name}": getattr(streets, name) for name in _STREETS}
    arrays |= {f"roads_{name}": getattr(roads, name) for name in _ROADS}
    arrays |= {f"bans_{name}": getattr(roads.bans, name) for name in _BANS}
    told: dict[str, Any] = {"date": roads.date}
    for part, tags in (("nodes", roads.node_tags), ("ways", roads.way_tags)):
        told[part] = {"size": tags.size, "values": {}}
        for key, column in tags.columns.items():
            number: dict[str, int] = {}
            codes = [number.setdefault(value, len(number)) for value in column]
            told[part]["values"][key] = list(number)
            arrays[f"{part}_{key}"] = np.array(codes, dtype=np.int32)
    return arrays | {"told": as_text(told)}


def from_arrays(arrays: Arrays) -> Streets:
    """The streets that ``to_arrays`` wrote.

    Raises:
        KeyError, IndexError, ValueError: they are not.
    """
    told = from_text(arrays["told"])
    roads = Roads(
        **{name: arrays[f"roads_{name}"] for name in _ROADS},
        node_tags=_tags(arrays, "nodes", told["nodes"]),
        way_tags=_tags(arrays, "ways", told["ways"]),
        bans=TurnBans(**{name: arrays[f"bans_{name}"] for name in _BANS}),
        date=told["date"],
    )
    return Streets(roads=roads, **{name: arrays[f"streets_{name}"] for name in _STREETS})


def _tags(arrays: Arrays, part: str, told: dict[str, Any]) -> Tags:
    """A table of tags."""
    columns = {}
    for key, values in told["values"].items():
        codes: NDArray[np.int32] = arrays[f"{part}_{key}"]
        columns[key] = tuple(values[code] for code in codes.tolist())
    return Tags(told["size"], columns)
