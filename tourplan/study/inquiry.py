"""What explanations are drawn from: a plan, its question, who is asked, how time is shared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from tourplan.hours import WEEKDAYS
from tourplan.measures import served_sites
from tourplan.optimise.pricing import all_or_none, days_or_none
from tourplan.optimise.solve import Progress
from tourplan.plan import Day
from tourplan.problem import Problem
from tourplan.study.force import Question
from tourplan.study.relaxed import Tours
from tourplan.study.widened import free_weekday, with_half_day


@dataclass(frozen=True, eq=False)
class Inquiry:
    """What explanations are drawn from: the question, the days of the plan, and who is asked.

    ``agencies``: places that may become a depot; ``name_of``: the name of a place by code;
    ``hamlets``: the name of each resident point, if it has one;
    ``solve_s``: what one solve took, so that no more agencies are tried than time allows.
    """

    question: Question
    days: tuple[Day, ...]
    agencies: tuple[int, ...] = ()
    name_of: Callable[[str], str] = str
    progress: Progress = lambda _: None
    solve_s: float = 0.0
    hamlets: tuple[str, ...] = ()

    @property
    def problem(self) -> Problem:
        """The problem as it is."""
        return self.question.problem

    def served(self) -> set[int]:
        """The demands with a session."""
        return {self.problem.sites[site].demand for site in served_sites(self.problem, self.days)}

    def place_name(self, place: int) -> str:
        """The name of a place."""
        return self.name_of(self.problem.places[place])


def tours_of(question: Question, problem: Problem) -> Tours:
    """The day tours of a changed problem: those at hand where only bases were added."""
    own = question.problem
    same = replace(problem, bases=own.bases, crew_weeks=own.crew_weeks)
    alike = all(
        getattr(same, name) is getattr(own, name)
        for name in ("time_s", "open_slots", "weekdays", "day", "month_weeks", "hours_rule")
    )
    if not alike or problem.bases[: len(own.bases)] != own.bases:
        return tuple(all_or_none(problem))
    more = range(len(own.bases), len(problem.bases))
    return (*question.tours, *(days_or_none(problem, base) for base in more))


def more_half_days(problem: Problem) -> list[tuple[str, Problem]]:
    """Each session of one more weekday."""
    day = free_weekday(problem)
    found = []
    for session, slot in enumerate(problem.sessions):
        other = with_half_day(problem, session)
        if other is not None and day is not None:
            found.append((f"{WEEKDAYS[day]} {slot.name}", other))
    return found


def first_part(deadline: float, parts: int) -> float:
    """Until when the first of so many equal parts of the time left may last."""
    now = monotonic()
    return now + (deadline - now) / max(1, parts)
