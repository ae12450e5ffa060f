"""``tourplan solve``: the files, the screen, and what may be asked besides."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import sys
import threading
from datetime import date
from pathlib import Path
from typing import Any

import pypdf
import pytest
from commands import FILES, SMALL, child, ended, only_folder, posix_only, rows_of, written

from tourplan import cli
from tourplan.errors import OwnError
from tourplan.plan import Plan
from tourplan.starter import TEN

COLUMNS = (
    "semaine;jour;creneau;date;code_insee;commune;lieu;adresse;arrivee;ouverture;fermeture;"
    "depart;trajet_min;trajet_km;agents;vehicule;temps_de_trajet;trajet_source;pause_de;pause_a"
)
TITLE = "=cmd|' /C calc'!A0 </script><script>alert(1)</script>\n\u001b[2J ../../etc;\"x\""
NAME = "Zébulon Dupont-Tartempion"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    work = tmp_path_factory.mktemp("solve")
    path = written(work / "petit.toml", SMALL)
    assert cli._guarded(["solve", str(path), "--sortie", str(work / "out")]) == 0
    return only_folder(work / "out")


class TestSolve:
    def test_a_dated_folder_with_three_files(self, folder):
        assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d{6}_deux-communes", folder.name)
        assert sorted(path.name for path in folder.iterdir()) == FILES

    def test_columns_bom_and_line_ends(self, folder):
        raw = (folder / "itineraire.csv").read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf" + COLUMNS.encode() + b"\r\n")
        assert raw.count(b"\r\n") == raw.count(b"\n")

    def test_rows_of_a_day(self, folder):
        rows = rows_of(folder)
        plan = Plan.read(folder / "plan.json")
        assert len(rows) == plan.sessions_per_cycle + 2 * len(plan.days)
        assert {row["jour"] for row in rows} <= {
            "lundi",
            "mardi",
            "mercredi",
            "jeudi",
            "vendredi",
        }
        assert {row["creneau"] for row in rows} <= {"départ", "matin", "après-midi", "retour"}
        for row in rows:
            agency = row["creneau"] in ("départ", "retour")
            assert row["semaine"] == "1"
            assert (row["code_insee"] == "34079") is agency
            assert bool(row["arrivee"]) is (row["creneau"] != "départ")
            assert bool(row["depart"]) is (row["creneau"] != "retour")
            assert bool(row["ouverture"]) is bool(row["fermeture"]) is not agency
            for column in ("arrivee", "ouverture", "fermeture", "depart"):
                assert re.fullmatch(r"(\d\d:\d\d)?", row[column])
            for column in ("trajet_min", "trajet_km"):
                assert re.fullmatch(r"(\d+,\d+)?", row[column])
            assert row["agents"] == "Agent 1, Agent 2"
            assert row["vehicule"] == "Véhicule 1"
            assert row["date"] == ""
            assert "± 10 %" in row["temps_de_trajet"]
            assert row["trajet_source"] == ("calculé" if row["creneau"] != "départ" else "")

    def test_drives_add_up(self, folder):
        figures = Plan.read(folder / "plan.json").figures
        rows = [row for row in rows_of(folder) if row["trajet_min"]]
        minutes = sum(float(row["trajet_min"].replace(",", ".")) for row in rows)
        km = sum(float(row["trajet_km"].replace(",", ".")) for row in rows)
        assert minutes == pytest.approx(figures.drive_s / 60, abs=0.01 * len(rows))
        assert km == pytest.approx(figures.drive_m / 1000, abs=0.001 * len(rows))

    def test_the_map_asks_nothing_of_any_network(self, folder):
        page = (folder / "carte.html").read_text(encoding="utf-8")
        assert not re.search(r"<(script|link|img)[^>]+(src|href)=[\"']?https?:", page)

    def test_default_is_the_herault_example(self, tp, tmp_path):
        answer = tp("solve", "--json")
        assert answer.code == 0
        found = json.loads(answer.out)
        assert sorted(path.name for path in Path(found["dossier"]).iterdir()) == FILES
        assert Path(found["dossier"]).parent == Path("sorties")
        assert found["demontre"] is True
        assert found["fin"] == "terminé"
        assert (
            "CC Lodévois et Larzac : 1\u00a0062 habitants de 9 communes sont à plus de 15 min "
            "d’un accueil et 1\u00a0409 à la limite ; avec la tournée, aucun, et 40 à la limite."
        ) in found["phrases"]
        assert any("aucun autre planning ne fait mieux" in text for text in found["phrases"])
        assert any("344,9 min par semaine, déjà la plus" in text for text in found["comparaison"])
        served = {s["code_insee"] for d in found["plan"]["journees"] for s in d["permanences"]}
        assert served == set(TEN)

    def test_the_village_at_30_1_minutes_is_told_at_the_limit(self, tp):
        plan = json.loads(tp("solve", "--json").out)["plan"]
        lodevois = next(a for a in plan["acces"] if "Lodévois" in a["nom"])
        assert lodevois["groupes_avant"]["30"]["a_la_limite"] == 185
        assert lodevois["groupes_avant"]["30"]["au_dela"] == 0
        assert plan["temps_de_trajet"]["incertitude_pct"] == 10

    def test_the_times_are_told(self, tp, small):
        out = tp("solve", small).out
        assert "Temps de route : réseau simplifié intégré" in out
        assert "(novembre 2026)" in out.replace("\u00a0", " ")
        assert "Incertitude : ± 10 %" in out

    def test_screen(self, tp, small):
        answer = tp("planifier", small)
        assert answer.code == 0
        for words in ("Deux communes", "Le Caylar", "démontré", "Écrit dans sorties"):
            assert words in answer.out
        assert "non démontré" not in answer.out
        assert answer.err.startswith("… ")

    def test_the_people_expected_and_their_room(self, folder, tp, small):
        raw = (folder / "attente.csv").read_bytes()
        assert raw.startswith(b"\xef\xbb\xbfcode_insee;commune;visites_par_mois;dont_rendez_vous;")
        rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"))
        assert [row["commune"] for row in rows] == ["Le Caylar", "Les Rives", "Ensemble"]
        assert {row["etat"] for row in rows} == {"tient"}
        assert "Public attendu, par hypothèse : 6" in tp("solve", small).out
        assert "Public attendu" in (folder / "carte.html").read_text(encoding="utf-8")

    def test_two_runs_of_a_second_do_not_meet(self, tp, small, tmp_path):
        for _ in range(2):
            assert tp("solve", small, "--json").code == 0
        assert len(list((tmp_path / "sorties").iterdir())) == 2

    def test_no_plan(self, tp, tmp_path):
        path = written(tmp_path / "s.toml", SMALL.replace("_min_h = 0", "_min_h = 24"))
        answer = tp("solve", path, "--json")
        assert answer.code == 3
        assert answer.err.startswith("… ") is False
        assert "Aucun plan n’existe" in answer.err
        assert "ouvrir au moins 24 h par semaine → ouvrir 5 h par semaine" in answer.err
        found = json.loads(answer.out)
        assert found["changements"][0]["demontre"] is True
        assert not list((tmp_path / "sorties").glob("*"))

    def test_each_commune_that_fits_no_day_is_told(self, tp, tmp_path):
        text = SMALL + '[journee]\ndepart_au_plus_tot = "09:50"\nretour_au_plus_tard = "15:40"\n'
        answer = tp("solve", written(tmp_path / "s.toml", text))
        assert answer.code == 3
        assert "Le Caylar et Les Rives ne tiennent dans aucune journée" in answer.err
        assert "Il faut à la fois :" in answer.err

    def test_faults_are_told_before_the_search(self, tp, tmp_path):
        path = written(tmp_path / "s.toml", SMALL + '[comparaison]\ntournee = "absente.csv"\n')
        answer = tp("solve", path, "--json")
        assert answer.code == 2
        assert "absente.csv" in json.loads(answer.out)["fautes"][0]["quoi"]
        assert "…" not in answer.err
        assert not (tmp_path / "sorties").exists()

    def test_the_tour_of_today_stands_beside_the_scenario(self, tp, tmp_path):
        (tmp_path / "dossier").mkdir()
        written(tmp_path / "dossier" / "t.csv", "jour;creneau;code_insee\nlundi;matin;34064\n")
        path = written(
            tmp_path / "dossier" / "s.toml", SMALL + '[comparaison]\ntournee = "t.csv"\n'
        )
        answer = tp("solve", path)
        assert answer.code == 0
        assert "Comparé à la tournée d’aujourd’hui (t.csv)" in answer.out
        assert "1 commune en commun, 1 nouvelle, aucune qui ne serait" in answer.out

    def test_an_empty_tour_is_told_as_it_is(self, tp, tmp_path):
        text = SMALL.replace("a_desservir", "candidates") + '[objectifs]\nordre = ["route"]\n'
        answer = tp("solve", written(tmp_path / "s.toml", text))
        assert answer.code == 0
        assert "Aucune permanence : la tournée est vide." in answer.out
        assert rows_of(only_folder(tmp_path / "sorties")) == []


class TestMap:
    NAMED = SMALL + 'nom = "Utilitaire blanc"\n'

    def page(self, answer) -> str:
        assert answer.code == 0, answer.err
        folder = Path(json.loads(answer.out)["dossier"])
        return (folder / "carte.html").read_text(encoding="utf-8")

    def test_for_everyone_unless_asked(self, tp, tmp_path):
        path = written(tmp_path / "s.toml", self.NAMED)
        page = self.page(tp("solve", path, "--json"))
        assert "Utilitaire blanc" not in page
        assert "ne pas publier" not in page
        page = self.page(tp("solve", path, "--json", "--diffusion", "interne"))
        assert "Utilitaire blanc" in page
        assert "ne pas publier" in page

    def test_an_unknown_audience_is_refused_before_the_search(self, tp, small):
        answer = tp("solve", small, "--diffusion", "tous")
        assert answer.code == 2
        assert "« tous » n’est pas une diffusion" in answer.err
        assert "permanences obligatoires" not in answer.err

    def test_dated_and_beside_the_tour_of_today(self, tp):
        page = self.page(tp("solve", "--json"))
        assert f"Brouillon du {date.today():%d/%m/%Y}, empreinte" in page
        assert "Tournée d’aujourd’hui" in page

    def test_a_tour_of_today_that_cannot_be_run_leaves_the_plan(self, tp, tmp_path):
        """Its vehicle is only there one week in two: told at the end, once all is written."""
        rows = "semaine;jour;creneau;code_insee;vehicule\n2;lundi;matin;34064;Utilitaire blanc\n"
        written(tmp_path / "t.csv", rows)
        text = self.NAMED + "semaines = [2]\n"
        text += '[[vehicules]]\ndepot = "34079"\nsemaines = [4]\n'
        text += "[cycle]\nsemaines = 2\nsemaines_du_mois = [2, 4]\n"
        text += '[comparaison]\ntournee = "t.csv"\n'
        answer = tp("solve", written(tmp_path / "s.toml", text))
        assert answer.code == 2
        assert "aucune équipe ne peut partir" in answer.err
        folder = only_folder(tmp_path / "sorties")
        assert sorted(path.name for path in folder.iterdir()) == FILES
        assert "Tournée d’aujourd’hui" not in (folder / "carte.html").read_text("utf-8")

    def test_why_communes_stay_far_when_asked(self, tp, tmp_path):
        """One day for two of three candidates: the third stays far, and the map says why."""
        keys = 'titre = "Trois"\n[communes]\ncandidates = ["34064", "34230", "34277"]\n'
        keys += '[cycle]\njours = ["lundi"]\n[semaine]\nouverture_min_h = 0\n'
        path = written(tmp_path / "s.toml", keys + '[[vehicules]]\ndepot = "34079"\n')
        plain = self.page(tp("solve", path, "--json"))
        assert "La commande « tourplan explain »" in plain.replace("\u00a0", " ")
        told = self.page(tp("solve", path, "--json", "--pourquoi"))
        assert "La commande « tourplan explain »" not in told.replace("\u00a0", " ")
        assert "la rapprocherait\u202f; la desservir" in told


class TestWholeFilesOnly:
    @pytest.mark.parametrize("fault", [KeyboardInterrupt(), RuntimeError(), OSError(28, "full")])
    def test_a_writer_that_fails_leaves_nothing(self, tp, small, tmp_path, monkeypatch, fault):
        from tourplan import files

        keep = files.write_bytes

        def fail_on_the_map(path: Path, content: bytes) -> None:
            if path.name == "carte.html":
                path.write_bytes(content[:100])
                raise fault
            keep(path, content)

        monkeypatch.setattr(files, "write_bytes", fail_on_the_map)
        if isinstance(fault, KeyboardInterrupt):
            with pytest.raises(KeyboardInterrupt):
                tp("solve", small)
        else:
            assert tp("solve", small).code != 0
        assert list((tmp_path / "sorties").iterdir()) == []

    @posix_only
    def test_killed_while_writing(self, small, tmp_path):
        code = (
            "import os, signal, sys\n"
            "from tourplan import cli, files\n"
            "keep = files.write_bytes\n"
            "def killed(path, content):\n"
            "    keep(path, content)\n"
            "    if path.name == 'itineraire.csv': os.kill(os.getpid(), signal.SIGKILL)\n"
            "files.write_bytes = killed\n"
            "cli.main(sys.argv[1:])\n"
        )
        answer = ended(child("solve", small, code=code, cwd=tmp_path))
        assert answer.code == -signal.SIGKILL
        shown = [p for p in (tmp_path / "sorties").iterdir() if not p.name.startswith(".")]
        assert [list(folder.iterdir()) for folder in shown] == [[]]


class TestEverything:
    """``--tout``: all that ``export`` makes, in a folder for everyone and one for the team."""

    def test_two_folders_and_what_lacks(self, tp, small, tmp_path):
        answer = tp("solve", small, "--tout")
        assert answer.code == 0
        folder = only_folder(tmp_path / "sorties")
        assert {path.name for path in folder.iterdir()} == {*FILES, "publique", "interne"}
        public = {path.name for path in (folder / "publique").iterdir()}
        assert {"carte.html", "synthese.pdf", "geojson", "tournee.gpkg"} <= public
        own = {path.name for path in (folder / "interne").iterdir()}
        assert {"carte.html", "feuilles-de-route", "reconnaissance", "itineraire.csv"} <= own
        assert "--debut : ce plan n’a pas de date de début" in answer.out
        assert f"publique ({count(folder / 'publique')} fichiers, pour tous)" in answer.out

    def test_with_dates_there_are_calendars_and_posters(self, tp, tmp_path):
        text = SMALL + "[cycle]\ndebut = 2027-01-04\nsemaines_du_mois = [2, 4]\n"
        told = json.loads(tp("solve", written(tmp_path / "s.toml", text), "--tout", "--json").out)
        names = set(told["fichiers"])
        assert {"publique/agendas/tournee.ics", "publique/affiches/34064-le-caylar.pdf"} <= names
        assert any(name.startswith("interne/agendas/agents/") for name in names)
        assert not any(name.startswith("publique/agendas/agents/") for name in names)

    def test_keys_of_a_reconnaissance_are_on_road_sheets_alone(self, tp, tmp_path):
        survey = (
            "code_insee;lieu;cles;telephone\n34064;Mairie;code 4521 au boîtier;06 11 22 33 44\n"
        )
        (tmp_path / "rec.csv").write_text(survey, encoding="utf-8")
        text = SMALL + '[salles]\nreconnaissance = "rec.csv"\n'
        assert tp("solve", written(tmp_path / "s.toml", text), "--tout").code == 0
        folder = only_folder(tmp_path / "sorties")
        telling = [path for path in folder.rglob("*") if "4521" in words_of(path)]
        assert telling
        assert {path.parent.name for path in telling} <= {"feuilles-de-route", "reconnaissance"}

    def test_an_export_that_fails_does_not_lose_the_plan(self, tp, small, tmp_path, monkeypatch):
        def fails(*_: object, **__: object) -> bytes:
            raise OwnError("panne")

        monkeypatch.setattr("tourplan.export.pdf.synthesis.pdf", fails)
        answer = tp("solve", small, "--tout")
        assert answer.code == 1
        folder = only_folder(tmp_path / "sorties")
        assert {path.name for path in folder.iterdir()} == set(FILES)
        assert f"Écrit dans {folder.relative_to(tmp_path)}" in answer.err

    def test_a_curve_has_several_plans(self, tp, small):
        answer = tp("solve", small, "--tout", "--arbitrage", "habitants_au_dela_15,route")
        assert answer.code == 2
        assert "--tout" in answer.err


def words_of(path: Path) -> str:
    """The text of a file, of a PDF as of any other."""
    if path.suffix != ".pdf":
        return path.read_text(errors="replace") if path.is_file() else ""
    return " ".join(page.extract_text() for page in pypdf.PdfReader(path).pages)


def count(folder: Path) -> int:
    """The files of a folder and of those in it."""
    return sum(path.is_file() for path in folder.rglob("*"))


class TestSensitivity:
    """``--sensibilite``: what other drives would change, in a file of its own."""

    def test_a_file_more_and_the_same_plan(self, tp, small, tmp_path, folder):
        answer = tp("solve", small, "--sensibilite")
        assert answer.code == 0
        found = only_folder(tmp_path / "sorties")
        assert sorted(path.name for path in found.iterdir()) == sorted([*FILES, "sensibilite.csv"])
        assert ", sensibilite.csv" in answer.out
        plans = [Plan.read(each / "plan.json") for each in (found, folder)]
        without = [plan.model_copy(update={"measures": {}}).to_json() for plan in plans]
        assert without[0] == without[1]
        assert "sensib" not in without[0]

    def test_its_columns(self, tp, small, tmp_path):
        tp("solve", small, "--sensibilite")
        raw = (only_folder(tmp_path / "sorties") / "sensibilite.csv").read_bytes()
        assert raw.startswith(b"\xef\xbb\xbftrajets;sujet;ou;plan;alors\r\n")
        rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"))
        assert {row["trajets"] for row in rows} == {
            "20 % plus courts",
            "20 % plus longs",
            "plus longs, une journée à la fois",
            "au hasard, de 20 % plus courts à 20 % plus longs",
        }
        assert {"temps de trajet", "meilleur plan", "habitants au-delà", "route par semaine"} <= {
            row["sujet"] for row in rows
        }
        assert "± 10 %" in rows[0]["plan"]

    def test_on_the_screen_and_on_the_map(self, tp, small, tmp_path):
        out = tp("solve", small, "--sensibilite").out
        for words in (
            "Si les trajets étaient 20 % plus courts : ",
            "Si les trajets étaient 20 % plus longs : ",
            "Le plan tel qu’il est annoncé, si les trajets étaient 20 % plus longs : ",
        ):
            assert words in out
        page = (only_folder(tmp_path / "sorties") / "carte.html").read_text(encoding="utf-8")
        assert "Et si les trajets étaient" in page

    def test_json(self, tp, small):
        found = json.loads(tp("solve", small, "--sensibilite", "--json").out)
        assert found["fichiers"][-1] == "sensibilite.csv"
        assert found["sensibilite"]["phrases"][0].startswith("Si les trajets étaient")
        assert set(found["sensibilite"]["differences"][0]) == {
            "trajets",
            "sujet",
            "ou",
            "plan",
            "alors",
        }
        assert json.loads(tp("solve", small, "--json").out)["sensibilite"] is None

    def test_interrupted_the_plan_is_kept(self, tp, small, tmp_path, monkeypatch):
        from tourplan.study import sensitivity

        find = sensitivity.solve

        def interrupted(case: Any, *, stop: threading.Event, **options: Any) -> Plan:
            if not stop.is_set():
                signal.raise_signal(signal.SIGINT)
            return find(case, stop=stop, **options)

        monkeypatch.setattr("tourplan.study.sensitivity.solve", interrupted)
        answer = tp("solve", small, "--sensibilite")
        assert answer.code == 0
        assert "Interruption demandée" in answer.err
        assert "pas de réponse (interrompu avant un premier plan)" in answer.out
        found = only_folder(tmp_path / "sorties")
        assert (found / "sensibilite.csv").exists()
        assert Plan.read(found / "plan.json").stopped == "terminé"


class TestSameBytes:
    def test_in_two_processes(self, small, tmp_path):
        worlds = (
            {"PYTHONHASHSEED": "1", "TZ": "Pacific/Auckland", "LANG": "C", "LC_ALL": "C"},
            {"PYTHONHASHSEED": "2", "TZ": "America/Lima", "LANG": "fr_FR.UTF-8"},
        )
        written(small, SMALL + "[cycle]\ndebut = 2027-05-03\n")
        both = [
            child("solve", small, "--sortie", f"out{n}", cwd=tmp_path, **world)
            for n, world in enumerate(worlds)
        ]
        assert [ended(process).code for process in both] == [0, 0]
        one, two = (only_folder(tmp_path / f"out{n}") for n in range(2))
        same = [(folder / "itineraire.csv").read_bytes() for folder in (one, two)]
        assert same[0] == same[1]
        plans = [(folder / "plan.json").read_text(encoding="utf-8") for folder in (one, two)]
        heads = [text.partition('"mesures"')[0] for text in plans]
        assert heads[0] == heads[1]
        assert [list(json.loads(text))[-1] for text in plans] == ["mesures", "mesures"]

    def test_of_the_main_case(self, herault_case, herault_plan):
        from tourplan.export.itinerary import itinerary_csv
        from tourplan.planner import solve

        again = solve(herault_case)
        assert itinerary_csv(again) == itinerary_csv(herault_plan)
        assert again.model_copy(update={"measures": {}}) == herault_plan.model_copy(
            update={"measures": {}}
        )


@pytest.fixture(scope="module")
def outcome(tmp_path_factory) -> tuple[Path, str]:
    """The files and the screen of a scenario made of traps."""
    work = tmp_path_factory.mktemp("hostile")
    text = (
        f"titre = {json.dumps(TITLE)}\nauteur = '@SUM(1+1)<b>'\n"
        + SMALL.replace('titre = "Deux communes"', "")
        + 'nom = "-2+3;\\"citroën\\"\\r\\nrouge <img src=x onerror=alert(1)>"\n'
        + f'[[agents]]\nnom = "{NAME}"\n[[agents]]\nnom = "=HYPERLINK(0)"\n'
        + '[[permanences]]\nnom = "=matin;<i>"\nouverture = "09:45"\nfermeture = "12:15"\n'
        + '[[permanences]]\nnom = "@soir"\nouverture = "13:30"\nfermeture = "16:00"\n'
    )
    path = written(work / "s.toml", text)
    out, err = io.StringIO(), io.StringIO()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        assert cli._guarded(["solve", str(path), "--sortie", str(work / "out")]) == 0
    finally:
        sys.stdout, sys.stderr = before
    return only_folder(work / "out"), out.getvalue() + err.getvalue()


class TestHostileScenario:
    def test_no_cell_is_a_formula(self, outcome):
        for row in rows_of(outcome[0]):
            assert None not in row, "a cell has broken its row"
            for cell in row.values():
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))

    def test_it_still_reads_back(self, outcome):
        rows = rows_of(outcome[0])
        assert {row["creneau"] for row in rows} == {"départ", "'=matin;<i>", "'@soir", "retour"}
        path = outcome[0].parent.parent / "s.toml"
        assert cli._guarded(["evaluate", str(path), str(outcome[0] / "itineraire.csv")]) == 0

    def test_no_markup_gets_into_the_map(self, outcome):
        page = (outcome[0] / "carte.html").read_text(encoding="utf-8")
        for trap in ("<script>alert", "<img src=x", "<i>", "</script><script>"):
            assert trap not in page

    def test_the_folder_stays_where_it_is_asked(self, outcome):
        assert re.fullmatch(r"[0-9_-]+[a-z0-9-]+", outcome[0].name)

    def test_the_screen_is_not_driven(self, outcome):
        assert "\x1b" not in outcome[1]

    def test_agents_are_named_nowhere(self, outcome):
        texts = [outcome[1], *(p.read_text(encoding="utf-8") for p in outcome[0].iterdir())]
        for text in texts:
            assert "Zébulon" not in text
            assert "Z\\u00e9bulon" not in text
            assert "HYPERLINK" not in text

    def test_agents_are_named_in_the_table_when_asked(self, tp, tmp_path):
        text = (
            SMALL
            + f'[[agents]]\nnom = "{NAME}"\n[[agents]]\n'
            + "[sorties]\nnoms_des_agents = true\n"
        )
        answer = tp("solve", written(tmp_path / "s.toml", text), "--json")
        folder = Path(json.loads(answer.out)["dossier"])
        assert {row["agents"] for row in rows_of(folder)} == {f"{NAME}, Agent 2"}
        assert NAME in (folder / "plan.json").read_text(encoding="utf-8")
        page = (folder / "carte.html").read_text(encoding="utf-8")
        assert "bulon" not in page

    def test_endless_texts_are_refused_in_few_words(self, tp, tmp_path):
        text = SMALL.replace("Deux communes", "x" * 10_000)
        text = text.replace('"34230"', f'"{"9" * 10_000}"')
        answer = tp("check", written(tmp_path / "s.toml", text))
        assert answer.code == 2
        assert len(answer.err) < 1_000

    @pytest.mark.parametrize("title", ["../../../tmp/x", "C:\\windows", "…", "CON", "a\u202eb"])
    def test_titles_make_plain_folder_names(self, tp, tmp_path, title):
        text = SMALL.replace('"Deux communes"', json.dumps(title))
        answer = tp("solve", written(tmp_path / "s.toml", text), "--json")
        assert answer.code == 0
        folder = only_folder(tmp_path / "sorties")
        assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d{6}_[a-z0-9-]+", folder.name)


class TestDates:
    def test_the_table_is_dated_from_the_start_of_the_cycle(self, tp, tmp_path):
        text = SMALL + "[cycle]\ndebut = 2027-03-20\nsemaines_du_mois = [2, 4]\n"
        answer = tp("solve", written(tmp_path / "s.toml", text))
        assert "la semaine n d’un mois commence à son n-ième lundi (hypothèse)" in answer.out
        days = ["lundi", "mardi", "mercredi", "jeudi", "vendredi"]
        for row in rows_of(only_folder(tmp_path / "sorties")):
            assert row["date"] == f"2027-03-{22 + days.index(row['jour'])}"

    def test_a_public_holiday_is_told(self, tp, tmp_path):
        text = SMALL + '[cycle]\ndebut = 2027-05-11\nsemaines_du_mois = [3]\njours = ["lundi"]\n'
        answer = tp("solve", written(tmp_path / "s.toml", text))
        assert answer.code == 0
        assert "le 17/05/2027 est férié (Lundi de Pentecôte) : prévoyez une autre" in answer.out

    def test_a_cycle_of_two_weeks(self, tp, tmp_path):
        text = SMALL + "[cycle]\ndebut = 2027-01-04\nsemaines = 2\njours = ['lundi']\n"
        text += "[[permanences]]\nnom = 'matin'\nouverture = '09:45'\nfermeture = '12:15'\n"
        answer = tp("solve", written(tmp_path / "s.toml", text))
        assert answer.code == 0
        rows = rows_of(only_folder(tmp_path / "sorties"))
        assert {(row["semaine"], row["date"]) for row in rows} == {
            ("1", "2027-01-11"),
            ("2", "2027-01-25"),
        }
        assert "  Semaine 1\n    lundi     départ " in answer.out
        assert "une fois par mois" in answer.out
