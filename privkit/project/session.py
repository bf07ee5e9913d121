"""From where a session spends: its notebook and its machine.

The name of a Jupyter notebook is recorded with each question that it asks. ``PRIVKIT_TELL="notebook,host"`` lets each
session that opens a project note where it runs once more, as an entry of no cost: also scripts, VS Code, the machine.
"""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from typing import TYPE_CHECKING

from privkit.budget.machine.process import Holder, program_name
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
    found = {"notebook": program_name(), "host": platform.node()}
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


def plain(name: str) -> str:
    """Return a name of printable characters, of no more than is stored."""
    return "".join(char for char in name if char.isprintable())[:_LONGEST]
