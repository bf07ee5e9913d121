"""Members beside controls: the interval of their difference, and the refusal of controls some of whom are members."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors.attacks import AttackError
from privkit.risk.attackers import Rate

if TYPE_CHECKING:
    from numpy.typing import NDArray


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


def rate_of(hits: NDArray[np.bool_]) -> Rate:
    """Return the share of persons whom an attack hits."""
    return Rate(int(hits.sum()), len(hits))


def refuse_members(classes: NDArray[np.int64], n_members: int) -> None:
    """Refuse controls some of whom are members: nothing would be found of a member that is not found of them.

    Equal rows of different persons are usual in coarse tables. So rows of the controls that equal one of the members
    count as theirs only where they are more, at 99.9 %, than members' rows that equal one of another member.

    Parameters
    ----------
    classes : array of int64, shape (n_members + n_controls,)
        Which rows are equal: members first.
    n_members : int

    Raises
    ------
    AttackError
    """
    rates = repeated(classes, n_members)
    if more_than_twins(*rates):
        raise AttackError.shared_rows(rates[0].hits, rates[0].n)


def repeated(classes: NDArray[np.int64], n_members: int) -> tuple[Rate, Rate]:
    """Return how many other rows equal one of the members, and how many of the members' another of theirs."""
    sizes = np.bincount(classes[:n_members], minlength=int(classes.max(initial=0)) + 1)
    twins, others = sizes[classes[:n_members]] > 1, sizes[classes[n_members:]] > 0
    shared, own = map(rate_of, (others, twins))
    return shared, own


def more_than_twins(shared: Rate, twins: Rate) -> bool:
    """Whether more of the others equal a member, at 99.9 %, than members' rows equal another member's."""
    return newcombe(*(replace(one, confidence=0.999) for one in (shared, twins)))[0] > 0
