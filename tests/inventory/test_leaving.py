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
from privkit.inventory.column_roles import leaving
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


def days(rows: int = 600, seed: int = 4) -> pd.DataFrame:
    """Return people with a day in one of six years, the year, its town beside a postal code, and what tells nothing."""
    random = np.random.default_rng(seed)
    day = pd.Series(pd.Timestamp("2004-01-01") + pd.to_timedelta(random.integers(0, 300, rows) * 7, unit="D"))
    code = random.integers(0, 12, rows)
    return pd.DataFrame(
        {
            "day": day.dt.strftime("%Y-%m-%d"),
            "zip": [f"80{n:02d}" for n in code],
            "year": day.dt.year,
            "town": [f"town {n // 3}" for n in code],
            "paid": random.integers(0, 50, rows),
            "flag": random.integers(0, 2, rows),
            "one": 1,
        }
    )


@pytest.mark.parametrize("method", ["optimal", "local", "cells"])
@pytest.mark.parametrize("engine", ["pandas", "polars"])
def test_a_left_column_that_tells_a_generalized_one_again_is_named_in_the_first_line(method, engine):
    people = days()
    data = people if engine == "pandas" else pytest.importorskip("polars").from_pandas(people)
    out = anonymize(data, ["day", "zip"], k=8, method=method, levels={"day": (6, 6)} if method == "optimal" else None)
    assert out.twins_["year"] == ("day",)
    assert set(out.twins_) <= {"year", "town"}
    frame = out.frame if engine == "pandas" else out.frame.to_pandas()
    known = frame.groupby(["day", "zip", *out.twins_], observed=True).size().min()
    assert out.k_with_twins_ == known < 8
    line = repr(out).splitlines()[0]
    assert "'year' tells 'day' again" in line
    assert f"k is {known}" in line


def test_what_determines_a_generalized_column_tells_it_again_and_what_its_label_tells_does_not():
    people = days().drop(columns=["day", "year"])
    town = generalize(people, {"zip": 1})  # 800*, 801*
    assert town.levels_ == {"zip": 1}
    hidden = anonymize(people, ["town", "flag"], k=5, levels={"town": (1, 1)})
    assert hidden.twins_ == {"zip": ("town",)}
    assert anonymize(people, ["town", "flag"], k=5, levels={"town": 0}).twins_ == {}
    by_year = days()[["day", "year"]]
    assert anonymize(by_year, "day", k=5, levels={"day": "year"}).twins_ == {}


@pytest.mark.parametrize("seed", range(5))
def test_columns_that_know_nothing_of_each_other_are_no_twins_however_unique_or_sorted(seed):
    random = np.random.default_rng(seed)
    people = pd.DataFrame({"age": np.sort(random.integers(0, 90, 400)), "unique": np.sort(random.normal(size=400))})
    people = people.assign(
        sex=random.choice(["f", "m"], 400), rare=[1] * 3 + [0] * 397, some=[None] * 396 + list("abcd")
    )
    people = people.iloc[np.argsort(people["sex"])]
    assert anonymize(people, ["age"], k=20, levels={"age": (1, None)}).twins_ == {}


def test_a_plan_of_an_engine_says_that_twins_were_not_looked_for():
    out = anonymize(pytest.importorskip("polars").from_pandas(days()).lazy(), ["day", "zip"], k=8)
    assert out.twins_ == {}
    assert "nor were columns that tell a generalized one again" in repr(out)
