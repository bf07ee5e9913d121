"""The tally of a frame as packed integers: generalizing every record to a node is one bitwise *and*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import ParameterError
from privkit.errors.anonymity import HierarchyError
from privkit.errors.root import type_told
from privkit.tally.class_values import plain
from privkit.tally.classes import Members
from privkit.tally.codes import column_codes, distinct, grouped, packed
from privkit.transform.hierarchies.hierarchy import Hierarchy

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.classes import Tally
    from privkit.transform.hierarchies.ladder import Ladder

_BITS = 62


@dataclass(frozen=True, eq=False)
class Entries:
    """How often each value of another column occurs in each combination: a sparse matrix.

    Attributes
    ----------
    combo_of, value_of, counts : arrays of int64, shape (n_entries,)
        The combination, the value's code, the rows.
    values : pandas.Index, shape (n_values,)
        What the codes stand for.
    """

    combo_of: NDArray[np.int64]
    value_of: NDArray[np.int64]
    counts: NDArray[np.int64]
    values: pd.Index

    def members(self, class_of: NDArray[np.int64], codes: NDArray[np.int64], rows: NDArray[np.int64]) -> Members:
        """Return the persons of classes, where the column's values are ids; missing is the last code, where it is."""
        none = len(self.values) and bool(np.asarray(self.values.isna())[-1])
        return Members(class_of, np.where(codes == len(self.values) - 1, -1, codes) if none else codes, rows)

    @cached_property
    def totals(self) -> NDArray[np.int64]:
        """Rows of each value in the whole table."""
        return np.bincount(self.value_of, weights=self.counts, minlength=len(self.values)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Coding:
    """The distinct combinations of quasi-identifiers, with their rows.

    Attributes
    ----------
    ladders : tuple of Ladder
        One per quasi-identifier.
    combos : array of int64, shape (n_columns, n_combos)
        The code of each column's value.
    counts : array of int64, shape (n_combos,)
        The rows.
    row_combo : array of int64
        The combination of each row; of each class that an engine sent, where rows stay there.
    others : dict
        Sensitive columns and the unit, as `Entries`.
    beside : tuple of Coding
        Other tables on the same ladders.
    """

    ladders: tuple[Ladder, ...]
    combos: NDArray[np.int64]
    counts: NDArray[np.int64]
    row_combo: NDArray[np.int64]
    others: Mapping[str, Entries]
    beside: tuple[Coding, ...] = ()

    @cached_property
    def n_rows(self) -> int:
        """How many rows the table has."""
        return int(self.counts.sum())

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The quasi-identifiers."""
        return tuple(ladder.column for ladder in self.ladders)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """How many levels each column has: the shape of the lattice."""
        return tuple(ladder.n_levels for ladder in self.ladders)

    @cached_property
    def bits(self) -> int:
        """How many bits a packed key takes."""
        return sum(ladder.width for ladder in self.ladders)

    @cached_property
    def shifts(self) -> tuple[int, ...]:
        """Where each column's bits begin."""
        widths = [ladder.width for ladder in self.ladders]
        return tuple(sum(widths[:place]) for place in range(len(widths)))

    @property
    def is_packed(self) -> bool:
        """Whether a key fits in one word. Else nodes are coded level by level, which is slower."""
        return self.bits <= _BITS

    @cached_property
    def _mask_ints(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(int(mask) for mask in masks) for masks in self.masks)

    @cached_property
    def masks(self) -> tuple[NDArray[np.int64], ...]:
        """Per column the bits that a level keeps, shape (n_levels,)."""
        shift, masks = 0, []
        for ladder in self.ladders:
            own = []
            for _, bits in ladder.fields:
                own.append(((1 << bits) - 1) << shift)
                shift += bits
            nested = ladder.nested
            masks.append(
                np.array(
                    [sum(own[up] for up in range(ladder.n_levels) if nested[low, up]) for low in range(ladder.n_levels)]
                )
            )
        return tuple(masks)

    @cached_property
    def keys(self) -> NDArray[np.int64]:
        """The packed key of each combination, shape (n_combos,)."""
        keys = np.zeros(len(self.counts), dtype=np.int64)
        for ladder, codes, shift in zip(self.ladders, self.combos, self.shifts, strict=True):
            keys |= (ladder.keys << shift)[codes]
        return keys

    def mask(self, node: Sequence[int]) -> int:
        """Return the bits that a node keeps."""
        return sum(masks[level] for masks, level in zip(self._mask_ints, node, strict=True))

    def node_codes(self, node: Sequence[int], combos: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Return one code per combination for its class at a node, also where keys do not fit in one word."""
        chosen = self.combos if combos is None else self.combos[:, combos]
        codes = [ladder.levels[level].codes[row] for ladder, level, row in zip(self.ladders, node, chosen, strict=True)]
        return packed(codes)[0]


def resolve(
    frame: Any, columns: tuple[str, ...], given: Mapping[str, object]
) -> tuple[dict[str, Hierarchy], tuple[str, ...]]:
    """Return a hierarchy for each column, and for which of them it was proposed.

    Raises
    ------
    HierarchyError
        If one is given for a column that is not asked for.
    ParameterError
        If something else than a hierarchy is given.
    """
    if unknown := [name for name in given if name not in columns]:
        raise HierarchyError.not_quasi(unknown, columns)
    chosen: dict[str, Hierarchy] = {}
    for name in columns:
        what = given.get(name)
        if isinstance(what, Hierarchy):
            chosen[name] = what
        elif isinstance(what, Mapping):
            chosen[name] = Hierarchy.from_mapping(what)
        elif isinstance(what, str) or hasattr(what, "__fspath__"):
            chosen[name] = Hierarchy.read_csv(what)  # type: ignore[arg-type]
        elif what is None:
            chosen[name] = Hierarchy.propose(frame[name])
        else:
            raise ParameterError.of(
                f"hierarchies[{name!r}]", type_told(what), "a pk.Hierarchy, a dict or the path of a file"
            )
    return chosen, tuple(name for name in columns if given.get(name) is None)


def encode(
    frame: pd.DataFrame,
    hierarchies: Mapping[str, Hierarchy],
    others: Sequence[str] = (),
    *,
    rows: NDArray[np.int64] | None = None,
    beside: Sequence[Tally] = (),
) -> Coding:
    """Tally the distinct combinations of the columns that `hierarchies` names. Reads rows; exact; spends nothing.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows, or classes.
    rows : array of int64, optional
        How many rows each of `frame` stands for: classes are never expanded.
    beside : sequence of Tally
        The classes of other tables, whose values the ladders have as well.

    Raises
    ------
    HierarchyError
        If a hierarchy lacks a value.
    """
    ladders, codes = [], []
    ends = np.cumsum([len(frame), *(tally.n_classes for tally in beside)])
    for column, hierarchy in hierarchies.items():
        code, values = column_codes(joined([frame[column], *(tally.keys[column] for tally in beside)]))
        counts = _added(code[: ends[0]], rows, len(values)).tolist()
        ladders.append(hierarchy.lay(values, column, counts))
        codes.append(code)
    tables = [
        _combined(ladders, part, sizes)
        for part, sizes in zip(
            zip(*(np.split(code, ends[:-1]) for code in codes), strict=True),
            [rows, *(tally.sizes for tally in beside)],
            strict=True,
        )
    ]
    entries = {name: _entries(frame[name], tables[0].row_combo, rows) for name in others}
    return replace(tables[0], others=entries, beside=tuple(tables[1:]))


def _combined(ladders: Sequence[Ladder], codes: Sequence[NDArray[np.int64]], rows: NDArray[np.int64] | None) -> Coding:
    key, _ = packed(codes)
    found, row_combo = distinct(key)
    first = np.zeros(len(found), dtype=np.int64)
    first[row_combo[::-1]] = np.arange(len(row_combo))[::-1]
    combos = np.array([code[first] for code in codes], dtype=np.int64)
    sizes = _added(row_combo, rows, len(found))
    return Coding(tuple(ladders), combos, sizes, row_combo, {})


def _added(codes: NDArray[np.int64], rows: NDArray[np.int64] | None, width: int) -> NDArray[np.int64]:
    """Return the rows of each code; exact in floats below 2**53."""
    return np.bincount(codes, weights=rows, minlength=width).astype(np.int64)


def _entries(column: pd.Series, row_combo: NDArray[np.int64], rows: NDArray[np.int64] | None) -> Entries:
    codes, values = column_codes(column)
    width = max(len(values), 1)
    pairs, counts = grouped(row_combo * width + codes, np.ones(len(codes), dtype=np.int64) if rows is None else rows)
    return Entries(pairs // width, pairs % width, counts, values)


def joined(columns: Sequence[pd.Series]) -> pd.Series:
    """Return one column of the values of several; itself where it is one."""
    import pandas as pd

    if len(columns) == 1:
        return columns[0]
    alike = all(column.dtype == columns[0].dtype for column in columns)
    return pd.concat([column if alike else plain(column) for column in columns], ignore_index=True)
