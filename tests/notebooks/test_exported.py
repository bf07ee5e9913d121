"""A page that nbconvert makes of a notebook shows the panels' pictures, and fetches nothing for them."""

import subprocess
import sys

import pytest


def test_a_page_without_the_state_of_widgets_holds_the_pictures(tmp_path, monkeypatch):
    nbformat = pytest.importorskip("nbformat")
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(tmp_path / "state"))
    cells = ["import privkit as pk\nproject = pk.open_project('p', epsilon=1.0, unit=pk.ROW)", "project.panel()"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, tmp_path / "p.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "html", "p.ipynb"]
    command += ["--ExecutePreprocessor.store_widget_state=False"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    page = (tmp_path / "p.html").read_text()
    assert "of 1 left</strong>" in page[page.index("<body") :]
    assert "unpkg.com" not in page
