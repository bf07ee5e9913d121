"""Special uniques: which rows stand out, by how few columns, and which columns do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import ParameterError
from privkit.errors.risk import SearchLimitError
from privkit.progress import bar
from privkit.risk.minimal import Minimal, minimal_uniques
from privkit.tally.row_classes import row_classes
from privkit.values.arguments import positive_int, public, typed
from privkit.values.exact import positive, share
from privkit.values.frozen import Frozen
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.row_classes import RowClasses
    from privkit.values.inputs import Frame, Share

#: Columns beyond which even the pairs and triples are too many to be of use.
_MOST_COLUMNS = 60


@public
@dataclass(frozen=True, eq=False, repr=False)
class SudaReport(Plotted):
    """The minimal sample uniques of a table. Exact, for the owner's eyes; no release.

    A minimal sample unique (MSU) of a row is a set of columns on which no other row has its values, while on each
    smaller set one has (Elliot, Manning and Ford 2002; the search follows Manning, Haglin and Keane 2008, SUDA2).

    Attributes
    ----------
    qi : tuple of str
        The columns.
    by_size : mapping of int to int
        How many MSUs there are of each size; sizes that occur only.
    searched : int
        The largest size that was searched in full.
    stopped : {"", "size", "time", "memory"}
        Why larger sets were left out: `max_size`, `time_limit`, or what memory holds. Scores then lack their part.
    sampling_fraction : float or None
        n / N, for DIS.
    n_rows, n_unique, n_special : int
        Rows; sample uniques; those of them that have an MSU smaller than all columns ("special uniques").
    """

    qi: tuple[str, ...]
    by_size: Mapping[int, int]
    searched: int
    stopped: str
    sampling_fraction: float | None
    n_rows: int
    n_unique: int
    n_special: int
    _classes: RowClasses
    _class_scores: NDArray[np.int64] | NDArray[np.object_]
    _found: Minimal

    @property
    def complete(self) -> bool:
        """Whether the sets of all sizes were searched."""
        return not self.stopped

    @cached_property
    def scores(self) -> pd.Series:
        """The score of each row, with the rows' labels: Σ (M - s)! over its MSUs of s columns among M.

        Of a lazy frame, whose rows have no labels: the score of each class, by its values. Only rows that are alone in
        their class have a score above 0.
        """
        return self._classes.spread(self._class_scores, "suda")

    @property
    def dis(self) -> float | None:
        """P(correct match | unique match) of the table: U π / (U π + P (1 - π)), P the rows in pairs.

        Data intrusion simulation (Skinner and Elliot 2002). None without a sampling fraction; 0 where no row is unique.
        """
        if self.sampling_fraction is None:
            return None
        pairs = 2 * int((self._classes.sizes == 2).sum())
        hit = self.n_unique * self.sampling_fraction
        return hit / (hit + pairs * (1 - self.sampling_fraction)) if hit else 0.0

    @cached_property
    def dis_scores(self) -> pd.Series | None:
        """The DIS-SUDA score of each row: 1 / (1 + (U / DIS - U) / (score^Q A)), Q = 1 + (8 - M) / 20, A = Σ score^-Q.

        None without a sampling fraction; 0 for rows that are not unique. Of a lazy frame: of each class, by its values.
        """
        if self.dis is None:
            return None
        scores = self._class_scores.astype(np.float64)
        values = np.zeros(len(scores))
        some = scores > 0
        if some.any() and self.dis:
            # Relative to the largest score, so that powers neither overflow nor vanish: a common factor cancels.
            power = (scores[some] / scores.max()) ** (1 + (8 - len(self.qi)) / 20)
            values[some] = 1 / (1 + (self.n_unique / self.dis - self.n_unique) / (power * np.sum(1 / power)))
        return self._classes.spread(values, "dis_suda")

    @cached_property
    def by_column(self) -> Mapping[str, float]:
        """The share of all MSUs in which each column takes part, highest first."""
        counts = np.zeros(len(self.qi), dtype=np.int64)
        for subset, msus in self._found.counts.items():
            counts[list(subset)] += msus
        total = max(sum(self.by_size.values()), 1)
        order = np.argsort(-counts, kind="stable")
        return Frozen({self.qi[place]: int(counts[place]) / total for place in order})

    def to_frame(self) -> pd.DataFrame:
        """Return the sets of columns that single rows out, most first: `columns`, `size`, `msus`, `unique_rows`.

        `msus` counts the rows for which the set is minimal, `unique_rows` all that are alone on it. No cell values.
        """
        import pandas as pd

        names = ("columns", "size", "msus", "unique_rows")
        rows = [
            (tuple(self.qi[place] for place in subset), len(subset), msus, self._found.unique[subset])
            for subset, msus in self._found.counts.items()
        ]
        rows.sort(key=lambda row: (-row[2], row[1], row[0]))
        return pd.DataFrame(rows, columns=names)


@typed
def suda(
    data: Frame,
    qi: str | Sequence[str],
    *,
    max_size: int | None = None,
    time_limit: float | None = 60,
    sampling_fraction: Share | None = None,
    progress: bool = False,
) -> SudaReport:
    """Find the small sets of columns by which rows are alone: minimal sample uniques and their scores (SUDA2).

    Missing is a value like any other. Reads rows; exact; spends nothing. The work doubles with each column: `max_size`
    and `time_limit` bound it, and the report says what was left out.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, or another that Narwhals reads. Of a lazy frame the classes alone are fetched.
    qi : str or sequence of str
        The columns that others may know.
    max_size : int, optional
        The largest set of columns to search; by default all sizes.
    time_limit : float or None
        Seconds after which the search stops: sizes that are complete by then count.
    sampling_fraction : float, optional
        n / N: adds `.dis` and `.dis_scores`.
    progress : bool
        Whether to show a progress bar on standard error.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    SearchLimitError
        For more than 60 columns.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": list("aabb"), "sex": list("fmmm"), "age": [1, 1, 2, 2]})
    >>> report = suda(people, ["zip", "sex", "age"])
    >>> dict(report.by_size), report.scores.tolist()
    ({1: 1, 2: 2}, [2, 2, 0, 0])
    """
    largest, seconds = _limits(max_size, time_limit)
    fraction = None if sampling_fraction is None else float(share(sampling_fraction, "sampling_fraction", zero=False))
    classes = row_classes(data, qi, argument="qi")
    columns = len(classes.by)
    if columns > _MOST_COLUMNS:
        raise SearchLimitError.columns(columns, _MOST_COLUMNS)
    largest = columns if largest is None else min(largest, columns)
    with bar(progress, "suda", "sets of columns") as tell:
        found = minimal_uniques(classes.codes, classes.sizes, largest=largest, seconds=seconds, progress=tell)
    stopped = found.stopped or ("size" if largest < columns else "")
    return _report(classes, found, stopped, fraction)


def _limits(max_size: object, time_limit: object) -> tuple[int | None, float | None]:
    largest = None if max_size is None else positive_int(max_size, "max_size")
    if isinstance(time_limit, str):
        raise ParameterError.of("time_limit", "a str", "a number of seconds > 0, or None")
    return largest, None if time_limit is None else float(positive(time_limit, "time_limit"))


def _report(classes: RowClasses, found: Minimal, stopped: str, fraction: float | None) -> SudaReport:
    columns = len(classes.by)
    msus = found.by_size
    by_size = {size: int(counts.sum()) for size, counts in msus.items()}
    special = np.zeros(len(classes.sizes), dtype=bool)
    for size, counts in msus.items():
        special |= (counts > 0) & (size < columns)
    return SudaReport(
        qi=classes.by,
        by_size=Frozen(dict(sorted(by_size.items()))),
        searched=found.searched,
        stopped=stopped,
        sampling_fraction=fraction,
        n_rows=classes.n_rows,
        n_unique=int((classes.sizes == 1).sum()),
        n_special=int(special.sum()),
        _classes=classes,
        _class_scores=_scores(msus, columns, len(classes.sizes)),
        _found=found,
    )


def _scores(msus: dict[int, NDArray[np.int64]], columns: int, n_classes: int) -> NDArray[Any]:
    """Return Σ (M - s)! over the MSUs of each class, in 64 bits where they fit, else as Python's integers."""
    bound = sum(int(counts.max()) * factorial(columns - size) for size, counts in msus.items())
    scores: NDArray[Any] = np.zeros(n_classes, dtype=np.int64 if bound < 2**63 else object)
    for size, counts in msus.items():
        scores += counts.astype(scores.dtype) * factorial(columns - size)
    return scores
