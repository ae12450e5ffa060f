"""Settings of communes against the territory: who they reach, and what no plan can keep."""

from __future__ import annotations

from typing import Any

import pytest

from tourplan.check import candidate_codes
from tourplan.errors import Fault
from tourplan.reading import from_keys
from tourplan.scenario import Scenario
from tourplan.settings import required_codes, settings_faults, settings_of
from tourplan.starter import LODEVOIS
from tourplan.territory import Territory, read_territory

CAYLAR, RIVES = "34064", "34230"


@pytest.fixture(scope="module")
def embedded() -> Territory:
    return read_territory()


def scenario_of(*settings: dict[str, Any], **keys: Any) -> Scenario:
    communes = {"a_desservir": [RIVES], "candidates_epci": [LODEVOIS]}
    scenario, faults = from_keys(
        {"titre": "x", "communes": communes, "reglages": list(settings), **keys}
    )
    assert not faults
    return scenario


def faults_of(embedded: Territory, *settings: dict[str, Any], **keys: Any) -> list[Fault]:
    scenario = scenario_of(*settings, **keys)
    return list(settings_faults(scenario, embedded, candidate_codes(scenario, embedded)))


def test_sections_add_up_and_reach_the_candidates_of_an_intercommunalite(embedded):
    scenario = scenario_of(
        {"communes": [CAYLAR], "passages": 2, "jours_marche": ["mardi"]},
        {"epci": [LODEVOIS], "jours_refuses": ["lundi"]},
        cycle={"semaines": 2},
    )
    candidates = candidate_codes(scenario, embedded)
    settled = settings_of(scenario, embedded, candidates)
    assert sorted(settled) == list(candidates)
    caylar, rives = settled[CAYLAR], settled[RIVES]
    assert (caylar.sessions, caylar.market_days, caylar.refused_days) == (2, ("mardi",), ("lundi",))
    assert (rives.sessions, rives.refused_days) == (None, ("lundi",))


@pytest.mark.parametrize(
    ("given", "required"),
    [
        ({"passages": 1}, True),
        ({"passages_min": 1}, True),
        ({"passages": 0}, False),
        ({"passages_min": 0}, False),
        ({"passages_max": 1}, False),
    ],
)
def test_a_least_number_makes_a_commune_required(embedded, given, required):
    scenario = scenario_of({"communes": [CAYLAR], **given})
    codes = required_codes(scenario, embedded, candidate_codes(scenario, embedded))
    assert codes == ({CAYLAR, RIVES} if required else {RIVES})


@pytest.mark.parametrize(
    ("settings", "keys", "where", "words"),
    [
        (
            [{"communes": [CAYLAR], "passages": 1}, {"communes": [CAYLAR], "passages": 1}],
            {},
            "reglages.2.passages",
            "déjà réglé par reglages.1 pour Le Caylar (34064)",
        ),
        (
            [{"epci": [LODEVOIS], "jours_refuses": []}, {"epci": [LODEVOIS], "jours_refuses": []}],
            {},
            "reglages.2.jours_refuses",
            "et 27 autres communes",
        ),
        (
            [{"communes": [CAYLAR], "passages": 1}, {"epci": [LODEVOIS], "passages_max": 1}],
            {},
            "reglages.2.passages_max",
            "déjà réglé par reglages.1 pour Le Caylar (34064)",
        ),
        (
            [{"communes": [CAYLAR], "passages_min": 2}, {"epci": [LODEVOIS], "passages_max": 1}],
            {"cycle": {"semaines": 2}},
            "reglages.1.passages_min",
            "Le Caylar (34064) : 2 passages au moins, mais 1 au plus",
        ),
        (
            [{"communes": [RIVES], "passages": 0}],
            {},
            "reglages.1.passages",
            "Les Rives (34230) : à desservir, mais aucun passage n’est permis",
        ),
        (
            [{"communes": [CAYLAR], "passages": 2}],
            {},
            "reglages.1.passages",
            "2 passages par cycle, mais 1 au plus au même créneau d’une semaine à l’autre",
        ),
        (
            [{"communes": [CAYLAR], "passages_min": 2, "semaines": [1]}],
            {"cycle": {"semaines": 2}},
            "reglages.1.passages_min",
            "2 passages par cycle, mais 1 au plus",
        ),
        (
            [{"communes": [CAYLAR], "passages": 5, "jours_refuses": ["lundi"]}],
            {"cycle": {"meme_creneau": False}},
            "reglages.1.passages",
            "5 passages par cycle, mais 4 au plus à raison d’un par jour",
        ),
    ],
)
def test_what_cannot_be_is_told_alone(embedded, settings, keys, where, words):
    (fault,) = faults_of(embedded, *settings, **keys)
    assert fault.where == where
    assert words in fault.what
    assert fault.mend


@pytest.mark.parametrize(
    ("settings", "keys"),
    [
        ([{"communes": [CAYLAR], "passages": 2}], {"cycle": {"semaines": 2}}),
        ([{"communes": [CAYLAR], "passages": 2}], {"cycle": {"meme_creneau": False}}),
        ([{"communes": [CAYLAR], "passages_max": 20}], {}),
        ([{"communes": [CAYLAR], "passages_min": 1}, {"epci": [LODEVOIS], "passages_max": 1}], {}),
    ],
)
def test_what_can_be_is_accepted(embedded, settings, keys):
    assert faults_of(embedded, *settings, **keys) == []
