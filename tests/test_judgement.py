"""What is said of an existing tour: nothing, one change, or all; its road; a plan beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from leveled import level, with_levels

from tourplan.export.judgement import (
    JUDGED,
    changes_since,
    comparison_sentences,
    evaluation_report,
    judged_sentences,
    road_sentence,
)
from tourplan.export.words import (
    origin_words,
)
from tourplan.study.evaluate import Change, Evaluation, ToCheck
from tourplan.verify import Violation


@pytest.fixture
def judged(herault_plan) -> Evaluation:
    """A tour that is the optimum itself; tests change what they speak of."""
    return Evaluation(
        plan=herault_plan,
        violations=(),
        to_check=(),
        shortest_s=herault_plan.figures.drive_s,
        swap=None,
        best=herault_plan,
    )


class TestRoad:
    def test_shortest(self, judged):
        assert road_sentence(judged).endswith(
            "min par semaine, déjà la plus courte possible pour ces communes (démontré)."
        )

    def test_longer_than_needed(self, judged):
        text = road_sentence(replace(judged, shortest_s=18_000))
        assert "; 300,0 min suffiraient si la route passait avant tout (démontré)." in text

    def test_shorter_than_the_rules_allow(self, judged):
        text = road_sentence(replace(judged, shortest_s=90_000))
        assert "suffiraient" not in text
        assert "en respectant les règles de la journée, il en faut 1\u00a0500,0 (démontré)" in text

    def test_unknown(self, judged):
        text = road_sentence(replace(judged, shortest_s=None))
        assert "non démontré" in text
        assert "(démontré)" not in text

    def test_no_road(self, judged):
        broken = (Violation("unreachable", "lundi", "aucune route n’y mène"),)
        text = road_sentence(replace(judged, violations=broken))
        assert text.endswith("inconnue, une commune est hors d’atteinte.")

    def test_of_two_weeks(self, judged):
        two = replace(judged, plan=judged.plan.model_copy(update={"cycle_weeks": 2}))
        assert "min pour les 2 semaines du cycle" in road_sentence(two)


class TestJudged:
    """A tour that was read from a file; a plan needs no such words."""

    def test_a_plan(self, herault_plan, herault_case):
        assert judged_sentences(herault_plan, herault_case, internal=True) == []

    def test_all_rules_are_kept(self, herault_plan, herault_case):
        judged = herault_plan.model_copy(update={"stopped": JUDGED})
        told = judged_sentences(judged, herault_case, internal=True)
        assert told[1:] == ["Elle tient toutes les règles du scénario."]

    def test_rules_broken_are_counted_for_everyone_and_named_for_the_team(
        self, herault_plan, herault_case
    ):
        first, *others = herault_plan.days
        shorter = first.model_copy(update={"work_s": first.work_s - 60})
        judged = herault_plan.model_copy(update={"stopped": JUDGED, "days": (shorter, *others)})
        _, kept, *broken = judged_sentences(judged, herault_case, internal=True)
        assert kept.startswith(f"Elle enfreint {len(broken)}")
        assert all(rule.startswith("semaine 1, lundi") for rule in broken)
        assert judged_sentences(judged, herault_case, internal=False)[1:] == [kept]


class TestComparison:
    def test_already_the_best(self, judged):
        assert comparison_sentences(judged, "t.csv") == [
            "Comparé à la tournée d’aujourd’hui (t.csv) :",
            "  c’est déjà la meilleure selon ces règles et ces temps (démontré).",
        ]

    def test_who_is_worse_off_than_today(self, judged):
        """Ten people more beyond 20 and 15 minutes in one of two intercommunalités."""
        first, *others = judged.plan.access
        far = {goal: people + 10 * (goal < 30) for goal, people in first.after.items()}
        worse = first.model_copy(update={"after": far})
        best = judged.plan.model_copy(update={"access": (worse, *others)})
        told = changes_since(judged.plan, best)
        assert told[-1] == f"{first.name} : 10 habitants de plus à plus de 20 min d’un accueil"
        assert changes_since(best, judged.plan) == told[:-1]

    def test_no_best(self, judged):
        lines = comparison_sentences(replace(judged, best=None, why_not="Aucun plan."), "t.csv")
        assert lines[1] == "  Aucun plan."

    def test_same_tour_not_proved(self, judged):
        best = with_levels(
            judged.plan, *(lv.model_copy(update={"bound": None}) for lv in judged.plan.levels)
        )
        lines = comparison_sentences(replace(judged, best=best), "t.csv")
        assert "  mêmes communes, mêmes jours, même ordre ;" in lines
        assert "  aucune différence sur les objectifs ;" in lines

    def test_other_days(self, judged):
        days = [
            day.model_copy(update={"weekday": (day.weekday + 1) % 5}) for day in judged.plan.days
        ]
        best = judged.plan.model_copy(
            update={"days": tuple(days), "levels": (level(1, 1), *judged.plan.levels[1:])}
        )
        lines = comparison_sentences(replace(judged, best=best), "t.csv")
        assert "  mêmes communes, d’autres jours ou un autre ordre ;" in lines
        assert "  temps de route : 10 sur 10 aujourd’hui, 1 secondes avec ce plan ;" in lines

    @pytest.mark.parametrize(
        ("kept", "text"),
        [
            (0, "aucune commune en commun, 2 nouvelles, 8 qui ne seraient plus desservies"),
            (1, "2 communes en commun, aucune nouvelle, 6 qui ne seraient plus desservies"),
        ],
    )
    def test_other_communes(self, judged, kept, text):
        day = judged.plan.days[0]
        if not kept:
            stops = [s.model_copy(update={"code": f"0500{n}"}) for n, s in enumerate(day.stops)]
            day = day.model_copy(update={"stops": tuple(stops)})
        today = judged.plan.model_copy(update={"days": judged.plan.days[:4]})
        best = with_levels(judged.plan, level(1, 1), *judged.plan.levels[1:], days=(day,))
        lines = comparison_sentences(replace(judged, plan=today, best=best), "t.csv")
        assert f"  {text} ;" in lines

    @pytest.mark.parametrize(("count", "text"), [(1, "1 règle"), (2, "2 règles")])
    def test_a_tour_that_breaks_rules(self, judged, count, text):
        broken = tuple(Violation("x", str(n), "y") for n in range(count))
        lines = comparison_sentences(replace(judged, violations=broken), "t.csv")
        assert f"  elle enfreint {text} de ce scénario ;" in lines


class TestReport:
    def told(self, evaluation: Evaluation) -> str:
        return "\n".join(evaluation_report(evaluation, "t.csv"))

    def test_the_best(self, judged):
        text = self.told(judged)
        assert text.startswith("Tournée évaluée : t.csv\n")
        assert "  toutes sont tenues." in text
        assert "À vérifier avec la mairie : aucune demi-journée\n" in text
        assert "  Rien : aucune tournée ne fait mieux" in text

    @pytest.mark.parametrize(("count", "text"), [(1, "1 demi-journée\n"), (2, "2 demi-journées\n")])
    def test_half_days_to_check(self, judged, count, text):
        items = tuple(ToCheck(0, "matin", f"C{n}", "fermé") for n in range(count))
        told = self.told(replace(judged, to_check=items))
        assert f"À vérifier avec la mairie : {text}" in told
        assert "  lundi matin, C0, horaires publiés ce jour-là : fermé" in told

    def test_broken_rules(self, judged):
        told = self.told(replace(judged, violations=(Violation("x", "lundi", "trop long"),)))
        assert "  enfreinte : lundi : trop long\n" in told

    def test_only_what_differs_is_laid_side_by_side(self, judged):
        better = judged.plan.levels[-1].model_copy(update={"value": 1, "text": "presque rien"})
        change = Change("échanger le lundi et le jeudi", (*judged.plan.levels[:-1], better))
        best = with_levels(judged.plan, *change.levels)
        told = self.told(replace(judged, swap=change, best=best))
        assert "  Un seul changement, le meilleur : échanger le lundi et le jeudi.\n" in told
        assert "tout revoir presque rien" in told
        assert "Permanences obligatoires" not in told
        assert told.endswith("Les autres objectifs ne changent pas.")

    def test_nothing_differs(self, judged):
        change = Change("échanger A et B", judged.plan.levels)
        broken = (Violation("x", "lundi", "trop long"),)
        told = self.told(replace(judged, swap=change, violations=broken))
        assert told.endswith("Aucun objectif ne change.")

    def test_not_all_was_tried(self, judged):
        best = with_levels(judged.plan, level(1, None), *judged.plan.levels[1:])
        told = self.told(replace(judged, all_tried=False, best=best))
        assert "aucun trouvé qui améliore la tournée (mais le temps a manqué" in told
        assert "la meilleure tournée du scénario (non démontré)" in told
        change = Change("échanger A et B", judged.plan.levels)
        told = self.told(replace(judged, all_tried=False, best=best, swap=change))
        assert "le meilleur trouvé dans le temps donné : échanger A et B." in told

    def test_no_plan(self, judged):
        told = self.told(replace(judged, best=None, why_not="Aucun plan n’existe."))
        assert "  Tout revoir : Aucun plan n’existe." in told
        assert "tous ont été essayés" in told

    def test_where_times_are_from_is_told(self, judged):
        lines = evaluation_report(judged, "t.csv")
        assert f"Temps de route : {origin_words(judged.plan.origin)}." in lines
