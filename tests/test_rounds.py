"""The table of rounds: each cell is a plan, or says why there is none."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from fourcommunes import FOUR, scenario

import tourplan as tp
from tourplan.errors import InputError, NoPlanError, Repair
from tourplan.planner import searched
from tourplan.prepare import prepare
from tourplan.study.roundcases import Shape
from tourplan.study.rounds import COLUMNS, Cell, Rounds, _of_month, rounds
from tourplan.verify import verify


def lines(found: Rounds) -> str:
    return "\n".join(found.sentences()).replace("\u00a0", " ")


@pytest.fixture(scope="module")
def table() -> Rounds:
    return rounds(scenario(), (1, 2, 4), (2, 4))


@pytest.fixture(scope="module")
def herault(herault_case) -> Rounds:
    return tp.rounds(herault_case)


def test_no_cell_is_left_out(table):
    asked = [(m, n) for m in (2, 4) for n in (1, 2, 4)]
    assert [(cell.communes, cell.rounds) for cell in table.cells] == asked
    frame = table.to_frame()
    assert list(frame.columns) == list(COLUMNS)
    assert frame.possible.tolist() == ["non"] * 3 + ["oui", "oui", "non"]
    assert repr(table) == "Rounds('Essai', 6 cases, 2 plans, 2 démontrés)"
    assert table._repr_html_().startswith("<ul>")


def test_the_reason_is_the_true_one(table):
    assert table.cell(1, 2).why_not.replace("\u00a0", " ") == "le scénario impose déjà 4 communes"
    assert table.cell(4, 4).why_not == (
        "8 semaines d’équipe par mois, pour 4 semaines de tournée au plus par équipe : "
        "il faudrait 2 véhicules et 4 agents ; le scénario a 1 véhicule et 2 agents"
    )
    told = lines(table)
    assert "4 tournées par mois de 4 communes : impossible.\n  8 semaines d’équipe" in told
    assert "Hypothèse : agents et véhicules sont là les semaines qu’il faut" in told


def test_more_vehicles_make_it_possible():
    vehicles = [{"nom": "A", "depot": "34079"}, {"nom": "B", "depot": "34079"}]
    cycle = {"semaines": 1, "jours": ["lundi"]}
    found = rounds(scenario(vehicules=vehicles, agents=[{}] * 4, cycle=cycle), (4,), (4,))
    cell = found.cell(4, 4)
    assert cell.plan.proved
    assert {day.vehicle for day in cell.plan.days} == {"A", "B"}
    assert cell.plan.month_weeks == (2,)
    assert cell.proved == "oui, équipes fixes"
    assert "(démontré, équipes fixes)" in lines(found)
    assert "Hypothèse : chaque véhicule garde la même équipe ; la preuve vaut pour" in lines(found)
    assert any("la preuve vaut pour de telles équipes" in note for note in cell.plan.notes)
    assert (cell.crew_weeks, cell.agents, cell.file) == (8, 4, "plan_4_communes_2_vehicules.json")
    assert cell.waits[-1].sessions == 16
    assert (cell.waits[-1].mean_days, cell.waits[-1].most_days) == (3.5, 7)


def test_teams_are_fixed_only_where_they_can_be(monkeypatch):
    """Where fixed teams leave no plan, all teams are tried before it is called impossible."""
    vehicles = [{"nom": "A", "depot": "34079"}, {"nom": "B", "depot": "34079"}]
    cycle = {"semaines": 1, "jours": ["lundi"]}
    tried = []

    def refusing(case: Any, problem: Any, *rest: Any) -> Any:
        tried.append(len(problem.crew_weeks))
        if len(problem.crew_weeks) == 2:
            raise NoPlanError("trop de travail pour une seule équipe")
        return searched(case, problem, *rest)

    monkeypatch.setattr("tourplan.study.rounds.searched", refusing)
    found = rounds(scenario(vehicules=vehicles, agents=[{}] * 4, cycle=cycle), (4,), (4,))
    assert tried == [2, 12]
    assert found.cell(4, 4).proved == "oui"
    assert "même équipe" not in lines(found)


def test_a_month_is_so_many_rounds(table):
    one, two = table.cell(1, 4), table.cell(2, 4)
    assert one.plan is two.plan
    rows = {row[:2]: dict(zip(COLUMNS, row, strict=True)) for row in table.rows()}
    once, twice = rows["1", "4"], rows["2", "4"]
    assert float(once["ouverture_h"].replace(",", ".")) == one.plan.figures.open_s / 3600
    for column in ("ouverture_h", "route_h", "travail_agents_h", "km", "cout_eur", "co2_kg"):
        values = [float(row[column].replace(",", ".")) for row in (once, twice)]
        assert values[1] == pytest.approx(2 * values[0], abs=0.06)
    assert (once["permanences_par_mois"], twice["permanences_par_mois"]) == ("4", "8")
    assert (once["prochaine_permanence_max_j"], twice["prochaine_permanence_max_j"]) == ("28", "14")
    work_h = 2 * one.plan.figures.work_s / 3600  # both agents
    assert float(once["travail_agents_h"].replace(",", ".")) == pytest.approx(work_h, abs=0.006)


def test_each_cell_is_a_plan_that_verifies(table):
    for plan in table.plans.values():
        case = plan.case()
        assert verify(case.problem, plan.days, plan.levels) == ()
        assert plan.proved


def test_the_main_case(herault, herault_plan):
    cell = herault.cell(2, 10)
    assert [level.value for level in cell.plan.levels] == [v.value for v in herault_plan.levels]
    assert cell.plan.proved
    assert cell.waits == herault_plan.waits  # it runs twice a month
    assert herault.cell(1, 10).waits[-1].unfit == pytest.approx(5.6, abs=0.5)  # Le Bosc
    assert "n’a que 10 communes candidates" in herault.cell(2, 20).why_not.replace("\u00a0", " ")
    assert "il faudrait 2 véhicules" in herault.cell(4, 20).why_not
    assert list(herault.plans) == ["plan_10_communes.json"]
    told = lines(herault)
    assert "Sans tournée, habitants loin d’un accueil : 185 à plus de 30 min" in told
    assert "1 tournée par mois de 10 communes (1 semaine d’équipe par mois) :" in told
    assert "sans place (communes saturées : Le Bosc)" in told
    assert "(démontré)" in told


def test_requirements_that_clash_are_told_with_their_repairs():
    found = rounds(scenario(semaine={"ouverture_min_h": 24}), (1,), (4,))
    (cell,) = found.cells
    assert cell.impossible
    assert cell.repairs
    assert "ouvrir au moins 24 h par semaine → " in lines(found)
    assert found.to_dict()["cases"][0]["changements"]
    assert "24 h" in next(found.rows())[3]


def test_other_means_are_told():
    agency = Repair("agency", "partir de A", "partir de B", True)
    solved = Cell(1, 4, Shape(1, 1, 1), 2, impossible=True, why_not="Aucun plan.", others=(agency,))
    bare = replace(solved, why_not="", others=())
    found = Rounds("Essai", (_of_month(scenario(), bare, None, solved),), ())
    told = "ou, sans toucher à ces exigences : partir de A → partir de B"
    assert told in lines(found)
    assert told in next(found.rows())[3]
    assert found.to_dict()["cases"][0]["autres_moyens"] == [agency.to_dict()]


def test_what_the_scenario_imposes_may_not_fit():
    pinned = scenario(imposes=[{"commune": FOUR[0], "semaine": 2}])
    (cell,) = rounds(prepare(pinned), (4,), (4,)).cells
    assert "il faudrait 2 véhicules" in cell.why_not
    vehicles = [{"nom": "A", "depot": "34079"}, {"nom": "B", "depot": "34079"}]
    pinned = scenario(
        imposes=[{"commune": FOUR[0], "semaine": 2}], vehicules=vehicles, agents=[{}] * 4
    )
    (cell,) = rounds(prepare(pinned), (4,), (4,)).cells
    assert cell.impossible
    assert "imposes.1.semaine : semaine 2, mais le cycle n’en a qu’une" in cell.why_not


def test_interrupted_nothing_is_invented():
    stop = threading.Event()
    stop.set()
    (cell,) = rounds(scenario(), (1,), (4,), stop=stop).cells
    assert cell.plan is None
    assert not cell.impossible
    assert cell.why_not.startswith("pas de réponse")


def test_every_wrong_number_at_once():
    with pytest.raises(InputError) as caught:
        rounds(prepare(scenario()), (0, 5), ())
    assert [str(fault) for fault in caught.value.faults] == [
        "tournees : impossible : 0 et 5 → donnez des nombres de 1 à 4",
        "communes : aucun nombre → donnez des nombres de 1 à 400",
    ]
