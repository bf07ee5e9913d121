"""Every result and every panel's still picture on a plain page: at 200 %, narrow, in the dark, and without styles."""

from __future__ import annotations

import re
import sys
import warnings
from fractions import Fraction
from pathlib import Path

import pytest
from lab_pages import serious

from privkit.view.html import card_of
from privkit.view.parts.sheet import Budget, Sheet

CONTRACT = Path(__file__).parents[1] / "contract" / "pins"
WIDTHS = [1280, 640, 320]  # the last two: a small window at 200 %, and one at 400 %


@pytest.fixture(scope="module", autouse=True)
def light():
    """A plain page: no JupyterLab is started for it, whose theme would have to be set."""


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    """The page: what the gallery of the docs shows, with nothing of the docs around it."""
    folder = tmp_path_factory.mktemp("gallery")
    sys.path.insert(0, str(CONTRACT))
    try:
        from pinned_landed import in_its_own_state
        from pinned_values import makers
    finally:
        sys.path.remove(str(CONTRACT))
    page = (Path(__file__).parents[2] / "docs" / "gallery.md").read_text(encoding="utf-8")
    named = set(re.findall(r"{privkit-gallery} (\w+)", page))
    with in_its_own_state(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shown = [_html(make()) for name, make in makers(folder).items() if name in named]
    assert len(shown) == len(named)
    # Grounds that axe can read: it takes the browser's own dark one for white.
    style = "body { margin: 8px; font: 14px/1.45 sans-serif; background: #fff; color: #111 }"
    style += "@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } }"
    style = f"<style>{style}</style>"
    held = Budget("ε", Fraction(1), Fraction(1, 2), Fraction(1, 4), Fraction(1, 4))  # of no pinned value
    shown.append(str(card_of(Sheet("reserved", (held,)))))
    file = folder / "gallery.html"
    start = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Gallery</title>{style}<main><h1>Gallery</h1>'
    file.write_text(start + "".join(f"<section>{one}</section>" for one in shown), encoding="utf-8")
    return file


def _html(value):
    return value._repr_mimebundle_()["text/html"] if hasattr(value, "_repr_mimebundle_") else value._repr_html_()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_nothing_is_cut_off(chromium, gallery, width, scheme, artifacts):
    page = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    page.goto(gallery.as_uri())
    assert serious(page, "main") == []
    if width > 320:  # a table of numbers scrolls there, as WCAG 1.4.10 lets it
        wide = (
            "nodes => nodes.filter(one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML)"
        )
        assert page.locator("main :not(.pk-scroll *)").evaluate_all(wide) == []
        scrolled = "nodes => nodes.map(one => one.scrollWidth - one.clientWidth)"  # the last releases: downwards alone
        assert max(page.locator(".pk-scroll").evaluate_all(scrolled)) <= 1
    page.screenshot(path=artifacts / f"gallery_{width}_{scheme}.png", full_page=True)
    page.context.close()


def test_a_picture_stands_for_each_drawing_and_each_is_as_wide_as_the_page_lets_it(chromium, gallery):
    page = chromium.new_context(viewport={"width": 420, "height": 900}).new_page()
    page.goto(gallery.as_uri())
    images = page.locator('img[src^="data:image/svg+xml"]')
    assert images.count() > 2
    sizes = images.evaluate_all("nodes => nodes.map(one => [one.complete, one.naturalWidth, one.width, one.height])")
    for complete, natural, width, height in sizes:
        assert complete
        assert natural > 0  # it could be read
        assert 300 < width <= 404
        assert height > 20
    page.context.close()


def test_bars_in_letters_are_as_wide_as_one_another(chromium, gallery):
    """So that, in a notebook that is not trusted, each begins where the others do."""
    page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(gallery.as_uri())
    page.evaluate("document.querySelectorAll('style').forEach(one => one.remove())")
    tables = page.locator("table").evaluate_all(
        "nodes => nodes.map(one => [...one.querySelectorAll('tbody td:last-child > div > samp')]"
        ".map(ink => ink.getBoundingClientRect().width))"
    )
    several = [widths for widths in tables if len(widths) > 2]
    assert several
    for widths in several:
        assert max(widths) - min(widths) < 1
    page.context.close()


#: The colors of each piece that is drawn: the best contrast of what fills it, outlines it or stands on its axis.
STANDS_OUT = """ground => {
    const read = color => (color.match(/[0-9.]+/g) ?? [0, 0, 0, 0]).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(x => x / 255)
        .map(x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
        .reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
    const against = read(ground);
    const contrast = (color, opacity) => {
        const [r, g, b, a = 1] = read(color);
        const mixed = [r, g, b].map((x, i) => x * a * opacity + against[i] * (1 - a * opacity));
        const [high, low] = [light(mixed), light(against)].sort((x, y) => y - x);
        return (high + 0.05) / (low + 0.05);
    };
    return [...document.querySelectorAll('.pk-meter, .pk-bar, .pk-swatch, .pk-spread')]
        .filter(node => node.getBoundingClientRect().width > 0).map(node => {
            const style = getComputedStyle(node);
            const inks = [style.backgroundColor, ...(style.backgroundImage.match(/rgba?\\([^)]*\\)/g) ?? [])];
            if (style.boxShadow !== 'none') inks.push(style.boxShadow.match(/rgba?\\([^)]*\\)/)[0]);
            if (parseFloat(style.borderBottomWidth)) inks.push(style.borderBottomColor);
            return [node.className, Math.max(...inks.map(ink => contrast(ink, Number(style.opacity))))];
        });
}"""
GROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 17, 17)"}


@pytest.mark.parametrize("scheme", GROUNDS)
def test_what_is_drawn_stands_out_three_to_one(chromium, gallery, scheme):
    page = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme).new_page()
    page.goto(gallery.as_uri())
    found = page.evaluate(STANDS_OUT, GROUNDS[scheme])
    kinds = {name for names, _ in found for name in names.split()}
    assert kinds >= {"pk-meter", "pk-bar", "pk-short", "pk-held", "pk-band", "pk-value", "pk-swatch", "pk-spread"}
    assert {names: round(best, 2) for names, best in found if best < 3} == {}
    page.context.close()


def test_print_keeps_bars_and_cuts_no_table(chromium, gallery):
    page = chromium.new_context(viewport={"width": 700, "height": 900}).new_page()
    page.goto(gallery.as_uri())
    page.emulate_media(media="print")
    style = "(node, name) => getComputedStyle(node).getPropertyValue(name)"
    assert page.locator(".pk-bar").first.evaluate(style, "print-color-adjust") == "exact"
    scrolled = page.locator(".pk-scroll")
    assert scrolled.count() > 0
    assert {one.evaluate(style, "overflow-y") for one in scrolled.all()} == {"visible"}
    page.context.close()


def test_forced_colors_tell_bars_and_intervals_from_the_ground(chromium, gallery, artifacts):
    page = chromium.new_context(viewport={"width": 1280, "height": 900}, forced_colors="active").new_page()
    page.goto(gallery.as_uri())
    ground = page.locator("body").evaluate("node => getComputedStyle(node).backgroundColor")
    for kind, part in {
        "pk-bar:not(.pk-short, .pk-held, .pk-band)": "backgroundColor",
        "pk-band": "borderTopColor",
    }.items():
        color = page.locator(f".{kind}").first.evaluate("(node, part) => getComputedStyle(node)[part]", part)
        assert color != ground, kind
    for kind in ("pk-bar.pk-short", "pk-held"):
        assert "gradient" in page.locator(f".{kind}").first.evaluate("node => getComputedStyle(node).backgroundImage")
    page.screenshot(path=artifacts / "gallery_forced.png", full_page=True)
    page.context.close()
