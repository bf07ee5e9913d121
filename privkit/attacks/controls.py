"""Controls that are members: beside them nothing would be found."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from privkit.attacks.interval import newcombe
from privkit.errors.attacks import AttackError
from privkit.risk.attackers import Rate

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    shared, own = (Rate(int(one.sum()), len(one)) for one in (others, twins))
    return shared, own


def more_than_twins(shared: Rate, twins: Rate) -> bool:
    """Whether more of the others equal a member, at 99.9 %, than members' rows equal another member's."""
    return newcombe(*(replace(one, confidence=0.999) for one in (shared, twins)))[0] > 0
