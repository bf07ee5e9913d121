"""What an attacker compares: each column of the people he knows, and of the shared table, as codes and as places.

A person's value *fits* a shared cell where it may have become it: the same value, a label of the column's hierarchy
that holds it, or a number in the same of twenty bins where noise left hardly a number as it was. For distances each
value has a place: a number its standard score, a category a unit vector of its own over √2 (two categories are 1
apart), a label the mean place of the values that fit it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors.attacks import AttackError
from privkit.tally.codes import by_identity, factorized
from privkit.tally.two_tables import joint_codes, kind_of, labeled_apart
from privkit.transform.hierarchies.hierarchy import Hierarchy, column_codes
from privkit.transform.hierarchies.ladder import text
from privkit.transform.source import mixed_labels

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float32]
    Bools = NDArray[np.bool_]

#: Numbers of which so few occur among the shared ones are compared by bins: the shared ones are noisy, or drawn anew.
_APART, _BINS = 0.5, 20
#: Categories beyond so many have random vectors instead of an axis each; in so many dimensions two are nearly 1 apart.
_AXES = 64


@dataclass(frozen=True, eq=False)
class Column:
    """One column of the people and of the shared table.

    Attributes
    ----------
    name : str
    values : array of int64, shape (n_people,)
        Which value each person has.
    cells : array of int64, shape (n_shared,)
        Which cell each shared row has.
    cell_of : array of int64, shape (n_values,)
        The cell that a value becomes in the shared table's schema; the last code where none fits it.
    n_cells : int
        How many codes of cells there are, with the last.
    fits : array of bool, shape (n_values, n_cells), or None
        Which cells a value fits; None where it fits `cell_of` alone.
    people_at, shared_at, planted_at : array of float32, shape (n_people or n_shared, n_dimensions)
        The places of the people's values, of the shared cells, and of the cells that people's values become.
    """

    name: str
    values: Ints
    cells: Ints
    cell_of: Ints
    n_cells: int
    fits: Bools | None
    people_at: Floats
    shared_at: Floats
    planted_at: Floats

    @property
    def planted(self) -> Ints:
        """The cell that each person's value becomes; shape (n_people,)."""
        return self.cell_of[self.values]


@dataclass(frozen=True)
class Told:
    """What is known of how a column was generalized: its hierarchy, and the level where all rows have one.

    `rows` tells how many people, the first ones, the hierarchy was laid on: by their counts values are rare. None: all.
    """

    hierarchy: Hierarchy
    level: int | None = None
    rows: int | None = None


def columns_of(
    people: pd.DataFrame,
    shared: pd.DataFrame,
    names: Sequence[str],
    told: Mapping[str, Told],
    random: np.random.Generator,
) -> list[Column]:
    """Return the columns of two frames, ready to be compared. Reads rows; spends nothing.

    Raises
    ------
    AttackError
        If a column holds labels of intervals, or hidden characters, in one table alone, and no hierarchy is told.
    LinkError
        If a column is of another kind in the other table.
    FrameError, HierarchyError
    """
    return [_column(people[name], shared[name], told.get(name), random) for name in names]


def _column(people: pd.Series, shared: pd.Series, told: Told | None, random: np.random.Generator) -> Column:
    if told is not None and told.level != 0:
        return _labeled(people, shared, told, random)
    if labeled_apart(people, shared):
        raise AttackError.labels(str(people.name))
    here, there = joint_codes(people, shared)
    known, told_of = by_identity(people), by_identity(shared)
    if (known or told_of) and known.isdisjoint(told_of):  # a result of these rows holds the very objects
        raise AttackError.nested(str(people.name))
    if kind_of(people) == "number" and kind_of(shared) == "number":
        return _numbered(people, shared, here, there)
    here, there = _with_missing(here, there)
    at = _axes(int(max(here.max(initial=0), there.max(initial=0))) + 1, random)
    return _equal(str(people.name), here, there, at[here], at[there])


def _with_missing(here: Ints, there: Ints) -> tuple[Ints, Ints]:
    """Return codes in which missing is a value like any other, above them."""
    missing = int(max(here.max(initial=-1), there.max(initial=-1))) + 1
    return np.where(here < 0, missing, here), np.where(there < 0, missing, there)


def _equal(name: str, here: Ints, there: Ints, here_at: Floats, there_at: Floats) -> Column:
    """Return a column whose values are compared as they are, by codes from 0 on."""
    n_cells = int(max(here.max(initial=-1), there.max(initial=-1))) + 2
    return Column(name, here, there, np.arange(n_cells - 1), n_cells, None, here_at, there_at, here_at)


def _numbered(people: pd.Series, shared: pd.Series, here: Ints, there: Ints) -> Column:
    known, told = _floats(people), _floats(shared)
    distinct = np.unique(there)
    if np.isin(here, distinct).mean() < _APART and len(distinct) > _BINS:
        edges = np.unique(np.nanquantile(told, np.arange(1, _BINS) / _BINS))
        here = np.where(here < 0, -1, np.searchsorted(edges, known, side="right"))
        there = np.where(there < 0, -1, np.searchsorted(edges, told, side="right"))
    here, there = _with_missing(here, there)
    scale = _spread(people)
    return _equal(str(people.name), here, there, _scores(known, *scale), _scores(told, *scale))


def _floats(column: pd.Series) -> NDArray[np.float64]:
    import pandas as pd

    if pd.api.types.is_complex_dtype(column.dtype):  # by their size; whether two are equal is told by their codes
        column = column.abs()
    return np.asarray(pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan))


#: No number is further from the mean than so many standard deviations: a farther one is as far.
_FARTHEST = 1e3


def _scores(numbers: NDArray[np.float64], middle: float, scale: float) -> Floats:
    """Return standard scores, and beside them 1 where a number is missing or infinite."""
    lacking = ~np.isfinite(numbers)
    with np.errstate(over="ignore"):
        scores = np.where(lacking, 0.0, (np.where(lacking, middle, numbers) - middle) / scale)
    return np.column_stack([np.clip(scores, -_FARTHEST, _FARTHEST), lacking]).astype(np.float32)


def _axes(count: int, random: np.random.Generator) -> Floats:
    """Return a vector for each of `count` categories, two of which are 1 apart (nearly, where they are many)."""
    if count <= _AXES:
        return (np.eye(count) / np.sqrt(2)).astype(np.float32)
    drawn = random.normal(size=(count, _AXES))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True) / np.sqrt(2)).astype(np.float32)


def _labeled(people: pd.Series, shared: pd.Series, told: Told, random: np.random.Generator) -> Column:
    values, distinct = column_codes(people)
    counts = np.bincount(values[: told.rows], minlength=len(distinct))
    codes, labels = factorized(shared)
    codes = np.where(codes < 0, len(labels), codes)
    fits = _fits(told, distinct, str(people.name), counts, [text(label) for label in labels])
    rows = np.bincount(codes, minlength=fits.shape[1])
    cell_of = np.where(fits.any(axis=1), np.argmax(np.where(fits, rows + 1, 0), axis=1), fits.shape[1] - 1)
    alone = bool((fits.sum(axis=1) <= 1).all())
    raw = _scores(_floats(distinct.to_series()), *_spread(people)) if kind_of(people) == "number" else None
    if raw is None and alone:
        at = _axes(fits.shape[1], random)
        value_at, cell_at = at[cell_of], at
    else:
        value_at = _axes(len(distinct), random) if raw is None else raw
        weights = fits * np.maximum(counts, 1)[:, None]
        cell_at = (weights.T @ value_at / np.maximum(weights.sum(axis=0), 1)[:, None]).astype(np.float32)
        if alone:  # who has a label is where it is
            value_at = np.where(np.any(fits, axis=1, keepdims=True), cell_at[cell_of], value_at)
    return Column(
        str(people.name), values, codes, cell_of, fits.shape[1], None if alone else fits,
        value_at[values], cell_at[codes], cell_at[cell_of[values]],
    )  # fmt: skip


def _spread(people: pd.Series) -> tuple[float, float]:
    """Return the mean and the standard deviation of numbers; 1 where they are all alike."""
    known = _floats(people)
    finite = known[np.isfinite(known)]
    with np.errstate(over="ignore", invalid="ignore"):
        middle, spread = (float(finite.mean()), float(finite.std())) if len(finite) else (0.0, 0.0)
    known_spread = np.isfinite(middle) and 0 < spread < np.inf
    return (middle if np.isfinite(middle) else 0.0), spread if known_spread else 1.0


def _fits(told: Told, distinct: pd.Index, name: str, counts: Ints, labels: Sequence[str]) -> Bools:
    """Return which labels each value may have become; one column more for missing, and one that nothing fits."""
    ladder = told.hierarchy.lay(distinct, name, list(counts))
    steps = ladder.levels if told.level is None else (ladder.levels[min(told.level, ladder.n_levels - 1)],)
    names = mixed_labels(ladder) if told.level is None else list(steps[0].labels)
    place = {label: number for number, label in enumerate(labels)}
    fits = np.zeros((len(distinct), len(labels) + 2), dtype=bool)
    start = 0
    for step in steps:
        for group, label in enumerate(names[start : start + len(step.labels)]):
            cell = len(labels) if label is None else place.get(text(label), -1)
            if cell >= 0:
                fits[:, cell] |= step.codes == group
        start += len(step.labels)
    return fits
