"""A progress bar of text, for searches that take long."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_WIDTH = 30


@contextmanager
def bar(wanted: bool, name: str) -> Iterator[Callable[[int, int], None] | None]:
    """Give a function that shows how much is done on standard error, or None where no bar is wanted."""
    if not wanted:
        yield None
        return

    def tell(done: int, total: int) -> None:
        filled = _WIDTH * done // max(total, 1)
        sys.stderr.write(f"\r{name} [{'#' * filled}{'.' * (_WIDTH - filled)}] {done:,} of {total:,} sets of columns")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        sys.stderr.write("\n")
