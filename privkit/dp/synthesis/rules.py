"""What the owner says of every row: combinations of levels that no row has, and columns that another one decides.

No data: from public statements, and from noisy tables, which is post-processing.

*Conditions.* Columns that conditions name together are one part. Of each part all combinations of levels are laid out,
and those that a condition rules out are marked: what is left is what rows may have. So it is known before anything is
paid whether any row is left, and rows are checked by one look-up.

*Dependencies.* Where the owner says that a column decides another (``city -> country``), each level gets the one level
that the noisy table of both tells most of, among those with which some row is left. One after another, each choice
leaves a row: of the levels with a row left, the chosen pair has one, so that a later choice finds one too. Missing
values, and those that are no key, decide nothing: they may stand for several.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Combinations of levels that columns which conditions tie together may have.
MOST_COMBINATIONS = 1_000_000


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, as the combinations of levels that it leaves.

    Attributes
    ----------
    text : str
        As the owner said it.
    columns : tuple of str
        The columns of levels, by name in ascending order.
    left : str
        One bit for each combination, the last column fastest, in hexadecimal digits; levels in canonical order.
    """

    text: str
    columns: tuple[str, ...]
    left: str

    @classmethod
    def of(cls, text: str, columns: tuple[str, ...], left: NDArray[np.bool_]) -> Condition:
        """Return the condition that leaves these combinations."""
        return cls(text, columns, np.packbits(left.reshape(-1)).tobytes().hex())

    def array(self, shape: Sequence[int]) -> NDArray[np.bool_]:
        """Return which combinations it leaves, in the shape of the columns' levels."""
        bits = np.unpackbits(np.frombuffer(bytes.fromhex(self.left), dtype=np.uint8), count=math.prod(shape))
        return bits.astype(bool).reshape(shape)


@dataclass(frozen=True, slots=True)
class Rules:
    """All that the owner says of every row.

    Attributes
    ----------
    conditions : tuple of Condition
    decided : tuple of (str, str)
        Columns of levels, of which the first decides the second; none before what decides it.
    """

    conditions: tuple[Condition, ...] = ()
    decided: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is said."""
        return bool(self.conditions or self.decided)

    def groups(self, names: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the columns that are tied together, as their places; each in one group at most."""
        groups: list[set[int]] = []
        for columns in (*(one.columns for one in self.conditions), *self.decided):
            own = {names.index(name) for name in columns}
            touched = [group for group in groups if group & own]
            groups = [*(group for group in groups if not group & own), own.union(*touched)]
        return sorted(tuple(sorted(group)) for group in groups)

    def parts(self, names: Sequence[str], sizes: Sequence[int], allowed: Sequence[NDArray[np.bool_]]) -> list[Part]:
        """Return what rows may have, by each group of columns."""
        found = []
        for axes in self.groups(names):
            left = np.ones([sizes[axis] for axis in axes], dtype=bool)
            for axis in axes:
                left &= _spread(allowed[axis], (axis,), axes)
            for one in self.conditions:
                own = tuple(names.index(name) for name in one.columns)
                if set(own) <= set(axes):
                    left &= _spread(one.array([sizes[axis] for axis in own]), own, axes)
            found.append(Part(axes, left))
        return found

    def canonical(self) -> dict[str, Any]:
        """Return it as JSON values; nothing where nothing is said, as it was before there were any."""
        if not self:
            return {}
        conditions = [[one.text, list(one.columns), one.left] for one in self.conditions]
        return {"rules": {"conditions": conditions, "decided": [list(pair) for pair in self.decided]}}

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Rules:
        """Return the rules that a record tells."""
        told = record.get("rules") or {"conditions": [], "decided": []}
        conditions = tuple(Condition(text, tuple(columns), left) for text, columns, left in told["conditions"])
        return cls(conditions, tuple((first, second) for first, second in told["decided"]))


#: Nothing is said.
NO_RULES = Rules()


@dataclass(frozen=True, eq=False)
class Part:
    """Columns that are tied together, and the combinations of their levels that rows may have.

    Attributes
    ----------
    axes : tuple of int
        Ascending.
    left : array of bool
        Of the shape of their levels.
    """

    axes: tuple[int, ...]
    left: NDArray[np.bool_]

    def margin(self, axes: tuple[int, ...]) -> NDArray[np.bool_]:
        """Return which levels, or pairs of levels, some row is left with."""
        others = tuple(place for place, axis in enumerate(self.axes) if axis not in axes)
        return np.asarray(self.left.any(axis=others))

    def decided(self, first: int, second: int, table: NDArray[np.float64], free: Sequence[int]) -> Part:
        """Return the part where each level of one column has one of another, that of which the table tells most.

        Parameters
        ----------
        table : array, shape (levels of first, levels of second)
            Noisy counts: released before.
        free : sequence of int
            Levels of the first column that decide nothing.
        """
        possible = self.margin(tuple(sorted((first, second))))
        possible = possible if first < second else possible.T
        best = np.where(possible, table, -np.inf).argmax(axis=1)
        kept = np.zeros_like(possible)
        kept[np.arange(len(kept)), best] = True
        kept[list(free)] = True
        own = (first, second) if first < second else (second, first)
        return replace(self, left=self.left & _spread(kept if first < second else kept.T, own, self.axes))

    def mended(
        self, rows: NDArray[np.int64], ones: Sequence[NDArray[np.float64]], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Return rows of which all may be: the others get their levels of this part from one that may, at random.

        Where none may, from the combinations that are left, by the product of their levels' shares.
        """
        own = rows[:, list(self.axes)]
        right = self.left[tuple(own.T)]
        if right.all():
            return rows
        wrong = np.flatnonzero(~right)
        if right.any():
            donors = own[right][rng.integers(int(right.sum()), size=len(wrong))]
        else:
            combinations = np.argwhere(self.left)
            weights = np.prod([ones[axis][combinations[:, place]] for place, axis in enumerate(self.axes)], axis=0)
            weights = weights + 1e-12
            donors = combinations[rng.choice(len(combinations), size=len(wrong), p=weights / weights.sum())]
        found = rows.copy()
        found[wrong[:, None], list(self.axes)] = donors
        return found


def _spread(table: NDArray[np.bool_], own: tuple[int, ...], axes: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return a table of some axes, in a shape that fits one of more."""
    shape = [1] * len(axes)
    for place, axis in enumerate(own):
        shape[axes.index(axis)] = table.shape[place]
    order = np.argsort([axes.index(axis) for axis in own])
    return np.asarray(np.transpose(table, order).reshape(shape))
