"""What the grid's rounding adds to the error of a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.noise import Noise


@dataclass(frozen=True, slots=True, eq=False)
class Rounding:
    """How far the exact bounded number may lie from the same weighted sum of exact cells.

    At most by ``fixed``, and by a weighted sum of the exact cells (like so much per row, of which they tell how many).
    Public facts and released integers alone; no probability is in it.

    Attributes
    ----------
    fixed : float
    weights : array of float64, shape (width,), or None
        All at least 0.
    """

    fixed: float = 0.0
    weights: NDArray[np.float64] | None = None

    @property
    def is_none(self) -> bool:
        """Whether there is none."""
        return not self.fixed and self.weights is None

    def bounds(self, cells: NDArray[np.int64], noise: Noise, miss: float) -> NDArray[np.float64]:
        """Return bounds for each group from noisy cells, which fail with probability at most `miss` each.

        The weighted sum of exact cells is that of the noisy ones less the noise, which exceeds its two-sided quantile
        h at one side with probability at most miss / 2.
        """
        if self.weights is None:
            return np.full(len(cells), self.fixed)
        reach = float(noise.combined(self.weights[None, :], miss)[0])
        return self.fixed + np.maximum(cells @ self.weights + reach, 0.0)
