from __future__ import annotations

import sys
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tourplan.errors import InputError
from tourplan.network import table
from tourplan.network.table import BOTH_WAYS, TimesTable, read_times

FIXED = settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
GOOD = "depart;arrivee;minutes;km\n34079;34036;12,5;9,8\n34036;34079;13;9.8\n"


def written(folder: Path, content: str | bytes, name: str = "temps.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def drives(found: TimesTable) -> dict[tuple[str, str], tuple[int, int]]:
    columns = (found.origin, found.destination, found.time_s, found.distance_m)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return {(a, b): (s, m) for a, b, s, m in rows}


def faults_of(path: Path, where: str = "") -> list[str]:
    with pytest.raises(InputError) as caught:
        read_times(path, where)
    faults = caught.value.faults
    assert all(fault.mend or "autres fautes" in fault.what for fault in faults)
    return [str(fault) for fault in faults]


# --- What is read -----------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_drives_are_read_in_seconds_and_metres(tmp_path, mark, encoding):
    text = GOOD.replace("12,5", "12.5").replace("9,8", "9.8").replace("depart", "Départ")
    path = written(tmp_path, text.replace(";", mark).encode(encoding))
    found = read_times(path)
    assert drives(found) == {("34079", "34036"): (750, 9800), ("34036", "34079"): (780, 9800)}
    assert (found.places, found.notes) == (("34036", "34079"), ())
    assert repr(found) == "TimesTable(2 places, 2 drives)"


@pytest.mark.parametrize(
    "header",
    [
        "de;vers;minutes;km",
        "a;de;minutes;km",
        "from;to;duree_min;distance_km",
        "Code INSEE départ;Code INSEE arrivée;Durée (min);Distance (km)",
        "idSrc;idDst;temps_minutes;kilometres",
        "origine;destination;Temps en minutes;Distance en km",
    ],
)
def test_columns_have_other_names(tmp_path, header):
    found = read_times(written(tmp_path, f"{header}\n34079;34036;12;9\n34036;34079;12;9\n"))
    assert set(drives(found).values()) == {(720, 9000)}


def test_every_name_is_one_column_s(tmp_path):
    groups = [" ".join(table.ORIGIN), " ".join(table.DESTINATION)]
    groups += [*table.TIME.units, *table.DISTANCE.units]
    groups += [" ".join(table.TIME.bare), " ".join(table.DISTANCE.bare)]
    names = " ".join(groups).split()
    assert len(set(names)) == len(names)


def test_seconds_and_metres_are_read_as_such(tmp_path):
    text = "depart;arrivee;duree_s;distance_m\n34079;34036;750;9800\n"
    found = read_times(written(tmp_path, text))
    assert drives(found)["34079", "34036"] == (750, 9800)


def test_columns_of_codes_win_over_columns_of_names(tmp_path):
    text = "depart;code_insee_depart;arrivee;code_insee_arrivee;minutes;km\n"
    text += "Clermont-l’Hérault;34079;Brignac;34041;6;4,2\n"
    assert ("34079", "34041") in drives(read_times(written(tmp_path, text)))


def test_codes_of_corsica_are_read_in_any_case(tmp_path):
    text = "de;vers;minutes;km\n2a004;2B033;150;140\n"
    assert ("2A004", "2B033") in drives(read_times(written(tmp_path, text)))


def test_a_place_to_itself_says_nothing(tmp_path):
    text = GOOD + "34079;34079;0;0\n34036;34036;0;0\n"
    assert len(read_times(written(tmp_path, text)).time_s) == 2


def test_the_same_line_twice_counts_once(tmp_path):
    text = GOOD + "34079;34036;12.50;9.800\n"
    assert len(read_times(written(tmp_path, text)).time_s) == 2


def test_a_drive_lasts_a_second_at_least(tmp_path):
    text = "de;vers;minutes;km\n34079;34036;0,001;0\n"
    assert drives(read_times(written(tmp_path, text)))["34079", "34036"] == (1, 0)


def test_a_short_first_line_hides_no_column(tmp_path):
    text = "de;vers;minutes;km;note\n34079;34036;12;9\n34036;34079;12;9;mesuré\n"
    assert len(read_times(written(tmp_path, text)).time_s) == 2


# --- Both ways --------------------------------------------------------------------------------


def test_a_table_one_way_only_holds_both_ways_and_says_so(tmp_path):
    text = "de;vers;minutes;km\n34079;34036;12;9\n34079;34041;6;4\n"
    found = read_times(written(tmp_path, text))
    assert found.notes == (BOTH_WAYS,)
    assert drives(found)["34041", "34079"] == (360, 4000)
    assert not found.matrix(["34036", "34041"]).reachable[0, 1]


def test_a_way_back_that_is_missing_is_not_made_up(tmp_path):
    text = GOOD + "34079;34041;6;4\n"
    found = read_times(written(tmp_path, text))
    assert found.notes == ()
    assert ("34041", "34079") not in drives(found)


# --- The matrix -------------------------------------------------------------------------------


def test_the_matrix_is_in_the_order_asked(tmp_path):
    found = read_times(written(tmp_path, GOOD + "34079;34041;6;4\n"))
    time_s, distance_m, reachable = found.matrix(("34041", "34079", "01001", "34036"))
    assert time_s.tolist() == [[0, 0, 0, 0], [360, 0, 0, 750], [0, 0, 0, 0], [0, 780, 0, 0]]
    assert distance_m.tolist() == [[0] * 4, [4000, 0, 0, 9800], [0] * 4, [0, 9800, 0, 0]]
    assert reachable.tolist() == (np.eye(4, dtype=bool) | (time_s > 0)).tolist()
    assert time_s.dtype == distance_m.dtype == np.int64


def test_a_matrix_of_no_place_is_empty(tmp_path):
    assert read_times(written(tmp_path, GOOD)).matrix([]).time_s.shape == (0, 0)


def test_a_place_asked_twice_is_a_mistake(tmp_path):
    with pytest.raises(ValueError, match="twice"):
        read_times(written(tmp_path, GOOD)).matrix(["34079", "34079"])


CODES = ("01053", "34036", "34079", "2A004", "97411")


@FIXED
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(CODES), st.sampled_from(CODES)).filter(lambda p: p[0] != p[1]),
        st.tuples(st.integers(1, 7200), st.integers(0, 1999)),
        min_size=1,
    ),
    st.permutations(CODES),
)
def test_what_is_written_is_what_is_asked(tmp_path, given_drives, places):
    lines = [f"{a};{b};{s};{m}" for (a, b), (s, m) in given_drives.items()]
    found = read_times(written(tmp_path, "\n".join(["de;vers;secondes;metres", *lines])))
    square = found.matrix(places)
    for a, origin in enumerate(places):
        for b, destination in enumerate(places):
            there = given_drives.get((origin, destination))
            back = given_drives.get((destination, origin)) if found.both_ways else None
            known = (0, 0) if a == b else there or back
            assert square.reachable[a, b] == (known is not None)
            assert (square.time_s[a, b], square.distance_m[a, b]) == (known or (0, 0))


# --- Columns that are refused -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("deprt;arrivee;minutes;km", ["« depart » absente → « deprt » : vouliez-vous « depart »"]),
        ("x;y;z;t", ["« depart »", "« arrivee »", "« minutes »", "« km » absente"]),
        ("de;vers;duree;km", ["« duree » sans unité → nommez-la duree_min ou duree_s"]),
        ("de;vers;minutes;distance", ["« distance » sans unité → nommez-la distance_km"]),
        ("de;vers;minutes;note", ["« km » absente → ajoutez-la ; lues : de, vers, minutes"]),
        ("de;vers;minutes;secondes;km", ["« minutes » et « secondes » : laquelle lire ?"]),
        ("de;depart;vers;minutes;km", ["« depart » et « de » : laquelle lire ?"]),
        ("de;vers;minutes;km;km", ["« km » en double"]),
        (";34079;34036;34041", ["tableau carré"]),
    ],
)
def test_columns_that_are_not_known_are_told_at_once(tmp_path, header, told):
    line = ";".join(["34079", "34036", "12", "9", "1"][: header.count(";") + 1])
    faults = faults_of(written(tmp_path, f"{header}\n{line}\n"))
    assert len(faults) == len(told)
    for fault, text in zip(faults, told, strict=True):
        assert text in fault


# --- Cells that are refused -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("1053;34036;12;9", "code « 1053 » : le tableur a perdu son zéro → écrivez 01053"),
        ("1053.0;34036;12;9", "le tableur a perdu son zéro → écrivez 01053"),
        ("Brignac;34036;12;9", "« BRIGNAC » n’est pas un code INSEE"),
        (";34036;12;9", "un texte vide n’est pas un code INSEE"),
        ("٣٤٠٧٩;34036;12;9", "n’est pas un code INSEE"),
        ("34079;34036;;9", "« minutes » : un texte vide n’est pas un nombre → ôtez la ligne"),
        ("34079;34036;12", "« km » : un texte vide n’est pas un nombre"),
        ("34079;34036;=A1*2;9", "« minutes » : « =A1*2 » n’est pas un nombre"),
        ("34079;34036;12;NaN", "« km » : « NaN » n’est pas un nombre"),
        ("34079;34036;0;9", "« minutes » : « 0 » impossible → attendu plus de 0 et 1440 au plus"),
        ("34079;34036;-3;9", "« -3 » impossible"),
        ("34079;34036;1441;9", "« 1441 » impossible"),
        ("34079;34036;12;-1", "« km » : « -1 » impossible → attendu 0 au moins et 3000 au plus"),
        ("34079;34036;12;3001", "« 3001 » impossible"),
        ("34079;34036;1e99;9", "« 1e99 » impossible"),
        ("34041;34041;3;2", "de 34041 à 34041, ni temps ni distance"),
        ("34079;34036;14;9,8", "trajet 34079 → 34036 déjà donné, avec d’autres valeurs"),
        ("34079;34036;12,5;9,9", "déjà donné"),
    ],
)
def test_a_line_that_is_wrong_is_told(tmp_path, line, told):
    (fault,) = faults_of(written(tmp_path, GOOD + line + "\n"))
    assert fault.startswith("temps.csv, ligne 4 : ")
    assert told in fault


def test_every_fault_is_told_at_once_under_the_name_asked(tmp_path):
    faults = faults_of(
        written(tmp_path, GOOD + "1053;x;0;z\n\n34079;34036;9;9\n"), "reseau.fichier"
    )
    assert [fault.split(" :")[0] for fault in faults] == [
        *["reseau.fichier, ligne 4"] * 4,
        "reseau.fichier, ligne 6",
    ]
    assert "gardez cette ligne ou celle-ci : reseau.fichier, ligne 2" in faults[-1]


def test_faults_without_end_are_counted(tmp_path):
    faults = faults_of(written(tmp_path, GOOD + "x;y;12;9\n" * 100))
    assert len(faults) == table.MAX_FAULTS + 1
    assert faults[-1] == "temps.csv : et 180 autres fautes"


@pytest.mark.parametrize(
    ("header", "line", "told"),
    [
        ("de;vers;minutes;km", "34079;34036;750;9,8", "à moins de 0.8 km/h"),
        ("de;vers;secondes;km", "34079;34036;12;9,8", "dépassent 2940 km/h"),
        ("de;vers;minutes;km", "34079;34036;12;980", "dépassent 4900 km/h"),
    ],
)
def test_a_unit_that_is_not_what_its_column_says_is_seen(tmp_path, header, line, told):
    (fault,) = faults_of(written(tmp_path, f"{header}\n{line}\n"))
    assert told in fault
    assert "vérifiez les unités" in fault


# --- Files that are refused -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "le tableau est vide → attendu : depart;arrivee;minutes;km"),
        ("\n \n", "le tableau est vide"),
        ("depart;arrivee;minutes;km\n", "n’a que des titres"),
        (GOOD + "34079;\0", "n’est pas un fichier texte"),
        ('depart;"arrivee\n34079;34036;1;1', "guillemets mal placés"),
        (GOOD + "34079;34041;12;9;8\n", "5 cellules pour 4 colonnes"),
        ("de;vers;minutes;km\n34079;34079;0;0\n", "aucun trajet entre deux lieux"),
    ],
)
def test_files_without_drives_are_refused(tmp_path, content, told):
    (fault,) = faults_of(written(tmp_path, content))
    assert told in fault


def test_files_that_cannot_be_opened_are_refused(tmp_path, monkeypatch):
    for name in ("absent.csv", "absent.parquet", "a\0b.parquet"):
        (fault,) = faults_of(tmp_path / name)
        assert "introuvable" in fault
    (tmp_path / "dossier.parquet").mkdir()
    for path in (tmp_path, tmp_path / "dossier.parquet"):
        (fault,) = faults_of(path)
        assert "est un dossier" in fault
    monkeypatch.setattr("tourplan.files.MAX_TEXT_BYTES", 20)
    monkeypatch.setattr(table, "MAX_PARQUET_BYTES", 20)
    for name in ("temps.csv", "temps.parquet"):
        (fault,) = faults_of(written(tmp_path, GOOD, name))
        assert "la taille permise" in fault


# --- Parquet ----------------------------------------------------------------------------------


def parquet(folder: Path, **columns: object) -> Path:
    pa = pytest.importorskip("pyarrow")
    from pyarrow.parquet import write_table

    told = {"depart": ["34079", "34036"], "arrivee": ["34036", "34079"], "minutes": [12.5, 13.0]}
    path = folder / "temps.parquet"
    write_table(pa.table({**told, "km": [9.8, 9.8], **columns}), path)
    return path


def test_parquet_is_read_as_csv_is(tmp_path):
    found = read_times(parquet(tmp_path))
    assert drives(found) == drives(read_times(written(tmp_path, GOOD)))


def test_parquet_of_pandas_is_read(tmp_path):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"Code départ": ["34079"], "Code arrivée": ["34036"], "note": [[1, 2]]})
    frame["Code départ"] = frame["Code départ"].astype("category")
    frame["Durée (s)"] = np.array([750], dtype=np.int32)
    frame["Distance.km"] = np.array([9.5], dtype=np.float32)
    path = tmp_path / "temps.parquet"
    frame.to_parquet(path)
    assert drives(read_times(path))["34079", "34036"] == (750, 9500)


def test_decimals_of_parquet_are_numbers(tmp_path):
    path = parquet(tmp_path, minutes=[Decimal("12.50"), Decimal("13.00")])
    assert drives(read_times(path))["34079", "34036"] == (750, 9800)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"depart": [34079, 1053]}, "« depart » : codes de type « int64 » → enregistrez les codes"),
        ({"km": [[9.8], [9.8]]}, "« km » : type « list<"),
        ({"minutes": [True, False]}, "« minutes » : type « bool » non lu"),
        ({"km": [{"v": 1.0}, {"v": 2.0}]}, "« km » : type « struct<"),
        ({"km": [9.8, None]}, "ligne 2 : « km » : un texte vide n’est pas un nombre"),
        ({"km": [9.8, float("nan")]}, "ligne 2 : « km » : « nan » n’est pas un nombre"),
        ({"km": [9.8, float("inf")]}, "ligne 2 : « km » : « inf » n’est pas un nombre"),
        ({"depart": ["34079", "1053"]}, "ligne 2 : code « 1053 »"),
        ({"Km": [9.8, 9.8]}, "deux colonnes portent le même nom"),
        ({"metres": [9.8, 9.8]}, "laquelle lire"),
    ],
)
def test_columns_of_parquet_that_are_not_text_or_numbers_are_refused(tmp_path, columns, told):
    (fault,) = faults_of(parquet(tmp_path, **columns))
    assert fault.startswith(("temps.parquet, ", "temps.parquet :"))
    assert told in fault


def test_parquet_without_lines_or_with_too_many_is_refused(tmp_path, monkeypatch):
    empty = {key: [] for key in ("depart", "arrivee", "minutes", "km")}
    pa = pytest.importorskip("pyarrow")
    texts = {key: pa.array([], pa.string()) for key in empty}
    (fault,) = faults_of(parquet(tmp_path, **texts))
    assert "est vide" in fault
    monkeypatch.setattr(table, "MAX_ROWS", 1)
    (fault,) = faults_of(parquet(tmp_path))
    assert "plus de 1 lignes" in fault


def test_parquet_cut_or_spoilt_is_refused_or_read(tmp_path, monkeypatch):
    whole = parquet(tmp_path).read_bytes()
    path = tmp_path / "abime.parquet"
    for size in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:size])
        (fault,) = faults_of(path)
        assert "Parquet entier" in fault
    random = np.random.default_rng(5)
    for at in random.integers(0, len(whole), 200).tolist():
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        with suppress(InputError):
            read_times(path)
    path.write_bytes(whole)
    monkeypatch.setattr(table, "MAX_UNFOLDED_BYTES", 10)
    (fault,) = faults_of(path)
    assert "une fois déplié" in fault


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    path = parquet(tmp_path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (fault,) = faults_of(path)
    assert "tourplan[parquet]" in fault
