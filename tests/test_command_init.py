"""``tourplan init``: scenarios to start from, communes by name."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tomllib

import pytest
from commands import ROOT, posix_only, written

from tourplan.scenario import Scenario
from tourplan.starter import EXAMPLES, TEN, example

PAPER_2021 = (
    "Le Bosc, St Jean de la Blaquière, La Vacquerie et St Martin de Castrie, "
    "St Maurice de Navacelle, Causse de la Selle, St Jean de Buèges, Le Caylar, Les Rives, "
    "Pégairolles de l'Escalette, St Etienne de Gourgas"
)


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
            ("34196", "Pégairolles-de-l’Escalette"),
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
        assert "Pégairolles-de-Buèges (34195), Pégairolles-de-l’Escalette (34196)" in answer.err
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

    def test_a_folder_in_place_of_a_file(self, tp):
        answer = tp("init", ".")
        assert answer.code == 2
        assert "c’est un dossier → donnez le nom d’un fichier" in answer.err

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
        assert "  2. Pégairolles-de-l’Escalette (34196)\n" in answer.out
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
