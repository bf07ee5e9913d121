"""Criteria on the risk of a whole table: its average, and its uniques."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from privkit.anonymity.criterion import Finding, Part, population_size, share
from privkit.anonymity.population_uniques import chosen_estimate
from privkit.anonymity.reports import figure_text
from privkit.values.arguments import public
from privkit.values.exact import Exact

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.anonymity.criterion import Mask, Number
    from privkit.tally.classes import Tally

    Ints = NDArray[np.int64]


@public
class TablePart(Part):
    """A criterion that judges a table as a whole, by the sizes of its classes.

    Attributes
    ----------
    estimated : bool
        Whether it takes a model's fit to judge a table, so that a search asks as seldom as it can.
    """

    __slots__ = ()

    per_class: ClassVar[bool] = False
    estimated: ClassVar[bool] = False

    def smallest(self, n_rows: int) -> int:
        """Return 1: classes are not judged."""
        return 1

    def find(self, data: object, qi: tuple[str, ...], classes: Tally) -> tuple[Finding, Mask]:
        """Return what the table reaches; no class breaks it by itself."""
        met, figure = self.reached(classes.sizes)
        return Finding(self, met, figure, None), np.zeros(classes.n_classes, dtype=bool)

    @abstractmethod
    def reached(self, sizes: Ints) -> tuple[bool, str]:
        """Return whether classes of these sizes meet it, and the figure in words."""

    @abstractmethod
    def met_without(self, sizes: Ints, gone: Ints) -> Mask:
        """Return whether it is met without the first `gone` classes, for each such number; sizes ascend."""


def _sums_from(values: NDArray[Any]) -> Ints:
    """Return the sum of the values from each place on, and 0 after the last."""
    return np.append(np.cumsum(values[::-1])[::-1], 0)


@public
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class AverageRisk(TablePart):
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

    risk: Exact

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, risk: Number) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "risk", share(self.risk, "risk", zero=False))

    def reached(self, sizes: Ints) -> tuple[bool, str]:
        """Return the verdict, and the average risk in words."""
        n = int(sizes.sum())
        risk = Exact(len(sizes), n) if n else Exact(0)
        return risk <= self.risk, f"average risk = {figure_text(risk)}"

    def met_without(self, sizes: Ints, gone: Ints) -> Mask:
        """Return whether it is met without the first `gone` classes, for each such number."""
        rows = _sums_from(sizes)[gone]
        return np.asarray((len(sizes) - gone) * self.risk.denominator <= rows * self.risk.numerator)

    def __repr__(self) -> str:
        """Return what a user types for it."""
        return f"AverageRisk({self.risk})"


@public
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SampleUniqueness(TablePart):
    """At most a `share` of the rows are alone in their class.

    Parameters
    ----------
    share : number
        0 to 1.
    """

    paper: ClassVar[str] = "Skinner and Elliot 2002, A measure of disclosure risk for microdata, JRSS B 64(4)"

    share: Exact

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, share: Number) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "share", share(self.share, "share"))

    def reached(self, sizes: Ints) -> tuple[bool, str]:
        """Return the verdict, and the share of sample uniques in words."""
        n = int(sizes.sum())
        share = Exact(int((sizes == 1).sum()), n) if n else Exact(0)
        return share <= self.share, f"sample uniques = {figure_text(share)}"

    def met_without(self, sizes: Ints, gone: Ints) -> Mask:
        """Return whether it is met without the first `gone` classes, for each such number."""
        uniques, rows = _sums_from(sizes == 1)[gone], _sums_from(sizes)[gone]
        return np.asarray(uniques * self.share.denominator <= rows * self.share.numerator)

    def __repr__(self) -> str:
        """Return what a user types for it."""
        return f"SampleUniqueness({self.share})"


@public
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PopulationUniqueness(TablePart):
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
    estimated: ClassVar[bool] = True

    share: Exact
    population: int = field(kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, share: Number, *, population: int) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "share", share(self.share, "share"))
        object.__setattr__(self, "population", population_size(self.population))

    @property
    def merges(self) -> bool:
        """Whether merging keeps it: an estimate need not fall when classes merge."""
        return False

    def reached(self, sizes: Ints) -> tuple[bool, str]:
        """Return the verdict, and the estimated share of the population's uniques in words, with its model."""
        estimate = chosen_estimate(sizes, self.population)
        share = estimate.share or 0.0  # the rule chooses a model that found an answer
        return share <= float(self.share), f"population uniques = {figure_text(share)} ({estimate.title})"

    def met_without(self, sizes: Ints, gone: Ints) -> Mask:
        """Return whether it is met without the first `gone` classes, for each such number."""
        lefts = (sizes[count:] for count in gone.tolist())
        return np.array([not (left == 1).any() or self._low(left) for left in lefts], dtype=bool)

    def _low(self, sizes: Ints) -> bool:
        return (chosen_estimate(sizes, self.population).share or 0.0) <= float(self.share)

    def __repr__(self) -> str:
        """Return what a user types for it."""
        return f"PopulationUniqueness({self.share}, population={self.population})"
