"""Which rows a condition and a derived column leave out, told from how they were typed: never from rows.

A row is kept where the filter is true; where a value is missing, that may be untold. What each part of a condition can
come to is reckoned with three truth values (Kleene 1952, section 64), for the columns that are missing: so
``x > 3 or x is missing`` leaves no row out, and ``x > 3`` does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from itertools import combinations, pairwise, product

from privkit.values.expression.builders import interval
from privkit.values.expression.choosing import Recode, When
from privkit.values.expression.days import DateCut
from privkit.values.expression.nodes import (
    Arithmetic,
    Both,
    Column,
    Compare,
    Cut,
    Expression,
    IsIn,
    IsMissing,
    Literal,
    Not,
    Prefix,
    Scalar,
)

#: What a condition may come to; None: it cannot be told.
Outcomes = frozenset[bool | None]
_EITHER: Outcomes = frozenset({True, False})
_UNTOLD: Outcomes = frozenset({None})
#: Columns of which every set is looked at.
_MOST = 10


def untold_by(condition: Expression, derived: Mapping[str, Expression] | None = None) -> tuple[str, ...]:
    """Return the columns of which a missing value can make it untold whether a row meets a condition.

    By every least set of columns that are missing together, where none of the others is; of more than ten columns by
    sets of one, of two and of all. A number that cannot be computed, or a date beyond the calendar, is no
    missing value here.

    Parameters
    ----------
    derived : mapping of str to Expression, optional
        Columns that are made of others.

    Examples
    --------
    >>> from privkit.values.expression.parsing import parsed
    >>> untold_by(parsed("x != 99")), untold_by(parsed("x != 99 or x is missing"))
    (('x',), ())
    >>> untold_by(parsed("x is not missing and x > 3")), untold_by(parsed("x > 3 and (y == 'a' or y is missing)"))
    ((), ('x',))
    >>> untold_by(parsed("x > y and x is not missing and z is missing")), untold_by(parsed("x > 3 and z is missing"))
    (('y', 'z'), ('x', 'z'))
    """
    made = derived or {}
    columns = dict.fromkeys(
        own for name in condition.columns for own in (made[name].columns if name in made else (name,))
    )
    least: list[frozenset[str]] = []
    for size in range(1, len(columns) + 1) if len(columns) <= _MOST else (1, 2, len(columns)):
        for gone in map(frozenset, combinations(columns, size)):
            if not any(smaller <= gone for smaller in least) and None in _Rows(gone, made).outcomes(condition):
                least.append(gone)
    told = frozenset().union(*least)
    return tuple(name for name in columns if name in told)


@dataclass(frozen=True)
class _Rows:
    """Rows where some columns are missing, and no others."""

    gone: frozenset[str]
    derived: Mapping[str, Expression]

    def outcomes(self, condition: Expression) -> Outcomes:
        """Return what a condition may come to."""
        match condition:
            case Both(operator, terms):
                pairs = (self.outcomes(term) for term in terms)
                return reduce(lambda one, two: frozenset(_joined(operator, *pair) for pair in product(one, two)), pairs)
            case Not(of):
                return frozenset(None if each is None else not each for each in self.outcomes(of))
            case IsMissing(of, negated):
                return frozenset(there == negated for there in self.presences(of))
            case Column(name) if name in self.derived:
                return self.outcomes(self.derived[name])
            case Column(name):
                return _UNTOLD if name in self.gone else _EITHER
            case Literal(value):
                return frozenset({bool(value)})
            case Recode(of, _, values, other):
                there = self.presences(of)
                found = {_truth(value) for value in (*values, other)} if True in there else set()
                return frozenset(found) | (_UNTOLD if False in there else frozenset())
            case When():
                return frozenset(_truth(value) for value in self._reached(condition))
        sides = condition.parts()
        return _UNTOLD if any(True not in self.presences(side) for side in sides) else _EITHER

    def presences(self, expression: Expression) -> frozenset[bool]:
        """Return whether an expression may have a value, and whether it may have none."""
        match expression:
            case Column(name) if name in self.derived:
                return self.presences(self.derived[name])
            case Column(name):
                return frozenset({name not in self.gone})
            case Literal():
                return frozenset({True})
            case Both() | Not() | IsMissing() | Compare() | IsIn():
                return frozenset(each is not None for each in self.outcomes(expression))
            case When():
                return frozenset(value is not None for value in self._reached(expression))
        sides = [self.presences(part) for part in expression.parts()]
        if any(True not in side for side in sides):
            return frozenset({False})
        some = frozenset().union(*sides)
        match expression:
            case Recode(_, _, values, other):
                return frozenset(value is not None for value in (*values, other)) | (some - {True})
            case Prefix() | Arithmetic(operator="+" | "-" | "*"):
                return some
        return frozenset({True, False})  # a cut, a part of a date, a quotient

    def _reached(self, choice: When) -> set[object]:
        """Return the values that a choice may come to."""
        found: set[object] = set()
        for condition, value in zip(choice.conditions, choice.values, strict=True):
            met = self.outcomes(condition)
            found |= {value} if True in met else set()
            if met == {True}:
                return found
        return {*found, choice.other}


def _truth(value: object) -> bool | None:
    return None if value is None else bool(value)


def _joined(operator: str, one: bool | None, two: bool | None) -> bool | None:
    decisive = operator == "or"
    if decisive in (one, two):
        return decisive
    return None if None in (one, two) else not decisive


def notes_of(where: Expression | None, derived: Mapping[str, Expression], used: Iterable[str]) -> tuple[str, ...]:
    """Say what becomes of rows with missing values in a filter, and in the choices of the derived columns `used`.

    Examples
    --------
    >>> from privkit.values.expression.parsing import parsed
    >>> notes_of(parsed("x != 99"), {}, ())
    ("the condition leaves out rows whose 'x' is missing; to keep them add: or x is missing",)
    """
    found = []
    if where is not None and (names := untold_by(where, derived)):
        more = " ".join(f"or {IsMissing(Column(name)).text()[1:-1]}" for name in names)
        found.append(f"the condition leaves out rows whose {_listed(names)} is missing; to keep them add: {more}")
    for name in used:
        for choice in _choices(derived[name]) if name in derived else ():
            if names := tuple(dict.fromkeys(each for one in choice.conditions for each in untold_by(one))):
                first = f".when({IsMissing(Column(names[0])).text()[1:-1]!r}, ...)"
                found.append(
                    f"{name!r}: a condition is not met where it cannot be told since {_listed(names)} is missing: such "
                    f"a row goes on to the next, and to otherwise(); as a case of its own it stands first: pk{first}"
                )
    return tuple(found)


def _choices(expression: Expression) -> list[When]:
    own = [expression] if isinstance(expression, When) else []
    return own + [found for part in expression.parts() for found in _choices(part)]


def _listed(names: tuple[str, ...]) -> str:
    return " or ".join(repr(name) for name in names)


#: So many bins are named.
_FEW = 4
#: What becomes of a row without a value.
LEFT_OUT, MISSING = "are left out", "are missing in it"
#: Of a part of a condition: "false and missing" is false.
_DECIDES = ", unless the rest of the condition decides"


def left_out_notes(name: str, expression: Expression, fate: str) -> tuple[str, ...]:
    """Say which rows have no value in a derived column, beside those in which what it is made of is missing.

    Parameters
    ----------
    name : str
        The derived column.
    fate : str
        What becomes of them: :data:`LEFT_OUT`, :data:`MISSING`, or what :func:`counted_as` says.

    Examples
    --------
    >>> from privkit.values.expression.builders import cut
    >>> left_out_notes("band", cut("age", [0, 18, 65]), LEFT_OUT)[0][:85]
    "'band': bins [0, 18), [18, 65); numbers below 0, from 65 on, and missing ones are lef"
    """
    return tuple(f"{name!r}: {told}" for told in _told(expression, fate))


def counted_as(value: Scalar | None) -> str:
    """Return what becomes of rows without a value where something stands for it."""
    return LEFT_OUT if value is None else f"count as {value!r}"


def _told(expression: Expression, fate: str) -> Iterator[str]:
    match expression:
        case When():
            if expression.other is None:
                way = "" if expression.is_closed else "; .otherwise(value) takes them"
                yield f"rows that meet no condition of when() {fate}{way}"
            return  # what its conditions are made of has no say in whether there is a value
        case IsMissing():
            return
        case Both():
            fate = fate if fate.endswith(_DECIDES) else f"{fate}{_DECIDES}"
        case Recode():
            yield _recoded(expression, fate)
        case Cut():
            yield _cut(expression, fate)
        case DateCut():
            yield _windows(expression, fate)
    for part in expression.parts():
        yield from _told(part, fate)


def _recoded(expression: Recode, fate: str) -> str:
    call = "recode()" if expression.reason is None else "lookup()"
    if expression.other is not None:
        return f"missing values stay missing in {call}, beside other= too, and {fate}"
    return f"values that {call} does not name, and missing ones, {fate}; other= takes the former"


def _cut(expression: Cut, fate: str) -> str:
    edges, right = expression.edges, expression.right
    names = [
        found if found == label else f"{label} = {found}"
        for label, found in zip(expression.labels, (interval(*ends, right) for ends in pairwise(edges)), strict=True)
    ]
    low, high = _number(edges[0]), _number(edges[-1])
    outside = [] if math.isinf(edges[0]) else [f"{low} and below" if right else f"below {low}"]
    outside += [] if math.isinf(edges[-1]) else [f"above {high}" if right else f"from {high} on"]
    numbers = f"numbers {', '.join(outside)}, and missing ones" if outside else "missing numbers"
    other = "" if right or math.isinf(edges[-1]) else f"; with right=True a bin has its upper edge, {high} too"
    return f"bins {_few(names)}; {numbers} {fate}{other}"


def _windows(expression: DateCut, fate: str) -> str:
    first, after = expression.edges[0], date.fromisoformat(expression.edges[-1])
    many = len(expression.labels)
    each = f"whole {expression.every}" if expression.every else "bin"
    bins = f"{many:,} {each}{'' if many == 1 else 's'}"
    last = (after - timedelta(days=1)).isoformat()
    return f"{bins}: the first begins on {first}, the last ends on {last}; other days, and missing ones, {fate}"


def _few(names: list[str]) -> str:
    return ", ".join(names if len(names) <= _FEW else [*names[: _FEW - 2], "…", names[-1]])


def _number(edge: float) -> str:
    return f"{edge:g}" if float(f"{edge:g}") == edge else repr(edge)
