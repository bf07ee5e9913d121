"""Which public call is being answered: errors name it, so nobody hands its name down.

The boundary (`privkit.values.arguments.typed`) sets the name; factories of errors read it. The outermost call wins:
what a public function calls of its own house keeps the name that the user typed. A call by the user's own code, say
from a `progress` function, is a call of its own, whatever is being answered.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

#: The name of the public call that is being answered; empty outside of any.
CALL: ContextVar[str] = ContextVar("privkit_call", default="")

#: Modules that stand for whoever calls them: the accessor hands a user's call on.
_HANDING_ON = "privkit.accessor"
T = TypeVar("T")


def called(inside: str = "", *, late: str = "privkit") -> str:
    """Return the public call as a person would write it, to begin an error with.

    Parameters
    ----------
    inside : str
        What to show of its arguments.
    late : str
        What to tell outside of any call: where the work of one call is done after it returned, as a stream is read.

    Examples
    --------
    >>> called()
    'privkit'
    >>> with calling("dp_sum"):
    ...     called(), called("'age'")
    ('dp_sum()', "dp_sum('age')")
    """
    name = CALL.get()
    return f"{name}({inside})" if name else late


@contextmanager
def calling(name: str) -> Iterator[None]:
    """Let errors name the call `name`, whatever was called before: for work that is done after its call returned."""
    token = CALL.set(name)
    try:
        yield
    finally:
        CALL.reset(token)


def is_nested() -> bool:
    """Return whether who called the caller is privkit itself, answering a call that has a name already."""
    if not CALL.get():
        return False
    module: str = sys._getframe(2).f_globals.get("__name__", "")
    # A dataclass is made again, with other values, by the library: that is its caller's call.
    return (module.startswith("privkit.") and module != _HANDING_ON) or module == "dataclasses"


def stepwise(name: str, steps: Generator[T, None, None]) -> Generator[T, None, None]:
    """Yield what a generator yields; each step of it, which comes when the call has long returned, is of the call."""
    try:
        while True:
            with calling(name):
                try:
                    found = next(steps)
                except StopIteration:
                    return
            yield found
    finally:
        steps.close()
