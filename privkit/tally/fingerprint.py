"""A keyed fingerprint of a whole frame, by which a question on the same data is known again."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from privkit.tally.frame import open_frame

if TYPE_CHECKING:
    import pandas as pd

#: Raised when the encoding below changes: old fingerprints then match nothing, and a question is charged anew.
_FORMAT = b"privkit-frame-1"


def fingerprint(data: object, key: bytes, *, function: str = "fingerprint") -> str | None:
    """Return a keyed digest of a frame's column names, dtypes, length and contents, or None for a lazy frame.

    The contents go through xxh3 (128 bits) seeded by the key, its digests through HMAC-SHA256 with the key: without
    the key the fingerprint says nothing about the data, not even whether it equals a guess. The index is not part of
    it. Two frames with equal contents may differ in it where their memory differs (an unusual dtype): that costs a new
    charge, never a wrong replay. Reads every row; spends nothing.

    Parameters
    ----------
    data : dataframe
        Eager: pandas or Polars. A lazy frame has no contents to look at, and gets None.
    key : bytes
        The project's key.

    Examples
    --------
    >>> import pandas as pd
    >>> one, two = pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 3]})
    >>> fingerprint(one, b"k") == fingerprint(one.copy(), b"k"), fingerprint(one, b"k") == fingerprint(two, b"k")
    (True, False)
    """
    frame = open_frame(data, function)
    if isinstance(frame, nw.LazyFrame):
        return None
    import xxhash

    seed = int.from_bytes(sha256(b"seed" + key).digest()[:8], "little")
    digest = hmac.new(key, _FORMAT, sha256)
    digest.update(len(frame).to_bytes(8, "little"))
    for part in _columns(frame):
        if isinstance(part, bytes):
            digest.update(len(part).to_bytes(8, "little") + part)
        else:
            digest.update(xxhash.xxh3_128_digest(part, seed=seed))
    return digest.hexdigest()


def _columns(frame: nw.DataFrame[Any]) -> Iterator[bytes | memoryview]:
    """Yield, column by column, the name, the dtype and the buffers that hold the contents."""
    if frame.implementation.is_pandas():
        native = frame.to_native()
        for place, name in enumerate(native.columns):
            column = native.iloc[:, place]
            yield f"{name!r}|{column.dtype!r}".encode()
            yield from _pandas_buffers(column)
    elif frame.implementation.is_polars():
        import polars as pl

        native = frame.to_native()
        yield f"polars {pl.__version__} {native.schema!r}".encode()
        if native.width:
            yield _bytes(native.hash_rows(seed=0).to_numpy())
    else:
        for name in frame.columns:
            yield f"{name!r}|{frame[name].dtype!r}".encode()
            yield from _object_buffers(np.array(frame[name].to_list(), dtype=object))


def _bytes(values: np.ndarray[Any, Any]) -> memoryview:
    return memoryview(np.ascontiguousarray(values).view(np.uint8).reshape(-1))


def _pandas_buffers(column: pd.Series) -> Iterator[bytes | memoryview]:
    import pandas as pd

    array = column.array
    if isinstance(array, pd.Categorical):
        yield _bytes(array.codes)
        yield from _pandas_buffers(pd.Series(array.categories))
    elif hasattr(array, "_pa_array"):
        yield from _arrow_buffers(array._pa_array)
    elif hasattr(array, "_mask") and hasattr(array, "_data"):  # nullable integers, floats and booleans
        mask = array._mask
        yield _bytes(mask)
        yield _bytes(np.where(mask, np.zeros((), dtype=array._data.dtype), array._data))
    else:
        values = column.to_numpy()
        if values.dtype.kind in "fc":  # every NaN is missing, whatever its bits; -0.0 is 0.0
            values = np.where(np.isnan(values), np.nan, values + 0.0)
        yield from _object_buffers(values) if values.dtype == object else (_bytes(values),)


def _arrow_buffers(chunked: Any) -> Iterator[bytes | memoryview]:
    """Yield one chunk's buffers with offsets rebased and missing values masked."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = chunked.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # nothing in it, or too long for one chunk
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], type=array.type)
    if array.null_count:
        yield _bytes(np.asarray(array.is_null()))
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        if array.null_count:
            array = pc.fill_null(array, "")
        width = np.int64 if pa.types.is_large_string(array.type) else np.int32
        offsets = np.frombuffer(array.buffers()[1], dtype=width)[array.offset : array.offset + len(array) + 1]
        yield _bytes(offsets - offsets[0] if len(offsets) and offsets[0] else offsets)
        text = array.buffers()[2]
        if len(array) and text is not None:
            yield memoryview(text)[int(offsets[0]) : int(offsets[-1])]
    elif pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        yield _bytes(np.asarray(array.fill_null(0) if array.null_count else array))
    else:
        yield from _object_buffers(np.array(array.to_pylist(), dtype=object))


def _object_buffers(values: np.ndarray[Any, Any]) -> Iterator[bytes | memoryview]:
    """Yield Python objects as codes and distinct values, each with its type."""
    import pandas as pd

    if pd.api.types.infer_dtype(values, skipna=True) == "string":
        codes, distinct = pd.factorize(values, use_na_sentinel=True)
        yield _bytes(codes)
        yield "\x1f".join(f"{len(text)}:{text}" for text in distinct).encode("utf-8", "surrogatepass")
    else:
        yield "\x1f".join(f"{type(value).__name__}:{value!r}" for value in values).encode("utf-8", "surrogatepass")
