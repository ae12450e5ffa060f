"""What a plan owes to its travel times: the same scenario with shorter and longer drives."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tourplan.assemble import assemble
from tourplan.errors import InputError
from tourplan.export.french import capital
from tourplan.export.words import day_name, opening_words, origin_words
from tourplan.hours import duration
from tourplan.measures import level_of, number
from tourplan.optimise.cuts import OpenDay, trim
from tourplan.optimise.outcome import worth_of
from tourplan.optimise.rules import agent_weeks
from tourplan.optimise.solve import Progress
from tourplan.plan import Day, Plan
from tourplan.planner import solve
from tourplan.prepare import Case
from tourplan.problem import Problem
from tourplan.scenario import Scenario
from tourplan.study.changes import DayTimer, Slot
from tourplan.study.fragility import Fragility, fragility
from tourplan.study.result import Result, Sought
from tourplan.timeline import build_day, crew_of, openings_of
from tourplan.verify import Violation, verify

SHIFT_PCT = 20
"""How much shorter, then longer, every drive is taken to be."""

COLUMNS = ("trajets", "sujet", "ou", "plan", "alors")

ADDED, DROPPED = "commune en plus", "commune en moins"
MOVED, HOURS = "demi-journée déplacée", "horaires"
BEYOND, ROAD = "habitants au-delà", "route par semaine"
BROKEN, UNFIT = "règle non tenue", "règle non tenue, même à d’autres horaires"
TIMES, PLAN, CLASH = "temps de trajet", "meilleur plan", "exigence à assouplir"
_TOUR = (DROPPED, ADDED, MOVED)


@dataclass(frozen=True)
class Difference:
    """One fact that other drives change: what it is about, where, in the plan and then."""

    subject: str
    where: str
    before: str
    after: str


@dataclass(frozen=True, eq=False)
class Variant(Sought):
    """The best plan when every drive takes ``pct`` per cent more (less when negative).

    Its times are the changed ones: it verifies under ``problem``.
    """

    pct: int
    problem: Problem = field(repr=False)

    @property
    def words(self) -> str:
        """``20 % plus longs``."""
        return f"{abs(self.pct)} % plus {'longs' if self.pct > 0 else 'courts'}"


@dataclass(frozen=True, eq=False)
class Sensitivity(Result):
    """What becomes of a plan when drives are shorter or longer than thought.

    Attributes:
        plan: the plan, on the times as they are.
        shorter, longer: the best plans with other drives.
        broken: rules that the plan, at its announced hours, breaks when drives are longer.
        unfit: rules that its half-days break then even at other hours; empty when some hours do.
        days: what each of its days bears, at its announced hours.
    """

    plan: Plan
    shorter: Variant
    longer: Variant
    broken: tuple[Violation, ...]
    unfit: tuple[Violation, ...]
    days: Fragility
    columns: ClassVar[tuple[str, ...]] = COLUMNS

    def differences(self, variant: Variant) -> list[Difference]:
        """All that ``variant`` changes, and what it asks of the plan as it is announced."""
        times = origin_words(self.plan.origin)
        found = [Difference(TIMES, "", times, f"les mêmes, {variant.words}")]
        found.append(_plan_found(self.plan, variant))
        if variant.plan is None:
            found += [Difference(CLASH, r.text, "", r.change) for r in variant.repairs]
        else:
            found += _plan_differences(self.plan, variant.plan)
        if variant is self.longer:
            found += [Difference(BROKEN, v.where, "", v.what) for v in self.broken]
            found += [Difference(UNFIT, v.where, "", v.what) for v in self.unfit]
        return found

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Every difference under ``COLUMNS``, shorter drives first."""
        for variant in (self.shorter, self.longer):
            for found in self.differences(variant):
                yield variant.words, found.subject, found.where, found.before, found.after
        yield from self.days.rows()

    def sentences(self) -> list[str]:
        """What changes, in French, one line a fact; details are set back by two spaces."""
        lines = self.for_everyone()
        return [*lines, *_announced_sentences(self), *self.days.sentences()]

    def for_everyone(self) -> list[str]:
        """What other drives change in the tour and in who is near, not in the days of its team."""
        variants = (self.shorter, self.longer)
        return [line for variant in variants for line in _variant_sentences(self, variant)]

    def to_dict(self) -> dict[str, Any]:
        """The differences as plain data under French keys."""
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in self.rows()]
        return {"phrases": self.sentences(), "differences": rows, "journees": self.days.to_dict()}

    def __repr__(self) -> str:
        told = ", ".join(f"{v.pct:+d} % : {_verdict(self, v)}" for v in (self.shorter, self.longer))
        return f"Sensitivity({self.plan.title!r}, {told})"


def sensitivity(
    scenario: Scenario | Case | str | Path,
    plan: Plan | None = None,
    *,
    limit_s: float | None = None,
    progress: Progress = lambda _: None,
    stop: threading.Event | None = None,
) -> Sensitivity:
    """What would change if every drive took 20 % less, then 20 % more, and which day is weakest.

    Roads are not computed again: the times of the problem are multiplied, each rounded to the
    nearest second (halves up). Distances, set-up, openings and meals stay.

    Args:
        scenario: the scenario, or its prepared case.
        plan: its plan, when it is at hand; solved first without it.
        limit_s: seconds that each solve may take; the scenario's own limit by default.
        progress: told each step in French.
        stop: set it to keep what is known so far.

    Raises:
        InputError: the scenario has faults, no plan was found in time, or ``plan`` breaks a rule
            of the scenario.
        NoPlanError: the scenario has no plan with the times as they are.
    """
    case, stop = Case.of(scenario), stop or threading.Event()
    if plan is None:
        plan = solve(case, limit_s=limit_s, progress=progress, stop=stop)
    elif faults := verify(case.problem, plan.days):
        raise InputError.of("plan", f"il ne suit pas ce scénario : {faults[0]}")
    shorter, longer = (
        _variant(case, plan, pct, limit_s, progress, stop) for pct in (-SHIFT_PCT, SHIFT_PCT)
    )
    return Sensitivity(
        plan,
        shorter,
        longer,
        broken=verify(longer.problem, _same_hours(longer.problem, plan)),
        unfit=verify(longer.problem, _other_hours(longer.problem, plan)),
        days=fragility(case.problem, plan, SHIFT_PCT),
    )


def stretched(problem: Problem, pct: int) -> Problem:
    """The problem with every drive ``pct`` per cent longer, to the nearest second, halves up."""
    points = problem.point_times
    if points is not None:
        fixed_s, site_s = _stretched(points.fixed_s, pct), _stretched(points.site_s, pct)
        points = replace(points, fixed_s=fixed_s, site_s=site_s)
    return replace(problem, time_s=_stretched(problem.time_s, pct), point_times=points)


def _stretched(time_s: NDArray[np.int64], pct: int) -> NDArray[np.int64]:
    return (time_s * (100 + pct) + 50) // 100


def _variant(
    case: Case,
    plan: Plan,
    pct: int,
    limit_s: float | None,
    progress: Progress,
    stop: threading.Event,
) -> Variant:
    """The best plan with other drives: today's where no other is better."""
    problem = stretched(case.problem, pct)
    other, bare = replace(case, problem=problem), Variant(pct, problem)
    progress(f"et si les trajets étaient {bare.words} ?")
    best = bare.found(lambda: solve(other, limit_s=limit_s, progress=progress, stop=stop))
    return best if best.plan is None else replace(best, plan=_kept(other, plan, best.plan))


def _kept(case: Case, plan: Plan, found: Plan) -> Plan:
    """Today's half-days where they are worth as much as what was found, else what was found.

    Several plans may be worth the same: one that changes nothing is the one to tell.
    """
    problem = case.problem
    for days in (_same_hours(problem, plan), _other_hours(problem, plan)):
        if not verify(problem, days) and worth_of(problem, days) <= worth_of(problem, found.days):
            levels = [level_of(problem, days, level.name, level.bound) for level in found.levels]
            return assemble(case, days, levels, found.stopped, found.measures)
    return found


def _layout(problem: Problem, plan: Plan) -> dict[Slot, int]:
    """The site of each slot of a plan."""
    return {
        (crew_of(problem, day), day.weekday, opening.session): opening.site
        for day in plan.days
        for opening in openings_of(problem, day)
    }


def _same_hours(problem: Problem, plan: Plan) -> tuple[Day, ...]:
    """The days of a plan under other drives, at the hours it announces."""
    return tuple(
        build_day(problem, crew_of(problem, day), day.weekday, openings_of(problem, day))
        for day in plan.days
    )


def _other_hours(problem: Problem, plan: Plan) -> tuple[Day, ...]:
    """The half-days of a plan under other drives, as long as rules allow."""
    crews: dict[int, list[OpenDay]] = {}
    for (crew, weekday), held in DayTimer(problem).openings(_layout(problem, plan)).items():
        crews.setdefault(crew, []).append((weekday, held))
    for agent, _, rows, _ in agent_weeks(problem):
        _cut_week(problem, crews, rows.tolist(), problem.agents[agent].max_week_s)
    days = [
        build_day(problem, crew, weekday, held)
        for crew, week in crews.items()
        for weekday, held in week
    ]
    return tuple(sorted(days, key=lambda day: (day.week, day.weekday, day.vehicle)))


def _cut_week(
    problem: Problem, crews: dict[int, list[OpenDay]], mine: Sequence[int], limit_s: int
) -> None:
    """Cut the openings of the crews that an agent goes with in a week until the limit holds."""
    mine = [crew for crew in mine if crew in crews]
    for crew in mine:
        over_s = sum(_work_s(problem, other, crews[other]) for other in mine) - limit_s
        if over_s > 0:
            crews[crew] = trim(problem, crews[crew], -(-over_s // problem.day.grid_s))


def _work_s(problem: Problem, crew: int, week: Sequence[OpenDay]) -> int:
    return sum(build_day(problem, crew, weekday, held).work_s for weekday, held in week)


def _plan_found(plan: Plan, variant: Variant) -> Difference:
    """Whether there is a plan, and whether it is proved."""
    if variant.plan is None:
        return Difference(PLAN, "", _proof(plan), variant.why_not)
    return Difference(PLAN, "", _proof(plan), _proof(variant.plan))


def _proof(plan: Plan) -> str:
    return "démontré" if plan.proved else "non démontré"


def _plan_differences(plan: Plan, other: Plan) -> list[Difference]:
    """The tour, its hours, residents beyond each threshold, road."""
    return [
        *_tour_differences(plan, other),
        *_hour_differences(plan, other),
        *_access_differences(plan, other),
        Difference(ROAD, "", _road(plan), _road(other)),
    ]


def _tour_differences(plan: Plan, other: Plan) -> Iterator[Difference]:
    """Communes that come or go, half-days that move."""
    before, after = _slots(plan), _slots(other)
    names = {**_names(plan), **_names(other)}
    slots = [(names[code], before.get(code, ""), after.get(code, "")) for code in names]
    yield from (Difference(DROPPED, name, was, "") for name, was, then in slots if not then)
    yield from (Difference(ADDED, name, "", then) for name, was, then in slots if not was)
    for name, was, then in slots:
        if was and then and was != then:
            yield Difference(MOVED, name, was, then)


def _hour_differences(plan: Plan, other: Plan) -> Iterator[Difference]:
    """Openings of half-days that stay."""
    after = _hours(other)
    for slot, (name, hours) in _hours(plan).items():
        if slot in after and hours != after[slot][1]:
            yield Difference(HOURS, name, hours, after[slot][1])


def _access_differences(plan: Plan, other: Plan) -> Iterator[Difference]:
    """Residents beyond each threshold, on the times as each plan takes them."""
    before, after = plan.access[-1].after, other.access[-1].after
    for minutes in sorted(before, reverse=True):
        yield Difference(BEYOND, f"{minutes} min", str(before[minutes]), str(after[minutes]))


def _names(plan: Plan) -> dict[str, str]:
    return {stop.code: stop.name for day in plan.days for stop in day.stops}


def _slots(plan: Plan) -> dict[str, str]:
    """When each commune is served: ``lundi matin et jeudi matin``."""
    slots: dict[str, list[str]] = {}
    for day in plan.days:
        for stop in day.stops:
            when = f"{day_name(plan, day.week, day.weekday, day.vehicle)} {stop.session}"
            slots.setdefault(stop.code, []).append(when)
    return {code: " et ".join(whens) for code, whens in slots.items()}


def _hours(plan: Plan) -> dict[tuple[int, int, str, str, str], tuple[str, str]]:
    """The commune and opening of each half-day."""
    return {
        (day.week, day.weekday, day.vehicle, stop.session, stop.code): (
            stop.name,
            opening_words(stop),
        )
        for day in plan.days
        for stop in day.stops
    }


def _road(plan: Plan) -> str:
    """``5 h 53``, of a week."""
    return duration(plan.figures.drive_s / plan.cycle_weeks)


def _verdict(found: Sensitivity, variant: Variant) -> str:
    """How much changes, in a word or two."""
    if variant.plan is None:
        return "aucun plan" if variant.impossible else variant.why_not
    subjects = [difference.subject for difference in found.differences(variant)]
    count = sum(subject in _TOUR for subject in subjects)
    if count:
        return f"{count} changement{'s' if count > 1 else ''} dans la tournée"
    return "d’autres horaires" if HOURS in subjects else "rien ne change"


def _variant_sentences(found: Sensitivity, variant: Variant) -> list[str]:
    """What the best plan becomes."""
    head = f"Si les trajets étaient {variant.words}"
    if variant.impossible:
        repairs = (f"  {repair.text} → {repair.change}" for repair in variant.repairs)
        return [f"{head} : aucun plan ne tiendrait.", f"  {variant.why_not}", *repairs]
    if variant.plan is None:
        return [f"{head} : {variant.why_not}."]
    differences = found.differences(variant)
    proof = "" if variant.plan.proved else " (non démontré)"
    told = {
        "rien ne change": "rien ne change dans la tournée (mêmes communes, mêmes demi-journées, "
        "mêmes horaires)",
        "d’autres horaires": "mêmes communes et mêmes demi-journées, à d’autres horaires",
    }
    verdict = _verdict(found, variant)
    lines = [f"{head} : {told.get(verdict, verdict)}{proof}."]
    for subject in (*_TOUR, HOURS):
        words = [_change_words(d) for d in differences if d.subject == subject]
        if words:
            lines.append(f"  {capital(subject)} : {', '.join(words)}.")
    beyond = [
        f"à plus de {d.where} : {number(int(d.before))} → {number(int(d.after))}"
        for d in differences
        if d.subject == BEYOND and d.before != d.after
    ]
    lines.append(f"  Habitants {' ; '.join(beyond)}." if beyond else "  Accès : rien ne change.")
    road = next(d for d in differences if d.subject == ROAD)
    lines.append(f"  Route : {road.before} → {road.after} par semaine de tournée.")
    return lines


def _change_words(found: Difference) -> str:
    """Where, and what becomes of it: ``Le Bosc (lundi matin → jeudi matin)``."""
    return f"{found.where} ({' → '.join(filter(None, [found.before, found.after]))})"


def _announced_sentences(found: Sensitivity) -> list[str]:
    """Whether the plan still holds as announced when drives are longer, and what does not."""
    head = f"Le plan tel qu’il est annoncé, si les trajets étaient {found.longer.words}"
    if not found.broken:
        return [f"{head} : il tient encore."]
    count = len(found.broken)
    broken = f"{count} règle{'s' if count > 1 else ''} non tenue{'s' if count > 1 else ''}"
    lines = [f"{head} : {broken}."]
    lines += [f"  {violation}" for violation in found.broken]
    if not found.unfit:
        return [*lines, "  D’autres horaires suffiraient, mêmes communes aux mêmes demi-journées."]
    lines.append("  Même avec d’autres horaires, aux mêmes demi-journées :")
    return [*lines, *(f"    {violation}" for violation in found.unfit)]
