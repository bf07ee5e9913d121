"""The live panel of a project's budget."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ipywidgets import HTML

from privkit.budget.abstract_account import replays
from privkit.budget.account import Account
from privkit.budget.entry import Balance, Charged, Counts, Entry
from privkit.budget.noted import counts_of
from privkit.dp.recorded import recorded_within
from privkit.errors import PrivkitError
from privkit.project.ledger_view import describe
from privkit.project.project import Project
from privkit.values.exact import exact_text
from privkit.values.show import SIMULATED, is_simulated
from privkit.view.html import block, card_of
from privkit.view.panels.base import STYLE, WIDTH, Panel, area, dot, drawing, line, panel, steps, words
from privkit.view.parts.markup import Markup, card, note, tag
from privkit.view.parts.sheet import Cell, Sheet, Table, sheet_of
from privkit.view.parts.words import amount, label, number
from privkit.view.sheets.project import (
    budgets,
    counted,
    earlier,
    last_entries,
    listed,
    project_answer,
    project_reasons,
    refusal,
)
from privkit.view.text import text_of

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

    _stays = True

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


#: Points of a drawn line at most, and the last: more would not be seen.
_POINTS = 240
#: So many points have a dot each.
_DOTTED = 40
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, WIDTH - 12, 22, 112


@dataclass
class History:
    """When how much was charged: at some two hundred entries, evenly apart, however many there are.

    Every `step`-th entry counts from the first, and the step is a power of two: so what was read stays true as the
    ledger grows, every other point of it, and a panel that looked on shows the same as one that looks for the first
    time.

    Attributes
    ----------
    seen : int
        How many entries there were.
    points : list of (float, float)
        Seconds, and the total charged in ε or ρ then; the last is the last entry's.
    step : int
        How many entries lie between two points.
    """

    seen: int = 0
    points: list[tuple[float, float]] = field(default_factory=list)
    step: int = 1

    def update(self, account: Account, balance: Balance, listed: int) -> list[Entry]:
        """Read what is new, and return the last `listed` entries as they stand now."""
        count = balance.entries
        if count < self.seen:  # another ledger lies there
            self.seen, self.points, self.step = 0, [], 1
        if count > self.seen:
            del self.points[places(self.seen, self.step) :]  # the last entry then, which lies on no step
            while places(count, self.step) > _POINTS:
                self.step *= 2
                self.points = self.points[::2]
            wanted = list(range(1 + self.step * len(self.points), count + 1, self.step))
            if (count - 1) % self.step:
                wanted.append(count)
            self.points += [point(charged) for charged in account.charged_at(wanted)]
            self.seen = count
        return account.entries(after=max(count - listed, 0), until=count)


def places(count: int, step: int) -> int:
    """Return how many of `count` entries lie on a step.

    Examples
    --------
    >>> places(0, 1), places(5, 1), places(5, 2), places(6, 2), places(1, 8)
    (0, 5, 3, 3, 1)
    """
    return -(-count // step)


def point(charged: Charged) -> tuple[float, float]:
    """Return the seconds and the total of what was charged, to be drawn."""
    return datetime.fromisoformat(charged.time).timestamp(), float(charged.total.main)


def over_time(history: History, balance: Balance, counts: Counts) -> Markup | None:
    """Return the charges as a line over time below the budget's limit; None before the first."""
    if not history.points:
        return None
    points = history.points
    start, end = points[0][0], points[-1][0]
    if start == end:  # all in one second: by entry
        points = [(place, total) for place, (_, total) in enumerate(points, 1)]
        start, end = 0, max(len(points), 1)
    part = budgets(balance)[0]
    top = max(float(part.budget), points[-1][1]) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - start) / ((end - start) or 1)
        return _LEFT + across * (_RIGHT - _LEFT), _BOTTOM - y / top * (_BOTTOM - _TOP)

    limit = place(start, float(part.budget))[1]
    charged = number(points[-1][1])
    told = f"{part.symbol} charged over time: {charged} of {exact_text(part.budget)} in {counted(counts)}"
    corners = steps([place(start, 0.0), *(place(x, y) for x, y in points), place(end, points[-1][1])])
    first, last = _moments(history.points[0][0], history.points[-1][0])
    return drawing(
        told,
        area("pk-under-line", *corners, (corners[-1][0], _BOTTOM), (_LEFT, _BOTTOM)),
        line("pk-axis", (_LEFT, _TOP), (_LEFT, _BOTTOM), (_RIGHT, _BOTTOM)),
        line("pk-limit", (_LEFT, limit), (_RIGHT, limit)),
        line("pk-line", *corners),
        *(dot("pk-fill", *place(x, y)) for x, y in (points if len(points) <= _DOTTED else ())),
        words(4, 11, f"{part.symbol} charged", "start"),
        words(_LEFT - 6, limit + 4, exact_text(part.budget)[:6], "end"),
        words(_LEFT - 6, _BOTTOM + 4, 0, "end"),
        words(_RIGHT, limit - 5, "budget", "end"),
        words(_LEFT, _BOTTOM + 16, first, "start"),
        words(_RIGHT, _BOTTOM + 16, last, "end") if last else Markup(),
        height=_BOTTOM + 24,
    )


def _moments(first: float, last: float) -> tuple[str, str]:
    """Return how the ends of the time axis are told: to the second where they are close; the second empty if equal.

    Examples
    --------
    >>> _moments(0, 0), _moments(0, 75)
    (('1970-01-01 00:00 UTC', ''), ('1970-01-01 00:00:00 UTC', '00:01:15 UTC'))
    >>> _moments(0, 90_000)
    ('1970-01-01 00:00 UTC', '1970-01-02 01:00 UTC')
    """
    begin, end = (datetime.fromtimestamp(seconds, UTC) for seconds in (first, last))
    clock = "%H:%M:%S UTC" if 0 < last - first < 3600 else "%H:%M UTC"
    until = clock if begin.date() == end.date() else f"%Y-%m-%d {clock}"
    return begin.strftime(f"%Y-%m-%d {clock}"), end.strftime(until) if last > first else ""


def outlook(account: Account, last: Entry | None) -> str:
    """Return how many more releases like the last one the limits admit: public facts alone."""
    if last is None:
        return ""
    room = account.headroom(last.cost)
    within = recorded_within(last.question)
    asked = label(describe(last.question), 60) + (f" at {within}" if within else "")
    counted = {0: "No more", 1: "1 more"}.get(room.times, f"About {number(room.times)} more")
    scope = {"total": "", "analyst": " This analyst's limit ends it.", "window": " The window's limit ends it."}
    why = scope.get(room.limit, " The project's ceiling for one release is below it.")
    return f"{counted} like the last one: {asked}, for {amount(last.cost)} each.{why}"


def last_charged(entries: list[Entry]) -> Entry | None:
    """Return the last of the entries that cost something: what is only noted is no release."""
    return next((entry for entry in reversed(entries) if entry.cost.main), None)
