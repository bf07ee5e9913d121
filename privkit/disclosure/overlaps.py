"""Which filters can hold of one person, and with which categories: what whoever reads their names knows.

"age < 30" and "age >= 30" leave nobody out, "age >= 40" is part of "age >= 30", and "sex == 'F'" is one row of a table
by sex. Who knows that subtracts one table from another. So the truth of a filter is worked out for every *place* in
which the values that it compares can lie: each literal, and each gap between two of them. Another term is true or false
by itself, and of a name that is no condition nothing is known.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import ExpressionError
from privkit.errors.disclosure import DisclosureError
from privkit.values.expression.nodes import (
    Arithmetic,
    Both,
    Column,
    Compare,
    Expression,
    IsIn,
    IsMissing,
    Literal,
    Not,
    normal,
)
from privkit.values.expression.parsing import parsed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

#: More places together are not looked at.
_MOST = 1_000_000
#: The place of a missing value.
_MISSING = -1
#: Truth in numbers: `and` is the least, `or` the greatest, `not` one less it.
_UNKNOWN = 0.5


@dataclass(eq=False)
class _Compared:
    """What is compared with literals: mostly a column."""

    of: Expression
    asked_missing: bool = False
    keys: list[tuple[int, Any]] = field(default_factory=list)
    at: Ints = field(init=False)

    def places(self, loose: frozenset[str]) -> Ints:
        """Return where its value can lie: 2 i + 1 for literal i, 2 i before it, -1 for none."""
        free, n = bool(loose & set(self.of.columns)), len(self.keys)
        whole = not free and all(kind == 0 and value % 1 == 0 for kind, value in self.keys)
        found = [one for one in range(2 * n + 1) if not (whole and self._between(one))]
        return np.array([*found, *([_MISSING] if free or self.asked_missing else [])])

    def _between(self, place: int) -> bool:
        """Return whether a place is the gap of two whole numbers that follow each other."""
        at = place // 2
        return place % 2 == 0 and 0 < at < len(self.keys) and self.keys[at][1] - self.keys[at - 1][1] == 1

    def of_categories(self, categories: Sequence[Hashable], missing: Hashable) -> Ints | None:
        """Return the place of each category of a table; None where they are of another kind than the literals."""
        kinds = {None if (key := _key(one)) is None else key[0] for one in categories if one != missing}
        if not categories or not kinds <= {kind for kind, _ in self.keys}:
            return None
        return np.array([_MISSING if one == missing else self.place_of(one) for one in categories])

    def place_of(self, value: object) -> int:
        """Return where a value lies."""
        key = _key(value)
        assert key is not None
        at = bisect_left(self.keys, key)
        return 2 * at + int(at < len(self.keys) and self.keys[at] == key)


def _key(value: object) -> tuple[int, Any] | None:
    """Return by what values are in order: numbers before text, and nothing else."""
    if isinstance(value, Real | np.bool_):
        return 0, value
    return (1, value) if isinstance(value, str) else None


def overlapping(
    filters: Sequence[str], categories: Mapping[Hashable, Sequence[Hashable]], missing: Hashable, loose: frozenset[str]
) -> tuple[list[str], list[str], Ints]:
    """Return columns, filters, and what can be together: the category of each column, and 0 where a filter holds.

    Parameters
    ----------
    filters : sequence of str
    categories : mapping of column to its categories in the tables
    missing : hashable
        The category of missing values.
    loose : frozenset of str
        Columns of which a person may have no value, or one between two whole numbers, or other values than those that
        the tables are by.

    Raises
    ------
    DisclosureError
        If there are too many places.

    Examples
    --------
    >>> overlapping(["age < 30", "age >= 30"], {}, "", frozenset())[2].tolist()
    [[0, 1], [1, 0]]
    >>> overlapping(["sex == 'F'"], {"sex": ["F", "M"]}, "", frozenset())
    (['sex'], ["sex == 'F'"], array([[0, 0],
           [1, 1]]))
    """
    read = {name: one for name in filters if (one := _condition(name)) is not None}
    if not read:
        return [], [], np.zeros((1, 0), dtype=np.int64)
    compared: dict[str, _Compared] = {}
    for one in read.values():
        _collect(one, compared)
    columns: list[str] = []
    axes, codes = [], []
    for each in compared.values():
        each.keys = sorted(set(each.keys))
        name = each.of.name if isinstance(each.of, Column) else ""
        own = () if name in loose else categories.get(name, ())
        by_table = each.of_categories(own, missing)
        if by_table is not None:
            columns.append(name)
        codes.append(by_table is not None)
        axes.append(each.places(loose) if by_table is None else by_table)
    sizes = [len(axis) for axis in axes]
    if prod(sizes) > _MOST:
        raise DisclosureError.too_large(prod(sizes), _MOST)
    at = np.indices(sizes).reshape(len(sizes), -1)
    for each, axis, index in zip(compared.values(), axes, at, strict=True):
        each.at = axis[index]
    true = [(_truth(one, compared) < 1).astype(np.int64) for one in read.values()]
    return columns, list(read), np.unique(np.array([*at[codes], *true]).T, axis=0)


def loosened(filters: Sequence[str | None]) -> Iterator[frozenset[str]]:
    """Return what may be loose, one after the other: nothing, each column of a filter, all of them."""
    read = [_condition(name) for name in filters if name is not None]
    columns = sorted({column for one in read if one is not None for column in one.columns})
    yield frozenset()
    if len(columns) > 1:
        yield from (frozenset({column}) for column in columns)
    if columns:
        yield frozenset(columns)


def _condition(name: str) -> Expression | None:
    try:
        return normal(parsed(name))
    except ExpressionError:
        return None


def _collect(one: Expression, found: dict[str, _Compared]) -> None:
    """Gather what a condition compares, and with which literals."""
    if isinstance(one, Both | Not):
        for part in one.parts():
            _collect(part, found)
        return
    of, values = _asked(one)
    mine = found.setdefault(of.text(), _Compared(of))
    mine.asked_missing |= isinstance(one, IsMissing)
    mine.keys += [key for value in values if (key := _key(value)) is not None]


def _asked(one: Expression) -> tuple[Expression, tuple[Any, ...]]:
    """Return what a term asks of, and the literals that it names; of another term, whether it is true."""
    match one:
        case Compare(_, of, Literal(value)):
            return of, (value,)
        case Compare(_, left, right):
            return Arithmetic("-", left, right), (0,)
        case IsIn(of, values, _):
            return of, values
        case IsMissing(of, _):
            return of, ()
    return one, (True,)


def _truth(one: Expression, compared: Mapping[str, _Compared]) -> Floats:
    """Return of each combination of places whether a condition holds: 1, 0, or unknown."""
    match one:
        case Both(operator, terms):
            each = [_truth(term, compared) for term in terms]
            return np.min(each, axis=0) if operator == "and" else np.max(each, axis=0)
        case Not(of):
            return 1 - _truth(of, compared)
    of, values = _asked(one)
    mine = compared[of.text()]
    named = [mine.place_of(value) for value in values]
    match one:
        case IsMissing(_, negated):
            return ((mine.at == _MISSING) != negated).astype(float)
        case Compare(operator):
            found = _ORDER[operator](mine.at, named[0])
        case IsIn(_, _, negated):
            found = np.isin(mine.at, named) != negated
        case _:
            found = mine.at == named[0]
    return np.where(mine.at == _MISSING, _UNKNOWN, found.astype(float))


_ORDER: dict[str, Any] = {
    "==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip
