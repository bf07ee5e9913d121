"""Polars columns as streams: as Arrow, with what Arrow lacks told as text.

Categories arrive as dictionaries, which are told by value: their codes depend on what else the process has read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from privkit.tally.fingerprints.streams import Streams, UntoldError, feed_arrow, feed_objects

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
