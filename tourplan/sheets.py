"""Workbooks (``.xlsx``) that users give: rows of a sheet as those of a table, within bounds.

Formulas are refused, never run; nothing is read but the cells of the sheets that are named here.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from tourplan.errors import Fault, InputError, listed, quoted
from tourplan.files import read_bytes
from tourplan.tables import Row, plain

TOUR, HIDDEN = "Tournée", "plan.json"
"""The sheet that is read back, and that which holds the plan it comes from."""
PIECE = 30_000
"""Characters of the plan a cell holds; a workbook allows 32,767."""
MAX_BYTES = 20 * 2**20
MAX_UNPACKED = 200 * 2**20
MAX_PARTS, MAX_ROWS, MAX_COLUMNS = 500, 2_000, 60
_CODES = ("code_insee", "agence")
_HOURS = ("ouverture", "fermeture", "pause_de", "pause_a")


def tour_rows(path: Path) -> list[Row]:
    """The rows of the sheet of the tour; times as ``09:45``, codes with their zero.

    Raises:
        InputError: no workbook, no such sheet, or faults of cells, all told at once.
    """
    sheet = _sheet(path, TOUR)
    cells = list(sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS))
    if not cells:
        raise InputError.of(f"{path.name}, {TOUR}", "la feuille est vide", "gardez ses titres")
    if len(cells) > MAX_ROWS:
        what = f"plus de {MAX_ROWS} lignes"
        raise InputError.of(f"{path.name}, {TOUR}", what, "ne gardez que les permanences")
    heads = [plain(str(cell.value or "")).replace(" ", "_") for cell in cells[0]]
    faults = [*_head_faults(path, heads)]
    rows = []
    for number, row in enumerate(cells[1:], start=2):
        found = {
            head: _text(path, cell, head, faults)
            for head, cell in zip(heads, row, strict=False)
            if head
        }
        if any(found.values()):
            rows.append(Row(f"{path.name}, {TOUR} ligne {number}", found))
    if faults:
        raise InputError(faults)
    return rows


def plan_text(path: Path) -> str:
    """The plan that a workbook comes from, as JSON text.

    Raises:
        InputError: it holds none.
    """
    sheet = _sheet(path, HIDDEN)
    return "".join(str(row[0].value or "") for row in sheet.iter_rows(max_row=5_000, max_col=1))


def _sheet(path: Path, title: str) -> Any:
    """A sheet of a workbook that is safe to open."""
    import openpyxl

    content = read_bytes(path, path.name, MAX_BYTES)
    _refuse_bombs(path, content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        names = book.sheetnames
    except Exception as error:  # whatever a damaged workbook makes its reader raise
        mend = "ouvrez-le dans Excel ou LibreOffice, et enregistrez-le en .xlsx"
        raise InputError.of(path.name, "ce n’est pas un classeur lisible", mend) from error
    if title not in names:
        what = f"feuille {quoted(title)} absente"
        shown = [name for name in names if name != HIDDEN]
        mend = f"feuilles du classeur : {listed(shown[:10])}"
        if title == HIDDEN:
            mend = "donnez aussi le scénario : tourplan evaluate SCENARIO CLASSEUR"
        raise InputError.of(path.name, what, mend)
    return book[title]


def _refuse_bombs(path: Path, content: bytes) -> None:
    """Refuse what is no archive, or would unpack beyond measure."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        what, mend = "ce n’est pas un classeur .xlsx", "enregistrez-le en .xlsx, ou en CSV"
        raise InputError.of(path.name, what, mend) from None
    size = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or size > MAX_UNPACKED:
        what = f"il dépasse {MAX_UNPACKED // 2**20} Mio une fois ouvert"
        raise InputError.of(path.name, what, "ne gardez que les feuilles utiles")


def _head_faults(path: Path, heads: list[str]) -> Iterator[Fault]:
    """Columns that lack, or that are there twice."""
    where = f"{path.name}, {TOUR}"
    for name in ("jour", "creneau", "code_insee"):
        if name not in heads:
            yield Fault(where, f"colonne {quoted(name)} absente", "gardez les titres du classeur")
    for name in sorted({head for head in heads if head and heads.count(head) > 1}):
        yield Fault(where, f"colonne {quoted(name)} en double", "gardez-en une")


def _text(path: Path, cell: Any, head: str, faults: list[Fault]) -> str:
    """A cell as text; a formula is a fault."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        where = f"{path.name}, {TOUR}!{cell.coordinate}"
        faults.append(Fault(where, "une formule", "remplacez-la par sa valeur"))
        return ""
    if cell.data_type == "e":
        where = f"{path.name}, {TOUR}!{cell.coordinate}"
        faults.append(Fault(where, f"une erreur ({value})", "écrivez la valeur voulue"))
        return ""
    if head in _CODES and isinstance(value, (int, float)) and value == int(value):
        return f"{int(value):05d}"
    if head in _HOURS and isinstance(value, float) and 0 <= value < 1:
        value = timedelta(days=value)  # a time that is shown as a number
    return _told(value)


def _told(value: object) -> str:
    """A value as tables tell it."""
    if isinstance(value, datetime):
        value = value.time() if value.year < 1901 else value.date()
    if isinstance(value, timedelta):
        minutes = round(value.total_seconds() / 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
