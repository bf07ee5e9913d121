"""The side panel's entries: opened, by person, folded, exported, found by number; and its bars on every ground."""

from __future__ import annotations

import csv
from collections import Counter

import nbformat
import pandas as pd
import pytest
from lab_pages import command, serious

import privkit as pk

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
#: A name that is text, and longer than the panel is wide.
HOSTILE = "<img src=x onerror=alert(1)>somebody.with.a.long.name@example.organization.example"
#: Where the person is: half an hour off, in no summer time.
ZONE = "Australia/Darwin"


@pytest.fixture(scope="module")
def folder(lab):
    """A folder in which two persons spent twelve times."""
    folder = lab.work / "persons"
    (folder / ".privkit").mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(), folder / "persons.ipynb")
    table = pd.DataFrame({"age": range(100)})
    with pytest.MonkeyPatch.context() as patch:
        for analyst, times in ((HOSTILE, 2), ("bob", 10)):
            patch.setenv("PRIVKIT_ANALYST", analyst)
            project = pk.open_project("shared", epsilon=2, unit=pk.ROW, store=folder / ".privkit" / "ledger.db")
            for _ in range(times):
                table.privacy.dp_count(epsilon=0.1, again=True, project=project)
    return folder


@pytest.fixture
def page(lab, chromium, folder):
    """The side panel beside a notebook without a kernel, in the light theme."""
    page = chromium.new_context(viewport={"width": 1280, "height": 900}, timezone_id=ZONE).new_page()
    page.goto(f"{lab.url}lab/tree/persons/persons.ipynb?reset&token={lab.token}")
    expect(page.locator("#jp-main-statusbar")).to_be_visible(timeout=60_000)
    page.locator(".jp-Dialog").get_by_role("button", name="No Kernel").click(timeout=30_000)
    page.locator(".jp-privkit-status > button").click(timeout=30_000)
    expect(side(page).locator("li[value='12']")).to_be_visible(timeout=30_000)
    yield page
    page.context.close()


def side(page):
    return page.locator("#jupyter-privkit-panel")


def test_an_entry_opens_to_its_question_cost_error_person_and_code(page, artifacts):
    entry = side(page).locator("li[value='12']")
    entry.get_by_text("Details").focus()
    page.keyboard.press("Enter")
    told = entry.locator("details").inner_text()
    for part in ("count", "ε = 0.1", "± 30 (95 %)", "bob"):
        assert part in told
    expect(entry.locator("pre")).to_contain_text("dp_count(")
    expect(entry.locator("pre")).to_contain_text("0.1")
    expect(entry.get_by_role("button", name="Copy the code")).to_be_visible()
    side(page).screenshot(path=artifacts / "side_opened.png", animations="disabled")


def test_times_are_those_of_the_person_with_the_zone_when_pointed_at(page, folder):
    entries = pk.open_project("shared", store=folder / ".privkit" / "ledger.db").account.entries()
    (entry,) = (one for one in entries if one.seq == 12)
    here = pd.Timestamp(entry.time).tz_convert(ZONE)
    told = side(page).locator("li[value='12'] time")
    expect(told).to_have_text(f"{here:%Y-%m-%d %H:%M}")
    expect(told).to_have_attribute("title", f"{here:%Y-%m-%d %H:%M:%S} UTC+09:30 ({ZONE})")
    side(page).locator("li[value='12']").get_by_text("Details").click()
    expect(side(page).locator("li[value='12'] dl")).to_contain_text(f"{here:%H:%M:%S} UTC+09:30 ({ZONE})")


def test_what_each_person_spent_is_told_and_names_stay_text(page, folder):
    spent = Counter()
    for entry in pk.open_project("shared", store=folder / ".privkit" / "ledger.db").account.entries():
        spent[entry.analyst] += entry.cost.main
    parts = side(page).locator("details", has_text="By person").locator("dl").first
    told = [text for name, main in spent.items() for text in (name, f"ε = {float(main):g}")]
    assert parts.locator("dt, dd").all_inner_texts() == told
    assert side(page).locator("img").count() == 0


def test_a_folded_part_stays_folded_when_something_is_spent(page, folder):
    side(page).get_by_text("Entries", exact=True).click()
    expect(side(page).locator("li[value]").first).to_be_hidden()
    project = pk.open_project("shared", store=folder / ".privkit" / "ledger.db")
    noted = len(project.ledger)
    pd.DataFrame({"age": [1]}).privacy.dp_count(epsilon=0.001, again=True, project=project)
    expect(side(page)).to_contain_text(f"{noted + 1} entries in all", timeout=15_000)
    expect(side(page).locator("li[value]").first).to_be_hidden()
    expect(side(page).get_by_role("meter")).to_be_visible()
    side(page).get_by_text("Entries", exact=True).click()
    expect(side(page).locator("li[value]").first).to_be_visible()


def test_a_button_exports_what_is_shown(page, tmp_path):
    with page.expect_download(timeout=20_000) as download:
        side(page).get_by_role("button", name="Export as CSV").click()
    download.value.save_as(tmp_path / "report.csv")
    lines = list(csv.DictReader((tmp_path / "report.csv").read_text(encoding="utf-8").splitlines()))
    assert {line["analyst"] for line in lines} >= {HOSTILE, "bob"}


def test_a_number_finds_its_entry_alone(page):
    field = side(page).get_by_role("searchbox", name="Search entries")
    for number in ("7", "1", "12"):
        field.fill(f"#{number}")
        expect(side(page).locator("li[value]")).to_have_count(1)
        expect(side(page).locator("li[value]")).to_have_attribute("value", number)


CONTRAST = """(part, track) => {
    const light = color => {
        const [r, g, b] = color.match(/[0-9.]+/g).slice(0, 3).map(x => x / 255)
            .map(x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const style = getComputedStyle(part);
    const colors = style.backgroundImage === 'none'
        ? [style.backgroundColor] : style.backgroundImage.match(/rgb\\([^)]*\\)/g);
    const ground = light(getComputedStyle(track).backgroundColor);
    return Math.min(...colors.map(light).map(x => (Math.max(x, ground) + 0.05) / (Math.min(x, ground) + 0.05)));
}"""


@pytest.mark.parametrize("theme", ["Light", "Dark", "Dark High Contrast"])
def test_bars_stand_out_from_their_track_three_to_one(page, theme, artifacts):
    command(page, f"Use Theme: JupyterLab {theme}")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", f"JupyterLab {theme}", timeout=20_000)
    page.wait_for_timeout(500)  # the theme's style sheet is loaded
    track = side(page).locator(".jp-privkit-bar").first
    for level in ("within", "low", "spent"):
        track.evaluate("(bar, level) => { bar.dataset.level = level }", level)
        for kind in ("spent", "reserved"):
            part = track.locator(f".jp-privkit-{kind}").element_handle()
            found = page.evaluate(f"([part, track]) => ({CONTRAST})(part, track)", [part, track.element_handle()])
            assert found >= 3, (theme, level, kind, found)
    side(page).screenshot(path=artifacts / f"side_{theme.replace(' ', '_')}.png", animations="disabled")
    assert serious(page, "#jupyter-privkit-panel") == []


@pytest.mark.parametrize("width", [640, 420])
def test_at_200_percent_nothing_is_cut_off_and_axe_finds_nothing_serious(page, width):
    page.set_viewport_size({"width": width, "height": 450})  # what 1280 (and 840) by 900 pixels are at 200 %
    side(page).locator("li[value='12']").get_by_text("Details").click()
    assert side(page).evaluate("node => node.scrollWidth - node.clientWidth") <= 1
    assert serious(page, "#jupyter-privkit-panel") == []
