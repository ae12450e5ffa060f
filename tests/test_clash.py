"""Why there is no plan: the requirements named do clash, and each change told does mend it."""

from __future__ import annotations

import copy
import itertools
import re
import threading
from dataclasses import replace
from time import monotonic

import pytest
from cycles import cycles
from hypothesis import assume, given
from test_longdays import SIX, plain
from tiny import (
    HOUR,
    MINUTE,
    MORNING,
    agent,
    asking,
    examples,
    make,
    on,
    on_a_line,
    vehicle,
    with_work,
)
from tiny import territories as small_territories

from tourplan import daytours
from tourplan.daytours import list_day_tours
from tourplan.errors import NoPlanError, Repair
from tourplan.optimise.pricing import all_or_none
from tourplan.optimise.rules import RULES
from tourplan.optimise.solve import Infeasible, NothingFound, Undecided, optimise
from tourplan.planner import solve
from tourplan.prepare import Case, prepare
from tourplan.problem import AccessGoal, Pin, Problem
from tourplan.scenario import Scenario
from tourplan.starter import TEN, example_keys
from tourplan.study.clash import no_plan_error

NOT_ENOUGH = "l’assouplir seule ne suffit pas"
LINE = on_a_line([0, 20, 30, 45])
BEZIERS = "34032"
ALL = {"required_sessions", "weekly_opening", "weekly_work", "imposed_goals", "hours_rule"}


def why(problem: Problem, seconds: float = 60.0) -> NoPlanError:
    return no_plan_error(problem, monotonic() + seconds, threading.Event())


def has_plan(problem: Problem) -> bool:
    try:
        optimise(replace(problem, objectives=()))
    except (Infeasible, Undecided):
        return False
    return True


def without(problem: Problem, rules: set[str]) -> Problem:
    """The problem with some requirements left out."""
    if "required_sessions" in rules:
        problem = asking(problem, required=0)
    if "weekly_opening" in rules:
        problem = replace(problem, week=replace(problem.week, min_opening_s=0))
    if "weekly_work" in rules:
        problem = with_work(problem, 10**7)
    if "imposed_goals" in rules:
        goals = tuple(replace(goal, imposed=False) for goal in problem.goals)
        problem = replace(problem, goals=goals)
    if "hours_rule" in rules:
        problem = replace(problem, hours_rule="preferes")
    return problem


def seconds_in(text: str) -> int:
    """The duration that a change tells: ``22 h 10`` or ``45 min``."""
    match = re.search(r"(?:(\d+) h)?(?: ?(\d+))?(?: min)? (?:par|de)", text)
    return int(match[1] or 0) * HOUR + int(match[2] or 0) * MINUTE


def shares_in(text: str) -> dict[int, float]:
    """The shares that a change tells, by minutes."""
    found = re.findall(r"viser ([\d,]+) % à (\d+) min", text)
    return {int(minutes): float(share.replace(",", ".")) for share, minutes in found}


def with_shares(problem: Problem, shares: dict[int, float]) -> Problem:
    goals = (replace(g, share_pct=shares.get(g.minutes, g.share_pct)) for g in problem.goals)
    return replace(problem, goals=tuple(goals))


def serving_at_most(problem: Problem, dropped: set[str]) -> Problem:
    return asking(problem, {d.code for d in problem.demands if d.name in dropped}, required=0)


def mended(problem: Problem, repair: Repair) -> tuple[Problem, list[Problem]]:
    """The problem once a repair is made, and with one step less of it."""
    if repair.rule == "weekly_opening":
        told, step = seconds_in(repair.change), problem.day.grid_s
        week = [replace(problem.week, min_opening_s=s) for s in (told, told + step)]
        return replace(problem, week=week[0]), [replace(problem, week=week[1])]
    if repair.rule == "weekly_work":
        told = seconds_in(repair.change)
        return with_work(problem, told), [with_work(problem, told - MINUTE)]
    if repair.rule == "required_sessions":
        names = re.sub(r" \(\d+ sur \d+\)", "", repair.change.partition(" sans ")[2])
        dropped = set(re.split(r", | et ", names))
        fewer = itertools.combinations(
            [d.name for d in problem.demands if d.required], len(dropped) - 1
        )
        return serving_at_most(problem, dropped), [serving_at_most(problem, set(f)) for f in fewer]
    if repair.rule == "imposed_goals":
        shares = shares_in(repair.change)
        less = [with_shares(problem, {**shares, m: round(s + 0.1, 1)}) for m, s in shares.items()]
        return with_shares(problem, shares), less
    assert repair.rule == "hours_rule"
    assert repair.change == 'écrire horaires = "preferes" dans [mairie]'
    return without(problem, {"hours_rule"}), [problem]


def check(problem: Problem, error: NoPlanError) -> set[str]:
    """The requirements named: they clash by themselves, none can be spared, changes hold."""
    for besides in {repair.besides for repair in error.repairs}:
        repairs = [repair for repair in error.repairs if repair.besides == besides]
        check_one(without(problem, set(besides)), repairs, str(error))
    return {repair.rule for repair in error.repairs}


def check_one(problem: Problem, repairs: list[Repair], told: str) -> None:
    """The same of one of two clashes, the requirements of the other given up."""
    named = {repair.rule for repair in repairs}
    alone = without(problem, ALL - named)
    assert not has_plan(alone)
    assert all(has_plan(without(alone, {rule})) for rule in named)
    for repair in repairs:
        assert repair.proved
        assert repair.text in told
        if repair.change == NOT_ENOUGH:
            assert not has_plan(without(problem, {repair.rule}))
            continue
        change = repair.change.partition(", et renoncer aussi à ")[0]
        enough, too_little = mended(problem, replace(repair, change=change))
        assert has_plan(enough)
        assert not any(has_plan(less) for less in too_little)


CLASHES = [
    ("too many communes", make(LINE, sessions=[MORNING], required="ABC"), {"required_sessions"}),
    (
        "opening against work",
        make(LINE, week_opening_s=5 * HOUR, week_work_s=6 * HOUR),
        {"weekly_opening", "weekly_work"},
    ),
    (
        "communes against work",
        make(LINE, required="ABC", week_work_s=8 * HOUR),
        {"required_sessions", "weekly_work"},
    ),
    ("more opening than there is", make(LINE, week_opening_s=9 * HOUR), {"weekly_opening"}),
    (
        "a goal out of reach",
        make(
            on_a_line([0, 20, 90]),
            sites=1,
            residents={1: 2, 2: 1},
            goals=[AccessGoal(5, 100, True)],
        ),
        {"imposed_goals"},
    ),
    (
        "two goals that cannot both be",
        make(
            # One morning: at A everybody is within 15 min, at B most within 5.
            on_a_line([0, 20, 30, 10]),
            sites=2,
            residents={1: 30, 2: 60, 3: 10},
            sessions=[MORNING],
            weekdays=[0],
            goals=[AccessGoal(15, 100.0, True), AccessGoal(5, 60.0, True)],
        ),
        {"imposed_goals"},
    ),
    (
        "a goal against a commune",
        make(
            LINE,
            required="A",
            sessions=[MORNING],
            weekdays=[0],
            goals=[AccessGoal(5, 60.0, True)],
            residents={1: 1, 2: 1, 3: 8},
        ),
        {"required_sessions", "imposed_goals"},
    ),
    (
        "hours imposed on closed mairies",
        make(LINE, required="A", hours={"B": "Mo 09:00-12:00"}, hours_rule="imposes"),
        {"required_sessions", "hours_rule"},
    ),
    (
        "two mairies open the same morning",
        make(
            LINE,
            required="AB",
            sessions=[MORNING],
            hours={"A": "Mo 09:00-12:00", "B": "Mo 09:00-12:00"},
            hours_rule="imposes",
        ),
        {"required_sessions", "hours_rule"},
    ),
    (
        "hours that forbid cuts",
        make(
            on_a_line([0, 15]),
            sessions=[MORNING],
            required="A",
            hours={"A": "Mo 09:45-10:15,11:45-12:15"},
            hours_rule="imposes",
            week_work_s=3 * HOUR + 25 * MINUTE,
        ),
        {"required_sessions", "weekly_work", "hours_rule"},
    ),
]


@pytest.mark.parametrize(
    ("problem", "expected"), [case[1:] for case in CLASHES], ids=[case[0] for case in CLASHES]
)
def test_each_clash_is_named_and_mended(problem, expected):
    assert check(problem, why(problem)) == expected


def unlisted(problem: Problem) -> NoPlanError:
    """Why there is no plan, every day being one too many to list."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(daytours, "MAX_TOURS", 0)
        return why(problem)


@pytest.mark.parametrize(
    ("problem", "expected"), [case[1:] for case in CLASHES], ids=[case[0] for case in CLASHES]
)
def test_a_clash_over_days_too_many_to_list(problem, expected):
    assert check(problem, unlisted(problem)) == expected


def test_days_too_many_to_list_by_the_million():
    """40 communes, six sessions a day: 28 h of opening in 30 h of work, no plan."""
    problem = plain(
        40, SIX, weekdays=range(5), fixed=(0,), week_work_s=30 * HOUR, week_opening_s=28 * HOUR
    )
    assert all_or_none(problem) == [None]
    error = why(problem, 120.0)
    assert {repair.rule for repair in error.repairs} == {"weekly_opening", "weekly_work"}
    for repair in error.repairs:
        assert repair.proved
        enough, too_little = mended(problem, repair)
        assert has_plan(enough)
        for less in too_little:  # to prove it by another way takes minutes
            with pytest.raises((Infeasible, NothingFound)):
                optimise(replace(less, objectives=()), deadline=monotonic() + 10)


def test_a_lack_of_slots_is_said():
    error = why(make(LINE, sessions=[MORNING], required="ABC"))
    (repair,) = error.repairs
    assert "la tournée n’a que 2 créneaux" in repair.text
    assert repair.change.startswith("en desservir 2 au plus, par exemple sans ")


def test_sessions_are_counted_where_a_commune_asks_several():
    demands = {code: {"required": 2, "allowed": 2} for code in "AB"}
    error = why(make(LINE, sites=2, sessions=[MORNING], demands=demands))
    (repair,) = [one for one in error.repairs if one.rule == "required_sessions"]
    assert repair.text == "tenir les 4 permanences obligatoires (la tournée n’a que 2 créneaux)"
    assert repair.change.startswith("en tenir 2 au plus, par exemple sans ")
    assert sum(map(int, re.findall(r"\((\d) sur 2\)", repair.change))) == 2


@pytest.mark.parametrize(("weeks", "words"), [((1, 2), " et par véhicule"), ((3, 4), "")])
def test_least_opening_is_said_to_be_of_each_vehicle_where_two_go_out_in_a_week(weeks, words):
    """« B » goes out in a week of « A », or in another week of the cycle."""
    own = on(range(5), [1, 2]), on(range(5), weeks)
    cars = [vehicle(name, days=days) for name, days in zip("AB", own, strict=True)]
    agents = [agent(f"{n}") for n in range(4)]
    facts = {"week_opening_s": 20 * HOUR, "vehicles": cars, "agents": agents}
    error = why(make(LINE, weeks=4, **facts))
    (repair,) = [one for one in error.repairs if one.rule == "weekly_opening"]
    assert repair.text == f"ouvrir au moins 20 h par semaine{words}"
    assert f" par semaine{words} (ouverture_min_h" in repair.change


def test_the_legal_limit_is_said():
    problem = make(
        on_a_line([0, 100, 105, 110, 115, 120, 125, 130, 135, 140, 145]),
        required="ABCDEFGHIJ",
        weekdays=range(5),
        week_work_s=39 * HOUR,
        max_work_s=14 * HOUR,
        max_unbroken_s=10 * HOUR,
    )
    error = why(replace(problem, week=replace(problem.week, min_opening_s=24 * HOUR)))
    changes = {repair.rule: repair.change for repair in error.repairs}
    assert "ce que la loi interdit (48 h)" in changes["weekly_work"]


def test_two_clashes_at_once_are_both_told_each_with_what_it_takes_without_the_other():
    problem = make(LINE, sessions=[MORNING], required="ABC", week_opening_s=9 * HOUR)
    error = why(problem)
    assert [(one.rule, one.besides, one.enough) for one in error.repairs] == [
        ("weekly_opening", ("required_sessions",), False),
        ("required_sessions", ("weekly_opening",), False),
    ]
    assert "Même sans cela" in str(error)
    assert all(", et renoncer aussi à « " in repair.change for repair in error.repairs)
    check(problem, error)


def test_out_of_time_every_requirement_is_kept_and_it_is_said():
    problem = make(LINE, required="ABC", week_opening_s=5 * HOUR, week_work_s=6 * HOUR)
    error = why(problem, seconds=-1.0)
    assert "recherche écourtée" in str(error)
    assert {r.rule for r in error.repairs} == {"required_sessions", "weekly_opening", "weekly_work"}
    assert not any(repair.proved for repair in error.repairs)
    assert {r.change for r in error.repairs} == {"changement non trouvé dans le temps donné"}


FAR = make(on_a_line([0, 200]), required="A", max_unbroken_s=12 * HOUR)


def test_a_commune_out_of_reach_in_a_day():
    error = why(FAR)
    (repair,) = error.repairs
    assert repair.rule == "day"
    assert "ne tient dans aucune journée" in str(error)
    assert repair.text.startswith("A, à 3 h 20 ")
    assert repair.change == "partir avant 07:00 ou revenir après 19:00"
    for change in ({"earliest_departure_s": 0}, {"latest_return_s": 24 * HOUR}):
        assert has_plan(replace(FAR, day=replace(FAR.day, **change)))
    lax = {"max_work_s": 24 * HOUR, "max_unbroken_s": 24 * HOUR, "max_amplitude_s": 24 * HOUR}
    assert not has_plan(replace(FAR, day=replace(FAR.day, **lax)))


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("max_unbroken_s", 170 * MINUTE, "travailler plus de 2 h 50 d’affilée"),
        ("max_work_s", 3 * HOUR, "travailler plus de 3 h par jour"),
        ("max_amplitude_s", 3 * HOUR, "s’absenter plus de 3 h"),
        ("range_m", 1000, "une autonomie plus longue"),
    ],
)
def test_each_limit_of_the_day_that_keeps_a_commune_out(limit, value, words):
    problem = make(LINE, required="A", **{limit: value})
    (repair,) = why(problem).repairs
    assert repair.change.startswith(words)


def test_a_limit_that_helps_only_a_day_with_a_meal_is_told():
    """A alone works 3 h 10 on end; before B, the meal makes it 3 h: the range is what forbids."""
    problem = make(LINE, required="A", sites=2, max_unbroken_s=3 * HOUR, range_m=30_000)
    (repair,) = why(problem).repairs
    assert "une autonomie plus longue" in repair.change
    assert has_plan(replace(problem, day=replace(problem.day, range_m=None)))


def test_several_limits_together_keep_a_commune_out():
    error = why(make(on_a_line([0, 400, 410]), required="AB"))
    assert "A et B ne tiennent dans aucune journée" in str(error)
    assert {repair.change for repair in error.repairs} == {
        "aucune de ces limites seule ne suffit : retirez-la"
    }


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"refused": [(0, 0)]}, "permettre d’autres jours"),
        ({"agents": [agent("Un", days=on([6])), agent("Deux", days=on([0]))]}, "aucune équipe"),
        ({"vehicles": []}, "aucune équipe"),
    ],
)
def test_a_commune_that_no_crew_may_serve(facts, words):
    (repair,) = why(make(LINE, required="A", **facts)).repairs
    assert repair.rule == "day"
    assert words in repair.change


def test_a_commune_without_a_fit_room():
    problem = make(LINE, required="A")
    roomless = replace(problem, sites=problem.sites[1:], open_slots=problem.open_slots[:, 1:])
    (repair,) = why(roomless).repairs
    assert "aucune salle" in repair.change


WISHES = [
    ("pinned_sessions", {"pins": (Pin(weekday=0), Pin(weekday=0, session=1))}, {"weekdays": [0]}),
    ("spread_sessions", {"required": 2, "gap_days": 5}, {}),
    ("same_slot", {"required": 2, "same_slot": True}, {}),
]


@pytest.mark.parametrize(("rule", "wish", "facts"), WISHES, ids=[rule for rule, *_ in WISHES])
def test_wishes_that_clash_are_named(rule, wish, facts):
    """A alone, in a morning of each day: its pin is for an afternoon, or its two days differ."""
    demands = {"A": {"allowed": 2, **wish}}
    error = why(make(LINE, sites=1, sessions=[MORNING], demands=demands, **facts))
    assert rule in {repair.rule for repair in error.repairs}
    assert all(repair.proved for repair in error.repairs)


@examples(40)
@given(cycles())
def test_clashes_of_any_cycle_cannot_be_spared(problem):
    """What is named does clash; without any one of the requirements named there is a plan."""
    assume(not has_plan(problem))
    error = why(problem)
    assert error.repairs
    named = {repair.rule for repair in error.repairs} & set(RULES)
    for rule in named:
        repair = next(r for r in error.repairs if r.rule == rule)
        if repair.change != NOT_ENOUGH and rule != "weekly_opening":
            optimise(replace(problem, objectives=()), without={rule, *repair.besides})


@examples(90)
@given(small_territories())
def test_clashes_drawn_at_random_are_named_and_mended(problem):
    assume(not has_plan(problem))
    error = why(problem)
    assert error.repairs
    tours = list_day_tours(problem)
    hopeless = [
        d for n, d in enumerate(problem.demands) if d.required and not len(tours.serving(n))
    ]
    if hopeless:
        assert [repair.rule for repair in error.repairs] == ["day"] * len(hopeless)
    else:
        check(problem, error)


@examples(40)
@given(problem=small_territories())
def test_clashes_over_days_not_listed_are_the_same(problem):
    """As with days listed, but for what only whole days, all at hand, could prove."""
    assume(not has_plan(problem))
    listed, found = why(problem), unlisted(problem)
    told = [(one.rule, one.change) for one in found.repairs]
    if "recherche écourtée" not in str(found):
        assert {rule for rule, _ in told} == {one.rule for one in listed.repairs}
    for one in found.repairs:
        if one.enough and one.rule in ALL:
            enough, too_little = mended(problem, one)
            assert has_plan(enough)
            assert not one.proved or not any(has_plan(less) for less in too_little)


# The real case.


def herault(depot: str = "34079", **sections: object) -> Case:
    keys = copy.deepcopy(example_keys("herault"))
    for one in keys["agents"]:
        one["agence"] = depot
    keys["vehicules"][0]["depot"] = depot
    return prepare(Scenario.from_keys({**keys, **sections}))


def test_24_hours_against_39_from_beziers():
    case = herault(BEZIERS)
    with pytest.raises(NoPlanError) as caught:
        solve(case)
    assert check(case.problem, caught.value) == {"weekly_opening", "weekly_work"}
    changes = {repair.rule: repair.change for repair in caught.value.repairs}
    assert seconds_in(changes["weekly_opening"]) < 24 * HOUR
    assert 39 * HOUR < seconds_in(changes["weekly_work"]) < 48 * HOUR


def test_both_sides_of_the_clash_from_beziers_solve():
    for week in ({"travail_max_h": 41}, {"ouverture_min_h": 22}):
        plan = solve(herault(BEZIERS, semaine=week))
        assert plan.proved
        assert plan.figures.communes == 10


def test_twelve_communes_in_ten_half_days(libre_case):
    two = [s.code for s in libre_case.problem.sites if s.code not in TEN][:2]
    case = herault(communes={"a_desservir": [*TEN, *two]})
    with pytest.raises(NoPlanError) as caught:
        solve(case)
    assert "la tournée n’a que 10 créneaux" in str(caught.value)
    (repair,) = caught.value.repairs
    assert repair.change.startswith("en desservir 10 au plus, par exemple sans ")
    assert has_plan(mended(case.problem, repair)[0])


def test_a_goal_that_ten_communes_cannot_reach():
    case = herault(acces=[{"minutes": 15, "part_pct": 95, "impose": True}])
    with pytest.raises(NoPlanError) as caught:
        solve(case)
    assert "imposed_goals" in check(case.problem, caught.value)
