"""A keyed fingerprint of a whole frame, by which a question on the same data is known again.

The form (docs/decisions/0007) is settled: another one gets another name in the ledger (`privkit.budget.machine.keys`).

*Claim.* Whether a frame has a fingerprint depends on its schema alone, and no error does depend on a value. *Proof.*
`_columns` reads types alone and decides; after it each column goes through functions that are defined for every value
of its type: they view buffers, mask them and hash them, or read objects cell by cell by
`privkit.tally.cells.scalars`, which is total.

*Claim.* Frames of one fingerprint have the same columns, in the same order, with the same cells in the same order, but
for a collision of hashes. *Proof.* Within one type the streams of a column give back its cells
(`privkit.tally.fingerprints`); everything that is joined is framed by its length.
"""

from __future__ import annotations

import hmac
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals as nw
import numpy as np

from privkit.tally.cells.columns import pandas_array, pandas_dtypes
from privkit.tally.cells.scalars import scalar_text, teller_of
from privkit.tally.fingerprints.streams import (
    BLOCK,
    Streams,
    UntoldError,
    arrow_type,
    feed_arrow,
    feed_ends,
    feed_numbers,
    feed_objects,
    framed,
    plain,
)
from privkit.tally.frame import open_frame
from privkit.values.interrupts import INTERRUPTS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_COLUMN, _FRAME = b"privkit-column-3", b"privkit-frame-3"


class _Column(NamedTuple):
    """A column that has a digest: its name, what tells its name and type, and what feeds its contents."""

    label: str
    told: list[Any]
    feed: Callable[[Streams], None]


@dataclass(frozen=True, repr=False)
class Digests:
    """A frame's number of rows, and a keyed digest of each column: of its name, type, length and cells in order.

    They are for the memory alone, and so is the fingerprint. A ledger holds the keyed name of a question on it, and the
    names of the frame's columns; with one digest per column it would show of every frame which column changed.

    Attributes
    ----------
    rows : int
    columns : Mapping of str to bytes
        32 bytes each, in the frame's order. The names are for reading: one that stands twice, or is no text, is written
        in another way. Which column is meant, the digest tells.
    """

    rows: int
    columns: Mapping[str, bytes]
    _key: bytes

    def fingerprint(self, names: Iterable[str] | None = None) -> str:
        """Return the fingerprint of the frame, or of the frame of some of its columns, in this order.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
        >>> digests(frame, b"k").fingerprint(["a"]) == fingerprint(frame[["a"]], b"k")
        True
        """
        told = list(self.columns.values()) if names is None else [self.columns[name] for name in names]
        parts = [self.rows.to_bytes(8, "little"), len(told).to_bytes(8, "little"), *told]
        return hmac.new(self._key, _FRAME + b"".join(parts), sha256).hexdigest()


def fingerprint(data: object, key: bytes) -> str | None:
    """Return a keyed digest of a frame's column names, types, length and contents, in order; None where there is none.

    Without the key a fingerprint cannot be compared with a guess; two of them, under one key, tell whether the frames
    are equal. With the key every guess of a whole frame can be tried: who knows all of a table but one cell finds that
    cell. That rests on HMAC-SHA256 as a pseudorandom function. Hashes of the streams (xxh3) are no defense against who
    has the key and makes up data: two different frames may then be given one fingerprint.

    The index is not part of it. Reads every row; spends nothing.

    Parameters
    ----------
    data : dataframe
        pandas, Polars (eager), or a pyarrow table. A lazy frame has no contents to look at, and gets None, as does a
        frame with a column whose type is none of these libraries' own. Of objects, cells of types that questions do
        not read either are missing.
    key : bytes
        The project's key.

    Raises
    ------
    FrameError
        If `data` is no dataframe.

    Examples
    --------
    >>> import pandas as pd
    >>> one, two = pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 3]})
    >>> fingerprint(one, b"k") == fingerprint(one.copy(), b"k"), fingerprint(one, b"k") == fingerprint(two, b"k")
    (True, False)
    """
    found = digests(data, key)
    return None if found is None else found.fingerprint()


def digests(data: object, key: bytes) -> Digests | None:
    """Return the number of rows and a keyed digest of each column; None as for `fingerprint`. Reads every row.

    A column keeps its digest whatever stands beside it.

    Raises
    ------
    FrameError
        If `data` is no dataframe.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    >>> one, two = (digests(each, b"k").columns for each in (frame, frame.assign(b=0, c=1)))
    >>> [name for name in two if two[name] == one.get(name)]
    ['a']
    """
    found = _columns(data)
    if found is None:
        return None
    rows, columns = found
    seed = int.from_bytes(hmac.new(key, b"seed of column digests", sha256).digest()[:8], "little")
    told_of: dict[str, bytes] = {}
    for column in columns:
        streams = Streams(seed)
        column.feed(streams)
        told = json.dumps(column.told, separators=(",", ":")).encode()  # ASCII, so lone surrogates do no harm
        text = framed(told) + rows.to_bytes(8, "little") + streams.told()
        label = column.label
        while label in told_of:
            label += "'"
        told_of[label] = hmac.new(key, _COLUMN + text, sha256).digest()
    return Digests(rows, told_of, key)


def _columns(data: object) -> tuple[int, list[_Column]] | None:
    """Return how many rows there are and the columns; None where one has no digest. Reads the schema, never a row."""
    if isinstance(data, nw.DataFrame | nw.LazyFrame):
        data = data.to_native()
    try:
        for library, name, columns in (
            ("pandas", "DataFrame", _of_pandas),
            ("polars", "DataFrame", _of_polars),
            ("pyarrow", "Table", _of_arrow),
        ):
            module = sys.modules.get(library)
            if module is not None and isinstance(data, getattr(module, name)):
                return len(data), columns(data)  # type: ignore[arg-type]
    except INTERRUPTS:
        raise
    except BaseException:  # noqa: BLE001 - a panic of Polars is no Exception; only types were looked at
        return None
    open_frame(data)
    return None


def _of_pandas(frame: pd.DataFrame) -> list[_Column]:
    found = []
    for place, (name, dtype) in enumerate(zip(frame.columns.tolist(), pandas_dtypes(frame), strict=True)):
        label, told = column_name(name)
        feed = partial(feed_pandas, array=pandas_array(frame, place))
        found.append(_Column(label, [told, pandas_type(dtype)], feed))
    return found


def _of_polars(frame: Any) -> list[_Column]:
    from privkit.tally.fingerprints.polars import feed_polars, polars_type

    def of(name: str, dtype: Any) -> _Column:
        told = [["s" + name], ["polars", polars_type(dtype)]]
        return _Column(name, told, lambda streams: feed_polars(streams, frame.get_column(name)))

    return [of(name, dtype) for name, dtype in frame.schema.items()]


def _of_arrow(table: Any) -> list[_Column]:
    def of(place: int, name: str) -> _Column:
        told = [["s" + name], ["arrow", arrow_type(table.schema.field(place).type)]]
        return _Column(name, told, lambda streams: feed_arrow(streams, table.column(place)))

    return [of(place, name) for place, name in enumerate(table.column_names)]


def column_name(name: object) -> tuple[str, list[Any]]:
    """Return a column's name for reading, and what tells it exactly, as nested lists of text.

    Raises
    ------
    UntoldError
        If it is an object whose type is not one of those that cells may have.

    Examples
    --------
    >>> column_name("zip"), column_name(("a", 1))
    (('zip', ['szip']), ('(a, n1)', ['tuple', ['sa'], ['n1']]))
    """
    import pandas as pd

    if type(name) is str:
        return name, ["s" + name]
    if type(name) is tuple:
        parts = [column_name(part) for part in name]
        return f"({', '.join(label for label, _ in parts)})", ["tuple", *(told for _, told in parts)]
    text = scalar_text(name)
    if text is None and not (name is None or name is pd.NA or name is pd.NaT or teller_of(type(name)) is not None):
        raise UntoldError
    return text or "missing", [text]


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
