"""Uniqueness in the population by a copula model, person by person (Rocher, Hendrickx and de Montjoye).

A Gaussian copula with discrete marginals: fitted by mutual information, and the probability of its cells. SciPy.

The probability that a person is unique in a population, from the probability of the person's values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.anonymity.reports import population_size
from privkit.errors import ParameterError
from privkit.errors.engines import LibraryRequiredError
from privkit.errors.risk import PopulationError, SearchLimitError
from privkit.tally.codes import column_codes
from privkit.tally.frame import column_names
from privkit.tally.row_classes import chosen_columns
from privkit.values.arguments import positive_int, public, typed, whole
from privkit.values.show import Plotted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from privkit.values.inputs import Frame

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


#: At most so many groups of a column when its dependence is measured, at least so many rows for a cell of two columns
#: (else mutual information is mostly bias), and nodes of the quadrature in each group.
_GROUPS, _ROWS, _NODES = 30, 10, 8
#: Points of the lattice that a cell is integrated with.
_POINTS = 1024
#: No correlation is taken to be nearer to 1.
_STRONGEST = 0.995


def special() -> Any:
    """Return SciPy's special functions, or say which extra brings them."""
    try:
        import scipy.special
    except ImportError:
        raise LibraryRequiredError.of("SciPy", "risk") from None
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

    def cells(self, codes: Ints) -> Floats:
        """Return the probability of each combination of values.

        The rectangle probability of a multivariate normal by Genz 1992 (JCGS 1(2)): conditioning on one column after
        the other over the points of a Richtmyer lattice, the same for all cells.

        Parameters
        ----------
        codes : array of int64, shape (n_columns, n_cells)
        """
        sf = special()
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


def fitted(columns: Sequence[Ints]) -> GaussianCopula:
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
            correlation[a, b] = correlation[b, a] = _correlation(grouped[a], grouped[b])
    return GaussianCopula(edges, _positive(correlation))


def _grouped(codes: Ints, edges: Floats) -> Ints:
    """Return the codes in a few groups of neighbors of about equal weight."""
    groups = int(np.clip((len(codes) / _ROWS) ** 0.5, 2, _GROUPS))
    middle = (edges[1:] + edges[:-1]) / 2
    group = np.minimum((middle * groups).astype(np.int64), groups - 1)
    return np.unique(group, return_inverse=True)[1][codes]


def _correlation(a: Ints, b: Ints) -> float:
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
        low, high = (middle, high) if _information(_cells(table, middle)) < target else (low, middle)
    return float(np.copysign(low, np.corrcoef(a, b)[0, 1]))


def _information(table: Floats) -> float:
    expected = np.outer(table.sum(axis=1), table.sum(axis=0))
    some = table > 0
    return float(np.sum(table[some] * np.log(table[some] / expected[some])))


def _cells(table: Floats, rho: float) -> Floats:
    """Return the cells of a bivariate copula with the table's marginals, by Gauss-Legendre in each row's interval."""
    sf = special()
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


#: Columns that the lattice of the integration has primes for.
_MOST_COLUMNS = 20


@public
@dataclass(frozen=True, eq=False, repr=False)
class CopulaReport(Plotted):
    """How many of a sample of rows are likely to be unique in the population, by a model. An estimate; no release.

    The model is a Gaussian copula with the table's marginals: it knows nothing of values that the table lacks, and
    values without an order get one (theirs, sorted). All figures stand and fall with it: on tables drawn from such a
    model it is right to a few percent, but of Adult's nine columns, most without an order, it took 73 % of the rows to
    be unique where 51 % are.

    Attributes
    ----------
    qi : tuple of str
    population : int
        N.
    n_rows : int
        Rows of the data.
    sampling_fraction : float
        n / N.
    per_row : pandas.DataFrame
        For the rows drawn, with their labels: `cell` (the modelled probability of their values), `uniqueness`
        ξ = (1 - p)^(N - 1) and `correctness` κ = (1 - (1 - p)^N) / (N p) of a match. No values.
    """

    qi: tuple[str, ...]
    population: int
    n_rows: int
    sampling_fraction: float
    per_row: pd.DataFrame
    model: str = "Gaussian copula with discrete marginals (Rocher, Hendrickx and de Montjoye 2019)"

    @property
    def uniqueness(self) -> float:
        """The expected share of persons who are unique in the population: the mean ξ of the rows drawn."""
        return float(self.per_row["uniqueness"].mean())

    @property
    def correctness(self) -> float:
        """The expected share of matches that are right: the mean κ."""
        return float(self.per_row["correctness"].mean())

    @property
    def error(self) -> float:
        """The half-width at 95 % of `uniqueness` from drawing rows alone; of the model's own error it tells nothing."""
        n = len(self.per_row)
        return 1.96 * float(self.per_row["uniqueness"].std()) / n**0.5 if n > 1 else 1.0

    def to_frame(self) -> pd.DataFrame:
        """Return `per_row`."""
        return self.per_row.copy()


@typed
def copula_uniqueness(
    data: Frame, qi: str | Sequence[str], *, population: int, rows: int = 1000, seed: int = 0
) -> CopulaReport:
    """Estimate how likely people are to be unique in the population, by a Gaussian copula (Rocher et al. 2019).

    Needs SciPy (the extra ``risk``). Reads rows; spends nothing. For a row whose values have probability p under the
    model, nobody else among N has them with probability (1 - p)^(N - 1) (Nature Communications 10:3069).

    Parameters
    ----------
    data : dataframe
        A simple random sample of the population. Of a lazy frame the named columns of all rows are fetched.
    qi : str or sequence of str
        At most 20 columns.
    population : int
        N.
    rows : int
        How many rows are drawn for the estimate; all of them where there are fewer.
    seed : int
        Of the draw.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, LibraryRequiredError, ParameterError
    PopulationError, SearchLimitError
    """
    size, wanted = population_size(population), positive_int(rows, "rows")
    by = column_names(qi, "qi")
    if len(by) > _MOST_COLUMNS:
        raise SearchLimitError.columns(len(by), _MOST_COLUMNS)
    table = chosen_columns(data, by, "qi")  # of all rows, also of a lazy frame: the model looks at each
    n_rows = len(table)
    if size < n_rows or not n_rows:
        raise PopulationError.smaller(size, n_rows)
    columns = [column_codes(table[name])[0] for name in by]
    random = np.random.default_rng(whole(seed, "seed"))
    drawn = np.sort(random.choice(n_rows, min(wanted, n_rows), replace=False))
    model = fitted(columns)
    # A person who is there has a cell of positive probability, whatever the integration's rounding says.
    p = np.clip(model.cells(np.array([codes[drawn] for codes in columns])), 1e-300, 1.0)
    return CopulaReport(by, size, n_rows, n_rows / size, _frame(p, size, table.index[drawn]))


def _frame(p: np.ndarray, size: int, index: pd.Index) -> pd.DataFrame:
    import pandas as pd

    with np.errstate(divide="ignore"):
        log = np.log1p(-p)
    # κ is 1 - (N - 1) p / 2 + ... for tiny p, where the quotient loses its digits.
    exact = -np.expm1(size * log) / (size * p)
    correctness = np.where(size * p < 1e-8, 1.0, exact)
    with np.errstate(invalid="ignore"):
        uniqueness = np.where(p >= 1, float(size == 1), np.exp((size - 1) * log))
    return pd.DataFrame({"cell": p, "uniqueness": uniqueness, "correctness": correctness}, index=index)


@dataclass(frozen=True, slots=True)
class PersonUniqueness:
    """How likely a match with one person is to be the right one (Rocher, Hendrickx and de Montjoye 2019).

    Attributes
    ----------
    uniqueness : float
        ξ = (1 - p)^(n - 1): the probability that nobody else in the population has the person's values.
    correctness : float
        κ = (1 - (1 - p)^n) / (n p): the probability that a match is the person.
    """

    uniqueness: float
    correctness: float


@typed
def person_uniqueness(p: float, population: int) -> PersonUniqueness:
    """Return how likely somebody is to be unique in a population whose members have the same values with probability p.

    Reads no rows. p is the probability of one cell of a model of the population, such as a Gaussian copula with
    discrete marginals fitted to the sample: Rocher, Hendrickx and de Montjoye 2019, Nature Communications 10:3069.
    Everything rests on that model: p for rare values is an extrapolation.

    Parameters
    ----------
    p : float
        Above 0, at most 1.
    population : int
        n, the persons of the population.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> person = person_uniqueness(1e-9, 330_000_000)
    >>> round(person.uniqueness, 6), round(person.correctness, 6)
    (0.718924, 0.851746)
    """
    if isinstance(p, bool) or not isinstance(p, int | float) or not 0 < p <= 1:
        raise ParameterError.of(
            "p", str(p) if isinstance(p, int | float) else type(p).__name__, "a probability above 0 and at most 1"
        )
    n = population if isinstance(population, int) and population > 2**31 else positive_int(population, "population")
    if p == 1:
        return PersonUniqueness(1.0 if n == 1 else 0.0, 1 / n)
    log = math.log1p(-p)
    return PersonUniqueness(math.exp((n - 1) * log), -math.expm1(n * log) / (n * p))
