"""Reads the embedded files back, and checks them as a reader of the project would meet them."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from databuild import checks
from databuild.checks import Finding
from databuild.hours import is_half_day, read_week
from databuild.sources import LonLat

TOURS = ("herault_2021", "herault_2024", "charente_bus")


@dataclass(frozen=True)
class Embedded:
    """The embedded data: commune properties and contours, counters, links and tours, as rows."""

    communes: dict[str, dict[str, Any]]
    codes: list[str]
    areas: dict[str, BaseGeometry]
    counters: list[dict[str, str]]
    links: list[dict[str, str]]
    tours: dict[str, list[dict[str, str]]]

    @property
    def points(self) -> dict[str, LonLat]:
        """Reference point of each commune."""
        return {code: (row["point_lon"], row["point_lat"]) for code, row in self.communes.items()}

    @property
    def names(self) -> dict[str, str]:
        """Name of each commune."""
        return {code: row["nom"] for code, row in self.communes.items()}


def read_embedded(folder: Path) -> Embedded:
    """The embedded data found in a folder."""
    text = (folder / "communes.geojson").read_text(encoding="utf-8")
    features = json.loads(text)["features"]
    return Embedded(
        communes={f["properties"]["code"]: f["properties"] for f in features},
        codes=[f["properties"]["code"] for f in features],
        areas={
            f["properties"]["code"]: shapely.from_geojson(json.dumps(f["geometry"]))
            for f in features
        },
        counters=_rows(folder / "points_fixes.csv"),
        links=_rows(folder / "liaisons.csv"),
        tours={name: _rows(folder / "tournees" / f"{name}.csv") for name in TOURS},
    )


def embedded_findings(data: Embedded) -> list[Finding]:
    """Everything the checks find in the embedded data."""
    return [
        *commune_findings(data),
        *counter_findings(data),
        *link_findings(data),
        *tour_findings(data),
    ]


def commune_findings(data: Embedded) -> list[Finding]:
    """Checks on communes: codes, people, points, hours, addresses, contours."""
    weeks = {code: read_week(row["mairie_horaires"]) for code, row in data.communes.items()}
    addresses = {code: row["mairie_adresse"] for code, row in data.communes.items()}
    postcodes = {code: row["codes_postaux"] for code, row in data.communes.items()}
    people = {code: str(row["population"]) for code, row in data.communes.items()}
    return [
        *checks.repeated(data.codes, "commune twice"),
        *checks.without_people(people),
        *checks.points_outside(data.points, data.areas),
        *checks.backward_hours(weeks),
        *checks.clashing_hours(weeks),
        *checks.addresses_elsewhere(addresses, postcodes),
        *checks.hidden_contacts(addresses),
        *checks.invalid_areas(data.areas),
        *checks.unshared_borders(data.areas),
        *checks.land_of_no_commune(data.areas),
    ]


def counter_findings(data: Embedded) -> list[Finding]:
    """Checks on counters: numbers, communes, places, hours, contacts."""
    communes = {row["id"]: row["code_insee"] for row in data.counters}
    places = {row["id"]: (float(row["lon"]), float(row["lat"])) for row in data.counters}
    weeks = {row["id"]: read_week(row["horaires"]) for row in data.counters}
    names = {row["id"]: row["nom"] for row in data.counters}
    addresses = {row["id"]: row["adresse"] for row in data.counters}
    postcodes = {
        row["id"]: data.communes.get(row["code_insee"], {}).get("codes_postaux", "")
        for row in data.counters
    }
    named = {row["id"]: (row["code_insee"], row["commune"]) for row in data.counters}
    return [
        *checks.repeated((row["id"] for row in data.counters), "counter twice"),
        *checks.unknown_communes({key: [code] for key, code in communes.items()}, data.communes),
        *checks.communes_misnamed(named, data.names),
        *checks.named_after_another(names, communes, data.names),
        *checks.counters_outside(places, communes, data.areas),
        *checks.counters_far(places, communes, data.points),
        *checks.backward_hours(weeks),
        *checks.clashing_hours(weeks),
        *checks.without_hours(weeks),
        *checks.addresses_elsewhere(addresses, postcodes),
        *checks.hidden_contacts({key: f"{names[key]} {addresses[key]}" for key in names}),
        *half_day_findings(data.counters),
    ]


def half_day_findings(counters: list[dict[str, str]]) -> list[Finding]:
    """Counters whose half-day mark is not the one their hours give."""
    return [
        Finding("half-day mark", row["id"], row["demi_journee"])
        for row in counters
        if row["demi_journee"] != half_day_mark(row["horaires"])
    ]


def half_day_mark(hours: str) -> str:
    """``oui`` for a half-day counter, ``non`` otherwise, empty when hours are unknown."""
    week = read_week(hours)
    if not week:
        return ""
    return "oui" if is_half_day(week) else "non"


def link_findings(data: Embedded) -> list[Finding]:
    """Checks on links: communes, speeds, lengths, reach."""
    known = [row for row in data.links if {row["a"], row["b"]} <= set(data.communes)]
    pairs = {f"{row['a']}-{row['b']}": (row["a"], row["b"]) for row in data.links}
    figures = {
        f"{row['a']}-{row['b']}": (float(row["km"]), float(row["minutes"])) for row in data.links
    }
    km = {(row["a"], row["b"]): float(row["km"]) for row in known}
    territories = {code: row["departement"] for code, row in data.communes.items()}
    return [
        *checks.repeated((f"{row['a']}-{row['b']}" for row in data.links), "link twice"),
        *checks.unknown_communes(pairs, data.communes),
        *checks.absurd_speeds(figures),
        *checks.impossible_lengths(km, data.points),
        *checks.long_detours(km, data.points),
        *checks.stranded_communes(km, territories),
    ]


def tour_findings(data: Embedded) -> list[Finding]:
    """Checks on tours: communes and their names."""
    stops = {
        f"{name} {row.get('semaine', '')} {row['jour']} {row['demi_journee']}": (
            row["code_insee"],
            row["commune"],
        )
        for name, rows in data.tours.items()
        for row in rows
    }
    return [
        *checks.unknown_communes({key: [code] for key, (code, _) in stops.items()}, data.communes),
        *checks.communes_misnamed(stops, data.names),
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))
