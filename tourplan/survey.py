"""What a reconnaissance round found: a table of rooms, filled in on the spot, read back.

Its columns ``de``, ``vers`` and ``minutes`` are those of measured drives: the same file does for
 ``[reseau] mesures``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tourplan.errors import Fault, InputError, one_of, quoted
from tourplan.places import TOWN_HALL, Venue
from tourplan.scenario import Scenario
from tourplan.tables import FEW_ROWS, Row, code_fault, plain, read_date, read_table

COLUMNS = (
    "code_insee",
    "commune",
    "lieu",
    "adresse",
    "visite_le",
    "ouvert_au_public",
    "plain_pied",
    "confidentiel",
    "reseau",
    "cles",
    "contact",
    "telephone",
    "materiel",
    "signaletique",
    "de",
    "vers",
    "minutes",
    "remarques",
)
NETWORKS = ("bon", "faible", "aucun")
_ANSWERS = {"oui": True, "o": True, "x": True, "non": False, "n": False, "": None}
MAX_LETTERS = 200


@dataclass(frozen=True)
class Found:
    """What was found in a room; ``None`` or empty: not told.

    Attributes:
        code: INSEE code of its commune.
        place: its name.
        public, accessible, private: fit for the public, step-free, out of hearing.
        network: of mobile phones and internet, one of ``NETWORKS``.
        keys, contact, phone: who opens, where the keys are; for the team alone.
        equipment, signs, remarks: likewise.
    """

    code: str
    place: str
    public: bool | None = None
    accessible: bool | None = None
    private: bool | None = None
    network: str = ""
    keys: str = ""
    contact: str = ""
    phone: str = ""
    equipment: str = ""
    signs: str = ""
    remarks: str = ""


def read_survey(path: Path, where: str = "") -> tuple[Found, ...]:
    """The rooms of a table; those whose row holds no answer are passed over.

    Raises:
        InputError: every fault of the table at once.
    """
    faults: list[Fault] = []
    found: dict[tuple[str, str], Found] = {}
    for row in read_table(path, ("code_insee", "lieu"), where, most=FEW_ROWS):
        one = _found(row, faults)
        if one is None or one == Found(one.code, one.place):
            continue
        if found.get((one.code, one.place), one) != one:
            what = f"{one.code}, {quoted(one.place)} figure deux fois, avec d’autres réponses"
            faults.append(
                Fault(row.where, what, "gardez une ligne, ou donnez-leur les mêmes réponses")
            )
        found[one.code, one.place] = one
    if faults:
        raise InputError(faults)
    return tuple(found.values())


def _found(row: Row, faults: list[Fault]) -> Found | None:
    """What a row tells, or ``None`` with its faults added."""
    before, code = len(faults), row.text("code_insee")
    if fault := code_fault(row.where, code):
        faults.append(fault)
    public, accessible, private = (
        _answer(row, column, faults)
        for column in ("ouvert_au_public", "plain_pied", "confidentiel")
    )
    network = plain(row.text("reseau"))
    if network and network not in NETWORKS:
        what = f"reseau : {quoted(row.text('reseau'))} inconnu"
        faults.append(Fault(row.where, what, one_of(network, NETWORKS)))
    visited = row.text("visite_le")
    if visited and not read_date(visited):
        what = f"visite_le : {quoted(visited)} n’est pas une date"
        faults.append(Fault(row.where, what, "écrivez-la comme 04/01/2027, ou videz la cellule"))
    texts = ("cles", "contact", "telephone", "materiel", "signaletique", "remarques")
    for column in ("lieu", *texts):
        if len(row.told(column)) > MAX_LETTERS:
            what = f"{column} : plus de {MAX_LETTERS} caractères"
            faults.append(Fault(row.where, what, "raccourcissez ce texte"))
    if len(faults) > before:
        return None
    place = row.told("lieu") or TOWN_HALL
    return Found(code, place, public, accessible, private, network, *map(row.told, texts))


def _answer(row: Row, column: str, faults: list[Fault]) -> bool | None:
    """Yes or no; ``None`` when the cell is empty, or faulty."""
    told = plain(row.text(column))
    if told not in _ANSWERS:
        what = f"{column} : {quoted(row.text(column))} n’est ni oui ni non"
        faults.append(Fault(row.where, what, "écrivez oui, non, ou rien si on ne sait pas"))
        return None
    return _ANSWERS[told]


def surveyed(scenario: Scenario) -> tuple[Scenario, tuple[Found, ...]]:
    """The scenario whose rooms are as its reconnaissance found them, and all that it found.

    A mairie that was visited becomes a room of its own; a room that the scenario does not know is
    added to those of its commune. The file is then no longer named: its answers are in the rooms.

    Raises:
        InputError: every fault of the file at once.
    """
    name = scenario.rooms.survey_file
    if not name:
        return scenario, ()
    answers = read_survey(scenario.base / name, name)
    found = {(one.code, one.place): one for one in answers}
    rooms = scenario.rooms.model_copy(update={"survey_file": ""})
    venues = scenario.venues
    known = [_as_found(venue, found.pop((venue.code, venue.name), None)) for venue in venues]
    own = {venue.code for venue in venues}
    added = [_as_found(Venue(code=c, name=p), one) for (c, p), one in found.items()]
    added = [venue for venue in added if venue.name != TOWN_HALL or venue.code not in own]
    return scenario.model_copy(update={"venues": (*known, *added), "rooms": rooms}), answers


def _as_found(venue: Venue, found: Found | None) -> Venue:
    """A room with the answers that were given of it."""
    if found is None:
        return venue
    told = {"public": found.public, "accessible": found.accessible, "private": found.private}
    return venue.model_copy(update={k: v for k, v in told.items() if v is not None})


def answers_of(found: Sequence[Found], code: str, place: str) -> Found | None:
    """What was found in a room, if it was visited."""
    wanted = code, place or TOWN_HALL
    return next((one for one in found if (one.code, one.place) == wanted), None)
