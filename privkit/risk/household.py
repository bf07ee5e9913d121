"""Household risk: whoever recognizes one member of a household has found all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class HouseholdRisk:
    """The risk that at least one member of a household is re-identified, and with him the others.

    With r of each member, taken as independent, a household's risk is 1 - Π (1 - r): the hierarchical risk of Templ,
    Kowarik and Meindl 2015 (JSS 67(4)). It is that of each of its members. Rows without a household stand
    for themselves.

    Attributes
    ----------
    column : str
        The column of households.
    n_households : int
        How many there are; rows without one are none.
    expected_alone : float
        Σ r: how many members are expected to be re-identified, each by itself.
    expected : float
        The sum of the members' household risks: how many are expected to be found with somebody of theirs.
    highest, average : float
        Of the members' household risks; 0 without rows.
    at_risk : int
        Members whose household's risk is above the threshold, strictly.
    share_at_risk : float
        The share of these.
    """

    column: str
    n_households: int
    expected_alone: float
    expected: float
    highest: float
    average: float
    at_risk: int
    share_at_risk: float


def household_risks(
    households: NDArray[np.int64], risks: NDArray[np.float64], members: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return 1 - Π (1 - r) of each entry's household.

    Parameters
    ----------
    households : array of int64, shape (n,)
        Each entry's household; -1 for none.
    risks : array of float64, shape (n,)
        The risk of each of its members.
    members : array of int64, shape (n,)
        How many members of the household the entry stands for; each alone where it has none.

    Examples
    --------
    >>> household_risks(np.array([0, 0, -1]), np.array([0.5, 0.2, 0.3]), np.array([1, 1, 1])).round(6).tolist()
    [0.6, 0.6, 0.3]
    """
    known = households >= 0
    with np.errstate(divide="ignore"):  # a risk of 1 leaves nobody out
        escapes = np.log1p(-risks) * members
    together = np.bincount(households[known], weights=escapes[known]) if known.any() else np.zeros(1)
    return np.where(known, -np.expm1(together[np.where(known, households, 0)]), risks)


def household_risk(
    column: str,
    households: NDArray[np.int64],
    risks: NDArray[np.float64],
    members: NDArray[np.int64],
    limit: Fraction,
) -> HouseholdRisk:
    """Return the figures over all members, of entries as in `household_risks`."""
    found, n = household_risks(households, risks, members), int(members.sum())
    expected, at_risk = float((found * members).sum()), int(members[found > float(limit)].sum())
    return HouseholdRisk(
        column=column,
        n_households=len(np.unique(households[households >= 0])),
        expected_alone=float((risks * members).sum()),
        expected=expected,
        highest=float(found.max(initial=0.0)),
        average=expected / n if n else 0.0,
        at_risk=at_risk,
        share_at_risk=at_risk / n if n else 0.0,
    )
