"""``tourplan evaluate``: what a tour is worth."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import ROOT, written

from tourplan.plan import Plan


class TestForms:
    """``--csv``: both forms of ``itineraire.csv`` are read back, whatever the console speaks."""

    @pytest.mark.parametrize("form", ["excel", "open"])
    @pytest.mark.parametrize("console", ["utf-8", "cp1252"])
    def test_reads_back(self, small, tmp_path, form, console):
        def run(*args: object) -> str:
            done = subprocess.run(
                [sys.executable, "-m", "tourplan", *map(str, args)],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": console},
                capture_output=True,
                encoding=console,
                check=True,
            )
            return done.stdout

        run("solve", small, "--csv", form)
        (folder,) = (tmp_path / "sorties").iterdir()
        told = run("evaluate", small, folder / "itineraire.csv")
        assert "toutes sont tenues" in told
        assert "aucune tournée ne fait mieux" in told.replace("\u00a0", " ")

    def test_a_form_that_is_none(self, tp, small):
        answer = tp("solve", small, "--csv", "texte")
        assert answer.code == 2
        assert "donnez excel ou open" in answer.err


def test_a_scenario_alone_is_no_tour(tp):
    answer = tp("evaluate", "herault")
    assert answer.code == 2
    assert "ITINERAIRE : aucune tournée à juger → donnez un CSV" in answer.err


class TestWritten:
    """``--sortie``: the tour that is judged, as a plan that ``export`` takes."""

    def test_a_plan_that_export_reads(self, tp, small, tmp_path):
        written(tmp_path / "t.csv", "jour;creneau;code_insee\nlundi;matin;34064\n")
        answer = tp("evaluate", small, "t.csv", "--sortie", tmp_path / "o", "--json")
        folder = Path(json.loads(answer.out)["dossier"])
        assert {path.name for path in folder.iterdir()} == {
            "plan.json",
            "itineraire.csv",
            "carte.html",
        }
        plan = Plan.read(folder / "plan.json")
        assert (plan.stopped, plan.codes()) == ("évalué", ("34064",))
        made = tp("export", folder / "plan.json", "--format", "synthese,geojson")
        assert made.code == 0

    def test_the_workbook_of_a_judged_tour_is_not_taken_for_the_best(self, tp, small, tmp_path):
        """Nor do the communes that it adds to the scenario go without a word."""
        written(tmp_path / "t.csv", "jour;creneau;code_insee\nlundi;matin;34142\n")
        folder = Path(
            json.loads(tp("evaluate", small, "t.csv", "--sortie", "o", "--json").out)["dossier"]
        )
        kinds = ("--diffusion", "interne", "--format", "classeur", "--json")
        made = Path(json.loads(tp("export", folder / "plan.json", *kinds).out)["dossier"])
        told = tp("evaluate", made / "plan.xlsx").out.replace("\u00a0", " ")
        assert "Permanences obligatoires tenues : aujourd’hui 0 sur 2" in told
        assert "tout revoir 2 sur 2" in told
        judged = tp("evaluate", small, "t.csv").out.replace("\u00a0", " ")
        assert "ajoutée aux communes du scénario : Lodève." in judged

    def test_nothing_is_written_unasked(self, tp, small, tmp_path):
        written(tmp_path / "t.csv", "jour;creneau;code_insee\nlundi;matin;34064\n")
        assert json.loads(tp("evaluate", small, "t.csv", "--json").out)["dossier"] is None
        assert not (tmp_path / "sorties").exists()


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

        (tmp_path / "i.csv").write_bytes(itinerary_csv(herault_plan))
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
        answer = tp("evaluate", "herault", "herault_2025")
        assert answer.code == 2
        assert "ni fichier ni tournée de ce nom" in answer.err
        assert "herault_2021, herault_2024" in answer.err
