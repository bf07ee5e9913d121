"""Columns of Spark whose names Spark reads as more than a name."""

import pytest
from lazies import session

import privkit as pk


@pytest.mark.parametrize("name", ["user.zip", "a`b"])
def test_a_name_that_spark_takes_apart_is_refused_before_any_charge_and_the_hint_runs(name, ledger_path):
    frame = session().createDataFrame([("a", 1), ("a", 2), ("b", 3)], ["plain", "x"]).withColumnRenamed("plain", name)
    project = pk.open_project("names", epsilon=1e6, unit=pk.ROW, store=ledger_path, ceiling=1e5)
    asked = {"epsilon": 1e4, "project": project}
    for ask in (
        lambda: pk.kanon(frame, [name]),
        lambda: pk.anonymize(frame, ["x"], k=2, suppress=1),
        lambda: pk.dp_count(frame, name, keys=["a"], **asked),
        lambda: pk.dp_count(frame, where=pk.isin(name, ["a"]), **asked),
    ):
        with pytest.raises(pk.FrameError, match="Rename it first: df") as caught:
            ask()
    assert project.spent.epsilon == 0
    # Other columns are asked for all the same, and the audit leaves this one out.
    assert pk.dp_count(frame, where="x > 1", **asked).value == 2
    assert pk.audit(frame)[name].left_out
    code = str(caught.value).split("Rename it first: ")[1].split(". No budget")[0].rstrip(".")
    renamed = eval(code, {"df": frame})
    assert pk.kanon(renamed, [renamed.columns[0]]).k == 1
