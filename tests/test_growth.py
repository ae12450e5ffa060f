"""Points of growth: their scenarios, a measure, and the powers fitted to them."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))
import apart  # noqa: E402
import growth  # noqa: E402

from tourplan.plan import Level  # noqa: E402
from tourplan.scenario import Scenario  # noqa: E402


def test_candidates_are_taken_in_turns_around_the_agencies() -> None:
    home, three = growth.HERAULT, growth.COUNTIES
    assert Counter(code[:2] for code in growth.candidates(30, home)) == {"34": 30}
    assert Counter(code[:2] for code in growth.candidates(30, three)) == dict.fromkeys(
        ("34", "16", "05"), 10
    )
    assert growth.candidates(3, three) == list(three)
    assert growth.candidates(1, home) == [home[0]]
    assert len(set(growth.candidates(growth.ALL, three))) == growth.ALL
    assert len(set(growth.candidates(growth.ALL, home))) == growth.ALL
    assert growth.candidates(32, home)[:16] == growth.candidates(16, home)


def test_vehicles_are_everywhere_where_candidates_are() -> None:
    assert growth.agencies_of(16, 3) == growth.COUNTIES
    assert growth.agencies_of(growth.ALL, 12) == growth.COUNTIES
    assert growth.agencies_of(256, 8) == growth.HERAULT[:2]


@pytest.mark.parametrize("vehicle_weeks", growth.WEEKS)
def test_a_scenario_has_its_vehicle_weeks(vehicle_weeks: int) -> None:
    scenario = Scenario.from_keys(growth.keys(16, vehicle_weeks))
    assert len(scenario.vehicles) * scenario.cycle.weeks == vehicle_weeks


def test_a_point_is_measured_in_a_process_of_its_own() -> None:
    row = growth.measured((6, 1), 30.0)
    assert not row["failure"]
    assert row["candidates"] == 6
    assert 12 <= row["tours"] <= 42
    assert row["columns"] >= row["tours"]
    assert row["proved"] == row["levels"] == 7
    assert row["worst_gap_pct"] == 0
    assert set(row) == set(growth.COLUMNS)


def test_a_failure_is_told() -> None:
    assert apart.ask("growth.py", ("few", "1", "1"), 10.0).failure.startswith("ValueError")


def test_powers_are_those_of_the_figures() -> None:
    rows = [
        {"candidates": n, "vehicle_weeks": 1, "tours": 3 * n**2, "solving_s": 0.5 * n}
        for n in (16, 32, 64)
    ]
    rows.append({"candidates": 32, "vehicle_weeks": 4, "tours": 1})
    ended = {"candidates": 128, "vehicle_weeks": 1, "solving_s": 9.0, "proved": 3, "levels": 7}
    rows.append(ended)
    found = {(power.axis, power.figure): power for power in growth.powers(rows)}
    square = found["candidates", "tours"]
    assert square.exponent == pytest.approx(2)
    assert square.factor == pytest.approx(3)
    assert str(square) == "tours grows as candidates^2.00 (16 to 64)"
    assert found["candidates", "solving_s"].exponent == pytest.approx(1)
    assert ("candidates", "columns") not in found


def test_the_figure_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    rows = [{"candidates": n, "vehicle_weeks": 1, "tours": n**2} for n in (16, 32)]
    growth.draw(rows, tmp_path / "growth.svg")
    assert (tmp_path / "growth.svg").read_text(encoding="utf-8").count('<g id="axes_') == 10


@pytest.mark.parametrize("text", ["64", "64x5", "ax1", "0x1"])
def test_points_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        growth._point(text)


def test_the_worst_gap_is_that_of_any_level() -> None:
    facts = {"label": "", "unit": "", "sense": "min", "text": ""}
    good = Level(name="a", value=10, bound=10, **facts)
    poor = Level(name="b", value=200, bound=150, **facts)
    open_ = Level(name="c", value=200, bound=None, **facts)
    assert growth.worst_gap([good, poor]) == 25
    assert growth.worst_gap([good, open_]) == "none"
