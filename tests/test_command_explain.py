"""``tourplan explain``: the command, its files, and the embedded study."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

import tourplan as tp_api
from tourplan.errors import InputError
from tourplan.study.explanation import COLUMNS, Explanation

LE_BOSC, LE_CAYLAR, LES_RIVES, MONTPELLIER = "34036", "34064", "34230", "34172"
MONDAY = f"""
titre = "Un lundi"
[communes]
a_desservir = ["{LE_CAYLAR}", "{LES_RIVES}"]
candidates = ["{LE_BOSC}"]
[cycle]
jours = ["lundi"]
[semaine]
ouverture_min_h = 0
[mairie]
horaires = "ignores"
[[vehicules]]
depot = "34079"
"""


@pytest.fixture
def monday(tmp_path) -> Path:
    path = tmp_path / "lundi.toml"
    path.write_text(MONDAY, encoding="utf-8")
    return path


def test_on_the_screen_and_in_a_file(tp, monday, tmp_path):
    answer = tp("expliquer", monday, "--minutes", "5", "--sortie", tmp_path / "sorties")
    assert answer.code == 0
    assert "Le Bosc : incompatible avec : desservir les communes obligatoires." in answer.out
    assert "  Suffirait : une demi-journée de plus par semaine (mardi matin)." in answer.out
    assert "  Suffirait : ne plus imposer Les Rives." in answer.out
    (folder,) = (tmp_path / "sorties").iterdir()
    raw = (folder / "explications.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf" + ";".join(COLUMNS).encode())
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"))
    assert rows[0]["reponse"] == "exigences"
    assert {row["sujet"] for row in rows} == {"commune", "changement", "habitants"}


def test_communes_by_name_served_or_not_candidates(tp, monday):
    found = json.loads(tp("explain", monday, "le caylar", MONTPELLIER, "--json").out)
    assert [(one["commune"], one["raison"]) for one in found["communes"]] == [
        ("Le Caylar", "desservie"),
        ("Montpellier", "non candidate"),
    ]
    assert found["dossier"] is None


def test_margins_are_asked_for(tp, monday):
    found = json.loads(tp("explain", monday, LE_BOSC, "--marges", "--limite", "60", "--json").out)
    first = found["marges"][0]
    assert first["changement"] == "Une demi-journée de plus (mardi matin)"
    assert first["reponse"] == "mieux"
    assert first["demontre"]


def test_the_plan_of_a_file(tp, monday, tmp_path):
    tp("solve", monday, "--sortie", tmp_path / "plans")
    (folder,) = (tmp_path / "plans").iterdir()
    answer = tp("explain", folder / "plan.json", LE_BOSC)
    assert answer.code == 0
    assert "… temps de route" not in answer.err
    assert "Le Bosc : incompatible" in answer.out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("Trifouillis",), "commune inconnue"),
        (("--minutes", "abc"), "n’est pas un nombre de minutes"),
        (("--limite", "-1"), "n’est pas une durée possible"),
    ],
)
def test_faults(tp, monday, args, words):
    answer = tp("explain", monday, *args)
    assert answer.code == 2
    assert words in answer.err


class TestHerault:
    """The embedded study of 64 communes, two of them explained."""

    @pytest.fixture(scope="class")
    @classmethod
    def found(cls, libre_case) -> Explanation:
        return tp_api.explain(libre_case, [LE_BOSC, MONTPELLIER], limit_s=60, minutes=[5])

    def test_a_commune_that_would_cost_access(self, found):
        one = found.of(LE_BOSC)
        assert (one.reason, one.level) == ("moins bon", "acces_moyen")
        assert "s d’accès de plus en moyenne pour 13\u00a0152 habitants que" in one.text

    def test_its_residents_are_explained(self, found):
        (far,) = found.far
        assert (far.code, far.minutes, far.within[0].code) == (LE_BOSC, 5, LE_BOSC)
        assert far.within[0].why == found.of(LE_BOSC).text

    def test_views(self, found):
        frame = found.to_frame()
        assert list(frame.columns) == list(COLUMNS)
        assert len(frame) == len(list(found.rows()))
        assert "Le Bosc" in found._repr_html_()
        assert repr(found).startswith("Explanation('Hérault nord-est")
        assert set(found.to_dict()) == {"phrases", "communes", "habitants", "marges"}

    def test_unknown_code(self, libre_case):
        with pytest.raises(InputError, match="commune inconnue"):
            tp_api.explain(libre_case, ["99999"])
