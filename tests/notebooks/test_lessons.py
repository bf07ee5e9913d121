"""What every lesson holds itself to: short, things to see and move, ε told before it is spent, a check at its end."""

from __future__ import annotations

import re

import nbformat
import pytest

from privkit.teach.lessons import COURSE, LESSONS

from .conftest import NOTEBOOKS

#: For teachers, about lessons; it is none.
ABOUT = "08_for_teachers"
WORDS, CELLS, SEEN = 900, 25, 3


@pytest.fixture(params=[path for path in NOTEBOOKS if path.stem != ABOUT], ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, 4)


def of_kind(notebook, kind):
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def shown(cell):
    return [output.get("data", {}) for output in cell.outputs]


def test_each_lesson_that_asks_has_its_notebook():
    numbers = [int(path.stem[:2]) for path in NOTEBOOKS]
    assert len(set(numbers)) == len(numbers)
    assert set(numbers) - {int(ABOUT[:2])} == set(LESSONS)


def test_it_is_short(notebook):
    assert sum(len(cell.source.split()) for cell in of_kind(notebook, "markdown")) < WORDS
    assert len(of_kind(notebook, "code")) <= CELLS


def test_there_is_something_to_see_and_a_panel_to_move(notebook):
    data = [one for cell in of_kind(notebook, "code") for one in shown(cell)]
    assert sum("image/png" in one or "<iframe" in one.get("text/html", "") for one in data) >= SEEN
    moved = [cell for cell in of_kind(notebook, "code") if cell.source.endswith(".panel()")]
    assert any("text/html" in one for cell in moved for one in shown(cell))  # its still picture


def test_pictures_are_those_of_privkit_so_that_they_have_one_style(notebook):
    code = "\n".join(cell.source for cell in of_kind(notebook, "code"))
    assert not re.search(r"matplotlib|seaborn|plotly|altair", code)
    assert not re.search(r"\.(hist|boxplot)\(|\.plot\.|\.plot\([^)]", code)  # those of frames


def test_it_asks_at_its_end_and_does_not_answer(path, notebook):
    number = int(path.stem[:2])
    (at,) = [place for place, cell in enumerate(notebook.cells) if "teach.answer" in cell.source]
    assert notebook.cells[at].source == f"pk.teach.answer({number}, ...)"
    assert at == len(notebook.cells) - 2
    (told,) = shown(notebook.cells[at])
    assert told["text/plain"].startswith(f"Lesson {number} asks: ")


def test_epsilon_is_told_before_a_budget_is_opened(notebook):
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and re.search(r"(teach\.|open_)project\(", cell.source):
            before = [one.source for one in notebook.cells[:place] if one.cell_type == "markdown"]
            assert any(re.search(r"ε.{0,80}(say|bound|hide|small)|said by.{0,12}ε", text, re.S) for text in before)
            return


def test_nothing_of_the_ledgers_switches_is_in_the_readers_way(notebook):
    for cell in notebook.cells:
        assert not re.search(r"new=True|adopt=|reason=|%xmode", cell.source)  # another mode hides the card of an error


def test_it_leads_to_notebooks_that_there_are(notebook):
    names = {path.name for path in NOTEBOOKS}
    for cell in of_kind(notebook, "markdown"):
        assert set(re.findall(r"\]\((\w+\.ipynb)\)", cell.source)) <= names


def test_it_leads_to_the_next_lesson_of_the_course_first(path, notebook):
    """Whoever follows the first link at each end has read all, in the order of the course."""
    number = int(path.stem[:2])
    following = [*COURSE, 8][COURSE.index(number) + 1]
    (end,) = (cell for cell in of_kind(notebook, "markdown") if cell.source.startswith("## Where to go next"))
    assert re.search(r"\]\((\d\d)_\w+\.ipynb\)", end.source)[1] == f"{following:02}"


#: What prose counts and no cell shows: means, sums, rows that arrive later, what 20,000 tries tell; figures of papers.
TOLD = {"01": {57, 333}, "04": {0.007}, "05": {1.5, 5162}, "06": {1.5, 95}, "14": {36}, "15": {29}}
NUMBER = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+|(?<![\w.,])\d+(?:\.\d+)?(?!\w)")


def numbers(text):
    return {float(found.replace(",", "")): len(found.partition(".")[2]) for found in NUMBER.findall(text)}


def test_a_number_that_prose_tells_is_one_that_is_shown(path, notebook):
    """Years and round numbers apart; rounded as the prose rounds it."""
    shows = {}
    for cell in of_kind(notebook, "code"):
        texts = [one.get("text/plain", "") for one in shown(cell)] + [one.get("text", "") for one in cell.outputs]
        shows |= numbers(" ".join([cell.source, *texts]))
    for cell in of_kind(notebook, "markdown"):
        prose = re.sub(r"\]\([^)]*\)|\[\d\d_\w+\]|`[^`]*`|(?m:^#.*$)", "", cell.source)
        for told, places in numbers(prose).items():
            year = 1990 <= told <= 2030 and not places
            round_one = len(f"{told:g}".strip("0")) <= 1 or told in TOLD.get(path.stem[:2], ())
            assert year or round_one or any(round(one, places) == told for one in shows), (told, cell.source)
