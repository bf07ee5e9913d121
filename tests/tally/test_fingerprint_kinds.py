"""Fingerprints of every kind of column: total, by the schema alone, and of contents alone."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.tally.fingerprints.fingerprint import digests, fingerprint

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")

KEY = b"the key of one project"
FAR = 2**62


def of(data: object) -> str | None:
    """Return the fingerprint; a warning on the way is a failure."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return fingerprint(data, KEY)


#: Arrow type → raw numbers, or values, that it may hold: extremes first.
ARROW = {
    pa.date32(): [-(2**31), 2**31 - 1, 0],
    pa.date64(): [-FAR, FAR, 0],
    pa.timestamp("us", "Europe/Zurich"): [-FAR, FAR, 0],
    pa.timestamp("s", "no such zone"): [-FAR, FAR, 0],
    pa.duration("ns"): [-FAR, FAR, 0],
    pa.time64("us"): [-FAR, FAR, 0],
    pa.uint64(): [0, 2**64 - 1, 2**53 + 1],
    pa.float64(): [math.inf, 5e-324, 2.0],
    pa.float16(): [np.float16(1), np.float16(-math.inf), np.float16(3)],
    pa.bool_(): [True, False, True],
    pa.string(): ["", "a\0b", "a"],
    pa.large_binary(): [b"\xff\xfe", b"", b"\0"],
    pa.binary(3): [b"abc", b"\0\0\0", b"abd"],
    pa.decimal128(38, 4): [decimal.Decimal("1e30"), decimal.Decimal("-0.0001"), decimal.Decimal(0)],
    pa.decimal256(60, 0): [decimal.Decimal(10**59), decimal.Decimal(-1), decimal.Decimal(0)],
    pa.month_day_nano_interval(): [(1, 2, 3), (-1, 0, 0), (0, 0, 1)],
    pa.list_(pa.string()): [["a", None], [], ["a", "b", "c"]],
    pa.large_list(pa.list_(pa.int8())): [[[1], None], [], [[]]],
    pa.list_(pa.int16(), 2): [[1, 2], [1, None], [3, 4]],
    pa.struct([("a", pa.int64()), ("b", pa.list_(pa.float32()))]): [
        {"a": 1, "b": [0.5]},
        {"a": None, "b": None},
        {"a": 2, "b": []},
    ],
    pa.map_(pa.string(), pa.int64()): [[("a", 1)], [], [("a", 1), ("b", None)]],
    pa.dictionary(pa.int8(), pa.string()): ["x", "y", "z"],
    pa.dictionary(pa.uint16(), pa.timestamp("us")): [-FAR, FAR, 0],
    pa.list_(pa.dictionary(pa.int8(), pa.string())): [["x"], ["x", "y"], []],
    pa.struct([]): [{}, {}, {}],
}


def arrow(values: list, dtype: pa.DataType) -> pa.Array:
    """Return an array, also of moments that Python has no objects for."""
    if pa.types.is_dictionary(dtype):
        if not pa.types.is_temporal(dtype.value_type):
            return pa.array(values, dtype)
        return arrow(values, dtype.value_type).dictionary_encode().cast(dtype)
    if pa.types.is_temporal(dtype) and not pa.types.is_interval(dtype):
        return pa.array(values, pa.int32() if dtype.bit_width == 32 else pa.int64()).view(dtype)
    return pa.array(values, dtype)


@pytest.mark.parametrize("dtype", ARROW, ids=str)
def test_no_value_of_an_arrow_column_fails_and_every_one_counts(dtype):
    low, high, other = ARROW[dtype]
    rows = [[low, None, high, other], [low, None, other, high], [low, high, None, other], [low, None, high], []]
    found = [of(pa.table({"x": arrow(values, dtype)})) for values in rows]
    assert None not in found
    assert len(set(found)) == len(found) or not getattr(dtype, "num_fields", 1)


@pytest.mark.parametrize("dtype", ARROW, ids=str)
def test_neither_chunks_nor_offsets_nor_what_stands_under_nulls_matter(dtype):
    low, high, other = ARROW[dtype]
    values = [low, None, high, other, None, low, high]
    whole = arrow(values, dtype)
    wide = pa.concat_arrays([arrow([high, None, low], dtype), whole, arrow([other], dtype)])
    forms = [
        pa.chunked_array([whole]),
        pa.chunked_array([whole.slice(0, 2), whole.slice(2, 0), whole.slice(2)]),
        pa.chunked_array([arrow(values[:3], dtype), arrow(values[3:], dtype)]),
        pa.chunked_array([wide.slice(3, 7)]),
        pa.chunked_array([wide.slice(3, 3), wide.slice(6, 4)]),
    ]
    forms += [pa.chunked_array([hidden])] if (hidden := masked(values, dtype)) is not None else []
    assert len({of(pa.table({"x": form})) for form in forms}) == 1
    if not pa.types.is_float16(dtype) and getattr(dtype, "num_fields", 1):
        assert len({of(pd.DataFrame({"x": pd.arrays.ArrowExtensionArray(form)})) for form in forms}) == 1


def masked(values: list, dtype: pa.DataType) -> pa.Array | None:
    """Return the same array with values under its nulls, where that can be made by hand."""
    mask = pa.array([value is None for value in values])
    full = arrow([values[0] if value is None else value for value in values], dtype)
    if pa.types.is_struct(dtype) and dtype.num_fields:
        return pa.StructArray.from_arrays(full.flatten(), fields=list(dtype), mask=mask)
    if pa.types.is_dictionary(dtype):
        indices = pa.Array.from_buffers(full.indices.type, len(full), [bits(mask), full.indices.buffers()[1]])
        return pa.DictionaryArray.from_arrays(indices, full.dictionary)
    if pa.types.is_fixed_size_list(dtype) or pa.types.is_null(dtype) or pa.types.is_struct(dtype):
        return None
    if pa.types.is_map(dtype):
        return pa.MapArray.from_arrays(full.offsets, full.keys, full.items, mask=mask)
    children = [full.values] if pa.types.is_list(dtype) or pa.types.is_large_list(dtype) else None
    buffers = full.buffers()[1 : 1 + dtype.num_buffers - 1]
    return pa.Array.from_buffers(dtype, len(full), [bits(mask), *buffers], children=children)


def bits(mask: pa.Array) -> pa.Buffer:
    """Return the bitmap in which a bit is set where nothing is missing."""
    return pa.py_buffer(np.packbits(~np.asarray(mask), bitorder="little").tobytes())


def test_dictionaries_are_told_by_their_values():
    plain = pa.chunked_array([pa.array(["b", "a", None, "b"]).dictionary_encode()])
    indices = pa.array([3, 1, 0, None, 3], pa.uint16())
    other = pa.DictionaryArray.from_arrays(indices, pa.array([None, "a", "unused", "b"], pa.large_string()))
    parts = pa.chunked_array([other.slice(0, 2), other.slice(3, 2)])
    assert of(pa.table({"x": parts})) == of(pa.table({"x": plain}))
    assert of(pa.table({"x": pa.chunked_array([other])})) != of(pa.table({"x": plain}))


def test_texts_and_lists_of_any_offsets_are_one_type():
    values = ["ab", None, "", "c"]
    forms = [pa.array(values, dtype) for dtype in (pa.string(), pa.large_string(), pa.string_view())]
    assert len({of(pa.table({"x": form})) for form in forms}) == 1
    lists = [pa.array([[1], None, [2, 3]], dtype) for dtype in (pa.list_(pa.int8()), pa.large_list(pa.int8()))]
    assert len({of(pa.table({"x": form})) for form in lists}) == 1


@pytest.mark.parametrize("dtype", [pa.run_end_encoded(pa.int32(), pa.string()), pa.list_view(pa.int8())], ids=str)
def test_some_types_have_none_and_their_rows_are_not_asked(dtype):
    assert of(pa.table({"x": pa.nulls(0, dtype)})) is None
    assert of(pa.table({"x": pa.nulls(3, dtype), "y": [1, 2, 3]})) is None


POLARS = {
    pl.Int128: [2**100, -(2**100), 0],
    **({pl.UInt128: [2**127, 0, 1]} if hasattr(pl, "UInt128") else {}),
    pl.List(pl.Int128): [[2**100], [], [None]],
    pl.Categorical: ["x", "y", "z"],
    pl.Enum(["z", "y", "x"]): ["x", "y", "z"],
    pl.List(pl.Enum(["z", "y", "x"])): [["x"], [None, "y"], []],
    pl.Struct({"a": pl.Categorical, "b": pl.Int128}): [{"a": "x", "b": 1}, {"a": None, "b": 2}, {"a": "y", "b": None}],
    pl.Object: [1, "1", None],
    pl.Null: [None, None, None],
    pl.Binary: [b"\xff", b"", b"a"],
    pl.Decimal(38, 2): [decimal.Decimal("1e30"), decimal.Decimal("0.01"), decimal.Decimal(0)],
    pl.Array(pl.Int8, 2): [[1, 2], [3, None], [1, 3]],
}


@pytest.mark.parametrize("dtype", POLARS, ids=str)
def test_no_value_of_a_polars_column_fails_and_every_one_counts(dtype):
    first, second, third = POLARS[dtype]
    found = [of(pl.DataFrame({"x": pl.Series(rows, dtype=dtype)})) for rows in ([first, second], [first, third], [])]
    assert None not in found
    assert len(set(found)) == (2 if dtype == pl.Null else 3)


def test_moments_beyond_python_have_one_on_polars():
    far = pl.Series([0, FAR, None]).cast(pl.Datetime("us"))
    frames = [
        pl.DataFrame({"x": column, "y": column.implode().list.gather([0] * 3)[:1].extend_constant(None, 2)})
        for column in (far, far.dt.replace_time_zone(None))
    ]
    assert of(frames[0]) == of(frames[1]) is not None
    assert of(pl.DataFrame({"x": far.dt.cast_time_unit("ms")})) is not None


def test_categories_of_polars_are_told_by_value_whatever_was_read_before():
    pl.Series(["q", "b"], dtype=pl.Categorical)
    one = pl.DataFrame({"x": pl.Series(["a", "b", None], dtype=pl.Categorical)})
    two = pl.concat([pl.DataFrame({"x": pl.Series(["b"], dtype=pl.Categorical)}), one])[1:]
    assert of(one) == of(two)


PANDAS = {
    "lone surrogates": lambda: pd.Series(["a\ud800", None, "a"], dtype=pd.StringDtype("python")),
    "zeros in text": lambda: pd.Series(["a\0b", None, "a"], dtype=pd.StringDtype("python")),
    "sparse": lambda: pd.Series(pd.arrays.SparseArray([1.0, np.nan, 2.0])),
    "sparse objects": lambda: pd.Series(pd.arrays.SparseArray(["a", None, 2], dtype=object)),
    "intervals": lambda: pd.Series(pd.arrays.IntervalArray.from_tuples([(0, 1), np.nan, (1, 2)])),
    "intervals of time": lambda: pd.Series(pd.interval_range(pd.Timestamp("2026"), periods=3).array),
    "periods": lambda: pd.Series(pd.period_range("1000", periods=3, freq="Y")),
    "complex": lambda: pd.Series([1j, complex("nan"), 2.0]),
    "long floats": lambda: pd.Series(np.array([1, "nan", "inf"], dtype=np.longdouble) / 3),
    "half floats": lambda: pd.Series(np.array([1, np.nan, 6e-8], dtype=np.float16)),
    "big-endian": lambda: pd.Series(np.array([1, 2, 3], dtype=">i8")),
    "big-endian floats": lambda: pd.Series(np.array([1, np.nan, 3], dtype=">f4")),
    "far days": lambda: pd.Series(np.array([-FAR, "NaT", FAR], dtype="datetime64[s]")),
    "spans": lambda: pd.Series(np.array([1, "NaT", FAR], dtype="timedelta64[ms]")),
    "zone": lambda: pd.Series(pd.to_datetime([0, None, FAR], unit="ns", utc=True)).dt.tz_convert("America/New_York"),
    "categories": lambda: pd.Series(pd.Categorical(["x", None, "y"], categories=["y", "x", "unused"])),
    "categories of objects": lambda: pd.Series(pd.Categorical([1, None, "1"])),
    "categories of intervals": lambda: pd.cut(pd.Series([0.5, None, 1.5]), [0, 1, 2]),
    "nullable": lambda: pd.Series([2**63, None, 3], dtype="UInt64"),
    "recursive objects": lambda: pd.Series([RECURSIVE, None, 1], dtype=object),
    "nested arrow": lambda: pd.Series(
        [{"a": [1]}, None, {"a": []}], dtype=pd.ArrowDtype(pa.struct([("a", pa.list_(pa.int8()))]))
    ),
}
RECURSIVE: list = []
RECURSIVE.append(RECURSIVE)


@pytest.mark.parametrize("name", PANDAS)
def test_no_value_of_a_pandas_column_fails_and_order_counts(name):
    column = PANDAS[name]()
    told = of(pd.DataFrame({"x": column}))
    assert told == of(pd.DataFrame({"x": PANDAS[name]()})) is not None
    longer = pd.concat([column.iloc[2:], column, column], ignore_index=True).iloc[1:4]
    assert of(pd.DataFrame({"x": longer})) == told, "a view into other memory"
    orders = {
        of(pd.DataFrame({"x": column.iloc[rows]})) for rows in (slice(3), slice(None, None, -1), slice(2), slice(0))
    }
    assert len(orders) == 4
    assert of(pd.DataFrame({"y": column})) != told


def test_storage_of_text_does_not_count():
    values = ["ab", None, "", "c\0d", "é"] * 3
    for missing in (np.nan, pd.NA):
        kinds = [pd.StringDtype(storage, na_value=missing) for storage in ("python", "pyarrow")]
        assert len({of(pd.DataFrame({"x": pd.Series(values, dtype=kind)})) for kind in kinds}) == 1
    filled = [pd.arrays.SparseArray([1.0, 0.0, 2.0], fill_value=fill) for fill in (0.0, 1.0)]
    assert len({of(pd.DataFrame({"x": found})) for found in filled}) == 1


def test_foreign_dtypes_and_names_have_none():
    from pandas.tests.extension.decimal import DecimalArray

    assert of(pd.DataFrame({"x": DecimalArray([decimal.Decimal(1)])})) is None
    assert of(pd.DataFrame({object(): [1]})) is None


def test_names_of_any_known_type_are_told_apart():
    names = ["1", 1, True, 1.5, None, pd.Timestamp(1), ("a", 1), ("a", "1"), (("a",), 1), dt.date(2026, 1, 1), b"1"]
    frames = [pd.DataFrame([[1]], columns=pd.Index([name], tupleize_cols=False, dtype=object)) for name in names]
    assert len({of(frame) for frame in frames}) == len(names)
    both = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")]))
    assert of(both) is not None


def test_whether_there_is_one_does_not_depend_on_rows():
    frames = [pd.DataFrame({name: make() for name, make in PANDAS.items()})]
    frames += [pl.DataFrame({"x": pl.Series(rows, dtype=dtype)}) for dtype, rows in POLARS.items()]
    frames += [pa.table({"x": arrow(rows, dtype)}) for dtype, rows in ARROW.items()]
    frames += [pa.table({"x": pa.nulls(3, pa.list_view(pa.int8()))})]
    for frame in frames:
        assert (of(frame) is None) == (of(frame[:0]) is None)


@given(st.lists(st.none() | st.text(), max_size=6), st.lists(st.none() | st.text(), max_size=6))
@settings(max_examples=60)
def test_texts_are_told_apart_on_every_engine(one, two):
    for make in (
        lambda values: pd.DataFrame({"x": pd.Series(values, dtype=pd.StringDtype("python"))}),
        lambda values: pd.DataFrame({"x": pd.Series(values, dtype=object)}),
        lambda values: pl.DataFrame({"x": pl.Series(values, dtype=pl.String)}),
        lambda values: pa.table({"x": pa.array(values, pa.string())}),
        lambda values: pa.table({"x": pa.array(values, pa.string()).dictionary_encode()}),
    ):
        assert (of(make(one)) == of(make(two))) == (one == two)


def test_a_column_keeps_its_digest_whatever_stands_beside_it():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [0.5, None]})
    one = digests(frame, KEY).columns
    two = digests(frame.assign(d=1)[["d", "c", "b", "a"]], KEY).columns
    assert one is not None
    assert two is not None
    assert {name: two[name] for name in one} == one
    assert len(set(two.values())) == 4
    moved = digests(frame.iloc[::-1], KEY).columns
    assert moved is not None
    assert not set(moved.values()) & set(one.values()), "rows are in order within each"
    doubled = digests(frame[["a", "a"]], KEY).columns
    assert doubled == {"a": one["a"], "a'": one["a"]}
    assert digests(frame.rename(columns={"a": "z"}), KEY).columns["z"] != one["a"]
    assert all(len(digest) == 32 for digest in one.values())
    assert digests(frame, b"another").columns["a"] != one["a"]
    assert digests(pl.DataFrame({"a": [1]}).lazy(), KEY) is None
