"""Arrow arrays as cells: by their buffers, never through Python objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.cells import (
    BOOLEAN,
    BYTES,
    DATE,
    DURATION,
    FLOAT,
    INSTANT,
    INTEGER,
    OBJECT,
    OTHER,
    TEXT,
    TIME,
    UNSIGNED,
    WIDE,
    Cells,
    Kind,
    Table,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_A_DAY = 86_400_000


def kind_of_arrow(dtype: Any) -> Kind:
    """Return the kind of an Arrow column by its type alone.

    Examples
    --------
    >>> import pyarrow as pa
    >>> kind_of_arrow(pa.timestamp("us", "Europe/Zurich")).zone, kind_of_arrow(pa.list_(pa.int8())).name
    ('Europe/Zurich', 'other')
    """
    import pyarrow as pa

    types, shown = pa.types, str(dtype)
    if types.is_dictionary(dtype) or types.is_run_end_encoded(dtype):
        inner = kind_of_arrow(dtype.value_type)
        return Kind(inner.name, inner.unit, inner.zone, shown)
    if isinstance(dtype, pa.BaseExtensionType):
        inner = kind_of_arrow(dtype.storage_type)
        return Kind(inner.name, inner.unit, inner.zone, shown)
    if types.is_timestamp(dtype):
        return Kind(INSTANT, dtype.unit, dtype.tz or "", shown)
    if types.is_date(dtype):
        return Kind(DATE, "D", shown=shown)
    if types.is_time(dtype) or types.is_duration(dtype):
        return Kind(TIME if types.is_time(dtype) else DURATION, dtype.unit, shown=shown)
    for name, is_one in (
        (BOOLEAN, types.is_boolean),
        (INTEGER, types.is_signed_integer),
        (UNSIGNED, types.is_unsigned_integer),
        (FLOAT, types.is_floating),
        (WIDE, types.is_decimal),
        (TEXT, lambda t: types.is_string(t) or types.is_large_string(t) or types.is_string_view(t)),
        (BYTES, _is_bytes),
        (OBJECT, types.is_null),  # of no type: every key fits, and every cell is missing
    ):
        if is_one(dtype):
            return Kind(name, shown=shown)
    return Kind(OTHER, shown=shown)


def _is_bytes(dtype: Any) -> bool:
    from pyarrow import types

    return bool(
        types.is_binary(dtype)
        or types.is_large_binary(dtype)
        or types.is_fixed_size_binary(dtype)
        or types.is_binary_view(dtype)
    )


def table_of_arrow(table: Any) -> Table:
    """Return an Arrow table as cells, over the same memory where that is possible."""
    return Table(
        {name: cells_of_arrow(table.column(place)) for place, name in enumerate(table.column_names)}, table.num_rows
    )


def cells_of_arrow(found: Any) -> Cells:
    """Return an Arrow column as cells. Never fails on a value.

    Examples
    --------
    >>> import pyarrow as pa
    >>> cells = cells_of_arrow(pa.array([3, None], type=pa.uint64()))
    >>> cells.kind.name, cells.values[0], cells.is_missing().tolist()
    ('unsigned', np.uint64(3), [False, True])
    """
    import pyarrow as pa

    kind = kind_of_arrow(found.type)
    if kind.name == OTHER:
        return Cells(kind, found)
    array = one_chunk(found)
    if isinstance(array.type, pa.BaseExtensionType):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        values = cells_of_arrow(array.dictionary).of_values_alone()
        codes = _numbers(array.indices)
        if array.indices.null_count:
            codes = np.where(_nulls(array.indices), -1, codes.astype(np.int64))
        return Cells(kind, values.values, values.missing, codes)
    if kind.name == OBJECT:
        return Cells(kind, np.empty(0, dtype=object), None, np.full(len(array), -1, dtype=np.int64))
    if kind.name in (TEXT, BYTES, WIDE):
        return Cells(kind, common(array))
    missing = _nulls(array) if array.null_count else None
    if kind.name == BOOLEAN:
        import pyarrow.compute as pc

        plain = pc.fill_null(array, False) if missing is not None else array
        return Cells(kind, plain.to_numpy(zero_copy_only=False), missing)
    numbers = _numbers(array)
    if kind.name == FLOAT:
        numbers = numbers.astype(np.float32) if numbers.dtype == np.float16 else numbers
        return Cells(kind, numbers if missing is None else np.where(missing, numbers.dtype.type(np.nan), numbers))
    if kind.unit:
        numbers = numbers.astype(np.int64, copy=False)
        if pa.types.is_date64(array.type):
            numbers = numbers // _A_DAY
    return Cells(kind, numbers, missing)


def one_chunk(found: Any) -> Any:
    """Return one array, runs written out; values of dictionaries of several chunks stand in one dictionary."""
    import pyarrow as pa

    if not isinstance(found, pa.ChunkedArray):
        return _expanded(found)
    if found.num_chunks == 1:
        return _expanded(found.chunk(0))
    if pa.types.is_dictionary(found.type):
        decoded = [chunk.dictionary_decode() for chunk in found.chunks]
        return _joined(decoded, found.type.value_type)
    return _joined([_expanded(chunk) for chunk in found.chunks], found.type)


def _joined(chunks: list[Any], dtype: Any) -> Any:
    import pyarrow as pa

    if not chunks:
        return _expanded(pa.array([], type=dtype))
    # Text of several chunks may need more than 31 bits of offsets.
    large = {pa.string(): pa.large_string(), pa.binary(): pa.large_binary()}.get(chunks[0].type)
    return pa.concat_arrays(chunks if large is None else [chunk.cast(large) for chunk in chunks])


def _expanded(array: Any) -> Any:
    import pyarrow as pa

    if not pa.types.is_run_end_encoded(array.type):
        return array
    import pyarrow.compute as pc

    return pc.run_end_decode(array)


def common(array: Any) -> Any:
    """Return text, bytes and decimals in a type that all of Arrow's functions take."""
    import pyarrow as pa

    types = pa.types
    if types.is_string_view(array.type):
        return array.cast(pa.large_string())
    if types.is_binary_view(array.type) or types.is_fixed_size_binary(array.type):
        return array.cast(pa.large_binary())
    if types.is_decimal(array.type) and array.type.bit_width < 128:
        return array.cast(pa.decimal128(array.type.precision, array.type.scale))
    return array


def without_views(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a pandas frame whose Arrow columns of text or bytes are no views: of these pandas selects no rows.

    Examples
    --------
    >>> import pandas as pd, pyarrow as pa
    >>> frame = pd.DataFrame({"city": pd.array(["Rome"], dtype=pd.ArrowDtype(pa.string_view()))})
    >>> str(without_views(frame)["city"].dtype)
    'large_string[pyarrow]'
    """
    import pandas as pd

    arrow = [place for place, dtype in enumerate(frame.dtypes) if isinstance(dtype, pd.ArrowDtype)]
    if not arrow:
        return frame
    import pyarrow as pa

    views = (pa.types.is_string_view, pa.types.is_binary_view)
    made = frame
    for place in arrow:
        array: Any = frame.iloc[:, place].array
        if any(is_view(array.dtype.pyarrow_dtype) for is_view in views):
            made = frame.copy(deep=False) if made is frame else made
            made.isetitem(place, pd.arrays.ArrowExtensionArray(common(array.__arrow_array__())))
    return made


def _nulls(array: Any) -> NDArray[np.bool_]:
    return np.asarray(array.is_null())


def _numbers(array: Any) -> NDArray[Any]:
    """Return the values of fixed width that an array's buffer holds, whatever stands under its nulls."""
    import pyarrow as pa

    letters = (
        "uint" if pa.types.is_unsigned_integer(array.type) else "float" if pa.types.is_floating(array.type) else "int"
    )
    dtype = np.dtype(f"{letters}{array.type.bit_width}")
    buffer = array.buffers()[1]
    if buffer is None or not len(array):
        return np.zeros(len(array), dtype=dtype)
    return np.frombuffer(buffer, dtype=dtype, count=array.offset + len(array))[array.offset :]
