"""An account to look at: it reads alone, and waits for a lock no longer than whoever looks can wait."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

from privkit.budget.account import Account
from privkit.budget.store import Store


def looking(account: Account, seconds: float) -> Account:
    """Return the same account for reading, on a file with a wait of its own.

    A kernel that redraws a panel must not stand still for as long as a release may wait. On a server readers wait for
    nobody, and a simulated account has no lock; they come back as they are.
    """
    book = getattr(account, "_book", None)
    if book is None or book.store.place.path is None:
        return account
    reading = copy(book)
    reading.store = Store(replace(book.store.place, read_only=True), seconds)
    return Account(reading, account.analyst)
