"""No type of a column, and no value of a type, keeps a table from being audited, wherever its rows lie."""

import datetime as dt

import pandas as pd
import pyarrow as pa
import pytest

import privkit as pk

NESTED = {
    "list": pa.array([[1, 2]] * 30, pa.list_(pa.int32())),
    "struct": pa.array([{"a": 1}] * 30, pa.struct({"a": pa.int32()})),
}
YEAR = 365 * 86_400_000
FAR = {
    "date": pa.array([2**31 - 1, *range(29)], pa.int32()).cast(pa.date32()),
    "date before": pa.array([-(2**31) + 1, *range(29)], pa.int32()).cast(pa.date32()),
    "instant": pa.array([9000 * YEAR, *range(29)], pa.int64()).cast(pa.timestamp("ms")),
    "instant of a zone": pa.array([9000 * YEAR, *range(29)], pa.int64()).cast(pa.timestamp("ms", "America/New_York")),
    "instant before": pa.array([-3000 * YEAR, *range(29)], pa.int64()).cast(pa.timestamp("ms", "America/New_York")),
    "duration": pa.array([2**62, *range(29)], pa.int64()).cast(pa.duration("us")),
}


def _duckdb(table):
    connection = pytest.importorskip("duckdb").connect()
    connection.register("rows_", table)
    connection.execute("CREATE TABLE t AS SELECT * FROM rows_")
    _HELD.append(connection)
    return connection.table("t")


_HELD = []
ENGINES = {
    "pyarrow": lambda table: table,
    "pandas": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda table: pytest.importorskip("polars").from_arrow(table),
    "polars lazy": lambda table: pytest.importorskip("polars").from_arrow(table).lazy(),
    "duckdb": _duckdb,
}


def _table(column):
    return pa.table({"v": column, "zip": [str(8000 + n % 7) for n in range(30)], "n": list(range(30))})


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NESTED)
def test_a_column_of_nested_values_is_left_out_and_the_others_are_audited(engine, name):
    found = pk.audit(ENGINES[engine](_table(NESTED[name])))
    assert found["v"].left_out == "values that cannot be compared"
    assert found["v"].distinct is None
    assert found["zip"].distinct == 7
    assert found["n"].distinct == 30


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", FAR)
def test_a_time_that_python_does_not_have_is_a_value_like_others(engine, name):
    if (engine, name) == ("duckdb", "duration"):
        pytest.skip("an INTERVAL there, which has no cells")
    found = pk.audit(ENGINES[engine](_table(FAR[name])))
    assert found["v"].distinct == 30
    assert not found["v"].left_out


NUMBERS = [f"+41 79 555 {n // 10:02d} {n % 10:02d}" for n in range(30)]
NATIONAL = [f"(044) 555 {n:02d} 01" for n in range(30)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("values", "role", "what"),
    [
        ([f"called back\n{number}" for number in NUMBERS], "direct identifier", "phone number"),
        ([f"No answer at all.\n\nReach her at {number} in the evening" for number in NATIONAL], "direct identifier",
         "phone number"),
        ([f"write to ada{n}@example.org" for n in range(30)], "direct identifier", "e-mail address"),
        ([f"call\n{number}" if n < 3 else f"note {n}" for n, number in enumerate(NUMBERS)], "sensitive", "free text"),
        ([f"delivered on 01-02-2026 10:{n:02d}, 12 345 67 of 90" for n in range(30)], "sensitive", "free text"),
        ([f"item {n}/30" for n in range(30)], "direct identifier", "unique code"),
    ],
)  # fmt: skip
def test_identifiers_are_seen_on_any_line_of_a_text(engine, values, role, what):
    entry = pk.audit(ENGINES[engine](_table(pa.array(values))))["v"]
    assert (entry.role, entry.what) == (role, what)
    told = [reason for reason in entry.evidence if "among other words" in reason]
    assert bool(told) == any(number in value for value in values for number in (*NUMBERS, *NATIONAL, "@"))
    assert not any(value in reason for reason in entry.evidence for value in values)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("name", "numbers", "unit"),
    [
        ("childNum", lambda family, place: place, None),  # as in Galton's families: the first child, the second ...
        ("person_no", lambda family, place: place - 1, None),
        ("child_id", lambda family, place: place, "child_id"),
        ("patient_no", lambda family, place: place, "patient_no"),
        ("childNum", lambda family, place: 100 * family + place, "childNum"),
        ("childNum", lambda family, place: 100 + place, "childNum"),  # few, but they do not count up from one
    ],
)
def test_which_child_of_a_family_it_is_is_no_code_of_a_person(engine, name, numbers, unit):
    children = [numbers(family, place) for family in range(60) for place in range(1, 2 + family % 9)] * 2
    table = pa.table({name: children, "age": [n % 30 for n in range(len(children))]})
    found = pk.audit(ENGINES[engine](table))
    assert found.unit == unit
    assert (found[name].role == "direct identifier") is (unit is not None)


@pytest.mark.parametrize("engine", ENGINES)
def test_times_of_the_day_are_judged_alike_on_every_engine(engine):
    """Their cells are counts: but on pandas, a column of many times was one of numbers."""
    times = [dt.time(n // 60 % 24, n % 60) for n in range(0, 1400, 7)]
    table = pa.table({"arrival": pa.array(times, pa.time64("us")), "x": [1, 2] * (len(times) // 2)})
    for data in (pd.DataFrame({"arrival": times}), ENGINES[engine](table)):
        found = pk.audit(data)["arrival"]
        assert (found.role, found.what, found.distinct) == ("quasi-identifier", "date", 200)
