"""Why a commune has no session: what shows at once, else what serving it does to the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

from tourplan.errors import NoPlanError
from tourplan.export.french import to_place
from tourplan.hours import duration
from tourplan.measures import served_sites
from tourplan.optimise.pricing import all_or_none
from tourplan.problem import Problem
from tourplan.study import explanation as words
from tourplan.study.clash import ever_served, fits, no_plan_error, relaxed_days
from tourplan.study.explanation import Unserved
from tourplan.study.force import Forced, force, required
from tourplan.study.inquiry import Inquiry, first_part


def reasons(inquiry: Inquiry, demands: Sequence[int], deadline: float) -> list[Unserved]:
    """Why each demand has no session, the time left shared among those still to be tested."""
    found = []
    for rank, demand in enumerate(demands):
        known = _plain_reason(inquiry, demand)
        if known is None:
            until = first_part(deadline, len(demands) - rank)
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
        reason, text = words.UNTESTED, "non examiné, le temps manque"
        if not inquiry.question.over(deadline):
            reason, text = words.UNSETTLED, "non établi, trop de journées ou d’horaires possibles"
        return Unserved(one.code, one.name, reason, text, proved=False)
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
    error: NoPlanError = no_plan_error(forced, until, inquiry.question.stop, inquiry.question.means)
    others = [r.text for r in error.repairs if r.rule != "required_sessions"]
    among = any(r.rule == "required_sessions" for r in error.repairs)
    if among and any(n != demand and d.required for n, d in enumerate(problem.demands)):
        others.insert(0, "desservir les communes obligatoires")
    text = f"incompatible avec : {', '.join(others)}" if others else "aucun plan ne la dessert"
    if not error.complete:
        text += " (recherche écourtée : la liste peut être trop longue)"
    proved = error.complete and all(repair.proved for repair in error.repairs)
    return Unserved(one.code, one.name, words.CLASH, text, proved=proved)
