"""HiGHS, GSCIP and GLOP through OR-Tools' MathOpt: models as arrays in, plain answers out.

The only file that imports OR-Tools. What is known of MathOpt 9.15 with HiGHS: it stops at a
relative gap of 1e-4 and still says OPTIMAL, so both gaps are set and a value is proved only when
the bound meets it in whole units; it obeys no interrupter.
"""

from __future__ import annotations

import json
import traceback
from dataclasses import asdict, dataclass
from datetime import timedelta
from operator import ne
from time import monotonic
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tourplan.optimise import children

Solver = Literal["HIGHS", "GSCIP"]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PRESOLVE_COLUMNS = 20_000
"""With more free columns HiGHS's presolve takes minutes and looks at no clock: it is left out."""
LONGEST_S = 30 * 86_400.0
"""One call of a solver never gets more, even where no deadline is given."""
_FEASIBLE = 1e-9
"""How far a solver's solution may be from keeping a rule."""


class SolverError(RuntimeError):
    """The solver failed in a way no input should cause."""


@dataclass(frozen=True, eq=False)
class Arrays:
    """A model to be minimised, as arrays; rows one after the other.

    Attributes:
        lower, upper, integer: of each variable.
        row_lower, row_upper, lengths: of each row, and how many entries it has.
        columns, weights: of each entry.
        costs: variables of the objective, each once, and their costs.
    """

    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    row_lower: Floats
    row_upper: Floats
    lengths: Ints
    columns: Ints
    weights: Floats
    costs: tuple[Ints, Floats]

    def proto(self) -> Any:
        """The model as MathOpt reads it."""
        from ortools.math_opt import model_pb2

        proto, rows = model_pb2.ModelProto(), len(self.lengths)
        proto.variables.ids.extend(range(len(self.lower)))
        proto.variables.lower_bounds.extend(self.lower)
        proto.variables.upper_bounds.extend(self.upper)
        proto.variables.integers.extend(self.integer.tolist())
        proto.linear_constraints.ids.extend(range(rows))
        proto.linear_constraints.lower_bounds.extend(self.row_lower)
        proto.linear_constraints.upper_bounds.extend(self.row_upper)
        matrix = proto.linear_constraint_matrix
        matrix.row_ids.extend(np.repeat(np.arange(rows), self.lengths))
        matrix.column_ids.extend(self.columns)
        matrix.coefficients.extend(self.weights)
        variables, weights = self.costs
        proto.objective.linear_coefficients.ids.extend(variables)
        proto.objective.linear_coefficients.values.extend(weights)
        return proto


@dataclass(frozen=True)
class Call:
    """What one call of a solver is told: seconds and branching nodes at most."""

    solver: Solver
    seconds: float
    nodes: int
    seed: int


@dataclass(frozen=True, eq=False)
class Raw:
    """What a solver says: why it ended, its bound in units of the objective, its solution."""

    end: Literal["infeasible", "optimal", "limit"]
    bound: float
    values: Floats | None


def called(proto: Any, call: Call, start: Floats | None) -> Raw:
    """What a solver says of a model within the limits of a call.

    HiGHS fails on some models, now and then: that says nothing, and SCIP is left to tell.

    Raises:
        SolverError: SCIP fails, or a solver gives an answer no model of ours should have.
    """
    from ortools.math_opt.python import mathopt

    model = mathopt.Model.from_model_proto(proto)
    variables = list(model.variables())
    free = sum(map(ne, proto.variables.lower_bounds, proto.variables.upper_bounds))
    extra = mathopt.ModelSolveParameters()
    if start is not None:
        known = dict(zip(variables, start.tolist(), strict=False))
        extra.solution_hints.append(mathopt.SolutionHint(variable_values=known))
    try:
        result = mathopt.solve(
            model,
            mathopt.SolverType[call.solver],
            params=_parameters(call, free),
            model_params=extra,
        )
    except (RuntimeError, AttributeError) as error:  # MathOpt may fail to say how a solver did
        if call.solver == "HIGHS":
            return Raw("limit", -np.inf, None)
        raise SolverError(str(error)) from error
    reason, reasons = result.termination.reason, mathopt.TerminationReason
    if reason in (reasons.INFEASIBLE, reasons.INFEASIBLE_OR_UNBOUNDED):
        return Raw("infeasible", np.inf, None)
    if reason not in (reasons.OPTIMAL, reasons.FEASIBLE, reasons.NO_SOLUTION_FOUND):
        raise SolverError(f"{reason.name}: {result.termination.detail}")
    values = None
    if result.has_primal_feasible_solution():
        values = np.array(result.variable_values(variables))
    end: Literal["optimal", "limit"] = "optimal" if reason == reasons.OPTIMAL else "limit"
    return Raw(end, result.best_objective_bound(), values)


def _parameters(call: Call, columns: int) -> Any:
    """The parameters of a call, as MathOpt wants them for each solver."""
    from ortools.math_opt.python import mathopt

    parameters = mathopt.SolveParameters(
        time_limit=timedelta(seconds=call.seconds),
        relative_gap_tolerance=0.0,
        absolute_gap_tolerance=0.5,
        random_seed=call.seed,
    )
    if call.solver == "GSCIP":
        parameters.gscip.real_params["numerics/feastol"] = _FEASIBLE
        parameters.gscip.long_params["limits/totalnodes"] = call.nodes
        return parameters
    if columns > PRESOLVE_COLUMNS:
        parameters.presolve = mathopt.Emphasis.OFF
    parameters.highs.double_options["mip_feasibility_tolerance"] = _FEASIBLE
    parameters.highs.int_options["mip_max_nodes"] = call.nodes
    return parameters


def call_message(call: Call, model: bytes, start: Floats | None) -> bytes:
    """A call as a child process reads it; ``model``: its ``proto``, serialised."""
    head = json.dumps({**asdict(call), "model": len(model)}).encode()
    return b"\n".join((head, model + (b"" if start is None else start.astype("<f8").tobytes())))


def answer_of(message: bytes) -> Raw:
    """The answer of a child process.

    Raises:
        SolverError: the solver failed.
    """
    head, body = message.split(b"\n", 1)
    told = json.loads(head)
    if "failure" in told:
        raise SolverError(told["failure"])
    bound = -np.inf if told["bound"] is None else told["bound"]
    return Raw(told["end"], bound, np.frombuffer(body, dtype="<f8") if body else None)


def serve() -> None:
    """A child process: calls in, answers out."""
    children.serve_calls(_answer_call)


def _answer_call(message: bytes) -> bytes:
    """The answer to a call: what ended the solver and its bound, a line feed, the values."""
    from ortools.math_opt import model_pb2

    head, body = message.split(b"\n", 1)
    told = json.loads(head)
    size = told.pop("model")
    try:
        start = np.frombuffer(body[size:], dtype="<f8")
        proto = model_pb2.ModelProto.FromString(body[:size])
        raw = called(proto, Call(**told), start if start.size else None)
    except Exception:
        return json.dumps({"failure": traceback.format_exc()}).encode() + b"\n"
    said = {"end": raw.end, "bound": raw.bound if np.isfinite(raw.bound) else None}
    values = b"" if raw.values is None else raw.values.astype("<f8").tobytes()
    return json.dumps(said).encode() + b"\n" + values


@dataclass(frozen=True, eq=False)
class Relaxed:
    """An optimum of a linear relaxation: its value, all variables, and the dual of each row."""

    value: float
    values: Floats
    duals: Floats


class LinearProgram:
    """The linear relaxation of a model, to which columns may be added, solved again and again.

    GLOP keeps its basis from one solve to the next: a few new columns or bounds cost few steps.
    Its value is ``unit`` times the objective of the arrays, plus ``constant``.
    """

    def __init__(self, arrays: Arrays, unit: int, constant: int) -> None:
        from ortools.math_opt.python import mathopt

        self._mathopt = mathopt
        self._model = mathopt.Model.from_model_proto(arrays.proto())
        self._unit, self._constant = unit, constant
        self._variables = list(self._model.variables())
        for variable in self._variables:
            variable.integer = False
        self._rows = list(self._model.linear_constraints())
        self._solver = mathopt.IncrementalSolver(self._model, mathopt.SolverType.GLOP)

    def column(self, rows: Ints, coefficients: Floats) -> int:
        """A new variable, at least 0, with its coefficients in some rows; its number."""
        variable = self._model.add_variable(lb=0.0)
        for row, coefficient in zip(rows.tolist(), coefficients.tolist(), strict=True):
            self._rows[row].set_coefficient(variable, coefficient)
        self._variables.append(variable)
        return len(self._variables) - 1

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
            time_limit=timedelta(seconds=min(max(deadline - monotonic(), 0.0), LONGEST_S)),
            presolve=self._mathopt.Emphasis.OFF,
        )
        result = self._solver.solve(params=parameters)
        reason, reasons = result.termination.reason, self._mathopt.TerminationReason
        if reason == reasons.IMPRECISE:  # coefficients far apart, which scaling made worse
            parameters.scaling = self._mathopt.Emphasis.OFF
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
