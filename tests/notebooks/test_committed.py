"""The committed notebooks are executed, small, and show nothing of the machine they were made on."""

from __future__ import annotations

import json
import re

import nbformat
import pytest

from .conftest import NOTEBOOKS

ABSOLUTE = re.compile(r"(?<![\w.:/<])/(?:home|root|tmp|work|usr|opt|var|Users|mnt|private)/|[A-Z]:\\\\|file://")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, 4)


@pytest.fixture
def cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_notebooks():
    assert "01_start" in [path.stem for path in NOTEBOOKS]


def test_it_is_valid(notebook):
    nbformat.validate(notebook)


def test_it_was_executed_once_from_top_to_bottom(cells):
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        assert all(
            output.get("execution_count", cell.execution_count) == cell.execution_count for output in cell.outputs
        )


def test_errors_are_shown_on_purpose_alone(cells):
    for cell in cells:
        fails = any(output.output_type == "error" for output in cell.outputs)
        assert fails == ("raises-exception" in cell.metadata.get("tags", [])), cell.source


def test_nothing_was_written_to_stderr(cells):
    for cell in cells:
        assert all(output.get("name") != "stderr" for output in cell.outputs), cell.source


def test_no_widget_state_is_saved_and_every_widget_has_a_still_picture(notebook, cells):
    assert "widgets" not in notebook.metadata
    for cell in cells:
        for output in cell.outputs:
            data = output.get("data", {})
            if "application/vnd.jupyter.widget-view+json" in data:
                assert {"text/html", "text/plain"} <= set(data)
                assert "object at 0x" not in data["text/plain"]


def test_it_is_small(path):
    assert path.stat().st_size < 300_000


def test_it_names_no_place_of_this_machine(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        told = json.dumps(
            [cell["source"], [_text_of(output) for output in cell.get("outputs", [])]], ensure_ascii=False
        )
        assert not ABSOLUTE.search(told), ABSOLUTE.search(told).group()


def test_what_carries_no_noise_is_checked(cells):
    tagged = [cell for cell in cells if "nbval-check-output" in cell.metadata.get("tags", [])]
    assert len(tagged) >= len(cells) / 2
    assert all(cell.outputs for cell in tagged)


def test_it_says_what_you_learn_and_where_to_go_next(notebook):
    first, last = notebook.cells[0], notebook.cells[-1]
    assert first.cell_type == last.cell_type == "markdown"
    assert "You will learn" in first.source
    assert "You need" in first.source
    assert "Where to go next" in last.source


def _text_of(output):
    return {
        **output,
        "data": {kind: text for kind, text in output.get("data", {}).items() if not kind.startswith("image/")},
    }
