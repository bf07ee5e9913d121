"""How close rows are to the noisy tables that they were drawn to fit, and which columns these say nothing of.

No data: from what was released alone, which is post-processing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.noise.noise import ALPHA
from privkit.dp.synthesis.kept import Kept

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.noise.rounds import RoundsGaussian, RoundsLaplace
    from privkit.dp.synthesis.synthetic import Synthetic


def distances(
    asked: Synthetic, kept: Kept, noise: RoundsLaplace | RoundsGaussian, codes: NDArray[np.int64]
) -> pd.DataFrame:
    """Return how far the tables of rows, told by their levels, lie from the noisy ones: `Release.distances`.

    Noisy cells may be below 0, and add up to anything; shares are no further apart than by all of them.
    """
    import pandas as pd

    told, measured = [], kept.measured(asked, noise)
    total = asked.run.model(measured).rows
    for one in (*measured, *kept.held(asked, noise)):
        sizes = [asked.sizes[axis] for axis in one.axes]
        places = np.ravel_multi_index(tuple(codes[:, axis] for axis in one.axes), sizes)
        have = np.bincount(places, minlength=len(one.cells)) / max(len(codes), 1)
        off = float(np.abs(have - one.cells / total).sum()) / 2
        alone = float(np.sqrt(2 * one.variance / np.pi)) * len(one.cells) / total / 2
        name = " × ".join(asked.names[axis] for axis in one.axes)
        told.append((name, len(one.cells), min(off, 1.0), min(alone, 1.0)))
    frame = pd.DataFrame(told, columns=["table", "cells", "distance", "noise"])
    frame["held_out"] = np.arange(len(frame)) >= len(measured)
    return frame.set_index("table")


def drowned(asked: Synthetic, cells: NDArray[np.int64], noise: Noise) -> list[str]:
    """Return the columns of which no level surely has a row, all levels of all columns together (95 %)."""
    found, alpha = [], ALPHA / sum(asked.sizes)
    for one in asked.made:
        _, values, rounding = asked.margin(cells.reshape(1, -1), (one.level,))
        reach = asked.reached(asked.axes((one.level,)), noise, alpha)
        if not (values > reach + rounding).any():
            found.append(one.name)
    return found
