"""A cell that runs again makes its panels anew: those of its earlier run are closed, and nobody could see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from weakref import WeakSet

from ipywidgets import Widget

from privkit.view.panels.project import BudgetPanel

#: Cell → the run in which its panels were made, and the panels.
_made: dict[str, tuple[int, WeakSet[Widget]]] = {}


def in_place_of_earlier(make: Callable[[], Widget]) -> Widget:
    """Return what `make` gives, and close what the same cell made in an earlier run, for good.

    A widget lives until it is closed, with what it holds: a report, and the frame behind it. A project has one panel,
    which stays.
    """
    cell, run = _running()
    earlier = _made.get(cell)
    if earlier is None or earlier[0] != run:
        for panel in list(earlier[1]) if earlier is not None else []:
            for part in list(_parts(panel)):
                part.close()
        _made[cell] = (run, WeakSet())
    shown = make()
    if not isinstance(shown, BudgetPanel):
        _made[cell][1].add(shown)
    return shown


def _parts(widget: Widget) -> Iterator[Widget]:
    """Yield a widget and all that it is made of: children, layouts, styles."""
    yield widget
    for name in widget.keys:
        value = getattr(widget, name)
        for part in value if isinstance(value, list | tuple) else [value]:
            if isinstance(part, Widget):
                yield from _parts(part)


def _running() -> tuple[str, int]:
    """Return which cell runs, by its id where the front end tells it and else by its text, and its number."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return "", 0
    header = getattr(shell, "parent_header", None) or {}
    named = header.get("metadata", {}).get("cellId") if isinstance(header, dict) else None
    texts = shell.user_ns.get("In", [""])
    return str(named or texts[-1]), int(shell.execution_count)
