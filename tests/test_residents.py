from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tourplan.errors import InputError
from tourplan.residents import MAX_POINTS, MAX_TOLD, ResidentPoint, read_residents

HEAD = "code_insee;habitants;lon;lat;nom"


def written(folder: Path, *rows: str, head: str = HEAD) -> Path:
    path = folder / "habitants.csv"
    path.write_text("\n".join([head, *rows]), encoding="utf-8")
    return path


def faults_of(path: Path, *columns: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_residents(path, columns)
    return [str(fault) for fault in caught.value.faults]


class TestPoints:
    def test_rows_without_coordinates_add_up_at_the_chef_lieu(self, tmp_path):
        path = written(tmp_path, "34060;5", "34036;12", "34036;1\u00a0003", head=HEAD[:20])
        assert read_residents(path).points == (
            ResidentPoint("34036", 1015),
            ResidentPoint("34060", 5),
        )

    def test_points_have_names_and_keys_of_their_own_after_the_chef_lieu(self, tmp_path):
        path = written(
            tmp_path, "34036;7;3,41;43.67;Salelles", "34036;2;3.40;43.68;", "34036;4;;;Bourg"
        )
        found = read_residents(path).points
        assert [(p.key, p.weight, p.name, p.lon, p.lat) for p in found] == [
            ("34036", 4, "Bourg", None, None),
            ("34036#1", 2, "", 3.40, 43.68),
            ("34036#2", 7, "Salelles", 3.41, 43.67),
        ]

    def test_the_order_of_rows_changes_nothing(self, tmp_path):
        rows = [f"34036;{n}.5;3.{n:03d};43.6;" for n in range(50)]
        first = read_residents(written(tmp_path, *rows))
        assert read_residents(written(tmp_path, *rows[25:], *rows[:25])) == first

    def test_points_on_one_spot_are_one_with_the_first_name(self, tmp_path):
        path = written(
            tmp_path, "34036;1;3.4;43.6;", "34036;2;3.4000000004;43.6;Mas", "34060;4;3.4;43.6;Puech"
        )
        found = read_residents(path).points
        assert [(p.key, p.weight, p.name) for p in found] == [
            ("34036#1", 3, "Mas"),
            ("34060#1", 4, "Puech"),
        ]

    def test_ten_thousand_points_on_one_spot_are_read_quickly(self, tmp_path):
        path = written(tmp_path, *["34036;0.5;3.4;43.6;"] * 10_000)
        start = time.perf_counter()
        (point,) = read_residents(path).points
        assert point.weight == 5_000
        assert time.perf_counter() - start < 5

    def test_the_columns_of_insees_cells_are_known(self, tmp_path):
        path = written(tmp_path, "34036,3.4,43.6,2.0", head="code,longitude,latitude,ind")
        (point,) = read_residents(path, ("ind",)).points
        assert (point.code, point.weight, point.lon, point.lat) == ("34036", 2, 3.4, 43.6)
        assert point.others == {"ind": 2}

    def test_an_empty_file_has_no_points(self, tmp_path):
        assert read_residents(written(tmp_path), ()).points == ()


class TestDecimals:
    def test_totals_of_communes_are_kept_and_told(self, tmp_path):
        rows = ("34036;2,5;3.1;43.6;", "34036;2.4;3.2;43.6;", "34036;0.3;3.3;43.6;", "34060;0,5;;;")
        found = read_residents(written(tmp_path, *rows))
        assert [point.weight for point in found.points] == [3, 2, 0, 1]
        assert found.notes == (
            "colonne « habitants » : poids décimaux arrondis à l’unité, le total de chaque commune "
            "gardé à un demi près (5,7 dans le fichier, 6 comptés)",
        )

    def test_whole_numbers_written_as_decimals_are_not_told(self, tmp_path):
        found = read_residents(written(tmp_path, "34036;7.0;;;", "34036;31,00;;;"))
        assert (found.points[0].weight, found.notes) == (38, ())

    def test_halves_on_one_spot_add_up_before_they_are_rounded(self, tmp_path):
        found = read_residents(written(tmp_path, "34036;2.5;3.1;43.6;", "34036;2.5;3.1;43.6;"))
        assert (found.points[0].weight, found.notes) == (5, ())

    @given(
        st.lists(
            st.tuples(st.sampled_from(["34036", "34060"]), st.integers(0, 99_999)),
            min_size=1,
            max_size=30,
        )
    )
    def test_each_point_is_within_one_and_each_commune_within_half(self, tmp_path_factory, people):
        folder = tmp_path_factory.mktemp("parts")
        rows = [
            f"{code};{parts / 1000:.3f};3.{n:03d};43.6;" for n, (code, parts) in enumerate(people)
        ]
        points = read_residents(written(folder, *rows)).points
        given_ = {(code, 3 + n / 1000): parts for n, (code, parts) in enumerate(people)}
        off: dict[str, Fraction] = {}
        for point in points:
            assert point.lon is not None
            one = point.weight - Fraction(given_[point.code, round(point.lon, 3)], 1000)
            assert abs(one) < 1
            off[point.code] = off.get(point.code, Fraction(0)) + one
        assert all(Fraction(-1, 2) < total <= Fraction(1, 2) for total in off.values())


class TestWeights:
    def test_other_columns_are_rounded_each_on_its_own(self, tmp_path):
        path = written(
            tmp_path,
            "34036;10;1.5;0",
            "34036;5;1.0;4",
            "34060;3;2;1",
            head="code_insee;habitants;75 ans et plus;Sans voiture",
        )
        found = read_residents(path, ("75_ans_et_plus", "sans_voiture"))
        assert [(p.weight, *p.others.values()) for p in found.points] == [(15, 3, 4), (3, 2, 1)]
        assert [note.split(" :")[0] for note in found.notes] == ["colonne « 75_ans_et_plus »"]

    @pytest.mark.parametrize("column", ["lon", "code_insee", "nom", "code"])
    def test_a_column_of_another_use_is_no_weight(self, tmp_path, column):
        told, *_ = faults_of(written(tmp_path, "34036;1;3.1;43.6;;1", head=f"{HEAD};code"), column)
        assert "ne peut pas servir de poids" in told


class TestFaults:
    def test_every_wrong_weight_is_told_at_once(self, tmp_path):
        rows = ("34036;-1", "34036;", "34036;nan", "34036;9e99", "x;1", "34036", "5001;1")
        found = faults_of(written(tmp_path, *rows, head=HEAD[:20]))
        assert len(found) == len(rows)
        assert found[1].startswith(
            "habitants.csv, ligne 3 : habitants : un texte vide n’est pas un nombre"
        )
        assert "le tableur a perdu son zéro" in found[6]

    def test_a_row_tells_all_its_faults(self, tmp_path):
        (code, people, lat) = faults_of(written(tmp_path, "x;y;3;143;"))
        assert "code INSEE" in code
        assert "habitants : « y »" in people
        assert "lat : « 143 » est hors du globe" in lat

    def test_half_a_place_is_refused(self, tmp_path):
        (told,) = faults_of(written(tmp_path, "34036;1;3.4;;"))
        assert "lon et lat vont ensemble" in told

    def test_missing_columns_say_which_are_expected(self, tmp_path):
        found = faults_of(written(tmp_path, "34036;1", head="commune;population"), "plus_75")
        assert found == [
            "habitants.csv : colonne « code_insee » absente → ajoutez-la (ou « code ») ; lues : "
            "commune, population",
            "habitants.csv : colonne « habitants » absente → ajoutez-la (ou « ind ») ; lues : "
            "commune, population",
            "habitants.csv : colonne « plus_75 » absente → ajoutez-la ; lues : commune, population",
        ]

    def test_a_flood_of_faults_is_counted_not_told(self, tmp_path):
        found = faults_of(written(tmp_path, *["34036;beaucoup;;;"] * 5_000))
        assert len(found) == MAX_TOLD + 1
        assert found[-1].startswith(f"habitants.csv : et {5_000 - MAX_TOLD} autres fautes")

    def test_too_many_points_are_refused(self, tmp_path):
        found = faults_of(written(tmp_path, *["34036;1;;;"] * (MAX_POINTS + 1)))
        assert found == [
            "habitants.csv : 100001 lignes, plus de 100000 → regroupez les points, par carreaux "
            "plus grands"
        ]

    def test_hostile_texts_are_shown_short_and_clean(self, tmp_path):
        (told,) = faults_of(written(tmp_path, f"34036;{'9' * 5000}\x1b[2J;;;"))
        assert len(told) < 200
        assert "\x1b" not in told


def test_a_hundred_thousand_points_are_read_in_one_pass(tmp_path):
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(3, 4, 50_000).tolist(), rng.uniform(43, 44, 50_000).tolist()
    rows = [f"34036;2.5;{x:.6f};{y:.6f};" for x, y in zip(lon, lat, strict=True)]
    start = time.perf_counter()
    found = read_residents(written(tmp_path, *rows, *rows))
    assert sum(point.weight for point in found.points) == 250_000
    assert time.perf_counter() - start < 60  # three seconds on two idle cores
