"""The root of every error privkit raises, and the note on what happened to the budget.

Each class also inherits the builtin that a user would catch, carries its facts as attributes,
and gets its words from a factory (a classmethod), so that the same mistake is told the same way
wherever it is met. No message holds a cell value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

NOTHING_SPENT = "No budget was spent."


class PrivkitError(Exception):
    """Root of privkit's errors.

    Attributes
    ----------
    message : str
        What was asked, what was found, what is allowed, what to type next.
    budget : str or None
        What happened to the privacy budget; None where no budget was involved.
    """

    def __init__(self, message: str, *, budget: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.budget = budget

    def __str__(self) -> str:
        if self.budget is None:
            return self.message
        separator = "\n" if "\n" in self.message else " "
        return f"{self.message}{separator}{self.budget}"

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in place of the traceback: a card (`privkit.errors.card`)."""
        from privkit.errors.card import card_or_traceback

        return list(card_or_traceback(self))


@contextmanager
def nothing_spent() -> Iterator[None]:
    """Mark every privkit error that leaves the block with "No budget was spent."."""
    try:
        yield
    except PrivkitError as error:
        if error.budget is None:
            error.budget = NOTHING_SPENT
        raise


def spelled(text: str) -> str:
    r"""Return a name from outside as one line of a message: what a terminal would obey is spelled out.

    Examples
    --------
    >>> print(spelled("\x1b[2Ja.csv"))
    \x1b[2Ja.csv
    """
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


#: Names before which one says "an", by how they begin: an int, an Index, an ndarray; a uint8, a UUID, a Series.
_SPOKEN = re.compile(r"[aeio]|u(?=n(?!i))|nd", re.IGNORECASE)


def with_article(noun: str) -> str:
    """Return a noun, like the name of a type, with its indefinite article; None, the only one of its type, has none.

    Examples
    --------
    >>> [with_article(name) for name in ("int", "str", "ndarray", "Index", "uint8", "NoneType")]
    ['an int', 'a str', 'an ndarray', 'an Index', 'a uint8', 'None']
    """
    if noun == type(None).__name__:
        return "None"
    return f"{'an' if _SPOKEN.match(noun) else 'a'} {noun}"


def type_told(value: object) -> str:
    """Return what a value is, for a message: its type's name, and nothing of what it holds.

    Examples
    --------
    >>> type_told(None), type_told("secret"), type_told(7)
    ('None', 'a str', 'an int')
    """
    return with_article(type(value).__name__)


def listed(names: Iterable[object]) -> str:
    """Return names as ``'a', 'b'`` (column names and argument names, never cell values)."""
    return ", ".join(repr(name) for name in names)


def close_matches(name: object, candidates: Iterable[object], limit: int = 3) -> list[str]:
    """Return the candidates that look like `name`, best first."""
    known = [candidate for candidate in candidates if isinstance(candidate, str)]
    lowered = {candidate.lower(): candidate for candidate in reversed(known)}
    found = get_close_matches(str(name).lower(), lowered, n=limit, cutoff=0.6)
    return [lowered[match] for match in found]
