"""A small OpenStreetMap file to route on: a grid of roads, one way and one river on request."""

from __future__ import annotations

import json
from pathlib import Path

from tourplan.scenario import Scenario

WEST, SOUTH, STEP = 3.00, 43.50, 0.02


def grid(path: Path, columns: int = 6, rows: int = 5, extra: str = "") -> Path:
    """Write secondary roads, 1.6 by 2.2 km apart; nodes are ``1000 + 100 row + column``."""
    nodes = [
        f'<node id="{number(c, r)}" lon="{lon(c):.4f}" lat="{lat(r):.4f}"/>'
        for r in range(rows)
        for c in range(columns)
    ]
    across = [[number(c, r) for c in range(columns)] for r in range(rows)]
    along = [[number(c, r) for r in range(rows)] for c in range(columns)]
    ways = [
        f'<way id="{k}">{"".join(f"""<nd ref="{n}"/>""" for n in refs)}'
        '<tag k="highway" v="secondary"/></way>'
        for k, refs in enumerate([*across, *along], start=1)
    ]
    head = '<?xml version="1.0" encoding="UTF-8"?><osm version="0.6" generator="tests">'
    path.write_text(head + "".join([*nodes, *ways]) + extra + "</osm>", encoding="utf-8")
    return path


def number(column: int, row: int) -> int:
    return 1000 + 100 * row + column


def lon(column: float) -> float:
    return WEST + STEP * column


def lat(row: float) -> float:
    return SOUTH + STEP * row


def grid_case(folder: Path, **network: object) -> Scenario:
    """Four communes on the grid, the first with a counter, where the tour starts."""
    grid(folder / "g.osm")
    places = {"90001": (0, 0), "90002": (5, 0), "90003": (0, 4), "90004": (5, 4)}
    features = [
        {
            "type": "Feature",
            "properties": {
                "code": code,
                "nom": f"Commune {code}",
                "epci_code": "E",
                "population": 100,
                "point_lon": lon(column),
                "point_lat": lat(row),
            },
            "geometry": None,
        }
        for code, (column, row) in places.items()
    ]
    collection = json.dumps({"type": "FeatureCollection", "features": features})
    (folder / "communes.geojson").write_text(collection, encoding="utf-8")
    (folder / "points.csv").write_text("id;nom;code_insee\n1;Accueil;90001\n", encoding="utf-8")
    keys = {
        "titre": "Grille",
        "communes": {"a_desservir": ["90002", "90004"]},
        "habitants": {"communes": list(places)},
        "territoire": {"fichiers": ["communes.geojson"]},
        "points_fixes": {"integres": False, "fichiers": ["points.csv"]},
        "reseau": {"source": "fichier", "fichier": "g.osm", **network},
        "vehicules": [{"depot": "90001"}],
        "semaine": {"ouverture_min_h": 0},
    }
    return Scenario.from_keys(keys, folder)
