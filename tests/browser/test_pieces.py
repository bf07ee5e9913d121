"""Pieces to teach with in a real page: by keyboard, read aloud, light and dark, narrow, still, and loading nothing."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import privkit as pk

NAMES = [name for name in pk.teach.__all__ if (Path(pk.teach.__file__).parent / "pages" / name).is_dir()]
FRAME = "<!doctype html><html lang='en'><title>t</title><meta name='color-scheme' content='light dark'><body>"


@pytest.fixture(scope="module")
def lab():
    """No server is needed."""


@pytest.fixture(scope="module", autouse=True)
def light():
    """No settings are there to be reset."""


@pytest.fixture
def opened(chromium):
    """Return the frame of a piece in a page, which must not have asked for anything or failed."""
    contexts, wrong = [], []

    def show(piece, *, scheme="light", motion="no-preference", scripts=True, width=500):
        context = chromium.new_context(
            color_scheme=scheme,
            reduced_motion=motion,
            viewport={"width": width, "height": 900},
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: wrong.append(request.url) if request.url[:5] != "data:" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text))
        page.set_content(FRAME + piece._repr_html_())
        return page, page.frame_locator("iframe")

    yield show
    for context in contexts:
        context.close()
    assert not wrong


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_in_a_piece_and_nothing_is_cut_off(name, scheme, chromium, opened):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    piece = getattr(pk.teach, name)()
    page, frame = opened(piece, scheme=scheme)
    frame.get_by_role("status").get_by_text(re.compile(".")).wait_for()
    size = page.frames[1].evaluate("[document.body.offsetHeight, document.documentElement.scrollWidth]")
    assert size[0] <= piece.height
    assert size[1] <= 500
    context = chromium.new_context(color_scheme=scheme, viewport={"width": 500, "height": 900})
    try:
        alone = context.new_page()  # axe is not let into the sandbox
        alone.set_content(piece.page.replace("script-src 'unsafe-inline'", "script-src 'unsafe-inline' 'unsafe-eval'"))
        alone.get_by_role("status").get_by_text(re.compile(".")).wait_for()
        found = axe.Axe().run(alone).response["violations"]
    finally:
        context.close()
    assert not [(one["id"], one["impact"]) for one in found]


@pytest.mark.parametrize("name", NAMES)
def test_beside_the_side_bar_of_a_small_screen_nothing_is_cut_off(name, opened):
    page, frame = opened(getattr(pk.teach, name)(), width=340)
    frame.get_by_role("status").get_by_text(re.compile(".")).wait_for()
    high, tall, wide, broad = page.frames[1].evaluate(
        "(d => [d.scrollHeight, innerHeight, d.scrollWidth, innerWidth])(document.documentElement)"
    )
    assert broad < 330
    assert high <= tall
    assert wide <= broad
    drawn = frame.locator("svg text").evaluate_all(
        "nodes => nodes.map(one => parseFloat(getComputedStyle(one).fontSize) * one.ownerSVGElement.getScreenCTM().a)"
    )
    assert min(drawn, default=10) >= 10  # CSS pixels: the picture shrinks with the page, and its words with it


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "switch", ['data-jp-theme-light="false"', 'data-jp-theme-light="true"', 'data-theme="dark"', ""]
)
def test_a_piece_is_as_dark_as_the_notebook_whatever_the_system_is(switch, scheme, chromium):
    """A page in a frame of its own asks the system alone: it was a white slab in a dark notebook."""
    page = chromium.new_context(color_scheme=scheme, viewport={"width": 500, "height": 900}).new_page()
    dark = {"": scheme == "dark", 'data-jp-theme-light="true"': False}.get(switch, True)
    ground, ink = ("#111", "#eee") if dark else ("#fff", "#222")
    page.set_content(
        f"{FRAME}<div {switch} style='background:{ground};color:{ink}'>{pk.teach.thirty_coins()._repr_html_()}</div>"
    )
    page.frame_locator("iframe").get_by_role("status").get_by_text(re.compile(".")).wait_for()
    shot = page.locator("iframe").screenshot(animations="disabled")
    page.context.close()
    lightness = np.asarray(Image.open(io.BytesIO(shot)).convert("L"))
    common = np.bincount(lightness.ravel()).argmax()  # the ground has most of the picture
    assert common < 40 if dark else common > 235


def test_two_worlds_by_keyboard(opened):
    page, frame = opened(pk.teach.two_worlds(), motion="reduce")
    status = frame.get_by_role("status")
    assert re.search(r"limit at ε = 1\.0 is 73\.11\s%", status.inner_text())
    frame.get_by_role("slider", name="ε, the privacy loss:").focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert re.search(
        r"1,000 guesses, give or take 1\.0\s% by luck\. The limit at ε = 2\.0 is 88\.08\s%", status.inner_text()
    )


def test_the_classmate_is_found_by_keyboard(opened):
    page, frame = opened(pk.teach.classmate())
    assert frame.get_by_role("status").inner_text() == "This fits 120 of 120 students."
    frame.get_by_role("checkbox").first.focus()
    told = []
    for _ in range(3):
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        told.append(frame.get_by_role("status").inner_text())
    assert told == [
        "This fits 15 of 120 students.",
        "This fits 2 of 120 students.",
        "Found: this fits nobody but the classmate.",
    ]


def test_thirty_coins_by_keyboard(opened):
    page, frame = opened(pk.teach.thirty_coins())
    frame.get_by_role("slider", name="Students whose truth is yes:").focus()
    page.keyboard.press("End")
    told = re.fullmatch(
        r"(\d+) of 30 said yes\. That makes (-?\d+) true ones, give or take 4\.7; it was 30\.",
        frame.get_by_role("status").inner_text(),
    )
    assert int(told[2]) == 2 * int(told[1]) - 15


def test_ask_again_by_keyboard(opened):
    page, frame = opened(pk.teach.ask_again())
    frame.get_by_role("button", name="Ask 100 times more").focus()
    page.keyboard.press("Enter")
    assert re.search(r"^Asked 101 times: .* standard error is 0\.28\.$", frame.get_by_role("status").inner_text())
    assert "Spent: ε = 50.5." in frame.locator("#paid").inner_text()
    frame.get_by_role("radio", name="with fresh noise, each time").focus()
    page.keyboard.press("ArrowDown")
    frame.get_by_role("button", name="Ask 100 times more").press("Enter")
    assert re.search(r"^Asked 101 times: .* standard error is 2\.80\.$", frame.get_by_role("status").inner_text())
    assert "Spent: ε = 0.5." in frame.locator("#paid").inner_text()


def test_clipping_by_keyboard(opened):
    page, frame = opened(pk.teach.clipping())
    frame.get_by_role("slider", name="Upper bound, in minutes:").focus()
    page.keyboard.press("End")
    assert "nobody is clipped" in frame.get_by_role("status").inner_text()
    page.keyboard.press("Home")
    assert re.search(r"^[45]\d of 60 students are clipped", frame.get_by_role("status").inner_text())


def test_two_totals_by_keyboard(opened):
    page, frame = opened(pk.teach.two_totals())
    status = frame.get_by_role("status")
    told = re.match(
        r"Monday: ([\d,]+)\. Tuesday, without (\w+): ([\d,]+)\. So \2 has (\d+) francs\.", status.inner_text()
    )
    assert int(told[1]) - int(told[3]) == int(told[4])
    frame.get_by_role("combobox", name="Who has left on Tuesday:").focus()
    page.keyboard.press("ArrowDown")
    assert told[2] not in status.inner_text()
    frame.get_by_role("checkbox", name="Both totals with noise").press("Space")
    assert "The difference errs by 100 " in status.inner_text()


def test_the_map_by_keyboard(opened):
    page, frame = opened(pk.teach.klt_map())
    status = frame.get_by_role("status")
    assert "k = 1" in status.inner_text()
    buttons = frame.get_by_role("table").get_by_role("button")
    assert buttons.count() == 16
    buttons.nth(10).focus()
    page.keyboard.press("Enter")
    assert re.search(r"k = 4, l = 1, t = 0\.\d\d\. The illness of 6 of 48 patients is out", status.inner_text())
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert "The illness of nobody is out" in status.inner_text()
    assert frame.locator("[aria-pressed=true]").count() == 1


def test_the_budget_game_by_keyboard(opened):
    page, frame = opened(pk.teach.budget_game())
    status = frame.get_by_role("status")
    assert status.inner_text().startswith("Spent: ε = 2.00 of 2.")
    sliders = frame.get_by_role("slider")
    assert sliders.count() == 8
    sliders.first.focus()
    page.keyboard.press("ArrowRight")
    assert status.inner_text().startswith("ε = 2.05 is more than 2: refused")
    frame.get_by_role("button", name="Publish").press("Enter")
    assert frame.locator("#drawn").inner_text() == "Nothing was published, and nothing was spent."
    frame.get_by_role("button", name="Show the best").press("Enter")
    score = re.search(r"errors are ([\d.]+) times .* the best get ([\d.]+)\.$", status.inner_text())
    assert score[1] == score[2]
    frame.get_by_role("button", name="Publish").press("Enter")
    assert len(re.findall(r": -?\d", frame.locator("#drawn").inner_text())) == 8


@pytest.mark.parametrize("name", NAMES)
def test_without_scripts_the_picture_is_drawn(name, opened):
    piece = getattr(pk.teach, name)()
    page, _ = opened(piece, scripts=False)
    assert page.get_by_role("img", name=piece.sentence).bounding_box()["width"] == 300
