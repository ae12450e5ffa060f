"""Why communes are left out, who is far, what a little more brings: answers known by hand."""

from __future__ import annotations

import threading
from dataclasses import replace
from time import monotonic
from typing import Any

import pytest
from hypothesis import assume, given
from tiny import HOUR, MINUTE, MORNING, asking, examples, make, on_a_line
from tiny import territories as small_territories

from tourplan import daytours
from tourplan.optimise import timings
from tourplan.optimise.mip import Means
from tourplan.optimise.pricing import all_or_none
from tourplan.optimise.solve import Infeasible, optimise
from tourplan.problem import AccessGoal, PointTimes, Problem
from tourplan.study import explanation as words
from tourplan.study.explanation import Marginal, Unserved
from tourplan.study.farthest import far_residents
from tourplan.study.force import Question, force, least, required
from tourplan.study.inquiry import Inquiry
from tourplan.study.marginals import marginals
from tourplan.study.reasons import reasons
from tourplan.study.remedies import with_remedies

ONE_MORNING: dict[str, Any] = {"sessions": [MORNING], "weekdays": [0]}


def inquiry_of(problem: Problem, **facts: Any) -> Inquiry:
    tours = tuple(all_or_none(problem))
    found = optimise(problem, tours=tours)
    question = Question(problem, tours, found.levels, Means(), threading.Event())
    return Inquiry(question, found.days, **facts)


def soon() -> float:
    return monotonic() + 30


def why(problem: Problem, letter: str, *, mend: bool = False, **facts: Any) -> Unserved:
    inquiry, demand = inquiry_of(problem, **facts), problem.demand_index[letter]
    found = reasons(inquiry, [demand], soon())
    return (with_remedies(inquiry, found, [demand], soon()) if mend else found)[0]


def remedies(one: Unserved) -> dict[str, tuple[bool | None, str]]:
    return {remedy.kind: (remedy.enough, remedy.text) for remedy in one.remedies}


LATER = make(
    on_a_line([0, 20, 40]),
    hours={"A": "Mo 09:00-12:30", "B": "Mo 11:00-12:30"},
    hours_rule="imposes",
    max_work_s=4 * HOUR,
    week_opening_s=2 * HOUR,
    **ONE_MORNING,
)
"""A little more than two hours of opening: from 9:45 they miss the hours of B, later not."""


class TestPlainReasons:
    def test_no_room(self):
        problem = make(on_a_line([0, 10, 20]), required="A")
        problem = replace(problem, sites=problem.sites[:1], open_slots=problem.open_slots[:, :1])
        assert why(problem, "B").reason == words.NO_ROOM

    def test_no_session_allowed(self):
        problem = asking(make(on_a_line([0, 10, 20])), "B", allowed=0)
        assert why(problem, "B").reason == words.FORBIDDEN

    def test_too_far_for_any_day_and_what_would_do(self):
        problem = make(on_a_line([0, 10, 200]), max_unbroken_s=12 * HOUR, required="A")
        found = why(problem, "B")
        assert found.reason == words.NO_DAY
        assert "à 3 h 20 du lieu de départ" in found.text
        assert found.text.endswith("il faudrait partir avant 07:00 ou revenir après 19:00")

    def test_too_far_for_any_single_limit(self):
        found = why(make(on_a_line([0, 10, 400]), required="A"), "B")
        assert found.reason == words.NO_DAY
        assert "aucune limite de la journée levée seule" in found.text

    def test_no_road(self):
        found = why(make([[0, 600, None], [600, 0, None], [None, None, 0]], required="A"), "B")
        assert found.text == "aucune route connue n’y mène depuis le lieu de départ"

    def test_only_forbidden_slots(self):
        found = why(make(on_a_line([0, 10, 20]), refused=[(0, 1)]), "B")
        assert found.reason == words.NO_SLOT

    def test_imposed_hours(self):
        hours = {"A": "Mo 09:00-12:30", "B": "Su 09:00-12:00"}
        found = why(make(on_a_line([0, 10, 20]), hours=hours, hours_rule="imposes"), "B")
        assert found.reason == words.HOURS

    def test_imposed_hours_that_a_later_opening_keeps(self):
        assert optimise(asking(LATER, "B", required=1)).days
        assert why(LATER, "B").reason == words.WORSE

    def test_no_commune_is_out_of_reach_for_want_of_a_timing(self, monkeypatch):
        monkeypatch.setattr(timings, "MOST_WAYS", -(10**9))
        found = why(LATER, "B")
        assert (found.reason, found.proved) == (words.UNSETTLED, False)


class TestForced:
    @pytest.mark.parametrize(
        ("order", "proved"), [(("route", "heures_mairie"), True), (("heures_mairie",), False)]
    )
    def test_timings_left_out_matter_to_levels_that_look_at_them(self, monkeypatch, order, proved):
        monkeypatch.setattr(timings, "MOST_WAYS", -(10**9))
        problem = replace(LATER, hours_rule="preferes", objectives=order)
        inquiry = inquiry_of(problem)
        found = force(inquiry.question, problem.demand_index["B"], soon())
        assert (found.outcome, found.proved) == ("pire", proved)

    def test_more_driving(self):
        """A morning is held at A, 10 min away; at B it would take 2 × 20 min more."""
        problem = make(on_a_line([0, 10, 30]), week_opening_s=2 * HOUR, **ONE_MORNING)
        found = why(problem, "B")
        assert (found.reason, found.level, found.by) == (words.WORSE, "route", 40 * MINUTE)
        assert found.text.startswith("la desservir coûterait 40 min de route de plus")
        assert found.instead == ("A",)
        assert found.proved

    def test_residents_left_far(self):
        problem = make(
            on_a_line([0, 20, 60]),
            residents={1: 112, 2: 30},
            goals=[AccessGoal(15, None, False)],
            objectives=["habitants_au_dela_15", "route"],
            **ONE_MORNING,
        )
        found = why(problem, "B")
        assert (found.level, found.by) == ("habitants_au_dela_15", 82)
        assert "laisserait 82 habitants de plus à plus de 15 min d’un accueil" in found.text

    def test_half_days_in_hours(self):
        problem = make(
            on_a_line([0, 20, 20]),
            hours={"A": "Mo 09:00-12:30"},
            objectives=["heures_mairie"],
            **ONE_MORNING,
        )
        found = why(problem, "B")
        assert "donnerait 1 demi-journée de moins aux heures d’ouverture de la mairie" in found.text

    def test_a_tie(self):
        times = [[0, 600, 600], [600, 0, 600], [600, 600, 0]]
        problem = make(times, week_opening_s=2 * HOUR, **ONE_MORNING)
        served = inquiry_of(problem).served()
        other = "AB"[1 - next(iter(served))]
        found = why(problem, other)
        assert found.reason == words.TIE
        assert "aussi bon : le plan aurait pu la desservir" in found.text

    def test_an_unproved_plan_that_serving_it_betters(self):
        problem = make(on_a_line([0, 10, 30]), week_opening_s=2 * HOUR, **ONE_MORNING)
        inquiry = inquiry_of(problem)
        worse = optimise(required(problem, 1))
        levels = tuple(replace_bound(level) for level in worse.levels)
        inquiry = replace(
            inquiry, question=replace(inquiry.question, levels=levels), days=worse.days
        )
        (found,) = reasons(inquiry, [0], soon())
        assert (found.reason, found.by) == (words.BETTER, 40 * MINUTE)

    def test_a_clash_with_the_communes_required(self):
        found = why(make(on_a_line([0, 10, 30]), required="A", **ONE_MORNING), "B")
        assert found.reason == words.CLASH
        assert "desservir les communes obligatoires" in found.text
        assert found.proved
        assert "écourtée" not in found.text

    def test_a_clash_that_time_did_not_let_reduce_says_so(self, monkeypatch):
        """Its list may hold requirements that have nothing to do with it: not proved."""
        monkeypatch.setattr(
            "tourplan.study.clash._minimal_clash", lambda _: (["weekly_work"], False)
        )
        found = why(make(on_a_line([0, 10, 30]), required="A", **ONE_MORNING), "B")
        assert found.reason == words.CLASH
        assert "(recherche écourtée : la liste peut être trop longue)" in found.text
        assert not found.proved

    def test_out_of_time(self):
        problem = make(on_a_line([0, 10, 30]), week_opening_s=2 * HOUR, **ONE_MORNING)
        (found,) = reasons(inquiry_of(problem), [1], monotonic() - 1)
        assert found.reason == words.UNTESTED
        assert not found.proved


@pytest.fixture
def unlisted(monkeypatch):
    """Every day is one too many to list."""
    monkeypatch.setattr(daytours, "MAX_TOURS", 0)


def replace_bound(level: Any) -> Any:
    return level.model_copy(update={"bound": None})


CROWDED = make(
    on_a_line([0, 20, 60, 50]),
    sites=2,
    residents={1: 112, 2: 30},
    fixed=[3],
    goals=[AccessGoal(5, None, False)],
    objectives=["habitants_au_dela_5", "route"],
    **ONE_MORNING,
)
"""Only one morning, taken by A, where more people live."""


@pytest.fixture(scope="module")
def crowded() -> Unserved:
    return why(CROWDED, "B", mend=True, agencies=(3,))


@pytest.fixture(scope="module")
def margins() -> dict[str, Marginal]:
    found = marginals(inquiry_of(CROWDED, agencies=(3,)), soon())
    return {one.text: one for one in found}


class TestRemedies:
    def test_a_half_day_more_is_enough(self, crowded):
        enough, text = remedies(crowded)["demi-journée"]
        assert enough
        assert text == "une demi-journée de plus par semaine (mardi matin)"

    def test_more_work_is_not(self, crowded):
        assert remedies(crowded)["travail"][0] is False

    def test_another_agency_is_not(self, crowded):
        assert remedies(crowded)["agence"][0] is False

    @pytest.mark.usefixtures("unlisted")
    def test_over_days_too_many_to_list_all_are_the_same(self, crowded):
        assert why(CROWDED, "B", mend=True, agencies=(3,)) == crowded

    def test_the_least_work(self):
        """A and B on two mornings: 3 h + 40 min, then 3 h + 2 h; 8 h 40 for 8 h, cut at most."""
        whole = replace(MORNING, minimum_s=MORNING.closing_s - MORNING.opening_s)
        problem = make(
            on_a_line([0, 20, 60]),
            required="A",
            sessions=[whole],
            week_work_s=8 * HOUR,
            max_unbroken_s=12 * HOUR,
        )
        found = why(problem, "B", mend=True)
        assert found.reason == words.CLASH
        enough, text = remedies(found)["travail"]
        assert enough
        assert text == "travailler 40 min de plus par semaine et par agent"
        assert remedies(found)["retrait"] == (True, "ne plus imposer A")


class TestFar:
    PROBLEM = make(
        on_a_line([0, 20, 60, 100, 85]),
        sites=2,
        required="A",
        residents={1: 10, 2: 30, 3: 7, 4: 0},
        fixed=[0],
        **ONE_MORNING,
    )

    def test_the_most_exceeded_limit_and_the_nearest_places(self):
        first, second = far_residents(inquiry_of(self.PROBLEM), (30, 45))
        assert (first.code, first.minutes, first.residents) == ("P3", 45, 7)
        assert (first.fixed.code, first.fixed.time_s) == ("depot", 100 * MINUTE)
        assert (first.served.code, first.served.time_s) == ("A", 80 * MINUTE)
        assert [near.code for near in first.within] == ["B"]
        assert (second.code, second.minutes) == ("B", 30)
        assert second.within[0].time_s == 0

    def test_no_candidate_near_enough(self):
        far = [one for one in far_residents(inquiry_of(self.PROBLEM), (30,)) if one.code == "P3"]
        assert far[0].within == ()
        assert (far[0].nearest.code, far[0].nearest.time_s) == ("B", 40 * MINUTE)


class TestFarHamlets:
    """A hamlet 10 minutes beyond its commune A, which is 20 minutes from the depot's counter."""

    def test_times_are_those_of_the_hamlet(self):
        problem = make(
            on_a_line([0, 20, 60]),
            sites=2,
            required="B",
            residents={1: 10},
            fixed=[0],
            **ONE_MORNING,
        )
        farther = 10 * MINUTE
        (fixed_s, fixed_way), (site_s, site_way) = problem.fixed_times(), problem.site_times()
        own = PointTimes(fixed_s + farther, fixed_way, site_s + farther, site_way)
        problem = replace(problem, point_times=own)
        found = far_residents(inquiry_of(problem, hamlets=("Le Mas",)), (25,))
        (far,) = [one for one in found if one.code == "A"]
        assert (far.fixed.time_s, far.served.time_s) == (30 * MINUTE, 50 * MINUTE)
        assert [(near.code, near.time_s) for near in far.within] == [("A", 10 * MINUTE)]
        assert far.hamlet == "Le Mas"
        assert words._far_words(far).startswith("Le Mas, 10 habitants ; ")
        assert far.nearest is not None

    def test_the_screen_shows_the_most_peopled_and_counts_the_others(self, herault_plan):
        far = tuple(words.Far("1", "A", 50 - n, 20, None, None, (), None) for n in range(50))
        told = words.Explanation(herault_plan, (), far, (), (20,)).sentences()
        assert told[2].startswith("  A : 50 habitants")
        assert told[-1].replace("\u00a0", " ") == (
            "  et 30 autres lieux, dans explications.csv (--sortie)."
        )
        assert len(told) == 2 + words.MOST_SHOWN + 1

    def test_what_time_did_not_let_test_is_said_once(self, herault_plan):
        late = [words.Unserved("1", f"A{n}", words.UNTESTED, "non examiné") for n in range(25)]
        tried = [words.Remedy("a", f"essai {n}", None, False) for n in range(3)]
        tried += [words.Remedy("b", f"refus {n}", False, n == 0) for n in range(2)]
        tested = words.Unserved("2", "B", words.WORSE, "moins bon", remedies=tuple(tried))
        more = tuple(words.Marginal(f"Plus {n}", words.UNTESTED) for n in range(2))
        told = words.Explanation(herault_plan, (*late, tested), (), more).sentences()
        assert told[:3] == [
            "B : moins bon.",
            "  Ne suffirait pas : refus 0 ; refus 1 (non démontré).",
            "  Non examiné : essai 0 ; essai 1 ; essai 2.",
        ]
        assert "A0, A1, " in told[3]
        assert told[3].replace("\u00a0", " ").endswith("A19 et 5 autres communes.")
        assert "--limite" in told[4]
        assert told[5:] == ["Non examiné : plus 0 ; plus 1."]

    def test_without_a_candidate_none_is_said_the_nearest(self):
        far = words.Far("1", "A", 3, 20, None, None, (), None)
        assert words._far_words(far).endswith("aucune commune candidate n’est à 20 min au plus")


class TestMarginals:
    def test_a_half_day_brings_the_other_commune(self, margins):
        one = margins["Une demi-journée de plus (mardi matin)"]
        assert (one.verdict, one.proved) == (words.BETTER, True)
        assert [(e.before, e.after) for e in one.effects] == [
            ("30 habitants", "0 habitant"),
            ("40 min par semaine de tournée", "2 h 40 par semaine de tournée"),
        ]

    def test_a_week_brings_it_too(self, margins):
        one = margins["Une semaine de plus par mois, avec sa propre tournée"]
        assert one.verdict == words.BETTER
        assert one.effects[0].after == "0 habitant"

    def test_minutes_bring_nothing(self, margins):
        for text in (
            "Partir 15 min plus tôt",
            "Revenir 15 min plus tard",
            "15 min de travail de plus par semaine",
        ):
            assert (margins[text].verdict, margins[text].proved) == (words.NOTHING, True)

    def test_an_agency_brings_nothing_here(self, margins):
        one = margins["Une agence de plus"]
        assert (one.verdict, one.note) == (words.NOTHING, "1 agence examinée sur 1")

    def test_out_of_time_is_said(self):
        problem = make(on_a_line([0, 20, 60]), **ONE_MORNING)
        found = marginals(inquiry_of(problem), monotonic() - 1)
        assert {one.verdict for one in found} == {words.UNTESTED}


@examples(40)
@given(small_territories())
def test_reasons_drawn_at_random_are_those_of_the_whole_optimiser(problem):
    """Forcing a commune, level by level, agrees with the optimiser where it must be served."""
    try:
        inquiry = inquiry_of(problem)
    except Infeasible:
        assume(False)
    assume(all(level.proved for level in inquiry.question.levels))
    for demand in set(range(len(problem.demands))) - inquiry.served():
        (found,) = reasons(inquiry, [demand], soon())
        try:
            forced = optimise(required(problem, demand))
        except Infeasible:
            assert found.reason not in (words.WORSE, words.TIE, words.BETTER)
            continue
        differ = [
            (a.name, abs(a.value - b.value))
            for a, b in zip(inquiry.question.levels, forced.levels, strict=True)
            if a.value != b.value and a.name != "passages"
        ]
        if differ:
            assert (found.reason, found.level, found.by) == (words.WORSE, *differ[0])
        else:
            assert found.reason == words.TIE


@examples(40)
@given(small_territories())
def test_a_plan_within_the_levels_kept_is_found_where_there_is_one(problem):
    """What ``least`` says of no relaxation at all, against the whole optimiser with limits."""
    try:
        inquiry = inquiry_of(problem)
    except Infeasible:
        assume(False)
    kept = [level for level in inquiry.question.levels if level.name != "heures_mairie"]
    limits = {
        level.name: level.value * (1 if level.sense == "min" else -1)
        for level in kept
        if level.name != "passages"
    }
    for demand in set(range(len(problem.demands))) - inquiry.served():
        found = least(inquiry.question, demand, "rien", kept, soon())
        try:
            optimise(required(problem, demand), at_most=limits)
        except Infeasible:
            assert (found.value, found.impossible) == (None, True)
        else:
            assert found.value == 0


@examples(25)
@given(small_territories())
def test_reasons_over_days_too_many_to_list(problem):
    """They are those of days listed, but for what only whole days, all at hand, could prove."""
    try:
        inquiry = inquiry_of(problem)
    except Infeasible:
        assume(False)
    assume(all(level.proved for level in inquiry.question.levels))
    unlisted = replace(inquiry.question, tours=(None,) * len(problem.bases))
    for demand in set(range(len(problem.demands))) - inquiry.served():
        (known,) = reasons(inquiry, [demand], soon())
        (found,) = reasons(replace(inquiry, question=unlisted), [demand], soon())
        if found.proved:
            assert (found.reason, found.level, found.by) == (known.reason, known.level, known.by)
