"""A ledger's entries as a frame: built by pages, the same whatever their size, and of the same kinds when empty."""

import pandas as pd
import pytest

import privkit as pk
from privkit.budget import abstract_account as base
from privkit.project import ledger_view as ledger_frame


@pytest.fixture
def spent(tmp_path):
    project = pk.open_project("paged", epsilon=1, delta=1e-6, unit=pk.ROW, store=tmp_path / "ledger.db")
    people = pd.DataFrame({"age": [30, 40]})
    empty = project.ledger.to_frame()
    for number in range(5):
        people.privacy.dp_count(epsilon=float(f"0.1{number}"), again=True)
    return project, empty


def test_a_frame_of_several_pages_is_that_of_one(spent, monkeypatch):
    project, _ = spent
    whole = project.ledger.to_frame()
    assert whole["entry"].tolist() == [1, 2, 3, 4, 5]
    assert whole["epsilon"].tolist() == [0.1, 0.11, 0.12, 0.13, 0.14]
    assert list(whole) == ["entry", "time", "state", "question", "epsilon", "delta", "analyst"]
    monkeypatch.setattr(base, "PAGE", 1)
    monkeypatch.setattr(ledger_frame, "_ROWS", 2)
    pd.testing.assert_frame_equal(project.ledger.to_frame(), whole)
    pd.testing.assert_frame_equal(project.ledger.to_frame(after=1, most=3), whole[1:4].reset_index(drop=True))


def test_an_empty_ledger_gives_columns_of_the_same_kinds(spent):
    project, empty = spent
    found = project.ledger.to_frame()
    assert len(empty) == 0
    assert list(empty) == list(found)
    kinds = [(frame.dtypes.drop("time").map(str).to_dict(), str(frame["time"].dtype.tz)) for frame in (empty, found)]
    assert kinds[0] == kinds[1]


def test_the_columns_of_text_are_those_that_pandas_makes():
    texts = ["committed", "Größe by \N{GREEK SMALL LETTER EPSILON}", ""]
    pd.testing.assert_series_equal(ledger_frame._texts(texts), pd.Series(texts))
    assert ledger_frame._texts([]).dtype == pd.Series(["a"]).dtype
