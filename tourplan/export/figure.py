"""A static map of a plan, drawn with matplotlib: for notebooks and reports."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from math import cos, radians
from typing import TYPE_CHECKING, Any

from tourplan.errors import InputError
from tourplan.export.french import capital, spaced
from tourplan.export.scene import (
    CLASS_FILLS,
    CLASS_LABELS,
    NEAR_HATCH,
    NEAR_INKS,
    UNREACHED,
    DayRoute,
    Ring,
    Scene,
    build_scene,
)
from tourplan.export.words import origin_words

if TYPE_CHECKING:
    from tourplan.plan import Plan
    from tourplan.prepare import Case

_MARKS = ("o", "D", "h", "p", "8", "^", "s")
_DASHES = ("-", "--", ":", "-.", (0, (2, 2)), (0, (6, 2)), "-")
_INK = "#26323a"
_BORDER = "#8d8264"
_GROUND = "#e6e9e9"


def plot_plan(plan: Plan, case: Case, ax: Any = None) -> Any:
    """Draw ``plan``: communes by minutes to the nearest counter, stops numbered day by day.

    Args:
        plan: the plan.
        case: its facts.
        ax: matplotlib axes to draw on; new ones without it.

    Returns:
        The axes.

    Raises:
        InputError: matplotlib is not installed.
    """
    axes = ax if ax is not None else _new_axes()
    scene = build_scene(plan, case)
    _draw_communes(axes, scene)
    _draw_counters(axes, scene)
    for route in scene.routes:
        _draw_route(axes, scene, route)
    _draw_depot(axes, scene)
    _frame(axes, scene)
    _write(axes, plan, scene)
    return axes


def _new_axes() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise InputError.of(
            "carte fixe", "matplotlib n’est pas installé", "pip install tourplan[notebooks]"
        ) from None
    return plt.subplots(figsize=(11, 7), layout="constrained")[1]


def _draw_communes(axes: Any, scene: Scene) -> None:
    """The surroundings in grey, then the communes class by class."""
    around = [scene.contours.get(commune.code, ()) for commune in scene.surroundings]
    _fill(axes, around, facecolor=_GROUND, edgecolor="white", linewidth=0.6)
    for rank in range(len(CLASS_LABELS)):
        views = [view for view in scene.communes if view.after.rank == rank]
        _fill(axes, [scene.contours.get(v.commune.code, ()) for v in views], **_class_style(rank))
        near = [scene.contours.get(v.commune.code, ()) for v in views if v.after.near]
        _fill(axes, near, **_near_style(rank))


def _class_style(rank: int) -> dict[str, Any]:
    """How the communes of a class look; those out of reach are hatched."""
    style = {"facecolor": CLASS_FILLS[rank], "edgecolor": _BORDER, "linewidth": 0.5}
    return {**style, "hatch": "///"} if rank == UNREACHED else style


def _near_style(rank: int) -> dict[str, Any]:
    """The mark of the communes of a class that may belong to the next."""
    return {
        "facecolor": "none",
        "edgecolor": NEAR_INKS[rank],
        "linewidth": 0.0,
        "hatch": NEAR_HATCH,
    }


def _fill(axes: Any, areas: Iterable[Sequence[Ring]], **style: Any) -> None:
    """Areas, each made of rings; a ring within another is a hole."""
    from matplotlib.collections import PathCollection
    from matplotlib.path import Path

    paths = [
        Path.make_compound_path(*(Path(ring, closed=True) for ring in rings))
        for rings in areas
        if rings
    ]
    axes.add_collection(PathCollection(paths, zorder=1, **style))


def _draw_counters(axes: Any, scene: Scene) -> None:
    points = [(mark.commune.lon, mark.commune.lat) for mark in scene.counters]
    if points:
        lon, lat = zip(*points, strict=True)
        axes.scatter(
            lon, lat, s=34, marker="s", color=_INK, edgecolor="white", zorder=4, label="point fixe"
        )


def _draw_route(axes: Any, scene: Scene, route: DayRoute) -> None:
    """The ways of a day and its stops, in the colour, dash and shape of its weekday."""
    look = route.day.weekday % len(_MARKS)
    shift = _beside(axes, route.number, len(scene.routes))
    for way in route.ways:
        points = [scene.nodes[code] for code in way if code in scene.nodes]
        if len(points) > 1:
            lon, lat = zip(*points, strict=True)
            axes.plot(
                lon,
                lat,
                color=route.colour,
                linestyle=_DASHES[look],
                linewidth=2,
                transform=shift,
                zorder=3,
            )
    _draw_stops(axes, scene, route, look)


def _beside(axes: Any, number: int, count: int) -> Any:
    """A transform that sets the days apart where they share a road."""
    from matplotlib.transforms import offset_copy

    step = 1.8 * (number - (count + 1) / 2)
    return offset_copy(axes.transData, fig=axes.figure, x=step, y=step / 2, units="points")


def _draw_stops(axes: Any, scene: Scene, route: DayRoute, look: int) -> None:
    places = {view.commune.code: view.commune for view in scene.communes}
    label: str | None = f"{capital(route.day.weekday_name)}, journée {route.number}"
    for mark in route.stops:
        commune = places.get(mark.stop.code)
        if commune is None:
            continue
        axes.scatter(
            [commune.lon],
            [commune.lat],
            s=230,
            marker=_MARKS[look],
            color=route.colour,
            edgecolor="white",
            zorder=5,
            label=label,
        )
        label = None
        axes.text(
            commune.lon,
            commune.lat,
            mark.label,
            color="white" if look in (0, 6) else "black",
            fontsize=8,
            fontweight="bold",
            ha="center",
            va="center",
            zorder=6,
        )
        _write_name(axes, commune.lon, commune.lat, mark.stop.name)


def _write_name(axes: Any, lon: float, lat: float, name: str) -> None:
    """The name of a commune beside its mark, readable over lines and colours."""
    from matplotlib.patheffects import withStroke

    axes.annotate(
        name,
        xy=(lon, lat),
        xytext=(11, 0),
        textcoords="offset points",
        fontsize=7.5,
        va="center",
        parse_math=False,
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
        zorder=7,
    )


def _draw_depot(axes: Any, scene: Scene) -> None:
    if scene.depot is None:
        return
    axes.scatter(
        [scene.depot.lon],
        [scene.depot.lat],
        s=150,
        marker="*",
        color="black",
        edgecolor="white",
        zorder=5,
        label=f"départ et retour : {scene.depot.name}",
    )


def _frame(axes: Any, scene: Scene) -> None:
    """The view: the communes and the depot, in the proportions they have on the ground."""
    west, south, east, north = scene.bounds()
    pad = 0.03 * max(east - west, north - south)
    axes.set_xlim(west - pad, east + pad)
    axes.set_ylim(south - pad, north + pad)
    axes.set_aspect(1 / cos(radians((south + north) / 2)))
    axes.set_axis_off()


def _write(axes: Any, plan: Plan, scene: Scene) -> None:
    """Title, legend and source of the times."""
    from matplotlib.patches import Patch

    axes.set_title(plan.title, loc="left", fontweight="bold", parse_math=False)
    classes = [
        Patch(**_class_style(rank), label=label)
        for rank, label in enumerate(CLASS_LABELS)
        if rank != UNREACHED or any(view.after.rank == rank for view in scene.communes)
    ]
    if any(view.after.near for view in scene.communes):
        classes.append(Patch(**_near_style(0), label="à la limite (couleur voisine possible)"))
    legend = axes.legend(
        handles=[*classes, *axes.get_legend_handles_labels()[0]],
        title="Temps de route jusqu’à l’accueil le plus proche, avec la tournée",
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        ncols=3,
        fontsize=8,
        title_fontsize=9,
        frameon=False,
        markerscale=0.6,
    )
    for label in legend.get_texts():
        label.set_parse_math(False)
    schematic = "Tracé schématique. " if plan.origin.schematic else ""
    axes.annotate(
        spaced(textwrap.fill(f"Temps de route : {origin_words(plan.origin)}.", 150)),
        xy=(0, 0),
        xycoords="axes fraction",
        fontsize=7,
        color="#4c5a61",
        va="bottom",
        parse_math=False,
        zorder=8,
    )
    axes.annotate(
        spaced(f"{schematic}{capital(plan.status)}, {plan.fingerprint}"),
        xy=(1, 1),
        xycoords="axes fraction",
        ha="right",
        va="bottom",
        fontsize=7,
        color="#4c5a61",
        parse_math=False,
    )
