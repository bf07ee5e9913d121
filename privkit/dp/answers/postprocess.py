"""Free computations on released numbers: rounding, clipping, suppression, totals, and tables that add up. No data.

Each function takes a :class:`~privkit.dp.answers.release.Release` or what was made of one, and returns a
:class:`~privkit.dp.answers.derived.Derived`, which says what it is made of and how far it may be off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.answers.arithmetic import (
    estimate,
    is_finite,
    is_number,
    limits_of,
    linear,
    linear_result,
    margin_of,
    rows_of,
)
from privkit.errors import ParameterError
from privkit.errors.dp import TotalsError
from privkit.errors.root import type_told
from privkit.values.arguments import public, typed
from privkit.values.exact import as_typed
from privkit.values.keys import codes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.answers.arithmetic import Limits
    from privkit.dp.answers.derived import Derived
    from privkit.dp.answers.release import Release

_BIASED = "values below 0 became 0: each number is nearer to the truth, but sums of them are too large on average"
#: The most groups of the finest table: the solution is dense.
MOST = 4096

Within = Mapping[str, tuple[str, Mapping[Any, Any]]]


def non_negative(released: object) -> Derived:
    """Return the numbers with those below 0 set to 0. Costs nothing.

    Each number comes nearer to an exact answer that is not negative, never farther. But what is cut is noise on one
    side alone: each number that may be near 0 is now too large on average, by E max(−x̂, 0), and a sum over many
    such groups adds this up. Sum the signed numbers first, or use :func:`~privkit.dp.answers.postprocess.consistent`.

    The intervals are cut too, and still hold: an exact answer that is not negative and was inside stays inside.

    Parameters
    ----------
    released : Release or Derived
        Of what cannot be negative: a count, or a sum of numbers that are not.

    Returns
    -------
    Derived
    """
    found = estimate(released)
    values = np.maximum(found.values, 0)
    return _changed(found, values, partial(_cut_limits, found.limits), "set to 0 where below", _BIASED)


def _cut_limits(limits: Limits, alpha: float) -> tuple[NDArray[Any], NDArray[Any]]:
    lower, upper = limits(alpha)
    return np.maximum(lower, 0), np.maximum(upper, 0)


def rounded(released: object, base: float = 1) -> Derived:
    """Return the numbers rounded to multiples of `base`, halves to even. Costs nothing.

    The intervals' ends are rounded outwards to multiples of `base`, so that they hold at least as often.

    Parameters
    ----------
    released : Release or Derived
    base : number
        Positive.
    """
    found = estimate(released)
    base = _positive(base, "base")
    values = _multiples(found.values, base, np.round)
    if float(base).is_integer() and found.values.dtype.kind == "i":
        values = values.astype(np.int64)
    step = f"rounded to multiples of {as_typed(base)}"
    return _changed(found, values, partial(_rounded_limits, found.limits, base), step)


def _rounded_limits(limits: Limits, base: float, alpha: float) -> tuple[NDArray[Any], NDArray[Any]]:
    lower, upper = limits(alpha)  # a multiple of 0.7 is itself rounded, perhaps inwards
    return np.minimum(_multiples(lower, base, np.floor), lower), np.maximum(_multiples(upper, base, np.ceil), upper)


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
    found = estimate(released)
    below = _positive(below, "below")
    hidden = found.values < below
    values = np.where(hidden, np.nan, found.values.astype(float))
    least = as_typed(below)
    note = f"what is shown was chosen for being at least {least}; near it, intervals hold less often than they say"
    return _changed(found, values, partial(_hidden_limits, found.limits, hidden), f"left out below {least}", note)


def _hidden_limits(limits: Limits, hidden: NDArray[np.bool_], alpha: float) -> tuple[NDArray[Any], NDArray[Any]]:
    lower, upper = (np.where(hidden, np.nan, limit) for limit in limits(alpha))
    return lower, upper


def total(released: object, by: str | Sequence[str] | None = None) -> Derived:
    """Return sums over the groups: one number, or a margin by some of the columns. Costs nothing.

    Signed numbers are added, so the sum is unbiased. Its error is that of all noisy cells in it together, whose
    distribution is known: see :func:`privkit.dp.answers.linear.sum_quantile`.

    Parameters
    ----------
    released : Release or Derived
        Counts or sums by public keys.
    by : str or list of str, optional
        The columns to keep; by default none.
    """
    found = linear(released)
    assert found.errors is not None
    if found.index is None:
        return found
    kept = [] if by is None else [by] if isinstance(by, str) else list(by)
    unknown = [name for name in kept if name not in found.index.names]
    if unknown:
        allowed = f"one or several of {list(found.index.names)}"
        raise ParameterError.of("by", repr(unknown[0]), allowed)
    if len(set(kept)) < len(kept):
        raise ParameterError.of("by", "a column twice", "columns, each once")
    groups, index = _grouped(found.index, kept)
    size = 1 if index is None else len(index)
    values = np.zeros(size, dtype=found.values.dtype)
    np.add.at(values, groups, found.values)
    return linear_result(found, values, index, found.errors.gathered(groups, size), _summed(kept))


def _changed(found: Derived, values: Any, limits: Any, step: str, note: str = "") -> Derived:
    notes = (*found.notes, note) if note else found.notes
    return replace(
        found, values=values, limits=limits, steps=(*found.steps, step), notes=notes, errors=None, tables=None
    )


def _multiples(numbers: NDArray[Any], base: float, whole: Callable[[Any], Any]) -> NDArray[np.float64]:
    """Return numbers as multiples of `base`; as they are where these are too many to count."""
    with np.errstate(over="ignore", invalid="ignore"):
        steps = numbers / base
        return np.where(np.isfinite(steps), whole(steps) * base, numbers)


def _grouped(index: Any, kept: list[str]) -> tuple[NDArray[np.int64], Any]:
    """Return for each group the place of its sum, and the index of the sums."""
    if not kept:
        return np.zeros(len(index), dtype=np.int64), None
    return margin_of(index, kept)


def _summed(kept: list[str]) -> str:
    return f"summed by {', '.join(kept)}" if kept else "summed"


def _positive(value: Any, argument: str) -> float:
    if not is_number(value) or not is_finite(value) or value <= 0:
        found = as_typed(value) if is_number(value) else type_told(value)
        raise ParameterError.of(argument, found, "a finite number > 0")
    return float(value) if not isinstance(value, int) else value


@public
@dataclass(frozen=True, repr=False, eq=False)
class Consistent:
    """Tables that add up, in the order in which they were given.

    Attributes
    ----------
    parts : tuple of Derived
    """

    parts: tuple[Derived, ...]

    def __getitem__(self, place: int) -> Derived:
        return self.parts[place]

    def __iter__(self) -> Iterator[Derived]:
        return iter(self.parts)

    def __len__(self) -> int:
        return len(self.parts)

    def __repr__(self) -> str:
        """Return the answer, and what to type next."""
        sizes = ", ".join(_told(part) for part in self.parts)
        marked = "SIMULATED: these are no real answers.\n" if any(part.simulated for part in self.parts) else ""
        return (
            f"{marked}{len(self.parts)} tables that add up: {sizes}\nLeast squares over {len(_sources(self.parts))} "
            "releases, at no cost; each number errs by no more variance than before.\nnext: [0] · [0].to_frame()"
        )


@typed
def consistent(*parts: Release | Derived, within: Within | None = None) -> Consistent:
    """Return released tables so corrected that the finer ones add up to the coarser ones. Costs nothing.

    Every table is a noisy look at sums of one finest table; the corrected tables are the best guess from all of them.

    Parameters
    ----------
    *parts : Release or Derived
        Tables of one statistic (all counts, or all sums) of one frame. One of them, the finest, has all columns and all
        groups; the others are margins of it, or totals.
    within : dict, optional
        For a column of a coarse table that the finest lacks: ``{"region": ("zip3", {"103": "north", ...})}``.

    Returns
    -------
    Consistent
        One :class:`~privkit.dp.answers.derived.Derived` for each part; real numbers, since counts are not kept whole.

    Raises
    ------
    TotalsError
        If the tables do not nest.

    Notes
    -----
    Let x be the exact finest cells, y all released numbers, A the matrix of zeros and ones with E y = A x, and V the
    diagonal of the variances of y, which are public. The result is A x̂ with x̂ = (AᵀV⁻¹A)⁻¹AᵀV⁻¹y, which adds up by
    construction.

    *It is unbiased, and no number gets worse.* M = A(AᵀV⁻¹A)⁻¹AᵀV⁻¹ has M A = A, so E M y = A x. If the errors of y are
    uncorrelated with variances V, then by the theorem of Gauss and Markov (M y)ᵢ has the least variance of all unbiased
    linear estimates of (A x)ᵢ, of which yᵢ is one. For full trees with equal noise this is the estimator of Hay,
    Rastogi, Miklau and Suciu 2010 (theorems 3 and 4); tests compare the two.

    Where tables share noise, the result stays unbiased and its errors are still propagated exactly, but the second
    claim is lost. Numbers may be negative. What the tables assume: every row that counts in a coarse table has one of
    the finest table's keys; else the exact tables do not add up themselves, and the result lies between them.
    """
    found = [linear(part) for part in parts]
    if len(found) < 2:
        raise ParameterError.of("parts", f"{len(found)} tables", "two or more", "Example: cells, totals.")
    if len(names := {part.name for part in found}) > 1:
        raise TotalsError.statistics(sorted(names))
    finest = max(found, key=lambda part: (len(_columns(part)), len(part)))
    if len(finest) > MOST:
        raise TotalsError.size(len(finest), MOST)
    blocks = [_block(part, finest, within or {}) for part in found]
    design = np.concatenate(blocks)
    estimator = _least_squares(design, np.concatenate([_variances(part) for part in found]))
    values = design @ (estimator @ np.concatenate([np.asarray(part.values, dtype=float) for part in found]))
    errors = _stacked(found, design @ estimator)
    return Consistent(_cut(found, values, errors))


def _least_squares(design: NDArray[np.float64], variances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (AᵀV⁻¹A)⁻¹AᵀV⁻¹."""
    weighted = design.T / variances
    return np.asarray(np.linalg.solve(weighted @ design, weighted), dtype=np.float64)


def _block(part: Derived, finest: Derived, within: Within) -> NDArray[np.float64]:
    """Return the matrix that sums the finest table's groups to the groups of `part`."""
    if part.index is None:
        return np.ones((1, len(finest)))
    columns = _columns(part)
    unknown = [name for name in columns if name not in _columns(finest) and not _reached(name, finest, within)]
    if unknown:
        raise TotalsError.columns_of(unknown, _columns(finest))
    levels = [_level(name, finest, within) for name in columns]
    table = {row: place for place, row in enumerate(rows_of(part.index))}
    groups = zip(*(codes_of(level) for level in levels), strict=True)
    places = np.array([table.get(group, -1) for group in groups], dtype=np.int64)
    empty = len(part) - len(np.unique(places[places >= 0]))
    if missing := int((places < 0).sum()) + empty:
        raise TotalsError.keys_of(columns, missing)
    block = np.zeros((len(part), len(finest)))
    block[places, np.arange(len(finest))] = 1
    return block


def _reached(name: str, finest: Derived, within: Within) -> bool:
    return name in within and within[name][0] in _columns(finest)


def _level(name: str, finest: Derived, within: Within) -> list[Any]:
    if name in _columns(finest):
        return list(finest.index.get_level_values(name).tolist())
    fine, coarse = within[name]
    values = finest.index.get_level_values(fine).tolist()
    missing = sum(value not in coarse for value in values)
    if missing:
        raise TotalsError.keys_of([name], missing)
    return [coarse[value] for value in values]


def _columns(part: Derived) -> list[str]:
    return [] if part.index is None else list(part.index.names)


def _variances(part: Derived) -> NDArray[np.float64]:
    assert part.errors is not None
    # A number without noise is known: it weighs as much as floats can tell apart.
    return np.maximum(part.errors.variances(), 1e-9)


def _stacked(found: list[Derived], matrix: NDArray[np.float64]) -> Any:
    """Return the errors of ``matrix @`` all numbers one below the other."""
    size = matrix.shape[1]
    whole, start = None, 0
    for part in found:
        assert part.errors is not None
        moved = part.errors.gathered(np.arange(start, start + len(part)), size)
        whole = moved if whole is None else whole.plus(moved)
        start += len(part)
    assert whole is not None
    return whole.mapped(np.where(np.abs(matrix) < 1e-12, 0.0, matrix))


def _cut(found: list[Derived], values: NDArray[np.float64], errors: Any) -> tuple[Derived, ...]:
    sources, step = _sources(found), f"made consistent with {len(found) - 1} other tables by least squares"
    notes = tuple(dict.fromkeys(note for part in found for note in part.notes))
    notes = (*notes, "assumes that every row of a coarse table has one of the finest table's keys")
    parts, start = [], 0
    for part in found:
        places = np.arange(start, start + len(part))
        own, start = errors.taken(places), start + len(part)
        parts.append(
            replace(
                part,
                values=values[places],
                limits=limits_of(values[places], own),
                sources=sources,
                steps=(*part.steps, step),
                notes=notes,
                errors=own,
            )
        )
    return tuple(parts)


def _sources(parts: Any) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(source for part in parts for source in part.sources))


def _told(part: Derived) -> str:
    columns = _columns(part)
    return f"{part.name} by {', '.join(columns)} ({len(part)})" if columns else f"total {part.name}"
