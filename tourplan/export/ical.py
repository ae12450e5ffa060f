"""iCalendar text (RFC 5545): events that recur by week, in the time of Paris."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tourplan import __version__

ZONE = "Europe/Paris"
FOLD_OCTETS = 75
_SEQUENCE_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_VTIMEZONE = (
    "BEGIN:VTIMEZONE",
    f"TZID:{ZONE}",
    "BEGIN:DAYLIGHT",
    "DTSTART:19960331T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0200",
    "TZNAME:CEST",
    "END:DAYLIGHT",
    "BEGIN:STANDARD",
    "DTSTART:19961027T030000",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100",
    "TZNAME:CET",
    "END:STANDARD",
    "END:VTIMEZONE",
)
"""The hours of the European Union since 1996; dates before are not for this program."""


@dataclass(frozen=True)
class Event:
    """Something held at the same hours of several dates, all on one weekday.

    Attributes:
        uid: the same from one edition to the next, so that the new one takes the old one's place.
        start_s, end_s: seconds since midnight, in the time of Paris.
        dates: when it is held, sorted, at least one.
        moved: those of ``dates`` that are held on another date, with that date.
        point: longitude and latitude in degrees, if known.
        sure: whether it is settled, or still a proposal.
        busy: whether it takes the time of the one whose calendar it is.
    """

    uid: str
    title: str
    place: str
    text: str
    start_s: int
    end_s: int
    dates: tuple[date, ...]
    moved: tuple[tuple[date, date], ...] = ()
    point: tuple[float, float] | None = None
    sure: bool = True
    busy: bool = False

    @property
    def left_out(self) -> list[date]:
        """The dates of its weekly rhythm on which it is not held."""
        held, first, last = set(self.dates), self.dates[0], self.dates[-1]
        every = (first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1))
        return [day for day in every if day not in held]


def calendar(name: str, events: Sequence[Event], now: datetime) -> str:
    """The calendar as text; ``now`` (with its zone) dates this edition."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//tourplan//tourplan {__version__}//FR",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{escaped(name)}",
        f"X-WR-TIMEZONE:{ZONE}",
        *_VTIMEZONE,
        *(line for event in events for line in _event_lines(event, now)),
        "END:VCALENDAR",
    ]
    return "".join(f"{folded(line)}\r\n" for line in lines)


def escaped(text: str) -> str:
    """A text as the value of a property: no line break, comma or semicolon that could end it."""
    for mark, sign in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\n"), ("\r", "\n")):
        text = text.replace(mark, sign)
    return "".join(c for c in text if c >= " " or c in "\n\t").replace("\n", "\\n")


def folded(line: str) -> str:
    """A line cut so that none takes more than 75 octets, never within a character."""
    pieces, size = [""], 0
    for character in line:
        octets = len(character.encode())
        if size + octets > FOLD_OCTETS:
            pieces.append(" ")
            size = 1
        pieces[-1] += character
        size += octets
    return "\r\n".join(pieces)


def _event_lines(event: Event, now: datetime) -> Iterator[str]:
    """An event, then those of its dates that are moved."""
    yield from _component(event, event.dates[0], tuple(_recurrence(event)), now)
    for old, new in event.moved:
        instance = f"RECURRENCE-ID;TZID={ZONE}:{_local(old, event.start_s)}"
        yield from _component(event, new, (instance,), now)


def _recurrence(event: Event) -> Iterator[str]:
    """A weekly rule less the weeks without the event, which every calendar program reads."""
    if len(event.dates) > 1 or event.moved:
        last = _moment(event.dates[-1], event.start_s).replace(tzinfo=ZoneInfo(ZONE))
        yield f"RRULE:FREQ=WEEKLY;UNTIL={_utc(last)}"
    if event.left_out:
        days = ",".join(_local(day, event.start_s) for day in event.left_out)
        yield f"EXDATE;TZID={ZONE}:{days}"


def _component(event: Event, day: date, recurrence: Sequence[str], now: datetime) -> Iterator[str]:
    """The lines of an event that is held on ``day``, and of how it recurs."""
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"DTSTAMP:{_utc(now)}"
    yield f"SEQUENCE:{(now - _SEQUENCE_EPOCH) // timedelta(minutes=1)}"
    yield f"DTSTART;TZID={ZONE}:{_local(day, event.start_s)}"
    yield f"DTEND;TZID={ZONE}:{_local(day, event.end_s)}"
    yield from recurrence
    yield f"SUMMARY:{escaped(event.title)}"
    yield f"LOCATION:{escaped(event.place)}"
    if event.point is not None:
        yield f"GEO:{event.point[1]:.6f};{event.point[0]:.6f}"
    yield f"DESCRIPTION:{escaped(event.text)}"
    yield f"STATUS:{'CONFIRMED' if event.sure else 'TENTATIVE'}"
    yield f"TRANSP:{'OPAQUE' if event.busy else 'TRANSPARENT'}"
    yield "END:VEVENT"


def _moment(day: date, time_s: int) -> datetime:
    """A time of day on a date; 24:00 is the next day."""
    return datetime.combine(day, time()) + timedelta(seconds=time_s)


def _local(day: date, time_s: int) -> str:
    return f"{_moment(day, time_s):%Y%m%dT%H%M%S}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
