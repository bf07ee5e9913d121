"""Utility measures against figures worked out by hand (and printed in the papers' terms)."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from privkit.transform.anonymize import anonymize
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.lattice import lattice

ABC = {"x": Hierarchy.from_rows([("a", "A", "*"), ("b", "A", "*"), ("c", "c", "*")])}


def value(utility, values, level, k=1, hierarchies=ABC, suppress=1.0):
    frame = pd.DataFrame({"x": values})
    return lattice(frame, "x", k=k, hierarchies=hierarchies, utility=utility, suppress=suppress).node({"x": level})[
        "loss"
    ]


def test_loss_is_the_normalized_mean_share():
    # Shares 2/3 twice and once, 1/3: mean 0.583333; (mean - 1/3) / (1 - 1/3) = 0.375.
    assert value("loss", ["a", "a", "b", "c"], 1) == pytest.approx(0.375)
    assert value("loss", ["a", "a", "b", "c"], 2) == pytest.approx(1)
    # c alone violates k = 2 and costs 1.
    assert value("loss", ["a", "a", "b", "c"], 1, k=2) == pytest.approx(((3 * 2 / 3 + 1) - 4 / 3) / (4 - 4 / 3))


def test_non_uniform_entropy():
    assert value("entropy", ["a", "a", "b", "c"], 1) == pytest.approx(2.754888, abs=1e-6)
    assert value("entropy", ["a", "a", "b", "c"], 2) == pytest.approx(6)


def test_discernibility_and_class_size_with_one_suppressed():
    values = ["a"] * 3 + ["b"] * 2 + ["c"] * 2 + ["d"]
    rungs = {"x": Hierarchy.star()}
    assert value("discernibility", values, 0, k=2, hierarchies=rungs) == 25
    assert value("class_size", values, 0, k=2, hierarchies=rungs) == 2


def test_certainty_penalty_of_intervals():
    # 21-25, 30-38, 40-55 over 21..55: NCP 4/34, 8/34, 15/34 for 3, 3 and 2 rows.
    rungs = {"x": Hierarchy.intervals(edges=[[21.0, 25.0001, 29.9, 38.0001, 40.0, 55.0001]], lower=21, upper=55)}
    values = [21.0, 23.0, 24.5, 30.0, 33.0, 37.0, 41.0, 54.0]
    # The middle interval is cut at 29.9: 8.1001/34 instead of 8/34.
    assert value("gcp", values, 1, hierarchies=rungs) == pytest.approx(0.242647, abs=2e-3)


def test_precision_is_level_over_height():
    assert value("precision", ["a", "a", "b", "c"], 1) == 0.5
    assert value("precision", ["a", "a", "b", "c"], 1, k=2) == pytest.approx(0.5 * 3 / 4 + 1 / 4)


def test_divergence_spreads_rows_evenly():
    # p = (2/4, 1/4, 1/4); level 1 tells (3/8, 3/8, 1/4).
    want = 0.5 * math.log(0.5 / 0.375) + 0.25 * math.log(0.25 / 0.375)
    assert value("kl", ["a", "a", "b", "c"], 1) == pytest.approx(want)
    assert value("kl", ["a", "a", "b", "c"], 0) == pytest.approx(0)


def test_task_utility_compares_with_the_raw_table():
    pytest.importorskip("sklearn")
    from privkit.transform.task_utility import classifier_accuracy

    frame = pd.DataFrame({"age": list(range(20, 70)) * 8, "sex": ["f", "m"] * 200})
    frame["rich"] = frame["age"] >= 45
    out = anonymize(
        frame, ["age", "sex"], k=5, hierarchies={"age": Hierarchy.intervals(5, 25, lower=20, upper=70)}, suppress=0
    )
    found = classifier_accuracy(frame, out, target="rich", features=["age", "sex"])
    assert found.before > 0.95
    assert 0 <= found.baseline <= found.before
    assert found.after > 0.9
    assert "accuracy" in repr(found)
