"""What is handed out has plain row numbers: an index holds ids, or joins two tables of the same rows by its gaps."""

from __future__ import annotations

import inspect

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit import events as ev

KEY = bytes(range(32))
RECIPE = ev.Recipe([ev.keep("zip"), ev.keep("age"), ev.keep("who"), ev.keep("consent")])
#: Each way in which a frame goes out: from the frame and `keep_index=` to frames.
WAYS = {
    "anonymize": lambda d, **how: [pk.anonymize(d, ["zip", "age"], k=2, suppress=0.3, **how).frame],
    "local": lambda d, **how: [pk.anonymize(d, ["zip", "age"], k=2, suppress=0.3, method="local", **how).frame],
    "cells": lambda d, **how: [pk.anonymize(d, ["zip", "age"], k=2, suppress=0.3, method="cells", **how).frame],
    "with_suppressed": lambda d, **how: [pk.anonymize(d, ["zip", "age"], k=2, suppress=0.3, **how).with_suppressed()],
    "node": lambda d, **how: [pk.lattice(d, ["zip"], k=2, suppress=1).apply({"zip": 0}, **how).frame],
    "anonymizer": lambda d, **how: [pk.Anonymizer(["zip"], k=2, suppress=1, **how).fit(d).transform(d).frame],
    "generalize": lambda d, **how: [pk.generalize(d, {"zip": 1}, **how).frame],
    "microaggregate": lambda d, **how: [pk.microaggregate(d, "age", k=2, **how).frame],
    "microaggregate_within": lambda d, **how: [pk.microaggregate(d, "age", within="zip", **how).frame],
    "add_noise": lambda d, **how: [pk.add_noise(d, "age", scale=0.1, seed=1, **how).frame],
    "pram": lambda d, **how: [pk.pram(d, "zip", seed=1, **how).frame],
    "rank_swap": lambda d, **how: [pk.rank_swap(d, "age", window=0.2, seed=1, **how).frame],
    "round_to": lambda d, **how: [pk.round_to(d, "age", base=5, **how).frame],
    "top_bottom": lambda d, **how: [pk.top_bottom(d, "age", upper=21, **how).frame],
    "pseudonymize": lambda d, **how: [d.privacy.pseudonymize("who", key=KEY, **how)],
    "events": lambda d, **how: [d.privacy.events(RECIPE, **how).events],
    "recipe": lambda d, **how: [RECIPE.apply(d, **how).events],
    "erase_subject": lambda d, **how: list(pk.erase_subject([d, d[["zip"]]], "w0", on="who", **how).frames.values()),
    "consented": lambda d, **how: [pk.consented(d, "yes", **how)],
}
INDEXES = ["ids", "gaps", "named", "multi", "category", "doubled"]


#: Methods of the accessor that change a frame, and hand out none by themselves.
NO_FRAME = {"evaluate", "lattice"}


def test_every_method_that_changes_a_frame_stands_here_and_can_keep_the_index():
    changing = {
        name
        for name, one in vars(pk.PrivacyAccessor).items()
        if getattr(one, "home", "").startswith(("privkit.transform", "privkit.events"))
    }
    named = {name for name in pk.__all__ if "keep_index" in getattr(signature_of(name), "parameters", {})}
    assert changing - NO_FRAME <= set(WAYS)
    assert named - {"Anonymizer"} <= set(WAYS)
    for name in changing - NO_FRAME:
        assert "keep_index" in inspect.signature(getattr(pk.PrivacyAccessor, name)).parameters


def signature_of(name):
    return inspect.signature(getattr(pk, name)) if callable(getattr(pk, name)) else None


def index_of(kind: str, n: int) -> pd.Index:
    return {
        "ids": pd.Index([f"secret{i}@example.org" for i in range(n)]),
        "gaps": pd.Index([3 * i + 100 for i in range(n)]),
        "named": pd.RangeIndex(n, name="customer"),
        "multi": pd.MultiIndex.from_arrays([[f"secret{i}" for i in range(n)], range(n)], names=["a", None]),
        "category": pd.CategoricalIndex([f"secret{i % 3}" for i in range(n)]),
        "doubled": pd.Index([7] * n),
    }[kind]


@pytest.mark.parametrize("way", WAYS)
@given(rows=st.lists(st.tuples(st.sampled_from("ab"), st.integers(20, 22)), min_size=4, max_size=12), data=st.data())
@settings(max_examples=15, deadline=None)
def test_rows_have_plain_numbers_unless_their_index_is_asked_for(way, rows, data):
    kind = data.draw(st.sampled_from(INDEXES))
    frame = pd.DataFrame(rows, columns=["zip", "age"], index=index_of(kind, len(rows)))
    frame["who"] = [f"w{i % 3}" for i in range(len(rows))]
    frame["consent"] = ["yes" if i % 2 else "no" for i in range(len(rows))]
    frame.attrs["from"] = "secret"
    plain, kept = WAYS[way](frame), WAYS[way](frame, keep_index=True)
    for without, with_it in zip(plain, kept, strict=True):
        assert without.index.equals(pd.RangeIndex(len(without)))
        assert without.index.names == [None]
        assert with_it.index.isin(frame.index).all()
        assert with_it.index.names == frame.index.names
        pd.testing.assert_frame_equal(with_it.reset_index(drop=True), without, check_like=False)
        assert "secret" not in without.to_csv()
        assert way == "erase_subject" or not without.attrs


def test_anonymize_says_that_labels_were_left_out():
    frame = pd.DataFrame({"zip": ["8001"] * 20}, index=[f"p{i}@example.org" for i in range(20)])
    out = pk.anonymize(frame, ["zip"], k=5)
    assert "labels were left out" in repr(out)
    assert "labels were left out" not in repr(pk.anonymize(frame, ["zip"], k=5, keep_index=True))
    assert "labels were left out" not in repr(pk.anonymize(frame.reset_index(drop=True), ["zip"], k=5))
