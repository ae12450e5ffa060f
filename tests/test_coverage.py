"""Coverage against figures checked by hand on the embedded case."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import tourplan as tp
from tourplan.errors import InputError
from tourplan.plan import Groups, Plan
from tourplan.prepare import Case, prepare
from tourplan.scenario import Scenario
from tourplan.starter import EXAMPLES
from tourplan.study.coverage import WITH, WITHOUT, Coverage

mpl.use("Agg")

LODEVOIS = "CC Lodévois et Larzac"
ALL = "Ensemble"


@pytest.fixture(scope="module")
def alone(herault_case: Case) -> Coverage:
    return tp.coverage(herault_case)


@pytest.fixture(scope="module")
def toured(herault_case: Case, herault_plan: Plan) -> Coverage:
    return tp.coverage(herault_case, herault_plan)


@pytest.fixture(scope="module")
def counterless() -> Coverage:
    """The main case with no fixed counter at all: nobody reaches one without the tour."""
    keys = {**EXAMPLES["herault"], "points_fixes": {"integres": False}}
    return tp.coverage(prepare(Scenario.from_keys(keys)))


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


class TestFrame:
    def test_one_row_an_intercommunalite_then_all(self, alone):
        frame = alone.to_frame()
        assert list(frame.index) == [LODEVOIS, "CC du Grand Pic Saint-Loup", ALL]
        assert list(frame["habitants"]) == [14_929, 51_678, 66_607]

    def test_shares_of_all_with_fixed_counters_alone(self, alone):
        row = alone.to_frame(share=True).loc[ALL]
        for minutes, within, near, beyond in (
            (15, 75.40, 5.54, 19.05),
            (20, 87.34, 11.93, 0.73),
            (30, 99.72, 0.28, 0.0),
        ):
            shares = [
                row[f"{where} {minutes} min {WITHOUT} (%)"]
                for where in ("à", "à la limite de", "à plus de")
            ]
            assert shares == pytest.approx([within, near, beyond], abs=0.005)

    def test_the_village_at_30_1_minutes_is_neither_in_nor_out(self, alone):
        row = alone.to_frame().loc[LODEVOIS]
        assert row[f"à la limite de 30 min {WITHOUT}"] == 185
        assert row[f"à plus de 30 min {WITHOUT}"] == 0
        village = alone.communes().loc["34277"]
        assert village[f"minutes {WITHOUT}"] == pytest.approx(30.1)
        assert village[f"à la limite {WITHOUT}"] == "30"

    def test_lodevois_before_and_after(self, toured):
        row = toured.to_frame().loc[LODEVOIS]
        without = [row[f"{w} 15 min {WITHOUT}"] for w in ("à", "à la limite de", "à plus de")]
        assert without == [12_458, 1_409, 1_062]
        toured_ = [row[f"{w} 15 min {WITH}"] for w in ("à", "à la limite de", "à plus de")]
        assert toured_ == [14_889, 40, 0]
        assert row[f"moyenne {WITHOUT} (min)"] == pytest.approx(6.2, abs=0.05)
        assert row[f"moyenne {WITH} (min)"] == pytest.approx(1.7, abs=0.05)

    def test_no_column_with_the_tour_when_there_is_no_plan(self, alone):
        assert not any(WITH in column for column in alone.to_frame())
        assert not any(WITH in column for column in alone.communes())

    def test_figures_are_those_of_the_plan(self, toured, herault_plan):
        assert toured.areas == herault_plan.access


class TestCommunes:
    def test_ten_communes_of_lodevois_are_beyond_15_minutes(self, toured):
        communes = toured.communes()
        there = communes[communes["intercommunalité"] == LODEVOIS]
        far = there[there[f"minutes {WITHOUT}"] > 15]
        assert (len(far), far["habitants"].sum()) == (10, 1_523)
        assert (there[f"minutes {WITH}"] <= 15).all()

    def test_communes_add_up_to_the_frame(self, toured):
        communes, frame = toured.communes(), toured.to_frame()
        for words in (WITHOUT, WITH):
            near = communes[f"à la limite {words}"].str.contains("20")
            assert (
                communes[near]["habitants"].sum()
                == frame.loc[ALL, f"à la limite de 20 min {words}"]
            )
            within = communes[~near & (communes[f"minutes {words}"] <= 20)]
            assert within["habitants"].sum() == frame.loc[ALL, f"à 20 min {words}"]

    def test_codes_are_text(self, alone):
        assert "34036" in alone.communes().index


class TestUnreached:
    def test_minutes_are_infinite_and_the_mean_unknown(self, counterless):
        assert np.isinf(counterless.communes()[f"minutes {WITHOUT}"]).all()
        assert counterless.to_frame()[f"moyenne {WITHOUT} (min)"].isna().all()
        assert "inconnu" in counterless._repr_html_()

    def test_curve_stays_at_zero_and_the_map_hatches(self, counterless):
        (line,) = counterless.curve(whole=True).get_lines()[:1]
        assert max(line.get_ydata()) == 0
        texts = [t.get_text() for t in counterless.plot().get_legend().get_texts()]
        assert "hors d’atteinte" in texts


class TestFigures:
    def test_curve_passes_through_the_figures(self, toured):
        axes = toured.curve(whole=True)
        without, with_tour = axes.get_lines()[:2]
        for line, share in ((without, 80.25), (with_tour, 83.0)):
            minutes, shares = line.get_data()
            assert shares[np.searchsorted(minutes, 15, side="right") - 1] == pytest.approx(
                share, abs=0.01
            )

    def test_two_curves_an_intercommunalite(self, toured, alone):
        assert len(toured.curve().get_legend().get_texts()) == 4
        assert len(alone.curve().get_legend().get_texts()) == 2

    def test_drawn_on_the_axes_given(self, toured):
        _, (left, right) = plt.subplots(1, 2)
        assert toured.plot(left, tour=False) is left
        assert toured.curve(right) is right
        assert WITHOUT in left.get_title(loc="left")

    def test_source_is_written_on_both(self, toured):
        for axes in (toured.curve(), toured.plot()):
            words = " ".join(text.get_text() for text in axes.texts)
            assert "OpenStreetMap" in words
            assert "réseau simplifié" in words
            assert "± 10 %" in words
            assert "novembre 2026" in words

    def test_the_map_marks_communes_near_a_limit(self, toured):
        texts = [t.get_text() for t in toured.plot().get_legend().get_texts()]
        assert "à la limite (couleur voisine possible)" in texts


class TestWords:
    def test_repr(self, toured):
        assert repr(toured) == (
            "Coverage(66\u00a0607 habitants ; à 15 min d’un accueil : "
            "75,4\u00a0% et 5,5\u00a0% à la limite sans la tournée, "
            "80,2\u00a0% et 2,8\u00a0% à la limite avec la tournée)"
        )

    def test_html_never_rounds_up_to_everybody(self, herault_case, herault_plan):
        cover = tp.coverage(herault_case, herault_plan)
        one = Groups(inside=66_606, near=0, beyond=1, communes_near=0, communes_beyond=1)
        area = cover.areas[-1].model_copy(
            update={"residents": 66_607, "before": {30: 1}, "groups_before": {30: one}}
        )
        almost = Coverage(cover.case, (area,), cover.before, None, ())
        assert "99,9" in almost._repr_html_()
        assert "100" not in almost._repr_html_()

    def test_html_shows_both_sides(self, toured):
        html = toured._repr_html_()
        assert "6,2\u00a0min → 1,7\u00a0min" in html
        assert "95,5\u00a0% et 1,6\u00a0% à la limite → 100\u00a0%" in html


class TestInput:
    def test_scenario_will_do(self):
        assert tp.coverage(tp.example("herault")).areas[-1].residents == 66_607

    def test_plan_of_a_narrower_scenario_will_do(self, herault_plan, libre_case):
        assert tp.coverage(libre_case, herault_plan).areas == herault_plan.access

    def test_plan_that_serves_unknown_communes_is_refused(self, herault_case, herault_plan):
        day = herault_plan.days[0]
        stop = day.stops[0].model_copy(update={"code": "05061"})
        days = (day.model_copy(update={"stops": (stop,)}),)
        with pytest.raises(InputError, match="hors du scénario"):
            tp.coverage(herault_case, herault_plan.model_copy(update={"days": days}))

    def test_plan_held_in_unknown_rooms_is_refused(self, herault_case, herault_plan):
        day = herault_plan.days[0]
        stop = day.stops[0].model_copy(update={"place": "Halle"})
        days = (day.model_copy(update={"stops": (stop,)}),)
        with pytest.raises(
            InputError, match=r"lieux d’accueil inconnus du scénario : .+ \(Halle\)"
        ):
            tp.coverage(herault_case, herault_plan.model_copy(update={"days": days}))
