"""The frozen facts: whole numbers only, positions by code, what counts as mairie hours."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from tiny import at, make, on_a_line


@pytest.mark.parametrize("name", ["time_s", "distance_m", "resident_weight"])
def test_floats_are_refused_not_truncated(name):
    problem = make(on_a_line([0, 10]))
    with pytest.raises(TypeError, match=name):
        replace(problem, **{name: getattr(problem, name).astype(float)})


def test_a_problem_is_frozen():
    with pytest.raises(FrozenInstanceError):
        make(on_a_line([0, 10])).trained = 2


def test_sites_are_found_by_code_and_place():
    problem = make(on_a_line([0, 10, 20, 30]), sites=2)
    assert problem.site_index == {("A", ""): 0, ("B", ""): 1}
    assert problem.site_place.tolist() == [1, 2]
    assert make([[0]]).site_place.dtype == np.int64


def test_a_half_day_counts_from_the_least_overlap_on():
    hours = {"A": "Mo 09:00-10:00,11:00-12:00"}
    problem = make(on_a_line([0, 10, 20]), hours=hours, overlap_min=60)
    a, b = problem.sites
    assert problem.hour_counts(a, 0, at("09:30"), at("11:30"))
    assert not problem.hour_counts(a, 0, at("09:30"), at("11:25"))
    assert not problem.hour_counts(a, 1, at("09:00"), at("12:00"))
    assert not problem.hour_counts(b, 0, at("09:00"), at("12:00")), "unknown hours never count"
