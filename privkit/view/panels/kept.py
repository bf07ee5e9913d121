"""What a notebook keeps of a panel: its last picture, not its first.

A front end stores the picture that was handed out when the cell ran, and ipywidgets never sends another. So a panel is
displayed under an id of its own, and its picture is sent again when it has changed: at the end of a cell, and a moment
after somebody moved something.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

if TYPE_CHECKING:
    from privkit.view.panels.base import Panel

#: How many seconds after a change the picture is sent: what moves on is not drawn at every step.
AFTER = 0.4
#: Of how many places a panel keeps the picture: the last ones. A cell that runs again leaves its place.
PLACES = 8

_changed: WeakSet[Panel] = WeakSet()


def moment() -> str:
    """Return the time, to the minute."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def shown(panel: Panel, places: deque[str]) -> bool:
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


def changed(panel: Panel) -> None:
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
