"""Panels that write code, each in a notebook of its own: the explorer's Apply, and a question that takes shape."""

from __future__ import annotations

import importlib.util
import re

import pytest
from lab_pages import idle, opened, panel, put, write

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

TABLE = """import numpy as np, pandas as pd, privkit as pk
project = pk.open_project("written", epsilon=1, unit=pk.ROW)
rng = np.random.default_rng(0)
people = pd.DataFrame({"zip": rng.integers(8000, 8012, 3000).astype(str), "age": rng.integers(18, 90, 3000)})
qi = ["zip", "age"]"""
LATTICE = "people.privacy.lattice(qi, k=5, suppress=0.02).panel()"
QUESTION = "people.privacy.plan.panel()"


@pytest.fixture
def notebook(lab, chromium, request):
    """Open a notebook of one test alone, with these cells below its table."""
    pages = []

    def begin(*cells, last=None, width=1200):
        folder = lab.work / re.sub(r"\W+", "_", request.node.name)
        folder.mkdir()
        write(folder / "written.ipynb", [TABLE, *cells])
        pages.append(opened(lab, chromium, f"{folder.name}/written.ipynb", last or len(cells), width))
        return pages[-1]

    yield begin
    for page in pages:
        assert page.dialogs == page.foreign == []
        page.context.close()


def cells(page):
    return page.locator(".jp-Notebook .jp-Cell")


def test_apply_writes_a_cell_below_that_gives_what_is_shown(notebook, artifacts):
    page = notebook(LATTICE, "'the cell that was below'", last=1)
    shown = panel(page, 1)
    code = shown.locator("pre.pk-code")
    # Here are buttons; elsewhere stands what to do by hand.
    expect(shown.locator(".pk-by-hand")).to_be_hidden()
    expect(shown.get_by_role("button", name="Copy the code")).to_be_visible()
    expect(code).to_contain_text("anonymized = people.privacy.lattice(qi, k=5, suppress=0.02).apply({'zip': ")
    shown.get_by_role("slider", name="age", exact=True).focus()
    page.keyboard.press("End")
    expect(code).to_contain_text("'age': 5})")
    written = code.inner_text()
    shown.get_by_role("button", name="Apply in a new cell").focus()
    page.keyboard.press("Enter")
    expect(cells(page)).to_have_count(4)
    expect(cells(page).nth(2)).to_have_class(re.compile("jp-mod-active"))
    expect(cells(page).nth(2).locator(".cm-content")).to_be_focused()  # to be read, before it is run
    assert [line.strip() for line in cells(page).nth(2).locator(".cm-line").all_inner_texts()] == written.splitlines()
    expect(cells(page).nth(2).locator(".jp-OutputArea-output")).to_have_count(0)
    expect(cells(page).nth(3).locator(".cm-content")).to_contain_text("the cell that was below")
    page.keyboard.press("Shift+Enter")
    idle(page)
    expect(cells(page).nth(2).locator(".jp-OutputArea-output").first).to_contain_text("KAnonymity(5) holds")
    shown.screenshot(path=artifacts / "explorer_applied.png", animations="disabled")


def test_what_is_not_allowed_cannot_be_applied(notebook):
    page = notebook(LATTICE)
    shown = panel(page, 1)
    for name in ("zip", "age"):
        shown.get_by_role("slider", name=name, exact=True).focus()
        page.keyboard.press("Home")
    expect(shown).to_contain_text("There is nothing to apply")
    expect(shown.get_by_role("button", name="Apply in a new cell")).to_have_count(0)


def test_a_question_takes_shape_costs_nothing_and_becomes_code(notebook, artifacts):
    page = notebook("project.panel()", QUESTION)
    asked, budget = panel(page, 2), panel(page, 1)
    expect(asked.locator(".pk-title").first).to_contain_text("count")
    expect(asked.get_by_label("of the column")).to_be_hidden()
    assert (
        str(asked.get_by_label("by", exact=True).evaluate("node => node.selectedOptions[0]?.text")).replace("\xa0", " ")
        == "(one answer)"
    )
    asked.get_by_label("ask for").select_option("the mean")
    expect(asked.get_by_role("button", name="Release …")).to_be_disabled()  # no bounds
    expect(asked.get_by_label("of the column")).to_be_visible()
    asked.get_by_label("of the column").select_option("age")
    for name, value in {"at least": "0", "at most": "100", "rows in a group": "3000", "suppose it is": "40"}.items():
        put(asked, name, value)
    expect(asked.get_by_role("button", name="Release …")).to_be_enabled()
    expect(asked).to_contain_text("If the exact answer were 40")
    code = asked.locator("pre.pk-code")
    expect(code).to_have_text("people.privacy.dp_mean('age', bounds=(0, 100), epsilon=0.1)")
    asked.get_by_role("slider", name="ε", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(asked.get_by_label("ε =", exact=True)).to_have_value("0.2")
    expect(code).to_contain_text("epsilon=0.2")
    expect(asked).to_contain_text("after it, ε = 0.8")
    asked.screenshot(path=artifacts / "question.png", animations="disabled")
    asked.get_by_label("by", exact=True).select_option("zip")
    expect(asked.get_by_role("button", name="Release …")).to_be_disabled()  # no groups
    put(asked, "public groups", "8000, 8001")
    expect(code).to_contain_text("keys=['8000', '8001']")
    expect(budget).to_contain_text("ε = 1 of 1 left")
    asked.get_by_role("button", name="Write it into a new cell").click()
    expect(cells(page)).to_have_count(4)
    expect(cells(page).nth(3).locator(".cm-content")).to_contain_text("epsilon=0.2")
    expect(budget).to_contain_text("ε = 1 of 1 left")  # written, not run
    asked.get_by_role("button", name="Release …").focus()
    page.keyboard.press("Enter")
    expect(asked.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(asked).to_contain_text("Released: cost ε = 0.2", timeout=30_000)
    expect(budget).to_contain_text("ε = 0.8 of 1 left")
    written = cells(page).nth(3).locator(".cm-content")
    written.focus()  # no click: the panels above may still grow, and what stands below them move
    expect(written).to_be_focused()
    page.keyboard.press("Shift+Enter")  # the code asks the same: it replays
    idle(page)
    expect(cells(page).nth(3).locator(".jp-OutputArea-output").first).to_be_visible()
    expect(budget).to_contain_text("ε = 0.8 of 1 left")


def test_the_kernel_takes_the_focus_from_no_other_cell(notebook):
    """Its word may come when the person types elsewhere: what is typed there would be lost."""
    page = notebook("project.panel()", QUESTION, "late = 1", last=2)
    shown = panel(page, 2)
    shown.get_by_role("button", name="Release …").focus()
    page.keyboard.press("Enter")
    expect(shown.get_by_role("button", name="Cancel")).to_be_focused()  # it stays in the panel: it may move there
    page.keyboard.press("Escape")
    expect(shown.get_by_role("button", name="Release …")).to_be_focused()
    written = cells(page).nth(3).locator(".cm-content")
    written.focus()
    shown.get_by_role("button", name="Release …").evaluate("button => button.click()")  # no mouse moves the focus
    expect(shown.get_by_role("button", name="Cancel")).to_be_visible()
    page.wait_for_timeout(300)
    expect(written).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type(" + 1")
    expect(written).to_have_text("late = 1 + 1")


def test_a_shortcut_typed_in_a_field_is_one(notebook):
    page = notebook(QUESTION)
    field = panel(page, 1).get_by_label("ε =", exact=True)
    field.fill("0.25")
    page.keyboard.press("Enter")
    expect(panel(page, 1)).to_contain_text("epsilon=0.25")
    expect(page.locator(".jp-mod-dirty")).to_have_count(1)
    field.focus()
    page.keyboard.press("Control+a")  # the field's own: it marks the text
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0, timeout=20_000)
    expect(field).to_be_focused()
    page.keyboard.type("0.3")
    page.keyboard.press("Enter")
    expect(panel(page, 1)).to_contain_text("epsilon=0.3")


@pytest.mark.skipif(importlib.util.find_spec("notebook") is None, reason="notebook is not installed")
def test_apply_writes_a_cell_in_notebook_7_too(lab, chromium, artifacts):
    folder = lab.work / "written_seven"
    folder.mkdir()
    write(folder / "seven.ipynb", [TABLE, LATTICE])
    page = chromium.new_context(viewport={"width": 1200, "height": 1000}).new_page()
    page.goto(f"{lab.url}notebooks/written_seven/seven.ipynb?token={lab.token}")
    page.locator(".jp-NotebookKernelStatus").wait_for(state="attached", timeout=60_000)
    expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_attached(timeout=60_000)
    page.wait_for_timeout(1500)  # idle is told before the kernel is connected
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    shown = panel(page, 1)
    code = shown.locator("pre.pk-code")
    expect(code).to_contain_text("anonymized = people", timeout=60_000)
    expect(shown.get_by_role("button", name="Copy the code")).to_be_visible()
    shown.get_by_role("button", name="Apply in a new cell").click()
    expect(cells(page)).to_have_count(3)
    expect(cells(page).nth(2).locator(".cm-content")).to_contain_text("anonymized = people")
    page.screenshot(path=artifacts / "explorer_notebook7.png", animations="disabled")
    page.context.close()
