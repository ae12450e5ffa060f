"""What the printed map says in a few lines."""

from __future__ import annotations

from dataclasses import replace

from tourplan.export import paper
from tourplan.export.scene import build_scene
from tourplan.plan import Plan
from tourplan.prepare import Case


def told(html: str) -> str:
    return html.replace("\u00a0", " ").replace("\u202f", " ")


def test_far_communes_in_a_line_each_span(herault_plan: Plan, herault_case: Case) -> None:
    scene = build_scene(herault_plan, herault_case)
    lines = told(paper.far_lines(herault_plan, scene)).split("</li>")[:-1]
    assert len(lines) == 3
    assert "<strong>De 15 à 20 min d’un accueil</strong> (3 communes, 3 827 habitants)" in lines[1]
    assert "Les Matelles (16,9 min)" in lines[1]


def test_many_are_counted(herault_plan: Plan, herault_case: Case, monkeypatch) -> None:
    monkeypatch.setattr(paper, "MOST_NAMED", 9)
    scene = build_scene(herault_plan, herault_case)
    assert "1 autre commune." in told(paper.far_lines(herault_plan, scene))


def test_none_is_far(herault_plan: Plan, herault_case: Case) -> None:
    scene = build_scene(herault_plan, herault_case)
    near = [view for view in scene.communes if view.after.seconds is not None]
    near = [view for view in near if (view.after.seconds or 0) < 600]
    assert "Aucune commune" in paper.far_lines(herault_plan, replace(scene, communes=tuple(near)))


def test_who_sees_no_change_is_named_in_one_sentence(herault_plan: Plan) -> None:
    first, second, whole = herault_plan.access
    same = first.model_copy(update={"groups_after": first.groups_before})
    lines = told(
        paper.short_sentences(herault_plan.model_copy(update={"access": (same, second, whole)}))
    )
    assert f"La tournée ne change rien ailleurs : {first.name}." in lines
    assert f"<strong>{second.name}</strong>" in lines
    assert "ailleurs" not in told(paper.short_sentences(herault_plan))


def test_the_more_days_the_more_columns(herault_plan: Plan) -> None:
    def crowd(times: int, weeks: int = 1, *, internal: bool = False) -> str:
        update = {"days": herault_plan.days * times, "cycle_weeks": weeks}
        return paper.crowd(herault_plan.model_copy(update=update), internal=internal)

    assert crowd(1) == ""
    assert crowd(1, weeks=2) == crowd(2) == "nombreuses"
    assert crowd(3) == crowd(4) == "nombreuses serrees"
    assert crowd(5) == "nombreuses serrees trois"
    assert crowd(5, internal=True) == "nombreuses serrees"


def test_the_areas_that_gain_most_have_a_sentence(herault_plan: Plan, monkeypatch) -> None:
    """In Lodévois et Larzac 185, 435 and 1,062 people, at 30, 20 and 15 minutes."""
    monkeypatch.setattr(paper, "MOST_AREAS", 1)
    shown = told(paper.short_sentences(herault_plan))
    assert "<strong>CC Lodévois et Larzac</strong>" in shown
    assert "Grand Pic" not in shown
    assert "La tournée change aussi l’accès dans une autre intercommunalité." in shown


def test_weekdays_of_the_tour(herault_plan: Plan, herault_case: Case) -> None:
    few = herault_plan.model_copy(update={"days": herault_plan.days[1:3]})
    key = paper.weekday_key(build_scene(few, herault_case))
    assert "mardi" in key
    assert "mercredi" in key
    assert "lundi" not in key
    none = few.model_copy(update={"days": ()})
    assert paper.weekday_key(build_scene(none, herault_case)) == ""
