"""Utility measures: what generalizing and suppressing cost. Lower is better for all of them.

Each has a value for a node, and a bound that holds for it and for all coarser nodes, or for all finer ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from privkit.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.transform.search.coding import Coding
    from privkit.transform.search.node_classes import Classes, Rollup

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]


class Measure:
    """A utility measure on one table."""

    name: ClassVar[str] = ""

    def __init__(self, coding: Coding, weights: Mapping[str, float] | None = None) -> None:
        self.coding = coding
        raw = np.array([float((weights or {}).get(name, 1.0)) for name in coding.columns])
        self.weights = raw / raw.sum()

    def value(self, rollup: Rollup, classes: Classes, violating: Mask) -> float:
        """Return the measure at a node with its violating classes suppressed."""
        raise NotImplementedError

    def bound(self, rollup: Rollup, classes: Classes) -> float:
        """Return a bound below the value of this node and of every coarser one."""
        raise NotImplementedError


class Separable(Measure):
    """A mean over columns of a column's own loss."""

    @cached_property
    def columns(self) -> tuple[Floats, ...]:
        """Per column the loss of each level if nothing is suppressed, scaled for their sum."""
        return tuple(self.scale(self.level_values(place), place) for place in range(len(self.coding.ladders)))

    def level_values(self, place: int) -> Floats:
        """Return a column's loss at each level if nothing is suppressed."""
        raise NotImplementedError

    def scale(self, values: Floats, place: int | Ints) -> Floats:
        """Return a column's part of a sum over columns, monotone in its loss; `place` is one, or each value's."""
        return values * self.weights[place]

    def unscale(self, total: Floats | float) -> Floats | float:
        """Return the measure from the sum over columns."""
        return total

    def summed(self, value: float) -> float:
        """Return the sum over columns from the measure."""
        return value

    def after_forced(self, rollup: Rollup, classes: Classes, rows: Ints) -> list[Floats] | None:
        """Return `columns` up to the node's levels, as they are at least once `rows` per class are gone."""
        return None


class ArithmeticLoss(Separable):
    """The mean share of the domain that a value covers, 1 where suppressed: ``Σ w v``.

    Per column ``v = (Σ share - n/D) / (n - n/D)`` with D the leaves of the hierarchy; over m columns the arithmetic
    mean, with weights w that sum to 1 (1/m by default).
    """

    name = "loss_arithmetic"

    @cached_property
    def totals(self) -> tuple[Floats, ...]:
        """Per column the sum of shares of each level."""
        sums = []
        for ladder, codes in zip(self.coding.ladders, self.coding.combos, strict=True):
            rows = np.bincount(codes, weights=self.coding.counts, minlength=len(ladder.values))
            sums.append(np.array([float((rows * level.shares[level.codes]).sum()) for level in ladder.levels]))
        return tuple(sums)

    def normalized(self, total: Floats | float, place: int) -> Floats | float:
        """Return v from a sum of shares."""
        n, base = self.coding.n_rows, self.coding.ladders[place].base
        # A domain of one value cannot lose anything but by suppression.
        return np.maximum(0.0, (total - n * base) / (n - n * base)) if base < 1 and n else np.zeros_like(total)

    def level_values(self, place: int) -> Floats:
        """Return v of each level."""
        return np.asarray(self.normalized(self.totals[place], place))

    def _gone(self, rollup: Rollup, classes: Classes, rows: Ints) -> tuple[Floats, int]:
        chosen = rows.nonzero()[0]
        lost = rows[chosen].astype(np.float64)
        # Not a dot product: threads of BLAS cost more than they bring.
        gone = [float((rollup.shares(classes, place, chosen) * lost).sum()) for place in range(len(classes.node))]
        return np.array(gone), int(lost.sum())

    def value(self, rollup: Rollup, classes: Classes, violating: Mask) -> float:
        """Return the measure with the violating classes suppressed."""
        if not violating.any():
            known = zip(self.columns, classes.node, strict=True)
            return float(self.unscale(sum(float(column[level]) for column, level in known)))
        gone, lost = self._gone(rollup, classes, np.where(violating, classes.sizes, 0))
        total = 0.0
        for place, level in enumerate(classes.node):
            share_sum = self.totals[place][level] - gone[place] + lost
            total += float(self.scale(np.asarray(self.normalized(share_sum, place)), place))
        return float(self.unscale(total))

    @cached_property
    def _flat(self) -> tuple[Floats, Ints, Floats, Floats, list[int]]:
        """All levels of all columns in one row: sums of shares, column, what raw values count, what is at stake."""
        column = np.repeat(np.arange(len(self.totals)), [len(sums) for sums in self.totals])
        bases = np.array([ladder.base for ladder in self.coding.ladders])
        raw, n = self.coding.n_rows * bases, self.coding.n_rows
        stake = np.where(bases < 1, n - raw, np.inf)
        return (
            np.concatenate(self.totals),
            column,
            raw[column],
            stake[column],
            np.cumsum([len(sums) for sums in self.totals])[:-1].tolist(),
        )

    def after_forced(self, rollup: Rollup, classes: Classes, rows: Ints) -> list[Floats] | None:
        """A row that is gone costs 1; in a finer node it would have cost at most its share here."""
        gone, lost = self._gone(rollup, classes, rows)
        if lost == 0:
            return None
        totals, column, raw, stake, cuts = self._flat
        losses = np.maximum(0.0, (totals - gone[column] + lost - raw) / stake)
        return np.split(self.scale(losses, column), cuts)


class Loss(ArithmeticLoss):
    """Loss as in ARX (after Iyengar 2002): the geometric mean over the columns, ``Π (1 + v)^w - 1``."""

    name = "loss"

    def scale(self, values: Floats, place: int | Ints) -> Floats:
        """Return w log(1 + v)."""
        return np.asarray(np.log1p(values) * self.weights[place])

    def unscale(self, total: Floats | float) -> Floats | float:
        """Return the geometric mean."""
        return np.expm1(total)

    def summed(self, value: float) -> float:
        """Return Σ w log(1 + v)."""
        return float(np.log1p(value))


class Gcp(ArithmeticLoss):
    """Global certainty penalty: the mean NCP of all cells (Xu et al. 2006, Ghinita et al. 2007).

    The NCP of a cell is its share of the domain (a number's range over the domain's range; a group's leaves over all
    leaves), 0 for a raw value, 1 where suppressed. Divided by n times the weights.
    """

    name = "gcp"

    def normalized(self, total: Floats | float, place: int) -> Floats | float:
        """Return the mean share; raw values, which cover 1/D, count as 0."""
        n, raw = self.coding.n_rows, self.totals[place][0]
        return np.where(np.isclose(total, raw, rtol=1e-12, atol=0), 0.0, total) / max(n, 1)

    def value(self, rollup: Rollup, classes: Classes, violating: Mask) -> float:
        """Return the mean NCP with the violating classes suppressed."""
        gone, lost = self._gone(rollup, classes, np.where(violating, classes.sizes, 0))
        n, total = max(self.coding.n_rows, 1), 0.0
        for place, level in enumerate(classes.node):
            kept = 0.0 if level == 0 else self.totals[place][level] - gone[place]
            total += self.weights[place] * (kept + lost) / n
        return float(total)

    def after_forced(self, rollup: Rollup, classes: Classes, rows: Ints) -> list[Floats] | None:
        """As for the loss; raw cells of rows that are left cost nothing."""
        gone, lost = self._gone(rollup, classes, rows)
        if lost == 0:
            return None
        n, answer = max(self.coding.n_rows, 1), []
        for place in range(len(classes.node)):
            kept = np.maximum(self.totals[place] - gone[place], 0.0)
            kept[0] = 0.0
            answer.append((kept + lost) / n * self.weights[place])
        return answer


class Precision(Separable):
    """1 - Prec (Sweeney 2002): the mean of level / height, 1 where suppressed, over cells."""

    name = "precision"

    def level_values(self, place: int) -> Floats:
        """Return level / height."""
        height = self.coding.ladders[place].n_levels - 1
        return np.arange(height + 1) / max(height, 1)

    def value(self, rollup: Rollup, classes: Classes, violating: Mask) -> float:
        """Return the mean over kept cells and suppressed ones."""
        lost = float(classes.sizes[violating].sum()) / max(self.coding.n_rows, 1)
        levels = sum(float(self.columns[place][level]) for place, level in enumerate(classes.node))
        return levels * (1 - lost) + lost

    def after_forced(self, rollup: Rollup, classes: Classes, rows: Ints) -> list[Floats] | None:
        """Rows that are gone cost 1 in each column."""
        if (lost := float(rows.sum()) / max(self.coding.n_rows, 1)) == 0:
            return None
        return [column * (1 - lost) + lost * weight for column, weight in zip(self.columns, self.weights, strict=True)]


class NonUniformEntropy(Separable):
    """Non-uniform entropy (de Waal and Willenborg 1999; Gionis and Tassa 2009), in bits.

    Per column ``-Σ log2(rows of the value / rows of its group)``; what is suppressed adds the same, with the node's
    groups as values and all suppressed rows as the group, as ARX counts it. The sum over columns (times m w).
    """

    name = "entropy"

    def level_values(self, place: int) -> Floats:
        """Return the bits lost at each level."""
        ladder, codes = self.coding.ladders[place], self.coding.combos[place]
        rows = np.bincount(codes, weights=self.coding.counts, minlength=len(ladder.values))
        lost = []
        for level in ladder.levels:
            groups = np.bincount(level.codes, weights=rows)
            present = rows > 0
            lost.append(float(-(rows[present] * np.log2(rows[present] / groups[level.codes[present]])).sum()))
        return np.array(lost)

    def scale(self, values: Floats, place: int | Ints) -> Floats:
        """Return the column's bits, weighted."""
        return values * self.weights[place] * len(self.weights)

    def value(self, rollup: Rollup, classes: Classes, violating: Mask) -> float:
        """Return the bits lost by generalizing, and by suppressing what is suppressed."""
        total = sum(float(self.columns[place][level]) for place, level in enumerate(classes.node))
        lost = classes.sizes[violating]
        if not len(lost):
            return total
        for place in range(len(classes.node)):
            rows = np.bincount(rollup.groups(classes, place, violating), weights=lost)
            rows = rows[rows > 0]
            bits = float(-(rows * np.log2(rows / lost.sum())).sum())
            total += float(self.scale(np.asarray(bits), place))
        return total


class Discernibility(Measure):
    """Discernibility (Bayardo and Agrawal 2005): ``Σ |E|² + suppressed rows · n``."""

    name = "discernibility"

    def value(self, rollup: Rollup, classes: Classes, violating: Mask) -> float:
        """Return the penalty."""
        sizes = classes.sizes.astype(np.float64)
        return float((sizes[~violating] ** 2).sum() + sizes[violating].sum() * self.coding.n_rows)

    def bound(self, rollup: Rollup, classes: Classes) -> float:
        """Merging classes raises the sum of squares, and n is at least a class."""
        return float((classes.sizes.astype(np.float64) ** 2).sum())


class ClassSize(Measure):
    """Average equivalence class size (LeFevre et al. 2006): rows / classes, with all suppressed rows as one class.

    LeFevre's C_avg is this divided by k.
    """

    name = "class_size"

    def value(self, rollup: Rollup, classes: Classes, violating: Mask) -> float:
        """Return n over the classes."""
        groups = int((~violating).sum()) + bool(violating.any())
        return self.coding.n_rows / max(groups, 1)

    def bound(self, rollup: Rollup, classes: Classes) -> float:
        """Merging leaves fewer classes, and so does suppressing."""
        return self.coding.n_rows / max(len(classes.sizes), 1)


class KlDivergence(Measure):
    """Kullback-Leibler divergence from the table to what the result tells (Kifer and Gehrke 2006), in nats.

    The result is read as spreading each class's rows evenly over the combinations that it covers:
    ``Σ_x p(x) ln(p(x) / (|E|/n / cells(E)))``. Suppressed rows are one class that covers the whole domain.
    """

    name = "kl"

    @cached_property
    def _entropy(self) -> float:
        shares = self.coding.counts / max(self.coding.n_rows, 1)
        return float((shares * np.log(np.where(shares > 0, shares, 1))).sum())

    def _log_cells(self, rollup: Rollup, classes: Classes) -> Floats:
        chosen = np.ones(len(classes.sizes), dtype=bool)
        total = np.zeros(len(classes.sizes))
        for place, level in enumerate(classes.node):
            ladder = self.coding.ladders[place]
            shares = np.maximum(ladder.levels[level].shares * ladder.leaves, 1.0)
            total += np.log(shares[rollup.groups(classes, place, chosen)])
        return total

    def value(self, rollup: Rollup, classes: Classes, violating: Mask) -> float:
        """Return the divergence with the violating classes as one."""
        n = max(self.coding.n_rows, 1)
        cells, sizes = self._log_cells(rollup, classes), classes.sizes / n
        kept = ~violating
        total = float((sizes[kept] * (np.log(sizes[kept]) - cells[kept])).sum())
        if lost := float(sizes[violating].sum()):
            total += lost * (np.log(lost) - sum(float(np.log(ladder.leaves)) for ladder in self.coding.ladders))
        return max(0.0, self._entropy - total)

    def bound(self, rollup: Rollup, classes: Classes) -> float:
        """Merging cells loses information (log sum inequality), and so does suppressing."""
        return self.value(rollup, classes, np.zeros(len(classes.sizes), dtype=bool))


MEASURES: dict[str, type[Measure]] = {
    measure.name: measure
    for measure in (Loss, ArithmeticLoss, Gcp, Precision, NonUniformEntropy, Discernibility, ClassSize, KlDivergence)
}
_SAME = {"ncp": "gcp", "nue": "entropy", "aecs": "class_size", "dm": "discernibility", "loss_arith": "loss_arithmetic"}


def measure(name: str, coding: Coding, weights: Mapping[str, float] | None) -> Measure:
    """Return the measure of that name on a table.

    Raises
    ------
    ParameterError
        For an unknown name.
    """
    known = MEASURES.get(_SAME.get(name, name)) if isinstance(name, str) else None
    if known is None:
        names: Sequence[str] = sorted(MEASURES)
        raise ParameterError.of("utility", repr(name), f"one of {', '.join(map(repr, names))}")
    return known(coding, weights)
