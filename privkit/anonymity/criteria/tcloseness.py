"""t-closeness: each class distributes a sensitive attribute nearly as the table does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from privkit.anonymity.criteria.criterion import Criterion, column, is_tree, share
from privkit.errors import ParameterError

if TYPE_CHECKING:
    from privkit.anonymity.criteria.criterion import Number
    from privkit.values.exact import Exact


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class TCloseness(Criterion):
    """The earth mover's distance of each class to the table is at most `t` (Li, Li and Venkatasubramanian 2007).

    With p the shares of the values in a class, q those in the table, m the number of values:

    - ``"equal"``: 1/2 Σ |pi - qi|;
    - ``"ordered"``: Σi |Σj<=i (pj - qj)| / (m - 1), for values in ascending order; missing is the last;
    - a hierarchy of H levels above the values, level H one root: the mean over levels 0 to H - 1 of the equal
      distance between the generalized distributions, which is the paper's hierarchical distance (`tally.closeness`
      has the proof).

    All are convex in p, so merging classes keeps the criterion.

    Parameters
    ----------
    sensitive : str
        The sensitive attribute.
    t : number
        0 to 1; exact, as the decimal that is written.
    distance : "equal", "ordered", or a hierarchy
        A `pk.Hierarchy`, or a mapping from values to their labels at level 1, 2, ...

    Examples
    --------
    >>> TCloseness("salary", 0.2, distance="ordered")
    TCloseness('salary', 0.2, distance='ordered')
    """

    paper: ClassVar[str] = "Li, Li and Venkatasubramanian 2007, t-closeness, ICDE"

    sensitive: str
    t: Exact
    distance: object = field(default="equal", kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, sensitive: str, t: Number, *, distance: object = "equal") -> None: ...

    def __post_init__(self) -> None:
        column(self.sensitive, "TCloseness")
        object.__setattr__(self, "t", share(self.t, "TCloseness", "t"))
        ground_distance(self.distance, "TCloseness")

    @property
    def columns(self) -> tuple[str, ...]:
        """The sensitive attribute."""
        return (self.sensitive,)

    def __eq__(self, other: object) -> bool:
        """Compare; hierarchies are one where they are the same object."""
        return self._key() == other._key() if isinstance(other, TCloseness) else NotImplemented

    def __hash__(self) -> int:
        """Hash by the parameters."""
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        named = isinstance(self.distance, str)
        return (self.sensitive, self.t, self.distance if named else id(self.distance))

    def __repr__(self) -> str:
        """Return what a user types for it."""
        shown = f", distance={self.distance!r}" if isinstance(self.distance, str) else ", distance=..."
        return f"TCloseness({self.sensitive!r}, {self.t}{'' if self.distance == 'equal' else shown})"


def ground_distance(distance: object, function: str) -> object:
    """Return the ground distance, or refuse it."""
    if isinstance(distance, str):
        if distance in ("equal", "ordered"):
            return distance
    elif is_tree(distance):
        return distance
    found = repr(distance) if isinstance(distance, str) else f"a {type(distance).__name__}"
    raise ParameterError.of(function, "distance", found, "'equal', 'ordered' or a hierarchy")
