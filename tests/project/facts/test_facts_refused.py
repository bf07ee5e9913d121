"""What is no public fact, contradicts another, or stands in a file that holds none: refused, and nothing is noted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import privkit as pk

PEOPLE = pd.DataFrame(
    {"age": [20.0, 35.0, 50.0, 65.0] * 100, "plan": ["basic", "plus"] * 200, "zip": ["8001", "8002"] * 200}
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("PRIVKIT_ANALYST", "ada")
    return pk.open_project("facts", epsilon=1000, delta=0.01, unit=pk.ROW, store=tmp_path / "ledger.db")


CONTRADICTIONS = [
    {"age": {"bounds": (0, 100), "candidates": [50, 150]}},
    {"age": {"bounds": (0, 100), "keys": [50, 150]}},
    {"age": {"bounds": (0, 100), "keys": ["young"]}},
    {"age": {"bounds": (0, 100), "bins": [200, 300]}},
]


@pytest.mark.parametrize("facts", CONTRADICTIONS)
def test_facts_that_contradict_each_other(project, facts, tmp_path):
    with pytest.raises(pk.FactsError, match="contradict each other") as caught:
        project.public(facts)
    assert caught.value.column == "age"
    assert not any(str(number) in str(caught.value) for number in (50, 150, 200, 300, "young"))
    (kind,) = facts["age"].keys() - {"bounds"}
    project.public({"age": {"bounds": facts["age"]["bounds"]}})
    with pytest.raises(pk.FactsError, match="contradict each other"):  # said one after the other
        project.public({"age": {kind: facts["age"][kind]}})
    assert len(project.public()) == len(project.ledger) == 1
    file = tmp_path / "facts.toml"
    file.write_text("age = {bounds = [0, 90]}")
    with pytest.raises(pk.FactsError, match="the file and the call name other bounds"):
        project.public(file, age=(0, 100))
    with pytest.raises(pk.FactsError, match="twice"):
        project.public({"age": (0, 100)}, age=(0, 100))


BAD = [
    ({"age": [18, 100]}, pk.FactsError, "bounds or the only two keys"),
    ({"age": (100, 18)}, pk.ValueBoundsError, "lower above the upper"),
    ({"age": {"bonds": (18, 100)}}, pk.FactsError, "Close matches: 'bounds'"),
    ({"age": {"reason": "none"}}, pk.FactsError, "a dict without a fact"),
    ({"age": {"bounds": (0, 1), "reason": 3}}, pk.FactsError, "a reason that is no text"),
    ({"age": {"bounds": {"value": [0, 1]}}}, pk.FactsError, "not of values and a reason"),
    ({"age": "18 to 100"}, pk.FactsError, "a str"),
    ({"age": None}, pk.FactsError, "None"),
    ({"age": (float("nan"), 1)}, pk.ValueBoundsError, "not finite"),
    ({"age": (0, 1e300)}, pk.ValueBoundsError, "of 1e150 in size or more"),
    ({"age": PEOPLE["age"]}, pk.NotPublicError, r"age=pk\.public_values"),
    ({"age": [np.float64(1), np.float64(2), np.float64(3)]}, pk.NotPublicError, "float64"),
    ({"plan": ["basic", "basic"]}, pk.KeysError, "doubled"),
    ({"plan": []}, pk.KeysError, "without a value"),
    ({"plan": [object()]}, pk.KeysError, "an object"),
    ({"age": {"bins": [3, 2, 1]}}, pk.ParameterError, "do not ascend"),
    ({"age": {"candidates": [1, 1]}}, pk.ParameterError, "more than once"),
    ({3: [1, 2, 3]}, pk.FactsError, "a name that is no text"),
    (
        {"at": pk.public_values([pd.Timestamp("2026-01-01 00:00:00.000000001")], reason="x")},
        pk.FactsError,
        "microsecond",
    ),
    ({"age": pk.public_values(PEOPLE, reason="x")}, pk.FactsError, "several columns"),
]


@pytest.mark.parametrize(("facts", "error", "told"), BAD)
def test_what_is_no_fact_is_refused_and_nothing_is_noted(project, facts, error, told):
    with pytest.raises(error, match=told) as caught:
        project.public({"fine": ["a", "b", "c"], **facts})
    assert str(caught.value).endswith("No budget was spent.")
    assert len(project.ledger) == 0


def test_persons_are_no_public_fact(tmp_path):
    project = pk.open_project("persons", epsilon=1, unit="who", max_rows=2, store=tmp_path / "ledger.db")
    with pytest.raises(pk.FactsError, match="tells persons apart") as caught:
        project.public(who=["ann", "bob", "cy"])
    assert "ann" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("age = [18, 100]", "bounds or the only two keys"),
        ("[age", "it is no TOML"),
        ("age = 18", "an int"),
        (b"\xff\xfe", "it is no TOML"),
        ("[age]\nkeys = [1979-05-27T07:32:00Z, 07:32:00]", "a time"),
    ],
)
def test_files_that_hold_no_facts(project, tmp_path, text, told):
    file = tmp_path / "facts.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(pk.PrivkitError, match=told):
        project.public(file=file)
    with pytest.raises(pk.FactsError, match=r"cannot read public facts from gone\.toml"):
        project.public(tmp_path / "gone.toml")
    with pytest.raises(pk.FactsError, match="one file"):
        project.public(file, file=file)
    with pytest.raises(pk.ParameterError, match=r"project\.public\(\{'file'"):
        project.public(file=[1, 2, 3])
    assert len(project.ledger) == 0
