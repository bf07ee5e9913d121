"""Public values chosen row by row: by a value (recode, lookup), or by conditions (when).

Both are total: whatever a row holds, it gets one of the values that were typed, or is missing.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from privkit.errors import NotPublicError, ParameterError
from privkit.errors.root import type_told
from privkit.values.arguments import typed
from privkit.values.expression.builders import column_of
from privkit.values.expression.nodes import Expression, Scalar, with_plain_numbers
from privkit.values.expression.parsing import parsed
from privkit.values.keys import PublicValues

#: Pairs that a text shows; of more it tells the digest.
_TOLD = 100
#: Pairs of one table, and branches of one choice, at most.
_MOST, _BRANCHES = 100_000, 200


class _Choice:
    """What gives one of some values, or another."""

    __slots__ = ()

    values: tuple[Scalar | None, ...]
    other: Scalar | None

    @property
    def labels(self) -> tuple[Scalar, ...]:
        """The values, each once, in the order in which they were typed."""
        return tuple(dict.fromkeys(value for value in (*self.values, self.other) if value is not None))

    @property
    def brings(self) -> tuple[Scalar, ...] | None:
        """The labels."""
        return self.labels

    @property
    def _plain(self) -> tuple[tuple[Scalar | None, ...], Scalar | None]:
        """The values and the other one, whole floats as integers."""
        plain = [None if value is None else with_plain_numbers(value) for value in (*self.values, self.other)]
        return tuple(plain[:-1]), plain[-1]


@dataclass(frozen=True, slots=True, repr=False)
class Recode(_Choice, Expression):
    """Another value for each value; a missing value stays missing.

    Attributes
    ----------
    keys, values : tuple of scalar
        What is looked for, each value once, and its new value; None: missing.
    other : scalar or None
        The new value of those that are not among `keys`; None: missing.
    reason : str or None
        Why the table is public, where the user had to vouch for it.
    """

    of: Expression
    keys: tuple[Scalar, ...]
    values: tuple[Scalar | None, ...]
    other: Scalar | None = None
    reason: str | None = None

    def with_parts(self, work: Callable[[Expression], Expression]) -> Expression:
        """Return it with `work` done of its value, its pairs in order: keys are distinct, so none hides another."""
        plain, other = self._plain
        pairs = sorted(zip(map(with_plain_numbers, self.keys), plain, strict=True), key=lambda pair: repr(pair[0]))
        keys, values = zip(*pairs, strict=True)
        return Recode(work(self.of), keys, values, other, self.reason)

    def text(self) -> str:
        """Return the call; of a long table how many pairs it has, and their digest."""
        told = repr(dict(zip(self.keys, self.values, strict=True)))
        if len(self.keys) > _TOLD:
            digest = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
            told = f"<{len(self.keys):,} pairs, SHA-256 {digest}>"
        why = "" if self.reason is None else f", reason={self.reason!r}"
        return f"{'recode' if self.reason is None else 'lookup'}({self.of.text()}, {told}, other={self.other!r}{why})"


@dataclass(frozen=True, slots=True, repr=False)
class When(_Choice, Expression):
    """The value of the first condition that is met; `other` where none is.

    A condition that cannot be decided, since a value is missing, is not met, as in SQL's ``CASE``: the row goes on to
    the next one.

    Attributes
    ----------
    conditions : tuple of Expression
    values : tuple of scalar or None
        One for each condition; None: missing.
    other : scalar or None
        None: missing.
    is_closed : bool
        Whether `otherwise` was said.
    """

    conditions: tuple[Expression, ...]
    values: tuple[Scalar | None, ...]
    other: Scalar | None = None
    is_closed: bool = False

    @typed
    def when(self, condition: str | Expression, value: Scalar | None) -> When:
        """Return the choice with one condition more, which counts where none before it is met.

        Parameters
        ----------
        condition : str or Expression
        value : text, number, boolean or None
        """
        return _next(self, condition, value)

    @typed
    def otherwise(self, value: Scalar | None) -> When:
        """Return the choice with a value for all rows that met no condition, also where that could not be decided.

        Parameters
        ----------
        value : text, number, boolean or None
        """
        return _closed(self, value)

    def with_parts(self, work: Callable[[Expression], Expression]) -> Expression:
        """Return it with `work` done of its conditions, whose order stays: the first one counts."""
        return When(tuple(map(work, self.conditions)), *self._plain, is_closed=True)

    def text(self) -> str:
        """Return the calls."""
        pairs = zip(self.conditions, self.values, strict=True)
        branches = ".".join(f"when({condition.text()}, {value!r})" for condition, value in pairs)
        return f"{branches}.otherwise({self.other!r})"


@typed
def recode(column: str | Expression, mapping: Mapping[Any, Any], *, other: Scalar | None = None) -> Recode:
    """Return another value for each value of a column, for `derive=`. Reads nothing.

    A missing value stays missing, also where `other` is given.

    Parameters
    ----------
    column : str
    mapping : dict
        From a value of the column (text, numbers, booleans, or dates as text, date or datetime) to its new
        value: text, numbers or booleans; None for missing. Public facts, never taken from the data.
    other : text, number or boolean, optional
        The value of all others; by default they are missing.

    Returns
    -------
    Recode
        Its `.labels` are the public keys that go with it.

    Raises
    ------
    ParameterError, NotPublicError

    Examples
    --------
    >>> recode("city", {"Bern": "BE", "Thun": "BE", "Basel": "BS"}, other="elsewhere").labels
    ('BE', 'BS', 'elsewhere')
    """
    if hasattr(mapping, "dtype") or hasattr(mapping, "columns"):
        raise NotPublicError.of("mapping", type(mapping).__name__)
    if not isinstance(mapping, Mapping):
        raise ParameterError.of("mapping", type_told(mapping), "a dict", "Example: {'Bern': 'BE', 'Basel': 'BS'}.")
    return _recoded(column_of(column), list(mapping), list(mapping.values()), other, "mapping")


@typed
def lookup(
    column: str | Expression,
    table: Mapping[Any, Any] | PublicValues,
    value: str | None = None,
    *,
    key: str | None = None,
    other: Scalar | None = None,
) -> Recode:
    """Return what a public table says of a column's values, for `derive=`: a join that adds no row. Reads no data.

    A value that is not in the table gets `other`; a missing value stays missing.

    Parameters
    ----------
    column : str
        The column whose values are looked up.
    table : dict, or PublicValues of a dict, Series or frame
        Public facts: of a dict or a Series from each key to its value. Wrap Series and frames in
        ``pk.public_values(..., reason=)``; the reason is written in the ledger.
    value : str, optional
        Which column of a frame is looked up; by default its only one beside `key`.
    key : str, optional
        By which column of a frame; by default the one of the name of `column`.
    other : text, number or boolean, optional
        What stands for values that the table does not have; by default they are missing.

    Returns
    -------
    Recode
        Its `.labels` are the public keys that go with it.

    Raises
    ------
    ParameterError, NotPublicError
        Also if the table has a key twice.

    Examples
    --------
    >>> from privkit.values.keys import public_values
    >>> regions = public_values({"8004": "east", "1201": "west"}, reason="list of the post office")
    >>> lookup("zip", regions, other="abroad").labels
    ('east', 'west', 'abroad')
    """
    facts: Any = table
    reason = None
    if isinstance(table, PublicValues):
        facts, reason = table.values, table.reason
    elif hasattr(table, "dtype") or hasattr(table, "columns"):
        raise NotPublicError.of("table", type(table).__name__)
    of = column_of(column)
    if hasattr(facts, "columns"):
        keys, values = _of_frame(facts, of, key, value)
    elif key is not None or value is not None:
        raise ParameterError.together(("key", "value"), "key= and value= name columns of a frame, and table= is none.")
    elif isinstance(facts, Mapping):
        keys, values = list(facts), list(facts.values())
    elif hasattr(facts, "index") and hasattr(facts, "tolist"):
        keys, values = facts.index.tolist(), facts.tolist()
    else:
        allowed = "a dict, or pk.public_values of a dict, a Series or a frame"
        raise ParameterError.of("table", type_told(facts), allowed)
    return _recoded(of, keys, values, other, "table", reason)


@typed
def when(condition: str | Expression, value: Scalar | None) -> When:
    """Return a value where a condition is met, for `derive=`; go on by ``.when(...)`` and ``.otherwise(...)``.

    The first condition that is met decides. One that cannot be decided, since a value is missing, is not met, as in
    SQL: the row goes on to the next one, and to `otherwise`. Where missing is a case of its own, ask for it first.

    Parameters
    ----------
    condition : str or Expression
        On single rows: ``"age >= 65"``.
    value : text, number, boolean or None
        A public value; None is missing. All of one choice are of one kind.

    Returns
    -------
    When
        Its `.labels` are the public keys that go with it.

    Raises
    ------
    ExpressionError, ParameterError, NotPublicError

    Examples
    --------
    >>> ages = when("age is missing", "unknown").when("age >= 65", "old").otherwise("young")
    >>> ages.labels
    ('unknown', 'old', 'young')
    """
    return _next(When((), ()), condition, value)


def _next(so_far: When, condition: object, value: object) -> When:
    if so_far.is_closed:
        raise ParameterError.together(("condition",), "otherwise() stands last: it takes all rows that are left.")
    if len(so_far.conditions) >= _BRANCHES:
        raise ParameterError.of("condition", f"the {_BRANCHES + 1}st", f"one of {_BRANCHES} at most")
    found = replace(
        so_far,
        conditions=(*so_far.conditions, parsed(condition, "condition")),
        values=(*so_far.values, _value(value, "value")),
    )
    _one_kind(found.values, "value")
    return found


def _closed(so_far: When, value: object) -> When:
    if so_far.is_closed:
        raise ParameterError.together(("value",), "otherwise() was said already.")
    found = replace(so_far, other=_value(value, "value"), is_closed=True)
    _one_kind((*found.values, found.other), "value")
    return found


def _recoded(  # noqa: PLR0917
    of: Expression, keys: list[Any], values: list[Any], other: object, argument: str, reason: str | None = None
) -> Recode:
    if not 1 <= len(keys) <= _MOST:
        raise ParameterError.of(argument, f"a table of {len(keys):,} values", f"one of 1 to {_MOST:,} values")
    sought = tuple(_key(value, argument) for value in keys)
    _one_kind(sought, argument, "keys of one kind: text, numbers or booleans")
    if doubled := len(sought) - len(set(sought)):
        raise ParameterError.of(argument, f"a table with {doubled:,} keys that stand twice", "a table of distinct keys")
    found = tuple(_value(value, argument) for value in values)
    if other is not None:
        other = _value(other, "other")
    _one_kind((*found, other), argument)
    return Recode(of, sought, found, other, reason)


def _of_frame(table: Any, of: Expression, key: str | None, value: str | None) -> tuple[list[Any], list[Any]]:
    """Return keys and values of a frame of pandas, Polars or Arrow."""
    names = [str(name) for name in getattr(table, "column_names", table.columns)]
    key = of.text() if key is None and of.text() in names else key
    others = [name for name in names if name != key]
    if key is not None and value is None and len(others) == 1:
        value = others[0]
    for argument, name in (("key", key), ("value", value)):
        if name is None:
            hint = f"Example: {argument}={(names or ['name'])[0]!r}."
            raise ParameterError.of(argument, "None", f"a column of the table, which has {len(names)}", hint)
        if name not in names:
            raise ParameterError.of(argument, repr(name), f"one of the table's {len(names)} columns")
    return _listed(table[key]), _listed(table[value])


def _listed(values: Any) -> list[Any]:
    convert = next(getattr(values, name) for name in ("tolist", "to_list", "to_pylist") if hasattr(values, name))
    return list(convert())


def _key(value: object, argument: str) -> Scalar:
    """Return what is looked for; a date as text, and of its column's kind when that is known."""
    if isinstance(value, date) and value == value:  # noqa: PLR0124  # NaT
        if getattr(value, "nanosecond", 0):
            raise ParameterError.of(argument, "a date in nanoseconds", "of dates in microseconds at most")
        return value.isoformat() if not isinstance(value, datetime) or value.tzinfo else _plain_moment(value)
    found = _value(value, argument)
    if found is None:
        rule = f"a missing value stays missing, and cannot be a key of {argument}=. Fill it first: missing={{...}}."
        raise ParameterError.together((argument,), rule)
    return found


def _plain_moment(value: datetime) -> str:
    """Return a moment without a zone as text; one at midnight as the day that it begins."""
    return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat()


def _value(value: object, argument: str) -> Scalar | None:
    """Return a public value; NaN is missing."""
    if hasattr(value, "dtype"):
        raise NotPublicError.of(argument, f"NumPy {type(value).__name__}")
    if value is None or (isinstance(value, float | datetime) and value != value):  # noqa: PLR0124
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return int.__add__(value, 0)
    if isinstance(value, float) and math.isfinite(value):
        return float.__add__(value, 0.0)
    found = "a number beyond 64 bits" if isinstance(value, int | float) else type_told(value)
    raise ParameterError.of(argument, found, "text, a number, a boolean or None")


def _one_kind(values: Sequence[Scalar | None], argument: str, allowed: str = "") -> None:
    kinds = {
        bool if isinstance(value, bool) else str if isinstance(value, str) else int
        for value in values
        if value is not None
    }
    if len(kinds) > 1:
        raise ParameterError.of(
            argument, "values of several kinds", allowed or "values of one kind: text, numbers or booleans"
        )
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if (
        not allowed
        and any(isinstance(each, float) for each in numbers)
        and any(float(each) != each for each in numbers)
    ):
        way = "Write them as text, or all of them as whole numbers."
        raise ParameterError.of(
            argument, "whole numbers beyond 2**53 beside fractions", "numbers that floats hold", way
        )
    if not kinds:
        raise ParameterError.of(argument, "missing values alone", "values of which one is not missing")
