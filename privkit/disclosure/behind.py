"""The rows behind tables: in which cells each is counted, and sums that few of them rule. Nothing but sums is kept.

A cell of a table of sums is unsafe where one contributor rules it, by the dominance or the p % rule. Let it be
X = x₁ + x₂ + … with contributions x₁ ≥ x₂ ≥ … ≥ 0 of different contributors.

**Dominance (n, k).** Unsafe where x₁ + … + xₙ > k/100 · X.

**p %.** Unsafe where X − x₁ − x₂ < p/100 · x₁.

Claim
-----
Where every figure that an attacker has leaves X + u possible, with u = x₁ p/100 − (X − x₁ − x₂), the second largest
contributor cannot bound x₁ from above more closely than x₁ (1 + p/100); nor can any other.

Proof
-----
A contributor of xⱼ knows that x₁ ≤ X̂ − xⱼ, X̂ being the greatest total that is possible. With X̂ ≥ X + u that is at
least X + u − xⱼ = x₁ + x₂ + x₁ p/100 − xⱼ ≥ x₁ (1 + p/100), since xⱼ ≤ x₂ for all but the largest, who is himself the
one who is told. And u > 0 just where the cell is unsafe. ∎

What he has in other suppressed cells is no figure of the published ones: where he uses it too, the claim holds of those
figures that then remain possible.

For (n, k) the total that must be possible is the one at which the cell would be no longer unsafe, (x₁ + … + xₙ) 100/k.
Both levels are those of Hundepool et al. (2012, Statistical Disclosure Control, Wiley, chapter 4); as there, as much
must be possible below as above, down to 0. Amounts are whole numbers, so levels are rounded up.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.disclosure.cells import COLUMN, FILTER, MISSING, Cells, Key, by_variables
from privkit.errors import ParameterError
from privkit.errors.disclosure import DisclosureError
from privkit.errors.root import type_told
from privkit.tally.codes import factorized
from privkit.tally.frame import open_frame
from privkit.tally.predicate import rows_of
from privkit.tally.row_classes import chosen_columns
from privkit.values.arguments import column_name, positive_int
from privkit.values.exact import exact
from privkit.values.expression.selection import selection
from privkit.values.writing import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.values.expression.selection import Selection

    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Behind:
    """Rows, and the cells that each is counted in.

    Attributes
    ----------
    rows, cells : array of int64, shape (n_pairs,)
        A row and a cell that it is counted in, for each such pair.
    n_rows, n_cells : int
    own : mapping of str to Series
        Further columns that were asked for.
    """

    rows: Ints
    cells: Ints
    n_rows: int
    n_cells: int
    own: Mapping[str, Any]

    @classmethod
    def of(cls, data: object, cells: Cells, own: Sequence[str]) -> Behind:
        """Find the rows of every cell. A filter of a table is a condition, as of ``where=``. Reads rows.

        Raises
        ------
        DisclosureError
            If a category of a row is in no table, so that the tables are not those of these rows.
        ColumnNotFoundError, ExpressionError, FrameError
        """
        variables = {variable for key in cells.keys for variable, _ in key}
        filters: dict[Hashable, Selection] = {name: selection(name) for kind, name in variables if kind == FILTER}
        names = [column_name(name, "tables") for kind, name in variables if kind == COLUMN]
        read = dict.fromkeys([*names, *own, *(name for one in filters.values() for name in one.columns)])
        frame = chosen_columns(data, list(read), "rows")
        kept = {name: np.isin(np.arange(len(frame)), rows_of(frame, one)) for name, one in filters.items()}
        codes = {name: factorized(frame[name]) for name in names}
        pairs = [_counted(group, cells.keys, codes, kept, len(frame)) for group in by_variables(cells.keys).values()]
        rows, there = (np.concatenate(one) for one in zip(*pairs, strict=True))
        return cls(rows, there, len(frame), len(cells.counts), {name: frame[name] for name in own})

    def added(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the sum over each cell's rows, in the type of the values: of unsigned ones modulo its size."""
        found = np.zeros(self.n_cells, dtype=values.dtype)
        np.add.at(found, self.cells, values[self.rows])
        return found


def _counted(
    group: Sequence[int],
    keys: Sequence[Key],
    codes: Mapping[Any, tuple[Ints, Any]],
    kept: Mapping[Any, NDArray[np.bool_]],
    n_rows: int,
) -> tuple[Ints, Ints]:
    """Return the rows that are counted in one of some cells, and in which."""
    variables = sorted({variable for variable, _ in keys[group[0]]}, key=repr)
    inside = np.ones(n_rows, dtype=bool)
    for kind, name in variables:
        if kind == FILTER:
            inside &= kept[name]
    names = [name for kind, name in variables if kind == COLUMN]
    number = np.zeros(n_rows, dtype=np.int64)
    places: dict[Any, int] = {}
    for name in names:  # the categories so far, and the next one, as one number
        own, told = codes[name]
        number = number * (len(told) + 1) + own + 1
        number = np.unique(number, return_inverse=True)[1].reshape(-1)
    first = np.unique(number, return_index=True)[1]
    values = {name: [*codes[name][1], MISSING] for name in names}  # a code of -1 is the last
    for cell in group:
        places[frozenset((name, value) for (kind, name), value in keys[cell] if kind == COLUMN)] = cell
    cell_of = np.array(
        [places.get(frozenset((name, values[name][codes[name][0][row]]) for name in names), -1) for row in first],
        dtype=np.int64,
    )
    rows = np.flatnonzero(inside)
    cells = cell_of[number[rows]] if n_rows else rows
    if (cells < 0).any():
        raise DisclosureError.rows_apart()
    return rows, cells


#: Greater totals are told in thousands: the solver has no more digits.
MOST = 10**11


@dataclass(frozen=True, slots=True)
class Rule:
    """When a sum is unsafe.

    Attributes
    ----------
    n : int
        How many contributors dominate together; 0 without that rule.
    k : Fraction
        From which share of the total on, in percent.
    p : Fraction or None
        How closely the largest contribution may not be known, in percent; None without that rule.
    """

    n: int
    k: Fraction
    p: Fraction | None

    @classmethod
    def of(cls, dominance: Any, p_percent: Any) -> Rule:
        """Read the two arguments.

        Raises
        ------
        ParameterError
        """
        n, k = 0, Fraction(100)
        if dominance is not None:
            if not isinstance(dominance, tuple | list) or len(dominance) != 2:
                allowed = "(n, k): unsafe where the n largest have more than k % of a sum, as in (1, 75)"
                raise ParameterError.of("dominance", type_told(dominance), allowed)
            n, k = positive_int(dominance[0], "dominance"), Fraction(exact(dominance[1], "dominance", below=100))
        return cls(n, k, None if p_percent is None else Fraction(exact(p_percent, "p_percent")))

    @property
    def told(self) -> str:
        """When a sum is unsafe, in words."""
        kinds = []
        if self.n:
            whose = "the largest contributor has" if self.n == 1 else f"the {self.n:,} largest contributors have"
            kinds.append(f"of which {whose} more than {number(float(self.k))} %")
        if self.p is not None:
            kinds.append(f"from which another contributor learns the largest one within {number(float(self.p))} %")
        return f"a sum {' or '.join(kinds)}"

    def levels(self, total: int, largest: tuple[int, ...]) -> int:
        """Return how far above its total a cell must be free to be; 0 where it is not unsafe.

        Examples
        --------
        >>> rule = Rule.of((1, 75), 10)
        >>> rule.levels(100, (80, 15)), rule.levels(100, (60, 15)), rule.levels(100, (60, 38))
        (7, 0, 4)
        """
        need = Fraction(0)
        if self.n:
            need = max(need, sum(largest[: self.n]) * 100 / self.k - total)
        if self.p is not None:
            need = max(need, largest[0] * self.p / 100 - (total - sum(largest[:2])))
        return ceil(need)


def unsafe_by(
    rule: Rule, rows: object, cells: Cells, value: object, unit: str | None
) -> tuple[NDArray[np.bool_], Ints, Ints]:
    """Return which cells are unsafe, and the least and greatest total that must be possible of each. Reads rows.

    Parameters
    ----------
    rule : Rule
    rows : dataframe
        What the tables are sums of.
    cells : Cells
    value : str
        The column that is added up.
    unit : str or None
        The column of the contributor, whose rows count together; None where each row is one.

    Raises
    ------
    DisclosureError
        If amounts are no whole numbers of at least 0, or the tables are not their sums.
    """
    if cells.counts.max(initial=0) > MOST:
        raise DisclosureError.too_great(MOST)
    amount = column_name(value, "value")
    who = [] if unit is None else [column_name(unit, "unit")]
    open_frame(rows, [amount], "value")
    open_frame(rows, who, "unit")
    behind = Behind.of(rows, cells, [amount, *who])
    values = _amounts(behind.own[amount], amount)
    if (behind.added(values) != cells.counts).any():
        raise DisclosureError.rows_apart()
    largest = _largest(behind, values, _persons(behind, who), max(rule.n, 2))
    pairs = zip(cells.counts, largest, strict=True)
    level = np.array([rule.levels(int(total), tuple(map(int, most))) for total, most in pairs], dtype=np.int64)
    return level > 0, np.maximum(cells.counts - level, 0), cells.counts + level


def _amounts(column: Any, name: str) -> Ints:
    import pandas as pd

    numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    values = column.to_numpy(dtype=np.float64, na_value=np.nan) if numeric else np.array([np.nan])
    if not (np.isfinite(values).all() and (values >= 0).all() and (values == np.round(values)).all()):
        raise DisclosureError.no_amounts(name)
    if values.max(initial=0) > MOST:
        raise DisclosureError.too_great(MOST)
    return values.astype(np.int64)


def _persons(behind: Behind, who: list[str]) -> Ints:
    """Return each row's contributor; who has no name stands for himself alone."""
    alone = np.arange(behind.n_rows)
    if not who:
        return alone
    codes = factorized(behind.own[who[0]])[0]
    return np.where(codes < 0, behind.n_rows + alone, codes)


def _largest(behind: Behind, values: Ints, persons: Ints, n: int) -> Ints:
    """Return the n largest contributions to each cell, in descending order, 0 where there are fewer."""
    many = int(persons.max(initial=0)) + 1
    pairs, of = np.unique(behind.cells * many + persons[behind.rows], return_inverse=True)
    sums = np.zeros(len(pairs), dtype=np.int64)
    np.add.at(sums, of, values[behind.rows])
    cell = pairs // many
    order = np.lexsort((-sums, cell))
    place = np.arange(len(order)) - np.searchsorted(cell[order], cell[order])
    kept = place < n
    found = np.zeros((behind.n_cells, n), dtype=np.int64)
    found[cell[order][kept], place[kept]] = sums[order][kept]
    return found
