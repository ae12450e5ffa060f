"""What went wrong, in French, with the exit code each kind of error earns."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

MAX_NAMED = 5
"""Of many, those that a message names; the others are counted."""
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
"""Characters that would break a line, drive the terminal or turn the text around."""


def quoted(value: object) -> str:
    """A value as messages show it: between French quotes, shortened."""
    if value is None:
        return "une valeur vide"
    if isinstance(value, dict):
        return "une section"
    if isinstance(value, (list, tuple)):
        return "une liste" if value else "une liste vide"
    if isinstance(value, bool):
        return "« true »" if value else "« false »"
    if isinstance(value, int) and value.bit_length() > 64:
        return "un nombre immense"
    text = str(value)
    if not text.strip():
        return "un texte vide"
    return f"« {text[:60]}… »" if len(text) > 60 else f"« {text} »"


@dataclass(frozen=True)
class Fault:
    """One mistake of the user's: where it stands, what it is, how to mend it."""

    where: str
    what: str
    mend: str = ""

    def __str__(self) -> str:
        text = f"{self.where} : {self.what}" if self.where else self.what
        return _UNSHOWN.sub("�", f"{text} → {self.mend}" if self.mend else text)

    def to_dict(self) -> dict[str, str]:
        """The fault under the French keys of ``--json``."""
        return {"ou": self.where, "quoi": self.what, "remede": self.mend}


class TourplanError(Exception):
    """Base of every error tourplan raises on purpose."""

    exit_code = 1


class InputError(TourplanError):
    """The user's input cannot be used; every fault is listed at once."""

    exit_code = 2

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    @classmethod
    def of(cls, where: str, what: str, mend: str = "") -> InputError:
        """An error made of a single fault."""
        return cls([Fault(where, what, mend)])


@dataclass(frozen=True)
class Repair:
    """One requirement of a clash, and the least change of it alone that gives a plan.

    ``enough`` is false where none does, or none was found. ``besides``: the requirements of another
    clash, to be given up with it.
    """

    rule: str
    text: str
    change: str
    proved: bool
    enough: bool = True
    besides: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """The repair as plain data."""
        names = {
            "rule": "regle",
            "text": "exigence",
            "change": "changement",
            "proved": "demontre",
            "enough": "suffit",
            "besides": "renoncer_aussi_a",
        }
        told = {names[key]: value for key, value in asdict(self).items()}
        return told if self.besides else {k: v for k, v in told.items() if k != names["besides"]}


def ways_out(repairs: Iterable[Repair], others: Iterable[Repair]) -> list[str]:
    """Each change that would give a plan, in a line: of requirements, then of means."""
    kept = "ou, sans toucher à ces exigences : "
    return [
        *(f"{repair.text} → {repair.change}" for repair in repairs),
        *(f"{kept}{other.text} → {other.change}" for other in others),
    ]


class NoPlanError(TourplanError):
    """No plan keeps every requirement; ``repairs`` is a minimal set that clashes.

    ``others``: changes of means that each give a plan, every requirement kept. ``complete``: time
    did not run out before the set was known to be minimal.
    """

    exit_code = 3

    def __init__(
        self,
        message: str,
        repairs: Iterable[Repair] = (),
        others: Iterable[Repair] = (),
        *,
        complete: bool = True,
    ) -> None:
        self.message = message
        self.complete = complete
        self.repairs = tuple(repairs)
        self.others = tuple(others)
        super().__init__(message)


class OwnError(TourplanError):
    """A fault of tourplan's own: a plan the verifier refuses, a solver that fails."""


def one_of(given: str, known: Sequence[str]) -> str:
    """What was probably meant, or all there is."""
    near = difflib.get_close_matches(given, known, n=1, cutoff=0.6)
    return f"vouliez-vous « {near[0]} » ?" if near else f"attendu : {', '.join(known)}"


def counted(count: int, words: str) -> str:
    """``1 agent disponible``, ``2 agents disponibles``."""
    return f"{count} {' '.join(f'{w}s' for w in words.split()) if count > 1 else words}"


def few(names: Sequence[str]) -> str:
    """How many, and the first names."""
    told = ", ".join(names[:MAX_NAMED])
    return f"{len(names)} ({told}{'…' if len(names) > MAX_NAMED else ''})"


def listed(items: Iterable[object]) -> str:
    """Nothing, ``2``, ``2 et 4``, ``1, 2 et 4``."""
    *first, last = ("", *map(str, items))
    return f"{', '.join(first[1:])} et {last}" if first[1:] else last


def curly(text: str) -> str:
    """A name of the data with the apostrophes that all other words have: ``l’Escalette``."""
    return re.sub(r"(?<=[^\W\d_])'(?=[^\W\d_])", "’", text)
