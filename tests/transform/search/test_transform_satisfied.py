"""Criteria on all classes at once: the figures of the papers, and bounds met exactly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.anonymity.alpha_k import AlphaK
from privkit.anonymity.beta_likeness import BetaLikeness
from privkit.anonymity.criterion import ClassCounts
from privkit.anonymity.delta_disclosure import DeltaDisclosure
from privkit.anonymity.kanonymity import KAnonymity
from privkit.anonymity.ldiversity import LDiversity, entropies
from privkit.anonymity.population import KMap
from privkit.anonymity.reports import check
from privkit.anonymity.tcloseness import TCloseness
from privkit.tally.codes import distinct, grouped
from privkit.transform.anonymize import anonymize


def judged(criterion, counts, table):
    matrix = np.array([counts])
    classes = ClassCounts(matrix.sum(axis=1), {"s": matrix}, {"s": np.array(table)}, sum(table))
    return bool(criterion.satisfied(classes)[0])


def test_counts_3_2_1_have_the_diversity_of_the_definition():
    assert np.exp(entropies(np.array([6]), np.array([[3, 2, 1]])))[0] == pytest.approx(2.749459, abs=1e-6)
    assert judged(LDiversity("s", 3), [3, 2, 1], [3, 2, 1])
    assert not judged(LDiversity("s", 4), [3, 2, 1], [3, 2, 1])
    assert not judged(LDiversity("s", 2, kind="recursive", c=1), [3, 2, 1], [3, 2, 1])  # 3 < 3 fails: strictly
    assert judged(LDiversity("s", 2, kind="recursive", c=1.001), [3, 2, 1], [3, 2, 1])


@pytest.mark.parametrize(("values", "distance"), [([3, 4, 5], 0.375), ([6, 8, 11], 0.166667), ([7, 9, 10], 0.236111)])
def test_ordered_distances_of_the_paper(values, distance):
    table = np.ones(9, dtype=np.int64)  # salaries 3k to 11k
    counts = np.array([[1 if salary in values else 0 for salary in range(3, 12)]])
    found = TCloseness("s", 1, distance="ordered").distances(counts.sum(axis=1), counts, table, None)
    assert found[0] == pytest.approx(distance, abs=1e-6)


def test_equal_and_hierarchical_distances():
    assert judged(TCloseness("s", 0.25), [2, 2, 0], [2, 1, 1])
    assert not judged(TCloseness("s", 0.249), [2, 2, 0], [2, 1, 1])
    tree = TCloseness("s", 1, distance={"a": "x", "b": "x", "c": "y", "d": "y"})
    levels = [np.arange(4), np.array([0, 0, 1, 1])]
    assert tree.distances(np.array([4]), np.array([[4, 0, 0, 0]]), np.ones(4, dtype=np.int64), levels)[0] == 0.625


def test_two_hierarchies_over_one_column_are_held_apart():
    """Levels were once kept by column, so that the last criterion's tree judged both, and the table was generalized."""
    near, far = {"a": "x", "b": "x", "c": "y"}, {"a": "x", "b": "y", "c": "x"}  # distances 1/12 and 1/6
    frame = pd.DataFrame({"zip": ["1"] * 6 + ["2"] * 6, "s": list("aaabcc" + "abbbcc")})
    criteria = TCloseness("s", 0.1, distance=near) & TCloseness("s", 0.2, distance=far)
    assert check(frame, "zip", criteria).satisfied
    out = anonymize(frame, "zip", criteria, hierarchies={"zip": {"1": "*", "2": "*"}})
    assert out.frame["zip"].tolist() == frame["zip"].tolist()
    assert not check(frame, "zip", TCloseness("s", 0.1, distance=far)).satisfied


@pytest.mark.parametrize("n", [1, 3, 7, 10, 99])
def test_a_bound_that_is_met_exactly_is_met(n):
    # Floats of these thirds and tenths do not add up; the answer must not depend on it.
    assert judged(TCloseness("s", 0.1), [6 * n, 4 * n], [5 * n, 5 * n])
    assert judged(AlphaK("s", 0.7, 1), [7 * n, 3 * n], [1, 1])
    assert judged(LDiversity("s", 3, kind="entropy"), [n, n, n], [n, n, n])
    assert judged(BetaLikeness("s", 0.2), [6 * n, 4 * n], [5 * n, 5 * n])
    assert not judged(DeltaDisclosure("s", 1), [2 * n, 2 * n], [n, 3 * n])  # |log2(.5/.25)| = 1, strictly
    assert not judged(LDiversity("s", 2, kind="recursive", c=0.7), [7 * n, 10 * n], [1, 1])
    assert not judged(LDiversity("s", 2, kind="recursive", c=0.1), [10 * n, n], [1, 1])


@given(
    st.lists(st.integers(0, 6), min_size=3, max_size=3).filter(sum),
    st.lists(st.integers(1, 6), min_size=3, max_size=3),
    st.fractions(0, 1, max_denominator=20),
)
@settings(max_examples=100)
def test_distances_are_decided_as_fractions_decide(counts, others, t):
    table = [count + other for count, other in zip(counts, others, strict=True)]
    exact = sum(abs(Fraction(c, sum(counts)) - Fraction(q, sum(table))) for c, q in zip(counts, table, strict=True)) / 2
    assert judged(TCloseness("s", t), counts, table) == (exact <= t)


def test_the_part_that_is_plain_k_anonymity_is_found():
    assert (KAnonymity(3) & LDiversity("s", 4) & AlphaK("s", 0.5, 2)).least_size(100) == 4
    assert LDiversity("s", 2.5, kind="entropy").least_size(100) == 3
    assert KMap(5, population=317_238_626, significance=0.01).least_size(30_162) == 2


def test_absent_values_break_disclosure_to_the_letter_only():
    assert judged(DeltaDisclosure("s", 1), [3, 3, 0], [3, 3, 1])
    assert not judged(DeltaDisclosure("s", 1, absent=True), [3, 3, 0], [3, 3, 1])


@given(st.lists(st.tuples(st.integers(0, 2**61), st.integers(0, 9)), max_size=30), st.integers(0, 60))
@settings(max_examples=60)
def test_grouping_sums_by_key_also_where_keys_are_wide(pairs, shift):
    keys = np.array([key >> shift for key, _ in pairs], dtype=np.int64)
    counts = np.array([count for _, count in pairs], dtype=np.int64)
    found, sums = grouped(keys.copy(), counts)
    expected = {}
    for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
        expected[key] = expected.get(key, 0) + count
    assert dict(zip(found.tolist(), sums.tolist(), strict=True)) == expected
    assert found.tolist() == sorted(expected)
    values, place = distinct(keys)
    assert (values[place] == keys).all()
    assert values.tolist() == sorted(expected)
