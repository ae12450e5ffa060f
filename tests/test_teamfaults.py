"""Agents and vehicles: what contradicts itself, and whether a crew can leave each week."""

from __future__ import annotations

from typing import Any

import pytest
from test_scenario import faults_of

from tourplan.reading import from_keys

TWO = [{}, {}]


@pytest.mark.parametrize(
    ("keys", "where", "words"),
    [
        ({"equipe": {"formes": 3}}, "equipe.formes", "3 agents formés sur 2 présents"),
        (
            {"agents": [{"nom": "Ana"}, {"nom": "Ana"}]},
            "agents.2.nom",
            "le nom « Ana » est déjà pris",
        ),
        (
            {"vehicules": [{}, {"nom": "Véhicule 1"}]},
            "vehicules.2.nom",
            "le nom « Véhicule 1 » est déjà pris",
        ),
        ({"agents": [*TWO, {"jours": []}]}, "agents.3.jours", "cet agent n’a aucun jour"),
        ({"agents": [*TWO, {"semaines": []}]}, "agents.3.semaines", "n’a aucune semaine"),
        ({"vehicules": [{}, {"jours": []}]}, "vehicules.2.jours", "ce véhicule n’a aucun jour"),
        ({"vehicules": [{}, {"semaines": []}]}, "vehicules.2.semaines", "n’a aucune semaine"),
        ({"vehicules": [{"depot": ["1", "1"]}]}, "vehicules.1.depot", "« 1 » figure deux fois"),
        ({"agents": [{"agence": ["1", "1"]}, {}]}, "agents.1.agence", "« 1 » figure deux fois"),
        (
            {"agents": [{"travail_max_h": 49}, {}]},
            "agents.1.travail_max_h",
            "49 h dépassent les 48 h permises par semaine → donnez 48 ou moins (Code du travail",
        ),
        (
            {"agents": [{"travail_jour_max_h": 10.5}, {}]},
            "agents.1.travail_jour_max_h",
            "10.5 h dépassent les 10 h permises par jour",
        ),
        (
            {"agents": [{}, {"amplitude_max_h": 14}]},
            "agents.2.amplitude_max_h",
            "14 h dépassent les 13 h permises du départ au retour",
        ),
        (
            {"agents": [{"retour_au_plus_tard": "21:00"}, {}]},
            "agents.1",
            "revenir à 21:00 et repartir à 07:00 laisse 10 h de repos, moins que 11 h",
        ),
        (
            {"agents": [{"depart_au_plus_tot": "19:00"}, {}]},
            "agents.1.retour_au_plus_tard",
            "19:00 ne vient pas après le départ à 19:00",
        ),
        (
            {"vehicules": [{}, {"energie": "électrique"}]},
            "vehicules.2.autonomie_km",
            "un véhicule électrique a besoin de son autonomie",
        ),
        (
            {"vehicules": [{"recharge_midi_km": 40}]},
            "vehicules.1.recharge_midi_km",
            "il n’y a rien à regagner",
        ),
        (
            {"agents": [{"agence": "1"}, {}], "vehicules": [{"depot": "2"}, {"depot": ["3", "4"]}]},
            "agents.1.agence",
            "aucun véhicule ne part de « 1 » (dépôts : « 2 », « 3 » et « 4 »)",
        ),
    ],
)
def test_each_contradiction_is_told_alone(keys, where, words):
    told = faults_of(keys)
    assert list(told) == [where]
    assert words in told[where]


@pytest.mark.parametrize(
    ("keys", "where", "words"),
    [
        (
            {"agents": [{}, {"semaines": [2]}]},
            "agents",
            "semaine 4 : 1 agent disponible, il en faut 2",
        ),
        ({"agents": [{}]}, "agents", "semaines 2 et 4 : 1 agent disponible, il en faut 2"),
        (
            {"agents": [{"forme": False}, {"forme": False}, {"semaines": [2]}]},
            "agents",
            "semaine 4 : 0 agent formé, il en faut 1",
        ),
        (
            {"vehicules": [{"semaines": [2]}]},
            "vehicules.1.semaines",
            "semaine 4 : aucun véhicule disponible",
        ),
        (
            {"vehicules": [{"semaines": [2]}, {"semaines": [1]}]},
            "vehicules",
            "semaine 4 : aucun véhicule disponible",
        ),
        (
            {"vehicules": [{"places": 1}]},
            "vehicules.1.places",
            "semaines 2 et 4 : 1 place au plus dans un véhicule, l’équipe en prend 2",
        ),
        (
            {"agents": [{"jours": ["lundi"]}, {"jours": ["mardi"]}]},
            "agents",
            "aucun jour de tournée ne réunit 2 agents dont 1 formé et un véhicule",
        ),
        (
            {"vehicules": [{"jours": ["samedi"]}]},
            "agents",
            "aucun jour de tournée ne réunit 2 agents dont 1 formé et un véhicule",
        ),
        (
            {"agents": [{"agence": "1"}, {"agence": "2"}]},
            "agents",
            "aucun lieu de départ ne réunit 2 agents dont 1 formé et un véhicule le même jour",
        ),
        (
            {
                "agents": [{"agence": "1"}, {"agence": "2"}],
                "vehicules": [{"depot": ["1", "2"]}],
            },
            "agents",
            "aucun lieu de départ ne réunit",
        ),
        (  # the trained one is elsewhere
            {
                "agents": [
                    {"agence": "1", "forme": False},
                    {"agence": "1", "forme": False},
                    {"agence": "2"},
                ],
            },
            "agents",
            "aucun lieu de départ ne réunit",
        ),
        (  # the car large enough is elsewhere
            {
                "agents": [{"agence": "1"}, {"agence": "1"}, {"agence": "2"}],
                "vehicules": [{"depot": "1", "places": 1}, {"depot": "2"}],
            },
            "agents",
            "aucun lieu de départ ne réunit",
        ),
    ],
)
def test_a_week_without_a_crew_is_told_with_what_lacks(keys, where, words):
    told = faults_of(keys)
    assert list(told) == [where]
    assert words in told[where]


def test_agents_and_vehicle_missing_the_same_week_are_both_told():
    told = faults_of({"agents": [{}, {"semaines": [2]}], "vehicules": [{"semaines": [2]}]})
    assert list(told) == ["agents", "vehicules.1.semaines"]


@pytest.mark.parametrize(
    "keys",
    [
        {"agents": [{"agence": "1"}, {"agence": "2"}, {"agence": ["1", "2"]}]},
        {"agents": [{"agence": "1"}, {}], "vehicules": [{"depot": "1"}]},
        {"agents": [{"forme": False}, {}]},
        {"agents": [{"forme": False}] * 2, "equipe": {"formes": 0}},
        {"agents": [{}], "equipe": {"agents": 1}, "vehicules": [{"places": 1}]},
        {"agents": [{"jours": ["lundi", "mardi"]}, {"jours": ["mardi"]}]},
        {"vehicules": [{"semaines": [2]}, {"semaines": [4]}]},
        {"agents": [{"travail_jour_max_h": 11}, {}], "journee": {"travail_max_h": 11}},
        {"agents": [{"depart_au_plus_tot": "08:00", "retour_au_plus_tard": "20:00"}, {}]},
        {"vehicules": [{"energie": "électrique", "autonomie_km": 150, "recharge_midi_km": 60}]},
    ],
)
def test_what_is_unusual_but_sound_is_accepted(keys):
    assert faults_of(keys) == {}


def test_the_nth_vehicle_without_a_name_is_called_by_its_number():
    keys: dict[str, Any] = {
        "titre": "x",
        "communes": {"a_desservir": ["1"]},
        "vehicules": [{"nom": "Bleu"}, {}, {"depot": "1"}],
    }
    scenario, faults = from_keys(keys)
    assert not faults
    assert [v.name for v in scenario.vehicles] == ["Bleu", "Véhicule 2", "Véhicule 3"]
    assert scenario.to_keys() == keys
