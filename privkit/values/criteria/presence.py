"""δ-presence: whether somebody is in the table must stay uncertain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from privkit.errors import ParameterError
from privkit.values.criteria.base import Criterion
from privkit.values.criteria.parameters import share

if TYPE_CHECKING:
    from privkit.values.criteria.parameters import Number
    from privkit.values.exact import Exact


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
