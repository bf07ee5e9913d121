"""Tables that are brought to add up: the estimator of Hay et al., no number worse, intervals that hold."""

import math

import numpy as np
import pytest
from dp_released import released

from privkit.dp.answers.arithmetic import estimate, subtracted
from privkit.dp.answers.postprocess import consistent, total
from privkit.dp.statistics.moments import Mean
from privkit.errors import ParameterError
from privkit.errors.dp import TotalsError
from privkit.values.bounds import ValueBounds
from privkit.values.loss import Measure

KEYS = {"a": ["x", "y", "z"], "b": [1, 2]}


def hay(tree, fan):
    """Hay et al. 2010, section 4: weighted averages upwards, then what is missing spread evenly downwards."""
    height = len(tree)
    z = [level.astype(float) for level in tree]
    for depth in range(height - 2, -1, -1):
        reach = height - depth
        share = (fan**reach - fan ** (reach - 1)) / (fan**reach - 1)
        below = z[depth + 1].reshape(-1, fan).sum(axis=1)
        z[depth] = share * tree[depth] + (fan ** (reach - 1) - 1) / (fan**reach - 1) * below
    found = [z[0]]
    for depth in range(1, height):
        missing = found[-1] - z[depth].reshape(-1, fan).sum(axis=1)
        found.append(z[depth] + np.repeat(missing, fan) / fan)
    return found


def tree_parts(rng=None, epsilon=0.3):
    leaves = np.arange(9) * 7
    within = {"top": ("leaf", {leaf: leaf // 3 for leaf in range(9)})}
    parts = [
        released([leaves.sum()], entry=1, rng=rng, epsilon=epsilon),
        released(leaves.reshape(3, 3).sum(axis=1), "top", [0, 1, 2], entry=2, rng=rng, epsilon=epsilon),
        released(leaves, "leaf", list(range(9)), entry=3, rng=rng, epsilon=epsilon),
    ]
    return parts, within


def test_full_trees_get_the_estimator_of_hay_et_al():
    parts, within = tree_parts()
    found = consistent(*parts, within=within)
    for mine, theirs in zip(found, hay([part.drawn[:, 0] for part in parts], 3), strict=True):
        np.testing.assert_allclose(mine.values, theirs, rtol=1e-9)


def test_corrected_tables_add_up_and_no_number_gets_worse():
    cells = released(np.arange(6) * 30, ("a", "b"), KEYS, entry=1, epsilon=0.3)
    margin = released([30, 150, 270], "a", ["z", "x", "y"], entry=2, epsilon=0.9)
    whole = released([450], entry=3, epsilon=0.1, measure=Measure.ZERO_CONCENTRATED)
    fixed = consistent(cells, margin, whole)
    assert total(fixed[0]).value == pytest.approx(fixed[2].value)
    np.testing.assert_allclose(total(fixed[0], "a").value.loc[["z", "x", "y"]], fixed[1].value)
    for before, after in zip((cells, margin, whole), fixed, strict=True):
        assert (after.errors.variances() <= estimate(before).errors.variances() * (1 + 1e-9)).all()
    assert subtracted(total(fixed[0]), fixed[2]).accuracy == pytest.approx(0, abs=1e-6)
    assert len(fixed[0].sources) == 3


def test_corrected_tables_cover_and_err_as_told():
    rng, runs = np.random.default_rng(21), 150
    missed, errors = 0, []
    for _ in range(runs):
        parts, within = tree_parts(rng)
        leaves = consistent(*parts, within=within)[2]
        lower, upper = leaves.interval(0.9)
        exact = np.arange(9) * 7
        missed += int(((lower > exact) | (upper < exact)).sum())
        errors.append(leaves.values - exact)
    assert missed / (9 * runs) <= 0.1 + 4 * math.sqrt(0.09 / (9 * runs))
    assert missed / (9 * runs) >= 0.06
    assert np.mean(np.square(errors)) == pytest.approx(leaves.errors.variances().mean(), rel=0.15)
    assert abs(np.mean(errors)) <= 4 * leaves.deviation.mean() / math.sqrt(9 * runs)


def test_tables_that_do_not_nest_are_refused():
    cells, other = released(np.arange(6), ("a", "b"), KEYS), released([1, 2], "c", [1, 2], entry=2)
    with pytest.raises(TotalsError, match="within=") as caught:
        consistent(cells, other)
    assert caught.value.columns == ("c",)
    with pytest.raises(TotalsError, match="1 keys"):
        consistent(cells, released([1, 2, 3, 4], "a", ["x", "y", "z", "w"], entry=2))
    with pytest.raises(TotalsError, match="one statistic"):
        mean = released(np.full((1, 2), 1000), asked=Mean("v", ValueBounds(0, 100)))
        consistent(cells, estimate(mean, "sum"))
    with pytest.raises(ParameterError, match="two or more"):
        consistent(cells)
