"""A frame's exact schema: the names and kinds of its columns, in order. No row is read for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from privkit.tally.cells import cells as kinds
from privkit.tally.cells.cells import Kind
from privkit.tally.cells.columns import kind_of_pandas, pandas_dtypes
from privkit.tally.fingerprints.fingerprint import column_name
from privkit.tally.fingerprints.streams import UntoldError
from privkit.tally.frame import engine_of, open_frame

if TYPE_CHECKING:
    from collections.abc import Iterator


def exact_schema(data: object) -> list[list[Any]]:
    """Return the name and the kind of each column, in order. Reads the schema, never a row.

    One table on several engines has one schema where their types have the same kinds.

    Raises
    ------
    FrameError
        If `data` is no dataframe.

    Examples
    --------
    >>> import pandas as pd
    >>> exact_schema(pd.DataFrame({"a": [1], "b": ["x"]}))
    [[['sa'], 'integer', '', ''], [['sb'], 'text', '', '']]
    """
    return [[name, kind.name, kind.unit, kind.zone] for name, kind in _columns(data)]


def _columns(data: object) -> Iterator[tuple[list[Any], Kind]]:
    import pandas as pd

    if isinstance(data, pd.DataFrame):  # its names may be doubled, or no text
        for name, dtype in zip(data.columns.tolist(), pandas_dtypes(data), strict=True):
            yield _told(name), kind_of_pandas(dtype)
        return
    # An engine of ours tells its own; asking a Polars frame for the attribute would resolve its plan, with a warning.
    own = hasattr(type(data), "keyed_counts")
    found: Any = getattr(data, "schema") if own else _schema(data)  # noqa: B009
    for name, dtype in found.items():
        yield _told(name), dtype if isinstance(dtype, Kind) else kind_of_narwhals(dtype)


def _schema(data: object) -> Any:
    """Return Narwhals' schema of a frame; by our own kinds where it refuses one of the types."""
    frame = open_frame(data)
    try:
        return frame.collect_schema()
    except Exception:  # noqa: BLE001  # of a type, which has a kind, or is refused by it where it is asked for
        return engine_of(data).schema


def kind_of_narwhals(dtype: nw.dtypes.DType) -> Kind:
    """Return the kind of a column of an engine that Narwhals reads, by its type alone.

    Examples
    --------
    >>> kind_of_narwhals(nw.Datetime("us", "Europe/Zurich"))
    Kind(name='instant', unit='us', zone='Europe/Zurich', shown='')
    """
    if isinstance(dtype, nw.Datetime):
        return Kind(kinds.INSTANT, dtype.time_unit, dtype.time_zone or "")
    if isinstance(dtype, nw.Duration):
        return Kind(kinds.DURATION, dtype.time_unit)
    if isinstance(dtype, nw.Date):
        return Kind(kinds.DATE, "D")
    for name, types in (
        (kinds.BOOLEAN, (nw.Boolean,)),
        (kinds.WIDE, (nw.Int128, nw.UInt128, nw.Decimal)),
        (kinds.TEXT, (nw.String, nw.Categorical, nw.Enum)),
        (kinds.BYTES, (nw.Binary,)),
        (kinds.TIME, (nw.Time,)),
        (kinds.OBJECT, (nw.Object,)),
    ):
        if isinstance(dtype, types):
            return Kind(name)
    if dtype.is_integer():
        return Kind(kinds.INTEGER if dtype.is_signed_integer() else kinds.UNSIGNED)
    return Kind(kinds.FLOAT if dtype.is_float() else kinds.OTHER)


def _told(name: object) -> list[Any]:
    """Return what tells a name; names that are objects of foreign types are all one."""
    try:
        return column_name(name)[1]
    except UntoldError:
        return ["object"]
