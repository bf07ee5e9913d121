"""Free computations on released numbers: sums, differences, rounding, clipping, suppression. No data, no budget.

Each function takes a :class:`~privkit.dp.answers.release.Release` or what was made of one, and returns a
:class:`~privkit.dp.answers.derived.Derived`, which says what it is made of and how far it may be off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.answers.derived import Derived, estimate, limits_of
from privkit.dp.answers.linear import Errors
from privkit.dp.answers.release import Release, margin_of, places_in
from privkit.errors import ParameterError
from privkit.errors.dp import KeysDifferError, NotLinearError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BIASED = "values below 0 became 0: each number is nearer to the truth, but sums of them are too large on average"


def non_negative(released: object) -> Derived:
    """Return the numbers with those below 0 set to 0. Costs nothing.

    Each number comes nearer to an exact answer that is not negative, never farther. But what is cut is noise on one
    side alone: each number that may be near 0 is now too large on average, by E max(−x̂, 0), and a sum over many
    such groups adds this up. Sum the signed numbers first, or use :func:`~privkit.dp.answers.consistent.consistent`.

    The intervals are cut too, and still hold: an exact answer that is not negative and was inside stays inside.

    Parameters
    ----------
    released : Release or Derived
        Of what cannot be negative: a count, or a sum of numbers that are not.

    Returns
    -------
    Derived
    """
    found = estimate(released, function="non_negative")

    def limits(alpha: float) -> tuple[NDArray[Any], NDArray[Any]]:
        lower, upper = found.limits(alpha)
        return np.maximum(lower, 0), np.maximum(upper, 0)

    values = np.maximum(found.values, 0)
    return _changed(found, values, limits, "set to 0 where below", _BIASED)


def rounded(released: object, base: float = 1) -> Derived:
    """Return the numbers rounded to multiples of `base`, halves to even. Costs nothing.

    The intervals' ends are rounded outwards to multiples of `base`, so that they hold at least as often.

    Parameters
    ----------
    released : Release or Derived
    base : number
        Positive.
    """
    found = estimate(released, function="rounded")
    base = _positive(base, "rounded", "base")

    def limits(alpha: float) -> tuple[NDArray[Any], NDArray[Any]]:
        lower, upper = found.limits(alpha)
        return np.floor(lower / base) * base, np.ceil(upper / base) * base

    values = np.round(found.values / base) * base
    if float(base).is_integer() and found.values.dtype.kind == "i":
        values = values.astype(np.int64)
    return _changed(found, values, limits, f"rounded to multiples of {base:g}")


def suppressed(released: object, below: float) -> Derived:
    """Return the numbers with those under `below` left out (missing). Costs nothing.

    Differential privacy does not need it; rules of publication may. Which numbers are left out is decided by the noisy
    ones, never by the data. Those that are shown were chosen for being large: with exact answers near `below`
    their intervals hold less often than their level says, which is stated for all numbers before the choice.

    Parameters
    ----------
    released : Release or Derived
    below : number
        The least number that is shown.
    """
    found = estimate(released, function="suppressed")
    below = _positive(below, "suppressed", "below")
    hidden = found.values < below

    def limits(alpha: float) -> tuple[NDArray[Any], NDArray[Any]]:
        lower, upper = (np.where(hidden, np.nan, limit) for limit in found.limits(alpha))
        return lower, upper

    values = np.where(hidden, np.nan, found.values.astype(float))
    note = f"what is shown was chosen for being at least {below:g}; near it, intervals hold less often than they say"
    return _changed(found, values, limits, f"left out below {below:g}", note)


def total(released: object, by: str | Sequence[str] | None = None) -> Derived:
    """Return sums over the groups: one number, or a margin by some of the columns. Costs nothing.

    Signed numbers are added, so the sum is unbiased. Its error is that of all noisy cells in it together, whose
    distribution is known: see :func:`privkit.dp.answers.inversion.sum_quantile`.

    Parameters
    ----------
    released : Release or Derived
        Counts or sums by public keys.
    by : str or list of str, optional
        The columns to keep; by default none.
    """
    found = _linear(released, "total")
    assert found.errors is not None
    if found.index is None:
        return found
    kept = [] if by is None else [by] if isinstance(by, str) else list(by)
    unknown = [name for name in kept if name not in found.index.names]
    if unknown:
        allowed = f"one or several of {list(found.index.names)}"
        raise ParameterError.of("total", "by", repr(unknown[0]), allowed)
    groups, index = _grouped(found.index, kept)
    size = 1 if index is None else len(index)
    values = np.zeros(size, dtype=found.values.dtype)
    np.add.at(values, groups, found.values)
    return _linear_result(found, values, index, found.errors.gathered(groups, size), _summed(kept))


def added(left: object, right: object) -> Derived:
    """Return left + right, group by group; a total or a public number is added to every group. Costs nothing.

    What both sides share of the noise is counted once, so ``a + a`` has twice the error of ``a``.

    Raises
    ------
    KeysDifferError
        If the sides stand for different groups.
    """
    return _combined(left, right, 1, "added")


def subtracted(left: object, right: object) -> Derived:
    """Return left − right, group by group; a total or a public number is taken from every group. Costs nothing.

    What both sides share of the noise cancels: ``a − a`` is 0 and has no error.

    Raises
    ------
    KeysDifferError
        If the sides stand for different groups.
    """
    return _combined(left, right, -1, "subtracted")


def _combined(left: object, right: object, sign: int, step: str) -> Derived:
    if _is_number(right):
        found = _linear(left, step)
        public = _finite(right, step)
        return _linear_result(found, found.values + sign * public, found.index, found.errors, f"{step} {public:g}")
    one, other = aligned(_linear(left, step), _linear(right, step), step)
    assert one.errors is not None
    assert other.errors is not None
    errors = one.errors.plus(other.errors.scaled(float(sign)))
    values = one.values + sign * other.values
    return _linear_result(joined(one, other), values, one.index, errors, f"{step}: {other.name}")


def aligned(left: Derived, right: Derived, function: str) -> tuple[Derived, Derived]:
    """Return both sides for the same groups, in the order of the left; a total is repeated for each group.

    Raises
    ------
    KeysDifferError
    """
    if left.index is None and right.index is not None:
        return _repeated(left, right.index), right
    if right.index is None and left.index is not None:
        return left, _repeated(right, left.index)
    if left.index is None:
        return left, right
    same = list(left.index.names) == list(right.index.names) and len(left) == len(right)
    places = places_in(right.index, left.index) if same else None
    if places is None or (places < 0).any():
        raise KeysDifferError.of_sizes(function, len(left), len(right))
    assert right.errors is not None
    return left, _linear_result(right, right.values[places], left.index, right.errors.taken(places))


def joined(left: Derived, right: Derived) -> Derived:
    """Return the left side with the sources, steps and notes of both."""
    return replace(
        left,
        sources=tuple(dict.fromkeys((*left.sources, *right.sources))),
        steps=tuple(dict.fromkeys((*left.steps, *right.steps))),
        notes=tuple(dict.fromkeys((*left.notes, *right.notes))),
    )


def _repeated(one: Derived, index: Any) -> Derived:
    assert one.errors is not None
    return _linear_result(one, np.repeat(one.values, len(index)), index, one.errors.repeated(len(index)))


def _linear(released: object, function: str) -> Derived:
    found = estimate(released, function=function)
    if found.errors is None:
        told = released._limits(0.05) if isinstance(released, Release) else {}
        others = [name for name in told if estimate(released, name).errors is not None]
        raise NotLinearError.of(function, found.name, others)
    return found


def _linear_result(found: Derived, values: Any, index: Any, errors: Errors | None, step: str = "") -> Derived:
    assert errors is not None
    steps = (*found.steps, step) if step else found.steps
    return replace(found, values=values, index=index, limits=limits_of(values, errors), steps=steps, errors=errors)


def _changed(found: Derived, values: Any, limits: Any, step: str, note: str = "") -> Derived:
    notes = (*found.notes, note) if note else found.notes
    return replace(found, values=values, limits=limits, steps=(*found.steps, step), notes=notes, errors=None)


def _grouped(index: Any, kept: list[str]) -> tuple[NDArray[np.int64], Any]:
    """Return for each group the place of its sum, and the index of the sums."""
    if not kept:
        return np.zeros(len(index), dtype=np.int64), None
    return margin_of(index, kept)


def _summed(kept: list[str]) -> str:
    return f"summed by {', '.join(kept)}" if kept else "summed"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _finite(value: Any, function: str) -> float:
    if not math.isfinite(value):
        raise ParameterError.of(function, "other", str(value), "a finite number, or a released one")
    return int(value) if isinstance(value, int) else float(value)


def _positive(value: Any, function: str, argument: str) -> float:
    if not _is_number(value) or not math.isfinite(value) or value <= 0:
        found = str(value) if _is_number(value) else f"a {type(value).__name__}"
        raise ParameterError.of(function, argument, found, "a finite number > 0")
    return float(value) if not isinstance(value, int) else value
