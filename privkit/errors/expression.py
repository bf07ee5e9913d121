"""Errors about expressions: what a `where=` or `derive=` says, told before any row is read."""

from __future__ import annotations

from collections.abc import Sequence

from privkit.errors.base import PrivkitError, close_matches, listed

_ALLOWED = (
    "comparisons, and, or, not, in [...], is missing, + - * / // %, "
    "year() month() day() weekday() hour(), prefix(column, n), col('any name')"
)

_SHOWN = 200


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
    def _at(cls, function: str, argument: str, text: str, position: int | None, told: str) -> ExpressionError:
        pointed = ""
        if position is not None and "\n" not in text and len(text) <= _SHOWN:
            pointed = f"\n    {text}\n    {' ' * position}^"
        shown = repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}..."
        error = cls(f"{function}() got {argument}={shown}{pointed}\n{told}")
        error.argument, error.text, error.position = argument, text, position
        return error

    @classmethod
    def syntax(cls, function: str, argument: str, text: str, position: int | None) -> ExpressionError:
        """The text is no expression."""
        told = f"This cannot be read as an expression. It may hold {_ALLOWED}."
        return cls._at(function, argument, text, position, told)

    @classmethod
    def unsupported(cls, function: str, argument: str, text: str, position: int | None, what: str) -> ExpressionError:
        """The text holds `what`, which the language does not have."""
        return cls._at(function, argument, text, position, f"Expressions have no {what}. They may hold {_ALLOWED}.")

    @classmethod
    def call(
        cls, function: str, argument: str, text: str, position: int | None, *, name: str, known: Sequence[str]
    ) -> ExpressionError:
        """The text calls a function that the language does not have."""
        matches = close_matches(name, known)
        hint = f" Close matches: {listed(matches)}." if matches else f" They have {', '.join(known)}."
        return cls._at(function, argument, text, position, f"Expressions have no function {name!r}.{hint}")

    @classmethod
    def usage(cls, function: str, argument: str, text: str, position: int | None, rule: str) -> ExpressionError:
        """A part of the text is used against its `rule`."""
        return cls._at(function, argument, text, position, rule)

    @classmethod
    def types(cls, function: str, argument: str, text: str, rule: str) -> ExpressionError:
        """The expression does not fit the types of the columns."""
        error = cls(f"{function}() got {argument}={text!r}, but {rule}")
        error.argument, error.text = argument, text
        return error

    @classmethod
    def kind(cls, function: str, argument: str, found: str) -> ExpressionError:
        """Something else than an expression came."""
        error = cls(
            f"{function}() got {argument} as a {found}, but it must be an expression, "
            "as text or by pk.cut and the like. "
            'Python functions are refused: what they do with a row cannot be known. Example: where="age >= 65".'
        )
        error.argument = argument
        return error

    @classmethod
    def name_taken(cls, function: str, name: str) -> ExpressionError:
        """A derived column would hide a column of the frame."""
        error = cls(
            f"{function}() got derive with {name!r}, but the frame has a column of that name. Choose another name."
        )
        error.argument = "derive"
        return error
