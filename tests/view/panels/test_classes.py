"""The panels of k and of risk: sizes of classes, the line through them, and what each column contributes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from panels_shown import HOSTILE, shown

import privkit as pk
from privkit.anonymity.class_sizes import Contributions, Sizes
from privkit.risk.report import risk
from privkit.view.panels import panel_of
from privkit.view.panels.classes import histogram
from privkit.view.panels.risk import _least
from privkit.view.parts.words import percent

# -- class sizes -------------------------------------------------------------------------------------------------------


def test_the_line_of_k_tells_what_the_report_tells(people):
    report = pk.kanon(people, ["zip", "age"])
    panel = panel_of(report)
    for k in (1, 2, 5, 9, 30):
        panel.slider.value = min(k, panel.slider.max)
        panel.number.value = k
        assert f"{report.rows_below(k):,} of 2,000 rows" in shown(panel) or report.rows_below(k) == 0
        assert panel.report.rows_short == report.rows_below(k)
        assert f"k = {k}" in shown(panel)


def test_persons_are_counted_where_a_unit_was_named(people):
    table = people.assign(person=np.arange(len(people)) // 2)
    panel = panel_of(pk.kanon(table, ["zip"], k=200, unit="person"))
    assert "persons" in shown(panel)


def test_an_empty_table_has_a_panel(people):
    for value in (pk.kanon(people[:0], "zip"), risk(people[:0], "zip")):
        assert "Exact figures" in shown(panel_of(value)) or shown(panel_of(value))


@pytest.mark.parametrize("threshold", [0.5, 0.34, 0.2, 0.1, 0.05])
def test_the_threshold_tells_what_the_report_tells(people, threshold):
    panel = panel_of(risk(people, ["zip", "age"]))
    panel.number.value = threshold
    expected = risk(people, ["zip", "age"], threshold=threshold).prosecutor.rows_at_risk
    assert f"{expected:,} of 2,000 rows" in shown(panel)


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=60), st.integers(1, 3000))
def test_sizes_agree_with_counting_one_by_one(counts, k):
    counts = np.array(counts, dtype=np.int64)
    sizes = Sizes.of(counts, counts)
    assert sizes.rows_below(k) == int(counts[counts < k].sum())
    assert sizes.classes_below(k) == int((counts < k).sum())
    drawn = histogram(sizes, k, f"k = {k}")
    assert f"{sizes.rows_below(k):,} of {int(counts.sum()):,} rows" in drawn
    assert "nan" not in drawn


@given(st.integers(1, 100))
def test_one_over_k_means_k(k):
    assert _least(1 / k) == k


# -- what each column contributes --------------------------------------------------------------------------------------


def short_rows(frame, columns, k):
    """Count the rows in classes of fewer than k by pandas, as a person would."""
    if not columns:
        return len(frame) if len(frame) < k else 0
    sizes = frame.groupby(columns, dropna=False)[frame.columns[0]].transform("size")
    return int((sizes < k).sum())


@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["a", "b", None]), st.booleans()), max_size=40),
    st.integers(1, 12),
)
def test_contributions_are_those_that_pandas_counts(rows, k):
    frame = pd.DataFrame(rows, columns=["x", "y", "z"]).astype({"y": object})
    columns = ["x", "y", "z"]
    by_name = {share.column: share for share in Contributions(pk.kanon(frame, columns).tally).shares(k)}
    assert set(by_name) == set(columns)
    for name, share in by_name.items():
        others = [other for other in columns if other != name]
        expected = short_rows(frame.assign(_=0), others, k) if len(frame) else 0
        assert share.without == expected
        assert share.alone == (short_rows(frame.assign(_=0), [name], k) if len(frame) else 0)
        assert share.contribution == (short_rows(frame.assign(_=0), columns, k) if len(frame) else 0) - expected >= 0


def test_contributions_follow_the_line(people):
    panel = panel_of(pk.kanon(people, ["zip", HOSTILE, "age"], k=5))
    for k in (2, 5, 9):
        panel.number.value = k
        short = short_rows(people, ["zip", HOSTILE, "age"], k)
        gone = short - short_rows(people, [HOSTILE, "age"], k)
        assert f"zip: {gone:,} of {short:,}" in repr(panel)
        assert f"{gone:,} ({percent(gone, short)})" in shown(panel)
        assert f"{gone:,} ({percent(gone, short)})" in panel.still().replace("\xa0", " ")


def test_of_one_column_alone_everything_is_its_contribution(people):
    panel = panel_of(risk(people, "age", threshold=0.02))
    short = short_rows(people, ["age"], 50)
    assert f"age: {short:,} of {short:,} (100 %)" in repr(panel)


def test_contributions_and_the_explorer_are_of_persons_where_those_are_counted(people):
    """Their figures equal a count of distinct persons, column by column."""
    table = people.assign(person=np.arange(len(people)) * 7 % 1500)
    table.loc[:3, "person"] = None

    def short(columns: list[str]) -> int:
        frame = table.assign(person=table["person"].where(table["person"].notna(), -1.0 - np.arange(len(table))))
        none = table["person"].isna()
        frame.loc[none, "person"] = -1 - frame.loc[none].groupby(["zip", "age"]).ngroup()
        persons = frame.groupby(columns)["person"].transform("nunique") if columns else frame["person"].nunique()
        return frame.assign(few=persons < 5).groupby("person")["few"].any().sum()

    for report in (pk.kanon(table, ["zip", "age"], k=5, unit="person"), risk(table, ["zip", "age"], unit="person")):
        panel = panel_of(report)
        both = short(["zip", "age"])
        assert f"{both:,} of " in shown(panel)
        for name, other in (("zip", "age"), ("age", "zip")):
            told = f"{both - short([other]):,} of {both:,}"
            assert f"{name}: {told}" in repr(panel)
            assert f"{short([name]):,} by it alone, {short([other]):,} without it" in repr(panel)
        node = report.panel(hierarchies={}).explorer.lattice.node({"zip": 0, "age": 0})
        exact = pk.lattice(table, ["zip", "age"], k=5, unit="person").node({"zip": 0, "age": 0})
        assert node == exact
