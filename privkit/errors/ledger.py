"""Errors of the ledger's file or database: every one refuses, none begins an empty ledger in its place."""

from __future__ import annotations

from privkit.errors.base import NOTHING_SPENT, PrivkitError


class LedgerError(PrivkitError, OSError):
    """The ledger cannot be read or written, so nothing may be released.

    Attributes
    ----------
    store : str
        Where the ledger is, without passwords.
    """

    store: str = ""

    # OSError.__str__ would show errno and filename.
    __str__ = PrivkitError.__str__
