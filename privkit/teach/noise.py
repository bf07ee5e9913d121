"""The noise of the pieces, in Python: what their sentences and still pictures tell of it. The pages have `noise.js`."""

from __future__ import annotations

import math


def deviation(epsilon: float) -> float:
    """Return the standard deviation of a discrete Laplace of scale 1/ε: √(2a)/(1 − a) for a = e^(−ε).

    Examples
    --------
    >>> round(deviation(1), 3)
    1.357
    """
    return math.sqrt(2 * math.exp(-epsilon)) / -math.expm1(-epsilon)
