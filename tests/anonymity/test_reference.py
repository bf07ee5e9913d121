"""What follows beside the whole table from a criterion beside a part of it, and which table is named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from privkit.anonymity.beta_likeness import BetaLikeness
from privkit.anonymity.criterion import ClassCounts
from privkit.anonymity.delta_disclosure import DeltaDisclosure
from privkit.anonymity.tcloseness import TCloseness
from privkit.errors import ParameterError

TREE = [np.arange(4), np.array([0, 0, 1, 1])]
CRITERIA = [
    TCloseness("ill", 0.1),
    TCloseness("ill", 0.3),
    TCloseness("ill", 0.15, distance="ordered"),
    TCloseness("ill", 0.15, distance={"a": "x", "b": "x", "c": "y", "d": "y"}),
    BetaLikeness("ill", 0.5),
    BetaLikeness("ill", 0.7, kind="enhanced"),
    DeltaDisclosure("ill", 1),
    DeltaDisclosure("ill", 0.3),
    DeltaDisclosure("ill", 1, absent=True),
]


def alone(criterion, counts, table):
    """Return one class beside a table, of the values that the table has."""
    there = np.array(table) > 0
    matrix, totals = np.array([counts])[:, there], np.array(table)[there]
    levels = [codes[there] for codes in TREE]
    trees = {criterion: levels} if isinstance(getattr(criterion, "distance", ""), dict) else {}
    return ClassCounts(matrix.sum(axis=1), {"ill": matrix}, {"ill": totals}, int(totals.sum()), trees)


def holds_beside(criterion, counts, table):
    return bool(criterion.satisfied(alone(criterion, counts, table))[0])


@st.composite
def parts_of_tables(draw):
    """Draw a table, what is left of it, and a class of what is left."""
    table = draw(st.lists(st.integers(0, 8), min_size=4, max_size=4).filter(sum))
    left = [draw(st.integers(0, count)) for count in table]
    inside = [draw(st.integers(0, count)) for count in left]
    return table, left, inside


@pytest.mark.parametrize("criterion", CRITERIA, ids=repr)
@given(parts_of_tables(), st.integers(0, 3))
@example(([0, 0, 6, 4], [0, 0, 6, 3], [0, 0, 1, 0]), 0)  # a cap of 1, and a little less in floats
@settings(max_examples=300)
def test_what_stands_beside_a_part_is_never_ruled_out_beside_the_whole(criterion, drawn, more):
    table, left, inside = drawn
    if not sum(inside) or not holds_beside(criterion, inside, left):
        return
    weaker = criterion.loosened(sum(table) - sum(left) + more, np.array(table))
    if weaker is not None:
        assert weaker.forced(alone(weaker, inside, table)).tolist() == [0]


@pytest.mark.parametrize(
    ("criterion", "table", "left", "inside"),
    [
        (TCloseness("ill", 0.1), [4, 4, 0, 0], [4, 2, 0, 0], [4, 2, 0, 0]),
        (TCloseness("ill", 0.1, distance="ordered"), [6, 6, 0, 0], [6, 3, 0, 0], [2, 1, 0, 0]),
        (BetaLikeness("ill", 0.1), [4, 4, 0, 0], [4, 2, 0, 0], [4, 2, 0, 0]),
        (DeltaDisclosure("ill", 0.1), [8, 8, 0, 0], [8, 1, 0, 0], [8, 1, 0, 0]),
    ],
    ids=["t", "t ordered", "beta", "delta"],
)
def test_the_test_has_power_the_criterion_itself_would_rule_it_out(criterion, table, left, inside):
    assert holds_beside(criterion, inside, left)
    assert criterion.forced(alone(criterion, inside, table)).tolist() > [0]
    weaker = criterion.loosened(sum(table) - sum(left), np.array(table))
    assert weaker.forced(alone(weaker, inside, table)).tolist() == [0]


def test_nothing_follows_where_all_rows_may_leave_or_values_vanish():
    table = np.array([5, 5, 1])
    for criterion in CRITERIA:
        assert criterion.loosened(11, table) is None
    assert TCloseness("ill", 0.1, distance="ordered").loosened(1, table) is None
    assert TCloseness("ill", 0.1).loosened(1, table).t == pytest.approx(0.1 + 1 / 11)


@pytest.mark.parametrize("make", [TCloseness, BetaLikeness, DeltaDisclosure])
def test_the_table_that_classes_are_compared_with_is_named(make):
    assert make("ill", 0.2).moves
    given_whole = make("ill", 0.2, reference="input")
    assert not given_whole.moves
    assert given_whole != make("ill", 0.2)
    assert repr(given_whole) == repr(make("ill", 0.2))[:-1] + ", reference='input')"
    for wrong in ("output", None, 3):
        with pytest.raises(ParameterError, match="'kept' or 'input'"):
            make("ill", 0.2, reference=wrong)
