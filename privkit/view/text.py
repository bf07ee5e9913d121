"""The text form of a value: what ``repr`` returns."""

from __future__ import annotations

from privkit.view.rooms import view_of


def render(value: object) -> str:
    """Return the value as text: first the answer, then the reason, last what to type next."""
    view = view_of("text", value)
    if view is None:
        return f"<{type(value).__name__}>"
    text: str = view.text(value)
    return text
