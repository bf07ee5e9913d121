"""Types that one engine alone has, its own notions of equality, and engines that fail."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import test_engines_contract as contract
from lazies import held_duckdb, postgres_backend

from privkit.errors import FrameError
from privkit.errors.engines import EngineError
from privkit.tally.engines.lazy import LazyEngine
from privkit.tally.grid import Grid
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


def test_infinite_times_of_duckdb_are_values():
    times = ("'infinity'", "'-infinity'", "'1970-01-02'", "NULL", "'infinity'")
    rows = [f"{each}, {each}, {each}, {each}" for each in times]
    engine = LazyEngine.of(relation("d DATE, t TIMESTAMP, z TIMESTAMPTZ, n TIMESTAMP_NS", *rows))
    assert {each.unit for each in engine.schema.values()} == {"D", "us", "ns"}
    for column in "dtzn":
        found = classes(engine, column)
        assert sorted(found.values()) == [1, 1, 1, 2]
        assert found[max(key for key in found if key is not None)] == 2
    assert engine.collect(list("dtzn")).rows == 5


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
    expected = dict(u="text", j="other", t="other", v="other", a="other", i="integer", r="float")
    assert {name: kind.name for name, kind in engine.schema.items()} == expected
    assert classes(engine, "r") == {1.5: 1}
    assert classes(engine, "u") == {None: 1}


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
def test_the_floats_beside_even_candidates_have_places_of_their_own(low, high, many):
    import duckdb
    import polars as pl

    candidates = np.linspace(low, high, many)
    numbers = np.concatenate([candidates, np.nextafter(candidates, np.inf), np.nextafter(candidates, -np.inf)])
    expected = np.bincount(
        np.searchsorted(candidates, numbers, "left") + np.searchsorted(candidates, numbers, "right"),
        minlength=2 * many + 1,
    )
    frame = pl.DataFrame({"x": numbers})
    for engine in (LazyEngine.of(frame.lazy()), LazyEngine.of(duckdb.from_arrow(frame.to_arrow()))):
        assert engine.fetches("positions", ["x"], "x", candidates) == ()
        assert engine.positions("x", candidates, None).tolist() == [expected.tolist()]
