"""``reconnaissance/*``: a page a room to fill in on the first round, and a table to copy it in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tourplan.export.french import capital, from_place, minutes, spaced
from tourplan.export.itinerary import french_csv
from tourplan.export.pdf.footing import foot
from tourplan.export.pdf.typeset import pdf
from tourplan.export.words import day_name, opening_words
from tourplan.files import slug
from tourplan.places import TOWN_HALL
from tourplan.survey import COLUMNS

if TYPE_CHECKING:
    from tourplan.plan import Day, Plan, Stop
    from tourplan.prepare import Case

Json = dict[str, Any]
Sessions = list[tuple["Day", "Stop"]]


def survey_files(plan: Plan, case: Case, now: datetime) -> dict[str, bytes]:
    """The sheets and the table, by name of file."""
    rooms = rooms_of(plan)
    rows = [_row(sessions) for sessions in rooms.values()]
    files = {"reconnaissance/reconnaissance.csv": french_csv(COLUMNS, rows).encode("utf-8-sig")}
    for (code, place), sessions in rooms.items():
        name = sessions[0][1].name
        own = "" if place == TOWN_HALL else f"-{slug(place)}"
        data = {**sheet_data(plan, case, sessions), "foot": foot(plan, now)}
        files[f"reconnaissance/{code}-{slug(name)}{own}.pdf"] = pdf("surveysheet", data, now)
    return files


def rooms_of(plan: Plan) -> dict[tuple[str, str], Sessions]:
    """The sessions of each room, by INSEE code and name, in the order of the days."""
    rooms: dict[tuple[str, str], Sessions] = {}
    for day in plan.days:
        for stop in day.stops:
            rooms.setdefault((stop.code, stop.place or TOWN_HALL), []).append((day, stop))
    return rooms


def _row(sessions: Sessions) -> tuple[str, ...]:
    """The row of a room: what is known of it, and where its answers go."""
    day, stop = sessions[0]
    known = {
        "code_insee": stop.code,
        "commune": stop.name,
        "lieu": stop.place or TOWN_HALL,
        "adresse": stop.address,
        "de": day.depot,
        "vers": stop.code,
    }
    return tuple(known.get(column, "") for column in COLUMNS)


def sheet_data(plan: Plan, case: Case, sessions: Sessions) -> Json:
    """What the sheet of a room shows."""
    day, stop = sessions[0]
    commune = case.territory.communes.get(stop.code)
    hours = commune.hours if commune else None
    told = hours.text(day.weekday) if hours else "inconnus"
    travel = case.travel
    known = day.depot in travel.places and stop.code in travel.places
    pair = (travel.index(day.depot), travel.index(stop.code)) if known else None
    drive = minutes(float(travel.time_s[pair])) if pair else "inconnu"
    return {
        "title": f"Reconnaissance : {stop.name}",
        "place": stop.place or TOWN_HALL,
        "address": stop.address,
        "sessions": [spaced(words) for words in _sessions(plan, sessions)],
        "hours": f"Mairie, le {day.weekday_name} : {told}",
        "origin": from_place(plan.depots[day.depot]),
        "drive": spaced(f"calculé : {drive}"),
    }


def _sessions(plan: Plan, sessions: Sessions) -> Iterator[str]:
    """When the room is to be used."""
    for day, stop in sessions:
        name = capital(day_name(plan, day.week, day.weekday, day.vehicle))
        yield f"{name}, {opening_words(stop)} ({plan.rhythm.words(plan.rhythm.runs(day.week))})"
