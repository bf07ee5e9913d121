"""How far what is drawn may lie from what is claimed: a test that holds fails by chance once in 10^9 runs.

Noise has no seed. So a test of it judges a share, a mean or a spread of many draws by its law, or asks at a price at
which noise is out of the question; it never compares one draw with a tolerance that merely seems wide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from privkit.dp.noise.noise import Gaussian, Laplace

#: The chance that a test fails although what it claims is so.
RARE = 1e-9
#: As many standard deviations to either side a normal number lies off with that chance.
FAR = float(stats.norm.isf(RARE / 2))


def at_least(hits: Any, tried: int, share: float) -> bool:
    """Whether so many hits are what a chance of `share` or more gives.

    >>> at_least(906, 1000, 0.95), at_least(870, 1000, 0.95)
    (True, False)
    """
    return bool(stats.binom.cdf(int(hits), tried, share) > RARE)


def at_most(hits: Any, tried: int, share: float) -> bool:
    """Whether so many hits are what a chance of `share` or less gives.

    >>> at_most(0, 200, 0.01), at_most(20, 200, 0.01)
    (True, False)
    """
    return bool(stats.binom.sf(int(hits) - 1, tried, share) > RARE)


def about(hits: Any, tried: int, share: float) -> bool:
    """Whether so many hits are what this chance gives.

    >>> about(60, 20_000, 0.0049), about(20, 20_000, 0.0049), about(200, 20_000, 0.0049)
    (True, False, False)
    """
    return bool(min(stats.binom.cdf(int(hits), tried, share), stats.binom.sf(int(hits) - 1, tried, share)) > RARE / 2)


def off(deviation: float, tried: int) -> float:
    """How far the mean of so many draws of a deviation may lie from the true one.

    >>> round(off(10.0, 400), 2)
    3.05
    """
    return FAR * deviation / math.sqrt(tried)


def spreads_as(errors: ArrayLike, noise: Laplace | Gaussian) -> bool:
    """Whether errors are as large as this noise makes them.

    Of n draws of Laplace noise of scale b, 2Σ|x|/b has the χ² law of 2n degrees of freedom, and of Gaussian noise
    Σx²/s² that of n. Drawn as whole numbers both are so but for a part of 1/(6 b²), which a scale of 5 makes too small
    to be seen.

    >>> from privkit.dp.noise.noise import Laplace
    >>> drawn = np.random.default_rng(1).laplace(0, 50, 1000)
    >>> [spreads_as(drawn, Laplace(scale)) for scale in (35.0, 50.0, 70.0)]
    [False, True, False]
    """
    found = np.asarray(errors, dtype=float).ravel()
    assert noise.scale >= 5, "of a smaller scale the law is another"
    if type(noise).__name__ == "Laplace":
        total, degrees = 2 * np.abs(found).sum() / noise.scale, 2 * found.size
    else:
        total, degrees = (found**2).sum() / noise.scale**2, found.size
    return bool(min(stats.chi2.cdf(total, degrees), stats.chi2.sf(total, degrees)) > RARE / 2)


def drawn_as(counts: Sequence[int] | ArrayLike, chances: ArrayLike) -> bool:
    """Whether so many draws of each value are what these chances give: Pearson's χ², of cells of 10 draws or more.

    >>> drawn_as([480, 520], [0.5, 0.5]), drawn_as([200, 800], [0.5, 0.5])
    (True, False)
    """
    seen, due = np.asarray(counts, dtype=float), np.asarray(chances, dtype=float)
    due = due / due.sum() * seen.sum()
    rare = due < 10
    seen, due = (np.append(side[~rare], side[rare].sum()) if rare.any() else side for side in (seen, due))
    kept = due > 0
    assert not seen[~kept].any()
    return bool(stats.chisquare(seen[kept], due[kept]).pvalue > RARE)
