"""``plan.xlsx``: what it holds, in its own kind, and what an edited one says when read back."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tourplan.errors import InputError
from tourplan.export.edits import edit_sentences
from tourplan.export.scene import build_scene
from tourplan.export.workbook import workbook
from tourplan.plan import Plan
from tourplan.sheets import HIDDEN, TOUR, plan_text, tour_rows
from tourplan.study.evaluate import evaluate
from tourplan.study.tours import read_tour
from tourplan.territory import read_territory

SHEETS = [TOUR, "Journées", "Couverture", "Agents", "Synthèse", HIDDEN]


@pytest.fixture(scope="module")
def content(herault_plan, herault_case) -> bytes:
    return workbook(herault_plan, build_scene(herault_plan, herault_case), herault_case)


@pytest.fixture
def file(content, tmp_path) -> Path:
    path = tmp_path / "plan.xlsx"
    path.write_bytes(content)
    return path


@pytest.fixture
def edited(file) -> Callable[[Callable[[Any], None]], Path]:
    """The workbook once its sheet of the tour is changed."""

    def change(by: Callable[[Any], None]) -> Path:
        book = openpyxl.load_workbook(file)
        by(book[TOUR])
        book.save(file)
        return file

    return change


def opened(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def faults_of(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_tour(path, read_territory(), ("matin", "après-midi"))
    return [str(fault) for fault in caught.value.faults]


class TestSheets:
    def test_names_and_pages(self, content):
        book = opened(content)
        assert book.sheetnames == SHEETS
        assert book[HIDDEN].sheet_state == "veryHidden"
        for name in SHEETS[:-1]:
            sheet = book[name]
            assert sheet.freeze_panes == "A2"
            assert sheet.page_setup.orientation == "landscape"
            assert sheet.page_setup.fitToWidth == 1
            assert sheet.print_title_rows == "$1:$1"
            assert sheet.print_area

    def test_times_codes_and_dates_are_real(self, content, herault_plan):
        head, *rows = opened(content)[TOUR].iter_rows(values_only=True)
        first = dict(zip(head, rows[0], strict=True))
        stop = herault_plan.days[0].stops[0]
        assert len(rows) == herault_plan.sessions_per_cycle
        assert first["code_insee"] == stop.code
        assert first["ouverture"] == time(stop.opening_s // 3600, stop.opening_s % 3600 // 60)
        assert first["semaine"] == 1
        days = list(opened(content)["Journées"].iter_rows(values_only=True))
        worked = days[1][days[0].index("travail")]
        assert worked == timedelta(seconds=round(herault_plan.days[0].work_s / 60) * 60)

    def test_first_dates_where_the_plan_has_a_start(self, herault_plan, herault_case):
        plan = herault_plan.model_copy(update={"start": "2027-01-04"})
        made = workbook(plan, build_scene(plan, herault_case), herault_case)
        head, first, *_ = opened(made)[TOUR].iter_rows(values_only=True)
        found = dict(zip(head, first, strict=True))["première date"]
        assert found.date() == date(2027, 1, 11) + timedelta(days=plan.days[0].weekday)

    def test_coverage_tells_every_commune(self, content, herault_case):
        cells = [
            cell
            for row in opened(content)["Couverture"].iter_rows(values_only=True)
            for cell in row
        ]
        assert set(herault_case.resident_codes) <= set(cells)
        assert "à la limite de 15 min" in cells

    def test_texts_are_never_formulas(self, herault_plan, herault_case):
        day = herault_plan.days[0]
        names = ["=1+1", "+cmd", "-2", "@x", "\x01\x02nul"]
        stops = tuple(day.stops[0].model_copy(update={"name": name}) for name in names)
        plan = herault_plan.model_copy(
            update={"days": (day.model_copy(update={"stops": stops}),), "title": "=A1"}
        )
        made = workbook(plan, build_scene(plan, herault_case), herault_case)
        cells = [cell for sheet in opened(made) for row in sheet.iter_rows() for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f"]
        shown = {cell.value for cell in cells}
        assert {"=1+1", "+cmd", "-2", "@x", "nul"} <= shown


class TestReadBack:
    def test_untouched_it_is_the_plan(self, file, herault_plan, herault_case):
        assert Plan.from_json(plan_text(file)) == herault_plan
        found = evaluate(herault_case, file, best=herault_plan, changes=False)
        assert found.plan.days == herault_plan.days
        assert found.is_best
        assert edit_sentences(herault_plan, found.plan)[0].endswith("rien n’a changé.")

    def test_what_was_changed_and_what_it_costs(self, edited, herault_plan, herault_case):
        def change(sheet: Any) -> None:
            heads = [cell.value for cell in sheet[1]]
            sheet.cell(2, heads.index("fermeture") + 1).value = "11h45"
            sheet.delete_rows(3)

        path = edited(change)
        found = evaluate(herault_case, path, best=herault_plan, changes=False)
        told = "\n".join(edit_sentences(herault_plan, found.plan))
        one, two = herault_plan.days[0].stops
        assert f"{one.name} : lundi {one.session}, " in told
        assert "–11:45" in told
        assert f"{two.name} : permanence retirée, lundi {two.session}" in told
        assert "Permanences obligatoires tenues : 10 sur 10 → 9 sur 10" in told
        assert "Ouverture par cycle : " in told
        assert "required_sessions" in {violation.rule for violation in found.violations}

    def test_codes_that_lost_their_zero_and_times_of_all_kinds(self, edited):
        def change(sheet: Any) -> None:
            heads = [cell.value for cell in sheet[1]]
            code, opening = heads.index("code_insee") + 1, heads.index("ouverture") + 1
            sheet.cell(2, code).value = 5001
            sheet.cell(2, opening).value = timedelta(hours=9, minutes=45)
            sheet.cell(3, opening).value = "13h30"

        one, two, *_ = tour_rows(edited(change))
        assert (one.text("code_insee"), one.text("ouverture")) == ("05001", "09:45")
        assert two.text("ouverture") == "13h30"

    def test_a_time_shown_as_a_number_and_a_code_that_is_none(self, edited):
        def change(sheet: Any) -> None:
            heads = [cell.value for cell in sheet[1]]
            sheet.cell(2, heads.index("ouverture") + 1).value = 0.40625
            sheet.cell(3, heads.index("code_insee") + 1).value = 34064.5

        one, two, *_ = tour_rows(edited(change))
        assert one.text("ouverture") == "09:45"
        assert two.text("code_insee") == "34064.5"

    def test_a_formula_is_told_with_its_cell(self, edited):
        def change(sheet: Any) -> None:
            sheet["D3"].value = "=HYPERLINK(A1)"
            sheet["E4"].value = "=1+1"

        one, two = faults_of(edited(change))
        assert "plan.xlsx, Tournée!D3 : une formule → remplacez-la par sa valeur" in one
        assert "Tournée!E4" in two

    def test_a_title_above_the_headings(self, edited):
        def change(sheet: Any) -> None:
            sheet.insert_rows(1)
            sheet["A1"].value = "Tournée 2027"

        (one,) = faults_of(edited(change))
        assert "les titres sont en ligne 2 → supprimez la ligne qui est au-dessus" in one

    def test_columns_without_a_heading_do_not_shift_the_others(self, edited):
        def change(sheet: Any) -> None:
            sheet.insert_cols(2, 3)
            sheet["C3"].value = "à moi"
            sheet["E4"].value = "lune"

        (one,) = faults_of(edited(change))
        assert "plan.xlsx, Tournée!E4 : jour « lune » inconnu" in one

    def test_all_that_is_wrong_is_told_at_once_cell_by_cell(self, edited, herault_case):
        def change(sheet: Any) -> None:
            heads = {cell.value: cell.column_letter for cell in sheet[1]}
            sheet[f"{heads['jour']}2"].value = "lune"
            sheet[f"{heads['code_insee']}3"].value = "=1+1"
            sheet[f"{heads['ouverture']}3"].value = time(9, 45, 30)
            sheet[f"{heads['semaine']}4"].value = 7
            sheet[f"{heads['creneau']}5"].value = "soir"
            sheet[f"{heads['commune']}6"].value = "Lodève"
            sheet[f"{heads['fermeture']}7"].value = time(6, 0)
            sheet[f"{heads['agents']}8"].value = "#N/A"
            sheet.merge_cells(f"{heads['jour']}9:{heads['jour']}10")

        told = faults_of(edited(change))
        wanted = (
            ("D3", "une formule"),
            ("I8", "une erreur (#N/A)"),
            ("B9:B10", "cellules fusionnées → séparez-les"),
            ("B2", "jour « lune » inconnu"),
            ("G3", "heure « 09:45:30 » illisible"),
            ("A4", "semaine « 7 » inconnue"),
            ("C5", "créneau « soir » inconnu"),
            ("E6", "« Lodève », mais 34196 est Pégairolles-de-l’Escalette"),
            ("H7", "ferme avant d’ouvrir"),
        )
        assert len(told) == len(wanted)
        for fault, (place, what) in zip(told, wanted, strict=True):
            assert f"Tournée!{place} : {what}" in fault

    def test_columns_of_the_users_own_are_left_alone(self, edited, herault_plan):
        def change(sheet: Any) -> None:
            column = sheet.max_column + 1
            sheet.cell(1, column).value = "remarques"
            sheet.cell(2, column).value = "=SUM(A2:A3)"
            sheet.merge_cells(start_row=3, end_row=4, start_column=column, end_column=column)

        rows = tour_rows(edited(change))
        assert len(rows) == sum(len(day.stops) for day in herault_plan.days)
        assert not any(row.broken for row in rows)

    def test_columns_that_lack_or_are_twice(self, edited):
        def change(sheet: Any) -> None:
            sheet["B1"].value = "lieu"

        told = " ".join(faults_of(edited(change)))
        assert "colonne « jour » absente" in told
        assert "colonne « lieu » en double" in told

    def test_a_changed_hidden_plan_is_refused(self, file):
        book = openpyxl.load_workbook(file)
        cell = book[HIDDEN]["A1"]
        cell.value = cell.value.replace('"Hérault', '"Autre', 1)
        book.save(file)
        with pytest.raises(InputError, match="modifié à la main"):
            Plan.from_json(plan_text(file), file.name)

    def test_a_sheet_that_lacks(self, file):
        book = openpyxl.load_workbook(file)
        del book[TOUR]
        book.save(file)
        assert "feuille « Tournée » absente" in faults_of(file)[0]


class TestHostile:
    def test_what_is_no_workbook(self, tmp_path):
        path = tmp_path / "plan.xlsx"
        for content in (b"", b"jour;creneau", b"PK\x03\x04" + b"x" * 100):
            path.write_bytes(content)
            assert "ce n’est pas un classeur" in faults_of(path)[0]

    @pytest.mark.parametrize("kind", [".ods", ".xls", ".XLSM"])
    def test_one_of_another_kind(self, tmp_path, kind):
        path = tmp_path / f"plan{kind}"
        path.write_bytes(b"PK")
        assert faults_of(path) == [
            f"plan{kind} : classeur « {kind.lower()} », non lu → enregistrez-le en .xlsx, ou en CSV"
        ]

    def test_an_archive_that_is_no_workbook(self, tmp_path):
        path = tmp_path / "plan.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.txt", "x")
        assert "ce n’est pas un classeur lisible" in faults_of(path)[0]

    def test_one_that_unpacks_beyond_measure(self, file):
        with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/media/zeros", b"\0" * (210 * 2**20))
        assert file.stat().st_size < 2**20
        assert "il dépasse 200 Mio une fois ouvert" in faults_of(file)[0]

    def test_too_many_rows(self, edited):
        def change(sheet: Any) -> None:
            for row in range(2, 2_100):
                sheet.cell(row, 1).value = 1

        assert "plus de 2000 lignes" in faults_of(edited(change))[0]


class TestLibreOffice:
    """Another program opens it, and what it saves reads back the same."""

    @pytest.fixture
    def converted(self, file, tmp_path) -> Callable[[str], Path]:
        program = shutil.which("soffice") or shutil.which("libreoffice")
        if program is None:
            pytest.skip("LibreOffice is not here: apt-get install libreoffice-calc-nogui")

        def convert(kind: str) -> Path:
            folder = tmp_path / kind
            home = f"-env:UserInstallation=file://{tmp_path}/profile"
            command = [program, home, "--headless", "--convert-to", kind, "--outdir", folder, file]
            subprocess.run(command, check=True, capture_output=True, timeout=170)
            return folder / f"plan.{kind}"

        return convert

    @pytest.mark.slow
    def test_it_comes_back_without_loss(self, converted, herault_plan, herault_case):
        path = converted("xlsx")
        assert Plan.from_json(plan_text(path)) == herault_plan
        found = evaluate(herault_case, path, best=herault_plan, changes=False)
        assert found.plan.days == herault_plan.days

    @pytest.mark.slow
    def test_it_prints(self, converted):
        import pypdf

        pages = pypdf.PdfReader(converted("pdf")).pages
        told = " ".join(page.extract_text() for page in pages)
        assert len(pages) <= 12
        for name in ("Le Caylar", "34064", "09:45", "démontré"):
            assert name in told
