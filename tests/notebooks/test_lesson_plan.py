"""The notebook for teachers is a kit: it names its minutes, says what is a slide, and nbgrader can take it apart."""

from __future__ import annotations

import re

import nbformat
import numpy as np
import pytest

import privkit as pk

from .conftest import NOTEBOOKS

KIT = next(path for path in NOTEBOOKS if path.stem == "08_for_teachers")
SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", re.DOTALL)
FIELDS = {"grade", "grade_id", "locked", "schema_version", "solution", "task"}


@pytest.fixture(scope="module")
def cells():
    return nbformat.read(KIT, 4).cells


@pytest.fixture(scope="module")
def exercises(cells):
    return [cell for cell in cells if "nbgrader" in cell.metadata]


def test_the_lesson_takes_an_hour_without_a_gap(cells):
    heads = [line for cell in cells for line in cell.source.splitlines() if re.match(r"## \d+-\d+ · ", line)]
    parts = [tuple(map(int, re.match(r"## (\d+)-(\d+)", head).groups())) for head in heads]
    assert [begin for begin, _ in parts] == [0, *(end for _, end in parts[:-1])]
    assert parts[-1][1] == 60
    (plan,) = [cell.source for cell in cells if "| minutes |" in cell.source]
    rows = [tuple(map(int, found)) for found in re.findall(r"^\| (\d+)-(\d+) \|", plan, re.MULTILINE)]
    assert [begin for begin, _ in rows] == [0, *(end for _, end in rows[:-1])]
    assert {end for _, end in parts} <= {end for _, end in rows}


def test_every_cell_says_whether_it_is_a_slide(cells):
    types = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in cells]
    assert set(types) == {"slide", "subslide", "fragment", "skip", "-"}
    assert types[0] == "slide"
    assert all(kind == "skip" for kind, cell in zip(types, cells, strict=True) if "SOLUTION" in cell.source)


def test_exercises_have_what_nbgrader_asks_for(exercises):
    names = [cell.metadata.nbgrader["grade_id"] for cell in exercises]
    assert len(set(names)) == len(names)
    for cell in exercises:
        told = cell.metadata.nbgrader
        assert FIELDS <= set(told) <= FIELDS | {"points"}
        assert (told["schema_version"], told["task"]) == (3, False)
        assert ("points" in told) == told["grade"]
        assert bool(SOLUTION.search(cell.source)) == told["solution"]
        assert bool(HIDDEN.search(cell.source)) == told["locked"]
    assert sum(cell.metadata.nbgrader.get("points", 0) for cell in exercises) == 10


def test_each_exercise_of_code_is_followed_by_its_check(exercises):
    code = [cell.metadata.nbgrader["grade_id"] for cell in exercises if cell.cell_type == "code"]
    assert code[1::2] == [f"{name}-check" for name in code[::2]]
    assert len(code) == 6


@pytest.mark.parametrize("kind", [int, float, np.int64])
def test_a_right_number_has_its_points_whatever_counted_it(exercises, kind):
    students = pk.teach.students()
    (check,) = [cell.source for cell in exercises if cell.metadata.nbgrader["grade_id"] == "alone-check"]
    right = kind((students.groupby(["sport", "birth_month"]).size() == 1).sum())
    exec(check, {"students": students, "alone": right})
    with pytest.raises(AssertionError):
        exec(check, {"students": students, "alone": right + 1})
    with pytest.raises(AssertionError, match="whole number"):
        exec(check, {"students": students, "alone": right + 0.5})


def test_the_board_is_told_the_median_of_the_students_table(cells):
    (typed,) = [cell.source for cell in cells if "--truth call_duration=" in cell.source]
    told = re.search(r"--truth call_duration=(\S+)", typed)[1]
    assert pk.example("insights").head(500)["call_duration"].median() == float(told)


def test_the_students_copy_holds_no_solution(cells, exercises):
    """What stands between the marks is cut out; none of its lines, and no answer, stands anywhere else."""
    kept = "\n".join(HIDDEN.sub("", SOLUTION.sub("", cell.source)) for cell in cells)
    cut = [found for cell in exercises for found in SOLUTION.findall(cell.source)]
    lines = [line.strip() for found in cut for line in found.splitlines()]
    assert len(cut) == 4
    assert not [line for line in lines if line and line in kept]
    values = [cell.outputs[-1].data["text/plain"] for cell in exercises if cell.cell_type == "code" and cell.outputs]
    assert len(values) == 2
    assert not [value for value in values if re.search(rf"(?<![\w.]){re.escape(value)}(?![\w.])", kept)]
