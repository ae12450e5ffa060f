"""The whole road: a scenario in, a verified plan out, or the reason why there is none."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from time import monotonic

from tourplan.assemble import assemble
from tourplan.daytours import DayTours
from tourplan.errors import InputError, OwnError
from tourplan.optimise.mip import Means
from tourplan.optimise.solve import (
    Infeasible,
    NothingFound,
    Progress,
    Solution,
    Undecided,
    optimise,
)
from tourplan.plan import Day, Plan
from tourplan.prepare import Case
from tourplan.problem import Problem
from tourplan.scenario import Scenario
from tourplan.verify import verify


def solve(
    scenario: Scenario | Case | str | Path,
    *,
    limit_s: float | None = None,
    start: Sequence[Day] | None = None,
    progress: Progress = lambda _: None,
    stop: threading.Event | None = None,
) -> Plan:
    """The best plan of a scenario, each level with its bound, every rule checked again.

    Args:
        scenario: a scenario, a prepared case, or the path of a ``scenario.toml``.
        limit_s: seconds the whole call may take; the scenario's own limit by default.
        start: days at hand, if any; where they keep every rule, the plan is no worse.
        progress: told each step in French.
        stop: set it (from another thread or a signal) to keep the best plan so far.

    Raises:
        InputError: the scenario has faults, or the limit is too short for a first plan.
        NoPlanError: no plan keeps every requirement; says which clash and the least repairs.
        OwnError: the checker refuses the plan (a fault of tourplan's).
    """
    started = monotonic()
    case = Case.of(scenario)
    limit_s = case.scenario.computing.limit_s if limit_s is None else limit_s
    stop = stop or threading.Event()
    found = searched(case, case.problem, started + limit_s, progress, stop, start=start)
    return planned(case, found, started)


def searched(
    case: Case,
    problem: Problem,
    deadline: float,
    progress: Progress,
    stop: threading.Event,
    tours: Sequence[DayTours | None] | None = None,
    start: Sequence[Day] | None = None,
) -> Solution:
    """The best days of ``problem``, that of ``case`` but for the levels asked.

    Args:
        case: the case.
        problem: its problem, whose levels may be others.
        deadline: when to stop, on the clock of ``time.monotonic``.
        progress: told each step in French.
        stop: set it to keep the best so far.
        tours: the feasible day tours of each base, when they are at hand.
        start: days at hand, if any; where they keep every rule, those found are no worse.

    Raises:
        InputError: no plan was found in time.
        NoPlanError: no plan keeps every requirement.
    """
    try:
        return optimise(
            problem,
            deadline=deadline,
            means=means_of(case),
            tours=tours,
            start=start,
            progress=progress,
            stop=stop,
        )
    except Infeasible:
        progress(
            "aucun plan ne respecte toutes les exigences : recherche de celles qui s’opposent…"
        )
        from tourplan.study.clash import no_plan_error

        name_of = case.territory.name
        raise no_plan_error(problem, deadline, stop, means_of(case), name_of) from None
    except Undecided:
        raise InputError.of(
            "mairie.horaires",
            "aucun plan parmi les horaires essayés ; d’autres, dans la journée, iraient peut-être",
            'écrivez horaires = "preferes"',
        ) from None
    except NothingFound:
        raise InputError.of(
            "temps de calcul",
            "interrompu avant un premier plan"
            if stop.is_set()
            else "trop court pour trouver un premier plan",
            "donnez plus de temps (--limite, ou calcul.limite_s)",
        ) from None


def means_of(case: Case) -> Means:
    """What the searches of a case may use, on this machine."""
    computing = case.scenario.computing
    return Means(computing.seed, min(computing.cores, os.cpu_count() or 1))


def planned(case: Case, found: Solution, started: float) -> Plan:
    """The plan made of what a search begun at ``started`` found, every rule checked again.

    Raises:
        OwnError: the checker refuses it (a fault of tourplan's).
    """
    violations = verify(case.problem, found.days, found.levels)
    if violations:
        raise OwnError("plan refusé par le vérificateur : " + " ; ".join(map(str, violations)))
    measures = {
        "cree_le": datetime.now().astimezone().isoformat(timespec="seconds"),
        "duree_s": round(monotonic() - started, 3),
        "niveaux_s": found.seconds,
        "python": platform.python_version(),
        "systeme": platform.system(),
    }
    return assemble(case, found.days, found.levels, found.stopped, measures)
