"""Hierarchies: builders, look-ups that are total or fail, dates in every form, levels in words, drawings."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.errors import ParameterError
from privkit.errors.anonymity import HierarchyError
from privkit.transform.anonymize import anonymize
from privkit.transform.generalize import generalize
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.hierarchies.rules import _period_labels
from privkit.transform.lattice import lattice


@pytest.mark.parametrize("column", [[39, 40], [39.0, 40.0], ["39", "40"]])
def test_values_are_found_by_their_text(column):
    ages = Hierarchy.from_mapping({"39": "30s", 40: "40s"})
    assert ages.apply(pd.Series(column), 1).tolist() == ["30s", "40s"]


def test_intervals_are_fixed_and_ordered():
    ages = Hierarchy.intervals(5, 10, lower=0, upper=100)
    column = pd.Series([0, 4, 5, 99, 100, -1, 17])
    coded = ages.apply(column, 1)
    assert coded.tolist() == ["0-4", "0-4", "5-9", "95-99", ">= 100", "< 0", "15-19"]
    assert list(coded.cat.categories) == ["< 0", "0-4", "5-9", "15-19", "95-99", ">= 100"]
    assert coded.cat.ordered
    assert ages.apply(column, 3).unique().tolist() == ["*"]


def test_intervals_do_not_depend_on_the_data():
    one, two = pd.Series([12, 33]), pd.Series([12, 33, 58, 91])
    assert Hierarchy.intervals(10).apply(one, 1).tolist() == Hierarchy.intervals(10).apply(two, 1).tolist()[:2]


def test_intervals_by_edges_and_for_fractions():
    bands = Hierarchy.intervals(edges=[[0, 18, 65, 120], [0, 65, 120]])
    assert bands.apply(pd.Series([17, 18, 64, 70]), 1).tolist() == ["0-17", "18-64", "18-64", "65-119"]
    assert Hierarchy.intervals(0.5).apply(pd.Series([0.2, 1.49]), 1).tolist() == ["[0, 0.5)", "[1, 1.5)"]


def test_integer_intervals_lose_as_much_as_a_table_of_all_integers():
    column = pd.Series(range(1, 101), name="age")
    rule = Hierarchy.intervals(5, lower=1, upper=101).lay(pd.Index(column), "age")
    table = Hierarchy.from_mapping({n: f"{(n - 1) // 5}" for n in column}).lay(pd.Index(column), "age")
    assert rule.base == table.base
    assert np.allclose(rule.levels[1].shares, table.levels[1].shares)


@pytest.mark.parametrize("widths", [(), (0,), (-1,), (float("nan"),), ("a",)])
def test_intervals_refuse_what_is_no_width(widths):
    with pytest.raises(ParameterError, match="positive numbers"):
        Hierarchy.intervals(*widths)


def test_redaction_from_either_side():
    codes = pd.Series(["123", "145"])
    assert Hierarchy.redact().apply(codes, 2).tolist() == ["1**", "1**"]
    assert Hierarchy.redact(side="left").apply(codes, 1).tolist() == ["*23", "*45"]


def test_dates_by_period():
    days = pd.Series(pd.to_datetime(["2026-01-01", "2026-03-31", "2019-12-30"]))
    dates = Hierarchy.dates("day", "week", "month", "quarter", "year", "decade")
    assert dates.apply(days, "week").tolist() == ["2026-W01", "2026-W14", "2020-W01"]
    assert dates.apply(days, "quarter").tolist() == ["2026-Q1", "2026-Q1", "2019-Q4"]
    assert dates.apply(days, "decade").tolist() == ["2020s", "2020s", "2010s"]


def test_weeks_nest_in_no_month():
    days = pd.Index(pd.to_datetime(["2026-01-31", "2026-02-01", "2026-02-02"]))
    ladder = Hierarchy.dates("day", "week", "month").lay(days, "day")
    assert not ladder.nested[2, 3]
    assert ladder.nested[1, 2]
    assert ladder.nested[1, 3]


def test_rare_values_become_one():
    column = pd.Series(["a"] * 3 + ["b", "c"], name="job")
    assert Hierarchy.rare("OTHER", below=2).apply(column, 1).tolist() == ["a"] * 3 + ["OTHER"] * 2


def test_ordered_groups_trees_places_and_cells():
    assert Hierarchy.ordered(list("abcd"), 2).apply(pd.Series(list("adb")), 1).tolist() == ["a..b", "c..d", "a..b"]
    tree = Hierarchy.from_tree({"work": {"paid": ["private"], "unpaid": ["family"]}, "none": ["student"]})
    assert tree.apply(pd.Series(["student", "private"]), 2).tolist() == ["none", "work"]
    assert Hierarchy.location(0.5).apply(pd.Series([47.37, -0.2]), 1).tolist() == ["47.0 to 47.5", "-0.5 to 0.0"]
    towers = Hierarchy.cells({"t1": (47.37, 8.54), "t2": (47.39, 8.51)}, 0.1)
    assert towers.apply(pd.Series(["t1", "t2"]), 1).nunique() == 1


def test_a_missing_value_stays_one_below_the_top():
    jobs = Hierarchy.from_mapping({"a": "x", "b": "x"})
    column = pd.Series(["a", None, "b"])
    assert jobs.apply(column, 1).isna().tolist() == [False, True, False]
    assert jobs.apply(column, 2).tolist() == ["*"] * 3


def test_unmapped_values_are_counted_and_never_shown():
    jobs = Hierarchy.from_mapping({"a": "x"})
    column = pd.Series(["a", "secret", "other"], name="job")
    with pytest.raises(HierarchyError, match="lacks 2 of the 3 distinct values") as caught:
        generalize(column.to_frame(), {"job": (jobs, 1)})
    assert caught.value.missing == 2
    assert "secret" not in str(caught.value)
    assert sorted(jobs.missing(column)) == ["other", "secret"]
    assert jobs.or_other("rest").apply(column, 1).tolist() == ["x", "rest", "rest"]


@pytest.mark.parametrize(
    ("rows", "match"),
    [([], "without values"), ([("a", "x"), ("b",)], "row 2"), ([("a", "x"), ("a", "y")], "1 value stands")],
)
def test_malformed_tables_are_refused(rows, match):
    with pytest.raises(HierarchyError, match=match):
        Hierarchy.from_rows(rows)


def test_wrong_types_are_refused_without_their_values():
    for hierarchy, needs in ((Hierarchy.intervals(5), "needs numbers"), (Hierarchy.dates(), "needs dates")):
        with pytest.raises(HierarchyError, match=needs) as caught:
            hierarchy.apply(pd.Series(["secret"], name="it"), 1)
        assert "secret" not in str(caught.value)


def test_levels_by_name_and_unknown_levels():
    column = pd.DataFrame({"zip": ["8004"]})
    assert generalize(column, {"zip": (Hierarchy.redact(), "2 hidden")}).levels_ == {"zip": 2}
    with pytest.raises(HierarchyError, match="its levels are 0 to 4"):
        generalize(column, {"zip": (Hierarchy.redact(), 9)})


def test_show_draws_a_tree():
    jobs = Hierarchy.from_mapping({"a": "x", "b": "x", "c": "y"})
    assert jobs.show().splitlines() == ["*", "├── x", "│   ├── a", "│   └── b", "└── y", "    └── c"]
    assert "... and 2 more lines" in jobs.show(limit=4)
    assert "intervals of 5" in Hierarchy.intervals(5).show()
    assert "80**" in Hierarchy.redact().show(pd.Series(["8004"], name="zip"))
    assert "Hierarchy (table)" in repr(jobs)


DAYS = st.dates(min_value=dt.date(1, 1, 1))
FORMS = {
    "objects": lambda days: pd.Series(days, dtype=object),
    "moments": lambda days: pd.Series([dt.datetime.combine(day, dt.time(23, 59)) for day in days], dtype=object),
    "texts": lambda days: pd.Series([day.isoformat() for day in days], dtype="str"),
    "texts with hours": lambda days: pd.Series([f"{day.isoformat()}T23:30:00-05:00" for day in days], dtype="str"),
    "arrow": lambda days: pd.Series(days, dtype="date32[pyarrow]"),
    "typed": lambda days: pd.Series(np.array(days, dtype="M8[s]")),
}


def within(label, day):
    if "-W" in label:
        return day.isocalendar()[:2] == tuple(map(int, label.split("-W")))
    if label.endswith("s"):
        return day.year // 10 * 10 == int(label[:-1])
    if "-Q" in label:
        return (day.year, (day.month + 2) // 3) == tuple(map(int, label.split("-Q")))
    return day.isoformat().startswith(label)


@pytest.mark.parametrize("form", FORMS)
@given(days=st.lists(DAYS, min_size=1, max_size=8))
@settings(max_examples=40)
@pytest.mark.sample(0.5)
def test_dates_of_every_form_get_the_labels_of_their_days(form, days):
    column = FORMS[form](days)
    rule = Hierarchy.dates("day", "week", "month", "quarter", "year", "decade")
    proposed = Hierarchy.propose(column.rename("when"))
    assert type(proposed.source).__name__ == "Dates"
    ladder = proposed.lay(pd.Index(column.drop_duplicates()), "when")
    assert ladder.nested[np.triu_indices(ladder.n_levels)].all()
    for level in range(1, 7):
        labels = rule.apply(column, level).tolist()
        assert all(within(label, day) for label, day in zip(labels, days, strict=True))
        assert labels[:1] == rule.apply(column.iloc[:1], level).tolist()


@pytest.mark.parametrize(
    "texts",
    [["01/02/2020", "03/04/2020"], ["01.02.2020"], ["2020-13-01"], ["2020-02-30"], ["2020-01"], ["20200101"], ["soon"],
     ["2020-01-01", "1.2.2020"], [20200101, 20200102], [1.5]],
    ids=str,
)  # fmt: skip
def test_what_is_no_iso_date_is_refused_and_never_guessed(texts):
    column = pd.Series(texts, name="when")
    with pytest.raises(HierarchyError, match="format=") as caught:
        Hierarchy.dates("month").apply(column, 1)
    assert not any(str(text) in str(caught.value) for text in texts)
    assert type(Hierarchy.propose(column).source).__name__ != "Dates"


@given(days=st.lists(st.dates(min_value=dt.date(1000, 1, 1)), min_size=1, max_size=5))
@settings(max_examples=40)
def test_a_format_says_how_dates_are_written(days):
    for form in ("%d.%m.%Y", "%m/%d/%Y", "%Y%m%d"):
        column = pd.Series([day.strftime(form) for day in days])
        labels = Hierarchy.dates("month", format=form).apply(column, "month").tolist()
        assert labels == [day.isoformat()[:7] for day in days]
    whole = pd.Series([int(day.strftime("%Y%m%d")) for day in days])
    assert Hierarchy.dates(format="%Y%m%d").apply(whole, "day").tolist() == [day.isoformat() for day in days]


def test_a_format_is_a_text_with_codes_and_fails_on_other_texts():
    for wrong in (7, "", "ISO8601"):
        with pytest.raises(ParameterError, match="with codes"):
            Hierarchy.dates(format=wrong)
    with pytest.raises(HierarchyError, match=r"needs dates as '%d.%m.%Y', but 1 of its 2"):
        Hierarchy.dates(format="%d.%m.%Y").apply(pd.Series(["01.02.2020", "2020-02-01"]), 1)


def test_levels_are_told_in_words():
    frame = pd.DataFrame({
        "zip": ["8004", "8051"], "old": ["8004", "80515"], "age": [31, 47], "day": pd.to_datetime(["2026-01-31"] * 2),
        "job": ["nurse", "smith"], "lat": [47.3, 47.9], "pay": [1.5, 900.0],
    })  # fmt: skip
    jobs = Hierarchy.from_mapping({"nurse": "care", "smith": "craft"})
    asked = {
        "zip": (Hierarchy.redact(), 2), "old": (Hierarchy.redact(side="left"), 1), "age": (Hierarchy.intervals(10), 1),
        "day": (Hierarchy.dates(), "month"), "job": (jobs, 1), "lat": (Hierarchy.location(0.5), 1),
        "pay": (Hierarchy.intervals(edges=[[0, 10, 20]]), 1),
    }  # fmt: skip
    out = generalize(frame, asked)
    assert out.level_words_ == {
        "zip": "first two digits", "old": "all but the first digit", "age": "intervals of 10", "day": "month",
        "job": "2 groups", "lat": "cells of 0.5°", "pay": "intervals of 10 from 0 to 20",
    }  # fmt: skip
    assert "zip 2 (first two digits)" in str(out)
    assert generalize(frame, {"zip": 0, "job": (jobs, 2)}).level_words_ == {"zip": "as it is", "job": "hidden"}
    named = Hierarchy.from_rows([("nurse", "care", "*"), ("smith", "craft", "*")], names=["job", "trade", "*"])
    assert generalize(frame, {"job": (named, 1)}).level_words_ == {"job": "trade"}


WORDED = {
    "intervals": (Hierarchy.intervals(5, 10, 20), [17, 34, 71]),
    "edges": (Hierarchy.intervals(edges=[[0, 10, 30], [0, 20, 25]]), [3, 12, 21]),
    "redact": (Hierarchy.redact(), ["8004", "8051", "12"]),
    "left": (Hierarchy.redact(side="left", step=2), ["8004", "8051"]),
    "dates": (Hierarchy.dates(), ["2020-01-31", "1999-12-31"]),
    "weeks": (Hierarchy.dates("day", "week", "year"), ["2020-01-31", "1999-12-31"]),
    "rare": (Hierarchy.rare(below=2), ["a", "b", "c"]),
    "places": (Hierarchy.location(0.1, 1), [47.37, 8.54]),
    "star": (Hierarchy.star(), ["a", "b"]),
    "twins": (Hierarchy.from_rows([("a", "x", "x"), ("b", "x", "x"), ("c", "y", "y")]), ["a", "b", "c"]),
    "hidden": (Hierarchy.from_rows([("a", "x", "*"), ("b", "y", "*")], ["value", "hidden", "*"]), ["a", "b"]),
    "as it is": (Hierarchy.from_rows([("a", "x", "*"), ("b", "y", "*")], ["2 groups", "as it is", "*"]), ["a", "b"]),
    "one name": (Hierarchy.from_rows([("a", 1, 2, "*"), ("b", 3, 4, "*")], ["v", "1", "w", "*"]), ["a", "b"]),
}


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("kind", WORDED)
@pytest.mark.sample(0.4)
def test_the_words_of_a_result_ask_for_its_levels(kind, missing):
    rule, values = WORDED[kind]
    frame = pd.DataFrame({"it": pd.Series([*values, *values, *[None] * missing], dtype=object)})
    ladder = rule.lay(pd.Index([*values, *[None] * missing], dtype=object), "it")
    for level, step in enumerate(ladder.levels):
        assert ladder.number(level) == ladder.number(step.words) == level
        found = generalize(frame, {"it": level}, hierarchies={"it": rule})
        again = generalize(frame, found.level_words_, hierarchies={"it": rule})
        assert (again.levels_, again.level_words_) == ({"it": level}, found.level_words_)
        out = anonymize(frame, "it", k=1, hierarchies={"it": rule}, levels={"it": level}, suppress=1)
        same = anonymize(frame, "it", k=1, hierarchies={"it": rule}, levels=out.level_words_, suppress=1)
        assert same.levels_ == out.levels_ == {"it": level}
        every = lattice(frame, "it", k=1, hierarchies={"it": rule}, suppress=1)
        assert every.apply(out.level_words_).levels_ == {"it": level}
    assert len({step.words for step in ladder.levels}) == ladder.n_levels


def test_levels_of_intervals_have_one_name_wherever_they_are_told():
    rule = Hierarchy.intervals(10, 20)
    assert rule.names == ("value", "intervals of 10", "intervals of 20", "*")
    for shown in (repr(rule), rule._repr_html_(), rule.show()):
        assert "intervals of 10" in shown
        assert "width" not in shown.replace("max-width", "").partition("</style>")[2] or shown == repr(rule)
    people = pd.DataFrame({"age": range(100)})
    for name in ("intervals of 20", "width 20"):  # the second is what it was called once
        out = anonymize(people, ["age"], k=5, hierarchies={"age": rule}, levels={"age": name})
        assert out.level_words_ == {"age": "intervals of 20"}


@pytest.mark.parametrize(("unit", "span"), [("s", 6 * 10**10), ("ms", 10**13), ("us", 10**16), ("ns", 2**62)])
def test_periods_of_moments_are_those_of_pandas(unit, span):
    times = pd.DatetimeIndex(np.random.default_rng(0).integers(-span, span, 1000).astype(f"M8[{unit}]"))
    told = {each: _period_labels(times, each) for each in ("day", "week", "month", "quarter", "year", "decade")}
    assert told["quarter"] == [f"{at.year:04d}-Q{at.quarter}" for at in times]
    assert told["decade"] == [f"{at.year // 10 * 10:04d}s" for at in times]
    assert told["week"] == [f"{year:04d}-W{week:02d}" for year, week, _ in times.isocalendar().to_numpy().tolist()]
    for each in ("day", "month", "year"):
        assert told[each] == np.datetime_as_string(times.to_numpy().astype(f"M8[{each[0].upper()}]")).tolist()
