"""What ends the work because somebody wants it, and is no failure of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

#: All else that is raised is a failure, of whatever class: a panic of Polars, for one, is no `Exception`.
INTERRUPTS = (KeyboardInterrupt, SystemExit, GeneratorExit)

_before: list[Callable[[int, FrameType | None], Any]] = []
_came: list[int] = []


@contextmanager
def put_off() -> Iterator[None]:
    """Let Ctrl-C wait until the block ends.

    For libraries that call Python back from compiled code: an exception in the midst of that is lost, or ends the
    process with all that it holds. Only the main thread is ever interrupted, so elsewhere nothing is to be put off.

    Examples
    --------
    >>> reached = []
    >>> try:
    ...     with put_off():
    ...         signal.raise_signal(signal.SIGINT)
    ...         reached.append("the end of the block")
    ... except KeyboardInterrupt:
    ...     reached.append("an interrupt after it")
    >>> reached
    ['the end of the block', 'an interrupt after it']
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is _note or not callable(before):
        yield
        return
    _came.clear()
    _before.append(before)
    signal.signal(signal.SIGINT, _note)
    try:
        yield
    finally:
        _before.pop()
        signal.signal(signal.SIGINT, before)
        if _came:
            _came.clear()
            before(signal.SIGINT, None)


@contextmanager
def let_in() -> Iterator[None]:
    """Let Ctrl-C through again within a block of :func:`put_off`, where Python works and can be interrupted."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not _note:
        yield
        return
    try:
        signal.signal(signal.SIGINT, _before[-1])
        if _came:
            _came.clear()
            _before[-1](signal.SIGINT, None)
        yield
    finally:
        if _before:  # else the outer block is over, and this one was left to be cleared away
            signal.signal(signal.SIGINT, _note)


def _note(number: int, _frame: FrameType | None) -> None:
    _came.append(number)
