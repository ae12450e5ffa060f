"""Checks of the sources and of the data: each one returns what it finds, and decides nothing.

A finding names its check, its subject (INSEE code, counter number or link) and a measure. Lengths
are measured in EPSG:2154 and told in metres or km. What is done about a finding is written, with
its reason and date, in ``settled.csv``.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from databuild.hours import DAYS_OSM, Week, closing_before_opening, overlapping, write_ranges
from databuild.sources import LonLat

Areas = Mapping[str, BaseGeometry]

FAR_MAIRIE_M = 300.0
FAR_COUNTER_KM = 5.0
SLOWEST_KMH = 15.0
FASTEST_KMH = 120.0
LONGEST_DETOUR = 4.0
SAME_CONTOUR_DEGREES = 3e-5
SAME_SURFACE_KM2 = 0.01

_MAIL = re.compile(r"\S+@\S+|\bwww\.|https?:", re.IGNORECASE)
_PHONE = re.compile(r"(?:\+33|\b0)\s?\d(?:[\s.\-]?\d){8}\b|\b0\d(?:[\s.\-]?\d\d){4}\b")
_SOME_WEEKS = re.compile(r"\b(?:1er|[2-5][èe]me|semaines?|quinzaines?)\b", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Finding:
    """Something a check found: to be settled by name before the data are written."""

    check: str
    subject: str
    measure: str


def repeated(keys: Iterable[str], check: str) -> list[Finding]:
    """Keys that stand more than once: communes, counters, links."""
    return sorted(
        Finding(check, key, f"{times} times") for key, times in Counter(keys).items() if times > 1
    )


def missing_on_one_side(left: Collection[str], right: Collection[str]) -> list[Finding]:
    """Communes one source knows and another does not."""
    only_left, only_right = set(left) - set(right), set(right) - set(left)
    return sorted(
        [Finding("commune missing", code, "only in the registry") for code in only_left]
        + [Finding("commune missing", code, "not in the registry") for code in only_right]
    )


def differing_facts(
    registry: Mapping[str, Mapping[str, str]], gathered: Mapping[str, Mapping[str, str]]
) -> list[Finding]:
    """Facts (name, SIREN, EPCI, population, postcodes, address, hours) that differ by source."""
    return [
        Finding("sources differ", f"{code} {field}", f"{value} / {gathered[code][field]}")
        for code in sorted(set(registry) & set(gathered))
        for field, value in registry[code].items()
        if field in gathered[code] and value != gathered[code][field]
    ]


def differing_contours(registry: Areas, gathered: Areas) -> list[Finding]:
    """Contours further apart than rounding to five decimals can explain."""
    distances = {
        code: float(shapely.hausdorff_distance(registry[code], gathered[code]))
        for code in sorted(set(registry) & set(gathered))
    }
    return [
        Finding("contours differ", code, f"{distance:.5f} degrees")
        for code, distance in distances.items()
        if distance > SAME_CONTOUR_DEGREES
    ]


def differing_surfaces(areas: Areas, surfaces_km2: Mapping[str, float]) -> list[Finding]:
    """Communes whose contour does not have the surface the developer's figures give, in km²."""
    return [
        Finding("surfaces differ", code, f"{square_km(area):.2f} / {surfaces_km2[code]:.2f} km²")
        for code, area in sorted(areas.items())
        if code in surfaces_km2 and abs(square_km(area) - surfaces_km2[code]) > SAME_SURFACE_KM2
    ]


def without_people(populations: Mapping[str, str]) -> list[Finding]:
    """Communes whose population is missing, zero or not a whole number."""
    return [
        Finding("no population", code, value or "missing")
        for code, value in sorted(populations.items())
        if not (value.isdigit() and int(value) > 0)
    ]


def points_outside(points: Mapping[str, LonLat], areas: Areas) -> list[Finding]:
    """Reference points that lie outside their commune, in metres."""
    distances = _distances_outside(points, areas)
    return [
        Finding("point outside", code, f"{distance:.0f} m")
        for code, distance in distances.items()
        if distance > 0
    ]


def mairies_outside(mairies: Mapping[str, LonLat], areas: Areas) -> list[Finding]:
    """Mairie points that lie outside their commune: how many km, and in which commune they lie."""
    distances = _distances_outside(mairies, areas)
    return [
        Finding(
            "mairie outside",
            code,
            f"{distance / 1000:.2f} km, {_commune_at(mairies[code], areas)}",
        )
        for code, distance in distances.items()
        if distance > 0
    ]


def mairies_far(mairies: Mapping[str, LonLat], points: Mapping[str, LonLat]) -> list[Finding]:
    """Mairie points more than 300 m away from the commune's reference point, in km."""
    codes = sorted(set(mairies) & set(points))
    apart = shapely.distance(
        _metric_points([mairies[code] for code in codes]),
        _metric_points([points[code] for code in codes]),
    )
    return [
        Finding("mairie far", code, f"{distance / 1000:.2f} km")
        for code, distance in zip(codes, apart, strict=True)
        if distance > FAR_MAIRIE_M
    ]


def without_mairie(mairies: Collection[str], codes: Iterable[str]) -> list[Finding]:
    """Communes whose mairie has no point."""
    return [Finding("no mairie", code, "") for code in sorted(set(codes) - set(mairies))]


def addresses_elsewhere(
    addresses: Mapping[str, str], postcodes: Mapping[str, str]
) -> list[Finding]:
    """Addresses whose postcode is not one of the commune's (``;`` between postcodes)."""
    found = {code: re.findall(r"\b\d{5}\b", address) for code, address in addresses.items()}
    return [
        Finding("address elsewhere", code, " ".join(found[code]) or "no postcode")
        for code in sorted(addresses)
        if not set(found[code][-1:]) & set(postcodes[code].split(";"))
    ]


def backward_hours(weeks: Mapping[str, Week]) -> list[Finding]:
    """Openings that close no later than they open."""
    return [
        Finding("closes before opening", f"{key} {DAYS_OSM[day]}", write_ranges(wrong))
        for key, week in weeks.items()
        for day, openings in week.items()
        if (wrong := closing_before_opening(openings))
    ]


def clashing_hours(weeks: Mapping[str, Week]) -> list[Finding]:
    """Openings of one day that overlap."""
    return [
        Finding("hours overlap", f"{key} {DAYS_OSM[day]}", write_ranges(openings))
        for key, week in weeks.items()
        for day, openings in week.items()
        if overlapping(openings)
    ]


def invalid_areas(areas: Areas) -> list[Finding]:
    """Contours that are empty, or that cross themselves."""
    return [
        Finding("invalid contour", code, str(shapely.is_valid_reason(area)))
        for code, area in sorted(areas.items())
        if area.is_empty or not shapely.is_valid(area)
    ]


def unshared_borders(areas: Areas) -> list[Finding]:
    """Communes whose border overlaps a neighbour's, or misses one of its vertices (km told)."""
    codes = sorted(areas)
    edges = shapely.coverage_invalid_edges(np.array([areas[code] for code in codes]))
    return [
        Finding("border not shared", code, f"{to_metres(edge).length / 1000:.2f} km")
        for code, edge in zip(codes, edges, strict=True)
        if not shapely.is_empty(edge)
    ]


def holes(areas: Areas) -> dict[str, BaseGeometry]:
    """Land of no commune inside a territory, keyed by the communes around it."""
    land = shapely.union_all(list(areas.values()))
    rings = [ring for part in shapely.get_parts(land) for ring in part.interiors]
    return {
        " ".join(sorted(code for code, area in areas.items() if shapely.intersects(area, ring))): (
            shapely.polygons(ring)
        )
        for ring in rings
    }


def land_of_no_commune(areas: Areas) -> list[Finding]:
    """Holes between communes, in km²: the land of a commune that merged since, or worse."""
    return [
        Finding("land of no commune", around, f"{square_km(hole):.2f} km²")
        for around, hole in sorted(holes(areas).items())
    ]


def unknown_communes(uses: Mapping[str, Iterable[str]], codes: Collection[str]) -> list[Finding]:
    """Links, counters or stops whose commune is unknown."""
    return [
        Finding("unknown commune", user, code)
        for user, used in uses.items()
        for code in used
        if code not in codes
    ]


def absurd_speeds(km_minutes: Mapping[str, tuple[float, float]]) -> list[Finding]:
    """Links driven slower than 15 km/h or faster than 120 km/h, or without length or time."""
    return [
        Finding("absurd speed", link, f"{km:.2f} km in {minutes:.1f} min")
        for link, (km, minutes) in km_minutes.items()
        if not (km > 0 and minutes > 0 and SLOWEST_KMH <= km / minutes * 60 <= FASTEST_KMH)
    ]


def impossible_lengths(
    km: Mapping[tuple[str, str], float], points: Mapping[str, LonLat]
) -> list[Finding]:
    """Links shorter than the crow flies between their points."""
    crows = _crow_km([(points[a], points[b]) for a, b in km])
    return [
        Finding("shorter than the crow flies", f"{a}-{b}", f"{length:.2f} km for {crow:.2f} km")
        for ((a, b), length), crow in zip(km.items(), crows, strict=True)
        if length < crow
    ]


def long_detours(
    km: Mapping[tuple[str, str], float], points: Mapping[str, LonLat]
) -> list[Finding]:
    """Links more than four times as long as the crow flies."""
    crows = _crow_km([(points[a], points[b]) for a, b in km])
    return [
        Finding("long detour", f"{a}-{b}", f"{length:.2f} km for {crow:.2f} km")
        for ((a, b), length), crow in zip(km.items(), crows, strict=True)
        if length > LONGEST_DETOUR * crow
    ]


def stranded_communes(
    links: Iterable[tuple[str, str]], territories: Mapping[str, str]
) -> list[Finding]:
    """Communes that links do not join to the largest part of their département."""
    part = {code: code for code in territories}

    def root(code: str) -> str:
        while part[code] != code:
            code = part[code]
        return code

    for a, b in links:
        part[root(a)] = root(b)
    members: dict[str, Counter[str]] = defaultdict(Counter)
    for code, territory in territories.items():
        members[territory][root(code)] += 1
    main = {territory: roots.most_common(1)[0][0] for territory, roots in members.items()}
    return [
        Finding("not linked", code, territory)
        for code, territory in sorted(territories.items())
        if root(code) != main[territory]
    ]


def counters_outside(
    places: Mapping[str, LonLat], communes: Mapping[str, str], areas: Areas
) -> list[Finding]:
    """Counters geocoded outside their commune: how far, and where they fall."""
    own = {key: areas[communes[key]] for key in places if communes[key] in areas}
    return [
        Finding(
            "counter outside", key, f"{distance / 1000:.2f} km, {_commune_at(places[key], areas)}"
        )
        for key, distance in _distances_outside(places, own).items()
        if distance > 0
    ]


def counters_far(
    places: Mapping[str, LonLat], communes: Mapping[str, str], points: Mapping[str, LonLat]
) -> list[Finding]:
    """Counters more than 5 km away from their commune's reference point, as the crow flies."""
    known = [key for key in places if communes[key] in points]
    crows = _crow_km([(places[key], points[communes[key]]) for key in known])
    return [
        Finding("counter far", key, f"{away:.2f} km from the commune's point")
        for key, away in zip(known, crows, strict=True)
        if away > FAR_COUNTER_KM
    ]


def shared_places(places: Mapping[str, LonLat]) -> list[Finding]:
    """Counters with the very same coordinates."""
    at: dict[LonLat, list[str]] = defaultdict(list)
    for key, place in places.items():
        at[place].append(key)
    return [
        Finding("same place", " ".join(keys), f"{place[0]} {place[1]}")
        for place, keys in at.items()
        if len(keys) > 1
    ]


def named_after_another(
    names: Mapping[str, str], communes: Mapping[str, str], commune_names: Mapping[str, str]
) -> list[Finding]:
    """Counters whose name holds the name of another commune, and not their own.

    Names of fewer than five letters are too common as words to be looked for.
    """
    plain = {code: _plain(name) for code, name in commune_names.items()}
    findings = []
    for key, name in names.items():
        words = f" {_plain(name)} "
        own = plain.get(communes[key], "")
        if any(f" {word} " in words for word in [own, *own.split()] if len(word) > 4):
            continue
        others = [
            code
            for code, other in plain.items()
            if len(other) > 4 and f" {other} " in words and code[:2] == communes[key][:2]
        ]
        findings += [Finding("named after another commune", key, code) for code in others]
    return findings


def communes_misnamed(
    named: Mapping[str, tuple[str, str]], commune_names: Mapping[str, str]
) -> list[Finding]:
    """Rows (counter or stop) whose commune is not called as its code says."""
    return [
        Finding("commune misnamed", key, name)
        for key, (code, name) in named.items()
        if code in commune_names and _plain(name) != _plain(commune_names[code])
    ]


def some_weeks_only(notes: Mapping[str, str]) -> list[Finding]:
    """Counters whose note speaks of some weeks of the month: the hours written are not weekly."""
    return [
        Finding("some weeks only", key, match[0])
        for key, note in notes.items()
        if (match := _SOME_WEEKS.search(note))
    ]


def without_hours(weeks: Mapping[str, Week]) -> list[Finding]:
    """Counters or mairies of unknown hours."""
    return [Finding("hours unknown", key, "") for key, week in weeks.items() if not week]


def hidden_contacts(texts: Mapping[str, str]) -> list[Finding]:
    """Mails, sites and telephone numbers hidden in names and addresses."""
    return [
        Finding("hidden contact", key, "mail or site" if _MAIL.search(text) else "telephone")
        for key, text in texts.items()
        if _MAIL.search(text) or _PHONE.search(text)
    ]


def to_metres(geometry: BaseGeometry) -> BaseGeometry:
    """A WGS84 geometry (or an array of them) in EPSG:2154, the French metric projection."""
    return shapely.transform(geometry, _project)


def square_km(area: BaseGeometry) -> float:
    """Surface of a WGS84 contour, in km² measured in EPSG:2154."""
    return float(to_metres(area).area) / 1e6


@cache
def _projection() -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(4326, 2154, always_xy=True)


def _project(lon_lat: np.ndarray) -> np.ndarray:
    return np.column_stack(_projection().transform(lon_lat[:, 0], lon_lat[:, 1]))


def _metric_points(points: Sequence[LonLat]) -> np.ndarray:
    return np.asarray(to_metres(shapely.points(np.array(points, dtype=float).reshape(-1, 2))))


def _crow_km(pairs: Sequence[tuple[LonLat, LonLat]]) -> list[float]:
    starts = _metric_points([a for a, _ in pairs])
    ends = _metric_points([b for _, b in pairs])
    return [float(metres) / 1000 for metres in shapely.distance(starts, ends)]


def _distances_outside(points: Mapping[str, LonLat], areas: Areas) -> dict[str, float]:
    codes = sorted(set(points) & set(areas))
    apart = shapely.distance(
        _metric_points([points[code] for code in codes]),
        to_metres(np.array([areas[code] for code in codes], dtype=object)),
    )
    return {code: float(distance) for code, distance in zip(codes, apart, strict=True)}


def _commune_at(point: LonLat, areas: Areas) -> str:
    place = shapely.points(point)
    inside = [code for code, area in sorted(areas.items()) if shapely.intersects(area, place)]
    return f"in {inside[0]}" if inside else "in no commune of the project"


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.replace("œ", "oe").lower())
    ascii_only = letters.encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z]+", ascii_only.replace("'", " ").replace("’", " "))
    return " ".join({"st": "saint", "ste": "sainte"}.get(word, word) for word in words)
