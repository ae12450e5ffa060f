"""Options that several commands take, and how what is typed for them is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tourplan.errors import Fault, InputError, quoted

if TYPE_CHECKING:
    from tourplan.export.itinerary import CsvForm

Scenario = Annotated[
    Path | None,
    typer.Argument(metavar="[SCENARIO]", help="Le scénario ; sinon, l’exemple herault."),
]
Limit = Annotated[
    float | None,
    typer.Option(
        "--limite",
        metavar="SECONDES",
        help="Durée à ne pas dépasser, en tout, lecture des routes mise à part (par défaut, "
        "calcul.limite_s du scénario).",
    ),
]
Output = Annotated[
    Path,
    typer.Option(
        "--sortie",
        metavar="DOSSIER",
        help="Où écrire (par défaut, sorties) ; un dossier daté y est créé.",
    ),
]
Audience = Annotated[
    str,
    typer.Option(
        "--diffusion",
        metavar="QUI",
        help="publique (par défaut) : ni nom d’agent ou de véhicule, ni heures de l’équipe ; "
        "interne : tout.",
    ),
]
Reasons = Annotated[
    bool,
    typer.Option(
        "--pourquoi",
        help="Dire aussi sur la carte, pour les communes encore éloignées, pourquoi la tournée ne "
        "passe pas plus près (un calcul de plus, de même durée au plus).",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Réponse en JSON, pour les programmes.")]
OUTPUT_FOLDER = Path("sorties")
"""Where commands write by default."""


def is_internal(audience: str) -> bool:
    """Whether files are for those who run the tour, or else for everyone.

    Raises:
        InputError: what was typed for ``--diffusion`` is neither.
    """
    if audience not in ("publique", "interne"):
        what = f"{quoted(audience)} n’est pas une diffusion"
        raise InputError.of("--diffusion", what, "donnez publique ou interne")
    return audience == "interne"


CsvOption = Annotated[
    str,
    typer.Option(
        "--csv",
        metavar="FORME",
        help="Forme des tableaux : excel (par défaut : points-virgules, virgule décimale) ou open "
        "(virgules, point décimal, UTF-8, pour les programmes).",
    ),
]


def csv_form(given: str) -> CsvForm:
    """How tables are to be written.

    Raises:
        InputError: there is no such form.
    """
    if given == "excel":
        return "excel"
    if given == "open":
        return "open"
    raise InputError.of("--csv", f"{quoted(given)} n’est pas une forme", "donnez excel ou open")


def whole_numbers(*asked: tuple[str, str, str, str]) -> list[list[int]]:
    """The whole numbers, from 1 to 600, of lists typed with commas.

    Args:
        asked: the option, what was typed, what its numbers are, an example.

    Raises:
        InputError: those that are none.
    """
    faults, found = [], []
    for option, text, what, example in asked:
        parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
        wrong = [part for part in parts if not part.isdecimal() or not 0 < int(part) <= 600]
        if wrong or not parts:
            shown = quoted(wrong[0] if wrong else text)
            mend = f"donnez par exemple {example}"
            faults.append(Fault(option, f"{shown} n’est pas {what}", mend))
        else:
            found.append([int(part) for part in parts])
    if faults:
        raise InputError(faults)
    return found


def as_typed(path: Path) -> str:
    """A path as it is to be typed."""
    return f'"{path}"' if " " in str(path) else str(path)
