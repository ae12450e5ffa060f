"""The whole road: a scenario in, a verified plan out, or the reason why there is none."""

from __future__ import annotations

import platform
import threading
from datetime import datetime
from pathlib import Path
from time import monotonic

from tourplan.assemble import assemble
from tourplan.errors import InputError, OwnError
from tourplan.optimise.solve import Infeasible, NothingFound, Progress, Undecided, optimise
from tourplan.plan import Plan
from tourplan.prepare import Case
from tourplan.scenario import Scenario
from tourplan.verify import verify


def solve(
    scenario: Scenario | Case | str | Path,
    *,
    limit_s: float | None = None,
    progress: Progress = lambda _: None,
    stop: threading.Event | None = None,
) -> Plan:
    """The best plan of a scenario, each level with its bound, every rule checked again.

    Args:
        scenario: a scenario, a prepared case, or the path of a ``scenario.toml``.
        limit_s: seconds the whole call may take; the scenario's own limit by default.
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
    deadline = started + limit_s
    stop = stop or threading.Event()
    try:
        found = optimise(
            case.problem,
            deadline=deadline,
            seed=case.scenario.computing.seed,
            progress=progress,
            stop=stop,
        )
    except Infeasible:
        from tourplan.study.clash import no_plan_error

        progress(
            "aucun plan ne respecte toutes les exigences : recherche de celles qui s’opposent…"
        )
        raise no_plan_error(case.problem, deadline, stop) from None
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
