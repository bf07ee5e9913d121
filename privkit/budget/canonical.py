"""One canonical text for what is stored and hashed: JSON objects and exact amounts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction

from privkit.values.exact import Exact


def canonical(value: object) -> str:
    """Return JSON with sorted keys and no spaces: equal values give equal text.

    Raises
    ------
    TypeError, ValueError
        For what JSON cannot hold (NaN and infinities included).

    Examples
    --------
    >>> canonical({"b": 1, "a": [True, None]})
    '{"a":[true,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, Fraction):
        return amount_text(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} cannot stand in a question")


def amount_text(amount: Fraction) -> str:
    """Return the amount as a decimal where that is exact, else as a fraction: reading it gives the same number.

    Examples
    --------
    >>> amount_text(Exact("0.30")), amount_text(Exact(1, 3))
    ('0.3', '1/3')
    """
    text = str(Exact(amount))
    return text if len(text) <= 24 and Fraction(text) == amount else f"{amount.numerator}/{amount.denominator}"
