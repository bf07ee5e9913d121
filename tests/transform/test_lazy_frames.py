"""Transformations of frames whose rows lie in an engine: the rows of pandas, and nothing but classes is fetched."""

from __future__ import annotations

import math
from typing import Any

import lazies
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.errors import FrameError
from privkit.errors.anonymity import InfeasibleError
from privkit.tally.classes import Tally
from privkit.tally.engines.native import fetched
from privkit.transform.lattice import lattice, lattice_of
from privkit.transform.source import Known

QI = ["k", "i", "b"]
HIERARCHIES = {
    "k": pk.Hierarchy.redact(length=4),
    "i": pk.Hierarchy.intervals(edges=[(0, 2, 500), (0, 500)]),
    "b": pk.Hierarchy.star(),
}
#: Columns of a test frame, each with the pool of `lazies` that its values are of, and the type that pandas has for it.
COLUMNS = {"k": "str", "i": "Int64", "b": "boolean", "t": "datetime64[us]", "s": "str", "f": "float64"}
GOALS = {
    "k": pk.KAnonymity(2),
    "l": pk.KAnonymity(2) & pk.LDiversity("s", 2),
    "entropy": pk.LDiversity("s", 2, kind="entropy"),
    "t": pk.TCloseness("s", 0.4),
    "alpha": pk.AlphaK("s", 0.7, 2),
    "beta": pk.BetaLikeness("s", 2),
    "persons": pk.KAnonymity(2, unit="f"),
    "two columns": pk.LDiversity("s", 2) & pk.TCloseness("t", 0.6),
}


def on_pandas(rows: dict[str, list[Any]]) -> pd.DataFrame:
    def column(name: str, values: list[Any]) -> pd.Series:
        if name == "t":
            return pd.Series(pd.to_datetime(pd.Series(values, dtype="Int64"), unit="us"), dtype="datetime64[us]")
        if name == "f":
            return pd.Series([math.nan if value is None else value for value in values], dtype="float64")
        return pd.Series(values, dtype=COLUMNS[name])

    return pd.DataFrame({name: column(name, values) for name, values in rows.items()})


def plain(value: Any) -> Any:
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float | np.floating):
        return float(value) + 0.0
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return value.item() if isinstance(value, np.generic) else value


def collected(frame: Any, names: list[str]) -> list[str]:
    """Return a frame's rows in an order of their own; by the engine's own reader."""
    if isinstance(frame, pd.DataFrame):
        rows = list(frame[names].astype(object).itertuples(index=False, name=None))
    elif hasattr(frame, "collect_schema"):
        rows = frame.select(names).collect().rows()
    elif hasattr(frame, "fetchall"):
        assert list(frame.columns) == names
        rows = frame.fetchall()
    elif hasattr(frame, "to_pyarrow"):
        rows = [tuple(row[name] for name in names) for row in frame.to_pyarrow().to_pylist()]
    else:
        rows = [tuple(row) for row in frame.select(*names).collect()]
    return sorted(repr(tuple(plain(value) for value in row)) for row in rows)


def outcome(data: Any, **asked: Any) -> Any:
    try:
        return pk.anonymize(data, QI, hierarchies=HIERARCHIES, **asked)
    except InfeasibleError as error:
        return str(error)


def agree(make: Any, rows: dict[str, list[Any]], **asked: Any) -> None:
    names = list(rows)
    expected = outcome(on_pandas(rows), **asked)
    with fetched() as log:
        found = outcome(make(rows), **asked)
    assert [each.what for each in log] == ["tally"]
    assert log[0].rows <= len(rows["k"])
    if isinstance(expected, str):
        assert found == expected
        return
    assert (found.levels_, found.suppressed_, found.n_rows) == (expected.levels_, expected.suppressed_, expected.n_rows)
    assert found.loss_ == expected.loss_
    assert found.report == expected.report
    assert collected(found.frame, names) == collected(expected.frame, names)
    if found.report.after.rows:
        unit = getattr(asked["criteria"], "unit", None)
        assert pk.kanon(found.frame, QI, unit=unit).k == found.report.after.k


def hostile_rows(columns: str = "kib", most: int = 14) -> st.SearchStrategy[dict[str, list[Any]]]:
    pools = {name: lazies.POOLS[name] for name in columns} | {"s": ["flu", "cold", "Flu", None]}
    pools |= {"t": [0, 1, 86_400_000_000, None], "f": [0.0, -0.0, 0.5, math.nan, 7.0, None]}
    row = st.tuples(*(st.sampled_from(pool) for pool in pools.values()))
    return st.lists(row, min_size=1, max_size=most).map(
        lambda found: dict(zip(pools, map(list, zip(*found, strict=True)), strict=True))
    )


def engine(name: str) -> Any:
    """Return what makes an engine's frame of rows."""
    return lazies.ENGINES[name][0]


@pytest.mark.parametrize("name", ["polars", "duckdb"])
@settings(max_examples=25)
@given(
    rows=hostile_rows(),
    goal=st.sampled_from(sorted(GOALS)),
    method=st.sampled_from(["optimal", "local"]),
    suppress=st.sampled_from([0, 0.2, 0.5]),
)
def test_rows_of_an_engine_become_those_of_pandas(name, rows, goal, method, suppress):
    agree(engine(name), rows, criteria=GOALS[goal], method=method, suppress=suppress)


@pytest.mark.parametrize("method", ["optimal", "local"])
@pytest.mark.parametrize("name", ["ibis duckdb", "ibis postgres", "spark"])
@pytest.mark.sample(0.34)
def test_other_engines_agree(name, method):
    rows = lazies.hostile(60, 7, "kib")
    rows |= {"s": ["flu", "cold", "Flu", None] * 15, "t": [0, 1, 86_400_000_000, None] * 15, "f": [0.5, None, 7.0] * 20}
    for goal in ("k", "two columns"):
        agree(engine(name), rows, criteria=GOALS[goal], method=method, suppress=0.3)
    made = engine(name)(rows)
    there = pk.generalize(made, {"k": 2, "i": 1}, hierarchies={each: HIERARCHIES[each] for each in ("k", "i")})
    here = pk.generalize(
        on_pandas(rows), {"k": 2, "i": 1}, hierarchies={each: HIERARCHIES[each] for each in ("k", "i")}
    )
    assert collected(there.frame, list(rows)) == collected(here.frame, list(rows))


@pytest.mark.parametrize("name", ["polars", "duckdb"])
@settings(max_examples=20)
@given(rows=hostile_rows(), levels=st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 1)))
def test_generalized_rows_of_an_engine_are_those_of_pandas(name, rows, levels):
    wanted = dict(zip(QI, levels, strict=True))
    data = on_pandas(rows)
    tops = lattice(data, QI, k=1, hierarchies=HIERARCHIES).shape
    wanted = {name: min(level, tops[name] - 1) for name, level in wanted.items()}
    with fetched() as log:
        found = pk.generalize(engine(name)(rows), wanted, hierarchies=HIERARCHIES)
    assert [each.what for each in log] == ["tally"]
    expected = pk.generalize(data, wanted, hierarchies=HIERARCHIES)
    assert collected(found.frame, list(rows)) == collected(expected.frame, list(rows))


# -- proposals, and other kinds ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["polars", "duckdb"])
def test_hierarchies_are_proposed_from_the_classes_as_from_the_rows(name):
    random = np.random.default_rng(5)
    rows = {
        "k": [f"{code:04d}" for code in random.integers(8000, 8060, 400)],
        "i": random.integers(18, 90, 400).tolist(),
        "b": random.choice([True, False], 400).tolist(),
        "t": (random.integers(0, 900, 400) * 86_400_000_000).tolist(),
    }
    asked: dict[str, Any] = {"k": 3, "suppress": 0.1}
    expected = pk.anonymize(on_pandas(rows), ["k", "i", "t"], **asked)
    found = pk.anonymize(engine(name)(rows), ["k", "i", "t"], **asked)
    assert found.proposed_ == expected.proposed_
    assert {each: had.note for each, had in found.hierarchies.items()} == {
        each: had.note for each, had in expected.hierarchies.items()
    }
    assert found.report == expected.report
    assert collected(found.frame, list(rows)) == collected(expected.frame, list(rows))


@pytest.mark.parametrize("name", ["polars", "duckdb"])
@pytest.mark.parametrize("column", list("fdzwy"))
def test_values_of_every_kind_find_their_codes_again(name, column):
    """Kept or hidden: a value that did not find its code would take its row away."""
    values = [value for value in lazies.POOLS[column] for _ in range(2)]
    rows = {column: values, "i": list(range(len(values)))}
    with fetched() as log:
        found = pk.anonymize(engine(name)(rows), column, k=2, hierarchies={column: pk.Hierarchy.star()}, suppress=0)
    assert [each.what for each in log] == ["tally"]
    assert (found.levels_, found.suppressed_) == ({column: 0}, 0)
    numbers = found.frame.project("i").fetchall() if name == "duckdb" else found.frame.select("i").collect().rows()
    assert sorted(numbers) == [(number,) for number in rows["i"]]


# -- an engine's data may change after the search ------------------------------------------------------------------


def test_rows_that_the_search_did_not_see_are_left_out():
    duckdb = lazies.part("duckdb")
    connection = duckdb.connect()
    connection.execute("CREATE TABLE people AS SELECT * FROM (VALUES ('a', 1), ('a', 1), ('b', 2), ('b', 2)) t(k, i)")
    found = pk.anonymize(connection.table("people"), ["k", "i"], k=2, suppress=0)
    shown = pk.generalize(connection.table("people"), {"k": (pk.Hierarchy.from_mapping({"a": "x", "b": "y"}), 1)})
    assert found.levels_ == {"k": 0, "i": 0}
    connection.execute("INSERT INTO people VALUES ('c', 1), ('a', 2), (NULL, 1), ('b', 2)")
    assert sorted(found.frame.fetchall()) == [("a", 1), ("a", 1), ("b", 2), ("b", 2), ("b", 2)]
    assert [row[0] for row in shown.frame.fetchall()].count(None) == 2


def test_names_of_columns_may_be_any():
    polars = lazies.part("polars")
    frame = polars.LazyFrame({"__privkit_key_0": ["a", "a", "b"], "__PRIVKIT_code_0": [1, 1, 2], "x y": [1, 2, 3]})
    found = pk.anonymize(frame, ["__privkit_key_0", "__PRIVKIT_code_0"], k=2, suppress=0.5)
    assert found.frame.collect().rows() == [("a", 1, 1), ("a", 1, 2)]


def test_an_empty_frame_stays_one():
    polars = lazies.part("polars")
    frame = polars.LazyFrame({"zip": [], "age": []}, schema={"zip": polars.String, "age": polars.Int64})
    found = pk.anonymize(frame, ["zip", "age"], k=2)
    assert (found.n_rows, found.suppressed_, found.frame.collect().rows()) == (0, 0, [])


# -- what is told row by row ---------------------------------------------------------------------------------------


def test_what_is_told_by_row_is_refused_and_says_what_to_take():
    polars = lazies.part("polars")
    found = pk.anonymize(polars.LazyFrame({"zip": ["a", "a", "b"], "id": [1, 2, 3]}), "zip", k=2, suppress=0.5)
    for ask, hint in ((lambda: found.kept_, r"\.suppressed_"), (lambda: found.source, "that you gave")):
        with pytest.raises(FrameError, match=hint):
            ask()
    with pytest.raises(FrameError, match="suppressed"):
        found.with_suppressed()
    assert ".with_suppressed()" not in repr(found)
    assert "1 of 3 records suppressed" in repr(found)
    assert found._repr_html_()


def test_columns_that_identify_are_counted_in_the_engine_when_asked_for():
    polars = lazies.part("polars")
    frame = polars.LazyFrame({"zip": ["a"] * 40, "id": list(range(40)), "plan": ["x", "y"] * 20, "spend": [0.5] * 40})
    with fetched() as log:
        found = pk.anonymize(frame, "zip", k=2)
        assert len(log) == 1
        assert repr(found)
        assert len(log) == 1
        assert found.identifying_ == ("id",)
    assert {(each.what, each.rows) for each in log[1:]} == {("tally", 1)}


def test_an_anonymizer_treats_later_rows_in_the_engine():
    polars = lazies.part("polars")
    march = polars.LazyFrame({"zip": ["8004", "8005", "8051", "8052"]})
    treat = pk.Anonymizer(["zip"], k=2, hierarchies={"zip": pk.Hierarchy.redact()}, suppress=0).fit(march)
    assert treat.levels_ == {"zip": 1}
    april = treat.transform(polars.LazyFrame({"zip": ["8006", "8009"]}))
    assert april.frame.collect().rows() == [("800*",), ("800*",)]


def test_the_lattice_of_classes_never_expands_them():
    keys = pd.DataFrame({"zip": ["a", "b", "b"], "sex": ["f", "f", "m"]})
    sizes = np.array([10**12, 3, 10**13])
    tally = Tally(("zip", "sex"), sizes, None, None)
    tally.__dict__["keys"] = keys
    found = lattice_of(tally, k=5, hierarchies={})
    assert found.node({})["k"] == 10**12
    assert found.task.coding.n_rows == int(sizes.sum())
    with pytest.raises(FrameError, match=r"df\.privacy\.lattice"):
        found.apply({"zip": 1})
    assert Known(keys, sizes).n_rows == int(sizes.sum())


def test_a_node_of_an_engines_lattice_is_applied_there():
    polars = lazies.part("polars")
    found = lattice(polars.LazyFrame({"zip": ["a", "b"], "x": [1, 2]}), "zip", k=2, suppress=0)
    assert sorted(found.apply({"zip": 1}).frame.collect().rows()) == [("*", 1), ("*", 2)]


@pytest.mark.parametrize("dtype", ["DATE", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMPTZ"])
@pytest.mark.parametrize("ibis", [False, True], ids=["duckdb", "ibis"])
@pytest.mark.parametrize("missing", [[], ["NULL"]], ids=["none missing", "missing"])
@pytest.mark.sample(0.25)
def test_infinite_dates_of_an_engine_change_the_labels_of_no_others(dtype, ibis, missing):
    infinite = ["'infinity'", "'-infinity'", *missing]
    connection = lazies.held_duckdb()
    plain = f"SELECT 'd' || (i % 60) AS kept, (DATE '2020-01-01' + (i % 60)::INT)::{dtype} AS d FROM range(300) AS r(i)"
    more = " ".join(f"UNION ALL SELECT {each} AS kept, {each}::{dtype} FROM range(5)" for each in infinite)
    connection.execute(f"CREATE TABLE plain AS {plain}; CREATE TABLE more AS {plain} {more.replace('AS kept', '')}")

    def made(name, method):
        backend = lazies.part("ibis").duckdb.from_connection(connection) if ibis else connection
        out = pk.anonymize(backend.table(name), ["d"], k=5, method=method)
        new = out.frame
        # pandas has no such dates: they come as texts
        texts = (
            new.mutate(d=new.d.cast("string")).to_pyarrow()
            if ibis
            else (new.project("kept, CAST(d AS VARCHAR) AS d").to_arrow_table())
        )
        return out, texts.to_pandas().groupby(["kept", "d"], dropna=False).size()

    for method in ("optimal", "local"):
        (out, labels), (other, rest) = made("more", method), made("plain", method)
        assert type(out.hierarchies["d"].source) is type(other.hierarchies["d"].source)
        assert "dates" in out.hierarchies["d"].note
        assert labels.sum() == 300 + 5 * len(infinite)
        texts = {(key[0], str(key[1])[:10]) for key in labels.index if str(key[0]).startswith("d")}
        assert texts == {(key[0], str(key[1])[:10]) for key in rest.index}
        ends = [str(key[1]) for key in labels.index if not str(key[0]).startswith("d")]
        assert len(set(ends)) == len(infinite)  # infinity, the one below, and missing stay three
