"""A page that nbconvert makes of a notebook shows the panels' pictures, and fetches nothing for them."""

import ast
import html
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import privkit as pk


@pytest.mark.landing
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


def test_what_is_exported_as_the_page_says_has_texts_in_place_of_sources(tmp_path):
    """`--sanitize-html` writes all HTML but a few tags as text."""
    nbformat, nbconvert = pytest.importorskip("nbformat"), pytest.importorskip("nbconvert")
    config = pytest.importorskip("traitlets.config").Config()
    page = (Path(__file__).parents[2] / "docs" / "jupyter.md").read_text()
    command = shlex.split(re.search(r"^\$ (jupyter nbconvert .*--sanitize-html.*)$", page, re.MULTILINE)[1])
    (option,) = [word for word in command if "=" in word]
    name, _, value = option.removeprefix("--NbConvertBase.").partition("=")
    config.NbConvertBase[name] = ast.literal_eval(value)
    piece, report = pk.teach.two_worlds(), pk.kanon(pd.DataFrame({"zip": ["1", "2", "2"]}), ["zip"])
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("piece")])
    for shown in (piece, report):
        data = {"text/html": shown._repr_html_(), "text/plain": repr(shown)}
        notebook.cells[0].outputs.append(nbformat.v4.new_output("display_data", data))
    written, _ = nbconvert.HTMLExporter(config=config, sanitize_html=True).from_notebook_node(notebook)
    text = html.unescape(re.sub(r"<[^>]+>", "", written[written.index("<main") :]))
    assert piece.sentence in text
    assert repr(report).splitlines()[0] in text
    assert not re.search("iframe|srcdoc|<style|<div", text)
