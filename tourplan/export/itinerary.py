"""``itineraire.csv``: the tour as Excel in French opens it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Literal

from tourplan.export.words import origin_words, team_words
from tourplan.hours import clock
from tourplan.plan import Day, Plan

COLUMNS = (
    "semaine",
    "jour",
    "creneau",
    "date",
    "code_insee",
    "commune",
    "lieu",
    "adresse",
    "arrivee",
    "ouverture",
    "fermeture",
    "depart",
    "trajet_min",
    "trajet_km",
    "agents",
    "vehicule",
    "temps_de_trajet",
    "trajet_source",
    "pause_de",
    "pause_a",
)

_EMPTY = ("", "", "")
_FORMULA = tuple("=+-@＝＋－＠\t\r\n")
"""What a formula may begin with; the wide signs are for spreadsheets set to Japanese or Chinese."""


CsvForm = Literal["excel", "open"]
"""How tables are written: for Excel in French, or plainly, for programs."""


class Decimal(str):
    """A number as it is told in French, with a decimal comma."""

    __slots__ = ()


def itinerary_csv(plan: Plan, form: CsvForm = "excel") -> bytes:
    """The itinerary as the bytes of a file."""
    return csv_bytes(COLUMNS, itinerary_rows(plan), form)


def csv_bytes(
    columns: Sequence[str], rows: Iterable[Sequence[str]], form: CsvForm = "excel"
) -> bytes:
    """A table as the bytes of a file.

    ``excel``: as ``french_csv``, UTF-8 with a BOM. ``open``: commas, decimal points, UTF-8 without
    a BOM, LF; dates and times are ISO 8601 in both.
    """
    if form == "excel":
        return french_csv(columns, rows).encode("utf-8-sig")
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([neutral(_pointed(cell)) for cell in row] for row in rows)
    return buffer.getvalue().encode()


def _pointed(cell: str) -> str:
    """A cell, with a point where it is a number with a decimal comma."""
    return cell.replace(",", ".") if isinstance(cell, Decimal) else cell


def french_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as text: semicolons, CRLF; write it with a BOM.

    Cells that a spreadsheet would take for a formula are neutralised by an apostrophe.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def itinerary_rows(plan: Plan) -> Iterator[tuple[str, ...]]:
    """One row a place, départ and retour included, under ``COLUMNS``."""
    for day in plan.days:
        yield from _day_rows(plan, day)


def day_date(plan: Plan, day: Day) -> date | None:
    """The first date of a day tour, when the plan has a start."""
    if not plan.start:
        return None
    mondays = plan.rhythm.first_dates(date.fromisoformat(plan.start))
    return mondays[day.week] + timedelta(days=day.weekday)


def neutral(cell: str) -> str:
    """The cell, behind an apostrophe when a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell[:1] in _FORMULA else cell


def decimal_comma(value: float, decimals: int) -> Decimal:
    """``15,5``: at most ``decimals`` digits, at least one."""
    whole, _, digits = f"{value:.{decimals}f}".partition(".")
    return Decimal(f"{whole},{digits.rstrip('0') or '0'}")


def _day_rows(plan: Plan, day: Day) -> Iterator[tuple[str, ...]]:
    when = day_date(plan, day)
    head = (str(day.week), day.weekday_name)
    stamp = when.isoformat() if when else ""
    tail = (team_words(day.teams), day.vehicle, origin_words(plan.origin))
    agency = (day.depot, plan.depots[day.depot], "Agence", "")
    yield (
        *head,
        "départ",
        stamp,
        *agency,
        "",
        "",
        "",
        clock(day.departure_s),
        *_EMPTY[:2],
        *tail,
        *_EMPTY,
    )
    for stop in day.stops:
        yield (
            *head,
            stop.session,
            stamp,
            stop.code,
            stop.name,
            stop.place,
            stop.address,
            clock(stop.arrival_s),
            clock(stop.opening_s),
            clock(stop.closing_s),
            clock(stop.departure_s),
            *_drive(stop.drive_s, stop.drive_m),
            *tail,
            _source(measured=stop.drive_measured),
            _clock(stop.closed_from_s),
            _clock(stop.closed_until_s),
        )
    drive = _drive(day.return_drive_s, day.return_drive_m)
    source = _source(measured=day.return_drive_measured)
    end = (clock(day.return_s), *_EMPTY)
    yield (*head, "retour", stamp, *agency, *end, *drive, *tail, source, *_EMPTY[:2])


def _clock(time_s: int | None) -> str:
    """A time of day, or nothing."""
    return "" if time_s is None else clock(time_s)


def _source(*, measured: bool) -> str:
    """Whether a drive was measured on the road, or computed."""
    return "mesuré" if measured else "calculé"


def _drive(drive_s: int, drive_m: int) -> tuple[str, str]:
    return decimal_comma(drive_s / 60, 2), decimal_comma(drive_m / 1000, 3)
