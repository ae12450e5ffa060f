"""Why communes and residents are left out, and what a little more would bring: all by solving."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from tourplan.errors import Fault, InputError, quoted
from tourplan.optimise.pricing import all_or_none
from tourplan.optimise.solve import Progress
from tourplan.plan import Plan
from tourplan.planner import means_of, solve
from tourplan.prepare import Case
from tourplan.scenario import Scenario
from tourplan.study import explanation as words
from tourplan.study.explanation import Explanation, Marginal, Unserved
from tourplan.study.farthest import far_residents, helping_demands, with_reasons
from tourplan.study.force import Question
from tourplan.study.inquiry import Inquiry
from tourplan.study.marginals import marginals
from tourplan.study.reasons import reasons
from tourplan.study.remedies import with_remedies
from tourplan.study.widened import other_agencies
from tourplan.verify import verify

MINUTES = (30, 20, 15)
"""Residents farther than these are explained, the farthest first."""
PLAN_SHARE, FORCE_SHARE, MARGIN_SHARE = 0.5, 0.5, 0.8
"""Shares of the time left for the plan, then for reasons, then for marginal values."""


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
    inquiry = _inquiry(case, plan, progress, stop)
    asked, outside = _asked(case, inquiry, codes)
    people = None if codes is None else set(codes)
    far = far_residents(inquiry, limits, people)
    helping = [] if codes is None else helping_demands(inquiry, far, asked)
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
        far=tuple(with_reasons(one, why) for one in far),
        marginals=extra,
        minutes=limits,
    )


def why_not_nearer(
    case: Case,
    plan: Plan,
    *,
    limit_s: float | None = None,
    progress: Progress = lambda _: None,
    stop: threading.Event | None = None,
) -> dict[str, str]:
    """Why the communes that would bring far residents nearer have no session, by INSEE code.

    Of those near enough to a place, the nearest. Sentences without their end; those that time
    does not let find are left out.

    Args:
        case: the facts of the plan.
        plan: the plan.
        limit_s: seconds the call may take; the scenario's own limit by default.
        progress: told each step in French.
        stop: set it to keep what is known so far.

    Raises:
        InputError: ``plan`` breaks a rule of the scenario.
    """
    seconds = case.scenario.computing.limit_s if limit_s is None else limit_s
    deadline = monotonic() + seconds
    inquiry = _inquiry(case, plan, progress, stop or threading.Event())
    far = far_residents(inquiry, tuple(plan.access[-1].groups_after))
    told = reasons(inquiry, helping_demands(inquiry, far, []), deadline)
    return {one.code: one.told for one in told if one.tested}


def _inquiry(case: Case, plan: Plan, progress: Progress, stop: threading.Event) -> Inquiry:
    """What explanations of a plan are drawn from.

    Raises:
        InputError: it breaks a rule of the scenario.
    """
    if faults := verify(case.problem, plan.days):
        raise InputError.of("plan", f"il ne suit pas ce scénario : {faults[0]}")
    problem = case.problem
    question = Question(problem, tuple(all_or_none(problem)), plan.levels, means_of(case), stop)
    took_s = float(plan.measures.get("duree_s", 0.0))
    hamlets = tuple(point.name for point in case.residents)
    return Inquiry(question, plan.days, _agencies(case), _namer(case), progress, took_s, hamlets)


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
