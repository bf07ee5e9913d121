"""k-map: as k-anonymity, counted in the population instead of the table.

δ-presence: whether somebody is in the table must stay uncertain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from privkit.anonymity.criteria.criterion import Criterion, share
from privkit.errors import ParameterError
from privkit.values.bounds import positive_int

if TYPE_CHECKING:
    from privkit.anonymity.criteria.criterion import Number
    from privkit.values.exact import Exact


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class KMap(Criterion):
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
    population: object = field(kw_only=True)
    significance: Exact | None = field(default=None, kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, k: int, *, population: object, significance: Number | None = None) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", positive_int(self.k, "KMap", "k"))
        if self.estimated:
            size = population_size(self.population, "KMap")
            level = share(0.01 if self.significance is None else self.significance, "KMap", "significance", zero=False)
            object.__setattr__(self, "population", size)
            object.__setattr__(self, "significance", level)
        elif self.significance is not None:
            rule = "significance= belongs to a population given as a number; counted in a table, F is exact."
            raise ParameterError.together("KMap", ("population", "significance"), rule)

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
        while cumulated < 1 - self.significance and x + 2 < least:
            x += 1
            cumulated += math.exp(x * math.log(mean) - mean - math.lgamma(x + 1))
        return min(least, x + 2)

    def __eq__(self, other: object) -> bool:
        """Compare; populations in tables are one where they are the same object."""
        return self._key() == other._key() if isinstance(other, KMap) else NotImplemented

    def __hash__(self) -> int:
        """Hash by the parameters."""
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return (self.k, self.population if self.estimated else id(self.population), self.significance)

    def __repr__(self) -> str:
        """Return what a user types for it."""
        if self.estimated:
            return f"KMap({self.k}, population={self.population}, significance={self.significance})"
        return f"KMap({self.k}, population=...)"


def population_size(value: object, function: str) -> int:
    """Return the number of persons in a population."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        found = "None" if value is None else str(value) if isinstance(value, int) else f"a {type(value).__name__}"
        raise ParameterError.of(
            function, "population", found, "a table of the population or its number of persons (a whole number >= 1)"
        )
    return value


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class DeltaPresence(Criterion):
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

    low: Exact
    high: Exact
    population: object = field(kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, low: Number, high: Number, *, population: object) -> None: ...

    def __post_init__(self) -> None:
        low, high = presence_bounds(self.low, self.high, "DeltaPresence")
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        if self.population is None or isinstance(self.population, int | float | str):
            found = "None" if self.population is None else f"a {type(self.population).__name__}"
            raise ParameterError.of("DeltaPresence", "population", found, "a table of the population")

    def __eq__(self, other: object) -> bool:
        """Compare; populations are one where they are the same object."""
        return self._key() == other._key() if isinstance(other, DeltaPresence) else NotImplemented

    def __hash__(self) -> int:
        """Hash by the parameters."""
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return (self.low, self.high, id(self.population))

    def __repr__(self) -> str:
        """Return what a user types for it."""
        return f"DeltaPresence({self.low}, {self.high}, population=...)"


def presence_bounds(low: object, high: object, function: str) -> tuple[Exact, Exact]:
    """Return the bounds of a probability, or refuse them."""
    least, most = share(low, function, "low"), share(high, function, "high")
    if least > most:
        raise ParameterError.together(function, ("low", "high"), f"low={least} is above high={most}.")
    return least, most
