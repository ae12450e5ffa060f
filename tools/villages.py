"""Communes, counters and a scenario made of the villages of an OpenStreetMap file.

For a place where no official list is at hand: each village becomes a commune of one point, with
the population its tags give (or a usual one for its kind, told), and the largest town holds the
only counter. ``python tools/villages.py andorra.osm.pbf OUT`` writes communes.geojson,
points_fixes.csv and scenario.toml in ``OUT``; then ``tourplan solve OUT/scenario.toml``.

Data: © OpenStreetMap contributors, ODbL; what is written stays under that licence.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from dataclasses import dataclass
from pathlib import Path

USUAL = {"city": 20_000, "town": 5_000, "village": 500, "hamlet": 40}
"""Residents where the file has no figure (assumed)."""
SERVED = ("town", "village")
AREA = "Villages"


@dataclass(frozen=True)
class Village:
    """A place of the file; ``known`` tells a population that is tagged from a usual one."""

    code: str
    name: str
    kind: str
    residents: int
    known: bool
    lon: float
    lat: float


def villages_of(path: Path) -> list[Village]:
    """The places of an OSM file, the most inhabited first."""
    import osmium

    places = osmium.FileProcessor(str(path), osmium.osm.NODE).with_filter(
        osmium.filter.KeyFilter("place")
    )
    found = []
    for node in places:
        kind = node.tags.get("place")
        if kind not in USUAL or not node.tags.get("name"):
            continue
        figure = node.tags.get("population", "").replace(" ", "")
        known = figure.isdecimal()
        residents = int(figure) if known else USUAL[kind]
        found.append((residents, node.tags["name"], kind, known, node.lon, node.lat))
    found.sort(key=lambda place: (-place[0], place[1]))
    return [
        Village(f"9{number:04d}", name, kind, residents, known, lon, lat)
        for number, (residents, name, kind, known, lon, lat) in enumerate(found, start=1)
    ]


def feature(village: Village) -> dict[str, object]:
    """A village as a commune of ``data/communes.geojson``."""
    return {
        "type": "Feature",
        "properties": {
            "code": village.code,
            "nom": village.name,
            "departement": "99",
            "epci_code": AREA,
            "epci_nom": AREA,
            "population": village.residents,
            "point_lon": village.lon,
            "point_lat": village.lat,
        },
        "geometry": None,
    }


def scenario(source: Path, villages: list[Village]) -> str:
    """A scenario that may serve every village from the largest town."""
    depot = villages[0].code
    served = [v.code for v in villages[1:] if v.kind in SERVED]
    codes = "".join(f'    "{code}",\n' for code in served)
    return f"""titre = "Villages de {source.name}"

[communes]
candidates = [
{codes}]

[habitants]
communes = {json.dumps([v.code for v in villages])}

[points_fixes]
integres = false
fichiers = ["points_fixes.csv"]

[territoire]
fichiers = ["communes.geojson"]

[reseau]
source = "fichier"
fichier = {json.dumps(str(source.resolve()))}

[[vehicules]]
depot = "{depot}"

[[acces]]
minutes = 15

[[acces]]
minutes = 10
"""


def write(source: Path, out: Path) -> list[Village]:
    """Write the three files, and return the villages.

    Raises:
        SystemExit: the file has fewer than three villages.
    """
    villages = villages_of(source)
    if len(villages) < 3:
        sys.exit(f"{source.name}: fewer than three villages")
    out.mkdir(parents=True, exist_ok=True)
    collection = {"type": "FeatureCollection", "features": [feature(v) for v in villages]}
    text = json.dumps(collection, ensure_ascii=False)
    (out / "communes.geojson").write_text(text, encoding="utf-8")
    with (out / "points_fixes.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(["id", "nom", "code_insee", "commune"])
        rows.writerow(["1", "Accueil", villages[0].code, villages[0].name])
    (out / "scenario.toml").write_text(scenario(source, villages), encoding="utf-8")
    return villages


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    villages = write(given.source, given.out)
    usual = sum(not village.known for village in villages)
    print(f"{len(villages)} places, {usual} of them with a usual population")


if __name__ == "__main__":
    main()
