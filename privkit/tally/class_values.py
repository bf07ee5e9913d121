"""How often each value of a column occurs in each equivalence class.

Class sizes by fewer columns, from the classes by all of them: what each column adds to how rare rows are.

The classes of one table among those of another, by their values.

Persons and their points (places, purchases), as codes: what unicity counts on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors import DuplicateColumnError, FrameError
from privkit.tally.cells.coding import classes_of
from privkit.tally.cells.showing import series_of
from privkit.tally.classes import Members, Tally, grouped_sizes
from privkit.tally.codes import column_codes, packed
from privkit.tally.frame import column_names, lazy_engine
from privkit.tally.row_classes import chosen_columns, codes_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ClassValues:
    """The values of one column, counted in each class: a sparse matrix, classes × values.

    Attributes
    ----------
    classes : Tally
        The equivalence classes; a class's number is its place there.
    values : pandas.Index, shape (n_values,)
        The column's values in ascending order where they have one; missing is a value of its own, the last.
    class_of, value_of, counts : arrays of int64, shape (n_entries,)
        The class, the value and the rows of each combination that occurs, ordered by class, then value.
    """

    classes: Tally
    values: pd.Index
    class_of: NDArray[np.int64]
    value_of: NDArray[np.int64]
    counts: NDArray[np.int64]

    @property
    def totals(self) -> NDArray[np.int64]:
        """Rows of each value in the whole frame, shape (n_values,)."""
        return np.bincount(self.value_of, weights=self.counts, minlength=len(self.values)).astype(np.int64)

    def matrix(self) -> NDArray[np.int64]:
        """Return the counts as a dense matrix, shape (n_classes, n_values)."""
        dense = np.zeros((self.classes.n_classes, len(self.values)), dtype=np.int64)
        dense[self.class_of, self.value_of] = self.counts
        return dense


def value_counts(data: object, by: str | Sequence[str], value: str) -> ClassValues:
    """Count the rows of each value of `value` within each class by `by`; by no column, in the table as one class.

    One group-by of the engine; what follows works on its distinct combinations. Missing is a value of its own.
    Reads rows; exact; spends nothing.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": ["8004", "8004", "8005"], "ill": ["flu", "cold", "flu"]})
    >>> counted = value_counts(people, "zip", "ill")
    >>> counted.values.tolist(), counted.matrix().tolist()
    (['cold', 'flu'], [[1, 1], [0, 1]])
    """
    columns = column_names(by, "by", empty=True)
    if value in columns:
        raise DuplicateColumnError.in_argument("value", [value])
    table, counts = grouped_sizes(data, (*columns, value))
    value_of, values = column_codes(series_of(table[value]))
    one_class = np.zeros(len(counts), dtype=np.int64)
    class_of, first, _ = classes_of([table[name] for name in columns]) if columns else (one_class, one_class[:1], None)
    order = np.lexsort((value_of, class_of))
    sizes = np.bincount(class_of, weights=counts, minlength=len(first)).astype(np.int64)
    classes = Tally(columns, sizes, None, table.select(columns).at(first))
    return ClassValues(classes, values, class_of[order], value_of[order], counts[order])


@dataclass(frozen=True, eq=False)
class Coarser:
    """The classes by one column, and by all but one; one class where there is no other column.

    Attributes
    ----------
    alone, without : dict of str to (array of int64, Members or None)
        Of each column: the rows of each class, and its persons where the tally has some.
    """

    alone: dict[str, tuple[NDArray[np.int64], Members | None]]
    without: dict[str, tuple[NDArray[np.int64], Members | None]]


def coarser(tally: Tally) -> Coarser:
    """Return the classes by each column alone and by all columns but it.

    A function of the tally; spends nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.tally.classes import class_sizes
    >>> tally = class_sizes(pd.DataFrame({"zip": list("aab"), "sex": list("fmm")}), ["zip", "sex"])
    >>> found = coarser(tally)
    >>> {name: sorted(sizes.tolist()) for name, (sizes, _) in found.alone.items()}
    {'zip': [1, 2], 'sex': [1, 2]}
    """
    codes = {name: codes_of(tally.keys[name])[0] for name in tally.by}
    alone = {name: _merged([column], tally) for name, column in codes.items()}
    without = {name: _merged([column for other, column in codes.items() if other != name], tally) for name in tally.by}
    return Coarser(alone, without)


def _merged(codes: Sequence[NDArray[np.int64]], tally: Tally) -> tuple[NDArray[np.int64], Members | None]:
    import pandas as pd

    keys = packed(codes)[0] if codes else np.zeros(tally.n_classes, dtype=np.int64)
    group = pd.factorize(keys)[0].astype(np.int64)
    merged = np.zeros(int(group.max(initial=-1)) + 1, dtype=np.int64)
    np.add.at(merged, group, tally.sizes)
    return merged, None if tally.members is None else tally.members.merged(group)


def matches(left: Tally, right: Tally) -> NDArray[np.int64]:
    """Return the place in `right` of each class of `left`; -1 where `right` lacks it.

    Missing matches missing; whole numbers match floats of the same value.

    Parameters
    ----------
    left, right : Tally
        By the same columns.

    Raises
    ------
    FrameError
        If a column is of different kinds in the two, so that nothing could match.
    """
    import pandas as pd

    codes = []
    for name in left.by:
        ours, theirs = left.keys[name], right.keys[name]
        a, b = _kind(ours), _kind(theirs)
        if a != b and {a, b} <= {"numbers", "dates", "text"}:
            hint = "Give it the same type in both."
            raise FrameError.column_type(name, f"{a} in the table and {b} in the population", hint)
        both = pd.concat([plain(ours), plain(theirs)], ignore_index=True)
        codes.append(column_codes(both)[0])
    keys, _ = packed(codes)
    mine, other = keys[: left.n_classes], keys[left.n_classes :]
    if not len(other):
        return np.full(len(mine), -1, dtype=np.int64)
    order = np.argsort(other)
    place = np.minimum(np.searchsorted(other[order], mine), len(other) - 1)
    return np.where(other[order][place] == mine, order[place], -1)


def plain(column: pd.Series) -> pd.Series:
    """Return categories as their values."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.astype(column.cat.categories.dtype if not column.isna().any() else object)
    return column


def _kind(column: pd.Series) -> str:
    """Return what the column's values are, as far as it decides whether they can be equal to others."""
    import pandas as pd

    found = pd.api.types.infer_dtype(plain(column), skipna=True)
    if found in {"integer", "floating", "mixed-integer-float", "decimal", "boolean", "complex"}:
        return "numbers"
    if found in {"datetime64", "datetime", "date", "period"}:
        return "dates"
    return "text" if found in {"string", "unicode"} else found


@dataclass(frozen=True, eq=False)
class Traces:
    """The distinct points of each person, both ways round.

    Attributes
    ----------
    n_persons : int
    points, starts : arrays of int64
        The points of person i are ``points[starts[i]:starts[i + 1]]``, ascending.
    persons, point_starts : arrays of int64
        The persons of point j are ``persons[point_starts[j]:point_starts[j + 1]]``, ascending.
    without_id : int
        Rows without a person, which were left out.
    """

    n_persons: int
    points: NDArray[np.int64]
    starts: NDArray[np.int64]
    persons: NDArray[np.int64]
    point_starts: NDArray[np.int64]
    without_id: int


def traces(data: object, unit: str, columns: str | Sequence[str]) -> Traces:
    """Return the distinct points of each person, a point being the values of some columns. Reads rows; spends nothing.

    Missing is a value of its own in a point; rows without an id are left out. Of a lazy frame each pair of a person and
    a point is fetched once.
    """
    names = column_names(columns, "columns")
    table, rows = _once(data, [unit, *names])
    who, n_persons = codes_of(table[unit])
    point = packed([codes_of(table[name])[0] for name in names])[0]
    known = who < n_persons
    distinct_points, point = np.unique(point[known], return_inverse=True)
    person = who[known]
    n_points = len(distinct_points)
    pairs = np.unique(person * max(n_points, 1) + point)
    person, point = np.divmod(pairs, max(n_points, 1))
    order = np.argsort(point, kind="stable")
    return Traces(
        n_persons,
        point,
        np.searchsorted(person, np.arange(n_persons + 1)),
        person[order],
        np.searchsorted(point[order], np.arange(n_points + 1)),
        int(rows[~known].sum()),
    )


def _once(data: object, columns: list[str]) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return rows, or the classes of a lazy frame, and how many rows each stands for."""
    import pandas as pd

    if (engine := lazy_engine(data, columns)) is None:
        table = chosen_columns(data, columns, "columns")
        return table, np.ones(len(table), dtype=np.int64)
    cells, rows = grouped_sizes(engine, columns)
    return pd.DataFrame({name: series_of(cells[name]) for name in columns}), rows
