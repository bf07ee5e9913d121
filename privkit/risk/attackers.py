"""The three attackers: how likely it is that a row is re-identified, by whom.

Individual risk with sampling weights (Benedetti and Franconi).
"""

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


#: Below this 1 - p, the risk is 1/f to 12 digits, and the formulas would cancel.
_NEAR_ONE = 1e-6


def individual_risks(sizes: NDArray[np.int64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    r"""Return the risk E[1/F | f] of each class, F following a negative binomial.

    With p = f / F̂ and q = 1 - p (Benedetti and Franconi 1998; the closed forms of Capobianchi, Polettini and Lucarelli
    2001, and for f > 2 their approximation): f = 1: (p/q) ln(1/p); f = 2: p/q - (p/q)² ln(1/p); f > 2: p / (f - q).
    Where p reaches 1 the population is the data, and the risk is 1/f.

    Parameters
    ----------
    sizes : array of int64, shape (n_classes,)
        f, rows of each class.
    expected : array of float64, shape (n_classes,)
        F̂, the sum of the weights of each class: how many persons of the population it is estimated to have.

    Examples
    --------
    >>> individual_risks(np.array([1, 2, 3]), np.array([10.0, 20.0, 30.0])).round(6).tolist()
    [0.255843, 0.082684, 0.047619]
    """
    f = sizes.astype(np.float64)
    p = np.minimum(f / expected, 1.0)
    q = 1 - p
    near = q < _NEAR_ONE
    safe_q = np.where(near, 0.5, q)
    ratio = np.where(near, 1.0, p / safe_q)
    log = -np.log(p)
    risk = p / (f - q)
    risk = np.where(sizes == 1, ratio * log, risk)
    # For small q the two terms of f = 2 cancel: (p/q)² ln(1/p) = p²/q (1 + q/2 + q²/3 + ...), so the risk is
    # p/q - p²/q - p²/2 - p² q/3 - ... = p - p²/2 - p² q/3 - ...
    series = p - p**2 * (1 / 2 + q / 3 + q**2 / 4 + q**3 / 5)
    risk = np.where(sizes == 2, np.where(q < 1e-3, series, ratio - ratio**2 * log), risk)
    return np.where(near, 1 / f, risk)


def individual(sizes: NDArray[np.int64], risks: NDArray[np.float64], limit: Fraction) -> AttackerRisk:
    """Return the highest and the average individual risk over the rows, and the share above the limit."""
    n = int(sizes.sum())
    if not n:
        return AttackerRisk("individual", 0.0, 0.0, 0.0, 0)
    rows = int(sizes[risks > float(limit)].sum())
    return AttackerRisk("individual", float(risks.max()), float((sizes * risks).sum() / n), rows / n, rows)
