"""Erlang's delay formula against textbook values, a sum of factorials and a simulated queue."""

from __future__ import annotations

import heapq
from math import factorial

import numpy as np
import pytest

from tourplan.queues import erlang_c, mean_wait_s


def by_factorials(servers: int, load: float) -> float:
    """The formula as books print it."""
    last = load**servers / factorial(servers) * servers / (servers - load)
    return last / (sum(load**k / factorial(k) for k in range(servers)) + last)


@pytest.mark.parametrize(
    ("servers", "load", "waiting"),
    [
        (1, 0.5, 0.5),  # with one counter, all who find it busy wait
        (2, 1.0, 1 / 3),
        (3, 2.0, 4 / 9),
        (2, 0.0, 0.0),
    ],
)
def test_values_worked_out_by_hand(servers, load, waiting):
    assert erlang_c(servers, load) == pytest.approx(waiting)


@pytest.mark.parametrize("servers", [1, 2, 3, 8])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.8, 0.99])
def test_the_formula_of_books(servers, share):
    assert erlang_c(servers, servers * share) == pytest.approx(
        by_factorials(servers, servers * share)
    )


@pytest.mark.parametrize("load", [2.0, 2.5, 1e9])
def test_too_many_people_is_no_number(load):
    assert erlang_c(2, load) is None
    assert mean_wait_s(2, load, 600) is None


def test_one_counter_waits_as_the_pollaczek_formula_says():
    assert mean_wait_s(1, 0.75, 600) == pytest.approx(0.75 / 0.25 * 600)


def test_two_counters_as_simulated():
    random = np.random.default_rng(20211101)
    count, load, visit_s = 200_000, 1.4, 1650.0
    arrivals = np.cumsum(random.exponential(visit_s / load, count))
    free, waits = [0.0, 0.0], []
    for arrival, length in zip(arrivals, random.exponential(visit_s, count), strict=True):
        start = max(arrival, heapq.heappop(free))
        heapq.heappush(free, start + length)
        waits.append(start - arrival)
    assert np.mean(np.array(waits) > 0) == pytest.approx(erlang_c(2, load), rel=0.02)
    assert np.mean(waits) == pytest.approx(mean_wait_s(2, load, visit_s), rel=0.04)
