from __future__ import annotations

import datetime
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.errors import ColumnNotFoundError, DuplicateColumnError, FrameError
from privkit.tally.class_values import ClassValues, value_counts
from privkit.tally.classes import Tally, class_sizes
from privkit.tally.coded_classes import CodedTally, count_classes, count_values

pytestmark = pytest.mark.filterwarnings("ignore:Constructing a DataFrame from a list of sequences")

CELLS = {
    "text": st.sampled_from(["a", "b", "", "nan", None]),
    "number": st.sampled_from([0.0, -0.0, 1.5, math.nan, math.inf]),
    "whole": st.integers(-3, 3),
    "mixed": st.sampled_from([1, "1", None, True, 2.5, b"1", math.nan]),
    "flag": st.booleans(),
    "day": st.sampled_from([datetime.datetime(2024, 1, day) for day in (1, 2)] + [None]),
    "group": st.sampled_from(["x", "y", None]),
}
ROWS = st.lists(st.tuples(*CELLS.values()), max_size=25)


def frame_of(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame({name: pd.Series([row[i] for row in rows], dtype=object) for i, name in enumerate(CELLS)})
    frame = frame.astype({"text": "str", "number": float, "whole": "int64", "flag": bool, "day": "datetime64[ns]"})
    frame["group"] = pd.Categorical(frame["group"], categories=["y", "unseen", "x"])
    frame["nullable"] = frame["number"].replace(math.inf, 7).astype("Float64")
    return frame


def plain(value: object) -> object:
    """Return a cell as a key of a dict, in which True and 1 stay two: they are two classes."""
    if isinstance(value, bool | np.bool_):
        return ("flag", bool(value))
    return None if pd.isna(value) is True else value


def classes_of(tally: Tally) -> dict:
    keys = [tuple(plain(cell) for cell in row) for row in tally.keys.itertuples(index=False)]
    persons = tally.persons if tally.persons is not None else tally.sizes
    return {key: (int(size), int(who)) for key, size, who in zip(keys, tally.sizes, persons, strict=True)}


def entries_of(found: ClassValues) -> dict:
    keys = [tuple(plain(cell) for cell in row) for row in found.classes.keys.itertuples(index=False)]
    values = [plain(value) for value in found.values]
    entries = zip(found.class_of, found.value_of, found.counts, strict=True)
    return {(keys[class_], values[value]): int(count) for class_, value, count in entries}


BY = st.lists(st.sampled_from([*CELLS, "nullable"]), min_size=1, max_size=4, unique=True)


@given(ROWS, BY)
@settings(max_examples=80)
def test_both_ways_through_the_door_find_the_same_classes(rows, by):
    frame = frame_of(rows)
    fast = count_classes(frame, by)
    assert isinstance(fast, CodedTally)
    assert classes_of(fast) == classes_of(class_sizes(frame, by))
    assert list(fast.keys.columns) == by
    assert fast.n_rows == len(rows)


@given(ROWS, BY.filter(lambda by: "text" not in by))
@settings(max_examples=60)
def test_both_ways_find_the_same_persons_and_values(rows, by):
    frame = frame_of(rows)
    assert classes_of(count_classes(frame, by, unit="text")) == classes_of(class_sizes(frame, by, unit="text"))
    fast, slow = count_values(frame, by, "text"), value_counts(frame, by, "text")
    assert entries_of(fast) == entries_of(slow)
    assert [plain(value) for value in fast.values] == [plain(value) for value in slow.values]
    order = list(zip(fast.class_of, fast.value_of, strict=True))
    assert order == sorted(order)
    assert fast.totals.tolist() == slow.totals.tolist()
    assert np.array_equal(fast.matrix().sum(axis=1), fast.classes.sizes)


def test_values_keep_their_types_and_the_order_of_categories():
    frame = pd.DataFrame({"size": pd.Categorical(list("LSM"), categories=["S", "M", "L", "XL"], ordered=True)})
    frame["zip"] = ["a", "a", None]
    found = count_values(frame, "zip", "size")
    assert list(found.values) == ["S", "M", "L"]
    assert found.classes.keys["zip"].dtype == frame["zip"].dtype
    assert count_classes(frame, "size").keys["size"].dtype == frame["size"].dtype


def test_columns_too_wide_for_one_integer_are_ranked_on_the_way():
    n = 3000
    frame = pd.DataFrame({f"c{i}": np.random.default_rng(i).permutation(n) for i in range(6)})
    frame = pd.concat([frame, frame.iloc[:7]], ignore_index=True)
    frame.loc[3, "c2"] = np.nan
    by = list(frame.columns)
    tally = count_classes(frame, by)
    assert isinstance(tally, CodedTally)
    assert classes_of(tally) == classes_of(class_sizes(frame, by))
    for qi in (by[:-1], by[:-2]):
        assert entries_of(count_values(frame, qi, "c5")) == entries_of(value_counts(frame, qi, "c5"))
    assert classes_of(count_classes(frame, by[:-1], unit="c5")) == classes_of(class_sizes(frame, by[:-1], unit="c5"))


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"])
def test_whole_numbers_at_the_ends_of_their_types(kind):
    ends = np.iinfo(kind)
    low, high, middle = int(ends.min), int(ends.max), int(ends.max) // 2
    for values in ([low, high, 0, 1, 0], [low, low + 3, low], [high, high - 5, high], [middle, middle + 1], [7]):
        frame = pd.DataFrame({"x": np.array(values, dtype=kind)})
        fast = count_classes(frame, "x")
        assert classes_of(fast) == classes_of(class_sizes(frame, "x"))
        assert fast.keys["x"].dtype == frame["x"].dtype


def test_a_nan_inside_an_extension_type_is_missing():
    values = pd.arrays.FloatingArray(np.array([1.0, np.nan, 0.0]), np.array([False, False, True]))
    frame = pd.DataFrame({"x": values})
    assert count_classes(frame, "x").n_classes == class_sizes(frame, "x").n_classes == 2


def test_index_labels_are_no_positions():
    frame = pd.DataFrame({"zip": ["a", "b", "b"], "ill": ["x", "x", "y"]}, index=[7, 7, 0])
    assert classes_of(count_classes(frame, "zip")) == {("a",): (1, 1), ("b",): (2, 2)}


def test_no_rows_and_no_columns():
    frame = pd.DataFrame({"zip": pd.Series([], dtype=str), "ill": pd.Series([], dtype=float)})
    assert count_classes(frame, "zip").n_classes == 0
    assert len(count_classes(frame, "zip").keys) == 0
    assert count_classes(frame, "zip", unit="ill").persons.tolist() == []
    assert count_values(frame, "zip", "ill").matrix().shape == (0, 0)


def test_what_cannot_be_grouped_is_refused():
    frame = pd.DataFrame({"zip": ["a"], "list": [[1, 2]]})
    with pytest.raises(FrameError, match="'list'"):
        count_classes(pl.from_pandas(frame), ["zip", "list"])
    with pytest.raises(ColumnNotFoundError):
        count_values(frame, "zip", "il")
    with pytest.raises(DuplicateColumnError):
        count_values(frame, "zip", "zip")
    with pytest.raises(DuplicateColumnError):
        count_classes(frame, "zip", unit="zip")
    with pytest.raises(FrameError):
        count_classes([1], "zip")
