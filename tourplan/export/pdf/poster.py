"""``affiches/*.pdf``: an A4 poster for each commune, to be read from three metres."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tourplan.export.drawing import place_drawing
from tourplan.export.french import MONTHS, NO_BREAK, capital, from_place, to_place, when
from tourplan.export.pdf.typeset import pdf
from tourplan.export.scene import Scene
from tourplan.files import slug
from tourplan.hours import WEEKDAYS
from tourplan.places import TOWN_HALL

if TYPE_CHECKING:
    from tourplan.export.dates import Outing
    from tourplan.export.posterwords import PosterWords
    from tourplan.plan import Plan, Stop

Json = dict[str, Any]
MONTHS_AHEAD = 3
MAP_PT = (215.0, 150.0)


@dataclass(frozen=True)
class Held:
    """A session on one of its dates."""

    when: date
    stop: Stop


def poster_files(
    plan: Plan,
    found: Sequence[Outing],
    scene: Scene,
    words: PosterWords,
    now: datetime,
    structure: str = "",
    booking: str = "",
) -> dict[str, bytes]:
    """The posters by name of file.

    Args:
        plan: the plan.
        found: its day tours on their dates.
        scene: its map.
        words: what they say beside.
        now: the date of the documents.
        structure: who holds the sessions, if told.
        booking: the page where to book, if any.
    """
    files = {}
    for (code, name), held in _by_commune(found).items():
        data = poster_data(name, held, words)
        own = {"structure": structure, "booking": booking, "foot": _foot(plan)}
        drawing = place_drawing(scene, code, held[0].stop, *MAP_PT)
        alt = f"Situation du lieu d’accueil {to_place(name)}"
        files[f"affiches/{code}-{slug(name)}.pdf"] = pdf(
            "poster", {**data, **own, "map": {"svg": drawing, "alt": alt}}, now
        )
    return files


def _foot(plan: Plan) -> str:
    """Which edition this is; nothing that only those who run the tour need."""
    draft = "" if plan.status == "validé" else f" Document {plan.status} : ne pas afficher."
    return f"Édition {plan.fingerprint[:8]}.{draft}"


def _by_commune(found: Sequence[Outing]) -> dict[tuple[str, str], list[Held]]:
    """The sessions of each commune over the months ahead, in order; those without any left out."""
    held = sorted(
        (Held(out.held, stop) for out in found if out.held for stop in out.day.stops),
        key=lambda one: (one.when, one.stop.opening_s),
    )
    if held:
        held = [one for one in held if one.when < months_later(held[0].when, MONTHS_AHEAD)]
    communes: dict[tuple[str, str], list[Held]] = {}
    for one in held:
        communes.setdefault((one.stop.code, one.stop.name), []).append(one)
    return communes


def months_later(day: date, months: int) -> date:
    """The first day of the month that comes so many months after that of a date."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def poster_data(name: str, held: Sequence[Held], words: PosterWords) -> Json:
    """What the poster of a commune shows."""
    return {
        "title": f"{words.heading} : {name}",
        "heading": words.heading,
        "commune": name,
        "mention": words.mention,
        "sessions": list(_sessions(held)),
        "phone": words.phone,
        "site": words.site,
        "bring": list(words.bring),
        "partners": list(words.partners),
        "partners_date": _as_of(when(words.partners_date)),
    }


def _as_of(month: str) -> str:
    """``d’août 2024``, ``de mars 2025``: the date of a list; nothing where none is given."""
    return from_place(month) if month else ""


def _sessions(held: Sequence[Held]) -> Iterator[Json]:
    """Sessions of the same weekday, hours and place, with their dates month by month."""
    kinds: dict[tuple[int, tuple[str, ...], str, str], list[date]] = {}
    for one in held:
        stop = one.stop
        key = (one.when.weekday(), spoken_hours(stop), stop.place or TOWN_HALL, stop.address)
        kinds.setdefault(key, []).append(one.when)
    for (weekday, hours, place, address), dates in kinds.items():
        yield {
            "day": capital(WEEKDAYS[weekday]),
            "hours": hours,
            "place": place,
            "address": address,
            "months": [[name, days] for name, days in dates_by_month(dates)],
        }


def dates_by_month(dates: Sequence[date]) -> Iterator[tuple[str, str]]:
    """``("Janvier 2027", "12 et 26")`` and so on."""
    for (year, month), mine in groupby(sorted(dates), key=lambda day: (day.year, day.month)):
        days = [f"{day.day}{'er' if day.day == 1 else ''}" for day in mine]
        told = ", ".join(days[:-1]) + (f" et {days[-1]}" if len(days) > 1 else days[0])
        yield f"{capital(MONTHS[month - 1])} {year}", told


def spoken_hours(stop: Stop) -> tuple[str, ...]:
    """``9 h 45 – 12 h 15``; two spans for a session that closes over the meal."""
    start, end = stop.opening_s, stop.closing_s
    closed = stop.closed
    spans = [(start, end)]
    if closed is not None:
        spans = [(start, closed[0]), (closed[1], end)]
    return tuple(f"{_spoken(one)} – {_spoken(two)}" for one, two in spans)


def _spoken(time_s: int) -> str:
    """``9 h``, ``9 h 45``: a time as it is said."""
    hour, minute = time_s // 3600, time_s % 3600 // 60
    return f"{hour}{NO_BREAK}h" + (f"{NO_BREAK}{minute:02d}" if minute else "")
