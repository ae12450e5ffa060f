"""Roads of an OpenStreetMap file: ``.osm.pbf``, ``.osm``, ``.osm.gz`` or ``.osm.bz2``.

The file is read twice as a stream, by pyosmium, which filters before Python sees anything: its
points first (16 bytes each in memory, about twice the size of a ``.pbf``), then its ways and turn
restrictions, in any order. Only the ways of the area asked are kept in Python.
"""

from __future__ import annotations

import bz2
import codecs
import difflib
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from tourplan.errors import InputError, quoted
from tourplan.network.drivable import DRIVEN, OBSTACLES, drivable, obstacle
from tourplan.network.roads import Area, Roads
from tourplan.network.waycut import Points, WayCutter

if TYPE_CHECKING:
    import osmium

MAX_OBJECTS = 20_000_000
"""Most tagged points, roads, rivers and turn restrictions read: some ten times a French region."""

MAX_GIB = 1
"""Largest file read, twice the largest French region: its points take twice that in memory. Plain
text may be ``PLAIN_GIB``, for it holds as much."""

PLAIN_GIB = 16

FORMATS = {
    ".osm.pbf": "pbf",
    ".osm.gz": "osm.gz",
    ".osm.bz2": "osm.bz2",
    ".pbf": "pbf",
    ".osm": "osm",
}
EXTRACTS = "prenez un extrait « .osm.pbf » de votre région sur un site d’extraits OpenStreetMap"
AGAIN = "téléchargez-le de nouveau, et comparez sa taille à celle que le site annonce"

_UNREADABLE = (RuntimeError, ValueError, OSError, ArithmeticError, LookupError)
"""What the exceptions of a C++ library become."""

_HEAD_BYTES = 4096
_PREFIX_BYTES = 16 * 2**20
_SOME_HOURS = {"hour_on", "hour_off", "day_on", "day_off"}
"""Tags of restrictions that hold at some hours only, as they were once written."""
_MAX_RATIO = 60
"""OpenStreetMap text shrinks ten to twenty times; what shrinks more is padding."""

Progress = Callable[[str], None]


def read_osm(path: Path, area: Area | None, progress: Progress | None = None) -> Roads:
    """The roads that cars may use, cut into pieces, of which one end at least is in ``area``.

    None keeps the whole file. Pieces are left out, and ``progress`` told how many, where the file
    has not their two points. A barrier that stops cars cuts the road: the pieces that touch it are
    left out. Turn restrictions are read when they hold for cars and pass by one point; those that
    pass by a way, or hold at some hours only, are not. The date is the file's own, else that of
    the latest change of a road read, else empty.

    Args:
        path: the file; its name tells its format.
        area: where roads are wanted, in degrees.
        progress: told in French what is being done.

    Raises:
        InputError: the file cannot be used, or has no road there.
    """
    say = progress or (lambda _: None)
    kind = _format(path)
    _check_start(path, kind)
    cutter = WayCutter(area)
    with _readable(path):
        reading = _Reading(path, kind, cutter)
        say(f"lecture de « {path.name} » : les points")
        reading.points()
        say(f"lecture de « {path.name} » : les routes")
        reading.ways()
    roads = cutter.roads(reading.date)
    if cutter.missing:
        say(
            f"{cutter.missing} tronçons laissés de côté : "
            "un de leurs points manque dans le fichier ou n’est pas sur le globe"
        )
    if not roads.way.size:
        raise _no_road(path, area, cutter)
    return roads


class _Reading:
    """The two passes over a file; what they find goes to ``cutter``."""

    def __init__(self, path: Path, kind: str, cutter: WayCutter) -> None:
        import osmium

        self._file = osmium.io.File(str(path), kind)
        self._cutter = cutter
        maps = osmium.index.map_types()
        index = "sparse_mmap_array" if "sparse_mmap_array" in maps else "sparse_mem_array"
        self._locations = osmium.NodeLocationsForWays(osmium.index.create_map(index))
        self._locations.ignore_errors()
        self._wkb = osmium.geom.WKBFactory()
        self._left = MAX_OBJECTS
        self.date = ""

    def points(self) -> None:
        """First pass: where every point is, and the tags of those that have some."""
        import osmium

        tagged = osmium.filter.KeyFilter("highway", "barrier", "crossing")
        with osmium.io.Reader(self._file, osmium.osm.NODE) as reader:
            self.date = _header_date(reader.header())
            for node in osmium.OsmFileIterator(reader, self._locations, tagged):
                self._count()
                if isinstance(node, osmium.osm.Node) and not node.deleted:
                    self._cutter.add_node(node.id, dict(node.tags))

    def ways(self) -> None:
        """Second pass: roads, obstacles and turn restrictions."""
        import osmium

        kinds = {"highway": DRIVEN, **OBSTACLES}
        pairs = [(key, value) for key, values in kinds.items() for value in values]
        wanted = osmium.filter.TagFilter(*pairs)
        wanted.enable_for(osmium.osm.WAY)
        turns = osmium.filter.TagFilter(("type", "restriction"))
        turns.enable_for(osmium.osm.RELATION)
        latest = "1970-01-01"
        with osmium.io.Reader(self._file, osmium.osm.WAY | osmium.osm.RELATION) as reader:
            for thing in osmium.OsmFileIterator(reader, self._locations, wanted, turns):
                self._count()
                if isinstance(thing, osmium.osm.Relation):
                    self._turn(thing)
                elif isinstance(thing, osmium.osm.Way) and self._way(thing) and not self.date:
                    latest = max(latest, f"{thing.timestamp:%Y-%m-%d}")
        if latest > "1970-01-01":
            self.date = latest

    def _way(self, way: osmium.osm.Way) -> bool:
        """Hand over a road or an obstacle; whether it is one, and reaches the area."""
        if way.deleted or len(way.nodes) < 2:
            return False
        points = self._coordinates(way)
        if not self._cutter.reaches(points):
            return False
        tags = dict(way.tags)
        if drivable(tags):
            self._cutter.add_way(way.id, tags, [node.ref for node in way.nodes], points)
            return True
        if obstacle(tags):
            self._cutter.add_obstacle(way.id, points)
        return False

    def _coordinates(self, way: osmium.osm.Way) -> Points:
        """The points of a way, at once where all are known, else one by one."""
        import osmium

        try:
            line = self._wkb.create_linestring(way, osmium.geom.use_nodes.ALL)
        except osmium.InvalidLocationError:
            places = [node.location for node in way.nodes]
            known = [(p.lon, p.lat) if p.valid() else (np.nan, np.nan) for p in places]
            return np.array(known, dtype=np.float64)
        return np.frombuffer(bytes.fromhex(line), dtype=np.float64, offset=9).reshape(-1, 2)

    def _turn(self, relation: osmium.osm.Relation) -> None:
        """Hand over a turn restriction that holds for cars at a point."""
        tags = dict(relation.tags)
        rule = tags.get("restriction:motorcar") or tags.get("restriction", "")
        spared = {word.strip() for word in tags.get("except", "").split(";")}
        holds = rule.startswith(("no_", "only_")) and not spared & {"motorcar", "motor_vehicle"}
        if relation.deleted or not holds or tags.keys() & _SOME_HOURS:
            return
        members = [(member.role, member.type, member.ref) for member in relation.members]
        vias = [(kind, ref) for role, kind, ref in members if role == "via"]
        if len(vias) != 1 or vias[0][0] != "n":
            return
        for origin in _ways(members, "from"):
            for target in _ways(members, "to"):
                self._cutter.add_ban(origin, vias[0][1], target, only=rule.startswith("only_"))

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _TooManyError


class _TooManyError(Exception):
    """More objects than any territory has."""


def _ways(members: list[tuple[str, str, int]], role: str) -> list[int]:
    """Identifiers of the ways that play a role in a relation."""
    return [ref for played, kind, ref in members if (played, kind) == (role, "w")]


def _header_date(header: Any) -> str:
    """The date that a file says it is from, ISO, or empty."""
    said = header.get("osmosis_replication_timestamp") or header.get("timestamp")
    return said[:10] if re.match(r"\d{4}-\d{2}-\d{2}", said) else ""


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """What pyosmium says of a file it cannot read, told in French.

    Raises:
        InputError: anything went wrong while reading.
    """
    import osmium

    try:
        yield
    except _TooManyError:
        raise InputError.of(
            str(path),
            f"le fichier contient plus de {MAX_OBJECTS // 10**6} millions d’objets à lire",
            "prenez un extrait plus petit : votre région, ou votre département",
        ) from None
    except MemoryError:
        raise InputError.of(
            str(path),
            "la mémoire de cet ordinateur ne suffit pas pour lire ce fichier",
            "prenez un extrait plus petit : votre région, ou votre département",
        ) from None
    except (*_UNREADABLE, osmium.InvalidLocationError):
        raise _damaged(path) from None


def _format(path: Path) -> str:
    """How a file is written, by its name.

    Raises:
        InputError: there is no such file, or its name ends otherwise.
    """
    try:
        if path.is_dir():
            raise InputError.of(
                str(path), "c’est un dossier", "donnez le fichier « .osm.pbf » qui s’y trouve"
            )
        if not path.is_file():
            raise InputError.of(str(path), "fichier introuvable", _nearest(path))
    except (OSError, ValueError):
        raise InputError.of(
            str(path), "nom de fichier illisible, ou accès refusé", "vérifiez le nom et vos droits"
        ) from None
    for ending, kind in FORMATS.items():
        if path.name.lower().endswith(ending):
            return kind
    known = ", ".join(f"« {ending} »" for ending in FORMATS if ending != ".pbf")
    raise InputError.of(
        str(path),
        f"{quoted(path.suffix or path.name)} n’est pas un format de fichier OpenStreetMap",
        f"attendu : {known} ; {EXTRACTS}",
    )


def _nearest(path: Path) -> str:
    """Which files of the same folder look like the one named."""
    names: list[str] = []
    with suppress(OSError):
        names = [there.name for there in path.parent.iterdir() if _is_osm(there.name)]
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5) or sorted(names)[:3]
    if not near:
        return "vérifiez le nom et le dossier"
    return "vouliez-vous " + " ou ".join(f"« {name} »" for name in near) + " ?"


def _is_osm(name: str) -> bool:
    return name.lower().endswith(tuple(FORMATS))


def _check_start(path: Path, kind: str) -> None:
    """Look at how a file starts, before anything is read of it.

    Raises:
        InputError: it is empty, too large, something else than its name says, unfolds without end,
            has entities, or cannot be opened.
    """
    try:
        with path.open("rb") as file:
            start = file.read(64)
            if not start:
                raise InputError.of(str(path), "le fichier est vide", AGAIN)
            inside = _kind_inside(start)
            if inside != kind:
                raise _misnamed(path, inside)
            _check_size(path, kind)
            if kind != "pbf":
                file.seek(0)
                _check_text(path, _unfolded(path, file, kind))
    except (zlib.error, EOFError):
        raise _damaged(path) from None
    except OSError as error:
        if error.errno is None:
            raise _damaged(path) from None
        raise InputError.of(
            str(path),
            "le fichier ne peut pas être lu",
            "fermez-le dans les autres programmes et vérifiez vos droits",
        ) from None


def _check_size(path: Path, kind: str) -> None:
    """Refuse a country: its points would not hold in memory.

    Raises:
        InputError: the file is larger than ``MAX_GIB``.
    """
    limit = PLAIN_GIB if kind == "osm" else MAX_GIB
    size = path.stat().st_size / 2**30
    if size > limit:
        shown = f"{size:.1f}".replace(".", ",")
        raise InputError.of(
            str(path),
            f"le fichier fait {shown} Gio, au-delà de {limit} Gio : c’est plus qu’une région",
            "prenez l’extrait de votre région plutôt que celui du pays",
        )


def _kind_inside(start: bytes) -> str:
    """How a file is written, by its first bytes; empty when in no way OpenStreetMap has."""
    if start.startswith(b"\x1f\x8b"):
        return "osm.gz"
    if start.startswith(b"BZh"):
        return "osm.bz2"
    if b"\x0a\x09OSMHeader" in start[:24]:
        return "pbf"
    return "osm" if start.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<") else ""


def _unfolded(path: Path, file: BinaryIO, kind: str) -> bytes:
    """The start of a text, unfolded if need be.

    Raises:
        InputError: it unfolds into far more than OpenStreetMap data ever does.
    """
    if kind == "osm":
        return file.read(_HEAD_BYTES)
    unfold = zlib.decompressobj(31) if kind == "osm.gz" else bz2.BZ2Decompressor()
    head, taken, made = b"", 0, 0
    while made < _PREFIX_BYTES and not unfold.eof and (raw := file.read(2**16)):
        text = unfold.decompress(raw, _PREFIX_BYTES)
        head = head or text[:_HEAD_BYTES]
        taken, made = taken + len(raw), made + len(text)
    if made > max(2**20, _MAX_RATIO * taken):
        raise InputError.of(
            str(path),
            "le fichier se décompresse en une masse démesurée : ce ne sont pas des routes",
            EXTRACTS,
        )
    return head


def _check_text(path: Path, head: bytes) -> None:
    """Look at the first lines of a text.

    Raises:
        InputError: it is cut, no OpenStreetMap data, only changes of it, or declares entities.
    """
    if not head:
        raise _damaged(path)
    if re.match(rb"\s*<(!doctype\s+)?html", head, re.IGNORECASE):
        raise InputError.of(str(path), "ce ne sont pas des données OpenStreetMap", AGAIN)
    if b"<!" in head.replace(b"<!--", b""):
        raise InputError.of(
            str(path),
            "le fichier déclare des entités XML, que les données OpenStreetMap n’ont jamais",
            EXTRACTS,
        )
    if b"<osmChange" in head:
        raise InputError.of(
            str(path), "le fichier ne contient que des modifications (osmChange)", EXTRACTS
        )
    if not re.search(rb"<osm[\s>/]", head):
        raise _misnamed(path, "")


def _misnamed(path: Path, inside: str) -> InputError:
    """The error of a file that is not what its name says."""
    if inside in {"pbf", "osm.gz", "osm.bz2"}:
        ending = inside if inside != "pbf" else "osm.pbf"
        return InputError.of(
            str(path),
            f"le nom de ce fichier ne dit pas son format, qui est « .{ending} »",
            f"renommez-le pour qu’il finisse par « .{ending} »",
        )
    return InputError.of(str(path), "ce ne sont pas des données OpenStreetMap", EXTRACTS)


def _damaged(path: Path) -> InputError:
    """The error of a file that cannot be read to its end."""
    return InputError.of(
        str(path), "le fichier est incomplet ou abîmé : il ne se lit pas jusqu’au bout", AGAIN
    )


def _no_road(path: Path, area: Area | None, cutter: WayCutter) -> InputError:
    """The error of a file without any road where they are wanted: what it covers, if anything."""
    west, south, east, north = cutter.extent
    if cutter.missing:
        return InputError.of(
            str(path),
            "aucune route utilisable : le fichier n’a pas les points de ses routes",
            "refaites l’extrait avec les points de chaque route ; " + EXTRACTS,
        )
    if area is None or west > east:
        return InputError.of(
            str(path), "le fichier ne contient aucune route pour voitures", EXTRACTS
        )
    turned = west <= area.north and east >= area.south and south <= area.east and north >= area.west
    return InputError.of(
        str(path),
        "aucune route dans la zone demandée : le fichier couvre "
        f"{_box_text(west, south, east, north)}, la zone demandée "
        f"{_box_text(area.west, area.south, area.east, area.north)}",
        "latitudes et longitudes y semblent échangées : prenez un autre extrait"
        if turned
        else "prenez l’extrait de votre région",
    )


def _box_text(west: float, south: float, east: float, north: float) -> str:
    """A box as messages show it."""
    numbers = [f"{number:.2f}".replace(".", ",") for number in (west, east, south, north)]
    return "longitudes {} à {} et latitudes {} à {}".format(*numbers)
