"""Workbooks (``.xlsx``) that users give: rows of a sheet as those of a table, within bounds.

Formulas are refused, never run; nothing is read but the cells of the sheets that are named here.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
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
Merged = Sequence[tuple[str, Callable[[int, int], bool]]]
"""Areas of merged cells: their name, and whether they hold a row and a column."""
_MERGED = re.compile(rb'<mergeCell [^>]*ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"')
_READ = (
    *("semaine", "jour", "creneau", "demi_journee", "code_insee", "commune", "lieu", "vehicule"),
    *("agence", "agents", "ouverture", "fermeture", "pause_de", "pause_a"),
)
"""The columns of a tour; what stands under others is the user's own."""
_OTHERS = {".xls", ".xlsm", ".xlsb", ".ods", ".fods", ".numbers"}
_CODES = ("code_insee", "agence")
_HOURS = ("ouverture", "fermeture", "pause_de", "pause_a")


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook that can be read.

    Raises:
        InputError: it is one of another program.
    """
    kind = path.suffix.lower()
    if kind in _OTHERS:
        what, mend = f"classeur « {kind} », non lu", "enregistrez-le en .xlsx, ou en CSV"
        raise InputError.of(path.name, what, mend)
    return kind == ".xlsx"


def tour_rows(path: Path) -> list[Row]:
    """The rows of the sheet of the tour; times as ``09:45``, codes with their zero.

    A cell that cannot be read (a formula, an error, cells merged) is told by its row.

    Raises:
        InputError: no workbook, no such sheet, or columns that lack, all told at once.
    """
    sheet = _sheet(path, TOUR)
    merged = _merged(path, sheet)
    cells = list(sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS))
    if not cells:
        raise InputError.of(f"{path.name}, {TOUR}", "la feuille est vide", "gardez ses titres")
    if len(cells) > MAX_ROWS:
        what = f"plus de {MAX_ROWS} lignes"
        raise InputError.of(f"{path.name}, {TOUR}", what, "ne gardez que les permanences")
    heads = [plain(str(cell.value or "")).replace(" ", "_") for cell in cells[0]]
    lower = len(cells) > 1 and any(plain(str(cell.value or "")) == "jour" for cell in cells[1])
    faults = [*_head_faults(path, heads, lower=lower)]
    if faults:
        raise InputError(faults)
    rows = (
        _row(path, number, list(zip(heads, row, strict=False)), merged)
        for number, row in enumerate(cells[1:], start=2)
    )
    return [row for row in rows if row.broken or any(row.cells.values())]


def _row(path: Path, number: int, cells: Sequence[tuple[str, Any]], merged: Merged) -> Row:
    """A line of the sheet: each cell's text, or why it has none."""
    from openpyxl.utils import get_column_letter

    where = f"{path.name}, {TOUR}"
    texts, places, broken = {}, {}, {}
    for place, (head, cell) in enumerate(cells, start=1):
        if head not in _READ:
            continue
        places[head] = f"{where}!{get_column_letter(place)}{number}"
        area = next((area for area, holds in merged if holds(number, place)), None)
        fault = (
            Fault(f"{where}!{area}", "cellules fusionnées", "séparez-les et remplissez chacune")
            if area
            else _cell_fault(places[head], cell)
        )
        if fault is None:
            texts[head] = _text(cell.value, head)
        else:
            broken[head], texts[head] = fault, ""
    return Row(f"{where} ligne {number}", texts, places, broken)


def _merged(path: Path, sheet: Any) -> Merged:
    """The areas of merged cells of a sheet: their name, and whether they hold a cell."""
    from openpyxl.utils import range_boundaries

    with zipfile.ZipFile(path) as parts:
        content = parts.read(sheet._worksheet_path)
    names = [name.decode() for name in _MERGED.findall(content)[:MAX_ROWS]]
    return [(name, partial(_holds, range_boundaries(name))) for name in names]


def _holds(area: tuple[int, int, int, int], row: int, column: int) -> bool:
    """Whether an area (first column and row, last column and row) holds a cell."""
    return area[0] <= column <= area[2] and area[1] <= row <= area[3]


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


def _head_faults(path: Path, heads: list[str], *, lower: bool) -> Iterator[Fault]:
    """Columns that lack, or that are there twice; ``lower``: the headings stand a line lower."""
    where = f"{path.name}, {TOUR}"
    if lower:
        yield Fault(
            where, "les titres sont en ligne 2", "supprimez la ligne qui est au-dessus d’eux"
        )
        return
    for name in ("jour", "creneau", "code_insee"):
        if name not in heads:
            yield Fault(where, f"colonne {quoted(name)} absente", "gardez les titres du classeur")
    for name in sorted({head for head in heads if head and heads.count(head) > 1}):
        yield Fault(where, f"colonne {quoted(name)} en double", "gardez-en une")


def _cell_fault(where: str, cell: Any) -> Fault | None:
    """Why a cell cannot be read: a formula, or the error that one gave."""
    if cell.data_type == "f":
        return Fault(where, "une formule", "remplacez-la par sa valeur")
    if cell.data_type == "e":
        return Fault(where, f"une erreur ({cell.value})", "écrivez la valeur voulue")
    return None


def _text(value: object, head: str) -> str:
    """The value of a cell as text."""
    if value is None:
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
    if isinstance(value, time):
        value = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        rest = f":{seconds:02d}" if seconds else ""
        return f"{minutes // 60:02d}:{minutes % 60:02d}{rest}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
