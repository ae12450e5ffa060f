from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tourplan import tables
from tourplan.errors import InputError
from tourplan.tables import decimal, plain, read_table

FIXED = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def table(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def faults_of(path: Path, *required: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_table(path, required)
    assert all(fault.mend for fault in caught.value.faults)
    return [str(fault) for fault in caught.value.faults]


class TestReadTable:
    @pytest.mark.parametrize("mark", [";", ",", "\t"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_the_separator_and_the_line_ends_are_found_out(self, tmp_path, mark, end):
        lines = [f"code_insee{mark}habitants", f'34036{mark}"1,2;3\t4"', f"34060{mark}7"]
        rows = read_table(table(tmp_path, end.join(lines)), ("habitants", "code_insee"))
        assert [row.text("code_insee") for row in rows] == ["34036", "34060"]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
    def test_columns_are_known_by_name_whatever_their_case_and_accents(self, tmp_path, encoding):
        text = "Code INSEE;Créneau ;Demi-journée\n34036;Après-midi;x\n"
        (row,) = read_table(table(tmp_path, text.encode(encoding)), ("code_insee", "creneau"))
        assert row.text("creneau") == "Après-midi"
        assert row.text("demi_journee") == "x"
        assert row.text("absente") == ""

    def test_rows_are_called_by_their_line_in_the_file(self, tmp_path):
        text = '\n\na;b\n\n"un\ndeux";2\n;\n\n3;4\n'
        rows = read_table(table(tmp_path, text), ("a",))
        assert [row.where for row in rows] == ["table.csv, ligne 5", "table.csv, ligne 9"]

    def test_quoted_cells_hold_separators_quotes_and_newlines(self, tmp_path):
        (row,) = read_table(table(tmp_path, 'a;b\n"x;""y""\nz";2\n'), ("a", "b"))
        assert row.cells == {"a": 'x;"y"\nz', "b": "2"}

    def test_every_missing_column_is_told_at_once_with_those_read(self, tmp_path):
        first, second = faults_of(table(tmp_path, "id;nom\n1;x\n"), "code_insee", "habitants")
        assert "« code_insee » absente" in first
        assert "lues : id, nom" in first
        assert "« habitants » absente" in second

    def test_an_unknown_separator_is_guessed_at(self, tmp_path):
        (fault,) = faults_of(table(tmp_path, "code_insee|habitants\n34036|12\n"), "code_insee")
        assert "séparez les colonnes par des points-virgules" in fault

    def test_a_decimal_comma_in_a_comma_separated_table_never_shifts_cells(self, tmp_path):
        path = table(tmp_path, "a,b,c\n1,2,3\n1,2,5,3\n1,2,3,,\n")
        (fault,) = faults_of(path, "a")
        assert fault.startswith("table.csv, ligne 3 : 4 cellules pour 3 colonnes")

    def test_an_unclosed_quote_never_swallows_rows(self, tmp_path):
        path = table(tmp_path, 'a;b\n1;2\n3;"Le Bosc\n5;6\n7;8\n')
        (fault,) = faults_of(path, "a")
        assert fault.startswith("table.csv, ligne 3 : guillemets mal placés, ou jamais refermés")

    def test_text_after_a_closing_quote_is_refused(self, tmp_path):
        (fault,) = faults_of(table(tmp_path, 'a;b\n"x"y;2\n'), "a")
        assert "ligne 2 : guillemets mal placés" in fault

    def test_a_cell_too_long_is_refused(self, tmp_path):
        (fault,) = faults_of(table(tmp_path, f"a;b\n{'x' * 200_000};1\n"), "a")
        assert "cellule trop longue" in fault

    def test_a_column_twice_is_refused(self, tmp_path):
        (fault,) = faults_of(table(tmp_path, "a;b;A\n1;2;3\n"), "a")
        assert "colonne « a » en double" in fault

    def test_trailing_separators_of_excel_are_harmless(self, tmp_path):
        rows = read_table(table(tmp_path, "a;b;;\n1;2;;\n;;;\n"), ("a",))
        assert [row.text("a") for row in rows] == ["1"]

    @pytest.mark.parametrize("blank", ["", "\n\n", "  \n", "\ufeff"])
    def test_an_empty_table_is_said_empty(self, tmp_path, blank):
        (fault,) = faults_of(table(tmp_path, blank), "a", "b")
        assert "le tableau est vide → attendu : a, b" in fault

    def test_a_header_alone_is_no_row(self, tmp_path):
        assert read_table(table(tmp_path, "a;b\n"), ("a",)) == []

    def test_rows_beyond_the_limit_are_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(tables, "MAX_ROWS", 3)
        (fault,) = faults_of(table(tmp_path, "a\n1\n2\n3\n"), "a")
        assert "plus de 3 lignes" in fault

    @FIXED
    @given(st.text(alphabet='ab;,\t"\n\r é1', max_size=80))
    def test_no_text_makes_it_fail_otherwise_nor_in_english(self, tmp_path, text):
        try:
            rows = read_table(table(tmp_path, text), ("a",))
        except InputError as error:
            for fault in error.faults:
                assert not any(w in str(fault) for w in ("expected", "unexpected", "field", "line"))
            return
        for row in rows:
            assert any(cell.strip() for cell in row.cells.values())


class TestPlain:
    def test_names_are_compared_without_accents_marks_or_case(self):
        assert plain("  Saint-Étienne-de-Gourgas ") == "saint etienne de gourgas"
        assert plain("Pégairolles-de-l’Escalette") == plain("PEGAIROLLES DE L'ESCALETTE")
        assert plain("Cœur") == "coeur"

    @FIXED
    @given(st.text())
    def test_plain_text_stays_plain(self, text):
        assert plain(plain(text)) == plain(text)


class TestDecimal:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("12", 12.0),
            ("12,5", 12.5),
            ("12.5", 12.5),
            ("-1,5", -1.5),
            ("1 234,5", 1234.5),
            ("1\u00a0234", 1234.0),
            ("1\u202f234", 1234.0),
            (" 3 ", 3.0),
            ("1e3", 1000.0),
        ],
    )
    def test_french_and_plain_numbers(self, text, value):
        assert decimal(text) == value

    @pytest.mark.parametrize(
        "text", ["", "nan", "inf", "-Infinity", "1_000", "1.234,5", "douze", "1e999", "0x1", "٣"]
    )
    def test_what_is_no_number_is_refused_in_french(self, text):
        with pytest.raises(ValueError, match="n’est pas un nombre"):
            decimal(text)

    @FIXED
    @given(st.floats(-1e6, 1e6).map(lambda x: round(x, 6)))
    def test_every_number_reads_back(self, value):
        assert decimal(f"{value:.6f}".replace(".", ",")) == pytest.approx(value, abs=1e-9)
