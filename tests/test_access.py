from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tourplan.access import Access, Standing, access_figures, nearest, standing

MINUTES = (15, 20, 30)


@st.composite
def travel(draw: st.DrawFn, residents: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Seconds from residents (rows) to counters, zero where there is no way."""
    shape = (residents, draw(st.integers(0, 4)))
    reachable = draw(arrays(np.bool_, shape))
    seconds = st.integers(0, 4000) | st.sampled_from([900, 901, 1200, 1201, 1800, 1801])
    return np.where(reachable, draw(arrays(np.int64, shape, elements=seconds)), 0), reachable


def brute(time_s: np.ndarray, reachable: np.ndarray) -> list[int | None]:
    """The nearest counter of each resident, or ``None``, one by one."""
    return [
        min((t for t, there in zip(ts, theres, strict=True) if there), default=None)
        for ts, theres in zip(time_s.tolist(), reachable.tolist(), strict=True)
    ]


def told(access: Access) -> list[int | None]:
    pairs = zip(access.time_s.tolist(), access.reached.tolist(), strict=True)
    return [t if reached else None for t, reached in pairs]


@given(travel())
def test_nearest_agrees_with_brute_force(case):
    access = nearest(*case)
    assert told(access) == brute(*case)
    assert not access.time_s[~access.reached].any()


@given(travel(), travel())
def test_joining_two_sets_of_counters_is_opening_both(one, two):
    joined = nearest(*one).join(nearest(*two))
    both = np.hstack([one[0], two[0]]), np.hstack([one[1], two[1]])
    assert told(joined) == brute(*both)
    assert told(nearest(*two).join(nearest(*one))) == told(joined)


@given(travel(), st.integers(0, 70))
def test_beyond_agrees_with_brute_force(case, minutes):
    beyond = [t is None or t > minutes * 60 for t in brute(*case)]
    assert nearest(*case).beyond(minutes).tolist() == beyond


@given(travel(), st.lists(st.integers(0, 2000), min_size=5, max_size=5))
def test_figures_agree_with_brute_force(case, weights):
    figures = access_figures(nearest(*case), np.array(weights, dtype=np.int64), MINUTES)
    people = list(zip(brute(*case), weights, strict=True))
    timed = [(t, w) for t, w in people if t is not None]
    reached = sum(w for _, w in timed)
    assert figures.residents == sum(weights)
    for m in MINUTES:
        far = [w for t, w in people if t is None or t > m * 60]
        assert figures.beyond[m] == sum(far)
        assert figures.places_beyond[m] == sum(w > 0 for w in far)
    if reached:
        assert figures.mean_s == pytest.approx(
            float(Fraction(sum(t * w for t, w in timed), reached))
        )
    else:
        assert figures.mean_s is None


def test_exactly_at_the_limit_is_within():
    access = nearest(np.array([[900], [901]]), np.ones((2, 1), dtype=bool))
    assert access.beyond(15).tolist() == [False, True]


def test_without_a_counter_nobody_is_reached():
    access = nearest(np.zeros((3, 0), dtype=np.int64), np.zeros((3, 0), dtype=bool))
    assert access.beyond(600).all()
    figures = access_figures(access, np.array([1, 2, 0]), MINUTES)
    assert (figures.residents, figures.beyond[30], figures.places_beyond[30]) == (3, 3, 2)


def test_where_nobody_lives_nobody_is_beyond():
    access = nearest(np.zeros((1, 0), dtype=np.int64), np.zeros((1, 0), dtype=bool))
    assert access_figures(access, np.array([0]), MINUTES).beyond[15] == 0


def test_the_largest_populations_do_not_overflow():
    hour = nearest(np.full((1000, 1), 86_400), np.ones((1000, 1), dtype=bool))
    figures = access_figures(hour, np.full(1000, 100_000_000), MINUTES)
    assert figures.mean_s == 86_400


# --- « dans », « à la limite », « au-delà » --------------------------------------------------


def stand(seconds: int, minutes: int, uncertainty_pct: int) -> Standing:
    """How one time stands against one threshold."""
    found = standing(np.array([seconds]), np.array([True]), minutes, uncertainty_pct)
    return Standing(int(found[0]))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, Standing.INSIDE),
        (1_636, Standing.INSIDE),  # 1 636 s and 10 % are 1 799,6 s
        (1_637, Standing.NEAR),  # 1 637 s and 10 % are 1 800,7 s
        (1_800, Standing.NEAR),
        (1_806, Standing.NEAR),  # the village at 30,1 min
        (2_000, Standing.NEAR),  # 2 000 s less 10 % are 1 800 s exactly: may be within
        (2_001, Standing.BEYOND),
    ],
)
def test_edges_of_thirty_minutes_at_ten_per_cent(seconds, expected):
    assert stand(seconds, 30, 10) is expected


def test_the_longest_time_exactly_at_the_threshold_is_inside():
    assert stand(750, 15, 20) is Standing.INSIDE  # 750 s and 20 % are 900 s exactly
    assert stand(751, 15, 20) is Standing.NEAR
    assert stand(1_125, 15, 20) is Standing.NEAR  # less 20 %, 900 s exactly
    assert stand(1_126, 15, 20) is Standing.BEYOND


def test_without_uncertainty_nothing_is_near():
    assert [stand(s, 15, 0) for s in (899, 900, 901)] == [
        Standing.INSIDE,
        Standing.INSIDE,
        Standing.BEYOND,
    ]


def test_what_is_not_reached_is_beyond():
    found = standing(np.array([0, 0]), np.array([False, True]), 15, 10)
    assert found.tolist() == [Standing.BEYOND, Standing.INSIDE]


@given(travel(), st.integers(1, 70), st.integers(0, 60))
def test_standing_agrees_with_fractions(case, minutes, uncertainty_pct):
    share, limit = Fraction(uncertainty_pct, 100), minutes * 60
    expected = []
    for t in brute(*case):
        if t is None or t * (1 - share) > limit:
            expected.append(Standing.BEYOND)
        else:
            expected.append(Standing.INSIDE if t * (1 + share) <= limit else Standing.NEAR)
    access = nearest(*case)
    found = access.standing(minutes, uncertainty_pct)
    assert found.tolist() == expected
    sure = found != Standing.NEAR
    assert (access.beyond(minutes) == (found == Standing.BEYOND))[sure].all()
