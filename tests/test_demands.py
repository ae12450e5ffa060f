"""What communes ask, from the scenario: counts, gaps, rooms, refused and pinned slots."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tourplan.crews import month_weeks_of
from tourplan.demands import (
    TOWN_HALL,
    Asked,
    Demands,
    demands_of,
    has_room,
    monthly_minutes,
    monthly_visits,
    session_counts,
    sessions_needed,
    venue_points,
)
from tourplan.hours import WEEKDAYS
from tourplan.problem import Demand, Pin
from tourplan.scenario import Scenario
from tourplan.settings import settings_of
from tourplan.spacing import even_gap
from tourplan.territory import Territory

CAYLAR, RIVES, BOSC = "34064", "34230", "34036"
CODES = [CAYLAR, RIVES, BOSC]


def scenario(**sections: Any) -> Scenario:
    found = {"communes": {"a_desservir": [CAYLAR], "candidates": [RIVES, BOSC]}, **sections}
    return Scenario.from_keys({"titre": "Essai", **found})


@pytest.fixture(scope="module")
def territory(herault_case) -> Territory:
    return herault_case.territory


def asked(territory: Territory, codes: list[str] = CODES, **sections: Any) -> Demands:
    given = scenario(**sections)
    places = [*codes, *venue_points(given, codes)]
    return demands_of(given, territory, codes, month_weeks_of(given), places.index)


def one(territory: Territory, given: Scenario, code: str, months: Any = None) -> Asked:
    """A commune as ``demands_of`` looks at it."""
    setting = settings_of(given, territory, CODES).get(code)
    return Asked(given, territory[code], setting, months or month_weeks_of(given))


def by_code(found: Demands) -> dict[str, Demand]:
    return {demand.code: demand for demand in found.demands}


def test_required_communes_have_one_session_and_candidates_may_have_one(territory):
    found = asked(territory)
    assert [(d.code, d.required, d.allowed) for d in found.demands] == [
        (CAYLAR, 1, 1),
        (RIVES, 0, 1),
        (BOSC, 0, 1),
    ]
    assert [(s.code, s.demand, s.venue, s.place) for s in found.sites] == [
        (code, n, TOWN_HALL, n) for n, code in enumerate(CODES)
    ]
    assert found.open_slots.shape == (1, 3, 1, 5, 2)
    assert found.open_slots.all()
    assert found.notes == ()


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({"jours_marche": ["jeudi"]}, (0, 1)),
        ({"passages": 2}, (2, 2)),
        ({"passages": 0}, (0, 0)),
        ({"passages_min": 2}, (2, 2)),
        ({"passages_max": 3}, (0, 3)),
        ({"passages_min": 1, "passages_max": 2}, (1, 2)),
    ],
)
def test_settings_say_how_many_sessions(territory, setting, expected):
    given = scenario(reglages=[{"communes": [RIVES], **setting}], cycle={"semaines": 2})
    assert session_counts(one(territory, given, RIVES)) == expected
    assert session_counts(one(territory, given, BOSC)) == (0, 1)


def test_settings_of_an_intercommunalite_hold_for_all_its_communes(territory):
    epci = territory[CAYLAR].epci_code
    found = asked(territory, reglages=[{"epci": [epci], "jours_marche": ["mardi"]}])
    assert {d.code for d in found.demands if d.market == {1}} == {
        code for code in CODES if territory[code].epci_code == epci
    }


def test_sessions_follow_the_need(territory):
    """Twenty visits a month, eight by appointment: ten hours with an agent."""
    settings = [{"communes": [RIVES], "visites_par_mois": 20, "rendez_vous_par_mois": 8}]
    given = scenario(reglages=settings, besoin={"passages_selon_besoin": True})
    assert monthly_visits(one(territory, given, RIVES)) == (20, 8)
    assert monthly_minutes(one(territory, given, RIVES)) == 12 * 20 + 8 * 45
    # 150 minutes, two agents, 80 % taken: 240 minutes a session, twice a month.
    assert sessions_needed(one(territory, given, RIVES, ((2, 4),))) == 1
    assert sessions_needed(one(territory, given, RIVES, ((2,), (4,)))) == 2
    assert session_counts(one(territory, given, RIVES, ((2,), (4,)))) == (0, 2)
    assert session_counts(one(territory, given, CAYLAR, ((2,), (4,))))[0] >= 1


def test_never_more_sessions_by_need_than_weeks(territory):
    given = scenario(reglages=[{"communes": [RIVES], "visites_par_mois": 9000}])
    assert sessions_needed(one(territory, given, RIVES, ((2, 4),))) == 1
    assert sessions_needed(one(territory, given, RIVES, ((1,), (2,), (3,), (4,)))) == 4


def test_a_need_that_the_weeks_cannot_answer_is_told(territory):
    """9,000 visits, hours by the hundred, in one session of one week: 4,500 h of an agent."""
    settings = [{"communes": [RIVES], "visites_par_mois": 9000}]
    by_need = {"passages_selon_besoin": True}
    (note,) = asked(territory, reglages=settings, besoin=by_need).notes
    assert note.startswith("communes dont le besoin dépasse 1 permanence par cycle")
    assert re.search(r"1 \(Les Rives \d+\)", note)
    assert not asked(territory, reglages=settings).notes
    settings[0]["passages"] = 1
    assert not asked(territory, reglages=settings, besoin=by_need).notes


@pytest.mark.parametrize(
    ("cycle", "visits", "expected"),
    [
        ({}, 1, 1),
        # Twice a week in weeks 2 and 4: four a month, but no more than four days apart.
        ({}, 2, 4),
        ({"semaines": 2}, 2, 11),
        ({"semaines": 4, "semaines_du_mois": [1, 2, 3, 4]}, 4, 4),
        ({"semaines": 4, "semaines_du_mois": [1, 2, 3, 4]}, 2, 11),
        ({"semaines": 2, "jours": ["lundi"]}, 3, 1),
    ],
)
def test_sessions_are_spread_evenly_as_far_as_the_days_on_tour_allow(cycle, visits, expected):
    given = scenario(cycle=cycle)
    days = [WEEKDAYS.index(day) for day in given.cycle.days]
    assert even_gap(month_weeks_of(given), days, visits) == expected


def test_gaps_and_the_same_slot_are_those_of_the_scenario(territory):
    cycle = {
        "semaines": 2,
        "ecart_min_jours": 5,
        "ecart_max_jours": 20,
        "meme_creneau": False,
    }
    found = asked(territory, cycle=cycle, reglages=[{"communes": [RIVES], "passages_max": 2}])
    demand = by_code(found)[RIVES]
    assert (demand.gap_days, demand.gap_most_days, demand.same_slot) == (5, 20, False)
    assert demand.watched
    assert not by_code(found)[CAYLAR].watched


def test_pins_are_positions_and_make_a_commune_required(territory):
    pins = [
        {"commune": RIVES, "jour": "jeudi", "creneau": "après-midi", "vehicule": "Deux"},
        {"commune": RIVES, "semaine": 2},
    ]
    vehicles = [{"nom": "Un"}, {"nom": "Deux"}]
    demand = by_code(asked(territory, imposes=pins, vehicules=vehicles, cycle={"semaines": 2}))[
        RIVES
    ]
    assert demand.pins == (Pin(None, 3, 1, 1), Pin(week=1))
    assert (demand.required, demand.watched) == (1, True)


def test_refused_days_weeks_and_bans_shut_slots(territory):
    found = asked(
        territory,
        cycle={"semaines": 2},
        vehicules=[{"nom": "Un"}, {"nom": "Deux"}],
        reglages=[{"communes": [CAYLAR], "jours_refuses": ["lundi"], "semaines": [1]}],
        interdits=[
            {"commune": RIVES, "creneau": "matin", "vehicule": "Deux"},
            {"jour": "vendredi", "semaine": 2},
        ],
    )
    expected = np.ones((2, 3, 2, 5, 2), dtype=bool)
    expected[:, 0, :, 0] = False
    expected[:, 0, 1] = False
    expected[1, 1, :, :, 0] = False
    expected[:, :, 1, 4] = False
    assert (found.open_slots == expected).all()


ROOMS = [
    {"code_insee": RIVES, "nom": "Foyer", "acces_pmr": True, "borne": True},
    {"code_insee": RIVES, "nom": "Salle", "acces_pmr": False, "lon": 3.26, "lat": 43.85},
    {"code_insee": CAYLAR, "nom": "École", "acces_pmr": False},
]


def test_rooms_take_the_place_of_the_mairie(territory):
    sites = asked(territory, lieux=ROOMS).sites
    assert [(s.code, s.venue, s.charger) for s in sites] == [
        (CAYLAR, "École", False),
        (RIVES, "Foyer", True),
        (RIVES, "Salle", False),
        (BOSC, TOWN_HALL, False),
    ]
    assert [s.demand for s in sites] == [0, 1, 1, 2]
    assert {s.place for s in sites if s.code == RIVES} == {1}, "the embedded network knows communes"


def test_rooms_that_lack_what_is_required_are_left_out_and_it_is_said(territory):
    found = asked(territory, lieux=ROOMS, salles={"exiger_acces_pmr": True})
    assert [(s.code, s.venue) for s in found.sites] == [(RIVES, "Foyer"), (BOSC, TOWN_HALL)]
    left_out, unsaid = found.notes
    assert "laissées de côté : 1" in left_out
    assert territory.name(CAYLAR) in left_out
    assert unsaid == f"accès de plain-pied à vérifier sur place : 1 ({territory.name(BOSC)})"
    given = scenario(lieux=ROOMS, salles={"exiger_acces_pmr": True})
    assert [has_room(given, code) for code in CODES] == [False, True, True]


def test_rooms_with_coordinates_stand_there_on_a_network_of_roads():
    given = scenario(lieux=ROOMS, reseau={"source": "en_ligne"})
    assert venue_points(given, CODES) == {f"{RIVES} Salle": (3.26, 43.85)}
    assert venue_points(scenario(lieux=ROOMS), CODES) == {}
