"""The command line, command by command: what the contract says, and what a user may get wrong."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from commands import Answer

from tourplan import cli
from tourplan.errors import OwnError
from tourplan.plan import Plan
from tourplan.scenario import Scenario
from tourplan.starter import EXAMPLES, TEN, example

ROOT = Path(__file__).parent.parent
COLUMNS = (
    "semaine;jour;creneau;date;code_insee;commune;lieu;adresse;arrivee;ouverture;fermeture;"
    "depart;trajet_min;trajet_km;agents;vehicule;temps_de_trajet;trajet_source;pause_de;pause_a"
)
PAPER_2021 = (
    "Le Bosc, St Jean de la Blaquière, La Vacquerie et St Martin de Castrie, "
    "St Maurice de Navacelle, Causse de la Selle, St Jean de Buèges, Le Caylar, Les Rives, "
    "Pégairolles de l'Escalette, St Etienne de Gourgas"
)
SMALL = """
titre = "Deux communes"
[communes]
a_desservir = ["34064", "34230"]
[semaine]
ouverture_min_h = 0
[[vehicules]]
depot = "34079"
"""
FILES = ["attente.csv", "carte.html", "itineraire.csv", "plan.json"]
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals are sent the POSIX way")


@pytest.fixture
def small(tmp_path) -> Path:
    return written(tmp_path / "petit.toml", SMALL)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def only_folder(output: Path) -> Path:
    (folder,) = output.iterdir()
    return folder


def rows_of(folder: Path) -> list[dict[str, str]]:
    text = (folder / "itineraire.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def child(*args: object, code: str = "", cwd: Path, **env: str) -> subprocess.Popen[str]:
    """The program in a process of its own; ``code`` replaces ``-m tourplan``."""
    start = ["-c", code] if code else ["-m", "tourplan"]
    return subprocess.Popen(
        [sys.executable, *start, *map(str, args)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def ended(process: subprocess.Popen[str], timeout: float = 60) -> Answer:
    out, err = process.communicate(timeout=timeout)
    return Answer(process.returncode, out, err)


class TestInit:
    @pytest.mark.parametrize("name", EXAMPLES)
    def test_example_is_what_the_file_reads_back_as(self, tp, tmp_path, name):
        answer = tp("init", "s.toml", "--exemple", name)
        assert answer.code == 0
        assert "s.toml" in answer.out
        assert Scenario.read(tmp_path / "s.toml") == example(name).model_copy(
            update={"base": tmp_path}
        )

    def test_default_is_herault_in_scenario_toml(self, tp, tmp_path):
        assert tp("init").code == 0
        assert set(Scenario.read(tmp_path / "scenario.toml").communes.required) == set(TEN)

    def test_what_to_do_next_can_be_pasted(self, tp):
        assert 'tourplan check "mon scénario.toml"' in tp("init", "mon scénario.toml").out

    def test_never_overwrites(self, tp, tmp_path):
        path = written(tmp_path / "s.toml", "précieux")
        answer = tp("init", "s.toml")
        assert answer.code == 2
        assert "existe déjà" in answer.err
        assert path.read_text(encoding="utf-8") == "précieux"

    @pytest.mark.parametrize("path", ["absent/s.toml", "."])
    def test_nowhere_to_write(self, tp, path):
        answer = tp("init", path)
        assert answer.code == 2
        assert "→" in answer.err

    def test_names_as_the_2021_paper_spells_them(self, tp, tmp_path):
        answer = tp("init", "s.toml", "--communes", PAPER_2021)
        assert answer.code == 0
        text = (tmp_path / "s.toml").read_text(encoding="utf-8")
        assert sorted(tomllib.loads(text)["communes"]["a_desservir"]) == sorted(TEN)
        for code, name in (
            ("34036", "Le Bosc"),
            ("34196", "Pégairolles-de-l'Escalette"),
            ("34317", "La Vacquerie-et-Saint-Martin-de-Castries"),
        ):
            assert re.search(rf'"{code}", +# {re.escape(name)}\n', text)
            assert re.search(rf"{code} +{re.escape(name)}( |\n)", answer.out)

    def test_a_file_of_communes_has_no_fault(self, tp):
        tp("init", "s.toml", "--communes", PAPER_2021)
        assert tp("check", "s.toml").code == 0

    def test_codes_names_and_repeats(self, tp, tmp_path):
        assert tp("init", "s.toml", "--communes", "34064; les rives, Le Caylar").code == 0
        assert Scenario.read(tmp_path / "s.toml").communes.required == ("34064", "34230")

    @pytest.mark.parametrize(
        ("names", "title"),
        [("Le Caylar", "Tournée de 1 commune"), ("34064,34230", "Tournée de 2 communes")],
    )
    def test_title_counts_the_communes(self, tp, tmp_path, names, title):
        tp("init", "s.toml", "--communes", names)
        assert Scenario.read(tmp_path / "s.toml").title == title

    def test_ambiguous_and_unknown_names_are_all_told(self, tp, tmp_path):
        answer = tp("init", "s.toml", "--communes", "Pégairolles, Zzzz, Le Caylar, Saint")
        assert answer.code == 2
        assert answer.out == ""
        assert answer.err.startswith("3 fautes à corriger :\n")
        assert "Pégairolles-de-Buèges (34195), Pégairolles-de-l'Escalette (34196)" in answer.err
        assert "« Zzzz » : commune inconnue → vérifiez l’orthographe" in answer.err
        assert re.search(r"« Saint » .* et \d+ autres\n", answer.err)
        assert not (tmp_path / "s.toml").exists()

    def test_no_commune_at_all(self, tp):
        answer = tp("init", "--communes", " , ;")
        assert answer.code == 2
        assert "aucune commune" in answer.err

    def test_communes_and_example_do_not_go_together(self, tp):
        assert tp("init", "--exemple", "herault", "--communes", "Le Caylar").code == 2

    def test_unknown_example(self, tp):
        answer = tp("init", "--exemple", "landes")
        assert answer.code == 2
        assert "« landes » inconnu → attendu : herault, herault-libre, herault-mois" in answer.err

    def test_json(self, tp):
        answer = tp("init", "s.toml", "--communes", "Le Caylar", "--json")
        assert json.loads(answer.out) == {
            "fichier": "s.toml",
            "communes": {"a_desservir": ["34064"]},
        }

    @pytest.mark.parametrize(("typed", "code"), [("2", 0), ("0", 2), ("3", 2), ("", 2), ("x", 2)])
    def test_asks_on_a_terminal(self, tp, tmp_path, monkeypatch, typed, code):
        terminal = io.StringIO(f"{typed}\n")
        monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(sys, "stdin", terminal)
        answer = tp("init", "s.toml", "--communes", "Pégairolles")
        assert answer.code == code
        assert "  2. Pégairolles-de-l'Escalette (34196)\n" in answer.out
        if code == 0:
            assert Scenario.read(tmp_path / "s.toml").communes.required == ("34196",)
        else:
            assert not (tmp_path / "s.toml").exists()

    def test_end_of_input_is_no_answer(self, tp, monkeypatch):
        terminal = io.StringIO("")
        monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(sys, "stdin", terminal)
        assert tp("init", "s.toml", "--communes", "Pégairolles").code == 2

    @posix_only
    @pytest.mark.slow
    def test_asks_on_a_real_terminal(self, tmp_path):
        import pty

        leader, follower = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "tourplan", "init", "--communes", "Pégairolles"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=follower,
            stdout=follower,
            stderr=follower,
        )
        os.write(leader, b"1\n")
        assert process.wait(60) == 0
        os.close(follower)
        os.close(leader)
        assert Scenario.read(tmp_path / "scenario.toml").communes.required == ("34195",)


FAULTY = """
titre = "Plein de fautes"
couleur = "bleu"
[communes]
a_desservir = ["34999", "Le Caylar", "34230"]
[cycle]
debut = 9999-01-04
[[permanences]]
nom = "matin"
ouverture = "12:00"
fermeture = "09:00"
[[agents]]
semaines = []
[[agents]]
semaines = [2, 5]
[[vehicules]]
depot = "Nulle-Part"
[[acces]]
minutes = 15
part_pct = 95
[[acces]]
minutes = 30
part_pct = 80
[comparaison]
tournee = "absente.csv"
"""


class TestCheck:
    def test_every_fault_at_once(self, tp, tmp_path):
        written(tmp_path / "s.toml", FAULTY)
        answer = tp("check", "s.toml")
        assert answer.code == 2
        for words in (
            "couleur : clé inconnue",
            "« 34999 »",
            '"34064" (Le Caylar)',
            "cycle.debut : année 9999",
            "permanences.1.fermeture",
            "agents.1.semaines",
            "agents.2.semaines",
            "vehicules.1.depot",
            "se contredisent",
            "comparaison.tournee, absente.csv : le fichier « absente.csv » est introuvable",
        ):
            assert words in answer.err
        count = int(answer.err.split()[0])
        assert answer.err.count("\n  - ") == count

    def test_json_tells_the_same_faults(self, tp, tmp_path):
        written(tmp_path / "s.toml", FAULTY)
        found = json.loads(tp("check", "s.toml", "--json").out)
        assert found["valide"] is False
        assert all(set(fault) == {"ou", "quoi", "remede"} for fault in found["fautes"])
        assert f"{len(found['fautes'])} fautes" in tp("check", "s.toml").err

    def test_a_syntax_error_alone_with_its_line(self, tp, tmp_path):
        written(tmp_path / "s.toml", 'titre = "x"\n[communes\n')
        answer = tp("check", "s.toml")
        assert answer.code == 2
        assert answer.err.startswith("1 faute à corriger :\n")
        assert "ligne 2" in answer.err

    def test_no_fault_says_what_was_understood(self, tp, small):
        answer = tp("check", small)
        assert answer.code == 0
        assert "aucune faute" in answer.out
        assert "2 communes à desservir, aucune autre candidate, 14\u00a0929 habitants" in answer.out
        assert "Départ et retour : Clermont-l'Hérault." in answer.out
        assert answer.err == ""

    def test_no_fault_in_json(self, tp, small):
        assert json.loads(tp("check", small, "--json").out) == {"valide": True, "fautes": []}

    @pytest.mark.parametrize("name", sorted(EXAMPLES))
    def test_examples_by_name(self, tp, name):
        assert tp("check", name).code == 0

    @pytest.mark.parametrize("path", ["absent.toml", ".", ""])
    def test_no_such_file(self, tp, path):
        answer = tp("check", path)
        assert answer.code == 2
        assert "Traceback" not in answer.err

    def test_a_week_too_many_in_the_tour_of_today(self, tp, tmp_path):
        written(tmp_path / "t.csv", "semaine;jour;creneau;code_insee\n2;lundi;matin;34064\n")
        path = written(tmp_path / "s.toml", SMALL + '[comparaison]\ntournee = "t.csv"\n')
        answer = tp("check", path)
        assert answer.code == 2
        assert "jusqu’à la semaine 2" in answer.err


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
        assert "Public attendu (hypothèses de [besoin]) : 6" in tp("solve", small).out
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

    @pytest.mark.parametrize("fault", [RuntimeError("bang"), OwnError("bang")])
    def test_our_own_faults(self, tp, small, monkeypatch, fault):
        def fail(*_: object, **__: object) -> None:
            raise fault

        monkeypatch.setattr("tourplan.planner.solve", fail)
        answer = tp("solve", small)
        assert answer.code == 1
        assert "bang" in answer.err
        assert "erreur interne" in answer.err


class TestLimit:
    @pytest.mark.parametrize("given", ["0", "-1", "-0.5", "nan", "inf", "-inf", "1e999"])
    @pytest.mark.parametrize("command", [["solve"], ["evaluate", "herault", "herault_2024"]])
    def test_what_is_no_duration(self, tp, tmp_path, command, given):
        answer = tp(*command, "--limite", given)
        assert answer.code == 2
        assert "n’est pas une durée possible → donnez des secondes" in answer.err
        assert not list(tmp_path.iterdir())

    def test_what_is_no_number(self, tp):
        answer = tp("solve", "--limite", "abc")
        assert answer.code == 2
        assert "--limite : attendu un nombre" in answer.err

    def test_too_short_for_any_plan(self, tp, small, tmp_path):
        answer = tp("solve", small, "--limite", "0.001")
        assert answer.code == 2
        assert "trop court pour trouver un premier plan → donnez plus de temps" in answer.err
        assert not (tmp_path / "sorties").exists()

    def test_evaluation_in_no_time_says_what_it_does_not_know(self, tp, small, tmp_path):
        written(tmp_path / "t.csv", "jour;creneau;code_insee\nlundi;matin;34064\n")
        answer = tp("evaluate", small, "t.csv", "--limite", "0.001")
        assert answer.code == 0
        assert "non démontré" in answer.out
        assert "le temps a manqué pour tout essayer" in answer.out

    @pytest.mark.slow
    @pytest.mark.parametrize("cores", [1, 2])
    def test_what_the_solver_says_unasked_is_not_on_stdout(self, tmp_path, cores):
        """HiGHS tells of a solver it runs inside, whatever its options, on this model."""
        text = f"""
            titre = "Essai"
            acces = []
            communes.a_desservir = ["34060", "34196"]
            communes.candidates = ["34230", "34142", "34036", "34064"]
            cycle.ecart_max_jours = 28
            vehicules = [{{ jours = ["lundi", "mardi", "mercredi"] }}]
            calcul.coeurs = {cores}
        """
        written(tmp_path / "s.toml", text)
        answer = ended(child("solve", "s.toml", "--json", cwd=tmp_path))
        assert answer.code == 3
        assert "aucun_plan" in json.loads(answer.out)

    def test_a_hard_case_ends_in_time_and_is_honest(self, tmp_path):
        started = time.monotonic()
        answer = ended(child("solve", "herault-libre", "--limite", "5", "--json", cwd=tmp_path))
        assert time.monotonic() - started < 5 + 6
        if answer.code == 2:  # a slow machine: no plan in that time, and it says so
            assert "trop court" in answer.err
            return
        found = json.loads(answer.out)
        plan = found["plan"]
        assert answer.code == 0
        assert found["demontre"] is all(lv["borne"] == lv["valeur"] for lv in plan["niveaux"])
        if not found["demontre"]:
            assert found["fin"] == "limite de temps"
            assert any("(non démontré)" in text for text in found["phrases"])


class TestEvaluate:
    def test_only_three_columns_with_commas_or_semicolons(self, tp, small, tmp_path):
        lines = ["jour,demi_journee,code_insee", "lundi,matin,34064", "Lundi,Après-midi,34230"]
        reports = []
        for name, mark in (("a.csv", ","), ("b.csv", ";")):
            written(tmp_path / name, "\n".join(lines).replace(",", mark))
            answer = tp("evaluate", small, name, "--json")
            assert answer.code == 0
            reports.append(json.loads(answer.out))
        assert reports[0]["tournee"] == reports[1]["tournee"]
        assert reports[0]["regles_enfreintes"] == []

    def test_our_own_itinerary_reads_back_with_the_same_figures(self, tp, small, tmp_path):
        solved = json.loads(tp("solve", small, "--json").out)
        again = tp("evaluate", small, Path(solved["dossier"]) / "itineraire.csv", "--json")
        found = json.loads(again.out)
        assert found["regles_enfreintes"] == []
        assert found["deja_optimale"] is True
        for key in ("journees", "chiffres", "acces", "jours_libres"):
            assert found["tournee"][key] == solved["plan"][key]

    def test_the_herault_itinerary_reads_back(self, tp, tmp_path, herault_plan):
        from tourplan.export.itinerary import itinerary_csv

        written(tmp_path / "i.csv", itinerary_csv(herault_plan))
        found = json.loads(tp("evaluate", "herault", "i.csv", "--json").out)
        assert found["tournee"]["chiffres"] == herault_plan.figures.model_dump(by_alias=True)
        assert found["deja_optimale"] is True

    @pytest.mark.parametrize("tour", ["herault_2021", "herault_2024"])
    def test_report_of_the_tours_of_the_paper(self, tp, tour):
        answer = tp("évaluer", "herault", tour)
        assert answer.code == 0
        for words in (
            "toutes sont tenues",
            "À vérifier avec la mairie : 4 demi-journées",
            "344,9 min par semaine, déjà la plus courte possible pour ces communes (démontré)",
            "aujourd’hui 6 demi-journées",
        ):
            assert words in answer.out

    def test_every_fault_of_the_file(self, tp, small, tmp_path):
        written(tmp_path / "t.csv", "jour;creneau;code_insee\nlunndi;soir;34999\nmardi;matin;\n")
        answer = tp("evaluate", small, "t.csv", "--json")
        assert answer.code == 2
        assert len(json.loads(answer.out)["fautes"]) == 4

    def test_missing_file(self, tp, small):
        answer = tp("evaluate", small, "absent.csv")
        assert answer.code == 2
        assert "« absent.csv » est introuvable" in answer.err


class TestOutputFolder:
    def test_it_is_a_file(self, tp, small, tmp_path):
        path = written(tmp_path / "sorties", "précieux")
        answer = tp("solve", small)
        assert answer.code == 2
        assert "un fichier porte ce nom" in answer.err
        assert "…" not in answer.err, "the search was not even begun"
        assert path.read_text(encoding="utf-8") == "précieux"

    def test_it_is_below_a_file(self, tp, small, tmp_path):
        written(tmp_path / "fichier", "")
        answer = tp("solve", small, "--sortie", "fichier/sorties")
        assert answer.code == 2
        assert "--sortie" in answer.err

    def test_it_may_not_be_written(self, tp, small, monkeypatch):
        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "mkdir", refuse)
        answer = tp("solve", small)
        assert answer.code == 2
        assert "accès refusé" in answer.err
        assert "choisissez un dossier" in answer.err

    @pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
    )
    def test_it_is_read_only(self, tp, small, tmp_path):
        (tmp_path / "fermé").mkdir(mode=0o500)
        assert tp("solve", small, "--sortie", "fermé").code == 2

    @posix_only
    def test_the_disk_is_full(self, small, tmp_path):
        code = (
            "import resource, sys\n"
            "from tourplan.cli import main\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))\n"
            "main(sys.argv[1:])\n"
        )
        process = child("solve", small, code=code, cwd=tmp_path, PYTHONDONTWRITEBYTECODE="1")
        answer = ended(process)
        assert answer.code == 2
        assert "écriture impossible" in answer.err
        assert "Traceback" not in answer.err
        assert list((tmp_path / "sorties").iterdir()) == []


class TestWholeFilesOnly:
    @pytest.mark.parametrize("fault", [KeyboardInterrupt(), RuntimeError(), OSError(28, "full")])
    def test_a_writer_that_fails_leaves_nothing(self, tp, small, tmp_path, monkeypatch, fault):
        from tourplan import files

        keep = files.write_text

        def fail_on_the_map(path: Path, text: str, **options: bool) -> None:
            if path.name == "carte.html":
                path.write_text(text[:100], encoding="utf-8")
                raise fault
            keep(path, text, **options)

        monkeypatch.setattr(files, "write_text", fail_on_the_map)
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
            "keep = files.write_text\n"
            "def killed(path, text, **options):\n"
            "    keep(path, text, **options)\n"
            "    if path.name == 'itineraire.csv': os.kill(os.getpid(), signal.SIGKILL)\n"
            "files.write_text = killed\n"
            "cli.main(sys.argv[1:])\n"
        )
        answer = ended(child("solve", small, code=code, cwd=tmp_path))
        assert answer.code == -signal.SIGKILL
        shown = [p for p in (tmp_path / "sorties").iterdir() if not p.name.startswith(".")]
        assert [list(folder.iterdir()) for folder in shown] == [[]]


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


class TestInterruption:
    def test_before_a_first_plan(self, tp, small, tmp_path, monkeypatch):
        def impatient(_: Any, *, stop: threading.Event, **__: object) -> None:
            from tourplan.errors import InputError

            signal.raise_signal(signal.SIGINT)
            assert stop.is_set()
            raise InputError.of("temps de calcul", "interrompu avant un premier plan")

        monkeypatch.setattr("tourplan.planner.solve", impatient)
        with pytest.raises(KeyboardInterrupt):
            tp("solve", small)
        assert not (tmp_path / "sorties").exists()

    def test_a_second_time_ends_at_once(self, tp, small, monkeypatch):
        def deaf(*_: object, **__: object) -> None:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

        monkeypatch.setattr("tourplan.planner.solve", deaf)
        before = signal.getsignal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            tp("solve", small)
        assert signal.getsignal(signal.SIGINT) is before

    def test_the_best_plan_is_kept(self, tp, small, tmp_path, monkeypatch):
        from tourplan import planner

        find = planner.solve

        def interrupted(case: Any, *, stop: threading.Event, **options: Any) -> Plan:
            def progress(text: str) -> None:
                if "route" in text:
                    signal.raise_signal(signal.SIGINT)

            return find(case, stop=stop, **{**options, "progress": progress})

        monkeypatch.setattr("tourplan.planner.solve", interrupted)
        answer = tp("solve", small)
        assert answer.code == 0
        assert "Interruption demandée" in answer.err
        assert "Calcul interrompu : voici le meilleur plan trouvé" in answer.out
        assert "non démontré : le temps a manqué" in answer.out
        folder = only_folder(tmp_path / "sorties")
        assert sorted(path.name for path in folder.iterdir()) == FILES
        plan = Plan.read(folder / "plan.json")
        assert plan.stopped == "interrompu"
        assert plan.level("route").proved is False
        assert plan.level("passages").proved is True

    @posix_only
    def test_while_loading(self, small, tmp_path):
        code = "import sys\nfrom tourplan.cli import main\nprint('here', flush=True)\n"
        process = child("solve", small, code=code + "main(sys.argv[1:])", cwd=tmp_path)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        answer = ended(process)
        assert answer.code in (0, 2)
        assert "Traceback" not in answer.err
        assert "Inter" in answer.err or answer.code == 0

    @posix_only
    @pytest.mark.slow
    def test_a_long_search(self, tmp_path):
        tp = child("init", "s.toml", "--exemple", "herault-libre", cwd=tmp_path)
        assert ended(tp).code == 0
        path = tmp_path / "s.toml"
        written(path, path.read_text(encoding="utf-8").replace('"34079"', '"34032"'))
        process = child("solve", "s.toml", cwd=tmp_path)
        assert process.stderr is not None
        for line in process.stderr:
            if "20 min" in line:
                break
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        answer = ended(process)
        assert time.monotonic() - started < 10
        assert answer.code == 0
        assert "Calcul interrompu" in answer.out
        assert "non démontré" in answer.out
        folder = only_folder(tmp_path / "sorties")
        assert sorted(path.name for path in folder.iterdir()) == FILES
        assert Plan.read(folder / "plan.json").stopped == "interrompu"


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


TITLE = "=cmd|' /C calc'!A0 </script><script>alert(1)</script>\n\u001b[2J ../../etc;\"x\""
NAME = "Zébulon Dupont-Tartempion"


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
        assert "la semaine n d’un mois est celle de son n-ième lundi (hypothèse)" in answer.out
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


class TestRounds:
    """``tourplan rounds``: how many rounds a month, over how many communes."""

    def test_a_table_and_the_plan_of_each_round(self, tp, small, tmp_path):
        answer = tp("passages", small, "--tournees", "1,2", "--communes", "2")
        assert answer.code == 0
        assert "2 tournées par mois de 2 communes" in answer.out.replace("\u00a0", " ")
        found = only_folder(tmp_path / "sorties")
        names = ["itineraire_2_communes.csv", "passages.csv", "plan_2_communes.json"]
        assert sorted(path.name for path in found.iterdir()) == names
        raw = (found / "passages.csv").read_bytes()
        assert raw.startswith(b"\xef\xbb\xbftournees_par_mois;communes;possible;pourquoi;")
        assert Plan.read(found / "plan_2_communes.json").proved

    def test_json(self, tp, small):
        answer = tp("rounds", small, "--tournees", "2", "--communes", "2,3", "--json")
        found = json.loads(answer.out)["passages"]
        assert [cell["possible"] for cell in found["cases"]] == ["oui", "non"]

    def test_every_fault_at_once(self, tp, small):
        answer = tp("rounds", small, "--tournees", "0", "--communes", "x")
        assert answer.code == 2
        assert "--tournees : « 0 » n’est pas un nombre de tournées" in answer.err
        assert "--communes : « x » n’est pas un nombre de communes" in answer.err
