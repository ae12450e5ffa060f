"""An existing tour read from CSV: who is visited when, and the times given, if any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tourplan.check import territory_of
from tourplan.errors import Fault, InputError, one_of, quoted
from tourplan.files import data_file
from tourplan.hours import WEEKDAYS, parse_clock
from tourplan.names import same_name
from tourplan.scenario import Scenario
from tourplan.sheets import is_workbook, tour_rows
from tourplan.tables import FEW_ROWS, Row, plain, read_table
from tourplan.territory import Territory

EMBEDDED_TOURS = ("herault_2021", "herault_2024", "charente_bus")
MAX_VISITS = 500
NEEDED = ("jour", "code_insee")


@dataclass(frozen=True)
class Visit:
    """One half-day of a tour: where, when, and what else the file gives.

    ``closed``: when a whole-day session closes for the meal; ``depot``: the agency that the day
    leaves from; ``team``: who goes, as ``itineraire.csv`` says.
    """

    week: int
    weekday: int
    session: str
    code: str
    opening_s: int | None = None
    closing_s: int | None = None
    closed: tuple[int, int] | None = None
    vehicle: str = ""
    place: str = ""
    depot: str = ""
    team: str = ""


def tour_path(name: str, base: Path = Path()) -> Path:
    """The file of an embedded tour or of the user's.

    Raises:
        InputError: the name is that of no embedded tour and no file, and has no extension.
    """
    if name in EMBEDDED_TOURS:
        return data_file(f"tournees/{name}.csv")
    path = base / name
    if name and not path.suffix and not path.exists():
        mend = f"donnez un CSV, ou une tournée incluse : {', '.join(EMBEDDED_TOURS)}"
        raise InputError.of(name, "ni fichier ni tournée de ce nom", mend)
    return path


def comparison_faults(scenario: Scenario) -> tuple[Fault, ...]:
    """The faults of the tour that a scenario is compared with, known before any search."""
    tour = scenario.comparison.tour
    if not tour:
        return ()
    names = tuple(session.name for session in scenario.sessions)
    vehicles = tuple(vehicle.name for vehicle in scenario.vehicles)
    try:
        territory = territory_of(scenario)
    except InputError:
        return ()  # told by the check of the scenario itself
    try:
        visits = read_tour(tour_path(tour, scenario.base), territory, names, vehicles)
        refuse_more_weeks(visits, scenario.cycle.weeks)
    except InputError as error:
        where = "comparaison.tournee"
        return tuple(replace(fault, where=f"{where}, {fault.where}") for fault in error.faults)
    return ()


def refuse_more_weeks(visits: Sequence[Visit], weeks: int) -> None:
    """Refuse a tour that has more weeks than the cycle it is held against.

    Raises:
        InputError: says how many.
    """
    last = max(visit.week for visit in visits)
    if last > weeks:
        raise InputError.of(
            "itinéraire",
            f"la tournée va jusqu’à la semaine {last}, le cycle du scénario n’en a que {weeks}",
            "changez cycle.semaines, ou ne donnez que la première semaine",
        )


def read_tour(
    path: Path,
    territory: Territory,
    sessions: tuple[str, ...],
    vehicles: tuple[str, ...] = (),
) -> tuple[Visit, ...]:
    """The visits of a CSV file (``jour``, ``creneau`` or ``demi_journee``, ``code_insee``).

    ``semaine``, ``ouverture``, ``fermeture``, ``pause_de``, ``pause_a``, ``vehicule``, ``lieu``,
    ``agence`` and ``agents`` are used when they are there. Rows named ``départ`` tell the agency
    of their day and those named ``retour`` are passed over, so that ``itineraire.csv`` reads back.
    Of a workbook (``.xlsx``), the sheet of the tour is read.

    Args:
        path: the file.
        territory: the communes.
        sessions: names of the sessions of a day.
        vehicles: names of the vehicles; none: any name will do. A single vehicle need not be named
            as the file does.

    Raises:
        InputError: every fault of the file at once.
    """
    if path.suffix.lower() == ".json":
        mend = "donnez l’itineraire.csv ou le plan.xlsx de ce plan"
        raise InputError.of(path.name, "ce n’est pas le tableau d’une tournée", mend)
    rows = tour_rows(path) if is_workbook(path) else read_table(path, NEEDED, most=FEW_ROWS)
    columns = {column for row in rows for column in row.cells}
    slot = "creneau" if "creneau" in columns else "demi_journee"
    if rows and slot not in columns:
        raise InputError.of(
            path.name, "colonne « creneau » ou « demi_journee » absente", "ajoutez-la"
        )
    faults = list(dict.fromkeys(fault for row in rows for fault in row.broken.values()))
    names = _vehicle_names(path, rows, vehicles, faults)
    visits = []
    depots: dict[tuple[str, str, str], str] = {}
    keys = []
    for row in rows:
        named = row.text(slot)
        key = (row.text("semaine") or "1", plain(row.text("jour")), row.told("vehicule"))
        if plain(named) in ("depart", "retour") and named not in sessions:
            if plain(named) == "depart":
                depots[key] = row.text("code_insee").zfill(5)
            continue
        visit = _visit(row, slot, sessions, territory, faults)
        if visit is not None:
            visits.append(replace(visit, vehicle=names.get(visit.vehicle, visit.vehicle)))
            keys.append(key)
    visits = [
        replace(visit, depot=depots.get(key, visit.depot))
        for visit, key in zip(visits, keys, strict=True)
    ]
    faults += _twice(path, visits, several=len(vehicles) > 1)
    if not visits and not faults:
        faults.append(Fault(path.name, "aucune permanence", "une ligne par demi-journée"))
    if len(visits) > MAX_VISITS:
        faults.append(Fault(path.name, f"plus de {MAX_VISITS} permanences", "donnez un cycle"))
    if faults:
        raise InputError(faults)
    order = {name: number for number, name in enumerate(sessions)}
    return tuple(sorted(visits, key=lambda v: (v.week, v.weekday, order[v.session], v.vehicle)))


def _vehicle_names(
    path: Path, rows: Sequence[Row], vehicles: tuple[str, ...], faults: list[Fault]
) -> dict[str, str]:
    """The vehicle that each name of the file stands for; faults are added.

    A single vehicle is meant whatever the file calls it.
    """
    told = dict.fromkeys(filter(None, (row.told("vehicule") for row in rows)))
    if len(vehicles) == 1:
        if len(told) > 1:
            what = f"la tournée a {len(told)} véhicules, le scénario n’en a qu’un"
            faults.append(Fault(path.name, what, "ajoutez les autres dans [[vehicules]]"))
        return {**dict.fromkeys(told, vehicles[0]), "": vehicles[0]}
    known = {plain(name): name for name in vehicles} | {name: name for name in vehicles}
    names = {name: known.get(name, known.get(plain(name), name)) for name in told}
    for name in told:
        if vehicles and names[name] not in vehicles:
            mend = one_of(name, vehicles)
            faults.append(Fault(path.name, f"véhicule {quoted(name)} inconnu", mend))
    return names


def _twice(path: Path, visits: Sequence[Visit], *, several: bool) -> list[Fault]:
    """The faults of a vehicle that is in two communes at once; ``several``: it is not alone."""
    faults = []
    taken: set[tuple[int, int, str, str]] = set()
    for visit in visits:
        key = (visit.week, visit.weekday, visit.session, visit.vehicle)
        if key in taken:
            where = f"{path.name}, semaine {visit.week}, {WEEKDAYS[visit.weekday]} {visit.session}"
            where += f", {visit.vehicle}" if several and visit.vehicle else ""
            mend = "gardez-en une"
            if several and not visit.vehicle:
                mend += ", ou dites leurs véhicules (colonne « vehicule »)"
            faults.append(Fault(where, "deux communes à la même demi-journée", mend))
        taken.add(key)
    return faults


def _visit(
    row: Row, slot: str, sessions: tuple[str, ...], territory: Territory, faults: list[Fault]
) -> Visit | None:
    """The visit of one row, or ``None`` with its faults added."""
    before = len(faults)
    days = {plain(name): number for number, name in enumerate(WEEKDAYS)}
    names = {plain(name): name for name in sessions} | {name: name for name in sessions}
    weekday = days.get(plain(row.text("jour")))
    session = names.get(row.text(slot)) or names.get(plain(row.text(slot)))
    code = row.text("code_insee").zfill(5)
    week = row.text("semaine") or "1"
    if weekday is None:
        _blame(row, "jour", _unknown("jour", row.text("jour")), "lundi à dimanche", faults)
    if session is None:
        mend = one_of(row.text(slot), sessions)
        _blame(row, slot, _unknown("créneau", row.text(slot)), mend, faults)
    if code not in territory:
        mend = "donnez celui de la commune, sur cinq caractères"
        _blame(row, "code_insee", _unknown("code INSEE", row.text("code_insee")), mend, faults)
    elif row.told("commune") and not same_name(row.told("commune"), territory[code].name):
        what = f"{quoted(row.told('commune'))}, mais {code} est {territory[code].name}"
        _blame(row, "commune", what, "corrigez le code ou le nom, ou videz le nom", faults)
    if week not in ("1", "2", "3", "4"):
        _blame(row, "semaine", f"semaine {quoted(week)} inconnue", "attendu 1 à 4", faults)
    opening_s = _clock(row, "ouverture", faults)
    closing_s = _clock(row, "fermeture", faults)
    if opening_s is not None and closing_s is not None and closing_s <= opening_s:
        _blame(row, "fermeture", "ferme avant d’ouvrir", "échangez les deux heures", faults)
    closed = _closed(row, opening_s, closing_s, faults)
    if row.broken or len(faults) > before or weekday is None or session is None:
        return None
    return Visit(
        int(week),
        weekday,
        session,
        code,
        opening_s,
        closing_s,
        closed,
        vehicle=row.told("vehicule"),
        place=row.told("lieu"),
        depot=row.text("agence").zfill(5) if row.text("agence") else "",
        team=row.told("agents"),
    )


def _unknown(name: str, told: str) -> str:
    """What is wrong with a cell that says nothing known."""
    return f"{name} {quoted(told)} inconnu" if told else f"{name} absent"


def _blame(row: Row, column: str, what: str, mend: str, faults: list[Fault]) -> None:
    """A fault of a cell, unless it could not be read, which is told already."""
    if column not in row.broken:
        faults.append(Fault(row.at(column), what, mend))


def _closed(
    row: Row, opening_s: int | None, closing_s: int | None, faults: list[Fault]
) -> tuple[int, int] | None:
    """When a session closes for the meal, ``None`` when the row does not say or is faulty."""
    before = len(faults)
    start, end = _clock(row, "pause_de", faults), _clock(row, "pause_a", faults)
    if (start is None and end is None) or len(faults) > before or row.broken:
        return None
    if start is None or end is None:
        mend = "donnez pause_de et pause_a, ou aucune des deux"
        lacks = "pause_de" if start is None else "pause_a"
        _blame(row, lacks, "une des deux heures de la pause manque", mend, faults)
        return None
    if opening_s is None or closing_s is None or not opening_s < start < end < closing_s:
        mend = "donnez des heures entre ouverture et fermeture, la première avant la seconde"
        _blame(row, "pause_de", "la pause n’est pas dans la permanence", mend, faults)
        return None
    return start, end


def _clock(row: Row, column: str, faults: list[Fault]) -> int | None:
    """The time under a column (``09:45``, or ``09:45:00``), ``None`` when empty or faulty."""
    text = row.text(column)
    if not text:
        return None
    try:
        return parse_clock(text.removesuffix(":00") if text.count(":") == 2 else text)
    except ValueError as error:
        faults.append(Fault(row.at(column), str(error)))
        return None
