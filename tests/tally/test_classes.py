"""Class sizes and value counts: equal on every engine, and equal to counting by hand."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
import pandas as pd
import pytest
from engines import ENGINES, OTHERS, PANDAS
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.errors import ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
from privkit.errors.engines import EngineError
from privkit.tally.class_values import value_counts
from privkit.tally.classes import class_sizes
from privkit.tally.coded_classes import count_classes, count_values

#: Where a missing integer makes the column float.
NO_MISSING_INTEGER = ("pandas numpy", "pandas python text")

TEXT = st.sampled_from(["a", "b", "A", "", " ", "nan", "None", "a\0b", "a\0c", "ä", "a\u0308", "😀"])
FLOATS = st.sampled_from([0.0, -0.0, 1.5, math.nan, math.inf, -math.inf, 2.0**53, 1e-300])
WHOLE = st.sampled_from([0, 1, -1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)])


def tables(**columns: st.SearchStrategy) -> st.SearchStrategy[dict[str, list]]:
    row = st.tuples(*(st.none() | values for values in columns.values()))
    return st.lists(row, max_size=25).map(
        lambda rows: (
            dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)) if rows else {c: [] for c in columns}
        )
    )


def plain(value: object) -> object:
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    return value.item() if isinstance(value, np.generic) else value


def by_hand(table: dict[str, list], by: list[str]) -> Counter:
    return Counter(zip(*([plain(value) for value in table[name]] for name in by), strict=True))


def found(tally) -> dict[tuple, int]:
    keys = [tuple(map(plain, key)) for key in tally.keys.itertuples(index=False)]
    assert len(set(keys)) == len(keys), "a class stands twice"
    return dict(zip(keys, tally.counts.tolist(), strict=True))


#: The two ways through the door, which must agree.
SIZES = pytest.mark.parametrize("sizes", [class_sizes, count_classes])
VALUES = pytest.mark.parametrize("values_of", [value_counts, count_values])


@SIZES
@pytest.mark.parametrize("engine", ENGINES)
@given(tables(x=TEXT, y=FLOATS, z=WHOLE))
@settings(max_examples=20)
@pytest.mark.sample(0.4)
def test_class_sizes_equal_counting_by_hand_on_every_engine(sizes, engine, table):
    if engine in NO_MISSING_INTEGER:
        table = table | {"z": [0 if value is None else value for value in table["z"]]}
    frame = ENGINES[engine](table)
    for by in (["x"], ["y"], ["z"], ["y", "x"], ["x", "y", "z"]):
        tally = sizes(frame, by)
        assert found(tally) == by_hand(table, by)
        assert tally.n_rows == len(table["x"])
        assert tally.sizes.dtype == np.int64


@SIZES
@pytest.mark.parametrize("engine", ENGINES)
@given(tables(x=TEXT, who=WHOLE))
@settings(max_examples=10)
@pytest.mark.sample(0.4)
def test_persons_are_distinct_ids_with_missing_as_one(sizes, engine, table):
    if engine in NO_MISSING_INTEGER:
        table = table | {"who": [0 if value is None else value for value in table["who"]]}
    persons = defaultdict(set)
    for x, who in zip(table["x"], table["who"], strict=True):
        persons[(plain(x),)].add(plain(who))
    tally = sizes(ENGINES[engine](table), "x", unit="who")
    assert found(tally) == {key: len(ids) for key, ids in persons.items()}
    assert tally.n_rows == len(table["x"])


@VALUES
@pytest.mark.parametrize("engine", ENGINES)
@given(tables(x=TEXT, y=FLOATS))
@settings(max_examples=10)
@pytest.mark.sample(0.4)
def test_value_counts_equal_counting_by_hand_on_every_engine(values_of, engine, table):
    counted = values_of(ENGINES[engine](table), "x", "y")
    values = [plain(value) for value in counted.values]
    entries = {
        (plain(counted.classes.keys["x"].iloc[row]), values[column]): count
        for row, column, count in zip(counted.class_of, counted.value_of, counted.counts.tolist(), strict=True)
    }
    assert entries == by_hand(table, ["x", "y"])
    assert dict(zip(values, counted.totals.tolist(), strict=True)) == {
        k[0]: n for k, n in by_hand(table, ["y"]).items()
    }
    assert counted.matrix().sum() == len(table["x"])
    if engine != "pandas categorical":  # whose order is that of its categories
        assert values[:-1] == sorted(values[:-1])
    assert found(counted.classes) == by_hand(table, ["x"])


@SIZES
def test_null_and_nan_are_one_missing_value_in_arrow_floats(sizes):
    import pyarrow as pa

    column = pd.arrays.ArrowExtensionArray(pa.array([0.0, -0.0, math.nan, None], type=pa.float64()))
    assert sorted(sizes(pd.DataFrame({"x": column}), "x").sizes.tolist()) == [2, 2]


@SIZES
def test_every_missing_marker_in_an_object_column_is_one(sizes):
    frame = pd.DataFrame({"x": pd.Series([None, math.nan, pd.NA, pd.NaT, "a"], dtype=object)})
    assert sorted(sizes(frame, "x").sizes.tolist()) == [1, 4]


def test_unobserved_categories_are_never_counted():
    frame = pd.DataFrame(
        {"x": pd.Categorical(["a"], categories=["a", "b"]), "y": pd.Categorical([1], categories=[1, 2])}
    )
    assert class_sizes(frame, ["x", "y"]).n_classes == 1
    assert value_counts(frame, "x", "y").matrix().tolist() == [[1]]


INDEXES = {
    "text": list("cba"),
    "doubled": [7, 7, 7],
    "missing": [None, None, 1],
    "dates": pd.date_range("2020-01-01", periods=3),
    "multi": pd.MultiIndex.from_tuples([(1, "a"), (1, "a"), (2, "b")], names=["x", "y"]),
    "named like the column": pd.Index([1, 2, 3], name="x"),
}


@pytest.mark.parametrize("index", INDEXES)
@SIZES
def test_the_index_never_matters(sizes, index):
    frame = pd.DataFrame({"x": list("aab"), "y": [1, 1, 2]}, index=INDEXES[index])
    assert found(sizes(frame, ["x", "y"])) == {("a", 1): 2, ("b", 2): 1}
    assert found(sizes(frame, "x", unit="y")) == {("a",): 1, ("b",): 1}
    assert value_counts(frame, "x", "y").matrix().tolist() == [[2, 0], [0, 1]]


@SIZES
def test_other_columns_may_have_any_names(sizes):
    frame = pd.DataFrame([["a", 1, 2, 3], ["a", 1, 2, 3]], columns=["x", "y", "y", 5])
    assert found(sizes(frame, "x")) == {("a",): 2}
    with pytest.raises(DuplicateColumnError, match="'y'"):
        sizes(frame, ["x", "y"])
    tall = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("x", "a"), ("x", "b")]))
    with pytest.raises(ColumnNotFoundError):
        sizes(tall, "x")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_frame_without_rows_has_no_classes(engine):
    frame = ENGINES[engine]({"x": [], "y": []})
    assert class_sizes(frame, ["x", "y"]).n_classes == 0
    assert class_sizes(frame, "x", unit="y").counts.tolist() == []
    assert value_counts(frame, "x", "y").matrix().shape == (0, 0)


@SIZES
def test_mixed_types_are_told_apart_by_value_and_truth_is_no_number(sizes):
    frame = pd.DataFrame({"x": pd.Series([1, "1", 1.0, True, b"1", None], dtype=object)})
    assert sorted(sizes(frame, "x").sizes.tolist()) == [1, 1, 1, 1, 2]


def test_an_object_without_a_text_is_a_class_of_its_own_in_reports_of_pandas():
    frame = pd.DataFrame({"x": pd.Series([(1,), (2,), None], dtype=object)})
    assert count_classes(frame, "x").sizes.tolist() == [1, 1, 1]


@SIZES
def test_values_that_cannot_be_compared_are_refused_without_being_told(sizes):
    frame = pd.DataFrame({"x": pd.Series([["CANARY"], "b"], dtype=object), "y": [1, 2]})
    for by in ("x", ["x", "y"]):  # among objects it is a value of its own
        assert count_classes(frame, by).sizes.tolist() == [1, 1]
    polars = pytest.importorskip("polars")
    with pytest.raises(FrameError, match="List"):
        sizes(polars.DataFrame({"x": [["CANARY"], ["b"]]}), "x")
    with pytest.raises(FrameError, match="Object"):
        sizes(polars.DataFrame({"x": polars.Series([{1}, "b"], dtype=polars.Object)}), "x")


@SIZES
def test_a_failing_lazy_plan_tells_no_value(sizes):
    polars = pytest.importorskip("polars")
    frame = polars.LazyFrame({"x": ["1", "CANARY"]}).with_columns(polars.col("x").cast(polars.Int64))
    with pytest.raises(EngineError, match="could not run") as error:
        sizes(frame, "x")
    assert "CANARY" not in str(error.value)
    assert error.value.__suppress_context__


@pytest.mark.parametrize("by", [[], None, 3, ["x", 3], b"x", {"x"}])
@SIZES
def test_what_names_no_column_is_refused(sizes, by):
    with pytest.raises(ParameterError, match="by"):
        sizes(pd.DataFrame({"x": [1]}), by)


def test_a_name_asked_twice_is_refused():
    frame = pd.DataFrame({"x": [1], "y": [1]})
    for call in (
        lambda: class_sizes(frame, ["x", "x"]),
        lambda: class_sizes(frame, "x", unit="x"),
        lambda: value_counts(frame, ["x", "y"], "y"),
    ):
        with pytest.raises(DuplicateColumnError):
            call()


def test_every_engine_here_is_tested():
    assert len(PANDAS) == 6
    assert len(OTHERS) == 4


def test_the_frame_is_never_changed():
    frame = pd.DataFrame({"x": pd.array([0.0, None], dtype="Float64"), "y": ["a", None]})
    before = frame.copy(deep=True)
    class_sizes(frame, ["x", "y"])
    value_counts(frame, "x", "y")
    pd.testing.assert_frame_equal(frame, before)
