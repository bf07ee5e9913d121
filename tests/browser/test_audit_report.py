"""The audit in a real page: bars as long as their numbers, nothing wider than its window, dark, and without style."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import privkit as pk

WIDE, NARROW = 1280, 420


@pytest.fixture(scope="module")
def lab():
    """No server is needed."""


@pytest.fixture(scope="module", autouse=True)
def light():
    """No settings are there to be reset."""


@pytest.fixture(scope="module")
def report() -> pk.Inventory:
    rng = np.random.default_rng(7)
    names = ["zip", "birth_year", "sex", "profession_of_the_mother", "household", "region", "children", "arrival"]
    frame = pd.DataFrame({name: rng.integers(0, 3 + 40 * place, 800) for place, name in enumerate(names)})
    frame = frame.assign(account_number=[f"DE{n:08d}" for n in range(800)], visits=rng.integers(0, 3, 800))
    return frame.privacy.audit(roles=dict.fromkeys(names, "quasi"))


@pytest.fixture(scope="module")
def shown(chromium, report):
    """Return a page with the report in a window of some width."""
    context = chromium.new_context()

    def show(width, theme="light", *, plain=False):
        body = report._repr_html_()
        if plain:
            body = re.sub(r"<style>.*?</style>| style=\"[^\"]*\"", "", body, flags=re.S)
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        ground = "background: #111; color: #eee" if theme == "dark" else ""
        page.set_content(f"<!doctype html><body style='{ground}'>{body}</body>")
        return page

    yield show
    context.close()


@pytest.mark.parametrize("width", [WIDE, 800, 600, NARROW])
def test_nothing_is_wider_than_its_window(shown, artifacts, width):
    page = shown(width)
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    page.screenshot(path=artifacts / f"audit_{width}.png", full_page=True)
    wide = page.locator("table").evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width, wide
    boxes = page.locator("td, th").evaluate_all("all => all.map(one => [one.scrollWidth, one.clientWidth])")
    assert all(within <= own + 1 for within, own in boxes)


def test_bars_are_as_long_as_they_say(shown, report):
    page = shown(WIDE)
    bars = page.locator(".pk-fits .pk-meter").evaluate_all(
        """all => all.filter(one => one.checkVisibility()).map(one => [one.firstChild.getBoundingClientRect().width
            / one.clientWidth, Number(one.getAttribute("aria-valuenow"))])"""
    )
    assert len(bars) > 20
    assert all(length == pytest.approx(said / 100, abs=0.01) for length, said in bars)
    heights = page.locator(".pk-spread").evaluate_all(
        """all => all.filter(one => one.checkVisibility()).map(one =>
            [...one.querySelectorAll("div")].map(bar => bar.getBoundingClientRect().height / one.clientHeight))"""
    )
    told = [entry.frequencies for entry in report if entry.role != "other"]
    told.sort(key=lambda found: found == report["account_number"].frequencies, reverse=True)
    for drawn, counts in zip(heights, told, strict=True):
        assert drawn == [pytest.approx(count / max(counts), abs=0.12 if count else 0.001) for count in counts]
        assert all(height > 0 for height, count in zip(drawn, counts, strict=True) if count)


def test_it_stands_on_dark_ground_and_without_style(shown, artifacts):
    page = shown(WIDE, "dark")
    page.screenshot(path=artifacts / "audit_dark.png", full_page=True)
    inks = page.locator(".privkit th, .privkit td, .privkit p.pk-title").evaluate_all(
        "all => [...new Set(all.map(one => getComputedStyle(one).color))]"
    )
    assert inks == ["rgb(238, 238, 238)"]
    assert not page.locator(".pk-ink").first.is_visible()
    page = shown(WIDE, plain=True)
    page.screenshot(path=artifacts / "audit_plain.png", full_page=True)
    assert page.locator(".pk-ink").first.is_visible()
    assert page.locator("summary", has_text="Use these roles").is_visible()


def test_no_line_ends_between_a_number_and_its_sign(shown):
    broken = shown(NARROW).evaluate(
        r"""() => {
            const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), lines = [];
            while (walk.nextNode()) {
                if (/^[\d.<]+\s%$/.test(walk.currentNode.data)) {
                    const range = document.createRange();
                    range.selectNode(walk.currentNode);
                    lines.push([walk.currentNode.data, new Set([...range.getClientRects()].map(one => one.top)).size]);
                }
            }
            return lines;
        }"""
    )
    assert len(broken) > 10
    assert [one for one in broken if one[1] != 1] == []
