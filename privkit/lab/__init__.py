"""The budget in JupyterLab: a read-only server extension, and the front end that it feeds.

Both are found by Jupyter through files that the wheel installs; the functions here are what Jupyter asks for.
"""

from __future__ import annotations

from typing import Any


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-privkit"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "privkit.lab"}]


def _load_jupyter_server_extension(server_app: Any) -> None:
    """Add the handlers to a Jupyter server."""
    from privkit.lab.handlers import add_handlers

    add_handlers(server_app.web_app)
    server_app.log.debug("privkit: the budget panel reads the ledgers under the server's root")
