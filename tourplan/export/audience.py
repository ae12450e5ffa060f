"""A plan as everyone may see it: no name of an agent, of a vehicle, or of who wrote the plan."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tourplan.plan import Plan

_FEW = 3
"""A vehicle's name of fewer characters is no secret, and cannot be told from other words."""


def public_plan(plan: Plan) -> Plan:
    """The plan without what is only for those who run the tour.

    Vehicles are only numbered, and told apart only where two are out on the same day. Times of
    departure, return and meals stay: what shows days leaves them out (``day_rows`` of the page).
    Its fingerprint is not that of ``plan``.
    """
    alias = _aliases(plan)
    days = (
        day.model_copy(update={"vehicle": alias[day.vehicle], "teams": {}}) for day in plan.days
    )
    return plan.model_copy(
        update={
            "author": "",
            "agents": (),
            "vehicles": tuple(dict.fromkeys(alias.values())),
            "days": tuple(days),
            "free_days": _free_days(plan, alias),
            "notes": public_words(plan, plan.notes),
            "scenario": {},
        }
    )


def public_words(plan: Plan, lines: Iterable[str]) -> tuple[str, ...]:
    """Sentences about ``plan``, with no name of an agent, a vehicle or its author."""
    told = {name: one for name, one in _aliases(plan).items() if len(name) >= _FEW}
    told |= {name: f"Agent {rank}" for rank, name in enumerate(plan.agents, start=1)}
    told |= {plan.author: "l’auteur du plan"}
    names = sorted(filter(None, told), key=len, reverse=True)
    if not names:
        return tuple(lines)
    known = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)")
    return tuple(known.sub(lambda found: told[found[0]], line) for line in lines)


def _aliases(plan: Plan) -> dict[str, str]:
    """``Véhicule 1``… for each vehicle; all are the first where no two are out on the same day."""
    others = [*(day.vehicle for day in plan.days), *(name for *_, name in plan.free_days)]
    names = dict.fromkeys([*plan.vehicles, *others])
    out = [(day.week, day.weekday) for day in plan.days]
    several = len(set(out)) < len(out)
    return {name: f"Véhicule {rank if several else 1}" for rank, name in enumerate(names, start=1)}


def _free_days(plan: Plan, alias: dict[str, str]) -> tuple[tuple[int, int, str], ...]:
    """The free days of the vehicles under their new names; one that any of them runs is not."""
    busy = {(day.week, day.weekday, alias[day.vehicle]) for day in plan.days}
    free = ((week, day, alias[name]) for week, day, name in plan.free_days)
    return tuple(dict.fromkeys(day for day in free if day not in busy))
