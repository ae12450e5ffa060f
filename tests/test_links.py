from __future__ import annotations

import numpy as np
import pytest

from tourplan.errors import InputError
from tourplan.files import data_file, write_text
from tourplan.network import links as network
from tourplan.network.links import EMBEDDED, RoadNetwork, embedded_network
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
    links = {
        (roads.nodes[a], roads.nodes[b]): (t, d)
        for a, b, t, d in zip(
            roads.start.tolist(),
            roads.end.tolist(),
            roads.time_s.tolist(),
            roads.distance_m.tolist(),
            strict=True,
        )
    }
    for row in rows:
        figures = (
            round(float(row.text("minutes")) * 60),
            round(float(row.text("km")) * 1000),
        )
        assert links[row.text("a"), row.text("b")] == figures
        assert links[row.text("b"), row.text("a")] == figures


def test_figures_are_whole_positive_seconds_and_metres(roads):
    for values in (roads.time_s, roads.distance_m):
        assert values.dtype == np.int64
        assert values.min() > 0


def test_it_says_what_it_is(roads):
    assert roads.source is EMBEDDED
    assert roads.source.schematic
    assert "OpenStreetMap contributors, ODbL" in roads.source.credit
    assert "simplifié" in roads.source.label


def test_a_network_refuses_floats_rather_than_truncate_them():
    one = np.array([0])
    with pytest.raises(TypeError, match="whole seconds"):
        RoadNetwork(("a",), one, one, np.array([1.5]), one, EMBEDDED)
    with pytest.raises(TypeError, match="whole seconds"):
        RoadNetwork(("a",), one, one, one, np.array([1.5]), EMBEDDED)


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
    assert roads.nodes == ("a", "b")
    assert (roads.start.tolist(), roads.end.tolist()) == ([1, 0], [0, 1])
    assert (roads.time_s.tolist(), roads.distance_m.tolist()) == ([150, 150], [1500, 1500])
