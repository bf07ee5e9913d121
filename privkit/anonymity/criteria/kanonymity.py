"""k-anonymity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from privkit.anonymity.criteria.criterion import Criterion, column, typed
from privkit.values.bounds import positive_int


@dataclass(frozen=True, slots=True, repr=False)
class KAnonymity(Criterion):
    """Every equivalence class holds at least `k` rows: |E| >= k (Sweeney 2002, definition 3; Samarati 2001).

    With a unit column, at least `k` distinct persons: rows are not persons where one person has several.

    Parameters
    ----------
    k : int
        At least 1.
    unit : str, optional
        A column of ids. Rows without an id count as one person of their class together.

    Examples
    --------
    >>> KAnonymity(5)
    KAnonymity(5)
    """

    paper: ClassVar[str] = "Sweeney 2002, k-anonymity: a model for protecting privacy, IJUFKS 10(5), definition 3"

    k: int
    unit: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", positive_int(self.k, "KAnonymity", "k"))
        if self.unit is not None:
            column(self.unit, "KAnonymity", "unit")

    @property
    def columns(self) -> tuple[str, ...]:
        """The unit column, where there is one."""
        return () if self.unit is None else (self.unit,)

    def __repr__(self) -> str:
        """Return what a user types for it."""
        return typed("KAnonymity", self.k, unit=self.unit)
