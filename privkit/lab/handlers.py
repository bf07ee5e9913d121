"""Read-only, authenticated handlers: what the front end asks the Jupyter server for.

There is no way to write here: the kernel is the only one who spends. The front end reads a folder's projects, and one
project's entries by pages, and waits for changes. `openapi.yaml` beside this file describes all three. Ledgers are read
outside the server's own thread, so that a locked one holds up nobody.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
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
from privkit.lab.reading import PAGE, OutsideRootError, entries_of, projects_in, version_of

#: How many seconds a request for changes is held, and how often the ledger's files are looked at meanwhile.
HELD, EVERY = 25.0, 0.3

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
    _track_activity = False  # looking is no activity: an idle server may be shut down all the same
    _gone = False

    async def prepare(self) -> None:  # type: ignore[override, unused-ignore]
        """Refuse what another site makes a browser ask: Jupyter itself checks the origin, but on reading no token.

        Raises
        ------
        HTTPError
            403, where somebody who is logged in by a cookie sends neither the XSRF token nor a page of this server.
        """
        await super().prepare()
        self.check_xsrf_cookie()

    def on_connection_close(self) -> None:
        """Look no more for somebody who left, as one does who types on in a search."""
        self._gone = True

    @property
    def root(self) -> Path:
        """The directory that the server serves; requests name folders under it."""
        return Path(self.settings["server_root_dir"]).expanduser()

    async def answer(self, read: Callable[[], dict[str, Any]]) -> None:
        """Write what `read` returns as JSON; a failure with its status and one calm sentence, no path in it."""
        self.set_header("Cache-Control", "no-store")
        try:
            body = await asyncio.to_thread(read)
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
    """``GET /privkit/projects?path=folder&notebook=name``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Return the projects of a folder's ledger."""
        path, notebook = (self.get_query_argument(name, "") for name in ("path", "notebook"))
        await self.answer(partial(projects_in, self.root, path, notebook))


class EntriesHandler(BudgetHandler):
    """``GET /privkit/entries?path=folder&project=name&before=number&limit=number&search=words``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Return a page of a project's entries, the newest first."""
        project, search = self.get_query_argument("project"), self.get_query_argument("search", "")
        before, limit = self.number("before", None), self.number("limit", 50) or PAGE
        read = partial(entries_of, before=before, limit=limit, search=search, gone=lambda: self._gone)
        await self.answer(partial(read, self.root, self.get_query_argument("path", ""), project))


class ChangesHandler(BudgetHandler):
    """``GET /privkit/changes?path=folder&seen=version``: live updates, by a request that is held."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Return the ledger's version as soon as it is not `seen`, and after 25 seconds in any case."""
        path, seen = self.get_query_argument("path", ""), self.get_query_argument("seen", "")
        clock = asyncio.get_running_loop()
        until, version = clock.time() + HELD, partial(self._version, path)
        while not self._gone and clock.time() < until and await asyncio.to_thread(version) == seen:
            await asyncio.sleep(EVERY)
        if not self._gone:
            await self.answer(lambda: {"path": path, "version": version_of(self.root, path)})

    def _version(self, path: str) -> str | None:
        try:
            return version_of(self.root, path)
        except PrivkitError:  # is told by `answer`, at once: it is nobody's version
            return None


#: What is added to the server.
ROUTES = (("projects", ProjectsHandler), ("entries", EntriesHandler), ("changes", ChangesHandler))


def add_handlers(web_app: Any) -> None:
    """Add the handlers under ``/privkit``."""
    base = web_app.settings["base_url"]
    web_app.add_handlers(".*$", [(url_path_join(base, "privkit", name), handler) for name, handler in ROUTES])
