from __future__ import annotations

import copy
import json
import re
import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tourplan.errors import Fault, InputError, one_of
from tourplan.fields import Section
from tourplan.hours import WEEKDAYS, clock
from tourplan.reading import _LISTS, from_keys, read_scenario
from tourplan.scenario import Goal, Scenario
from tourplan.tables import plain
from tourplan.teams import Agent, Vehicle

ENGLISH = re.compile(
    r"\b(input|inputs|should|valid|invalid|field|required|must|extra|unable|string|integer|number"
    r"|boolean|greater|less|than|equal|expected|list|dict|dictionary|tuple|none|error|value|type"
    r"|exceeds|limit|digits|the|of|to)\b",
    re.IGNORECASE,
)
SHORTEST = {"titre": "Essai", "communes": {"a_desservir": ["34036"]}}

# Texts: anything TOML can hold.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMED = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
CODES = st.lists(NAMED, max_size=4)
CLOCKS = st.integers(0, 1440).map(lambda minute: clock(minute * 60))
HOURS = st.integers(0, 168) | st.floats(0, 168)
MINUTES = st.integers(0, 1440)
MONTH_WEEKS = st.lists(st.integers(1, 4), max_size=4)
WORDS = NAMED.filter(plain)
DEPOTS = NAMED | st.lists(NAMED, min_size=2, max_size=3)
WEEK_DAYS = st.lists(st.sampled_from(WEEKDAYS), max_size=7)


def section(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A section with any of its keys."""
    return st.fixed_dictionaries({}, optional=keys)


SESSION = st.fixed_dictionaries(
    {
        "nom": NAMED.filter(lambda name: len(name) <= 40),
        "ouverture": CLOCKS,
        "fermeture": CLOCKS,
    },
    optional={"minimum_min": MINUTES, "maximum_min": MINUTES, "journee_entiere": st.booleans()},
)
GOAL = st.fixed_dictionaries(
    {"minutes": st.integers(1, 600)},
    optional={
        "part_pct": st.floats(0, 100),
        "impose": st.booleans(),
        "operateur": WORDS,
        "poids": WORDS,
        "permanences": st.integers(1, 20),
    },
)
PIN = section(
    commune=NAMED,
    semaine=st.integers(1, 4),
    jour=st.sampled_from(WEEKDAYS),
    creneau=NAMED,
    vehicule=NAMED,
)
VENUE = st.fixed_dictionaries(
    {"code_insee": NAMED, "nom": NAMED},
    optional={
        "adresse": TEXT,
        "lon": st.floats(-180, 180),
        "lat": st.floats(-90, 90),
        "horaires": st.sampled_from(["", "Mo-Fr 09:00-12:00", "Sa off"]),
        "acces_pmr": st.booleans(),
        "confidentiel": st.booleans(),
        "borne": st.booleans(),
    },
)
SETTINGS = section(
    communes=CODES,
    epci=CODES,
    passages=st.integers(0, 20),
    passages_min=st.integers(0, 20),
    passages_max=st.integers(0, 20),
    semaines=MONTH_WEEKS,
    jours_refuses=WEEK_DAYS,
    jours_marche=WEEK_DAYS,
    visites_par_mois=st.floats(0, 100_000),
    rendez_vous_par_mois=st.integers(0, 100_000),
)
KEYS = st.fixed_dictionaries(
    {"titre": NAMED},
    optional={
        "auteur": TEXT,
        "statut": st.sampled_from(["brouillon", "proposé", "validé"]),
        "communes": section(
            a_desservir=CODES, candidates=CODES, candidates_epci=CODES, exclues=CODES
        ),
        "habitants": section(epci=CODES, communes=CODES, fichier=TEXT),
        "points_fixes": section(
            integres=st.booleans(), fichiers=st.lists(TEXT, max_size=2), exclus=CODES
        ),
        "territoire": section(fichiers=st.lists(TEXT, max_size=2)),
        "reseau": section(source=st.just("integre")),
        "cycle": section(
            semaines=st.sampled_from([1, 2, 4]),
            semaines_du_mois=MONTH_WEEKS,
            jours=st.lists(st.sampled_from(WEEKDAYS), max_size=7),
            debut=st.dates().map(str),
            meme_creneau=st.booleans(),
            ecart_min_jours=st.integers(1, 28),
            ecart_max_jours=st.integers(1, 28),
        ),
        "permanences": st.lists(SESSION, min_size=1, max_size=6),
        "journee": section(
            depart_au_plus_tot=CLOCKS,
            retour_au_plus_tard=CLOCKS,
            installation_min=MINUTES,
            repas_a_partir_de=CLOCKS,
            repas_jusqu_a=CLOCKS,
            travail_max_h=HOURS,
            pas_min=st.integers(1, 60),
        ),
        "semaine": section(travail_max_h=HOURS, ouverture_min_h=HOURS, repos_min_h=HOURS),
        "equipe": section(agents=st.integers(1, 20), formes=st.integers(0, 20)),
        "agents": st.lists(
            section(
                nom=TEXT,
                agence=DEPOTS,
                forme=st.booleans(),
                semaines=MONTH_WEEKS,
                jours=WEEK_DAYS,
                travail_max_h=HOURS,
                travail_jour_max_h=HOURS,
                amplitude_max_h=HOURS,
                depart_au_plus_tot=CLOCKS,
                retour_au_plus_tard=CLOCKS,
            ),
            max_size=3,
        ),
        "vehicules": st.lists(
            section(
                nom=NAMED,
                depot=DEPOTS,
                semaines=MONTH_WEEKS,
                jours=WEEK_DAYS,
                places=st.integers(1, 60),
                energie=st.sampled_from(["thermique", "hybride", "électrique"]),
                autonomie_km=st.floats(0, 5000, exclude_min=True),
                recharge_midi_km=st.floats(0, 5000),
                cout_eur_km=st.floats(0, 100),
                co2_g_km=st.floats(0, 5000),
            ),
            min_size=1,
            max_size=3,
        ),
        "reglages": st.lists(SETTINGS, max_size=2),
        "lieux": st.lists(VENUE, max_size=2),
        "imposes": st.lists(PIN, max_size=2),
        "interdits": st.lists(PIN, max_size=2),
        "salles": section(exiger_acces_pmr=st.booleans(), exiger_confidentialite=st.booleans()),
        "besoin": section(
            visites_par_mois_1000_hab=st.floats(0, 1000),
            part_rendez_vous_pct=st.floats(0, 100),
            minutes_par_visite=st.integers(1, 480),
            minutes_par_rendez_vous=st.integers(1, 480),
            occupation_max_pct=st.floats(0, 100, exclude_min=True),
            passages_selon_besoin=st.booleans(),
        ),
        "acces": st.lists(GOAL, max_size=4),
        "mairie": section(
            horaires=st.sampled_from(["ignores", "preferes", "imposes"]), recouvrement_min=MINUTES
        ),
        "objectifs": section(
            ordre=st.lists(TEXT, max_size=4),
            eloignes_au_dela_min=MINUTES.filter(lambda minutes: 1 <= minutes <= 600),
        ),
        "comparaison": section(tournee=TEXT),
        "calcul": section(
            limite_s=st.floats(0, 86_400, exclude_min=True), graine=st.integers(0, 2**31 - 1)
        ),
        "sorties": section(noms_des_agents=st.booleans()),
    },
)


def toml(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "scenario.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def faults_of(keys: dict[str, Any]) -> dict[str, str]:
    """What is told of faulty keys, by place."""
    _, faults = from_keys({**copy.deepcopy(SHORTEST), **keys})
    for fault in faults:
        assert fault.what
        assert fault.mend
    return {fault.where: str(fault) for fault in faults}


class TestShortest:
    def test_a_title_and_communes_are_enough(self, tmp_path):
        path = toml(tmp_path, 'titre = "Essai"\n[communes]\na_desservir = ["34036"]\n')
        scenario = Scenario.read(path)
        assert scenario.communes.required == ("34036",)
        assert scenario.base == tmp_path
        assert scenario.to_keys() == SHORTEST

    def test_the_defaults_are_those_of_the_design(self):
        s = Scenario.from_keys(SHORTEST)
        assert [(clock(p.opening_s), clock(p.closing_s)) for p in s.sessions] == [
            ("09:45", "12:15"),
            ("13:30", "16:00"),
        ]
        assert all(p.minimum_min == 120 for p in s.sessions)
        assert (clock(s.day.earliest_s), clock(s.day.latest_s)) == ("07:00", "19:00")
        assert (s.day.setup_min, s.day.packing_min, s.day.break_min) == (15, 15, 30)
        assert (clock(s.day.break_from_s), clock(s.day.break_until_s)) == ("11:30", "14:30")
        assert (s.day.max_work_h, s.day.max_amplitude_h, s.day.grid_min) == (10, 13, 5)
        assert (s.week.max_work_h, s.week.min_opening_h, s.week.min_rest_h) == (39, 24, 11)
        assert (s.crew.size, s.cycle.weeks, s.cycle.month_weeks) == (2, 1, (2, 4))
        assert [goal.minutes for goal in s.goals] == [30, 20, 15]
        assert s.town_hall.overlap_min == 60

    def test_the_default_order_is_that_of_the_design(self):
        assert Scenario.from_keys(SHORTEST).order() == (
            "passages",
            "habitants_au_dela_30",
            "habitants_au_dela_20",
            "habitants_au_dela_15",
            "heures_mairie",
            "acces_moyen",
            "route",
        )

    def test_every_default_has_a_meaning_and_says_where_it_comes_from(self):
        kinds = [field.annotation for field in Scenario.model_fields.values()]
        single = [k for k in kinds if isinstance(k, type) and issubclass(k, Section)]
        for kind in (*single, *_LISTS.values()):
            for name, inner in kind.model_fields.items():
                if inner.is_required():
                    continue
                assert inner.description, name
                assert "source" in (inner.json_schema_extra or {}), name
                if inner.default not in (None, (), "", False, "Véhicule 1") and name != "seed":
                    assert inner.json_schema_extra["source"], name


class TestRoundTrip:
    @given(KEYS)
    def test_keys_come_back_as_they_were(self, keys):
        scenario, _ = from_keys(keys)
        assert scenario.to_keys() == keys
        through_json = json.loads(json.dumps(scenario.to_keys()))
        assert from_keys(through_json)[0] == scenario

    @given(KEYS)
    def test_what_is_read_is_left_untouched(self, keys):
        before = copy.deepcopy(keys)
        from_keys(keys)
        assert keys == before

    def test_values_set_to_nothing_come_back(self):
        scenario = Scenario.from_keys(SHORTEST).model_copy(
            update={
                "agents": (Agent(weeks=None, earliest_s=None), Agent()),
                "vehicles": (Vehicle(depots=()),),
            }
        )
        assert from_keys(scenario.to_keys())[0] == scenario

    def test_a_date_of_toml_is_a_date(self, tmp_path):
        text = 'titre = "x"\n[communes]\na_desservir = ["34036"]\n[cycle]\ndebut = 2027-01-04\n'
        assert Scenario.read(toml(tmp_path, text)).cycle.start == date(2027, 1, 4)


class TestForm:
    """Wrong types and values: each told in French, where it stands."""

    @pytest.mark.parametrize(
        ("keys", "where", "words"),
        [
            ({"titre": ""}, "titre", "un texte vide ne convient pas → donnez un texte"),
            ({"titre": 5}, "titre", "« 5 » ne convient pas → donnez un texte entre guillemets"),
            ({"statut": "fini"}, "statut", "attendu brouillon, proposé ou validé"),
            (
                {"communes": {"a_desservir": [5001]}},
                "communes.a_desservir.1",
                'code 5001 sans guillemets → écrivez "05001"',
            ),
            (
                {"communes": {"a_desservir": "34036"}},
                "communes.a_desservir",
                "donnez une liste entre crochets",
            ),
            (
                {"communes": {"a_desservir": ["34036"] * 2001}},
                "communes.a_desservir",
                "donnez au plus 2000 éléments",
            ),
            ({"communes": ["34036"]}, "communes", "écrivez une section [communes]"),
            ({"agents": {"semaines": [2]}}, "agents", "écrivez des sections [[agents]]"),
            ({"agents": [{}, 5]}, "agents.2", "écrivez des sections [[agents]]"),
            (
                {"agents": [{}, {"semaines": [2, 5]}]},
                "agents.2.semaines",
                "semaine « 5 » inconnue → attendu 1 à 4",
            ),
            ({"cycle": {"semaines": 3}}, "cycle.semaines", "« 3 » inconnu → attendu 1, 2 ou 4"),
            ({"cycle": {"semaines": True}}, "cycle.semaines", "« true » inconnu"),
            ({"cycle": {"jours": ["lundy"]}}, "cycle.jours.1", "attendu lundi, mardi, mercredi"),
            ({"cycle": {"debut": 86_400}}, "cycle.debut", "« 86400 » n’est pas une date"),
            ({"cycle": {"debut": "demain"}}, "cycle.debut", "écrivez-la ainsi : 2027-01-04"),
            (
                {"journee": {"depart_au_plus_tot": 7}},
                "journee.depart_au_plus_tot",
                '« 7 » n’est pas une heure → écrivez-la ainsi : "09:45"',
            ),
            ({"journee": {"pas_min": 2.5}}, "journee.pas_min", "donnez un nombre entier"),
            ({"journee": {"pas_min": 0}}, "journee.pas_min", "donnez 1 ou plus"),
            ({"semaine": {"travail_max_h": "39"}}, "semaine.travail_max_h", "donnez un nombre"),
            ({"semaine": {"travail_max_h": float("nan")}}, "semaine.travail_max_h", "un nombre"),
            ({"semaine": {"travail_max_h": 169}}, "semaine.travail_max_h", "donnez 168 ou moins"),
            ({"points_fixes": {"integres": "oui"}}, "points_fixes.integres", "true ou false"),
            (
                {"vehicules": [{"energie": "diesel"}]},
                "vehicules.1.energie",
                "hybride ou électrique",
            ),
            (
                {"vehicules": [{}, {"autonomie_km": 0}]},
                "vehicules.2.autonomie_km",
                "donnez plus de 0",
            ),
            (
                {"vehicule": {"depot": "34079"}},
                "vehicule",
                "cette section s’écrit maintenant [[vehicules]], une par véhicule → remplacez "
                "[vehicule] par [[vehicules]]",
            ),
            ({"vehicule": [{}]}, "vehicule", "remplacez [vehicule] par [[vehicules]]"),
            ({"vehicules": {"depot": "1"}}, "vehicules", "écrivez des sections [[vehicules]]"),
            ({"vehicules": []}, "vehicules", "donnez-en au moins 1"),
            ({"vehicules": [{}] * 21}, "vehicules", "donnez au plus 20 éléments"),
            ({"vehicules": [{"depot": 34079}]}, "vehicules.1.depot", 'écrivez "34079"'),
            ({"vehicules": [{"depot": ""}]}, "vehicules.1.depot", "un texte vide ne convient pas"),
            (
                {"vehicules": [{"depot": ["34079", 34032]}]},
                "vehicules.1.depot.2",
                'écrivez "34032"',
            ),
            (
                {"vehicules": [{"depot": [str(n) for n in range(21)]}]},
                "vehicules.1.depot",
                "donnez au plus 20 éléments",
            ),
            ({"vehicules": [{"places": 0}]}, "vehicules.1.places", "donnez 1 ou plus"),
            ({"vehicules": [{"nom": ""}]}, "vehicules.1.nom", "donnez un texte"),
            ({"agents": [{"agence": True}, {}]}, "agents.1.agence", "donnez une liste"),
            ({"agents": [{"forme": "oui"}, {}]}, "agents.1.forme", "true ou false"),
            ({"agents": [{"jours": ["lundy"]}, {}]}, "agents.1.jours.1", "attendu lundi, mardi"),
            ({"agents": [{"depart_au_plus_tot": 7}, {}]}, "agents.1.depart_au_plus_tot", "09:45"),
            ({"equipe": {"formes": -1}}, "equipe.formes", "donnez 0 ou plus"),
            ({"cycle": {"ecart_min_jours": 0}}, "cycle.ecart_min_jours", "donnez 1 ou plus"),
            ({"cycle": {"ecart_max_jours": 29}}, "cycle.ecart_max_jours", "donnez 28 ou moins"),
            ({"cycle": {"meme_creneau": 1}}, "cycle.meme_creneau", "true ou false"),
            (
                {"reglages": [{"communes": ["1"], "passages": 21}]},
                "reglages.1.passages",
                "donnez 20 ou moins",
            ),
            (
                {"reglages": [{"communes": ["1"], "semaines": [5]}]},
                "reglages.1.semaines",
                "semaine « 5 » inconnue → attendu 1 à 4",
            ),
            (
                {"reglages": [{"communes": ["1"], "visites_par_mois": -1}]},
                "reglages.1.visites_par_mois",
                "donnez 0 ou plus",
            ),
            ({"reglages": [{}] * 501}, "reglages", "donnez au plus 500 éléments"),
            ({"lieux": [{"code_insee": "1"}]}, "lieux.1.nom", "manque → ajoutez nom = …"),
            (
                {"lieux": [{"code_insee": "1", "nom": "x", "lat": 91, "lon": 3}]},
                "lieux.1.lat",
                "donnez 90 ou moins",
            ),
            (
                {"lieux": [{"code_insee": "1", "nom": "x", "horaires": "lundi 9h"}]},
                "lieux.1.horaires",
                'écrivez-les ainsi : "Mo-Fr 09:00-12:00,13:30-17:00',
            ),
            ({"salles": {"exiger_acces_pmr": 1}}, "salles.exiger_acces_pmr", "true ou false"),
            (
                {"besoin": {"part_rendez_vous_pct": 101}},
                "besoin.part_rendez_vous_pct",
                "donnez 100 ou moins",
            ),
            ({"besoin": {"occupation_max_pct": 0}}, "besoin.occupation_max_pct", "plus de 0"),
            ({"besoin": {"minutes_par_visite": 0}}, "besoin.minutes_par_visite", "1 ou plus"),
            ({"imposes": [{"commune": 34079}]}, "imposes.1.commune", 'écrivez "34079"'),
            ({"interdits": [{"jour": "dimanch"}]}, "interdits.1.jour", "samedi ou dimanche"),
            (
                {"acces": [{"minutes": 30, "operateur": "???"}]},
                "acces.1.operateur",
                "« ??? » n’a ni lettre ni chiffre → donnez un nom",
            ),
            ({"acces": [{"minutes": 9, "permanences": 0}]}, "acces.1.permanences", "1 ou plus"),
            ({"calcul": {"graine": 16**6000}}, "calcul.graine", "un nombre immense"),
            ({"acces": [{}]}, "acces.1.minutes", "manque → ajoutez minutes = …"),
        ],
    )
    def test_each_is_told_with_its_mend(self, keys, where, words):
        told = faults_of(keys)
        assert list(told) == [where]
        assert words in told[where]

    @pytest.mark.parametrize(
        ("keys", "where", "mend"),
        [
            ({"vehicles": {}}, "vehicles", "vouliez-vous « vehicules » ?"),
            ({"title": "x"}, "title", "vouliez-vous « titre » ?"),
            ({"vehicules": [{"dépot": "34079"}]}, "vehicules.1.dépot", "vouliez-vous « depot » ?"),
            ({"vehicules": [{"depot_": "1"}]}, "vehicules.1.depot_", "vouliez-vous « depot » ?"),
            ({"depot": "34079"}, "depot", "elle va dans la section [[vehicules]]"),
            ({"agents": [{"semaine": [2]}, {}]}, "agents.1.semaine", "vouliez-vous « semaines » ?"),
            ({"cycle": {"passages": 2}}, "cycle.passages", "elle va dans la section [[reglages]]"),
            ({"lieux": [{"code_insee": "1", "nom": "x", "pmr": True}]}, "lieux.1.pmr", "attendu :"),
            ({"reglage": []}, "reglage", "vouliez-vous « reglages » ?"),
            (
                {"cycle": {"a_desservir": []}},
                "cycle.a_desservir",
                "elle va dans la section [communes]",
            ),
            ({"agents": [{"zzz": 1}, {}]}, "agents.1.zzz", "attendu : agence, amplitude_max_h"),
            ({"sessions": []}, "sessions", "attendu : acces, agents"),
            ({"base": "/etc"}, "base", "attendu : acces, agents"),
        ],
    )
    def test_an_unknown_key_gives_the_one_probably_meant(self, keys, where, mend):
        told = faults_of(keys)
        assert list(told) == [where]
        assert f"clé inconnue → {mend}" in told[where]

    def test_what_stands_in_the_former_section_is_checked_too(self):
        told = faults_of({"vehicule": {"energie": "diesel", "depots": "1"}})
        assert list(told) == ["vehicule", "vehicules.1.energie", "vehicules.1.depots"]

    def test_without_a_title_the_rest_is_checked_too(self):
        _, faults = from_keys({"communes": {"a_desservir": [5]}})
        assert {fault.where for fault in faults} == {"communes.a_desservir.1", "titre"}

    def test_what_is_faulty_is_not_told_twice(self):
        told = faults_of(
            {
                "permanences": [
                    {"nom": 5, "ouverture": 9, "fermeture": "26:00"},
                    {"nom": "soir", "ouverture": "18:00", "fermeture": "17:00"},
                ],
                "agents": [5, {"semaines": []}, {"semaines": ["deux"]}, {}],
                "equipe": {"agents": 3},
            }
        )
        assert list(told) == [
            "permanences.1.nom",
            "permanences.1.ouverture",
            "permanences.1.fermeture",
            "agents.1",
            "agents.3.semaines",
            "permanences.2.fermeture",
            "agents.2.semaines",
        ]

    def test_a_name_that_drives_the_terminal_is_tamed(self):
        told = faults_of({"a\nb\x1b[2J": 1})
        assert not any(c in text for text in told.values() for c in "\n\x1b")


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of nested keys."""
    if isinstance(value, dict):
        below = [path for k, v in value.items() for path in paths(v, (*here, k))]
    elif isinstance(value, list):
        below = [path for n, v in enumerate(value) for path in paths(v, (*here, n))]
    else:
        below = []
    return [here, *below] if here else below


FULL = {
    **SHORTEST,
    "auteur": "",
    "statut": "brouillon",
    "communes": {"a_desservir": ["1"], "candidates": [], "candidates_epci": [], "exclues": ["2"]},
    "habitants": {"epci": [], "communes": [], "fichier": ""},
    "points_fixes": {"integres": True, "fichiers": ["x"], "exclus": []},
    "territoire": {"fichiers": []},
    "reseau": {"source": "integre"},
    "cycle": {"semaines": 1, "semaines_du_mois": [2, 4], "jours": ["lundi"], "debut": "2027-01-04"},
    "permanences": [
        {"nom": "a", "ouverture": "09:00", "fermeture": "12:00", "minimum_min": 120},
        {"nom": "b", "ouverture": "13:00", "fermeture": "16:00", "minimum_min": 120},
    ],
    "journee": {
        "depart_au_plus_tot": "07:00",
        "installation_min": 15,
        "travail_max_h": 10,
        "pas_min": 5,
    },
    "semaine": {"travail_max_h": 39, "ouverture_min_h": 24, "repos_min_h": 11},
    "equipe": {"agents": 1, "formes": 1},
    "agents": [
        {
            "nom": "",
            "agence": "1",
            "forme": True,
            "semaines": [2, 4],
            "jours": ["lundi"],
            "travail_max_h": 35,
            "travail_jour_max_h": 8,
            "amplitude_max_h": 12,
            "depart_au_plus_tot": "07:30",
            "retour_au_plus_tard": "18:30",
        },
        {"agence": ["1", "2"]},
    ],
    "vehicules": [
        {
            "nom": "A",
            "depot": ["1", "2"],
            "semaines": [2, 4],
            "jours": ["lundi"],
            "places": 5,
            "energie": "hybride",
            "autonomie_km": 9,
            "recharge_midi_km": 3,
        },
        {"depot": "1"},
    ],
    "reglages": [
        {
            "communes": ["1"],
            "epci": ["2"],
            "passages": 1,
            "semaines": [1],
            "jours_refuses": ["mardi"],
            "jours_marche": ["lundi"],
            "visites_par_mois": 20,
            "rendez_vous_par_mois": 3.5,
        },
        {"communes": ["3"], "passages_min": 1, "passages_max": 2},
    ],
    "lieux": [
        {
            "code_insee": "1",
            "nom": "Salle",
            "adresse": "x",
            "lon": 3,
            "lat": 43.5,
            "horaires": "Mo-Fr 09:00-12:00",
            "acces_pmr": True,
            "confidentiel": False,
            "borne": True,
        }
    ],
    "salles": {"exiger_acces_pmr": True},
    "besoin": {"visites_par_mois_1000_hab": 10, "minutes_par_visite": 20},
    "imposes": [
        {"commune": "1", "semaine": 1, "jour": "lundi", "creneau": "a", "vehicule": "A"},
        {"commune": "2", "semaine": 1},
    ],
    "interdits": [{"commune": "1", "creneau": "b"}, {"vehicule": "Véhicule 2"}],
    "acces": [
        {"minutes": 30, "part_pct": 95, "impose": True},
        {"minutes": 15, "operateur": "CPAM", "poids": "habitants", "permanences": 2},
    ],
    "mairie": {"horaires": "ignores", "recouvrement_min": 60},
    "objectifs": {"ordre": ["route"], "eloignes_au_dela_min": 15},
    "comparaison": {"tournee": ""},
    "calcul": {"limite_s": 300, "graine": 0, "coeurs": 2},
    "sorties": {"noms_des_agents": False},
}
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**4000)
    | st.just(-(10**4000))
    | st.floats()
    | st.text("éàxyz09-: \x00\x1b'\"", max_size=250)
    | st.dates()
    | st.times()
    | st.datetimes()
    | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("éxyz", max_size=4), inner),
    max_leaves=6,
)


def replaced(keys: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    spoilt: Any = copy.deepcopy(keys)
    inside = spoilt
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    return spoilt


def assert_french(faults: list[Fault]) -> None:
    assert len(set(faults)) == len(faults)
    for fault in faults:
        assert fault.what
        assert fault.mend
        assert not ENGLISH.search(re.sub(r"« .*? »", "", str(fault))), fault
        assert "pydantic" not in str(fault)


class TestHostile:
    def test_the_full_scenario_has_no_fault_to_begin_with(self):
        assert from_keys(FULL)[1] == []

    @settings(max_examples=12)
    @pytest.mark.parametrize("path", paths(FULL), ids=lambda path: ".".join(map(str, path)))
    @given(junk=JUNK)
    def test_no_value_under_any_key_leaks_english_or_escapes(self, path, junk):
        _, faults = from_keys(replaced(FULL, path, junk))
        assert_french(faults)

    @settings(max_examples=100)
    @given(
        st.lists(st.tuples(st.sampled_from(paths(FULL)), JUNK), min_size=2, max_size=6),
        st.dictionaries(st.text("éxyz\n.", max_size=5), JUNK, max_size=2),
    )
    def test_several_wrong_values_at_once_do_neither(self, spoils, extra):
        keys: Any = {**FULL, **extra}
        for path, junk in spoils:
            try:
                keys = replaced(keys, path, junk)
            except (TypeError, IndexError, KeyError):
                continue  # what held it was spoilt before
        _, faults = from_keys(keys)
        assert_french(faults)

    @given(st.dictionaries(st.text(max_size=10), JUNK, max_size=5))
    def test_keys_that_are_no_scenario_at_all(self, keys):
        _, faults = from_keys(keys)
        assert {fault.where for fault in faults} & {"titre", "communes"}

    @pytest.mark.parametrize("path", ["a", "communes.a_desservir", "agents", "cycle.debut"])
    def test_sections_without_end_are_told(self, tmp_path, path):
        for text in (f"{path} = {'[' * 50_000}", f"{path}.{'.'.join('b' * 5000)} = 1"):
            with pytest.raises(InputError, match="sections trop imbriquées"):
                read_scenario(toml(tmp_path, text))

    @pytest.mark.parametrize("kind", [date, time, datetime])
    def test_moments_are_not_clock_times(self, kind):
        moment = {date: date(2027, 1, 4), time: time(9, 45), datetime: datetime(2027, 1, 4, 9)}
        told = faults_of({"journee": {"depart_au_plus_tot": moment[kind]}})
        assert "n’est pas une heure" in told["journee.depart_au_plus_tot"]


class TestFiles:
    def fault(self, path: Path) -> Fault:
        with pytest.raises(InputError) as caught:
            Scenario.read(path)
        (fault,) = caught.value.faults
        assert fault.where == "scenario.toml" or fault.where == str(path)
        return fault

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("a_desservir = [05001]", "ligne 3, colonne 17 : « a_desservir = [05001] »"),
            ('a_desservir = ["34036"', "fin du fichier"),
            ("a_desservir = [34036 34060]", "ligne 3"),
            ('a_desservir = ["34036]', "des guillemets ne sont pas refermés"),
            ("horaires = 09:45-12:15", "ligne 3"),
            ('a = "x"\na = "y"\n#', "la même clé figure deux fois), ligne 4"),
            ("[communes]\n#", "la même section figure deux fois), ligne 3"),
            ("fichier = C:\\x", "ligne 3"),
        ],
    )
    def test_a_syntax_error_is_told_alone_with_its_line(self, tmp_path, line, words):
        fault = self.fault(toml(tmp_path, f'titel = "x"\n[communes]\n{line}'))
        assert fault.what.startswith("syntaxe TOML fautive")
        assert words in fault.what
        assert_french([fault])

    @pytest.mark.parametrize(
        ("line", "mend"),
        [
            ("debut = 2027-02-29", "une date s’écrit 2027-01-04, et existe"),
            ("debut = 04/01/2027", "une date s’écrit 2027-01-04, et existe"),
            ("noms_des_agents = oui", "écrivez true (oui) ou false (non)"),
            ("nom = “Salle”", 'prenez des guillemets droits : "'),
        ],
    )
    def test_what_is_often_written_gets_its_own_mend(self, tmp_path, line, mend):
        assert self.fault(toml(tmp_path, f"[cycle]\n{line}\n")).mend == mend

    def test_a_windows_path_gets_its_own_mend(self, tmp_path):
        fault = self.fault(toml(tmp_path, 'titre = "x"\nfichier = "C:\\Users\\moi"\n'))
        assert fault.mend == "dans un chemin, écrivez / à la place de \\"

    def test_lines_are_counted_with_windows_line_ends(self, tmp_path):
        fault = self.fault(toml(tmp_path, 'titre = "x"\r\n[communes]\r\na = [05001]\r\n'))
        assert "ligne 3, colonne 7 : « a = [05001] »" in fault.what

    def test_a_number_of_thousands_of_digits_is_told(self, tmp_path):
        fault = self.fault(toml(tmp_path, f'titre = "x"\n[calcul]\ngraine = {"1" * 5000}\n'))
        assert fault.what == "un nombre a trop de chiffres"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
    def test_accents_survive_any_editor(self, tmp_path, encoding):
        text = 'titre = "Étude"\n[communes]\na_desservir = ["34036"]\n'
        assert Scenario.read(toml(tmp_path, text.encode(encoding))).title == "Étude"

    @pytest.mark.parametrize("raw", [b"titre\0", b"PK\x03\x04\0\0", "titre = 'x'".encode("utf-16")])
    def test_a_workbook_is_not_a_scenario(self, tmp_path, raw):
        assert "n’est pas un fichier texte" in self.fault(toml(tmp_path, raw)).what

    def test_a_missing_scenario_is_told(self, tmp_path):
        assert "introuvable" in self.fault(tmp_path / "absent.toml").what

    def test_an_empty_file_says_what_is_wanted(self, tmp_path):
        _, faults = read_scenario(toml(tmp_path, ""))
        assert [fault.where for fault in faults] == ["titre", "communes"]


MORNING = {"nom": "matin", "ouverture": "09:00", "fermeture": "12:00"}
EVENING = {"nom": "soir", "ouverture": "17:00", "fermeture": "20:00"}
WHOLE = {"nom": "journée", "ouverture": "09:30", "fermeture": "16:00", "journee_entiere": True}


class TestCoherence:
    """Sound in form, but contradicting itself."""

    @pytest.mark.parametrize(
        ("keys", "where", "words"),
        [
            ({"communes": {}}, "communes", "aucune commune à desservir ni candidate"),
            (
                {"communes": {"a_desservir": ["1", "2", "1"]}},
                "communes.a_desservir",
                "« 1 » figure deux fois",
            ),
            (
                {"communes": {"candidates": ["1"], "exclues": ["1"]}},
                "communes.candidates",
                "« 1 » est aussi dans exclues",
            ),
            (
                {"habitants": {"fichier": "h.csv", "epci": ["1"]}},
                "habitants.fichier",
                "le fichier dit déjà de qui l’accès compte",
            ),
            (
                {"permanences": [{**MORNING, "fermeture": "08:00"}]},
                "permanences.1.fermeture",
                "ferme à 08:00 alors qu’elle ouvre à 09:00",
            ),
            (
                {"permanences": [{**MORNING, "fermeture": "09:00"}]},
                "permanences.1.fermeture",
                "donnez une fermeture plus tardive",
            ),
            (
                {"permanences": [{**MORNING, "minimum_min": 240}]},
                "permanences.1.minimum_min",
                "240 min ne tiennent pas dans les 3 h de « matin »",
            ),
            (
                {"permanences": [{**MORNING, "minimum_min": 0}]},
                "permanences.1.minimum_min",
                "une permanence de 0 min",
            ),
            (
                {"permanences": [{**MORNING, "ouverture": "09:02"}]},
                "permanences.1.ouverture",
                "« 09:02 » n’est pas un multiple de 5 min",
            ),
            (
                {"permanences": [MORNING, {**EVENING, "ouverture": "11:00"}]},
                "permanences.2.ouverture",
                "« soir » ouvre avant la fin de « matin »",
            ),
            (
                {"permanences": [{**MORNING, "maximum_min": 90}]},
                "permanences.1.maximum_min",
                "90 min au plus, mais 120 min au moins",
            ),
            (
                {"permanences": [{**MORNING, "maximum_min": 122}]},
                "permanences.1.maximum_min",
                "« 122 » n’est pas un multiple de 5 min",
            ),
            (
                {"permanences": [{**MORNING, "journee_entiere": True}]},
                "permanences.1.journee_entiere",
                "« matin » ne contient pas la plage du repas, de 11:30 à 14:30",
            ),
            (
                {"permanences": [{**WHOLE, "minimum_min": 365}]},
                "permanences.1.minimum_min",
                "365 min et 30 min de repas ne tiennent pas dans les 6 h 30 de « journée »",
            ),
            (
                {"permanences": [MORNING, WHOLE, {**EVENING, "ouverture": "11:00"}]},
                "permanences.3.ouverture",
                "« soir » ouvre avant la fin de « matin »",
            ),
            (
                {"cycle": {"ecart_min_jours": 8, "ecart_max_jours": 7}},
                "cycle.ecart_min_jours",
                "8 jours au moins, mais 7 au plus",
            ),
            (
                {"cycle": {"ecart_min_jours": 8, "ecart_max_jours": 13}},
                "cycle.ecart_max_jours",
                "entre 8 et 13 jours d’écart, on ne revient jamais le même jour de la semaine",
            ),
            (
                {"permanences": [MORNING, {**EVENING, "nom": "matin"}]},
                "permanences",
                "le nom « matin » est déjà pris",
            ),
            ({"permanences": [{**MORNING, "nom": "retour"}]}, "permanences", "est déjà pris"),
            (
                {"permanences": [{**EVENING, "ouverture": "19:00", "fermeture": "22:00"}]},
                "permanences.1",
                "« soir » est hors de la journée",
            ),
            (
                {"journee": {"retour_au_plus_tard": "07:00"}, "permanences": [MORNING]},
                "journee.retour_au_plus_tard",
                "07:00 ne vient pas après le départ à 07:00",
            ),
            (
                {"journee": {"repas_min": 200}},
                "journee.repas_jusqu_a",
                "200 min de repas ne tiennent pas entre 11:30 et 14:30",
            ),
            (
                {"journee": {"retour_au_plus_tard": "21:00"}},
                "journee",
                "laisse 10 h de repos, moins que 11 h",
            ),
            ({"semaine": {"travail_max_h": 50}}, "semaine.travail_max_h", "48 h permises"),
            (
                {"semaine": {"ouverture_min_h": 40}},
                "semaine.ouverture_min_h",
                "ouvrir 40 h en travaillant au plus 39 h est impossible",
            ),
            ({"cycle": {"semaines_du_mois": []}}, "cycle.semaines_du_mois", "aucune semaine"),
            ({"cycle": {"semaines_du_mois": [2, 2]}}, "cycle.semaines_du_mois", "en double"),
            ({"cycle": {"jours": []}}, "cycle.jours", "aucun jour"),
            ({"cycle": {"jours": ["lundi", "lundi"]}}, "cycle.jours", "en double"),
            (
                {"cycle": {"semaines": 4}},
                "cycle.semaines",
                "un cycle de 4 semaines ne se répète pas",
            ),
            (
                {"agents": [{}, {}, {"semaines": []}]},
                "agents.3.semaines",
                "cet agent n’a aucune semaine",
            ),
            (
                {"acces": [{"minutes": 15}, {"minutes": 15}]},
                "acces",
                "deux objectifs à 15 min",
            ),
            (
                {
                    "acces": [
                        {"minutes": 15, "operateur": "CPAM"},
                        {"minutes": 15, "operateur": "c.p.a.m"},
                        {"minutes": 15, "operateur": "cpam"},
                    ]
                },
                "acces",
                "deux objectifs à 15 min",
            ),
            (
                {
                    "acces": [
                        {"minutes": 15, "operateur": "X2"},
                        {"minutes": 15, "permanences": 2},
                    ]
                },
                "acces",
                "deux objectifs ont le même nom de niveau, habitants_au_dela_15_x2",
            ),
            (
                {"acces": [{"minutes": 15}, {"minutes": 15, "poids": "plus de 75 ans"}]},
                "acces.2.poids",
                "« plus de 75 ans » est une colonne d’un fichier d’habitants, et aucun n’est donné",
            ),
            (
                {"acces": [{"minutes": 15, "part_pct": 95}, {"minutes": 30, "part_pct": 80}]},
                "acces",
                "95 % à 15 min et 80 % à 30 min se contredisent",
            ),
            (
                {
                    "acces": [
                        {"minutes": 15, "part_pct": 95},
                        {"minutes": 20},
                        {"minutes": 30, "part_pct": 80},
                    ]
                },
                "acces",
                "95 % à 15 min et 80 % à 30 min se contredisent",
            ),
        ],
    )
    def test_each_contradiction_is_told_alone(self, keys, where, words):
        told = faults_of(keys)
        assert list(told) == [where]
        assert words in told[where]

    @pytest.mark.parametrize(
        "keys",
        [
            {"acces": []},
            {"acces": [{"minutes": 15, "part_pct": 80}, {"minutes": 30, "part_pct": 80}]},
            {"acces": [{"minutes": 15, "part_pct": 80}, {"minutes": 30}]},
            {"cycle": {"semaines": 2}},
            {"cycle": {"semaines": 4, "semaines_du_mois": [1, 2, 3, 4]}},
            {"permanences": [MORNING]},
            {"permanences": [MORNING, WHOLE, {**EVENING, "ouverture": "14:00"}]},
            {"permanences": [WHOLE, MORNING]},
            {"permanences": [{**WHOLE, "minimum_min": 360, "maximum_min": 360}]},
            {"permanences": [{**MORNING, "maximum_min": 120}]},
            {"cycle": {"ecart_min_jours": 14, "ecart_max_jours": 14}},
            {"cycle": {"ecart_max_jours": 3, "meme_creneau": False}},
            {"permanences": [MORNING, {**EVENING, "ouverture": "12:00", "fermeture": "15:00"}]},
            {"vehicules": [{"energie": "électrique", "autonomie_km": 250}]},
            {
                "acces": [
                    {"minutes": 15, "part_pct": 95},
                    {"minutes": 15, "operateur": "CPAM"},
                    {"minutes": 15, "permanences": 2},
                    {"minutes": 30, "part_pct": 80, "operateur": "CPAM"},
                ]
            },
            {"journee": {"retour_au_plus_tard": "20:00"}},
            {"agents": [{}, {}, {"semaines": [1]}]},
        ],
    )
    def test_what_is_unusual_but_sound_is_accepted(self, keys):
        assert faults_of(keys) == {}


GUIDE = (Path(__file__).parent.parent / "docs" / "guide.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)


@pytest.mark.parametrize("block", [block for block in SHOWN if "[reseau]" not in block])
def test_what_the_guide_shows_has_no_fault(block):
    assert faults_of({"habitants": {"fichier": "h.csv"}, **tomllib.loads(block)}) == {}


class TestOrder:
    def test_it_follows_the_goals_and_the_rule_on_hours(self):
        keys = {"acces": [{"minutes": 15}, {"minutes": 45}], "mairie": {"horaires": "ignores"}}
        assert Scenario.from_keys({**SHORTEST, **keys}).order() == (
            "passages",
            "habitants_au_dela_45",
            "habitants_au_dela_15",
            "acces_moyen",
            "route",
        )

    @pytest.mark.parametrize(
        ("keys", "level"),
        [
            ({"minutes": 30}, "habitants_au_dela_30"),
            ({"minutes": 30, "operateur": "CPAM"}, "habitants_au_dela_30_cpam"),
            (
                {"minutes": 30, "operateur": "Finances  publiques (DGFiP)"},
                "habitants_au_dela_30_finances_publiques_dgfip",
            ),
            ({"minutes": 20, "poids": "Habitants"}, "habitants_au_dela_20"),
            ({"minutes": 20, "poids": "75 ans et +"}, "habitants_au_dela_20_75_ans_et"),
            ({"minutes": 15, "permanences": 2}, "habitants_au_dela_15_x2"),
            (
                {"minutes": 15, "operateur": "Caf", "poids": "âgés", "permanences": 3},
                "habitants_au_dela_15_caf_ages_x3",
            ),
        ],
    )
    def test_a_goal_names_its_level(self, keys, level):
        assert Goal.model_validate(keys).level == level

    @given(GOAL)
    def test_levels_hold_letters_digits_and_underscores_only(self, keys):
        level = Goal.model_validate(keys).level
        assert level.replace("_", "").isalnum()
        assert level.startswith("habitants_au_dela_")

    def test_goals_of_every_kind_have_their_level_far_ones_first(self):
        goals = [{"minutes": 15}, {"minutes": 30, "operateur": "CPAM"}, {"minutes": 30}]
        assert Scenario.from_keys({**SHORTEST, "acces": goals}).order()[1:4] == (
            "habitants_au_dela_30_cpam",
            "habitants_au_dela_30",
            "habitants_au_dela_15",
        )

    def test_the_users_own_order_wins(self):
        keys = {**SHORTEST, "objectifs": {"ordre": ["route", "passages"]}}
        assert Scenario.from_keys(keys).order() == ("route", "passages")


@pytest.mark.parametrize(
    ("given_word", "answer"),
    [("rout", "vouliez-vous « route » ?"), ("zzz", "attendu : km, route")],
)
def test_what_was_probably_meant_or_all_there_is(given_word, answer):
    assert one_of(given_word, ["km", "route"]) == answer
