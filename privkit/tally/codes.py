"""pandas columns as codes: the one way in which exact reports tell their values apart.

Grouping integers: the one call that every search repeats, on the tally and never on rows.

Several columns of codes as one integer, so that grouping them again is one NumPy call.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import FrameError
from privkit.tally.cells.cells import DATE, FLOAT, OBJECT, OTHER, TEXT
from privkit.tally.cells.coding import coded, first_rows, sort
from privkit.tally.cells.columns import cells_of_series, common, kind_of_pandas, one_chunk
from privkit.tally.cells.scalars import teller_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


#: Types of which some values are missing ones.
_CAN_BE_MISSING = (float, np.float64, np.float32, np.float16, Decimal, np.datetime64, np.timedelta64)


#: What holds other values: among objects each is a value of its own.
NESTED = (list, dict, set, bytearray, np.ndarray)


def factorized(column: pd.Series, *, ordered: bool = False) -> tuple[NDArray[np.int64], Any]:
    """Return each row's code, -1 for missing, and the distinct values as pandas has them.

    Exact, as `privkit.tally.cells` says: of objects 1 and 1.0 are one value, True is another; texts with a zero in them
    are told apart. Objects of other types are missing in questions, and each its own here, since an owner's report must
    not take persons for one; none of their methods is called.

    Parameters
    ----------
    ordered : bool
        Values in ascending order, where they have one.

    Raises
    ------
    FrameError
        If the values cannot be compared.
    """
    import pandas as pd

    kind, column = kind_of_pandas(column.dtype), _taken_apart(column)
    try:
        if kind.name == OTHER and "interval" in kind.shown:  # of Arrow: pandas has no index of such values
            raise TypeError
        if kind.name in (OBJECT, TEXT) and _of_python(column):
            return _of_objects(column, ordered)
        if isinstance(column.dtype, pd.ArrowDtype) and kind.name not in (FLOAT, OTHER):
            return _of_cells(column, coded(cells_of_series(column))[0], ordered)
        codes, values = _of_pandas(plain_floats(column), ordered)
    except (TypeError, NotImplementedError):  # Arrow's is one of the latter, for nested values
        hint = "Take its parts as columns of their own."
        raise FrameError.column_type(str(column.name), str(column.dtype), hint) from None
    return codes.astype(np.int64, copy=False), pd.Index(values) if kind.name != OTHER else values


def _taken_apart(column: pd.Series) -> pd.Series:
    """Return a column of Arrow's views as one of texts or bytes, and one of runs written out.

    pandas can do nothing with views, and of runs it takes all rows or none: what it answers would depend on the rows.
    """
    import pandas as pd

    if not isinstance(column.dtype, pd.ArrowDtype):
        return column
    import pyarrow as pa

    dtype = column.dtype.pyarrow_dtype
    types = pa.types
    if not (types.is_string_view(dtype) or types.is_binary_view(dtype) or types.is_run_end_encoded(dtype)):
        return column
    cells = common(one_chunk(pa.array(column.array)))
    return pd.Series(pd.array(cells, dtype=pd.ArrowDtype(cells.type)), index=column.index, name=column.name)


def _of_python(column: pd.Series) -> bool:
    """Whether the column's values, or those of its categories, are Python objects."""
    import pandas as pd

    dtype = column.dtype.categories.dtype if isinstance(column.dtype, pd.CategoricalDtype) else column.dtype
    plain = "python" if isinstance(dtype, np.dtype) and dtype.kind == "O" else ""
    return getattr(dtype, "storage", plain) == "python"


def _of_pandas(column: pd.Series, ordered: bool) -> tuple[NDArray[Any], Any]:
    import pandas as pd

    if ordered and isinstance(column.dtype, pd.CategoricalDtype):  # they are codes already
        codes = column.cat.codes.to_numpy().astype(np.int64)
        there = np.bincount(codes + 1, minlength=len(column.dtype.categories) + 1)[1:] > 0
        rank = np.append(np.cumsum(there) - 1, -1)
        return rank[codes], pd.Categorical.from_codes(np.flatnonzero(there), dtype=column.dtype)
    if ordered:
        try:
            return pd.factorize(column, sort=True, use_na_sentinel=True)
        except (TypeError, OverflowError, NotImplementedError):  # values without an order
            pass
    return pd.factorize(column, use_na_sentinel=True)


def _of_objects(column: pd.Series, ordered: bool) -> tuple[NDArray[np.int64], Any]:
    """Code Python objects by what their exact types say; others by their identity, none of whose methods is called."""
    codes, distinct = coded(cells_of_series(column))
    objects = column.to_numpy(dtype=object)
    strange = [place for place in np.flatnonzero(codes < 0) if not is_missing(objects[place])]
    if strange:
        known: dict[Any, int] = {}
        codes = codes.copy()
        for place in strange:
            value = objects[place]
            # pandas' own intervals and periods are compared as values.
            key = value if type(value).__module__.startswith("pandas._libs") else id(value)
            codes[place] = len(distinct) + known.setdefault(key, len(known))
    return _of_cells(column, codes, ordered)


def _of_days(codes: NDArray[np.int64], values: pd.Index) -> tuple[NDArray[np.int64], Any]:
    """Return codes in the order of days, and the days: Python's dates, or NumPy's in years that Python has not."""
    import pandas as pd
    import pyarrow as pa

    days = pa.array(values.array).cast(pa.date32(), safe=False).cast(pa.int32()).to_numpy()
    order = np.argsort(days, kind="stable")
    told = days[order].astype("M8[D]")
    shown = np.empty(len(told), dtype=object)
    shown[:] = [day if isinstance(day.item(), int) else day.item() for day in told]
    return np.append(np.argsort(order), -1)[codes].astype(np.int64), pd.Index(shown, dtype=object)


def is_missing(value: object) -> bool:
    """Whether an object is one of the things that say that nothing is there."""
    import pandas as pd

    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if type(value) is Decimal:  # a signaling NaN cannot be compared, which pandas tries
        return value.is_nan()
    return type(value) in _CAN_BE_MISSING and bool(pd.isna(value))  # type: ignore[call-overload]


def _of_cells(column: pd.Series, codes: NDArray[np.int64], ordered: bool) -> tuple[NDArray[np.int64], Any]:
    """Return codes, in the order of their values where asked and possible, and one of the column's values for each."""
    import pandas as pd

    shown = column.iloc[first_rows(codes, int(codes.max(initial=-1)) + 2)[:-1]]  # of -1 the last
    if isinstance(column.dtype, pd.CategoricalDtype):  # in their categories' order, whatever these are
        order = np.argsort(shown.cat.codes.to_numpy(), kind="stable")
        return np.append(np.argsort(order), -1)[codes].astype(np.int64), pd.Index(shown.iloc[order])
    values = pd.Index(shown)
    if isinstance(column.dtype, pd.ArrowDtype) and kind_of_pandas(column.dtype).name == DATE:
        return _of_days(codes, values)
    if ordered and have_an_order(column):
        try:
            rank_of, ranked = pd.factorize(values, sort=True)
        except (TypeError, OverflowError, NotImplementedError):
            return codes, values
        if len(ranked) == len(rank_of):  # else pandas takes for one what is two
            return np.append(rank_of, -1)[codes].astype(np.int64), ranked
    return codes, values


def by_identity(column: pd.Series) -> set[int]:
    """Return the identities of the objects that are told apart by them, as lists are: two equal ones are two values."""
    if column.dtype != object:
        return set()
    values = [value for value in column.to_numpy() if not is_missing(value)]
    kinds = {kind for kind in map(type, values) if teller_of(kind) is None}
    own = {kind for kind in kinds if not kind.__module__.startswith("pandas._libs")}
    return {id(value) for value in values if type(value) in own} if own else set()


def have_an_order(column: pd.Series | pd.Index) -> bool:
    """Whether values can be compared without calling a method of a foreign type."""
    if column.dtype != object:
        return True
    return all(teller_of(type(value)) is not None for value in column.to_numpy() if not is_missing(value))


def plain_floats(column: pd.Series) -> pd.Series:
    """Return a float column of an extension type as NumPy floats, in which NaN is missing and 0.0 has no sign."""
    import pandas as pd

    if isinstance(column.dtype, np.dtype) or getattr(column.dtype, "kind", "") != "f":
        return column
    values = column.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0
    return pd.Series(values, index=column.index, name=column.name)


_BITS = 63


def grouped(
    keys: NDArray[np.int64],
    counts: NDArray[np.int64],
    bits: tuple[int, int] | None = None,
    *,
    runs: bool = False,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct keys in ascending order and the sum of their counts.

    Where key and count fit together in 63 bits they are sorted as one integer, which is several times faster
    than an argsort. NumPy's default sort is quick on some processors and slow on others (with AVX-512 on AMD's Zen 4,
    three to five times); merging runs takes no such path, and is as fast as its best wherever runs are long.

    Parameters
    ----------
    keys : array of int64, shape (n,)
        Not negative.
    counts : array of int64, shape (n,)
        Not negative.
    bits : tuple of int, optional
        How many bits keys and counts take at most, where the caller knows.
    runs : bool
        Whether the keys lie in ascending runs, as those that are masked from ascending ones do.

    Examples
    --------
    >>> keys, sums = grouped(np.array([7, 3, 7]), np.array([1, 5, 2]))
    >>> keys.tolist(), sums.tolist()
    ([3, 7], [5, 3])
    """
    if len(keys) == 0:
        return keys, counts
    key_bits, width = bits or (int(keys.max()).bit_length(), int(counts.max()).bit_length())
    if key_bits + width <= _BITS:
        packed = keys << width
        packed |= counts
        packed.sort(kind="stable" if runs else None)
        keys, counts = packed >> width, packed & ((1 << width) - 1)
    else:
        order = np.argsort(keys, kind="stable")
        keys, counts = keys[order], counts[order]
    first = starts(keys)
    return keys[first], np.add.reduceat(counts, first)


def starts(ordered: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where runs of equal entries begin.

    Examples
    --------
    >>> starts(np.array([4, 4, 6])).tolist()
    [0, 2]
    """
    changes = np.empty(len(ordered), dtype=bool)
    changes[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=changes[1:])
    return changes.nonzero()[0]


def in_order(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return codes, which are at least 0, in ascending order, and where each stood; equal ones keep their order.

    Code and place are sorted as one integer where they fit in 63 bits: several times faster than sorting places.

    Examples
    --------
    >>> [found.tolist() for found in in_order(np.array([7, 2, 7]))]
    [[2, 7, 7], [1, 0, 2]]
    """
    bits = len(codes).bit_length()
    if int(codes.max(initial=0)).bit_length() + bits > 63:
        order = np.argsort(codes, kind="stable")
        return codes[order], order
    packed = (codes << bits) | np.arange(len(codes))
    sort(packed)
    return packed >> bits, packed & ((1 << bits) - 1)


def distinct(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct codes in ascending order, and the place of each row's code among them.

    By hashing: at a million rows four times as fast as `numpy.unique` with its inverse.
    """
    import pandas as pd

    place, found = pd.factorize(codes)
    order = np.argsort(found, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return found[order], rank[place]


#: Packed codes stay below this, so that one more factor never overflows 64 bits unseen.
_LARGEST = 2**62


def column_codes(column: pd.Series) -> tuple[NDArray[np.int64], pd.Index]:
    """Return each row's code and the values that the codes stand for; missing is the last code.

    The values are in ascending order where they can be compared, so that codes do not depend on row order.
    """
    import pandas as pd

    codes, values = factorized(column, ordered=True)
    if (missing := codes < 0).any():
        codes = np.where(missing, len(values), codes)
        values = with_missing(values)
    return codes, pd.Index(values, dtype=values.dtype)  # pandas 2 would guess another from objects


def with_missing(values: pd.Index) -> pd.Index:
    """Return distinct values with a missing one behind them; objects, or of their own type where Python has none."""
    import pandas as pd

    try:
        return pd.Index([*values, None], dtype=object)
    except (OverflowError, ValueError, NotImplementedError):  # durations and instants reach further than Python's
        return values.insert(len(values), None)


#: One in how many chance differences may be left where one column tells another, and how many must be expected.
_LEFT, _COMPARED = 20, 10


def tells(teller: NDArray[np.int64], told: NDArray[np.int64]) -> bool:
    """Return whether one column tells another: rows that share its value share the other's, and not by chance.

    Of two rows with one value of `teller`, the share that differs in `told` is compared with that of any two rows
    (Goodman and Kruskal 1954, on pairs): at most a twentieth of it is left. Values that stand in one row compare
    nothing: at least ten differences must be expected by chance, counting one comparison for each further row of a
    value. Codes below 0 are missing, and compared with nothing.

    Examples
    --------
    >>> date, year = np.arange(200) // 2, np.arange(200) // 20
    >>> tells(date, year), tells(year, date), tells(np.arange(200), year)
    (True, False, False)
    """
    known = (teller >= 0) & (told >= 0)
    teller, told = teller[known], told[known]
    sizes, pairs = np.bincount(teller), len(told) * (len(told) - 1) // 2
    apart = pairs - _together(np.bincount(told))
    further = len(teller) - int((sizes > 0).sum())
    if not pairs or further * apart < _COMPARED * pairs:
        return False
    within = _together(sizes)
    left = within - _together(np.unique(packed([teller, told])[0], return_counts=True)[1])
    return left * pairs * _LEFT <= within * apart


def _together(sizes: NDArray[np.int64]) -> int:
    """Return how many pairs of rows lie in one group."""
    return int((sizes * (sizes - 1) // 2).sum())


#: How many more combinations chance must make at least, and the share of them that may be left.
_BY_CHANCE, _SHARE = 10, 0.25


def beyond_chance(more: int, teller: NDArray[Any], told: NDArray[Any]) -> bool:
    """Return whether so few combinations more than values of the first column are fewer than by chance.

    Were the rows of the second column put in any other order, a value of n rows would be with
    Σ (1 - (1 - p)^n) of the second's values, of shares p. A column whose values have few rows each, and one that is
    nearly constant, are with few values whatever they mean.

    Parameters
    ----------
    teller, told : arrays, shape (n_values,)
        The rows of each value.

    Examples
    --------
    >>> beyond_chance(0, np.full(10, 20), np.full(4, 50)), beyond_chance(0, np.full(200, 1), np.full(4, 50))
    (True, False)
    """
    lengths, times = np.unique(teller[teller > 0], return_counts=True)
    left = np.log1p(-np.minimum(told / told.sum(), 1 - 1e-16))
    found = (times * np.array([-np.expm1(length * left).sum() - 1 for length in lengths])).sum()
    return bool(found >= _BY_CHANCE and more <= _SHARE * found)


def packed(columns: Sequence[NDArray[np.int64]]) -> tuple[NDArray[np.int64], int]:
    """Return one code per row for the combination of several codes, and a bound above all of them.

    Ranks are taken anew whenever the product of the columns' ranges would leave 62 bits; then distinct
    combinations never exceed the rows, so that one more column always fits.
    """
    code, bound = columns[0].astype(np.int64), int(columns[0].max(initial=-1)) + 1
    for column in columns[1:]:
        width = int(column.max(initial=-1)) + 1
        if bound * max(width, 1) >= _LARGEST:
            distinct, code = np.unique(code, return_inverse=True)
            bound = len(distinct)
        code, bound = code * width + column, bound * width
    return code, bound
