"""The trade-off between two objectives of a scenario: its plans, its words, its files."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import tourplan
from tourplan.errors import InputError, NoPlanError
from tourplan.plan import Plan
from tourplan.planner import solve
from tourplan.prepare import prepare
from tourplan.scenario import Scenario
from tourplan.study.tradeoff import COLUMNS, TradeOff, tradeoff

ROOT = Path(__file__).parent.parent
LE_CAYLAR, LES_RIVES = "34064", "34230"
TOML = """
titre = "Deux communes"
[communes]
candidates = ["34064", "34230"]
[semaine]
ouverture_min_h = 0
[[vehicules]]
depot = "34079"
[objectifs]
ordre = ["passages", "habitants_au_dela_15", "route", "heures_mairie", "acces_moyen"]
"""
FAR = "habitants_au_dela_15"
NAMES = ["passages", FAR, "route", "heures_mairie", "acces_moyen"]
ORDER = {"objectifs": {"ordre": NAMES}}


def two(**changes: Any) -> Scenario:
    """Le Caylar and Les Rives may be served from Clermont-l’Hérault."""
    keys = {
        "titre": "Deux communes",
        "communes": {"candidates": [LE_CAYLAR, LES_RIVES]},
        "vehicules": [{"depot": "34079"}],
        "semaine": {"ouverture_min_h": 0},
        **changes,
    }
    return Scenario.from_keys(keys)


def faults(scenario: Any, *names: str, **options: Any) -> list[str]:
    with pytest.raises(InputError) as error:
        tradeoff(scenario, *names, **options)
    assert error.value.exit_code == 2
    return [str(fault) for fault in error.value.faults]


@pytest.fixture(scope="module")
def curve() -> TradeOff:
    """Residents beyond 15 minutes against driving: from one day out to none."""
    return tradeoff(two(**ORDER), FAR, "route")


@pytest.fixture(scope="module")
def herault(herault_case) -> TradeOff:
    return tradeoff(herault_case, "heures_mairie", "route")


class TestCurve:
    def test_the_api_offers_it(self):
        assert tourplan.tradeoff is tradeoff

    def test_from_the_best_of_one_to_the_best_of_the_other(self, curve):
        assert curve.complete
        assert len(curve.plans) >= 2
        assert curve.plans[-1].level("route").value == 0
        least = solve(two(objectifs={"ordre": ["passages", FAR, "route"]}))
        first, last = curve.plans[0], curve.plans[-1]
        assert first.level(FAR).value == least.level(FAR).value
        assert first.level("route").value == least.level("route").value
        values = [[level.value for level in curve.levels(plan)] for plan in curve.plans]
        assert values == sorted(values)
        assert [row[1] for row in values] == sorted((row[1] for row in values), reverse=True)
        assert last.days == ()

    def test_plans_are_sound_and_read_back(self, curve):
        for plan in curve.plans:
            assert plan.verify() == ()
            assert Plan.from_json(plan.to_json()) == plan
            assert plan.proved
            assert any("d’un arbitrage entre" in note for note in plan.notes)

    def test_every_level_is_told_in_the_order_of_the_scenario(self, curve):
        assert curve.kept == ("passages",)
        for plan in curve.plans:
            assert [level.name for level in plan.levels] == NAMES

    def test_what_a_proof_takes_for_granted_is_in_the_label(self, curve):
        assert "au plus" not in curve.plans[0].level(FAR).label
        for plan in curve.plans[1:]:
            assert f"(temps de route : au plus {plan.level('route').text})" in plan.level(FAR).label

    @pytest.mark.parametrize("first", ["acces_moyen", "ouverture"])
    def test_mairie_hours_kept_before_the_two_are_looked_at(self, herault_case, first):
        """Ten communes, each once: one point, and nothing is said to be lacking."""
        found = tradeoff(herault_case, first, "route")
        assert found.complete
        assert found.stopped == "terminé"
        assert [plan.level("heures_mairie").value for plan in found.plans] == [10]

    def test_embedded_case(self, herault, herault_plan):
        assert herault.complete
        hours = [plan.level("heures_mairie").value for plan in herault.plans]
        assert hours == [10, 9]
        assert [plan.level("route").value for plan in herault.plans][-1] < herault_plan.level(
            "route"
        ).value
        assert herault.kept[-1] == FAR
        for plan in herault.plans:
            for name in herault.kept:
                assert plan.level(name).value == herault_plan.level(name).value

    def test_one_point(self):
        found = tradeoff(two(), "passages", "km")
        assert len(found.plans) == 1
        assert "un seul point, le meilleur pour les deux à la fois" in "\n".join(found.sentences())

    def test_levels_that_are_not_in_the_order_come_after_it(self):
        found = tradeoff(two(), "ouverture", "km")
        assert found.kept == prepare(two()).problem.objectives
        assert tradeoff(two(), "route", "km").kept[-1] == "acces_moyen"

    def test_the_same_each_time(self, curve):
        again = tradeoff(two(**ORDER), FAR, "route")
        assert list(again.rows()) == list(curve.rows())
        assert [p.fingerprint for p in again.plans] == [p.fingerprint for p in curve.plans]


class TestFaults:
    def test_unknown_levels(self):
        told = faults(two(), "habitant_au_dela_20", "rout")
        assert told == [
            "arbitrage : « habitant_au_dela_20 » inconnu → vouliez-vous « habitants_au_dela_20 » ?",
            "arbitrage : « rout » inconnu → vouliez-vous « route » ?",
        ]

    def test_twice_the_same(self):
        (told,) = faults(two(), "route", "route")
        assert told == "arbitrage : « route » figure deux fois → donnez deux objectifs"

    def test_a_level_that_cannot_be_proved(self):
        assert "ne se démontre pas" in faults(two(), "equite_horaires", "route")[0]
        order = {"ordre": ["equite_horaires", FAR, "route"]}
        (told,) = faults(two(objectifs=order), FAR, "route")
        assert "qui ne se démontre pas, passe avant" in told

    @pytest.mark.parametrize("count", [-1, 0, 1, 51])
    def test_points_that_make_no_curve(self, count):
        (told,) = faults(two(), FAR, "route", points=count)
        assert told.startswith(f"points : {count} points demandés")

    def test_no_plan(self):
        with pytest.raises(NoPlanError):
            tradeoff(two(semaine={"ouverture_min_h": 30}), FAR, "route")

    def test_no_time(self):
        (told,) = faults(two(), FAR, "route", limit_s=1e-9)
        assert "trop court pour trouver un premier plan" in told


class TestWords:
    def test_sentences(self, curve):
        told = "\n".join(curve.sentences())
        assert told.startswith(
            "Arbitrage entre « habitants à plus de 15 min d’un accueil » et « te"
        )
        assert "   1. " in told
        assert "Gardés d’abord, à chaque point : permanences obligatoires tenues" in told
        assert f"Courbe complète et démontrée : {len(curve.plans)} points, aucun autre." in told

    def test_a_sample_says_so(self):
        found = tradeoff(two(**ORDER), FAR, "route", points=2)
        assert len(found.plans) == 2
        full = tradeoff(two(**ORDER), FAR, "route")
        told = "\n".join(found.sentences())
        assert ("d’autres existent entre eux" in told) == (len(full.plans) > 2)

    def test_out_of_time_says_what_is_not_known(self, monkeypatch):
        monkeypatch.setattr("tourplan.study.front.Question.over", True)
        found = tradeoff(two(), FAR, "route")
        told = found.sentences()
        assert "Le temps a manqué : voici les points trouvés jusque-là." in told
        assert "Au-delà du dernier point, rien n’est démontré." in told
        assert not found.complete
        assert found.plans[0].level("acces_moyen").bound is None
        assert found.plans[0].verify() == ()

    def test_interrupted_keeps_the_points_found(self, monkeypatch):
        from tourplan.study import tradeoff as study

        stop, find = threading.Event(), study.searched

        def then_stop(*args: Any) -> Any:
            found = find(*args)
            stop.set()
            return found

        monkeypatch.setattr(study, "searched", then_stop)
        found = tradeoff(two(), FAR, "route", stop=stop)
        assert found.stopped == "interrompu"
        assert len(found.plans) == 1
        assert "Calcul interrompu : voici les points trouvés jusque-là." in found.sentences()

    def test_table(self, curve):
        frame = curve.to_frame()
        assert list(frame.columns) == list(COLUMNS)
        assert frame["fichier"].iloc[0] == "plan_01.json"
        assert set(frame["demontre_1"]) == {"oui"}
        assert list(frame["depuis_le_precedent"])[1:] == ["aucun autre point"] * (len(frame) - 1)

    def test_notebook(self, curve):
        assert repr(curve).startswith("TradeOff('habitants_au_dela_15', 'route', ")
        assert "<li>Arbitrage entre" in curve._repr_html_()

    def test_drawing(self, curve):
        import matplotlib

        matplotlib.use("agg")
        axes = curve.plot()
        assert "minutes" in axes.get_xlabel()
        assert [text.get_text() for text in axes.texts] == [
            str(n + 1) for n in range(len(curve.plans))
        ]
        matplotlib.pyplot.close("all")
        assert curve.svg() == curve.svg()
        assert curve.svg().startswith("<?xml")


class TestCommand:
    @pytest.fixture
    def small(self, tmp_path) -> Path:
        path = tmp_path / "petit.toml"
        path.write_text(TOML, encoding="utf-8")
        return path

    def test_files(self, tp, small, tmp_path, curve):
        answer = tp("solve", small, "--arbitrage", f"{FAR}, route", "--points", 12)
        assert answer.code == 0
        (folder,) = (tmp_path / "sorties").iterdir()
        assert folder.name.endswith("_deux-communes-arbitrage")
        names = sorted(path.name for path in folder.iterdir())
        assert names == sorted(["arbitrage.csv", "arbitrage.svg", *curve.files])
        raw = (folder / "arbitrage.csv").read_bytes()
        assert raw.startswith(b"\xef\xbb\xbfpoint;fichier;niveau_1;")
        rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"))
        for row in rows:
            plan = Plan.read(folder / row["fichier"])
            assert plan.level(FAR).value == int(row["valeur_1"])
            assert plan.level("route").value == int(row["valeur_2"])
        assert "Courbe complète et démontrée" in answer.out
        assert f"Écrit dans {Path('sorties') / folder.name} : arbitrage.csv, arb" in answer.out

    @pytest.mark.skipif(os.name != "posix", reason="the C library is found the POSIX way")
    def test_what_the_solver_prints_is_nowhere(self, small, tmp_path):
        code = (
            "import ctypes, sys; from tourplan import cli; from tourplan.optimise import mip\n"
            "solve = mip._solve\n"
            "def noisy(*args):\n"
            "    ctypes.CDLL(None).puts(b'noise')\n"
            "    sys.stderr.write('called')\n"
            "    return solve(*args)\n"
            "mip._solve = noisy; cli.main(sys.argv[1:])"
        )
        command = [sys.executable, "-c", code, "solve", small, "--arbitrage", f"{FAR},route"]
        done = subprocess.run(
            [*command, "--json"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        assert json.loads(done.stdout)["arbitrage"]["complete"]
        assert "called" in done.stderr
        assert "noise" not in done.stdout + done.stderr

    def test_json(self, tp, small, curve):
        found = json.loads(tp("solve", small, "--arbitrage", f"{FAR},route", "--json").out)
        assert found["fichiers"][0] == "arbitrage.csv"
        assert found["arbitrage"]["complete"] is True
        assert found["arbitrage"]["gardes"] == ["passages"]
        assert found["arbitrage"]["niveaux"] == [FAR, "route"]
        assert len(found["plans"]) == len(found["arbitrage"]["points"]) == len(curve.plans)

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--arbitrage", "route"], "attendu deux objectifs"),
            (["--arbitrage", "route,,km"], "attendu deux objectifs"),
            (["--arbitrage", "rute,km"], "vouliez-vous « route » ?"),
            (["--arbitrage", "km,km"], "figure deux fois"),
            (["--arbitrage", "route,km", "--points", "1"], "de 2 à 50"),
            (["--arbitrage", "route,km", "--sensibilite"], "ne va pas avec --sensibilite"),
            (["--points", "3"], "ne va qu’avec --arbitrage"),
        ],
    )
    def test_faults(self, tp, small, tmp_path, options, words):
        answer = tp("solve", small, *options)
        assert answer.code == 2
        assert words in answer.err
        assert not (tmp_path / "sorties").exists() or not list((tmp_path / "sorties").iterdir())
