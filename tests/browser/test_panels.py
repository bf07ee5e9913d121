"""Every live panel in a real JupyterLab: by mouse, by keyboard, in the dark, without a kernel, in Notebook 7."""

from __future__ import annotations

import importlib.util
import json
import re

import pytest
from lab_pages import command, idle, opened, panel, put, serious, write

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

HOSTILE = "<img src=x onerror=alert(1)>"
CELLS = [
    f"""import numpy as np, pandas as pd, privkit as pk
project = pk.open_project("panels", epsilon=1, unit=pk.ROW)
rng = np.random.default_rng(0)
people = pd.DataFrame({{"zip": rng.integers(8000, 8012, 3000).astype(str), "age": rng.integers(18, 90, 3000)}})
people[{HOSTILE!r}] = rng.choice(["a", "b"], 3000)
qi = ["zip", "age", {HOSTILE!r}]""",
    "project.panel()",
    "people.privacy.plan.dp_count(epsilon=0.2).panel()",
    "people.privacy.kanon(qi, k=5).panel()",
    "people.privacy.risk(qi).panel()",
    "people.privacy.lattice(qi, k=5, suppress=0.02).panel()",
    "people.privacy.kanon(qi, k=5).panel(hierarchies={})",
]
BUDGET, PLAN, K, RISK, LATTICE, EXPLORED = 1, 2, 3, 4, 5, 6
NAMES = {BUDGET: "budget", PLAN: "plan", K: "k", RISK: "risk", LATTICE: "lattice", EXPLORED: "explored"}
#: How many panels a cell shows: the explorer in a report's panel is one in itself.
PANELS = {EXPLORED: 2}


@pytest.fixture(scope="module")
def folder(lab):
    folder = lab.work / "panels"
    folder.mkdir()
    write(folder / "panels.ipynb", CELLS)
    return folder


@pytest.fixture(scope="module")
def page(lab, chromium, folder):
    """The notebook, run from top to bottom. Its tests move what is in it, and begin by setting what they ask of it."""
    page = opened(lab, chromium, "panels/panels.ipynb", EXPLORED)
    yield page
    page.context.close()


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


def pictures(page, artifacts, theme):
    for cell, name in NAMES.items():
        panel(page, cell).first.scroll_into_view_if_needed()
        panel(page, cell).first.screenshot(path=artifacts / f"panel_{name}_{theme}.png", animations="disabled")


def test_every_panel_is_drawn_and_names_stay_text(page, artifacts):
    for cell in NAMES:
        expect(panel(page, cell)).to_have_count(PANELS.get(cell, 1))
        expect(panel(page, cell).first).to_have_attribute("role", "group")
        assert panel(page, cell).locator("img, script").count() == 0
    for cell in (K, RISK):
        expect(panel(page, cell)).to_contain_text(HOSTILE)
    expect(panel(page, LATTICE).get_by_role("slider", name=HOSTILE[:20])).to_have_count(1)
    page.mouse.move(0, 0)
    pictures(page, artifacts, "light")


def test_price_and_accuracy_move_each_other(page):
    plan = panel(page, PLAN)
    put(plan, "ε =", "0.2")
    price, width = plan.get_by_label("ε =", exact=True), plan.get_by_label("± =", exact=True)
    expect(price).to_have_value("0.2")
    expect(width).to_have_value("15")
    plan.get_by_role("slider", name="ε", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(price).to_have_value("0.5")
    expect(width).to_have_value("6")
    expect(plan.get_by_role("slider", name="ε", exact=True)).to_have_attribute("aria-valuetext", "0.5")
    plan.get_by_role("slider", name="accuracy ±", exact=True).focus()
    for told in ("10", "15", "20"):  # the first width is a step too
        page.keyboard.press("ArrowRight")
        expect(width).to_have_value(told)
    assert 0.1 < float(price.input_value()) < 0.17
    expect(plan.locator(".pk-title").first).to_contain_text(f"ε = {price.input_value()}")
    # The arrows stayed in the panel: JupyterLab moved to no other cell.
    assert "privkit" in page.evaluate("document.activeElement.closest('.privkit-panel')?.className ?? 'outside'")
    put(plan, "ε =", "0.2")
    expect(width).to_have_value("15")


def test_the_mouse_drags_too(page):
    plan = panel(page, PLAN)
    put(plan, "ε =", "0.2")
    expect(plan.get_by_label("± =", exact=True)).to_have_value("15")
    handle = plan.get_by_role("slider", name="ε", exact=True)
    spot = handle.bounding_box()
    page.mouse.move(spot["x"] + 5, spot["y"] + 5)
    page.mouse.down()
    page.mouse.move(spot["x"] - 60, spot["y"] + 5, steps=4)
    page.mouse.up()
    expect(plan.get_by_label("ε =", exact=True)).not_to_have_value("0.2")
    put(plan, "ε =", "0.2")
    expect(plan.get_by_label("± =", exact=True)).to_have_value("15")


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


def test_the_line_of_k_moves(page):
    shown = panel(page, K)
    put(shown, "k =", "5")
    expect(shown.get_by_role("img")).to_have_attribute("aria-label", re.compile("left of the line at k = 5"))
    shown.get_by_role("slider", name="k", exact=True).focus()
    before = shown.locator(".pk-badge").inner_text()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(shown.get_by_label("k =", exact=True)).to_have_value("3")
    expect(shown.get_by_role("img")).to_have_attribute("aria-label", re.compile("left of the line at k = 3"))
    assert shown.locator(".pk-badge").inner_text() != before


def test_the_threshold_of_risk_moves(page):
    shown = panel(page, RISK)
    put(shown, "risk >", "0.2")
    expect(shown).to_contain_text("above 0.2")
    shown.get_by_role("slider", name="threshold").focus()
    page.keyboard.press("PageUp")
    expect(shown).to_contain_text("above 0.25")
    shown.get_by_label("risk >", exact=True).fill("0.34")
    page.keyboard.press("Enter")
    expect(shown).to_contain_text("every class of fewer than 3 rows")


def test_the_explorer_moves_k_suppression_and_loss(page):
    shown = panel(page, LATTICE)
    title = shown.locator(".pk-title").nth(1)
    ages = shown.get_by_role("slider", name="age", exact=True)
    expect(ages).to_have_attribute("aria-valuetext", re.compile("^2: intervals of 10"))  # it begins at the best
    ages.focus()
    page.keyboard.press("Home")
    expect(ages).to_have_attribute("aria-valuetext", "0: value")
    before = title.inner_text()
    ages.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(ages).to_have_attribute("aria-valuetext", re.compile("^3: "))
    expect(shown).to_contain_text("'age': 3")
    assert title.inner_text() != before
    page.keyboard.press("End")
    expect(shown.locator(".pk-badge")).to_contain_text("holds with 0 of 3,000 records suppressed")


def test_a_report_tells_what_each_column_contributes(page):
    shown = panel(page, K)
    row = shown.locator("tr", has_text=HOSTILE)
    expect(row).to_have_count(1)
    expect(row.get_by_role("meter")).to_have_attribute("aria-label", re.compile("by it alone, .* without it"))
    before = row.inner_text()
    shown.get_by_role("slider", name="k", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(row).not_to_have_text(before)


def test_a_report_explores_its_lattice_judged_by_its_own_line(page):
    outer, inner = panel(page, EXPLORED).first, panel(page, EXPLORED).last
    put(outer, "k =", "5")
    inner.get_by_role("slider", name="age", exact=True).focus()
    page.keyboard.press("Home")
    expect(inner.locator(".pk-badge")).to_contain_text("records would have to be suppressed; 60 are allowed")
    for name in ("zip", "age"):
        inner.get_by_role("slider", name=name, exact=True).focus()
        page.keyboard.press("End")
    expect(inner.locator(".pk-badge")).to_contain_text("KAnonymity(5) holds with 0 of 3,000 records suppressed")
    outer.get_by_label("k =", exact=True).fill("9")
    page.keyboard.press("Enter")
    expect(inner.locator(".pk-badge")).to_contain_text("KAnonymity(9) holds")
    expect(inner.get_by_role("img").last).to_have_attribute("aria-label", re.compile("left of the line at k = 9"))
    expect(inner).to_contain_text(".explorer.apply(df)")
    inner.get_by_role("slider", name="zip", exact=True).focus()  # number fields keep every key to themselves


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


@pytest.mark.parametrize("theme", ["Light", "Dark High Contrast", "Dark"])
def test_axe_finds_nothing_serious(page, artifacts, theme):
    command(page, f"Use Theme: JupyterLab {theme}")
    dark = "true" if theme == "Light" else "false"
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", dark, timeout=20_000)
    page.wait_for_timeout(300)
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", f"JupyterLab {theme}", timeout=20_000)
    if theme != "Light":
        page.mouse.move(0, 0)
        pictures(page, artifacts, "dark" if theme == "Dark" else "contrast")
    assert serious(page, ".privkit-panel", ".jp-privkit-status") == []


CUT = """panel => [...panel.querySelectorAll('*')].filter(part => {
    const box = part.getBoundingClientRect(), edge = panel.closest('.jp-OutputArea-output').getBoundingClientRect();
    return box.width > 1 && box.right > edge.right + 1 && !part.closest('svg, .pk-scroll');
}).map(part => part.tagName + ' ' + part.textContent.slice(0, 30))"""


@pytest.mark.parametrize("width", [800, 600, 420])
def test_in_a_narrow_window_nothing_is_cut_off_and_axe_finds_nothing_serious(page, artifacts, width):
    """600 px are what 1200 are at 200 %."""
    page.set_viewport_size({"width": width, "height": 900})
    if page.locator("#jp-left-stack").is_visible():
        page.locator(".jp-Notebook .jp-Cell").first.locator(".jp-InputPrompt").click()
        page.keyboard.press("Control+b")
    try:
        page.wait_for_timeout(700)  # what is drawn follows the window
        for cell, name in NAMES.items():
            shown = panel(page, cell).first
            assert shown.evaluate(CUT) == [], name
            shown.scroll_into_view_if_needed()
            shown.screenshot(path=artifacts / f"panel_{name}_{width}.png", animations="disabled")
        assert serious(page, ".privkit-panel") == []
    finally:
        page.set_viewport_size({"width": 1200, "height": 1000})


def test_forced_colors_keep_what_bars_tell_apart(page, artifacts):
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    try:
        page.wait_for_timeout(300)
        pictures(page, artifacts, "forced")
        style = "(node, name) => getComputedStyle(node)[name]"
        short = panel(page, K).locator(".pk-bar.pk-short").first
        assert "gradient" in short.evaluate(style, "backgroundImage")
        under, fill = (panel(page, K).locator(f"rect.{kind}").first for kind in ("pk-under", "pk-fill"))
        assert under.evaluate(style, "fill") == "none"
        assert under.evaluate(style, "stroke") != "none"
        assert fill.evaluate(style, "fill") not in {"none", page.locator("body").evaluate(style, "backgroundColor")}
        moved = panel(page, K).locator(".noUi-handle").first
        assert moved.evaluate(style, "transitionDuration") == "0s"
        release = panel(page, PLAN).get_by_role("button", name="Release …")  # else it looks like a line of text
        assert release.evaluate(style, "borderTopStyle") == "solid"
        assert float(release.evaluate(style, "borderTopWidth").removesuffix("px")) >= 1
    finally:
        page.emulate_media(forced_colors="none", reduced_motion="no-preference")


def test_without_a_kernel_the_still_pictures_stand(page, lab, folder, artifacts):
    put(panel(page, PLAN), "ε =", "0.2")
    expect(panel(page, PLAN).get_by_label("± =", exact=True)).to_have_value("15")
    page.wait_for_timeout(1000)  # a picture is sent a moment after a change (kept.AFTER)
    panel(page, PLAN).get_by_role("slider", name="ε", exact=True).focus()  # number fields keep every key to themselves
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0, timeout=20_000)
    stored = json.loads((folder / "panels.ipynb").read_text(encoding="utf-8"))
    assert "widgets" not in stored["metadata"]
    # A kernel of a language that nobody has: JupyterLab asks. And nobody trusts this notebook: no script, no shapes.
    stored["metadata"] = {"kernelspec": {"name": "gone", "display_name": "Gone", "language": "gone"}}
    (folder / "still.ipynb").write_text(json.dumps(stored), encoding="utf-8")
    other = page.context.new_page()
    other.goto(f"{lab.url}lab/tree/panels/still.ipynb?reset&token={lab.token}")
    other.locator(".jp-Dialog").get_by_role("button", name="No Kernel").click(timeout=30_000)
    for cell, told in {
        BUDGET: "of 1 left",
        PLAN: "± 15 (95 %)",
        K: "k = 1",
        RISK: "prosecutor",
        LATTICE: "settings by KAnonymity",
        EXPLORED: "k = 1",
    }.items():
        expect(other.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".privkit").first).to_contain_text(told)
    assert other.locator(".privkit-panel, .privkit img:not([src^='data:image/svg+xml'])").count() == 0
    other.screenshot(path=artifacts / "panels_still.png", animations="disabled")
    other.close()


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


def test_panels_work_in_notebook_7(page, lab, folder, artifacts):
    if importlib.util.find_spec("notebook") is None:
        pytest.skip("notebook is not installed")
    write(folder / "seven.ipynb", [CELLS[0], CELLS[BUDGET], CELLS[K]])
    other = page.context.new_page()
    other.goto(f"{lab.url}notebooks/panels/seven.ipynb?token={lab.token}")
    other.locator(".jp-NotebookKernelStatus").wait_for(state="attached", timeout=60_000)
    expect(other.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_attached(timeout=60_000)
    other.wait_for_timeout(1500)  # idle is told before the kernel is connected
    other.get_by_role("menuitem", name="Run", exact=True).click()
    other.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    shown = panel(other, 2)
    expect(shown).to_have_count(1, timeout=60_000)
    expect(panel(other, 1)).to_contain_text("of 1 left")
    expect(other.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_attached(timeout=60_000)
    other.wait_for_timeout(500)  # the notebook takes the focus once more when all has run
    shown.get_by_role("slider", name="k", exact=True).focus()
    other.keyboard.press("ArrowRight")
    expect(shown.get_by_label("k =", exact=True)).to_have_value("6")
    other.screenshot(path=artifacts / "panels_notebook7.png", animations="disabled")
    other.close()


def test_no_dialog_fired_and_nothing_was_asked_of_another_host(page):
    assert page.dialogs == []
    assert page.foreign == []


def test_a_click_on_the_map_moves_the_sliders(page):
    shown = panel(page, LATTICE)
    drawing = shown.locator("svg.pk-map")
    drawing.scroll_into_view_if_needed()
    spot = drawing.bounding_box()
    code = shown.locator("p code").first
    before = code.inner_text()
    page.mouse.click(spot["x"] + spot["width"] - 4, spot["y"] + 20)  # where nothing is generalized, all is suppressed
    expect(code).not_to_have_text(before)
    expect(shown.locator(".pk-here")).to_have_count(1)
    assert float(shown.locator(".pk-here").get_attribute("cx")) > 300
    shown.get_by_role("slider", name="trade-off").focus()
    page.keyboard.press("Home")
    page.keyboard.press("End")
    expect(shown.locator("p code").first).not_to_have_text(before + " ")
