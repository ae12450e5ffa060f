"""Changes of a tour on some dates, told in a table: days cancelled, or held on another date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from tourplan.errors import Fault, InputError, quoted
from tourplan.export.dates import PUT_OFF, Outing
from tourplan.schedule import public_holidays
from tourplan.tables import FEW_ROWS, Row, read_date, read_table

COLUMNS = ("date", "nouvelle_date", "motif", "vehicule")


@dataclass(frozen=True)
class Change:
    """A day tour that is not held on its date.

    Attributes:
        where: the line of the table, for messages.
        when: the date that the rule of the tour gives.
        instead: when it is held; ``None``: not at all.
        vehicle: whose day; empty: of every vehicle that goes out then.
    """

    where: str
    when: date
    instead: date | None = None
    reason: str = ""
    vehicle: str = ""

    def bears_on(self, out: Outing) -> bool:
        """Whether it is about this day."""
        return out.when == self.when and self.vehicle in ("", out.day.vehicle)


def read_changes(path: Path) -> tuple[Change, ...]:
    """The changes of a CSV file: ``date``; ``nouvelle_date``, ``motif``, ``vehicule`` if need be.

    Raises:
        InputError: every fault of the file at once.
    """
    faults: list[Fault] = []
    found = [
        Change(
            row.where,
            _date(row, "date", faults) or date.min,
            _date(row, "nouvelle_date", faults) if row.text("nouvelle_date") else None,
            row.text("motif"),
            row.text("vehicule"),
        )
        for row in read_table(path, ("date",), most=FEW_ROWS)
    ]
    if faults:
        raise InputError(faults)
    return tuple(found)


def changed(
    found: Sequence[Outing], changes: Sequence[Change], within: tuple[date, date] | None = None
) -> tuple[Outing, ...]:
    """The outings once changed; ``within``: the first and last dates of the files.

    Raises:
        InputError: a change is of no day of the tour, or cannot be; all told at once.
    """
    after = [_after(out, changes) for out in found]
    faults = [
        *(fault for change in changes for fault in _faults(change, found)),
        *(_outside(changes, *within) if within else ()),
        *_twice(changes),
        *_clashes(after),
    ]
    if faults:
        raise InputError(faults)
    return tuple(after)


def _after(out: Outing, changes: Sequence[Change]) -> Outing:
    """An outing, with the change that is about it."""
    for change in changes:
        if change.bears_on(out):
            off = change.reason or out.off or (PUT_OFF if change.instead else "annulée")
            out = replace(out, off=off, instead=change.instead)
    return out


def _faults(change: Change, found: Sequence[Outing]) -> list[Fault]:
    """Why a change cannot be."""
    faults = []
    if not any(change.bears_on(out) for out in found):
        what = f"aucune journée de tournée le {change.when:%d/%m/%Y}"
        what += f" pour {quoted(change.vehicle)}" if change.vehicle else ""
        faults.append(Fault(change.where, what, "reprenez une date de dates.csv"))
    if change.instead and (name := public_holidays([change.instead]).get(change.instead)):
        what = f"le {change.instead:%d/%m/%Y} est férié ({name})"
        faults.append(Fault(change.where, what, "donnez une autre date"))
    return faults


def _outside(changes: Sequence[Change], first: date, last: date) -> Iterator[Fault]:
    """Days that would be held out of the period, which no file then tells."""
    for change in changes:
        if change.instead and not first <= change.instead <= last:
            what = f"le {change.instead:%d/%m/%Y} n’est pas entre le {first:%d/%m/%Y} et le "
            mend = "donnez une date de cette période, ou changez --debut ou --fin"
            yield Fault(change.where, f"{what}{last:%d/%m/%Y}", mend)


def _twice(changes: Sequence[Change]) -> Iterator[Fault]:
    """Days that are changed in two ways."""
    for number, change in enumerate(changes):
        before = [one for one in changes[:number] if one.when == change.when]
        if any(
            "" in (one.vehicle, change.vehicle) or one.vehicle == change.vehicle for one in before
        ):
            what = f"le {change.when:%d/%m/%Y} est déjà changé par une autre ligne"
            yield Fault(change.where, what, "gardez une ligne")


def _clashes(after: Sequence[Outing]) -> list[Fault]:
    """Vehicles and agents who would be in two day tours on one date, one of them moved there."""
    faults = []
    for out in (out for out in after if out.instead):
        for other in after:
            if other is out or other.held != out.instead:
                continue
            both = _who(out) & _who(other)
            if both:
                what = f"{', '.join(sorted(both))} : déjà en tournée le {out.instead:%d/%m/%Y}"
                faults.append(Fault(f"report du {out.when:%d/%m/%Y}", what, "prenez un autre jour"))
    return faults


def _who(out: Outing) -> set[str]:
    """The vehicle and the agents of a day."""
    return {out.day.vehicle, *out.day.teams.get(out.number, ())}


def _date(row: Row, column: str, faults: list[Fault]) -> date | None:
    """The date under a column; ``None`` with its fault if it is none."""
    if found := read_date(row.text(column)):
        return found
    what = f"{column} : {quoted(row.text(column))} n’est pas une date"
    faults.append(Fault(row.where, what, "écrivez-la comme 2027-01-04 ou 04/01/2027"))
    return None
