"""The aims of models on Adult: accuracy and AUC on rows left out, for rows and for persons of three rows each.

Run as ``python -m pytest -s tests/slow/models_on_adult.py``; the peers are
in `tests/benchmarks/bench_models.py`.
"""

import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import privkit as pk

bench_models = pytest.importorskip("bench_models")

#: Of each ε the least accuracy and AUC: an aim, not what was seen, which is above it.
AIMS = {1: (0.82, 0.86), 0.3: (0.805, 0.84)}


@pytest.mark.parametrize("epsilon", AIMS)
@pytest.mark.parametrize("unit", ["rows", "persons"])
def test_logistic_regression_reaches_its_aims(tmp_path, unit, epsilon):
    (train, other), keys = bench_models.adult()
    frame, y = train.drop(columns="income"), train["income"]
    terms = {"unit": pk.ROW}
    if unit == "persons":
        frame = pd.concat([frame.assign(who=range(len(frame)))] * 3, ignore_index=True)
        y, terms = pd.concat([y] * 3, ignore_index=True), {"unit": "who", "max_rows": 3}
    project = pk.open_project("adult", epsilon=100, delta=1e-3, store=tmp_path / "l.db", **terms)
    price = {"epsilon": epsilon, "delta": 1e-6}
    found = bench_models.ours(pk.models.DPLogisticRegression, frame, y, other, keys, project, **price)
    print(unit, epsilon, found)
    assert (found >= AIMS[epsilon]).all()
