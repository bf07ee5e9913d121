"""The text of projects and their ledgers."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from privkit.errors import PrivkitError
from privkit.project.ledger_view import LedgerView, describe
from privkit.project.price_list import StudyPrice
from privkit.project.project import Project
from privkit.values.exact import Exact
from privkit.view.dp.text import amount, unit_words
from privkit.view.parts.words import label, lines, number, plural
from privkit.view.project.parts import parts

if TYPE_CHECKING:
    from privkit.budget.account import Account
    from privkit.budget.entry import Balance, Entry

#: How many entries are listed; the rest is in ``.to_frame()``.
MOST = 20

#: What the ledger is not (design: who is protected from whom).
HONEST = "The ledger keeps honest people honest. It is no access control against whoever holds the data."


@singledispatch
def text(value: object) -> str:
    """Return the value as text."""
    raise TypeError(f"{type(value).__name__} has no text")


@text.register(Project)
def _project(project: Project) -> str:
    try:
        balance = project.account.balance()
    except PrivkitError as error:
        return lines(unreadable(project.name), str(error))
    return lines(project_answer(project.name, balance), *project_reasons(project, balance), then=project_next())


@text.register(LedgerView)
def _ledger(ledger: LedgerView) -> str:
    name = ledger.account.name
    try:
        balance = ledger.account.balance()
        entries = last_entries(ledger.account, balance)
    except PrivkitError as error:
        return lines(unreadable(name), str(error))
    return lines(ledger_answer(name, balance), *listed(entries, balance), then=ledger_next())


@text.register(StudyPrice)
def _price(price: StudyPrice) -> str:
    listed = [f"  {p.question}: {amount(p.loss)}{_error(p.accuracy)}" for p in price.plans[:MOST]]
    rest = len(price.plans) - len(listed)
    more = f"  … {rest} more" if rest else ""
    return lines(price_answer(price), *listed, more, price_reason(price), then=price_next())


def price_answer(price: StudyPrice) -> str:
    """Return the first line: what all plans cost together."""
    return f"{plural(len(price.plans), 'plan')} for {amount(price.total)} in all"


def price_reason(price: StudyPrice) -> str:
    """Return whether that fits in what is left."""
    if price.fits:
        return f"It fits: project '{label(price.project)}' has {price.left} left, and then {price.left - price.total}."
    return f"Project '{label(price.project)}' has {price.left} left: {amount(price.short)} short."


def price_next() -> list[str]:
    """Return what to type next."""
    return [".to_frame()", ".plans[0].release()"]


def _error(accuracy: float | None) -> str:
    return "" if accuracy is None else f", ± {number(accuracy)}"


def unreadable(name: str) -> str:
    """Return the first line where the ledger does not answer."""
    return f"project '{label(name)}': its ledger cannot be read."


def project_answer(name: str, balance: Balance) -> str:
    """Return the first line: what is left."""
    left = ", ".join(f"{part.symbol} = {part.left} of {part.budget}" for part in parts(balance))
    return f"project '{label(name)}': {left} left"


def project_reasons(project: Project, balance: Balance) -> list[str]:
    """Return the lines after the first: what is spent, what is reserved, and whom the budget protects."""
    reserved = ""
    if balance.reserved.main or balance.reserved.delta:
        reserved = f"Reserved {amount(balance.reserved)}: being measured now, or left behind by a process that died."
    bounds = f", {project.bounds}" if project.bounds is not None and not project.unit.is_row else ""
    return [
        f"Spent {amount(balance.spent)} in {plural(balance.entries, 'entry', 'entries')}.",
        reserved,
        f"Protects {unit_words(project.unit)}{bounds}.",
        f"Warning: {project.account.unwatched}" if project.account.unwatched else "",
    ]


def project_next() -> list[str]:
    """Return what to type next."""
    return ["df.privacy.dp_count(...)", ".ledger", ".panel()"]


def ledger_answer(name: str, balance: Balance) -> str:
    """Return the first line: how many entries, and what they cost."""
    charged = ", ".join(f"{part.symbol} = {Exact(part.budget - part.left)} of {part.budget}" for part in parts(balance))
    return f"ledger of project '{label(name)}': {plural(balance.entries, 'entry', 'entries')}, {charged} charged"


def last_entries(account: Account, balance: Balance, most: int = MOST) -> list[Entry]:
    """Return the last `most` entries, in order."""
    return account.entries(after=max(balance.entries - most, 0))


def earlier(entries: list[Entry], balance: Balance) -> str:
    """Return how many entries are not listed; empty if all are."""
    left = balance.entries - len(entries)
    return f"{plural(left, 'earlier entry', 'earlier entries')}: .to_frame()" if left > 0 else ""


def ledger_heads(entries: list[Entry]) -> list[str]:
    """Return the column names; the analyst is told where there are several."""
    return ["entry", "time (UTC)", "question", "cost", "state", *(["analyst"] if _several(entries) else [])]


def ledger_row(entry: Entry, entries: list[Entry]) -> list[str]:
    """Return an entry as one line of a table."""
    time = entry.time.replace("T", " ").rstrip("Z")
    row = [number(entry.seq), time, label(describe(entry.question), 80), amount(entry.cost), entry.state]
    return [*row, label(entry.analyst, 30)] if _several(entries) else row


def ledger_next() -> list[str]:
    """Return what to type next."""
    return [".to_frame()", ".verify()"]


def _several(entries: list[Entry]) -> bool:
    return len({entry.analyst for entry in entries}) > 1


def listed(entries: list[Entry], balance: Balance) -> list[str]:
    """Return the entries as lines of a table."""
    if not entries:
        return ["Nothing has been asked yet."]
    rows = [ledger_heads(entries), *(ledger_row(entry, entries) for entry in entries)]
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rest = earlier(entries, balance)
    return [
        *([f"  … {rest}"] if rest else []),
        *("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, wide, strict=True)).rstrip() for row in rows),
    ]
