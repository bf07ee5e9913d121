"""δ-disclosure privacy: how much more, or less, frequent a sensitive value becomes within a class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, get_args

import numpy as np

from privkit.anonymity.figures import (
    Reference,
    ReferencePart,
    class_maxima,
    class_minima,
    decided,
    distinct_values,
    one_word,
    over_caps,
    shares_and_table,
)
from privkit.anonymity.reports import ClassReport, Telling, figure_text, judged, quasi_identifiers, sensitive_attribute
from privkit.tally.coded_classes import count_values
from privkit.values.arguments import column_name, public, true_or_false, typed
from privkit.values.exact import exact_text, positive
from privkit.values.writing import label, number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.anonymity.criterion import Finding, Floats, Ints, Mask, Number
    from privkit.anonymity.figures import Ratios
    from privkit.tally.class_values import ClassValues
    from privkit.tally.classes import Tally
    from privkit.values.inputs import Frame


@public
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class DeltaDisclosure(ReferencePart):
    """|log2(p / q)| < δ, strictly, for the shares p and q of each value in a class and in the table.

    Brickell and Shmatikov 2008, definition 5. To the letter, a value that a class lacks breaks it (log 0), so that
    every class would need every value. As ARX does, values are compared where they occur; ``absent=True``
    takes the letter.

    Parameters
    ----------
    sensitive : str
        The sensitive attribute.
    delta : number
        Above 0.
    absent : bool
        Whether a value that a class lacks breaks the criterion.
    reference : {"kept", "input"}
        Whether a transformation compares its classes with the rows that it keeps, or with all that were given.

    Examples
    --------
    >>> DeltaDisclosure("ill", 1.5)
    DeltaDisclosure('ill', 1.5)
    """

    paper: ClassVar[str] = "Brickell and Shmatikov 2008, The cost of privacy, KDD, definition 5"

    sensitive: str
    delta: Fraction
    absent: bool = field(default=False, kw_only=True)
    reference: Reference = field(default="kept", kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(
            self, sensitive: str, delta: Number, *, absent: bool = False, reference: Reference = "kept"
        ) -> None: ...

    def __post_init__(self) -> None:
        column_name(self.sensitive, "sensitive")
        object.__setattr__(self, "delta", positive(self.delta, "delta"))
        true_or_false(self.absent, "absent")
        one_word(self.reference, "reference", get_args(Reference))

    def loosened(self, gone: int, table: Ints) -> DeltaDisclosure | None:
        """Return the criterion with δ + log2(n / (n - gone)), which bounds a value's share from above as this does.

        What is left of a value's rows is at most all of them, of at least n - gone rows: q' <= q n / (n - gone). From
        below nothing follows, and a search rules nodes out by the upper side alone (`rows_lost`).
        """
        n = int(table.sum())
        if gone >= n:
            return None
        more = Fraction(math.log2(n / (n - gone)) * (1 + 1e-9))
        return DeltaDisclosure(self.sensitive, self.delta + more)

    @property
    def merges(self) -> bool:
        """Whether merging keeps it: only where absent values break it.

        Else a class that lacks a value, merged with one that has it just often enough, has it too rarely.
        """
        return self.absent

    def meets(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Mask:
        """Return which classes keep every value's share strictly within a factor of 2^δ of the table's."""
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.abs(np.log2(counts * float(table.sum())) - np.log2(sizes[:, None] * table.astype(float)))
        logs = np.where(counts > 0, logs, np.inf if self.absent else 0.0)
        logs[:, table == 0] = 0.0
        gap = logs.max(axis=1, initial=0.0) - float(self.delta)
        exact = self.delta.denominator <= 1000
        return decided(gap, lambda row: exact and self._met(counts[row], table), strict=True)

    def _met(self, counts: Ints, table: Ints) -> bool:
        # |log2 x| < a/b  <=>  x^b < 2^a and 2^a x^b > 1
        n, total, a, b = int(counts.sum()), int(table.sum()), self.delta.numerator, self.delta.denominator
        for count, q in zip(counts.tolist(), table.tolist(), strict=True):
            if count == 0 or q == 0:
                if q and self.absent:
                    return False
                continue
            ratio = Fraction(count * total, q * n) ** b
            if not (ratio < 2**a and ratio * 2**a > 1):
                return False
        return True

    def rows_lost(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Floats:
        """Return the rows over the upper bounds: only that side is convex while absent values are let pass."""
        return over_caps(sizes, counts, table / max(int(table.sum()), 1) * 2.0 ** float(self.delta))

    def find(self, data: Frame, qi: tuple[str, ...], classes: Tally) -> tuple[Finding, Mask]:
        """Return the largest figure, and the classes that reach δ."""
        report = delta_disclosure(data, qi, self.sensitive, delta=self.delta, absent=self.absent)
        return judged(report, f"δ = {figure_text(report.delta)}", classes)


@public
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

    criterion: DeltaDisclosure | None
    sensitive: str
    absent: bool

    def _telling(self) -> Telling:
        of = f"'{label(self.sensitive)}'"
        part = self.criterion
        goal = "" if part is None else f"δ = {exact_text(part.delta)} in {of}"
        figure = number(self.delta)
        sense = f"in {self._among} a value of {of} is up to 2^{figure} times as frequent, or as rare,"
        sense += " as in the table"
        if figure == "∞":
            sense = f"of {self._among} some lack a value of {of}"
        return Telling(f"δ = {figure}", sense, goal)

    @property
    def delta(self) -> float:
        """The largest figure; the table meets every δ above it. 0 where the table has no rows."""
        return float(self.figures.max(initial=0.0))


@typed
def delta_disclosure(
    data: Frame, qi: str | Sequence[str], sensitive: str, *, delta: Number | None = None, absent: bool = False
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
    bound = None if delta is None else positive(delta, "delta")
    columns = quasi_identifiers(data, qi)
    column = sensitive_attribute(data, sensitive, columns)
    if bound is not None:
        criterion = DeltaDisclosure(column, bound, absent=absent)
    else:
        criterion = None
        DeltaDisclosure(column, 1, absent=absent)  # refuses what is no bool
    found = count_values(data, columns, column)
    values = disclosure_figures(found, absent=absent)
    short = None if criterion is None else ~hidden(found, criterion)
    return DeltaDisclosureReport(found.classes, values, criterion, short, column, absent)


def disclosure_figures(found: ClassValues, *, absent: bool) -> NDArray[np.float64]:
    """Return the largest abs(log2(p / q)) of each class; infinite where a value is absent and that counts."""
    logs = np.abs(np.log2(shares_and_table(found).floats))
    values = class_maxima(found, logs)
    lacking = distinct_values(found) < len(found.values)
    return np.where(lacking, np.inf, values) if absent else values


def hidden(found: ClassValues, criterion: DeltaDisclosure) -> NDArray[np.bool_]:
    """Return which classes meet the criterion: 2^-δ < p / q < 2^δ for each value that occurs."""
    ratios = shares_and_table(found)
    met = class_minima(found, _within(ratios, criterion))
    if criterion.absent:
        met &= distinct_values(found) == len(found.values)
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
