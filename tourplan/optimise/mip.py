"""A mixed-integer model as arrays, and its least value, found by two solvers.

They are good at different models: one closes in a second what the other leaves open for minutes, a
model without any plan most of all. So both work on a hard model, each in a process of its own
(``children``) and each helped by what the other found, until one proves the optimum or both do
together. They run in slices of branching nodes, so that Ctrl-C keeps the best solution so far. On
one core they take turns, and the same model gives the same solution.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import ceil
from time import monotonic

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tourplan.optimise import children, solvers
from tourplan.optimise.solvers import (
    LONGEST_S,
    Arrays,
    Call,
    LinearProgram,
    Raw,
    Solver,
    answer_of,
    call_message,
    called,
)
from tourplan.optimise.solvers import Relaxed as Relaxed
from tourplan.optimise.solvers import SolverError as SolverError

SOLVERS: tuple[Solver, ...] = ("HIGHS", "GSCIP")
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FIRST_SLICE_NODES = 1_000
"""Branching nodes of the first slice, each being twice as long as the one before.

Ctrl-C loses what the running slice found; with a solution in hand slices are ten times longer.
Nodes, not seconds: a slow machine takes the same steps and finds the same plan.
"""
MOST_NODES = 2**30
GRACE_S = 1.0
"""How long a solver may overrun its limit before it is left behind."""
_late: list[threading.Thread] = []
"""Solvers of this process that overran their limit, and may still run."""
SMALL_COLUMNS = 4_000
"""Up to so many columns HiGHS is first tried alone, for so long: most such models need no more."""
ALONE_S = 1.0
_KEPT = 1e-6
"""How far a rounded solution may be, relative to 1 + what the row adds up."""
_ROUNDING = 1e-3
"""A bound this little (relative to 1 + |bound| / 1e9) past a whole number is that number."""


@dataclass(frozen=True, eq=False)
class Expression:
    """A sum of whole coefficients times variables, plus a constant."""

    variables: Ints
    coefficients: Ints
    constant: int = 0

    def plus(self, *others: Expression) -> Expression:
        """The sum of expressions."""
        every = (self, *others)
        return Expression(
            np.concatenate([e.variables for e in every]),
            np.concatenate([e.coefficients for e in every]),
            sum(e.constant for e in every),
        )

    def minus(self) -> Expression:
        """Its opposite."""
        return Expression(self.variables, -self.coefficients, -self.constant)

    def value(self, solution: Floats) -> int:
        """The value at a solution, exact: variables that are whole are rounded first."""
        return self.constant + int(np.rint(solution[self.variables] @ self.coefficients))


@dataclass(frozen=True)
class Means:
    """What a search may use: the solvers' seed, and cores, with one of which nothing is random."""

    seed: int = 0
    cores: int = 1


ONE_CORE = Means()
NOTHING = Expression(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
"""Nothing to minimise: any solution will do."""


@dataclass(frozen=True)
class Answer:
    """What a solve found: ``values`` of all variables or ``None``, and the proved bound.

    ``complete``: the solver ended of itself. Its bound may then still miss the value, where they
    are too large for its arithmetic, and more time would not help.
    """

    values: Floats | None
    bound: int | None
    infeasible: bool = False
    complete: bool = False


@dataclass
class Mip:
    """Variables and rows, added as arrays."""

    lower: list[Floats] = field(default_factory=list)
    upper: list[Floats] = field(default_factory=list)
    integer: list[NDArray[np.bool_]] = field(default_factory=list)
    size: int = 0
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    row_entries: list[tuple[Ints, Floats]] = field(default_factory=list)
    row_unit: list[int] = field(default_factory=list)

    def variables(
        self, count: int, upper: ArrayLike = 1.0, *, lower: ArrayLike = 0.0, integer: bool = True
    ) -> Ints:
        """``count`` new variables; their numbers."""
        first = self.size
        self.lower.append(np.broadcast_to(np.asarray(lower, dtype=float), (count,)))
        self.upper.append(np.broadcast_to(np.asarray(upper, dtype=float), (count,)))
        self.integer.append(np.full(count, integer))
        self.size += count
        return np.arange(first, self.size, dtype=np.int64)

    def row(
        self,
        variables: Ints,
        coefficients: ArrayLike,
        *,
        at_least: float = -np.inf,
        at_most: float = np.inf,
    ) -> int:
        """The rule ``at_least <= sum(coefficients * variables) <= at_most``; its number.

        Coefficients of one variable add up. Whole coefficients are divided by what they have in
        common: seconds become minutes or five-minute steps, which solvers handle better.
        """
        weights = np.broadcast_to(np.asarray(coefficients, dtype=float), variables.shape)
        distinct, which = np.unique(variables, return_inverse=True)
        sums = np.bincount(which, weights=weights, minlength=len(distinct))
        keep = sums != 0
        unit = _common(sums[keep])
        self.row_entries.append((distinct[keep], sums[keep] / unit))
        self.row_lower.append(at_least / unit)
        self.row_upper.append(at_most / unit)
        self.row_unit.append(unit)
        return len(self.row_unit) - 1

    def extend(self, row: int, variables: Ints, coefficients: ArrayLike) -> None:
        """More variables in a row: none it has already, each once."""
        weights = np.broadcast_to(np.asarray(coefficients, dtype=float), variables.shape)
        keep = weights != 0
        known, sums = self.row_entries[row]
        every = np.concatenate([known, variables[keep]])
        order = np.argsort(every, kind="stable")
        self.row_entries[row] = (
            every[order],
            np.concatenate([sums, weights[keep] / self.row_unit[row]])[order],
        )

    def equal(self, variables: Ints, coefficients: ArrayLike, value: float = 0.0) -> int:
        """The rule ``sum(coefficients * variables) = value``; its number."""
        return self.row(variables, coefficients, at_least=value, at_most=value)

    def bound(
        self, objective: Expression, *, at_least: float = -np.inf, at_most: float = np.inf
    ) -> None:
        """The rule ``at_least <= objective <= at_most``."""
        shift = objective.constant
        self.row(
            objective.variables,
            objective.coefficients,
            at_least=at_least - shift,
            at_most=at_most - shift,
        )

    def keep(self, objective: Expression, value: int) -> int:
        """The rule that ``objective``, always whole, stays at most ``value``; its number."""
        return self.row(
            objective.variables,
            objective.coefficients,
            at_most=value - objective.constant + unit_of(objective) / 2,
        )

    def kept_by(self, values: Floats) -> bool:
        """Whether a solution keeps every row."""
        if not self.row_entries:
            return True
        lengths = np.array([len(variables) for variables, _ in self.row_entries])
        columns = np.concatenate([variables for variables, _ in self.row_entries])
        terms = values[columns] * np.concatenate([weights for _, weights in self.row_entries])
        rows = np.repeat(np.arange(len(lengths)), lengths)
        sums = np.bincount(rows, weights=terms, minlength=len(lengths))
        sizes = np.bincount(rows, weights=np.abs(terms), minlength=len(lengths))
        slack = _KEPT * (1 + sizes)
        lower, upper = np.array(self.row_lower), np.array(self.row_upper)
        return bool(((sums >= lower - slack) & (sums <= upper + slack)).all())

    def within(self, values: Floats) -> bool:
        """Whether a solution keeps the bounds of every variable."""
        lower, upper = np.concatenate(self.lower), np.concatenate(self.upper)
        slack = _KEPT * (1 + np.abs(values))
        return bool(((values >= lower - slack) & (values <= upper + slack)).all())

    def copied(self) -> Mip:
        """A model of its own, the same."""
        return replace(
            self,
            lower=[*self.lower],
            upper=[*self.upper],
            integer=[*self.integer],
            row_lower=[*self.row_lower],
            row_upper=[*self.row_upper],
            row_entries=[*self.row_entries],
            row_unit=[*self.row_unit],
        )

    def without(self, rows: Sequence[int]) -> Mip:
        """A model of its own, the same but that some rows rule nothing out."""
        mip = self.copied()
        for row in rows:
            mip.row_lower[row], mip.row_upper[row] = -np.inf, np.inf
        return mip

    def freed(self, variables: Ints) -> Mip:
        """A model of its own, the same but that some variables need not be whole."""
        integer = np.concatenate(self.integer)
        integer[variables] = False
        return replace(self.copied(), integer=[integer])

    def limited(self, variables: Ints, lower: Floats, upper: Floats) -> Mip:
        """The same model with other bounds for some variables."""
        lows, highs = np.concatenate(self.lower), np.concatenate(self.upper)
        lows[variables], highs[variables] = lower, upper
        return replace(self, lower=[lows], upper=[highs])

    def arrays(self, objective: Expression) -> Arrays:
        """The model as solvers read it; the objective in its units, its constant left out."""
        variables, where = np.unique(objective.variables, return_inverse=True)
        steps = objective.coefficients // unit_of(objective)
        costs = np.bincount(where, weights=steps, minlength=len(variables))
        keep = costs != 0
        none = np.empty(0)
        return Arrays(
            lower=np.concatenate([none, *self.lower]),
            upper=np.concatenate([none, *self.upper]),
            integer=np.concatenate([none.astype(bool), *self.integer]),
            row_lower=np.array(self.row_lower, dtype=float),
            row_upper=np.array(self.row_upper, dtype=float),
            lengths=np.array([len(columns) for columns, _ in self.row_entries], dtype=np.int64),
            columns=np.concatenate([none.astype(np.int64), *(c for c, _ in self.row_entries)]),
            weights=np.concatenate([none, *(weights for _, weights in self.row_entries)]),
            costs=(variables[keep], costs[keep]),
        )

    def bounds(self, variable: int) -> tuple[float, float]:
        """The least and the most that a variable may be."""
        return float(np.concatenate(self.lower)[variable]), float(
            np.concatenate(self.upper)[variable]
        )

    def forbid(self, variables: Ints) -> None:
        """Give some variables the upper bound 0."""
        upper = np.concatenate(self.upper)
        upper[variables] = 0.0
        self.upper = [upper]

    def reduced_costs(self, objective: Expression, relaxed: Relaxed) -> Floats:
        """Of the variables that were there when the relaxation was solved, at its optimum."""
        size, rows = len(relaxed.values), len(relaxed.duals)
        costs = np.zeros(size)
        np.add.at(costs, objective.variables, objective.coefficients)
        for (variables, entries), dual in zip(self.row_entries[:rows], relaxed.duals, strict=True):
            if dual:
                known = variables < size
                costs[variables[known]] -= dual * entries[known]
        return costs

    def relax(self, objective: Expression, deadline: float) -> Relaxed | None:
        """The optimum of the linear relaxation; ``None`` when there is none, or no time for it."""
        return Lp(self, objective).solve(deadline)

    def minimise(
        self,
        objective: Expression,
        *,
        deadline: float,
        hint: Floats | None = None,
        seed: int = 0,
        stop: threading.Event | None = None,
        cores: int = 1,
        nodes: int | None = None,
        enough: int | None = None,
    ) -> Answer:
        """Minimise ``objective`` until proved, ``deadline`` (``time.monotonic``) or ``stop``.

        ``hint`` may be shorter than the variables: those added since have none. With one of
        ``cores`` the solvers take turns and the same call gives the same answer, unless time runs
        out; with more they work side by side on a model that is not small. With ``nodes``, HiGHS
        alone looks at so many branching nodes, once. With ``enough``, all that is asked is whether
        the least value is at most that: the search ends as soon as a value or the bound tells.

        Raises:
            SolverError: a solver gives an answer no model of ours should have.
        """
        task = _Task(self, objective, deadline, hint, seed, stop or threading.Event(), enough)
        if nodes is not None:
            return _one_slice(task, nodes)
        if cores < 2:
            return _in_turn(task, SOLVERS)
        if self.size <= SMALL_COLUMNS:
            _in_turn(task, ("HIGHS",), monotonic() + ALONE_S)
            if task.over:
                return task.best
        return _side_by_side(task)


class Lp(LinearProgram):
    """The linear relaxation of a model."""

    def __init__(self, mip: Mip, objective: Expression) -> None:
        super().__init__(mip.arrays(objective), unit_of(objective), objective.constant)


@dataclass
class _Task:
    """A model being minimised, and the best answer so far."""

    mip: Mip
    objective: Expression
    deadline: float
    hint: Floats | None
    seed: int
    stop: threading.Event
    enough: int | None = None
    best: Answer = field(default_factory=lambda: Answer(None, None))
    ended: bool = False
    done: set[Solver] = field(default_factory=set)

    @property
    def told_to_end(self) -> bool:
        """Whether there is nothing left to do, or ``stop`` is set."""
        return self.ended or self.stop.is_set()

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do, or no time for it."""
        return self.told_to_end or monotonic() >= self.deadline

    @property
    def start(self) -> Floats | None:
        """Where a solver starts from: the best solution so far, else the hint."""
        return self.hint if self.best.values is None else self.best.values

    def first_nodes(self) -> int:
        """Nodes of a solver's first slice."""
        return FIRST_SLICE_NODES * (1 if self.hint is None else 10)

    def keep(self, found: Answer, solver: Solver) -> None:
        """Take note of what a slice found.

        A solver that is done may have proved less than it says, where numbers are too large for
        its arithmetic: the search goes on with the other, and ends when both are done.
        """
        if found.infeasible and self.best.values is None:
            self.best, self.ended = found, True
            return
        best = self.best = _better(self.objective, self.best, found)
        if found.complete or found.infeasible:
            self.done.add(solver)
        value = None if best.values is None else self.objective.value(best.values)
        proved = value is not None and best.bound == value
        self.ended = proved or self.done == set(SOLVERS)
        self.best = replace(best, complete=self.ended)
        self.ended |= self._told(value, best.bound)

    def _told(self, value: int | None, bound: int | None) -> bool:
        """Whether it is known on which side of what is enough the least value is."""
        if self.enough is None:
            return False
        reached = value is not None and value <= self.enough
        return reached or (bound is not None and bound > self.enough)


def _better(objective: Expression, old: Answer, new: Answer) -> Answer:
    """The better solution of two and the better bound."""
    values = new.values
    if values is None or (
        old.values is not None and objective.value(old.values) <= objective.value(values)
    ):
        values = old.values
    bounds = [b for b in (old.bound, new.bound) if b is not None]
    return replace(new, values=values, bound=max(bounds) if bounds else None, infeasible=False)


def _one_slice(task: _Task, nodes: int) -> Answer:
    """What HiGHS finds within some branching nodes."""
    seconds = min(task.deadline - monotonic(), LONGEST_S)
    if seconds > 0:
        call = Call("HIGHS", seconds, nodes, task.seed)
        work = partial(_solve, task.mip, task.objective, call, task.start)
        found = _on_a_thread(work, task.stop, task.deadline)
        if found is not None:
            task.keep(found, "HIGHS")
    return task.best


def _in_turn(task: _Task, solvers: Sequence[Solver], until: float = float("inf")) -> Answer:
    """Slices of each solver in turn, twice as long each time, on this thread's account."""
    until, nodes = min(until, task.deadline), task.first_nodes()
    while not task.over and monotonic() < until:
        for solver in solvers:
            if solver in task.done:
                continue
            if task.over or (seconds := min(until - monotonic(), LONGEST_S)) <= 0:
                break
            call = Call(solver, seconds, nodes, task.seed)
            work = partial(_solve, task.mip, task.objective, call, task.start)
            found = _on_a_thread(work, task.stop, until)
            if found is None:
                return task.best
            task.keep(found, solver)
        if task.done.issuperset(solvers):
            break
        nodes = min(2 * nodes, MOST_NODES)
    return task.best


def _on_a_thread(
    work: Callable[[], Answer], stop: threading.Event, deadline: float
) -> Answer | None:
    """The answer of ``work``, or ``None`` when ``stop``, Ctrl-C or ``deadline`` comes before it.

    The solver cannot be told to stop, and at times overruns its own limit: past ``deadline`` and a
    little grace its thread is left behind, a daemon. Until it is done, no other is started.
    """
    _wait(_late, stop, deadline)
    if any(thread.is_alive() for thread in _late):
        return None
    _late.clear()
    answers: list[Answer] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(work())
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    _wait([thread], stop, deadline + GRACE_S)
    if thread.is_alive() and not stop.is_set():
        _late.append(thread)
    if failures:
        raise failures[0]
    return answers[0] if answers else None


def _wait(threads: Sequence[threading.Thread], stop: threading.Event, until: float) -> None:
    """Wait for threads to be done, but no longer than ``until``, ``stop`` or Ctrl-C."""
    try:
        for thread in threads:
            while thread.is_alive() and not stop.is_set() and monotonic() < until:
                thread.join(0.05)
    except KeyboardInterrupt:
        stop.set()


def _side_by_side(task: _Task) -> Answer:
    """Both solvers at once, each in a child process, until one is done or both are together."""
    model = task.mip.arrays(task.objective).proto().SerializeToString()
    answers: queue.SimpleQueue[tuple[children.Child, bytes | None]] = queue.SimpleQueue()
    busy: dict[children.Child, Call] = {}
    try:
        for solver in (one for one in SOLVERS if one not in task.done):
            child = children.take(solvers.__name__)
            if child is None:
                break
            call = Call(solver, 0.0, task.first_nodes(), task.seed)
            _ask(task, busy, child, call, model, answers)
        if not busy:
            return _in_turn(task, SOLVERS)
        while busy and not task.told_to_end and monotonic() < task.deadline + GRACE_S:
            _hear(task, busy, model, answers)
    except KeyboardInterrupt:
        task.stop.set()
    finally:
        for child in busy:
            child.end()
    return task.best


def _ask(
    task: _Task,
    busy: dict[children.Child, Call],
    child: children.Child,
    call: Call,
    model: bytes,
    answers: queue.SimpleQueue[tuple[children.Child, bytes | None]],
) -> None:
    """Send a call to a child, with all the time that is left."""
    seconds = min(max(task.deadline - monotonic(), 0.0), LONGEST_S)
    busy[child] = replace(call, seconds=seconds)
    child.ask(call_message(busy[child], model, task.start), answers)


def _hear(
    task: _Task,
    busy: dict[children.Child, Call],
    model: bytes,
    answers: queue.SimpleQueue[tuple[children.Child, bytes | None]],
) -> None:
    """Wait a moment for an answer; a slice without proof is followed by a longer one."""
    try:
        child, answer = answers.get(timeout=0.05)
    except queue.Empty:
        return
    call = busy.pop(child, None)
    if call is None:
        return  # a dead child is heard of twice: when it dies, and when it is asked
    if answer is None:
        child.end()
        if not busy:
            raise SolverError("the solvers' processes died")
        return
    children.give_back(child)
    task.keep(_answer(task.mip, task.objective, answer_of(answer)), call.solver)
    if not (task.over or call.solver in task.done):
        longer = replace(call, nodes=min(2 * call.nodes, MOST_NODES))
        again = children.take(solvers.__name__)
        if again is not None:
            _ask(task, busy, again, longer, model, answers)


def _solve(mip: Mip, objective: Expression, call: Call, start: Floats | None) -> Answer:
    """One call of a solver in this process."""
    return _answer(mip, objective, called(mip.arrays(objective).proto(), call, start))


def _answer(mip: Mip, objective: Expression, raw: Raw) -> Answer:
    """What a solver says, in whole units; a solution that breaks a row once rounded is none."""
    if raw.end == "infeasible":
        return Answer(None, None, infeasible=True)
    values = None if raw.values is None else _whole(mip, raw.values)
    if values is not None and not (mip.within(values) and mip.kept_by(values)):
        values = None
    bound = whole_bound(raw.bound, objective)
    return Answer(values, bound, complete=raw.end == "optimal" and values is not None)


def _whole(mip: Mip, values: Floats) -> Floats:
    """The solution with its whole variables made exactly whole."""
    integer = np.concatenate(mip.integer)
    return np.where(integer, np.rint(values), values)


def _common(weights: Floats) -> int:
    """The greatest common divisor of whole weights; 1 when there is none."""
    whole = np.rint(weights).astype(np.int64)
    return int(np.gcd.reduce(whole, initial=0)) or 1 if (whole == weights).all() else 1


def unit_of(objective: Expression) -> int:
    """What every value of the objective is a whole number of, its constant aside."""
    return int(np.gcd.reduce(objective.coefficients, initial=0)) or 1


def whole_bound(bound: float, objective: Expression) -> int | None:
    """The least whole value the objective can still take, given the solver's bound."""
    if not np.isfinite(bound):
        return None
    steps = ceil(bound - _ROUNDING * (1 + abs(bound) / 1e9))
    return objective.constant + unit_of(objective) * steps


def relaxed_bound(relaxed: float, objective: Expression) -> int | None:
    """The same, given the value of a linear relaxation, in the units of the objective."""
    return whole_bound((relaxed - objective.constant) / unit_of(objective), objective)
