"""Published covering tours as planning problems: proved optima against every plan, deadlines."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import combinations, permutations
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from tourplan.plan import Day

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data" / "mctp"
sys.path.insert(0, str(ROOT / "benchmarks"))
import mctp  # noqa: E402
import planning  # noqa: E402


def tiny(seed: int) -> mctp.Instance:
    """Six sites, one of them mandatory, four customers, three stops a route."""
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 100, (7, 2))
    length = np.hypot(*(points[:, None] - points[None]).T).round().astype(np.int64)
    covers = rng.random((6, 4)) < 0.45
    covers[0], covers[5] = False, True
    return mctp.Instance("tiny", length, 1, covers, 3, int(rng.integers(180, 260)))


def shortest(instance: mctp.Instance, *, bounded: bool) -> int | None:
    """The least length of all plans, route by route, or ``None`` when there is none."""
    sites = len(instance.length) - 1
    route: dict[frozenset[int], int] = {}
    for size in range(1, instance.stops + 1):
        for chosen in combinations(range(sites), size):
            least = min(_length(instance, order) for order in permutations(chosen))
            if not bounded or least <= instance.longest:
                route[frozenset(chosen)] = least
    best: dict[frozenset[int], int] = {frozenset(): 0}
    for chosen, length in route.items():
        # Routes in any order make the same plan: one pass is enough.
        for before, total in list(best.items()):
            if not before & chosen:
                after = before | chosen
                best[after] = min(best.get(after, 10**9), total + length)
    enough = [
        total
        for held, total in best.items()
        if set(range(instance.mandatory)) <= held and instance.covers[list(held)].any(axis=0).all()
    ]
    return min(enough, default=None)


def _length(instance: mctp.Instance, order: tuple[int, ...]) -> int:
    stops = [0, *(site + 1 for site in order), 0]
    return int(instance.length[stops[:-1], stops[1:]].sum())


@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_the_shortest_plan_of_all_is_found_and_proved(seed, bounded):
    instance = tiny(seed)
    found = planning.solve(instance, bounded=bounded, seconds=60)
    expected = shortest(instance, bounded=bounded)
    assert found.proved
    assert found.value == expected
    if found.days is not None:
        routes = routes_of(found.days)
        held = [site for route in routes for site in route]
        assert len(set(held)) == len(held)
        assert instance.covers[held].any(axis=0).all()
        assert found.value == sum(_length(instance, route) for route in routes)


def routes_of(days: tuple[Day, ...]) -> list[tuple[int, ...]]:
    """The sites of each day, in order."""
    return [tuple(int(stop.code) for stop in day.stops) for day in days]


def test_a_place_too_far_for_any_route_is_proved_out_of_reach():
    instance = tiny(0)
    found = planning.solve(replace(instance, longest=1), bounded=True, seconds=60)
    assert (found.value, found.proved) == (None, True)


def test_many_places_are_proved_with_a_limit_and_without():
    instance = medium()
    free = planning.solve(instance, bounded=False, seconds=60)
    bounded = planning.solve(instance, bounded=True, seconds=60)
    assert free.proved
    assert bounded.proved
    assert free.value <= bounded.value
    assert max(_length(instance, route) for route in routes_of(bounded.days)) <= instance.longest


def medium() -> mctp.Instance:
    rng = np.random.default_rng(1)
    points = rng.integers(0, 1000, (26, 2))
    length = np.hypot(*(points[:, None] - points[None]).T).round().astype(np.int64)
    covers = rng.random((25, 30)) < 0.15
    covers[24] = True
    covers[24, :20] = False
    return mctp.Instance("medium", length, 4, covers | (np.arange(25) == 23)[:, None], 4, 3000)


@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.2])
def test_a_deadline_leaves_a_bound_that_holds_and_a_value_that_is_true(seconds):
    instance = medium()
    known = planning.solve(instance, bounded=True, seconds=60).value
    start = monotonic()
    found = planning.solve(instance, bounded=True, seconds=seconds)
    assert monotonic() - start < seconds + 5
    assert found.bound is None or found.bound <= known
    assert found.value is None or found.value >= known
    assert found.proved == (found.value is not None and found.value == found.bound)


@pytest.mark.skipif(not SHARED.is_dir(), reason="published instances are not beside the project")
@pytest.mark.parametrize(
    ("stem", "bounded", "optimum"),
    [("A1-1-25-75-8-250", False, 7985), ("A1-5-25-75-4-250", True, 15194)],
)
def test_published_optima(stem, bounded, optimum):
    found = planning.solve(mctp.read(SHARED / f"{stem}.ctp"), bounded=bounded, seconds=60)
    assert (found.value, found.bound) == (optimum, optimum)


def test_a_file_that_ends_too_soon_is_told(tmp_path):
    path = tmp_path / "short.ctp"
    path.write_text("name\n1 1 1 4 10.0\n0 1 5.0\n\n", encoding="utf-8")
    with pytest.raises(ValueError, match="ends too soon"):
        mctp.read(path)
