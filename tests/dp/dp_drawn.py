"""A fast path for coverage: many samples of a population at once, as cells of moments with noise, without frames.

Its cells are tied to the real ones by `test_the_fast_path_draws_what_a_release_would`: the same rows give the same
cells, and the noise is that of the teaching simulator, whose law `test_dp_samplers.py` holds to OpenDP's.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from privkit.dp.simulate import drawn
from privkit.dp.statistics.moments import split

#: The chance that a test of a rate fails although the rate is as claimed.
BAND = 1e-3


def moments(shares, full, degree):
    """The exact cells of one group for each sample: shares of the range, shape (samples, rows)."""
    steps = np.floor(shares * full + 0.5)
    sums = [np.full(len(shares), shares.shape[1]), steps.sum(axis=1)]
    if degree > 1:
        sums.append(np.floor(steps * steps / max(full, 1) + 0.5).sum(axis=1))
    return split(np.stack(sums, axis=1).astype(np.int64), full)


def lines(rng, many, rows, slopes, deviation):
    """The exact sums of products of (1, a, b, y), in rows, of so many samples with normal residuals and one design.

    X'e is normal then, and e'e is what X'e takes of it plus an independent χ²: no residual is drawn.
    """
    x = np.column_stack([np.ones(rows), rng.uniform(-1, 1, (rows, 2))])
    design = x.T @ x
    root, found = np.linalg.cholesky(design), np.zeros((many, 4, 4))
    for own in found:
        scores = root @ rng.normal(size=3) * deviation
        squares = scores @ np.linalg.solve(design, scores) + deviation**2 * rng.chisquare(rows - 3)
        own[:3, :3] = design
        own[:3, 3] = own[3, :3] = design @ slopes + scores
        own[3, 3] = slopes @ design @ slopes + 2 * slopes @ scores + squares
    return found


def noisy(cells, noise, rng):
    """The cells with noise."""
    return cells + drawn(noise, cells.size, rng).reshape(cells.shape)


def holds(hits, draws, level):
    """Whether so many hits are what a coverage of at least `level` gives, in 999 of 1,000 tests."""
    return bool(stats.binomtest(int(hits), draws, level, alternative="less").pvalue > BAND)


def rejects_too_often(rejected, draws, alpha):
    """Whether so many rejections are more than what a test of level `alpha` gives, in 999 of 1,000 tests."""
    return bool(stats.binomtest(int(rejected), draws, alpha, alternative="greater").pvalue <= BAND)
