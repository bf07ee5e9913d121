"""Exact amounts: what a budget is counted in, and the shares and thresholds of criteria."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from privkit.errors import ParameterError
from privkit.errors.root import type_told

#: Below this a parameter would ask for noise that no integer of 64 bits holds.
SMALLEST_LOSS = Fraction(1, 10**9)
#: Above this an amount has no float, by which OpenDP and people are told of it.
LARGEST = 10**308


class Amounts:
    """What holds amounts by the names of arguments: a loss, which may be said wherever one of them is asked for."""

    __slots__ = ()

    def amount(self, argument: str) -> Fraction | None:
        """Return what the argument asks for; None where there is none of it."""
        raise NotImplementedError


def as_written(number: int | float | Decimal | Fraction | str) -> Fraction:
    """Return a number as a fraction; a float is the shortest decimal that it prints as: ``0.1`` means one tenth.

    ``Fraction(0.1)`` is the binary number beside it. So ``0.1 + 0.1 + 0.1`` of budget fits in ``0.3``, and nothing
    after it.

    Raises
    ------
    ValueError, OverflowError
        For what is not finite, and for texts that are no number.

    Examples
    --------
    >>> as_written(0.1) * 3 == as_written(0.3), 0.1 * 3 == 0.3
    (True, False)
    """
    return Fraction(repr(float(number))) if isinstance(number, float) else Fraction(number)


def as_typed(number: float) -> str:
    """Return a public number as a person types it: the shortest text that reads back as the same number.

    Examples
    --------
    >>> as_typed(500.0), as_typed(1234567.5), as_typed(0.1), as_typed(1e140), as_typed(2**64)
    ('500', '1234567.5', '0.1', '1e+140', '18446744073709551616')
    """
    return str(number) if isinstance(number, int) else repr(float(number)).removesuffix(".0")


def exact_text(amount: Fraction) -> str:
    """Return an amount as a person writes it: the decimal where there is one, else the fraction. It reads back exactly.

    A fraction alone prints as ``1/10``. Every amount that is shown, stored or typed again is written here.

    Examples
    --------
    >>> [exact_text(Fraction(text)) for text in ("0.30", "1/3", "1e-06", "2.50e17")]
    ['0.3', '1/3', '1e-06', '2.5e+17']
    """
    rest, powers = amount.denominator, [0, 0]
    for place, prime in enumerate((2, 5)):
        while rest % prime == 0:
            rest //= prime
            powers[place] += 1
    if rest != 1:
        return f"{amount.numerator}/{amount.denominator}"
    places = max(powers)
    digits = str(abs(amount.numerator) * 10**places // amount.denominator)
    sign = "-" if amount < 0 else ""
    if amount != 0 and not Fraction(1, 1000) <= abs(amount) < 10**16:
        mantissa = digits.rstrip("0")
        point = "." if len(mantissa) > 1 else ""
        return f"{sign}{mantissa[0]}{point}{mantissa[1:]}e{len(digits) - places - 1:+03d}"
    digits = digits.rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def exact(
    value: object,
    argument: str,
    *,
    zero: bool = False,
    smallest: Fraction = SMALLEST_LOSS,
    below: int | None = None,
    hint: str = "",
) -> Fraction:
    """Return a parameter of privacy as an exact amount, or refuse it: the one strict gate.

    Parameters
    ----------
    value : int, float, Decimal, Fraction or PrivacyLoss
        The amount as the user gave it: a float is the decimal that it prints as, and of a loss it is the amount that
        the argument names (``epsilon=project.remaining``). Strings and booleans are refused.
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
    Fraction(7, 20)
    """
    limit = "" if below is None else f" and < {below}"
    allowed = f"a finite number {'>=' if zero else '>'} 0{limit}"
    number: object = value
    if isinstance(value, Amounts):
        number = value.amount(argument)
        if number is None:
            raise ParameterError.of(argument, f"{value}", allowed, hint)
    elif hasattr(value, "dtype") and hasattr(value, "item") and getattr(value, "shape", None) == ():
        number = value.item()  # a NumPy scalar
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal | Fraction):
        raise ParameterError.of(argument, type_told(value), allowed, hint)
    if (isinstance(number, float) and not math.isfinite(number)) or (
        isinstance(number, Decimal) and not number.is_finite()
    ):
        raise ParameterError.of(argument, str(number), allowed, hint)
    amount = as_written(number)
    if amount > LARGEST:
        raise ParameterError.of(argument, "a number beyond 1e308", allowed, hint)
    if amount < 0 or (amount == 0 and not zero) or (below is not None and amount >= below):
        raise ParameterError.of(argument, exact_text(amount), allowed, hint)
    if 0 < amount < smallest:
        raise ParameterError.of(
            argument, exact_text(amount), allowed, f"The least amount is {float(smallest):g}. {hint}".strip()
        )
    return amount


def share(value: object, argument: str, *, zero: bool = True) -> Fraction:
    """Return a share between 0 and 1, exactly as the decimal that was written."""
    if (amount := exact(value, argument, zero=zero, smallest=Fraction(0))) > 1:
        raise ParameterError.of(argument, exact_text(amount), "a share between 0 and 1", "Example: 0.05 for 5 %.")
    return amount


def positive(value: object, argument: str) -> Fraction:
    """Return a number above 0, exactly as the decimal that was written."""
    return exact(value, argument, smallest=Fraction(0))
