"""(α, k)-anonymity: k-anonymity in which no sensitive value dominates a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from privkit.anonymity.criteria.criterion import Criterion, column, share
from privkit.values.bounds import positive_int

if TYPE_CHECKING:
    from privkit.anonymity.criteria.criterion import Number
    from privkit.values.exact import Exact


@dataclass(frozen=True, slots=True, repr=False)
class AlphaK(Criterion):
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
    alpha: Exact
    k: int

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, sensitive: str, alpha: Number, k: int) -> None: ...

    def __post_init__(self) -> None:
        column(self.sensitive, "AlphaK")
        object.__setattr__(self, "alpha", share(self.alpha, "AlphaK", "alpha", zero=False))
        object.__setattr__(self, "k", positive_int(self.k, "AlphaK", "k"))

    @property
    def columns(self) -> tuple[str, ...]:
        """The sensitive attribute."""
        return (self.sensitive,)

    def __repr__(self) -> str:
        """Return what a user types for it."""
        return f"AlphaK({self.sensitive!r}, {self.alpha}, {self.k})"
