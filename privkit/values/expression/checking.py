"""Checking an expression against a frame's schema, before any row is read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from privkit.errors import ColumnNotFoundError
from privkit.errors.column_kind import DATES, cast
from privkit.errors.column_kind import NUMBER as NUMBERS
from privkit.errors.expression import ExpressionError
from privkit.values.expression.choosing import Recode, When
from privkit.values.expression.days import DateCut
from privkit.values.expression.idioms import Turned, meant, turned
from privkit.values.expression.nodes import (
    Arithmetic,
    Both,
    Column,
    Compare,
    Cut,
    DatePart,
    Expression,
    IsIn,
    IsMissing,
    Literal,
    Not,
    Prefix,
)

#: What a column or an expression holds. "object" is a column of Python objects, told apart one by one: any literal can
#: be compared with it. Its texts have an order, and so have its numbers; a comparison across is missing.
INTEGER, NUMBER, TEXT, BOOLEAN, DATE = "integer", "number", "text", "boolean", "date"
DATETIME, MOMENT, OBJECT, OTHER = "datetime", "datetime with time zone", "object", "other"

_JOINED = "and, or and not join comparisons and boolean columns"
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_NUMBERS = (INTEGER, NUMBER)
_TEXTS = (TEXT, OBJECT)
_DATES = (DATE, DATETIME, MOMENT)


def checked(expression: Expression, kinds: Mapping[str, str], argument: str, library: str = "pandas") -> str:
    """Return what kind of value the expression has, after refusing what does not fit the columns.

    Parameters
    ----------
    kinds : mapping from column to kind
        One of the kinds above for each column of the frame.
    library : str
        The module of the frame's library, in whose words advice is.

    Raises
    ------
    ColumnNotFoundError
        With close matches.
    ExpressionError
        If a type does not fit.
    """
    if missing := [name for name in expression.columns if name not in kinds]:
        texts = [name for name, kind in kinds.items() if kind in _TEXTS]
        better = meant(str(expression), missing, texts)
        hint = f"If a value is meant, write it so: {argument}={better!r}." if better else ""
        raise ColumnNotFoundError.of(argument, str(expression), missing, kinds, hint)
    return _Checker(kinds, argument, library).kind(expression)


def moment(text: str, kind: str) -> date | datetime | None:
    """Return the date that a text names for a column of `kind`; None if it names none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if kind == DATE:
        return found.date() if len(text) <= 10 else None
    if kind == MOMENT:
        try:
            return None if found.tzinfo is None else found.astimezone(UTC)
        except OverflowError:  # its date in UTC is before year 1 or after 9999
            return None
    return found if found.tzinfo is None else None


class _Checker:
    def __init__(self, kinds: Mapping[str, str], argument: str, library: str) -> None:
        self.kinds, self.argument, self.library = kinds, argument, library

    def _refuse(self, expression: Expression, rule: str) -> ExpressionError:
        return ExpressionError.types(self.argument, expression.text(), rule)

    def _told(self, expression: Expression, kind: str, *, dates: bool = False) -> str:
        what = f"{expression.text()} is " + ("a column of Python objects" if kind == OBJECT else kind)
        if dates and isinstance(expression, Column) and kind in _TEXTS:
            what += f" (make dates of it: {cast(self.library, expression.name, DATES, kind)})"
        elif isinstance(expression, Column) and kind == OBJECT:
            what += f" (give it a type: {cast(self.library, expression.name, NUMBERS)})"
        return what

    def kind(self, expression: Expression) -> str:  # noqa: PLR0912  # one case per part
        match expression:
            case Column(name):
                return self.kinds[name]
            case Literal(value):
                return literal_kind(value)
            case Compare(operator, left, right):
                return self._comparable(expression, operator, left, right)
            case IsIn(of, values, _):
                for value in values:
                    self._comparable(expression, "==", of, Literal(value))
                return BOOLEAN
            case IsMissing(of, _):
                self.kind(of)
                return BOOLEAN
            case Both(_, terms):
                for term in terms:
                    self._needs(term, (BOOLEAN,), _JOINED, turned(expression.text()))
                return BOOLEAN
            case Not(of):
                self._needs(of, (BOOLEAN,), _JOINED)
                return BOOLEAN
            case Arithmetic(operator, left, right):
                for side in (left, right):
                    self._needs(side, _NUMBERS, f"{operator} takes numbers")
                return NUMBER
            case DatePart(part, of):
                needed = (DATETIME, MOMENT) if part == "hour" else _DATES
                self._needs(of, needed, f"{part}() takes {'datetimes' if part == 'hour' else 'dates'}")
                return INTEGER
            case Prefix(of, _):
                self._needs(of, _TEXTS, "prefix() takes text")
                return TEXT
            case Cut(of, _, _, _):
                self._needs(of, _NUMBERS, "cut() at numbers takes numbers")
                return TEXT
            case DateCut() | Recode() | When():
                return self._public(expression)
        raise TypeError(type(expression).__name__)

    def _public(self, expression: DateCut | Recode | When) -> str:
        """Check what gives public values."""
        if isinstance(expression, DateCut):
            self._needs(expression.of, _DATES, "cut() at days takes dates")
            return TEXT
        if isinstance(expression, Recode):
            return self._recoded(expression)
        for condition in expression.conditions:
            self._needs(condition, (BOOLEAN,), "when() takes conditions")
        return kind_of_values((*expression.values, expression.other))

    def _recoded(self, expression: Recode) -> str:
        """Check that the keys are values of the column's kind, and that no two of them are one date."""
        of, keys = expression.of, expression.keys
        dated = self.kind(of) in _DATES
        for key in keys if dated else keys[:1]:  # keys are of one kind
            self._comparable(expression, "==", of, Literal(key))
        if dated and len({moment(str(key), self.kind(of)) for key in keys}) < len(keys):
            raise self._refuse(expression, "two of its keys are one date.")
        return kind_of_values((*expression.values, expression.other))

    def _needs(self, expression: Expression, kinds: tuple[str, ...], rule: str, better: Turned | None = None) -> None:
        found = self.kind(expression)
        if found not in kinds:
            hint = f" {better.told[0][0]} Example: {better.text}." if better and better.told else ""
            raise self._refuse(
                expression, f"{rule}, and {self._told(expression, found, dates=DATETIME in kinds)}.{hint}"
            )

    def _comparable(self, whole: Expression, operator: str, left: Expression, right: Expression) -> str:
        one, two = self.kind(left), self.kind(right)
        if isinstance(left, Literal) and not isinstance(right, Literal):
            left, right, one, two = right, left, two, one
        if one in _DATES and isinstance(right, Literal) and isinstance(right.value, str):
            if moment(right.value, one) is None:
                example = {DATE: "2026-11-23", DATETIME: "2026-11-23T08:00", MOMENT: "2026-11-23T08:00+01:00"}[one]
                raise self._refuse(whole, f"{left.text()} is {one}: compare it with text like {example!r}.")
            return BOOLEAN
        if BOOLEAN in (one, two) and {one, two} <= {BOOLEAN, OBJECT} and operator not in ("==", "!="):
            raise self._refuse(whole, "booleans have no order: compare them by == and !=.")
        if one == OBJECT and isinstance(right, Literal):
            return BOOLEAN
        for group in (_NUMBERS, _TEXTS, (BOOLEAN,), (DATE,), (DATETIME,), (MOMENT,)):
            if one in group and two in group:
                return BOOLEAN
        told = f"{self._told(left, one)} and {self._told(right, two)}: they cannot be compared."
        raise self._refuse(whole, told + _other_kind(one, right))


def _other_kind(kind: str, literal: Expression) -> str:
    """Return how a value is written for a column of a kind, where only its quotes are wrong."""
    if not isinstance(literal, Literal) or isinstance(literal.value, bool):
        return ""
    if kind == TEXT and not isinstance(literal.value, str):
        return f" Write a text in quotes: {str(literal.value)!r}."
    if kind in _NUMBERS and isinstance(literal.value, str) and _NUMBER.fullmatch(literal.value):
        return f" Write a number without quotes: {literal.value}."
    return ""


def literal_kind(value: object) -> str:
    """Return the kind of a literal."""
    if isinstance(value, bool):
        return BOOLEAN
    return TEXT if isinstance(value, str) else INTEGER if isinstance(value, int) else NUMBER


def kind_of_values(values: Sequence[object]) -> str:
    """Return the kind of public values, all of one kind but for whole numbers among others; None is missing."""
    kinds = {literal_kind(value) for value in values if value is not None}
    return NUMBER if kinds == {INTEGER, NUMBER} else kinds.pop()
