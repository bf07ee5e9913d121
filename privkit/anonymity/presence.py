"""δ-presence: how likely each person of a population is to be in a table that was taken from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from privkit.anonymity.figures import Ratios
from privkit.anonymity.population import PopulationPart, population_sizes
from privkit.anonymity.reports import ClassReport, Telling, figure_text, judged, quasi_identifiers
from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.tally.coded_classes import count_classes
from privkit.values.arguments import public, typed
from privkit.values.exact import exact_text, share
from privkit.values.writing import names, number, plural

if TYPE_CHECKING:
    from privkit.anonymity.criterion import Finding, Ints, Mask, Number
    from privkit.tally.classes import Tally
    from privkit.values.inputs import Frame


@public
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class DeltaPresence(PopulationPart):
    """Each person of the population is in the table with a probability f / F within [low, high].

    With f and F the sizes of a class in the table and in the population (Nergiz, Atzori and Clifton 2007,
    definition 2). Classes of the population that the table lacks have f / F = 0, so that `low` above 0 asks for
    every one of them. A class of the table that the population lacks breaks the criterion.

    Parameters
    ----------
    low, high : number
        0 to 1, low <= high.
    population : dataframe
        A table of the population with the same quasi-identifiers, one row per person, the table's among them.
    """

    paper: ClassVar[str] = "Nergiz, Atzori and Clifton 2007, Hiding the presence of individuals, SIGMOD, definition 2"

    low: Fraction
    high: Fraction
    population: Frame = field(kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, low: Number, high: Number, *, population: object) -> None: ...

    def __post_init__(self) -> None:
        low, high = share(self.low, "low"), share(self.high, "high")
        if low > high:
            raise ParameterError.together(("low", "high"), f"low={exact_text(low)} is above high={exact_text(high)}.")
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        if self.population is None or isinstance(self.population, int | float | str):
            found = type_told(self.population)
            raise ParameterError.of("population", found, "a table of the population")

    @property
    def compares_tables(self) -> bool:
        """True: it counts in the population."""
        return True

    def smallest(self, n_rows: int) -> int:
        """Return 1: what a class needs depends on the population."""
        return 1

    @property
    def everybody(self) -> bool:
        """Whether `low` asks for everybody: a class that the table lacks has f / F = 0."""
        return self.low > 0

    def met_in(self, sizes: Ints, people: Ints) -> Mask:
        """Return which classes lie within the bounds, exactly; f > F means that the population does not hold them."""
        ratios = Ratios(sizes, people)
        return (sizes <= people) & ratios.below(self.high) & ~ratios.below(self.low, strict=True)

    def lost_in(self, sizes: Ints, people: Ints) -> Ints:
        """Return the rows above high F: the parts of a class that are kept hold at most high F' each, F together."""
        room = [count * self.high.numerator // self.high.denominator for count in people.tolist()]
        return np.maximum(sizes - np.array(room, dtype=np.int64), 0)

    def find(self, data: Frame, qi: tuple[str, ...], classes: Tally) -> tuple[Finding, Mask]:
        """Return the least and the largest probability, and the classes beyond the bounds."""
        report = delta_presence(data, qi, population=self.population, low=self.low, high=self.high)
        return judged(report, f"δ = {figure_text(report.low)} to {figure_text(report.highest)}", classes)


@public
@dataclass(frozen=True, eq=False, repr=False)
class DeltaPresenceReport(ClassReport):
    """How likely each person of the population is in the table: f / F (Nergiz, Atzori and Clifton 2007).

    Attributes
    ----------
    low, highest : Fraction
        The least and the largest probability over the population's persons. `low` is 0 where the population has
        classes that the table lacks.
    n_outside : int
        Persons of the population in classes that the table lacks.
    n_absent : int
        Classes of the table that the population lacks, or in which it has fewer persons than the table rows: the
        population does not hold the table, and these classes break every criterion.
    outside_short : bool
        Whether persons outside the table's classes break the criterion, which asks for more than 0.
    """

    symbol: ClassVar[str] = "presence"
    high: ClassVar[bool] = True

    criterion: DeltaPresence | None
    low: Fraction
    highest: Fraction
    n_outside: int
    n_absent: int
    outside_short: bool

    def _telling(self) -> Telling:
        low, high = number(float(self.low)), number(float(self.highest))
        part = self.criterion
        bound = "" if part is None else f"δ = {exact_text(part.low)} to {exact_text(part.high)}"
        remarks = []
        if self.n_outside:
            remarks.append(f"{plural(self.n_outside, 'person')} of the population are in no class of the table.")
        if self.n_absent:
            remarks.append(
                f"{plural(self.n_absent, 'class has', 'classes have')} more rows in the table than persons in the "
                "population, which so does not hold the table."
            )
        return Telling(
            f"δ = {low} to {high}",
            f"by {names(self.qi)} a person of the population is in the table with a probability of {low} to {high}",
            bound,
            " ".join(remarks),
        )

    @property
    def satisfied(self) -> bool | None:
        """Whether all persons of the population are within the bounds; None where none were given."""
        return None if self.short is None else not (self.short.any() or self.outside_short)


@typed
def delta_presence(
    data: Frame, qi: str | Sequence[str], *, population: Frame, low: Number | None = None, high: Number | None = None
) -> DeltaPresenceReport:
    """Tell how likely each person of the population is to be in the table.

    δ-presence (Nergiz, Atzori and Clifton 2007, "Hiding the presence of individuals from shared databases") asks
    low <= f / F <= high of every class of the population, with f and F its sizes in the table and in the population;
    classes that the table lacks have f = 0. Reads rows of both tables; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, or another that Narwhals reads.
    qi : str or sequence of str
        The quasi-identifiers, columns of both tables.
    population : dataframe
        The population, one row per person, those of `data` among them.
    low, high : number, optional
        0 to 1, both together; they add a verdict.

    Returns
    -------
    DeltaPresenceReport

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> register = pd.DataFrame({"zip": ["8004"] * 4 + ["8005"] * 2})
    >>> report = delta_presence(register.iloc[[0, 4]], "zip", population=register, low=0, high=0.4)
    >>> report.low, report.highest, report.satisfied
    (Fraction(1, 4), Fraction(1, 2), False)
    """
    if (low is None) != (high is None):
        rule = "low= and high= go together. Example: low=0, high=0.5."
        raise ParameterError.together(("low", "high"), rule)
    bounds = DeltaPresence(0 if low is None else low, 1 if high is None else high, population=population)
    columns = quasi_identifiers(data, qi)
    quasi_identifiers(population, columns)
    classes = count_classes(data, columns)
    people = count_classes(population, columns)
    return presence(classes, people, bounds, judged=low is not None)


def presence(classes: Tally, people: Tally, bounds: DeltaPresence, *, judged: bool) -> DeltaPresenceReport:
    """Return the report on two tallies by the same columns."""
    sizes = population_sizes(classes, people)
    ratios = Ratios(classes.sizes, sizes)
    absent = classes.sizes > sizes
    outside = people.n_rows - int(sizes.sum())
    known = Ratios(classes.sizes[~absent], sizes[~absent])
    inverse = Ratios(known.denominators, known.numerators).largest()
    lowest = Fraction(0) if outside or not inverse else 1 / inverse
    short = None
    if judged:
        too_low = ratios.below(bounds.low, strict=True)
        short = absent | too_low | ~ratios.below(bounds.high)
    criterion = bounds if judged else None
    return DeltaPresenceReport(
        classes,
        ratios.floats,
        criterion,
        short,
        lowest,
        known.largest(),
        outside,
        int(absent.sum()),
        bool(outside and bounds.low > 0),
    )
