"""A piece: a page that plays by itself, the still picture beside it, and the sentence that both show.

The noise that sentences and still pictures tell of is reckoned here; the pages have `noise.js`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from xml.etree.ElementTree import Element, SubElement, tostring

from privkit.values.arguments import public
from privkit.values.show import Shown


@public
@dataclass(frozen=True, slots=True, repr=False)
class Piece(Shown):
    """An interactive piece. A notebook shows its page and its still picture; a terminal its sentence.

    The page is plain JavaScript in a sandboxed frame: it loads nothing, sends nothing, and cannot reach the notebook
    around it. Where scripts do not run (a notebook that is not trusted) the still picture and the sentence are shown
    alone. Under reduced motion nothing in the page moves by itself.

    Attributes
    ----------
    title : str
        What it is called.
    sentence : str
        What it shows.
    page : str
        The whole page, as HTML in less than 40,000 bytes.
    still : str
        The still picture, as SVG.
    height : int
        How high the page is at 500 pixels of width, in CSS pixels.
    then : tuple of str
        What to type next.

    Examples
    --------
    >>> import privkit as pk
    >>> piece = pk.teach.two_worlds()
    >>> len(piece.page.encode()) < 40_000, "<iframe" in piece._repr_html_()
    (True, True)
    """

    title: str
    sentence: str
    page: str
    still: str
    height: int
    then: tuple[str, ...] = ()


def page_of(name: str, title: str, data: Mapping[str, object]) -> str:
    """Return a whole page: the frame, the piece's own body, its formulas, and what makes it play.

    `data` becomes the constant ``DATA`` of the scripts.
    """
    told = json.dumps(data, separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c")
    parts = {
        "title": title,
        "style": _read("piece.css"),
        "body": _read(f"{name}/body.html"),
        "data": f"const DATA = {told};",
        "formulas": f"{_read('noise.js')}\n{_read(f'{name}/formulas.js')}",
        "play": f"{_read('drawing.js')}\n{_read(f'{name}/play.js')}",
    }
    return re.sub(r"@(\w+)@", lambda found: parts[found[1]], _read("frame.html"))


def _read(name: str) -> str:
    return files("privkit").joinpath("teach", "pages", name).read_text(encoding="utf-8").strip()


class Still:
    """A still picture that is being drawn: shapes and words on a ground that follows the reader's light or dark."""

    _STYLE = (
        "text{font:14px system-ui,sans-serif;fill:#222}.g{fill:#fff}.a{fill:#0072b2}.b{fill:#d55e00}.l{fill:#bbb}"
        "@media(prefers-color-scheme:dark){text{fill:#eee}.g{fill:#111}.a{fill:#56b4e9}.b{fill:#e69f00}.l{fill:#555}}"
    )

    def __init__(self, width: int, height: int, sentence: str) -> None:
        size = {"width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"}
        self._root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", **size})
        SubElement(self._root, "title").text = sentence
        SubElement(self._root, "style").text = self._STYLE
        self.bar("g", 0, 0, width, height)

    def bar(self, kind: str, left: float, top: float, width: float, height: float) -> None:
        """Draw a bar."""
        place = {"x": left, "y": top, "width": width, "height": height}
        SubElement(self._root, "rect", {"class": kind, **{name: f"{one:.4g}" for name, one in place.items()}})

    def dot(self, kind: str, left: float, top: float, radius: float) -> None:
        """Draw a dot."""
        place = {"cx": left, "cy": top, "r": radius}
        SubElement(self._root, "circle", {"class": kind, **{name: f"{one:.4g}" for name, one in place.items()}})

    def words(self, text: str, left: float, top: float) -> None:
        """Write words."""
        SubElement(self._root, "text", {"x": f"{left:.4g}", "y": f"{top:.4g}"}).text = text

    def svg(self) -> str:
        """Return the picture."""
        return tostring(self._root, encoding="unicode")


def deviation(epsilon: float) -> float:
    """Return the standard deviation of a discrete Laplace of scale 1/ε: √(2a)/(1 − a) for a = e^(−ε).

    Examples
    --------
    >>> round(deviation(1), 3)
    1.357
    """
    return math.sqrt(2 * math.exp(-epsilon)) / -math.expm1(-epsilon)
