"""The static map: the same communes, stops and classes as the page."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tourplan.errors import InputError
from tourplan.export.figure import plot_plan
from tourplan.export.french import spaced
from tourplan.export.scene import CLASS_LABELS, build_scene
from tourplan.export.words import origin_words
from tourplan.plan import Plan
from tourplan.prepare import Case


@pytest.fixture
def axes() -> Iterator[Any]:
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib n’est pas installé")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield plt.subplots(figsize=(8, 6))[1]
    plt.close("all")


def test_draws_on_the_axes_given(axes: Any, herault_plan: Plan, herault_case: Case) -> None:
    assert plot_plan(herault_plan, herault_case, axes) is axes
    assert axes.get_title(loc="left") == herault_plan.title
    axes.figure.savefig(io.BytesIO(), format="png")


def test_makes_its_own_axes(axes: Any, herault_plan: Plan, herault_case: Case) -> None:
    own = plot_plan(herault_plan, herault_case)
    assert own is not axes
    own.figure.savefig(io.BytesIO(), format="svg")


def test_every_stop_is_numbered_and_named(
    axes: Any, herault_plan: Plan, herault_case: Case
) -> None:
    plot_plan(herault_plan, herault_case, axes)
    words = [text.get_text() for text in axes.texts]
    scene = build_scene(herault_plan, herault_case)
    for route in scene.routes:
        for mark in route.stops:
            assert mark.label in words
            assert mark.stop.name in words
    assert any(herault_plan.fingerprint in text for text in words)
    (source,) = [" ".join(text.split()) for text in words if "OpenStreetMap" in text]
    assert source == " ".join(
        spaced(f"Temps de route : {origin_words(herault_plan.origin)}.").split()
    )


def test_communes_are_drawn_by_class(axes: Any, herault_plan: Plan, herault_case: Case) -> None:
    from matplotlib.collections import PathCollection

    plot_plan(herault_plan, herault_case, axes)
    scene = build_scene(herault_plan, herault_case)
    areas = [c for c in axes.collections if isinstance(c, PathCollection) and c.get_zorder() == 1]
    drawn = [len(area.get_paths()) for area in areas]
    expected = [len(scene.surroundings)]
    for rank in range(7):
        reaches = [v.after for v in scene.communes if v.after.rank == rank]
        expected += [len(reaches), sum(bool(reach.near) for reach in reaches)]
    assert drawn == expected


def test_legend_names_classes_and_days(axes: Any, herault_plan: Plan, herault_case: Case) -> None:
    plot_plan(herault_plan, herault_case, axes)
    named = [text.get_text() for text in axes.get_legend().get_texts()]
    assert named[:6] == list(CLASS_LABELS[:6])
    assert "Lundi, journée 1" in named
    assert "à la limite (couleur voisine possible)" in named
    assert f"départ et retour : {herault_plan.depots['34079']}" in named


def test_many_days_make_a_short_legend(axes: Any, herault_plan: Plan, herault_case: Case) -> None:
    days = [d.model_copy(update={"week": w}) for w in range(1, 5) for d in herault_plan.days]
    plan = herault_plan.model_copy(update={"days": tuple(days), "cycle_weeks": 4})
    plot_plan(plan, herault_case, axes)
    named = [text.get_text() for text in axes.get_legend().get_texts()]
    assert "Lundi, journées 1, 6, 11 et 16" in named
    assert sum("journées" in name for name in named) == 5
    words = [text.get_text() for text in axes.texts]
    assert words.count(herault_plan.days[0].stops[0].name) == 1
    assert {"1a", "20b"} <= set(words)


def test_names_are_not_formulas(axes: Any, herault_plan: Plan, herault_case: Case) -> None:
    plot_plan(herault_plan.model_copy(update={"title": r"$\frac$"}), herault_case, axes)
    axes.figure.savefig(io.BytesIO(), format="png")


def test_without_matplotlib_the_remedy_is_told(
    herault_plan: Plan, herault_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(InputError, match=r"pip install tourplan\[notebooks\]"):
        plot_plan(herault_plan, herault_case)
