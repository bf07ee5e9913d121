"""The risk report: prosecutor, journalist, marketer, individual risk, and uniques of the population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.anonymity.criterion import population_size
from privkit.anonymity.population_uniques import UniquenessEstimates, population_uniques
from privkit.errors import ColumnNotFoundError, ParameterError
from privkit.errors.anonymity import RoleConflictError
from privkit.errors.risk import PopulationError, WeightsError
from privkit.risk.attackers import (
    AttackerRisk,
    Threshold,
    individual,
    individual_risks,
    journalist,
    marketer,
    prosecutor,
    threshold_of,
)
from privkit.risk.copula import CopulaReport, copula_uniqueness
from privkit.tally.cells.coding import classes_of
from privkit.tally.cells.showing import series_of
from privkit.tally.classes import grouped_sizes
from privkit.tally.coded_classes import count_classes
from privkit.tally.engines.opening import lazy_engine
from privkit.tally.frame import column_names, open_frame
from privkit.tally.row_classes import row_classes, row_numbers
from privkit.tally.two_tables import paired
from privkit.values.arguments import public, typed
from privkit.values.show import Explorable, Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.classes import Tally


@public
@dataclass(frozen=True, eq=False, repr=False)
class RiskReport(Explorable, Plotted):
    """How likely it is that somebody is re-identified. Exact figures of raw data, for the owner's eyes; no release.

    Attributes
    ----------
    qi : tuple of str
        The quasi-identifiers.
    threshold : Threshold
        A row is at risk where its risk is above it, strictly. Being below one is no proof of anonymity.
    prosecutor, journalist, marketer : AttackerRisk
        Each with `highest`, `average` and `share_at_risk`. Without a table of the population, F >= f is all that is
        known: the journalist and the marketer are then bounded by F = f, the data as its own population.
    individual : AttackerRisk or None
        The risk of Benedetti and Franconi, where weights were given.
    uniqueness : UniquenessEstimates or None
        Estimates of the population's uniques by several models, where the population came as a number.
    n_rows, n_classes, n_unique : int
        n, u and the sample uniques; persons instead of rows where a unit was named.
    population : int or None
        N, where known.
    k_map : int or None
        min F over the classes of the data, as counted in the table of the population; 0 where it lacks one.
    population_unique : int or None
        Sample uniques that are alone in the table of the population too.
    classes_outside : int
        Classes of which the table of the population has fewer rows than the data. It is then no table of everybody;
        their F is taken to be f, which overstates the risk and never understates it.
    sizes : array of int64, shape (n_classes,)
        f.
    tally : Tally
        The classes. It holds their values, and the forms of this report show none of them.
    unit : str or None
        The column of persons.
    copula : CopulaReport or None
        Population uniqueness by the copula model, where it was asked for.
    """

    qi: tuple[str, ...]
    threshold: Threshold
    prosecutor: AttackerRisk
    journalist: AttackerRisk
    marketer: AttackerRisk
    individual: AttackerRisk | None
    uniqueness: UniquenessEstimates | None
    population: int | None
    k_map: int | None
    population_unique: int | None
    classes_outside: int
    sizes: NDArray[np.int64]
    tally: Tally
    unit: str | None = None
    copula: CopulaReport | None = None

    @property
    def n_rows(self) -> int:
        """How many rows were counted; persons in classes where a unit was named."""
        return int(self.sizes.sum())

    @property
    def n_classes(self) -> int:
        """How many equivalence classes there are."""
        return len(self.sizes)

    @property
    def n_unique(self) -> int:
        """Sample uniques: classes of size one."""
        return int((self.sizes == 1).sum())

    @property
    def share_unique(self) -> float:
        """The share of the rows that are sample uniques."""
        return self.n_unique / self.n_rows if self.n_rows else 0.0

    @property
    def attackers(self) -> tuple[AttackerRisk, ...]:
        """All the attackers that were assessed."""
        found = (self.prosecutor, self.journalist, self.marketer)
        return found if self.individual is None else (*found, self.individual)

    @property
    def exceeds(self) -> bool:
        """Whether a row's prosecutor risk, or the share of uniques, is above the threshold."""
        if self.threshold.measure == "uniqueness":
            return self.n_unique > self.threshold.value * self.n_rows
        return self.prosecutor.rows_at_risk > 0

    def to_frame(self) -> pd.DataFrame:
        """Return a row per attacker: `attacker`, `highest`, `average`, `share_at_risk`, `rows_at_risk`."""
        import pandas as pd

        names = ("attacker", "highest", "average", "share_at_risk", "rows_at_risk")
        return pd.DataFrame([{name: getattr(found, name) for name in names} for found in self.attackers], columns=names)


@typed
def risk(
    data: object,
    qi: str | Sequence[str],
    *,
    population: object = None,
    threshold: object = 0.2,
    unit: str | None = None,
    weights: str | None = None,
    copula: bool = False,
) -> RiskReport:
    """Tell how likely it is that somebody is re-identified, by three attackers.

    Of n rows in u classes, with f rows of a class in the data and F in the population (El Emam 2013):

    - prosecutor (knows that the person is in the data): 1/f; highest 1/min f, average u/n;
    - journalist (does not know): 1/F; highest 1/min F, average max(u / Σ F, Σ (f/F) / n);
    - marketer (links everybody): Σ (f/F) / n on average.

    Reads rows; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, or another that Narwhals reads.
    qi : str or sequence of str
        The quasi-identifiers: columns that others may know.
    population : int or dataframe, optional
        N, the number of persons from whom the data was drawn, for estimates of population uniques; or a table of all
        of them with the same columns, one row per person, for F. By default the data is its own population.
    threshold : float, str or Threshold
        A row is at risk above it, strictly: a class of 5 is not above 0.2. Or the name of a preset with its source:
        ``"cell_3"``, ``"cell_5"``, ``"cell_11"``, ``"cell_20"``, ``"ema_0070"``, and for the share of uniques
        ``"uniques_0"``, ``"uniques_5"``, ``"uniques_20"``.
    unit : str, optional
        A column of ids: f counts distinct persons (and F too, where the population has the column).
    weights : str, optional
        A column of sampling weights: adds the individual risk of Benedetti and Franconi, F estimated by their sum.
    copula : bool
        Adds the share of population uniques by the Gaussian copula of Rocher et al. 2019
        (:func:`privkit.risk.copula.copula_uniqueness`, which needs SciPy, the extra ``risk``); needs `population`.

    Returns
    -------
    RiskReport

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, LibraryRequiredError, ParameterError
    PopulationError
        If the population is smaller than the data.
    WeightsError
        If a weight is missing, infinite, zero or negative.
    LinkError
        If a column is of another kind in the population than in the data.
    RoleConflictError
        If `unit` or `weights` is one of the quasi-identifiers.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": list("abbccddd")})
    >>> report = risk(people, "zip", threshold=0.34)
    >>> report.prosecutor.highest, report.prosecutor.average, report.prosecutor.share_at_risk
    (1.0, 0.5, 0.625)
    """
    columns = _columns(data, qi, unit, weights)
    if copula and (population is None or unit is not None):
        rule = "the copula model needs the population's size, and one row per person."
        raise ParameterError.together(("copula", "population", "unit"), rule)
    limit = threshold_of(threshold)
    tally = count_classes(data, columns, unit=unit)
    f = tally.counts
    counted = _population_of(population, tally, unit)
    if counted.size is not None and counted.size < int(f.sum()):
        raise PopulationError.smaller(counted.size, int(f.sum()))
    big = f if counted.sizes is None else np.maximum(counted.sizes, f)
    return RiskReport(
        qi=columns,
        threshold=limit,
        prosecutor=prosecutor(f, limit.row_value),
        journalist=journalist(f, big, limit.row_value),
        marketer=marketer(f, big, limit.row_value),
        individual=None if weights is None else _individual(data, columns, weights, limit),
        uniqueness=population_uniques(f, counted.size) if counted.size and counted.sizes is None and len(f) else None,
        population=counted.size,
        k_map=counted.k_map,
        population_unique=None if counted.sizes is None else int(((f == 1) & (counted.sizes == 1)).sum()),
        classes_outside=0 if counted.sizes is None else int((counted.sizes < f).sum()),
        sizes=f,
        tally=tally,
        unit=unit,
        copula=copula_uniqueness(data, columns, population=counted.size) if copula and counted.size else None,
    )


def _columns(data: object, qi: str | Sequence[str], unit: object, weights: object) -> tuple[str, ...]:
    columns = column_names(qi, "qi")
    open_frame(data, columns, "qi")
    for argument, name in (("unit", unit), ("weights", weights)):
        if name is None:
            continue
        if not isinstance(name, str):
            raise ParameterError.of(argument, f"a {type(name).__name__}", "the name of one column")
        open_frame(data, (name,), argument)
        if name in columns:
            rest = [other for other in columns if other != name]
            raise RoleConflictError.of(name, ("qi", argument), f"Leave it out of qi: {rest!r}.")
    if unit is not None and weights is not None:
        rule = "weights= counts rows and unit= persons. Keep one row per person to use weights."
        raise ParameterError.together(("unit", "weights"), rule)
    return columns


@dataclass(frozen=True)
class _Counted:
    """The population: its size, and F of each class of the data where it came as a table."""

    size: int | None = None
    sizes: Any = None

    @property
    def k_map(self) -> int | None:
        return None if self.sizes is None or not len(self.sizes) else int(self.sizes.min())


def _population_of(population: object, tally: Tally, unit: str | None) -> _Counted:
    if population is None:
        return _Counted()
    if isinstance(population, int | float | str) or not hasattr(type(population), "columns"):
        size = population.item() if getattr(population, "shape", None) == () else population  # type: ignore[attr-defined]
        return _Counted(population_size(size))
    whole = _tally_of_population(population, tally.by, unit)
    both = paired(tally.keys, whole.keys, [(name, name) for name in tally.by])
    found = both.matches(missing=True)
    sizes = np.where(found.partner >= 0, whole.counts[found.partner] if whole.n_classes else 0, 0)
    return _Counted(int(whole.counts.sum()), sizes)


def _tally_of_population(population: object, columns: tuple[str, ...], unit: str | None) -> Tally:
    open_frame(population, columns, "population")
    if unit is not None:
        try:
            open_frame(population, (unit,), "population")
        except ColumnNotFoundError:
            unit = None
    return count_classes(population, columns, unit=unit)


def _individual(data: object, columns: tuple[str, ...], weights: str, limit: Threshold) -> AttackerRisk:
    if (engine := lazy_engine(data, (*columns, weights), "weights")) is not None:
        # One group-by: rows of two queries need not come in one order.
        table, rows = grouped_sizes(engine, (*columns, weights))
        class_of, first, _ = classes_of([table[name] for name in columns])
        sizes = np.bincount(class_of, weights=rows, minlength=len(first)).astype(np.int64)
        values = _weights(series_of(table[weights]), weights, rows) * rows
    else:
        values = _weights(row_numbers(data, weights, argument="weights"), weights)
        found = row_classes(data, columns, argument="qi")
        class_of, sizes = found.class_of, found.sizes
    expected = np.bincount(class_of, weights=values, minlength=len(sizes)).astype(np.float64)
    return individual(sizes, individual_risks(sizes, expected), limit.row_value)


def _weights(column: pd.Series, weights: str, rows: NDArray[np.int64] | int = 1) -> NDArray[np.float64]:
    import pandas as pd

    try:
        if pd.api.types.is_bool_dtype(column.dtype):
            raise TypeError
        values = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise WeightsError.type(weights, str(column.dtype)) from None
    missing, infinite = np.isnan(values), np.isinf(values)
    low = ~missing & ~infinite & (values <= 0)
    if missing.any() or infinite.any() or low.any():
        raise WeightsError.of(weights, *(int((bad * rows).sum()) for bad in (missing, infinite, low)))
    return values
