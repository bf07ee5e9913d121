"""A frame of any library as one of pandas, and back: what pandas and Python have no values for stays Arrow's."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import narwhals as nw

from privkit.tally.cells.columns import without_views
from privkit.tally.engines.native import note, untold
from privkit.tally.frame import open_frame

if TYPE_CHECKING:
    import pandas as pd


def is_lazy(data: object) -> bool:
    """Whether the rows of a frame lie in an engine."""
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return False
    return isinstance(nw.from_native(data, pass_through=True), nw.LazyFrame)  # type: ignore[call-overload]


def pandas_frame(data: object) -> pd.DataFrame:
    """Return `data` as a pandas frame: itself where it is one, else with all its rows and columns, fetched.

    Views of text or bytes are texts and bytes then, of which pandas selects rows.
    """
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return without_views(data)
    frame = open_frame(data)
    if not isinstance(frame, nw.LazyFrame):
        return _of_arrow(frame.to_native()) if frame.implementation.is_pyarrow() else frame.to_pandas()
    with untold():
        fetched = frame.collect().to_pandas()
    note("rows", list(fetched.columns), len(fetched))
    return fetched


def _of_arrow(table: Any) -> pd.DataFrame:
    """Return an Arrow table as a pandas frame; what pandas and Python have no values for stays Arrow's.

    That are dates of years beyond Python's, and types such as unions.
    """
    import pandas as pd
    import pyarrow as pa

    def arrows(kind: Any) -> Any:
        values = kind.value_type if pa.types.is_dictionary(kind) else kind
        plain = pa.types.is_primitive(values) and not (pa.types.is_date(values) or pa.types.is_float16(values))
        return None if plain or pa.types.is_large_string(values) or pa.types.is_string(values) else pd.ArrowDtype(kind)

    table = _with_categories(table)
    try:
        return table.to_pandas()
    except (ValueError, OverflowError, TypeError, NotImplementedError):  # its text may hold a value
        return table.to_pandas(types_mapper=arrows)


def _with_categories(table: Any) -> Any:
    """Return an Arrow table whose dictionaries hold each value once, and no null, as pandas' categories must."""
    import pyarrow as pa

    for place, name in enumerate(table.column_names):
        column = table.column(place)
        if not pa.types.is_dictionary(column.type):
            continue
        known = [chunk.dictionary for chunk in column.chunks]
        with suppress(NotImplementedError):  # of nested values, which stay Arrow's
            if any(each.null_count or len(each.unique()) < len(each) for each in known):
                values = _of_plain_words(column).cast(_plain(column.type.value_type)).dictionary_encode()
                table = table.set_column(place, name, values)
    return table


def _of_plain_words(column: Any) -> Any:
    """Return a column of dictionaries whose views of text or bytes are texts and bytes: Arrow decodes no views."""
    import pyarrow as pa

    plain = _plain(column.type.value_type)
    if plain == column.type.value_type:
        return column
    chunks = [pa.DictionaryArray.from_arrays(one.indices, one.dictionary.cast(plain)) for one in column.chunks]
    return pa.chunked_array(chunks, pa.dictionary(column.type.index_type, plain))


def _plain(kind: Any) -> Any:
    import pyarrow as pa

    return {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}.get(kind, kind)


def native(frame: pd.DataFrame, like: object) -> Any:
    """Return `frame` in the engine of `like` where that is eager Polars or Arrow; else as pandas."""
    import pandas as pd

    if isinstance(like, pd.DataFrame):
        return frame
    kind = nw.from_native(like, pass_through=True)  # type: ignore[call-overload]
    if isinstance(kind, nw.DataFrame):
        plain = frame.reset_index(drop=True)
        if kind.implementation.is_polars():
            return nw.from_native(plain).to_polars()
        if kind.implementation.is_pyarrow():
            return nw.from_native(plain).to_arrow()
    return frame
