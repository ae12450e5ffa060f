"""An existing tour read from CSV: who is visited when, and the times given, if any."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tourplan.errors import Fault, InputError
from tourplan.files import data_file
from tourplan.hours import WEEKDAYS, parse_clock
from tourplan.scenario import one_of
from tourplan.tables import Row, plain, read_table
from tourplan.territory import Territory

EMBEDDED_TOURS = ("herault_2021", "herault_2024")
MAX_VISITS = 500


@dataclass(frozen=True)
class Visit:
    """One half-day of a tour: where, when, and its opening hours when the file gives them."""

    week: int
    weekday: int
    session: str
    code: str
    opening_s: int | None = None
    closing_s: int | None = None


def tour_path(name: str, base: Path = Path()) -> Path:
    """The file of an embedded tour or of the user's."""
    return data_file(f"tournees/{name}.csv") if name in EMBEDDED_TOURS else base / name


def read_tour(path: Path, territory: Territory, sessions: tuple[str, ...]) -> tuple[Visit, ...]:
    """The visits of a CSV file (``jour``, ``creneau`` or ``demi_journee``, ``code_insee``).

    ``semaine``, ``ouverture`` and ``fermeture`` are used when they are there; rows named
    ``départ`` and ``retour`` are passed over, so that ``itineraire.csv`` reads back.

    Raises:
        InputError: every fault of the file at once.
    """
    rows = read_table(path, ("jour", "code_insee"))
    slot = "creneau" if rows and "creneau" in rows[0].cells else "demi_journee"
    if rows and slot not in rows[0].cells:
        raise InputError.of(
            path.name, "colonne « creneau » ou « demi_journee » absente", "ajoutez-la"
        )
    faults: list[Fault] = []
    visits = []
    for row in rows:
        if plain(row.text(slot)) in ("depart", "retour"):
            continue
        visit = _visit(row, slot, sessions, territory, faults)
        if visit is not None:
            visits.append(visit)
    taken: set[tuple[int, int, str]] = set()
    for visit in visits:
        key = (visit.week, visit.weekday, visit.session)
        if key in taken:
            where = f"{path.name}, semaine {visit.week}, {WEEKDAYS[visit.weekday]} {visit.session}"
            faults.append(Fault(where, "deux communes à la même demi-journée", "gardez-en une"))
        taken.add(key)
    if not visits and not faults:
        faults.append(Fault(path.name, "aucune permanence", "une ligne par demi-journée"))
    if len(visits) > MAX_VISITS:
        faults.append(Fault(path.name, f"plus de {MAX_VISITS} permanences", "donnez un cycle"))
    if faults:
        raise InputError(faults)
    order = {name: number for number, name in enumerate(sessions)}
    return tuple(sorted(visits, key=lambda v: (v.week, v.weekday, order[v.session])))


def _visit(
    row: Row, slot: str, sessions: tuple[str, ...], territory: Territory, faults: list[Fault]
) -> Visit | None:
    """The visit of one row, or ``None`` with its faults added."""
    before = len(faults)
    days = {plain(name): number for number, name in enumerate(WEEKDAYS)}
    names = {plain(name): name for name in sessions}
    weekday = days.get(plain(row.text("jour")))
    session = names.get(plain(row.text(slot)))
    code = row.text("code_insee").zfill(5)
    week = row.text("semaine") or "1"
    if weekday is None:
        faults.append(Fault(row.where, f"jour « {row.text('jour')} » inconnu", "lundi à dimanche"))
    if session is None:
        mend = one_of(row.text(slot), sessions)
        faults.append(Fault(row.where, f"créneau « {row.text(slot)} » inconnu", mend))
    if code not in territory:
        faults.append(Fault(row.where, f"code INSEE « {code} » inconnu", "corrigez code_insee"))
    if not week.isdecimal() or not 1 <= int(week) <= 4:
        faults.append(Fault(row.where, f"semaine « {week} » inconnue", "attendu 1 à 4"))
    opening_s = _clock(row, "ouverture", faults)
    closing_s = _clock(row, "fermeture", faults)
    if opening_s is not None and closing_s is not None and closing_s <= opening_s:
        faults.append(Fault(row.where, "ferme avant d’ouvrir", "échangez les deux heures"))
    if len(faults) > before or weekday is None or session is None:
        return None
    return Visit(int(week), weekday, session, code, opening_s, closing_s)


def _clock(row: Row, column: str, faults: list[Fault]) -> int | None:
    """The time under a column, ``None`` when the cell is empty or faulty."""
    text = row.text(column)
    if not text:
        return None
    try:
        return parse_clock(text)
    except ValueError as error:
        faults.append(Fault(row.where, str(error)))
        return None
