"""Communes, their mairies, and the fixed counters."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from tourplan.errors import Fault, InputError, curly, quoted
from tourplan.files import data_file, read_text
from tourplan.hours import WeekHours
from tourplan.tables import Row, decimal, read_table

A = TypeVar("A")
T = TypeVar("T")

FIXED_FORMATS = ("Fixe", "Multisites", "Fixe_antenne(s)")
MAX_RESIDENTS = 100_000_000
"""More residents than this at one point are a slip, and would overflow sums of seconds."""


@dataclass(frozen=True)
class Commune:
    """A commune: place of residence, and site at its mairie. Longitude and latitude in degrees."""

    code: str
    name: str
    departement: str
    epci_code: str
    epci_name: str
    population: int
    postcodes: str
    lon: float
    lat: float
    address: str
    hours: WeekHours | None
    geometry: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Counter:
    """A fixed France Services counter; counted at the chef-lieu of its commune."""

    id: str
    name: str
    code: str
    commune: str
    address: str
    lon: float | None
    lat: float | None
    hours: WeekHours | None
    format: str
    half_day: bool
    operators: tuple[str, ...]
    date: str


@dataclass(frozen=True)
class Territory:
    """The communes by INSEE code and the fixed counters."""

    communes: Mapping[str, Commune]
    counters: tuple[Counter, ...]

    def __repr__(self) -> str:
        return f"Territory({len(self.communes)} communes, {len(self.counters)} points fixes)"

    def __contains__(self, code: str) -> bool:
        return code in self.communes

    def __getitem__(self, code: str) -> Commune:
        return self.communes[code]

    def name(self, code: str) -> str:
        """The name of a commune, or its code when it is unknown."""
        return self.communes[code].name if code in self.communes else code

    def of_epci(self, epci_code: str) -> tuple[str, ...]:
        """The codes of the communes of an intercommunalité."""
        return tuple(c.code for c in self.communes.values() if c.epci_code == epci_code)

    def epcis(self) -> dict[str, str]:
        """The names of the intercommunalités by code."""
        return {c.epci_code: c.epci_name for c in self.communes.values() if c.epci_code}

    def own_codes(self) -> frozenset[str]:
        """The communes that are not as in the embedded territory: the user's."""
        embedded = _embedded_communes()
        return frozenset(c for c, commune in self.communes.items() if embedded.get(c) != commune)

    def counter_codes(self) -> tuple[str, ...]:
        """The codes of the communes that hold at least one fixed counter, sorted."""
        return tuple(sorted({counter.code for counter in self.counters}))

    def to_frame(self) -> Any:
        """A GeoDataFrame (EPSG:4326), one row a commune, indexed by INSEE code."""
        import geopandas
        from shapely.geometry import shape

        rows = [c for c in self.communes.values() if c.geometry is not None]
        return geopandas.GeoDataFrame(
            {
                "code": [c.code for c in rows],
                "nom": [c.name for c in rows],
                "epci_code": [c.epci_code for c in rows],
                "epci_nom": [c.epci_name for c in rows],
                "population": [c.population for c in rows],
            },
            geometry=[shape(c.geometry) for c in rows],
            crs="EPSG:4326",
        ).set_index("code")


def read_communes(path: Path) -> dict[str, Commune]:
    """The communes of a GeoJSON file (columns as in ``data/communes.geojson``).

    Raises:
        InputError: every fault of the file at once.
    """
    place = path.name
    features = _features(path, place)
    communes: dict[str, Commune] = {}
    faults: list[Fault] = []
    for number, feature in enumerate(features, start=1):
        row = f"{place}, objet {number}"
        commune = _caught(faults, row, _commune, feature)
        if commune is None:
            continue
        if commune.code in communes:
            faults.append(Fault(row, f"code INSEE {commune.code} en double", "gardez une ligne"))
        communes[commune.code] = commune
    if faults:
        raise InputError(faults)
    return communes


def read_counters(path: Path) -> tuple[Counter, ...]:
    """The fixed counters of a CSV file (columns as in ``data/points_fixes.csv``).

    Raises:
        InputError: every fault of the file at once.
    """
    rows = read_table(path, ("id", "nom", "code_insee"))
    faults: list[Fault] = []
    counters = [_caught(faults, row.where, _counter, row) for row in rows]
    seen: set[str] = set()
    for row in rows:
        if row.text("id") in seen:
            faults.append(
                Fault(
                    row.where, f"identifiant « {row.text('id')} » en double", "donnez-en un autre"
                )
            )
        elif row.text("id"):
            seen.add(row.text("id"))
    if faults:
        raise InputError(faults)
    return tuple(c for c in counters if c is not None)


def read_territory(
    communes_files: Iterable[Path] = (),
    counter_files: Iterable[Path] = (),
    *,
    embedded_counters: bool = True,
    without: Iterable[str] = (),
) -> Territory:
    """The embedded territory, with the user's communes (same code: replaced) and counters added.

    Args:
        communes_files: GeoJSON files of the user.
        counter_files: CSV files of the user.
        embedded_counters: whether the embedded national list counts.
        without: ids of counters to leave out.

    Raises:
        InputError: every fault of every file at once.
    """
    faults: list[Fault] = []
    communes = dict(_embedded_communes())
    counters = list(_embedded_counters()) if embedded_counters else []
    for path in communes_files:
        communes.update(_collected(faults, read_communes, path) or {})
    for path in counter_files:
        counters.extend(_collected(faults, read_counters, path) or ())
    faults += [
        Fault(f"point fixe « {c.id} »", f"code INSEE « {c.code} » inconnu", "corrigez code_insee")
        for c in counters
        if c.code not in communes
    ]
    left_out = set(without)
    faults += [
        Fault(
            "points_fixes.exclus",
            f"aucun point fixe n’a l’identifiant « {missing} »",
            "reprenez la colonne id de data/points_fixes.csv ou de vos fichiers",
        )
        for missing in sorted(left_out - {c.id for c in counters})
    ]
    if faults:
        raise InputError(faults)
    return Territory(communes, tuple(c for c in counters if c.id not in left_out))


@cache
def _embedded_communes() -> Mapping[str, Commune]:
    """The packaged communes, read once: a command asks for them several times."""
    return read_communes(data_file("communes.geojson"))


@cache
def _embedded_counters() -> tuple[Counter, ...]:
    return read_counters(data_file("points_fixes.csv"))


def _features(path: Path, place: str) -> list[dict[str, Any]]:
    """The features of a GeoJSON file."""
    try:
        content = json.loads(read_text(path, place))
        features = content["features"]
        if not isinstance(features, list):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError.of(
            place, "ce n’est pas un GeoJSON (FeatureCollection)", "exportez la couche en GeoJSON"
        ) from None
    return features


def _caught(faults: list[Fault], where: str, read: Callable[[A], T], what: A) -> T | None:
    """What ``read`` makes of ``what``, or ``None`` with its complaint added to ``faults``."""
    try:
        return read(what)
    except KeyError as error:
        faults.append(Fault(where, f"« {error.args[0]} » manque", "ajoutez-le"))
    except ValueError as error:
        faults.append(Fault(where, str(error), "corrigez la valeur"))
    return None


def _collected(faults: list[Fault], read: Callable[[A], T], what: A) -> T | None:
    """What ``read`` makes of ``what``, or ``None`` with the faults of its file added."""
    try:
        return read(what)
    except InputError as error:
        faults.extend(error.faults)
    return None


def _code(text: object) -> str:
    """A commune's INSEE code: five characters, kept as text."""
    if isinstance(text, str) and re.fullmatch(r"[0-9][0-9AB][0-9]{3}", text):
        return text
    raise ValueError(f"{quoted(text)} n’est pas un code INSEE : attendu 5 caractères, comme 05001")


def _number(value: object, key: str) -> float:
    """A number of JSON, or one written as text."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    try:
        return decimal(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(f"{key} : {quoted(value)} n’est pas un nombre") from None


def _residents(value: object, key: str) -> int:
    """A whole number of residents."""
    number = _number(value, key)
    if not 0 <= number <= MAX_RESIDENTS or number != int(number):
        raise ValueError(f"{key} : {quoted(value)} n’est pas un nombre entier d’habitants")
    return int(number)


def _degrees(properties: Mapping[str, Any], key: str, limit: int) -> float:
    """A longitude or a latitude."""
    value = _number(properties[key], key)
    if not -limit <= value <= limit:
        raise ValueError(f"{key} : {quoted(value)} est hors du globe, attendu des degrés (WGS 84)")
    return float(value)


def _text(properties: Mapping[str, Any], key: str) -> str:
    """A text that may be absent."""
    value = properties.get(key)
    if value is None:
        return ""
    if not isinstance(value, (str, int)):
        raise ValueError(f"{key} : {quoted(value)} n’est pas un texte")
    return curly(str(value))


def _outline(geometry: object) -> Mapping[str, Any] | None:
    """A commune's outline, its points left unread; ``None`` when there is none."""
    if geometry is None:
        return None
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise ValueError("contour illisible : attendu Polygon ou MultiPolygon")
    return geometry


def _commune(feature: object) -> Commune:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(feature, dict) or not isinstance(properties, dict):
        raise ValueError("ce n’est pas un objet GeoJSON avec ses propriétés")
    name = properties["nom"]
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"nom : {quoted(name)} n’est pas un nom")
    return Commune(
        code=_code(properties["code"]),
        name=curly(" ".join(name.split())),
        departement=_text(properties, "departement") or properties["code"][:2],
        epci_code=_text(properties, "epci_code"),
        epci_name=_text(properties, "epci_nom"),
        population=_residents(properties["population"], "population"),
        postcodes=_text(properties, "codes_postaux"),
        lon=_degrees(properties, "point_lon", 180),
        lat=_degrees(properties, "point_lat", 90),
        address=_text(properties, "mairie_adresse"),
        hours=WeekHours.parse(_text(properties, "mairie_horaires")),
        geometry=_outline(feature.get("geometry")),
    )


def _counter(row: Row) -> Counter:
    form = row.text("format") or "Fixe"
    if form not in FIXED_FORMATS:
        raise ValueError(f"format : {quoted(form)} inconnu, attendu {', '.join(FIXED_FORMATS)}")
    half_day = row.text("demi_journee").casefold()
    if half_day not in ("oui", "non", ""):
        raise ValueError(f"demi_journee : {quoted(half_day)} inconnu, attendu oui, non ou rien")
    if not row.text("id"):
        raise KeyError("id")
    if bool(row.text("lon")) != bool(row.text("lat")):
        raise ValueError("lon et lat vont ensemble : donnez les deux ou aucun")
    operators = row.text("operateurs").replace(",", "|").split("|")
    return Counter(
        id=row.text("id"),
        name=curly(row.text("nom")),
        code=_code(row.text("code_insee")),
        commune=curly(row.text("commune")),
        address=curly(row.text("adresse")),
        lon=_degrees(row.cells, "lon", 180) if row.text("lon") else None,
        lat=_degrees(row.cells, "lat", 90) if row.text("lat") else None,
        hours=WeekHours.parse(row.text("horaires")),
        format=form,
        half_day=half_day == "oui",
        operators=tuple(name.strip() for name in operators if name.strip()),
        date=row.text("date"),
    )
