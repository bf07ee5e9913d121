from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from privkit.errors import ColumnNotFoundError, FrameError, ParameterError
from privkit.errors.risk import LinkError
from privkit.inventory.subject import consented

PEOPLE = pd.DataFrame(
    {
        "id": [1, 2, 3, 4, 5],
        "consent": ["research; marketing", "marketing", None, " research ", "research-marketing"],
        "agreed": pd.array([True, False, None, True, False], dtype="boolean"),
    },
    index=list("aabcd"),
)


def test_purposes_match_whole_and_missing_is_no_consent():
    assert consented(PEOPLE, "research")["id"].tolist() == [1, 4]
    assert consented(PEOPLE, "marketing", keep_index=True).index.tolist() == ["a", "a"]
    assert len(consented(PEOPLE, "search")) == 0
    assert len(PEOPLE) == 5


def test_columns_of_truth_and_of_lists():
    assert consented(PEOPLE, "research", column="agreed")["id"].tolist() == [1, 4]
    lists = pd.DataFrame({"consent": [["a", "b"], [], None, ("b",), np.array(["a"]), {"a"}, True, 3]})
    assert consented(lists, "a", keep_index=True).index.tolist() == [0, 4, 5, 6]


def test_a_table_of_consents_with_dates():
    consents = pd.DataFrame(
        {
            "id": [1, 2, 3, 4, 5, None],
            "purpose": ["research"] * 4 + ["marketing", "research"],
            "given": ["2026-01-01", "2026-01-01", "2027-01-01", "2026-01-01", "2026-01-01", "2026-01-01"],
            "withdrawn": [None, "2026-06-01", None, None, None, None],
            "until": [None, None, None, "2026-06-30", None, None],
        }
    )

    def kept(today):
        return consented(PEOPLE, "research", consents=consents, on="id", today=today)["id"].tolist()

    assert kept("2025-12-31") == []
    assert kept("2026-05-31") == [1, 2, 4]
    assert kept("2026-06-01") == [1, 4]
    assert kept("2026-06-30") == [1, 4]
    assert kept("2026-07-01") == [1]
    assert kept("2027-01-01") == [1, 3]


def test_a_consent_without_a_date_of_giving_is_none():
    consents = pd.DataFrame({"id": [1, 2], "purpose": ["x", "x"], "given": ["2026-01-01", None]})
    assert consented(PEOPLE, "x", consents=consents, on="id", today="2026-02-01")["id"].tolist() == [1]


def test_polars_stays_polars():
    polars = pytest.importorskip("polars")
    frame = polars.from_pandas(PEOPLE)
    kept = consented(frame, "research")
    assert isinstance(kept, polars.DataFrame)
    assert kept["id"].to_list() == [1, 4]
    with pytest.raises(FrameError, match="collect it first"):
        consented(frame.lazy(), "research")


def test_bad_input_is_refused():
    with pytest.raises(ColumnNotFoundError, match="column="):
        consented(PEOPLE, "research", column="consents")
    for purpose in ("", "  ", None, ["research"]):
        with pytest.raises(ParameterError, match="purpose"):
            consented(PEOPLE, purpose)
    with pytest.raises(ParameterError, match="belong together"):
        consented(PEOPLE, "research", on="id")
    with pytest.raises(ColumnNotFoundError, match="consents"):
        consented(PEOPLE, "research", consents=pd.DataFrame({"id": [1]}), on="id")
    with pytest.raises(LinkError):
        consented(PEOPLE, "r", consents=pd.DataFrame({"id": ["1"], "purpose": ["r"]}), on="id")
    with pytest.raises(FrameError, match="dates") as error:
        consented(PEOPLE, "r", consents=pd.DataFrame({"id": [1], "purpose": ["r"], "until": ["secretvalue"]}), on="id")
    assert "secret" not in str(error.value)
