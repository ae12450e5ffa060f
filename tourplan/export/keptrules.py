"""The main rules of a plan as a page tells them: asked, kept to what, and where they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tourplan.export.french import counted, hours
from tourplan.fields import Section

if TYPE_CHECKING:
    from tourplan.plan import Day, Plan
    from tourplan.scenario import Scenario

_DAY_S = 24 * 3600


@dataclass(frozen=True)
class KeptRule:
    """A rule: its name, what is asked, what the plan does (empty: not told) and its source."""

    name: str
    asked: str
    done: str
    source: str


def kept_rules(plan: Plan, scenario: Scenario) -> list[KeptRule]:
    """The rules that whoever decides on a tour asks about; one that is broken says so."""
    week, day, crew = scenario.week, scenario.day, scenario.crew
    days, figures = plan.days, plan.figures
    meals = [meal for one in days if (meal := _meal_s(one)) is not None]
    out = [one.return_s - one.departure_s for one in days]
    return [
        _at_least(
            "Ouverture au public par semaine",
            week.min_opening_h * 3600,
            figures.least_open_s if days else None,
            source_of(week, "min_opening_h"),
        ),
        _at_most(
            "Travail par semaine et par agent",
            week.max_work_h * 3600,
            figures.most_work_s if days else None,
            source_of(week, "max_work_h"),
        ),
        _at_least(
            "Repos entre deux journées",
            week.min_rest_h * 3600,
            min(_rests(plan), default=None),
            source_of(week, "min_rest_h"),
        ),
        _at_most(
            "Travail par jour et par agent",
            day.max_work_h * 3600,
            max((one.work_s for one in days), default=None),
            source_of(day, "max_work_h"),
        ),
        _at_most(
            "Du départ au retour",
            day.max_amplitude_h * 3600,
            max(out, default=None),
            source_of(day, "max_amplitude_h"),
        ),
        _at_least(
            "Repas, hors travail",
            day.break_min * 60,
            min(meals, default=None),
            source_of(day, "break_min"),
        ),
        KeptRule(
            "Présents à chaque permanence",
            counted(crew.size, "agent"),
            counted(crew.size, "agent") if days else "",
            source_of(crew, "size"),
        ),
    ]


def _at_least(name: str, asked_s: float, done_s: int | None, source: str) -> KeptRule:
    """A rule of a least time; zero asks for nothing."""
    asked = f"{hours(asked_s)} au moins" if asked_s else "rien"
    return KeptRule(name, asked, _done(done_s, done_s is None or done_s >= asked_s), source)


def _at_most(name: str, asked_s: float, done_s: int | None, source: str) -> KeptRule:
    """A rule of a longest time."""
    asked = f"{hours(asked_s)} au plus"
    return KeptRule(name, asked, _done(done_s, done_s is None or done_s <= asked_s), source)


def _done(seconds: int | None, kept: bool) -> str:
    """What a plan does, and that the rule is broken if it is."""
    if seconds is None:
        return ""
    return hours(seconds) if kept else f"{hours(seconds)}, enfreinte"


def source_of(section: Section, name: str) -> str:
    """Where the value of a key comes from: its default’s source, or the scenario that sets it."""
    field = type(section).model_fields[name]
    extra = field.json_schema_extra
    source = str(extra.get("source", "")) if isinstance(extra, dict) else ""
    usual = getattr(section, name) == field.get_default(call_default_factory=True)
    return source if usual else "réglage de ce scénario"


def _meal_s(day: Day) -> int | None:
    """How long the meal of a day lasts, where it has one."""
    if day.break_from_s is None or day.break_until_s is None:
        return None
    return day.break_until_s - day.break_from_s


def _rests(plan: Plan) -> Iterator[int]:
    """Seconds from the return of an agent to the next day's departure, week by week."""
    for days in _days_of_each(plan):
        for one, two in pairwise(sorted(days, key=lambda day: day.weekday)):
            if two.weekday == one.weekday + 1:
                yield _DAY_S - one.return_s + two.departure_s


def _days_of_each(plan: Plan) -> Iterator[list[Day]]:
    """The days of a week that the same people run: those of an agent, or of a vehicle."""
    rows = [
        ((number, agent), day)
        for day in plan.days
        for number, team in day.teams.items()
        for agent in team
    ] or [((day.week, day.vehicle), day) for day in plan.days]
    for who in dict.fromkeys(key for key, _ in rows):
        yield [day for key, day in rows if key == who]
