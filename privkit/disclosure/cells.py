"""Cells of all tables as sums of joint cells: one cell for one figure, however many tables it stands in."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.disclosure.overlaps import overlapping
from privkit.errors.disclosure import DisclosureError
from privkit.errors.root import type_told

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Ints = NDArray[np.int64]

#: More joint cells are not searched.
MOST = 50_000
#: The count of a cell that was suppressed before.
HIDDEN = -1
#: What stands first in the name of a column, and of a filter, where they are variables.
COLUMN, FILTER = "column", "filter"

Variable = tuple[str, Hashable]
Key = frozenset[tuple[Variable, Hashable]]


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of all tables, and the joint cells that each is the sum of.

    Joint cells cross all columns of all tables, and each filter with its complement. A joint cell in a published 0
    is 0, and is left out, as is one of filters and categories that cannot hold of one person.

    Attributes
    ----------
    counts : array of int64, shape (n_cells,)
    sums : sparse array, shape (n_cells, n_joint)
        1 where a joint cell is part of a cell.
    places : tuple of arrays of int64
        Which cell stands in each place of each table: of the table's shape.
    labels : tuple of str
        What each cell counts, in words. It names categories, and no count.
    keys : tuple of Key
        The same as the categories themselves.
    joint : array of int64, shape (n_variables, n_joint)
        The category of each joint cell; of a filter 0 where it holds, and 1 where it does not.
    categories : mapping of Variable to its categories
        In the order of `joint`, each with its number.
    """

    counts: Ints
    sums: csr_array
    places: tuple[Ints, ...]
    labels: tuple[str, ...]
    keys: tuple[Key, ...]
    joint: Ints
    categories: Mapping[Variable, Mapping[Hashable, int]]


def cells_of(
    tables: Sequence[Any],
    margin: str,
    filters: Sequence[str | None],
    *,
    zeros_known: bool = True,
    gaps: bool = False,
    hidden: bool = False,
    loose: frozenset[str] = frozenset(),
) -> Cells:
    """Return the cells of tables of counts.

    Parameters
    ----------
    tables : sequence of pandas.DataFrame or Series
    margin : str
        The label of totals.
    filters : sequence of (str or None)
        Of each table, the name of whom it counts; None for everybody.
    zeros_known : bool
        Whether a joint cell in a 0 is left out: whoever sees the tables knows that it is 0.
    gaps : bool
        Whether a missing cell is a 0, as ``crosstab`` leaves it where nothing is added up.
    hidden : bool
        Whether a missing cell was suppressed: it counts `HIDDEN`, unless another table has it.
    loose : frozenset of str
        Columns of which less is known, where filters compare them: see `overlapping`.

    Raises
    ------
    DisclosureError
        If one is no table of counts, two of them contradict each other on a cell, or there are too many joint cells.
    """
    frames = [_frame(table, place) for place, table in enumerate(tables)]
    found: dict[Key, int] = {}
    counts: list[int] = []
    places = []
    for place, (frame, of) in enumerate(zip(frames, filters, strict=True)):
        values = _counts(frame.fillna(0) if gaps or hidden else frame, place)
        unknown = frame.isna().to_numpy()
        _refuse_totals(frame, values, unknown, place, margin)
        if hidden:
            values[unknown] = HIDDEN
        keys = _keys(frame, place, margin, of)
        if len(set(keys)) < len(keys):
            raise DisclosureError.margin_inside(place, margin)
        numbers = np.empty(len(keys), dtype=np.int64)
        for at, (key, count) in enumerate(zip(keys, values.ravel().tolist(), strict=True)):
            cell = found.setdefault(key, len(counts))
            if cell == len(counts):
                counts.append(count)
            elif counts[cell] == HIDDEN:
                counts[cell] = count
            elif count not in (HIDDEN, counts[cell]):
                raise DisclosureError.contradicting()
            numbers[at] = cell
        places.append(numbers.reshape(values.shape))
    if not any(count > 0 for count in counts):
        raise DisclosureError.no_tables()
    told = tuple(_label(key) for key in found)
    counted = np.array(counts, dtype=np.int64)
    named = tuple(found)
    telling = counted if zeros_known else np.ones_like(counted)
    sums, joint, categories = _sums(named, telling, loose)
    return Cells(counted, sums, tuple(places), told, named, joint, categories)


def _frame(table: Any, place: int) -> pd.DataFrame:
    import pandas as pd

    if isinstance(table, pd.Series):
        return table.to_frame()
    if not isinstance(table, pd.DataFrame):
        raise DisclosureError.no_table(place, type_told(table))
    return table


def _counts(frame: pd.DataFrame, place: int) -> Ints:
    """Return the counts of a table, or refuse what is none."""
    counted = all(kind.kind in "iuf" for kind in map(_kind, frame.dtypes))
    if counted and (missing := int(frame.isna().to_numpy().sum())):
        raise DisclosureError.gaps(place, missing)
    values = frame.to_numpy(dtype=np.float64) if counted else np.array([np.nan])
    if not (np.isfinite(values).all() and (values >= 0).all() and (values == np.round(values)).all()):
        raise DisclosureError.no_counts(place)
    if values.max(initial=0) >= 2**53:
        raise DisclosureError.no_counts(place)
    return values.astype(np.int64)


#: What totals are called, beside `margin`.
_TOTALS = frozenset(
    {"all", "total", "totals", "grand total", "sum", "overall", "margin", "gesamt", "insgesamt", "(all)"}
)


def _refuse_totals(frame: pd.DataFrame, values: Ints, unknown: NDArray[np.bool_], place: int, margin: str) -> None:
    """Refuse totals under another name than `margin`: taken for a category, they would give away what is suppressed.

    A label is one that is the sum of all others wherever no cell is missing, and stands on both sides of the table or
    is a word for totals: on one side alone, a category of few people may be such a sum by chance.

    Raises
    ------
    DisclosureError
    """
    told: list[set[str]] = []
    for axis, index in enumerate((frame.index, frame.columns)):
        words = [_word(label) for label in index]
        parts = [at for at, word in enumerate(words) if word != margin]
        whole = values.take(parts, axis).sum(axis)
        known = ~unknown.any(axis) & (whole > 0)
        found = (at for at in parts if known.any() and (2 * values.take(at, axis) == whole)[known].all())
        told.append({word for at in found if (word := words[at])} if len(parts) > 1 else set())
    named = sorted((told[0] & told[1]) | {word for word in told[0] | told[1] if word.strip().casefold() in _TOTALS})
    if named:
        raise DisclosureError.totals_named(place, named[0], margin)


def _word(label: Any) -> str:
    """Return the one text in a label; "" where there is none, or are several."""
    words = [one for one in (label if isinstance(label, tuple) else (label,)) if not isinstance(one, str) or one]
    return words[0] if len(words) == 1 and isinstance(words[0], str) else ""


def _kind(dtype: Any) -> np.dtype[Any]:
    """Return NumPy's type of a column; of one that is no number, that of an object."""
    kind = getattr(dtype, "numpy_dtype", dtype)
    return kind if isinstance(kind, np.dtype) else np.dtype(object)


def _keys(frame: pd.DataFrame, place: int, margin: str, of: str | None) -> list[Key]:
    """Return what each place of a table counts, row by row: the category of each column that it does not sum over."""
    # A Series has one column, which is no category.
    across = frame.columns if len(frame.columns.names) > 1 or frame.columns.name is not None else None
    named = [*frame.index.names, *(() if across is None else across.names)]
    if None in named or len(set(named)) < len(named) or (across is None and frame.shape[1] > 1):
        raise DisclosureError.no_names(place)
    rows = [_part(frame.index, label, margin) for label in frame.index]
    columns = [frozenset()] if across is None else [_part(across, label, margin) for label in across]
    own: Key = frozenset() if of is None else frozenset({((FILTER, of), True)})
    return [row | column | own for row in rows for column in columns]


def table_keys(frame: pd.DataFrame, margin: str) -> list[Key]:
    """Return the categories of each cell of a table, row by row; of a total, those that it does not sum over."""
    return _keys(frame, 0, margin, None)


def _part(index: pd.Index[Any], label: Any, margin: str) -> Key:
    """Return the categories in a label; of the totals that crosstab makes, ``("All", "")``, none."""
    from pandas import isna

    labels = label if index.nlevels > 1 else (label,)
    total = any(isinstance(one, str) and one == margin for one in labels)
    return frozenset(
        ((COLUMN, name), MISSING if isna(one) else one)
        for name, one in zip(index.names, labels, strict=True)
        if not (isinstance(one, str) and (one == margin or (total and one == "")))
    )


#: A category of missing values.
MISSING = "missing"


def _label(key: Key) -> str:
    told = sorted(f"{name}" if kind == FILTER else f"{name}={value}" for (kind, name), value in key)
    return ", ".join(told) or "total"


def _sums(
    keys: Sequence[Key], counts: Ints, loose: frozenset[str]
) -> tuple[csr_array, Ints, Mapping[Variable, Mapping[Hashable, int]]]:
    """Return which joint cells each cell is the sum of, shape (n_cells, n_joint), and what each joint cell is."""
    from scipy.sparse import csr_array

    categories: dict[Variable, dict[Hashable, int]] = {}
    for key in keys:
        for variable, value in key:
            of = categories.setdefault(variable, {})
            of.setdefault(value, len(of))
    for (kind, _), of in categories.items():
        if kind == FILTER:
            of[False] = 1
    shape = [len(of) for of in categories.values()]
    if prod(shape) > MOST:
        raise DisclosureError.too_large(prod(shape), MOST)
    joint = np.indices(shape).reshape(len(shape), -1)
    cell_of = _patterns(keys, categories, joint)
    # What a table leaves out is 0, as is what it says is 0.
    possible = _together(categories, joint, loose)
    for cells in cell_of:
        possible &= (cells == _OTHERS) | ((cells >= 0) & (counts[np.maximum(cells, 0)] != 0))
    kept = np.flatnonzero(possible)
    rows = [cells[kept] for cells in cell_of]
    inside = [one >= 0 for one in rows]
    row = np.concatenate([one[mask] for one, mask in zip(rows, inside, strict=True)])
    column = np.concatenate([np.flatnonzero(mask) for mask in inside])
    return csr_array((np.ones(len(row)), (row, column)), shape=(len(keys), len(kept))), joint[:, kept], categories


def _together(
    categories: Mapping[Variable, Mapping[Hashable, int]], joint: Ints, loose: frozenset[str]
) -> NDArray[np.bool_]:
    """Return which joint cells are of filters and categories that can hold of one person."""
    filters = [str(name) for kind, name in categories if kind == FILTER]
    own = {name: list(of) for (kind, name), of in categories.items() if kind == COLUMN}
    columns, read, told = overlapping(filters, own, MISSING, loose)
    axes = {variable: axis for axis, variable in enumerate(categories)}
    chosen = [axes[COLUMN, name] for name in columns] + [axes[FILTER, name] for name in read]
    if not chosen:
        return np.ones(joint.shape[1], dtype=bool)
    shape = [len(of) for of in categories.values()]
    sizes = tuple(shape[axis] for axis in chosen)
    number = np.ravel_multi_index(tuple(joint[chosen]), sizes)
    return np.isin(number, np.ravel_multi_index(tuple(told.T), sizes))


#: A joint cell that no table left out, and one of persons whom a filter leaves out.
_LEFT_OUT, _OTHERS = -1, -2


def by_variables(keys: Sequence[Key]) -> dict[frozenset[Variable], list[int]]:
    """Return the cells that are counted by the same columns and filters, together."""
    by: dict[frozenset[Variable], list[int]] = {}
    for cell, key in enumerate(keys):
        by.setdefault(frozenset(variable for variable, _ in key), []).append(cell)
    return by


def _patterns(keys: Sequence[Key], categories: Mapping[Variable, Mapping[Hashable, int]], joint: Ints) -> list[Ints]:
    """Return of each set of columns that some table counts by, which cell each joint cell is part of."""
    axes = {variable: axis for axis, variable in enumerate(categories)}
    found = []
    for variables, cells in by_variables(keys).items():
        order = sorted(axes[variable] for variable in variables)
        names = [list(categories)[axis] for axis in order]
        shape = [len(categories[name]) for name in names] or [1]
        numbers = np.full(prod(shape), _LEFT_OUT)
        for cell in cells:
            codes = dict(keys[cell])
            place = [categories[name][codes[name]] for name in names] or [0]
            numbers[np.ravel_multi_index(place, shape)] = cell
        at = joint[order] if order else np.zeros((1, joint.shape[1]), dtype=np.int64)
        of = numbers[np.ravel_multi_index(tuple(at), shape)]
        for axis, name in zip(order, names, strict=True):
            if name[0] == FILTER:
                of = np.where(joint[axis] == 1, _OTHERS, of)
        found.append(of)
    return found


def published(
    tables: Sequence[Any], cells: Cells, counts: Ints, suppressed: NDArray[np.bool_]
) -> tuple[pd.DataFrame, ...]:
    """Return the tables with other counts, and what is suppressed missing."""
    import pandas as pd

    frames = []
    for table, place in zip(tables, cells.places, strict=True):
        frame = table.to_frame() if isinstance(table, pd.Series) else table
        hidden = suppressed[place]
        columns = [
            pd.array(np.where(hidden[:, at], 0, counts[place[:, at]]), dtype="Int64") for at in range(frame.shape[1])
        ]
        for at, column in enumerate(columns):
            column[hidden[:, at]] = pd.NA
        shown = pd.DataFrame(dict(enumerate(columns)), index=frame.index)
        shown.columns = frame.columns
        frames.append(shown)
    return tuple(frames)
