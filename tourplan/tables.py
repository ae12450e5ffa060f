"""Users' tables: CSV with comma or semicolon, columns found by name, every fault at once."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from tourplan.errors import Fault, InputError, quoted
from tourplan.files import read_text

MAX_ROWS = 2_000_000
FEW_ROWS = 20_000
"""Lines of a table that people fill in by hand, at most."""
_NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d\d?)?", re.ASCII)

_CODE = re.compile(r"(\d{2}|2[AB])\d{3}", re.ASCII)
_CUT_CODE = re.compile(r"[1-9]\d{3}(\.0)?", re.ASCII)


def plain(text: str) -> str:
    """Lower case, no accents, no marks: how names, columns and words are compared."""
    decomposed = unicodedata.normalize("NFKD", text).casefold().replace("œ", "oe")
    kept = (c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


@dataclass(frozen=True)
class Row:
    """One line of a table; ``where`` says which for messages.

    Attributes:
        cells: their texts by column.
        places: where cells stand, by column, if that is known better than by the line.
        broken: the faults of the cells that cannot be read, by column; their texts are empty.
    """

    where: str
    cells: dict[str, str]
    places: Mapping[str, str] = field(default_factory=dict)
    broken: Mapping[str, Fault] = field(default_factory=dict)

    def at(self, column: str) -> str:
        """Where the cell under ``column`` stands, for messages."""
        return self.places.get(column, self.where)

    def text(self, column: str) -> str:
        """The cell under ``column``, stripped; empty when the column is absent."""
        return self.cells.get(column, "").strip()

    def told(self, column: str) -> str:
        """The same without the apostrophe that guards it from spreadsheets, if it has one."""
        text = self.text(column)
        guarded = text[:1] == "'" and not text[1:2].isalnum()
        return text[1:] if guarded else text


def read_date(text: str) -> date | None:
    """A date, as ISO or as French spreadsheets write it (``04/01/2027``); else ``None``."""
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        with suppress(ValueError):
            return datetime.strptime(text, form).date()
    return None


def read_table(
    path: Path,
    required: Sequence[str],
    where: str = "",
    synonyms: Mapping[str, Sequence[str]] | None = None,
    most: int | None = None,
) -> list[Row]:
    """The rows of a CSV file whose header holds the ``required`` columns.

    ``synonyms`` are other names that do for a column; ``most``, the lines that it may have.

    Column names are compared without case, accents or marks (``Code INSEE`` is ``code_insee``).

    Raises:
        InputError: unreadable file, columns missing or twice, rows longer than the header.
    """
    place = where or path.name
    text = read_text(path, where)
    most = most or MAX_ROWS
    if text.count("\n") > most:
        raise InputError.of(place, f"plus de {most} lignes", "réduisez le tableau")
    lines = _lines(text, place)
    if not lines:
        raise InputError.of(place, "le tableau est vide", f"attendu : {', '.join(required)}")
    columns = [plain(cell).replace(" ", "_") for cell in lines[0][1]]
    faults = _column_faults(columns, required, place, synonyms or {})
    faults += [
        Fault(
            f"{place}, ligne {number}",
            f"{len(line)} cellules pour {len(columns)} colonnes",
            "mettez entre guillemets les cellules qui contiennent le séparateur",
        )
        for number, line in lines
        if any(cell.strip() for cell in line[len(columns) :])
    ]
    if faults:
        raise InputError(faults)
    return [
        Row(f"{place}, ligne {number}", dict(zip(columns, line, strict=False)))
        for number, line in lines[1:]
    ]


def _column_faults(
    columns: list[str], required: Sequence[str], place: str, synonyms: Mapping[str, Sequence[str]]
) -> list[Fault]:
    """The faults of a header: columns missing, or twice."""
    read = ", ".join(filter(None, columns))
    read += " ; séparez les colonnes par des points-virgules" if len(columns) == 1 else ""
    faults = [
        Fault(
            place, f"colonne « {name} » absente", f"ajoutez-la{_or(name, synonyms)} ; lues : {read}"
        )
        for name in required
        if not {name, *synonyms.get(name, ())} & set(columns)
    ]
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    return faults + [
        Fault(place, f"colonne « {name} » en double", "gardez-en une") for name in twice
    ]


def _or(name: str, synonyms: Mapping[str, Sequence[str]]) -> str:
    """`` (ou « ind »)``: the other names of a column."""
    others = " ou ".join(f"« {other} »" for other in synonyms.get(name, ()))
    return f" (ou {others})" if others else ""


def _lines(text: str, place: str) -> list[tuple[int, list[str]]]:
    """The lines of a CSV text that are not blank, each with its number."""
    header = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0]
    delimiter = max(";,\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = []
    number = 1
    try:
        for line in reader:
            if any(cell.strip() for cell in line):
                lines.append((number, line))
            number = reader.line_num + 1
    except csv.Error as error:
        long = "limit" in str(error)
        raise InputError.of(
            f"{place}, ligne {number}",
            "cellule trop longue" if long else "guillemets mal placés, ou jamais refermés",
            'un guillemet dans une cellule s’écrit "" ; sinon enregistrez de nouveau en CSV',
        ) from None
    return lines


def decimal(text: str) -> float:
    """A number written with a point or a decimal comma.

    Raises:
        ValueError: the text is not a finite number.
    """
    written = "".join(text.split()).replace(",", ".")
    if not _NUMBER.fullmatch(written):
        raise ValueError(f"{quoted(text)} n’est pas un nombre")
    return float(written)


def code_fault(where: str, code: str) -> Fault | None:
    """What is wrong with an INSEE code."""
    if _CODE.fullmatch(code):
        return None
    if _CUT_CODE.fullmatch(code):
        mend = f"écrivez 0{code[:4]} : mettez la colonne en texte avant d’enregistrer"
        return Fault(where, f"code {quoted(code)} : le tableur a perdu son zéro", mend)
    return Fault(where, f"{quoted(code)} n’est pas un code INSEE", "attendu 5 signes, comme 34079")
