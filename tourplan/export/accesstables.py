"""Who is how far, on the page: by intercommunalité, by commune, the counters, the legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from tourplan.errors import listed
from tourplan.export.french import capital, counted, minutes, number
from tourplan.export.markup import (
    Column,
    body_row,
    element,
    note,
    table,
    text,
)
from tourplan.export.scene import (
    CLASS_LABELS,
    UNREACHED,
    CommuneView,
    Reach,
    Scene,
)
from tourplan.tables import plain

if TYPE_CHECKING:
    from tourplan.plan import AreaAccess, Origin, Plan


ARROW = "\u00a0→ "


def access_table(plan: Plan) -> str:
    """Residents beyond each goal and near it by intercommunalité, without and with the tour."""
    goals = sorted({goal for area in plan.access for goal in area.before}, reverse=True)
    columns = [
        Column("Intercommunalité"),
        Column("Habitants", figures=True),
        *(Column(f"À plus de {goal} min", figures=True) for goal in goals),
        Column("Accès moyen", figures=True),
    ]
    rows = [
        body_row(columns, _access_cells(area, goals), class_="total" if whole else None)
        for area in plan.access
        for whole in (area is plan.access[-1],)
    ]
    caption = "Habitants loin d’un accueil : sans la tournée → avec la tournée"
    return table(caption, columns, ["".join(rows)]) + near_note(plan.origin)


def near_note(origin: Origin) -> str:
    """What « à la limite » means."""
    if not origin.uncertainty_pct:
        return ""
    words = (
        f"À la limite : les temps valent à {origin.uncertainty_pct} % près, et cet écart ne "
        "permet pas de dire de quel côté du seuil se trouve la commune. Ses habitants sont comptés "
        "à part, ni dedans ni au-delà. Les objectifs de la preuve prennent les temps tels qu’ils "
        "sont."
    )
    return element("p", text(words), class_="note")


def _access_cells(area: AreaAccess, goals: Sequence[int]) -> list[str]:
    beyond = []
    for goal in goals:
        if goal not in area.before:
            beyond.append("")
            continue
        before, after = area.groups_before[goal], area.groups_after[goal]
        cell = text(f"{number(before.beyond)}{ARROW}{number(after.beyond)}")
        cell += _places(before.communes_beyond, after.communes_beyond)
        if before.near or after.near:
            near = f"à la limite : {number(before.near)}{ARROW}{number(after.near)}"
            cell += element("span", text(near), class_="limite-texte")
            cell += _places(before.communes_near, after.communes_near)
        beyond.append(cell)
    means = f"{_mean(area.mean_before_s)}{ARROW}{_mean(area.mean_after_s)}"
    return [text(area.name), number(area.residents), *beyond, text(means)]


def _places(before: int, after: int) -> str:
    """Numbers of communes, without and with the tour."""
    return note(f"{number(before)}{ARROW}{counted(after, 'commune')}")


def _mean(seconds: float | None) -> str:
    return "inconnu" if seconds is None else minutes(seconds)


FAR = (
    Column("Commune"),
    Column("Intercommunalité"),
    Column("Habitants", figures=True),
    Column("Sans la tournée", figures=True),
    Column("Avec la tournée", figures=True),
    Column("Accueil le plus proche"),
)


def far_communes(plan: Plan, scene: Scene) -> str:
    """The inhabited communes still beyond each goal with the tour, or near it, farthest first.

    Each is told once, in the first part it belongs to.
    """
    return "".join(_far_part(part) for part in far_parts(plan, scene))


@dataclass(frozen=True)
class FarPart:
    """The communes within some span of minutes, with the tour: ``de 15 à 20 min``.

    ``near``: they are at the limit of ``goal``, on neither side of it for sure.
    """

    span: str
    goal: int
    near: bool
    communes: tuple[CommuneView, ...]


def far_parts(plan: Plan, scene: Scene) -> list[FarPart]:
    """The parts of ``far_communes``, from the farthest; those without a commune included."""
    goals = sorted({goal for area in plan.access for goal in area.before}, reverse=True)
    left = list(scene.farthest_first())
    parts = []
    for above, goal in zip([None, *goals], goals, strict=False):
        span = f"à plus de {goal} min" if above is None else f"de {goal} à {above} min"
        beyond = tuple(v for v in left if v.after.beyond(goal))
        near = tuple(v for v in left if goal in v.after.near)
        parts.append(FarPart(span, goal, near=False, communes=beyond))
        parts.append(FarPart(f"à la limite de {goal} min", goal, near=True, communes=near))
        left = [v for v in left if not v.after.beyond(goal) and goal not in v.after.near]
    return parts


def _far_part(part: FarPart) -> str:
    found = part.communes
    if part.near and not found:
        return ""
    title = element("h3", text(f"{capital(part.span)} d’un accueil"))
    if not found:
        return title + element("p", text("Aucune commune."))
    people = sum(view.residents for view in found)
    caption = f"{counted(len(found), 'commune')}, {counted(people, 'habitant')}"
    return title + table(caption, FAR, ["".join(body_row(FAR, _far_cells(v)) for v in found)])


def _far_cells(view: CommuneView) -> list[str]:
    return [
        text(view.commune.name),
        text(view.commune.epci_name),
        number(view.residents),
        _reach_cell(view.before),
        _reach_cell(view.after),
        text(reach_place(view.after)),
    ]


def _reach_cell(reach: Reach) -> str:
    near = near_words(reach)
    return text(reach_time(reach)) + (note(near) if near else "")


def every_commune(scene: Scene) -> str:
    """All that the colours of the map say, as a table."""
    rows = "".join(body_row(FAR, _far_cells(v)) for v in by_name(scene))
    return table("Temps de route jusqu’à l’accueil le plus proche, par commune", FAR, [rows])


def by_name(scene: Scene) -> list[CommuneView]:
    """The communes in the order of the alphabet, accents aside."""
    return sorted(scene.communes, key=lambda v: (plain(v.commune.name), v.commune.code))


def reach_time(reach: Reach) -> str:
    """``12,3 min``, ``sur place`` or ``hors d’atteinte``."""
    if reach.seconds is None:
        return CLASS_LABELS[UNREACHED]
    return minutes(reach.seconds) if reach.seconds else "sur place"


def near_words(reach: Reach) -> str:
    """Which thresholds the time is too near to tell the side of; nothing when there is none."""
    limits = listed([str(limit) for limit in reach.near])
    return f"à la limite de {limits} min" if limits else ""


def reach_place(reach: Reach) -> str:
    """The nearest counter and its kind."""
    if reach.seconds is None:
        return "aucun"
    return f"{reach.counter} ({'permanence' if reach.itinerant else 'point fixe'})"


COUNTERS = (Column("Point fixe"), Column("Commune"), Column("Adresse"), Column("Remarque"))


def counters_table(scene: Scene) -> str:
    """The fixed counters that the map shows."""
    rows = [
        body_row(
            COUNTERS,
            [
                text(counter.name),
                text(mark.commune.name),
                text(counter.address),
                text("ouvert par demi-journées" if counter.half_day else ""),
            ],
        )
        for mark in scene.counters
        for counter in mark.counters
    ]
    return table("Points fixes de la carte", COUNTERS, ["".join(rows)])


def legend(scene: Scene) -> str:
    """The classes of the map with their residents, without and with the tour.

    A last row tells those of communes so near a limit of their class that they may be in the next.
    """
    columns = (
        Column("Minutes de route"),
        Column("Sans la tournée", figures=True),
        Column("Avec la tournée", figures=True),
    )
    counts = [
        (
            sum(v.residents_at(v.before, rank) for v in scene.communes),
            sum(v.residents_at(v.after, rank) for v in scene.communes),
            sum(_in_class(v, rank) for v in scene.communes),
        )
        for rank in range(len(CLASS_LABELS))
    ]
    rows = [
        body_row(
            columns,
            [
                _swatch(f"classe-{rank}") + text(label),
                number(counts[rank][0]),
                number(counts[rank][1]),
            ],
        )
        for rank, label in enumerate(CLASS_LABELS)
        if counts[rank][2] or rank != UNREACHED
    ]
    before, after = (
        sum(view.residents_near(reach(view)) for view in scene.communes) for reach in _SIDES
    )
    near = [_swatch("limite") + text("dont à la limite"), number(before), number(after)]
    bodies = ["".join(rows)]
    if before or after:
        bodies.append(body_row(columns, near, class_="total"))
    caption = "Habitants selon le temps de route jusqu’à l’accueil le plus proche"
    return table(caption, columns, bodies, class_="classes")


def _in_class(view: CommuneView, rank: int) -> bool:
    """Whether a commune, or residents of it, are in a class."""
    reaches = (view.before, view.after)
    return any(reach.rank == rank or view.residents_at(reach, rank) for reach in reaches)


_SIDES = (attrgetter("before"), attrgetter("after"))


"""The reach of a commune without the tour, and with it."""


def near_mark(origin: Origin) -> str:
    """What the hatching of the map means, when there is any."""
    if not origin.uncertainty_pct:
        return ""
    words = (
        f"À la limite : à {origin.uncertainty_pct} % près, la commune peut être de la couleur "
        "voisine"
    )
    return element("li", _swatch("limite") + text(words))


def _swatch(class_: str) -> str:
    return (
        '<svg class="pastille" viewBox="0 0 22 14" aria-hidden="true" focusable="false">'
        f'<rect class="{class_}" x="1" y="1" width="20" height="12" rx="2"></rect></svg>'
    )
