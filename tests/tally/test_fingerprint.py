"""Fingerprints: equal contents have one, and any change has another."""

from __future__ import annotations

import datetime as dt
import decimal
import math

import numpy as np
import pandas as pd
import pytest
from engines import PANDAS
from hypothesis import given, settings
from test_classes import FLOATS, TEXT, WHOLE, tables

from privkit.tally.fingerprints.fingerprint import fingerprint

KEY = b"the key of one project"


def of(data: object, key: bytes = KEY) -> str | None:
    return fingerprint(data, key)


def base() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "text": pd.Series(["ab", "c", None], dtype=pd.StringDtype(na_value=np.nan)),
            "objects": pd.Series([1, "1", None], dtype=object),
            "whole": [1, 2, 3],
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "float": [0.5, math.nan, 2.5],
            "flag": [True, False, True],
            "when": pd.to_datetime(["2026-01-01", None, "2026-01-03"]),
            "zone": pd.to_datetime(["2026-01-01", None, "2026-01-03"]).tz_localize("UTC"),
            "span": pd.to_timedelta([1, None, 3], "h"),
            "group": pd.Categorical(["x", None, "y"], categories=["x", "y", "z"]),
            "arrow": pd.array([1.5, None, 2.5], dtype="double[pyarrow]"),
            "period": pd.period_range("2026-01", periods=3, freq="M"),
        }
    )


CHANGES = {
    "text": lambda f: f.assign(text=["ab", "d", None]),
    "text to missing": lambda f: f.assign(text=["ab", None, None]),
    "text of missing": lambda f: f.assign(text=["ab", "c", ""]),
    "text moved over its border": lambda f: f.assign(text=["a", "bc", None]),
    "object's value": lambda f: f.assign(objects=pd.Series([1, "2", None], dtype=object)),
    "object's type": lambda f: f.assign(objects=pd.Series([True, "1", None], dtype=object)),
    "object's types swapped": lambda f: f.assign(objects=pd.Series(["1", 1, None], dtype=object)),
    "integer": lambda f: f.assign(whole=[1, 2, 4]),
    "width of integers": lambda f: f.assign(whole=f["whole"].astype("int32")),
    "integers as floats": lambda f: f.assign(whole=f["whole"].astype("float64")),
    "nullable integer": lambda f: f.assign(nullable=pd.array([1, None, 4], dtype="Int64")),
    "nullable's missing": lambda f: f.assign(nullable=pd.array([None, 1, 3], dtype="Int64")),
    "nullable's missing to 0": lambda f: f.assign(nullable=pd.array([1, 0, 3], dtype="Int64")),
    "float": lambda f: f.assign(float=[0.5, math.nan, np.nextafter(2.5, 3)]),
    "float's missing": lambda f: f.assign(float=[math.nan, 0.5, 2.5]),
    "float to infinity": lambda f: f.assign(float=[0.5, math.inf, 2.5]),
    "flag": lambda f: f.assign(flag=[True, True, True]),
    "date": lambda f: f.assign(when=pd.to_datetime(["2026-01-01", None, "2026-01-04"])),
    "date's unit": lambda f: f.assign(when=f["when"].astype("datetime64[ms]")),
    "date with zone": lambda f: f.assign(zone=pd.to_datetime(["2026-01-01", None, "2026-01-04"]).tz_localize("UTC")),
    "zone": lambda f: f.assign(zone=f["zone"].dt.tz_convert("Europe/Zurich")),
    "span": lambda f: f.assign(span=pd.to_timedelta([1, None, 4], "h")),
    "category": lambda f: f.assign(group=pd.Categorical(["y", None, "y"], categories=["x", "y", "z"])),
    "categories": lambda f: f.assign(group=pd.Categorical(["x", None, "y"], categories=["x", "y", "w"])),
    "order of categories": lambda f: f.assign(group=f["group"].cat.as_ordered()),
    "arrow float": lambda f: f.assign(arrow=pd.array([1.5, None, 3.5], dtype="double[pyarrow]")),
    "arrow missing": lambda f: f.assign(arrow=pd.array([1.5, 0.0, 2.5], dtype="double[pyarrow]")),
    "period": lambda f: f.assign(period=pd.period_range("2026-02", periods=3, freq="M")),
    "name": lambda f: f.rename(columns={"text": "Text"}),
    "name's type": lambda f: f.rename(columns={"text": 1}),
    "order of columns": lambda f: f[f.columns[::-1]],
    "order of rows": lambda f: f.iloc[[1, 0, 2]],
    "one row less": lambda f: f.iloc[:2],
    "one row twice": lambda f: f.iloc[[0, 1, 2, 2]],
    "one column less": lambda f: f.drop(columns="flag"),
    "one column twice": lambda f: f[[*f.columns, "flag"]],
    "missing value of text": lambda f: f.astype({"text": pd.StringDtype("python")}),
    "text as objects": lambda f: f.astype({"text": object}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_changes_the_fingerprint(change):
    changed = CHANGES[change](base())
    assert of(changed) is not None
    assert of(changed) != of(base())
    assert of(changed) == of(CHANGES[change](base()))


def test_every_single_cell_counts():
    for engine in PANDAS.values():
        frame = engine({"x": ["a", None, "c"] * 5, "y": [0.5, None, 2.0] * 5})
        seen = {of(frame)}
        for row in range(len(frame)):
            for place, value in (
                (0, "c" if row % 3 != 2 else "a"),
                (1, 2.0 if row % 3 != 2 else 0.5),
            ):
                changed = frame.copy()
                changed.iat[row, place] = value
                seen.add(of(changed))
        assert len(seen) == 1 + 2 * len(frame)


@pytest.mark.parametrize("engine", PANDAS)
@given(tables(x=TEXT, y=FLOATS, z=WHOLE), tables(x=TEXT, y=FLOATS, z=WHOLE))
@settings(max_examples=30)
def test_frames_have_one_fingerprint_only_if_their_contents_are_equal(engine, one, two):
    first, second = PANDAS[engine](one), PANDAS[engine](two)
    assert of(first) == of(PANDAS[engine]({name: list(values) for name, values in one.items()}))
    if of(first) == of(second):
        pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_copies_views_and_other_indexes_keep_it():
    frame = base()
    padded = pd.concat([frame, frame, frame], ignore_index=True)
    assert of(frame.copy()) == of(frame)
    assert of(padded.iloc[3:6]) == of(padded.iloc[6:9].set_index(pd.Index([9, 9, 9])))
    assert of(padded.iloc[3:6]) == of(padded.iloc[3:6].copy())
    tall = pd.DataFrame({"x": np.arange(6.0)[::2], "y": np.asfortranarray(np.arange(6).reshape(3, 2))[:, 0]})
    assert of(tall) == of(tall.copy())


def test_sliced_and_chunked_arrow_text_is_read_from_its_place():
    import pyarrow as pa

    for kind in (pa.string(), pa.large_string()):
        long = pa.chunked_array([["zz", "ab", None, "c"], ["ab", None, "c", "zz"]], type=kind)
        parts = [long.slice(1, 3), long.slice(4, 3), pa.chunked_array([["ab"], [], [None, "c"]], type=kind)]
        found = {of(pd.DataFrame({"x": pd.arrays.ArrowExtensionArray(part)})) for part in parts}
        assert len(found) == 1
        assert found != {of(pd.DataFrame({"x": pd.arrays.ArrowExtensionArray(long.slice(0, 3))}))}


def test_the_key_matters():
    assert of(base(), b"one") != of(base(), b"two")
    assert len(of(base())) == 64


@pytest.mark.parametrize("columns", [["x", "x"], [0, 1], [("a", 1), ("a", 2)], [None, 1.5]])
def test_columns_with_any_names_are_read(columns):
    values = [[1, 2], [3, 4]]
    frame, changed = pd.DataFrame(values, columns=columns), pd.DataFrame([[1, 2], [3, 5]], columns=columns)
    assert of(frame) == of(frame.copy())
    assert of(frame) != of(changed)


def test_every_nan_is_one_missing_value():
    odd = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)
    assert of(pd.DataFrame({"x": odd})) == of(pd.DataFrame({"x": [math.nan]}))


def test_frames_without_rows_or_columns():
    empty = [
        pd.DataFrame(),
        pd.DataFrame(index=[1, 2]),
        pd.DataFrame({"x": []}),
        pd.DataFrame({"x": pd.Series([], dtype="str")}),
    ]
    assert len({of(frame) for frame in empty}) == 4


class Own:
    """Of a type that no cell is read by; whoever calls one of its methods fails."""

    def __repr__(self) -> str:
        raise AssertionError

    __eq__ = __hash__ = __str__ = __repr__


NO_SCALARS = (Own(), np.arange(10_000), pd.DataFrame({"x": range(1_000)}), {1}, [Own()], {"a": Own()}, (1, "a"), [1])


@pytest.mark.parametrize("value", NO_SCALARS, ids=lambda value: type(value).__name__)
def test_objects_that_questions_do_not_read_are_missing(value):
    column = np.empty(2, dtype=object)
    column[:] = ["a", None]
    frame = pd.DataFrame({"x": pd.Series(column.copy(), dtype=object)})
    column[1] = value
    assert of(pd.DataFrame({"x": pd.Series(column, dtype=object)})) == of(frame) is not None


def test_objects_are_told_by_type_and_value():
    told = [decimal.Decimal("0.10"), dt.date(2026, 1, 1), b"a", 10**30, pd.Timestamp(1), True, "1", "a\ud800", "a\0b"]
    changed = [decimal.Decimal("0.2"), dt.date(2026, 1, 2), b"b", 10**31, pd.Timestamp(2), 1, 1, "a\ud801", "a"]
    for one, two in zip(told, changed, strict=True):
        first, second = (pd.DataFrame({"x": pd.Series([value, 1], dtype=object)}) for value in (one, two))
        assert of(first) == of(first.copy())
        assert of(first) != of(second)
    equal = [pd.DataFrame({"x": pd.Series([value], dtype=object)}) for value in (1, 1.0, decimal.Decimal("1.0"))]
    assert len({of(frame) for frame in equal}) == 1, "they are one value in every question"


def test_polars_frames_have_one_and_lazy_frames_none():
    polars = pytest.importorskip("polars")
    columns = {
        "x": ["ab", "c", None],
        "y": [1.5, math.nan, None],
        "z": [1, 2, 3],
        "d": [dt.date(2026, 1, 1)] * 3,
        "l": [[1], [], None],
    }
    frame = polars.DataFrame(columns)
    assert of(frame) == of(polars.DataFrame(columns)) is not None
    for change in (
        {"x": ["a", "bc", None]},
        {"y": [1.5, 0.0, None]},
        {"z": [1, 2, 4]},
        {"d": [dt.date(2026, 1, 2)] * 3},
        {"l": [[], [1], None]},
    ):
        assert of(polars.DataFrame(columns | change)) != of(frame)
    assert of(frame.select("x", "z")) != of(frame.select("z", "x"))
    assert of(frame[1:]) == of(polars.DataFrame({n: values[1:] for n, values in columns.items()}, schema=frame.schema))
    assert of(frame.lazy()) is None
    duckdb = pytest.importorskip("duckdb")
    assert of(duckdb.from_arrow(frame.to_arrow())) is None


@pytest.mark.parametrize("dtype", ["bool[pyarrow]", "int64[pyarrow]", "double[pyarrow]", "date32[pyarrow]", "boolean"])
def test_a_missing_value_among_others_has_a_fingerprint(dtype):
    values = [None, dt.date(2026, 1, 1), dt.date(2026, 1, 2)] if "date" in dtype else [None, 0, 1]
    whole, rest = (pd.DataFrame({"a": pd.Series(part, dtype=dtype)}) for part in (values, values[1:]))
    zero = pd.DataFrame({"a": pd.Series([values[1], *values[1:]], dtype=dtype)})
    assert len({fingerprint(frame, b"k") for frame in (whole, rest, zero)}) == 3
