"""How close rows are to the noisy tables that they were drawn to fit, and which columns these say nothing of.

No data: from what was released alone, which is post-processing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.noise.noise import ALPHA
from privkit.dp.synthesis.kept import Kept
from privkit.values.writing import level_text, percent

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.noise.rounds import RoundsGaussian, RoundsLaplace
    from privkit.dp.synthesis.synthetic import Synthetic

#: Names that a remark tells, and the deviations beyond which a sum of cells is no noise.
_NAMED, _DEVIATIONS = 5, 8


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
    """Say of which columns no level surely has a row, all levels of all columns together (95 %)."""
    found, alpha = [], ALPHA / sum(asked.sizes)
    for one in asked.made:
        _, values, rounding = asked.margin(cells.reshape(1, -1), (one.level,))
        reach = asked.reached(asked.axes((one.level,)), noise, alpha)
        if not (values > reach + rounding).any():
            found.append(one.name)
    if not found:
        return []
    whole = len(found) == len(asked.made)
    return [
        f"of {'all columns' if whole else _named(found)} no count is above 0 by more than its noise (all together, "
        f"{level_text(1 - ALPHA)}): {'rows' if whole else 'these'} may be drawn from noise alone"
    ]


def ruled_out(asked: Synthetic, kept: Kept, noise: RoundsLaplace | RoundsGaussian) -> list[str]:
    """Say where rows have, far beyond the noise, what no drawn row may have: by the types, or by what is stated.

    Of each noisy table those cells are added up; the sum is told from noise where it is beyond 8 of its deviations,
    which noise alone passes in fewer than 1 of 100,000 tables.
    """
    ruled, measured = asked.ruled, kept.measured(asked, noise)
    allowed, total = ruled.levels(), asked.run.model(measured).rows
    found: dict[tuple[int, ...], float] = {}
    for one in measured:
        table = one.cells.reshape([asked.sizes[axis] for axis in one.axes])
        gone: dict[tuple[int, ...], NDArray[np.int64]]
        gone = {(axis,): np.compress(~allowed[axis], table, axis=place) for place, axis in enumerate(one.axes)}
        for part in ruled.parts:
            if len(one.axes) == 2 and set(one.axes) <= set(part.axes):
                each = np.outer(*(allowed[axis] for axis in one.axes))
                gone[one.axes] = table[each & ~part.margin(one.axes)]
        for axes, lost in gone.items():
            if lost.size and lost.sum() > _DEVIATIONS * np.sqrt(lost.size * one.variance):
                found[axes] = max(found.get(axes, 0.0), min(float(lost.sum() / total), 1.0))
    if not found:
        return []
    names = {one.level: one.name for one in asked.made}
    told = [" × ".join(names[asked.names[axis]] for axis in axes) for axes in found]
    return [
        f"by the noisy tables about {percent(max(found.values()))} of the rows have of {_named(told)} what no drawn "
        "row may have: look at the keys, the cuts, and what is stated"
    ]


def _named(names: list[str]) -> str:
    """Return some names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(map(repr, names[:_NAMED])) + (f" and {more} more" if more > 0 else "")
