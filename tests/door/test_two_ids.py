"""Two distinct ids stay two persons, and one id stays one: for every type of every engine, with filters that name it.

Each person has one row and counts with one. Were two ids taken for one, a row would be left out: so any total tells
whether all are told apart.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import cycle
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from door_asking import before_the_charge, counted, opened
from door_pandas import objects
from door_schema import Row, narrowed
from poison import ENGINES

import privkit as pk

SCHEMAS = [schema for schemas, _ in ENGINES.values() for schema in schemas if schema.dtype not in ("null", "Null")]
IDS = [schema for schema in SCHEMAS if schema.kind not in ("other", "object", "any") and schema.dtype != "Object"]
#: Engines whose values are texts of DuckDB's SQL, of which several may be stored as one.
IN_SQL = ("duckdb", "ibis")

#: What a filter, a derived column or a replacement says of the ids, true of all of them.
TRUE_OF_ALL = {
    "number": ["v >= 0 or v < 0", "v != 77 and v != 78"],
    "text": ["v != 'nobody'", "not v in ['nobody', 'no one']"],
    "date": ["year(v) != 1903 or year(v) is missing", "v != '1903-01-01'"],
    "instant": ["hour(v) < 24 or hour(v) is missing", "year(v) != 1903 or year(v) is missing"],
}


def word(schema):
    return "number" if schema.kind in ("integer", "unsigned", "wide", "float", "boolean") else schema.kind


def variants(schema):
    """Return what may be said of the ids in a question, by arguments; each keeps every row."""
    found = [
        {},
        {"where": "v is not missing"},
        {"derive": {"y": "v is missing"}, "where": "not y"},
        {"missing": {"v": "drop"}},
    ]
    if schema.kind != "boolean":
        found += [{"where": where} for where in TRUE_OF_ALL.get(word(schema), [])]
    return found


def persons(frame, **given):
    """Yield, by each way in which persons are told apart, how many there are."""
    asked = {"epsilon": 1e3, "version": "1", "max_rows": 1, **given}
    yield "dp_count", lambda: counted(frame, **{**given, "max_rows": 1})
    yield "dp_sum", lambda: round(pk.dp_sum(frame, "x", bounds=(0, 1), **asked).value)
    yield "dp_count of persons", lambda: counted(frame, of="persons", **given)
    yield "dp_mean", lambda: round(pk.dp_mean(frame, "x", bounds=(0, 2), **asked).to_frame()["sum"].iloc[0])
    yield "totals", lambda: round(pk.dp_sum(frame, "x", person_bounds=(0, 1), epsilon=1e3, version="1", **given).value)
    yield (
        "by groups",
        lambda: sum(counted(frame, "k", keys=["a", "b"], **{**given, "max_groups": 1, "per_group": 1}).values()),
    )
    yield "dp_nunique", lambda: counted(frame, "n", function=pk.dp_nunique, **{**given, "max_rows": 1})


def distinct(schema):
    """Return one value of each id that a column of this type can hold."""
    values = [value for value in dict.fromkeys((*schema.plain, *schema.odd)) if value not in (None, "NULL")]
    if schema.kind == "float":
        values = [float(str(value).partition("::")[0].strip("'")) for value in values]
        kept = {narrowed(schema, value): value for value in values if value == value}
        values = list(kept.values())
        return [f"'{value!r}'::DOUBLE" for value in values] if schema.engine in IN_SQL else values
    if schema.engine in IN_SQL:
        con = ENGINES["duckdb"][1](schema, [Row(value, "a", "p", 1.0, 0) for value in values], "tag")
        order = {str(value): place for place, value in enumerate(values)}
        texts = con.project("v::VARCHAR").fetchall()
        return [
            values[place]
            for place in {text: order[value] for (text,), value in zip(texts, values, strict=True)}.values()
        ]
    return values


def frame_of(schema, values):
    rows = [Row(value, "ab"[place % 2], None, 1.0, 20_454) for place, value in enumerate(values)]
    return ENGINES[schema.engine][1](schema, rows, "n")


_TURNS = cycle(range(6))


@pytest.mark.parametrize("value", [77, "nobody"])
def test_no_value_stands_in_for_missing_ids(ledger_path, value):
    """All rows without an id would be one person's."""
    opened(ledger_path, unit="v", max_rows=1)
    frame = pd.DataFrame({"v": pd.Series([value, None, None], dtype=object if value == "nobody" else "Int64")})
    with pytest.raises(pk.UnitColumnError, match="No budget was spent"):
        pk.dp_count(frame, missing={"v": value}, epsilon=1)


@pytest.mark.parametrize("schema", IDS, ids=lambda schema: schema.name)
@pytest.mark.sample(0.06)
def test_every_id_of_every_type_is_a_person_of_its_own(ledger_path, schema):
    opened(ledger_path, unit="v")
    values = distinct(schema)
    frame, wrong = frame_of(schema, values), []
    for given in variants(schema):
        # Every way of telling persons apart with no filter; one of them with each filter, by turns.
        ways = [way for way in persons(frame, **given) if way[0] != "dp_nunique"]
        for name, way in ways if not given else [ways[next(_TURNS)]]:
            if (found := _of(way)) != len(values):
                wrong.append(f"{name} {given}: {found}")
    assert not wrong, f"{len(values)} persons, but {'; '.join(wrong)}"


def _of(way):
    try:
        return way()
    except KeyboardInterrupt:
        return "KeyboardInterrupt"
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__} {str(error)[:90]}"


@pytest.mark.parametrize(
    "schema", [one for one in IDS if one.kind not in ("boolean",)][::5], ids=lambda schema: schema.name
)
@pytest.mark.sample(0.25)
def test_every_id_is_a_person_of_its_own_in_each_window(ledger_path, schema):
    opened(ledger_path, unit="v", per="month", time="t")
    values = distinct(schema)
    frame = frame_of(schema, values)
    assert _of(lambda: counted(frame, max_rows=1)) == len(values)
    assert _of(lambda: round(pk.dp_sum(frame, "x", bounds=(0, 1), max_rows=1, epsilon=1e3, version="1").value)) == len(
        values
    )


@pytest.mark.parametrize(
    "schema", [one for one in SCHEMAS if one.kind in ("other", "any")], ids=lambda schema: schema.name
)
@pytest.mark.sample(0.25)
def test_ids_of_other_types_are_told_apart_or_refused_before_the_charge(ledger_path, schema):
    project = opened(ledger_path, unit="v", max_rows=1)
    values = list(dict.fromkeys(map(repr, schema.plain)))
    frame = frame_of(schema, schema.plain)
    try:
        found = counted(frame)
    except pk.PrivkitError as error:
        found = len(values) if before_the_charge(error, project) else str(error)
    assert found == len(values)


# -- one person more pushes nobody out --------------------------------------------------------------------------------

CONFUSABLE = {
    "beyond a float": (2**53, 2**53 + 1),
    "far beyond a float": (2**60, 2**60 + 5),
    "the largest": (2**63 - 1, 2**63 - 2),
    "case": ("a", "A"),
    "a zero within": ("a", "a\0b"),
    "a zero at the end": ("a", "a\0"),
    "a blank at the end": ("a", "a "),
    "composed and not": ("é", "e\u0301"),
    "wide letters": ("a", "\uff41"),
    "empty and blank": ("", " "),
    "bytes": (b"a", b"a\0"),
    "bytes that are no text": (b"\xff", b"\xfe"),
    "decimals": (Decimal(2**60), Decimal(2**60 + 5)),
    "decimals by their last place": (Decimal("0.10000000000000000001"), Decimal("0.10000000000000000002")),
    "the repeated hour": (
        dt.datetime(2025, 10, 26, 0, 30, tzinfo=dt.UTC),
        dt.datetime(2025, 10, 26, 1, 30, tzinfo=dt.UTC),
    ),
}


def arrow(pair):
    one = pair[0]
    if isinstance(one, dt.datetime):
        return pa.array(pair, pa.timestamp("us", "Europe/Zurich"))
    if isinstance(one, Decimal):
        return pa.array(pair, pa.decimal128(38, 0 if one == one.to_integral() else 20))
    return pa.array(pair, pa.uint64() if isinstance(one, int) else None)


MADE = {
    "pyarrow": lambda pair: pa.table({"v": arrow(pair)}),
    "pandas arrow": lambda pair: pa.table({"v": arrow(pair)}).to_pandas(types_mapper=pd.ArrowDtype),
    "pandas": lambda pair: pa.table({"v": arrow(pair)}).to_pandas(),
    "pandas object": lambda pair: pd.DataFrame({"v": objects(pair)}),
    "pandas category": lambda pair: pd.DataFrame({"v": pd.Categorical.from_codes([0, 1], pd.Index(objects(pair)))}),
    "polars": lambda pair: pl.from_arrow(pa.table({"v": arrow(pair)})),
    "polars lazy": lambda pair: MADE["polars"](pair).lazy(),
    "duckdb": lambda pair: duckdb.from_arrow(pa.table({"v": arrow(pair)})),
}


def with_group(frame):
    """Return the frame with the groups A and B in its two rows."""
    if isinstance(frame, pa.Table):
        return frame.append_column("k", pa.array(["A", "B"]))
    if isinstance(frame, pd.DataFrame):
        return frame.assign(k=["A", "B"])
    if isinstance(frame, pl.DataFrame | pl.LazyFrame):
        return frame.with_columns(k=pl.Series(["A", "B"]))
    return duckdb.from_arrow(frame.arrow().read_all().append_column("k", pa.array(["A", "B"])))


FILTERS = (
    {},
    {"where": "v is not missing"},
    {"missing": {"v": "drop"}},
    {"derive": {"y": "v is missing"}, "where": "not y"},
)


@pytest.mark.parametrize("engine", MADE)
@pytest.mark.parametrize("pair", CONFUSABLE)
@pytest.mark.sample(0.1)
def test_one_person_more_pushes_out_nobodys_row(ledger_path, pair, engine):
    opened(ledger_path, unit="v", max_rows=1)
    frame = with_group(MADE[engine](CONFUSABLE[pair]))
    for given in FILTERS:
        for turn in range(3):  # were they one, one of both rows would be left out at random
            found = counted(frame, "k", keys=["A", "B"], version=str(turn), again=True, **given)
            assert found == {"A": 1, "B": 1}, given


@pytest.mark.parametrize("collation", ["NOCASE", "NOACCENT", "C", "DE"])
@pytest.mark.parametrize("ids", [("a", "A"), ("a", "á"), ("ss", "ß")])
def test_collations_make_no_two_ids_one(ledger_path, collation, ids):
    project = opened(ledger_path, unit="v", max_rows=1)
    con = duckdb.connect()
    if (
        collation == "DE"
        and not con.execute("select 1 from duckdb_extensions() where extension_name = 'icu' and loaded").fetchall()
    ):
        pytest.skip("this DuckDB has no ICU")
    con.execute(f"create table t(v varchar collate {collation}, k varchar, x double)")
    con.executemany("insert into t values (?, ?, 1)", [(ids[0], "A"), (ids[1], "B")])
    try:
        groups, found = counted(con.table("t"), "k", keys=["A", "B"]), counted(con.table("t"), of="persons")
        total = round(pk.dp_sum(con.table("t"), "x", bounds=(0, 1), epsilon=1e3, version="1").value)
    except pk.ColumnKindError as error:
        assert before_the_charge(error, project)  # noqa: PT017  # refused by its schema, or right
        return
    assert (groups, found, total) == ({"A": 1, "B": 1}, 2, 2)


# -- objects: what is one, and what is two ----------------------------------------------------------------------------

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
TWO = {
    "1 and True": (1, True),
    "0 and False": (0, False),
    "a number and its text": (1, "1"),
    "text and bytes": ("a", b"a"),
    "large integers": (2**53, 2**53 + 1),
    "an integer and the float beside it": (2**53 + 1, float(2**53)),
    "beyond 64 bits": (2**64, 2**64 + 1),
    "thousands of digits": (10**5000, 10**5000 + 1),
    "a decimal and a float that is not it": (Decimal("0.1"), 0.1),
    "a date and its midnight": (dt.date(2026, 1, 1), dt.datetime(2026, 1, 1)),
    "local time and UTC": (dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
    "the repeated hour": tuple(
        dt.datetime(2025, 10, 26, 2, 30, fold=f, tzinfo=ZoneInfo("Europe/Zurich")) for f in (0, 1)
    ),
    "lone surrogates": ("\ud800", "\ud801"),
    "a surrogate and a question mark": ("\ud800", "?"),
}
ONE = {
    "1 and 1.0": (1, 1.0),
    "1 and Decimal(1)": (1, Decimal(1)),
    "1.0 and Decimal('1.000')": (1.0, Decimal("1.000")),
    "zeros": (0.0, -0.0),
    "a decimal zero": (Decimal("-0"), 0),
    "a half": (0.5, Decimal("0.5")),
    "2^64": (2**64, float(2**64)),
    "a moment in two zones": (NOON, NOON.astimezone(ZoneInfo("Asia/Tokyo"))),
}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("pair", TWO)
def test_distinct_objects_are_two_persons(ledger_path, pair, order):
    assert persons_of_objects(ledger_path, TWO[pair][::order]) == [2] * 7


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("pair", ONE)
def test_equal_objects_are_one_person(ledger_path, pair, order):
    assert persons_of_objects(ledger_path, ONE[pair][::order]) == [1] * 7


def persons_of_objects(ledger_path, values):
    """Return how many persons there are, by every way that tells them apart, with and without filters."""
    opened(ledger_path, unit="v", max_rows=1)
    frame = pd.DataFrame({"v": objects(values), "x": 1.0, "k": "a"})
    ways = dict(list(persons(frame)))
    found = [_of(ways[name]) for name in ("dp_count", "dp_sum", "dp_count of persons", "totals")]
    return [*found, *[_of(lambda given=given: counted(frame, **given)) for given in FILTERS[1:]]]


def test_floats_without_sign_are_one_and_nan_is_nobody(ledger_path):
    opened(ledger_path, unit="v", max_rows=1)
    for frame in (
        pd.DataFrame({"v": [0.0, -0.0, np.nan], "x": 1.0}),
        pd.DataFrame({"v": pd.array([0.0, -0.0, np.nan], dtype="double[pyarrow]"), "x": 1.0}),
        pl.DataFrame({"v": [0.0, -0.0, np.nan], "x": [1.0] * 3}),
        pl.LazyFrame({"v": [0.0, -0.0, np.nan], "x": [1.0] * 3}),
        duckdb.sql("select * from (values (0.0::double, 1.0::double), (-0.0::double, 1), ('nan'::double, 1)) t(v, x)"),
    ):
        assert counted(frame) == 1
        assert counted(frame, where="v is not missing") == 1
        assert round(pk.dp_sum(frame, "x", bounds=(0, 1), epsilon=1e3, version="1").value) == 1
