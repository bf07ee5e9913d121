"""The expression language in plain Python, one row at a time: the oracle of the compiled one."""

from __future__ import annotations

import math
import operator
from datetime import date, datetime

from privkit.values.expression.choosing import Recode, When
from privkit.values.expression.days import DateCut
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

COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
PARTS = {
    "year": lambda d: d.year,
    "month": lambda d: d.month,
    "day": lambda d: d.day,
    "weekday": lambda d: d.isoweekday(),
    "hour": lambda d: d.hour,
}


def evaluate(node: Expression, row: dict[str, object]) -> object:
    """Return the value of an expression on a row; None is missing."""
    match node:
        case Column(name):
            value = row[name]
            return None if value is None or value != value else value
        case Literal(value):
            return value
        case Both(word, terms):
            found = [evaluate(term, row) for term in terms]
            decisive = word == "or"
            return decisive if decisive in found else None if None in found else not decisive
        case Not(of):
            value = evaluate(of, row)
            return None if value is None else not value
        case IsMissing(of, negated):
            return (evaluate(of, row) is None) != negated
        case IsIn(of, values, negated):
            value = evaluate(of, row)
            return None if value is None else any(same(value, other) for other in values) != negated
        case Compare(sign, left, right):
            one, two = evaluate(left, row), evaluate(right, row)
            if not isinstance(left, Literal) and not isinstance(right, Literal) and float in (type(one), type(two)):
                one, two = (value if value is None else float(value) for value in (one, two))  # literals count exactly
            return None if one is None or two is None else COMPARE[sign](*dated(one, two))
        case Arithmetic(sign, left, right):
            return arithmetic(sign, evaluate(left, row), evaluate(right, row))
        case DatePart(part, of):
            value = evaluate(of, row)
            return None if value is None else PARTS[part](value)
        case Prefix(of, length):
            value = evaluate(of, row)
            return None if value is None else value[:length]
        case Cut(of, edges, labels, right):
            value = evaluate(of, row)
            if value is not None:
                for low, high, label in zip(edges, edges[1:], labels, strict=False):
                    if (low < value <= high) if right else (low <= value < high):
                        return label
            return None
        case DateCut(of, edges, labels):
            value = evaluate(of, row)
            if value is not None:
                day = value.date() if isinstance(value, datetime) else value
                for low, high, label in zip(edges, edges[1:], labels, strict=False):
                    if date.fromisoformat(low) <= day < date.fromisoformat(high):
                        return label
            return None
        case Recode(of, keys, values, other):
            value = evaluate(of, row)
            if value is None:
                return None
            found = [other_value for key, other_value in zip(keys, values, strict=True) if same(value, key)]
            return found[0] if found else other
        case When(conditions, values, other):
            for condition, value in zip(conditions, values, strict=True):
                if evaluate(condition, row) is True:
                    return value
            return other
    raise TypeError(node)


def same(one: object, two: object) -> bool:
    return operator.eq(*dated(one, two))


def dated(one: object, two: object) -> tuple[object, object]:
    if isinstance(one, str) and isinstance(two, date):
        return dated(two, one)[::-1]
    if isinstance(one, date) and isinstance(two, str):
        found = datetime.fromisoformat(two)
        return one, found if isinstance(one, datetime) else found.date()
    return one, two


def as_float(value: object) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value > 0 or -1)


def arithmetic(sign: str, left: object, right: object) -> float | None:
    if left is None or right is None:
        return None
    one, two = as_float(left), as_float(right)
    if sign in "+-*":
        result = {"+": operator.add, "-": operator.sub, "*": operator.mul}[sign](one, two)
    elif two == 0:
        return None
    else:
        result = one / two
        if sign != "/":
            result = math.floor(result) if math.isfinite(result) else result
            result = float(result)
        if sign == "%":
            result = one - result * two
    return None if result != result else result
