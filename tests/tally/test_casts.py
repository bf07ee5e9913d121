"""What errors advise about a column's type is what a person types with that library: it runs, and helps."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress

import lazies
import pytest
from lazies import held_duckdb, part, postgres_backend, session

import privkit as pk
from privkit.errors import FrameError
from privkit.errors.column_kind import DATES, HOURS, NUMBER, TEXT, UTC, cast
from privkit.tally.frame import engine_of

STAY, HOUR = dt.timedelta(hours=1, minutes=30), dt.time(13, 30)
NAMES = {"duckdb": "relation", "pyarrow": "table", "ibis": "table"}


def pandas_frame():
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    arrow = pd.ArrowDtype
    nested = pd.array([[1], [2, 3]], dtype=arrow(pa.list_(pa.int64())))
    return pd.DataFrame(
        {
            "text": ["1", "2"], "stay": pd.to_timedelta([STAY, None]), "b": pd.array([b"a", None], arrow(pa.binary())),
            "hour": pd.array([HOUR, None], dtype=arrow(pa.time64("us"))), "nested": nested, "whole": [1, 2],
            "period": pd.period_range("2026-01", periods=2, freq="M"), "on": ["2026-01-01", "2026-01-02"],
            "complex": np.array([1j, 2]),
        }
    )  # fmt: skip


def polars_frame():
    import polars as pl

    return pl.DataFrame(
        {
            "text": ["1", "2"], "stay": [STAY, None], "b": [b"\xff", None], "hour": [HOUR, None], "nested": [[1], None],
            "struct": [{"a": 1}, None], "object": pl.Series([print, None], dtype=pl.Object), "on": ["2026-01-01", None],
            "whole": [1, None], "array": pl.Series([[1, 2], None], dtype=pl.Array(pl.Int64, 2)),
        }
    )  # fmt: skip


def arrow_table():
    import pyarrow as pa

    interval = pa.array([pa.MonthDayNano([1, 2, 3]), None], pa.month_day_nano_interval())
    frame = polars_frame().drop("object").to_arrow()
    return frame.append_column("interval", interval)


def duckdb_relation():
    return held_duckdb().sql(
        "SELECT '1' AS text, INTERVAL '90 minutes' AS stay, '\\xFF'::BLOB AS b, TIME '13:30:00' AS hour, [1] AS nested,"
        " {'a': 1} AS struct, TIMETZ '13:30:00+01' AS zoned, '101'::BIT AS bits, MAP {1: 2} AS m, 1 AS whole,"
        " '2026-01-01' AS \"on\""
    )


def ibis_duckdb():
    ibis = part("ibis")
    backend = ibis.duckdb.connect()
    backend.con.execute(
        "CREATE TABLE t AS SELECT '1' AS text, INTERVAL '90 minutes' AS stay, '\\xFF'::BLOB AS b, TIME '13:30:00' AS"
        " hour, [1] AS nested, {'a': 1} AS struct, 1 AS whole, '2026-01-01' AS \"on\""
    )
    return backend.table("t")


def ibis_postgres():
    backend = postgres_backend()
    with backend.con.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS advised; CREATE TEMPORARY TABLE advised AS SELECT '1'::text AS text, "
            "interval '90 minutes' AS stay, '\\xff'::bytea AS b, time '13:30' AS hour, array[1] AS nested, "
            "'{}'::jsonb AS j, 1 AS whole, '2026-01-01'::text AS \"on\", 1.5::numeric AS n"
        )
    backend.con.commit()
    return backend.table("advised")


def spark_frame():
    return session().sql(
        "SELECT '1' AS text, INTERVAL '01:30' HOUR TO MINUTE AS stay, X'FF' AS b, array(1) AS nested, "
        "named_struct('a', 1) AS struct, map(1, 2) AS m, INTERVAL '1' MONTH AS months, 1 AS whole, '2026-01-01' AS `on`"
    )


FRAMES = {
    "pandas": (pandas_frame, "pandas"),
    "polars": (polars_frame, "polars"),
    "polars lazy": (lambda: polars_frame().lazy(), "polars"),
    "pyarrow": (arrow_table, "pyarrow"),
    "duckdb": (duckdb_relation, "duckdb"),
    "ibis duckdb": (ibis_duckdb, "ibis"),
    "ibis postgres": (ibis_postgres, "ibis"),
    "spark": (spark_frame, "pyspark"),
}
EVERY = pytest.mark.parametrize("engine", FRAMES)


def run(code, frame, library):
    """Do what is advised."""
    names = {NAMES.get(library, "df"): frame}
    if library == "polars":
        import polars as pl

        names["pl"] = pl
    if library == "pyarrow":
        import pyarrow as pa
        import pyarrow.compute as pc

        names |= {"pa": pa, "pc": pc}
    if library == "pandas":
        import pandas as pd

        names["pd"] = pd
    if library == "pyspark":
        if type(frame).__module__.startswith("pyspark.sql.connect"):
            from pyspark.sql.connect import functions
        else:
            from pyspark.sql import functions
        names["F"] = functions
    changed = eval(code, names)
    assert type(changed) is type(frame), code
    return changed


def advised(message):
    """Return the code in a message."""
    found = re.search(r"\b(?:df|table|relation)\b", message)
    assert found, message
    rest = message[found.start() :]
    for end in re.finditer(r"[.,;](?= |$)", rest):
        for code in (rest[: end.start()], rest[: end.start()].removesuffix(")")):  # the words may stand in brackets
            with suppress(SyntaxError):
                compile(code, "advice", "eval")
                return code
    raise AssertionError(message)


def refused(frame, ask):
    try:
        ask(frame)
    except (pk.ColumnKindError, pk.ExpressionError, FrameError) as error:
        return str(error)
    return None


@pytest.fixture
def projects(tmp_path):
    def opened(**terms):
        return pk.open_project("p", store=tmp_path / f"{len(list(tmp_path.iterdir()))}.db", epsilon=1e4, **terms)

    return opened


@EVERY
@pytest.mark.sample(0.5)
def test_advice_on_groups_runs_and_helps(engine, projects):
    frame, library = FRAMES[engine][0](), FRAMES[engine][1]
    project = projects(delta=0.1, unit=pk.ROW)
    helped = set()
    for name, kind in engine_of(frame).schema.items():

        def ask(frame, name=name):
            return pk.plan.dp_count(frame, name, epsilon=1, delta=1e-6, project=project)

        if (told := refused(frame, ask)) is None:
            assert kind.name not in ("bytes", "time", "duration", "other")
            continue
        helped.add(name)
        changed = run(advised(told), frame, library)
        assert engine_of(changed).schema[name].name in ("text", "object"), told
        assert refused(changed, ask) is None
        cells = engine_of(changed).collect([name])[name]  # the advice fails on no value of these
        assert not cells.is_missing()[0]
    assert {"b", "nested"} <= helped


@EVERY
def test_advice_on_numbers_runs_and_helps(engine, projects):
    frame, library = FRAMES[engine][0](), FRAMES[engine][1]
    project = projects(unit=pk.ROW)

    def ask(name):
        return lambda frame: pk.plan.dp_sum(frame, name, bounds=(0, 9), epsilon=1, project=project)

    schema = engine_of(frame).schema
    for name in [each for each in ("text", "stay", "hour") if each in schema]:
        told = refused(frame, ask(name))
        assert told is not None
        changed = run(advised(told), frame, library)
        if schema[name].name != "other":
            new = name if name == "text" else "hours"
            assert refused(changed, ask(new)) is None, told
            assert engine_of(changed).collect([new])[new].values[0] == {"text": 1, "stay": 1.5, "hour": 13}[name]
    if library == "duckdb":
        hours = run(cast(library, "stay", HOURS, "interval"), frame, library)
        assert hours.fetchall()[0][-1] == 1.5


@EVERY
def test_advice_on_dates_runs_and_helps(engine, projects):
    frame, library = FRAMES[engine][0](), FRAMES[engine][1]
    project = projects(unit="whole", per="month", time="on", max_rows=1)

    def ask(frame):
        return pk.plan.dp_count(frame, epsilon=1, project=project)

    changed = run(advised(refused(frame, ask)), frame, library)
    assert engine_of(changed).schema["on"].name == "instant"
    assert refused(changed, ask) is None
    assert not engine_of(changed).collect(["on"])["on"].is_missing()[0]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow", "duckdb", "ibis", "pyspark"])
@pytest.mark.parametrize("name", ["v", "o'clock", 'a "b"', "a{b}", "a`b", "é"])
def test_advice_is_code_whatever_the_column_is_called(library, name):
    for to in (TEXT, NUMBER, DATES, UTC):
        compile(cast(library, name, to), "advice", "eval")


@EVERY
def test_rows_that_are_grouped_exactly_are_refused_with_words_that_run(engine):
    frame, library = FRAMES[engine][0](), FRAMES[engine][1]
    for name, kind in engine_of(frame).schema.items():
        if kind.name == "other" and engine_of(frame).is_lazy:
            told = refused(frame, lambda frame, name=name: pk.kanon(frame, [name]))
            if "Cast it to text" in told:
                assert pk.kanon(run(advised(told), frame, library), [name]).k >= 1


LAZY = {
    "polars lazy": lambda rows: lazies.polars(rows),
    "duckdb": lambda rows: lazies.duckdb(rows),
    "ibis duckdb": lambda rows: lazies.ibis_duckdb(rows),
    "ibis postgres": lambda rows: lazies.postgres(rows),
    "spark": lambda rows: lazies.spark(rows),
}


@pytest.mark.parametrize("engine", LAZY)
def test_advice_on_text_is_a_plan_that_fails_on_no_value(engine, projects):
    """What failed on one person's value would be charged, and tell of it: the words of such a plan are none of ours."""
    frame, library = LAZY[engine]({"k": ["1.5", "x", "", None], "s": ["2026-01-02", "x", "", None]}), FRAMES[engine][1]
    project = projects(unit=pk.ROW)

    def number(frame):
        return pk.plan.dp_sum(frame, "k", bounds=(0, 9), epsilon=1, project=project)

    def month(frame):
        return pk.plan.dp_count(frame, "m", derive={"m": pk.month("s")}, epsilon=1, project=project)

    def value(frame):
        return pk.plan.dp_median(frame, "s", bounds=("2026-01-01", "2026-12-31"), epsilon=1, project=project)

    changed = run(advised(refused(frame, number)), frame, library)
    cells = engine_of(changed).collect(["k"])["k"]
    assert cells.values[~cells.is_missing()].tolist() == [1.5]
    for ask in (month, value):
        told = refused(frame, ask)
        assert "pd." not in told
        changed = run(advised(told), frame, library)
        assert refused(changed, ask) is None
        if library != "ibis":  # has no cast to dates that every backend knows, and gives null
            cells = engine_of(changed).collect(["s"])["s"]
            assert sorted(cells.is_missing().tolist()) == [False, True, True, True]


def test_advice_on_numbers_of_any_size_counts_with_them(projects):
    backend = postgres_backend()
    with backend.con.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS sized; CREATE TEMPORARY TABLE sized (n numeric, m money);"
            "INSERT INTO sized VALUES (1.5, 2.5), (1e400, 3), (NULL, NULL)"
        )
    backend.con.commit()
    frame, project = backend.table("sized"), projects(unit=pk.ROW)
    for name, expected in (("n", [1.5, 1e15]), ("m", [2.5, 3.0])):

        def ask(frame, name=name):
            return pk.plan.dp_sum(frame, name, bounds=(0, 9), epsilon=1, project=project)

        told = refused(frame, ask)
        changed = run(advised(told[told.index("to count with it") :]), frame, "ibis")
        assert refused(changed, ask) is None
        found = changed[name].to_pyarrow().to_pylist()
        assert sorted(float(each) for each in found if each is not None) == expected
