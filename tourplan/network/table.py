"""Travel times given as a table: one line a drive, from and to by INSEE code, time and distance.

CSV or Parquet, columns found by name (``ORIGIN`` … ``DISTANCE``). A unit is never guessed, and
both the time and the distance are required: kilometres count in costs and in what a van can do, so
a table without them is refused rather than half used. For the same reason a square table (codes as
columns) is not read: it holds one figure only. What is not in the table cannot be driven, with one
exception: where no drive is given both ways, all of them hold both ways (``both_ways``).
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tourplan.errors import Fault, InputError, one_of, quoted
from tourplan.files import read_text
from tourplan.tables import MAX_ROWS, Row, code_fault, decimal, plain, read_table

if TYPE_CHECKING:
    import pyarrow

Ints = NDArray[np.int64]

MAX_FAULTS = 20
"""Faults told one by one; the others are counted."""
MAX_S = 24 * 3600
MAX_M = 3_000_000
SLOWEST_KMH = 5
FASTEST_KMH = 150
"""Where half of the drives are outside of this, a unit is not what its column says."""
JUDGED_M = 2_000
"""Shorter drives may be as slow as one likes: they do not tell a unit."""
MAX_PARQUET_BYTES = 256 * 2**20
MAX_UNFOLDED_BYTES = 2**30
BATCH_ROWS = 65_536
PARQUET = (".parquet", ".pq")
BOTH_WAYS = "mêmes temps dans les deux sens : le tableau ne donne chaque trajet que dans un sens"

ORIGIN = (
    "code_insee_depart code_depart insee_depart depart_insee code_insee_origine code_origine "
    "insee_origine idsrc id_src code_insee_de from_code code1",
    "depart origine de from origin source",
)
DESTINATION = (
    "code_insee_arrivee code_arrivee insee_arrivee arrivee_insee code_insee_destination "
    "code_destination insee_destination iddst id_dst code_insee_vers to_code code2",
    "arrivee destination vers a to dest",
)


@dataclass(frozen=True)
class Measure:
    """Names of the columns of a time or a distance.

    Attributes:
        main: the name that is asked for.
        units: names, and what their unit is worth in seconds or metres.
        bare: names that do not say a unit.
        whole: names to give instead.
    """

    main: str
    units: Mapping[str, int]
    bare: tuple[str, ...]
    whole: str


TIME = Measure(
    "minutes",
    {
        "minutes minute duree_min temps_min duree_minutes temps_minutes duree_en_minutes "
        "temps_en_minutes time_min duration_min": 60,
        "secondes seconde duree_s duree_sec temps_s temps_sec duree_secondes temps_secondes "
        "duree_en_secondes temps_en_secondes seconds time_s duration_s": 1,
    },
    ("duree", "temps", "time", "duration"),
    "duree_min ou duree_s",
)
DISTANCE = Measure(
    "km",
    {
        "km kms kilometres kilometre distance_km distance_en_km dist_km kilometers": 1000,
        "metres metre m distance_m dist_m distance_en_m distance_metres distance_en_metres "
        "meters": 1,
    },
    ("distance", "dist", "longueur", "length"),
    "distance_km ou distance_m",
)


class Square(NamedTuple):
    """Times and distances between places, arrays of shape (places, places).

    ``time_s`` and ``distance_m`` are whole, and 0 where ``reachable`` is false.
    """

    time_s: Ints
    distance_m: Ints
    reachable: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TimesTable:
    """Drives between places; each pair of places once, none from a place to itself.

    Attributes:
        origin, destination: INSEE codes, shape (drives,).
        time_s: whole seconds, at least 1, shape (drives,).
        distance_m: whole metres, shape (drives,).
        both_ways: whether the file gave one direction only, the other being added here.
    """

    origin: NDArray[np.str_]
    destination: NDArray[np.str_]
    time_s: Ints
    distance_m: Ints
    both_ways: bool = False

    def __repr__(self) -> str:
        return f"TimesTable({len(self.places)} places, {len(self.time_s)} drives)"

    @property
    def places(self) -> tuple[str, ...]:
        """The codes it knows, sorted."""
        codes: list[str] = np.unique(np.concatenate([self.origin, self.destination])).tolist()
        return tuple(codes)

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be told with these times, in French."""
        return (BOTH_WAYS,) if self.both_ways else ()

    def matrix(self, places: Sequence[str]) -> Square:
        """The drives between some places; those that are not in the table cannot be made.

        Raises:
            ValueError: a place is asked twice.
        """
        if len(set(places)) < len(places):
            raise ValueError("a place is asked twice")
        shape = (len(places), len(places))
        time_s, distance_m = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        reachable = np.eye(len(places), dtype=np.bool_)
        row, column = (_positions(codes, places) for codes in (self.origin, self.destination))
        asked = (row >= 0) & (column >= 0)
        cells = row[asked], column[asked]
        time_s[cells] = self.time_s[asked]
        distance_m[cells] = self.distance_m[asked]
        reachable[cells] = True
        return Square(time_s, distance_m, reachable)


def _positions(codes: NDArray[np.str_], places: Sequence[str]) -> Ints:
    """Where each code stands among places; -1 where it does not."""
    if not places:
        return np.full(len(codes), -1)
    order = np.argsort(np.array(places))
    names = np.array(places)[order]
    at = np.minimum(np.searchsorted(names, codes), len(names) - 1)
    positions: Ints = np.where(names[at] == codes, order[at], -1)
    return positions


def read_times(path: Path, where: str = "") -> TimesTable:
    """The drives of a CSV or Parquet file.

    Times are rounded to whole seconds, at least 1, and distances to whole metres. A line from a
    place to itself says 0 and is dropped. The same drive twice is a fault unless both say the same.

    Args:
        path: the file; « .parquet » is Parquet, all else is CSV.
        where: what messages call it; its name by default.

    Raises:
        InputError: the file cannot be read, its columns are not known, and what is wrong with its
            lines: the first ``MAX_FAULTS``, and how many more.
    """
    place = where or path.name
    rows = _parquet_rows(path, place) if path.suffix.lower() in PARQUET else _csv_rows(path, place)
    header = max(rows, key=lambda row: len(row.cells)).cells
    columns = _columns(list(header), place)
    drives: dict[tuple[str, str], _Drive] = {}
    faults: list[Fault] = []
    for row in rows:
        drive = columns.drive(row, faults)
        if drive is None or drive.origin == drive.destination:
            continue
        before = drives.setdefault((drive.origin, drive.destination), drive)
        if before[:4] != drive[:4]:
            faults.append(_twice(drive, before))
    _raise(faults, place)
    if not drives:
        raise InputError.of(place, "aucun trajet entre deux lieux", "donnez une ligne par trajet")
    _check_units(drives.values(), place)
    return _table(drives)


def _raise(faults: Sequence[Fault], place: str) -> None:
    """Refuse a table that has faults, the first told and the others counted."""
    if not faults:
        return
    more = len(faults) - MAX_FAULTS
    rest = [Fault(place, f"et {more} autres fautes")] if more > 0 else []
    raise InputError([*faults[:MAX_FAULTS], *rest])


# --- Rows -------------------------------------------------------------------------------------

_EXAMPLE = "depart;arrivee;minutes;km"


def _csv_rows(path: Path, place: str) -> list[Row]:
    """The lines of a CSV file, at least one."""
    if not read_text(path, place).strip():
        raise InputError.of(place, "le tableau est vide", f"attendu : {_EXAMPLE}")
    rows = read_table(path, (), place)
    if not rows:
        what = "le tableau n’a que des titres, ou aucun"
        raise InputError.of(place, what, f"donnez une ligne par trajet : {_EXAMPLE}")
    return rows


def _parquet_rows(path: Path, place: str) -> list[Row]:
    """The lines of a Parquet file as text, at least one; only the columns that are known."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise InputError.of(
            place,
            "pyarrow, qui lit le Parquet, n’est pas installé",
            "pip install « tourplan[parquet] », ou enregistrez le tableau en CSV",
        ) from None
    _check_size(path, place)
    try:
        with ParquetFile(path) as file:
            return _rows_of(file, place)
    except (ArrowException, OSError, ValueError, MemoryError):
        mend = "copiez-le de nouveau, ou enregistrez le tableau en CSV"
        raise InputError.of(place, "ce n’est pas un fichier Parquet entier", mend) from None


def _check_size(path: Path, place: str) -> None:
    """See that there is a file, of a size that is read."""
    try:
        size = -1 if path.is_dir() else path.stat().st_size
    except (OSError, ValueError):
        what = f"le fichier {quoted(path)} est introuvable, ou illisible"
        raise InputError.of(place, what, "vérifiez le nom et vos droits") from None
    if size < 0:
        raise InputError.of(place, f"« {path} » est un dossier", "donnez un fichier")
    if size > MAX_PARQUET_BYTES:
        what = f"le fichier dépasse {MAX_PARQUET_BYTES // 2**20} Mio, la taille permise"
        raise InputError.of(place, what, "réduisez le fichier")


def _rows_of(file: Any, place: str) -> list[Row]:
    """The rows of an open Parquet file."""
    told = file.metadata
    unfolded = sum(told.row_group(k).total_byte_size for k in range(told.num_row_groups))
    if told.num_rows > MAX_ROWS:
        raise InputError.of(place, f"plus de {MAX_ROWS} lignes", "réduisez le tableau")
    if unfolded > MAX_UNFOLDED_BYTES:
        what = f"le tableau occupe plus de {MAX_UNFOLDED_BYTES // 2**20} Mio une fois déplié"
        raise InputError.of(place, what, "réduisez le tableau")
    names = _known_names(file.schema_arrow, place)
    rows: list[Row] = []
    for batch in file.iter_batches(BATCH_ROWS, columns=list(names)):
        values = (batch.column(name).to_pylist() for name in names)
        for cells in zip(*values, strict=True):
            texts = ("" if cell is None else str(cell) for cell in cells)
            told = dict(zip(names.values(), texts, strict=True))
            rows.append(Row(f"{place}, ligne {len(rows) + 1}", told))
        if len(rows) > MAX_ROWS:
            raise InputError.of(place, f"plus de {MAX_ROWS} lignes", "réduisez le tableau")
    if not rows:
        raise InputError.of(place, "le tableau est vide", f"attendu : {_EXAMPLE}")
    return rows


def _known_names(schema: pyarrow.Schema, place: str) -> Mapping[str, str]:
    """The columns of a Parquet file to read, with the names they are known by.

    Raises:
        InputError: columns not known, two of the same name, or not of text and numbers.
    """
    names = [(name, plain(name).replace(" ", "_")) for name in schema.names]
    columns = _columns([known for _, known in names], place)
    pairs = [(name, known) for name, known in names if known in columns.names]
    if len(pairs) > len(columns.names):
        raise InputError.of(place, "deux colonnes portent le même nom", "gardez-en une")
    codes = columns.names[:2]
    found = (
        _type_fault(f"{place}, colonne « {name} »", schema.field(name).type, code=known in codes)
        for name, known in pairs
    )
    _raise([fault for fault in found if fault is not None], place)
    return dict(pairs)


def _type_fault(where: str, kind: Any, *, code: bool) -> Fault | None:
    """What is wrong with the type of a column: codes are texts, figures numbers or texts."""
    from pyarrow import types

    told = quoted(str(kind))
    if types.is_string(kind) or types.is_large_string(kind) or _is_text_dictionary(kind):
        return None
    if code:
        mend = "enregistrez les codes en texte : un nombre perd le zéro de « 01053 »"
        return Fault(where, f"codes de type {told}", mend)
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return None
    return Fault(where, f"type {told} non lu", "attendu des nombres")


def _is_text_dictionary(kind: Any) -> bool:
    """Whether a type is a dictionary of texts, as pandas writes categories."""
    from pyarrow import types

    return bool(types.is_dictionary(kind) and types.is_string(kind.value_type))


# --- Columns ----------------------------------------------------------------------------------


class _Drive(NamedTuple):
    """A line that was understood."""

    origin: str
    destination: str
    time_s: int
    distance_m: int
    where: str


@dataclass(frozen=True)
class _Columns:
    """Which column holds what, and what its unit is worth in seconds or metres."""

    origin: str
    destination: str
    time: str
    seconds: int
    distance: str
    metres: int

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are read."""
        return self.origin, self.destination, self.time, self.distance

    def drive(self, row: Row, faults: list[Fault]) -> _Drive | None:
        """The drive of a line; None where it has faults, which are added."""
        ends = [row.text(column).upper() for column in (self.origin, self.destination)]
        found = [code_fault(row.where, code) for code in ends]
        same = ends[0] == ends[1]
        time_s, told = _figure(row, self.time, self.seconds, MAX_S, zero=same)
        distance_m, also = _figure(row, self.distance, self.metres, MAX_M, zero=True)
        found += [told, also]
        if same and time_s + distance_m > 0:
            what = f"de {ends[0]} à {ends[0]}, ni temps ni distance"
            found.append(Fault(row.where, what, "donnez 0, ou ôtez la ligne"))
        wrong = [fault for fault in found if fault is not None]
        faults += wrong
        whole_s = max(round(time_s), 1)
        return None if wrong else _Drive(ends[0], ends[1], whole_s, round(distance_m), row.where)


def _columns(names: Sequence[str], place: str) -> _Columns:
    """Find the columns among the names of a header.

    Raises:
        InputError: one is missing, or two say the same thing.
    """
    faults: list[Fault] = []
    origin = _end(names, ORIGIN, "depart", faults, place)
    destination = _end(names, DESTINATION, "arrivee", faults, place)
    time, seconds = _measure(names, TIME, faults, place)
    distance, metres = _measure(names, DISTANCE, faults, place)
    if faults and sum(code_fault(place, name.upper()) is None for name in names) > 1:
        what = "c’est un tableau carré (un code par colonne)"
        raise InputError.of(place, what, f"donnez une ligne par trajet : {_EXAMPLE}")
    _raise(faults, place)
    return _Columns(origin, destination, time, seconds, distance, metres)


def _end(
    names: Sequence[str], aliases: Iterable[str], main: str, faults: list[Fault], place: str
) -> str:
    """The column of an end: one that says « code » wins over one that may hold a name."""
    for group in aliases:
        found = [name for name in group.split() if name in names]
        if len(found) > 1:
            faults.append(_several(found, place))
        if found:
            return found[0]
    faults.append(_missing(names, main, " ".join(aliases).split(), place))
    return ""


def _measure(
    names: Sequence[str], measure: Measure, faults: list[Fault], place: str
) -> tuple[str, int]:
    """The column of a time or of a distance, and what its unit is worth."""
    known = [(name, unit) for group, unit in measure.units.items() for name in group.split()]
    found = [(name, unit) for name, unit in known if name in names]
    bare = [name for name in measure.bare if name in names]
    if len(found) > 1:
        faults.append(_several([name for name, _ in found], place))
    if not found and bare:
        what = f"colonne « {bare[0]} » sans unité"
        faults.append(Fault(place, what, f"nommez-la {measure.whole}"))
    elif not found:
        faults.append(_missing(names, measure.main, [name for name, _ in known], place))
    return found[0] if found else ("", 1)


def _several(names: Sequence[str], place: str) -> Fault:
    told = " et ".join(f"« {name} »" for name in names)
    return Fault(place, f"colonnes {told} : laquelle lire ?", "gardez-en une")


def _known_columns() -> set[str]:
    """Every name that a column may have."""
    groups = (*ORIGIN, *DESTINATION, *TIME.units, *DISTANCE.units)
    return {name for group in groups for name in group.split()}


def _missing(names: Sequence[str], main: str, known: Sequence[str], place: str) -> Fault:
    """A column that is not there, with the one that may have been meant."""
    read = ", ".join(filter(None, names)) or "aucune"
    unknown = [name for name in names if name and name not in _known_columns()]
    near = next((name for name in unknown if get_close_matches(name, known)), "")
    mend = f"« {near} » : {one_of(near, known)}" if near else f"ajoutez-la ; lues : {read}"
    return Fault(place, f"colonne « {main} » absente", mend[:300])


# --- Cells ------------------------------------------------------------------------------------


def _figure(
    row: Row, column: str, unit: int, most: int, *, zero: bool
) -> tuple[float, Fault | None]:
    """A cell in seconds or metres, and what is wrong with it."""
    text = row.text(column)
    try:
        value = decimal(text) * unit
    except ValueError:
        what = f"« {column} » : {quoted(text)} n’est pas un nombre"
        mend = "ôtez la ligne si ce trajet n’existe pas" if not text else "donnez un nombre"
        return 0.0, Fault(row.where, what, mend)
    if value < 0 or value > most or (value == 0 and not zero):
        least = "0 au moins" if zero else "plus de 0"
        mend = f"attendu {least} et {most // unit} au plus"
        return 0.0, Fault(row.where, f"« {column} » : {quoted(text)} impossible", mend)
    return value, None


def _twice(drive: _Drive, before: _Drive) -> Fault:
    what = f"trajet {drive.origin} → {drive.destination} déjà donné, avec d’autres valeurs"
    return Fault(drive.where, what, f"gardez cette ligne ou celle-ci : {before.where}")


# --- The whole --------------------------------------------------------------------------------


def _check_units(drives: Iterable[_Drive], place: str) -> None:
    """See that drives are neither all at a walk nor all faster than a motorway."""
    kmh = [d.distance_m * 3.6 / d.time_s for d in drives if d.distance_m >= JUDGED_M]
    middle = statistics.median(kmh) if kmh else FASTEST_KMH
    if not SLOWEST_KMH <= middle <= FASTEST_KMH:
        what = f"la moitié des trajets dépassent {middle:.0f} km/h"
        if middle < SLOWEST_KMH:
            what = f"la moitié des trajets sont à moins de {middle:.1f} km/h"
        raise InputError.of(place, what, "vérifiez les unités du temps et de la distance")


def _table(drives: Mapping[tuple[str, str], _Drive]) -> TimesTable:
    """The drives as arrays, the way back added where none is given."""
    one_way = not any((b, a) in drives for a, b in drives)
    rows = list(_with_back(drives.values()) if one_way else drives.values())
    return TimesTable(
        origin=np.array([row.origin for row in rows], dtype=np.str_),
        destination=np.array([row.destination for row in rows], dtype=np.str_),
        time_s=np.array([row.time_s for row in rows], dtype=np.int64),
        distance_m=np.array([row.distance_m for row in rows], dtype=np.int64),
        both_ways=one_way,
    )


def _with_back(drives: Iterable[_Drive]) -> Iterator[_Drive]:
    """Each drive, and the way back in the same time."""
    for drive in drives:
        yield drive
        yield drive._replace(origin=drive.destination, destination=drive.origin)
