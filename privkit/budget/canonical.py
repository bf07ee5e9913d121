"""One canonical text for what is stored and hashed: JSON objects and exact amounts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

from privkit.errors.root import PrivkitError, type_told
from privkit.values.exact import exact_text
from privkit.values.loss import Measure, PrivacyLoss, loss_of

P = ParamSpec("P")
R = TypeVar("R")


class UnreadableError(Exception):
    """Stored text is not what privkit writes."""


def readable(read: Callable[P, R]) -> Callable[P, R]:
    """Let a function that reads stored text tell damage from everything else."""

    @wraps(read)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return read(*args, **kwargs)
        except PrivkitError:
            raise
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError):
            raise UnreadableError from None

    return checked


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
    return _ENCODER.encode(value)


def _plain(value: object) -> object:
    if isinstance(value, Fraction):
        return amount_text(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type_told(value)} cannot stand in a question")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, default=_plain)


@lru_cache(maxsize=4096)
def amount_text(amount: Fraction) -> str:
    """Return the amount as a decimal where that is exact, else as a fraction: reading it gives the same number.

    Examples
    --------
    >>> amount_text(Fraction("0.30")), amount_text(Fraction(1, 3))
    ('0.3', '1/3')
    """
    text = exact_text(amount)
    return text if len(text) <= 24 and Fraction(text) == amount else f"{amount.numerator}/{amount.denominator}"


def amounts(loss: PrivacyLoss) -> list[str]:
    """Return the stored form of a loss: its ε or ρ, and its δ."""
    return [amount_text(loss.main), amount_text(loss.delta)]


@lru_cache(maxsize=4096)
def _loss(main: str, delta: str, measure: Measure) -> PrivacyLoss:
    return loss_of(measure, Fraction(main), Fraction(delta))


def loss_from(pair: Sequence[str], zero: PrivacyLoss) -> PrivacyLoss:
    """Return the loss that :func:`amounts` told, in the measure of `zero`."""
    return _loss(pair[0], pair[1], zero.measure)
