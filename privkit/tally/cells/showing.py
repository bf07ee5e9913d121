"""Cells as a pandas column: for exact reports and new frames, which are for the owner's eyes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.cells import Cells
from privkit.tally.cells.kind import BOOLEAN, BYTES, DATE, DURATION, FLOAT, INSTANT, OBJECT, TEXT, WIDE
from privkit.tally.cells.scalars import value_of

if TYPE_CHECKING:
    import pandas as pd

_EPOCH = date(1970, 1, 1).toordinal()
_LAST = date.max.toordinal() - _EPOCH


def series_of(cells: Cells) -> pd.Series:
    """Return cells as a pandas column that holds the same values; whole numbers beside missing stay whole.

    Dates are Python's, those beyond the year 9999 texts; times of day count nanoseconds.

    Examples
    --------
    >>> from privkit.tally.cells.kind import INTEGER, Kind
    >>> series_of(Cells(Kind(INTEGER), np.array([1, 2]), np.array([False, True]))).dtype
    Int64Dtype()
    """
    import pandas as pd

    cells = cells.of_values_alone()
    name, values, missing = cells.kind.name, cells.values, cells.is_missing()
    if name == INSTANT:
        found = pd.Series(np.where(missing, np.iinfo(np.int64).min, values).view(f"M8[{cells.kind.unit}]"))
        return _in_zone(found, cells.kind.zone)
    if name == DURATION:
        return pd.Series(np.where(missing, np.iinfo(np.int64).min, values).view(f"m8[{cells.kind.unit}]"))
    if name == FLOAT:
        return pd.Series(values.astype(np.float64, copy=False))
    if name == DATE:
        return pd.Series(
            [None if gone else _day(int(day)) for day, gone in zip(values, missing, strict=True)], dtype=object
        )
    if name in (TEXT, BYTES, WIDE, OBJECT) or not isinstance(values, np.ndarray):
        return _of_objects(cells)
    if missing.any():
        dtype = "boolean" if name == BOOLEAN else "UInt64" if values.dtype.kind == "u" else "Int64"
        wide = values if name == BOOLEAN else values.astype(dtype.lower())
        array: Any = pd.arrays.BooleanArray if name == BOOLEAN else pd.arrays.IntegerArray
        return pd.Series(array(wide, missing))
    return pd.Series(values)


def _day(count: int) -> date | str:
    return date.fromordinal(count + _EPOCH) if 1 - _EPOCH <= count <= _LAST else f"day {count} since 1970"


def _in_zone(column: pd.Series, zone: str) -> pd.Series:
    if not zone:
        return column
    aware = column.dt.tz_localize("UTC")
    try:
        return aware.dt.tz_convert(zone)
    except (KeyError, ValueError, OSError):  # a zone that pandas does not know
        return aware


def _of_objects(cells: Cells) -> pd.Series:
    import pandas as pd

    if isinstance(cells.values, np.ndarray):
        values = cells.values.tolist()
        if cells.kind.name == OBJECT:
            values = [None if text is None else value_of(text) for text in values]
    elif cells.kind.name == TEXT:
        from privkit.tally.cells.hashing import encoded

        gone = cells.is_missing()
        texts = [text.decode("utf-8", "replace") for text in encoded(cells.values)]
        values = [None if absent else text for text, absent in zip(texts, gone, strict=True)]
    else:
        values = cells.values.to_pylist()
    return pd.Series(values, dtype=None if values and cells.kind.name == TEXT else object)
