"""Calendars of a plan: of the whole tour, of each commune, and of each agent."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from tourplan.export.dates import Outing, dates_csv, exception_words
from tourplan.export.french import capital
from tourplan.export.ical import Event, calendar
from tourplan.export.itinerary import CsvForm
from tourplan.export.words import opening_words
from tourplan.files import slug
from tourplan.hours import clock
from tourplan.plan import Day, Plan, Stop
from tourplan.schedule import RULES


def agenda_files(
    plan: Plan,
    found: Sequence[Outing],
    now: datetime,
    *,
    internal: bool,
    form: CsvForm = "excel",
) -> dict[str, bytes]:
    """The files by name: the dates, and the calendars; those of agents only if ``internal``."""
    communes = _communes(plan, found)
    everyone = [event for events in communes.values() for event in events]
    calendars = {"tournee.ics": (plan.title, everyone)}
    for (code, name), events in communes.items():
        calendars[f"communes/{code}-{slug(name)}.ics"] = (f"{plan.title} – {name}", events)
    for number, agent in enumerate(plan.agents if internal else (), start=1):
        events = list(_agent_events(plan, agent, found))
        calendars[f"agents/{number:02d}-{slug(agent)}.ics"] = (f"{plan.title} – {agent}", events)
    return {
        "dates.csv": dates_csv(found, form),
        **{
            f"agendas/{path}": calendar(title, events, now).encode()
            for path, (title, events) in calendars.items()
        },
    }


def _communes(plan: Plan, found: Sequence[Outing]) -> dict[tuple[str, str], list[Event]]:
    """The sessions of each commune, by code and name; no event where none is held."""
    seen: Counter[str] = Counter()
    events: dict[tuple[str, str], list[Event]] = {}
    for day in plan.days:
        outs = [out for out in found if out.day is day]
        for stop in day.stops:
            seen[stop.code] += 1
            events.setdefault((stop.code, stop.name), [])
            if any(out.held for out in outs):
                event = _session_event(plan, day, stop, outs, seen[stop.code])
                events[stop.code, stop.name].append(event)
    return events


def _session_event(plan: Plan, day: Day, stop: Stop, outs: Sequence[Outing], number: int) -> Event:
    """A session of a commune, the ``number``-th of its cycle."""
    weeks = plan.rhythm.words(plan.rhythm.runs(day.week))
    lines = [
        f"Permanence ouverte à tous, {opening_words(stop)}.",
        f"{capital(day.weekday_name)}, {weeks} ({RULES[plan.week_rule]}).",
        exception_words(outs),
    ]
    return Event(
        uid=f"{_tour_mark(plan)}-{stop.code}-{number}@tourplan",
        title=f"Permanence : {stop.name}",
        place=", ".join(filter(None, (stop.place, stop.address or stop.name))),
        text="\n".join(filter(None, lines)),
        start_s=stop.opening_s,
        end_s=stop.closing_s,
        dates=tuple(out.when for out in outs if out.held),
        moved=_moved(outs),
        point=None if stop.lon is None or stop.lat is None else (stop.lon, stop.lat),
        sure=plan.status == "validé",
    )


def _moved(outs: Sequence[Outing]) -> tuple[tuple[date, date], ...]:
    """The dates held on another one."""
    return tuple((out.when, out.instead) for out in outs if out.instead)


def _agent_events(plan: Plan, agent: str, found: Sequence[Outing]) -> Iterator[Event]:
    """The days on which an agent goes out, from leaving the agency to coming back."""
    seen: Counter[tuple[int, int]] = Counter()
    for day in plan.days:
        outs = [out for out in found if out.day is day and agent in day.teams.get(out.number, ())]
        if any(out.held for out in outs):
            seen[day.week, day.weekday] += 1
            rank = f"{day.week}-{day.weekday}-{seen[day.week, day.weekday]}"
            yield Event(
                uid=f"{_tour_mark(plan)}-{_mark(agent)}-{rank}@tourplan",
                title=f"Tournée : {', '.join(stop.name for stop in day.stops)}",
                place=plan.depots[day.depot],
                text="\n".join(filter(None, (*_road_book(plan, day), exception_words(outs)))),
                start_s=day.departure_s,
                end_s=day.return_s,
                dates=tuple(out.when for out in outs if out.held),
                moved=_moved(outs),
                sure=plan.status == "validé",
                busy=True,
            )


def _road_book(plan: Plan, day: Day) -> Iterator[str]:
    """The times of a day, a line a place."""
    agency = plan.depots[day.depot]
    yield f"{clock(day.departure_s)} départ : {agency}, {day.vehicle}"
    for stop in day.stops:
        where = ", ".join(filter(None, (stop.name, stop.place, stop.address)))
        yield f"{clock(stop.arrival_s)} arrivée : {where} ; {opening_words(stop)}"
    if day.break_from_s is not None and day.break_until_s is not None:
        yield f"Repas : {clock(day.break_from_s)}–{clock(day.break_until_s)}"
    yield f"{clock(day.return_s)} retour : {agency}"


def _tour_mark(plan: Plan) -> str:
    """What tells this tour's events from those of others: its title, which plans to come keep."""
    return _mark(plan.title)


def _mark(text: str) -> str:
    """A short mark of a text, that does not show it."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
