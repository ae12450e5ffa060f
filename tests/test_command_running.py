"""How long commands run: their limit, Ctrl-C, and the folder that takes nothing."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from commands import FILES, child, ended, only_folder, posix_only, written

from tourplan.plan import Plan


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
