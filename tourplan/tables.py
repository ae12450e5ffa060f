"""Users' tables: CSV with comma or semicolon, columns found by name, every fault at once."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tourplan.errors import Fault, InputError
from tourplan.files import read_text

MAX_ROWS = 2_000_000


def plain(text: str) -> str:
    """Lower case, no accents, no marks: how names, columns and words are compared."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    kept = (c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


@dataclass(frozen=True)
class Row:
    """One line of a table; ``where`` says which for messages."""

    where: str
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """The cell under ``column``, stripped; empty when the column is absent."""
        return self.cells.get(column, "").strip()


def read_table(path: Path, required: Sequence[str], where: str = "") -> list[Row]:
    """The rows of a CSV file whose header holds the ``required`` columns.

    Column names are compared without case, accents or marks (``Code INSEE`` is ``code_insee``).

    Raises:
        InputError: unreadable file, missing columns, or more rows than fit.
    """
    text = read_text(path, where)
    place = where or path.name
    header = text.partition("\n")[0]
    delimiter = max(";,\t", key=header.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        lines = [line for line in reader if any(cell.strip() for cell in line)]
    except csv.Error as error:
        raise InputError.of(
            place, f"tableau illisible ({error})", "enregistrez-le en CSV"
        ) from None
    if not lines:
        raise InputError.of(place, "le tableau est vide", f"attendu : {', '.join(required)}")
    if len(lines) > MAX_ROWS:
        raise InputError.of(place, f"plus de {MAX_ROWS} lignes", "réduisez le tableau")
    columns = [plain(cell).replace(" ", "_") for cell in lines[0]]
    missing = [name for name in required if name not in columns]
    if missing:
        raise InputError(
            Fault(place, f"colonne « {name} » absente", f"ajoutez-la ; lues : {', '.join(columns)}")
            for name in missing
        )
    return [
        Row(f"{place}, ligne {number}", dict(zip(columns, line, strict=False)))
        for number, line in enumerate(lines[1:], start=2)
    ]


def decimal(text: str) -> float:
    """A number written with a point or a decimal comma.

    Raises:
        ValueError: the text is not a finite number.
    """
    value = float(text.replace(",", ".").replace("\u202f", "").replace(" ", ""))
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value
