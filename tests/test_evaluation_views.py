"""How an evaluation shows itself: table, short text, HTML."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tourplan.plan import Plan
from tourplan.prepare import Case
from tourplan.study.evaluate import Evaluation, evaluate
from tourplan.verify import Violation

TODAY, CHANGE, BEST = "aujourd’hui", "un changement", "optimum"
ROAD = "temps de route"
HOURS = "demi-journées aux heures d’ouverture de la mairie"


@pytest.fixture(scope="module")
def judged(herault_case: Case, herault_plan: Plan) -> Evaluation:
    return evaluate(herault_case, "herault_2024", best=herault_plan)


class TestFrame:
    def test_levels_in_order(self, judged):
        labels = [level.label for level in judged.plan.levels]
        assert list(judged.to_frame().index) == labels

    def test_values_and_texts(self, judged):
        frame = judged.to_frame()
        sides = [f"{side} (valeur)" for side in (TODAY, CHANGE, BEST)]
        assert list(frame.loc[HOURS, sides]) == [6, 8, 10]
        assert frame.loc[ROAD, f"{TODAY} (valeur)"] == 20_694
        assert frame.loc[ROAD, TODAY] == "5 h 45 par semaine de tournée"
        assert frame.loc[ROAD, "unité"] == "secondes"

    def test_missing_sides_stay_missing(self, judged):
        frame = replace(judged, swap=None, best=None, why_not="rien").to_frame()
        assert frame[[CHANGE, BEST, f"{CHANGE} (valeur)", f"{BEST} (valeur)"]].isna().all(axis=None)
        assert frame[TODAY].notna().all()


class TestRepr:
    def test_short(self, judged):
        assert repr(judged) == (
            "Evaluation('Hérault nord-est : dix communes', règles tenues, "
            "un changement l’améliore, optimum : démontré)"
        )

    def test_broken_rules_and_no_optimum(self, judged):
        broken = (Violation("regle", "lundi", "trop long"),)
        alone = replace(judged, violations=broken, swap=None, best=None, why_not="aucun plan")
        assert "1 règle enfreinte," in repr(alone)
        assert "aucun changement seul ne l’améliore" in repr(alone)
        assert "optimum : aucun plan" in repr(alone)

    def test_already_the_best(self, judged, herault_plan):
        best = replace(judged, plan=herault_plan, swap=None)
        assert "c’est cette tournée (démontré)" in repr(best)


class TestHtml:
    def test_three_columns_and_sentences(self, judged):
        html = judged._repr_html_()
        for words in ("Aujourd’hui", "Un changement", "Optimum", "10 demi-journées"):
            assert words.replace(" ", "\u00a0") in html or words in html
        assert "À vérifier avec la mairie" in html
        assert "344,9\u00a0min" in html

    def test_the_times_are_told(self, judged):
        html = judged._repr_html_()
        assert "novembre 2026" in html.replace("\u00a0", " ")
        assert "±" in html
        assert judged.to_dict()["tournee"]["temps_de_trajet"]["incertitude_pct"] == 10

    def test_absent_sides_are_dashes(self, judged):
        html = replace(judged, best=None, why_not="aucun plan <b>")._repr_html_()
        assert ">–</td>" in html
        assert "aucun plan &lt;b&gt;" in html

    def test_broken_rules_are_told(self, judged):
        broken = (Violation("regle", "lundi", "trop long"),)
        assert "Règle enfreinte" in replace(judged, violations=broken)._repr_html_()

    def test_whether_every_change_was_tried(self, judged):
        assert (
            "tous" not in judged._repr_html_().partition("Un changement\u00a0: ")[2].split("<")[0]
        )
        tried = replace(judged, swap=None)
        assert "aucun n’améliore la tournée (tous essayés)" in tried._repr_html_()
        cut_short = replace(judged, swap=None, all_tried=False)
        assert "aucun trouvé (tous n’ont pas été essayés" in cut_short._repr_html_()
        assert "changements non tous essayés" in repr(cut_short)
