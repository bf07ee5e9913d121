"""Checks of arguments that many functions share: what is not of the kind that is asked for is refused in our words."""

from __future__ import annotations

from privkit.errors import ParameterError


def kind(value: object) -> str:
    """Return what a value is, for a message: its type's name, and nothing of what it holds.

    Examples
    --------
    >>> kind(None), kind("secret"), kind([1])
    ('None', 'a str', 'a list')
    """
    return "None" if value is None else f"a {type(value).__name__}"


def whole(value: object, function: str, argument: str, *, least: int = 0) -> int:
    """Return a whole number of at least `least`, NumPy's included, or refuse it.

    Examples
    --------
    >>> whole(3, "to_frame", "after")
    3
    >>> whole(True, "to_frame", "after")
    Traceback (most recent call last):
    ...
    privkit.errors.arguments.ParameterError: to_frame() got after=a bool, but after must be a whole number >= 0.
    """
    number = value.item() if hasattr(value, "item") and getattr(value, "shape", None) == () else value
    allowed = f"a whole number >= {least}"
    if isinstance(number, bool) or not isinstance(number, int):
        raise ParameterError.of(function, argument, kind(value), allowed)
    if number < least:
        raise ParameterError.of(function, argument, str(number), allowed)
    return number


def seeded(seed: object, function: str) -> int | None:
    """Return the seed of a generator, or None for one that nobody knows."""
    return None if seed is None else whole(seed, function, "seed")
