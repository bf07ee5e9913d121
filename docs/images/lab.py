"""Take ``lab-light.png`` and ``lab-dark.png``, the pictures of the README: the first notebook, run in a JupyterLab.

The project's panel, the side panel with an opened entry and the status bar, as a person sees them. It wants Chromium:
``python docs/images/lab.py``.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

from conftest import FLAGS, Lab  # noqa: E402 - the server that the browser's tests start
from lab_pages import command, idle  # noqa: E402

SIZE = {"width": 1400, "height": 984}
#: A release after the notebook's own, so that what follows by itself is seen.
SPEND = 'df.privacy.dp_count("plan", keys=["basic", "plus", "premium", "prepaid"], epsilon=0.05)'


def ran(page: Page, lab: Lab) -> None:
    """Run the notebook, then one release more, and open its entry in the side panel."""
    page.goto(f"{lab.url}lab/tree/01_start.ipynb?reset&token={lab.token}")
    idle(page)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    panel = page.locator(".jp-OutputArea-output .widget-vbox .privkit", has_text="no access control")
    expect(panel).to_be_visible(timeout=300_000)
    idle(page)
    page.locator(".jp-Cell").last.locator(".jp-InputArea-prompt").click()
    for key in ("Escape", "b", "Enter"):
        page.keyboard.press(key)
    page.keyboard.insert_text(SPEND)
    page.keyboard.press("Control+Enter")
    idle(page)
    page.locator(".jp-privkit-status > button").click()
    newest = page.locator("#jupyter-privkit-panel li[value]").first
    newest.get_by_text("Details").click()
    page.locator(".jp-Notebook").get_by_role("heading", name="Watch").evaluate("node => node.scrollIntoView()")


def taken(page: Page, theme: str) -> None:
    """Take the page in a theme, in few colors."""
    command(page, f"Use Theme: JupyterLab {theme.title()}")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", str(theme == "light").lower(), timeout=60_000)
    page.wait_for_timeout(2000)  # the theme's style sheet is loaded
    path = HERE / f"lab-{theme}.png"
    page.screenshot(path=path, animations="disabled")
    Image.open(path).convert("RGB").quantize(192).save(path, optimize=True)


def main() -> None:
    """Write both pictures."""
    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ["PRIVKIT_ANALYST"] = "ada"
    lab = Lab(Path(tempfile.mkdtemp()))
    server = lab.start()
    try:
        lab.wait(server, 300)
        with sync_playwright() as playwright:
            found = os.environ.get("CHROMIUM") or shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
            page = browser.new_page(viewport=SIZE)
            page.set_default_timeout(120_000)
            ran(page, lab)
            for theme in ("light", "dark"):
                taken(page, theme)
            browser.close()
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(lab.root)


if __name__ == "__main__":
    main()
