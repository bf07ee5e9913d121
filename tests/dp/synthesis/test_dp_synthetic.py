"""Synthetic rows in a project: their types, what the ledger keeps and replays, what Ctrl-C leaves, what is refused."""

from __future__ import annotations

import math
import signal

import pandas as pd
import pytest

import privkit as pk
from privkit.dp.synthesis import drawing, running
from privkit.dp.synthesis.running import Measuring
from privkit.errors.disclosure import LevelsError
from privkit.errors.synthetic import ColumnDomainError, SyntheticError
from privkit.values.unit import PrivacyUnit


def test_few_rows_and_empty_frames_give_rows_all_the_same(project):
    frame = pd.DataFrame({"u": ["a"], "v": ["b"]})
    for some in (frame, frame.iloc[:0]):
        release = ask(some, project, columns=["u", "v"], keys={"u": ["a", "b"], "v": ["a", "b"]}, rows=3)
        assert release.frame.shape == (3, 2)
        assert ask(some, project, columns=["u", "v"], keys={"u": ["a", "b"], "v": ["a", "b"]}).frame.shape[0] >= 1


# -- values ------------------------------------------------------------------------------------------------------------


TYPES = {
    "text": (pd.Series(["a", "b", None] * 40, dtype="str"), {"keys": ["a", "b"]}),
    "object": (pd.Series(["a", None, "b"] * 40, dtype=object), {"keys": ["a", "b"]}),
    "category": (pd.Series(["a", "b", "b"] * 40, dtype="category"), {"keys": ["a", "b"]}),
    "bool": (pd.Series([True, False, True] * 40), {"keys": [True, False]}),
    "boolean": (pd.Series([True, False, None] * 40, dtype="boolean"), {"keys": [True, False]}),
    "int64": (pd.Series([1, 2, 3] * 40), {"cuts": [0, 2, 5]}),
    "uint8": (pd.Series([1, 2, 3] * 40, dtype="uint8"), {"keys": [1, 2, 3]}),
    "Int64": (pd.Series([1, 2, None] * 40, dtype="Int64"), {"cuts": [0, 2, 5]}),
    "float64": (pd.Series([1.5, 2.5, None] * 40), {"cuts": [0, 2, 5]}),
    "datetime": (pd.Series(pd.to_datetime(["2026-01-05", "2026-02-07", None] * 40)), {"cuts": ["2026-01-01", "2026-02-01", "2026-03-01"]}),  # noqa: E501
    "zoned": (
        pd.Series(pd.to_datetime(["2026-01-05", "2026-02-07", None] * 40)).dt.tz_localize("Europe/Zurich"),
        {"cuts": ["2026-01-01", "2026-02-01", "2026-03-01"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TYPES)
def test_rows_have_the_types_the_order_and_the_missing_values_of_the_frame(project, name):
    column, domain = TYPES[name]
    frame = pd.DataFrame({"z": ["p", "q"] * 60, "x": column, "other": 1})
    call = {"keys": {"z": ["p", "q"]}, "cuts": {}}
    for kind, values in domain.items():
        call[kind]["x"] = values
    release = ask(frame, project, columns=["x", "z"], rows=500, epsilon=50, **call)
    made = release.frame
    assert list(made.columns) == ["z", "x"]
    assert made["z"].dtype == frame["z"].dtype
    assert str(made["x"].dtype) == str(column.dtype)
    share = made["x"].isna().mean()
    assert share == pytest.approx(column.isna().mean(), abs=0.05)
    assert made.equals(release.frame)


def test_a_polars_frame_gives_the_same_kinds_of_column(project):
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"x": [1, 2, None, 4] * 20, "z": ["p", "q"] * 40})
    made = ask(frame, project, columns=["x", "z"], keys={"z": ["p", "q"]}, cuts={"x": [0, 3, 6]}, rows=60).frame
    assert str(made["x"].dtype) == "Int64"
    assert set(made["z"].dropna()) <= {"p", "q"}


# -- the ledger --------------------------------------------------------------------------------------------------------


FOUR = pd.DataFrame(
    {
        "a": ["x", "y"] * 300,
        "b": ["x", "y", "y"] * 200,
        "c": [1, 2, 3, 4] * 150,
        "d": [True, False, False] * 200,
    }
)
DOMAIN = {"a": ["x", "y"], "b": ["x", "y"], "c": [1, 2, 3, 4], "d": [True, False]}


@pytest.fixture
def project(ledger_path):
    return pk.open_project("rows", epsilon=1000, delta=1e-3, unit=pk.ROW, store=ledger_path, ceiling=100)


def ask(frame, project, *, columns, epsilon=1, **more):
    return pk.dp_synthetic(frame, columns, project=project, epsilon=epsilon, **more)


def test_it_replays_byte_for_byte_and_costs_once(project):
    first = ask(FOUR, project, columns=list("abcd"), keys=DOMAIN)
    spent = project.spent
    again = ask(FOUR, project, columns=list("dcba"), keys=dict(reversed(DOMAIN.items())))  # the same question
    assert again.replayed
    assert again.frame.equals(first.frame)
    assert again.distances.equals(first.distances)
    assert project.spent == spent
    assert not ask(FOUR, project, columns=list("abcd"), keys=DOMAIN, rows=7).replayed
    assert not ask(FOUR, project, columns=list("abcd"), keys=DOMAIN, target="d").replayed


def interrupting(after):
    """A choice that Ctrl-C hits in a later round."""
    really, seen = Measuring.later, []

    def later(self, cells):
        if len(seen) == after:
            signal.raise_signal(signal.SIGINT)
        seen.append(1)
        return really(self, cells)

    return later


@pytest.mark.parametrize("after", [0, 1, 2])
def test_ctrl_c_keeps_what_was_measured_says_so_and_replays(project, monkeypatch, after):
    monkeypatch.setattr(running.Measuring, "later", interrupting(after))
    release = ask(FOUR, project, columns=list("abcd"), keys=DOMAIN, rounds=4, rows=50)
    assert release.frame.shape == (50, 4)
    assert f"stopped after {after} of 4 rounds" in repr(release)
    assert project.spent.main == 1  # the whole price, whatever was measured
    again = ask(FOUR, project, columns=list("abcd"), keys=DOMAIN, rounds=4, rows=50)
    assert again.replayed
    assert again.frame.equals(release.frame)
    assert len(again.distances) == 4 + after


def test_ctrl_c_in_the_first_round_ends_the_question_and_all_stays_spent(project, monkeypatch):
    def first(self, cells):
        signal.raise_signal(signal.SIGINT)
        return [0] * len(cells)

    monkeypatch.setattr(running.Measuring, "first", first)
    with pytest.raises(KeyboardInterrupt):
        ask(FOUR, project, columns=list("abcd"), keys=DOMAIN)
    assert project.spent.main == 1
    (entry,) = project.account.entries()
    assert (entry.state, entry.answer) == ("orphaned", None)


def test_ctrl_c_while_rows_are_drawn_gives_rows_all_the_same(project, monkeypatch):
    really, seen = drawing._turned, []

    def turned(*args):
        seen.append(1)
        if len(seen) == drawing._TURNS + 3 - 1:  # the last weighting, after the rounds' own
            signal.raise_signal(signal.SIGINT)
        return really(*args)

    monkeypatch.setattr(drawing, "_turned", turned)
    release = ask(FOUR, project, columns=list("abcd"), keys=DOMAIN, rounds=0, rows=50, target="a")
    if len(seen) < drawing._TURNS:
        assert "stopped while rows were drawn" in repr(release)
    assert release.frame.shape == (50, 4)
    assert ask(FOUR, project, columns=list("abcd"), keys=DOMAIN, rounds=0, rows=50, target="a").replayed


def test_a_failure_after_the_charge_leaves_it_spent_and_tells_no_cause(project, monkeypatch):
    def later(self, cells):
        raise ValueError("CANARY")

    monkeypatch.setattr(running.Measuring, "later", later)
    with pytest.raises(pk.MeasurementError) as caught:
        ask(FOUR, project, columns=list("abcd"), keys=DOMAIN)
    assert "CANARY" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert project.spent.main == 1


def test_tables_of_the_first_round_have_intervals_and_persons_are_bounded_once(ledger_path):
    project = pk.open_project("p", rho=9, unit="who", max_rows=2, store=ledger_path, ceiling=9)
    frame = FOUR.assign(who=[f"p{row // 6}" for row in range(len(FOUR))])
    release = ask(frame, project, columns=list("abcd"), keys=DOMAIN, target="d", epsilon=None, rho=4)
    table = release.table("a", "d")
    assert (table["lower"] <= table["count"]).all()
    assert release.total().value == pytest.approx(200, abs=30)  # 100 persons of 6 rows, 2 of each
    assert release.plan.question.bounds.max_rows == 2
    assert abs(len(release.frame) - 200) < 30


# -- what is refused ---------------------------------------------------------------------------------------------------


KEYS = {"a": ["x", "y"], "b": ["x", "y"]}
REFUSED = {
    "one column": (SyntheticError, "two or more", {"columns": ["a"], "keys": {"a": ["x"]}}),
    "a text": (SyntheticError, "columns as a str", {"columns": "ab", "keys": KEYS}),
    "a column twice": (SyntheticError, "twice", {"columns": ["a", "a"], "keys": KEYS}),
    "no such column": (pk.ColumnNotFoundError, "'aa'", {"columns": ["aa", "b"], "keys": KEYS}),
    "no public values": (ColumnDomainError, "'c'", {"columns": ["a", "c"], "keys": {"a": ["x"]}}),
    "keys from data": (pk.NotPublicError, "keys", {"columns": ["a", "b"], "keys": {"a": FOUR["a"], "b": ["x"]}}),
    "cuts from data": (pk.NotPublicError, "edges", {"columns": ["a", "c"], "keys": {"a": ["x"]}, "cuts": {"c": FOUR["c"]}}),  # noqa: E501
    "cuts of another shape": (SyntheticError, "cuts as a list", {"columns": ["a", "c"], "cuts": [1, 2], "keys": KEYS}),
    "keys and cuts": (SyntheticError, "keys and cuts", {"columns": ["a", "c"], "keys": {"a": ["x"], "c": [1]}, "cuts": {"c": [0, 9]}}),  # noqa: E501
    "cuts of a text": (pk.ExpressionError, "cuts['b']", {"columns": ["a", "b"], "keys": {"a": ["x"]}, "cuts": {"b": [0, 9]}}),  # noqa: E501
    "cuts of others": (SyntheticError, "cuts of 'c'", {"columns": ["a", "b"], "keys": KEYS, "cuts": {"c": [0, 9]}}),
    "open bins": (SyntheticError, "open end", {"columns": ["a", "c"], "keys": {"a": ["x"]}, "cuts": {"c": [0, math.inf]}}),  # noqa: E501
    "bins without a number": (SyntheticError, "whole number", {"columns": ["a", "c"], "keys": {"a": ["x"]}, "cuts": {"c": [0.1, 0.9]}}),  # noqa: E501
    "zero rows": (pk.ParameterError, "rows=0", {"columns": ["a", "b"], "keys": KEYS, "rows": 0}),
    "too many rows": (pk.ParameterError, "at most 1,000,000", {"columns": ["a", "b"], "keys": KEYS, "rows": 2_000_000}),
    "a target that is none": (SyntheticError, "target='c'", {"columns": ["a", "b"], "keys": KEYS, "target": "c"}),
    "rounds below zero": (pk.ParameterError, "rounds=-1", {"columns": ["a", "b"], "keys": KEYS, "rounds": -1}),
    "by accuracy": (SyntheticError, "no one accuracy", {"columns": ["a", "b"], "keys": KEYS, "epsilon": None, "accuracy": 5}),  # noqa: E501
    "no price": (pk.ParameterError, "epsilon", {"columns": ["a", "b"], "keys": KEYS, "epsilon": None}),
    "a key that is reserved": (LevelsError, "other or missing", {"columns": ["a", "b"], "keys": {**KEYS, "a": ["(other or missing)"]}}),  # noqa: E501
    "too large": (SyntheticError, "cells", {"columns": ["a", "c"], "keys": {"a": [f"k{n}" for n in range(2000)], "c": list(range(2000))}}),  # noqa: E501
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_and_nothing_is_spent(project, name):
    error, words, call = REFUSED[name]
    with pytest.raises(error) as caught:
        ask(FOUR, project, **call)
    told = str(caught.value)
    assert words in told, told
    assert told.endswith("No budget was spent."), told
    assert project.spent.main == 0


def test_too_many_combinations_for_two_numbers_are_refused(project):
    frame = pd.DataFrame({f"c{n}": [1] for n in range(30)})
    with pytest.raises(SyntheticError, match="combinations"):
        ask(frame, project, columns=list(frame), keys={name: list(range(20)) for name in frame})


def test_a_release_of_something_else_holds_no_rows(project):
    count = pk.dp_count(FOUR, epsilon=1, project=project)
    for name in ("frame", "distances"):
        with pytest.raises(SyntheticError, match="holds no rows"):
            getattr(count, name)


def test_declared_facts_stand_for_keys_and_cuts(project):
    project.public({"a": {"keys": ["x", "y"]}, "c": {"bins": [0, 3, 9]}})
    release = ask(FOUR, project, columns=["a", "c"], rows=20)
    assert release.frame["c"].between(0, 8).all()
    assert len(release.plan.public) == 2


def test_the_simulator_says_so_in_the_rows():
    project = pk.open_project("class", simulate=True, seed=1, epsilon=5, unit=pk.ROW)
    made = ask(FOUR, project, columns=["a", "b"], keys=KEYS, rows=4).frame
    assert made["simulated"].all()


def test_a_unit_by_window_or_person_is_planned(ledger_path):
    project = pk.open_project("w", epsilon=9, unit=PrivacyUnit("who"), max_rows=3, store=ledger_path)
    frame = FOUR.assign(who=1)
    plan = pk.plan.dp_synthetic(frame, ["a", "b"], keys=KEYS, epsilon=1, project=project)
    assert plan.sensitivity["L1"] == 3
