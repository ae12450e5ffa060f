"""What a poster says and no plan knows: telephone, what to bring, partners; a table to edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tourplan.errors import Fault, InputError, one_of, quoted
from tourplan.export.itinerary import french_csv
from tourplan.tables import FEW_ROWS, plain, read_table

COLUMNS = ("champ", "texte")
MAX_LETTERS = 80
MOST = {"bring": 8, "partners": 16}
"""Rows that a list may have; any other field has one."""


@dataclass(frozen=True)
class PosterWords:
    """The words of posters; those that are empty are not shown.

    Attributes:
        heading: what comes to the commune.
        mention: who may come, at what cost.
        phone, site: how to ask.
        bring: what to come with.
        partners: whose services are given; ``partners_date``: as of when.
    """

    heading: str = "France Services passe chez vous"
    mention: str = "Gratuit, ouvert à tous"
    phone: str = ""
    site: str = ""
    bring: tuple[str, ...] = (
        "une pièce d’identité",
        "votre numéro de sécurité sociale",
        "vos courriers et vos identifiants, s’il y en a",
    )
    partners: tuple[str, ...] = (
        "Allocations familiales",
        "Assurance maladie",
        "Assurance retraite",
        "Finances publiques",
        "France Titres",
        "France Travail",
        "La Poste",
        "Mutualité sociale agricole",
        "Point-justice",
    )
    partners_date: str = "2024-08"


def to_complete(names: Iterable[str], words: PosterWords) -> list[str]:
    """What is still to be written on the posters among some files, in sentences."""
    if words.phone or not any("affiches/" in name and name.endswith(".pdf") for name in names):
        return []
    return [
        "Affiches sans téléphone : donnez-le dans affiche.csv (champ telephone), puis refaites-les "
        "avec tourplan export --affiche affiche.csv."
    ]


FIELDS: Mapping[str, str] = {
    "titre": "heading",
    "mention": "mention",
    "telephone": "phone",
    "site": "site",
    "apporter": "bring",
    "partenaire": "partners",
    "partenaires_date": "partners_date",
}
"""Names of the table, and attributes; ``apporter`` and ``partenaire`` have a row an item."""


def poster_csv(words: PosterWords) -> str:
    """The table that says ``words``; write it with a BOM."""
    rows = [
        (name, text)
        for name, attribute in FIELDS.items()
        for text in _items(getattr(words, attribute))
    ]
    return french_csv(COLUMNS, rows)


def _items(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def read_poster_words(path: Path) -> PosterWords:
    """The words of a table; what it leaves out stays as it is by default.

    Raises:
        InputError: every fault of the table at once.
    """
    faults: list[Fault] = []
    given: dict[str, list[str]] = {}
    for row in read_table(path, COLUMNS, most=FEW_ROWS):
        name, text = plain(row.text("champ")).replace(" ", "_"), row.told("texte")
        if name not in FIELDS:
            what = f"champ {quoted(row.text('champ'))} inconnu"
            faults.append(Fault(row.where, what, one_of(name, list(FIELDS))))
        elif len(text) > MAX_LETTERS:
            what = f"{name} : {len(text)} caractères, {MAX_LETTERS} au plus sur une affiche"
            faults.append(Fault(row.where, what, "raccourcissez ce texte"))
        else:
            given.setdefault(FIELDS[name], []).append(text)
    faults += _repeated(path, given)
    if faults:
        raise InputError(faults)
    values = {
        name: tuple(filter(None, texts)) if name in MOST else texts[0]
        for name, texts in given.items()
    }
    return replace(PosterWords(), **values)  # type: ignore[arg-type]


def _repeated(path: Path, given: Mapping[str, list[str]]) -> list[Fault]:
    """Fields that have more rows than a poster has room for."""
    faults = []
    for name, attribute in FIELDS.items():
        most = MOST.get(attribute, 1)
        count = len(given.get(attribute, ()))
        if count > most:
            what = f"{name} : {count} lignes, {most} au plus"
            faults.append(Fault(path.name, what, "retirez les autres"))
    return faults
