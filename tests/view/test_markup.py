from __future__ import annotations

import re
from base64 import b64decode
from html.parser import HTMLParser
from xml.etree import ElementTree

import matplotlib as mpl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex

mpl.use("Agg")

import privkit as pk
from privkit.anonymity.kanonymity import kanon
from privkit.values.loss import PrivacyLoss
from privkit.values.show import Plotted
from privkit.view import html, plots, text
from privkit.view.panels.base import drawing, in_pictures, line, words
from privkit.view.parts.markup import Markup, badge, card, esc, meter, steps, table, tag
from privkit.view.parts.sheet import room_of
from privkit.view.parts.words import argument, label, names, number, percent
from privkit.view.plots.theme import THEMES

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "</script><script>alert(1)</script>",
    "</style><b>",
    "two\nlines",
    "right\u202eleft",
    "nul\x00inside",
    "a" * 10_000,
    "{{7*7}}",
    "$\\frac{1}$",
    "javascript:alert(1)",
]


TAGS = {"div", "style", "p", "strong", "span", "samp", "code"} | {
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}


class Outline(HTMLParser):
    """The tags and attributes that a browser would see, and the text, without bars in letters."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.drawn = False
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open.append(tag)
        self.drawn = ("class", "pk-ink") in attrs
        self.attributes += [name for name, _ in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.drawn = False

    def handle_data(self, data):
        # A number and its sign are one word: the space between them is one at which no line ends.
        self.text += "" if self.drawn else data.replace("\xa0", " ")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_column_name_stays_text(name):
    frame = pd.DataFrame({name: ["x", "y", "y"]})
    report = kanon(frame, [name], k=2)
    shown = report._repr_html_()
    outline = Outline(shown)
    assert not outline.open
    assert set(outline.tags) <= TAGS
    assert outline.tags.count("style") == 1
    assert not any(attribute.startswith("on") or attribute in {"src", "href"} for attribute in outline.attributes)
    for output in (shown, repr(report)):
        assert "\u202e" not in output
        assert "\x00" not in output
        assert len(output) < 8_000
        output.encode("utf-8")
    assert len(repr(report).splitlines()) == 4
    report.plot().figure.canvas.draw()


@given(st.text())
@settings(max_examples=100)
def test_escaped_text_opens_no_tag_and_reads_back(value):
    outline = Outline(tag("p", value, title=value))
    assert outline.tags == ["p"]
    assert outline.attributes == ["title"]
    if value.isprintable():
        assert outline.text == value


@given(st.text())
@settings(max_examples=100)
def test_a_label_is_one_printable_line(value):
    assert label(value).isprintable()
    assert names([value]).isprintable()
    label(value).encode("utf-8")


def test_only_listed_tags_and_attributes_come_out():
    for name in ("script", "style", "img", "iframe", "a", "svg", "p onclick"):
        with pytest.raises(ValueError, match="no tag"):
            tag(name)
    for attribute in ("onclick", "href", "src", "style=x"):
        with pytest.raises(ValueError, match="no attribute"):
            tag("p", **{attribute: "x"})
    with pytest.raises(ValueError, match="length of a bar"):
        tag("p", style="background: url(//x)")


def test_markup_is_not_escaped_twice():
    assert tag("p", tag("em", "<")) == "<p><em>&lt;</em></p>"
    assert isinstance(esc("x"), Markup)
    assert esc("\ud800") == label("\ud800") == "\\ud800"
    assert tag("p", None, "a", title=None) == "<p>a</p>"


def test_parts_tell_their_roles_to_screen_readers():
    bar = meter(0.25, "a quarter", short=True)
    assert 'role="meter"' in bar
    assert 'aria-valuenow="25.0"' in bar
    assert 'aria-label="a quarter"' in bar
    assert "width: 100.0%" in meter(7, "over")
    assert 'scope="row"' in table(["a", "b"], [["x", 1]], caption="c")
    assert "<caption>c</caption>" in table(["a"], [], caption="c")
    assert [("✓" in badge(met, "x"), "✗" in badge(met, "x")) for met in (True, False, None)] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert steps([".a()", ".b()"]) == '<p class="pk-next">next: <code>.a()</code> · <code>.b()</code></p>'
    assert 'role="region"' in card("title")


def test_output_needs_nothing_from_outside():
    shown = card("title", "text", then=[".x()"], exact=True)
    for foreign in ("http", "url(", "@import", "<script", "src="):
        assert foreign not in shown


def test_a_value_without_views_is_named_and_one_of_ours_found_through_its_base():
    class Mine(Plotted):
        pass

    assert room_of(PrivacyLoss.of(epsilon=1)) == "values"
    with pytest.raises(TypeError, match="no value of privkit"):
        room_of(Mine())

    class Sub(type(kanon(pd.DataFrame({"a": [1]}), "a"))):
        pass

    sub = Sub(kanon(pd.DataFrame({"a": [1]}), "a").tally)
    assert repr(sub).startswith("k = 1")
    assert "k = 1" in sub._repr_html_()


def test_a_room_without_html_shows_its_text_escaped(monkeypatch):
    report = kanon(pd.DataFrame({"a": [1]}), "a")
    for renderer in (html, text, plots):
        monkeypatch.setattr(renderer, "sheet_of", lambda *_: None)
    assert text.render(report) == "<KAnonymityReport>"
    assert "&lt;KAnonymityReport&gt;" in html.render(report)
    with pytest.raises(TypeError, match="no plot"):
        plots.draw(report)


def test_a_new_figure_has_its_own_ground_and_given_axes_keep_their_style():
    import matplotlib.pyplot as plt

    report = kanon(pd.DataFrame({"a": [1, 2, 2]}), "a", k=2)
    ax = report.plot()
    assert to_hex(ax.figure.get_facecolor()) == "#ffffff"
    assert ax.xaxis.label.get_color() == THEMES["light"].ink
    with mpl.rc_context({"figure.facecolor": "black"}):
        assert to_hex(report.plot().figure.get_facecolor()) == THEMES["dark"].ground
    with pytest.raises(pk.PrivkitError, match=r"plot.* theme"):
        report.plot(theme="neon")
    _, mine = plt.subplots()
    before = mine.figure.get_facecolor()
    assert report.plot(ax=mine) is mine
    assert mine.figure.get_facecolor() == before
    assert mine.xaxis.label.get_color() == mpl.rcParams["axes.labelcolor"]
    assert mpl.rcParams["axes.spines.top"]
    plt.close("all")


def luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_ink_and_bars_stand_out_on_their_ground(theme):
    for color, least in ((theme.ink, 12.0), (theme.good, 4.5), (theme.short, 3.0)):
        low, high = sorted([luminance(color), luminance(theme.ground)])
        assert (high + 0.05) / (low + 0.05) >= least


def test_words():
    assert percent(1, 3) == "33.3 %"
    assert percent(5, 5) == "100 %"
    assert number(0.5) == "0.5"
    assert argument(["x" * 1000]) == ""


def test_no_line_ends_between_a_number_and_its_sign_and_code_is_copied_as_it_stands():
    told = str(card("10.6 % of ± 15", tag("code", "df[5 % 3]"), tag("pre", "5 % 3")))
    assert "10.6\xa0% of ±\xa015" in told
    assert "df[5 % 3]" in told
    assert "<pre>5 % 3</pre>" in told
    assert in_pictures(drawing("99.4 % <b>")).endswith('<p class="pk-note">99.4\xa0% &lt;b&gt;</p>')


def test_a_drawing_is_an_image_that_stands_by_itself():
    shown = in_pictures(drawing("a <b>", words(1, 2, "<script>&amp;"), line("pk-line", (0, 0), (5, 5)), height=40))
    found = re.match(r'<img src="data:image/svg\+xml;base64,([^"]*)" alt="" width="560">', shown)
    root = ElementTree.fromstring(b64decode(found[1]))
    assert root.get("viewBox") == "0 0 560 40"
    assert [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")] == ["<script>&amp;"]
    told = "".join(root.itertext())
    assert "var(" not in told  # a page's variables do not reach into an image
    inks = re.findall(r"text {[^}]* fill: (#\w+); stroke: (#\w+);", told)
    assert len(inks) == 2  # light and dark; in either the words have an edge, for a page of the other kind
    for pair in inks:
        low, high = sorted(map(luminance, pair))
        assert (high + 0.05) / (low + 0.05) > 12
    assert len(re.findall("paint-order: stroke", told)) == 1
