"""What all live panels share: a still picture beside the widget, a text, and calm words where something fails.

The style sheet of the panels, beside that of all HTML outputs: the same colors, from JupyterLab's variables.

Small drawings for panels, as SVG: numbers and escaped text go in, nothing else.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import singledispatch
from html import unescape
from typing import Any, NoReturn

from ipywidgets import HTML, VBox, Widget

from privkit.errors import PrivkitError
from privkit.errors.arguments import PanelCopyError
from privkit.view.panels.notebook import PLACES, display_kept, in_marimo, moment, moves, send_soon
from privkit.view.parts.markup import Markup, card, esc, join, note, picture, tag, whole

#: How wide a field is at most: its margins stay inside. And fields in a row, one below the other where it is narrow.
#: As dictionaries, since each widget needs a layout of its own: it is closed with its panel (`cells`).
FULL = "calc(100% - 4px)"
SLIDER = {"width": "24em", "max_width": FULL}
NUMBER = {"width": "12em", "max_width": FULL}
WRAPPED = {"flex_flow": "row wrap"}

#: The size of every drawing, in its own units; it grows and shrinks with the page.
WIDTH, HEIGHT = 560, 180


def drawing(label: str, *shapes: Markup, height: int = HEIGHT) -> Markup:
    """Return a drawing that screen readers know by its label."""
    opened = f'<svg class="pk-drawing" role="img" aria-label="{esc(label)}" viewBox="0 0 {WIDTH} {int(height)}">'
    return Markup(opened + join(shapes) + "</svg>")


def line(kind: str, *points: Sequence[float]) -> Markup:
    """Return a line through (x, y) points, of a class of the style sheet."""
    through = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return Markup(f'<polyline class="{esc(kind)}" points="{through}"/>')


def box(kind: str, x: float, y: float, width: float, height: float) -> Markup:
    """Return a rectangle, of a class of the style sheet."""
    sizes = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"'
    return Markup(f'<rect class="{esc(kind)}" {sizes}/>')


def area(kind: str, *corners: Sequence[float]) -> Markup:
    """Return a filled shape with these (x, y) corners, of a class of the style sheet."""
    through = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    return Markup(f'<polygon class="{esc(kind)}" points="{through}"/>')


def dot(kind: str, x: float, y: float) -> Markup:
    """Return a point, of a class of the style sheet."""
    return Markup(f'<circle class="{esc(kind)}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')


def words(x: float, y: float, text: object, anchor: str = "middle", *, small: bool = False) -> Markup:
    """Return text at a place; `small` where there is little room.

    Examples
    --------
    >>> print(words(1, 2, "<b>"))
    <text x="1.0" y="2.0" text-anchor="middle">&lt;b&gt;</text>
    """
    kind = ' class="pk-small"' if small else ""
    return Markup(f'<text{kind} x="{x:.1f}" y="{y:.1f}" text-anchor="{esc(anchor)}">{esc(str(text))}</text>')


def steps(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of a line that stays level until it jumps.

    Examples
    --------
    >>> steps([(0, 0), (2, 5)])
    [(0, 0), (2, 0), (2, 5)]
    """
    corners: list[tuple[float, float]] = []
    for x, y in points:
        if corners:
            corners.append((x, corners[-1][1]))
        corners.append((x, y))
    return corners


def in_pictures(html: str) -> str:
    """Return HTML with each drawing as an image, and its label below it in words.

    Where a notebook is not trusted, and on GitHub, the shapes of a drawing are dropped and its labels run together. An
    image stands in the first; where images are dropped too, the words are left.

    Examples
    --------
    >>> shown = in_pictures(f"<p>{drawing('a line', words(1, 2, 'b'))}</p>")
    >>> shown.startswith('<p><img src="data:image/svg+xml;base64,'), shown.endswith('<p class="pk-note">a line</p></p>')
    (True, True)
    """
    return _DRAWN.sub(_pictured, html)


def _pictured(drawn: re.Match[str]) -> str:
    label, box_, shapes = drawn.groups()
    opened = f'<svg xmlns="http://www.w3.org/2000/svg" class="privkit" viewBox="{box_}"'
    style = f'font-family="system-ui, sans-serif"><style>{_SHAPES}{_ALONE}</style>'
    svg = f'{opened} {style}<g class="pk-drawing">{shapes}</g></svg>'
    return picture(svg, "", WIDTH) + note(whole(unescape(label)))


_DRAWN = re.compile(
    r'<svg class="pk-drawing[^"]*" role="img" aria-label="([^"]*)" viewBox="([^"]*)">(.*?)</svg>', re.DOTALL
)
#: An image knows the reader's light or dark, and not the page's theme, which may be the other: so its words have an
#: edge of the other kind, which is not seen where both agree. Lines are gray, 4:1 on either.
_ALONE = """\
svg { color: #767676; }
.privkit .pk-drawing text { paint-order: stroke; stroke-width: 3px; stroke-linejoin: round; }
.privkit .pk-drawing text { fill: #222222; stroke: #ffffff; }
@media (prefers-color-scheme: dark) { .privkit .pk-drawing text { fill: #eeeeee; stroke: #111111; } }
"""


@singledispatch
def panel(value: object) -> Any:
    """Return the value's panel.

    Raises
    ------
    TypeError
        If it has none.
    """
    raise TypeError(f"{type(value).__name__} has no panel")


class Panel(VBox):  # type: ignore[misc, unused-ignore]
    """A live view of a value.

    Beside the widget stand its HTML and its text, for where no kernel runs and no widgets are drawn; both say what the
    panel says. The JupyterLab extension knows panels by their class and gives their sliders names.
    """

    #: Whether it stays as it is when the cell that made it runs again.
    _stays = False

    def __init__(self, children: Sequence[Widget]) -> None:
        super().__init__(children)
        self.add_class("privkit-panel")
        self.places: deque[str] = deque(maxlen=PLACES)
        for part in _valued(self):
            part.observe(lambda _: send_soon(self), "value")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        """Refuse to be pickled.

        Raises
        ------
        PanelCopyError
        """
        raise PanelCopyError.of()

    def __copy__(self) -> NoReturn:
        """Refuse to be copied, as above."""
        raise PanelCopyError.of()

    def __deepcopy__(self, memo: dict[int, Any]) -> NoReturn:
        """Refuse to be copied, as above."""
        raise PanelCopyError.of()

    def still(self) -> str:
        """Return what the panel shows at this moment, as HTML that needs no kernel; drawings become images."""
        raise NotImplementedError

    def words(self) -> str:
        """Return what the panel shows, as text: the same however often it is asked."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Return the panel's text."""
        return self.words()

    def _ipython_display_(self) -> None:
        """Display the panel where its last picture is kept."""
        if not display_kept(self, self.places):
            sys.stdout.write(f"{self!r}\n")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Return the same as `bundle`."""
        return self.bundle()

    def bundle(self) -> dict[str, Any]:
        """Return the widget, and beside it a still picture with its time, and a text.

        Without the widget where it would not move: an exported page would ask a server of others for what draws it, and
        stay empty without.
        """
        bundle = dict(super()._repr_mimebundle_() or {}) if moves() else {}
        why = _IN_MARIMO if in_marimo() else _STILL
        told = tag("div", note(why.format(moment())), class_="privkit")
        still = tag("div", Markup(in_pictures(self.still())), told, class_="privkit-still")
        return {**bundle, "text/plain": repr(self), "text/html": str(still)}

    @contextmanager
    def calm(self, place: HTML) -> Iterator[None]:
        """Tell at `place` what fails inside, instead of losing it in the kernel's log. Cell values are not told."""
        try:
            yield
        except PrivkitError as error:
            place.value = str(refused(error))
        except Exception as error:  # noqa: BLE001  # its text may hold values
            place.value = str(
                card("This did not work.", tag("p", f"{type(error).__name__}. Call the method itself to see more."))
            )


#: What stands below a picture that does not move.
_STILL = "A still picture of {}. In JupyterLab, run the cell to make it live."
#: marimo draws none of the widgets that panels are made of; beside the picture it would offer an empty one.
_IN_MARIMO = "A still picture of {}: marimo shows no such panels. They are live in JupyterLab and Notebook 7."


def _valued(widget: Widget) -> Iterator[Widget]:
    """Yield the parts of a widget that have a value, panels within it left out: they tell of themselves."""
    for part in getattr(widget, "children", ()):
        if part.has_trait("value"):
            yield part
        yield from _valued(part)


def refused(error: PrivkitError) -> Markup:
    """Return an error as a card: its first sentence is the title."""
    first, *rest = str(error).splitlines() or [type(error).__name__]
    return card(first, *(tag("p", text) for text in rest))


def live(**options: Any) -> HTML:
    """Return a place for words that a screen reader tells when they change."""
    place = HTML(**options)
    place.add_class("privkit-live")
    return place


def inserted(text: str, lines: Sequence[str]) -> str:
    r"""Return a text with more lines, before the one that says what to type next.

    Examples
    --------
    >>> inserted("answer\nnext: .plot()", ["more"])
    'answer\nmore\nnext: .plot()'
    """
    told = text.splitlines()
    place = len(told) - 1 if told and told[-1].startswith("next: ") else len(told)
    return "\n".join([*told[:place], *lines, *told[place:]])


#: What a panel does not offer: it is there.
_HERE = ".panel()"


def at(place: str, *first: str) -> Callable[[Sequence[str]], list[str]]:
    """Return what makes a panel's steps of those of the value behind it: the panel's own, and the value's at `place`.

    Examples
    --------
    >>> at(".report", "panel.apply()")([".plot()", "df.privacy.risk('zip')"])
    ['panel.apply()', '.report.plot()', "df.privacy.risk('zip')"]
    """
    return lambda steps: [
        *first,
        *(f"{place}{step}" if step.startswith(".") else step for step in steps if step != _HERE),
    ]


#: What a drawing is drawn with, on the page and as an image.
_SHAPES = """\
.privkit .pk-drawing text { fill: currentColor; font-size: 11px; font-family: inherit; }
.privkit .pk-drawing text.pk-small { font-size: 9.5px; }
.privkit .pk-axis { stroke: currentColor; stroke-opacity: 0.8; stroke-width: 1; fill: none; }
.privkit .pk-line { stroke: #0072B2; stroke-width: 2; fill: none; }
.privkit .pk-limit { stroke: #D55E00; stroke-width: 1.5; stroke-dasharray: 5 3; fill: none; }
.privkit .pk-fill { fill: #0072B2; }
.privkit .pk-under-line { fill: #0072B2; fill-opacity: 0.22; }
.privkit .pk-pale { fill: #0072B2; fill-opacity: 0.35; stroke: #0072B2; stroke-width: 1; }
.privkit .pk-under { fill: #D55E00; fill-opacity: 0.45; stroke: #D55E00; stroke-width: 1.5; }
.privkit .pk-node, .privkit .pk-node-short { stroke-width: 4.5; stroke-linecap: round; fill: none; }
.privkit .pk-node { stroke: #0072B2; } .privkit .pk-node-short { stroke: #D55E00; stroke-opacity: 0.9; }
.privkit .pk-star { fill: #E69F00; stroke: currentColor; stroke-width: 1; }
.privkit .pk-here { fill: none; stroke: currentColor; stroke-width: 2.5; }
"""

STYLE = Markup(
    """<style>
.privkit-panel { overflow: visible; max-width: 60em; }
.privkit-panel .privkit { max-width: none; }
.privkit-panel .widget-label { color: var(--jp-content-font-color1, inherit); }
.privkit-panel .widget-hslider { height: auto; min-height: var(--jp-widgets-inline-height, 28px); flex-wrap: wrap; }
.privkit-panel .widget-hslider .slider-container { flex: 1 1 5em; }
.privkit-panel .widget-hslider .widget-readout { flex: 0 1 auto; max-width: 100%; height: auto; text-align: left;
  white-space: normal; overflow: visible; line-height: 1.3; }
.privkit-panel .privkit-named .widget-readout { flex-basis: 11em; }
.privkit-panel .widget-html, .privkit-panel .widget-html-content { min-width: 0; max-width: 100%; }
.privkit-panel .widget-html-content { width: 100%; }
.privkit-panel.privkit-panel .pk-badge { white-space: normal; }
.privkit-panel.privkit-panel .pk-meter { max-width: 26vw; }
.privkit-panel button:focus-visible, .privkit-panel .noUi-handle:focus-visible, .privkit-panel input:focus-visible,
.privkit-panel select:focus-visible,
.privkit-panel pre:focus-visible { outline: 2px solid var(--jp-brand-color1, #0072B2); outline-offset: 2px; }
.privkit-panel.privkit-panel .noUi-target .noUi-handle { border: 2px solid var(--jp-brand-color1, #0072B2); }
.privkit-panel .jupyter-button.mod-primary { background: #0072B2; color: #fff; }
.privkit-panel .jupyter-button:disabled { opacity: 0.6; }
.privkit .pk-drawing { display: block; width: 100%; max-width: 40em; height: auto; margin: 0.4em 0; }
"""
    + _SHAPES
    + """.privkit .pk-map { cursor: crosshair; }
.privkit .pk-code { user-select: all; padding: 0.4em 0.6em; font-family: var(--jp-code-font-family, monospace);
  font-size: var(--jp-code-font-size, 13px); border: 1px solid var(--jp-border-color1, rgba(128, 128, 128, 0.6)); }
.privkit .pk-by-hand::after { content: " One click marks all of it."; }
.privkit .jp-privkit-typed + .pk-by-hand { display: none; }
.privkit .pk-scroll { max-height: 24em; overflow: auto; }
.privkit .pk-scroll th, .privkit .pk-scroll td { overflow-wrap: break-word; white-space: nowrap;
  padding-right: 0.7em; }
.privkit .pk-scroll td:nth-child(3) { white-space: normal; min-width: 9em; }
.privkit .pk-scroll td:nth-child(5) { white-space: normal; min-width: 5em; }
@media (max-width: 900px) { .privkit .pk-scroll table { font-size: 0.85em; } }
@media (max-width: 560px) { .privkit .pk-scroll td:nth-child(n), .privkit .pk-scroll th { padding-right: 0.3em;
  white-space: normal; min-width: 0; } }
@media print { .privkit .pk-scroll { max-height: none; overflow: visible; }
  .privkit .pk-scroll td:nth-child(n) { white-space: normal; } }
@media (forced-colors: active) {
  .privkit .pk-drawing { forced-color-adjust: none; }
  .privkit .pk-drawing text { fill: CanvasText; } .privkit .pk-axis { stroke: CanvasText; stroke-opacity: 1; }
  .privkit .pk-line { stroke: Highlight; } .privkit .pk-fill, .privkit .pk-pale { fill: Highlight; }
  .privkit .pk-under-line { fill: none; } .privkit .pk-node, .privkit .pk-here { stroke: Highlight; }
  .privkit .pk-node-short { stroke: CanvasText; } .privkit .pk-star { fill: CanvasText; }
  .privkit .pk-limit, .privkit .pk-under { stroke: CanvasText; } .privkit .pk-under { fill: none; }
  .privkit-panel .jupyter-button { border: 1px solid ButtonText; }
  .privkit-panel .noUi-connects { outline: 1px solid CanvasText; } }
@media (prefers-reduced-motion: reduce) {
  .privkit-panel *, .privkit * { transition: none !important; animation: none !important; } }
</style>"""
)
