"""Made-up levels, and plans that bear them, shared by the tests of sentences."""

from __future__ import annotations

from typing import Any

from tourplan.plan import Level, Plan


def level(value: int, bound: int | None, unit: str = "secondes", name: str = "route") -> Level:
    return Level(
        name=name,
        label="temps de route",
        unit=unit,
        sense="min",
        value=value,
        bound=bound,
        text=f"{value} {unit}",
    )


def with_levels(plan: Plan, *levels: Level, **changes: Any) -> Plan:
    return plan.model_copy(update={"levels": levels, **changes})
