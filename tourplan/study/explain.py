"""Why communes and residents are left out, and what a little more would bring: all by solving."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from tourplan.errors import Fault, InputError, NoPlanError, quoted
from tourplan.export.french import capital, from_place, listed, to_place
from tourplan.hours import WEEKDAYS, duration
from tourplan.measures import fixed_access, served_sites, tour_access
from tourplan.optimise.pricing import all_or_none, days_or_none
from tourplan.optimise.solve import Infeasible, Progress, Solution
from tourplan.plan import Day, Level, Plan
from tourplan.planner import means_of, solve
from tourplan.prepare import Case
from tourplan.problem import Problem
from tourplan.scenario import Scenario
from tourplan.study import explanation as words
from tourplan.study.clash import LEGAL_WEEK_S, ever_served, fits, no_plan_error, relaxed_days
from tourplan.study.explanation import Effect, Explanation, Far, Marginal, Near, Remedy, Unserved
from tourplan.study.force import EFFORT, Forced, Kind, Question, force, least, required, resolve
from tourplan.study.relaxed import Tours
from tourplan.study.widened import (
    free_weekday,
    other_agencies,
    with_agency,
    with_half_day,
    with_longer_day,
    with_more_work,
    with_week,
)
from tourplan.verify import verify

MINUTES = (30, 20, 15)
"""Residents farther than these are explained, the farthest first."""
MORE_MIN = 15
"""How many more minutes of day, or of weekly work, are tried."""
PLAN_SHARE, FORCE_SHARE, MARGIN_SHARE = 0.5, 0.5, 0.8
"""Shares of the time left for the plan, then for reasons, then for marginal values."""
_AGENCIES = 2
"""Agencies tried for one commune: the nearest."""


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


def explain(
    scenario: Scenario | Case | Plan | str | Path,
    codes: Sequence[str] | None = None,
    *,
    plan: Plan | None = None,
    minutes: Sequence[int] = MINUTES,
    margins: bool = False,
    limit_s: float | None = None,
    progress: Progress = lambda _: None,
    stop: threading.Event | None = None,
) -> Explanation:
    """Why communes are not served and residents are far, each answer tested.

    Args:
        scenario: the scenario, its prepared case, or its plan (also a ``plan.json``).
        codes: INSEE codes of the communes to explain; every candidate not served by default.
        plan: the plan of the scenario, when it is at hand; solved first without it.
        minutes: residents farther than these are explained.
        margins: whether to work out what a little more means would bring.
        limit_s: seconds the whole call may take; the scenario's own limit by default.
        progress: told each step in French.
        stop: set it to keep what is known so far; what was not tested is said so.

    Raises:
        InputError: the scenario has faults, a code is unknown, no plan was found in time, or
            ``plan`` breaks a rule of the scenario.
        NoPlanError: the scenario has no plan.
    """
    started, stop = monotonic(), stop or threading.Event()
    case, plan = _case_and_plan(scenario, plan)
    _refuse_unknown(case, codes or ())
    limits = tuple(sorted(set(minutes), reverse=True))
    if any(limit <= 0 for limit in limits):
        raise InputError.of("minutes", "nombre négatif ou nul", "par exemple 15")
    deadline = started + (case.scenario.computing.limit_s if limit_s is None else limit_s)
    if plan is None:
        left = (deadline - monotonic()) * PLAN_SHARE
        plan = solve(case, limit_s=left, progress=progress, stop=stop)
    elif faults := verify(case.problem, plan.days):
        raise InputError.of("plan", f"il ne suit pas ce scénario : {faults[0]}")
    problem = case.problem
    question = Question(problem, tuple(all_or_none(problem)), plan.levels, means_of(case), stop)
    took_s = float(plan.measures.get("duree_s", 0.0))
    hamlets = tuple(point.name for point in case.residents)
    inquiry = Inquiry(question, plan.days, _agencies(case), _namer(case), progress, took_s, hamlets)
    asked, outside = _asked(case, inquiry, codes)
    people = None if codes is None else set(codes)
    far = far_residents(inquiry, limits, people)
    helping = [] if codes is None else _helping(inquiry, far, asked)
    until = monotonic() + (deadline - monotonic()) * FORCE_SHARE
    told = reasons(inquiry, [*asked, *helping], until)
    extra: tuple[Marginal, ...] = ()
    if margins:
        extra = marginals(inquiry, monotonic() + (deadline - monotonic()) * MARGIN_SHARE)
    told = [
        *with_remedies(inquiry, told[: len(asked)], asked, deadline),
        *told[len(asked) :],
    ]
    why = {one.code: one.text for one in told}
    return Explanation(
        plan=plan,
        unserved=(*told[: len(asked)], *outside),
        far=tuple(_with_reasons(one, why) for one in far),
        marginals=extra,
        minutes=limits,
    )


def _case_and_plan(
    scenario: Scenario | Case | Plan | str | Path, plan: Plan | None
) -> tuple[Case, Plan | None]:
    """The case, and the plan when it is at hand."""
    if isinstance(scenario, (str, Path)) and Path(scenario).suffix.lower() == ".json":
        scenario = Plan.read(scenario)
    if isinstance(scenario, Plan):
        return scenario.case(), scenario
    return Case.of(scenario), plan


def _refuse_unknown(case: Case, codes: Sequence[str]) -> None:
    """Refuse codes that no commune has.

    Raises:
        InputError: all of them.
    """
    unknown = [code for code in codes if code not in case.territory.communes]
    if unknown:
        raise InputError(
            Fault("communes", f"{quoted(code)} : commune inconnue", "donnez un code INSEE")
            for code in unknown
        )


def _agencies(case: Case) -> tuple[int, ...]:
    """Places of the fixed counters of the candidates' départements that are no depot yet."""
    problem, territory = case.problem, case.territory
    land = {territory[demand.code].departement for demand in problem.demands}
    return tuple(
        place
        for place in other_agencies(problem, problem.site_place)
        if territory[problem.places[place]].departement in land
    )


def _namer(case: Case) -> Callable[[str], str]:
    return lambda key: case.territory.name(key.partition(" ")[0])


def _asked(
    case: Case, inquiry: Inquiry, codes: Sequence[str] | None
) -> tuple[list[int], list[Unserved]]:
    """The demands to explain, and what is known at once of the other communes named."""
    problem, served = inquiry.problem, inquiry.served()
    if codes is None:
        return [n for n in range(len(problem.demands)) if n not in served], []
    asked, outside = [], []
    for code in dict.fromkeys(codes):
        number_of = problem.demand_index.get(code)
        name = case.territory.name(code)
        if number_of is None:
            excluded = code in case.scenario.communes.excluded
            text = (
                "le scénario l’exclut (exclues dans [communes])"
                if excluded
                else "n’est pas candidate ; ajoutez-la à candidates, dans [communes]"
            )
            reason = words.FORBIDDEN if excluded else words.UNKNOWN_SITE
            outside.append(Unserved(code, name, reason, text))
        elif number_of in served:
            outside.append(Unserved(code, name, words.SERVED, _when(inquiry, code)))
        else:
            asked.append(number_of)
    return asked, outside


def _when(inquiry: Inquiry, code: str) -> str:
    slots = [
        f"{day.weekday_name} {stop.session}"
        for day in inquiry.days
        for stop in day.stops
        if stop.code == code
    ]
    return f"desservie ({', '.join(slots)})"


# 1. Why a commune has no session.


def reasons(inquiry: Inquiry, demands: Sequence[int], deadline: float) -> list[Unserved]:
    """Why each demand has no session, the time left shared among those still to be tested."""
    found = []
    for rank, demand in enumerate(demands):
        known = _plain_reason(inquiry, demand)
        if known is None:
            now = monotonic()
            until = now + (deadline - now) / (len(demands) - rank)
            name = inquiry.problem.demands[demand].name
            if not inquiry.question.over(deadline):
                inquiry.progress(f"{rank + 1}/{len(demands)} : et en passant {to_place(name)} ?")
            known = _forced_reason(inquiry, demand, until)
        found.append(known)
    return found


def _plain_reason(inquiry: Inquiry, demand: int) -> Unserved | None:
    """The reason that shows without a plan: no room, no day, no slot; ``None`` if none does."""
    problem, one = inquiry.problem, inquiry.problem.demands[demand]
    sites = problem.sites_of(demand)

    def because(reason: str, text: str) -> Unserved:
        return Unserved(one.code, one.name, reason, text)

    if not len(sites):
        return because(words.NO_ROOM, "aucune salle connue n’y convient ([[lieux]], [salles])")
    if one.allowed == 0:
        return because(words.FORBIDDEN, "le scénario n’y permet aucune permanence")
    if not problem.crew_weeks:
        return because(words.NO_DAY, "aucune équipe ne peut partir")
    if ever_served(problem, inquiry.question.tours, demand):
        return None
    if not problem.open_slots[:, sites].any():
        return because(words.NO_SLOT, "tous ses créneaux sont interdits par le scénario")
    if not any(fits(problem, int(site)) for site in sites):
        return because(words.NO_DAY, _no_day(problem, demand))
    anyhow = replace(problem, hours_rule="preferes")
    imposed = problem.hours_rule == "imposes"
    if imposed and ever_served(anyhow, tuple(all_or_none(anyhow)), demand):
        text = "aucune journée n’y tient une permanence aux heures de la mairie (horaires imposés)"
        return because(words.HOURS, text)
    text = "ses créneaux permis ne sont ceux d’aucune équipe (reglages, interdits, équipes)"
    return because(words.NO_SLOT, text)


def _no_day(problem: Problem, demand: int) -> str:
    """No day reaches a commune: how far it is, and the limits whose lifting alone gives one."""
    sites = problem.sites_of(demand)
    roads = [
        int(problem.time_s[base.depot, problem.sites[site].place])
        for base in problem.bases
        for site in sites
        if problem.reachable[base.depot, problem.sites[site].place]
    ]
    if not roads:
        return "aucune route connue n’y mène depuis le lieu de départ"
    ways = [
        told
        for told, other in relaxed_days(problem)
        if any(fits(other, int(site)) for site in sites)
    ]
    head = f"aucune journée n’y suffit, à {duration(min(roads))} du lieu de départ"
    if not ways:
        return f"{head} ; aucune limite de la journée levée seule n’y changerait rien"
    return f"{head} ; il faudrait {' ou '.join(ways)}"


def _forced_reason(inquiry: Inquiry, demand: int, deadline: float) -> Unserved:
    """What serving a commune does to the plan."""
    problem, one = inquiry.problem, inquiry.problem.demands[demand]
    found = force(inquiry.question, demand, deadline)
    if found.outcome == "inconnu":
        text = "non examiné, le temps manque"
        return Unserved(one.code, one.name, words.UNTESTED, text, proved=False)
    if found.outcome == "infaisable":
        return _incompatible(inquiry, demand, deadline)
    if found.outcome == "égal":
        text = "aussi bon : le plan aurait pu la desservir"
        instead = _instead(inquiry, found, demand)
        return Unserved(
            one.code, one.name, words.TIE, text + words.instead_words(instead), instead=instead
        )
    assert found.before is not None and found.after is not None  # noqa: S101, PT018
    by, instead = abs(found.after.value - found.before.value), _instead(inquiry, found, demand)
    if found.outcome == "mieux":
        reason, text = (
            words.BETTER,
            (
                "le plan, non démontré, serait meilleur en la desservant "
                f"({found.before.label} : {found.before.text} → {found.after.text})"
            ),
        )
    else:
        reason = words.WORSE
        text = f"la desservir {words.worse_words(problem, found.before, found.after)}"
    return Unserved(
        code=one.code,
        name=one.name,
        reason=reason,
        text=text + words.instead_words(instead),
        level=found.before.name,
        by=by,
        proved=found.proved,
        instead=instead,
    )


def _instead(inquiry: Inquiry, found: Forced, demand: int) -> tuple[str, ...]:
    """The communes of the plan that the plan found does without."""
    problem = inquiry.problem
    then = {problem.sites[site].demand for site in served_sites(problem, found.days)}
    lost = sorted(inquiry.served() - then - {demand})
    return tuple(problem.demands[n].name for n in lost)


def _incompatible(inquiry: Inquiry, demand: int, deadline: float) -> Unserved:
    """Which requirements serving a commune clashes with."""
    problem, one = inquiry.problem, inquiry.problem.demands[demand]
    forced = required(problem, demand)
    until = max(deadline, monotonic() + 1.0)
    error: NoPlanError = no_plan_error(forced, until, inquiry.question.stop)
    others = [r.text for r in error.repairs if r.rule != "required_sessions"]
    among = any(r.rule == "required_sessions" for r in error.repairs)
    if among and any(n != demand and d.required for n, d in enumerate(problem.demands)):
        others.insert(0, "desservir les communes obligatoires")
    text = f"incompatible avec : {', '.join(others)}" if others else "aucun plan ne la dessert"
    proved = all(repair.proved for repair in error.repairs)
    return Unserved(one.code, one.name, words.CLASH, text, proved=proved)


# 2. Who is far.


def far_residents(
    inquiry: Inquiry, minutes: Sequence[int], codes: set[str] | None = None
) -> list[Far]:
    """Inhabited places farther than ``minutes`` with the plan, under the most they exceed."""
    problem = inquiry.problem
    sites = served_sites(problem, inquiry.days)
    access = fixed_access(problem).join(tour_access(problem, sites))
    ways = Ways(problem.fixed_times(), problem.site_times())
    found = []
    left = problem.resident_weight > 0
    for limit in sorted(minutes, reverse=True):
        beyond = left & access.beyond(limit)
        left = left & ~beyond
        for point in np.flatnonzero(beyond):
            code = problem.places[problem.resident_place[point]].partition(" ")[0]
            if codes is None or code in codes:
                found.append(_far(inquiry, int(point), limit, ways))
    return sorted(found, key=lambda far: (-far.minutes, -far.residents, far.code))


def _far(inquiry: Inquiry, point: int, limit: int, ways: Ways) -> Far:
    """A resident point, with what is nearest to it; times are its own, not its commune's."""
    problem, served = inquiry.problem, inquiry.served()
    place = int(problem.resident_place[point])
    possible = [
        replace(near, code=demand.code, name=demand.name)
        for number, demand in enumerate(problem.demands)
        if number not in served
        for near in [_nearest([ways.to_site(inquiry, point, s) for s in problem.sites_of(number)])]
        if near is not None
    ]
    within = [near for near in possible if near.time_s is not None and near.time_s <= limit * 60]
    held = [ways.to_site(inquiry, point, site) for site in served_sites(problem, inquiry.days)]
    return Far(
        code=problem.places[place],
        name=inquiry.place_name(place),
        residents=int(problem.resident_weight[point]),
        minutes=limit,
        fixed=ways.nearest_fixed(inquiry, point),
        served=_nearest(held),
        within=tuple(sorted(within, key=_how_far)),
        nearest=_nearest(possible),
        hamlet=inquiry.hamlets[point] if inquiry.hamlets else "",
    )


@dataclass(frozen=True, eq=False)
class Ways:
    """Seconds from resident points, and whether there is a way: shapes (points, counters)."""

    fixed: tuple[NDArray[np.int64], NDArray[np.bool_]]
    sites: tuple[NDArray[np.int64], NDArray[np.bool_]]

    def nearest_fixed(self, inquiry: Inquiry, point: int) -> Near | None:
        """The fixed counter nearest to a resident point."""
        places, (time_s, reachable) = inquiry.problem.fixed_place, self.fixed
        ways = np.flatnonzero(reachable[point])
        least = ways[time_s[point, ways] == time_s[point, ways].min(initial=np.iinfo(np.int64).max)]
        return _nearest(
            [
                _near(inquiry, int(places[column]), self.fixed, point, int(column))
                for column in least
            ]
        )

    def to_site(self, inquiry: Inquiry, point: int, site: int) -> Near:
        """A site, as far as it is from a resident point."""
        return _near(inquiry, inquiry.problem.sites[site].place, self.sites, point, site)


def _near(
    inquiry: Inquiry,
    place: int,
    times: tuple[NDArray[np.int64], NDArray[np.bool_]],
    point: int,
    column: int,
) -> Near:
    time_s, reachable = times
    seconds = int(time_s[point, column]) if reachable[point, column] else None
    return Near(inquiry.problem.places[place], inquiry.place_name(place), seconds)


def _how_far(near: Near) -> tuple[bool, int, str]:
    return near.time_s is None, near.time_s or 0, near.code


def _nearest(places: Sequence[Near]) -> Near | None:
    """The nearest of some places that a way leads to."""
    return min((near for near in places if near.time_s is not None), key=_how_far, default=None)


def _helping(inquiry: Inquiry, far: Sequence[Far], asked: Sequence[int]) -> list[int]:
    """The demands, not asked about, nearest to each far place that they would bring within."""
    index = inquiry.problem.demand_index
    nearest = [index[near.code] for one in far for near in one.within[:1]]
    return [demand for demand in dict.fromkeys(nearest) if demand not in asked]


def _with_reasons(far: Far, why: dict[str, str]) -> Far:
    """The place with, for each commune that would help, why it has no session."""
    within = tuple(replace(n, why=why.get(n.code, words.UNTESTED)) for n in far.within)
    return replace(far, within=within)


# 3. The least changes.


def with_remedies(
    inquiry: Inquiry, told: Sequence[Unserved], demands: Sequence[int], deadline: float
) -> list[Unserved]:
    """The reasons, with the single changes that would let the plan serve those that it can.

    A change is enough when some plan then serves the commune with every level that counts what a
    tour brings (all but road, cost and shares of work) no worse than the plan's.
    """
    wanted = [_may_be_mended(one) for one in told]
    left, found = sum(wanted), []
    for one, demand, mend in zip(told, demands, wanted, strict=True):
        if mend:
            now = monotonic()
            until = now + (deadline - now) / left
            left -= 1
            if not inquiry.question.over(deadline):
                inquiry.progress(f"que faudrait-il pour desservir {one.name} ?")
            found.append(replace(one, remedies=tuple(_remedies(inquiry, demand, one, until))))
        else:
            found.append(one)
    return found


def _may_be_mended(one: Unserved) -> bool:
    clash = one.reason == words.CLASH
    return clash or (one.reason == words.WORSE and one.level not in EFFORT)


Tested = tuple[str, str, Callable[[float], Remedy]]
"""The sort of a change, its words when it is not tested, and its test until a deadline."""


def _remedies(inquiry: Inquiry, demand: int, one: Unserved, deadline: float) -> Iterator[Remedy]:
    """Each single change, tested."""
    kept = [lv for lv in inquiry.question.levels if lv.name not in EFFORT]
    kept = [] if one.reason == words.CLASH else kept
    tests = list(_tests(inquiry, demand, kept))
    for rank, (kind, text, test) in enumerate(tests):
        if inquiry.question.over(deadline):
            yield Remedy(kind, text, None, False)
            continue
        now = monotonic()
        yield test(now + (deadline - now) / (len(tests) - rank))


def _tests(inquiry: Inquiry, demand: int, kept: Sequence[Level]) -> Iterator[Tested]:
    """The single changes that can be tried for a commune."""
    problem, question = inquiry.problem, inquiry.question
    day = free_weekday(problem)
    if day is not None:
        text = f"une demi-journée de plus par semaine ({WEEKDAYS[day]})"
        head = "une demi-journée de plus par semaine"
        others = [(f"{head} ({told})", other) for told, other in _half_days(problem)]
        yield (
            "demi-journée",
            text,
            lambda until: _any_of(question, others, demand, kept, until, "demi-journée", text),
        )
    if problem.week.min_opening_s:
        yield (
            "ouverture",
            "une ouverture minimale moindre",
            lambda until: _less_opening(question, demand, kept, until),
        )
    yield (
        "travail",
        "plus de travail par semaine",
        lambda until: _more_work(question, demand, kept, until),
    )
    near = _agencies_near(inquiry, demand)
    if near:
        yield (
            "agence",
            "partir d’une autre agence",
            lambda until: _any_of(
                question,
                [
                    (f"partir aussi {from_place(inquiry.place_name(p))}", with_agency(problem, p))
                    for p in near
                ],
                demand,
                kept,
                until,
                "agence",
                f"partir aussi {' ou '.join(from_place(inquiry.place_name(p)) for p in near)}",
            ),
        )
    if any(n != demand and other.required for n, other in enumerate(problem.demands)):
        yield (
            "retrait",
            "ne plus imposer une commune",
            lambda until: _fewer(question, demand, kept, until),
        )


def _agencies_near(inquiry: Inquiry, demand: int) -> list[int]:
    """The nearest agencies to a commune."""
    problem = inquiry.problem
    near = problem.site_place[problem.sites_of(demand)]
    order = other_agencies(problem, near)
    return [place for place in order if place in inquiry.agencies][:_AGENCIES]


def _half_days(problem: Problem) -> list[tuple[str, Problem]]:
    """Each session of one more weekday."""
    day = free_weekday(problem)
    found = []
    for session, slot in enumerate(problem.sessions):
        other = with_half_day(problem, session)
        if other is not None and day is not None:
            found.append((f"{WEEKDAYS[day]} {slot.name}", other))
    return found


def _any_of(
    question: Question,
    changed: Sequence[tuple[str, Problem]],
    demand: int,
    kept: Sequence[Level],
    deadline: float,
    kind: str,
    together: str,
) -> Remedy:
    """The first of some changes that is enough by itself; ``together``: the words of them all."""
    proved = True
    for rank, (text, problem) in enumerate(changed):
        now = monotonic()
        until = now + (deadline - now) / (len(changed) - rank)
        other = replace(question, problem=problem, tours=_tours(question, problem))
        found = least(other, demand, "rien", kept, until)
        if found.value is not None:
            return Remedy(kind, text, True, True)
        proved &= found.impossible
    return Remedy(kind, together, False if proved else None, proved)


def _tours(question: Question, problem: Problem) -> Tours:
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


def _less_opening(
    question: Question, demand: int, kept: Sequence[Level], deadline: float
) -> Remedy:
    found = least(question, demand, "ouverture", kept, deadline)
    if not found.value:
        return _not_enough("ouverture", "une ouverture minimale moindre", found.impossible)
    asked = question.problem.week.min_opening_s
    text = f"ouvrir {duration(asked - found.value)} par semaine au lieu de {duration(asked)}"
    return Remedy("ouverture", text, True, found.proved)


def _more_work(question: Question, demand: int, kept: Sequence[Level], deadline: float) -> Remedy:
    found = least(question, demand, "travail", kept, deadline)
    if not found.value:
        return _not_enough("travail", "plus de travail par semaine", found.impossible)
    more = ceil(found.value / 60) * 60
    text = f"travailler {duration(more)} de plus par semaine et par agent"
    if max(agent.max_week_s for agent in question.problem.agents) + more > LEGAL_WEEK_S:
        text += ", ce que la loi interdit (48 h)"
    return Remedy("travail", text, True, found.proved)


def _fewer(question: Question, demand: int, kept: Sequence[Level], deadline: float) -> Remedy:
    found = least(question, demand, "retrait", kept, deadline)
    if not found.value:
        return _not_enough("retrait", "ne plus imposer d’autre commune", found.impossible)
    names = [question.problem.demands[n].name for n in found.dropped]
    return Remedy("retrait", f"ne plus imposer {listed(names)}", True, found.proved)


def _not_enough(kind: Kind, text: str, impossible: bool) -> Remedy:
    return Remedy(kind, text, False if impossible else None, impossible)


# 4. Marginal values.


def marginals(inquiry: Inquiry, deadline: float) -> tuple[Marginal, ...]:
    """What a half-day, a week, minutes or an agency more would bring, each solved again."""
    problem = inquiry.problem
    changes: list[tuple[str, Problem | None]] = []
    half_days = _half_days(problem)
    changes += [(f"une demi-journée de plus ({told})", other) for told, other in half_days]
    if not half_days:
        changes.append(("une demi-journée de plus", None))
    changes += [
        ("une semaine de plus par mois, avec sa propre tournée", with_week(problem)),
        (
            f"partir {MORE_MIN} min plus tôt",
            with_longer_day(problem, before_s=MORE_MIN * 60),
        ),
        (
            f"revenir {MORE_MIN} min plus tard",
            with_longer_day(problem, after_s=MORE_MIN * 60),
        ),
        (
            f"{MORE_MIN} min de travail de plus par semaine",
            with_more_work(problem, MORE_MIN * 60),
        ),
    ]
    found, parts = [], len(changes) + min(len(inquiry.agencies), len(changes))
    for text, other in changes:
        found.append(_marginal(inquiry, text, other, _slice(deadline, parts)))
        parts -= 1
    if inquiry.agencies:
        found.append(_best_agency(inquiry, deadline))
    return tuple(found)


def _slice(deadline: float, parts: int) -> float:
    """Until when the first of so many equal parts of the time left may last."""
    now = monotonic()
    return now + (deadline - now) / max(1, parts)


def _marginal(inquiry: Inquiry, text: str, other: Problem | None, deadline: float) -> Marginal:
    """What one change brings."""
    question, asked, text = inquiry.question, text, capital(text)
    if other is None:
        return Marginal(text, words.UNTESTED, note="il n’en reste plus")
    if question.over(deadline):
        return Marginal(text, words.UNTESTED)
    inquiry.progress(f"et avec plus de moyens : {asked} ?")
    found = resolve(other, _tours(question, other), deadline, question, inquiry.days)
    if found is None:
        return Marginal(text, words.UNTESTED, note="pas de réponse dans le temps donné")
    if isinstance(found, Infeasible):
        return Marginal(text, words.NO_PLAN, proved=True)
    return _compared(inquiry, text, found)


def _compared(inquiry: Inquiry, text: str, found: Solution) -> Marginal:
    """The levels that a change alters, the first of them deciding whether it is better."""
    effects = []
    gain = 0
    pairs = zip(inquiry.question.levels, found.levels, strict=True)
    for before, after in pairs:
        if before.value != after.value:
            sign = 1 if before.sense == "min" else -1
            gain = gain or sign * (before.value - after.value)
            effects.append(Effect(before.label, before.text, after.text))
    proved = all(level.proved for level in found.levels)
    verdict = words.BETTER if gain > 0 else words.NOTHING
    if gain < 0:
        verdict = words.WORSE if proved else words.NOT_FOUND
    return Marginal(text, verdict, tuple(effects), proved)


def _best_agency(inquiry: Inquiry, deadline: float) -> Marginal:
    """The agency that brings most, of those that time lets try; the nearest are tried first."""
    problem, question = inquiry.problem, inquiry.question
    best: tuple[list[int], str, Solution] | None = None
    tried, proved = 0, True
    asked = inquiry.agencies[: max(1, int((deadline - monotonic()) // max(inquiry.solve_s, 0.1)))]
    for rank, place in enumerate(asked):
        name = inquiry.place_name(place)
        if question.over(deadline):
            break
        inquiry.progress(f"et en partant aussi {from_place(name)} ?")
        other = with_agency(problem, place)
        until = _slice(deadline, len(asked) - rank)
        found = resolve(other, _tours(question, other), until, question, inquiry.days)
        if not isinstance(found, Solution):
            proved = False
            continue
        tried += 1
        proved &= all(level.proved for level in found.levels)
        worth = _worth(found.levels)
        if best is None or worth < best[0]:
            best = worth, name, found
    count = len(inquiry.agencies)
    note = (
        f"{tried} agence{'s' if tried > 1 else ''} examinée{'s' if tried > 1 else ''} sur {count}"
    )
    if best is None:
        return Marginal("Une agence de plus", words.UNTESTED, note=note)
    _, name, found = best
    one = _compared(
        inquiry, f"Partir aussi {from_place(name)}, la meilleure agence examinée", found
    )
    if one.verdict != words.BETTER:
        one = replace(one, text="Une agence de plus")
    return replace(one, note=note, proved=proved and tried == count)


def _worth(levels: Sequence[Level]) -> list[int]:
    return [level.value * (1 if level.sense == "min" else -1) for level in levels]
