"""Five attacks on a shared table, each as a score of how surely it finds a person.

A score is higher where the find is less explained by chance, and −∞ where nothing is found, or where what is claimed
would be wrong. A claim is a score above a threshold that is found on other persons (`privkit.attacks.claims`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.codes import packed
from privkit.values.frozen import Frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.attacks.columns import Column

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Scores = NDArray[np.float64]
    Floats = NDArray[np.float32]

#: Cells of one block of a table of persons and classes, or of distances.
_BLOCK = 30_000_000


@dataclass(frozen=True, eq=False)
class Targets:
    """Persons whom an attacker looks for, by what he knows of them.

    Attributes
    ----------
    values : array of int64, shape (n_targets, n_columns)
        Their values' codes.
    places : array of float32, shape (n_targets, n_dimensions)
        Where they stand.
    own : array of int64, shape (n_targets,), or None
        The shared row that is each one's, -1 for none; None where nobody knows.
    """

    values: Ints
    places: Floats
    own: Ints | None = None

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, eq=False)
class Rows:
    """A table that an attacker sees.

    Attributes
    ----------
    cells : array of int64, shape (n_rows, n_columns)
    places : array of float32, shape (n_rows, n_dimensions)
    """

    cells: Ints
    places: Floats

    def __len__(self) -> int:
        return len(self.cells)


@dataclass(frozen=True, eq=False)
class Fit:
    """Which classes of rows each target fits, by some columns.

    Attributes
    ----------
    target, found : array of int64, shape (n_pairs,)
        Each pair of a target and a class that it fits.
    class_of : array of int64, shape (n_rows,)
        Each row's class.
    first : array of int64, shape (n_classes,)
        A row of each.
    sizes : array of int64, shape (n_classes,)
    n_targets : int
    """

    target: Ints
    found: Ints
    class_of: Ints
    first: Ints
    sizes: Ints
    n_targets: int

    @cached_property
    def rows(self) -> Ints:
        """How many rows fit each target; shape (n_targets,)."""
        return np.bincount(self.target, self.sizes[self.found], minlength=self.n_targets).astype(np.int64)


def fitting(columns: Sequence[Column], places: Sequence[int], targets: Targets, table: Rows) -> Fit:
    """Return which rows fit each target by the columns at `places`. Codes in, codes out: it reads no rows."""
    theirs = [table.cells[:, place] for place in places]
    mine = [columns[place].cell_of[targets.values[:, place]] for place in places]
    loose = [place for place in places if columns[place].fits is not None]
    keys, _ = packed([np.concatenate(both) for both in zip(theirs, mine, strict=True)])
    _, first, class_of, sizes = np.unique(
        keys[: len(table)], return_index=True, return_inverse=True, return_counts=True
    )
    if not loose:
        distinct = keys[: len(table)][first]
        wanted = keys[len(table) :]
        at = np.minimum(np.searchsorted(distinct, wanted), max(len(distinct) - 1, 0))
        hit = distinct[at] == wanted if len(distinct) else np.zeros(len(wanted), dtype=bool)
        return Fit(np.flatnonzero(hit), at[hit], class_of, first, sizes, len(targets))
    target, found = _loosely(columns, places, targets, table.cells[first])
    return Fit(target, found, class_of, first, sizes, len(targets))


def _loosely(columns: Sequence[Column], places: Sequence[int], targets: Targets, classes: Ints) -> tuple[Ints, Ints]:
    """Return the pairs of targets and classes that fit, where a value may fit several cells."""
    step = max(1, _BLOCK // max(len(classes), 1))
    pairs = []
    for start in range(0, len(targets), step):
        block = targets.values[start : start + step]
        good = np.ones((len(block), len(classes)), dtype=bool)
        for place in places:
            column, cells = columns[place], classes[:, place]
            values, back = np.unique(block[:, place], return_inverse=True)
            one = column.cell_of[values][:, None] == cells if column.fits is None else column.fits[values][:, cells]
            good &= one[back]
        here, there = np.nonzero(good)
        pairs.append((here + start, there))
    return np.concatenate([a for a, _ in pairs]), np.concatenate([b for _, b in pairs])


@dataclass(frozen=True, eq=False)
class Near:
    """The two nearest rows of each target: their distances, and which the nearest is."""

    first: Floats
    second: Floats
    row: Ints

    def beside(self, other: Near) -> Near:
        """Return the two nearest of two sets of rows."""
        nearer = other.first < self.first
        first = np.where(nearer, other.first, self.first)
        second = np.minimum(np.maximum(self.first, other.first), np.minimum(self.second, other.second))
        return Near(first, second, np.where(nearer, other.row, self.row))


def nearest(targets: Floats, rows: Floats, edges: Sequence[int] = ()) -> list[Near]:
    """Return the two nearest rows of each target among the rows up to each of `edges`, ascending; by default all.

    Distances are Euclidean, of matrix products in blocks. It reads no rows. O(n · m · d).
    """
    ends = [*edges] or [len(rows)]
    step = max(1, _BLOCK // max(len(rows), 1))
    squares = np.einsum("ij,ij->i", rows, rows)
    found: list[list[Near]] = [[] for _ in ends]
    for start in range(0, len(targets), step):
        block = targets[start : start + step]
        apart = squares - 2 * (block @ rows.T)
        apart += np.einsum("ij,ij->i", block, block)[:, None]
        before, so_far = 0, _nothing(len(block))
        for place, end in enumerate(ends):
            if end > before:
                so_far = so_far.beside(_two(apart[:, before:end], before))
            before = max(before, end)
            found[place].append(so_far)
    return [
        Near(*(np.concatenate([getattr(one, name) for one in parts]) for name in ("first", "second", "row")))
        if parts else _nothing(0)
        for parts in found
    ]  # fmt: skip


def _nothing(count: int) -> Near:
    far = np.full(count, np.inf, dtype=np.float32)
    return Near(far, far, np.full(count, -1, dtype=np.int64))


def _two(squared: Floats, start: int) -> Near:
    """Return the least and the second least distance in each row of a block, which is used up."""
    every = np.arange(len(squared))
    row = squared.argmin(axis=1)
    first = squared[every, row].copy()
    squared[every, row] = np.inf
    second = squared.min(axis=1)
    squared[every, row] = first
    return Near(_rooted(first), _rooted(second), row + start)


#: Squared distances are told to so many digits: what is less is rounding, and would tell ties apart at random.
_DIGITS = 5


def _rooted(squared: Floats) -> Floats:
    return np.sqrt(np.maximum(np.round(squared, _DIGITS), 0))


#: The five attacks.
NAMES = ("singling_out", "linkability", "inference", "nearest", "membership")
#: What an attacker would need to know, and what the attack does, by its name.
NEEDS = Frozen(
    {
        "singling_out": "the person's values in all columns; a find is one shared row alone that fits them",
        "linkability": "the person's values in half of the columns, and in the other half from elsewhere; a find is "
        "shared rows that join the two as chance would not",
        "inference": "the person's values in all columns but one; a find is the right value of that one",
        "nearest": "the person's values, roughly; a find is one shared row that is far nearer than all others",
        "nearest_own": "the person's values, roughly; a find is that the nearest shared row is the person's own",
        "membership": "the person's values, roughly, and others like them; a find is that the person is in the table",
    }
)


@dataclass(frozen=True, eq=False)
class Scored:
    """The scores of some targets, and which of them the attack gets right where it always guesses; or None."""

    scores: Scores
    right: Bools | None = None


@dataclass(frozen=True)
class Sides:
    """How the columns are shared out: two halves that are linked, and the one that is guessed by the others.

    Attributes
    ----------
    one, other : tuple of int
    secret : int
    """

    one: tuple[int, ...]
    other: tuple[int, ...]
    secret: int


def by_fit(columns: Sequence[Column], sides: Sides, targets: Targets, table: Rows) -> Mapping[str, Scored]:
    """Return the scores of the three attacks that ask which rows fit.

    *Singling out* (WP216: to isolate the records of one individual): one row alone fits; its score is −Σ log pⱼ over
    the row's cells, pⱼ being their shares of the table: how rare it is if columns say nothing of each other.

    *Linkability* (WP216: to link two records of one individual): n_A rows fit one half of the columns, n_B the other,
    n_AB both. Of N rows n_A n_B / N would by chance; the score is −log(n_A n_B / N) − log n_AB where n_AB > 0.

    *Attribute inference* (WP216: to deduce a value from the others): the commonest value v among the rows that fit the
    other columns, whether they are one row or a class of one value. Its score, where right, is log(q / p) − Σ log pⱼ
    over the other columns, q being v's share of these rows and p of all: how little chance explains the value, and the
    fit.
    """
    every = range(len(columns))
    whole = fitting(columns, every, targets, table)
    known = fitting(columns, [place for place in every if place != sides.secret], targets, table)
    one, other = (fitting(columns, half, targets, table).rows for half in (sides.one, sides.other))
    return {
        "singling_out": Scored(_singled(whole, table)),
        "linkability": Scored(_linked(one, other, whole.rows, len(table))),
        "inference": _inferred(columns[sides.secret], sides.secret, known, targets, table),
    }


def _singled(whole: Fit, table: Rows) -> Scores:
    rarity = _rarity(whole, table, range(table.cells.shape[1]))
    scores = np.full(whole.n_targets, -np.inf)
    alone = whole.rows[whole.target] == 1
    scores[whole.target[alone]] = rarity[whole.found[alone]]
    return scores


def _rarity(fit: Fit, table: Rows, places: Iterable[int]) -> Scores:
    """Return −Σ log pⱼ over some columns for each class of rows."""
    rarity = np.zeros(len(fit.first))
    for place in places:
        cells = table.cells[:, place]
        rarity -= np.log(np.bincount(cells)[cells[fit.first]] / len(table))
    return rarity


def _linked(one: Ints, other: Ints, both: Ints, n_rows: int) -> Scores:
    there = both > 0
    by_chance = np.where(there, one * other / max(n_rows, 1), 1.0)
    return np.where(there, -np.log(by_chance) - np.log(np.where(there, both, 1)), -np.inf)


def _inferred(column: Column, place: int, known: Fit, targets: Targets, table: Rows) -> Scored:
    cells = table.cells[:, place]
    shares = np.bincount(cells, minlength=column.n_cells) / max(len(cells), 1)
    guess, share = _commonest(known, cells, column.n_cells)
    true = targets.values[:, place]
    fits = column.cell_of[true] == guess if column.fits is None else column.fits[true, guess]
    right = fits & (share > 0)
    others = [other for other in range(table.cells.shape[1]) if other != place]
    rarity = np.zeros(len(targets))
    np.maximum.at(rarity, known.target, _rarity(known, table, others)[known.found])
    lift = np.log(np.where(right, share, 1.0) / np.where(right, shares[guess], 1.0))
    return Scored(np.where(right, lift + rarity, -np.inf), right)


def _commonest(known: Fit, cells: Ints, n_cells: int) -> tuple[Ints, Scores]:
    """Return the commonest cell among the rows that fit each target, and its share of them; 0 where none fits."""
    pairs, counts = np.unique(known.class_of * n_cells + cells, return_counts=True)
    klass, cell = pairs // n_cells, pairs % n_cells
    starts = np.searchsorted(klass, np.arange(len(known.first) + 1))
    lengths = np.diff(starts)[known.found]
    at = np.repeat(starts[known.found] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) + np.arange(
        lengths.sum()
    )
    asked = np.repeat(known.target, lengths) * n_cells + cell[at]
    keys, back = np.unique(asked, return_inverse=True)
    total = np.bincount(back, counts[at], minlength=len(keys))
    order = np.lexsort((-total, keys // n_cells))
    target, first = np.unique(keys[order] // n_cells, return_index=True)
    guess, share = np.zeros(known.n_targets, dtype=np.int64), np.zeros(known.n_targets)
    guess[target] = keys[order][first] % n_cells
    share[target] = total[order][first] / known.rows[target]
    return guess, share


def by_distance(near: Near, others: Scores, own: Ints | None) -> Mapping[str, Scored]:
    """Return the scores of the two attacks that ask which rows are near.

    *Nearest*: the score is d₂ − d₁, how much nearer the nearest row is than the next. Where each person's own row is
    known (`own`), the attack always takes the nearest row, and is right or not; a control, who has none, is right where
    it is a row that was drawn for him.

    *Membership*: the score is d − d₁, d being the distance to the nearest of persons who are not in the table: a table
    is near to everybody where many are alike, but not nearer than others are (the idea of DOMIAS, van Breugel et al.
    2023, AISTATS, with distances for densities). These persons are the judges of the other fold, for members, controls
    and judges alike: so the scores of persons who are not in the table have one distribution, but those of two folds
    are not independent, and the limit of false alarms holds of them nearly (measured: 0 of 60 tables without a leak
    were accused by it, at 2.5 % each).
    """
    scores = (near.second - near.first).astype(np.float64)
    scores[~np.isfinite(scores)] = -np.inf
    right = None
    if own is not None:
        right = (own >= 0) & (near.row == own)
        scores = np.where(right, 0.0, -np.inf)
    gain = others - near.first.astype(np.float64)
    return {"nearest": Scored(scores, right), "membership": Scored(np.where(np.isfinite(gain), gain, -np.inf))}
