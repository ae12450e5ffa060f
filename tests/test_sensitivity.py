"""Shorter and longer drives: what changes, what does not, what no longer holds."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tiny import make, on_a_line

import tourplan as tp
from tourplan.errors import InputError
from tourplan.hours import parse_clock
from tourplan.plan import Plan
from tourplan.planner import solve
from tourplan.prepare import Case, prepare
from tourplan.scenario import Scenario
from tourplan.study import sensitivity as study
from tourplan.study.sensitivity import COLUMNS, Sensitivity, sensitivity, stretched
from tourplan.verify import verify

LES_RIVES, LE_CAYLAR = "34230", "34064"


def case_of(**changes: Any) -> Case:
    """Le Caylar and Les Rives from Clermont-l’Hérault, no weekly minimum."""
    keys = {
        "titre": "Deux communes",
        "communes": {"a_desservir": [LE_CAYLAR, LES_RIVES]},
        "vehicules": [{"depot": "34079"}],
        "semaine": {"ouverture_min_h": 0},
        "mairie": {"horaires": "ignores"},
        **changes,
    }
    return prepare(Scenario.from_keys(keys))


def timed(case: Case, minutes_away: float, minutes_apart: float, **day: int) -> Case:
    """The case where both communes stand so far from the depot, and from each other.

    ``day``: rules of the day that differ.
    """
    problem = replace(case.problem, day=replace(case.problem.day, **day))
    depot = problem.bases[0].depot
    rows = [depot, *(site.place for site in problem.sites)]
    away, apart = round(minutes_away * 60), round(minutes_apart * 60)
    time_s = problem.time_s.copy()
    for a in rows:
        for b in rows:
            if a != b:
                time_s[a, b] = away if depot in (a, b) else apart
    return replace(case, problem=replace(problem, time_s=time_s))


def lines(found: Sensitivity) -> str:
    return "\n".join(found.sentences()).replace("\u00a0", " ")


def rows(found: Sensitivity, way: str, subject: str) -> list[tuple[str, ...]]:
    """Where, before and after of the differences of a subject."""
    return [row[2:] for row in found.rows() if row[:2] == (f"20 % plus {way}", subject)]


@pytest.fixture(scope="module")
def calm() -> Sensitivity:
    """Two communes so near that a fifth more changes nothing."""
    return sensitivity(timed(case_of(), 10, 5))


@pytest.fixture(scope="module")
def late() -> Sensitivity:
    """Half an hour between the communes, 36 min with longer drives.

    Packed at 12:30 and there at 13:00, they eat for 30 min, set up for 15 and open at 13:45.
    There at 13:06 they would have 24 min to eat; they can open at 13:55.
    """
    return sensitivity(timed(case_of(), 60, 30))


@pytest.fixture(scope="module")
def none() -> Sensitivity:
    """A day of nine hours, over at 18:00: 6 h 15 of drives and set-up no longer leave room."""
    limits = {
        "earliest_departure_s": parse_clock("07:45"),
        "latest_return_s": parse_clock("18:00"),
        "max_work_s": 9 * 3600,
    }
    return sensitivity(timed(case_of(), 100, 5, **limits))


@pytest.fixture(scope="module")
def dropped() -> Sensitivity:
    """8 h 15 of work a week and whole openings: 8 h 05 for both become 8 h 30.

    The one that stays is Le Caylar, where more people are counted; nobody is elsewhere.
    """
    none = {"points_fixes": {"integres": False}}
    case = timed(case_of(communes={"candidates": [LE_CAYLAR, LES_RIVES]}, **none), 60, 5)
    people = {LE_CAYLAR: 500, LES_RIVES: 100}
    problem = replace(
        case.problem,
        resident_weight=np.array([people.get(code, 0) for code in case.resident_codes]),
        sessions=tuple(replace(s, minimum_s=9000) for s in case.problem.sessions),
        agents=tuple(replace(a, max_week_s=8 * 3600 + 900) for a in case.problem.agents),
    )
    return sensitivity(replace(case, problem=problem))


@pytest.fixture(scope="module")
def herault(herault_case, herault_plan) -> Sensitivity:
    return sensitivity(herault_case, herault_plan)


class TestTimes:
    def test_whole_seconds_halves_up(self):
        problem = make(on_a_line([0, 1, 3]))
        times = np.array([[0, 1, 2], [3, 0, 12], [13, 2, 0]])
        problem = replace(problem, time_s=times)
        # 1,2 2,4 3,6 14,4 15,6 and 0,8 1,6 2,4 9,6 10,4
        assert stretched(problem, 20).time_s.tolist() == [[0, 1, 2], [4, 0, 14], [16, 2, 0]]
        assert stretched(problem, -20).time_s.tolist() == [[0, 1, 2], [2, 0, 10], [10, 2, 0]]
        assert stretched(replace(problem, time_s=times * 0 + 5), 50).time_s[0, 1] == 8  # 7,5
        assert stretched(problem, 20).time_s.dtype.kind == "i"

    def test_drives_alone_change(self, herault_case):
        problem = herault_case.problem
        longer = stretched(problem, 20)
        changed = [
            name
            for name in vars(problem)
            if not name.endswith("_index") and getattr(problem, name) is not getattr(longer, name)
        ]
        assert changed == ["time_s"]


class TestNothing:
    def test_says_so(self, calm):
        told = lines(calm)
        for way in ("courts", "longs"):
            assert (
                f"Si les trajets étaient 20 % plus {way} : rien ne change dans la tournée "
                "(mêmes communes, mêmes demi-journées, mêmes horaires)."
            ) in told
        assert "20 % plus longs : il tient encore.\n" in told
        assert repr(calm) == (
            "Sensitivity('Deux communes', -20 % : rien ne change, +20 % : rien ne change)"
        )

    def test_same_days_and_openings(self, calm):
        def announced(plan: Plan) -> list[tuple[Any, ...]]:
            return [
                (day.week, day.weekday, s.code, s.opening_s, s.closing_s)
                for day in plan.days
                for s in day.stops
            ]

        for variant in (calm.shorter, calm.longer):
            assert announced(variant.plan) == announced(calm.plan)
            assert variant.plan.proved
        assert calm.broken == calm.unfit == ()

    def test_road_follows(self, calm):
        road = calm.plan.figures.drive_s
        assert calm.longer.plan.figures.drive_s == round(road * 1.2)
        assert calm.shorter.plan.figures.drive_s == round(road * 0.8)
        assert rows(calm, "longs", "route par semaine") == [("", "25 min", "30 min")]

    def test_a_plan_at_hand_is_not_solved_again(self, calm):
        again = sensitivity(timed(case_of(), 10, 5), calm.plan)
        assert again.plan is calm.plan
        assert list(again.rows()) == list(calm.rows())


class TestHours:
    def test_the_meal_is_told_short_and_by_how_much(self, late):
        afternoon = late.plan.days[0].stops[1]
        assert afternoon.opening_s == parse_clock("13:45")
        (meal,) = late.broken
        assert (meal.rule, meal.what) == ("meal", "24 min de repas, moins que 30 min")
        assert late.unfit == ()
        assert (
            "20 % plus longs : 1 règle non tenue.\n"
            f"  semaine 1, lundi, {afternoon.name} : 24 min de repas, moins que 30 min\n"
            "  D’autres horaires suffiraient, mêmes communes aux mêmes demi-journées.\n"
        ) in lines(late)
        assert rows(late, "longs", "règle non tenue") == [(meal.where, "", meal.what)]

    def test_the_best_plan_opens_later_in_the_same_half_days(self, late):
        (change,) = rows(late, "longs", "horaires")
        assert change[1:] == ("13:45–16:00", "13:55–16:00")
        told = lines(late)
        assert "longs : mêmes communes et mêmes demi-journées, à d’autres horaires." in told
        assert f"  Horaires : {change[0]} (13:45–16:00 → 13:55–16:00)." in told
        assert "courts : rien ne change" in told
        assert repr(late).endswith("-20 % : rien ne change, +20 % : d’autres horaires)")


class TestADayThatNoLongerFits:
    """100 min from the depot, 120 with longer drives: 9 h 25 of work become 10 h 06."""

    def test_other_hours_mend_it(self):
        early = {"earliest_departure_s": parse_clock("07:45")}
        found = sensitivity(timed(case_of(), 100, 5, **early))
        assert [str(violation) for violation in found.broken] == [
            "semaine 1, lundi : départ à 07:30, avant 07:45",
            "semaine 1, lundi : 10 h 06 de travail, plus que 10 h",
        ]
        assert found.unfit == ()
        ((_, before, after),) = rows(found, "longs", "horaires")
        assert (before, after) == ("09:45–12:15", "10:00–12:15")

    def test_no_plan_and_what_clashes(self, none):
        assert none.shorter.plan is not None
        assert none.longer.plan is None
        assert none.longer.impossible
        assert {repair.text.split(",")[0] for repair in none.longer.repairs} == {
            "Le Caylar",
            "Les Rives",
        }
        told = lines(none)
        assert "20 % plus longs : aucun plan ne tiendrait.\n  Aucun plan : " in told
        assert "  Le Caylar, à 2 h et 36 km du dépôt → travailler plus de" in told
        assert repr(none).endswith("+20 % : aucun plan)")
        ((_, proof, why),) = rows(none, "longs", "meilleur plan")
        assert (proof, why) == ("démontré", none.longer.why_not)
        assert len(rows(none, "longs", "exigence à assouplir")) == 2

    def test_no_hours_mend_it(self, none):
        assert {violation.rule for violation in none.unfit} == {"departure", "return", "day_work"}
        assert "  Même avec d’autres horaires, aux mêmes demi-journées :\n    semaine 1" in lines(
            none
        )
        assert len(rows(none, "longs", "règle non tenue, même à d’autres horaires")) == 3


class TestCommunes:
    def test_one_goes(self, dropped):
        assert {s.code for day in dropped.plan.days for s in day.stops} == {LE_CAYLAR, LES_RIVES}
        assert dropped.longer.plan.codes() == (LE_CAYLAR,)
        ((name, before, after),) = rows(dropped, "longs", "commune en moins")
        assert (name, after) == ("Les Rives", "")
        assert before.split()[0] == "lundi"
        assert rows(dropped, "longs", "commune en plus") == []
        assert rows(dropped, "courts", "commune en moins") == []
        assert f"  Commune en moins : Les Rives ({before})." in lines(dropped)
        assert "changement" in repr(dropped)

    def test_the_week_is_told_too_long(self, dropped):
        assert [violation.what for violation in dropped.broken] == [
            "8 h 30 de travail par agent, plus que 8 h 15"
        ]


class TestOneAgentInTwoVehicles:
    """One agent, Monday in the Kangoo and Tuesday in the Zoé: one week of work for both."""

    @pytest.fixture
    def case(self) -> Case:
        return case_of(
            equipe={"agents": 1},
            agents=[{}],
            vehicules=[
                {"nom": "Kangoo", "depot": "34079", "jours": ["lundi"]},
                {"nom": "Zoé", "depot": "34079", "jours": ["mardi"]},
            ],
            imposes=[
                {"commune": LE_CAYLAR, "jour": "lundi"},
                {"commune": LES_RIVES, "jour": "mardi"},
            ],
        )

    def test_openings_are_cut_over_both(self, case):
        plan = solve(case)
        assert {day.vehicle for day in plan.days} == {"Kangoo", "Zoé"}
        week_s = sum(day.work_s for day in plan.days)
        agents = tuple(replace(agent, max_week_s=week_s) for agent in case.problem.agents)
        longer = stretched(replace(case.problem, agents=agents), 20)
        days = study._other_hours(longer, plan)
        assert sum(day.open_s for day in days) < sum(day.open_s for day in plan.days)
        assert sum(day.work_s for day in days) <= week_s
        assert verify(longer, days) == ()


class TestMoves:
    def test_come_go_and_move(self, herault_plan):
        days = [
            day.model_copy(update={"weekday": (day.weekday + 1) % 5}) for day in herault_plan.days
        ]
        new = days[0].stops[0].model_copy(update={"code": "05001", "name": "Abriès"})
        days[0] = days[0].model_copy(update={"stops": (new, *days[0].stops[1:])})
        other = herault_plan.model_copy(update={"days": tuple(days)})
        found = study._plan_differences(herault_plan, other)
        kinds = [difference.subject for difference in found]
        gone = herault_plan.days[0].stops[0].name
        assert [(d.where, d.after) for d in found if d.subject == "commune en moins"] == [
            (gone, "")
        ]
        assert ("Abriès", "") in [(d.where, d.before) for d in found]
        assert kinds.count("demi-journée déplacée") == 9
        assert found[2].before == "lundi après-midi"
        assert found[2].after == "mardi après-midi"


class TestMainCase:
    def test_no_road_is_computed_again(self, herault_case, herault_plan, monkeypatch):
        def refused(*_: object, **__: object) -> None:
            raise AssertionError("roads are computed again")

        monkeypatch.setattr("tourplan.prepare.prepare", refused)
        assert sensitivity(herault_case, herault_plan).longer.plan is not None

    def test_same_communes_and_half_days(self, herault):
        for way in ("courts", "longs"):
            for subject in ("commune en plus", "commune en moins", "demi-journée déplacée"):
                assert rows(herault, way, subject) == []

    def test_residents_beyond_are_those_of_each_plan(self, herault):
        assert rows(herault, "longs", "habitants au-delà") == [
            ("30 min", "0", "0"),
            ("20 min", "2514", "11320"),
            ("15 min", "11320", "17155"),
        ]

    def test_meals_grow_short(self, herault):
        assert {violation.rule for violation in herault.broken} == {"meal"}
        assert herault.unfit == ()

    def test_plans_hold_under_their_own_times(self, herault):
        for variant in (herault.shorter, herault.longer):
            assert verify(variant.problem, variant.plan.days, variant.plan.levels) == ()
            assert variant.plan.proved

    def test_views(self, herault):
        frame = herault.to_frame()
        assert list(frame.columns) == list(COLUMNS)
        assert [tuple(row) for row in frame.itertuples(index=False)] == list(herault.rows())
        assert "± 10 %" in frame.loc[0, "plan"]
        html = herault._repr_html_()
        assert html.count("<li>") == len(herault.sentences())
        assert herault.to_dict()["phrases"] == herault.sentences()

    def test_the_weakest_day_is_named(self, herault):
        (weakest,) = herault.days.weakest
        assert weakest.day.weekday_name == "mardi"
        told = lines(herault)
        assert "Journée la plus fragile : mardi (Saint-Étienne-de-Gourgas, Les Rives), qui" in told
        kinds = [row[1] for row in herault.rows()]
        assert kinds.count("marge de la journée") == kinds.count("tirages où la journée tient") == 5
        days = herault.to_dict()["journees"]["journees"]
        assert [day["la_plus_fragile"] for day in days] == [False, True, False, False, False]

    def test_it_is_public(self):
        assert tp.sensitivity is sensitivity


class TestLimits:
    def test_each_solve_has_the_limit(self, herault_case, herault_plan, monkeypatch):
        limits = []

        def noted(case: Case, *, limit_s: float | None, **options: Any) -> Plan:
            limits.append(limit_s)
            return solve(case, limit_s=limit_s, **options)

        monkeypatch.setattr(study, "solve", noted)
        sensitivity(herault_case, herault_plan, limit_s=50)
        assert limits == [50, 50]

    def test_no_time_is_no_answer(self, herault_case, herault_plan):
        found = sensitivity(herault_case, herault_plan, limit_s=0)
        for variant in (found.shorter, found.longer):
            assert variant.plan is None
            assert not variant.impossible
        assert "plus courts : pas de réponse (trop court pour trouver un premier plan)." in (
            lines(found)
        )
        assert found.broken  # needs no search

    def test_stopped(self, herault_case, herault_plan):
        stop = threading.Event()
        stop.set()
        found = sensitivity(herault_case, herault_plan, stop=stop)
        assert "pas de réponse (interrompu avant un premier plan)" in lines(found)

    def test_a_plan_of_another_scenario_is_refused(self, herault_plan):
        with pytest.raises(InputError, match="ne suit pas ce scénario"):
            sensitivity(case_of(), herault_plan)
