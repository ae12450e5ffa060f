from __future__ import annotations

import json
import os
import socket
from functools import cache

import numpy as np
import osmnx
import pytest
import requests
from overpass import CUT, OK, SLOW, bad, overpass, packaged, shared

from tourplan.errors import InputError
from tourplan.network import online
from tourplan.network.online import FILTERS, download
from tourplan.network.osmfile import read_osm
from tourplan.network.roads import Area, Roads

TOWN = Area(24.936, 60.165, 24.948, 60.172)
MOUNTAIN = Area(1.50, 42.48, 1.56, 42.54)
HTML = bad(200, "<html>Bienvenue sur le wifi de la mairie</html>")
"""What a captive portal says."""


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture
def waits(monkeypatch):
    """Pauses that would have been made."""
    made = []
    monkeypatch.setattr(online, "sleep", made.append)
    return made


@pytest.fixture(scope="module")
def _town():
    with overpass(packaged()) as server:
        yield server


@pytest.fixture
def server(_town):
    _town.questions.clear()
    _town.mishaps.clear()
    return _town


@cache
def town() -> dict[str, object]:
    """What the file says of the town."""
    return facts(read_osm(packaged(), TOWN))


def facts(roads: Roads) -> dict[str, object]:
    """All that roads say, whatever the order."""
    node, way = roads.node_id, roads.way_id
    keys = sorted(roads.way_tags.columns)
    rows = zip(*(roads.way_tags.column(key) for key in keys), strict=True)
    marks = sorted(roads.node_tags.columns)
    special = zip(*(roads.node_tags.column(key) for key in marks), strict=True)
    return {
        "pieces": sorted(
            zip(
                way[roads.way].tolist(),
                node[roads.start].tolist(),
                node[roads.end].tolist(),
                strict=True,
            )
        ),
        "tags": dict(zip(way.tolist(), rows, strict=True)),
        "keys": keys,
        "places": dict(zip(node.tolist(), zip(roads.lon, roads.lat, strict=True), strict=True)),
        "special": dict(zip(node[roads.special].tolist(), special, strict=True)),
        "marks": marks,
        "obstacles": sorted(map(tuple, roads.obstacles.tolist())),
    }


def test_a_download_gives_the_roads_of_the_file(server, tmp_path):
    told: list[str] = []
    roads = download(TOWN, tmp_path, overpass_url=server.url, progress=told.append)
    assert facts(roads) == town()
    assert roads.way.size > 500
    assert roads.bans.via.size == 0
    assert roads.date == "2026-11-01"
    assert told == ["routes OpenStreetMap : carreau 1 sur 1"]


def test_pieces_of_a_way_follow_one_another(server, tmp_path):
    roads = download(TOWN, tmp_path, overpass_url=server.url)
    same = np.diff(roads.way) == 0
    assert (np.diff(roads.way) >= 0).all()
    assert np.mean(roads.end[:-1][same] == roads.start[1:][same]) > 0.9


def test_a_mountain_in_tiles_gives_the_roads_of_the_file(tmp_path):
    path = shared("andorra.osm.pbf")
    told: list[str] = []
    with overpass(path) as server:
        roads = download(
            MOUNTAIN, tmp_path, overpass_url=server.url, tile_km=4, progress=told.append
        )
        assert server.most_together == 1
    assert facts(roads) == facts(read_osm(path, MOUNTAIN))
    assert told[2] == "routes OpenStreetMap : carreau 3 sur 4"


def test_a_way_met_in_two_tiles_is_taken_once(server, tmp_path):
    roads = download(TOWN, tmp_path, overpass_url=server.url, tile_km=0.95)
    pieces = facts(roads)["pieces"]
    assert len(server.questions) == 2 * len(FILTERS)
    assert len(set(pieces)) == len(pieces)
    assert facts(roads) == town()


def test_the_server_knows_who_asks(server, tmp_path):
    download(TOWN, tmp_path, overpass_url=f"{server.url}/interpreter/")
    assert server.agents[-1].startswith("tourplan/")


def test_what_is_downloaded_is_not_asked_again(server, tmp_path):
    first = download(TOWN, tmp_path, overpass_url=server.url)
    asked = len(server.questions)
    second = download(TOWN, tmp_path, overpass_url=server.url)
    assert len(server.questions) == asked == len(FILTERS)
    assert facts(first) == facts(second)


def test_a_cut_download_resumes_where_it_stopped(server, tmp_path, waits):
    options = {"overpass_url": server.url, "tile_km": 0.95}
    first_tile = [OK] * len(FILTERS)
    server.mishaps.extend([*first_tile, OK, *[bad(504)] * 4])
    with pytest.raises(InputError, match="gardé"):
        download(TOWN, tmp_path, **options)
    server.questions.clear()
    roads = download(TOWN, tmp_path, **options)
    assert len(server.questions) == len(FILTERS) - 1
    assert facts(roads) == town()


@pytest.mark.parametrize(
    ("mishap", "told"),
    [
        (bad(429), "le serveur est trop demandé"),
        (bad(504), "le serveur est en peine (erreur 504)"),
        (bad(500), "le serveur est en peine (erreur 500)"),
        (CUT, "la connexion a été coupée"),
        (HTML, "le serveur a répondu par une page web au lieu de données"),
        (bad(200, '{"elements": ['), "la réponse du serveur est incomplète ou abîmée"),
        (bad(200, "[1, 2]"), "le serveur a répondu autre chose que des routes"),
        (
            bad(200, json.dumps({"elements": [], "remark": "runtime error: Query timed out"})),
            "le serveur n’a pas pu aller au bout de la demande",
        ),
    ],
)
def test_trouble_is_told_and_tried_again(server, tmp_path, waits, mishap, told):
    server.mishaps.extend([mishap, mishap])
    said: list[str] = []
    roads = download(TOWN, tmp_path, overpass_url=server.url, pause_s=10, progress=said.append)
    assert said[1:] == [f"{told} : nouvel essai dans {wait}" for wait in ("10 s", "20 s")]
    assert waits == [10, 20]
    assert facts(roads) == town()


@pytest.mark.parametrize("mishap", [bad(429), bad(503), CUT, HTML])
def test_after_the_last_try_the_error_says_what_to_do(server, tmp_path, waits, mishap):
    server.mishaps.extend([mishap] * 3)
    with pytest.raises(InputError) as caught:
        download(TOWN, tmp_path, overpass_url=server.url, tries=3)
    (fault,) = caught.value.faults
    assert len(server.questions) == 3
    assert len(waits) == 2
    assert "« 127.0.0.1 »" in fault.what
    for step in ("reprendra", 'source = "fichier"', 'source = "integre"'):
        assert step in fault.mend


def test_a_silent_server_is_not_waited_for_ever(server, tmp_path, waits, monkeypatch):
    monkeypatch.setattr(online, "TIMEOUT_S", 0.2)
    server.mishaps.extend([SLOW, OK])
    said: list[str] = []
    roads = download(TOWN, tmp_path, overpass_url=server.url, progress=said.append)
    assert said[1] == "le serveur n’a pas répondu en 1 s : nouvel essai dans 15 s"
    assert roads.way.size


def test_the_pause_that_the_server_asks_is_made(server, tmp_path, waits):
    server.mishaps.extend([bad(429, Retry_After="40"), bad(503, Retry_After="bientôt")])
    download(TOWN, tmp_path, overpass_url=server.url, pause_s=1)
    assert waits == [40, 2]


def test_a_date_to_wait_for_is_understood(server, tmp_path, waits):
    server.mishaps.append(bad(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"))
    download(TOWN, tmp_path, overpass_url=server.url, pause_s=1)
    assert waits == [1]


def test_a_server_that_asks_for_hours_is_left_alone(server, tmp_path, waits):
    server.mishaps.append(bad(429, Retry_After="86400"))
    with pytest.raises(InputError, match="trop demandé"):
        download(TOWN, tmp_path, overpass_url=server.url)
    assert waits == []
    assert len(server.questions) == 1


def test_a_refusal_is_final(server, tmp_path, waits):
    server.mishaps.append(bad(403, "non"))
    with pytest.raises(InputError, match=r"refuse la demande .erreur 403"):
        download(TOWN, tmp_path, overpass_url=server.url)
    assert waits == []


def test_without_connection_the_error_comes_soon(tmp_path, waits):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(InputError, match="pas de connexion au serveur"):
        download(TOWN, tmp_path, overpass_url=f"http://127.0.0.1:{port}/api")
    assert sum(waits) < 30


def test_an_unknown_name_is_no_connection(tmp_path, waits):
    with pytest.raises(
        InputError, match=r"pas de connexion au serveur .serveur « serveur\.invalid »"
    ):
        download(TOWN, tmp_path, overpass_url="http://serveur.invalid/api")


def test_an_empty_tile_is_fine_and_an_empty_area_is_told(server, tmp_path):
    half = Area(24.90, 60.165, 24.94, 60.172)
    assert download(half, tmp_path, overpass_url=server.url, tile_km=1.2).way.size
    with pytest.raises(InputError, match="ne connaît aucune route"):
        download(Area(2.0, 45.0, 2.1, 45.1), tmp_path, overpass_url=server.url)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("", False),
        ('{"elements": [', False),
        ('{"elements": [', True),
        ("<html>", True),
        ("[" * 100_000, True),
        ("{}", False),
        ('{"elements": [{"type": "node", "id": 1}]}', True),
    ],
)
def test_a_damaged_answer_is_deleted_and_asked_again(server, tmp_path, text, whole):
    first = download(TOWN, tmp_path, overpass_url=server.url)
    answers = sorted(tmp_path.glob("*/*.json"))
    answers[0].write_text(text)
    if not whole:
        (answers[0].parent / "complet").unlink()
    said: list[str] = []
    again = download(TOWN, tmp_path, overpass_url=server.url, progress=said.append)
    assert said[1] == "une réponse gardée était abîmée : elle est redemandée"
    assert facts(again) == facts(first)
    asked = len(server.questions)
    download(TOWN, tmp_path, overpass_url=server.url)
    assert len(server.questions) == asked


def test_a_lost_answer_is_asked_again(server, tmp_path):
    first = download(TOWN, tmp_path, overpass_url=server.url)
    sorted(tmp_path.glob("*/*.json"))[0].unlink()
    assert facts(download(TOWN, tmp_path, overpass_url=server.url)) == facts(first)


def test_answers_of_another_server_are_not_taken(server, tmp_path, waits):
    download(TOWN, tmp_path, overpass_url=server.url)
    with pytest.raises(InputError):
        download(
            TOWN,
            tmp_path,
            overpass_url=server.url.replace("/api", "/autre").replace("127.0.0.1", "127.0.0.2"),
        )


@pytest.mark.parametrize("mishaps", [[], [bad(403)], [HTML] * 4])
def test_osmnx_is_given_back_as_it_was(server, tmp_path, waits, monkeypatch, mishaps):
    monkeypatch.setattr(osmnx.settings, "cache_folder", "ailleurs")
    before = {key: value for key, value in vars(osmnx.settings).items() if key[0] != "_"}
    resolve = socket.getaddrinfo
    server.mishaps.extend(mishaps)
    if mishaps:
        with pytest.raises(InputError):
            download(TOWN, tmp_path, overpass_url=server.url)
    else:
        download(TOWN, tmp_path, overpass_url=server.url)
    assert {key: value for key, value in vars(osmnx.settings).items() if key[0] != "_"} == before
    assert socket.getaddrinfo is resolve


def test_an_interruption_gives_osmnx_back_and_keeps_the_answers(server, tmp_path, monkeypatch):
    server.mishaps.extend([OK, bad(429)])

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(online, "sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        download(TOWN, tmp_path, overpass_url=server.url)
    assert osmnx.settings.cache_only_mode is False
    server.questions.clear()
    download(TOWN, tmp_path, overpass_url=server.url)
    assert len(server.questions) == len(FILTERS) - 1


def test_a_country_is_for_a_file(tmp_path):
    with pytest.raises(InputError, match="30 000 km²") as caught:
        download(Area(-4, 43, 7, 50), tmp_path)
    assert 'source = "fichier"' in caught.value.faults[0].mend


@pytest.mark.parametrize(
    "url", ["overpass", "ftp://serveur/api", "http://", "http://x:99999/api", "http://a..b"]
)
def test_an_address_that_is_none_is_refused(tmp_path, url):
    with pytest.raises(InputError, match="adresse d’un serveur Overpass"):
        download(TOWN, tmp_path, overpass_url=url)


def test_a_folder_that_is_a_file_is_told(server, tmp_path):
    (tmp_path / "cache").write_text("")
    with pytest.raises(InputError, match=r"ne peuvent pas être gardées|écriture impossible"):
        download(TOWN, tmp_path / "cache", overpass_url=server.url)


def test_the_stand_in_says_how_busy_it_is_as_osmnx_reads_it(server):
    status = requests.get(f"{server.url}/status", timeout=5).text
    assert status.split("\n")[4] == "2 slots available now."


def test_questions_are_the_same_at_every_run():
    assert [found.split('"')[1] for found in FILTERS] == ["highway", "waterway", "railway"]
    assert '["service"!~"^(driveway|' in FILTERS[0]


def test_tiles_cover_the_area_without_overlap():
    tiles = online._tiles(Area(3.0, 43.0, 4.0, 44.0), 50)
    assert len(tiles) == 2 * 3
    area = sum((tile.east - tile.west) * (tile.north - tile.south) for tile in tiles)
    assert area == pytest.approx(1.0, abs=1e-4)
    assert all(tile.width_km <= 50 and tile.height_km <= 50 for tile in tiles)
