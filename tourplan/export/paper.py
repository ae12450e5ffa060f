"""What the printed map says in a few lines, of what the page tells at length.

Its first page is what ``synthese.pdf`` is: before and after, who stays far, the rules and sources.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    from tourplan.plan import AreaAccess, Plan
    from tourplan.prepare import Case

MOST_NAMED = 15
"""Communes that are named on paper, at least two of each part; the others are counted."""


MOST_ROWS = 28
"""Days and sessions that are told in one column."""

MOST_PLACES = 24
"""Sessions whose places and addresses are told too when the days stand in two columns."""

TWO_COLUMNS = 60
"""Days and sessions that two columns hold on a page; beyond, there are three for everyone."""

MOST_AREAS = 8
"""Intercommunalités that the tour changes and that have a sentence; two under three columns."""


def crowd(plan: Plan, *, internal: bool = False) -> str:
    """The style of the days on paper: in one column, in two, without places, in three.

    The times of the team, for internal use, leave no room for three.
    """
    columns = _columns(plan, internal=internal)
    if columns == 1:
        return ""
    crowded = sum(len(day.stops) for day in plan.days) > MOST_PLACES
    return "nombreuses" + " serrees" * crowded + " trois" * (columns == 3)


def _columns(plan: Plan, *, internal: bool) -> int:
    """In how many columns the days stand."""
    rows = sum(1 + len(day.stops) for day in plan.days)
    if plan.cycle_weeks == 1 and rows <= MOST_ROWS:
        return 1
    return 2 if internal or rows <= TWO_COLUMNS else 3


def short_sentences(plan: Plan, *, internal: bool = False) -> str:
    """What the tour changes, a sentence an intercommunalité, those where most people gain.

    One for those where some gain too, one for those it leaves as they are.
    """
    areas = plan.access[:-1] or plan.access
    changed = [area for area in areas if area.groups_after != area.groups_before]
    same = [area.name for area in areas if area not in changed]
    most = 2 if _columns(plan, internal=internal) == 3 else MOST_AREAS
    told = sorted(changed, key=_gain, reverse=True)[:most]
    lines = [sentence(area) for area in changed if area in told]
    if more := len(changed) - len(told):
        where = "une autre intercommunalité" if more == 1 else f"{more} autres intercommunalités"
        lines.append(text(f"La tournée change aussi l’accès dans {where}."))
    lines += map(text, need_sentences(plan))
    if same:
        lines.append(text(f"La tournée ne change rien ailleurs : {_some(same)}."))
    return items(lines, class_="constats")


def _gain(area: AreaAccess) -> int:
    """How many residents have a counter within some threshold thanks to the tour."""
    return sum(area.before[goal] - area.after[goal] for goal in area.before)


def _some(names: Sequence[str]) -> str:
    """The first names, and how many others there are."""
    if len(names) <= MOST_AREAS:
        return listed(names)
    return f"{', '.join(names[:MOST_AREAS])} et {len(names) - MOST_AREAS} autres"


def far_lines(plan: Plan, scene: Scene) -> str:
    """The communes that stay far from a counter, a line for each span of minutes."""
    found = [part for part in far_parts(plan, scene) if part.communes]
    if not found:
        return element("p", text("Aucune commune n’est loin d’un accueil."))
    most = max(2, MOST_NAMED // len(found))
    return items(_far_line(part, most) for part in found)


def _far_line(part: FarPart, most: int) -> str:
    """A span of minutes: how many are that far, and the first communes by name."""
    people = sum(view.residents for view in part.communes)
    size = f"{counted(len(part.communes), 'commune')}, {counted(people, 'habitant')}"
    named = [f"{v.commune.name} ({reach_time(v.after)})" for v in part.communes[:most]]
    more = len(part.communes) - most
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
