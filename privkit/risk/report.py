"""The risk report: prosecutor, journalist, marketer, individual risk, and uniques of the population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.anonymity.crowds import Crowds
from privkit.anonymity.population_uniques import UniquenessEstimates, population_uniques
from privkit.anonymity.reports import population_size
from privkit.errors import ColumnNotFoundError, ParameterError
from privkit.errors.anonymity import RoleConflictError
from privkit.errors.risk import PopulationError
from privkit.errors.root import type_told
from privkit.risk.attackers import AttackerRisk, Seen, Threshold, threshold_of
from privkit.risk.copula import CopulaReport, copula_uniqueness
from privkit.risk.records import HouseholdRisk, Placed, Records
from privkit.tally.coded_classes import count_classes, counted_rows
from privkit.tally.frame import column_names, open_frame
from privkit.tally.two_tables import paired
from privkit.values.arguments import public, typed
from privkit.values.show import Explorable, Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.classes import Tally
    from privkit.values.inputs import Frame, Quantity


@public
@dataclass(frozen=True, eq=False, repr=False)
class RiskReport(Explorable, Plotted):
    """How likely it is that somebody is re-identified. Exact figures of raw data, for the owner's eyes; no release.

    Attributes
    ----------
    qi : tuple of str
        The quasi-identifiers.
    threshold : Threshold
        A row is at risk where its risk is above it, strictly, and a person where one of its rows is. Being below one is
        no proof of anonymity.
    prosecutor, journalist, marketer : AttackerRisk
        Each with `highest`, `average` and `share_at_risk`. Without a table of the population, F >= f is all that is
        known: the journalist and the marketer are then bounded by F = f, the data as its own population.
    individual : AttackerRisk or None
        The risk of Benedetti and Franconi, where weights were given.
    uniqueness : UniquenessEstimates or None
        Estimates of the population's uniques by several models, where the population came as a number.
    n_rows, n_classes : int
        n and u.
    n_persons : int or None
        Where a unit was named. Rows without an id are one person of their class together: another one in each class.
    n_unique : int
        Sample uniques: rows that are alone in their class; persons who are in one of theirs, where a unit was named.
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
        f: rows of each class, or persons.
    tally : Tally
        The classes. It holds their values, and the forms of this report show none of them.
    unit, weights : str or None
        The columns of persons and of weights.
    household : HouseholdRisk or None
        The risk of households, where they were named.
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
    crowds: Crowds
    unit: str | None
    weights: str | None
    household: HouseholdRisk | None
    copula: CopulaReport | None
    _big: NDArray[np.int64]
    _placed: Placed
    _records: Records | None

    @property
    def n_rows(self) -> int:
        """How many rows were counted."""
        return self.tally.n_rows

    @property
    def n_persons(self) -> int | None:
        """How many persons there are; None where no unit was named."""
        return None if self.tally.members is None else self.tally.members.n_persons

    @property
    def n_counted(self) -> int:
        """How many persons there are where a unit was named, else rows: whom the shares are of."""
        return self.crowds.total

    @property
    def n_classes(self) -> int:
        """How many equivalence classes there are."""
        return len(self.sizes)

    @property
    def n_unique(self) -> int:
        """Sample uniques: rows, or persons, that are alone in a class."""
        return self.crowds.alone

    @property
    def share_unique(self) -> float:
        """The share of the rows, or of the persons, that are sample uniques."""
        return self.n_unique / self.n_counted if self.n_counted else 0.0

    @property
    def attackers(self) -> tuple[AttackerRisk, ...]:
        """All the attackers that were assessed."""
        found = (self.prosecutor, self.journalist, self.marketer)
        return found if self.individual is None else (*found, self.individual)

    @property
    def exceeds(self) -> bool:
        """Whether a row's prosecutor risk, or the share of uniques, is above the threshold."""
        if self.threshold.measure == "uniqueness":
            return self.n_unique > self.threshold.value * self.n_counted
        return self.prosecutor.rows_at_risk > 0

    def to_frame(self) -> pd.DataFrame:
        """Return a row per attacker: `attacker`, `highest`, `average`, `share_at_risk`, `rows_at_risk`.

        With a unit, `average` and `share_at_risk` are of persons, and `persons_at_risk`, `row_average` and
        `row_share_at_risk` are added.
        """
        import pandas as pd

        names = ["attacker", "highest", "average", "share_at_risk", "rows_at_risk"]
        if self.unit is not None:
            names += ["persons_at_risk", "row_average", "row_share_at_risk"]
        return pd.DataFrame([{name: getattr(found, name) for name in names} for found in self.attackers], columns=names)

    def records(self) -> pd.DataFrame:
        """Return a row for each row of the table, under its label: how large its class is, and its risk.

        For the owner's eyes: it tells which rows are at risk, though no cell values. The columns are `class_size` (rows
        of the class) and `risk` (1 over it; with a unit over `persons`, the persons of the class, where `person_risk`
        is the highest of the person's rows); where they are known `population` (F) with `journalist_risk` (1/F),
        `individual_risk` and `household_risk`.

        Raises
        ------
        FrameError
            For a lazy frame, whose rows were not fetched and have no order.
        """
        import pandas as pd

        class_of, of_person, index = self._placed.rows()
        found: dict[str, Any] = {"class_size": self.tally.sizes[class_of]}
        if of_person is not None:
            found["persons"] = self.sizes[class_of]
        found["risk"] = 1 / self.sizes[class_of]
        if of_person is not None:
            found["person_risk"] = of_person
        if self.k_map is not None:
            found |= {"population": self._big[class_of], "journalist_risk": 1 / self._big[class_of]}
        if self.individual is not None and self._records is not None:
            found["individual_risk"] = self._records.class_risks[self._records.class_of]
        if self.household is not None and self._records is not None:
            found["household_risk"] = self._records.household_risks
        return pd.DataFrame(found, index=index)


@typed
def risk(
    data: Frame,
    qi: str | Sequence[str],
    *,
    population: Frame | int | None = None,
    threshold: Quantity | str | Threshold = 0.2,
    unit: str | None = None,
    weights: str | None = None,
    household: str | None = None,
    copula: bool = False,
) -> RiskReport:
    """Tell how likely it is that somebody is re-identified, by three attackers.

    Of n rows in u classes, with f rows of a class in the data and F in the population (El Emam 2013):

    - prosecutor (knows that the person is in the data): 1/f; highest 1/min f, average u/n;
    - journalist (does not know): 1/F; highest 1/min F, average max(u / Σ F, Σ (f/F) / n);
    - marketer (links everybody): Σ (f/F) / n on average.

    With `unit`, f and F count distinct persons, each person's risk is the highest of its rows', and averages and shares
    are of persons; those of rows are given as well.

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
        A column of ids: f counts distinct persons (and F too, where the population has the column). A person is at
        risk if any of its rows is. Rows without an id are one person of their class together.
    weights : str, optional
        A column of sampling weights: adds the individual risk of Benedetti and Franconi, F estimated by their sum.
    household : str, optional
        A column of households: adds the risk that somebody of the household is found, 1 - Π (1 - r) over its members
        (:class:`privkit.risk.records.HouseholdRisk`), r being their individual risks where there are weights, else
        1/f; of persons where there is a unit.
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
        If `unit`, `weights` or `household` is one of the quasi-identifiers, or two of them are one column.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": list("abbccddd")})
    >>> report = risk(people, "zip", threshold=0.34)
    >>> report.prosecutor.highest, report.prosecutor.average, report.prosecutor.share_at_risk
    (1.0, 0.5, 0.625)
    """
    columns = _columns(data, qi, {"unit": unit, "weights": weights, "household": household})
    if copula and (population is None or unit is not None):
        rule = "the copula model needs the population's size, and one row per person."
        raise ParameterError.together(("copula", "population", "unit"), rule)
    limit = threshold_of(threshold)
    tally, keys = counted_rows(data, columns, unit=unit)
    f, members = tally.counts, tally.members
    counted, least = _population_of(population, tally, unit), int(f.sum()) if members is None else members.n_known
    if counted.size is not None and counted.size < least:
        raise PopulationError.smaller(counted.size, least)
    big = f if counted.sizes is None else np.maximum(counted.sizes, f)
    here, there = Seen.of(tally, f), Seen.of(tally, big, counted.persons)
    asked = None if weights is None is household else Records.of(data, columns, unit, household, weights)
    estimated = counted.size and counted.sizes is None and len(f)
    return RiskReport(
        qi=columns,
        threshold=limit,
        prosecutor=here.prosecutor(limit.row_value),
        journalist=there.journalist(limit.row_value),
        marketer=there.marketer(limit.row_value),
        individual=None if asked is None or weights is None else asked.individual(limit.row_value),
        uniqueness=population_uniques(f, counted.size, members) if estimated and counted.size else None,
        population=counted.size,
        k_map=counted.k_map,
        population_unique=None if counted.sizes is None else _unique(tally, (f == 1) & (counted.sizes == 1)),
        classes_outside=0 if counted.sizes is None else int((counted.sizes < f).sum()),
        sizes=f,
        tally=tally,
        crowds=here.rows if here.persons is None else here.persons,
        unit=unit,
        weights=weights,
        household=None if asked is None or household is None else asked.household(household, limit.row_value),
        copula=copula_uniqueness(data, columns, population=counted.size) if copula and counted.size else None,
        _big=big,
        _placed=Placed(tally, keys, data if keys is None else data.index, unit),  # type: ignore[union-attr]
        _records=asked,
    )


def _unique(tally: Tally, classes: NDArray[np.bool_]) -> int:
    """Return how many rows, or persons, are in classes of one."""
    return int(classes.sum() if tally.members is None else np.count_nonzero(tally.members.among(classes)))


def _columns(data: object, qi: str | Sequence[str], others: dict[str, str | None]) -> tuple[str, ...]:
    columns = column_names(qi, "qi")
    open_frame(data, columns, "qi")
    role: dict[str, str] = dict.fromkeys(columns, "qi")
    for argument, name in others.items():
        if name is None:
            continue
        if not isinstance(name, str):
            raise ParameterError.of(argument, type_told(name), "the name of one column")
        open_frame(data, (name,), argument)
        if name in columns:
            raise RoleConflictError.among(name, argument, columns)
        if name in role:
            raise RoleConflictError.of(name, (role[name], argument), "Each names a column of its own.")
        role[name] = argument
    if others["unit"] is not None and others["weights"] is not None:
        rule = "weights= counts rows and unit= persons. Keep one row per person to use weights."
        raise ParameterError.together(("unit", "weights"), rule)
    return columns


@dataclass(frozen=True)
class _Counted:
    """The population: its size, and where it came as a table F of each class of the data, and its persons' crowds."""

    size: int | None = None
    sizes: Any = None
    persons: Crowds | None = None

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
    if whole.members is None:
        return _Counted(whole.n_rows, sizes, Crowds(sizes[sizes > 0], sizes[sizes > 0]))
    known = found.partner[found.partner >= 0]
    persons = Crowds.of_persons(whole.members.ordered(known), whole.counts[known])
    return _Counted(whole.members.n_persons, sizes, persons)


def _tally_of_population(population: object, columns: tuple[str, ...], unit: str | None) -> Tally:
    open_frame(population, columns, "population")
    if unit is not None:
        try:
            open_frame(population, (unit,), "population")
        except ColumnNotFoundError:
            unit = None
    return count_classes(population, columns, unit=unit)
