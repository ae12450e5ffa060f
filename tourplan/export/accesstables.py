"""Who is how far, on the page: by intercommunalité, by commune, the counters, the legend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tourplan.errors import listed
from tourplan.export.french import capital, counted, minutes, number
from tourplan.export.markup import (
    Column,
    body_row,
    element,
    note,
    short_row,
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
from tourplan.export.sides import Side, sides_of
from tourplan.tables import plain

if TYPE_CHECKING:
    from tourplan.plan import AreaAccess, Groups, Origin, Plan


ARROW = "\u00a0→ "


def access_table(plan: Plan, today: Plan | None = None) -> str:
    """Residents beyond each goal and near it by intercommunalité: without and with the tour.

    ``today``: the tour run today, told between the two.
    """
    goals = sorted({goal for area in plan.access for goal in area.before}, reverse=True)
    columns = [
        Column("Intercommunalité"),
        Column("Habitants", figures=True),
        *(Column(f"À plus de {goal} min", figures=True) for goal in goals),
        Column("Accès moyen", figures=True),
    ]
    now = {area.code: area for area in today.access} if today else {}
    rows = [
        body_row(
            columns,
            _access_cells(area, now.get(area.code), goals),
            class_="total" if whole else None,
        )
        for area in plan.access
        for whole in (area is plan.access[-1],)
    ]
    order = "sans tournée → aujourd’hui → nouvelle tournée"
    caption = order if today else "sans la tournée → avec la tournée"
    head = f"Habitants loin d’un accueil : {caption}"
    return table(head, columns, ["".join(rows)]) + near_note(plan.origin)


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


def _access_cells(area: AreaAccess, now: AreaAccess | None, goals: Sequence[int]) -> list[str]:
    told = [now] if now else []
    groups = [area.groups_before, *(one.groups_after for one in told), area.groups_after]
    means = [area.mean_before_s, *(one.mean_after_s for one in told), area.mean_after_s]
    cells = (_beyond_cell([side[goal] for side in groups if goal in side]) for goal in goals)
    return [text(area.name), number(area.residents), *cells, text(ARROW.join(map(_mean, means)))]


def _beyond_cell(groups: Sequence[Groups]) -> str:
    """Residents and communes beyond a goal, then those near it, side after side."""
    if not groups:
        return ""
    cell = text(_arrows(g.beyond for g in groups))
    cell += _places([g.communes_beyond for g in groups])
    if any(g.near for g in groups):
        near = f"à la limite : {_arrows(g.near for g in groups)}"
        cell += element("span", text(near), class_="limite-texte")
        cell += _places([g.communes_near for g in groups])
    return cell


def _arrows(values: Iterable[int]) -> str:
    return ARROW.join(number(value) for value in values)


def _places(counts: Sequence[int]) -> str:
    """Numbers of communes, side after side."""
    *firsts, last = counts
    return note(ARROW.join([*(number(count) for count in firsts), counted(last, "commune")]))


def _mean(seconds: float | None) -> str:
    return "inconnu" if seconds is None else minutes(seconds)


def _columns(scene: Scene, *, why: bool) -> list[Column]:
    """A commune, its residents, its access side after side, and why it stays far when told."""
    return [
        Column("Commune"),
        Column("Habitants", figures=True),
        *(Column(side.head, figures=True) for side in sides_of(scene)),
        Column("Accueil le plus proche"),
        *[Column("Pourquoi")] * why,
    ]


def far_communes(plan: Plan, scene: Scene, why: Mapping[str, str]) -> str:
    """The inhabited communes still beyond each goal with the tour, or near it, farthest first.

    Each is told once, in the first part it belongs to; ``why`` tells, by code, why it is there.
    """
    return "".join(
        _far_part(scene, part, why)
        for part in far_parts(plan, scene)
        if part.communes or not part.near
    )


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


def _far_part(scene: Scene, part: FarPart, why: Mapping[str, str]) -> str:
    title = element("h3", text(f"{capital(part.span)} d’un accueil"))
    if not part.communes:
        return title + element("p", text("Aucune commune."))
    people = sum(view.residents for view in part.communes)
    caption = f"{counted(len(part.communes), 'commune')}, {counted(people, 'habitant')}"
    columns = _columns(scene, why=True)
    rows = [
        body_row(columns, [*_far_cells(scene, v), text(capital(why.get(v.commune.code, "")))])
        for v in part.communes
    ]
    return title + table(caption, columns, ["".join(rows)], class_="tableau loin")


def _far_cells(scene: Scene, view: CommuneView) -> list[str]:
    return [
        text(view.commune.name) + note(view.commune.epci_name),
        number(view.residents),
        *(_reach_cell(side.reach(view)) for side in sides_of(scene)),
        text(reach_place(view.after)),
    ]


def _reach_cell(reach: Reach) -> str:
    near = near_words(reach)
    return text(reach_time(reach)) + (note(near) if near else "")


def every_commune(scene: Scene) -> str:
    """All that the colours of the map say, as a table; it is long, hence written short."""
    columns = _columns(scene, why=False)
    rows = "".join(short_row(_far_cells(scene, v)) for v in by_name(scene))
    caption = "Temps de route jusqu’à l’accueil le plus proche, par commune"
    return table(caption, columns, [rows], class_="longue")


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
    """The classes of the map with their residents, side after side.

    A last row tells those of communes so near a limit of their class that they may be in the next.
    """
    sides = sides_of(scene)
    columns = [
        Column("Minutes de route"),
        *(Column(side.head, figures=True) for side in sides),
    ]
    rows = [
        body_row(
            columns,
            [
                _swatch(f"classe-{rank}") + text(label),
                *(
                    number(sum(v.residents_at(side.reach(v), rank) for v in scene.communes))
                    for side in sides
                ),
            ],
        )
        for rank, label in enumerate(CLASS_LABELS)
        if rank != UNREACHED or any(_in_class(v, sides, rank) for v in scene.communes)
    ]
    near = [sum(v.residents_near(side.reach(v)) for v in scene.communes) for side in sides]
    bodies = ["".join(rows)]
    if any(near):
        cells = [_swatch("limite") + text("dont à la limite"), *map(number, near)]
        bodies.append(body_row(columns, cells, class_="total"))
    caption = "Habitants selon le temps de route jusqu’à l’accueil le plus proche"
    return table(caption, columns, bodies, class_="classes")


def _in_class(view: CommuneView, sides: Sequence[Side], rank: int) -> bool:
    """Whether a commune, or residents of it, are in a class."""
    reaches = [side.reach(view) for side in sides]
    return any(reach.rank == rank or view.residents_at(reach, rank) for reach in reaches)


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
