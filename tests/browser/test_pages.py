"""What the pages of the documentation add to their theme: names of landmarks, and what scrolls by keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "docs" / "static"
#: The landmarks as the theme writes them, a line of code and an answer that are wider than the page.
PAGE = """<!doctype html><html lang="en"><title>t</title><style>{css}</style><body>
<aside class="sidebar-drawer"><a href="#a">one</a></aside>
<main><h1 id="a">One</h1><div class="highlight"><pre>{code}
<span class="go">{words}</span></pre></div><div class="highlight"><pre>{code}</pre></div></main>
<aside class="toc-drawer"><a href="#a">two</a></aside><script>{script}</script>"""


@pytest.fixture(scope="module", autouse=True)
def light():
    """No JupyterLab is started, whose theme would have to be set."""


def test_landmarks_have_names_of_their_own_and_what_scrolls_is_none(chromium):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = chromium.new_context(viewport={"width": 400, "height": 600}).new_page()
    script = (STATIC / "privkit.js").read_text(encoding="utf-8")
    css = "pre { overflow-x: auto; margin: 0 }" + (STATIC / "privkit.css").read_text(encoding="utf-8")
    page.set_content(PAGE.format(css=css, script=script, code="code_" * 40, words="some words " * 20))
    assert page.locator("pre[tabindex='0']").count() == 2
    found = axe.Axe().run(page).response["violations"]
    assert [(rule["id"], rule["impact"]) for rule in found] == []
    answer = page.locator(".go").bounding_box()
    assert answer["width"] <= 400  # the code scrolls; what it printed wraps
    page.context.close()
