"""The HTML form of a value: what a notebook shows."""

from __future__ import annotations

from privkit.view import text
from privkit.view.parts.markup import Markup, card, tag
from privkit.view.rooms import view_of


def render(value: object) -> str:
    """Return the value as HTML that needs no script and no outside file; its text where it has no HTML."""
    view = view_of("html", value)
    if view is None:
        return plain(value)
    html: Markup = view.html(value)
    return str(html)


def plain(value: object) -> str:
    """Return the value's text as HTML."""
    return str(card(type(value).__name__, tag("pre", text.render(value))))
