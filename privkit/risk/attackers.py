"""The three attackers: how likely it is that a row is re-identified, by whom."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from privkit.risk.thresholds import above

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class AttackerRisk:
    """The risk that one attacker poses.

    Attributes
    ----------
    attacker : {"prosecutor", "journalist", "marketer", "individual"}
        Who attacks: somebody who knows that a person is in the data; somebody who does not; somebody who tries on
        everybody; for ``"individual"`` the model of Benedetti and Franconi.
    highest : float
        The risk of the row at highest risk; 0 where there are no rows.
    average : float
        The expected share of rows that are re-identified.
    share_at_risk : float
        The share of rows whose risk is above the threshold, strictly.
    rows_at_risk : int
        How many these are.
    """

    attacker: Literal["prosecutor", "journalist", "marketer", "individual"]
    highest: float
    average: float
    share_at_risk: float
    rows_at_risk: int


def prosecutor(sizes: NDArray[np.int64], limit: Fraction) -> AttackerRisk:
    """Return the risk from somebody who knows that the person is in the data: 1/f for each row.

    Highest 1 / min f, average u / n for u classes of n rows (El Emam 2013).

    Parameters
    ----------
    sizes : array of int64, shape (n_classes,)
        f, the size of each class in the data.
    limit : Fraction
        A row is at risk where 1/f is above it.

    Examples
    --------
    >>> from fractions import Fraction
    >>> prosecutor(np.array([1, 2, 2, 3]), Fraction(1, 5)).average
    0.5
    """
    n = int(sizes.sum())
    average = len(sizes) / n if n else 0.0
    return _attacker("prosecutor", sizes, sizes, average, limit)


def journalist(sizes: NDArray[np.int64], population: NDArray[np.int64], limit: Fraction) -> AttackerRisk:
    """Return the risk from somebody who does not know whether the person is in the data: 1/F for each row.

    Highest 1 / min F, average max(u / Σ F, Σ (f / F) / n) (El Emam 2013).

    Parameters
    ----------
    sizes, population : arrays of int64, shape (n_classes,)
        f and F, the size of each class in the data and in the population, f <= F.
    limit : Fraction

    Examples
    --------
    >>> from fractions import Fraction
    >>> journalist(np.array([1, 2, 2, 3]), np.array([5, 4, 20, 3]), Fraction(1, 5)).share_at_risk
    0.625
    """
    total = int(population.sum())
    average = max(len(sizes) / total, _expected(sizes, population)) if total else 0.0
    return _attacker("journalist", sizes, population, average, limit)


def marketer(sizes: NDArray[np.int64], population: NDArray[np.int64], limit: Fraction) -> AttackerRisk:
    """Return the risk from somebody who links all rows and is content with a share: Σ (f / F) / n on average.

    The highest risk and the share at risk are those of the single rows, 1/F.
    """
    return _attacker("marketer", sizes, population, _expected(sizes, population), limit)


def _expected(sizes: NDArray[np.int64], population: NDArray[np.int64]) -> float:
    """Return Σ (f / F) / n; where f = F everywhere it is u / n."""
    n = int(sizes.sum())
    if not n:
        return 0.0
    rest = sizes != population
    return (int(np.count_nonzero(~rest)) + math.fsum((sizes[rest] / population[rest]).tolist())) / n


def _attacker(
    name: Literal["prosecutor", "journalist", "marketer"],
    sizes: NDArray[np.int64],
    population: NDArray[np.int64],
    average: float,
    limit: Fraction,
) -> AttackerRisk:
    n = int(sizes.sum())
    if not n:
        return AttackerRisk(name, 0.0, 0.0, 0.0, 0)
    rows = int(sizes[population <= above(limit)].sum())
    return AttackerRisk(name, 1 / int(population.min()), average, rows / n, rows)
