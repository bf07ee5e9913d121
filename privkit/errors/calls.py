"""Which public call is being answered: errors name it, so nobody hands its name down.

The boundary (`privkit.values.arguments.typed`) sets the name; factories of errors read it. The outermost call wins:
what a public function calls of its own house keeps the name that the user typed. A call by the user's own code, say
from a `progress` function, is a call of its own, whatever is being answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, TypeVar


class Call(NamedTuple):
    """A public call that is being answered.

    Attributes
    ----------
    name : str
    leaving : list of callable
        Who tells an interrupt what was spent, if it falls when all is done, on the way out of the call; one at most.
    ending : list of callable
        What is done when the call is over, however it ended.
    """

    name: str
    leaving: list[Callable[[BaseException], None]]
    ending: list[Callable[[], None]]


#: What is being answered; outside of any call, nothing.
CALL: ContextVar[Call | None] = ContextVar("privkit_call", default=None)

T = TypeVar("T")

#: Whether a call by a module is privkit's own, part of what is answered. The accessor hands a user's call on; and a
#: dataclass is made again, with other values, by the library: that is its caller's call.
is_own = re.compile(r"privkit\.(?!accessor$)|dataclasses$").match


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
    name = call_name()
    return f"{name}({inside})" if name else late


def call_name() -> str:
    """Return the name of the public call, or an empty text."""
    call = CALL.get()
    return "" if call is None else call.name


def on_leaving(tell: Callable[[BaseException], None]) -> None:
    """Let `tell` say of an interrupt what was spent, if it falls before the call that is answered has returned."""
    if (call := CALL.get()) is not None:
        call.leaving[:] = [tell]


def at_end(act: Callable[[], None]) -> bool:
    """Let `act` be called, once, when the public call that is answered is over; return False where none is answered.

    Examples
    --------
    >>> at_end(print)
    False
    >>> with calling("dp_sum"):
    ...     at_end(lambda: print("over")), call_name()
    (True, 'dp_sum')
    over
    """
    if (call := CALL.get()) is None:
        return False
    if act not in call.ending:
        call.ending.append(act)
    return True


@contextmanager
def calling(name: str) -> Iterator[None]:
    """Let errors name the call `name`, whatever was called before: for work that is done after its call returned."""
    outer = CALL.get()
    here = Call(name, [], []) if outer is None else outer._replace(name=name)
    token = CALL.set(here)
    try:
        yield
    finally:
        CALL.reset(token)
        if outer is None:
            end(here)


def end(call: Call) -> None:
    """Do what was put off until the end of a call; it is not :data:`CALL` any more."""
    while call.ending:
        call.ending.pop()()


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
