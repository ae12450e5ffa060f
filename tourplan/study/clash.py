"""Why there is no plan: requirements that clash, found by relaxing them one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np

from tourplan.daytours import DayTours, Ints, allowed_at_best, day_tours_at, most_sessions
from tourplan.errors import NoPlanError, Repair, listed
from tourplan.hours import MINUTE_S, WEEK_S, clock, duration
from tourplan.measures import number, of_whom, weights_of
from tourplan.optimise.longdays import LongDays
from tourplan.optimise.mip import ONE_CORE, Means
from tourplan.optimise.objectives import required_sessions, residents_beyond
from tourplan.optimise.pricing import all_or_none
from tourplan.optimise.profiles import watched_demands
from tourplan.optimise.rules import RULES, allowed_beyond, leeway, weekly_opening, weekly_work
from tourplan.problem import AccessGoal, Problem
from tourplan.study.otherways import other_ways
from tourplan.study.relaxed import HOURS, Question, Tours
from tourplan.times import LEGAL_WEEK_H


def no_plan_error(
    problem: Problem,
    deadline: float,
    stop: threading.Event,
    means: Means = ONE_CORE,
    name_of: Callable[[str], str] | None = None,
) -> NoPlanError:
    """The error that says which requirements clash, and the least change of each alone.

    The set is minimal: these clash whatever becomes of the others, and no longer do when any one
    is left out. If time runs out first, the requirements not yet tested are kept and the message
    says so. Where another clash remains, it is named too, and each repair says what else must be
    given up. With ``name_of``, the name of a commune by code, changes of means are looked for too.
    """
    question = Question.first(problem, deadline, stop, means)
    problem, lax, tours = question.problem, question.problem, question.tours
    if problem.hours_rule == "imposes":  # relaxed below, like other requirements of several days
        lax = replace(problem, hours_rule="preferes")
        tours = tuple(all_or_none(lax))
    hopeless = [
        number
        for number, demand in enumerate(problem.demands)
        if demand.required and not ever_served(lax, tours, number)
    ]
    if hopeless:
        return NoPlanError(
            "Aucun plan : "
            + listed([problem.demands[n].name for n in hopeless])
            + (" ne tient" if len(hopeless) == 1 else " ne tiennent")
            + " dans aucune journée.",
            [_hopeless_commune(problem, n) for n in hopeless],
        )
    clash, minimal = _minimal_clash(question)
    repairs = [_repair(question, rule) for rule in clash]
    message = f"Aucun plan n’existe : {_cannot(repairs, complete=minimal)}."
    if not any(repair.enough or not repair.proved for repair in repairs):
        rest = replace(question, left_out=frozenset(clash))
        more, complete = _minimal_clash(rest)
        if more and not rest.over:
            further = [_repair(rest, rule) for rule in more]
            message += f" Même sans cela, {_cannot(further, complete=complete)}."
            lighter = replace(question, left_out=frozenset(more))
            repairs = [
                *_if_also([_repair(lighter, rule) for rule in clash], further),
                *_if_also(further, repairs),
            ]
    others = [] if name_of is None else other_ways(question, name_of)
    return NoPlanError(message, repairs, others, complete=minimal)


def _cannot(repairs: Sequence[Repair], *, complete: bool) -> str:
    """That the requirements of a clash cannot be kept together."""
    end = "" if complete else " (recherche écourtée : la liste peut être trop longue)"
    head = "cette exigence ne peut" if len(repairs) == 1 else "ces exigences ne peuvent"
    verb = "être tenue" if len(repairs) == 1 else "être tenues ensemble"
    return f"{head} {verb}{end} — {listed([repair.text for repair in repairs])}"


def _if_also(repairs: Sequence[Repair], lifted: Sequence[Repair]) -> list[Repair]:
    """Repairs that are enough once the requirements of another clash are lifted, told as such."""
    also = listed([f"« {repair.text} »" for repair in lifted])
    rules = tuple(repair.rule for repair in lifted)
    return [
        replace(
            repair,
            change=repair.change + f", et renoncer aussi à {also}" * repair.enough,
            enough=False,
            besides=rules,
        )
        for repair in repairs
    ]


def ever_served(problem: Problem, tours: Tours, demand: int) -> bool:
    """Whether some crew has a day that serves a commune, on a day when that is allowed.

    With imposed mairie hours, a yes may be one too many (sessions that cannot all be within hours
    at once), a no never is.
    """
    for base, mine in enumerate(tours):
        for site in problem.sites_of(demand).tolist():
            if mine is not None and _runs(problem, base, mine.rows(mine.serving(site))):
                return True
            if mine is None and _ever_served_from(problem, base, site):
                return True
    return False


def _ever_served_from(problem: Problem, base: int, site: int) -> bool:
    """The same of a site and a base whose days are not listed; too many to tell is a yes."""
    if _runs(problem, base, day_tours_at(problem, base, _short(problem, site))):
        return True
    every = LongDays(problem, base).serving(site)
    return every is None or _runs(problem, base, every)


def _runs(problem: Problem, base: int, tours: DayTours) -> bool:
    """Whether some crew may run one of the tours of a base on some day, some way timed."""
    allowed = allowed_at_best(problem, base, tours)
    return any(
        allowed[:, crew.week, [day in crew.weekdays for day in problem.weekdays]].any()
        for crew in problem.crew_weeks
        if crew.base == base
    )


def _requirements(problem: Problem) -> list[str]:
    """The requirements of the scenario that may be relaxed."""
    present = {
        "required_sessions": any(demand.required for demand in problem.demands),
        "pinned_sessions": any(demand.pins for demand in problem.demands),
        "spread_sessions": any(problem.demands[n].allowed > 1 for n in watched_demands(problem)),
        "same_slot": any(d.same_slot and d.allowed > 1 for d in problem.demands),
        "weekly_opening": problem.week.min_opening_s > 0,
        "weekly_work": True,
        "imposed_goals": any(goal.imposed for goal in problem.goals),
        HOURS: problem.hours_rule == "imposes",
    }
    assert set(present) <= {*RULES, HOURS}  # noqa: S101
    return [rule for rule, there in present.items() if there]


def _minimal_clash(question: Question) -> tuple[list[str], bool]:
    """Requirements no one of which can be left out without a plan appearing (deletion filter)."""
    left_out: set[str] = set()
    clash, complete = [], True
    for rule in _requirements(question.problem):
        if rule in question.left_out:
            continue
        found = None if question.over else question.has_plan({*left_out, rule})
        if found is False:
            left_out.add(rule)
        else:
            clash.append(rule)
            complete &= found is True
    return clash, complete


def _repair(question: Question, rule: str) -> Repair:
    """What a requirement says, and how little less of it would give a plan."""
    return {
        "required_sessions": _fewer_communes,
        "pinned_sessions": _no_pins,
        "spread_sessions": _closer_sessions,
        "same_slot": _other_slots,
        "weekly_opening": _less_opening,
        "weekly_work": _more_work,
        "imposed_goals": _lower_goal,
        HOURS: _hours_preferred,
    }[rule](question)


def _fewer_communes(question: Question) -> Repair:
    problem = question.problem
    model = question.without({"required_sessions"})
    decisions = model.decisions
    total = sum(demand.required for demand in problem.demands)
    once = all(demand.required <= 1 for demand in problem.demands)
    slots = most_sessions(problem)
    verb, what = ("desservir", "commune") if once else ("tenir", "permanence")
    text = f"{verb} {f'la {what}' if total == 1 else f'les {total} {what}s'} obligatoire"
    text += "s" * (total > 1)
    if total > slots:
        text += f" (la tournée n’a que {slots} créneaux)"
    answer = question.ask(model, required_sessions(decisions))
    if answer.values is None:
        return _unknown("required_sessions", text, impossible=answer.infeasible)
    held = decisions.held_by_demand(answer.values)
    dropped = [
        f"{d.name} ({d.required - n} sur {d.required})" if d.required > 1 else d.name
        for d, n in zip(problem.demands, held, strict=True)
        if n < d.required
    ]
    most = sum(min(d.required, n) for d, n in zip(problem.demands, held, strict=True))
    how = f"en {verb} {most} au plus, par exemple" if most else f"n’en {verb} aucune, faire"
    change = f"{how} sans {listed(dropped)}"
    return Repair("required_sessions", text, change, answer.bound == -most)


def _less_opening(question: Question) -> Repair:
    asked = question.problem.week.min_opening_s
    model = question.without({"weekly_opening"})
    decisions = model.decisions
    each = "par semaine" + " et par véhicule" * question.problem.side_by_side
    text = f"ouvrir au moins {duration(asked)} {each}"
    missing = leeway(decisions, asked, question.problem.day.grid_s)
    weekly_opening(decisions, missing)
    answer = question.ask(model, missing)
    if answer.values is None:
        return _unknown("weekly_opening", text, impossible=answer.infeasible)
    short = missing.value(answer.values)
    change = f"ouvrir {duration(max(asked - short, 0))} {each} (ouverture_min_h dans [semaine])"
    return Repair("weekly_opening", text, change, answer.bound == short)


def _more_work(question: Question) -> Repair:
    allowed = max((agent.max_week_s for agent in question.problem.agents), default=0)
    model = question.without({"weekly_work"})
    decisions = model.decisions
    text = f"travailler au plus {duration(allowed)} par semaine et par agent"
    extra = leeway(decisions, WEEK_S, MINUTE_S)
    weekly_work(decisions, extra)
    answer = question.ask(model, extra)
    if answer.values is None:
        return _unknown("weekly_work", text, impossible=answer.infeasible)
    more = extra.value(answer.values)
    change = f"permettre {duration(allowed + more)} de travail par semaine"
    if allowed + more > LEGAL_WEEK_H * 3600:
        change += ", ce que la loi interdit (48 h)"
    return Repair("weekly_work", text, change, answer.bound == more)


def _lower_goal(question: Question) -> Repair:
    """The shares that the imposed goals can reach together, each in turn as high as can be."""
    problem = question.problem
    goals = [goal for goal in problem.goals if goal.imposed]
    text = listed([f"{_share(g):g} % {of_whom(g)} à {g.minutes} min au plus" for g in goals])
    model = question.without({"imposed_goals"})
    decisions = model.decisions
    changes, proved = [], True
    for goal in goals:
        beyond = residents_beyond(decisions, goal)
        answer = question.ask(model, beyond)
        if answer.values is None:
            return _unknown("imposed_goals", text, impossible=answer.infeasible)
        least = beyond.value(answer.values)
        proved &= answer.bound == least
        if least > allowed_beyond(problem, goal):
            total = int(weights_of(problem, goal).sum())
            share_pct = (total - least) * 1000 // total / 10
            changes.append(f"viser {number(share_pct, 1)} % à {goal.minutes} min")
        decisions.mip.keep(beyond, max(least, allowed_beyond(problem, goal)))
    return Repair("imposed_goals", text, listed(changes), proved)


def _share(goal: AccessGoal) -> float:
    """The percentage of residents that a goal asks for."""
    return 100.0 if goal.share_pct is None else goal.share_pct


def _hours_preferred(question: Question) -> Repair:
    text = "ne tenir que des permanences aux heures de la mairie"
    return _dropped(question, HOURS, text, 'écrire horaires = "preferes" dans [mairie]')


def _unknown(rule: str, text: str, *, impossible: bool) -> Repair:
    change = (
        "l’assouplir seule ne suffit pas"
        if impossible
        else "changement non trouvé dans le temps donné"
    )
    return Repair(rule, text, change, impossible, enough=False)


def _no_pins(question: Question) -> Repair:
    names = [demand.name for demand in question.problem.demands if demand.pins]
    text = f"tenir les permanences imposées ({listed(names)})"
    return _dropped(question, "pinned_sessions", text, "retirer l’une d’elles de [[imposes]]")


def _closer_sessions(question: Question) -> Repair:
    text = "espacer les permanences d’une même commune"
    change = "réduire ecart_min_jours ou augmenter ecart_max_jours dans [cycle]"
    return _dropped(question, "spread_sessions", text, change)


def _other_slots(question: Question) -> Repair:
    text = "garder le même jour et la même demi-journée dans chaque commune"
    return _dropped(question, "same_slot", text, "écrire meme_creneau = false dans [cycle]")


def _dropped(question: Question, rule: str, text: str, change: str) -> Repair:
    """The repair that leaves a requirement out altogether, if that is enough."""
    found = question.has_plan({rule})
    if found is not True:
        return _unknown(rule, text, impossible=found is False)
    return Repair(rule, text, change, True)


def _hopeless_commune(problem: Problem, demand: int) -> Repair:
    """Why no day can serve a commune: the limits whose relaxation alone gives one."""
    sites, name = problem.sites_of(demand), problem.demands[demand].name
    if not problem.crew_weeks:
        return Repair(
            "day", name, "aucune équipe ne peut partir : revoyez agents et véhicules", True
        )
    if not len(sites):
        return Repair("day", name, "aucune salle n’y convient : ajoutez un lieu à [[lieux]]", True)
    depot, site = min(
        ((base.depot, int(site)) for base in problem.bases for site in sites),
        key=lambda pair: int(problem.time_s[pair[0], problem.sites[pair[1]].place]),
    )
    cell = depot, problem.sites[site].place
    road = f"{duration(problem.time_s[cell])} et {number(problem.distance_m[cell] / 1000)} km"
    text = f"{name}, à {road} du dépôt"
    if any(fits(problem, int(site)) for site in sites):
        change = "permettre d’autres jours ou d’autres semaines (reglages, interdits, équipes)"
        return Repair("day", text, change, True)
    ways = [words for words, other in relaxed_days(problem) if fits(other, site)]
    change = " ou ".join(ways) if ways else "aucune de ces limites seule ne suffit : retirez-la"
    return Repair("day", text, change, True)


def fits(problem: Problem, site: int) -> bool:
    """Whether some day holds a session at ``site``."""
    short = _short(problem, site)
    return any(len(day_tours_at(problem, base, short)) for base in range(len(problem.bases)))


def _short(problem: Problem, site: int) -> Ints:
    """The sites of days at ``site`` alone or with another, shape (days, slots): -1 where unused.

    Where there is a day there, one of them is, as long as going through other places takes longer:
    another session may help, since the meal between them is a break. A third does not.
    """
    demand, slots = problem.site_demand, len(problem.sessions)
    others = np.flatnonzero(demand != demand[site])
    found = [np.where(np.eye(slots, dtype=bool), site, -1)]
    for here, there in permutations(range(slots), 2):
        rows = np.full((len(others), slots), -1)
        rows[:, here], rows[:, there] = site, others
        found.append(rows)
    return np.concatenate(found).astype(np.int64)


def relaxed_days(problem: Problem) -> Sequence[tuple[str, Problem]]:
    """Each limit of the day lifted alone, for agents and vehicles too, with the words for it."""
    far, day = 24 * 3600, problem.day
    limits: list[tuple[str, dict[str, int | None]]] = [
        (f"partir avant {clock(day.earliest_departure_s)}", {"earliest_departure_s": -far}),
        (f"revenir après {clock(day.latest_return_s)}", {"latest_return_s": 2 * far}),
        (
            f"travailler plus de {duration(day.max_unbroken_s)} d’affilée",
            {"max_unbroken_s": 2 * far},
        ),
        (f"travailler plus de {duration(day.max_work_s)} par jour", {"max_work_s": 2 * far}),
        (f"s’absenter plus de {duration(day.max_amplitude_s)}", {"max_amplitude_s": 2 * far}),
        ("une autonomie plus longue (autonomie_km)", {"range_m": None}),
    ]
    return [(words, _lifted(problem, limit)) for words, limit in limits]


def _lifted(problem: Problem, limit: dict[str, int | None]) -> Problem:
    """The problem without one limit of the day."""
    own: Any = {name: None for name in limit if name != "max_unbroken_s"}
    bases = tuple(replace(base, **own) for base in problem.bases)
    lifted: Any = limit
    return replace(problem, day=replace(problem.day, **lifted), bases=bases)
