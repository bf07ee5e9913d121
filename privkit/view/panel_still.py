"""A panel where ipywidgets is missing: the picture alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from privkit.view import html, text
from privkit.view.markup import join, note, tag

_WHY = "ipywidgets cannot be loaded here, so this panel stands still."


@dataclass(frozen=True, repr=False)
class StillPanel:
    """A value's text and HTML, with a word on why nothing moves.

    Attributes
    ----------
    value : object
        What it shows.
    """

    value: Any

    def __repr__(self) -> str:
        """Return the value's text."""
        return f"{text.render(self.value)}\n{_WHY}"

    def _repr_html_(self) -> str:
        from privkit.view.markup import Markup

        return str(join([Markup(html.render(self.value)), tag("div", note(_WHY), class_="privkit")]))
