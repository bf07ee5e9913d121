"""What the tests of models share."""

import numpy as np
import pandas as pd

#: Public facts of the people that are drawn.
BOUNDS = {"calls": (0, 20), "age": (18, 90)}
KEYS = {"plan": ["basic", "plus", "pro"]}


def drawn(rows=4000, seed=5):
    """People of whom some left: those who call much, of the basic plan."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "calls": rng.uniform(0, 20, rows).round(1),
            "age": rng.integers(18, 91, rows),
            "plan": rng.choice(["basic", "plus", "pro", "old"], rows),
            "loyal": rng.random(rows) < 0.5,
        }
    )
    odds = -2 + 0.3 * frame["calls"] - 2 * (frame["plan"] == "pro") - 1.5 * frame["loyal"]
    left = np.where(rng.random(rows) < 1 / (1 + np.exp(-odds)), "yes", "no")
    return frame, pd.Series(left, name="left")
