from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.anonymity.kanonymity import KAnonymity
from privkit.anonymity.ldiversity import LDiversity
from privkit.examples import example
from privkit.inventory.audit import audit
from privkit.inventory.leaving import leaving
from privkit.transform.anonymize import anonymize
from privkit.transform.generalize import generalize


def named(rows: int = 300) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": ["Anna Smith", "Ben Jones", "Eva Brown"] * (rows // 3),
            "ssn": [f"{n // 3:03d}-12-{n // 3:04d}" for n in range(rows)],
            "age": [20 + n % 10 for n in range(rows)],
            "city": ["Rome", "Bern"] * (rows // 2),
            "diagnosis": ["a", "b", "c"] * (rows // 3),
            "visits": [n % 4 for n in range(rows)],
        }
    )


def test_every_column_beside_the_goal_is_named_in_the_result():
    for out in (anonymize(named(), "age", k=5), generalize(named(), {"age": 1})):
        found = out.leaving_
        assert (found.direct, found.quasi, found.sensitive, found.other) == (
            ("name", "ssn"), ("city",), ("diagnosis",), ("visits",)
        )  # fmt: skip
        lines = repr(out).splitlines()
        assert "But 'name', 'ssn' leave unchanged and tell persons apart" in lines[0]
        assert (
            "Unchanged, and outside the goal: quasi-identifiers 'city'; sensitive 'diagnosis'; other 'visits'." in lines
        )
        assert "&#x27;ssn&#x27;" in out._repr_html_() or "'ssn'" in out._repr_html_()


def test_columns_of_the_goal_are_looked_after_and_its_unit_is_a_direct_identifier():
    people = named().assign(who=range(300))
    out = anonymize(people, ["age", "city"], KAnonymity(5, unit="who") & LDiversity("diagnosis", 2))
    assert out.leaving_.direct == ("name", "ssn", "who")
    assert "diagnosis" not in out.leaving_.columns
    assert out.identifying_ == out.leaving_.direct


def test_nothing_is_said_where_nothing_leaves():
    out = anonymize(named()[["age", "city"]], ["age", "city"], k=5)
    assert out.leaving_.columns == ()
    assert "But" not in repr(out)
    assert "outside the goal" not in repr(out)


def test_an_index_that_tells_leaves_as_well():
    told = named()[["ssn", "age"]].set_index("ssn")
    assert "But the index leaves" in repr(generalize(told, {"age": 1}, keep_index=True))
    assert not generalize(told, {"age": 1}).leaving_.index
    assert not generalize(named()[["age"]], {"age": 1}).leaving_.index


def test_what_is_unique_is_judged_by_all_rows():
    rows = 50_000
    codes = np.random.default_rng(5).permutation(rows)
    frame = pd.DataFrame(
        {"x1": [f"Q{n % (rows // 2):05d}" for n in codes], "x2": [f"Q{n:05d}" for n in codes], "age": 1}
    )
    assert leaving(frame, ["age"]).direct == ("x2",)


@pytest.mark.parametrize("name", ["adult", "insights", "cdr"])
def test_the_judgement_is_that_of_the_audit(name):
    frame = example(name).head(900)
    found, whole = leaving(frame, []), audit(frame)
    assert (list(found.direct), list(found.quasi), list(found.sensitive)) == (whole.direct, whole.qi, whole.sensitive)


@given(st.lists(st.sampled_from(["name", "ssn", "age", "city", "diagnosis", "visits"]), unique=True), st.data())
@settings(max_examples=40)
def test_each_column_is_used_or_leaves_in_the_role_of_the_audit(columns, data):
    used = data.draw(st.lists(st.sampled_from(columns), unique=True)) if columns else []
    frame = named(30)[columns]
    found, whole = leaving(frame, used), audit(frame)
    assert sorted([*found.columns, *used]) == sorted(columns)
    for role, ours in (("direct", found.direct), ("quasi", found.quasi)):
        theirs = [name for name in whole.by_role(role) if name not in used]
        if not used:
            assert list(ours) == theirs


def test_other_engines_are_judged_by_values_where_they_lie_here_and_else_by_names():
    polars = pytest.importorskip("polars")
    eager = leaving(polars.from_pandas(named()), ["age"])
    lazy = leaving(polars.from_pandas(named()).lazy(), ["age"])
    assert eager.looked
    assert not lazy.looked
    assert eager.direct == lazy.direct == ("name", "ssn")
