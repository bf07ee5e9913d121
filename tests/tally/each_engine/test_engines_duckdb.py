"""Types that DuckDB alone has, its own notions of equality and its names."""

from __future__ import annotations

import decimal as dec
import re

import numpy as np
import pytest
from engine_tables import classes, relation
from lazies import held_duckdb, part

import privkit as pk
from privkit.errors import FrameError
from privkit.errors.engines import EngineError
from privkit.tally.cells.numbers import Grid
from privkit.tally.engines.lazy import LazyEngine
from privkit.values.keys import Keys


def test_collations_of_duckdb_make_no_two_texts_one():
    engine = LazyEngine.of(relation("k VARCHAR COLLATE NOCASE", "'a'", "'A'", "'a'"))
    keys = Keys(("k",), (("a",), ("A",)))
    assert classes(engine, "k") == {"a": 2, "A": 1}
    assert engine.keyed_counts(keys).tolist() == [2, 1]
    assert engine.distinct("k", None).tolist() == [2]
    import duckdb

    connection = duckdb.connect()
    connection.execute(
        "PRAGMA default_collation = nocase; CREATE TABLE t(k VARCHAR); INSERT INTO t VALUES ('a'), ('A')"
    )
    assert classes(LazyEngine.of(connection.table("t")), "k") == {"a": 1, "A": 1}
    assert sum(len(table) for table, _ in LazyEngine.of(connection.table("t")).pairs("k", None)) == 2


def test_wide_whole_numbers_of_duckdb_are_exact():
    low, high = -(2**127), 2**127 - 1
    engine = LazyEngine.of(
        relation("h HUGEINT, u UHUGEINT", f"{low}, 0", f"{high}, '{2**128 - 1}'", "2, NULL", "500, 7")
    )
    assert classes(engine, "h") == {low: 1, high: 1, 2: 1, 500: 1}
    assert classes(engine, "u") == {0: 1, 2**128 - 1: 1, None: 1, 7: 1}
    grid, candidates = Grid(0.25, 0, 1996), np.array([2.0, 499.0])
    assert engine.power_sums("h", grid, None, 1).tolist() == [[4, 8 + 2 * 1996]]
    assert engine.power_sums("u", grid, None, 1).tolist() == [[3, 28 + 1996]]
    assert engine.positions("h", candidates, None).tolist() == [[1, 1, 0, 0, 2]]
    assert engine.keyed_counts(Keys(("h",), ((2,), (high,), (high + 1,)))).tolist() == [1, 1, 0]
    assert engine.collect(["h", "u"])["h"].kind.name == "wide"


@pytest.mark.parametrize(
    "name", ["Sepal.Length", "zip ", " zip", '"zip"', "zip\tcode", "a.b.c", "b(c)", "$1", "select", "é"]
)
def test_columns_of_duckdb_may_have_any_name(name, ledger_path):
    """A name is never read as SQL would read it: `Sepal.Length` is no column of a table `Sepal`."""
    quoted = '"' + name.replace('"', '""') + '"'
    frame = relation(f"{quoted} VARCHAR, x INT, who INT", "'aa', 1, 1", "'aa', 2, 2", "'b', 3, 3", "NULL, 4, 3")
    engine = LazyEngine.of(frame)
    assert classes(engine, name) == {"aa": 2, "b": 1, None: 1}
    assert engine.keyed_counts(Keys((name,), (("aa",), ("b",)))).tolist() == [2, 1]
    assert engine.distinct(name, None).tolist() == [2]
    assert engine.distinct("x", Keys((name,), (("aa",), ("b",)))).tolist() == [2, 1]
    assert sum(len(table) for table, _ in engine.pairs("who", Keys((name,), (("aa",), ("b",))))) == 3
    assert pk.kanon(pk.anonymize(frame, [name], k=2, suppress=0.5).frame, [name]).k == 2
    assert pk.audit(frame)[name].distinct == 3
    asked = {"epsilon": 1e5, "store": ledger_path, "ceiling": 1e5}
    for unit, most in ((pk.ROW, {}), ("who", {"max_rows": 2}), (name, {"max_rows": 2})):
        project = pk.open_project(f"by {len(most)} {unit == name}", unit=unit, **asked | {"epsilon": 1e6})
        told = pk.dp_sum(frame, "x", bounds=(0, 9), epsilon=1e4, project=project, **most).value
        assert abs(told - (6 if unit == name else 10)) < 0.1
        if unit != name:
            found = pk.dp_sum(frame, "x", name, keys=["aa", "b"], bounds=(0, 9), epsilon=1e4, project=project, **most)
            assert [round(each) for each in found.value] == [3, 3]
            letters = {"derive": {"p": pk.prefix(name, 1)}, "keys": ["a"]}
            assert pk.dp_count(frame, "p", **letters, epsilon=1e4, project=project, **most).value.tolist() == [2]


@pytest.mark.parametrize("name", ["*", "^x$"])
def test_names_that_are_of_several_columns_are_refused_before_any_charge(name, ledger_path):
    import polars as pl

    project = pk.open_project("names", unit=pk.ROW, epsilon=1, store=ledger_path)
    frames = [pl.LazyFrame({name: ["a"], "x": [1]}), relation(f'"{name}" VARCHAR, x INT', "'a', 1")]
    for frame in frames:
        with pytest.raises(FrameError, match="rename it"):
            pk.dp_count(frame, epsilon=1, project=project)
    assert project.remaining.epsilon == 1


@pytest.mark.parametrize("ask", [lambda frame: pk.kanon(frame, ["k"]), pk.audit, pk.plan.dp_count])
def test_a_frame_that_cannot_tell_its_columns_is_an_error_of_the_engine(ask, ledger_path):
    import duckdb
    import polars as pl

    pk.open_project("untold", unit=pk.ROW, epsilon=1, store=ledger_path)
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t AS SELECT 'secret' AS k")
    closed = connection.table("t")
    connection.close()
    unresolved = pl.LazyFrame({"k": ["a"]}).filter(pl.col("gone") == "secret")
    for frame in (closed, unresolved):
        with pytest.raises(EngineError) as caught:
            ask(frame, epsilon=1) if ask is pk.plan.dp_count else ask(frame)
        assert "secret" not in str(caught.value)
        assert caught.value.__suppress_context__


def test_a_type_that_narwhals_refuses_stops_no_question_of_another_column(ledger_path):
    import pyarrow as pa

    frame = pa.table({"big": pa.array([dec.Decimal(1200), None], pa.decimal128(5, -2)), "x": [1, 1]})
    project = pk.open_project("scale", unit=pk.ROW, epsilon=1e6, store=ledger_path, ceiling=1e5)
    assert pk.kanon(frame, ["x"]).k == 2
    assert pk.kanon(frame, ["big"]).k == 1
    assert len(pk.audit(frame).to_frame()) == 2
    for _ in range(2):
        found = pk.dp_sum(frame, "big", bounds=(0, 2000), epsilon=1e4, project=project, version="1")
    assert found.replayed
    assert abs(found.value - 1200) < 100


def test_infinite_times_of_duckdb_are_values():
    times = ("'infinity'", "'-infinity'", "'1970-01-02'", "NULL", "'infinity'")
    rows = [f"{each}, {each}, {each}, {each}" for each in times]
    connection = held_duckdb()
    connection.execute("CREATE TABLE t(d DATE, t TIMESTAMP, z TIMESTAMPTZ, n TIMESTAMP_NS)")
    for row in rows:
        connection.execute(f"INSERT INTO t VALUES ({row})")
    frames = [connection.table("t"), part("ibis").duckdb.from_connection(connection).table("t")]
    told = [{each: classes(LazyEngine.of(frame), each) for each in "dtzn"} for frame in frames]
    assert told[0] == told[1]
    engine = LazyEngine.of(frames[0])
    assert {each.unit for each in engine.schema.values()} == {"D", "us", "ns"}
    for column in "dtzn":
        found = classes(engine, column)
        assert sorted(found.values()) == [1, 1, 1, 2]
        assert found[max(key for key in found if key is not None)] == 2
    assert engine.collect(list("dtzn")).rows == 5


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def test_instants_of_duckdb_have_the_days_of_the_connection_with_and_without_ibis(ledger_path, zone):
    pk.open_project("days", epsilon=1000, ceiling=100, unit=pk.ROW, store=ledger_path)
    connection = held_duckdb()
    connection.execute("CREATE TABLE t AS SELECT TIMESTAMPTZ '2026-01-01 20:00:00+00' AS z, '{\"a\": 1}'::JSON AS j")
    behind = part("ibis").duckdb.from_connection(connection).table("t")
    connection.execute(f"SET TimeZone = '{zone}'")
    ((day,),) = connection.sql("SELECT CAST(z AS DATE) FROM t").fetchall()
    for frame in (connection.table("t"), behind):
        engine = LazyEngine.of(frame)
        assert engine.schema["z"].zone == zone
        assert classes(engine, "j") == {'{"a": 1}': 1}
        windows = {"every": "day", "start": "2025-12-31", "end": "2026-01-03"}
        found = pk.dp_histogram(frame, "z", epsilon=50, **windows).value
        assert found[found == 1].index.tolist() == [str(day)]


@pytest.mark.parametrize("declared", ["u UHUGEINT", "t TIME_NS"])
def test_types_that_ibis_has_no_word_for_are_refused_by_that_of_the_engine_and_the_hint_runs(declared):
    connection, (name, word) = held_duckdb(), declared.split()
    connection.execute(f"CREATE TABLE t({declared})")
    table = part("ibis").duckdb.from_connection(connection).table("t")
    with pytest.raises(FrameError, match=f"of type {word}") as caught:
        pk.kanon(table, [name])
    way = re.search(r"table\.mutate\(.*?\)\)", str(caught.value)).group()
    assert pk.kanon(eval(way, {"table": table}), [name]).n_rows == 0


@pytest.mark.parametrize(
    "declared", ["DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"]
)
def test_infinite_times_of_duckdb_are_generalized(declared):
    """pandas refuses the years of infinite moments in whole seconds."""
    rows = ("'infinity'", "'infinity'", "'-infinity'", "'-infinity'", "'2020-02-29'", "'2020-02-01'", "NULL", "NULL")
    out = pk.anonymize(relation(f"x {declared}", *rows), ["x"], k=2)
    assert out.suppressed_ == 0
    assert pk.kanon(out.frame, ["x"]).k == 2


def test_every_type_of_duckdb_has_a_kind_or_is_refused_by_the_schema():
    declared = {
        "e ENUM('a', 'b')": "text",
        "u UUID": "text",
        "j JSON": "text",
        "b BLOB": "bytes",
        "s TIMESTAMP_S": "instant",
        "m TIMESTAMP_MS": "instant",
        "c TIME": "time",
        "w DECIMAL(38, 37)": "wide",
        "f FLOAT": "float",
        "i8 TINYINT": "integer",
        "u32 UINTEGER": "integer",
        "u64 UBIGINT": "unsigned",
        "cz TIMETZ": "other",
        "v INTERVAL": "other",
        "bits BIT": "other",
        "l INT[]": "other",
        "st STRUCT(a INT)": "other",
        "mp MAP(INT, INT)": "other",
    }
    names = [each.split()[0] for each in declared]
    engine = LazyEngine.of(relation(", ".join(declared), ", ".join(["NULL"] * len(names))))
    assert {name: kind.name for name, kind in engine.schema.items()} == dict(zip(names, declared.values(), strict=True))
    known = [name for name, kind in engine.schema.items() if kind.name != "other"]
    assert all(cells.is_missing().all() for cells in engine.collect(known).columns.values())
    for name in known:
        assert classes(engine, name) == {None: 1}
        assert engine.distinct(name, None).tolist() == [0]
    for name in set(names) - set(known):
        with pytest.raises(FrameError, match=f"'{name}'.*Cast it to text"):
            engine.classes([name])


def test_a_table_is_sent_to_a_connection_that_sees_no_variables():
    import pyarrow as pa

    connection = held_duckdb()
    connection.execute("SET python_enable_replacements = false; CREATE TABLE t AS SELECT 'a' AS k, 7 AS who")
    frame = connection.table("t")
    native = LazyEngine.of(frame).native
    columns = {
        "text": pa.array(["a", "", "'; --", "a\0b", "\U0001f600", None], pa.large_string()),
        "bytes": pa.array([b"", b"\x00\xff", b"'", b"\\x41", b"a", None], pa.large_binary()),
        "whole": pa.array([2**63 - 1, -(2**63), 0, 1, 2, None], pa.int64()),
        "more": pa.array([2**64 - 1, 0, 1, 2, 3, None], pa.uint64()),
        "place": pa.array([0, 1, 2, 3, 4, 5], pa.int32()),
        "float": pa.array([0.1, 5e-324, 1.7976931348623157e308, float("inf"), 1 / 3, None]),
        "yes": pa.array([True, False, None, True, True, True]),
        "wide": pa.array([dec.Decimal("1.50"), None, dec.Decimal("-0.01"), None, None, None], pa.decimal128(38, 2)),
    }
    table = pa.table(columns)
    for sent in (table, table.slice(0, 0), table.select(["text"])):
        there = native.sent(frame, sent).to_arrow_table()
        assert there.to_pylist() == sent.to_pylist()
        assert [str(each) for each in native.sent(frame, sent).types] == [
            str(each) for each in held_duckdb().from_arrow(sent).types
        ]
    keys = Keys(("k",), (("a",), ("b",)))
    from privkit.tally.engines.lazy_persons import placed_persons

    assert [place.tolist() for _, place, _ in placed_persons(LazyEngine.of(frame), "who", keys)] == [[0]]


def test_a_closed_connection_is_told_without_its_words():
    frame = relation("k VARCHAR", "'secret'")
    engine = LazyEngine.of(frame)
    import duckdb

    failing = LazyEngine.of(duckdb.sql("SELECT CAST(x AS INT) AS i FROM (VALUES ('secret')) AS t(x)"))
    with pytest.raises(EngineError) as caught:
        failing.collect(["i"])
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert engine.n_rows() == 1
