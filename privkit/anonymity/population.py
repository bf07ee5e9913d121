"""k-map: the classes of a table against those of the population it was taken from."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from privkit.anonymity.criterion import Part
from privkit.anonymity.reports import ClassReport, Telling, judged, population_size, quasi_identifiers
from privkit.errors import ParameterError
from privkit.errors.risk import PopulationError
from privkit.tally.class_values import matches
from privkit.tally.coded_classes import count_classes
from privkit.values.arguments import positive_int, public, typed
from privkit.values.exact import exact_text, share
from privkit.values.writing import number, plural

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.anonymity.criterion import Finding, Ints, Mask, Number
    from privkit.tally.classes import Tally
    from privkit.values.inputs import Frame


class PopulationPart(Part):
    """A criterion on the classes of a table beside those of a population that holds it.

    A search counts the population at each node as it counts the table, so that the classes of both have one meaning.

    Attributes
    ----------
    population : dataframe or int
        A table of the population, or its number of persons.
    everybody : bool
        Whether persons in classes that the table lacks break it. Then nothing can be suppressed: whoever is, is one.
    """

    __slots__ = ()

    population: Frame | int

    @property
    def everybody(self) -> bool:
        """Whether persons in classes that the table lacks break it."""
        return False

    @abstractmethod
    def met_in(self, sizes: Ints, people: Ints) -> Mask:
        """Return which classes meet it, by their rows in the table and their persons in the population."""

    @abstractmethod
    def lost_in(self, sizes: Ints, people: Ints) -> Ints:
        """Return how many rows of each class no refinement keeps, at least."""


@public
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class KMap(PopulationPart):
    """Every equivalence class fits at least `k` persons of the population: F >= k (Sweeney 2002).

    Parameters
    ----------
    k : int
        At least 1.
    population : dataframe or int
        A table of the population with the same quasi-identifiers (one row per person); or the number of persons
        in it, and then class sizes in the population are estimated.
    significance : float, optional
        With a number for `population`: the level of the test. Default 0.01.

    Notes
    -----
    Estimated, a class of f rows is taken to have F >= k where f >= k', after El Emam and Dankar 2008 ("Protecting
    privacy using k-anonymity", estimator D3 of Pannekoek 1999): under F = k and a sampling fraction π = n / N the
    size f is Poisson with mean πk, and the test rejects F < k at the level α. As ARX does, k' = x + 2 with x the
    smallest number whose P(f <= x) >= 1 - α: one more than the test asks for, on the cautious side.
    k' never exceeds k or n.

    Examples
    --------
    >>> KMap(5, population=317_238_626).sample_k(30_162)
    2
    """

    paper: ClassVar[str] = "Sweeney 2002, IJUFKS 10(5); El Emam and Dankar 2008, JAMIA 15(5), estimator D3"

    k: int
    population: Frame | int = field(kw_only=True)
    significance: Fraction | None = field(default=None, kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, k: int, *, population: Frame | int, significance: Number | None = None) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", positive_int(self.k, "k"))
        if self.estimated:
            size = population_size(self.population)
            level = share(0.01 if self.significance is None else self.significance, "significance", zero=False)
            object.__setattr__(self, "population", size)
            object.__setattr__(self, "significance", level)
        elif self.significance is not None:
            rule = "significance= belongs to a population given as a number; counted in a table, F is exact."
            raise ParameterError.together(("population", "significance"), rule)

    @property
    def estimated(self) -> bool:
        """Whether class sizes in the population are estimated from its number of persons."""
        return isinstance(self.population, int | float | str) or self.population is None

    def sample_k(self, n_rows: int) -> int:
        """Return k', the size in a table of `n_rows` rows from which a class is taken to fit k persons."""
        assert self.significance is not None  # by construction
        assert isinstance(self.population, int)
        least = min(self.k, max(n_rows, 1))
        mean = min(n_rows / self.population, 1) * self.k
        x, cumulated = 0, math.exp(-mean)
        while cumulated < float(1 - self.significance) and x + 2 < least:
            x += 1
            cumulated += math.exp(x * math.log(mean) - mean - math.lgamma(x + 1))
        return min(least, x + 2)

    @property
    def rows_added(self) -> bool:
        """True: more rows make no class smaller."""
        return True

    @property
    def compares_tables(self) -> bool:
        """Whether the population came as a table."""
        return not self.estimated

    def smallest(self, n_rows: int) -> int:
        """Return k', the size that stands for k persons of the population; 1 where they are counted."""
        return self.sample_k(n_rows) if self.estimated else 1

    def met_in(self, sizes: Ints, people: Ints) -> Mask:
        """Return which classes fit k persons."""
        return np.asarray(people >= self.k)

    def lost_in(self, sizes: Ints, people: Ints) -> Ints:
        """Return all rows of the classes that fit fewer: their parts fit no more."""
        return np.where(people < self.k, sizes, 0)

    def find(self, data: Frame, qi: tuple[str, ...], classes: Tally) -> tuple[Finding, Mask]:
        """Return the size of the rarest class in the population, and the classes below k."""
        report = kmap(data, qi, population=self.population, k=self.k, significance=self.significance)
        return judged(report, f"k = {report.k}", classes)


@public
@dataclass(frozen=True, eq=False, repr=False)
class KMapReport(ClassReport):
    """How many persons of the population fit each class of the table (Sweeney 2002).

    `figures` are the classes' sizes in the population; with an estimate, their sizes in the table.

    Attributes
    ----------
    k : int
        The smallest size in the population; 0 where it lacks a class of the table, or the table has no rows. With an
        estimate, the largest k that the test accepts for every class.
    population : int
        The number of persons in the population.
    significance : Fraction or None
        The level of the test, where sizes are estimated.
    """

    symbol: ClassVar[str] = "population"

    criterion: KMap | None
    k: int
    population: int
    significance: Fraction | None

    def _telling(self) -> Telling:
        part = self.criterion
        bound = "" if part is None else f"{number(part.k)}-map"
        if self.significance is not None:
            sense = (
                f"every one of {self._among} is taken to fit so many of {plural(self.population, 'person')}, "
                f"an estimate tested at the level {exact_text(self.significance)}"
            )
            return Telling(f"k = {number(self.k)}, estimated", sense, bound)
        lacks = plural(self.n_absent, "class", "classes")
        remark = f"The population of {plural(self.population, 'row')} lacks {lacks} of the table."
        return Telling(
            f"k = {number(self.k)}",
            f"of {self._among} the rarest fits {plural(self.k, 'person')} of the population",
            bound,
            remark if self.n_absent else "",
        )

    @property
    def n_absent(self) -> int:
        """How many classes of the table the population lacks."""
        return int((self.figures == 0).sum())


@typed
def kmap(
    data: Frame,
    qi: str | Sequence[str],
    *,
    population: Frame | int,
    k: int | None = None,
    significance: Number | None = None,
) -> KMapReport:
    """Tell how many persons of the population fit each class of the table.

    k-map asks for F >= k in every class, F the class's size in the population (Sweeney 2002), where k-anonymity asks it
    of the table. With the population's number of persons alone, F is tested as `pk.KMap` says.
    Reads rows of both tables; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, or another that Narwhals reads.
    qi : str or sequence of str
        The quasi-identifiers, columns of both tables.
    population : dataframe or int
        The population, one row per person; or the number of its persons.
    k : int, optional
        Adds a verdict.
    significance : float, optional
        With a number for `population`: the level of the test, by default 0.01.

    Returns
    -------
    KMapReport

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError, PopulationError

    Examples
    --------
    >>> import pandas as pd
    >>> register = pd.DataFrame({"zip": ["8004"] * 5 + ["8005"] * 3})
    >>> kmap(register.iloc[[0, 1, 5]], "zip", population=register).k
    3
    """
    required = None if k is None else positive_int(k, "k")
    wanted = KMap(required or 1, population=population, significance=significance)
    criterion = None if required is None else wanted
    columns = quasi_identifiers(data, qi)
    if wanted.estimated:
        classes = count_classes(data, columns)
        return _estimated(classes, wanted, criterion)
    quasi_identifiers(population, columns)
    classes = count_classes(data, columns)
    people = count_classes(population, columns)
    sizes = population_sizes(classes, people)
    short = None if required is None else sizes < required
    return KMapReport(classes, sizes, criterion, short, int(sizes.min()) if len(sizes) else 0, people.n_rows, None)


def _estimated(classes: Tally, wanted: KMap, criterion: KMap | None) -> KMapReport:
    size, n = wanted.population, classes.n_rows
    assert isinstance(size, int)  # by KMap
    if n > size:
        raise PopulationError.smaller(size, n)
    k = _largest_mapped(int(classes.sizes.min()) if classes.n_classes else 0, n, wanted)
    short = None if criterion is None else classes.sizes < criterion.sample_k(n)
    return KMapReport(classes, classes.sizes, criterion, short, k, size, wanted.significance)


def _largest_mapped(least: int, n: int, wanted: KMap) -> int:
    """Return the largest k whose k' is at most the smallest class; k' never falls as k grows."""
    if not least:
        return 0
    assert isinstance(wanted.population, int)  # by _estimated
    low, high = least, wanted.population  # k' <= k, so that k = least always holds
    while low < high:
        middle = (low + high + 1) // 2
        met = replace(wanted, k=min(middle, 2**31 - 1)).sample_k(n) <= least
        low, high = (middle, high) if met else (low, middle - 1)
    return low


def population_sizes(classes: Tally, people: Tally) -> NDArray[np.int64]:
    """Return the size of each class in the population; 0 where it lacks the class."""
    place = matches(classes, people)
    return np.where(place >= 0, people.sizes[place] if people.n_classes else 0, 0)
