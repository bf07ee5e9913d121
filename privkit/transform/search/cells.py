"""Utility of a table whose levels may differ from class to class: every measure, from cells and classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.transform.search.task import Task

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


def cell_shares(task: Task, levels: Ints, gone: NDArray[np.bool_]) -> list[Floats]:
    """Return per column the share of the domain that each combination's cell covers; 1 where suppressed."""
    answer = []
    for place, ladder in enumerate(task.coding.ladders):
        level = np.broadcast_to(levels[place], (len(task.coding.counts),))
        table = np.array([step.shares[step.codes] for step in ladder.levels])
        shares = table[level, task.coding.combos[place]]
        answer.append(np.where(gone, 1.0, shares) if len(gone) else shares)
    return answer


def cell_utility(
    task: Task, levels: Ints, gone: NDArray[np.bool_], class_of: Ints, kept: Ints
) -> tuple[dict[str, float], list[float]]:
    """Return every measure by name, and each column's loss v (see `measures.Loss`)."""
    coding = task.coding
    n, counts = max(coding.n_rows, 1), coding.counts.astype(np.float64)
    weights = task.measure.weights
    losses, penalties, heights, bits = [], [], [], []
    for place, (ladder, shares) in enumerate(zip(coding.ladders, cell_shares(task, levels, gone), strict=True)):
        level = np.broadcast_to(levels[place], (len(coding.counts),))
        out = gone if len(gone) else np.zeros(len(counts), dtype=bool)
        total = float((counts * shares).sum())
        losses.append(max(0.0, (total - n * ladder.base) / (n - n * ladder.base)) if ladder.base < 1 else 0.0)
        penalties.append(float((counts * np.where((level == 0) & ~out, 0.0, shares)).sum()) / n)
        heights.append(float((counts * np.where(out, 1.0, level / max(ladder.n_levels - 1, 1))).sum()) / n)
        bits.append(_bits(task, place, level, out))
    sizes = np.bincount(class_of, weights=counts[kept]) if len(class_of) else np.zeros(0)
    lost = n - float(sizes.sum()) if coding.n_rows else 0.0
    return {
        "loss": float(np.expm1(sum(weight * np.log1p(loss) for weight, loss in zip(weights, losses, strict=True)))),
        "loss_arithmetic": float(weights @ np.array(losses)),
        "gcp": float(weights @ np.array(penalties)),
        "precision": float(weights @ np.array(heights)),
        "entropy": float(weights @ np.array(bits)) * len(weights),
        "discernibility": float((sizes**2).sum() + lost * n),
        "class_size": n / max(len(sizes) + bool(lost), 1),
        "kl": _divergence(task, levels, class_of, kept, lost),
    }, losses


def _bits(task: Task, place: int, level: Ints, out: NDArray[np.bool_]) -> float:
    """Non-uniform entropy: a group's rows are all rows of the table with a value in it."""
    ladder, coding = task.coding.ladders[place], task.coding
    values, counts = coding.combos[place], coding.counts
    rows = np.bincount(values, weights=counts, minlength=len(ladder.values))
    groups = [np.bincount(step.codes, weights=rows, minlength=len(step.labels)) for step in ladder.levels]
    per_value = np.array([group[step.codes] for group, step in zip(groups, ladder.levels, strict=True)])
    if not len(counts):
        return 0.0
    total = -float((counts * np.log2(rows[values] / per_value[level, values])).sum())
    if out.any():
        offsets = np.cumsum([0, *[len(step.labels) for step in ladder.levels]])
        table = np.array([step.codes for step in ladder.levels])
        lost = np.bincount((offsets[level] + table[level, values])[out], weights=counts[out])
        lost = lost[lost > 0]
        total -= float((lost * np.log2(lost / lost.sum())).sum())
    return max(0.0, total)


def _divergence(task: Task, levels: Ints, class_of: Ints, kept: Ints, lost: float) -> float:
    coding = task.coding
    n = max(coding.n_rows, 1)
    domain, cells = 0.0, np.zeros(len(kept))
    for place, ladder in enumerate(coding.ladders):
        level = np.broadcast_to(levels[place], (len(coding.counts),))[kept]
        leaves = 1 / ladder.base if ladder.base else float(max(len(ladder.values), 1))
        table = np.array([np.maximum(step.shares[step.codes] * leaves, 1.0) for step in ladder.levels])
        cells += np.log(table[level, coding.combos[place, kept]])
        domain += np.log(leaves)
    shares = coding.counts / n
    entropy = float((shares * np.log(np.where(shares > 0, shares, 1))).sum())
    sizes = np.bincount(class_of, weights=coding.counts[kept]) if len(class_of) else np.zeros(0)
    told = float((shares[kept] * (np.log(sizes[class_of] / n) - cells)).sum())
    told += lost / n * (np.log(lost / n) - domain) if lost else 0.0
    return max(0.0, entropy - told)
