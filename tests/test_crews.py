"""Who may go out each week: by hand, then against every choice tried one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tiny import HOUR, at, examples, going

from tourplan.crews import MAX_CREWS, Crews, agent_labels, crews_of, depot_codes, month_weeks_of
from tourplan.errors import InputError
from tourplan.problem import Base, CrewWeek
from tourplan.scenario import Scenario

CLERMONT, BEZIERS, LODEVE = "34079", "34032", "34142"
PLACES = [CLERMONT, BEZIERS, LODEVE]
TWO = [{"agence": CLERMONT}, {"agence": CLERMONT}]


def scenario(agents: list[dict[str, Any]] = TWO, **sections: Any) -> Scenario:
    found = {"vehicules": [{}], "communes": {"a_desservir": [LODEVE]}, **sections}
    return Scenario.from_keys({"titre": "Essai", "agents": agents, **found})


def crews(given: Scenario, slots: Any = None, default: str | None = None) -> Crews:
    open_slots = np.ones((len(given.vehicles), 1), dtype=bool) if slots is None else slots
    return crews_of(given, PLACES.index, default, open_slots)


@pytest.mark.parametrize(
    ("cycle", "expected"),
    [
        ({}, ((2, 4),)),
        ({"semaines": 2}, ((2,), (4,))),
        ({"semaines_du_mois": [1]}, ((1,),)),
        ({"semaines_du_mois": [4, 3, 2, 1]}, ((1, 2, 3, 4),)),
        ({"semaines_du_mois": [1, 2, 3, 4], "semaines": 2}, ((1, 3), (2, 4))),
        ({"semaines_du_mois": [1, 2, 3, 4], "semaines": 4}, ((1,), (2,), (3,), (4,))),
    ],
)
def test_the_weeks_of_the_month_that_each_week_of_the_cycle_is_run(cycle, expected):
    assert month_weeks_of(scenario(cycle=cycle)) == expected


def test_two_agents_and_a_vehicle_make_one_crew():
    found = crews(scenario())
    assert found.crew_weeks == (CrewWeek(0, 0, 0, ((0, 1), (0, 1)), (0, 1, 2, 3, 4)),)
    assert found.bases == (Base(0),)
    assert [agent.max_week_s for agent in found.agents] == [39 * HOUR] * 2


def test_three_agents_make_three_pairs_each_week_of_the_month():
    found = crews(scenario([{}] * 3, cycle={"semaines": 2}), default=BEZIERS)
    pairs = [((0, 1),), ((0, 2),), ((1, 2),)]
    assert [(c.week, c.teams) for c in found.crew_weeks] == [(w, p) for w in (0, 1) for p in pairs]
    assert {base.depot for base in found.bases} == {1}
    assert len(crews(scenario([{}] * 3), default=BEZIERS).crew_weeks) == 9


def test_the_days_of_a_crew_are_those_of_all_who_go_and_of_their_vehicle():
    days = ["lundi", "mardi", "jeudi"]
    agents = [{"jours": days}, {"jours": ["mardi", "jeudi", "vendredi"]}]
    vehicles = [{"jours": ["mardi", "mercredi", "vendredi"]}]
    (crew,) = crews(scenario(agents, vehicules=vehicles), default=CLERMONT).crew_weeks
    assert crew.weekdays == (1,)


def test_who_is_away_one_week_of_the_month_is_in_no_crew_of_it():
    given = scenario([{}, {}, {"semaines": [2]}], cycle={"semaines": 2})
    found = [(c.week, c.teams) for c in crews(given, default=CLERMONT).crew_weeks]
    assert found == [(0, ((0, 1),)), (0, ((0, 2),)), (0, ((1, 2),)), (1, ((0, 1),))]


def test_a_crew_leaves_from_an_agency_of_all_its_agents():
    agents = [{"agence": [CLERMONT, BEZIERS]}, {"agence": BEZIERS}, {"agence": LODEVE}, {}]
    given = scenario(agents, cycle={"semaines_du_mois": [1]})
    found = crews(given)
    depots = {(c.teams[0], found.bases[c.base].depot) for c in found.crew_weeks}
    assert depots == {((0, 3), 0), ((0, 1), 1), ((0, 3), 1), ((1, 3), 1), ((2, 3), 2)}
    assert depot_codes(given) == (CLERMONT, BEZIERS, LODEVE)


def test_a_vehicle_with_a_depot_keeps_to_it():
    given = scenario([{}, {}], vehicules=[{"depot": LODEVE}])
    assert [base.depot for base in crews(given, default=CLERMONT).bases] == [2]
    assert depot_codes(given) == (LODEVE,)


def test_teams_have_their_trained_agents_and_their_seats():
    agents = [{}, {"forme": False}, {"forme": False}]
    week = {"semaines_du_mois": [1]}
    pairs = {c.teams[0] for c in crews(scenario(agents, cycle=week), default=CLERMONT).crew_weeks}
    assert pairs == {(0, 1), (0, 2)}
    small = scenario([{}] * 2, vehicules=[{"nom": "Deux"}, {"nom": "Un", "places": 1}])
    assert {c.vehicle for c in crews(small, default=CLERMONT).crew_weeks} == {0}


def test_a_base_has_the_tightest_limits_of_who_goes_and_the_range_of_the_vehicle():
    agents = [
        {"depart_au_plus_tot": "7:30", "travail_jour_max_h": 8.0},
        {"depart_au_plus_tot": "8:00", "retour_au_plus_tard": "18:00", "travail_jour_max_h": 9.0},
    ]
    vehicle = {"energie": "électrique", "autonomie_km": 250.0, "recharge_midi_km": 60.0}
    (base,) = crews(scenario(agents, vehicules=[vehicle]), default=CLERMONT).bases
    assert base == Base(0, 8 * HOUR, at("18:00"), 8 * HOUR, None, 250_000, 60_000)


def test_vehicles_that_may_go_to_the_same_places_share_their_bases():
    given = scenario([{}] * 2, vehicules=[{"nom": "Un"}, {"nom": "Deux"}, {"nom": "Trois"}])
    slots = np.array([[True, False], [True, True], [True, False]])
    found = crews(given, slots, CLERMONT)
    assert [base.vehicle for base in found.bases] == [0, 1]
    assert [(c.vehicle, c.base) for c in found.crew_weeks] == [(0, 0), (1, 1), (2, 0)]


def test_too_many_crews_are_refused():
    with pytest.raises(InputError, match=str(MAX_CREWS)):
        crews(scenario([{}] * 8), default=CLERMONT)


def test_agents_are_named_only_where_the_scenario_says_so():
    agents = [{"nom": "Zoé"}, {}]
    assert agent_labels(scenario(agents)) == ("Agent 1", "Agent 2")
    told = scenario(agents, sorties={"noms_des_agents": True})
    assert agent_labels(told) == ("Zoé", "Agent 2")


_DAYS = st.sampled_from([None, ["lundi"], ["mardi", "mercredi"], ["lundi", "mardi", "mercredi"]])
_WEEKS = st.sampled_from([None, None, [2], [1, 2, 3, 4]])


def _given(**keys: Any) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if value is not None}


_AGENT = st.builds(
    _given,
    agence=st.sampled_from([None, None, CLERMONT, [CLERMONT, BEZIERS]]),
    jours=_DAYS,
    semaines=_WEEKS,
    forme=st.booleans(),
    depart_au_plus_tot=st.sampled_from([None, "08:00"]),
    travail_jour_max_h=st.sampled_from([None, 7.0, 8.0]),
)
_VEHICLE = st.builds(
    _given, depot=st.sampled_from([None, LODEVE, [CLERMONT, BEZIERS]]), jours=_DAYS, semaines=_WEEKS
)


@examples(150)
@given(
    st.lists(_AGENT, min_size=1, max_size=4),
    st.lists(_VEHICLE, min_size=1, max_size=2),
    st.sampled_from([{}, {"semaines": 2}, {"semaines_du_mois": [1]}]),
    st.integers(1, 2),
)
def test_every_crew_that_can_be_and_no_other(agents, vehicles, cycle, size):
    try:
        given = scenario(
            agents,
            vehicules=[{"nom": f"V{n}", **vehicle} for n, vehicle in enumerate(vehicles)],
            cycle={**cycle, "jours": ["lundi", "mardi", "mercredi"]},
            equipe={"agents": size, "formes": 1},
        )
    except InputError:  # nobody could go in some week
        assume(False)
    found = crews(given, default=BEZIERS)
    agencies = [place for agent in found.agents for place in agent.agencies] or [1]
    months = month_weeks_of(given)
    bases, expected = going(found.agents, found.vehicles, months, (0, 1, 2), size, 1, agencies)

    def facts(bases: Any, crew_weeks: Any) -> set[Any]:
        return {
            (c.week, c.vehicle, c.teams, c.weekdays, bases[c.base].depot, bases[c.base].max_work_s)
            for c in crew_weeks
        }

    assert facts(found.bases, found.crew_weeks) == facts(bases, expected)
    assert len(set(found.crew_weeks)) == len(found.crew_weeks)
