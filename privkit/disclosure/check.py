"""`output_check`: tables of counts before they are published, their unsafe cells, and what an attacker could tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from privkit.disclosure.bounds import TOLERANCE, Attacker
from privkit.disclosure.cells import cells_of
from privkit.disclosure.suppression import Search, Suppression
from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.values.arguments import positive_int, public, typed, whole
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.disclosure.cells import Cells

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

_METHODS = ("optimal", "fast", "primary")


@public
@dataclass(frozen=True, eq=False, repr=False)
class OutputCheck(Plotted):
    """Tables with their unsafe cells suppressed, and an audit of what is left to tell of them. No release.

    A cell that stands in several tables counts once. It holds the published counts, and no suppressed one.

    Attributes
    ----------
    frames : tuple of pandas.DataFrame
        The tables in the order given, counts as Int64, suppressed cells missing.
    audit : pandas.DataFrame
        A row for each suppressed cell: `cell` (what it counts), `unsafe`, `low` and `high` (the narrowest interval in
        which an attacker can be sure that the count lies, from all tables together; counts) and `protected`.
    n_cells, n_unsafe, n_suppressed : int
        Cells; those that are unsafe by themselves; those that are suppressed.
    least : int
        No fewer suppressed cells would protect, as far as it is proved.
    threshold : int
    method : str
    """

    frames: tuple[pd.DataFrame, ...]
    audit: pd.DataFrame
    n_cells: int
    n_unsafe: int
    n_suppressed: int
    least: int
    threshold: int
    method: str

    @property
    def frame(self) -> pd.DataFrame:
        """The first table."""
        return self.frames[0]

    @property
    def n_secondary(self) -> int:
        """Suppressed cells that are not unsafe by themselves."""
        return self.n_suppressed - self.n_unsafe

    @property
    def n_exposed(self) -> int:
        """Unsafe cells of which an attacker can tell more than is allowed."""
        return int((~self.audit["protected"]).sum())

    @property
    def protected(self) -> bool:
        """Whether the audit found every unsafe cell protected."""
        return not self.n_exposed

    @property
    def optimal(self) -> bool:
        """Whether it is proved that no fewer cells would protect all unsafe ones."""
        return self.protected and self.n_suppressed == self.least


@typed
def output_check(
    tables: object,
    *,
    threshold: int = 5,
    protection: int | tuple[int, int] | None = None,
    method: Literal["optimal", "fast", "primary"] = "optimal",
    filters: Sequence[str | None] | None = None,
    margin: str = "All",
    seconds: int = 60,
) -> OutputCheck:
    """Suppress what is unsafe in tables of counts, and audit what all of them together still tell.

    A cell is *unsafe* where 0 < n < `threshold`. Zeros are published, and margins may be suppressed. A suppressed cell
    can often be computed from margins, from another table, or as the difference of a table and one of some of the same
    people. So further cells are suppressed: **the fewest** such that of no unsafe cell an attacker can be sure of more
    than `protection` allows, by cutting planes (Fischetti and Salazar 2001, Management Science 47(7); SciPy's HiGHS).
    The **audit** then asks for each suppressed cell, over all tables, for the least and the greatest count
    that fits everything published: min and max of Σ t over its joint cells t = 0, 1, 2, …, subject to every published
    sum.

    The attacker knows all published cells, that counts are whole numbers >= 0, and how tables overlap. He is not
    assumed to know the threshold, or to belong to a cell himself: whoever knows some persons' values subtracts
    them, so ask for more by `protection`. The search takes real t: where whole numbers tell more, as sums of three
    columns and more can, the audit says which cells are exposed. Suppression is disclosure control, and no
    differential privacy: it promises nothing about tables that are not given here. Give all that was ever shared of
    the same people, in one call.

    Reads counts, no rows; spends nothing.

    Parameters
    ----------
    tables : pandas.DataFrame or Series, or sequence of these
        Counts as ``pd.crosstab`` gives them, with margins or without; several levels are fine. Cells of different
        tables are one by the names of index and columns, and by categories. A combination that is left out is a 0.
    threshold : int
        The least count that is safe; at least 2.
    protection : int or (int, int), optional
        ``(low, high)``: both must be possible for every unsafe cell. A number s: n − s (at least 0) and n + s must be
        possible for an unsafe count n. ``(0, threshold)`` by default.
    method : {"optimal", "fast", "primary"}
        The fewest cells; few, one unsafe cell after the other; or unsafe cells alone, to see what they would tell.
    filters : sequence of (str or None), optional
        Of each table, the name of whom it counts, as "age >= 30"; None for everybody. Tables of one filter count the
        same people, who are among everybody; of two filters nothing is assumed.
    margin : str
        The label of totals.
    seconds : int
        How long to search for the fewest. Then it goes on from the best proposal to one that protects, which takes
        longer, and `least` tells what is proved. The audit is always whole.

    Returns
    -------
    OutputCheck

    Raises
    ------
    DisclosureError
        If something is no table of counts, tables contradict each other, all are 0, or they cross into more than
        50,000 joint cells.
    LibraryRequiredError
        Without SciPy, which the extra ``risk`` brings.
    ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> town = pd.Series(["north"] * 9 + ["south"] * 17, name="town")
    >>> ill = pd.Series(["yes"] * 2 + ["no"] * 7 + ["yes"] * 8 + ["no"] * 9, name="ill")
    >>> table = pd.crosstab(town, ill, margins=True)
    >>> alone = output_check(table, method="primary")     # the margins give the cell away
    >>> alone.n_suppressed, alone.audit[["low", "high"]].values.tolist(), alone.protected
    (1, [[2.0, 2.0]], False)
    >>> out = output_check(table)
    >>> out.n_suppressed, out.protected, out.optimal
    (4, True, True)
    """
    given = _given(tables)
    small = whole(threshold, "threshold", least=2)
    named = _filters(filters, len(given))
    if method not in _METHODS:
        raise ParameterError.of("method", repr(method), f"one of {', '.join(map(repr, _METHODS))}")
    if not isinstance(margin, str) or not margin:
        raise ParameterError.of("margin", type_told(margin), "the label of totals (str)")
    low, high = _protection(protection, small)
    limit = positive_int(seconds, "seconds")
    attacker = Attacker(cells_of(given, margin, named))
    counts = attacker.cells.counts
    unsafe = (counts > 0) & (counts < small)
    least, most = (np.maximum(counts - high, 0), counts + high) if low < 0 else (low + 0 * counts, high + 0 * counts)
    search = Search(attacker, unsafe, least, most)
    if method == "primary":
        found = Suppression(unsafe, int(unsafe.sum()))
    elif method == "fast":
        found = Suppression(search.few(unsafe), int(unsafe.sum()))
    else:
        found = search.least(limit)
    audit = _audit(attacker, found.suppressed, unsafe, least, most)
    frames = _published(given, attacker.cells, found.suppressed)
    n = int(unsafe.sum()), int(found.suppressed.sum())
    return OutputCheck(frames, audit, len(counts), *n, found.least, small, method)


def _given(tables: Any) -> list[Any]:
    if isinstance(tables, list | tuple):
        if not tables:
            raise ParameterError.of("tables", "an empty sequence", "one table of counts or more")
        return list(tables)
    return [tables]


def _filters(filters: Any, n: int) -> list[str | None]:
    if filters is None:
        return [None] * n
    allowed = f"one name, or None, for each of the {n} tables"
    if isinstance(filters, str) or not isinstance(filters, list | tuple):
        raise ParameterError.of("filters", type_told(filters), allowed)
    if len(filters) != n or not all(one is None or (isinstance(one, str) and one) for one in filters):
        raise ParameterError.of("filters", f"{len(filters)} of them", allowed)
    return list(filters)


def _protection(protection: Any, threshold: int) -> tuple[int, int]:
    """Return the two ends, or -1 and how far a count must be free to go."""
    if protection is None:
        return 0, threshold
    if isinstance(protection, tuple | list):
        if len(protection) != 2:
            raise ParameterError.of("protection", f"{len(protection)} numbers", "(low, high), or one number")
        low, high = (positive_int(one, "protection") if one else whole(one, "protection") for one in protection)
        if low > 1 or high < threshold - 1:
            rule = f"protection=(low, high) must hold every unsafe count: low <= 1, high >= {threshold - 1}."
            raise ParameterError.together(("protection",), rule)
        return low, high
    return -1, positive_int(protection, "protection")


def _audit(attacker: Attacker, suppressed: Bools, unsafe: Bools, least: Ints, most: Ints) -> pd.DataFrame:
    """Return what an attacker can tell of each suppressed cell."""
    import pandas as pd

    cells = np.flatnonzero(suppressed)
    bounds = np.array([attacker.interval(suppressed, int(cell)) for cell in cells]).reshape(-1, 2)
    enough = (bounds[:, 0] <= least[cells] + TOLERANCE) & (bounds[:, 1] >= most[cells] - TOLERANCE)
    return pd.DataFrame(
        {
            "cell": [attacker.cells.labels[cell] for cell in cells],
            "unsafe": unsafe[cells],
            "low": bounds[:, 0],
            "high": bounds[:, 1],
            "protected": enough | ~unsafe[cells],
        }
    )


def _published(tables: Sequence[Any], cells: Cells, suppressed: Bools) -> tuple[pd.DataFrame, ...]:
    """Return the tables with what is suppressed missing."""
    import pandas as pd

    frames = []
    for table, place in zip(tables, cells.places, strict=True):
        frame = table.to_frame() if isinstance(table, pd.Series) else table
        hidden = suppressed[place]
        columns = [
            pd.array(np.where(hidden[:, at], 0, cells.counts[place[:, at]]), dtype="Int64")
            for at in range(frame.shape[1])
        ]
        for at, column in enumerate(columns):
            column[hidden[:, at]] = pd.NA
        shown = pd.DataFrame(dict(enumerate(columns)), index=frame.index)
        shown.columns = frame.columns
        frames.append(shown)
    return tuple(frames)
