"""Words sought in a ledger's entries, from the newest back, by stretches: each a short look into the database."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from privkit.budget.search import folded
from privkit.lab.reading import line_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from privkit.budget.entry import Entry
    from privkit.budget.paging import Paged

#: How many seconds one answer looks for.
SECONDS = 0.5
#: How many entries the database looks through at once, and how many it hands over: a writer waits for no more.
STRETCH, HANDED = 20_000, 1000


def searched(account: Paged, search: str, before: int, limit: int, gone: Callable[[], bool]) -> tuple[list[Entry], int]:
    """Return the last `limit` entries numbered below `before` in which all words stand, backwards; and how far it saw.

    Returns
    -------
    list of Entry
        Fewer where the time was over, somebody left, or there are no more.
    int
        The number of the last entry that was looked at: those below it are for the next page. 1 where none is left.
    """
    words = folded(search).split()
    until, found, deadline = before - 1, list["Entry"](), time.monotonic() + SECONDS
    while until > 0:
        after = max(until - STRETCH, 0)
        rows = account.sought(words, after=after, until=until, most=HANDED)
        for entry in rows:
            if stands(words, line_of(entry)):
                if len(found) == limit:
                    return found, found[-1].seq
                found.append(entry)
        until = rows[-1].seq - 1 if len(rows) == HANDED else after
        if time.monotonic() >= deadline or gone():
            break
    return found, until + 1


def stands(words: Sequence[str], line: dict[str, Any]) -> bool:
    """Return whether all folded words stand in a line of the side panel."""
    told = [f"#{line['entry']}", *(str(line[name] or "") for name in ("what", "notebook", "analyst", "state", "time"))]
    text = folded(" ".join([*told, line["cost"]["text"]]))
    return all(word in text for word in words)
