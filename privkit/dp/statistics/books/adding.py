"""Fitted tables whose numbers add up exactly, in floats.

Claim
-----
The tables of :func:`summed_exactly` are floats of which every sum along axes is exactly the number of the smaller
table, in whatever order it is taken. Each number lies within g, a power of two, times its table's number of cells of
the fitted one.

Proof
-----
Tables that add up are told by their numbers outside the last levels: those of the last level of a column are margins
less the others. So the numbers of every set outside all last levels are rounded to multiples of g = 2^-k, and the rest
is reckoned from them by differences. For two columns and the axis that is filled last: Σ_i x[i, last] = Σ_i (m[i] − Σ_j
x[i, j]) = (sum of all) − Σ_j n[j], with m and n the two margins, which is what n[last] was made by; for more columns
the same, axis by axis. All numbers are multiples of g. With k such that the sizes of all numbers of any table add up to
at most 2^47 g, every sum and difference on the way is a multiple of g below 2^53 g, which a float holds: nothing is
rounded again. A number with last levels in the columns Z is a sum, with signs, of at most Π_{i∈Z} n_i rounded ones,
each off by at most g / 2, and so are the fitted ones of each other but for floating-point roundings far below g. ∎

Where one table alone is measured, all fitted numbers are sums of its own, which are whole: with g = 1 each is rounded
to itself, and is off by nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.statistics.books.residuals import Axes, Fit

#: Multiples that are finer than this say nothing.
_FINEST = 40


def summed_exactly(fit: Fit, noisy: NDArray[np.float64]) -> tuple[Mapping[Axes, NDArray[np.float64]], float]:
    """Return all tables within the asked ones, and g: what the number of a table of one cell may be off by rounding.

    Parameters
    ----------
    fit : Fit
    noisy : array, shape (width,)
        The measured cells.
    """
    residuals = fit.residuals(noisy)
    fitted = {axes: fit.table(residuals, axes) for axes in fit.shapes.sets}
    largest = max(float(np.abs(table).sum()) for table in fitted.values())
    finest = 0 if len(fit.measured) == 1 else _FINEST
    power = min(finest, 46 - math.ceil(math.log2(1 + largest)))
    found: dict[Axes, NDArray[np.float64]] = {}
    for axes, table in fitted.items():  # smaller sets come first
        exact = np.ldexp(np.round(np.ldexp(table, power)), -power)
        for place in range(len(axes)):
            exact = np.moveaxis(exact, place, 0)
            exact[-1] = found[axes[:place] + axes[place + 1 :]] - exact[:-1].sum(axis=0)
            exact = np.moveaxis(exact, 0, place)
        found[axes] = exact
    return found, 0.0 if power == finest == 0 else math.ldexp(1.0, -power)
