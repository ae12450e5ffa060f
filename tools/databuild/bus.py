"""The bus of northern Charente: its published stops become a tour."""

from __future__ import annotations

import re
from collections.abc import Mapping

DAYS = {"Mo": "lundi", "Tu": "mardi", "We": "mercredi", "Th": "jeudi", "Fr": "vendredi"}
COLUMNS = (
    "semaine",
    "jour",
    "demi_journee",
    "code_insee",
    "commune",
    "lieu",
    "adresse",
    "lon",
    "lat",
    "ouverture",
    "fermeture",
    "pause_de",
    "pause_a",
)
DEPARTEMENT_DEG = (-0.6, 45.1, 1.0, 46.2)
"""West, south, east and north of Charente: one stop is placed in another département."""


def tour_rows(stops: list[dict[str, str]], names: Mapping[str, str]) -> list[dict[str, str]]:
    """The stops as rows of a tour under ``COLUMNS``: week 1 for odd weeks, 2 for even ones.

    Args:
        stops: the published rows (hours in OpenStreetMap's syntax, one day each).
        names: of communes, by code.
    """
    return [dict(zip(COLUMNS, _row(stop, names), strict=True)) for stop in stops]


def _row(stop: dict[str, str], names: Mapping[str, str]) -> tuple[str, ...]:
    day, spans = stop["horaires"].removesuffix("; PH off").split(" ")
    openings = [span.split("-") for span in spans.split(",")]
    (opening, *_), (*_, closing) = openings[0], openings[-1]
    whole = len(openings) == 2
    half = "matin" if opening < "12:00" else "après-midi"
    place = re.sub(r".*\[(.*)\]", r"\1", stop["nom"])
    town = names[stop["code_insee"]]
    street = ", ".join(stop["adresse"].split("\n"))
    lon, lat = float(stop["longitude"]), float(stop["latitude"])
    west, south, east, north = DEPARTEMENT_DEG
    placed = west < lon < east and south < lat < north
    return (
        "1" if stop["semaine"] == "Semaine impaire" else "2",
        DAYS[day],
        "journée" if whole else half,
        stop["code_insee"],
        town,
        place,
        f"{street}, {stop['code_postal']} {town}",
        stop["longitude"] if placed else "",
        stop["latitude"] if placed else "",
        opening,
        closing,
        openings[0][1] if whole else "",
        openings[1][0] if whole else "",
    )
