"""Computing with released numbers: sums, differences and ratios, with what they share of the noise counted once.

What is computed with is a :class:`Released`: a release, or what was made of some.

Indexes of released groups, in which 1 and True stay two, and whole numbers of 64 bits exact: pandas takes some for one.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.answers.linear import Errors
from privkit.errors import ParameterError
from privkit.errors.dp import KeysDifferError, NotLinearError, NotReleasedError
from privkit.values.arguments import public, typed
from privkit.values.exact import as_typed
from privkit.values.keys import Keys, codes_of
from privkit.values.show import Plotted, Tabled

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.dp.answers.derived import Derived
    from privkit.dp.answers.release import Release
    from privkit.values.inputs import Quantity

#: Up to here each whole number is a float.
_EXACT = 2**53
#: From the share of errors to miss, to lower and upper limits.
Limits = Callable[[float], "tuple[NDArray[Any], NDArray[Any]]"]


@public
class Released(Plotted, Tabled):
    """What one can compute with, free of cost: noisy numbers whose errors are known."""

    #: The names of its numbers that have an interval, where it has several.
    _named: tuple[str, ...] = ()

    def _derived(self, name: str | None) -> Derived | None:
        """Return the number of this name, by default the one that was asked for; None where there is none such."""
        raise NotImplementedError


def estimate(released: object, name: str | None = None) -> Derived:
    """Return one estimate of a release (by default the one that was asked for), ready to compute with. Costs nothing.

    Parameters
    ----------
    released : Release or Derived
    name : str, optional
        Of the estimates that came together: "sum" or "count" of a mean.

    Raises
    ------
    NotReleasedError
        For anything else: the error of a bare number is unknown.
    ParameterError, IntervalError, NotLinearError
        If the release has no such number, or no interval for it, or it is a date.

    Examples
    --------
    >>> estimate(3)
    Traceback (most recent call last):
    ...
    privkit.errors.dp.NotReleasedError: privkit got an int, but it computes with released numbers, ...
    """
    found = released._derived(name) if isinstance(released, Released) else None
    if found is None:
        raise NotReleasedError.of_type(type(released).__name__)
    return found


def index_of(keys: Keys) -> pd.Index:
    """Return an index of groups, in the order of the keys.

    Examples
    --------
    >>> index_of(Keys(("k", "v"), ((1, "a"), (True, "a")))).tolist()
    [(1, 'a'), (True, 'a')]
    >>> index_of(Keys(("id",), ((2**53 + 1,), (None,)))).tolist()
    [9007199254740993, None]
    """
    import pandas as pd

    if len(keys.by) == 1:
        alone = [key[0] for key in keys.values]
        return pd.Index(alone, dtype=object if _rounded(alone) else None, name=keys.by[0])
    if not any(_merged(column) or _rounded(column) for column in zip(*keys.values, strict=True)):
        return pd.MultiIndex.from_tuples(keys.values, names=keys.by)
    levels: list[Any] = []
    places = []
    for column, codes in zip(zip(*keys.values, strict=True), keys.codes, strict=True):
        ranks = {code: rank for rank, code in enumerate(dict.fromkeys(codes))}
        first = dict(zip(reversed(codes), reversed(column), strict=True))
        levels.append(pd.Index([first[code] for code in ranks], dtype=object))
        places.append([ranks[code] for code in codes])
    return pd.MultiIndex(levels=levels, codes=places, names=list(keys.by), verify_integrity=False)


def _merged(column: Sequence[Any]) -> bool:
    """Whether Python takes two different values of a column for one."""
    return bool in (types := set(map(type, column))) and bool(types & {int, float})


def _rounded(column: Sequence[Any]) -> bool:
    """Whether pandas makes floats of whole numbers that these do not hold: beside a missing value, or a fraction."""
    wide = any(type(value) is int and abs(value) > _EXACT for value in column)
    return wide and any(value is None or type(value) is float for value in column)


def rows_of(index: pd.Index) -> list[tuple[str, ...]]:
    """Return a text of each group's values; two have the same only if they are the same group."""
    columns = [index.get_level_values(place).tolist() for place in range(index.nlevels)]
    return list(zip(*map(codes_of, columns), strict=True))


def places_in(index: pd.Index, wanted: pd.Index) -> NDArray[np.int64]:
    """Return the place of each wanted group in an index; -1 for one that is not there."""
    table = {row: place for place, row in enumerate(rows_of(index))}
    return np.array([table.get(row, -1) for row in rows_of(wanted)], dtype=np.int64)


def margin_of(index: pd.Index, kept: Sequence[str]) -> tuple[NDArray[np.int64], pd.Index]:
    """Return for each group the place of its margin by some columns, and the index of the margins."""
    others = [name for name in index.names if name not in kept]
    margin: Any = index.droplevel(others) if others else index  # type: ignore[arg-type]
    if len(kept) > 1:
        margin = margin.reorder_levels(list(kept))
    rows = rows_of(margin)
    ranks = {row: rank for rank, row in enumerate(dict.fromkeys(rows))}
    first = dict(zip(reversed(rows), reversed(range(len(rows))), strict=True))
    return np.array([ranks[row] for row in rows], dtype=np.int64), margin[[first[row] for row in ranks]]


def limits_of(values: NDArray[Any], errors: Errors) -> Limits:
    """Return the limits of weighted sums of noisy cells."""
    return partial(_limits, values, errors)


def _limits(values: NDArray[Any], errors: Errors, alpha: float) -> tuple[NDArray[Any], NDArray[Any]]:
    widths = errors.half_widths(alpha)
    return values - widths, values + widths


@typed
def added(left: object, right: object) -> Derived:
    """Return left + right, group by group; a total or a public number is added to every group. Costs nothing.

    What both sides share of the noise is counted once, so ``a + a`` has twice the error of ``a``.

    Raises
    ------
    KeysDifferError
        If the sides stand for different groups.
    """
    return _combined(left, right, 1, "added")


@typed
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
    if is_number(right):
        found = linear(left)
        public = finite(right)
        return linear_result(
            found, found.values + sign * public, found.index, found.errors, f"{step} {as_typed(public)}"
        )
    one, other = aligned(linear(left), linear(right))
    assert one.errors is not None
    assert other.errors is not None
    errors = one.errors.plus(other.errors.scaled(float(sign)))
    values = one.values + sign * other.values
    return linear_result(joined(one, other), values, one.index, errors, f"{step}: {other.name}")


def aligned(left: Derived, right: Derived) -> tuple[Derived, Derived]:
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
        raise KeysDifferError.of_sizes(len(left), len(right))
    assert right.errors is not None
    return left, linear_result(right, right.values[places], left.index, right.errors.taken(places))


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
    return linear_result(one, np.repeat(one.values, len(index)), index, one.errors.repeated(len(index)))


def linear(released: object) -> Derived:
    """Return the number, if it is a weighted sum of noisy cells; others have no errors that add up.

    Raises
    ------
    NotReleasedError, NotLinearError
    """
    found = estimate(released)
    if found.errors is None:
        if found.tables is not None:
            raise NotLinearError.of_tables()
        told = released._named if isinstance(released, Released) else ()
        others = [name for name in told if estimate(released, name).errors is not None]
        if len(told) > 1 and found.name not in told:
            raise NotLinearError.of_several(told, others)
        raise NotLinearError.of(found.name, others)
    return found


def linear_result(found: Derived, values: Any, index: Any, errors: Errors | None, step: str = "") -> Derived:
    """Return what was computed of `found`: weighted sums again, one step further."""
    assert errors is not None
    steps = (*found.steps, step) if step else found.steps
    return replace(found, values=values, index=index, limits=limits_of(values, errors), steps=steps, errors=errors)


def is_number(value: object) -> bool:
    """Whether a value is a public number; True is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_finite(value: float) -> bool:
    """Whether a number is finite, and no larger than floats are: whole numbers may be."""
    return abs(value) <= sys.float_info.max


def finite(value: Any) -> float:
    """Return a public number, or refuse one that is not finite."""
    if not is_finite(value):
        raise ParameterError.of("other", as_typed(value), "a finite number, or a released one")
    return int(value) if isinstance(value, int) else float(value)


#: Directions into which the half-plane of ratios is cut.
_PARTS = 96


@typed
def ratio(above: Release | Derived | Quantity, below: Release | Derived | Quantity) -> Derived:
    """Return above / below, group by group, with an interval for each. Costs nothing.

    Parameters
    ----------
    above, below : Release or Derived
        Counts, sums, or what was added up of them, by the same groups; or one of them a total. `below` may be a public
        number.

    Returns
    -------
    Derived
        Missing where the denominator came out as 0. An interval is (−∞, ∞) where the denominator may as well be 0.

    Raises
    ------
    KeysDifferError, NotLinearError

    Notes
    -----
    For exact a and b and θ = a/b, a − θ·b = 0; so â − θ·b̂ is nothing but noise, and |â − θ·b̂| exceeds its own quantile
    h(θ) with probability at most alpha. All θ that this does not rule out are a set of confidence 1 − alpha (Fieller
    1954), whatever b is and however the two errors depend on each other. The same with θ = tan φ, times cos φ:
    |cos φ·â − sin φ·b̂| = r·|sin(φ₀ − φ)| ≤ h(φ), where r and φ₀ are the polar coordinates of (b̂, â). The directions are
    cut into 96 parts. On a part of width 2d around φₘ a weight cos φ·u − sin φ·v is at most |cos φₘ·u − sin φₘ·v| +
    d·√(u² + v²) in size, which bounds h there (a sum of symmetric unimodal variables spreads when one of them is
    stretched); then the inequality is solved exactly. Returned is the least interval that holds the whole set.

    The ratio itself is biased where the denominator is noisy; the interval is not centered on it.
    """
    if is_number(below):
        found, public = linear(above), finite(below)
        if public == 0:
            raise ParameterError.of("below", "0", "a number that is not 0, or a released one")
        assert found.errors is not None
        return linear_result(
            found, found.values / public, found.index, found.errors.scaled(1 / public), f"divided by {as_typed(public)}"
        )
    one, other = linear(above), linear(below)
    name = _ratio_name(one, other)
    one, other = aligned(one, other)
    top, bottom = (np.asarray(side.values, dtype=float) for side in (one, other))
    values = np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom != 0)
    assert one.errors is not None
    assert other.errors is not None
    both = joined(one, other)
    return replace(
        both,
        name=name,
        values=values,
        limits=_RatioLimits(top, bottom, one.errors, other.errors),
        steps=(*both.steps, f"ratio to {other.name}"),
        errors=None,
    )


@dataclass(frozen=True, eq=False)
class _RatioLimits:
    """The limits of ratios, each level's reckoned once: text, HTML and plot ask for the same."""

    top: NDArray[np.float64]
    bottom: NDArray[np.float64]
    above: Errors
    below: Errors

    @cached_property
    def _known(self) -> dict[float, tuple[NDArray[Any], NDArray[Any]]]:
        return {}

    def __call__(self, alpha: float) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the lower and the upper limits."""
        if alpha not in self._known:
            self._known[alpha] = _fieller(self.top, self.bottom, self.above, self.below, alpha)
        return self._known[alpha]


def _ratio_name(above: Derived, below: Derived) -> str:
    """Return what a ratio is called: two numbers of one name are told apart, by what they are of."""
    if above.name != below.name:
        return f"{above.name} / {below.name}"
    if above.index is not None and below.index is None:
        return f"{above.name} / total {below.name}"
    sides = [f"{side.name} of entry {side.sources[0].entry}" for side in (above, below) if len(side.sources) == 1]
    return " / ".join(sides if len(set(sides)) == 2 else (above.name, below.name))


def _fieller(
    top: NDArray[np.float64], bottom: NDArray[np.float64], above: Errors, below: Errors, alpha: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    unit = [math.sqrt(max(float(errors.variances().max(initial=0)), 1e-300)) for errors in (above, below)]
    top, bottom, above, below = top / unit[0], bottom / unit[1], above.scaled(1 / unit[0]), below.scaled(1 / unit[1])
    edges = np.linspace(-math.pi / 2, math.pi / 2, _PARTS + 1)
    reach = np.stack([_reach(above, below, *part, alpha) for part in pairwise(edges)])
    flipped = np.where(bottom < 0, -1.0, 1.0)
    radius, angle = np.hypot(top, bottom), np.arctan2(top * flipped, bottom * flipped)
    with np.errstate(divide="ignore", invalid="ignore"):
        swing = np.where(reach >= radius, math.pi / 2, np.arcsin(np.minimum(reach / radius, 1.0)))
    swing = np.where(radius == 0, math.pi / 2, swing)
    low, high = np.full(len(top), math.inf), np.full(len(top), -math.inf)
    wraps = np.zeros(len(top), dtype=bool)
    for turn in (-math.pi, 0.0, math.pi):  # the set has period π
        first = np.maximum(angle + turn - swing, edges[:-1, None])
        last = np.minimum(angle + turn + swing, edges[1:, None])
        there = first <= last
        low = np.minimum(low, np.where(there, first, math.inf).min(axis=0))
        high = np.maximum(high, np.where(there, last, -math.inf).max(axis=0))
        wraps |= (there & ((first <= edges[0]) | (last >= edges[-1]))).any(axis=0)
    scale = unit[0] / unit[1]
    return np.where(wraps, -math.inf, np.tan(low) * scale), np.where(wraps, math.inf, np.tan(high) * scale)


def _reach(above: Errors, below: Errors, first: float, last: float, alpha: float) -> NDArray[np.float64]:
    """Return a bound of h(φ) for all φ between `first` and `last`."""
    middle, half = (first + last) / 2, (last - first) / 2
    along = above.scaled(math.cos(middle)).plus(below.scaled(-math.sin(middle)))
    # |u| and |v| of every term, side by side, as weights of one sign: √(u² + v²) ≤ |u| + |v|.
    sizes = above.sized().scaled(half).plus(below.sized().scaled(half))
    return along.sized().plus(sizes).half_widths(alpha)
