"""``source = "en_ligne"`` through the command line, against a stand-in of an Overpass server."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import Answer
from overpass import OK, Server, bad, overpass, packaged
from village import EXTRACT, quarters

from tourplan.cases import case_of
from tourplan.network import online
from tourplan.network.online import FILTERS
from tourplan.network.store import FOLDER_VARIABLE, Store

HTML = bad(200, "<html>Bienvenue sur le wifi de la mairie</html>")
EMPTY = bad(200, '{"elements": []}')
TRIES = 4


@pytest.fixture(scope="module")
def _village() -> Iterator[Server]:
    with overpass(packaged(EXTRACT)) as server:
        yield server


@pytest.fixture
def server(_village, monkeypatch) -> Server:
    """The stand-in, well-behaved, and nothing between it and us."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    _village.questions.clear()
    _village.mishaps.clear()
    return _village


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch) -> Store:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    return Store(tmp_path / "cache")


@pytest.fixture(autouse=True)
def waits(monkeypatch) -> list[float]:
    """Pauses that would have been made between two tries."""
    made: list[float] = []
    monkeypatch.setattr(online, "sleep", made.append)
    return made


@pytest.fixture
def from_file(tmp_path) -> Path:
    return quarters(tmp_path / "village")


@pytest.fixture
def scenario(server, from_file) -> Path:
    """The same scenario, whose roads are asked of the stand-in."""
    path = from_file.with_name("en_ligne.toml")
    lines = from_file.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("fichier = ")]
    text = "\n".join(kept).replace(
        'source = "fichier"', f'source = "en_ligne"\nserveur = "{server.url}"'
    )
    path.write_text(text, encoding="utf-8")
    return path


def plan_of(answer: Answer, output: Path) -> dict[str, Any]:
    """The plan written by a command, without what says when, or where the roads come from."""
    assert answer.code == 0, answer.err
    (folder,) = output.iterdir()
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    for key in ("mesures", "scenario", "empreinte", "empreinte_entrees", "temps_de_trajet"):
        plan.pop(key)
    return plan


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_extract_has_no_turn_restriction():
    """Which a download does not read: they would part the two."""
    import osmium

    rules = osmium.FileProcessor(str(packaged(EXTRACT)), osmium.osm.RELATION)
    assert not [rule for rule in rules if rule.tags.get("type") == "restriction"]


def test_times_are_those_of_the_file(scenario, from_file):
    online_times, file_times = case_of(scenario).travel, case_of(from_file).travel
    assert online_times.places == file_times.places
    for name in ("time_s", "distance_m", "reachable"):
        assert np.array_equal(getattr(online_times, name), getattr(file_times, name))
    assert online_times.time_s.max() > 120
    assert online_times.reachable.all()


def test_the_plan_is_that_of_the_file(tp, tmp_path, server, scenario, from_file):
    online_plan = plan_of(tp("solve", scenario, "--sortie", "a"), tmp_path / "a")
    file_plan = plan_of(tp("solve", from_file, "--sortie", "b"), tmp_path / "b")
    assert online_plan == file_plan
    assert len(server.questions) == len(FILTERS)


def test_the_plan_says_that_roads_were_downloaded(tp, scenario):
    answer = tp("network", "build", scenario)
    assert "routes OpenStreetMap téléchargées (1er\u00a0novembre 2026)" in answer.out
    assert "… routes OpenStreetMap : carreau 1 sur 1" in answer.err


def test_a_second_command_asks_nothing(tp, server, scenario):
    assert tp("network", "build", scenario).code == 0
    asked = len(server.questions)
    answer = tp("solve", scenario)
    assert answer.code == 0
    assert "carreau" not in answer.err
    assert len(server.questions) == asked


def test_after_clearing_roads_are_asked_again(tp, server, scenario, store):
    tp("network", "build", scenario)
    assert tp("network", "clear").code == 0
    assert store.entries() == ()
    assert tp("network", "build", scenario).code == 0
    assert len(server.questions) == 2 * len(FILTERS)


def test_a_busy_server_is_waited_for(tp, tmp_path, server, scenario, from_file, waits):
    server.mishaps.extend([bad(429), bad(429, Retry_After="40")])
    answer = tp("solve", scenario, "--sortie", "a")
    assert "… le serveur est trop demandé : nouvel essai dans 15 s" in answer.err
    assert "nouvel essai dans 40 s" in answer.err
    assert waits == [15, 40]
    file_plan = plan_of(tp("solve", from_file, "--sortie", "b"), tmp_path / "b")
    assert plan_of(answer, tmp_path / "a") == file_plan


@pytest.mark.parametrize(
    ("mishap", "told"),
    [
        (bad(504), "le serveur est en peine (erreur 504)"),
        (bad(429), "le serveur est trop demandé"),
        (HTML, "le serveur a répondu par une page web au lieu de données"),
    ],
)
@pytest.mark.parametrize("command", ["solve", "build", "check"])
def test_when_it_fails_for_ever_the_next_step_is_told(tp, server, scenario, command, mishap, told):
    server.mishaps.extend([OK, *[mishap] * TRIES])
    words = ["network", "build"] if command == "build" else [command]
    answer = tp(*words, scenario)
    assert answer.code == 2
    assert answer.out == ""
    assert "1 faute à corriger :\n  - téléchargement des routes : " in answer.err
    assert f"{told} (serveur « 127.0.0.1 »)" in answer.err
    for step in ("recommencez plus tard", 'source = "fichier"', 'source = "integre"'):
        assert step in answer.err
    assert "Traceback" not in answer.err


def test_json_tells_the_fault_too(tp, server, scenario):
    server.mishaps.extend([bad(504)] * TRIES)
    (fault,) = json.loads(tp("network", "build", scenario, "--json").out)["fautes"]
    assert set(fault) == {"ou", "quoi", "remede"}
    assert "504" in fault["quoi"]


def test_what_was_there_stays_and_a_second_run_resumes(
    tp, tmp_path, server, scenario, from_file, store
):
    file_plan = plan_of(tp("solve", from_file, "--sortie", "sorties"), tmp_path / "sorties")
    outputs, cache = files_of(tmp_path / "sorties"), files_of(store.folder)
    server.mishaps.extend([OK, *[bad(504)] * TRIES])
    assert tp("solve", scenario, "--sortie", "sorties").code == 2
    assert files_of(tmp_path / "sorties") == outputs
    assert cache.items() <= files_of(store.folder).items()
    server.questions.clear()
    again = tp("solve", scenario, "--sortie", "reprise")
    assert plan_of(again, tmp_path / "reprise") == file_plan
    assert len(server.questions) == len(FILTERS) - 1  # the first answer was kept


def test_the_plan_is_made_from_the_cache_when_the_server_is_gone(tp, server, scenario):
    tp("network", "build", scenario)
    server.mishaps.extend([bad(504)] * TRIES)
    assert tp("solve", scenario).code == 0
    assert len(server.mishaps) == TRIES


def test_an_answer_without_any_road_is_told(tp, server, scenario):
    server.mishaps.extend([EMPTY] * len(FILTERS))
    answer = tp("network", "build", scenario)
    assert answer.code == 2
    assert "ne connaît aucune route dans la zone" in answer.err
    tp("network", "clear")
    assert tp("network", "build", scenario).code == 0


def test_a_damaged_answer_is_asked_again(tp, server, scenario, store):
    tp("network", "build", scenario)
    for entry in store.entries():
        if entry.kind != "overpass":
            entry.path.unlink()
        elif entry.path.suffix == ".json":
            entry.path.write_text('{"elements": [', encoding="utf-8")
    answer = tp("network", "build", scenario)
    assert answer.code == 0
    assert "une réponse gardée était abîmée : elle est redemandée" in answer.err
