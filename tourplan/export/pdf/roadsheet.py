"""``feuilles-de-route/*.pdf``: a page a day for the agents, times first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from tourplan.errors import listed
from tourplan.export.french import capital, from_place, kilometres, minutes, spaced, when
from tourplan.export.pdf.footing import foot
from tourplan.export.pdf.typeset import pdf
from tourplan.export.words import day_name, opening_words, team_words
from tourplan.files import data_file, slug
from tourplan.hours import WEEKDAYS, clock
from tourplan.places import TOWN_HALL
from tourplan.survey import Found, answers_of
from tourplan.tables import read_table
from tourplan.travel.directions import STRAIGHT_DEG

if TYPE_CHECKING:
    from tourplan.export.dates import Outing
    from tourplan.plan import Day, Plan, Stop
    from tourplan.prepare import Case
    from tourplan.travel.directions import Stretch

Json = dict[str, Any]
Roads = Callable[[str, str], str]
"""What is told of the way between two places, by their keys."""
MOST_DATES = 12
AROUND_DEG = 155.0
"""A road that turns more goes back."""


def road_sheet_files(
    plan: Plan, case: Case, found: Sequence[Outing], rooms: Sequence[Found], now: datetime
) -> dict[str, bytes]:
    """The sheets by name of file.

    Args:
        plan: the plan.
        case: its facts.
        found: its day tours on their dates.
        rooms: what a reconnaissance found, if anything.
        now: the date of the documents.
    """
    roads, files = roads_of(case), {}
    for number, day in enumerate(plan.days, start=1):
        dates = [out.held for out in found if out.day is day and out.held]
        name = f"{number:02d}-semaine-{day.week}-{WEEKDAYS[day.weekday]}-{slug(day.vehicle)}"
        data = sheet_data(plan, case, day, rooms, roads)
        data["dates"] = [spaced(when(one.isoformat())) for one in sorted(dates)[:MOST_DATES]]
        files[f"feuilles-de-route/{name}.pdf"] = pdf(
            "roadsheet", {**data, "foot": foot(plan, now)}, now
        )
    return files


def sheet_data(plan: Plan, case: Case, day: Day, rooms: Sequence[Found], roads: Roads) -> Json:
    """What the sheet of a day shows."""
    name = capital(day_name(plan, day.week, day.weekday, day.vehicle))
    return {
        "title": f"{name} : {listed([stop.name for stop in day.stops])}",
        "weeks": capital(plan.rhythm.words(plan.rhythm.runs(day.week))),
        "vehicle": day.vehicle,
        "team": team_words(day.teams),
        "steps": list(_steps(plan, case, day, roads)),
        "stops": [_stop(case, day, stop, rooms) for stop in day.stops],
        "total": spaced(
            f"{kilometres(day.drive_m)}, {minutes(day.drive_s)} de route, retour à "
            f"{clock(day.return_s)}"
        ),
    }


def _steps(plan: Plan, case: Case, day: Day, roads: Roads) -> Iterator[Json]:
    """The timetable of a day: drives, sessions and the meal, in the order of the clock."""
    rules, agency = case.problem.day, plan.depots[day.depot]
    places = [day.depot, *(stop.code for stop in day.stops), day.depot]
    legs = list(pairwise(places))
    told: list[tuple[int, str, str]] = [(day.departure_s, "Départ", agency)]
    for leg, stop in zip(legs, day.stops, strict=False):
        drive = f"{minutes(stop.drive_s)}, {kilometres(stop.drive_m)}"
        told.append((stop.arrival_s, "Arrivée", _joined(stop.name, drive, roads(*leg))))
        setup = f"installer la salle {rules.setup_s // 60} min avant"
        told.append((stop.opening_s, "Ouverture", _joined(stop.place or TOWN_HALL, setup)))
        if stop.closed_from_s is not None and stop.closed_until_s is not None:
            told.append((stop.closed_from_s, "Fermeture", "pour le repas"))
            told.append((stop.closed_until_s, "Réouverture", stop.place or TOWN_HALL))
        told.append((stop.closing_s, "Fermeture", f"ranger ({rules.packing_s // 60} min)"))
        told.append((stop.departure_s, "Départ", from_place(stop.name)))
    if day.break_from_s is not None and day.break_until_s is not None:
        told.append((day.break_from_s, "Repas", f"jusqu’à {clock(day.break_until_s)}"))
    back = f"{minutes(day.return_drive_s)}, {kilometres(day.return_drive_m)}"
    told.append((day.return_s, "Retour", _joined(agency, back, roads(*legs[-1]))))
    for time_s, what, words in sorted(told, key=lambda one: one[0]):
        yield {"time": clock(time_s), "what": what, "words": spaced(words)}


def _joined(*parts: str) -> str:
    return " ; ".join(filter(None, parts))


def _stop(case: Case, day: Day, stop: Stop, rooms: Sequence[Found]) -> Json:
    """Where a session is, who opens, and what is to be checked there."""
    found = answers_of(rooms, stop.code, stop.place)
    number = case.problem.site_index.get((stop.code, stop.place))
    hours = None if number is None else case.problem.sites[number].hours
    outside = hours is not None and not case.problem.hour_counts(
        case.problem.sites[number or 0], day.weekday, stop.opening_s, stop.closing_s
    )
    lines = [("Adresse", stop.address)]
    if found:
        lines += [
            ("Clés", found.keys),
            ("Contact", ", ".join(filter(None, (found.contact, found.phone)))),
            ("Réseau", found.network),
            ("Matériel", found.equipment),
            ("Signalétique", found.signs),
            ("À savoir", found.remarks),
        ]
    if outside and hours is not None:
        told = f"mairie ce jour-là : {hours.text(day.weekday)}, à vérifier avec elle"
        lines.append(("Horaires", told))
    return {
        "name": stop.name,
        "place": stop.place or TOWN_HALL,
        "hours": opening_words(stop),
        "lines": [[label, spaced(words)] for label, words in lines if words],
    }


def roads_of(case: Case) -> Roads:
    """What is told of a way.

    On real roads, each road and turn; on the embedded network, the communes it passes and road
    numbers; of a table of times, nothing.
    """
    if case.scenario.network.source != "integre":
        return lambda *ends: directions_words(case.travel.directions(*ends))
    numbers = road_numbers()

    def told(origin: str, destination: str) -> str:
        if origin == destination:
            return ""
        path = case.travel.path(origin, destination)
        roads = [road for link in pairwise(path) for road in numbers.get(link, ())]
        names = [case.territory.name(code) for code in path[1:-1]]
        by = f"par {', '.join(names)}" if names else ""
        return _joined(by, ", ".join(road for road, _ in groupby(roads)))

    return told


def directions_words(stretches: Sequence[Stretch]) -> str:
    """``D 25 (12,3 km), à droite D 9 (3,4 km), au rond-point tout droit D 130 (2,0 km)``."""
    return ", ".join(
        f"{_turn_words(one)}{one.road or 'route sans numéro'} ({kilometres(one.metres)})"
        for one in stretches
    )


def _turn_words(stretch: Stretch) -> str:
    """How one turns into a road; nothing for the first one."""
    if stretch.turn is None:
        return ""
    side = "à droite" if stretch.turn > 0 else "à gauche"
    if abs(stretch.turn) > AROUND_DEG:
        side = "demi-tour vers"
    elif abs(stretch.turn) < STRAIGHT_DEG:
        side = "tout droit" if stretch.roundabout else "puis"
    return f"au rond-point {side} " if stretch.roundabout else f"{side} "


def road_numbers() -> dict[tuple[str, str], list[str]]:
    """The roads of each link of the embedded network, in the order in which they are driven.

    The file tells them from ``b`` to ``a`` (data/README.md).
    """
    numbers = {}
    for row in read_table(data_file("liaisons.csv"), ("a", "b", "routes")):
        one, two, roads = row.text("a"), row.text("b"), row.text("routes").split()
        numbers[two, one], numbers[one, two] = roads, roads[::-1]
    return numbers
