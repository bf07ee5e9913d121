"""Stored notebooks as a person opens them: trusted and not, in JupyterLab and in Notebook 7, nothing run."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.sign import NotebookNotary

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

CELLS = [
    """import numpy as np, pandas as pd, privkit as pk
project = pk.open_project("stored", epsilon=1, unit=pk.ROW)
rng = np.random.default_rng(0)
people = pd.DataFrame({"zip": rng.integers(8000, 8012, 3000).astype(str), "age": rng.integers(18, 90, 3000)})""",
    "project.panel()",
    "panel = people.privacy.kanon(['zip', 'age'], k=5).panel()\npanel",
    "people.privacy.dp_count(epsilon=0.25)\npanel.show(9)",
]
BUDGET, K = 1, 2
SPENT, MOVED = "ε = 0.75 of 1 left", "of fewer than 9"
GONE = "model not found"


@pytest.fixture(scope="module")
def folder(lab):
    """A folder with one notebook twice, executed: trusted, and not."""
    folder = lab.work / "stored"
    folder.mkdir()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    environment = dict(os.environ)
    os.environ |= {**lab.env, "PYTHONPATH": str(Path(__file__).parents[2])}
    try:
        # As JupyterLab stores it: with the widget beside the picture, which an executor leaves out.
        os.environ["SERVER_SOFTWARE"] = "voila/0.5"
        NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, store_widget_state=False).execute()
    finally:
        os.environ.clear()
        os.environ |= environment
    nbformat.write(notebook, folder / "stranger.ipynb")
    notebook.metadata["title"] = "trusted"
    NotebookNotary(data_dir=str(lab.root / "data")).sign(notebook)
    nbformat.write(notebook, folder / "mine.ipynb")
    return folder


@pytest.fixture(scope="module")
def opened(lab, chromium, folder):
    """Return a page with a stored notebook."""
    context = chromium.new_context(viewport={"width": 1200, "height": 1000})

    def open_(name, where="lab/tree"):
        page = context.new_page()
        reset = "reset&" if where == "lab/tree" else ""
        page.goto(f"{lab.url}{where}/stored/{name}.ipynb?{reset}token={lab.token}")
        expect(page.locator(".jp-Notebook .jp-Cell")).to_have_count(len(CELLS), timeout=60_000)
        expect(output(page, K)).to_contain_text("class", timeout=60_000)
        page.wait_for_timeout(3000)  # ipywidgets looks for its models meanwhile
        return page

    yield open_
    context.close()


def output(page, cell):
    return page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-Cell-outputWrapper")


@pytest.mark.parametrize("where", ["lab/tree", "notebooks"])
@pytest.mark.parametrize("name", ["mine", "stranger"])
def test_a_stored_panel_shows_its_last_picture(opened, where, name, artifacts):
    if where == "notebooks" and importlib.util.find_spec("notebook") is None:
        pytest.skip("notebook is not installed")
    page = opened(name, where)
    seen = page.locator(".jp-Notebook").inner_text()
    assert GONE not in seen
    for cell, told in {BUDGET: SPENT, K: MOVED}.items():
        expect(output(page, cell)).to_contain_text(told)
        expect(output(page, cell)).to_contain_text("A still picture of 20")
    # A bar is drawn where styles are kept, and written where they are not.
    bars = output(page, BUDGET).locator(".pk-ink").first
    assert bars.is_visible() == (name == "stranger")
    assert bars.inner_text().strip() in ({"███████▌", "███████▚"} | {"████████" + "·" * 22, ""})
    output(page, BUDGET).screenshot(path=artifacts / f"stored_{name}_{where.split('/')[0]}.png")
    page.close()


def test_a_panel_tells_that_its_kernel_has_ended_and_lives_again_when_run(opened):
    page = opened("mine")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(output(page, K).locator(".privkit-panel")).to_be_visible(timeout=60_000)
    expect(output(page, BUDGET).locator(".privkit-panel")).to_be_visible()
    expect(output(page, BUDGET)).not_to_contain_text("A still picture")
    expect(output(page, K)).to_contain_text(MOVED, timeout=30_000)
    handle = output(page, K).get_by_role("slider", name="k", exact=True)
    handle.focus()
    page.keyboard.press("ArrowRight")
    expect(output(page, K)).to_contain_text("of fewer than 10")
    page.wait_for_timeout(1500)  # a new picture came, and the panel kept the focus
    expect(handle).to_be_focused()
    page.keyboard.press("Control+Shift+C")
    page.locator("#modal-command-palette input").fill("Restart Kernel…")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(output(page, K)).to_contain_text("The kernel of this panel has ended.", timeout=30_000)
    expect(output(page, K)).to_contain_text("of fewer than 10")
    assert GONE not in page.locator(".jp-Notebook").inner_text()
    page.close()
