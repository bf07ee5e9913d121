"""A progress bar of text, for searches that take long."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_WIDTH = 30
#: Seconds between two drawings.
_PAUSE = 0.1


@contextmanager
def bar(wanted: bool, name: str, of: str = "sets of columns") -> Iterator[Callable[[int, int], None] | None]:
    """Give a function that shows how much is done on standard error, or None where no bar is wanted."""
    if not wanted:
        yield None
        return

    drawn = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal drawn
        if done < total and time.monotonic() - drawn < _PAUSE:
            return
        drawn = time.monotonic()
        filled = _WIDTH * done // max(total, 1)
        sys.stderr.write(f"\r{name} [{'#' * filled}{'.' * (_WIDTH - filled)}] {done:,} of {total:,} {of}")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        sys.stderr.write("\n")
