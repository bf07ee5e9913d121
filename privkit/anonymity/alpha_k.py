"""(α, k)-anonymity: how large classes are, and how far one sensitive value dominates them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from privkit.anonymity.criterion import SensitivePart
from privkit.anonymity.figures import Ratios, entry_starts, over_caps
from privkit.anonymity.reports import ClassReport, Telling, figure_text, judged, quasi_identifiers, sensitive_attribute
from privkit.errors import ParameterError
from privkit.tally.coded_classes import count_values
from privkit.values.arguments import column_name, positive_int, public, typed
from privkit.values.exact import exact_text, share
from privkit.values.writing import label, number, percent, plural

if TYPE_CHECKING:
    from privkit.anonymity.criterion import Finding, Floats, Ints, Mask, Number
    from privkit.tally.class_values import ClassValues
    from privkit.tally.classes import Tally
    from privkit.values.inputs import Frame


@public
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class AlphaK(SensitivePart):
    """Every class holds at least `k` rows, and each sensitive value at most a share `alpha` of them.

    The general model of Wong, Li, Fu and Wang 2006 (definition 4), in which every value is sensitive.

    Parameters
    ----------
    sensitive : str
        The sensitive attribute.
    alpha : number
        Above 0, at most 1.
    k : int
        At least 1.

    Examples
    --------
    >>> AlphaK("ill", 0.5, 3)
    AlphaK('ill', 0.5, 3)
    """

    paper: ClassVar[str] = "Wong, Li, Fu and Wang 2006, (α, k)-anonymity, KDD, definition 4"

    sensitive: str
    alpha: Fraction
    k: int

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, sensitive: str, alpha: Number, k: int) -> None: ...

    def __post_init__(self) -> None:
        column_name(self.sensitive, "sensitive")
        object.__setattr__(self, "alpha", share(self.alpha, "alpha", zero=False))
        object.__setattr__(self, "k", positive_int(self.k, "k"))

    @property
    def rows_needed(self) -> int:
        """The k rows of one class."""
        return self.k

    def smallest(self, n_rows: int) -> int:
        """Return k."""
        return self.k

    def meets(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Mask:
        """Return which classes have no value above a share α, exactly."""
        top = counts.max(axis=1, initial=0)
        return np.asarray(top * self.alpha.denominator <= sizes * self.alpha.numerator)

    def rows_lost(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Floats:
        """Return the rows over the cap of α."""
        return over_caps(sizes, counts, np.full(len(table), float(self.alpha)))

    def find(self, data: Frame, qi: tuple[str, ...], classes: Tally) -> tuple[Finding, Mask]:
        """Return the largest share and the smallest class, and the classes that break either bound."""
        report = alpha_k(data, qi, self.sensitive, alpha=self.alpha, k=self.k)
        return judged(report, f"α = {figure_text(report.alpha)}, k = {report.k}", classes)


@public
@dataclass(frozen=True, eq=False, repr=False)
class AlphaKReport(ClassReport):
    """The share of the most frequent sensitive value in each class (Wong, Li, Fu and Wang 2006).

    Attributes
    ----------
    sensitive : str
        The sensitive attribute.
    alpha : Fraction
        The largest share, an exact fraction; 0 where the table has no rows.
    """

    symbol: ClassVar[str] = "alpha"
    high: ClassVar[bool] = True

    criterion: AlphaK | None
    sensitive: str
    alpha: Fraction

    def _telling(self) -> Telling:
        of = f"'{label(self.sensitive)}'"
        part = self.criterion
        goal = "" if part is None else f"α = {exact_text(part.alpha)} in {of} with k = {number(part.k)}"
        return Telling(
            f"α = {number(float(self.alpha))}, k = {number(self.k)}",
            f"in {self._among} one value of {of} makes up to {percent(float(self.alpha))} of a class, "
            f"and the smallest has {plural(self.k, 'row')}",
            goal,
        )

    @property
    def k(self) -> int:
        """The size of the smallest class; 0 where the table has no rows."""
        return int(self.classes.sizes.min()) if self.n_classes else 0


@typed
def alpha_k(
    data: Frame, qi: str | Sequence[str], sensitive: str, *, alpha: Number | None = None, k: int | None = None
) -> AlphaKReport:
    """Tell how far one sensitive value dominates each class, and how small classes are.

    The general (α, k)-anonymity of Wong, Li, Fu and Wang 2006: every class has at least k rows, and each value at most
    a share α of them. Reads rows; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, or another that Narwhals reads.
    qi : str or sequence of str
        The quasi-identifiers.
    sensitive : str
        The sensitive attribute.
    alpha, k : number, optional
        Both together add a verdict.

    Returns
    -------
    AlphaKReport

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    RoleConflictError
        If `sensitive` is one of the quasi-identifiers.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": ["8004", "8004", "8005"], "ill": ["flu", "cold", "flu"]})
    >>> report = alpha_k(people, "zip", "ill")
    >>> report.alpha, report.k
    (Fraction(1, 1), 1)
    """
    if (alpha is None) != (k is None):
        raise ParameterError.together(("alpha", "k"), "alpha= and k= go together. Example: alpha=0.5, k=5.")
    columns = quasi_identifiers(data, qi)
    column = sensitive_attribute(data, sensitive, columns)
    criterion = None if alpha is None or k is None else AlphaK(column, alpha, k)
    found = count_values(data, columns, column)
    shares = top_shares(found)
    short = None
    if criterion is not None:
        short = ~shares.below(criterion.alpha) | (found.classes.sizes < criterion.k)
    return AlphaKReport(found.classes, shares.floats, criterion, short, column, shares.largest())


def top_shares(found: ClassValues) -> Ratios:
    """Return the share of the most frequent value in each class: the α of (α, k)-anonymity."""
    if not found.classes.n_classes:
        return Ratios(found.counts, found.counts)
    return Ratios(np.maximum.reduceat(found.counts, entry_starts(found)), found.classes.sizes)
