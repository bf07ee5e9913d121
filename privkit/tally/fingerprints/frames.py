"""pandas columns as streams, by their dtype.

Polars columns as streams: as Arrow, with what Arrow lacks told as text.

Categories arrive as dictionaries, which are told by value: their codes depend on what else the process has read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.cells import OBJECT, Kind
from privkit.tally.cells.columns import object_cells
from privkit.tally.fingerprints.streams import (
    BLOCK,
    Streams,
    UntoldError,
    digests_of,
    feed_arrow,
    feed_coded,
    feed_ends,
    feed_numbers,
    plain,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


def pandas_type(dtype: Any) -> list[Any]:
    """Return what tells a dtype, as nested lists of text. What it stores its values in does not count.

    Raises
    ------
    UntoldError
        For dtypes of other libraries, and NumPy's raw bytes.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> pandas_type(np.dtype("datetime64[s]")), pandas_type(pd.IntervalDtype("int64", "left"))
    (['numpy', '<M8[s]'], ['interval', 'left', ['numpy', '<i8']])
    >>> pandas_type(pd.StringDtype("python")) == pandas_type(pd.StringDtype("pyarrow"))
    True
    """
    import pandas as pd

    told: list[Any] | None = None
    if isinstance(dtype, np.dtype):
        told = ["numpy", dtype.newbyteorder("=").str] if dtype.kind in "biufcMmO" else None
    elif isinstance(dtype, pd.CategoricalDtype):
        told = ["categorical", bool(dtype.ordered), pandas_type(dtype.categories.dtype)]
    elif isinstance(dtype, pd.StringDtype):
        told = ["text", "NA" if dtype.na_value is pd.NA else "nan"]
    elif isinstance(dtype, pd.ArrowDtype):
        from privkit.tally.fingerprints.streams import arrow_type

        told = ["arrow", arrow_type(dtype.pyarrow_dtype)]
    elif isinstance(dtype, pd.SparseDtype):
        told = ["sparse", pandas_type(dtype.subtype)]
    elif isinstance(dtype, pd.IntervalDtype):
        told = ["interval", str(dtype.closed), pandas_type(dtype.subtype)]
    elif isinstance(dtype, pd.DatetimeTZDtype):
        told = ["zoned", dtype.unit, str(dtype.tz)]
    elif isinstance(dtype, pd.PeriodDtype):
        told = ["period", str(dtype.freq.freqstr)]
    elif type(dtype).__module__.partition(".")[0] == "pandas":
        numbers = getattr(dtype, "numpy_dtype", None)
        told = ["nullable", numbers.str] if isinstance(numbers, np.dtype) else None
    if told is None:
        raise UntoldError
    return told


def feed_pandas(streams: Streams, array: Any, name: str = "") -> None:
    """Go on with the array of a pandas column: NumPy's or one of pandas'. Its dtype has passed :func:`pandas_type`."""
    import pandas as pd

    dtype = array.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        feed_pandas(streams, array.categories.array, f"{name}categories ")
        feed_numbers(streams, name, array.codes)
    elif hasattr(array, "_pa_array"):
        from privkit.tally.fingerprints.streams import feed_arrow

        feed_arrow(streams, array._pa_array, name)
    elif isinstance(dtype, pd.StringDtype):
        _feed_texts(streams, name, np.asarray(array, dtype=object))
    elif isinstance(dtype, pd.SparseDtype):
        _feed_numpy(streams, name, np.asarray(array.to_dense()))
    elif isinstance(dtype, pd.IntervalDtype):
        feed_pandas(streams, array.left.array, f"{name}left ")
        feed_pandas(streams, array.right.array, f"{name}right ")
    elif hasattr(array, "asi8"):  # times with or without a zone, durations, periods
        feed_numbers(streams, name, array.asi8)
    elif hasattr(array, "_mask"):
        missing = array._mask if array._mask.any() else None
        streams.missing(name, missing, len(array))
        feed_numbers(streams, name, array._data, missing)
    else:
        _feed_numpy(streams, name, np.asarray(array))


def _feed_numpy(streams: Streams, name: str, values: NDArray[Any]) -> None:
    kind, width = values.dtype.kind, values.dtype.itemsize
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    if kind == "O":
        feed_objects(streams, name, values)
    elif kind in "Mm":
        feed_numbers(streams, name, values.view(np.int64))
    elif kind == "c":
        _feed_numpy(streams, f"{name}real ", values.real)
        _feed_numpy(streams, f"{name}imaginary ", values.imag)
    elif kind == "f" and width > 8:
        _feed_long(streams, name, values)
    else:
        feed_numbers(streams, name, values)


def _feed_long(streams: Streams, name: str, values: NDArray[Any]) -> None:
    """Go on with floats of more than 64 bits, between whose values lies memory that means nothing."""
    with np.errstate(all="ignore"):
        for start in range(0, len(values), BLOCK):
            rest, power = np.frexp(values[start : start + BLOCK])
            finite = np.isfinite(rest)
            streams.feed(f"{name}power", np.where(finite, power, 0).astype(np.int32))
            for place in range(3):  # three times 53 bits hold them all, also where they have 113
                part = rest.astype(np.float64)
                streams.feed(f"{name}{place}", plain(part))
                rest = np.where(finite, rest - part, 0)


def feed_objects(streams: Streams, name: str, values: NDArray[np.object_]) -> None:
    """Go on with Python objects: with the text of each cell, missing for whatever has none."""
    cells = object_cells(values, Kind(OBJECT))
    texts = digests_of(streams.seed, [text.encode("utf-8", "surrogatepass") for text in cells.values])
    assert cells.codes is not None
    feed_coded(streams, name, texts, cells.codes)


def _feed_texts(streams: Streams, name: str, values: NDArray[np.object_]) -> None:
    """Go on with Python texts, in the form of Arrow's; also with those that Arrow cannot hold (lone surrogates)."""
    for start in range(0, len(values), BLOCK):
        found = [_text(value) for value in values[start : start + BLOCK]]
        missing = np.fromiter((text is None for text in found), dtype=bool, count=len(found))
        texts = [b"" if text is None else text.encode("utf-8", "surrogatepass") for text in found]
        streams.missing(name, missing if missing.any() else None, len(found))
        feed_ends(streams, name, np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))), 0)
        streams.feed(name, np.frombuffer(b"".join(texts), dtype=np.uint8))


def _text(value: object) -> str | None:
    """Return the text of a cell; a subclass of str may have methods of its own, so only NumPy's is one."""
    return value if type(value) is str else str.__str__(value) if type(value) is np.str_ else None


#: Types that Arrow takes over as they are.
_PLAIN = frozenset(
    [f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)]
    + ["Boolean", "Float16", "Float32", "Float64", "Decimal", "String", "Binary"]
    + ["Date", "Time", "Datetime", "Duration", "Null"]
)
#: Arrow has no integers of 128 bits.
_AS_TEXT = frozenset({"Int128", "UInt128"})


def polars_type(dtype: Any) -> list[Any]:
    """Return what tells a Polars type, as nested lists of text.

    Raises
    ------
    UntoldError
        For types of other libraries, and for objects within lists and structs.
    """
    return ["Object"] if _name(dtype) == "Object" else _told(dtype)


def _name(dtype: Any) -> str:
    """Return the name of one of Polars' own types, whether it is given as a class or as an instance."""
    kind = dtype if isinstance(dtype, type) else type(dtype)
    if kind.__module__.partition(".")[0] != "polars":
        raise UntoldError
    return str(kind.__name__)


def _told(dtype: Any) -> list[Any]:
    name = _name(dtype)
    if name in _PLAIN or name in _AS_TEXT:
        return [str(dtype)]
    if name == "Categorical":
        return [name]
    if name == "Enum":
        return [name, *dtype.categories.to_list()]
    return _nested(name, dtype)


def _nested(name: str, dtype: Any) -> list[Any]:
    if name == "List":
        return [name, _told(dtype.inner)]
    if name == "Array":
        return [name, dtype.size, _told(dtype.inner)]
    if name == "Struct":
        return [name, *([field.name, _told(field.dtype)] for field in dtype.fields)]
    raise UntoldError


def _as_arrow_has_it(dtype: Any) -> Any:
    """Return the type to which a column is cast, which fails for no value, before Arrow takes it over."""
    import polars as pl

    name = _name(dtype)
    if name in _AS_TEXT:
        return pl.String()
    if name == "List":
        return pl.List(_as_arrow_has_it(dtype.inner))
    if name == "Array":
        return pl.Array(_as_arrow_has_it(dtype.inner), dtype.size)
    if name == "Struct":
        return pl.Struct([pl.Field(field.name, _as_arrow_has_it(field.dtype)) for field in dtype.fields])
    return dtype


def feed_polars(streams: Streams, column: Any) -> None:
    """Go on with a Polars column. Its type must have passed :func:`polars_type`."""
    if _name(column.dtype) == "Object":
        # NumPy asks the objects of a list what they hold; of an iterator it takes them as they are.
        feed_objects(streams, "", np.fromiter(column.to_list(), dtype=object, count=len(column)))
        return
    target = _as_arrow_has_it(column.dtype)
    feed_arrow(streams, (column if target == column.dtype else column.cast(target)).to_arrow())
