"""Cell suppression against the optimum, which integer programming finds on samples of Adult."""

from __future__ import annotations

import numpy as np
import pytest

import privkit as pk

optimize = pytest.importorskip("scipy.optimize")
sparse = pytest.importorskip("scipy.sparse")

QI = ["sex", "age", "race", "marital-status", "education"]


def least_stars(codes, counts, k) -> tuple[float, float]:
    """Return the least share of starred cells with classes of k rows, and a bound below it: x[row, class], y[class]."""
    width, n = codes.shape
    rows, classes, costs, known = [], [], [], {}
    for pattern in range(1 << width):
        kept = [column for column in range(width) if not pattern >> column & 1]
        for row in range(n):
            rows.append(row)
            classes.append(known.setdefault((pattern, *codes[kept, row]), len(known)))
            costs.append((width - len(kept)) * counts[row])
    rows, classes = np.array(rows), np.array(classes)
    possible = np.bincount(classes, weights=counts[rows]) >= k
    good = possible[classes]
    rows, costs = rows[good], np.array(costs, dtype=float)[good]
    _, classes = np.unique(classes[good], return_inverse=True)
    x, y = len(rows), int(classes.max()) + 1
    place = np.arange(x)
    once = sparse.csr_matrix((np.ones(x), (rows, place)), shape=(n, x + y))
    values = np.concatenate([counts[rows], -k * np.ones(y)])
    where = (np.concatenate([classes, np.arange(y)]), np.concatenate([place, x + np.arange(y)]))
    large = sparse.csr_matrix((values, where), shape=(y, x + y))
    signs = np.concatenate([np.ones(x), -np.ones(x)])
    opened = sparse.csr_matrix((signs, (np.tile(place, 2), np.concatenate([place, x + classes]))), shape=(x, x + y))
    found = optimize.milp(
        np.concatenate([costs, np.zeros(y)]),
        constraints=[
            optimize.LinearConstraint(once, 1, 1),
            optimize.LinearConstraint(large, 0, np.inf),
            optimize.LinearConstraint(opened, -np.inf, 0),
        ],
        integrality=np.ones(x + y),
        bounds=optimize.Bounds(0, 1),
        options={"time_limit": 120, "mip_rel_gap": 1e-3},
    )
    cells = width * counts.sum()
    return found.fun / cells, found.mip_dual_bound / cells


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cells_come_near_the_optimum(seed):
    frame = pk.example("adult").sample(200, random_state=seed).reset_index(drop=True)[QI]
    out = pk.anonymize(frame, QI, k=5, method="cells", suppress=0, utility="loss_arithmetic")
    codes = np.array([frame[name].astype("category").cat.codes for name in QI], dtype=np.int64)
    distinct, counts = np.unique(codes.T, axis=0, return_counts=True)
    optimum, bound = least_stars(distinct.T, counts, 5)
    assert bound - 1e-9 <= out.loss_ <= optimum * 1.03
