"""The table of days on the page: every stop with its hours, drives and remarks."""

from __future__ import annotations

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
from tourplan.export.words import (
    day_name,
)
from tourplan.hours import clock

if TYPE_CHECKING:
    from tourplan.plan import Day, Plan, Stop


ITINERARY = (
    Column("Repère"),
    Column("Étape"),
    Column("Route (min)", figures=True),
    Column("Route (km)", figures=True),
    Column("Arrivée", figures=True),
    Column("Ouverture", figures=True),
    Column("Fermeture", figures=True),
    Column("Départ", figures=True),
)


def itinerary_table(plan: Plan, *, marks: bool = False) -> str:
    """The tour day by day, as an HTML table that needs neither map nor script.

    Args:
        plan: the plan.
        marks: whether stops bear the shapes of the map, which only the page defines.
    """
    bodies = [
        ((day.week, day.weekday, day.vehicle), _day_rows(plan, number_, day, marks=marks))
        for number_, day in numbered_days(plan)
    ]
    bodies += [(day, _free_row(plan, *day)) for day in plan.free_days]
    weeks = groupby(sorted(bodies), key=lambda body: body[0][0])
    told = {week: [rows for _, rows in days] for week, days in weeks} or {1: []}
    return "".join(
        table(_itinerary_caption(plan, week), ITINERARY, rows, class_="tableau itineraire")
        for week, rows in told.items()
    )


def _itinerary_caption(plan: Plan, week: int) -> str:
    """What a table of days is: those of a week, with the weeks of the month that run it."""
    if plan.cycle_weeks == 1:
        return "La tournée jour par jour"
    which = plan.rhythm.words(plan.rhythm.runs(week))
    return f"La tournée jour par jour, semaine {week} ({which})"


def _day_rows(plan: Plan, day_number: int, day: Day, *, marks: bool) -> str:
    """The heading of a day, its departure, stops and return."""
    depot = plan.depots[day.depot]
    start = ["", text(f"Départ {from_place(depot)}"), "", "", "", "", "", clock(day.departure_s)]
    back = [
        "",
        text(f"Retour {to_place(depot)}"),
        _drive_min(day.return_drive_s, measured=day.return_drive_measured),
        _drive_km(day.return_drive_m),
        clock(day.return_s),
        "",
        "",
        "",
    ]
    rows = [_day_heading(plan, day_number, day), body_row(ITINERARY, start, 1, class_="bout")]
    for position, stop in enumerate(day.stops):
        label = stop_label(day_number, position)
        mark = badge(day.weekday, label) + unseen(label) if marks else label
        rows.append(body_row(ITINERARY, [mark, *_stop_cells(day, stop)], 1))
    rows.append(body_row(ITINERARY, back, 1, class_="bout"))
    return "".join(rows)


def _stop_cells(day: Day, stop: Stop) -> list[str]:
    where = ", ".join(filter(None, [stop.place, stop.address]))
    step = f"{element('strong', text(stop.name))} {note(_stop_note(day, stop))}"
    return [
        f"{step}<br>{element('span', text(where), class_='note lieu')}" if where else step,
        _drive_min(stop.drive_s, measured=stop.drive_measured),
        _drive_km(stop.drive_m),
        clock(stop.arrival_s),
        clock(stop.opening_s),
        clock(stop.closing_s),
        clock(stop.departure_s),
    ]


def _stop_note(day: Day, stop: Stop) -> str:
    """The session, and the meal when it is taken before it or closes it."""
    if stop.closed_from_s is not None and stop.closed_until_s is not None:
        closed = f"de {clock(stop.closed_from_s)} à {clock(stop.closed_until_s)}"
        return f"{stop.session}, fermé pour le repas {closed}"
    if day.break_from_s is None or day.break_until_s is None or not _meal_before(day, stop):
        return stop.session
    return f"{stop.session}, repas de {clock(day.break_from_s)} à {clock(day.break_until_s)}"


def _meal_before(day: Day, stop: Stop) -> bool:
    """Whether ``stop`` is the first to open after the meal."""
    until = day.break_until_s
    after = [s for s in day.stops if until is not None and s.opening_s >= until]
    return bool(after) and after[0] is stop


def _day_heading(plan: Plan, day_number: int, day: Day) -> str:
    first = day_date(plan, day)
    since = f", dès le {when(first.isoformat())}" if first else ""
    named = capital(day_name(plan, day.week, day.weekday, day.vehicle))
    name = f"{named}, journée {day_number}{since}"
    totals = (
        f"{hours(day.open_s)} d’ouverture, {minutes(day.drive_s)} et {kilometres(day.drive_m)} "
        f"de route, {hours(day.work_s)} de travail par agent"
    )
    return _wide_row(name, totals)


def _free_row(plan: Plan, week: int, weekday: int, vehicle: str) -> str:
    return _wide_row(capital(day_name(plan, week, weekday, vehicle)), "jour libre")


def _wide_row(name: str, words: str) -> str:
    """A row that heads a day."""
    content = element("strong", text(f"{name} :")) + " " + note(words)
    cell = element("th", content, scope="rowgroup", role="rowheader", colspan=len(ITINERARY))
    return element("tr", cell, role="row", class_="journee")


def _drive_min(seconds: int, *, measured: bool) -> str:
    """The minutes of a drive, marked when the agents measured it on the road."""
    return number(seconds / 60, 1) + (note("mesuré") if measured else "")


def _drive_km(metres: int) -> str:
    return number(metres / 1000, 1)
