"""What ends the work because somebody wants it, and is no failure of it."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

#: All else that is raised is a failure, of whatever class: a panic of Polars, for one, is no `Exception`.
INTERRUPTS = (KeyboardInterrupt, SystemExit, GeneratorExit)

# The innermost block of `put_off`, and what came in it.
_current: list[put_off] = []
_came: list[int] = []


class put_off:  # noqa: N801 - used as a verb
    """Let Ctrl-C wait until the block ends.

    For libraries that call Python back from compiled code: an exception in the midst of that is lost, or ends the
    process with all that it holds. Only the main thread is ever interrupted, so elsewhere nothing is to be put off.

    No generator: one that an interrupt left would end whenever its traceback is thrown away, and put off for good.

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

    def __init__(self) -> None:
        self.before: Any = None
        self.outer: list[put_off] = []

    def __enter__(self) -> Any:
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread() and before is not _note and callable(before):
            self.before, self.outer = before, _current[:]
            _came.clear()
            _current[:] = [self]
            signal.signal(signal.SIGINT, _note)  # last: from here on nothing is interrupted

    def __exit__(self, *_: object) -> None:
        if self.before is None:
            return
        _current[:] = self.outer
        signal.signal(signal.SIGINT, self.before)
        if _came:
            _came.clear()
            self.before(signal.SIGINT, None)


class let_in:  # noqa: N801
    """Let Ctrl-C through again within a block of :class:`put_off`, where Python works and can be interrupted."""

    def __init__(self) -> None:
        self.within = False

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is _note:
            self.within = True
            before = _current[0].before
            signal.signal(signal.SIGINT, before)
            if _came:
                _came.clear()
                try:
                    before(signal.SIGINT, None)
                except BaseException:
                    self.__exit__()
                    raise

    def __exit__(self, *_: object) -> None:
        if self.within:
            signal.signal(signal.SIGINT, _note)


def _note(number: int, _frame: FrameType | None) -> None:
    _came.append(number)
