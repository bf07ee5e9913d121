"""A keyed fingerprint of a whole frame, by which a question on the same data is known again."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

import narwhals as nw
import numpy as np

from privkit.tally.frame import open_frame

if TYPE_CHECKING:
    import pandas as pd

#: Raised when the encoding below changes: old fingerprints then match nothing, and a question is charged anew.
_FORMAT = b"privkit-frame-2"

#: Python objects whose type and repr tell their value.
_EXACT = (str, bytes, bool, int, float, complex, Decimal, Fraction, date, time, timedelta, UUID, type(None))


class _UntoldError(Exception):
    """A value has no text that tells it exactly."""


def fingerprint(data: object, key: bytes, *, function: str = "fingerprint") -> str | None:
    """Return a keyed digest of a frame's column names, dtypes, length and contents; None where there is none.

    The contents go through xxh3 (128 bits) seeded by the key, its digests through HMAC-SHA256 with the key: without
    the key the fingerprint says nothing about the data, not even whether it equals a guess. The index is not part of
    it. Two frames with equal contents may differ in it where their memory differs (an unusual dtype): that costs a new
    charge, never a wrong replay. Reads every row; spends nothing.

    Parameters
    ----------
    data : dataframe
        Eager. A lazy frame has no contents to look at, and gets None, as does a frame with objects of types of your
        own, whose text need not tell them apart.
    key : bytes
        The project's key.

    Examples
    --------
    >>> import pandas as pd
    >>> one, two = pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 3]})
    >>> fingerprint(one, b"k") == fingerprint(one.copy(), b"k"), fingerprint(one, b"k") == fingerprint(two, b"k")
    (True, False)
    """
    import pandas as pd
    import xxhash

    if isinstance(data, pd.DataFrame):  # with any column names, also doubled ones
        rows, parts = len(data), _pandas_columns(data)
    else:
        frame = open_frame(data, function)
        if isinstance(frame, nw.LazyFrame):
            return None
        rows, parts = len(frame), _other_columns(frame)
    seed = int.from_bytes(sha256(b"seed" + key).digest()[:8], "little")
    digest = hmac.new(key, _FORMAT, sha256)
    digest.update(rows.to_bytes(8, "little"))
    try:
        for part in parts:
            digest.update(len(part).to_bytes(8, "little") + xxhash.xxh3_128_digest(part, seed=seed))
    except _UntoldError:
        return None
    return digest.hexdigest()


def _pandas_columns(frame: pd.DataFrame) -> Iterator[bytes | memoryview]:
    """Yield, column by column, the name, the dtype and the buffers that hold the contents."""
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        yield f"{_told(name)}|{column.dtype!r}".encode("utf-8", "surrogatepass")
        yield from _pandas_buffers(column)


def _other_columns(frame: nw.DataFrame[Any]) -> Iterator[bytes | memoryview]:
    for name in frame.columns:
        column = frame[name]
        yield f"{frame.implementation}|{name!r}|{column.dtype!r}".encode("utf-8", "surrogatepass")
        if isinstance(column.dtype, nw.Object | nw.Unknown) or not hasattr(column, "to_arrow"):
            yield from _object_buffers(np.array([*column.to_list(), None], dtype=object)[:-1])
        else:
            yield from _arrow_buffers(column.to_arrow())


def _bytes(values: np.ndarray[Any, Any]) -> memoryview:
    return np.ascontiguousarray(values).view(np.uint8).reshape(-1).data


def _pandas_buffers(column: pd.Series) -> Iterator[bytes | memoryview]:
    import pandas as pd

    array = column.array
    if isinstance(array, pd.Categorical):
        yield _bytes(array.codes)
        yield f"{array.categories.dtype!r}|{array.ordered}".encode()
        yield from _pandas_buffers(pd.Series(array.categories))
    elif hasattr(array, "_pa_array"):
        yield from _arrow_buffers(array._pa_array)
    elif hasattr(array, "_mask") and hasattr(array, "_data"):  # nullable integers, floats and booleans
        mask = array._mask
        yield _bytes(mask)
        yield _bytes(np.where(mask, np.zeros((), dtype=array._data.dtype), array._data))
    elif hasattr(array, "asi8"):  # datetimes with or without time zone, timedeltas, periods
        yield _bytes(array.asi8)
    else:
        values = column.to_numpy()
        if values.dtype == object:
            yield from _object_buffers(values)
        else:
            yield _bytes(_plain(values))


def _plain(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return floats in which every NaN has the same bits."""
    if values.dtype.kind not in "fc":
        return values
    missing = np.isnan(values)
    return np.where(missing, values.dtype.type(np.nan), values) if missing.any() else values


def _arrow_buffers(found: Any) -> Iterator[bytes | memoryview]:
    """Yield one chunk's buffers with offsets rebased and missing values masked."""
    import pyarrow as pa
    import pyarrow.compute as pc

    chunks = found.chunks if isinstance(found, pa.ChunkedArray) else [found]
    array = chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks) if chunks else pa.array([], type=found.type)
    if array.null_count:
        yield _bytes(np.asarray(array.is_null()))
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        if array.null_count:
            array = pc.fill_null(array, "")
        width = np.int64 if pa.types.is_large_string(array.type) else np.int32
        _, offset_buffer, text = array.buffers()
        if not len(array):
            return
        offsets = np.frombuffer(offset_buffer, dtype=width)[array.offset : array.offset + len(array) + 1]
        yield _bytes(offsets - offsets[0] if offsets[0] else offsets)
        if text is not None:
            yield memoryview(text)[int(offsets[0]) : int(offsets[-1])]
    elif pa.types.is_integer(array.type) or pa.types.is_floating(array.type) or pa.types.is_boolean(array.type):
        nothing = False if pa.types.is_boolean(array.type) else 0
        yield _bytes(_plain(np.asarray(pc.fill_null(array, nothing) if array.null_count else array)))
    elif pa.types.is_temporal(array.type) and array.type.bit_width in (32, 64):
        yield from _arrow_buffers(array.view(pa.int32() if array.type.bit_width == 32 else pa.int64()))
    else:
        yield from _object_buffers(np.array([*array.to_pylist(), None], dtype=object)[:-1])


def _object_buffers(values: np.ndarray[Any, Any]) -> Iterator[bytes | memoryview]:
    """Yield Python objects as codes and distinct values, each with its type."""
    import pandas as pd

    if pd.api.types.infer_dtype(values, skipna=True) == "string":
        codes, distinct = pd.factorize(values, use_na_sentinel=True)
        yield _bytes(codes)
        yield _framed(distinct.tolist())
    else:
        yield _framed([_told(value) for value in values])


def _framed(texts: Sequence[str]) -> bytes:
    return "".join(f"{len(text)}:{text}" for text in texts).encode("utf-8", "surrogatepass")


def _told(value: Any) -> str:
    """Return a text that tells a value exactly: its type, and its repr where that is exact."""
    import pandas as pd

    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if (
        type(value) in _EXACT
        or value is pd.NA
        or value is pd.NaT
        or isinstance(value, np.generic | pd.Timedelta | date)
    ):
        try:
            return f"{kind}:{value!r}"
        except ValueError:  # an integer of thousands of digits has no decimal text
            if type(value) is int:
                return f"{kind}:{value:#x}"
            raise _UntoldError from None
    if type(value) in (tuple, list):
        return f"{kind}({_framed([_told(part) for part in value]).decode('utf-8', 'surrogatepass')})"
    if type(value) is dict:
        return f"{kind}({_told([list(item) for item in value.items()])})"
    raise _UntoldError
