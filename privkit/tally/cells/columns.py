"""Columns as cells: Arrow arrays by their buffers, never through Python objects; pandas columns by their dtype."""

from __future__ import annotations

from datetime import timezone
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells import cells as kinds
from privkit.tally.cells.cells import Cells, Kind, Table
from privkit.tally.cells.scalars import scalar_text, teller_of

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
        return Kind(kinds.INSTANT, dtype.unit, dtype.tz or "", shown)
    if types.is_date(dtype):
        return Kind(kinds.DATE, "D", shown=shown)
    if types.is_time(dtype) or types.is_duration(dtype):
        return Kind(kinds.TIME if types.is_time(dtype) else kinds.DURATION, dtype.unit, shown=shown)
    for name, is_one in (
        (kinds.BOOLEAN, types.is_boolean),
        (kinds.INTEGER, types.is_signed_integer),
        (kinds.UNSIGNED, types.is_unsigned_integer),
        (kinds.FLOAT, types.is_floating),
        (kinds.WIDE, types.is_decimal),
        (kinds.TEXT, lambda t: types.is_string(t) or types.is_large_string(t) or types.is_string_view(t)),
        (kinds.BYTES, _is_bytes),
        (kinds.OBJECT, types.is_null),  # of no type: every key fits, and every cell is missing
    ):
        if is_one(dtype):
            return Kind(name, shown=shown)
    return Kind(kinds.OTHER, shown=shown)


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
    if kind.name == kinds.OTHER:
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
    if kind.name == kinds.OBJECT:
        return Cells(kind, np.empty(0, dtype=object), None, np.full(len(array), -1, dtype=np.int64))
    if kind.name in (kinds.TEXT, kinds.BYTES, kinds.WIDE):
        return Cells(kind, common(array))
    missing = _nulls(array) if array.null_count else None
    if kind.name == kinds.BOOLEAN:
        import pyarrow.compute as pc

        plain = pc.fill_null(array, False) if missing is not None else array
        return Cells(kind, plain.to_numpy(zero_copy_only=False), missing)
    numbers = _numbers(array)
    if kind.name == kinds.FLOAT:
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
    """Return a pandas frame whose Arrow columns are no views, and no runs: of these pandas selects no rows.

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

    views = (pa.types.is_string_view, pa.types.is_binary_view, pa.types.is_run_end_encoded)
    made = frame
    for place in arrow:
        array: Any = frame.iloc[:, place].array
        if any(is_view(array.dtype.pyarrow_dtype) for is_view in views):
            made = frame.copy(deep=False) if made is frame else made
            made.isetitem(place, pd.arrays.ArrowExtensionArray(common(one_chunk(array.__arrow_array__()))))
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


_OF_NUMPY = {"b": kinds.BOOLEAN, "i": kinds.INTEGER, "u": kinds.UNSIGNED, "f": kinds.FLOAT, "O": kinds.OBJECT}
_TIMES = {"M": kinds.INSTANT, "m": kinds.DURATION}
#: What counts as missing in pandas' columns of times.
_NOT_A_TIME = np.iinfo(np.int64).min
#: Types of Python whose equal values are one value, so that a cell's text is made once for all of them.
_KEPT = (str, int, bool, bytes)


def kind_of_pandas(dtype: Any) -> Kind:
    """Return the kind of a pandas column by its dtype alone.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> kind_of_pandas(np.dtype("uint8")).name, kind_of_pandas(pd.CategoricalDtype(["a"])).name
    ('unsigned', 'text')
    """
    import pandas as pd

    shown = str(dtype)
    if isinstance(dtype, pd.CategoricalDtype):
        inner = kind_of_pandas(dtype.categories.dtype)
        return Kind(inner.name, inner.unit, inner.zone, shown)
    if isinstance(dtype, pd.SparseDtype):
        inner = kind_of_pandas(dtype.subtype)
        return Kind(inner.name, inner.unit, inner.zone, shown)
    if isinstance(dtype, pd.ArrowDtype):
        return kind_of_arrow(dtype.pyarrow_dtype)
    if isinstance(dtype, pd.DatetimeTZDtype):
        # A fixed offset may have any name, "UTC" among them.
        zone = str(timezone(dtype.tz.utcoffset(None))) if type(dtype.tz) is timezone else str(dtype.tz)
        return Kind(kinds.INSTANT, dtype.unit, zone, shown)
    if isinstance(dtype, pd.StringDtype):
        return Kind(kinds.TEXT, shown=shown)
    plain = dtype if isinstance(dtype, np.dtype) else getattr(dtype, "numpy_dtype", None)
    if isinstance(plain, np.dtype):
        if plain.kind in _TIMES:
            return Kind(_TIMES[plain.kind], np.datetime_data(plain)[0], shown=shown)
        if plain.kind in _OF_NUMPY and (plain.kind != "f" or plain.itemsize <= 8):
            return Kind(_OF_NUMPY[plain.kind], shown=shown)
    return Kind(kinds.OTHER, shown=shown)


def cells_of_series(column: pd.Series) -> Cells:
    """Return a pandas column as cells, over the same memory where that is possible. Never fails on a value."""
    import pandas as pd

    array: Any = column.array
    kind = kind_of_pandas(column.dtype)
    if kind.name == kinds.OTHER:
        return Cells(kind, array)
    if isinstance(array, pd.Categorical):
        categories = cells_of_series(pd.Series(array.categories)).of_values_alone()
        return Cells(kind, categories.values, categories.missing, array.codes)
    if isinstance(column.dtype, pd.SparseDtype):
        return cells_of_series(pd.Series(array.to_dense()))
    if hasattr(array, "_pa_array"):
        found = cells_of_arrow(array._pa_array)
        return Cells(kind, found.values, found.missing, found.codes)
    if hasattr(array, "_mask") and hasattr(array, "_data"):  # nullable integers, floats and booleans
        return _masked(kind, array._data, array._mask)
    if hasattr(array, "asi8"):  # times with or without a zone, durations
        return _counted(kind, array.asi8)
    if kind.name == kinds.TEXT:
        return _texts(kind, np.asarray(array, dtype=object))
    values = column.to_numpy()
    if values.dtype.kind in _TIMES:
        return _counted(kind, values.view(np.int64))
    return object_cells(values, kind) if kind.name == kinds.OBJECT else _widened(kind, values)


def _masked(kind: Kind, values: NDArray[Any], mask: NDArray[np.bool_]) -> Cells:
    if not mask.any():
        return _widened(kind, values)
    if kind.name == kinds.FLOAT:
        return _widened(kind, np.where(mask, values.dtype.type(np.nan), values))
    return Cells(kind, values, mask)


def _widened(kind: Kind, values: NDArray[Any]) -> Cells:
    """Return numbers as they are, but halves, which many functions of NumPy and pandas cannot take."""
    return Cells(kind, values.astype(np.float32) if values.dtype == np.float16 else values)


def _counted(kind: Kind, counts: NDArray[np.int64]) -> Cells:
    missing = counts == _NOT_A_TIME
    return Cells(kind, counts, missing if missing.any() else None)


def _texts(kind: Kind, values: NDArray[np.object_]) -> Cells:
    """Return Python texts; of a subclass of str, whose comparisons may be its own, only NumPy's is one."""
    plain = [
        value if type(value) is str else str.__str__(value) if type(value) is np.str_ else None for value in values
    ]
    found = np.empty(len(plain), dtype=object)
    found[:] = plain
    return Cells(kind, found)


def object_cells(values: NDArray[np.object_], kind: Kind) -> Cells:
    """Return Python objects as texts that tell type and value, each text once (`privkit.tally.cells.scalars`)."""
    types = np.fromiter(map(id, map(type, values)), dtype=np.int64, count=len(values))
    codes = np.full(len(values), -1, dtype=np.int64)
    texts: dict[str, int] = {}
    for each in np.unique(types):
        places = np.flatnonzero(types == each)
        exact = type(values[places[0]])
        if teller_of(exact) is not None:
            codes[places] = _told(values[places], kept=exact in _KEPT, texts=texts)
    found = np.empty(len(texts), dtype=object)
    found[:] = list(texts)
    return Cells(kind, found, None, codes)


def _told(values: NDArray[np.object_], *, kept: bool, texts: dict[str, int]) -> NDArray[np.int64]:
    """Return a code for each value of one exact type, its text in `texts`; -1 where it has none."""

    def code(value: object) -> int:
        text = scalar_text(value)
        return -1 if text is None else texts.setdefault(text, len(texts))

    if not kept:
        return np.fromiter((code(value) for value in values), dtype=np.int64, count=len(values))
    once: dict[Any, int] = {}
    places = np.fromiter((once.setdefault(value, len(once)) for value in values), dtype=np.int64, count=len(values))
    return np.fromiter((code(value) for value in once), dtype=np.int64, count=len(once))[places]


# Every question looks at them several times, and making Series of them takes longer than what is done with them.


def pandas_dtypes(frame: pd.DataFrame) -> list[Any]:
    """Return the dtypes of a pandas frame."""
    found = getattr(getattr(frame, "_mgr", None), "get_dtypes", None)
    return list(frame.dtypes if found is None else found())


def pandas_array(frame: pd.DataFrame, place: int) -> Any:
    """Return the array of a pandas column: NumPy's, or one of pandas' own."""
    found = getattr(frame, "_get_column_array", None)
    return frame.iloc[:, place].array if found is None else found(place)
