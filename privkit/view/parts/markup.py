"""HTML from parts: every string that goes in is escaped, and nothing but listed tags and attributes comes out.

Column names, project names and labels come with the data and may be hostile. So no view writes HTML by hand.

The style sheet of every HTML output: JupyterLab's colors, with fallbacks where there is no JupyterLab.

Text inherits its color and nothing has a background of its own, so an output reads on light and dark pages,
and plain HTML without the sheet (GitHub drops it) still reads as headings and tables.
"""

from __future__ import annotations

import html as _html
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Literal

from privkit.values.show import printable
from privkit.view.parts.words import letters

CSS = """
.privkit { color: var(--jp-content-font-color1, inherit);
  font-family: var(--jp-content-font-family, system-ui, sans-serif);
  font-size: var(--jp-content-font-size1, 14px); line-height: 1.45; max-width: 46em; margin: 0.3em 0; }
.privkit p { margin: 0.3em 0; overflow-wrap: anywhere; }
.privkit .pk-title { font-size: 1.1em; }
.privkit table { border-collapse: collapse; margin: 0.5em 0; width: auto; max-width: 100%; background: transparent;
  color: inherit; font-size: inherit; }
.privkit caption { caption-side: top; text-align: left; padding: 0.2em 0;
  color: var(--jp-content-font-color2, inherit); }
.privkit th, .privkit td { padding: 0.2em 0.8em 0.2em 0; text-align: right; vertical-align: middle;
  border: 0; background: transparent;
  border-bottom: 1px solid var(--jp-border-color2, rgba(128, 128, 128, 0.35)); font-variant-numeric: tabular-nums;
  overflow-wrap: break-word; color: inherit; max-width: 24em; }
.privkit thead th { font-weight: 600; }
.privkit tbody th { font-weight: 400; }
.privkit.privkit th:first-child { text-align: left; }
.privkit .pk-meter { width: 10em; height: 0.75em;
  border: 1px solid var(--jp-content-font-color2, #767676); }
.privkit .pk-ink { display: none; }
.privkit img { max-width: 100%; height: auto; }
.privkit .pk-bar { height: 100%; background: #0072B2; }
.privkit .pk-bar.pk-short { box-shadow: inset 0 0 0 1px #D55E00;
  background: repeating-linear-gradient(45deg, #D55E00 0 4px, rgba(213, 94, 0, 0.55) 4px 7px); }
.privkit .pk-range { display: flex; width: 14em; height: 0.75em; }
.privkit .pk-bar.pk-band { box-sizing: border-box; background: rgba(0, 114, 178, 0.35); border: 1px solid #0072B2; }
.privkit .pk-bar.pk-value { min-width: 2px; border-right: 2px solid var(--jp-content-font-color1, currentColor); }
.privkit .pk-budget { display: flex; width: 100%; max-width: 30em; height: 1em; }
.privkit .pk-held { background: repeating-linear-gradient(45deg, currentColor 0 1.5px, #E69F00 1.5px 6px); }
.privkit .pk-swatch { display: inline-block; box-sizing: border-box; width: 0.8em; height: 0.8em;
  margin: 0 0.35em 0 0.3em; vertical-align: -0.05em;
  border: 1px solid var(--jp-content-font-color2, #767676); }
.privkit.privkit .pk-facts th, .privkit.privkit .pk-facts td { text-align: left; }
.privkit .pk-whole { white-space: nowrap; }
.privkit .pk-wide .pk-meter { width: 100%; max-width: 30em; }
.privkit .pk-chip { display: inline-block; white-space: nowrap; padding: 0 0.5em; border-radius: 0.7em;
  font-size: 0.85em; background: rgba(128, 128, 128, 0.15); border: 1px solid transparent; }
.privkit .pk-direct { background: rgba(213, 94, 0, 0.18); }
.privkit .pk-quasi { background: rgba(230, 159, 0, 0.2); }
.privkit .pk-sensitive { background: rgba(204, 121, 167, 0.22); }
.privkit .pk-spread { display: flex; align-items: flex-end; gap: 1px; width: 6em; height: 1.8em;
  border-bottom: 1px solid var(--jp-content-font-color2, #767676); }
.privkit .pk-spread div { flex: 1; }
.privkit .pk-spread .pk-bar { min-height: 2px; }
.privkit .pk-fits td, .privkit .pk-fits tbody th { padding-right: 0.9em; overflow-wrap: normal; }
.privkit .pk-fits tbody th { overflow-wrap: anywhere; }
.privkit .pk-fits .pk-meter { width: 4.5em; max-width: 100%; height: 0.5em; }
.privkit .pk-fits .pk-spread { width: 5em; max-width: 100%; }
.privkit .pk-fits:not(.pk-facts) .pk-meter { width: 3em; margin-left: auto; }
.privkit .pk-facts.pk-fits td:last-child { overflow-wrap: break-word; }
.privkit td details { font-size: 0.9em; }
.privkit pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.3em 0; }
@media (max-width: 900px) { .privkit td .pk-meter { width: 5em; }
  .privkit .pk-fits .pk-meter, .privkit .pk-fits .pk-spread { width: 3.2em; }
  .privkit .pk-fits th, .privkit .pk-fits td, .privkit .pk-fits tbody th { padding-right: 0.5em; }
  .privkit .pk-fits:not(.pk-facts) table { font-size: 0.85em; }
  .privkit .pk-fits:not(.pk-facts) .pk-meter { width: 2em; } }
@media (max-width: 560px) { .privkit table, .privkit .pk-facts.pk-fits table { font-size: 0.85em; }
  .privkit th, .privkit td { padding-right: 0.4em; }
  .privkit.privkit .pk-facts .pk-whole { white-space: normal; }
  .privkit td .pk-meter { width: 4.5em; }
  .privkit td .pk-range { width: 7em; }
  .privkit .pk-fits td, .privkit .pk-fits tbody th { padding-right: 0.3em; }
  .privkit .pk-fits thead th { font-size: 0.85em; } .privkit .pk-fits td { font-size: 0.95em; }
  .privkit .pk-fits .pk-meter, .privkit .pk-fits .pk-spread { width: 2.4em; }
  .privkit .pk-chip { white-space: normal; padding: 0 0.3em; } }
.privkit summary { cursor: pointer; }
.privkit .pk-badge { display: inline-block; padding: 0 0.5em; border: 1px solid currentColor; border-radius: 0.2em; }
.privkit .pk-met span { color: #009E73; font-weight: 700; }
.privkit .pk-unmet span { color: #D55E00; font-weight: 700; }
.privkit .pk-note { font-size: 0.85em; color: var(--jp-content-font-color2, inherit); }
.privkit code { background: transparent; color: inherit; font-family: var(--jp-code-font-family, monospace); }
.privkit .pk-ends { display: flex; align-items: center; gap: 0.6em; font-variant-numeric: tabular-nums; }
.privkit .pk-ends .pk-range { width: 9em; }
@media (forced-colors: active) {
  .privkit .pk-bar, .privkit .pk-swatch { forced-color-adjust: none; border-color: CanvasText; }
  .privkit .pk-bar { background: Highlight; }
  .privkit .pk-bar.pk-short, .privkit .pk-held { box-shadow: none;
    background: repeating-linear-gradient(45deg, CanvasText 0 3px, Canvas 3px 6px); }
  .privkit .pk-bar.pk-band { background: Canvas; border-color: CanvasText; }
  .privkit .pk-met span, .privkit .pk-unmet span { color: CanvasText; } }
@media print { .privkit, .privkit * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  .privkit tr, .privkit img, .privkit .pk-title, .privkit .pk-budget { break-inside: avoid; } }
"""


_TEXT = "div span p strong em small code samp pre ul ol li dl dt dd h1 h2 h3 h4 details summary"
_TABLE = "table caption thead tbody tr th td"
_TAGS = frozenset(f"{_TEXT} {_TABLE}".split())
_ATTRIBUTES = re.compile(r"align|class|id|title|role|lang|dir|scope|colspan|rowspan|open|tabindex|aria-[a-z]+|style")
#: The one use of inline style: how long a bar is, or how high.
_STYLE = re.compile(r"(width|height): \d{1,3}(\.\d{1,3})?%")


class Markup(str):
    """A string that is HTML already."""

    __slots__ = ()

    def __html__(self) -> str:
        """Return itself, for the template engines that ask."""
        return str(self)


def esc(text: object) -> Markup:
    r"""Return `text` escaped for HTML, as content and as attribute.

    Characters that a browser drops or that turn the direction of writing are spelled out.

    Examples
    --------
    >>> print(esc("<b>"), esc("a\u202eb"))
    &lt;b&gt; a\u202eb
    """
    if isinstance(text, Markup):
        return text
    shown = str(text)
    return Markup(_html.escape(shown if shown.isprintable() else printable(shown, "\n"), quote=True))


def whole(text: object) -> Markup:
    r"""Return `text` escaped, where no line ends between a number and its sign.

    Examples
    --------
    >>> whole("10.6 % or ± 15") == "10.6\u00a0% or ±\u00a015"
    True
    """
    return text if isinstance(text, Markup) else Markup(_APART.sub("\u00a0", esc(text)))


#: The space between a number and its sign.
_APART = re.compile(r"(?<=\d) (?=%)|(?<=±) (?=\d)")
#: What is copied as it stands.
_TYPED = frozenset({"code", "pre"})


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return one element.

    Parameters
    ----------
    name : str
        One of the listed tags; there is no script, style, link or image among them.
    *children : Markup, str or None
        Strings are escaped; None is left out.
    **attributes : object
        ``class_`` stands for class, and ``aria_label`` for aria-label; None and False leave it out.

    Examples
    --------
    >>> print(tag("td", "<1>", class_="short"))
    <td class="short">&lt;1&gt;</td>
    """
    if name not in _TAGS:
        raise ValueError(f"{name!r} is no tag that views use")
    told = []
    for key, value in attributes.items():
        attribute = key.rstrip("_").replace("_", "-")
        if not _ATTRIBUTES.fullmatch(attribute):
            raise ValueError(f"{attribute!r} is no attribute that views use")
        if value is None or value is False:
            continue
        if attribute == "style" and not _STYLE.fullmatch(str(value)):
            raise ValueError("style holds the length of a bar and nothing else")
        told.append(f' {attribute}="{esc(str(value))}"')
    shown = esc if name in _TYPED else whole
    content = "".join(shown(child) for child in children if child is not None)
    return Markup("".join(["<", name, *told, ">", content, "</", name, ">"]))


def join(parts: Iterable[object]) -> Markup:
    """Return the parts one after the other."""
    return Markup("".join(whole(part) for part in parts))


def card(title: object, *children: object, then: Sequence[str] = (), exact: bool = False) -> Markup:
    """Return a whole output: a region with its title, its parts, what to type next, and the style sheet.

    Parameters
    ----------
    title : str
        The answer, as in the first line of the text.
    *children : Markup or str
        The parts.
    then : sequence of str
        What to type next.
    exact : bool
        Whether the figures are exact facts of raw data, which the card then says.
    """
    return tag(
        "div",
        _STYLE_SHEET,
        tag("p", tag("strong", title), class_="pk-title"),
        *children,
        steps(then) if then else None,
        note("Exact figures of the raw data: for the owner's eyes, not for release.") if exact else None,
        class_="privkit",
        role="region",
        aria_label=title,
    )


_STYLE_SHEET = Markup("<style>" + CSS + "</style>")


def table(heads: Sequence[object], rows: Iterable[Sequence[object]], *, caption: object = None) -> Markup:
    """Return a table whose first column names its rows; cells may be Markup, heads may be whole elements."""
    columns = (head if isinstance(head, Markup) else tag("th", head, scope="col") for head in heads)
    return tag(
        "table",
        tag("caption", caption) if caption is not None else None,
        tag("thead", tag("tr", *columns)),
        tag("tbody", *(_row(cells) for cells in rows)),
    )


def _row(cells: Sequence[object]) -> Markup:
    first, *rest = cells
    return tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest))


def meter(share: float, label: str, *, short: bool = False, cells: int = 10) -> Markup:
    """Return a bar that is `share` (0 to 1) full; `short` hatches it, as something that falls short."""
    width = min(max(float(share), 0.0), 1.0) * 100
    kind = "pk-bar pk-short" if short else "pk-bar"
    return tag(
        "div",
        tag("div", class_=kind, style=f"width: {width:.1f}%"),
        ink([("pk-thin" if 0 < width < 50 / cells else kind, width)], cells),
        class_="pk-meter",
        role="meter",
        aria_valuemin=0,
        aria_valuemax=100,
        aria_valuenow=f"{width:.1f}",
        aria_label=label,
    )


def spread(counts: Sequence[int], words: str) -> Markup:
    """Return counts side by side as bars, as high as their share of the largest, the first hatched; `words` say them.

    Examples
    --------
    >>> spread([1, 4], "1 once, 4 twice").count('style="height: 25.0%"')
    1
    """
    whole = max(counts, default=0) or 1
    bars, inks = [], ""
    for place, count in enumerate(counts):
        kind = ("pk-bar" if place else "pk-bar pk-short") if count else "pk-gap"
        bars.append(tag("div", class_=kind, style=f"height: {100 * count / whole:.1f}%"))
        inks += _HEIGHTS[max(round(count / whole * len(_HEIGHTS)), 1) - 1] if count else "·"
    shown = tag("samp", inks, class_="pk-ink", aria_hidden="true")
    return tag("div", *bars, shown, class_="pk-spread", role="img", aria_label=words, title=words)


_HEIGHTS = "▁▂▃▄▅▆▇█"


def chip(kind: str, text: object) -> Markup:
    """Return a column's role: a sign, a color and words, so that none of them is needed alone."""
    sign = tag("span", _CHIPS.get(kind, "○"), aria_hidden="true")
    return tag("span", sign, " ", text, class_=f"pk-chip pk-{kind}")


_CHIPS = {"direct": "●", "quasi": "◆", "sensitive": "■", "other": "○"}


def ink(pieces: Iterable[tuple[str, float]], cells: int) -> Markup:
    """Return a bar in letters, for where style sheets are dropped: with the sheet it is not shown.

    GitHub, and JupyterLab in a notebook that is not trusted, drop every style, and with them all that is drawn. All
    letters are as wide as one another there: bars of equal scale begin at one place.

    Parameters
    ----------
    pieces : iterable of (str, float)
        The classes of each piece, and its length in percent.
    cells : int
        How many letters the whole is long. A piece that is not empty has one at least.

    Examples
    --------
    >>> print(ink([("pk-bar", 33.3), ("pk-bar pk-held", 1)], 10))
    <samp class="pk-ink" aria-hidden="true">███▚······</samp>
    """
    return tag("samp", letters(pieces, cells), class_="pk-ink", aria_hidden="true")


def badge(met: bool | None, text: object) -> Markup:
    """Return a verdict: a sign, a color and words, so that none of them is needed alone."""
    sign: Literal["✓", "✗", "–"] = "–" if met is None else "✓" if met else "✗"
    kind = "pk-open" if met is None else "pk-met" if met else "pk-unmet"
    return tag("p", tag("span", sign, aria_hidden="true"), " ", text, class_="pk-badge " + kind)


def note(text: object) -> Markup:
    """Return a remark in small letters."""
    return tag("p", text, class_="pk-note")


def steps(then: Sequence[str]) -> Markup:
    """Return what to type next."""
    parts = [part for step in then for part in (" · ", tag("code", step))]
    return tag("p", "next: ", *parts[1:], class_="pk-next")


#: For which width a page's height is told, in CSS pixels, by how many it grows with each that the frame is narrower.
_PAGE_WIDTH, _GROWS = 500, 0.75
#: The picture stands where scripts do not run. A frame asks the system alone whether it is dark: where the switch of a
#: notebook, or of the pages, says otherwise, its colors are turned round.
_FRAMED = """<style>
@media (scripting: enabled) { .privkit div:has(> iframe) + img { display: none; } }
@media (scripting: none) { .privkit div:has(> iframe) { display: none; } }
@media (prefers-color-scheme: light) { :is([data-jp-theme-light="false"], [data-theme="dark"]) .privkit iframe {
  filter: invert(0.93) hue-rotate(180deg); } }
@media (prefers-color-scheme: dark) { :is([data-jp-theme-light="true"], [data-theme="light"]) .privkit iframe {
  filter: invert(1) hue-rotate(180deg) brightness(1.08); } }
</style>"""


# -- a page in a sandboxed frame, and its still picture: the one HTML that runs scripts, or shows images ---------------
#
# The frame has an origin of its own, and may run scripts and nothing else. What is drawn by hand here are tags whose
# every attribute is escaped or ours; `tag` allows neither.


def frame(page: str, title: str, height: int) -> Markup:
    """Return a page in a frame, which a reader of no scripts leaves out.

    A frame is not told how high its page is. Text wraps where it is narrow, so there it is higher.
    """
    told = {"title": title, "sandbox": "allow-scripts", "width": "100%", "height": height, "frameborder": 0}
    grown = f"height: calc({height}px + {_GROWS} * max(0px, {_PAGE_WIDTH}px - 100cqw))"
    shown = f"<iframe{_attributes({**told, 'style': grown, 'srcdoc': page})}></iframe>"
    return Markup(f'{_FRAMED}<div style="container-type: inline-size">{shown}</div>')


def picture(svg: str, sentence: str, width: int) -> Markup:
    """Return a picture that stands where frames are dropped, with what it shows in words.

    An image and no element of its own: in a notebook that is not trusted JupyterLab keeps images, and drops SVG.
    """
    data = b64encode(svg.encode()).decode()
    return Markup(f"<img{_attributes({'src': f'data:image/svg+xml;base64,{data}', 'alt': sentence, 'width': width})}>")


def _attributes(told: dict[str, object]) -> str:
    return "".join(f' {name}="{esc(str(value))}"' for name, value in told.items())
