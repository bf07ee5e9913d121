"""The live budget panel. Loaded when ``project.panel()`` is called: nothing else imports ipywidgets."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from typing import TYPE_CHECKING, Any

from ipywidgets import HTML, VBox

from privkit.errors import PrivkitError
from privkit.view.html_project import panel as picture
from privkit.view.html_project import refusal
from privkit.view.text_project import text

if TYPE_CHECKING:
    from privkit.project.project import Project

#: How many seconds pass between two looks at what other processes spent, while no cell runs.
EVERY = 5.0

_panels: dict[tuple[str, str], BudgetPanel] = {}


def budget_panel(project: Project) -> BudgetPanel:
    """Return the panel of a project: one for each ledger and project in this kernel, however often it is asked for.

    All its views show one state, so that two panels never tell two figures.
    """
    key = (project.account.store, project.account.uid)
    panel = _panels.get(key)
    if panel is None or panel.comm is None:  # closed
        panel = _panels[key] = BudgetPanel(project)
    panel.refresh()
    return panel


class BudgetPanel(VBox):  # type: ignore[misc, unused-ignore]
    """What a project has spent, reserved and left, and its last releases; up to date by itself.

    It hears of every charge of this kernel at once; of those of other processes after each cell, and every few seconds
    while the kernel rests. A ledger that cannot be read is told inside the panel.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._seen: object = None
        self._picture = HTML()
        super().__init__([self._picture])
        self._end = project.account.subscribe(self.refresh)
        _watch(self)

    def refresh(self) -> None:
        """Read the ledger and show what it holds."""
        account = self._project.account
        try:
            self._seen = account.version()
            self._picture.value = str(picture(self._project))
        except PrivkitError as error:
            self._seen = None
            self._picture.value = str(refusal(account.name, error))

    def look(self) -> None:
        """Refresh if the ledger changed since it was read last."""
        try:
            changed = self._project.account.version() != self._seen
        except PrivkitError:
            changed = True
        if changed or self._seen is None:
            self.refresh()

    def close(self) -> None:
        """Close the widget and listen no more."""
        self._end()
        super().close()

    def __repr__(self) -> str:
        """Return the project's text: the same for every panel on one state of the ledger."""
        return text(self._project)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Return the widget, and beside it a still picture and a text for where no kernel runs."""
        self.refresh()
        bundle = dict(super()._repr_mimebundle_(**kwargs) or {})
        return {**bundle, "text/plain": repr(self), "text/html": self._picture.value}


def _watch(panel: BudgetPanel) -> None:
    """Let the panel look at the ledger after each cell, and from time to time in between, as long as it lives."""
    watched = weakref.ref(panel)

    def look(*_: object) -> None:
        if (living := watched()) is not None and living.comm is not None:
            living.look()

    with contextlib.suppress(ImportError):
        from IPython import get_ipython

        if (shell := get_ipython()) is not None:
            shell.events.register("post_run_cell", look)
    with contextlib.suppress(RuntimeError):  # no kernel's loop: a script
        loop = asyncio.get_running_loop()

        def again() -> None:
            if (living := watched()) is not None and living.comm is not None:
                living.look()
                loop.call_later(EVERY, again)

        loop.call_later(EVERY, again)
