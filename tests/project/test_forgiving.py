"""Replay that forgives: what stands unchanged beside new columns is not paid twice, and nothing else is."""

from __future__ import annotations

import sqlite3
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.budget.machine.keys import request_key
from privkit.project import naming
from privkit.tally.fingerprints.fingerprint import digests

COUNT: dict[str, Any] = {"epsilon": 1}


@pytest.fixture
def project(ledger_path):
    return pk.open_project("p", epsilon=1000, unit=pk.ROW, store=ledger_path)


@pytest.fixture
def frame():
    return pd.DataFrame({"x": range(50), "plan": ["a", "b"] * 25})


def test_a_column_more_is_not_paid(project, frame):
    first = frame.privacy.dp_count(**COUNT)
    by_plan = frame.privacy.dp_count("plan", keys=["a", "b"], **COUNT)
    frame["y"] = 1.0
    wider = frame[["y", "plan", "x"]].assign(z="new")
    for found in (frame, wider):
        again = found.privacy.dp_count(**COUNT)
        assert (again.replayed, again.value, again.provenance) == (True, first.value, first.provenance)
        assert found.privacy.dp_count("plan", keys=["b", "a"], **COUNT).value["a"] == by_plan.value["a"]
    assert project.spent.epsilon == 2


CHANGED = {
    "a cell of the asked column": lambda df: df.assign(plan=["b", *df["plan"][1:]]),
    "a cell of another column": lambda df: df.assign(x=df["x"].replace(0, 100)),
    "a missing cell": lambda df: df.assign(plan=df["plan"].where(df.index > 0)),
    "the order of rows": lambda df: df.iloc[::-1],
    "a row more": lambda df: pd.concat([df, df.iloc[:1]]),
    "a row less": lambda df: df.iloc[1:],
    "a type": lambda df: df.astype({"x": "int32"}),
    "a name": lambda df: df.rename(columns={"x": "z"}),
    "two names": lambda df: df.assign(y=df["x"]).drop(columns="x").rename(columns={"y": "z"}),
    "a column less": lambda df: df.drop(columns="x"),
}


@pytest.mark.parametrize("change", CHANGED)
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "with a new column"])
@pytest.mark.sample(0.4)
def test_what_changed_is_charged_and_said_before_and_after(project, frame, change, beside):
    frame.privacy.dp_count("plan", keys=["a", "b"], **COUNT)
    other = CHANGED[change](frame)
    other = other.assign(new=1) if beside else other
    plan = other.privacy.plan.dp_count("plan", keys=["a", "b"], **COUNT)
    assert plan.standing == (1, False, ())
    told = "Charged because the data or its columns changed: entry 1 asked the same of another frame."
    assert told in repr(plan)
    release = plan.release()
    assert (release.replayed, release.asked_before, project.spent.epsilon) == (False, 1, 2)
    assert told in repr(release)
    assert told in release._repr_html_()
    once_more = other.privacy.dp_count("plan", keys=["a", "b"], **COUNT)
    assert once_more.replayed
    assert repr(once_more) == repr(release), "a notebook that is run again shows the same"
    assert frame.privacy.dp_count("plan", keys=["a", "b"], **COUNT).provenance.entry == 1


def test_the_plan_names_the_narrower_frame(project, frame):
    plan = frame.privacy.plan.dp_count(**COUNT)
    assert plan.standing is None
    assert "Entry" not in repr(plan)
    frame.privacy.dp_count(**COUNT)
    again = frame.privacy.plan.dp_count(**COUNT)
    assert again.standing == (1, True, ())
    assert "Entry 1 of the project answers it: it replays at no cost." in repr(again)
    wider = frame.assign(y=1).privacy.plan.dp_count(**COUNT)
    assert wider.standing == (1, True, ("x", "plan"))
    assert "of a frame of 'x', 'plan': these columns are unchanged" in repr(wider)
    assert "these columns are unchanged" in wider._repr_html_()
    assert wider.release().replayed
    assert (wider.repriced(2).standing, project.spent.epsilon) == (None, 1)


def test_a_plan_reads_rows_only_where_its_question_is_in_the_ledger(project, frame, monkeypatch):
    frame.privacy.dp_count(**COUNT)
    monkeypatch.setattr(naming, "digests", lambda *_: pytest.fail("it reads rows"))
    assert "Entry" not in repr(frame.privacy.plan.dp_count(epsilon=2))
    assert not hasattr(frame.privacy.plan.dp_count(**COUNT).release, "read")


def test_a_column_that_went_leaves_nothing_to_compare(project, frame):
    frame.privacy.dp_count(**COUNT)
    narrow = frame[["x"]]
    assert not narrow.privacy.dp_count(**COUNT).replayed
    wide = frame.assign(y=1)
    assert wide.privacy.dp_count(**COUNT).provenance.entry == 2, "the latest of those whose columns all stand"
    assert wide.privacy.dp_count(**COUNT).replayed
    assert project.spent.epsilon == 2


def test_again_draws_anew_and_is_the_answer_from_then_on(project, frame):
    frame.privacy.dp_count(**COUNT)
    wide = frame.assign(y=1)
    fresh = wide.privacy.dp_count(**COUNT, again=True)
    assert (fresh.replayed, fresh.asked_before) == (False, None)
    assert wide.privacy.dp_count(**COUNT).provenance.entry == 2
    assert frame.privacy.dp_count(**COUNT).provenance.entry == 1
    assert wide.assign(z=2).privacy.dp_count(**COUNT).provenance.entry == 2


def test_the_ledger_holds_names_and_one_keyed_name_and_no_digest_of_a_column(project, frame, ledger_path):
    frame.privacy.dp_count(**COUNT)
    frame.assign(y=1, x=0).privacy.dp_count(**COUNT)
    questions = [entry.question for entry in project.account.entries()]
    assert [question["frame"] for question in questions] == [["x", "plan"], ["x", "plan", "y"]]
    assert [question.get("asked_before") for question in questions] == [None, 1]
    plain = frame.privacy.plan.dp_count(**COUNT).canonical()
    assert questions[1].keys() - plain.keys() <= {"frame", "asked_before", "notebook"}
    stored = ledger_path.read_bytes().lower()
    for data in (frame, frame.assign(y=1, x=0)):
        found = digests(data, project.account.key)
        for names in ([], *([name] for name in found.columns), list(found.columns)):
            assert found.fingerprint(names).encode() not in stored
        for digest in found.columns.values():
            assert digest not in stored
            assert digest.hex().encode() not in stored


PLAN = {"by": "plan", "keys": ["a", "b"], **COUNT}


def forged(project, frame, names, asked):
    """Write an answer as if the question had been asked of these columns of the frame alone."""
    plan = frame.privacy.plan.dp_count(**asked)
    found, question = digests(frame, project.account.key), plan.canonical()
    key = request_key(project.account.key, question, bytes.fromhex(found.fingerprint(names)))
    held = project.account.reserve(key, {**question, naming.FRAME: names}, plan.loss)
    project.account.commit(held, '{"cells":[7,7],"versions":{}}' if "by" in asked else '{"cells":[7],"versions":{}}')


@pytest.mark.parametrize(("names", "asked"), [([], COUNT), (["x"], PLAN)], ids=["no column", "not those that are read"])
def test_a_set_without_columns_or_without_those_that_are_read_never_matches(project, frame, names, asked):
    forged(project, frame, names, asked)
    assert not frame.privacy.dp_count(**asked).replayed


def test_the_forged_answer_would_be_taken_for_whole_columns(project, frame):
    """So the test above can fail."""
    forged(project, frame, ["plan"], PLAN)
    assert frame.privacy.dp_count(**PLAN).value.tolist() == [7, 7]
    forged(project, frame, ["x"], {**COUNT, "epsilon": 2})
    assert frame.privacy.dp_count(epsilon=2).replayed


@pytest.mark.parametrize("told", ["x", [["x"]], [1], {"x": 1}, None])
def test_a_record_of_something_else_matches_nothing(project, frame, told):
    plan = frame.privacy.plan.dp_count(**COUNT)
    held = project.account.reserve(
        request_key(project.account.key, plan.canonical(), b"other"), {**plan.canonical(), "frame": told}, plan.loss
    )
    project.account.commit(held, '{"cells":[7],"versions":{}}')
    assert not frame.privacy.dp_count(**COUNT).replayed


def test_odd_names_match_themselves_alone(project):
    def of(*columns):
        odd = pd.concat([pd.Series(values, dtype=dtype) for _, values, dtype in columns], axis=1)
        return odd.set_axis(pd.Index([name for name, *_ in columns], dtype=object), axis=1)

    tuple_, text = (("a", 1), [1, 2], "int64"), ("(a, n1)", [1, 2], "int64")
    new, lone = ("new", ["n", "m"], object), ("\ud800", [1, 1], "int64")
    cases = (([tuple_], [new, tuple_], True), ([tuple_], [text, new], False), ([lone], [new, lone], True))
    for epsilon, (first, then, replays) in enumerate(cases, start=1):
        of(*first).privacy.dp_count(epsilon=epsilon)
        assert of(*then).privacy.dp_count(epsilon=epsilon).replayed == replays, (first, then)


def test_every_eager_engine_forgives_and_a_version_holds_for_the_exact_schema_alone(project):
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    narrow = pl.DataFrame({"x": [1, 2, 3], "t": ["a", None, "b"]})
    wide = narrow.with_columns(y=pl.lit(1)).select("y", "t", "x")
    for epsilon, of in ((1, lambda data: data), (2, lambda data: data.to_arrow())):
        first = pk.dp_count(of(narrow), epsilon=epsilon)
        assert not first.replayed, "types of two engines are not one"
        assert pk.dp_count(of(wide), epsilon=epsilon).value == first.value
        assert not pk.dp_count(of(wide.with_columns(x=pl.lit(1))), epsilon=epsilon).replayed
    pk.dp_count(narrow.lazy(), epsilon=3, version="v")
    assert pk.dp_count(narrow.lazy(), epsilon=3, version="v").replayed
    plan = pk.plan.dp_count(wide.lazy(), epsilon=3, version="v")
    assert plan.standing == (5, False, ())
    assert not plan.release().replayed
    assert not pk.dp_count(narrow, epsilon=3).replayed, "a version is no fingerprint"
    assert pk.plan.dp_count(narrow.lazy(), epsilon=3).standing is None, "nothing is known of it"
    assert pa.__name__ == "pyarrow"


def test_a_simulated_project_forgives_as_a_real_one(frame):
    project = pk.open_project("class", epsilon=9, unit=pk.ROW, simulate=True, seed=1)
    first = frame.privacy.dp_count(**COUNT)
    assert frame.assign(y=1).privacy.dp_count(**COUNT).value == first.value
    changed = frame.assign(x=0).privacy.dp_count(**COUNT)
    assert (changed.replayed, changed.asked_before, project.spent.epsilon) == (False, 1, 2)
    assert "entry 1 asked the same of another frame" in repr(changed)


def test_persons_in_bounds_are_forgiven(ledger_path):
    project = pk.open_project("who", epsilon=9, unit="who", max_rows=2, store=ledger_path)
    frame = pd.DataFrame({"who": [1, 1, 1, 2, 3], "v": [1.0, 2, 3, 4, 5]})
    first = frame.privacy.dp_sum("v", bounds=(0, 9), **COUNT)
    assert frame.assign(y=1).privacy.dp_sum("v", bounds=(0, 9), **COUNT).value == first.value
    assert not frame.assign(y=1, who=[1, 1, 1, 2, 2]).privacy.dp_sum("v", bounds=(0, 9), **COUNT).replayed
    assert project.spent.epsilon == 2


# -- against a plain reckoning ---------------------------------------------------------------------------------------


def stands(earlier: dict[str, list[object]], now: dict[str, list[object]]) -> bool:
    """Whether every column of an earlier frame is in this one, cell by cell: told by lists alone."""
    return bool(earlier) and all(name in now and now[name] == cells for name, cells in earlier.items())


@st.composite
def histories(draw):
    """Draw a course of frames, each made of the one before, or of an earlier one again."""
    rows = draw(st.integers(0, 3))
    cell = st.sampled_from([0, 1, 2**53, 2**53 + 1])
    column = st.lists(cell, min_size=rows, max_size=rows)
    frames = [draw(st.dictionaries(st.sampled_from("abcd"), column, min_size=1, max_size=3))]
    for _ in range(draw(st.integers(1, 6))):
        now = dict(draw(st.sampled_from(frames)))
        act = draw(st.sampled_from(["add", "drop", "permute", "change", "turn", "same"]))
        if act in ("add", "change"):
            now[draw(st.sampled_from("abcde" if act == "add" else sorted(now)))] = draw(column)
        elif act == "drop" and len(now) > 1:
            now.pop(draw(st.sampled_from(sorted(now))))
        elif act == "permute":
            now = {name: now[name] for name in draw(st.permutations(sorted(now)))}
        elif act == "turn":
            now = {name: cells[::-1] for name, cells in now.items()}
        frames.append(now)
    return frames


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=histories())
def test_it_replays_what_a_plain_comparison_finds_and_nothing_else(frames, tmp_path_factory):
    project = pk.open_project("h", epsilon=100, unit=pk.ROW, simulate=True, seed=3)
    asked: list[dict[str, list[object]]] = []
    for now in frames:
        data = pd.DataFrame({name: np.array(cells, dtype=np.int64) for name, cells in now.items()})
        known = [place for place, earlier in enumerate(asked) if stands(earlier, now)]
        standing = data.privacy.plan.dp_count(epsilon=1, project=project).standing
        release = data.privacy.dp_count(epsilon=1, project=project)
        assert release.replayed == bool(known), (asked, now)
        assert standing == (None if not asked else (standing.entry, bool(known), standing.unchanged))
        if known:
            entry = release.provenance.entry
            assert stands(asked[entry - 1], now)
        else:
            asked.append(now)
    assert project.spent.epsilon == len(asked)


def test_a_ledger_file_is_the_same_after_plans_were_shown(project, frame, ledger_path):
    frame.privacy.dp_count(**COUNT)
    before = sqlite3.connect(ledger_path).execute("SELECT * FROM privkit_record").fetchall()
    for data in (frame, frame.assign(y=1), frame.assign(x=1)):
        plan = data.privacy.plan.dp_count(**COUNT)
        repr(plan), plan._repr_html_(), plan.standing
    assert sqlite3.connect(ledger_path).execute("SELECT * FROM privkit_record").fetchall() == before
