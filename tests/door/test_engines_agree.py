"""What lazy engines once answered otherwise than eager ones, or not at all."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import privkit as pk
from privkit.tally.cells.numbers import Grid
from privkit.tally.frame import engine_of
from privkit.tally.groups import group_counts, key_values, keyed_counts
from privkit.tally.sums import power_sums
from privkit.values.bounds import ONE_ROW
from privkit.values.keys import Keys, public_keys


def engines(frame):
    return {"eager": frame, "polars lazy": frame.lazy(), "duckdb": duckdb.from_arrow(frame.to_arrow())}


@pytest.mark.parametrize("width", [1.4e-14, 3e-13, 1e-9, 1e-300, 5e-324 * 4000])
@pytest.mark.parametrize("start", [0.0, 1.0, -0.5])
def test_places_among_candidates_of_any_width(width, start):
    candidates = np.unique(np.array([start + width * place / 1000 for place in range(1001)]))
    if len(candidates) < 2:
        return
    inside = (candidates[:-1] + candidates[1:]) / 2
    values = [-1.0, *candidates[::97], *inside[::89], start + 2.0, float("inf"), -float("inf"), None]
    frame = pl.DataFrame({"x": values})
    found = {name: engine_of(each).positions("x", candidates, None).tolist() for name, each in engines(frame).items()}
    assert found["polars lazy"] == found["eager"]
    assert found["duckdb"] == found["eager"]


@pytest.mark.parametrize("bounds", [(0, 1e-12), (-1e-200, 1e-200), (0.0, 2.0**-70)])
@pytest.mark.parametrize(
    "values",
    [
        pl.Series([0, 1, -1, 2**62, None]),
        pl.Series([True, False, None]),
        pl.Series([Decimal("0.01"), Decimal("-99999.99"), None], dtype=pl.Decimal(18, 2)),
    ],
    ids=["integer", "boolean", "decimal"],
)
def test_whole_numbers_far_beyond_tiny_bounds_are_clipped(values, bounds):
    grid = Grid.fitting(*bounds, max(abs(bounds[0]), abs(bounds[1])), bits=30)
    found = {name: power_sums(each, "x", grid).tolist() for name, each in engines(pl.DataFrame({"x": values})).items()}
    assert found["polars lazy"] == found["duckdb"] == found["eager"]


def test_keys_that_python_takes_for_equal_are_two_on_every_engine():
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Zurich"))
    second = first.replace(fold=1)
    moments = pd.Series([pd.Timestamp(first)] * 9 + [pd.Timestamp(second)] * 2)
    keys = public_keys(["k"], [first, second])
    for name, frame in engines(pl.from_pandas(pd.DataFrame({"k": moments}))).items():
        assert keyed_counts(frame, keys).tolist() == [9, 2], name


def test_groups_of_decimals_are_found_again_by_their_names():
    prices = ["19.90", "0.1234567890123456789", "0.1234567890123456788", "20"]
    objects = pd.DataFrame({"k": pd.Series([Decimal(price) for price in prices], dtype=object)})
    typed = pa.table({"k": pa.array([Decimal(price) for price in prices], type=pa.decimal128(38, 19))})
    for frame in (objects, typed):
        found = group_counts(frame, ["k"], None, ONE_ROW)
        assert list(found.values()) == [1, 1, 1, 1]
        keys = Keys(("k",), tuple(key_values(text) for text in found))
        assert keyed_counts(frame, keys).tolist() == [1, 1, 1, 1]


def test_an_instant_between_two_microseconds_is_found_again_as_its_group():
    frame = pd.DataFrame({"k": pd.Series([1001, 1999, 2000]).astype("datetime64[ns]")})
    found = group_counts(frame, ["k"], None, ONE_ROW)
    assert list(found.values()) == [2, 1]
    keys = Keys(("k",), tuple(key_values(text) for text in found), told=True)
    for name, each in engines(pl.from_pandas(frame)).items():
        assert keyed_counts(each, keys).tolist() == [2, 1], name


def test_prefixes_of_bytes_that_are_no_text_are_missing(tmp_path):
    broken = pa.Array.from_buffers(pa.string(), 2, pa.array([b"\xff\xfeab", b"ok"]).buffers())
    pk.open_project("p", epsilon=100, unit=pk.ROW, store=tmp_path / "l.db")
    asked = {"derive": {"p": "prefix(s, 1)"}, "keys": ["o"], "epsilon": 10}
    assert pk.dp_count(pa.table({"s": broken}), "p", **asked).value.tolist() == [1]


def test_a_whole_number_beyond_all_floats_is_a_key_that_nobody_has():
    frame = pl.DataFrame({"k": [1, 2]})
    keys = public_keys(["k"], [10**400, 2])
    assert [keyed_counts(each, keys).tolist() for each in engines(frame).values()] == [[0, 1]] * 3


def test_a_decimal_object_is_found_by_the_number_that_was_typed():
    frame = pd.DataFrame({"k": pd.Series([Decimal("19.90")] * 3, dtype=object)})
    assert keyed_counts(frame, public_keys(["k"], [19.9])).tolist() == [3]


def test_columns_of_privkits_own_names_are_refused_by_the_schema():
    with pytest.raises(pk.FrameError, match="rename it"):
        pk.kanon(pl.LazyFrame({"__privkit_rows": [1]}), ["__privkit_rows"])


def test_keys_of_a_derived_column_must_be_of_its_kind(tmp_path):
    pk.open_project("p", epsilon=1, unit=pk.ROW, store=tmp_path / "l.db")
    frame = pd.DataFrame({"k": [1, 2]})
    with pytest.raises(pk.KeysError, match="boolean"):
        pk.dp_count(frame, "b", derive={"b": "k > 1"}, keys=["yes"], epsilon=0.5)
    assert pk.dp_count(frame, "b", derive={"b": "k > 1"}, keys=[True], epsilon=0.5).value.index.tolist() == [True]
