"""Parameters of criteria: exact, or refused."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from privkit.errors import ParameterError
from privkit.values.exact import Exact, exact

#: What a user may give for an exact amount: floats count as the decimals that they print as.
Number: TypeAlias = "int | float | Decimal | Fraction"


def column(name: object, function: str, argument: str = "sensitive") -> str:
    """Return the name of one column."""
    if isinstance(name, str):
        return name
    raise ParameterError.of(function, argument, f"a {type(name).__name__}", "the name of one column (str)")


def share(value: object, function: str, argument: str, *, zero: bool = True) -> Exact:
    """Return a share between 0 and 1, exactly as the decimal that was written."""
    amount = exact(value, function, argument, zero=zero, smallest=Fraction(0))
    if amount > 1:
        raise ParameterError.of(function, argument, str(amount), "a share between 0 and 1", "Example: 0.05 for 5 %.")
    return amount


def positive(value: object, function: str, argument: str) -> Exact:
    """Return a number above 0, exactly as the decimal that was written."""
    return exact(value, function, argument, smallest=Fraction(0))


def typed(name: str, *arguments: object, **named: object) -> str:
    """Return a call as one types it, leaving out named arguments that are None.

    Examples
    --------
    >>> typed("LDiversity", "ill", 3, kind="recursive", c=None)
    "LDiversity('ill', 3, kind='recursive')"
    """
    told = [repr(argument) for argument in arguments]
    told += [f"{key}={value!r}" for key, value in named.items() if value is not None]
    return f"{name}({', '.join(told)})"
