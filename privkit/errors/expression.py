"""Errors about expressions: what a `where=` or `derive=` says, told before any row is read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from privkit.errors.calls import called
from privkit.errors.root import PrivkitError, close_matches, listed

_ALLOWED = (
    "comparisons, and, or, not, in [...], is missing, + - * / // %, "
    "year() month() day() weekday() hour(), prefix(column, n), col('any name')"
)

_SHOWN = 200

#: Columns of a terminal that a line with its sign takes at most; a longer one is cut to what is around the sign.
_DRAWN = 72
_LINE_END = re.compile("\r\n|\r|\n")


def pointed(text: str, position: int | None) -> str:
    """Return the line of a text that holds a character, and under the character a sign; nothing for no position.

    The sign stands where a fixed-width font draws the character: a wide character takes two columns, a combining one
    none. What a font draws in no known width (a tab, a control) is drawn as one column. Text that is written from
    right to left is drawn in an order that no column tells; there a count stands in place of the sign.

    Parameters
    ----------
    position : int or None
        Counted from 0; one past the end is where something is missing.

    Examples
    --------
    >>> print(pointed("age = 3", 4))
    <BLANKLINE>
        age = 3
            ^
    >>> print(pointed("\u5e74\u9f62 = 3", 3).replace("\u5e74\u9f62", "...."))
    <BLANKLINE>
        .... = 3
             ^
    """
    if position is None or not 0 <= position <= len(text):
        return ""
    start = max((end.end() for end in _LINE_END.finditer(text) if end.end() <= position), default=0)
    line = _LINE_END.split(text[start:], maxsplit=1)[0]
    place = min(position - start, len(line))
    if any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in line):
        return f"\nLook at character {position + 1}, {line[place : place + 1]!r}."
    line, place = _around("".join(char if char.isprintable() else " " for char in line), place)
    return f"\n    {line}\n    {' ' * _columns(line[:place])}^"


def _columns(text: str) -> int:
    """Return how many columns a text takes in a fixed-width font."""
    return sum(
        0 if unicodedata.category(char) in ("Mn", "Me") else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def _around(line: str, place: int) -> tuple[str, int]:
    """Return what is around a place of a line that is too long to be drawn, and the place in it."""
    if _columns(line) <= _DRAWN:
        return line, place
    first = last = place
    while _columns(line[first:last]) < _DRAWN - 4:
        first, last = max(first - 1, 0), min(last + 1, len(line))
    head, tail = "…" * (first > 0), "…" * (last < len(line))
    return f"{head}{line[first:last]}{tail}", place - first + len(head)


class ExpressionError(PrivkitError, ValueError):
    """An expression cannot be read, or does not fit the columns' types.

    Attributes
    ----------
    argument : str
        Which argument the expression came as.
    text : str
        The expression.
    position : int or None
        Where in the text, counted from 0.
    """

    argument: str = ""
    text: str = ""
    position: int | None = None

    @classmethod
    def _at(cls, argument: str, text: str, position: int | None, told: str) -> ExpressionError:
        drawn = pointed(text, position)
        shown = repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}..."
        error = cls(f"{called()} got {argument}={shown}{drawn}\n{told}")
        error.argument, error.text, error.position = argument, text, position
        return error

    @classmethod
    def syntax(cls, argument: str, text: str, position: int | None) -> ExpressionError:
        """The text is no expression."""
        told = f"This cannot be read as an expression. It may hold {_ALLOWED}."
        return cls._at(argument, text, position, told)

    @classmethod
    def unsupported(cls, argument: str, text: str, position: int | None, what: str) -> ExpressionError:
        """The text holds `what`, which the language does not have."""
        return cls._at(argument, text, position, f"Expressions have no {what}. They may hold {_ALLOWED}.")

    @classmethod
    def call(
        cls, argument: str, text: str, position: int | None, *, name: str, known: Sequence[str]
    ) -> ExpressionError:
        """The text calls a function that the language does not have."""
        matches = close_matches(name, known)
        hint = f" Close matches: {listed(matches)}." if matches else f" They have {', '.join(known)}."
        return cls._at(argument, text, position, f"Expressions have no function {name!r}.{hint}")

    @classmethod
    def usage(cls, argument: str, text: str, position: int | None, rule: str) -> ExpressionError:
        """A part of the text is used against its `rule`."""
        return cls._at(argument, text, position, rule)

    @classmethod
    def slip(
        cls, argument: str, text: str, position: int | None, advice: Sequence[str], corrected: str
    ) -> ExpressionError:
        """The text is written as another language would have it; `corrected`, if not empty, is what it may mean."""
        told = " ".join(advice)
        if corrected:
            told += f"\nWrite the whole as: {argument}={corrected!r}."
        return cls._at(argument, text, position, told)

    @classmethod
    def types(cls, argument: str, text: str, rule: str) -> ExpressionError:
        """The expression does not fit the types of the columns."""
        error = cls(f"{called()} got {argument}={text!r}, but {rule}")
        error.argument, error.text = argument, text
        return error

    @classmethod
    def kind(cls, argument: str, found: str) -> ExpressionError:
        """Something else than an expression came."""
        error = cls(
            f"{called()} got {argument} as {found}, but it must be an expression, "
            "as text or by pk.cut and the like. "
            'Python functions are refused: what they do with a row cannot be known. Example: where="age >= 65".'
        )
        error.argument = argument
        return error

    @classmethod
    def name_taken(cls, name: str) -> ExpressionError:
        """A derived column would hide a column of the frame."""
        error = cls(
            f"{called()} got derive with {name!r}, but the frame has a column of that name. Choose another name."
        )
        error.argument = "derive"
        return error
