"""The solver's answers are exact and its bounds honest; another solver says the same."""

from __future__ import annotations

import _thread
import signal
import threading
from dataclasses import replace
from time import monotonic

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ortools.math_opt.python import mathopt
from ortools.sat.python import cp_model
from tiny import examples

from tourplan.optimise import children
from tourplan.optimise import mip as mip_module
from tourplan.optimise.mip import Answer, Expression, Mip, SolverError
from tourplan.optimise.solvers import Raw


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def expression(variables, coefficients, constant=0) -> Expression:
    return Expression(ints(*variables), ints(*coefficients), constant)


def soon(seconds: float = 30.0) -> float:
    return monotonic() + seconds


NOTHING = expression([], [])


def test_a_knapsack_by_hand():
    mip = Mip()
    items = mip.variables(3)
    mip.row(items, [3.0, 4.0, 5.0], at_most=7.0)
    worth = Expression(items, ints(-40, -50, -60), 7)
    answer = mip.minimise(worth, deadline=soon())
    assert answer.values.tolist() == [1.0, 1.0, 0.0]
    assert worth.value(answer.values) == answer.bound == -83
    assert answer.complete
    assert not answer.infeasible


@pytest.mark.parametrize("enough", range(-100, 8, 3))
@pytest.mark.parametrize("cores", [1, 2])
def test_a_search_may_be_asked_only_on_which_side_the_least_is(enough, cores):
    """The same knapsack, whose least is -83."""
    mip = Mip()
    items = mip.variables(3)
    mip.row(items, [3.0, 4.0, 5.0], at_most=7.0)
    worth = Expression(items, ints(-40, -50, -60), 7)
    answer = mip.minimise(worth, deadline=soon(), cores=cores, enough=enough)
    assert answer.bound <= -83
    if enough >= -83:
        assert worth.value(answer.values) <= enough
    else:
        assert answer.bound > enough


def test_coefficients_of_one_variable_add_up_everywhere():
    mip = Mip()
    mip.variables(2, 3.0)
    mip.row(ints(0, 1, 0), [1.0, 1.0, 1.0], at_least=3.0)
    twice = expression([0, 1, 0], [1, 1, 1])
    assert twice.value(np.array([2.0, 5.0])) == 9
    answer = mip.minimise(twice, deadline=soon())
    assert answer.bound == twice.value(answer.values) == 3
    mip.keep(twice, 3)
    most = expression([1], [-1])
    assert mip.minimise(most, deadline=soon()).bound == -3


def test_coefficients_that_cancel_out_are_no_coefficients():
    mip = Mip()
    mip.variables(1)
    mip.row(ints(0, 0), [1.0, -1.0], at_least=-1.0, at_most=0.0)
    answer = mip.minimise(expression([0, 0], [5, -5], 4), deadline=soon())
    assert answer.bound == 4
    assert answer.values is not None


@pytest.mark.parametrize(("at_least", "infeasible"), [(0.0, False), (1.0, True)])
@pytest.mark.parametrize("coefficients", [[0.0, 0.0], 0.0])
def test_rows_of_zeros(coefficients, at_least, infeasible):
    mip = Mip()
    mip.row(mip.variables(2), coefficients, at_least=at_least)
    assert mip.minimise(NOTHING, deadline=soon()).infeasible == infeasible


def test_rows_and_objective_of_nothing():
    mip = Mip()
    none = mip.variables(0)
    mip.row(none, 1.0, at_least=0.0)
    answer = mip.minimise(Expression(none, none, 5), deadline=soon())
    assert answer == replace(answer, bound=5, infeasible=False)
    assert len(answer.values) == 0


@pytest.mark.parametrize(
    ("coefficients", "bounds", "scaled", "limits"),
    [
        ([-6.0, 4.0], (-8.0, 3.0), [-3.0, 2.0], (-4.0, 1.5)),
        ([300.0, 900.0], (600.0, np.inf), [1.0, 3.0], (2.0, np.inf)),
        ([-300.0, 0.0], (-np.inf, -300.0), [-1.0], (-np.inf, -1.0)),
        ([7.0, 5.0], (0.0, 1.0), [7.0, 5.0], (0.0, 1.0)),
        ([0.5, 4.0], (0.0, 1.0), [0.5, 4.0], (0.0, 1.0)),
        ([0.0, 0.0], (-1.0, 1.0), [], (-1.0, 1.0)),
    ],
)
def test_rows_are_divided_by_what_their_coefficients_share(coefficients, bounds, scaled, limits):
    mip = Mip()
    mip.row(mip.variables(2), coefficients, at_least=bounds[0], at_most=bounds[1])
    assert mip.row_entries[0][1].tolist() == scaled
    assert (mip.row_lower[0], mip.row_upper[0]) == limits


def test_values_are_proved_in_the_units_the_coefficients_share():
    mip = Mip()
    steps = mip.variables(2, 10.0)
    mip.row(steps, [300.0, 300.0], at_least=1000.0)
    answer = mip.minimise(Expression(steps, ints(300, 600), -1), deadline=soon())
    assert answer.bound == 4 * 300 - 1


def test_a_value_that_is_kept_stays():
    mip = Mip()
    x = mip.variables(2, 5.0)
    mip.row(x, [1.0, 1.0], at_least=4.0)
    first = Expression(x[:1], ints(-2), 1)
    mip.keep(first, -5)
    answer = mip.minimise(Expression(x, ints(1, 10)), deadline=soon())
    assert answer.values[0] >= 3
    mip.keep(first, -9)
    answer = mip.minimise(Expression(x, ints(1, 10)), deadline=soon())
    assert answer.values.tolist() == [5.0, 0.0]
    mip.keep(first, -11)
    assert mip.minimise(Expression(x, ints(1, 10)), deadline=soon()).infeasible


def test_a_hint_shorter_than_the_variables_is_taken():
    mip = Mip()
    x = mip.variables(2)
    mip.row(x, 1.0, at_least=1.0)
    y = mip.variables(1, integer=False)
    mip.row(np.append(x, y), 1.0, at_least=2.0)
    answer = mip.minimise(
        expression([0, 1, 2], [3, 2, 4]), deadline=soon(), hint=np.array([1.0, 1.0])
    )
    assert answer.bound == 5


def test_no_time_no_answer():
    mip = Mip()
    mip.variables(1)
    assert mip.minimise(NOTHING, deadline=soon(-1.0)) == Answer(None, None)


def test_stopped_before_it_starts():
    mip, stop = Mip(), threading.Event()
    mip.variables(1)
    stop.set()
    assert mip.minimise(NOTHING, deadline=soon(), stop=stop) == Answer(None, None)


def test_a_failing_solver_is_no_infeasible_problem(monkeypatch):
    def fail(*_: object) -> Answer:
        raise SolverError("ABNORMAL")

    monkeypatch.setattr(mip_module, "_solve", fail)
    mip = Mip()
    mip.variables(1)
    with pytest.raises(SolverError):
        mip.minimise(NOTHING, deadline=soon())


def test_where_highs_fails_scip_tells(monkeypatch):
    """HiGHS ends some models with ``kError``, as MathOpt says or fails to say."""
    solve = mathopt.solve

    def failing(model, solver, **rest):
        if solver == mathopt.SolverType.HIGHS:
            raise RuntimeError("HighsStatus: kError")
        return solve(model, solver, **rest)

    monkeypatch.setattr(mathopt, "solve", failing)
    mip = Mip()
    items = mip.variables(3)
    mip.row(items, ints(3, 4, 5), at_most=7)
    answer = mip.minimise(expression(items, [-4, -5, -6]), deadline=soon())
    assert answer.values is not None
    assert (answer.bound, answer.complete) == (-9, True)


def test_a_solver_that_is_done_is_not_asked_again(monkeypatch):
    """Where numbers are too large for the bound to meet the value, each solver is asked once."""
    calls = []

    def done(*_: object) -> Answer:
        calls.append(1)
        return Answer(np.array([1.0]), 3, complete=True)

    monkeypatch.setattr(mip_module, "_solve", done)
    mip = Mip()
    mip.variables(1)
    answer = mip.minimise(expression([0], [4]), deadline=float("inf"))
    assert (answer.bound, answer.complete, len(calls)) == (3, True, 2)


def test_the_best_of_all_slices_is_kept(monkeypatch):
    answers = [
        Answer(np.array([5.0]), 1),
        Answer(np.array([7.0]), 0),
        Answer(None, None),
        Answer(np.array([4.0]), 4),
    ]
    hints = []

    def slices(_mip, _objective, _call, hint) -> Answer:
        hints.append(hint)
        return answers[len(hints) - 1]

    monkeypatch.setattr(mip_module, "_solve", slices)
    mip = Mip()
    mip.variables(1)
    answer = mip.minimise(expression([0], [1]), deadline=soon(), hint=np.array([9.0]))
    assert (answer.values.tolist(), answer.bound) == ([4.0], 4)
    assert [hint.tolist() for hint in hints] == [[9.0], [5.0], [5.0], [5.0]]


def market_split(rows: int = 4, columns: int = 30) -> tuple[Mip, Expression]:
    """A problem no branch and bound closes soon: split markets evenly, count what is left over."""
    random = np.random.default_rng(3)
    mip = Mip()
    x = mip.variables(columns)
    over = mip.variables(2 * rows, 1e4)
    for row in range(rows):
        sales = random.integers(0, 100, columns)
        slack = over[[row, rows + row]]
        mip.row(
            np.concatenate([x, slack]),
            np.concatenate([sales, [1.0, -1.0]]),
            at_least=float(sales.sum() // 2),
            at_most=float(sales.sum() // 2),
        )
    return mip, Expression(over, np.ones(2 * rows, dtype=np.int64))


@pytest.fixture
def ctrl_c_heard():
    """Ctrl-C interrupts, even where pytest was started in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def short_slices(monkeypatch):
    """No solver thread left behind for long."""
    monkeypatch.setattr(mip_module, "FIRST_SLICE_NODES", 20)


@pytest.mark.usefixtures("short_slices")
def test_out_of_time_the_bound_stays_honest():
    mip, left_over = market_split()
    started = monotonic()
    answer = mip.minimise(left_over, deadline=soon(1.5))
    assert monotonic() - started < 5
    assert answer.values is not None
    assert 0 <= answer.bound < left_over.value(answer.values)
    assert not answer.complete


@pytest.mark.usefixtures("short_slices")
def test_stopped_while_it_solves_the_best_is_kept():
    mip, left_over = market_split()
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    started = monotonic()
    answer = mip.minimise(left_over, deadline=soon(60), stop=stop)
    assert monotonic() - started < 5
    assert answer.values is not None
    assert answer.bound <= left_over.value(answer.values)


@pytest.mark.usefixtures("short_slices", "ctrl_c_heard")
def test_interrupted_while_it_solves_the_best_is_kept():
    mip, left_over = market_split()
    stop, ctrl_c = threading.Event(), threading.Timer(1.0, _thread.interrupt_main)
    ctrl_c.start()
    answer = mip.minimise(left_over, deadline=soon(60), stop=stop)
    ctrl_c.cancel()
    assert stop.is_set(), "what comes next is told to stop"
    assert answer.values is not None
    assert answer.bound <= left_over.value(answer.values)


@pytest.mark.usefixtures("short_slices")
def test_what_came_before_is_a_start_for_more():
    mip, left_over = market_split()
    first = mip.minimise(left_over, deadline=soon(0.5))
    again = mip.minimise(left_over, deadline=soon(0.5), hint=first.values)
    assert left_over.value(again.values) <= left_over.value(first.values)


def test_no_solver_is_started_beside_one_that_did_not_come_back(monkeypatch):
    """It overruns the first search; others wait in vain, then find it done."""
    true, done, calls = mip_module._solve, threading.Event(), []

    def late(*arguments) -> Answer:
        calls.append(arguments)
        done.wait(30)
        return true(*arguments)

    monkeypatch.setattr(mip_module, "_solve", late)
    monkeypatch.setattr(mip_module, "GRACE_S", 0.1)
    mip = Mip()
    least = Expression(mip.variables(1, lower=1.0, upper=3.0), ints(1))
    assert mip.minimise(least, deadline=soon(0.2)).values is None
    assert mip.minimise(least, deadline=soon(0.2)).values is None
    assert mip.minimise(least, deadline=soon(0.2), nodes=1).values is None
    assert len(calls) == 1
    done.set()
    assert mip.minimise(least, deadline=soon()).bound == 1


# Another solver, of another kind, on the same small models.

_COEFFICIENT = st.integers(-9, 9)


@st.composite
def small_models(draw: st.DrawFn) -> tuple[list[int], list[tuple], tuple[list, list, int]]:
    """Upper bounds, rows (variables, coefficients, least, most) and an objective."""
    size = draw(st.integers(1, 8))
    upper = draw(st.lists(st.integers(1, 4), min_size=size, max_size=size))
    some = st.lists(st.integers(0, size - 1), max_size=6)
    rows = []
    for _ in range(draw(st.integers(0, 6))):
        variables, unit = draw(some), draw(st.sampled_from((1, 5, 300)))
        weights = [draw(_COEFFICIENT) * unit for _ in variables]
        least = draw(st.one_of(st.none(), st.integers(-20, 10))) if variables else None
        most = draw(st.one_of(st.none(), st.integers(0 if least is None else max(0, least), 20)))
        rows.append(
            (variables, weights, None if least is None else least * unit, most and most * unit)
        )
    variables = draw(some)
    scale = draw(st.sampled_from((1, 60, 10**4, 10**7, 10**9)))
    spread = st.integers(-scale, scale)
    weights = [draw(_COEFFICIENT) * scale + draw(spread) for _ in variables]
    return upper, rows, (variables, weights, draw(st.integers(-99, 99)))


def least_by_another_solver(upper, rows, objective) -> int | None:
    model = cp_model.CpModel()
    x = [model.new_int_var(0, most, f"x{n}") for n, most in enumerate(upper)]
    for variables, weights, least, most in rows:
        total = cp_model.LinearExpr.weighted_sum([x[v] for v in variables], weights)
        if least is not None:
            model.add_linear_constraint(total, least, 2**40)
        if most is not None:
            model.add_linear_constraint(total, -(2**40), most)
    variables, weights, constant = objective
    model.minimize(cp_model.LinearExpr.weighted_sum([x[v] for v in variables], weights) + constant)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return None
    assert status == cp_model.OPTIMAL
    return constant + sum(w * solver.value(x[v]) for v, w in zip(variables, weights, strict=True))


def mip_of(upper, rows) -> Mip:
    mip = Mip()
    mip.variables(len(upper), np.array(upper, dtype=float))
    for variables, weights, least, most in rows:
        mip.row(
            ints(*variables),
            np.array(weights, dtype=float),
            at_least=-np.inf if least is None else least,
            at_most=np.inf if most is None else most,
        )
    return mip


def assert_best(answer: Answer, worth: Expression, best: int | None) -> None:
    assert answer.infeasible == (best is None)
    if best is not None:
        assert worth.value(answer.values) == best
        assert answer.bound == best


@examples(250)
@given(small_models())
def test_cp_sat_says_the_same(model):
    upper, rows, objective = model
    best = least_by_another_solver(upper, rows, objective)
    worth = expression(*objective)
    assert_best(mip_of(upper, rows).minimise(worth, deadline=soon()), worth, best)


@examples(60)
@given(small_models())
def test_gscip_alone_says_the_same(model):
    upper, rows, objective = model
    best = least_by_another_solver(upper, rows, objective)
    worth, mip = expression(*objective), mip_of(upper, rows)
    task = mip_module._Task(mip, worth, soon(), None, 0, threading.Event())
    assert_best(mip_module._in_turn(task, ("GSCIP",)), worth, best)


@pytest.fixture
def hard_models(monkeypatch):
    """Every model is one for two solvers side by side."""
    monkeypatch.setattr(mip_module, "SMALL_COLUMNS", -1)


@examples(60)
@given(small_models())
@pytest.mark.usefixtures("hard_models")
def test_side_by_side_they_say_the_same(model):
    upper, rows, objective = model
    best = least_by_another_solver(upper, rows, objective)
    worth = expression(*objective)
    assert_best(mip_of(upper, rows).minimise(worth, deadline=soon(), cores=2), worth, best)


@pytest.mark.usefixtures("hard_models")
class TestSideBySide:
    def test_out_of_time_the_best_of_both_is_kept(self):
        mip, left_over = market_split()
        started = monotonic()
        answer = mip.minimise(left_over, deadline=soon(2.5), cores=2)
        assert monotonic() - started < 8
        assert 0 <= answer.bound < left_over.value(answer.values)
        assert not answer.complete

    def test_a_small_model_that_is_hard_too(self, monkeypatch):
        monkeypatch.setattr(mip_module, "SMALL_COLUMNS", 1_000)
        mip, left_over = market_split()
        answer = mip.minimise(left_over, deadline=soon(4.0), cores=2)
        assert 0 <= answer.bound < left_over.value(answer.values)

    def test_stopped(self):
        mip, left_over = market_split()
        stop = threading.Event()
        threading.Timer(15.0, stop.set).start()
        started = monotonic()
        answer = mip.minimise(left_over, deadline=soon(60), stop=stop, cores=2)
        assert monotonic() - started < 15 + 6
        assert answer.values is not None

    @pytest.mark.usefixtures("ctrl_c_heard")
    def test_interrupted(self):
        mip, left_over = market_split()
        stop, ctrl_c = threading.Event(), threading.Timer(15.0, _thread.interrupt_main)
        ctrl_c.start()
        answer = mip.minimise(left_over, deadline=soon(60), stop=stop, cores=2)
        ctrl_c.cancel()
        assert stop.is_set()
        assert answer.values is not None

    def test_one_solver_dead_the_other_goes_on(self, monkeypatch):
        mip = Mip()
        x = mip.variables(3)
        mip.row(x, 1.0, at_least=2.0)
        taken = children.take

        def one_dead(module: str) -> children.Child | None:
            child = taken(module)
            monkeypatch.setattr(children, "take", taken)
            child.process.kill()
            child.process.wait()
            return child

        monkeypatch.setattr(children, "take", one_dead)
        answer = mip.minimise(expression([0, 1, 2], [3, 1, 2]), deadline=soon(), cores=2)
        assert answer.bound == 3

    def test_a_solver_that_fails_is_told(self, monkeypatch):
        mip = Mip()
        mip.variables(1)
        monkeypatch.setattr(mip_module, "call_message", lambda *_: b'{"model": 0}\n')
        with pytest.raises(SolverError, match="Traceback"):
            mip.minimise(NOTHING, deadline=soon(), cores=2)

    def test_without_processes_the_solvers_take_turns(self, monkeypatch):
        monkeypatch.setattr(children, "take", lambda _: None)
        mip = Mip()
        x = mip.variables(2)
        mip.row(x, 1.0, at_least=1.0)
        assert mip.minimise(expression([0, 1], [3, 2]), deadline=soon(), cores=2).bound == 2


def test_on_one_core_the_same_model_gives_the_same_solution():
    """Many solutions of the same value: which one is found is no matter of luck."""
    mip = Mip()
    x = mip.variables(40)
    mip.row(x, 1.0, at_least=20.0)
    found = [
        mip.minimise(Expression(x, np.ones(40, dtype=np.int64)), deadline=soon()) for _ in "ab"
    ]
    assert found[0].values.tobytes() == found[1].values.tobytes()


def test_a_solution_that_breaks_a_row_once_rounded_is_none():
    mip = Mip()
    x = mip.variables(2, 10.0)
    mip.row(x, 1.0, at_most=5.0)
    cheating = Raw("optimal", -6.0, np.array([2.6, 2.6]))
    answer = mip_module._answer(mip, expression([0, 1], [-1, -1]), cheating)
    assert (answer.values, answer.complete, answer.bound) == (None, False, -6)


def test_a_freed_model_is_one_of_its_own():
    """Rules added to it, as those that refuse sites, leave the model it comes from alone."""
    mip = Mip()
    x = mip.variables(2)
    mip.row(x, 1.0, at_least=1.0)
    freed = mip.freed(x)
    freed.row(x, 1.0, at_most=0.0)
    assert len(mip.row_entries) == len(mip.row_lower) == 1
    assert len(freed.row_entries) == 2


def test_a_solver_that_finds_no_plan_where_the_other_has_one_proves_nothing():
    mip = Mip()
    mip.variables(1, 5.0)
    task = mip_module._Task(mip, expression([0], [1]), soon(), None, 0, threading.Event())
    task.keep(Answer(np.array([1.0]), 0), "HIGHS")
    task.keep(Answer(None, None, infeasible=True), "GSCIP")
    assert (task.best.infeasible, task.best.bound, task.ended) == (False, 0, False)


def test_a_solution_outside_the_bounds_of_its_variables_is_none():
    mip = Mip()
    mip.variables(1, 5.0)
    answer = mip_module._answer(mip, expression([0], [-1]), Raw("optimal", -6.0, np.array([6.0])))
    assert answer.values is None
