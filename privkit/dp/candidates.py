"""Public candidates: the numbers among which a quantile is chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence

from privkit.dp.statistics.quantile import CANDIDATES
from privkit.errors import NotPublicError, ParameterError
from privkit.errors.dp import ValueBoundsRequiredError
from privkit.errors.root import type_told
from privkit.values.bounds import ValueBounds, value_bounds
from privkit.values.vouched import vouched


def public_candidates(bounds: object, candidates: object, column: str) -> tuple[float, ...]:
    """Return the public candidates, ascending."""
    if (bounds is None) == (candidates is None):
        if bounds is None:
            raise ValueBoundsRequiredError.of(column)
        raise ParameterError.together(("bounds", "candidates"), "give bounds= or candidates=, not both.")
    if candidates is None:
        ends = bounds if isinstance(bounds, ValueBounds) else value_bounds(bounds, column)
        if ends.width == 0:
            return (ends.lower,)
        return tuple(ends.lower + ends.width * place / (CANDIDATES - 1) for place in range(CANDIDATES))
    candidates, _ = vouched(candidates)
    if hasattr(candidates, "dtype") or hasattr(candidates, "columns"):
        raise NotPublicError.of("candidates", type(candidates).__name__)
    allowed = "a list of finite numbers, each once"
    if not isinstance(candidates, Sequence) or isinstance(candidates, str) or not candidates:
        raise ParameterError.of("candidates", type_told(candidates), allowed)
    if any(hasattr(value, "dtype") for value in candidates):
        raise NotPublicError.of("candidates", "list of NumPy numbers")
    if any(isinstance(v, bool) or not isinstance(v, int | float) or not math.isfinite(v) for v in candidates):
        raise ParameterError.of("candidates", "a list with something else", allowed)
    numbers = sorted(float(value) + 0.0 for value in candidates)
    if len(set(numbers)) < len(numbers):
        raise ParameterError.of("candidates", "numbers more than once", allowed)
    return tuple(numbers)
