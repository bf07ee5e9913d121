"""k-anonymity: how many rows, or persons, share each combination of quasi-identifiers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from privkit.anonymity.criterion import Finding, Part
from privkit.anonymity.crowds import Crowds
from privkit.anonymity.figures import present
from privkit.anonymity.ksets import ksets, set_size
from privkit.anonymity.reports import aligned, by_figure, class_frame, first_classes, quasi_identifiers, size_figures
from privkit.tally.classes import Tally
from privkit.tally.coded_classes import count_classes
from privkit.values.arguments import column_name, positive_int, public, typed
from privkit.values.frozen import Frozen
from privkit.values.show import Explorable, Plotted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from privkit.anonymity.criterion import Floats, Ints, Mask
    from privkit.values.inputs import Frame


@public
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class KAnonymity(Part):
    """Every equivalence class holds at least `k` rows: |E| >= k (Sweeney 2002, definition 3; Samarati 2001).

    With a unit column, at least `k` distinct persons: rows are not persons where one person has several.

    With `of`, whoever knows at most so many of the quasi-identifiers finds at least `k`: in every set of `of` columns
    each row shares its values with k - 1 others. That is weaker than k-anonymity by all columns, and is met by keeping
    far more. A row's crowd grows as values are generalized and as rows are added, so the criterion is kept by both;
    suppressing rows takes them from the crowds of others, so what is kept is judged again until nothing more goes.

    Parameters
    ----------
    k : int
        At least 1.
    unit : str, optional
        A column of ids. Rows without an id count as one person of their class together.
    of : int, optional
        How many quasi-identifiers are known together; all by default, and where there are fewer.

    Examples
    --------
    >>> KAnonymity(5)
    KAnonymity(5)
    >>> KAnonymity(5, of=2)
    KAnonymity(5, of=2)
    """

    paper: ClassVar[str] = "Sweeney 2002, k-anonymity: a model for protecting privacy, IJUFKS 10(5), definition 3"
    counts_units: ClassVar[bool] = True

    k: int
    unit: str | None = None
    of: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", positive_int(self.k, "k"))
        if self.unit is not None:
            column_name(self.unit, "unit")
        if self.of is not None:
            object.__setattr__(self, "of", set_size(self.of))

    @property
    def columns(self) -> tuple[str, ...]:
        """The unit column, where there is one."""
        return () if self.unit is None else (self.unit,)

    @property
    def rows_added(self) -> bool:
        """True: more rows make no class smaller."""
        return True

    @property
    def rows_needed(self) -> int:
        """The k rows of one class."""
        return self.k

    @property
    def known_together(self) -> int | None:
        """How many quasi-identifiers are known together; None for all of them."""
        return self.of

    def with_unit(self, unit: str) -> KAnonymity:
        """Return the criterion on persons."""
        return replace(self, unit=unit)

    def smallest(self, n_rows: int) -> int:
        """Return k: k persons have at least k rows; 1 where a class by all columns need not be large."""
        return self.k if self.of is None else 1

    def meets(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Mask:
        """Return which classes hold k persons."""
        return np.asarray(present(counts) >= self.k)

    def rows_lost(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Floats:
        """Return all rows of the classes with fewer persons: their parts have no more."""
        return np.where(present(counts) < self.k, sizes, 0.0)

    def find(self, data: Frame, qi: tuple[str, ...], classes: Tally) -> tuple[Finding, Mask]:
        """Return the k of the table, and the classes below the criterion's."""
        if self.of is not None:
            sets = ksets(data, qi, of=self.of, k=self.k, unit=self.unit)
            told = f"k = {sets.k} by any {min(self.of, len(qi))} of {len(qi)} columns"
            told += f"; {sets.by_sets.told}" if not sets.satisfied else ""
            short = aligned(sets.least < self.k, sets.tally, classes)
            return Finding(self, bool(sets.satisfied), told, sets.rows_short), short
        found = kanon(data, qi, k=self.k, unit=self.unit)
        finding = Finding(self, bool(found.satisfied), f"k = {found.k}", found.rows_short)
        return finding, aligned(found.tally.counts < self.k, found.tally, classes)


@public
@dataclass(frozen=True, eq=False, repr=False)
class KAnonymityReport(Explorable, Plotted):
    """The equivalence classes of a table by their sizes. Exact, for the owner's eyes; no release.

    A table is k-anonymous if every row shares its quasi-identifiers with at least k - 1 others (Sweeney 2002,
    "k-anonymity: a model for protecting privacy", definition 3; Samarati 2001). Where a unit column was named,
    classes are measured in distinct persons instead of rows.

    Attributes
    ----------
    tally : Tally
        The classes. It holds their values, and the text forms of this report show none of them.
    required : int or None
        The k to judge by.
    unit : str or None
        The column whose distinct values are the persons.
    """

    tally: Tally
    required: int | None = None
    unit: str | None = None

    @property
    def qi(self) -> tuple[str, ...]:
        """The quasi-identifiers."""
        return self.tally.by

    @cached_property
    def k(self) -> int:
        """The size of the smallest class; 0 where the table has no rows."""
        return int(self.tally.counts.min(initial=np.iinfo(np.int64).max)) if self.n_classes else 0

    @cached_property
    def n_rows(self) -> int:
        """How many rows the table has."""
        return self.tally.n_rows

    @property
    def n_classes(self) -> int:
        """How many equivalence classes there are."""
        return self.tally.n_classes

    @cached_property
    def crowds(self) -> Crowds:
        """How large the crowd of each row, or of each person, is."""
        return Crowds.of(self.tally)

    @property
    def n_persons(self) -> int | None:
        """How many persons there are; None where no unit was named.

        Rows without an id are one person of their class together: another one in each class.
        """
        return None if self.tally.members is None else self.tally.members.n_persons

    @property
    def n_unique(self) -> int:
        """Sample uniques: rows that are alone in their class, or persons who are in one of theirs."""
        return self.crowds.alone

    @property
    def satisfied(self) -> bool | None:
        """Whether no class is smaller than the required k; None where none is required.

        A table without rows satisfies every k: it tells about nobody.
        """
        return None if self.required is None else self.rows_short == 0

    @property
    def rows_short(self) -> int | None:
        """How many rows are in classes smaller than the required k; None where none is required."""
        return None if self.required is None else self.rows_below(self.required)

    @property
    def classes_short(self) -> int | None:
        """How many classes are smaller than the required k; None where none is required."""
        return None if self.required is None else int((self.tally.counts < self.required).sum())

    @property
    def persons_short(self) -> int | None:
        """How many persons have a row in such a class; None where no k is required, or no unit was named."""
        return None if self.required is None or self.unit is None else self.crowds.within(self.required - 1)

    def rows_below(self, j: int) -> int:
        """Return how many rows are in classes smaller than `j`."""
        j = positive_int(j, "j")
        return int(self.tally.sizes[self.tally.counts < j].sum())

    def share_below(self, j: int) -> float:
        """Return the share of rows in classes smaller than `j`, 0 to 1."""
        return self.rows_below(j) / self.n_rows if self.n_rows else 0.0

    @cached_property
    def histogram(self) -> Mapping[int, int]:
        """How many classes there are of each size, by ascending size."""
        sizes, classes = np.unique(self.tally.counts, return_counts=True)
        return Frozen(dict(zip(sizes.tolist(), classes.tolist(), strict=True)))

    def smallest(self, n: int = 10) -> pd.DataFrame:
        """Return the `n` smallest classes: their quasi-identifiers and `size`, ordered by size, then by value.

        This shows cell values of the rows at highest risk: for the owner's eyes, clear the output before sharing.
        With a unit column, `size` counts persons, and `rows` is added.
        """
        positions = first_classes(self.tally, self.tally.counts, n)
        return class_frame(self.tally, positions, size_figures(self.tally, positions))

    def to_frame(self) -> pd.DataFrame:
        """Return the sizes that occur: `size`, `classes`, `rows` and `share_of_rows`, by ascending size."""
        return by_figure("size", self.tally.counts, self.tally.sizes)


@typed
def kanon(data: Frame, qi: str | Sequence[str], *, k: int | None = None, unit: str | None = None) -> KAnonymityReport:
    """Tell how many rows share each combination of quasi-identifiers.

    k is the size of the smallest equivalence class, (Sweeney 2002). Missing values
    are values like any other, so that rows never vanish from the count. Reads rows; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, or another that Narwhals reads.
    qi : str or sequence of str
        The quasi-identifiers: columns that others may know.
    k : int, optional
        Adds a verdict: how many rows fall short of it.
    unit : str, optional
        A column of ids. Classes are then measured in distinct persons; rows without an id count as one person
        of their class together, which can only understate k.

    Returns
    -------
    KAnonymityReport

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    RoleConflictError
        If `unit` is one of the quasi-identifiers.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": ["8004", "8004", "8005"], "age": [30, 30, 41]})
    >>> kanon(people, ["zip", "age"])
    k = 1: the smallest of 2 classes by 'zip', 'age' has 1 row.
    1 of 3 rows (33.3 %) is a sample unique: no other row has its values.
    next: .smallest(10) · .plot() · .panel()
    >>> kanon(people, "zip", k=2).rows_short
    1
    """
    required = None if k is None else positive_int(k, "k")
    columns = quasi_identifiers(data, qi, unit=unit)
    return KAnonymityReport(count_classes(data, columns, unit=unit), required, unit)
