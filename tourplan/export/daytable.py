"""The table of days on the page: every stop with its hours, drives and remarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from tourplan.export.french import (
    capital,
    from_place,
    hours,
    kilometres,
    minutes,
    number,
    to_place,
    when,
)
from tourplan.export.itinerary import day_date
from tourplan.export.markup import (
    Column,
    badge,
    body_row,
    element,
    note,
    table,
    text,
    unseen,
)
from tourplan.export.scene import (
    numbered_days,
    stop_label,
)
from tourplan.export.words import weekday_name, who_goes
from tourplan.hours import clock

if TYPE_CHECKING:
    from tourplan.plan import Day, Plan, Stop


PUBLIC = (
    Column("Repère"),
    Column("Étape"),
    Column("Route (min)", figures=True),
    Column("Route (km)", figures=True),
    Column("Ouverture", figures=True),
    Column("Fermeture", figures=True),
)
INTERNAL = (
    *PUBLIC[:4],
    Column("Arrivée", figures=True),
    *PUBLIC[4:],
    Column("Départ", figures=True),
)
"""With the hours of those who run the tour."""


def itinerary_table(
    plan: Plan, *, marks: bool = False, internal: bool = True, name: str = "La tournée"
) -> str:
    """The tour day by day, as an HTML table that needs neither map nor script.

    Args:
        plan: the plan.
        marks: whether stops bear the shapes of the map, which only the page defines.
        internal: with departures, arrivals, meals and work; without, what everyone may know.
        name: what the tour is called.
    """
    telling = _Telling(plan, marks=marks, internal=internal)
    bodies = [
        ((day.week, day.weekday, day.vehicle), _day_rows(telling, number_, day))
        for number_, day in numbered_days(plan)
    ]
    bodies += [(day, _free_row(telling, *day[1:])) for day in plan.free_days]
    weeks = groupby(sorted(bodies), key=lambda body: body[0][0])
    told = {week: [rows for _, rows in days] for week, days in weeks} or {1: []}
    kind = "tableau itineraire complet" if internal else "tableau itineraire"
    return "".join(
        table(_itinerary_caption(plan, name, week), telling.columns, rows, class_=kind)
        for week, rows in told.items()
    )


@dataclass(frozen=True)
class _Telling:
    """A tour as a table tells it."""

    plan: Plan
    marks: bool
    internal: bool

    @property
    def columns(self) -> Sequence[Column]:
        """Those of whom the table is for."""
        return INTERNAL if self.internal else PUBLIC

    def row(self, mark: str, step: str, cells: Mapping[str, str], **attributes: object) -> str:
        """A row, with HTML under the headings of ``cells`` that the table has."""
        told = [cells.get(column.heading, "") for column in self.columns[2:]]
        return body_row(self.columns, [mark, step, *told], 1, **attributes)


def _itinerary_caption(plan: Plan, name: str, week: int) -> str:
    """What a table of days is: those of a week, with the weeks of the month that run it."""
    if plan.cycle_weeks == 1:
        return f"{name} jour par jour"
    which = plan.rhythm.words(plan.rhythm.runs(week))
    return f"{name} jour par jour, semaine {week} ({which})"


def _day_rows(telling: _Telling, day_number: int, day: Day) -> str:
    """The heading of a day and its stops; its departure and return for those who run it."""
    rows = [_day_heading(telling, day_number, day)]
    for position, stop in enumerate(day.stops):
        label = stop_label(day_number, position)
        mark = badge(day.weekday, label) + unseen(label) if telling.marks else label
        rows.append(telling.row(mark, _step(telling, day, stop), _stop_cells(stop)))
    if not telling.internal:
        return "".join(rows)
    depot = telling.plan.depots[day.depot]
    start = {"Départ": clock(day.departure_s)}
    back = {
        "Route (min)": _drive_min(day.return_drive_s, measured=day.return_drive_measured),
        "Route (km)": _drive_km(day.return_drive_m),
        "Arrivée": clock(day.return_s),
    }
    rows.insert(1, telling.row("", text(f"Départ {from_place(depot)}"), start, class_="bout"))
    rows.append(telling.row("", text(f"Retour {to_place(depot)}"), back, class_="bout"))
    return "".join(rows)


def _step(telling: _Telling, day: Day, stop: Stop) -> str:
    """The commune, the session, and where it is held."""
    where = ", ".join(filter(None, [stop.place, stop.address]))
    meal = _meal_note(day, stop) if telling.internal else ""
    step = f"{element('strong', text(stop.name))} {note(_closed_note(stop))}"
    step += element("span", text(meal), class_="note repas") if meal else ""
    return f"{step}<br>{element('span', text(where), class_='note lieu')}" if where else step


def _stop_cells(stop: Stop) -> dict[str, str]:
    return {
        "Route (min)": _drive_min(stop.drive_s, measured=stop.drive_measured),
        "Route (km)": _drive_km(stop.drive_m),
        "Arrivée": clock(stop.arrival_s),
        "Ouverture": clock(stop.opening_s),
        "Fermeture": clock(stop.closing_s),
        "Départ": clock(stop.departure_s),
    }


def _closed_note(stop: Stop) -> str:
    """The session, and when it is closed over the meal."""
    if stop.closed_from_s is None or stop.closed_until_s is None:
        return stop.session
    closed = f"de {clock(stop.closed_from_s)} à {clock(stop.closed_until_s)}"
    return f"{stop.session}, fermé pour le repas {closed}"


def _meal_note(day: Day, stop: Stop) -> str:
    """The meal of those who run the tour, when it is taken before a session."""
    closed = stop.closed_from_s is not None
    if closed or day.break_from_s is None or day.break_until_s is None:
        return ""
    if not _meal_before(day, stop):
        return ""
    return f"repas de {clock(day.break_from_s)} à {clock(day.break_until_s)}"


def _meal_before(day: Day, stop: Stop) -> bool:
    """Whether ``stop`` is the first to open after the meal."""
    until = day.break_until_s
    after = [s for s in day.stops if until is not None and s.opening_s >= until]
    return bool(after) and after[0] is stop


def _day_heading(telling: _Telling, day_number: int, day: Day) -> str:
    plan = telling.plan
    first = day_date(plan, day)
    since = f", dès le {when(first.isoformat())}" if first else ""
    named = capital(weekday_name(plan, day.weekday, day.vehicle))
    name = f"{named}, journée {day_number}{since}"
    road = f"{minutes(day.drive_s)} et {kilometres(day.drive_m)} de route"
    totals = f"{hours(day.open_s)} d’ouverture, {road}"
    if not telling.internal:
        return _wide_row(telling, name, note(totals))
    ends = f"départ à {clock(day.departure_s)}, retour à {clock(day.return_s)}, "
    work = f"{hours(day.work_s)} de travail par agent"
    team = who_goes(plan, day)
    shown = (
        element("span", text(ends), class_="papier")
        + element("span", text(f"{totals}, "), class_="totaux")
        + text(f"{work} ; {team}" if team else work)
    )
    return _wide_row(telling, name, element("span", shown, class_="note"))


def _free_row(telling: _Telling, weekday: int, vehicle: str) -> str:
    name = capital(weekday_name(telling.plan, weekday, vehicle))
    return _wide_row(telling, name, note("jour libre"))


def _wide_row(telling: _Telling, name: str, words: str) -> str:
    """A row that heads a day, with HTML ``words``."""
    content = f"{element('strong', text(name) + element('span', text(' :')))} {words}"
    span = len(telling.columns)
    cell = element("th", content, scope="rowgroup", role="rowheader", colspan=span)
    return element("tr", cell, role="row", class_="journee")


def _drive_min(seconds: int, *, measured: bool) -> str:
    """The minutes of a drive, marked when the agents measured it on the road."""
    return number(seconds / 60, 1) + (note("mesuré") if measured else "")


def _drive_km(metres: int) -> str:
    return number(metres / 1000, 1)
