"""Equivalence classes: how many rows, and how many persons, share each combination of values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors import DuplicateColumnError, FrameError
from privkit.tally.cells.cells import OTHER, TEXT, Table
from privkit.tally.cells.coding import classes_of, coded
from privkit.tally.cells.showing import series_of
from privkit.tally.codes import starts
from privkit.tally.frame import column_names, engine_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Kind

#: What stands for a value that is wholly generalized, or suppressed.
STAR = "*"
#: How the types of nested values begin, in Arrow's words, Polars' and those of databases.
_NESTED = re.compile(
    r"(dictionary<values=|run_end_encoded<.*?values: )?"
    r"(list|large_list|fixed_size_list|struct|map|dense_union|sparse_union|List|Struct|Array|Object|Map"
    r"|(month|day_time|month_day_nano)_interval)"
)


@dataclass(frozen=True, eq=False)
class Members:
    """Who is in which class: the pairs of a class and a person that occur.

    Attributes
    ----------
    class_of, ids, rows : arrays of int64, shape (n_pairs,)
        The class, the code of the person's id, and the rows of each pair. Rows without an id, of code -1, are one
        person of their class together: another one in each class.
    """

    class_of: NDArray[np.int64]
    ids: NDArray[np.int64]
    rows: NDArray[np.int64]

    @cached_property
    def person_of(self) -> NDArray[np.int64]:
        """A code of each pair's person, also of those without an id."""
        unknown = int(self.ids.max(initial=-1)) + 1 + self.class_of
        return np.where(self.ids < 0, unknown, self.ids)

    @cached_property
    def _by_person(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The pairs ordered by person, and where each person's begin."""
        order = np.argsort(self.person_of, kind="stable")
        return order, starts(self.person_of[order])

    @property
    def n_persons(self) -> int:
        """How many persons there are; those without an id count once in each of their classes."""
        return len(self._by_person[1])

    @property
    def n_known(self) -> int:
        """How many persons have an id, and one more where some rows have none: no table of them has fewer."""
        none = self.ids < 0
        return self.n_persons - int(none.sum()) + bool(none.any())

    def counts(self, n_classes: int) -> NDArray[np.int64]:
        """Return how many persons each class has."""
        return np.bincount(self.class_of, minlength=n_classes).astype(np.int64)

    def least(self, of_classes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the least of what a person's classes have, for each person; shape (n_persons,).

        Examples
        --------
        >>> pairs = Members(np.array([0, 1, 1]), np.array([7, 7, 8]), np.array([1, 1, 1]))
        >>> pairs.least(np.array([5, 2])).tolist()
        [2, 2]
        """
        order, begins = self._by_person
        values = np.asarray(of_classes)[self.class_of[order]]
        return np.minimum.reduceat(values, begins) if len(begins) else values

    @property
    def place(self) -> NDArray[np.int64]:
        """The place of each pair's person in what `least` and `among` return."""
        order, begins = self._by_person
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(order)))
        return place

    def among(self, of_classes: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return in how many of the chosen classes each person is; shape (n_persons,)."""
        order, begins = self._by_person
        chosen = np.asarray(of_classes)[self.class_of[order]].astype(np.int64)
        return np.add.reduceat(chosen, begins) if len(begins) else chosen

    def ordered(self, classes: NDArray[np.int64]) -> Members:
        """Return the members of some classes, which are counted from 0 in their order."""
        place = np.full(max(int(self.class_of.max(initial=-1)), int(classes.max(initial=-1))) + 1, -1, dtype=np.int64)
        place[classes] = np.arange(len(classes))
        kept = place[self.class_of] >= 0
        return Members(place[self.class_of[kept]], self.ids[kept], self.rows[kept])

    def merged(self, group: NDArray[np.int64]) -> Members:
        """Return the members of larger classes, `group` telling which each class is a part of."""
        class_of = group[self.class_of]
        width = int(self.ids.max(initial=-1)) + 2
        pairs, place = np.unique(class_of * width + self.ids + 1, return_inverse=True)
        rows = np.bincount(place, weights=self.rows, minlength=len(pairs)).astype(np.int64)
        return Members(pairs // width, pairs % width - 1, rows)


@dataclass(frozen=True, eq=False)
class Tally:
    """The equivalence classes of a frame by some columns. The order of the classes means nothing.

    Attributes
    ----------
    by : tuple of str
        The columns.
    sizes : array of int64, shape (n_classes,)
        Rows in each class.
    persons : array of int64, shape (n_classes,), or None
        Distinct persons in each class, where a unit column was named.
    table : Table
        The classes' values in cells, one row per class, one column per name in `by`.
    members : Members or None
        The persons of each class, where a unit column was named.
    """

    by: tuple[str, ...]
    sizes: NDArray[np.int64]
    persons: NDArray[np.int64] | None
    table: Table
    members: Members | None = None

    @property
    def n_rows(self) -> int:
        """How many rows were counted."""
        return int(self.sizes.sum())

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return len(self.sizes)

    @property
    def counts(self) -> NDArray[np.int64]:
        """What a class is measured in: persons where a unit was named, else rows."""
        return self.sizes if self.persons is None else self.persons

    @cached_property
    def keys(self) -> pd.DataFrame:
        """The classes' values as a pandas frame, one row per class, in the order of `sizes`."""
        import pandas as pd

        return pd.DataFrame({name: series_of(self.table[name]) for name in self.by}, index=range(self.n_classes))

    def may_hold(self, name: str, value: str) -> bool:
        """Whether a column could hold a text; true where looking costs as much as `keys`."""
        return self.table[name].kind.name == TEXT

    @cached_property
    def starred(self) -> int:
        """Rows that have `*` in every column: suppressed ones, where others have values."""
        if not self.by or not all(self.may_hold(name, STAR) for name in self.by):
            return 0
        stars = np.logical_and.reduce([self.keys[name].astype(object).eq(STAR).to_numpy() for name in self.by])
        rows = int(self.sizes[stars].sum())
        return rows if rows < self.n_rows else 0


def class_sizes(data: object, by: str | Sequence[str], *, unit: str | None = None) -> Tally:
    """Count rows, and distinct persons, by the values of some columns.

    Missing is a value of its own (null and NaN are one), and categories that do not occur are no classes.
    Reads rows; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
        On any engine that Narwhals reads.
    by : str or sequence of str
        The columns.
    unit : str, optional
        A column whose distinct values are the persons. Rows without an id count as one person of
        their class, which can only understate how many there are.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> calls = pd.DataFrame({"zip": ["8004", "8004", None], "who": ["a", "a", "b"]})
    >>> tally = class_sizes(calls, "zip", unit="who")
    >>> sorted(tally.sizes.tolist()), sorted(tally.persons.tolist())
    ([1, 2], [1, 1])
    """
    columns = column_names(by, "by")
    if unit in columns:
        raise DuplicateColumnError.in_argument("unit", [unit])
    if unit is None:
        table, sizes = grouped_sizes(data, columns)
        return Tally(columns, sizes, None, table)
    pairs, rows = grouped_sizes(data, (*columns, unit))
    class_of, first, persons = classes_of([pairs[name] for name in columns])
    sizes = np.bincount(class_of, weights=rows, minlength=len(first)).astype(np.int64)
    members = Members(class_of, coded(pairs[unit])[0], rows)
    return Tally(columns, sizes, persons, pairs.select(columns).at(first), members)


def whole_table(data: object) -> Tally:
    """Return a table as one class, by no column; no class where it has no rows."""
    rows = engine_of(data).n_rows()
    sizes = np.array([rows] if rows else [], dtype=np.int64)
    return Tally((), sizes, None, Table({}, len(sizes)))


def grouped_sizes(data: object, columns: Sequence[str]) -> tuple[Table, NDArray[np.int64]]:
    """Return the distinct combinations of `columns`, and how many rows have each."""
    engine = engine_of(data, columns, "columns")
    refuse_nested(engine.schema, columns)
    try:
        return engine.classes(columns)
    except FrameError:  # a `TypeError`, too, that names the type and what to write
        raise
    except TypeError:  # its text may hold a value
        raise FrameError.column_type(
            columns[0] if len(columns) == 1 else list(columns), "object", "Its values cannot be compared."
        ) from None


def refuse_nested(schema: Mapping[str, Kind], columns: Sequence[str]) -> None:
    """Refuse columns whose values cannot be told apart, by their type."""
    for name in columns:
        if schema[name].name == OTHER and _NESTED.match(schema[name].shown):
            hint = "Take its parts as columns of their own."
            raise FrameError.column_type(name, schema[name].shown, hint)
