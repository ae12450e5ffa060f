"""A mixed-integer model as arrays, solved by HiGHS through OR-Tools' MathOpt.

The only file that imports OR-Tools. What is known of MathOpt 9.15 with HiGHS: it stops at a
relative gap of 1e-4 and still says OPTIMAL, so both gaps are set and a value is proved only when
the bound meets it in whole units; it obeys no interrupter, so long solves run in slices on a
thread of their own, each starting from the best solution so far, and Ctrl-C keeps that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from math import ceil
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FIRST_SLICE_NODES = 100
"""Branching nodes of the first slice, each being twice as long as the one before.

Ctrl-C loses what the running slice found; with a solution in hand slices are ten times longer.
Nodes, not seconds: a slow machine takes the same steps and finds the same plan.
"""
PRESOLVE_COLUMNS = 20_000
"""Beyond so many columns HiGHS's presolve takes minutes and looks at no clock: it is left out."""
MOST_NODES = 2**30
LONGEST_S = 30 * 86_400.0
"""One call of the solver never gets more, even where no deadline is given."""
GRACE_S = 1.0
"""How long a solver may overrun its limit before it is left behind."""
_ROUNDING = 1e-3
"""A bound this little (relative to 1 + |bound| / 1e9) past a whole number is that number."""


class SolverError(RuntimeError):
    """The solver failed in a way no input should cause."""


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

    def value(self, solution: Floats) -> int:
        """The value at a solution, exact: variables that are whole are rounded first."""
        return self.constant + int(np.rint(solution[self.variables] @ self.coefficients))


NOTHING = Expression(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
"""Nothing to minimise: any solution will do."""


@dataclass(frozen=True)
class Answer:
    """What a solve found: ``values`` of all variables or ``None``, and the proved bound.

    ``complete``: the solver ended of itself. Its bound may then still miss the value, where they
    are too large for its arithmetic, and more time would not help. ``left_behind``: the solver
    did not stop when told; its thread still runs.
    """

    values: Floats | None
    bound: int | None
    infeasible: bool = False
    complete: bool = False
    left_behind: bool = False


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

    def keep(self, objective: Expression, value: int) -> None:
        """The rule that ``objective``, always whole, stays at most ``value``."""
        self.row(
            objective.variables,
            objective.coefficients,
            at_most=value - objective.constant + unit_of(objective) / 2,
        )

    def freed(self, variables: Ints) -> Mip:
        """The same model where some variables need not be whole."""
        integer = np.concatenate(self.integer)
        integer[variables] = False
        return replace(self, integer=[integer])

    def limited(self, variables: Ints, lower: Floats, upper: Floats) -> Mip:
        """The same model with other bounds for some variables."""
        lows, highs = np.concatenate(self.lower), np.concatenate(self.upper)
        lows[variables], highs[variables] = lower, upper
        return replace(self, lower=[lows], upper=[highs])

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
    ) -> Answer:
        """Minimise ``objective`` until proved, ``deadline`` (``time.monotonic``) or ``stop``.

        ``hint`` may be shorter than the variables: those added since have none.

        Raises:
            SolverError: the solver gives an answer no model of ours should have.
        """
        best = Answer(None, None)
        nodes = FIRST_SLICE_NODES * (1 if hint is None else 10)
        stop = stop or threading.Event()
        while (remaining := deadline - monotonic()) > 0 and not stop.is_set():
            budget = min(remaining, LONGEST_S)
            start = hint if best.values is None else best.values
            found = _on_a_thread(
                partial(_solve, self, objective, budget, nodes, start, seed), stop, deadline
            )
            if found is None:
                return replace(best, left_behind=True)
            if found.infeasible:
                return found
            best = _better(objective, best, found)
            proved = best.values is not None and best.bound == objective.value(best.values)
            if proved or found.complete:
                break
            nodes = min(2 * nodes, MOST_NODES)
        return best


@dataclass(frozen=True, eq=False)
class Relaxed:
    """An optimum of a linear relaxation: its value, all variables, and the dual of each row."""

    value: float
    values: Floats
    duals: Floats


class Lp:
    """The linear relaxation of a model, to which columns may be added, solved again and again.

    GLOP keeps its basis from one solve to the next: a few new columns or bounds cost few steps.
    """

    def __init__(self, mip: Mip, objective: Expression) -> None:
        from ortools.math_opt.python import mathopt

        self._mathopt = mathopt
        self._model = _model(mip, objective)
        self._unit, self._constant = unit_of(objective), objective.constant
        self._variables = list(self._model.variables())
        for variable in self._variables:
            variable.integer = False
        self._rows = list(self._model.linear_constraints())
        self._solver = mathopt.IncrementalSolver(self._model, mathopt.SolverType.GLOP)

    def column(self, rows: Ints, coefficients: Floats) -> None:
        """A new variable, at least 0, with its coefficients in some rows."""
        variable = self._model.add_variable(lb=0.0)
        for row, coefficient in zip(rows.tolist(), coefficients.tolist(), strict=True):
            self._rows[row].set_coefficient(variable, coefficient)
        self._variables.append(variable)

    def row(self, variables: Ints, coefficients: Floats, at_most: float) -> int:
        """A new rule ``sum(coefficients * variables) <= at_most``; its number."""
        row = self._model.add_linear_constraint(ub=at_most)
        for variable, coefficient in zip(variables.tolist(), coefficients.tolist(), strict=True):
            row.set_coefficient(self._variables[variable], coefficient)
        self._rows.append(row)
        return len(self._rows) - 1

    def bound(self, variable: int, lower: float, upper: float) -> None:
        """Other bounds of a variable."""
        self._variables[variable].lower_bound = lower
        self._variables[variable].upper_bound = upper

    def weigh(self, variables: Ints, cost: float) -> None:
        """Give some variables another cost in the objective."""
        for number in variables.tolist():
            self._model.objective.set_linear_coefficient(self._variables[number], cost / self._unit)

    def solve(self, deadline: float) -> Relaxed | None:
        """The optimum, or ``None`` when there is none or ``deadline`` comes first.

        Raises:
            SolverError: the solver gives an answer no model of ours should have.
        """
        parameters = self._mathopt.SolveParameters(
            time_limit=timedelta(seconds=max(deadline - monotonic(), 0.0)),
            presolve=self._mathopt.Emphasis.OFF,
        )
        result = self._solver.solve(params=parameters)
        reason, reasons = result.termination.reason, self._mathopt.TerminationReason
        if reason == reasons.IMPRECISE:  # coefficients far apart: the other way round does it
            parameters.lp_algorithm = self._mathopt.LPAlgorithm.DUAL_SIMPLEX
            result = self._solver.solve(params=parameters)
            reason = result.termination.reason
        if reason in (
            reasons.IMPRECISE,
            reasons.INFEASIBLE,
            reasons.INFEASIBLE_OR_UNBOUNDED,
            reasons.FEASIBLE,
            reasons.NO_SOLUTION_FOUND,
        ):
            return None
        if reason != reasons.OPTIMAL:
            raise SolverError(f"{reason.name}: {result.termination.detail}")
        return Relaxed(
            self._constant + self._unit * result.objective_value(),
            np.array(result.variable_values(self._variables)),
            self._unit * np.array(result.dual_values(self._rows)),
        )


def _better(objective: Expression, old: Answer, new: Answer) -> Answer:
    """The better solution of two and the better bound."""
    values = new.values
    if values is None or (
        old.values is not None and objective.value(old.values) < objective.value(values)
    ):
        values = old.values
    bounds = [b for b in (old.bound, new.bound) if b is not None]
    return replace(new, values=values, bound=max(bounds) if bounds else None)


def _on_a_thread(
    work: Callable[[], Answer], stop: threading.Event, deadline: float
) -> Answer | None:
    """The answer of ``work``, or ``None`` when ``stop``, Ctrl-C or ``deadline`` comes before it.

    The solver cannot be told to stop, and at times overruns its own limit: past ``deadline`` and a
    little grace its thread is left behind, a daemon.
    """
    answers: list[Answer] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(work())
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while thread.is_alive() and not stop.is_set() and monotonic() < deadline + GRACE_S:
            thread.join(0.05)
    except KeyboardInterrupt:
        stop.set()
    if failures:
        raise failures[0]
    return answers[0] if answers else None


def _solve(
    mip: Mip, objective: Expression, seconds: float, nodes: int, hint: Floats | None, seed: int
) -> Answer:
    """One call of the solver, for so many seconds and branching nodes at most."""
    from ortools.math_opt.python import mathopt

    model = _model(mip, objective)
    parameters = mathopt.SolveParameters(
        time_limit=timedelta(seconds=seconds),
        relative_gap_tolerance=0.0,
        absolute_gap_tolerance=0.5,
        random_seed=seed,
    )
    if mip.size > PRESOLVE_COLUMNS:
        parameters.presolve = mathopt.Emphasis.OFF
    parameters.highs.double_options["mip_feasibility_tolerance"] = 1e-9
    parameters.highs.int_options["mip_max_nodes"] = nodes
    extra = mathopt.ModelSolveParameters()
    if hint is not None:
        extra.solution_hints.append(
            mathopt.SolutionHint(
                variable_values={model.get_variable(i): float(v) for i, v in enumerate(hint)}
            )
        )
    result = mathopt.solve(model, mathopt.SolverType.HIGHS, params=parameters, model_params=extra)
    reason = result.termination.reason
    if reason in (
        mathopt.TerminationReason.INFEASIBLE,
        mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED,
    ):
        return Answer(None, None, infeasible=True)
    if reason not in (
        mathopt.TerminationReason.OPTIMAL,
        mathopt.TerminationReason.FEASIBLE,
        mathopt.TerminationReason.NO_SOLUTION_FOUND,
    ):
        raise SolverError(f"{reason.name}: {result.termination.detail}")
    values = None
    if result.has_primal_feasible_solution():
        found = result.variable_values()
        values = _whole(mip, np.array([found[v] for v in model.variables()]))
    bound = whole_bound(result.best_objective_bound(), objective)
    return Answer(values, bound, complete=reason == mathopt.TerminationReason.OPTIMAL)


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


def _model(mip: Mip, objective: Expression) -> Any:
    """The model as MathOpt reads it, filled through its arrays."""
    from ortools.math_opt import model_pb2
    from ortools.math_opt.python import mathopt

    proto = model_pb2.ModelProto()
    proto.variables.ids.extend(range(mip.size))
    proto.variables.lower_bounds.extend(np.concatenate(mip.lower))
    proto.variables.upper_bounds.extend(np.concatenate(mip.upper))
    proto.variables.integers.extend(np.concatenate(mip.integer).tolist())
    rows = len(mip.row_entries)
    proto.linear_constraints.ids.extend(range(rows))
    proto.linear_constraints.lower_bounds.extend(mip.row_lower)
    proto.linear_constraints.upper_bounds.extend(mip.row_upper)
    matrix = proto.linear_constraint_matrix
    lengths = [len(variables) for variables, _ in mip.row_entries]
    matrix.row_ids.extend(np.repeat(np.arange(rows), lengths))
    matrix.column_ids.extend(_joined([variables for variables, _ in mip.row_entries]))
    matrix.coefficients.extend(_joined([weights for _, weights in mip.row_entries]))
    variables, where = np.unique(objective.variables, return_inverse=True)
    steps = objective.coefficients // unit_of(objective)
    sums = np.bincount(where, weights=steps, minlength=len(variables))
    keep = sums != 0
    proto.objective.linear_coefficients.ids.extend(variables[keep])
    proto.objective.linear_coefficients.values.extend(sums[keep])
    return mathopt.Model.from_model_proto(proto)


def _joined(parts: Sequence[NDArray[np.generic]]) -> list[float]:
    return np.concatenate(parts).tolist() if parts else []
