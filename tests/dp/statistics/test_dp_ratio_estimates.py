"""An estimate that is a ratio lies in its own interval at every level, also where nobody seems to be there."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from privkit.dp.noise.noise import Gaussian, Laplace
from privkit.dp.statistics.moments import Deviation, Mean, Variance
from privkit.values.bounds import ValueBounds

BOUNDS = ValueBounds(-3.0, 30.0)
STATISTICS = [Mean("x", BOUNDS), Variance("x", BOUNDS), Deviation("x", BOUNDS)]
LEVELS = (0.5, 0.1, 0.05, 0.01, 1e-6)


@pytest.mark.parametrize("noise", [Laplace, Gaussian], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("asked", STATISTICS, ids=lambda asked: type(asked).__name__)
@given(rows=st.lists(st.floats(-8, 8), min_size=4, max_size=4))
@example(rows=[5.0, -7.0, 0.5, 0.5])
@example(rows=[0.0, 0.0, 0.0, 0.0])
@example(rows=[-2.0, -3.0, -1.0, -1.0])
def test_an_estimate_lies_in_its_interval(asked, noise, rows):
    cells = np.round(np.array([rows[: asked.width]]) * 2**30).astype(np.int64)
    drawn = noise(2.0**30)
    names = [name for name in asked.estimates(cells) if name == "mean"]
    for alpha in LEVELS:
        limits = asked.limits(cells, drawn, alpha)
        for name in names:
            (value,), (lower,), (upper,) = asked.estimates(cells)[name], *limits[name]
            assert lower - 1e-9 <= value <= upper + 1e-9, (name, alpha)
