"""Communes by the names that people type on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tourplan.console import say
from tourplan.errors import Fault, InputError, quoted

if TYPE_CHECKING:
    from tourplan.territory import Commune

MOST_CHOICES = 8
"""How many communes of a like name are listed."""


def recognised(
    text: str, communes: Mapping[str, Commune], *, ask: bool, where: str = "--communes"
) -> dict[str, str]:
    """What was typed for each commune, by code; asks about ambiguous names, or lists them all.

    Raises:
        InputError: names unknown, or ambiguous with nobody to ask.
    """
    from tourplan.names import recognise, split_names

    typed: dict[str, str] = {}
    faults = []
    for name in split_names(text):
        match = recognise(name, communes)
        found = match.found
        if found is None and match.communes and ask:
            found = _asked(name, match.communes)
        if found is not None:
            typed.setdefault(found.code, name)
            continue
        what = "peut désigner plusieurs communes" if match.communes else "commune inconnue"
        mend = _choices(match.communes or match.nearest)
        faults.append(Fault(where, f"{quoted(name)} : {what}", mend))
    if not typed and not faults:
        faults.append(Fault(where, "aucune commune", "donnez des noms ou des codes"))
    if faults:
        raise InputError(faults)
    return typed


def _choices(near: tuple[Commune, ...]) -> str:
    """The communes that may have been meant, the first few of them, with their codes."""
    if not near:
        return "vérifiez l’orthographe, ou donnez le code INSEE (Hérault, Charente, Hautes-Alpes)"
    shown = ", ".join(f"{c.name} ({c.code})" for c in near[:MOST_CHOICES])
    more = len(near) - MOST_CHOICES
    return f"précisez, ou donnez le code : {shown}" + (f" et {more} autres" if more > 0 else "")


def _asked(name: str, choices: tuple[Commune, ...]) -> Commune | None:
    """The commune that the user picks; ``None`` when the answer is none of them."""
    say(f"{quoted(name)} peut désigner :")
    for number, commune in enumerate(choices, start=1):
        say(f"  {number}. {commune.name} ({commune.code})")
    try:
        answer = input("Numéro : ").strip()
    except EOFError:
        return None
    return (
        choices[int(answer) - 1] if answer.isdecimal() and 0 < int(answer) <= len(choices) else None
    )
