"""Breaks of the guarantee before the mathematics, A1 to A7, each with siblings: the right answer, on every engine."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import door_arrow
import door_duckdb
import door_pandas
import door_polars
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from door_asking import SURE, before_the_charge, counted, opened, utc
from door_schema import Row
from door_values import PLAIN_SECONDS, Hostile, Text, Whole, recursive

import privkit as pk

ZURICH = ZoneInfo("Europe/Zurich")


@pytest.fixture
def project(ledger_path):
    return opened(ledger_path)


# -- A1: a date that is none, in Python -------------------------------------------------------------------------------

FRAMES = {
    "pandas": (door_pandas.SCHEMAS, door_pandas.frame),
    "pandas arrow": (door_arrow.PANDAS, door_pandas.frame),
    "pyarrow": (door_arrow.SCHEMAS, door_arrow.frame),
    "polars": (door_polars.SCHEMAS, door_polars.frame),
    "polars lazy": (door_polars.LAZY, door_polars.frame),
    "duckdb": (door_duckdb.SCHEMAS, door_duckdb.frame),
}
DATED = [schema for schemas, _ in FRAMES.values() for schema in schemas if schema.kind in ("date", "instant")]


def zone_of(schema):
    """Return the zone in which a column's dates are read, from its type's name."""
    name = schema.dtype.partition(" in ")[2] or schema.dtype.partition(", ")[2].rstrip("]")
    if name.startswith("+"):
        return dt.timezone(dt.timedelta(hours=int(name[1:3]), minutes=int(name[4:])))
    return ZoneInfo(name or "UTC")


def every_value(schema, ordinary=4):
    """Return a frame of the ordinary values, several times, and of every odd one."""
    values = [*schema.plain * ordinary, *schema.odd]
    rows = [Row(value, "a", f"w{place}", 1.0, 20_454) for place, value in enumerate(values)]
    return FRAMES[schema.engine][1](schema, rows, "tag")


@pytest.mark.parametrize("schema", DATED, ids=lambda schema: schema.name)
@pytest.mark.sample(0.15)
def test_a1_every_date_has_a_year_or_is_missing(project, schema):
    zone = dt.UTC if "category" in schema.dtype else zone_of(schema)
    if "category" in schema.dtype or "dictionary" in schema.dtype:
        zone = ZURICH
    years = [utc(second).astimezone(zone).year for second in PLAIN_SECONDS]
    if schema.kind == "date":
        years = [utc(second).year for second in PLAIN_SECONDS]
        years[1] = years[0]
    frame = every_value(schema)
    found = counted(frame, "y", keys=[2026, 9_999, 10_000], derive={"y": pk.year("v")})
    assert found[2026] == 4 * years.count(2026)
    assert found[10_000] == 0


@pytest.mark.parametrize("schema", DATED, ids=lambda schema: schema.name)
@pytest.mark.sample(0.12)
def test_a1_every_date_is_counted_by_its_key_and_told_apart(project, schema):
    frame, key = every_value(schema), schema.keys[0]
    assert counted(frame, "v", keys=[key])[key] >= 4
    distinct = counted(frame, "v", function=pk.dp_nunique)
    if schema.engine != "duckdb":
        assert distinct == len({value for value in (*schema.plain, *schema.odd) if value is not None})
    assert counted(frame, "v", epsilon=SURE, delta=1e-6, keys=None) is not None


@pytest.mark.parametrize("schema", DATED[::7], ids=lambda schema: schema.name)
@pytest.mark.parametrize("per", ["day", "week", "month", "quarter", "year"])
@pytest.mark.sample(0.12)
def test_a1_every_date_falls_into_a_window_or_into_none(ledger_path, schema, per):
    opened(ledger_path, unit="who", per=per, time="v", max_rows=9)
    frame = every_value(schema)
    found = counted(frame, epsilon=9 * SURE)
    assert len(schema.plain) * 4 <= found <= len(schema.plain) * 4 + len(schema.odd)
    assert pk.dp_sum(frame, "x", bounds=(0, 1), epsilon=1e4, version="1").value == pytest.approx(found, abs=0.1)


def test_a1_the_end_of_time_in_zurich(project):
    late = (
        pd.Series(["9999-12-31 23:59:59"]).astype("datetime64[us]").dt.tz_localize("UTC").dt.tz_convert("Europe/Zurich")
    )
    early = pd.Series(pd.to_datetime(["2026-01-01"] * 1000, utc=True)).dt.as_unit("us").dt.tz_convert("Europe/Zurich")
    frame = pd.DataFrame({"until": pd.concat([early, late], ignore_index=True)})
    assert counted(frame, "y", keys=[2026], derive={"y": pk.year("until")}) == {2026: 1000}
    assert counted(frame, "until", function=pk.dp_nunique) == 2
    assert counted(frame, "until", delta=1e-6).values() is not None


def test_a1_polars_moments_beyond_python_are_counted_and_nothing_is_printed(project, capfd):
    beyond = (253_402_300_800 + 86_400 * 365 * 123) * 10**6
    frame = pl.DataFrame({"t": pl.Series([0] * 1000 + [beyond], dtype=pl.Int64).cast(pl.Datetime("us"))})
    key = dt.datetime(1970, 1, 1)
    assert counted(frame, "t", keys=[key]) == {key: 1000}
    assert counted(frame, "t", function=pk.dp_nunique) == 2
    assert capfd.readouterr() == ("", "")
    assert [entry.state for entry in project.account.entries()] == ["committed"] * 2


# -- A2: the fingerprint ----------------------------------------------------------------------------------------------


def days(values):
    return pa.array(values, pa.int32()).view(pa.date32())


NESTED = {
    "list": lambda day: pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), days([0, day])),
    "struct": lambda day: pa.StructArray.from_arrays([days([0, day])], ["d"]),
    "dictionary": lambda day: pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), days([0, day])),
    "list of lists": lambda day: pa.ListArray.from_arrays(
        pa.array([0, 1, 2], pa.int32()), pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), days([0, day]))
    ),
}


@pytest.mark.parametrize("engine", ["pyarrow", "pandas", "polars"])
@pytest.mark.parametrize("nested", NESTED)
def test_a2_a_column_that_nobody_asks_for_never_stops_a_count(project, nested, engine):
    replayed = []
    for day in (3, 3_000_000):
        table = pa.table({"l": NESTED[nested](day), "x": [1, 2]})
        if engine == "pandas":
            table = pd.DataFrame(
                {name: pd.Series(pd.arrays.ArrowExtensionArray(table[name])) for name in table.column_names}
            )
        elif engine == "polars":
            table = pl.from_arrow(table)
        assert counted(table) == 2
        replayed.append(pk.dp_count(table, epsilon=SURE).replayed)
    assert replayed[0] == replayed[1]


ODD = {
    "a class": lambda: type("Shape", (), {})(),
    "hostile": Hostile,
    "a list of itself": recursive,
    "a set": lambda: {1},
    "an array": lambda: np.array([1, 2]),
    "a long integer": lambda: 10**5000,
    "a signaling NaN": lambda: Decimal("sNaN"),
    "a lone surrogate": lambda: "\ud800",
}


@pytest.mark.parametrize("odd", ODD)
def test_a2_whether_a_frame_is_known_again_does_not_depend_on_a_cell(project, odd):
    seen = []
    for cell in (None, ODD[odd]()):
        held = np.empty(10, dtype=object)
        held[-1] = cell
        frame = pd.DataFrame({"geometry": pd.Series(held, dtype=object), "x": 1, "tag": len(seen)})
        before = len(project.ledger)
        assert counted(frame) == 10
        seen.append((pk.dp_count(frame, epsilon=SURE).replayed, len(project.ledger) - before))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("dtype", [pl.Int128, pl.Decimal(38, 2), pl.Null, pl.Time, pl.List(pl.Int8)])
def test_a2_polars_columns_of_any_type_stand_beside_a_count(project, dtype):
    frame = pl.DataFrame({"v": pl.Series([None, None], dtype=dtype), "x": [1, 2]})
    assert counted(frame) == 2


# -- A3: one missing value changes nobody else's ----------------------------------------------------------------------

IDS = [1_250_000_000_000_000_000 + place for place in range(1000)]
LAZIES = {
    "polars lazy": lambda values, dtype: pl.LazyFrame({"u": pl.Series(values, dtype=dtype), "x": [1.0] * len(values)}),
    "duckdb": lambda values, dtype: duckdb.from_arrow(LAZIES["polars lazy"](values, dtype).collect().to_arrow()),
    "polars": lambda values, dtype: LAZIES["polars lazy"](values, dtype).collect(),
}


@pytest.mark.parametrize("dtype", [pl.Int64, pl.UInt64], ids=str)
@pytest.mark.parametrize("engine", LAZIES)
@pytest.mark.parametrize("more", [[], [None]], ids=["whole", "one missing"])
def test_a3_large_integers_stay_what_they_are_beside_a_missing_one(project, engine, dtype, more):
    frame = LAZIES[engine](IDS + more, dtype)
    assert counted(frame, "u", function=pk.dp_nunique) == 1000
    keys = LAZIES[engine]([IDS[0]] * 500 + [IDS[1]] * 500 + more, dtype)
    found = pk.dp_sum(keys, "x", "u", keys=IDS[:2], bounds=(0, 1), epsilon=1e3, version="1").value
    assert found.round().tolist() == [500, 500]
    assert counted(keys, "u", keys=IDS[:2]) == {IDS[0]: 500, IDS[1]: 500}


@pytest.mark.parametrize("engine", LAZIES)
def test_a3_ids_stay_distinct_persons_beside_a_missing_one(ledger_path, engine):
    opened(ledger_path, unit="u", max_rows=1)
    frame = LAZIES[engine]([*IDS, None], pl.Int64)
    assert counted(frame) == 1000
    assert pk.dp_sum(frame, "x", bounds=(0, 1), epsilon=1e3, version="1").value == pytest.approx(1000, abs=1)


# -- A4: two persons never become one (more in test_two_ids.py) -------------------------------------------------------


@pytest.mark.parametrize(
    "more", [{}, {"where": "who > 0"}, {"derive": {"big": "who > 5"}}, {"missing": {"who": "drop"}}], ids=str
)
def test_a4_a_person_more_never_pushes_out_anothers_row(ledger_path, more):
    opened(ledger_path, unit="who", max_rows=1)
    frame = pd.DataFrame({"who": pd.array([2**60, 2**60 + 5], dtype="uint64[pyarrow]"), "k": ["A", "B"]})
    for _ in range(8):
        assert counted(frame, "k", keys=["A", "B"], again=True, **more) == {"A": 1, "B": 1}


@pytest.mark.parametrize("dtype", ["DECIMAL(38,0)", "DECIMAL(20,0)", "HUGEINT", "UBIGINT", "BLOB", "VARCHAR"])
def test_a4_w4_a_thousand_duckdb_ids_are_a_thousand_persons(ledger_path, dtype):
    opened(ledger_path, unit="who", max_rows=1)
    made = (
        "('1250000000000000000' || lpad(i::VARCHAR, 4, '0'))"
        if dtype in ("BLOB", "VARCHAR")
        else "1250000000000000000 + i"
    )
    frame = door_duckdb.held().sql(f"select ({made})::{dtype} as who, 1.0::DOUBLE as x from range(1000) t(i)")
    assert counted(frame) == 1000
    assert pk.dp_sum(frame, "x", bounds=(0, 1), epsilon=1e3, version="1").value == pytest.approx(1000, abs=1)
    assert counted(frame, of="persons") == 1000


# -- A5: open groups are told by what they hold -----------------------------------------------------------------------

FIRST, SECOND = utc(1_761_438_600 - 1800), utc(1_761_442_200 - 1800)  # both 02:00 in Zurich
HOURS = {
    "pandas": lambda at: pd.DataFrame(
        {"hour": pd.Series(at).astype("datetime64[us, UTC]").dt.tz_convert("Europe/Zurich")}
    ),
    "polars": lambda at: pl.DataFrame(
        {"hour": pl.Series(at, dtype=pl.Datetime("us", "UTC")).dt.convert_time_zone("Europe/Zurich")}
    ),
    "polars lazy": lambda at: HOURS["polars"](at).lazy(),
    "pyarrow": lambda at: HOURS["polars"](at).to_arrow(),
}


@pytest.mark.parametrize("engine", HOURS)
@pytest.mark.parametrize("order", [1, -1])
def test_a5_the_two_instants_of_a_repeated_hour_are_two_groups(project, engine, order):
    alone = set(counted(HOURS[engine]([FIRST] * 1000), "hour", delta=1e-6))
    both = counted(HOURS[engine](([FIRST] * 1000 + [SECOND])[::order]), "hour", delta=1e-6, version="2")
    assert len(alone) == 1
    assert set(both) == alone
    assert counted(HOURS[engine]([FIRST] * 1000 + [SECOND] * 900), "hour", delta=1e-6, version="3").values() is not None


MEMBERS = {"text": (["a"], Text.BASIC), "whole": ([1], Whole.ONE), "boolean": ([1], True), "float": ([1], 1.0)}


@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize("order", [1, -1])
def test_a5_one_object_renames_no_group(project, member, order):
    plain, odd = MEMBERS[member]
    frames = [
        pd.DataFrame({"k": pd.Series(values[::order], dtype=object)}) for values in (plain * 1000, [*plain * 1000, odd])
    ]
    found = [counted(frame, "k", delta=1e-6) for frame in frames]
    assert list(map(str, found[0])) == list(map(str, found[1]))
    # What equals a plain value is that value, or missing, or another one: no other row moves.
    assert abs(next(iter(found[0].values())) - next(iter(found[1].values()))) <= 1


# -- A6: collations ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("collation", ["nocase", "noaccent", "nocase.noaccent"])
@pytest.mark.parametrize("first", ["A", "á", "a"])
def test_a6_a_public_group_keeps_its_rows_under_a_collation(project, collation, first):
    con = duckdb.connect()
    con.execute(f"create table t(k varchar collate {collation})")
    con.execute(f"insert into t values ('{first}')")
    con.execute("insert into t select 'a' from range(500)")
    try:
        found = counted(con.table("t"), "k", keys=["a"])
    except pk.ColumnKindError as error:
        found = before_the_charge(error, project) and {"a": 500 + (first == "a")}
    assert found == {"a": 500 + (first == "a")}


def test_a6_a_default_collation_changes_nothing(project):
    con = duckdb.connect()
    con.execute("pragma default_collation=nocase")
    con.execute(
        "create table t as select case when i = 0 then 'A' else 'a' end as k, 1.0::DOUBLE as x from range(501) r(i)"
    )
    assert counted(con.table("t"), "k", keys=["a"]) == {"a": 500}
    assert counted(con.table("t"), "k", function=pk.dp_nunique) == 2
    assert pk.dp_sum(con.table("t"), "x", "k", keys=["a"], bounds=(0, 1), epsilon=1e3, version="1").value[
        "a"
    ] == pytest.approx(500, abs=1)


# -- A7: numbers are told by value ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype", ["int64", "float64", "Int64", "Float64", "object", "int64[pyarrow]", "double[pyarrow]"]
)
@pytest.mark.parametrize("missing", [0, 1])
def test_a7_a_missing_cell_renames_no_group_of_numbers(project, dtype, missing):
    if missing and dtype == "int64":
        dtype = "float64"  # what pandas makes of it
    held = pd.Series([8004] * 500 + [8005] * 500 + [None] * missing, dtype=object)
    frame = pd.DataFrame({"zip": held.astype(dtype)})
    found = pk.dp_count(frame, "zip", epsilon=SURE, delta=1e-6).value
    assert [repr(key) for key in found.index.tolist()] == ["8004", "8005"]
    assert found.tolist() == [500, 500]


def test_a7_numbers_with_a_fraction_keep_it(project):
    frame = pd.DataFrame({"zip": [0.5] * 500 + [2.0] * 500})
    assert sorted(counted(frame, "zip", delta=1e-6)) == [0.5, 2.0]
