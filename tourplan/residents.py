"""Where people live: the residents file, point by point, in whole residents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tourplan.errors import Fault, InputError, quoted
from tourplan.network.store import content_of
from tourplan.tables import Row, code_fault, decimal, read_table
from tourplan.territory import MAX_RESIDENTS

Ints = NDArray[np.int64]

CODE, PEOPLE = "code_insee", "habitants"
SYNONYMS = {CODE: ("code",), PEOPLE: ("ind",), "lon": ("longitude",), "lat": ("latitude",)}
"""Other names of the columns: those of INSEE's files of 200 m cells, and of GIS tools."""
OTHER_USES = {CODE, "nom", "lon", "lat", *SYNONYMS[CODE], *SYNONYMS["lon"], *SYNONYMS["lat"]}
"""Columns that are no weights."""
MAX_POINTS = 100_000
MAX_TOLD = 20
"""Faults of rows, or of points, told one by one; the others are counted."""
PARTS = 1000
"""Weights are read to the thousandth of a resident."""
NAME_LENGTH = 100
DEGREE_DIGITS = 6
"""Points nearer than a millionth of a degree, some 10 cm, are one."""


@dataclass(frozen=True)
class ResidentPoint:
    """``weight`` residents who live in the commune ``code``, at a point or at its chef-lieu.

    Attributes:
        code: INSEE code of the commune.
        weight: residents.
        name: of the hamlet, if told.
        lon, lat: where, in degrees; ``None``: at the chef-lieu.
        number: of the point within its commune, from 1; 0 at the chef-lieu.
        others: what the point counts for in each other column asked for.
    """

    code: str
    weight: int
    name: str = ""
    lon: float | None = None
    lat: float | None = None
    number: int = 0
    others: dict[str, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The name of its place: ``34036`` for the chef-lieu, ``34036#12`` for a point."""
        return f"{self.code}#{self.number}" if self.number else self.code


@dataclass(frozen=True)
class Residents:
    """Whose access counts, by commune, and what is to be told of them, in French."""

    points: tuple[ResidentPoint, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Line:
    """One row of the file: weights in thousandths, residents first, then each column asked for."""

    code: str
    name: str
    lon: float | None
    lat: float | None
    parts: tuple[int, ...]

    @property
    def spot(self) -> tuple[str, float, float]:
        """What rows of one point share; the chef-lieu comes before any point."""
        if self.lon is None or self.lat is None:
            return self.code, -np.inf, -np.inf
        return self.code, self.lon, self.lat


def read_residents(path: Path, columns: Sequence[str] = ()) -> Residents:
    """Resident points of a CSV file with columns ``code_insee`` and ``habitants``.

    ``lon`` and ``lat`` give a row a point of its own; rows without are at the chef-lieu. Rows on
    one spot add up. Weights may have decimals: each commune's total is rounded to the nearest
    whole number, halves up, and its points share it (largest remainders first).

    Args:
        path: the file.
        columns: other columns to read weights from, as compared (``plus_75``).

    Raises:
        InputError: every fault of the file at once, a bounded number of them.
    """
    columns = tuple(columns)
    try:
        content = content_of(path) if path.is_file() else ""
    except (OSError, ValueError):
        content = ""
    if not content:  # reading it will tell why
        return _read(path, columns)
    return _read_once(path, content, columns)


@lru_cache(maxsize=1)
def _read_once(path: Path, _content: str, columns: tuple[str, ...]) -> Residents:
    """The points of a file, read once while its content stays: a command asks several times."""
    return _read(path, columns)


def _read(path: Path, columns: tuple[str, ...]) -> Residents:
    """The points of a file."""
    place = path.name
    faults = [
        Fault(place, f"la colonne « {name} » ne peut pas servir de poids", "nommez-en une autre")
        for name in columns
        if name in OTHER_USES
    ]
    rows = read_table(path, (CODE, PEOPLE, *columns), synonyms=SYNONYMS)
    if len(rows) > MAX_POINTS:
        what = f"{len(rows)} lignes, plus de {MAX_POINTS}"
        faults.append(Fault(place, what, "regroupez les points, par carreaux plus grands"))
        raise InputError(faults)
    known = _Columns.of(rows, columns)
    lines = [known.line(row) for row in rows]
    told = [fault for line in lines if isinstance(line, list) for fault in line]
    faults += bounded(told, place, "fautes")
    if faults:
        raise InputError(faults)
    spots = _merged(line for line in lines if isinstance(line, _Line))
    parts = np.array([spot.parts for spot in spots], dtype=np.int64)
    parts = parts.reshape(len(spots), 1 + len(columns))
    weights = _whole(parts, [spot.code for spot in spots])
    return Residents(
        _numbered(spots, weights, columns),
        tuple(_rounding_notes(parts, weights, (PEOPLE, *columns))),
    )


def bounded(faults: list[Fault], where: str, what: str) -> list[Fault]:
    """The first faults, and how many others there are."""
    more = len(faults) - MAX_TOLD
    if more <= 0:
        return faults
    last = Fault(where, f"et {more} autres {what}", "corrigez d’abord celles-ci")
    return [*faults[:MAX_TOLD], last]


@dataclass(frozen=True)
class _Columns:
    """The names that the columns have in a file: code, weights, longitude and latitude."""

    code: str
    weights: tuple[str, ...]
    lon: str
    lat: str

    @classmethod
    def of(cls, rows: Sequence[Row], columns: Sequence[str]) -> _Columns:
        header = rows[0].cells if rows else {}
        names = [
            next((name for name in (column, *SYNONYMS.get(column, ())) if name in header), column)
            for column in (CODE, "lon", "lat", PEOPLE, *columns)
        ]
        return cls(names[0], tuple(names[3:]), names[1], names[2])

    def line(self, row: Row) -> _Line | list[Fault]:
        """What a row says, or all that is wrong with it."""
        faults: list[Fault] = []
        code, lon, lat = row.text(self.code), row.text(self.lon), row.text(self.lat)
        wrong = code_fault(row.where, code)
        if wrong:
            faults.append(wrong)
        parts = tuple(round(PARTS * _weight(row, name, faults)) for name in self.weights)
        name = " ".join(row.text("nom").split())[:NAME_LENGTH]
        if not (lon or lat):
            return faults or _Line(code, name, None, None, parts)
        if not (lon and lat):
            mend = "donnez les deux, ou aucun pour compter au chef-lieu"
            faults.append(Fault(row.where, "lon et lat vont ensemble", mend))
            return faults
        east, north = (
            _degrees(row, self.lon, 180, faults),
            _degrees(row, self.lat, 90, faults),
        )
        return faults or _Line(code, name, east, north, parts)


def _weight(row: Row, column: str, faults: list[Fault]) -> float:
    """A weight, or 0 with what is wrong with it added."""
    what = "n’est pas un nombre"
    try:
        value = decimal(row.text(column))
        if 0 <= value <= MAX_RESIDENTS:
            return value
        what = "n’est pas un nombre possible d’habitants"
    except ValueError:
        pass
    mend = "écrivez un nombre, comme 12 ou 2,5"
    faults.append(Fault(row.where, f"{column} : {quoted(row.text(column))} {what}", mend))
    return 0.0


def _degrees(row: Row, column: str, limit: int, faults: list[Fault]) -> float:
    """A longitude or a latitude, or 0 with what is wrong with it added."""
    what = "n’est pas un nombre"
    try:
        value = decimal(row.text(column))
        if abs(value) <= limit:
            return round(value, DEGREE_DIGITS)
        what = "est hors du globe"
    except ValueError:
        pass
    mend = "attendu des degrés (WGS 84)"
    faults.append(Fault(row.where, f"{column} : {quoted(row.text(column))} {what}", mend))
    return 0.0


def _merged(lines: Iterable[_Line]) -> list[_Line]:
    """One line a spot, sorted, with the first name told there and the sum of the weights."""
    found: dict[tuple[str, float, float], _Line] = {}
    for line in lines:
        known = found.get(line.spot)
        if known is None:
            found[line.spot] = line
            continue
        parts = tuple(a + b for a, b in zip(known.parts, line.parts, strict=True))
        found[line.spot] = replace(known, name=known.name or line.name, parts=parts)
    return [found[spot] for spot in sorted(found)]


def _whole(parts: Ints, codes: Sequence[str]) -> Ints:
    """Whole weights, shape of ``parts``: totals by commune rounded, then shared out.

    Each point gets its whole part; what is left of the commune's total goes, one by one, to the
    largest remainders, the first of equals.
    """
    whole, rest = np.divmod(parts, PARTS)
    _, commune = np.unique(np.array(codes, dtype=str), return_inverse=True)
    for column in range(parts.shape[1]):
        total = np.zeros(commune.max(initial=-1) + 1, dtype=np.int64)
        np.add.at(total, commune, rest[:, column])
        left = (2 * total + PARTS) // (2 * PARTS)
        order = np.lexsort((-rest[:, column], commune))
        sorted_commune = commune[order]
        rank = np.arange(len(order)) - np.searchsorted(sorted_commune, sorted_commune)
        whole[order, column] += rank < left[sorted_commune]
    return whole


def _numbered(
    spots: Sequence[_Line], weights: Ints, columns: Sequence[str]
) -> tuple[ResidentPoint, ...]:
    """The points, those away from the chef-lieu numbered within their commune."""
    points = []
    count: dict[str, int] = {}
    for spot, (people, *others) in zip(spots, weights.tolist(), strict=True):
        number = 0
        if spot.lon is not None:
            number = count[spot.code] = count.get(spot.code, 0) + 1
        found = dict(zip(columns, others, strict=True))
        point = ResidentPoint(spot.code, people, spot.name, spot.lon, spot.lat, number, found)
        points.append(point)
    return tuple(points)


def _rounding_notes(parts: Ints, weights: Ints, columns: Sequence[str]) -> list[str]:
    """What was rounded: the totals of the file, and those counted."""
    rounded = [bool(column.any()) for column in (parts % PARTS).T]
    return [
        f"colonne « {name} » : poids décimaux arrondis à l’unité, le total de chaque commune gardé "
        f"à un demi près ({_plain(int(read))} dans le fichier, {int(kept)} comptés)"
        for name, told, read, kept in zip(
            columns, rounded, parts.sum(axis=0), weights.sum(axis=0), strict=True
        )
        if told
    ]


def _plain(parts: int) -> str:
    """Thousandths as a decimal number: ``2512,5``."""
    return f"{parts // PARTS},{parts % PARTS:03d}".rstrip("0").rstrip(",")
