"""The price of the 24 h of opening and of the 35 h of work: the same scenario without, or with."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from tourplan.errors import InputError, NoPlanError, ways_out
from tourplan.export.french import capital
from tourplan.export.itinerary import decimal_comma
from tourplan.export.words import change, change_of
from tourplan.hours import duration
from tourplan.optimise.solve import Progress
from tourplan.plan import Level, Plan
from tourplan.planner import solve
from tourplan.prepare import Case
from tourplan.problem import WeekRules
from tourplan.scenario import Scenario
from tourplan.study.result import Result, Sought
from tourplan.verify import verify

OPENINGS_H = (0.0, 24.0)
"""Least openings that are tried beside the scenario's own: none, that of the label."""
WORKS_H = (35.0, 39.0)
"""Longest weeks that are tried beside the scenario's own."""

COLUMNS = (
    "regles",
    "ouverture_min_h",
    "travail_max_h",
    "sujet",
    "nom",
    "valeur",
    "borne",
    "unite",
    "texte",
    "demontre",
    "valeur_du_scenario",
    "ecart",
)
LEVEL, FIGURE, NO_PLAN, CLASH = "objectif", "chiffre", "aucun plan", "exigence"
MEANS = "autre moyen"


@dataclass(frozen=True, eq=False)
class Ruled(Sought):
    """The best plan under some rules of the week.

    Attributes:
        opening_h: least opening of a week; 0: none.
        work_h: longest week of an agent.
    """

    opening_h: float
    work_h: float

    @property
    def words(self) -> str:
        """``avec 24 h d’ouverture au moins et 35 h de travail au plus``."""
        work = f"{_hours(self.work_h)} de travail au plus"
        if not self.opening_h:
            return f"sans ouverture minimale, avec {work}"
        return f"avec {_hours(self.opening_h)} d’ouverture au moins et {work}"


@dataclass(frozen=True, eq=False)
class Prices(Result):
    """What the weekly rules cost: the scenario's plan, and those under other rules.

    Attributes:
        title: of the scenario.
        asked: under the scenario's own rules.
        others: under each other pair of rules.
    """

    title: str
    asked: Ruled
    others: tuple[Ruled, ...]
    columns: ClassVar[tuple[str, ...]] = COLUMNS

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Levels, figures or clashing requirements under each rules, under ``COLUMNS``."""
        yield from _rows(self.asked, None)
        for ruled in self.others:
            yield from _rows(ruled, self.asked.plan)

    def under(self, opening_h: float, work_h: float) -> Ruled | None:
        """What was found under some rules; ``None`` where they were not tried."""
        every = (self.asked, *self.others)
        return next((r for r in every if (r.opening_h, r.work_h) == (opening_h, work_h)), None)

    def sentences(self) -> list[str]:
        """In French: the price of each rule, then the plan under each pair of rules."""
        lines = [*_price_sentences(self), f"{capital(self.asked.words)} (le scénario) :"]
        lines += _state(self.asked)
        for ruled in self.others:
            lines.append(f"{capital(ruled.words)} : {_verdict(self.asked, ruled)}.")
            lines += _state(ruled)
            if self.asked.plan and ruled.plan:
                lines += [f"  {words}" for words in _changes(self.asked.plan, ruled.plan)]
        return lines

    def to_dict(self) -> dict[str, Any]:
        """The prices as plain data under French keys."""
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in self.rows()]
        return {"phrases": self.sentences(), "lignes": rows}

    def __repr__(self) -> str:
        told = ", ".join(f"{r.words} : {_verdict(self.asked, r)}" for r in self.others)
        return f"Prices({self.title!r}, {told})"


def prices(
    scenario: Scenario | Case | str | Path,
    plan: Plan | NoPlanError | None = None,
    *,
    limit_s: float | None = None,
    progress: Progress = lambda _: None,
    stop: threading.Event | None = None,
) -> Prices:
    """What the least opening and the longest week cost, in people and minutes.

    The scenario is solved again under every pair of a least opening (its own, none, 24 h) and a
    longest week (its own, 35 h, 39 h). Agents whose own limit is shorter keep it.

    Args:
        scenario: the scenario, or its prepared case.
        plan: its plan, or why it has none, when it is at hand; solved first without it.
        limit_s: seconds that each solve may take; the scenario's own limit by default.
        progress: told each step in French.
        stop: set it to keep what is known so far.

    Raises:
        InputError: the scenario has faults, or ``plan`` breaks a rule of it.
    """
    case, stop = Case.of(scenario), stop or threading.Event()
    week = case.scenario.week
    asked = Ruled(week.min_opening_h, week.max_work_h)
    if plan is None:
        asked = _solved(case, asked, limit_s, progress, stop)
    elif isinstance(plan, NoPlanError):
        asked = asked.clashing(plan)
    elif faults := verify(case.problem, plan.days):
        raise InputError.of("plan", f"il ne suit pas ce scénario : {faults[0]}")
    else:
        asked = replace(asked, plan=plan)
    others = (
        _solved(under(case, ruled), ruled, limit_s, progress, stop) for ruled in other_rules(case)
    )
    return Prices(case.scenario.title, asked, tuple(others))


def other_rules(case: Case) -> list[Ruled]:
    """Every pair of rules that differs from the scenario's own, and from the others."""
    week = case.scenario.week
    openings = dict.fromkeys((week.min_opening_h, *OPENINGS_H))
    works = dict.fromkeys((week.max_work_h, *WORKS_H))
    found: dict[tuple[float, tuple[int, ...]], Ruled] = {}
    for work_h in works:
        for opening_h in openings:
            ruled = Ruled(opening_h, work_h)
            agents = under(case, ruled).problem.agents
            found.setdefault((opening_h, tuple(a.max_week_s for a in agents)), ruled)
    return list(found.values())[1:]


def under(case: Case, rules: Ruled) -> Case:
    """The case under other rules of the week; nothing else changes."""
    scenario, problem = case.scenario, case.problem
    update = {"min_opening_h": rules.opening_h, "max_work_h": rules.work_h}
    agents = tuple(
        agent
        if agent.max_work_h is None
        else agent.model_copy(update={"max_work_h": min(agent.max_work_h, rules.work_h)})
        for agent in scenario.agents
    )
    limits = [rules.work_h if a.max_work_h is None else a.max_work_h for a in agents]
    return replace(
        case,
        scenario=scenario.model_copy(
            update={"week": scenario.week.model_copy(update=update), "agents": agents}
        ),
        problem=replace(
            problem,
            week=WeekRules(round(rules.opening_h * 3600), problem.week.min_rest_s),
            agents=tuple(
                replace(agent, max_week_s=round(hours * 3600))
                for agent, hours in zip(problem.agents, limits, strict=True)
            ),
        ),
    )


def _solved(
    case: Case,
    rules: Ruled,
    limit_s: float | None,
    progress: Progress,
    stop: threading.Event,
) -> Ruled:
    """The rules with their best plan, or why there is none."""
    progress(f"et {rules.words} ?")
    return rules.found(lambda: solve(case, limit_s=limit_s, progress=progress, stop=stop))


def _hours(hours: float) -> str:
    return duration(hours * 3600)


def _price_sentences(found: Prices) -> Iterator[str]:
    """What each rule costs, the other being as in the scenario, then as it would be without."""
    asked = found.asked
    opening_h = asked.opening_h or max(OPENINGS_H)
    longest_h = max(asked.work_h, *WORKS_H)
    shortest_h = min(WORKS_H)
    for work_h in dict.fromkeys((asked.work_h, shortest_h)):
        pair = found.under(0.0, work_h), found.under(opening_h, work_h)
        rule = f"{_hours(opening_h)} d’ouverture au moins, avec {_hours(work_h)} de travail"
        yield from _price(rule, *pair)
    for least_h in (opening_h, 0.0):
        pair = found.under(least_h, longest_h), found.under(least_h, shortest_h)
        other = f"avec {_hours(least_h)} d’ouverture" if least_h else "sans ouverture minimale"
        yield from _price(
            f"{_hours(shortest_h)} de travail au lieu de {_hours(longest_h)}, {other}", *pair
        )


def _price(rule: str, loose: Ruled | None, strict: Ruled | None) -> Iterator[str]:
    """What a rule costs, from the plans without it and with it."""
    if loose is None or strict is None or loose is strict:
        return
    head = f"Prix de la règle « {rule} » :"
    if loose.plan is None:
        why = "aucun plan sans elle non plus" if loose.impossible else loose.why_not
        yield f"{head} on ne sait pas, {why}."
    elif strict.plan is None:
        yield f"{head} {'aucun plan ne la tient' if strict.impossible else strict.why_not}."
    else:
        first, proved = _first(loose.plan, strict.plan)
        weeks = loose.plan.cycle_weeks
        cost = change_of(*first, weeks) if first else "rien sur les objectifs"
        opened = [plan.figures.least_open_s for plan in (loose.plan, strict.plan)]
        hours = f" ; ouverture d’une semaine : {' → '.join(map(duration, opened))}"
        yield f"{head} {cost}{_proof(proved)}{hours * (opened[0] != opened[1])}."


def _first(one: Plan, two: Plan) -> tuple[tuple[Level, Level] | None, bool]:
    """The first level that differs between two plans, and whether it is sure.

    It is when the levels up to it, or all if none differs, are proved in both.
    """
    for_sure = True
    for pair in zip(one.levels, two.levels, strict=True):
        for_sure &= pair[0].proved and pair[1].proved
        if pair[0].value != pair[1].value:
            return pair, for_sure
    return None, for_sure


def _verdict(asked: Ruled, ruled: Ruled) -> str:
    """How much other rules change, in a few words."""
    if ruled.plan is None:
        return "aucun plan" if ruled.impossible else ruled.why_not
    if asked.plan is None:
        return f"un plan existe{_proof(ruled.plan.proved)}"
    first, proved = _first(asked.plan, ruled.plan)
    if first is None:
        return f"rien ne change sur les objectifs{_proof(proved)}"
    return f"{change_of(*first, asked.plan.cycle_weeks)}{_proof(proved)}"


def _proof(proved: bool) -> str:
    return " (démontré)" if proved else " (non démontré)"


def _state(ruled: Ruled) -> list[str]:
    """The figures of a plan; the clash where there is none."""
    if ruled.plan is None:
        ways = (f"  {line}" for line in ways_out(ruled.repairs, ruled.others))
        return [f"  {ruled.why_not}", *ways] if ruled.impossible else []
    told = (f"{name} : {text}" for name, _, text in _figures(ruled.plan))
    return [f"  {capital(' ; '.join(told))}."]


def _figures(plan: Plan) -> list[tuple[str, int, str]]:
    """Name, value and words of what the rules of the week bear on."""
    figures, weeks = plan.figures, plan.cycle_weeks
    opening_s = figures.least_open_s
    return [
        ("communes desservies", figures.communes, str(figures.communes)),
        (
            "ouverture de la semaine la moins ouverte",
            opening_s,
            duration(opening_s),
        ),
        ("travail de l’agent le plus occupé", figures.most_work_s, duration(figures.most_work_s)),
        ("route par semaine", figures.drive_s // weeks, duration(figures.drive_s / weeks)),
    ]


def _changes(asked: Plan, plan: Plan) -> Iterator[str]:
    """Each level that is not worth the same."""
    for before, after in zip(asked.levels, plan.levels, strict=True):
        if before.value != after.value:
            by = change(before, after, asked.cycle_weeks)
            yield f"{capital(before.label)} : {before.text} → {after.text} ({by})."


def _rows(ruled: Ruled, asked: Plan | None) -> Iterator[tuple[str, ...]]:
    """The rows of some rules."""
    head = (ruled.words, decimal_comma(ruled.opening_h, 2), decimal_comma(ruled.work_h, 2))
    if ruled.plan is None:
        yield (*head, NO_PLAN, "", "", "", "", ruled.why_not, _yes(ruled.impossible), "", "")
        for kind, repairs in ((CLASH, ruled.repairs), (MEANS, ruled.others)):
            for one in repairs:
                blank = ("", "", "")
                yield (*head, kind, one.text, *blank, one.change, _yes(one.proved), "", "")
        return
    before: Sequence[Level | None] = asked.levels if asked else [None] * len(ruled.plan.levels)
    for level, was in zip(ruled.plan.levels, before, strict=True):
        yield (*head, LEVEL, level.name, *_level_cells(level, was, ruled.plan.cycle_weeks))
    for name, value, text in _figures(ruled.plan):
        unit = "" if name.startswith("communes") else "secondes"
        yield (*head, FIGURE, name, str(value), "", unit, text, "", "", "")


def _level_cells(level: Level, was: Level | None, weeks: int) -> tuple[str, ...]:
    """A level, and how much it differs from that under the scenario's rules."""
    bound = "" if level.bound is None else str(level.bound)
    cells = (str(level.value), bound, level.unit, level.text, _yes(level.proved))
    if was is None:
        return (*cells, "", "")
    gap = change(was, level, weeks) if level.value != was.value else "rien ne change"
    return (*cells, str(was.value), gap)


def _yes(fact: bool) -> str:
    return "oui" if fact else "non"
