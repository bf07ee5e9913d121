"""Hierarchies: builders, files, look-ups that are total or fail, drawings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from privkit.errors import ParameterError
from privkit.errors.anonymity import HierarchyError
from privkit.transform.generalize import generalize
from privkit.transform.hierarchies.hierarchy import Hierarchy


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
    assert "width 5" in Hierarchy.intervals(5).show()
    assert "80**" in Hierarchy.redact().show(pd.Series(["8004"], name="zip"))
    assert "Hierarchy (table)" in repr(jobs)
