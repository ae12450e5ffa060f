from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tourplan.check import (
    OUTLINE_SLACK_M,
    candidate_codes,
    checked,
    file_faults,
    order_faults,
    residents_of,
    territory_faults,
    territory_of,
)
from tourplan.errors import Fault, InputError
from tourplan.reading import from_keys, read_scenario
from tourplan.scenario import Scenario
from tourplan.starter import EXAMPLES, LODEVOIS, PIC_SAINT_LOUP, TEN, example
from tourplan.territory import Territory, read_territory

FIXED = settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SQUARE = [[[3.3, 43.6], [3.5, 43.6], [3.5, 43.8], [3.3, 43.8], [3.3, 43.6]]]

# A scenario full of faults: one of every kind that the guide promises to find.
FULL_OF_FAULTS = """
titre = "Plein de fautes"
[communes]
candidates = ["34036"]
a_desservir = [
    "34999",            # unknown code
    "Le Bosc",          # a name
    "Pégairolles",      # an ambiguous name
    "34700",            # a postcode
    34060,              # no quotes
]
candidates_epci = ["Lodévois et Larzac"]
[habitants]
fichier = "habitants.csv"
[points_fixes]
fichiers = ["points.csv"]
exclus = ["inconnu"]
[territoire]
fichiers = ["communes.geojson"]
[cycle]
semaines = 3
jours = ["lundi", "funday"]
[[permanences]]
nom = "matin"
ouverture = "12:15"
fermeture = "09:45"     # closes before it opens
[[permanences]]
nom = "soir"
ouverture = 18
fermeture = "19:00"
[journee]
depart_au_plus_tot = "7 heures"
[semaine]
travail_max_h = "39"
[[agents]]
agence = "00000"
[[agents]]
semaines = [2, 5]
[[agents]]
semaines = []           # no week
[[vehicules]]
depot = "34998"         # no commune
depots = "34079"        # unknown key
energie = "diesel"
[[reglages]]
communes = ["34036", "34172"]   # the second is no candidate
passages = 2
passages_max = 1
[[reglages]]
communes = ["34036"]
passages = 3            # said above
[[lieux]]
code_insee = "34036"
nom = "Foyer"
lon = 2.35              # in Paris
lat = 48.85
[[imposes]]
commune = "Lodève"      # a name
creneau = "matinée"     # no such session
[[interdits]]
vehicule = "Camion"     # no such vehicle
[[acces]]
minutes = 15
part_pct = 95
[[acces]]
minutes = 30
part_pct = 80           # contradicts the one above
[objectifs]
ordre = ["rout", "passages"]
"""


def feature(code: str, lon: float, lat: float, rings: Any = SQUARE, **more: Any) -> dict[str, Any]:
    properties = {"code": code, "nom": "Neuve", "population": 10, "point_lon": lon}
    return {
        "type": "Feature",
        "properties": {**properties, "point_lat": lat, **more},
        "geometry": rings and {"type": "Polygon", "coordinates": rings},
    }


def write_communes(folder: Path, *features: Any) -> None:
    content = {"type": "FeatureCollection", "features": features}
    (folder / "communes.geojson").write_text(json.dumps(content), encoding="utf-8")


def write_files(folder: Path) -> None:
    """A user's communes, counters and residents, each with a fault."""
    write_communes(folder, feature("34997", 3.4, 43.7), feature("34996", 2.4, 43.7))
    (folder / "points.csv").write_text(
        "id;nom;code_insee;lon;lat\nloin;Arrêt;16015;3.2;43.3\nbon;Agence;34997;3.4;43.7\n",
        encoding="utf-8",
    )
    (folder / "habitants.csv").write_text(
        "code_insee;habitants\n34036;12\n99999;3\n", encoding="utf-8"
    )


def faults_of(keys: dict[str, Any], base: Path = Path()) -> list[Fault]:
    """Every fault of a scenario held against its territory."""
    with pytest.raises(InputError) as caught:
        checked(*from_keys({"titre": "Essai", **keys}, base))
    for fault in caught.value.faults:
        assert fault.where
        assert fault.what
        assert fault.mend
    return list(caught.value.faults)


def fault_of(keys: dict[str, Any], base: Path = Path()) -> str:
    (fault,) = faults_of(keys, base)
    return str(fault)


@pytest.fixture(scope="module")
def embedded() -> Territory:
    return read_territory()


def test_a_scenario_full_of_faults_is_told_all_at_once(tmp_path):
    write_files(tmp_path)
    path = tmp_path / "scenario.toml"
    path.write_text(FULL_OF_FAULTS, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        checked(*read_scenario(path))
    told = {str(fault) for fault in caught.value.faults}
    assert all(f.where and f.what and f.mend for f in caught.value.faults)
    expected = {
        # form
        'communes.a_desservir.5 : code 34060 sans guillemets → écrivez "34060"',
        "cycle.semaines : « 3 » inconnu → attendu 1, 2 ou 4",
        "cycle.jours.2 : « funday » inconnu → attendu lundi, mardi, mercredi, jeudi, vendredi, "
        "samedi ou dimanche",
        'permanences.2.ouverture : « 18 » n’est pas une heure → écrivez-la ainsi : "09:45"',
        "journee.depart_au_plus_tot : « 7 heures » n’est pas une heure → écrivez-la ainsi : "
        '"09:45"',
        "semaine.travail_max_h : « 39 » ne convient pas → donnez un nombre",
        "agents.2.semaines : semaine « 5 » inconnue → attendu 1 à 4",
        "vehicules.1.depots : clé inconnue → vouliez-vous « depot » ?",
        "vehicules.1.energie : « diesel » inconnu → attendu thermique, hybride ou électrique",
        # coherence
        "permanences.1.fermeture : « matin » ferme à 09:45 alors qu’elle ouvre à 12:15 → donnez "
        "une fermeture plus tardive que l’ouverture",
        "agents.3.semaines : cet agent n’a aucune semaine → donnez par exemple [2, 4]",
        "agents.1.agence : aucun véhicule ne part de « 00000 » (dépôts : « 34998 ») → équipe et "
        "véhicule partent ensemble : donnez un dépôt d’un véhicule, ou ajoutez cette agence à "
        "depot",
        "reglages.1.passages : donné avec passages_min ou passages_max → gardez passages, ou "
        "passages_min et passages_max",
        "acces : 95 % à 15 min et 80 % à 30 min se contredisent : qui est à 15 min est aussi à "
        "30 min → donnez au temps le plus long la part la plus grande",
        # against the territory
        "objectifs.ordre : « rout » inconnu → vouliez-vous « route » ?",
        'communes.a_desservir : « Le Bosc » n’est pas un code INSEE → écrivez "34036" (Le Bosc)',
        "communes.a_desservir : « Pégairolles » n’est pas un code INSEE → vouliez-vous 34195 "
        "(Pégairolles-de-Buèges), 34196 (Pégairolles-de-l’Escalette) ?",
        "communes.candidates_epci : intercommunalité « Lodévois et Larzac » inconnue → "
        "vouliez-vous 200017341 (CC Lodévois et Larzac) ?",
        'imposes.1.commune : « Lodève » n’est pas un code INSEE → écrivez "34142" (Lodève)',
        "reglages.1.communes : Montpellier (34172) n’est pas candidate → ajoutez-la à "
        "communes.candidates, ou retirez-la ici",
        "reglages.2.passages : déjà réglé par reglages.1 pour Le Bosc (34036) → gardez-le dans une "
        "seule des deux sections",
        "interdits.1.vehicule : aucun véhicule ne se nomme « Camion » → attendu : Véhicule 1",
        # the user's files
        "points_fixes.exclus : aucun point fixe n’a l’identifiant « inconnu » → reprenez la "
        "colonne id de data/points_fixes.csv ou de vos fichiers",
        "commune 34996 (Neuve) : son point est à 72 km hors de la commune → corrigez point_lon et "
        "point_lat",
        "habitants.fichier : code INSEE « 99999 » inconnu → communes connues : Hérault, Charente "
        "et Hautes-Alpes, ou les vôtres (territoire)",
    }
    assert expected <= told
    begun = {
        "communes.a_desservir : code INSEE « 34999 » inconnu → vouliez-vous 34",
        "communes.a_desservir : « 34700 » est un code postal, attendu un code INSEE",
        "agents.1.agence : code INSEE « 00000 » inconnu",
        "vehicules.1.depot : code INSEE « 34998 » inconnu → vouliez-vous 34",
        "point fixe « loin » : placé à 3",
        "lieu « Foyer » : placé à 5",
    }
    rest = told - expected
    assert len(rest) == len(begun)
    assert all(any(text.startswith(start) for text in rest) for start in begun)


class TestEmbedded:
    @pytest.mark.parametrize("name", EXAMPLES)
    def test_the_examples_have_no_fault(self, name):
        territory = checked(example(name), [])
        assert len(territory.communes) == 862

    def test_candidates_hold_the_required_and_leave_out_the_excluded(self, embedded):
        keys = {"a_desservir": ["34079"], "candidates_epci": [LODEVOIS], "exclues": ["34142"]}
        scenario = Scenario.from_keys({"titre": "x", "communes": keys})
        codes = candidate_codes(scenario, embedded)
        assert list(codes) == sorted(codes)
        assert len(codes) == 28 - 1 + 1
        assert "34079" in codes
        assert "34142" not in codes

    def test_both_intercommunalites_have_sixty_four_candidates(self, embedded):
        assert len(candidate_codes(example("herault-libre"), embedded)) == 64


class TestResidents:
    def total(self, keys: dict[str, Any], territory: Territory) -> int:
        scenario = Scenario.from_keys({"titre": "x", "communes": {"a_desservir": [TEN[0]]}, **keys})
        return sum(point.weight for point in residents_of(scenario, territory).points)

    def test_they_are_those_of_the_intercommunalites_concerned(self, embedded):
        assert self.total({}, embedded) == 14_929

    def test_they_are_those_of_the_intercommunalites_named(self, embedded):
        both = self.total({"habitants": {"epci": [LODEVOIS, PIC_SAINT_LOUP]}}, embedded)
        pic = sum(embedded[c].population for c in embedded.of_epci(PIC_SAINT_LOUP))
        assert both == 14_929 + pic

    def test_communes_may_be_added(self, embedded):
        more = self.total({"habitants": {"communes": ["34079"]}}, embedded)
        assert more == 14_929 + embedded["34079"].population

    def test_a_file_takes_their_place_and_its_points_add_up(self, embedded, tmp_path):
        (tmp_path / "h.csv").write_text("code_insee,habitants\n34060,5\n34036,1\n34060,2\n")
        keys = {"titre": "x", "communes": {"a_desservir": ["34036"]}}
        scenario = Scenario.from_keys({**keys, "habitants": {"fichier": "h.csv"}}, tmp_path)
        points = residents_of(scenario, embedded).points
        assert [(p.code, p.weight) for p in points] == [("34036", 1), ("34060", 7)]


class TestCodes:
    @pytest.mark.parametrize(
        ("keys", "where"),
        [
            ({"communes": {"a_desservir": ["34999"]}}, "communes.a_desservir"),
            ({"communes": {"candidates": ["34999"]}}, "communes.candidates"),
            (
                {"communes": {"a_desservir": ["34036"], "exclues": ["34999"]}},
                "communes.exclues",
            ),
            (
                {
                    "communes": {"a_desservir": ["34036"]},
                    "habitants": {"communes": ["34999"]},
                },
                "habitants.communes",
            ),
            (
                {
                    "communes": {"a_desservir": ["34036"]},
                    "vehicules": [{"depot": ["34079", "34999"]}],
                },
                "vehicules.1.depot",
            ),
            (
                {
                    "communes": {"a_desservir": ["34036"]},
                    "agents": [{}, {"agence": "34999"}],
                },
                "agents.2.agence",
            ),
        ],
    )
    def test_an_unknown_code_is_told_wherever_it_stands(self, keys, where):
        text = fault_of(keys)
        assert text.startswith(f"{where} : code INSEE « 34999 » inconnu → vouliez-vous 34")

    @pytest.mark.parametrize("where", ["communes.candidates_epci", "habitants.epci"])
    @pytest.mark.parametrize(
        ("typed", "mend"),
        [
            ("CC Lodévois et Larzac", "vouliez-vous 200017341 (CC Lodévois et Larzac)"),
            ("lodevois larzac", "200017341"),
            ("20001734", "200017341"),
            ("???", "donnez son numéro SIREN à 9 chiffres"),
        ],
    )
    def test_an_unknown_intercommunalite_gives_the_nearest(self, where, typed, mend):
        section, key = where.split(".")
        keys: dict[str, Any] = {"communes": {"a_desservir": ["34036"]}}
        keys[section] = {**keys.get(section, {}), key: [typed]}
        text = fault_of(keys)
        assert text.startswith(f"{where} : intercommunalité « {typed} » inconnue")
        assert mend in text

    def test_the_same_fault_is_told_once(self):
        found = faults_of({"communes": {"a_desservir": ["34999", "34999"]}})
        assert len(found) == len(set(found)) == 2  # unknown, and twice in the list

    @pytest.mark.parametrize("name", ["<script>alert('x')</script>", "'; DROP", "??", "\x1b[J"])
    def test_a_hostile_name_is_only_a_wrong_name(self, name):
        text = fault_of({"communes": {"a_desservir": [name]}})
        assert "n’est pas un code INSEE" in text
        assert "\x1b" not in text

    @FIXED
    @given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=5, unique=True))
    def test_no_code_makes_it_fail(self, codes):
        scenario, _ = from_keys(
            {
                "titre": "x",
                "communes": {"a_desservir": codes, "candidates_epci": codes, "exclues": codes},
                "vehicules": [{"depot": codes[:2]}],
                "reglages": [{"communes": codes, "epci": codes, "passages": 1}],
                "imposes": [{"commune": codes[0]}],
                "interdits": [{"commune": codes[0], "jour": "lundi"}],
                "lieux": [{"code_insee": codes[0], "nom": codes[0], "lon": 0, "lat": 0}],
                "objectifs": {"ordre": codes},
            }
        )
        faults = territory_faults(scenario, read_territory()) + order_faults(scenario)
        assert faults
        assert all(f.where and f.what and f.mend for f in faults)


LE_BOSC = {"communes": {"a_desservir": ["34036"]}}


class TestChoices:
    """Communes settled, imposed or forbidden, rooms and operators, against the territory."""

    @pytest.mark.parametrize(
        ("keys", "text"),
        [
            (
                {"imposes": [{"commune": "34172"}]},
                "imposes.1.commune : Montpellier (34172) n’est pas candidate",
            ),
            (
                {"interdits": [{"commune": "34172"}]},
                "interdits.1.commune : Montpellier (34172) n’est pas candidate",
            ),
            (
                {"interdits": [{"commune": "34999"}]},
                "interdits.1.commune : code INSEE « 34999 » inconnu",
            ),
            (
                {"reglages": [{"communes": ["34999"], "passages": 1}]},
                "reglages.1.communes : code INSEE « 34999 » inconnu",
            ),
            (
                {"reglages": [{"epci": ["Lodévois"], "passages": 1}]},
                "reglages.1.epci : intercommunalité « Lodévois » inconnue",
            ),
            (
                {"reglages": [{"epci": [PIC_SAINT_LOUP], "passages": 1}]},
                "reglages.1.epci : aucune commune de CC du Grand Pic Saint-Loup n’est candidate",
            ),
            (
                {"reglages": [{"communes": ["34036"], "passages": 0}]},
                "reglages.1.passages : Le Bosc (34036) : à desservir, mais aucun passage",
            ),
            (
                {"lieux": [{"code_insee": "34999", "nom": "Foyer"}]},
                "lieu « Foyer » : code INSEE « 34999 » inconnu",
            ),
            (
                {"lieux": [{"code_insee": "34036", "nom": "Foyer", "lon": 3.3, "lat": 43.6}]},
                "lieu « Foyer » : placé à 10 km hors de sa commune, Le Bosc",
            ),
            (
                {
                    "lieux": [{"code_insee": "34036", "nom": "Foyer", "acces_pmr": False}],
                    "salles": {"exiger_acces_pmr": True},
                },
                "salles.exiger_acces_pmr : aucun lieu donné pour Le Bosc (34036) n’y répond",
            ),
            (
                {"acces": [{"minutes": 30, "operateur": "CPAM"}]},
                "acces : aucun point fixe n’a l’opérateur « CPAM » → nommez dans [points_fixes]",
            ),
        ],
    )
    def test_each_is_told_alone(self, keys, text):
        assert fault_of({**LE_BOSC, **keys}).startswith(text)

    def test_rooms_that_are_not_said_unfit_are_accepted(self, embedded):
        venue = {"code_insee": "34036", "nom": "Foyer", "acces_pmr": False}
        other = {"code_insee": "34036", "nom": "École"}
        salles = {"exiger_acces_pmr": True, "exiger_confidentialite": True}
        keys = {"titre": "x", **LE_BOSC, "lieux": [venue, other], "salles": salles}
        assert territory_faults(Scenario.from_keys(keys), embedded) == []

    def test_an_operator_is_found_whatever_its_case_or_the_nearest_is_given(self, tmp_path):
        (tmp_path / "p.csv").write_text("id;nom;code_insee;operateurs\na;A;34079;CPAM|Caf\n")
        keys = {**LE_BOSC, "points_fixes": {"fichiers": ["p.csv"]}}
        goals = [{"minutes": 30, "operateur": "cpam"}, {"minutes": 20, "operateur": "Caff"}]
        text = fault_of({**keys, "acces": goals}, tmp_path)
        assert text == "acces : aucun point fixe n’a l’opérateur « Caff » → vouliez-vous « Caf » ?"

    def test_weights_are_a_column_of_the_file_of_residents(self, tmp_path):
        (tmp_path / "h.csv").write_text("code_insee;habitants;Plus de 75\n34036;9;2\n")
        keys = {**LE_BOSC, "habitants": {"fichier": "h.csv"}}
        goals = [{"minutes": 30, "poids": "plus de 75"}, {"minutes": 20, "poids": "moins de 20"}]
        text = fault_of({**keys, "acces": goals}, tmp_path)
        assert text.startswith("h.csv : colonne « moins_de_20 » absente")


class TestOrder:
    def of(self, *order: str) -> list[str]:
        keys = {"titre": "x", "objectifs": {"ordre": list(order)}}
        return [str(fault) for fault in order_faults(from_keys(keys)[0])]

    def test_every_level_on_offer_is_known(self):
        names = ("passages", "habitants_au_dela_45", "heures_mairie", "acces_moyen", "route", "km")
        assert self.of(*names, "ouverture") == []

    def test_the_levels_of_the_goals_are_known(self):
        goals = [{"minutes": 30, "operateur": "CPAM"}, {"minutes": 15, "permanences": 2}]
        keys = {"titre": "x", "acces": goals}
        assert order_faults(from_keys(keys)[0]) == []
        keys["objectifs"] = {"ordre": ["habitants_au_dela_30_cpan"]}
        (fault,) = order_faults(from_keys(keys)[0])
        assert fault.mend == "vouliez-vous « habitants_au_dela_30_cpam » ?"

    @pytest.mark.parametrize("name", ["rout", "habitants_au_dela_", "habitants_au_dela_-5", ""])
    def test_an_unknown_level_is_told(self, name):
        (text,) = self.of("passages", name)
        assert text.startswith("objectifs.ordre : ")
        assert "inconnu → " in text

    def test_a_level_twice_and_no_level_are_told(self):
        assert "figure deux fois" in self.of("route", "route")[0]
        assert "aucun objectif" in self.of()[0]


OWN_COMMUNES = {
    "communes": {"a_desservir": ["34036"]},
    "territoire": {"fichiers": ["communes.geojson"]},
}


class TestFiles:
    def outside(self, tmp_path: Path, lon: float, lat: float, rings: Any = SQUARE) -> list[str]:
        write_communes(tmp_path, feature("34999", lon, lat, rings))
        scenario, _ = from_keys({"titre": "x", **OWN_COMMUNES}, tmp_path)
        return [str(f) for f in file_faults(scenario, territory_of(scenario))]

    def test_a_point_inside_its_commune_is_sound(self, tmp_path):
        assert self.outside(tmp_path, 3.4, 43.7) == []

    def test_a_commune_without_outline_is_sound(self, tmp_path):
        assert self.outside(tmp_path, 3.4, 43.7, None) == []

    @pytest.mark.parametrize(
        ("lon", "lat", "length"),
        [(3.4, 43.801, "111 m"), (3.4, 43.85, "5,6 km"), (3.4, 47.8, "445 km")],
    )
    def test_how_far_outside_is_told_in_metres_or_kilometres(self, tmp_path, lon, lat, length):
        (text,) = self.outside(tmp_path, lon, lat)
        assert text.startswith(f"commune 34999 (Neuve) : son point est à {length} hors de")

    def test_the_rounding_of_outlines_is_forgiven(self, tmp_path):
        metre = 1 / 111_195
        assert self.outside(tmp_path, 3.4, 43.8 + 0.5 * OUTLINE_SLACK_M * metre) == []
        assert self.outside(tmp_path, 3.4, 43.8 + 2 * OUTLINE_SLACK_M * metre)

    @pytest.mark.parametrize(
        "rings",
        [
            [[[3.3, 43.6], [3.5, 43.6], [3.5, 43.8]]],
            [[[3.3, 43.6], [3.5, 43.6], [3.5, 43.8], [3.4, 43.7]]],
            [
                [
                    [700_000, 6_200_000],
                    [700_100, 6_200_000],
                    [700_100, 6_200_100],
                    [700_000, 6_200_000],
                ]
            ],
            [[[float("nan"), 43.6], [3.5, 43.6], [3.5, 43.8], [float("nan"), 43.6]]],
            [["a", "b"]],
            [[None]],
            "anneau",
            [[]],
            {"a": 1},
            5,
        ],
    )
    def test_an_outline_that_cannot_be_read_is_told(self, tmp_path, rings):
        (text,) = self.outside(tmp_path, 3.4, 43.7, rings)
        assert text.startswith("commune 34999 (Neuve) : contour illisible → ")

    def test_a_bow_tie_is_no_crash(self, tmp_path):
        bow = [[[3, 43], [4, 44], [4, 43], [3, 44], [3, 43]]]
        assert self.outside(tmp_path, 3.1, 43.5, bow) == []

    def counters(self, tmp_path: Path, row: str, **options: Any) -> list[str]:
        (tmp_path / "points.csv").write_text(f"id;nom;code_insee;lon;lat\n{row}\n")
        section = {"fichiers": ["points.csv"], **options}
        keys = {"communes": {"a_desservir": ["34036"]}, "points_fixes": section}
        scenario, _ = from_keys({"titre": "x", **keys}, tmp_path)
        return [str(f) for f in file_faults(scenario, territory_of(scenario))]

    def test_the_bus_stop_geocoded_hundreds_of_kilometres_away_is_caught(self, tmp_path):
        (text,) = self.counters(tmp_path, "arret;Bus;16015;5.37;43.3")
        assert text.startswith("point fixe « arret » : placé à 4")
        assert " km de sa commune, Angoulême → vérifiez ses coordonnées et son code" in text

    def test_a_counter_in_its_commune_or_without_a_point_is_sound(self, tmp_path):
        assert self.counters(tmp_path, "a;Agence;34079;3.4328;43.627") == []
        assert self.counters(tmp_path, "a;Agence;34079;;") == []

    @pytest.mark.parametrize("embedded_too", [True, False])
    def test_a_counter_under_a_national_number_is_checked_all_the_same(
        self, tmp_path, embedded_too
    ):
        number = read_territory().counters[0].id
        row = f"{number};Copie;34079;2.35;48.85"
        (text,) = self.counters(tmp_path, row, integres=embedded_too)
        assert text.startswith(f"point fixe « {number} » : placé à 5")

    def test_a_national_file_of_residents_is_one_fault_not_thousands(self, tmp_path):
        rows = "".join(f"{code:05d};1\n" for code in range(1000, 31_000))
        (tmp_path / "h.csv").write_text(f"code_insee;habitants\n{rows}")
        keys = {"communes": {"a_desservir": ["34036"]}, "habitants": {"fichier": "h.csv"}}
        text = fault_of(keys, tmp_path)
        assert "codes INSEE inconnus, dont 01000, 01001" in text

    def test_faults_of_one_file_do_not_hide_those_of_another(self, tmp_path):
        write_communes(tmp_path, feature("34999", 2.4, 43.7))
        (tmp_path / "points.csv").write_text("id;nom;code_insee;lon;lat\na;Loin;34079;2.3;48.8\n")
        (tmp_path / "h.csv").write_text("code_insee;habitants\n34036;beaucoup\n")
        keys = {
            "communes": {"a_desservir": ["34036", "34998"]},
            "territoire": {"fichiers": ["communes.geojson"]},
            "points_fixes": {"fichiers": ["points.csv", "absent.csv"], "exclus": ["rien"]},
            "habitants": {"fichier": "h.csv"},
        }
        told = [str(fault) for fault in faults_of(keys, tmp_path)]
        for start in (
            "communes.a_desservir : code INSEE « 34998 » inconnu",
            "commune 34999 (Neuve) : son point",
            f"{tmp_path / 'absent.csv'} : le fichier",
            "points_fixes.exclus : aucun",
            "h.csv, ligne 2 : habitants : « beaucoup » n’est pas un nombre",
        ):
            assert any(text.startswith(start) for text in told), start

    @pytest.mark.parametrize("name", ["absent.csv", ".", "a\0b", "/dev/null/x"])
    def test_a_file_that_cannot_be_read_is_told(self, tmp_path, name):
        for section, key in (("territoire", "fichiers"), ("points_fixes", "fichiers")):
            keys = {"communes": {"a_desservir": ["34036"]}, section: {key: [name]}}
            assert fault_of(keys, tmp_path)
        keys = {"communes": {"a_desservir": ["34036"]}, "habitants": {"fichier": name}}
        assert fault_of(keys, tmp_path)

    def test_paths_start_from_the_folder_of_the_scenario(self, tmp_path):
        write_communes(tmp_path, feature("34999", 3.4, 43.7, epci_code=LODEVOIS))
        territory = checked(*from_keys({"titre": "x", **OWN_COMMUNES}, tmp_path))
        assert territory.name("34999") == "Neuve"


class TestNothing:
    def test_a_scenario_whose_communes_are_all_excluded_is_told(self, embedded):
        keys = {"candidates_epci": [LODEVOIS], "exclues": list(embedded.of_epci(LODEVOIS))}
        assert "toutes les communes sont dans exclues" in fault_of({"communes": keys})

    @pytest.mark.parametrize("rows", ["", "34036;0\n"])
    def test_a_scenario_that_counts_nobody_is_told(self, tmp_path, rows):
        (tmp_path / "h.csv").write_text(f"code_insee;habitants\n{rows}")
        keys = {"communes": {"a_desservir": ["34036"]}, "habitants": {"fichier": "h.csv"}}
        assert "aucun habitant n’est compté" in fault_of(keys, tmp_path)


def test_a_sound_scenario_has_no_fault_against_its_territory(embedded):
    assert territory_faults(example(), embedded) == []
    assert file_faults(example(), embedded) == []
