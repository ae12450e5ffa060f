from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from roadfile import grid

from tourplan.network.osmfile import read_osm
from tourplan.network.roads import Area
from tourplan.network.saved import from_arrays, to_arrays
from tourplan.network.speedmodel import SpeedModel
from tourplan.network.speeds import piece_times
from tourplan.network.streets import simplify

TURN = (
    '<relation id="1"><member type="way" role="from" ref="8"/><member type="node" role="via" '
    'ref="1202"/><member type="way" role="to" ref="3"/><tag k="type" v="restriction"/>'
    '<tag k="restriction" v="no_left_turn"/></relation>'
)
RIVER = (
    '<node id="1" lon="3.001" lat="43.4"/><node id="2" lon="3.001" lat="43.7"/>'
    '<way id="90"><nd ref="1"/><nd ref="2"/><tag k="waterway" v="river"/></way>'
)


def same(one: object, two: object) -> bool:
    """Whether two frozen values hold the same, field by field."""
    if isinstance(one, np.ndarray):
        return one.dtype == two.dtype and np.array_equal(one, two)
    if hasattr(one, "__dataclass_fields__"):
        return all(same(getattr(one, f.name), getattr(two, f.name)) for f in fields(one))
    return one == two


def test_streets_come_back_the_same(tmp_path):
    roads = read_osm(grid(tmp_path / "g.osm", extra=RIVER + TURN), Area(2.9, 43.4, 3.05, 43.7))
    streets = simplify(roads, piece_times(roads, SpeedModel.default()), Area(2.9, 43.4, 3.05, 44))
    assert roads.obstacles.size
    again = from_arrays(to_arrays(streets))
    assert same(streets, again)


def test_something_else_is_refused():
    with pytest.raises(KeyError):
        from_arrays({"a": np.arange(3)})
