"""The area under the curve of some scores against others, and its interval."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def area(members: Floats, controls: Floats) -> float:
    """Return how often a member's score is above a control's, ties counted half: the area under the ROC curve.

    Examples
    --------
    >>> area(np.array([3.0, 2.0]), np.array([1.0, 2.0]))
    0.875
    """
    if not len(members) or not len(controls):
        return 0.5
    ordered = np.sort(controls)
    below = np.searchsorted(ordered, members, side="left") + np.searchsorted(ordered, members, side="right")
    return float(below.sum()) / (2 * len(members) * len(controls))


def area_interval(value: float, members: int, controls: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval of an area: all θ with |θ − value| ≤ z·√V(θ), which is of use at 0 and 1 too.

    V(θ) = θ(1 − θ)·(1 + n·(1 − θ)/(2 − θ) + n·θ/(1 + θ)) / (members · controls), n = (members + controls)/2 − 1
    (Newcombe 2006, Statistics in Medicine 25, 559-573, method 5; V is Hanley and McNeil's 1982 with one n for both).
    At θ = 1/2 it is the variance of the rank sum where both have one distribution, (members + controls + 1) / (12 ·
    members · controls), exactly. It takes persons for independent draws, for the one model that was attacked.

    Examples
    --------
    >>> [round(end, 3) for end in area_interval(0.5, 100, 100)]
    [0.421, 0.579]
    >>> [round(end, 3) for end in area_interval(1.0, 50, 50)]
    [0.96, 1.0]
    """
    if not members or not controls:
        return 0.0, 1.0
    z, n = NormalDist().inv_cdf((1 + confidence) / 2), (members + controls) / 2 - 1

    def inside(theta: float) -> bool:
        spread = theta * (1 - theta) * (1 + n * (1 - theta) / (2 - theta) + n * theta / (1 + theta))
        return abs(theta - value) <= z * math.sqrt(spread / (members * controls))

    return _end(inside, value, 0.0), _end(inside, value, 1.0)


def _end(inside: Callable[[float], bool], start: float, far: float) -> float:
    """Return where the interval ends towards `far`, by halving: what lies between `start` and the end is inside."""
    if start == far:
        return far
    near = start
    for _ in range(60):
        middle = (near + far) / 2
        if inside(middle):
            near = middle
        else:
            far = middle
    return near
