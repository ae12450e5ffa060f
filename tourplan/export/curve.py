"""The curve between two objectives, drawn with matplotlib: for notebooks and folders of plans."""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from tourplan.errors import InputError
from tourplan.export.french import capital, spaced
from tourplan.plan import Level

_INK, _CURVE = "#26323a", "#0b6e6e"
_SCALES = {
    "secondes": (60, "minutes"),
    "mètres": (1000, "km"),
    "millionièmes d’euro": (1_000_000, "€"),
    "microgrammes": (1_000_000_000, "kg de CO₂"),
    "habitants pour 10 000": (100, "% des habitants"),
}
"""By unit of a level: how many make one on the axis, and what that is called."""


def plot_curve(
    points: Sequence[tuple[Level, Level]], certain: Sequence[bool], ax: Any = None
) -> Any:
    """Draw the points of a curve, numbered, the second level across and the first one up.

    Args:
        points: the two levels of each, in order.
        certain: whether no other point stands between each and the next; else it is dashed.
        ax: matplotlib axes to draw on; new ones without it.

    Returns:
        The axes.

    Raises:
        InputError: matplotlib is not installed.
    """
    axes = ax if ax is not None else _new_axes()
    ups, acrosses = ([_scaled(level) for level in column] for column in zip(*points, strict=True))
    for place, sure in enumerate(certain):
        ends = slice(place, place + 2)
        style = "-" if sure else (0, (4, 3))
        axes.plot(acrosses[ends], ups[ends], color=_CURVE, linestyle=style, linewidth=1.5)
    for number, (pair, x, y) in enumerate(zip(points, acrosses, ups, strict=True), start=1):
        proved = all(level.proved for level in pair)
        fill = _CURVE if proved else "white"
        axes.plot([x], [y], marker="o", color=_CURVE, markerfacecolor=fill, linestyle="none")
        axes.annotate(
            str(number), (x, y), xytext=(5, 5), textcoords="offset points", color=_INK, fontsize=9
        )
    first, second = points[0]
    axes.set_xlabel(_axis(second), parse_math=False)
    axes.set_ylabel(_axis(first), parse_math=False)
    axes.set_title(
        "Points pleins : démontrés. Pointillés : d’autres points peuvent exister.",
        loc="left",
        fontsize=9,
        parse_math=False,
    )
    axes.margins(0.08)
    return axes


def curve_svg(points: Sequence[tuple[Level, Level]], certain: Sequence[bool]) -> str | None:
    """The curve as an SVG file, the same bytes for the same curve; ``None`` without matplotlib."""
    if find_spec("matplotlib") is None:
        return None
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    plot_curve(points, certain, figure.subplots())
    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": "tourplan", "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def _new_axes() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise InputError.of(
            "courbe", "matplotlib n’est pas installé", "pip install tourplan[notebooks]"
        ) from None
    return plt.subplots(figsize=(9, 6), layout="constrained")[1]


def _scaled(level: Level) -> float:
    """The value as the axis shows it."""
    value: int = level.value
    return value / _SCALES.get(level.unit, (1, ""))[0]


def _axis(level: Level) -> str:
    unit = _SCALES.get(level.unit, (1, level.unit))[1]
    way = "moins, c’est mieux" if level.sense == "min" else "plus, c’est mieux"
    return spaced(f"{capital(level.label)}\n({unit} ; {way})")
