"""What the reader of the map may choose: days, a week, a vehicle, a commune."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tourplan.export.french import (
    capital,
)
from tourplan.export.markup import (
    badge,
    element,
    text,
)
from tourplan.export.scene import (
    CounterMark,
    DayRoute,
    Scene,
    StopMark,
)
from tourplan.export.sides import WITH, sides_of
from tourplan.export.words import (
    place_name,
)

if TYPE_CHECKING:
    from tourplan.plan import Day, Plan


def day_switches(plan: Plan, routes: Sequence[DayRoute], side: str) -> str:
    """A box a day, to show or hide it on the map; ``side`` is that of its tour."""
    if not routes:
        return element("p", text("Aucune."), class_="note")
    return "".join(
        element(
            "label",
            f'<input type="checkbox" checked data-journee="{side}-{route.number}">'
            + badge(route.day.weekday, str(route.number))
            + element(
                "span",
                element("strong", text(_switch_name(plan, route.day)))
                + element("span", _stop_names(route.stops), class_="note"),
            ),
            class_="choix",
            data_semaine=route.day.week,
            data_vehicule=route.day.vehicle,
        )
        for route in routes
    )


def side_choice(scene: Scene) -> str:
    """The choice of what is compared: without any tour, today, with that of the plan."""
    return "".join(
        element(
            "label",
            f'<input type="radio" name="vue" value="{side.key}"'
            f"{' checked' if side.key == WITH else ''}>" + element("span", text(side.label)),
            class_="choix",
        )
        for side in sides_of(scene)
    )


def _switch_name(plan: Plan, day: Day) -> str:
    """``Lundi``, with the vehicle and the week where there are several."""
    several = (
        f"semaine {day.week}" if plan.cycle_weeks > 1 else "",
        day.vehicle if len(plan.vehicles) > 1 else "",
    )
    return ", ".join(filter(None, [capital(day.weekday_name), *several]))


def _stop_names(marks: Sequence[StopMark]) -> str:
    return text(" → ".join(place_name(mark.stop) for mark in marks))


def week_choice(plan: Plan) -> str:
    """The choice of the week to show, when the cycle has several."""
    if plan.cycle_weeks == 1:
        return ""
    options = "".join(
        element("option", text(f"Semaine {week}"), value=week)
        for week in range(1, plan.cycle_weeks + 1)
    )
    every = element("option", "Toutes les semaines", value="")
    return element(
        "p",
        element("label", text("Semaine du cycle"), for_="semaine")
        + element("select", options + every, id="semaine"),
    )


def vehicle_choice(plan: Plan) -> str:
    """The choice of the vehicle to show, when there are several."""
    used = {day.vehicle for day in plan.days}
    if len(used) < 2:
        return ""
    every = element("option", text("Tous les véhicules"), value="")
    options = "".join(
        element("option", text(name), value=name) for name in plan.vehicles if name in used
    )
    return element(
        "p",
        element("label", text("Véhicule"), for_="vehicule")
        + element("select", every + options, id="vehicule"),
    )


def counter_lines(mark: CounterMark) -> list[str]:
    """What the map tells of a commune's fixed counters."""
    lines = []
    for counter in mark.counters:
        half = ", ouvert par demi-journées" if counter.half_day else ""
        lines.append(f"{counter.name} : {counter.address}{half}")
    return lines
