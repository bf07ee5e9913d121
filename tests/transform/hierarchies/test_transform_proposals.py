"""What a column looks like, and the ladder that is proposed for it: by its type, said to be in doubt where it is."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.transform.anonymize import anonymize
from privkit.transform.generalize import generalize
from privkit.transform.hierarchies.hierarchy import Hierarchy


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pd.Series(range(40)), "Intervals"),
        (pd.Series([1.5, None] * 20 + list(np.linspace(0, 9, 30))), "Intervals"),
        (pd.Series(["8004", "8051"]), "Redact"),
        (pd.Series([str(age) for age in range(5, 40)]), "Function"),
        (pd.Series(pd.to_datetime(["2026-01-01"])), "Dates"),
        (pd.Series(["blue", "green"]), "Function"),
        (pd.Series([True, False]), "Function"),
        (pd.Series([None, None], dtype=object), "Function"),
        (pd.Series([], dtype="float64"), "Function"),
    ],
)
def test_proposals_come_from_the_type_and_say_so(column, kind):
    proposed = Hierarchy.propose(column.rename("it"))
    assert type(proposed.source).__name__ == kind
    assert proposed.note.startswith("Proposed from the type of it: ")


@pytest.mark.parametrize(
    ("codes", "level", "labels"),
    [
        (["1067", "10115"], 2, ["10**", "101**"]),  # as numbers they would be the same
        (["02134", "02134-1000"], 5, ["*****", "02134*****"]),
        (["SW1A 1AA", "M1 1AE"], 3, ["SW1A ***", "M1 ***"]),
        (["PL-00-950", None], 4, ["PL-00****"]),
    ],
)
def test_postal_codes_of_any_length_are_hidden_by_characters_where_the_name_says_so(codes, level, labels):
    for name in ("zip", "PLZ", "postcode", "Postal Code"):
        column = pd.Series(codes, name=name)
        proposed = Hierarchy.propose(column)
        assert "postal codes, by its name" in proposed.note
        assert proposed.apply(column, level).dropna().tolist() == labels
    unnamed = Hierarchy.propose(pd.Series(codes, name="it"))
    assert type(unnamed.source).__name__ == "Function"
    prose = pd.Series(["8004", "near the lake, I think"], name="zip")
    assert type(Hierarchy.propose(prose).source).__name__ == "Function"


@pytest.mark.parametrize("texts", [[str(age) for age in range(5, 40)], [f"{n / 4}" for n in range(40)]])
def test_numbers_as_texts_are_said_to_be_in_doubt(texts):
    column = pd.Series(texts, name="age")
    proposed = Hierarchy.propose(column)
    assert proposed.doubt == "holds numbers as texts: converted to numbers it would have intervals"
    assert type(Hierarchy.propose(pd.to_numeric(column)).source).__name__ == "Intervals"
    told = repr(anonymize(column.to_frame(), "age", k=2))
    assert f"'age' {proposed.doubt}." in told
    assert Hierarchy.propose(column.head(9)).doubt == ""  # few values are categories, as numbers are


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%m/%d/%Y", "%d-%m-%y", "%Y/%m/%d", "%d.%m.%Y %H:%M", "%Y-%m-%d"])
@given(days=st.lists(st.dates(min_value=dt.date(1000, 1, 1)), min_size=1, max_size=5))
@settings(max_examples=20)
def test_what_looks_like_dates_is_read_as_such_or_said_to_be_in_doubt(form, days):
    column = pd.Series([day.strftime(form) for day in days], name="when")
    proposed = Hierarchy.propose(column)
    read = type(proposed.source).__name__ == "Dates"
    assert read == (form == "%Y-%m-%d")
    assert read != proposed.doubt.startswith(
        "looks like dates, but not as ISO 8601 writes them: pk.Hierarchy.dates(for"
    )
    assert proposed.doubt in proposed.note
    told = repr(generalize(column.to_frame(), {"when": 1}))
    assert read != (f"'when' {proposed.doubt}." in told)
    assert Hierarchy.propose(column.astype("category")).doubt in ("", proposed.doubt)


@pytest.mark.parametrize("absent", ["NA", "n/a", ".", "NULL", "#N/A"])
@pytest.mark.parametrize(
    ("texts", "kind"),
    [([str(age) for age in range(20, 60)], "Intervals"), (["-1.5", "3", "1e3"], "Function"),
     (["2020-01-31", "2020-02-28"], "Dates")],
)  # fmt: skip
def test_a_word_for_missing_does_not_hide_what_a_column_holds(texts, kind, absent):
    doubted = Hierarchy.propose(pd.Series([*texts, absent], name="it"))
    what = "dates" if kind == "Dates" else "numbers"
    assert doubted.doubt == (
        f"has `{absent}` among its {what}: with missing values in place of it they are read as {what}"
    )
    plain = pd.Series([*texts, None], name="it")
    plain = plain if what == "dates" else pd.to_numeric(plain)
    assert type(Hierarchy.propose(plain).source).__name__ == kind


@pytest.mark.parametrize(
    "texts",
    [["a", "b"], ["NA"], ["red", "NA"], ["007", "NA"], ["8004", "8051"], ["2020-01-31"], ["1.2", "x", "NA"], []],
)
def test_what_looks_like_nothing_else_is_in_no_doubt(texts):
    assert Hierarchy.propose(pd.Series(texts, name="it", dtype=object)).doubt == ""


@given(
    column=st.lists(st.one_of(st.none(), st.sampled_from("abcdefgh"), st.just("OTHER")), min_size=1, max_size=30),
    below=st.integers(1, 6),
)
@settings(max_examples=300)
def test_no_group_of_rare_values_is_itself_rare(column, below):
    frame = pd.Series(column, dtype=object, name="side")
    labels = Hierarchy.rare(below=below).apply(frame, 1)
    groups = labels.value_counts(dropna=False)
    groups = groups[groups > 0]
    assert len(groups) == 1 or groups.min() >= below
    counts = frame.value_counts(dropna=False)
    kept = {value for value in counts.index if isinstance(value, str) and value != "OTHER" and value in set(labels)}
    rare = int(sum(count for count in counts if count < below))
    assert all(counts[value] >= below for value in kept)
    if 0 < rare < below and "OTHER" not in counts:  # no more common values join than are needed
        gone = {value for value in counts.index if counts[value] >= below and isinstance(value, str)} - kept
        joined = [counts[value] for value in gone]
        if None in column and column.count(None) >= below and not labels.isna().any():
            joined.append(column.count(None))
        assert rare + sum(joined) - max(joined, default=0) < below
    if rare == 0 or rare >= below:
        assert {value for value in counts.index if counts[value] >= below and isinstance(value, str)} - {
            "OTHER"
        } == kept


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pd.Series([Decimal(i) / 4 for i in range(40)]), "Intervals"),
        (pd.Series([1, 2.5, *range(40)], dtype=object), "Intervals"),
        (pd.Series([8004, 8051, 1067], name="zip"), "Redact"),
        (pd.Series([8004.0, 8051.0, None], name="home_postcode"), "Redact"),
        (pd.Series([8004.5, 8051.0], name="zip"), "Function"),
        (pd.Series(range(40), name="zip_count"), "Intervals"),
        (pd.Series(["1067", "01067"], name="plz"), "Function"),
        (pd.Series([1 + 2j] * 20), "Function"),
        (pd.Series(list("ab"), dtype="category"), "Function"),
        (pd.Series([dt.time(1), dt.time(2)]), "Function"),
    ],
    ids=[
        "decimals",
        "objects",
        "zips",
        "zips with a gap",
        "no zips",
        "counts",
        "ragged",
        "complex",
        "category",
        "times",
    ],
)
def test_columns_as_databases_give_them_get_their_ladders(column, kind):
    column = column.rename(column.name or "it")
    rule = Hierarchy.propose(column)
    assert type(rule.source).__name__ == kind
    assert rule.apply(column, -1).dropna().unique().tolist() == ["*"]


def test_nested_values_among_objects_have_nothing_in_common_but_the_top():
    lists = pd.Series([[1], [2]], name="lists")
    assert Hierarchy.propose(lists).apply(lists, -1).tolist() == ["*", "*"]
