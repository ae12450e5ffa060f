"""What the printed map says in a few lines, of what the page tells at length.

Its first page is what ``synthese.pdf`` is: before and after, who stays far, the rules and sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tourplan.errors import listed
from tourplan.export import sources
from tourplan.export.accesstables import FarPart, far_parts, reach_time
from tourplan.export.french import capital, counted
from tourplan.export.keptrules import kept_rules
from tourplan.export.markup import Column, badge, body_row, element, items, table, text
from tourplan.export.sections import sentence
from tourplan.export.words import need_sentences
from tourplan.hours import WEEKDAYS

if TYPE_CHECKING:
    from tourplan.export.scene import Scene
    from tourplan.plan import Plan
    from tourplan.prepare import Case

MOST_NAMED = 12
"""Communes of one part that are named on paper; the others are counted."""


MOST_DAYS = 9
"""Days of a week that are told in one column."""

MOST_PLACES = 24
"""Sessions whose places and addresses are told too when the days stand in two columns."""


def crowd(plan: Plan) -> str:
    """The style of the days on paper: in one column, in two, in two without places."""
    if plan.cycle_weeks == 1 and len(plan.days) <= MOST_DAYS:
        return ""
    sessions = sum(len(day.stops) for day in plan.days)
    return "nombreuses" if sessions <= MOST_PLACES else "nombreuses serrees"


def short_sentences(plan: Plan) -> str:
    """What the tour changes, a sentence an intercommunalité; one for all it leaves as they are."""
    areas = plan.access[:-1] or plan.access
    changed = [area for area in areas if area.groups_after != area.groups_before]
    others = [area.name for area in areas if area not in changed]
    lines = [*map(sentence, changed), *map(text, need_sentences(plan))]
    if others:
        lines.append(text(f"La tournée ne change rien ailleurs : {listed(others)}."))
    return items(lines, class_="constats")


def far_lines(plan: Plan, scene: Scene) -> str:
    """The communes that stay far from a counter, a line for each span of minutes."""
    found = [part for part in far_parts(plan, scene) if part.communes]
    if not found:
        return element("p", text("Aucune commune n’est loin d’un accueil."))
    return items(map(_far_line, found))


def _far_line(part: FarPart) -> str:
    people = sum(view.residents for view in part.communes)
    size = f"{counted(len(part.communes), 'commune')}, {counted(people, 'habitant')}"
    named = [f"{v.commune.name} ({reach_time(v.after)})" for v in part.communes[:MOST_NAMED]]
    more = len(part.communes) - MOST_NAMED
    if more > 0:
        named.append(counted(more, "autre commune", "autres communes"))
    head = element("strong", text(f"{capital(part.span)} d’un accueil"))
    return head + text(f" ({size}) : {', '.join(named)}.")


RULES = (Column("Règle"), Column("Demandé"), Column("Ce plan"), Column("Source"))


def rules_table(plan: Plan, case: Case) -> str:
    """The main rules: what is asked, what the plan does, and where they come from."""
    rules = kept_rules(plan, case.scenario)
    rows = [
        body_row(RULES, [*map(text, (rule.name, rule.asked, rule.done, rule.source))])
        for rule in rules
    ]
    return table("Règles appliquées", RULES, ["".join(rows)])


def sources_line(plan: Plan, case: Case) -> str:
    """Where the figures come from, in a paragraph."""
    told = [
        f"Habitants : {sources.residents_source(case)}",
        f"Points fixes : {sources.counters_source(case)}",
        f"Communes et mairies : {sources.communes_source(case)}.",
        sources.rooms_source(plan),
        f"Coût et CO₂ : {sources.rates_words(case)}",
    ]
    return element("p", text(" ".join(told)), class_="note")


def weekday_key(scene: Scene) -> str:
    """The shape and colour of each weekday of the tour."""
    days = sorted({route.day.weekday for route in scene.routes})
    marks = (element("span", badge(day, "") + text(WEEKDAYS[day])) for day in days)
    return element("li", "".join(marks), class_="cle-jours") if days else ""
