"""What the shell command prints."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from importlib.metadata import entry_points
from io import StringIO
from pathlib import Path
from unittest import mock

from pinned_landed import NEWEST, copied_ledger


def commands(folder: Path) -> dict[str, str]:
    """Return what each command prints, its code first, by name."""
    table, store = str(NEWEST / "people.csv"), str(copied_ledger(folder / "shell"))
    at = ["--store", store]
    called: Mapping[str, list[str]] = {
        "help": ["--help"],
        "kanon": ["kanon", table, "--qi", "zip,age"],
        "kanon_json": ["kanon", table, "--qi", "zip,age", "--json"],
        "kanon_unit": ["kanon", table, "--qi", "zip,age", "--unit", "who"],
        "kanon_wrong": ["kanon", table, "--qi", "zip,town"],
        "anonymize": ["anonymize", table, "--qi", "zip,age", "--k", "4", "--out", str(folder / "shell.csv")],
        "ledger_list": ["ledger", "list", *at],
        "ledger_show": ["ledger", "show", "months", *at],
        "ledger_verify": ["ledger", "verify", *at],
        "ledger_wrong": ["ledger", "show", "nobody", *at],
    }
    return {name: printed(arguments) for name, arguments in called.items()}


def printed(arguments: list[str]) -> str:
    """Return the code of a call of the command, and what it printed."""
    (command,) = entry_points(group="console_scripts", name="privkit")
    out, errors = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(errors), mock.patch.dict("os.environ", {"COLUMNS": "120"}):
        try:
            code = command.load()(arguments)
        except SystemExit as end:
            code = end.code
    return f"code {code}\n{out.getvalue()}{errors.getvalue()}"
