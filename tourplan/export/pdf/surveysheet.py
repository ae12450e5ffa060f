"""``reconnaissance/*``: a page a room to fill in on the first round, and a table to copy it in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tourplan.export.french import capital, from_place, minutes, spaced
from tourplan.export.itinerary import french_csv
from tourplan.export.pdf.footing import foot
from tourplan.export.pdf.typeset import pdf
from tourplan.export.words import day_name, opening_words
from tourplan.files import slug
from tourplan.places import TOWN_HALL
from tourplan.survey import COLUMNS, Found, answers_of

if TYPE_CHECKING:
    from tourplan.plan import Day, Plan, Stop
    from tourplan.prepare import Case

Json = dict[str, Any]
Sessions = list[tuple["Day", "Stop"]]
_YES = {True: "oui", False: "non", None: ""}


def survey_files(plan: Plan, case: Case, found: Sequence[Found], now: datetime) -> dict[str, bytes]:
    """The sheets and the table, by name of file.

    Args:
        plan: the plan.
        case: its facts.
        found: what an earlier reconnaissance found, already filled in.
        now: the date of the documents.
    """
    rooms = rooms_of(plan)
    rows = [row for room in rooms.items() for row in _rows(case, found, *room)]
    files = {"reconnaissance/reconnaissance.csv": french_csv(COLUMNS, rows).encode("utf-8-sig")}
    for (code, place), sessions in rooms.items():
        name = sessions[0][1].name
        own = "" if place == TOWN_HALL else f"-{slug(place)}"
        data = {**sheet_data(plan, case, sessions, found), "foot": foot(plan, now)}
        files[f"reconnaissance/{code}-{slug(name)}{own}.pdf"] = pdf("surveysheet", data, now)
    return files


def rooms_of(plan: Plan) -> dict[tuple[str, str], Sessions]:
    """The sessions of each room, by INSEE code and name, in the order of the days."""
    rooms: dict[tuple[str, str], Sessions] = {}
    for day in plan.days:
        for stop in day.stops:
            rooms.setdefault((stop.code, stop.place or TOWN_HALL), []).append((day, stop))
    return rooms


def _rows(
    case: Case, found: Sequence[Found], room: tuple[str, str], sessions: Sessions
) -> Iterator[tuple[str, ...]]:
    """The rows of a room: what is known of it and where its answers go, then a row a drive more."""
    stop = sessions[0][1]
    known = _known(case, found, *room)
    head = {"code_insee": stop.code, "commune": stop.name, "lieu": room[1]}
    answers = {
        "adresse": stop.address,
        "ouvert_au_public": _YES[known.public],
        "plain_pied": _YES[known.accessible],
        "confidentiel": _YES[known.private],
        "reseau": known.network,
        "cles": known.keys,
        "contact": known.contact,
        "telephone": known.phone,
        "materiel": known.equipment,
        "signaletique": known.signs,
        "remarques": known.remarks,
    }
    for origin in _origins(sessions):
        row = {**head, **answers, "de": origin, "vers": stop.code}
        yield tuple(row.get(column, "") for column in COLUMNS)
        answers = {}


def _known(case: Case, found: Sequence[Found], code: str, place: str) -> Found:
    """What is known of a room: what was found there, else what the scenario says of it."""
    visited = answers_of(found, code, place)
    if visited is not None:
        return visited
    venue = next((v for v in case.scenario.venues if (v.code, v.name) == (code, place)), None)
    if venue is None:
        return Found(code, place)
    return Found(code, place, venue.public, venue.accessible, venue.private)


def _origins(sessions: Sessions) -> list[str]:
    """Where one comes from: the agencies, and the stops before, as the plan has them."""
    origins = dict.fromkeys(day.depot for day, _ in sessions)
    for day, stop in sessions:
        before = [other for other in day.stops if other.arrival_s < stop.arrival_s]
        origins |= dict.fromkeys(other.code for other in before[-1:])
    return [origin for origin in origins if origin != sessions[0][1].code] or [*origins][:1]


def sheet_data(plan: Plan, case: Case, sessions: Sessions, found: Sequence[Found]) -> Json:
    """What the sheet of a room shows."""
    day, stop = sessions[0]
    commune = case.territory.communes.get(stop.code)
    hours = commune.hours if commune else None
    told = hours.text(day.weekday) if hours else "inconnus"
    known = _known(case, found, stop.code, stop.place or TOWN_HALL)
    names = {other.code: other.name for one in plan.days for other in one.stops} | plan.depots
    return {
        "title": f"Reconnaissance : {stop.name}",
        "place": stop.place or TOWN_HALL,
        "address": stop.address,
        "sessions": [spaced(words) for words in _sessions(plan, sessions)],
        "hours": f"Mairie, le {day.weekday_name} : {told}",
        "public": _YES[known.public],
        "accessible": _YES[known.accessible],
        "private": _YES[known.private],
        "network": known.network,
        "texts": {
            name: spaced(getattr(known, name))
            for name in ("keys", "contact", "phone", "equipment", "signs", "remarks")
        },
        "drives": [
            [from_place(names[origin]), spaced(_calculated(case, origin, stop.code))]
            for origin in _origins(sessions)
        ],
    }


def _calculated(case: Case, origin: str, destination: str) -> str:
    """How long the plan says that a drive takes."""
    travel = case.travel
    if origin not in travel.places or destination not in travel.places:
        return "calculé : inconnu"
    pair = travel.index(origin), travel.index(destination)
    kind = "mesuré" if travel.measured[pair] else "calculé"
    return f"{kind} : {minutes(float(travel.time_s[pair]))}"


def _sessions(plan: Plan, sessions: Sessions) -> Iterator[str]:
    """When the room is to be used."""
    for day, stop in sessions:
        name = capital(day_name(plan, day.week, day.weekday, day.vehicle))
        yield f"{name}, {opening_words(stop)} ({plan.rhythm.words(plan.rhythm.runs(day.week))})"
