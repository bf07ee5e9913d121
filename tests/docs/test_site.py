"""The pages build without a warning, hold every public name, and load nothing from elsewhere."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from sphinx.util.inventory import InventoryFile

import privkit as pk
from privkit.accessor import Delegate, PlanAccessor, PrivacyAccessor
from privkit.values import inputs

pytestmark = pytest.mark.landing
ROOT = Path(__file__).parents[2]
#: The attributes by which a page loads something, as opposed to linking to it.
LOADING = {
    ("script", "src"),
    ("link", "href"),
    ("img", "src"),
    ("source", "srcset"),
    ("iframe", "src"),
    ("object", "data"),
    ("video", "src"),
}


class Loads(HTMLParser):
    """What a page loads, and what it links to."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.unnamed: list[str] = []
        self.scripts = ""
        self._inside = False

    def handle_starttag(self, tag, attrs):
        self._inside = tag == "script"
        # An empty text says that the words beside it are enough; docutils' own is the place of the file.
        if tag == "img" and "_images/" in (dict(attrs).get("alt") or "_images/" * ("alt" not in dict(attrs))):
            self.unnamed.append(str(dict(attrs).get("src"))[:80])
        for name, value in attrs:
            if (tag, name) in LOADING and value:
                self.loaded.append(value)
            if (tag, name) == ("a", "href") and value:
                self.links.append(value)

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        self.scripts += data if self._inside else ""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built pages; a warning is an error."""
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-d", str(out / "doctrees"), "-b", "html"]
    done = subprocess.run(
        [*command, str(ROOT / "docs"), str(out / "html")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return out / "html"


@pytest.fixture(scope="module")
def described(site):
    """The names that the pages describe."""
    with (site / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, name: name)
    return {name for kind, names in inventory.items() if kind.startswith("py:") for name in names}


@pytest.fixture(scope="module")
def loads(site):
    found = {}
    for page in site.rglob("*.html"):
        found[page] = Loads()
        found[page].feed(page.read_text(encoding="utf-8"))
    return found


def delegates(accessor):
    return [name for name, member in vars(accessor).items() if isinstance(member, Delegate)]


def test_every_public_name_is_in_the_reference(described):
    assert {f"privkit.{name}" for name in pk.__all__} <= described
    assert {f"privkit.events.{name}" for name in pk.events.__all__} <= described
    assert {f"privkit.plan.{name}" for name in pk.plan.__all__} <= described


def test_the_types_that_signatures_name_are_explained(site):
    page = (site / "reference" / "values.html").read_text(encoding="utf-8")
    named = [name for name, written in vars(inputs).items() if isinstance(written, str) and name[0].isupper()]
    assert len(named) > 15
    assert [name for name in named if f">{name}</span>" not in page] == []


def test_every_method_of_the_accessor_is_in_the_reference(described):
    assert {f"DataFrame.privacy.{name}" for name in delegates(PrivacyAccessor)} <= described
    assert {f"DataFrame.privacy.plan.{name}" for name in delegates(PlanAccessor)} <= described


@pytest.mark.parametrize("name", ["Release", "Plan", "Project", "Derived", "Anonymized", "Hierarchy", "Inventory"])
def test_the_public_methods_of_a_result_are_in_the_reference(described, name):
    kind = getattr(pk, name)
    own = [n for n, member in vars(kind).items() if not n.startswith("_") and (callable(member) or _documented(member))]
    assert own
    assert {f"privkit.{name}.{method}" for method in own} <= described


def _documented(member):
    return isinstance(member, property | classmethod | staticmethod) and bool(member.__doc__)


def test_no_page_loads_anything_from_elsewhere(site, loads):
    for page, found in loads.items():
        assert [place for place in found.loaded if re.match(r"(https?:)?//", place)] == [], page
        assert not re.search(r"https?://|require(js|\.js|\()", found.scripts), page
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", text), style
    for script in site.rglob("*.js"):
        for place in re.findall(
            r"(?:import\(|fetch\(|importScripts\(|\.src\s*=)\s*['\"](https?:)?//", script.read_text("utf-8")
        ):
            raise AssertionError(f"{script}: {place}")


def test_what_a_page_loads_or_links_to_inside_the_site_is_there(loads):
    for page, found in loads.items():
        for place in [*found.loaded, *found.links]:
            target = place.partition("#")[0].partition("?")[0]
            if target and not re.match(r"[a-z]+:|//", target):
                assert (page.parent / target).exists(), f"{page.name}: {place}"


def test_links_to_the_repository_name_files_that_are_there():
    for page in (ROOT / "docs").rglob("*.md"):
        for place in re.findall(r"\]\((\.\.?/[^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / place).exists(), f"{page.name}: {place}"


def test_the_gallery_shows_every_value_that_it_names(site):
    named = re.findall(r"{privkit-gallery} (\w+)", (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8"))
    page = (site / "gallery.html").read_text(encoding="utf-8")
    shown = page.split('<div class="shown">')[1:]
    assert len(shown) == len(named) > 20
    assert "A still picture. In JupyterLab" in page  # without the time at which the pages were built
    assert "still still" not in page
    for name, value in zip(named, shown, strict=True):
        golden = (ROOT / "tests" / "contract" / "golden" / f"{name}.txt").read_text(encoding="utf-8")
        drawn = (ROOT / "tests" / "contract" / "golden" / f"{name}.plot.txt").exists()
        assert value.count("<svg role=") == 2 * drawn, name  # light and dark
        if not name.startswith(("panel_", "ledger_")):  # a panel's text is a widget's; a ledger's tells times
            words = re.split("TODAY|TIME", golden.splitlines()[0].strip())[0][:40].strip()  # pinned without its day
            assert words in html.unescape(value), name


def test_every_picture_has_words(loads):
    assert {page.name: found.unnamed for page, found in loads.items() if found.unnamed} == {}


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_is_a_page_with_what_it_shows(site, path):
    page = (site / "tutorials" / f"{path.stem}.html").read_text(encoding="utf-8")
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    data = [output.get("data", {}) for cell in cells for output in cell.outputs]
    pieces = sum("<iframe" in one.get("text/html", "") for one in data)
    assert page.count("<iframe ") == page.count("srcdoc=") == pieces
    assert page.count("_images/") == sum("image/png" in one for one in data)
    assert page.count('class="cell_input') == len(cells)


@pytest.mark.parametrize(
    ("word", "page"),
    [("gdpr", "look"), ("gdpr", "dossier"), ("instal", "start"), ("plot", "gallery"), ("plot", "tutorials/01_start")],
)
def test_the_search_finds(site, word, page):
    """By the index that the page of search reads; words are stemmed."""
    text = (site / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text[text.index("{") : text.rindex("}") + 1])
    found = [index[kind].get(word, []) for kind in ("terms", "titleterms")]
    places = {place for one in found for place in (one if isinstance(one, list) else [one])}
    assert page in {index["docnames"][place] for place in places}


def test_the_search_shows_pages_that_teach_before_methods_of_results_and_before_decisions():
    """Sixty methods are called plot, and decisions begin with a digit: both stood before the gallery."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here")
    found = [
        ["reference/results", "privkit.KAnonymityReport.plot", "", "", 11 + 15, "", "object"],
        ["decisions/0027", "27. Papers ask", "", "", 5, "", "text"],
        ["gallery", "Gallery", "", "", 5, "", "text"],
        ["reference/release", "privkit.dp_median", "", "", 11 + 15, "", "object"],
    ]
    code = f"const s = require({json.dumps(str(ROOT / 'docs' / 'static' / 'scorer.js'))});"
    code += f"process.stdout.write(JSON.stringify({json.dumps(found)}.map(s.score)))"
    done = subprocess.run([node, "-e", code], capture_output=True, text=True, check=True)
    method, decision, gallery, function = json.loads(done.stdout)
    assert function > gallery > decision
    assert method <= function - 10


def test_the_searched_pages_use_these_scores(site):
    assert "pages that teach come before" in (site / "_static" / "language_data.js").read_text(encoding="utf-8")


def test_no_table_of_a_page_has_a_head_without_words(site):
    """Somebody who hears the page is told nothing of such a column. Values that a notebook shows are not meant here."""
    for page in site.glob("*.html"):
        assert '<th class="head"><p></p></th>' not in page.read_text(encoding="utf-8"), page.name


def test_each_part_of_the_reference_begins_with_a_table_of_what_it_has(site, described):
    linked = "".join(page.read_text(encoding="utf-8") for page in (site / "reference").glob("*.html"))
    tables = re.findall(r'<table class="[^"]*summary.*?</table>', linked, re.DOTALL)
    assert len(tables) >= 10
    named = {target for table in tables for target in re.findall(r'href="[^"]*#([\w.]+)"', table)}
    assert {f"privkit.{name}" for name in pk.__all__ if f"privkit.{name}" in described} - named <= {
        f"privkit.{space}" for space in ("events", "models", "plan", "teach")
    }
