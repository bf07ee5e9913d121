"""Uniqueness in the population by a copula model, person by person (Rocher, Hendrickx and de Montjoye)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors.risk import PopulationError, SearchLimitError
from privkit.risk.gaussian import fitted
from privkit.tally.frame import column_names
from privkit.tally.packed import column_codes
from privkit.tally.subsets import chosen_columns
from privkit.values.arguments import whole
from privkit.values.contribution import positive_int
from privkit.values.criteria.kmap import population_size
from privkit.values.show import Plotted
from privkit.values.typed import typed

if TYPE_CHECKING:
    import pandas as pd

#: Columns that the lattice of the integration has primes for.
_MOST_COLUMNS = 20


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
    data: object, qi: str | Sequence[str], *, population: int, rows: int = 1000, seed: int = 0
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
    function = "copula_uniqueness"
    size, wanted = population_size(population, function), positive_int(rows, function, "rows")
    by = column_names(qi, function, "qi")
    if len(by) > _MOST_COLUMNS:
        raise SearchLimitError.columns(function, len(by), _MOST_COLUMNS)
    table = chosen_columns(data, by, function, "qi")  # of all rows, also of a lazy frame: the model looks at each
    n_rows = len(table)
    if size < n_rows or not n_rows:
        raise PopulationError.smaller(function, size, n_rows)
    columns = [column_codes(table[name])[0] for name in by]
    random = np.random.default_rng(whole(seed, function, "seed"))
    drawn = np.sort(random.choice(n_rows, min(wanted, n_rows), replace=False))
    model = fitted(columns, function)
    # A person who is there has a cell of positive probability, whatever the integration's rounding says.
    p = np.clip(model.cells(np.array([codes[drawn] for codes in columns]), function), 1e-300, 1.0)
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
