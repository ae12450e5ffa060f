"""What a plan is worth, by hand: a line of villages, one fixed counter, one session."""

from __future__ import annotations

import numpy as np
import pytest
from tiny import LEVELS, MINUTE, at, make, on_a_line

from tourplan.measures import (
    far_ceiling_s,
    far_weights,
    fixed_access,
    level_of,
    measure,
    number,
    served_sites,
    tour_access,
    whole_access,
)
from tourplan.timeline import Opening, build_day

# Depot and fixed counter at 0; A at 10, B at 20, C at 40 min; a hamlet at 47 that only C reaches.
TIMES = on_a_line([0, 10, 20, 40, 47])
for place in (0, 1, 2):
    TIMES[4][place] = None
PROBLEM = make(
    TIMES,
    sites=3,
    required=["A", "C"],
    hours={"A": "Mo 09:00-11:00", "C": "Mo 13:00-16:00"},
    residents={0: 1000, 1: 500, 2: 200, 3: 30, 4: 4},
    fixed=[0],
    far_min=15,
)
DAYS = [
    build_day(
        PROBLEM,
        0,
        0,
        [Opening(0, 1, at("9:45"), at("12:15")), Opening(1, 2, at("13:30"), at("16:00"))],
    )
]

BY_HAND = {
    "passages": (1, "1 sur 2"),
    # B, C and the hamlet are served within 15 min.
    "habitants_au_dela_15": (0, "0 habitant"),
    # A has the fixed counter at 10 min and B at 10; the hamlet is 7 min from C.
    "habitants_au_dela_6": (504, "504 habitants"),
    "heures_mairie": (1, "1 demi-journée"),
    # Far from the counter: B (200 at 0 min), C (30 at 0), the hamlet (4 at 7 min).
    "acces_moyen": (4 * 7 * 60, "0,1 min en moyenne pour 234 habitants"),
    "route": ((20 + 20 + 40) * 60, "1 h 20 par semaine de tournée"),
    "km": ((20 + 20 + 40) * 600, "48,0 km par semaine"),
    "ouverture": (5 * 3600, "5 h par semaine de tournée"),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_each_value_by_hand(name):
    value, text = BY_HAND[name]
    level = level_of(PROBLEM, DAYS, name)
    assert (level.value, level.text.replace("\u00a0", " ")) == (value, text)
    assert level.bound is None
    assert not level.proved
    assert level.gap is None


EMPTY = {
    "passages": 0,
    "habitants_au_dela_15": 234,
    "habitants_au_dela_5": 734,
    "heures_mairie": 0,
    # The hamlet reaches no fixed counter: it counts the longest time there is, 47 min.
    "acces_moyen": (200 * 20 + 30 * 40 + 4 * 47) * MINUTE,
    "route": 0,
    "km": 0,
    "ouverture": 0,
}


@pytest.mark.parametrize("name", EMPTY)
def test_each_value_without_a_tour(name):
    assert measure(PROBLEM, name).value(PROBLEM, []) == EMPTY[name]


def test_access_with_fixed_counters_and_with_the_tour():
    assert fixed_access(PROBLEM).time_s.tolist() == [0, 600, 1200, 2400, 0]
    assert fixed_access(PROBLEM).reached.tolist() == [True, True, True, True, False]
    assert served_sites(PROBLEM, DAYS).tolist() == [1, 2]
    assert tour_access(PROBLEM, np.array([2])).time_s.tolist() == [2400, 1800, 1200, 0, 420]
    assert whole_access(PROBLEM, DAYS).time_s.tolist() == [0, 600, 0, 0, 420]
    assert not tour_access(PROBLEM, served_sites(PROBLEM, [])).reached.any()


def test_far_residents_are_those_the_fixed_counters_leave_beyond():
    assert far_weights(PROBLEM).tolist() == [0, 0, 200, 30, 4]
    assert far_ceiling_s(PROBLEM).tolist() == [0, 600, 1200, 2400, 47 * 60]


def test_nobody_far_nobody_counted():
    problem = make(on_a_line([0, 10]), fixed=[0], objectives=["acces_moyen"])
    level = level_of(problem, [], "acces_moyen")
    assert (level.value, level.text) == (0, "aucun habitant concerné")


def test_nothing_required_is_said():
    assert level_of(make(on_a_line([0, 10])), [], "passages").text == "aucune commune imposée"


def test_a_site_held_twice_counts_once_when_required_once():
    days = [*DAYS, DAYS[0].model_copy(update={"weekday": 1})]
    assert measure(PROBLEM, "passages").value(PROBLEM, days) == 1


@pytest.mark.parametrize("name", ["", "bonheur", "habitants_au_dela_", "habitants_au_dela_x"])
def test_unknown_levels_are_refused(name):
    with pytest.raises(KeyError):
        measure(PROBLEM, name)


def test_every_level_has_words_unit_and_sense():
    for name in LEVELS:
        kind = measure(PROBLEM, name)
        assert kind.name == name
        assert kind.label
        assert kind.unit
        assert kind.sense == (
            "max" if name in ("passages", "heures_mairie", "ouverture") else "min"
        )


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(1523, 0, "1 523"), (12.44, 1, "12,4"), (-0.01, 1, "0,0"), (-3, 0, "-3"), (0, 0, "0")],
)
def test_numbers_in_french(value, decimals, text):
    assert number(value, decimals).replace("\u00a0", " ") == text
