"""Filters and derived columns of dates and moments: on every engine the same as in plain Python."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from expression_oracle import evaluate
from predicate_told import by_row, kept

from privkit.errors.expression import ExpressionError
from privkit.tally.predicate import apply
from privkit.values.expression import (
    Selection,
    cut,
    day,
    month,
    parsed,
    recode,
    selection,
    weekday,
    when,
    year,
)

DATES = [dt.date(2024, 2, 29), dt.date(2026, 1, 1), dt.date(1969, 12, 31), None]


@pytest.mark.parametrize("engine", ["polars", "polars lazy", "duckdb", "pyarrow", "pandas arrow"])
def test_dates(engine):
    import polars as pl
    import pyarrow as pa

    frame = pl.DataFrame({"d": DATES, "row": range(4)}, schema_overrides={"d": pl.Date})
    if engine == "pandas arrow":
        frame = pd.DataFrame({"d": pd.Series(DATES, dtype=pd.ArrowDtype(pa.date32())), "row": range(4)})
    else:
        frame = {
            "polars": lambda f: f,
            "polars lazy": lambda f: f.lazy(),
            "pyarrow": lambda f: f.to_arrow(),
            "duckdb": duck,
        }[engine](frame)
    check_dates(frame, DATES, "d >= '2026-01-01'", "d != '2024-02-29'", "d in ['2024-02-29', '1969-12-31']")


def duck(frame):
    import duckdb

    return duckdb.from_arrow(frame.to_arrow())


MOMENTS = [dt.datetime(2024, 2, 29, 23, 59, 59), dt.datetime(2026, 1, 1), dt.datetime(1969, 12, 31, 1), None]


@pytest.mark.parametrize("engine", ["polars", "polars lazy", "duckdb", "pyarrow", "pandas numpy", "pandas arrow"])
def test_datetimes(engine):
    import polars as pl

    if engine.startswith("pandas"):
        column = pd.Series(MOMENTS, dtype="datetime64[us]" if engine == "pandas numpy" else "timestamp[us][pyarrow]")
        frame = pd.DataFrame({"d": column, "row": range(4)})
    else:
        frame = pl.DataFrame({"d": MOMENTS, "row": range(4)})
        frame = {
            "polars": lambda f: f,
            "polars lazy": lambda f: f.lazy(),
            "pyarrow": lambda f: f.to_arrow(),
            "duckdb": duck,
        }[engine](frame)
    check_dates(
        frame, MOMENTS, "d >= '2026-01-01'", "d < '2024-02-29T23:59:59'", "hour(d) in [0, 1]", "d == '2026-01-01 00:00'"
    )


def check_dates(frame, values, *filters):
    rows = [{"d": value, "row": row} for row, value in enumerate(values)]
    for text in (
        *filters,
        "year(d) == 2024",
        "month(d) * 100 + day(d) > 101",
        "weekday(d) >= 4",
        "d is missing",
        "not year(d) > 2000",
    ):
        where = parsed(text)
        expected = [row["row"] for row in rows if evaluate(where, row) is True]
        assert kept(apply(frame, Selection(where))) == expected, text
    windows = [cut("d", every=every, start="1969-12-30", end="2026-02-01") for every in ("week", "month", "quarter")]
    cuts = [
        *windows,
        cut("d", every="year", start="1800-01-01", end="2800-01-01"),
        cut("d", ["1969-12-31", "2024-02-29"]),
    ]
    choices = [
        recode("d", {"2026-01-01": 1, "1969-12-31": 2}, other=0),
        when("d < '2000-01-01'", "old").otherwise("new"),
    ]
    for made in (*cuts, *choices):
        derived = apply(frame, selection(derive={"new": made}))
        assert by_row(derived) == {row["row"]: evaluate(made, row) for row in rows}, made
    for part in (year, month, day, weekday):
        derived = apply(frame, selection(derive={"new": part("d")}))
        assert by_row(derived) == {row["row"]: evaluate(part("d"), row) for row in rows}


@pytest.mark.parametrize("engine", ["pandas", "polars"])
def test_moments_with_a_zone_compare_as_moments_and_have_local_parts(engine):
    zone = "Europe/Zurich"
    column = pd.Series(pd.to_datetime(["2026-01-01T00:30", None, "2025-12-31T23:30"])).dt.tz_localize(zone)
    frame = pd.DataFrame({"d": column, "row": range(3)})
    if engine == "polars":
        frame = pytest.importorskip("polars").from_pandas(frame)
    assert kept(apply(frame, selection("d >= '2025-12-31T23:30+00:00'"))) == [0]
    assert kept(apply(frame, selection("year(d) == 2026 and hour(d) == 0"))) == [0]
    with pytest.raises(ExpressionError, match="time zone"):
        apply(frame, selection("d >= '2026-01-01'"))
