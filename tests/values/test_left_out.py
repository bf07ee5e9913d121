"""What a plan says of rows that a derived column leaves without a value: by how it was typed, never by rows."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import privkit as pk


@pytest.fixture
def project(ledger_path):
    return pk.open_project("left", epsilon=100, unit=pk.ROW, store=ledger_path)


AGES = pd.DataFrame(
    {
        "age": [-1.0, 0, 17, 18, 65, 119, 120, 130, np.nan],
        "city": ["Bern", "Thun", "Chur", None, "Bern", "Bern", "Chur", "Chur", None],
        "day": pd.to_datetime(["2025-12-28", "2025-12-29", "2026-01-01", *["2026-01-11"] * 2, *["2026-01-12"] * 4]),
    }
)


def told(made, **asking):
    """Return the notes of a count by a derived column, and how many rows it leaves out."""
    plan = AGES.privacy.plan.dp_count("made", derive={"made": made}, epsilon=1, **asking)
    return [note for note in plan.notes if note.startswith("'made'")], plan.check().unmatched


@pytest.mark.parametrize(
    ("made", "note", "rows"),
    [
        (
            pk.cut("age", [0, 18, 65, 120]),
            "bins [0, 18), [18, 65), [65, 120); numbers below 0, from 120 on, and missing ones are left out; with "
            "right=True a bin has its upper edge, 120 too",
            4,
        ),
        (
            pk.cut("age", [0, 18, 65, 120], right=True),
            "bins (0, 18], (18, 65], (65, 120]; numbers 0 and below, above 120, and missing ones are left out",
            4,
        ),
        (
            pk.cut("age", [18, math.inf], ["grown"]),
            "bins grown = [18, inf); numbers below 18, and missing ones are left out",
            4,
        ),
        (
            pk.cut("age", [-math.inf, 18, math.inf]),
            "bins (-inf, 18), [18, inf); missing numbers are left out",
            1,
        ),
        (
            pk.cut("age", [0, 1, 2, 3, 4, 5]),
            "bins [0, 1), [1, 2), …, [4, 5); numbers below 0, from 5 on, and missing ones are left out; with "
            "right=True a bin has its upper edge, 5 too",
            8,
        ),
        (
            pk.cut("day", every="week", start="2026-01-01", end="2026-01-07"),
            "2 whole weeks: the first begins on 2025-12-29, the last ends on 2026-01-11; other days, and missing ones, "
            "are left out",
            5,
        ),
        (
            pk.cut("day", ["2026-01-01", "2026-01-12"]),
            "1 bin: the first begins on 2026-01-01, the last ends on 2026-01-11; other days, and missing ones, are "
            "left out",
            6,
        ),
        (
            pk.recode("city", {"Bern": "BE", "Thun": "BE"}),
            "values that recode() does not name, and missing ones, are left out; other= takes the former",
            5,
        ),
        (
            pk.lookup("city", pk.public_values({"Bern": "BE"}, reason="a list")),
            "values that lookup() does not name, and missing ones, are left out; other= takes the former",
            6,
        ),
        (
            pk.recode("city", {"Bern": "BE"}, other="elsewhere"),
            "missing values stay missing in recode(), beside other= too, and are left out",
            2,
        ),
        (
            pk.when("age >= 65", "old"),
            "rows that meet no condition of when() are left out; .otherwise(value) takes them",
            5,
        ),
    ],
)
def test_a_plan_says_which_rows_have_no_value(project, made, note, rows):
    assert [text for text in told(made)[0] if text == f"'made': {note}"], told(made)[0]
    assert told(made)[1] == rows


def test_where_every_row_has_a_value_nothing_is_said(project):
    notes, rows = told(pk.when("age >= 65", "old").otherwise("young"))
    assert rows == 0
    assert not any("left out" in note for note in notes)
    assert told(pk.month("day"))[0] == []


def test_what_becomes_of_such_rows_is_told(project):
    made = pk.recode("city", {"Bern": "BE"})
    filled, rows = told(made, missing={"made": "none"})
    assert rows == 0
    assert "count as 'none'" in filled[0]
    keyed, rows = told(made, keys=["BE", None])
    assert rows == 0
    assert "are missing in it" in keyed[0]
    plan = AGES.privacy.plan.dp_count(where="made == 'BE'", derive={"made": made}, missing={"made": "BE"}, epsilon=1)
    assert any(note.startswith("'made': ") and "are missing in it" in note for note in plan.notes)


def test_notes_on_bins_of_a_histogram(project):
    by_week = AGES.privacy.plan.dp_histogram("day", every="week", start="2026-01-01", end="2026-01-07", epsilon=1)
    assert "'week of day': 2 whole weeks: the first begins on 2025-12-29" in str(by_week.notes)
    ages = AGES.privacy.plan.dp_histogram("age", bins=[0, 18, 120], epsilon=1)
    assert "values of 'age' outside [0, 120], and missing ones, are left out" in ages.notes


def test_notes_are_made_without_rows(project):
    made = {"made": pk.cut("age", [0, 18])}
    empty = AGES.iloc[:0].privacy.plan.dp_count("made", derive=made, epsilon=1)
    assert empty.notes == AGES.privacy.plan.dp_count("made", derive=made, epsilon=1).notes
