"""A static map of a plan, drawn with matplotlib: for notebooks and reports."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from math import cos, radians
from typing import TYPE_CHECKING, Any

from tourplan.errors import InputError, listed
from tourplan.export.french import capital, spaced
from tourplan.export.lettering import Aside, Seat, asides
from tourplan.export.scene import (
    CLASS_FILLS,
    CLASS_LABELS,
    NEAR_HATCH,
    NEAR_INKS,
    UNREACHED,
    DayRoute,
    Point,
    Ring,
    Scene,
    build_scene,
)
from tourplan.export.words import origin_words, place_name

if TYPE_CHECKING:
    from tourplan.plan import Plan
    from tourplan.prepare import Case

_MARKS = ("o", "D", "h", "p", "8", "^", "s")
_DASHES = ("-", "--", ":", "-.", (0, (2, 2)), (0, (6, 2)), "-")
_BAND_PT = 14
"""How wide, in points, the days that share a road may spread."""
_ASIDE_PT = 15
"""How far apart, in points, the marks of one place stand."""
_LETTER_PT = 4.4
"""About how wide a letter of a name is."""
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
    _draw_stops(axes, scene)
    _draw_depots(axes, scene)
    _frame(axes, scene)
    _write_names(axes, scene)
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


def _beside(axes: Any, number: int, count: int) -> Any:
    """A transform that sets the days apart where they share a road."""
    from matplotlib.transforms import offset_copy

    step = min(1.8, _BAND_PT / count) * (number - (count + 1) / 2)
    return offset_copy(axes.transData, fig=axes.figure, x=step, y=step / 2, units="points")


def _draw_stops(axes: Any, scene: Scene) -> None:
    """The marks of the stops; those that stand at the same place are set side by side."""
    from matplotlib.transforms import offset_copy

    labels = {look: _weekday_label(scene, look) for look in range(len(_MARKS))}
    seats: dict[tuple[float, float], int] = {}
    for route in scene.routes:
        look = route.day.weekday % len(_MARKS)
        for mark in route.stops:
            if mark.point is None:
                continue
            aside = seats.get(mark.point, 0)
            seats[mark.point] = aside + 1
            shift = offset_copy(
                axes.transData, fig=axes.figure, x=_ASIDE_PT * aside, y=0, units="points"
            )
            axes.scatter(
                *([value] for value in mark.point),
                s=230,
                marker=_MARKS[look],
                color=route.colour,
                edgecolor="white",
                zorder=5,
                label=labels.pop(look, None),
                transform=shift,
            )
            axes.text(
                *mark.point,
                mark.label,
                color="white" if look in (0, 6) else "black",
                fontsize=8 if len(mark.label) < 3 else 6.5,
                fontweight="bold",
                ha="center",
                va="center",
                zorder=6,
                transform=shift,
            )


def _weekday_label(scene: Scene, look: int) -> str:
    """``Lundi, journée 1``, ``Lundi, journées 1, 6 et 11``: what a colour and a shape stand for."""
    routes = [route for route in scene.routes if route.day.weekday % len(_MARKS) == look]
    if not routes:
        return ""
    numbers = listed([str(route.number) for route in routes])
    plural = "s" if len(routes) > 1 else ""
    return f"{capital(routes[0].day.weekday_name)}, journée{plural} {numbers}"


def _write_names(axes: Any, scene: Scene) -> None:
    """The name of each place once, beside its marks, where it covers no other if that can be."""
    scale = 72 / axes.figure.dpi
    stops = [
        (mark.point, place_name(mark.stop))
        for route in scene.routes
        for mark in route.stops
        if mark.point is not None
    ]
    counts = Counter(point for point, _ in stops)
    places = dict(reversed(stops))
    depots = [(depot.lon, depot.lat) for depot in scene.depots]

    def at(point: Point) -> tuple[float, float]:
        x, y = axes.transData.transform(point) * scale
        return float(x), float(y)

    seats = [Seat(*at(point), name, counts[point]) for point, name in reversed(places.items())]
    others = [at(point) for point in depots]
    found = asides(seats, others, _ASIDE_PT, _LETTER_PT)
    for point, seat, aside in zip(reversed(places), seats, found, strict=True):
        _write_name(axes, point, seat.name, aside)


def _write_name(axes: Any, point: Point, name: str, aside: Aside) -> None:
    """The name of a place so far from it, readable over lines and colours."""
    from matplotlib.patheffects import withStroke

    shift, rise, anchor = aside
    sides = {"start": "left", "end": "right", "middle": "center"}
    axes.annotate(
        name,
        xy=point,
        xytext=(shift, rise),
        textcoords="offset points",
        fontsize=7.5,
        ha=sides[anchor],
        va="center",
        parse_math=False,
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
        zorder=7,
    )


def _draw_depots(axes: Any, scene: Scene) -> None:
    """A star at each depot, larger behind the marks of a stop at the same place."""
    if not scene.depots:
        return
    held = {mark.point for route in scene.routes for mark in route.stops}
    axes.scatter(
        [depot.lon for depot in scene.depots],
        [depot.lat for depot in scene.depots],
        s=[520 if (depot.lon, depot.lat) in held else 150 for depot in scene.depots],
        marker="*",
        color="black",
        edgecolor="white",
        zorder=4.5,
        label=f"départ et retour : {listed([depot.name for depot in scene.depots])}",
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
    axes.set_title(plan.title, loc="left", fontweight="bold", parse_math=False)
    _write_legend(axes, scene)
    _write_sources(axes, plan)


def _write_legend(axes: Any, scene: Scene) -> None:
    """What the colours and the lines mean, below the map."""
    from matplotlib.patches import Patch

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


def _write_sources(axes: Any, plan: Plan) -> None:
    """Where times are from, and which plan this is."""
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
