"""What tests in a browser share: a notebook that ran, its panels, and what axe-core finds in them."""

from __future__ import annotations

import nbformat
import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect


def write(path, cells):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


def opened(lab, chromium, path, last, width=1200):
    """Return the page of a notebook that ran, with a panel in its last cell."""
    page = chromium.new_context(viewport={"width": width, "height": 1000}).new_page()
    page.foreign, page.dialogs = [], []
    page.on(
        "request", lambda r: page.foreign.append(r.url) if r.url[:4] == "http" and "//127.0.0.1" not in r.url else 0
    )
    page.on("dialog", lambda dialog: (page.dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(f"{lab.url}lab/tree/{path}?reset&token={lab.token}")
    idle(page)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(panel(page, last).first.locator(".pk-title").last).to_be_visible(timeout=120_000)
    idle(page)
    return page


def put(shown, name, value):
    """Type a value into a number field."""
    shown.get_by_label(name, exact=True).fill(value)
    shown.page.keyboard.press("Enter")


def idle(page):
    expect(page.locator("#jp-main-statusbar").get_by_text("| Idle")).to_be_visible(timeout=120_000)


def panel(page, cell):
    return page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".privkit-panel")


def command(page, label):
    page.keyboard.press("Control+Shift+C")
    page.locator("#modal-command-palette input").fill(label)
    page.keyboard.press("Enter")


def serious(page, *selectors):
    """Return what axe-core finds serious or critical inside `selectors`."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = axe.Axe().run(page, context={"include": [[selector] for selector in selectors]}).response["violations"]
    return [
        (rule["id"], node["target"], node["failureSummary"])
        for rule in found
        for node in rule["nodes"]
        if rule["impact"] in {"serious", "critical"}
    ]
