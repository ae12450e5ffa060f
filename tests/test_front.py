"""Curves between two levels: every point there is, by brute force; what is said of the rest."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import product
from math import inf, prod
from time import monotonic

import pytest
from cycles import choices, cycles
from hypothesis import assume, given
from hypothesis import strategies as st
from tiny import HOUR, MINUTE, examples, make, on_a_line, territories

from tourplan.optimise.solve import Infeasible, NothingFound, Undecided, optimise
from tourplan.problem import Problem
from tourplan.study.front import Front, Question, _Curve, refined, trace, value_of
from tourplan.verify import verify

MOST_PLANS = 3000
STAR = [
    [0, 600, 1200, 1800, 2400],
    [600, 0, 1500, 1500, 1500],
    [1200, 1500, 0, 1500, 1500],
    [1800, 1500, 1500, 0, 1500],
    [2400, 1500, 1500, 1500, 0],
]
"""Four communes at 10, 20, 30 and 40 minutes of the depot, 25 of one another."""
PEOPLE = {1: 10, 2: 20, 3: 40, 4: 80}
NEAR = "habitants_au_dela_5"


def star(days: int = 1, **facts: object) -> Problem:
    """One session a day: each commune is a day there and back, and its residents."""
    sessions = make(STAR).sessions[:1]
    rules = {"residents": PEOPLE, "sessions": sessions, "weekdays": range(days), **facts}
    return make(STAR, objectives=(NEAR, "route"), **rules)


def front(problem: Problem, most: int = 50, kept: int = 0, **options: object) -> Front:
    """The curve between two levels of a problem that follow each other, ``kept`` before them."""
    names = problem.objectives
    start = optimise(replace(problem, objectives=names[: kept + 2]))
    values = {name: value_of(problem, start.days, name) for name in names[:kept]}
    first, second = names[kept : kept + 2]
    question = Question(problem, first, second, values, names[kept + 2 :], **options)
    return trace(question, start, most)


def values(found: Front) -> list[tuple[int, int]]:
    return [point.values for point in found.points]


def brute_force(problem: Problem, kept: int) -> list[tuple[int, int]] | None:
    """The curve, by trying every plan; ``None`` when there is none."""
    possible = choices(problem)
    assume(prod(map(len, possible)) <= MOST_PLANS)
    plans = ([day for day in plan if day] for plan in product(*possible))
    sound = [days for days in plans if not verify(problem, days)]
    told = [tuple(value_of(problem, days, n) for n in problem.objectives) for days in sound]
    if not told:
        return None
    best = min(row[:kept] for row in told)
    pairs = {row[kept : kept + 2] for row in told if row[:kept] == best}
    return sorted(
        pair
        for pair in pairs
        if not any(o != pair and o[0] <= pair[0] and o[1] <= pair[1] for o in pairs)
    )


class TestKnown:
    def test_one_day_four_communes(self):
        # 150 residents far from all; a day at D saves 80 and costs 80 min, at C 40 and 60…
        found = front(star())
        minutes = [(people, road // MINUTE) for people, road in values(found)]
        assert minutes == [(70, 80), (110, 60), (130, 40), (140, 20), (150, 0)]
        assert found.complete
        assert found.ended
        assert found.stopped == "terminé"
        assert set(found.between) == {"rien"}

    def test_two_days(self):
        # two of four communes, or fewer: subsets that no other betters
        costs = {10: 20, 20: 40, 40: 60, 80: 80}
        subsets = [(150, 0)]
        subsets += [(150 - a, costs[a]) for a in costs]
        subsets += [(150 - a - b, costs[a] + costs[b]) for a in costs for b in costs if a < b]
        best = [
            s for s in subsets if not any(o != s and o[0] <= s[0] and o[1] <= s[1] for o in subsets)
        ]
        found = front(star(2))
        assert [(a, b // MINUTE) for a, b in values(found)] == sorted(best)
        assert found.complete

    def test_levels_to_maximise(self):
        # opening against road: no day, or one at the nearest commune, 2 h 30 for 20 min
        found = front(replace(star(), objectives=("ouverture", "route")))
        assert values(found) == [(-9000, 1200), (0, 0)]
        assert found.complete
        other = front(replace(star(), objectives=("route", "ouverture")))
        assert values(other) == [(0, 0), (1200, -9000)]

    def test_limits_in_steps_of_the_grid(self):
        # openings go by five minutes: a limit one second below a point is the step below
        problem = replace(star(), objectives=("route", "ouverture"))
        found = optimise(problem, at_most={"ouverture": -8999})
        assert value_of(problem, found.days, "ouverture") == -9000
        with pytest.raises(Infeasible):
            optimise(problem, at_most={"ouverture": -9001})

    def test_a_single_point(self):
        found = front(make(on_a_line([0, 20]), required="A", objectives=("passages", "route")))
        assert len(found.points) == 1
        assert found.between == ()
        assert found.complete

    def test_what_stands_before_is_kept(self):
        # C is required: the day is hers
        problem = star(required="C")
        problem = replace(problem, objectives=("passages", NEAR, "route"))
        assert values(front(problem, kept=1)) == [(110, 3600)]

    def test_later_levels_choose_the_plan(self):
        # B and C cost the same and save the same; the market of C is on Monday
        times = on_a_line([0, 20])
        times = [[0, 1200, 1200], [1200, 0, 1200], [1200, 1200, 0]]
        problem = make(
            times,
            sessions=star().sessions,
            weekdays=(0,),
            demands={"B": {"market": frozenset([0])}},
            objectives=(NEAR, "route", "marches"),
        )
        found = front(problem)
        assert values(found) == [(100, 2400), (200, 0)]
        question = Question(problem, NEAR, "route", {}, ("marches",))
        point = refined(question, found.points[0], inf)
        assert [stop.code for day in point.days for stop in day.stops] == ["B"]
        assert [(level.value, level.bound) for level in point.levels] == [
            (100, 100),
            (2400, 2400),
            (1, 1),
        ]

    def test_pooled_weeks(self):
        # four alike weeks of one day, one visit each: every subset of the four communes
        problem = star(weeks=4)
        found = front(problem)
        assert found.complete
        best = []
        for kept in product((0, 1), repeat=4):
            people = sum(p for p, k in zip(PEOPLE.values(), kept, strict=True) if not k)
            best.append((people, sum(1200 * n for n, k in enumerate(kept, 1) if k)))
        assert values(found) == sorted(
            s for s in best if not any(o != s and o[0] <= s[0] and o[1] <= s[1] for o in best)
        )


class TestBruteForce:
    @given(problem=cycles(most_sites=2, most_days=2, most_vehicles=2))
    @examples(25)
    def test_every_point_and_no_other(self, problem):
        names = [n for n in problem.objectives if n != "equite_horaires"]
        assume(len(names) >= 2)
        kept = len(names) - 2
        problem = replace(problem, objectives=tuple(names))
        expected = brute_force(problem, kept)
        try:
            found = front(problem, kept=kept)
        except Infeasible:
            assert expected is None
            return
        except Undecided:
            return
        assert expected is not None
        for point in found.points:
            assert not verify(problem, point.days)
        if found.complete:
            assert values(found) == expected
        else:  # hours listed only in part are proved by nobody
            assert "heures_mairie" in names or problem.hours_rule == "imposes"


class TestSamples:
    def test_spread_and_said(self):
        problem = star(2)
        every = values(front(problem))
        assert len(every) > 4
        found = front(problem, most=4)
        assert len(found.points) == 4
        assert set(values(found)) <= set(every)
        assert (values(found)[0], values(found)[-1]) == (every[0], every[-1])
        assert not found.complete
        assert found.ended
        assert found.stopped == "terminé"
        for (one, two), known in zip(
            zip(values(found), values(found)[1:], strict=False), found.between, strict=True
        ):
            missed = [v for v in every if one[0] < v[0] < two[0]]
            assert not (known == "rien" and missed)
            assert not (known == "autres" and not missed)

    @pytest.mark.parametrize("most", [2, 3, 5, 6, 7])
    def test_never_more_than_asked(self, most):
        every = values(front(star(2)))
        found = front(star(2), most=most)
        assert len(found.points) == min(most, len(every))
        assert found.complete == (most >= len(every))
        assert set(values(found)) <= set(every)

    def test_same_curve_each_time(self):
        assert front(star(2), most=4) == front(star(2), most=4)


class TestEnds:
    def test_out_of_time_after_the_first_point(self):
        found = front(star(), deadline=monotonic())
        assert len(found.points) == 1
        assert not found.ended
        assert not found.complete
        assert found.stopped == "limite de temps"

    def test_out_of_time_between(self, monkeypatch):
        probe, calls = _Curve.probe, []

        def slow(curve, limit):
            calls.append(limit)
            return probe(curve, limit) if len(calls) < 2 else None

        monkeypatch.setattr(_Curve, "probe", slow)
        found = front(star())
        assert len(found.points) == 3
        assert "inconnu" in found.between
        assert not found.complete

    def test_interrupted(self):
        stop = threading.Event()
        stop.set()
        found = front(star(), stop=stop)
        assert len(found.points) == 1
        assert found.stopped == "interrompu"


PLACED = ("heures_mairie", "marches", "equite_agents")
"""Levels that weekdays, or agents, are told apart for: only where something looks at them."""
small_problems = st.one_of(territories(4, 3), cycles(4, 3))


class TestLimits:
    def test_levels_that_cannot_be_limited(self):
        with pytest.raises(ValueError, match="cannot be limited"):
            optimise(star(), at_most={"equite_horaires": 0})

    @examples(60)
    @given(problem=small_problems, level=st.sampled_from(PLACED))
    def test_a_level_within_a_limit_need_not_be_an_objective(self, problem, level):
        """Kept at its best, it leaves to the road what it leaves as the objective before it."""
        try:
            both = optimise(replace(problem, objectives=(level, "route")))
        except (Infeasible, Undecided):
            assume(False)
        assume(all(one.proved for one in both.levels))
        best = value_of(problem, both.days, level)
        found = optimise(replace(problem, objectives=("route",)), at_most={level: best})
        assert not verify(problem, found.days)
        assert value_of(problem, found.days, level) <= best
        assert found.levels[0].value == both.levels[1].value
        with pytest.raises((Infeasible, Undecided)):
            optimise(replace(problem, objectives=("route",)), at_most={level: best - 1})

    def test_infeasible_limit(self):
        with pytest.raises(Infeasible):
            optimise(star(required="D"), at_most={"route": 4799})
        found = optimise(star(required="D"), at_most={"route": 4800})
        assert found.levels[1].value == 4800

    def test_bounds_hold_within_the_limit(self):
        found = optimise(star(), at_most={"route": 3 * HOUR // 4})
        assert [(level.value, level.bound) for level in found.levels] == [(130, 130), (2400, 2400)]

    def test_no_time_at_all(self):
        with pytest.raises(NothingFound):
            optimise(star(required="D"), at_most={"route": 4800}, deadline=monotonic())
