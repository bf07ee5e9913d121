"""From where a session spends: its notebook and its machine.

The name of a Jupyter notebook is recorded with each question that it asks. ``PRIVKIT_TELL="notebook,host"`` lets each
session that opens a project note where it runs once more, as an entry of no cost: also scripts, VS Code, the machine.
"""

from __future__ import annotations

import os
import platform
import sys
from contextlib import suppress
from pathlib import PurePath
from typing import TYPE_CHECKING

from privkit.budget.machine.process import Holder
from privkit.errors import ParameterError
from privkit.errors.ledger import LedgerReadOnlyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privkit.budget.account import Account
    from privkit.budget.entry import Entry

#: What the record is.
SESSION = "session"
_KINDS = ("notebook", "host")
#: The longest name that is stored.
_LONGEST = 200


def tell_session(account: Account) -> None:
    """Note from where this process spends, once in a project, where ``PRIVKIT_TELL`` asks for it.

    Raises
    ------
    ParameterError
        If the variable names something else.
    LedgerError
    """
    wanted = [one.strip() for one in os.environ.get("PRIVKIT_TELL", "").split(",") if one.strip()]
    if not wanted:
        return
    if any(one not in _KINDS for one in wanted):
        raise ParameterError.of("PRIVKIT_TELL", "another word", "notebook, host, or both divided by a comma")
    found = {"notebook": _notebook(), "host": platform.node()}
    told = {name: plain(found[name]) for name in _KINDS if name in wanted}
    record = {"what": SESSION, **told}
    here = str(Holder.this())

    def same(entry: Entry) -> bool:
        return entry.holder == here and entry.analyst == account.analyst and entry.question["record"] == record

    if not any(same(entry) for entry in account.registered()):
        with suppress(LedgerReadOnlyError):  # then nothing is charged either
            account.register(record, _anything)


def _anything(_: Sequence[Entry]) -> None:
    """Refuse nothing."""


def _jupyter() -> str:
    """Return the name by which the Jupyter server tells its kernels what they run, without its folder."""
    return PurePath(os.environ.get("JPY_SESSION_NAME", "")).name


def notebook_name() -> str | None:
    """Return the file name of the notebook that runs this kernel, without its folder; None elsewhere."""
    return name if (name := _jupyter()).endswith(".ipynb") else None


def _notebook() -> str:
    """Return the name of the notebook or script, without its folder, which may hold names; empty where none is known.

    VS Code writes it among the notebook's own names.
    """
    main = sys.modules.get("__main__")
    names = (_jupyter(), getattr(main, "__vsc_ipynb_file__", None), getattr(main, "__file__", None))
    return next((PurePath(str(name)).name for name in names if name), "")


def plain(name: str) -> str:
    """Return a name of printable characters, of no more than is stored."""
    return "".join(char for char in name if char.isprintable())[:_LONGEST]
