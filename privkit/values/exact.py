"""Exact amounts: what a budget is counted in."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

from privkit.errors import ParameterError

#: Below this a parameter would ask for noise that no integer of 64 bits holds.
SMALLEST_LOSS = Fraction(1, 10**9)
#: Above this an amount has no float, by which OpenDP and people are told of it.
LARGEST = 10**308


class Exact(Fraction):
    """A fraction that prints as the decimal a person wrote.

    A float is read as the shortest decimal that it prints as, on the way in and in comparisons: ``0.1``
    means one tenth. So ``0.1 + 0.1 + 0.1`` of budget fits in ``0.3``, and nothing after it.

    Examples
    --------
    >>> Exact("0.1") * 3 == Exact(0.3)
    True
    >>> str(Exact("0.30")), f"{Exact(1, 3):.3f}", Exact(1, 4) == 0.25
    ('0.3', '0.333', True)
    >>> str(Exact("1e-06"))
    '1e-06'
    """

    __slots__ = ()

    def __new__(cls, numerator: object = 0, denominator: object = None) -> Exact:
        """Read an int, float, Decimal, Fraction or decimal string exactly."""
        if denominator is None and type(numerator) is cls:
            return numerator
        if isinstance(numerator, float):
            numerator = repr(float(numerator))
        if denominator is None and isinstance(numerator, Fraction):
            value = numerator
        else:
            value = Fraction(numerator) if denominator is None else Fraction(numerator, denominator)  # type: ignore[call-overload]
        return super().__new__(cls, value.numerator, value.denominator)

    def __str__(self) -> str:
        """Return the decimal where there is one, else a fraction."""
        rest, powers = self.denominator, [0, 0]
        for place, prime in enumerate((2, 5)):
            while rest % prime == 0:
                rest //= prime
                powers[place] += 1
        if rest != 1:
            return f"{self.numerator}/{self.denominator}"
        places = max(powers)
        digits = str(abs(self.numerator) * 10**places // self.denominator)
        sign = "-" if self < 0 else ""
        if self != 0 and not Fraction(1, 1000) <= abs(self) < 10**16:
            mantissa = digits.rstrip("0")
            point = "." if len(mantissa) > 1 else ""
            return f"{sign}{mantissa[0]}{point}{mantissa[1:]}e{len(digits) - places - 1:+03d}"
        digits = digits.rjust(places + 1, "0")
        return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"

    def __repr__(self) -> str:
        """Return the same as `str`, so that ``project.spent.epsilon`` reads well in a cell."""
        return str(self)

    def __format__(self, spec: str) -> str:
        """Format as a float does; without a specification, exactly."""
        return format(float(self), spec) if spec else str(self)

    def __eq__(self, other: object) -> bool:
        """Compare; a float counts as the decimal that it prints as."""
        return super().__eq__(_decimal(other))

    def __lt__(self, other: object) -> bool:
        """Compare; a float counts as the decimal that it prints as."""
        return super().__lt__(_decimal(other))  # type: ignore[operator]

    def __le__(self, other: object) -> bool:
        """Compare; a float counts as the decimal that it prints as."""
        return super().__le__(_decimal(other))  # type: ignore[operator]

    def __gt__(self, other: object) -> bool:
        """Compare; a float counts as the decimal that it prints as."""
        return super().__gt__(_decimal(other))  # type: ignore[operator]

    def __ge__(self, other: object) -> bool:
        """Compare; a float counts as the decimal that it prints as."""
        return super().__ge__(_decimal(other))  # type: ignore[operator]

    __hash__ = Fraction.__hash__

    def __add__(self, other: Any) -> Any:
        """Add; what is exact stays exact."""
        return _kept(super().__add__(other))

    def __radd__(self, other: Any) -> Any:
        """Add to another number."""
        return _kept(super().__radd__(other))

    def __sub__(self, other: Any) -> Any:
        """Subtract; what is exact stays exact."""
        return _kept(super().__sub__(other))

    def __rsub__(self, other: Any) -> Any:
        """Subtract from another number."""
        return _kept(super().__rsub__(other))

    def __mul__(self, other: Any) -> Any:
        """Multiply; what is exact stays exact."""
        return _kept(super().__mul__(other))

    def __rmul__(self, other: Any) -> Any:
        """Multiply another number."""
        return _kept(super().__rmul__(other))

    def __truediv__(self, other: Any) -> Any:
        """Divide; what is exact stays exact."""
        return _kept(super().__truediv__(other))

    def __neg__(self) -> Exact:
        """Negate."""
        return Exact(super().__neg__())

    def __abs__(self) -> Exact:
        """Return the amount without its sign."""
        return Exact(super().__abs__())


def _kept(result: object) -> object:
    return Exact(result) if isinstance(result, Fraction) else result


def _decimal(other: object) -> object:
    return Fraction(repr(other)) if type(other) is float and math.isfinite(other) else other


def exact(
    value: object,
    argument: str,
    *,
    zero: bool = False,
    smallest: Fraction = SMALLEST_LOSS,
    below: int | None = None,
    hint: str = "",
) -> Exact:
    """Return a parameter of privacy as an exact amount, or refuse it: the one strict gate.

    Parameters
    ----------
    value : int, float, Decimal or Fraction
        The amount as the user gave it. Strings and booleans are refused.
    argument : str
        Who asked, for the error.
    zero : bool
        Whether 0 is allowed.
    smallest : Fraction
        The least positive amount that is allowed.
    below : int, optional
        An upper limit that is itself not allowed (1 for δ).
    hint : str
        What to type instead, for the error.

    Raises
    ------
    ParameterError
        For anything that is not a finite number in the range.

    Examples
    --------
    >>> exact(0.35, "epsilon")
    0.35
    """
    limit = "" if below is None else f" and < {below}"
    allowed = f"a finite number {'>=' if zero else '>'} 0{limit}"
    number = value
    if hasattr(value, "dtype") and hasattr(value, "item") and getattr(value, "shape", None) == ():
        number = value.item()  # a NumPy scalar
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal | Fraction):
        raise ParameterError.of(argument, f"a {type(value).__name__}", allowed, hint)
    if (isinstance(number, float) and not math.isfinite(number)) or (
        isinstance(number, Decimal) and not number.is_finite()
    ):
        raise ParameterError.of(argument, str(number), allowed, hint)
    amount = Exact(number)
    if amount > LARGEST:
        raise ParameterError.of(argument, "a number beyond 1e308", allowed, hint)
    if amount < 0 or (amount == 0 and not zero) or (below is not None and amount >= below):
        raise ParameterError.of(argument, str(amount), allowed, hint)
    if 0 < amount < smallest:
        raise ParameterError.of(
            argument, str(number), allowed, f"The least amount is {float(smallest):g}. {hint}".strip()
        )
    return amount
