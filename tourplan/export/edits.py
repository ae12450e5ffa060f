"""What was changed in a plan by hand: sessions moved, added or dropped, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

from tourplan.export.french import capital, hours, number
from tourplan.export.words import day_name, opening_words, place_name

if TYPE_CHECKING:
    from tourplan.plan import Day, Plan, Stop

Held = tuple["Day", "Stop"]


def edit_sentences(before: Plan, after: Plan) -> list[str]:
    """What differs from one plan to the other, then what it costs; a line each."""
    changes = [f"  {line}" for line in _changes(before, after)]
    if not changes:
        return [f"Par rapport au plan du classeur ({before.fingerprint}) : rien n’a changé."]
    costs = [f"  {line}" for line in _costs(before, after)] or ["  aucun objectif ne change"]
    head = f"Par rapport au plan du classeur ({before.fingerprint}) :"
    return [head, *changes, "Ce que cela change :", *costs]


def _changes(before: Plan, after: Plan) -> Iterator[str]:
    """Sessions that are not as they were, commune by commune."""
    old, new = _by_commune(before), _by_commune(after)
    names = {code: held[0][1].name for code, held in [*new.items(), *old.items()]}
    for code in dict.fromkeys([*old, *new]):
        pairs = zip_longest(old.get(code, ()), new.get(code, ()))
        for one, two in pairs:
            was = _words(before, one) if one else ""
            now = _words(after, two) if two else ""
            if was == now:
                continue
            name = names[code]
            if not one:
                yield f"{name} : permanence ajoutée, {now}"
            elif not two:
                yield f"{name} : permanence retirée, {was}"
            else:
                yield f"{name} : {was} → {now}"


def _by_commune(plan: Plan) -> dict[str, list[Held]]:
    """The sessions of each commune, in the order of the days."""
    found: dict[str, list[Held]] = {}
    for day in sorted(plan.days, key=lambda day: (day.week, day.weekday, day.vehicle)):
        for stop in day.stops:
            found.setdefault(stop.code, []).append((day, stop))
    return found


def _words(plan: Plan, held: Held) -> str:
    """``mercredi après-midi, 13:30–16:00``, and the room where it is not the mairie."""
    day, stop = held
    when = day_name(plan, day.week, day.weekday, day.vehicle)
    room = place_name(stop).removeprefix(stop.name).strip()
    return " ".join(filter(None, (when, f"{stop.session}, {opening_words(stop)}", room)))


def _costs(before: Plan, after: Plan) -> Iterator[str]:
    """Levels and totals that are not as they were."""
    levels = {level.name: level for level in after.levels}
    for level in before.levels:
        other = levels.get(level.name)
        if other is not None and other.value != level.value:
            yield f"{capital(level.label)} : {level.text} → {other.text}"
    for (name, was), (_, now) in zip(_totals(before), _totals(after), strict=True):
        if was != now:
            yield f"{name} : {was} → {now}"


def _totals(plan: Plan) -> list[tuple[str, str]]:
    """What a cycle adds up to, besides its levels."""
    figures = plan.figures
    return [
        ("Ouverture par cycle", hours(figures.open_s)),
        ("Distance par cycle", f"{number(figures.drive_m / 1000)} km"),
        ("Coût par cycle", f"{number(figures.cost_eur)} €"),
    ]
