# ruff: noqa: N806 - X as scikit-learn has it
"""Members, controls and their answers, for attacks on trained models."""

from __future__ import annotations

import numpy as np
import pandas as pd


def sides(n: int = 150, seed: int = 0, *, numbers: bool = False):
    """Return members, controls and their answers: five features, of which the first tells, and one of four values."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame(random.normal(size=(2 * n, 4)), columns=list("abcd")).assign(s=random.integers(0, 4, 2 * n))
    y = X["a"] + random.normal(size=2 * n)
    y = y if numbers else (y > 0).astype(int)
    return X[:n], X[n:], y[:n].rename("ill"), y[n:].rename("ill")
