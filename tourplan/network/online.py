"""Roads downloaded from an Overpass server, by osmnx, tile by tile.

osmnx builds the questions, puts them one at a time and keeps the answers; the tiles, the second
tries and the reading of the answers are ours, so that a download says how far it is, resumes where
it was cut, and gives the very roads that a file gives. Its answers are read as they came: its
graphs, four times as heavy, would lose the order of the points.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise
from math import ceil
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from tourplan.errors import Fault, InputError, quoted
from tourplan.files import write_text
from tourplan.network.drivable import DRIVEN, NO_SERVICE, OBSTACLES, drivable, obstacle
from tourplan.network.roads import Area, Roads
from tourplan.network.waycut import WayCutter

if TYPE_CHECKING:
    import requests

MAX_KM2 = 30_000
"""Largest area downloaded, about five départements: beyond, a file spares a free server."""

SERVER = "https://overpass-api.de/api"
TIMEOUT_S = 180
"""How long a server may take over a question, and stay silent."""

LONGEST_WAIT_S = 600
"""A server that asks to wait longer is left alone."""

WHERE = "téléchargement des routes"
_DONE = "complet"
_SKIRT_KM = 0.1
"""A box without any width cannot be asked."""


def _one_of(key: str, values: tuple[str, ...], sign: str = "~") -> str:
    """A filter of Overpass: a tag has (or, with ``!~``, has not) one of some values."""
    return f'["{key}"{sign}"^({"|".join(values)})$"]'


FILTERS = (
    _one_of("highway", DRIVEN) + '["area"!~"^yes$"]' + _one_of("service", NO_SERVICE, "!~"),
    *(_one_of(key, values) for key, values in OBSTACLES.items()),
)

Progress = Callable[[str], None]


def download(
    area: Area,
    folder: Path,
    *,
    overpass_url: str | None = None,
    tile_km: float = 50,
    tries: int = 4,
    pause_s: float = 15,
    progress: Progress | None = None,
) -> Roads:
    """The roads that cars may use around, as ``read_osm`` gives them, but for turn restrictions.

    What a tile answers is kept in ``folder`` and never asked again: delete it to have fresh roads.
    A server that is busy, silent or out of reach is asked again after pauses that double; what it
    says of the time to wait is honoured. The date is that of the oldest tile.

    Args:
        area: where roads are wanted, in degrees.
        folder: where the answers are kept.
        overpass_url: the server, without « /interpreter »; the public one by default.
        tile_km: longest side of a tile.
        tries: how many times a tile is asked.
        pause_s: first pause after a server that is busy, in seconds.
        progress: told in French what is being done.

    Raises:
        InputError: the area is too large, a tile could not be had, or there is no road.
    """
    say = progress or (lambda _: None)
    _check_size(area)
    server = _server(overpass_url)
    asking = _Asking(server, folder, tries, pause_s, say)
    cutter, dates = WayCutter(area), []
    tiles = _tiles(area.widened(_SKIRT_KM), tile_km)
    for number, tile in enumerate(tiles, 1):
        say(f"routes OpenStreetMap : carreau {number} sur {len(tiles)}")
        dates.append(asking.answers(tile).give(cutter))
    roads = cutter.roads(min(filter(None, dates), default=""))
    if not roads.way.size:
        asking.forget(tiles)
        raise InputError.of(
            WHERE,
            f"le serveur « {urlsplit(server).hostname} » ne connaît aucune route dans la zone",
            "vérifiez où sont vos communes, ou qu’il couvre la France",
        )
    return roads


@dataclass(frozen=True)
class _Answers:
    """What a server said of a tile, read from its answers.

    Attributes:
        ways: identifier, tags and points of each way.
        places: longitude and latitude of the points, in degrees.
        node_tags: tags of the points that have some.
        date: when the server's data is from, ISO, or empty.
    """

    ways: list[tuple[int, dict[str, str], list[int]]]
    places: dict[int, tuple[float, float]]
    node_tags: dict[int, dict[str, str]]
    date: str

    def give(self, cutter: WayCutter) -> str:
        """Hand the roads and obstacles over; the date."""
        unknown = (np.nan, np.nan)
        for number, tags in self.node_tags.items():
            cutter.add_node(number, tags)
        for number, tags, refs in self.ways:
            points = np.array([self.places.get(ref, unknown) for ref in refs], dtype=np.float64)
            if len(refs) < 2 or not cutter.reaches(points):
                continue
            if drivable(tags):
                cutter.add_way(number, tags, refs, points)
            elif obstacle(tags):
                cutter.add_obstacle(number, points)
        return self.date


def _read_answers(folder: Path) -> _Answers:
    """The answers kept in a folder.

    Raises:
        ValueError: one of them is not whole, or is something else.
    """
    answers = _Answers([], {}, {}, "")
    dates = []
    for path in sorted(folder.glob("*.json")):
        try:
            answer = json.loads(path.read_text(encoding="utf-8"))
            for element in answer["elements"]:
                _take(element, answers)
            dates.append(str(answer.get("osm3s", {}).get("timestamp_osm_base", ""))[:10])
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(path.name) from error
    if len(dates) != len(FILTERS):
        raise ValueError(folder.name)
    return _Answers(
        answers.ways, answers.places, answers.node_tags, min(filter(None, dates), default="")
    )


def _take(element: Mapping[str, Any], answers: _Answers) -> None:
    """Put a point or a way of an answer with the others."""
    number = int(element["id"])
    if element["type"] == "node":
        answers.places[number] = (float(element["lon"]), float(element["lat"]))
        if "tags" in element:
            answers.node_tags[number] = dict(element["tags"])
    elif element["type"] == "way":
        refs = [int(ref) for ref in element["nodes"]]
        answers.ways.append((number, dict(element.get("tags", {})), refs))


@dataclass(frozen=True)
class _Asking:
    """Who is asked, where the answers go, and how patient we are."""

    server: str
    folder: Path
    tries: int
    pause_s: float
    say: Progress

    def answers(self, tile: Area) -> _Answers:
        """What is known of a tile: kept from before, else asked.

        Answers that are not whole (a computer switched off while they were written) are deleted
        and asked again.

        Raises:
            InputError: the server does not answer, or nothing can be written.
        """
        place = self._place(tile)
        for _ in range(2):
            try:
                if not (place / _DONE).is_file():
                    self._insist(tile, place)
                    write_text(place / _DONE, "")
                return _read_answers(place)
            except ValueError:
                self.say("une réponse gardée était abîmée : elle est redemandée")
                shutil.rmtree(place, ignore_errors=True)
            except OSError:
                raise InputError.of(
                    str(self.folder),
                    "les routes téléchargées ne peuvent pas être gardées dans ce dossier",
                    "vérifiez vos droits et la place qui reste sur le disque",
                ) from None
        raise self._given_up("les réponses du serveur ne se lisent pas")

    def forget(self, tiles: Sequence[Area]) -> None:
        """Delete what was answered of some tiles: the server may know better another day."""
        for tile in tiles:
            shutil.rmtree(self._place(tile), ignore_errors=True)

    def _place(self, tile: Area) -> Path:
        """The folder of a tile's answers: another tile, server or question has another."""
        asked = json.dumps([self.server, tile.west, tile.south, tile.east, tile.north, FILTERS])
        return self.folder / f"carreau-{hashlib.sha256(asked.encode()).hexdigest()[:20]}"

    def _insist(self, tile: Area, place: Path) -> None:
        """Ask for a tile until it is had, with longer and longer pauses.

        Raises:
            InputError: it is not had after all tries, or trying again is of no use.
            ValueError: an answer kept from before is not whole.
        """
        for attempt in range(1, self.tries + 1):
            try:
                return _ask(tile, place, self.server)
            except _TroubleError as trouble:
                wait_s = trouble.wait_s(self.pause_s, attempt)
                if trouble.final or wait_s > LONGEST_WAIT_S or attempt == self.tries:
                    raise self._given_up(trouble.what) from None
                self.say(f"{trouble.what} : nouvel essai dans {_duration(wait_s)}")
                sleep(wait_s)
        raise AssertionError("tries are at least one")

    def _given_up(self, what: str) -> InputError:
        """The error of a tile that is not had: what is kept, and what else can be done."""
        return InputError(
            [
                Fault(
                    WHERE,
                    f"{what} (serveur « {urlsplit(self.server).hostname} »)",
                    "recommencez plus tard : ce qui est téléchargé est gardé, la suite reprendra "
                    "de là ; ou téléchargez un extrait « .osm.pbf » de votre région et écrivez "
                    '[reseau] source = "fichier" ; ou, sans connexion, source = "integre"',
                )
            ]
        )


class _TroubleError(Exception):
    """What went wrong with a question, in French.

    ``asked_s`` is how long the server asks to wait; ``far`` tells that it was not even reached, so
    that it need not be spared; ``final`` that asking again is of no use.
    """

    def __init__(
        self, what: str, *, asked_s: float = 0, far: bool = False, final: bool = False
    ) -> None:
        super().__init__(what)
        self.what, self.asked_s, self.far, self.final = what, asked_s, far, final

    def wait_s(self, pause_s: float, attempt: int) -> float:
        """How long to wait before the next try, in seconds."""
        return max(self.asked_s, pause_s * 2.0 ** (attempt - 1) / (5 if self.far else 1))


def _ask(tile: Area, place: Path, server: str) -> None:
    """Have osmnx ask what is not yet in ``place``, and keep it there.

    Raises:
        _TroubleError: the server does not give a whole answer.
        ValueError: an answer kept from before is not whole.
    """
    import osmnx
    import requests
    from shapely import box

    with _settings(place, server):
        try:
            osmnx.graph_from_polygon(
                box(tile.west, tile.south, tile.east, tile.north),
                simplify=False,
                retain_all=True,
                truncate_by_edge=True,
                custom_filter=list(FILTERS),
            )
        except InterruptedError:
            return  # how osmnx says that the answers are there and no graph was asked
        except requests.RequestException as error:
            raise _trouble(error) from None


@contextmanager
def _settings(place: Path, server: str) -> Iterator[None]:
    """Set osmnx our way: one question a filter, answers kept in ``place`` and no graph made.

    What it was set to is put back, and so is the name resolution that it changes.
    """
    import osmnx

    from tourplan import __version__

    ours = {
        "cache_folder": place,
        "cache_only_mode": True,
        "doh_url_template": None,
        "http_referer": "tourplan",
        "http_user_agent": f"tourplan/{__version__}",
        "max_query_area_size": 1e12,
        "overpass_memory": None,
        "overpass_rate_limit": False,
        "overpass_settings": "[out:json][timeout:{timeout}]{maxsize}",
        "overpass_url": server,
        "requests_kwargs": {"hooks": {"response": _check_answer}},
        "requests_timeout": TIMEOUT_S,
        "use_cache": True,
    }
    before = {key: getattr(osmnx.settings, key) for key in ours}
    resolve = socket.getaddrinfo
    try:
        for key, value in ours.items():
            setattr(osmnx.settings, key, value)
        yield
    finally:
        socket.getaddrinfo = resolve
        for key, value in before.items():
            setattr(osmnx.settings, key, value)


def _check_answer(response: requests.Response, **_: object) -> None:
    """Refuse an answer that osmnx would retry for ever, or take although it is not whole.

    Raises:
        _TroubleError: the server is busy, fails, refuses, or says something else than roads.
        RequestException: the connection is cut.
    """
    try:
        if not response.is_redirect:
            _check_code(response)
            _check_content(response)
    except BaseException:
        response.close()
        raise


def _check_code(response: requests.Response) -> None:
    """Refuse what is not an answer.

    Raises:
        _TroubleError: the server is busy, fails or refuses.
    """
    code = response.status_code
    if code == 429:
        raise _TroubleError("le serveur est trop demandé", asked_s=_asked_wait_s(response))
    if code >= 500:
        raise _TroubleError(
            f"le serveur est en peine (erreur {code})", asked_s=_asked_wait_s(response)
        )
    if code >= 400:
        raise _TroubleError(f"le serveur refuse la demande (erreur {code})", final=True)


def _check_content(response: requests.Response) -> None:
    """Refuse an answer that is not roads, or not all of them.

    Raises:
        _TroubleError: it is so.
    """
    try:
        answer = response.json()
    except ValueError:
        page = response.content.lstrip()[:1] == b"<"
        raise _TroubleError(
            "le serveur a répondu par une page web au lieu de données"
            if page
            else "la réponse du serveur est incomplète ou abîmée"
        ) from None
    if not isinstance(answer, dict) or not isinstance(answer.get("elements"), list):
        raise _TroubleError("le serveur a répondu autre chose que des routes")
    if "remark" in answer:
        raise _TroubleError("le serveur n’a pas pu aller au bout de la demande")


def _asked_wait_s(response: requests.Response) -> float:
    """How long a server asks to wait: seconds, or until a date; 0 when it says nothing."""
    said = response.headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return float(said[:9])
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return 0.0
    return max(0.0, (until - datetime.now(until.tzinfo or UTC)).total_seconds())


def _trouble(error: requests.RequestException) -> _TroubleError:
    """What an error of the connection is, in French."""
    from requests import exceptions as kinds

    if isinstance(error, kinds.SSLError):
        return _TroubleError(
            "la connexion n’est pas sûre (certificat refusé ; un pare-feu ?)", final=True
        )
    if isinstance(error, kinds.ProxyError):
        return _TroubleError("le serveur mandataire (proxy) ne laisse pas passer", far=True)
    if isinstance(error, kinds.ConnectTimeout):
        return _TroubleError("le serveur est injoignable", far=True)
    if isinstance(error, kinds.Timeout) or "timed out" in str(error):
        return _TroubleError(f"le serveur n’a pas répondu en {_duration(TIMEOUT_S)}")
    if isinstance(error, kinds.ChunkedEncodingError) or "aborted" in str(error):
        return _TroubleError("la connexion a été coupée")
    if isinstance(error, kinds.ConnectionError):
        return _TroubleError("pas de connexion au serveur", far=True)
    return _TroubleError("la demande n’a pas abouti", final=isinstance(error, ValueError))


def _duration(seconds: float) -> str:
    """A time to wait as messages show it."""
    if seconds < 120:
        return f"{ceil(seconds)} s"
    return f"{ceil(seconds / 60)} min"


def _check_size(area: Area) -> None:
    """Refuse an area that is for a file.

    Raises:
        InputError: it is larger than ``MAX_KM2``.
    """
    size = area.width_km * area.height_km
    if size > MAX_KM2:
        raise InputError.of(
            WHERE,
            f"la zone fait {_thousands(size)} km², au-delà des {_thousands(MAX_KM2)} km² qu’il est "
            "raisonnable de demander à un serveur gratuit",
            "téléchargez l’extrait « .osm.pbf » de votre région et écrivez "
            '[reseau] source = "fichier", ou réduisez le territoire',
        )


def _thousands(number: float) -> str:
    return f"{number:,.0f}".replace(",", " ")


def _server(url: str | None) -> str:
    """The address of a server, as osmnx takes it.

    Raises:
        InputError: it is not one.
    """
    base = (url or SERVER).strip().rstrip("/").removesuffix("/interpreter").rstrip("/")
    try:
        parts = urlsplit(base)
        name = (parts.hostname or "").encode("idna")
        sound = parts.scheme in {"http", "https"} and name and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise InputError.of(
            WHERE,
            f"{quoted(url)} n’est pas l’adresse d’un serveur Overpass",
            f"attendu une adresse comme « {SERVER} »",
        )
    return base


def _tiles(area: Area, tile_km: float) -> list[Area]:
    """The area cut into equal tiles of ``tile_km`` a side at most, rounded to what is asked."""
    columns = _cuts(area.west, area.east, ceil(area.width_km / tile_km))
    rows = _cuts(area.south, area.north, ceil(area.height_km / tile_km))
    return [
        Area(west, south, east, north)
        for south, north in pairwise(rows)
        for west, east in pairwise(columns)
    ]


def _cuts(low: float, high: float, parts: int) -> list[float]:
    """Where a side is cut."""
    return [round(float(cut), 6) for cut in np.linspace(low, high, max(parts, 1) + 1)]
