"""Numbers as the decimals that they are written as: whole counts of one power of ten, which divide without error.

A float is read as the shortest decimal that it prints as: 0.3 is three tenths, not the binary number a little below.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Numbers of more digits before or after the point are refused: they would be written out in labels.
DIGITS = 400
#: Counts up to this one are added and multiplied by two without leaving 64 bits.
_LARGEST = 2**62
#: Decimals of 15 digits: no two of them are nearest to the same float.
_FIFTEEN_DIGITS = 10**15
#: What numbers of so many digits are reckoned in.
WIDE = Context(prec=4 * DIGITS, Emax=MAX_EMAX, Emin=MIN_EMIN)


class TooLongError(ValueError):
    """A number has more digits than are written out."""


@dataclass(frozen=True, eq=False)
class Decimals:
    """Finite numbers, ``counts / 10**places``.

    Attributes
    ----------
    counts : array of int64, or of Python's whole numbers where one does not fit; shape (n,)
    places : int
        Digits after the point.

    Examples
    --------
    >>> Decimals.of([0.3, 17, Decimal("2.5")]).counts.tolist()
    [3, 170, 25]
    >>> Decimals.of([2**70, 0.5]).counts.tolist()
    [11805916207174113034240, 5]
    """

    counts: NDArray[Any]
    places: int

    @classmethod
    def of(cls, values: Iterable[Any], places: int = 0) -> Decimals:
        """Read numbers, or texts of numbers, exactly; floats of an array at least so that comparisons are exact.

        Parameters
        ----------
        values : iterable of numbers
        places : int
            How many digits after the point those numbers have with which the values of an array of floats are compared.

        Raises
        ------
        ValueError
            If one is no finite number. The message holds no value.
        TooLongError
            If one has more than `DIGITS` digits on one side of the point.
        """
        array = values.to_numpy() if hasattr(values, "to_numpy") else values
        if isinstance(array, np.ndarray) and array.dtype.kind in "biuf":
            if array.dtype.kind != "f":
                return cls(array.astype(object if array.dtype.kind == "u" else np.int64), 0).fitted()
            if (quick := _floats(array.astype(np.float64), places)) is not None:
                return quick
        numbers = [decimal(value) for value in values]
        most = max([0, *(-int(number.as_tuple().exponent) for number in numbers)])
        counts = [int(number.scaleb(most, WIDE)) for number in numbers]
        return cls(np.array(counts, dtype=object), most).fitted()

    def fitted(self) -> Decimals:
        """Return the same numbers with counts of 64 bits where all of them fit."""
        counts = self.counts
        ends = (int(counts.min()), int(counts.max())) if len(counts) else (0, 0)
        small = max(-ends[0], ends[1]) < _LARGEST
        return Decimals(counts.astype(np.int64 if small else object), self.places)

    def at(self, places: int) -> Decimals:
        """Return the same numbers with so many places, at least as many as now."""
        if places == self.places:
            return self
        return Decimals(self.counts.astype(object) * 10 ** (places - self.places), places).fitted()

    def __len__(self) -> int:
        return len(self.counts)


def decimal(value: Any) -> Decimal:
    """Return one number as the decimal that it is written as, without zeros at its end.

    Raises
    ------
    ValueError, TooLongError

    Examples
    --------
    >>> decimal(0.1), decimal(7), decimal("1e3")
    (Decimal('0.1'), Decimal('7'), Decimal('1E+3'))
    """
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, int | float | Decimal | str):
        raise ValueError("no number")
    if isinstance(value, int) and value.bit_length() > 4 * DIGITS:
        raise TooLongError("too many digits")
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        raise ValueError("no number") from None
    if not number.is_finite():
        raise ValueError("not finite")
    exponent = int(number.as_tuple().exponent)
    if number and (number.adjusted() > DIGITS or len(number.as_tuple().digits) > 2 * DIGITS or -exponent > 2 * DIGITS):
        raise TooLongError("too many digits")
    return number.normalize(WIDE) if number else Decimal(0)


def end_of(value: Any) -> int:
    """Return 1 for infinity, -1 for the one below, 0 for anything else.

    Examples
    --------
    >>> end_of(float("inf")), end_of(Decimal("-Infinity")), end_of(Decimal("1E+5000")), end_of(7)
    (1, -1, 0, 0)
    """
    infinite = value.is_infinite() if isinstance(value, Decimal) else isinstance(value, float) and math.isinf(value)
    return (1 if value > 0 else -1) if infinite else 0


def infinite_ends(values: Iterable[Any]) -> NDArray[np.int64]:
    """Return `end_of` each value; shape (n,).

    Examples
    --------
    >>> infinite_ends([1.5, float("-inf"), 7]).tolist()
    [0, -1, 0]
    """
    array = values.to_numpy() if hasattr(values, "to_numpy") else values
    if isinstance(array, np.ndarray) and array.dtype.kind in "biu":
        return np.zeros(len(array), dtype=np.int64)
    if isinstance(array, np.ndarray) and array.dtype.kind == "f":
        return np.where(np.isinf(array), np.sign(array), 0).astype(np.int64)
    return np.array([end_of(value) for value in array], dtype=np.int64)


def finite_of(values: Iterable[Any], ends: NDArray[np.int64]) -> Iterable[Any]:
    """Return the values, with 0 in place of those that lie at an infinite end."""
    if not ends.any():
        return values
    array = values.to_numpy() if hasattr(values, "to_numpy") else values
    if isinstance(array, np.ndarray) and array.dtype.kind == "f":
        return np.where(ends == 0, array, 0)
    return [0 if end else value for value, end in zip(array, ends, strict=True)]


def _floats(array: NDArray[np.float64], places: int) -> Decimals | None:
    """Return floats as decimals that lie on the same side of every decimal with so many `places`; None for large ones.

    Claim: with n = floor(10**p · d) for the decimal d that a float x prints as, what is returned is d itself where
    10**p · d = n, and else the middle of n and n + 1 units of 10**-p; so all comparisons with multiples of 10**-p, and
    of 10**-places since p >= places, come out as they do for d.

    Why n is right: below 10**15 a whole number m and the power of ten are floats, so that m / 10**p is the float f
    nearest to the decimal e = m · 10**-p. Rounding to floats is monotone: d >= e implies x >= f, and x > f implies
    d > e. Where x = f, no other decimal of 15 digits rounds to x, and d, the shortest that does, has no more: d = e. So
    x >= f tells d >= e. The product is less than one unit off, which one step up or down mends.
    """
    if not np.isfinite(array).all():
        return None
    largest = float(np.abs(array).max(initial=0))
    p = max(places, min(12, 14 - len(str(int(largest)))))
    if p > 22 or largest * 10.0**p >= _FIFTEEN_DIGITS:
        return None
    scale = 10.0**p
    units = np.floor(array * scale)
    units -= array < units / scale
    units += array >= (units + 1) / scale
    return Decimals(units.astype(np.int64) * 10 + np.where(array == units / scale, 0, 5), p + 1)


def nearest_multiples(values: Iterable[Any], base: Any) -> Decimals:
    """Return each number's nearest multiple of `base`; halves go to the even multiple.

    Examples
    --------
    >>> nearest_multiples([0.15, 0.25, 0.34], 0.1).counts.tolist()
    [2, 2, 3]
    """
    step = Decimals.of([base])
    numbers = Decimals.of(values, step.places + 1)  # halfway between multiples there is one digit more
    places = max(numbers.places, step.places)
    counts, width = numbers.at(places).counts, int(step.at(places).counts[0])
    if width >= _LARGEST:
        counts = counts.astype(object)
    whole, rest = counts // width, counts % width
    up = (2 * rest > width) | ((2 * rest == width) & (whole % 2 == 1))
    multiples = (whole + up).astype(object) * int(step.counts[0])
    return Decimals(multiples, step.places).fitted()


def as_floats(numbers: Decimals) -> NDArray[np.float64]:
    """Return the float nearest to each number; infinite beyond the largest."""
    if numbers.counts.dtype != object and numbers.places <= 22 and np.abs(numbers.counts).max(initial=0) < 2**53:
        return np.asarray(numbers.counts / 10.0**numbers.places)
    return np.array([_nearest(int(count), 10**numbers.places) for count in numbers.counts], dtype=np.float64)


def _nearest(count: int, scale: int) -> float:
    try:
        return count / scale
    except OverflowError:
        return math.inf if count > 0 else -math.inf


def as_decimals(numbers: Decimals) -> Sequence[Decimal]:
    """Return the numbers as Python's decimals, with as many places each."""
    return [Decimal(int(count)).scaleb(-numbers.places, WIDE) for count in numbers.counts]


def exact_quotient(count: int, scale: int) -> Decimal:
    """Return ``count / scale`` where that is a decimal."""
    return WIDE.divide(Decimal(count), Decimal(scale))
