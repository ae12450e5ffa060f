"""What a plan offers to the people expected in each commune: room, and how long they wait."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tourplan.demands import Asked, monthly_minutes, monthly_visits
from tourplan.plan import Day, Stop, Wait
from tourplan.problem import Problem
from tourplan.queues import erlang_c, mean_wait_s
from tourplan.scenario import Scenario
from tourplan.settings import settings_of
from tourplan.spacing import MONTH_DAYS
from tourplan.territory import Territory

WHOLE = "Ensemble"


def waits_of(
    scenario: Scenario, territory: Territory, problem: Problem, days: Sequence[Day]
) -> tuple[Wait, ...]:
    """Each candidate commune in the order of the problem, then the communes served as a whole.

    Months have four weeks, as rules on the days between sessions take them.
    """
    candidates = [demand.code for demand in problem.demands]
    codes = list(dict.fromkeys([*candidates, *(s.code for day in days for s in day.stops)]))
    settled = settings_of(scenario, territory, codes)
    found = [
        wait_of(
            Asked(scenario, territory[code], settled.get(code), problem.month_weeks),
            [(day, stop) for day in days for stop in day.stops if stop.code == code],
        )
        for code in codes
    ]
    return (*found, whole_wait(found, scenario.crew.size))


def wait_of(asked: Asked, held: Sequence[tuple[Day, Stop]]) -> Wait:
    """What some sessions of a cycle offer to the people expected in a commune."""
    visits, appointments = monthly_visits(asked)
    needed_min = monthly_minutes(asked)
    open_s = sum(len(day.teams) * stop.open_s for day, stop in held)
    counters = asked.scenario.crew.size
    gaps = gaps_days([7 * (week - 1) + day.weekday for day, _ in held for week in day.teams])
    load = 60 * needed_min / open_s if open_s else 0.0
    unfit = unfit_visits(visits, needed_min, counters, open_s, _useful(asked))
    visit_s = 60 * needed_min / visits if visits else 0.0
    wait_s = mean_wait_s(counters, load, visit_s) if open_s else None
    if unfit or (wait_s is not None and wait_s * len(gaps) > open_s):
        wait_s = None  # nobody waits longer than a session
    waiting = None if wait_s is None else erlang_c(counters, load)
    return Wait(
        code=asked.commune.code,
        name=asked.commune.name,
        visits=round(visits, 1),
        appointments=round(appointments, 1),
        needed_s=round(60 * needed_min),
        sessions=sum(len(day.teams) for day, _ in held),
        open_s=open_s,
        unfit=round(unfit, 1),
        occupancy_pct=round(100 * load / counters, 1) if open_s else None,
        mean_days=round(sum(gap**2 for gap in gaps) / (2 * MONTH_DAYS), 1) if gaps else None,
        most_days=max(gaps, default=None),
        waiting_pct=None if waiting is None else round(100 * waiting, 1),
        wait_s=None if wait_s is None else round(wait_s),
    )


def _useful(asked: Asked) -> float:
    """The share of an opening that people may take."""
    return asked.scenario.need.max_occupancy_pct / 100


def unfit_visits(
    visits: float, needed_min: float, counters: int, open_s: int, useful: float
) -> float:
    """Visits a month beyond what openings hold, when only a ``useful`` share of them is used."""
    if not visits:
        return 0.0
    room_min = useful * counters * open_s / 60
    return max(0.0, visits * (1 - room_min / needed_min))


def gaps_days(dates: Iterable[int]) -> list[int]:
    """Days from each session of a month of four weeks to the next, months following one another."""
    ordered = sorted(dates)
    return [after - one for one, after in zip(ordered, _nexts(ordered), strict=True)]


def _nexts(ordered: Sequence[int]) -> list[int]:
    """The session that comes after each; that of the next month after the last."""
    return [*ordered[1:], *(first + MONTH_DAYS for first in ordered[:1])]


def whole_wait(waits: Sequence[Wait], counters: int) -> Wait:
    """The communes served, all together: sums, and means weighed by visits."""
    served = [wait for wait in waits if wait.sessions]
    open_s, needed_s = (sum(getattr(w, name) for w in served) for name in ("open_s", "needed_s"))
    full = any(wait.saturated for wait in served)
    return Wait(
        code="",
        name=WHOLE,
        visits=round(sum(wait.visits for wait in served), 1),
        appointments=round(sum(wait.appointments for wait in served), 1),
        needed_s=needed_s,
        sessions=sum(wait.sessions for wait in served),
        open_s=open_s,
        unfit=round(sum(wait.unfit for wait in served), 1),
        occupancy_pct=round(100 * needed_s / (counters * open_s), 1) if open_s else None,
        mean_days=_mean(served, "mean_days", 1),
        most_days=max((w.most_days for w in served if w.most_days is not None), default=None),
        waiting_pct=None if full else _mean(served, "waiting_pct", 1),
        wait_s=None if full or not served else round(_mean(served, "wait_s") or 0),
    )


def _mean(waits: Sequence[Wait], name: str, decimals: int = 0) -> float | None:
    """The mean of a figure over the people expected; ``None`` where nobody is."""
    known = [(wait.visits, value) for wait in waits if (value := getattr(wait, name)) is not None]
    people = sum(visits for visits, _ in known)
    if not people:
        return None
    return float(round(sum(visits * value for visits, value in known) / people, decimals))
