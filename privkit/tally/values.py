"""How often each value of a column occurs in each equivalence class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors import DuplicateColumnError
from privkit.tally.cells.coding import classes_of
from privkit.tally.cells.showing import series_of
from privkit.tally.classes import Tally, grouped_sizes
from privkit.tally.frame import column_names
from privkit.tally.packed import column_codes

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


def value_counts(data: object, by: str | Sequence[str], value: str, *, function: str = "value_counts") -> ClassValues:
    """Count the rows of each value of `value` within each class by `by`.

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
    columns = column_names(by, function, "by")
    if value in columns:
        raise DuplicateColumnError.in_argument(function, "value", [value])
    table, counts = grouped_sizes(data, (*columns, value), function)
    value_of, values = column_codes(series_of(table[value]))
    class_of, first, _ = classes_of([table[name] for name in columns])
    order = np.lexsort((value_of, class_of))
    sizes = np.bincount(class_of, weights=counts, minlength=len(first)).astype(np.int64)
    classes = Tally(columns, sizes, None, table.select(columns).at(first))
    return ClassValues(classes, values, class_of[order], value_of[order], counts[order])
