"""Settings of communes, venues, and what is imposed or forbidden: what contradicts itself."""

from __future__ import annotations

import pytest
from test_scenario import faults_of

WHEN = {"semaine": 1, "jour": "mardi", "creneau": "matin"}


@pytest.mark.parametrize(
    ("keys", "where", "words"),
    [
        ({"passages": 2}, "reglages.1", "ni commune ni intercommunalité"),
        ({"communes": ["1"]}, "reglages.1", "rien n’est réglé"),
        (
            {"communes": ["1", "1"], "passages": 1},
            "reglages.1.communes",
            "« 1 » figure deux fois",
        ),
        ({"epci": ["1", "1"], "passages": 1}, "reglages.1.epci", "« 1 » figure deux fois"),
        (
            {"communes": ["1"], "passages": 1, "passages_max": 2},
            "reglages.1.passages",
            "donné avec passages_min ou passages_max",
        ),
        (
            {"communes": ["1"], "passages_min": 3, "passages_max": 2},
            "reglages.1.passages_min",
            "3 passages au moins, mais 2 au plus",
        ),
        ({"communes": ["1"], "semaines": []}, "reglages.1.semaines", "aucune semaine"),
        ({"communes": ["1"], "semaines": [1, 1]}, "reglages.1.semaines", "valeur en double"),
        (
            {"communes": ["1"], "semaines": [2]},
            "reglages.1.semaines",
            "semaine 2, mais le cycle n’en a qu’une → donnez 1",
        ),
        (
            {"communes": ["1"], "jours_refuses": ["lundi", "lundi"]},
            "reglages.1.jours_refuses",
            "valeur en double",
        ),
        (
            {"communes": ["1"], "jours_refuses": ["lundi"], "jours_marche": ["lundi"]},
            "reglages.1.jours_marche",
            "lundi est aussi dans jours_refuses",
        ),
        (
            {
                "communes": ["1"],
                "jours_refuses": ["lundi", "mardi", "mercredi", "jeudi", "vendredi"],
            },
            "reglages.1.jours_refuses",
            "tous les jours de tournée sont refusés",
        ),
        (
            {"communes": ["1"], "visites_par_mois": 5, "rendez_vous_par_mois": 6.5},
            "reglages.1.rendez_vous_par_mois",
            "6.5 rendez-vous pour 5 visites, rendez-vous compris",
        ),
    ],
)
def test_a_setting_that_contradicts_itself_is_told_alone(keys, where, words):
    told = faults_of({"reglages": [keys]})
    assert list(told) == [where]
    assert words in told[where]


def test_a_week_beyond_a_longer_cycle_is_told_with_its_weeks():
    keys = {"communes": ["1"], "semaines": [1, 3]}
    told = faults_of({"cycle": {"semaines": 2}, "reglages": [keys]})
    assert "semaine 3, mais le cycle en a 2 → donnez 1 à 2" in told["reglages.1.semaines"]


@pytest.mark.parametrize(
    ("venues", "where", "words"),
    [
        ([{"lon": 3.2}], "lieux.1.lat", "lon et lat vont ensemble"),
        ([{"lat": 43.2}], "lieux.1.lon", "lon et lat vont ensemble"),
        ([{}, {}], "lieux.2.nom", "« Salle » figure deux fois dans la commune 1"),
    ],
)
def test_a_venue_that_contradicts_itself_is_told_alone(venues, where, words):
    told = faults_of({"lieux": [{"code_insee": "1", "nom": "Salle", **venue} for venue in venues]})
    assert list(told) == [where]
    assert words in told[where]


def test_venues_of_two_communes_may_share_a_name():
    assert faults_of({"lieux": [{"code_insee": c, "nom": "Mairie"} for c in ("1", "2")]}) == {}


@pytest.mark.parametrize(
    ("keys", "where", "words"),
    [
        ({"imposes": [{"jour": "lundi"}]}, "imposes.1.commune", "manque → ajoutez commune = …"),
        ({"interdits": [{}]}, "interdits.1", "rien n’est interdit"),
        (
            {"imposes": [{"commune": "1", "semaine": 2}]},
            "imposes.1.semaine",
            "semaine 2, mais le cycle n’en a qu’une",
        ),
        (
            {"interdits": [{"jour": "samedi"}]},
            "interdits.1.jour",
            "samedi n’est pas un jour de tournée → attendu lundi, mardi",
        ),
        (
            {"imposes": [{"commune": "1", "creneau": "matinn"}]},
            "imposes.1.creneau",
            "aucune permanence ne se nomme « matinn » → vouliez-vous « matin » ?",
        ),
        (
            {"interdits": [{"vehicule": "Vehicule 1"}]},
            "interdits.1.vehicule",
            "aucun véhicule ne se nomme « Vehicule 1 » → vouliez-vous « Véhicule 1 » ?",
        ),
        ({"imposes": [{"commune": "1"}] * 2}, "imposes.2", "figure deux fois"),
        ({"interdits": [{"jour": "lundi"}] * 2}, "interdits.2", "figure deux fois"),
        (
            {"imposes": [{"commune": "1", **WHEN}], "interdits": [{"commune": "1", **WHEN}]},
            "imposes.1",
            "imposé ici, mais interdit par interdits.1",
        ),
        (
            {"imposes": [{"commune": "1", **WHEN}], "interdits": [{"jour": "mardi"}]},
            "imposes.1",
            "imposé ici, mais interdit par interdits.1",
        ),
        (  # the sole vehicle, the sole week
            {
                "imposes": [{"commune": "1"}],
                "interdits": [{"commune": "1", "vehicule": "Véhicule 1", "semaine": 1}],
            },
            "imposes.1",
            "imposé ici, mais interdit par interdits.1",
        ),
        (
            {"imposes": [{"commune": "1", **WHEN}, {"commune": "2", **WHEN}]},
            "imposes.2",
            "le mardi, « matin » est déjà pris par « 1 » (imposes.1), avec le même véhicule",
        ),
        (
            {
                "imposes": [
                    {"commune": "1", **WHEN, "vehicule": "B"},
                    {"commune": "2", **WHEN, "vehicule": "B"},
                ],
                "vehicules": [{"nom": "A"}, {"nom": "B"}],
            },
            "imposes.2",
            "est déjà pris",
        ),
    ],
)
def test_a_choice_that_cannot_be_is_told_alone(keys, where, words):
    told = faults_of(keys)
    assert list(told) == [where]
    assert words in told[where]


@pytest.mark.parametrize(
    "keys",
    [
        {"imposes": [{"commune": "1", **WHEN}], "interdits": [{"commune": "2", **WHEN}]},
        {"imposes": [{"commune": "1", "jour": "mardi"}], "interdits": [{**WHEN}]},
        {"imposes": [{"commune": "1", "jour": "mardi"}, {"commune": "2", "jour": "mardi"}]},
        {
            "imposes": [{"commune": "1", **WHEN}, {"commune": "2", **WHEN}],
            "vehicules": [{}, {}],
        },
        {
            "imposes": [{"commune": "1", **WHEN}, {"commune": "2", **WHEN, "semaine": 2}],
            "cycle": {"semaines": 2},
        },
        {"imposes": [{"commune": "1", "jour": day} for day in ("lundi", "mardi")]},
    ],
)
def test_what_can_be_is_accepted(keys):
    assert faults_of(keys) == {}


class TestAfterAFaultOfForm:
    """What was set aside is told once, and hides nothing else."""

    def test_a_faulty_choice_keeps_the_numbers_of_those_after_it(self):
        told = faults_of({"imposes": [5, {"commune": 1}, {"commune": "1", "creneau": "soir"}]})
        assert list(told) == ["imposes.1", "imposes.2.commune", "imposes.3.creneau"]

    def test_a_ban_less_one_of_its_keys_does_not_forbid_more(self):
        keys = {"imposes": [{"commune": "1"}], "interdits": [{"commune": "1", "jour": "lundy"}]}
        assert list(faults_of(keys)) == ["interdits.1.jour"]

    def test_a_venue_set_aside_keeps_the_numbers_of_those_after_it(self):
        venue = {"code_insee": "1", "nom": "Salle"}
        told = faults_of({"lieux": [{"nom": "x"}, venue, venue]})
        assert list(told) == ["lieux.1.code_insee", "lieux.3.nom"]

    def test_a_faulty_session_or_vehicle_does_not_make_its_name_unknown(self):
        keys = {
            "permanences": [
                {"nom": "soir", "ouverture": 17, "fermeture": "18:00"},
                {"nom": "matin", "ouverture": "09:00", "fermeture": "12:00"},
            ],
            "vehicules": [{"nom": 5}],
            "imposes": [{"commune": "1", "creneau": "soir", "vehicule": "5"}],
        }
        assert list(faults_of(keys)) == ["permanences.1.ouverture", "vehicules.1.nom"]

    def test_a_faulty_energy_does_not_hide_an_unknown_vehicle(self):
        keys = {"vehicules": [{"energie": "?"}], "interdits": [{"vehicule": "Camion"}]}
        assert list(faults_of(keys)) == ["vehicules.1.energie", "interdits.1.vehicule"]

    def test_a_setting_less_its_faulty_key_is_not_said_empty(self):
        keys = {"reglages": [{"communes": ["1"], "passages": 21}]}
        assert list(faults_of(keys)) == ["reglages.1.passages"]
