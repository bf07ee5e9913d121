"""The live panel of a project's budget."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from ipywidgets import HTML

from privkit.budget.abstract_account import replays
from privkit.budget.noted import counts_of
from privkit.dp.recorded import recorded_within
from privkit.errors import PrivkitError
from privkit.project.ledger_view import describe
from privkit.project.project import Project
from privkit.values.show import SIMULATED, is_simulated
from privkit.view.html import block, card_of
from privkit.view.panels.base import STYLE, Panel, panel
from privkit.view.panels.history import History, last_charged, outlook, over_time
from privkit.view.parts.markup import Markup, card, note, tag
from privkit.view.parts.sheet import Cell, Sheet, Table
from privkit.view.parts.words import amount, label
from privkit.view.rooms import sheet_of
from privkit.view.sheets.project import (
    budgets,
    earlier,
    last_entries,
    listed,
    project_answer,
    project_reasons,
    refusal,
)
from privkit.view.text import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from privkit.budget.entry import Balance, Entry

#: How many seconds pass between two looks at what other processes spent, while no cell runs.
EVERY = 1.0
#: How many seconds a look waits for a ledger that is being written: the kernel stands still meanwhile.
WAIT = 0.5
#: How many releases are listed.
LISTED = 10
#: What the ledger is not (design: who is protected from whom).
_HONEST = "The ledger keeps honest people honest. It is no access control against whoever holds the data."
_REPLAYS = "Replays cost nothing. They are counted since this kernel began; the ledger does not keep them."

_panels: dict[tuple[str, str], BudgetPanel] = {}


@panel.register(Project)
def _project(project: Project) -> BudgetPanel:
    """Return the panel of a project: one for each ledger and project in this kernel, however often it is asked for.

    All its views show one state, so that two panels never tell two figures.
    """
    key = (project.account.store, project.account.uid)
    known = _panels.get(key)
    if known is None or known.comm is None:  # closed
        known = _panels[key] = BudgetPanel(project)
    known.refresh()
    return known


class BudgetPanel(Panel):
    """What a project has spent, reserved and left, over time and by release; up to date by itself.

    It hears of every charge of this kernel at once; of those of other processes after each cell, and every second
    while the kernel rests. A ledger that cannot be read is told inside the panel.

    Replays are counted since this kernel began. The ledger does not count them, since each would cost it a durable
    write; so they are in the live panel alone, and not in its still picture, which outlives the kernel.
    """

    def __init__(self, project: Project) -> None:
        self._project = _looked_at(project)
        self._seen: tuple[int, int] | None = None
        self._history = History()
        self._picture = HTML()
        super().__init__([self._picture])
        self._end = project.account.subscribe(self.refresh)
        _watch(self)

    def refresh(self) -> None:
        """Read the ledger and show what it holds."""
        account = self._project.account
        try:
            balance = account.balance()
            again = self._replays()
            self._seen = balance.seq, again.total()
            self._picture.value = str(picture(self._project, self._history, balance, again))
        except PrivkitError as error:
            self._seen, self._history = None, History()
            self._picture.value = str(card_of(refusal(account.name, error)))

    def look(self) -> None:
        """Refresh if the ledger changed since it was read last."""
        try:
            changed = (self._project.account.version(), self._replays().total()) != self._seen
        except PrivkitError:
            changed = True
        if changed or self._seen is None:
            self.refresh()

    def _replays(self) -> Counter[int]:
        return Counter(replays(self._project.account.store, self._project.account.uid))

    def close(self) -> None:
        """Close the widget and listen no more."""
        self._end()
        super().close()

    def still(self) -> str:
        """Return the picture as it is now, without what only this kernel knows."""
        self.refresh()
        try:
            return str(picture(self._project, self._history, self._project.account.balance()))
        except PrivkitError:
            return str(self._picture.value)

    def words(self) -> str:
        """Return the project's text, what is left and the last releases: the same for every panel on one ledger."""
        account = self._project.account
        try:
            balance = account.balance()
            entries = last_entries(account, balance, LISTED)
            ahead = outlook(account, last_charged(entries))
        except PrivkitError:
            return repr(self._project)
        found = sheet_of(self._project) or Sheet("")
        told = replace(found, blocks=(*found.blocks, ahead, *listed(entries, balance)))
        return "\n".join([*([SIMULATED] if is_simulated(self._project) else []), text_of(told)])


def _looked_at(project: Project) -> Project:
    """Return the project to read from: a locked ledger is told of, instead of holding up the kernel."""
    if is_simulated(project):
        return project
    return Project(project.account.looking(WAIT), project.bounds)


def picture(project: Project, history: History, balance: Balance, again: Mapping[int, int] | None = None) -> Markup:
    """Return what the panel shows: a bar per symbol, what is left in words, the line over time, the last releases.

    Parameters
    ----------
    project : Project
    history : History
        What is known of the ledger; read on from there.
    balance : Balance
    again : mapping of int to int, optional
        How often each entry was replayed in this kernel; no such column by default.

    Raises
    ------
    LedgerError
        If the ledger cannot be read.
    """
    entries = history.update(project.account, balance, LISTED)
    counts = counts_of(project.account, balance)
    reasons = [reason for reason in project_reasons(project, balance, counts) if reason]
    ahead = outlook(project.account, last_charged(entries))
    return card(
        project_answer(project.name, balance),
        STYLE,
        tag("p", tag("strong", SIMULATED), role="note") if is_simulated(project) else None,
        *map(block, budgets(balance)),
        tag("p", ahead) if ahead else None,
        *(tag("p", reason) for reason in reasons),
        over_time(history, balance, counts),
        _listing(entries, balance, again),
        note(_REPLAYS) if entries and again is not None else None,
        note(_HONEST),
    )


def _listing(entries: list[Entry], balance: Balance, again: Mapping[int, int] | None) -> Markup:
    """Return the last releases as a table, the newest first."""
    if not entries:
        return tag("p", "Nothing has been asked yet.")
    rest = earlier(entries, balance)
    heads = ["entry", "time (UTC)", "question", "cost", "accuracy", "state", "who"]
    rows: list[list[Cell]] = [
        [
            entry.seq,
            entry.time[:16].replace("T", " "),
            label(describe(entry.question), 80),
            amount(entry.cost),
            recorded_within(entry.question) or "–",
            entry.state,
            label(entry.analyst, 30),
        ]
        for entry in reversed(entries)
    ]
    if again is not None:
        heads.insert(5, "replays")
        for row, entry in zip(rows, reversed(entries), strict=True):
            row.insert(5, again.get(entry.seq, 0))
    return tag(
        "div",
        block(Table(heads, rows, "The last releases, the newest first", facts=True)),
        note(f"… {rest}") if rest else None,
        class_="pk-scroll",
        role="region",
        aria_label="The last releases",
        tabindex=0,
    )


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
