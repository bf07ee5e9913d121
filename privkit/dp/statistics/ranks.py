"""Where the numbers of a group lie among public candidates, as scores that choices are made by."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.measurement import frames
from privkit.dp.opendp import features
from privkit.tally.ranks import positions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from privkit.dp.question import Question
    from privkit.values.loss import PrivacyLoss

#: Beyond every score: of what no row can change.
FAR = 2**62


def placed(column: str, candidates: Sequence[float], data: object, question: Question) -> NDArray[np.int64]:
    """Count the rows of every group at each candidate, each person within the bounds. Reads rows.

    A number counts at the candidate that is nearest to it, the upper one of two; so a number's candidate depends on
    that number alone, and order is kept. Else many rows that share a value between two candidates would leave all of
    these equally far from a rank amid them, and the choice to chance.

    Shape (groups, 2 · candidates + 1): see :func:`privkit.tally.ranks.positions`; nothing is between candidates.
    """
    ends = halved(candidates)
    counts = positions(
        data,
        column,
        ends if ends is not None else candidates,
        keys=question.keys,
        unit=question.who,
        bounds=question.bounds,
    )
    return counts if ends is None else at_nearest(counts, len(candidates))


def halved(candidates: Sequence[float]) -> tuple[float, ...] | None:
    """Return the candidates with the middles between them; None where no float lies between two.

    On even candidates the middles lie on their line, as floats have it.

    Examples
    --------
    >>> halved([0.0, 1.0, 4.0])
    (0.0, 0.5, 1.0, 2.5, 4.0)
    """
    first, count = candidates[0], len(candidates) - 1
    if not count:
        return None
    width = candidates[-1] - first
    if all(first + width * place / count == value for place, value in enumerate(candidates)):
        found = tuple(first + width * place / (2 * count) for place in range(2 * count + 1))
    else:
        middles = [low + (high - low) / 2 for low, high in pairwise(candidates)]
        found = (*(value for pair in zip(candidates, middles, strict=False) for value in pair), candidates[-1])
    return found if all(low < high for low, high in pairwise(found)) else None


def at_nearest(counts: NDArray[np.int64], candidates: int) -> NDArray[np.int64]:
    """Return counts of positions among the candidates from those among the candidates and their middles.

    Examples
    --------
    >>> at_nearest(np.array([[1, 0, 2, 3, 0, 4, 0]]), 2).tolist()  # 0, and 1, in whose middle are 3
    [[0, 3, 0, 7, 0]]
    """
    found = np.zeros((len(counts), 2 * candidates + 1), dtype=np.int64)
    found[:, 1::2] = np.pad(counts, ((0, 0), (1, 0))).reshape(len(counts), candidates, 4).sum(axis=2)
    return found


def excess(counts: NDArray[np.int64], above: int, of: int) -> NDArray[np.int64]:
    """Return of·(rows before a candidate) − above·(all rows), for every candidate and beyond the last: it ascends.

    Examples
    --------
    >>> excess(np.array([[0, 1, 0, 0, 1]]), 1, 2).tolist()  # one row at the first of two candidates, one beyond both
    [[-2, 0, 2]]
    """
    at = counts[:, 0:-1:2] + counts[:, 1::2]  # where no float lies between two candidates, between counts upwards
    at[:, -1] += counts[:, -1]
    before = np.pad(np.cumsum(at, axis=1), ((0, 0), (1, 0)))
    found: NDArray[np.int64] = of * before - above * before[:, -1:]
    return found


def rank_scores(excess: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return −max(0, F(j), −F(j+1)) of every candidate j.

    Examples
    --------
    >>> rank_scores(np.array([[-4, 0, 2, 4]])).tolist()
    [[0, 0, -2]]
    """
    return np.minimum(np.minimum(-excess[:, :-1], excess[:, 1:]), 0)


def widths(candidates: int) -> tuple[int, ...]:
    """Return how many candidates on each side an interval may reach: each number about √2 times the one before.

    Examples
    --------
    >>> widths(1001)
    (0, 1, 2, 3, 5, 8, 12, 17, 25, 36, 51, 73, 104, 148, 210, 297, 421, 596, 843, 1000)
    >>> widths(1), widths(2)
    ((0,), (0, 1))
    """
    found = [0]
    while found[-1] < candidates - 1:
        found.append(min(math.isqrt(2 * found[-1] ** 2) + 1, candidates - 1))
    return tuple(found)


def width_scores(excess: NDArray[np.int64], place: int, target: int) -> NDArray[np.int64]:
    """Return −max(0, t − G(i), G(i−1) − t) of every width, up to the first that reaches all candidates.

    Examples
    --------
    >>> width_scores(np.array([-6, -4, -2, 2, 4, 6]), 2, 3).tolist()  # of five candidates, those within 0, 1 and 2
    [-1, 0, -1]
    """
    last = len(excess) - 2
    reached = np.array(widths(last + 1))
    low, high = place - reached, place + reached
    below = np.where(low <= 0, FAR, -excess[np.maximum(low, 0)])
    beyond = np.where(high >= last, FAR, excess[np.minimum(high, last) + 1])
    enough = np.minimum(below, beyond)[: 1 + int(np.argmax((low <= 0) & (high >= last)))]
    narrower = np.concatenate([[-FAR], enough[:-1]])
    return -np.maximum(np.maximum(target - enough, narrower - target), 0)


def two_choices(
    excess: NDArray[np.int64], first: Callable[[Any], Any], second: Callable[[Any], Any], target: int
) -> tuple[int, int]:
    """Return the place of the candidate that the first choice finds, and the width that the second one does."""
    place = int(first(np.ascontiguousarray(rank_scores(excess[None, :])[0])))
    scores = width_scores(excess, place, target)
    width = int(second(scores)) if len(scores) > 1 else 0
    return place, widths(len(excess) - 1)[width]


def make_choices(chosen: Callable[[object], list[int]], stated: float, loss: PrivacyLoss) -> Any:
    """Return choices of the best candidates of every group as an OpenDP user measurement.

    Claim
    -----
    If D and D′ differ in one person, the loss is at most ``noise.costs(question.sensitivity, loss)``, which `stated`
    is not below; for :class:`TwoChoices` the sum of both.

    Proof
    -----
    The choices of distinct groups use independent noise, so given the exact scores they compose: the loss is at most
    the sum over groups of OpenDP's map at the L∞ distance of that group's scores. A person has rows in at most G
    groups, in each of which the scores move by at most P·s (the statistic's docstring), which gives G · map(P·s); with
    R rows in all, r_g in group g, it is Σ map(r_g·s) ≤ map(R·s). What is kept of a person depends on that person's rows
    and on the salt alone, as in `privkit.dp.measurement.make_sums`. A second choice in a group, whose scores depend on
    what the first one released, costs the same for each of its results, and adds to it. ∎
    """
    with features() as dp:
        measure = (
            dp.measures.zero_concentrated_divergence() if loss.measure.concentrated else dp.measures.max_divergence()
        )
        return dp.measurements.make_user_measurement(
            *frames(dp), measure, lambda rows: rows.read(chosen), lambda persons: persons * stated
        )
