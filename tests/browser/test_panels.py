"""Every live panel in a real JupyterLab: by mouse, by keyboard, in the dark, without a kernel, in Notebook 7."""

from __future__ import annotations

import importlib.util
import json
import re

import pytest
from lab_pages import command, opened, panel, put, serious, write
from panel_cells import BUDGET, CELLS, EXPLORED, HOSTILE, LATTICE, NAMES, PANELS, PLAN, RISK, K

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect


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
