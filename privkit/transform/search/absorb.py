"""What peeling leaves over joins classes, region by region: for criteria that use up rare sensitive values early."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.codes import starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.transform.search.local import Peeling

    Ints = NDArray[np.int64]


def absorb(peeling: Peeling) -> None:
    """Let the remaining combinations join classes that lie in one region with them, in small regions first.

    At each node, cheapest first, all that is left in a region joins the smallest class there, if the two together
    still meet the criteria. The levels of the joined class become the node's; tightening lowers them again.
    """
    partition = peeling.partition
    if not peeling.n_classes:
        return
    order, _ = peeling.prices()
    left = partition.left
    for place in np.argsort(order, kind="stable"):
        if not len(left):
            return
        if peeling.deadline is not None and time.monotonic() > peeling.deadline:
            return
        left = _at(peeling, tuple(int(level) for level in peeling.nodes[place]), left)


def _at(peeling: Peeling, node: tuple[int, ...], left: Ints) -> Ints:
    coding, partition = peeling.coding, peeling.partition
    members = np.flatnonzero(partition.class_of >= 0)
    members = members[np.argsort(partition.class_of[members], kind="stable")]
    first = starts(partition.class_of[members])
    lead, sizes = members[first], np.add.reduceat(coding.counts[members], first)
    inside = np.ones(len(lead), dtype=bool)
    for column, (ladder, level) in enumerate(zip(coding.ladders, node, strict=True)):
        inside &= ladder.nested[partition.levels[column, lead], level]
    if not inside.any():
        return left
    codes = peeling.codes(node, np.concatenate([lead[inside], left]))
    theirs, ours = codes[: int(inside.sum())], codes[int(inside.sum()) :]
    # The smallest class of each region comes first.
    order = np.lexsort((sizes[inside], theirs))
    regions, hosts = theirs[order], lead[inside][order]
    begin = starts(regions)
    regions, hosts = regions[begin], hosts[begin]
    spot = np.minimum(np.searchsorted(regions, ours), len(regions) - 1)
    known = regions[spot] == ours
    if not known.any():
        return left
    joined = np.zeros(len(left), dtype=bool)
    if peeling.judge.superset_closed:
        joined = known
    else:
        for region in np.unique(spot[known]):
            group = known & (spot == region)
            host = partition.class_of[hosts[region]]
            together = np.concatenate([members[partition.class_of[members] == host], left[group]])
            joined |= group & peeling.holds(together)
    if not joined.any():
        return left
    target = partition.class_of[hosts[spot[joined]]]
    partition.class_of[left[joined]] = target
    changed = np.isin(partition.class_of, np.unique(target))
    partition.levels[:, changed] = np.array(node, dtype=np.int64)[:, None]
    return left[~joined]
