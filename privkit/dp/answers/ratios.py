"""Ratios of released numbers, with intervals that hold whatever the denominator is."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.answers.derived import Derived
from privkit.dp.answers.postprocess import _finite, _is_number, _linear, _linear_result, aligned, joined
from privkit.errors import ParameterError
from privkit.values.arguments import typed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.answers.linear import Errors

#: Directions into which the half-plane of ratios is cut.
_PARTS = 96


@typed
def ratio(above: object, below: object) -> Derived:
    """Return above / below, group by group, with an interval for each. Costs nothing.

    Parameters
    ----------
    above, below : Release or Derived
        Counts, sums, or what was added up of them, by the same groups; or one of them a total. `below` may be a public
        number.

    Returns
    -------
    Derived
        Missing where the denominator came out as 0. An interval is (−∞, ∞) where the denominator cannot be told
        from 0.

    Raises
    ------
    KeysDifferError, NotLinearError

    Notes
    -----
    For exact a and b and θ = a/b, a − θ·b = 0; so â − θ·b̂ is nothing but noise, and |â − θ·b̂| exceeds its own quantile
    h(θ) with probability at most alpha. All θ that this does not rule out are a set of confidence 1 − alpha (Fieller
    1954), whatever b is and however the two errors depend on each other. The same with θ = tan φ, times cos φ:
    |cos φ·â − sin φ·b̂| = r·|sin(φ₀ − φ)| ≤ h(φ), where r and φ₀ are the polar coordinates of (b̂, â). The directions are
    cut into 96 parts. On a part of width 2d around φₘ a weight cos φ·u − sin φ·v is at most |cos φₘ·u − sin φₘ·v| +
    d·√(u² + v²) in size, which bounds h there (a sum of symmetric unimodal variables spreads when one of them is
    stretched); then the inequality is solved exactly. Returned is the least interval that holds the whole set.

    The ratio itself is biased where the denominator is noisy; the interval is not centered on it.
    """
    if _is_number(below):
        found, public = _linear(above, "ratio"), _finite(below, "ratio")
        if public == 0:
            raise ParameterError.of("ratio", "below", "0", "a number that is not 0, or a released one")
        assert found.errors is not None
        return _linear_result(
            found, found.values / public, found.index, found.errors.scaled(1 / public), f"divided by {public:g}"
        )
    one, other = aligned(_linear(above, "ratio"), _linear(below, "ratio"), "ratio")
    top, bottom = (np.asarray(side.values, dtype=float) for side in (one, other))
    values = np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom != 0)
    assert one.errors is not None
    assert other.errors is not None
    errors = one.errors, other.errors

    @cache  # text, HTML and plot ask for the same
    def limits(alpha: float) -> tuple[NDArray[Any], NDArray[Any]]:
        return _fieller(top, bottom, *errors, alpha)

    both = joined(one, other)
    return replace(
        both,
        name=f"{one.name} / {other.name}",
        values=values,
        limits=limits,
        steps=(*both.steps, f"ratio to {other.name}"),
        errors=None,
    )


def _fieller(
    top: NDArray[np.float64], bottom: NDArray[np.float64], above: Errors, below: Errors, alpha: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    unit = [math.sqrt(max(float(errors.variances().max(initial=0)), 1e-300)) for errors in (above, below)]
    top, bottom, above, below = top / unit[0], bottom / unit[1], above.scaled(1 / unit[0]), below.scaled(1 / unit[1])
    edges = np.linspace(-math.pi / 2, math.pi / 2, _PARTS + 1)
    reach = np.stack([_reach(above, below, *part, alpha) for part in pairwise(edges)])
    flipped = np.where(bottom < 0, -1.0, 1.0)
    radius, angle = np.hypot(top, bottom), np.arctan2(top * flipped, bottom * flipped)
    with np.errstate(divide="ignore", invalid="ignore"):
        swing = np.where(reach >= radius, math.pi / 2, np.arcsin(np.minimum(reach / radius, 1.0)))
    swing = np.where(radius == 0, math.pi / 2, swing)
    low, high = np.full(len(top), math.inf), np.full(len(top), -math.inf)
    wraps = np.zeros(len(top), dtype=bool)
    for turn in (-math.pi, 0.0, math.pi):  # the set has period π
        first = np.maximum(angle + turn - swing, edges[:-1, None])
        last = np.minimum(angle + turn + swing, edges[1:, None])
        there = first <= last
        low = np.minimum(low, np.where(there, first, math.inf).min(axis=0))
        high = np.maximum(high, np.where(there, last, -math.inf).max(axis=0))
        wraps |= (there & ((first <= edges[0]) | (last >= edges[-1]))).any(axis=0)
    scale = unit[0] / unit[1]
    return np.where(wraps, -math.inf, np.tan(low) * scale), np.where(wraps, math.inf, np.tan(high) * scale)


def _reach(above: Errors, below: Errors, first: float, last: float, alpha: float) -> NDArray[np.float64]:
    """Return a bound of h(φ) for all φ between `first` and `last`."""
    middle, half = (first + last) / 2, (last - first) / 2
    along = above.scaled(math.cos(middle)).plus(below.scaled(-math.sin(middle)))
    # |u| and |v| of every term, side by side, as weights of one sign: √(u² + v²) ≤ |u| + |v|.
    sizes = above.sized().scaled(half).plus(below.sized().scaled(half))
    return along.sized().plus(sizes).half_widths(alpha)
