"""Policies: everything wrong at once, by lines, and nothing of a value or of a file that is no policy."""

from __future__ import annotations

import tomllib

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import privkit as pk
from privkit.study.policy import lines_of

CANARY = "CANARY-7f3a"
FRAME = pd.DataFrame({"zip": [CANARY, CANARY, "8005"], "age": [30, 30, 41], "ill": ["a", "b", "a"]})


def written(tmp_path, text):
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_all_problems_are_told_at_once_in_the_order_of_their_lines(tmp_path):
    text = """# limits
[goal]
qi = ["zip"]
kk = 5
k = 0

[riks]
threshold = 0.2

[roles]
forbid = ["direct", "boss"]
decided = { age = "king" }

[budget]
epsilon = "much"
"""
    with pytest.raises(pk.PolicyError) as caught:
        pk.gate(FRAME, written(tmp_path, text))
    told = caught.value.problems
    assert [line for line, _ in told] == [4, 5, 7, 11, 12, 14, 15]
    assert "'kk' is no rule of [goal]" in told[0][1]
    assert "'risk'" in told[2][1].partition("Close matches")[2]
    assert "line 12: " in str(caught.value)
    assert "much" not in str(caught.value)


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ({}, "no rule"),
        ({"goal": {}}, "judges nothing"),
        ({"goal": {"qi": ["zip"]}}, "judges nothing"),
        ({"goal": {"k": 5}}, "needs qi"),
        ({"goal": {"qi": [], "k": 5}}, "an empty list"),
        ({"goal": {"qi": "zip", "k": 5, "unit": ""}}, "an empty text"),
        ({"goal": {"qi": [1], "k": 5}}, "list of texts"),
        ({"goal": {"qi": ["zip"], "l": 2}}, "needs sensitive"),
        ({"goal": {"qi": ["zip"], "k": 2, "sensitive": "ill"}}, "needs l or t"),
        ({"goal": {"qi": ["zip"], "k": True}}, "whole number"),
        ({"goal": {"qi": ["zip"], "k": float("nan")}}, "whole number"),
        ({"goal": {"qi": ["zip"], "t": 7, "sensitive": "ill"}}, "between 0 and 1"),
        ({"goal": 5}, "table of rules"),
        ({"risk": {"threshold": 0.2}}, "needs qi"),
        ({"goal": {"qi": ["zip"]}, "risk": {}}, "judges nothing"),
        (
            {"goal": {"qi": ["zip"]}, "risk": {"average": 2}},
            "got average=2, but average must be",
        ),
        ({"goal": {"qi": ["zip"]}, "risk": {"uniques": True}}, "got uniques=a bool, but uniques must"),
        ({"roles": {"decided": {"zip": "other"}}}, "judges nothing"),
        ({"roles": {"forbid": ["direct"], "decided": ["zip"]}}, "column to role"),
        ({"budget": {"project": "p"}}, "judges nothing"),
        ({"budget": {"epsilon": 1}}, "needs project"),
        ({"budget": {"project": "p", "epsilon": -1}}, "epsilon"),
        ({"budget": {"project": "p", "epsilon": 1, "delta": 1}}, "delta"),
        ({"budget": {"project": "p", "epsilon_per_period": 1}}, "needs period"),
        ({"budget": {"project": "p", "period": "quarter", "epsilon": 1}}, "period needs a limit"),
        ({"budget": {"project": "p", "period": "decade", "epsilon_per_period": 1}}, "'quarter'"),
        ({"budget": {"project": "p", "period": 3, "epsilon_per_period": 1}}, "'quarter'"),
        ({"budget": {"project": "p", "period": "year", "delta_per_period": 1}}, "delta_per_period"),
        ({"budget": {"period": "year", "rho_per_period": 1}}, "needs project"),
        ({"retention": {"forbid": ["new column"]}}, "judges nothing"),
        ({"retention": {"inventory": "i.yaml", "forbid": ["old"]}}, "retention passed"),
        ({"retention": {"inventory": "i\0.yaml"}}, "must be a text"),
        ({1: {}, ("a",): 2}, "no table of a policy"),
    ],
)
def test_what_is_no_policy_is_refused(policy, says):
    with pytest.raises(pk.PolicyError) as caught:
        pk.gate(FRAME, policy)
    assert says in str(caught.value)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("text", [f"{CANARY},{CANARY}\n", f'[goal]\nk = "{CANARY}', f"[goal]\nk = {CANARY}\n"])
def test_a_file_that_is_no_toml_is_not_quoted(tmp_path, text):
    with pytest.raises(pk.PolicyError) as caught:
        pk.gate(FRAME, written(tmp_path, text))
    assert CANARY not in str(caught.value)
    assert "no TOML" in str(caught.value)


def test_files_that_cannot_be_read_get_our_words(tmp_path):
    for hostile in (tmp_path / "none.toml", tmp_path, "a\0b", "x" * 5000, "\x1b[2J\udcff.toml"):
        with pytest.raises(pk.FileError) as caught:
            pk.gate(FRAME, hostile)
        assert str(caught.value).isprintable()
    bad = tmp_path / "latin.toml"
    bad.write_bytes(b"[goal]\nqi = ['\xff']\n")
    with pytest.raises(pk.PolicyError, match="UTF-8"):
        pk.gate(FRAME, bad)
    deep = written(tmp_path, "a = " + "[" * 100_000)
    with pytest.raises(pk.PolicyError):
        pk.gate(FRAME, deep)
    with pytest.raises(pk.ParameterError):
        pk.gate(FRAME, 5)


def test_lines_are_those_of_statements_whatever_they_hold():
    text = '''# head
top.k = 1
[goal] # [not this]
qi = [ # k = 3
  "k = 4", # ]
  "zip",
]
note = """
k = 7
[risk]
"""
"k" = 5
[roles.decided]
"a.b" = "other"
'''
    found = lines_of(text)
    assert found["top", "k"] == 2
    assert found["goal",] == 3
    assert found["goal", "qi"] == 4
    assert found["goal", "k"] == 12
    assert found["roles", "decided"] == 13
    assert found["roles", "decided", "a.b"] == 14
    assert ("risk",) not in found


names = st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=4)
values = st.sampled_from(["1", '"a # b"', "[\n1,\n2, # x\n]", '"""\n[a]\nk = 1\n"""', "{ a = 1, b = 2 }", "'''\n\n'''"])


@given(
    st.dictionaries(names, st.dictionaries(names, values, max_size=4), max_size=4), st.sampled_from(["", "\n", "# k\n"])
)
def test_every_key_is_found_where_it_was_written(tables, between):
    text, places = "", {}
    for table, rules in tables.items():
        text += between
        places[(table,)] = text.count("\n") + 1
        text += f"[{table}]\n"
        for key, value in rules.items():
            text += between
            places[table, key] = text.count("\n") + 1
            text += f"{key} = {value}\n"
    tomllib.loads(text)
    found = lines_of(text)
    assert {path: line for path, line in found.items() if path in places} == places
