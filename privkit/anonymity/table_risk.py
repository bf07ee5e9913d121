"""Criteria on the risk of a whole table: its average, and its uniques."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from privkit.anonymity.criterion import Finding, Part
from privkit.anonymity.crowds import Crowds
from privkit.anonymity.population_uniques import chosen_estimate
from privkit.anonymity.reports import figure_text, population_size, quasi_identifiers
from privkit.tally.coded_classes import count_classes
from privkit.values.arguments import column_name, public
from privkit.values.exact import share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.anonymity.criterion import Mask, Number
    from privkit.anonymity.crowds import SuppressionOrder
    from privkit.tally.classes import Tally

    Ints = NDArray[np.int64]


@public
class TablePart(Part):
    """A criterion that judges a table as a whole, by the sizes of its classes.

    Attributes
    ----------
    unit : str or None
        A column of ids: persons are counted in place of rows, and a person stands in the least of its classes.
    estimated : bool
        Whether it takes a model's fit to judge a table, so that a search asks as seldom as it can.
    """

    __slots__ = ()

    per_class: ClassVar[bool] = False
    counts_units: ClassVar[bool] = True
    estimated: ClassVar[bool] = False

    unit: str | None

    @property
    def columns(self) -> tuple[str, ...]:
        """The unit column, where there is one."""
        return () if self.unit is None else (self.unit,)

    @property
    def merges(self) -> bool:
        """Whether merging classes keeps it. Of persons it need not.

        u / n and the share of uniques fall, as classes get fewer. So do the risks of persons; but rows without an id
        are one person of each class, so that there may be fewer persons of low risk.
        """
        return self.unit is None

    @property
    def rows_added(self) -> bool:
        """Whether a table that meets it meets it with rows added to its classes.

        u / n and the share of uniques fall then. Those of persons may rise: whoever is added to a class may be at a
        higher risk than the average.
        """
        return self.unit is None

    def with_unit(self, unit: str) -> TablePart:
        """Return the criterion on persons."""
        return replace(self, unit=unit)  # type: ignore[type-var]  # each is a dataclass

    def smallest(self, n_rows: int) -> int:
        """Return 1: classes are not judged."""
        return 1

    def find(self, data: object, qi: tuple[str, ...], classes: Tally) -> tuple[Finding, Mask]:
        """Return what the table reaches; no class breaks it by itself."""
        found = classes
        if self.unit is not None:
            found = count_classes(data, quasi_identifiers(data, qi, unit=self.unit), unit=self.unit)
        met, figure = self.reached(found)
        return Finding(self, met, figure, None), np.zeros(classes.n_classes, dtype=bool)

    @abstractmethod
    def reached(self, classes: Tally) -> tuple[bool, str]:
        """Return whether classes, with their persons where a unit is named, meet it, and the figure in words."""

    @abstractmethod
    def met_without(self, classes: SuppressionOrder, gone: Ints) -> Mask:
        """Return whether it is met without the first `gone` classes, for each such number."""


@public
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class AverageRisk(TablePart):
    """The average risk of re-identification, classes / rows, is at most `risk` (El Emam 2013).

    A row's prosecutor risk is 1 over the size of its class; their mean over the rows is u / n, a fraction. A person's
    is the highest among its rows, 1 over the persons of the least of its classes.

    Parameters
    ----------
    risk : number
        Above 0, at most 1.
    unit : str, optional
        A column of ids: the mean is over persons. Rows without an id are one person of their class together.

    Examples
    --------
    >>> AverageRisk(0.05)
    AverageRisk(0.05)
    """

    paper: ClassVar[str] = "El Emam 2013, Guide to the de-identification of personal health information"

    risk: Fraction
    unit: str | None = field(default=None, kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, risk: Number, *, unit: str | None = None) -> None: ...

    def __post_init__(self) -> None:
        _checked_unit(self.unit)
        object.__setattr__(self, "risk", share(self.risk, "risk", zero=False))

    def reached(self, classes: Tally) -> tuple[bool, str]:
        """Return the verdict, and the average risk in words."""
        found = Crowds.of(classes)
        return found.average_within(self.risk), f"average risk = {figure_text(found.average)}"

    def met_without(self, classes: SuppressionOrder, gone: Ints) -> Mask:
        """Return whether it is met without the first `gone` classes, for each such number."""
        return classes.averages_within(self.unit, self.risk)[gone]


@public
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SampleUniqueness(TablePart):
    """At most a `share` of the rows are alone in their class.

    Parameters
    ----------
    share : number
        0 to 1.
    unit : str, optional
        A column of ids: at most a share of the persons are alone in one of their classes. Rows without an id are one
        person of their class together.
    """

    paper: ClassVar[str] = "Skinner and Elliot 2002, A measure of disclosure risk for microdata, JRSS B 64(4)"

    share: Fraction
    unit: str | None = field(default=None, kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, share: Number, *, unit: str | None = None) -> None: ...

    def __post_init__(self) -> None:
        _checked_unit(self.unit)
        object.__setattr__(self, "share", share(self.share, "share"))

    def reached(self, classes: Tally) -> tuple[bool, str]:
        """Return the verdict, and the share of sample uniques in words."""
        found = Crowds.of(classes)
        share = Fraction(found.alone, found.total) if found.total else Fraction(0)
        return share <= self.share, f"sample uniques = {figure_text(share)}"

    def met_without(self, classes: SuppressionOrder, gone: Ints) -> Mask:
        """Return whether it is met without the first `gone` classes, for each such number."""
        alone, total = classes.alone(self.unit)[gone], classes.total(self.unit)[gone]
        return np.asarray(alone * self.share.denominator <= total * self.share.numerator)


@public
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PopulationUniqueness(TablePart):
    """At most a `share` of the population is estimated to be unique in it by the quasi-identifiers.

    An estimate from the class sizes and the sampling fraction, by the decision rule of Dankar et al. 2012; the model
    that it chooses is named with the figure. No estimator does well under all conditions (the same paper).

    Parameters
    ----------
    share : number
        0 to 1.
    population : int
        The number of persons in the population.
    unit : str, optional
        A column of ids, where persons have several rows: see `privkit.anonymity.population_uniques`.

    Examples
    --------
    >>> PopulationUniqueness(0.01, population=317_238_626)
    PopulationUniqueness(0.01, population=317238626)
    """

    paper: ClassVar[str] = "Dankar, El Emam, Neisa and Roffey 2012, BMC Med. Inform. Decis. Mak. 12:66"
    estimated: ClassVar[bool] = True

    share: Fraction
    population: int = field(kw_only=True)
    unit: str | None = field(default=None, kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, share: Number, *, population: int, unit: str | None = None) -> None: ...

    def __post_init__(self) -> None:
        _checked_unit(self.unit)
        object.__setattr__(self, "share", share(self.share, "share"))
        object.__setattr__(self, "population", population_size(self.population))

    @property
    def merges(self) -> bool:
        """Whether merging keeps it: an estimate need not fall when classes merge."""
        return False

    def reached(self, classes: Tally) -> tuple[bool, str]:
        """Return the verdict, and the estimated share of the population's uniques in words, with its model."""
        estimate = chosen_estimate(classes.counts, self.population, classes.members)
        share = estimate.share or 0.0  # the rule chooses a model that found an answer
        return share <= float(self.share), f"population uniques = {figure_text(share)} ({estimate.title})"

    def met_without(self, classes: SuppressionOrder, gone: Ints) -> Mask:
        """Return whether it is met without the first `gone` classes, for each such number."""
        return np.array([self._low(classes, count) for count in gone.tolist()], dtype=bool)

    def _low(self, classes: SuppressionOrder, gone: int) -> bool:
        sizes = classes.sizes(self.unit)[gone:]
        if not (sizes == 1).any():
            return True
        members = None if self.unit is None else classes.members[self.unit].ordered(np.arange(gone, len(classes.rows)))
        share = chosen_estimate(sizes, self.population, members).share
        return (share or 0.0) <= float(self.share)


def _checked_unit(unit: object) -> None:
    if unit is not None:
        column_name(unit, "unit")
