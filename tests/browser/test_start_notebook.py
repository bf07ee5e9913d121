"""The first notebook in a real JupyterLab, in a real browser."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

import privkit as pk

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

HOSTILE = """
import pandas as pd
evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
theirs = pk.open_project(evil, epsilon=1, unit=pk.ROW, store="hostile.db")
table = pd.DataFrame({evil: [evil, "b"]})
for shown in (table.privacy.kanon(evil, k=2), table.privacy.plan.dp_count(evil, keys=[evil], epsilon=0.1),
              table.privacy.dp_count(evil, keys=[evil], epsilon=0.1), theirs, theirs.ledger, theirs.panel()):
    display(shown)
"""
SPEND = 'df.privacy.dp_count("plan", keys=["basic", "plus", "premium", "prepaid"], epsilon=0.1)'


@pytest.fixture(scope="module")
def page(lab, chromium):
    """The notebook, run from top to bottom."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.foreign = []
    page.dialogs = []
    page.on("request", lambda request: page.foreign.append(request.url) if _foreign(request.url) else None)
    page.on("dialog", lambda dialog: (page.dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(f"{lab.url}lab/tree/01_start.ipynb?reset&token={lab.token}")
    idle(page)
    still = page.locator(".jp-OutputArea-output .privkit", has_text="no access control")
    expect(still).to_contain_text("ε = 0.2156 of 1 left")  # as committed: no kernel has run
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(live(page)).to_be_visible(timeout=120_000)
    # Cells are sent one by one: between two of them the kernel is idle, too.
    expect(page.locator(".jp-CodeCell .jp-InputPrompt").last).to_have_text(re.compile(r"\d"), timeout=120_000)
    idle(page)
    yield page
    context.close()


def _foreign(url):
    return url.startswith(("http", "ws")) and "//127.0.0.1" not in url and "//localhost" not in url


def idle(page):
    # The notebook's own indicator is idle before its kernel is connected; the status bar is not.
    expect(page.locator("#jp-main-statusbar").get_by_text("| Idle")).to_be_visible(timeout=120_000)


def live(page):
    """The project's panel as a widget, not its still picture."""
    return page.locator(".jp-OutputArea-output .widget-vbox .privkit", has_text="no access control")


def run_below(page, code):
    """Run code in a new last cell."""
    page.locator(".jp-Cell").last.locator(".jp-InputArea-prompt").click()  # its middle may be a field of a panel
    for key in ("Escape", "b", "Enter"):
        page.keyboard.press(key)
    page.keyboard.insert_text(code)
    page.keyboard.press("Control+Enter")


def command(page, label):
    page.keyboard.press("Control+Shift+C")
    page.locator("#modal-command-palette input").fill(label)
    page.keyboard.press("Enter")


def picture(page, path):
    """Take the whole notebook: the window grows to its length for the moment."""
    page.locator(".jp-WindowedPanel-outer").first.evaluate("node => { node.scrollTop = 0 }")
    bottom = page.locator(".jp-Cell").last.bounding_box()
    page.set_viewport_size({"width": 1280, "height": min(int(bottom["y"] + bottom["height"]), 12_000) + 60})
    page.wait_for_timeout(500)
    page.screenshot(path=path, animations="disabled")
    page.set_viewport_size({"width": 1280, "height": 900})


def luminance(page, locator, what):
    """The relative luminance of a color, as WCAG 2 defines it."""
    color = locator.evaluate(
        """(node, what) => {
            const clear = value => value === "transparent" || value.endsWith(", 0)");
            while (what === "backgroundColor" && node.parentElement && clear(getComputedStyle(node)[what]))
                node = node.parentElement;
            return getComputedStyle(node)[what];
        }""",
        what,
    )
    channels = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(page, locator):
    light, dark = sorted((luminance(page, locator, kind) for kind in ("color", "backgroundColor")), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_cell_ran_and_one_refused(page, lab):
    prompts = page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert [int(re.search(r"\d+", prompt).group()) for prompt in prompts] == list(range(1, len(prompts) + 1))
    errors = page.locator(".jp-OutputArea-output", has_text=re.compile(r"Error\b.*No budget was spent", re.DOTALL))
    expect(errors).to_have_count(1)
    assert errors.inner_text().startswith("InsufficientBudgetError\nthis plan needs ε = 0.5")  # the card
    assert "site-packages" not in errors.inner_text()
    assert (lab.work / ".privkit" / "ledger.db").exists()


def test_no_word_in_a_table_is_broken(page):
    broken = page.evaluate(
        """() => [...document.querySelectorAll(".privkit th, .privkit td")].flatMap(cell => {
            const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), found = [];
            while (texts.nextNode())
                for (const word of texts.currentNode.data.matchAll(/\\w+/g)) {
                    const range = document.createRange();
                    range.setStart(texts.currentNode, word.index);
                    range.setEnd(texts.currentNode, word.index + word[0].length);
                    if (new Set([...range.getClientRects()].map(line => line.top)).size > 1) found.push(word[0]);
                }
            return found;
        })"""
    )
    assert broken == []


def test_reports_are_shown_as_html(page):
    expect(page.locator(".jp-RenderedHTMLCommon .privkit .pk-range").first).to_be_visible()
    reports = page.locator(".jp-RenderedHTMLCommon .privkit")
    for place, told in enumerate(("3 direct identifiers", "k = 1", "KAnonymity(5) is met")):
        expect(reports.nth(place)).to_contain_text(told)
    summary = page.locator("summary", has_text="Where it comes from").first
    table = page.locator("details", has=summary).locator("table").first
    expect(table).to_be_hidden()
    summary.click()
    expect(table).to_be_visible()
    summary.click()


def test_the_panel_reads_well_in_the_light(page, artifacts):
    panel = live(page)
    expect(panel).to_contain_text("ε = 0.2156 of 1 left")
    expect(panel.get_by_role("meter")).to_have_attribute("aria-valuenow", "78.4")
    assert contrast(page, panel.locator("td").first) > 4.5
    picture(page, artifacts / "01_start_light.png")


def test_the_panel_follows_when_a_cell_spends(page):
    run_below(page, SPEND)
    expect(live(page)).to_contain_text("ε = 0.1156 of 1 left", timeout=30_000)
    expect(live(page)).to_contain_text("count by plan (4 keys)")
    idle(page)


def test_the_panel_follows_when_another_process_spends(page, lab, monkeypatch):
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(lab.root / "state"))
    project = pk.open_project("start", store=lab.work / ".privkit" / "ledger.db")
    pk.dp_count(pd.DataFrame({"a": [1]}), epsilon=0.05, project=project)
    expect(live(page)).to_contain_text("ε = 0.0656 of 1 left", timeout=20_000)  # no cell ran


def test_a_second_panel_shows_the_same(page):
    run_below(page, "project.panel()")
    expect(live(page)).to_have_count(2, timeout=30_000)
    first, second = live(page).all()
    expect(second).to_contain_text("ε = 0.0656 of 1 left")
    assert first.inner_text() == second.inner_text()


def test_dark_theme_needs_no_new_run(page, artifacts):
    command(page, "Use Theme: JupyterLab Dark")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false", timeout=20_000)
    for part in ("td", "code", ".pk-note", ".pk-title"):
        assert contrast(page, page.locator(f".privkit {part}").last) > 4.5, part
    picture(page, artifacts / "01_start_dark.png")


def test_hostile_names_stay_text(page):
    before = live(page).count()
    run_below(page, HOSTILE)
    expect(live(page)).to_have_count(before + 1, timeout=30_000)
    idle(page)
    outputs = page.locator(".jp-Cell").last.locator(".privkit")
    expect(outputs).to_have_count(6)
    for output in outputs.all():
        expect(output).to_contain_text("<img src=x onerror=alert(1)>")
        assert output.locator("img, script").count() == 0


def test_it_saves_no_widget_state(page, lab):
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0, timeout=20_000)
    stored = json.loads((lab.work / "01_start.ipynb").read_text(encoding="utf-8"))
    assert "widgets" not in stored["metadata"]
    last = next(cell for cell in reversed(stored["cells"]) if "project.panel()" in cell["source"])
    data = last["outputs"][0]["data"]
    assert "ε = 0.0656 of 1 left" in "".join(data["text/html"])


def test_nothing_was_asked_of_the_outside_and_no_dialog_fired(page):
    assert page.foreign == []
    assert page.dialogs == []
