"""Open data: the places of a tour in the national schemas, ready to be published."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from tourplan.errors import Fault, InputError, listed, quoted
from tourplan.export.french import from_place
from tourplan.export.itinerary import neutral
from tourplan.hours import WEEKDAYS, Interval, clock
from tourplan.plan import Day, Plan, Stop
from tourplan.schedule import WeekRule

MEDNUM_COLUMNS = (
    "id",
    "pivot",
    "nom",
    "commune",
    "code_postal",
    "code_insee",
    "adresse",
    "complement_adresse",
    "latitude",
    "longitude",
    "typologie",
    "telephone",
    "courriels",
    "site_web",
    "horaires",
    "presentation_resume",
    "presentation_detail",
    "source",
    "itinerance",
    "structure_parente",
    "date_maj",
    "services",
    "publics_specifiquement_adresses",
    "prise_en_charge_specifique",
    "frais_a_charge",
    "dispositif_programmes_nationaux",
    "formations_labels",
    "autres_formations_labels",
    "modalites_acces",
    "modalites_accompagnement",
    "fiche_acces_libre",
    "prise_rdv",
)
"""Fields of the schema LaMednum/standard-mediation-num 1.0.1, in its order."""
LIST_COLUMNS = (
    "id_fs",
    "insee_dep",
    "lib_fs",
    "adresse",
    "complement_adresse",
    "insee_com",
    "code_postal",
    "lib_com",
    "latitude",
    "longitude",
    "mail",
    "telephone",
    "h_lundi",
    "h_mardi",
    "h_mercredi",
    "h_jeudi",
    "h_vendredi",
    "h_samedi",
    "prise_rdv",
    "commentaire",
    "type_fs",
    "format_fs",
    "groupe_fs",
    "labellisation_fs",
)
"""Columns of the national list of France Services (ANCT, August 2024), in its order."""
_OSM_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_PIVOT = re.compile(r"[a-zA-Z0-9]{9,14}", re.ASCII)

Cell = str | float


@dataclass(frozen=True)
class Publisher:
    """Who publishes: what no plan knows.

    ``pivot`` is a SIRET, a RNA or a RIDET; ``booking`` the address of a page to book a visit.
    """

    pivot: str = ""
    structure: str = ""
    booking: str = ""

    def faults(self) -> list[Fault]:
        """What the national schema would refuse."""
        faults = []
        if not _PIVOT.fullmatch(self.pivot):
            wrong = f"{quoted(self.pivot)} n’est pas un SIRET"
            what = (
                wrong if self.pivot else "les données ouvertes exigent un SIRET (schéma national)"
            )
            faults.append(Fault("--siret", what, "donnez les 14 chiffres de votre structure"))
        elif self.pivot.isdigit() and len(self.pivot) == 14 and not _true_siret(self.pivot):
            what = f"{quoted(self.pivot)} n’est pas un SIRET : sa clé de contrôle est fausse"
            faults.append(Fault("--siret", what, "vérifiez ses 14 chiffres"))
        if self.booking and not re.fullmatch(r"https?://\S+", self.booking):
            what = f"{quoted(self.booking)} n’est pas une adresse de page"
            faults.append(Fault("--rendez-vous", what, "elle commence par https://"))
        return faults


def _true_siret(number: str) -> bool:
    """Whether the 14 digits of a SIRET answer its check (Luhn; La Poste has one of its own).

    Source: INSEE, definition of the SIRET; for La Poste, digits that add up to a multiple of 5.
    """
    digits = [int(digit) for digit in number]
    if number.startswith("356000000") and sum(digits) % 5 == 0:
        return True
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[::2])
    return (sum(doubled) + sum(digits[1::2])) % 10 == 0


@dataclass(frozen=True)
class Spot:
    """A place of the tour with its sessions, each with its day."""

    sessions: tuple[tuple[Day, Stop], ...]

    @property
    def stop(self) -> Stop:
        """A session held there; all have the same commune, place and address."""
        return self.sessions[0][1]

    @property
    def street(self) -> str:
        """The address without postcode and town; the name of the place where there is no more."""
        address, postcode = self.stop.address, self.stop.postcode
        if postcode and postcode in address:
            address = address.rpartition(postcode)[0]
        return address.strip(" ,;") or self.stop.place

    @property
    def key(self) -> str:
        """What tells this place from others, from one edition to the next."""
        return f"{self.stop.code}-{self.stop.place}"


def open_data_files(plan: Plan, publisher: Publisher, today: date) -> dict[str, bytes]:
    """The two tables, by name of file.

    Raises:
        InputError: a field that the national schema requires is not known, all told at once.
    """
    spots = spots_of(plan)
    if faults := [*publisher.faults(), *_address_faults(plan, spots)]:
        raise InputError(faults)
    national = [_mednum(plan, spot, publisher, today) for spot in spots]
    listing = [_listed(plan, spot, publisher) for spot in spots]
    return {
        "donnees_ouvertes/mediation_numerique.csv": _csv(MEDNUM_COLUMNS, national).encode(),
        "donnees_ouvertes/france_services.csv": _csv(LIST_COLUMNS, listing).encode(),
    }


def spots_of(plan: Plan) -> tuple[Spot, ...]:
    """The places of the tour, by code and name, each with all its sessions."""
    found: dict[tuple[str, str], list[tuple[Day, Stop]]] = {}
    for day in plan.days:
        for stop in day.stops:
            found.setdefault((stop.code, stop.place), []).append((day, stop))
    return tuple(Spot(tuple(found[key])) for key in sorted(found))


def osm_hours(plan: Plan, spot: Spot) -> str:
    """The hours in OpenStreetMap's syntax: ``Mo[2,4] +1 day 09:45-12:15; PH off``.

    A Tuesday on tour is the day after the n-th Monday, not the n-th Tuesday of the month. Of ISO
    weeks: ``week 1-53/2 Tu 09:45-12:15; PH off``.
    """
    rules = [
        f"{_osm_days(plan.week_rule, weekday, weeks)} "
        + ",".join(f"{clock(start)}-{clock(end)}" for start, end in spans)
        for weekday, weeks, spans in _rhythm(plan, spot)
    ]
    return "; ".join([*rules, "PH off"])


def _osm_days(rule: WeekRule, weekday: int, weeks: Sequence[int]) -> str:
    """A weekday of some weeks, numbered by a rule, in OpenStreetMap's syntax."""
    if rule == "mois":
        after = f" +{weekday} day{'s' if weekday > 1 else ''}" if weekday else ""
        return f"Mo[{','.join(map(str, weeks))}]{after}"
    every = {(1, 3): ["1-53/2"], (2, 4): ["2-53/2"], (1, 2, 3, 4): ["1-53"]}
    found = every.get(tuple(weeks)) or [f"{week}-53/4" for week in weeks]
    return f"week {','.join(found)} {_OSM_DAYS[weekday]}"


def french_hours(plan: Plan, spot: Spot) -> str:
    """The hours in words: ``mardi 09:45-12:15 (2e et 4e semaines du mois)``."""
    return " ; ".join(
        f"{WEEKDAYS[weekday]} {_spans(spans)} ({plan.rhythm.words(weeks)})"
        for weekday, weeks, spans in _rhythm(plan, spot)
    )


def _rhythm(plan: Plan, spot: Spot) -> Iterator[tuple[int, tuple[int, ...], tuple[Interval, ...]]]:
    """Weekday, weeks of the month that have the same hours then, and these hours."""
    held: dict[tuple[int, int], list[Interval]] = {}
    for day, stop in spot.sessions:
        for week in plan.rhythm.runs(day.week):
            held.setdefault((day.weekday, week), []).extend(_parts(stop))
    weeks_of: dict[tuple[int, tuple[Interval, ...]], list[int]] = {}
    for (weekday, week), spans in sorted(held.items()):
        weeks_of.setdefault((weekday, _joined(spans)), []).append(week)
    for (weekday, joined), weeks in weeks_of.items():
        yield weekday, tuple(weeks), joined


def _parts(stop: Stop) -> list[Interval]:
    """When a session is open: at once, or on both sides of the meal."""
    if stop.closed_from_s is None or stop.closed_until_s is None:
        return [(stop.opening_s, stop.closing_s)]
    return [(stop.opening_s, stop.closed_from_s), (stop.closed_until_s, stop.closing_s)]


def _joined(spans: Sequence[Interval]) -> tuple[Interval, ...]:
    """Intervals that meet made one: two vehicles may be at one place together."""
    joined: list[Interval] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _spans(spans: Sequence[Interval], between: str = ", ") -> str:
    return between.join(f"{clock(start)}-{clock(end)}" for start, end in spans)


def _address_faults(plan: Plan, spots: Sequence[Spot]) -> list[Fault]:
    """Places whose address lacks what the national schema requires."""
    if plan.schema_name == "tourplan/plan/3":
        what = "ce plan, d’un tourplan plus ancien, ne dit pas les codes postaux"
        return [Fault(plan.title, what, "refaites-le avec « tourplan solve »")]
    faults = []
    for spot in spots:
        missing = [
            word
            for word, known in (("adresse", spot.street), ("code postal", spot.stop.postcode))
            if not known
        ]
        if missing:
            what = f"{listed(missing)} inconnu{'s' if len(missing) > 1 else ''}"
            mend = "complétez adresse dans [[lieux]], puis refaites le plan (tourplan solve)"
            faults.append(Fault(", ".join((spot.stop.name, spot.stop.place)), what, mend))
    return faults


def _mednum(plan: Plan, spot: Spot, publisher: Publisher, today: date) -> list[Cell]:
    """A place under ``MEDNUM_COLUMNS``."""
    stop = spot.stop
    cells: dict[str, Cell] = {
        "id": spot.key,
        "pivot": publisher.pivot,
        "nom": _name(stop),
        "commune": stop.name,
        "code_postal": stop.postcode,
        "code_insee": stop.code,
        "adresse": spot.street,
        "complement_adresse": stop.place,
        **_point(stop),
        "typologie": "RFS",
        "horaires": osm_hours(plan, spot),
        "presentation_resume": "Permanence itinérante de service public, ouverte à tous.",
        "presentation_detail": f"Permanence itinérante : {french_hours(plan, spot)}.",
        "source": publisher.structure,
        "itinerance": "Itinérant",
        "structure_parente": publisher.structure,
        "date_maj": today.isoformat(),
        "services": "Aide aux démarches administratives",
        "frais_a_charge": "Gratuit",
        "dispositif_programmes_nationaux": "France Services",
        "modalites_acces": "Se présenter" + ("|Prendre un RDV en ligne" * bool(publisher.booking)),
        "modalites_accompagnement": "Accompagnement individuel",
        "prise_rdv": publisher.booking,
    }
    return [cells.get(column, "") for column in MEDNUM_COLUMNS]


def _listed(plan: Plan, spot: Spot, publisher: Publisher) -> list[Cell]:
    """A place under ``LIST_COLUMNS``; the hours that week of the month tells apart are in words."""
    stop = spot.stop
    days: dict[int, list[Interval]] = {}
    for weekday, _, spans in _rhythm(plan, spot):
        days.setdefault(weekday, []).extend(spans)
    cells: dict[str, Cell] = {
        "insee_dep": stop.code[: 3 if stop.code.startswith("97") else 2],
        "lib_fs": _name(stop),
        "adresse": spot.street,
        "complement_adresse": stop.place,
        "insee_com": stop.code,
        "code_postal": stop.postcode,
        "lib_com": stop.name,
        **_point(stop),
        **{f"h_{WEEKDAYS[day]}": _list_hours(spans) for day, spans in days.items()},
        "prise_rdv": "Oui" if publisher.booking else "Non",
        "commentaire": f"Permanence itinérante : {french_hours(plan, spot)}.",
        "type_fs": "Principal",
        "format_fs": "Itinérante",
    }
    return [cells.get(column, "") for column in LIST_COLUMNS]


def _list_hours(spans: Sequence[Interval]) -> str:
    """``09:45 - 12:15 / 13:30 - 16:00``, as the national list writes hours."""
    return " / ".join(f"{clock(start)} - {clock(end)}" for start, end in _joined(spans))


def _name(stop: Stop) -> str:
    return f"Permanence France Services {from_place(stop.name)}"


def _point(stop: Stop) -> dict[str, Cell]:
    """Latitude and longitude in degrees, where they are known."""
    if stop.lon is None or stop.lat is None:
        return {}
    return {"latitude": stop.lat, "longitude": stop.lon}


def _csv(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A table as the schemas ask: commas, decimal points; texts alone are neutralised."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([neutral(c) if isinstance(c, str) else c for c in row] for row in rows)
    return buffer.getvalue()
