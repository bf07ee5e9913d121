"""No type of a column, and no value of a type, keeps a table from being audited, wherever its rows lie."""

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
