"""The kit for teachers in a real nbgrader, where the environment has one (`pip install nbgrader`)."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("nbgrader")

KIT = Path(__file__).parents[2] / "notebooks" / "08_for_teachers.ipynb"
SOLVED = {"alone", "price"}  # the third is left as it is handed out


def nbgrader(course, *arguments):
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # it calls alembic by its name
    command = [sys.executable, "-m", "nbgrader", *arguments]
    environment = {**os.environ, "PATH": tools, "PRIVKIT_STATE_DIR": str(course / "state")}
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-5000:]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with one assignment, handed out."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "source" / "privacy").mkdir(parents=True)
    shutil.copy(KIT, folder / "source" / "privacy")
    nbgrader(folder, "generate_assignment", "privacy")
    return folder


def handed_in(course, student, solutions):
    """Hand in the students' copy with some exercises solved, and let it be graded; return the points by exercise."""
    notebook = nbformat.read(course / "release" / "privacy" / KIT.name, 4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in solutions:
            cell.source = solutions[name]
    folder = course / "submitted" / student / "privacy"
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / KIT.name)
    nbgrader(course, "autograde", "privacy", "--student", student)
    with sqlite3.connect(course / "gradebook.db") as book:
        rows = book.execute(
            "SELECT base_cell.name, grade.auto_score FROM grade JOIN base_cell ON base_cell.id = grade.cell_id "
            "JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id "
            "JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id "
            "WHERE submitted_assignment.student_id = ?",
            (student,),
        )
        return dict(rows.fetchall())


def test_the_students_copy_holds_neither_solutions_nor_hidden_tests(course):
    notebook = nbformat.read(course / "release" / "privacy" / KIT.name, 4)
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "BEGIN" not in text
    assert text.count("YOUR CODE HERE") == 3
    assert text.count("YOUR ANSWER HERE") == 1
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_what_is_right_gets_its_points_and_what_is_missing_none(course):
    key = {
        cell.metadata.nbgrader["grade_id"]: cell.source
        for cell in nbformat.read(KIT, 4).cells
        if "nbgrader" in cell.metadata and cell.metadata.nbgrader["solution"]
    }
    assert handed_in(course, "ada", key) == {"alone-check": 2, "price-check": 2, "mean-check": 2, "patience": None}
    some = {name: key[name] for name in SOLVED}
    assert handed_in(course, "grace", some)["mean-check"] == 0
    wrong = {**key, "alone": "alone = 57", "price": "price = 0.2"}
    found = handed_in(course, "edsger", wrong)
    assert (found["alone-check"], found["price-check"], found["mean-check"]) == (0, 0, 2)
