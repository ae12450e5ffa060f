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
    """The rules that whoever decides on a tour asks about."""
    return [*_week_rules(plan, scenario), *_day_rules(plan, scenario)]


def _week_rules(plan: Plan, scenario: Scenario) -> Iterator[KeptRule]:
    week, figures = scenario.week, plan.figures
    yield KeptRule(
        "Ouverture au public par semaine",
        f"{_hours(week.min_opening_h)} au moins" if week.min_opening_h else "rien",
        hours(figures.least_open_s) if plan.days else "",
        source_of(week, "min_opening_h"),
    )
    yield KeptRule(
        "Travail par semaine et par agent",
        f"{_hours(week.max_work_h)} au plus",
        hours(figures.most_work_s) if plan.days else "",
        source_of(week, "max_work_h"),
    )
    rest = min(_rests(plan), default=None)
    yield KeptRule(
        "Repos entre deux journées",
        f"{_hours(week.min_rest_h)} au moins",
        "" if rest is None else hours(rest),
        source_of(week, "min_rest_h"),
    )


def _day_rules(plan: Plan, scenario: Scenario) -> Iterator[KeptRule]:
    day, days = scenario.day, plan.days
    yield KeptRule(
        "Travail par jour et par agent",
        f"{_hours(day.max_work_h)} au plus",
        hours(max(one.work_s for one in days)) if days else "",
        source_of(day, "max_work_h"),
    )
    yield KeptRule(
        "Du départ au retour",
        f"{_hours(day.max_amplitude_h)} au plus",
        hours(max(one.return_s - one.departure_s for one in days)) if days else "",
        source_of(day, "max_amplitude_h"),
    )
    meals = [meal for one in days if (meal := _meal_s(one)) is not None]
    yield KeptRule(
        "Repas, hors travail",
        f"{day.break_min} min au moins",
        hours(min(meals)) if meals else "",
        source_of(day, "break_min"),
    )
    yield KeptRule(
        "Présents à chaque permanence",
        counted(scenario.crew.size, "agent"),
        "",
        source_of(scenario.crew, "size"),
    )


def source_of(section: Section, name: str) -> str:
    """Where the value of a key comes from: its default’s source, or the scenario that sets it."""
    field = type(section).model_fields[name]
    extra = field.json_schema_extra
    source = str(extra.get("source", "")) if isinstance(extra, dict) else ""
    usual = getattr(section, name) == field.get_default(call_default_factory=True)
    return source if usual else "réglage de ce scénario"


def _hours(value: float) -> str:
    return hours(round(value * 3600))


def _meal_s(day: Day) -> int | None:
    """How long the meal of a day lasts, where it has one."""
    if day.break_from_s is None or day.break_until_s is None:
        return None
    return day.break_until_s - day.break_from_s


def _rests(plan: Plan) -> Iterator[int]:
    """Seconds from the return of an agent to the next day's departure, week by week."""
    for agent in plan.agents:
        for number in {number for day in plan.days for number in day.teams}:
            mine = [day for day in plan.days if agent in day.teams.get(number, ())]
            for one, two in pairwise(sorted(mine, key=lambda day: day.weekday)):
                if two.weekday == one.weekday + 1:
                    yield _DAY_S - one.return_s + two.departure_s
