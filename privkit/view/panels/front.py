"""What shows a panel, and whether somebody sits before it."""

from __future__ import annotations

import os
import sys


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
