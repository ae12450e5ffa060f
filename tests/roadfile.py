"""A small OpenStreetMap file to route on: a grid of roads, one way and one river on request."""

from __future__ import annotations

from pathlib import Path

WEST, SOUTH, STEP = 3.00, 43.50, 0.02


def grid(path: Path, columns: int = 6, rows: int = 5, extra: str = "") -> Path:
    """Write a grid of secondary roads of about 1.6 by 2.2 km; nodes are ``1000 + 100 row + col``."""
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
