"""The HTML of projects and their ledgers; the panel shows the same."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from privkit.errors import PrivkitError
from privkit.project.ledger_view import LedgerView
from privkit.project.price_list import StudyPrice
from privkit.project.project import Project
from privkit.view.dp.text import amount
from privkit.view.parts.markup import Markup, card, note, table, tag
from privkit.view.parts.words import number
from privkit.view.project.parts import Part, parts
from privkit.view.project.text import (
    MOST,
    earlier,
    last_entries,
    ledger_answer,
    ledger_heads,
    ledger_next,
    ledger_row,
    price_answer,
    price_next,
    price_reason,
    project_answer,
    project_next,
    project_reasons,
    unreadable,
)

if TYPE_CHECKING:
    from privkit.budget.entry import Balance, Entry


@singledispatch
def html(value: object) -> Markup:
    """Return the value as HTML."""
    raise TypeError(f"{type(value).__name__} has no HTML")


@html.register(Project)
def _project(project: Project) -> Markup:
    try:
        balance = project.account.balance()
    except PrivkitError as error:
        return refusal(project.name, error)
    return card(
        project_answer(project.name, balance),
        *map(bar, parts(balance)),
        *(tag("p", reason) for reason in project_reasons(project, balance) if reason),
        then=project_next(),
    )


@html.register(LedgerView)
def _ledger(ledger: LedgerView) -> Markup:
    try:
        balance = ledger.account.balance()
        entries = last_entries(ledger.account, balance)
    except PrivkitError as error:
        return refusal(ledger.account.name, error)
    return card(ledger_answer(ledger.account.name, balance), listing(entries, balance), then=ledger_next())


@html.register(StudyPrice)
def _price(price: StudyPrice) -> Markup:
    rows = [
        (plan.question, amount(plan.loss), "" if plan.accuracy is None else f"± {number(plan.accuracy)}")
        for plan in price.plans[:MOST]
    ]
    rest = len(price.plans) - len(rows)
    return card(
        price_answer(price),
        tag("div", table(["question", "price", "accuracy (95 %)"], rows), class_="pk-facts"),
        note(f"… {rest} more") if rest else None,
        tag("p", price_reason(price)),
        then=price_next(),
    )


def refusal(name: str, error: PrivkitError) -> Markup:
    """Return why the ledger does not answer."""
    return card(unreadable(name), *(tag("p", line) for line in str(error).splitlines()))


def bar(part: Part) -> Markup:
    """Return one symbol's bar: full for what is spent, hatched for what is reserved, empty for what is left."""
    words = f"{part.symbol}: {part.spent} spent, {part.reserved} reserved, {part.left} left of {part.budget}"
    used = part.share(part.spent + part.reserved)
    lengths = [("pk-bar", part.share(part.spent)), ("pk-bar pk-held", part.share(part.reserved))]
    return tag(
        "div",
        tag(
            "div",
            *(tag("div", class_=kind, style=f"width: {100 * share:.2f}%") for kind, share in lengths if share > 0),
            class_="pk-meter pk-budget",
            role="meter",
            aria_valuemin=0,
            aria_valuemax=100,
            aria_valuenow=f"{100 * used:.1f}",
            aria_valuetext=words,
            aria_label=f"privacy budget in {part.symbol}",
        ),
        tag(
            "p",
            f"{part.symbol}: ",
            *(_swatch("pk-bar"), f"{part.spent} spent, "),
            *(_swatch("pk-bar pk-held"), f"{part.reserved} reserved, "),
            *(_swatch("pk-gap"), f"{part.left} left of {part.budget}"),
            class_="pk-note",
        ),
    )


def _swatch(kind: str) -> Markup:
    """Return a small square in the pattern of a bar's part."""
    return tag("span", class_=f"pk-swatch {kind}", aria_hidden="true")


#: Columns of the ledger whose cells are never broken into lines.
_WHOLE = ("time (UTC)", "cost")


def listing(entries: list[Entry], balance: Balance) -> Markup:
    """Return the entries as a table."""
    if not entries:
        return tag("p", "Nothing has been asked yet.")
    rest = earlier(entries, balance)
    heads = ledger_heads(entries)
    classes = ["pk-whole" if head in _WHOLE else None for head in heads]
    rows = (zip(ledger_row(entry, entries), classes, strict=True) for entry in entries)
    shown = table(heads, [[tag("span", cell, class_=kind) for cell, kind in row] for row in rows])
    return tag("div", note(f"… {rest}") if rest else None, shown, class_="pk-facts")
