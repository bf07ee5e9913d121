"""Which project is the current one.

The one that was opened last, by whoever asks. Two threads, or two tasks of an event loop, that open different projects
must not charge each other's. So each has its own. What opened none (a worker of a pool, a callback) uses that of the
notebook: what the main thread opened last; and only where that opened none, what the process opened last.
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import ref

from privkit.errors import NoProjectError

if TYPE_CHECKING:
    import asyncio

    from privkit.project.project import Project

AnyProject = TypeVar("AnyProject", bound="Project")


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """A project that was opened, in which task, and what was current in the context that this task began with."""

    project: Project
    task: Any
    before: _Opened | None

    def follows(self, other: _Opened) -> bool:
        """Whether a task that began under `other` opened it, and has ended: as a cell that awaited something."""
        earlier, task = self.before, self.task() if self.task is not None else None
        while earlier is not None and earlier is not other:
            earlier = earlier.before
        return earlier is other and (task is None or task.done())


# A context is copied into tasks and by `asyncio.to_thread`, so what a task opens is its own and its children's. What a
# plain cell opens is kept by its thread too: some kernels run a cell in a context that is thrown away.
_of_context: ContextVar[_Opened | None] = ContextVar("privkit_project", default=None)
_of_thread = threading.local()
_of_main: list[Project] = []
_last: list[Project] = []


def opened(project: AnyProject) -> AnyProject:
    """Make a project the current one of the running task or thread, and return it."""
    task, before = _task(), _of_context.get()
    mark = None if task is None else ref(task)
    if before is not None and before.task == mark:
        before = before.before  # it takes its own place, so that no chain grows
    now = _Opened(project, mark, before)
    if task is not None or before is not None:
        _of_context.set(now)
    _of_thread.opened = now
    if threading.current_thread() is threading.main_thread():
        _of_main[:] = [project]
    _last[:] = [project]
    return project


def current_project() -> Project:
    """Return the current project.

    Raises
    ------
    NoProjectError
        If none is open in this process.
    """
    mine, latest = _of_context.get(), getattr(_of_thread, "opened", None)
    if mine is None or (latest is not None and latest.follows(mine)):
        mine = latest
    for found in (mine.project if mine is not None else None, *_of_main, *_last):
        if found is not None:
            return found
    raise NoProjectError.of()


def forget() -> None:
    """Forget every current project, as tests do between each other."""
    _of_context.set(None)
    _of_thread.opened = None
    _of_main.clear()
    _last.clear()


def _task() -> asyncio.Task[Any] | None:
    """Return the task of an event loop that runs in this thread; none where nobody has loaded the library for them."""
    if "asyncio" not in sys.modules:
        return None
    from asyncio import current_task

    with suppress(RuntimeError):  # no event loop runs in this thread
        return current_task()
    return None
