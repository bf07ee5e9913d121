"""Synthetic rows have the frame's own types: those of Arrow, sparse ones, and bins at the ends of what a type holds."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import privkit as pk
from privkit.dp.synthesis.drawing import Filled, uniform
from privkit.errors.synthetic import SyntheticError

DAYS = [dt.date(2026, 1, 5), dt.date(2026, 2, 7)]
EDGES = ["2026-01-01", "2026-02-01", "2026-03-01"]


def arrow(values, kind):
    return pd.Series(pd.array(values, dtype=pd.ArrowDtype(kind)))


def moments(zone=None):
    return [pd.Timestamp(day, tz=zone) for day in DAYS]


#: A third of each column is missing.
ARROW = {
    "whole": (arrow([1, 4, None] * 40, pa.int64()), {"cuts": [0, 3, 6]}),
    "whole keys": (arrow([1, 4, None] * 40, pa.uint8()), {"keys": [1, 4]}),
    "numbers": (arrow([1.5, 4.5, None] * 40, pa.float64()), {"cuts": [0, 3, 6]}),
    "few bits": (arrow([1.5, 4.5, None] * 40, pa.float32()), {"cuts": [0, 3, 6]}),
    "truth": (arrow([True, False, None] * 40, pa.bool_()), {"keys": [True, False]}),
    "text": (arrow(["a", "b", None] * 40, pa.large_string()), {"keys": ["a", "b"]}),
    "days": (arrow([*DAYS, None] * 40, pa.date32()), {"cuts": EDGES}),
    "day keys": (arrow([*DAYS, None] * 40, pa.date32()), {"keys": DAYS}),
    "moments": (arrow([*moments(), None] * 40, pa.timestamp("us")), {"cuts": EDGES}),
    "zoned": (arrow([*moments("Europe/Zurich"), None] * 40, pa.timestamp("us", tz="Europe/Zurich")), {"cuts": EDGES}),
}


@pytest.fixture
def project(ledger_path):
    return pk.open_project("types", epsilon=1000, unit=pk.ROW, store=ledger_path, ceiling=100)


def ask(column, domain, project, **more):
    frame = pd.DataFrame({"x": column, "z": ["p", "q"] * (len(column) // 2)})
    call = {"keys": {"z": ["p", "q"]}, "cuts": {}}
    for kind, values in domain.items():
        call[kind]["x"] = values
    return pk.dp_synthetic(frame, ["x", "z"], **call, **{"epsilon": 50, "rows": 300, "project": project, **more})


@pytest.mark.parametrize("name", ARROW)
def test_columns_of_arrow_keep_their_type_and_their_missing_values(project, name):
    column, domain = ARROW[name]
    release = ask(column, domain, project)
    made = release.frame["x"]
    assert made.dtype == column.dtype
    assert made.isna().mean() == pytest.approx(1 / 3, abs=0.05)
    assert repr(release)
    assert str(pk.mock(pd.DataFrame({"x": column}), 5)["x"].dtype) in {str(column.dtype), "str", "object"}


@pytest.mark.parametrize(
    ("name", "condition"), [("whole", "x >= 3"), ("numbers", "x >= 3"), ("moments", "x >= '2026-02-01'")]
)
def test_what_is_stated_of_a_column_of_arrow_holds(project, name, condition):
    column, domain = ARROW[name]
    made = ask(column, domain, project, constraints=[condition]).frame["x"].dropna()
    assert len(made)
    assert (made >= (3 if name != "moments" else pd.Timestamp("2026-02-01"))).all()


@pytest.mark.parametrize("domain", [{"keys": [0, 1]}, {"cuts": [0, 1, 2]}], ids=["keys", "cuts"])
def test_sparse_columns_become_dense_ones_of_the_same_numbers(project, domain):
    made = ask(pd.Series(pd.arrays.SparseArray([0, 1, 7, 0] * 30)), domain, project).frame["x"]
    assert made.dtype == np.int64
    assert set(made) <= {0, 1}


@pytest.mark.parametrize(
    ("dtype", "edges"),
    [("int64", (-(2.0**63), 0.0, 2.0**63)), ("uint64", (0.0, 2.0**62, 2.0**64)), ("UInt64", (2.0**63, 2.0**64))],
)
def test_bins_as_wide_as_whole_numbers_are_filled(dtype, edges):
    one = Filled("x", "x", dtype, edges)
    codes = np.repeat(np.arange(len(edges) - 1), 50)
    chances = np.concatenate([[0.0, 1 - 2**-53], uniform(3, len(codes) - 2, 1)[:, 0]])
    made = one.values(codes, (), chances)
    assert str(made.dtype) == dtype
    for code, value in zip(codes.tolist(), made.tolist(), strict=True):
        assert edges[code] <= int(value) < edges[code + 1]
    assert len(set(made)) > 0.9 * len(codes)
    if dtype == "UInt64":
        assert one.values(np.array([0, 1]), (), np.array([0.5, 0.5])).isna().tolist() == [False, True]


@pytest.mark.parametrize("right", [False, True])
def test_a_bin_wider_than_the_largest_number_is_uniform_too(right):
    most = 1.7e308
    one = Filled("x", "x", "float64", (-most, most), right)
    made = one.values(np.zeros(1000, dtype=np.int64), (), uniform(5, 1000, 1)[:, 0])
    assert made.between(-most, most).all()
    assert made.abs().median() == pytest.approx(most / 2, rel=0.2)


@pytest.mark.parametrize(
    ("dtype", "edges"),
    [
        ("float32", [0, 1, 1e300]),
        ("float16", [0, 1, 1e5]),
        ("datetime64[ns]", ["1500-01-01", "2026-01-01", "2027-01-01"]),
        ("datetime64[ns]", ["2025-01-01", "2026-01-01", "2500-01-01"]),
    ],
)
def test_bins_beyond_what_a_type_holds_are_refused_and_nothing_is_spent(project, dtype, edges):
    values = [1.0, 2.0] if dtype.startswith("float") else moments()
    with pytest.raises(SyntheticError, match=rf"beyond what {dtype.replace('[', '.').replace(']', '.')} holds"):
        ask(pd.Series(values * 30).astype(dtype), {"cuts": edges}, project)
    assert project.spent.main == 0
    with pytest.raises(SyntheticError, match="beyond what"):
        pk.mock({"x": dtype}, 3, cuts={"x": edges})


def test_a_column_called_simulated_stays_beside_the_mark():
    project = pk.open_project("class", simulate=True, seed=1, epsilon=5, unit=pk.ROW)
    frame = pd.DataFrame({"simulated": ["u", "v"] * 30, "z": ["p", "q"] * 30})
    keys = {"simulated": ["u", "v"], "z": ["p", "q"]}
    made = pk.dp_synthetic(frame, ["simulated", "z"], keys=keys, epsilon=3, rows=9, project=project).frame
    assert set(made["simulated"].dropna()) <= {"u", "v"}
    assert made["simulated_"].all()
