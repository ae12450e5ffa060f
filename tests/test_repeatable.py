"""The same scenario and seed give the same plan to the byte, with one core."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tourplan.starter import CLERMONT, TEN, example_keys, scenario_text

ROOT = Path(__file__).parent.parent
NEIGHBOURS = [
    "34072",
    "34091",
    "34106",
    "34132",
    "34142",
    "34188",
    "34205",
    "34212",
    "34220",
    "34278",
    "34283",
    "34286",
    "34304",
]
TWO_WEEKS: dict[str, Any] = {
    "titre": "Deux semaines, vingt-trois candidates",
    "communes": {"a_desservir": list(TEN), "candidates": NEIGHBOURS},
    "cycle": {"semaines": 2},
    "agents": [{"agence": CLERMONT}, {"agence": CLERMONT}],
    "vehicules": [{"depot": CLERMONT}],
}


def solving(scenario: Path, folder: Path, seed: int) -> subprocess.Popen[str]:
    """``tourplan solve`` in a process of its own, whose sets are in an order of its own."""
    folder.mkdir()
    return subprocess.Popen(
        [sys.executable, "-m", "tourplan", "solve", str(scenario), "--sortie", "."],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": str(seed)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def written(process: subprocess.Popen[str], folder: Path) -> dict[str, bytes]:
    """What a run wrote, its plan without when and how long."""
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    (made,) = folder.iterdir()
    plan, measures, _ = (made / "plan.json").read_bytes().partition(b'\n "mesures": {')
    assert measures
    return {"plan.json": plan, "itineraire.csv": (made / "itineraire.csv").read_bytes()}


@pytest.mark.parametrize(
    "keys", [example_keys("herault"), TWO_WEEKS], ids=["herault", "two weeks, 23 candidates"]
)
def test_same_scenario_same_bytes(keys, tmp_path):
    """Two processes at once, so that neither has the machine to itself."""
    scenario = tmp_path / "scenario.toml"
    keys = {**keys, "calcul": {"coeurs": 1, "graine": 3}}
    scenario.write_text(scenario_text(keys, str), encoding="utf-8")
    folders = tmp_path / "un", tmp_path / "deux"
    runs = [solving(scenario, folder, seed) for seed, folder in enumerate(folders, start=1)]
    one, two = (written(run, folder) for run, folder in zip(runs, folders, strict=True))
    assert b'"fin": "termin\xc3\xa9"' in one["plan.json"]
    assert one == two
