"""Types that one engine alone has, its own notions of equality, and engines that fail."""

from __future__ import annotations

import datetime as dt
import decimal as dec
import re

import numpy as np
import pytest
import test_engines_contract as contract
from lazies import held_duckdb, part, postgres_backend

import privkit as pk
from privkit.errors import ColumnKindError, FrameError
from privkit.errors.engines import EngineError
from privkit.tally.cells.numbers import Grid
from privkit.tally.engines.lazy import LazyEngine
from privkit.tally.frame import engine_of
from privkit.values.keys import Keys


def classes(engine, column):
    table, sizes = engine.classes([column])
    return dict(zip(contract.listed(table, column), sizes.tolist(), strict=True))


def relation(declared, *rows):
    connection = held_duckdb()
    connection.execute(f"CREATE TABLE t({declared})")
    for row in rows:
        connection.execute(f"INSERT INTO t VALUES ({row})")
    return connection.table("t")


# -- DuckDB ------------------------------------------------------------------------------------------------------------


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


# -- Polars ------------------------------------------------------------------------------------------------------------


def test_types_of_polars():
    import polars as pl

    frame = pl.DataFrame(
        {
            "h": pl.Series([2**127 - 1, -(2**127), None], dtype=pl.Int128),
            "c": pl.Series(["a", "A", None], dtype=pl.Categorical),
            "e": pl.Series(["a", "b", None], dtype=pl.Enum(["a", "b"])),
            "t": pl.Series([0, 86_399_999_999_999, None], dtype=pl.Int64).cast(pl.Time),
            "p": pl.Series([2**63 - 1, -(2**63) + 1, None], dtype=pl.Int64).cast(pl.Duration("ns")),
            "n": pl.Series([2**63 - 1, -(2**63) + 1, None], dtype=pl.Int64).cast(pl.Datetime("ns", "America/New_York")),
            "l": [[1], [2], None],
        }
    )
    engine = LazyEngine.of(frame.lazy())
    names = {name: kind.name for name, kind in engine.schema.items()}
    assert names == dict(h="wide", c="text", e="text", t="time", p="duration", n="instant", l="other")
    assert engine.schema["n"].zone == "America/New_York"
    assert classes(engine, "h") == {2**127 - 1: 1, -(2**127): 1, None: 1}
    for name in "cetpn":
        assert sorted(classes(engine, name).values()) == [1, 1, 1]
    assert engine.keyed_counts(Keys(("c",), (("A",), (None,)))).tolist() == [1, 1]
    assert engine.power_sums("h", Grid(1.0, -5, 5), None, 1).tolist() == [[2, 10]]


def test_whatever_polars_throws_is_an_error_of_the_engine_and_no_interrupt():
    import polars as pl

    class Panic(BaseException):
        pass

    def thrown(error):
        def work(frame):
            raise error

        return LazyEngine.of(pl.LazyFrame({"x": [1.0]}).map_batches(work, schema={"x": pl.Float64}))

    for error in (ValueError("secret"), Panic("secret"), pl.exceptions.PanicException("secret")):
        with pytest.raises(EngineError) as caught:
            thrown(error).power_sums("x", Grid(1.0, 0, 5), None, 1)
        assert "secret" not in str(caught.value)


def test_an_interrupt_stays_one():
    engine = LazyEngine.of(relation("k VARCHAR", "'a'"))

    def arrow(frame):
        raise KeyboardInterrupt

    object.__setattr__(engine.native, "arrow", arrow)
    with pytest.raises(KeyboardInterrupt):
        engine.n_rows()


# -- PostgreSQL --------------------------------------------------------------------------------------------------------


def postgres_table(declared, *rows):
    backend = postgres_backend()
    with backend.con.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS special; CREATE TEMPORARY TABLE special ({declared})")
        for row in rows:
            cursor.execute(f"INSERT INTO special VALUES ({row})")
    backend.con.commit()
    return backend.table("special")


def test_infinities_of_postgres_are_values_and_nan_is_missing():
    times = ("'infinity'", "'-infinity'", "'1970-01-02'", "NULL", "'4713-01-01 BC'", "'0001-01-01'", "'9999-12-31'")
    last = ("'294247-01-10 04:00:54.775806'", "'294247-01-10 04:00:54.775807'", "'294276-12-31 23:59:59.999999'")
    rows = [f"{each}::date, {each}::timestamp, ({each}::text || '+00')::timestamptz" for each in times[2:3]]
    rows += [f"{each}::date, {each}::timestamp, {each}::timestamptz" for each in (*times[:2], *times[3:], *last)]
    engine = LazyEngine.of(postgres_table("d date, t timestamp, z timestamptz", *rows))
    assert sorted(classes(engine, "t").values()) == [1] * len(rows)
    assert sorted(classes(engine, "z").values()) == [1] * len(rows)
    assert sorted(classes(engine, "d").values()) == [1, 1, 1, 1, 1, 1, 1, 1, 2]
    counts = np.array([key for key in classes(engine, "t") if key is not None])
    assert counts.max() == 2**63 - 1
    numbers = LazyEngine.of(postgres_table("w numeric(20, 2), n numeric", "'NaN', 1", "1.50, 'NaN'", "7, 2"))
    assert {name: kind.name for name, kind in numbers.schema.items()} == {"w": "wide", "n": "other"}
    assert sorted(map(str, classes(numbers, "w"))) == ["1.50", "7.00", "None"]
    assert numbers.power_sums("w", Grid(0.5, 0, 20), None, 1).tolist() == [[2, 3 + 14]]


def test_no_float_makes_postgres_raise():
    floats = ("5e-324", "-5e-324", "1.7e308", "-1.7e308", "'infinity'", "'-infinity'", "'nan'", "2.2e-308", "0")
    engine = LazyEngine.of(postgres_table("f float8", *floats))
    for grid in (Grid(2.0**-40, 0, 2**20), Grid(2.0**40, -5, 5), Grid(2.0**900, -5, 5), Grid(2.0**-900, -5, 5)):
        found = engine.power_sums("f", grid, None, 2)
        assert found[0, 0] == len(floats) - 1
        assert found[0, 1] == sum(
            contract.steps(float(x.strip("'")), grid) - grid.low for x in floats if "nan" not in x
        )
    for step in (1e-100, 1.0, 1e100):
        assert engine.positions("f", step * np.arange(-10.0, 11.0), None).sum() == len(floats) - 1


def test_collations_of_postgres_make_no_two_texts_one():
    backend = postgres_backend()
    with backend.con.cursor() as cursor:
        cursor.execute(
            "CREATE COLLATION IF NOT EXISTS privkit_alike"
            " (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )
    engine = LazyEngine.of(
        postgres_table("k text COLLATE privkit_alike, c char(3)", "'a', 'x'", "'A', 'x '", "'a', 'y'")
    )
    assert classes(engine, "k") == {"a": 2, "A": 1}
    assert engine.keyed_counts(Keys(("k",), (("A",), ("a",)))).tolist() == [1, 2]
    assert sorted(classes(engine, "c").values()) == [1, 2]


def test_types_of_postgres_without_cells_are_refused_by_the_schema():
    table = postgres_table("u uuid, j jsonb, t time, v interval, a int[], i int2, r real", "NULL, " * 6 + "1.5")
    engine = LazyEngine.of(table)
    expected = dict(u="text", j="other", t="time", v="other", a="other", i="integer", r="float")
    assert {name: kind.name for name, kind in engine.schema.items()} == expected
    assert classes(engine, "r") == {1.5: 1}
    assert classes(engine, "u") == {None: 1}


def test_every_type_of_postgres_has_a_kind_or_is_refused_by_the_schema(ledger_path):
    """Enums are told as text, oids as whole numbers and money as decimals; some types no library of the way knows."""
    backend = postgres_backend()
    with backend.con.cursor() as cursor:
        cursor.execute(
            "SELECT format_type(oid, NULL) FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace"
            " AND typtype IN ('b', 'r', 'm') AND typcategory <> 'A' AND typname !~ '^(reg|pg_|_)' ORDER BY 1"
        )
        found = [name for (name,) in cursor.fetchall()]
        cursor.execute("DROP TYPE IF EXISTS pg_temp.mood CASCADE; CREATE TYPE pg_temp.mood AS ENUM ('sad', 'ok')")
    backend.con.commit()
    assert {"money", "oid", "citext"} & {*found} == {"money", "oid"}
    wide = ("numeric(38, 0)", "numeric(75, 5)", "numeric(76, 0)", "interval year to month")
    project = pk.open_project("types", epsilon=1000, unit=pk.ROW, store=ledger_path)
    refused = []
    for declared in (*found, *wide, "pg_temp.mood"):
        table = postgres_table(f"x {declared}, y int", "NULL, 1", "NULL, 2")
        assert pk.kanon(table, ["y"]).k == 1, declared
        assert len(pk.audit(table).to_frame()) == 2, declared
        before = project.remaining
        try:
            pk.dp_nunique(table, "x", epsilon=0.1)
            assert pk.kanon(table, ["x"]).k == 2
        except ColumnKindError:
            refused.append(declared)
            assert project.remaining == before
            with pytest.raises(FrameError):
                pk.kanon(table, ["x"])
            continue
        if LazyEngine.of(table).schema["x"].is_number:
            pk.dp_sum(table, "x", bounds=(0, 1), epsilon=0.1)
    assert {"money", "jsonb", "inet", "interval year to month"} <= {*refused}
    assert not {"pg_temp.mood", "oid", "bigint", "text", "numeric(38, 0)", "uuid", "date"} & {*refused}


def test_enums_and_oids_of_postgres_are_told_apart_by_their_words_and_numbers(ledger_path):
    with postgres_backend().con.cursor() as cursor:
        cursor.execute("DROP TYPE IF EXISTS pg_temp.mood CASCADE; CREATE TYPE pg_temp.mood AS ENUM ('sad', 'ok')")
    rows = ["'ok', 4294967295, 'sad', 1", "'ok', 4294967295, 'sad', 1", "'sad', 7, 'ok', 2", "NULL, NULL, NULL, NULL"]
    table = postgres_table("m pg_temp.mood, o oid, id pg_temp.mood, y int", *rows)
    assert classes(LazyEngine.of(table), "m") == {"ok": 2, "sad": 1, None: 1}
    assert classes(LazyEngine.of(table), "o") == {4294967295: 2, 7: 1, None: 1}
    project = pk.open_project("first letters", epsilon=1e6, unit=pk.ROW, store=ledger_path, ceiling=1e6)
    asked = {"derive": {"p": pk.prefix("m", 1)}, "keys": ["o", "s"], "epsilon": 1e5, "project": project}
    assert pk.plan.dp_count(table, "p", **asked).fetched == ()
    assert pk.dp_count(table, "p", **asked).value.tolist() == [2, 1]
    assert pk.dp_count(table, where="prefix(m, 1) == 'o'", epsilon=1e5, project=project).value == 2
    out = pk.anonymize(table, ["m"], k=2, suppress=0.5).frame.to_pyarrow()
    assert sorted(out.column("m").to_pylist()) == ["ok", "ok"]
    for unit in ("id", "o"):
        project = pk.open_project(f"by {unit}", epsilon=1e9, unit=unit, store=ledger_path, ceiling=1e9)
        asked = {"keys": ["ok", "sad"], "epsilon": 1e5, "project": project}
        assert pk.dp_count(table, "m", max_rows=2, **asked).value.tolist() == [2, 1]
        total = pk.dp_sum(table, "y", person_bounds=(0, 10), epsilon=1e5, project=project).value
        assert abs(total - 4) < 0.01


# -- times of the day, intervals, and coarse moments -------------------------------------------------------------------

_AT = "13:30:00.000001"
_HOURS = {48_600_000_001: 2, 0: 1, None: 1}


def ibis_of_duckdb(query):
    import ibis

    backend = ibis.duckdb.connect()
    backend.con.execute(f"CREATE TABLE t AS {query}")
    return backend.table("t")


@pytest.mark.parametrize("engine", ["pyarrow", "pandas", "polars", "polars lazy", "duckdb", "ibis duckdb", "postgres"])
def test_times_of_the_day_are_the_same_in_every_engine(engine):
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    hours = [dt.time.fromisoformat(_AT), dt.time(0), None, dt.time.fromisoformat(_AT)]
    rows = [f"('{_AT}')", "('00:00:00')", "(NULL)", f"('{_AT}')"]
    selected = f"SELECT CAST(h AS TIME) AS h FROM (VALUES {', '.join(rows)}) AS t(h)"
    arrow = pa.table({"h": pa.array(hours, pa.time64("us"))})
    frame = {
        "pyarrow": lambda: arrow,
        "pandas": lambda: arrow.to_pandas(types_mapper=pd.ArrowDtype),
        "polars": lambda: pl.from_arrow(arrow),
        "polars lazy": lambda: pl.from_arrow(arrow).lazy(),
        "duckdb": lambda: held_duckdb().sql(selected),
        "ibis duckdb": lambda: ibis_of_duckdb(selected),
        "postgres": lambda: postgres_table("h time", *(row[1:-1] for row in rows)),
    }[engine]()
    found = engine_of(frame)
    assert found.schema["h"].name == "time"
    step = {"us": 1, "ns": 1000}[found.schema["h"].unit]
    assert classes(found, "h") == {key if key is None else key * step: size for key, size in _HOURS.items()}
    assert found.distinct("h", None).tolist() == [2]
    assert sum(len(table) for table, _ in found.pairs("h", None)) in (2, 3)


def test_times_of_the_day_up_to_the_last_and_of_nanoseconds():
    day = 86_400_000_000
    duckdb = "SELECT h::TIME AS h FROM (VALUES ('24:00:00'), ('23:59:59.999999'), ('00:00')) AS t(h)"
    for frame in (
        held_duckdb().sql(duckdb),
        ibis_of_duckdb(duckdb),
        postgres_table("h time", "'24:00:00'", "'23:59:59.999999'", "'00:00'"),
    ):
        assert classes(LazyEngine.of(frame), "h") == {day: 1, day - 1: 1, 0: 1}
    fine = held_duckdb().sql("SELECT TIME_NS '13:30:00.000000001' AS h UNION ALL SELECT TIME_NS '13:30:00.000000002'")
    assert classes(LazyEngine.of(fine), "h") == {48_600_000_000_001: 1, 48_600_000_000_002: 1}


def test_times_of_the_day_with_a_zone_are_refused_behind_ibis_too():
    """Ibis has one word for both; by it two times of one hour and two zones would be one."""
    zoned = ("'13:30:00+01'", "'13:30:00+02'")
    duckdb = f"SELECT h::TIMETZ AS h, TIME '13:30:00' AS t FROM (VALUES ({zoned[0]}), ({zoned[1]})) AS t(h)"
    for frame in (
        held_duckdb().sql(duckdb),
        ibis_of_duckdb(duckdb),
        postgres_table("h timetz, t time", *(f"{each}, '13:30'" for each in zoned)),
    ):
        engine = LazyEngine.of(frame)
        assert {name: kind.name for name, kind in engine.schema.items()} == {"h": "other", "t": "time"}
        with pytest.raises(FrameError, match=r"type (TIME|time) (WITH|with) (TIME|time) (ZONE|zone)"):
            engine.pairs("h", None).__next__()
        assert LazyEngine.of(frame.limit(0)).schema["h"].name == "other"


@pytest.mark.parametrize("engine", ["pyarrow", "duckdb", "ibis duckdb", "postgres"])
def test_intervals_of_months_are_refused_by_the_schema_in_every_engine(engine):
    """A month has no fixed length, so that an interval is no duration; DuckDB takes it for 30 days, and PostgreSQL."""
    import pyarrow as pa

    frame = {
        "pyarrow": lambda: pa.table({"v": pa.array([None], pa.month_day_nano_interval())}),
        "duckdb": lambda: relation("v INTERVAL", "'90 minutes'"),
        "ibis duckdb": lambda: ibis_of_duckdb("SELECT INTERVAL '90 minutes' AS v"),
        "postgres": lambda: postgres_table("v interval", "'90 minutes'"),
    }[engine]()
    assert engine_of(frame).schema["v"].name == "other"


def test_moments_of_every_precision_are_answered_behind_ibis():
    wanted = {1_577_836_800_000_000: 2, None: 1}
    declared = ", ".join(f"p{digits} timestamp({digits}), z{digits} timestamptz({digits})" for digits in range(7))
    engine = LazyEngine.of(
        postgres_table(declared, *([", ".join(["'2020-01-01 00:00:00+00'"] * 14)] * 2), ", ".join(["NULL"] * 14))
    )
    for name in engine.columns:
        assert (engine.schema[name].name, engine.schema[name].unit) == ("instant", "us")
        assert classes(engine, name) == wanted
    types = {"s": "TIMESTAMP_S", "ms": "TIMESTAMP_MS", "us": "TIMESTAMP", "ns": "TIMESTAMP_NS"}
    values = ", ".join(f"CAST(x AS {each}) AS {name}" for name, each in types.items())
    query = f"SELECT {values} FROM (VALUES ('2020-01-01'), ('2020-01-01'), (NULL)) AS t(x)"
    for engine in (LazyEngine.of(held_duckdb().sql(query)), LazyEngine.of(ibis_of_duckdb(query))):
        for place, name in enumerate(types):
            assert engine.schema[name].unit == name
            assert classes(engine, name) == {1_577_836_800 * 1000**place: 2, None: 1}


# -- all ---------------------------------------------------------------------------------------------------------------


def test_more_classes_than_may_travel():
    import polars as pl

    engine = LazyEngine.of(pl.LazyFrame({"k": ["a", "b", "c"]}), largest=2)
    with pytest.raises(EngineError, match=r"privkit asked the engine for the groups by \['k'\].*more than 2.*coarser"):
        engine.classes(["k"])
    assert len(LazyEngine.of(pl.LazyFrame({"k": ["a", "b", "b"]}), largest=2).classes(["k"])[1]) == 2


def test_what_is_no_lazy_frame_is_refused():
    import polars as pl

    for data in (3, pl.DataFrame({"x": [1]})):
        with pytest.raises(FrameError):
            LazyEngine.of(data)


def test_the_engines_have_their_own_dates():
    import polars as pl

    days = [dt.date(2026, 1, 1)] * 3 + [dt.date(2026, 1, 2)]
    engine = LazyEngine.of(pl.LazyFrame({"day": days, "x": [1.0] * 4}))
    keys = Keys(("day",), ((dt.date(2026, 1, 1),), (dt.date(2026, 1, 2),)))
    assert engine.power_sums("x", Grid(0.5, 0, 2), keys, 1).tolist() == [[3, 6], [1, 2]]


@pytest.mark.parametrize(
    ("low", "high", "many"), [(-0.3, 7.1, 101), (0.1, 0.7, 1001), (1e9, 1e9 + 1, 301), (-1.0, 2.0, 90)]
)
@pytest.mark.parametrize("last", [0, 1e-15, 0.3, 5000.0])
def test_the_floats_beside_even_candidates_have_places_of_their_own(low, high, many, last):
    import duckdb
    import polars as pl

    candidates = np.linspace(low, high, many)
    candidates[-1] += last * (high - low)  # beyond the line of the others, where it is not 0
    middles = (candidates[:-1] + candidates[1:]) / 2  # the nearest candidate of these is one of two, as rounding has it
    numbers = np.concatenate([candidates, middles])
    numbers = np.concatenate([numbers, np.nextafter(numbers, np.inf), np.nextafter(numbers, -np.inf)])
    numbers = np.concatenate([numbers, [low - 1e9, high + 1e9, np.inf, -np.inf]])
    expected = np.bincount(
        np.searchsorted(candidates, numbers, "left") + np.searchsorted(candidates, numbers, "right"),
        minlength=2 * len(candidates) + 1,
    )
    frame = pl.DataFrame({"x": numbers})
    for engine in (LazyEngine.of(frame.lazy()), LazyEngine.of(duckdb.from_arrow(frame.to_arrow()))):
        if not last:  # else the others' line may be none to the last bit, and rows are fetched
            assert engine.fetches("positions", ["x"], "x", candidates) == ()
        assert engine.positions("x", candidates, None).tolist() == [expected.tolist()]
