"""The notebook around a panel: whether somebody sits before it, what it keeps of a panel, and when it makes it anew.

A front end stores the picture that was handed out when the cell ran, and ipywidgets never sends another. So a panel is
displayed under an id of its own, and its picture is sent again when it has changed: at the end of a cell, and a moment
after somebody moved something. A cell that runs again makes its panels anew: those of its earlier run are closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from ipywidgets import Widget

if TYPE_CHECKING:
    from privkit.view.panels.base import Panel


def in_marimo() -> bool:
    """Whether this runs in a notebook of marimo, which draws none of the widgets that panels are made of."""
    marimo = sys.modules.get("marimo")
    return marimo is not None and bool(marimo.running_in_notebook())


def attended() -> bool:
    """Whether somebody may sit before the cell that runs.

    What executes a notebook, as nbconvert and papermill, says with each cell that it can be asked for no input. Voilà
    executes one so too, for somebody who waits; and Colab asks in ways of its own.
    """
    if os.environ.get("SERVER_SOFTWARE", "").startswith("voila") or "google.colab" in sys.modules:
        return True
    try:
        from IPython import get_ipython
    except ImportError:
        return True
    asked = getattr(get_ipython(), "parent_header", None) or {}
    content = asked.get("content", {}) if isinstance(asked, dict) else {}
    return bool(content.get("allow_stdin", True))


def moves() -> bool:
    """Whether a widget that is shown will move."""
    return attended() and not in_marimo()


#: How many seconds after a change the picture is sent: what moves on is not drawn at every step.
AFTER = 0.4
#: Of how many places a panel keeps the picture: the last ones. A cell that runs again leaves its place.
PLACES = 8

_changed: WeakSet[Panel] = WeakSet()


def moment() -> str:
    """Return the time, to the minute."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def display_kept(panel: Panel, places: deque[str]) -> bool:
    """Display a panel under an id that its pictures are sent to; return whether there is a notebook for it."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        return False
    shell = get_ipython()
    if not hasattr(shell, "kernel"):  # a terminal would print each picture below the last one
        return False
    places.append(f"privkit-{secrets.token_hex(8)}")
    if flush not in shell.events.callbacks["post_run_cell"]:
        shell.events.register("post_run_cell", flush)
    display(panel.bundle(), raw=True, display_id=places[-1])
    return True


def send_soon(panel: Panel) -> None:
    """Send the panel's picture soon."""
    waiting = bool(_changed)
    _changed.add(panel)
    if not waiting:
        with contextlib.suppress(RuntimeError):  # no kernel's loop: the end of the cell is enough
            asyncio.get_running_loop().call_later(AFTER, flush)


def flush(*_: Any) -> None:
    """Send the pictures of all panels that have changed."""
    from IPython.display import update_display

    pending = list(_changed)
    _changed.clear()
    for panel in pending:
        if panel.comm is None:  # closed
            continue
        bundle = panel.bundle()
        for place in panel.places:
            update_display(bundle, raw=True, display_id=place)


#: Cell → the run in which its panels were made, and the panels.
_made: dict[str, tuple[int, WeakSet[Widget]]] = {}


def in_place_of_earlier(make: Callable[[], Panel]) -> Panel:
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
    if not shown._stays:
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
