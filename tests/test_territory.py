from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tourplan.errors import InputError
from tourplan.territory import (
    MAX_RESIDENTS,
    Territory,
    read_communes,
    read_counters,
    read_territory,
)

SQUARE = {
    "type": "Polygon",
    "coordinates": [[[3.3, 43.6], [3.5, 43.6], [3.5, 43.8], [3.3, 43.8], [3.3, 43.6]]],
}


def feature(geometry: Any = None, **properties: Any) -> dict[str, Any]:
    """A commune of the user's, as GeoJSON."""
    base = {"code": "34999", "nom": "Neuve", "population": 10, "point_lon": 3.4, "point_lat": 43.7}
    return {"type": "Feature", "properties": {**base, **properties}, "geometry": geometry}


def communes_file(folder: Path, *features: Any) -> Path:
    path = folder / "communes.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def counters_file(folder: Path, *rows: str, columns: str = "id;nom;code_insee;lon;lat") -> Path:
    path = folder / "points.csv"
    path.write_text("\n".join([columns, *rows]), encoding="utf-8")
    return path


def faults_of(read: Any, *args: Any, **options: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(*args, **options)
    for fault in caught.value.faults:
        assert fault.where
        assert fault.mend
    return [str(fault) for fault in caught.value.faults]


@pytest.fixture(scope="module")
def embedded() -> Territory:
    return read_territory()


class TestEmbedded:
    def test_it_holds_the_three_departements(self, embedded):
        assert len(embedded.communes) == 862
        assert {c.departement for c in embedded.communes.values()} == {"05", "16", "34"}
        assert embedded["05001"].name == "Abriès-Ristolas"

    def test_intercommunalites_are_known_by_code(self, embedded):
        assert embedded.epcis()["200017341"] == "CC Lodévois et Larzac"
        assert len(embedded.of_epci("200017341")) == 28
        assert sum(embedded[code].population for code in embedded.of_epci("200017341")) == 14_929

    def test_every_counter_stands_in_a_known_commune(self, embedded):
        assert set(embedded.counter_codes()) <= set(embedded.communes)
        assert "34142" in embedded.counter_codes()

    def test_unknown_codes_are_shown_as_they_stand(self, embedded):
        assert "99999" not in embedded
        assert embedded.name("99999") == "99999"
        assert embedded.name("34036") == "Le Bosc"

    def test_it_is_shown_in_a_few_words(self, embedded):
        assert repr(embedded) == "Territory(862 communes, 109 points fixes)"

    def test_a_frame_has_one_row_a_commune_indexed_by_code(self, embedded):
        frame = embedded.to_frame()
        assert len(frame) == 862
        assert frame.loc["34036", "nom"] == "Le Bosc"
        assert frame.crs == "EPSG:4326"


class TestCommunes:
    def test_the_least_a_commune_must_say(self, tmp_path):
        (commune,) = read_communes(communes_file(tmp_path, feature())).values()
        assert (commune.code, commune.departement, commune.hours) == ("34999", "34", None)
        assert (commune.epci_code, commune.address, commune.geometry) == ("", "", None)

    @pytest.mark.parametrize(("population", "lon"), [(12.0, 3), ("12", "3,5"), (0, -180.0)])
    def test_numbers_as_gis_software_exports_them(self, tmp_path, population, lon):
        path = communes_file(tmp_path, feature(population=population, point_lon=lon))
        assert read_communes(path)["34999"].population == int(float(population))

    def test_a_hostile_name_stays_a_text_on_one_line(self, tmp_path):
        path = communes_file(tmp_path, feature(nom="<script>alert(1)</script>\n[x]"))
        assert read_communes(path)["34999"].name == "<script>alert(1)</script> [x]"

    @pytest.mark.parametrize(
        ("properties", "words"),
        [
            ({"code": 34999}, "« 34999 » n’est pas un code INSEE"),
            ({"code": "5001"}, "attendu 5 caractères, comme 05001"),
            ({"code": "３４０３６"}, "n’est pas un code INSEE"),
            ({"code": None}, "une valeur vide n’est pas un code INSEE"),
            ({"nom": None}, "nom : une valeur vide"),
            ({"nom": " "}, "nom : un texte vide"),
            ({"population": -1}, "population : « -1 »"),
            ({"population": 1.5}, "population : « 1.5 »"),
            ({"population": float("nan")}, "population : « nan »"),
            ({"population": True}, "population : « true »"),
            ({"population": MAX_RESIDENTS + 1}, "n’est pas un nombre entier d’habitants"),
            ({"population": 10**30}, "un nombre immense"),
            ({"population": "beaucoup"}, "population : « beaucoup » n’est pas un nombre"),
            ({"point_lon": None}, "point_lon : une valeur vide n’est pas un nombre"),
            ({"point_lon": 700_000.5}, "point_lon : « 700000.5 » est hors du globe"),
            ({"point_lat": float("inf")}, "point_lat : « inf » est hors du globe"),
            ({"point_lat": [43.7]}, "point_lat : une liste n’est pas un nombre"),
            ({"epci_code": {"a": 1}}, "epci_code : une section n’est pas un texte"),
            ({"mairie_horaires": "Mo 12:00-09:00"}, "ferme avant d’ouvrir"),
            ({"mairie_horaires": "lundi matin"}, "illisibles"),
        ],
    )
    def test_each_wrong_value_is_told_in_french(self, tmp_path, properties, words):
        (fault,) = faults_of(read_communes, communes_file(tmp_path, feature(**properties)))
        assert fault.startswith("communes.geojson, objet 1 : ")
        assert words in fault

    @pytest.mark.parametrize("geometry", [5, "x", [], {"type": "Point", "coordinates": [3, 43]}])
    def test_an_outline_must_be_a_polygon(self, tmp_path, geometry):
        (fault,) = faults_of(read_communes, communes_file(tmp_path, feature(geometry)))
        assert "contour illisible" in fault

    def test_every_faulty_commune_is_told_at_once(self, tmp_path):
        path = communes_file(
            tmp_path, feature(), 1, None, "x", [], {}, {"properties": None}, {"properties": {}}
        )
        found = faults_of(read_communes, path)
        assert len(found) == 7
        assert "objet 8 : « nom » manque" in found[-1]

    def test_a_code_twice_is_told(self, tmp_path):
        (fault,) = faults_of(read_communes, communes_file(tmp_path, feature(), feature()))
        assert "objet 2 : code INSEE 34999 en double" in fault

    @pytest.mark.parametrize(
        "text",
        ["", "{", "[]", "null", "5", '{"features": {}}', "[" * 100_000, "1" * 5000, "code;nom"],
    )
    def test_what_is_no_geojson_is_told(self, tmp_path, text):
        path = tmp_path / "communes.geojson"
        path.write_text(text)
        (fault,) = faults_of(read_communes, path)
        assert "ce n’est pas un GeoJSON" in fault


class TestCounters:
    def test_the_least_a_counter_must_say(self, tmp_path):
        path = counters_file(tmp_path, "1;Agence;34036", columns="id;nom;code_insee")
        (counter,) = read_counters(path)
        assert (counter.format, counter.half_day, counter.hours) == ("Fixe", False, None)
        assert (counter.lon, counter.operators) == (None, ())

    def test_operators_half_days_and_decimal_commas(self, tmp_path):
        columns = "id;nom;code_insee;lon;lat;demi_journee;operateurs;horaires"
        row = "1;Agence;34036;3,4;43,7;Oui;CAF|MSA, CPAM;Mo 09:00-12:00"
        (counter,) = read_counters(counters_file(tmp_path, row, columns=columns))
        assert (counter.lon, counter.lat, counter.half_day) == (3.4, 43.7, True)
        assert counter.operators == ("CAF", "MSA", "CPAM")
        assert counter.hours is not None

    def test_every_faulty_counter_is_told_at_once(self, tmp_path):
        path = counters_file(
            tmp_path,
            "1;Agence;34036;;;Fixe;",
            "1;Encore;34036;;;Fixe;",
            "2;Bus;34036;;;Bus_équivalent;",
            ";Sans;34036;;;;",
            "3;Loin;34036;abc;43;;",
            "4;Moitié;34036;3.4;;;",
            "5;Code;5001;;;;",
            "6;Demi;34036;;;;vrai",
            columns="id;nom;code_insee;lon;lat;format;demi_journee",
        )
        told = "\n".join(faults_of(read_counters, path))
        for words in (
            "ligne 3 : identifiant « 1 » en double",
            "ligne 4 : format : « Bus_équivalent » inconnu, attendu Fixe",
            "ligne 5 : « id » manque",
            "ligne 6 : lon : « abc » n’est pas un nombre",
            "ligne 7 : lon et lat vont ensemble",
            "ligne 8 : « 5001 » n’est pas un code INSEE",
            "ligne 9 : demi_journee : « vrai » inconnu",
        ):
            assert words in told

    def test_two_empty_ids_are_missing_not_in_double(self, tmp_path):
        told = faults_of(read_counters, counters_file(tmp_path, ";a;34036;;", ";b;34036;;"))
        assert [text.endswith("« id » manque → ajoutez-le") for text in told] == [True, True]


class TestReadTerritory:
    def test_a_users_commune_replaces_one_of_the_same_code(self, tmp_path):
        path = communes_file(tmp_path, feature(SQUARE, code="34036", nom="Nouveau Bosc"))
        territory = read_territory([path])
        assert territory.name("34036") == "Nouveau Bosc"
        assert len(territory.communes) == 862

    def test_counters_are_added_to_the_national_list_or_stand_alone(self, tmp_path):
        path = counters_file(tmp_path, "mine;Agence;34036;;")
        assert "34036" in read_territory([], [path]).counter_codes()
        assert len(read_territory([], [path]).counters) == 110
        alone = read_territory([], [path], embedded_counters=False)
        assert alone.counter_codes() == ("34036",)

    def test_a_counter_left_out_no_longer_counts(self, embedded):
        gone = embedded.counters[0].id
        left = read_territory(without=[gone])
        assert len(left.counters) == len(embedded.counters) - 1
        assert gone not in {counter.id for counter in left.counters}

    def test_the_faults_of_every_file_are_told_at_once(self, tmp_path):
        communes = communes_file(tmp_path, feature(population=-1))
        counters = counters_file(tmp_path, "1;Agence;99999;;")
        found = faults_of(
            read_territory,
            [communes, tmp_path / "absent.geojson"],
            [counters, tmp_path / "absent.csv"],
            without=["nobody"],
        )
        told = "\n".join(found)
        assert len(found) == 5
        for words in (
            "population : « -1 »",
            "absent.geojson » est introuvable",
            "absent.csv » est introuvable",
            "code INSEE « 99999 » inconnu",
            "aucun point fixe n’a l’identifiant « nobody »",
        ):
            assert words in told
