"""Where names stand beside their marks on a drawing, so as to cover nothing if that can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]
Offset = tuple[float, float]
Aside = tuple[float, float, str]
"""How far from its place a name stands, and what of it does: ``start``, ``end`` or ``middle``."""


@dataclass(frozen=True)
class Seat:
    """A place on a drawing, in points: its name, and how many marks stand there side by side."""

    x: float
    y: float
    name: str
    marks: int = 1


def asides(
    seats: Sequence[Seat], others: Sequence[Offset], mark_pt: float, letter_pt: float
) -> list[Aside]:
    """How far from each place its name stands: its start, its end, or its middle.

    On the right of its marks, else on the left, above or below, where no mark or name written
    before is covered; on the right where all are.

    Args:
        seats: the places, the most important first.
        others: marks that have no name.
        mark_pt: how far apart the marks of one place stand.
        letter_pt: how wide a letter is.
    """
    half_mark = mark_pt / 2 + 1
    marks = [
        *((seat.x + mark_pt * n, seat.y) for seat in seats for n in range(seat.marks)),
        *others,
    ]
    taken = [(x - half_mark, y - half_mark, x + half_mark, y + half_mark) for x, y in marks]
    found = []
    for seat in seats:
        width, away = letter_pt * len(seat.name), mark_pt * 0.7
        ways: list[Aside] = [
            (away + mark_pt * (seat.marks - 1), 0.0, "start"),
            (-away, 0.0, "end"),
            (0.0, -mark_pt, "middle"),
            (0.0, mark_pt, "middle"),
        ]
        boxes = [_box(seat, way, width, letter_pt) for way in ways]
        free = (n for n, box in enumerate(boxes) if not any(meet(box, other) for other in taken))
        chosen = next(free, 0)
        taken.append(boxes[chosen])
        found.append(ways[chosen])
    return found


_LEFT = {"start": 0.0, "middle": 0.5, "end": 1.0}


def _box(seat: Seat, way: Aside, width: float, letter_pt: float) -> Box:
    """The room that a name takes."""
    dx, dy, anchor = way
    left, y = seat.x + dx - width * _LEFT[anchor], seat.y + dy
    return left, y - letter_pt, left + width, y + letter_pt


def meet(one: Box, two: Box) -> bool:
    """Whether two boxes have something in common."""
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]
