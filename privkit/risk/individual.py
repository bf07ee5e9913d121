"""Individual risk with sampling weights (Benedetti and Franconi)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from privkit.risk.attackers import AttackerRisk

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

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
