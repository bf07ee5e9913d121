"""Changing values instead of generalizing them: coding of extremes, rounding, noise, swapping, PRAM.

None of these gives k-anonymity, and none is differential privacy. Each result says what it does not promise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import FrameError, ParameterError
from privkit.errors.root import type_told
from privkit.tally.codes import factorized
from privkit.tally.frame import column_names, open_frame
from privkit.transform.as_pandas import pandas_frame
from privkit.transform.decimals import as_decimals, as_floats, end_of, nearest_multiples
from privkit.transform.perturbed import Perturbed, number_column, perturbed
from privkit.values.arguments import seeded, typed

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.values.inputs import Frame

    Floats = NDArray[np.float64]


@typed
def top_bottom(
    data: Frame,
    columns: str | Sequence[str],
    *,
    lower: float | None = None,
    upper: float | None = None,
    keep_index: bool = False,
) -> Perturbed:
    """Replace values below `lower` by `lower` and values above `upper` by `upper`. Missing stays missing.

    Of a lazy frame all rows and columns are fetched. The result has plain row numbers: ``keep_index=True`` keeps the
    index of a pandas frame, whose labels tell who the rows are of.

    The bounds should be public facts: quantiles of the data tell about its extremes.

    Raises
    ------
    ColumnNotFoundError, FrameError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> top_bottom(pd.DataFrame({"income": [10, 50, 900]}), "income", upper=100).frame["income"].tolist()
    [10, 50, 100]
    """
    lower, upper = _bound(lower, "lower"), _bound(upper, "upper")
    if (lower is None and upper is None) or (lower is not None and upper is not None and lower > upper):
        raise ParameterError.of("lower, upper", f"{lower!r}, {upper!r}", "at least one bound, with lower <= upper")
    return _each(
        top_bottom,
        data,
        columns,
        lambda column: column.clip(lower, upper),
        {"lower": lower, "upper": upper},
        no_promise="that values inside the bounds are protected, or that other columns do not single out the extremes.",
        keep_index=keep_index,
    )


def _bound(value: object, argument: str) -> float | None:
    """Return a bound that columns can be cut at, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, Real) or not -(2**63) < float(value) < 2**63:
        found = type_told(value) if not isinstance(value, Real) else repr(value)
        raise ParameterError.of(argument, found, "a number below 2**63")
    return value  # type: ignore[return-value]


@typed
def round_to(
    data: Frame, columns: str | Sequence[str], *, base: float | Decimal, keep_index: bool = False
) -> Perturbed:
    """Round values to the nearest multiple of `base`; halves go to the even multiple. Missing stays missing.

    Numbers and `base` are the decimals that they are written as: 0.15 lies halfway between 0.1 and 0.2. Whole numbers,
    also of more than 53 bits, and decimals stay exact. Of a lazy frame all rows and columns are fetched. The result has
    plain row numbers: ``keep_index=True`` keeps the index of a pandas frame, whose labels tell who the rows are of.

    Raises
    ------
    ColumnNotFoundError, FrameError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> round_to(pd.DataFrame({"income": [1240, 1260]}), "income", base=100).frame["income"].tolist()
    [1200, 1300]
    >>> round_to(pd.DataFrame({"rate": [0.3, 0.15]}), "rate", base=0.1).frame["rate"].tolist()
    [0.3, 0.2]
    """
    if isinstance(base, bool) or not isinstance(base, int | float | Decimal) or not 0 < base < float("inf"):
        raise ParameterError.of("base", repr(base), "a finite number above 0")

    def rounded(column: pd.Series) -> pd.Series:
        codes, values = factorized(column)
        try:
            return _taken(_rounded(values, base, column), codes, column)
        except ValueError:  # digits that nobody would write out
            raise FrameError.column_type(str(column.name), str(column.dtype), _HARD) from None

    return _each(
        round_to,
        data,
        columns,
        rounded,
        {"base": base},
        no_promise="that rare values are hidden: one row may still be the only one at its value.",
        keep_index=keep_index,
    )


_HARD = "It must hold numbers of at most 400 digits on each side of the point."


def _rounded(values: Any, base: float | Decimal, column: pd.Series) -> pd.Series:
    """Return distinct values rounded, in the type of their column; one that holds them where they do not fit in it."""
    import pandas as pd

    finite = np.array([end_of(value) == 0 for value in values], dtype=bool)
    exact = nearest_multiples(values[finite], base)
    whole, dtype = column.dtype.kind in "iu", column.dtype
    if whole and not exact.places:
        least, most = (int(exact.counts.min()), int(exact.counts.max())) if len(exact) else (0, 0)
        ends = np.iinfo(getattr(dtype, "numpy_dtype", dtype))
        fits = ends.min <= least and most <= ends.max
        return pd.Series(exact.counts.tolist(), dtype=dtype if fits else None)
    if dtype.kind == "O":
        answer = np.array(values, dtype=object)
        answer[finite] = [type(old)(new) for old, new in zip(answer[finite], as_decimals(exact), strict=True)]
        return pd.Series(answer, dtype=dtype)
    rounded = np.array(values.to_numpy(), dtype=np.float64)
    rounded[finite] = as_floats(exact)
    return pd.Series(rounded, dtype=(column.iloc[:0] / 1).dtype if whole else dtype)


def _taken(distinct: pd.Series, codes: NDArray[np.int64], column: pd.Series) -> pd.Series:
    """Return the rows' values by their codes, -1 for missing."""
    import pandas as pd

    plain = distinct.array if isinstance(distinct.dtype, pd.api.extensions.ExtensionDtype) else distinct.to_numpy()
    if not (missing := codes < 0).any():
        return pd.Series(plain[codes], index=column.index, name=column.name)
    taken = pd.api.extensions.take(plain, codes, allow_fill=True)
    if plain.dtype == object:
        taken[missing] = column.to_numpy(dtype=object)[missing]
    return pd.Series(taken, index=column.index, name=column.name, dtype=plain.dtype)


@typed
def add_noise(
    data: Frame,
    columns: str | Sequence[str],
    *,
    scale: float,
    relative: bool = True,
    seed: int | None = None,
    keep_index: bool = False,
) -> Perturbed:
    """Add normal noise: mean 0, standard deviation `scale` times the column's (`relative`), or `scale` itself.

    Of a lazy frame all rows and columns are fetched. The result has plain row numbers: ``keep_index=True`` keeps the
    index of a pandas frame, whose labels tell who the rows are of.

    Uncorrelated additive noise (Brand 2002). The variance grows by the factor 1 + scale².

    Parameters
    ----------
    seed : int, optional
        For repetition in tests. Never publish with a seed that others may guess: the noise could be taken off again.

    Raises
    ------
    ColumnNotFoundError, FrameError, ParameterError
    """
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < scale < float("inf"):
        raise ParameterError.of("scale", repr(scale), "a finite number above 0")
    random = np.random.default_rng(seeded(seed))

    def noisy(column: pd.Series) -> pd.Series:
        values = column.astype("float64")
        spread = float(values.std()) if relative else 1.0
        return values + random.normal(0.0, scale * (spread if np.isfinite(spread) else 0.0), len(values))

    return _each(
        add_noise, data, columns, noisy, {"scale": scale, "relative": relative},
        no_promise="differential privacy: nothing bounds what an outlier gives away, and repeated "
        "releases can be averaged. Use dp_* for that.",
        keep_index=keep_index,
    )  # fmt: skip


@typed
def rank_swap(
    data: Frame,
    columns: str | Sequence[str],
    *,
    window: float = 0.05,
    seed: int | None = None,
    keep_index: bool = False,
) -> Perturbed:
    """Swap each value with one whose rank is at most `window` (a share of the rows) away (Moore 1996).

    Of a lazy frame all rows and columns are fetched. The result has plain row numbers: ``keep_index=True`` keeps the
    index of a pandas frame, whose labels tell who the rows are of.

    Every column keeps its distribution exactly; relations between columns fade.

    Raises
    ------
    ColumnNotFoundError, FrameError, ParameterError
    """
    if isinstance(window, bool) or not isinstance(window, int | float) or not 0 < window <= 1:
        raise ParameterError.of("window", repr(window), "a share of the rows above 0, at most 1")
    random = np.random.default_rng(seeded(seed))

    def swapped(column: pd.Series) -> pd.Series:
        present = np.flatnonzero(column.notna().to_numpy())
        order = present[np.argsort(column.iloc[present].to_numpy(), kind="stable")]
        target = _partners(len(order), max(1, int(window * len(order))), random)
        places = np.arange(len(column))
        places[order] = order[target]
        answer = column.iloc[places]
        answer.index = column.index
        return answer

    return _each(
        rank_swap, data, columns, swapped, {"window": window},
        no_promise="that anybody is hidden: every original value is published, next to others of similar rank.",
        keep_index=keep_index,
    )  # fmt: skip


def _partners(n: int, reach: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Return a permutation of ranks that only exchanges pairs at most `reach` apart."""
    target = np.arange(n)
    free = np.ones(n, dtype=bool)
    jumps = random.integers(1, reach + 1, n)
    for rank in range(n):
        if not free[rank]:
            continue
        other = min(n - 1, rank + int(jumps[rank]))
        while other > rank and not free[other]:
            other -= 1
        if other > rank:
            target[rank], target[other] = other, rank
            free[other] = False
        free[rank] = False
    return target


@typed
def pram(
    data: Frame,
    columns: str | Sequence[str],
    *,
    keep: float = 0.8,
    seed: int | None = None,
    keep_index: bool = False,
) -> Perturbed:
    """Post-randomization: keep a category with probability `keep`, else draw from the column's distribution.

    Of a lazy frame all rows and columns are fetched. The result has plain row numbers: ``keep_index=True`` keeps the
    index of a pandas frame, whose labels tell who the rows are of.

    Invariant PRAM (Gouweleeuw et al. 1998): the transition matrix ``keep I + (1 - keep) 1 qᵀ`` with q the shares in
    the table leaves the expected shares unchanged. Missing is a category like any other.

    Raises
    ------
    ColumnNotFoundError, FrameError, ParameterError
    """
    if isinstance(keep, bool) or not isinstance(keep, int | float) or not 0 <= keep <= 1:
        raise ParameterError.of("keep", repr(keep), "a probability from 0 to 1")
    random = np.random.default_rng(seeded(seed))

    def drawn(column: pd.Series) -> pd.Series:
        places = np.arange(len(column))
        again = random.random(len(column)) >= keep
        if again.any():
            places[again] = random.integers(0, len(column), int(again.sum()))
        answer = column.iloc[places]
        answer.index = column.index
        return answer

    return _each(
        pram, data, columns, drawn, {"keep": keep},
        no_promise="local differential privacy: a category that is rare in the table is seldom drawn, "
        "so that seeing it gives it away.",
        numbers=False, keep_index=keep_index,
    )  # fmt: skip


def _each(
    method: Callable[..., Perturbed],
    data: object,
    columns: str | Sequence[str],
    change: Callable[[pd.Series], pd.Series],
    parameters: dict[str, Any],
    *,
    no_promise: str,
    keep_index: bool,
    numbers: bool = True,
) -> Perturbed:
    """Return what a change makes of each column; `parameters` are those that repeat the method on other rows."""
    names = column_names(columns, "columns")
    open_frame(data, names, "columns")
    frame = pandas_frame(data)
    answer = frame.copy()
    for name in names:
        column = number_column(frame, name) if numbers else frame[name]
        try:
            answer[name] = change(column)
        except (ValueError, NotImplementedError, ArithmeticError):  # Arrow's: what its type cannot hold or do
            hint = 'Take other numbers: .astype("float64").'
            raise FrameError.column_type(name, str(column.dtype), hint) from None
    return perturbed(
        frame, answer, data, method.__name__, columns=names, parameters=parameters, no_promise=no_promise,
        keep_index=keep_index, again=partial(method, columns=names, **parameters),
    )  # fmt: skip
