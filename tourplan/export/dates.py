"""The real dates of a plan: every day tour over a period, public holidays apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tourplan.errors import Fault, InputError, listed
from tourplan.export.french import when
from tourplan.export.itinerary import CsvForm, csv_bytes
from tourplan.hours import WEEKDAYS, clock
from tourplan.plan import Day, Plan, Stop
from tourplan.schedule import RULES, month_week, public_holidays, start_faults

DEFAULT_DAYS = 52 * 7 - 1
MAX_DAYS = 5 * 366
MOST_EXCEPTIONS = 8
"""Days without a session that a sentence names; the others are counted."""
PUT_OFF = "reportée"
"""Why a day is held on another date, when its author does not say."""
COLUMNS = (
    "date",
    "jour",
    "semaine_iso",
    "semaine_du_mois",
    "semaine",
    "creneau",
    "code_insee",
    "commune",
    "lieu",
    "adresse",
    "code_postal",
    "ouverture",
    "fermeture",
    "pause_de",
    "pause_a",
    "etat",
)


@dataclass(frozen=True)
class Outing:
    """A day tour on one of its dates.

    Attributes:
        when: the date that the rule of the tour gives.
        number: of its week, 1 to 4, as teams are told.
        off: why it is not held then, a public holiday or a change; empty: it is held.
        instead: the date on which it is held in its place, if any.
    """

    when: date
    number: int
    day: Day
    off: str = ""
    instead: date | None = None

    @property
    def held(self) -> date | None:
        """When it is held; ``None``: it is not."""
        return self.instead or (None if self.off else self.when)


def period(plan: Plan, start: date | None = None, end: date | None = None) -> tuple[date, date]:
    """The first and last dates asked for; where none is, those of the plan, for 52 weeks.

    A plan starts on a Monday: the first from its ``debut`` on.

    Raises:
        InputError: no start is known, or the period makes no sense.
    """
    own = date.fromisoformat(plan.start) if plan.start else None
    first = start or (own and own + timedelta(days=-own.weekday() % 7))
    if first is None:
        raise InputError.of(
            "--debut", "ce plan n’a pas de date de début", "donnez-la, par exemple 2027-01-04"
        )
    faults = start_faults(first)
    if faults:
        raise InputError([Fault("--debut", fault.what, fault.mend) for fault in faults])
    last = end or first + timedelta(days=DEFAULT_DAYS)
    if not first <= last <= first + timedelta(days=MAX_DAYS):
        raise InputError.of(
            "--fin",
            f"le {last:%d/%m/%Y} n’est pas dans les cinq ans qui suivent le {first:%d/%m/%Y}",
            "donnez une autre date",
        )
    return first, last


def outings(plan: Plan, start: date, end: date) -> tuple[Outing, ...]:
    """Every day tour from ``start`` to ``end``, in order.

    Those of public holidays are not held.
    """
    dated = [
        (monday + timedelta(days=day.weekday), plan.rhythm.number(monday), day)
        for monday, week in plan.rhythm.dates(start - timedelta(days=start.weekday()), end)
        for day in plan.days
        if day.week == week
    ]
    kept = sorted((one for one in dated if start <= one[0] <= end), key=lambda one: one[0])
    holidays = public_holidays([when for when, *_ in kept])
    off = {when: f"{name}, jour férié" for when, name in holidays.items()}
    return tuple(Outing(*one, off.get(one[0], "")) for one in kept)


def rule_words(plan: Plan) -> str:
    """In which weeks the tour goes out, and how weeks are counted."""
    return f"{plan.rhythm.words()} ({RULES[plan.week_rule]})"


def exception_words(found: Sequence[Outing]) -> str:
    """On which dates there is no session, and which are held on another; may be nothing."""
    days = list(dict.fromkeys(_exception(out) for out in found if out.off))
    more = len(days) - MOST_EXCEPTIONS
    if more > 1:
        days = [*days[:MOST_EXCEPTIONS], f"{more} autres jours"]
    return f"Pas de permanence {listed(days)}." if days else ""


def _exception(out: Outing) -> str:
    """``le 11 novembre 2026 (Armistice, jour férié)``, and the date in its place."""
    instead = when(out.instead.isoformat()) if out.instead else ""
    return f"le {when(out.when.isoformat())} ({_why(out, instead)})"


def _why(out: Outing, instead: str) -> str:
    """Why a day is not held, and the date in its place."""
    if not instead:
        return out.off
    return f"{out.off} au {instead}" if out.off == PUT_OFF else f"{out.off}, remplacée le {instead}"


def dates_csv(found: Sequence[Outing], form: CsvForm = "excel") -> bytes:
    """Each session on each date, as the bytes of a file; one held on another date has two rows."""
    rows = [row for out in found for row in _rows(out)]
    return csv_bytes(COLUMNS, sorted(rows, key=lambda row: row[0]), form)


def _rows(out: Outing) -> Iterator[tuple[str, ...]]:
    state = f"non tenue ({_why(out, f'{out.instead:%d/%m/%Y}' if out.instead else '')})"
    yield from _dated(out, out.when, state if out.off else "tenue")
    if out.instead:
        yield from _dated(out, out.instead, f"tenue au lieu du {out.when:%d/%m/%Y}")


def _dated(out: Outing, day: date, state: str) -> Iterator[tuple[str, ...]]:
    iso = day.isocalendar()
    head = (
        day.isoformat(),
        WEEKDAYS[day.weekday()],
        f"{iso.year}-S{iso.week:02d}",
        str(month_week(day - timedelta(days=day.weekday()))),
        str(out.day.week),
    )
    return ((*head, *_session(stop), state) for stop in out.day.stops)


def _session(stop: Stop) -> tuple[str, ...]:
    pause = (stop.closed_from_s, stop.closed_until_s)
    return (
        stop.session,
        stop.code,
        stop.name,
        stop.place,
        stop.address,
        stop.postcode,
        clock(stop.opening_s),
        clock(stop.closing_s),
        *("" if time_s is None else clock(time_s) for time_s in pause),
    )
