"""``tourplan check``: every fault at once."""

from __future__ import annotations

import json

import pytest
from commands import SMALL, written

from tourplan.starter import EXAMPLES

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
        assert "Départ et retour : Clermont-l’Hérault." in answer.out
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

    def test_a_name_that_is_neither_file_nor_example_is_told_the_examples(self, tp):
        answer = tp("check", "gironde")
        assert answer.code == 2
        assert "ni fichier ni exemple de ce nom → exemples : herault, herault-libre" in answer.err

    def test_a_name_nearly_that_of_a_file_or_of_an_example_is_told_it(self, tp, tmp_path):
        written(tmp_path / "ma-tournee.toml", SMALL)
        for typed, meant in (("hérault", "herault"), ("ma-tournee", "ma-tournee.toml")):
            assert f"vouliez-vous « {meant} » ?" in tp("check", typed).err

    def test_a_week_too_many_in_the_tour_of_today(self, tp, tmp_path):
        written(tmp_path / "t.csv", "semaine;jour;creneau;code_insee\n2;lundi;matin;34064\n")
        path = written(tmp_path / "s.toml", SMALL + '[comparaison]\ntournee = "t.csv"\n')
        answer = tp("check", path)
        assert answer.code == 2
        assert "jusqu’à la semaine 2" in answer.err
