"""How many rounds a month, over how many communes: a table of plans, each solved and proved."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

from tourplan.errors import Fault, InputError, NoPlanError, listed, ways_out
from tourplan.export.french import capital, counted
from tourplan.export.itinerary import decimal_comma
from tourplan.export.words import MOST_NAMED, levels_table, origin_words, unfit_words, until_next
from tourplan.hours import duration
from tourplan.measures import number
from tourplan.optimise.solve import Progress, Solution
from tourplan.plan import Day, Plan, Wait
from tourplan.planner import planned, searched
from tourplan.prepare import Case, prepare
from tourplan.problem import MONTH_WEEKS
from tourplan.scenario import Scenario
from tourplan.study.result import Result, Sought
from tourplan.study.roundcases import (
    FIXED,
    Chosen,
    Shape,
    chosen,
    fixed_teams,
    lacking,
    month_weeks,
    round_scenario,
    shape_of,
)
from tourplan.waits import waits_of

ROUNDS, COMMUNES = (1, 2, 4), (10, 20)
MOST_COMMUNES, MOST_CELLS = 400, 20
THRESHOLDS = (30, 20, 15)

COLUMNS = (
    "tournees_par_mois",
    "communes",
    "possible",
    "pourquoi",
    "semaines_equipe_par_mois",
    "vehicules",
    "agents",
    "communes_desservies",
    "permanences_par_mois",
    "visites_attendues",
    "visites_possibles",
    "visites_sans_place",
    "communes_saturees",
    "prochaine_permanence_moyenne_j",
    "prochaine_permanence_max_j",
    "habitants_au_dela_30",
    "habitants_au_dela_20",
    "habitants_au_dela_15",
    "ouverture_h",
    "route_h",
    "travail_agents_h",
    "km",
    "cout_eur",
    "co2_kg",
    "demontre",
    "objectifs",
    "noms",
    "fichier",
)


@dataclass(frozen=True, eq=False)
class Cell(Sought):
    """So many rounds a month over so many communes.

    Attributes:
        rounds, communes: what is asked.
        shape: how a round is run, by how many crews.
        agents: how many agents that takes.
        plan: the best plan of one round.
        waits: what a month offers to the people of each commune, then of all.
    """

    rounds: int
    communes: int
    shape: Shape
    agents: int
    waits: tuple[Wait, ...] = ()

    @property
    def crew_weeks(self) -> int:
        """Weeks of one crew in a month."""
        return self.rounds * self.shape.crew_weeks

    @property
    def file(self) -> str:
        """The name of the file of its plan: plans of one shape are the same."""
        crews = f"_{self.shape.vehicles}_vehicules" if self.shape.vehicles > 1 else ""
        return f"plan_{self.communes}_communes{crews}.json" if self.plan else ""

    @property
    def proved(self) -> str:
        """Whether its plan is proved, and for which teams: ``oui, équipes fixes`` where so."""
        if self.plan is None or not self.plan.proved:
            return "non" if self.plan else ""
        return "oui, équipes fixes" if FIXED in self.plan.notes else "oui"

    @property
    def words(self) -> str:
        """``2 tournées par mois de 10 communes``."""
        return f"{counted(self.rounds, 'tournée')} par mois de {counted(self.communes, 'commune')}"


@dataclass(frozen=True, eq=False)
class Rounds(Result):
    """The table: a cell for each number of rounds and of communes, none left out.

    Attributes:
        title: of the scenario.
        cells: by number of communes, then of rounds.
        assumptions: what was assumed, in French.
    """

    title: str
    cells: tuple[Cell, ...]
    assumptions: tuple[str, ...]
    columns: ClassVar[tuple[str, ...]] = COLUMNS

    def cell(self, rounds: int, communes: int) -> Cell:
        """The cell of so many rounds over so many communes."""
        return next(c for c in self.cells if (c.rounds, c.communes) == (rounds, communes))

    @property
    def plans(self) -> dict[str, Plan]:
        """The plans by the name of their file."""
        return {cell.file: cell.plan for cell in self.cells if cell.plan}

    def rows(self) -> Iterator[tuple[str, ...]]:
        """One row a cell under ``COLUMNS``."""
        yield from map(_row, self.cells)

    def sentences(self) -> list[str]:
        """The table in French: who is far without a tour, each cell, each plan, assumptions."""
        plans = list(self.plans.values())
        lines = [_before_sentence(plans[0])] if plans else []
        for cell in self.cells:
            lines += _cell_sentences(cell)
        for file, plan in self.plans.items():
            lines += _proof_sentences(file, plan)
        lines += [f"Hypothèse : {words}." for words in self.assumptions]
        return [*lines, *[f"Temps de route : {origin_words(plan.origin)}." for plan in plans[:1]]]

    def to_dict(self) -> dict[str, Any]:
        """The table as plain data under French keys."""
        return {
            "phrases": self.sentences(),
            "cases": [
                {
                    **dict(zip(COLUMNS, row, strict=True)),
                    "changements": [repair.to_dict() for repair in cell.repairs],
                    "autres_moyens": [other.to_dict() for other in cell.others],
                }
                for cell, row in zip(self.cells, self.rows(), strict=True)
            ],
        }

    def __repr__(self) -> str:
        solved = [cell.plan for cell in self.cells if cell.plan]
        proved = sum(plan.proved for plan in solved)
        count = len(self.cells)
        return f"Rounds({self.title!r}, {count} cases, {len(solved)} plans, {proved} démontrés)"


def rounds(
    scenario: Scenario | Case | str | Path,
    rounds: Sequence[int] = ROUNDS,
    communes: Sequence[int] = COMMUNES,
    *,
    limit_s: float | None = None,
    progress: Progress = lambda _: None,
    stop: threading.Event | None = None,
) -> Rounds:
    """What so many rounds a month over so many communes would bring, ask and cost.

    A round is one pass: every commune once, as the scenario's rules allow. Its plan is solved as
    any other, each level with its bound; a month repeats it. Communes are those that the scenario
    names where it names exactly so many, else the best of its candidates. Agents and vehicles are
    taken to be there in the weeks it takes.

    Args:
        scenario: the scenario, or its prepared case.
        rounds: numbers of rounds a month, of 1 to 4.
        communes: numbers of communes.
        limit_s: seconds the whole call may take; the scenario's own limit by default.
        progress: told each step in French.
        stop: set it to keep the cells worked out so far.

    Raises:
        InputError: the scenario has faults, or what is asked is no number of rounds or communes.
    """
    started = monotonic()
    case, stop = Case.of(scenario), stop or threading.Event()
    if faults := _faults(rounds, communes):
        raise InputError(faults)
    limit_s = case.scenario.computing.limit_s if limit_s is None else limit_s
    asked = [_asked(case, n, m) for m in sorted(set(communes)) for n in sorted(set(rounds))]
    keys = list(dict.fromkeys((c.communes, c.shape) for c, _ in asked if not c.impossible))
    known: dict[tuple[int, Shape], tuple[Case | None, Cell]] = {}
    cells = []
    for cell, which in asked:
        if cell.impossible or isinstance(which, str):
            cells.append(cell)
            continue
        key = (cell.communes, cell.shape)
        if key not in known:
            left = (started + limit_s - monotonic()) / (len(keys) - len(known))
            known[key] = _solved(case, cell, which, left, progress, stop)
        cells.append(_of_month(case.scenario, cell, *known[key]))
    fixed = any(FIXED in cell.plan.notes for cell in cells if cell.plan)
    told = (*_assumptions(case.scenario), *[FIXED.replace(" (hypothèse)", "")] * fixed)
    return Rounds(case.scenario.title, tuple(cells), told)


def _faults(rounds: Sequence[int], communes: Sequence[int]) -> list[Fault]:
    """Numbers that cannot be asked."""
    faults = []
    for where, values, most in (
        ("tournees", rounds, MONTH_WEEKS),
        ("communes", communes, MOST_COMMUNES),
    ):
        wrong = [str(value) for value in values if not 1 <= value <= most]
        if wrong or not values:
            what = f"impossible : {listed(wrong)}" if wrong else "aucun nombre"
            faults.append(Fault(where, what, f"donnez des nombres de 1 à {most}"))
    if len(set(rounds)) * len(set(communes)) > MOST_CELLS:
        faults.append(Fault("communes", f"plus de {MOST_CELLS} cases", "demandez-en moins"))
    return faults


def _asked(case: Case, rounds: int, communes: int) -> tuple[Cell, Chosen | str]:
    """A cell not yet solved, with its communes; those that cannot be say why."""
    scenario = case.scenario
    shape = shape_of(scenario, rounds, communes)
    cell = Cell(rounds, communes, shape, shape.vehicles * scenario.crew.size)
    which = chosen(case, communes)
    reasons = [which] if isinstance(which, str) else []
    reasons += [short] if (short := lacking(scenario, shape, rounds)) else []
    if reasons:
        cell = replace(cell, impossible=True, why_not=" ; ".join(reasons))
    return cell, which


def _solved(
    case: Case,
    cell: Cell,
    which: Chosen,
    limit_s: float,
    progress: Progress,
    stop: threading.Event,
) -> tuple[Case | None, Cell]:
    """The case of a round and its plan, or why there is none."""
    progress(f"une tournée de {counted(cell.communes, 'commune')} ?")
    now = monotonic()
    if limit_s <= 0 or stop.is_set():
        return None, replace(cell, why_not="pas de réponse (le temps a manqué)")
    try:
        own = prepare(round_scenario(case, cell.shape, which))
    except InputError as error:
        return None, replace(cell, impossible=True, why_not=_faults_words(error))
    try:
        own, found = _searched(own, now + limit_s, progress, stop)
        plan = planned(own, found, now)
    except NoPlanError as error:
        return None, cell.clashing(error)
    except InputError as error:
        return None, replace(cell, why_not=f"pas de réponse ({_faults_words(error)})")
    return own, replace(cell, plan=plan)


def _faults_words(error: InputError) -> str:
    """Every fault in one line."""
    return " ; ".join(map(str, error.faults))


def _searched(
    own: Case, deadline: float, progress: Progress, stop: threading.Event
) -> tuple[Case, Solution]:
    """The best days of a round, and its case, which says so when its teams were fixed.

    Raises:
        InputError: no plan was found in time.
        NoPlanError: no plan keeps every requirement, whatever the teams.
    """
    fixed = fixed_teams(own.problem)
    if fixed is not own.problem:
        try:
            found = searched(own, fixed, deadline, progress, stop)
        except NoPlanError:
            progress("et avec d’autres équipes ?")
        else:
            return replace(own, notes=(*own.notes, FIXED)), found
    return own, searched(own, own.problem, deadline, progress, stop)


def _of_month(scenario: Scenario, cell: Cell, own: Case | None, solved: Cell) -> Cell:
    """A cell with what was solved for its round, and what a month of it offers."""
    if own is None or solved.plan is None:
        return replace(
            cell,
            impossible=solved.impossible,
            why_not=solved.why_not,
            repairs=solved.repairs,
            others=solved.others,
        )
    weeks = month_weeks(scenario, cell.rounds * cell.shape.weeks)
    days = [_repeated(day, weeks[day.week - 1 :: cell.shape.weeks]) for day in solved.plan.days]
    waits = waits_of(own.scenario, own.territory, own.problem, days)
    return replace(cell, plan=solved.plan, waits=waits)


def _repeated(day: Day, weeks: Sequence[int]) -> Day:
    """A day that runs in some weeks of the month, always with the same team."""
    team = next(iter(day.teams.values()))
    return day.model_copy(update={"teams": dict.fromkeys(weeks, team)})


def _assumptions(scenario: Scenario) -> Iterator[str]:
    """What the table takes for granted."""
    yield "une tournée passe une fois dans chaque commune ; le mois la répète à l’identique"
    yield (
        "agents et véhicules sont là les semaines qu’il faut, même si le scénario en donne d’autres"
    )
    yield (
        "le public attendu ne dépend pas du nombre de passages ; les autres suppositions sont "
        "celles d’attente.csv"
    )
    if len(scenario.vehicles) > 1:
        yield "les véhicules sont pris dans l’ordre du scénario"
    yield "le coût est celui des trajets, sans le temps des agents"


def _before_sentence(plan: Plan) -> str:
    """Who is far from a counter without any tour."""
    before = plan.access[-1].before
    told = listed([f"{number(before[t])} à plus de {t} min" for t in THRESHOLDS])
    return f"Sans tournée, habitants loin d’un accueil : {told}."


def _cell_sentences(cell: Cell) -> list[str]:
    """A cell: what it takes, who finds room, when, what it costs; or why it cannot be."""
    head = capital(cell.words)
    if cell.plan is None:
        state = "impossible" if cell.impossible else "non calculé"
        ways = (f"    {line}" for line in ways_out(cell.repairs, cell.others))
        return [f"{head} : {state}.", f"  {cell.why_not.rstrip('.')}.", *ways]
    proof = {"oui": "démontré", "non": "non démontré"}.get(cell.proved, "démontré, équipes fixes")
    after = cell.plan.access[-1].after
    told = listed([f"{number(after[t])} à plus de {t} min" for t in THRESHOLDS])
    return [
        f"{head} ({_means(cell)}) :",
        f"  {_room(cell)}",
        f"  Habitants loin d’un accueil : {told} ({proof}).",
        f"  {_effort(cell)}",
    ]


def _means(cell: Cell) -> str:
    """The crews and weeks that a cell takes."""
    weeks = f"{counted(cell.crew_weeks, 'semaine')} d’équipe par mois"
    several = f", {cell.shape.vehicles} véhicules et {cell.agents} agents"
    return weeks + several * (cell.shape.vehicles > 1)


def _room(cell: Cell) -> str:
    """Visits that fit, and days until the next session."""
    whole = cell.waits[-1]
    served = cell.plan.figures.communes if cell.plan else 0
    fewer = f" ({counted(served, 'commune')} suffisent)" if served < cell.communes else ""
    by_month = cell.plan is None or cell.plan.week_rule == "mois"
    return (
        f"{number(whole.fit)} visites possibles sur {number(whole.visits)} attendues par mois"
        f"{_short(cell)}{fewer} ; {until_next(whole, by_month=by_month)}."
    )


def _short(cell: Cell) -> str:
    """The visits that do not fit, and where."""
    full = [wait for wait in cell.waits[:-1] if wait.saturated]
    if not full:
        return ""
    full.sort(key=lambda wait: (-wait.unfit, wait.name))
    names = [wait.name for wait in full[:MOST_NAMED]]
    more = len(full) - MOST_NAMED
    names += [counted(more, "autre commune", "autres communes")] if more > 0 else []
    return f", {unfit_words(cell.waits[-1])} sans place (communes saturées : {listed(names)})"


def _effort(cell: Cell) -> str:
    """Hours and money of a month."""
    assert cell.plan is not None  # noqa: S101
    figures, times = cell.plan.figures, cell.rounds
    return (
        f"Par mois : {duration(times * figures.open_s)} d’ouverture, "
        f"{duration(times * figures.drive_s)} de route ({number(times * figures.drive_m / 1000)} "
        f"km, {number(times * figures.cost_eur)} €), {duration(times * _agent_work_s(cell.plan))} "
        "de travail d’agents."
    )


def _agent_work_s(plan: Plan) -> int:
    """Seconds of work of all agents in a round."""
    return sum(day.work_s * len(next(iter(day.teams.values()))) for day in plan.days)


def _proof_sentences(file: str, plan: Plan) -> list[str]:
    """The communes of a plan, and its levels with their proofs."""
    names = ", ".join(_names(plan))
    return [f"Objectifs de {file} ({names}) :", *levels_table(plan)]


def _names(plan: Plan) -> list[str]:
    return sorted({stop.name for day in plan.days for stop in day.stops})


def _row(cell: Cell) -> tuple[str, ...]:
    """A cell as cells of the table."""
    head = (str(cell.rounds), str(cell.communes))
    means = (str(cell.crew_weeks), str(cell.shape.vehicles), str(cell.agents))
    plan = cell.plan
    if plan is None:
        state = "non" if cell.impossible else "non calculé"
        why = " ; ".join([cell.why_not, *ways_out(cell.repairs, cell.others)])
        blank = ("",) * (len(COLUMNS) - len(head) - len(means) - 2)
        return (*head, state, why, *means, *blank)
    return (*head, "oui", "", *means, *_room_cells(cell, plan), *_plan_cells(cell, plan))


def _room_cells(cell: Cell, plan: Plan) -> Iterator[str]:
    """Sessions, visits, days to wait."""
    whole = cell.waits[-1]
    yield str(plan.figures.communes)
    yield str(whole.sessions)
    yield decimal_comma(whole.visits, 1)
    yield decimal_comma(whole.fit, 1)
    yield decimal_comma(whole.unfit, 1)
    yield str(sum(wait.saturated for wait in cell.waits[:-1]))
    yield "" if whole.mean_days is None else decimal_comma(whole.mean_days, 1)
    yield "" if whole.most_days is None else str(whole.most_days)


def _plan_cells(cell: Cell, plan: Plan) -> Iterator[str]:
    """Who stays far, what a month takes, and the proof."""
    figures, times = plan.figures, cell.rounds
    yield from (str(plan.access[-1].after[minutes]) for minutes in THRESHOLDS)
    for seconds in (figures.open_s, figures.drive_s, _agent_work_s(plan)):
        yield decimal_comma(times * seconds / 3600, 2)
    yield decimal_comma(times * figures.drive_m / 1000, 1)
    yield decimal_comma(times * figures.cost_eur, 2)
    yield decimal_comma(times * figures.emissions_gco2 / 1000, 1)
    yield cell.proved
    yield " ; ".join(line.strip() for line in levels_table(plan))
    yield ", ".join(_names(plan))
    yield cell.file
