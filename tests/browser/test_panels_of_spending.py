"""Panels that spend, in a real JupyterLab: a release asks once, others spend beside it, a kernel restarts."""

from __future__ import annotations

import re

import pytest
from lab_pages import command, idle, opened, panel, write
from panel_cells import BUDGET, CELLS, PLAN

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect


@pytest.fixture
def spending(lab, chromium, request):
    """A project of one test alone, with its panel and that of a plan: no other test tells what is left."""
    folder = lab.work / re.sub(r"\W+", "_", request.node.name)
    folder.mkdir()
    write(folder / "spending.ipynb", CELLS[: PLAN + 1])
    page = opened(lab, chromium, f"{folder.name}/spending.ipynb", PLAN)
    page.folder = folder
    yield page
    assert page.dialogs == page.foreign == []
    page.context.close()


def test_a_release_asks_once_and_needs_no_mouse(spending, artifacts):
    page, plan = spending, panel(spending, PLAN)
    release, confirm, cancel = (plan.get_by_role("button", name=name) for name in ("Release …", "Spend ε =", "Cancel"))
    release.focus()
    page.keyboard.press("Enter")
    expect(cancel).to_be_focused()
    expect(confirm).to_have_text("Spend ε = 0.2")
    expect(plan.get_by_role("status")).to_contain_text("cannot be taken back")
    expect(plan.get_by_role("status")).to_contain_text("after it, ε = 0.8")
    plan.screenshot(path=artifacts / "panel_plan_asks.png", animations="disabled")
    expect(panel(page, BUDGET)).to_contain_text("ε = 1 of 1 left")
    page.keyboard.press("Enter")  # the second of two quick ones
    expect(plan.get_by_role("status")).to_contain_text("Nothing was spent.")
    expect(confirm).to_be_hidden()
    expect(release).to_be_focused()  # the focus is never lost: the button that had it is gone
    page.keyboard.press("Enter")
    expect(cancel).to_be_focused()
    page.keyboard.press("Escape")
    expect(confirm).to_be_hidden()
    expect(release).to_be_focused()
    expect(panel(page, BUDGET)).to_contain_text("ε = 1 of 1 left")
    page.keyboard.press("Enter")
    expect(cancel).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(confirm).to_be_focused()
    page.keyboard.press("Enter")
    expect(plan).to_contain_text("Released: cost ε = 0.2", timeout=30_000)
    expect(plan).to_contain_text("Where it comes from")
    expect(release).to_be_focused()
    expect(panel(page, BUDGET)).to_contain_text("ε = 0.8 of 1 left")
    expect(panel(page, BUDGET)).to_contain_text("About 4 more like the last one: count at ± 15, for ε = 0.2 each.")
    expect(page.locator(".jp-privkit-status > button")).to_contain_text("ε 0.2 / 1")
    page.keyboard.press("Escape")  # nothing is asked, so nothing is withdrawn
    expect(release).to_be_focused()
    expect(plan).to_contain_text("Released: cost ε = 0.2")


def test_at_800_pixels_it_is_seen_who_asked(spending):
    """Below, what was asked last scrolls sideways."""
    page, plan = spending, panel(spending, PLAN)
    plan.get_by_role("button", name="Release …").click()
    plan.get_by_role("button", name="Spend ε =").click()
    expect(plan).to_contain_text("Released: cost ε = 0.2", timeout=30_000)
    page.set_viewport_size({"width": 800, "height": 900})
    page.locator(".jp-Notebook .jp-Cell").first.locator(".jp-InputPrompt").click()
    page.keyboard.press("Control+b")
    expect(page.locator("#jp-left-stack")).to_be_hidden()
    page.wait_for_timeout(500)  # what is drawn follows the window
    asked = panel(page, BUDGET).locator(".pk-scroll")
    assert asked.locator("thead").inner_text().split()[-1] == "who"
    assert asked.evaluate("one => one.scrollWidth - one.clientWidth") <= 1


def test_a_second_kernel_spends_and_the_panel_follows(spending, lab):
    manager = pytest.importorskip("jupyter_client.manager")
    expect(panel(spending, BUDGET)).to_contain_text("ε = 1 of 1 left")
    kernel, client = manager.start_new_kernel(cwd=str(spending.folder), env=lab.env, startup_timeout=60)
    try:
        code = "import pandas as pd, privkit as pk\npk.open_project('panels')\n"
        code += "pd.DataFrame({'a': [1]}).privacy.dp_count(epsilon=0.3)"
        reply = client.execute_interactive(code, timeout=60, output_hook=lambda _: None)
        assert reply["content"]["status"] == "ok"
        expect(panel(spending, BUDGET)).to_contain_text("ε = 0.7 of 1 left")
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)


def test_after_a_restart_the_panel_lives_again(spending):
    def released(name, told):
        plan = panel(spending, PLAN)
        plan.get_by_role("button", name="Release …").click()
        plan.get_by_role("button", name=name).click()
        expect(plan).to_contain_text(told, timeout=30_000)
        expect(panel(spending, BUDGET)).to_contain_text("ε = 0.8 of 1 left")

    released("Spend ε = 0.2", "Released: cost ε = 0.2")
    command(spending, "Restart Kernel and Run All Cells")
    spending.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(panel(spending, PLAN)).not_to_contain_text("Released", timeout=60_000)  # it is made anew
    expect(panel(spending, PLAN)).to_have_count(1, timeout=60_000)
    idle(spending)
    released("Replay", "Released: replayed at no cost")  # the data is the same
