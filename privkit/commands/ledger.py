"""``privkit ledger``: look at a ledger from the shell. Changes nothing, spends nothing."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from functools import partial

from privkit.budget.account import Account
from privkit.budget.doctor import diagnose
from privkit.budget.entry import Counts
from privkit.budget.export import csv_parts, json_parts, project_rows
from privkit.budget.ledger import Ledger
from privkit.budget.machine.state import remembered_places
from privkit.commands.table import FALLS_SHORT
from privkit.commands.telling import tell, tell_json
from privkit.project.ledger_view import LedgerView
from privkit.values.show import printable
from privkit.view.sheets.project import counted

_STORE = "a file or a SQLAlchemy URL (.privkit/ledger.db)"


def arguments_ledger(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    helps = {
        "list": "the projects, with what is spent and left",
        "show": "a project's entries",
        "verify": "check the chain of every project, or of one",
        "export": "a project's entries as CSV or JSON",
        "doctor": "look at the ledger and everything around it",
    }
    for name, told in helps.items():
        action = actions.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.")
        action.add_argument("--store", help=_STORE)
        if name in {"show", "export"}:
            action.add_argument("project")
        if name == "verify":
            action.add_argument("project", nargs="?")
        if name == "export":
            action.add_argument("--format", choices=["csv", "json"], default="csv")
        if name == "list":
            action.add_argument("--everywhere", action="store_true", help="of all folders that this machine wrote to")
            action.add_argument("--find", metavar="WORD", help="of all folders, those with a word in name or place")
        action.add_argument("--json", action="store_true", help="print JSON")


def run_ledger(options: argparse.Namespace) -> int:
    """Do one action; return 0, or 3 where the doctor found a problem."""
    if options.action == "list" and (options.everywhere or options.find):
        _everywhere(options.find or "", as_json=options.json)
        return 0
    if options.action == "doctor":
        diagnosis = diagnose(options.store)
        if options.json:
            found = [asdict(finding) for finding in diagnosis.findings]
            tell_json({"store": diagnosis.store, "healthy": diagnosis.healthy, "findings": found})
        else:
            print(diagnosis)
        return 0 if diagnosis.healthy else FALLS_SHORT
    # What is only looked at may be a backup, or older than what this machine remembers; then a note says so. An older
    # one does not verify.
    ledger = Ledger.open(options.store, read_only=True, adopt=options.action != "verify")
    if options.action == "list":
        _list(ledger, as_json=options.json)
    elif options.action == "verify":
        one = [ledger.account(options.project)] if options.project else None
        _verify(one or [*map(ledger.account, ledger.projects()), *ledger.removed()], as_json=options.json)
    else:
        account = ledger.account(options.project)
        store = ["--store", options.store] if options.store else []
        _note(account)
        if options.action == "show" and not options.json:
            tell(
                LedgerView(account),
                ["ledger", "export", options.project, *store],
                ["ledger", "verify", options.project, *store],
            )
        else:
            _export(account, "json" if options.json else options.format)
    return 0


def _note(account: Account) -> None:
    """Say on the error stream that this is a copy, so that what is printed stays what it is."""
    if account.note:
        print(f"Note: {account.note}", file=sys.stderr)


def _verify(accounts: Sequence[Account], *, as_json: bool) -> None:
    found = []
    for account in accounts:
        found.append(LedgerView(account).verify(progress=sys.stderr.isatty()))
        if not as_json:
            print(found[-1])
        _note(account)
    if as_json:
        tell_json({"verified": [{field.name: getattr(one, field.name) for field in fields(one)} for one in found]})


def _list(ledger: Ledger, *, as_json: bool) -> None:
    rows = project_rows(ledger)
    for row in rows:
        _note(ledger.account(row["project"]))
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        counts = Counts(row["charges"], row["facts"], 0, row["registered"], row["extensions"])
        left = f"{row['left']} left of {row['budget']}"
        print(f"{printable(row['project'])}: {row['spent']} spent, {left}, {counted(counts)}")


def _everywhere(word: str, *, as_json: bool) -> None:
    rows = remembered_places(word)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        gone = "" if row["there"] is not False else ", which is not there"
        print(printable(f"{row['project']}: {row['charged']} charged, {row['store']}{gone}"))
    if not rows:
        which = "project with that in its name or place" if word else "project"
        print(f"This machine remembers no {which}. Those in folders for temporary files are not remembered.")


def _export(account: Account, form: str) -> None:
    """Print as it is read, so that a long ledger need not be held."""
    # A file gets what is stored; a terminal would obey what somebody else wrote there.
    shown = partial(printable, keep="\r\n\t") if sys.stdout.isatty() else str
    for part in csv_parts(account) if form == "csv" else json_parts(account):
        sys.stdout.write(shown(part))
    if form == "json":
        sys.stdout.write("\n")
