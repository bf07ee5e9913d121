"""Types of Polars, times that several engines have, and engines that fail."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from engine_tables import classes, postgres_table, relation
from lazies import held_duckdb

from privkit.errors import FrameError
from privkit.errors.engines import EngineError
from privkit.tally.cells.numbers import Grid
from privkit.tally.engines.lazy import LazyEngine
from privkit.tally.frame import engine_of
from privkit.values.keys import Keys

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
