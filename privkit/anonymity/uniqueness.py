"""How many persons of a population are unique in it, estimated from the class sizes of a sample.

Estimates, not bounds: "no single estimator performed well across all conditions" (Dankar et al. 2012, abstract).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from privkit.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

Model = Literal["Pitman", "Zayatz", "SNB", "none needed"]


@dataclass(frozen=True, slots=True)
class Uniqueness:
    """An estimate of the persons that are unique in the population.

    Attributes
    ----------
    uniques : float
        How many.
    population : int
        The persons in the population.
    fraction : float
        The sampling fraction n / N.
    model : str
        The model that gave the estimate.
    """

    uniques: float
    population: int
    fraction: float
    model: Model

    @property
    def share(self) -> float:
        """The share of the population, 0 to 1."""
        return self.uniques / self.population


def population_uniqueness(sizes: Ints, population: int, function: str) -> Uniqueness:
    """Estimate the population's uniques by the decision rule of Dankar, El Emam, Neisa and Roffey 2012.

    At a sampling fraction of at most 0.1 the Pitman model, Zayatz's where that has no solution; above it the smaller of
    the slide negative binomial model (SNB) and Zayatz's, Zayatz's where SNB has none. A sample without uniques gives 0.

    Parameters
    ----------
    sizes : array of int64, shape (n_classes,)
        The class sizes of the sample.
    population : int
        Persons in the population, at least the sample's rows.
    function : str
        Who asks, for the error.

    Raises
    ------
    ParameterError
        If the population is smaller than the sample.

    Examples
    --------
    >>> sizes = np.repeat([1, 2, 3, 4, 10], [60, 10, 4, 3, 2])
    >>> estimate = population_uniqueness(sizes, 2300, "check")
    >>> estimate.model, round(estimate.uniques, 4)
    ('Pitman', 385.1002)
    """
    n = int(sizes.sum())
    if n > population:
        raise ParameterError.of(function, "population", str(population), f"at least the table's number of rows, {n}")
    fraction = n / population
    if not (sizes == 1).any():
        return Uniqueness(0.0, population, fraction, "none needed")
    if n == population:
        return Uniqueness(float((sizes == 1).sum()), population, fraction, "none needed")
    zayatz_estimate = zayatz(sizes, population)
    found = pitman(sizes, population) if fraction <= 0.1 else slide_negative_binomial(sizes, population)
    name: Model = "Pitman" if fraction <= 0.1 else "SNB"
    # More uniques than persons is no solution either.
    if found is None or found > population or (fraction > 0.1 and zayatz_estimate < found):
        found, name = zayatz_estimate, "Zayatz"
    return Uniqueness(found, population, fraction, name)


def zayatz(sizes: Ints, population: int) -> float:
    """Return Zayatz's estimate s1 P / π, P = s1 H(1) / Σj sj H(j) (Dankar et al. 2012, appendix A).

    H(j) is the hypergeometric probability that just one of j persons is sampled,
    j n/N Π_{i<j} (N - n - i + 1) / (N - i).
    """
    n = int(sizes.sum())
    found, classes = np.unique(sizes, return_counts=True)
    i = np.arange(1, int(found.max()), dtype=np.float64)
    with np.errstate(divide="ignore"):
        logs = np.log(np.maximum(population - n - i + 1, 0)) - np.log(population - i)
    products = np.exp(np.concatenate(([0.0], np.cumsum(logs))))[found - 1]
    weights = classes * found * products  # of each size; n/N cancels
    singles = float(classes[found == 1].sum())
    probability = singles / float(weights.sum())
    return singles * probability * population / n


def pitman(sizes: Ints, population: int) -> float | None:
    """Return the estimate Γ(θ+1) / Γ(θ+α) N^α of Pitman's model (Hoshino 2001); None where it has no solution.

    θ and α maximize the likelihood
    Π_{i<u} (θ + iα) / Π_{i<n} (θ + i) · Π_j [Π_{l<j} (l - α)]^{sj}; at the boundary α = 0 the estimate is θ.
    """
    fitted = fit_pitman(sizes)
    if fitted is None:
        return None
    theta, alpha = fitted
    if alpha == 0:
        return theta
    return math.exp(math.lgamma(theta + 1) - math.lgamma(theta + alpha) + alpha * math.log(population))


def fit_pitman(sizes: Ints) -> tuple[float, float] | None:
    """Return (θ, α) of the greatest likelihood; None where it has none in the model's range."""
    n, u = int(sizes.sum()), len(sizes)
    if u in (1, n):  # one class, or all alone: the likelihood grows to the border α = 1 or falls from it
        return None
    larger = u - np.cumsum(np.bincount(sizes))[1:-1]  # classes of more than l rows, l = 1, 2, ...
    steps = np.arange(1, len(larger) + 1, dtype=np.float64)

    def slope(alpha: float) -> float:
        theta = _theta(alpha, n, u)
        # Σ i / (θ + iα), whose closed form cancels near α = 0
        above = (u - 1 - theta * _reciprocals(theta, alpha, u)) / alpha if alpha else u * (u - 1) / 2 / theta
        return above - float((larger / (steps - alpha)).sum())

    low, high = 0.0, 1 - 1e-9
    if slope(low) <= 0:
        return _theta(0.0, n, u), 0.0
    if slope(high) >= 0:
        return None
    alpha = _root(slope, low, high)
    return _theta(alpha, n, u), alpha


def _theta(alpha: float, n: int, u: int) -> float:
    """Return the θ > -α at which the likelihood is stationary for a given α; the left side falls from +∞ to below 0."""

    def slope(theta: float) -> float:
        return _reciprocals(theta, alpha, u) - (_digamma(theta + n) - _digamma(theta + 1))

    low, high = -alpha * (1 - 1e-12) if alpha else 1e-12, 1.0
    while slope(high) > 0 and high < 1e15:
        high *= 4
    return _root(slope, low, high)


def _reciprocals(theta: float, alpha: float, u: int) -> float:
    """Return Σ_{i=1}^{u-1} 1 / (θ + iα)."""
    if alpha == 0:
        return (u - 1) / theta
    return (_digamma(theta / alpha + u) - _digamma(theta / alpha + 1)) / alpha


def _digamma(x: float) -> float:
    """Return ψ(x) for x > 0, to 14 digits: recurrence up to 12, then the asymptotic series."""
    shift = 0.0
    while x < 12:
        shift -= 1 / x
        x += 1
    y = 1 / (x * x)
    tail = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * (691 / 32760 - y / 12))))))
    return shift + math.log(x) - 0.5 / x - tail


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function that falls from above to below 0 meets it, by bisection to the last digits."""
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if function(middle) > 0 else (low, middle)
    return (low + high) / 2


def slide_negative_binomial(sizes: Ints, population: int) -> float | None:
    """Return the estimate K b^a of the slide negative binomial model; None where it has no solution.

    A class of the population has 1 + NB(a, b) persons. With π = n/N, q = 1 - b, w = 1 - π, h = 1 - qw the expected
    numbers of sampled classes of one and of two rows are
    s1 = Kπ (b/h)^a (1 + aqw/h) and s2 = K a b^a π² q (2 - (1-a)qw) / (2 h^(a+2)); they are solved for a and b, with K,
    the population's classes, after Shlosser (Haas and Stokes 1998).
    """
    pi = int(sizes.sum()) / population
    total = _shlosser(sizes, pi)
    ones, twos = int((sizes == 1).sum()), int((sizes == 2).sum())
    if total is None or not twos:
        return None
    model = _SlideNegativeBinomial(total, pi, ones, twos)
    for upper in (True, False):
        b = model.solved(upper)
        if b is not None:
            a = model.shape(b, upper)
            assert a is not None  # solved
            return float(total * b**a)
    return None


@dataclass(frozen=True, slots=True)
class _SlideNegativeBinomial:
    """The two equations of the model for given K, π, s1, s2."""

    total: float
    pi: float
    ones: int
    twos: int

    def shape(self, b: float, upper: bool) -> float | None:
        """Return the a that gives s1 at `b`. Its logarithm is concave in a: two such a, one, or none."""
        w, q = 1 - self.pi, 1 - b
        h = 1 - q * w

        def gap(a: float) -> float:
            return math.log(self.total * self.pi / self.ones) + a * math.log(b / h) + math.log1p(a * q * w / h)

        top = max(0.0, -1 / math.log(b / h) - h / (q * w))
        if gap(top) < 0 or (not upper and gap(0.0) > 0):
            return None
        if not upper:
            return _root(lambda a: -gap(a), 0.0, top)
        high = top + 1
        while gap(high) > 0 and high < 1e9:
            high *= 2
        return _root(gap, top, high)

    def excess(self, b: float, upper: bool) -> float:
        """Return the expected s2 at `b` less the observed one; NaN where no a gives s1."""
        a = self.shape(b, upper)
        if a is None:
            return math.nan
        w, q = 1 - self.pi, 1 - b
        h = 1 - q * w
        logs = a * math.log(b) - (a + 2) * math.log(h)
        return self.total * a * math.exp(logs) * self.pi**2 * q * (2 - (1 - a) * q * w) / 2 - self.twos

    def solved(self, upper: bool) -> float | None:
        """Return the least b that solves both equations, on a grid and then by bisection."""
        grid = [*np.geomspace(1e-6, 0.1, 60).tolist(), *np.linspace(0.1, 1 - 1e-6, 60)[1:].tolist()]
        grid = sorted({*grid, *(edge for pair in itertools.pairwise(grid) for edge in self._edges(*pair, upper))})
        values = [self.excess(b, upper) for b in grid]
        for low, high, left, right in zip(grid, grid[1:], values, values[1:], strict=False):
            if left * right <= 0:
                sign = math.copysign(1, left)
                return _root(lambda b: sign * self.excess(b, upper), low, high)  # noqa: B023  # used at once
        return None

    def _edges(self, low: float, high: float, upper: bool) -> list[float]:
        """Return where, between two b, an a begins or ceases to exist: there the upper and the lower a meet."""
        exists = self.shape(low, upper) is not None
        if exists == (self.shape(high, upper) is not None):
            return []
        for _ in range(100):
            middle = (low + high) / 2
            if middle in (low, high):
                break
            low, high = (middle, high) if (self.shape(middle, upper) is not None) == exists else (low, middle)
        return [low if exists else high]


def _shlosser(sizes: Ints, pi: float) -> float | None:
    """Return the number of classes in the population: Shlosser's estimator as Haas and Stokes 1998 modify it."""
    found, classes = np.unique(sizes, return_counts=True)
    i, s = found.astype(np.float64), classes.astype(np.float64)
    ones = float(s[found == 1].sum())
    first = (i * pi**2 * (1 - pi**2) ** (i - 1) * s).sum() / (s * (1 - pi) ** i * ((1 + pi) ** i - 1)).sum()
    second = ((1 - pi) ** i * s).sum() / (i * pi * (1 - pi) ** (i - 1) * s).sum()
    total = float(len(sizes) + ones * first * second**2)
    return total if math.isfinite(total) else None
