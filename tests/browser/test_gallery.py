"""Every result and every panel's still picture on a plain page: at 200 %, narrow, in the dark, and without styles."""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path

import pytest
from lab_pages import serious

CONTRACT = Path(__file__).parents[1] / "contract"
WIDTHS = [1280, 640, 320]  # the last two: a small window at 200 %, and one at 400 %


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
