"""Criteria on the risk of a whole table: its average, and its uniques."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from privkit.anonymity.criteria.criterion import Criterion, share
from privkit.anonymity.criteria.population import population_size

if TYPE_CHECKING:
    from privkit.anonymity.criteria.criterion import Number
    from privkit.values.exact import Exact


@dataclass(frozen=True, slots=True, repr=False)
class AverageRisk(Criterion):
    """The average risk of re-identification, classes / rows, is at most `risk` (El Emam 2013).

    A row's prosecutor risk is 1 over the size of its class; their mean over the rows is u / n, a fraction.

    Parameters
    ----------
    risk : number
        Above 0, at most 1.

    Examples
    --------
    >>> AverageRisk(0.05)
    AverageRisk(0.05)
    """

    paper: ClassVar[str] = "El Emam 2013, Guide to the de-identification of personal health information"
    per_class: ClassVar[bool] = False

    risk: Exact

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, risk: Number) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "risk", share(self.risk, "AverageRisk", "risk", zero=False))

    def __repr__(self) -> str:
        """Return what a user types for it."""
        return f"AverageRisk({self.risk})"


@dataclass(frozen=True, slots=True, repr=False)
class SampleUniqueness(Criterion):
    """At most a `share` of the rows are alone in their class.

    Parameters
    ----------
    share : number
        0 to 1.
    """

    paper: ClassVar[str] = "Skinner and Elliot 2002, A measure of disclosure risk for microdata, JRSS B 64(4)"
    per_class: ClassVar[bool] = False

    share: Exact

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, share: Number) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "share", share(self.share, "SampleUniqueness", "share"))

    def __repr__(self) -> str:
        """Return what a user types for it."""
        return f"SampleUniqueness({self.share})"


@dataclass(frozen=True, slots=True, repr=False)
class PopulationUniqueness(Criterion):
    """At most a `share` of the population is estimated to be unique in it by the quasi-identifiers.

    An estimate from the class sizes and the sampling fraction, by the decision rule of Dankar et al. 2012; the model
    that it chooses is told with the figure. No estimator does well under all conditions (the same paper).

    Parameters
    ----------
    share : number
        0 to 1.
    population : int
        The number of persons in the population.

    Examples
    --------
    >>> PopulationUniqueness(0.01, population=317_238_626)
    PopulationUniqueness(0.01, population=317238626)
    """

    paper: ClassVar[str] = "Dankar, El Emam, Neisa and Roffey 2012, BMC Med. Inform. Decis. Mak. 12:66"
    per_class: ClassVar[bool] = False

    share: Exact
    population: int = field(kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, share: Number, *, population: int) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "share", share(self.share, "PopulationUniqueness", "share"))
        object.__setattr__(self, "population", population_size(self.population, "PopulationUniqueness"))

    @property
    def merges(self) -> bool:
        """Whether merging keeps it: an estimate need not fall when classes merge."""
        return False

    def __repr__(self) -> str:
        """Return what a user types for it."""
        return f"PopulationUniqueness({self.share}, population={self.population})"
