"""Scenarios made of the places of an OpenStreetMap file, as ``tools/villages.py`` writes them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from overpass import packaged

sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))

import villages

EXTRACT = "test.osm.pbf"
"""The packaged extract of a village: small, and without any turn restriction."""
PLACES = {
    "Helilä": (26.9311, 60.5224),
    "Kannikko": (26.9362, 60.5348),
    "Ristinkallio": (26.9517, 60.5356),
    "Marttila": (26.949, 60.526),
    "Malminki": (26.9374, 60.5239),
    "Muuralankuja": (26.9658, 60.5233),
}
"""Its quarters, taken for communes; the first has the counter."""


def quarters(folder: Path) -> Path:
    """The scenario of the packaged extract; its roads are read from the file."""
    found = [
        villages.Village(f"9{k:04d}", name, "village", 100 * (9 - k), True, *place)
        for k, (name, place) in enumerate(PLACES.items(), start=1)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(villages, "villages_of", lambda _: found)
        villages.write(packaged(EXTRACT), folder)
    path = folder / "scenario.toml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("minutes = 15", "minutes = 4").replace("minutes = 10", "minutes = 2")
    path.write_text(f"{text}\n[semaine]\nouverture_min_h = 0\n", encoding="utf-8")
    return path


def all_villages(source: Path, folder: Path) -> Path:
    """The scenario of a larger extract, from its own villages."""
    villages.write(source, folder)
    return folder / "scenario.toml"
