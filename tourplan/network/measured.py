"""Times measured on the road by the agents: a table of from, to, minutes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tourplan.errors import Fault, InputError, quoted
from tourplan.tables import Row, code_fault, decimal, read_table

COLUMNS = ("de", "vers", "minutes")
MAX_MINUTES = 600

Measured = Mapping[tuple[str, str], int]
"""Seconds by (from, to)."""


def read_measured(path: Path, where: str = "") -> dict[tuple[str, str], int]:
    """The drives of a CSV file ``de;vers;minutes``; lines without minutes are not yet measured.

    Raises:
        InputError: every fault of the file at once.
    """
    drives: dict[tuple[str, str], int] = {}
    faults: list[Fault] = []
    for row in read_table(path, COLUMNS, where):
        if not row.text("minutes"):
            continue
        pair = row.text("de"), row.text("vers")
        fault = _fault(row, pair in drives)
        if fault:
            faults.append(fault)
        else:
            drives[pair] = seconds_of(decimal(row.text("minutes")))
    if faults:
        raise InputError(faults)
    return drives


def seconds_of(minutes: float) -> int:
    """Whole seconds, at least one."""
    return max(round(minutes * 60), 1)


def _fault(row: Row, twice: bool) -> Fault | None:
    """What is wrong with a line."""
    origin, destination, minutes = (row.text(column) for column in COLUMNS)
    if not origin or not destination:
        return Fault(row.where, "« de » ou « vers » est vide", "donnez deux codes INSEE")
    if fault := code_fault(row.where, origin) or code_fault(row.where, destination):
        return fault
    if origin == destination:
        return Fault(row.where, "départ et arrivée sont les mêmes", "corrigez la ligne")
    if twice:
        return Fault(row.where, f"trajet {origin} → {destination} en double", "gardez une ligne")
    try:
        value = decimal(minutes)
    except ValueError:
        value = 0.0
    if not 0 < value <= MAX_MINUTES:
        mend = f"donnez des minutes, plus de 0 et {MAX_MINUTES} au plus"
        return Fault(row.where, f"durée {quoted(minutes)} impossible", mend)
    return None


def both_ways(drives: Measured) -> dict[tuple[str, str], int]:
    """The drives, and the way back in the same time where it was not measured."""
    back = {(destination, origin): seconds for (origin, destination), seconds in drives.items()}
    return {**back, **drives}
