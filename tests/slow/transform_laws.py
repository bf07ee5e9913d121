"""The laws of tests/transform on more and larger tables: ``python -m pytest tests/slow/transform_laws.py``.

Adult itself: every node of a lattice against plain pandas, local recoding for many criteria read again by brute force.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "transform"))

import transform_brute as brute

from privkit.anonymity.beta_likeness import BetaLikeness
from privkit.anonymity.kanonymity import KAnonymity
from privkit.anonymity.ldiversity import LDiversity
from privkit.anonymity.tcloseness import TCloseness
from privkit.transform.anonymize import anonymize
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.lattice import lattice

DATA = Path(__file__).parents[1] / "data" / "adult"
QI = ["sex", "age", "race", "marital-status", "education"]


@pytest.fixture(scope="module")
def adult():
    return pd.read_csv(DATA / "adult.csv.gz")


@pytest.fixture(scope="module")
def rungs(adult):
    files = {name: DATA / f"{name}.csv" for name in QI}
    return {name: Hierarchy.read_csv(path) for name, path in files.items() if path.exists()}


def test_every_node_is_what_pandas_counts(adult, rungs):
    found = lattice(adult, QI, k=5, suppress=0.05, hierarchies=rungs)
    hierarchies = found.task.hierarchies
    coarse = {
        (name, level): hierarchies[name].apply(adult[name], level).astype(str)
        for name in QI
        for level in range(found.shape[name])
    }
    for node in found.nodes().to_dict("records"):
        table = pd.DataFrame({name: coarse[name, node[name]] for name in QI})
        sizes = table.groupby(QI).size()
        assert node["suppressed"] == sizes[sizes < 5].sum()
        assert node["classes"] == (sizes >= 5).sum()
        assert node["k"] == (sizes[sizes >= 5].min() if (sizes >= 5).any() else 0)


@pytest.mark.parametrize("k", [2, 5, 10, 25, 100])
@pytest.mark.parametrize("utility", ["loss", "gcp", "entropy", "discernibility"])
def test_optimum_is_the_least_of_all_nodes(adult, rungs, k, utility):
    for suppress in (0, 0.01, 0.05, 1):
        out = anonymize(adult, QI, k=k, suppress=suppress, hierarchies=rungs, utility=utility)
        nodes = lattice(adult, QI, k=k, suppress=suppress, hierarchies=rungs, utility=utility).nodes()
        assert out.loss_ == pytest.approx(nodes.loc[nodes["feasible"], "loss"].min(), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("criterion", "ok"),
    [
        (KAnonymity(10), lambda members, table: len(members) >= 10),
        (LDiversity("occupation", 4), lambda members, table: brute.is_distinct(members, "occupation", 4)),
        (LDiversity("occupation", 3, kind="entropy"), lambda m, table: brute.is_entropy(m, "occupation", 3)),
        (
            LDiversity("occupation", 3, kind="recursive", c=4),
            lambda members, table: brute.is_recursive(members, "occupation", 3, 4),
        ),
        (KAnonymity(5) & TCloseness("occupation", 0.4), lambda m, table: brute.is_close(m, table, "occupation", 0.4)),
        (KAnonymity(5) & BetaLikeness("occupation", 2), lambda m, table: brute.is_beta(m, table, "occupation", 2)),
    ],
    ids=repr,
)
@pytest.mark.parametrize("method", ["optimal", "local"])
def test_results_on_a_sample_hold_when_read_again(adult, rungs, criterion, ok, method):
    sample = adult.iloc[np.random.default_rng(0).permutation(len(adult))[:3000]]
    out = anonymize(sample, QI, criterion, suppress=0.05, hierarchies=rungs, method=method)
    table = sample.to_dict("records")
    again = out.frame.astype(object).to_dict("records")
    assert all(ok(members, table) for members in brute.classes(again, QI).values())
