from __future__ import annotations

import numpy as np
import pytest

from tourplan.arrays import distinct


@pytest.mark.parametrize("values", [[], [3], [3, 1, 3, 2, 1], [[2, 1], [1, 2**40]], [-1, -1, 0]])
def test_values_once_and_in_order(values):
    given = np.array(values, dtype=np.int64)
    before = given.copy()
    assert distinct(given).tolist() == sorted(set(given.ravel().tolist()))
    assert np.array_equal(given, before)
