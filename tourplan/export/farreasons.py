"""Why communes stay far from a counter with a plan: what can be told without solving again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tourplan.export.accesstables import far_parts
from tourplan.export.french import minutes, to_place
from tourplan.measures import served_sites

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tourplan.export.scene import Scene
    from tourplan.plan import Plan
    from tourplan.prepare import Case
    from tourplan.problem import Problem

MOST_NAMED = 3
"""Communes where a session would bring one that stays far nearer, that are named."""
_NO_WAY = np.iinfo(np.int64).max
Near = tuple[int, int]
"""Seconds to a demand, and the demand."""


@dataclass(frozen=True)
class FarReason:
    """Why a commune stays far, a sentence without its end; ``settled``: nothing is left to ask."""

    text: str
    settled: bool = True


def far_reasons(
    plan: Plan, case: Case, scene: Scene, known: Mapping[str, str]
) -> dict[str, FarReason]:
    """Why each commune of ``far_parts`` is there, by code.

    Either no commune of the scenario without a session is near enough, which is checked here; or
    some are, and ``known`` may say, by their code, why they have none. Nothing is supposed.

    Args:
        plan: the plan, whose sessions are those of ``case``.
        case: its facts.
        scene: its map.
        known: sentences without their end, as ``tourplan explain`` finds them.
    """
    problem = case.problem
    served = {problem.sites[site].demand for site in served_sites(problem, plan.days)}
    free = [n for n in range(len(problem.demands)) if n not in served]
    if not free:
        all_served = FarReason("toutes les communes candidates sont desservies")
        return dict.fromkeys(_codes(plan, scene), all_served)
    time_s, reachable = problem.site_times()
    ways_s, site_demand = np.where(reachable, time_s, _NO_WAY), problem.site_demand
    return {
        code: _reason(
            problem, code, _nearest(problem, ways_s, site_demand, code, free), goal, known
        )
        for code, goal in _codes(plan, scene).items()
    }


def _codes(plan: Plan, scene: Scene) -> dict[str, int]:
    """The communes that stay far, by code, and the minutes they are beyond, or at the limit of."""
    parts = far_parts(plan, scene)
    return {view.commune.code: part.goal for part in parts for view in part.communes}


def _nearest(
    problem: Problem,
    ways_s: NDArray[np.int64],
    site_demand: NDArray[np.int64],
    code: str,
    demands: Sequence[int],
) -> list[Near]:
    """The demands that a way leads to from where the residents of a commune live, nearest first."""
    mine = ways_s[problem.resident_place == problem.places.index(code)]
    least_s = np.full(len(problem.demands), _NO_WAY)
    np.minimum.at(least_s, site_demand, mine.min(axis=0, initial=_NO_WAY))
    return sorted((int(least_s[n]), n) for n in demands if least_s[n] < _NO_WAY)


def _reason(
    problem: Problem, code: str, near: Sequence[Near], goal: int, known: Mapping[str, str]
) -> FarReason:
    """One commune's reason: what is near enough, why it has no session if that is known."""
    within = [one for one in near if one[0] <= goal * 60]
    if within:
        nearest = problem.demands[within[0][1]].code
        told = [_where(problem, code, one) for one in within[:MOST_NAMED]]
        if nearest in known:
            return FarReason(f"une permanence {told[0]} la rapprocherait ; {known[nearest]}")
        return FarReason(f"une permanence {_either(told)} la rapprocherait", settled=False)
    if not near:
        return FarReason("aucune route connue ne mène aux autres communes candidates")
    return FarReason(
        f"aucune autre commune candidate n’est à {goal} min au plus ; la plus proche : "
        f"{problem.demands[near[0][1]].name} ({minutes(near[0][0])})"
    )


def _where(problem: Problem, code: str, near: Near) -> str:
    """``à Sorbs (8,2 min)``, or ``sur place`` in the commune itself."""
    seconds, demand = near
    one = problem.demands[demand]
    return "sur place" if one.code == code else f"{to_place(one.name)} ({minutes(seconds)})"


def _either(words: Sequence[str]) -> str:
    """``a``, ``a ou b``, ``a, b ou c``."""
    *firsts, last = words
    return f"{', '.join(firsts)} ou {last}" if firsts else last
