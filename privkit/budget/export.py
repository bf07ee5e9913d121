"""A project's ledger as rows, CSV and JSON. What is exported was released or is public; nothing private is stored."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from privkit.budget.canonical import amount_text, canonical
from privkit.budget.noted import counts_of
from privkit.values.files import spreadsheet_cell, whole_characters
from privkit.values.show import refuse_simulated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privkit.budget.account import Account
    from privkit.budget.entry import Entry
    from privkit.budget.ledger import Ledger

#: So many rows make one part of a long text.
_ROWS = 1000


def project_rows(ledger: Ledger) -> list[dict[str, Any]]:
    """Return a dict per project: name, begun, unit, measure, budget, spent, reserved, left, entries and head.

    Of the entries, `charges` were charged, `facts` declare public facts, `registered` are of the register, and
    `extensions` extend the budget.

    Parameters
    ----------
    ledger : Ledger
        Opened with ``read_only=True`` where nothing but looking is meant.
    """
    rows = []
    for name in ledger.projects():
        account = ledger.account(name)
        balance = account.balance()
        counts = counts_of(account, balance)
        rows.append(
            {
                "project": name,
                "begun": account.begun,
                "unit": str(account.terms.unit),
                "measure": account.terms.budget.measure.value,
                "budget": str(balance.budget),
                "spent": str(balance.spent),
                "reserved": str(balance.reserved),
                "left": str(balance.remaining),
                "entries": balance.entries,
                "charges": counts.charges,
                "facts": counts.facts,
                "registered": counts.registered,
                "extensions": counts.extensions,
                "record": balance.seq,
                "head": balance.hash,
            }
        )
    return rows


def each_row(account: Account) -> Iterator[dict[str, Any]]:
    """Yield a dict per entry, without holding them all; see :func:`to_rows`."""
    for row, entry in _rows(account):
        row["question"] = canonical(entry.question)
        yield row


def _rows(account: Account) -> Iterator[tuple[dict[str, Any], Entry]]:
    """Yield a dict per entry, its question still to be told, with the entry."""
    main = _main(account)
    for entry in account.each():
        row = {
            "entry": entry.seq,
            "time": entry.time,
            "state": entry.state,
            "analyst": entry.analyst,
            "question": "",
            main: amount_text(entry.cost.main),
            "delta": amount_text(entry.cost.delta),
            "draw": entry.draw,
            "answer": entry.answer,
            "kind": entry.kind,
            "hash": entry.hash,
        }
        yield row, entry


def _main(account: Account) -> str:
    return "rho" if account.terms.budget.measure.concentrated else "epsilon"


def to_rows(account: Account) -> list[dict[str, Any]]:
    """Return a dict per entry: number, time, state, analyst, question, exact amounts as text, draw, answer, hash.

    Parameters
    ----------
    account : Account

    Returns
    -------
    list of dict
        ``epsilon`` or ``rho``, and ``delta``, by the project's measure.
    """
    refuse_simulated(account)
    return list(each_row(account))


def to_csv(account: Account) -> str:
    """Return the rows as CSV, with a leading apostrophe before what a spreadsheet would take for a formula."""
    return "".join(csv_parts(account))


def csv_parts(account: Account) -> Iterator[str]:
    """Yield the text of :func:`to_csv` in parts, so that a long ledger need not be held."""
    refuse_simulated(account)
    names = ["entry", "time", "state", "analyst", "question", _main(account), "delta", "draw", "answer", "kind", "hash"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    for number, row in enumerate(each_row(account), 1):
        writer.writerow([spreadsheet_cell(row[name]) for name in names])
        if number % _ROWS == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def to_json(account: Account) -> str:
    """Return the project's terms, balance, head of the chain and entries as JSON."""
    return "".join(json_parts(account))


def json_parts(account: Account) -> Iterator[str]:
    """Yield the text of :func:`to_json` in parts, so that a long ledger need not be held."""
    refuse_simulated(account)
    balance = account.balance()
    told = {
        "project": account.name,
        "uid": account.uid,
        "begun": account.begun,
        "terms": json.loads(account.terms.to_json()),
        **({"begun_with": json.loads(account.earlier_terms[-1].to_json())} if account.earlier_terms else {}),
        "spent": [amount_text(balance.spent.main), amount_text(balance.spent.delta)],
        "reserved": [amount_text(balance.reserved.main), amount_text(balance.reserved.delta)],
        "counts": {"entries": balance.entries, **counts_of(account, balance)._asdict()},
        "head": {"record": balance.seq, "hash": balance.hash},
    }
    head = json.dumps(told, indent=2, ensure_ascii=False).removesuffix("}").rstrip()
    yield f'{head},\n  "entries": ['
    line = json.JSONEncoder(ensure_ascii=False).encode  # without an indent: Python's own writer of those is slow
    before = "\n    "
    for row, entry in _rows(account):
        yield before + whole_characters(line(row | {"question": entry.question}))
        before = ",\n    "
    yield "]\n}" if before == "\n    " else "\n  ]\n}"
