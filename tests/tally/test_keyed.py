"""Counts for public keys: each row is counted for the one key that it equals, on every engine."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from engines import ENGINES
from hypothesis import given, settings
from hypothesis import strategies as st
from test_classes import FLOATS, NO_MISSING_INTEGER, TEXT, WHOLE, plain, tables

from privkit.errors import ColumnNotFoundError, KeysError
from privkit.tally import rows as lookup
from privkit.tally.cells import finding
from privkit.tally.groups import check_key_types, keyed_counts
from privkit.values.keys import public_keys


def keys_of(by: list[str], values: list) -> object:
    return public_keys(by, values)


def by_hand(table: dict[str, list], keys) -> list[int]:
    rows = list(zip(*([plain(value) for value in table[name]] for name in keys.by), strict=True))
    return [rows.count(key) for key in keys.values]


def unique(values: list) -> list:
    return list(dict.fromkeys(plain(value) for value in values))


@pytest.mark.parametrize("engine", ENGINES)
@given(tables(x=TEXT, y=FLOATS, z=WHOLE), st.data())
@settings(max_examples=25)
def test_each_key_counts_the_rows_that_equal_it(engine, table, data):
    if engine in NO_MISSING_INTEGER:
        table = table | {"z": [0 if value is None else value for value in table["z"]]}
    frame = ENGINES[engine](table)
    pools = {"x": TEXT, "y": FLOATS, "z": WHOLE | st.sampled_from([1.0, 0.5])}
    for by in (["x"], ["y"], ["z"], ["x", "y"], ["z", "x", "y"]):
        rows = st.tuples(*(st.none() | pools[name] for name in by)).map(lambda row: tuple(map(plain, row)))
        asked = data.draw(st.lists(rows, min_size=1, max_size=6, unique=True))
        keys = keys_of(by, asked if len(by) > 1 else [key[0] for key in asked])
        expected = by_hand(table, keys)
        assert keyed_counts(frame, keys).tolist() == expected


@pytest.mark.parametrize("blocks", [1, 3, 10**6])
def test_blocks_threads_and_tables_give_the_same_counts(blocks, monkeypatch):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({name: rng.integers(0, 30, 2_000).astype(kind) for name, kind in (("x", "str"), ("y", "i4"))})
    keys = keys_of(["x", "y"], {"x": [str(i) for i in range(5, 40)], "y": [*range(-3, 20), None]})
    expected = by_hand(frame.to_dict("list"), keys)
    monkeypatch.setattr(finding, "_BLOCK", blocks)
    for threaded in (0, 10**9):
        for table in (0, 1 << 22):
            monkeypatch.setattr(finding, "_THREADED", threaded if blocks > 1 else 10**9)
            monkeypatch.setattr(lookup, "_TABLE", table)
            monkeypatch.setattr(finding, "_TABLE", table)
            assert keyed_counts(frame, keys).tolist() == expected


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "int64", "uint64", "Int8", "UInt64", "float32", "Int64"])
def test_integers_of_every_width_meet_keys_in_and_out_of_range(kind):
    limits = np.iinfo(kind.lower()) if "int" in kind.lower() else None
    extremes = [limits.min, limits.max, 0, 5, 100] if limits else [-1.5, 0.0, 5.0, 100.0]
    frame = pd.DataFrame({"x": pd.Series(extremes, dtype=kind)})
    for asked in ([*extremes], [*extremes, -(2**64), 2**64, 300, -1, 2.5], [2**64], [-(2**63)], [float(2**63), -129]):
        values = list(dict.fromkeys(asked))
        assert keyed_counts(frame, keys_of(["x"], values)).tolist() == [sum(x == v for x in extremes) for v in values]


def test_many_columns_never_overflow():
    names = [f"c{i}" for i in range(12)]
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.integers(0, 50, (200, 12)), columns=names)
    rows = [tuple(row) for row in frame.drop_duplicates().to_numpy().tolist()]
    keys = keys_of(names, [*rows[::2], *[tuple(int(cell) + 1000 for cell in rows[0])]])
    assert keyed_counts(frame, keys).tolist() == [*[1] * len(rows[::2]), 0]


@pytest.mark.parametrize("engine", ENGINES)
def test_frames_without_rows_or_with_only_missing(engine):
    keys = keys_of(["x"], ["a", None])
    assert keyed_counts(ENGINES[engine]({"x": []}), keys).tolist() == [0, 0]
    assert keyed_counts(ENGINES[engine]({"x": [None, None]}), keys).tolist() == [0, 2]
    assert keyed_counts(ENGINES[engine]({"x": [None, None]}), keys_of(["x"], ["a"])).tolist() == [0]


def test_categories_of_text_and_of_numbers_and_of_nothing():
    frame = pd.DataFrame({"x": pd.Categorical(["a", None, "b"], ["b", "z", "a"]), "y": pd.Categorical([1, 2, 1])})
    assert keyed_counts(frame, keys_of(["x"], ["z", "a", None])).tolist() == [0, 1, 1]
    assert keyed_counts(frame, keys_of(["y"], [1.0, 3])).tolist() == [2, 0]
    none = pd.DataFrame({"x": pd.Categorical([None], categories=[])})
    assert keyed_counts(none, keys_of(["x"], ["a", None])).tolist() == [0, 1]


def test_odd_objects_are_missing_and_raise_nothing():
    """Of a column of objects only what is exactly one of the known scalars has a value; truth is no number."""
    column = pd.Series([["a"], {"a": 1}, "a", 1, True, Decimal(1), 1.0, (1,), None, math.nan, b"a", "1"], dtype=object)
    frame = pd.DataFrame({"x": column})
    assert keyed_counts(frame, keys_of(["x"], ["a", 1, None, "b"])).tolist() == [1, 3, 5, 0]
    assert keyed_counts(frame, keys_of(["x"], [True])).tolist() == [1]


def test_lone_surrogates_are_text_like_any_other():
    keys = keys_of(["x"], ["\ud800", "a"])
    assert keyed_counts(pd.DataFrame({"x": pd.Series(["\ud800", "a"], dtype=object)}), keys).tolist() == [1, 1]
    assert keyed_counts(pd.DataFrame({"x": pd.Series(["b", "a"], dtype="str")}), keys).tolist() == [0, 1]


def test_chunked_and_sliced_arrow_text():
    frame = pd.concat([pd.DataFrame({"x": list("abc")}), pd.DataFrame({"x": ["a", None]})])
    assert keyed_counts(frame, keys_of(["x"], ["a", "c", None])).tolist() == [2, 1, 1]
    assert keyed_counts(frame.iloc[1:4], keys_of(["x"], ["a", "c", None])).tolist() == [1, 1, 0]


def test_one_row_more_moves_one_count_by_one():
    """Also where equal values have several types, whose order in the frame must not matter."""
    values = [1, True, 1.0, Decimal(1), "a", None, math.nan, ["b"]]
    keys = keys_of(["x"], [1, "a", None])
    for start in range(len(values)):
        rows = [*values[start:], *values[:start]]
        whole = keyed_counts(pd.DataFrame({"x": pd.Series(rows, dtype=object)}), keys)
        assert whole.tolist() == [3, 1, 3]  # a list is missing, and truth is no number
        for leave in range(len(rows)):
            fewer = pd.DataFrame({"x": pd.Series(rows[:leave] + rows[leave + 1 :], dtype=object)})
            assert np.abs(whole - keyed_counts(fewer, keys)).sum() == (0 if rows[leave] is True else 1)


# -- types ---------------------------------------------------------------------------------------------------------

NAIVE = dt.datetime(2026, 1, 2)
AWARE = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
DAY = dt.date(2026, 1, 2)
#: What pandas 3 calls ``str``. On pandas 2 that word is another type: objects.
STR = pd.StringDtype(na_value=np.nan)
KEYS = {"text": "a", "number": 1, "decimal": 0.5, "boolean": True, "date": DAY, "naive": NAIVE, "aware": AWARE}


def columns() -> dict[str, tuple[object, set[str]]]:
    import polars as pl
    import pyarrow as pa

    return {
        "str": (pd.Series(["a"], dtype=STR), {"text"}),
        "python text": (pd.Series(["a"], dtype=pd.StringDtype("python")), {"text"}),
        "object of text": (pd.Series(["a"], dtype=object), set(KEYS)),
        "object of numbers": (pd.Series([1], dtype=object), set(KEYS)),
        "empty object": (pd.Series([], dtype=object), set(KEYS)),
        "int64": (pd.Series([1]), {"number", "decimal"}),
        "Int8": (pd.Series([1], dtype="Int8"), {"number", "decimal"}),
        "float": (pd.Series([1.0]), {"number", "decimal"}),
        "arrow float": (pd.Series([1.0], dtype="double[pyarrow]"), {"number", "decimal"}),
        "bool": (pd.Series([True]), {"boolean"}),
        "boolean": (pd.Series([True], dtype="boolean"), {"boolean"}),
        "datetime": (pd.Series([NAIVE]), {"naive"}),
        "datetime with zone": (pd.Series([AWARE]), {"aware"}),
        "arrow date": (pd.Series([DAY], dtype=pd.ArrowDtype(pa.date32())), {"date"}),
        "timedelta": (pd.Series([dt.timedelta(1)]), set()),
        "category of text": (pd.Series(["a"], dtype=STR).astype("category"), {"text"}),
        "category of numbers": (pd.Series([1]).astype("category"), {"number", "decimal"}),
        "category of objects": (pd.Series(pd.Categorical.from_codes([0], pd.Index(["a"], dtype=object))), set(KEYS)),
        "polars text": (pl.Series(["a"]), {"text"}),
        "polars enum": (pl.Series(["a"], dtype=pl.Enum(["a"])), {"text"}),
        "polars category": (pl.Series(["a"], dtype=pl.Categorical), {"text"}),
        "polars date": (pl.Series([DAY]), {"date"}),
        "polars datetime": (pl.Series([NAIVE]), {"naive"}),
        "polars aware": (pl.Series([AWARE]), {"aware"}),
        "polars int": (pl.Series([1]), {"number", "decimal"}),
        "polars bool": (pl.Series([True]), {"boolean"}),
    }


@pytest.mark.parametrize("name", columns())
def test_keys_must_have_a_type_that_the_column_can_equal(name):
    import polars as pl

    column, fitting = columns()[name]
    frame = pl.DataFrame({"x": column}) if isinstance(column, pl.Series) else pd.DataFrame({"x": column})
    for kind, value in KEYS.items():
        keys = keys_of(["x"], [value, None])
        if kind in fitting:
            check_key_types(frame, keys)
            present = column.to_list() if isinstance(column, pl.Series) else column.tolist()
            held = sum(one == value and isinstance(one, bool) == isinstance(value, bool) for one in present)
            assert keyed_counts(frame, keys).tolist() == [held, 0]
        else:
            with pytest.raises(KeysError, match=r"privkit got keys of type .* for the column 'x'"):
                check_key_types(frame, keys)


def test_the_check_of_types_never_reads_a_row():
    """So that a refusal tells nothing of the rows: object columns take every key, whatever they hold."""
    keys = keys_of(["x"], [1])
    for values in (["CANARY"], [1], [], [None]):
        check_key_types(pd.DataFrame({"x": pd.Series(values, dtype=object)}), keys)
    with pytest.raises(KeysError) as error:
        check_key_types(pd.DataFrame({"x": pd.Series(["CANARY"], dtype=STR)}), keys)
    assert "CANARY" not in str(error.value)


def test_unknown_columns_are_named():
    with pytest.raises(ColumnNotFoundError, match="zip3"):
        check_key_types(pd.DataFrame({"zip3": [1]}), keys_of(["zip"], [1]))
    with pytest.raises(ColumnNotFoundError, match="zip3"):
        keyed_counts(pd.DataFrame({"zip3": [1]}), keys_of(["zip"], [1]))


def test_datetimes_match_by_the_moment():
    shifted = AWARE.astimezone(dt.timezone(dt.timedelta(hours=5)))
    frame = pd.DataFrame({"x": pd.Series([AWARE, None]).dt.tz_convert("Europe/Zurich")})
    assert keyed_counts(frame, keys_of(["x"], [shifted, None])).tolist() == [1, 1]
    nanos = pd.DataFrame({"x": pd.to_datetime([NAIVE, NAIVE]).as_unit("ns") + pd.to_timedelta([0, 1], "ns")})
    assert keyed_counts(nanos, keys_of(["x"], [NAIVE])).tolist() == [1]


def test_a_key_of_a_decimal_column_is_the_decimal_that_was_typed():
    import pyarrow as pa

    prices = pa.table(
        {"x": pa.array([Decimal("19.90"), Decimal("20.00"), Decimal("19.91")], type=pa.decimal128(18, 2))}
    )
    assert keyed_counts(prices, keys_of(["x"], [19.9, 20, 0.001])).tolist() == [1, 1, 0]


OBJECTS = {
    "texts asked as numbers": (["8001", "8002", "8001", "x", None], [8001, 8002], [2, 1]),
    "numbers asked as texts": ([1, 2.0, Decimal(2), 1.5, True, None], ["1", "2", "1.5", "True"], [1, 2, 1, 0]),
    "decimals asked as texts": ([Decimal("0.10"), 0.1], ["0.1"], [1]),
    "days asked as texts": ([DAY, DAY, DAY + dt.timedelta(1)], [DAY.isoformat(), "2026-01-99"], [2, 0]),
    "days asked as moments": ([DAY, DAY + dt.timedelta(1)], [NAIVE, dt.datetime(2026, 1, 2, 14)], [1, 0]),
    "texts asked as days": ([DAY.isoformat(), "soon"], [DAY], [1]),
    "codes with zeros": (["08001", 8001], ["08001"], [1]),
    "both types asked": (["1", 1, 1.0], [1, "1"], [2, 1]),
    "truth is no number": ([True, "True", 1], [True, False], [1, 0]),
    "moments of the day are not the day": ([dt.datetime(2026, 1, 2, 14)], [DAY], [0]),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_a_key_finds_a_cell_of_objects_that_is_written_in_another_type(name):
    cells, values, expected = OBJECTS[name]
    frame = pd.DataFrame({"x": pd.Series(cells, dtype=object)})
    assert keyed_counts(frame, keys_of(["x"], values)).tolist() == expected


def test_groups_that_were_told_by_their_cells_are_these_alone():
    frame = pd.DataFrame({"x": pd.Series(["1", 1], dtype=object)})
    keys = keys_of(["x"], [1])
    assert keyed_counts(frame, keys).tolist() == [2]
    assert keyed_counts(frame, replace(keys, told=True)).tolist() == [1]


@given(
    cells=st.lists(
        st.sampled_from([1, "1", 1.0, Decimal(1), True, "1.0", 2, "2", None, DAY, DAY.isoformat()]), max_size=8
    ),
    more=st.sampled_from([1, "1", 2.5, "2.5", DAY, DAY.isoformat(), None, "x"]),
    values=st.lists(st.sampled_from([1, "1", 2, "2", 2.5, DAY, DAY.isoformat(), None]), min_size=1, unique=True),
)
def test_an_object_more_moves_one_count_by_one_at_most(cells, more, values):
    keys = keys_of(["x"], values)
    before, after = (
        keyed_counts(pd.DataFrame({"x": pd.Series(part, dtype=object)}), keys) for part in (cells, [*cells, more])
    )
    assert np.abs(after - before).sum() <= 1
    assert before.sum() <= len(cells)
