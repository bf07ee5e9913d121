"""Persons to be anonymized, their quasi-identifiers with hierarchies, and the sizes of classes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from privkit.transform.hierarchies.hierarchy import Hierarchy

ZIP, AGE = Hierarchy.redact(), Hierarchy.intervals(5, 10, 20, 40, lower=0, upper=120)
QI = ["zip", "age", "sex"]
HOW = {"hierarchies": {"zip": ZIP, "age": AGE}}


def drawn():
    random = np.random.default_rng(5)
    n = 600
    return pd.DataFrame(
        {
            "zip": [f"80{n:02d}" for n in random.integers(0, 40, n)],
            "age": random.integers(18, 90, n),
            "sex": random.choice(["f", "m"], n),
            "ill": random.choice(["flu", "cold", "gout"], n, p=[0.6, 0.3, 0.1]),
            "who": random.integers(0, 300, n),
            "paid": random.normal(100, 20, n),
        },
        index=pd.Index(random.permutation(n) + 1000, name="row"),
    )


def sizes(frame, qi=QI):
    return frame.groupby(qi, observed=True, dropna=False).size()
