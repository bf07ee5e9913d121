"""Hierarchies: builders, files, look-ups that are total or fail, drawings."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.errors import FileError, ParameterError
from privkit.errors.anonymity import HierarchyError
from privkit.transform.anonymize import anonymize
from privkit.transform.decimals import decimal
from privkit.transform.generalize import generalize, read_hierarchies, write_hierarchies
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.hierarchies.rules import _period_labels
from privkit.transform.lattice import lattice
from privkit.transform.source import mixed_labels


def test_csv_form_of_arx_is_read_and_written(tmp_path):
    path = tmp_path / "age.csv"
    path.write_text("1;0-4;*\n2;0-4;*\n7;5-9;*\n", encoding="utf-8")
    ages = Hierarchy.read_csv(path)
    assert ages.apply(pd.Series([7, 1]), 1).tolist() == ["5-9", "0-4"]
    ages.write_csv(tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


def test_labels_with_separators_survive_the_file(tmp_path):
    jobs = Hierarchy.from_mapping({'say "hi"; twice': "a;b"})
    jobs.write_csv(tmp_path / "jobs.csv")
    assert Hierarchy.read_csv(tmp_path / "jobs.csv").to_rows() == jobs.to_rows()


def test_rules_are_written_for_a_column(tmp_path):
    zips = Hierarchy.redact()
    column = pd.Series(["8004", "8051"], name="zip")
    zips.write_csv(tmp_path / "zip.csv", column=column)
    table = Hierarchy.read_csv(tmp_path / "zip.csv")
    for level in range(5):
        assert table.apply(column, level).tolist() == zips.apply(column, level).tolist()


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


@pytest.mark.parametrize("name", ["intervals", "no_such.csv", "", "a\0b", "x" * 300])
def test_a_text_that_is_no_file_is_told_to_be_taken_for_one(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    table = pd.DataFrame({"age": [30, 31]})
    with pytest.raises(FileError, match="A text names a file in ARX's form"):
        anonymize(table, "age", k=2, hierarchies={"age": name})
    with pytest.raises(FileError, match="cannot be read as a hierarchy"):
        generalize(table, {"age": 1}, hierarchies={"age": name})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "no such encoding"])
def test_a_file_in_another_encoding_is_told_without_its_bytes(tmp_path, encoding):
    (tmp_path / "h.csv").write_bytes("Zürich;CANARY;*\n".encode("latin-1"))
    with pytest.raises(HierarchyError, match="encoding='cp1252'") as error:
        Hierarchy.read_csv(tmp_path / "h.csv", encoding=encoding)
    assert "CANARY" not in str(error.value)
    assert error.value.__context__ is None
    assert Hierarchy.read_csv(tmp_path / "h.csv", encoding="latin-1").labels(1) == ["CANARY"]


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


# -- files of hierarchies ---------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBER = st.one_of(
    st.integers(1, 10**20),
    st.floats(1e-9, 1e12, allow_nan=False),
    st.decimals(Decimal("1e-9"), Decimal("1e12"), allow_nan=False, places=25),
)
ASCENDING = st.lists(NUMBER, min_size=1, max_size=4, unique_by=decimal).map(lambda found: sorted(found, key=decimal))
ENDS = st.tuples(st.none() | st.integers(-9, -1), st.none() | st.decimals(2, 10, places=20))
PERIODS = ["day", "week", "month", "quarter", "year", "decade"]
FILED = st.one_of(
    st.builds(lambda widths, ends: Hierarchy.intervals(*widths, lower=ends[0], upper=ends[1]), ASCENDING, ENDS),
    st.builds(
        lambda edges: Hierarchy.intervals(edges=[[0, *level] for level in edges]), st.lists(ASCENDING, min_size=1)
    ),
    st.builds(
        lambda side, char, step, length: Hierarchy.redact(side=side, char=char, step=step, length=length),
        st.sampled_from(["left", "right"]),
        TEXT,
        st.integers(1, 3),
        st.none() | st.integers(1, 9),
    ),
    st.builds(
        lambda periods, form: Hierarchy.dates(*sorted(periods, key=PERIODS.index), format=form),
        st.sets(st.sampled_from(PERIODS), min_size=1),
        st.none() | TEXT.map(lambda more: f"%d{more}"),
    ),
    st.builds(lambda other, below: Hierarchy.rare(other, below=below), TEXT, st.integers(1, 99)),
    st.builds(lambda degrees: Hierarchy.location(*degrees), ASCENDING),
    st.just(Hierarchy.star()),
    st.builds(
        lambda table, other: table if other is None else table.or_other(other),
        st.dictionaries(TEXT, TEXT, min_size=1, max_size=5).map(Hierarchy.from_mapping),
        st.none() | TEXT,
    ),
    st.builds(
        lambda rows: Hierarchy.from_rows([(*row, "all") for row in rows.items()], ["a", "b\n", "c"]),
        st.dictionaries(TEXT, TEXT, min_size=1, max_size=5),
    ),
)


def exact(value):
    """Return numbers as their decimals, in tuples."""
    if isinstance(value, tuple):
        return tuple(map(exact, value))
    return value if value is None or isinstance(value, str) else decimal(value)


def fields_of(hierarchy: Hierarchy) -> dict[str, object]:
    told = {**vars(hierarchy.source), "kind": type(hierarchy.source).__name__}
    told = {name: one for name, one in told.items() if name != "places"}  # which is counted when it is asked for
    return {name: one if isinstance(one, bool) else exact(one) for name, one in told.items()}


@given(found=st.dictionaries(TEXT, FILED, min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_a_file_of_hierarchies_gives_back_what_was_written(tmp_path_factory, found):
    file = tmp_path_factory.mktemp("h") / "h.toml"
    write_hierarchies(file, found)
    read = read_hierarchies(file)
    assert {name: fields_of(one) for name, one in read.items()} == {name: fields_of(one) for name, one in found.items()}


def test_a_file_of_rules_holds_no_value_of_the_column(tmp_path):
    columns = {
        "number": pd.Series([f"{n}.25" for n in range(4000, 4100)]).astype(float),
        "tails": pd.Series([*range(40), 777_777]),
        "date": pd.Series(pd.date_range("2031-04-05", periods=40)),
        "code": pd.Series([f"XQ{n:04d}" for n in range(40)]),
        "word": pd.Series(["Zebra", "Okapi"] * 9),
    }
    found = {name: Hierarchy.propose(column.rename(name)) for name, column in columns.items()}
    write_hierarchies(tmp_path / "h.toml", found)
    text = (tmp_path / "h.toml").read_text()
    for column in columns.values():
        assert not [value for value in column.astype(str) if len(value) > 3 and value in text]
    for name, one in read_hierarchies(tmp_path / "h.toml").items():
        new = columns[name].iloc[::-1]
        for level in (1, -1):
            assert one.apply(new, level).tolist() == found[name].apply(new, level).tolist()


@pytest.mark.parametrize(
    "text",
    [
        "[a]\nintervals = ['x']\n",
        "[a]\nintervals = [5]\nlower = 'x'\n",
        "[a]\nedges = [['1', '1']]\n",
        "[a]\nlocation = ['']\n",
        "[a]\ntable = [['a', 'b']]\nnope = 1\n",
    ],
)
def test_a_file_with_wrong_numbers_is_refused(tmp_path, text):
    (tmp_path / "h.toml").write_text(text)
    with pytest.raises((HierarchyError, ParameterError)):
        read_hierarchies(tmp_path / "h.toml")


def test_values_that_are_written_alike_are_told_by_their_type_and_levels_by_their_number():
    frame = pd.DataFrame({"x": pd.Series([1, "1", 1.5, "1.5", 2] * 4, dtype=object), "z": list("abcd") * 5})
    rule = Hierarchy.from_mapping({1: "low", "1": "low", 1.5: "1", "1.5": "1", 2: "high"})
    out = anonymize(frame, ["x", "z"], k=4, hierarchies={"x": rule}, method="local", suppress=0.9)
    labels = {str(label) for label in out.frame["x"].unique()}
    assert not any("level 0" in label for label in labels)
    names = mixed_labels(rule.lay(pd.Index(frame["x"].unique(), dtype=object), "x"))
    assert {"1", "1 (text)", "1.5", "1.5 (text)", "1 (level 1)"} <= set(names)


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
