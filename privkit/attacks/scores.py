"""The attacks on a shared table, each as a score of how surely it finds a person.

A score is higher where the find is less explained by chance, and −∞ where nothing is found, or where what is claimed
would be wrong. A claim is a score above a threshold that is found on other persons (`privkit.attacks.claims`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from privkit.attacks.claims import Attack
from privkit.attacks.matching import fitting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.attacks.columns import Column
    from privkit.attacks.matching import Fit, Near, Rows, Targets

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Scores = NDArray[np.float64]


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


@dataclass(frozen=True, eq=False)
class Seen:
    """What an attacker looks at: some targets beside the rows that are shared.

    Attributes
    ----------
    columns : sequence of Column
    sides : Sides
    targets : Targets
    table : Rows
    near : Near
        The two nearest rows of each target.
    others : array of float64, shape (n_targets,)
        How far the nearest of persons is who are not in the table.
    own : array of int64, shape (n_targets,), or None
        Each target's own row, -1 for none, where that is known.
    """

    columns: Sequence[Column]
    sides: Sides
    targets: Targets
    table: Rows
    near: Near
    others: Scores
    own: Ints | None

    @cached_property
    def whole(self) -> Fit:
        """Which rows fit each target in all columns."""
        return self.fitting(range(len(self.columns)))

    def fitting(self, places: Iterable[int]) -> Fit:
        """Return which rows fit each target in some columns."""
        return fitting(self.columns, list(places), self.targets, self.table)


class TableAttacker(Attack, ABC):
    """An attack on a shared table. What is abstract here is what a new one must answer."""

    @classmethod
    @abstractmethod
    def scored(cls, seen: Seen) -> Scored:
        """Return a score for each target: how surely it is found, where what is claimed of it would be right."""

    @classmethod
    def needed(cls, *, own: bool) -> str:
        """Return what an attacker would need to know, where each person's own row is known (`own`) or not."""
        return cls.needs


class SinglingOut(TableAttacker):
    """WP216: to isolate the records of one individual.

    One row alone fits; its score is −Σ log pⱼ over the row's cells, pⱼ being their shares of the table: how rare it is
    if columns say nothing of each other.
    """

    name, words = "singling_out", "singling out"
    needs = "the person's values in all columns; a find is one shared row alone that fits them"

    @classmethod
    def scored(cls, seen: Seen) -> Scored:
        """Return how rare the row is that fits alone."""
        return Scored(_singled(seen.whole, seen.table))


class Linkability(TableAttacker):
    """WP216: to link two records of one individual.

    n_A rows fit one half of the columns, n_B the other, n_AB both. Of N rows n_A n_B / N would by chance; the score is
    −log(n_A n_B / N) − log n_AB where n_AB > 0.
    """

    name = words = "linkability"
    needs = (
        "the person's values in half of the columns, and in the other half from elsewhere; a find is "
        "shared rows that join the two as chance would not"
    )

    @classmethod
    def scored(cls, seen: Seen) -> Scored:
        """Return how little chance explains that some rows fit both halves."""
        one, other = (seen.fitting(half).rows for half in (seen.sides.one, seen.sides.other))
        return Scored(_linked(one, other, seen.whole.rows, len(seen.table)))


class AttributeInference(TableAttacker):
    """WP216: to deduce a value from the others.

    The commonest value v among the rows that fit the other columns, whether they are one row or a class of one value.
    Its score, where right, is log(q / p) − Σ log pⱼ over the other columns, q being v's share of these rows and p of
    all: how little chance explains the value, and the fit.
    """

    name, words = "inference", "attribute inference"
    needs = "the person's values in all columns but one; a find is the right value of that one"

    @classmethod
    def scored(cls, seen: Seen) -> Scored:
        """Return how little chance explains the value that is guessed rightly, and who is."""
        secret = seen.sides.secret
        known = seen.fitting(place for place in range(len(seen.columns)) if place != secret)
        return _inferred(seen.columns[secret], secret, known, seen.targets, seen.table)


class NearestRow(TableAttacker):
    """One row is far nearer than all others: the score is d₂ − d₁, how much nearer the nearest is than the next.

    Where each person's own row is known, the attack always takes the nearest row, and is right or not; a control, who
    has none, is right where it is a row that was drawn for him.
    """

    name, words = "nearest", "nearest row"
    needs = "the person's values, roughly; a find is one shared row that is far nearer than all others"

    @classmethod
    def needed(cls, *, own: bool) -> str:
        """Return what an attacker would need to know, where each person's own row is known (`own`) or not."""
        found = "the person's values, roughly; a find is that the nearest shared row is the person's own"
        return found if own else cls.needs

    @classmethod
    def scored(cls, seen: Seen) -> Scored:
        """Return how much nearer the nearest row is than the next, and whether it is the person's own."""
        scores = (seen.near.second - seen.near.first).astype(np.float64)
        scores[~np.isfinite(scores)] = -np.inf
        if seen.own is None:
            return Scored(scores)
        right = (seen.own >= 0) & (seen.near.row == seen.own)
        return Scored(np.where(right, 0.0, -np.inf), right)


class Membership(TableAttacker):
    """The score is d − d₁, d being the distance to the nearest of persons who are not in the table.

    A table is near to everybody where many are alike, but not nearer than others are (the idea of DOMIAS, van Breugel
    et al. 2023, AISTATS, with distances for densities). These persons are the judges of the other fold, for members,
    controls and judges alike: so the scores of persons who are not in the table have one distribution, but those of two
    folds are not independent, and the limit of false alarms holds of them nearly (measured: 0 of 60 tables without a
    leak were accused by it, at 2.5 % each).
    """

    name = words = "membership"
    needs = "the person's values, roughly, and others like them; a find is that the person is in the table"

    @classmethod
    def scored(cls, seen: Seen) -> Scored:
        """Return how much nearer a row is than other persons are."""
        gain = seen.others - seen.near.first.astype(np.float64)
        return Scored(np.where(np.isfinite(gain), gain, -np.inf))


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
