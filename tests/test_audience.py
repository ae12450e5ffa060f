"""What everyone may see of a plan: no name of an agent, of a vehicle, or of its author."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tourplan.export.audience import public_plan, public_words
from tourplan.export.bundle import Request
from tourplan.export.datechanges import Change
from tourplan.plan import Day, Plan

TEAM = ("Camille Dupont", "Sacha Martin")


def named(plan: Plan, *vehicles: str, second: bool = True, **update: object) -> Plan:
    """The plan with names; ``second``: the second vehicle is out the same days as the first."""
    first = {"vehicle": vehicles[0], "teams": {2: TEAM}}
    days = [day.model_copy(update=first) for day in plan.days]
    others = {day.weekday: day.model_copy(update={"vehicle": vehicles[-1]}) for day in days}
    shown = [*days, *others.values()] if second else [*days[1:], others[days[0].weekday]]
    names = {"vehicles": vehicles, "agents": TEAM, "author": "Renée"}
    return plan.model_copy(update={**names, "days": tuple(shown), **update})


def vehicles_of(plan: Plan) -> set[str]:
    return {day.vehicle for day in plan.days}


def test_nothing_named_is_left(herault_plan: Plan) -> None:
    notes = ("la Kangoo passe", "Camille Dupont est malade", "note de Renée")
    plan = named(herault_plan, "Kangoo", "Zoé", notes=notes)
    text = public_plan(plan).model_dump_json()
    for secret in ("Kangoo", "Zoé", "Camille", "Dupont", "Sacha", "Renée"):
        assert secret in plan.model_dump_json()
        assert secret not in text


def test_vehicles_out_together_are_told_apart(herault_plan: Plan) -> None:
    public = public_plan(named(herault_plan, "Kangoo", "Zoé"))
    assert public.vehicles == ("Véhicule 1", "Véhicule 2")
    assert vehicles_of(public) == {"Véhicule 1", "Véhicule 2"}


def test_vehicles_never_out_together_are_one(herault_plan: Plan) -> None:
    first = herault_plan.days[0]
    free = ((first.week, first.weekday, "Kangoo"), (1, 5, "Kangoo"), (1, 5, "Zoé"))
    plan = named(herault_plan, "Kangoo", "Zoé", second=False, free_days=free)
    public = public_plan(plan)
    assert public.vehicles == ("Véhicule 1",)
    assert vehicles_of(public) == {"Véhicule 1"}
    assert public.free_days == ((1, 5, "Véhicule 1"),)


def test_the_tour_itself_is_the_same(herault_plan: Plan) -> None:
    def tour(days: tuple[Day, ...]) -> list[tuple[int, int, tuple[object, ...]]]:
        return [(day.week, day.weekday, day.stops) for day in days]

    plan = named(herault_plan, "Kangoo", "Zoé")
    public = public_plan(plan)
    assert tour(public.days) == tour(plan.days)
    assert public.figures == plan.figures
    assert public.access == plan.access


def test_reasons_of_changes_name_nobody_in_public(herault_plan: Plan) -> None:
    plan = named(herault_plan, "Kangoo", start="2027-01-11")
    change = Change("ligne", date(2027, 1, 11), None, "Camille Dupont malade, Kangoo au garage")
    now = datetime(2026, 12, 1, tzinfo=UTC)
    for internal in (False, True):
        ask = Request(plan, now, internal=internal, changes=(change,))
        reason = next(out.off for out in ask.outings if out.off)
        assert ("Camille" in reason) is internal
        assert ("Kangoo" in reason) is internal


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("lundi (Kangoo) matin", "lundi (Véhicule 1) matin"),
        ("Kangoos et Kangoo", "Kangoos et Véhicule 1"),
        ("A part, de A à B", "A part, de A à B"),
        ("Camille Dupont et Sacha Martin", "Agent 1 et Agent 2"),
        ("d’après Renée.", "d’après l’auteur du plan."),
    ],
)
def test_sentences_name_nobody(herault_plan: Plan, line: str, told: str) -> None:
    plan = named(herault_plan, "Kangoo", "A")
    assert public_words(plan, [line]) == (told,)


def test_names_with_marks_are_no_patterns(herault_plan: Plan) -> None:
    plan = named(herault_plan, "(.*)", "[Zoé]+")
    assert public_words(plan, ["le (.*) et [Zoé]+, rien d’autre"]) == (
        "le Véhicule 1 et Véhicule 2, rien d’autre",
    )
