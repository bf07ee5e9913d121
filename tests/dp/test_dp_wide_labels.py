"""Groups by whole numbers of 64 bits keep their labels apart, beside a missing value and beside fractions."""

import pandas as pd
import pytest

import privkit as pk

IDS = [2**53, 2**53 + 1, 2**63 - 2, 2**63 - 1]


@pytest.fixture
def frame(ledger_path):
    pk.open_project("labels", epsilon=1e6, delta=0.1, unit=pk.ROW, store=ledger_path, ceiling=1e6)
    ids = pd.array([*IDS, None] * 30, dtype="Int64")
    return pd.DataFrame({"id": ids, "k": ["a", "b"] * 75, "x": [1.0] * 150})


def test_labels_are_the_keys_that_were_named(frame):
    found = frame.privacy.dp_count("id", keys=[*IDS, None], epsilon=100)
    assert found.value.index.tolist() == [*IDS, None]
    assert found.to_frame().index.tolist() == [*IDS, None]
    assert found.value.tolist() == [30] * 5
    # What is computed with it finds each group again.
    share = found / frame.privacy.dp_count(epsilon=100)
    assert share.value.index.tolist() == [*IDS, None]
    assert share.value.round(3).tolist() == [0.2] * 5


def test_labels_of_groups_that_show_up_are_those_of_the_rows(frame):
    for found in (
        frame.privacy.dp_count("id", epsilon=100, delta=1e-6),
        frame.privacy.dp_sum("x", "id", bounds=(0, 1), epsilon=100, delta=1e-6),
    ):
        assert sorted(value for value in found.value.index if value is not None) == IDS


def test_labels_of_several_columns_are_exact(frame):
    found = frame.privacy.dp_count(["id", "k"], keys={"id": [*IDS, None], "k": ["a", "b"]}, epsilon=100)
    assert found.value.index.tolist() == [(value, letter) for value in (*IDS, None) for letter in "ab"]
    crossed = frame.privacy.dp_crosstab("k", "id", keys={"id": [*IDS, None], "k": ["a", "b"]}, epsilon=100)
    assert [value for _, value in crossed.value.index.tolist()] == [*IDS, None] * 2


def test_small_numbers_beside_a_missing_value_have_the_index_that_they_had(frame):
    assert str(frame.privacy.dp_count("id", keys=[1, None], epsilon=1).value.index.dtype) == "float64"
