"""What went wrong, in French, with the exit code each kind of error earns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Fault:
    """One mistake of the user's: where it stands, what it is, how to mend it."""

    where: str
    what: str
    mend: str = ""

    def __str__(self) -> str:
        text = f"{self.where} : {self.what}" if self.where else self.what
        return f"{text} → {self.mend}" if self.mend else text

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
    """One requirement of a clash, and the least change of it alone that gives a plan."""

    rule: str
    text: str
    change: str
    proved: bool

    def to_dict(self) -> dict[str, object]:
        """The repair as plain data."""
        names = {"rule": "regle", "text": "exigence", "change": "changement", "proved": "demontre"}
        return {names[key]: value for key, value in asdict(self).items()}


class NoPlanError(TourplanError):
    """No plan keeps every requirement; ``repairs`` is a minimal set that clashes."""

    exit_code = 3

    def __init__(self, message: str, repairs: Iterable[Repair] = ()) -> None:
        self.message = message
        self.repairs = tuple(repairs)
        super().__init__(message)


class OwnError(TourplanError):
    """A fault of tourplan's own: a plan the verifier refuses, a solver that fails."""
