"""The interval of a difference of two shares: how much more often an attack succeeds on members than on controls."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from privkit.risk.attackers import Rate


def newcombe(members: Rate, controls: Rate) -> tuple[float, float]:
    """Return the interval of the difference of two independent shares: Newcombe's hybrid of Wilson's intervals.

    With p the shares and (l, u) Wilson's intervals of each, p₁ − p₂ lies from
    p₁ − p₂ − √((p₁ − l₁)² + (u₂ − p₂)²) to p₁ − p₂ + √((u₁ − p₁)² + (p₂ − l₂)²)
    (Newcombe 1998, Statistics in Medicine 17, 873-890, method 10). It reads no rows.

    Examples
    --------
    The paper's table II, (a): 56 of 70 against 48 of 80.

    >>> from privkit.risk.attackers import Rate
    >>> [round(end, 4) for end in newcombe(Rate(56, 70), Rate(48, 80))]
    [0.0524, 0.3339]
    """
    p, q = members.observed, controls.observed
    if not members.n or not controls.n:
        return -1.0, 1.0
    below = math.hypot(p - members.low, controls.high - q)
    above = math.hypot(members.high - p, q - controls.low)
    return max(p - q - below, -1.0), min(p - q + above, 1.0)
