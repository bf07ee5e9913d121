"""A Gaussian copula with discrete marginals: fitted by mutual information, and the probability of its cells. SciPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors.library import LibraryRequiredError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: At most so many groups of a column when its dependence is measured, at least so many rows for a cell of two columns
#: (else mutual information is mostly bias), and nodes of the quadrature in each group.
_GROUPS, _ROWS, _NODES = 30, 10, 8
#: Points of the lattice that a cell is integrated with.
_POINTS = 1024
#: No correlation is taken to be nearer to 1.
_STRONGEST = 0.995


def special(function: str) -> Any:
    """Return SciPy's special functions, or say which extra brings them."""
    try:
        import scipy.special
    except ImportError:
        raise LibraryRequiredError.of(function, "SciPy", "risk") from None
    return scipy.special


@dataclass(frozen=True, eq=False)
class GaussianCopula:
    """Columns whose values are intervals of correlated normals.

    Attributes
    ----------
    edges : sequence of arrays of float64, shape (n_values + 1,)
        Of each column, the cumulated shares of its values in order, from 0 to 1.
    correlation : array of float64, shape (n_columns, n_columns)
    """

    edges: Sequence[Floats]
    correlation: Floats

    def cells(self, codes: Ints, function: str = "copula") -> Floats:
        """Return the probability of each combination of values.

        The rectangle probability of a multivariate normal by Genz 1992 (JCGS 1(2)): conditioning on one column after
        the other over the points of a Richtmyer lattice, the same for all cells.

        Parameters
        ----------
        codes : array of int64, shape (n_columns, n_cells)
        """
        sf = special(function)
        lower = np.linalg.cholesky(self.correlation)
        primes = np.array([2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71])
        lattice = (np.outer(np.arange(1, _POINTS + 1), np.sqrt(primes[: len(codes)])) + 0.5) % 1
        lattice = np.abs(2 * lattice - 1)  # the baker's transform, which makes the integrand periodic
        result = np.empty(codes.shape[1])
        for start in range(0, codes.shape[1], 256):
            block = codes[:, start : start + 256]
            drawn = np.zeros((len(codes), block.shape[1], _POINTS))
            weight = np.ones((block.shape[1], _POINTS))
            for place, own in enumerate(block):
                shift = np.tensordot(lower[place, :place], drawn[:place], axes=1) if place else 0.0
                low, high = (sf.ndtri(self.edges[place][own + step])[:, None] for step in (0, 1))
                below, above = (
                    sf.ndtr((low - shift) / lower[place, place]),
                    sf.ndtr((high - shift) / lower[place, place]),
                )
                weight *= above - below
                chosen = below + (above - below) * lattice[:, place]
                drawn[place] = sf.ndtri(np.clip(chosen, 1e-300, 1 - 1e-16))
            result[start : start + 256] = weight.mean(axis=1)
        return result


def fitted(columns: Sequence[Ints], function: str) -> GaussianCopula:
    """Fit a copula to columns of codes in the order of their values.

    The marginals are the shares of the values. The correlation of two columns is the one whose copula has their mutual
    information, less its bias on independent data (Miller and Madow), with the sign of the correlation of their ranks;
    made positive definite by its eigenvalues.
    """
    shares = [np.bincount(codes) / len(codes) for codes in columns]
    edges = [np.concatenate(([0.0], np.minimum(np.cumsum(share), 1.0))) for share in shares]
    for edge in edges:
        edge[-1] = 1.0
    grouped = [_grouped(codes, edge) for codes, edge in zip(columns, edges, strict=True)]
    correlation = np.eye(len(columns))
    for a in range(len(columns)):
        for b in range(a):
            correlation[a, b] = correlation[b, a] = _correlation(grouped[a], grouped[b], function)
    return GaussianCopula(edges, _positive(correlation))


def _grouped(codes: Ints, edges: Floats) -> Ints:
    """Return the codes in a few groups of neighbors of about equal weight."""
    groups = int(np.clip((len(codes) / _ROWS) ** 0.5, 2, _GROUPS))
    middle = (edges[1:] + edges[:-1]) / 2
    group = np.minimum((middle * groups).astype(np.int64), groups - 1)
    return np.unique(group, return_inverse=True)[1][codes]


def _correlation(a: Ints, b: Ints, function: str) -> float:
    rows, columns = int(a.max()) + 1, int(b.max()) + 1
    table = np.bincount(a * columns + b, minlength=rows * columns).astype(np.float64).reshape(rows, columns)
    if min(table.shape) < 2:
        return 0.0
    target = _information(table / len(a)) - ((table > 0).sum() - sum(table.shape) + 1) / (2 * len(a))
    if target <= 0:
        return 0.0
    low, high = 0.0, _STRONGEST
    for _ in range(22):
        middle = (low + high) / 2
        low, high = (middle, high) if _information(_cells(table, middle, function)) < target else (low, middle)
    return float(np.copysign(low, np.corrcoef(a, b)[0, 1]))


def _information(table: Floats) -> float:
    expected = np.outer(table.sum(axis=1), table.sum(axis=0))
    some = table > 0
    return float(np.sum(table[some] * np.log(table[some] / expected[some])))


def _cells(table: Floats, rho: float, function: str) -> Floats:
    """Return the cells of a bivariate copula with the table's marginals, by Gauss-Legendre in each row's interval."""
    sf = special(function)
    rows, columns = table.sum(axis=1) / table.sum(), table.sum(axis=0) / table.sum()
    starts = np.concatenate(([0.0], np.cumsum(rows)[:-1]))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    x = sf.ndtri(starts[:, None] + rows[:, None] * (nodes + 1) / 2)
    cuts = sf.ndtri(np.clip(np.concatenate(([0.0], np.cumsum(columns)[:-1], [1.0])), 0, 1))
    below = sf.ndtr((cuts - rho * x[:, :, None]) / np.sqrt(1 - rho**2))
    inside: Floats = np.tensordot(np.diff(below, axis=2), weights / 2, axes=([1], [0])) * rows[:, None]
    return inside


def _positive(correlation: Floats) -> Floats:
    values, vectors = np.linalg.eigh(correlation)
    mended = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    scale = np.sqrt(np.diag(mended))
    return np.asarray(mended / np.outer(scale, scale))
