"""HTML from parts: every string that goes in is escaped, and nothing but listed tags and attributes comes out.

Column names, project names and labels come with the data and may be hostile. So no view writes HTML by hand.
"""

from __future__ import annotations

import html as _html
import re
from typing import TYPE_CHECKING, Literal

from privkit.view.css import CSS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TEXT = "div span p strong em small code pre ul ol li dl dt dd h3 h4 details summary"
_TABLE = "table caption thead tbody tr th td"
_TAGS = frozenset(f"{_TEXT} {_TABLE}".split())
_ATTRIBUTES = re.compile(r"class|id|title|role|lang|dir|scope|colspan|rowspan|open|tabindex|aria-[a-z]+|style")
#: The one use of inline style: how long a bar is.
_STYLE = re.compile(r"width: \d{1,3}(\.\d{1,3})?%")


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
    shown = "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in str(text))
    return Markup(_html.escape(shown, quote=True))


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
            raise ValueError("style holds the width of a bar and nothing else")
        told.append(f' {attribute}="{esc(str(value))}"')
    content = "".join(esc(child) for child in children if child is not None)
    return Markup("".join(["<", name, *told, ">", content, "</", name, ">"]))


def join(parts: Iterable[object]) -> Markup:
    """Return the parts one after the other."""
    return Markup("".join(esc(part) for part in parts))


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


def meter(share: float, label: str, *, short: bool = False) -> Markup:
    """Return a bar that is `share` (0 to 1) full; `short` hatches it, as something that falls short."""
    width = min(max(float(share), 0.0), 1.0) * 100
    return tag(
        "div",
        tag("div", class_="pk-bar pk-short" if short else "pk-bar", style=f"width: {width:.1f}%"),
        class_="pk-meter",
        role="meter",
        aria_valuemin=0,
        aria_valuemax=100,
        aria_valuenow=f"{width:.1f}",
        aria_label=label,
    )


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
