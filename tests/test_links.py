from __future__ import annotations

import numpy as np
import pytest

from tourplan.errors import InputError
from tourplan.files import data_file, write_text
from tourplan.network import links as network
from tourplan.network.graph import RoadNetwork
from tourplan.network.links import EMBEDDED, embedded_network
from tourplan.tables import read_table


@pytest.fixture(scope="module")
def roads() -> RoadNetwork:
    return embedded_network()


def links_file(tmp_path, monkeypatch, *rows: str) -> None:
    """Put made-up links in the place of the packaged ones."""
    write_text(tmp_path / "liaisons.csv", "\n".join(["a;b;km;minutes", *rows]))
    monkeypatch.setattr(network, "data_file", lambda name: tmp_path / name)


def test_links_stand_as_they_are_both_ways(roads):
    rows = read_table(data_file("liaisons.csv"), ("a", "b", "km", "minutes"))
    assert len(roads.start) == 2 * len(rows) == 2 * 6682
    names = list(roads.places)
    links = {
        (names[a], names[b]): (t, d)
        for a, b, t, d in zip(
            roads.start.tolist(),
            roads.end.tolist(),
            roads.time_ms.tolist(),
            roads.distance_dm.tolist(),
            strict=True,
        )
    }
    for row in rows:
        figures = (
            round(float(row.text("minutes")) * 60) * 1000,
            round(float(row.text("km")) * 1000) * 10,
        )
        assert links[row.text("a"), row.text("b")] == figures
        assert links[row.text("b"), row.text("a")] == figures


def test_figures_are_whole_positive_milliseconds_and_decimetres(roads):
    for values in (roads.time_ms, roads.distance_dm):
        assert values.dtype == np.int64
        assert values.min() > 0


def test_it_says_what_it_is(roads):
    assert roads.source is EMBEDDED
    assert roads.source.schematic
    assert "OpenStreetMap contributors, ODbL" in roads.source.credit
    assert "simplifié" in roads.source.label


def test_a_network_refuses_floats_rather_than_truncate_them():
    one, half = np.array([0]), np.array([1.5])
    with pytest.raises(TypeError, match="whole milliseconds"):
        RoadNetwork(one, one, one, one, half, one, EMBEDDED)
    with pytest.raises(TypeError, match="whole milliseconds"):
        RoadNetwork(one, one, one, one, one, half, EMBEDDED)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("05001;05003;5.58;0", "minutes"),
        ("05001;05003;5.58;-6.9", "minutes"),
        ("05001;05003;5.58;6.99999", "minutes"),
        ("05001;05003;0;6.9", "km"),
        ("05001;05003;5.5801;6.9", "km"),
    ],
)
def test_a_link_that_is_not_in_whole_units_is_refused(tmp_path, monkeypatch, row, column):
    links_file(tmp_path, monkeypatch, "05003;05004;1.00;2.0", row)
    with pytest.raises(InputError, match=f"liaisons, ligne 3 : « {column} » doit être positif"):
        embedded_network()


def test_a_tiny_network(tmp_path, monkeypatch):
    links_file(tmp_path, monkeypatch, "b;a;1.50;2.5")
    roads = embedded_network()
    assert roads.places == {"a": 0, "b": 1}
    assert (roads.start.tolist(), roads.end.tolist()) == ([1, 0], [0, 1])
    assert (roads.time_ms.tolist(), roads.distance_dm.tolist()) == (
        [150_000, 150_000],
        [15_000, 15_000],
    )
