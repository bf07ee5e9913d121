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
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals as nw

from privkit.tally.fingerprints.streams import Streams, column_name, framed
from privkit.tally.frame import open_frame, pandas_array, pandas_dtypes
from privkit.values.interrupts import INTERRUPTS

if TYPE_CHECKING:
    import pandas as pd

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
    from privkit.tally.fingerprints.frames import feed_pandas, pandas_type

    def of(place: int, name: object, dtype: object) -> _Column:
        label, told = column_name(name)
        return _Column(
            label, [told, pandas_type(dtype)], lambda streams: feed_pandas(streams, pandas_array(frame, place))
        )

    return [
        of(place, *each) for place, each in enumerate(zip(frame.columns.tolist(), pandas_dtypes(frame), strict=True))
    ]


def _of_polars(frame: Any) -> list[_Column]:
    from privkit.tally.fingerprints.frames import feed_polars, polars_type

    def of(name: str, dtype: Any) -> _Column:
        told = [["s" + name], ["polars", polars_type(dtype)]]
        return _Column(name, told, lambda streams: feed_polars(streams, frame.get_column(name)))

    return [of(name, dtype) for name, dtype in frame.schema.items()]


def _of_arrow(table: Any) -> list[_Column]:
    from privkit.tally.fingerprints.streams import arrow_type, feed_arrow

    def of(place: int, name: str) -> _Column:
        told = [["s" + name], ["arrow", arrow_type(table.schema.field(place).type)]]
        return _Column(name, told, lambda streams: feed_arrow(streams, table.column(place)))

    return [of(place, name) for place, name in enumerate(table.column_names)]
