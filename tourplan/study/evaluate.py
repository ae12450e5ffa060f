"""Judge an existing tour: its figures, the rules it breaks, what would be better."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from tourplan.errors import InputError, NoPlanError
from tourplan.hours import WEEKDAYS
from tourplan.measures import held_sessions, level_of, measure
from tourplan.optimise.solve import Infeasible, NothingFound, Progress, Undecided, optimise
from tourplan.plan import Day, Level, Plan
from tourplan.planner import solve
from tourplan.prepare import Case
from tourplan.problem import Problem
from tourplan.scenario import Scenario
from tourplan.study.changes import DayTimer, single_changes
from tourplan.study.existing import Held, existing_tour, layout_of, outside
from tourplan.study.tours import Visit
from tourplan.verify import Violation, verify


@dataclass(frozen=True)
class ToCheck:
    """A half-day outside the hours that the mairie publishes, to be checked with it.

    ``week``: of a cycle of several, else 0.
    """

    weekday: int
    session: str
    commune: str
    hours: str
    week: int = 0

    def __str__(self) -> str:
        week = f" de la semaine {self.week}," if self.week else ""
        where = f"{WEEKDAYS[self.weekday]}{week} {self.session}, {self.commune}"
        return f"{where}, horaires publiés ce jour-là : {self.hours}"


@dataclass(frozen=True)
class Change:
    """The best single change: its words, and the levels of the tour so changed."""

    text: str
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Evaluation:
    """What an existing tour is worth.

    Attributes:
        plan: the tour with every time worked out; its levels carry no bound.
        violations: rules of the scenario it breaks.
        to_check: half-days to be checked with the mairie.
        shortest_s: least driving for the same communes, in seconds, when proved.
        swap: the best single change, ``None`` when no single change is better.
        best: the plan of the optimiser, ``None`` when there is none (``why_not`` says why).
        all_tried: whether every single change was tried before time ran out.
    """

    plan: Plan
    violations: tuple[Violation, ...]
    to_check: tuple[ToCheck, ...]
    shortest_s: int | None
    swap: Change | None
    best: Plan | None
    why_not: str = ""
    all_tried: bool = True

    @property
    def is_best(self) -> bool:
        """Whether the tour keeps every rule and no plan is better on any level."""
        return self.none_better and self.best is not None and self.best.proved

    @property
    def none_better(self) -> bool:
        """Whether the tour keeps every rule and the search, proved or not, found none better."""
        return (
            not self.violations
            and self.best is not None
            and [a.value for a in self.plan.levels] == [b.value for b in self.best.levels]
        )

    @property
    def shortest_already(self) -> bool:
        """Whether the driving is proved to be the least for these communes."""
        return self.shortest_s == self.plan.figures.drive_s

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as plain data under French keys."""
        return {
            "tournee": self.plan.model_dump(by_alias=True, mode="json"),
            "regles_enfreintes": [
                {"regle": v.rule, "ou": v.where, "quoi": v.what} for v in self.violations
            ],
            "a_verifier_avec_la_mairie": [str(item) for item in self.to_check],
            "route_minimale_memes_communes_s": self.shortest_s,
            "route_deja_minimale": self.shortest_already,
            "un_changement": self.swap
            and {
                "quoi": self.swap.text,
                "niveaux": [lv.model_dump(by_alias=True, mode="json") for lv in self.swap.levels],
            },
            "changements_tous_essayes": self.all_tried,
            "optimum": self.best and self.best.model_dump(by_alias=True, mode="json"),
            "optimum_absent": self.why_not,
            "deja_optimale": self.is_best,
        }

    def to_frame(self) -> Any:
        """The levels as a pandas DataFrame: today’s tour, one change, the optimum.

        One row a level, most important first: the French text of each, then its value in whole
        ``unité``. Where no single change is better, or no plan exists, cells are missing.
        """
        import pandas as pd

        sides = self._sides()
        columns = {name: _texts(levels) for name, levels in sides.items()}
        values = {f"{name} (valeur)": _values(levels) for name, levels in sides.items()}
        units = [level.unit for level in self.plan.levels]
        labels = pd.Index([level.label for level in self.plan.levels], name="objectif")
        frame = pd.DataFrame({**columns, **values, "unité": units}, index=labels)
        return frame.astype(dict.fromkeys(values, "Int64"))

    def _sides(self) -> dict[str, Sequence[Level | None]]:
        """The levels of today’s tour, of one change and of the optimum, under their names."""
        none = [None] * len(self.plan.levels)
        return {
            "aujourd’hui": self.plan.levels,
            "un changement": self.swap.levels if self.swap else none,
            "optimum": self.best.levels if self.best else none,
        }

    def __repr__(self) -> str:
        broken = len(self.violations)
        plural = "s" if broken > 1 else ""
        rules = f"{broken} règle{plural} enfreinte{plural}" if broken else "règles tenues"
        none = (
            "aucun changement seul ne l’améliore"
            if self.all_tried
            else "changements non tous essayés"
        )
        swap = "un changement l’améliore" if self.swap else none
        return f"Evaluation({self.plan.title!r}, {rules}, {swap}, optimum : {self._best_words()})"

    def _repr_html_(self) -> str:
        from tourplan.export.french import capital
        from tourplan.export.judgement import road_sentence
        from tourplan.export.markup import Column, body_row, items, table, text
        from tourplan.export.words import origin_words

        sides = self._sides()
        columns = [Column(capital(name)) for name in ("objectif", *sides)]
        rows = [
            body_row(columns, [text(capital(level.label)), *(text(t or "–") for t in texts)])
            for level, *texts in zip(self.plan.levels, *map(_texts, sides.values()), strict=True)
        ]
        rules = [f"Règle enfreinte : {v}" for v in self.violations] or ["Règles : toutes tenues"]
        notes = [
            *rules,
            *(f"À vérifier avec la mairie : {item}" for item in self.to_check),
            f"Un changement : {self._swap_words()}",
            f"Optimum : {self._best_words()}",
            capital(road_sentence(self)),
            f"Temps de route : {origin_words(self.plan.origin)}.",
        ]
        caption = f"Tournée évaluée : {self.plan.title}"
        return table(caption, columns, ["".join(rows)]) + items(map(text, notes))

    def _swap_words(self) -> str:
        """The best single change, or that none is better, and whether all were tried."""
        if self.all_tried:
            return self.swap.text if self.swap else "aucun n’améliore la tournée (tous essayés)"
        found = f"{self.swap.text}, le meilleur trouvé" if self.swap else "aucun trouvé"
        return f"{found} (tous n’ont pas été essayés)"

    def _best_words(self) -> str:
        """Whether the optimum is proved, or why there is none."""
        if self.best is None:
            return self.why_not
        proof = "démontré" if self.best.proved else "non démontré"
        return f"c’est cette tournée ({proof})" if self.is_best else proof


def _texts(levels: Sequence[Level | None]) -> list[str | None]:
    return [level.text if level else None for level in levels]


def _values(levels: Sequence[Level | None]) -> list[int | None]:
    return [level.value if level else None for level in levels]


def evaluate(
    scenario: Scenario | Case | str | Path,
    tour: str | Path,
    *,
    best: Plan | None = None,
    limit_s: float | None = None,
    changes: bool = True,
    progress: Progress = lambda _: None,
    stop: threading.Event | None = None,
) -> Evaluation:
    """Judge the tour of a CSV file (or ``herault_2021``, ``herault_2024``) under a scenario.

    Args:
        scenario: whose rules, times and goals are used.
        tour: the file, or the name of an embedded tour.
        best: the optimiser's plan for the scenario, when it is at hand.
        limit_s: seconds the whole call may take.
        changes: whether to look for the best single change too.
        progress: told each step in French.
        stop: set it to stop searching for something better.

    Raises:
        InputError: the scenario or the tour has faults; every one is told.
    """
    started, stop = monotonic(), stop or threading.Event()
    case = Case.of(scenario)
    seconds = case.scenario.computing.limit_s if limit_s is None else limit_s
    there = existing_tour(case, tour)
    visits, held, wide, plan = there.visits, there.held, there.case, there.plan
    days = plan.days
    progress("route la plus courte pour ces communes…")
    deadline = started + seconds
    shortest_s = _shortest_s(wide.problem, visits, deadline, stop)
    swap, all_tried = None, False
    if changes:
        progress("meilleur changement unique…")
        # half of the time left is for the optimum, unless it is at hand
        until = deadline if best else (monotonic() + deadline) / 2
        swap, all_tried = _best_swap(wide.problem, held, days, until, stop)
    why_not = ""
    if best is None:
        progress("meilleure tournée du scénario…")
        start = days if wide.problem is case.problem else None
        best, why_not = _optimum(case, start, deadline, progress, stop)
    return Evaluation(
        plan=plan,
        violations=(*_outside(case, visits), *verify(wide.problem, days)),
        to_check=_to_check(wide.problem, days),
        shortest_s=shortest_s,
        swap=swap,
        best=best,
        why_not=why_not,
        all_tried=all_tried,
    )


def _outside(case: Case, visits: Sequence[Visit]) -> Iterator[Violation]:
    """The communes visited that the scenario does not name."""
    for name in outside(case, visits):
        yield Violation("outside", name, "n’est pas une commune du scénario")


def _optimum(
    case: Case,
    start: Sequence[Day] | None,
    deadline: float,
    progress: Progress,
    stop: threading.Event,
) -> tuple[Plan | None, str]:
    """The best plan of the scenario, no worse than ``start`` if it is one, or why there is none."""
    left = max(0.1, deadline - monotonic())
    try:
        return solve(case, limit_s=left, start=start, progress=progress, stop=stop), ""
    except NoPlanError as error:
        return None, error.message
    except InputError as error:
        return None, " ; ".join(fault.what for fault in error.faults)


def _to_check(problem: Problem, days: Sequence[Day]) -> tuple[ToCheck, ...]:
    """The half-days that mairie hours do not cover enough."""
    found = []
    for day, stop, number in held_sessions(problem, days):
        site = problem.sites[number]
        if not problem.hour_counts(site, day.weekday, stop.opening_s, stop.closing_s):
            hours = site.hours.text(day.weekday) if site.hours else "inconnus"
            week = day.week if problem.weeks > 1 else 0
            found.append(ToCheck(day.weekday, stop.session, stop.name, hours, week))
    return tuple(found)


def _shortest_s(
    problem: Problem, visits: Sequence[Visit], deadline: float, stop: threading.Event
) -> int | None:
    """The least driving that visits the same communes, weekly rules left aside, if proved."""
    codes = [visit.code for visit in visits]
    demands = tuple(
        replace(
            demand,
            required=codes.count(demand.code),
            allowed=codes.count(demand.code),
            gap_days=1,
            gap_most_days=None,
            same_slot=False,
            pins=(),
        )
        for demand in problem.demands
    )
    kept = [number for number, site in enumerate(problem.sites) if site.code in codes]
    narrow = replace(
        problem,
        demands=demands,
        sites=tuple(problem.sites[number] for number in kept),
        open_slots=np.ones_like(problem.open_slots[:, kept]),
        objectives=("route",),
        hours_rule="preferes",
    )
    try:
        found = optimise(
            narrow,
            deadline=deadline,
            without=("weekly_opening", "weekly_work", "imposed_goals"),
            stop=stop,
        )
    except (Infeasible, NothingFound, Undecided, InputError):
        return None
    return found.levels[0].value if found.levels[0].proved else None


def _best_swap(
    problem: Problem,
    held: Held,
    days: Sequence[Day],
    deadline: float,
    stop: threading.Event,
) -> tuple[Change | None, bool]:
    """The best tour one change gives, if better than the tour as it is, and if all were tried.

    Fewer broken rules come first, then the levels in order; ``single_changes`` says what is tried.
    """
    layout = layout_of(held)
    timer = DayTimer(problem)
    best_rank = _rank(problem, days)
    best: tuple[str, tuple[Day, ...]] | None = None
    all_tried = True
    for text, changed in single_changes(problem, layout):
        if stop.is_set() or monotonic() > deadline:
            all_tried = False
            break
        tried = timer.days(changed)
        rank = _rank(problem, tried, no_worse_than=best_rank)
        if rank < best_rank:
            best_rank, best = rank, (text, tried)
    if best is None:
        return None, all_tried
    text, tried = best
    levels = tuple(level_of(problem, tried, name) for name in problem.objectives)
    return Change(text, levels), all_tried


def _rank(
    problem: Problem, days: Sequence[Day], no_worse_than: tuple[int, ...] | None = None
) -> tuple[int, ...]:
    """Broken rules, then levels to be minimised, the most important first.

    Cut short, and so larger, once it is larger than ``no_worse_than``.
    """
    rank = [len(verify(problem, days))]
    for name in problem.objectives:
        if no_worse_than is not None and tuple(rank) > no_worse_than[: len(rank)]:
            break
        kind = measure(problem, name)
        rank.append(kind.sign * kind.value(problem, days))
    return tuple(rank)
