"""Labels for NIST's archive: its keys, what the result knows, and no row."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import privkit as pk

#: The keys of labels in the archive (version 1.1), and of SDNist's index.
KEYS = {
    "team", "submission timestamp", "submission number", "target dataset", "algorithm name", "algorithm type",
    "feature set name", "features list", "variant label", "library name", "privacy category", "privacy label detail",
    "epsilon", "delta", "research papers", "deid data id", "quasi identifiers subset", "variant label detail",
}  # fmt: skip
PEOPLE = pd.DataFrame({"AGEP": [1986, 1986, 1991, 1991] * 5, "SEX": [1, 1, 2, 2] * 5, "PUMA": ["CANARY-7f3a"] * 20})
SENT = {"target": "ma2019", "team": "privkit", "today": "2026-11-30"}


def labels(result, **more):
    found = json.loads(pk.sdnist_labels(result, **{**SENT, **more}))
    assert list(found) == ["labels"]
    assert set(found["labels"]) <= KEYS
    assert "CANARY" not in str(found)
    assert "1986" not in str(found)
    return found["labels"]


def test_anonymized_rows_are_labeled_by_their_goal(tmp_path):
    made = pk.anonymize(PEOPLE, ["AGEP", "SEX"], k=5)
    told = labels(made, number=3, path=tmp_path / "a.json")
    assert told["features list"] == "AGEP, SEX, PUMA"
    assert told["feature set name"] == "custom-features-3"
    assert told["quasi identifiers subset"] == "AGEP, SEX"
    assert (told["privacy category"], told["privacy label detail"]) == ("sdc", "KAnonymity(5)")
    assert told["submission timestamp"] == "11/30/2026 00:00:00"
    assert told["submission number"] == 3
    assert "epsilon" not in told
    assert json.loads((tmp_path / "a.json").read_text())["labels"] == told
    assert labels(made, variant="k 5")["variant label"] == "k 5"


def test_synthetic_rows_are_labeled_by_their_price(tmp_path):
    project = pk.open_project("n", epsilon=4, unit=pk.ROW, store=tmp_path / "l.db")
    keys = {"SEX": [1, 2], "PUMA": ["a", "b"]}
    made = pk.dp_synthetic(PEOPLE, ["SEX", "PUMA"], keys=keys, epsilon=3, project=project)
    told = labels(made)
    assert (told["privacy category"], told["epsilon"]) == ("dp", "3.0")
    assert told["features list"] == "SEX, PUMA"
    assert "ε = 3" in told["privacy label detail"]
    with pytest.raises(pk.ParameterError, match="dp_synthetic"):
        pk.sdnist_labels(pk.dp_count(PEOPLE, epsilon=0.5, project=project), **SENT)


def test_what_is_no_table_for_the_archive_is_refused():
    made = pk.anonymize(PEOPLE, ["AGEP", "SEX"], k=5)
    for result, more in (
        (PEOPLE, {}),
        (pk.kanon(PEOPLE, "SEX"), {}),
        (made, {"target": "utah"}),
        (made, {"team": " "}),
        (made, {"number": 0}),
        (made, {"number": True}),
    ):
        with pytest.raises(pk.ParameterError) as caught:
            pk.sdnist_labels(result, **{**SENT, **more})
        assert "CANARY" not in str(caught.value)
