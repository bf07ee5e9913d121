"""Columns of Arrow's own types, in tables and in pandas frames: read, or refused by the type; no error of pandas."""

import pandas as pd
import pyarrow as pa
import pytest

import privkit as pk
from privkit.errors import FrameError

RUNS = pa.RunEndEncodedArray.from_arrays(pa.array([60, 120], pa.int32()), pa.array(["a", "b"]))
INTERVALS = pa.array([pa.MonthDayNano([1, 2, 3]), None] * 60, pa.month_day_nano_interval())
#: A dictionary with a null, and with a value twice, as Arrow allows and categories of pandas do not.
CODES = pa.array([0, 1, 2, None] * 30, pa.int8())
WITH_NULL = pa.DictionaryArray.from_arrays(CODES, pa.array(["a", None, "b"]))
DOUBLED = pa.DictionaryArray.from_arrays(CODES, pa.array(["a", "b", "a"]))


def table_of(column):
    return pa.table({"c": column, "x": list(range(120))})


def both(column):
    table = table_of(column)
    return table, table.to_pandas(types_mapper=pd.ArrowDtype)


@pytest.mark.parametrize("ask", ["kanon", "ldiv", "tclose", "risk", "suda", "link"])
def test_intervals_are_refused_by_their_type(ask):
    for frame in both(INTERVALS):
        calls = {
            "kanon": lambda frame: pk.kanon(frame, ["c"]),
            "ldiv": lambda frame: pk.ldiv(frame, ["c"], "x"),
            "tclose": lambda frame: pk.tclose(frame, ["x"], "c"),
            "risk": lambda frame: pk.risk(frame, ["c"]),
            "suda": lambda frame: pk.suda(frame, ["c"]),
            "link": lambda frame: pk.link(frame, frame, ["c"]),
        }
        with pytest.raises(FrameError, match="column 'c' of type month_day_nano_interval"):
            calls[ask](frame)
        assert pk.audit(frame)["c"].left_out


def test_runs_are_read_as_what_they_stand_for():
    for frame in both(RUNS):
        assert pk.kanon(frame, ["c"]).k == 60
        assert pk.audit(frame)["c"].distinct == 2
        assert "120 several" in repr(pk.link(frame, frame, ["c"]))
        assert pk.anonymize(frame, ["x"], k=2).report.after.k >= 2


@pytest.mark.parametrize(("column", "k"), [(WITH_NULL, 30), (DOUBLED, 30)])
def test_dictionaries_with_a_null_or_a_value_twice_are_anonymized(column, k):
    for frame in both(column):
        assert pk.kanon(frame, ["c"]).k == k
        out = pk.anonymize(frame, ["x"], k=2)
        assert pk.kanon(out.frame, ["c"]).k == k
        assert pk.kanon(pk.anonymize(frame, ["c"], k=2).frame, ["c"]).k == k
