"""``tourplan rounds``: how many rounds a month, over how many communes."""

from __future__ import annotations

import json

from commands import only_folder

from tourplan.plan import Plan


class TestRounds:
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
