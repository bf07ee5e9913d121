"""The parts of one question that count the same numbers among the same candidates read the rows once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.dp.statistics import ranks

ROWS = pd.DataFrame({"x": np.arange(1_000) % 101, "who": np.arange(1_000) // 4, "g": ["a", "b"] * 500})
LEVELS = [0.1, 0.25, 0.5, 0.9]


@pytest.fixture
def readings(monkeypatch):
    """How often numbers are counted among candidates."""
    seen = []
    counted = ranks.positions

    def counts(*given, **named):
        seen.append(given[1])
        return counted(*given, **named)

    monkeypatch.setattr(ranks, "positions", counts)
    return seen


@pytest.mark.parametrize("bounding", [{"unit": pk.ROW}, {"unit": "who", "max_rows": 2}])
@pytest.mark.parametrize("by", [{}, {"by": "g", "keys": ["a", "b"]}])
@pytest.mark.parametrize("simulate", [False, True])
def test_several_quantiles_read_once(tmp_path, readings, bounding, by, simulate):
    where = {"simulate": True} if simulate else {"store": tmp_path / "ledger.db"}
    pk.open_project("p", epsilon=50, ceiling=50, **where, **bounding)
    found = pk.dp_quantile(ROWS, "x", q=LEVELS, bounds=(0, 100), epsilon=40, **by)
    assert readings == ["x"]
    expected = ROWS.groupby("g" if by else (lambda _: 0))["x"].quantile(LEVELS).unstack()
    numbers = found.value.drop(columns="simulated", errors="ignore").to_numpy(dtype=float)
    assert np.abs(numbers.reshape(expected.shape) - expected.to_numpy()).max() <= 12


def test_another_question_and_another_frame_are_counted_anew(tmp_path, readings):
    pk.open_project("p", epsilon=50, store=tmp_path / "ledger.db", unit=pk.ROW)
    for data in (ROWS, ROWS.assign(x=100 - ROWS.x)):
        pk.dp_quantile(data, "x", q=LEVELS, bounds=(0, 100), epsilon=4)
        pk.dp_median(data, "x", bounds=(0, 100), epsilon=4)
    assert readings == ["x"] * 4
