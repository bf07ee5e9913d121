"""The first form of fingerprints, by which answers of earlier versions are found again; nothing new is named by it.

*Claim.* What is charged depends on the frame only through "it is the frame that was asked before", as it does without
this module. *Proof.* The first form is a function of the frame that is undefined where it failed: an answer stored
under it was stored for a frame on which it did not. So where it fails now, there is nothing to be found, and
:func:`first_fingerprint` returning None for a failure of any kind says the same as a look-up that finds nothing. (A
failure for lack of memory costs a charge, never a wrong replay.)

*Claim.* Two frames of one first fingerprint hold the same values, but for a collision of hashes. *Proof.* By type: only
the types are read here whose buffers it hashed, or whose Python objects it told by exact types and ``repr``. Text that
pandas 2 cut at a zero when it coded it is coded whole here, so such a frame is charged anew.

Nested values, decimals and the like went through Python objects; they are not read in that way again.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

import narwhals as nw
import numpy as np

from privkit.tally.frame import open_frame
from privkit.values.interrupts import INTERRUPTS

if TYPE_CHECKING:
    import pandas as pd

_FORMAT = b"privkit-frame-2"
_EXACT = (str, bytes, bool, int, float, complex, Decimal, Fraction, date, datetime, time, timedelta, UUID, type(None))


class _UntoldError(Exception):
    """A value has no text that tells it exactly, or a type is not read here."""


def first_fingerprint(data: object, key: bytes) -> str | None:
    """Return the digest that the first form gave to a frame; None where it had none, or is not computed any more.

    Reads every row. Fails for no value, and tells nothing of why there is none.

    Examples
    --------
    >>> import pandas as pd
    >>> first_fingerprint(pd.DataFrame({"a": [1, 2]}), b"k")[:16]
    '...'
    """
    try:
        return _digest(data, key)
    except INTERRUPTS:
        raise
    except BaseException:  # noqa: BLE001 - see the proof above; a panic of Polars is no Exception
        return None


def _digest(data: object, key: bytes) -> str | None:
    import pandas as pd
    import xxhash

    if isinstance(data, pd.DataFrame):
        rows, parts = len(data), _pandas_columns(data)
    else:
        frame = open_frame(data)
        if isinstance(frame, nw.LazyFrame):
            return None
        rows, parts = len(frame), _other_columns(frame)
    seed = int.from_bytes(sha256(b"seed" + key).digest()[:8], "little")
    digest = hmac.new(key, _FORMAT, sha256)
    digest.update(rows.to_bytes(8, "little"))
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + xxhash.xxh3_128_digest(part, seed=seed))
    return digest.hexdigest()


def _pandas_columns(frame: pd.DataFrame) -> Iterator[bytes | memoryview]:
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        yield f"{_told(name)}|{_worded(column.dtype)}".encode("utf-8", "surrogatepass")
        yield from _pandas_buffers(column)


def _worded(dtype: object) -> str:
    """Return a type's words; those of pandas 3 for its text on pandas 2 too, since answers outlive an environment."""
    import pandas as pd

    if not isinstance(dtype, pd.StringDtype) or dtype.na_value is pd.NA:
        return repr(dtype)
    storage = "" if dtype.storage == "pyarrow" else "storage='python', "
    return f"<StringDtype({storage}na_value=nan)>"


def _other_columns(frame: nw.DataFrame[Any]) -> Iterator[bytes | memoryview]:
    plain = (nw.String, nw.Boolean, nw.Date, nw.Datetime, nw.Duration, nw.Time)
    for name, dtype in frame.collect_schema().items():
        if not isinstance(dtype, plain) and not (dtype.is_integer() or dtype.is_float()):
            raise _UntoldError
        yield f"{frame.implementation}|{name!r}|{dtype!r}".encode("utf-8", "surrogatepass")
        yield from _arrow_buffers(frame[name].to_arrow())


def _bytes(values: np.ndarray[Any, Any]) -> memoryview:
    return np.ascontiguousarray(values).view(np.uint8).reshape(-1).data


def _pandas_buffers(column: pd.Series) -> Iterator[bytes | memoryview]:
    import pandas as pd

    array = column.array
    if isinstance(array, pd.Categorical):
        yield _bytes(array.codes)
        yield f"{_worded(array.categories.dtype)}|{array.ordered}".encode()
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
    if values.dtype.kind not in "fc":
        return values
    missing = np.isnan(values)
    return np.where(missing, values.dtype.type(np.nan), values) if missing.any() else values


def _arrow_buffers(found: Any) -> Iterator[bytes | memoryview]:
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
        raise _UntoldError


def _object_buffers(values: np.ndarray[Any, Any]) -> Iterator[bytes | memoryview]:
    """Yield Python objects as codes and distinct values, each with its type. No method of a foreign class is called."""
    import pandas as pd

    types = {id(kind): kind for kind in map(type, values)}.values()
    if not all(kind in (tuple, list, dict) or _is_exact(kind) for kind in types):
        raise _UntoldError
    if pd.api.types.infer_dtype(values, skipna=True) == "string":
        places: dict[str, int] = {}
        codes = [places.setdefault(value, len(places)) if isinstance(value, str) else -1 for value in values]
        yield _bytes(np.array(codes, dtype=np.intp))
        yield _framed(list(places))
    else:
        yield _framed([_told(value) for value in values])


def _framed(texts: Sequence[str]) -> bytes:
    return "".join(f"{len(text)}:{text}" for text in texts).encode("utf-8", "surrogatepass")


def _is_exact(kind: type) -> bool:
    import pandas as pd

    if any(kind is known for known in (*_EXACT, type(pd.NA), type(pd.NaT), pd.Timestamp, pd.Timedelta)):
        return True
    return kind.__module__ == "numpy" and issubclass(kind, np.generic)


def _told(value: Any) -> str:
    """Return a text that tells a value exactly: its type, and its repr where that is exact."""
    exact = type(value)
    kind = f"{exact.__module__}.{exact.__qualname__}"
    if exact is tuple or exact is list:
        return f"{kind}({_framed([_told(part) for part in value]).decode('utf-8', 'surrogatepass')})"
    if exact is dict:
        return f"{kind}({_told([list(item) for item in value.items()])})"
    if not _is_exact(exact):
        raise _UntoldError
    try:
        return f"{kind}:{value!r}"
    except ValueError:  # an integer of thousands of digits has no decimal text
        if exact is int:
            return f"{kind}:{value:#x}"
        raise _UntoldError from None
