"""What is said when a command cannot answer: every fault, or why there is no plan."""

from __future__ import annotations

from tourplan.console import note
from tourplan.errors import InputError, NoPlanError, Repair


def tell_faults(error: InputError) -> None:
    """Every fault on stderr, one a line."""
    count = len(error.faults)
    note(f"{count} faute{'s' if count > 1 else ''} à corriger :")
    for fault in error.faults:
        note(f"  - {fault}")


def tell_no_plan(error: NoPlanError) -> None:
    """Why there is no plan, and the least changes that give one."""
    note(error.message)
    if error.repairs:
        note(_repairs_heading(error.repairs))
    _tell_repairs(error.repairs)
    if error.others:
        note("Ou, sans toucher à ces exigences, l’un de ces autres moyens :")
    _tell_repairs(error.others)


def _tell_repairs(repairs: tuple[Repair, ...]) -> None:
    for repair in repairs:
        proof = "" if repair.proved else " (non démontré)"
        note(f"  - {repair.text} → {repair.change}{proof}")


def _repairs_heading(repairs: tuple[Repair, ...]) -> str:
    """What the list of repairs is: one of them, each of them, or none that is enough alone."""
    if len(repairs) == 1:
        return "Le plus petit changement :"
    if all(repair.rule == "day" for repair in repairs):
        return "Il faut à la fois :"
    if all(repair.enough for repair in repairs):
        return "Un seul de ces changements suffit :"
    return "Le plus petit changement de chacune :"
