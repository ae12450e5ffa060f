"""Days of many sessions, priced and enumerated, against every order of every set of sites."""

from __future__ import annotations

from itertools import pairwise, permutations
from time import monotonic

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tourplan.optimise import compiled
from tourplan.optimise.dayfacts import LongDay, Prices, along
from tourplan.optimise.labels import enumerate_below, neighbourhoods, price


def free_day(stops: int, sites: int) -> LongDay:
    """Any day of at most so many stops, all legs alike."""
    places = sites + 1
    return LongDay(
        stops,
        np.zeros((stops + 1, stops + 1), dtype=np.int64),
        ~np.eye(places, dtype=bool)[None],
        np.zeros((0, 1, places, places), dtype=np.int64),
        np.zeros(0, dtype=np.int64),
        np.arange(places),
    )


def case(seed: int, *, limited: bool, grouped: bool, alike: bool = True, sites: int = 5):
    """A day of at most three stops, its whole legs, and prices that make some days worth it."""
    rng = np.random.default_rng(seed)
    legs = rng.integers(1, 30, (sites + 1, sites + 1))
    np.fill_diagonal(legs, 0)
    day = free_day(3, sites)
    day.allowed[0][tuple(rng.integers(0, sites + 1, (2, 3)))] = False
    if limited:
        day = day.limited(rng.integers(1, 20, legs.shape), int(rng.integers(20, 60)))
    count = 3 if grouped else 0
    groups = rng.random((count, sites)) < 0.6
    worth, pair = rng.uniform(1, 20, count), rng.random(count) < 0.5
    prizes = rng.uniform(0, 25, sites)
    rows = np.repeat(prizes[None], 3, axis=0)
    prices = Prices(legs.astype(float)[None], rows, groups, worth, pair)
    if not alike:
        rows = prices.prizes + rng.uniform(-5, 5, (3, sites))
        prices = Prices(prices.legs, rows, prices.groups, prices.worth, prices.pair, alike=False)
    return day, legs, prices


def all_days(day: LongDay, *, alike: bool = True) -> np.ndarray:
    """Every day there may be, one by one."""
    sites, tours = day.places - 1, []
    empty = [] if alike else [-1] * (day.stops - 1)
    tours.extend(permutations([*range(sites), *empty], day.stops))
    if alike:
        for stops in range(1, day.stops):
            padding = (-1,) * (day.stops - stops)
            tours.extend((*order, *padding) for order in permutations(range(sites), stops))
    distinct = np.unique(np.array(tours), axis=0)
    within = [is_allowed(day, tour) for tour in distinct]
    return distinct[within]


def is_allowed(day: LongDay, tour: np.ndarray) -> bool:
    stops = [0, *(tour[tour >= 0] + 1), 0]
    legs = list(pairwise(stops))
    used = [sum(matrix[leg] for leg in legs) for matrix in day.measures[:, 0]]
    return all(day.allowed[0][leg] for leg in legs) and (np.array(used) <= day.limits).all()


seeds = st.integers(0, 10_000)


@settings(max_examples=60)
@given(seed=seeds, limited=st.booleans(), grouped=st.booleans(), alike=st.booleans())
def test_pricing_finds_days_below_zero_or_proves_there_are_none(seed, limited, grouped, alike):
    day, legs, prices = case(seed, limited=limited, grouped=grouped, alike=alike)
    tours = all_days(day, alike=alike)
    least = prices.of(tours, day.steps).min(initial=np.inf)
    found = price(day, prices, neighbourhoods(legs, 1))
    assert found.bound <= min(least, 0.0) + 1e-9
    assert bool(len(found.tours)) == (least < -1e-9)
    known = {tuple(tour) for tour in tours.tolist()}
    assert all(tuple(tour) in known for tour in found.tours.tolist())
    np.testing.assert_allclose(found.costs, prices.of(found.tours, day.steps), atol=1e-9)
    hasty = price(day, prices, neighbourhoods(legs, 1), hasty=True)
    assert all(tuple(tour) in known for tour in hasty.tours.tolist())


@settings(max_examples=60)
@given(seed=seeds, limited=st.booleans(), grouped=st.booleans(), limit=st.integers(-10, 30))
def test_enumeration_keeps_the_cheapest_order_of_every_set_below_the_limit(
    seed, limited, grouped, limit
):
    day, legs, prices = case(seed, limited=limited, grouped=grouped)
    tours = all_days(day)
    tours = tours[prices.of(tours, day.steps) < limit]
    best: dict[tuple[int, ...], int] = {}
    for tour, length in zip(tours.tolist(), along(legs[None], tours).tolist(), strict=True):
        key = tuple(sorted(tour))
        best[key] = min(best.get(key, length), length)
    found = enumerate_below(day, prices, neighbourhoods(legs, 1), legs[None, None], limit)
    keys = [tuple(sorted(tour)) for tour in found.tours.tolist()]
    assert found.complete
    assert dict(zip(keys, along(legs[None], found.tours).tolist(), strict=True)) == best
    assert len(keys) == len(best)


def test_enumeration_of_slots_that_differ_keeps_every_order():
    day, legs, prices = case(3, limited=False, grouped=False, alike=False)
    tours = all_days(day, alike=False)
    below = tours[prices.of(tours, day.steps) < 10]
    found = enumerate_below(day, prices, neighbourhoods(legs, 1), legs[None, None], 10.0)
    assert {tuple(t) for t in found.tours.tolist()} == {tuple(t) for t in below.tolist()}


def test_too_many_days_are_told():
    day, legs, prices = case(1, limited=False, grouped=False)
    near = neighbourhoods(legs)
    assert not enumerate_below(day, prices, near, legs[None, None], 1e6, most=3).complete
    assert not enumerate_below(day, prices, near, legs[None, None], 1e6, labels=3).complete


def test_a_pass_cut_short_claims_no_bound():
    day, legs, prices = case(1, limited=False, grouped=False)
    assert price(day, prices, neighbourhoods(legs), labels=2).bound == -np.inf
    assert price(day, prices, neighbourhoods(legs), deadline=monotonic()).bound == -np.inf


def test_days_are_not_all_there_once_time_is_up():
    day, legs, prices = case(1, limited=False, grouped=False)
    near, late = neighbourhoods(legs), monotonic()
    assert not enumerate_below(day, prices, near, legs[None, None], 1.0, deadline=late).complete


def test_a_pass_ends_when_its_time_is_up():
    """Eight stops of 60 sites that are worth far more than any leg: minutes to the end."""
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 24, (61, 2))
    legs = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) * 60
    steps = np.where(np.triu(np.ones((9, 9), dtype=bool), 1), 0, -1)
    steps[1:, 0] = 0
    allowed = ~np.eye(61, dtype=bool)[None]
    work = legs.astype(np.int64)[None, None]
    day = LongDay(8, steps, allowed, work, np.array([4 * 3600]), np.arange(61))
    groups, pair = rng.random((64, 60)) < 0.2, np.arange(64) % 3 == 0
    prizes, worth = rng.exponential(1e4, (8, 60)), rng.exponential(3e3, 64)
    prices = Prices(legs[None], prizes, groups, worth, pair, alike=False)
    near = neighbourhoods(legs)
    price(day, prices, near, labels=1)  # compiled
    for look in (
        lambda until: price(day, prices, near, below=-1e3, deadline=until).bound == -np.inf,
        lambda until: (
            not enumerate_below(
                day, prices, near, legs[None, None].astype(np.int64), -1e3, deadline=until
            ).complete
        ),
    ):
        started = monotonic()
        assert look(started + 1)
        assert 1 <= monotonic() - started < 3


@pytest.mark.parametrize("sites", [70, 130])
def test_more_sites_than_one_word_has_bits(sites):
    day, legs, prices = case(5, limited=False, grouped=True, sites=sites)
    day = free_day(2, sites)
    prices = Prices(
        prices.legs, prices.prizes[:2], prices.groups, prices.worth, prices.pair, prices.alike
    )
    tours = all_days(day)
    found = price(day, prices, neighbourhoods(legs), most=5)
    assert found.costs[0] == pytest.approx(prices.of(tours, day.steps).min())


def test_loops_are_compiled_where_no_folder_may_be_written(monkeypatch):
    def jit(*, nogil, cache=False):
        if cache:
            raise RuntimeError("no locator available for file")
        return lambda loop: ("compiled", loop)

    monkeypatch.setattr(compiled, "njit", jit)
    assert compiled._compiled(len) == ("compiled", len)
