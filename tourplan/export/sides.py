"""What is set side by side on a page: without any tour, with today's, with that of the plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tourplan.export.scene import CommuneView, Reach, Scene

WITHOUT, TODAY, WITH = "avant", "aujourdhui", "apres"
"""The sides by the names that the page's script knows."""


@dataclass(frozen=True)
class Side:
    """One of the two or three states that are compared.

    Attributes:
        key: one of the names above.
        label: what the reader chooses.
        head: the same where room is scarce.
        reach: the nearest counter of a commune then.
    """

    key: str
    label: str
    head: str
    reach: Callable[[CommuneView], Reach]


def _today(view: CommuneView) -> Reach:
    """The access of a commune today; without any tour where that of today does not tell."""
    return view.today or view.before


_PAIR = (
    Side(WITHOUT, "Sans la tournée", "Sans la tournée", lambda view: view.before),
    Side(WITH, "Avec la tournée", "Avec la tournée", lambda view: view.after),
)
_TRIO = (
    Side(WITHOUT, "Sans tournée", "Sans tournée", lambda view: view.before),
    Side(TODAY, "Tournée d’aujourd’hui", "Aujourd’hui", _today),
    Side(WITH, "Nouvelle tournée", "Nouvelle tournée", lambda view: view.after),
)


def sides_of(scene: Scene) -> Sequence[Side]:
    """The states to compare, in the order of time."""
    return _PAIR if scene.today is None else _TRIO


def compared_with(scene: Scene) -> Side:
    """What that of the plan is set against: today where it is known, else no tour at all."""
    return sides_of(scene)[-2]
