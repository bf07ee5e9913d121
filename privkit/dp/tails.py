"""Tails of weighted sums of independent noise, bounded from above."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Weights closer than this are drawn apart, upwards.
_APART = 1.001


def laplace_quantile(weights: NDArray[np.float64], scale: float, alpha: float) -> NDArray[np.float64]:
    """Return h with P(|Σ wᵢ·Xᵢ| ≤ h) ≥ 1 − alpha for independent discrete Laplace Xᵢ, one h per row of weights.

    A discrete Laplace is a difference of two geometric variables, which are exponential ones rounded down; so it
    differs from a Laplace variable of the same scale, on the same probability space, by less than 1, and the sum by
    less than Σ|wᵢ|. For Laplace variables with distinct bᵢ = |wᵢ|·scale the characteristic function Π 1/(1 + bᵢ²t²)
    splits into partial fractions, so P(|S| > h) = Σ cᵢ·exp(−h/bᵢ) with cᵢ = Π_{j≠i} bᵢ² / (bᵢ² − bⱼ²). Weights too
    close to tell apart are raised by a thousandth: a sum of symmetric unimodal variables only spreads when one of
    them is stretched, so h errs to the wide side.

    Parameters
    ----------
    weights : array, shape (n, k)
    """
    slack = np.abs(weights).sum(axis=1)
    sizes = np.sort(np.abs(weights), axis=1)
    sizes[:, 0] = np.maximum(sizes[:, 0], sizes[:, -1] * 1e-6)
    for column in range(1, sizes.shape[1]):
        sizes[:, column] = np.maximum(sizes[:, column], sizes[:, column - 1] * _APART)
    squares = sizes**2
    shares = np.ones_like(sizes)
    for own in range(sizes.shape[1]):
        for other in range(sizes.shape[1]):
            if own != other:
                shares[:, own] *= squares[:, own] / np.where(
                    squares[:, own] == squares[:, other], 1, squares[:, own] - squares[:, other]
                )
    low, high = np.zeros(len(sizes)), sizes.sum(axis=1) * (np.log(1 / alpha) + 1) * 2
    for _ in range(60):
        middle = (low + high) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            tail = (shares * np.exp(-middle[:, None] / sizes)).sum(axis=1)
        missing = tail > alpha
        low, high = np.where(missing, middle, low), np.where(missing, high, middle)
    return np.where(slack > 0, high * scale + slack, 0.0)


def gaussian_quantile(weights: NDArray[np.float64], scale: float, alpha: float) -> NDArray[np.float64]:
    """Return h with P(|Σ wᵢ·Xᵢ| ≤ h) ≥ 1 − alpha for independent discrete Gaussian Xᵢ, one h per row of weights.

    A discrete Gaussian X has P(X ≥ m) ≤ P(N ≥ m − 1) for the Gaussian N of the same scale (Canonne, Kamath and Steinke
    2020, proposition 25), on both sides; so both can stand on one probability space with |X − N| ≤ 1, and the sum
    differs by at most Σ|wᵢ| from a Gaussian of deviation scale·√Σwᵢ².

    Parameters
    ----------
    weights : array, shape (n, k)
    """
    z = NormalDist().inv_cdf(1 - alpha / 2)
    widths: NDArray[np.float64] = z * scale * np.sqrt((weights**2).sum(axis=1)) + np.abs(weights).sum(axis=1)
    return widths
