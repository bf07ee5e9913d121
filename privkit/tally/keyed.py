"""Counts for public keys: rows, or classes of the data, matched to groups that the user named."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from privkit.errors import KeysError
from privkit.tally.classes import _SIZE, _int64, _to_pandas, grouped_sizes
from privkit.tally.frame import Frame, open_frame
from privkit.tally.lookup import key_finder, over_blocks

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.values.keys import Keys


def check_key_types(data: object, keys: Keys, function: str) -> None:
    """Refuse keys that no value of their column could equal. Reads the schema, never a row.

    Numbers fit columns of numbers, text fits text and categories of text, dates fit dates, and datetimes fit datetimes
    that agree on having a time zone. A column of Python objects tells no type without reading it: every key fits.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError
    KeysError
        If text is asked of a column of numbers, or the like.
    """
    frame = open_frame(data, function, keys.by, "by")
    for place, name in enumerate(keys.by):
        kind, shown = column_kind(frame, name)
        if kind == "object":
            continue
        for value in keys.samples[place]:
            if value is not None and _key_kind(value) != kind:
                raise KeysError.shape(
                    function,
                    f"of type {_key_kind(value)} for the column {name!r} of type {shown}",
                    f"of type {kind} there",
                )


def _key_kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, datetime):
        return "datetime" if value.tzinfo is None else "datetime with time zone"
    if isinstance(value, date):
        return "date"
    return "text" if isinstance(value, str) else "missing"


def column_kind(frame: Frame, name: str) -> tuple[str, str]:
    """Return what kind of values a column's type promises, and the type's name. Reads the schema, never a row."""
    if not isinstance(frame, nw.LazyFrame) and frame.implementation.is_pandas():
        import pandas as pd

        dtype = frame.to_native()[name].dtype
        shown = str(dtype)
        if isinstance(dtype, pd.CategoricalDtype):
            dtype = dtype.categories.dtype
        if dtype.kind == "O" and isinstance(dtype, np.dtype):  # Narwhals would look at its rows to tell
            return "object", shown
        return _kind(nw.from_native(pd.Series([], dtype=dtype), series_only=True).dtype), shown
    dtype = frame.select(name).collect_schema()[name]
    return _kind(dtype), str(dtype)


def _kind(dtype: nw.dtypes.DType) -> str:
    if dtype.is_numeric():
        return "number"
    if isinstance(dtype, nw.Datetime):
        return "datetime" if dtype.time_zone is None else "datetime with time zone"
    for kind, types in (
        ("boolean", nw.Boolean),
        ("date", nw.Date),
        ("text", (nw.String, nw.Categorical, nw.Enum)),
        ("object", (nw.Object, nw.Unknown)),
    ):
        if isinstance(dtype, types):
            return kind
    return f"{type(dtype).__name__.lower()} (no key has it)"


def keyed_counts(data: object, keys: Keys, *, function: str = "keyed_counts") -> NDArray[np.int64]:
    """Count the rows of each public key; rows of no key are not counted. Shape (len(keys),).

    Stability: a row is counted for at most one key, which depends on that row alone. Reads rows; exact; spends nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.keys import public_keys
    >>> people = pd.DataFrame({"zip": ["8004", "8004", "8005"]})
    >>> keyed_counts(people, public_keys(["zip"], ["8003", "8004"], "example")).tolist()
    [0, 2]
    """
    frame = open_frame(data, function, keys.by, "by")
    if isinstance(frame, nw.LazyFrame) or not frame.implementation.is_pandas():
        counted = grouped_sizes(frame, keys.by, function)
        return _counts_of(_to_pandas(counted.select(*keys.by)), _int64(counted[_SIZE]), keys)
    native = frame.to_native()
    find = key_finder({name: native[name] for name in keys.by}, keys)
    blocks = over_blocks(lambda rows: np.bincount(find(rows), minlength=len(keys) + 1), len(native))
    counts: NDArray[np.int64] = np.sum([np.zeros(len(keys) + 1, dtype=np.int64), *blocks], axis=0)
    return counts[:-1]


def _counts_of(classes: pd.DataFrame, counts: NDArray[np.int64], keys: Keys) -> NDArray[np.int64]:
    place = key_places(classes, keys)
    return np.bincount(place, weights=counts, minlength=len(keys) + 1).astype(np.int64)[: len(keys)]


def key_places(columns: pd.DataFrame, keys: Keys) -> NDArray[np.int64]:
    """Return for each row of `columns` the place of its key; ``len(keys)`` where it has none."""
    find = key_finder({name: columns[name] for name in keys.by}, keys)
    return np.concatenate([np.empty(0, dtype=np.int64), *over_blocks(find, len(columns))])
