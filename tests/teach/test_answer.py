"""Answers to what lessons ask: right and why, or a hint that does not give the solution away."""

from __future__ import annotations

import math
import re
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.budget.store.place import Place
from privkit.project.current import current_project
from privkit.teach.lessons import COURSE, LESSONS


def alone(frame, facts):
    return int((frame.groupby(facts).transform("size") == 1).sum())


def by_hand():
    """Each solution, without the parts of the package that count it."""
    students, patients = pk.teach.students(), pk.teach.patients()
    classes = patients.groupby([patients["zip"].str[:3], patients["age"] // 20])["illness"]
    cells = pd.crosstab(students["sport"], students["pet"]).to_numpy()
    fresh = sum(2 * x * x * math.exp(-x / 2) for x in range(1, 400)) * (1 - math.exp(-0.5)) / (1 + math.exp(-0.5))
    return {
        1: alone(students, ["birth_month", "pet"]),
        2: max(alone(students, list(three)) for three in combinations(students.columns, 3)),
        3: int((classes.transform("nunique") == 1).sum()),
        4: 100 * math.exp(2) / (1 + math.exp(2)),
        5: next(months for months in range(20) if 15 * (months + 1) > 100),
        6: len([f"{number:04}" for number in range(10_000)]),
        7: 30 / 50,
        9: fresh / 0.1**2,
        10: len([tables for size in (1, 2) for tables in combinations("abcdef", size)]),
        11: "b",
        12: math.e,
        13: int(((cells > 0) & (cells < 3)).sum()),
        14: sum([0.1] * 40),
        15: "b",
    }


def test_what_is_right_is_so_by_hand_too():
    found = by_hand()
    assert list(found) == list(LESSONS)
    for lesson, solution in found.items():
        told = pk.teach.answer(lesson, solution)
        assert told.right, lesson
        assert told.said == LESSONS[lesson].why


def test_an_answer_that_is_off_is_wrong_and_its_hint_does_not_hold_the_solution():
    for lesson, solution in by_hand().items():
        wrong = ["a", "c"] if isinstance(solution, str) else [solution * 1.06, solution * 0.94, solution + 1e4, 0, -1]
        wrong += [trap() for trap, _ in LESSONS[lesson].traps]
        for tried in wrong:
            told = pk.teach.answer(lesson, tried)
            assert told.right is False, (lesson, tried)
            assert told.said != LESSONS[lesson].why
            if not isinstance(solution, str):
                named = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", told.said)}
                assert not any(LESSONS[lesson].is_right(number) for number in named), (lesson, told.said)


def test_each_mistake_that_is_known_has_a_hint_of_its_own():
    for lesson, asks in LESSONS.items():
        for trap, hint in asks.traps:
            assert pk.teach.answer(lesson, trap()).said == hint
        assert len({hint for _, hint in asks.traps} | {asks.hint, asks.why}) == len(asks.traps) + 2


@pytest.mark.parametrize(
    ("lesson", "tried", "hint"),
    [
        (4, 76.2, "advantage"),
        (5, 6.67, "whole"),
        (6, 9999, "0000"),
        (9, 28, "root"),
        (12, 3, "tenth"),
        (12, 73.1, "half"),
    ],
)
def test_a_mistake_is_known_as_people_round_it(lesson, tried, hint):
    assert hint in pk.teach.answer(lesson, tried).said


def test_what_a_hint_calls_df_it_says_where_to_get():
    hints = [hint for asks in LESSONS.values() for hint in (asks.hint, *(one for _, one in asks.traps))]
    assert [hint for hint in hints if "df" in hint]
    assert not [hint for hint in hints if "df" in hint and "df = pk.teach." not in hint]


def test_who_is_right_goes_on_in_the_order_of_the_course():
    page = (Path(__file__).parents[2] / "docs" / "notebooks.md").read_text(encoding="utf-8")
    told = [int(number) for number in re.findall(r"^\| \[(\d\d)_", page, re.MULTILINE)]
    assert list(COURSE) == [number for number in told if number != 8]
    assert sorted(COURSE) == list(LESSONS)
    found = by_hand()
    for lesson, following in pairwise(COURSE):
        assert str(pk.teach.answer(lesson, found[lesson])).endswith(f"next: pk.teach.answer({following}, ...)")
    assert "next:" not in str(pk.teach.answer(COURSE[-1], found[COURSE[-1]]))


def test_dots_ask():
    for lesson, asks in LESSONS.items():
        told = pk.teach.answer(lesson, ...)
        assert (told.right, told.asked) == (None, asks.asked)
        assert told == pk.teach.answer(lesson)


@pytest.mark.parametrize("given", [np.int64(21), np.float32(21), 21.0, np.float64(21)])
def test_any_kind_of_number_is_a_number(given):
    assert pk.teach.answer(10, given).right


@pytest.mark.parametrize("given", ["b", "B", " (b) "])
def test_a_letter_may_be_written_in_any_way(given):
    assert pk.teach.answer(11, given).right


@pytest.mark.parametrize("given", ["21", None, True, math.nan, math.inf, 21 * 10**400, [21], pd.Series([21]), 21j])
def test_what_is_no_number_is_refused_and_not_repeated(given):
    with pytest.raises(pk.ParameterError, match=r"answer\(\) got given=.* must be a finite number") as caught:
        pk.teach.answer(10, given)
    assert "21" not in str(caught.value)


@pytest.mark.parametrize("given", ["d", "", "ab", 2, None])
def test_what_is_no_letter_of_the_choice_is_refused(given):
    with pytest.raises(pk.ParameterError, match="one of the letters a, b, c"):
        pk.teach.answer(11, given)


@pytest.mark.parametrize("lesson", [0, 8, 99])
def test_a_lesson_that_asks_nothing_is_refused(lesson):
    with pytest.raises(pk.ParameterError, match="lesson"):
        pk.teach.answer(lesson, 1)


def test_it_leaves_the_current_project_alone():
    project = pk.open_project("mine", epsilon=1, unit=pk.ROW, simulate=True, seed=1)
    for lesson in LESSONS:
        pk.teach.answer(lesson, "b" if LESSONS[lesson].letters else 3)
    assert current_project() is project
    assert not project.spent.epsilon


# -- a project of a lesson -----------------------------------------------------------------------------------------


def test_a_project_of_a_lesson_begins_anew_in_every_copy_and_replays_in_each(tmp_path, monkeypatch):
    monkeypatch.setattr(Place, "temporary", False)  # else anchors watch no ledger in pytest's folders
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(tmp_path / "state"))
    frame = pd.DataFrame({"a": [1, 2, 3]})
    for copy in ("one", "two"):
        (tmp_path / copy).mkdir()
        monkeypatch.chdir(tmp_path / copy)
        first = pk.teach.project("lesson", epsilon=1, unit=pk.ROW)
        assert not first.spent.epsilon
        told = frame.privacy.dp_count(epsilon=0.5)
        again = pk.teach.project("lesson", epsilon=1, unit=pk.ROW)
        assert frame.privacy.dp_count(epsilon=0.5).value == told.value
        assert again.spent.epsilon == 0.5
    (tmp_path / "three").mkdir()
    monkeypatch.chdir(tmp_path / "three")
    with pytest.raises(pk.LedgerMovedError):
        pk.open_project("lesson", epsilon=1, unit=pk.ROW)


def test_a_lesson_that_was_deleted_starts_over(tmp_path, monkeypatch):
    monkeypatch.setattr(Place, "temporary", False)
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(tmp_path / "state"))
    for _ in range(2):
        lesson = pk.teach.project("lesson", epsilon=1, unit=pk.ROW, store=tmp_path / "ledger.db")
        assert not lesson.spent.epsilon
        pd.DataFrame({"a": [1]}).privacy.dp_count(epsilon=0.5, project=lesson)
        (tmp_path / "ledger.db").unlink()


def test_the_terms_of_a_lesson_are_fixed_too(tmp_path, monkeypatch):
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(tmp_path / "state"))
    pk.teach.project("lesson", epsilon=1, unit=pk.ROW, store=tmp_path / "ledger.db")
    with pytest.raises(pk.ProjectMismatchError):
        pk.teach.project("lesson", epsilon=5, unit=pk.ROW, store=tmp_path / "ledger.db")
