"""What a prepared case has to tell before any search: places to check, means that cannot do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tourplan.daytours import most_sessions
from tourplan.errors import counted, few
from tourplan.hours import duration
from tourplan.network.snap import FAR_M, LOST_M, Snap
from tourplan.problem import Problem
from tourplan.scenario import Scenario
from tourplan.territory import Territory
from tourplan.travel.matrix import TravelMatrix

MAX_TOLD = 5
"""Places to be checked that are named; the others are counted."""


def problem_notes(problem: Problem) -> list[str]:
    """What a problem lacks: roads, slots for what is asked, sessions for the opening, a level."""
    return [
        *_unreachable_note(problem),
        *_shut_note(problem),
        *_crowded_note(problem),
        *_opening_note(problem),
        *_unknown_times_note(problem),
        *_market_note(problem),
    ]


def silent_counters_note(scenario: Scenario, territory: Territory) -> list[str]:
    """Counters that name no operator, and so count for a goal that asks for one."""
    operators = dict.fromkeys(goal.operator for goal in scenario.goals if goal.operator)
    silent = sum(not counter.operators for counter in territory.counters)
    if not operators or not silent:
        return []
    return [
        f"points fixes qui ne nomment aucun opérateur : {silent} ; ils sont comptés comme accueils "
        f"{' et '.join(operators)} (hypothèse) : remplissez la colonne operateurs, ou retirez-les "
        "(integres ou exclus dans [points_fixes])"
    ]


def snap_notes(territory: Territory, travel: TravelMatrix) -> list[str]:
    """Places on no road, and places far from their road; resident points all at once."""
    homes = set(travel.points.origins if travel.points else ())
    snaps = [snap for snap in travel.snaps if snap.code not in homes]
    lost = [f"{territory.name(s.code)} ({s.code}) : {s.fault}" for s in snaps if s.fault]
    far = [
        f"{territory.name(s.code)} ({s.code}) : son point est à {s.distance_m} m de la route "
        f"({s.road}), à vérifier"
        for s in snaps
        if s.far
    ]
    apart = [
        f"{territory.name(s.code)} ({s.code}) : une route plus proche n’est reliée aux autres que "
        "hors de la zone lue"
        for s in snaps
        if s.cut_off
    ]
    mine = [snap for snap in travel.snaps if snap.code in homes]
    return lost + far + apart + _home_notes(mine)


def _home_notes(snaps: Sequence[Snap]) -> list[str]:
    """Resident points on no road, and those far from theirs, the farthest named."""
    found = []
    for what, some in (
        (f"sans route à moins de {LOST_M // 1000} km", [snap for snap in snaps if snap.fault]),
        (f"à plus de {FAR_M} m de leur route, à vérifier", [snap for snap in snaps if snap.far]),
    ):
        if some:
            first = sorted(some, key=lambda snap: (-snap.distance_m, snap.code))[:MAX_TOLD]
            told = ", ".join(f"{snap.lon:.4f} {snap.lat:.4f}" for snap in first)
            more = "…" if len(some) > MAX_TOLD else ""
            found.append(f"points d’habitation {what} : {len(some)} ({told}{more})")
    return found


def _crowded_note(problem: Problem) -> list[str]:
    """Told before any search: more sessions to hold than the days on tour have slots."""
    asked = sum(demand.required for demand in problem.demands)
    room = most_sessions(problem)
    if asked <= room:
        return []
    return [
        f"{asked} permanences à tenir par cycle, mais {room} créneau{'x' * (room > 1)} au plus : "
        "retirez des communes de a_desservir, ou ajoutez des jours, des semaines ou un véhicule"
    ]


def _opening_note(problem: Problem) -> list[str]:
    """Told before any search: too few sessions for the weekly opening that is asked."""
    sessions = sum(demand.allowed for demand in problem.demands)
    windows = sorted(slot.closing_s - slot.opening_s for slot in problem.sessions)[::-1]
    every = np.repeat(windows, len(problem.days_out))
    most_s = int(np.sort(every)[::-1][:sessions].sum())
    weeks = {(crew.vehicle, crew.week) for crew in problem.crew_weeks}
    asked_s = len(weeks) * problem.week.min_opening_s
    if most_s >= asked_s:
        return []
    return [
        f"au plus {duration(most_s)} d’ouverture par cycle, en {counted(sessions, 'permanence')} "
        f"(communes : {len(problem.demands)}), pour {duration(asked_s)} demandées : ajoutez des "
        "communes candidates, ou réduisez ouverture_min_h dans [semaine]"
    ]


def _unreachable_note(problem: Problem) -> list[str]:
    """Candidates that no road links to the depot, told before any search."""
    links = np.zeros(len(problem.sites), dtype=bool)
    for base in problem.bases:
        there = problem.reachable[base.depot, problem.site_place]
        links |= there & problem.reachable[problem.site_place, base.depot]
    names = [site.name for site, linked in zip(problem.sites, links, strict=True) if not linked]
    if not names:
        return []
    return [f"communes sans route connue depuis le lieu de départ : {few(names)}"]


def _shut_note(problem: Problem) -> list[str]:
    """Candidates that bans and refused days leave no slot on any day on tour."""
    going = problem.crewed[:, None, :, :, None]
    left = np.any(problem.open_slots & going, axis=(0, 2, 3, 4))
    names = [
        demand.name
        for number, demand in enumerate(problem.demands)
        if len(problem.sites_of(number)) and not left[problem.sites_of(number)].any()
    ]
    if not names:
        return []
    what = "communes qu’interdits, jours_refuses ou semaines ne laissent jamais desservir"
    return [f"{what} : {few(names)}"]


def _unknown_times_note(problem: Problem) -> list[str]:
    """Residents whose road to every counter and site is unknown, counted as far."""
    reachable = np.concatenate([problem.fixed_times()[1], problem.site_times()[1]], axis=1)
    known = reachable.any(axis=1)
    people = int(problem.resident_weight[~known].sum())
    if not people:
        return []
    what = "communes" if problem.point_times is None else "points d’habitation"
    return [
        f"{what} sans route connue vers un accueil : {int((~known).sum())} ; leurs habitants "
        f"({people}) sont comptés comme éloignés"
    ]


def _market_note(problem: Problem) -> list[str]:
    """Market days that no level looks at."""
    if "marches" in problem.objectives or not any(demand.market for demand in problem.demands):
        return []
    return [
        "jours de marché : aucun objectif de ordre n’en tient compte ; ajoutez-y marches, dans "
        "[objectifs], à la place voulue"
    ]
