"""``tourplan network``: what it says in French and in JSON, what it refuses, what it deletes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import osmnx
import pytest
from roadfile import grid_case, lat, lon

from tourplan.network import online
from tourplan.network.store import FOLDER_VARIABLE, Store
from tourplan.prepare import prepare
from tourplan.scenario import Network
from tourplan.starter import scenario_text

ANSWER = {
    "source",
    "date",
    "credit",
    "vitesses",
    "incertitude_pct",
    "noeuds",
    "arcs",
    "routes_km",
    "lieux",
    "lieux_loin_de_la_route",
    "lieux_sans_route",
    "remarques",
    "lieux_sur_la_route",
    "cache",
}


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch) -> Store:
    """An empty cache for each test."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    return Store(tmp_path / "cache")


@pytest.fixture
def scenario(tmp_path) -> Path:
    """Four communes on a grid of roads, read from a file."""
    return written(tmp_path)


def written(folder: Path, **network: object) -> Path:
    """The grid as a scenario on the disk."""
    keys = grid_case(folder, **network).to_keys()
    path = folder / "s.toml"
    path.write_text(scenario_text(keys, lambda code: code), encoding="utf-8")
    return path


def moved(folder: Path, **places: tuple[float, float]) -> None:
    """Put communes elsewhere, by code after ``c``."""
    path = folder / "communes.geojson"
    land = json.loads(path.read_text(encoding="utf-8"))
    for feature in land["features"]:
        known = feature["properties"]
        place = (known["point_lon"], known["point_lat"])
        known["point_lon"], known["point_lat"] = places.get(f"c{known['code']}", place)
    path.write_text(json.dumps(land), encoding="utf-8")


def speed(out: str, key: str) -> str:
    """The speed of a line of the table."""
    (line,) = [line for line in out.splitlines() if line.startswith(f"  {key} ")]
    return line.split()[1]


def kinds(store: Store) -> list[str]:
    return sorted(entry.kind for entry in store.entries())


class TestContract:
    """``docs/formats.md`` tells every key."""

    CONTRACT = (Path(__file__).parent.parent / "docs" / "formats.md").read_text(encoding="utf-8")

    @pytest.mark.parametrize("field", Network.model_fields.values(), ids=lambda field: field.alias)
    def test_of_the_scenario(self, field):
        assert f"| `{field.alias}` |" in self.CONTRACT

    @pytest.mark.parametrize("key", sorted(ANSWER))
    def test_of_the_answers(self, key):
        part = self.CONTRACT.partition("### Answers of `tourplan network`")[2]
        assert f"`{key}`" in part.partition("\n## ")[0]

    @pytest.mark.parametrize("command", ["build", "info", "clear"])
    def test_of_the_commands(self, command):
        assert f"| `tourplan network {command}" in self.CONTRACT


class TestHelp:
    @pytest.mark.parametrize("words", [["network"], ["réseau"], ["reseau"]])
    def test_without_a_command_the_help_is_shown(self, tp, words):
        answer = tp(*words)
        assert answer.code == 2
        for word in ("Commandes :", "build", "info", "clear", "construire", "vider"):
            assert word in answer.out

    @pytest.mark.parametrize("command", ["build", "info", "clear"])
    def test_help_is_in_french(self, tp, command):
        answer = tp("network", command, "--help")
        assert answer.code == 0
        assert answer.out.startswith(f"Usage : tourplan network {command} [OPTIONS]")
        for english in ("Show", "Options:", "Arguments:", "[default"):
            assert english not in answer.out

    @pytest.mark.parametrize("words", [["network", "build"], ["réseau", "construire"]])
    def test_build_wants_a_scenario(self, tp, words):
        answer = tp(*words)
        assert answer.code == 2
        assert "il manque SCENARIO" in answer.err

    def test_an_unknown_command_is_told_with_the_nearest(self, tp):
        answer = tp("network", "buidl", "s.toml")
        assert answer.code == 2
        assert "vouliez-vous build ?" in answer.err

    def test_the_program_tells_of_it(self, tp):
        out = tp("--help").out
        assert "network" in out
        assert "réseau" in out


class TestBuild:
    def test_says_what_it_read_and_keeps_it(self, tp, scenario, store):
        answer = tp("network", "build", "s.toml")
        assert answer.code == 0
        assert "routes OpenStreetMap du fichier « g.osm » (date inconnue)" in answer.out
        assert "Vitesses pratiquées par type de route" in answer.out
        assert "Incertitude : ± 15 % (" in answer.out
        assert "km de routes" in answer.out
        assert "Lieux : 4 (" in answer.out
        assert "© OpenStreetMap contributors, ODbL" in answer.out
        assert "gardés pour « tourplan solve »" in answer.out
        assert "… lecture de « g.osm » : les routes" in answer.err
        assert kinds(store) == ["rues", "temps"]

    def test_a_second_time_reads_nothing(self, tp, scenario):
        first = tp("network", "build", "s.toml")
        second = tp("réseau", "construire", "s.toml")
        assert second.out == first.out
        assert second.err == ""

    def test_solve_reads_nothing_after_it(self, tp, scenario):
        tp("network", "build", "s.toml")
        answer = tp("solve", "s.toml")
        assert answer.code == 0
        assert "lecture" not in answer.err

    def test_json(self, tp, scenario):
        answer = tp("network", "build", "s.toml", "--json")
        found = json.loads(answer.out)
        assert answer.err == ""
        assert set(found) == ANSWER
        assert found["lieux"] == 4
        assert found["lieux_loin_de_la_route"] == found["lieux_sans_route"] == 0
        assert found["incertitude_pct"] == 15
        assert found["routes_km"] == pytest.approx(5 * 5 * 1.61 + 6 * 4 * 2.22, rel=0.01)
        assert found["noeuds"] < found["arcs"]
        assert isinstance(found["remarques"], list)
        assert [entry["genre"] for entry in found["cache"]["fichiers"]] == ["rues", "temps"]

    def test_places_to_be_checked_are_named(self, tp, tmp_path):
        written(tmp_path)
        moved(tmp_path, c90001=(lon(0), lat(-0.4)), c90003=(lon(0), lat(4) + 0.1))
        answer = tp("network", "build", "s.toml")
        assert answer.code == 0
        assert re.search(
            r"Commune 90001 \(90001\) : à 8\d\d m de la route \(.*à vérifier", answer.out
        )
        assert "Commune 90003 (90003) : aucune route où s’arrêter à moins de 5 km" in answer.out
        found = json.loads(tp("network", "build", "s.toml", "--json").out)
        assert (found["lieux_loin_de_la_route"], found["lieux_sans_route"]) == (1, 1)

    def test_where_nothing_can_be_kept_it_is_said(self, tp, scenario, tmp_path):
        (tmp_path / "cache").write_text("", encoding="utf-8")
        answer = tp("network", "build", "s.toml")
        assert answer.code == 0
        assert "le cache ne peut pas être écrit" in answer.err

    @pytest.mark.parametrize("own", [True, False])
    def test_a_graph_says_whose_its_times_are(self, tp, tmp_path, own):
        graph = prepare(grid_case(tmp_path)).graph()
        for *_, edge in graph.edges(data=True) if not own else ():
            del edge["travel_time"]
        osmnx.io.save_graphml(graph, tmp_path / "g.graphml")
        written(tmp_path, source="graphe", fichier="g.graphml")
        answer = tp("network", "info", "s.toml")
        assert answer.code == 0
        assert "routes du graphe « g.graphml »" in answer.out
        assert "les routes hors du graphe ne sont pas connues" in answer.out
        assert ("Vitesses pratiquées" in answer.out) is not own
        assert ("km/h" in answer.out) is not own
        assert ("tourplan ne sait pas comment" in answer.out) is own
        written(tmp_path, source="graphe", fichier="g.graphml", facteur=1.2)
        again = tp("network", "build", "s.toml")
        assert again.code == (2 if own else 0)
        assert ("donne ses propres temps" in again.err) is own

    def test_the_embedded_network_needs_nothing(self, tp, store):
        answer = tp("network", "build", "herault")
        assert answer.code == 0
        assert "réseau simplifié intégré" in answer.out
        assert "Rien à préparer" in answer.out
        assert "km de routes" not in answer.out  # its links share roads
        assert kinds(store) == []

    def test_a_table_needs_nothing(self, tp, tmp_path, store):
        codes = [f"9000{number}" for number in range(1, 5)]
        rows = [f"{a};{b};12,5;10" for a in codes for b in codes if a != b]
        (tmp_path / "t.csv").write_text("\n".join(["depart;arrivee;minutes;km", *rows]))
        written(tmp_path, source="tableau", fichier="t.csv", incertitude_pct=8)
        answer = tp("network", "build", "s.toml")
        assert answer.code == 0
        assert "temps du tableau « t.csv »" in answer.out
        assert "Incertitude : ± 8 % (choisie dans le scénario)" in answer.out
        assert "Rien à préparer : le tableau" in answer.out
        found = json.loads(tp("network", "info", "s.toml", "--json").out)
        assert (found["noeuds"], found["arcs"], found["routes_km"]) == (0, 0, 0)
        assert found["vitesses"] == ""
        assert kinds(store) == []


class TestFaults:
    @pytest.mark.parametrize("command", ["build", "info"])
    def test_no_such_scenario(self, tp, command):
        answer = tp("network", command, "absent.toml")
        assert answer.code == 2
        assert "introuvable" in answer.err

    @pytest.mark.parametrize(
        ("name", "content", "told"),
        [
            ("absent.osm.pbf", None, "fichier introuvable"),
            ("g.csv", b"a;b", "n’est pas un format de fichier OpenStreetMap"),
            ("g.osm.pbf", b"", "le fichier est vide"),
            ("g.osm.pbf", b"bonjour", "ce ne sont pas des données OpenStreetMap"),
            ("g.osm", b"<osm version='0.6'><node", "incomplet ou abîmé"),
        ],
    )
    def test_a_file_that_cannot_be_read(self, tp, tmp_path, store, name, content, told):
        written(tmp_path, fichier=name)
        (tmp_path / "g.osm").unlink()
        if content is not None:
            (tmp_path / name).write_bytes(content)
        answer = tp("network", "build", "s.toml", "--json")
        assert answer.code == 2
        assert told in answer.err
        assert "→" in answer.err
        (fault,) = json.loads(answer.out)["fautes"]
        assert told in fault["quoi"]
        assert kinds(store) == []

    def test_another_region(self, tp, tmp_path):
        written(tmp_path)
        moved(tmp_path, **{f"c9000{number}": (lon(-250), lat(number)) for number in range(1, 5)})
        answer = tp("network", "build", "s.toml")
        assert answer.code == 2
        assert "aucune route dans la zone demandée" in answer.err
        assert "prenez l’extrait de votre région" in answer.err

    def test_no_network_says_what_to_do_instead(self, tp, tmp_path, monkeypatch, store):
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            monkeypatch.delenv(name)
        monkeypatch.setattr(online, "sleep", lambda _: None)
        written(tmp_path, source="en_ligne", fichier="", serveur="http://serveur.invalid/api")
        answer = tp("network", "build", "s.toml")
        assert answer.code == 2
        assert "pas de connexion au serveur" in answer.err
        assert "nouvel essai dans" in answer.err
        for step in ('source = "fichier"', 'source = "integre"', "recommencez plus tard"):
            assert step in answer.err
        assert kinds(store) == []


class TestInfo:
    def test_without_scenario_only_the_cache(self, tp, store):
        answer = tp("network", "info")
        assert answer.code == 0
        assert answer.out == f"Cache vide ({store.folder}).\n"
        found = json.loads(tp("network", "info", "--json").out)
        assert found == {"cache": {"dossier": str(store.folder), "fichiers": []}}

    def test_speeds_are_those_of_the_scenario(self, tp, tmp_path):
        written(tmp_path, vitesses={"communale": 41})
        assert speed(tp("network", "info", "s.toml").out, "communale") == "41"
        written(tmp_path, vitesses={"communale": 41}, hiver=True)
        winter = tp("network", "info", "s.toml").out
        assert "Vitesses d’hiver" in winter
        assert speed(winter, "communale") == "31"  # a quarter less

    def test_without_roads_no_place_has_one(self, tp):
        told = tp("network", "info", "herault", "--lieux").out
        assert "ces temps ne viennent pas d’un réseau de routes" in told
        assert "Lieux, et leur route" not in told

    def test_the_road_of_each_place_on_request(self, tp, scenario):
        codes = [f"9000{number}" for number in range(1, 5)]
        assert "Lieux, et leur route" not in tp("network", "info", "s.toml").out
        told = tp("network", "info", "s.toml", "--lieux").out.partition("Lieux, et leur route :")[2]
        found = json.loads(tp("network", "info", "s.toml", "--json").out)["lieux_sur_la_route"]
        assert sorted(place["code_insee"] for place in found) == codes
        for place in found:
            assert set(place) == {"code_insee", "distance_m", "route", "lon", "lat", "faute"}
            assert f"({place['code_insee']}) : à {place['distance_m']} m de la route (" in told

    def test_of_the_embedded_network(self, tp):
        answer = tp("network", "info", "herault")
        assert answer.code == 0
        assert "réseau simplifié intégré" in answer.out
        assert "km/h" not in answer.out
        found = json.loads(tp("network", "info", "herault", "--json").out)
        assert set(found) == ANSWER
        assert found["routes_km"] == 0

    def test_what_the_cache_keeps_is_counted_by_kind(self, tp, scenario, store):
        tp("network", "build", "s.toml")
        out = tp("network", "info").out
        assert f"dans {store.folder}" in out
        assert "routes lues et simplifiées : 1\u00a0fichier, " in out
        assert "temps entre communes : 1\u00a0fichier, " in out
        assert "tourplan network clear" in out
        (entry, *_) = json.loads(tp("network", "info", "--json").out)["cache"]["fichiers"]
        assert set(entry) == {"genre", "fichier", "octets", "ecrit_le"}


class TestClear:
    def test_empties_the_cache_and_nothing_else(self, tp, scenario, store):
        tp("network", "build", "s.toml")
        mine = store.folder / "notes.txt"
        mine.write_text("à moi", encoding="utf-8")
        answer = tp("network", "clear")
        assert answer.code == 0
        assert "Cache vidé : 2\u00a0fichiers, " in answer.out
        assert store.entries() == ()
        assert mine.read_text(encoding="utf-8") == "à moi"
        assert "lecture de « g.osm »" in tp("network", "build", "s.toml").err

    def test_an_empty_cache_is_no_fault(self, tp):
        answer = tp("réseau", "vider")
        assert answer.code == 0
        assert "déjà vide" in answer.out

    def test_json(self, tp, scenario, store):
        tp("network", "build", "s.toml")
        size = sum(entry.size for entry in store.entries())
        found = json.loads(tp("network", "clear", "--json").out)
        assert found == {"fichiers": 2, "octets_liberes": size, "dossier": str(store.folder)}


class TestMeasured:
    def test_a_sheet_half_filled_is_read_back(self, tp, tmp_path):
        written(tmp_path, mesures="m.csv")
        (tmp_path / "m.csv").write_text(
            "de;vers;minutes;remarque\n90001;90002;21,5;brouillard\n90001;90003;;\n"
            "90001;99999;12;code mal tapé\n",
            encoding="utf-8",
        )
        out = tp("network", "build", "s.toml").out
        assert "trajets mesurés sur la route : 2 (aller et retour font deux)" in out
        assert "trajets mesurés entre d’autres lieux : 1 (90001 et 99999)" in out
        assert "mesuré" in tp("solve", "s.toml", "--sortie", "a").out
        (folder,) = (tmp_path / "a").iterdir()
        assert ";mesuré" in (folder / "itineraire.csv").read_text(encoding="utf-8-sig")

    def test_every_fault_of_a_sheet_is_told(self, tp, tmp_path):
        written(tmp_path, mesures="m.csv")
        lines = ("de;vers;minutes", "90001;90001;3", "90001;;3", "90001;90002;abc")
        (tmp_path / "m.csv").write_text("\n".join(lines), encoding="utf-8")
        answer = tp("network", "build", "s.toml")
        assert answer.code == 2
        assert answer.err.count("m.csv, ligne ") == 3
