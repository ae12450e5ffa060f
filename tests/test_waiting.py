"""The table of waits, and its sentences."""

from __future__ import annotations

import pytest

import tourplan as tp
from tourplan.export.words import need_sentences
from tourplan.plan import Plan
from tourplan.planner import solve
from tourplan.study.waiting import COLUMNS, waiting

SAINT_MATHIEU = "34276"


@pytest.fixture(scope="module")
def libre(libre_case) -> Plan:
    return solve(libre_case)


def lines(plan: Plan) -> str:
    return "\n".join(waiting(plan).sentences()).replace("\u00a0", " ")


def test_the_api_and_its_table(herault_plan):
    found = tp.waiting(herault_plan)
    frame = found.to_frame()
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == 10 + 1
    bosc = frame[frame.code_insee == "34036"].iloc[0]
    # 1 439 residents: 14.4 visits of 27.5 min in 5 h for two agents, of which 65.8 % are taken
    assert (bosc.visites_par_mois, bosc.visites_sans_place, bosc.etat) == ("14,4", "0,0", "tient")
    assert bosc.occupation_pct == "65,8"
    assert repr(found).endswith("45 visites par mois, 0 sans place)")
    assert "<li>" in found._repr_html_()
    assert found.to_dict()["communes"][-1]["commune"] == "Ensemble"


def test_all_fit(herault_plan):
    told = lines(herault_plan)
    assert "que les permanences peuvent recevoir" in told
    next_ = "prochaine permanence dans 7 jours en moyenne, 14 au plus"
    assert f"{next_} (jusqu’à 21 après un mois de cinq lundis)." in told
    assert f"{next_}." in lines(herault_plan.model_copy(update={"week_rule": "iso"}))
    assert "saturé," not in told
    assert "sans permanence" not in told
    assert told.count("Hypothèse : ") == 4


def test_what_does_not_fit_is_named(libre):
    told = lines(libre)
    wait = next(w for w in libre.waits if w.code == SAINT_MATHIEU)
    assert wait.saturated
    assert wait.unfit > 30
    assert "sans place (Saint-Mathieu-de-Tréviers, 33 sur 50 ;" in told
    assert "  Saint-Mathieu-de-Tréviers : saturé, 49,8 visites par mois pour 16,9 places" in told
    assert "Communes candidates sans permanence : 54, où " in told


def test_less_than_one_visit_is_not_said_to_be_none(libre):
    waits = tuple(wait.model_copy(update={"unfit": min(wait.unfit, 0.4)}) for wait in libre.waits)
    (told,) = need_sentences(libre.model_copy(update={"waits": waits}))
    assert "dont moins d’une sans place (Les Matelles, moins d’une sur " in told


def test_a_plan_of_before_is_worked_out_again(herault_plan):
    before = Plan.from_json(herault_plan.model_copy(update={"waits": ()}).to_json())
    assert before.waits == ()
    assert waiting(before).communes == waiting(herault_plan).communes


def test_plans_written_before_keep_their_fingerprint(herault_plan):
    before = herault_plan.model_copy(update={"waits": ()})
    assert '"attente"' not in before.to_json()
    assert '"attente"' in herault_plan.to_json()
    assert before.fingerprint != herault_plan.fingerprint
