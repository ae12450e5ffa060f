"""What practitioners' methods come to on tiny problems, and how tourplan is compared to them."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from time import monotonic

import numpy as np
import pytest
import tiny
from hypothesis import given
from tiny import AccessGoal, agent, asking, examples, make, on_a_line, territories, vehicle

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))
import compact  # noqa: E402
import covering  # noqa: E402
import drafts  # noqa: E402
import greedy  # noqa: E402
import instances  # noqa: E402
import practice  # noqa: E402

from tourplan.optimise.solve import Infeasible, Undecided, optimise  # noqa: E402
from tourplan.problem import Problem, WeekRules  # noqa: E402
from tourplan.verify import verify  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:.*PuLP 4.0:DeprecationWarning")

LEVELS = ("passages", "habitants_au_dela_15", "heures_mairie", "acces_moyen", "route")
METHODS = {
    "glouton": (greedy.solve, ()),
    "milp-pyvrp": (covering.milp_pyvrp, ("pyvrp",)),
    "spopt-ortools": (covering.spopt_ortools, ("spopt", "pulp")),
    "cp-sat": (compact.solve, ()),
}


def five_villages(**facts: object) -> Problem:
    """Five villages along a valley, two days of two sessions; four fit."""
    hours = {"A": "Mo 09:00-12:00", "B": "Tu 13:30-17:00", "D": "Mo-Tu 14:00-18:00"}
    given = {
        "hours": hours,
        "required": ("B",),
        "residents": {1: 100, 2: 50, 3: 400, 4: 300, 5: 200},
        "goals": [AccessGoal(15, None, False)],
        "objectives": LEVELS,
        **facts,
    }
    return make(on_a_line([0, 12, 20, 30, 45, 62]), **given)


def searched(method: str, problem: Problem, seconds: float = 4.0) -> drafts.Search:
    """What a method comes to; the test is skipped where what it needs is absent."""
    solve, needs = METHODS[method]
    absent = [name for name in needs if find_spec(name) is None]
    if absent:
        pytest.skip(f"{', '.join(absent)} not installed")
    search = drafts.Search(problem, monotonic() + seconds)
    solve(problem, search)
    return search


@pytest.mark.parametrize("method", METHODS)
def test_a_plan_keeps_every_rule_and_is_no_better_than_tourplan(method: str) -> None:
    problem = five_villages()
    search = searched(method, problem)
    assert search.days
    assert verify(problem, search.days) == ()
    proved = optimise(problem)
    assert all(level.proved for level in proved.levels)
    assert search.values >= drafts.values(problem, proved.days)


@pytest.mark.parametrize("method", METHODS)
def test_two_vehicles_share_the_communes(method: str) -> None:
    cars = [vehicle("V1", depots=(0,)), vehicle("V2", depots=(5,))]
    agents = [agent(f"Agent {n}", agencies=(place,)) for n, place in enumerate((0, 0, 5, 5))]
    problem = five_villages(vehicles=cars, agents=agents, weekdays=(0,))
    search = searched(method, problem)
    assert verify(problem, search.days or ()) == ()
    assert {day.vehicle for day in search.days or ()} == {"V1", "V2"}


@examples(60)
@given(territories())
def test_the_compact_model_agrees_with_tourplan(drawn: Problem) -> None:
    others = [name for name in tiny.LEVELS if name not in drawn.objectives]
    # Levels enough for a plan that goes out, and no week to fill.
    problem = replace(drawn, objectives=(*drawn.objectives, *others), week=WeekRules(0))
    search = drafts.Search(problem, monotonic() + 60)
    compact.solve(problem, search)
    try:
        proved = optimise(problem)
    except Infeasible:
        assert search.days is None
        return
    except Undecided:
        return
    assert search.days is not None
    assert verify(problem, search.days) == ()
    for level, own in zip(proved.levels, search.report(0.0)["levels"], strict=True):
        if not level.proved:
            break
        assert own["value"] == level.value
        assert own["bound"] == level.value


def test_the_compact_model_refuses_what_it_does_not_know() -> None:
    problem = asking(five_villages(allowed=2), ["A"], gap_days=7)
    with pytest.raises(ValueError, match="spread sessions"):
        compact.Compact(problem)


def test_a_choice_of_crews_is_refused() -> None:
    problem = five_villages(agents=[agent(f"Agent {n}") for n in (1, 2, 3)])
    with pytest.raises(ValueError, match="choice of crews"):
        compact.Compact(problem)


def test_the_levels_of_sites_are_those_that_are_measured() -> None:
    problem = five_villages()
    days = optimise(problem).days
    served = [problem.site_index[stop.code, stop.place] for day in days for stop in day.stops]
    measured = dict(zip(problem.objectives, drafts.values(problem, days), strict=True))
    levels = greedy.served_levels(problem)
    assert {level.name: level.value(served) for level in levels} == {
        name: measured[name] for name in ("habitants_au_dela_15", "acces_moyen")
    }


def test_covering_takes_one_site_a_half_day_required_ones_first() -> None:
    problem = five_villages()
    sites = covering.Covering.of(problem).best(problem, covering.Terms(), 10.0)
    assert sites is not None
    assert len(sites) == 4
    assert 1 in sites
    other = covering.Covering.of(problem).best(problem, covering.Terms(refused=[sites]), 10.0)
    assert other is not None
    assert other != sites


def test_sites_must_be_nearer_until_a_plan_is_sound_then_half_way_back() -> None:
    terms = covering.Terms()
    terms.learn([1], 1000.0, sound=False)
    assert terms.most_away_s == 950
    terms.learn([2], 800.0, sound=True)
    assert terms.most_away_s == 900
    terms.learn([3], 900.0, sound=True)
    assert terms.most_away_s == 950
    terms.learn([4], 850.0, sound=False)
    assert terms.most_away_s == 900
    assert terms.refused == [[1], [2], [3], [4]]


def test_each_agency_has_its_share_of_sites() -> None:
    cars = [vehicle("V1", depots=(0,)), vehicle("V2", depots=(5,))]
    agents = [agent(f"Agent {n}", agencies=(place,)) for n, place in enumerate((0, 0, 5, 5))]
    problem = five_villages(vehicles=cars, agents=agents, weekdays=(0,))
    able = np.array([True] * 4 + [False])
    assert covering.shares(problem, able) == [([0, 1, 2], 2), ([3], 1)]


def test_a_day_that_does_not_exist_is_told_as_broken() -> None:
    problem = make(on_a_line([0, 10, 400]))
    days = drafts.Timetable(problem).days([[frozenset({0, 1})]])
    assert "amplitude" in drafts.broken(problem, days)


def test_the_best_plan_keeps_the_time_of_the_levels_it_does_not_better() -> None:
    problem = five_villages()
    best = optimise(problem).days
    search = drafts.Search(problem, np.inf)
    assert not search.offer(best[:1])
    assert search.offer(best)
    first = list(search.since)
    assert search.offer(best)
    assert search.since == first


@pytest.mark.parametrize("instance", instances.INSTANCES, ids=lambda one: one.name)
def test_instances_leave_no_choice_of_crews(instance: instances.Instance) -> None:
    problem = instance.problem()
    drafts.refuse_choice_of_crew(problem)
    compact._refuse(problem)


def test_the_command_knows_every_instance() -> None:
    assert tuple(one.name for one in instances.INSTANCES) == practice.NAMES


def outcome(
    method: str, *values: int, bounds: tuple[int | None, ...] = (), broken: str = ""
) -> practice.Outcome:
    """Levels to be minimised."""
    pairs = zip(values, bounds or [None] * len(values), strict=True)
    levels = [practice.Reached(f"n{n}", "min", v, b, 1.0) for n, (v, b) in enumerate(pairs)]
    return practice.Outcome(method, tuple(levels), broken, 2.0)


OURS = outcome("tourplan", 3, 5, 7, bounds=(3, 5, 6))


@pytest.mark.parametrize(
    ("theirs", "verdicts", "own"),
    [
        (outcome("x", 3, 5, 7), ["equal", "equal", "equal"], ["proved", "proved", "unproved"]),
        (outcome("x", 3, 6, 1), ["equal", "better", "decided"], ["proved", "proved", "unproved"]),
        (outcome("x", 3, 5, 6), ["equal", "equal", "worse"], ["proved", "proved", "worse"]),
        (
            outcome("x", 3, 4, 9),
            ["equal", "beyond bound", "decided"],
            ["proved", "beyond bound", "unproved"],
        ),
        (outcome("x", 1, 1, 1, broken="rest"), ["broken"] * 3, ["proved", "proved", "unproved"]),
    ],
)
def test_verdicts(theirs: practice.Outcome, verdicts: list[str], own: list[str]) -> None:
    rows = list(practice.rows("here", [OURS, theirs]))
    assert [row[-1] for row in rows] == [*own, *verdicts]
    assert {len(row) for row in rows} == {len(practice.COLUMNS)}


def test_a_summary_says_where_a_plan_differs() -> None:
    others = [
        outcome("same", 3, 5, 7),
        outcome("less", 3, 4, 9),
        outcome("more", 3, 6, 1, bounds=(3, 6, None)),
        outcome("bad", 1, 1, 1, broken="rest"),
        practice.Outcome("none", (), "no plan", 4.0),
    ]
    lines = list(practice.summary("here", [OURS, *others]))
    assert [line[-1] for line in lines] == [
        "—",
        "equal",
        "**beyond bound** on n1",
        "worse on n1",
        "breaks rest",
        "no plan",
    ]
    assert lines[3][2] == "**3**, **6**, 1"
    assert {len(line) for line in lines} == {len(practice.HEADINGS)}


def test_a_method_without_a_plan_has_one_row() -> None:
    none = practice.Outcome("x", (), "no plan", 4.0)
    assert list(practice.rows("here", [OURS, none]))[-1] == (
        "here",
        "x",
        *[""] * 5,
        "4.0",
        "no plan",
        "broken",
    )
