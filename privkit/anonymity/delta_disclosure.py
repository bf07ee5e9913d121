"""δ-disclosure privacy: how much more, or less, frequent a sensitive value becomes within a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from privkit.anonymity import figures
from privkit.anonymity.class_report import ClassReport, quasi_identifiers, sensitive_attribute
from privkit.anonymity.criteria import DeltaDisclosure
from privkit.anonymity.criteria.criterion import positive
from privkit.tally.coded_classes import count_values
from privkit.values.arguments import typed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.anonymity.criteria.criterion import Number
    from privkit.anonymity.figures import Ratios
    from privkit.tally.class_values import ClassValues


@dataclass(frozen=True, eq=False, repr=False)
class DeltaDisclosureReport(ClassReport):
    """The largest abs(log2(p / q)) of a sensitive value in each class (Brickell and Shmatikov 2008).

    Attributes
    ----------
    sensitive : str
        The sensitive attribute.
    absent : bool
        Whether values that a class lacks count, as an infinite figure.
    """

    symbol: ClassVar[str] = "delta"
    high: ClassVar[bool] = True

    sensitive: str
    absent: bool

    @property
    def delta(self) -> float:
        """The largest figure; the table meets every δ above it. 0 where the table has no rows."""
        return float(self.figures.max(initial=0.0))


@typed
def delta_disclosure(
    data: object, qi: str | Sequence[str], sensitive: str, *, delta: Number | None = None, absent: bool = False
) -> DeltaDisclosureReport:
    """Tell how far the frequencies of sensitive values within classes are from the table's, on a log scale.

    abs(log2(p / q)) with p and q the shares of a value in a class and in the table (Brickell and Shmatikov 2008, "The
    cost of privacy", definition 5); the criterion asks for less than δ, strictly. Reads rows; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, or another that Narwhals reads.
    qi : str or sequence of str
        The quasi-identifiers.
    sensitive : str
        The sensitive attribute.
    delta : number, optional
        Above 0; adds a verdict.
    absent : bool
        Whether values that a class lacks count. The definition's letter counts them (log 0); ARX does not, nor does
        the default.

    Returns
    -------
    DeltaDisclosureReport

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    RoleConflictError
        If `sensitive` is one of the quasi-identifiers.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": ["1", "1", "2", "2"], "ill": ["flu", "cold", "flu", "flu"]})
    >>> delta_disclosure(people, "zip", "ill").delta
    1.0
    """
    bound = None if delta is None else positive(delta, "delta_disclosure", "delta")
    columns = quasi_identifiers(data, qi, "delta_disclosure")
    column = sensitive_attribute(data, sensitive, columns, "delta_disclosure")
    if bound is not None:
        criterion = DeltaDisclosure(column, bound, absent=absent)
    else:
        criterion = None
        DeltaDisclosure(column, 1, absent=absent)  # refuses what is no bool
    found = count_values(data, columns, column, function="delta_disclosure")
    values = disclosure_figures(found, absent=absent)
    short = None if criterion is None else ~hidden(found, criterion)
    return DeltaDisclosureReport(found.classes, values, criterion, short, column, absent)


def disclosure_figures(found: ClassValues, *, absent: bool) -> NDArray[np.float64]:
    """Return the largest abs(log2(p / q)) of each class; infinite where a value is absent and that counts."""
    logs = np.abs(np.log2(figures.shares_and_table(found).floats))
    values = figures.class_maxima(found, logs)
    lacking = figures.distinct_values(found) < len(found.values)
    return np.where(lacking, np.inf, values) if absent else values


def hidden(found: ClassValues, criterion: DeltaDisclosure) -> NDArray[np.bool_]:
    """Return which classes meet the criterion: 2^-δ < p / q < 2^δ for each value that occurs."""
    ratios = figures.shares_and_table(found)
    met = figures.class_minima(found, _within(ratios, criterion))
    if criterion.absent:
        met &= figures.distinct_values(found) == len(found.values)
    return met


def _within(ratios: Ratios, criterion: DeltaDisclosure) -> NDArray[np.bool_]:
    gap = np.abs(np.log2(ratios.floats)) - float(criterion.delta)
    met: NDArray[np.bool_] = gap < 0
    near = np.flatnonzero(np.abs(gap) < 1e-9)
    a, b = criterion.delta.numerator, criterion.delta.denominator
    pairs = zip(ratios.numerators[near].tolist(), ratios.denominators[near].tolist(), strict=True)
    for place, (numerator, denominator) in zip(near, pairs, strict=True):
        # abs(log2 x) < a/b  <=>  1 < 2^a x^b and x^b < 2^a, in whole numbers
        over, under = numerator**b, denominator**b
        met[place] = over < under * 2**a and under < over * 2**a
    return met
