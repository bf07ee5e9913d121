"""Records: the rows of a table, or their combinations in an engine, with what the classes alone do not tell.

Household risk: whoever recognizes one member of a household has found all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors import FrameError
from privkit.errors.risk import WeightsError
from privkit.risk.attackers import AttackerRisk, individual, individual_risks
from privkit.tally.cells.coding import classes_of
from privkit.tally.cells.showing import series_of
from privkit.tally.class_values import matches
from privkit.tally.classes import Members, grouped_sizes
from privkit.tally.coded_classes import counted_rows
from privkit.tally.codes import distinct, factorized
from privkit.tally.frame import lazy_engine
from privkit.tally.row_classes import chosen_columns, row_classes

if TYPE_CHECKING:
    from fractions import Fraction

    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.classes import Tally
    from privkit.tally.coded_classes import RowKeys

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HouseholdRisk:
    """The risk that at least one member of a household is re-identified, and with him the others.

    With r of each member, taken as independent, a household's risk is 1 - Π (1 - r): the hierarchical risk of Templ,
    Kowarik and Meindl 2015 (JSS 67(4)). It is that of each of its members. Rows without a household stand
    for themselves.

    Attributes
    ----------
    column : str
        The column of households.
    n_households : int
        How many there are; rows without one are none.
    expected_alone : float
        Σ r: how many members are expected to be re-identified, each by itself.
    expected : float
        The sum of the members' household risks: how many are expected to be found with somebody of theirs.
    highest, average : float
        Of the members' household risks; 0 without rows.
    at_risk : int
        Members whose household's risk is above the threshold, strictly.
    share_at_risk : float
        The share of these.
    """

    column: str
    n_households: int
    expected_alone: float
    expected: float
    highest: float
    average: float
    at_risk: int
    share_at_risk: float


def household_risks(
    households: NDArray[np.int64], risks: NDArray[np.float64], members: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return 1 - Π (1 - r) of each entry's household.

    Parameters
    ----------
    households : array of int64, shape (n,)
        Each entry's household; -1 for none.
    risks : array of float64, shape (n,)
        The risk of each of its members.
    members : array of int64, shape (n,)
        How many members of the household the entry stands for; each alone where it has none.

    Examples
    --------
    >>> household_risks(np.array([0, 0, -1]), np.array([0.5, 0.2, 0.3]), np.array([1, 1, 1])).round(6).tolist()
    [0.6, 0.6, 0.3]
    """
    known = households >= 0
    with np.errstate(divide="ignore"):  # a risk of 1 leaves nobody out
        escapes = np.log1p(-risks) * members
    together = np.bincount(households[known], weights=escapes[known]) if known.any() else np.zeros(1)
    return np.where(known, -np.expm1(together[np.where(known, households, 0)]), risks)


def household_risk(
    column: str,
    households: NDArray[np.int64],
    risks: NDArray[np.float64],
    members: NDArray[np.int64],
    limit: Fraction,
) -> HouseholdRisk:
    """Return the figures over all members, of entries as in `household_risks`."""
    found, n = household_risks(households, risks, members), int(members.sum())
    expected, at_risk = float((found * members).sum()), int(members[found > float(limit)].sum())
    return HouseholdRisk(
        column=column,
        n_households=len(np.unique(households[households >= 0])),
        expected_alone=float((risks * members).sum()),
        expected=expected,
        highest=float(found.max(initial=0.0)),
        average=expected / n if n else 0.0,
        at_risk=at_risk,
        share_at_risk=at_risk / n if n else 0.0,
    )


@dataclass(frozen=True, eq=False)
class Records:
    """Rows, each with its class, its person and its household; of a lazy frame, combinations of them.

    Attributes
    ----------
    class_of, rows : arrays of int64, shape (n,)
        Each record's class, in an order of its own, and how many rows it stands for.
    ids, households : arrays of int64, shape (n,), or None
        Codes of a person and of a household, -1 where there is none.
    weights : array of float64, shape (n,), or None
        The weight of each of its rows.
    """

    class_of: Ints
    rows: Ints
    ids: Ints | None
    households: Ints | None
    weights: Floats | None

    @classmethod
    def of(
        cls, data: object, qi: Sequence[str], unit: str | None, household: str | None, weights: str | None
    ) -> Records:
        """Read the records of a frame. Rows of two queries need not come in one order, so there is one."""
        names = [name for name in (unit, household, weights) if name is not None]
        if (engine := lazy_engine(data, (*qi, *names))) is not None:
            cells, rows = grouped_sizes(engine, (*qi, *names))
            class_of = classes_of([cells[name] for name in qi])[0]
            table = {name: series_of(cells[name]) for name in names}
        else:
            frame = chosen_columns(data, [*qi, *names], "columns")
            class_of = row_classes(frame, qi, argument="qi").class_of
            table = {name: frame[name] for name in names}
            rows = np.ones(len(class_of), dtype=np.int64)
        ids, households = (None if name is None else factorized(table[name])[0] for name in (unit, household))
        values = None if weights is None else _weights(table[weights], weights, rows)
        return cls(class_of, rows, ids, households, values)

    @cached_property
    def sizes(self) -> Ints:
        """Rows of each class."""
        return np.bincount(self.class_of, weights=self.rows).astype(np.int64)

    @cached_property
    def class_risks(self) -> Floats:
        """The individual risk of each class where there are weights, else 1/f."""
        if self.weights is None:
            return 1 / self.sizes
        values = self.weights * self.rows
        expected = np.bincount(self.class_of, weights=values, minlength=len(self.sizes)).astype(np.float64)
        return individual_risks(self.sizes, expected)

    def individual(self, limit: Fraction) -> AttackerRisk:
        """Return the risk of Benedetti and Franconi."""
        return individual(self.sizes, self.class_risks, limit)

    @cached_property
    def _members(self) -> tuple[Ints, Floats, Ints, Ints]:
        """Households, risks and members as `household_risk` takes them, and the place there of each record."""
        assert self.households is not None
        places = np.arange(len(self.rows))
        if self.ids is None:
            return self.households, self.class_risks[self.class_of], self.rows, places
        everyone = Members(self.class_of, self.ids, self.rows)
        pairs = distinct(everyone.person_of * max(len(self.sizes), 1) + self.class_of)[0]
        persons, classes = np.divmod(pairs, max(len(self.sizes), 1))
        counts = np.bincount(classes, minlength=len(self.sizes))
        least = np.full(int(persons.max(initial=-1)) + 1, np.iinfo(np.int64).max)
        np.minimum.at(least, persons, counts[classes])
        width = int(self.households.max(initial=-1)) + 2
        found, place = distinct(everyone.person_of * width + self.households + 1)
        persons, households = np.divmod(found, width)
        return households - 1, 1 / least[persons], np.ones(len(found), dtype=np.int64), place

    def household(self, column: str, limit: Fraction) -> HouseholdRisk:
        """Return the risk of households: of their persons where there is a unit, else of their rows."""
        return household_risk(column, *self._members[:3], limit)

    @property
    def household_risks(self) -> Floats:
        """The risk of each record's household."""
        return household_risks(*self._members[:3])[self._members[3]]


@dataclass(frozen=True, eq=False)
class Placed:
    """Where the rows of a frame are among the classes of a tally, found when it is asked for.

    Attributes
    ----------
    tally : Tally
    keys : RowKeys or None
        The rows' keys in the tally, where it has some.
    data : object
        The index of the rows where they have keys; else their frame, which cannot change.
    unit : str or None
        The column of persons.
    """

    tally: Tally
    keys: RowKeys | None
    data: object
    unit: str | None

    def rows(self) -> tuple[Ints, Floats | None, pd.Index]:
        """Return the class of each row, the highest risk of its person where a unit was named, and the rows' labels.

        Raises
        ------
        FrameError
            Where rows lie in an engine.
        """
        if self.keys is not None:
            return *_placed(self.tally, self.keys), self.data  # type: ignore[return-value]
        if lazy_engine(self.data) is not None:
            hint = "By class: .tally.keys with .sizes. By row: fetch them (.collect(), .toPandas()) and ask again."
            raise FrameError.rows_elsewhere("records()", hint)
        names = [*self.tally.by, *([] if self.unit is None else [self.unit])]
        frame = chosen_columns(self.data, names, "qi")
        here, keys = counted_rows(frame, self.tally.by, unit=self.unit)
        assert keys is not None  # of pandas
        class_of, risks = _placed(here, keys)
        return matches(here, self.tally)[class_of], risks, frame.index


def _placed(tally: Tally, keys: RowKeys) -> tuple[Ints, Floats | None]:
    places = keys.places()
    if tally.members is None:
        return places, None
    risks = 1 / tally.members.least(tally.counts)
    return tally.members.class_of[places], risks[tally.members.place][places]


def _weights(column: pd.Series, weights: str, rows: Ints) -> Floats:
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
