"""What a panel shows, as text, and a name that would be markup."""

from __future__ import annotations

import re

from ipywidgets import HTML

HOSTILE = '"><img src=x onerror=alert(1)>'


def shown(panel):
    parts = "".join(str(widget.value) for widget in all_widgets(panel) if isinstance(widget, HTML))
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", parts, flags=re.DOTALL))


def all_widgets(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_widgets(child)
