"""Read-only, authenticated handlers: what the front end asks the Jupyter server for.

There is no way to write here: the kernel is the only one who spends. The front end reads a folder's projects, and one
project's entries by pages. `openapi.yaml` beside this file describes both.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from privkit.errors import PrivkitError, ProjectNotFoundError
from privkit.errors.ledger import (
    LedgerBusyError,
    LedgerDamagedError,
    LedgerMissingError,
    LedgerMovedError,
    LedgerTamperedError,
    LedgerVersionError,
)
from privkit.lab.folder import OutsideRootError
from privkit.lab.reading import PAGE, entries_of, projects_in

#: The one place where errors become statuses; the first class that fits.
STATUSES: list[tuple[type[Exception], int, str]] = [
    (OutsideRootError, 403, "This folder is not under the server's root."),
    (ProjectNotFoundError, 404, "The ledger has no such project."),
    (LedgerMissingError, 404, "The ledger is gone from this folder."),
    (LedgerBusyError, 423, "The ledger is busy: another process is writing. It will be read again."),
    (LedgerVersionError, 409, "The ledger was written by another version of privkit: update privkit to read it."),
    (LedgerMovedError, 409, "The ledger is not where, or not as far on, as this machine remembers it."),
    (LedgerTamperedError, 422, "The ledger's chain does not fit: project.ledger.verify() names the first bad entry."),
    (LedgerDamagedError, 422, "The ledger is damaged and cannot be read. Nothing was changed."),
    (PrivkitError, 500, "The ledger cannot be read. Nothing was changed."),
]


class BudgetHandler(APIHandler):  # type: ignore[misc, unused-ignore]
    """What the handlers share: the root, and how a failure is told."""

    auth_resource = "privkit"

    @property
    def root(self) -> Path:
        """The directory that the server serves; requests name folders under it."""
        return Path(self.settings["server_root_dir"]).expanduser()

    def answer(self, read: Callable[[], dict[str, Any]]) -> None:
        """Write what `read` returns as JSON; a failure with its status and one calm sentence, no path in it."""
        self.set_header("Cache-Control", "no-store")
        try:
            body = read()
        except PrivkitError as error:
            status, message = next((code, text) for kind, code, text in STATUSES if isinstance(error, kind))
            self.set_status(status)
            body = {"error": type(error).__name__, "message": message}
        self.finish(json.dumps(body))

    def number(self, name: str, default: int | None) -> int | None:
        """Return a query argument as a whole number, or answer 400."""
        text = self.get_query_argument(name, None)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 12:
            raise web.HTTPError(400, f"{name} must be a whole number")
        return int(text)


class ProjectsHandler(BudgetHandler):
    """``GET /privkit/projects?path=folder``."""

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Return the projects of a folder's ledger."""
        path = self.get_query_argument("path", "")
        self.answer(lambda: projects_in(self.root, path))


class EntriesHandler(BudgetHandler):
    """``GET /privkit/entries?path=folder&project=name&before=number&limit=number``."""

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Return a page of a project's entries, the newest first."""
        path = self.get_query_argument("path", "")
        project = self.get_query_argument("project")
        before, limit = self.number("before", None), self.number("limit", 50) or PAGE
        self.answer(lambda: entries_of(self.root, path, project, before=before, limit=limit))


#: What is added to the server.
ROUTES = (("projects", ProjectsHandler), ("entries", EntriesHandler))


def add_handlers(web_app: Any) -> None:
    """Add the handlers under ``/privkit``."""
    base = web_app.settings["base_url"]
    web_app.add_handlers(".*$", [(url_path_join(base, "privkit", name), handler) for name, handler in ROUTES])
