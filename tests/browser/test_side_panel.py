"""The JupyterLab extension in a real server and a real browser: handlers, status bar, side panel."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from pathlib import Path

import nbformat
import pandas as pd
import pytest

import privkit as pk
from privkit.testing.ledger_states import damaged, locked, missing, newer
from privkit.values.loss import PrivacyLoss

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
HOSTILE = "<img src=x onerror=alert(1)>"
CELLS = [
    "import pandas as pd, privkit as pk\nproject = pk.open_project('side', epsilon=1, unit=pk.ROW)",
    "pd.DataFrame({'a': range(100)}).privacy.dp_count(epsilon=0.25)",
    "project.panel()",
]
MANY = 2000


@pytest.fixture(scope="module")
def folder(lab):
    """A folder of the server with a notebook and a ledger of its own."""
    folder = lab.work / "side"
    (folder / ".privkit").mkdir(parents=True)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "side.ipynb")
    pk.open_project(HOSTILE, epsilon=1, unit=pk.ROW, store=folder / ".privkit" / "ledger.db")
    return folder


def get(lab, name, *, token=True, **query):
    request = urllib.request.Request(f"{lab.url}privkit/{name}?{urllib.parse.urlencode(query)}")
    if token:
        request.add_header("Authorization", f"token {lab.token}")
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.parametrize("path", ["projects", "entries"])
def test_without_the_token_nothing_is_told(lab, folder, path):
    status, body = get(lab, path, token=False, path="side", project=HOSTILE)
    assert status == 403
    assert HOSTILE not in body


def test_projects_and_entries(lab, folder):
    status, body = get(lab, "projects", path="side")
    assert status == 200
    assert body["projects"][0]["name"] == HOSTILE
    status, body = get(lab, "entries", path="side", project=HOSTILE)
    assert (status, body["entries"]) == (200, [])


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("projects", {"path": "../x"}, 403),
        ("projects", {"path": "/etc"}, 403),
        ("projects", {"path": "nowhere"}, 200),
        ("entries", {"path": "side", "project": "none"}, 404),
        ("entries", {"path": "side"}, 400),
        ("entries", {"path": "side", "project": HOSTILE, "limit": "-1"}, 400),
        ("entries", {"path": "side", "project": HOSTILE, "before": "NaN"}, 400),
    ],
)
def test_requests_have_their_statuses(lab, folder, path, query, status):
    assert get(lab, path, **query)[0] == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_there_is_no_way_to_write(lab, folder, method):
    request = urllib.request.Request(f"{lab.url}privkit/projects?path=side", method=method, data=b"{}")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    assert caught.value.code in {403, 405}
    request.add_header("Authorization", f"token {lab.token}")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    assert caught.value.code == 405


def test_a_damaged_ledger_gets_a_calm_sentence(lab, folder):
    broken = lab.work / "broken" / ".privkit"
    broken.mkdir(parents=True, exist_ok=True)
    (broken / "ledger.db").write_bytes(b"no database" * 100)
    status, body = get(lab, "projects", path="broken")
    assert status == 422
    assert str(lab.work) not in body


@pytest.fixture(scope="module")
def page(lab, chromium, folder):
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.dialogs = []
    page.foreign = []
    page.on("dialog", lambda dialog: (page.dialogs.append(dialog.message), dialog.dismiss()))
    page.on(
        "request", lambda r: page.foreign.append(r.url) if "//127.0.0.1" not in r.url and r.url[:4] == "http" else 0
    )
    page.goto(f"{lab.url}lab/tree/side/side.ipynb?reset&token={lab.token}")
    expect(page.locator("#jp-main-statusbar").get_by_text("| Idle")).to_be_visible(timeout=120_000)
    yield page
    context.close()


def status_item(page):
    return page.locator(".jp-privkit-status > button")


def command(page, label):
    page.keyboard.press("Control+Shift+C")
    page.locator("#modal-command-palette input").fill(label)
    page.keyboard.press("Enter")


def test_the_status_bar_follows_a_cell(page, folder):
    expect(status_item(page)).to_contain_text("ε 0 / 1", timeout=10_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(status_item(page)).to_have_text("side: ε 0.25 / 1", timeout=60_000)
    assert "side: ε = 0.25 spent of ε = 1" in status_item(page).get_attribute("title")


def test_a_click_opens_the_panel_and_names_stay_text(page, artifacts):
    status_item(page).click()
    panel = page.locator("#jupyter-privkit-panel")
    expect(panel).to_be_visible()
    expect(panel.get_by_role("heading", name=HOSTILE)).to_be_visible()
    expect(panel.get_by_role("meter", name="Budget of side")).to_have_attribute("aria-valuenow", "25.0")
    expect(panel.locator("li", has_text="count")).to_contain_text("ε = 0.25")
    expect(panel.get_by_role("button", name="side.ipynb")).to_be_visible()
    assert panel.locator("img").count() == 0
    page.screenshot(path=artifacts / "side_panel_light.png", animations="disabled")


def test_another_process_spends_and_the_panel_follows(page, folder, lab):
    project = pk.open_project(HOSTILE, store=folder / ".privkit" / "ledger.db")
    pd.DataFrame({"a": [1]}).privacy.dp_count(epsilon=0.5, project=project)
    expect(page.locator("#jupyter-privkit-panel")).to_contain_text("0.5 spent, 0.5 left of ε = 1", timeout=20_000)


def test_the_search_field_narrows_the_entries(page):
    panel = page.locator("#jupyter-privkit-panel")
    field = panel.get_by_role("searchbox", name="Search entries")
    field.fill("nothing like it")
    expect(panel.locator("li[value]").first).to_be_hidden()
    field.fill("count")
    expect(panel.locator("li[value]").first).to_be_visible()
    field.fill("")


WATCH = """marks => {
    window.pkSeen = {};
    const look = () => {
        for (const [name, [places, told]] of Object.entries(marks))
            if (!(name in pkSeen)
                && [...document.querySelectorAll(places)].some(node => node.textContent.includes(told)))
                pkSeen[name] = Date.now();
    };
    new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def seen(page, spent, left):
    """Watch for an amount in the panel, the side panel and the status bar; return what says when each was seen."""
    places = {
        "panel": [".jp-OutputArea .privkit-panel", f"ε = {left} of 1 left"],
        "side": ["#jupyter-privkit-panel", f"{spent} spent, {left} left"],
        "status": [".jp-privkit-status > button", f"ε {spent} / 1"],
    }
    page.evaluate(WATCH, places)

    def when():
        page.wait_for_function("places => places.every(name => name in pkSeen)", arg=list(places), timeout=20_000)
        return page.evaluate("pkSeen")

    return when


def test_all_three_follow_a_cell_within_two_seconds(page):
    when = seen(page, 0.35, 0.65)
    page.locator(".jp-Notebook .jp-Cell").last.locator(".jp-InputPrompt").click()
    for key in ("b", "Enter"):
        page.keyboard.press(key)
    page.keyboard.insert_text("pd.DataFrame({'a': range(9)}).privacy.dp_count(epsilon=0.1)\nimport time; time.time()")
    page.keyboard.press("Control+Enter")
    output = page.locator(".jp-Notebook .jp-Cell").last.locator(".jp-OutputArea-output pre")
    expect(output).to_be_visible(timeout=30_000)
    spent = 1000 * float(output.inner_text())
    late = {name: at - spent for name, at in when().items()}
    print("milliseconds after the cell:", late)
    assert max(late.values()) < 2000


def test_all_three_follow_a_second_kernel_within_two_seconds(page, lab, folder):
    manager = pytest.importorskip("jupyter_client.manager")
    kernel, client = manager.start_new_kernel(cwd=str(folder), env=lab.env, startup_timeout=60)
    try:
        when, told = seen(page, 0.4, 0.6), []
        code = "import time, pandas as pd, privkit as pk\npk.open_project('side')\n"
        code += "pd.DataFrame({'b': [1]}).privacy.dp_count(epsilon=0.05)\nprint(time.time())"
        hook = lambda message: told.append(message["content"].get("text", ""))  # noqa: E731
        assert client.execute_interactive(code, timeout=60, output_hook=hook)["content"]["status"] == "ok"
        spent = 1000 * float(next(text for text in told if text))
        late = {name: at - spent for name, at in when().items()}
        print("milliseconds after the kernel:", late)
        assert max(late.values()) < 2000
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)


def test_an_update_leaves_the_focus_where_it_is(page, folder):
    link = page.get_by_role("button", name="Open side.ipynb, which spent entry 1")
    link.focus()
    spend_hostile(folder, 0.1)
    expect(page.locator("#jupyter-privkit-panel")).to_contain_text("0.6 spent, 0.4 left of ε = 1", timeout=10_000)
    expect(link).to_be_focused()


def spend_hostile(folder, epsilon):
    project = pk.open_project(HOSTILE, store=folder / ".privkit" / "ledger.db")
    pd.DataFrame({"a": [1]}).privacy.dp_count(epsilon=epsilon, project=project, again=True)


def test_without_a_mouse_one_finds_the_notebook_that_spent(page):
    command(page, "New Launcher")  # another tab
    expect(page.locator(".lm-DockPanel-tabBar .lm-mod-current", has_text="Launcher")).to_be_visible(timeout=20_000)
    command(page, "Open the Privacy Budget")
    page.get_by_role("searchbox", name="Search entries").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if "which spent entry" in (page.evaluate("document.activeElement.getAttribute('aria-label')") or ""):
            break
    page.keyboard.press("Enter")
    expect(page.locator(".lm-DockPanel-tabBar .lm-mod-current", has_text="side.ipynb")).to_be_visible(timeout=20_000)


def test_the_report_is_exported(page, tmp_path):
    page.locator(".jp-Notebook .jp-Cell").first.locator(".jp-InputPrompt").click()
    with page.expect_download(timeout=20_000) as download:
        command(page, "Export the Privacy Budget Report (CSV)")
    file = tmp_path / "report.csv"
    download.value.save_as(file)
    assert download.value.suggested_filename == "privacy-budget.csv"
    lines = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert {line["project"] for line in lines} == {HOSTILE, "side"}
    assert [line["cost"] for line in lines if line["project"] == "side"] == ["0.05", "0.1", "0.25"]
    assert {line["question"] for line in lines} == {"count"}


@pytest.fixture(scope="module")
def many(lab):
    """A folder whose ledger has thousands of entries."""
    folder = lab.work / "many"
    (folder / ".privkit").mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(), folder / "many.ipynb")
    fast = "/dev/shm" if Path("/dev/shm").is_dir() else None  # where being durable costs nothing
    with tempfile.TemporaryDirectory(dir=fast) as place:
        project = pk.open_project("many", epsilon=100, unit=pk.ROW, store=Path(place) / "ledger.db")
        for number in range(1, MANY + 1):
            question = {"statistic": "mean", "column": "needle"} if number == 7 else {"statistic": "count"}
            project.account.commit(project.account.reserve(None, question, PrivacyLoss.of(epsilon=0.01)), "[1]")
        shutil.copy(Path(place) / "ledger.db", folder / ".privkit")
    return folder


def opened(page, lab, path):
    other = page.context.new_page()
    other.goto(f"{lab.url}lab/tree/{path}?reset&token={lab.token}")
    expect(other.locator("#jp-main-statusbar")).to_be_visible(timeout=60_000)
    with suppress(sync_api.TimeoutError):
        other.locator(".jp-Dialog").get_by_role("button", name="No Kernel").click(timeout=4000)
    command(other, "Open the Privacy Budget")
    return other, other.locator("#jupyter-privkit-panel")


def test_thousands_of_entries_are_paged_and_searched_without_a_kernel(page, lab, many, artifacts):
    other, panel = opened(page, lab, "many/many.ipynb")
    expect(panel.locator("li[value]")).to_have_count(50, timeout=20_000)
    expect(other.locator(".jp-privkit-status > button")).to_contain_text("ε 20 / 100")
    panel.get_by_role("button", name=f"{MANY - 50} earlier").click()
    expect(panel.locator("li[value]")).to_have_count(100)
    expect(panel.locator("li[value]").nth(50)).to_be_focused()  # for those who cannot see it arrive
    panel.get_by_role("searchbox", name="Search entries").fill("needle")
    expect(panel.locator("li[value]")).to_have_count(1, timeout=10_000)
    expect(panel.locator("li[value]")).to_contain_text("mean of needle")
    expect(panel.locator("[aria-live]")).to_contain_text("1 entry found")
    other.screenshot(path=artifacts / "side_panel_search.png", animations="disabled")
    other.close()


def test_a_folder_without_a_ledger_says_how_to_begin(page, lab, artifacts):
    (lab.work / "bare").mkdir()
    nbformat.write(nbformat.v4.new_notebook(), lab.work / "bare" / "bare.ipynb")
    other, panel = opened(page, lab, "bare/bare.ipynb")
    expect(panel).to_contain_text("No ledger in “bare”. A project begins with pk.open_project(...)", timeout=10_000)
    expect(other.locator(".jp-privkit-status > button")).to_be_hidden()
    other.screenshot(path=artifacts / "side_panel_empty.png", animations="disabled")
    other.close()


def test_the_palette_refreshes_and_the_dark_theme_reads(page, artifacts):
    page.locator(".jp-Notebook .jp-Cell").first.click()
    command(page, "Refresh the Privacy Budget")
    command(page, "Use Theme: JupyterLab Dark")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false", timeout=20_000)
    page.wait_for_timeout(500)
    page.screenshot(path=artifacts / "side_panel_dark.png", animations="disabled")


def refreshed(page):
    command(page, "Refresh the Privacy Budget")
    return page.locator("#jupyter-privkit-panel")


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (damaged, "The ledger is damaged and cannot be read. Nothing was changed."),
        (newer, "The ledger was written by another version of privkit"),
        (locked, "The ledger is busy"),
        (missing, "The ledger that was in “side” until"),
    ],
)
def test_a_ledger_that_cannot_be_read_gets_a_calm_sentence_and_comes_back(page, folder, state, told):
    ledger = folder / ".privkit" / "ledger.db"
    whole = ledger.read_bytes()
    try:
        with state(ledger):
            expect(refreshed(page)).to_contain_text(told, timeout=10_000)
            expect(page.locator("#jupyter-privkit-panel").get_by_role("meter")).to_have_count(0)
    finally:
        ledger.write_bytes(whole)
    expect(refreshed(page).get_by_role("meter", name="Budget of side")).to_be_visible(timeout=10_000)


def test_axe_finds_nothing_serious(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    context = {"include": [["#jupyter-privkit-panel"], [".jp-privkit-status"]]}
    for rule in axe.Axe().run(page, context=context).response["violations"]:
        assert rule["impact"] not in {"serious", "critical"}, rule["nodes"]


def test_no_dialog_fired_and_nothing_was_asked_of_another_host(page):
    assert page.dialogs == []
    assert page.foreign == []
