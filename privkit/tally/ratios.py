"""Ratios of whole numbers, one per class: compared with a bound, and their largest, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from privkit.values.exact import Exact

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What products may reach in 64 bits.
_ROOM = 2**62
#: Floats of quotients are nearer to each other than this only where the quotients may be equal.
_NEAR = 1e-12


@dataclass(frozen=True, eq=False)
class Ratios:
    """Numerators over denominators; a positive number over 0 is infinite.

    Attributes
    ----------
    numerators, denominators : arrays of int64, or of Python integers where 64 bits would not do
        Denominators are not negative.
    """

    numerators: NDArray[np.int64]
    denominators: NDArray[np.int64]

    @property
    def floats(self) -> NDArray[np.float64]:
        """The quotients, rounded."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.numerators.astype(np.float64) / self.denominators.astype(np.float64)

    def below(self, limit: Fraction, *, strict: bool = False) -> NDArray[np.bool_]:
        """Return which ratios are at most `limit`, or below it, exactly.

        Examples
        --------
        >>> ratios = Ratios(np.array([1, 2, 1]), np.array([3, 6, 0]))
        >>> ratios.below(Fraction(1, 3)).tolist(), ratios.below(Fraction(1, 3), strict=True).tolist()
        ([True, True, False], [False, False, False])
        """
        floats = self.floats
        mask: NDArray[np.bool_] = floats < float(limit)
        with np.errstate(invalid="ignore"):
            near = np.flatnonzero(np.abs(floats - float(limit)) <= _NEAR * max(abs(float(limit)), 1))
        left, right = self.numerators[near], self.denominators[near]
        a, b = limit.numerator, limit.denominator
        if max(_largest(left) * b, _largest(right) * abs(a), abs(a), b) >= _ROOM:
            left, right = left.astype(object), right.astype(object)
        mask[near] = left * b < right * a if strict else left * b <= right * a
        return mask

    def largest(self) -> Exact:
        """Return the largest ratio, exactly; 0 where there is none.

        Examples
        --------
        >>> Ratios(np.array([1, 2]), np.array([3, 5])).largest()
        0.4
        """
        if not len(self.numerators):
            return Exact(0)
        floats = self.floats
        near = np.flatnonzero(floats >= floats.max() - _NEAR * max(abs(float(floats.max())), 1))
        pairs = {*zip(self.numerators[near].tolist(), self.denominators[near].tolist(), strict=True)}
        return Exact(max(Fraction(numerator, denominator) for numerator, denominator in pairs))


def _largest(values: NDArray[np.int64]) -> int:
    return max((abs(int(value)) for value in (values.max(), values.min())), default=0) if len(values) else 0


def whole(values: NDArray[np.int64], room: int) -> NDArray[np.int64]:
    """Return the values as they are where results up to `room` fit 64 bits, else as Python integers."""
    return values if room < _ROOM else values.astype(object)
